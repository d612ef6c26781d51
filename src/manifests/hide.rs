//! Values that never leave: what is named like a secret, what holds one, what looks like one.

use crate::diag::looks_secret;
use crate::merge::redact;

/// Shown in place of a value.
pub(crate) const HIDDEN: &str = redact::HIDDEN;

/// Options of well-known programs after which a password stands, though their names do not say so.
const SECRET_OPTIONS: &[&str] = &["--requirepass", "--masterauth", "-u", "--user", "-H", "--header"];

/// At most so much of a value is shown.
const MAX_SHOWN: usize = 200;

/// The value of a key, as it may be shown.
pub(super) fn value(key: &str, value: &str) -> String {
    if value.is_empty() {
        return String::new();
    }
    // `${DB_PASSWORD}` and `/run/secrets/db` say where a secret is, not what it is.
    let points = reference(value).is_some_and(|default| default.is_empty()) || is_path_of_secret(key, value);
    if (looks_secret(key) && !points && !is_plain_word(value)) || is_secret(value) {
        return HIDDEN.to_owned();
    }
    // What is in a file has keys of its own, and some may be secret.
    if value.trim_end().contains('\n') || names_a_file(key) {
        let lines = value.trim_end().lines().count();
        return if lines == 1 { "a file of one line".to_owned() } else { format!("a file of {lines} lines") };
    }
    shown(value)
}

/// `app.toml`, as the key of a ConfigMap.
fn names_a_file(key: &str) -> bool {
    let ending = key.rsplit_once('.').map_or("", |(_, ending)| ending);
    matches!(
        ending,
        "toml" | "yaml" | "yml" | "json" | "json5" | "ini" | "conf" | "cfg" | "env" | "properties" | "xml" | "ron" | "sh" | "sql"
    )
}

/// `LOG=info` where the value is short and may be shown, else the name.
pub(super) fn assignment(key: &str, text: &str) -> String {
    const SHORT: usize = 40;
    let shown = value(key, text);
    let plain = !shown.is_empty() && shown != HIDDEN && shown.chars().count() <= SHORT && !shown.contains('…') && !shown.contains("${");
    if plain { format!("{key}={shown}") } else { key.to_owned() }
}

/// Whether a value of a key is one that must be hidden.
pub(crate) fn hides(key: &str, text: &str) -> bool {
    value(key, text) == HIDDEN
}

/// Whether an address in a text holds a password: `postgres://app:hunter2@db`; not one that is filled in later.
pub(super) fn has_password(text: &str) -> bool {
    let Some((_, rest)) = text.split_once("://") else { return false };
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let user = authority.rsplit_once('@').and_then(|(user, _)| user.split_once(':'));
    user.is_some_and(|(_, password)| !password.is_empty() && !password.starts_with('$'))
}

/// A text in which nothing secret is left: a command, an address, a name.
pub(crate) fn text(value: &str) -> String {
    if is_secret(value) && !value.contains("://") { HIDDEN.to_owned() } else { shown(value) }
}

/// The words of a command, with the values of secret options hidden.
pub(super) fn command(words: &[&str]) -> String {
    within(words, 0)
}

/// A command line within another one.
fn within(words: &[&str], depth: usize) -> String {
    let mut out: Vec<String> = Vec::new();
    let mut hide_next = false;
    let programs = words.join(" ");
    for word in words {
        // What follows a secret option is one argument, whatever is in it.
        if std::mem::take(&mut hide_next) {
            out.push(HIDDEN.to_owned());
            continue;
        }
        for piece in pieces(word) {
            let said = if std::mem::take(&mut hide_next) { HIDDEN.to_owned() } else { argument(piece, &programs, &mut hide_next, depth) };
            out.push(said);
        }
    }
    cut(&out.join(" "))
}

/// Command lines stand in each other at most so deep.
const MAX_QUOTES: usize = 4;

/// One argument, and whether the next one is hidden.
fn argument(word: &str, programs: &str, hide_next: &mut bool, depth: usize) -> String {
    let bare = word.trim_matches(|c| matches!(c, '"' | '\'' | ';' | '`'));
    if bare.contains(char::is_whitespace) {
        // A text of its own: `sh -c "…"`, `'Authorization: Bearer …'`.
        let inner = if bare.len() < word.len() { vec![bare] } else { bare.split_whitespace().collect() };
        let said = if depth < MAX_QUOTES { within(&inner, depth + 1) } else { HIDDEN.to_owned() };
        let quote = word.chars().next().filter(|c| matches!(c, '"' | '\'') && word.ends_with(*c));
        return quote.map_or_else(|| said.clone(), |quote| format!("{quote}{said}{quote}"));
    }
    if let Some((name, value)) = bare.split_once(['=', ':']).filter(|(name, value)| is_name(name) && !value.starts_with("//")) {
        let sign = if bare[name.len()..].starts_with('=') { "=" } else { ":" };
        if !value.is_empty() && (looks_secret(name) || SECRET_OPTIONS.contains(&name)) {
            return format!("{name}{sign}{HIDDEN}");
        }
        // `password: …`; the scheme of a header comes before its secret.
        *hide_next = value.is_empty() && looks_secret(name) && !name.eq_ignore_ascii_case("authorization");
        return word_text(word);
    }
    if bare.len() > 2 && bare.starts_with("-p") && (programs.contains("mysql") || programs.contains("mariadb")) {
        return format!("-p{HIDDEN}");
    }
    let option = bare.starts_with('-') && (looks_secret(bare) || SECRET_OPTIONS.contains(&bare));
    let scheme = matches!(bare.to_ascii_lowercase().as_str(), "bearer" | "basic");
    *hide_next = (option && !bare.contains('=')) || scheme || is_short_secret(bare, programs);
    word_text(word)
}

/// Splits at white space outside of quotes; the quotes stay.
fn pieces(text: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let (mut start, mut quote): (Option<usize>, Option<char>) = (None, None);
    for (at, c) in text.char_indices() {
        match quote {
            Some(end) if c == end => quote = None,
            Some(_) => {}
            None if c == '"' || c == '\'' => quote = Some(c),
            None if c.is_whitespace() => {
                out.extend(start.take().map(|start| &text[start..at]));
                continue;
            }
            None => {}
        }
        start = start.or(Some(at));
    }
    out.extend(start.map(|start| &text[start..]));
    out
}

fn word_text(word: &str) -> String {
    if is_secret(word) && !word.contains("://") { HIDDEN.to_owned() } else { redact::text(word) }
}

/// Short options after which a password stands: `curl -fu user:password`, `redis-cli -a password`.
fn is_short_secret(option: &str, programs: &str) -> bool {
    let short = option.len() >= 2 && option.starts_with('-') && !option.starts_with("--");
    let of = |program: &str, letter: char| programs.contains(program) && option.ends_with(letter);
    short && (of("curl", 'u') || of("redis-cli", 'a') || of("mongo", 'p') || of("mysql", 'p') || of("mariadb", 'p') || of("sqlcmd", 'P'))
}

/// `--password`, `PGPASSWORD`, `requirepass`.
fn is_name(word: &str) -> bool {
    !word.is_empty() && word.len() <= 64 && word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

/// The default of `${NAME:-default}`; empty for `${NAME}`, `$NAME` and `{{ … }}`; none when it is no reference.
pub(super) fn reference(value: &str) -> Option<&str> {
    let value = value.trim();
    if value.starts_with("{{") && value.ends_with("}}") && !value.contains('"') {
        return Some("");
    }
    let inner = value.strip_prefix('$')?;
    if let Some(inner) = inner.strip_prefix('{').and_then(|inner| inner.strip_suffix('}')) {
        let end = inner.find([':', '-', '?', '+']).unwrap_or(inner.len());
        let (name, rest) = inner.split_at(end);
        let rest = rest.trim_start_matches(':');
        let default = rest.strip_prefix('-').or_else(|| rest.strip_prefix('+')).unwrap_or_default();
        return is_name(name).then_some(default);
    }
    is_name(inner).then_some("")
}

/// `SECRET_KEY_FILE=/run/secrets/key`: a path to a secret. A value with a path in it that names no file stays hidden.
fn is_path_of_secret(key: &str, value: &str) -> bool {
    let names_path = {
        let key = key.to_ascii_lowercase();
        ["file", "path", "dir", "folder", "filename"].iter().any(|word| key.ends_with(word))
    };
    let is_path = value.starts_with('/') && value.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-'));
    is_path && (names_path || value.starts_with("/run/secrets/") || value.starts_with("/etc/"))
}

/// `true`, `30`, `off`: too little to be a secret, and worth to know.
fn is_plain_word(value: &str) -> bool {
    matches!(value, "true" | "false" | "yes" | "no" | "on" | "off") || (value.len() <= 3 && value.bytes().all(|byte| byte.is_ascii_digit()))
}

/// An option after which a secret stands, of any program, or of those that the line names.
pub(crate) fn is_secret_option(word: &str, line: &str) -> bool {
    SECRET_OPTIONS.contains(&word) || is_short_secret(word, line)
}

/// A key in PEM, or a part that only a machine writes: long, with capitals, small letters and digits, or long hexadecimal.
pub(crate) fn is_secret(value: &str) -> bool {
    value.contains("PRIVATE KEY-----")
        || (!value.contains("sha256:") && value.split(|c: char| !c.is_ascii_alphanumeric() && c != '+' && c != '=').any(is_random))
}

fn is_random(part: &str) -> bool {
    let part = part.trim_matches('=');
    let has = |test: fn(&u8) -> bool| part.bytes().filter(test).count();
    let (digits, upper, lower) = (has(u8::is_ascii_digit), has(u8::is_ascii_uppercase), has(u8::is_ascii_lowercase));
    let hexadecimal = part.len() >= 32 && part.bytes().all(|byte| byte.is_ascii_hexdigit()) && digits >= 4 && upper + lower >= 4;
    let mixed = part.len() >= 20 && digits >= 2 && upper >= 2 && lower >= 2;
    hexadecimal || mixed
}

fn shown(value: &str) -> String {
    cut(&redact::text(value.trim()))
}

/// One line, not too long.
fn cut(text: &str) -> String {
    let line: Vec<&str> = text.split_whitespace().collect();
    let line = line.join(" ");
    match line.char_indices().nth(MAX_SHOWN) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_secret_names_and_values_that_look_secret_are_hidden() {
        for (key, secret) in [
            ("POSTGRES_PASSWORD", "hunter2"),
            ("API_KEY", "hunter2"),
            ("API_KEY", "${API_KEY:-hunter2}"),
            ("URL", "x?sig=aB3dE5fG7hJ9kL1mN3pQ5rS7"),
            ("SALT", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
            ("PEM", "-----BEGIN PRIVATE KEY-----\nhunter2"),
            ("TOKEN_FILE", "hunter2"),
        ] {
            assert_eq!(value(key, secret), HIDDEN, "{key}={secret}");
        }
        assert_eq!(value("DATABASE_URL", "postgres://app:hunter2@db/shop"), "postgres://…@db/shop");
    }

    #[test]
    fn what_only_points_at_a_secret_and_plain_values_stay() {
        for (key, plain) in [
            ("POSTGRES_PASSWORD", "${POSTGRES_PASSWORD}"),
            ("TLS_KEY_FILE", "/etc/tls/tls.key"),
            ("TOKEN_TTL_ENABLED", "true"),
            ("RUST_LOG", "info,shop_api=debug"),
            ("IMAGE", "registry.example.com/platform/secret-refresher:1.14.2"),
            ("PATH", "/opt/service/configuration/production-eu-central-1"),
        ] {
            assert_eq!(value(key, plain), plain, "{key}");
        }
    }

    #[test]
    fn commands_lose_their_passwords_and_nothing_else() {
        for line in [
            "redis-server --requirepass hunter2",
            "run --token=hunter2",
            "PGPASSWORD=hunter2 pg_isready",
            "mysqladmin ping -phunter2",
            "curl -u admin:hunter2 http://x/health",
            "curl -fsu admin:hunter2 http://x/health",
            "curl --user=admin:hunter2 http://x/health",
            "redis-cli -a hunter2 ping",
            "mongosh -u root -p hunter2 --eval 1",
            "curl http://admin:hunter2@x/health",
            "wget --header Authorization:hunter2 x",
            "curl -H 'Authorization: Bearer hunter2' http://x",
            "sh -c 'curl -H \"X-Api-Key: hunter2\" http://x'",
            "echo Authorization: Basic hunter2",
            "run --password 'hunter2 hunter2'",
            "run --password 'hunter2 hunter2",
            "run a\"b --password hunter2\"c",
        ] {
            let shown = command(&[line]);
            assert!(!shown.contains("hunter2"), "{shown}");
        }
        assert_eq!(command(&["sh -c 'curl -u a:hunter2 x'"]), "sh -c 'curl -u (set, hidden) x'");
        let plain = "curl --silent --fail http://localhost:3000/health || exit 1";
        assert_eq!(command(&[plain]), plain);
        assert_eq!(command(&["postgres", "-c", "max_connections=200"]), "postgres -c max_connections=200");
    }
}
