//! All services on one Markdown page: the overview and the stores; single items are in the JSON and on the site.

use crate::fleet::{Fleet, hazards};

use super::super::engine::Engine;
use super::super::{RenderError, marked};
use super::FleetOptions;
use super::index::index;
use super::site::Site;
use super::stores::whole_family;
use super::view::FleetPage;

/// The name under which the page is linked; anchors within it need no path.
const PAGE: &str = "FLEET.md";

/// Renders a fleet as one Markdown page.
///
/// # Errors
/// When a template of the user's folder cannot be read, does not parse or does not render.
pub fn fleet_markdown(fleet: &Fleet, options: &FleetOptions) -> Result<String, RenderError> {
    let engine = Engine::of("fleet-page.md.tera", options.templates.as_deref())?;
    let site = Site::on_one_page(fleet, options, PAGE);
    let view = FleetPage {
        index: index(&site, options, PAGE),
        families: (0..fleet.families.len()).map(|at| whole_family(&site, at, PAGE)).collect(),
        accepted: hazards(fleet).iter().filter(|one| one.hazard.acknowledged.is_some()).count(),
    };
    Ok(marked(&engine.render("fleet-page.md.tera", &view)?))
}
