//! Mermaid: a graph as the text of a flowchart.
//!
//! Names come from the analysed code, so nothing of them may end a string, begin a directive, or become HTML, Markdown, an icon or a
//! formula. What could is written as an entity (`#35;`), which Mermaid and those who copied it turn back into the character.

use std::fmt::Write as _;

use crate::model::HazardSeverity;
use crate::render::escape::visible;

use super::graph::{Edge, Graph, Node, Shape};

/// Many small nodes stand closer than Mermaid puts a few large ones.
const SPACING: &str = "%%{init: {\"flowchart\": {\"nodeSpacing\": 16, \"rankSpacing\": 40, \"padding\": 10, \"subGraphTitleMargin\": {\"top\": 4, \"bottom\": 10}}}}%%";

/// The source of a graph. It ends with a line break, and no line in it is empty.
pub(super) fn text(graph: &Graph) -> String {
    let mut out = format!("{SPACING}\nflowchart LR\n");
    let _ = writeln!(out, "  accTitle: {}", words(&graph.title));
    let _ = writeln!(out, "  accDescr: {}", words(&graph.description));
    for at in (0..graph.frames.len()).filter(|&at| graph.frames[at].within.is_none()) {
        frame(&mut out, graph, at, "  ");
    }
    for edge in &graph.edges {
        let _ = writeln!(out, "  {}", arrow(graph, edge));
    }
    for (left, right) in &graph.beside {
        let _ = writeln!(out, "  {} ~~~ {}", graph.nodes[*left].id, graph.nodes[*right].id);
    }
    let hurt: Vec<&str> =
        graph.nodes.iter().filter(|node| node.severity == Some(HazardSeverity::High)).map(|node| node.id.as_str()).collect();
    if !hurt.is_empty() {
        out.push_str("  classDef high stroke:#d1242f,stroke-width:3px\n");
        let _ = writeln!(out, "  class {} high", hurt.join(","));
    }
    out
}

fn frame(out: &mut String, graph: &Graph, at: usize, indent: &str) {
    let frame_ = &graph.frames[at];
    let _ = writeln!(out, "{indent}subgraph {} [\"{}\"]", frame_.id, label(&frame_.heading));
    // Without it, a frame that no arrow leaves is laid out the other way.
    let _ = writeln!(out, "{indent}  direction LR");
    for &node in &frame_.nodes {
        let _ = writeln!(out, "{indent}  {}", declared(&graph.nodes[node]));
    }
    for inner in (0..graph.frames.len()).filter(|&inner| graph.frames[inner].within == Some(at)) {
        frame(out, graph, inner, &format!("{indent}  "));
    }
    let _ = writeln!(out, "{indent}end");
}

fn declared(node: &Node) -> String {
    let (open, close) = match node.shape {
        Shape::Plain => ("[", "]"),
        Shape::Actor => ("[[", "]]"),
        Shape::Store => ("[(", ")]"),
        Shape::Round => ("(", ")"),
    };
    let lines =
        std::iter::once(node.caption.as_str()).chain(node.lines.iter().map(|line| line.text.as_str())).filter(|line| !line.is_empty());
    let text: Vec<String> = lines.map(label).collect();
    format!("{}{open}\"{}\"{close}", node.id, text.join("<br/>"))
}

fn arrow(graph: &Graph, edge: &Edge) -> String {
    let arrow = if edge.likely { "-.->" } else { "-->" };
    format!("{} {arrow} {}", graph.nodes[edge.from].id, graph.nodes[edge.to].id)
}

/// One line of a label: what Mermaid, Markdown or HTML could read as markup becomes an entity.
fn label(text: &str) -> String {
    let text = &visible(text).replace(['\r', '\n', '\t'], " ");
    let chars: Vec<char> = text.chars().collect();
    let digits = chars.iter().take_while(|c| c.is_ascii_digit()).count();
    let mut out = String::with_capacity(text.len() + 8);
    for (i, &c) in chars.iter().enumerate() {
        let before = i.checked_sub(1).map(|i| chars[i]);
        let after = chars.get(i + 1).copied();
        let starts = |word: &str| word.chars().eq(chars[i..].iter().copied().take(word.len()));
        let in_word = before.is_some_and(char::is_alphanumeric) && after.is_some_and(char::is_alphanumeric);
        let escaped = match c {
            // Strings, entities, HTML, code, emphasis, tables, formulas, comments, directives, links.
            '"' | '#' | '&' | '<' | '>' | ';' | '`' | '*' | '|' | '~' | '$' | '%' | '{' | '}' | '[' | ']' | '\\' | '@' | '^' | '!' => true,
            '_' => !in_word,
            // `http://x` becomes a link, `fa:fa-user` an icon.
            ':' => after.is_some_and(|after| !after.is_whitespace()),
            // Lists, headings and rules begin a line.
            '-' | '+' | '=' => i == 0,
            '.' | ')' => digits > 0 && i == digits,
            // `www.x.org` becomes a link; after `style` Mermaid loses the end of an entity.
            'w' => starts("www."),
            's' => starts("style"),
            'c' => starts("classDef"),
            _ => false,
        };
        // Entities are turned back before some who draw look for formulas (`$$`) and icons (`fa:fa-user`).
        let icon = before == Some(':') && c == 'f' && starts("fa-");
        if c == '$' && before == Some('$') || icon {
            out.push(' ');
        }
        if escaped {
            let _ = write!(out, "#{};", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

/// Text of a title or a description: a statement ends at some of these, and none of them is decoded there.
fn words(text: &str) -> String {
    let plain = |c: char| match c {
        '#' | ';' | '{' | '}' | '<' | '>' | '%' | '&' | '"' | '`' | '\\' | '$' => ' ',
        c => c,
    };
    visible(text).chars().map(plain).collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}
