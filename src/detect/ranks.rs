//! What the numbers in the rows of a queue stand for: constants that are called after the column. Part of detector `claims`.

use super::context::Cx;
use crate::facts::{Body, Expr, ItemKind, Lit};
use crate::model::Fact;
use crate::resolve::DefId;

/// Columns whose numbers have names.
const COLUMNS: [&str; 2] = ["priority", "rank"];

/// Names beyond these are not told.
const MAX_NAMES: usize = 12;

/// The names of the numbers in a column, of the crate that writes it: `0 default, 20 background rebuild`.
pub(super) fn told(cx: &Cx<'_>, writer: DefId, columns: &[String]) -> Option<Fact> {
    let column = COLUMNS.into_iter().find(|column| columns.iter().any(|one| one == column))?;
    let krate = cx.krate(writer);
    let prefix = format!("{column}_");
    let mut found: Vec<(i64, String, DefId)> = Vec::new();
    for (id, def) in cx.world.program.all_defs() {
        let ItemKind::Const(fact) = &def.item.kind else { continue };
        let lower = def.item.name.to_lowercase();
        let Some(name) = lower.strip_prefix(&prefix).filter(|_| cx.krate(id) == krate && !cx.is_for_tests(id)) else { continue };
        if let Some(number) = fact.init.as_ref().and_then(number) {
            found.push((number, name.replace('_', " "), id));
        }
    }
    found.sort();
    let (_, _, first) = found.first()?;
    let at = cx.place(cx.declared_at(*first));
    let texts: Vec<String> = found.iter().take(MAX_NAMES).map(|(number, name, _)| format!("{number} {name}")).collect();
    let key = if column == "priority" { "priorities" } else { "ranks" };
    (found.len() > 1).then(|| Fact { at: Some(at), ..Cx::plain_fact(key, texts.join(", ")) })
}

/// A number that is written out.
fn number(body: &Body) -> Option<i64> {
    let value = |expr: &Expr| match expr {
        Expr::Lit(Lit::Int(number), _) => Some(*number),
        _ => None,
    };
    match &body[body.root?] {
        // `!0` is another matter.
        Expr::Unary(inner) => value(&body[*inner]).filter(|number| *number != 0)?.checked_neg(),
        expr => value(expr),
    }
}

#[cfg(test)]
mod tests {
    use crate::detect::surroundings_tests::items;
    use crate::model::Kind;

    #[test]
    fn numbers_of_a_queue_have_the_names_of_their_constants() {
        let of = |columns: &str, constants: &str| -> Vec<String> {
            let text = format!(
                "{constants}\nasync fn add(conn: &mut sqlx::PgConnection) {{ sqlx::query(\"INSERT INTO queue ({columns}) VALUES ($1, $2)\").execute(conn).await.unwrap(); }}\n\
                 async fn next(conn: &mut sqlx::PgConnection) {{ sqlx::query(\"SELECT name FROM queue ORDER BY priority ASC, name LIMIT 1 FOR UPDATE SKIP LOCKED\").execute(conn).await.unwrap(); }}\n\
                 #[tokio::main]\nasync fn main() {{ let mut conn = <sqlx::PgConnection as sqlx::Connection>::connect(\"postgres://db\").await.unwrap(); add(&mut conn).await; next(&mut conn).await; }}\n"
            );
            let found = items(&["sqlx", "tokio"], &text);
            let item = found.iter().find(|item| item.kind == Kind::ExternalStore && item.name == "queue").unwrap();
            let facts = item.facts.iter().filter(|fact| ["priorities", "order"].contains(&fact.key.as_str()));
            facts.map(|fact| format!("{} {}", fact.key, fact.value.as_ref().unwrap())).collect()
        };
        let constants = "pub const PRIORITY_NIGHTLY: i32 = 20;\npub const PRIORITY_DEFAULT: i32 = 0;\npub const PRIORITY_URGENT: i32 = -5;";
        let order = "order priority ASC, name";
        assert_eq!(of("name, priority", constants), ["priorities -5 urgent, 0 default, 20 nightly", order]);
        // A table without such a column, and constants that are no numbers.
        assert_eq!(of("name, at", constants), [order]);
        let others =
            "pub const PRIORITY_RELOAD: std::time::Duration = std::time::Duration::from_secs(300);\npub const PRIORITY_DEFAULT: i32 = 0;";
        assert_eq!(of("name, priority", others), [order]);
    }
}
