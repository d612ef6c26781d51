//! Whether what a function makes stays in it: nothing but its own requests goes through it, or nothing but its own numbers are
//! counted in it, and it is dropped at the end.

use super::reader::Reader;
use crate::facts::{Expr, ExprId, Pat, Stmt};

/// Methods whose answer holds nothing of the client that they are called on.
const SENDS: [&str; 5] = ["send", "send_raw", "send_request", "execute", "send_message"];

/// Methods of registries and metrics whose answer is no part of them that counts on.
const COUNTS: [&str; 15] = [
    "add",
    "collect",
    "dec",
    "dec_by",
    "gather",
    "get",
    "inc",
    "inc_by",
    "observe",
    "register",
    "register_with_unit",
    "remove",
    "reset",
    "set",
    "sub",
];

/// Methods that hand on what they are called on.
const HANDS_ON: [&str; 9] = [
    "as_mut",
    "clone",
    "expect",
    "get_or_create",
    "map_err",
    "sub_registry_with_label",
    "sub_registry_with_prefix",
    "unwrap",
    "with_label_values",
];

/// Variables that a value goes through.
const MAX_VARIABLES: u32 = 4;

impl Reader<'_> {
    /// The value is used for requests in this function, and is neither returned nor put or handed elsewhere.
    pub(super) fn stays_here(&self, id: ExprId) -> bool {
        self.stays(id, 0)
    }

    fn stays(&self, id: ExprId, depth: u32) -> bool {
        let (mut at, mut sent) = (id, false);
        for _ in 0..64 {
            let Some(parent) = self.parents[at.0 as usize] else { return false };
            match &self.body[parent] {
                Expr::Method { recv, name, .. } if *recv == at => sent |= SENDS.contains(&name.as_str()),
                Expr::Try(_) | Expr::Await(_) | Expr::Ref(_) => {}
                Expr::Match { value, .. } if *value == at && sent => return true,
                Expr::If { cond, .. } if *cond == at => return sent,
                Expr::Match { .. } | Expr::If { .. } => {}
                // `mailer = mailer.credentials(…)`.
                Expr::Assign { left, right, .. } if *right == at => return sent || depth > 0 && self.is_same_variable(*left, id),
                Expr::Assign { left, .. } if *left == at => return true,
                Expr::Block(stmts) => match self.statement(stmts, at).map(|index| (&stmts[index], index + 1 == stmts.len())) {
                    Some((Stmt::Let { .. }, _)) if sent => return true,
                    Some((Stmt::Let { pat, .. }, _)) => return depth < MAX_VARIABLES && self.is_only_used_here(at, *pat, depth),
                    Some((Stmt::Expr { semi: false, .. }, true)) if !sent => {}
                    Some((Stmt::Expr { .. }, _)) => return sent,
                    None => return false,
                },
                _ => return sent,
            }
            at = parent;
        }
        false
    }

    /// A registry or a metric that counts in this function and nowhere else: it is registered at most in one that stays here, too.
    pub(super) fn counts_here(&self, id: ExprId) -> bool {
        self.only_counts(id, 0)
    }

    fn only_counts(&self, id: ExprId, depth: u32) -> bool {
        let mut at = id;
        for _ in 0..64 {
            let Some(parent) = self.parents[at.0 as usize] else { return false };
            match &self.body[parent] {
                Expr::Method { recv, name, .. } if *recv == at => {
                    if COUNTS.contains(&name.as_str()) {
                        return true;
                    }
                    if !HANDS_ON.contains(&name.as_str()) {
                        return false;
                    }
                }
                Expr::Method { recv, name, .. } => {
                    return name.starts_with("encode") || name.starts_with("register") && self.is_registry_here(*recv, depth);
                }
                Expr::Call { callee, .. } if *callee != at => {
                    let Expr::Path(path, _) = &self.body[*callee] else { return false };
                    let names: Vec<&str> = path.segs.iter().map(|seg| seg.name.as_str()).collect();
                    match names.as_slice() {
                        [.., "Box" | "Arc", "new"] => {}
                        [.., last] => return last.starts_with("encode") && !self.is_own_function(parent),
                        [] => return false,
                    }
                }
                Expr::Try(_) | Expr::Ref(_) | Expr::Await(_) => {}
                Expr::Block(stmts) => match self.statement(stmts, at).map(|index| &stmts[index]) {
                    Some(Stmt::Let { pat, .. }) => return depth < MAX_VARIABLES && self.is_only_counted_here(at, *pat, depth),
                    Some(Stmt::Expr { semi, .. }) => return *semi,
                    None => return false,
                },
                _ => return false,
            }
            at = parent;
        }
        false
    }

    /// The variable, or a part of it, that something is registered in is a registry made here that stays here.
    fn is_registry_here(&self, recv: ExprId, depth: u32) -> bool {
        match &self.body[recv] {
            Expr::Path(..) => {
                let local = self.types.local_of.get(&recv).map(|local| &self.types.locals[local.0 as usize]);
                // Not one that is handed in, or a static.
                let init = local.and_then(|local| local.init);
                init.is_some_and(|init| depth < MAX_VARIABLES && self.makes_it(init) && self.only_counts(init, depth + 1))
            }
            Expr::Method { recv, name, .. } => HANDS_ON.contains(&name.as_str()) && self.is_registry_here(*recv, depth),
            Expr::Ref(inner) => self.is_registry_here(*inner, depth),
            _ => false,
        }
    }

    /// `Registry::new()`, and what may stand around it.
    fn makes_it(&self, init: ExprId) -> bool {
        match &self.body[init] {
            Expr::Try(inner) => self.makes_it(*inner),
            Expr::Method { recv, name, .. } => HANDS_ON.contains(&name.as_str()) && self.makes_it(*recv),
            Expr::Call { .. } => self.known_at.contains_key(&init),
            _ => false,
        }
    }

    fn is_only_counted_here(&self, init: ExprId, pat: crate::facts::PatId, depth: u32) -> bool {
        let pat = match &self.body[pat] {
            Pat::Typed(inner, _) => &self.body[*inner],
            pat => pat,
        };
        let Pat::Bind { name, .. } = pat else { return false };
        let Some(local) = self.variable_of(init, name).filter(|_| self.templates_with(name).is_empty()) else { return false };
        let stays = |used: &ExprId| self.future_around(*used) == self.future_around(init) && self.only_counts(*used, depth + 1);
        self.uses_of(local).iter().all(stays)
    }

    fn is_only_used_here(&self, init: ExprId, pat: crate::facts::PatId, depth: u32) -> bool {
        let pat = match &self.body[pat] {
            Pat::Typed(inner, _) => &self.body[*inner],
            pat => pat,
        };
        let Pat::Bind { name, .. } = pat else { return false };
        let Some(local) = self.variable_of(init, name).filter(|_| self.templates_with(name).is_empty()) else { return false };
        let uses = self.uses_of(local);
        // A closure or a task that takes it may be there for longer.
        !uses.is_empty() && uses.iter().all(|used| self.future_around(*used) == self.future_around(init) && self.stays(*used, depth + 1))
    }

    fn is_same_variable(&self, a: ExprId, b: ExprId) -> bool {
        matches!((self.types.local_of.get(&a), self.types.local_of.get(&b)), (Some(a), Some(b)) if a == b)
    }
}
