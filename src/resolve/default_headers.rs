//! The headers that are sent with requests: their names, and where their values come from. The values may be secrets.

use super::reader::Reader;
use super::values::Value;
use super::walk::children;
use crate::facts::{Expr, ExprId};
use crate::model::FactValue;

/// Expressions of a map of headers that are looked at.
const MAX_LOOKED_AT: usize = 200;

/// A map with more headers is not told.
const MAX_HEADERS: usize = 8;

/// What is known of the headers that a client sends with each request.
pub(super) struct Headers {
    /// Their names, one after the other.
    pub(super) names: Value,
    /// Those whose values come from elsewhere.
    pub(super) given: Vec<(String, Value)>,
}

impl Reader<'_> {
    /// `default_headers(headers)`: what the map was given.
    pub(super) fn headers_in(&self, map: ExprId) -> Option<Headers> {
        let mut pairs: Vec<(String, ExprId)> = Vec::new();
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
                Expr::Tuple(pair) => pairs.extend(self.header_pair(pair)),
                Expr::Method { name, args, .. } if is_insert(name) => pairs.extend(self.header_pair(args)),
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
                pairs.extend(self.header_pair(args));
            }
        }
        let mut told: Vec<String> = Vec::new();
        let mut given = Vec::new();
        for (name, value) in pairs {
            if !told.contains(&name) {
                given.extend(self.source_of(value).map(|value| (name.clone(), value)));
                told.push(name);
            }
        }
        let at = self.at(self.span(map).or_else(|| self.span(init))?);
        let names = Value::Known(FactValue::Text(told.join(", ")), false, at);
        (1..=MAX_HEADERS).contains(&told.len()).then_some(Headers { names, given })
    }

    /// `.header("x-api-key", key)`, `.bearer_auth(token)` on a request: the name, and where its value comes from.
    pub(super) fn header_sent(&self, method: &str, args: &[ExprId]) -> Option<(String, Value)> {
        let (name, value) = match (method, args) {
            ("bearer_auth", [token]) => ("authorization".to_owned(), *token),
            ("basic_auth", [_, password]) => ("authorization".to_owned(), *password),
            ("header" | "set" | "insert_header" | "append_header" | "with_header", [name, value]) => (self.header_of(*name)?, *value),
            _ => return None,
        };
        Some((name, self.source_of(value)?))
    }

    fn header_pair(&self, pair: &[ExprId]) -> Option<(String, ExprId)> {
        let [name, value] = pair else { return None };
        Some((self.header_of(*name)?, *value))
    }

    /// Where a header's value comes from: of `Bearer {token}`, the token.
    fn source_of(&self, id: ExprId) -> Option<Value> {
        let mut value = self.tracer.value(id);
        for _ in 0..4 {
            match value {
                Value::Join(parts) => {
                    let mut open = parts.into_iter().filter(|part| !matches!(part, Value::Known(..)));
                    value = open.next().filter(|_| open.next().is_none())?;
                    // In the middle of a text, `{token}` is told by its name.
                    if let Value::Unknown(name) = &value {
                        value = self.tracer.inline(name, true, 0)?;
                    }
                }
                Value::Field { .. } | Value::Env { .. } | Value::Call { .. } | Value::Param { .. } | Value::Or(..) => return Some(value),
                _ => return None,
            }
        }
        None
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
