//! `statemap mdbook install`: what a `book.toml` needs for the preprocessor, put in without touching the rest of it.

use toml_edit::{Array, DocumentMut, Item, Table, TableLike, TomlError, Value};

use super::NAME;

/// How mdBook calls the preprocessor.
const COMMAND: &str = "statemap mdbook";

/// What a `book.toml` becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    /// Its new text.
    pub text: String,
    /// What was added, a line each; empty when all was there.
    pub added: Vec<String>,
    /// Whether the book has an HTML form that takes the stylesheet.
    pub styled: bool,
}

/// Why a `book.toml` is left alone.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// It is no TOML.
    #[error("`book.toml` is not valid TOML: {0}")]
    Syntax(#[from] TomlError),
    /// Something stands where a table or list belongs.
    #[error("`{key}` of `book.toml` is no {wanted}")]
    Shape {
        /// The key, dotted.
        key: String,
        /// What it should be.
        wanted: &'static str,
    },
}

/// Puts the table of the preprocessor and the stylesheet into a `book.toml`.
///
/// `root` is the way from the book to the tree; keys that are there keep their values, and what was put in once is not put in
/// again.
///
/// # Errors
/// When the text is no `book.toml`: nothing should be written then.
pub fn install(text: &str, root: &str, stylesheet: &str) -> Result<Installed, InstallError> {
    let mut document: DocumentMut = text.trim_start_matches('\u{feff}').parse()?;
    let mut added = Vec::new();
    let end = Added { document: &mut document, added: &mut added };
    let styled = end.all(root, stylesheet)?;
    // The editor writes `\n` for what it adds, and for the rest what was there.
    let mut new = if added.is_empty() { text.to_owned() } else { document.to_string() };
    if !added.is_empty() && text.contains("\r\n") {
        new = new.replace("\r\n", "\n").replace('\n', "\r\n");
    }
    if !added.is_empty() && text.starts_with('\u{feff}') {
        new.insert(0, '\u{feff}');
    }
    Ok(Installed { text: new, added, styled })
}

struct Added<'d> {
    document: &'d mut DocumentMut,
    added: &'d mut Vec<String>,
}

impl Added<'_> {
    fn all(self, root: &str, stylesheet: &str) -> Result<bool, InstallError> {
        let is_new = self.document.get("preprocessor").and_then(|all| all.get(NAME)).is_none();
        let table = table_in(self.document.as_table_mut(), &["preprocessor", NAME])?;
        let mut before = Array::new();
        before.push("links");
        let mut wanted = vec![("command", Value::from(COMMAND)), ("before", Value::from(before))];
        if is_new {
            wanted.push(("root", Value::from(root)));
            wanted.push(("chapters", Value::from(true)));
        }
        let ordered = table.contains_key("after");
        for (key, value) in wanted {
            let is_said = table.contains_key(key) || key == "before" && ordered;
            if !is_said {
                self.added.push(format!("[preprocessor.{NAME}] {key} = {}", value.to_string().trim()));
                table.insert(key, Item::Value(value));
            }
        }
        // Without any `[output]`, mdBook writes HTML; with another one only, it does not, and should not begin to.
        let outputs = self.document.get("output").and_then(Item::as_table_like);
        if outputs.is_some_and(|outputs| !outputs.is_empty() && !outputs.contains_key("html")) {
            return Ok(false);
        }
        let html = table_in(self.document.as_table_mut(), &["output", "html"])?;
        let shape = || InstallError::Shape { key: "output.html.additional-css".to_owned(), wanted: "list of files" };
        let item = html.entry("additional-css").or_insert_with(|| Item::Value(Value::Array(Array::new())));
        let list = item.as_array_mut().ok_or_else(shape)?;
        if !list.iter().any(|file| file.as_str().is_some_and(|file| file.trim_start_matches("./") == stylesheet)) {
            push_like_the_rest(list, stylesheet);
            self.added.push(format!("[output.html] additional-css: {stylesheet}"));
        }
        Ok(true)
    }
}

/// Adds to a list; one that has a line for each entry gets a line more, and comments stay where they are.
fn push_like_the_rest(list: &mut Array, file: &str) {
    let last = list.len().checked_sub(1).and_then(|last| list.get(last));
    let lead = last.and_then(|value| value.decor().prefix()).and_then(|prefix| prefix.as_str()).unwrap_or_default();
    let Some((_, indent)) = lead.rsplit_once('\n') else {
        list.push(file);
        return;
    };
    // What stands between the last entry and the bracket belongs to that entry.
    let behind = list.trailing().as_str().unwrap_or_default();
    let (comment, end) = behind.rsplit_once('\n').unwrap_or((behind, ""));
    let (lead, end) = (format!("{comment}\n{indent}"), format!("\n{end}"));
    list.push_formatted(Value::from(file).decorated(lead, ""));
    list.set_trailing(end);
}

/// The table of that path; parts that are missing are made.
fn table_in<'t>(root: &'t mut Table, path: &[&str]) -> Result<&'t mut dyn TableLike, InstallError> {
    let mut table: &mut dyn TableLike = root;
    for (at, part) in path.iter().enumerate() {
        let shape = || InstallError::Shape { key: path[..=at].join("."), wanted: "table" };
        let item = table.entry(part).or_insert_with(|| {
            let mut new = Table::new();
            // Only the innermost has a header of its own.
            new.set_implicit(at + 1 < path.len());
            Item::Table(new)
        });
        table = item.as_table_like_mut().ok_or_else(shape)?;
    }
    Ok(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn done(text: &str) -> Installed {
        install(text, "..", "statemap.css").unwrap()
    }

    #[test]
    fn what_is_there_stays_byte_for_byte_and_a_second_time_nothing_is_added() {
        let text = "# our book\n[book]\ntitle   = \"Runbook\" # keep\nauthors = [\"a\",\n  \"b\"]\n\n[output.html]\n# styles\nadditional-css = [\n    \"a.css\", # first\n]\nsmart-punctuation=true\n";
        let first = done(text);
        for line in text.lines() {
            assert!(first.text.lines().any(|there| there == line), "`{line}` is gone from\n{}", first.text);
        }
        assert!(
            first
                .text
                .contains("[preprocessor.statemap]\ncommand = \"statemap mdbook\"\nbefore = [\"links\"]\nroot = \"..\"\nchapters = true\n")
        );
        assert_eq!(first.added.len(), 5);
        let second = done(&first.text);
        assert_eq!((second.text.as_str(), second.added.len()), (first.text.as_str(), 0));
        let config: toml::Table = first.text.parse().unwrap();
        assert_eq!(config["output"]["html"]["additional-css"].as_array().unwrap().len(), 2, "{}", first.text);
    }

    #[test]
    fn values_that_people_chose_are_kept() {
        let text = "[preprocessor.statemap]\ncommand = \"cargo run -- mdbook\"\nchapters = \"ops.md\"\nafter = [\"links\"]\n";
        let out = done(text).text;
        assert!(out.starts_with(text) && !out.contains("root") && !out.contains("before"), "{out}");
    }

    #[test]
    fn an_empty_file_and_lines_that_end_as_on_windows_become_valid_books() {
        assert!(done("").text.contains("[output.html]\nadditional-css = [\"statemap.css\"]"));
        let text = "[book]\r\ntitle = \"x\"\r\n";
        let out = done(text).text;
        assert!(out.starts_with(text) && !out.replace("\r\n", "").contains('\n'), "{out:?}");
    }

    #[test]
    fn a_book_that_has_no_html_does_not_begin_to() {
        let out = done("[output.epub]\n");
        assert!(!out.styled && !out.text.contains("html"), "{}", out.text);
    }

    #[test]
    fn inline_tables_are_filled_and_what_is_no_table_is_told() {
        let out = done("preprocessor = { links = {} }\n").text;
        assert!(out.parse::<toml::Table>().unwrap()["preprocessor"]["statemap"]["command"].is_str(), "{out}");
        let error = install("output = 3\n", "..", "statemap.css").unwrap_err().to_string();
        assert_eq!(error, "`output` of `book.toml` is no table");
        assert!(install("[book\n", "..", "x.css").unwrap_err().to_string().contains("not valid TOML"));
    }
}
