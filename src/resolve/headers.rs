//! Headers that a response is given to be kept by clients and shared caches: how long, under which validator.

use smol_str::SmolStr;

use super::infer::Callee;
use super::reader::Reader;
use super::types::Type;
use super::values::{At, Value};
use crate::facts::{Expr, ExprId, Lit};
use crate::model::FactValue;

/// A header with the value that it is given.
#[derive(Clone, Debug)]
pub struct HeaderSet {
    /// Its name in lower case with hyphens.
    pub name: &'static str,
    /// Its value.
    pub value: Value,
    /// Where its name stands.
    pub at: At,
}

/// The headers that tell others to keep something, as HTTP and constants spell them.
const KEPT: [(&str, &str); 8] = [
    ("cache-control", "CACHE_CONTROL"),
    ("cdn-cache-control", "CDN_CACHE_CONTROL"),
    ("etag", "ETAG"),
    ("expires", "EXPIRES"),
    ("last-modified", "LAST_MODIFIED"),
    ("surrogate-control", "SURROGATE_CONTROL"),
    ("surrogate-key", "SURROGATE_KEY"),
    ("vary", "VARY"),
];

impl Reader<'_> {
    /// `headers.insert(CACHE_CONTROL, value)`, `response.header("ETag", value)`: a name and a value side by side.
    pub(super) fn header_by_method(&self, recv: ExprId, method: &str, args: &[ExprId]) -> Option<HeaderSet> {
        let [name, value] = args else { return None };
        let sets = matches!(
            method,
            "insert"
                | "header"
                | "append"
                | "insert_header"
                | "append_header"
                | "set_header"
                | "set_raw_header"
                | "raw_header"
                | "add"
                | "with_header"
        );
        if !sets || self.asks(recv) {
            return None;
        }
        self.header(*name, *value)
    }

    /// `(CACHE_CONTROL, value)`.
    pub(super) fn header(&self, name: ExprId, value: ExprId) -> Option<HeaderSet> {
        let (name, at) = self.header_name(name)?;
        // `HeaderValue::from_static("public")` says what it is given.
        let value = match &self.body[value] {
            Expr::Call { callee, args, .. } => match (&self.body[*callee], &**args) {
                (Expr::Path(path, _), [only]) if path.last().is_some_and(|last| last.starts_with("from_")) => *only,
                _ => value,
            },
            _ => value,
        };
        Some(HeaderSet { name, value: self.tracer.value(value), at })
    }

    /// What is sent to others asks them; it tells them nothing to keep.
    fn asks(&self, recv: ExprId) -> bool {
        let mut at = recv;
        for _ in 0..32 {
            let of = &self.types.types[at.0 as usize];
            if of.path().is_some_and(|path| path.contains("::request::") || path.contains("Request") || path.ends_with("::Client")) {
                return true;
            }
            match &self.body[at] {
                Expr::Method { recv, .. } => at = *recv,
                Expr::Try(inner) | Expr::Ref(inner) => at = *inner,
                // `let headers = builder.headers_mut()`: what it comes from.
                Expr::Path(..) => match self.types.local_of.get(&at).and_then(|local| self.types.locals[local.0 as usize].init) {
                    Some(init) if init != at => at = init,
                    _ => return false,
                },
                Expr::Call { callee, .. } => {
                    return matches!(&self.body[*callee], Expr::Path(path, _) if path.segs.iter().any(|seg| seg.name.ends_with("Request")));
                }
                _ => return false,
            }
        }
        false
    }

    fn header_name(&self, id: ExprId) -> Option<(&'static str, At)> {
        match &self.body[id] {
            Expr::Ref(inner) => self.header_name(*inner),
            Expr::Path(path, span) => {
                let last = path.last()?;
                let (name, _) = KEPT.iter().find(|(_, constant)| {
                    last == constant || (path.segs.len() > 1 && last == "CacheControl" && *constant == "CACHE_CONTROL")
                })?;
                Some((name, self.at(*span)))
            }
            Expr::Lit(Lit::Str(text), span) => {
                let (name, _) = KEPT.iter().find(|(name, _)| text.eq_ignore_ascii_case(name))?;
                Some((name, self.at(*span)))
            }
            _ => None,
        }
    }

    /// `CacheControl::new().with_max_age(…)`, `TypedHeader(etag)`: a header by its type.
    pub(super) fn typed_header(&self, id: ExprId) -> Option<HeaderSet> {
        let Expr::Call { args, span, .. } = &self.body[id] else { return None };
        let Some(Callee::Foreign(path)) = self.types.callees.get(&id) else { return None };
        if path.ends_with("::TypedHeader") {
            return self.typed_value(*args.first()?, self.at(*span));
        }
        let of = path.strip_suffix("::new").unwrap_or(path);
        if of.rsplit("::").next() != Some("CacheControl") || matches!(self.types.types[id.0 as usize], Type::Def(..)) {
            return None;
        }
        let mut end = id;
        while let Some(parent) = self.parents[end.0 as usize]
            && matches!(&self.body[parent], Expr::Method { recv, .. } if *recv == end)
        {
            end = parent;
        }
        let at = self.at(*span);
        let told = args.first().and_then(|list| self.directives(*list)).map(|text| Value::Known(FactValue::Text(text), false, at));
        let value = told.unwrap_or_else(|| Value::Unknown(SmolStr::new(self.tracer.show(end))));
        Some(HeaderSet { name: "cache-control", value, at })
    }

    /// `vec![CacheDirective::Public, CacheDirective::MaxAge(60)]` as the header has it.
    fn directives(&self, list: ExprId) -> Option<String> {
        let (Expr::Array(all) | Expr::Macro { args: all, .. }) = &self.body[list] else { return None };
        let spelled = |id: &ExprId| {
            let (path, seconds) = match &self.body[*id] {
                Expr::Path(path, _) => (path, None),
                Expr::Call { callee, args, .. } => match &self.body[*callee] {
                    Expr::Path(path, _) => (path, Some(self.tracer.value(*args.first()?).known_text()?)),
                    _ => return None,
                },
                _ => return None,
            };
            let word = match path.last()?.as_str() {
                "Public" => "public",
                "Private" => "private",
                "NoCache" => "no-cache",
                "NoStore" => "no-store",
                "NoTransform" => "no-transform",
                "OnlyIfCached" => "only-if-cached",
                "MustRevalidate" => "must-revalidate",
                "ProxyRevalidate" => "proxy-revalidate",
                "MaxAge" => "max-age",
                "SMaxAge" => "s-maxage",
                "MaxStale" => "max-stale",
                "MinFresh" => "min-fresh",
                _ => return None,
            };
            Some(seconds.map_or_else(|| word.to_owned(), |seconds| format!("{word}={seconds}")))
        };
        let told: Option<Vec<String>> = all.iter().map(spelled).collect();
        told.filter(|told| !told.is_empty()).map(|told| told.join(", "))
    }

    /// A value whose type is that of a validator: `headers.typed_insert(etag)`.
    pub(super) fn typed_value(&self, id: ExprId, at: At) -> Option<HeaderSet> {
        let ty = &self.types.types[id.0 as usize];
        let name = validator(ty).or_else(|| self.own_header(ty))?;
        Some(HeaderSet { name, value: Value::Unknown(SmolStr::default()), at })
    }

    /// A type of the workspace that is called like a header: `SurrogateKeys`.
    fn own_header(&self, ty: &Type) -> Option<&'static str> {
        let Type::Def(id, _) = ty else { return None };
        let name = self.world.program.def(*id).item.name.to_ascii_lowercase();
        let (header, _) = KEPT.iter().find(|(_, constant)| constant.replace('_', "").eq_ignore_ascii_case(name.trim_end_matches('s')))?;
        (*header == "surrogate-key").then_some(*header)
    }
}

/// The header that a type of a foreign crate is the value of, also where it may not be there.
pub(crate) fn validator(ty: &Type) -> Option<&'static str> {
    let Type::Foreign(path, args) = ty else { return None };
    match path.rsplit("::").next()? {
        "ETag" | "EntityTag" => Some("etag"),
        "LastModified" => Some("last-modified"),
        "Option" | "Result" => validator(args.first()?),
        _ => None,
    }
}
