//! Detector `sessions`: see `sessions.md`.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::{SmolStr, format_smolstr};

use super::context::Cx;
use super::credentials::{belongs, ends, proves, words};
use super::finding::{Finding, Origin, RawSite};
use super::statements::{deleted, inserted};
use super::stored_tokens;
use crate::facts::{ItemFact, ItemKind};
use crate::model::{Confidence, Fact, Kind, Role};
use crate::resolve::DefId;

/// What is known of one table.
#[derive(Default)]
struct Table {
    columns: BTreeSet<String>,
    /// Structs that stand for its rows, the widest first.
    rows: Vec<(usize, DefId)>,
    /// Where rows are put in, by whom, with which columns where the statement names them.
    inserts: Vec<(RawSite, DefId, Vec<String>)>,
    deletes: usize,
}

pub(super) fn run(cx: &Cx<'_>, out: &mut Vec<Finding>) {
    let mut tables = declared(cx);
    written(cx, &mut tables);
    for (name, mut table) in tables {
        // Another database may have a table of that name, for something else.
        let proven = table.inserts.iter().any(|(_, _, columns)| columns.iter().any(|column| proves(column)));
        table.inserts.retain(|(_, _, columns)| !proven || columns.is_empty() || columns.iter().any(|column| proves(column)));
        if !holds_log_ins(&name, &table) {
            continue;
        }
        table.rows.sort_by_key(|(fields, id)| (std::cmp::Reverse(*fields), *id));
        let Some(mut finding) = finding(cx, &name, &table) else { continue };
        // The token that a row holds is part of that row, not a thing of its own.
        let singular = name.trim_end_matches('s').replace('_', "");
        out.retain(|other| {
            let kept = other.detector == "minted"
                && matches!(&other.origin, Origin::Declared(_))
                && table.columns.contains(field_of(&other.origin))
                && (table.rows.iter().any(|(_, row)| *row == other.def) || cx.short_name(other.def).to_lowercase().contains(&singular));
            if kept {
                finding.sites.extend(other.sites.iter().cloned());
                finding.uses.extend(other.uses.iter().cloned());
                finding
                    .facts
                    .extend(other.facts.iter().filter(|fact| matches!(fact.key.as_str(), "source" | "length" | "made_by")).cloned());
            }
            !kept
        });
        out.push(finding);
    }
}

/// Tables by the structs that stand for their rows: `#[diesel(table_name = …)]`, `#[sea_orm(table_name = "…")]`.
fn declared(cx: &Cx<'_>) -> BTreeMap<String, Table> {
    let mut out: BTreeMap<String, Table> = BTreeMap::new();
    for (id, def) in cx.world.program.all_defs() {
        let ItemKind::Struct(facts) = &def.item.kind else { continue };
        let Some(name) = table_name(def.item) else { continue };
        if cx.is_for_tests(id) || !cx.world.program.is_linked(id) {
            continue;
        }
        let table = out.entry(name).or_default();
        table.columns.extend(facts.fields.iter().map(|field| field.name.to_string()));
        table.rows.push((facts.fields.len(), id));
    }
    out
}

fn table_name(item: &ItemFact) -> Option<String> {
    let args = item.attrs.iter().filter(|attr| attr.path.last().is_some_and(|last| last != "derive")).flat_map(|attr| &attr.args);
    let (_, value) = args.into_iter().find(|(key, _)| key == "table_name")?;
    let value = value.as_deref()?;
    Some(value.rsplit("::").next().unwrap_or(value).trim().to_lowercase())
}

/// Adds who inserts into tables and deletes from them.
fn written(cx: &Cx<'_>, tables: &mut BTreeMap<String, Table>) {
    for body in cx.bodies() {
        for (text, at) in &body.strings {
            if let Some((name, columns)) = inserted(text) {
                let table = tables.entry(name).or_default();
                table.columns.extend(columns.iter().cloned());
                table.inserts.push((cx.site(*at, Role::Written, body.def), body.def, columns));
            }
            for name in deleted(text) {
                tables.entry(name).or_default().deletes += 1;
            }
        }
    }
    // `session::ActiveModel { … }.insert(db)`: the model is known by the module around it.
    for table in tables.values_mut().filter(|table| table.inserts.is_empty()) {
        let Some((_, row)) = table.rows.iter().find(|(_, row)| cx.short_name(*row) == "Model") else { continue };
        let path = cx.path(*row);
        let Some(module) = path.rsplit("::").nth(1) else { continue };
        let names = |body: &crate::resolve::BodyFacts, name: &str| body.names.binary_search_by(|known| known.as_str().cmp(name)).is_ok();
        for body in cx.bodies() {
            if cx.is_dead(body.def) {
                continue;
            }
            let fills = body.fields.iter().any(|(of, ..)| of == row);
            let about = names(body, module);
            let models = fills || (about && names(body, "ActiveModel"));
            if models && (names(body, "insert") || names(body, "save")) {
                table.inserts.push((cx.site(cx.declared_at(body.def), Role::Written, body.def), body.def, Vec::new()));
            }
            if !about {
                continue;
            }
            table.deletes += usize::from(names(body, "delete_many") || names(body, "delete_by_id") || names(body, "delete"));
        }
    }
}

/// At most so many columns are told.
const MAX_COLUMNS: usize = 24;

/// Words in the names of tables that hold log-ins, finished or not.
const LOG_INS: [&str; 26] = [
    "2fa",
    "auth",
    "authentication",
    "authorization",
    "challenge",
    "challenges",
    "device",
    "devices",
    "impersonation",
    "login",
    "logins",
    "mfa",
    "nonce",
    "oauth",
    "oauth2",
    "oidc",
    "passkey",
    "pkce",
    "refresh",
    "remember",
    "session",
    "sessions",
    "sso",
    "twofactor",
    "webauthn",
    "signin",
];

/// Words in the names of tables of tokens that say who somebody is.
const TOKENS: [&str; 4] = ["jwt", "jwts", "token", "tokens"];

/// Words in the names of tables of what is handed out for one purpose, with that purpose: nobody is logged in by it.
const PURPOSES: [(&str, &str); 7] = [
    ("confirmation", "a confirmation"),
    ("confirmations", "a confirmation"),
    ("magic", "a link that is sent"),
    ("reset", "a reset"),
    ("resets", "a reset"),
    ("verification", "a verification"),
    ("verifications", "a verification"),
];

/// Words in the names of tables that are about log-ins and hold none.
const NOT_ONE: [&str; 17] = [
    "client",
    "clients",
    "config",
    "configs",
    "event",
    "events",
    "history",
    "key",
    "keys",
    "log",
    "logs",
    "policies",
    "policy",
    "provider",
    "providers",
    "setting",
    "settings",
];

/// A name is not enough: the row proves somebody's log-in or carries one on, and the code puts it there.
fn holds_log_ins(name: &str, table: &Table) -> bool {
    let said = words(name);
    let says = |list: &[&str]| said.iter().any(|word| list.contains(&word.as_str()));
    if table.inserts.is_empty() || says(&NOT_ONE) {
        return false;
    }
    let any = |test: fn(&str) -> bool| table.columns.iter().any(|column| test(column));
    let proofs = table.columns.iter().filter(|column| proves(column)).count();
    // What proves who somebody is until some time: `password_reset_tokens`, `jwt_storage`.
    if !says(&LOG_INS) {
        return (says(&TOKENS) || purpose(name).is_some()) && proofs > 0 && any(belongs) && any(ends);
    }
    let device = name.contains("device") || table.columns.iter().any(|column| column.contains("device"));
    let whose = any(belongs);
    (proofs > 1 && (whose || any(ends)))
        || (proofs > 0 && whose && (any(ends) || table.deletes > 0))
        || (proofs > 1 && table.deletes > 0)
        // A log-in that waits for its second step is known by who and on what.
        || (device && table.columns.iter().any(|column| column.contains("user")) && any(ends) && table.deletes > 0)
}

/// What the tokens in a table are good for, where it is one thing.
fn purpose(name: &str) -> Option<&'static str> {
    let said = words(name);
    let is_log_in = said.iter().any(|word| LOG_INS.contains(&word.as_str()));
    PURPOSES.iter().find(|(word, _)| !is_log_in && said.iter().any(|one| one == word)).map(|(_, purpose)| *purpose)
}

fn finding(cx: &Cx<'_>, name: &str, table: &Table) -> Option<Finding> {
    let (first_insert, inserting, _) = table.inserts.first()?;
    let row = table.rows.first().map(|(_, row)| *row);
    let def = row.unwrap_or(*inserting);
    let mut facts = vec![Cx::plain_fact("table", name)];
    let list = |test: fn(&str) -> bool| table.columns.iter().filter(|column| test(column)).cloned().collect::<Vec<_>>().join(", ");
    facts.push(Cx::plain_fact("proof", list(proves)));
    facts.push(Cx::plain_fact("belongs_to", list(belongs)));
    facts.push(Cx::plain_fact("ends", list(ends)));
    facts.retain(|fact| fact.value.as_ref().is_some_and(|value| !value.to_string().is_empty()));
    facts.extend(purpose(name).map(|purpose| Cx::plain_fact(Fact::GOOD_FOR, purpose)));
    let all = table.columns.iter().take(MAX_COLUMNS).cloned().collect::<Vec<_>>().join(", ");
    facts.push(Cx::plain_fact("columns", all));
    // Where queries are put together by calls, one that deletes may have another name for the table.
    if table.deletes > 0 || !stored_tokens::are_built(cx) {
        facts.push(Cx::plain_fact("deleted", if table.deletes > 0 { "by the code" } else { "not seen" }));
    }
    let mut sites: Vec<RawSite> = row.map(|row| cx.site(cx.declared_at(row), Role::Declared, row)).into_iter().collect();
    sites.push(first_insert.clone());
    sites.extend(table.inserts.iter().skip(1).map(|(site, ..)| site.clone()));
    let shown = row.map_or_else(|| SmolStr::new(name), |row| cx.short_name(row));
    let shown = if shown == "Model" { SmolStr::new(name) } else { shown };
    Some(Finding {
        confidence: Confidence::Likely,
        sites,
        facts,
        label: SmolStr::new_static(rows_of(name, table)),
        scope: crate::model::Scope::External,
        ..Finding::new("sessions", Kind::Session, def, shown, Origin::Declared(format_smolstr!("table::{name}")))
    })
}

/// What the rows are: tokens, log-ins, or log-ins that wait for the way back from a provider and so belong to nobody yet.
fn rows_of(name: &str, table: &Table) -> &'static str {
    let carries_on = |column: &String| {
        let said = words(column);
        said.last().is_some_and(|last| matches!(last.as_str(), "state" | "verifier" | "nonce" | "challenge"))
    };
    let said = words(name);
    if !table.columns.iter().any(|column| belongs(column)) && table.columns.iter().any(carries_on) {
        "rows of log-ins under way"
    } else if said.last().is_some_and(|last| matches!(last.as_str(), "token" | "tokens"))
        || !said.iter().any(|word| LOG_INS.contains(&word.as_str()))
    {
        "rows of tokens"
    } else {
        "rows of log-ins"
    }
}

/// The last name of a declaration.
fn field_of(origin: &Origin) -> &str {
    match origin {
        Origin::Declared(path) => path.rsplit("::").next().unwrap_or(path),
        Origin::Called { what, .. } => what,
    }
}
