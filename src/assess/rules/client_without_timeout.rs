//! Rule `client-without-timeout`: see `client_without_timeout.md`.

use smol_str::SmolStr;

use crate::assess::ground::{entry, fact, place, telling_entry};
use crate::assess::{Ground, Rule};
use crate::model::{Confidence, EntryKind, Fact, Hazard, HazardSeverity, Item, Kind, Provenance};

pub(super) const RULE: Rule = Rule {
    id: "client-without-timeout",
    title: "a client that waits for ever",
    several: "{} clients wait for an answer as long as it takes: no timeout is set",
    needs: None,
    symptom: "requests hang while everything looks healthy; connections and tasks pile up until something else runs out",
    remedy: "set a timeout for the whole request and one for connecting, shorter than that of whoever waits for this service",
    sketch: Some((
        "rust",
        "reqwest::Client::builder()\n    .connect_timeout(Duration::from_secs(2))\n    .timeout(Duration::from_secs(10))\n    .build()?",
    )),
    ends_when: "the client, or each of its requests, is given a timeout",
    symptoms: &["hanging-requests", "bimodal-latency"],
    docs: include_str!("client_without_timeout.md"),
    run,
};

fn run(rule: &Rule, ground: &Ground<'_>, out: &mut Vec<Hazard>) {
    for item in ground.of_kinds(&[Kind::SdkClient]) {
        let timeout = fact(item, "timeout").or_else(|| fact(item, "response_timeout"));
        let Some(timeout) = timeout.filter(|fact| is_none(fact)) else { continue };
        // A client that gives up on silence does not wait for ever; nor does one whose calls are ended one by one.
        if fact(item, "read_timeout").is_some_and(|read| !is_none(read))
            || fact(item, "timeout_at_call").is_some()
            || is_generated(item)
            || is_ended_otherwise(item)
        {
            continue;
        }
        let Some(severity) = severity(ground, item) else { continue };
        let who = used_by(item);
        let set = if timeout.provenance == Provenance::Default {
            "has no timeout, which is the library's default"
        } else {
            "is given no timeout"
        };
        let mut hazard = rule.about(item, severity, format!("`{}` {set}: an answer that never comes is waited for{who}", item.name));
        hazard = hazard.because(format!("{}, made here", item.summary), place(item));
        // Where no use was seen, a timeout at the call was not seen either.
        if item.uses.is_empty() && item.entry_points.is_empty() {
            hazard = hazard.at_most(Confidence::Likely);
        }
        out.push(hazard);
    }
    for item in ground.of_kinds(&[Kind::Pool]) {
        let Some(wait) = fact(item, "wait_timeout").filter(|fact| is_none(fact)) else { continue };
        // Whoever takes one gives up by himself.
        if fact(item, "wait_at_most").is_some() || fact(item, "timeout_at_call").is_some() {
            continue;
        }
        let Some(severity) = severity(ground, item) else { continue };
        let set = if wait.provenance == Provenance::Default { ", which is the library's default" } else { "" };
        let who = used_by(item);
        let message = format!("`{}` has no timeout for getting a connection{set}: with all in use, one is waited for{who}", item.name);
        let hazard = rule.about(item, severity, message).because(format!("{}, made here", item.summary), place(item));
        out.push(hazard.mended_by("set how long a request may wait for a connection, shorter than whoever waits for this service"));
    }
}

/// A tool that a person waits for can be stopped by him: only what serves or works by itself is told.
fn severity(ground: &Ground<'_>, item: &Item) -> Option<HazardSeverity> {
    if Ground::is_on_requests(item) {
        return Some(HazardSeverity::Medium);
    }
    let by_task = item.entry_points.iter().any(|one| one.kind == EntryKind::Task);
    let works = |service: &SmolStr| {
        let own = |other: &&Item| other.services.contains(service);
        let by_routes = ground.items.iter().filter(own).any(|other| other.entry_points.iter().any(|one| one.kind == EntryKind::Route));
        by_routes || ground.lifecycles.iter().any(|one| one.service == *service && !one.servers.is_empty())
    };
    (by_task || item.services.iter().any(works)).then_some(HazardSeverity::Low)
}

/// A constructor that a generator put beside the client, which nothing was seen to use.
fn is_generated(item: &Item) -> bool {
    let by = item.site().and_then(|site| site.function.as_deref()).unwrap_or("");
    by.contains("_client::") && by.ends_with("Client::connect") && item.entry_points.is_empty()
}

/// The value is known, and it is none.
fn is_none(fact: &Fact) -> bool {
    fact.value.as_ref().is_some_and(|value| matches!(value.to_string().as_str(), "none" | "no timeout" | "never"))
}

/// The other side is asked whether it is still there; or an exporter sends in batches, each of which has its end.
fn is_ended_otherwise(item: &Item) -> bool {
    let asks = |fact: &Fact| {
        fact.key.contains("keep_alive") && !fact.key.contains("tcp") && fact.provenance != Provenance::Default && !is_none(fact)
    };
    let id = item.id.as_str().to_lowercase();
    item.facts.iter().any(asks) || ["otel", "opentelemetry", "otlp", "zipkin"].iter().any(|word| id.contains(word))
}

/// Who waits.
fn used_by(item: &Item) -> String {
    match telling_entry(item) {
        Some(one) => format!(" by {}", entry(one)),
        None if item.entry_points.iter().any(|one| one.kind == EntryKind::Task) => {
            " by a background task, which does nothing else meanwhile".to_owned()
        }
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::map;

    const MANIFEST: &str = "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\naxum = \"0.8\"\n\
        reqwest = \"0.12\"\ntokio = \"1\"\ndeadpool-postgres = \"0.14\"\n";

    /// A handler that runs `call` with the client that `build` makes.
    fn told(build: &str, call: &str) -> Vec<String> {
        let source = format!(
            r#"//- /src/main.rs
#[derive(Clone)]
struct Partner {{ client: reqwest::Client }}
impl Partner {{
    fn new() -> Self {{ Self {{ client: {build} }} }}
    async fn ask(&self) -> String {{ {call} }}
}}
#[tokio::main]
async fn main() {{
    let app = axum::Router::new().route("/", axum::routing::get(handler)).with_state(Partner::new());
    let listener = tokio::net::TcpListener::bind("0.0.0.0:80").await.unwrap();
    axum::serve(listener, app).await.unwrap();
}}
async fn handler(axum::extract::State(partner): axum::extract::State<Partner>) -> String {{ partner.ask().await }}
//- /Cargo.toml
{MANIFEST}"#
        );
        let hazards = map(&source).hazards;
        hazards
            .iter()
            .filter(|one| one.rule == "client-without-timeout")
            .map(|one| format!("{}: {}", one.severity.as_str(), one.message))
            .collect()
    }

    const ASK: &str = "self.client.get(\"https://partner.example\").send().await.unwrap().text().await.unwrap()";

    #[test]
    fn a_client_with_the_defaults_of_its_library() {
        assert_eq!(
            told("reqwest::Client::new()", ASK),
            [
                "medium: `Partner.client` has no timeout, which is the library's default: an answer that never comes is waited for by `GET /`"
            ]
        );
    }

    #[test]
    fn a_timeout_of_the_client_of_silence_or_of_each_call() {
        for build in [
            "reqwest::Client::builder().timeout(std::time::Duration::from_secs(5)).build().unwrap()",
            "reqwest::Client::builder().timeout(limit()).build().unwrap()",
            "reqwest::Client::builder().read_timeout(std::time::Duration::from_secs(5)).build().unwrap()",
        ] {
            assert!(told(build, ASK).is_empty(), "{build}");
        }
        let by_request = ASK.replace(".send()", ".timeout(std::time::Duration::from_secs(5)).send()");
        assert!(told("reqwest::Client::new()", &by_request).is_empty());
        let around = format!("tokio::time::timeout(std::time::Duration::from_secs(5), async {{ {ASK} }}).await.unwrap()");
        assert!(told("reqwest::Client::new()", &around).is_empty());
    }

    #[test]
    fn a_tool_that_serves_nothing_is_stopped_by_who_waits() {
        let tool = format!(
            "//- /src/main.rs\n#[tokio::main]\nasync fn main() {{ let client = reqwest::Client::new(); client.get(\"https://a.example\").send().await.unwrap(); }}\n//- /Cargo.toml\n{MANIFEST}"
        );
        assert!(map(&tool).hazards.iter().all(|one| one.rule != "client-without-timeout"));
    }

    /// A pool that `build` makes, out of which a handler takes a connection by `take`.
    fn of_a_pool(build: &str, take: &str) -> Vec<String> {
        let source = format!(
            r#"//- /src/main.rs
use std::time::Duration;
use deadpool_postgres::{{Manager, Pool, PoolConfig, Timeouts}};
#[derive(Clone)]
struct Rows {{ pool: Pool }}
impl Rows {{
    fn new() -> Self {{ let manager = Manager::new("postgres://db/shop".parse().unwrap(), tokio_postgres::NoTls); {build} }}
    async fn one(&self) -> deadpool_postgres::Object {{ self.pool.get().await.unwrap() }}
}}
#[tokio::main]
async fn main() {{
    let app = axum::Router::new().route("/", axum::routing::get(handler)).with_state(Rows::new());
    let listener = tokio::net::TcpListener::bind("0.0.0.0:80").await.unwrap();
    axum::serve(listener, app).await.unwrap();
}}
async fn handler(axum::extract::State(rows): axum::extract::State<Rows>) -> String {{ {take}; String::new() }}
//- /Cargo.toml
{MANIFEST}"#
        );
        map(&source).hazards.iter().filter(|one| one.rule == "client-without-timeout").map(|one| one.message.clone()).collect()
    }

    #[test]
    fn a_pool_whose_wait_has_no_end_here_or_at_any_caller() {
        let build = |config: &str| format!("{config} Self {{ pool: Pool::builder(manager).config(config).build().unwrap() }}");
        let plain = build("let config = PoolConfig::default();");
        let by_the_pool = "`Rows.pool` has no timeout for getting a connection, which is the library's default: with all in use, one is waited for by `GET /`";
        assert_eq!(of_a_pool(&plain, "rows.one().await"), [by_the_pool]);
        let only_create =
            "PoolConfig { timeouts: Timeouts { create: Some(Duration::from_secs(2)), ..Default::default() }, ..Default::default() }";
        assert_eq!(of_a_pool(&build(&format!("let config = {only_create};")), "rows.one().await"), [by_the_pool]);
        // By a field of the options within, by options that are not seen, and by whoever takes one.
        for config in [
            format!("let config = {};", only_create.replace("create:", "wait:")),
            "let mut config = PoolConfig::default(); config.timeouts = Timeouts { wait: Some(Duration::from_secs(2)), ..Default::default() };".to_owned(),
            "let mut config = PoolConfig::default(); config.timeouts = timeouts();".to_owned(),
        ] {
            assert!(of_a_pool(&build(&config), "rows.one().await").is_empty(), "{config}");
        }
        assert!(of_a_pool(&plain, "let _ = tokio::time::timeout(Duration::from_secs(5), rows.one()).await").is_empty());
    }
}
