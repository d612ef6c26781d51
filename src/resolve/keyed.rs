//! What the entries of a cache go by: the variable that its methods are given as the key.

use super::reader::Reader;
use super::values::Value;
use crate::facts::{Expr, ExprId, Name};

/// Names that say no more than that there is a key.
const VAGUE: [&str; 12] = ["key", "cache_key", "hash", "name", "id", "value", "input", "item", "entry", "index", "this", "self"];

/// The variable that is the key of an entry.
#[derive(Clone, Debug)]
pub struct KeyedBy {
    /// Its name.
    pub name: Name,
    /// What it is put together of, where that is known: a path, a text.
    pub value: Option<Value>,
}

impl Reader<'_> {
    /// `CACHE.get_with(token.clone(), …)`: entries go by `token`.
    pub(super) fn keyed(&self, mentioned: ExprId) -> Option<KeyedBy> {
        let Expr::Method { recv, name, args, .. } = &self.body[self.parents[mentioned.0 as usize]?] else { return None };
        let takes_key = matches!(
            name.as_str(),
            "get"
                | "get_with"
                | "try_get_with"
                | "optionally_get_with"
                | "get_with_by_ref"
                | "try_get_with_by_ref"
                | "insert"
                | "entry"
                | "entry_by_ref"
                // Of limiters.
                | "check_key"
                | "check_key_n"
                | "until_key_ready"
                | "until_key_n_ready"
        );
        if *recv != mentioned || !takes_key {
            return None;
        }
        let mut at = *args.first()?;
        for _ in 0..8 {
            match &self.body[at] {
                Expr::Ref(inner) | Expr::Deref(inner) => at = *inner,
                Expr::Method { recv, name, args, .. }
                    if args.is_empty() && matches!(name.as_str(), "clone" | "to_owned" | "to_string" | "as_str" | "as_ref" | "into") =>
                {
                    at = *recv;
                }
                Expr::Path(path, _) if self.types.local_of.contains_key(&at) => {
                    let name =
                        path.single().filter(|name| (name.len() > 2 || *name == "ip") && !VAGUE.contains(&name.as_str())).cloned()?;
                    let value = self.tracer.value(at);
                    return Some(KeyedBy { name, value: matches!(value, Value::Join(_) | Value::Call { .. }).then_some(value) });
                }
                _ => return None,
            }
        }
        None
    }
}
