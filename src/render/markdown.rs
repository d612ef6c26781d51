//! One page that says it all: `STATEMAP.md`.

use crate::diagram;
use crate::model::StateMap;

use super::blind::{blind_spots, short_revision};
use super::capacity::capacity;
use super::diagrams::{as_text, of_services};
use super::engine::Engine;
use super::escape::inline;
use super::failures::events;
use super::hazards::{by_rule, review};
use super::incidents::incidents;
use super::item_view::sentence;
use super::layout::Layout;
use super::lifecycle_view::lifecycles;
use super::opening::opening;
use super::sections::{contents, environments, glance, recovery_tests, sections, services};
use super::verdict::verdicts;
use super::view::PageView;
use super::{RenderError, RenderOptions, marked, subject};

/// The name under which the page is linked; anchors within it need no path.
const PAGE: &str = "STATEMAP.md";

/// Renders a map as one Markdown page.
///
/// # Errors
/// When a template of the user's folder cannot be read, does not parse or does not render.
pub fn markdown(map: &StateMap, options: &RenderOptions) -> Result<String, RenderError> {
    let engine = Engine::of("page.md.tera", options.templates.as_deref())?;
    let layout = Layout::new(map, options, PAGE, |_| PAGE.to_owned());
    let view = page_view(&layout, options);
    Ok(marked(&engine.render("page.md.tera", &view)?))
}

fn page_view(layout: &Layout<'_>, options: &RenderOptions) -> PageView {
    let map = layout.map;
    let (services, service_kinds) = match map.services.len() {
        0 | 1 => (Vec::new(), Vec::new()),
        _ => services(layout, PAGE),
    };
    let (recovery_tests, without_recovery_test) = recovery_tests(layout, PAGE);
    PageView {
        title: inline(&options.title(map)),
        about: options.description.as_deref().map(sentence),
        owner: options.owner.as_deref().map(inline),
        opening: opening(layout, &layout.items, subject(map), PAGE),
        review: review(layout, None, PAGE),
        hazards: by_rule(layout, PAGE),
        symptoms: Vec::new(),
        incidents: incidents(layout, |_| PAGE.to_owned(), false),
        contents: contents(layout, PAGE, |_| None),
        scopes: Vec::new(),
        glance: glance(layout, PAGE),
        services,
        service_kinds,
        sections: sections(layout, &layout.items, PAGE, 2, false),
        verdicts: verdicts(layout, None, PAGE),
        capacity: capacity(layout, PAGE),
        environments: environments(layout, None, PAGE),
        lifecycles: lifecycles(layout, None, PAGE),
        events: events(layout, None, PAGE),
        diagram: as_text(&diagram::overview(map)),
        diagrams: of_services(map),
        recovery_tests,
        without_recovery_test,
        constants_left_out: layout.constants_left_out,
        blind: blind_spots(layout, PAGE),
        blind_target: "#blind-spots".to_owned(),
        changes_target: None,
        version: inline(&map.tool.version),
        revision: options.revision(map).map(short_revision),
    }
}
