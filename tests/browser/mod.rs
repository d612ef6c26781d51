//! The sites as readers meet them: built with the real mdBook, served on the loopback interface, looked at by a real browser.
//!
//! Every page is opened once at the width of a desk and once at that of a phone; the tests below read what was seen. Pictures
//! for the eye go to the folder that `STATEMAP_SCREENSHOTS` names.

mod chromium;
mod screenshots;
mod search;
mod server;
mod sites;
mod survey;

use std::collections::{BTreeMap, BTreeSet};

use sites::{BOOK, FAULTY, FLEET, STOREFRONT};
use survey::{Page, Seen, Site, Survey, survey};

/// The smallest letters that a diagram may have, in CSS pixels.
const READABLE: f64 = 10.0;

/// The sites without a fault of ours on purpose.
fn sound(survey: &Survey) -> impl Iterator<Item = (&String, &Site)> {
    survey.sites.iter().filter(|(name, _)| *name != FAULTY)
}

fn both(page: &Page) -> [(&'static str, &Seen); 2] {
    [("at a desk", &page.wide), ("on a phone", &page.narrow)]
}

/// What is wrong with the pages of the sound sites: each fault once, with the first page that has it and how many more do.
fn complaints(survey: &Survey, of: impl Fn(&Site, &str, &Page) -> Vec<String>) -> Vec<String> {
    let mut found: BTreeMap<(&str, String), Vec<&str>> = BTreeMap::new();
    for (name, site) in sound(survey) {
        for (file, page) in &site.pages {
            for what in of(site, file, page) {
                found.entry((name, what)).or_default().push(file);
            }
        }
    }
    let told = |((site, what), files): ((&str, String), Vec<&str>)| match files.len() {
        1 => format!("{site}/{}: {what}", files[0]),
        many => format!("{site}/{} and {} more: {what}", files[0], many - 1),
    };
    found.into_iter().map(told).collect()
}

#[track_caller]
fn none(complaints: &[String]) {
    assert!(complaints.is_empty(), "{} faults:\n{}", complaints.len(), complaints.join("\n"));
}

fn script_faults(_: &Site, _: &str, page: &Page) -> Vec<String> {
    both(page).iter().flat_map(|(_, seen)| &seen.faults).cloned().collect()
}

/// Links that lead nowhere: a page or file that is not there, an anchor that the page does not have, a scheme that runs code.
fn dead_links(site: &Site, file: &str, page: &Page) -> Vec<String> {
    let mut out = BTreeSet::new();
    for link in page.wide.links.iter().chain(&page.narrow.links) {
        if let Some(why) = dead(site, &link.target) {
            out.insert(format!("`{}` leads to {}, {why}", link.text, link.target.replace(&site.address, "")));
        }
    }
    let ids = &page.wide.ids;
    let twice = ids.iter().enumerate().filter(|(at, id)| ids[..*at].contains(id));
    // The page of the whole book repeats what its chapters have.
    if file != "print.html" {
        out.extend(twice.map(|(_, id)| format!("the id `{id}` stands there twice")));
    }
    out.into_iter().collect()
}

fn dead(site: &Site, target: &str) -> Option<&'static str> {
    let Some(inside) = target.strip_prefix(&site.address) else {
        let known = ["https://", "http://", "mailto:"].iter().any(|scheme| target.starts_with(scheme));
        let here = target.starts_with("http://127.0.0.1");
        return if here { Some("outside of the site") } else { (!known).then_some("which is no address of the web") };
    };
    let (path, anchor) = inside.split_once('#').unwrap_or((inside, ""));
    let path = path.split('?').next().unwrap_or(path);
    let path = if path.is_empty() || path.ends_with('/') { format!("{path}index.html") } else { path.to_owned() };
    match site.pages.get(&path) {
        None => (!site.folder.join(&path).is_file()).then_some("which is not there"),
        Some(page) => (!anchor.is_empty() && !page.wide.ids.contains(&decoded(anchor))).then_some("an anchor that the page does not have"),
    }
}

fn decoded(anchor: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = anchor;
    while let Some(at) = rest.find('%') {
        bytes.extend_from_slice(&rest.as_bytes()[..at]);
        let code = rest.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        bytes.push(code.unwrap_or(b'%'));
        rest = &rest[at + if code.is_some() { 3 } else { 1 }..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8(bytes).unwrap_or_default()
}

fn wider_than_the_window(_: &Site, _: &str, page: &Page) -> Vec<String> {
    let seen = both(page).into_iter().filter_map(|(where_, seen)| Some((where_, seen.overflow.as_ref()?)));
    seen.map(|(where_, wide)| format!("{} of {} px {where_}: {}", wide.scroll, wide.width, wide.offenders.join("; "))).collect()
}

fn pale_text(_: &Site, _: &str, page: &Page) -> Vec<String> {
    let all: BTreeSet<&String> = page.wide.contrast.iter().chain(&page.narrow.contrast).collect();
    all.into_iter().cloned().collect()
}

fn unreadable_diagrams(_: &Site, _: &str, page: &Page) -> Vec<String> {
    let mut out = Vec::new();
    for (where_, seen) in both(page) {
        for diagram in &seen.diagrams {
            let size = diagram.smallest.unwrap_or(0.0);
            if size < READABLE {
                out.push(format!("the letters of `{}` are {size:.1} px {where_}", diagram.label));
            }
            out.extend(diagram.outside.iter().map(|words| format!("`{}` {where_}: outside of its node: {words}", diagram.label)));
        }
    }
    out
}

#[test]
fn no_page_logs_an_error_or_asks_for_what_is_not_there() {
    let Some(survey) = survey() else { return };
    let mut found = complaints(survey, script_faults);
    found.extend(sound(survey).flat_map(|(_, site)| &site.refused).map(|path| format!("{path} was asked for and is not there")));
    none(&found);
}

#[test]
fn every_link_and_anchor_leads_somewhere() {
    let Some(survey) = survey() else { return };
    none(&complaints(survey, dead_links));
}

#[test]
fn no_page_scrolls_sideways() {
    let Some(survey) = survey() else { return };
    none(&complaints(survey, wider_than_the_window));
}

#[test]
fn text_stands_out_from_its_ground_in_every_theme() {
    let Some(survey) = survey() else { return };
    none(&complaints(survey, pale_text));
}

#[test]
fn the_map_is_drawn_on_its_first_page_and_on_that_of_each_service() {
    let Some(survey) = survey() else { return };
    let pages = &survey.sites[STOREFRONT].pages;
    let services: Vec<&String> = pages.keys().filter(|page| page.starts_with("services/") && *page != "services/index.html").collect();
    assert!(services.len() > 1, "{services:?}");
    for page in services.into_iter().map(String::as_str).chain(["index.html"]) {
        for (where_, seen) in both(&pages[page]) {
            assert!(!seen.diagrams.is_empty(), "no diagram on {page} {where_}");
            assert!(seen.diagrams.iter().all(|diagram| diagram.smallest.is_some() && !diagram.label.is_empty()), "{:?}", seen.diagrams);
        }
    }
}

#[test]
fn words_in_diagrams_are_readable_at_a_desk_and_on_a_phone() {
    let Some(survey) = survey() else { return };
    none(&complaints(survey, unreadable_diagrams));
}

/// Words as a search sees them: without the punctuation around them, a space before and behind each.
fn bare(text: &str) -> String {
    let words = text.split_whitespace().map(|word| word.trim_matches(|c: char| !c.is_alphanumeric() && c != '_'));
    words.map(|word| format!(" {word} ")).collect()
}

/// The section that a hit leads to.
fn section<'a>(site: &'a Site, hit: &str) -> Option<&'a str> {
    let (path, anchor) = hit.strip_prefix(&site.address)?.split_once('#')?;
    let page = site.pages.get(path.split('?').next()?)?;
    page.wide.sections.iter().find(|section| section.id == decoded(anchor)).map(|section| section.text.as_str())
}

fn is_id(words: &str) -> bool {
    words.split_once(':').is_some_and(|(kind, _)| kind.parse::<statemap::model::Kind>().is_ok())
}

#[test]
fn a_search_for_an_id_or_a_name_leads_to_it() {
    let Some(survey) = survey() else { return };
    let mut found = Vec::new();
    for (name, site) in sound(survey) {
        assert!(!site.hits.is_empty(), "{name} was not searched");
        let texts: String = site.pages.values().flat_map(|page| &page.wide.sections).map(|section| bare(&section.text)).collect();
        for (words, hits) in &site.hits {
            // A name may be told in other words: with what a setting makes of it, or its place in words of their own.
            if !is_id(words) && !texts.contains(&bare(words)) {
                continue;
            }
            // mdBook leaves words of more than 80 bytes out of its index: such an item is found by its name.
            if words.split(['-', ' ']).any(|word| word.len() > 80) {
                continue;
            }
            // Who types an id wants that one; a name may be a word of the language. Of many services only lists are told, a long
            // section each, which the parts of an id do not put first.
            let enough = if is_id(words) && name != FLEET { 5 } else { hits.len() };
            let leads = |hit: &String| section(site, hit).is_some_and(|text| text.contains(words.as_str()));
            if !hits.iter().take(enough).any(leads) {
                let first: Vec<&str> = hits.iter().take(5).map(|hit| hit.trim_start_matches(&site.address)).collect();
                found.push(format!("{name}: `{words}` is not where its first hits lead: {first:?}"));
            }
        }
    }
    none(&found);
}

/// Without this the tests above could pass because they see nothing.
#[test]
fn the_checks_find_a_fault_of_each_sort() {
    let Some(survey) = survey() else { return };
    let site = &survey.sites[FAULTY];
    let page = &site.pages["index.html"];
    #[track_caller]
    fn tells(found: &[String], parts: &[&str]) {
        for part in parts {
            assert!(found.iter().any(|fault| fault.contains(part)), "`{part}` was not found in {found:#?}");
        }
    }
    let scripts = script_faults(site, "", page);
    tells(&scripts, &["a logged error", "a logged warning", "a thrown error", "a promise that failed", "missing.css"]);
    assert!(site.refused.contains(&"/faulty/missing.css".to_owned()), "{:?}", site.refused);
    let links = dead_links(site, "index.html", page);
    tells(&links, &["#nowhere", "gone.html", "javascript:alert(1)", "the id `twice`"]);
    assert_eq!(links.len(), 4, "{links:#?}");
    let wide = wider_than_the_window(site, "", page);
    tells(&wide, &["a box wider than a phone"]);
    assert!(wide.len() == 1 && !wide[0].contains("that scrolls"), "{wide:#?}");
    let pale = pale_text(site, "", page);
    tells(
        &pale,
        &[
            "light: #999999 on #ffffff is 2.85, main > p.pale",
            "navy: #333333 on #161923",
            "light: #999999 on #ffffff is 2.85, main > p.clear",
        ],
    );
    assert!(!pale.iter().any(|text| text.contains("unseen") || text.contains("light: #333333")), "{pale:#?}");
    let diagrams = unreadable_diagrams(site, "", page);
    tells(&diagrams, &["px at a desk", "px on a phone", "text that leaves its node"]);
    assert!(!diagrams.iter().any(|text| text.contains("tiny text (")), "{diagrams:#?}");
}

#[test]
fn the_sites_have_the_pages_that_they_should_have() {
    let Some(survey) = survey() else { return };
    let storefront = &survey.sites[STOREFRONT].pages;
    let book = &survey.sites[BOOK].pages;
    assert!(storefront.len() > 20 && book.len() > 80, "{} and {} pages", storefront.len(), book.len());
    let fleet = &survey.sites[FLEET].pages;
    for page in ["index.html", "services/orders-api.html", "state/orders.html", "stores/postgres.html", "hazards/ephemeral-file.html"] {
        assert!(fleet.contains_key(page), "{page} is not among {} pages", fleet.len());
    }
}
