//! The keys of a settings struct: a path of names for each field that holds a value, as serde and its kin read them.

use rustc_hash::FxHashSet;
use smol_str::SmolStr;

use crate::facts::{Attr, FieldFact, ItemKind, Name};
use crate::resolve::{DefId, Type, World};

/// Structs within structs that are looked into.
const MAX_DEPTH: usize = 8;

/// At most so many keys of one struct.
const MAX_KEYS: usize = 1000;

/// A name in a path, with the other names that stand for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) name: SmolStr,
    pub(super) aliases: Vec<SmolStr>,
}

/// A field that holds a value.
#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) path: Vec<Step>,
    pub(super) of: DefId,
    pub(super) field: Name,
    /// The variable that an attribute names.
    pub(super) variable: Option<SmolStr>,
    /// Its type says that it is a secret.
    pub(super) secret: bool,
}

impl Key {
    /// `database.pool_size`.
    pub(super) fn dotted(&self) -> String {
        self.path.iter().map(|step| step.name.as_str()).collect::<Vec<_>>().join(".")
    }
}

/// The keys of a struct, in the order of its fields.
pub(super) fn keys(world: World<'_>, root: DefId) -> Vec<Key> {
    let mut out = Vec::new();
    walk(world, root, &mut Vec::new(), &mut FxHashSet::default(), &mut out);
    out
}

fn walk(world: World<'_>, of: DefId, path: &mut Vec<Step>, above: &mut FxHashSet<DefId>, out: &mut Vec<Key>) {
    let def = world.program.def(of);
    let ItemKind::Struct(facts) = &def.item.kind else { return };
    if path.len() > MAX_DEPTH || !above.insert(of) {
        return;
    }
    let case = serde(&def.item.attrs, "rename_all").and_then(|case| Case::named(&case));
    for fact in &facts.fields {
        if out.len() >= MAX_KEYS || is_skipped(fact) {
            continue;
        }
        let ty = world.signatures.field(of, &fact.name);
        let inner = ty.and_then(|ty| section(world, ty, 0));
        if has(&fact.attrs, "flatten") {
            if let Some(inner) = inner {
                walk(world, inner, path, above, out);
            }
            continue;
        }
        path.push(step(fact, case));
        match inner {
            Some(inner) => walk(world, inner, path, above, out),
            None => out.push(Key {
                path: path.clone(),
                of,
                field: fact.name.clone(),
                variable: variable(fact),
                secret: ty.is_some_and(Type::is_secret),
            }),
        }
        path.pop();
    }
    above.remove(&of);
}

fn step(fact: &FieldFact, case: Option<Case>) -> Step {
    let name = serde(&fact.attrs, "rename").map(SmolStr::from);
    let name = name.unwrap_or_else(|| case.map_or_else(|| fact.name.clone(), |case| case.of(&fact.name).into()));
    let aliases = arguments(&fact.attrs).filter(|(key, _)| key == "alias").filter_map(|(_, value)| value.as_deref().map(SmolStr::new));
    Step { name, aliases: aliases.collect() }
}

/// The struct that a field nests: behind an option or a box, not in a list.
fn section(world: World<'_>, ty: &Type, depth: usize) -> Option<DefId> {
    match ty {
        Type::Def(of, _) => {
            let def = world.program.def(*of);
            let derives = def.item.attrs.iter().filter(|attr| attr.path.last().is_some_and(|last| last == "derive"));
            let mut names = derives.flat_map(|attr| &attr.args).filter_map(|(name, _)| name.rsplit("::").next());
            let is_filled = names.any(|name| matches!(name, "Deserialize" | "Config"));
            // What stands for one value is no section: a text, or a struct around one.
            let is_section = match &def.item.kind {
                ItemKind::Struct(facts) => facts.fields.first().is_some_and(|field| field.name != "0"),
                _ => false,
            };
            let by_value = ["try_from", "from", "transparent", "untagged"].iter().any(|word| has(&def.item.attrs, word));
            (is_filled && is_section && !by_value).then_some(*of)
        }
        Type::Foreign(path, args) if depth < 4 => {
            let wrappers = world.catalog.wrappers();
            let is_around = path == "std::option::Option" || wrappers.is_transparent(path);
            args.first().filter(|_| is_around).and_then(|inner| section(world, inner, depth + 1))
        }
        _ => None,
    }
}

fn is_skipped(fact: &FieldFact) -> bool {
    has(&fact.attrs, "skip") || has(&fact.attrs, "skip_deserializing")
}

/// `#[config(env = "PORT")]`, `#[envconfig(from = "PORT")]`.
fn variable(fact: &FieldFact) -> Option<SmolStr> {
    fact.attrs.iter().find_map(|attr| {
        let key = match attr.path.last()?.as_str() {
            "config" | "arg" | "clap" => "env",
            "envconfig" => "from",
            _ => return None,
        };
        attr.args.iter().find(|(name, _)| name == key).and_then(|(_, value)| value.as_deref().map(SmolStr::new))
    })
}

/// The arguments of attributes that speak to serde.
fn arguments(attrs: &[Attr]) -> impl Iterator<Item = &(Name, Option<String>)> {
    attrs.iter().filter(|attr| attr.path.single().is_some_and(|name| name == "serde")).flat_map(|attr| &attr.args)
}

fn has(attrs: &[Attr], word: &str) -> bool {
    arguments(attrs).any(|(key, _)| key == word)
}

/// The value of an argument; `rename(deserialize = "x")` counts like `rename = "x"`.
fn serde(attrs: &[Attr], word: &str) -> Option<String> {
    let value = arguments(attrs).find(|(key, _)| key == word)?.1.clone()?;
    if !value.contains(" = ") {
        return Some(value);
    }
    let part = value.split(", ").find_map(|part| part.strip_prefix("deserialize = "))?;
    Some(part.trim_matches('"').to_owned())
}

/// A choice of an enum as its attributes spell it: those of serde, and of strum.
pub(crate) fn spelled_variant(attrs: &[Attr], name: &str) -> String {
    let speaks = attrs.iter().filter(|attr| attr.path.last().is_some_and(|last| last == "strum" || last == "serde"));
    let mut cases = speaks.flat_map(|attr| &attr.args).filter(|(key, _)| key == "serialize_all" || key == "rename_all");
    let Some(case) = cases.find_map(|(_, value)| value.as_deref()).and_then(Case::named) else { return name.to_owned() };
    let mut snake = String::new();
    for char in name.chars() {
        if char.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(char.to_lowercase());
    }
    match case {
        Case::Lower => name.to_lowercase(),
        Case::Upper => name.to_uppercase(),
        case => case.of(&snake),
    }
}

/// How a struct spells the names of its fields.
#[derive(Clone, Copy)]
enum Case {
    Lower,
    Upper,
    Pascal,
    Camel,
    Snake,
    ScreamingSnake,
    Kebab,
    ScreamingKebab,
}

impl Case {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "lowercase" => Case::Lower,
            "UPPERCASE" => Case::Upper,
            "PascalCase" => Case::Pascal,
            "camelCase" => Case::Camel,
            "snake_case" => Case::Snake,
            "SCREAMING_SNAKE_CASE" => Case::ScreamingSnake,
            "kebab-case" => Case::Kebab,
            "SCREAMING-KEBAB-CASE" => Case::ScreamingKebab,
            _ => return None,
        })
    }

    /// A field's name, which is in snake case.
    fn of(self, name: &str) -> String {
        let humps = || {
            name.split('_').map(|word| {
                let mut chars = word.chars();
                chars.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(chars).collect::<String>()
            })
        };
        match self {
            Case::Lower | Case::Snake => name.to_owned(),
            Case::Upper | Case::ScreamingSnake => name.to_ascii_uppercase(),
            Case::Pascal => humps().collect(),
            Case::Camel => {
                let text: String = humps().collect();
                let mut chars = text.chars();
                chars.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(chars).collect()
            }
            Case::Kebab => name.replace('_', "-"),
            Case::ScreamingKebab => name.to_ascii_uppercase().replace('_', "-"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Case, spelled_variant};
    use crate::facts::Attr;

    #[test]
    fn names_are_spelled_as_serde_spells_them() {
        let spelled = |case: &str| Case::named(case).unwrap().of("pool_size_max");
        assert_eq!(spelled("camelCase"), "poolSizeMax");
        assert_eq!(spelled("PascalCase"), "PoolSizeMax");
        assert_eq!(spelled("kebab-case"), "pool-size-max");
        assert_eq!(spelled("SCREAMING_SNAKE_CASE"), "POOL_SIZE_MAX");
        assert_eq!(spelled("lowercase"), "pool_size_max");
        assert!(Case::named("Title Case").is_none());
        let attr = |name: &str, case: &str| Attr {
            path: crate::facts::Path::of(&[name]),
            args: vec![("serialize_all".into(), Some(case.to_owned()))],
            span: Default::default(),
        };
        let choice = |attrs: &[Attr]| spelled_variant(attrs, "DailyDeals");
        assert_eq!(choice(&[attr("strum", "snake_case")]), "daily_deals");
        assert_eq!(choice(&[attr("strum", "lowercase")]), "dailydeals");
        assert_eq!(choice(&[attr("serde", "kebab-case")]), "daily-deals");
        assert_eq!(choice(&[attr("doc", "snake_case")]), "DailyDeals");
    }
}
