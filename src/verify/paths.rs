//! Catalog paths to what they lead to in the source, through the resolver that reads services.

use smol_str::SmolStr;

use super::linked::{Scene, place};
use super::{PathVerdict, macros, made};
use crate::facts::{ItemKind, Path};
use crate::resolve::{DefId, ModId, Res, Space, Type, TypeScope};

/// `Deref` through more types than this is not followed.
const MAX_DEREFS: u32 = 4;

/// What a catalog path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// A function, type or constant.
    Plain,
    /// `name!`.
    Macro,
    /// `#[name]`.
    Attribute,
    /// `derive(Name)`.
    Derive,
}

/// A catalog path without its marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Written<'a> {
    pub(super) form: Form,
    pub(super) text: &'a str,
}

impl<'a> Written<'a> {
    pub(super) fn of(path: &'a str) -> Self {
        if let Some(text) = path.strip_prefix("#[").and_then(|rest| rest.strip_suffix(']')) {
            Self { form: Form::Attribute, text }
        } else if let Some(text) = path.strip_prefix("derive(").and_then(|rest| rest.strip_suffix(')')) {
            Self { form: Form::Derive, text }
        } else if let Some(text) = path.strip_suffix('!') {
            Self { form: Form::Macro, text }
        } else {
            Self { form: Form::Plain, text: path }
        }
    }
}

/// What a catalog path leads to.
pub(super) fn check(scene: &Scene<'_>, path: &str) -> PathVerdict {
    let written = Written::of(path);
    let names: Vec<&str> = written.text.split("::").collect();
    let verdict = match written.form {
        Form::Plain => plain(scene, &names),
        form => macros::check(scene, &names, form),
    };
    match verdict {
        Some(verdict) => verdict,
        None => made::check(scene, &names).unwrap_or_else(|| PathVerdict::Missing { nearest: nearest(scene, &names) }),
    }
}

/// The definition that a path names.
pub(super) fn definition(scene: &Scene<'_>, path: &str, space: Space) -> Option<DefId> {
    let names: Vec<&str> = path.split("::").collect();
    match resolve(scene, &names, space)? {
        Res::Def(id) => Some(id),
        _ => None,
    }
}

/// What the names lead to from outside the crate.
pub(super) fn resolve(scene: &Scene<'_>, names: &[&str], space: Space) -> Option<Res> {
    let path = Path { global: true, ..Path::of(names) };
    scene.program.resolve(scene.catalog, scene.probe, &path, space)
}

pub(super) fn found(scene: &Scene<'_>, id: DefId) -> PathVerdict {
    let def = scene.program.def(id);
    PathVerdict::Found(Some(place(scene.program, scene.program.module(def.module).file, def.item.span.line)))
}

fn plain(scene: &Scene<'_>, names: &[&str]) -> Option<PathVerdict> {
    for space in [Space::Value, Space::Type] {
        match resolve(scene, names, space) {
            Some(Res::Def(id)) => return Some(found(scene, id)),
            Some(Res::Inside(id, tail)) => {
                if let Some(verdict) = inside(scene, id, &tail, 0) {
                    return Some(verdict);
                }
            }
            Some(Res::Foreign(path)) => {
                if let Some(verdict) = foreign(scene, &path, names) {
                    return Some(verdict);
                }
            }
            Some(Res::Mod(_)) | None => {}
        }
    }
    hidden_by_glob(scene, names)
}

/// A path that leaves what was read for a dependency; one that never entered it is no answer.
fn foreign(scene: &Scene<'_>, path: &str, names: &[&str]) -> Option<PathVerdict> {
    let krate = path.split("::").next().unwrap_or(path);
    let left = krate != names[0] && scene.is_dependency(krate);
    (left || names.len() == 1).then(|| PathVerdict::Elsewhere(SmolStr::new(krate)))
}

/// A module on the way takes names from a crate that is not there.
pub(super) fn hidden_by_glob(scene: &Scene<'_>, names: &[&str]) -> Option<PathVerdict> {
    let module = deepest_module(scene, names)?.0;
    scene.program.glob_imports(module).iter().find_map(|target| match target {
        Res::Foreign(path) => {
            let krate = path.split("::").next().unwrap_or(path);
            (krate != "std" && scene.is_dependency(krate)).then(|| PathVerdict::Elsewhere(SmolStr::new(krate)))
        }
        _ => None,
    })
}

/// The module that the longest part of a path names, and how many names it takes.
pub(super) fn deepest_module(scene: &Scene<'_>, names: &[&str]) -> Option<(ModId, usize)> {
    (1..names.len()).rev().find_map(|count| match resolve(scene, &names[..count], Space::Type)? {
        Res::Mod(module) => Some((module, count)),
        _ => None,
    })
}

/// A name inside a type that is no definition of its own: a variant, what a derive or a trait gives, what a `Deref` leads to.
fn inside(scene: &Scene<'_>, id: DefId, tail: &str, depth: u32) -> Option<PathVerdict> {
    if tail.contains("::") {
        return None;
    }
    let program = scene.program;
    let def = program.def(id);
    if let ItemKind::Enum(facts) = &def.item.kind
        && facts.variants.iter().any(|variant| variant.name == tail)
    {
        return Some(found(scene, id));
    }
    let name = SmolStr::new(tail);
    if program.members.contains_key(&(id, name.clone())) {
        return Some(found(scene, program.members[&(id, name)][0]));
    }
    let derives = || def.item.attrs.iter().filter(|attr| attr.path.last().is_some_and(|last| last == "derive")).flat_map(|attr| &attr.args);
    if derives().any(|(derive, _)| gives(derive.rsplit("::").next().unwrap_or(derive), tail)) {
        return Some(PathVerdict::Found(None));
    }
    for of in scene.blankets.traits_of(program, id) {
        if let Some(member) = program.members.get(&(of, SmolStr::new(tail))).and_then(|all| all.first()) {
            return Some(found(scene, *member));
        }
    }
    if let Some(Type::Def(target, _)) = scene.signatures.derefs.get(&id)
        && depth < MAX_DEREFS
    {
        let name = SmolStr::new(tail);
        return match program.members.get(&(*target, name)).and_then(|all| all.first()) {
            Some(member) => Some(found(scene, *member)),
            None => inside(scene, *target, tail, depth + 1),
        };
    }
    if let ItemKind::TypeAlias(..) = &def.item.kind {
        let this = TypeScope { module: def.module, this: None, generics: &[] };
        if let ItemKind::TypeAlias(_, ty) = &def.item.kind
            && let Type::Foreign(path, _) = program.lower(scene.catalog, this, ty)
        {
            return Some(PathVerdict::Elsewhere(SmolStr::new(path.split("::").next().unwrap_or(&path))));
        }
    }
    None
}

/// Whether a derive makes an associated function of that name.
fn gives(derive: &str, name: &str) -> bool {
    match derive {
        "Default" | "Derivative" | "Educe" | "SmartDefault" => name == "default",
        "Clone" => name == "clone",
        "Builder" | "TypedBuilder" => name == "builder",
        "Args" | "Parser" => matches!(name, "parse" | "try_parse" | "parse_from"),
        "Deserialize" => name == "deserialize",
        "FromStr" | "EnumString" => name == "from_str",
        "Constructor" | "new" => name == "new",
        _ => false,
    }
}

/// What may have been meant: the same last names under another module, else the nearest name beside it.
fn nearest(scene: &Scene<'_>, names: &[&str]) -> Option<String> {
    let (&first, rest) = names.split_first()?;
    let tail = &rest[rest.len().saturating_sub(2)..];
    let tail =
        if tail.first().is_some_and(|name| name.starts_with(char::is_uppercase)) { tail } else { &rest[rest.len().saturating_sub(1)..] };
    let suffix = format!("::{}", tail.join("::"));
    let program = scene.program;
    let elsewhere = program.defs.iter().filter(|def| def.in_fn.is_none() && def.path.ends_with(&suffix)).map(|def| def.path.as_str());
    let best = elsewhere.min_by_key(|path| (path.split("::").next() != Some(first), path.len(), *path));
    if let Some(best) = best.filter(|_| tail.len() > 1 || suffix.len() > 6) {
        return Some(best.to_owned());
    }
    let (module, count) = deepest_module(scene, names)?;
    let wanted = names.get(count)?;
    let data = program.module(module);
    let owner = (count + 2 == names.len()).then(|| resolve(scene, &names[..=count], Space::Type)).flatten();
    let (base, wanted, candidates): (String, &str, Vec<&str>) = match owner {
        Some(Res::Def(id)) => {
            let members = program.members.keys().filter(|(of, _)| *of == id).map(|(_, name)| name.as_str()).collect();
            (names[..=count].join("::"), names[count + 1], members)
        }
        _ => {
            let all = data.names.keys().chain(data.children.keys()).chain(data.uses.keys());
            (names[..count].join("::"), wanted, all.map(SmolStr::as_str).collect())
        }
    };
    let limit = wanted.len().max(3) / 2;
    let distance = |name: &&str| (strsim::osa_distance(wanted, name), name.len(), (*name).to_owned());
    let best = candidates.into_iter().min_by_key(distance)?;
    (strsim::osa_distance(wanted, best) <= limit).then(|| format!("{base}::{best}"))
}
