//! Ids, services, conditions and secrets of items.

use crate::fixture::{ids, map};
use crate::model::{Class, Kind, Role};

const TWO_BINARIES: &str = "
//- /Cargo.toml
[package]
name = \"shop\"
version = \"0.1.0\"

[[bin]]
name = \"api\"
path = \"src/api.rs\"

[[bin]]
name = \"worker\"
path = \"src/worker.rs\"
//- /src/api.rs
mod shared;
fn main() {}
//- /src/worker.rs
mod shared;
fn main() {}
//- /src/shared.rs
pub static HITS: std::sync::Mutex<u32> = std::sync::Mutex::new(0);
";

#[test]
fn a_file_that_two_binaries_read_is_one_item_of_both() {
    let map = map(TWO_BINARIES);
    let told: Vec<String> = map.items.iter().map(|item| format!("{} {}", item.id, item.services.join("+"))).collect();
    assert_eq!(told, ["static:api::shared::HITS api+worker"]);
}

const DAEMON_AND_TOOL: &str = "
//- /Cargo.toml
[package]
name = \"shop\"
version = \"0.1.0\"
[dependencies]
tokio = \"1\"
protocol = \"1\"

[[bin]]
name = \"daemon\"
path = \"src/daemon.rs\"

[[bin]]
name = \"tool\"
path = \"src/tool.rs\"
//- /src/daemon.rs
#[tokio::main]
async fn main() {
    let collector = shop::Collector::new();
    shop::count();
    tokio::spawn(async move { collector.run().await });
    shop::sweep();
}
//- /src/tool.rs
use protocol::Task;
fn main() {
    let task = Task::new();
    shop::count();
    println!(\"{}\", task.run());
}
//- /src/lib.rs
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;
#[cfg(unix)]
use unix::wipe;
#[cfg(windows)]
use windows::wipe;
pub static RUNS: std::sync::Mutex<u32> = std::sync::Mutex::new(0);
pub static TASKS: std::sync::Mutex<Vec<u32>> = std::sync::Mutex::new(Vec::new());
pub static COUNTS: std::sync::Mutex<u32> = std::sync::Mutex::new(0);
pub struct Collector { task: Task }
impl Collector {
    pub fn new() -> Self { Self { task: Task::new() } }
    pub async fn run(&self) {
        let mut every = tokio::time::interval(std::time::Duration::from_secs(5));
        loop { every.tick().await; *RUNS.lock().unwrap() += 1; self.task.run(); }
    }
}
pub struct Task;
impl Task {
    pub fn new() -> Self { Self }
    pub fn run(&self) -> u32 { TASKS.lock().unwrap().push(1); 1 }
}
pub fn count() { *COUNTS.lock().unwrap() += 1; }
pub fn sweep() { wipe(); }
//- /src/unix.rs
pub fn wipe() { std::fs::remove_file(\"/tmp/shop\").unwrap(); }
//- /src/windows.rs
pub fn wipe() { std::fs::remove_file(\"C:/shop\").unwrap(); }
";

#[test]
fn what_one_service_runs_is_not_held_by_another_that_links_the_library() {
    let map = map(DAEMON_AND_TOOL);
    let told: Vec<String> = map.items.iter().map(|item| format!("{} {}", item.id, item.services.join("+"))).collect();
    let services_of = |part: &str| {
        let found = told.iter().find(|line| line.contains(part)).unwrap_or_else(|| panic!("{part} in {told:#?}"));
        found.rsplit(' ').next().unwrap().to_owned()
    };
    // The loop stands in the library, but only one of the two spawns it.
    assert_eq!(services_of("background-task:"), "daemon");
    assert_eq!(services_of("::RUNS"), "daemon");
    // The tool's `Task` is that of another crate, though its name and its methods are the same.
    assert_eq!(services_of("::TASKS"), "daemon");
    assert_eq!(services_of("::COUNTS"), "daemon+tool");
    // Both forms of what exists under a condition.
    assert_eq!(services_of("/tmp/shop"), "daemon");
    assert_eq!(services_of("C:/shop"), "daemon");
}

#[test]
fn ties_are_broken_in_source_order() {
    let text = "fn main() {\n    let (_a, _b) = tokio::sync::mpsc::channel::<u8>(1);\n    let (_c, _d) = tokio::sync::mpsc::channel::<u8>(2);\n}\n";
    let map = map(text);
    let told: Vec<(String, u32)> = map.items.iter().map(|item| (item.id.to_string(), item.sites[0].place.line)).collect();
    let base = "queue:shop::main#tokio::sync::mpsc::channel";
    assert_eq!(told, [(base.to_owned(), 2), (format!("{base}-2"), 3)]);
}

#[test]
fn an_id_is_one_word() {
    let text = "fn main() { std::fs::write(\"/tmp/two words \\\"quoted\\\"\\n\", \"x\").unwrap(); }\n";
    let ids = ids(text);
    assert_eq!(ids.len(), 1);
    assert!(!ids[0].contains(|c: char| c.is_whitespace() || c.is_control() || c == '"' || c == '\''), "{ids:?}");
}

#[test]
fn a_password_in_an_address_reaches_no_part_of_the_map() {
    let text = "const URL: &str = \"postgres://app:hunter2@db/shop\";\n\
        async fn connect() { sqlx::PgPool::connect(URL).await.unwrap(); }\n\
        fn queue() { let (_a, _b) = tokio::sync::mpsc::channel::<u8>(size(\"redis://app:hunter2@cache/0\")); }\n\
        fn size(_of: &str) -> usize { std::hint::black_box(1) }\n\
        #[tokio::main]\nasync fn main() { connect().await; queue(); }\n";
    let map = map(text);
    assert!(map.items.iter().any(|item| item.id.as_str().starts_with("pool:shop::connect")), "{:#?}", map.items);
    let text = serde_json::to_string(&map).unwrap();
    assert!(!text.contains("hunter2"), "{}", &text[text.find("hunter2").unwrap() - 300..]);
}

#[test]
fn the_default_of_a_secret_variable_is_hidden_everywhere() {
    let text = "fn main() {\n    let key = std::env::var(\"STRIPE_API_KEY\").unwrap_or_else(|_| \"sk_live_123\".to_owned());\n    \
        let host = std::env::var(\"STRIPE_HOST\").unwrap_or_else(|_| \"api.stripe.com\".to_owned());\n    println!(\"{key}{host}\");\n}\n";
    let json = serde_json::to_string(&map(text)).unwrap();
    assert!(!json.contains("sk_live_123"), "{json}");
    assert!(json.contains("api.stripe.com"), "{json}");
}

#[test]
fn a_path_that_is_set_in_its_middle_is_not_told_by_that_part() {
    let text = "use std::path::PathBuf;\n#[derive(serde::Deserialize)]\nstruct Registry { host: String, folder: PathBuf }\n\
        fn write(root: &str, registry: Registry) {\n    \
            let dir = PathBuf::from(root).join(registry.host);\n    \
            std::fs::create_dir_all(dir.as_os_str()).unwrap();\n    \
            std::fs::write(dir.join(\"hosts.toml\").as_os_str(), \"\").unwrap();\n    \
            std::fs::remove_file(registry.folder).unwrap();\n}\n\
        fn main() { write(&std::env::args().nth(1).unwrap(), serde_json::from_str(\"{}\").unwrap()); }\n";
    let map = map(text);
    let told: Vec<String> = map.items.iter().map(|item| item.summary.clone()).collect();
    let has = |start: &str, end: &str| told.iter().any(|summary| summary.starts_with(start) && summary.ends_with(end));
    assert!(has("creates the path `{std", "}/{host}`, which could not be followed"), "{told:#?}");
    assert!(has("writes `{std", "}/{host}/hosts.toml`"), "{told:#?}");
    assert!(has("deletes `{folder}`", ""), "{told:#?}");
}

#[test]
fn two_forms_of_one_client_are_one_item_that_says_what_both_have() {
    let text = "//- /Cargo.toml\n[package]\nname = \"shop\"\nversion = \"0.1.0\"\n[dependencies]\nreqwest = \"0.12\"\n//- /src/main.rs\n\
        fn main() {\n    let secure = std::env::args().count() > 1;\n    \
        let upstream = match secure {\n        true => \
            reqwest::Client::builder().timeout(std::time::Duration::from_secs(5)).pool_max_idle_per_host(3).build().unwrap(),\n        _ => \
            reqwest::Client::builder().pool_max_idle_per_host(3).build().unwrap(),\n    };\n    \
        let other = reqwest::Client::builder().build().unwrap();\n    \
        let third = reqwest::Client::builder().build().unwrap();\n    \
        serve(upstream, other, third);\n}\nfn serve(_a: reqwest::Client, _b: reqwest::Client, _c: reqwest::Client) {}\n";
    let map = map(text);
    let clients: Vec<_> = map.items.iter().filter(|item| item.id.as_str().starts_with("sdk-client:")).collect();
    let names: Vec<&str> = clients.iter().map(|item| item.name.as_str()).collect();
    assert_eq!(names, ["upstream", "other", "third"]);
    let upstream = clients[0];
    let value = |key: &str| upstream.facts.iter().find(|fact| fact.key == key).map(|fact| fact.value.clone().unwrap().to_string());
    assert_eq!(
        (value("timeout"), value("pool_max_idle_per_host"), value("connect_timeout")),
        (None, Some("3".into()), Some("none".into()))
    );
    assert_eq!(upstream.sites.iter().map(|site| site.place.line).collect::<Vec<_>>(), [4, 5]);
}

#[test]
fn items_are_sorted_by_kind_and_id_and_sites_by_role_and_place() {
    let text = "static B: std::sync::Mutex<u8> = std::sync::Mutex::new(0);\nstatic A: std::sync::Mutex<u8> = std::sync::Mutex::new(0);\n\
        fn main() { std::fs::write(\"/tmp/x\", \"\").unwrap(); let (_a, _b) = tokio::sync::mpsc::channel::<u8>(1); }\n";
    let map = map(text);
    let sorted = map.items.is_sorted_by(|a, b| (a.kind, &a.id) <= (b.kind, &b.id));
    assert!(sorted, "{:#?}", map.items);
    for item in &map.items {
        assert!(item.sites.is_sorted_by(|a, b| (a.role, &a.place) <= (b.role, &b.place)), "{:#?}", item.sites);
    }
}

#[test]
fn a_condition_of_the_module_and_one_of_the_item_are_both_said() {
    let text = "#[cfg(unix)]\nmod local {\n    #[cfg(feature = \"disk\")]\n    pub static HITS: std::sync::Mutex<u8> = std::sync::Mutex::new(0);\n}\nfn main() {}\n";
    let map = map(text);
    assert_eq!(map.items[0].cfg.as_deref(), Some("only on Unix and with feature `disk`"));
}

#[test]
fn a_cache_in_a_field_is_declared_there_and_made_elsewhere() {
    let text = "use moka::sync::Cache;\nstruct Names {\n    by_id: Cache<u32, String>,\n}\nimpl Names {\n    fn new() -> Self {\n        \
        Self { by_id: Cache::new(50) }\n    }\n}\nfn main() { let names = Names::new(); names.by_id.insert(1, String::new()); }\n";
    let map = map(text);
    let [item] = map.items.as_slice() else { panic!("{:#?}", map.items) };
    let sites: Vec<(Role, u32)> = item.sites.iter().map(|site| (site.role, site.place.line)).collect();
    assert_eq!(sites, [(Role::Declared, 3), (Role::Constructed, 7)]);
    assert_eq!((item.name.as_str(), item.class), ("Names.by_id", Class::Mutable));
}

const WORKSPACE: &str = "
//- /Cargo.toml
[workspace]
members = [\"api\", \"tool\", \"parts\"]
//- /api/Cargo.toml
[package]
name = \"api\"
version = \"0.1.0\"
[dependencies]
parts = { path = \"../parts\" }
//- /api/src/main.rs
fn main() { parts::serve(parts::port()); }
//- /tool/Cargo.toml
[package]
name = \"tool\"
version = \"0.1.0\"
[dependencies]
parts = { path = \"../parts\" }
//- /tool/src/main.rs
fn main() { println!(\"{:?} {}\", std::env::var(\"PARTS_URL\"), parts::idle()); }
//- /parts/Cargo.toml
[package]
name = \"parts\"
version = \"0.1.0\"
[dependencies]
moka = \"0.12\"
//- /parts/src/lib.rs
pub mod made;
use std::sync::LazyLock;
use moka::sync::Cache;

static PAGES: LazyLock<Cache<u32, u32>> = LazyLock::new(made::small);
static LINES: LazyLock<Cache<u32, u32>> = LazyLock::new(|| made::small());

pub fn serve(port: u16) { PAGES.insert(1, u32::from(port)); LINES.insert(2, 3); }
pub fn port() -> u16 { std::env::var(\"PARTS_URL\").map_or(80, |_| 81) }
pub fn idle() -> u32 { 0 }

/// For tests of other crates.
#[allow(clippy::unwrap_used)]
pub fn given() -> Cache<u32, u32> { helped().0 }
fn helped() -> (Cache<u32, u32>, u16) { (Cache::new(5), port()) }
//- /parts/src/made.rs
use moka::sync::Cache;
pub fn small() -> Cache<u32, u32> { Cache::builder().max_capacity(7).build() }
";

#[test]
fn what_a_function_makes_for_statics_alone_is_theirs() {
    let map = map(WORKSPACE);
    let caches: Vec<(&str, &str)> =
        map.items.iter().filter(|item| item.kind == Kind::Cache).map(|item| (item.name.as_str(), item.summary.as_str())).collect();
    let seven = "moka cache, at most 7 entries";
    assert_eq!(caches.len(), 2, "{caches:?}");
    assert!(caches[0].0 == "LINES" && caches[1].0 == "PAGES" && caches.iter().all(|(_, summary)| summary.starts_with(seven)), "{caches:?}");
    // The helper's file is read by both; what it makes is held by one.
    assert!(map.items.iter().filter(|item| item.kind == Kind::Cache).all(|item| item.services == ["api"]), "{:#?}", map.items);
}

#[test]
fn a_function_that_others_call_too_is_an_item_of_its_own() {
    let text = WORKSPACE.replace("LINES.insert(2, 3);", "let own = made::small(); own.insert(2, 3);");
    let made = map(&text).items.iter().filter(|item| item.id.as_str().contains("made::small")).count();
    assert_eq!(made, 1);
}

#[test]
fn a_variable_belongs_to_the_services_that_ask_for_it() {
    let text = WORKSPACE.replace("{:?} {}\", std::env::var(\"PARTS_URL\"), ", "{}\", ");
    let services = |text: &str| {
        let map = map(text);
        let item = map.items.iter().find(|item| item.name == "PARTS_URL").map(|item| item.services.join("+"));
        item.unwrap_or_default()
    };
    assert_eq!(services(WORKSPACE), "api+tool");
    assert_eq!(services(&text), "api");
    // Asked for by a static, which is what only one of them uses.
    let by_static = text.replace("std::env::var(\"PARTS_URL\").map_or(80, |_| 81)", "*PORT");
    let by_static = by_static.replace(
        "static PAGES",
        "static PORT: LazyLock<u16> = LazyLock::new(|| std::env::var(\"PARTS_URL\").map_or(80, |_| 81));\nstatic PAGES",
    );
    assert_eq!(services(&by_static), "api");
}

#[test]
fn what_only_functions_that_nobody_names_make_is_left_out() {
    assert!(!ids(WORKSPACE).iter().any(|id| id.contains("helped")), "{:?}", ids(WORKSPACE));
    let named = WORKSPACE.replace("parts::idle()", "parts::given().get(&1).is_some()");
    assert!(ids(&named).iter().any(|id| id.contains("helped")), "{:?}", ids(&named));
}

#[test]
fn a_type_of_a_library_that_nobody_names_makes_nothing() {
    let of = |rest: &str, main: &str| {
        let text = format!(
            "//- /Cargo.toml\n[workspace]\nmembers = [\"store\", \"shop\"]\n\
             //- /store/Cargo.toml\n[package]\nname = \"store\"\nversion = \"0.1.0\"\n[dependencies]\nr2d2 = \"0.8\"\n\
             //- /store/src/lib.rs\npub struct Manager;\nimpl r2d2::ManageConnection for Manager {{}}\n\
             pub trait Counters {{ fn add(&self); }}\n\
             pub struct Pooled {{ pool: r2d2::Pool<Manager> }}\n\
             impl Pooled {{ pub fn new() -> Result<Self, String> {{ Ok(Self {{ pool: r2d2::Pool::builder().max_size(20).build(Manager).unwrap() }}) }} }}\n\
             impl Default for Pooled {{ fn default() -> Self {{ Pooled::new().unwrap() }} }}\n\
             impl Counters for Pooled {{ fn add(&self) {{ self.pool.get().unwrap(); }} }}\n{rest}\n\
             //- /shop/Cargo.toml\n[package]\nname = \"shop\"\nversion = \"0.1.0\"\n[dependencies]\nstore = {{ path = \"../store\" }}\n\
             //- /shop/src/main.rs\n#[derive(Default)]\nstruct Shop {{ open: bool }}\nfn main() {{ {main} }}\n"
        );
        map(&text).items.iter().filter(|item| item.kind == Kind::Pool).count()
    };
    assert_eq!(of("", "println!();"), 0);
    // What only such a type names is left over, too.
    assert_eq!(
        of("pub struct Twice { of: Pooled }\nimpl Twice { pub fn new() -> Self { Self { of: Pooled::default() } } }", "println!();"),
        0
    );
    for main in [
        "let counters = store::Pooled::new();",
        "let counters: Box<dyn store::Counters> = Box::new(store::Pooled::default());",
        "let counters: store::Pooled = Default::default();",
        "let counters = make::<store::Pooled>();",
    ] {
        assert_eq!(of("", main), 1, "{main}");
    }
    assert_eq!(of("pub use Pooled as Shared;", "let counters = store::Shared::new();"), 1);
    assert_eq!(of("pub fn open() -> Pooled { Default::default() }", "let counters = store::open();"), 1);
}

#[test]
fn a_static_is_what_it_is_filled_with() {
    let text = "use std::sync::OnceLock;\nstatic POOL: OnceLock<sqlx::PgPool> = OnceLock::new();\n\
        fn pool() -> &'static sqlx::PgPool { POOL.get_or_init(|| sqlx::PgPool::connect_lazy(\"postgres://db/a\").unwrap()) }\n\
        #[tokio::main]\nasync fn main() { pool().acquire().await.unwrap(); let other = sqlx::PgPool::connect(\"postgres://db/b\").await; drop(other); }\n";
    let map = map(text);
    let pools: Vec<String> = map
        .items
        .iter()
        .filter(|item| item.summary.contains("Postgres pool"))
        .map(|item| format!("{} {}", item.name, item.sites.len()))
        .collect();
    assert_eq!(pools, ["POOL 2", "other 1"]);
}

#[test]
fn a_picture_of_characters_is_no_text() {
    let text = |doc: &str| {
        format!(
            "use std::sync::Mutex;\n{doc}\nstatic QUEUE: Mutex<Vec<u8>> = Mutex::new(Vec::new());\nfn main() {{ QUEUE.lock().unwrap().push(1); }}\n"
        )
    };
    let doc = |text: &str| map(text).items.into_iter().find_map(|item| item.doc);
    assert_eq!(doc(&text("/// main --> worker\n///  |        |\n///  \\---> sender\n///  |        |")), None);
    assert_eq!(doc(&text("/// Waits - for the sender.\n/// Then goes.")).as_deref(), Some("Waits - for the sender.\nThen goes."));
}

#[test]
fn fields_of_one_struct_that_are_one_thing_have_its_name() {
    let text = "use prometheus::{Gauge, Histogram, HistogramOpts, Opts};\n\
        struct Depth { now: Gauge, most: Gauge }\nstruct Took { seconds: Histogram }\n\
        fn depth() -> Depth { Depth { now: Gauge::with_opts(Opts::new(\"now\", \"\")).unwrap(), most: Gauge::with_opts(Opts::new(\"most\", \"\")).unwrap() } }\n\
        fn took() -> Took { Took { seconds: Histogram::with_opts(HistogramOpts::new(\"took\", \"\")).unwrap() } }\n\
        fn main() { let (a, b) = (depth(), took()); a.now.set(1.0); a.most.set(2.0); b.seconds.observe(3.0); }\n";
    let map = map(&format!(
        "//- /Cargo.toml\n[package]\nname = \"shop\"\nversion = \"0.1.0\"\n\n[dependencies]\nprometheus = \"0.14\"\n//- /src/main.rs\n{text}"
    ));
    let told: Vec<(&str, bool)> =
        map.items.iter().map(|item| (item.name.as_str(), item.facts.iter().any(|fact| fact.key == "buckets"))).collect();
    assert_eq!(told, [("Depth", false), ("Took.seconds", true)]);
}

#[test]
fn fields_that_are_assigned_together_are_written() {
    let text = "struct Feed { last_page: u32, next_offset: u64, size: u32 }\n\
        impl Feed {\n    fn step(&mut self) { (self.last_page, self.next_offset) = next(self.last_page, self.size); }\n    \
        async fn run(mut self) {\n        loop {\n            tokio::time::sleep(std::time::Duration::from_secs(1)).await;\n            self.step();\n        }\n    }\n}\n\
        fn next(page: u32, size: u32) -> (u32, u64) { (page + size, 1) }\n\
        #[tokio::main]\nasync fn main() { tokio::spawn(Feed { last_page: 0, next_offset: 0, size: 3 }.run()); std::future::pending::<()>().await; }\n";
    let map = map(text);
    let kept = map.items.iter().find(|item| item.kind == Kind::SharedState).unwrap_or_else(|| panic!("{:#?}", map.items));
    let fields = kept.facts.iter().find(|fact| fact.key == "fields").and_then(|fact| fact.value.as_ref()).map(ToString::to_string);
    assert_eq!(fields.as_deref(), Some("last_page, next_offset"));
}

#[test]
fn a_pool_of_any_connections_is_backed_by_the_store_of_its_own() {
    let backed = |connection: &str| {
        let text = format!(
            "//- /Cargo.toml\n[package]\nname = \"shop\"\nversion = \"0.1.0\"\n\n[dependencies]\ndiesel-async = \"0.6\"\ntokio = \"1\"\n\
             //- /src/main.rs\nuse diesel_async::pooled_connection::deadpool::Pool;\nuse diesel_async::{{AsyncPgConnection, AsyncMysqlConnection}};\n\
             type Db<C> = Pool<C>;\nfn open() -> Result<Db<{connection}>, String> {{ let db = Pool::builder(manager()).max_size(4).build().map_err(|_| String::new())?; Ok(db) }}\n\
             fn main() {{ let _pool = open().unwrap(); }}\n"
        );
        map(&text).items.into_iter().find(|item| item.kind == Kind::Pool).and_then(|item| item.backs_on)
    };
    assert_eq!(backed("AsyncPgConnection").as_deref(), Some("external-store:postgres"));
    assert_eq!(backed("AsyncMysqlConnection").as_deref(), Some("external-store:mysql"));
    assert_eq!(backed("Replayed"), None);
}

#[test]
fn of_several_ages_of_a_cache_one_that_is_set_counts() {
    let summary = |ages: &str| {
        let source = format!(
            "//- /Cargo.toml\n[package]\nname = \"shop\"\nversion = \"0.1.0\"\n[dependencies]\nmoka = \"0.12\"\n//- /src/main.rs\nuse std::time::Duration;\n\
             fn main() {{\n    let names: moka::sync::Cache<u32, u32> = moka::sync::Cache::builder().max_capacity(7){ages}.build();\n    names.insert(1, 2);\n}}\n"
        );
        map(&source).items.iter().find(|item| item.kind == Kind::Cache).unwrap().summary.clone()
    };
    assert_eq!(summary(""), "moka cache, at most 7 entries, nothing expires");
    assert_eq!(summary(".time_to_idle(Duration::from_secs(60))"), "moka cache, at most 7 entries, idle entries expire after 60 s");
    assert_eq!(summary(".time_to_live(Duration::from_secs(60))"), "moka cache, at most 7 entries, entries expire after 60 s");
}
