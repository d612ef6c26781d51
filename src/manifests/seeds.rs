//! Accounts that a migration puts into the database: rows with a password, the same wherever the schema is made.

use std::collections::BTreeSet;

use smol_str::SmolStr;

use super::draft::Draft;
use super::hide;
use super::tie::Names;
use super::yaml::Mark;
use crate::diag::name_words;
use crate::model::{FactValue, Scope};
use crate::source::{file_name, parent};

/// Whether a file is a migration that goes up.
pub(super) fn is_migration(path: &str) -> bool {
    let name = file_name(path);
    let goes_down = name == "down.sql" || name.ends_with(".down.sql") || name.ends_with("_down.sql");
    path.ends_with(".sql") && !goes_down && parent(path).split('/').any(|folder| matches!(folder, "migrations" | "migration"))
}

/// A row with a password that a statement puts in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seed {
    table: String,
    column: String,
    /// The first line of the statement, and that of its rows.
    lines: (u32, u32),
    rows: usize,
}

/// The accounts of a migration.
pub(super) fn read(text: &str) -> Vec<Seed> {
    let may_hold = |text: &str| {
        let lower = text.to_ascii_lowercase();
        lower.contains("insert") && (lower.contains("passw") || lower.contains("secret") || lower.contains("token"))
    };
    if !may_hold(text) {
        return Vec::new();
    }
    let tokens = tokens(text);
    tokens.split(|token| token.text == ";").filter_map(seed).collect()
}

/// `INSERT INTO users (…, password_hash) VALUES ('…', …)`; rows that are taken from another table are none.
fn seed(statement: &[Token<'_>]) -> Option<Seed> {
    let is = |at: usize, word: &str| statement.get(at).is_some_and(|token| token.text.eq_ignore_ascii_case(word));
    let start = (0..statement.len()).find(|at| is(*at, "INSERT"))?;
    // Within a function or a trigger, it is no seed.
    if start != 0 {
        return None;
    }
    let into = (start..statement.len().min(start + 4)).find(|at| is(*at, "INTO"))?;
    let open = (into + 1..statement.len()).find(|at| is(*at, "("))?;
    let table = statement[open.checked_sub(1).filter(|at| *at > into)?].text.trim_matches(['"', '`', '[', ']']);
    let close = (open..statement.len()).find(|at| is(*at, ")"))?;
    let columns = statement[open + 1..close].iter().filter(|token| token.text != ",").map(|token| token.text.trim_matches(['"', '`']));
    let column = columns.into_iter().find(|column| holds_password(column))?;
    let values = close + 1;
    let taken = |text: &str| text.eq_ignore_ascii_case("SELECT") || text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("new."));
    if !is(values, "VALUES") || statement.iter().any(|token| taken(token.text)) {
        return None;
    }
    let mut depth = 0_u32;
    let mut rows = 0;
    for token in &statement[values..] {
        match token.text {
            "(" => {
                rows += usize::from(depth == 0);
                depth += 1;
            }
            ")" => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    (rows > 0).then(|| Seed {
        table: table.to_owned(),
        column: column.to_owned(),
        lines: (statement[start].line, statement.get(values + 1).map_or(statement[values].line, |token| token.line)),
        rows,
    })
}

/// `password_hash`, `api_token`, `encrypted_password`; not `password_changed_at`.
fn holds_password(column: &str) -> bool {
    let words = name_words(column);
    let last = words.last().map_or("", String::as_str);
    let about = matches!(last, "at" | "id" | "type" | "name" | "count" | "expires" | "expiry" | "ttl" | "required" | "enabled");
    !about && words.iter().any(|word| matches!(word.as_str(), "password" | "passwd" | "passhash" | "secret" | "token"))
}

/// A word, a sign or a literal.
struct Token<'a> {
    text: &'a str,
    line: u32,
}

/// At most so many tokens of a file are read.
const MAX_TOKENS: usize = 200_000;

fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut out = Vec::new();
    let bytes = text.as_bytes();
    let (mut at, mut line) = (0, 1_u32);
    while at < bytes.len() && out.len() < MAX_TOKENS {
        let start = at;
        let from = line;
        match bytes[at] {
            b'-' if bytes.get(at + 1) == Some(&b'-') => at = text[at..].find('\n').map_or(bytes.len(), |end| at + end),
            b'/' if bytes.get(at + 1) == Some(&b'*') => {
                let end = text[at..].find("*/").map_or(bytes.len(), |end| at + end + 2);
                line += lines_of(&text[at..end]);
                at = end;
            }
            quote @ (b'\'' | b'"' | b'`') => {
                at += 1;
                while at < bytes.len() && bytes[at] != quote {
                    line += u32::from(bytes[at] == b'\n');
                    at += 1;
                }
                at = (at + 1).min(bytes.len());
                out.push(Token { text: text.get(start..at).unwrap_or(""), line: from });
            }
            b'$' => {
                // `$$ … $$`, `$body$ … $body$`: the body of a function.
                let tag = text[at + 1..].find('$').map(|end| &text[at..at + end + 2]);
                let tag = tag.filter(|tag| tag[1..tag.len() - 1].bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'));
                let end = tag.and_then(|tag| text[at + tag.len()..].find(tag).map(|end| at + end + 2 * tag.len()));
                let end = end.unwrap_or(at + 1);
                line += lines_of(&text[at..end]);
                at = end;
                out.push(Token { text: "$", line: from });
            }
            byte if byte.is_ascii_whitespace() => {
                line += u32::from(byte == b'\n');
                at += 1;
            }
            byte if is_word(byte) => {
                while at < bytes.len() && is_word(bytes[at]) {
                    at += 1;
                }
                out.push(Token { text: text.get(start..at).unwrap_or(""), line });
            }
            _ => {
                at += 1;
                out.push(Token { text: text.get(start..at).unwrap_or(""), line });
            }
        }
    }
    out
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.') || byte >= 0x80
}

fn lines_of(text: &str) -> u32 {
    u32::try_from(text.bytes().filter(|byte| *byte == b'\n').count()).unwrap_or(u32::MAX)
}

/// The item of a migration.
pub(super) fn draft(path: &str, seeds: &[Seed], names: &Names) -> Option<Draft> {
    let first = seeds.first()?;
    let rows: usize = seeds.iter().map(|seed| seed.rows).sum();
    let count = if rows == 1 { "a row".to_owned() } else { format!("{rows} rows") };
    let table = hide::text(&first.table);
    let summary =
        format!("{count} with a password that a migration puts into `{}`, the same wherever the schema is made", table.replace('`', "'"));
    let services: BTreeSet<SmolStr> = names.near(path);
    let name = format!("accounts of {}", file_name(path));
    let mut draft = Draft::new(path, "seed", name, summary).scope(Scope::External).services(&services);
    for seed in seeds {
        for line in [seed.lines.0, seed.lines.1] {
            draft.site(path, Mark::line(line));
        }
        let at = Mark::line(seed.lines.0);
        draft.fact("table", FactValue::Text(hide::text(&seed.table)), path, at);
        draft.fact("column", FactValue::Text(hide::text(&seed.column)), path, at);
    }
    Some(draft)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_with_a_password_are_told_and_others_are_not() {
        let seeds =
            read("-- admin\nINSERT INTO users (id, name, password_hash)\nVALUES (\n  '1', 'admin;', 'hunter2'\n), ('2', 'b', 'c');\n");
        assert_eq!(seeds, [Seed { table: "users".into(), column: "password_hash".into(), lines: (2, 3), rows: 2 }]);
        for text in [
            "INSERT INTO kinds (id, name) VALUES (1, 'password');",
            "INSERT INTO users (id, password_hash) SELECT id, password FROM old;",
            "INSERT INTO users (id, password_changed_at) VALUES (1, now());",
            "-- INSERT INTO users (password) VALUES ('x');\nSELECT 1;",
            "CREATE FUNCTION f() RETURNS void AS $$ INSERT INTO users (password) VALUES ('x'); $$ LANGUAGE sql;",
            "CREATE TRIGGER t AFTER UPDATE ON a BEGIN INSERT INTO users (password) VALUES (new.x); END;",
            "CREATE TRIGGER t AFTER UPDATE ON a BEGIN SELECT 1; INSERT INTO users (password) VALUES (NEW.x); END;",
            "INSERT INTO users (password",
            "INSERT INTO \"users",
            "INSERT password $",
        ] {
            assert!(read(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn migrations_that_go_down_are_none() {
        assert!(is_migration("migrations/1_seed.sql") && is_migration("crates/db/migrations/2020/up.sql"));
        assert!(!is_migration("migrations/2020/down.sql") && !is_migration("sql/1.sql") && !is_migration("migrations/1.down.sql"));
    }
}
