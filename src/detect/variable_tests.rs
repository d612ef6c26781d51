//! Variables: in which unit they are counted, what they decide, whether the service starts without them.

use super::surroundings_tests::items;
use crate::model::{Item, Kind};

/// The facts of all variables under some keys, each item's after its name: `key value`.
fn told(items: &[Item], kind: Kind, keys: &[&str]) -> Vec<String> {
    let facts = items.iter().filter(|item| item.kind == kind).flat_map(|item| &item.facts);
    let facts = facts.filter(|fact| keys.contains(&fact.key.as_str()));
    facts.map(|fact| format!("{} {}", fact.key, fact.value.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string))).collect()
}

const WRAPPER: &str = "fn env<T: std::str::FromStr>(name: &str, default: T) -> T { std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default) }\n";

#[test]
fn a_variable_of_which_a_length_of_time_is_made_tells_its_unit() {
    let of = |field: &str, used: &str| {
        let text = format!(
            "{WRAPPER}struct Config {{ ttl: std::time::Duration, other: u64, age: Option<u64> }}\n\
             impl Config {{ fn from_env() -> Self {{ Self {{ ttl: {field}, other: env(\"OTHER\", 5u64), age: std::env::var(\"MAX_AGE\").ok().and_then(|age| age.parse().ok()) }} }} }}\n\
             fn main() {{ let config = Config::from_env(); {used} println!(\"{{:?}} {{}}\", config.ttl, config.other); }}\n"
        );
        told(&items(&[], &text), Kind::StartupConfig, &["env", "counted_in"])
    };
    let seconds = of("std::time::Duration::from_secs(env(\"TTL\", 90u64))", "");
    assert_eq!(seconds, ["env MAX_AGE", "env OTHER", "env TTL", "counted_in seconds"]);
    // What is multiplied first is no number of seconds.
    let multiplied = of("std::time::Duration::from_secs(60 * env(\"TTL\", 90u64))", "");
    assert_eq!(multiplied, ["env MAX_AGE", "env OTHER", "env TTL"]);
    // The name under which a closure takes it.
    let named = of("std::time::Duration::from_secs(1)", "config.age.map(|seconds| println!(\"max-age={seconds}\"));");
    assert_eq!(named, ["env MAX_AGE", "counted_in seconds", "env OTHER"]);
    let nameless = of("std::time::Duration::from_secs(1)", "config.age.map(|age| println!(\"{age}\"));");
    assert_eq!(nameless, ["env MAX_AGE", "env OTHER"]);
}

#[test]
fn what_two_places_count_differently_has_no_unit() {
    let text = format!(
        "{WRAPPER}struct Config {{ a: std::time::Duration, b: std::time::Duration }}\n\
         fn main() {{ let config = Config {{ a: std::time::Duration::from_secs(env(\"TTL\", 90u64)), b: std::time::Duration::from_millis(env(\"TTL\", 90u64)) }};\n\
         println!(\"{{:?}} {{:?}}\", config.a, config.b); }}\n"
    );
    assert_eq!(told(&items(&[], &text), Kind::StartupConfig, &["env", "counted_in"]), ["env TTL"]);
}

#[test]
fn a_variable_says_what_it_decides() {
    let text = format!(
        "{WRAPPER}fn main() {{ let pool = std::env::var(\"DATABASE_URL\").unwrap(); let folder = std::env::var(\"SPOOL\").unwrap();\n\
         std::fs::write(format!(\"{{folder}}/orders.csv\"), \"\").unwrap(); let size = env(\"QUEUE\", 16usize);\n\
         let (tx, rx) = std::sync::mpsc::sync_channel::<u8>(size); println!(\"{{}} {{}}\", pool, env(\"GREETING\", 1u8)); drop((tx, rx)); }}\n"
    );
    let found = told(&items(&[], &text), Kind::StartupConfig, &["env", "decides"]);
    assert!(found.contains(&"decides capacity of queue `main`".to_owned()), "{found:?}");
    assert!(found.contains(&"decides path `${SPOOL}/orders.csv`".to_owned()), "{found:?}");
    // What ends in no item decides nothing that is told.
    let greeting = found.iter().position(|fact| fact == "env GREETING").unwrap();
    assert!(found.get(greeting + 1).is_none_or(|next| next.starts_with("env")), "{found:?}");
}

#[test]
fn an_error_that_is_reported_before_the_process_ends_is_not_caught() {
    let of = |main: &str| {
        let text = format!(
            "fn need(name: &str) -> anyhow::Result<String> {{ std::env::var(name).map_err(anyhow::Error::from) }}\n\
             fn run() -> anyhow::Result<()> {{ let folder = need(\"PREFIX\")?; println!(\"{{folder}}\"); Ok(()) }}\nfn main() {{ {main} }}\n"
        );
        told(&items(&["anyhow"], &text), Kind::StartupConfig, &["presence"])
    };
    assert_eq!(of("if let Err(error) = run() { eprintln!(\"{error}\"); std::process::exit(1); }"), ["presence required"]);
    // The service goes on without it.
    assert_eq!(of("if let Err(error) = run() { eprintln!(\"{error}\"); }"), Vec::<String>::new());
    assert_eq!(of("loop { if let Err(error) = run() { eprintln!(\"{error}\"); } }"), Vec::<String>::new());
}

#[test]
fn a_wrapper_that_falls_back_in_a_match_has_its_callers_default() {
    let of = |wrapper: &str, main: &str| {
        told(&items(&[], &format!("{wrapper}fn main() {{ {main} }}\n")), Kind::StartupConfig, &["env", "default", "presence"])
    };
    let matched = "fn env<T: std::str::FromStr>(name: &str, default: T) -> T { match std::env::var(name) { Ok(text) => text.parse().ok().unwrap(), Err(error) => { println!(\"{name}: {error}\"); default } } }\n";
    let main = "let size = env(\"SIZE\", 10u32); let ttl = env(\"TTL\", HOUR); println!(\"{size} {ttl}\");";
    let constant = format!("const HOUR: u64 = 3600;\n{matched}");
    assert_eq!(of(&constant, main), ["env SIZE", "default 10", "env TTL", "default 3600"]);
    let asked = matched.replace(
        "match std::env::var(name) { Ok(text) => text.parse().ok().unwrap(), Err(error) => { println!(\"{name}: {error}\"); default } }",
        "if let Ok(text) = std::env::var(name) { text.parse().ok().unwrap() } else { default }",
    );
    assert_eq!(of(&format!("const HOUR: u64 = 3600;\n{asked}"), main), ["env SIZE", "default 10", "env TTL", "default 3600"]);
    // A parameter that is used where the variable is set is none.
    let other = "fn env(name: &str, unit: u64) -> u64 { match std::env::var(name) { Ok(text) => unit, Err(_) => panic!() } }\n";
    assert_eq!(of(other, "println!(\"{}\", env(\"SIZE\", 10));"), ["env SIZE", "presence required"]);
}

#[test]
fn what_panics_or_ends_the_process_stands_in_for_nothing() {
    let of = |read: &str| {
        told(
            &items(&[], &format!("fn main() {{ let key = {read}; println!(\"{{key}}\"); }}\n")),
            Kind::StartupConfig,
            &["default", "presence"],
        )
    };
    let read = "std::env::var(\"KEY\")";
    assert_eq!(of(&format!("{read}.unwrap_or_else(|_| panic!(\"no KEY\"))")), ["presence required"]);
    assert_eq!(of(&format!("{read}.unwrap_or_else(|_| {{ eprintln!(\"no KEY\"); std::process::exit(1) }})")), ["presence required"]);
    assert_eq!(of(&format!("match {read} {{ Ok(key) => key, Err(_) => unreachable!() }}")), ["presence required"]);
    assert_eq!(of(&format!("{read}.unwrap_or_else(|_| \"none\".to_owned())")), ["default none"]);
    assert_eq!(of(&format!("{read}.unwrap_or_else(|_| {{ exit_code(); \"none\".to_owned() }})")), ["default none"]);
}

#[test]
fn a_wrapper_that_panics_makes_its_callers_need_the_variable() {
    let text = "fn read(name: &str) -> Result<String, std::env::VarError> { std::env::var(name).map_err(|error| { println!(\"{error}\"); error }) }\n\
        fn secret(name: &str) -> String { read(name).unwrap_or_else(|_| panic!(\"{name} is not set\")) }\n\
        fn main() { println!(\"{}\", secret(\"PASSWORD\")); }\n";
    assert_eq!(told(&items(&[], text), Kind::StartupConfig, &["env", "default", "presence"]), ["env PASSWORD", "presence required"]);
}

#[test]
fn what_only_some_settings_ask_for_is_not_needed_to_start() {
    let of = |main: &str| {
        let text = format!("fn secret() -> String {{ std::env::var(\"SECRET\").unwrap() }}\nfn main() {{ {main} }}\n");
        told(&items(&["axum"], &text), Kind::StartupConfig, &["env", "needed"])
    };
    assert_eq!(of("println!(\"{}\", secret());"), ["env SECRET", "needed true"]);
    let by_mode = "match std::env::args().nth(1).as_deref() { Some(\"sso\") => println!(\"{}\", secret()), _ => println!(\"off\") }";
    assert_eq!(of(by_mode), ["env SECRET"]);
    assert_eq!(of("if std::env::args().count() > 1 { println!(\"{}\", secret()); }"), ["env SECRET"]);
    // The other branch leaves: whoever goes on comes by it.
    assert_eq!(of("if std::env::args().count() > 1 { println!(\"{}\", secret()); } else { return; }"), ["env SECRET", "needed true"]);
    // What chooses the server chooses what the program is to be.
    let text = "async fn serve() { let secret = std::env::var(\"SECRET\").unwrap(); println!(\"{secret}\"); axum::serve(listener(), axum::Router::new()).await.unwrap(); }\n\
         fn listener() -> tokio::net::TcpListener { bound() }\n\
         async fn main() { match std::env::args().nth(1).as_deref() { Some(\"serve\") => serve().await, _ => println!(\"help\") } }\n";
    assert_eq!(told(&items(&["axum", "tokio"], text), Kind::StartupConfig, &["env", "needed"]), ["env SECRET", "needed true"]);
}

#[test]
fn variables_are_asked_for_through_a_function_that_is_handed_in() {
    let of = |given: &str| {
        let text = format!(
            "struct Config {{ port: u16, ttl: std::time::Duration, host: Option<String> }}\nimpl Config {{\n    \
             fn from_env() -> Self {{ Self::from_source({given}) }}\n    \
             fn from_source<F: Fn(&str) -> Option<String>>(get: F) -> Self {{\n        \
             fn parse<T: std::str::FromStr>(get: &impl Fn(&str) -> Option<String>, key: &'static str, default: &str) -> T {{ let raw = get(key).unwrap_or_else(|| default.to_owned()); T::from_str(&raw).ok().unwrap() }}\n        \
             let ttl: u64 = parse(&get, \"TTL\", \"60\");\n        \
             Self {{ port: parse(&get, \"PORT\", \"9091\"), ttl: std::time::Duration::from_secs(ttl), host: get(\"HOST\").filter(|host| !host.is_empty()) }}\n    }}\n}}\n\
             fn main() {{ let config = Config::from_env(); println!(\"{{}}{{:?}}{{:?}}\", config.port, config.ttl, config.host); }}\n"
        );
        told(&items(&[], &text), Kind::StartupConfig, &["env", "default"])
    };
    let all = ["env HOST", "env PORT", "default 9091", "env TTL", "default 60"];
    assert_eq!(of("|key| std::env::var(key).ok()"), all);
    assert_eq!(of("|key| match std::env::var(key) { Ok(value) => Some(value), Err(_) => None }"), all);
    // What is asked may be anything.
    assert_eq!(of("|key| headers().get(key).cloned()"), Vec::<String>::new());
}

#[test]
fn the_default_of_a_variable_in_a_static_is_that_of_its_use() {
    let of = |uses: &str| {
        let text = format!(
            "use std::sync::LazyLock;\nstatic HOST: LazyLock<Option<&'static str>> = LazyLock::new(|| read(\"HOST\"));\n\
             fn read(name: &'static str) -> Option<&'static str> {{ match std::env::var(name) {{ Ok(text) => Some(Box::leak(text.into_boxed_str())), Err(_) => None }} }}\n\
             fn main() {{ {uses} }}\n"
        );
        told(&items(&[], &text), Kind::StartupConfig, &["env", "default"])
    };
    assert_eq!(of("println!(\"{}\", HOST.unwrap_or(\"0.0.0.0\"));"), ["env HOST", "default 0.0.0.0"]);
    // Two uses that disagree, and one that has none.
    assert_eq!(of("println!(\"{}{}\", HOST.unwrap_or(\"0.0.0.0\"), HOST.unwrap_or(\"::1\"));"), ["env HOST"]);
    assert_eq!(of("println!(\"{}\", HOST.unwrap_or(\"\"));"), ["env HOST"]);
}

#[test]
fn callers_that_agree_on_a_variable_say_where_a_value_comes_from() {
    let of = |second: &str| {
        let text = format!(
            "fn open(url: String) {{ let kept = redis::Client::open(url).unwrap(); drop(kept); }}\n\
             fn main() {{ if std::env::args().count() > 1 {{ open(std::env::var(\"REDIS\").unwrap()); }} else {{ open({second}); }} }}\n"
        );
        let found = items(&["redis"], &text);
        found.iter().flat_map(|item| &item.facts).find(|fact| fact.key == "address").and_then(|fact| fact.from.clone())
    };
    assert_eq!(of("std::env::var(\"REDIS\").unwrap()").as_deref(), Some("REDIS"));
    assert_ne!(of("std::env::var(\"OTHER\").unwrap()").as_deref(), Some("REDIS"));
}

#[test]
fn what_only_tests_and_debug_builds_read_lends_no_default() {
    let of = |other: &str, main: &str| {
        let text = format!(
            "//- /src/main.rs\nfn main() {{ println!(\"{{}}\", shop::emulated()); {main} }}\n//- /src/lib.rs\n\
             pub fn emulated() -> bool {{ std::env::var(\"EMULATOR\").is_ok() }}\n\
             pub struct Settings {{ pub host: String }}\n\
             impl Settings {{ pub fn local() -> Self {{ Self {{ host: std::env::var(\"EMULATOR\").unwrap_or(\"localhost\".to_owned()) }} }} }}\n{other}\n"
        );
        told(&items(&[], &text), Kind::StartupConfig, &["env", "default"])
    };
    let debug = "#[cfg(debug_assertions)]\nimpl Default for Settings { fn default() -> Self { Self::local() } }";
    let tests = "#[cfg(test)]\nmod tests { fn starts() { super::Settings::local(); } }";
    assert_eq!(of(&format!("{debug}\n{tests}"), ""), ["env EMULATOR"]);
    // A release asks for it, too.
    assert_eq!(of(debug, "println!(\"{}\", shop::Settings::local().host);"), ["env EMULATOR", "default localhost"]);
}
