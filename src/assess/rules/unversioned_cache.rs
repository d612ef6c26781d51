//! Rule `unversioned-cache`: see `unversioned_cache.md`.

use super::times::seconds;
use crate::assess::ground::{fact, place};
use crate::assess::naming::words;
use crate::assess::{Ground, Rule};
use crate::model::{Confidence, Fact, FactValue, Hazard, HazardSeverity, Item, Kind, Scope};

pub(super) const RULE: Rule = Rule {
    id: "unversioned-cache",
    title: "a cache that does not hear of changes",
    several: "{} caches go on answering with what was true before a change",
    needs: Some("the number of replicas"),
    symptom: "after a change some requests still see the old value, depending on the replica that answers; a restart mends it",
    remedy: "let entries age (a short time to live), tell all replicas of a change (a channel of the store), or put a version of the data into the key",
    sketch: Some((
        "rust",
        "// the key changes with the data: an old entry is never asked for again\nlet key = (user.id, user.permissions_version);\ncache.get_with(key, async { load(user.id).await }).await",
    )),
    ends_when: "entries expire soon, every replica hears of a change, or the key holds a version",
    symptoms: &["different-answers", "stale-permissions", "banned-user-gets-in"],
    docs: include_str!("unversioned_cache.md"),
    run,
};

/// Words for what must not be out of date.
const RIGHTS: &[&str] = &[
    "access",
    "acl",
    "auth",
    "ban",
    "banned",
    "member",
    "membership",
    "permission",
    "permissions",
    "policy",
    "policies",
    "privileges",
    "rights",
    "role",
    "roles",
    "rollup",
];

/// Words for what never changes under its key, and for handles that hold no data.
const FIXED: &[&str] = &[
    "blob",
    "channel",
    "chunk",
    "client",
    "compiled",
    "connection",
    "digest",
    "etag",
    "handle",
    "hash",
    "immutable",
    "lock",
    "locker",
    "mutex",
    "notify",
    "pool",
    "regex",
    "semaphore",
    "sender",
    "version",
    "versions",
];

/// Entries that old are as good as fresh.
const SHORT: u64 = 300;

fn run(rule: &Rule, ground: &Ground<'_>, out: &mut Vec<Hazard>) {
    const KINDS: &[Kind] = &[Kind::Static, Kind::SharedState, Kind::Cache];
    for item in ground.of_kinds(KINDS).filter(|item| item.scope == Scope::Process && fact(item, "lifetime").is_none()) {
        out.extend(told_to_one(rule, ground, item).or_else(|| kept_for_good(rule, ground, item)));
    }
}

/// A request takes an entry out of the cache of the replica that it came to.
fn told_to_one(rule: &Rule, ground: &Ground<'_>, item: &Item) -> Option<Hazard> {
    let invalidated = fact(item, "invalidated").filter(|_| !is_generic(item))?;
    let fleet = ground.replicated(item)?;
    let age = age(item);
    let (until, severity) = match age {
        Age::Seconds(seconds) if seconds <= SHORT => return None,
        Age::Unknown => return None,
        Age::Seconds(_) => (format!("until the entry expires, after {}", told_age(item)), HazardSeverity::Low),
        Age::Never if is_about_rights(item) => ("until it is pushed out or the process ends".to_owned(), HazardSeverity::High),
        Age::Never => ("until it is pushed out or the process ends".to_owned(), HazardSeverity::Medium),
    };
    let others = match fleet.at_most {
        Some(most) => format!("the others of {} to {most} replicas keep", fleet.replicas),
        None if fleet.replicas == 2 => "the other one keeps".to_owned(),
        None => format!("the other {} keep", fleet.replicas - 1),
    };
    let on = text(invalidated);
    let message = format!("`{}` drops an entry {on} in one replica of {}: {others} the old value {until}", item.name, fleet.name());
    let hazard = rule.about(item, severity, message).at_most(Confidence::Likely);
    let hazard = hazard.because(format!("{}, in each process", item.summary), place(item));
    let hazard = hazard.because(format!("an entry is taken out here {on}"), invalidated.at.as_ref());
    Some(hazard.run_by(fleet))
}

/// What was looked up once is kept as long as the process lives.
fn kept_for_good(rule: &Rule, ground: &Ground<'_>, item: &Item) -> Option<Hazard> {
    let memoised = fact(item, "memoised").filter(|_| age(item) == Age::Never && !never_changes(item))?;
    let rights = is_about_rights(item);
    // What is out of date, and whether it matters, only rights tell by themselves.
    let severity = if rights { HazardSeverity::High } else { HazardSeverity::Low };
    if !rights && !Ground::is_on_requests(item) {
        return None;
    }
    let copies = ground.replicated(item).map(|fleet| format!(", each of {} of {} for itself", fleet.copies(), fleet.name()));
    let message = format!(
        "`{}` keeps what it looked up first until the process ends{}: no expiry, and nothing drops an entry after a change",
        item.name,
        copies.unwrap_or_default()
    );
    let mut hazard = rule.about(item, severity, message).at_most(Confidence::Likely);
    hazard = hazard.because(item.summary.clone(), place(item));
    hazard = hazard.because(format!("looked up, else asked for and kept, {}", text(memoised)), memoised.at.as_ref());
    if let Some(fleet) = ground.replicated(item) {
        hazard = hazard.run_by(fleet);
    }
    if rights {
        hazard = hazard
            .seen_as("a role that was taken away, or a ban, has no effect on the replicas that have seen the user, until they restart");
    }
    Some(hazard)
}

/// How long an entry may be kept.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Age {
    Seconds(u64),
    Never,
    Unknown,
}

const AGES: &[&str] = &["time_to_live", "ttl", "ttl_secs", "fresh_for", "time", "expiry", "expire_after", "lifespan"];

fn age(item: &Item) -> Age {
    let mut known = AGES.iter().filter_map(|key| fact(item, key));
    let Some(fact) = known.next() else {
        // What a library does by itself is known by its facts only.
        return if item.id.as_str().contains('#') { Age::Unknown } else { Age::Never };
    };
    match &fact.value {
        None => Age::Unknown,
        Some(FactValue::Int(number)) => u64::try_from(*number).map_or(Age::Unknown, Age::Seconds),
        Some(value) if matches!(value.to_string().as_str(), "none" | "never" | "unbounded") => Age::Never,
        Some(value) => seconds(&value.to_string()).map_or(Age::Unknown, Age::Seconds),
    }
}

/// A cache for whatever it is used with: what it holds, and whether that changes, is told elsewhere.
fn is_generic(item: &Item) -> bool {
    let held = item.ty.as_deref().and_then(|ty| ty.rsplit_once(',')).map_or("", |(_, held)| held.trim().trim_end_matches('>'));
    held.len() == 1
}

fn told_age(item: &Item) -> String {
    let known = AGES.iter().find_map(|key| fact(item, key));
    known.and_then(|fact| fact.value.as_ref()).map(ToString::to_string).unwrap_or_default()
}

fn is_about_rights(item: &Item) -> bool {
    let words = words(&item.name).into_iter().chain(item.ty.as_deref().map(words).unwrap_or_default());
    words.into_iter().any(|word| RIGHTS.contains(&word.as_str()))
}

fn never_changes(item: &Item) -> bool {
    // The value of the map; locks and hashes around it say nothing.
    let held = item.ty.as_deref().and_then(|ty| ty.rsplit_once(',')).map(|(_, held)| words(held)).unwrap_or_default();
    words(&item.name).iter().chain(&held).any(|word| FIXED.contains(&word.as_str()))
}

fn text(fact: &Fact) -> &str {
    match &fact.value {
        Some(FactValue::Text(text)) => text,
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::super::shop::{deployment, found};

    const MAIN: &str = r#"
use std::collections::HashMap;
use std::sync::Arc;
use axum::extract::State;
#[derive(Clone)]
struct AppState { store: Arc<Store> }
#[tokio::main]
async fn main() {
    let db = sqlx::PgPool::connect("postgres://db/shop").await.unwrap();
    let state = AppState { store: Arc::new(Store::new(db)) };
    let app = axum::Router::new().route("/", axum::routing::get(read)).route("/", axum::routing::put(write)).with_state(state);
    let listener = tokio::net::TcpListener::bind("0.0.0.0:80").await.unwrap();
    axum::serve(listener, app).await.unwrap();
}
async fn read(State(state): State<AppState>) -> String { state.store.get("a").await }
async fn write(State(state): State<AppState>) { state.store.change("a").await; }
"#;

    fn told(store: &str, replicas: u32) -> Vec<String> {
        found("unversioned-cache", &format!("{MAIN}{store}"), &[("k/deploy.yaml", &deployment(replicas, "", ""))])
    }

    fn products(build: &str) -> String {
        format!(
            r#"
struct Store {{ products: moka::future::Cache<String, String>, db: sqlx::PgPool }}
impl Store {{
    fn new(db: sqlx::PgPool) -> Self {{ Self {{ products: moka::future::Cache::builder().max_capacity(100){build}.build(), db }} }}
    async fn get(&self, id: &str) -> String {{ if let Some(known) = self.products.get(id).await {{ return known; }} self.load(id).await }}
    async fn load(&self, id: &str) -> String {{ self.products.insert(id.to_owned(), String::new()).await; String::new() }}
    async fn change(&self, id: &str) {{ self.products.invalidate(id).await; }}
}}
"#
        )
    }

    #[test]
    fn an_entry_is_dropped_in_one_of_several_replicas() {
        assert_eq!(
            told(&products(""), 3),
            [
                "medium `Store.products` drops an entry on `PUT /` in one replica of `Deployment/shop`: the other 2 keep the old value until it is pushed out or the process ends"
            ]
        );
        assert!(told(&products(""), 1).is_empty());
        assert!(told(&products(".time_to_live(std::time::Duration::from_secs(30))"), 3).is_empty());
        assert!(told(&products(".time_to_live(age())"), 3).is_empty());
        assert!(told(&products("").replace("self.products.invalidate(id).await", "self.db.close().await"), 3).is_empty());
    }

    fn map(name: &str, change: &str) -> String {
        format!(
            r#"
struct Store {{ {name}: tokio::sync::RwLock<HashMap<String, String>>, db: sqlx::PgPool }}
impl Store {{
    fn new(db: sqlx::PgPool) -> Self {{ Self {{ {name}: Default::default(), db }} }}
    async fn get(&self, id: &str) -> String {{
        if let Some(known) = self.{name}.read().await.get(id) {{ return known.clone(); }}
        let found: String = sqlx::query_scalar("SELECT name FROM roles WHERE id = $1").bind(id).fetch_one(&self.db).await.unwrap();
        self.{name}.write().await.insert(id.to_owned(), found.clone());
        found
    }}
    async fn change(&self, id: &str) {{ {change} }}
}}
"#
        )
    }

    #[test]
    fn what_was_looked_up_once_is_kept_for_good() {
        let permissions = told(&map("permissions", ""), 2);
        assert_eq!(
            permissions,
            [
                "high `Store.permissions` keeps what it looked up first until the process ends, each of 2 replicas of `Deployment/shop` for itself: no expiry, and nothing drops an entry after a change"
            ]
        );
        assert!(told(&map("names", ""), 2)[0].starts_with("low `Store.names` keeps"));
        // It does not change under its key.
        assert!(told(&map("by_digest", ""), 2).is_empty());
        assert!(told(&map("names", "self.names.write().await.clear();"), 2).is_empty());
        assert!(told(&map("names", "self.names.write().await.insert(id.to_owned(), String::new());"), 2).is_empty());
    }

    #[test]
    fn where_it_speaks_without_a_deployment_file_the_page_says_not_that_it_is_silent() {
        let silent = |change: &str| {
            let map = super::super::shop::shop(&format!("{MAIN}{}", map("names", change)), &[]);
            let options = crate::render::RenderOptions::default();
            let page = crate::render::markdown(&map, &options).unwrap();
            let line = page.lines().find(|line| line.contains("No deployment file says how")).unwrap().to_owned();
            (line.contains("`unversioned-cache`"), line.contains("`cold-start`"))
        };
        assert_eq!(silent(""), (false, true));
        assert_eq!(silent("self.names.write().await.clear();"), (true, true));
    }

    #[test]
    fn entries_that_say_when_they_end_are_not_kept_for_good() {
        let of = |asked: &str| {
            let store = format!(
                r#"
#[derive(Clone)]
struct Name {{ text: String, expiry: std::time::Instant }}
impl Name {{ fn expired(&self) -> bool {{ self.expiry <= std::time::Instant::now() }} }}
struct Store {{ names: dashmap::DashMap<String, Name>, db: sqlx::PgPool }}
impl Store {{
    fn new(db: sqlx::PgPool) -> Self {{ Self {{ names: Default::default(), db }} }}
    async fn get(&self, id: &str) -> String {{
        if let Some(known) = self.names.get(id) {{ {asked} }}
        let text: String = sqlx::query_scalar("SELECT name FROM users WHERE id = $1").bind(id).fetch_one(&self.db).await.unwrap();
        let name = Name {{ text: text.clone(), expiry: std::time::Instant::now() + std::time::Duration::from_secs(900) }};
        self.names.insert(id.to_owned(), name);
        text
    }}
    async fn change(&self, id: &str) {{ println!("{{id}}"); }}
}}
"#
            );
            told(&store, 2)
        };
        assert!(of("if !known.expired() { return known.text.clone(); }").is_empty());
        assert!(of("if known.expiry > std::time::Instant::now() { return known.text.clone(); }").is_empty());
        // An end that nobody asks for.
        assert_eq!(of("return known.text.clone();").len(), 1);
    }
}
