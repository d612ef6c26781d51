//! A book of all services, for mdBook.

use rayon::prelude::*;

use crate::assess::SYMPTOMS as ALL_SYMPTOMS;
use crate::fleet::{Fleet, hazards};
use crate::model::Class;

use super::super::book::framed;
use super::super::engine::Engine;
use super::super::escape::{inline, one_line, shorten};
use super::super::html::{STYLESHEET, STYLESHEET_FILE};
use super::super::layout::ORDER;
use super::super::view::Chapter;
use super::super::{Existing, Page, RenderError, marked};
use super::hazards::{hazards_page, rule_pages, rules};
use super::index::{index, kind_rows, symptom_rows};
use super::kinds::kind_page;
use super::owners::owners_page;
use super::services::{service_page, services_pages};
use super::site::{BLIND, HAZARDS, INDEX, KINDS, OWNERS, SOURCES, STATE, STORES, SYMPTOMS, Site, family_name, relative_here};
use super::sources::sources_page;
use super::state::{blind_page_of_book, repositories_page, state_pages};
use super::stores::{family_pages, stores_page};
use super::symptoms::{page_of, symptom_page};
use super::view::{FleetBook, FleetSummary, KindsPage, SymptomsPage};
use super::{FleetOptions, kinds};

/// With more items than this, mdBook's search finds services and stores, and `statemap list --from` finds items: the index of the
/// search is read by every browser as a whole.
const SEARCHED_ITEMS: usize = 10_000;

/// Renders a fleet as the pages of a book.
///
/// # Errors
/// When a template of the user's folder cannot be read, does not parse or does not render.
pub fn fleet_mdbook(fleet: &Fleet, options: &FleetOptions) -> Result<Vec<Page>, RenderError> {
    let engine = Engine::new(options.templates.as_deref())?.for_book();
    let site = Site::new(fleet, options);
    let book = Book { site: &site, engine: &engine, options };
    let (mut pages, chapters) = book.overviews()?;
    pages.extend(book.of_services()?);
    let summary = marked(&engine.render("fleet-summary.md.tera", &chapters)?);
    pages.push(Page { path: "src/SUMMARY.md".to_owned(), text: summary, existing: Existing::Marked });
    pages.push(Page { path: STYLESHEET_FILE.to_owned(), text: STYLESHEET.to_owned(), existing: Existing::Marked });
    let items = fleet.members.iter().flat_map(|member| &member.map.items).filter(|item| item.class == Class::Mutable).count();
    // JSON strings are TOML basic strings.
    let title = serde_json::to_string(&one_line(&shorten(&site.title, 200))).unwrap_or_else(|_| "\"\"".to_owned());
    let settings = engine.render("fleet-book.toml.tera", &FleetBook { title, search_items: items <= SEARCHED_ITEMS })?;
    pages.push(Page { path: "book.toml".to_owned(), text: settings, existing: Existing::Kept });
    Ok(pages)
}

struct Book<'a, 'f> {
    site: &'a Site<'f>,
    engine: &'a Engine,
    options: &'a FleetOptions,
}

impl Book<'_, '_> {
    fn page<V: serde::Serialize>(&self, path: String, template: &str, view: &V) -> Result<Page, RenderError> {
        Ok(Page { text: marked(&framed(&self.engine.render(template, view)?)), path, existing: Existing::Marked })
    }

    /// The pages that tell of all services, and the chapters of the book.
    fn overviews(&self) -> Result<(Vec<Page>, FleetSummary), RenderError> {
        let site = self.site;
        let fleet = site.fleet;
        let to_index = |page: &str| relative_here(page, INDEX);
        let mut chapters = self.chapters();
        let mut pages = vec![
            self.page(INDEX.to_owned(), "fleet-index.md.tera", &index(site, self.options, INDEX))?,
            self.page(STORES.to_owned(), "fleet-stores.md.tera", &stores_page(site, STORES, to_index(STORES)))?,
            self.page(HAZARDS.to_owned(), "fleet-hazards.md.tera", &hazards_page(site, HAZARDS, to_index(HAZARDS)))?,
            self.page(OWNERS.to_owned(), "fleet-owners.md.tera", &owners_page(site, to_index(OWNERS)))?,
            self.page(BLIND.to_owned(), "fleet-blind-spots.md.tera", &blind_page_of_book(site, self.options))?,
            self.page(STATE.to_owned(), "fleet-repositories.md.tera", &repositories_page(site))?,
        ];
        let symptoms = SymptomsPage { symptoms: symptom_rows(site, SYMPTOMS), index: to_index(SYMPTOMS) };
        pages.push(self.page(SYMPTOMS.to_owned(), "fleet-symptoms.md.tera", &symptoms)?);
        let kinds = KindsPage { kinds: kind_rows(site, KINDS), index: to_index(KINDS) };
        pages.push(self.page(KINDS.to_owned(), "fleet-kinds.md.tera", &kinds)?);
        if let Some(view) = sources_page(site, to_index(SOURCES)) {
            chapters.has_sources = true;
            pages.push(self.page(SOURCES.to_owned(), "fleet-sources.md.tera", &view)?);
        }
        for (at, symptom) in ALL_SYMPTOMS.iter().enumerate() {
            if let Some(view) = symptom_page(site, at) {
                let path = page_of(symptom);
                chapters.symptoms.push(chapter(view.title, &path));
                pages.push(self.page(path, "fleet-symptom.md.tera", &view)?);
            }
        }
        for &kind in ORDER {
            if let Some(view) = kind_page(site, kind) {
                let path = kinds::page_of(kind);
                chapters.kinds.push(Chapter { kind: Some(kind.as_str()), ..chapter("", &path) });
                pages.push(self.page(path, "fleet-kind.md.tera", &view)?);
            }
        }
        let all = hazards(fleet);
        for rule in rules(&all) {
            for (path, view) in rule_pages(site, &all, rule) {
                chapters.hazards.push(chapter(&part_title(rule.title, view.part.number, view.part.of), &path));
                pages.push(self.page(path, "fleet-rule.md.tera", &view)?);
            }
        }
        for at in 0..fleet.families.len() {
            for (path, view) in family_pages(site, at) {
                let name = family_name(&fleet.families[at].name);
                chapters.stores.push(Chapter { name: part_title(&name, view.part.number, view.part.of), ..chapter("", &path) });
                pages.push(self.page(path, "fleet-store.md.tera", &view)?);
            }
        }
        Ok((pages, chapters))
    }

    /// The pages of services and repositories: they are most, and made beside each other.
    fn of_services(&self) -> Result<Vec<Page>, RenderError> {
        let site = self.site;
        let mut pages: Vec<Page> = Vec::new();
        for (path, view) in services_pages(site) {
            pages.push(self.page(path, "fleet-services.md.tera", &view)?);
        }
        let service = |at: usize| self.page(site.unit_pages[at].clone(), "fleet-service.md.tera", &service_page(site, at));
        let state = |at: usize| -> Result<Vec<Page>, RenderError> {
            state_pages(site, at).into_iter().map(|(path, view)| self.page(path, "fleet-state.md.tera", &view)).collect()
        };
        let services: Result<Vec<Page>, RenderError> = (0..site.fleet.units.len()).into_par_iter().map(service).collect();
        let states: Result<Vec<Vec<Page>>, RenderError> = (0..site.fleet.members.len()).into_par_iter().map(state).collect();
        pages.extend(services?);
        pages.extend(states?.into_iter().flatten());
        Ok(pages)
    }

    /// The chapters of services and repositories; the others are added where their pages are made.
    fn chapters(&self) -> FleetSummary {
        let site = self.site;
        let units = site.fleet.units.iter().zip(&site.unit_pages).map(|(unit, page)| chapter(&unit.name, page));
        let further = services_pages(site)
            .into_iter()
            .skip(1)
            .map(|(path, view)| chapter(&part_title("All services", view.part.number, view.part.of), &path));
        let state = site.fleet.members.iter().zip(&site.state_pages).flat_map(|(member, pages)| {
            let of = pages.len();
            pages.iter().enumerate().map(move |(at, (page, _))| chapter(&part_title(&member.name, at + 1, of), page)).collect::<Vec<_>>()
        });
        FleetSummary {
            title: inline(&shorten(&site.title, 200)),
            stores: Vec::new(),
            services: further.chain(units).collect(),
            state: state.collect(),
            hazards: Vec::new(),
            symptoms: Vec::new(),
            kinds: Vec::new(),
            has_sources: false,
        }
    }
}

fn chapter(name: &str, path: &str) -> Chapter {
    Chapter { name: inline(&shorten(name, 80)), kind: None, file: path.strip_prefix("src/").unwrap_or(path).to_owned(), items: Vec::new() }
}

fn part_title(name: &str, number: usize, of: usize) -> String {
    if of > 1 && number > 1 { format!("{name}, part {number}") } else { name.to_owned() }
}
