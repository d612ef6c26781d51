//! What a command line takes: its commands, and its options with their defaults. Part of detector `attributes`.

use smol_str::SmolStr;

use super::context::Cx;
use crate::facts::{Attr, FieldFact, ItemKind};
use crate::merge::redact::is_secret_name;
use crate::model::Fact;
use crate::resolve::{DefId, Type};

/// Structs that are flattened into one another.
const MAX_DEPTH: u32 = 4;

/// More commands than these are counted.
const MAX_COMMANDS: usize = 12;

/// More options than these are counted.
const MAX_OPTIONS: usize = 10;

/// A longer default says little in a list.
const MAX_DEFAULT: usize = 40;

/// The facts of what a parser is derived for: a struct of options, or an enum of commands.
pub(super) fn facts(cx: &Cx<'_>, id: DefId) -> Vec<Fact> {
    let mut out = Vec::new();
    let item = cx.world.program.def(id).item;
    let commands = match &item.kind {
        ItemKind::Enum(_) => Some(id),
        ItemKind::Struct(_) => {
            out.extend(options_of(cx, id).map(|options| Cx::plain_fact("options", options)));
            subcommands(cx, id, 0)
        }
        _ => None,
    };
    let commands = commands.and_then(|commands| commands_of(cx, commands)).unwrap_or_default();
    let more = commands.len().saturating_sub(MAX_COMMANDS);
    out.extend(commands.into_iter().take(MAX_COMMANDS).map(|command| Cx::plain_fact("command", command)));
    out.extend((more > 0).then(|| Cx::plain_fact("command", format!("{more} more"))));
    out
}

/// The enum of the commands of a struct, or of one that is flattened into it.
fn subcommands(cx: &Cx<'_>, id: DefId, depth: u32) -> Option<DefId> {
    let ItemKind::Struct(facts) = &cx.world.program.def(id).item.kind else { return None };
    facts.fields.iter().find_map(|field| {
        let inner = inner(cx.world.signatures.field(id, &field.name)?)?;
        match &cx.world.program.def(inner).item.kind {
            ItemKind::Enum(_) if has(&field.attrs, "subcommand") => Some(inner),
            ItemKind::Struct(_) if has(&field.attrs, "flatten") && depth < MAX_DEPTH => subcommands(cx, inner, depth + 1),
            _ => None,
        }
    })
}

/// Each command with its options: `start --jobs (default true)`.
fn commands_of(cx: &Cx<'_>, id: DefId) -> Option<Vec<String>> {
    let item = cx.world.program.def(id).item;
    let ItemKind::Enum(facts) = &item.kind else { return None };
    let is_usual = is_kebab(&item.attrs);
    let told = facts.variants.iter().filter(|variant| !has(&variant.attrs, "skip") && !has(&variant.attrs, "external_subcommand"));
    let told: Option<Vec<String>> = told
        .map(|variant| {
            let name = said(&variant.attrs, "name").or_else(|| is_usual.then(|| kebab(&variant.name)))?;
            let mut options = Vec::new();
            for field in &variant.fields {
                let ty = cx.world.signatures.field(id, &format!("{}.{}", variant.name, field.name));
                match ty.and_then(inner) {
                    // `Start(StartArgs)`.
                    Some(inner) if field.name.starts_with(|c: char| c.is_ascii_digit()) => collect(cx, inner, 1, &mut options),
                    Some(inner) if has(&field.attrs, "flatten") => collect(cx, inner, 1, &mut options),
                    _ => options.extend(option(field, true)),
                }
            }
            Some(joined(&options).map_or_else(|| name.clone(), |options| format!("{name} {options}")))
        })
        .collect();
    told
}

fn options_of(cx: &Cx<'_>, id: DefId) -> Option<String> {
    let mut options = Vec::new();
    collect(cx, id, 0, &mut options);
    joined(&options)
}

fn joined(options: &[String]) -> Option<String> {
    let more = options.len().saturating_sub(MAX_OPTIONS);
    let shown = options[..options.len() - more].join(", ");
    match (options.len(), more) {
        (0, _) => None,
        (_, 0) => Some(shown),
        (_, more) => Some(format!("{shown} and {more} more")),
    }
}

/// The options of a struct, those of structs that are flattened into it included.
fn collect(cx: &Cx<'_>, id: DefId, depth: u32, out: &mut Vec<String>) {
    let item = cx.world.program.def(id).item;
    let ItemKind::Struct(facts) = &item.kind else { return };
    let is_usual = is_kebab(&item.attrs);
    for field in &facts.fields {
        let ty = cx.world.signatures.field(id, &field.name);
        match ty.and_then(inner) {
            Some(inner) if has(&field.attrs, "flatten") => {
                if depth < MAX_DEPTH {
                    collect(cx, inner, depth + 1, out);
                }
            }
            _ => out.extend(option(field, is_usual)),
        }
    }
}

/// `--port (default 80)`, `-v`, `<FILE>`.
fn option(field: &FieldFact, is_usual: bool) -> Option<String> {
    if ["subcommand", "flatten", "skip", "hide"].iter().any(|key| has(&field.attrs, key)) {
        return None;
    }
    let short = || args(&field.attrs).find(|(key, _)| key == "short").map(|(_, value)| value.clone());
    let name = if has(&field.attrs, "long") {
        let long = said(&field.attrs, "long").or_else(|| is_usual.then(|| field.name.replace('_', "-")))?;
        format!("--{long}")
    } else if let Some(short) = short() {
        let letter = short.unwrap_or_default();
        let letter = letter.trim_matches('\'').chars().next().or_else(|| field.name.chars().next())?;
        format!("-{letter}")
    } else {
        format!("<{}>", field.name.to_uppercase())
    };
    let default = ["default_value", "default_value_t"].iter().find_map(|key| said(&field.attrs, key));
    let is_plain = |text: &String| text.chars().count() <= MAX_DEFAULT && !text.contains(['(', '{', '\n']);
    // A switch is off unless it is given.
    Some(match default.filter(|text| text != "false" && !is_secret_name(&field.name) && is_plain(text)) {
        Some(default) => format!("{name} (default {})", default.rsplit("::").next().unwrap_or(&default).trim()),
        None => name,
    })
}

/// What the attributes of the parser say.
fn args(attrs: &[Attr]) -> impl Iterator<Item = &(SmolStr, Option<String>)> {
    let is_parsers =
        |attr: &&Attr| attr.path.last().is_some_and(|last| matches!(last.as_str(), "arg" | "clap" | "command" | "group" | "structopt"));
    attrs.iter().filter(is_parsers).flat_map(|attr| &attr.args)
}

fn has(attrs: &[Attr], key: &str) -> bool {
    args(attrs).any(|(known, _)| known == key)
}

fn said(attrs: &[Attr], key: &str) -> Option<String> {
    args(attrs).find(|(known, _)| known == key).and_then(|(_, value)| value.clone())
}

/// Names are spelled as usual.
fn is_kebab(attrs: &[Attr]) -> bool {
    ["rename_all", "rename_all_fields"].iter().filter_map(|key| said(attrs, key)).all(|style| style.to_lowercase().starts_with("kebab"))
}

/// `SetLastSeen` as the parser spells it.
fn kebab(name: &str) -> String {
    let mut out = String::new();
    let mut before: Option<char> = None;
    let mut rest = name.chars().peekable();
    while let Some(c) = rest.next() {
        let begins =
            c.is_uppercase() && before.is_some_and(|before| !before.is_uppercase() || rest.peek().is_some_and(|next| next.is_lowercase()));
        if begins {
            out.push('-');
        }
        out.extend(c.to_lowercase());
        before = Some(c);
    }
    out
}

/// The struct or enum of the workspace, also in an option or a box.
fn inner(ty: &Type) -> Option<DefId> {
    match ty {
        Type::Def(id, _) => Some(*id),
        Type::Foreign(path, args) if ["::Option", "::Box"].iter().any(|end| path.ends_with(end)) => inner(args.first()?),
        _ => None,
    }
}

/// Whether a derive makes a whole command line, and not a part of one.
pub(super) fn is_whole(path: &str, label: &str) -> bool {
    label == "command line" && path.trim_end_matches(')').rsplit("::").next().is_some_and(|last| matches!(last, "Parser" | "StructOpt"))
}

#[cfg(test)]
mod tests {
    use super::kebab;
    use crate::detect::surroundings_tests::items;
    use crate::model::Kind;

    fn told(code: &str) -> Vec<String> {
        let items =
            items(&["clap"], &format!("use clap::{{Args, Parser, Subcommand}};\n{code}\nfn main() {{ let cli = Cli::parse(); }}\n"));
        let item = items.iter().find(|item| item.kind == Kind::StartupConfig && item.summary == "command line").unwrap();
        let keys = ["options", "command"];
        let facts = item.facts.iter().filter(|fact| keys.contains(&fact.key.as_str()));
        facts.map(|fact| format!("{}: {}", fact.key, fact.value.as_ref().unwrap())).collect()
    }

    #[test]
    fn options_are_told_as_people_type_them() {
        let code = "#[derive(Parser)] struct Cli { #[arg(short, long, default_value_t = 80)] listen_port: u16, #[arg(short = 'v')] loud: bool, file: String, \
            #[arg(long = \"from\")] source: Option<String>, #[command(flatten)] more: More, #[arg(skip)] at: u8 }\n\
            #[derive(Args)] struct More { #[arg(long, default_value = \"hunter2\")] admin_token: String, #[arg(long, default_value_t = Form::Short)] form: Form }\n\
            enum Form { Short }";
        assert_eq!(told(code), ["options: --listen-port (default 80), -v, <FILE>, --from, --admin-token, --form (default Short)"]);
        let renamed = "#[derive(Parser)] #[command(rename_all = \"snake_case\")] struct Cli { #[arg(long)] listen_port: u16 }";
        assert_eq!(told(renamed), [""; 0]);
    }

    #[test]
    fn commands_are_told_with_their_options() {
        let code = "#[derive(Parser)] struct Cli { #[command(subcommand)] command: Option<Command> }\n\
            #[derive(Subcommand)] enum Command { Start { #[arg(long, default_value = \"true\")] queue_rebuilds: bool }, SetHTTPPort(Port), #[command(name = \"ls\")] List, \
            Database { #[command(subcommand)] more: Database } }\n\
            #[derive(Args)] struct Port { port: u16 }\n#[derive(Subcommand)] enum Database { Migrate }";
        assert_eq!(
            told(code),
            ["command: start --queue-rebuilds (default true)", "command: set-http-port <PORT>", "command: ls", "command: database"]
        );
        let alone = "#[derive(Parser)] enum Cli { Serve, Check { #[arg(short)] quiet: bool } }";
        assert_eq!(told(alone), ["command: serve", "command: check -q"]);
    }

    #[test]
    fn names_are_spelled_as_the_parser_does() {
        assert_eq!(["GenerateEncKey", "HTTPServer", "Run"].map(kebab), ["generate-enc-key", "http-server", "run"]);
    }
}
