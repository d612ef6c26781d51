//! What a function or a spawned task does with its time: whether it loops without end, and how often.

use rustc_hash::FxHashSet;

use super::calls::{BodyFacts, KnownCall, Task};
use super::infer::Callee;
use super::program::DefId;
use super::reader::Reader;
use super::walk::children;
use crate::catalog::Shape;
use crate::facts::{Expr, ExprId, Stmt};
use crate::model::Kind;

impl Reader<'_> {
    /// What an expression does with its time; `own` leaves out what it spawns or hands over as a closure.
    pub(super) fn task(&self, id: ExprId, own: bool) -> Task {
        let mut task = Task { runs_parameter: self.wraps_parameter(id, 0), direct: self.direct(id), ..Task::default() };
        self.task_in(id, own, false, &mut task, 0);
        // A future made before and handed over by a variable.
        if let Some(local) = self.types.local_of.get(&id)
            && let Some(init) = self.types.locals[local.0 as usize].init
        {
            self.task_in(init, own, false, &mut task, 0);
        }
        task.calls.sort_unstable();
        task.calls.dedup();
        task
    }

    /// What a spawning call runs.
    pub(super) fn spawned(&self, api: &crate::catalog::Api, args: &[ExprId], known: &[KnownCall]) -> Task {
        let at = usize::from(api.task_arg.unwrap_or(0));
        let Some(arg) = args.get(at).or(args.last()) else { return Task::default() };
        Task { runs_known: self.runs_known(*arg, known), ..self.task(*arg, false) }
    }

    /// The future is that of a server or the like, which was made before.
    fn runs_known(&self, arg: ExprId, known: &[KnownCall]) -> bool {
        let made = self.root(arg, 0).and_then(|root| self.known_at.get(&root)).and_then(|index| known.get(*index));
        made.map(|made| self.world.catalog.api(made.hit.entry))
            .is_some_and(|api| api.kind == Some(Kind::BackgroundTask) && api.shape == Shape::Constructor)
    }

    /// What a scheduling call runs, as often as the schedule says: its closure is no task of which there is one.
    pub(super) fn scheduled(&self, args: &[ExprId]) -> Option<Task> {
        let closure = args.iter().find(|arg| matches!(self.body[**arg], Expr::Closure { .. } | Expr::Async { .. }))?;
        Some(Task { endless: false, direct: None, ..self.task(*closure, false) })
    }

    fn task_in(&self, id: ExprId, own: bool, in_loop: bool, task: &mut Task, depth: u32) {
        if depth > 400 {
            return;
        }
        let expr = &self.body[id];
        task.until = task.until.max(self.span(id).map_or(0, |span| span.line));
        let mut in_loop = in_loop;
        match expr {
            Expr::Loop { .. } | Expr::While { .. } | Expr::For { .. } => {
                if let Expr::While { cond, .. } = expr {
                    self.asked(*cond, &mut task.asks);
                }
                task.endless |= self.is_endless(id, own);
                if let Expr::Loop { body, .. } = expr {
                    task.may_end |= self.leaves(*body);
                }
                in_loop = true;
            }
            Expr::Closure { .. } if own => return,
            Expr::Method { name, .. } => task.receives |= is_receiving(name),
            _ => {}
        }
        if let Expr::Call { callee, .. } = expr
            && self.is_parameter(*callee)
        {
            task.runs_parameter = true;
        }
        match self.types.callees.get(&id) {
            Some(Callee::Def(func)) if self.world.program.func(*func).is_some() => task.calls.push(*func),
            Some(Callee::Foreign(path)) => {
                let is_spawn = self.world.catalog.path(path).is_some_and(|hit| self.world.catalog.api(hit.entry).shape == Shape::Spawn);
                if is_spawn && own {
                    return;
                }
                if !self.is_conditional_in_loop(id) {
                    self.period(id, path, in_loop, task);
                }
            }
            _ => {}
        }
        // What is handed to a call that nothing waits for runs beside this.
        let hands_over = own && matches!(expr, Expr::Call { .. } | Expr::Method { .. }) && !self.is_awaited(id);
        children(expr, &mut |child| {
            if !(hands_over && matches!(self.body[child], Expr::Async { .. })) {
                self.task_in(child, own, in_loop, task, depth + 1);
            }
        });
    }

    fn is_awaited(&self, id: ExprId) -> bool {
        self.parents[id.0 as usize].is_some_and(|parent| match &self.body[parent] {
            Expr::Await(_) => true,
            Expr::Try(_) | Expr::Method { .. } | Expr::Call { .. } | Expr::Macro { .. } => self.is_awaited(parent),
            _ => false,
        })
    }

    /// A loop that waits for something in each round, and for nothing in particular to end; `own` for one that is not spawned.
    pub(super) fn is_endless(&self, id: ExprId, own: bool) -> bool {
        match &self.body[id] {
            Expr::Loop { body, .. } => self.waits(*body),
            Expr::While { cond, body, .. } => {
                let forever = matches!(&self.body[*cond], Expr::Lit(crate::facts::Lit::Bool(true), _)) && self.waits(*body);
                forever
                    || self.receives(*cond)
                    || (!own && self.awaits(*cond) && !self.joins(*cond))
                    || (self.waits(*body) && self.is_stop_flag(*cond))
            }
            Expr::For { iter, .. } => self.is_stream(*iter),
            _ => false,
        }
    }

    /// `f(x)`, `async { f(x).await }`, `|| f(x)`.
    fn direct(&self, id: ExprId) -> Option<DefId> {
        match &self.body[id] {
            Expr::Call { .. } | Expr::Method { .. } | Expr::Path(..) => match self.types.callees.get(&id) {
                Some(Callee::Def(func)) if self.world.program.func(*func).is_some() => Some(*func),
                _ => None,
            },
            Expr::Async { body: inner, .. } | Expr::Closure { body: inner, .. } | Expr::Await(inner) | Expr::Try(inner) => {
                self.direct(*inner)
            }
            Expr::Block(stmts) => match &**stmts {
                [Stmt::Expr { expr, .. }] => self.direct(*expr),
                _ => None,
            },
            _ => None,
        }
    }

    /// The loop is left by `break` or `return`.
    pub(super) fn leaves(&self, id: ExprId) -> bool {
        let mut stack = vec![id];
        while let Some(id) = stack.pop() {
            match &self.body[id] {
                Expr::Return(_) | Expr::Break(_) => return true,
                Expr::Closure { .. } | Expr::Async { .. } => {}
                expr => children(expr, &mut |child| stack.push(child)),
            }
        }
        false
    }

    /// A parameter, or what is made of one: `f.instrument(span)`, `async move { f.await }`, a variable with such a value.
    fn wraps_parameter(&self, id: ExprId, depth: u32) -> bool {
        if depth > 16 {
            return false;
        }
        let inside = |id: ExprId| self.wraps_parameter(id, depth + 1);
        match &self.body[id] {
            Expr::Path(..) => {
                let local = self.types.local_of.get(&id).map(|local| &self.types.locals[local.0 as usize]);
                local.is_some_and(|local| local.param.is_some() || local.init.is_some_and(inside))
            }
            Expr::Method { recv, .. } => !matches!(self.types.callees.get(&id), Some(Callee::Def(_))) && inside(*recv),
            Expr::Async { body: inner, .. } | Expr::Await(inner) | Expr::Try(inner) => inside(*inner),
            Expr::If { then, otherwise, .. } => inside(*then) || otherwise.is_some_and(inside),
            Expr::Block(stmts) => matches!(stmts.last(), Some(Stmt::Expr { expr, semi: false }) if inside(*expr)),
            _ => false,
        }
    }

    pub(super) fn is_parameter(&self, id: ExprId) -> bool {
        self.types.local_of.get(&id).is_some_and(|local| self.types.locals[local.0 as usize].param.is_some())
    }

    /// A pause in a branch of its loop: after an error, when there is nothing to do. It is no period.
    fn is_conditional_in_loop(&self, id: ExprId) -> bool {
        let mut at = id;
        let mut in_branch = false;
        // A timer that a task makes before its loop: the branch in which the task is spawned is not the timer's.
        let mut in_task = None;
        while let Some(parent) = self.parents[at.0 as usize] {
            match &self.body[parent] {
                Expr::Loop { .. } | Expr::While { .. } | Expr::For { .. } => return in_branch,
                Expr::If { cond, .. } => in_branch |= *cond != at,
                Expr::Match { value, .. } => in_branch |= *value != at,
                Expr::Async { .. } | Expr::Closure { .. } => in_task = in_task.or(Some(in_branch)),
                _ => {}
            }
            at = parent;
        }
        in_task.unwrap_or(in_branch)
    }

    fn period(&self, id: ExprId, path: &str, in_loop: bool, task: &mut Task) {
        let last = path.rsplit(':').next().unwrap_or("");
        let waits = match last {
            "interval" | "interval_at" | "tick" => true,
            "sleep" | "park_timeout" | "recv_timeout" | "delay_for" => in_loop,
            _ => false,
        };
        if !waits || task.period.is_some() {
            return;
        }
        let (Expr::Call { args, .. } | Expr::Method { args, .. }) = &self.body[id] else { return };
        if let Some(arg) = args.last() {
            task.period = Some(self.tracer.value(*arg));
        }
    }

    /// The loop's body waits for something: time, a message, a connection.
    fn waits(&self, id: ExprId) -> bool {
        let mut found = false;
        self.any(id, &mut |expr| {
            found |= match expr {
                Expr::Await(_) => true,
                Expr::Macro { path, .. } => path.last().is_some_and(|name| name == "select"),
                Expr::Method { name, .. } => {
                    matches!(
                        name.as_str(),
                        "recv" | "recv_timeout" | "tick" | "accept" | "wait" | "wait_timeout" | "poll" | "run_pending" | "next"
                    )
                }
                Expr::Call { callee, .. } => matches!(&self.body[*callee], Expr::Path(path, _)
                    if path.last().is_some_and(|name| matches!(name.as_str(), "sleep" | "park" | "park_timeout" | "yield_now" | "accept"))),
                _ => false,
            };
        });
        found
    }

    /// The loop's body waits for time, messages or signals, not only for answers.
    pub(super) fn waits_for_events(&self, id: ExprId) -> bool {
        let mut found = false;
        self.any(id, &mut |expr| {
            let name = match expr {
                Expr::Macro { path, .. } => path.last(),
                Expr::Method { name, .. } => Some(name),
                Expr::Call { callee, .. } => match &self.body[*callee] {
                    Expr::Path(path, _) => path.last(),
                    _ => None,
                },
                _ => None,
            };
            found |= name.is_some_and(|name| {
                matches!(name.as_str(), "select" | "tick" | "accept" | "changed" | "notified" | "wait" | "wait_timeout" | "poll" | "next")
                    || name.contains("sleep")
                    || name.contains("recv")
            });
        });
        found
    }

    /// It takes what arrives: connections, messages.
    pub(super) fn takes(&self, id: ExprId) -> bool {
        let is_taking = |name: &str| matches!(name, "accept" | "next") || name.contains("recv");
        let mut found = matches!(&self.body[id], Expr::For { iter, .. } if self.is_stream(*iter));
        self.any(id, &mut |expr| found |= matches!(expr, Expr::Method { name, .. } if is_taking(name)));
        found
    }

    fn awaits(&self, id: ExprId) -> bool {
        let mut found = false;
        self.any(id, &mut |expr| found |= matches!(expr, Expr::Await(_)));
        found
    }

    fn receives(&self, id: ExprId) -> bool {
        let mut found = false;
        self.any(id, &mut |expr| {
            found |= matches!(expr, Expr::Method { name, .. } if is_receiving(name));
        });
        found
    }

    /// Something in it waits for the next round of a timer.
    pub(super) fn is_ticked(&self, id: ExprId) -> bool {
        let mut found = false;
        self.any(id, &mut |expr| found |= matches!(expr, Expr::Method { name, .. } if name == "tick"));
        found
    }

    /// `set.join_next().await`: it ends with the last task of the set.
    fn joins(&self, id: ExprId) -> bool {
        let mut found = false;
        self.any(id, &mut |expr| found |= matches!(expr, Expr::Method { name, .. } if name.starts_with("join_next")));
        found
    }

    /// The functions of the workspace that a condition awaits.
    fn asked(&self, cond: ExprId, out: &mut Vec<DefId>) {
        let mut stack = vec![cond];
        while let Some(id) = stack.pop() {
            if let Expr::Await(inner) = &self.body[id]
                && let Some(Callee::Def(func)) = self.types.callees.get(inner)
            {
                out.push(*func);
            }
            children(&self.body[id], &mut |child| stack.push(child));
        }
    }

    fn is_stop_flag(&self, id: ExprId) -> bool {
        let mut found = false;
        self.any(id, &mut |expr| {
            found |= matches!(expr, Expr::Method { name, .. } if matches!(name.as_str(), "load" | "is_cancelled" | "is_closed" | "is_running" | "has_changed" | "upgrade"));
        });
        found
    }

    /// `for message in receiver`.
    fn is_stream(&self, id: ExprId) -> bool {
        let ty = &self.types.types[id.0 as usize];
        ty.path().is_some_and(|path| path.ends_with("::Receiver") || path.ends_with("::Signals") || path.ends_with("::SignalsInfo"))
            || matches!(&self.body[id], Expr::Method { name, recv, .. } if matches!(name.as_str(), "iter" | "incoming" | "forever") && self.types.types[recv.0 as usize].path().is_some_and(
                |path| path.ends_with("::Receiver") || path.ends_with("Listener") || path.ends_with("Signals")))
    }

    fn any(&self, id: ExprId, f: &mut dyn FnMut(&Expr)) {
        let mut stack = vec![id];
        while let Some(id) = stack.pop() {
            let expr = &self.body[id];
            f(expr);
            children(expr, &mut |child| stack.push(child));
        }
    }
}

/// Methods that wait for a message, a connection or a tick.
fn is_receiving(name: &str) -> bool {
    matches!(name, "recv" | "recv_many" | "changed" | "accept" | "recv_timeout" | "tick")
}

/// A loop that takes what a function of the workspace receives is as endless as one that receives itself:
/// `while let Some(job) = next_job().await`.
pub fn follow_receivers(bodies: &mut [BodyFacts]) {
    let receiving: FxHashSet<DefId> = bodies.iter().filter(|body| body.task.receives).map(|body| body.def).collect();
    for body in bodies.iter_mut().filter(|body| !body.task.asks.is_empty()) {
        body.task.endless |= body.task.asks.iter().any(|func| receiving.contains(func));
    }
}
