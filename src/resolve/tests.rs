//! Names, types and values, told by what the map says of small programs.

use crate::fixture::{ids, map};
use crate::model::{FactValue, Item, Provenance};

/// The value of the only fact of that key, with its provenance and origin.
#[track_caller]
fn check(fixture: &str, key: &str, expected: &str) {
    let map = map(fixture);
    let facts: Vec<_> = map.items.iter().flat_map(|item: &Item| &item.facts).filter(|fact| fact.key == key).collect();
    let [fact] = facts.as_slice() else { panic!("{} facts `{key}` in {:#?}", facts.len(), map.items) };
    let value = fact.value.as_ref().map_or_else(|| "?".to_owned(), FactValue::to_string);
    let told = match (fact.provenance, &fact.from) {
        (Provenance::Code, None) => value,
        (provenance, Some(from)) => format!("{value} {} {from}", provenance.as_str()),
        (provenance, None) => format!("{value} {}", provenance.as_str()),
    };
    assert_eq!(told, expected);
}

/// A channel whose bound is this expression.
#[track_caller]
fn check_bound(before: &str, bound: &str, expected: &str) {
    check(&format!("{before}\nfn main() {{ let (_a, _b) = tokio::sync::mpsc::channel::<u8>({bound}); }}\n"), "capacity", expected);
}

#[test]
fn literals_and_arithmetic_have_their_value() {
    check_bound("", "64", "64");
    check_bound("", "1_000", "1000");
    check_bound("", "0x10", "16");
    check_bound("", "2 * 8 + 1", "17");
    check_bound("", "1 << 4", "16");
    check_bound("", "64 as usize", "64");
}

#[test]
fn a_function_gives_back_what_it_returns_at_its_end() {
    check_bound("fn most() -> usize { return 7; }", "most()", "7");
    check_bound("fn most() -> usize { return 7 }", "most()", "7");
    check_bound("fn most() -> usize { let most = 7; return most; }", "most()", "7");
    // Of several systems, Linux.
    let by_system = |first: &str, second: &str| format!("fn most() -> usize {{ #[cfg({first})] return 7; #[cfg({second})] return 8; }}");
    check_bound(&by_system("target_os = \"linux\"", "windows"), "most()", "7");
    check_bound(&by_system("windows", "unix"), "most()", "8");
    check_bound(&by_system("target_os = \"macos\"", "not(target_os = \"macos\")"), "most()", "8");
    check_bound("fn most() -> usize { #[cfg(unix)] return 7; 8 }", "most()", "7");
    check_bound("fn most() -> usize { #[cfg(windows)] return 7; 8 }", "most()", "8");
    // Neither of two builds of one system is the one.
    check_bound(&by_system("feature = \"a\"", "not(feature = \"a\")"), "most()", "? code most()");
    // What leaves a function is no value of the block that it stands in.
    let leaves = "fn most() -> Option<usize> { let most = match std::env::var(\"MOST\") { Ok(x) => x.parse().unwrap(), Err(_) => { return 5; } }; most }";
    check_bound(&leaves.replace("Option<usize>", "usize"), "most()", "? env MOST");
}

/// The address of a TCP listener that is bound to this expression.
#[track_caller]
fn check_address(before: &str, address: &str, expected: &str) {
    let main = format!("async fn main() {{ let listener = tokio::net::TcpListener::bind({address}).await; }}\n");
    check(&format!("use std::net::{{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr}};\n{before}\n{main}"), "address", expected);
}

#[test]
fn addresses_are_told_by_their_parts() {
    check_address("", "SocketAddr::from(([0, 0, 0, 0], 3000))", "0.0.0.0:3000");
    check_address("", "&SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 0, 1)), 80)", "127.0.0.1:80");
    check_address("", "SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 80)", "0.0.0.0:80");
    check_address("", "SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 80)", "127.0.0.1:80");
    check_address("", "SocketAddr::from((Ipv6Addr::UNSPECIFIED, 80))", "[::]:80");
    check_address("", "SocketAddr::from((IpAddr::from([10, 0, 0, 1]), 80))", "10.0.0.1:80");
    check_address("const PORT: u16 = 90;", "std::net::SocketAddr::from(([0, 0, 0, 0], PORT))", "0.0.0.0:90");
    check_address(
        "",
        "{ let port = std::env::var(\"PORT\").unwrap().parse().unwrap(); SocketAddr::from(([0, 0, 0, 0], port)) }",
        "0.0.0.0:${PORT} env PORT",
    );
    // No address, and a type of the workspace.
    check_address("", "SocketAddr::new(Ipv4Addr::new(300, 0, 0, 1).into(), 80)", "{Ipv4Addr::new(…).into()}:80");
    let own = "mod own { pub struct Ipv4Addr; impl Ipv4Addr { pub const LOCALHOST: u8 = 4; } }";
    check_address(own, "SocketAddr::new(own::Ipv4Addr::LOCALHOST, 80)", "4:80");
}

#[test]
fn an_address_whose_port_is_set_later_has_that_port() {
    let set = |made: &str, after: &str| {
        format!("{{ let port = std::env::var(\"PORT\").unwrap().parse().unwrap(); let mut address: SocketAddr = {made}; {after} address }}")
    };
    let parsed = "\"0.0.0.0:80\".parse().unwrap()";
    check_address("", &set(parsed, "address.set_port(port);"), "0.0.0.0:${PORT} env PORT");
    check_address("", &set("SocketAddr::from(([127, 0, 0, 1], 80))", "address.set_port(90);"), "127.0.0.1:90");
    check_address("", &set(parsed, "println!(\"{address}\");"), "0.0.0.0:80");
    // On a condition, twice, or to what is not looked at.
    for after in ["if port > 0 { address.set_port(port); }", "address.set_port(port); address.set_port(90);", "address.set_ip(ip());"] {
        check_address("", &set(parsed, after), "? code address");
    }
}

#[test]
fn a_value_that_is_set_where_it_asks_to_be_is_followed() {
    let pool = |guard: &str| {
        let open = format!(
            "async fn open(max: u32, tuned: bool) {{ let mut options = sqlx::postgres::PgPoolOptions::new(); {guard} options.connect(\"postgres://db\").await.unwrap(); }}"
        );
        format!("{open}\nasync fn main() {{ let max = std::env::var(\"MAX_CON\").unwrap().parse().unwrap(); open(max, true).await; }}\n")
    };
    check(&pool("if max > 0 { options = options.max_connections(max); }"), "max_connections", "? env MAX_CON");
    check(&pool("if max > 0 && tuned { options = options.max_connections(max); }"), "max_connections", "? env MAX_CON");
    // Nothing is no number of connections.
    let none =
        pool("if max > 0 { options = options.max_connections(max); }").replace("parse().unwrap(); open", "parse().unwrap_or(0); open");
    check(&none, "max_connections", "? env MAX_CON");
    check(&none.replace("unwrap_or(0)", "unwrap_or(9)"), "max_connections", "9 env MAX_CON");
    // Something else decides whether it is set, or it is set where it does not ask for it.
    check(&pool("if tuned { options = options.max_connections(max); }"), "max_connections", "? code max");
    check(&pool("if max > 0 { } else { options = options.max_connections(max); }"), "max_connections", "? code max");
    check(&pool("if max > 0 { options = options.max_connections(7); }"), "max_connections", "7 where MAX_CON is over 0");
}

#[test]
fn amounts_of_bytes_are_numbers() {
    let check = |bound: &str, expected: &str| {
        let cargo = "//- /Cargo.toml\n[package]\nname = \"shop\"\nversion = \"0.1.0\"\n[dependencies]\ntokio = \"1\"\nbytesize = \"2\"\n";
        let main = format!(
            "use bytesize::ByteSize;\nmod own {{ pub struct ByteSize; impl ByteSize {{ pub fn mib(n: u64) -> usize {{ 3 }} }} }}\nfn main() {{ let (_a, _b) = tokio::sync::mpsc::channel::<u8>({bound}); }}\n"
        );
        check(&format!("{cargo}//- /src/main.rs\n{main}"), "capacity", expected);
    };
    check("ByteSize::mib(64).as_u64() as usize", "67108864");
    check("ByteSize::kb(2).0 as usize", "2000");
    check("bytesize::gib(1) as usize", "1073741824");
    check("ByteSize(512).as_u64() as usize", "512");
    // A type of the workspace.
    check("own::ByteSize::mib(64)", "3");
}

#[test]
fn constants_are_followed_through_modules_imports_and_each_other() {
    check_bound("const BOUND: usize = 8;", "BOUND", "8");
    check_bound("mod limits { pub const BOUND: usize = super::BASE * 2; }\nconst BASE: usize = 4;", "limits::BOUND", "8");
    check_bound("mod limits { pub const BOUND: usize = 9; }\nuse limits::BOUND as Most;", "Most", "9");
    check_bound("mod limits { pub const BOUND: usize = 9; }\nuse limits::*;", "BOUND", "9");
    check_bound("struct Mail;\nimpl Mail { const BOUND: usize = 5; }", "Mail::BOUND", "5");
}

#[test]
fn what_an_included_file_declares_and_imports_is_the_modules_own() {
    let main = "//- /src/main.rs\ninclude!(\"inner.rs\");\nfn main() { let (_a, _b) = tokio::sync::mpsc::channel::<u8>(BOUND_IN_CODE); }\n\
        //- /src/inner.rs\nmod limits { pub const BOUND: usize = 4; }\nuse limits::BOUND as Most;\nuse limits::*;\n";
    for bound in ["limits::BOUND", "Most", "BOUND"] {
        check(&main.replace("BOUND_IN_CODE", bound), "capacity", "4");
    }
}

#[test]
fn a_crate_is_known_by_the_name_that_extern_crate_gives_it() {
    let channel =
        |path: &str| format!("extern crate tokio as engine;\nfn main() {{ let (_a, _b) = {path}::sync::mpsc::channel::<u8>(6); }}\n");
    check(&channel("engine"), "capacity", "6");
    check(&channel("tokio"), "capacity", "6");
    check_bound("extern crate self as shop;\nconst BOUND: usize = 3;", "shop::BOUND", "3");
}

#[test]
fn extern_crate_in_a_module_is_known_there() {
    let inside = |path: &str| {
        format!(
            "mod store {{ pub mod tokio {{ pub mod queue {{ extern crate tokio;\nextern crate tokio as engine;\nuse self::{path}::sync::mpsc;\n\
             pub fn open() {{ let (_a, _b) = mpsc::channel::<u8>(6); }} }} }} }}\nfn main() {{ store::tokio::queue::open(); }}\n"
        )
    };
    check(&inside("tokio"), "capacity", "6");
    check(&inside("engine"), "capacity", "6");
    // Without it the name is that of nothing.
    let items = map(&inside("tokio").replace("extern crate tokio;\n", "")).items;
    assert!(items.iter().all(|item| item.kind != crate::model::Kind::Queue), "{items:?}");
}

#[test]
fn a_derive_of_the_workspace_does_not_hide_the_type_of_its_name() {
    let all = "//- /Cargo.toml\n[workspace]\nmembers = [\"shop\", \"made\", \"kept\"]\n\
        //- /shop/Cargo.toml\n[package]\nname = \"shop\"\nversion = \"0.1.0\"\n[dependencies]\ntokio = \"1\"\n\
        made = { path = \"../made\" }\nkept = { path = \"../kept\" }\n\
        //- /shop/src/main.rs\nuse kept::*;\nuse made::Limits;\n\
        fn main() { let (_a, _b) = tokio::sync::mpsc::channel::<u8>(Limits::BOUND); }\n\
        //- /made/Cargo.toml\n[package]\nname = \"made\"\nversion = \"0.1.0\"\n[lib]\nproc-macro = true\n\
        //- /made/src/lib.rs\n#[proc_macro_derive(Limits)]\npub fn limits(_: TokenStream) -> TokenStream { TokenStream::new() }\n\
        //- /kept/Cargo.toml\n[package]\nname = \"kept\"\nversion = \"0.1.0\"\n\
        //- /kept/src/lib.rs\npub struct Limits;\nimpl Limits { pub const BOUND: usize = 4; }\n";
    check(all, "capacity", "4");
}

#[test]
fn a_method_of_what_a_lazy_static_makes_is_found() {
    let before = "use std::sync::{LazyLock, OnceLock};\nstruct S;\nimpl S { fn bound(&self) -> usize { 7 } }\n";
    check_bound(&format!("{before}static L: LazyLock<S> = LazyLock::new(|| S);"), "L.bound()", "7");
    // This one has to be asked first.
    check_bound(&format!("{before}static L: OnceLock<S> = OnceLock::new();"), "L.bound()", "? code L.bound()");
}

#[test]
fn a_constant_that_names_itself_ends() {
    check_bound("const A: usize = B;\nconst B: usize = A;", "A", "? code A");
}

#[test]
fn a_variable_is_followed_to_what_it_was_given() {
    check("fn main() { let bound = 12; let (_a, _b) = tokio::sync::mpsc::channel::<u8>(bound); }\n", "capacity", "12");
}

#[test]
fn a_parameter_is_what_its_callers_give() {
    let start = "fn start(bound: usize) { let (_a, _b) = tokio::sync::mpsc::channel::<u8>(bound); }\n";
    check(&format!("{start}fn main() {{ start(3); }}\n"), "capacity", "3");
    check(&format!("{start}fn outer(bound: usize) {{ start(bound); }}\nfn main() {{ outer(4); }}\n"), "capacity", "4");
}

#[test]
fn a_text_that_grows_with_every_function_it_goes_through_ends() {
    let holes = "{text}".repeat(200);
    let step = |at: u32| format!("fn f{at}(text: &str) -> String {{ f{}(&format!(\"{holes}\")) }}\n", at + 1);
    let steps: String = (0..12).map(step).collect();
    let map = map(&format!(
        "{steps}fn f12(text: &str) -> String {{ text.to_owned() }}\nfn main() {{ std::fs::write(f0(\"a\"), \"\").unwrap(); }}\n"
    ));
    assert_eq!(map.items.len(), 1, "{:#?}", map.items);
}

#[test]
fn a_parameter_nobody_gives_is_said_to_be_unknown() {
    check(
        "pub fn start(bound: usize) { let (_a, _b) = tokio::sync::mpsc::channel::<u8>(bound); }\nfn main() {}\n",
        "capacity",
        "? code bound",
    );
}

#[test]
fn an_environment_variable_is_named_with_its_default() {
    let read = "std::env::var(\"BOUND\").ok().and_then(|text| text.parse().ok())";
    check_bound("", &format!("{read}.unwrap_or(32)"), "32 env BOUND");
    check_bound("const FALLBACK: usize = 7;", &format!("{read}.unwrap_or(FALLBACK)"), "7 env BOUND");
    check_bound("", "std::env::var(\"BOUND\").unwrap().parse().unwrap()", "? env BOUND");
}

#[test]
fn durations_are_written_as_people_write_them() {
    let loop_of = |period: &str| {
        format!("#[tokio::main]\nasync fn main() {{ tokio::spawn(async {{ loop {{ tokio::time::sleep({period}).await; }} }}); }}\n")
    };
    check(&loop_of("std::time::Duration::new(90, 0)"), "period", "90s");
    check(&loop_of("std::time::Duration::new(90, 5)"), "period", "? code std::time::Duration::new(90, 5)");
    check(&loop_of("std::time::Duration::from_secs(90)"), "period", "90s");
    check(&loop_of("std::time::Duration::from_millis(250)"), "period", "250ms");
    check(&loop_of("std::time::Duration::from_secs(2 * 60 * 60)"), "period", "2h");
}

#[test]
fn lengths_of_time_are_calculated() {
    let loop_of = |before: &str, period: &str| {
        format!(
            "{before}\nuse std::time::Duration;\n#[tokio::main]\nasync fn main() {{ tokio::spawn(async {{ loop {{ tokio::time::sleep({period}).await; }} }}); }}\n"
        )
    };
    let each = "const EACH: std::time::Duration = std::time::Duration::from_secs(60);";
    check(&loop_of(each, "EACH * 5"), "period", "5min");
    check(&loop_of(each, "EACH.max(Duration::from_secs(90))"), "period", "90s");
    check(&loop_of(each, "Duration::from_secs(EACH.as_secs() / 2)"), "period", "30s");
    // What does not come out even is said as it is written.
    check(&loop_of(each, "EACH / 7"), "period", "? code EACH / 7");
    // One of two, and nothing of what cannot be told.
    check(&loop_of(each, "if std::env::args().count() > 1 { EACH } else { Duration::from_millis(100) }"), "period", "60s or 100ms");
    check(&loop_of("", "Duration::from_secs(if std::env::args().count() > 1 { 5 } else { other() })"), "period", "?");
}

#[test]
fn numbers_are_bound_from_both_sides() {
    check_bound("", "std::cmp::max(3, 8)", "8");
    check_bound("", "3.clamp(4, 9)", "4");
    check_bound("", "usize::try_from(7).unwrap_or(usize::MAX)", "7");
    check_bound("", "usize::try_from(7u64).expect(\"fits\").saturating_mul(2)", "14");
    let from_env = "std::env::var(\"BOUND\").ok().and_then(|text| text.parse::<usize>().ok()).unwrap_or(32)";
    check_bound("", &format!("{from_env} * 2"), "64 env BOUND");
    // The number of processors is not known.
    check_bound("fn cores() -> usize { std::hint::black_box(1) }", "cores() * 4", "? code cores() * 4");
}

#[test]
fn callers_that_pass_different_numbers_are_all_told() {
    let open = "fn open(bound: usize) { let (_a, _b) = tokio::sync::mpsc::channel::<u8>(bound); }";
    check(&format!("{open}\nfn main() {{ open(5); open(20); }}\n"), "capacity", "5 or 20");
    check(&format!("{open}\nfn main() {{ open(5); open(5); }}\n"), "capacity", "5");
    check(&format!("{open}\nfn main() {{ open(5); open(std::hint::black_box(1)); }}\n"), "capacity", "? code bound");
}

#[test]
fn a_moment_in_a_path_is_another_one_each_time() {
    let write = "fn main() { let at = std::time::SystemTime::now(); std::fs::write(format!(\"/tmp/copy-{:?}\", at), \"\").unwrap(); }\n";
    check(write, "path", "/tmp/copy-{time}");
}

#[test]
fn inline_names_of_constants_in_a_format_string_are_followed() {
    let write = |path: &str| {
        format!(
            "const ROOT: &str = \"/srv\";\nfn main() {{ let id = 7u32; let user = name(); std::fs::write({path}, \"x\").unwrap(); drop((id, user)); }}\nfn name() -> String {{ String::new() }}\n"
        )
    };
    check(&write("format!(\"{ROOT}/a\")"), "path", "/srv/a");
    check(&write("format!(\"{}/a\", ROOT)"), "path", "/srv/a");
    check(&write("format!(\"{ROOT}/{user}.txt\")"), "path", "/srv/{user}.txt");
    check(&write("format!(\"{0}/{0}\", ROOT)"), "path", "/srv/srv");
    check(&write("format!(\"/a/{{b}}\")"), "path", "/a/{b}");
}

#[test]
fn paths_are_joined() {
    let write = |path: &str| {
        format!(
            "use std::path::{{Path, PathBuf}};\nconst ROOT: &str = \"/srv\";\nfn main() {{ std::fs::write({path}, \"x\").unwrap(); }}\n"
        )
    };
    check(&write("Path::new(ROOT).join(\"a\")"), "path", "/srv/a");
    check(&write("PathBuf::from(ROOT).join(\"a\").join(\"b.txt\")"), "path", "/srv/a/b.txt");
    check(&write("Path::new(\"/srv/a\").with_extension(\"bak\")"), "path", "/srv/a.bak");
}

#[test]
fn std_core_and_imported_names_are_the_same_type() {
    for declared in [
        "static HITS: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);",
        "static HITS: core::sync::atomic::AtomicU64 = core::sync::atomic::AtomicU64::new(0);",
        "use std::sync::atomic;\nstatic HITS: atomic::AtomicU64 = atomic::AtomicU64::new(0);",
        "use std::sync::atomic::AtomicU64 as Counter;\nstatic HITS: Counter = Counter::new(0);",
        "use std::sync::atomic::*;\nstatic HITS: AtomicU64 = AtomicU64::new(0);",
        "use std::{sync::{atomic::{self, AtomicU64}, Arc}};\nstatic HITS: AtomicU64 = atomic::AtomicU64::new(0);",
        "type Counter = std::sync::atomic::AtomicU64;\nstatic HITS: Counter = Counter::new(0);",
        "struct Counters { hits: std::sync::atomic::AtomicU64 }\nstatic HITS: Counters = Counters { hits: std::sync::atomic::AtomicU64::new(0) };",
    ] {
        assert_eq!(ids(&format!("{declared}\nfn main() {{}}\n")), ["static:shop::HITS"], "{declared}");
    }
}

#[test]
fn a_lazy_static_is_what_it_holds_and_a_lock_gives_out_what_is_inside() {
    let program = "use std::sync::{LazyLock, RwLock};\n\
        static SETTINGS: LazyLock<Settings> = LazyLock::new(Settings::load);\n\
        struct Settings { inner: RwLock<Values> }\n\
        struct Values { bound: usize }\n\
        impl Settings {\n\
            fn load() -> Self { Self { inner: RwLock::new(Values { bound: 7 }) } }\n\
            fn bound(&self) -> usize { self.inner.read().unwrap().bound }\n\
        }\n";
    check(&format!("{program}fn main() {{ let (_a, _b) = tokio::sync::mpsc::channel::<u8>(SETTINGS.bound()); }}\n"), "capacity", "7");
    check(&format!("{program}fn main() {{ let (_a, _b) = tokio::sync::mpsc::channel::<u8>((*SETTINGS).bound()); }}\n"), "capacity", "7");
}

#[test]
fn atomics_have_no_type_argument() {
    let map = map(
        "use std::sync::{Arc, atomic::AtomicU32};\n#[tokio::main]\nasync fn main() {\n    let hits = Arc::new(AtomicU32::new(0));\n    \
        let shared = hits.clone();\n    tokio::spawn(async move { loop { shared.load(std::sync::atomic::Ordering::Relaxed); tokio::task::yield_now().await; } });\n}\n",
    );
    let types: Vec<_> = map.items.iter().filter(|item| item.name == "hits").map(|item| item.ty.as_deref()).collect();
    assert_eq!(types, [Some("Arc<AtomicU32>")]);
}

#[test]
fn a_type_of_the_same_name_is_another_type() {
    for declared in [
        "struct AtomicU64(u64);\nstatic HITS: AtomicU64 = AtomicU64(0);",
        "mod own { pub struct Mutex<T>(pub T); }\nuse own::Mutex;\nstatic HITS: Mutex<u64> = Mutex(0);",
        "mod own { pub struct Mutex<T>(pub T); }\nuse own::*;\nstatic HITS: Mutex<u64> = Mutex(0);",
    ] {
        assert_eq!(ids(&format!("{declared}\nfn main() {{}}\n")), Vec::<String>::new(), "{declared}");
    }
}

#[test]
fn a_name_in_a_function_hides_that_of_the_module() {
    let fixture =
        "use moka::sync::Cache;\nfn main() {\n    struct Cache;\n    impl Cache { fn builder() -> u8 { 0 } }\n    Cache::builder();\n}\n";
    assert_eq!(ids(fixture), Vec::<String>::new());
}

#[test]
fn imports_that_lead_in_a_circle_end() {
    assert_eq!(
        ids("mod a { pub use super::b::*; }\nmod b { pub use super::a::*; }\nuse a::Thing;\nstatic X: Thing = 0;\nfn main() {}\n"),
        Vec::<String>::new()
    );
    assert_eq!(ids("use crate::b as a;\nuse crate::a as b;\nstatic X: a::T = 0;\nfn main() {}\n"), Vec::<String>::new());
}

#[test]
fn a_path_that_begins_like_an_imported_macro_means_the_crate() {
    let items = |import: &str| ids(&format!("{import}\n#[once]\npub fn only() -> u8 {{ 1 }}\nfn main() {{ only(); }}\n"));
    let expected = ["cache:shop::only#cached::proc_macro::once"];
    assert_eq!(items("use cached::proc_macro::once;"), expected);
    assert_eq!(items("use cached::proc_macro::{cached, once};"), expected);
    assert_eq!(items("use cached::proc_macro::cached;\nuse cached::proc_macro::once;"), expected);
}
