//! The diagrams of pages: as SVG in books, as Mermaid text in pages for a repository.

use std::collections::BTreeMap;

use crate::diagram::{self, Diagram, DiagramError, Target};
use crate::model::{HazardSeverity, Item, ItemId, StateMap};

use super::escape::{code, one_line, slug};
use super::files::relative;
use super::layout::Layout;
use super::links::Links;
use super::view::DiagramView;
use super::{Existing, Page, RenderOptions};

/// With more services than this, one page has the overview only.
const SERVICES: usize = 6;

/// A diagram as Mermaid text; none when there is nothing to draw.
pub(crate) fn as_text(diagram: &Diagram) -> Option<DiagramView> {
    (!diagram.is_empty()).then(|| view(diagram, None, None))
}

/// The diagram of each service for a page that tells of all of them; none when there are too many for one page.
pub(crate) fn of_services(map: &StateMap) -> Vec<DiagramView> {
    if !(2..=SERVICES).contains(&map.services.len()) {
        return Vec::new();
    }
    let diagrams = diagram::Services::of(map);
    let of = |name: &str| Some(DiagramView { service: Some(code(name)), ..as_text(&diagrams.diagram(name)?)? });
    map.services.iter().filter_map(|service| of(&service.name)).collect()
}

/// Where a page in a book links what a diagram shows.
pub(crate) struct Linked<'a> {
    pub(crate) layout: &'a Layout<'a>,
    /// The page on which the diagram stands.
    pub(crate) page: &'a str,
    /// The page of a service.
    pub(crate) service: &'a dyn Fn(&str) -> Option<String>,
}

impl Linked<'_> {
    fn target(&self, target: &Target) -> Option<String> {
        let target = match target {
            Target::Item(id) => self.layout.target(id, self.page)?,
            Target::Service(name) => relative(self.page, &(self.service)(name)?),
            Target::Kind(kind) => {
                let first = self.layout.items.iter().find(|item| item.kind == *kind)?;
                let target = self.layout.target(&first.id, self.page)?;
                target.split('#').next().filter(|page| !page.is_empty())?.to_owned()
            }
        };
        Some(rendered(&target))
    }
}

/// The address of a page once it is rendered: mdBook does that for links of Markdown only.
fn rendered(target: &str) -> String {
    let (page, anchor) = target.split_once('#').map_or((target, None), |(page, anchor)| (page, Some(anchor)));
    let page = match page.strip_suffix(".md") {
        Some(stem) => match stem.strip_suffix("README") {
            Some(folder) if folder.is_empty() || folder.ends_with('/') => format!("{folder}index.html"),
            _ => format!("{stem}.html"),
        },
        None => page.to_owned(),
    };
    anchor.map_or(page.clone(), |anchor| format!("{page}#{anchor}"))
}

/// A diagram as SVG, or as Mermaid text where it cannot be drawn; none when there is nothing to draw.
pub(crate) fn drawn(diagram: &Diagram, id: &str, linked: &Linked<'_>) -> Option<DiagramView> {
    if diagram.is_empty() {
        return None;
    }
    Some(match diagram.svg(id, &|target| linked.target(target)) {
        Ok(svg) => view(diagram, Some(svg), None),
        Err(DiagramError::NotBuilt) => view(diagram, None, None),
        Err(error) => view(diagram, None, Some(code(&one_line(&error.to_string())))),
    })
}

fn view(diagram: &Diagram, svg: Option<String>, failed: Option<String>) -> DiagramView {
    let graph = diagram.graph();
    DiagramView {
        service: None,
        mermaid: if svg.is_some() { String::new() } else { diagram.mermaid() },
        svg,
        failed,
        arrows: !graph.edges.is_empty(),
        likely: graph.edges.iter().any(|edge| edge.likely),
        high: graph.nodes.iter().any(|node| node.severity == Some(HazardSeverity::High)),
        left_out: graph.left_out,
    }
}

/// In which form a diagram is written to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drawing {
    /// As the text of a flowchart.
    Mermaid,
    /// Drawn, with its own background, light or dark as the reader prefers.
    Svg,
}

impl Drawing {
    /// How the names of its files end.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Drawing::Mermaid => "mmd",
            Drawing::Svg => "svg",
        }
    }
}

/// One diagram as the text of a file: of a service, when it is named, else of the whole map. None when no service has that name.
///
/// # Errors
/// When it cannot be drawn.
pub fn diagram_file(
    map: &StateMap,
    service: Option<&str>,
    drawing: Drawing,
    options: &RenderOptions,
) -> Option<Result<String, DiagramError>> {
    let diagram = match service {
        Some(name) => diagram::service(map, name)?,
        None => diagram::overview(map),
    };
    Some(file(map, &diagram, drawing, options, &|_| None))
}

/// A file for the overview and one for each service that holds state; of a map with one service, its diagram alone.
///
/// # Errors
/// When one of them cannot be drawn.
pub fn diagram_files(map: &StateMap, drawing: Drawing, options: &RenderOptions) -> Result<Vec<Page>, DiagramError> {
    let extension = drawing.extension();
    let mut names = vec!["overview".to_owned()];
    names.extend(stems(map, &names));
    let mut diagrams = vec![diagram::overview(map)];
    if map.services.len() > 1 {
        let of = diagram::Services::of(map);
        diagrams.extend(map.services.iter().filter_map(|service| of.diagram(&service.name)));
    }
    let sibling = |name: &str| {
        let at = map.services.iter().position(|service| service.name == name)?;
        let told = diagrams.get(at + 1).is_some_and(|diagram| !diagram.is_empty());
        told.then(|| format!("{}.{extension}", names[at + 1]))
    };
    let mut pages = Vec::new();
    for (at, (name, diagram)) in names.iter().zip(&diagrams).enumerate() {
        if at == 0 || !diagram.is_empty() {
            let text = file(map, diagram, drawing, options, &sibling)?;
            pages.push(Page { path: format!("{name}.{extension}"), text, existing: Existing::Marked });
        }
    }
    Ok(pages)
}

fn file(
    map: &StateMap,
    diagram: &Diagram,
    drawing: Drawing,
    options: &RenderOptions,
    sibling: &dyn Fn(&str) -> Option<String>,
) -> Result<String, DiagramError> {
    const SAYS: &str = "generated by statemap: change the code or statemap.toml, not this file";
    if drawing == Drawing::Mermaid {
        return Ok(format!("%% {SAYS}\n{}", diagram.mermaid()));
    }
    // Nothing tells of an item beside the drawing, so its links lead to the source.
    let links = Links::new(map.repository.as_deref(), options.revision(map), &options.prefix, options.link_base.as_deref());
    let items: BTreeMap<&ItemId, &Item> = map.items.iter().map(|item| (&item.id, item)).collect();
    let target = |target: &Target| match target {
        Target::Item(id) => {
            let place = &items.get(id)?.site()?.place;
            // A drawing beside the code is committed, and lines move.
            links.target("", &place.file, Some(place.line).filter(|_| !options.relative_links))
        }
        Target::Service(name) => sibling(name),
        Target::Kind(_) => None,
    };
    Ok(format!("<!-- {SAYS} -->\n{}", diagram.svg_file(&target)?))
}

/// What the file of each service is called, apart from what is taken; names that differ only in odd characters get a number.
fn stems(map: &StateMap, taken: &[String]) -> Vec<String> {
    let mut stems: Vec<String> = Vec::new();
    for service in &map.services {
        let stem: String = slug(&service.name).chars().filter(char::is_ascii).take(60).collect();
        let stem = if stem.is_empty() { "service".to_owned() } else { stem };
        let names = (1..).map(|n| if n == 1 { stem.clone() } else { format!("{stem}-{n}") });
        stems.extend(names.into_iter().find(|name| !stems.contains(name) && !taken.contains(name)));
    }
    stems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_those_of_rendered_pages() {
        assert_eq!(rendered("kinds/pool.md#pool-db"), "kinds/pool.html#pool-db");
        assert_eq!(rendered("../README.md"), "../index.html");
        assert_eq!(rendered("README.md#x"), "index.html#x");
        assert_eq!(rendered("MY-README.md"), "MY-README.html");
        assert_eq!(rendered("#pool-db"), "#pool-db");
    }
}
