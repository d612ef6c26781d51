//! The way of `main`: what it calls, in the order in which it runs, through functions of the workspace.
//!
//! Bounded, and each body is prepared once. A future that is spawned, or run beside the way, is entered too: what happens there is
//! marked as such.

use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::frame::{Branch, CallAt, Frame, Runs, func};
use super::outcome::Outcome;
use crate::catalog::{Lifecycles, Server, Shape};
use crate::detect::Cx;
use crate::facts::{Expr, ExprId, ItemKind, Pat, Span};
use crate::model::{Kind, OnFailure};
use crate::resolve::{At, DefId, KnownCall, OwnCall, Res, Space, Value};

/// Calls are followed so deep.
const MAX_DEPTH: usize = 12;
/// Functions entered for one service; half as many below each call, a quarter below those of the next level, and so on, so that
/// one deep way leaves room for the others.
const MAX_VISITS: usize = 2_048;
/// What happens is noted so often.
const MAX_EVENTS: usize = 4_000;

/// What is closed is told of `main` and of functions so far below it.
const MAX_CLOSING: usize = 3;

/// Something that happens on the way.
pub(super) struct Event<'a> {
    /// The body in which it stands.
    pub(super) frame: Rc<Frame<'a>>,
    /// The expression.
    pub(super) expr: ExprId,
    /// What happens.
    pub(super) what: What<'a>,
    /// What a failure does.
    pub(super) fails: OnFailure,
    /// The branches in which it stands, from `main` down.
    pub(super) branches: Rc<[Branch]>,
    /// It happens in a task or a future that runs beside the way.
    pub(super) beside: bool,
    /// So many calls below `main`.
    pub(super) depth: usize,
    /// The arguments of the calls that lead to the body, the innermost last.
    pub(super) given: Option<Rc<Given<'a>>>,
}

/// What a function was called with, and by which.
pub(super) struct Given<'a> {
    pub(super) call: &'a OwnCall,
    pub(super) outer: Option<Rc<Given<'a>>>,
}

/// What happens.
#[derive(Clone, Copy)]
pub(super) enum What<'a> {
    /// An API is called that the catalog knows, or that ends such a chain.
    Known(&'a KnownCall),
    /// A function of the workspace is entered.
    Enters(&'a OwnCall),
    /// A static is used.
    Static(DefId, Span),
    /// The server that an attribute of `main` brings is started.
    Launches(&'static Server, Span),
    /// Something is flushed, closed or shut down by a method.
    Closes(Span),
}

/// What a function is entered with.
#[derive(Clone)]
struct Entry<'a> {
    /// What an error that it returns does.
    fails: OnFailure,
    branches: Rc<[Branch]>,
    beside: bool,
    depth: usize,
    /// The number of visits at which it is left.
    until: usize,
    given: Option<Rc<Given<'a>>>,
}

/// Walks the ways of the services; bodies are prepared once for all of them.
pub(super) struct Walker<'a, 'c> {
    cx: &'c Cx<'a>,
    frames: FxHashMap<DefId, Option<Rc<Frame<'a>>>>,
    /// Functions on whose way nothing happens.
    dull: FxHashSet<DefId>,
    stack: Vec<DefId>,
    visits: usize,
    /// Something was left out below: of a function on whose way nothing was found, that is not sure.
    cut: bool,
    /// The server that an attribute of `main` brings with it.
    server: Option<&'static Server>,
    events: Vec<Event<'a>>,
}

impl<'a, 'c> Walker<'a, 'c> {
    pub(super) fn new(cx: &'c Cx<'a>) -> Self {
        Self {
            cx,
            frames: FxHashMap::default(),
            dull: FxHashSet::default(),
            stack: Vec::new(),
            visits: 0,
            cut: false,
            server: None,
            events: Vec::new(),
        }
    }

    /// What happens on the way of a `main`.
    pub(super) fn of(&mut self, main: DefId) -> Vec<Event<'a>> {
        self.visits = 0;
        self.server = launched(self.cx, main);
        let entry =
            Entry { fails: OnFailure::EndsProcess, branches: Rc::default(), beside: false, depth: 0, until: MAX_VISITS, given: None };
        self.enter(main, &entry);
        std::mem::take(&mut self.events)
    }

    /// A body, prepared once.
    pub(super) fn frame(&mut self, def: DefId) -> Option<Rc<Frame<'a>>> {
        let cx = self.cx;
        self.frames.entry(def).or_insert_with(|| Frame::new(cx, def).map(Rc::new)).clone()
    }

    /// The position of a parameter of a function, `self` left out.
    pub(super) fn parameter(&mut self, def: DefId, name: &str) -> Option<usize> {
        let func = func(self.cx, def)?;
        let body = func.body.as_ref()?;
        func.params.iter().position(|param| matches!(&body[param.pat], Pat::Bind { name: bound, .. } if bound == name))
    }

    fn enter(&mut self, def: DefId, entry: &Entry<'a>) {
        let full = self.visits >= entry.until || self.events.len() >= MAX_EVENTS || entry.depth > MAX_DEPTH;
        if self.dull.contains(&def) {
            return;
        }
        if full || self.stack.contains(&def) {
            self.cut = true;
            return;
        }
        let Some(frame) = self.frame(def) else { return };
        self.visits += 1;
        self.stack.push(def);
        let before = self.events.len();
        let was_cut = std::mem::take(&mut self.cut);
        let used = frame.facts.statics.iter().filter(|(def, ..)| is_lazy(self.cx, *def));
        let statics: FxHashMap<Span, DefId> = used.map(|(def, _, span)| (*span, *def)).collect();
        for id in crate::resolve::ids(frame.body) {
            match &frame.body[id] {
                Expr::Call { .. } | Expr::Method { .. } | Expr::Macro { .. } => {
                    self.closes(&frame, id, entry);
                    if let Some(call) = frame.call(id) {
                        self.call(&frame, id, call, entry);
                    } else if let (Expr::Method { name, span, .. }, Some(server)) = (&frame.body[id], self.server)
                        && server.methods.contains(name)
                    {
                        self.note(&frame, id, What::Launches(server, *span), entry);
                    }
                }
                Expr::Path(_, span) if frame.handed(*span).is_some() => self.handed(&frame, id, entry),
                Expr::Path(_, span) if !statics.is_empty() => {
                    if let Some(of) = statics.get(span) {
                        self.note(&frame, id, What::Static(*of, *span), entry);
                    }
                }
                _ => {}
            }
        }
        self.stack.pop();
        if self.events.len() == before && !self.cut {
            self.dull.insert(def);
        }
        self.cut |= was_cut;
    }

    /// `pool.close().await`; what such a method does itself is part of it.
    fn closes(&mut self, frame: &Rc<Frame<'a>>, id: ExprId, entry: &Entry<'a>) {
        if let Expr::Method { name, span, .. } = &frame.body[id]
            && entry.depth <= MAX_CLOSING
            && is_closing(name)
            && !is_closing(&self.cx.world.program.def(frame.facts.def).item.name)
        {
            self.note(frame, id, What::Closes(*span), entry);
        }
    }

    /// `retry(connect)`: a function that is handed by name to one of the workspace, which calls it and starts no task.
    fn handed(&mut self, frame: &Rc<Frame<'a>>, id: ExprId, entry: &Entry<'a>) {
        let (Expr::Path(_, span), Some(parent)) = (&frame.body[id], frame.parent(id)) else { return };
        let (Some(own), Some(CallAt::Own(taker))) = (frame.handed(*span), frame.call(parent)) else { return };
        let cx = self.cx;
        let takes = cx.body_of.get(&taker.func).map(|at| &cx.bodies[*at]);
        let starts = |call: &KnownCall| cx.api(call.hit.entry).shape == Shape::Spawn;
        if takes.is_some_and(|body| !body.known.iter().any(starts)) {
            self.enters(frame, parent, own, entry);
        }
    }

    fn call(&mut self, frame: &Rc<Frame<'a>>, id: ExprId, call: CallAt<'a>, entry: &Entry<'a>) {
        match call {
            CallAt::Known(known, true) if !is_telling(self.cx, known) => {}
            CallAt::Known(known, true) => self.note(frame, id, What::Known(known), entry),
            CallAt::Known(_, false) => {}
            CallAt::Own(own) => self.enters(frame, id, own, entry),
        }
    }

    fn enters(&mut self, frame: &Rc<Frame<'a>>, id: ExprId, own: &'a OwnCall, entry: &Entry<'a>) {
        let (runs, mut inner) = frame.runs(self.cx, id);
        if runs == Runs::Later {
            return;
        }
        // A future that is made here and run elsewhere.
        let elsewhere = func(self.cx, own.func).is_some_and(|func| func.is_async) && !frame.is_run_here(id);
        let beside = entry.beside || runs == Runs::Beside || elsewhere && !self.is_returned(frame, id);
        let fails = if beside { OnFailure::Unknown } else { self.fails(frame, id, entry) };
        let branches: Rc<[Branch]> = if inner.is_empty() {
            entry.branches.clone()
        } else {
            let mut all = entry.branches.to_vec();
            all.append(&mut inner);
            all.into()
        };
        let given = Some(Rc::new(Given { call: own, outer: entry.given.clone() }));
        let depth = entry.depth + 1;
        let until = entry.until.min(self.visits + (MAX_VISITS >> depth).max(16));
        let next = Entry { fails, branches: branches.clone(), beside, depth, until, given: given.clone() };
        let before = self.events.len();
        if let Some(func) = self.target(own.func) {
            self.enter(func, &next);
        }
        if self.events.len() > before {
            let (what, given) = (What::Enters(own), entry.given.clone());
            let event = Event { frame: frame.clone(), expr: id, what, fails, branches, beside, depth: entry.depth, given };
            self.events.insert(before, event);
        }
    }

    /// The future is what the function gives back: whoever waits for the function waits for it.
    fn is_returned(&self, frame: &Frame<'a>, id: ExprId) -> bool {
        frame.outcome(id) == Outcome::Returned
    }

    /// The function itself; of a method of a trait the only type that has one.
    fn target(&self, of: DefId) -> Option<DefId> {
        let program = self.cx.world.program;
        let def = program.def(of);
        let Some(owner) = def.owner.filter(|owner| matches!(owner.kind, ItemKind::Trait(_))) else { return Some(of) };
        let module = program.module(def.module);
        let of_trait = module.names.get(&owner.name)?.iter().find(|id| matches!(program.def(**id).item.kind, ItemKind::Trait(_)))?;
        let implementors = program.implementors.get(of_trait).filter(|_| !program.open_traits.contains(of_trait))?;
        let [only] = implementors.as_slice() else { return None };
        program.members.get(&(*only, def.item.name.clone()))?.first().copied()
    }

    fn note(&mut self, frame: &Rc<Frame<'a>>, id: ExprId, what: What<'a>, entry: &Entry<'a>) {
        if self.events.len() >= MAX_EVENTS {
            return;
        }
        let (runs, mut inner) = frame.runs(self.cx, id);
        if runs == Runs::Later {
            return;
        }
        let beside = entry.beside || runs == Runs::Beside;
        let fails = match what {
            What::Known(_) | What::Launches(..) if !beside => self.fails(frame, id, entry),
            _ => OnFailure::Unknown,
        };
        let mut branches = entry.branches.to_vec();
        branches.append(&mut inner);
        let given = entry.given.clone();
        self.events.push(Event {
            frame: frame.clone(),
            expr: id,
            what,
            fails,
            branches: branches.into(),
            beside,
            depth: entry.depth,
            given,
        });
    }

    fn fails(&self, frame: &Frame<'a>, id: ExprId, entry: &Entry<'a>) -> OnFailure {
        match frame.outcome(id) {
            Outcome::Ends => OnFailure::EndsProcess,
            Outcome::Handled => OnFailure::GoesOn,
            Outcome::Unknown => OnFailure::Unknown,
            Outcome::Returned => entry.fails,
        }
    }
}

/// A static that is filled when it is first used.
pub(super) fn is_lazy(cx: &Cx<'_>, id: DefId) -> bool {
    let wrappers = cx.world.catalog.wrappers();
    let ty = || cx.world.signatures.value(id).path().is_some_and(|path| wrappers.is_lazy(path) && !wrappers.is_set_once(path));
    matches!(cx.world.program.def(id).item.kind, ItemKind::Static(_)) && ty()
}

/// The call may be a step, and not a mere request to something elsewhere.
fn is_telling(cx: &Cx<'_>, call: &KnownCall) -> bool {
    let known = Lifecycles::builtin();
    let elsewhere = matches!(cx.api(call.hit.entry).kind, None | Some(Kind::ExternalStore | Kind::Lease | Kind::Deployment));
    let paths = || std::iter::once(&call.path).chain(call.also.iter().map(|(path, _)| path));
    !elsewhere || paths().any(|path| known.migrates(path) || known.server(path).is_some())
}

fn is_closing(name: &str) -> bool {
    matches!(name, "close" | "drain" | "flush" | "flush_all" | "force_flush" | "shutdown" | "shutdown_timeout")
}

impl Event<'_> {
    /// Where it stands.
    pub(super) fn at(&self, cx: &Cx<'_>) -> At {
        let file = cx.file_index(self.frame.facts.def);
        let span = match self.what {
            What::Known(call) => return call.at,
            What::Enters(call) => return call.at,
            What::Static(_, span) | What::Launches(_, span) | What::Closes(span) => span,
        };
        At { file, span }
    }
}

/// The server that an attribute of `main` brings with it.
pub(super) fn launched(cx: &Cx<'_>, main: DefId) -> Option<&'static Server> {
    let def = cx.world.program.def(main);
    def.item.attrs.iter().find_map(|attr| {
        let path = match cx.world.program.resolve(cx.world.catalog, def.module, &attr.path, Space::Type) {
            Some(Res::Foreign(path)) => path,
            _ => attr.path.segs.iter().map(|seg| seg.name.as_str()).collect::<Vec<_>>().join("::").into(),
        };
        Lifecycles::builtin().server(&format!("#[{path}]"))
    })
}

/// The value that a function was given for a parameter, as its caller wrote it; through callers that hand on their own.
pub(super) fn given<'a>(given: Option<&Rc<Given<'a>>>, index: usize) -> Option<&'a Value> {
    let mut at = given?;
    let mut value = at.call.args.get(index)?;
    for _ in 0..MAX_DEPTH {
        let Value::Param { index, .. } = value else { return Some(value) };
        at = at.outer.as_ref()?;
        value = at.call.args.get(*index)?;
    }
    None
}
