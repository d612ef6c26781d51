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
    // Diagrams are of the map alone.
    let (view, (diagram, diagrams)) = rayon::join(
        || page_view(&Layout::new(map, options, PAGE, |_| PAGE.to_owned()), options),
        || (as_text(&diagram::overview(map)), of_services(map)),
    );
    let view = PageView { diagram, diagrams, ..view };
    Ok(marked(&engine.render("page.md.tera", &view)?))
}

fn page_view(layout: &Layout<'_>, options: &RenderOptions) -> PageView {
    let map = layout.map;
    let (services, service_kinds) = match map.services.len() {
        0 | 1 => (Vec::new(), Vec::new()),
        _ => services(layout, PAGE),
    };
    let (recovery_tests, without_recovery_test) = recovery_tests(layout, PAGE);
    let (sections, (hazards, incidents)) = rayon::join(
        || sections(layout, &layout.items, PAGE, 2, false),
        || (by_rule(layout, PAGE), incidents(layout, |_| PAGE.to_owned(), false)),
    );
    PageView {
        title: inline(&options.title(map)),
        about: options.description.as_deref().map(sentence),
        owner: options.owner.as_deref().map(inline),
        opening: opening(layout, &layout.items, subject(map), PAGE),
        review: review(layout, None, PAGE),
        hazards,
        symptoms: Vec::new(),
        incidents,
        contents: contents(layout, PAGE, |_| None),
        scopes: Vec::new(),
        glance: glance(layout, PAGE),
        services,
        service_kinds,
        sections,
        verdicts: verdicts(layout, None, PAGE),
        capacity: capacity(layout, PAGE),
        environments: environments(layout, None, PAGE),
        lifecycles: lifecycles(layout, None, PAGE),
        events: events(layout, None, PAGE),
        diagram: None,
        diagrams: Vec::new(),
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
