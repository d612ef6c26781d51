//! Searches the sites as a reader would: opens the field, types, and follows the first hits.

use std::collections::BTreeMap;

use super::sites::{BOOK, FLEET, STOREFRONT};
use super::survey::Sight;
use crate::project::map_of;

/// Types every word of interest into the search field of a site's first page.
pub(super) fn run(tab: &Sight, site: &str, address: &str) -> BTreeMap<String, Vec<String>> {
    let words = words(site);
    if words.is_empty() {
        return BTreeMap::new();
    }
    #[derive(serde::Deserialize)]
    struct Answer {
        hits: Vec<Vec<String>>,
        faults: Vec<String>,
    }
    tab.go(&format!("{address}index.html"));
    let answer = tab.ask(&format!("window.__search({})", serde_json::to_string(&words).unwrap()));
    let answer: Answer = serde_json::from_str(&answer).unwrap();
    assert!(answer.faults.is_empty(), "{site}: {:#?}", answer.faults);
    words.into_iter().zip(answer.hits).collect()
}

/// Ids and names of what a site tells.
fn words(site: &str) -> Vec<String> {
    let mut words: Vec<String> = match site {
        STOREFRONT => {
            let map = map_of("storefront");
            let told = map.items.iter().filter(|item| item.class != statemap::model::Class::Constant);
            told.flat_map(|item| [item.id.to_string(), item.name.to_string()]).collect()
        }
        FLEET => {
            let map = crate::project::many_files(1).remove(0).1;
            let map: statemap::model::StateMap = serde_json::from_str(&map).unwrap();
            let told = map.items.iter().filter(|item| item.class != statemap::model::Class::Constant);
            let services = map.services.iter().map(|service| service.name.to_string());
            told.map(|item| item.id.to_string())
                .chain(services)
                .chain(["platform-database".to_owned(), "customer care".to_owned()])
                .collect()
        }
        BOOK => statemap::assess::RULES.iter().map(|rule| rule.id.to_owned()).collect(),
        _ => Vec::new(),
    };
    words.sort();
    words.dedup();
    words
}
