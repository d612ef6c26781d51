//! Every planted hazard of the storefront is found, with the right numbers; the mended twin has none of them.

use statemap::model::StateMap;

use crate::project::{Project, fixture, map_of};

/// The rules of the answer key, each with how many it finds.
const PLANTED: &[(&str, usize)] = &[
    ("identity-in-thread-local", 1),
    ("affinity-hides-session", 2),
    ("rollout-doubles-connections", 1),
    ("ephemeral-file", 2),
    ("local-db-many-replicas", 1),
    ("in-flight-loss", 4),
    ("job-runs-everywhere", 2),
    ("unrevocable-token", 1),
    ("leader-gap", 1),
    ("stale-secret", 1),
    ("unbounded-growth", 5),
    ("unversioned-cache", 2),
    ("cold-start", 1),
    ("frozen-config", 2),
    ("per-replica-limit", 2),
    ("client-without-timeout", 1),
];

/// A line for each hazard: what would be read aloud in a review.
fn lines(map: &StateMap) -> String {
    let line = |hazard: &statemap::model::Hazard| {
        let sum = hazard.arithmetic.as_ref().map(|sum| format!(" [{sum}]")).unwrap_or_default();
        format!("{} {}: {}{sum}\n", hazard.severity.as_str(), hazard.rule, hazard.message)
    };
    map.hazards.iter().map(line).collect()
}

#[test]
fn every_planted_hazard_is_found() {
    let map = map_of("storefront");
    for (rule, count) in PLANTED {
        let found = map.hazards.iter().filter(|hazard| hazard.rule == *rule).count();
        assert_eq!(found, *count, "{rule}");
    }
    assert_eq!(map.hazards.len(), PLANTED.iter().map(|(_, count)| count).sum::<usize>(), "nothing else is");
    insta::assert_snapshot!("hazards-of-the-storefront", lines(&map));
}

#[test]
fn the_arithmetic_of_the_connections_is_that_of_the_answer_key() {
    let map = map_of("storefront");
    let hazard = map.hazards.iter().find(|hazard| hazard.rule == "rollout-doubles-connections").unwrap();
    let sum = hazard.arithmetic.as_deref().unwrap();
    assert!(sum.contains("50") && sum.contains("= 200") && sum.contains("= 150") && sum.contains("350"), "{sum}");
    assert!(hazard.message.contains("200"), "{}", hazard.message);
}

#[test]
fn every_hazard_has_its_evidence_its_symptom_and_its_remedy() {
    for hazard in map_of("storefront").hazards {
        assert!(hazard.evidence.iter().any(|one| one.at.is_some()), "{}", hazard.id);
        assert!(!hazard.symptom.is_empty() && !hazard.remedy.is_empty() && !hazard.ends_when.is_empty(), "{}", hazard.id);
    }
}

/// A page up to its list of services: the paragraph, the verdicts and what would be raised first.
fn beginning(fixture_name: &str) -> String {
    let project = Project::copy_of(&fixture(fixture_name));
    let page = project.run(&["gen", "-o", "-"]).ends(0).out;
    page.split("\n## Services").next().unwrap().to_owned()
}

#[test]
fn both_pages_begin_with_what_would_be_raised_first() {
    insta::assert_snapshot!("beginning-of-the-storefront", beginning("storefront"));
    let mended = beginning("storefront-fixed");
    assert!(mended.contains("Nothing that a review would raise was found."), "{mended}");
    insta::assert_snapshot!("beginning-of-the-mended-storefront", mended);
}

#[test]
fn the_mended_twin_has_none_of_them() {
    let map = map_of("storefront-fixed");
    assert!(map.items.len() > 80, "the twin is a shop, too");
    assert_eq!(lines(&map), "");
}
