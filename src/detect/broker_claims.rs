//! Locks and limits in the words of key-value stores: scripts and commands of Redis, conditions of DynamoDB. Part of detector `claims`.

use super::claims::{Claim, finding};
use super::context::Cx;
use super::finding::{Finding, RawSite};
use crate::model::{Kind, Role, Scope};
use crate::resolve::{At, BodyFacts};

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
    use super::{in_condition, in_script};

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
