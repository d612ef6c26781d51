//! Directives become text: what they ask for must be there.

use std::collections::BTreeMap;

use super::Written;
use super::directive::{Directive, Rest, Spanned};
use super::fault::Fault;
use super::scan::{Found, What};
use crate::annotations::nearest;
use crate::assess::SYMPTOMS;
use crate::model::{Diagnostic, Item, StateMap};
use crate::render::{Filter, Fragments, RenderError, Told};

/// Where the pages of a book tell items and hazards, when it has no generated chapters.
pub(super) fn told(written: &BTreeMap<String, Written>, map: &StateMap) -> Told {
    let mut told = Told::default();
    for (page, one) in written {
        for directive in one.found.iter().filter_map(Found::directive) {
            match directive.word() {
                "item" => {
                    let named = directive.rest.first().and_then(|id| map.items.iter().find(|item| item.id.as_str() == id.text));
                    if let Some(item) = named {
                        told.items.entry(item.id.clone()).or_insert_with(|| page.clone());
                    }
                }
                "hazards" if directive.services.is_empty() => told.hazards = told.hazards.or_else(|| Some(page.clone())),
                "blind-spots" => told.blind_spots = told.blind_spots.or_else(|| Some(page.clone())),
                _ => {}
            }
        }
    }
    told
}

/// Why a directive has no answer.
enum Stop {
    /// It asks for what is not there.
    Page(Fault),
    /// A template is wrong, which no page can mend.
    Template(RenderError),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Stop::Page(fault)
    }
}

impl From<RenderError> for Stop {
    fn from(error: RenderError) -> Self {
        Stop::Template(error)
    }
}

/// Answers directives.
pub(super) struct Expander<'m> {
    fragments: &'m Fragments<'m>,
    map: &'m StateMap,
    constants: bool,
    /// The book is no page of HTML: diagrams are text.
    text: bool,
}

impl<'m> Expander<'m> {
    pub(super) fn new(fragments: &'m Fragments<'m>, map: &'m StateMap, constants: bool, text: bool) -> Self {
        Self { fragments, map, constants, text }
    }

    /// The text of a page with its directives replaced, and what is wrong with them; those stay as they are.
    pub(super) fn expand(&self, text: &str, found: &[Found], page: &str) -> Result<(String, Vec<Diagnostic>), RenderError> {
        let mut out = String::with_capacity(text.len() * 2);
        let (mut at, mut faults) = (0, Vec::new());
        for one in found {
            out.push_str(&text[at..one.range.start]);
            at = one.range.end;
            let answer = match &one.what {
                What::Escape => continue,
                What::Inline(directive) => self.inline(directive, page),
                What::Block { directive, prefix, level } => {
                    let around =
                        (out.is_empty() || out.ends_with("\n\n"), text[at..].trim_end().is_empty() || text[at..].starts_with("\n\n"));
                    self.block(directive, *level, page).map(|text| behind(prefix, &text, around))
                }
            };
            match answer {
                Ok(text) => out.push_str(&text),
                Err(Stop::Page(fault)) => {
                    out.push_str(&text[one.range.clone()]);
                    faults.push(fault.diagnostic(text));
                }
                Err(Stop::Template(error)) => return Err(error),
            }
        }
        out.push_str(&text[at..]);
        Ok((out, faults))
    }

    fn inline(&self, directive: &Directive, page: &str) -> Result<String, Stop> {
        match directive.word() {
            "link" => Ok(self.fragments.link(self.item(directive)?, page)),
            _ => Ok(self.fragments.count(&self.filter(directive)?).to_string()),
        }
    }

    fn block(&self, directive: &Directive, level: usize, page: &str) -> Result<String, Stop> {
        let service = self.service(directive)?;
        Ok(match directive.word() {
            "list" => self.fragments.list(&self.filter(directive)?, page)?,
            "item" => self.fragments.block(self.item(directive)?, directive.level.unwrap_or(level), page)?,
            "diagram" => self.fragments.diagram(service, self.text, page)?,
            "opening" => self.fragments.opening(service, page)?,
            "review" => self.fragments.hazards(service, false, page)?,
            "hazards" => self.fragments.hazards(service, true, page)?,
            "verdicts" => self.fragments.verdicts(service, page)?,
            "capacity" => self.fragments.capacity(page)?,
            "incident" => {
                let id = &directive.rest[0];
                let known = || unknown("symptom", id, SYMPTOMS.iter().map(|symptom| symptom.id));
                self.fragments.incident(&id.text, page).ok_or_else(known)??
            }
            _ => self.fragments.blind_spots(page)?,
        })
    }

    fn item(&self, directive: &Directive) -> Result<&'m Item, Fault> {
        let id = &directive.rest[0];
        self.fragments.item(&id.text).ok_or_else(|| {
            let ids = || self.map.items.iter().map(|item| item.id.as_str());
            // What people remember of an id is its name.
            let by_name: Vec<&str> = self
                .map
                .items
                .iter()
                .filter(|item| item.name == id.text || item.id.as_str().ends_with(&format!("::{}", id.text)))
                .map(|item| item.id.as_str())
                .collect();
            match by_name.as_slice() {
                [] => unknown("item", id, ids()),
                [one] => missing("item", id, format!("did you mean `{one}`?")),
                several => missing("item", id, format!("it may be one of {}", several.join(", "))),
            }
        })
    }

    fn filter(&self, directive: &Directive) -> Result<Filter, Fault> {
        self.services(directive)?;
        let texts = |list: &[Spanned]| list.iter().map(|one| one.text.clone()).collect();
        Ok(Filter {
            words: texts(&directive.rest),
            kinds: directive.kinds.clone(),
            scopes: directive.scopes.clone(),
            services: texts(&directive.services),
            hazard: None,
            constants: self.constants,
            ..Filter::default()
        })
    }

    fn services(&self, directive: &Directive) -> Result<(), Fault> {
        let known = || self.map.services.iter().map(|service| service.name.as_str());
        match directive.services.iter().find(|named| !known().any(|name| name == named.text)) {
            Some(named) => Err(unknown("service", named, known())),
            None => Ok(()),
        }
    }

    /// The one service that is named.
    fn service<'d>(&self, directive: &'d Directive) -> Result<Option<&'d str>, Fault> {
        self.services(directive)?;
        match directive.services.as_slice() {
            [_, second, ..] if directive.word.rest != Rest::Words => {
                let message = format!("`{{{{#statemap {}}}}}` is about one service, or all", directive.word());
                Err(Fault::new(message, "write a directive for each", second.span.clone()))
            }
            services => Ok(services.first().map(|service| service.text.as_str())),
        }
    }
}

/// A name that is not there, with the nearest that is.
fn unknown<'k>(what: &str, named: &Spanned, known: impl Iterator<Item = &'k str> + Clone) -> Fault {
    let help = match nearest(&named.text, known.clone()) {
        Some(name) => format!("did you mean `{name}`?"),
        None if what == "item" => "`statemap list` shows the items, and `statemap list --format csv` their ids".to_owned(),
        None => format!("there are {}", known.collect::<Vec<_>>().join(", ")),
    };
    missing(what, named, help)
}

fn missing(what: &str, named: &Spanned, help: String) -> Fault {
    Fault::new(format!("no {what} `{}`", named.text), help, named.span.clone())
}

/// A block on lines of its own, each behind what stood before the directive, with an empty line on both sides unless one is there.
fn behind(prefix: &str, text: &str, (above, below): (bool, bool)) -> String {
    let bare = prefix.trim_end();
    let lines = text.trim_matches('\n').lines().map(|line| if line.is_empty() { bare.to_owned() } else { format!("{prefix}{line}") });
    let block = lines.collect::<Vec<_>>().join("\n");
    match (prefix.is_empty() && above, below) {
        (true, true) => block,
        (true, false) => format!("{block}\n{bare}"),
        (false, true) => format!("\n{block}"),
        (false, false) => format!("\n{block}\n{bare}"),
    }
}
