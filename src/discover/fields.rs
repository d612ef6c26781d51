//! Typed access to the tables of a manifest.
//!
//! A value of the wrong type is told with its place and then treated as absent: one slip must not hide a package.

use std::cell::RefCell;
use std::ops::Range;

use smol_str::SmolStr;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::model::{Diagnostic, Severity};

/// A place in a manifest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct At {
    pub(super) line: u32,
    pub(super) span: (usize, usize),
}

impl At {
    /// A diagnostic at this place.
    pub(super) fn diagnostic(&self, file: &str, severity: Severity, code: &'static str, message: impl Into<String>) -> Diagnostic {
        let diagnostic = Diagnostic::new(severity, code, message).in_file(file);
        if self.line == 0 { diagnostic } else { diagnostic.at_line(self.line).span(self.span.0, self.span.1) }
    }
}

/// A text of a manifest with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Text {
    pub(super) value: SmolStr,
    pub(super) at: At,
}

/// The manifest that tables are read from.
pub(super) struct Document<'a> {
    pub(super) file: &'a str,
    /// Offset of each line feed: places are asked for by the thousand.
    line_feeds: Vec<usize>,
    pub(super) diagnostics: RefCell<Vec<Diagnostic>>,
}

impl<'a> Document<'a> {
    pub(super) fn new(file: &'a str, text: &str) -> Self {
        let line_feeds = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(offset, _)| offset).collect();
        Self { file, line_feeds, diagnostics: RefCell::new(Vec::new()) }
    }

    pub(super) fn at(&self, span: Range<usize>) -> At {
        let line = self.line_feeds.partition_point(|offset| *offset < span.start) + 1;
        At { line: u32::try_from(line).unwrap_or(u32::MAX), span: (span.start, span.end) }
    }
}

/// One table of a manifest.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    pub(super) document: &'a Document<'a>,
    table: &'a DeTable<'a>,
}

impl<'a> Fields<'a> {
    pub(super) fn new(document: &'a Document<'a>, table: &'a DeTable<'a>) -> Self {
        Self { document, table }
    }

    /// Every key with its value and the key's place, sorted by key.
    pub(super) fn entries(self) -> impl Iterator<Item = (&'a str, At, &'a Spanned<DeValue<'a>>)> {
        self.table.iter().map(move |(key, value)| (key.get_ref().as_ref(), self.document.at(key.span()), value))
    }

    /// The value of the first of `keys` that is there: cargo's spelling first, older ones after it.
    pub(super) fn value(self, keys: &[&str]) -> Option<&'a Spanned<DeValue<'a>>> {
        keys.iter().find_map(|key| self.table.get(*key))
    }

    pub(super) fn text(self, keys: &[&str]) -> Option<Text> {
        let value = self.value(keys)?;
        match value.get_ref().as_str() {
            Some(text) => Some(Text { value: text.into(), at: self.document.at(value.span()) }),
            None => self.wrong(keys, value, "a string"),
        }
    }

    pub(super) fn flag(self, keys: &[&str]) -> Option<bool> {
        let value = self.value(keys)?;
        value.get_ref().as_bool().or_else(|| self.wrong(keys, value, "a boolean"))
    }

    /// A list of strings; `None` when absent.
    pub(super) fn texts(self, keys: &[&str]) -> Option<Vec<Text>> {
        let value = self.value(keys)?;
        let Some(array) = value.get_ref().as_array() else { return self.wrong(keys, value, "an array of strings") };
        let texts = array.iter().filter_map(|element| match element.get_ref().as_str() {
            Some(text) => Some(Text { value: text.into(), at: self.document.at(element.span()) }),
            None => self.wrong(keys, element, "a string"),
        });
        Some(texts.collect())
    }

    pub(super) fn table(self, keys: &[&str]) -> Option<Fields<'a>> {
        let value = self.value(keys)?;
        match value.get_ref().as_table() {
            Some(table) => Some(Fields::new(self.document, table)),
            None => self.wrong(keys, value, "a table"),
        }
    }

    /// An array of tables with the place of each; `None` when absent.
    pub(super) fn tables(self, keys: &[&str]) -> Option<Vec<(At, Fields<'a>)>> {
        let value = self.value(keys)?;
        let Some(array) = value.get_ref().as_array() else { return self.wrong(keys, value, "an array of tables") };
        let tables = array.iter().filter_map(|element| match element.get_ref().as_table() {
            Some(table) => Some((self.document.at(element.span()), Fields::new(self.document, table))),
            None => self.wrong(keys, element, "a table"),
        });
        Some(tables.collect())
    }

    /// Tells that a value has the wrong type.
    pub(super) fn wrong<T>(self, keys: &[&str], value: &Spanned<DeValue<'_>>, expected: &str) -> Option<T> {
        let key = keys.first().copied().unwrap_or_default();
        let message = format!("`{key}` is {} here, expected {expected}", value.get_ref().type_str());
        let at = self.document.at(value.span());
        let diagnostic = at
            .diagnostic(self.document.file, Severity::Warning, "manifest-value", message)
            .help("cargo would refuse this manifest; the value was ignored");
        self.document.diagnostics.borrow_mut().push(diagnostic);
        None
    }
}
