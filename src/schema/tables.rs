//! The tables that migrations leave: their columns, what is unique in them. Enough of the statements that define them to
//! follow what is added, renamed and dropped, whatever the dialect.

use std::collections::BTreeMap;

use smol_str::{SmolStr, format_smolstr};

use super::tokens::{Token, TokenKind, tokens};

/// Longer tables are told without their columns.
const MAX_COLUMNS: usize = 64;

/// A table as the migrations leave it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) columns: Vec<SmolStr>,
    pub(super) primary_key: Vec<SmolStr>,
    /// What the constraint of the primary key is called.
    key_name: SmolStr,
    /// Columns of which there is one row for each combination, beside the primary key.
    pub(super) unique: Vec<Unique>,
    /// What is known of the values of a column.
    pub(super) sorts: BTreeMap<SmolStr, Sort>,
    /// The file that made it, by its index, and the offset in it.
    pub(super) made: (usize, usize),
}

/// Columns that are unique together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unique {
    /// What the constraint or index is called that says so.
    name: SmolStr,
    pub(super) columns: Vec<SmolStr>,
}

/// What the values of a column are, where its definition says that they are nothing of its own making.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// The key of a row of some table.
    Reference,
    /// A truth value or a point in time.
    Mark,
    /// A number or a UUID.
    Number,
}

/// The tables of one database, by name.
pub(super) type Tables = BTreeMap<SmolStr, Table>;

/// Applies the statements of a file.
pub(super) fn apply(text: &str, file: usize, tables: &mut Tables) {
    let tokens = tokens(text);
    let mut start = 0;
    for at in 0..=tokens.len() {
        if at == tokens.len() || tokens[at].kind == TokenKind::End {
            statement(&tokens[start..at], file, tables);
            start = at + 1;
        }
    }
}

fn statement(tokens: &[Token<'_>], file: usize, tables: &mut Tables) {
    let Some(first) = tokens.first() else { return };
    if first.is("create") {
        created(tokens, file, tables);
    } else if first.is("alter") && tokens.get(1).is_some_and(|token| token.is("table")) {
        altered(&tokens[2..], tables);
    } else if first.is("drop") && tokens.get(1).is_some_and(|token| token.is("table")) {
        for name in tokens[2..].iter().filter(|token| token.kind == TokenKind::Word).filter_map(name) {
            tables.remove(&name);
        }
    } else if first.is("drop") && tokens.get(1).is_some_and(|token| token.is("index")) {
        let rest = skip(&tokens[2..], &["concurrently", "if", "exists"]);
        // `DROP INDEX a, b`, `DROP INDEX a ON table`.
        let on = rest.iter().position(|token| token.is("on"));
        let of = on.and_then(|on| rest.get(on + 1)).and_then(name);
        let dropped: Vec<SmolStr> = rest[..on.unwrap_or(rest.len())].iter().filter_map(name).collect();
        for (_, table) in tables.iter_mut().filter(|(name, _)| of.as_ref().is_none_or(|of| of == *name)) {
            table.unique.retain(|unique| !dropped.contains(&unique.name));
        }
    } else if first.is("rename")
        && let [_, table, from, to, into, ..] = tokens
        && table.is("table")
        && to.is("to")
    {
        renamed(tables, from, into);
    }
}

/// `CREATE TABLE`, `CREATE UNIQUE INDEX`.
fn created(tokens: &[Token<'_>], file: usize, tables: &mut Tables) {
    let begins = |words: &[&str]| tokens.len() > words.len() && tokens.iter().zip(words).all(|(token, word)| token.is(word));
    if begins(&["create", "unique", "index"]) {
        let Some(on) = tokens.iter().position(|token| token.is("on")) else { return };
        let after = skip(&tokens[on + 1..], &["only"]);
        let Some((of, rest)) = after.split_first() else { return };
        let rest = if rest.first().is_some_and(|token| token.is("using")) { rest.get(2..).unwrap_or(&[]) } else { rest };
        // An index on an expression, or on some rows only, makes no columns unique.
        let partly = tokens.iter().any(|token| token.is("where"));
        if let (Some(columns), Some(table), false) = (plain_list(rest), name(of).and_then(|of| tables.get_mut(&of)), partly) {
            let named = skip(&tokens[3..on], &["concurrently", "if", "not", "exists"]);
            let called = named.first().and_then(name);
            let called = called.unwrap_or_else(|| format_smolstr!("{}_{}_idx", name(of).unwrap_or_default(), columns.join("_")));
            add_unique(table, called, columns);
        }
        return;
    }
    let Some(words) = [&["create", "table"][..], &["create", "unlogged", "table"]].into_iter().find(|words| begins(words)) else { return };
    let rest = skip(&tokens[words.len()..], &["if", "not", "exists"]);
    let Some((of, rest)) = rest.split_first() else { return };
    let Some(of) = name(of) else { return };
    let Some(open) = rest.iter().position(|token| token.text == "(" && token.kind == TokenKind::Other) else { return };
    // `CREATE TABLE a PARTITION OF b`, `CREATE TABLE a AS SELECT`: no list of columns.
    if open > 0 {
        return;
    }
    let mut table = Table { made: (file, tokens[0].at), ..Table::default() };
    for part in parts(&rest[open + 1..]) {
        defined(part, &of, &mut table);
    }
    if !table.columns.is_empty() && table.columns.len() <= MAX_COLUMNS {
        tables.insert(of, table);
    }
}

/// `ALTER TABLE name …`, after the first two words.
fn altered(tokens: &[Token<'_>], tables: &mut Tables) {
    let rest = skip(tokens, &["if", "exists", "only"]);
    let Some((of, rest)) = rest.split_first() else { return };
    for part in parts(rest) {
        let Some(first) = part.first() else { continue };
        if first.is("rename") {
            match part {
                [_, to, into, ..] if to.is("to") => {
                    renamed(tables, of, into);
                    return;
                }
                [_, column, from, to, into, ..] if column.is("column") && to.is("to") => rename_column(tables, of, from, into),
                [_, constraint, from, to, into, ..] if constraint.is("constraint") && to.is("to") => {
                    let table = name(of).and_then(|of| tables.get_mut(&of));
                    if let (Some(table), Some(from), Some(into)) = (table, name(from), name(into)) {
                        table.constraints().filter(|name| **name == from).for_each(|name| *name = into.clone());
                    }
                }
                [_, from, to, into, ..] if to.is("to") => rename_column(tables, of, from, into),
                _ => {}
            }
            continue;
        }
        let Some(owner) = name(of) else { return };
        let Some(table) = tables.get_mut(&owner) else { return };
        if first.is("add") {
            defined(skip(&part[1..], &["column", "if", "not", "exists"]), &owner, table);
        } else if first.is("drop") {
            let rest = skip(&part[1..], &["column", "if", "exists"]);
            if let Some(column) = rest.first().filter(|token| !is_constraint(token)).and_then(name) {
                table.columns.retain(|known| *known != column);
                table.unique.retain(|unique| !unique.columns.contains(&column));
                table.sorts.remove(&column);
                if table.primary_key.contains(&column) {
                    table.primary_key.clear();
                }
            } else if part.iter().any(|token| token.is("primary")) {
                table.primary_key.clear();
            } else if let Some(dropped) = skip(rest, &["constraint", "index", "key", "if", "exists"]).first().and_then(name) {
                table.unique.retain(|unique| unique.name != dropped);
                if table.key_name == dropped {
                    table.primary_key.clear();
                }
            }
        } else if first.is("change")
            && let [from, into, ..] = skip(&part[1..], &["column"])
        {
            rename_column(tables, of, from, into);
        }
    }
}

/// A column or a constraint, as it stands among the parts of a table of this name.
fn defined(part: &[Token<'_>], of: &str, table: &mut Table) {
    let Some(first) = part.first() else { return };
    // `CONSTRAINT name PRIMARY KEY (…)`.
    let called = if first.is("constraint") { part.get(1).and_then(name) } else { None };
    let part = if first.is("constraint") { part.get(2..).unwrap_or(&[]) } else { part };
    let Some(first) = part.first() else { return };
    // What PostgreSQL calls a constraint that has no name.
    let by_default = |columns: &[SmolStr]| format_smolstr!("{of}_{}_key", columns.join("_"));
    if is_constraint(first) && !is_column_named_so(part) {
        let Some(open) = part.iter().position(|token| token.text == "(") else { return };
        let Some(columns) = plain_list(&part[open..]) else { return };
        if first.is("primary") {
            table.primary_key = columns;
            table.key_name = called.unwrap_or_else(|| format_smolstr!("{of}_pkey"));
        } else if first.is("unique") {
            // `UNIQUE KEY name (…)`.
            let called = called.or_else(|| part[..open].iter().skip(1).filter(|token| !is_constraint(token)).find_map(name));
            add_unique(table, called.unwrap_or_else(|| by_default(&columns)), columns);
        } else if first.is("foreign") {
            table.sorts.extend(columns.into_iter().map(|column| (column, Sort::Reference)));
        }
        return;
    }
    let Some(column) = name(first).filter(|_| part.len() > 1) else { return };
    let at = |word: &str| part.iter().position(|token| token.is(word));
    // `name text CONSTRAINT its_name UNIQUE`.
    let named = |at: usize| at.checked_sub(2).filter(|before| part[*before].is("constraint")).and_then(|before| name(&part[before + 1]));
    if let Some(at) = at("primary").filter(|at| part.get(at + 1).is_some_and(|token| token.is("key"))) {
        table.primary_key = vec![column.clone()];
        table.key_name = named(at).unwrap_or_else(|| format_smolstr!("{of}_pkey"));
    } else if let Some(at) = at("unique") {
        let columns = vec![column.clone()];
        add_unique(table, named(at).unwrap_or_else(|| by_default(&columns)), columns);
    }
    let sort = if at("references").is_some() { Some(Sort::Reference) } else { part.get(1).and_then(sort_of) };
    table.sorts.extend(sort.map(|sort| (column.clone(), sort)));
    if !table.columns.contains(&column) {
        table.columns.push(column);
    }
}

/// What a type says of the values.
fn sort_of(ty: &Token<'_>) -> Option<Sort> {
    const MARKS: [&str; 8] = ["bool", "boolean", "date", "datetime", "time", "timestamp", "timestamptz", "timetz"];
    const NUMBERS: [&str; 13] =
        ["bigint", "bigserial", "int", "int2", "int4", "int8", "integer", "mediumint", "serial", "serial8", "smallint", "tinyint", "uuid"];
    let is = |words: &[&str]| words.iter().any(|word| ty.is(word));
    if is(&MARKS) { Some(Sort::Mark) } else { is(&NUMBERS).then_some(Sort::Number) }
}

/// `key varchar(36)` is a column, `KEY by_name (name)` none.
fn is_column_named_so(part: &[Token<'_>]) -> bool {
    let may_be = ["key", "index", "like", "check"].iter().any(|word| part[0].is(word));
    let in_brackets = part.iter().position(|token| token.text == "(").and_then(|open| part.get(open + 1));
    may_be
        && part.get(1).is_some_and(|token| token.kind == TokenKind::Word)
        && in_brackets.is_none_or(|token| token.text.parse::<u32>().is_ok())
}

fn is_constraint(token: &Token<'_>) -> bool {
    ["primary", "unique", "foreign", "check", "constraint", "exclude", "key", "index", "like"].iter().any(|word| token.is(word))
}

fn add_unique(table: &mut Table, name: SmolStr, columns: Vec<SmolStr>) {
    if table.unique.iter().all(|known| known.name != name) {
        table.unique.push(Unique { name, columns });
    }
}

impl Table {
    /// The names of its constraints.
    fn constraints(&mut self) -> impl Iterator<Item = &mut SmolStr> {
        std::iter::once(&mut self.key_name).chain(self.unique.iter_mut().map(|unique| &mut unique.name))
    }
}

fn renamed(tables: &mut Tables, from: &Token<'_>, into: &Token<'_>) {
    if let (Some(from), Some(into)) = (name(from), name(into))
        && let Some(table) = tables.remove(&from)
    {
        tables.insert(into, table);
    }
}

fn rename_column(tables: &mut Tables, of: &Token<'_>, from: &Token<'_>, into: &Token<'_>) {
    let (Some(from), Some(into)) = (name(from), name(into)) else { return };
    let Some(table) = name(of).and_then(|of| tables.get_mut(&of)) else { return };
    if let Some(sort) = table.sorts.remove(&from) {
        table.sorts.insert(into.clone(), sort);
    }
    let unique = table.unique.iter_mut().flat_map(|unique| &mut unique.columns);
    let all = table.columns.iter_mut().chain(&mut table.primary_key).chain(unique);
    all.filter(|column| **column == from).for_each(|column| *column = into.clone());
}

/// The parts of a list that commas divide, up to the bracket that closes it or the end.
fn parts<'t, 'a>(tokens: &'t [Token<'a>]) -> Vec<&'t [Token<'a>]> {
    let (mut out, mut depth, mut start) = (Vec::new(), 0_usize, 0);
    for (at, token) in tokens.iter().enumerate().filter(|(_, token)| token.kind == TokenKind::Other) {
        match token.text {
            "(" => depth += 1,
            ")" if depth == 0 => {
                out.push(&tokens[start..at]);
                return out;
            }
            ")" => depth -= 1,
            "," if depth == 0 => {
                out.push(&tokens[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    out.push(&tokens[start..]);
    out
}

/// `(a, b)`: plain names in brackets; with an order or a length behind each.
fn plain_list(tokens: &[Token<'_>]) -> Option<Vec<SmolStr>> {
    let (open, rest) = tokens.split_first()?;
    if open.text != "(" {
        return None;
    }
    let all: Option<Vec<SmolStr>> = parts(rest)
        .into_iter()
        .map(|part| {
            let is_call = part.get(1).is_some_and(|token| token.text == "(")
                && part.get(2).is_some_and(|token| token.kind == TokenKind::Word && token.text.parse::<u32>().is_err());
            part.first().filter(|_| !is_call).and_then(name)
        })
        .collect();
    all.filter(|columns| !columns.is_empty())
}

/// What stands behind some words.
fn skip<'t, 'a>(tokens: &'t [Token<'a>], words: &[&str]) -> &'t [Token<'a>] {
    let count = tokens.iter().take_while(|token| words.iter().any(|word| token.is(word))).count();
    &tokens[count..]
}

/// A name in lower case, without its schema.
fn name(token: &Token<'_>) -> Option<SmolStr> {
    if token.kind != TokenKind::Word {
        return None;
    }
    let own = token.text.rsplit('.').next().unwrap_or(token.text).trim_matches(['"', '`', '[', ']']);
    let is_name = own.starts_with(|c: char| c.is_alphabetic() || c == '_') && own.chars().all(|c| c.is_alphanumeric() || c == '_');
    is_name.then(|| SmolStr::new(own.to_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::{Tables, apply};

    fn left(texts: &[&str]) -> Vec<String> {
        let mut tables = Tables::new();
        texts.iter().enumerate().for_each(|(file, text)| apply(text, file, &mut tables));
        let list = |names: &[smol_str::SmolStr]| names.join(" ");
        let shown = tables.iter().map(|(name, table)| {
            let unique: Vec<String> = table.unique.iter().map(|unique| list(&unique.columns)).collect();
            format!("{name}({}) key({}) unique({})", list(&table.columns), list(&table.primary_key), unique.join("|"))
        });
        shown.collect()
    }

    #[test]
    fn tables_are_followed_through_their_migrations() {
        let found = left(&[
            "CREATE TABLE IF NOT EXISTS public.queue (id serial PRIMARY KEY, name varchar(255) NOT NULL, version text NOT NULL, \
             attempts numeric(3, 1) DEFAULT 0, UNIQUE (name, version));",
            "ALTER TABLE ONLY queue ADD COLUMN last_attempt timestamptz, DROP COLUMN attempts;\nALTER TABLE queue RENAME COLUMN name TO title;",
        ]);
        assert_eq!(found, ["queue(id title version last_attempt) key(id) unique(title version)"]);
        let dumped = left(&[
            "CREATE TABLE config (\n name character varying NOT NULL,\n value json\n);\nALTER TABLE ONLY config\n    ADD CONSTRAINT config_pkey PRIMARY KEY (name);\n\
             CREATE UNIQUE INDEX config_value ON public.config USING btree (value);",
        ]);
        assert_eq!(dumped, ["config(name value) key(name) unique(value)"]);
        let mysql = left(&[
            "CREATE TABLE `seen` (`user_id` CHAR(36) NOT NULL, `key` TEXT, PRIMARY KEY (`user_id`, `key`(64)), KEY by_key (`key`)) ENGINE=InnoDB;",
            "ALTER TABLE seen CHANGE COLUMN `key` token TEXT NOT NULL",
        ]);
        assert_eq!(mysql, ["seen(user_id token) key(user_id token) unique()"]);
    }

    #[test]
    fn what_is_dropped_renamed_or_open_is_not_told() {
        assert_eq!(left(&["CREATE TABLE a (id int); DROP TABLE IF EXISTS a, b CASCADE;"]), Vec::<String>::new());
        assert_eq!(left(&["CREATE TABLE a (id int); ALTER TABLE a RENAME TO b;"]), ["b(id) key() unique()"]);
        assert_eq!(left(&["CREATE TABLE a AS SELECT 1; CREATE TABLE b PARTITION OF a FOR VALUES IN (1);"]), Vec::<String>::new());
        assert_eq!(left(&["CREATE TABLE {prefix}_a (id int)"]), Vec::<String>::new());
        // One row for some rows only, or for what is made of columns.
        let partial = left(&[
            "CREATE TABLE a (id int, name text); CREATE UNIQUE INDEX x ON a (lower(name)); CREATE UNIQUE INDEX y ON a (name) WHERE id > 1",
        ]);
        assert_eq!(partial, ["a(id name) key() unique()"]);
    }

    #[test]
    fn what_is_dropped_by_its_name_is_unique_no_longer() {
        let made = "CREATE TABLE s (id uuid PRIMARY KEY, device text NOT NULL CONSTRAINT s_device UNIQUE, name text UNIQUE, a int, b int, \
                    UNIQUE (a, b), CONSTRAINT pair UNIQUE (name, b)); CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS by_a ON s (a);";
        let after = |later: &str| left(&[made, later]).join("").rsplit_once("key").map(|(_, rest)| rest.to_owned()).unwrap();
        assert_eq!(after(""), "(id) unique(device|name|a b|name b|a)");
        assert_eq!(after("ALTER TABLE s DROP CONSTRAINT s_device;"), "(id) unique(name|a b|name b|a)");
        assert_eq!(after("ALTER TABLE s DROP CONSTRAINT IF EXISTS s_name_key, DROP CONSTRAINT s_a_b_key;"), "(id) unique(device|name b|a)");
        assert_eq!(
            after("ALTER TABLE s RENAME CONSTRAINT pair TO two; ALTER TABLE s DROP CONSTRAINT two;"),
            "(id) unique(device|name|a b|a)"
        );
        assert_eq!(after("DROP INDEX IF EXISTS public.by_a;"), "(id) unique(device|name|a b|name b)");
        assert_eq!(after("ALTER TABLE s DROP CONSTRAINT s_pkey;"), "() unique(device|name|a b|name b|a)");
        // Of another table, and of another name.
        assert_eq!(after("DROP INDEX by_a ON other; ALTER TABLE s DROP CONSTRAINT s_b_key;"), "(id) unique(device|name|a b|name b|a)");
    }

    #[test]
    fn torn_text_ends() {
        for text in [
            "CREATE TABLE",
            "CREATE TABLE a (",
            "ALTER TABLE a ADD",
            "ALTER TABLE",
            "CREATE UNIQUE INDEX a ON",
            "DROP TABLE",
            "CREATE TABLE a (,,(",
            "RENAME TABLE a TO",
        ] {
            assert_eq!(left(&[text]), Vec::<String>::new(), "{text}");
        }
    }
}
