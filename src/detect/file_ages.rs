//! How old files of a cache on disk may be: settings that are compared with when a file was written. Part of detector `fs-writes`.

use super::context::Cx;
use super::finding::Finding;
use super::lifting::{Callers, Placed};
use crate::model::{Fact, FactValue, Kind, Provenance};
use crate::resolve::BodyFacts;

/// Methods that say when a file was written.
const WRITTEN: [&str; 5] = ["modified", "last_modified", "mtime", "created", "accessed"];

/// At most so many limits are told of one file.
const MAX_LIMITS: usize = 4;

/// Tells the limits at the files that the same module writes into a cache.
pub(super) fn tell(cx: &Cx<'_>, findings: &mut [Finding]) {
    let asks = |body: &&BodyFacts| !body.ages.is_empty() && WRITTEN.iter().any(|name| body.names.iter().any(|one| one == name));
    let bodies: Vec<&BodyFacts> = cx.bodies().filter(asks).collect();
    if bodies.is_empty() {
        return;
    }
    let callers = Callers::new(cx);
    for body in bodies {
        let mut limits: Vec<Fact> = Vec::new();
        for (value, at) in &body.ages {
            let here = Placed { at: *at, def: body.def, value: value.clone(), with: Vec::new() };
            for place in callers.ends(cx, here) {
                let fact = cx.fact("age_limit", None, &place.value);
                let is_set = matches!(fact.provenance, Provenance::Env | Provenance::Settings) || fact.value.is_some();
                if is_set && limits.iter().all(|known| known.from != fact.from || known.value != fact.value) {
                    limits.push(Fact { at: fact.at.clone().or_else(|| Some(cx.place(place.at))), ..fact });
                }
            }
        }
        limits.truncate(MAX_LIMITS);
        let file = cx.file_index(body.def);
        for finding in findings.iter_mut().filter(|finding| is_cache(finding) && finding.sites.iter().any(|site| site.at.file == file)) {
            let new: Vec<Fact> = limits.iter().filter(|limit| !finding.facts.contains(limit)).cloned().collect();
            finding.facts.extend(new);
        }
    }
}

/// A file of which the path, or the setting that gives it, speaks of a cache.
fn is_cache(finding: &Finding) -> bool {
    let path = finding.facts.iter().find(|fact| fact.key == "path");
    let says = |text: &str| text.to_lowercase().contains("cache");
    finding.kind == Kind::FsWrite
        && path
            .is_some_and(|path| path.from.as_deref().is_some_and(says) || matches!(&path.value, Some(FactValue::Text(text)) if says(text)))
}

#[cfg(test)]
mod tests {
    use crate::detect::surroundings_tests::{items, told};
    use crate::model::Kind;

    #[test]
    fn files_of_a_cache_tell_how_old_they_may_be() {
        let of = |path: &str, asked: &str| {
            let text = format!(
                "fn save() {{ std::fs::write(\"{path}\", \"x\").unwrap(); }}\n\
                 fn is_old(path: &str, ttl: u64) -> bool {{ let made = std::fs::metadata(path).unwrap(){asked}; \
                 let age = std::time::SystemTime::now().duration_since(made).unwrap(); ttl <= age.as_secs() }}\n\
                 fn main() {{ let ttl: u64 = std::env::var(\"PAGE_TTL\").map(|text| text.parse().unwrap()).unwrap_or(3600); if is_old(\"page\", ttl) {{ save(); }} }}\n"
            );
            told(&items(&[], &text), Kind::FsWrite, &["age_limit"])
        };
        assert_eq!(of("cache/page.html", ".modified().unwrap()"), ["age_limit 60min PAGE_TTL"]);
        // A file of another sort, and an age that is none of a file.
        assert_eq!(of("pages/page.html", ".modified().unwrap()"), [""; 0]);
        assert_eq!(of("cache/page.html", ".started()"), [""; 0]);
    }
}
