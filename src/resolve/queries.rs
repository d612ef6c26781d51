//! Queries as a body makes them: which texts are statements, and what the calls of a query builder stand for.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use smol_str::SmolStr;

use super::reader::Reader;
use super::values::{At, Value};
use crate::facts::{Expr, ExprId, Lit};

impl Reader<'_> {
    /// The table of a query builder's chain: `jobs::table.filter(…)`, `insert_into(jobs::table).values(…)`; where a model
    /// starts it (`Job::query()`), that of the columns it is filtered by.
    pub(super) fn table_of(&self, id: ExprId) -> String {
        let table = self.start_of_query(id);
        if table.starts_with(char::is_uppercase) { self.table_of_columns(id).unwrap_or_default() } else { table }
    }

    /// `jobs::state` somewhere among the arguments of a chain.
    fn table_of_columns(&self, id: ExprId) -> Option<String> {
        let mut at = id;
        loop {
            let Expr::Method { recv, args, .. } = &self.body[at] else { return None };
            if let Some(table) = args.iter().find_map(|arg| self.table_of_column(*arg)) {
                return Some(table);
            }
            at = *recv;
        }
    }

    fn table_of_column(&self, mut id: ExprId) -> Option<String> {
        while let Expr::Method { recv, .. } = &self.body[id] {
            id = *recv;
        }
        let Expr::Path(path, _) = &self.body[id] else { return None };
        let names: Vec<&str> = path.segs.iter().map(|seg| seg.name.as_str()).collect();
        match names.as_slice() {
            [.., table, column] if [table, column].iter().all(|name| name.starts_with(|c: char| c.is_ascii_lowercase())) => {
                Some((*table).to_owned())
            }
            _ => None,
        }
    }

    fn start_of_query(&self, id: ExprId) -> String {
        let mut at = id;
        loop {
            match &self.body[at] {
                Expr::Method { recv, .. } => at = *recv,
                Expr::Try(inner) | Expr::Await(inner) | Expr::Ref(inner) => at = *inner,
                Expr::Call { callee, args, .. } => {
                    let starts =
                        matches!(&self.body[*callee], Expr::Path(path, _) if path.last().and_then(|last| statement(last)).is_some());
                    at = if starts { args.first().copied().unwrap_or(*callee) } else { *callee };
                }
                Expr::Path(path, _) => {
                    let names: Vec<&str> = path.segs.iter().map(|seg| seg.name.as_str()).collect();
                    return match names.as_slice() {
                        [.., table, "table" | "query" | "find" | "find_by_id"] => (*table).to_owned(),
                        [.., last] => (*last).to_owned(),
                        [] => String::new(),
                    };
                }
                _ => return String::new(),
            }
        }
    }

    /// `jobs::table`, at the start of a chain or alone.
    pub(super) fn names_a_table(&self, id: ExprId) -> bool {
        let mut at = id;
        loop {
            match &self.body[at] {
                Expr::Method { recv, .. } => at = *recv,
                Expr::Path(path, _) => {
                    // `sessions::table`, or `sessions` from the schema's `dsl`.
                    let named = path.segs.len() > 1 && path.last().is_some_and(|last| last == "table");
                    return named || (self.types.callees.contains_key(&at) && path.single().is_some());
                }
                _ => return false,
            }
        }
    }

    /// A text literal; as part of `format!`, with the constants that are put into it.
    pub(super) fn statement_text(&self, id: ExprId, text: &SmolStr) -> SmolStr {
        let formatted = self.parents[id.0 as usize].filter(|parent| {
            text.contains('{')
                && matches!(&self.body[*parent], Expr::Macro { path, .. } if path.last().is_some_and(|last| last == "format"))
        });
        formatted.map_or_else(|| text.clone(), |parent| spelled(&self.tracer.value(parent)).into())
    }

    /// The only value that is bound to a statement: `query("… ?").bind(path)`, `execute("… ?1", [path])`.
    pub(super) fn bound_to(&self, id: ExprId) -> Option<Value> {
        let mut at = id;
        for _ in 0..8 {
            let parent = self.parents[at.0 as usize]?;
            match &self.body[parent] {
                Expr::Method { recv, name, args, .. } if *recv == at && name == "bind" => {
                    return args.last().map(|value| self.tracer.value(*value));
                }
                Expr::Method { recv, args, .. } if *recv != at => {
                    let [statement, values] = &**args else { return None };
                    let (Expr::Array(values) | Expr::Tuple(values)) = &self.body[*values] else { return None };
                    let [only] = &**values else { return None };
                    return (*statement == at).then(|| self.tracer.value(*only));
                }
                _ => at = parent,
            }
        }
        None
    }

    /// The file that `query_file!("queries/a.sql")` or `include_str!("lock.lua")` takes its text from, as it is named there.
    pub(super) fn statement_file(&self, path: &crate::facts::Path, args: &[ExprId]) -> Option<StatementFile> {
        let name = path.last()?;
        let in_package = name.starts_with("query_file");
        if !in_package && name != "include_str" {
            return None;
        }
        let file = args.iter().find_map(|arg| match &self.body[*arg] {
            Expr::Lit(Lit::Str(text), span) if text.ends_with(".sql") || text.ends_with(".lua") => Some((text.clone(), *span)),
            _ => None,
        });
        file.map(|(path, span)| StatementFile { path, in_package, at: self.at(span) })
    }

    /// `jobs::table.for_update().skip_locked()` as the statement that it stands for.
    pub(super) fn row_lock(&self, id: ExprId, recv: ExprId) -> String {
        let table = self.table_of(recv);
        let skips = self.parents[id.0 as usize]
            .is_some_and(|parent| matches!(&self.body[parent], Expr::Method { name, .. } if name == "skip_locked"));
        format!("SELECT FROM {table} FOR UPDATE{}", if skips { " SKIP LOCKED" } else { "" })
    }
}

/// A file of statements that a body names.
#[derive(Clone, Debug)]
pub struct StatementFile {
    /// As written.
    pub path: SmolStr,
    /// The path begins at the package's folder, not at the file that names it.
    pub in_package: bool,
    /// Where it is named.
    pub at: At,
}

/// A text with what is known of its parts; the rest stays in braces.
fn spelled(value: &Value) -> String {
    match value {
        Value::Known(value, ..) => value.to_string(),
        Value::Join(parts) => parts.iter().map(spelled).collect(),
        Value::Unknown(name) => format!("{{{name}}}"),
        _ => "{}".to_owned(),
    }
}

/// The start of the statement that a function of a query builder makes.
pub(super) fn statement(name: &str) -> Option<&'static str> {
    match name {
        "insert_into" | "replace_into" | "insert_or_ignore_into" => Some("INSERT INTO"),
        "delete" => Some("DELETE FROM"),
        _ => None,
    }
}

/// Commands of Redis that stand alone as a text.
const COMMANDS: [&str; 8] = ["SET", "NX", "SETNX", "WATCH", "INCR", "INCRBY", "EXPIRE", "PEXPIRE"];

/// What begins the statements that detectors read, or is part of them; case does not matter.
const PHRASES: [&str; 19] = [
    "for update",
    "advisory",
    "get_lock",
    "vacuum into",
    "insert ",
    "replace into",
    "delete from",
    "update ",
    "materialized view",
    "unlogged table",
    "temp table",
    "temporary table",
    "listen ",
    "notify ",
    "pg_notify",
    "cron.schedule",
    "redis.call",
    "attribute_not_exists",
    "set unlogged",
];

/// Parts of statements that bound what is looked for.
const BOUNDS: [&str; 4] = ["limit ", "interval '", "'now', '-", "pragma "];

/// How a statement begins, or a part of one, that looks for rows.
const READS: [&str; 1] = ["select "];

/// What a text may speak of.
#[derive(Clone, Copy, Default)]
pub(super) struct Said {
    /// State that detectors read from statements.
    pub(super) state: bool,
    /// How much or how old.
    pub(super) bounds: bool,
    /// What is looked for.
    pub(super) reads: bool,
}

/// A cheap test for the texts that are read as statements: one pass over them.
pub(super) fn said_by(text: &str) -> Said {
    static FINDER: LazyLock<AhoCorasick> = LazyLock::new(|| {
        let finder = AhoCorasick::builder().ascii_case_insensitive(true).build(PHRASES.iter().chain(&BOUNDS).chain(&READS));
        finder.expect("a few short phrases make a finder")
    });
    let mut out = Said::default();
    match text.len() {
        0..2 => {}
        2..=7 => out.state = COMMANDS.iter().any(|command| text.eq_ignore_ascii_case(command)),
        _ => {
            for found in FINDER.find_overlapping_iter(text) {
                match found.pattern().as_usize() {
                    at if at < PHRASES.len() => out.state = true,
                    at if at < PHRASES.len() + BOUNDS.len() => out.bounds = true,
                    _ => out.reads = true,
                }
                if out.state && out.bounds && out.reads {
                    break;
                }
            }
        }
    }
    out
}
