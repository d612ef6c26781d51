//! Detector `query-state`: see `query_state.md`.

use std::collections::BTreeMap;

use smol_str::{SmolStr, format_smolstr};

use super::context::Cx;
use super::finding::{Finding, Origin};
use super::settings_tables;
use super::statements::inserted;
use crate::model::{Confidence, Kind, Role, Scope};
use crate::resolve::{At, BodyFacts};
use crate::schema::{self, Done};

/// What a text is found to hold.
struct Held {
    kind: Kind,
    /// `view`, `table`, `channel`, `job`.
    word: &'static str,
    name: SmolStr,
    label: &'static str,
    role: Role,
    schedule: Option<SmolStr>,
}

pub(super) fn run(cx: &Cx<'_>, out: &mut Vec<Finding>) {
    let mut found: BTreeMap<(Kind, &'static str, SmolStr), Finding> = BTreeMap::new();
    for body in cx.bodies() {
        for (text, at) in &body.strings {
            for held in objects(text).chain(kept_in_table(text)) {
                let site = cx.site(*at, held.role, body.def);
                let key = (held.kind, held.word, held.name.clone());
                let finding = found.entry(key).or_insert_with(|| new(cx, body, *at, held));
                if !finding.sites.contains(&site) {
                    finding.sites.push(site);
                }
            }
        }
    }
    out.extend(found.into_values());
    settings_tables::run(cx, out);
}

fn objects(text: &str) -> impl Iterator<Item = Held> {
    let named = schema::objects(text).into_iter().filter(|object| object.done != Done::Dropped);
    named.map(|object| Held {
        kind: schema::kind_of(object.kind),
        word: object.kind.word(),
        name: object.name,
        label: schema::words(object.kind),
        role: if object.done == Done::Made { Role::Declared } else { Role::Written },
        schedule: object.schedule,
    })
}

/// A table that is filled as a cache, or with counts that a limit is held against: told by its name.
fn kept_in_table(text: &str) -> Option<Held> {
    let (name, _) = inserted(text)?;
    let parts: Vec<&str> = name.split('_').collect();
    let has = |word: &str| parts.contains(&word);
    let follows = |first: &[&str], second: &[&str]| parts.windows(2).any(|pair| first.contains(&pair[0]) && second.contains(&pair[1]));
    let (kind, label) = if has("cache") || has("caches") || has("cached") {
        (Kind::Cache, "cache kept in a table of the database")
    } else if ["ratelimit", "ratelimits", "ratelimiter", "throttle", "throttles", "throttling"].iter().any(|word| has(word))
        || follows(&["rate", "limit"], &["limit", "limits", "limiter", "limiting", "bucket", "buckets"])
        || follows(&["login", "failed", "auth"], &["attempt", "attempts", "logins"])
    {
        (Kind::Limiter, "limit kept in a table of the database")
    } else {
        return None;
    };
    Some(Held { kind, word: "table", name: name.into(), label, role: Role::Written, schedule: None })
}

fn new(cx: &Cx<'_>, body: &BodyFacts, at: At, held: Held) -> Finding {
    let mut facts = Vec::new();
    facts.extend(held.schedule.map(|schedule| Cx::plain_fact("schedule", schedule.to_string())));
    for fact in &mut facts {
        fact.at = Some(cx.place(at));
    }
    Finding {
        confidence: Confidence::Likely,
        scope: Scope::External,
        facts,
        label: SmolStr::new_static(held.label),
        ..Finding::new(
            "query-state",
            held.kind,
            body.def,
            held.name.clone(),
            Origin::Declared(format_smolstr!("{}::{}", held.word, held.name)),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::kept_in_table;

    #[test]
    fn tables_are_told_by_whole_words_of_their_names() {
        let read = |text: &str| kept_in_table(text).map(|held| format!("{} {}", held.kind, held.name));
        assert_eq!(read("INSERT INTO price_cache (id) VALUES ($1)").as_deref(), Some("cache price_cache"));
        assert_eq!(read("insert into public.rate_limits values ($1)").as_deref(), Some("limiter rate_limits"));
        assert_eq!(read("INSERT INTO publish_limit_buckets (a) VALUES (1)").as_deref(), Some("limiter publish_limit_buckets"));
        assert_eq!(read("INSERT INTO login_attempts (ip) VALUES ($1)").as_deref(), Some("limiter login_attempts"));
        for text in [
            "INSERT INTO geocaches (id) VALUES ($1)",
            "INSERT INTO credit_limits (n) VALUES (1)",
            "SELECT 1 FROM price_cache",
            "INSERT INTO delivery_attempts (n) VALUES (1)",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
