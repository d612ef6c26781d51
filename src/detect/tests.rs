//! Every detector has its name, its file and its page.

use super::DETECTORS;

#[test]
fn ids_are_unique_words_of_kebab_case() {
    let mut ids: Vec<&str> = DETECTORS.iter().map(|detector| detector.id).collect();
    assert!(ids.iter().all(|id| id.chars().all(|c| c == '-' || c.is_ascii_lowercase())), "{ids:?}");
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), DETECTORS.len());
}

#[test]
fn every_detector_has_a_page_with_the_five_headings_in_order() {
    for detector in DETECTORS {
        assert_eq!(detector.docs.lines().next(), Some(format!("# {}", detector.id).as_str()));
        let headings: Vec<&str> = detector.docs.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        let five = ["What it finds", "Why it matters", "How it is detected", "Known limits", "Example"];
        assert_eq!(headings, five, "{}", detector.id);
        assert!(!detector.summary.is_empty() && !detector.summary.ends_with('.'), "{}", detector.id);
    }
}

#[test]
fn every_file_of_a_detector_is_registered() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/detect");
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut pages: Vec<String> = names.filter_map(|name| Some(name.strip_suffix(".md")?.replace('_', "-"))).collect();
    pages.sort();
    let mut ids: Vec<&str> = DETECTORS.iter().map(|detector| detector.id).collect();
    ids.sort_unstable();
    assert_eq!(pages, ids);
    for page in pages {
        assert!(std::path::Path::new(folder).join(format!("{}.rs", page.replace('-', "_"))).is_file(), "{page}");
    }
}
