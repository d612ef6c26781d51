//! What bodies do to the collections in fields and statics: put something in, take something out, or lend it to who knows whom.
//!
//! Only what is followed from the mention to a method is claimed. A collection that anything else happens to is taken as lent:
//! then nobody can tell from here whether it grows for ever.

use super::infer::Callee;
use super::program::DefId;
use super::reader::Reader;
use super::types::Type;
use super::values::At;
use crate::facts::{Body, Expr, ExprId, ItemKind, Name, Pat, PatId, Stmt};

/// Expressions around a mention that are followed.
const MAX_STEPS: usize = 24;
/// Variables within variables that are followed.
const MAX_VARIABLES: u32 = 4;

/// What holds a collection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Holder {
    /// A field of a struct.
    Field(DefId, Name),
    /// A static.
    Static(DefId),
    /// A part of the tuple in a static, by its number.
    Part(DefId, Name),
    /// A field of that name, of a struct that could not be told.
    Some(Name),
    /// A field in the pattern of a struct, by the names of both.
    Unpacked(Name, Name),
}

/// What happens to a collection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Something is put in: where, and by which method.
    pub adds: Vec<(At, Name)>,
    /// Everything, or whatever meets a condition, is taken out; or how much is in it is looked at before more is put in.
    pub sweeps: bool,
    /// Whatever meets a condition is taken out.
    pub retains: bool,
    /// The condition is about time.
    pub by_age: bool,
    /// One entry is taken out, by its key.
    pub removes: bool,
    /// It is handed to something that may do anything.
    pub lent: bool,
}

impl Change {
    fn says_nothing(&self) -> bool {
        self.adds.is_empty() && !self.sweeps && !self.removes && !self.lent
    }

    /// Both happen.
    pub fn also(&mut self, other: &Self) {
        self.adds.extend(other.adds.iter().cloned());
        self.sweeps |= other.sweeps;
        self.retains |= other.retains;
        self.by_age |= other.by_age;
        self.removes |= other.removes;
        self.lent |= other.lent;
    }
}

/// A collection that gets as large as what is put into it, behind locks, pointers and cells.
#[must_use]
pub fn growable<'t>(world: super::World<'_>, ty: &'t Type) -> Option<&'t Type> {
    let wrappers = world.catalog.wrappers();
    let mut ty = ty;
    for _ in 0..8 {
        let Type::Foreign(path, args) = ty else { return None };
        if is_collection(path) {
            return Some(ty);
        }
        let seen_through =
            wrappers.is_transparent(path) || wrappers.is_lazy(path) || wrappers.is_container(path) || path == "std::option::Option";
        ty = args.last().filter(|_| seen_through)?;
    }
    None
}

/// The parts of the tuple in a static, behind a lazy cell.
#[must_use]
pub fn tuple_in<'t>(world: super::World<'_>, ty: &'t Type) -> Option<&'t [Type]> {
    let wrappers = world.catalog.wrappers();
    match ty {
        Type::Tuple(parts) => Some(parts),
        Type::Foreign(path, args) if wrappers.is_lazy(path) || wrappers.is_transparent(path) => tuple_in(world, args.first()?),
        _ => None,
    }
}

fn is_collection(path: &str) -> bool {
    let Some((owner, last)) = path.rsplit_once("::") else { return false };
    match last {
        "Vec" | "VecDeque" | "BinaryHeap" | "LinkedList" | "SegQueue" | "Slab" => true,
        // `TypeMap`, `HeaderMap` and the like hold what the code names.
        "HashMap" | "BTreeMap" | "HashSet" | "BTreeSet" | "DashMap" | "DashSet" | "IndexMap" | "IndexSet" | "FxHashMap" | "FxHashSet"
        | "AHashMap" | "AHashSet" | "SkipMap" | "SkipSet" | "HashIndex" | "TreeIndex" | "Trie" | "PrefixMap" => !owner.starts_with("im"),
        _ => false,
    }
}

/// What a method does to the collection, lock or pointer that it is called on.
enum Does {
    Adds,
    Sweeps,
    Removes,
    Reads,
    /// Leads on to what is inside.
    Leads,
    /// Copies a value; leads on to the same one through a pointer.
    Clones,
    /// Leads on through the closure that it is given.
    Visits,
    /// Says how much is in it.
    Measures,
    Unknown,
}

fn does(name: &str, args: usize) -> Does {
    match (name, args) {
        (
            "insert" | "push" | "push_back" | "push_front" | "extend" | "append" | "entry" | "entry_ref" | "insert_async" | "insert_sync",
            _,
        )
        | ("entry_async" | "entry_sync" | "upsert" | "upsert_async" | "insert_entry" | "get_or_insert" | "extend_from_slice", _)
        | ("insert_full" | "insert_sorted" | "raw_entry_mut" | "vacant_entry" | "try_insert", _) => Does::Adds,
        ("clear" | "retain" | "retain_mut" | "retain_async" | "retain_sync" | "drain" | "truncate" | "split_off" | "extract_if", _)
        | ("swap" | "store" | "set" | "swap_with" | "resize" | "clear_async" | "send_replace" | "into_iter" | "into_inner", _)
        | ("into_values" | "into_keys" | "drain_filter" | "prune" | "iter_mut_async", _) => Does::Sweeps,
        ("take", 0) => Does::Sweeps,
        (_, _) if name.starts_with("pop") => Does::Sweeps,
        ("take", 1) => Does::Removes,
        (_, _) if name.starts_with("remove") || name.starts_with("swap_remove") || name.starts_with("shift_remove") => Does::Removes,
        ("len" | "is_full" | "capacity", 0) => Does::Measures,
        (
            "read" | "write" | "lock" | "borrow" | "borrow_mut" | "get_mut" | "get" | "load" | "load_full" | "unwrap" | "upgradable_read",
            0,
        )
        | ("try_read" | "try_write" | "try_lock" | "try_borrow" | "try_borrow_mut" | "blocking_lock" | "blocking_read", 0)
        | ("blocking_write" | "lock_owned" | "read_owned" | "write_owned" | "lock_arc" | "read_arc" | "write_arc" | "ok" | "pin", 0)
        | ("as_ref" | "as_mut" | "deref" | "deref_mut" | "as_deref" | "as_deref_mut" | "upgrade" | "borrow_and_update", 0)
        | ("expect" | "unwrap_or_else" | "map_err" | "context" | "with_context" | "wrap_err" | "get_or_init" | "get_or_insert_with", 1)
        | ("try_read_for" | "try_write_for" | "try_lock_for" | "ok_or" | "ok_or_else" | "inspect_err" | "get_or_try_init", 1) => {
            Does::Leads
        }
        ("clone" | "cloned" | "to_owned", 0) => Does::Clones,
        ("with" | "with_borrow" | "with_borrow_mut" | "with_mut", 1) => Does::Visits,
        ("get" | "get_mut" | "get_key_value" | "contains" | "contains_key" | "get_many_mut" | "get_full" | "get_index" | "view", _)
        | ("get_index_of" | "get_async" | "get_sync" | "read_async" | "read_sync" | "contains_async" | "contains_sync" | "peek", _)
        | ("iter" | "iter_mut" | "keys" | "values" | "values_mut" | "is_empty" | "first" | "last" | "first_mut" | "last_mut", _)
        | ("first_key_value" | "last_key_value" | "range" | "range_mut" | "front" | "back" | "front_mut" | "back_mut" | "alter", _)
        | ("alter_all" | "modify" | "binary_search" | "binary_search_by" | "binary_search_by_key" | "sort" | "sort_by", _)
        | ("sort_by_key" | "sort_unstable" | "sort_unstable_by" | "sort_unstable_by_key" | "dedup" | "reserve" | "shrink_to_fit", _)
        | ("to_vec" | "as_slice" | "windows" | "chunks" | "concat" | "join" | "starts_with" | "union" | "intersection", _)
        | ("difference" | "is_subset" | "is_superset" | "is_disjoint" | "par_iter" | "rev" | "subscribe" | "try_get", _)
        | ("try_get_mut" | "is_some" | "is_none" | "is_some_and" | "hasher" | "fmt" | "eq" | "partition_point" | "scan", _)
        | ("is_locked" | "is_poisoned" | "shards" | "get_with" | "peek_with" | "guard" | "swap_indices", _) => Does::Reads,
        _ => Does::Unknown,
    }
}

impl Reader<'_> {
    /// What the mention of a static, or of a field, does to the collection in it.
    pub(super) fn growth_of(&self, id: ExprId, holder: Holder) -> Option<(Holder, Change)> {
        let ty = match &holder {
            Holder::Field(of, name) => self.world.signatures.field(*of, name)?,
            Holder::Static(of) => {
                let ty = self.world.signatures.value(*of);
                if let Some(parts) = tuple_in(self.world, ty) {
                    return self.growth_of_part(id, *of, parts);
                }
                ty
            }
            Holder::Part(..) | Holder::Some(_) | Holder::Unpacked(..) => &Type::Unknown,
        };
        if !matches!(holder, Holder::Some(_)) {
            growable(self.world, ty)?;
        }
        let mut change = Change::default();
        self.follow(id, &holder, 0, &mut change);
        // Of a field that is known by its name only, what is sure counts: something of that name gets smaller.
        let counts = match holder {
            Holder::Some(_) => change.sweeps || change.removes,
            _ => !change.says_nothing(),
        };
        counts.then_some((holder, change))
    }

    /// `SEEN.0.lock()`: what is done to one part of a tuple. Whoever takes it as a whole may do anything with all of them.
    fn growth_of_part(&self, id: ExprId, of: DefId, parts: &[Type]) -> Option<(Holder, Change)> {
        parts.iter().find(|part| growable(self.world, part).is_some())?;
        let mut at = id;
        loop {
            let parent = self.parents[at.0 as usize]?;
            match &self.body[parent] {
                Expr::Ref(_) | Expr::Deref(_) => at = parent,
                Expr::Field { base, name, .. } if *base == at => {
                    let holder = Holder::Part(of, name.clone());
                    let mut change = Change::default();
                    self.follow(parent, &holder, 0, &mut change);
                    return (!change.says_nothing()).then_some((holder, change));
                }
                _ => return Some((Holder::Static(of), Change { lent: true, ..Change::default() })),
            }
        }
    }

    /// What is mentioned is set anew, or something is put into it.
    pub(super) fn is_given_a_value(&self, id: ExprId, holder: Holder) -> bool {
        let mut change = Change::default();
        self.follow(id, &holder, 0, &mut change);
        change.sweeps || !change.adds.is_empty()
    }

    /// An entry of what is mentioned is taken out, or all are.
    pub(super) fn is_invalidated(&self, id: ExprId) -> bool {
        self.is_invalidated_at(id, true)
    }

    /// `hop`: through the variable that holds the guard of a lock, once.
    fn is_invalidated_at(&self, id: ExprId, hop: bool) -> bool {
        let mut at = id;
        for _ in 0..MAX_STEPS {
            let Some(parent) = self.parents[at.0 as usize] else { return false };
            match &self.body[parent] {
                Expr::Method { recv, name, args, .. } if *recv == at => {
                    let takes_out = ["invalidate", "remove", "evict"].iter().any(|start| name.starts_with(start));
                    if takes_out || matches!((name.as_str(), args.len()), ("clear", 0) | ("delete" | "pop", 1)) {
                        return true;
                    }
                    if !matches!(does(name, args.len()), Does::Leads | Does::Clones) {
                        return false;
                    }
                }
                Expr::Await(_) | Expr::Try(_) | Expr::Ref(_) | Expr::Deref(_) => {}
                Expr::Block(_) | Expr::Let { .. } if hop => {
                    let mut uses = self.locals_bound_to(at).iter().flat_map(|local| self.uses_of(*local));
                    return uses.any(|used| self.is_invalidated_at(*used, false));
                }
                _ => return false,
            }
            at = parent;
        }
        false
    }

    /// Fields that patterns take out of structs: who binds them may do anything with them.
    pub(super) fn unpacked(&self) -> impl Iterator<Item = (Holder, Change)> {
        let lent = Change { lent: true, ..Change::default() };
        let structs = self.body.pats.iter().filter_map(|pat| match pat {
            Pat::Struct(path, fields) => Some((path.last()?, fields)),
            _ => None,
        });
        structs.flat_map(move |(of, fields)| {
            let lent = lent.clone();
            fields.iter().map(move |(name, _)| (Holder::Unpacked(self.meant_by(of), name.clone()), lent.clone()))
        })
    }

    fn meant_by(&self, name: &Name) -> Name {
        match &self.world.signatures.this[self.tracer.def.0 as usize] {
            Some(Type::Def(this, _)) if name == "Self" => self.world.program.def(*this).item.name.clone(),
            _ => name.clone(),
        }
    }

    /// What else is done, where a struct is made, with the collection that is put into one of its fields: a task may have been given
    /// the same one.
    pub(super) fn grown_from(&self, of: DefId, name: &Name, value: ExprId) -> Option<(Holder, Change)> {
        growable(self.world, self.world.signatures.field(of, name)?)?;
        let holder = Holder::Field(of, name.clone());
        let mut change = Change::default();
        let mut at = value;
        for _ in 0..MAX_STEPS {
            match &self.body[at] {
                Expr::Path(..) => {
                    let local = self.types.local_of.get(&at)?.0 as usize;
                    // Whoever gives it may keep it too.
                    change.lent = self.types.locals[local].param.is_some();
                    self.uses_of(local).iter().for_each(|used| self.follow(*used, &holder, 0, &mut change));
                    return (!change.says_nothing()).then_some((holder, change));
                }
                Expr::Field { .. } => return Some((holder, Change { lent: true, ..change })),
                Expr::Method { recv, name, .. } if matches!(name.as_str(), "clone" | "into" | "unwrap") => at = *recv,
                Expr::Call { callee, args, .. } if matches!(self.called_with(*callee), Does::Clones | Does::Leads) => at = *args.first()?,
                Expr::Ref(inner) | Expr::Try(inner) | Expr::Await(inner) => at = *inner,
                _ => return None,
            }
        }
        None
    }

    /// Follows an expression that is the collection, or a lock, guard or pointer of it.
    fn follow(&self, id: ExprId, holder: &Holder, through: u32, change: &mut Change) {
        let mut at = id;
        for _ in 0..MAX_STEPS {
            let Some(parent) = self.parents[at.0 as usize] else { return change.lent = true };
            match &self.body[parent] {
                Expr::Method { recv, name, args, span, .. } if *recv == at => {
                    if matches!(self.types.callees.get(&parent), Some(Callee::Def(_))) {
                        return change.lent = true;
                    }
                    match does(name, args.len()) {
                        // An `Option` that is given another value forgets the one before.
                        Does::Adds if self.is_option(at) => return change.sweeps = true,
                        Does::Adds if name.starts_with("entry") && self.is_only_looked_at(parent) => return,
                        // One entry, whatever happens.
                        Does::Adds if args.len() == 2 && args.first().is_some_and(|key| self.is_written(*key)) => return,
                        Does::Adds if args.iter().any(|arg| self.is_put_back(*arg, parent)) => return,
                        Does::Adds => {
                            change.adds.push((self.at(*span), name.clone()));
                            change.removes |= name.starts_with("entry") && self.removes_in_match(parent);
                            return;
                        }
                        Does::Sweeps => {
                            if name.starts_with("retain") || name == "extract_if" {
                                change.retains = true;
                                change.by_age |= args.last().is_some_and(|kept| self.asks_for_time(*kept));
                            }
                            return change.sweeps = true;
                        }
                        Does::Removes if self.moves_on(parent) => return,
                        Does::Removes => return change.removes = true,
                        // Whoever goes through collections may take something out of each.
                        Does::Reads if matches!(name.as_str(), "iter_mut" | "values_mut" | "range_mut") && self.holds_collections(at) => {
                            return change.lent = true;
                        }
                        Does::Reads => return,
                        Does::Measures => return change.sweeps |= self.is_compared(parent),
                        Does::Visits => return self.visit(args[0], holder, through, change),
                        Does::Clones if self.is_copy(at) => return,
                        Does::Clones | Does::Leads => {}
                        Does::Unknown => return change.lent = true,
                    }
                }
                // `other.extend(map)`, `other.push(map.clone())`.
                Expr::Method { .. } => return change.lent = true,
                Expr::Call { callee, .. } if *callee != at => match self.called_with(*callee) {
                    Does::Leads => {}
                    Does::Clones if self.is_copy(at) => return,
                    Does::Clones => {}
                    Does::Sweeps => return change.sweeps = true,
                    Does::Reads => return,
                    // The tuple struct that it is put into.
                    _ if matches!((self.types.callees.get(&parent), holder), (Some(Callee::Def(made)), Holder::Field(of, _)) if made == of) =>
                    {
                        return;
                    }
                    _ => return change.lent = true,
                },
                Expr::Assign { left, .. } if *left == at => return change.sweeps = true,
                // An element; a comparison; what a loop goes over.
                Expr::Index { base, .. } if *base == at => return,
                Expr::Binary { .. } | Expr::For { .. } => return,
                Expr::Await(_) | Expr::Try(_) | Expr::Deref(_) | Expr::Ref(_) => {}
                Expr::Block(stmts) => match stmts.iter().find(|stmt| gives(stmt, at)) {
                    Some(Stmt::Let { pat, .. }) => return self.follow_variables(at, *pat, holder, through, change),
                    Some(Stmt::Expr { semi: true, .. }) => return,
                    // The value of the block, if it is the last; of no use, if not.
                    Some(Stmt::Expr { semi: false, .. }) => {}
                    None => return change.lent = true,
                },
                Expr::Let { pat, value } if *value == at => return self.follow_variables(at, *pat, holder, through, change),
                Expr::Match { value, arms } if *value == at => {
                    let Some(first) = arms.first() else { return };
                    return self.follow_variables(at, first.pat, holder, through, change);
                }
                Expr::Match { .. } | Expr::If { .. } => {}
                Expr::Struct { fields, .. } => {
                    // A clone of the struct itself.
                    let name = fields.iter().find(|(_, value)| *value == at).map(|(name, _)| name);
                    let made = (&self.types.types[parent.0 as usize], name);
                    let same = matches!((holder, made), (Holder::Field(of, field), (Type::Def(made, _), Some(name))) if of == made && field == name);
                    return change.lent |= !same;
                }
                Expr::Macro { path, .. } if path.last().is_some_and(|last| only_shows(last)) => return,
                _ => return change.lent = true,
            }
            at = parent;
        }
        change.lent = true;
    }

    /// `let mut one = list.remove(at); …; list.push(one);`: what is taken out is put back, whatever happens in between.
    fn moves_on(&self, removal: ExprId) -> bool {
        let Some((block, first)) = self.statement_around(removal) else { return false };
        let Expr::Block(stmts) = &self.body[block] else { return false };
        let Stmt::Let { init: Some(init), .. } = &stmts[first] else { return false };
        let [local] = self.locals_bound_to(*init) else { return false };
        self.uses_of(*local).iter().any(|used| {
            let Some(parent) = self.parents[used.0 as usize] else { return false };
            let Some((_, last)) = self.statement_around(parent).filter(|(around, _)| *around == block) else { return false };
            let in_between = stmts[first + 1..last.max(first + 1)].iter().filter_map(|stmt| match stmt {
                Stmt::Let { init, .. } => *init,
                Stmt::Expr { expr, .. } => Some(*expr),
            });
            self.puts_back(removal, parent, *used) && in_between.into_iter().all(|expr| !self.may_leave(expr))
        })
    }

    /// The same of what is put back.
    fn is_put_back(&self, value: ExprId, adds: ExprId) -> bool {
        let Some(local) = self.types.local_of.get(&value) else { return false };
        let Some(mut removal) = self.types.locals[local.0 as usize].init else { return false };
        while let Expr::Method { recv, name, .. } = &self.body[removal]
            && matches!(name.as_str(), "unwrap" | "expect")
        {
            removal = *recv;
        }
        self.puts_back(removal, adds, value) && self.moves_on(removal)
    }

    /// One call takes something out of a collection that is named, and the other one puts it into the same.
    fn puts_back(&self, removal: ExprId, adds: ExprId, value: ExprId) -> bool {
        let (Expr::Method { recv: from, name: out, args: at, .. }, Expr::Method { recv: to, name: add, args, .. }) =
            (&self.body[removal], &self.body[adds])
        else {
            return false;
        };
        let same = match (&self.body[*from], &self.body[*to]) {
            (Expr::Field { base, name, .. }, Expr::Field { base: other, name: again, .. }) => {
                name == again && self.types.local_of.get(base).is_some_and(|local| self.types.local_of.get(other) == Some(local))
            }
            _ => self.types.local_of.get(from).is_some_and(|local| self.types.local_of.get(to) == Some(local)),
        };
        let is_move = matches!(does(out, at.len()), Does::Removes) && matches!(does(add, args.len()), Does::Adds);
        same && is_move && args.contains(&value)
    }

    /// The block and the statement in it in which a call of methods stands, and nothing around it.
    fn statement_around(&self, id: ExprId) -> Option<(ExprId, usize)> {
        let mut at = id;
        loop {
            let parent = self.parents[at.0 as usize]?;
            match &self.body[parent] {
                Expr::Method { recv, name, .. } if *recv == at && matches!(name.as_str(), "unwrap" | "expect") => at = parent,
                Expr::Block(stmts) => return self.statement(stmts, at).map(|index| (parent, index)),
                _ => return None,
            }
        }
    }

    /// Something in an expression leaves the block around it.
    fn may_leave(&self, id: ExprId) -> bool {
        let mut leaves = match &self.body[id] {
            Expr::Return(_) | Expr::Break(_) | Expr::Try(_) => true,
            // `continue`.
            Expr::Other(parts) if parts.is_empty() => true,
            Expr::Macro { path, .. } => path.last().is_some_and(|last| matches!(last.as_str(), "bail" | "ensure" | "try")),
            _ => false,
        };
        if !matches!(self.body[id], Expr::Closure { .. }) {
            super::walk::children(&self.body[id], &mut |child| leaves |= self.may_leave(child));
        }
        leaves
    }

    /// What is done through the variables that an expression gives its value to.
    fn follow_variables(&self, init: ExprId, pat: PatId, holder: &Holder, through: u32, change: &mut Change) {
        if matches!(self.body[pat], Pat::Other) {
            return;
        }
        let locals = self.locals_bound_to(init);
        if through >= MAX_VARIABLES || locals.is_empty() {
            return change.lent = true;
        }
        for local in locals {
            for used in self.uses_of(*local) {
                self.follow(*used, holder, through + 1, change);
            }
        }
    }

    /// `CELL.with(|map| …)`: the parameter of the closure is the collection.
    fn visit(&self, closure: ExprId, holder: &Holder, through: u32, change: &mut Change) {
        let Expr::Closure { params, .. } = &self.body[closure] else { return change.lent = true };
        let Some((Pat::Bind { name, span, .. }, true)) = params.first().map(|(pat, _)| (&self.body[*pat], through < MAX_VARIABLES)) else {
            return change.lent = true;
        };
        let is_it = |local: &super::infer::Local| local.name == *name && local.line == span.line;
        let Some(local) = self.types.locals.iter().position(is_it) else { return change.lent = true };
        for used in self.uses_of(local) {
            self.follow(*used, holder, through + 1, change);
        }
    }

    /// What a function does with an argument.
    fn called_with(&self, callee: ExprId) -> Does {
        let Expr::Path(path, _) = &self.body[callee] else { return Does::Unknown };
        let last = path.last().map_or("", |last| last.as_str());
        let owner = path.segs.iter().rev().nth(1).map_or("", |seg| seg.name.as_str());
        match (owner, last) {
            ("mem", "take" | "replace" | "swap") => Does::Sweeps,
            ("Arc" | "Rc", "clone") => Does::Clones,
            ("Arc" | "Rc", "strong_count" | "ptr_eq") | ("", "drop") | ("mem", "drop") => Does::Reads,
            ("", "Some" | "Ok") | ("Arc" | "Rc", "downgrade") => Does::Leads,
            _ => Does::Unknown,
        }
    }

    /// The clone of an expression is a collection of its own.
    fn is_copy(&self, id: ExprId) -> bool {
        let shares = |path: &str| {
            matches!(path, "std::sync::Arc" | "std::rc::Rc" | "triomphe::Arc" | "std::option::Option") || path.ends_with("::ReadHandle")
        };
        match &self.types.types[id.0 as usize] {
            Type::Foreign(path, _) => is_collection(path) && !shares(path),
            _ => false,
        }
    }

    /// Its entries are collections themselves.
    fn holds_collections(&self, id: ExprId) -> bool {
        let known = growable(self.world, &self.types.types[id.0 as usize]);
        known.and_then(|ty| ty.args().last()).is_some_and(|entry| growable(self.world, entry).is_some())
    }

    /// A literal or constant, perhaps made one's own: `"root".to_owned()`.
    fn is_written(&self, id: ExprId) -> bool {
        match &self.body[id] {
            Expr::Lit(..) => true,
            Expr::Path(path, _) => path.last().is_some_and(|last| last.len() > 1 && !last.contains(char::is_lowercase)),
            Expr::Ref(inner) => self.is_written(*inner),
            Expr::Method { recv, name, args, .. } => {
                args.is_empty() && matches!(name.as_str(), "to_owned" | "to_string" | "into" | "clone") && self.is_written(*recv)
            }
            _ => false,
        }
    }

    /// A closure in which something is named after time: `|_, entry| entry.expires_at > now`.
    fn asks_for_time(&self, closure: ExprId) -> bool {
        let is_time = |name: &str| {
            let name = name.to_lowercase();
            let ages = [
                "expir",
                "elapsed",
                "ttl",
                "deadline",
                "stale",
                "idle",
                "last_",
                "timestamp",
                "timeout",
                "lifetime",
                "until",
                "created",
                "age",
            ];
            name == "now" || ages.iter().any(|word| if *word == "age" { name == *word } else { name.contains(word) })
        };
        (0..self.parents.len()).filter_map(|at| u32::try_from(at).ok().map(ExprId)).any(|id| {
            let named = match &self.body[id] {
                Expr::Method { name, .. } | Expr::Field { name, .. } => is_time(name),
                Expr::Path(path, _) => path.last().is_some_and(|last| is_time(last)),
                _ => false,
            };
            named && std::iter::successors(Some(id), |at| self.parents[at.0 as usize]).take(MAX_STEPS).any(|at| at == closure)
        })
    }

    /// A size is compared with something, at once or through a variable.
    fn is_compared(&self, id: ExprId) -> bool {
        match self.parents[id.0 as usize].map(|parent| &self.body[parent]) {
            Some(Expr::Binary { op, .. }) => op.compares(),
            Some(Expr::Block(stmts)) => stmts.iter().any(|stmt| matches!(stmt, Stmt::Let { init: Some(init), .. } if *init == id)),
            Some(Expr::If { cond, .. }) => *cond == id,
            Some(Expr::Cast(..) | Expr::Unary(_)) => true,
            _ => false,
        }
    }

    /// `match map.entry(key) { Occupied(it) => …, Vacant(_) => … }`: nothing is put in.
    fn is_only_looked_at(&self, entry: ExprId) -> bool {
        match self.parents[entry.0 as usize].map(|parent| &self.body[parent]) {
            Some(Expr::Match { value, arms }) if *value == entry => {
                let vacant = arms.iter().find(|arm| is_vacant(&self.body[arm.pat]));
                vacant.is_none_or(|arm| names_in(self.body, arm.pat).is_empty())
            }
            Some(Expr::Let { pat, .. }) => matches!(&self.body[*pat], Pat::TupleStruct(..)) && !is_vacant(&self.body[*pat]),
            _ => false,
        }
    }

    /// `match map.entry(key) { Occupied(it) => it.remove(), … }`
    fn removes_in_match(&self, entry: ExprId) -> bool {
        let removes = |id: &ExprId| match self.parents[id.0 as usize].map(|parent| &self.body[parent]) {
            Some(Expr::Method { recv, name, .. }) => recv == id && (name.starts_with("remove") || name.starts_with("swap_remove")),
            _ => false,
        };
        let bound = |pat: PatId| names_in(self.body, pat);
        let Some(parent) = self.parents[entry.0 as usize] else { return false };
        let names: Vec<&Name> = match &self.body[parent] {
            Expr::Match { value, arms } if *value == entry => arms.iter().flat_map(|arm| bound(arm.pat)).collect(),
            Expr::Let { pat, .. } => bound(*pat),
            Expr::Block(_) => return !self.locals_bound_to(entry).iter().all(|local| !self.uses_of(*local).iter().any(removes)),
            _ => return false,
        };
        let locals = self.types.locals.iter().enumerate().filter(|(_, local)| names.contains(&&local.name));
        locals.into_iter().any(|(local, _)| self.uses_of(local).iter().any(removes))
    }
}

/// A statement gives a variable, or the block, the value of an expression.
fn gives(stmt: &Stmt, id: ExprId) -> bool {
    match stmt {
        Stmt::Let { init, .. } => *init == Some(id),
        Stmt::Expr { expr, .. } => *expr == id,
    }
}

fn is_vacant(pat: &Pat) -> bool {
    matches!(pat, Pat::TupleStruct(path, _) if path.last().is_some_and(|last| last == "Vacant"))
}

/// The names that the parts of a pattern bind.
fn names_in(body: &Body, pat: PatId) -> Vec<&Name> {
    match &body[pat] {
        Pat::TupleStruct(_, parts) => parts.iter().flat_map(|part| names_in(body, *part)).collect(),
        Pat::Bind { name, .. } => vec![name],
        _ => Vec::new(),
    }
}

/// Macros that only show what they are given.
fn only_shows(name: &str) -> bool {
    name.starts_with("assert")
        || name.starts_with("debug_assert")
        || matches!(
            name,
            "format"
                | "print"
                | "println"
                | "eprintln"
                | "write"
                | "writeln"
                | "trace"
                | "debug"
                | "info"
                | "warn"
                | "error"
                | "dbg"
                | "json"
        )
}

/// Structs of the workspace whose value is replaced as a whole: what was in them is gone.
pub(super) fn renewed(reader: &Reader<'_>, id: ExprId) -> Option<DefId> {
    let given = match &reader.body[id] {
        // `*state = State::default()`.
        Expr::Assign { left, right, compound: false } if !matches!(reader.body[*left], Expr::Path(..)) => *right,
        Expr::Method { name, args, .. } if matches!(name.as_str(), "store" | "swap" | "set" | "replace" | "send" | "send_replace") => {
            *args.last()?
        }
        Expr::Call { callee, args, .. } if matches!(reader.called_with(*callee), Does::Sweeps) => *args.last()?,
        _ => return None,
    };
    let mut ty = &reader.types.types[given.0 as usize];
    for _ in 0..4 {
        match ty {
            Type::Def(of, _) => return matches!(reader.world.program.def(*of).item.kind, ItemKind::Struct(_)).then_some(*of),
            Type::Foreign(_, args) => ty = args.first()?,
            _ => return None,
        }
    }
    None
}
