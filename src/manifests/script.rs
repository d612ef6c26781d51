//! Entry scripts: what a shell sets, sources, makes and starts before the service runs. Read command by command; nothing is
//! evaluated.

use std::collections::BTreeMap;

use super::shell::{Command, commands};

/// What a script does before the service runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Script {
    /// Variables with their values and lines: `export A=1`, `: "${A:=1}"`.
    pub(super) sets: Vec<(String, String, u32)>,
    /// Files whose assignments join the environment.
    pub(super) sources: Vec<(String, u32)>,
    /// What the mask of new files is set to.
    pub(super) umask: Option<(String, u32)>,
    /// What it becomes.
    pub(super) execs: Vec<String>,
    /// Folders and files that it makes, with their lines.
    pub(super) makes: Vec<(String, u32)>,
    /// Every command that is none of the shell's.
    pub(super) runs: Vec<Command>,
}

/// Programs that bring a schema up to date, with the word that says so.
const MIGRATORS: &[(&str, &[&str])] = &[
    ("sqlx", &["migrate", "database"]),
    ("sqlx-cli", &["migrate"]),
    ("diesel", &["migration", "setup", "database"]),
    ("sea-orm-cli", &["migrate"]),
    ("refinery", &["migrate"]),
    ("dbmate", &["up", "migrate"]),
    ("flyway", &["migrate"]),
    ("goose", &["up"]),
    ("migrate", &["up"]),
    ("atlas", &["apply"]),
    ("graphile-migrate", &["migrate"]),
    ("liquibase", &["update"]),
];

/// Whether a command brings a schema up to date with a well-known tool.
pub(super) fn migrates(words: &[String]) -> bool {
    let Some((program, arguments)) = words.split_first() else { return false };
    let program = program.rsplit('/').next().unwrap_or(program);
    let (program, arguments) = match arguments.split_first() {
        Some((second, rest)) if program == "cargo" => (second.as_str(), rest),
        _ => (program, arguments),
    };
    MIGRATORS.iter().any(|(name, verbs)| *name == program && arguments.iter().any(|word| verbs.contains(&word.as_str())))
}

/// Reads a script.
pub(super) fn parse(text: &str) -> Script {
    let mut out = Script::default();
    let mut own: BTreeMap<String, String> = BTreeMap::new();
    for command in commands(text, 1) {
        // Set for the script itself; what is set again, or put together, may be anything.
        if command.words.is_empty() {
            for (name, value) in &command.sets {
                let value = if own.contains_key(name) || value.contains(['$', '`']) { String::new() } else { value.clone() };
                own.insert(name.clone(), value);
            }
        }
        read(command, &mut out);
    }
    for (path, _) in &mut out.makes {
        if let Some(filled) = filled(path, &own) {
            *path = filled;
        }
    }
    out.makes.retain(|(path, _)| is_place(path));
    out
}

/// A path that begins with a variable of the script itself.
fn filled(path: &str, own: &BTreeMap<String, String>) -> Option<String> {
    let after = path.strip_prefix('$')?;
    let (name, rest) = match after.strip_prefix('{') {
        Some(braced) => braced.split_once('}')?,
        None => after.split_at(after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len())),
    };
    own.get(name).filter(|value| !value.is_empty()).map(|value| format!("{value}{rest}"))
}

fn read(command: Command, out: &mut Script) {
    let line = command.line;
    out.makes.extend(command.writes.iter().filter(|path| is_place(path)).map(|path| (path.clone(), line)));
    let Some((program, arguments)) = command.words.split_first() else { return };
    match program.as_str() {
        "export" => out.sets.extend(arguments.iter().filter_map(|word| {
            let (name, value) = word.split_once('=')?;
            Some((name.to_owned(), value.to_owned(), line))
        })),
        ":" => out.sets.extend(arguments.iter().filter_map(|word| default_of(word)).map(|(name, value)| (name, value, line))),
        "umask" => out.umask = arguments.first().filter(|mask| !mask.starts_with('-')).map(|mask| (mask.clone(), line)),
        "." | "source" => out.sources.extend(arguments.first().map(|path| (path.clone(), line))),
        "exec" => out.execs.extend(arguments.iter().cloned()),
        _ => {
            out.makes.extend(made(program, arguments).into_iter().map(|path| (path, line)));
            out.runs.push(command);
        }
    }
}

/// Folders and files that a command makes.
pub(super) fn made(program: &str, arguments: &[String]) -> Vec<String> {
    let plain = || {
        // The mode of `-m 755` is no folder.
        let mut before = "";
        let keep = arguments.iter().filter(move |word| {
            let value = matches!(std::mem::replace(&mut before, word), "-m" | "--mode" | "-o" | "-g");
            !word.starts_with('-') && !value
        });
        keep.filter(|word| is_place(word)).cloned().collect::<Vec<String>>()
    };
    match program.rsplit('/').next().unwrap_or(program) {
        "mkdir" | "touch" => plain(),
        "install" if arguments.iter().any(|word| word.starts_with("-d") || word == "--directory") => plain(),
        "cp" | "ln" | "mv" | "rsync" => plain().into_iter().next_back().into_iter().collect(),
        "tee" => plain(),
        _ => Vec::new(),
    }
}

/// Whether a word is a place that can be told: an absolute path, or a variable; no device.
fn is_place(path: &str) -> bool {
    (path.starts_with('/') || path.starts_with("${") || path.starts_with('$') && !path.starts_with("$(")) && {
        let of_system = ["/dev/", "/proc/", "/sys/"].iter().any(|root| path.starts_with(root));
        !of_system && path.len() > 1
    }
}

/// `${NAME:=value}`.
fn default_of(text: &str) -> Option<(String, String)> {
    let inner = text.trim().strip_prefix("${")?.strip_suffix('}')?;
    let (name, value) = inner.split_once(":=").or_else(|| inner.split_once('='))?;
    name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_').then(|| (name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_script_leaves_behind_is_read_and_the_rest_is_not() {
        let script = parse(
            "#!/bin/sh\n# export NOT=1\nif [ -n \"${UMASK}\" ]; then\n  umask \"${UMASK}\"\nfi\n: \"${DATA:=\"/data\"}\"\nexport A=1 B='x y'\n. /etc/shop.sh\nlocal c=2\nexec /shop \"$@\"\n",
        );
        assert_eq!(script.sets, [("DATA".into(), "/data".into(), 6), ("A".into(), "1".into(), 7), ("B".into(), "x y".into(), 7)]);
        assert_eq!(script.umask, Some(("${UMASK}".into(), 4)));
        assert_eq!(script.sources, [("/etc/shop.sh".into(), 8)]);
        assert_eq!(script.execs[0], "/shop");
    }

    #[test]
    fn folders_and_files_that_it_makes_are_told_and_devices_are_not() {
        let script = parse(
            "mkdir -p -m 755 /data/up \"${CACHE}\"\nmkdir here\ninstall -d -o shop /var/lib/shop\ninstall x /usr/bin/x\ncp -n /defaults/* /config\necho x > /dev/null\nenvsubst < /a.tpl > /etc/shop.toml\n",
        );
        let paths: Vec<(&str, u32)> = script.makes.iter().map(|(path, line)| (path.as_str(), *line)).collect();
        assert_eq!(paths, [("/data/up", 1), ("${CACHE}", 1), ("/var/lib/shop", 3), ("/config", 5), ("/etc/shop.toml", 7)]);
    }

    #[test]
    fn a_variable_of_the_script_itself_is_told_as_what_it_is_set_to() {
        let script = parse(
            "CONFIG=/data/shop.toml\nCACHE=/tmp/a\nCACHE=/tmp/b\nHERE=here\ncp /shop.toml $CONFIG\nmkdir -p \"${CONFIG}.d\" \"$CACHE/x\" $DATA $HERE/y\n",
        );
        let paths: Vec<&str> = script.makes.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(paths, ["/data/shop.toml", "/data/shop.toml.d", "$CACHE/x", "$DATA"]);
    }

    #[test]
    fn tools_that_migrate_are_known_by_what_they_are_told() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        for text in ["sqlx migrate run", "cargo sqlx migrate run", "/usr/bin/diesel migration run", "sea-orm-cli migrate up"] {
            assert!(migrates(&words(text)), "{text}");
        }
        for text in ["sqlx prepare", "diesel print-schema", "shop migrate", "echo sqlx migrate"] {
            assert!(!migrates(&words(text)), "{text}");
        }
    }
}
