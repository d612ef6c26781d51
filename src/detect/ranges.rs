//! The range that a setting has to be in, at its variable and at what it decides: fact `allowed`.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use super::context::Cx;
use super::finding::Finding;
use super::surroundings::is_outside;
use crate::facts::ItemKind;
use crate::model::{Fact, FactValue, Provenance};
use crate::resolve::{At, in_words as words};

/// Tells what checks of the settings allow. Where two checks disagree, nothing is told.
pub(super) fn tell(cx: &Cx<'_>, findings: &mut [Finding]) {
    let mut allowed: BTreeMap<String, Option<Fact>> = BTreeMap::new();
    for range in cx.bodies().flat_map(|body| &body.ranges) {
        let settled = cx.flow.settle(cx.world, &range.value);
        let from = settled.from.filter(|from| is_outside(cx, &range.value, settled.provenance) && !from.contains(['(', '{', ' ']));
        // A length of time is told with its unit, which the check leaves out.
        let (Some(from), Some(words), false) = (from, words(range.least, range.most), settled.is_duration) else { continue };
        let fact = Fact { at: Some(cx.place(range.at)), from: Some(from.clone()), ..Cx::plain_fact("allowed", words) };
        learn(&mut allowed, from, fact);
    }
    parsed(cx, &mut allowed);
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
            // Of its own variable it goes without saying.
            let own = fact.key == "env";
            told.push(Fact { from: found.from.clone().filter(|_| !own), key: key(&fact.key, own), ..found.clone() });
        }
        finding.facts.extend(told);
    }
}

/// Arguments that a variable may give, with a parser that takes a range: `value_parser!(u32).range(1..=256)`.
fn parsed(cx: &Cx<'_>, allowed: &mut BTreeMap<String, Option<Fact>>) {
    for (id, def) in cx.world.program.all_defs().filter(|(id, _)| !cx.is_for_tests(*id)) {
        let ItemKind::Struct(facts) = &def.item.kind else { continue };
        for field in &facts.fields {
            for attr in field.attrs.iter().filter(|attr| attr.path.last().is_some_and(|last| matches!(last.as_str(), "arg" | "clap"))) {
                let argument = |name: &str| attr.args.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_deref());
                let (Some(env), Some(Some(parser))) = (argument("env"), argument("value_parser")) else { continue };
                let Some(words) = range_in(parser) else { continue };
                let name = env.map_or_else(|| field.name.to_uppercase(), str::to_owned);
                let at = At { file: cx.file_index(id), span: attr.span };
                let fact = Fact { at: Some(cx.place(at)), from: Some(name.clone()), ..Cx::plain_fact("allowed", words) };
                learn(allowed, name, fact);
            }
        }
    }
}

/// The range of a parser, where it stands in numbers.
fn range_in(parser: &str) -> Option<String> {
    let parser: String = parser.chars().filter(|c| !c.is_whitespace() && *c != '_').collect();
    let (_, range) = parser.split_once("!(").filter(|(start, _)| start.ends_with("valueparser"))?.1.split_once(").range(")?;
    let (least, most) = range.strip_suffix(')')?.split_once("..")?;
    let number = |text: &str| if text.is_empty() { Some(None) } else { text.parse::<i64>().ok().map(Some) };
    let (least, most) = match most.strip_prefix('=') {
        Some(most) => (number(least)?, number(most)?),
        None => (number(least)?, number(most)?.map(|most| most.saturating_sub(1))),
    };
    words(least, most)
}

fn learn(allowed: &mut BTreeMap<String, Option<Fact>>, from: String, fact: Fact) {
    match allowed.get_mut(&from) {
        Some(known) if known.as_ref().is_some_and(|known| known.value != fact.value) => *known = None,
        Some(_) => {}
        None => {
            allowed.insert(from, Some(fact));
        }
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
    fn a_parser_of_arguments_takes_a_range() {
        assert_eq!(super::range_in("clap::value_parser!(u32).range(1..=256)").as_deref(), Some("1 to 256"));
        assert_eq!(super::range_in("value_parser ! (u64) . range (5_000 ..)").as_deref(), Some("at least 5000"));
        for other in [
            "clap::value_parser!(u32)",
            "parse_size",
            "clap::value_parser!(u32).range(1..=MAX)",
            "other(u32).range(1..2)",
            "clap::value_parser!(u32).range(..)",
        ] {
            assert_eq!(super::range_in(other), None, "{other}");
        }
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
