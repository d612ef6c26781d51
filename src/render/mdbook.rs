//! A book for mdBook: an index that opens with the paragraph, a page for each kind and each service, and the blind spots.

use crate::diagram::{self, Diagram};
use crate::model::{Item, Kind, StateMap};

use super::blind::{blind_spots, short_revision};
use super::capacity::capacity;
use super::diagrams::{Linked, drawn};
use super::engine::Engine;
use super::escape::{code, inline, one_line, slug};
use super::failures::{events, failures, listed};
use super::hazards::{HAZARDS, by_rule, review};
use super::html::{STYLESHEET, STYLESHEET_FILE};
use super::incidents::incidents;
use super::item_view::sentence;
use super::layout::{Layout, ORDER, relative};
use super::lifecycle_view::lifecycles;
use super::opening::opening;
use super::sections::{contents, environments, glance, held_by, recovery_tests, scopes, sections, service_kinds, services};
use super::verdict::verdicts;
use super::view::{
    BlindPage, BookView, Chapter, DiagramView, FailurePage, FailuresPage, HazardsPage, IncidentPage, IncidentsPage, KindPage, PageView,
    ServicePage, SummaryView,
};
use super::{Existing, Page, RenderError, RenderOptions, marked, subject};

const INDEX: &str = "src/index.md";
const BLIND: &str = "src/blind-spots.md";
const INCIDENTS: &str = "src/incidents/index.md";

const FAILURES: &str = "src/failures/index.md";

fn failure_page(id: &str) -> String {
    format!("src/failures/{id}.md")
}

fn incident_page(id: &str) -> String {
    format!("src/incidents/{id}.md")
}

fn kind_page(kind: Kind) -> String {
    format!("src/kinds/{kind}.md")
}

/// Renders a map as the pages of a book.
///
/// # Errors
/// When a template of the user's folder cannot be read, does not parse or does not render.
pub fn mdbook(map: &StateMap, options: &RenderOptions) -> Result<Vec<Page>, RenderError> {
    let engine = Engine::new(options.templates.as_deref())?.for_book();
    let layout = Layout::new(map, options, HAZARDS, kind_page);
    let book = Book {
        map,
        layout: &layout,
        title: options.title(map),
        service_files: service_files(map, "src"),
        revision: options.revision(map),
        options,
    };
    let page = |path: String, text: String| Page { path, text: marked(&framed(&text)), existing: Existing::Marked };
    let (incidents, failures) = (book.each_incident(), book.each_failure());
    let settings = engine.render("book.toml.tera", &book.settings())?;
    let mut pages = vec![
        Page { path: "book.toml".to_owned(), text: settings, existing: Existing::Kept },
        Page { path: STYLESHEET_FILE.to_owned(), text: STYLESHEET.to_owned(), existing: Existing::Marked },
        Page {
            path: "src/SUMMARY.md".to_owned(),
            text: marked(&engine.render("SUMMARY.md.tera", &book.summary(&incidents, &failures))?),
            existing: Existing::Marked,
        },
        page(INDEX.to_owned(), engine.render("index.md.tera", &book.index())?),
    ];
    if !map.hazards.is_empty() {
        pages.push(page(HAZARDS.to_owned(), engine.render("hazards-page.md.tera", &book.hazards())?));
    }
    if !incidents.is_empty() {
        pages.push(page(INCIDENTS.to_owned(), engine.render("incidents-page.md.tera", &book.incidents())?));
    }
    for incident in incidents {
        let file = incident_page(incident.incident.id);
        pages.push(page(file, engine.render("incident-page.md.tera", &incident)?));
    }
    if !failures.is_empty() {
        pages.push(page(FAILURES.to_owned(), engine.render("failures-page.md.tera", &book.failures())?));
    }
    for failure in failures {
        let file = failure_page(failure.failure.id);
        pages.push(page(file, engine.render("failure-page.md.tera", &failure)?));
    }
    for kind in book.kinds() {
        pages.push(page(kind_page(kind), engine.render("kind.md.tera", &book.kind(kind))?));
    }
    for (at, file) in book.service_files.iter().enumerate() {
        pages.push(page(file.clone(), engine.render("service.md.tera", &book.service(at, file))?));
    }
    let blind = BlindPage {
        blind: blind_spots(&layout, BLIND),
        index: relative(BLIND, INDEX),
        version: inline(&map.tool.version),
        revision: options.revision(map).map(short_revision),
    };
    pages.push(page(BLIND.to_owned(), engine.render("blind-spots-page.md.tera", &blind)?));
    Ok(pages)
}

/// A page in the element to which the stylesheet applies: it touches no other page of a book.
pub(crate) fn framed(text: &str) -> String {
    format!("<div class=\"statemap-page\">\n\n{text}\n</div>\n")
}

/// Where a book whose pages lie in `folder` tells each item.
pub(crate) fn book_layout<'m>(map: &'m StateMap, options: &RenderOptions, folder: &str) -> Layout<'m> {
    // In a book of its own that folder is `src`.
    let moved = |page: &str| format!("{folder}/{}", page.strip_prefix("src/").unwrap_or(page));
    Layout::new(map, options, &moved(HAZARDS), |kind| moved(&kind_page(kind)))
}

/// The page of a service, in such a book.
pub(crate) fn service_page(map: &StateMap, name: &str, folder: &str) -> Option<String> {
    let at = map.services.iter().position(|service| service.name == name)?;
    Some(service_files(map, folder).swap_remove(at))
}

/// The file of each service below `folder`.
fn service_files(map: &StateMap, folder: &str) -> Vec<String> {
    stems(map, &[]).iter().map(|stem| format!("{folder}/services/{stem}.md")).collect()
}

/// What the file of each service is called, apart from what is taken; names that differ only in odd characters get a number.
pub(crate) fn stems(map: &StateMap, taken: &[String]) -> Vec<String> {
    let mut stems: Vec<String> = Vec::new();
    for service in &map.services {
        let stem: String = slug(&service.name).chars().filter(char::is_ascii).take(60).collect();
        let stem = if stem.is_empty() { "service".to_owned() } else { stem };
        let names = (1..).map(|n| if n == 1 { stem.clone() } else { format!("{stem}-{n}") });
        stems.extend(names.into_iter().find(|name| !stems.contains(name) && !taken.contains(name)));
    }
    stems
}

struct Book<'a> {
    map: &'a StateMap,
    layout: &'a Layout<'a>,
    title: String,
    service_files: Vec<String>,
    revision: Option<&'a str>,
    options: &'a RenderOptions,
}

impl Book<'_> {
    fn kinds(&self) -> Vec<Kind> {
        ORDER.iter().copied().filter(|kind| self.layout.items.iter().any(|item| item.kind == *kind)).collect()
    }

    fn settings(&self) -> BookView {
        // JSON strings are TOML basic strings.
        let quoted = |text: &str| serde_json::to_string(&one_line(text)).unwrap_or_else(|_| "\"\"".to_owned());
        let web = self.map.repository.as_deref().filter(|url| url.starts_with("https://") && !url.contains('@'));
        BookView { title: quoted(&format!("{}: where its state is", self.title)), repository: web.map(quoted) }
    }

    fn summary(&self, incidents: &[IncidentPage], failures: &[FailurePage]) -> SummaryView {
        let file = |path: &str| path.strip_prefix("src/").unwrap_or(path).to_owned();
        let chapter = |name: &str, path: &str| Chapter { name: inline(name), kind: None, file: file(path) };
        SummaryView {
            title: inline(&self.title),
            hazards: !self.map.hazards.is_empty(),
            incidents: incidents
                .iter()
                .map(|one| Chapter { name: one.incident.title.to_owned(), kind: None, file: file(&incident_page(one.incident.id)) })
                .collect(),
            failures: failures
                .iter()
                .map(|one| Chapter { name: one.failure.title.to_owned(), kind: None, file: file(&failure_page(one.failure.id)) })
                .collect(),
            services: self.map.services.iter().zip(&self.service_files).map(|(s, path)| chapter(&s.name, path)).collect(),
            kinds: self
                .kinds()
                .iter()
                .map(|&kind| Chapter { name: String::new(), kind: Some(kind.as_str()), file: file(&kind_page(kind)) })
                .collect(),
        }
    }

    fn service_link(&self, name: &str, from: &str) -> String {
        match self.service_file(name) {
            Some(file) => format!("[{}]({})", code(name), relative(from, &file)),
            None => code(name),
        }
    }

    fn service_file(&self, name: &str) -> Option<String> {
        let at = self.map.services.iter().position(|service| service.name == name)?;
        self.service_files.get(at).cloned()
    }

    fn drawn(&self, diagram: &Diagram, id: &str, page: &str) -> Option<DiagramView> {
        drawn(diagram, id, &Linked { layout: self.layout, page, service: &|name| self.service_file(name) })
    }

    fn index(&self) -> PageView {
        let layout = self.layout;
        let (services, service_kinds) = services(layout, INDEX, |name| self.service_link(name, INDEX));
        let (recovery_tests, without_recovery_test) = recovery_tests(layout, INDEX);
        PageView {
            title: inline(&self.title),
            about: self.options.description.as_deref().map(sentence),
            owner: self.options.owner.as_deref().map(inline),
            opening: opening(layout, &layout.items, subject(self.map), INDEX),
            review: review(layout, None, INDEX, HAZARDS),
            hazards: Vec::new(),
            incidents: Vec::new(),
            contents: contents(layout, INDEX, |kind| Some(relative(INDEX, &kind_page(kind)))),
            scopes: scopes(layout, INDEX, |kind, _| relative(INDEX, &kind_page(kind))),
            glance: glance(layout),
            services,
            service_kinds,
            sections: Vec::new(),
            verdicts: verdicts(layout, None, INDEX),
            capacity: capacity(layout, INDEX),
            environments: environments(layout, None, INDEX),
            lifecycles: Vec::new(),
            events: events(layout, None, INDEX, |id| Some(relative(INDEX, &failure_page(id)))),
            diagram: self.drawn(&diagram::overview(self.map), "statemap-overview", INDEX),
            diagrams: Vec::new(),
            recovery_tests,
            without_recovery_test,
            constants_left_out: layout.constants_left_out,
            blind: blind_spots(layout, INDEX),
            blind_target: relative(INDEX, BLIND),
            version: inline(&self.map.tool.version),
            revision: self.revision.map(short_revision),
        }
    }

    fn hazards(&self) -> HazardsPage {
        HazardsPage {
            review: review(self.layout, None, HAZARDS, HAZARDS),
            hazards: by_rule(self.layout, HAZARDS),
            index: relative(HAZARDS, INDEX),
        }
    }

    fn incidents(&self) -> IncidentsPage {
        IncidentsPage { incidents: incidents(self.layout, |_| INCIDENTS.to_owned(), true), index: relative(INCIDENTS, INDEX) }
    }

    fn each_incident(&self) -> Vec<IncidentPage> {
        let reference = |id: &str| relative(&incident_page(id), INCIDENTS);
        let each = incidents(self.layout, incident_page, true);
        each.into_iter().map(|incident| IncidentPage { reference: reference(incident.id), incident }).collect()
    }

    fn failures(&self) -> FailuresPage {
        let (recovery_tests, without_recovery_test) = recovery_tests(self.layout, FAILURES);
        let events = listed(self.layout, FAILURES, |id| Some(relative(FAILURES, &failure_page(id))));
        FailuresPage { events, recovery_tests, without_recovery_test, index: relative(FAILURES, INDEX) }
    }

    fn each_failure(&self) -> Vec<FailurePage> {
        let reference = |id: &str| relative(&failure_page(id), FAILURES);
        failures(self.layout, failure_page).into_iter().map(|failure| FailurePage { reference: reference(failure.id), failure }).collect()
    }

    fn kind(&self, kind: Kind) -> KindPage {
        let page = kind_page(kind);
        let items: Vec<&Item> = self.layout.items.iter().copied().filter(|item| item.kind == kind).collect();
        let mut sections = sections(self.layout, &items, &page, 2, true);
        // Cross links both ways: an item names its services, and each name leads to the page of the service.
        for group in sections.iter_mut().flat_map(|section| &mut section.groups) {
            let lists = group.items.iter_mut().map(|item| &mut item.services).chain(group.rows.iter_mut().map(|row| &mut row.services));
            for list in lists {
                for name in list.iter_mut() {
                    let service = self.map.services.iter().find(|service| code(&service.name) == *name);
                    if let Some(service) = service {
                        *name = self.service_link(&service.name, &page);
                    }
                }
            }
        }
        KindPage { kind: kind.as_str(), sections, count: items.len(), index: relative(&page, INDEX) }
    }

    fn service(&self, at: usize, file: &str) -> ServicePage {
        let (mut views, _) = services(self.layout, file, |name| self.service_link(name, file));
        let service = views.swap_remove(at);
        let name = &self.map.services[at].name;
        let held = held_by(self.layout, name);
        ServicePage {
            service,
            opening: opening(self.layout, &held, "service", file),
            review: review(self.layout, Some(name), file, HAZARDS),
            verdicts: verdicts(self.layout, Some(name), file),
            contents: service_kinds(self.layout, name, file, |kind| relative(file, &kind_page(kind))),
            environments: environments(self.layout, Some(name), file),
            lifecycles: lifecycles(self.layout, Some(name), file),
            events: events(self.layout, Some(name), file, |id| Some(relative(file, &failure_page(id)))),
            diagram: diagram::service(self.map, name)
                .and_then(|diagram| self.drawn(&diagram, &format!("statemap-service-{}", at + 1), file)),
            blind_target: relative(file, BLIND),
            several: self.map.services.len() > 1,
            index: relative(file, INDEX),
        }
    }
}
