//! What a snippet must not show: the values of keys that look secret, user parts of addresses, private keys.
//!
//! Works on text, not on syntax: the files shown may be broken. Where it is in doubt, it hides.

use std::ops::Range;

use super::redact_rust::hidden_in_rust;
use crate::manifests::hide::{is_secret as looks_random, is_secret_option};

/// What stands in the place of hidden text.
pub(super) const HIDDEN: &str = "[hidden]";

/// Parts of names that make the whole name secret.
pub(crate) const SECRET_PARTS: &[&str] =
    &["password", "passwd", "passphrase", "passcode", "secret", "token", "credential", "apikey", "privatekey", "dsn", "connectionstring"];

/// Words that make a name secret when they stand alone between `_`, `-`, `.` or humps.
pub(crate) const SECRET_WORDS: &[&str] =
    &["pwd", "pass", "key", "keys", "cred", "creds", "bearer", "authorization", "jwt", "hmac", "salt", "pin"];

/// Whether the value of a key or variable with this name is likely to be a secret.
#[must_use]
pub fn looks_secret(key: &str) -> bool {
    // A key of `statemap.toml` itself.
    if key == "require_keys" {
        return false;
    }
    let letters: String = key.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    if SECRET_PARTS.iter().any(|part| letters.contains(part)) {
        return true;
    }
    name_words(key).iter().any(|word| SECRET_WORDS.contains(&word.as_str()))
}

/// The words of a name, in lower case: between `_`, `-`, `.` and at humps.
pub(crate) fn name_words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut before = ' ';
    for c in name.chars().chain([' ']) {
        if !word.is_empty() && (!c.is_ascii_alphanumeric() || c.is_ascii_uppercase() && before.is_ascii_lowercase()) {
            words.push(std::mem::take(&mut word));
        }
        if c.is_ascii_alphanumeric() {
            word.push(c.to_ascii_lowercase());
        }
        before = c;
    }
    words
}

/// Keys of manifests below which the names of secrets stand, not their values.
const REFERENCES: &[&str] = &["secretKeyRef", "secretRef", "secretName", "configMapKeyRef", "imagePullSecrets"];

/// `value: …` is hidden within so many lines after `name: DB_PASSWORD`.
const REACH_OF_NAME: u32 = 4;

/// So much of a value is looked at as a name.
const MAX_NAME: usize = 64;

/// So much of an address may be its user part.
const MAX_ADDRESS: usize = 512;

/// What hides the lines that follow.
enum Region {
    /// Until this text.
    Until(&'static str),
    /// Until so many brackets are closed.
    Brackets(i32),
    /// Lines that are indented more.
    Indent(usize),
}

/// The parts of a file that must not be shown; sorted, without overlap.
pub(super) fn hidden_parts(file: &str, text: &str) -> Vec<Range<usize>> {
    if file.ends_with(".rs") {
        return hidden_in_rust(text);
    }
    let is_sql = file.ends_with(".sql");
    let mut scan = Scan { is_sql, is_yaml: file.ends_with(".yaml") || file.ends_with(".yml"), ..Scan::default() };
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let words = line.trim_end_matches(['\r', '\n']);
        scan.line(start, words);
        start += line.len();
    }
    scan.hidden
}

#[derive(Default)]
struct Scan {
    is_yaml: bool,
    region: Option<Region>,
    /// A TOML or INI header that looks secret stands above.
    secret_section: bool,
    /// `kind: Secret` was read in this YAML document.
    secret_document: bool,
    /// In so many lines more, `value: …` is hidden: `name: DB_PASSWORD` was read.
    named: u32,
    is_sql: bool,
    /// A statement of SQL that speaks of a secret has not ended yet.
    secret_statement: bool,
    /// What stands in deeper than this names a secret and is none.
    reference: Option<usize>,
    /// The line above is an option, in a list, whose value is secret.
    option_above: bool,
    hidden: Vec<Range<usize>>,
}

impl Scan {
    fn line(&mut self, start: usize, line: &str) {
        let indent = line.len() - line.trim_start().len();
        if self.still_hidden(line, indent) {
            self.hide(start + indent..start + line.len());
            return;
        }
        if line.contains("-----BEGIN ") {
            self.hide(start + indent..start + line.len());
            self.region = (!line.contains("-----END ")).then_some(Region::Until("-----END "));
            return;
        }
        if self.is_sql {
            self.statement(start, line);
            return;
        }
        // The line above was `- --password` of a list.
        if std::mem::take(&mut self.option_above) && !line.trim().is_empty() {
            self.hide(start + indent..start + line.len());
            return;
        }
        self.option_above = is_lone_option(line);
        if let Some(from) = self.secret_value(line) {
            self.hide_userinfo(start, &line[..from]);
            self.hide(start + from..start + line.len());
            self.region = continues(&line[from..]).or((self.is_yaml).then_some(Region::Indent(indent)));
            return;
        }
        self.hide_userinfo(start, line);
        self.hide_random(start, line);
    }

    /// Whether the line belongs to a value that began above; closes the region.
    fn still_hidden(&mut self, line: &str, indent: usize) -> bool {
        let (hidden, region) = match self.region.take() {
            None => (false, None),
            Some(Region::Until(end)) => (true, (!line.contains(end)).then_some(Region::Until(end))),
            Some(Region::Brackets(open)) => {
                let open = open + brackets(line);
                (true, (open > 0).then_some(Region::Brackets(open)))
            }
            Some(Region::Indent(least)) => {
                let inside = line.trim().is_empty() || indent > least;
                (inside, inside.then_some(Region::Indent(least)))
            }
        };
        self.region = region;
        hidden
    }

    /// The offset from which the value of a secret-looking key starts.
    fn secret_value(&mut self, line: &str) -> Option<usize> {
        let words = line.trim();
        if words.starts_with("---") {
            self.secret_document = false;
        }
        if words.starts_with('[') && words.ends_with(']') && !self.is_yaml {
            self.secret_section = looks_secret(words);
        }
        self.named = self.named.saturating_sub(1);
        if self.reference.is_some_and(|indent| indent_of(line) <= indent) {
            self.reference = None;
        }
        for (at, separator) in line.char_indices().filter(|(_, c)| matches!(c, '=' | ':' | ' ')) {
            // Of several blanks only the last one: each costs a look at those before it.
            if separator == ' ' && line[at + 1..].starts_with(' ') {
                continue;
            }
            let (start, key) = name_before(&line[..at]);
            let value = at + separator.len_utf8();
            let rest = line[value..].trim_start();
            if key.is_empty() || rest.is_empty() && separator == ' ' {
                continue;
            }
            let from = line.len() - rest.len();
            if separator == ' ' {
                // `ENV DB_PASSWORD …`, `--password …`: no sign between name and value.
                let before = line[..start].trim_end();
                let option = key.starts_with('-') && (looks_secret(key) || is_secret_option(key, line));
                let named = (before.ends_with("ENV") || before.ends_with("ARG")) && looks_secret(key);
                if (option || named) && !rest.starts_with(['=', ':']) {
                    return Some(from);
                }
                continue;
            }
            self.secret_document |= key == "kind" && rest.strip_prefix("Secret").is_some_and(|more| more.trim().is_empty());
            let by_name = key.eq_ignore_ascii_case("value") && self.named > 0;
            let by_document = self.secret_document && matches!(key, "data" | "stringData");
            if REFERENCES.contains(&key) {
                self.reference = rest.is_empty().then_some(indent_of(line));
                continue;
            }
            let by_reference = self.reference.is_some_and(|indent| indent_of(line) > indent) && matches!(key, "name" | "key" | "optional");
            if by_reference {
                continue;
            }
            if looks_secret(key) || by_name || by_document || self.secret_section {
                self.named = 0;
                return Some(from);
            }
            if key.eq_ignore_ascii_case("name") {
                self.named = if looks_secret(&rest[..rest.floor_char_boundary(MAX_NAME)]) { REACH_OF_NAME } else { 0 };
            }
        }
        None
    }

    fn hide(&mut self, range: Range<usize>) {
        if !range.is_empty() {
            self.hidden.push(range);
        }
    }

    fn hide_userinfo(&mut self, start: usize, line: &str) {
        for range in userinfo(line) {
            self.hide(start + range.start..start + range.end);
        }
    }

    /// A line of SQL: the texts of a statement are hidden from where a name in it looks secret.
    fn statement(&mut self, start: usize, line: &str) {
        let names = line.split('\'').step_by(2).flat_map(|part| part.split(|c: char| !c.is_ascii_alphanumeric() && c != '_'));
        self.secret_statement |= names.into_iter().any(|name| name.len() <= MAX_NAME && looks_secret(name));
        if self.secret_statement {
            let mut at = start;
            for (number, part) in line.split('\'').enumerate() {
                if number % 2 == 1 {
                    self.hide(at..at + part.len());
                }
                at += part.len() + 1;
            }
        } else {
            self.hide_userinfo(start, line);
            self.hide_random(start, line);
        }
        self.secret_statement &= !line.trim_end().ends_with(';');
    }

    /// Words that only a machine writes.
    fn hide_random(&mut self, start: usize, line: &str) {
        if !looks_random(line) {
            return;
        }
        let mut at = start;
        for word in line.split_inclusive(char::is_whitespace) {
            let end = at + word.trim_end().len();
            let known = self.hidden.iter().rev().take(8).any(|range| range.start < end && at < range.end);
            if !known && looks_random(word) {
                self.hide(at..end);
            }
            at += word.len();
        }
        self.hidden.sort_by_key(|range| range.start);
    }
}

/// `- --password` or `"--requirepass",`: an option by itself, whose value is in the next line.
fn is_lone_option(line: &str) -> bool {
    let word = line.trim().trim_start_matches("- ").trim_matches(|c| matches!(c, '"' | '\'' | ',' | '[' | ' '));
    word.starts_with('-') && !word.contains([' ', '=']) && (looks_secret(word) || is_secret_option(word, ""))
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// The name that ends a piece of text, without quotes, and its offset.
fn name_before(text: &str) -> (usize, &str) {
    let text = text.trim_end().trim_end_matches(['"', '\'', ',']);
    let other = |c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '-' | '.');
    let start = text.char_indices().rfind(|(_, c)| other(*c)).map_or(0, |(at, c)| at + c.len_utf8());
    (start, &text[start..])
}

/// How a value goes on in the next line, if it does.
fn continues(value: &str) -> Option<Region> {
    for quotes in ["\"\"\"", "'''"] {
        if let Some(rest) = value.strip_prefix(quotes) {
            return (!rest.contains(quotes)).then_some(Region::Until(quotes));
        }
    }
    for quote in ["\"", "'"] {
        if let Some(rest) = value.strip_prefix(quote) {
            return (!rest.contains(quote)).then_some(Region::Until(quote));
        }
    }
    let open = brackets(value);
    (open > 0).then_some(Region::Brackets(open))
}

fn brackets(text: &str) -> i32 {
    text.bytes().fold(0, |open, byte| match byte {
        b'[' | b'{' | b'(' => open + 1,
        b']' | b'}' | b')' => open - 1,
        _ => open,
    })
}

/// `user:password` of each address `scheme://user:password@host`.
pub(super) fn userinfo(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut after = 0;
    for (at, separator) in text.match_indices("://") {
        let start = at + separator.len();
        if start < after {
            continue;
        }
        let address = &text[start..];
        let address = &address[..address.floor_char_boundary(MAX_ADDRESS)];
        let address =
            &address[..address.find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '<' | '>')).unwrap_or(address.len())];
        let host = &address[..address.find('/').unwrap_or(address.len())];
        // `shop:pa/ss@db`: what stands after the colon is no port, so the slash belongs to the password.
        let odd_port = host.split_once(':').is_some_and(|(_, port)| !port.is_empty() && !port.bytes().all(|byte| byte.is_ascii_digit()));
        let sign = host.rfind('@').or_else(|| address.rfind('@').filter(|_| odd_port));
        if let Some(sign) = sign.filter(|sign| *sign > 0) {
            found.push(start..start + sign);
            after = start + sign;
        }
    }
    found
}

/// A text with the user part of its addresses replaced.
pub(super) fn without_userinfo(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for range in userinfo(text) {
        out.push_str(&text[at..range.start]);
        out.push_str(HIDDEN);
        at = range.end;
    }
    out.push_str(&text[at..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text as it would be shown.
    fn shown(file: &str, text: &str) -> String {
        let mut out = String::new();
        let mut at = 0;
        for range in hidden_parts(file, text) {
            assert!(range.start >= at, "parts are sorted and do not overlap");
            out.push_str(&text[at..range.start]);
            out.push_str(HIDDEN);
            at = range.end;
        }
        out + &text[at..]
    }

    #[test]
    fn names_that_look_secret_and_names_that_do_not() {
        for secret in [
            "password",
            "DB_PASSWORD",
            "dbPassword",
            "api_key",
            "API-KEY",
            "apikey",
            "auth.token",
            "clientSecret",
            "SENTRY_DSN",
            "x-pwd",
            "key",
            "credentials",
        ] {
            assert!(looks_secret(secret), "{secret}");
        }
        for plain in ["owner", "max_connections", "keyspace", "monkey", "passenger", "compass", "summary", "on_loss", "id", "pinned"] {
            assert!(!looks_secret(plain), "{plain}");
        }
    }

    #[test]
    fn every_way_to_write_a_secret_hides_it() {
        for (file, text) in [
            ("a.toml", "password = \"hunter2\"\n"),
            ("a.toml", "db = { user = \"shop\", password = \"hunter2\" }\n"),
            ("a.toml", "private_key = \"\"\"\nhunter2\nhunter2\n\"\"\"\n"),
            ("a.toml", "tokens = [\n  \"hunter2\",\n  \"hunter2\",\n]\n"),
            ("a.toml", "[service.secrets]\nstripe = \"hunter2\"\n"),
            ("a.json", "{\"apiKey\": \"hunter2\"}\n"),
            ("a.json", "{\"name\": \"DB_PASSWORD\", \"value\": \"hunter2\"}\n"),
            (".env", "export STRIPE_SECRET=hunter2\n"),
            (".env", "DATABASE_URL=postgres://shop:hunter2@db:5432/shop\n"),
            (".env", "PEM=\"-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\"\n"),
            ("a.yaml", "password: |\n  hunter2\n\n  hunter2\n"),
            ("a.yaml", "password:\n  - hunter2\n"),
            ("a.yaml", "env:\n  - name: DB_PASSWORD\n    value: hunter2\n"),
            ("a.yaml", "secretKeyRef:\n  name: shop\nkey: hunter2\n"),
            ("a.yaml", "- { secretName: shop, password: hunter2 }\n"),
            ("a.yaml", "kind: Secret\nmetadata:\n  name: shop\ndata:\n  stripe: hunter2\n"),
            ("a.yaml", "command: [\"run\", \"--password\", \"hunter2\"]\n"),
            ("Dockerfile", "ENV DB_PASSWORD hunter2\n"),
            ("Dockerfile", "CMD run --token hunter2\n"),
            ("Dockerfile", "CMD redis-server --requirepass hunter2\n"),
            ("Dockerfile", "CMD [\"redis-server\", \"--requirepass\", \"hunter2\"]\n"),
            ("Dockerfile", "HEALTHCHECK CMD mysqladmin ping -p hunter2\n"),
            ("a.yaml", "command:\n  - redis-server\n  - --requirepass\n  - hunter2\n"),
            ("a.yaml", "image: shop\nargs: [\"AKIAhunter2hunter2ABCD\"]\n"),
            ("a.sql", "INSERT INTO users (name, password_hash) VALUES ('admin', 'hunter2');\n"),
            ("a.sql", "INSERT INTO users (name, password)\nVALUES\n  ('admin', 'hunter2'),\n  ('ada', 'hunter2');\n"),
            ("a.rs", "let token = \"hunter2\";\n"),
            ("a.rs", "    .password(\"hunter2\")\n"),
            ("a.rs", "let url = \"postgres://shop:hunter2@db/shop\";\n"),
            ("a.rs", "let url = \"postgres://shop:pa/hunter2@db/shop\";\n"),
        ] {
            let shown = shown(file, text);
            assert!(!shown.contains("hunter2") && shown.contains(HIDDEN), "{file}: {shown}");
        }
    }

    #[test]
    fn what_is_no_secret_stays() {
        for (file, text) in [
            ("a.toml", "password = \"x\"\nowner = \"shown\"\n"),
            ("a.toml", "[secrets]\n[service]\nowner = \"shown\"\n"),
            ("a.yaml", "password: |\n  x\nowner: shown\n"),
            ("a.yaml", "kind: Secret\ndata:\n  a: x\n---\nkind: ConfigMap\ndata:\n  a: shown\n"),
            ("a.yaml", "- name: DB_PASSWORD\n  value: x\n- name: RUST_LOG\n  value: shown\n"),
            ("a.yaml", "valueFrom:\n  secretKeyRef:\n    name: shop\n    key: shown\n"),
            ("a.yaml", "volumes:\n- name: tls\n  secret:\n    x: y\n- secretName: shown\n"),
            ("a.sql", "CREATE TABLE keys (token TEXT);\nINSERT INTO shops VALUES ('shown');\n"),
            (".env", "URL=https://shown.example.com/a@b\n"),
            ("a.rs", "let token = spawn(async move { shown });\n"),
            ("a.rs", "// statemap: on_loss = \"shown: the token is lost\"\n"),
            ("statemap.toml", "contains = [\"credentials\", \"shown\"]\n"),
        ] {
            let shown = shown(file, text);
            assert!(shown.contains("shown"), "{file}: {shown}");
        }
    }

    #[test]
    fn an_address_keeps_its_host() {
        assert_eq!(
            without_userinfo("at redis://:pw@cache:6379/0, or http://cache/x@y"),
            "at redis://[hidden]@cache:6379/0, or http://cache/x@y"
        );
    }
}
