//! What libraries do by themselves, what they take from each other, and options that are given as rules.

use super::surroundings_tests::items;
use crate::model::{Item, Kind};

/// Facts of the only item of a kind whose summary begins so: `key value from`.
pub(super) fn told(items: &[Item], kind: Kind, summary: &str, keys: &[&str]) -> Vec<String> {
    let found: Vec<&Item> = items.iter().filter(|item| item.kind == kind && item.summary.starts_with(summary)).collect();
    let [item] = found.as_slice() else { panic!("{:?}", items.iter().map(|item| (&item.id, &item.summary)).collect::<Vec<_>>()) };
    let facts = item.facts.iter().filter(|fact| keys.contains(&fact.key.as_str()));
    let shown = facts.map(|fact| {
        let value = fact.value.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
        format!("{} {value} {}", fact.key, fact.from.as_deref().unwrap_or("")).trim_end().to_owned()
    });
    shown.collect()
}

fn client(chain: &str) -> Vec<String> {
    let text = format!(
        "fn main() {{ let client = reqwest::Client::builder(){chain}.build().unwrap(); println!(\"{{client:?}}\"); }}\n\
         fn other() -> reqwest::redirect::Policy {{ reqwest::redirect::Policy::none() }}\n"
    );
    told(&items(&["reqwest"], &text), Kind::SdkClient, "reqwest", &["redirect", "proxy", "reads"])
}

#[test]
fn a_client_reads_the_variables_of_proxies_unless_it_is_told_of_none() {
    let proxies = "reads HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY";
    assert_eq!(client(""), ["redirect 10", "proxy from the environment", proxies]);
    assert_eq!(client(".no_proxy()"), ["redirect 10", "proxy no_proxy"]);
}

#[test]
fn a_rule_for_redirects_tells_its_number() {
    let of = |policy: &str| client(&format!(".no_proxy().redirect({policy})"))[0].clone();
    assert_eq!(of("reqwest::redirect::Policy::limited(3)"), "redirect 3");
    let custom = |body: &str| of(&format!("reqwest::redirect::Policy::custom(|attempt| {{ {body} attempt.follow() }})"));
    assert_eq!(custom("if attempt.previous().len() >= 5 { return attempt.stop(); }"), "redirect stopped at 5");
    assert_eq!(custom("if attempt.previous().len() > 5 { return attempt.stop(); }"), "redirect stopped at 6");
    // Which of two numbers bounds it is not known; one that bounds nothing is none.
    assert!(
        custom("if attempt.previous().len() > 5 || attempt.url().path().len() > 90 { return attempt.stop(); }").starts_with("redirect - ")
    );
    assert!(custom("if attempt.url().port() == Some(5) { return attempt.stop(); }").starts_with("redirect - "));
}

const UPLOADS: &str = "use rocket::{fs::TempFile, form::FromForm, data::{Limits, ToByteUnit}};\n#[derive(FromForm)]\nstruct Upload<'f> { file: TempFile<'f> }\n\
    fn save(upload: Upload<'_>) { println!(\"{:?}\", upload.file.len()) }\n";

#[test]
fn uploads_have_the_folder_and_the_limits_of_the_server() {
    let keys = ["path", "max_size", "max_form_size"];
    let server = "#[rocket::launch]\nfn rocket() -> _ { let mut config = rocket::Config::from(rocket::Config::figment());\n\
        config.temp_dir = std::env::var(\"SPOOL\").unwrap_or(\"/var/spool\".to_owned()).into(); config.shutdown.ctrlc = false; config.shutdown.signals.clear();\n\
        config.limits = Limits::new().limit(\"file\", 25.megabytes()); rocket::custom(config).mount(\"/\", rocket::routes![save]) }\n";
    let found = items(&["rocket"], &format!("{UPLOADS}{server}"));
    assert_eq!(told(&found, Kind::FsWrite, "uploaded", &keys), ["path /var/spool SPOOL", "max_size 25 MB", "max_form_size 2 MiB"]);
    // One configuration, however many calls it goes through; a field of a field is an option, too.
    let options = ["shutdown.ctrlc false", "shutdown.signals none"];
    assert_eq!(told(&found, Kind::StartupConfig, "Rocket", &["shutdown.ctrlc", "shutdown.signals"]), options);
    // Without a word of it, the library's own.
    let plain = items(
        &["rocket"],
        &format!("{UPLOADS}#[rocket::launch]\nfn rocket() -> _ {{ rocket::build().mount(\"/\", rocket::routes![save]) }}\n"),
    );
    assert_eq!(told(&plain, Kind::FsWrite, "uploaded", &keys), ["path system temp directory", "max_size 1 MiB", "max_form_size 2 MiB"]);
}

#[test]
fn two_configurations_of_one_function_stay_two() {
    let text = "#[derive(serde::Deserialize)]\nstruct A { a: u8 }\n#[derive(serde::Deserialize)]\nstruct B { b: u8 }\n\
        fn main() { let a: A = envy::from_env().unwrap(); let b: B = envy::prefixed(\"B_\").from_env().unwrap(); println!(\"{} {}\", a.a, b.b); }\n";
    let found = items(&["envy", "serde"], text);
    assert_eq!(found.iter().filter(|item| item.summary.starts_with("settings from")).count(), 2);
}

#[test]
fn a_setting_is_told_with_the_telemetry_that_is_made_after_it_is_read() {
    let text = "struct Config { level: String, rate: f32 }\nfn init(config: &Config) { println!(\"{}\", config.level);\n\
        tracing::subscriber::set_global_default(tracing_subscriber::registry()).unwrap();\nlet rate = config.rate;\n\
        let guard = sentry::init((\"https://k@sentry.example/1\", sentry::ClientOptions::new().release(\"1.2\").traces_sample_rate(rate)));\nstd::mem::forget(guard); }\n\
        fn main() { init(&Config { level: std::env::var(\"LEVEL\").unwrap(), rate: std::env::var(\"RATE\").unwrap().parse().unwrap() }); }\n";
    let found = items(&["sentry", "tracing", "tracing-subscriber"], text);
    let keys = ["level", "rate", "release", "reads"];
    assert_eq!(told(&found, Kind::Telemetry, "Sentry", &keys), ["release 1.2", "reads SENTRY_ENVIRONMENT", "rate - RATE"]);
    assert_eq!(told(&found, Kind::Telemetry, "tracing", &keys), ["level - LEVEL"]);
}

#[test]
fn a_logger_tells_its_form_its_output_and_the_variable_that_filters_it() {
    let keys = ["format", "output", "filter_variable", "installed_by"];
    let of = |text: &str| {
        let found = items(&["tracing", "tracing-subscriber"], &format!("use tracing_subscriber::prelude::*;\n{text}"));
        told(&found, Kind::Telemetry, "tracing subscriber", &keys)
    };
    let layered = "enum Form { Json, Plain }\nstruct Config { form: Form, filter: tracing_subscriber::EnvFilter }\n\
        fn filter() -> tracing_subscriber::EnvFilter { tracing_subscriber::EnvFilter::builder().with_env_var(\"SHOP_LOG\").from_env_lossy() }\n\
        fn form() -> Form { match std::env::var(\"LOG_FORM\").as_deref() { Ok(\"json\") => Form::Json, _ => Form::Plain } }\n\
        fn init(config: Config) { let layer = match config.form { Form::Json => tracing_subscriber::fmt::layer().json().boxed(), Form::Plain => tracing_subscriber::fmt::layer().boxed() };\n\
        tracing_subscriber::registry().with(layer).with(config.filter).init(); }\nfn main() { init(Config { form: form(), filter: filter() }); }\n";
    let forms = "format json where LOG_FORM is Json, full where LOG_FORM is Plain";
    assert_eq!(of(layered), ["filter_variable SHOP_LOG", forms, "output stdout"]);
    let plain = "fn main() { tracing_subscriber::fmt().json().with_writer(std::io::stderr).init(); }\n";
    assert_eq!(of(plain), ["format json", "output stderr"]);
    // One layer, in one of two forms.
    let either = "fn main() { let layer = tracing_subscriber::fmt::layer(); let layer = match std::env::args().count() { 1 => layer.pretty().boxed(), _ => layer.compact().boxed() }; tracing_subscriber::registry().with(layer).init(); }\n";
    assert_eq!(of(either)[0], "format pretty or compact");
    let global = "fn main() { tracing::subscriber::set_global_default(tracing_subscriber::registry()).unwrap(); }\n";
    assert_eq!(of(global), ["installed_by set_global_default"]);
    // Where it writes to is decided elsewhere.
    let open = "fn main() { let (writer, _guard) = tracing_appender::non_blocking(file()); tracing_subscriber::fmt().with_writer(writer).init(); }\n";
    assert_eq!(of(open)[..2], ["format full", "output - tracing_appender::non_blocking(file())"]);
}

#[test]
fn an_arm_of_a_match_is_a_condition() {
    let keys = ["only_when"];
    let of = |arms: &str| {
        let text = format!(
            "struct Config {{ url: Option<String>, workers: usize }}\nfn run(config: &Config) {{ {arms} }}\n\
             fn main() {{ run(&Config {{ url: std::env::var(\"QUEUE_URL\").ok(), workers: std::env::var(\"WORKERS\").unwrap().parse().unwrap() }}); }}\n"
        );
        told(&items(&[], &text), Kind::Queue, "", &keys)
    };
    let made = "{ let (tx, rx) = std::sync::mpsc::sync_channel::<u8>(5); drop((tx, rx)); }";
    assert_eq!(of(&format!("match &config.url {{ Some(_) => {made}, None => {{}} }}")), ["only_when QUEUE_URL is set"]);
    assert_eq!(of(&format!("match &config.url {{ None => {made}, _ => {{}} }}")), ["only_when QUEUE_URL is not set"]);
    assert_eq!(of(&format!("match &config.url {{ Some(_) => {{}}, _ => {made} }}")), ["only_when QUEUE_URL is not set"]);
    assert_eq!(of(&format!("if config.workers > 0 {made}")), ["only_when WORKERS is over 0"]);
    assert_eq!(of(&format!("if config.workers >= 2 {{ return }} {made}")), ["only_when WORKERS is at most 1"]);
    // A guard may say no for any reason; the value itself is no condition of what follows.
    assert_eq!(of(&format!("match &config.url {{ Some(url) if url.len() > 3 => {made}, _ => {{}} }}")), Vec::<String>::new());
    assert_eq!(of(&format!("match &config.url {{ Some(_) => {{}}, None => {{}} }} {made}")), Vec::<String>::new());
}

#[test]
fn files_with_names_of_the_library_are_told_by_their_folder() {
    let of = |made: &str| {
        let text = format!(
            "fn main() {{ let root = std::env::var(\"SPOOL\").unwrap(); let file = {made}.unwrap(); println!(\"{{file:?}}\"); }}\n"
        );
        told(&items(&["tempfile"], &text), Kind::FsWrite, "", &["path", "temporary"])
    };
    assert_eq!(of("tempfile::tempdir_in(root)")[0], "path ${SPOOL}/{random} SPOOL");
    // A file is its own name.
    assert_eq!(of("std::fs::write(root, \"x\")"), ["path ${SPOOL} SPOOL"]);
}

#[test]
fn parts_of_paths_are_told() {
    let of = |path: &str| {
        let text =
            format!("fn main() {{ let file = std::path::PathBuf::from(\"/data/shop.db\"); std::fs::write({path}, \"x\").unwrap(); }}\n");
        told(&items(&[], &text), Kind::FsWrite, "", &["path"])
    };
    assert_eq!(of("file.parent().unwrap().join(\"backup\")"), ["path /data/backup"]);
    assert_eq!(of("std::path::Path::new(\"/tmp\").join(file.file_name().unwrap())"), ["path /tmp/shop.db"]);
    assert_eq!(of("file.strip_prefix(\"/data\").unwrap()"), ["path shop.db"]);
    // Of a text, what stands there is taken; another path is not where it lies.
    assert_eq!(of("\"/data/shop.db\".strip_prefix(\"/data\").unwrap()"), ["path /shop.db"]);
    assert_eq!(of("file.strip_prefix(\"/srv\").unwrap_or(&file)"), ["path /data/shop.db"]);
}

#[test]
fn an_option_of_a_branch_tells_when_it_holds() {
    let of = |set: &str| {
        let text = format!(
            "struct Config {{ lax: Option<String>, attempts: u32 }}\nfn make(config: &Config) {{ let mut builder = reqwest::Client::builder().no_proxy(); {set} let client = builder.build().unwrap(); println!(\"{{client:?}}\"); }}\n\
             fn main() {{ make(&Config {{ lax: std::env::var(\"LAX\").ok(), attempts: 3 }}); }}\n"
        );
        told(&items(&["reqwest"], &text), Kind::SdkClient, "reqwest", &["user_agent"])
    };
    assert_eq!(of("if config.lax.is_some() { builder = builder.user_agent(\"lax\"); }"), ["user_agent lax where LAX is set"]);
    assert_eq!(of("if checked() { builder = builder.user_agent(\"lax\"); }"), ["user_agent lax on a condition"]);
}

#[test]
fn headers_tell_where_their_values_come_from_and_never_the_values() {
    let config = "use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue};\nstruct Config { token: Option<String>, url: String }\n\
        fn config() -> Config { Config { token: std::env::var(\"SHOP_TOKEN\").ok(), url: std::env::var(\"SHOP_URL\").unwrap_or(\"https://shop.example\".to_owned()) } }\n";
    let of = |fill: &str| {
        let text = format!(
            "{config}fn client(config: &Config) -> Option<reqwest::Client> {{ let mut headers = HeaderMap::new(); headers.insert(ACCEPT, HeaderValue::from_static(\"a/b\")); {fill}\n\
             Some(reqwest::Client::builder().default_headers(headers).build().unwrap()) }}\nfn main() {{ println!(\"{{:?}}\", client(&config())); }}\n"
        );
        let found = items(&["reqwest"], &text);
        told(&found, Kind::SdkClient, "reqwest", &["header authorization", "header accept", "only_when"])
    };
    let insert = "headers.insert(AUTHORIZATION, HeaderValue::from_str(&format!(\"Bearer {token}\")).unwrap());";
    let when = "only_when SHOP_TOKEN is set";
    let header = "header authorization - SHOP_TOKEN";
    assert_eq!(of(&format!("if let Some(ref token) = config.token {{ {insert} }} else {{ return None; }}")), [header, when]);
    assert_eq!(of(&format!("if let Some(ref token) = config.token {{ {insert} }}")), [header]);
    // Put together from two things, and from nothing outside.
    assert_eq!(of("headers.insert(AUTHORIZATION, HeaderValue::from_static(\"hunter2\"));"), [""; 0]);
    assert_eq!(
        of(
            "let (a, b) = (config.token.clone().unwrap(), config.url.clone()); headers.insert(AUTHORIZATION, HeaderValue::from_str(&format!(\"{a}{b}\")).unwrap());"
        ),
        [""; 0]
    );
    let sent = |send: &str| {
        let text = format!(
            "{config}struct Api {{ client: reqwest::Client, base_url: String, token: String }}\nimpl Api {{ async fn send(&self, id: u32) {{ {send} }} }}\n\
             #[tokio::main]\nasync fn main() {{ let config = config(); let api = Api {{ client: reqwest::Client::new(), base_url: config.url, token: config.token.unwrap() }}; api.send(3).await; }}\n"
        );
        told(&items(&["reqwest", "tokio"], &text), Kind::ExternalStore, "HTTP API", &["paths", "header x-key", "header authorization"])
    };
    let post = |path: &str, more: &str| format!("self.client.post(format!(\"{{}}{path}\", self.base_url)){more}.send().await.unwrap();");
    assert_eq!(sent(&post("/mails", ".header(\"X-Key\", &self.token)")), ["paths /mails", "header x-key - SHOP_TOKEN"]);
    assert_eq!(sent(&post("/mails?x=1", ".bearer_auth(&self.token)")), ["paths /mails", "header authorization - SHOP_TOKEN"]);
    assert_eq!(sent(&post("/mails", ".header(\"X-Key\", \"hunter2\")")), ["paths /mails"]);
    // What is put in at run time is told by its name; where one address is not known, nothing is.
    assert_eq!(sent("self.client.post(format!(\"{}/mails/{id}\", self.base_url)).send().await.unwrap();"), ["paths /mails/{id}"]);
    assert_eq!(sent(&format!("{} self.client.post(&self.base_url).send().await.unwrap();", post("/mails", ""))), [""; 0]);
}

#[test]
fn a_function_that_answers_yes_or_no_is_told_by_what_it_asks() {
    let of = |answer: &str, when: &str| {
        let text = format!(
            "struct Config {{ key: Option<String>, id: Option<String> }}\nimpl Config {{ fn is_valid(&self) -> bool {{ {answer} }} }}\n\
             fn main() {{ let config = Config {{ key: std::env::var(\"KEY\").ok(), id: std::env::var(\"ID\").ok() }};\n\
             {when} {{ let (tx, rx) = std::sync::mpsc::sync_channel::<u8>(5); drop((tx, rx)); }} }}\n"
        );
        told(&items(&[], &text), Kind::Queue, "", &["only_when"])
    };
    let both = ["only_when KEY is set", "only_when ID is set"];
    assert_eq!(of("self.key.is_some() && self.id.is_some()", "if config.is_valid()"), both);
    assert_eq!(of("self.key.is_some()", "if !config.is_valid()"), ["only_when KEY is not set"]);
    // Either may be the one that is missing; what is computed before may be anything.
    assert_eq!(of("self.key.is_some() && self.id.is_some()", "if !config.is_valid()"), [""; 0]);
    assert_eq!(of("self.key.is_some() || self.id.is_some()", "if config.is_valid()"), [""; 0]);
    assert_eq!(of("if two() { return true; } self.key.is_some()", "if config.is_valid()"), [""; 0]);
}

#[test]
fn a_limiter_by_key_tells_what_it_goes_by_and_that_it_only_grows() {
    let of = |make: &str, sweep: &str| {
        let text = format!(
            "use governor::{{Quota, RateLimiter, clock::DefaultClock, state::keyed::DashMapStateStore}};\nuse std::net::IpAddr;\nuse std::num::NonZeroU32;\nuse std::sync::LazyLock;\n\
             type Limiter = RateLimiter<IpAddr, DashMapStateStore<IpAddr>, DefaultClock>;\n\
             static LIMITER: LazyLock<Limiter> = LazyLock::new(|| {make}(Quota::per_second(NonZeroU32::new(5).unwrap())));\n\
             fn check(ip: &IpAddr) -> bool {{ LIMITER.check_key(ip).is_ok() }}\nfn main() {{ println!(\"{{}}\", check(&\"::1\".parse().unwrap())); {sweep} }}\n"
        );
        let found = items(&["governor"], &text);
        let item = found.iter().find(|item| item.kind == Kind::Limiter).unwrap();
        (item.summary.clone(), told(&found, Kind::Limiter, "", &["key", "shrinks"]))
    };
    let keyed = of("RateLimiter::keyed", "");
    assert!(keyed.0.starts_with("keyed rate limiter"), "{}", keyed.0);
    assert_eq!(keyed.1, ["shrinks never", "key ip"]);
    assert_eq!(of("RateLimiter::keyed", "LIMITER.retain_recent();").1, ["key ip"]);
}

#[test]
fn a_pool_that_connects_late_says_so() {
    let of = |made: &str| {
        let text =
            format!("use sqlx::postgres::{{PgPool, PgPoolOptions}};\nfn main() {{ let pool = {made}; println!(\"{{pool:?}}\"); }}\n");
        told(&items(&["sqlx"], &text), Kind::Pool, "", &["connects"])
    };
    assert_eq!(of("PgPoolOptions::new().max_connections(3).connect_lazy(\"postgres://db/shop\").unwrap()"), ["connects at the first use"]);
    assert_eq!(of("PgPool::connect_lazy(\"postgres://db/shop\").unwrap()"), ["connects at the first use"]);
    assert_eq!(of("PgPoolOptions::new().connect(\"postgres://db/shop\").unwrap()"), [""; 0]);
}

#[test]
fn a_log_file_that_is_opened_again_tells_on_which_signal() {
    let of = |signals: &str| {
        let text = format!("fn main() {{ let file = fern::{signals}.unwrap(); println!(\"{{file:?}}\"); }}\n");
        told(&items(&["fern"], &text), Kind::Os, "", &["signal"])
    };
    assert_eq!(of("log_reopen1(\"/var/log/shop.log\", [SIGHUP, libc::SIGUSR1])"), ["signal SIGHUP", "signal SIGUSR1"]);
    assert_eq!(of("log_reopen(\"/var/log/shop.log\", Some(libc::SIGHUP))"), ["signal SIGHUP"]);
    assert_eq!(of("log_reopen(\"/var/log/shop.log\", None)"), [""; 0]);
}

#[test]
fn who_logs_people_in_is_a_store_elsewhere() {
    let of = |issuer: &str| {
        let text = format!(
            "use openidconnect::{{IssuerUrl, core::CoreProviderMetadata}};\n\
             fn parsed(text: &str) -> Result<IssuerUrl, String> {{ match IssuerUrl::new(text.to_owned()) {{ Ok(issuer) => Ok(issuer), Err(error) => Err(error.to_string()) }} }}\n\
             async fn discover() {{ let issuer = {issuer}; let provider = CoreProviderMetadata::discover_async(issuer, &client()).await.unwrap(); println!(\"{{provider:?}}\"); }}\n\
             fn main() {{ futures::executor::block_on(discover()); }}\n"
        );
        items(&["openidconnect", "futures"], &text)
    };
    let set = of("parsed(&std::env::var(\"SHOP_ISSUER\").unwrap()).unwrap()");
    assert_eq!(told(&set, Kind::ExternalStore, "", &["address"]), ["address - SHOP_ISSUER"]);
    // Where nothing says which one it is, it is no store.
    assert!(of("outside::issuer()").iter().all(|item| item.kind != Kind::ExternalStore));
}

#[test]
fn what_responses_tell_not_to_keep_is_told_beside_what_they_tell_to_keep() {
    let of = |more: &str| {
        let text = format!(
            "use http::{{HeaderMap, HeaderValue, header::CACHE_CONTROL}};\nstruct SurrogateKeys(String);\n\
             fn page(headers: &mut HeaderMap) {{ headers.insert(CACHE_CONTROL, HeaderValue::from_static(\"public, max-age=60\")); }}\n\
             fn more(headers: &mut HeaderMap, keys: SurrogateKeys) {{ {more} }}\n\
             fn main() {{ let mut headers = HeaderMap::new(); page(&mut headers); more(&mut headers, SurrogateKeys(String::new())); }}\n"
        );
        told(&items(&["http"], &text), Kind::ClientHeld, "", &["headers", "not_kept"])
    };
    let error = "headers.insert(CACHE_CONTROL, HeaderValue::from_static(\"no-store\"));";
    assert_eq!(of(error), ["headers cache-control", "not_kept no-store"]);
    assert_eq!(of("headers.typed_insert(keys);"), ["headers cache-control, surrogate-key"]);
    assert_eq!(of("drop((headers, keys));"), ["headers cache-control"]);
}

#[test]
fn a_limit_that_several_functions_ask_for_is_told_with_what_each_knows() {
    let text = "struct Config { build_attempts: u32, delay_between_build_attempts: std::time::Duration }\n\
        async fn first(config: &Config, attempts: u32) -> bool { if attempts >= config.build_attempts { return false; } true }\n\
        async fn second(config: &Config, pool: &sqlx::PgPool, attempts: u32) -> bool {\n    \
        println!(\"{:?}\", config.delay_between_build_attempts);\n    \
        sqlx::query(\"UPDATE queue SET attempt = attempt + 1, taken = false WHERE id = $1\").execute(pool).await.unwrap();\n    \
        if attempts >= config.build_attempts { return false; } true }\n\
        #[tokio::main]\nasync fn main() { let pool = sqlx::PgPool::connect(\"postgres://db/shop\").await.unwrap();\n    \
        let config = Config { build_attempts: 5, delay_between_build_attempts: std::time::Duration::from_secs(60) };\n    \
        println!(\"{} {}\", first(&config, 1).await, second(&config, &pool, 2).await); }\n";
    let found = items(&["sqlx", "tokio"], text);
    let keys = ["max_attempts", "pause", "kept_in"];
    assert_eq!(told(&found, Kind::Limiter, "counter of attempts", &keys), ["max_attempts 5", "pause 60s", "kept_in queue.attempt"]);
}

#[test]
fn a_static_that_one_function_makes_is_told_with_what_that_reads() {
    let of = |other: &str| {
        let text = format!(
            "use std::sync::LazyLock;\nstruct Config {{ lax: bool }}\nstatic CONFIG: LazyLock<Config> = LazyLock::new(|| Config {{ lax: std::env::var(\"LAX\").unwrap().parse().unwrap() }});\n\
             static CLIENT: LazyLock<reqwest::Client> = LazyLock::new(client);\n\
             fn client() -> reqwest::Client {{ let made = reqwest::Client::builder(); if CONFIG.lax {{ return reqwest::Client::new(); }} made.build().unwrap() }}\n\
             fn main() {{ println!(\"{{:?}}\", CLIENT.get(\"http://a\")); {other} }}\n"
        );
        let found = items(&["reqwest"], &text);
        let statics: Vec<&Item> = found.iter().filter(|item| item.kind == Kind::SdkClient && item.name == "CLIENT").collect();
        statics[0].facts.iter().any(|fact| fact.key == "lax" && fact.from.as_deref() == Some("LAX"))
    };
    assert!(of(""));
    // Made for others as well, it is not about this one.
    assert!(!of("println!(\"{:?}\", client());"));
}

#[test]
fn a_token_and_a_file_that_a_setting_decides_on_say_so() {
    let of = |condition: &str| {
        let text = format!(
            "use serde::Serialize;\nuse std::sync::LazyLock;\nstruct Config {{ remember: bool, password: String }}\n\
             static CONFIG: LazyLock<Config> = LazyLock::new(|| Config {{ remember: std::env::var(\"REMEMBER\").unwrap().parse().unwrap(), password: std::env::var(\"PASSWORD\").unwrap() }});\n\
             #[derive(Serialize)]\nstruct Claims {{ sub: String, exp: i64 }}\nstruct Device {{ token: Option<String> }}\n\
             fn is_right(given: &str) -> bool {{ match CONFIG.password.as_str() {{ \"\" => false, right => right == given }} }}\n\
             fn encode(claims: &Claims) -> String {{ jsonwebtoken::encode(&jsonwebtoken::Header::new(jsonwebtoken::Algorithm::RS256), claims, KEY.wait()).unwrap() }}\n\
             static KEY: std::sync::OnceLock<jsonwebtoken::EncodingKey> = std::sync::OnceLock::new();\n\
             impl Device {{ fn remembered(&mut self) -> String {{ let token = encode(&Claims {{ sub: String::new(), exp: 0 }}); self.token = Some(token.clone()); token }} }}\n\
             fn main() {{ KEY.set(outside::key()).ok(); let mut device = Device {{ token: None }}; let given = std::env::args().next().unwrap();\n    \
             if {condition} {{ println!(\"{{}} {{:?}}\", device.remembered(), device.token); std::fs::write(\"/srv/remembered\", given).unwrap(); }} }}\n"
        );
        items(&["jsonwebtoken", "outside", "serde"], &text)
    };
    let by_setting = of("CONFIG.remember");
    let when = "only_when REMEMBER is on";
    assert_eq!(told(&by_setting, Kind::ClientHeld, "signed", &["only_when", "kept_in"]), ["kept_in Device.token", when]);
    assert_eq!(told(&by_setting, Kind::FsWrite, "", &["only_when"]), [when]);
    assert_eq!(told(&by_setting, Kind::Static, "", &["algorithm"]), ["algorithm RS256"]);
    // What is compared with a setting is no setting.
    assert_eq!(told(&of("is_right(&given)"), Kind::FsWrite, "", &["only_when"]), [""; 0]);
}

#[test]
fn a_setting_that_passes_a_cache_by_and_makes_data_anew_is_told() {
    let of = |more: &str| {
        let text = format!(
            "use std::sync::{{LazyLock, RwLock}};\nstruct Config {{ reload: bool }}\n\
             static CONFIG: LazyLock<Config> = LazyLock::new(|| Config {{ reload: std::env::var(\"RELOAD\").unwrap().parse().unwrap() }});\n\
             static PAGE_CACHE: RwLock<Option<String>> = RwLock::new(None);\nstatic TEMPLATES: LazyLock<handlebars::Handlebars> = LazyLock::new(load);\n\
             fn load() -> handlebars::Handlebars<'static> {{ let mut all = handlebars::Handlebars::new(); all.set_strict_mode(true); all }}\n\
             fn page() -> String {{ if !CONFIG.reload && let Some(page) = PAGE_CACHE.read().unwrap().as_ref() {{ return page.clone(); }}\n    \
             let page = if CONFIG.reload {{ load().render(\"page\", &()).unwrap() }} else {{ TEMPLATES.render(\"page\", &()).unwrap() }};\n    \
             *PAGE_CACHE.write().unwrap() = Some(page.clone()); page }}\nfn main() {{ println!(\"{{}}\", page()); {more} }}\n"
        );
        let found = items(&["handlebars"], &text);
        let facts = found.iter().flat_map(|item| &item.facts).filter(|fact| matches!(fact.key.as_str(), "asked_when" | "again_when"));
        facts.map(|fact| format!("{} {}", fact.key, fact.value.as_ref().unwrap())).collect::<Vec<_>>()
    };
    assert_eq!(of(""), ["asked_when RELOAD is off", "again_when RELOAD is on"]);
    // Asked elsewhere without it.
    assert_eq!(of("println!(\"{:?}\", PAGE_CACHE.read().unwrap());"), ["again_when RELOAD is on"]);
}

#[test]
fn a_key_that_is_made_and_written_tells_its_size() {
    let of = |more: &str| {
        let text = format!(
            "fn main() {{ let key = openssl::rsa::Rsa::generate(3072).unwrap(); {more} std::fs::write(\"/srv/key.pem\", key.private_key_to_pem().unwrap()).unwrap(); }}\n"
        );
        let found = items(&["openssl"], &text);
        found
            .iter()
            .flat_map(|item| &item.facts)
            .filter(|fact| fact.key == "key_size")
            .map(|fact| fact.value.as_ref().unwrap().to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(of(""), ["3072"]);
    // Of two files, which one it is in is not known.
    assert_eq!(of("std::fs::write(\"/srv/other\", \"x\").unwrap();"), [""; 0]);
}

#[test]
fn a_store_of_cookies_tells_how_long_they_are_made_to_last() {
    let of = |age: &str| {
        let text = format!(
            "use std::sync::RwLock;\nstruct Jar(RwLock<cookie_store::CookieStore>);\n\
             impl Jar {{ fn put(&self, mut cookie: cookie::Cookie<'static>) {{ let mut store = self.0.write().unwrap(); {age} store.insert_raw(&cookie, &url()).unwrap(); }} }}\n\
             fn main() {{ let jar = std::sync::Arc::new(Jar(RwLock::default())); let other = jar.clone(); std::thread::spawn(move || other.put(cookie::Cookie::new(\"a\", \"b\"))); drop(jar); }}\n"
        );
        let found = items(&["cookie", "cookie_store", "time"], &text);
        found
            .iter()
            .flat_map(|item| &item.facts)
            .filter(|fact| fact.key == "max_age" && fact.provenance == crate::model::Provenance::Code)
            .map(|fact| fact.value.as_ref().unwrap().to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(of("cookie.set_max_age(Some(time::Duration::minutes(2)));"), ["2min"]);
    assert_eq!(of(""), [""; 0]);
}

#[test]
fn a_cache_that_drops_what_has_expired_says_where() {
    let of = |insert: &str| {
        let text = format!(
            "use std::collections::HashMap;\nuse std::sync::RwLock;\nuse std::time::{{Duration, Instant}};\nstruct Entry {{ user: String, expires_at: Instant }}\n\
             struct TokenCache {{ entries: RwLock<HashMap<String, Entry>> }}\n\
             impl TokenCache {{\n    fn get(&self, key: &str) -> Option<String> {{ self.entries.read().unwrap().get(key).map(|entry| entry.user.clone()) }}\n    \
             fn insert(&self, key: String, entry: Entry) {{ let mut entries = self.entries.write().unwrap_or_else(|e| e.into_inner()); {insert} entries.insert(key, entry); }}\n}}\n\
             static CACHE: std::sync::OnceLock<TokenCache> = std::sync::OnceLock::new();\n\
             fn main() {{ let cache = CACHE.get_or_init(|| TokenCache {{ entries: RwLock::default() }}); loop {{ cache.insert(read(), Entry {{ user: read(), expires_at: Instant::now() + Duration::from_secs(60) }}); println!(\"{{:?}}\", cache.get(&read())); }} }}\n\
             fn read() -> String {{ std::io::read_to_string(std::io::stdin()).unwrap() }}\n"
        );
        told(&items(&[], &text), Kind::Cache, "", &["grows", "shrinks", "swept"])
    };
    assert_eq!(of("entries.retain(|_, entry| entry.expires_at > Instant::now());"), ["swept by `retain` in `TokenCache::insert`, by age"]);
    assert_eq!(of("entries.retain(|name, _| !name.starts_with('#'));"), ["swept by `retain` in `TokenCache::insert`"]);
    // What is emptied at once keeps nothing by a condition.
    assert_eq!(of("if entries.len() > 100 { entries.clear(); }"), Vec::<String>::new());
}

#[test]
fn a_client_whose_calls_are_ended_in_some_places_only_says_so() {
    let of = |other: &str| {
        let text = format!(
            "struct Shop {{ client: reqwest::Client }}\nimpl Shop {{\n    \
             async fn ask(&self) {{ self.client.get(\"http://a\").timeout(std::time::Duration::from_secs(3)).send().await.unwrap(); }}\n    \
             async fn tell(&self) {{ {other} }}\n}}\n\
             #[tokio::main]\nasync fn main() {{ let shop = Shop {{ client: reqwest::Client::new() }}; shop.ask().await; shop.tell().await; }}\n"
        );
        told(&items(&["reqwest", "tokio"], &text), Kind::SdkClient, "", &["timeout_at_call", "timeout_at_some_calls"])
    };
    let post = "self.client.post(\"http://b\").send().await.unwrap();";
    assert_eq!(of(post), ["timeout_at_some_calls in `Shop::ask`"]);
    assert_eq!(
        of(&format!("tokio::time::timeout(std::time::Duration::from_secs(1), async {{ {post} }}).await.unwrap();")),
        ["timeout_at_call in `Shop::ask`"]
    );
    // What is handed to a function that ends each wait.
    let retried = format!("again(|| async {{ {post} }}).await;");
    let again = "async fn again<F: Future<Output = ()>>(run: impl Fn() -> F) { for _ in 0..3 { LIMIT } }";
    let with = |limit: &str| of(&format!("{retried} {}", again.replace("LIMIT", limit)));
    assert_eq!(with("tokio::time::timeout(std::time::Duration::from_secs(9), run()).await.unwrap();"), ["timeout_at_call in `Shop::ask`"]);
    assert_eq!(with("run().await;"), ["timeout_at_some_calls in `Shop::ask`"]);
    // Handed on, not sent.
    assert_eq!(of("println!(\"{:?}\", self.client);"), ["timeout_at_call in `Shop::ask`"]);
}

#[test]
fn who_ends_the_wait_for_something_else_ends_none_for_a_client() {
    let of = |main: &str| {
        let text = format!(
            "struct Shop {{ client: reqwest::Client }}\nimpl Shop {{ async fn ask(&self) {{ self.client.get(\"http://a\").send().await.unwrap(); }} }}\n\
             async fn load() {{}}\n#[tokio::main]\nasync fn main() {{ let limit = std::time::Duration::from_secs(60); let shop = Shop {{ client: reqwest::Client::new() }}; {main} }}\n"
        );
        told(&items(&["reqwest", "tokio"], &text), Kind::SdkClient, "", &["timeout_at_call", "timeout_at_some_calls"])
    };
    assert_eq!(of("tokio::time::timeout(limit, load()).await.unwrap(); shop.ask().await;"), Vec::<String>::new());
    assert_eq!(of("tokio::time::timeout(limit, shop.ask()).await.unwrap(); load().await;"), ["timeout_at_call in `main`"]);
}

#[test]
fn collections_in_a_collection_that_are_gone_through_may_be_emptied() {
    let of = |ty: &str, take: &str| {
        let text = format!(
            "use std::collections::{{BTreeMap, BinaryHeap}};\nuse std::sync::{{Arc, Mutex}};\nstruct Jobs {{ queues: Mutex<BTreeMap<String, {ty}>> }}\n\
             impl Jobs {{\n    fn put(&self, key: String, job: u64) {{ self.queues.lock().unwrap().entry(key).or_default(); }}\n    \
             fn take(&self) {{ let mut queues = self.queues.lock().unwrap(); {take} }}\n}}\n\
             fn main() {{ let jobs = Arc::new(Jobs {{ queues: Mutex::new(BTreeMap::new()) }}); let more = jobs.clone(); std::thread::spawn(move || loop {{ more.put(read(), 1); }}); loop {{ jobs.take(); }} }}\n\
             fn read() -> String {{ std::io::read_to_string(std::io::stdin()).unwrap() }}\n"
        );
        told(&items(&[], &text), Kind::SharedState, "", &["shrinks"])
    };
    assert_eq!(of("BinaryHeap<u64>", "for (_, queue) in queues.iter_mut().rev() { queue.pop(); }"), Vec::<String>::new());
    assert_eq!(of("BinaryHeap<u64>", "for (_, queue) in queues.iter() { queue.len(); }"), ["shrinks never"]);
    assert_eq!(of("u64", "for (_, count) in queues.iter_mut() { *count = 0; }"), ["shrinks never"]);
}

#[test]
fn what_is_taken_out_of_a_list_and_put_back_has_not_left() {
    let of = |change: &str| {
        let text = format!(
            "use std::sync::{{Arc, Mutex}};\nstruct Recent {{ ids: Vec<u64> }}\n\
             impl Recent {{\n    fn put(&mut self, id: u64) {{ self.ids.push(id); }}\n    \
             fn touch(&mut self, at: usize) {{ {change} }}\n}}\n\
             struct Shop {{ recent: Mutex<Recent> }}\n\
             impl Shop {{ fn work(&self) {{ let mut recent = self.recent.lock().unwrap(); recent.put(read()); recent.touch(0); }} }}\n\
             fn main() {{ let shop = Arc::new(Shop {{ recent: Mutex::new(Recent {{ ids: Vec::new() }}) }}); let more = shop.clone(); std::thread::spawn(move || loop {{ more.work(); }}); loop {{ shop.work(); }} }}\n\
             fn read() -> u64 {{ std::io::read_to_string(std::io::stdin()).unwrap().len() as u64 }}\n"
        );
        told(&items(&[], &text), Kind::SharedState, "", &["shrinks"])
    };
    assert_eq!(of("let mut id = self.ids.remove(at); id += 1; self.ids.push(id);"), ["shrinks never"]);
    // It may not come back, or goes elsewhere.
    assert_eq!(of("let id = self.ids.remove(at); if id > 7 { self.ids.push(id); }"), ["shrinks by key, by who put it in"]);
    assert_eq!(of("let id = self.ids.remove(at); if id > 7 { return; } self.ids.push(id);"), ["shrinks by key, by who put it in"]);
    assert_eq!(of("let id = self.ids.remove(at); println!(\"{id}\");"), ["shrinks by key only"]);
}

#[test]
fn a_collection_in_a_tuple_grows_like_any_other() {
    let of = |more: &str| {
        let text = format!(
            "use std::{{collections::HashSet, sync::{{LazyLock, Mutex}}}};\n\
             static SEEN: LazyLock<(Mutex<HashSet<String>>, Mutex<Vec<String>>)> = LazyLock::new(Default::default);\n\
             fn see(name: &str) {{ let mut set = SEEN.0.lock().unwrap(); if set.contains(name) {{ return; }} set.insert(name.to_owned()); {more} }}\n\
             async fn page(axum::extract::Path(name): axum::extract::Path<String>) {{ see(&name); }}\n\
             fn main() {{ let app: axum::Router = axum::Router::new().route(\"/page/{{name}}\", axum::routing::get(page)); drop(app); }}\n"
        );
        told(&items(&["axum"], &text), Kind::Static, "", &["grows", "shrinks"])
    };
    let grows = "grows by `insert` on `GET /page/{name}`";
    assert_eq!(of(""), [grows, "shrinks never"]);
    assert_eq!(of("SEEN.1.lock().unwrap().clear();"), [grows, "shrinks never"]);
    assert_eq!(of("SEEN.0.lock().unwrap().remove(name);"), [grows, "shrinks by key, by who put it in"]);
    // Texts that are written in the code are few, unless they are leaked.
    let texts = |text: &str| {
        let text = format!(
            "use std::{{collections::HashSet, sync::{{LazyLock, Mutex}}}};\n\
             static NAMES: LazyLock<(Mutex<HashSet<&'static str>>, u8)> = LazyLock::new(Default::default);\n\
             fn intern(name: &str) -> &'static str {{ let mut set = NAMES.0.lock().unwrap(); if let Some(known) = set.get(name) {{ return known; }}\n\
             let text: &'static str = {text}; set.insert(text); text }}\n\
             async fn page(axum::extract::Path(name): axum::extract::Path<String>) {{ intern(&name); }}\n\
             fn main() {{ let app: axum::Router = axum::Router::new().route(\"/page/{{name}}\", axum::routing::get(page)); drop(app); }}\n"
        );
        told(&items(&["axum"], &text), Kind::Static, "", &["shrinks"])
    };
    assert_eq!(texts("Box::leak(name.to_owned().into_boxed_str())"), ["shrinks never"]);
    assert_eq!(texts("\"a name\""), [""; 0]);
    // Somebody has all of it.
    assert_eq!(of("outside::sweep(&SEEN);"), [""; 0]);
    assert_eq!(of("let (set, _list) = &*SEEN; set.lock().unwrap().clear();"), [""; 0]);
}

#[test]
fn a_newtype_that_derives_deref_leads_to_what_it_wraps() {
    let of = |attributes: &str, field: &str| {
        let text = format!(
            "use std::sync::{{Arc, RwLock}};\nstruct Inner {{ keys: RwLock<String>, name: String }}\n\
             {attributes}\nstruct Login({field});\n\
             impl Login {{ fn refresh(&self) {{ *self.keys.write().unwrap() = std::io::read_to_string(std::io::stdin()).unwrap(); }} fn ask(&self) -> usize {{ self.keys.read().unwrap().len() }} }}\n\
             static LOGIN: std::sync::OnceLock<Login> = std::sync::OnceLock::new();\n\
             fn main() {{ let login = LOGIN.get_or_init(make); loop {{ login.refresh(); println!(\"{{}}\", login.ask()); }} }}\nfn make() -> Login {{ made() }}\n"
        );
        let found = items(&["derive_more"], &text);
        let item = found.iter().find(|item| item.name == "Inner.keys").unwrap();
        item.uses.iter().map(|one| one.function.rsplit("::").next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let both = ["ask", "refresh"];
    assert_eq!(of("#[derive(derive_more::Deref, Clone)]", "Arc<Inner>"), both);
    assert_eq!(of("#[derive(Deref)]", "#[deref] Arc<Inner>, u32"), both);
    // Without it, nothing says where `self.keys` leads.
    assert_eq!(of("#[derive(Clone)]", "Arc<Inner>"), Vec::<String>::new());
    assert_eq!(of("#[derive(Deref)]", "u32, Arc<Inner>"), Vec::<String>::new());
}

#[test]
fn what_a_framework_is_told_to_make_at_start_up_is_kept() {
    let of = |main: &str| {
        let text = format!(
            "use dashmap::DashMap;\nuse tower_lsp::{{Client, LspService, Server}};\npub struct Backend {{ client: Client, documents: DashMap<String, String> }}\n\
             impl Backend {{ pub fn new(client: Client) -> Self {{ Self {{ client, documents: DashMap::new() }} }} fn open(&self, name: String) {{ self.documents.insert(name, String::new()); }} }}\n\
             #[tower_lsp::async_trait]\nimpl tower_lsp::LanguageServer for Backend {{ async fn did_open(&self, name: String) {{ self.open(name) }} }}\n\
             #[tokio::main]\nasync fn main() {{ {main} }}\n"
        );
        let found = items(&["dashmap", "tower-lsp", "tokio"], &text);
        found.iter().filter(|item| item.kind == Kind::SharedState).map(|item| item.name.to_string()).collect::<Vec<_>>()
    };
    let serve = "let (service, socket) = LspService::new(Backend::new); Server::new(tokio::io::stdin(), tokio::io::stdout(), socket).serve(service).await;";
    assert_eq!(of(serve), ["Backend.documents"]);
    // Nobody makes one.
    assert_eq!(of("println!(\"none\");"), Vec::<String>::new());
}

#[test]
fn numbers_that_are_gathered_for_one_answer_are_no_telemetry_of_the_process() {
    let of = |body: &str, rest: &str| {
        let text = format!(
            "use prometheus::{{Encoder, IntGauge, Registry, TextEncoder}};\n{rest}\nfn report() -> Vec<u8> {{ let mut out = Vec::new(); {body} out }}\n\
             fn main() {{ loop {{ std::thread::sleep(std::time::Duration::from_secs(1)); println!(\"{{:?}}\", report()); }} }}\n"
        );
        let found = items(&["prometheus"], &text);
        found.into_iter().filter(|item| item.kind == Kind::Telemetry).map(|item| item.summary).collect::<Vec<_>>()
    };
    let made = "let registry = Registry::new(); let gauge = IntGauge::new(\"q\", \"q\").unwrap(); gauge.set(3);";
    let told = "TextEncoder::new().encode(&registry.gather(), &mut out).unwrap();";
    assert_eq!(of(&format!("{made} registry.register(Box::new(gauge)).unwrap(); {told}"), ""), Vec::<String>::new());
    // Handed to something that keeps it, or registered for the whole process.
    let kept = of(
        &format!("{made} registry.register(Box::new(gauge)).unwrap(); {told} keep(registry);"),
        "fn keep(registry: Registry) { Box::leak(Box::new(registry)); }",
    );
    assert_eq!(kept, ["Prometheus metric", "Prometheus registry"]);
    let global = of(&format!("{made} prometheus::register(Box::new(gauge)).unwrap(); {told}"), "");
    assert_eq!(global, ["Prometheus metric"]);
    let given =
        of("let gauge = IntGauge::new(\"q\", \"q\").unwrap(); prometheus::default_registry().register(Box::new(gauge)).unwrap();", "");
    assert!(given.contains(&"Prometheus metric".to_owned()), "{given:?}");
}
