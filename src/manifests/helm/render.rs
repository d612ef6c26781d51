//! Renders a parsed template: the text, and for each line and each value that is written, where it comes from.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::yaml::{Mark, Node, Value};
use super::functions::{call, decided};
use super::parse::{Expr, Piece, What};
use super::value::{CLOSE, OPEN, UNKNOWN, Val, yaml_lines};

/// Includes nest at most so deep.
const MAX_DEPTH: usize = 40;
/// A template takes at most so many steps and gives at most so much text.
const MAX_STEPS: usize = 300_000;
const MAX_BYTES: usize = 2 * 1024 * 1024;

/// A rendered template.
#[derive(Debug, Default)]
pub(super) struct Rendered {
    pub(super) text: String,
    /// For each line of the text, the line of the template.
    pub(super) lines: Vec<u32>,
    /// Values that stand at a line and column, with the place where they are written.
    pub(super) marks: BTreeMap<(u32, u32), Mark>,
    /// Lines of the template that are written under a condition that is not known, with the condition.
    pub(super) conditional: BTreeMap<u32, String>,
    /// Expressions that could not be evaluated.
    pub(super) unknown: usize,
}

/// Helpers by name, and what all templates see.
pub(super) struct Engine<'a> {
    pub(super) defines: &'a BTreeMap<String, Vec<Piece>>,
    pub(super) root: Arc<Node>,
}

impl Engine<'_> {
    /// Renders the pieces of a template.
    pub(super) fn render(&self, pieces: &[Piece]) -> Rendered {
        let mut run =
            Run { engine: self, out: Rendered::default(), row: 0, column: 0, steps: 0, depth: 0, line: 1, conditions: Vec::new() };
        let mut scope = Scope { dot: Val::Node(self.root.clone()), names: vec![(String::new(), Val::Node(self.root.clone()))] };
        run.pieces(pieces, &mut scope);
        run.out
    }
}

/// The dot, and the variables by name; the one without a name is what the dot was at first.
#[derive(Clone)]
struct Scope {
    dot: Val,
    names: Vec<(String, Val)>,
}

struct Run<'a> {
    engine: &'a Engine<'a>,
    out: Rendered,
    /// The line of the text that is being written, from 0, and the characters in it.
    row: u32,
    column: u32,
    steps: usize,
    depth: usize,
    /// The line of the template.
    line: u32,
    conditions: Vec<String>,
}

impl Run<'_> {
    fn is_over(&self) -> bool {
        self.steps > MAX_STEPS || self.out.text.len() > MAX_BYTES
    }

    fn pieces(&mut self, pieces: &[Piece], scope: &mut Scope) {
        let before = scope.names.len();
        for (at, piece) in pieces.iter().enumerate() {
            self.steps += 1;
            if self.is_over() {
                self.out.unknown += 1;
                break;
            }
            self.line = piece.line;
            match &piece.what {
                What::Text(text) => self.text(text),
                What::Write(expr) => {
                    let value = self.value(expr, scope);
                    self.line = piece.line;
                    let next = pieces.get(at + 1).map(|next| &next.what);
                    let ends = !matches!(next, Some(What::Text(text)) if !text.starts_with(['\n', '\r']));
                    self.write(&value, ends);
                }
                What::Set(name, expr, is_new) => {
                    let value = self.value(expr, scope);
                    match scope.names.iter_mut().rev().find(|(known, _)| known == name && !is_new) {
                        Some((_, known)) => *known = value,
                        None => scope.names.push((name.clone(), value)),
                    }
                }
                What::If(branches) => self.branches(branches, scope),
                What::With(name, expr, body, otherwise) => self.with(name.as_ref(), expr, body, otherwise, scope),
                What::Range(names, expr, body, otherwise) => self.range(names, expr, body, otherwise, scope),
                What::Define(_, body, argument) => {
                    if let Some(argument) = argument {
                        let dot = self.value(argument, scope);
                        let mut inner = Scope { names: vec![(String::new(), dot.clone())], dot };
                        self.pieces(body, &mut inner);
                    }
                }
            }
        }
        scope.names.truncate(before);
    }

    fn branches(&mut self, branches: &[(Option<Expr>, Vec<Piece>)], scope: &mut Scope) {
        for (condition, body) in branches {
            let value = condition.as_ref().map_or_else(|| Val::bool(true), |condition| self.value(condition, scope));
            match (value.truth(), value) {
                (Some(true), _) => return self.pieces(body, scope),
                (Some(false), _) => {}
                // Not known: what it would write is told, with the condition.
                (None, Val::Unknown(text)) => {
                    self.out.unknown += 1;
                    self.conditions.push(text);
                    self.pieces(body, scope);
                    self.conditions.pop();
                    return;
                }
                (None, _) => return,
            }
        }
    }

    fn with(&mut self, name: Option<&String>, expr: &Expr, body: &[Piece], otherwise: &[Piece], scope: &mut Scope) {
        let value = self.value(expr, scope);
        match value.truth() {
            Some(false) => self.pieces(otherwise, scope),
            known => {
                let conditional = known.is_none();
                if let (true, Val::Unknown(text)) = (conditional, &value) {
                    self.out.unknown += 1;
                    self.conditions.push(text.clone());
                }
                let mut inner = Scope { dot: value.clone(), names: scope.names.clone() };
                inner.names.extend(name.map(|name| (name.clone(), value)));
                self.pieces(body, &mut inner);
                if conditional {
                    self.conditions.pop();
                }
            }
        }
    }

    fn range(&mut self, names: &[String], expr: &Expr, body: &[Piece], otherwise: &[Piece], scope: &mut Scope) {
        let value = self.value(expr, scope);
        let Some(node) = value.node() else {
            self.out.unknown += 1;
            return;
        };
        let members: Vec<(Val, Val)> = match &node.value {
            Value::List(items) => items.iter().enumerate().map(|(at, item)| (Val::number(at as i64), Val::Node(item.clone()))).collect(),
            Value::Map(entries) => {
                // Go goes through maps by key.
                let mut sorted: Vec<_> = entries.iter().collect();
                sorted.sort_by(|a, b| a.key.cmp(&b.key));
                sorted.iter().map(|entry| (Val::text_at(entry.key.as_str(), entry.at), Val::Node(entry.node.clone()))).collect()
            }
            Value::Scalar { .. } => {
                let count = node.text().and_then(|text| text.parse::<i64>().ok()).filter(|count| (0..1_000).contains(count)).unwrap_or(0);
                (0..count).map(|at| (Val::number(at), Val::number(at))).collect()
            }
        };
        if members.is_empty() {
            return self.pieces(otherwise, scope);
        }
        for (key, member) in members {
            if self.is_over() {
                self.out.unknown += 1;
                return;
            }
            let mut inner = Scope { dot: member.clone(), names: scope.names.clone() };
            match names {
                [one] => inner.names.push((one.clone(), member)),
                [one, two, ..] => inner.names.extend([(one.clone(), key), (two.clone(), member)]),
                [] => {}
            }
            self.pieces(body, &mut inner);
        }
    }

    /// What an expression stands for.
    fn value(&mut self, expr: &Expr, scope: &Scope) -> Val {
        self.steps += 1;
        if self.is_over() {
            return Val::Unknown(String::new());
        }
        match expr {
            Expr::Literal(text, true) => Val::text(text.as_str()),
            Expr::Literal(text, false) => Val::Node(Arc::new(Node::plain(text.as_str(), Mark::default()))),
            Expr::Nil => Val::nothing(),
            Expr::Odd(text) => Val::Unknown(text.clone()),
            Expr::Path(None, fields) => self.fields(&scope.dot, fields, "."),
            Expr::Path(Some(name), fields) => match scope.names.iter().rev().find(|(known, _)| known == name) {
                Some((_, value)) => self.fields(&value.clone(), fields, &format!("${name}.")),
                None => Val::Unknown(format!("${name}.{}", fields.join("."))),
            },
            Expr::Field(inner, fields) => {
                let value = self.value(inner, scope);
                self.fields(&value, fields, "(…).")
            }
            Expr::Call(name, arguments) => self.called(name, arguments, scope),
        }
    }

    fn called(&mut self, name: &str, arguments: &[Expr], scope: &Scope) -> Val {
        if matches!(name, "and" | "or") {
            let values: Vec<Val> = arguments.iter().map(|argument| self.value(argument, scope)).collect();
            return decided(name, values.into_iter());
        }
        let values: Vec<Val> = arguments.iter().map(|argument| self.value(argument, scope)).collect();
        let found = match name {
            "include" => self.included(&values),
            "tpl" => self.evaluated(&values),
            _ => call(name, &values),
        };
        found.unwrap_or_else(|| {
            let said: Vec<String> = arguments.iter().map(shown).collect();
            Val::Unknown(format!("{name} {}", said.join(" ")).trim_end().to_owned())
        })
    }

    /// `include "name" context`, as text.
    fn included(&mut self, values: &[Val]) -> Option<Val> {
        let engine = self.engine;
        let name = values.first()?.shown()?;
        let Some(body) = engine.defines.get(&name) else { return self.by_custom(&name) };
        let dot = values.get(1).cloned().unwrap_or_else(Val::nothing);
        self.apart(body, dot)
    }

    /// A helper that no file of the tree has, a library's: by custom, one of these names gives the name of the release or labels.
    fn by_custom(&self, name: &str) -> Option<Val> {
        match name.rsplit('.').next() {
            Some("fullname" | "name" | "serviceAccountName") => {
                let name = self.engine.root.at_path(&["Chart", "Name"]).and_then(Node::text)?;
                Some(Val::text(name))
            }
            Some("labels" | "selectorLabels" | "matchLabels" | "annotations") => Some(Val::nothing()),
            _ => None,
        }
    }

    /// `tpl "text" context`.
    fn evaluated(&mut self, values: &[Val]) -> Option<Val> {
        let text = values.first()?.shown()?;
        if !text.contains("{{") {
            return values.first().cloned();
        }
        let at = values.first()?.at();
        let body = super::parse::parse(&text);
        let said = self.apart(&body, values.get(1)?.clone())?.shown()?;
        Some(Val::text_at(said, at))
    }

    /// The text of pieces rendered by themselves.
    fn apart(&mut self, body: &[Piece], dot: Val) -> Option<Val> {
        if self.depth >= MAX_DEPTH {
            return None;
        }
        let mut run = Run {
            engine: self.engine,
            out: Rendered::default(),
            row: 0,
            column: 0,
            steps: self.steps,
            depth: self.depth + 1,
            line: 1,
            conditions: Vec::new(),
        };
        let mut scope = Scope { names: vec![(String::new(), dot.clone())], dot };
        run.pieces(body, &mut scope);
        self.steps = run.steps;
        self.out.unknown += run.out.unknown;
        // A helper that gives one value of the settings is where that value is.
        let at = match run.out.marks.values().next() {
            Some(at) if run.out.marks.len() == 1 => *at,
            _ => Mark::default(),
        };
        Some(Val::text_at(run.out.text, at))
    }

    fn fields(&mut self, value: &Val, fields: &[String], before: &str) -> Val {
        let unknown = || Val::Unknown(format!("{before}{}", fields.join(".")));
        let Some(node) = value.node() else { return unknown() };
        let mut node = node.clone();
        for field in fields {
            node = match node.get_arc(field) {
                Some(inner) => inner,
                None => return Val::nothing(),
            };
            // What only an installation knows.
            if node.text() == Some(UNKNOWN) {
                return unknown();
            }
        }
        Val::Node(node)
    }

    /// Writes a value where the text has come to; `ends` says that nothing of the template follows on the line.
    fn write(&mut self, value: &Val, ends: bool) {
        match value {
            Val::Yaml(node, indent) => {
                let mut lines = Vec::new();
                yaml_lines(node, 0, &mut lines, 0);
                let (pad, breaks) = indent.unwrap_or((0, false));
                for (at, line) in lines.iter().enumerate() {
                    if at > 0 || breaks {
                        self.end_line();
                    }
                    self.push(&" ".repeat(pad));
                    for (text, mark) in &line.pieces {
                        self.raw(text, *mark);
                    }
                }
            }
            Val::Node(node) => match &node.value {
                Value::Scalar { .. } => self.raw(node.text().unwrap_or_default(), node.at),
                _ => self.unknown("value", ends),
            },
            Val::Unknown(text) => self.unknown(&text.clone(), ends),
        }
    }

    fn unknown(&mut self, text: &str, ends: bool) {
        self.out.unknown += 1;
        let start = self.out.text.rfind('\n').map_or(0, |at| at + 1);
        if self.out.text[start..].trim().is_empty() && ends {
            return;
        }
        let kept: String =
            text.chars().take(120).map(|c| if matches!(c, '"' | '\'' | '\\' | '#' | ':') || c.is_control() { '`' } else { c }).collect();
        self.raw(&format!("{OPEN}{kept}{CLOSE}"), Mark::default());
    }

    /// Writes text of the template, line by line.
    fn text(&mut self, text: &str) {
        for (at, part) in text.split('\n').enumerate() {
            if at > 0 {
                self.end_line();
                self.line += 1;
            }
            self.push(part);
        }
    }

    /// Writes a value; where it is written is kept.
    fn raw(&mut self, text: &str, mark: Mark) {
        if mark.file != 0 && !text.is_empty() {
            self.out.marks.insert((self.row + 1, self.column + 1), mark);
        }
        for (at, part) in text.split('\n').enumerate() {
            if at > 0 {
                self.end_line();
            }
            self.push(part);
        }
    }

    fn end_line(&mut self) {
        self.out.text.push('\n');
        self.row += 1;
        self.column = 0;
    }

    /// Writes a part of a line.
    fn push(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        let row = self.row as usize;
        if self.out.lines.len() <= row {
            self.out.lines.resize(row + 1, 0);
        }
        if self.out.lines[row] == 0 && !text.trim().is_empty() {
            self.out.lines[row] = self.line;
        }
        if let Some(condition) = self.conditions.last().filter(|_| !text.trim().is_empty()) {
            self.out.conditional.entry(self.line).or_insert_with(|| condition.clone());
        }
        self.out.text.push_str(text);
        self.column += u32::try_from(text.chars().count()).unwrap_or(0);
    }
}

/// An argument as text; what is quoted may be a secret.
fn shown(expr: &Expr) -> String {
    match expr {
        Expr::Literal(_, true) => "…".to_owned(),
        Expr::Literal(text, false) => text.clone(),
        Expr::Nil => "nil".to_owned(),
        Expr::Path(None, fields) => format!(".{}", fields.join(".")),
        Expr::Path(Some(name), fields) if fields.is_empty() => format!("${name}"),
        Expr::Path(Some(name), fields) => format!("${name}.{}", fields.join(".")),
        Expr::Call(name, arguments) if arguments.is_empty() => name.clone(),
        Expr::Call(name, arguments) => format!("({name} {})", arguments.iter().map(shown).collect::<Vec<_>>().join(" ")),
        Expr::Field(inner, fields) => format!("({}).{}", shown(inner), fields.join(".")),
        Expr::Odd(text) => text.clone(),
    }
}
