//! One item: its block, its row, its facts.

use serde::Serialize;

use super::Named;

/// What goes wrong with two copies of an item.
#[derive(Debug, Serialize)]
pub(crate) struct CopiesView {
    /// What has a copy of its own: `process`, `pod`, …
    pub(crate) of: &'static str,
    /// How many there are by the deployment files.
    pub(crate) number: Option<u32>,
    pub(crate) at_two: String,
}

/// An item with a heading of its own.
#[derive(Debug, Serialize)]
pub(crate) struct ItemView {
    pub(crate) id: String,
    /// The words of the id, for the search of a book.
    pub(crate) words: String,
    pub(crate) kind: &'static str,
    /// `###`, as deep as the item stands.
    pub(crate) hashes: String,
    pub(crate) name: String,
    /// The first instance, when this is a further one.
    pub(crate) first: Option<String>,
    /// Whether it is set as the first instance is.
    pub(crate) repeats: bool,
    /// An explicit anchor, when the heading gives no predictable one.
    pub(crate) anchor: Option<String>,
    pub(crate) summary: String,
    pub(crate) doc: Option<String>,
    pub(crate) ty: Option<String>,
    pub(crate) facts: FactsView,
    pub(crate) copies: Option<CopiesView>,
    pub(crate) totals: Vec<TotalView>,
    /// The keys of the settings that it loads.
    pub(crate) settings: Option<SettingsView>,
    pub(crate) declared: Vec<SiteView>,
    /// What happens where it comes to be: `made`, `started`.
    pub(crate) made: &'static str,
    pub(crate) constructed: Vec<SiteView>,
    pub(crate) written: Vec<SiteView>,
    pub(crate) sites_more: usize,
    pub(crate) readers: UsesView,
    pub(crate) writers: UsesView,
    /// Routes and tasks on whose way it is read.
    pub(crate) read_from: UsesView,
    /// Routes and tasks on whose way it is changed.
    pub(crate) changed_from: UsesView,
    pub(crate) backs_on: Option<String>,
    /// The pools and clients that reach it, for a store.
    pub(crate) reached_by: Vec<String>,
    pub(crate) reached_by_more: usize,
    pub(crate) cfg: Option<String>,
    pub(crate) hides: Option<String>,
    pub(crate) lost: Option<String>,
    /// Whether `lost` names a loss.
    pub(crate) loses: bool,
    /// The item above of which the library keeps and loses the same.
    pub(crate) same_as: Option<String>,
    pub(crate) confidence: Option<&'static str>,
    pub(crate) constant: bool,
    /// Whether it ends with the process.
    pub(crate) in_process: bool,
    /// Empty when every service holds it.
    pub(crate) services: Vec<String>,
    /// No service of the tree is known to hold it.
    pub(crate) untied: bool,
    pub(crate) annotation: Vec<AnnotationLine>,
    pub(crate) annotated_at: Vec<String>,
    pub(crate) hazards: Vec<String>,
    /// What one may see of it, in a book.
    pub(crate) symptoms: Vec<String>,
    pub(crate) scope: &'static str,
    /// Link target of its own page, from another one.
    pub(crate) page: Option<String>,
}

/// A line of the table of minor items.
#[derive(Debug, Serialize)]
pub(crate) struct RowView {
    pub(crate) name: String,
    /// Of each item of the line, in a book: its anchor, its id, and the words of that.
    pub(crate) items: Vec<RowItem>,
    /// Whether the name is known to the letter; of a path, only the expression may be.
    pub(crate) known: bool,
    /// Nothing is known of a path: the name is that of the function.
    pub(crate) nameless: bool,
    /// Empty when the name says it.
    pub(crate) summary: String,
    pub(crate) default: Option<String>,
    /// What a variable decides.
    pub(crate) decides: Vec<String>,
    pub(crate) decides_more: usize,
    /// Where a variable is set.
    pub(crate) set: Vec<SetView>,
    pub(crate) set_more: usize,
    /// Of a file: what is mounted there, and what survives what.
    pub(crate) kept: Vec<Named>,
    pub(crate) ops: Vec<String>,
    pub(crate) places: Vec<String>,
    pub(crate) places_more: usize,
    /// Of a store: what relies on it.
    pub(crate) used_by: Vec<String>,
    pub(crate) used_by_more: usize,
    pub(crate) note: Option<String>,
    pub(crate) confidence: Option<&'static str>,
    pub(crate) services: Vec<String>,
}

/// An item of such a line, where links lead and what a search finds.
#[derive(Debug, Serialize)]
pub(crate) struct RowItem {
    pub(crate) anchor: String,
    pub(crate) id: String,
    pub(crate) words: String,
}

/// The facts of an item, grouped by how they are known.
#[derive(Debug, Default, Serialize)]
pub(crate) struct FactsView {
    /// What the code does with it, in words.
    pub(crate) behaviour: Vec<FactView>,
    pub(crate) code: Vec<FactView>,
    /// The library's defaults that matter.
    pub(crate) default: Vec<FactView>,
    pub(crate) default_more: usize,
    pub(crate) env: Vec<FactView>,
    pub(crate) settings: Vec<FactView>,
    pub(crate) manifest: Vec<FactView>,
    pub(crate) annotated: Vec<FactView>,
    /// Set from something that could not be followed.
    pub(crate) unknown: Vec<FactView>,
    pub(crate) unknown_more: usize,
    /// Number of facts from manifests that are not shown.
    pub(crate) manifest_more: usize,
}

/// One fact.
#[derive(Debug, Serialize)]
pub(crate) struct FactView {
    pub(crate) label: String,
    pub(crate) value: Option<String>,
    pub(crate) at: Option<String>,
    pub(crate) from: Option<String>,
    /// The value holds only where `from` gives none.
    pub(crate) is_fallback: bool,
    /// The service fails without the variable that gives it.
    pub(crate) required: bool,
    /// Where else its value is given, the layer that wins last.
    pub(crate) set: Vec<SetView>,
    pub(crate) set_more: usize,
}

/// A place outside the code that gives a value.
#[derive(Debug, Serialize)]
pub(crate) struct SetView {
    /// None when it is hidden, or not written there.
    pub(crate) value: Option<String>,
    pub(crate) hidden: bool,
    /// `ConfigMap/shop-config`; none when it is the file that `at` names.
    pub(crate) source: Option<String>,
    /// The key there, when it is another name than the one that the code asks for.
    pub(crate) key: Option<String>,
    pub(crate) at: String,
    pub(crate) environment: Option<String>,
    /// The variable that goes over it.
    pub(crate) unless: Option<String>,
    /// Empty when it reaches every service that holds the item.
    pub(crate) services: Vec<String>,
}

/// What the copies of an item add up to in one workload.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct TotalView {
    /// `Deployment/shop`.
    pub(crate) workload: String,
    pub(crate) environment: Option<String>,
    /// `50 connections`.
    pub(crate) each: String,
    pub(crate) each_from: Option<String>,
    pub(crate) each_at: Option<String>,
    pub(crate) replicas: u32,
    pub(crate) replicas_at: Option<String>,
    pub(crate) all: String,
    pub(crate) during_rollout: Option<String>,
    pub(crate) at_most: Option<String>,
    pub(crate) replicas_at_most: Option<u32>,
    /// Only if the command that the workload starts makes it.
    pub(crate) if_used: bool,
}

/// The keys of a settings struct.
#[derive(Debug, Serialize)]
pub(crate) struct SettingsView {
    /// What they are made of; the last one wins.
    pub(crate) layers: Vec<String>,
    pub(crate) rows: Vec<SettingRow>,
    pub(crate) more: usize,
    /// Some key can be set by a variable.
    pub(crate) any_variable: bool,
}

/// A key of the settings.
#[derive(Debug, Serialize)]
pub(crate) struct SettingRow {
    pub(crate) key: String,
    /// What holds unless an environment or a variable says otherwise.
    pub(crate) value: Option<String>,
    /// The files that give it, with what they give.
    pub(crate) places: Vec<String>,
    pub(crate) variable: Option<String>,
}

/// A place in the source.
#[derive(Debug, Serialize)]
pub(crate) struct SiteView {
    pub(crate) link: String,
    pub(crate) function: Option<String>,
}

/// Who uses an item: distinct functions, the first few linked.
#[derive(Debug, Default, Serialize)]
pub(crate) struct UsesView {
    pub(crate) count: usize,
    pub(crate) shown: Vec<String>,
    pub(crate) more: usize,
}

/// A key that people wrote.
#[derive(Debug, Serialize)]
pub(crate) struct AnnotationLine {
    pub(crate) key: &'static str,
    pub(crate) value: String,
}
