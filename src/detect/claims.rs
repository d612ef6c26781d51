//! Detector `claims`: see `claims.md`.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use super::context::Cx;
use super::finding::{Finding, Origin};
use super::ranks;
use super::statements::{Marked, inserted, marked, words};
use crate::model::{Confidence, Fact, FactValue, Item, Kind, Role};
use crate::resolve::{At, BodyFacts};

pub(super) fn run(cx: &Cx<'_>, out: &mut Vec<Finding>) {
    let mut queues: BTreeMap<String, Finding> = BTreeMap::new();
    let mut marks: BTreeMap<String, Finding> = BTreeMap::new();
    let first = out.len();
    for body in cx.bodies() {
        for (text, at) in &body.strings {
            if let Some(table) = filled_queue(text) {
                let site = cx.site(*at, Role::Written, body.def);
                let known = queues.entry(table.clone()).or_insert_with(|| queue(cx, body, *at, &table));
                known.sites.push(site);
                if known.facts.iter().all(|fact| fact.key != "priorities") {
                    known.facts.extend(inserted(text).and_then(|(_, columns)| ranks::told(cx, body.def, &columns)));
                }
            }
            if let Some(Marked { table, column, takes }) = marked(text) {
                let facts = vec![Cx::plain_fact("mark", column)];
                let label = if takes { "claim by a mark in the row" } else { Item::MARK_ENDED };
                let claim = Claim { kind: Kind::Lease, label, table: Some(table.clone()), facts };
                let mut found = finding(cx, body, *at, claim);
                match marks.get_mut(&table) {
                    // Who takes them says more than who gives them back.
                    Some(known) if takes && known.label == Item::MARK_ENDED => {
                        std::mem::swap(known, &mut found);
                        known.sites.append(&mut found.sites);
                    }
                    Some(known) => known.sites.extend(found.sites),
                    None => {
                        marks.insert(table, found);
                    }
                }
                if !text.to_uppercase().contains("FOR UPDATE") {
                    continue;
                }
            }
            if let Some(mut claim) = in_query(text).or_else(|| guard(body, text)) {
                if claim.kind == Kind::FsWrite {
                    let path = body.copied_into.iter().find(|(statement, _)| statement == at).map(|(_, path)| cx.fact("path", None, path));
                    let quoted = || text.split('\'').nth(1).map(|path| Cx::plain_fact("path", path));
                    claim.facts.extend(path.filter(|path| path.value.is_some() || path.from.is_some()).or_else(quoted));
                }
                out.push(finding(cx, body, *at, claim));
            }
        }
        out.extend(redis_lock(cx, body));
        super::broker_claims::run(cx, body, out);
    }
    let queues: Vec<Finding> = queues.into_iter().map(|(table, queue)| ordered(&out[first..], queue, &table)).collect();
    out.extend(queues);
    // Who takes rows under a lock also marks them, and marks them as done: one claim.
    for (table, mark) in marks {
        let is_same = |claim: &&mut Finding| claim.label.starts_with("row claim") && claim.facts.iter().any(|fact| says(fact, &table));
        match out[first..].iter_mut().find(is_same) {
            Some(claim) => {
                claim.sites.extend(mark.sites);
                claim.facts.extend(mark.facts.into_iter().filter(|fact| fact.key == "mark"));
            }
            None => out.push(mark),
        }
    }
    super::kept_locks::run(cx, out);
}

/// A queue is emptied in the order of the claims on its rows.
fn ordered(claims: &[Finding], mut queue: Finding, table: &str) -> Finding {
    let of_table = claims.iter().filter(|claim| claim.kind == Kind::Lease && claim.facts.iter().any(|fact| says(fact, table)));
    queue.facts.extend(of_table.flat_map(|claim| &claim.facts).find(|fact| fact.key == "order").cloned());
    queue
}

fn says(fact: &Fact, table: &str) -> bool {
    fact.key == "table" && fact.value.as_ref().is_some_and(|value| value.to_string() == table)
}

/// The table that a statement puts work into, by its name.
fn filled_queue(text: &str) -> Option<String> {
    let words: Vec<String> = words(text);
    let at = words.windows(2).position(|at| at[0] == "INSERT" && at[1] == "INTO")?;
    let table = words.get(at + 2)?.to_lowercase();
    let last = table.rsplit(['_', '.']).next().unwrap_or(&table);
    matches!(last, "queue" | "queues" | "outbox" | "jobs" | "job").then_some(table)
}

/// One item for each table of work.
fn queue(cx: &Cx<'_>, body: &BodyFacts, at: At, table: &str) -> Finding {
    let claim = Claim { kind: Kind::ExternalStore, label: "durable queue in table", table: Some(table.to_owned()), facts: Vec::new() };
    let mut out = finding(cx, body, at, claim);
    out.name = table.into();
    out.origin = Origin::Declared(smol_str::format_smolstr!("table::{table}"));
    out.sites.clear();
    out
}

/// What a query claims or writes.
pub(super) struct Claim {
    pub(super) kind: Kind,
    pub(super) label: &'static str,
    pub(super) table: Option<String>,
    pub(super) facts: Vec<Fact>,
}

fn in_query(text: &str) -> Option<Claim> {
    // A table that is put in at run time has no name here.
    let is_open = |table: &String| !text.to_lowercase().contains(&format!("{{{table}}}"));
    let words = words(text);
    let has = |phrase: &[&str]| words.windows(phrase.len()).any(|at| at.iter().zip(phrase).all(|(word, wanted)| word == wanted));
    let after = |phrase: &[&str]| {
        let at = words.windows(phrase.len()).position(|at| at.iter().zip(phrase).all(|(word, wanted)| word == wanted))?;
        words.get(at + phrase.len()).map(|word| word.to_lowercase()).filter(is_open)
    };
    let lock = |label, table, facts| Some(Claim { kind: Kind::Lease, label, table, facts });
    if has(&["VACUUM", "INTO"]) {
        return Some(Claim {
            kind: Kind::FsWrite,
            label: "copy of the database written by `VACUUM INTO`",
            table: None,
            facts: vec![Cx::plain_fact("op", "create")],
        });
    }
    if let Some(word) =
        words.iter().find(|word| word.contains("ADVISORY_LOCK") || word.contains("ADVISORY_XACT_LOCK") || *word == "GET_LOCK")
    {
        let mut facts = vec![Cx::plain_fact("function", word.to_lowercase())];
        // Who only waits does the work after all; `GET_LOCK` waits for as long as it is told to.
        let waits = !word.contains("TRY") && *word != "GET_LOCK";
        facts.extend(waits.then(|| Cx::plain_fact("when_taken", WAITS)));
        return lock("advisory lock in the database", None, facts);
    }
    if has(&["SELECT"]) && has(&["FOR", "UPDATE"]) {
        let waits = if has(&["SKIP", "LOCKED"]) {
            "skips rows that others hold"
        } else if has(&["NOWAIT"]) {
            "fails when another holds the row"
        } else {
            WAITS
        };
        let mut facts = vec![Cx::plain_fact("when_taken", waits)];
        let rows = after(&["LIMIT"]).and_then(|rows| rows.parse().ok());
        facts.extend(rows.map(|rows| Fact { value: Some(FactValue::Int(rows)), ..Cx::plain_fact("rows_at_once", "") }));
        facts.extend(order(text).map(|order| Cx::plain_fact("order", order)));
        return lock("row claim by `FOR UPDATE`", after(&["FROM"]), facts);
    }
    let table = after(&["INSERT", "INTO"])?;
    if ["used_jti", "used_nonce", "used_token", "used_code"].iter().any(|word| table.contains(word)) {
        return lock("record of what was used once", Some(table), Vec::new());
    }
    let named_so = table
        .split(['_', '.'])
        .any(|part| ["idempot", "dedup", "processed", "lock", "lease", "claim"].iter().any(|word| part.starts_with(word)));
    if named_so && has(&["ON", "CONFLICT"]) && has(&["DO", "NOTHING"]) {
        return lock("claim by `INSERT … ON CONFLICT DO NOTHING`", Some(table), vec![Cx::plain_fact("when_taken", "inserts nothing")]);
    }
    None
}

/// `priority ASC, id`: by which columns rows are taken.
fn order(text: &str) -> Option<String> {
    let all: Vec<&str> = text.split_whitespace().collect();
    let is = |at: usize, word: &str| all.get(at).is_some_and(|one| one.eq_ignore_ascii_case(word));
    let start = (0..all.len()).find(|at| is(*at, "ORDER") && is(at + 1, "BY"))? + 2;
    let ends = |at: &usize| ["LIMIT", "FOR", "OFFSET", "FETCH"].iter().any(|word| is(*at, word)) || all[*at].contains([')', '(', '$', '{']);
    let end = (start..all.len()).find(ends).unwrap_or(all.len());
    // What is computed is no list of columns.
    let is_whole = all.get(end).is_none_or(|word| !word.contains(['(', '$', '{']));
    let text = all[start..end].join(" ").trim_end_matches(';').to_owned();
    (is_whole && !text.is_empty() && text.len() <= MAX_ORDER).then_some(text)
}

/// What happens when another holds it: nobody is turned away.
const WAITS: &str = "waits for other holders";

/// A longer list of columns is not told.
const MAX_ORDER: usize = 80;

/// More columns than these are more than a mark.
const MAX_CLAIM_COLUMNS: usize = 5;

/// `ON CONFLICT DO NOTHING` where the function then asks whether a row was inserted: the first who does goes on.
fn guard(body: &BodyFacts, text: &str) -> Option<Claim> {
    let all = words(text);
    let skips = all.windows(2).any(|at| at[0] == "DO" && at[1] == "NOTHING") || all.starts_with(&["INSERT".into(), "IGNORE".into()]);
    if !skips || body.names.binary_search(&SmolStr::new_static("rows_affected")).is_err() {
        return None;
    }
    // A row of many columns is data, of which one copy is enough; a claim says little more than whose it is.
    let (table, _) = inserted(text).filter(|(_, columns)| columns.len() <= MAX_CLAIM_COLUMNS)?;
    Some(Claim {
        kind: Kind::Lease,
        label: "claim by `INSERT … ON CONFLICT DO NOTHING`",
        table: Some(table),
        facts: vec![Cx::plain_fact("when_taken", "inserts nothing")],
    })
}

/// `SET key value NX …`, spelled as a command with its arguments.
fn redis_lock(cx: &Cx<'_>, body: &BodyFacts) -> Option<Finding> {
    let find = |word: &str| body.strings.iter().find(|(text, _)| text.eq_ignore_ascii_case(word));
    let (_, at) = find("NX").filter(|_| find("SET").is_some()).or_else(|| find("SETNX"))?;
    let claim = Claim {
        kind: Kind::Lease,
        label: "lock by `SET … NX` in Redis",
        table: None,
        facts: vec![Cx::plain_fact("when_taken", "sets nothing")],
    };
    Some(finding(cx, body, *at, claim))
}

pub(super) fn finding(cx: &Cx<'_>, body: &BodyFacts, at: At, claim: Claim) -> Finding {
    let name = cx.maker_name(body.def);
    let mut facts = claim.facts;
    if let Some(table) = &claim.table {
        facts.insert(0, Cx::plain_fact("table", table.clone()));
    }
    for fact in &mut facts {
        fact.at = Some(cx.place(at));
    }
    // Nothing is taken where it is given back.
    let is_written = claim.kind == Kind::FsWrite || claim.label == Item::MARK_ENDED;
    let role = if is_written { Role::Written } else { Role::Constructed };
    Finding {
        is_call: true,
        confidence: Confidence::Likely,
        sites: vec![cx.site(at, role, body.def)],
        facts,
        label: SmolStr::new_static(claim.label),
        ..Finding::new(
            "claims",
            claim.kind,
            body.def,
            name,
            Origin::Called { function: cx.path(body.def), what: claim.table.map_or_else(|| SmolStr::new_static("query"), SmolStr::from) },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::in_query;

    fn read(text: &str) -> Option<(String, Option<String>)> {
        in_query(text).map(|claim| (claim.label.to_owned(), claim.table))
    }

    #[test]
    fn rows_are_taken_in_an_order() {
        let read = |text: &str| super::order(text);
        assert_eq!(read("SELECT a FROM q ORDER BY priority ASC,\n attempt LIMIT 1").as_deref(), Some("priority ASC, attempt"));
        assert_eq!(read("(SELECT a FROM q ORDER BY id FOR UPDATE)").as_deref(), Some("id"));
        assert_eq!(read("SELECT a FROM q ORDER BY random() LIMIT 1"), None);
        assert_eq!(read("SELECT a FROM q"), None);
    }

    #[test]
    fn a_claim_on_rows_names_its_table() {
        let (label, table) = read("SELECT id\n  FROM jobs j\n WHERE state = 'new'\n FOR UPDATE SKIP LOCKED LIMIT 1").unwrap();
        assert_eq!((label.as_str(), table.as_deref()), ("row claim by `FOR UPDATE`", Some("jobs")));
        assert!(read("select pg_try_advisory_xact_lock($1)").unwrap().0.contains("advisory"));
        let (_, table) = read("INSERT INTO idempotency (user_id, key) VALUES ($1, $2) ON CONFLICT DO NOTHING").unwrap();
        assert_eq!(table.as_deref(), Some("idempotency"));
    }

    #[test]
    fn a_table_that_is_put_in_at_run_time_has_no_name() {
        let (_, table) = read("SELECT id FROM {table} a WHERE a.done = false FOR UPDATE SKIP LOCKED").unwrap();
        assert_eq!(table, None);
        let (_, table) = read("SELECT id FROM jobs WHERE {filter} FOR UPDATE SKIP LOCKED").unwrap();
        assert_eq!(table.as_deref(), Some("jobs"));
    }

    #[test]
    fn plain_queries_and_prose_claim_nothing() {
        assert_eq!(read("SELECT * FROM jobs WHERE updated = true"), None);
        assert_eq!(read("INSERT INTO tags (name) VALUES ($1) ON CONFLICT (name) DO NOTHING"), None);
        assert_eq!(read("ask the advisory board for an update"), None);
        assert_eq!(read("merge conflict in the settings"), None);
    }
}
