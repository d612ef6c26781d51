//! What only callers that are not Rust reach: a library that a service links may also be built for them (`cdylib`), and what it
//! keeps for them is not there in the service.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::context::Cx;
use super::finding::Finding;
use super::reach::only_exported;
use crate::model::{Diagnostic, Severity};
use crate::resolve::DefId;

/// Takes out the findings that no binary reaches; says so.
pub fn leave_out(cx: &Cx<'_>, findings: &mut Vec<Finding>) -> Option<Diagnostic> {
    let exported = only_exported(cx);
    if exported.is_empty() {
        return None;
    }
    let is_exported = |id: DefId| exported.contains(&cx.world.program.def(id).in_fn.unwrap_or(id));
    let mut paths: FxHashMap<SmolStr, bool> = FxHashMap::default();
    for body in cx.bodies() {
        *paths.entry(cx.path(body.def)).or_insert(true) &= is_exported(body.def);
    }
    let mut krates: BTreeSet<SmolStr> = BTreeSet::new();
    let before = findings.len();
    findings.retain(|finding| {
        // A variable is one for the whole process, whoever else asks for it.
        let elsewhere = finding.sites.iter().filter_map(|site| site.function.as_ref()).any(|path| paths.get(path) == Some(&false));
        let keep = !is_exported(finding.def) || elsewhere;
        if !keep {
            krates.insert(cx.krate(finding.def));
        }
        keep
    });
    let count = before - findings.len();
    let of = krates.iter().map(|krate| format!("`{krate}`")).collect::<Vec<_>>().join(", ");
    let message = format!("{count} pieces of state of {of} are left out: only functions that are exported to other languages reach them");
    let help = "nothing to do, unless a library in the same process calls those functions: declare them with `[[declare]]` then";
    (count > 0).then(|| Diagnostic::new(Severity::Note, "only-exported", message).help(help))
}
