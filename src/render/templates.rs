//! The built-in templates as people see them: by name, with what each sees and renders, and as files to be changed.

use super::engine::BUILTIN;

/// The table of the book's page on templates; it stands beside them.
const TABLE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/README.md"));

/// A built-in template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Template {
    /// The name of its file.
    pub name: &'static str,
    /// Its text.
    pub text: &'static str,
    /// What it sees, as Markdown.
    pub context: &'static str,
    /// What it renders, as Markdown.
    pub renders: &'static str,
}

/// All built-in templates, by name.
#[must_use]
pub fn templates() -> Vec<Template> {
    let template = |&(name, text): &(&'static str, &'static str)| {
        let (context, renders) = row(name).unwrap_or_default();
        Template { name, text, context, renders }
    };
    let mut all: Vec<Template> = BUILTIN.iter().map(template).collect();
    all.sort_by_key(|template| template.name.to_lowercase());
    all
}

fn row(name: &str) -> Option<(&'static str, &'static str)> {
    let row = TABLE.lines().find_map(|line| line.strip_prefix("| `")?.strip_prefix(name)?.strip_prefix("` | ")?.strip_suffix(" |"))?;
    row.split_once(" | ")
}

impl Template {
    /// A word that names it: its file, with or without the ending.
    #[must_use]
    pub fn is_named(&self, word: &str) -> bool {
        [self.name, self.stem()].contains(&word) || self.name.strip_suffix(".tera") == Some(word)
    }

    /// The name without `.md.tera`.
    #[must_use]
    pub fn stem(&self) -> &'static str {
        self.name.strip_suffix(".md.tera").unwrap_or(self.name)
    }

    /// The file to be changed: the text below a comment that says what it is.
    #[must_use]
    pub fn exported(&self) -> String {
        let version = env!("CARGO_PKG_VERSION");
        // Whatever ends a comment would end it.
        let plain = |text: &str| text.replace('`', "").replace("#}", "# }");
        let (renders, context) = (plain(self.renders), plain(self.context));
        format!(
            "{{#- {} of statemap {version}: {renders}.\n    It sees: {context}. The book tells more under \"Templates\".\n    Without this file, the built-in one holds. -#}}\n{}",
            self.name, self.text
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_has_its_row_and_every_row_its_template() {
        let rows = TABLE.lines().filter(|line| line.starts_with("| `")).count();
        let all = templates();
        for template in &all {
            assert!(
                !template.renders.is_empty(),
                "templates/README.md lacks a row `| \\`{}\\` | what it sees | what it renders |`",
                template.name
            );
        }
        assert_eq!(rows, all.len(), "templates/README.md has a row for a template that is not there");
    }

    #[test]
    fn a_template_is_named_with_and_without_its_ending() {
        let item = *templates().iter().find(|template| template.name == "item.md.tera").unwrap();
        assert!(item.is_named("item") && item.is_named("item.md") && item.is_named("item.md.tera"));
        assert!(!item.is_named("items") && !item.is_named("ite"));
    }
}
