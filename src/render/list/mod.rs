//! `list`: the items that match some words, as a table, JSON, CSV or Markdown.

mod table;

use std::cmp::Reverse;

use rustc_hash::FxHashMap;

use crate::model::{Class, HazardSeverity, Item, Kind, Scope, StateMap};
use crate::terminal::Look;

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
    /// How bad the worst hazard of an item must be at least.
    pub hazard: Option<HazardSeverity>,
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

    fn is_bad_enough(&self, item: &Item, worst: &Worst<'_>) -> bool {
        self.hazard.is_none_or(|least| worst.get(item.id.as_str()).is_some_and(|worst| *worst >= least))
    }

    fn is_open(&self) -> bool {
        self.hazard.is_none() && self.words.is_empty() && self.kinds.is_empty() && self.scopes.is_empty() && self.services.is_empty()
    }
}

/// How bad the worst hazard of each item is, by its id.
type Worst<'m> = FxHashMap<&'m str, HazardSeverity>;

/// Of the hazards that nobody has accepted.
fn worst(map: &StateMap) -> Worst<'_> {
    let mut out = Worst::default();
    for hazard in map.hazards.iter().filter(|hazard| hazard.acknowledged.is_none()) {
        for id in &hazard.items {
            let known = out.entry(id.as_str()).or_insert(hazard.severity);
            *known = (*known).max(hazard.severity);
        }
    }
    out
}

/// All the text in which words are looked for, in lower case.
fn searched(item: &Item) -> String {
    let mut parts: Vec<&str> = vec![item.id.as_str(), &item.name, item.kind.as_str(), item.scope.as_str(), &item.summary];
    parts.extend(item.sites.iter().map(|site| site.place.file.as_str()));
    parts.extend(item.uses.iter().flat_map(|used| [used.file.as_str(), used.function.as_str()]));
    parts.extend([&item.backs_on].into_iter().flatten().map(|store| store.as_str()));
    parts.extend(item.hazards.iter().map(|rule| rule.as_str()));
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
    /// The ids, one in a line.
    Ids,
    /// A map with only the wanted items.
    Json,
    /// RFC 4180, with a header.
    Csv,
    /// A Markdown table.
    Markdown,
}

/// What a list is made of.
struct Listed<'m> {
    items: Vec<&'m Item>,
    worst: Worst<'m>,
}

impl Listed<'_> {
    /// The word for the worst hazard of an item; empty when it has none.
    fn hazard(&self, item: &Item) -> &'static str {
        self.worst.get(item.id.as_str()).map_or("", |severity| severity.as_str())
    }
}

/// The wanted items, what is told first comes first.
#[must_use]
pub fn wanted<'m>(map: &'m StateMap, filter: &Filter) -> Vec<&'m Item> {
    let worst = worst(map);
    let mut items: Vec<&Item> = map.items.iter().filter(|item| filter.wants(item) && filter.is_bad_enough(item, &worst)).collect();
    items.sort_by_cached_key(|item| (kind_rank(item.kind), Reverse(weight(item)), item.id.clone()));
    items
}

/// Lists the wanted items; `look` is that of the terminal, for the table. Without one nothing is cut.
#[must_use]
pub fn list(map: &StateMap, filter: &Filter, format: Format, look: Option<Look<'_>>) -> String {
    let listed = Listed { items: if format == Format::Json { Vec::new() } else { wanted(map, filter) }, worst: worst(map) };
    match format {
        Format::Table => table::table(&listed, look),
        Format::Ids => listed.items.iter().map(|item| format!("{}\n", one_line(item.id.as_str()))).collect(),
        Format::Csv => csv(&listed),
        Format::Markdown => markdown(&listed.items),
        Format::Json => json(map, filter, &listed.worst),
    }
}

fn json(map: &StateMap, filter: &Filter, worst: &Worst<'_>) -> String {
    if filter.is_open() {
        return pretty(map);
    }
    let items: Vec<Item> = map.items.iter().filter(|item| filter.matches(item) && filter.is_bad_enough(item, worst)).cloned().collect();
    let kept = |hazard: &&crate::model::Hazard| hazard.items.iter().any(|id| items.iter().any(|item| item.id == *id));
    let hazards = map.hazards.iter().filter(kept).cloned().collect();
    pretty(&StateMap { items, hazards, ..map.clone() })
}

/// Where to look first: `src/db.rs:14`.
fn place(item: &Item) -> String {
    item.site().map_or_else(String::new, |site| format!("{}:{}", site.place.file, site.place.line))
}

fn csv(listed: &Listed<'_>) -> String {
    let mut out = String::from("id,kind,scope,name,class,confidence,services,file,line,summary,severity,hazards\r\n");
    for item in &listed.items {
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
            listed.hazard(item).to_owned(),
            item.hazards.join(" "),
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
