//! Where a value comes from and what becomes of it: variables, fields, arguments, results; and how it is accessed.

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::calls::{Bound, KnownCall};
use super::infer::Callee;
use super::program::DefId;
use super::reader::Reader;
use super::types::Type;
use super::walk::ids;
use crate::catalog::Shape;
use crate::facts::{Cfg, Expr, ExprId, ItemKind, Lit, Name, Pat, Stmt};
use crate::model::Access;

/// The variables of a body.
#[derive(Default)]
pub(super) struct Variables {
    /// By the expression they are bound to, in order of binding.
    bound_to: FxHashMap<ExprId, Vec<usize>>,
    /// The path expressions that name each, sorted.
    used_at: FxHashMap<usize, Vec<ExprId>>,
    /// Macros whose template names a variable in braces, with that template, by the name.
    captured: FxHashMap<SmolStr, Vec<(ExprId, ExprId)>>,
    /// Position of the statement that an expression is, or gives a value to, in blocks of many statements.
    statements: FxHashMap<ExprId, usize>,
}

/// Blocks of more statements are not searched from the start for each of them.
const MANY_STATEMENTS: usize = 64;

/// The names in the braces of a template: `a` and `b` of `{a} {b:?}`.
fn named_holes(text: &str) -> impl Iterator<Item = &str> {
    let starts = text.split('{').skip(1);
    starts.filter_map(|hole| {
        let end = hole.find(|c: char| !(c.is_alphanumeric() || c == '_'))?;
        (end > 0 && matches!(hole.as_bytes()[end], b'}' | b':')).then(|| &hole[..end])
    })
}

fn is_of(stmt: &Stmt, id: ExprId) -> bool {
    match stmt {
        Stmt::Let { init, .. } => *init == Some(id),
        Stmt::Expr { expr, .. } => *expr == id,
    }
}

impl Reader<'_> {
    fn variables(&self) -> &Variables {
        self.variables.get_or_init(|| {
            let mut out = Variables::default();
            for (at, local) in self.types.locals.iter().enumerate() {
                if let Some(init) = local.init {
                    out.bound_to.entry(init).or_default().push(at);
                }
            }
            for (&expr, local) in self.types.local_of.iter() {
                out.used_at.entry(local.0 as usize).or_default().push(expr);
            }
            out.used_at.values_mut().for_each(|uses| uses.sort_unstable());
            for id in ids(self.body) {
                if let Expr::Macro { args, .. } = &self.body[id] {
                    for &arg in args.iter().take(2) {
                        let Expr::Lit(Lit::Str(text), _) = &self.body[arg] else { continue };
                        for name in named_holes(text) {
                            out.captured.entry(name.into()).or_default().push((id, arg));
                        }
                    }
                }
            }
            for expr in &self.body.exprs {
                let Expr::Block(stmts) = expr else { continue };
                for (at, stmt) in stmts.iter().enumerate().filter(|_| stmts.len() > MANY_STATEMENTS) {
                    if let Stmt::Let { init: Some(id), .. } | Stmt::Expr { expr: id, .. } = stmt {
                        out.statements.insert(*id, at);
                    }
                }
            }
            out
        })
    }

    /// Where the variable that this expression gives its value to is used first.
    pub(super) fn first_use_of(&self, init: ExprId) -> Option<ExprId> {
        let variables = self.variables();
        let local = variables.bound_to.get(&init)?.first()?;
        variables.used_at.get(local)?.iter().copied().find(|used| *used > init)
    }

    /// The known call that a value comes from: down receivers, `?`, `.await`, wrappers, variables.
    pub(super) fn root(&self, id: ExprId, depth: u32) -> Option<ExprId> {
        // A settings builder may have a hundred defaults, each behind a `?`.
        if depth > 256 {
            return None;
        }
        if self.known_at.contains_key(&id) && !self.links.contains(&id) {
            // A method that continues a chain is not in the list: it was merged into its root.
            return Some(id);
        }
        match &self.body[id] {
            Expr::Method { recv, .. } => self.root(*recv, depth + 1),
            Expr::Try(inner) | Expr::Await(inner) | Expr::Ref(inner) | Expr::Deref(inner) => self.root(*inner, depth + 1),
            // `Config::from(Config::figment())`.
            Expr::Call { callee, args, .. } => match (&self.body[*callee], &**args) {
                (Expr::Path(path, _), [only]) if path.last().is_some_and(|last| last == "from") && !self.is_own_function(id) => {
                    self.root(*only, depth + 1)
                }
                _ => None,
            },
            Expr::Path(..) => {
                let local = &self.types.locals[self.types.local_of.get(&id)?.0 as usize];
                self.root(local.init?, depth + 1)
            }
            Expr::Block(stmts) => match stmts.last() {
                Some(Stmt::Expr { expr, semi: false }) => self.root(*expr, depth + 1),
                _ => None,
            },
            _ => None,
        }
    }

    /// The statement of a block that an expression is, or gives a value to.
    pub(super) fn statement(&self, stmts: &[Stmt], id: ExprId) -> Option<usize> {
        if stmts.len() > MANY_STATEMENTS {
            return self.variables().statements.get(&id).copied();
        }
        stmts.iter().position(|stmt| is_of(stmt, id))
    }

    /// Macros whose template names a variable, with that template.
    pub(super) fn templates_with(&self, name: &str) -> &[(ExprId, ExprId)] {
        self.variables().captured.get(name).map_or(&[][..], Vec::as_slice)
    }

    /// The path expressions that name a variable.
    pub(super) fn uses_of(&self, local: usize) -> &[ExprId] {
        self.variables().used_at.get(&local).map_or(&[][..], Vec::as_slice)
    }

    /// The variables that an expression gives its value, or a part of it.
    pub(super) fn locals_bound_to(&self, init: ExprId) -> &[usize] {
        self.variables().bound_to.get(&init).map_or(&[][..], Vec::as_slice)
    }

    /// The variable of that name which an expression is bound to.
    pub(super) fn variable_of(&self, init: ExprId, name: &str) -> Option<usize> {
        self.variables().bound_to.get(&init)?.iter().copied().find(|local| self.types.locals[*local].name == name)
    }

    /// What becomes of a value that is a statement of a block, or gives one its value: a variable, the block's own value, or nothing.
    pub(super) fn bound_here(&self, block: ExprId, id: ExprId) -> Option<Bound> {
        let Expr::Block(stmts) = &self.body[block] else { return None };
        let index = self.statement(stmts, id)?;
        match &stmts[index] {
            Stmt::Let { pat, .. } => match &self.body[*pat] {
                Pat::Bind { name, .. } => Some(Bound::Let(name.clone())),
                Pat::Typed(inner, _) => match &self.body[*inner] {
                    Pat::Bind { name, .. } => Some(Bound::Let(name.clone())),
                    _ => None,
                },
                _ => None,
            },
            Stmt::Expr { semi: false, .. } if index + 1 == stmts.len() => Some(Bound::Result),
            Stmt::Expr { .. } => None,
        }
    }

    /// The names of `let (a, b) = value`; with a part of the value, the one that takes it.
    pub(super) fn names_in_tuple(&self, block: ExprId, id: ExprId, part: Option<usize>) -> Vec<Name> {
        let Expr::Block(stmts) = &self.body[block] else { return Vec::new() };
        let Some(Stmt::Let { pat, .. }) = self.statement(stmts, id).map(|at| &stmts[at]) else { return Vec::new() };
        let Pat::Tuple(parts) = &self.body[*pat] else { return Vec::new() };
        let named = parts.iter().enumerate().filter(|(at, _)| part.is_none_or(|part| part == *at));
        let named = named.filter_map(|(_, part)| match &self.body[*part] {
            Pat::Bind { name, .. } => Some(name.clone()),
            _ => None,
        });
        named.collect()
    }

    /// The struct of the workspace behind an expression that has a field of that name.
    pub(super) fn struct_with(&self, base: ExprId, field: &str) -> Option<DefId> {
        let mut ty = self.types.types[base.0 as usize].clone();
        for _ in 0..8 {
            if let Type::Def(of, _) = &ty
                && self.world.signatures.field(*of, field).is_some()
            {
                return Some(*of);
            }
            ty = self.world.deref(&ty)?;
        }
        None
    }

    /// The outermost `match` or `if` that has the value of an expression as that of a branch.
    pub(super) fn choice(&self, id: ExprId) -> Option<ExprId> {
        let (mut at, mut found) = (id, None);
        for _ in 0..64 {
            let parent = self.parents[at.0 as usize]?;
            match &self.body[parent] {
                Expr::Try(_) | Expr::Await(_) | Expr::Ref(_) => {}
                Expr::Method { recv, .. } if *recv == at => {}
                Expr::Match { value, .. } if *value != at => found = Some(parent),
                Expr::If { cond, .. } if *cond != at => found = Some(parent),
                Expr::Block(stmts) if matches!(stmts.last(), Some(Stmt::Expr { expr, semi: false }) if *expr == at) => {}
                _ => break,
            }
            at = parent;
        }
        found
    }

    /// A field of a struct of the workspace that holds the handles of tasks.
    fn is_list_of_handles(&self, id: ExprId) -> bool {
        let Expr::Field { base, name, .. } = &self.body[id] else { return false };
        let ty = self.struct_with(*base, name).and_then(|of| self.world.signatures.field(of, name));
        let is_handle = |ty: &Type| ty.path().is_some_and(|path| path.ends_with("::JoinHandle"));
        ty.is_some_and(|ty| ty.args().last().is_some_and(is_handle))
    }

    /// What becomes of the value of an expression.
    pub(super) fn bound(&self, id: ExprId) -> Bound {
        let mut at = id;
        let mut is_another = false;
        for _ in 0..64 {
            let Some(parent) = self.parents[at.0 as usize] else { return Bound::Result };
            match &self.body[parent] {
                Expr::Match { value, .. } if *value == at => {
                    is_another |= self.gives_another(parent, at);
                    at = parent;
                }
                Expr::Try(_) | Expr::Await(_) | Expr::Ref(_) | Expr::Cast(..) | Expr::Match { .. } | Expr::If { .. } => at = parent,
                Expr::Method { recv, name, .. } if *recv == at => {
                    if matches!(name.as_str(), "join" | "abort" | "abort_handle" | "is_finished") {
                        return Bound::Other;
                    }
                    at = parent;
                }
                Expr::Method { recv, name, .. } => {
                    if let Some(filled) = self.fills_static(*recv, name) {
                        return Bound::Static(filled);
                    }
                    let own = matches!(self.types.callees.get(&parent), Some(Callee::Def(_)));
                    if !own && name.starts_with("remove") {
                        return Bound::Removed;
                    }
                    if !own && matches!(name.as_str(), "push" | "push_back" | "insert") && self.is_list_of_handles(*recv) {
                        return Bound::Listed;
                    }
                    return if own { Bound::Handed } else { Bound::Argument };
                }
                Expr::Call { .. } => {
                    let wraps = match self.types.callees.get(&parent) {
                        Some(Callee::Foreign(path)) => {
                            let (owner, last) = path.rsplit_once("::").unwrap_or(("", path));
                            matches!(last, "Some" | "Ok") || self.world.catalog.wrappers().holds_its_argument(owner)
                        }
                        // A tuple struct of the workspace around it.
                        Some(Callee::Def(def)) => match &self.world.program.def(*def).item.kind {
                            ItemKind::Struct(_) => return Bound::Field(*def, SmolStr::new_static("0")),
                            _ => false,
                        },
                        None => false,
                    };
                    if !wraps {
                        let own = matches!(self.types.callees.get(&parent), Some(Callee::Def(_)));
                        return if own { Bound::Handed } else { Bound::Argument };
                    }
                    at = parent;
                }
                Expr::Struct { fields, .. } => {
                    let name = fields.iter().find(|(_, value)| *value == at).map(|(name, _)| name.clone());
                    return match (&self.types.types[parent.0 as usize], name) {
                        (Type::Def(of, _), Some(name)) => Bound::Field(*of, name),
                        _ => Bound::Argument,
                    };
                }
                Expr::Block(stmts) => {
                    let found = self.statement(stmts, at).and_then(|index| match &stmts[index] {
                        // `let error = match File::open(path) { … }` is no file.
                        Stmt::Let { init, .. } if *init == Some(at) && is_another => Some(Bound::Other),
                        Stmt::Let { pat, init, .. } if *init == Some(at) => Some(match &self.body[*pat] {
                            Pat::Bind { name, .. } => self.of_local(name, at),
                            Pat::Typed(inner, _) => match &self.body[*inner] {
                                Pat::Bind { name, .. } => self.of_local(name, at),
                                _ => Bound::Other,
                            },
                            Pat::Tuple(parts) => match parts.first().map(|part| &self.body[*part]) {
                                Some(Pat::Bind { name, .. }) => Bound::Let(name.clone()),
                                _ => Bound::Other,
                            },
                            Pat::Other => Bound::Dropped,
                            _ => Bound::Other,
                        }),
                        Stmt::Expr { expr, semi } if *expr == at => {
                            Some(if *semi || index + 1 < stmts.len() { Bound::Dropped } else { Bound::Result })
                        }
                        _ => None,
                    });
                    match found {
                        Some(Bound::Result) => at = parent,
                        Some(other) => return other,
                        None => return Bound::Other,
                    }
                }
                Expr::Closure { .. } | Expr::Async { .. } => at = parent,
                Expr::Return(_) => return Bound::Result,
                Expr::Tuple(_) | Expr::Array(_) => at = parent,
                Expr::Loop { .. } | Expr::While { .. } | Expr::For { .. } => return Bound::Dropped,
                _ => return Bound::Other,
            }
        }
        Bound::Other
    }

    /// `POOL.get_or_init(|| …)`, `POOL.set(…)`: the static.
    fn fills_static(&self, recv: ExprId, name: &str) -> Option<DefId> {
        let fills = matches!(name, "get_or_init" | "get_or_try_init" | "set" | "try_insert" | "call_once");
        self.types.statics.iter().find(|(id, _)| fills && *id == recv).map(|(_, filled)| *filled)
    }

    /// A variable that ends as a field of a struct literal is that field.
    fn of_local(&self, name: &Name, init: ExprId) -> Bound {
        let variables = self.variables();
        let bound_to = variables.bound_to.get(&init).into_iter().flatten();
        let local = bound_to.copied().find(|local| self.types.locals[*local].name == *name);
        let Some(local) = local else { return Bound::Let(name.clone()) };
        let uses = variables.used_at.get(&local).map_or(&[][..], Vec::as_slice);
        let only_use = uses.len() == 1;
        for &expr in uses {
            let mut at = expr;
            for _ in 0..6 {
                let Some(parent) = self.parents[at.0 as usize] else { break };
                match &self.body[parent] {
                    Expr::Struct { fields, .. } => {
                        if let (Type::Def(of, _), Some((field, _))) =
                            (&self.types.types[parent.0 as usize], fields.iter().find(|(_, value)| *value == at))
                        {
                            return Bound::Field(*of, field.clone());
                        }
                        break;
                    }
                    Expr::Call { callee, .. } if *callee != at => {
                        let wraps = matches!(self.types.callees.get(&parent), Some(Callee::Foreign(path)) if {
                            let (owner, last) = path.rsplit_once("::").unwrap_or(("", path));
                            matches!(last, "Some" | "Ok") || self.world.catalog.wrappers().holds_its_argument(owner)
                        });
                        if !wraps && self.gives_back(parent, at) {
                            return Bound::Handed;
                        }
                        if !wraps {
                            break;
                        }
                        at = parent;
                    }
                    Expr::Method { recv, name, .. } if *recv == at && matches!(name.as_str(), "clone" | "into") => at = parent,
                    Expr::Method { recv, name, .. } if *recv != at && name.starts_with("remove") && only_use => return Bound::Removed,
                    // Taken by a function of the workspace that gives it back, changed perhaps: `self.options.apply(cookie)`.
                    Expr::Method { recv, .. } if *recv != at && self.gives_back(parent, at) => return Bound::Handed,
                    Expr::Ref(_) | Expr::Try(_) => at = parent,
                    _ => break,
                }
            }
        }
        Bound::Let(name.clone())
    }

    /// A call of the workspace that takes a value and gives back one of the same type.
    fn gives_back(&self, call: ExprId, arg: ExprId) -> bool {
        let (given, back) = (&self.types.types[arg.0 as usize], &self.types.types[call.0 as usize]);
        matches!(self.types.callees.get(&call), Some(Callee::Def(_))) && given.is_known() && given == back
    }

    /// Finds the known call around each known call, directly or through a variable.
    pub(super) fn nest(&self, known: &mut [KnownCall]) {
        if known.is_empty() {
            return;
        }
        let variables = self.variables();
        // The first variable that each known call is bound to.
        let mut variable_of: FxHashMap<ExprId, usize> = FxHashMap::default();
        for (at, local) in self.types.locals.iter().enumerate() {
            if let Some(root) = local.init.and_then(|init| self.root(init, 0)) {
                variable_of.entry(root).or_insert(at);
            }
        }
        #[expect(clippy::needless_range_loop, reason = "each call is compared with all the others")]
        for at in 0..known.len() {
            let mut hop = self.index_of[at];
            let mut through = 0;
            known[at].within = 'found: loop {
                let mut inner = hop;
                while let Some(parent) = self.parents[inner.0 as usize] {
                    if let Some(index) = self.holder(parent, inner)
                        && index != at
                    {
                        break 'found Some(index);
                    }
                    inner = parent;
                }
                // The variable it is bound to, where that is handed on.
                let local = variable_of.get(&self.index_of[at]);
                through += 1;
                let used = local.filter(|_| through == 1).and_then(|local| {
                    let mut uses = variables.used_at.get(local).into_iter().flatten().copied();
                    uses.find(|expr| self.is_argument_of_known(*expr, at))
                });
                match used {
                    Some(expr) => hop = expr,
                    None => break None,
                }
            };
        }
    }

    /// The known call (or its chain) in whose arguments `inner` stands.
    fn holder(&self, parent: ExprId, inner: ExprId) -> Option<usize> {
        match &self.body[parent] {
            Expr::Call { callee, .. } if *callee != inner => self.known_at.get(&parent).copied(),
            Expr::Macro { .. } => self.known_at.get(&parent).copied(),
            // `config.limits = Limits::new()`: an ingredient of what has the field.
            Expr::Assign { left, right, .. } if *right == inner => {
                let Expr::Field { base, .. } = &self.body[*left] else { return None };
                self.known_at.get(&self.root(*base, 0)?).copied()
            }
            Expr::Method { recv, .. } if *recv != inner => {
                let root = self.root(parent, 0)?;
                self.known_at.get(&root).copied()
            }
            _ => None,
        }
    }

    fn is_argument_of_known(&self, expr: ExprId, own: usize) -> bool {
        let mut inner = expr;
        for _ in 0..16 {
            let Some(parent) = self.parents[inner.0 as usize] else { return false };
            if matches!(self.body[parent], Expr::Block(_) | Expr::Closure { .. }) {
                return false;
            }
            if self.holder(parent, inner).is_some_and(|index| index != own) {
                return true;
            }
            inner = parent;
        }
        false
    }

    /// Whether an expression stands in the body of a loop.
    pub(super) fn in_loop(&self, id: ExprId) -> bool {
        let mut at = id;
        while let Some(parent) = self.parents[at.0 as usize] {
            match &self.body[parent] {
                Expr::Loop { .. } | Expr::While { .. } => return true,
                Expr::For { body, .. } if *body == at => return true,
                _ => at = parent,
            }
        }
        false
    }

    pub(super) fn in_closure(&self, id: ExprId) -> bool {
        let mut at = id;
        while let Some(parent) = self.parents[at.0 as usize] {
            let given_away = match &self.body[parent] {
                Expr::Closure { .. } => true,
                Expr::Call { .. } | Expr::Method { .. } => matches!(self.types.callees.get(&parent), Some(Callee::Foreign(path))
                    if self.world.catalog.path(path).is_some_and(|hit| self.world.catalog.api(hit.entry).shape == Shape::Spawn)),
                _ => false,
            };
            if given_away {
                return true;
            }
            at = parent;
        }
        false
    }

    fn is_assigned(&self, id: ExprId) -> bool {
        self.parents[id.0 as usize].is_some_and(|parent| matches!(&self.body[parent], Expr::Assign { left, .. } if *left == id))
    }

    /// Whether the method around an expression writes what it names. What only builds with `debug_assertions`
    /// do changes nothing in a release.
    pub(super) fn access(&self, id: ExprId) -> Access {
        let access = self.access_at(id, true);
        if access == Access::Write && self.builds(id).iter().any(Cfg::is_for_debugging) { Access::Read } else { access }
    }

    /// `hop`: through the variable that holds the guard of a lock, once.
    fn access_at(&self, id: ExprId, hop: bool) -> Access {
        let mut at = id;
        let mut guarded = false;
        for _ in 0..5 {
            let Some(parent) = self.parents[at.0 as usize] else { break };
            match &self.body[parent] {
                Expr::Method { recv, name, .. } if *recv == at => {
                    if is_write(name) {
                        return Access::Write;
                    }
                    guarded |= name == "lock";
                    if !matches!(
                        name.as_str(),
                        "unwrap"
                            | "expect"
                            | "unwrap_or_else"
                            | "lock"
                            | "borrow"
                            | "await"
                            | "as_ref"
                            | "as_mut"
                            | "clone"
                            | "or_insert"
                            | "or_default"
                            | "or_insert_with"
                    ) {
                        return Access::Read;
                    }
                }
                Expr::Assign { left, .. } if *left == at => return Access::Write,
                // `(self.page, self.read_at) = …`: only a tuple on the left is one of places.
                Expr::Tuple(_) if self.is_assigned(parent) => return Access::Write,
                // `mem::take(&mut *guard)`.
                Expr::Call { callee, .. } if *callee != at && self.moves_out(*callee) => return Access::Write,
                // A guard that is kept in a variable: what is done with that.
                Expr::Block(_) if guarded && hop => return self.access_through(at),
                Expr::Await(_) | Expr::Try(_) | Expr::Deref(_) | Expr::Ref(_) | Expr::Field { .. } | Expr::Index { .. } => {}
                _ => break,
            }
            at = parent;
        }
        Access::Read
    }
}

impl Reader<'_> {
    /// `mem::take`, `mem::replace`, `mem::swap`.
    fn moves_out(&self, callee: ExprId) -> bool {
        let Expr::Path(path, _) = &self.body[callee] else { return false };
        let of_mem = path.segs.iter().rev().nth(1).is_some_and(|seg| seg.name == "mem");
        of_mem && path.last().is_some_and(|last| matches!(last.as_str(), "take" | "replace" | "swap"))
    }

    /// Whether numbers are added up in the map that is named: `*counts.lock().entry(key).or_insert(0) += 1`.
    pub(super) fn adds_up(&self, id: ExprId) -> bool {
        self.adds_up_at(id, true)
    }

    /// `hop`: through the variable that holds the guard of a lock, once.
    fn adds_up_at(&self, id: ExprId, hop: bool) -> bool {
        let mut at = id;
        let (mut guarded, mut at_entry) = (false, false);
        for _ in 0..8 {
            let Some(parent) = self.parents[at.0 as usize] else { return false };
            match &self.body[parent] {
                Expr::Method { recv, name, .. } if *recv == at => match name.as_str() {
                    "lock" | "write" | "borrow_mut" => guarded = true,
                    "entry" => at_entry = true,
                    "unwrap" | "expect" | "unwrap_or_else" | "or_insert" | "or_default" | "or_insert_with" => {}
                    _ => return false,
                },
                Expr::Assign { left, compound, .. } => return *compound && at_entry && *left == at,
                Expr::Block(_) if guarded && hop && !at_entry => {
                    let variables = self.variables();
                    let locals = variables.bound_to.get(&at).into_iter().flatten();
                    let mut uses = locals.filter_map(|local| variables.used_at.get(local)).flatten();
                    return uses.any(|used| self.adds_up_at(*used, false));
                }
                Expr::Await(_) | Expr::Try(_) | Expr::Deref(_) | Expr::Ref(_) => {}
                _ => return false,
            }
            at = parent;
        }
        false
    }

    /// What is done with the guard of a lock through the variable that holds it.
    fn access_through(&self, init: ExprId) -> Access {
        let variables = self.variables();
        let locals = variables.bound_to.get(&init).into_iter().flatten();
        let mut uses = locals.filter_map(|local| variables.used_at.get(local)).flatten();
        if uses.any(|used| self.access_at(*used, false) == Access::Write) { Access::Write } else { Access::Read }
    }
}

/// Methods that change what they are called on.
fn is_write(name: &str) -> bool {
    matches!(
        name,
        "write"
            | "insert"
            | "remove"
            | "store"
            | "swap"
            | "set"
            | "push"
            | "push_back"
            | "push_front"
            | "pop"
            | "clear"
            | "retain"
            | "extend"
            | "entry"
            | "borrow_mut"
            | "get_mut"
            | "send"
            | "replace"
            | "take"
            | "update"
            | "rcu"
            | "invalidate"
            | "invalidate_all"
            | "inc"
            | "get_or_init"
            | "get_or_insert_with"
            | "get_or_try_init"
            | "get_with"
            | "try_get_with"
            | "or_insert"
            | "drain"
            | "append"
            | "truncate"
    ) || name.starts_with("fetch_")
        || name.starts_with("compare_exchange")
}
