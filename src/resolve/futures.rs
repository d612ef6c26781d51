//! Futures that run side by side in one flow: `async` blocks that are kept in variables or handed back, and the branches of `select!`
//! and `join!`.

use rustc_hash::FxHashSet;

use super::calls::Task;
use super::infer::Callee;
use super::program::DefId;
use super::reader::Reader;
use super::values::At;
use super::walk::ids;
use crate::facts::{Expr, ExprId, Name, Stmt};

/// A variable is followed through so many others that take its value.
const MAX_NAMES: usize = 4;

/// An `async` block with a loop that is kept in a variable and polled there, or handed back with other things.
#[derive(Clone, Debug)]
pub struct KeptFuture {
    /// The variable; none for a block that stands in what is handed back.
    pub name: Option<Name>,
    /// The block.
    pub at: At,
    /// What it does with its time.
    pub task: Task,
    /// It is part of what the function gives back, so that somebody else polls it.
    pub returned: bool,
}

/// A function whose future is a branch of a `select!` or `join!`.
#[derive(Clone, Debug)]
pub struct Polled {
    /// The function.
    pub func: DefId,
    /// Its call.
    pub at: At,
    /// The macro.
    pub by: At,
}

/// What becomes of a future.
#[derive(Clone, Copy, Default)]
struct Becomes {
    polled: bool,
    returned: bool,
    elsewhere: bool,
}

impl Reader<'_> {
    /// The `async` blocks with loops of their own; and whether all loops of the body stand in blocks that are kept.
    pub(super) fn kept_futures(&self, root: ExprId) -> (Vec<KeptFuture>, bool) {
        let mut blocks: Vec<(ExprId, Option<Name>, Becomes)> = Vec::new();
        for id in ids(self.body).filter(|id| matches!(self.body[*id], Expr::Async { .. })) {
            // What is spawned is a task already, and a closure makes one for each call.
            if self.in_closure(id) {
                continue;
            }
            let mut becomes = Becomes::default();
            let name = self.kept_as(id, root, &mut becomes, 0);
            if name.is_some() || becomes.returned {
                blocks.push((id, name, becomes));
            }
        }
        if blocks.is_empty() {
            return Default::default();
        }
        let mut out: Vec<KeptFuture> = Vec::new();
        for (id, name, becomes) in &blocks {
            let Some(span) = self.span(*id).filter(|_| (becomes.polled || becomes.returned) && !becomes.elsewhere) else { continue };
            let mut loops = self.loops_in(*id).filter(|inner| self.future_around(*inner) == Some(*id)).peekable();
            if loops.peek().is_none() {
                continue;
            }
            let may_end = loops.any(|inner| self.leaves_or_fails(inner));
            let mut task = self.task(*id, true);
            task.may_end |= may_end;
            // Of several timers none is the time between two rounds.
            task.period = task.period.filter(|_| self.timers_in(*id) < 2);
            // Round after round until there is nothing left to ask for.
            task.endless &= !task.may_end || self.waits_for_events(*id);
            if task.endless {
                let at = self.at(span);
                out.push(KeptFuture { name: name.clone(), at, task, returned: becomes.returned });
            }
        }
        let kept: FxHashSet<ExprId> = blocks.iter().map(|(id, ..)| *id).collect();
        let is_kept = |id: ExprId| self.future_around(id).is_some_and(|block| kept.contains(&block));
        let mut loops = self.loops_in(root).filter(|id| !self.in_closure(*id)).peekable();
        let aside = loops.peek().is_some() && loops.all(is_kept);
        (out, aside)
    }

    /// Endless loops inside an expression.
    fn loops_in(&self, id: ExprId) -> impl Iterator<Item = ExprId> {
        let (mut stack, mut out) = (vec![id], Vec::new());
        while let Some(id) = stack.pop() {
            let is_loop = matches!(self.body[id], Expr::Loop { .. } | Expr::While { .. } | Expr::For { .. });
            out.extend(Some(id).filter(|id| is_loop && self.is_endless(*id, true)));
            crate::facts::children(&self.body[id], &mut |child| stack.push(child));
        }
        out.into_iter()
    }

    fn timers_in(&self, id: ExprId) -> usize {
        let (mut stack, mut found) = (vec![id], 0);
        while let Some(id) = stack.pop() {
            let is_timer = |path: &str| path.ends_with("::interval") || path.ends_with("::interval_at");
            let is_call = matches!(self.body[id], Expr::Call { .. });
            found += usize::from(is_call && matches!(self.types.callees.get(&id), Some(Callee::Foreign(path)) if is_timer(path)));
            crate::facts::children(&self.body[id], &mut |child| stack.push(child));
        }
        found
    }

    /// A loop that is left by `break`, `return` or `?`.
    fn leaves_or_fails(&self, id: ExprId) -> bool {
        let mut stack = vec![id];
        while let Some(id) = stack.pop() {
            match &self.body[id] {
                Expr::Return(_) | Expr::Break(_) | Expr::Try(_) => return true,
                Expr::Closure { .. } | Expr::Async { .. } => {}
                expr => crate::facts::children(expr, &mut |child| stack.push(child)),
            }
        }
        false
    }

    /// The variable that a future is kept in, and what becomes of it.
    fn kept_as(&self, id: ExprId, root: ExprId, becomes: &mut Becomes, depth: usize) -> Option<Name> {
        let mut at = id;
        let mut in_tuple = false;
        while let Some(parent) = self.parents[at.0 as usize] {
            match &self.body[parent] {
                // `fut.fuse()`, `fut.instrument(span)`.
                Expr::Method { recv, .. } if *recv == at && !self.is_own_function(parent) => {}
                Expr::Call { callee, args, .. } if args.len() == 1 && *callee != at && is_wrapper(&self.body[*callee]) => {}
                Expr::Ref(_) => {}
                Expr::Tuple(_) | Expr::Struct { .. } => in_tuple = true,
                Expr::Block(stmts) => {
                    let position = self.statement(stmts, at);
                    match position.map(|position| (&stmts[position], position + 1 == stmts.len())) {
                        Some((Stmt::Expr { semi: false, .. }, true)) => {}
                        Some((Stmt::Let { .. }, _)) if !in_tuple => {
                            let [local] = self.locals_bound_to(at) else { return None };
                            for used in self.uses_of(*local) {
                                self.used_as(*used, root, becomes, depth);
                            }
                            return Some(self.types.locals[*local].name.clone());
                        }
                        _ => return None,
                    }
                }
                _ => return None,
            }
            at = parent;
        }
        // A block that is all that is given back is what the function itself does.
        becomes.returned |= in_tuple && at == root;
        None
    }

    /// What becomes of a variable with a future where it is used.
    fn used_as(&self, used: ExprId, root: ExprId, becomes: &mut Becomes, depth: usize) {
        let mut at = used;
        while let Some(parent) = self.parents[at.0 as usize] {
            match &self.body[parent] {
                Expr::Await(_) => return becomes.polled = true,
                Expr::Macro { path, .. } => {
                    match path.last().map(smol_str::SmolStr::as_str) {
                        Some("join" | "try_join" | "select" | "select_biased") => becomes.polled = true,
                        Some("pin" | "pin_mut") => {}
                        _ => becomes.elsewhere = true,
                    }
                    return;
                }
                Expr::Method { recv, name, .. } => match name.as_str() {
                    "block_on" if *recv != at => return becomes.polled = true,
                    _ if *recv == at && !self.is_own_function(parent) => {}
                    _ => return becomes.elsewhere = true,
                },
                Expr::Call { callee, args, .. } if *callee != at => match &self.body[*callee] {
                    Expr::Path(path, _) if path.last().is_some_and(|last| last == "block_on") => return becomes.polled = true,
                    callee if args.len() == 1 && is_wrapper(callee) => {}
                    Expr::Path(path, _) if path.last().is_some_and(|last| matches!(last.as_str(), "join" | "try_join" | "select")) => {}
                    _ => return becomes.elsewhere = true,
                },
                Expr::Ref(_) | Expr::Tuple(_) => {}
                Expr::Struct { .. } => {}
                Expr::Block(stmts) => {
                    let position = self.statement(stmts, at);
                    match position.map(|position| (&stmts[position], position + 1 == stmts.len())) {
                        Some((Stmt::Expr { semi: false, .. }, true)) => {}
                        // `let fut = fut.fuse();`
                        Some((Stmt::Let { .. }, _)) if depth < MAX_NAMES => {
                            for local in self.locals_bound_to(at) {
                                self.uses_of(*local).iter().for_each(|used| self.used_as(*used, root, becomes, depth + 1));
                            }
                            return;
                        }
                        _ => return,
                    }
                }
                _ => return becomes.elsewhere = true,
            }
            at = parent;
        }
        becomes.returned |= at == root;
    }

    /// The functions of the workspace whose futures a `select!` or `join!` polls.
    pub(super) fn polled(&self, path: &crate::facts::Path, args: &[ExprId], at: At, out: &mut Vec<Polled>) {
        let polls = path.last().is_some_and(|last| matches!(last.as_str(), "select" | "select_biased" | "join" | "try_join"));
        for arg in args.iter().filter(|_| polls) {
            let future = match &self.body[*arg] {
                Expr::If { cond, .. } => match &self.body[*cond] {
                    Expr::Let { value, .. } => *value,
                    _ => continue,
                },
                _ => *arg,
            };
            if let Some((func, span)) = self.future_of(future) {
                out.push(Polled { func, at: self.at(span), by: at });
            }
        }
    }

    /// The function of the workspace whose future an expression is, and where it is called.
    fn future_of(&self, id: ExprId) -> Option<(DefId, crate::facts::Span)> {
        let mut at = id;
        for _ in 0..16 {
            if let Some(Callee::Def(func)) = self.types.callees.get(&at)
                && self.world.program.func(*func).is_some()
            {
                return Some((*func, self.span(at)?));
            }
            at = match &self.body[at] {
                Expr::Await(inner) | Expr::Ref(inner) | Expr::Try(inner) => *inner,
                Expr::Method { recv, .. } => *recv,
                Expr::Call { callee, args, .. } if args.len() == 1 && is_wrapper(&self.body[*callee]) => args[0],
                Expr::Path(..) => self.types.locals[self.types.local_of.get(&at)?.0 as usize].init?,
                _ => return None,
            };
        }
        None
    }
}

/// `Box::pin`, `pin`, `Ok`, `Some`: what comes out is what went in.
fn is_wrapper(callee: &Expr) -> bool {
    matches!(callee, Expr::Path(path, _) if path.last().is_some_and(|last| matches!(last.as_str(), "pin" | "Ok" | "Some")))
}
