//! Rule `unbounded-growth`: see `unbounded_growth.md`.

use crate::assess::ground::{fact, place};
use crate::assess::{Ground, Rule};
use crate::model::{Confidence, FactValue, Hazard, HazardSeverity, Item, Kind, Scope};

pub(super) const RULE: Rule = Rule {
    id: "unbounded-growth",
    title: "a collection that only grows",
    several: "{} collections grow with what comes in and have neither a bound nor an expiry",
    needs: None,
    symptom: "memory climbs until the process is killed; after the restart it begins anew",
    remedy: "give it a capacity and an age (a cache crate has both), or sweep it in a task (for a keyed limiter of governor: `retain_recent`); what has to stay belongs in a store",
    sketch: Some((
        "rust",
        "let by_user = moka::future::Cache::builder()\n    .max_capacity(10_000)\n    .time_to_live(Duration::from_secs(300))\n    .build();",
    )),
    ends_when: "entries leave by age, by number or by a sweep, or it is no longer filled while the service runs",
    symptoms: &["memory-grows"],
    docs: include_str!("unbounded_growth.md"),
    run,
};

/// What is kept by these is decided by who runs the service, and not by who calls it.
const OF_OPERATORS: &[&str] = &[
    "authority",
    "backend",
    "channel",
    "client",
    "cluster",
    "config",
    "connection",
    "counter",
    "driver",
    "endpoint",
    "handler",
    "host",
    "issuer",
    "leader",
    "listener",
    "metadata",
    "metric",
    "node",
    "partition",
    "peer",
    "plugin",
    "pool",
    "provider",
    "region",
    "runtime",
    "schema",
    "server",
    "setting",
    "shard",
    "source",
    "stream",
    "table",
    "template",
    "watcher",
];

/// Stand-ins that keep everything on purpose.
const STAND_INS: &[&str] = &["fake", "inmemory", "memory", "mock", "stub", "test"];

fn run(rule: &Rule, ground: &Ground<'_>, out: &mut Vec<Hazard>) {
    const KINDS: &[Kind] = &[Kind::Static, Kind::ThreadLocal, Kind::SharedState, Kind::Cache, Kind::Session, Kind::Limiter];
    for item in ground.of_kinds(KINDS).filter(|item| matches!(item.scope, Scope::Process | Scope::Thread)) {
        let Some(grows) = growth(item).filter(|_| fact(item, "lifetime").is_none() && !is_of_operators(item)) else { continue };
        let never = text(item, "shrinks") == Some("never");
        let Some(severity) = severity(item, &grows, never) else { continue };
        let how = match never {
            true if item.summary.contains("registry") => "what is in an entry may leave, the entry itself never does",
            true => "nothing ever takes an entry out",
            false => "an entry leaves only when somebody removes its key",
        };
        let message = format!("`{}` grows {} without a bound: {how}", item.name, grows.on);
        let mut hazard = rule.about(item, severity, message).at_most(Confidence::Likely);
        hazard = hazard.because(item.summary.clone(), place(item));
        if let Some(fact) = fact(item, "grows").filter(|fact| fact.at.is_some()) {
            hazard = hazard.because(format!("filled here {}", grows.text), fact.at.as_ref());
        }
        // To forget one of these is to let it in again.
        if refuses(item) {
            hazard = hazard.mended_by(
                "keep with each entry when what it names ends by itself, and take it out after that and no sooner: a capacity or a shorter age would let in again what is refused",
            );
            hazard = hazard.sketched("rust", "revoked.retain(|_, ends_at| *ends_at > now);");
        }
        out.push(hazard);
    }
}

/// By its name, a list of what is let in no more.
fn refuses(item: &Item) -> bool {
    let name = item.name.to_lowercase();
    ["blacklist", "blocklist", "denylist", "revoked", "revocation", "invalidated"].iter().any(|word| name.contains(word))
}

/// How an item grows.
struct Grows<'i> {
    /// The fact, as it is told.
    text: &'i str,
    /// `with each PUT /cart/{product}`.
    on: String,
    by_requests: bool,
    in_loop: bool,
}

fn growth(item: &Item) -> Option<Grows<'_>> {
    text(item, "shrinks")?;
    // What a loop keeps in a variable says only that nothing takes anything out.
    let Some(text) = text(item, "grows") else {
        let on = "with each round of its loop".to_owned();
        return Some(Grows { text: "", on, by_requests: false, in_loop: true });
    };
    let by_requests = text.split_once(" on ").map(|(_, whom)| format!("on {whom}"));
    let by_task = text.ends_with(" in a background task").then(|| "with the work of a background task".to_owned());
    let by_key = (text == "with each new key").then(|| text.to_owned());
    let on = by_requests.clone().or(by_task).or(by_key)?;
    Some(Grows { text, on, by_requests: by_requests.is_some(), in_loop: false })
}

fn severity(item: &Item, grows: &Grows<'_>, never: bool) -> Option<HazardSeverity> {
    if !never {
        // Who is logged in leaves when he cares to; what is registered or mirrored leaves with what it stands for.
        let is_left_behind = item.kind == Kind::Session && !item.summary.contains("registry");
        let by_key = text(item, "shrinks") == Some("by key only");
        return (by_key && is_left_behind && grows.by_requests).then_some(HazardSeverity::Low);
    }
    // A few tenants are not the end of the memory.
    let name = item.name.to_lowercase();
    let few =
        ["org", "tenant", "workspace", "project", "stream", "table", "schema", "segment", "log", "locker", "shard", "partition", "bucket"];
    let by_tenant = few.iter().any(|word| name.split(['_', '.']).any(|part| part.starts_with(word)));
    let by_clients = grows.by_requests || grows.in_loop || item.kind == Kind::Limiter;
    match item.kind {
        // A registry whose entries stay while what is in them leaves: as many as there are users.
        _ if by_clients && (by_tenant || item.summary.contains("registry")) => Some(HazardSeverity::Low),
        _ if by_clients => Some(HazardSeverity::Medium),
        // What a task keeps of its own accord is seldom about clients.
        Kind::Cache | Kind::Session if !by_tenant => Some(HazardSeverity::Low),
        _ => None,
    }
}

/// The name, or what is held, says that there are as many entries as somebody set up.
fn is_of_operators(item: &Item) -> bool {
    let last = |path: &str| path.rsplit(['.', ':']).next().unwrap_or(path).to_lowercase();
    let name = last(&item.name);
    let owner = item.name.split('.').next().unwrap_or("").to_lowercase();
    let held = item.ty.as_deref().unwrap_or("").trim_end_matches('>').to_lowercase();
    let says =
        |text: &str, word: &&&str| text.ends_with(**word) || text.ends_with(&format!("{word}s")) || text.contains(&format!("{word}_"));
    OF_OPERATORS.iter().any(|word| says(&name, &word) || says(&held, &word))
        || STAND_INS.iter().any(|word| owner.starts_with(word) || owner.contains(&format!("_{word}")))
}

fn text<'i>(item: &'i Item, key: &str) -> Option<&'i str> {
    match &fact(item, key)?.value {
        Some(FactValue::Text(text)) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::map;

    /// A handler of `GET /` that calls `state.store.note(id)`, with what `Store` is.
    fn source(store: &str) -> String {
        format!(
            r#"
use std::collections::{{HashMap, HashSet}};
use std::sync::{{Arc, Mutex, RwLock}};
use axum::extract::State;

#[derive(Clone)]
struct AppState {{ store: Arc<Store> }}

#[tokio::main]
async fn main() {{
    let state = AppState {{ store: Arc::new(Store::new()) }};
    let app = axum::Router::new().route("/", axum::routing::get(handler)).with_state(state);
    let listener = tokio::net::TcpListener::bind("0.0.0.0:80").await.unwrap();
    axum::serve(listener, app).await.unwrap();
}}

async fn handler(State(state): State<AppState>, id: String) {{
    state.store.note(id);
}}
{store}
"#
        )
    }

    fn told(store: &str) -> Vec<String> {
        let hazards = map(&source(store)).hazards;
        hazards
            .iter()
            .filter(|hazard| hazard.rule == "unbounded-growth")
            .map(|one| format!("{}: {}", one.severity.as_str(), one.message))
            .collect()
    }

    fn store(ty: &str, methods: &str) -> String {
        format!(
            "struct Store {{ seen: {ty} }}\nimpl Store {{\n    fn new() -> Self {{ Self {{ seen: Default::default() }} }}\n{methods}\n}}"
        )
    }

    const NOTE: &str = "fn note(&self, id: String) { self.seen.lock().unwrap().insert(id, 1); }";

    #[test]
    fn a_map_that_requests_fill_and_nothing_empties() {
        let found = told(&store("Mutex<HashMap<String, u32>>", NOTE));
        assert_eq!(found, ["medium: `Store.seen` grows on `GET /` without a bound: nothing ever takes an entry out"]);
        let through_a_variable =
            "fn note(&self, id: String) { let mut seen = self.seen.write().unwrap(); if !seen.contains(&id) { seen.insert(id); } }";
        assert_eq!(told(&store("RwLock<HashSet<String>>", through_a_variable)).len(), 1);
    }

    #[test]
    fn of_what_is_refused_nothing_is_forgotten_too_soon() {
        let remedy = |field: &str| {
            let store = store("Mutex<HashMap<String, u32>>", NOTE).replace("seen", field);
            let hazards = map(&source(&store)).hazards;
            let found = hazards.iter().find(|hazard| hazard.rule == "unbounded-growth").unwrap();
            (found.remedy.clone(), found.sketch.as_ref().map(|sketch| sketch.text.clone()).unwrap_or_default())
        };
        let (said, sketch) = remedy("revoked_tokens");
        assert!(said.contains("no sooner") && !sketch.contains("max_capacity"), "{said} {sketch}");
        let (said, sketch) = remedy("seen");
        assert!(said.starts_with("give it a capacity") && sketch.contains("max_capacity"), "{said} {sketch}");
    }

    #[test]
    fn sweeps_bounds_and_what_is_lent_speak_against_it() {
        let sweeps = [
            "fn sweep(&self) { self.seen.lock().unwrap().retain(|_, n| *n > 1); }",
            "fn sweep(&self) { let mut seen = self.seen.lock().unwrap(); if seen.len() > 10 { seen.clear(); } }",
            "fn sweep(&self) -> HashMap<String, u32> { std::mem::take(&mut *self.seen.lock().unwrap()) }",
            "fn sweep(&self) { *self.seen.lock().unwrap() = HashMap::new(); }",
            "fn sweep(&self) { if let Ok(mut seen) = self.seen.lock() { seen.drain(); } }",
            // Others may do anything with it.
            "fn all(&self) -> std::sync::MutexGuard<'_, HashMap<String, u32>> { self.seen.lock().unwrap() }",
            "fn sweep(&self) { tidy(&mut self.seen.lock().unwrap()); }",
            "fn sweep(&self) { let Self { seen } = self; seen.lock().unwrap().clear(); }",
        ];
        for sweep in sweeps {
            assert!(told(&store("Mutex<HashMap<String, u32>>", &format!("{NOTE}\n{sweep}"))).is_empty(), "{sweep}");
        }
        let bounded =
            "fn note(&self, id: String) { let mut seen = self.seen.lock().unwrap(); if seen.len() >= 100 { return; } seen.insert(id, 1); }";
        assert!(told(&store("Mutex<HashMap<String, u32>>", bounded)).is_empty());
    }

    #[test]
    fn a_task_that_was_given_the_same_map_may_sweep_it() {
        let with_task = "struct Store { seen: Arc<Mutex<HashMap<String, u32>>> }
impl Store {
    fn new() -> Self {
        let seen: Arc<Mutex<HashMap<String, u32>>> = Arc::default();
        let theirs = Arc::downgrade(&seen);
        tokio::spawn(async move { while let Some(seen) = theirs.upgrade() { seen.lock().unwrap().retain(|_, n| *n > 1); } });
        Self { seen }
    }
    fn note(&self, id: String) { self.seen.lock().unwrap().insert(id, 1); }
}";
        assert!(told(with_task).is_empty());
    }

    #[test]
    fn few_keys_and_what_start_up_fills_are_no_growth() {
        assert!(
            told(&store("Mutex<HashMap<&'static str, u32>>", "fn note(&self, id: String) { self.seen.lock().unwrap().insert(\"a\", 1); }"))
                .is_empty()
        );
        assert!(
            told(&store(
                "Mutex<HashMap<String, u32>>",
                "fn note(&self, id: String) { self.seen.lock().unwrap().insert(\"all\".to_owned(), 1); }"
            ))
            .is_empty()
        );
        let at_start = "struct Store { seen: Mutex<HashMap<String, u32>> }
impl Store {
    fn new() -> Self { let store = Self { seen: Default::default() }; store.seen.lock().unwrap().insert(String::new(), 1); store }
    fn note(&self, id: String) { self.seen.lock().unwrap().get(&id); }
}";
        assert!(told(at_start).is_empty());
        // As many as somebody set up.
        let clients = "struct Store { clients: Mutex<HashMap<String, Client>> }
struct Client;
impl Store {
    fn new() -> Self { Self { clients: Default::default() } }
    fn note(&self, id: String) { self.clients.lock().unwrap().entry(id).or_insert(Client); }
}";
        assert!(told(clients).is_empty());
    }

    #[test]
    fn what_leaves_by_its_key_is_told_of_sessions_only() {
        let end = "fn end(&self, id: &str) { self.seen.lock().unwrap().remove(id); }";
        assert!(told(&store("Mutex<HashMap<String, u32>>", &format!("{NOTE}\n{end}"))).is_empty());
        let sessions = store("Mutex<HashMap<String, u32>>", &format!("{NOTE}\n{end}")).replace("seen", "sessions");
        assert_eq!(
            told(&sessions),
            ["low: `Store.sessions` grows on `GET /` without a bound: an entry leaves only when somebody removes its key"]
        );
    }

    #[test]
    fn a_cache_of_a_library_needs_a_capacity_or_an_age() {
        let cache = |build: &str| {
            format!(
                "struct Store {{ pages: moka::sync::Cache<String, u32> }}
impl Store {{
    fn new() -> Self {{ Self {{ pages: {build} }} }}
    fn note(&self, id: String) {{ self.pages.insert(id, 1); }}
}}"
            )
        };
        assert_eq!(told(&cache("moka::sync::Cache::builder().build()")).len(), 1);
        assert!(told(&cache("moka::sync::Cache::new(100)")).is_empty());
        assert!(told(&cache("moka::sync::Cache::builder().time_to_live(std::time::Duration::from_secs(60)).build()")).is_empty());
        assert!(told(&cache("moka::sync::Cache::builder().max_capacity(size()).build()")).is_empty());
    }
}
