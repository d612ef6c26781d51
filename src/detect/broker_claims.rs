//! Locks and limits in the words of key-value stores: scripts and commands of Redis, conditions of DynamoDB. Part of detector `claims`.

use smol_str::SmolStr;

use super::claims::{Claim, finding};
use super::context::Cx;
use super::finding::{Finding, RawSite};
use super::reach::member_of;
use super::task_work::claims;
use crate::diag::name_words;
use crate::model::{Item, Kind, Role, Scope};
use crate::resolve::{At, BodyFacts, DefId, Type};

/// What a script does that lets a lock go.
const RELEASED: &str = "lock in Redis that a script releases for its owner only";

pub(super) fn run(cx: &Cx<'_>, body: &BodyFacts, out: &mut Vec<Finding>) {
    for (text, at) in &body.strings {
        if let Some((kind, label)) = in_script(text).or_else(|| in_condition(text)) {
            out.push(found(cx, body, *at, kind, label));
        }
    }
    let said = |word: &str| body.strings.iter().find(|(text, _)| text.eq_ignore_ascii_case(word)).map(|(_, at)| *at);
    // A `watch` among the parameters of an address is no command.
    let command = |word: &str| body.strings.iter().find(|(text, _)| text == word).map(|(_, at)| *at);
    if let Some(at) = command("WATCH").filter(|_| speaks_redis(body)) {
        out.push(found(cx, body, at, Kind::Lease, "optimistic lock by `WATCH` in Redis"));
    }
    if let Some(at) = counted(cx, body, said("INCR").or_else(|| said("INCRBY"))) {
        out.push(found(cx, body, at, Kind::Limiter, "count with an expiry in Redis"));
    }
}

/// The script that releases a lock belongs to where the lock is taken, when one file does both.
pub(super) fn with_their_locks(cx: &Cx<'_>, found: &mut Vec<Finding>) {
    let (releases, rest): (Vec<Finding>, Vec<Finding>) = found.drain(..).partition(|finding| finding.label == RELEASED);
    *found = rest;
    for release in releases {
        let file = cx.file_index(release.def);
        let taken = |lock: &&mut Finding| lock.kind == Kind::Lease && lock.label.contains("Redis") && cx.file_index(lock.def) == file;
        match found.iter_mut().find(taken) {
            Some(lock) => lock.sites.extend(release.sites.into_iter().map(|site| RawSite { role: Role::Written, ..site })),
            None => found.push(release),
        }
    }
}

/// Keys that are set only where there is none: without a sign that somebody owns such a key it is a mark and no lock, and what
/// is set only where there is one already (`XX`) takes nothing.
pub(super) fn tell_marks(cx: &Cx<'_>, findings: &mut Vec<Finding>) {
    let is_conditional = |finding: &Finding| matches!(finding.label.as_str(), "conditional SET in Redis" | "lock by `SET … NX` in Redis");
    let only_renews = |finding: &Finding| {
        let condition = finding.facts.iter().find(|fact| fact.key == "condition").and_then(|fact| fact.from.as_deref());
        condition.is_some_and(|from| from.rsplit("::").next() == Some("XX"))
    };
    findings.retain(|finding| !is_conditional(finding) || !only_renews(finding));
    for finding in findings.iter_mut().filter(|finding| is_conditional(finding)) {
        if !is_owned(cx, finding.def) {
            // What the catalog says of it is said of a lock.
            (finding.label, finding.entry) = (Item::MARK.into(), None);
        }
        // That there is none is what its name says.
        finding
            .facts
            .retain(|fact| fact.key != "condition" || fact.from.as_deref().is_none_or(|from| from.rsplit("::").next() != Some("NX")));
    }
}

/// Names speak of a lock or its holder, the answer says whether it was set, or it is deleted again.
fn is_owned(cx: &Cx<'_>, func: DefId) -> bool {
    let path = cx.path(func);
    let of = member_of(cx, func);
    let frees = |body: &BodyFacts| {
        let name = &cx.world.program.def(body.def).item.name;
        let says = name_words(name).iter().any(|word| ["unlock", "release", "free"].iter().any(|start| word.starts_with(start)));
        says && member_of(cx, body.def) == of
    };
    let Some(body) = cx.body_of.get(&func).map(|at| &cx.bodies[*at]) else { return true };
    let deletes = ["del", "unlink", "eval", "invoke_async"].iter().any(|name| body.names.binary_search(&SmolStr::new_static(name)).is_ok());
    let holds =
        |name: &str| claims(name) || name_words(name).iter().any(|word| ["acquired", "holder", "owner", "taken"].contains(&word.as_str()));
    deletes
        || path.split("::").skip(1).any(claims)
        || says_yes_or_no(cx.world.signatures.value(func))
        || body.locals.iter().any(|local| holds(&local.name))
        || cx.bodies().any(|other| {
            cx.file_index(other.def) == cx.file_index(func)
                && (frees(other) || other.strings.iter().any(|(text, _)| in_script(text).is_some_and(|(_, label)| label == RELEASED)))
        })
}

fn says_yes_or_no(ty: &Type) -> bool {
    let Type::Foreign(path, args) = ty else { return false };
    match path.rsplit("::").next() {
        Some("bool") => true,
        Some("Result") => args.first().is_some_and(says_yes_or_no),
        _ => false,
    }
}

fn found(cx: &Cx<'_>, body: &BodyFacts, at: At, kind: Kind, label: &'static str) -> Finding {
    let scope = if kind == Kind::Limiter { Scope::External } else { kind.usual_scope() };
    Finding { scope, ..finding(cx, body, at, Claim { kind, label, table: None, facts: Vec::new() }) }
}

/// What a script for Redis is for, by the commands that it calls.
fn in_script(text: &str) -> Option<(Kind, &'static str)> {
    let lower = text.to_lowercase();
    if !lower.contains("redis.call") && !lower.contains("redis.pcall") {
        return None;
    }
    let calls = |command: &str| [format!("'{command}'"), format!("\"{command}\"")].iter().any(|quoted| lower.contains(quoted));
    if calls("zremrangebyscore") && (calls("zcard") || calls("zcount")) {
        Some((Kind::Limiter, "sliding window of a limit in Redis, kept by a script"))
    } else if (calls("incr") || calls("incrby")) && (calls("expire") || calls("pexpire")) {
        Some((Kind::Limiter, "count with an expiry in Redis, kept by a script"))
    } else if calls("get") && calls("del") && lower.contains("argv[1]") && lower.contains("==") {
        Some((Kind::Lease, RELEASED))
    } else if calls("set") && calls("nx") {
        Some((Kind::Lease, "lock by `SET … NX` in Redis, taken by a script"))
    } else {
        None
    }
}

/// `attribute_not_exists(pk)`: of several who write the row, the first goes on.
fn in_condition(text: &str) -> Option<(Kind, &'static str)> {
    let is_condition = text.contains("attribute_not_exists(") && !text.contains("redis.");
    is_condition.then_some((Kind::Lease, "claim by a conditional write to DynamoDB"))
}

/// The body calls a client of Redis.
fn speaks_redis(body: &BodyFacts) -> bool {
    let starts = ["redis::", "fred::", "deadpool_redis::", "bb8_redis::", "rustis::"];
    body.foreign.iter().any(|path| starts.iter().any(|start| path.starts_with(start)))
}

/// A counter that expires, in a function whose path speaks of a limit: without those words it may count anything.
fn counted(cx: &Cx<'_>, body: &BodyFacts, command: Option<At>) -> Option<At> {
    let path = cx.path(body.def).to_lowercase();
    let speaks = ["rate_limit", "ratelimit", "throttl", "attempt", "quota"].iter().any(|word| path.contains(word));
    let calls = |names: &[&str]| names.iter().any(|name| body.names.binary_search_by(|known| known.as_str().cmp(name)).is_ok());
    let says = |words: &[&str]| words.iter().any(|word| body.strings.iter().any(|(text, _)| text.eq_ignore_ascii_case(word)));
    let expires = calls(&["expire", "pexpire", "expire_at"]) || says(&["EXPIRE", "PEXPIRE"]);
    if !speaks || !expires {
        return None;
    }
    let typed = || (speaks_redis(body) && calls(&["incr", "incr_by", "incrby"])).then(|| cx.declared_at(body.def));
    command.or_else(typed)
}

#[cfg(test)]
mod tests {
    use super::super::surroundings_tests::items;
    use super::{in_condition, in_script};
    use crate::model::Kind;

    #[test]
    fn a_key_that_nobody_owns_is_a_mark_and_no_lock() {
        let of = |condition: &str, code: &str| {
            let text = format!(
                "use redis::AsyncCommands;\nstruct Store {{ redis: redis::aio::ConnectionManager }}\n\
                 fn only() -> redis::SetOptions {{ redis::SetOptions::default() }}\nimpl Store {{ {code} }}\n\
                 async fn serve(store: Store) {{ store.keep(\"a\").await; }}\nfn main() {{ tokio::spawn(serve(store())); }}\n"
            )
            .replace("OPTIONS", &format!("redis::SetOptions::default().conditional_set(redis::ExistenceCheck::{condition})"));
            let found = items(&["redis", "tokio"], &text);
            found.into_iter().filter(|item| item.kind == Kind::Lease).map(|item| item.summary).collect::<Vec<_>>()
        };
        let keep = "async fn keep(&self, id: &str) { let _: () = self.redis.clone().set_options(id, \"here\", OPTIONS).await.unwrap(); }";
        let mark = ["mark in Redis, set only where there is none"];
        let lock = ["conditional SET in Redis"];
        assert_eq!(of("NX", keep), mark);
        assert_eq!(of("XX", keep), Vec::<String>::new());
        // Freed by the same type, asked whether it was set, or called a lock.
        assert_eq!(
            of("NX", &format!("{keep}\nasync fn release(&self, id: &str) {{ let _: () = self.redis.clone().del(id).await.unwrap(); }}")),
            lock
        );
        let answer = "async fn keep(&self, id: &str) -> bool { self.redis.clone().set_options(id, \"here\", OPTIONS).await.unwrap() }";
        assert_eq!(of("NX", answer), lock);
        let held = keep.replace("let _: ()", "let acquired: bool").replace(".unwrap();", ".unwrap(); assert!(acquired);");
        assert_eq!(of("NX", &held), lock);
        assert_eq!(
            of("NX", &format!("{} async fn keep(&self, id: &str) {{ self.lock_job(id).await }}", keep.replace("keep", "lock_job"))),
            lock
        );
    }

    #[test]
    fn scripts_are_told_by_their_commands() {
        let read = |text: &str| in_script(text).map(|(kind, _)| kind.to_string());
        let release = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end";
        assert_eq!(read(release).as_deref(), Some("lease"));
        assert_eq!(
            read("local n = redis.call(\"INCR\", KEYS[1]) redis.call(\"EXPIRE\", KEYS[1], ARGV[1]) return n").as_deref(),
            Some("limiter")
        );
        assert_eq!(read("redis.call('ZREMRANGEBYSCORE', k, 0, t) return redis.call('ZCARD', k)").as_deref(), Some("limiter"));
        for text in ["return redis.call('get', KEYS[1])", "'incr' and 'expire' are commands", "redis.call('hset', KEYS[1], 'a', 1)"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_condition_on_an_absent_row_is_a_claim() {
        assert!(in_condition("attribute_not_exists(pk) OR expires_at < :now").is_some());
        assert!(in_condition("attribute_exists(pk)").is_none());
    }
}
