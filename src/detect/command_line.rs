//! What a command line takes: its commands, and its options with their defaults. Part of detector `attributes`.

use smol_str::SmolStr;

use super::context::Cx;
use crate::facts::{Attr, FieldFact, ItemKind};
use crate::merge::redact::is_secret_name;
use crate::model::Fact;
use crate::resolve::{BodyFacts, DefId, Type, derives};

/// Structs that are flattened into one another.
const MAX_DEPTH: u32 = 4;

/// More commands than these are counted.
const MAX_COMMANDS: usize = 12;

/// More options than these are counted.
const MAX_OPTIONS: usize = 10;

/// A longer default says little in a list.
const MAX_DEFAULT: usize = 40;

/// Functions of parsers that read the arguments of the process.
const OF_PROCESS: &[&str] = &["parse", "try_parse", "get_matches", "try_get_matches", "from_args", "from_args_safe"];
/// Functions of parsers that are handed what they read.
const OF_TEXTS: &[&str] = &["parse_from", "try_parse_from", "get_matches_from", "try_get_matches_from", "try_get_matches_from_mut"];
/// Derives that make a whole command line.
const WHOLE: &[&str] = &["Parser", "StructOpt"];
/// The arguments of the process.
const ARGUMENTS: &[&str] = &["args", "args_os"];

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

/// The options of a command line that functions of a crate put together call by call: `Arg::new("port").default_value("80")`.
pub(super) fn put_together(cx: &Cx<'_>, by: DefId) -> Option<Fact> {
    let krate = cx.krate(by);
    let mut options: Vec<String> = Vec::new();
    let of_command_lines = cx.bodies().filter(|body| !body.command_options.is_empty() && cx.krate(body.def) == krate);
    for option in of_command_lines.flat_map(|body| &body.command_options) {
        let default = option.default.as_ref().map(|default| cx.flow.settle(cx.world, default));
        let default = default.and_then(|settled| settled.value.filter(|_| !settled.secret && !is_secret_name(&option.id)));
        let told = match default.map(|value| value.to_string()).filter(|text| is_plain_default(text)) {
            Some(default) => format!("{} (default {default})", option.shown),
            None => option.shown.to_string(),
        };
        if !options.contains(&told) {
            options.push(told);
        }
    }
    joined(&options).map(|options| Cx::plain_fact("options", options))
}

/// A default that is short, and no expression.
fn is_plain_default(text: &str) -> bool {
    !text.is_empty() && text.chars().count() <= MAX_DEFAULT && !text.contains(['(', '{', '\n'])
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
    // A switch is off unless it is given.
    Some(match default.filter(|text| text != "false" && !is_secret_name(&field.name) && is_plain_default(text)) {
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

/// Whether something else than the arguments of the process is parsed anywhere: words of a message, lines that are typed in.
pub(super) fn parses_texts(cx: &Cx<'_>) -> bool {
    cx.bodies().any(|body| names(body, OF_TEXTS) && !names(body, ARGUMENTS))
}

/// A parser of such texts: its name stands nowhere beside what reads the arguments of the process.
pub(super) fn is_of_texts(cx: &Cx<'_>, id: DefId, depth: u32) -> bool {
    // A part of another command line is what that one is.
    let holders = cx.world.signatures.fields.iter().filter(|(_, ty)| inner(ty) == Some(id)).map(|((of, _), _)| *of);
    let holders: Vec<DefId> = holders.filter(|of| derives(cx.world, *of, WHOLE)).collect();
    if depth < MAX_DEPTH && !holders.is_empty() {
        return holders.into_iter().all(|of| is_of_texts(cx, of, depth + 1));
    }
    let own = cx.world.program.def(id).item.name.as_str();
    !cx.bodies().any(|body| names(body, &[own]) && (names(body, OF_PROCESS) || names(body, ARGUMENTS)))
}

fn names(body: &BodyFacts, all: &[&str]) -> bool {
    all.iter().any(|name| body.names.binary_search_by(|known| known.as_str().cmp(name)).is_ok())
}

/// Whether a derive makes a whole command line, and not a part of one.
pub(super) fn is_whole(path: &str, label: &str) -> bool {
    label == "command line" && path.trim_end_matches(')').rsplit("::").next().is_some_and(|last| WHOLE.contains(&last))
}

#[cfg(test)]
mod tests {
    use super::kebab;
    use crate::detect::surroundings_tests::items;
    use crate::model::Kind;

    #[test]
    fn what_parses_messages_is_no_command_line() {
        let of = |code: &str| {
            let text = format!(
                "use clap::{{CommandFactory, FromArgMatches, Parser}};\n#[derive(Parser)] enum Chat {{ Hello, Bye }}\n\
                 #[derive(Parser)] struct Cli {{ #[arg(long)] port: u16 }}\n{code}\n"
            );
            let items = items(&["clap"], &text);
            let told = items.into_iter().filter(|item| item.summary == "command line").map(|item| item.name.to_string());
            told.filter(|name| matches!(name.as_str(), "Chat" | "Cli")).collect::<Vec<_>>()
        };
        let main = "fn main() { let cli = Cli::parse(); serve(cli.port); }\nfn serve(port: u16) { for line in std::io::stdin().lines() { read(&line.unwrap()); } }\n";
        let read = "fn read(text: &str) { let words = text.split(' '); let chat = Chat::parse_from(words); }";
        assert_eq!(of(&format!("{main}{read}")), ["Cli"]);
        // By a function that parses any.
        let read = "fn read(text: &str) { let chat: Chat = any::<Chat>(text); }\n\
            fn any<T: Parser>(text: &str) -> T { let found = T::command().try_get_matches_from(text.split(' ')).unwrap(); T::from_arg_matches(&found).unwrap() }";
        assert_eq!(of(&format!("{main}{read}")), ["Cli"]);
        // Handed over are the arguments.
        assert_eq!(of("fn main() { let cli = Cli::parse_from(std::env::args_os()); let chat = Chat::parse(); }"), ["Chat", "Cli"]);
        // Who parses it is not seen.
        assert_eq!(of("fn main() { let cli = read::<Cli>(); }"), ["Chat", "Cli"]);
    }

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

    /// A program that asks for what its command line gives.
    fn by_hand(options: &str, asked: &str) -> Vec<crate::model::Item> {
        let text = format!(
            "use clap::{{Arg, Command}};\nconst MOST: usize = 40;\nfn line() -> Command {{ let folder = Arg::new(\"FOLDER\");\n\
             let folder = match option_env() {{ None => folder.required(true), Some(path) => folder.default_value(path) }};\n\
             Command::new(\"shop\").arg(folder){options} }}\n\
             fn option_env() -> Option<&'static str> {{ None }}\n\
             fn main() {{ let given = line().get_matches();\nlet size: usize = {asked};\nlet (_a, _b) = std::sync::mpsc::sync_channel::<u8>(size); }}\n"
        );
        items(&["clap"], &text)
    }

    const SIZE: &str = ".arg(Arg::new(\"size\").long(\"queue-size\").short('q').default_value(\"16\"))";

    #[test]
    fn options_that_are_put_together_by_hand_are_told_as_well() {
        let found = by_hand(&format!("{SIZE}.arg(Arg::new(\"token\").long(\"token\").default_value(\"hunter2\"))"), "9");
        let item = found.iter().find(|item| item.kind == Kind::StartupConfig && item.summary == "command line").unwrap();
        let options = item.facts.iter().find(|fact| fact.key == "options").unwrap();
        assert_eq!(options.value.as_ref().unwrap().to_string(), "<FOLDER>, --queue-size (default 16), --token");
    }

    #[test]
    fn what_the_command_line_gives_is_followed_to_its_option() {
        let bound = |options: &str, asked: &str| {
            let found = by_hand(options, asked);
            let queue = found.into_iter().find(|item| item.kind == Kind::Queue).unwrap();
            let fact = queue.facts.into_iter().find(|fact| fact.key == "capacity").unwrap();
            format!("{} {}", fact.value.map_or_else(|| "?".to_owned(), |value| value.to_string()), fact.from.unwrap_or_default())
        };
        let asked = "*given.get_one(\"size\").unwrap()";
        assert_eq!(bound(SIZE, asked), "16 --queue-size");
        assert_eq!(bound(SIZE, "given.get_one::<usize>(\"size\").copied().unwrap_or(MOST)"), "16 --queue-size");
        assert_eq!(bound(".arg(Arg::new(\"size\").short('q'))", asked), "? -q");
        assert_eq!(bound(".arg(Arg::new(\"size\").short('q'))", "given.get_one::<usize>(\"size\").copied().unwrap_or(MOST)"), "40 -q");
        assert_eq!(bound(".arg(Arg::new(\"size\").long(\"size\").env(\"QUEUE_SIZE\").default_value(\"8\"))", asked), "8 QUEUE_SIZE");
        // Two commands have an option of that name, and each its own default; and nobody has one.
        let two = format!("{SIZE}.subcommand(Command::new(\"b\").arg(Arg::new(\"size\").long(\"queue-size\").default_value(\"4\")))");
        assert!(bound(&two, asked).starts_with("? "), "{}", bound(&two, asked));
        assert!(bound("", asked).starts_with("? "));
    }
}
