//! YAML as a tree in which every key and value knows its line: anchors followed, `<<` merged, everything bounded.
//!
//! Built on parser events: an alias is a second pointer to one node, so an alias bomb costs nothing until somebody walks it, and
//! nobody walks what was not asked for.

use std::sync::Arc;

use granit_parser::{Event, Parser, ScalarStyle, ScanError};
use rustc_hash::FxHashMap;

/// Around the text of what a template could not evaluate; no file has these signs.
pub(super) const UNKNOWN_OPEN: char = '\u{e0f0}';
pub(super) const UNKNOWN_CLOSE: char = '\u{e0f1}';

/// Tags of CloudFormation that make another value of what follows.
const FUNCTIONS: &[&str] = &["Ref", "Sub", "GetAtt", "ImportValue", "Base64"];

/// At most so many nodes and merged entries of one file are kept.
const MAX_NODES: usize = 500_000;
/// At most so many documents of one file are read.
const MAX_DOCUMENTS: usize = 5_000;
/// At most so deep is a tree; aliases make it deeper than its text.
const MAX_DEPTH: u32 = 256;

/// A position in a text, both numbers from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Mark {
    /// The file, by its number in `Files`; 0 is the file that is being read.
    pub(crate) file: u32,
    pub(crate) line: u32,
    pub(crate) column: u32,
}

impl Mark {
    /// The start of a line of the file that is being read.
    pub(super) fn line(line: u32) -> Self {
        Self { file: 0, line, column: 1 }
    }
}

/// A node with its place.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) at: Mark,
    pub(crate) value: Value,
    depth: u32,
}

/// What a node holds.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// Text of a scalar; plain `null`, `~` and nothing at all are empty and plain.
    Scalar {
        text: String,
        plain: bool,
    },
    List(Vec<Arc<Node>>),
    Map(Vec<Entry>),
}

/// A key with its value.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) at: Mark,
    /// Where the map starts in which the entry is written: another one than it is found in after a merge.
    pub(crate) home: Mark,
    pub(crate) node: Arc<Node>,
}

impl Entry {
    /// Where it is said: at its key, or where the value is when that comes from another file.
    pub(super) fn said_at(&self) -> Mark {
        if self.node.at.file != 0 && self.node.at.file != self.at.file { self.node.at } else { self.at }
    }

    /// An entry that is made, not parsed.
    pub(super) fn made(key: impl Into<String>, at: Mark, node: impl Into<Arc<Node>>) -> Self {
        Self { key: key.into(), at, home: at, node: node.into() }
    }
}

impl Node {
    /// A node that is made of others.
    pub(super) fn made(value: Value, at: Mark) -> Self {
        let below = match &value {
            Value::Scalar { .. } => 0,
            Value::List(items) => items.iter().map(|item| item.depth).max().unwrap_or(0),
            Value::Map(entries) => entries.iter().map(|entry| entry.node.depth).max().unwrap_or(0),
        };
        Self { at, value, depth: below + 1 }
    }

    /// A scalar that is made, not parsed.
    pub(super) fn scalar(text: impl Into<String>, at: Mark) -> Self {
        Self::made(Value::Scalar { text: text.into(), plain: false }, at)
    }

    /// A plain scalar that is made: a number, `true`, nothing.
    pub(super) fn plain(text: impl Into<String>, at: Mark) -> Self {
        Self::made(Value::Scalar { text: text.into(), plain: true }, at)
    }

    /// A plain `null`, `~` or nothing at all.
    pub(super) fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar { text, plain: true } if matches!(text.as_str(), "" | "~" | "null"))
    }

    /// A node that another reader made; it bounds the depth by itself.
    pub(crate) fn new(at: Mark, value: Value) -> Self {
        Self { at, value, depth: 1 }
    }

    /// The value of a key of a map; the last one when it is written twice.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &*entry.node)
    }

    /// The value of a key, to keep.
    pub(super) fn get_arc(&self, key: &str) -> Option<Arc<Node>> {
        self.entry(key).map(|entry| entry.node.clone())
    }

    /// A key of a map with its value.
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().rev().find(|entry| entry.key == key)
    }

    /// A value further down: keys of maps within maps.
    pub(crate) fn at_path(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The entries of a map; none of anything else.
    pub(crate) fn entries(&self) -> &[Entry] {
        if let Value::Map(entries) = &self.value { entries } else { &[] }
    }

    /// The members of a list; none of anything else.
    pub(crate) fn items(&self) -> &[Arc<Node>] {
        if let Value::List(items) = &self.value { items } else { &[] }
    }

    /// The text of a scalar that is not null.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, plain } if !(*plain && matches!(text.as_str(), "" | "~" | "null")) => Some(text),
            _ => None,
        }
    }

    /// The text of a key's value.
    pub(crate) fn text_of(&self, key: &str) -> Option<&str> {
        self.get(key).and_then(Node::text)
    }

    /// A scalar, or the scalars of a list: `command: run`, `command: ["run", "--fast"]`.
    pub(crate) fn words(&self) -> Vec<&str> {
        match &self.value {
            Value::List(items) => items.iter().filter_map(|item| item.text()).collect(),
            _ => self.text().into_iter().collect(),
        }
    }

    /// Whether a scalar says yes.
    pub(crate) fn is_true(&self) -> bool {
        matches!(self.text(), Some("true" | "True" | "TRUE" | "yes" | "on"))
    }
}

/// What a file holds, and what is wrong with it.
#[derive(Debug, Default)]
pub(crate) struct Documents {
    pub(crate) roots: Vec<Arc<Node>>,
    pub(crate) errors: Vec<Broken>,
}

/// A document that does not parse.
#[derive(Debug)]
pub(crate) struct Broken {
    pub(crate) message: String,
    pub(crate) at: Mark,
    /// Bytes of the text, for the caret.
    pub(crate) span: Option<(usize, usize)>,
}

/// Reads every document of a text. A broken one is told, and reading goes on with the next.
pub(crate) fn parse(text: &str) -> Documents {
    parse_as(text, &|at| at)
}

/// Reads the text of a file, by its number.
pub(crate) fn parse_file(text: &str, file: u32) -> Documents {
    parse_as(text, &|at| Mark { file, ..at })
}

/// Reads a text that stands in another one; `home` gives for each position where it is there.
pub(crate) fn parse_as(text: &str, home: &dyn Fn(Mark) -> Mark) -> Documents {
    let options = granit_parser::options! { emit_comments: false };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut parser = Parser::new_from_str_with_options(text, options);
    let mut out = Documents::default();
    let mut builder = Builder::default();
    loop {
        let event = match parser.next() {
            None => break,
            Some(Ok(event)) => event,
            Some(Err(error)) => {
                out.errors.push(broken(&error, text, home));
                builder.reset();
                match parser.proceed_next_document() {
                    Ok(true) if out.errors.len() < 20 => continue,
                    _ => break,
                }
            }
        };
        let at = home(mark(event.1.start.line(), event.1.start.col()));
        if let Err(message) = builder.take(event.0, at) {
            let offset = event.1.start.byte_offset();
            out.errors.push(Broken { message: message.to_owned(), at, span: offset.map(|start| (start, start)) });
            break;
        }
        if let Some(root) = builder.root.take() {
            out.roots.push(root);
            if out.roots.len() >= MAX_DOCUMENTS {
                out.errors.push(Broken { message: format!("more than {MAX_DOCUMENTS} documents"), at, span: None });
                break;
            }
        }
    }
    out
}

fn mark(line: usize, column: usize) -> Mark {
    let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Mark { file: 0, line: number(line).max(1), column: number(column).saturating_add(1) }
}

fn broken(error: &ScanError, text: &str, home: &dyn Fn(Mark) -> Mark) -> Broken {
    let marker = error.marker();
    let start = marker.byte_offset().filter(|start| *start <= text.len());
    Broken { message: error.info(), at: home(mark(marker.line(), marker.col())), span: start.map(|start| (start, start)) }
}

/// Nodes that are not closed yet.
#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    anchors: FxHashMap<usize, Arc<Node>>,
    root: Option<Arc<Node>>,
    nodes: usize,
}

struct Open {
    at: Mark,
    anchor: usize,
    depth: u32,
    content: Content,
}

enum Content {
    List(Vec<Arc<Node>>),
    /// Entries so far, what `<<` brings in, and the key whose value comes next.
    Map(Vec<Entry>, Vec<Arc<Node>>, Option<Arc<Node>>),
}

impl Builder {
    fn reset(&mut self) {
        self.open.clear();
        self.anchors.clear();
        self.root = None;
    }

    fn take(&mut self, event: Event<'_>, at: Mark) -> Result<(), &'static str> {
        match event {
            Event::DocumentStart(..) => self.reset(),
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain;
                let mut text = text.into_owned();
                if text.contains(UNKNOWN_OPEN) {
                    text = text.replace(UNKNOWN_OPEN, "{{ ").replace(UNKNOWN_CLOSE, " }}");
                }
                if let Some(function) = tag.as_deref().and_then(|tag| FUNCTIONS.iter().find(|one| tag.suffix() == **one)) {
                    text = format!("!{function} {text}");
                }
                let node = Node { at, value: Value::Scalar { text, plain }, depth: 1 };
                self.add(Arc::new(node), anchor)?;
            }
            Event::Alias(id) => {
                // A node that holds itself is not closed yet: nothing stands for it.
                let empty = || Arc::new(Node { at, value: Value::Scalar { text: String::new(), plain: true }, depth: 1 });
                let node = self.anchors.get(&id).cloned().unwrap_or_else(empty);
                self.add(node, 0)?;
            }
            Event::SequenceStart(_, anchor, _) => self.open(at, anchor, Content::List(Vec::new())),
            Event::MappingStart(_, anchor, _) => self.open(at, anchor, Content::Map(Vec::new(), Vec::new(), None)),
            Event::SequenceEnd | Event::MappingEnd => self.close()?,
            _ => {}
        }
        Ok(())
    }

    fn open(&mut self, at: Mark, anchor: usize, content: Content) {
        self.open.push(Open { at, anchor, depth: 0, content });
    }

    fn close(&mut self) -> Result<(), &'static str> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let value = match open.content {
            Content::List(items) => Value::List(items),
            Content::Map(entries, merged, _) => Value::Map(self.merge(entries, &merged)?),
        };
        self.add(Arc::new(Node { at: open.at, value, depth: open.depth + 1 }), open.anchor)
    }

    /// Adds what `<<` brings in, where the map has no such key itself; of several sources the first one wins.
    fn merge(&mut self, mut entries: Vec<Entry>, merged: &[Arc<Node>]) -> Result<Vec<Entry>, &'static str> {
        if merged.is_empty() {
            return Ok(entries);
        }
        let mut known: std::collections::BTreeSet<String> = entries.iter().map(|entry| entry.key.clone()).collect();
        for source in merged {
            let maps: Vec<&Node> = match &source.value {
                Value::List(items) => items.iter().map(|item| &**item).collect(),
                _ => vec![source],
            };
            for entry in maps.into_iter().flat_map(Node::entries) {
                if known.insert(entry.key.clone()) {
                    self.count()?;
                    entries.push(entry.clone());
                }
            }
        }
        Ok(entries)
    }

    fn add(&mut self, node: Arc<Node>, anchor: usize) -> Result<(), &'static str> {
        self.count()?;
        if node.depth > MAX_DEPTH {
            return Err("nested too deeply");
        }
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        open.depth = open.depth.max(node.depth);
        match &mut open.content {
            Content::List(items) => items.push(node),
            Content::Map(entries, merged, key) => match key.take() {
                None => *key = Some(node),
                Some(name) => {
                    let text = match &name.value {
                        Value::Scalar { text, .. } => text.clone(),
                        _ => return Ok(()),
                    };
                    let is_merge = text == "<<";
                    if is_merge {
                        merged.push(node);
                    } else {
                        entries.push(Entry { key: text, at: name.at, home: open.at, node });
                    }
                }
            },
        }
        Ok(())
    }

    fn count(&mut self) -> Result<(), &'static str> {
        self.nodes += 1;
        if self.nodes > MAX_NODES { Err("too many nodes") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Arc<Node> {
        let documents = parse(text);
        assert!(documents.errors.is_empty(), "{:?}", documents.errors);
        documents.roots[0].clone()
    }

    #[test]
    fn values_know_the_line_where_they_are_written_also_through_anchors_and_merges() {
        let root = one("x-base: &base\n  a: 1\n  b: two\nservice:\n  <<: *base\n  b: own\n  c: *base\n");
        let service = root.get("service").unwrap();
        assert_eq!((service.text_of("a"), service.entry("a").unwrap().at.line), (Some("1"), 2));
        assert_eq!((service.text_of("b"), service.entry("b").unwrap().at.line), (Some("own"), 6));
        assert_eq!(service.at_path(&["c", "b"]).unwrap().at.line, 3);
        assert_ne!(service.entry("a").unwrap().home, service.entry("b").unwrap().home);
    }

    #[test]
    fn windows_line_ends_marks_and_duplicate_keys_are_read() {
        let root = one("\u{feff}a: 1\r\na: 2\r\nb: ~\r\n");
        assert_eq!((root.text_of("a"), root.text_of("b")), (Some("2"), None));
        assert_eq!(root.entry("b").unwrap().at.line, 3);
    }

    #[test]
    fn an_alias_bomb_is_a_small_tree() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..60 {
            let before = level - 1;
            text.push_str(&format!("a{level}: &a{level} [*a{before}, *a{before}, *a{before}, *a{before}, *a{before}]\n"));
        }
        assert_eq!(one(&text).entries().len(), 60);
    }

    #[test]
    fn aliases_cannot_nest_without_end() {
        let mut text = "a0: &a0 [x]\n".to_owned();
        for level in 1..1000 {
            text.push_str(&format!("a{level}: &a{level} [*a{}]\n", level - 1));
        }
        assert_eq!(parse(&text).errors[0].message, "nested too deeply");
    }

    #[test]
    fn a_broken_document_is_told_with_its_line_and_the_others_are_read() {
        let documents = parse("kind: A\n---\nkind: [B\n---\nkind: C\n");
        assert_eq!(documents.roots.len(), 2, "{documents:?}");
        assert_eq!(documents.errors.len(), 1);
        assert!(documents.errors[0].at.line >= 3);
        let tab = parse("a:\n\tb: 1\n");
        assert_eq!(tab.errors.len(), 1, "{tab:?}");
        assert_eq!(tab.errors[0].at.line, 2);
    }

    #[test]
    fn a_node_that_holds_itself_ends() {
        assert!(parse("a: &a [*a]\nb: *a\n").errors.len() <= 1);
    }
}
