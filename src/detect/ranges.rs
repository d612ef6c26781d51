//! The range that a setting has to be in, at its variable and at what it decides: fact `allowed`.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use super::context::Cx;
use super::finding::Finding;
use super::surroundings::is_outside;
use crate::model::{Fact, FactValue, Provenance};

/// Tells what checks of the settings allow. Where two checks disagree, nothing is told.
pub(super) fn tell(cx: &Cx<'_>, findings: &mut [Finding]) {
    let mut allowed: BTreeMap<String, Option<Fact>> = BTreeMap::new();
    for range in cx.bodies().flat_map(|body| &body.ranges) {
        let settled = cx.flow.settle(cx.world, &range.value);
        let from = settled.from.filter(|from| is_outside(cx, &range.value, settled.provenance) && !from.contains(['(', '{', ' ']));
        // A length of time is told with its unit, which the check leaves out.
        let (Some(from), Some(words), false) = (from, range.words(), settled.is_duration) else { continue };
        let fact = Fact { at: Some(cx.place(range.at)), from: Some(from.clone()), ..Cx::plain_fact("allowed", words) };
        match allowed.get_mut(&from) {
            Some(known) if known.as_ref().is_some_and(|known| known.value != fact.value) => *known = None,
            Some(_) => {}
            None => {
                allowed.insert(from, Some(fact));
            }
        }
    }
    if allowed.is_empty() {
        return;
    }
    for finding in findings {
        let mut told: Vec<Fact> = Vec::new();
        for fact in &finding.facts {
            let set = match &fact.value {
                Some(FactValue::Text(name)) if fact.key == "env" => Some(name.as_str()),
                Some(FactValue::Text(_) | FactValue::Bool(_)) => None,
                _ if fact.setting().is_some() || fact.provenance == Provenance::Code => None,
                _ => fact.from.as_deref(),
            };
            let Some(Some(found)) = set.and_then(|set| allowed.get(set)) else { continue };
            if !told.contains(found) {
                // Of its own variable it goes without saying.
                let own = fact.key == "env";
                told.push(Fact { from: found.from.clone().filter(|_| !own), key: key(&fact.key, own), ..found.clone() });
            }
        }
        finding.facts.extend(told);
    }
}

/// Which of several numbers is meant: `max_size_allowed`.
fn key(of: &SmolStr, own: bool) -> SmolStr {
    if own { SmolStr::new_static("allowed") } else { smol_str::format_smolstr!("{of}_allowed") }
}

#[cfg(test)]
mod tests {
    use crate::detect::surroundings_tests::items;

    fn allowed(check: &str) -> Vec<String> {
        let text = format!(
            "const LIMIT: u32 = 256;\nstruct Config {{ size: u32, on: bool }}\n\
             fn read() -> Result<Config, String> {{ let config = Config {{ size: std::env::var(\"POOL_SIZE\").unwrap().parse().unwrap(), on: std::env::var(\"ON\").is_ok() }};\n{check}\nOk(config) }}\n\
             #[tokio::main]\nasync fn main() {{ let config = read().unwrap();\n\
             let pool = sqlx::postgres::PgPoolOptions::new().max_connections(config.size).connect(\"postgres://a\").await.unwrap(); std::mem::forget(pool) }}\n"
        );
        let found = items(&["sqlx", "tokio", "anyhow"], &text);
        let facts = found.iter().flat_map(|item| item.facts.iter().map(move |fact| (item, fact)));
        let told = facts.filter(|(_, fact)| fact.key.ends_with("allowed"));
        told.map(|(item, fact)| {
            format!("{} {} {} {}", item.name, fact.key, fact.value.as_ref().unwrap(), fact.from.as_deref().unwrap_or("-"))
        })
        .collect()
    }

    #[test]
    fn a_check_says_what_is_allowed() {
        let both = |words: &str| vec![format!("main max_connections_allowed {words} POOL_SIZE"), format!("POOL_SIZE allowed {words} -")];
        for check in [
            "if config.size < 1 || config.size > LIMIT { return Err(\"no\".to_owned()); }",
            "if !(1..=256).contains(&config.size) { return Err(\"no\".to_owned()); }",
            "assert!((1..257).contains(&config.size));",
            "if config.size == 0 || 256 < config.size { panic!(\"no\") }",
        ] {
            assert_eq!(allowed(check), both("1 to 256"), "{check}");
        }
        assert_eq!(allowed("if config.size <= 4 { return Err(\"no\".to_owned()); }"), both("at least 5"));
        assert_eq!(allowed("anyhow::ensure!(config.size < 10);"), both("at most 9"));
    }

    #[test]
    fn what_is_no_check_of_one_setting_says_nothing() {
        for check in [
            "if config.size < 1 { println!(\"few\"); }",
            "if config.on && config.size < 1 { return Err(\"no\".to_owned()); }",
            "if config.on { if config.size < 1 { return Err(\"no\".to_owned()); } }",
            "if config.size < 1 || config.on { return Err(\"no\".to_owned()); }",
            "if config.size > u32::MAX { return Err(\"no\".to_owned()); }",
            "if config.size > std::env::args().count() as u32 { return Err(\"no\".to_owned()); }",
            "let size = std::env::args().count(); if size < 1 { return Err(\"no\".to_owned()); }",
            "if config.size < 1 { if config.on { return Err(\"no\".to_owned()); } }",
            "if config.size > 9 { return Err(\"no\".to_owned()); } if config.size > 8 { return Err(\"no\".to_owned()); }",
        ] {
            assert_eq!(allowed(check), [""; 0], "{check}");
        }
    }
}
