//! One item for one thing: what joins, and the near misses that stay apart.

use crate::fixture::map;
use crate::model::{Item, Kind, Provenance};

/// The items of a program with these dependencies.
pub(super) fn items(dependencies: &[&str], text: &str) -> Vec<Item> {
    let dependencies: String = dependencies.iter().map(|name| format!("{name} = \"*\"\n")).collect();
    let manifest =
        format!("//- /Cargo.toml\n[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[dependencies]\n{dependencies}");
    let text = if text.starts_with("//- ") { text.to_owned() } else { format!("//- /src/main.rs\n{text}") };
    map(&format!("{manifest}{text}")).items
}

/// Names of the items of a kind, each with the number of its places.
fn named(items: &[Item], kind: Kind) -> Vec<String> {
    items.iter().filter(|item| item.kind == kind).map(|item| format!("{} {}", item.name, item.sites.len())).collect()
}

pub(super) fn value(item: &Item, key: &str) -> Option<String> {
    item.facts.iter().find(|fact| fact.key == key)?.value.as_ref().map(ToString::to_string)
}

#[test]
fn a_subscriber_that_one_function_makes_and_another_sets_is_one() {
    let text = "use tracing_subscriber::{Registry, layer::SubscriberExt};\n\
        fn made() -> impl tracing::Subscriber { Registry::default().with(tracing_subscriber::fmt::layer()) }\n\
        fn set(made: impl tracing::Subscriber + Send + Sync) { tracing::subscriber::set_global_default(made).unwrap(); }\n\
        fn main() { set(made()); }\n";
    assert_eq!(named(&items(&["tracing", "tracing-subscriber"], text), Kind::Telemetry), ["made 2"]);
}

const STORE: &str = "use sqlx::postgres::{PgConnectOptions, PgPoolOptions};\n\
    fn address() -> PgConnectOptions { PgConnectOptions::new().host(\"db\").port(6432) }\n\
    fn pool() -> sqlx::PgPool { PgPoolOptions::new().connect_lazy_with(address()) }\n";

#[test]
fn the_address_of_a_store_is_told_with_the_store() {
    let one = items(&["sqlx"], &format!("{STORE}fn main() {{ let _pool = pool(); }}\n"));
    assert_eq!(named(&one, Kind::ExternalStore), ["postgres 2"]);
    let store = one.iter().find(|item| item.kind == Kind::ExternalStore).unwrap();
    assert_eq!((value(store, "host"), value(store, "port")), (Some("db".to_owned()), Some("6432".to_owned())));
    // Two addresses may be two databases.
    let more = "fn replica() -> sqlx::PgPool { PgPoolOptions::new().connect_lazy_with(second()) }\n\
        fn second() -> PgConnectOptions { PgConnectOptions::new().host(\"replica\") }\n";
    let two = items(&["sqlx"], &format!("{STORE}{more}fn main() {{ let _pools = (pool(), replica()); }}\n"));
    assert_eq!(named(&two, Kind::ExternalStore).len(), 3, "{:?}", named(&two, Kind::ExternalStore));
}

#[test]
fn a_bare_connection_beside_its_pool_is_the_way_into_the_store() {
    let migrate = "use diesel::{Connection, PgConnection};\nuse diesel::r2d2::{ConnectionManager, Pool};\n\
        fn migrate(url: &str) { let connection = PgConnection::establish(url).unwrap(); drop(connection); }\n";
    let pool = "fn pool(url: &str) -> Pool<ConnectionManager<PgConnection>> { Pool::builder().max_size(4).build(ConnectionManager::new(url)).unwrap() }\n";
    let both = items(&["diesel"], &format!("{migrate}{pool}fn main() {{ migrate(\"x\"); let _pool = pool(\"x\"); }}\n"));
    assert_eq!(named(&both, Kind::SdkClient), Vec::<String>::new());
    assert_eq!(named(&both, Kind::Pool).len(), 1);
    assert_eq!(named(&both, Kind::ExternalStore).len(), 1);
    // Without a pool it is all that the service has.
    let alone = items(&["diesel"], &format!("{migrate}fn main() {{ migrate(\"x\"); }}\n"));
    assert_eq!(named(&alone, Kind::SdkClient), ["connection 1"]);
}

#[test]
fn a_task_that_waits_for_the_end_is_the_handler() {
    let text = "use tokio::signal::unix::{SignalKind, signal};\nuse std::time::Duration;\n\
        fn end() {\n    tokio::spawn(async {\n        let mut term = signal(SignalKind::terminate()).unwrap();\n        term.recv().await;\n        std::process::exit(0);\n    });\n}\n\
        fn copy() {\n    tokio::spawn(async {\n        let mut asked = signal(SignalKind::user_defined1()).unwrap();\n        loop { asked.recv().await; println!(\"copied\"); }\n    });\n}\n\
        fn sweep() {\n    tokio::spawn(async {\n        let mut hang = signal(SignalKind::hangup()).unwrap();\n        let mut every = tokio::time::interval(Duration::from_secs(5));\n        \
        loop { tokio::select! { _ = hang.recv() => println!(\"again\"), _ = every.tick() => println!(\"swept\") } }\n    });\n}\n\
        #[tokio::main]\nasync fn main() { end(); copy(); sweep(); std::future::pending::<()>().await }\n";
    let items = items(&["tokio"], text);
    // The handler of the end; the signal beside a loop that has work of its own.
    assert_eq!(named(&items, Kind::Os), ["term 2", "hang 1"]);
    // A signal of one's own starts work.
    assert_eq!(named(&items, Kind::BackgroundTask), ["copy 2", "sweep 1"]);
}

#[test]
fn a_scheduler_is_one_with_the_task_that_runs_it() {
    let text = "use clokwerk::{AsyncScheduler, TimeUnits};\nuse std::time::Duration;\n\
        async fn jobs() {\n    let mut scheduler = AsyncScheduler::new();\n    \
        loop { scheduler.run_pending().await; tokio::time::sleep(Duration::from_secs(1)).await; }\n}\n\
        async fn other() { loop { tokio::time::sleep(Duration::from_secs(9)).await; println!(\"other\"); } }\n\
        #[tokio::main]\nasync fn main() { tokio::spawn(jobs()); tokio::spawn(other()); std::future::pending::<()>().await }\n";
    let items = items(&["clokwerk", "tokio"], text);
    let tasks: Vec<&Item> = items.iter().filter(|item| item.kind == Kind::BackgroundTask).collect();
    let told: Vec<(&str, Option<String>)> = tasks.iter().map(|item| (item.name.as_str(), value(item, "period"))).collect();
    assert_eq!(told, [("scheduler", Some("1s".to_owned())), ("other", Some("9s".to_owned()))]);
}

#[test]
fn equal_pauses_are_the_rhythm_of_a_task_and_others_a_budget() {
    let text = |failed: u64, idle: u64| {
        format!(
            "use std::time::Duration;\nasync fn step() -> Result<bool, String> {{ Ok(true) }}\n\
             async fn work() {{\n    loop {{\n        match step().await {{\n            Ok(true) => {{}}\n            \
             Ok(false) => tokio::time::sleep(Duration::from_secs({idle})).await,\n            \
             Err(_) => tokio::time::sleep(Duration::from_secs({failed})).await,\n        }}\n    }}\n}}\n\
             #[tokio::main]\nasync fn main() {{ tokio::spawn(work()); std::future::pending::<()>().await }}\n"
        )
    };
    let one = items(&["tokio"], &text(5, 5));
    assert_eq!(named(&one, Kind::Limiter), Vec::<String>::new());
    let task = one.iter().find(|item| item.kind == Kind::BackgroundTask).unwrap();
    assert_eq!(value(task, "pause").as_deref(), Some("5s"));
    assert_eq!(named(&items(&["tokio"], &text(1, 10)), Kind::Limiter), ["work 3"]);
}

#[test]
fn spellings_of_one_variable_are_one_item() {
    let text = "fn main() {\n    for name in [std::env::var(\"http_proxy\"), std::env::var(\"HTTP_PROXY\"), std::env::var(\"HTTPS_PROXY\")] { println!(\"{name:?}\"); }\n}\n";
    assert_eq!(named(&items(&[], text), Kind::StartupConfig), ["HTTPS_PROXY 1", "HTTP_PROXY 1"]);
}

#[test]
fn many_counters_of_a_struct_are_one_item_and_two_are_two() {
    let text = "use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};\n\
        struct Seen {\n    hits: AtomicU64,\n    misses: AtomicU64,\n    failed: AtomicU64,\n    ready: AtomicBool,\n}\n\
        struct Open { now: AtomicU64, most: AtomicU64 }\n\
        static SEEN: std::sync::LazyLock<(std::sync::Arc<Seen>, std::sync::Arc<Open>)> = std::sync::LazyLock::new(|| panic!());\n\
        fn main() { SEEN.0.hits.fetch_add(1, Ordering::SeqCst); SEEN.1.now.fetch_add(1, Ordering::SeqCst); }\n";
    let items = items(&[], text);
    let told = named(&items, Kind::SharedState);
    assert_eq!(told, ["Open.most 1", "Open.now 1", "Seen 3", "Seen.ready 1"]);
    let seen = items.iter().find(|item| item.name == "Seen").unwrap();
    assert_eq!(value(seen, "fields").as_deref(), Some("failed, hits, misses"));
}

#[test]
fn the_structs_of_a_command_line_are_one_item_and_two_programs_are_two() {
    let text = "//- /src/main.rs\nuse clap::{Args, Parser, Subcommand};\n\
        #[derive(Parser)]\nstruct Cli { #[command(subcommand)] command: Command, #[command(flatten)] log: Log }\n\
        #[derive(Subcommand)]\nenum Command { Serve(Serve), Check }\n#[derive(Args)]\nstruct Serve { port: u16 }\n#[derive(Args)]\nstruct Log { level: String }\n\
        fn main() { let cli = Cli::parse(); println!(\"{}\", cli.log.level); }\n\
        //- /src/bin/tool.rs\nuse clap::Parser;\n#[derive(Parser)]\nstruct Tool { path: String }\nfn main() { println!(\"{}\", Tool::parse().path); }\n";
    let items = items(&["clap"], text);
    let lines: Vec<&Item> = items.iter().filter(|item| item.kind == Kind::StartupConfig).collect();
    assert_eq!(lines.iter().map(|item| item.name.as_str()).collect::<Vec<_>>(), ["Cli", "Tool"]);
    assert_eq!(value(lines[0], "made_of").as_deref(), Some("Cli, Log, Serve"));
}

#[test]
fn connections_to_one_file_are_one_database() {
    let text = |second: &str| {
        format!(
            "use diesel::{{Connection, SqliteConnection}};\n#[derive(serde::Deserialize)]\nstruct Settings {{ users: String, pages: String }}\n\
             fn open(settings: &Settings) -> SqliteConnection {{ SqliteConnection::establish(&settings.users).unwrap() }}\n\
             fn migrate(settings: &Settings) {{ drop(SqliteConnection::establish(&settings.{second}).unwrap()); }}\n\
             fn main() {{ let settings: Settings = serde_json::from_str(\"{{}}\").unwrap(); migrate(&settings); drop(open(&settings)); }}\n"
        )
    };
    assert_eq!(named(&items(&["diesel", "serde", "serde_json"], &text("users")), Kind::EmbeddedDb).len(), 1);
    assert_eq!(named(&items(&["diesel", "serde", "serde_json"], &text("pages")), Kind::EmbeddedDb).len(), 2);
}

#[test]
fn a_temporary_file_that_is_moved_into_place_is_one_write() {
    let text = "fn save(folder: &str) {\n    let file = tempfile::NamedTempFile::new_in(folder).unwrap();\n    std::fs::rename(file.path(), \"/srv/pages/index\").unwrap();\n}\n\
        fn apart() {\n    std::fs::create_dir_all(\"/srv/new\").unwrap();\n    std::fs::rename(\"/srv/a\", \"/srv/b\").unwrap();\n}\n\
        fn main() { save(\"/srv\"); apart(); }\n";
    let items = items(&["tempfile"], text);
    assert_eq!(named(&items, Kind::FsWrite), ["/srv/b 1", "/srv/new 1", "/srv/pages/index 2"]);
}

#[test]
fn a_builder_makes_what_its_callers_build() {
    let text = "use std::time::Duration;\nuse std::sync::LazyLock;\nuse reqwest::{Client, ClientBuilder};\n\
        fn started() -> ClientBuilder { Client::builder().timeout(Duration::from_secs(7)) }\n\
        static PLAIN: LazyLock<Client> = LazyLock::new(|| started().build().unwrap());\n\
        struct Shop { client: Client }\n\
        impl Shop { fn new() -> Self { Self { client: started().timeout(Duration::from_secs(9)).build().unwrap() } } }\n\
        fn main() { let shop = Shop::new(); drop(shop.client.get(\"http://a\")); drop(PLAIN.get(\"http://b\")); }\n";
    let both = items(&["reqwest"], text);
    let told: Vec<(&str, Option<String>)> =
        both.iter().filter(|item| item.kind == Kind::SdkClient).map(|item| (item.name.as_str(), value(item, "timeout"))).collect();
    assert_eq!(told, [("PLAIN", Some("7s".to_owned())), ("Shop.client", Some("9s".to_owned()))]);
    // Where it goes is out of sight: the function is all that is known.
    let text =
        "fn started() -> reqwest::ClientBuilder { reqwest::Client::builder().http1_only() }\nfn main() { outside::take(started()); }\n";
    assert_eq!(named(&items(&["reqwest", "outside"], text), Kind::SdkClient).len(), 1);
}

#[test]
fn a_token_is_told_by_its_claims_and_by_the_cookie_that_holds_it() {
    let text = "use cookie::{Cookie, CookieJar};\n#[derive(serde::Serialize)]\nstruct Claims { sub: String }\n\
        fn sign(claims: &Claims) -> String { jsonwebtoken::encode(&jsonwebtoken::Header::default(), claims, &key()).unwrap() }\n\
        fn key() -> jsonwebtoken::EncodingKey { jsonwebtoken::EncodingKey::from_secret(b\"x\") }\n\
        fn mail_claims(user: &str) -> Claims { Claims { sub: user.to_owned() } }\nfn admin_claims() -> Claims { Claims { sub: String::new() } }\n\
        fn welcome(user: &str) -> String { sign(&mail_claims(user)) }\nfn again(user: &str) -> String { let claims = mail_claims(user); sign(&claims) }\n\
        fn login(jar: &mut CookieJar) { \n    let token = sign(&admin_claims());\n    jar.add(Cookie::build((\"ADMIN\", token)).http_only(true).build()); }\n\
        fn reset() -> String { sign(&Claims { sub: String::new() }) }\n\
        fn main() { println!(\"{}{}{}\", welcome(\"a\"), again(\"b\"), reset()); login(&mut CookieJar::new()); }\n";
    let items = items(&["cookie", "jsonwebtoken", "serde"], text);
    let told: Vec<String> = items
        .iter()
        .filter(|item| item.kind == Kind::ClientHeld && !item.summary.contains("key"))
        .map(|item| {
            format!("{} {}", item.name, item.sites.iter().filter_map(|site| site.function.as_deref()).collect::<Vec<_>>().join(" "))
        })
        .collect();
    assert_eq!(told, ["ADMIN shop::login shop::login", "reset shop::reset", "welcome shop::welcome shop::again"]);
}

#[test]
fn what_takes_a_cookie_away_says_nothing_of_how_long_it_is_kept() {
    let text = |name: &str, age: &str| {
        format!(
            "use cookie::{{Cookie, time::Duration}};\nenum Login {{ Guest, Org(String) }}\n\
             impl std::fmt::Display for Login {{ fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {{ match self {{ Login::Guest => write!(f, \"guest\"), Login::Org(id) => write!(f, \"org_{{id}}\") }} }} }}\n\
             fn logout() -> Cookie<'static> {{ Cookie::build({name}, \"\").max_age(Duration::seconds({age})).secure(true).finish() }}\n\
             fn login() -> Cookie<'static> {{ Cookie::build({name}, \"token\").max_age(Duration::days(1)).http_only(true).finish() }}\n\
             fn main() {{ println!(\"{{}}{{}}\", logout(), login()); }}\n"
        )
    };
    let told_of = |items: &[Item]| told(items, Kind::ClientHeld, "cookie", &["cookie", "max_age", "http_only"]);
    let told = |name: &str, age: &str| told_of(&items(&["cookie"], &text(name, age)));
    assert_eq!(told("\"session\"", "0"), ["cookie session", "max_age 1d", "http_only true"]);
    // Named as the `Display` of a variant writes it.
    assert_eq!(told("Login::Guest.to_string()", "0"), ["cookie guest", "max_age 1d", "http_only true"]);
    // A function that is handed the variant.
    let handed = text("\"session\"", "0")
        .replace(
            "fn logout() -> Cookie<'static> { Cookie::build(\"session\"",
            "fn logout(login: &Login) -> Cookie<'static> { Cookie::build(login.to_string()",
        )
        .replace("logout()", "logout(&Login::Guest)");
    assert!(items(&["cookie"], &handed).iter().any(|item| item.name == "guest"), "{handed}");
    let of = |text: &str| told_of(&items(&["cookie"], text));
    assert_eq!(of(&text("\"session\"", "0").replace("seconds(0)", "days(0)")), ["cookie session", "max_age 1d", "http_only true"]);
    assert_eq!(
        of(&text("\"session\"", "0").replace(".max_age(Duration::seconds(0))", "")),
        ["cookie session", "max_age 1d", "http_only true"]
    );
    // Two ages are two.
    assert_eq!(told("\"session\"", "60"), ["cookie session", "max_age 60s", "http_only true"]);
}

#[test]
fn one_program_run_by_several_functions_of_a_file_is_one_item() {
    let text = "use std::process::Command;\nfn fetch() { Command::new(\"git\").arg(\"fetch\").status().unwrap(); }\n\
        fn prune() { Command::new(\"git\").arg(\"gc\").status().unwrap(); }\nfn load() { Command::new(\"psql\").status().unwrap(); }\n\
        fn main() { fetch(); prune(); load(); }\n";
    assert_eq!(named(&items(&[], text), Kind::Os).len(), 2);
}

#[test]
fn rows_of_one_table_taken_in_one_manner_are_one_claim() {
    let text = "async fn delete(pool: &sqlx::PgPool) { sqlx::query(\"SELECT id FROM jobs WHERE a = 1 FOR UPDATE\").execute(pool).await.unwrap(); }\n\
        async fn change(pool: &sqlx::PgPool) { sqlx::query(\"SELECT id FROM jobs WHERE b = 1 FOR UPDATE\").execute(pool).await.unwrap(); }\n\
        async fn take(pool: &sqlx::PgPool) { sqlx::query(\"SELECT id FROM jobs FOR UPDATE SKIP LOCKED LIMIT 1\").execute(pool).await.unwrap(); }\n\
        #[tokio::main]\nasync fn main() { let pool = sqlx::PgPool::connect(\"postgres://db/shop\").await.unwrap(); delete(&pool).await; change(&pool).await; take(&pool).await; }\n";
    assert_eq!(named(&items(&["sqlx", "tokio"], text), Kind::Lease), ["delete 2", "take 1"]);
}

/// The facts of the only item of a kind with a word in its summary.
fn told(items: &[Item], kind: Kind, word: &str, keys: &[&str]) -> Vec<String> {
    let found: Vec<&Item> = items.iter().filter(|item| item.kind == kind && item.summary.contains(word)).collect();
    let [item] = found.as_slice() else { panic!("{} of {kind} with {word}: {items:#?}", found.len()) };
    keys.iter().map(|key| format!("{key} {}", value(item, key).unwrap_or_else(|| "-".to_owned()))).collect()
}

#[test]
fn a_row_that_is_numbered_beside_a_name_is_no_token() {
    let tokens = |pair: &str| {
        let text = format!(
            "async fn agree(pool: &sqlx::PgPool, scopes: &[String]) {{\n    \
             let (tokens, ids): (Vec<String>, Vec<uuid::Uuid>) = scopes.iter().map(|scope| {pair}).unzip();\n    \
             sqlx::query(\"INSERT INTO agreed (id, name) VALUES ($1, $2)\").bind(&ids).bind(&tokens).execute(pool).await.unwrap();\n}}\n\
             #[tokio::main]\nasync fn main() {{ let pool = sqlx::PgPool::connect(\"postgres://db/shop\").await.unwrap(); agree(&pool, &[]).await; }}\n"
        );
        named(&items(&["sqlx", "tokio", "uuid"], &text), Kind::ClientHeld)
    };
    assert_eq!(tokens("(scope.to_string(), uuid::Uuid::new_v4())"), Vec::<String>::new());
    assert_eq!(tokens("(uuid::Uuid::new_v4().to_string(), scope.id())"), ["tokens 1"]);
}

#[test]
fn samples_of_a_token_say_nothing_of_the_real_ones() {
    let text = |makers: &str| {
        format!(
            "use rand::{{Rng, distr::{{Alphanumeric, Distribution, SampleString}}}};\nstruct Grant {{ device_code: String }}\n{makers}\n\
             fn show(grant: &Grant) {{ println!(\"{{}}\", grant.device_code); }}\n"
        )
    };
    let told = |makers: &str| {
        let found = items(&["rand"], &text(makers));
        let tokens: Vec<&Item> = found.iter().filter(|item| item.kind == Kind::ClientHeld).collect();
        let [token] = tokens.as_slice() else { panic!("{tokens:#?}") };
        let mut by: Vec<&str> = token.sites.iter().filter_map(|site| site.function.as_deref()).collect();
        by.dedup();
        format!("{} {}", by.join(" "), value(token, "length").unwrap_or_default())
    };
    let make = |head: &str, length: u32| {
        format!("{head} {{ let device_code = Alphanumeric.sample_string(&mut rand::rng(), {length}); Grant {{ device_code }} }}")
    };
    let (real, sample) = (make("fn issue() -> Grant", 32), make("#[doc(hidden)] pub fn sample() -> Grant", 10));
    let main = "fn main() { show(&issue()); show(&Grant::sample()); }";
    assert_eq!(told(&format!("impl Grant {{ {sample} }}\n{real}\n{main}")), "shop::issue shop::main 32");
    assert_eq!(told(&format!("impl Grant {{ {sample} }}\nfn main() {{ show(&Grant::sample()); }}")), "shop::Grant::sample ");
    // A distribution draws what is handed out.
    let drawn = make("fn sample<R: Rng + ?Sized>(&self, _rng: &mut R) -> Grant", 16);
    let main = "fn main() { show(&Codes.sample(&mut rand::rng())); }";
    assert_eq!(told(&format!("struct Codes;\nimpl Distribution<Grant> for Codes {{ {drawn} }}\n{main}")), "shop::Codes::sample 16");
}

#[test]
fn a_static_that_only_debug_builds_write_is_not_said_to_change() {
    let of = |attribute: &str| {
        let text = format!(
            "use std::sync::{{LazyLock, RwLock}};\nstatic PAGES: LazyLock<Pages> = LazyLock::new(Pages::new);\nstruct Pages {{ text: RwLock<String> }}\n\
             impl Pages {{ fn new() -> Self {{ Pages {{ text: RwLock::new(String::new()) }} }}\n\
             fn page(&self) -> String {{ {attribute} {{ *self.text.write().unwrap() = String::new(); }} self.text.read().unwrap().clone() }} }}\n\
             fn main() {{ loop {{ println!(\"{{}}\", PAGES.page()); }} }}\n"
        );
        let found = items(&[], &text);
        let item = found.into_iter().find(|item| item.name == "PAGES").unwrap();
        let changes = item.uses.iter().any(|used| used.access == crate::model::Access::Write);
        (changes, item.summary.contains("can change at run time"))
    };
    assert_eq!(of(""), (true, false));
    assert_eq!(of("#[cfg(debug_assertions)]"), (false, true));
    assert_eq!(of("#[cfg(not(debug_assertions))]"), (true, false));
}

const CLAIMS: &str = "use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};\n#[derive(serde::Serialize)]\nstruct Claims { sub: String, exp: i64, iss: String }\n\
    fn key() -> EncodingKey { EncodingKey::from_secret(b\"x\") }\n";

#[test]
fn a_token_is_valid_as_long_as_its_claims_say() {
    let token = |exp: &str| {
        let text = format!(
            "{CLAIMS}fn token() -> String {{\n    let now = chrono::Utc::now();\n    \
             let claims = Claims {{ sub: String::new(), exp: {exp}, iss: \"shop\".to_owned() }};\n    \
             encode(&Header::new(Algorithm::ES256), &claims, &key()).unwrap()\n}}\nfn main() {{ println!(\"{{}}\", token()); }}\n"
        );
        told(&items(&["chrono", "jsonwebtoken", "serde"], &text), Kind::ClientHeld, "JWT", &["valid_for", "algorithm", "issuer", "claims"])
    };
    let valid =
        |length: &str| [format!("valid_for {length}"), "algorithm ES256".into(), "issuer shop".into(), "claims sub, exp, iss".into()];
    assert_eq!(token("(now + chrono::Duration::hours(2)).timestamp()"), valid("2h"));
    assert_eq!(token("now.timestamp() + 60 * 60 * 24"), valid("1d"));
    assert_eq!(token("now.checked_add_signed(chrono::TimeDelta::minutes(5)).unwrap().timestamp()"), valid("5min"));
    // A moment that is given from outside, or lies behind, is no length of time.
    assert_eq!(token("std::hint::black_box(1)"), valid("-"));
    assert_eq!(token("now.timestamp() - 60"), valid("-"));
}

#[test]
fn claims_are_followed_through_constructors_and_fields() {
    let text = format!(
        "{CLAIMS}impl Claims {{\n    fn new(sub: &str, hours: i64) -> Self {{\n        let exp = chrono::Utc::now() + chrono::Duration::hours(hours);\n        \
         Self {{ sub: sub.to_owned(), exp: exp.timestamp(), iss: String::new() }}\n    }}\n}}\n\
         fn login() -> String {{ encode(&Header::default(), &Claims::new(\"a\", 12), &key()).unwrap() }}\n\
         fn main() {{ println!(\"{{}}\", login()); }}\n"
    );
    let login = items(&["chrono", "jsonwebtoken", "serde"], &text);
    assert_eq!(told(&login, Kind::ClientHeld, "JWT", &["valid_for", "algorithm"]), ["valid_for 12h", "algorithm HS256"]);
    let text = format!(
        "{CLAIMS}struct Tokens {{ access: Claims }}\nimpl Tokens {{\n    fn sign(&self) -> String {{ encode(&Header::default(), &self.access, &key()).unwrap() }}\n}}\n\
         fn short() -> Claims {{ Claims {{ sub: String::new(), exp: (chrono::Utc::now() + chrono::Duration::minutes(10)).timestamp(), iss: String::new() }} }}\n\
         fn given(until: i64) -> Claims {{ Claims {{ sub: String::new(), exp: until, iss: String::new() }} }}\n\
         fn main() {{ println!(\"{{}}{{}}\", Tokens {{ access: short() }}.sign(), Tokens {{ access: given(outside::end()) }}.sign()); }}\n"
    );
    let several = items(&["chrono", "jsonwebtoken", "outside", "serde"], &text);
    assert_eq!(told(&several, Kind::ClientHeld, "JWT", &["valid_for"]), ["valid_for 10min or as given"]);
}

#[test]
fn an_option_that_is_set_in_a_branch_is_told_with_that() {
    let text = "use sqlx::postgres::PgPoolOptions;\nfn open(fast: bool) -> sqlx::PgPool {\n    let mut options = PgPoolOptions::new().max_connections(7);\n    \
        if fast { options = options.test_before_acquire(false); }\n    options.connect_lazy(\"postgres://db/shop\").unwrap()\n}\nfn main() { let _pool = open(true); }\n";
    let pool = items(&["sqlx"], text);
    assert_eq!(
        told(&pool, Kind::Pool, "Postgres", &["max_connections", "test_before_acquire"]),
        ["max_connections 7", "test_before_acquire false on a condition"]
    );
}

#[test]
fn an_ingredient_with_options_of_its_own_speaks_for_itself() {
    let text = "use governor::{Quota, RateLimiter};\nuse std::num::NonZeroU32;\n\
        fn limiter() -> RateLimiter { let quota = Quota::per_second(NonZeroU32::new(20).unwrap()).allow_burst(NonZeroU32::new(50).unwrap());\n    RateLimiter::direct(quota) }\n\
        fn main() { let _limiter = limiter(); }\n";
    let limiter = items(&["governor"], text);
    let keys = ["per_second", "allow_burst", "quota"];
    assert_eq!(told(&limiter, Kind::Limiter, "rate limiter", &keys), ["per_second 20", "allow_burst 50", "quota -"]);
    // A quota from elsewhere is all that is known.
    let text = "fn main() { let _limiter = governor::RateLimiter::direct(outside::quota()); }\n";
    let given = items(&["governor", "outside"], text);
    let item = given.iter().find(|item| item.kind == Kind::Limiter).unwrap();
    assert!(item.facts.iter().any(|fact| fact.key == "quota" && fact.from.is_some()), "{item:#?}");
}

#[test]
fn a_cache_of_ones_own_is_fresh_for_the_age_it_is_compared_with() {
    let text = |limits: &str| {
        format!(
            "use std::collections::HashMap;\nuse std::sync::Mutex;\nuse std::time::{{Duration, Instant}};\nconst FRESH: Duration = Duration::from_secs(300);\n\
             struct Pages {{ by_id: HashMap<u64, String>, read: Option<Instant> }}\nstatic PAGE_CACHE: Mutex<Option<Pages>> = Mutex::new(None);\n\
             fn page() -> usize {{\n    let mut cache = PAGE_CACHE.lock().unwrap();\n    let at = cache.as_ref().and_then(|pages| pages.read).unwrap();\n    {limits}\n    cache.as_ref().map_or(0, |pages| pages.by_id.len())\n}}\n\
             fn main() {{ println!(\"{{}}\", page()); }}\n"
        )
    };
    let keys = ["contents", "fresh_for"];
    let contents = "contents by_id: HashMap<u64, String>, read: Option<Instant>";
    let one = items(&[], &text("if at.elapsed() > FRESH { *cache = None; }"));
    assert_eq!(told(&one, Kind::Cache, "cache", &keys), [contents, "fresh_for 5min"]);
    // The same, said of the moment at which it ends.
    for limits in ["if at + FRESH < Instant::now() { *cache = None; }", "let now = Instant::now(); if now > at + FRESH { *cache = None; }"]
    {
        assert_eq!(told(&items(&[], &text(limits)), Kind::Cache, "cache", &keys), [contents, "fresh_for 5min"], "{limits}");
    }
    // What is to be done so much later is no age.
    let ahead = items(&[], &text("let end = Instant::now() + FRESH; if Instant::now() < end { *cache = None; } println!(\"{at:?}\");"));
    assert_eq!(told(&ahead, Kind::Cache, "cache", &keys), [contents, "fresh_for -"]);
    // Of two ages nobody knows which is that of the cache.
    let two = items(&[], &text("if at.elapsed() > FRESH || at.elapsed() > Duration::from_secs(9) { *cache = None; }"));
    assert_eq!(told(&two, Kind::Cache, "cache", &keys), [contents, "fresh_for -"]);
    // How long this very call has taken says nothing of the cache.
    let call = items(&[], &text("let start = Instant::now(); if start.elapsed() > FRESH { *cache = None; } println!(\"{at:?}\");"));
    assert_eq!(told(&call, Kind::Cache, "cache", &keys), [contents, "fresh_for -"]);
}

#[test]
fn entries_that_say_when_they_end_are_fresh_until_then() {
    let of = |expiry: &str| {
        let text = format!(
            "use std::collections::HashMap;\nuse std::sync::Mutex;\nuse std::time::{{Duration, Instant}};\n\
             struct Page {{ text: String, expiry: Instant }}\nimpl Page {{ fn is_old(&self) -> bool {{ Instant::now() >= self.expiry }} }}\n\
             static PAGE_CACHE: Mutex<HashMap<u64, Page>> = Mutex::new(HashMap::new());\n\
             fn page(id: u64, end: Instant) {{\n let mut cache = PAGE_CACHE.lock().unwrap();\n if cache.get(&id).is_none_or(|page| page.is_old()) {{\n\
             cache.insert(id, Page {{ text: String::new(), expiry: {expiry} }}); }} }}\n\
             fn main() {{ page(1, outside::end()); }}\n"
        );
        told(&items(&["outside"], &text), Kind::Cache, "cache", &["fresh_for"])
    };
    assert_eq!(of("Instant::now() + Duration::from_secs(60)"), ["fresh_for 60s"]);
    // Entries have an end, and nobody knows which.
    assert_eq!(of("end"), ["fresh_for -"]);
}

#[test]
fn a_store_has_the_address_that_all_of_its_pools_have() {
    let text = |second: &str| {
        format!(
            "use sqlx::postgres::PgPoolOptions;\nfn address() -> String {{ std::env::var(\"DATABASE_URL\").unwrap() }}\n\
             fn api() -> sqlx::PgPool {{ PgPoolOptions::new().connect_lazy(&address()).unwrap() }}\n\
             fn jobs() -> sqlx::PgPool {{ PgPoolOptions::new().connect_lazy(&{second}).unwrap() }}\nfn main() {{ let _pools = (api(), jobs()); }}\n"
        )
    };
    let from = |items: &[Item]| {
        let store = items.iter().find(|item| item.kind == Kind::ExternalStore).unwrap();
        store.facts.iter().find(|fact| fact.key == "address").and_then(|fact| fact.from.clone())
    };
    assert_eq!(from(&items(&["sqlx"], &text("address()"))).as_deref(), Some("DATABASE_URL"));
    // Two addresses are told with the two pools.
    let two = items(&["sqlx"], &text("std::env::var(\"REPLICA_URL\").unwrap()"));
    assert_eq!(from(&two), None);
    // A pool or a manager in its place is no address.
    let given = "fn main() { let _pool = sqlx::PgPool::connect_lazy_with(outside::options()); }\n";
    assert_eq!(from(&items(&["sqlx", "outside"], given)), None);
    // The password of an address is hidden, and pairs of names and values are not shown at all.
    let secret = items(&["sqlx"], "fn main() { let _pool = sqlx::PgPool::connect_lazy(\"postgres://app:hunter2@db/shop\"); }\n");
    let pool = secret.iter().find(|item| item.kind == Kind::Pool).unwrap();
    assert_eq!(value(pool, "address").as_deref(), Some("postgres://…@db/shop"));
    let pairs = "fn main() { let _session = tokio_postgres::connect(\"host=db password=hunter2\", tokio_postgres::NoTls); }\n";
    assert!(!format!("{:?}", items(&["tokio-postgres"], pairs)).contains("hunter2"));
}

#[test]
fn a_default_for_one_database_is_none_of_another() {
    let text = "use diesel::{Connection, PgConnection, MysqlConnection};\nfn main() {\n    \
        let url = std::env::var(\"DATABASE_URL\").unwrap_or_else(|_| \"postgres://localhost/shop\".to_owned());\n    \
        if url.starts_with(\"mysql\") { drop(MysqlConnection::establish(&url).unwrap()); } else { drop(PgConnection::establish(&url).unwrap()); }\n}\n";
    let found = items(&["diesel"], text);
    let told: Vec<(&str, Option<String>)> =
        found.iter().filter(|item| item.kind == Kind::ExternalStore).map(|item| (item.name.as_str(), value(item, "address"))).collect();
    assert_eq!(told, [("mysql", None), ("postgres", Some("postgres://localhost/shop".to_owned()))]);
}

#[test]
fn layers_and_pragmas_are_listed() {
    let text = "use tracing_subscriber::{EnvFilter, Registry, layer::SubscriberExt};\nuse sqlx::sqlite::{SqliteConnectOptions, SqlitePool};\n\
        fn main() {\n    let filter = EnvFilter::new(\"info\");\n    let made = Registry::default().with(filter).with(tracing_subscriber::fmt::layer().json());\n    \
        tracing::subscriber::set_global_default(made).unwrap();\n    \
        let _pool = SqlitePool::connect_lazy_with(SqliteConnectOptions::new().filename(\"/srv/shop.db\").pragma(\"mmap_size\", \"1000\").pragma(\"cache_size\", \"-64\"));\n}\n";
    let found = items(&["sqlx", "tracing", "tracing-subscriber"], text);
    assert_eq!(
        told(&found, Kind::Telemetry, "subscriber", &["layers"]),
        ["layers EnvFilter::new(\"info\"), tracing_subscriber::fmt::layer().json()"]
    );
    assert_eq!(
        told(&found, Kind::Pool, "SQLite", &["pragma mmap_size", "pragma cache_size"]),
        ["pragma mmap_size 1000", "pragma cache_size -64"]
    );
}

#[test]
fn a_bound_of_weighed_entries_is_no_number_of_entries() {
    let text = |weigher: &str| {
        format!("fn main() {{ let _cache = moka::sync::Cache::<u32, Vec<u8>>::builder().max_capacity(5000){weigher}.build(); }}\n")
    };
    let summary = |items: &[Item]| items.iter().find(|item| item.kind == Kind::Cache).unwrap().summary.clone();
    assert!(summary(&items(&["moka"], &text(""))).contains("at most 5,000 entries"));
    let weighed = summary(&items(&["moka"], &text(".weigher(|_, page| page.len() as u32)")));
    assert!(weighed.contains("at most 5,000 units of weight"), "{weighed}");
}

#[test]
fn a_folder_that_is_cleared_is_made_anew_and_a_file_that_is_taken_away_is_told_by_itself() {
    let text = "fn clear() { std::fs::remove_dir_all(\"/srv/scratch\").unwrap(); }\nfn make() { std::fs::create_dir_all(\"/srv/scratch\").unwrap(); }\n\
        fn save() { std::fs::write(\"/srv/state.json\", \"\").unwrap(); }\nfn forget() { std::fs::remove_file(\"/srv/state.json\").unwrap(); }\n\
        fn main() { clear(); make(); save(); forget(); }\n";
    assert_eq!(named(&items(&[], text), Kind::FsWrite), ["/srv/scratch 2", "/srv/state.json 1", "/srv/state.json 1"]);
}

#[test]
fn what_the_field_holds_without_its_variable_is_the_default_of_the_variable() {
    let text = "struct Config { port: u16, size: u16, other: u16, token: String }\n\
        impl Default for Config { fn default() -> Self { Config { port: 8080, size: 5, other: 6, token: \"hunter2\".to_string() } } }\n\
        fn main() {\n    let mut config = Config::default();\n    \
        if let Ok(port) = std::env::var(\"PORT\") { config.port = port.parse().unwrap(); }\n    \
        if let Ok(size) = std::env::var(\"SIZE\") { config.size = size.parse().unwrap(); }\n    \
        if let Ok(size) = std::env::var(\"SIZE\") { config.other = size.parse().unwrap(); }\n    \
        if let Ok(token) = std::env::var(\"API_TOKEN\") { config.token = token; }\n    \
        println!(\"{} {} {} {}\", config.port, config.size, config.other, config.token);\n}\n";
    let items = items(&[], text);
    let default = |name: &str| value(items.iter().find(|item| item.name == name).unwrap(), "default");
    assert_eq!(default("PORT").as_deref(), Some("8080"));
    // Two fields that disagree say nothing, and what a secret is without its variable is not shown.
    assert_eq!((default("SIZE"), default("API_TOKEN").as_deref()), (None, Some("(set, hidden)")));
}

#[test]
fn a_session_names_the_keys_that_are_kept_in_it() {
    let text = "use actix_session::Session;\nconst USER: &str = \"user_id\";\n\
        fn enter(session: Session, id: u32) { session.insert(USER, id).unwrap(); }\n\
        fn note(session: Session, name: String) { session.insert(name, 1).unwrap(); }\n\
        fn main() { let _ = (enter, note); }\n";
    let items = items(&["actix-session"], text);
    let keys: Vec<_> =
        items.iter().filter(|item| item.kind == Kind::Session).flat_map(|item| &item.facts).filter(|fact| fact.key == "key").collect();
    assert_eq!(keys.iter().map(|fact| fact.value.as_ref().unwrap().to_string()).collect::<Vec<_>>(), ["user_id"]);
}

#[test]
fn a_number_that_holds_only_for_want_of_another_is_told_as_such_and_cpus_in_words() {
    let pool = |threads: &str| {
        let text = format!(
            "fn main() {{\n    let threads = {threads};\n    \
             let _pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();\n}}\n"
        );
        items(&["rayon", "num_cpus"], &text).into_iter().find(|item| item.kind == Kind::Pool).unwrap().summary
    };
    let bound = |threads: &str| pool(threads).trim_start_matches("rayon thread pool, ").to_owned();
    assert_eq!(bound("std::env::args().count()"), "size set from `std::env::args().count()`");
    assert_eq!(
        bound("std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(8)"),
        "at most 8 threads unless `std::env::args().nth(1).and_then(…)` gives another"
    );
    assert_eq!(bound("num_cpus::get()"), "at most the number of CPUs");
    assert_eq!(bound("std::thread::available_parallelism().map(|n| n.get()).unwrap_or(4)"), "at most the number of CPUs");
    assert_eq!(
        bound("std::env::var(\"THREADS\").ok().and_then(|n| n.parse().ok()).unwrap_or_else(num_cpus::get)"),
        "at most the number of CPUs unless `THREADS` is set"
    );
    // Half of them is another number.
    let half = bound("std::thread::available_parallelism().map(|n| n.get() / 2).unwrap_or(4)");
    assert_eq!(half, "at most 4 threads unless `std::thread::available_parallelism().map(…)` gives another");
    assert_eq!(bound("num_cpus::get() * 2"), "size set from `num_cpus::get() * 2`");
}

#[test]
fn a_builder_that_is_perhaps_given_a_value_has_the_default_of_its_field() {
    let text = |setter: &str| {
        format!(
            "#[derive(bon::Builder)]\nstruct Config {{ #[builder(default = 5)] size: u32 }}\n\
             fn size() -> Option<u32> {{ std::env::var(\"SIZE\").ok()?.parse().ok() }}\n\
             fn main() {{\n    let config = Config::builder().{setter}.build();\n    \
             let _pool = sqlx::postgres::PgPoolOptions::new().max_connections(config.size).connect_lazy(\"postgres://db/shop\");\n}}\n"
        )
    };
    let summary = |setter: &str| {
        let items = items(&["bon", "sqlx"], &text(setter));
        let default = value(items.iter().find(|item| item.name == "SIZE").unwrap(), "default");
        (items.iter().find(|item| item.kind == Kind::Pool).unwrap().summary.clone(), default)
    };
    let (perhaps, default) = summary("maybe_size(size())");
    assert!(perhaps.contains("at most 5 connections unless `SIZE` is set"), "{perhaps}");
    assert_eq!(default.as_deref(), Some("5"));
    // Where it has to be there, the default of the field never holds.
    let (always, default) = summary("size(size().unwrap())");
    assert!(always.contains("size set by `SIZE`"), "{always}");
    assert_eq!(default, None);
}

#[test]
fn a_client_within_another_one_keeps_its_defaults() {
    let text = |options: &str| {
        format!(
            "fn main() {{ let _client = reqwest_middleware::ClientBuilder::new(reqwest::Client::builder(){options}.build().unwrap()).build(); }}\n"
        )
    };
    let timeout = |options: &str| {
        let items = items(&["reqwest", "reqwest-middleware"], &text(options));
        let clients: Vec<_> = items.iter().filter(|item| item.kind == Kind::SdkClient).collect();
        assert_eq!(clients.len(), 1, "{clients:#?}");
        let fact = clients[0].facts.iter().find(|fact| fact.key == "timeout").unwrap();
        (fact.value.as_ref().unwrap().to_string(), fact.provenance)
    };
    assert_eq!(timeout(""), ("none".to_owned(), Provenance::Default));
    assert_eq!(timeout(".timeout(std::time::Duration::from_secs(3))"), ("3s".to_owned(), Provenance::Code));
}

#[test]
fn a_detached_task_that_runs_a_server_is_that_server() {
    let server = |spawned: &str| {
        let text = format!(
            "use tonic::transport::Server;\nfn at() -> std::net::SocketAddr {{ \"0.0.0.0:80\".parse().unwrap() }}\n\
             async fn serve() {{ Server::builder().serve(at()).await.unwrap(); }}\n\
             async fn serve_both() {{ serve().await; Server::builder().serve(at()).await.unwrap(); Server::builder().serve(at()).await.unwrap(); }}\n\
             async fn mail() {{ println!(\"sent\"); }}\n\
             #[tokio::main]\nasync fn main() {{ tokio::spawn({spawned}); std::future::pending::<()>().await; }}\n"
        );
        named(&items(&["tonic", "tokio"], &text), Kind::BackgroundTask)
    };
    let apart = server("mail()");
    assert!(apart.contains(&"mail 1".to_owned()) && apart.contains(&"serve 1".to_owned()), "{apart:?}");
    let one = server("serve()");
    assert!(one.contains(&"serve 2".to_owned()) && one.len() == apart.len() - 1, "{one:?}");
    let several = server("serve_both()");
    assert_eq!(several.len(), apart.len(), "{several:?}");
}
