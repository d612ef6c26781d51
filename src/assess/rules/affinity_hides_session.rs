//! Rule `affinity-hides-session`: see `affinity_hides_session.md`.

use crate::assess::ground::{entry, place};
use crate::assess::{Fleet, Ground, Rule};
use crate::manifests::deployed::WorkloadKind;
use crate::model::{Access, Confidence, EntryKind, EntryPoint, Hazard, HazardSeverity, Item, Kind, Scope};

pub(super) const RULE: Rule = Rule {
    id: "affinity-hides-session",
    title: "sessions that only one replica knows",
    several: "{} sessions are kept in the memory of one replica, and the others do not know them",
    needs: Some("the number of replicas"),
    symptom: "users are logged out or find their data gone at random, most of all after a rollout or a scale-out",
    remedy: "keep what has to outlive a request where all replicas see it (Redis, the database), or in a signed cookie; then the affinity can go",
    sketch: Some((
        "rust",
        "let store = RedisStore::new(redis_pool);\nlet sessions = SessionManagerLayer::new(store)\n    .with_expiry(Expiry::OnInactivity(Duration::minutes(60)));",
    )),
    ends_when: "the sessions are kept outside of the process, or one replica runs",
    symptoms: &["random-logouts", "different-answers"],
    docs: include_str!("affinity_hides_session.md"),
    run,
};

/// Words in the path of something that one request leaves for the next one of the same client, the surest ones first.
const SESSION_WORDS: &[&str] = &[
    "session",
    "sessions",
    "cart",
    "carts",
    "basket",
    "baskets",
    "login",
    "logins",
    "auth",
    "oauth",
    "oidc",
    "csrf",
    "challenge",
    "challenges",
];
/// So many of them say it of what the map does not know for sessions.
const FOR_SURE: usize = 6;
/// What the keys of a map are called that a client brings along in a cookie, a header or a path.
const CLIENT_KEYS: &[&str] = &[
    "string", "str", "uuid", "ulid", "u64", "u128", "i64", "session", "user", "token", "cookie", "login", "cart", "client", "account",
    "[u8",
];

fn run(rule: &Rule, ground: &Ground<'_>, out: &mut Vec<Hazard>) {
    for item in ground.of_kinds(&[Kind::Session, Kind::SharedState, Kind::Static]).filter(|item| item.scope == Scope::Process) {
        let Some(fleet) = ground.replicated(item) else { continue };
        // What no two requests share needs no pod of its own.
        let Some((writes, looks_up)) = shared_by_requests(item).filter(|_| is_of_clients(item)) else { continue };
        let hazard = match affinity(ground, item, fleet) {
            Some(kept) => hidden(rule, item, fleet, kept),
            // Pods with numbers are asked by name, and know which of them has what.
            None if fleet.workload.kind == WorkloadKind::Replicated => torn(rule, item, fleet, writes, looks_up),
            None => continue,
        };
        let hazard = hazard.because(item.summary.clone(), place(item));
        out.push(hazard.run_by(fleet));
    }
}

/// The proxy keeps clients at their pod: until the pod ends, or another one is nearer.
fn hidden(rule: &Rule, item: &Item, fleet: &Fleet<'_>, kept: &Item) -> Hazard {
    let moves = match (fleet.at_most.is_some(), fleet.during_rollout.is_some()) {
        (true, true) => "a rollout, a scale-in or the autoscaler",
        (true, false) => "a scale-in or the autoscaler",
        _ => "a rollout or a crash",
    };
    let message = format!(
        "`{}` is in the memory of one of {} of {}, which `{}` hides: {moves} moves clients to a pod that does not know them",
        item.name,
        fleet.copies(),
        fleet.name(),
        name_of(kept),
    );
    let hazard = rule.about(item, HazardSeverity::Medium, message).with(kept);
    hazard.because(kept.summary.clone(), place(kept))
}

/// Requests are spread, and so are the sessions.
fn torn(rule: &Rule, item: &Item, fleet: &Fleet<'_>, writes: &EntryPoint, looks_up: &EntryPoint) -> Hazard {
    let message = format!(
        "`{}` is in the memory of one of {} of {} and nothing keeps a client there: what {} leaves, {} does not find in another pod",
        item.name,
        fleet.copies(),
        fleet.name(),
        entry(writes),
        entry(looks_up),
    );
    // A balancer that no file of the tree tells may keep clients where they are.
    rule.about(item, HazardSeverity::High, message)
        .at_most(Confidence::Likely)
        .seen_as("users are logged out on every second request, or find their data gone")
}

fn affinity<'a>(ground: &Ground<'a>, item: &Item, fleet: &Fleet<'_>) -> Option<&'a Item> {
    let of_service =
        |kept: &&Item| kept.services.iter().any(|service| item.services.contains(service) && fleet.workload.services.contains(service));
    ground.of_kinds(&[Kind::Deployment]).filter(|kept| kept.id.as_str().ends_with("#affinity")).find(of_service)
}

/// `Service/shop` of the session affinity that it keeps.
fn name_of(kept: &Item) -> &str {
    let id = kept.id.as_str();
    let owner = id.strip_prefix("deployment:").unwrap_or(id);
    owner.split('#').next().unwrap_or(owner)
}

/// A request that leaves something, and another one that looks for it.
fn shared_by_requests(item: &Item) -> Option<(&EntryPoint, &EntryPoint)> {
    let writes = |one: &&EntryPoint| one.access == Access::Write && one.kind == EntryKind::Route;
    let posts = |one: &&EntryPoint| one.name.starts_with("POST") || one.name.starts_with("PUT");
    let mut leaving = item.entry_points.iter().filter(writes);
    let leaves = leaving.clone().find(posts).or_else(|| leaving.next())?;
    let others = || item.entry_points.iter().filter(|one| one.name != leaves.name);
    let every = || others().find(|one| one.kind == EntryKind::EveryRequest);
    let gets = || others().find(|one| one.kind == EntryKind::Route && one.name.starts_with("GET"));
    let looks_up = every().or_else(gets).or_else(|| others().find(|one| one.kind == EntryKind::Route))?;
    Some((leaves, looks_up))
}

/// By name, it belongs to a client that comes back: a registry of workers or open connections does not.
fn is_of_clients(item: &Item) -> bool {
    // A map is looked into by what a client brings along.
    let key = item.ty.as_deref().and_then(|ty| ty.split_once("Map<")).map(|(_, of)| of.split(',').next().unwrap_or(of).to_lowercase());
    let is_brought = key.as_deref().is_none_or(|key| CLIENT_KEYS.iter().any(|word| key.contains(word)));
    let is_registry = item.summary.contains("registry of ") || item.ty.as_ref().is_some_and(|ty| ty.contains("Sender<"));
    let path = item.id.as_str().split_once(':').map_or("", |(_, path)| path);
    // The last two names: the type and its field, or the static and its module.
    // Anything may be about log-ins; a map of another kind is one of sessions when it is called so.
    let of_kind: &[&str] = if item.kind == Kind::Session { SESSION_WORDS } else { &SESSION_WORDS[..FOR_SURE] };
    let named = path.rsplit("::").take(2).any(|name| words(name).iter().any(|word| of_kind.contains(&word.as_str())));
    let has_kind = item.kind == Kind::Session || key.is_some();
    let stored = item.summary.contains("session store") || item.summary.contains("in-memory OAuth");
    !is_registry && has_kind && is_brought && (named || stored)
}

/// `SessionStore` and `by_session` in words.
fn words(name: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    for c in name.chars() {
        let begins = !c.is_alphanumeric() || c.is_uppercase();
        if begins && out.last().is_some_and(|word| !word.is_empty()) {
            out.push(String::new());
        }
        if let Some(word) = out.last_mut().filter(|_| c.is_alphanumeric()) {
            word.extend(c.to_lowercase());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use crate::assess::rules::shop::{deployment, found};

    const MAIN: &str = r#"
use axum::{Router, extract::State, routing::{get, post}};
use std::{collections::HashMap, sync::{Arc, RwLock}};

#[derive(Clone, Default)]
struct Sessions { by_cookie: Arc<RwLock<HashMap<String, u64>>> }

#[tokio::main]
async fn main() {
    let app = Router::new().route("/login", post(login)).route("/account", get(account)).with_state(Sessions::default());
    axum::serve(tokio::net::TcpListener::bind("0.0.0.0:80").await.unwrap(), app).await.unwrap();
}

async fn login(State(sessions): State<Sessions>) { sessions.by_cookie.write().unwrap().insert("a".into(), 1); }

async fn account(State(sessions): State<Sessions>) -> String { format!("{:?}", sessions.by_cookie.read().unwrap().get("a")) }
"#;
    const STICKY: &str = "apiVersion: v1\nkind: Service\nmetadata:\n  name: shop\nspec:\n  selector: {app: shop}\n  sessionAffinity: ClientIP\n  ports: [{port: 80}]\n";

    fn sessions(main: &str, files: &[(&str, &str)]) -> Vec<String> {
        found("affinity-hides-session", main, files)
    }

    #[test]
    fn a_sticky_service_hides_that_sessions_are_in_one_pod() {
        let of = sessions(MAIN, &[("k/deploy.yaml", &deployment(2, "", "")), ("k/service.yaml", STICKY)]);
        assert_eq!(
            of,
            [
                "medium `Sessions.by_cookie` is in the memory of one of 2 replicas of `Deployment/shop`, which `Service/shop` hides: a rollout or a crash moves clients to a pod that does not know them"
            ]
        );
    }

    #[test]
    fn without_affinity_every_second_request_misses_its_session() {
        let of = sessions(MAIN, &[("k/deploy.yaml", &deployment(2, "", ""))]);
        assert_eq!(
            of,
            [
                "high `Sessions.by_cookie` is in the memory of one of 2 replicas of `Deployment/shop` and nothing keeps a client there: what `POST /login` leaves, `GET /account` does not find in another pod"
            ]
        );
    }

    #[test]
    fn one_replica_no_manifest_or_what_no_two_requests_share_is_silent() {
        assert!(sessions(MAIN, &[("k/deploy.yaml", &deployment(1, "", "")), ("k/service.yaml", STICKY)]).is_empty());
        assert!(sessions(MAIN, &[]).is_empty());
        let two = deployment(2, "", "");
        let one_route = MAIN.replace(".route(\"/account\", get(account))", "");
        assert!(sessions(&one_route, &[("k/deploy.yaml", &two)]).is_empty());
        // Keyed by what only the service knows: no client brings it along.
        let workers = MAIN.replace("HashMap<String, u64>", "HashMap<PartitionId, u64>");
        assert!(sessions(&workers, &[("k/deploy.yaml", &two)]).is_empty());
        // Pods with numbers may be asked by name.
        assert!(sessions(MAIN, &[("k/deploy.yaml", &two.replace("kind: Deployment", "kind: StatefulSet"))]).is_empty());
    }
}
