//! The text of statements: which table, which columns, what is set. Words are enough; no dialect is parsed.

/// The words of a statement in upper case.
pub(super) fn words(text: &str) -> Vec<String> {
    let parts = text.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.'));
    parts.filter(|word| !word.is_empty()).map(str::to_uppercase).collect()
}

/// The position after a phrase.
pub(super) fn after(words: &[String], phrase: &[&str]) -> Option<usize> {
    let at = words.windows(phrase.len()).position(|at| at.iter().zip(phrase).all(|(word, wanted)| word == wanted))?;
    Some(at + phrase.len())
}

/// A table by its own name, in lower case: without schema.
fn table(word: &str) -> String {
    word.rsplit('.').next().unwrap_or(word).to_lowercase()
}

/// The table that a statement inserts into, and the columns that it names.
pub(super) fn inserted(text: &str) -> Option<(String, Vec<String>)> {
    let all = words(text);
    let at = after(&all, &["INSERT", "INTO"]).or_else(|| {
        let at = after(&all, &["REPLACE", "INTO"]).or_else(|| after(&all, &["IGNORE", "INTO"]))?;
        matches!(all.first().map(String::as_str), Some("INSERT" | "REPLACE")).then_some(at)
    })?;
    let name = table(all.get(at)?);
    // The list in brackets, when it comes before the values.
    let rest = all.get(at + 1..)?;
    let starts = |wanted: &[&str]| rest.iter().position(|word| wanted.contains(&word.as_str()));
    // A column may be called `value`.
    let end = starts(&["VALUES", "SELECT", "DEFAULT"]).or_else(|| starts(&["VALUE"])).unwrap_or(0);
    Some((name, rest[..end].iter().map(|word| word.to_lowercase()).collect()))
}

/// The tables that a statement deletes from; a statement may hold several.
pub(super) fn deleted(text: &str) -> Vec<String> {
    let all = words(text);
    let named = all.windows(3).filter(|at| at[0] == "DELETE" && at[1] == "FROM");
    named.map(|at| table(&at[2])).collect()
}

/// What marks a row as taken.
const MARKS: [&str; 14] = [
    "LOCKED_AT",
    "LOCKED_BY",
    "LOCKED_UNTIL",
    "LOCK_EXPIRES_AT",
    "CLAIMED_AT",
    "CLAIMED_BY",
    "CLAIMED_UNTIL",
    "LEASED_AT",
    "LEASED_BY",
    "LEASED_UNTIL",
    "LEASE_EXPIRES_AT",
    "PICKED_AT",
    "PICKED_BY",
    "RESERVED_BY",
];

/// What a column says of a row that somebody works on.
const UNDER_WAY: [&str; 6] = ["IN_PROGRESS", "INPROGRESS", "RUNNING", "PROCESSING", "CLAIMED", "LOCKED"];

/// What an `UPDATE` does to the rows of a table that somebody works on.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Marked {
    pub(super) table: String,
    /// The column that says it.
    pub(super) column: String,
    /// It takes them; else it gives back what somebody had taken.
    pub(super) takes: bool,
}

/// The rows that an `UPDATE` marks as taken, or as no longer so. What is set takes; what comes after `WHERE` was so before, and a
/// mark that is set to nothing is given back.
pub(super) fn marked(text: &str) -> Option<Marked> {
    let all = words(text);
    let is_verb =
        |at: &usize| all[*at] == "UPDATE" && !at.checked_sub(1).is_some_and(|before| matches!(all[before].as_str(), "FOR" | "KEY"));
    let at = (0..all.len()).find(is_verb)?;
    let name = table(all.get(at + 1)?);
    let set = at + all[at..].iter().position(|word| word == "SET")?;
    // Only a condition makes it a claim: without one, every row is set.
    let end = set + all[set..].iter().position(|word| word == "WHERE")?;
    // A person who is locked out is no job.
    if ["user", "account", "person", "member"].iter().any(|word| name.contains(word)) {
        return None;
    }
    let own = |word: &String| word.rsplit('.').next().unwrap_or(word).to_owned();
    let (sets, asks) = (&all[set..end], &all[end..]);
    let mark = |pair: &[String]| MARKS.contains(&own(&pair[0]).as_str());
    // `CASE WHEN state = 'running' THEN …` asks what it was.
    let under_way = |at: &[String]| {
        let column = own(&at[1]);
        (column.ends_with("STATUS") || column.ends_with("STATE")) && UNDER_WAY.contains(&at[2].as_str())
    };
    let is_asked = |at: &[String]| matches!(at[0].as_str(), "WHEN" | "AND" | "OR" | "NOT");
    let taken = sets
        .windows(2)
        .find(|pair| mark(pair) && pair[1] != "NULL")
        .map(|pair| &pair[0])
        .or_else(|| sets.windows(3).find(|at| !is_asked(at) && under_way(at)).map(|at| &at[1]));
    let freed = || {
        let by_mark = sets.windows(2).find(|pair| mark(pair) && pair[1] == "NULL").map(|pair| &pair[0]);
        by_mark.or_else(|| {
            let column = asks.windows(3).find(|at| under_way(at)).map(|at| &at[1])?;
            // The row is no longer what it was asked for.
            sets.iter().any(|word| own(word) == own(column)).then_some(column)
        })
    };
    let (column, takes) = taken.map(|column| (column, true)).or_else(|| Some((freed()?, false)))?;
    Some(Marked { table: name, column: own(column).to_lowercase(), takes })
}

/// What a statement changes, in words: `adds up in sales`. None for what only reads, and for what is no statement.
pub(super) fn done(text: &str) -> Option<String> {
    let text = text.trim_start();
    // A message may begin like a statement: those are written in one case.
    let first = text.split_whitespace().next()?;
    let in_one_case = first.bytes().all(|byte| byte.is_ascii_uppercase()) || first.bytes().all(|byte| byte.is_ascii_lowercase());
    let is_verb = ["DELETE", "INSERT", "REFRESH", "REPLACE", "UPDATE", "WITH"].iter().any(|verb| first.eq_ignore_ascii_case(verb));
    if !in_one_case || !is_verb {
        return None;
    }
    let all = words(text);
    let has = |phrase: &[&str]| after(&all, phrase).is_some();
    let begins = |word: &str| all.first().is_some_and(|first| first == word || first == "WITH" && all.iter().any(|one| one == word));
    if begins("REFRESH") {
        let at = after(&all, &["MATERIALIZED", "VIEW"])?;
        let name = all[at..].iter().find(|word| *word != "CONCURRENTLY")?;
        return Some(format!("refreshes {}", table(name)));
    }
    if begins("INSERT") || begins("REPLACE") {
        let (name, _) = inserted(text)?;
        let how = if has(&["DO", "NOTHING"]) || has(&["INSERT", "IGNORE"]) || has(&["OR", "IGNORE"]) || has(&["NOT", "EXISTS"]) {
            "inserts once into"
        } else if (has(&["DO", "UPDATE"]) || has(&["DUPLICATE", "KEY", "UPDATE"])) && adds_up(text) {
            "adds up in"
        } else if has(&["DO", "UPDATE"]) || has(&["DUPLICATE", "KEY", "UPDATE"]) || begins("REPLACE") || has(&["OR", "REPLACE"]) {
            "sets rows of"
        } else {
            "inserts into"
        };
        return Some(format!("{how} {name}"));
    }
    if begins("UPDATE") && has(&["SET"]) && text.contains('=') {
        let at = after(&all, &["UPDATE"])?;
        let name = all[at..].iter().find(|word| *word != "ONLY")?;
        return Some(format!("{} {}", if adds_up(text) { "adds up in" } else { "sets rows of" }, table(name)));
    }
    let name = deleted(text).into_iter().next().filter(|_| begins("DELETE"))?;
    Some(format!("deletes from {name}"))
}

/// A column that is set to itself and more: `n = sales.n + excluded.n`.
fn adds_up(text: &str) -> bool {
    let spaced = text.replace('=', " = ").replace('+', " + ");
    let parts: Vec<&str> = spaced.split(|c: char| c.is_whitespace() || c == ',' || c == '(').filter(|part| !part.is_empty()).collect();
    let name = |part: &str| part.rsplit('.').next().unwrap_or(part).trim_matches('"').to_lowercase();
    parts.windows(4).any(|at| at[1] == "=" && at[3] == "+" && name(at[0]) == name(at[2]))
}

#[cfg(test)]
mod tests {
    use super::{deleted, done, inserted, marked};

    #[test]
    fn what_a_statement_changes_is_told_in_words() {
        let read = |text: &str| done(text).unwrap_or_default();
        assert_eq!(read("REFRESH MATERIALIZED VIEW CONCURRENTLY shop.best"), "refreshes best");
        assert_eq!(read("INSERT INTO mails (id) VALUES ($1)"), "inserts into mails");
        assert_eq!(read("INSERT INTO mails (id) VALUES ($1) ON CONFLICT DO NOTHING"), "inserts once into mails");
        assert_eq!(read("insert into t (a, n) values (1, 2) on conflict (a) do update set n = t.n + excluded.n"), "adds up in t");
        assert_eq!(read("INSERT INTO t (a, n) VALUES (1, 2) ON CONFLICT (a) DO UPDATE SET n = excluded.n"), "sets rows of t");
        assert_eq!(read("UPDATE t SET n=n+1 WHERE a = 1"), "adds up in t");
        assert_eq!(read("UPDATE t SET n = 0"), "sets rows of t");
        assert_eq!(read("WITH old AS (SELECT 1) DELETE FROM t USING old"), "deletes from t");
        for text in ["SELECT n FROM t", "Delete from the list", "Update done", "insert coin", "with care"] {
            assert_eq!(done(text), None, "{text}");
        }
    }

    #[test]
    fn tables_and_columns_are_read_from_statements() {
        let (table, columns) = inserted("insert into auth.sessions(user_id, token)\n values ($1, $2)").unwrap();
        assert_eq!((table.as_str(), columns.join(" ")), ("sessions", "user_id token".to_owned()));
        assert_eq!(inserted("INSERT OR IGNORE INTO seen (id) VALUES (?)").unwrap().0, "seen");
        assert_eq!(inserted("INSERT INTO t (name, value) VALUES (1, 2)").unwrap().1, ["name", "value"]);
        assert_eq!(inserted("INSERT INTO t (name) VALUE (1)").unwrap().1, ["name"]);
        assert_eq!(inserted("INSERT INTO t SELECT a FROM b").unwrap().1, Vec::<String>::new());
        assert_eq!(deleted("WITH a AS (DELETE FROM codes) DELETE FROM sessions WHERE token = $1"), ["codes", "sessions"]);
        assert!(inserted("put it into words").is_none() && deleted("delete it").is_empty());
    }

    #[test]
    fn a_conditional_update_that_marks_a_row_is_a_claim() {
        let read = |text: &str| marked(text).map(|of| format!("{}.{}{}", of.table, of.column, if of.takes { "" } else { " given back" }));
        assert_eq!(read("UPDATE jobs SET locked_at = now(), locked_by = $1 WHERE id = $2").as_deref(), Some("jobs.locked_at"));
        assert_eq!(read("UPDATE builds SET state = 'in_progress' WHERE id = 1").as_deref(), Some("builds.state"));
        let freed_and_taken = "UPDATE jobs SET locked_by = NULL, status = 'running' WHERE id = 1";
        assert_eq!(read(freed_and_taken).as_deref(), Some("jobs.status"));
        let taken_in_order = "WITH next AS (SELECT id FROM jobs FOR UPDATE SKIP LOCKED) UPDATE jobs SET status = 'running' WHERE id = 1";
        assert_eq!(read(taken_in_order).as_deref(), Some("jobs.status"));
        // What was taken is given back.
        assert_eq!(
            read("UPDATE builds SET state = 'failed' WHERE id = 1 AND state = 'in_progress'").as_deref(),
            Some("builds.state given back")
        );
        let orphans = "UPDATE jobs SET status = 'pending', locked_by = NULL WHERE id IN (SELECT id FROM jobs j WHERE j.status = 'running')";
        assert_eq!(read(orphans).as_deref(), Some("jobs.locked_by given back"));
        for text in [
            "UPDATE jobs SET status = CASE WHEN status = 'running' THEN 'failed' ELSE 'done' END WHERE id = 1",
            "UPDATE jobs SET seen_at = now() WHERE status = 'running'",
            "UPDATE users SET locked_until = now() WHERE id = $1",
            "UPDATE jobs SET locked_at = NULL",
            "UPDATE posts SET status = 'published' WHERE id = $1",
            "UPDATE servers SET running = true WHERE id = $1",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
