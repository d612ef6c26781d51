//! Whether a service may answer under a path: asked only of the paths that probes name.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use super::context::Cx;
use crate::facts::{Body, Expr, ItemKind, Lit};
use crate::resolve::DefId;

/// Names by which code serves files, or whatever was not asked for.
const CATCH_ALL: &[&str] =
    &["fallback", "fallback_service", "default_service", "nest_service", "ServeDir", "FileServer", "Files", "not_found"];

/// The paths that are asked for, and the services whose code may serve each.
#[derive(Debug, Default)]
pub struct ServedPaths {
    by_path: BTreeMap<String, BTreeSet<SmolStr>>,
}

impl ServedPaths {
    /// Looks for the paths in the texts of the code.
    #[must_use]
    pub fn new<'a>(cx: &Cx<'_>, asked: impl IntoIterator<Item = &'a str>) -> Self {
        let mut out = Self { by_path: asked.into_iter().map(|path| (path.to_owned(), BTreeSet::new())).collect() };
        if out.by_path.is_empty() {
            return out;
        }
        let program = cx.world.program;
        for (id, def) in program.all_defs().filter(|(id, _)| program.is_linked(*id) && !cx.is_for_tests(*id)) {
            let body: Option<&Body> = match &def.item.kind {
                ItemKind::Fn(func) => func.body.as_ref(),
                ItemKind::Static(fact) | ItemKind::Const(fact) => fact.init.as_ref(),
                _ => None,
            };
            for expr in body.into_iter().flat_map(|body| body.exprs.iter()) {
                match expr {
                    Expr::Lit(Lit::Str(text), _) => out.note(cx, id, text),
                    Expr::Path(path, _) if path.segs.iter().any(|seg| CATCH_ALL.contains(&seg.name.as_str())) => out.note_all(cx, id),
                    Expr::Method { name, .. } if CATCH_ALL.contains(&name.as_str()) => out.note_all(cx, id),
                    _ => {}
                }
            }
            for (key, value) in def.item.attrs.iter().flat_map(|attr| &attr.args) {
                out.note(cx, id, key);
                if let Some(value) = value {
                    out.note(cx, id, value);
                }
            }
        }
        out
    }

    /// Whether the code of a service names a path under which this one may be served.
    #[must_use]
    pub fn may_answer(&self, service: &str, path: &str) -> bool {
        self.by_path.get(path).is_none_or(|services| services.contains(service))
    }

    fn note(&mut self, cx: &Cx<'_>, id: DefId, text: &str) {
        for (path, services) in &mut self.by_path {
            if may_serve(text, path) {
                services.extend(cx.world.program.services_of(id).iter().cloned());
            }
        }
    }

    fn note_all(&mut self, cx: &Cx<'_>, id: DefId) {
        for services in self.by_path.values_mut() {
            services.extend(cx.world.program.services_of(id).iter().cloned());
        }
    }
}

/// Whether a text of the code is a path, or the end of one, under which the path that is asked for may be served.
fn may_serve(text: &str, asked: &str) -> bool {
    if text.is_empty() || text.len() > 200 {
        return false;
    }
    // Rocket writes the parameters of the query behind the path.
    let text = text.split('?').next().unwrap_or_default();
    let wanted: Vec<&str> = asked.split('/').filter(|part| !part.is_empty()).collect();
    let parts: Vec<&str> = text.split('/').filter(|part| !part.is_empty()).collect();
    let Some(last) = parts.last() else { return wanted.is_empty() && text == "/" };
    let is_any = |part: &str| part.starts_with([':', '<', '*', '{']);
    if (last.starts_with('*') || last.starts_with("{*") || last.contains("..") || last.contains(":.*")) && text.starts_with('/') {
        return true;
    }
    // `{}` alone is a format, and no route.
    if parts.iter().all(|part| is_any(part)) && !text.starts_with('/') {
        return false;
    }
    let fits = |(part, wanted): (&&str, &&str)| is_any(part) || part == wanted;
    parts.len() <= wanted.len() && parts.iter().rev().zip(wanted.iter().rev()).all(fits)
}

#[cfg(test)]
mod tests {
    use super::may_serve;

    #[test]
    fn a_route_serves_what_ends_like_it() {
        for (text, asked) in [
            ("/healthz", "/healthz"),
            ("healthz", "/api/healthz"),
            ("/health/live", "/api/health/live"),
            ("/{name}", "/healthz"),
            ("/:id/health", "/v1/health"),
            ("/<path..>", "/a/b"),
            ("/{*rest}", "/a/b"),
            ("/health?<full>", "/health"),
            ("/", "/"),
        ] {
            assert!(may_serve(text, asked), "{text} {asked}");
        }
        for (text, asked) in
            [("/health", "/healthz"), ("{}", "/healthz"), ("/health/live", "/live"), ("", "/"), ("healthy", "/health"), ("/a", "/")]
        {
            assert!(!may_serve(text, asked), "{text} {asked}");
        }
    }
}
