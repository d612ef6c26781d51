//! Pieces of the map for pages that people write: a table, an item, the opening, the hazards.
//!
//! Pages are named relative to the folder in which all of them lie, so that links lead from one to another.

use std::cell::Cell;
use std::collections::BTreeMap;

use crate::assess::SYMPTOMS;
use crate::diagram;
use crate::model::{Item, ItemId, StateMap};

use super::blind::{blind_spots, short_revision};
use super::capacity::capacity;
use super::diagrams::{Linked, as_text, drawn};
use super::engine::Engine;
use super::escape::inline;
use super::files::relative;
use super::hazards::{by_rule_of, review, review_here};
use super::incidents::incidents;
use super::item_view::{BLOCK, clause, item_view};
use super::layout::{Layout, written_anchor};
use super::list::{Filter, wanted};
use super::opening::opening;
use super::sections::held_by;
use super::verdict::verdicts;
use super::view::{
    BlindSpots, CapacityView, DiagramView, HazardRuleView, IncidentView, ItemView, ListRow, ListView, NothingView, PartView, ReviewView,
    VerdictView,
};
use super::{RenderError, RenderOptions, framed, subject};

/// Where a book tells items and hazards, for links.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// The folder of the generated chapters, when the book has them: everything is told there.
    pub folder: Option<String>,
    /// Else the pages on which single items stand.
    pub items: BTreeMap<ItemId, String>,
    /// Else the page on which the hazards stand.
    pub hazards: Option<String>,
    /// Else the page on which the blind spots stand.
    pub blind_spots: Option<String>,
}

/// Renders pieces of one map.
pub struct Fragments<'m> {
    engine: Engine,
    layout: Layout<'m>,
    map: &'m StateMap,
    revision: Option<&'m str>,
    blind_spots: Option<String>,
    /// How many diagrams there are.
    drawn: Cell<usize>,
}

#[derive(serde::Serialize)]
struct OfItem {
    item: ItemView,
}

#[derive(serde::Serialize)]
struct OfList {
    list: ListView,
}

#[derive(serde::Serialize)]
struct OfOpening {
    opening: super::view::Opening,
    blind_target: Option<String>,
}

#[derive(serde::Serialize)]
struct OfReview {
    review: ReviewView,
    hazards: Vec<HazardRuleView>,
}

#[derive(serde::Serialize)]
struct OfIncident {
    incident: IncidentView,
}

#[derive(serde::Serialize)]
struct OfVerdicts {
    verdicts: Vec<VerdictView>,
}

#[derive(serde::Serialize)]
struct OfCapacity {
    capacity: Option<CapacityView>,
}

#[derive(serde::Serialize)]
struct OfDiagram {
    diagram: Option<DiagramView>,
}

#[derive(serde::Serialize)]
struct OfBlindSpots {
    blind: BlindSpots,
    version: String,
    revision: Option<String>,
}

impl<'m> Fragments<'m> {
    /// Prepares the pieces of a map.
    ///
    /// # Errors
    /// When a template of the user's folder cannot be read or does not parse.
    pub fn new(map: &'m StateMap, options: &RenderOptions, told: &Told) -> Result<Self, RenderError> {
        let engine = Engine::new(options.templates.as_deref())?.for_book();
        let revision = options.revision(map);
        let (layout, blind_spots) = match &told.folder {
            Some(folder) => (Layout::book(map, options, folder), Some(format!("{folder}/blind-spots.md"))),
            None => {
                let hazards = told.hazards.as_deref().unwrap_or_default();
                let layout = Layout::new(map, options, hazards, |_| String::new());
                let spot = |(id, page): (&ItemId, &String)| (id.clone(), (page.clone(), written_anchor(id)));
                (layout.told_at(told.items.iter().map(spot).collect()), told.blind_spots.clone())
            }
        };
        Ok(Self { engine, layout, map, revision, blind_spots, drawn: Cell::new(0) })
    }

    /// The item with this id.
    #[must_use]
    pub fn item(&self, id: &str) -> Option<&'m Item> {
        self.layout.item(id)
    }

    /// An item with its heading, as deep as `level` says.
    ///
    /// # Errors
    /// As all pieces: when a template of the user does not render.
    pub fn block(&self, item: &Item, level: usize, page: &str) -> Result<String, RenderError> {
        self.piece("item.md.tera", &OfItem { item: item_view(&self.layout, item, page, level.clamp(1, 6), BLOCK) })
    }

    /// The name of an item, linked to where the book tells it; else to its place in the source.
    #[must_use]
    pub fn link(&self, item: &Item, page: &str) -> String {
        if self.layout.spot(&item.id).is_some() {
            return self.layout.name_link(item, page);
        }
        let name = self.layout.name_link(item, page);
        match item.site() {
            Some(site) => self.layout.links.link(&name, page, &site.place.file, Some(site.place.line)),
            None => name,
        }
    }

    /// How many items a filter wants.
    #[must_use]
    pub fn count(&self, filter: &Filter) -> usize {
        wanted(self.map, filter).len()
    }

    /// The items that a filter wants, as a table.
    ///
    /// # Errors
    /// As all pieces.
    pub fn list(&self, filter: &Filter, page: &str) -> Result<String, RenderError> {
        let items = wanted(self.map, filter);
        let Some(first) = items.first() else { return self.nothing("list") };
        let row = |item: &&Item| ListRow {
            kind: item.kind.as_str(),
            link: self.layout.name_link(item, page),
            place: item.site().map(|site| self.layout.links.short_place(page, &site.place.file, site.place.line)),
            summary: clause(&item.summary),
            confidence: (item.confidence != crate::model::Confidence::Certain).then(|| item.confidence.as_str()),
            services: self.layout.services(item).iter().map(|name| self.layout.service_link(name, page)).collect(),
        };
        let list = ListView { rows: items.iter().map(row).collect(), several_kinds: items.iter().any(|item| item.kind != first.kind) };
        self.piece("list.md.tera", &OfList { list })
    }

    /// The paragraph that opens a map; of one service, when it is named.
    ///
    /// # Errors
    /// As all pieces.
    pub fn opening(&self, service: Option<&str>, page: &str) -> Result<String, RenderError> {
        let opening = match service {
            Some(name) => opening(&self.layout, &held_by(&self.layout, name), "service", page),
            None => opening(&self.layout, &self.layout.items, subject(self.map), page),
        };
        let blind_target = self.blind_spots.as_deref().map(|target| relative(page, target));
        self.piece("opening.md.tera", &OfOpening { opening, blind_target })
    }

    /// What a review would raise first; with `full`, each hazard is told below the table.
    ///
    /// # Errors
    /// As all pieces.
    pub fn hazards(&self, service: Option<&str>, full: bool, page: &str) -> Result<String, RenderError> {
        let hazards = if full { by_rule_of(&self.layout, service, page) } else { Vec::new() };
        // What is told right below is linked there.
        let mut review = if full { review_here(&self.layout, service, page) } else { review(&self.layout, service, page) };
        if full {
            // The page may have a heading of that name: the first of them stands right below the table.
            review.target = review.rows.first().and_then(|row| row.target.clone());
        }
        let context = OfReview { review, hazards };
        let mut text = self.engine.render("review.md.tera", &context)?;
        if full {
            text.push('\n');
            text.push_str(&self.engine.render("hazards.md.tera", &context)?);
        }
        Ok(framed(&text))
    }

    /// What can cause a symptom, how to confirm it, and what to do meanwhile; `None` when no symptom has that id.
    ///
    /// # Errors
    /// As all pieces.
    pub fn incident(&self, id: &str, page: &str) -> Option<Result<String, RenderError>> {
        let symptom = SYMPTOMS.iter().find(|symptom| symptom.id == id)?;
        let incident = incidents(&self.layout, |_| page.to_owned(), true).into_iter().find(|incident| incident.id == symptom.id);
        Some(match incident {
            Some(incident) => self.piece("incident.md.tera", &OfIncident { incident }),
            None => self.nothing("incident"),
        })
    }

    /// Whether the services can run as several replicas.
    ///
    /// # Errors
    /// As all pieces.
    pub fn verdicts(&self, service: Option<&str>, page: &str) -> Result<String, RenderError> {
        let verdicts = verdicts(&self.layout, service, page);
        if verdicts.is_empty() { self.nothing("verdicts") } else { self.piece("verdict.md.tera", &OfVerdicts { verdicts }) }
    }

    /// The connections that stores are asked for at a time.
    ///
    /// # Errors
    /// As all pieces.
    pub fn capacity(&self, page: &str) -> Result<String, RenderError> {
        let capacity = capacity(&self.layout, page);
        if capacity.is_none() {
            return self.nothing("capacity");
        }
        // Its heading is for a page of the map: here the page has one of its own.
        let text = self.engine.render("capacity.md.tera", &OfCapacity { capacity })?;
        let below = text.strip_prefix("## ").and_then(|rest| rest.split_once('\n')).map_or(text.as_str(), |(_, below)| below);
        Ok(framed(below.trim_start_matches('\n')))
    }

    /// The diagram of where state lives, of all services or of one: drawn, or as Mermaid source where `text` asks for it or nothing
    /// can be drawn.
    ///
    /// # Errors
    /// As all pieces.
    pub fn diagram(&self, service: Option<&str>, text: bool, page: &str) -> Result<String, RenderError> {
        let diagram = service.map_or_else(|| Some(diagram::overview(self.map)), |name| diagram::service(self.map, name));
        // All pages of a book may be printed as one.
        let number = self.drawn.replace(self.drawn.get() + 1);
        let id = format!("statemap-{}-{number}", page.trim_end_matches(".md"));
        let file = |name: &str| self.layout.service_page(name);
        let linked = Linked { layout: &self.layout, page, service: &file };
        let diagram = diagram.and_then(|diagram| if text { as_text(&diagram) } else { drawn(&diagram, &id, &linked) });
        match diagram {
            None => self.nothing("diagram"),
            Some(_) if text => self.engine.render("diagram.md.tera", &OfDiagram { diagram }),
            Some(_) => self.piece("diagram.md.tera", &OfDiagram { diagram }),
        }
    }

    /// What was not seen.
    ///
    /// # Errors
    /// As all pieces.
    pub fn blind_spots(&self, page: &str) -> Result<String, RenderError> {
        let context = OfBlindSpots {
            blind: blind_spots(&self.layout, page),
            version: inline(&self.map.tool.version),
            revision: self.revision.map(short_revision),
        };
        self.piece("blind-spots.md.tera", &context)
    }

    /// A page that lists chapters, given by name and page.
    ///
    /// # Errors
    /// As all pieces.
    pub fn part(&self, title: &str, page: &str, chapters: &[(&str, &str)]) -> Result<String, RenderError> {
        let link = |(name, target): &(&str, &str)| match *target {
            "" => inline(name),
            target => format!("[{}]({})", inline(name), relative(page, target)),
        };
        self.piece("part.md.tera", &PartView { title: inline(title), chapters: chapters.iter().map(link).collect() })
    }

    /// A piece in the element to which the stylesheet applies.
    fn piece<V: serde::Serialize>(&self, name: &str, view: &V) -> Result<String, RenderError> {
        Ok(framed(&self.engine.render(name, view)?))
    }

    fn nothing(&self, asked: &'static str) -> Result<String, RenderError> {
        self.engine.render("nothing.md.tera", &NothingView { asked })
    }
}
