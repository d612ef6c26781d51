//! Drawing: a graph and its places as an SVG element.
//!
//! Colours are those of the page: text is `currentColor`, boxes and nodes have a hue of their own that suits light and dark themes.
//! All rules of the style sheet begin with the id of the element, so that nothing of it reaches the page or a second diagram on it.

use std::fmt::Write as _;

use crate::model::HazardSeverity;
use crate::render::escape::visible;

use super::Links;
use super::graph::{Graph, Line, Node, Shape};
use super::route::{Picture, px};
use super::tidy::{LINE, Rect};

/// Space around the drawing.
const MARGIN: f64 = 6.0;
/// Drawn as wide as this, text is as large as the page's small text.
const READABLE: f64 = 0.92;

/// The style sheet; `#ID` is the element.
const STYLE: &str = include_str!("style.css");

/// Draws a graph. `id` is a name of letters, digits and `-`.
pub(super) fn svg(graph: &Graph, picture: &Picture, id: &str, links: &Links<'_>, alone: bool) -> String {
    let (width, height) = (px(picture.width + 2.0 * MARGIN), px(picture.height + 2.0 * MARGIN));
    let mut out = String::new();
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" id=\"{id}\" class=\"statemap-svg{}\" role=\"graphics-document img\" \
         aria-labelledby=\"{id}-title\" aria-describedby=\"{id}-desc\" viewBox=\"{m} {m} {width} {height}\" width=\"{width}\" \
         height=\"{height}\" style=\"max-width:100%;min-width:{}px;height:auto\">",
        if alone { " statemap-alone" } else { "" },
        (picture.width * READABLE).round(),
        m = px(-MARGIN),
    );
    let _ = write!(
        out,
        "\n<title id=\"{id}-title\">{}</title>\n<desc id=\"{id}-desc\">{}</desc>",
        escaped(&graph.title),
        escaped(&graph.description)
    );
    let style: Vec<String> = STYLE.lines().map(|line| line.trim().replace("#ID", &format!("#{id}"))).collect();
    let _ = write!(out, "\n<style>{}</style>", style.concat());
    let _ = write!(
        out,
        "\n<defs><marker id=\"{id}-arrow\" viewBox=\"0 0 8 8\" refX=\"7.5\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" \
         orient=\"auto\"><path d=\"M0 .5 8 4 0 7.5z\"/></marker></defs>"
    );
    if alone {
        let _ = write!(out, "\n<rect class=\"page\" x=\"{m}\" y=\"{m}\" width=\"{width}\" height=\"{height}\"/>", m = px(-MARGIN));
    }
    for (frame, rect) in graph.frames.iter().zip(&picture.frames) {
        let Some(rect) = rect else { continue };
        let inner = if frame.within.is_some() { " inner" } else { "" };
        let _ = write!(out, "\n<g class=\"zone {}{inner}\">{}", frame.zone.as_str(), rectangle(*rect, 8.0));
        let _ = write!(out, "<text x=\"{}\" y=\"{}\">{}</text></g>", px(rect.left + 10.0), px(rect.top + 17.0), escaped(&frame.heading));
    }
    for (edge, path) in graph.edges.iter().zip(&picture.arrows) {
        let Some(path) = path else { continue };
        let likely = if edge.likely { " likely" } else { "" };
        let zone = graph.nodes[edge.to].zone.as_str();
        let _ = write!(out, "\n<path class=\"arrow {zone}{likely}\" d=\"{path}\" marker-end=\"url(#{id}-arrow)\"/>");
    }
    for (node, rect) in graph.nodes.iter().zip(&picture.nodes) {
        draw(&mut out, node, *rect, links);
    }
    out.push_str("\n</svg>");
    out
}

fn draw(out: &mut String, node: &Node, rect: Rect, links: &Links<'_>) {
    let high = if node.severity == Some(HazardSeverity::High) { " high" } else { "" };
    let _ = write!(out, "\n<g class=\"node {} {}{high}\">", node.zone.as_str(), shape(node.shape));
    out.push_str(&outline(node.shape, rect));
    let count = node.lines.len() + usize::from(!node.caption.is_empty());
    let drop = if node.shape == Shape::Store { 4.0 } else { 0.0 };
    #[expect(clippy::cast_precision_loss, reason = "a node has a dozen lines")]
    let mut y = rect.middle() + drop - (count as f64 - 1.0) * LINE / 2.0 + 4.0;
    let x = rect.left + rect.width / 2.0;
    if !node.caption.is_empty() {
        let _ = write!(out, "<text class=\"caption\" x=\"{}\" y=\"{}\">{}</text>", px(x), px(y), escaped(&node.caption));
        y += LINE;
    }
    for line in &node.lines {
        text(out, line, x, y, links);
        y += LINE;
    }
    out.push_str("</g>");
}

fn text(out: &mut String, line: &Line, x: f64, y: f64, links: &Links<'_>) {
    let class = if line.is_name { "name" } else { "more" };
    let full = line.full.as_deref().map(|full| format!("<title>{}</title>", escaped(full))).unwrap_or_default();
    let text = format!("<text class=\"{class}\" x=\"{}\" y=\"{}\">{}{full}</text>", px(x), px(y), escaped(&line.text));
    match line.target.as_ref().and_then(links) {
        Some(target) => {
            let _ = write!(out, "<a href=\"{}\">{text}</a>", escaped(&target));
        }
        None => out.push_str(&text),
    }
}

fn shape(shape: Shape) -> &'static str {
    match shape {
        Shape::Plain => "plain",
        Shape::Actor => "actor",
        Shape::Store => "store",
        Shape::Round => "round",
    }
}

fn outline(shape: Shape, rect: Rect) -> String {
    match shape {
        Shape::Plain => rectangle(rect, 3.0),
        Shape::Round => rectangle(rect, 12.0),
        Shape::Actor => {
            let (top, high) = (px(rect.top), px(rect.height));
            let (left, right) = (px(rect.left + 6.0), px(rect.right() - 6.0));
            format!("{}<path class=\"bar\" d=\"M{left} {top}v{high}M{right} {top}v{high}\"/>", rectangle(rect, 2.0))
        }
        Shape::Store => {
            let lid = 6.0;
            let (l, r, half) = (px(rect.left), px(rect.right()), px(rect.width / 2.0));
            let (t, b) = (px(rect.top + lid), px(rect.bottom() - lid));
            format!("<path d=\"M{l} {t}A{half} {lid} 0 0 1 {r} {t}V{b}A{half} {lid} 0 0 1 {l} {b}ZM{l} {t}A{half} {lid} 0 0 0 {r} {t}\"/>")
        }
    }
}

fn rectangle(rect: Rect, round: f64) -> String {
    format!(
        "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"{}\"/>",
        px(rect.left),
        px(rect.top),
        px(rect.width),
        px(rect.height),
        px(round)
    )
}

/// Text of an element or an attribute. Braces stay out of the way of templates and preprocessors.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in visible(text).chars() {
        match c {
            '&' | '<' | '>' | '"' | '\'' | '{' | '}' => {
                let _ = write!(out, "&#{};", u32::from(c));
            }
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
