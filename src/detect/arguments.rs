//! Arguments of a command line that variables may give: which of them have to be there. Part of detector `env-reads`.

use rustc_hash::FxHashSet;

use super::context::Cx;
use super::env_reads::gives_option;
use crate::facts::{Attr, FieldFact, ItemKind};
use crate::resolve::{DefId, Type, Unset, derives};

/// What a parser of arguments does without the variable and the argument: a field that is an option stays empty, any other
/// that has no default is asked for; `always` when the struct is filled whatever the arguments are.
pub(super) fn unset(ty: Option<&Type>, field: &FieldFact, attr: &Attr, always: bool) -> Option<Unset> {
    let is_parsers = |attr: &&Attr| attr.path.last().is_some_and(|last| matches!(last.as_str(), "arg" | "clap" | "structopt"));
    let ty = ty.filter(|_| is_parsers(&attr))?;
    if gives_option(ty, 1) {
        return Some(Unset::None);
    }
    // A switch is off, a list empty; another argument may stand for this one, or a parser of its own decide.
    let takes_one = match ty {
        Type::Foreign(path, _) => !matches!(path.rsplit("::").next().unwrap_or(""), "bool" | "Vec" | "VecDeque" | "Result"),
        Type::Def(..) => true,
        _ => false,
    };
    let decided_elsewhere = |key: &str| {
        key.contains("default") && key != "hide_default_value"
            || key.starts_with("required")
            || ["action", "skip", "flatten", "subcommand", "num_args", "group", "parse", "conflicts_with", "overrides_with"]
                .iter()
                .any(|known| key.starts_with(known))
    };
    let keys = field.attrs.iter().filter(is_parsers).flat_map(|attr| &attr.args).map(|(key, _)| key.as_str());
    (always && takes_one && !keys.into_iter().any(decided_elsewhere)).then_some(Unset::Fails)
}

/// The structs whose arguments are read whatever the arguments are: those that a parser is made of, and those that are
/// flattened into them; not what stands in a variant of a subcommand.
pub(super) fn always_read(cx: &Cx<'_>) -> FxHashSet<DefId> {
    let mut out: FxHashSet<DefId> = FxHashSet::default();
    let mut optional: FxHashSet<DefId> = FxHashSet::default();
    for (id, def) in cx.world.program.all_defs().filter(|(id, _)| !cx.is_for_tests(*id)) {
        match &def.item.kind {
            ItemKind::Struct(_) if derives(cx.world, id, &["Parser", "StructOpt"]) && !may_be_left_out(&def.item.attrs) => {
                out.insert(id);
            }
            ItemKind::Enum(facts) if derives(cx.world, id, &["Parser", "StructOpt", "Subcommand"]) => {
                let fields =
                    facts.variants.iter().flat_map(|one| one.fields.iter().map(move |field| format!("{}.{}", one.name, field.name)));
                optional.extend(fields.filter_map(|field| inner(cx.world.signatures.field(id, &field)?)));
            }
            _ => {}
        }
    }
    out.retain(|id| !optional.contains(id));
    let mut way: Vec<DefId> = out.iter().copied().collect();
    while let Some(id) = way.pop() {
        let ItemKind::Struct(facts) = &cx.world.program.def(id).item.kind else { continue };
        let flat = facts.fields.iter().filter(|field| field.attrs.iter().flat_map(|attr| &attr.args).any(|(key, _)| key == "flatten"));
        let inner = flat.filter_map(|field| match cx.world.signatures.field(id, &field.name) {
            Some(Type::Def(inner, _)) => Some(*inner),
            _ => None,
        });
        way.extend(inner.filter(|inner| !optional.contains(inner) && out.insert(*inner)));
    }
    out
}

/// A subcommand makes up for arguments that are missing.
fn may_be_left_out(attrs: &[Attr]) -> bool {
    attrs.iter().flat_map(|attr| &attr.args).any(|(key, _)| key == "subcommand_negates_reqs")
}

/// The struct that a variant holds, also in a box.
fn inner(ty: &Type) -> Option<DefId> {
    match ty {
        Type::Def(id, _) => Some(*id),
        Type::Foreign(_, args) => args.iter().find_map(|arg| if let Type::Def(id, _) = arg { Some(*id) } else { None }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::map;

    /// What is told of the variable `URL` of a field.
    #[track_caller]
    fn presence(code: &str) -> String {
        let map = map(&format!("use clap::{{Args, Parser, Subcommand}};\n{code}\nfn main() {{ let cli = Cli::parse(); }}\n"));
        let item = map.items.iter().find(|item| item.id.as_str() == "startup-config:env#URL").unwrap();
        let fact = |key: &str| item.facts.iter().find(|fact| fact.key == key).and_then(|fact| fact.value.as_ref()).map(ToString::to_string);
        fact("presence").or_else(|| fact("default").map(|value| format!("default {value}"))).unwrap_or_else(|| "?".to_owned())
    }

    #[test]
    fn an_argument_with_no_default_is_required() {
        let field = |argument: &str, ty: &str| {
            let defaults = "fn home() -> std::path::PathBuf { std::path::PathBuf::from(\"/srv\") }";
            presence(&format!("{defaults}\n#[derive(Parser)] struct Cli {{ #[arg(long, env = \"URL\"{argument})] url: {ty} }}"))
        };
        assert_eq!(field("", "String"), "required");
        assert_eq!(field("", "Option<String>"), "optional");
        assert_eq!(field(", default_value_os_t = home()", "std::path::PathBuf"), "default /srv");
        assert_eq!(field(", default_value_os_t = std::path::PathBuf::from(\"/q\")", "std::path::PathBuf"), "default /q");
        assert_eq!(field(", default_value_t = std::time::Duration::from_secs(5)", "std::time::Duration"), "default 5s");
        assert_eq!(
            field(", default_value_t = std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST)", "std::net::IpAddr"),
            "default 127.0.0.1"
        );
        // A switch is off, a list empty; a default that is not known is one; another argument may stand for it.
        for (argument, ty) in
            [("", "bool"), ("", "Vec<String>"), (", default_value_t = pick(5)", "u64"), (", required_unless_present = \"file\"", "String")]
        {
            assert_eq!(field(argument, ty), "?", "{argument} {ty}");
        }
    }

    #[test]
    fn what_only_a_subcommand_asks_for_is_not_required() {
        let db = "#[derive(Args)] struct Db { #[arg(env = \"URL\")] url: String }";
        let cli = |field: &str| format!("#[derive(Parser)] struct Cli {{ {field} }}\n{db}");
        assert_eq!(presence(&cli("#[command(flatten)] db: Db")), "required");
        assert_eq!(presence(&cli("#[command(flatten)] db: Option<Db>")), "?");
        let run = format!("#[derive(Subcommand)] enum Run {{ Migrate(Db) }}\n{}", cli("#[command(subcommand)] run: Run"));
        assert_eq!(presence(&run), "?");
        let of_variant = "#[derive(Subcommand)] enum Run { Migrate { #[arg(env = \"URL\")] url: String } }";
        assert_eq!(presence(&format!("{of_variant}\n#[derive(Parser)] struct Cli {{ #[command(subcommand)] run: Run }}")), "?");
    }
}
