//! Which `macro_rules!` of other files a file calls.
//!
//! A name means the macro that its package defines, else the exported one of the workspace; a name that two definitions share is
//! not guessed.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use smol_str::{SmolStr, format_smolstr};

use super::reading::innermost;
use crate::discover::Package;
use crate::facts::{FileFacts, MacroFact, Name};
use crate::parse::OtherMacros;
use crate::resolve::CrateInput;
use crate::source::ReadError;

/// Words of macros that make state or do something by themselves. What others become says little more than their arguments, and to
/// expand it the file has to be read once more.
const TELLING: [&str; 9] = ["static ", "thread_local", "lazy_static", "task_local", "spawn", "sleep", "env ::", "fs ::", ":: connect"];

/// The macros of the workspace, by who sees them.
pub(super) struct Macros<'a> {
    packages: &'a [Package],
    /// What files of each package may call.
    of_package: Vec<OtherMacros>,
}

impl<'a> Macros<'a> {
    pub(super) fn new(files: &[(SmolStr, Result<FileFacts, ReadError>)], packages: &'a [Package], inputs: &[CrateInput]) -> Self {
        let folders: Vec<&str> = packages.iter().map(|package| package.dir.as_str()).collect();
        let mut own: Vec<BTreeMap<&Name, Vec<&MacroFact>>> = vec![BTreeMap::new(); packages.len()];
        for (path, facts) in files {
            let Ok(facts) = facts else { continue };
            let Some(at) = innermost(path, folders.iter().copied()).filter(|_| !facts.macros.is_empty()) else { continue };
            for one in &facts.macros {
                own[at].entry(&one.name).or_default().push(one);
            }
        }
        let mut exported: BTreeMap<&Name, Vec<(&Name, &MacroFact)>> = BTreeMap::new();
        for (package, macros) in packages.iter().zip(&own) {
            let Some(krate) = package.lib.as_ref().map(|lib| &lib.crate_name) else { continue };
            if !inputs.iter().any(|input| input.is_read && input.name == *krate) {
                continue;
            }
            for one in macros.values().filter(|all| all.len() == 1).flatten().filter(|one| one.exported) {
                exported.entry(&one.name).or_default().push((krate, one));
            }
        }
        let mut shared: FxHashMap<Name, Arc<MacroFact>> = FxHashMap::default();
        for (name, all) in &exported {
            for (krate, one) in all.iter().filter(|(_, one)| tells(one)) {
                let one = Arc::new(MacroFact { home: Some((*krate).clone()), ..(*one).clone() });
                if all.len() == 1 {
                    shared.insert((*name).clone(), one.clone());
                }
                shared.insert(format_smolstr!("{krate}::{name}"), one);
            }
        }
        let of_package = own.iter().map(|macros| {
            let mut seen = shared.clone();
            for (name, all) in macros {
                // A name of the package's own hides another's, also when it is not clear which one is meant.
                seen.remove(*name);
                if let [only] = all.as_slice()
                    && tells(only)
                {
                    let only = Arc::new((*only).clone());
                    seen.insert(format_smolstr!("crate::{name}"), only.clone());
                    seen.insert((*name).clone(), only);
                }
            }
            Arc::new(seen)
        });
        Self { of_package: of_package.collect(), packages }
    }

    /// Takes the files out that call such macros, each with the macros that it sees.
    pub(super) fn callers(&self, files: &mut Vec<(SmolStr, Result<FileFacts, ReadError>)>) -> Vec<(SmolStr, OtherMacros)> {
        let mut out = Vec::new();
        files.retain(|(path, facts)| {
            let Ok(facts) = facts else { return true };
            let Some(at) = innermost(path, self.packages.iter().map(|package| package.dir.as_str())) else { return true };
            let others = &self.of_package[at];
            let aliases: Vec<(Name, Arc<MacroFact>)> = facts
                .called_macros
                .iter()
                .filter_map(|called| Some((called.clone(), through_module(called, others, &self.packages[at])?)))
                .collect();
            let calls = !aliases.is_empty() || facts.called_macros.iter().any(|called| others.contains_key(called));
            if calls && aliases.is_empty() {
                out.push((path.clone(), others.clone()));
            } else if calls {
                let mut all = FxHashMap::clone(others);
                all.extend(aliases);
                out.push((path.clone(), Arc::new(all)));
            }
            !calls
        });
        out
    }
}

/// `module::name!`, where a `use` makes the macro a member of a module of the same package.
fn through_module(called: &Name, others: &OtherMacros, package: &Package) -> Option<Arc<MacroFact>> {
    let (first, rest) = called.split_once("::").filter(|_| !others.contains_key(called))?;
    let is_crate =
        matches!(first, "std" | "core" | "alloc") || package.dependencies.iter().any(|dependency| dependency.name_in_code == first);
    let name = rest.rsplit("::").next()?;
    others.get(&format_smolstr!("crate::{name}")).filter(|_| !is_crate).cloned()
}

/// Whether what it becomes says more than its arguments do.
fn tells(one: &MacroFact) -> bool {
    TELLING.iter().any(|word| one.text.contains(word))
}
