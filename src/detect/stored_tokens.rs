//! Where random tokens are stored, and what the statements of the service say of their end: part of detector `minted`.

use smol_str::SmolStr;

use super::context::Cx;
use super::minted::parameter;
use super::statements::{deleted, inserted, words};
use crate::model::Fact;
use crate::resolve::{BodyFacts, Mint, Sink};

/// Crates whose queries are no texts: what they delete is not seen.
const BUILDERS: [&str; 4] = ["diesel::", "diesel_async::", "sea_orm::", "sea_query::"];

/// Parts of words that ask for a time.
const AGES: [&str; 10] = ["EXPIR", "VALID", "UNTIL", "CREATED", "ISSUED", "_AT", "NOW", "INTERVAL", "TIME", "DATE"];

/// The table in which a token is stored, and that nothing ends it there, where all statements are seen.
pub(super) fn facts(cx: &Cx<'_>, body: &BodyFacts, mint: &Mint, name: &str) -> Vec<Fact> {
    let Some(table) = table_of(cx, body, mint, name) else { return Vec::new() };
    let mut out = vec![Cx::plain_fact("kept_in", format!("table {table}"))];
    if lasts(cx, &table) {
        out.push(Cx::plain_fact("ends", format!("by no statement of the code: none deletes rows of {table}, none asks for their age")));
    }
    out
}

/// The table of the only statement that inserts the token into a column of its name: in the function, or in one that is given it.
fn table_of(cx: &Cx<'_>, body: &BodyFacts, mint: &Mint, name: &str) -> Option<String> {
    let mut tables: Vec<String> = Vec::new();
    let mut note = |body: &BodyFacts, column: &str| {
        for (text, _) in &body.strings {
            let Some((table, columns)) = inserted(text) else { continue };
            if columns.iter().any(|own| own == column) && !tables.contains(&table) {
                tables.push(table);
            }
        }
    };
    for sink in &mint.into {
        match sink {
            Sink::Query => note(body, name),
            Sink::Argument(func, index) => {
                let taker = cx.body_of.get(func).map(|at| &cx.bodies[*at]);
                if let (Some(taker), Some(column)) = (taker, parameter(cx, *func, *index)) {
                    note(taker, &column);
                }
            }
            _ => {}
        }
    }
    match tables.as_slice() {
        [only] => Some(only.clone()),
        _ => None,
    }
}

/// Queries are put together by calls.
pub(super) fn are_built(cx: &Cx<'_>) -> bool {
    let is_built = |path: &SmolStr| BUILDERS.iter().any(|start| path.starts_with(start));
    cx.uses.foreign.iter().any(is_built)
}

/// No statement deletes rows of the table, changes them, or asks how old they are; and all statements are texts in the code.
fn lasts(cx: &Cx<'_>, table: &str) -> bool {
    !are_built(cx)
        && cx.bodies().flat_map(|body| body.strings.iter().map(|(text, _)| text).chain(&body.reads)).all(|text| !ends(text, table))
}

/// A statement that ends rows of a table, or may.
fn ends(text: &str, table: &str) -> bool {
    let small = text.to_ascii_lowercase();
    // A table that is put in later may be any; so may all that a statement on everything takes.
    if ["delete from {", "truncate", "drop table"].iter().any(|start| small.contains(start)) || deleted(text).iter().any(|of| of == table) {
        return true;
    }
    let is_open = small.contains("from {");
    if !is_open && !small.contains(table) {
        return false;
    }
    let all = words(text);
    let names_it = all.iter().any(|word| word.rsplit('.').next().is_some_and(|word| word.eq_ignore_ascii_case(table)));
    (names_it || is_open) && all.iter().any(|word| word == "UPDATE" || AGES.iter().any(|part| word.contains(part)))
}
