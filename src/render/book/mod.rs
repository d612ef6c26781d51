//! A book for mdBook: an index that is read at a glance, and a page for everything that somebody would search for.
//!
//! Everything is told in one place and linked from all others: items from their hazards, symptoms, stores, services and failures,
//! and these from the items.

mod changes;
mod items;
mod owners;
mod stores;
mod summary;

use serde::Serialize;

use crate::assess::Damage;
use crate::diagram::{self, Diagram};
use crate::model::{Item, Kind, StateMap};

use super::blind::{blind_spots, short_revision};
use super::capacity::capacity;
use super::diagrams::{Linked, drawn};
use super::engine::Engine;
use super::escape::{inline, one_line};
use super::failures::{LossIndex, events, failures, hits, listed};
use super::files::{
    BLIND, CHANGES, FAILURES, HAZARDS, INCIDENTS, INDEX, SERVICES, failure_page, hazard_page, incident_page, kind_page, relative,
};
use super::hazards::{review, rule_in_full, rules_found};
use super::html::{STYLESHEET, STYLESHEET_FILE};
use super::incidents::{incidents, symptom_rows};
use super::item_view::sentence;
use super::layout::{Layout, ORDER};
use super::lifecycle_view::lifecycles;
use super::opening::opening;
use super::sections::{contents, environments, glance, held_by, recovery_tests, scopes, sections, service, service_kinds, services};
use super::verdict::verdicts;
use super::view::{
    BlindPage, BookView, DiagramView, FailurePage, FailuresPage, HazardRulePage, HazardsPage, IncidentPage, IncidentsPage, KindPage,
    PageView, ServicePage, ServicesPage,
};
use super::{Existing, Page, RenderError, RenderOptions, marked, subject};

/// Renders a map as the pages of a book.
///
/// # Errors
/// When a template of the user's folder cannot be read, does not parse or does not render.
pub fn mdbook(map: &StateMap, options: &RenderOptions) -> Result<Vec<Page>, RenderError> {
    let engine = Engine::new(options.templates.as_deref())?.for_book();
    let layout = Layout::book(map, options, "src");
    let damages = hits(&layout, None);
    let book = Book { map, layout: &layout, title: options.title(map), options, losses: LossIndex::new(&damages), damages };
    let settings = engine.render("book.toml.tera", &book.settings())?;
    let mut pages = vec![
        Page { path: "book.toml".to_owned(), text: settings, existing: Existing::Kept },
        Page { path: STYLESHEET_FILE.to_owned(), text: STYLESHEET.to_owned(), existing: Existing::Marked },
        Page {
            path: "src/SUMMARY.md".to_owned(),
            text: marked(&engine.render("SUMMARY.md.tera", &book.summary())?),
            existing: Existing::Marked,
        },
    ];
    let mut chapters = Chapters { engine: &engine, pages: &mut pages };
    chapters.add(INDEX, "index.md.tera", &book.index())?;
    book.hazard_pages(&mut chapters)?;
    book.incident_pages(&mut chapters)?;
    book.failure_pages(&mut chapters)?;
    book.service_pages(&mut chapters)?;
    for kind in book.kinds() {
        chapters.add(&kind_page(kind), "kind.md.tera", &book.kind(kind))?;
    }
    book.item_pages(&mut chapters)?;
    book.store_pages(&mut chapters)?;
    book.owner_pages(&mut chapters)?;
    book.changes_page(&mut chapters)?;
    chapters.add(BLIND, "blind-spots-page.md.tera", &book.blind())?;
    Ok(pages)
}

/// The pages that are done.
struct Chapters<'p> {
    engine: &'p Engine,
    pages: &'p mut Vec<Page>,
}

impl Chapters<'_> {
    fn add<V: Serialize>(&mut self, path: &str, template: &str, view: &V) -> Result<(), RenderError> {
        let text = marked(&framed(&self.engine.render(template, view)?));
        self.pages.push(Page { path: path.to_owned(), text, existing: Existing::Marked });
        Ok(())
    }
}

/// A page in the element to which the stylesheet applies: it touches no other page of a book.
pub(crate) fn framed(text: &str) -> String {
    format!("<div class=\"statemap-page\">\n\n{text}\n</div>\n")
}

struct Book<'a> {
    map: &'a StateMap,
    layout: &'a Layout<'a>,
    title: String,
    options: &'a RenderOptions,
    /// What each failure takes, in all services.
    damages: Vec<Damage<'a>>,
    losses: LossIndex<'a>,
}

impl Book<'_> {
    /// The kinds with a page of their own; external stores are told store by store.
    fn kinds(&self) -> Vec<Kind> {
        let is_there = |kind: &Kind| *kind != Kind::ExternalStore && self.layout.items.iter().any(|item| item.kind == *kind);
        ORDER.iter().copied().filter(is_there).collect()
    }

    fn settings(&self) -> BookView {
        // JSON strings are TOML basic strings.
        let quoted = |text: &str| serde_json::to_string(&one_line(text)).unwrap_or_else(|_| "\"\"".to_owned());
        let web = self.map.repository.as_deref().filter(|url| url.starts_with("https://") && !url.contains('@'));
        BookView { title: quoted(&format!("{}: where its state is", self.title)), repository: web.map(quoted) }
    }

    fn drawn(&self, diagram: &Diagram, id: &str, page: &str) -> Option<DiagramView> {
        drawn(diagram, id, &Linked { layout: self.layout, page, service: &|name| self.layout.service_page(name) })
    }

    fn index(&self) -> PageView {
        let layout = self.layout;
        let (services, service_kinds) = services(layout, INDEX);
        let (recovery_tests, without_recovery_test) = recovery_tests(layout, INDEX);
        PageView {
            title: inline(&self.title),
            about: self.options.description.as_deref().map(sentence),
            owner: self.options.owner.as_deref().map(|owner| layout.owner_link(owner, INDEX)),
            opening: opening(layout, &layout.items, subject(self.map), INDEX),
            review: review(layout, None, INDEX),
            hazards: Vec::new(),
            incidents: Vec::new(),
            symptoms: symptom_rows(layout, INDEX),
            contents: contents(layout, INDEX, |kind| Some(relative(INDEX, &kind_page(kind)))),
            scopes: scopes(layout, INDEX),
            glance: glance(layout, INDEX),
            services,
            service_kinds,
            sections: Vec::new(),
            verdicts: verdicts(layout, None, INDEX),
            capacity: capacity(layout, INDEX),
            environments: environments(layout, None, INDEX),
            lifecycles: Vec::new(),
            events: events(layout, None, INDEX),
            diagram: self.drawn(&diagram::overview(self.map), "statemap-overview", INDEX),
            diagrams: Vec::new(),
            recovery_tests,
            without_recovery_test,
            constants_left_out: layout.constants_left_out,
            blind: blind_spots(layout, INDEX),
            blind_target: relative(INDEX, BLIND),
            changes_target: self.options.history.is_some().then(|| relative(INDEX, CHANGES)),
            version: inline(&self.map.tool.version),
            revision: self.options.revision(self.map).map(short_revision),
        }
    }

    fn blind(&self) -> BlindPage {
        BlindPage {
            blind: blind_spots(self.layout, BLIND),
            index: relative(BLIND, INDEX),
            version: inline(&self.map.tool.version),
            revision: self.options.revision(self.map).map(short_revision),
        }
    }

    fn hazard_pages(&self, chapters: &mut Chapters<'_>) -> Result<(), RenderError> {
        if self.map.hazards.is_empty() {
            return Ok(());
        }
        let all = HazardsPage { review: review(self.layout, None, HAZARDS), index: relative(HAZARDS, INDEX) };
        chapters.add(HAZARDS, "hazards-page.md.tera", &all)?;
        for rule in rules_found(self.layout) {
            let page = hazard_page(rule);
            let view = HazardRulePage {
                rule: rule_in_full(self.layout, rule, &page),
                hazards: relative(&page, HAZARDS),
                index: relative(&page, INDEX),
            };
            chapters.add(&page, "hazard-page.md.tera", &view)?;
        }
        Ok(())
    }

    fn incident_pages(&self, chapters: &mut Chapters<'_>) -> Result<(), RenderError> {
        if self.layout.symptoms.is_empty() {
            return Ok(());
        }
        let all = IncidentsPage { incidents: incidents(self.layout, |_| INCIDENTS.to_owned(), true), index: relative(INCIDENTS, INDEX) };
        chapters.add(INCIDENTS, "incidents-page.md.tera", &all)?;
        for incident in incidents(self.layout, incident_page, true) {
            let page = incident_page(incident.id);
            chapters.add(&page, "incident-page.md.tera", &IncidentPage { reference: relative(&page, INCIDENTS), incident })?;
        }
        Ok(())
    }

    fn failure_pages(&self, chapters: &mut Chapters<'_>) -> Result<(), RenderError> {
        let layout = self.layout;
        if self.damages.is_empty() {
            return Ok(());
        }
        let (recovery_tests, without_recovery_test) = recovery_tests(layout, FAILURES);
        let events = listed(layout, FAILURES);
        let all = FailuresPage { events, recovery_tests, without_recovery_test, index: relative(FAILURES, INDEX) };
        chapters.add(FAILURES, "failures-page.md.tera", &all)?;
        for failure in failures(layout, failure_page) {
            let page = failure_page(failure.id);
            chapters.add(&page, "failure-page.md.tera", &FailurePage { reference: relative(&page, FAILURES), failure })?;
        }
        Ok(())
    }

    fn kind(&self, kind: Kind) -> KindPage {
        let page = kind_page(kind);
        let items: Vec<&Item> = self.layout.items.iter().copied().filter(|item| item.kind == kind).collect();
        let sections = sections(self.layout, &items, &page, 2, true);
        KindPage { kind: kind.as_str(), sections, count: items.len(), index: relative(&page, INDEX) }
    }

    fn service_pages(&self, chapters: &mut Chapters<'_>) -> Result<(), RenderError> {
        if self.map.services.len() > 1 {
            let (services, service_kinds) = services(self.layout, SERVICES);
            let all = ServicesPage { services, service_kinds, index: relative(SERVICES, INDEX) };
            chapters.add(SERVICES, "services-page.md.tera", &all)?;
        }
        let diagrams = diagram::Services::of(self.map);
        for (at, service) in self.map.services.iter().enumerate() {
            let Some(page) = self.layout.service_page(&service.name) else { continue };
            chapters.add(&page, "service.md.tera", &self.service(at, &page, &diagrams))?;
        }
        Ok(())
    }

    fn service(&self, at: usize, page: &str, diagrams: &diagram::Services<'_>) -> ServicePage {
        let layout = self.layout;
        let name = &self.map.services[at].name;
        let held = held_by(layout, name);
        ServicePage {
            service: service(layout, &self.map.services[at], page),
            opening: opening(layout, &held, "service", page),
            review: review(layout, Some(name), page),
            verdicts: verdicts(layout, Some(name), page),
            contents: service_kinds(layout, name, page, |kind| relative(page, &kind_page(kind))),
            environments: environments(layout, Some(name), page),
            lifecycles: lifecycles(layout, Some(name), page),
            events: events(layout, Some(name), page),
            diagram: diagrams.diagram(name).and_then(|diagram| self.drawn(&diagram, &format!("statemap-service-{}", at + 1), page)),
            blind_target: relative(page, BLIND),
            several: self.map.services.len() > 1,
            index: relative(page, INDEX),
        }
    }
}
