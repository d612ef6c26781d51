//! What a snippet must not show: the values of keys that look secret, user parts of addresses, private keys.
//!
//! Works on text, not on syntax: the files shown may be broken. Where it is in doubt, it hides.

use std::ops::Range;

/// What stands in the place of hidden text.
pub(super) const HIDDEN: &str = "[hidden]";

/// Parts of names that make the whole name secret.
const SECRET_PARTS: &[&str] =
    &["password", "passwd", "passphrase", "passcode", "secret", "token", "credential", "apikey", "privatekey", "dsn", "connectionstring"];

/// Words that make a name secret when they stand alone between `_`, `-`, `.` or humps.
const SECRET_WORDS: &[&str] = &["pwd", "pass", "key", "keys", "cred", "creds", "bearer", "authorization", "jwt", "hmac", "salt", "pin"];

/// Whether the value of a key or variable with this name is likely to be a secret.
#[must_use]
pub fn looks_secret(key: &str) -> bool {
    let letters: String = key.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    if SECRET_PARTS.iter().any(|part| letters.contains(part)) {
        return true;
    }
    let mut word = String::new();
    let mut before = ' ';
    for c in key.chars().chain([' ']) {
        if !c.is_ascii_alphanumeric() || c.is_ascii_uppercase() && before.is_ascii_lowercase() {
            if SECRET_WORDS.contains(&word.as_str()) {
                return true;
            }
            word.clear();
        }
        if c.is_ascii_alphanumeric() {
            word.push(c.to_ascii_lowercase());
        }
        before = c;
    }
    false
}

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
    let mut scan = Scan { is_rust: file.ends_with(".rs"), is_yaml: file.ends_with(".yaml") || file.ends_with(".yml"), ..Scan::default() };
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
    is_rust: bool,
    is_yaml: bool,
    region: Option<Region>,
    /// A TOML or INI header that looks secret stands above.
    secret_section: bool,
    /// `kind: Secret` was read in this YAML document.
    secret_document: bool,
    /// So many lines ago at most, `name: DB_PASSWORD` was read: `value: …` is hidden.
    named: u32,
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
        let from = if self.is_rust { None } else { self.secret_value(line) };
        if let Some(from) = from {
            self.hide_userinfo(start, &line[..from]);
            self.hide(start + from..start + line.len());
            self.region = continues(&line[from..]).or((self.is_yaml).then_some(Region::Indent(indent)));
            return;
        }
        if self.is_rust {
            self.hide_literals(start, line);
        } else {
            self.hide_userinfo(start, line);
        }
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
        for (at, separator) in line.char_indices().filter(|(_, c)| matches!(c, '=' | ':' | ' ')) {
            let key = key_before(&line[..at]);
            let value = at + separator.len_utf8();
            let rest = line[value..].trim();
            if key.is_empty() || rest.is_empty() && separator == ' ' {
                continue;
            }
            if separator == ' ' {
                // `ENV DB_PASSWORD …`, `--password …`: no sign between name and value.
                let before = line[..at - key.len()].trim_end();
                let named = before.ends_with("--") || before.ends_with("ENV") || before.ends_with("ARG");
                if named && looks_secret(key) && !rest.starts_with(['=', ':']) {
                    return Some(value);
                }
                continue;
            }
            self.secret_document |= key == "kind" && rest == "Secret";
            let by_name = key.eq_ignore_ascii_case("value") && self.named > 0;
            let by_document = self.secret_document && matches!(key, "data" | "stringData");
            if looks_secret(key) || by_name || by_document || self.secret_section {
                let blank = line[value..].len() - line[value..].trim_start().len();
                return Some(value + blank);
            }
            if key.eq_ignore_ascii_case("name") && looks_secret(rest) {
                self.named = 4;
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

    /// In Rust, strings are hidden in a line in which a name looks secret.
    fn hide_literals(&mut self, start: usize, line: &str) {
        let strings = strings_of(line);
        let mut names = String::new();
        let mut at = 0;
        for string in &strings {
            names.push_str(&line[at..string.start]);
            names.push(' ');
            at = string.end;
        }
        names.push_str(&line[at..]);
        if names.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(looks_secret) {
            for string in strings {
                self.hide(start + string.start..start + string.end);
            }
        } else {
            self.hide_userinfo(start, line);
        }
    }
}

/// The name that ends a piece of text, without quotes.
fn key_before(text: &str) -> &str {
    let text = text.trim_end().trim_end_matches(['"', '\'']);
    let start = text
        .rfind(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '-' | '.'))
        .map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8));
    text[start..].trim_start_matches('-')
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

/// The insides of the string literals of a line; an unclosed one reaches to its end.
fn strings_of(line: &str) -> Vec<Range<usize>> {
    let mut strings = Vec::new();
    let mut open = None;
    let mut escaped = false;
    for (at, byte) in line.bytes().enumerate() {
        match open {
            _ if escaped => escaped = false,
            Some(_) if byte == b'\\' => escaped = true,
            Some(start) if byte == b'"' => {
                strings.push(start..at);
                open = None;
            }
            None if byte == b'"' => open = Some(at + 1),
            _ => {}
        }
    }
    strings.extend(open.map(|start| start..line.len()));
    strings
}

/// `user:password` of each address `scheme://user:password@host`.
fn userinfo(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (at, separator) in text.match_indices("://") {
        let start = at + separator.len();
        let end = text[start..]
            .find(|c: char| c.is_whitespace() || matches!(c, '/' | '"' | '\'' | '`' | '<' | '>'))
            .map_or(text.len(), |end| start + end);
        if let Some(sign) = text[start..end].rfind('@')
            && sign > 0
        {
            found.push(start..start + sign);
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
