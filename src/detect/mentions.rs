//! What the texts of the code mention of what manifests ask for: paths of probes, names of variables. Asked only of those.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::context::Cx;
use crate::catalog::Variables;
use crate::facts::{Attr, Expr, ItemKind, Lit};
use crate::resolve::{DefId, body_of};

/// Names by which code serves files, or whatever was not asked for.
const CATCH_ALL: &[&str] =
    &["fallback", "fallback_service", "default_service", "nest_service", "ServeDir", "FileServer", "Files", "not_found"];

/// What is asked for, and the services whose code mentions each.
#[derive(Clone, Debug, Default)]
pub struct Mentions {
    /// Paths under which a service may answer.
    paths: BTreeMap<String, BTreeSet<SmolStr>>,
    /// Names that stand in a text of the code.
    names: FxHashMap<String, BTreeSet<SmolStr>>,
    /// Services of which a library reads the fields of a struct from variables.
    derived: BTreeSet<SmolStr>,
}

impl Mentions {
    /// Looks for paths and names in the texts of the code.
    #[must_use]
    pub fn new<'a>(cx: &Cx<'_>, paths: impl IntoIterator<Item = &'a str>, names: impl IntoIterator<Item = &'a str>) -> Self {
        let asked = Self {
            paths: paths.into_iter().map(|path| (path.to_owned(), BTreeSet::new())).collect(),
            names: names.into_iter().map(|name| (name.to_owned(), BTreeSet::new())).collect(),
            derived: BTreeSet::new(),
        };
        if asked.paths.is_empty() && asked.names.is_empty() {
            return asked;
        }
        let program = cx.world.program;
        let all = program.par_ids().filter(|id| program.is_linked(*id) && !cx.is_for_tests(*id));
        let found = all.fold(
            || asked.clone(),
            |mut out, id| {
                out.look_into(cx, id);
                out
            },
        );
        found.reduce(|| asked.clone(), Self::and)
    }

    /// What two of the same questions found.
    fn and(mut self, other: Self) -> Self {
        for (path, services) in other.paths {
            self.paths.entry(path).or_default().extend(services);
        }
        for (name, services) in other.names {
            self.names.entry(name).or_default().extend(services);
        }
        self.derived.extend(other.derived);
        self
    }

    fn look_into(&mut self, cx: &Cx<'_>, id: DefId) {
        let def = cx.world.program.def(id);
        for expr in body_of(def.item).into_iter().flat_map(|body| body.exprs.iter()) {
            match expr {
                Expr::Lit(Lit::Str(text), _) => self.note(cx, id, text),
                Expr::Path(path, _) if path.segs.iter().any(|seg| CATCH_ALL.contains(&seg.name.as_str())) => self.answers_all(cx, id),
                Expr::Method { name, .. } if CATCH_ALL.contains(&name.as_str()) => self.answers_all(cx, id),
                _ => {}
            }
        }
        self.attrs(cx, id, &def.item.attrs);
        if let ItemKind::Struct(facts) = &def.item.kind {
            facts.fields.iter().for_each(|field| self.attrs(cx, id, &field.attrs));
        }
    }

    /// Whether the code of a service names a path under which this one may be served.
    #[must_use]
    pub fn may_answer(&self, service: &str, path: &str) -> bool {
        self.paths.get(path).is_none_or(|services| services.contains(service))
    }

    /// Whether a text of a service's code holds a name, or a library reads names that stand in no text.
    #[must_use]
    pub fn may_read(&self, service: &str, variable: &str) -> bool {
        self.derived.contains(service) || self.names.get(variable).is_none_or(|services| services.contains(service))
    }

    fn attrs(&mut self, cx: &Cx<'_>, id: DefId, attrs: &[Attr]) {
        for attr in attrs {
            let derives = attr.path.last().is_some_and(|last| last == "derive");
            for (key, value) in &attr.args {
                if derives && Variables::builtin().derives_reads(key.rsplit("::").next().unwrap_or(key)) {
                    self.derived.extend(cx.world.program.services_of(id).iter().cloned());
                }
                self.note(cx, id, key);
                if let Some(value) = value {
                    self.note(cx, id, value);
                }
            }
        }
    }

    fn note(&mut self, cx: &Cx<'_>, id: DefId, text: &str) {
        for (path, services) in &mut self.paths {
            if may_serve(text, path) {
                services.extend(cx.world.program.services_of(id).iter().cloned());
            }
        }
        if self.names.is_empty() {
            return;
        }
        for word in text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
            if let Some(services) = self.names.get_mut(word) {
                services.extend(cx.world.program.services_of(id).iter().cloned());
            }
        }
    }

    fn answers_all(&mut self, cx: &Cx<'_>, id: DefId) {
        for services in self.paths.values_mut() {
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
