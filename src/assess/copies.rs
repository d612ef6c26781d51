//! How many copies there are of each item, and what goes wrong with two: by its kind and its facts, nothing guessed.

use std::collections::BTreeSet;

use super::Ground;
use super::ground::fact;
use crate::join::Survives;
use crate::manifests::deployed::WorkloadKind;
use crate::model::{Access, Class, Copies, EntryKind, FactValue, Item, Kind, Replication, Role, Scope, Site};

/// What goes wrong with two replicas, and how much it hurts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AtTwo {
    pub(super) weight: Weight,
    pub(super) clause: String,
    /// It breaks the service: one replica is all that it can have.
    pub(super) breaks: bool,
}

/// What hurts most first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    Users,
    Record,
    Files,
    Memory,
    Jobs,
    Messages,
    Flag,
    Limit,
}

fn care(weight: Weight, clause: &str) -> AtTwo {
    AtTwo { weight, clause: clause.to_owned(), breaks: false }
}

/// The copies of an item; none for constants and for what manifests declare.
pub(super) fn replication(ground: &Ground<'_>, item: &Item, at_two: Option<&AtTwo>) -> Option<Replication> {
    if item.class == Class::Constant || item.kind == Kind::Deployment {
        return None;
    }
    let copies = copies(ground, item);
    let of_each = matches!(copies, Copies::Process | Copies::Pod);
    let mut number: Option<u32> = None;
    let for_good: Vec<_> = ground.fleets(item).map(|(_, fleet)| fleet).filter(|fleet| fleet.is_for_good()).collect();
    // Variants for several environments are no neighbours.
    let several = for_good.iter().map(|fleet| &fleet.workload.environment).collect::<BTreeSet<_>>().len() > 1;
    if of_each && !several && !for_good.is_empty() {
        number = Some(for_good.iter().map(|fleet| fleet.replicas).fold(0, u32::saturating_add));
    }
    Some(Replication { copies, number, at_two: at_two.map(|found| found.clause.clone()) })
}

fn copies(ground: &Ground<'_>, item: &Item) -> Copies {
    match item.scope {
        Scope::Task => Copies::Task,
        Scope::Thread => Copies::Thread,
        Scope::Process => Copies::Process,
        Scope::Cluster | Scope::External => Copies::Shared,
        Scope::Client => Copies::Client,
        Scope::Host => match disk(ground, item) {
            Some(Disk::Shared) => Copies::Shared,
            Some(Disk::Own) => Copies::Pod,
            None => Copies::Node,
        },
    }
}

/// Whose disk a file is on.
enum Disk {
    /// All replicas see it.
    Shared,
    /// Each replica has its own.
    Own,
}

/// Whose disk it is, where a deployment says so; that of the worst workload that stays.
fn disk(ground: &Ground<'_>, item: &Item) -> Option<Disk> {
    let landed = ground.landed(item);
    let stays: Vec<_> = landed.iter().filter(|one| !one.is_compose).collect();
    let looked_at: Vec<_> = if stays.is_empty() { landed.iter().collect() } else { stays };
    if looked_at.is_empty() {
        let runs = ground.fleets(item).any(|(_, fleet)| fleet.is_for_good() && fleet.workload.kind != WorkloadKind::Unit);
        return runs.then_some(Disk::Own);
    }
    let is_shared = looked_at.iter().all(|one| one.survives == Survives::Pod && !one.what.starts_with("claim of each replica"));
    Some(if is_shared { Disk::Shared } else { Disk::Own })
}

/// What goes wrong with two replicas.
pub(super) fn at_two(ground: &Ground<'_>, item: &Item) -> Option<AtTwo> {
    if item.class == Class::Constant || item.cfg.as_deref().is_some_and(|cfg| cfg.contains("debug builds") || cfg.contains("test")) {
        return None;
    }
    match item.kind {
        Kind::Session if item.scope == Scope::Process => of_session(ground, item),
        Kind::SharedState if item.scope == Scope::Process => of_memory(item),
        Kind::Static if item.scope == Scope::Process => of_flag(item),
        Kind::EmbeddedDb if item.scope == Scope::Host => of_database(ground, item),
        Kind::Pool if is_local(item) => of_database(ground, item),
        Kind::Cache if item.scope == Scope::Process => of_cache(item),
        Kind::FsWrite => of_file(ground, item),
        Kind::BackgroundTask => of_job(ground, item),
        Kind::Limiter if item.scope == Scope::Process && limits_clients(item) => {
            Some(care(Weight::Limit, "each replica counts for itself, so clients get the limit as often as there are replicas"))
        }
        _ => None,
    }
}

/// A limiter of clients, and not the settings of one or a shield of the process itself.
fn limits_clients(item: &Item) -> bool {
    item.summary.contains("rate limiter") && !item.summary.contains("quota")
}

fn is_written_on_requests(item: &Item) -> bool {
    item.entry_points.iter().any(|entry| matches!(entry.kind, EntryKind::Route | EntryKind::EveryRequest) && entry.access == Access::Write)
}

fn of_session(ground: &Ground<'_>, item: &Item) -> Option<AtTwo> {
    if item.summary.starts_with("registry of connections") {
        return Some(care(Weight::Messages, "a message reaches only those who are connected to the replica that sends it"));
    }
    if item.summary.starts_with("registry of") {
        let clause = "what one replica sends reaches only what is registered there";
        return is_written_on_requests(item).then(|| care(Weight::Messages, clause));
    }
    let in_memory = item.summary.contains("in memory") || item.summary.contains("in-memory");
    // A name that speaks of sessions is not enough: requests write it, it is about people, and no task brings it elsewhere.
    if !in_memory || !is_written_on_requests(item) || by_task(item) || !is_of_users(item) {
        return None;
    }
    let sticky = ground.items.iter().find(|other| {
        other.kind == Kind::Deployment
            && other.id.as_str().ends_with("#affinity")
            && item.services.iter().any(|name| other.services.contains(name))
    });
    Some(match sticky {
        Some(_) => AtTwo {
            weight: Weight::Users,
            clause: "a user is known to one replica only, which stickiness hides until that replica goes".to_owned(),
            breaks: false,
        },
        None => {
            let elsewhere = |other: &&Item| {
                other.says_who() && other.scope == Scope::External && other.services.iter().any(|name| item.services.contains(name))
            };
            let breaks = !ground.items.iter().any(|other| elsewhere(&other));
            AtTwo { weight: Weight::Users, clause: "a user is known to one replica only".to_owned(), breaks }
        }
    })
}

fn by_task(item: &Item) -> bool {
    item.entry_points.iter().any(|entry| entry.kind == EntryKind::Task && entry.access == Access::Write)
}

/// Its name or type is that of what a service knows of its users.
fn is_of_users(item: &Item) -> bool {
    let text = format!("{} {}", item.name, item.ty.as_deref().unwrap_or(&item.summary)).to_lowercase();
    ["session", "login", "user", "cart", "memorystore"].iter().any(|word| text.contains(word))
}

/// A collection that requests write and read, and that no task brings elsewhere.
fn of_memory(item: &Item) -> Option<AtTwo> {
    let collection =
        ["map ", "concurrent map", "set ", "concurrent set", "list ", "queue "].iter().any(|word| item.summary.starts_with(word));
    let counts = [", u8>", ", u16>", ", u32>", ", u64>", ", usize>", "Atomic"].iter().any(|word| item.summary.contains(word));
    let of_loop = item.summary.contains("owned by a loop");
    let wanted = collection && !counts && !of_loop && !by_task(item) && is_written_on_requests(item);
    wanted.then(|| care(Weight::Memory, "what a request writes at one replica the others do not know"))
}

/// A cache that decides what is done: what one replica has seen the others have not.
fn of_cache(item: &Item) -> Option<AtTwo> {
    let decides = ["idempot", "nonce", "dedup", "replay", "revoked", "otp"];
    let text = format!("{} {}", item.id, item.ty.as_deref().unwrap_or_default()).to_lowercase();
    let changes = |name: &str| ["POST ", "PUT ", "PATCH ", "DELETE "].iter().any(|method| name.starts_with(method));
    let by_change = item.entry_points.iter().any(|one| one.kind == EntryKind::Route && one.access == Access::Write && changes(&one.name));
    // A map of the service's own: what looks a value up first would be a library's, or named by what it looks up.
    let is_own_map = item.ty.as_deref().is_some_and(|ty| ty.contains("Map<String,")) && by_change;
    let told = is_own_map || is_written_on_requests(item) && decides.iter().any(|word| text.contains(word));
    // A map of the service's own that is filled while it runs, by whom could not be followed.
    let writers = item.uses.iter().filter(|one| one.access == Access::Write).count();
    let tasks = item.entry_points.iter().filter(|one| one.access == Access::Write).count();
    let is_filled = writers > tasks && item.entry_points.iter().all(|one| one.kind == EntryKind::Task);
    let is_unknown = item.ty.as_deref().is_some_and(|ty| ty.contains("HashMap<")) && is_filled;
    match (told, is_unknown) {
        (true, _) => Some(care(Weight::Memory, "what one replica has seen the others have not")),
        (_, true) => {
            Some(care(Weight::Memory, "each replica remembers for itself, and whether requests rely on that could not be followed"))
        }
        _ => None,
    }
}

fn of_flag(item: &Item) -> Option<AtTwo> {
    let is_flag = item.ty.as_deref().unwrap_or(&item.summary).contains("AtomicBool");
    (is_flag && is_written_on_requests(item)).then(|| care(Weight::Flag, "a change reaches one replica only"))
}

/// A pool of connections to a file.
fn is_local(item: &Item) -> bool {
    matches!(item.backs_on.as_deref(), Some("external-store:local_disk" | "external-store:sqlite")) || item.summary.contains("SQLite pool")
}

/// Whether an item is made at a place of another one.
fn made_at(item: &Item, site: &Site) -> bool {
    item.sites.iter().any(|own| own.role == Role::Constructed && own.place == site.place)
}

/// Databases that several processes reach.
const NETWORKED: &[&str] =
    &["postgres", "mysql", "mariadb", "mongodb", "mssql", "cassandra", "scylla", "dynamodb", "cockroach", "surrealdb", "sql_database"];

fn of_database(ground: &Ground<'_>, item: &Item) -> Option<AtTwo> {
    let hides = item.hides.as_deref().unwrap_or_default();
    // One that copies itself to its neighbours.
    if hides.contains("Raft") || hides.contains("replicated") {
        return None;
    }
    // What is only read may be there as often as one likes.
    let id = item.id.as_str().to_lowercase();
    if id.contains("readonly") || id.contains("read_only") {
        return None;
    }
    // Settings of a connection are no database; in memory there is none to share.
    if item.summary.contains("settings")
        || item.summary.contains("in-memory")
        || matches!(disk(ground, item), Some(Disk::Shared)) && item.kind == Kind::Pool
    {
        return None;
    }
    // The file behind the pool is an item of its own, and told there.
    let is_file_of = |file: &&Item| {
        let made_there = |site: &Site| made_at(item, site);
        file.kind == Kind::EmbeddedDb && file.summary.starts_with("SQLite database") && file.sites.iter().any(made_there)
    };
    if item.kind == Kind::Pool && ground.items.iter().any(|file| is_file_of(&file)) {
        return None;
    }
    let path = fact(item, "path");
    // A file that is named when it is opened may be an import, or data that are only read.
    if item.kind == Kind::EmbeddedDb && path.is_none_or(|path| path.value.is_none()) {
        return None;
    }
    // What several services link and nothing is known to use may be used by none of them.
    if item.entry_points.is_empty() && item.services.len() > 1 {
        return None;
    }
    let of_same = |other: &&Item| {
        let named =
            other.id.as_str().strip_prefix("external-store:").or_else(|| other.backs_on.as_deref()?.strip_prefix("external-store:"));
        named.is_some_and(|name| NETWORKED.contains(&name)) && other.services.iter().any(|name| item.services.contains(name))
    };
    let networked = ground.items.iter().filter(|other| matches!(other.kind, Kind::ExternalStore | Kind::Pool)).any(|other| of_same(&other));
    // Whoever sets another address may name a server: what opens it takes more than files.
    let opens = |pool: &&Item| pool.kind == Kind::Pool && pool.sites.iter().any(|site| made_at(item, site));
    let by_setting = path
        .and_then(|path| path.from.as_deref())
        .filter(|_| ground.items.iter().filter(opens).any(|pool| !pool.summary.contains("SQLite") && fact(pool, "address").is_some()));
    if let Some(setting) = by_setting {
        let clause = format!("unless `{setting}` names a server, each replica has its own database");
        return Some(care(Weight::Record, &clause));
    }
    // Engines below a database of its own may be copied by what stands above them.
    let is_sql = item.summary.contains("SQLite");
    let shared = matches!(disk(ground, item), Some(Disk::Shared));
    Some(match shared {
        _ if networked || !is_sql => {
            care(Weight::Record, "each replica has a file of its own: what is written at one is not found at the others")
        }
        true => AtTwo { weight: Weight::Record, clause: "two processes open the same database file".to_owned(), breaks: true },
        false => AtTwo {
            weight: Weight::Record,
            clause: "each replica has its own database: what is written at one is not found at the others".to_owned(),
            breaks: true,
        },
    })
}

/// A file that requests write, where something removes or reads files of the same folder later.
fn of_file(ground: &Ground<'_>, item: &Item) -> Option<AtTwo> {
    if !is_written_on_requests(item) || !keeps(item) || matches!(disk(ground, item), Some(Disk::Shared)) {
        return None;
    }
    let folder = folder(item)?;
    let later = |other: &&Item| {
        let of_same = other.id != item.id && self::folder(other).as_deref() == Some(folder.as_str());
        of_same && (other.kind == Kind::ReferenceData || !keeps(other)) && other.services.iter().any(|name| item.services.contains(name))
    };
    let found_again = ground.of_kinds(&[Kind::FsWrite, Kind::ReferenceData]).any(|other| later(&other));
    found_again.then(|| care(Weight::Files, "a file that one replica writes is not found by the others"))
}

/// It leaves something to be found again.
fn keeps(item: &Item) -> bool {
    let op = fact(item, "op").and_then(|fact| fact.value.as_ref()).map(ToString::to_string).unwrap_or_default();
    !matches!(op.as_str(), "delete" | "permissions" | "lock")
}

/// The folder of a path before what is filled in: `data/attachments`; none for what is no loss or says nothing.
fn folder(item: &Item) -> Option<String> {
    let Some(FactValue::Text(path)) = &fact(item, "path")?.value else { return None };
    let path = path.split(" or ").next()?;
    // A variable or a setting stands for one folder.
    let (start, rest) = match path.strip_prefix("${").and_then(|rest| rest.split_once('}')) {
        Some((name, rest)) => (format!("${{{name}}}"), rest),
        None => (String::new(), path),
    };
    let known = rest.find(['{', '*', '<']).map_or(rest, |at| &rest[..at]);
    let (known, _) = known.rsplit_once('/')?;
    let folder = format!("{start}{known}");
    let says = folder.trim_matches(['.', '/']).len() > 2;
    let lower = folder.to_lowercase();
    (says && !["cache", "log", "test", "debug", "/proc", "/sys"].iter().any(|word| lower.contains(word))).then_some(folder)
}

/// A job that runs by the clock, and that nothing keeps from running in every replica.
fn of_job(ground: &Ground<'_>, item: &Item) -> Option<AtTwo> {
    if item.summary.starts_with("main loop") {
        return of_main_loop(ground, item);
    }
    fact(item, "schedule").or_else(|| fact(item, "interval").filter(|_| item.summary.to_lowercase().starts_with("cron job")))?;
    let guards = |other: &Item| {
        let of_job = other.entry_points.iter().any(|entry| entry.kind == EntryKind::Task && entry.name == item.id.as_str());
        of_job && other.kind == Kind::Lease
    };
    let guarded = ground.items.iter().any(guards);
    (!guarded).then(|| care(Weight::Jobs, "its work is done in every replica"))
}

/// The loop that a service is made of, by the clock: two of them do the same, unless they claim what they do.
fn of_main_loop(ground: &Ground<'_>, item: &Item) -> Option<AtTwo> {
    fact(item, "period")?;
    // Beside a server it is no more than one of its tasks.
    if ground.lifecycles.iter().any(|one| !one.servers.is_empty() && item.services.contains(&one.service)) {
        return None;
    }
    let claims = |other: &Item| {
        let skips = fact(other, "when_taken").and_then(|fact| fact.value.as_ref()).is_some_and(|value| value.to_string().contains("skips"));
        let by_mark = other.summary.starts_with("claim by a mark") || other.summary.contains("lock") || other.scope == Scope::Cluster;
        other.kind == Kind::Lease && (skips || by_mark) && other.services.iter().any(|name| item.services.contains(name))
    };
    (!ground.items.iter().any(claims)).then(|| care(Weight::Jobs, "each replica does the work of this loop by itself"))
}

#[cfg(test)]
mod tests {
    use crate::fixture::map;
    use crate::model::{Answer, Copies, StateMap};

    fn verdict(map: &StateMap) -> (Answer, Vec<&str>) {
        let [verdict] = map.verdicts.as_slice() else { panic!("{:?}", map.verdicts) };
        (verdict.answer, verdict.why.iter().map(|reason| reason.clause.as_str()).collect())
    }

    /// A shop whose requests reach a state of this type and do this with it.
    fn shop(state: &str, handler: &str) -> String {
        format!(
            "use std::collections::{{HashMap, HashSet}};\nuse std::sync::{{Arc, Mutex, RwLock}};\nuse axum::extract::State;\n\
             #[derive(Clone)]\nstruct App {{ {state} }}\n#[tokio::main]\nasync fn main() {{\n    let app = App {{ it: Default::default() }};\n    \
             let router = axum::Router::new().route(\"/\", axum::routing::post(home)).with_state(app);\n    \
             axum::serve(tokio::net::TcpListener::bind(\"0.0.0.0:1\").await.unwrap(), router).await.unwrap();\n}}\n\
             async fn home(State(app): State<App>) {{ {handler} }}\n"
        )
    }

    #[test]
    fn a_service_that_keeps_nothing_may_run_as_often_as_one_likes() {
        let nothing = shop("it: u32", "let _ = app.it;");
        assert_eq!(verdict(&map(&nothing)), (Answer::Yes, vec![]));
        // A number that each replica counts for itself is nothing that another one misses.
        let counts = shop("it: Arc<RwLock<HashMap<String, u64>>>", "app.it.write().unwrap().insert(String::new(), 1);");
        assert_eq!(verdict(&map(&counts)).0, Answer::Yes);
        // A tool that ends has no verdict.
        assert!(map("use std::sync::Mutex;\nstatic SEEN: Mutex<Vec<u32>> = Mutex::new(Vec::new());\nfn main() { SEEN.lock().unwrap().push(1); }\n")
            .verdicts
            .is_empty());
    }

    #[test]
    fn what_requests_keep_in_one_process_differs_between_two() {
        let text = shop("it: Arc<RwLock<HashMap<String, String>>>", "app.it.write().unwrap().insert(String::new(), String::new());");
        let map = map(&text);
        assert_eq!(verdict(&map), (Answer::WithCare, vec!["what a request writes at one replica the others do not know"]));
        let item = map.items.iter().find(|item| item.id.as_str().starts_with("shared-state:")).unwrap();
        let replication = item.replication.as_ref().unwrap();
        assert_eq!((replication.copies, replication.number), (Copies::Process, None));
        assert_eq!(replication.at_two.as_deref(), Some("what a request writes at one replica the others do not know"));
    }

    #[test]
    fn sessions_in_memory_forbid_a_second_replica_unless_clients_stick() {
        let text = shop("it: Arc<Mutex<HashMap<String, Session>>>", "app.it.lock().unwrap().insert(String::new(), Session);")
            + "#[derive(Clone, Default)]\nstruct Session;\n";
        let found = map(&text);
        assert_eq!(verdict(&found), (Answer::No, vec!["a user is known to one replica only"]), "{:?}", found.items);
        let manifests = "//- /k.yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: shop\nspec:\n  replicas: 3\n  template:\n    \
            metadata:\n      labels:\n        app: shop\n    spec:\n      containers:\n        - name: shop\n          image: shop:1\n---\n\
            apiVersion: v1\nkind: Service\nmetadata:\n  name: shop\nspec:\n  selector:\n    app: shop\n  sessionAffinity: ClientIP\n\
            //- /Dockerfile\nFROM debian\nCOPY --from=build /target/release/shop /usr/bin/shop\nCMD [\"shop\"]\n";
        let sticky = map(&format!("//- /src/main.rs\n{text}{manifests}"));
        assert_eq!(verdict(&sticky).0, Answer::WithCare);
        assert_eq!(sticky.verdicts[0].replicas, Some(3));
        let item = sticky.items.iter().find(|item| item.id.as_str().starts_with("session:")).unwrap();
        assert_eq!(item.replication.as_ref().and_then(|one| one.number), Some(3));
    }

    #[test]
    fn a_database_that_a_setting_chooses_is_a_file_by_default_only() {
        let of = |open: &str| {
            let text = format!(
                "#[tokio::main]\nasync fn main() {{\n    let address = std::env::var(\"STORE\").unwrap_or(\"sqlite://shop.db\".to_owned());\n    \
                 let pool = {open}(&address).await.unwrap();\n    \
                 let router = axum::Router::new().route(\"/\", axum::routing::get(|| async {{ \"\" }})).with_state(pool);\n    \
                 axum::serve(tokio::net::TcpListener::bind(\"0.0.0.0:1\").await.unwrap(), router).await.unwrap();\n}}\n"
            );
            let manifest = "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\naxum = \"0.8\"\nsea-orm = \"1\"\nsqlx = \"0.8\"\ntokio = \"1\"\n";
            let map = map(&format!("//- /src/main.rs\n{text}//- /Cargo.toml\n{manifest}"));
            let (answer, why) = verdict(&map);
            (answer, why.join("; "))
        };
        let own = "each replica has its own database";
        assert_eq!(of("sea_orm::Database::connect"), (Answer::WithCare, format!("unless `STORE` names a server, {own}")));
        // It opens files only.
        assert_eq!(of("sqlx::SqlitePool::connect"), (Answer::No, format!("{own}: what is written at one is not found at the others")));
    }

    #[test]
    fn a_cache_that_requests_write_is_one_that_others_have_not_seen() {
        let shop = |state: &str, handler: &str| shop(state, handler).replace("it: Default::default()", "seen_cache: Default::default()");
        let own = shop(
            "seen_cache: Arc<RwLock<HashMap<String, String>>>",
            "app.seen_cache.write().unwrap().insert(String::new(), String::new());",
        );
        assert_eq!(verdict(&map(&own)), (Answer::WithCare, vec!["what one replica has seen the others have not"]));
        // What is only looked up differs from replica to replica in nothing.
        let read = shop("seen_cache: Arc<RwLock<HashMap<String, String>>>", "let _ = app.seen_cache.read().unwrap().len();");
        assert_eq!(verdict(&map(&read)).0, Answer::Yes);
    }
}
