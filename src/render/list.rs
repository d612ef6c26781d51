//! `list`: the items that match some words, as a table, JSON, CSV or Markdown.

use std::cmp::Reverse;

use unicode_width::UnicodeWidthStr;

use crate::model::{Class, Item, Kind, Scope, StateMap};
use crate::terminal::{fit, fit_path};

use super::escape::{code, one_line, prose};
use super::json::pretty;
use super::layout::kind_rank;
use super::rank::weight;

/// Which items are listed. Empty lists do not restrict.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Each must occur, whatever its case, in the id, name, kind, summary, a fact, a note of a person, or a file.
    pub words: Vec<String>,
    /// Kinds to show.
    pub kinds: Vec<Kind>,
    /// Scopes to show.
    pub scopes: Vec<Scope>,
    /// Services to show, by name.
    pub services: Vec<String>,
    /// Whether constants are shown in tables; JSON always has them.
    pub constants: bool,
}

impl Filter {
    /// Whether an item is wanted.
    #[must_use]
    pub fn wants(&self, item: &Item) -> bool {
        (self.constants || item.class == Class::Mutable) && self.matches(item)
    }

    fn matches(&self, item: &Item) -> bool {
        let service = |name: &String| item.services.iter().any(|held| held == name);
        (self.kinds.is_empty() || self.kinds.contains(&item.kind))
            && (self.scopes.is_empty() || self.scopes.contains(&item.scope))
            && (self.services.is_empty() || self.services.iter().any(service))
            && (self.words.is_empty() || {
                let text = searched(item);
                self.words.iter().all(|word| text.contains(&word.to_lowercase()))
            })
    }

    fn is_open(&self) -> bool {
        self.words.is_empty() && self.kinds.is_empty() && self.scopes.is_empty() && self.services.is_empty()
    }
}

/// All the text in which words are looked for, in lower case.
fn searched(item: &Item) -> String {
    let mut parts: Vec<&str> = vec![item.id.as_str(), &item.name, item.kind.as_str(), item.scope.as_str(), &item.summary];
    parts.extend(item.sites.iter().map(|site| site.place.file.as_str()));
    parts.extend(item.uses.iter().flat_map(|used| [used.file.as_str(), used.function.as_str()]));
    parts.extend([&item.backs_on].into_iter().flatten().map(|store| store.as_str()));
    let texts = [&item.ty, &item.hides, &item.lost, &item.doc, &item.cfg];
    parts.extend(texts.into_iter().flatten().map(String::as_str));
    let mut text = parts.join("\n");
    for fact in &item.facts {
        text.push('\n');
        text.push_str(&fact.key);
        if let Some(value) = &fact.value {
            text.push('\n');
            text.push_str(&value.to_string());
        }
        if let Some(from) = &fact.from {
            text.push('\n');
            text.push_str(from);
        }
    }
    if let Some(annotation) = &item.annotation {
        let notes = [&annotation.summary, &annotation.owner, &annotation.contents, &annotation.on_loss, &annotation.runbook];
        for note in notes.into_iter().flatten() {
            text.push('\n');
            text.push_str(note);
        }
    }
    text.to_lowercase()
}

/// How items are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Aligned columns for a terminal.
    Table,
    /// A map with only the wanted items.
    Json,
    /// RFC 4180, with a header.
    Csv,
    /// A Markdown table.
    Markdown,
}

/// Lists the wanted items; `width` is that of the terminal, for the table.
#[must_use]
pub fn list(map: &StateMap, filter: &Filter, format: Format, width: Option<usize>) -> String {
    let items = wanted(map, filter);
    match format {
        Format::Table => table(&items, width),
        Format::Json => json(map, filter),
        Format::Csv => csv(&items),
        Format::Markdown => markdown(&items),
    }
}

/// The wanted items, those that tell most first.
pub(crate) fn wanted<'m>(map: &'m StateMap, filter: &Filter) -> Vec<&'m Item> {
    let mut items: Vec<&Item> = map.items.iter().filter(|item| filter.wants(item)).collect();
    items.sort_by_cached_key(|item| (kind_rank(item.kind), Reverse(weight(item)), item.id.clone()));
    items
}

fn json(map: &StateMap, filter: &Filter) -> String {
    if filter.is_open() {
        return pretty(map);
    }
    let items: Vec<Item> = map.items.iter().filter(|item| filter.matches(item)).cloned().collect();
    let kept = |hazard: &&crate::model::Hazard| hazard.items.iter().any(|id| items.iter().any(|item| item.id == *id));
    let hazards = map.hazards.iter().filter(kept).cloned().collect();
    pretty(&StateMap { items, hazards, ..map.clone() })
}

/// Where to look first: `src/db.rs:14`.
fn place(item: &Item) -> String {
    item.site().map_or_else(String::new, |site| format!("{}:{}", site.place.file, site.place.line))
}

fn table(items: &[&Item], width: Option<usize>) -> String {
    if items.is_empty() {
        return String::new();
    }
    const HEADER: [&str; 4] = ["KIND", "NAME", "WHERE", "SUMMARY"];
    // The summary tells most: names and places get a quarter each of what the kind leaves.
    let kinds = items.iter().map(|item| item.kind.as_str().len()).max().unwrap_or(0).max(HEADER[0].len());
    let cap = width.map_or(usize::MAX, |width| (width.saturating_sub(kinds + 6) / 4).max(8));
    let rows: Vec<[String; 4]> = items
        .iter()
        .map(|item| {
            let name = fit(&one_line(&item.name), cap);
            let place = fit_path(&one_line(&place(item)), cap);
            [item.kind.to_string(), name, place, one_line(&item.summary).replace('`', "")]
        })
        .collect();
    let column = |at: usize| rows.iter().map(|row| row[at].width()).chain([HEADER[at].width()]).max().unwrap_or(0);
    let widths = [column(0), column(1), column(2)];
    let left = width.map_or(usize::MAX, |width| width.saturating_sub(widths.iter().sum::<usize>() + 6).max(10));
    let header = HEADER.map(str::to_owned);
    let mut out = String::new();
    for row in std::iter::once(&header).chain(&rows) {
        for (cell, width) in row.iter().zip(widths) {
            out.push_str(cell);
            out.extend(std::iter::repeat_n(' ', width - cell.width() + 2));
        }
        out.push_str(&fit(&row[3], left));
        let end = out.trim_end_matches(' ').len();
        out.truncate(end);
        out.push('\n');
    }
    out
}

fn csv(items: &[&Item]) -> String {
    let mut out = String::from("id,kind,scope,name,class,confidence,services,file,line,summary\r\n");
    for item in items {
        let site = item.site();
        let cells = [
            item.id.as_str().to_owned(),
            item.kind.to_string(),
            item.scope.to_string(),
            item.name.to_string(),
            if item.class == Class::Constant { "constant".to_owned() } else { "mutable".to_owned() },
            item.confidence.as_str().to_owned(),
            item.services.join(" "),
            site.map(|site| site.place.file.to_string()).unwrap_or_default(),
            site.map(|site| site.place.line.to_string()).unwrap_or_default(),
            item.summary.clone(),
        ];
        let cells: Vec<String> = cells.iter().map(|cell| csv_cell(cell)).collect();
        out.push_str(&cells.join(","));
        out.push_str("\r\n");
    }
    out
}

/// A cell that no spreadsheet runs as a formula.
fn csv_cell(text: &str) -> String {
    let line = one_line(text);
    let line = if line.starts_with(['=', '+', '-', '@']) { format!("'{line}") } else { line };
    if line.contains(['"', ',', ';']) { format!("\"{}\"", line.replace('"', "\"\"")) } else { line }
}

fn markdown(items: &[&Item]) -> String {
    let mut out = String::from("| kind | name | where | summary |\n| --- | --- | --- | --- |\n");
    for item in items {
        let cells = [item.kind.to_string(), code(&item.name), code(&place(item)), prose(&item.summary)];
        out.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    out
}
