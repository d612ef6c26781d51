//! What the code around an item says of it, with what it does not say.

use crate::fixture::map;
use crate::model::{Item, Kind};

/// The items of a program with these dependencies.
pub(super) fn items(dependencies: &[&str], text: &str) -> Vec<Item> {
    let dependencies: String = dependencies.iter().map(|name| format!("{name} = \"*\"\n")).collect();
    let manifest =
        format!("//- /Cargo.toml\n[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[dependencies]\n{dependencies}");
    map(&format!("{manifest}//- /src/main.rs\n{text}")).items
}

/// The facts of the only item of a kind under some keys: `key value from`.
pub(super) fn told(items: &[Item], kind: Kind, keys: &[&str]) -> Vec<String> {
    let of_kind: Vec<&Item> = items.iter().filter(|item| item.kind == kind).collect();
    let [item] = of_kind.as_slice() else { panic!("{:?}", of_kind.iter().map(|item| item.id.as_str()).collect::<Vec<_>>()) };
    let facts = item.facts.iter().filter(|fact| keys.contains(&fact.key.as_str()));
    let shown = facts.map(|fact| {
        let value = fact.value.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
        format!("{} {value} {}", fact.key, fact.from.as_deref().unwrap_or("")).trim_end().to_owned()
    });
    shown.collect()
}

const CONFIG: &str = "struct Config { url: Option<String>, enabled: bool, days: u64 }\n\
    impl Config { fn from_env() -> Self { Self { url: std::env::var(\"QUEUE_URL\").ok(),\n\
        enabled: std::env::var(\"SWEEP\").map(|text| text.parse().unwrap()).unwrap_or(true),\n\
        days: std::env::var(\"KEEP_DAYS\").map(|text| text.parse().unwrap()).unwrap_or(30) } } }\n\
    async fn tick() { tokio::time::sleep(std::time::Duration::from_secs(60)).await }\n";

fn of_task(main: &str) -> Vec<String> {
    let text = format!("{CONFIG}{main}");
    told(&items(&["tokio", "chrono"], &text), Kind::BackgroundTask, &["only_when", "older_than", "days", "chunk_size", "limit"])
}

#[test]
fn a_task_that_a_setting_turns_on_says_so() {
    let spawn = "tokio::spawn(async { loop { tick().await } });";
    let main = |body: &str| of_task(&format!("fn main() {{ let config = Config::from_env(); {body} }}"));
    assert_eq!(main(&format!("if let Some(_url) = &config.url {{ {spawn} }}")), ["only_when QUEUE_URL is set"]);
    assert_eq!(main(&format!("if config.url.is_none() {{ return; }} {spawn}")), ["only_when QUEUE_URL is set"]);
    assert_eq!(main(&format!("let Some(_url) = &config.url else {{ return }}; {spawn}")), ["only_when QUEUE_URL is set"]);
    assert_eq!(
        main(&format!("if config.enabled && config.days != 0 {{ {spawn} }}")),
        ["only_when SWEEP is on", "only_when KEEP_DAYS is not 0"]
    );
    assert_eq!(main(&format!("if !config.enabled {{ println!() }} else {{ {spawn} }}")), ["only_when SWEEP is on"]);
    // A return behind it, another branch, something that no setting says, either of two.
    assert_eq!(main(&format!("{spawn} if config.url.is_none() {{ return; }}")), [""; 0]);
    assert_eq!(main(&format!("if config.enabled {{ println!() }} {spawn}")), [""; 0]);
    assert_eq!(main(&format!("if std::env::args().count() > 1 {{ {spawn} }}")), [""; 0]);
    assert_eq!(main(&format!("if config.enabled || config.days > 1 {{ {spawn} }}")), [""; 0]);
    assert_eq!(main(&format!("if !(config.enabled && config.url.is_some()) {{ {spawn} }}")), [""; 0]);
}

#[test]
fn a_chain_over_several_lines_is_one_thing_with_one_condition() {
    let text = format!(
        "{CONFIG}fn main() {{ let config = Config::from_env(); if let Some(url) = &config.url {{\n\
         let _client = reqwest::Client::builder()\n.timeout(std::time::Duration::from_secs(3))\n.build().unwrap().get(url); }} }}"
    );
    assert_eq!(told(&items(&["reqwest", "tokio"], &text), Kind::SdkClient, &["only_when"]), ["only_when QUEUE_URL is set"]);
}

#[test]
fn a_caller_that_asks_asks_for_what_it_calls() {
    let start = "fn start() { tokio::spawn(async { loop { tick().await } }); }\n";
    let one = "fn main() { let config = Config::from_env(); if config.enabled { start() } }";
    assert_eq!(of_task(&format!("{start}{one}")), ["only_when SWEEP is on"]);
    // Another caller does not ask.
    let two = "fn main() { let config = Config::from_env(); if config.enabled { start() } start() }";
    assert_eq!(of_task(&format!("{start}{two}")), [""; 0]);
}

#[test]
fn the_work_of_a_task_says_how_much_it_takes_and_how_old_that_is() {
    let run = |work: &str| {
        of_task(&format!(
            "{work}\nfn main() {{ let config = Config::from_env(); tokio::spawn(async move {{ loop {{ tick().await; sweep(&config).await }} }}); }}"
        ))
    };
    let rows = "async fn sweep(config: &Config) { let ids = vec![1, 2]; for part in ids.chunks(100) { drop(part) } gone(config.days).await }\n\
        async fn gone(_days: u64) { let text = \"DELETE FROM rows WHERE made < now() - interval '2 days' AND id IN (SELECT id FROM rows LIMIT 500)\"; drop(text) }";
    assert_eq!(run(rows), ["days 30 KEEP_DAYS", "chunk_size 100", "limit 500", "older_than 2d"]);
    let cutoff =
        "async fn sweep(_config: &Config) { let oldest = chrono::Utc::now().naive_utc() - chrono::TimeDelta::minutes(15); drop(oldest) }";
    assert_eq!(run(cutoff), ["older_than 15min"]);
    // What others call as well is not the task's own.
    let shared = "async fn sweep(_config: &Config) { list().await; tick().await }\n\
        async fn list() { let text = \"SELECT id FROM rows LIMIT 20\"; drop(text) }\nasync fn page() { list().await }";
    assert_eq!(run(shared), [""; 0]);
    let ahead = "async fn sweep(_config: &Config) { let end = chrono::Utc::now() + chrono::TimeDelta::minutes(15); drop(end) }";
    assert_eq!(run(ahead), [""; 0]);
}

/// What is told of the only variable.
fn of_variable(main: &str) -> Vec<String> {
    let text = format!("use anyhow::Context;\n{main}");
    told(&items(&["anyhow"], &text), Kind::StartupConfig, &["presence", "default"])
}

#[test]
fn variables_are_required_or_optional_as_the_code_takes_them() {
    let wrap = "fn maybe(name: &str) -> anyhow::Result<Option<String>> { match std::env::var(name) { Ok(text) => Ok(Some(text)), \
        Err(std::env::VarError::NotPresent) => Ok(None), Err(error) => Err(error.into()) } }\n\
        fn must(name: &str) -> anyhow::Result<String> { maybe(name)?.with_context(|| format!(\"{name} is missing\")) }\n\
        struct Config { token: Option<String> }\n";
    let main = |body: &str| of_variable(&format!("{wrap}fn main() -> anyhow::Result<()> {{ {body} Ok(()) }}"));
    assert_eq!(main("let _config = Config { token: maybe(\"COLOUR\")? };"), ["presence optional"]);
    assert_eq!(main("let _config = Config { token: std::env::var(\"COLOUR\").ok() };"), ["presence optional"]);
    assert_eq!(main("if let Some(token) = maybe(\"COLOUR\")? { println!(\"{token}\") }"), ["presence optional"]);
    assert_eq!(main("let token = must(\"COLOUR\")?; println!(\"{token}\");"), ["presence required"]);
    assert_eq!(main("let token = maybe(\"COLOUR\")?.context(\"no token\")?; println!(\"{token}\");"), ["presence required"]);
    // A default says all; an option that is taken by force later is none; who knows what another function makes of it.
    assert_eq!(main("let token = maybe(\"COLOUR\")?.unwrap_or(\"a\".to_owned()); println!(\"{token}\");"), ["default a"]);
    assert_eq!(main("let token = maybe(\"COLOUR\")?; println!(\"{}\", token.unwrap());"), [""; 0]);
    let forced = format!("{wrap}fn forced(token: Option<String>) -> String {{ token.unwrap() }}\n");
    assert_eq!(of_variable(&format!("{forced}fn main() {{ forced(maybe(\"COLOUR\").unwrap()); }}")), [""; 0]);
    // The error ends with a caller that goes on without.
    let caught = format!("{wrap}fn log_in() -> anyhow::Result<()> {{ must(\"COLOUR\")?; Ok(()) }}\n");
    assert_eq!(of_variable(&format!("{caught}fn main() {{ let _ = log_in(); }}")), [""; 0]);
    assert_eq!(of_variable(&format!("{caught}fn main() {{ log_in().unwrap(); }}")), ["presence required"]);
}

fn of_client(text: &str) -> Vec<String> {
    told(&items(&["reqwest", "url"], text), Kind::SdkClient, &["default_headers", "base_url", "timeout"])
}

#[test]
fn a_client_tells_the_names_of_its_headers_and_the_address_beside_it() {
    let made = |headers: &str| {
        format!(
            "use reqwest::header::{{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue}};\n\
             struct Api {{ client: reqwest::Client, base_url: String }}\n\
             fn api(base_url: String) -> Api {{ {headers} let client = reqwest::Client::builder().default_headers(headers).build().unwrap(); Api {{ client, base_url }} }}\n\
             fn main() {{ let _api = api(std::env::var(\"API_URL\").unwrap_or(\"https://example.com\".to_owned())); }}"
        )
    };
    let map = "let mut headers = HeaderMap::new(); headers.insert(ACCEPT, HeaderValue::from_static(\"a/b\")); headers.insert(\"X-Key\", HeaderValue::from_static(\"hunter2\"));";
    assert_eq!(of_client(&made(map)), ["timeout none", "default_headers accept, x-key", "base_url https://example.com API_URL"]);
    let list = "let headers: HeaderMap = [(AUTHORIZATION, HeaderValue::from_static(\"hunter2\"))].into_iter().collect();";
    assert_eq!(of_client(&made(list))[1], "default_headers authorization");
    let other = "let headers = from_elsewhere();";
    assert_eq!(of_client(&made(other)), ["timeout none", "base_url https://example.com API_URL"]);
}

#[test]
fn one_of_two_words_is_told_with_the_setting_that_chooses() {
    let store = |condition: &str| {
        let text = format!(
            "use sqlx::postgres::{{PgConnectOptions, PgPoolOptions, PgSslMode}};\n\
             struct Config {{ tls: bool }}\n\
             fn options(config: &Config) -> PgConnectOptions {{ let mode = if {condition} {{ PgSslMode::Require }} else {{ PgSslMode::Prefer }};\n\
                 PgConnectOptions::new().host(\"db\").ssl_mode(mode) }}\n\
             fn pool(config: &Config) -> sqlx::PgPool {{ PgPoolOptions::new().connect_lazy_with(options(config)) }}\n\
             fn main() {{ let _pool = pool(&Config {{ tls: std::env::var(\"DB_TLS\").map(|text| text.parse().unwrap()).unwrap_or(true) }}); }}"
        );
        told(&items(&["sqlx"], &text), Kind::ExternalStore, &["ssl_mode"])
    };
    assert_eq!(store("config.tls"), ["ssl_mode Require DB_TLS"]);
    assert_eq!(store("!config.tls"), ["ssl_mode Prefer DB_TLS"]);
    assert!(!store("std::env::args().count() > 1").iter().any(|told| told.contains("Require")));
}

#[test]
fn a_field_that_two_variables_may_give_names_both() {
    let text = "struct Db { url: String, size: u32 }\n\
        fn size(name: &str) -> u32 { std::env::var(name).map(|text| text.parse().unwrap()).unwrap_or(5) }\n\
        fn primary() -> Db { Db { url: std::env::var(\"PRIMARY_URL\").unwrap(), size: size(\"PRIMARY_SIZE\") } }\n\
        fn replica() -> Db { Db { url: std::env::var(\"REPLICA_URL\").unwrap(), size: size(\"REPLICA_SIZE\") } }\n\
        fn pool(db: &Db) -> sqlx::PgPool { sqlx::postgres::PgPoolOptions::new().max_connections(db.size).connect_lazy(&db.url).unwrap() }\n\
        fn main() { let _pools = (pool(&primary()), pool(&replica())); }";
    let items = items(&["sqlx"], text);
    let pool = items.iter().find(|item| item.kind == Kind::Pool).unwrap();
    let from = |key: &str| pool.facts.iter().find(|fact| fact.key == key).and_then(|fact| fact.from.clone()).unwrap_or_default();
    assert_eq!(from("address"), "PRIMARY_URL or REPLICA_URL");
    assert_eq!(from("max_connections"), "PRIMARY_SIZE or REPLICA_SIZE");
}

#[test]
fn a_remembering_function_names_its_arguments_as_the_key() {
    let key = |attribute: &str, params: &str| {
        let text = format!("use cached::proc_macro::cached;\n#[{attribute}]\nfn price({params}) -> u32 {{ 1 }}\nfn main() {{}}");
        told(&items(&["cached"], &text), Kind::Cache, &["key"])
    };
    assert_eq!(key("cached(size = 5)", "id: u64, large: bool"), ["key id: u64, large: bool"]);
    assert_eq!(key("cached(key = \"u64\", convert = \"{ id }\")", "id: u64"), [""; 0]);
    assert_eq!(key("cached", ""), [""; 0]);
}

#[test]
fn a_limit_of_attempts_is_there_where_the_function_is_called_that_asks() {
    let limit = "struct Limits { build_attempts: u32 }\n\
        fn again(limits: &Limits, attempts: u32) -> bool { if attempts >= limits.build_attempts { return false; } true }\n";
    let main = |body: &str| {
        let text =
            format!("{CONFIG}{limit}fn main() {{ let config = Config::from_env(); let limits = Limits {{ build_attempts: 5 }}; {body} }}");
        told(&items(&[], &text), Kind::Limiter, &["only_when"])
    };
    assert_eq!(main("if config.enabled { again(&limits, 3); }"), ["only_when SWEEP is on"]);
    assert_eq!(main("again(&limits, 3);"), Vec::<String>::new());
}
