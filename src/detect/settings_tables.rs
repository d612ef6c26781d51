//! Settings that are rows of a table, each under its name: part of detector `query-state`.

use std::collections::BTreeMap;

use smol_str::{SmolStr, format_smolstr};

use super::context::Cx;
use super::finding::{Finding, Origin};
use super::statements::{after, inserted, words};
use crate::facts::ItemKind;
use crate::model::{Access, Confidence, Fact, FactValue, Kind, Role, Scope};
use crate::resolve::{At, BodyFacts, DefId, OwnCall, Type, Value};
use crate::settings::spelled_variant;

/// Names beyond these are not told.
const MAX_NAMES: usize = 20;

/// A table of settings, with the functions that speak to it.
#[derive(Default)]
struct Table {
    written: Vec<(DefId, At)>,
    read: Vec<DefId>,
}

pub(super) fn run(cx: &Cx<'_>, out: &mut Vec<Finding>) {
    for (name, table) in tables(cx) {
        let Some((first, at)) = table.written.first().copied() else { continue };
        let mut facts = vec![Fact { at: Some(cx.place(at)), ..Cx::plain_fact("table", name.clone()) }];
        let names = names(cx, &table);
        facts.extend((!names.is_empty()).then(|| Cx::plain_fact("settings", names.join(", "))));
        let mut sites: Vec<_> = table.written.iter().map(|(func, at)| cx.site(*at, Role::Written, *func)).collect();
        let mut uses = Vec::new();
        for (body, call) in callers(cx, &table) {
            let site = cx.site(call.at, Role::Written, body.def);
            if !table.written.iter().any(|(func, _)| *func == call.func) {
                uses.push((call.at, body.def, Access::Read));
            } else if !sites.contains(&site) {
                sites.push(site);
            }
        }
        out.push(Finding {
            confidence: Confidence::Likely,
            scope: Scope::External,
            facts,
            sites,
            uses,
            label: SmolStr::new_static("settings kept in a table of the database"),
            ..Finding::new(
                "query-state",
                Kind::ExternalStore,
                first,
                SmolStr::new(&name),
                Origin::Declared(format_smolstr!("table::{name}")),
            )
        });
    }
}

/// The row of a table of settings that the calls of a function are about, with the table.
pub(super) fn row_of(cx: &Cx<'_>, func: DefId) -> Option<(String, String)> {
    let body = &cx.bodies[*cx.body_of.get(&func)?];
    body.own.iter().find_map(|call| {
        let inner = &cx.bodies[*cx.body_of.get(&call.func)?];
        let table = inner.strings.iter().find_map(|(text, _)| settings_table(text))?;
        named(cx, call).map(|name| (table, name))
    })
}

fn tables(cx: &Cx<'_>) -> BTreeMap<String, Table> {
    let mut out: BTreeMap<String, Table> = BTreeMap::new();
    for body in cx.bodies().filter(|body| cx.world.program.func(body.def).is_some()) {
        for (text, at) in &body.strings {
            if let Some(name) = settings_table(text) {
                out.entry(name).or_default().written.push((body.def, *at));
            }
        }
    }
    if out.is_empty() {
        return out;
    }
    for body in cx.bodies() {
        for text in &body.reads {
            if let Some(table) = selected(text).and_then(|name| out.get_mut(&name)) {
                table.read.push(body.def);
            }
        }
    }
    out
}

/// A table by whose name its rows are settings of the service, where a statement sets one by its name, be it there or not.
fn settings_table(text: &str) -> Option<String> {
    let (name, columns) = inserted(text)?;
    let parts: Vec<&str> = name.split('_').collect();
    let last = parts.last()?;
    let is_named = ["config", "configs", "configuration", "configurations", "setting", "settings", "flags"].contains(last);
    // What each user or shop sets for itself is data.
    let is_service = parts[..parts.len() - 1].iter().all(|part| {
        ["app", "application", "server", "service", "site", "system", "global", "runtime", "feature", "instance"].contains(part)
    });
    let [key, value, rest @ ..] = columns.as_slice() else { return None };
    let is_key = ["name", "key", "setting", "config_key", "setting_key", "config_name", "setting_name"].contains(&key.as_str());
    let is_value = ["value", "val", "data", "json", "content", "enabled"].contains(&value.as_str());
    let only_times = rest.iter().all(|column| column.ends_with("_at") || column.ends_with("_on"));
    let all = words(text);
    let sets = after(&all, &["DO", "UPDATE"]).or_else(|| after(&all, &["DUPLICATE", "KEY", "UPDATE"])).is_some()
        || all.first().is_some_and(|first| first == "REPLACE")
        || after(&all, &["OR", "REPLACE"]).is_some();
    (is_named && is_service && is_key && is_value && only_times && sets).then_some(name)
}

/// The table that a statement looks into.
fn selected(text: &str) -> Option<String> {
    let all = words(text);
    let at = after(&all, &["FROM"])?;
    Some(all.get(at)?.rsplit('.').next()?.to_lowercase())
}

/// The calls of the functions that speak to a table.
fn callers<'a>(cx: &Cx<'a>, table: &Table) -> Vec<(&'a BodyFacts, &'a OwnCall)> {
    let speaks = |func: DefId| table.read.contains(&func) || table.written.iter().any(|(written, _)| *written == func);
    let calls = cx.bodies().flat_map(|body| body.own.iter().map(move |call| (body, call)));
    calls.filter(|(body, call)| speaks(call.func) && !cx.is_for_tests(body.def)).collect()
}

/// The names of settings: the choices of the type that names them, else the texts that they are asked by; with what
/// holds where there is no row.
fn names(cx: &Cx<'_>, table: &Table) -> Vec<String> {
    let mut out: Vec<(String, Option<String>)> = Vec::new();
    let funcs = table.written.iter().map(|(func, _)| func).chain(&table.read);
    let choices = funcs.flat_map(|func| cx.world.signatures.params[func.0 as usize].iter()).find_map(|ty| choices(cx, ty));
    out.extend(choices.into_iter().flatten().map(|name| (name, None)));
    for (_, call) in callers(cx, table) {
        let Some(name) = named(cx, call) else { continue };
        let default = call.instead.as_ref().filter(|_| table.read.contains(&call.func)).and_then(|value| value.known_text());
        match out.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = known.take().or(default),
            None => out.push((name, default)),
        }
    }
    out.truncate(MAX_NAMES);
    let told = out.into_iter().map(|(name, default)| match default {
        Some(default) => format!("{name} (default {default})"),
        None => name,
    });
    told.collect()
}

/// The choices of a type that names settings, as they are spelled in the table.
fn choices(cx: &Cx<'_>, ty: &Type) -> Option<Vec<String>> {
    let Type::Def(of, _) = ty else { return None };
    let def = cx.world.program.def(*of);
    let ItemKind::Enum(facts) = &def.item.kind else { return None };
    let is_plain = facts.variants.iter().all(|variant| variant.fields.is_empty());
    is_plain.then(|| facts.variants.iter().map(|variant| spelled_variant(&def.item.attrs, &variant.name)).collect())
}

/// The row that a call is about: the choice that it is handed, else its first text.
fn named(cx: &Cx<'_>, call: &OwnCall) -> Option<String> {
    let choice = call.args.iter().find_map(|value| choice(cx, call.func, value));
    let text = |value: &Value| match value {
        Value::Known(FactValue::Text(text), ..) => Some(text.clone()).filter(|text| is_name(text)),
        _ => None,
    };
    choice.or_else(|| call.args.iter().find_map(text))
}

fn choice(cx: &Cx<'_>, func: DefId, value: &Value) -> Option<String> {
    let text = match value {
        Value::Known(FactValue::Text(text), ..) => text.as_str(),
        Value::Unknown(text) => text.as_str(),
        _ => return None,
    };
    let last = text.rsplit("::").next().unwrap_or(text);
    cx.world.signatures.params[func.0 as usize].iter().find_map(|ty| {
        let Type::Def(of, _) = ty else { return None };
        let def = cx.world.program.def(*of);
        let ItemKind::Enum(facts) = &def.item.kind else { return None };
        let known = facts.variants.iter().find(|known| known.name == last)?;
        Some(spelled_variant(&def.item.attrs, &known.name))
    })
}

/// `queue_locked`, and no sentence.
fn is_name(text: &str) -> bool {
    text.len() > 1 && text.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'-' | b'.' | b':'))
}

#[cfg(test)]
mod tests {
    use super::{selected, settings_table};
    use crate::detect::surroundings_tests::items;
    use crate::model::Kind;

    #[test]
    fn a_statement_that_sets_one_setting_by_its_name_is_told() {
        let upsert = |table: &str, columns: &str| {
            settings_table(&format!("INSERT INTO {table} ({columns}) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = $2"))
        };
        assert_eq!(upsert("config", "name, value").as_deref(), Some("config"));
        assert_eq!(upsert("public.site_settings", "key, value, updated_at").as_deref(), Some("site_settings"));
        assert_eq!(settings_table("REPLACE INTO settings (name, value) VALUES (?, ?)").as_deref(), Some("settings"));
        // Data of users, other tables, and rows that are only added.
        assert_eq!(upsert("user_settings", "name, value"), None);
        assert_eq!(upsert("settings", "user_id, value"), None);
        assert_eq!(upsert("prices", "name, value"), None);
        assert_eq!(settings_table("INSERT INTO config (name, value) VALUES ($1, $2)"), None);
        assert_eq!(selected("SELECT value FROM public.config WHERE name = $1").as_deref(), Some("config"));
    }

    #[test]
    fn settings_in_a_table_are_told_with_their_names_and_defaults() {
        let text = "#[derive(strum::IntoStaticStr)]\n#[strum(serialize_all = \"snake_case\")]\npub enum Name { DailyDeals, Banner }\n\
            async fn set(conn: &mut sqlx::PgConnection, name: Name, value: String) -> Result<(), sqlx::Error> { let name: &'static str = name.into();\n\
            sqlx::query(\"INSERT INTO config (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = $2\").bind(name).bind(value).execute(conn).await?; Ok(()) }\n\
            async fn get(conn: &mut sqlx::PgConnection, name: Name) -> Option<String> { let name: &'static str = name.into();\n\
            sqlx::query_scalar(\"SELECT value FROM config WHERE name = $1\").bind(name).fetch_optional(conn).await.unwrap() }\n\
            struct Deals;\nimpl Deals {\n\
            async fn lock(&self, conn: &mut sqlx::PgConnection) -> Result<(), sqlx::Error> { set(conn, Name::DailyDeals, \"off\".to_owned()).await }\n\
            async fn unlock(&self, conn: &mut sqlx::PgConnection) -> Result<(), sqlx::Error> { set(conn, Name::DailyDeals, \"on\".to_owned()).await }\n}\n\
            async fn banner(conn: &mut sqlx::PgConnection) -> String { get(conn, Name::Banner).await.unwrap_or_else(|| \"none today\".into()) }\n\
            #[tokio::main]\nasync fn main() { let mut conn = <sqlx::PgConnection as sqlx::Connection>::connect(\"postgres://db\").await.unwrap(); Deals.lock(&mut conn).await; Deals.unlock(&mut conn).await; banner(&mut conn).await; }\n";
        let found = items(&["sqlx", "strum", "tokio"], text);
        let told = |kind: Kind, keys: &[&str]| -> Vec<String> {
            let of = found.iter().filter(|item| item.kind == kind && item.summary.contains("kept in a")).flat_map(|item| &item.facts);
            of.filter(|fact| keys.contains(&fact.key.as_str())).map(|fact| fact.value.as_ref().unwrap().to_string()).collect()
        };
        assert_eq!(told(Kind::ExternalStore, &["table", "settings"]), ["config", "daily_deals, banner (default none today)"]);
        assert_eq!(told(Kind::Lease, &["table", "row"]), ["config", "daily_deals"]);
    }
}
