//! What a lock, cell or map in a struct begins with: something that was loaded, or nothing.

use super::calls::BodyFacts;
use super::infer::Callee;
use super::program::DefId;
use super::reader::Reader;
use crate::facts::{Expr, ExprId, Name};

/// Expressions between a field and what it begins with.
const MAX_STEPS: usize = 32;

/// What a field begins with, where its struct is made.
#[derive(Clone, Debug)]
pub struct Seed {
    /// The struct.
    pub of: DefId,
    /// The field.
    pub field: Name,
    /// Where it comes from; none for what is not loaded.
    pub from: Option<Loaded>,
}

/// Where a loaded value comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Loaded {
    /// A function of the workspace that was awaited.
    By(DefId),
    /// An awaited call of a library: a query, a request.
    Awaited,
    /// A file.
    File,
    /// A parameter of the function, by position.
    Param(DefId, usize),
}

impl Reader<'_> {
    /// What the containers in a struct literal begin with.
    pub(super) fn seeds(&self, of: DefId, fields: &[(Name, ExprId)], out: &mut BodyFacts) {
        for (field, value) in fields {
            let ty = self.world.signatures.field(of, field);
            if ty.is_some_and(|ty| self.holds_container(ty, 0)) {
                out.seeds.push(Seed { of, field: field.clone(), from: self.loaded(*value) });
            }
        }
    }

    pub(super) fn holds_container(&self, ty: &super::types::Type, depth: u32) -> bool {
        let wrappers = self.world.catalog.wrappers();
        ty.path().is_some_and(|path| wrappers.is_container(path))
            || depth < 4 && ty.args().iter().any(|ty| self.holds_container(ty, depth + 1))
    }

    /// Through `Arc::new(RwLock::new(…))`, variables, `?` and the like, to an awaited call.
    fn loaded(&self, id: ExprId) -> Option<Loaded> {
        let mut at = id;
        let mut awaited = false;
        for _ in 0..MAX_STEPS {
            match &self.body[at] {
                Expr::Await(inner) => (awaited, at) = (true, *inner),
                Expr::Try(inner) | Expr::Ref(inner) => at = *inner,
                Expr::Path(..) => {
                    let local = &self.types.locals[self.types.local_of.get(&at)?.0 as usize];
                    match (local.param, local.init) {
                        (Some(index), None) => return Some(Loaded::Param(self.tracer.def, index)),
                        (_, Some(init)) if init != at => at = init,
                        _ => return None,
                    }
                }
                Expr::Call { args, .. } => {
                    let callee = self.types.callees.get(&at);
                    if awaited {
                        return self.awaited_of(callee);
                    }
                    match (callee, &**args) {
                        (Some(Callee::Foreign(path)), _) if is_file_read(path) => return Some(Loaded::File),
                        (Some(Callee::Foreign(path)), [only]) if wraps(path) => at = *only,
                        _ => return None,
                    }
                }
                Expr::Method { recv, name, .. } => {
                    let passes = matches!(
                        name.as_str(),
                        "unwrap" | "expect" | "context" | "with_context" | "map_err" | "wrap_err" | "clone" | "into" | "unwrap_or_default"
                    );
                    if awaited && !passes {
                        return self.awaited_of(self.types.callees.get(&at));
                    }
                    if !passes {
                        return None;
                    }
                    at = *recv;
                }
                _ => return None,
            }
        }
        None
    }

    fn awaited_of(&self, callee: Option<&Callee>) -> Option<Loaded> {
        match callee? {
            Callee::Def(func) => Some(Loaded::By(*func)),
            // A lock or a message is no place to load from.
            Callee::Foreign(path) => {
                let last = path.rsplit("::").next().unwrap_or(path);
                matches!(
                    last,
                    "fetch_all"
                        | "fetch_one"
                        | "fetch_optional"
                        | "load"
                        | "get_results"
                        | "get_result"
                        | "query"
                        | "send"
                        | "json"
                        | "read"
                        | "read_to_string"
                )
                .then_some(Loaded::Awaited)
            }
        }
    }
}

fn is_file_read(path: &str) -> bool {
    matches!(path, "std::fs::read" | "std::fs::read_to_string" | "fs_err::read" | "fs_err::read_to_string")
}

/// `RwLock::new(value)`, `Arc::from(value)`, `serde_json::from_str(&text)`.
fn wraps(path: &str) -> bool {
    let last = path.rsplit("::").next().unwrap_or(path);
    matches!(last, "new" | "from" | "from_pointee" | "Some" | "Ok" | "from_str" | "from_slice" | "pin")
}
