//! Which places of the code speak of an item, and what happens at each.

use crate::diag::Mark;
use crate::model::{Fact, Item, Place, Provenance, Role, Site};

/// At most so many places where state is declared, made or written are shown with their code.
const SITES: usize = 8;
/// Names of functions are told up to this length.
const SHORT: usize = 24;
/// At most so many places where its numbers are given.
const GIVEN: usize = 8;

/// The places to show, the most telling first.
#[derive(Debug, Default)]
pub struct Code<'m> {
    /// Those that are shown with their code.
    pub marks: Vec<Mark>,
    /// Places of the item for which there is no room.
    pub more: Vec<&'m Site>,
}

/// The places of an item: where it is declared, made and written, and where its numbers come from.
#[must_use]
pub fn code(item: &Item) -> Code<'_> {
    let mut sites: Vec<&Site> = item.sites.iter().collect();
    sites.sort_by_key(|site| (site.role, &site.place));
    sites.dedup_by_key(|site| (&site.place.file, site.place.line, site.role));
    let mut out = Code::default();
    for site in sites {
        let known = out.marks.iter().any(|mark| is_at(mark, &site.place));
        if known {
            continue;
        }
        if out.marks.len() < SITES {
            out.marks.push(mark(&site.place, said(item, site), true));
        } else {
            out.more.push(site);
        }
    }
    // Settings structs have dozens of keys, which the table lists.
    let given = item.facts.iter().filter(|fact| fact.setting().is_none() && fact.provenance != Provenance::Annotated).filter_map(given);
    let mut count = 0;
    for (place, label) in given {
        match out.marks.iter_mut().find(|mark| is_at(mark, place)) {
            // One caret says both.
            Some(mark) if mark.is_main => {}
            Some(mark) => mark.label = format!("{}, {label}", mark.label),
            None if count < GIVEN => {
                out.marks.push(mark(place, label, false));
                count += 1;
            }
            None => {}
        }
    }
    out
}

fn is_at(mark: &Mark, place: &Place) -> bool {
    mark.file == place.file.as_str() && (mark.line, mark.column) == (place.line, place.column)
}

fn mark(place: &Place, label: String, is_main: bool) -> Mark {
    Mark { file: place.file.to_string(), line: place.line, column: place.column, label, is_main }
}

fn said(item: &Item, site: &Site) -> String {
    let what = match site.role {
        Role::Declared => return "declared".to_owned(),
        Role::Constructed => item.made(),
        Role::Written => "written",
    };
    // A label takes room from the code that it stands beside.
    let function = site.function.as_deref().map(|function| function.rsplit("::").next().unwrap_or(function));
    match function.filter(|function| function.len() <= SHORT) {
        Some(function) => format!("{what} in `{function}`"),
        None => what.to_owned(),
    }
}

/// The place of a value, and what it says.
fn given(fact: &Fact) -> Option<(&Place, String)> {
    let place = fact.at.as_ref()?;
    let key = fact.key.rsplit("::").next().unwrap_or_default().replace('_', " ");
    let value = fact.value.as_ref().map(ToString::to_string);
    let variable = fact.from.as_deref().filter(|_| fact.provenance == Provenance::Env);
    Some(match (value, variable) {
        (Some(value), Some(variable)) => (place, format!("{key}: {value} unless `{variable}` is set")),
        (Some(value), None) => (place, format!("{key}: {value}")),
        (None, Some(variable)) => (place, format!("{key} from `{variable}`")),
        (None, None) => (place, key),
    })
}
