//! References of compose files filled in, as compose does it: from the `.env` beside the file, else from their defaults.
//!
//! What has no value stays as it is written. So does what a variable gives that is named like a secret: where a secret is said to
//! come from may be told, it may not.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::super::env_file::Variable;
use super::super::hide;
use super::super::yaml::{Entry, Mark, Node, Value};
use crate::diag::looks_secret;

/// Defaults stand in each other at most so deep.
const MAX_DEPTH: usize = 8;
/// A longer text is not filled in.
const MAX_TEXT: usize = 64 * 1024;

/// Where the value of a scalar comes from that is filled in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Given {
    /// Variables of whoever starts it that change the value.
    pub(in super::super) unless: Vec<SmolStr>,
    /// The file of variables that gives all of it, with the variable and its line.
    pub(in super::super) by: Option<(SmolStr, SmolStr, u32)>,
    /// The whole value is that of a variable that no file of the tree sets.
    pub(in super::super) open: Option<SmolStr>,
}

/// A compose file with its references filled in.
pub(in super::super) struct Filled {
    pub(in super::super) root: Arc<Node>,
    /// Of each scalar that had references, by its place.
    pub(in super::super) given: BTreeMap<Mark, Given>,
}

/// The `.env` beside a compose file.
#[derive(Clone, Copy)]
pub(in super::super) struct DotEnv<'a> {
    pub(in super::super) path: &'a str,
    pub(in super::super) variables: &'a [Variable],
}

/// Fills the references of a file.
pub(in super::super) fn fill(root: &Arc<Node>, dot_env: Option<DotEnv<'_>>) -> Filled {
    let mut filler = Filler { dot_env, given: BTreeMap::new(), known: FxHashMap::default() };
    let root = filler.node(root);
    Filled { root, given: filler.given }
}

struct Filler<'a> {
    dot_env: Option<DotEnv<'a>>,
    given: BTreeMap<Mark, Given>,
    /// Nodes that stand in several places, by their address: each is filled once.
    known: FxHashMap<*const Node, Arc<Node>>,
}

impl Filler<'_> {
    fn node(&mut self, node: &Arc<Node>) -> Arc<Node> {
        let address = Arc::as_ptr(node);
        if let Some(known) = self.known.get(&address) {
            return known.clone();
        }
        let out = match &node.value {
            Value::Scalar { text, plain } => match self.scalar(text, node.at) {
                Some(text) => Arc::new(Node::made(Value::Scalar { text, plain: *plain }, node.at)),
                None => node.clone(),
            },
            Value::List(items) => {
                let new: Vec<Arc<Node>> = items.iter().map(|item| self.node(item)).collect();
                let same = new.iter().zip(items).all(|(new, old)| Arc::ptr_eq(new, old));
                if same { node.clone() } else { Arc::new(Node::made(Value::List(new), node.at)) }
            }
            Value::Map(entries) => {
                let new: Vec<Entry> = entries.iter().map(|entry| Entry { node: self.node(&entry.node), ..entry.clone() }).collect();
                let same = new.iter().zip(entries).all(|(new, old)| Arc::ptr_eq(&new.node, &old.node));
                if same { node.clone() } else { Arc::new(Node::made(Value::Map(new), node.at)) }
            }
        };
        self.known.insert(address, out.clone());
        out
    }

    /// The text of a scalar filled in; none when nothing stands in it.
    fn scalar(&mut self, text: &str, at: Mark) -> Option<String> {
        if !text.contains('$') || text.len() > MAX_TEXT {
            return None;
        }
        // `NAME=${OTHER}`, as lists of variables have it: the value is what is told of.
        let value = text.split_once('=').filter(|(name, _)| is_name(name)).map_or(text, |(_, value)| value);
        let mut given = Given::default();
        let filled = self.text(text, &mut given, 0);
        let whole = whole_reference(value);
        if let Some(name) = whole {
            given.by = self.variable(name).map(|(by, line)| (by.into(), name.into(), line));
            given.open = (given.by.is_none() && filled.ends_with(value)).then(|| name.into());
        }
        given.unless.dedup();
        self.given.insert(at, given);
        (filled != text).then_some(filled)
    }

    /// The last value of a variable in the `.env`, with the place.
    fn variable(&self, name: &str) -> Option<(&str, u32)> {
        let dot_env = self.dot_env?;
        let found = dot_env.variables.iter().rfind(|one| one.name == name && !one.is_offer)?;
        Some((dot_env.path, found.line))
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.dot_env?.variables.iter().rfind(|one| one.name == name && !one.is_offer).map(|one| one.value.as_str())
    }

    fn text(&self, text: &str, given: &mut Given, depth: usize) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            out.push_str(&rest[..at]);
            let (whole, reference) = read(&rest[at..]);
            rest = &rest[at + whole.len()..];
            match reference {
                Some(reference) => out.push_str(&self.reference(whole, &reference, given, depth)),
                // `$$` is a sign of what runs inside.
                None => out.push_str(if whole == "$$" { "$" } else { whole }),
            }
        }
        out.push_str(rest);
        out
    }

    fn reference(&self, whole: &str, reference: &Reference<'_>, given: &mut Given, depth: usize) -> String {
        let name = reference.name;
        if looks_secret(name) || depth > MAX_DEPTH {
            return whole.to_owned();
        }
        // An empty one counts as none where a colon says so.
        let set = self.value(name).filter(|value| !(reference.colon && value.is_empty()));
        if set.is_some_and(|value| hide::hides(name, value)) {
            return whole.to_owned();
        }
        let mut unless = || given.unless.push(name.into());
        match (reference.sign, set) {
            (Some('+'), Some(_)) => self.text(reference.other, given, depth + 1),
            (Some('+'), None) => {
                unless();
                String::new()
            }
            (_, Some(value)) => value.to_owned(),
            (Some('-'), None) => {
                unless();
                self.text(reference.other, given, depth + 1)
            }
            _ => whole.to_owned(),
        }
    }
}

/// `${NAME:-other}` in its parts.
struct Reference<'t> {
    name: &'t str,
    colon: bool,
    /// `-` for a default, `+` for another value when it is set, `?` for a message.
    sign: Option<char>,
    other: &'t str,
}

/// What stands behind a `$`, and the reference that it is; none for a sign that stands for itself.
fn read(text: &str) -> (&str, Option<Reference<'_>>) {
    let name_end = |text: &str| text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    if text.starts_with("$$") {
        return (&text[..2], None);
    }
    let Some(inner) = text.strip_prefix("${") else {
        let end = 1 + name_end(&text[1..]);
        let name = &text[1..end];
        return (&text[..end], is_name(name).then_some(Reference { name, colon: false, sign: None, other: "" }));
    };
    let mut depth = 1_u32;
    let close = inner.char_indices().find_map(|(at, c)| {
        match c {
            '{' if inner[..at].ends_with('$') => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        (depth == 0).then_some(at)
    });
    let Some(close) = close else { return (&text[..1], None) };
    let (whole, inner) = (&text[..close + 3], &inner[..close]);
    let (name, rest) = inner.split_at(name_end(inner));
    let colon = rest.starts_with(':');
    let rest = rest.strip_prefix(':').unwrap_or(rest);
    let sign = rest.chars().next();
    let known = sign.is_none_or(|sign| matches!(sign, '-' | '+' | '?'));
    let other = sign.map_or("", |sign| &rest[sign.len_utf8()..]);
    (whole, (known && is_name(name)).then_some(Reference { name, colon, sign, other }))
}

/// The variable, when a text is one reference and nothing else.
fn whole_reference(text: &str) -> Option<&str> {
    let text = text.trim();
    let (whole, reference) = text.starts_with('$').then(|| read(text))?;
    reference.filter(|_| whole.len() == text.len()).map(|reference| reference.name)
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifests::env_file;
    use crate::manifests::yaml;

    /// The text, and the variables that change it.
    fn filled(text: &str, dot_env: &str) -> String {
        let variables = env_file::parse(dot_env);
        let root = yaml::parse(&format!("a: '{text}'")).roots.remove(0);
        let filled = fill(&root, Some(DotEnv { path: ".env", variables: &variables }));
        let given = filled.given.values().next().cloned().unwrap_or_default();
        let unless = if given.unless.is_empty() { String::new() } else { format!(" unless {}", given.unless.join(", ")) };
        let open = given.open.map(|open| format!(" open {open}")).unwrap_or_default();
        let by = given.by.map(|(file, name, line)| format!(" by {file} {name}:{line}")).unwrap_or_default();
        format!("{}{unless}{open}{by}", filled.root.text_of("a").unwrap_or_default())
    }

    #[test]
    fn references_have_the_value_of_the_file_beside_or_their_default() {
        for (text, expected) in [
            ("${X:-10}", "10 unless X"),
            ("${X-10}", "10 unless X"),
            ("${SIZE:-10}", "50 by .env SIZE:1"),
            ("$SIZE", "50 by .env SIZE:1"),
            ("SIZE=${SIZE}", "SIZE=50 by .env SIZE:1"),
            ("${EMPTY:-10}", "10 unless EMPTY by .env EMPTY:2"),
            ("${EMPTY-10}", " by .env EMPTY:2"),
            ("${X}", "${X} open X"),
            ("${X:?set it}", "${X:?set it} open X"),
            ("${X:-${SIZE}}", "50 unless X"),
            ("${X:-${Y:-7}}", "7 unless X, Y"),
            ("a ${SIZE:+yes} ${X:+no}", "a yes  unless X"),
            ("http://${HOST:-db}:$SIZE/$$HOME", "http://db:50/$HOME unless HOST"),
            ("${DATA:-./data}:/data", "./data:/data unless DATA"),
        ] {
            assert_eq!(filled(text, "SIZE=50\nEMPTY=\n"), expected, "{text}");
        }
    }

    #[test]
    fn secrets_and_what_is_no_reference_stay_as_they_are() {
        for text in ["${DB_PASSWORD}", "${DB_PASSWORD:-hunter2}", "${X", "${}", "$", "a$1", "${X!}", "{{ .X }}"] {
            let found = filled(text, "DB_PASSWORD=hunter2hunter2\n");
            assert!(found.starts_with(text), "{text}: {found}");
        }
        // The password in an address is hidden where it is shown.
        assert!(!hide::text(&filled("${PLAIN}", "PLAIN=postgres://a:hunter2@db/x\n")).contains("hunter2"));
    }

    #[test]
    fn aliases_are_filled_once() {
        let mut text = String::from("a0: &a0 ['${X:-1}']\n");
        for at in 1..60 {
            text.push_str(&format!("a{at}: &a{at} [*a{0}, *a{0}]\n", at - 1));
        }
        let root = yaml::parse(&text).roots.remove(0);
        let filled = fill(&root, None);
        assert_eq!(filled.root.get("a0").and_then(|node| node.words().first().copied().map(str::to_owned)).as_deref(), Some("1"));
    }
}
