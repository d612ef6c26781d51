//! What a snippet of Rust must not show: literals near names that look secret, also in other lines of the same statement, and
//! whatever looks as only a machine writes it.

use std::ops::Range;

use super::redact::{looks_secret, userinfo};
use crate::manifests::hide::is_secret as looks_random;
use crate::merge::redact::is_secret_name;
use crate::parse::lex::{Chunk, chunk};

/// So much of a literal or comment is looked at as an address or a name.
const MAX_NAME: usize = 64;
/// Numbers in brackets behind a secret name that make a key.
const KEY_BYTES: usize = 4;
/// Words of calls that take a secret, though they do not name one.
const TAKERS: &[&str] =
    &["auth", "authenticate", "login", "encrypt", "decrypt", "cipher", "cookie", "nonce", "seed", "signature", "webhook"];

/// The parts of a text that must not be shown; sorted, without overlap, none over several lines.
pub(super) fn hidden_in_rust(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut scan = Scan { text, secret_lines: secret_lines(text), ..Scan::default() };
    let (mut at, mut line) = (0, 0);
    while at < bytes.len() {
        let (kind, end) = chunk(bytes, at);
        match kind {
            Chunk::Word => scan.word(at..end),
            Chunk::Literal => scan.literal(at..end, line),
            Chunk::LineComment | Chunk::BlockComment => scan.comment(at..end),
            Chunk::Punct => scan.punct(bytes[at]),
            Chunk::Blank => {}
        }
        line += bytes[at..end].iter().filter(|byte| **byte == b'\n').count();
        at = end;
    }
    scan.hidden.sort_by_key(|range| range.start);
    scan.hidden
}

#[derive(Default)]
struct Scan<'t> {
    text: &'t str,
    /// Lines, from 0, in which a name looks secret.
    secret_lines: Vec<bool>,
    brackets: Vec<u8>,
    /// The literals that follow are hidden, until a comma, a semicolon or a closing bracket where so many brackets are open.
    trigger: Option<usize>,
    /// The word before what comes next, and whether only a `(` stands between.
    called: (Range<usize>, bool),
    /// The statement declares a function, a type, a module: what stands in its braces is another matter.
    declares: bool,
    /// Numbers since the innermost `[`, behind a secret name.
    numbers: Vec<Range<usize>>,
    hidden: Vec<Range<usize>>,
}

impl Scan<'_> {
    fn word(&mut self, range: Range<usize>) {
        let word = &self.text[range.clone()];
        self.called = (range.clone(), false);
        if word.starts_with(|c: char| c.is_ascii_digit()) {
            if self.trigger.is_some() && self.brackets.last() == Some(&b'[') {
                self.numbers.push(range);
            }
            return;
        }
        if matches!(word, "fn" | "struct" | "enum" | "union" | "impl" | "trait" | "mod") {
            self.declares = true;
        }
        if word.len() <= MAX_NAME && (is_secret_name(word) || takes_secret(word)) {
            self.trigger = Some(self.brackets.len());
        }
    }

    fn punct(&mut self, byte: u8) {
        let depth = self.brackets.len();
        self.called.1 = byte == b'(';
        match byte {
            b'(' | b'[' => self.brackets.push(byte),
            b'{' => {
                if std::mem::take(&mut self.declares) {
                    self.trigger = None;
                }
                self.brackets.push(byte);
            }
            b')' | b']' | b'}' => {
                if byte == b']' && self.numbers.len() >= KEY_BYTES {
                    self.hidden.append(&mut self.numbers);
                }
                self.numbers.clear();
                self.brackets.pop();
                if self.trigger.is_some_and(|trigger| trigger > self.brackets.len()) {
                    self.trigger = None;
                }
            }
            b';' => {
                self.declares = false;
                // `[u8; 4]` is one statement with its value.
                let in_type = self.brackets.last() == Some(&b'[');
                if !in_type && self.trigger.is_some_and(|trigger| trigger >= depth) {
                    self.trigger = None;
                }
            }
            b',' if self.trigger.is_some_and(|trigger| trigger >= depth) => self.trigger = None,
            _ => {}
        }
    }

    fn literal(&mut self, range: Range<usize>, line: usize) {
        let inside = inside(self.text, range);
        let words = &self.text[inside.clone()];
        let lines = words.matches('\n').count();
        let on_secret_line = (line..=line + lines).any(|line| self.secret_lines.get(line).copied().unwrap_or(false));
        // `("authorization", "Bearer …")`, `var("PASSWORD").unwrap_or("…")`: the name of a secret is shown; what stands beside it, or
        // is done with the call, is not.
        let is_variable = self.called.1 && is_variable(words) && reads_variable(&self.text[self.called.0.clone()]);
        let is_name = is_key(words) || is_variable;
        if is_name && self.trigger.is_none() && (looks_secret(words) || is_header(words)) {
            self.trigger = Some(self.brackets.len().saturating_sub(1));
        }
        let is_near = on_secret_line || self.trigger.is_some() && !is_name;
        if is_near && !is_variable || looks_random(words) {
            self.hide(inside);
        } else {
            self.addresses(inside);
        }
    }

    fn comment(&mut self, range: Range<usize>) {
        let mut start = range.start;
        for word in self.text[range.clone()].split_inclusive(char::is_whitespace) {
            if looks_random(word) {
                self.hide(start..start + word.trim_end().len());
            }
            start += word.len();
        }
        let hidden = self.hidden.len();
        self.addresses(range);
        // What was hidden as a word is not hidden twice.
        let known: Vec<Range<usize>> = self.hidden[..hidden].to_vec();
        let mut at = 0;
        self.hidden.retain(|range| {
            at += 1;
            at <= hidden || !known.iter().rev().take(8).any(|known| known.start < range.end && range.start < known.end)
        });
    }

    fn addresses(&mut self, range: Range<usize>) {
        let mut start = range.start;
        for line in self.text[range].split_inclusive('\n') {
            for found in userinfo(line) {
                self.hidden.push(start + found.start..start + found.end);
            }
            start += line.len();
        }
    }

    /// Hides a range line by line, so that lines keep their numbers.
    fn hide(&mut self, range: Range<usize>) {
        let mut start = range.start;
        for line in self.text[range].split_inclusive('\n') {
            let words = line.trim_end_matches(['\r', '\n']).len();
            if words > 0 {
                self.hidden.push(start..start + words);
            }
            start += line.len();
        }
    }
}

/// `"DB_PASSWORD"`, `"authorization"`: the name of a secret, and not the secret.
fn is_key(words: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    !words.is_empty() && words.len() <= MAX_NAME && words.chars().all(plain) && (looks_secret(words) || is_header(words)) && {
        // `hunter2secret` is no name that anybody gives to something.
        words.chars().all(|c| !c.is_ascii_digit()) || words.contains(['_', '-', '.'])
    }
}

/// `DATABASE_POOL_SIZE`
fn is_variable(words: &str) -> bool {
    let plain = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    words.len() <= MAX_NAME && words.contains('_') && words.starts_with(|c: char| c.is_ascii_uppercase()) && words.chars().all(plain)
}

/// `var("…")`, `maybe_env("…")`: what it is called with is the name of a variable.
fn reads_variable(function: &str) -> bool {
    super::name_words(function).iter().any(|word| matches!(word.as_str(), "env" | "var"))
}

fn is_header(words: &str) -> bool {
    ["authorization", "cookie", "set-cookie", "x-api-key", "proxy-authorization"].iter().any(|name| words.eq_ignore_ascii_case(name))
}

/// `basic_auth("ada", Some("…"))`.
fn takes_secret(word: &str) -> bool {
    super::name_words(word).iter().any(|word| TAKERS.contains(&word.as_str()))
}

/// What stands between the quotes of a literal.
fn inside(text: &str, range: Range<usize>) -> Range<usize> {
    let literal = &text[range.clone()];
    let Some(open) = literal.find(['"', '\'']) else { return range };
    let quote = literal.as_bytes()[open];
    let hashes = literal[..open].matches('#').count();
    let start = range.start + open + 1;
    let close = range.end.saturating_sub(1 + hashes);
    let closed = close >= start && text.as_bytes().get(close) == Some(&quote);
    start..if closed { close } else { range.end }
}

/// The lines in which a name outside of literals looks secret.
fn secret_lines(text: &str) -> Vec<bool> {
    let bytes = text.as_bytes();
    let mut lines = vec![false];
    let mut at = 0;
    while at < bytes.len() {
        let (kind, end) = chunk(bytes, at);
        let words = || text[at..end].split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        if kind == Chunk::Word && words().any(|word| word.len() <= MAX_NAME && looks_secret(word)) {
            *lines.last_mut().expect("there is a first line") = true;
        }
        lines.extend(std::iter::repeat_n(false, bytes[at..end].iter().filter(|byte| **byte == b'\n').count()));
        at = end;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let mut out = String::new();
        let mut at = 0;
        for range in hidden_in_rust(text) {
            assert!(range.start >= at, "{range:?} overlaps in {text}");
            out.push_str(&text[at..range.start]);
            out.push_str("[hidden]");
            at = range.end;
        }
        out.push_str(&text[at..]);
        out
    }

    #[test]
    fn a_secret_is_hidden_wherever_its_statement_puts_it() {
        for text in [
            "const API_TOKEN: &str =\n    \"hunter2\";",
            "let credentials = Credentials::new(\n    \"ada\",\n    \"hunter2\",\n);",
            "client\n    .basic_auth(\n        \"ada\",\n        Some(\"hunter2\"),\n    )",
            "request.header(\"Authorization\", \"Bearer hunter2\")",
            "request.header(\n    \"x-api-key\",\n    \"hunter2\",\n)",
            "std::env::var(\"DB_PASSWORD\").unwrap_or_else(|_| \"hunter2\".into())",
            "let password = r#\"hunter2\"#;",
            "let password = env_or(\"A_SIZE\", \"hunter2\");",
            "let password = pick(\"A_HUNTER\", \"hunter2\");",
            "let password = r#\"a\n\"hunter2\"\nb\"#;",
            "let secret = match mode {\n    Mode::Test => \"hunter2\",\n    _ => \"hunter2\",\n};",
            "Login { name: \"ada\", password: b\"hunter2\" }",
            "EncodingKey::from_secret(b\"hunter2\")",
            "sqlx::connect(\n    \"postgres://ada:hunter2@db/shop\",\n)",
            "// was postgres://ada:hunter2@db/shop",
            "let x = \"AKIAhunter2hunter2ABCD\";",
            "let x = \"-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\";",
        ] {
            let shown = shown(text);
            assert!(!shown.contains("hunter2") && shown.contains("[hidden]"), "{shown}");
            assert_eq!(shown.matches('\n').count(), text.matches('\n').count(), "{shown}");
        }
        assert_eq!(
            shown("const HMAC_KEY: [u8; 4] = [17, 18, 19, 20];"),
            "const HMAC_KEY: [u8; 4] = [[hidden], [hidden], [hidden], [hidden]];"
        );
    }

    #[test]
    fn what_is_no_secret_is_shown() {
        for text in [
            "fn token(&self) -> String {\n    format!(\"shown\")\n}",
            "let token = fetch(); \nlet x = \"shown\";",
            "let a = f(token,\n    \"shown\");",
            "Settings {\n    password,\n    name: \"shown\",\n}",
            "struct Tokens {\n    ttl: Duration,\n}\nconst NAME: &str = \"shown\";",
            "std::env::var(\"SHOWN_TOKEN\")",
            "PoolOptions::new().max(10).connect(\"postgres://db/shown\")",
            "// the token is shown\nlet x = 1;",
            "config\n    .token(maybe_env(\"A_TOKEN\")?)\n    .size(maybe_env(\"SHOWN_SIZE\")?)",
            "let tokens = [1, 2]; let shown = 3;",
        ] {
            let shown = shown(text);
            assert!(shown.to_lowercase().contains("shown") && !shown.contains("[hidden]"), "{shown}");
        }
    }

    #[test]
    fn broken_code_is_no_panic() {
        for text in ["\"", "'", "r#\"", "b\"\\", "))}]", "password = \"", "é\"世", "/* \"", ""] {
            let _ = shown(text);
        }
    }
}
