//! JSON and what people write instead of it: JSON with comments, JSON5, HJSON; and RON.
//!
//! More is accepted than any one of them allows: a file that its own library refuses does no harm here. Nesting is bounded.

use std::sync::Arc;

use crate::manifests::yaml::{Broken, Entry, Mark, Node, Value};

/// Deeper nesting is refused.
const MAX_DEPTH: usize = 96;

/// More values of one file are refused.
const MAX_VALUES: usize = 500_000;

/// Which family a text belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Json,
    Ron,
}

/// Reads a text.
pub(super) fn parse(text: &str, kind: Kind) -> Result<Node, Broken> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader { text, at: 0, line: 1, line_start: 0, kind, depth: 0, values: 0 };
    reader.blank()?;
    // `#![enable(…)]` of RON.
    while kind == Kind::Ron && reader.rest().starts_with("#!") {
        reader.line_end();
        reader.blank()?;
    }
    // HJSON leaves out the outermost braces.
    let bare = kind == Kind::Json && !reader.rest().starts_with(['{', '[', '"']) && !reader.rest().is_empty();
    let root = if bare { reader.entries(None)? } else { reader.value()? };
    reader.blank()?;
    if reader.rest().is_empty() { Ok(root) } else { Err(reader.broken("unexpected text after the end")) }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    line: u32,
    line_start: usize,
    kind: Kind,
    depth: usize,
    values: usize,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn mark(&self) -> Mark {
        Mark { file: 0, line: self.line, column: u32::try_from(self.at - self.line_start + 1).unwrap_or(u32::MAX) }
    }

    fn broken(&self, message: &str) -> Broken {
        Broken { message: message.to_owned(), at: self.mark(), span: Some((self.at, self.at)) }
    }

    fn advance(&mut self, bytes: usize) {
        for (index, _) in self.text[self.at..self.at + bytes].match_indices('\n') {
            self.line += 1;
            self.line_start = self.at + index + 1;
        }
        self.at += bytes;
    }

    fn line_end(&mut self) {
        let bytes = self.rest().find('\n').unwrap_or(self.rest().len());
        self.advance(bytes);
    }

    /// White space and comments.
    fn blank(&mut self) -> Result<(), Broken> {
        loop {
            let spaces = self.rest().len() - self.rest().trim_start().len();
            self.advance(spaces);
            let rest = self.rest();
            if rest.starts_with("//") || (rest.starts_with('#') && self.kind == Kind::Json) {
                self.line_end();
            } else if rest.starts_with("/*") {
                let end = rest.find("*/").ok_or_else(|| self.broken("a comment without an end"))?;
                self.advance(end + 2);
            } else {
                return Ok(());
            }
        }
    }

    fn take(&mut self, c: char) -> bool {
        let is_there = self.rest().starts_with(c);
        if is_there {
            self.advance(c.len_utf8());
        }
        is_there
    }

    fn value(&mut self) -> Result<Node, Broken> {
        self.depth += 1;
        self.values += 1;
        if self.depth > MAX_DEPTH || self.values > MAX_VALUES {
            return Err(self.broken(if self.depth > MAX_DEPTH { "nested too deeply" } else { "too many values" }));
        }
        let out = self.inner();
        self.depth -= 1;
        out
    }

    fn inner(&mut self) -> Result<Node, Broken> {
        let at = self.mark();
        match self.peek() {
            Some('{') => {
                self.advance(1);
                self.entries(Some('}'))
            }
            Some('[') => {
                self.advance(1);
                self.list(at, ']')
            }
            Some('(') if self.kind == Kind::Ron => self.in_parentheses(at),
            Some('"' | '\'') => {
                let text = self.quoted()?;
                Ok(Node::new(at, Value::Scalar { text, plain: false }))
            }
            Some(_) => self.bare(at),
            None => Err(self.broken("a value is missing")),
        }
    }

    /// `(a: 1)`, `(1, 2)`; the name before it, as in `Config(…)`, is read already.
    fn in_parentheses(&mut self, at: Mark) -> Result<Node, Broken> {
        self.advance(1);
        self.blank()?;
        let name = self.rest().find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(0);
        let is_struct = name > 0 && self.rest()[name..].trim_start().starts_with(':') || self.rest().starts_with(')');
        if is_struct { self.entries(Some(')')) } else { self.list(at, ')') }
    }

    fn list(&mut self, at: Mark, end: char) -> Result<Node, Broken> {
        let mut items = Vec::new();
        loop {
            self.blank()?;
            if self.take(end) {
                return Ok(Node::new(at, Value::List(items)));
            }
            items.push(Arc::new(self.value()?));
            self.blank()?;
            self.take(',');
        }
    }

    /// The entries of a map, up to its end or that of the text.
    fn entries(&mut self, end: Option<char>) -> Result<Node, Broken> {
        let home = self.mark();
        let mut entries = Vec::new();
        loop {
            self.blank()?;
            match end {
                Some(end) if self.take(end) => break,
                None if self.rest().is_empty() => break,
                _ => {}
            }
            let at = self.mark();
            let key = self.key()?;
            self.blank()?;
            if !(self.take(':') || self.kind == Kind::Json && self.take('=')) {
                return Err(self.broken("`:` is missing after a key"));
            }
            self.blank()?;
            let node = Arc::new(self.value()?);
            entries.push(Entry { key, at, home, node });
            self.blank()?;
            self.take(',');
        }
        Ok(Node::new(home, Value::Map(entries)))
    }

    fn key(&mut self) -> Result<String, Broken> {
        if matches!(self.peek(), Some('"' | '\'')) {
            return self.quoted();
        }
        let end =
            self.rest().find(|c: char| c == ':' || c == '=' || c.is_whitespace() || ",{}[]()\"".contains(c)).unwrap_or(self.rest().len());
        if end == 0 {
            return Err(self.broken("a key is missing"));
        }
        let key = self.rest()[..end].to_owned();
        self.advance(end);
        Ok(key)
    }

    fn quoted(&mut self) -> Result<String, Broken> {
        if let Some(body) = self.rest().strip_prefix("'''") {
            let end = body.find("'''").ok_or_else(|| self.broken("a text without an end"))?;
            let text = body[..end].trim().to_owned();
            self.advance(end + 6);
            return Ok(text);
        }
        let Some(quote) = self.peek() else { return Err(self.broken("a text is missing")) };
        let mut out = String::new();
        let mut chars = self.rest().char_indices().skip(1);
        while let Some((index, c)) = chars.next() {
            match c {
                '\\' => match chars.next() {
                    Some((_, 'n')) => out.push('\n'),
                    Some((_, 't')) => out.push('\t'),
                    Some((_, 'r')) => out.push('\r'),
                    Some((_, '\n')) => {}
                    Some((_, 'u')) => {
                        let digits: String = chars.by_ref().take(4).map(|(_, c)| c).collect();
                        out.extend(u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32));
                    }
                    Some((_, other)) => out.push(other),
                    None => break,
                },
                c if c == quote => {
                    self.advance(index + c.len_utf8());
                    return Ok(out);
                }
                c => out.push(c),
            }
        }
        Err(self.broken("a text without an end"))
    }

    /// A number, a truth value, a name; in HJSON, a text without quotes up to the end of its line.
    fn bare(&mut self, at: Mark) -> Result<Node, Broken> {
        let rest = self.rest();
        let end = rest.find(|c: char| ",{}[]()\n".contains(c)).unwrap_or(rest.len());
        let word = rest[..end].split("//").next().unwrap_or_default();
        let word = if self.kind == Kind::Json { word.split(" #").next().unwrap_or_default() } else { word };
        let word = word.trim_end();
        if word.is_empty() {
            return Err(self.broken("a value is missing"));
        }
        if self.kind == Kind::Ron {
            self.advance(word.len());
            return match word {
                // `Some(x)` is `x`, `Config(a: 1)` is what it holds.
                "Some" if self.rest().starts_with('(') => {
                    self.advance(1);
                    self.blank()?;
                    let inner = self.value()?;
                    self.blank()?;
                    self.take(',');
                    self.blank()?;
                    if self.take(')') { Ok(inner) } else { Err(self.broken("`)` is missing")) }
                }
                "None" => Ok(scalar(at, String::new())),
                _ if self.rest().starts_with('(') => self.in_parentheses(at),
                _ => Ok(scalar(at, number(word))),
            };
        }
        let is_word = matches!(word, "true" | "false" | "null" | "Infinity" | "-Infinity" | "NaN")
            || word.trim_start_matches(['+', '-']).starts_with(|c: char| c.is_ascii_digit() || c == '.')
                && word.chars().all(|c| c.is_ascii_alphanumeric() || "+-._".contains(c));
        if is_word {
            self.advance(word.len());
            return Ok(scalar(at, number(word)));
        }
        let line = rest.split('\n').next().unwrap_or_default().trim_end();
        if !line.starts_with(|c: char| c.is_alphanumeric() || "/.~*$-_<".contains(c)) {
            return Err(self.broken("a value is missing"));
        }
        self.advance(line.len());
        Ok(Node::new(at, Value::Scalar { text: line.to_owned(), plain: false }))
    }
}

fn scalar(at: Mark, text: String) -> Node {
    Node::new(at, Value::Scalar { text, plain: true })
}

/// `1_000`, `+5` and `0x10` as people read them.
fn number(word: &str) -> String {
    let digits = word.strip_prefix('+').unwrap_or(word).replace('_', "");
    match digits.strip_prefix("0x").map(|digits| i64::from_str_radix(digits, 16)) {
        Some(Ok(number)) => number.to_string(),
        _ if digits.chars().all(|c| c.is_ascii_digit() || "+-.eE".contains(c)) => digits,
        _ => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(text: &str, kind: Kind, path: &[&str]) -> Option<String> {
        parse(text, kind).unwrap().at_path(path)?.text().map(str::to_owned)
    }

    #[test]
    fn what_people_add_to_json_is_read() {
        let json5 = "// top\n{\n  unquoted: 'single \\'quotes\\'',\n  hex: 0x10, plus: +1, /* c */ list: [1, 2,],\n}";
        assert_eq!(get(json5, Kind::Json, &["unquoted"]).as_deref(), Some("single 'quotes'"));
        assert_eq!((get(json5, Kind::Json, &["hex"]).as_deref(), get(json5, Kind::Json, &["plus"]).as_deref()), (Some("16"), Some("1")));
        let hjson = "# top\nhostname: example.com\ndatabase: {\n  # a number\n  pool_size: 30\n  text: '''\n  two\n  '''\n  url: postgres://a, b\n}\n";
        assert_eq!(get(hjson, Kind::Json, &["hostname"]).as_deref(), Some("example.com"));
        assert_eq!(get(hjson, Kind::Json, &["database", "pool_size"]).as_deref(), Some("30"));
        assert_eq!(get(hjson, Kind::Json, &["database", "url"]).as_deref(), Some("postgres://a, b"));
        assert_eq!(get(hjson, Kind::Json, &["database", "text"]).as_deref(), Some("two"));
    }

    #[test]
    fn ron_is_read_through_its_names_and_options() {
        let ron = "#![enable(implicit_some)]\nConfig(\n  name: \"a\",\n  limit: Some(1_000),\n  none: None,\n  inner: Inner(on: true, pair: (1, 2)),\n)";
        assert_eq!(get(ron, Kind::Ron, &["limit"]).as_deref(), Some("1000"));
        assert_eq!(get(ron, Kind::Ron, &["inner", "on"]).as_deref(), Some("true"));
        assert_eq!(get(ron, Kind::Ron, &["none"]), None);
        assert_eq!(parse(ron, Kind::Ron).unwrap().at_path(&["inner", "pair"]).unwrap().items().len(), 2);
    }

    #[test]
    fn hostile_text_ends_in_an_error() {
        for text in [
            "[".repeat(100_000),
            "{\"a\":".repeat(100_000),
            "{\"a\": \"".to_owned(),
            "/*".to_owned(),
            "{é: 1, \u{1F600}".to_owned(),
            "(".repeat(5000),
        ] {
            assert!(parse(&text, Kind::Json).is_err());
            assert!(parse(&text, Kind::Ron).is_err());
        }
    }
}
