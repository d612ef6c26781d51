//! Queries as a body makes them: which texts are statements, and what the calls of a query builder stand for.

use super::reader::Reader;
use crate::facts::{Expr, ExprId};

impl Reader<'_> {
    /// The table of a query builder's chain: `jobs::table.filter(…)`, `insert_into(jobs::table).values(…)`.
    pub(super) fn table_of(&self, id: ExprId) -> String {
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

    /// `jobs::table.for_update().skip_locked()` as the statement that it stands for.
    pub(super) fn row_lock(&self, id: ExprId, recv: ExprId) -> String {
        let table = self.table_of(recv);
        let skips = self.parents[id.0 as usize]
            .is_some_and(|parent| matches!(&self.body[parent], Expr::Method { name, .. } if name == "skip_locked"));
        format!("SELECT FROM {table} FOR UPDATE{}", if skips { " SKIP LOCKED" } else { "" })
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

/// A cheap test for the texts that detectors read as statements.
pub(super) fn speaks_of_claims(text: &str) -> bool {
    match text.len() {
        0..2 => false,
        2..=4 => matches!(text, "SET" | "NX" | "set" | "nx"),
        _ => {
            const PHRASES: [&str; 16] = [
                "FOR UPDATE",
                "for update",
                "ADVISORY",
                "advisory",
                "GET_LOCK",
                "VACUUM INTO",
                "vacuum into",
                "SETNX",
                "INSERT ",
                "insert into",
                "REPLACE INTO",
                "replace into",
                "DELETE FROM",
                "delete from",
                "UPDATE ",
                "update ",
            ];
            PHRASES.iter().any(|phrase| text.contains(phrase))
        }
    }
}
