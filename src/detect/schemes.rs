//! Which of several stores a setting chooses by the scheme of its address: a part of detector `stores`.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use super::context::Cx;
use super::databases::store_of;
use super::finding::Finding;
use crate::model::{Fact, Kind, Provenance};
use crate::resolve::{Flow, SchemeTest, Value};

/// What each setting is asked for: stores, with the beginnings that lead to them, in the order in which they are asked.
type Asked = BTreeMap<String, BTreeMap<&'static str, (Vec<SmolStr>, Fact)>>;

/// Tells at each store which scheme of the setting leads to it, where the setting may lead to several.
pub(super) fn tell(cx: &Cx<'_>, findings: &mut [Finding]) {
    let mut asked = Asked::new();
    for body in cx.bodies() {
        for test in &body.schemes {
            let Some(store) = store_of(&test.begins) else { continue };
            for from in settings_of(cx, test) {
                let fact = || Fact { at: Some(cx.place(test.at)), ..Cx::plain_fact("chosen_by", "") };
                let known = asked.entry(from).or_default().entry(store).or_insert_with(|| (Vec::new(), fact()));
                if !known.0.contains(&test.begins) {
                    known.0.push(test.begins.clone());
                }
            }
        }
    }
    asked.retain(|_, stores| stores.len() > 1);
    if asked.is_empty() {
        return;
    }
    // A store has no address yet: its pools and clients have.
    let addressed: Vec<(SmolStr, String)> = findings
        .iter()
        .filter_map(|finding| {
            let store = finding.backs_on.clone()?;
            Some((store, address_of(finding)?))
        })
        .collect();
    for finding in findings.iter_mut() {
        let (store, from): (&str, Vec<String>) = match finding.kind {
            Kind::ExternalStore if finding.detector == "stores" => {
                (&finding.name, addressed.iter().filter(|(store, _)| *store == finding.name).map(|(_, from)| from.clone()).collect())
            }
            Kind::EmbeddedDb if finding.label.to_lowercase().contains("sqlite") => ("sqlite", address_of(finding).into_iter().collect()),
            _ => continue,
        };
        let told = asked.iter().filter(|(asked, _)| from.contains(asked)).filter_map(|(from, stores)| Some((from, stores.get(store)?)));
        let told: Vec<Fact> = told
            .map(|(from, (begins, fact))| Fact {
                value: Some(crate::model::FactValue::Text(format!("{from} begins with {}", begins.join(" or ")))),
                ..fact.clone()
            })
            .collect();
        finding.facts.extend(told);
    }
}

/// The setting that gives the address of a pool, client or file.
fn address_of(finding: &Finding) -> Option<String> {
    let is_address = |fact: &&Fact| matches!(fact.key.as_str(), "address" | "path" | "filename");
    let set = |fact: &Fact| fact.from.clone().filter(|from| fact.provenance != Provenance::Code && !from.contains('('));
    finding.facts.iter().filter(is_address).find_map(set)
}

/// The settings that are asked; what a function is given, by all of its callers.
fn settings_of(cx: &Cx<'_>, test: &SchemeTest) -> Vec<String> {
    let settled = |value: &Value| {
        let settled = cx.flow.settle(cx.world, value);
        settled.from.filter(|from| settled.provenance != Provenance::Code && !from.contains(['(', '{', ' ']))
    };
    let Value::Param { func, .. } = &test.value else { return settled(&test.value).into_iter().collect() };
    let calls = cx.bodies().flat_map(|body| &body.own).filter(|call| call.func == *func && call.taken_by.is_none());
    let mut out: Vec<String> = calls.filter_map(|call| settled(&Flow::with_args(&test.value, *func, &call.args))).collect();
    out.sort();
    out.dedup();
    out
}

#[cfg(test)]
mod tests {
    use crate::detect::surroundings_tests::items;
    use crate::model::Item;

    fn chosen(items: &[Item]) -> Vec<String> {
        let facts = items.iter().flat_map(|item| item.facts.iter().map(move |fact| (item, fact)));
        let chosen = facts.filter(|(_, fact)| fact.key == "chosen_by");
        chosen.map(|(item, fact)| format!("{} {}", item.name, fact.value.as_ref().unwrap())).collect()
    }

    fn of(choice: &str) -> Vec<String> {
        let text = format!(
            "enum Store {{ My, Pg, File }}\nfn url() -> String {{ std::env::var(\"SHOP_DB\").unwrap() }}\n{choice}\n\
             async fn open(url: &str) {{ match choose(url) {{ Store::My => {{ let pool = sqlx::MySqlPool::connect(url).await.unwrap(); serve(pool) }}\n\
             Store::Pg => {{ let pool = sqlx::PgPool::connect(url).await.unwrap(); serve(pool) }}\n\
             Store::File => {{ let pool = sqlx::SqlitePool::connect(url).await.unwrap(); serve(pool) }} }} }}\n\
             fn serve<T>(pool: T) {{ std::mem::forget(pool) }}\n\
             #[tokio::main]\nasync fn main() {{ open(&url()).await }}\n"
        );
        chosen(&items(&["sqlx", "tokio"], &text))
    }

    #[test]
    fn a_scheme_chooses_among_stores() {
        let all = [
            "open SHOP_DB begins with sqlite:",
            "mysql SHOP_DB begins with mysql:",
            "postgres SHOP_DB begins with postgresql: or postgres:",
        ];
        let branches = "fn choose(url: &str) -> Store { if url.len() > 6 && &url[..6] == \"mysql:\" { Store::My }\n\
            else if url.starts_with(\"postgresql:\") || url.starts_with(\"postgres:\") { Store::Pg }\n\
            else if url.starts_with(\"sqlite:\") { Store::File } else { panic!() } }";
        assert_eq!(of(branches), all);
        let parsed = "fn choose(url: &str) -> Store { let url = url::Url::parse(url).unwrap(); if url.scheme() == \"mysql\" { Store::My } else if url.scheme() == \"postgres\" { Store::Pg } else { Store::File } }";
        assert_eq!(of(parsed), ["mysql SHOP_DB begins with mysql:", "postgres SHOP_DB begins with postgres:"]);
    }

    #[test]
    fn what_is_only_asked_for_chooses_nothing() {
        for other in [
            // One store, and what is no address of it.
            "fn choose(url: &str) -> Store { if !url.starts_with(\"mysql:\") { panic!() } if !url.starts_with(\"postgres:\") { panic!() } Store::My }",
            "fn choose(url: &str) -> Store { if url.starts_with(\"postgres:\") { Store::Pg } else if url.starts_with(\"postgresql:\") { Store::Pg } else { Store::File } }",
            "fn choose(url: &str) -> Store { let other = std::env::var(\"OTHER\").unwrap(); if other.starts_with(\"mysql:\") { Store::My } else if other.starts_with(\"postgres:\") { Store::Pg } else { println!(\"{url}\"); Store::File } }",
        ] {
            assert_eq!(of(other), [""; 0], "{other}");
        }
    }
}
