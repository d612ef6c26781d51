//! The names of the headers that a client sends with each request; their values may be secrets.

use super::reader::Reader;
use super::values::Value;
use super::walk::children;
use crate::facts::{Expr, ExprId};
use crate::model::FactValue;

/// Expressions of a map of headers that are looked at.
const MAX_LOOKED_AT: usize = 200;

/// A map with more headers is not told.
const MAX_HEADERS: usize = 8;

impl Reader<'_> {
    /// `default_headers(headers)`: the names that the map was given, one after the other.
    pub(super) fn header_names(&self, map: ExprId) -> Option<Value> {
        let mut names: Vec<String> = Vec::new();
        let mut init = map;
        let mut local = None;
        for _ in 0..8 {
            match &self.body[init] {
                Expr::Path(..) => {
                    let found = self.types.local_of.get(&init)?.0 as usize;
                    local = Some(found);
                    init = self.types.locals[found].init?;
                }
                Expr::Ref(inner) => init = *inner,
                Expr::Method { recv, name, args, .. } if name == "clone" && args.is_empty() => init = *recv,
                _ => break,
            }
        }
        let mut queue = vec![init];
        let mut looked = 0;
        while let Some(id) = queue.pop() {
            looked += 1;
            if looked > MAX_LOOKED_AT {
                return None;
            }
            match &self.body[id] {
                Expr::Tuple(pair) => names.extend(pair.first().filter(|_| pair.len() == 2).and_then(|name| self.header_of(*name))),
                Expr::Method { name, args, .. } if is_insert(name) => names.extend(args.first().and_then(|name| self.header_of(*name))),
                _ => {}
            }
            let from = queue.len();
            children(&self.body[id], &mut |child| queue.push(child));
            queue[from..].reverse();
        }
        for used in local.map_or(&[][..], |local| self.uses_of(local)) {
            if let Some(Expr::Method { recv, name, args, .. }) = self.parents[used.0 as usize].map(|parent| &self.body[parent])
                && recv == used
                && is_insert(name)
            {
                names.extend(args.first().and_then(|name| self.header_of(*name)));
            }
        }
        let mut told: Vec<String> = Vec::new();
        names.into_iter().for_each(|name| {
            if !told.contains(&name) {
                told.push(name)
            }
        });
        let at = self.at(self.span(map).or_else(|| self.span(init))?);
        (1..=MAX_HEADERS).contains(&told.len()).then(|| Value::Known(FactValue::Text(told.join(", ")), false, at))
    }

    /// `USER_AGENT`, `"x-api-key"`.
    fn header_of(&self, id: ExprId) -> Option<String> {
        let known = match self.tracer.value(id) {
            Value::Known(FactValue::Text(text), ..) => Some(text),
            _ => None,
        };
        let text = known.or_else(|| match &self.body[id] {
            Expr::Path(path, _) => path.last().filter(|last| !last.contains(|c: char| c.is_ascii_lowercase())).map(ToString::to_string),
            _ => None,
        })?;
        let is_name = !text.is_empty() && text.len() < 60 && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        is_name.then(|| text.to_ascii_lowercase().replace('_', "-"))
    }
}

fn is_insert(method: &str) -> bool {
    matches!(method, "insert" | "append" | "try_insert" | "try_append")
}
