//! What was not seen.

use serde::Serialize;

/// What was not seen.
#[derive(Debug, Serialize)]
pub(crate) struct BlindSpots {
    /// Services that no deployment file runs.
    pub(crate) not_deployed: Vec<String>,
    /// The rules that need one.
    pub(crate) rules_not_asked: Vec<String>,
    /// What these rules would need.
    pub(crate) rules_need: Vec<&'static str>,
    pub(crate) files: String,
    pub(crate) files_one: bool,
    pub(crate) lines: String,
    pub(crate) unparsed: usize,
    pub(crate) unparsed_files: ShortList,
    pub(crate) orphans: ShortList,
    pub(crate) skipped: ShortList,
    pub(crate) left_out: usize,
    pub(crate) macros_read: String,
    pub(crate) macros_unread: usize,
    pub(crate) macros_unread_text: String,
    pub(crate) macro_names: ShortList,
    pub(crate) calls: usize,
    pub(crate) calls_percent: String,
    pub(crate) receivers: usize,
    pub(crate) receivers_percent: String,
    pub(crate) catalog_crates: usize,
    pub(crate) unknown_crates: usize,
    pub(crate) ignored: usize,
    pub(crate) unlinked: usize,
    pub(crate) unlinked_files: usize,
    pub(crate) manifests: usize,
    pub(crate) manifests_unevaluated: usize,
    pub(crate) uncertain: usize,
    pub(crate) unfollowed: usize,
    pub(crate) diagnostics: Vec<DiagnosticView>,
    pub(crate) diagnostics_more: usize,
}

/// The first few of a list.
#[derive(Debug, Default, Serialize)]
pub(crate) struct ShortList {
    pub(crate) count: usize,
    pub(crate) shown: Vec<String>,
    pub(crate) more: usize,
}

/// A message on the input.
#[derive(Debug, Serialize)]
pub(crate) struct DiagnosticView {
    pub(crate) severity: &'static str,
    pub(crate) place: Option<String>,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}
