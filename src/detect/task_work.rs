//! What background tasks do to others, and for how long the locks last that they take: facts of tasks, after all have their ids.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::context::Cx;
use super::entries::Entries;
use super::finding::Finding;
use super::reach::member_of;
use super::statements::done;
use crate::diag::name_words;
use crate::model::{Fact, ItemId, Kind};
use crate::resolve::{At, DefId, Type, Value};

/// More functions than these are no single work.
const MAX_FUNCTIONS: usize = 4_000;
/// At most so many changes of one task are told.
const MAX_TOLD: usize = 8;
/// Methods of query builders that hold a row.
const CLAIMS: &[&str] = &["for_update", "is_leader", "lock_exclusive", "lock_with_behavior", "skip_locked"];
/// Crates whose locks are of one process.
const LOCAL: &[&str] = &["std::", "core::", "tokio::", "parking_lot::", "futures", "async_lock::", "async_std::"];
/// What the facts of a lock are called that tell when it ends by itself.
const TERMS: &[&str] = &["expiry", "ttl", "lease_ttl", "duration"];

/// Tells at each background task which statements its way holds, and how long its lock lasts.
pub fn tell(cx: &Cx<'_>, entries: &Entries, findings: &mut [Finding], ids: &[ItemId]) {
    let roots = entries.roots_of_tasks();
    if roots.is_empty() {
        return;
    }
    let changes = changes(cx);
    let mut terms = terms(cx, entries, findings);
    for (finding, id) in findings.iter_mut().zip(ids).filter(|(finding, _)| finding.kind == Kind::BackgroundTask) {
        if let Some(roots) = roots.get(id.as_str()).filter(|_| comes_back(finding)) {
            finding.facts.extend(of_way(cx, roots, &changes));
        }
        finding.facts.extend(terms.remove(id.as_str()));
    }
}

/// It does its work again and again: what is done once, or for each call, is the caller's.
fn comes_back(finding: &Finding) -> bool {
    let says = |fact: &Fact| match fact.key.as_str() {
        "period" | "schedule" => true,
        "runs" => fact.value.as_ref().is_some_and(|value| value.to_string().starts_with("until")),
        _ => false,
    };
    finding.facts.iter().any(says)
}

/// Statements that change something, by the function in which they stand.
fn changes(cx: &Cx<'_>) -> FxHashMap<DefId, Vec<(String, At)>> {
    let mut out: FxHashMap<DefId, Vec<(String, At)>> = FxHashMap::default();
    for body in cx.bodies() {
        for (change, at) in body.strings.iter().filter_map(|(text, at)| Some((done(text)?, *at))) {
            out.entry(body.def).or_default().push((change, at));
        }
    }
    out
}

/// What the functions change that a task runs, the nearest first.
fn of_way(cx: &Cx<'_>, roots: &[DefId], changes: &FxHashMap<DefId, Vec<(String, At)>>) -> Vec<Fact> {
    let mut way: Vec<DefId> = roots.to_vec();
    let mut seen: FxHashSet<DefId> = way.iter().copied().collect();
    let mut out: Vec<Fact> = Vec::new();
    let mut guard: Option<SmolStr> = None;
    let mut at = 0;
    while let Some(&func) = way.get(at) {
        at += 1;
        for (change, at) in changes.get(&func).into_iter().flatten() {
            let is_known = out.iter().any(|fact| fact.value.as_ref().is_some_and(|value| value.to_string() == *change));
            if !is_known && out.len() < MAX_TOLD {
                out.push(Fact { at: Some(cx.place(*at)), ..Cx::plain_fact("changes", change.clone()) });
            }
        }
        let Some(body) = cx.body_of.get(&func).map(|at| &cx.bodies[*at]) else { continue };
        if guard.is_none() {
            let calls = CLAIMS.iter().find(|name| body.names.binary_search_by(|known| known.as_str().cmp(name)).is_ok());
            let asked = || body.own.iter().find(|call| call.decides && may_claim(cx, call.func)).map(|call| cx.short_name(call.func));
            guard = calls.map(|name| SmolStr::new_static(name)).or_else(asked);
        }
        let called = body.own.iter().filter(|call| call.taken_by.is_none()).map(|call| call.func);
        way.extend(called.filter(|func| seen.insert(*func)));
        if way.len() > MAX_FUNCTIONS {
            break;
        }
    }
    out.extend(guard.map(|guard| Cx::plain_fact("perhaps_held_by", guard)));
    out
}

/// A function whose name and result say that it lets one of several do something.
fn may_claim(cx: &Cx<'_>, func: DefId) -> bool {
    claims(&cx.world.program.def(func).item.name) && tells_whether(cx, cx.world.signatures.value(func), 0)
}

/// A type that says whether something was taken: a truth value, an option, or what holds it; also in a result.
fn tells_whether(cx: &Cx<'_>, ty: &Type, depth: u32) -> bool {
    // What is locked inside one process keeps no other from the work.
    let is_local = |path: &str| LOCAL.iter().any(|start| path.starts_with(start)) && path.ends_with("Guard");
    let is_guard = |name: &str| ["Guard", "Lock", "Lease", "Claim", "Leader", "Leadership"].iter().any(|end| name.ends_with(end));
    match ty {
        Type::Foreign(path, args) => match path.rsplit("::").next().unwrap_or("") {
            "bool" => true,
            "Option" => !args.first().and_then(Type::path).is_some_and(|path| is_local(path)),
            "Result" => depth < 2 && args.first().is_some_and(|inner| tells_whether(cx, inner, depth + 1)),
            last => is_guard(last) && !is_local(path),
        },
        Type::Def(id, _) => is_guard(&cx.world.program.def(*id).item.name),
        _ => false,
    }
}

/// A function whose name says that it lets one of several do something.
pub(super) fn claims(name: &str) -> bool {
    const WORDS: &[&str] = &["claim", "lease", "leader", "elect", "lock", "dequeue", "reserve", "singleton", "ownership"];
    name_words(name).iter().any(|word| WORDS.iter().any(|known| word.starts_with(known)))
}

/// How long the lock of each task lasts, where the lock is a value of its own for each: `Leader::new(redis, "purge", HOUR)`.
fn terms(cx: &Cx<'_>, entries: &Entries, findings: &[Finding]) -> BTreeMap<SmolStr, Fact> {
    let mut out: BTreeMap<SmolStr, Fact> = BTreeMap::new();
    for finding in findings.iter().filter(|finding| finding.kind == Kind::Lease) {
        let fields = finding.facts.iter().filter(|fact| TERMS.contains(&fact.key.as_str()) && fact.value.is_none());
        for (field, of) in fields.filter_map(|fact| Some((own_field(fact.from.as_deref()?)?, member_of(cx, finding.def)?))) {
            for (maker, fact) in given(cx, of, field) {
                for task in entries.tasks_leading_to(maker) {
                    // Two locks of one task: nothing is said of either.
                    let known = out.entry(task).or_insert_with(|| fact.clone());
                    if known.value != fact.value {
                        known.value = None;
                    }
                }
            }
        }
    }
    out.retain(|_, fact| fact.value.is_some());
    out
}

/// `lease` of `SetExpiry::PX(self.lease.as_millis())`.
fn own_field(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("self.")?;
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    Some(&rest[..end]).filter(|field| !field.is_empty() && !rest[end..].starts_with("::"))
}

/// The functions that make a value of a type, and what each gives to the field by the function that sets it.
fn given(cx: &Cx<'_>, of: DefId, field: &str) -> Vec<(DefId, Fact)> {
    let by_param = cx.flow.given(of, field).iter().filter_map(|value| match value {
        Value::Param { func, index, .. } => Some((*func, *index)),
        _ => None,
    });
    let by_param: Vec<(DefId, usize)> = by_param.collect();
    if by_param.is_empty() {
        return Vec::new();
    }
    let mut out = Vec::new();
    for body in cx.bodies() {
        for call in &body.own {
            let Some((_, index)) = by_param.iter().find(|(func, _)| *func == call.func) else { continue };
            let Some(fact) = call.args.get(*index).map(|value| cx.fact("lease", None, value)).filter(|fact| fact.value.is_some()) else {
                continue;
            };
            out.push((cx.world.program.def(body.def).in_fn.unwrap_or(body.def), fact));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::own_field;
    use crate::fixture::map;

    #[test]
    fn the_field_behind_an_expression_is_told() {
        assert_eq!(own_field("SetExpiry::PX(self.lease.as_millis())"), Some("lease"));
        assert_eq!(own_field("SetExpiry::PX(lease)"), None);
    }

    /// What perhaps holds the rows of a task that runs this in each round.
    fn held_by(round: &str, declared: &str) -> Option<String> {
        let main = format!(
            "{declared}\nasync fn work(db: sqlx::PgPool) {{ loop {{ tokio::time::sleep(std::time::Duration::from_secs(300)).await; {round} }} }}\n\
             fn main() {{ tokio::spawn(work(db())); }}\nfn db() -> sqlx::PgPool {{ sqlx::PgPool::connect_lazy(\"postgres://localhost/shop\").unwrap() }}\n"
        );
        let map = map(&main);
        let task = map.items.iter().find(|item| item.kind == crate::model::Kind::BackgroundTask).unwrap();
        task.facts.iter().find(|fact| fact.key == "perhaps_held_by").map(|fact| fact.value.as_ref().unwrap().to_string())
    }

    #[test]
    fn a_function_that_claims_is_asked_whether_it_did() {
        let claim = |ty: &str| {
            format!(
                "async fn claim_run(db: &sqlx::PgPool) -> {ty} {{ sqlx::query(\"SELECT 1\").execute(db).await.into() }}\nstruct RunGuard;"
            )
        };
        let asked = "if !claim_run(&db).await { continue; }";
        let held = Some("claim_run".to_owned());
        assert_eq!(held_by(asked, &claim("bool")), held);
        assert_eq!(held_by("let got = claim_run(&db).await.unwrap(); if got { step(); }", &claim("Result<bool, sqlx::Error>")), held);
        assert_eq!(held_by("let Some(job) = claim_run(&db).await else { continue; };", &claim("Option<u64>")), held);
        assert_eq!(held_by("let Ok(run) = claim_run(&db).await else { continue; };", &claim("Result<RunGuard, sqlx::Error>")), held);
        // It only has the name, its answer is dropped, or it is of this process.
        assert_eq!(held_by("claim_run(&db).await;", &claim("()")), None);
        assert_eq!(held_by("if claim_run(&db).await > 3 { continue; }", &claim("u64")), None);
        assert_eq!(held_by("claim_run(&db).await;", &claim("bool")), None);
        assert_eq!(held_by("let _ = claim_run(&db).await;", &claim("bool")), None);
        assert_eq!(held_by("claim_run(&db).await?;", &claim("Result<bool, sqlx::Error>")), None);
        let of_process = claim("Result<std::sync::MutexGuard<'static, u8>, sqlx::Error>");
        assert_eq!(held_by("let Ok(run) = claim_run(&db).await else { continue; };", &of_process), None);
    }

    const MAIN: &str = r#"
const HOUR: std::time::Duration = std::time::Duration::from_secs(3600);

struct Lock { redis: redis::aio::ConnectionManager, lasts: std::time::Duration }

impl Lock {
    fn new(redis: redis::aio::ConnectionManager, lasts: std::time::Duration) -> Self { Self { redis, lasts } }

    async fn take(&self) {
        let options = redis::SetOptions::default()
            .conditional_set(redis::ExistenceCheck::NX)
            .with_expiration(redis::SetExpiry::PX(self.lasts.as_millis() as u64));
        redis::cmd("SET").arg("job").arg("me").arg(options).query_async::<()>(&mut self.redis.clone()).await.unwrap();
    }
}

async fn often(redis: redis::aio::ConnectionManager, db: sqlx::PgPool) {
    loop {
        tokio::time::sleep(std::time::Duration::from_secs(300)).await;
        Lock::new(redis.clone(), HOUR).take().await;
        count(&db).await;
    }
}

async fn seldom(redis: redis::aio::ConnectionManager) {
    loop {
        tokio::time::sleep(std::time::Duration::from_secs(86_400)).await;
        Lock::new(redis.clone(), std::time::Duration::from_secs(60)).take().await;
    }
}

async fn count(db: &sqlx::PgPool) {
    sqlx::query("INSERT INTO sales (day, n) VALUES ($1, $2) ON CONFLICT (day) DO UPDATE SET n = sales.n + excluded.n").execute(db).await.unwrap();
    sqlx::query("SELECT n FROM sales").fetch_one(db).await.unwrap();
}

fn start(redis: redis::aio::ConnectionManager, db: sqlx::PgPool) {
    tokio::spawn(often(redis.clone(), db));
    tokio::spawn(seldom(redis));
}

fn main() {}
"#;

    #[test]
    fn tasks_say_how_long_their_own_lock_lasts_and_what_they_change() {
        let cargo = "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\nredis = \"1\"\nsqlx = \"0.8\"\ntokio = \"1\"\n";
        let map = map(&format!("//- /Cargo.toml\n{cargo}\n//- /src/main.rs\n{MAIN}"));
        let told = |end: &str| {
            let task =
                map.items.iter().find(|item| item.kind == crate::model::Kind::BackgroundTask && item.id.as_str().ends_with(end)).unwrap();
            let facts = task.facts.iter().filter(|fact| matches!(fact.key.as_str(), "lease" | "changes" | "perhaps_held_by"));
            facts.map(|fact| format!("{} {}", fact.key, fact.value.as_ref().unwrap())).collect::<Vec<_>>()
        };
        assert_eq!(told("shop::often"), ["changes adds up in sales", "lease 60min"]);
        assert_eq!(told("shop::seldom"), ["lease 60s"]);
    }
}
