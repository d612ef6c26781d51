//! Settings, numbers, folders and tables that belong to an item, with those that belong to another one.

use super::surroundings_tests::{items, told};
use crate::model::{Item, Kind};

const SMTP: &str = "use lettre::{AsyncSmtpTransport, Tokio1Executor, transport::smtp::authentication::Credentials};\n\
    struct Config { smtp_host: String, smtp_port: u16, smtp_mode: String, smtp_user: Option<String>, smtp_pass: Option<String>, banner: String }\n\
    fn var(name: &str) -> String { std::env::var(name).unwrap() }\n\
    impl Config { fn from_env() -> Self { Self { smtp_host: var(\"SMTP_HOST\"), smtp_mode: var(\"SMTP_MODE\"),\n\
        smtp_port: std::env::var(\"SMTP_PORT\").ok().and_then(|text| text.parse().ok()).unwrap_or(587),\n\
        smtp_user: std::env::var(\"SMTP_USER\").ok(), smtp_pass: std::env::var(\"SMTP_PASS\").ok(), banner: var(\"BANNER\") } } }\n";

const MAILER: &str = "let start = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(config.smtp_host.as_str()).port(config.smtp_port);\n\
    let start = if config.smtp_mode == \"off\" { start } else { secured(start) };\n\
    match (&config.smtp_user, &config.smtp_pass) { (Some(user), Some(pass)) => start.credentials(Credentials::new(user.clone(), pass.clone())).build(), _ => start.build() }\n";

#[test]
fn what_a_function_reads_that_makes_one_client_is_told_with_the_client() {
    let keys = ["address", "port", "smtp_mode", "smtp_user", "smtp_pass", "banner"];
    let made = format!("{SMTP}fn mailer(config: &Config) -> AsyncSmtpTransport<Tokio1Executor> {{ {MAILER} }}\n");
    let main = "fn main() { let config = Config::from_env(); println!(\"{}\", config.banner); let _mailer = mailer(&config); }\n";
    let found = items(&["lettre"], &format!("{made}{main}"));
    let all = ["address - SMTP_HOST", "port 587 SMTP_PORT", "smtp_mode - SMTP_MODE", "smtp_user - SMTP_USER", "smtp_pass - SMTP_PASS"];
    assert_eq!(told(&found, Kind::Pool, &keys), all);
    // How the server is reached, and as whom, is known of the server.
    assert_eq!(told(&found, Kind::ExternalStore, &keys), [all[0], all[1], all[3], all[4]]);
    // Where more is done than to make it, what is read may be about anything.
    let here = format!(
        "{SMTP}fn main() {{ let config = Config::from_env(); println!(\"{{}}\", config.banner); let _mailer = {{ {MAILER} }}; }}\n"
    );
    assert_eq!(told(&items(&["lettre"], &here), Kind::Pool, &keys), all[..2]);
}

#[test]
fn settings_called_like_that_of_an_address_are_told_with_it_where_requests_go_there() {
    let settings = "struct Config { relay_url: String, relay_key: String, banner: String }\nfn var(name: &str) -> String { std::env::var(name).unwrap() }\n\
        impl Config { fn from_env() -> Self { Self { relay_url: var(\"RELAY_URL\"), relay_key: var(\"RELAY_KEY\"), banner: var(\"BANNER\") } } }\n";
    let keys = ["base_url", "relay_key", "banner"];
    let send = "async fn send(config: &Config, client: &reqwest::Client) { let url = format!(\"{}/push\", config.relay_url);\n\
        client.post(url).bearer_auth(key(config)).header(\"x-from\", config.banner.clone()).send().await.unwrap(); }\n\
        fn key(config: &Config) -> String { config.relay_key.clone() }\n";
    let main = "#[tokio::main]\nasync fn main() { let config = Config::from_env(); send(&config, &reqwest::Client::new()).await; }\n";
    let found = items(&["reqwest", "tokio"], &format!("{settings}{send}{main}"));
    assert_eq!(told(&found, Kind::ExternalStore, &keys), ["base_url - RELAY_URL", "relay_key - RELAY_KEY"]);
    // Read by a function that sends nothing there.
    let apart = format!("{settings}{send}{main}")
        .replace("key(config)", "\"plain\"")
        .replace("fn main() { let", "fn main() { key(&Config::from_env()); let");
    assert_eq!(told(&items(&["reqwest", "tokio"], &apart), Kind::ExternalStore, &keys), ["base_url - RELAY_URL"]);
}

#[test]
fn a_method_of_a_trait_says_its_number_where_those_who_implement_it_agree_or_two_differ() {
    let of = |impls: &str| {
        let text = format!(
            "trait Forge {{ fn size(&self) -> usize; }}\nstruct A; struct B; struct C;\n{impls}\n\
             async fn sweep(forges: &[Box<dyn Forge>]) {{ let ids = vec![1, 2]; for forge in forges {{ for part in ids.chunks(forge.size()) {{ drop(part) }} }} }}\n\
             fn forges() -> Vec<Box<dyn Forge>> {{ vec![] }}\n\
             fn main() {{ tokio::spawn(async move {{ let forges: Vec<Box<dyn Forge>> = forges(); loop {{ tokio::time::sleep(std::time::Duration::from_secs(60)).await; sweep(&forges).await }} }}); }}\n"
        );
        told(&items(&["tokio"], &text), Kind::BackgroundTask, &["chunk_size"])
    };
    let size = |of: &str, number: &str| format!("impl Forge for {of} {{ fn size(&self) -> usize {{ {number} }} }}\n");
    assert_eq!(of(&format!("{}{}{}", size("A", "100"), size("B", "100"), size("C", "100"))), ["chunk_size 100"]);
    assert_eq!(of(&format!("{}{}", size("A", "100"), size("B", "50"))), ["chunk_size 100 or 50"]);
    // One for tests does not count; one that is not known says that nothing is, and so do three that differ.
    assert_eq!(of(&format!("{}{}#[cfg(test)]\n{}", size("A", "100"), size("B", "100"), size("C", "1"))), ["chunk_size 100"]);
    assert_eq!(of(&format!("{}{}", size("A", "100"), size("B", "std::env::args().count()"))), [""; 0]);
    assert_eq!(of(&format!("{}{}{}", size("A", "100"), size("B", "50"), size("C", "7"))), [""; 0]);
}

#[test]
fn a_suffix_of_a_number_is_read_by_the_trait_that_is_imported() {
    let limits = |import: &str| {
        let text = format!(
            "use rocket::data::Limits;\n{import}\n#[rocket::main]\nasync fn main() {{ let mut config = rocket::Config::figment().extract::<rocket::Config>().unwrap();\n\
             config.limits = Limits::new().limit(\"json\", 20.megabytes()).limit(\"file\", 2.gibibytes());\nlet _ = rocket::custom(config).launch().await; }}\n"
        );
        let found = items(&["rocket"], &text);
        let facts = found.iter().filter(|item| item.kind == Kind::StartupConfig).flat_map(|item| &item.facts);
        let of_limits = facts.filter(|fact| fact.key.starts_with("limit ") && fact.value.is_some());
        of_limits.map(|fact| format!("{} {}", fact.key, fact.value.as_ref().unwrap())).collect::<Vec<_>>()
    };
    assert_eq!(limits("use rocket::data::ToByteUnit;"), ["limit json 20 MB", "limit file 2 GiB"]);
    let own = "trait Sizes { fn megabytes(self) -> u64; fn gibibytes(self) -> u64; }\nimpl Sizes for u64 { fn megabytes(self) -> u64 { 1 } fn gibibytes(self) -> u64 { 2 } }";
    assert_eq!(limits(own), [""; 0]);
    let pause = |import: &str, wait: &str| {
        let text = format!("{import}\nfn main() {{ tokio::spawn(async {{ loop {{ tokio::time::sleep({wait}).await; }} }}); }}\n");
        told(&items(&["tokio", "time"], &text), Kind::BackgroundTask, &["period"])
    };
    assert_eq!(pause("use time::ext::NumericalStdDuration;", "5.std_minutes()"), ["period 5min"]);
    assert_eq!(pause("use time::ext::NumericalDuration;", "5.minutes().unsigned_abs()"), ["period - 5.minutes().unsigned_abs()"]);
    assert_eq!(pause("trait Ext { fn minutes(self) -> std::time::Duration; }", "5.minutes()"), ["period - 5.minutes()"]);
}

#[test]
fn one_of_three_numbers_is_told_as_such() {
    let port = |port: &str| {
        let text = format!(
            "{}fn mailer(config: &Config) -> AsyncSmtpTransport<Tokio1Executor> {{ {MAILER} }}\nfn main() {{ let _mailer = mailer(&Config::from_env()); }}\n",
            SMTP.replace("587", port)
        );
        told(&items(&["lettre"], &text), Kind::Pool, &["port"])
    };
    let by_mode = |last: &str| {
        format!("if var(\"SMTP_MODE\") == \"tls\" {{ 465 }} else if var(\"SMTP_MODE\") == \"start\" {{ 587 }} else {{ {last} }}")
    };
    assert_eq!(port(&by_mode("25")), ["port 465 or 587 or 25 SMTP_PORT"]);
    assert_eq!(port(&by_mode("other()")), ["port - SMTP_PORT"]);
}

fn writes(text: &str) -> Vec<String> {
    let of_writes = |item: &&Item| item.kind == Kind::FsWrite;
    let path = |item: &Item| {
        item.facts
            .iter()
            .find(|fact| fact.key == "path")
            .and_then(|fact| fact.value.clone())
            .map_or("-".to_owned(), |path| path.to_string())
    };
    items(&["rustwide"], text).iter().filter(of_writes).map(path).collect()
}

#[test]
fn a_library_works_in_the_folder_that_its_only_object_was_opened_on() {
    let open = |name: &str, path: &str| {
        format!(
            "fn {name}() -> rustwide::Workspace {{ let mut builder = rustwide::WorkspaceBuilder::new({path}.as_ref(), \"agent\"); if fast() {{ builder = builder.fast_init(true); }} builder.init().unwrap() }}\n"
        )
    };
    let work = "fn fast() -> bool { true }\nstruct Builder { workspace: rustwide::Workspace, toolchain: rustwide::Toolchain }\nimpl Builder { fn update(&self) { self.toolchain.install(&self.workspace).unwrap(); } }\n";
    let main =
        "fn main() { let builder = Builder { workspace: open(), toolchain: rustwide::Toolchain::dist(\"stable\") }; builder.update(); }\n";
    let one = format!("{work}{}{main}", open("open", "\"/opt/builds\""));
    let mut found = writes(&one);
    found.sort();
    assert_eq!(found, ["/opt/builds", "/opt/builds/rustup-home"]);
    // Two workspaces: nobody knows which one is meant.
    let two = format!(
        "{work}{}{}{}",
        open("open", "\"/opt/builds\""),
        open("second", "\"/srv/other\""),
        main.replace("builder.update()", "drop(second()); builder.update()")
    );
    assert!(!writes(&two).iter().any(|path| path.contains("rustup-home")));
}

#[test]
fn a_token_in_a_table_lasts_where_no_statement_ends_it() {
    let of = |statements: &str, sample: &str| {
        let text = format!(
            "use rand::{{Rng, distr::Alphanumeric}};\nfn generate_token() -> String {{ let mut rng = rand::rng(); std::iter::repeat_with(|| {sample}).map(char::from).take(25).collect() }}\n\
             async fn store(pool: &sqlx::PgPool, reset_token: &str) {{ sqlx::query(\"INSERT INTO reset_tokens (reset_token, owner) VALUES ($1, 1)\").bind(reset_token).execute(pool).await.unwrap(); }}\n\
             async fn ask(pool: &sqlx::PgPool) {{ {statements} drop(pool) }}\n\
             #[tokio::main]\nasync fn main() {{ let pool = sqlx::PgPool::connect_lazy(\"postgres://db/shop\").unwrap(); let reset_token = generate_token(); store(&pool, &reset_token).await; ask(&pool).await; }}\n"
        );
        told(&items(&["sqlx", "rand", "tokio"], &text), Kind::ClientHeld, &["length", "alphabet", "kept_in", "ends"])
    };
    let (length, alphabet, table) = ("length 25", "alphabet letters and digits", "kept_in table reset_tokens");
    let never = "ends by no statement of the code: none deletes rows of reset_tokens, none asks for their age";
    let asks = "sqlx::query(\"SELECT owner FROM reset_tokens WHERE reset_token = $1\").execute(pool).await.unwrap();";
    assert_eq!(of(asks, "rng.sample(Alphanumeric)"), [length, alphabet, table, never]);
    for ending in [
        "sqlx::query(\"DELETE FROM reset_tokens WHERE reset_token = $1\").execute(pool).await.unwrap();",
        "sqlx::query(\"SELECT owner FROM reset_tokens WHERE made_at > now() - interval '1 day'\").execute(pool).await.unwrap();",
        "sqlx::query(\"UPDATE reset_tokens SET used = true WHERE reset_token = $1\").execute(pool).await.unwrap();",
        "let table = std::env::var(\"T\").unwrap(); sqlx::query(&format!(\"DELETE FROM {table}\")).execute(pool).await.unwrap();",
    ] {
        assert_eq!(of(ending, "rng.sample(Alphanumeric)"), [length, alphabet, table], "{ending}");
    }
    // Of what else it is made is not known.
    assert_eq!(of(asks, "rng.random_range(b'a'..b'z')"), [length, table, never]);
}

#[test]
fn a_constructor_that_nothing_calls_says_nothing_of_a_path() {
    let of = |second: &str, main: &str| {
        let text = format!(
            "use std::path::Path;\nstruct Store;\nimpl Store {{ fn open(path: &Path, _fast: bool) -> Self {{ std::fs::create_dir_all(path).unwrap(); Store }}\n\
             fn from_env() -> Self {{ Self::open(Path::new(\"/srv/store\"), true) }}\n{second} }}\nfn main() {{ let _store = Store::from_env(); {main} }}\n"
        );
        writes(&text)
    };
    let new = "pub fn new(path: &Path) -> Self { Self::open(path, false) }";
    assert_eq!(of(new, ""), ["/srv/store"]);
    // One that is called, and a handler that something out of sight calls.
    assert_ne!(of(new, "let given = std::env::args().next().unwrap(); let _other = Store::new(Path::new(&given));"), ["/srv/store"]);
    assert_ne!(of("pub fn upload(path: &Path) -> u32 { Self::open(path, false); 1 }", "serve(Store::upload);"), ["/srv/store"]);
}

#[test]
fn the_entries_of_a_cache_go_by_what_all_callers_call_their_key() {
    let of = |second: &str| {
        let text = format!(
            "use std::sync::LazyLock;\nstatic PAGES: LazyLock<moka::sync::Cache<String, String>> = LazyLock::new(|| moka::sync::Cache::new(10));\n\
             fn page(refresh_token: &str) -> String {{ PAGES.get_with(refresh_token.to_owned(), || String::new()) }}\n\
             fn put(refresh_token: String, other: String) {{ {second} }}\nfn main() {{ page(\"a\"); put(String::new(), String::new()); }}\n"
        );
        told(&items(&["moka"], &text), Kind::Cache, &["key"])
    };
    assert_eq!(of("PAGES.insert(refresh_token.clone(), other);"), ["key refresh_token"]);
    assert_eq!(of("PAGES.insert(other, refresh_token);"), [""; 0]);
    assert_eq!(of("PAGES.invalidate(&other); drop(refresh_token);"), ["key refresh_token"]);
}

#[test]
fn what_makes_the_headers_that_a_method_sets_says_what_they_depend_on() {
    let of = |maker: &str| {
        let text = format!(
            "use http::{{HeaderMap, HeaderValue, header::CACHE_CONTROL}};\n{CACHED}struct Headers {{ cache_control: HeaderValue }}\n\
             impl Headers {{ fn set_on(self, headers: &mut HeaderMap) {{ headers.insert(CACHE_CONTROL, self.cache_control); }} }}\n{maker}\n\
             fn other() -> HeaderValue {{ HeaderValue::from_str(&std::env::args().next().unwrap()).unwrap() }}\n\
             fn main() {{ let config = Config::from_env(); println!(\"{{}}\", config.banner); let mut map = HeaderMap::new(); make(&config).set_on(&mut map); }}\n"
        );
        told(&items(&["http"], &text), Kind::ClientHeld, &["cache_pages", "banner"])
    };
    let body = "Headers { cache_control: if config.cache_pages { HeaderValue::from_static(\"max-age=60\") } else { other() } }";
    let policy = format!(
        "struct Policy;\nimpl Policy {{ fn render(&self, config: &Config) -> Headers {{ {body} }} }}\nfn make(config: &Config) -> Headers {{ Policy.render(config) }}"
    );
    assert_eq!(of(&policy), ["cache_pages - CACHE_PAGES"]);
    // A free function may be a handler, which reads much else.
    assert_eq!(of(&format!("fn make(config: &Config) -> Headers {{ println!(\"{{}}\", config.banner); {body} }}")), [""; 0]);
}

const CACHED: &str = "struct Config { cache_pages: bool, banner: String }\n\
    impl Config { fn from_env() -> Self { Self { cache_pages: std::env::var(\"CACHE_PAGES\").unwrap().parse().unwrap(), banner: std::env::var(\"BANNER\").unwrap() } } }\n";

#[test]
fn options_in_a_tuple_are_options_all_the_same() {
    let release = |options: &str| {
        let main =
            format!("fn main() {{ let _guard = sentry::init((\"https://key@example.com/1\", sentry::ClientOptions::new(){options})); }}\n");
        told(&items(&["sentry"], &main), Kind::Telemetry, &["release"])
    };
    assert_eq!(release(".release(\"shop@3\")"), ["release shop@3"]);
    assert_eq!(release(".attach_stacktrace(true)"), ["release env SENTRY_RELEASE"]);
}

#[test]
fn paths_that_closures_put_together_are_followed() {
    let of = |closure: &str| {
        let text = format!(
            "use std::path::PathBuf;\nstruct Config {{ root: Option<PathBuf> }}\nimpl Config {{ fn folder(&self, name: &str) -> Option<PathBuf> {{ self.root.as_ref().map({closure}) }} }}\n\
             fn main() {{ let config = Config {{ root: std::env::var(\"ROOT\").ok().map(PathBuf::from) }}; std::fs::create_dir_all(config.folder(\"tmp\").unwrap()).unwrap(); }}\n"
        );
        told(&items(&[], &text), Kind::FsWrite, &["path"])
    };
    assert_eq!(of("|base| base.join(name)"), ["path ${ROOT}/tmp ROOT"]);
    assert_eq!(of("|base| base.to_owned()"), ["path ${ROOT} ROOT"]);
    // What is joined to something else.
    assert_ne!(of("|base| other(base).join(name)"), ["path ${ROOT}/tmp ROOT"]);
}

#[test]
fn a_folder_comes_from_nothing_that_was_cut_off() {
    let of = |path: &str| {
        let text = format!(
            "fn main() {{ let id = std::env::var(\"ID\").unwrap(); let file = std::path::PathBuf::from(\"/srv/bundles\").join(id); std::fs::create_dir_all({path}).unwrap(); }}\n"
        );
        told(&items(&[], &text), Kind::FsWrite, &["path"])
    };
    assert_eq!(of("file.parent().unwrap()"), ["path /srv/bundles"]);
    assert_eq!(of("&file"), ["path /srv/bundles/${ID} ID"]);
}

#[test]
fn prefixes_of_variables_are_spelled_as_the_code_turns_them() {
    let of = |prefix: &str| {
        let text = format!(
            "#[derive(serde::Deserialize)]\nstruct Settings {{ port: u16 }}\nconst NAME: &str = \"shop\";\n\
             fn main() {{ let settings: Settings = config::Config::builder().add_source(config::Environment::with_prefix({prefix}).separator(\"__\")).build().unwrap().try_deserialize().unwrap(); println!(\"{{}}\", settings.port); }}\n"
        );
        told(&items(&["config", "serde"], &text), Kind::StartupConfig, &["prefix"])
    };
    assert_eq!(of("&NAME.to_uppercase()"), ["prefix SHOP"]);
    assert_eq!(of("NAME"), ["prefix shop"]);
}

#[test]
fn options_of_what_makes_a_connection_secret_are_its_own() {
    let of = |chain: &str| {
        let text = format!(
            "use tonic::transport::{{ClientTlsConfig, Endpoint}};\nfn main() {{ let channel = Endpoint::from_static(\"http://db:1\"){chain}.connect_lazy(); println!(\"{{channel:?}}\"); }}\n"
        );
        told(&items(&["tonic"], &text), Kind::SdkClient, &["timeout"])
    };
    let second = "std::time::Duration::from_secs(1)";
    assert_eq!(of(&format!(".timeout({second})")), ["timeout 1s"]);
    assert_ne!(of(&format!(".tls_config(ClientTlsConfig::new().timeout({second})).unwrap()")), ["timeout 1s"]);
}

#[test]
fn entries_that_a_rule_ends_do_expire() {
    let summary = |chain: &str| {
        let text = format!(
            "struct Rule;\nfn main() {{ let cache: moka::sync::Cache<u32, u32> = moka::sync::Cache::builder().max_capacity(9){chain}.build(); println!(\"{{cache:?}}\"); }}\n"
        );
        items(&["moka"], &text).into_iter().find(|item| item.kind == Kind::Cache).unwrap().summary
    };
    assert_eq!(summary(".expire_after(Rule)"), "moka cache, at most 9 entries, entries expire by a rule");
    assert_eq!(summary(""), "moka cache, at most 9 entries, nothing expires");
}

#[test]
fn a_default_is_that_of_the_version_which_the_manifest_asks_for() {
    let of = |version: &str| {
        let text = format!(
            "//- /Cargo.toml\n[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[dependencies]\nredis = {{ version = \"{version}\" }}\n\
             //- /src/main.rs\nasync fn open() {{ let kept = redis::aio::ConnectionManager::new(redis::Client::open(\"redis://cache\").unwrap()).await.unwrap(); drop(kept); }}\n\
             fn main() {{ let _ = open(); }}\n"
        );
        told(&crate::fixture::map(&text).items, Kind::SdkClient, &["response_timeout", "number_of_retries"])
    };
    let older = ["number_of_retries 6", "response_timeout none"];
    let current = ["number_of_retries 6", "response_timeout 500ms"];
    for version in ["0.27", "^0.32.7", "=0.25.4", ">=0.29, <0.33", "0"] {
        assert_eq!(of(version), older, "{version}");
    }
    for version in ["1", "1.0.0-rc.1", "~1.2", "2", "*"] {
        assert_eq!(of(version), current, "{version}");
    }
}
