//! Macros, attributes and derives by path: `macro_rules!`, and the functions of crates that make them.

use smol_str::SmolStr;

use super::linked::{Scene, place};
use super::paths::{Form, deepest_module, found, hidden_by_glob};
use super::{PathVerdict, Place};
use crate::facts::{ItemFact, ItemKind};
use crate::resolve::{Extern, KrateId, ModId, Res};

/// Re-exports of re-exports.
const MAX_HOPS: u32 = 12;

/// What the path of a macro leads to.
pub(super) fn check(scene: &Scene<'_>, names: &[&str], form: Form) -> Option<PathVerdict> {
    let (module, count) = deepest_module(scene, names)?;
    if count + 1 != names.len() {
        return None;
    }
    in_module(scene, module, names[count], form, 0).or_else(|| hidden_by_glob(scene, names))
}

fn in_module(scene: &Scene<'_>, module: ModId, name: &str, form: Form, hops: u32) -> Option<PathVerdict> {
    if hops > MAX_HOPS {
        return None;
    }
    let program = scene.program;
    let data = program.module(module);
    let krate = data.krate;
    let is_root = program.krate(krate).root == module;
    if is_root && let Some(place) = exported(scene, krate, name, form, true) {
        return Some(PathVerdict::Found(Some(place)));
    }
    if let Some(ids) = data.names.get(name).filter(|_| is_root)
        && let Some(id) = ids.iter().find(|id| makes(program.def(**id).item, name, form))
    {
        return Some(found(scene, *id));
    }
    if is_root
        && let Some(id) = program.all_defs().find(|(_, def)| program.module(def.module).krate == krate && makes(def.item, name, form))
    {
        // The functions of a crate of macros stand at its root, whatever they are called.
        return Some(found(scene, id.0));
    }
    for leaf in data.uses.get(name).into_iter().flatten() {
        if let Some(verdict) = imported(scene, module, &leaf.path, form, hops) {
            return Some(verdict);
        }
    }
    program.glob_imports(module).iter().find_map(|target| match target {
        Res::Mod(target) if *target != module => in_module(scene, *target, name, form, hops + 1),
        _ => None,
    })
}

fn imported(scene: &Scene<'_>, module: ModId, path: &[SmolStr], form: Form, hops: u32) -> Option<PathVerdict> {
    let program = scene.program;
    let krate = program.module(module).krate;
    let (last, before) = path.split_last()?;
    let Some(first) = before.first() else {
        // `pub use name;` of a `macro_rules!` of this crate, `pub use name as other;` of what a glob brings in.
        let own = exported(scene, krate, last, form, false).map(|place| PathVerdict::Found(Some(place)));
        return own.or_else(|| in_module(scene, module, last, form, hops + 1));
    };
    let mut at = match first.as_str() {
        "crate" | "$crate" => program.krate(krate).root,
        "self" => program.real_module(module),
        "super" => program.module(program.real_module(module)).parent?,
        _ => {
            let extern_ = program.krate(krate).input.externs.iter().find(|(known, _)| known == first);
            match extern_ {
                Some((_, Extern::Local(at))) => program.krates.get(*at)?.root,
                Some((_, Extern::Foreign(lib))) => return Some(PathVerdict::Elsewhere(lib.clone())),
                None if matches!(first.as_str(), "std" | "core" | "alloc") => {
                    return Some(PathVerdict::Elsewhere(SmolStr::new_static("std")));
                }
                None => *program.module(module).children.get(first)?,
            }
        }
    };
    for name in &before[1..] {
        at = match program.module(at).children.get(name) {
            Some(child) => *child,
            None if name == "super" => program.module(at).parent?,
            None => {
                let leaf = program.module(at).uses.get(name)?.first()?;
                return imported(scene, at, &[leaf.path.as_slice(), &path[path.len() - 1..]].concat(), form, hops + 1);
            }
        };
    }
    in_module(scene, at, last, form, hops + 1).or_else(|| {
        let root = program.krate(program.module(at).krate).root;
        // `pub use path::name` of a macro that is exported at the root.
        (root != at)
            .then(|| exported(scene, program.module(at).krate, last, form, false))
            .flatten()
            .map(|place| PathVerdict::Found(Some(place)))
    })
}

/// A `macro_rules!` of a crate, wherever it stands.
fn exported(scene: &Scene<'_>, krate: KrateId, name: &str, form: Form, exported: bool) -> Option<Place> {
    if form != Form::Macro {
        return None;
    }
    let program = scene.program;
    let mut files: Vec<usize> = program.modules.iter().filter(|module| module.krate == krate).map(|module| module.file).collect();
    files.sort_unstable();
    files.dedup();
    files.into_iter().find_map(|file| {
        let line = rules(&program.files[file].items, name, exported)?;
        Some(place(program, file, line))
    })
}

fn rules(items: &[ItemFact], name: &str, exported: bool) -> Option<u32> {
    items.iter().find_map(|item| match &item.kind {
        ItemKind::MacroRules if item.name == name => {
            let is_exported = item.attrs.iter().any(|attr| attr.path.last().is_some_and(|last| last == "macro_export"));
            (is_exported || !exported).then_some(item.span.line)
        }
        ItemKind::Mod(inner) => rules(inner.items.as_deref()?, name, exported),
        _ => None,
    })
}

/// Whether a function is a macro of that name.
fn makes(item: &ItemFact, name: &str, form: Form) -> bool {
    if !matches!(item.kind, ItemKind::Fn(_)) {
        return false;
    }
    item.attrs.iter().any(|attr| match (form, attr.path.last().map(SmolStr::as_str)) {
        (Form::Macro, Some("proc_macro")) | (Form::Attribute, Some("proc_macro_attribute")) => item.name == name,
        (Form::Derive, Some("proc_macro_derive")) => attr.args.first().is_some_and(|(derive, _)| derive == name),
        _ => false,
    })
}
