//! Which workspace a package belongs to, as cargo decides it, from manifests alone.

use std::collections::BTreeMap;

use globset::{GlobBuilder, GlobMatcher};
use smol_str::SmolStr;

use super::Notes;
use super::dependencies::{DeclaredPath, path_of};
use super::fields::Text;
use super::manifest::{Manifest, WorkspaceTable};
use crate::model::Severity;
use crate::source::{Listing, join, parent};

/// Where each manifest belongs; all indices are into the manifests given to [`Workspaces::new`].
pub(super) struct Workspaces {
    /// The root of the workspace that a manifest is a member of.
    member_of: Vec<Option<usize>>,
    /// The root that a manifest inherits from: its own workspace, else the next one above that does not exclude it.
    inherits_from: Vec<Option<usize>>,
    default: Vec<bool>,
}

impl Workspaces {
    /// Assigns every manifest; `manifests` are sorted by folder.
    pub(super) fn new(manifests: &[Manifest], listing: &Listing, notes: &mut Notes) -> Self {
        let by_dir: BTreeMap<&str, usize> = manifests.iter().enumerate().map(|(index, manifest)| (manifest.dir.as_str(), index)).collect();
        let mut member_of = vec![None; manifests.len()];
        let roots: Vec<(usize, &WorkspaceTable)> =
            manifests.iter().enumerate().filter_map(|(index, manifest)| Some((index, manifest.workspace.as_ref()?))).collect();
        for (root, _) in &roots {
            member_of[*root] = Some(*root);
        }
        for (root, table) in &roots {
            listed_members(*root, table, manifests, &by_dir, listing, &mut member_of, notes);
        }
        for (index, manifest) in manifests.iter().enumerate() {
            let named = manifest.package.as_ref().and_then(|package| package.workspace.as_ref());
            let root = named.and_then(|path| by_dir.get(join(&manifest.dir, &path.value)?.as_str()).copied());
            if let Some(root) = root.filter(|root| manifests[*root].workspace.is_some()) {
                member_of[index].get_or_insert(root);
            }
        }
        for (root, table) in &roots {
            implicit_members(*root, table, manifests, &by_dir, &mut member_of);
        }
        let inherits_from =
            (0..manifests.len()).map(|index| member_of[index].or_else(|| root_above(&manifests[index].dir, manifests, &by_dir))).collect();
        let default = (0..manifests.len()).map(|index| is_default(index, member_of[index], manifests)).collect();
        Self { member_of, inherits_from, default }
    }

    /// Path of the root manifest of the workspace that the package is a member of.
    pub(super) fn root_manifest(&self, index: usize, manifests: &[Manifest]) -> Option<SmolStr> {
        self.member_of[index].map(|root| manifests[root].path.clone())
    }

    /// The manifest that `workspace = true` refers to.
    pub(super) fn inherits_from<'a>(&self, index: usize, manifests: &'a [Manifest]) -> Option<(&'a Manifest, &'a WorkspaceTable)> {
        let root = &manifests[self.inherits_from[index]?];
        Some((root, root.workspace.as_ref()?))
    }

    /// Whether cargo builds it when asked for nothing in particular.
    pub(super) fn is_default(&self, index: usize) -> bool {
        self.default[index]
    }
}

/// Assigns what `members` lists, by path or glob.
fn listed_members(
    root: usize,
    table: &WorkspaceTable,
    manifests: &[Manifest],
    by_dir: &BTreeMap<&str, usize>,
    listing: &Listing,
    member_of: &mut [Option<usize>],
    notes: &mut Notes,
) {
    let dir = manifests[root].dir.as_str();
    for member in &table.members {
        let Some(pattern) = join(dir, &member.value) else {
            let message = format!("workspace member `{}` lies outside the analysed tree", member.value);
            let diagnostic = member.at.diagnostic(&manifests[root].path, Severity::Note, "path-outside", message);
            notes.diagnostics.push(diagnostic.help("analyse a folder further up to see it"));
            continue;
        };
        if is_glob(&pattern) {
            let Some(glob) = compile(&pattern) else {
                let message = format!("workspace member `{}` is no glob that can be read", member.value);
                let diagnostic = member.at.diagnostic(&manifests[root].path, Severity::Warning, "missing-member", message);
                notes.diagnostics.push(diagnostic.help("list the members by their paths"));
                continue;
            };
            for (_, index) in by_dir.iter().filter(|(folder, _)| glob.is_match(folder) && !excluded(dir, table, folder)) {
                member_of[*index].get_or_insert(root);
            }
        } else if let Some(index) = by_dir.get(pattern.as_str()) {
            member_of[*index].get_or_insert(root);
        } else {
            missing_member(&pattern, member, &manifests[root], listing, notes);
        }
    }
}

fn missing_member(folder: &str, member: &Text, root: &Manifest, listing: &Listing, notes: &mut Notes) {
    let manifest = format!("{folder}/Cargo.toml");
    if listing.has(&manifest) {
        // It lies under `tests`, `benches` or `examples` and is counted there.
        return;
    }
    let (severity, message, help) = match listing.pruned_above(&manifest) {
        Some(pruned) => {
            let message = format!("workspace member `{}` was left out as {}", member.value, pruned.reason.as_str());
            (Severity::Note, message, "move it out of that folder if it is the service's own code")
        }
        None => (
            Severity::Warning,
            format!("workspace member `{}` has no manifest at `{manifest}`", member.value),
            "correct the path, or remove the member",
        ),
    };
    notes.diagnostics.push(member.at.diagnostic(&root.path, severity, "missing-member", message).help(help));
}

/// Assigns path dependencies of members within the workspace's folder: they are members without being listed.
fn implicit_members(
    root: usize,
    table: &WorkspaceTable,
    manifests: &[Manifest],
    by_dir: &BTreeMap<&str, usize>,
    member_of: &mut [Option<usize>],
) {
    let dir = manifests[root].dir.as_str();
    let mut queue: Vec<usize> = (0..manifests.len()).filter(|index| member_of[*index] == Some(root)).collect();
    while let Some(index) = queue.pop() {
        for dependency in &manifests[index].dependencies {
            let DeclaredPath::At(folder) = path_of(dependency, &manifests[index], Some((&manifests[root], table))) else { continue };
            let Some(found) = by_dir.get(folder.as_str()).copied() else { continue };
            if member_of[found].is_none() && within(&folder, dir) && !excluded(dir, table, &folder) {
                member_of[found] = Some(root);
                queue.push(found);
            }
        }
    }
}

/// The next workspace above a folder that does not exclude it.
fn root_above(folder: &str, manifests: &[Manifest], by_dir: &BTreeMap<&str, usize>) -> Option<usize> {
    let mut above = folder;
    while !above.is_empty() {
        above = parent(above);
        let index = by_dir.get(above).copied();
        if let Some((index, table)) = index.and_then(|index| Some((index, manifests[index].workspace.as_ref()?))) {
            return (!excluded(above, table, folder)).then_some(index);
        }
    }
    None
}

fn is_default(index: usize, root: Option<usize>, manifests: &[Manifest]) -> bool {
    let Some((root, table)) = root.and_then(|root| Some((root, manifests[root].workspace.as_ref()?))) else { return true };
    match &table.default_members {
        Some(members) => members.iter().filter_map(|member| join(&manifests[root].dir, &member.value)).any(|pattern| {
            pattern == manifests[index].dir
                || (is_glob(&pattern) && compile(&pattern).is_some_and(|glob| glob.is_match(manifests[index].dir.as_str())))
        }),
        // A root that is a package stands for itself, a virtual one for all its members.
        None => index == root || manifests[root].package.is_none(),
    }
}

/// Whether `exclude` names the folder or one above it; a member listed by its path is not excluded.
fn excluded(root: &str, table: &WorkspaceTable, folder: &str) -> bool {
    let under = |paths: &[Text]| paths.iter().filter_map(|path| join(root, &path.value)).any(|path| within(folder, &path));
    under(&table.exclude) && !under(&table.members)
}

/// Whether `folder` is `above` or lies in it.
fn within(folder: &str, above: &str) -> bool {
    above.is_empty() || folder == above || folder.strip_prefix(above).is_some_and(|rest| rest.starts_with('/'))
}

fn is_glob(pattern: &str) -> bool {
    pattern.contains(['*', '?', '['])
}

fn compile(pattern: &str) -> Option<GlobMatcher> {
    Some(GlobBuilder::new(pattern).literal_separator(true).build().ok()?.compile_matcher())
}
