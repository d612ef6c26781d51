//! What expressions of templates stand for: nodes that know where they are written, YAML that is yet to be indented, or nothing that
//! can be told.

use std::sync::Arc;

use super::super::yaml::{Mark, Node, Value};

/// Around the text of what could not be evaluated, until the rendered text is parsed.
pub(super) const OPEN: char = super::super::yaml::UNKNOWN_OPEN;
pub(super) const CLOSE: char = super::super::yaml::UNKNOWN_CLOSE;

/// Stands for what only an installation knows.
pub(super) const UNKNOWN: &str = "\u{e0f2}";

/// A value.
#[derive(Clone, Debug)]
pub(super) enum Val {
    Node(Arc<Node>),
    /// What `toYaml` gave, with the indent and whether a line break comes first.
    Yaml(Arc<Node>, Option<(usize, bool)>),
    /// Not known; the text of the expression.
    Unknown(String),
}

impl Val {
    pub(super) fn nothing() -> Self {
        Val::Node(Arc::new(Node::plain("", Mark::default())))
    }

    pub(super) fn text(text: impl Into<String>) -> Self {
        Val::Node(Arc::new(Node::scalar(text, Mark::default())))
    }

    /// A text that stands for a value: it is where that one is.
    pub(super) fn text_at(text: impl Into<String>, at: Mark) -> Self {
        Val::Node(Arc::new(Node::scalar(text, at)))
    }

    pub(super) fn bool(yes: bool) -> Self {
        Val::Node(Arc::new(Node::plain(if yes { "true" } else { "false" }, Mark::default())))
    }

    pub(super) fn number(number: i64) -> Self {
        Val::Node(Arc::new(Node::plain(number.to_string(), Mark::default())))
    }

    pub(super) fn is_unknown(&self) -> bool {
        matches!(self, Val::Unknown(_))
    }

    /// The node, of whatever sort.
    pub(super) fn node(&self) -> Option<&Arc<Node>> {
        match self {
            Val::Node(node) | Val::Yaml(node, _) => Some(node),
            Val::Unknown(_) => None,
        }
    }

    /// Where it is written, if a file says it.
    pub(super) fn at(&self) -> Mark {
        self.node().map(|node| node.at).unwrap_or_default()
    }

    /// Whether a condition of it holds; none when it is not known.
    pub(super) fn truth(&self) -> Option<bool> {
        self.node().map(|node| truth(node))
    }

    /// As it is written; none when it is not known or no scalar.
    pub(super) fn shown(&self) -> Option<String> {
        match self {
            Val::Node(node) => match &node.value {
                Value::Scalar { .. } => Some(node.text().unwrap_or_default().to_owned()),
                _ => None,
            },
            Val::Yaml(node, indent) => {
                let mut lines = Vec::new();
                yaml_lines(node, 0, &mut lines, 0);
                let (pad, first) = indent.map_or((0, false), |(indent, first)| (indent, first));
                let pad = " ".repeat(pad);
                let said: Vec<String> = lines.iter().map(|line| format!("{pad}{}", line.text())).collect();
                Some(format!("{}{}", if first { "\n" } else { "" }, said.join("\n")))
            }
            Val::Unknown(_) => None,
        }
    }
}

/// What Go's templates take for true.
pub(super) fn truth(node: &Node) -> bool {
    match &node.value {
        Value::Scalar { text, plain: true } => !matches!(text.as_str(), "" | "~" | "null" | "false" | "False" | "0" | "0.0"),
        Value::Scalar { text, .. } => !text.is_empty(),
        Value::List(items) => !items.is_empty(),
        Value::Map(entries) => !entries.is_empty(),
    }
}

/// A line of a value written as YAML: pieces of text with the places that they come from.
pub(super) struct Line {
    pub(super) pieces: Vec<(String, Mark)>,
}

impl Line {
    pub(super) fn text(&self) -> String {
        self.pieces.iter().map(|(text, _)| text.as_str()).collect()
    }
}

/// A value has at most so many lines, nested so deep.
const MAX_LINES: usize = 5_000;
const MAX_DEPTH: usize = 64;

/// A node as lines of YAML.
pub(super) fn yaml_lines(node: &Node, indent: usize, out: &mut Vec<Line>, depth: usize) {
    if depth > MAX_DEPTH || out.len() >= MAX_LINES {
        return;
    }
    let pad = || (" ".repeat(indent), Mark::default());
    match &node.value {
        Value::Map(entries) if !entries.is_empty() => {
            for entry in entries {
                let key = (format!("{}: ", quoted(&entry.key)), entry.at);
                match flat(&entry.node) {
                    Some(text) => out.push(Line { pieces: vec![pad(), key, (text, entry.node.at)] }),
                    None => {
                        out.push(Line { pieces: vec![pad(), key] });
                        yaml_lines(&entry.node, indent + 2, out, depth + 1);
                    }
                }
                if out.len() >= MAX_LINES {
                    return;
                }
            }
        }
        Value::List(items) if !items.is_empty() => {
            for item in items {
                let dash = || ("- ".to_owned(), item.at);
                match flat(item) {
                    Some(text) => out.push(Line { pieces: vec![pad(), dash(), (text, item.at)] }),
                    None => {
                        let from = out.len();
                        yaml_lines(item, indent + 2, out, depth + 1);
                        if let Some(first) = out.get_mut(from) {
                            // The first line of a member stands behind its dash.
                            first.pieces[0] = pad();
                            first.pieces.insert(1, dash());
                        }
                    }
                }
                if out.len() >= MAX_LINES {
                    return;
                }
            }
        }
        _ => out.push(Line { pieces: vec![pad(), (flat(node).unwrap_or_default(), node.at)] }),
    }
}

/// A scalar, or something empty, on one line.
fn flat(node: &Node) -> Option<String> {
    match &node.value {
        Value::Scalar { text, plain: true } => Some(text.clone()),
        Value::Scalar { text, .. } => Some(quoted(text)),
        Value::List(items) if items.is_empty() => Some("[]".to_owned()),
        Value::Map(entries) if entries.is_empty() => Some("{}".to_owned()),
        _ => None,
    }
}

/// A text in quotes; what is not known stays readable for the parser.
pub(super) fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

/// A node as JSON; none when it is too large.
pub(super) fn json(node: &Node, budget: &mut usize) -> Option<String> {
    *budget = budget.checked_sub(1)?;
    Some(match &node.value {
        Value::Scalar { text, plain: true } if text.is_empty() || text == "~" => "null".to_owned(),
        Value::Scalar { text, plain: true } if text.parse::<f64>().is_ok() || matches!(text.as_str(), "true" | "false" | "null") => {
            text.clone()
        }
        Value::Scalar { text, .. } => quoted(text),
        Value::List(items) => {
            let items: Option<Vec<String>> = items.iter().map(|item| json(item, budget)).collect();
            format!("[{}]", items?.join(","))
        }
        Value::Map(entries) => {
            let entries: Option<Vec<String>> =
                entries.iter().map(|entry| Some(format!("{}:{}", quoted(&entry.key), json(&entry.node, budget)?))).collect();
            format!("{{{}}}", entries?.join(","))
        }
    })
}
