//! How long the keys of claims may be, where the type of a key is made of no longer text: fact `key_length`.

use rustc_hash::FxHashMap;

use super::context::Cx;
use super::finding::Finding;
use crate::facts::ItemKind;
use crate::model::{Fact, FactValue, Kind};
use crate::resolve::{DefId, Type};

/// Tells it at claims whose statement names a column like the type of something that the function is given.
pub(super) fn tell(cx: &Cx<'_>, findings: &mut [Finding]) {
    if !findings.iter().any(|finding| finding.kind == Kind::Lease) {
        return;
    }
    let mut limits: FxHashMap<DefId, Vec<Fact>> = FxHashMap::default();
    for body in cx.bodies() {
        let Some(Type::Def(of, _)) = cx.world.signatures.this[body.def.0 as usize].as_ref() else { continue };
        if is_newtype(cx, *of) {
            let told = body.lengths.iter().map(|(words, at)| Fact {
                at: Some(cx.place(*at)),
                value: Some(FactValue::Text(words.clone())),
                ..Cx::plain_fact("key_length", "")
            });
            limits.entry(*of).or_default().extend(told);
        }
    }
    for finding in findings.iter_mut().filter(|finding| finding.kind == Kind::Lease) {
        let Some(body) = cx.body_of.get(&finding.def).map(|at| &cx.bodies[*at]) else { continue };
        for ty in &cx.world.signatures.params[finding.def.0 as usize] {
            let Type::Def(of, _) = ty else { continue };
            let Some([only]) = limits.get(of).map(Vec::as_slice) else { continue };
            let column = snake(&cx.short_name(*of));
            let names =
                |text: &str| text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|word| word.eq_ignore_ascii_case(&column));
            if body.strings.iter().any(|(text, _)| names(text)) {
                finding.learn(only.clone());
            }
        }
    }
}

/// A struct around one value.
fn is_newtype(cx: &Cx<'_>, of: DefId) -> bool {
    matches!(&cx.world.program.def(of).item.kind, ItemKind::Struct(facts) if facts.fields.len() == 1)
}

/// `IdempotencyKey` as `idempotency_key`.
fn snake(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use crate::detect::surroundings_tests::{items, told};
    use crate::model::Kind;

    fn of(check: &str, column: &str) -> Vec<String> {
        let text = format!(
            "struct RequestKey(String);\nimpl TryFrom<String> for RequestKey {{ type Error = String;\n\
             fn try_from(text: String) -> Result<Self, Self::Error> {{ let most = 50; {check} Ok(Self(text)) }} }}\n\
             async fn claim(pool: &sqlx::PgPool, key: &RequestKey) {{ sqlx::query(\"INSERT INTO requests ({column}) VALUES ($1) ON CONFLICT DO NOTHING\").bind(&key.0).execute(pool).await.unwrap().rows_affected(); }}\n\
             #[tokio::main]\nasync fn main() {{ let pool = sqlx::PgPool::connect(\"postgres://a\").await.unwrap(); claim(&pool, &RequestKey::try_from(String::new()).unwrap()).await }}\n"
        );
        told(&items(&["sqlx", "tokio"], &text), Kind::Lease, &["key_length"])
    }

    #[test]
    fn the_type_of_a_key_says_how_long_it_is() {
        let check = "if text.len() >= most { return Err(text) }";
        assert_eq!(of(check, "request_key"), ["key_length shorter than 50 bytes"]);
        let both = "if text.is_empty() || text.chars().count() > most { return Err(text) }";
        assert_eq!(of(both, "request_key"), ["key_length at most 50 characters"]);
        // Another column, nothing that fails, another text.
        assert_eq!(of(check, "id"), [""; 0]);
        assert_eq!(of("if text.len() >= most { println!() }", "request_key"), [""; 0]);
        assert_eq!(of("let other = String::new(); if other.len() >= most { return Err(text) }", "request_key"), [""; 0]);
    }
}
