//! Entry scripts: what a shell sets, sources and starts before the service runs. Read line by line; nothing is evaluated.

use super::words::split;

/// What an entry script does to the environment of the service.
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
}

/// Reads a script.
pub(super) fn parse(text: &str) -> Script {
    let mut out = Script::default();
    for (at, line) in text.lines().enumerate() {
        let number = u32::try_from(at + 1).unwrap_or(u32::MAX);
        let line = line.trim();
        if line.starts_with('#') {
            continue;
        }
        for part in line.split(';').flat_map(|part| part.split("&&")) {
            command(part.trim(), number, &mut out);
        }
    }
    out
}

fn command(text: &str, line: u32, out: &mut Script) {
    let text = ["then ", "else ", "do "].iter().find_map(|word| text.strip_prefix(word)).unwrap_or(text).trim();
    let (first, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    match first {
        "export" => out.sets.extend(split(&[(line, rest)]).into_iter().filter_map(|word| {
            let (name, value) = word.text.split_once('=')?;
            Some((name.to_owned(), value.to_owned(), line))
        })),
        ":" => out.sets.extend(default_of(rest).map(|(name, value)| (name, value, line))),
        "umask" if !rest.is_empty() && !rest.starts_with('-') => out.umask = Some((unquoted(rest), line)),
        "." | "source" => out.sources.extend(rest.split_whitespace().next().map(|path| (unquoted(path), line))),
        "exec" => out.execs.extend(split(&[(line, rest)]).into_iter().map(|word| word.text)),
        _ => {}
    }
}

/// `"${NAME:=value}"`.
fn default_of(text: &str) -> Option<(String, String)> {
    let inner = text.trim().trim_matches('"').strip_prefix("${")?.strip_suffix('}')?;
    let (name, value) = inner.split_once(":=").or_else(|| inner.split_once('='))?;
    name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_').then(|| (name.to_owned(), unquoted(value)))
}

fn unquoted(text: &str) -> String {
    text.trim().trim_matches(|c| c == '"' || c == '\'').to_owned()
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
}
