//! Routes: under which method and path a router serves a function of the workspace.

use smol_str::SmolStr;

use super::infer::Callee;
use super::reader::Reader;
use super::types::Type;
use super::walk::children;
use crate::facts::{Expr, ExprId, Lit, Stmt};

/// Steps up the expression tree; a router of five hundred routes is one chain.
const MAX_STEPS: usize = 1_000;

/// How a router takes a function: as a handler, or as a part that has routes of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Served {
    /// `GET`; none when any method will do, or when the function's own attribute says which.
    pub method: Option<SmolStr>,
    /// The path it is served under, without what is mounted around it.
    pub path: Option<SmolStr>,
    /// What is mounted around it in the same body: `/api`.
    pub prefix: String,
    /// The part that is next to the path is put before it as it is, so that `/` stays a slash behind it; a router that is
    /// nested under a prefix is served at the bare prefix instead.
    pub keeps_slash: bool,
    /// The function is not called where it is handed over.
    pub by_name: bool,
    /// It runs before or after requests: every one, unless it is put around a part.
    pub is_middleware: bool,
    /// What it is put around is a part of another router.
    pub of_part: bool,
    /// Where the router begins that takes it: `Router::new()`.
    pub router: Option<ExprId>,
}

/// The methods of HTTP as functions of routers name them; `any` is none of them.
#[must_use]
pub fn http_method(name: &str) -> Option<SmolStr> {
    let name = name.strip_suffix("_service").unwrap_or(name);
    ["get", "post", "put", "delete", "patch", "head", "options", "trace", "connect"]
        .contains(&name)
        .then(|| SmolStr::from(name.to_uppercase()))
}

impl Reader<'_> {
    /// How a router takes the function that is called or named here; none when it stands nowhere near one.
    pub(super) fn served(&self, id: ExprId) -> Option<Box<Served>> {
        let mut out = Served { by_name: matches!(self.body[id], Expr::Path(..)), ..Served::default() };
        if self.is_middleware(id) {
            let (router, of_part) = self.put_around(id);
            return Some(Box::new(Served { is_middleware: true, of_part, router, ..out }));
        }
        let mut seen = false;
        let mut at = id;
        for _ in 0..MAX_STEPS {
            let Some(parent) = self.parents[at.0 as usize] else { break };
            let goes_on = match &self.body[parent] {
                Expr::Method { recv, .. } if *recv == at => seen,
                Expr::Method { recv, name, args, .. } => {
                    let taken = self.taken(at, *recv, name, args, &mut out);
                    seen |= taken;
                    taken
                }
                Expr::Call { .. } if self.makes_route(parent) => {
                    seen = true;
                    true
                }
                Expr::Call { callee, .. } if *callee != at => match &self.body[*callee] {
                    Expr::Path(path, _) => match path.last().map(SmolStr::as_str) {
                        Some("Some" | "Ok") => true,
                        Some("any" | "on") if path.segs.len() <= 3 => {
                            seen = true;
                            true
                        }
                        Some(last) => {
                            let method = http_method(last);
                            seen |= method.is_some();
                            out.method = out.method.or(method);
                            seen
                        }
                        None => false,
                    },
                    _ => false,
                },
                Expr::Macro { path, .. } => {
                    let is_list = path.last().is_some_and(|name| name.ends_with("routes") || name == "catchers");
                    seen |= is_list;
                    is_list
                }
                Expr::Block(stmts) if seen => match self.goes_into_variable(stmts, at) {
                    Some(used) => {
                        at = used;
                        continue;
                    }
                    None => false,
                },
                Expr::Block(_)
                | Expr::Closure { .. }
                | Expr::Async { .. }
                | Expr::Array(_)
                | Expr::Ref(_)
                | Expr::Try(_)
                | Expr::Await(_) => true,
                _ => false,
            };
            if !goes_on {
                break;
            }
            at = parent;
        }
        seen.then(|| Box::new(out))
    }

    /// `axum::middleware::from_fn(count)`; `std::iter::from_fn` is none.
    fn is_middleware(&self, id: ExprId) -> bool {
        let taker = self.parents[id.0 as usize].and_then(|parent| self.types.callees.get(&parent));
        let Some(Callee::Foreign(path)) = taker else { return false };
        let (module, name) = path.rsplit_once("::").unwrap_or(("", path));
        module.ends_with("::middleware") && ["from_fn", "map_request", "map_response"].iter().any(|start| name.starts_with(start))
    }

    /// The router that a function which runs before its requests is put around, and whether that is a part of another one.
    fn put_around(&self, id: ExprId) -> (Option<ExprId>, bool) {
        let mut at = id;
        let mut router = None;
        for _ in 0..MAX_STEPS {
            let Some(parent) = self.parents[at.0 as usize] else { break };
            match &self.body[parent] {
                Expr::Method { recv, name, .. } if *recv != at => match name.as_str() {
                    "layer" | "route_layer" | "wrap" => router = self.chain_root(*recv),
                    "nest" | "nest_service" | "merge" | "service" | "mount" | "route" => return (router, router.is_some()),
                    _ => {}
                },
                Expr::Block(stmts) => match self.goes_into_variable(stmts, at) {
                    Some(used) => {
                        at = used;
                        continue;
                    }
                    None if matches!(stmts.last(), Some(Stmt::Expr { expr, semi: false, .. }) if *expr == at) => {}
                    None => break,
                },
                Expr::Closure { .. } | Expr::Async { .. } => break,
                _ => {}
            }
            at = parent;
        }
        (router, false)
    }

    /// Where a chain of methods starts, also through variables.
    fn chain_root(&self, mut at: ExprId) -> Option<ExprId> {
        for _ in 0..MAX_STEPS {
            at = match &self.body[at] {
                Expr::Method { recv, .. } => *recv,
                Expr::Path(..) => match self.types.local_of.get(&at).and_then(|local| self.types.locals[local.0 as usize].init) {
                    Some(init) => init,
                    None => return Some(at),
                },
                _ => return Some(at),
            };
        }
        None
    }

    /// A call of the workspace's own that makes a route of a handler: `get_with_cache(handler)`.
    fn makes_route(&self, id: ExprId) -> bool {
        let Some(Callee::Def(func)) = self.types.callees.get(&id) else { return false };
        self.world.signatures.value(*func).path().is_some_and(|path| path.ends_with("::MethodRouter"))
    }

    /// A method takes the expression as its argument; false when it is no router's.
    fn taken(&self, at: ExprId, recv: ExprId, name: &str, args: &[ExprId], out: &mut Served) -> bool {
        let literal = args.first().filter(|first| **first != at).and_then(|first| self.text(*first));
        match name {
            "to" | "to_async" => out.method = out.method.take().or_else(|| self.chain_start(recv).and_then(|(name, _)| http_method(&name))),
            "route" | "at" | "route_service" | "route_with_tsr" => {
                let of_resource = || self.chain_start(recv).filter(|(name, _)| name == "resource").and_then(|(_, text)| text);
                let Some(path) = literal.or_else(of_resource) else { return false };
                out.router = out.router.or_else(|| self.chain_root(recv));
                out.path = out.path.take().or(Some(path));
            }
            "nest" | "nest_service" | "mount" => {
                let Some(first) = args.first().filter(|first| **first != at) else { return false };
                out.keeps_slash |= out.prefix.is_empty() && name == "mount";
                let prefix = literal.map_or_else(|| self.part_of_path(*first), String::from);
                out.prefix.insert_str(0, prefix.trim_end_matches('/'));
            }
            "service" | "configure" | "merge" | "routes" | "register" => out.router = out.router.or_else(|| self.chain_root(recv)),
            "append" | "extend" if self.is_list_of_routes(at) => {}
            "and_then" | "then" | "map" => {
                let Some(asked) = self.asked_by_filters(recv) else { return false };
                out.method = asked.method;
                out.path = Some(if asked.path.is_empty() { SmolStr::new_static("/") } else { asked.path.into() });
                return true;
            }
            name => {
                let Some(method) = http_method(name) else { return false };
                out.method = out.method.take().or(Some(method));
            }
        }
        if let Some((start, Some(scope))) = self.chain_start(recv)
            && matches!(start.as_str(), "scope" | "with_path")
        {
            out.keeps_slash |= out.prefix.is_empty();
            out.prefix.insert_str(0, scope.trim_end_matches('/'));
        }
        true
    }

    fn is_list_of_routes(&self, id: ExprId) -> bool {
        let of = self.types.types[id.0 as usize].args().first().and_then(Type::path);
        of.is_some_and(|path| path.ends_with("::Route"))
    }

    /// The function that a chain of methods starts with, and the text it is given: `web::scope("/api").route(…)`.
    fn chain_start(&self, mut at: ExprId) -> Option<(SmolStr, Option<SmolStr>)> {
        for _ in 0..MAX_STEPS {
            match &self.body[at] {
                Expr::Method { recv, .. } => at = *recv,
                Expr::Call { callee, args, .. } => {
                    let Expr::Path(path, _) = &self.body[*callee] else { return None };
                    return Some((path.last()?.clone(), args.first().and_then(|first| self.text(*first))));
                }
                _ => return None,
            }
        }
        None
    }

    fn text(&self, id: ExprId) -> Option<SmolStr> {
        match &self.body[id] {
            Expr::Lit(Lit::Str(text), _) => Some(text.clone()),
            Expr::Ref(inner) => self.text(*inner),
            _ => None,
        }
    }

    /// What is known of a path that is put together: `[base, "/api"].concat()` ends with `/api`.
    fn part_of_path(&self, id: ExprId) -> String {
        let mut last = None;
        let mut queue = vec![id];
        while let Some(id) = queue.pop() {
            last = last.max(self.text(id).map(|text| (id, text)));
            children(&self.body[id], &mut |child| queue.push(child));
        }
        let known = last
            .as_ref()
            .and_then(|(_, text)| Some(&text[text.rfind('}').map_or(0, |brace| brace + 1)..]).filter(|text| text.starts_with('/')));
        format!("…{}", known.unwrap_or_default())
    }

    /// Where the variable is used that a `let` of these statements gives the value to, later than that `let`.
    fn goes_into_variable(&self, stmts: &[Stmt], id: ExprId) -> Option<ExprId> {
        if !stmts.iter().any(|stmt| matches!(stmt, Stmt::Let { init: Some(init), .. } if *init == id)) {
            return None;
        }
        self.first_use_of(id)
    }
}
