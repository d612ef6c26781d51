//! Filters of warp: the method and the path that a chain of them asks for.

use smol_str::SmolStr;

use super::infer::Callee;
use super::reader::Reader;
use super::routes::http_method;
use crate::facts::{BinOp, Expr, ExprId, Lit};

/// Filters of one chain that are looked at.
const MAX_FILTERS: usize = 64;

/// What a chain of filters asks for.
#[derive(Debug, Default)]
pub(super) struct Asked {
    pub(super) method: Option<SmolStr>,
    pub(super) path: String,
}

impl Reader<'_> {
    /// What a chain of warp's filters asks for: `warp::path("todos").and(warp::get())`; none when it is another chain.
    pub(super) fn asked_by_filters(&self, chain: ExprId) -> Option<Asked> {
        let mut filters = Vec::new();
        let mut at = chain;
        while let Expr::Method { recv, name, args, .. } = &self.body[at] {
            if filters.len() == MAX_FILTERS {
                return None;
            }
            // What else is called on a filter (`boxed`, `with`, `recover`) asks for nothing.
            if name == "and" {
                filters.extend(args.first().copied());
            }
            at = *recv;
        }
        filters.push(at);
        filters.reverse();
        let mut out = Asked::default();
        let mut is_filter = false;
        for (place, filter) in filters.into_iter().enumerate() {
            let known = self.filter(filter, &mut out);
            is_filter |= known;
            // A chain that begins with a filter from elsewhere may begin with a path.
            if place == 0 && !known {
                out.path.push('…');
            }
        }
        is_filter.then_some(out)
    }

    /// Adds what one filter asks for; false when it is none of warp's.
    fn filter(&self, id: ExprId, out: &mut Asked) -> bool {
        match &self.body[id] {
            Expr::Call { args, .. } => {
                let Some(Callee::Foreign(callee)) = self.types.callees.get(&id) else { return false };
                let Some(rest) = callee.strip_prefix("warp::") else { return false };
                let name = rest.rsplit("::").next().unwrap_or(rest);
                match (name, args.first().map(|arg| &self.body[*arg])) {
                    ("path", Some(Expr::Lit(Lit::Str(part), _))) => push(out, part),
                    ("path", Some(_)) | ("param", _) => push(out, "{}"),
                    ("tail", _) => push(out, "{tail}"),
                    _ if rest.split("::").count() <= 1 || rest.starts_with("filters::method") => {
                        out.method = out.method.take().or_else(|| http_method(name));
                    }
                    _ => {}
                }
                true
            }
            Expr::Macro { path, args, .. } => {
                let is_path = path.last().is_some_and(|last| last == "path")
                    && path.segs.first().is_some_and(|first| first.name == "warp" || path.segs.len() == 1);
                if is_path {
                    args.iter().for_each(|arg| self.path_parts(*arg, out));
                }
                is_path
            }
            _ => false,
        }
    }

    /// `"todos" / u64 / "done"`.
    fn path_parts(&self, id: ExprId, out: &mut Asked) {
        match &self.body[id] {
            Expr::Binary { op: BinOp::Div, left, right } => {
                self.path_parts(*left, out);
                self.path_parts(*right, out);
            }
            Expr::Lit(Lit::Str(part), _) => push(out, part),
            // `..` leaves the path open.
            Expr::Range(..) => {}
            _ => push(out, "{}"),
        }
    }
}

fn push(out: &mut Asked, part: &str) {
    out.path.push('/');
    out.path.push_str(part);
}
