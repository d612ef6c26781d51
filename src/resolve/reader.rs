//! Reads one body: which known APIs it calls, with which settings, and what else detectors ask for.

use std::cell::{OnceCell, RefCell};

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::answers::gives_answer;
use super::bounds::{Limited, PRAGMA, in_statement};
use super::calls::{BodyFacts, Bound, Fails, LocalType, OwnCall, Task};
use super::conditions::Condition;
use super::fate::Variables;
use super::growth::{Holder, renewed};
use super::infer::{Callee, Inference, World};
use super::mints::MintSource;
use super::pauses::Pauses;
use super::program::DefId;
use super::queries::{said_by, statement};
use super::seldom::{Seldom, fit};
use super::types::Type;
use super::values::{At, Tracer, Value};
use super::walk::ids;
use crate::catalog::Shape;
use crate::facts::{BinOp, Body, Expr, ExprId, ItemKind, Span, Stmt};
use crate::model::Access;

pub(super) struct Reader<'a> {
    pub(super) tracer: Tracer<'a>,
    pub(super) world: World<'a>,
    pub(super) body: &'a Body,
    pub(super) types: &'a Inference,
    pub(super) parents: Vec<Option<ExprId>>,
    /// Known calls with their expressions, in the order of `known`.
    pub(super) index_of: Vec<ExprId>,
    /// Those of them that are links of another call's chain: the chain goes on through them.
    pub(super) links: FxHashSet<ExprId>,
    /// The index of a known call by its expression.
    pub(super) known_at: FxHashMap<ExprId, usize>,
    /// Variables by what they are bound to, and where they are used; made when first asked for.
    pub(super) variables: OnceCell<Variables>,
    /// Where its futures pause; made when first asked for.
    pub(super) pauses: OnceCell<Pauses>,
    /// What conditions ask, where they hold and where not.
    pub(super) asked: RefCell<FxHashMap<(ExprId, bool), Vec<Condition>>>,
    /// What holds behind the early returns of a block, with the number of their statement.
    pub(super) guards: RefCell<FxHashMap<ExprId, Vec<(usize, Condition)>>>,
    /// Last names of its calls and paths, as they are met.
    pub(super) names: Vec<&'a SmolStr>,
    /// Those of them that could not be resolved.
    pub(super) unresolved: Vec<&'a SmolStr>,
}

impl<'a> Reader<'a> {
    pub(super) fn read(&mut self, def: DefId) -> BodyFacts {
        let mut out = BodyFacts {
            def,
            known: Vec::new(),
            own: Vec::new(),
            fields: Vec::new(),
            statics: Vec::new(),
            field_uses: Vec::new(),
            foreign: Vec::new(),
            names: Vec::new(),
            means: Vec::new(),
            unresolved: Vec::new(),
            returns: self.body.root.map_or(Value::Unknown(SmolStr::default()), |root| self.returned(root)),
            task: Task::default(),
            locals: Vec::new(),
            rest: Seldom::default(),
            counts: [self.types.calls.0, self.types.calls.1, self.types.receivers.0, self.types.receivers.1],
        };
        let ends_main = self.ends_main();
        if !ends_main.is_empty() {
            out.ends_main = ends_main;
        }
        if self.world.signatures.value(def).path().is_some_and(|path| path == "bool") {
            out.answers = self.answered();
        }
        for id in ids(self.body) {
            self.expression(id, &mut out);
            out.renewed.extend(renewed(self, id));
        }
        out.growth.extend(self.types.statics.iter().filter_map(|(id, of)| self.growth_of(*id, Holder::Static(*of))));
        out.growth.extend(self.unpacked());
        let invalidated = self.types.statics.iter().filter(|(id, _)| self.is_invalidated(*id));
        out.invalidated.extend(invalidated.filter_map(|(id, _)| Some(self.at(self.span(*id)?))));
        let keyed = self.types.statics.iter().filter_map(|(id, _)| Some((self.at(self.span(*id)?), self.keyed(*id)?)));
        out.keyed.extend(keyed);
        out.foreign = self
            .types
            .callees
            .values()
            .filter_map(|callee| match callee {
                Callee::Foreign(path) => Some(path.clone()),
                Callee::Def(_) => None,
            })
            .collect();
        out.foreign.sort_unstable();
        out.foreign.dedup();
        // Many expressions are of the same few types.
        let mut of_types: Vec<DefId> = self.types.types.iter().filter_map(Type::def).collect();
        of_types.sort_unstable();
        of_types.dedup();
        self.names.extend(of_types.iter().map(|id| &self.world.program.def(*id).item.name));
        out.means.append(&mut of_types);
        out.means.extend(self.types.statics.iter().map(|(_, def)| *def));
        self.nest(&mut out.known);
        for known in out.known.iter_mut().filter(|known| !known.called.is_empty()) {
            known.hit.entry = self.world.catalog.with_calls(known.hit.entry, &known.called);
        }
        if let Some(root) = self.body.root {
            out.task = self.task(root, true);
            // Whoever waits for its answer does not wait forever: its loops find or read something, then end.
            // One that a timer drives goes on until it is told to stop, and then sums up.
            out.task.endless &= self.is_ticked(root) || !gives_answer(self.world, def);
            let (futures, aside) = self.kept_futures(root);
            out.futures.extend(futures);
            out.task.aside = aside;
            out.supervised.extend(self.supervised());
        }
        self.used_handles(&mut out);
        let file = self.tracer.file;
        out.locals = self
            .types
            .locals
            .iter()
            .filter(|local| local.ty.is_known())
            .map(|local| LocalType {
                name: local.name.clone(),
                ty: local.ty.clone(),
                at: At { file, span: Span { line: local.line, column: 1 } },
                made: local.init.is_some_and(|init| self.is_made(init)),
            })
            .collect();
        out.on_statics = self
            .types
            .statics
            .iter()
            .filter_map(|(id, def)| match &self.body[self.parents[id.0 as usize]?] {
                Expr::Method { recv, name, .. } if recv == id => Some((*def, name.clone())),
                _ => None,
            })
            .collect();
        out.statics = self.types.statics.iter().filter_map(|(id, def)| Some((*def, self.access(*id), self.span(*id)?))).collect();
        out.asked_when = self.asked_statics();
        out.thread_sets = self.types.statics.iter().filter_map(|(id, def)| self.thread_set(*id, *def)).collect();
        for (def, access, span) in &mut out.statics {
            if out.rest.thread_sets.iter().any(|set| set.of == *def && set.at.span == *span) {
                *access = Access::Write;
            }
        }
        out.names = in_order(&self.names);
        out.unresolved = in_order(&self.unresolved);
        out.means.sort_unstable();
        out.means.dedup();
        // They live until the map is made.
        out.rest.settle();
        fit(&mut out.known);
        fit(&mut out.own);
        fit(&mut out.fields);
        fit(&mut out.field_uses);
        fit(&mut out.statics);
        fit(&mut out.means);
        fit(&mut out.foreign);
        fit(&mut out.locals);
        out
    }

    /// Statics that are only read where something holds.
    fn asked_statics(&self) -> Vec<(DefId, Vec<Condition>)> {
        let read = self.types.statics.iter().filter(|(id, _)| self.access(*id) == Access::Read);
        read.map(|(id, def)| (*def, self.conditions(*id))).filter(|(_, conditions)| !conditions.is_empty()).collect()
    }

    /// The value of a plain call or a struct literal, behind `?`, `.await`, `unwrap` and the like.
    pub(super) fn is_made(&self, id: ExprId) -> bool {
        match &self.body[id] {
            // `Arc::clone(&shared)` is as new as what it is a handle to.
            Expr::Call { callee, args, .. } => match (&self.body[*callee], &args[..]) {
                (Expr::Path(path, _), [of]) if path.last().is_some_and(|last| last == "clone") => self.is_made(*of),
                _ => true,
            },
            Expr::Struct { .. } => true,
            Expr::Try(inner) | Expr::Await(inner) | Expr::Ref(inner) => self.is_made(*inner),
            Expr::Method { recv, name, .. } => {
                matches!(
                    name.as_str(),
                    "unwrap" | "expect" | "context" | "with_context" | "map_err" | "clone" | "into" | "build" | "wrap_err" | "finish"
                ) && self.is_made(*recv)
            }
            Expr::Block(stmts) => matches!(stmts.last(), Some(Stmt::Expr { expr, semi: false }) if self.is_made(*expr)),
            _ => false,
        }
    }

    /// The value of a function: its tail, else the value of its last `return`.
    fn returned(&self, root: ExprId) -> Value {
        self.tracer.returned(root)
    }

    pub(super) fn span(&self, id: ExprId) -> Option<Span> {
        match &self.body[id] {
            Expr::Path(_, span)
            | Expr::Lit(_, span)
            | Expr::Call { span, .. }
            | Expr::Method { span, .. }
            | Expr::Field { span, .. }
            | Expr::Macro { span, .. }
            | Expr::Struct { span, .. }
            | Expr::Closure { span, .. }
            | Expr::Async { span, .. } => Some(*span),
            _ => None,
        }
    }

    pub(super) fn at(&self, span: Span) -> At {
        At { file: self.tracer.file, span }
    }

    fn expression(&mut self, id: ExprId, out: &mut BodyFacts) {
        match &self.body[id] {
            Expr::Call { callee, args, span } => {
                let args: &[ExprId] = args;
                out.command_options.extend(self.command_option(id));
                out.headers.extend(self.typed_header(id));
                out.waits.extend(self.wait(id, args));
                if let (Expr::Path(path, _), [of, ..]) = (&self.body[*callee], args)
                    && let Some(start) = path.last().and_then(|last| statement(last))
                    && self.names_a_table(*of)
                {
                    out.strings.push((format!("{start} {}", self.table_of(*of)).into(), self.at(*span)));
                }
                if let (Some(Callee::Def(of)), [only]) = (self.types.callees.get(&id), args) {
                    out.growth.extend(self.grown_from(*of, &SmolStr::new_static("0"), *only));
                }
                self.called(id, None, args, *span, out);
            }
            Expr::Method { recv, name, args, span, turbofish } => {
                self.names.push(name);
                out.refusals.extend(self.refusal_by_method(id, name, args));
                self.meant(id, std::iter::once(name), out);
                out.headers.extend(self.header_by_method(*recv, name, args));
                if let ("typed_insert", [only]) = (name.as_str(), &**args) {
                    out.headers.extend(self.typed_value(*only, self.at(*span)));
                }
                if matches!(name.as_str(), "for_update" | "for_no_key_update" | "for_share" | "lock_exclusive") {
                    out.strings.push((self.row_lock(id, *recv).into(), self.at(*span)));
                }
                if matches!(name.as_str(), "do_nothing" | "on_conflict_do_nothing") {
                    out.strings.push((format!("INSERT INTO {} ON CONFLICT DO NOTHING", self.table_of(*recv)).into(), self.at(*span)));
                }
                if matches!(name.as_str(), "with_state" | "manage" | "app_data" | "data" | "layer")
                    && let [only] = &**args
                {
                    out.handed_over.push(self.types.types[only.0 as usize].clone());
                    self.shared(name, *only, *span, out);
                }
                if matches!(name.as_str(), "unwrap_or" | "unwrap_or_else" | "map_or" | "map_or_else") {
                    self.env_default(id, args, out);
                }
                out.bounds.extend(self.bound_by_method(name, args, *span));
                out.schemes.extend(self.scheme_of_start(id, *recv, name, args));
                if let ("map" | "and_then" | "map_or" | "is_some_and" | "inspect", Some(closure)) = (name.as_str(), args.last()) {
                    out.named_units.extend(self.named_unit(*recv, *closure));
                }
                if name == "clear" && args.is_empty() {
                    self.cleared(*recv, out);
                }
                if name == "parse" {
                    out.env_parsed.extend(self.parsed(id, *recv, turbofish));
                }
                if let [value] = &**args
                    && !self.types.callees.contains_key(&id)
                {
                    self.built_field(*recv, name, *value, out);
                }
                self.called(id, Some(*recv), args, *span, out);
            }
            Expr::Tuple(pair) => {
                if let [name, value] = **pair {
                    out.headers.extend(self.header(name, value));
                }
            }
            Expr::If { cond, then, .. } => {
                out.ranges.extend(self.range(*cond, *then));
                out.lengths.extend(self.length_limit(*cond, *then));
                self.env_default(id, &[], out);
            }
            Expr::Match { .. } => self.env_default(id, &[], out),
            Expr::Assign { left, right, compound } => self.assigned(*left, *right, *compound, out),
            Expr::Macro { path, args, span, .. } => {
                out.refusals.extend(self.refusal_by_macro(id, path, args));
                out.ranges.extend(self.ensured(path, args));
                out.statement_files.extend(self.statement_file(path, args));
                self.polled(path, args, self.at(*span), &mut out.polled);
                self.called(id, None, args, *span, out);
            }
            Expr::Lit(crate::facts::Lit::Str(text), span) => {
                let said = said_by(text);
                if said.state {
                    out.strings.push((self.statement_text(id, text), self.at(*span)));
                }
                if said.reads && !said.state {
                    out.reads.push(self.statement_text(id, text));
                }
                if said.bounds {
                    let bounds = in_statement(text, self.at(*span)).into_iter();
                    out.bounds.extend(bounds.map(|bound| match bound.key.starts_with(PRAGMA) {
                        true => Limited { when: self.conditions(id), ..bound },
                        false => bound,
                    }));
                }
                if said.state && text.to_ascii_lowercase().contains("vacuum into") {
                    out.copied_into.extend(self.bound_to(id).map(|path| (self.at(*span), path)));
                }
            }
            // A function handed over by name.
            Expr::Path(path, span) => {
                self.refusal_by_path(id, path, out);
                let names = path.segs.iter().map(|seg| &seg.name);
                self.meant(id, names.clone(), out);
                self.names.extend(names);
                self.handed_constructor(id, path, *span, out);
                out.mints.extend(self.given_generator(id, *span));
                if let (Some(Callee::Foreign(found)), false) = (self.types.callees.get(&id), self.is_callee(id))
                    && self.world.catalog.wrappers().is_random(found)
                {
                    out.mints.extend(self.mint(id, MintSource::Foreign(found.clone()), &[], *span));
                }
                if let (Some(Callee::Def(func)), false) = (self.types.callees.get(&id), self.is_callee(id)) {
                    let (bound, given) = (Bound::Argument, Seldom::default());
                    let taken_by = self.taker(id);
                    out.own.push(OwnCall {
                        func: *func,
                        args: Vec::new(),
                        at: self.at(*span),
                        in_closure: true,
                        in_loop: false,
                        bound,
                        taken_by,
                        served: self.served(id),
                        given,
                        fails: Fails::Nobody,
                        pauses_after: false,
                        ended: false,
                        runs_given: false,
                        conditions: Vec::new(),
                        builds: self.builds(id),
                        decides: false,
                        instead: None,
                    });
                }
            }
            Expr::Struct { path, fields, span, .. } => {
                let names = path.segs.iter().map(|seg| &seg.name);
                self.meant(id, names.clone(), out);
                self.names.extend(names);
                if let Type::Def(of, _) = &self.types.types[id.0 as usize] {
                    self.seeds(*of, fields, out);
                    self.kept(*of, fields, *span, out);
                    for (name, value) in fields {
                        out.fields.push((*of, name.clone(), self.tracer.value(*value)));
                        out.growth.extend(self.grown_from(*of, name, *value));
                    }
                }
            }
            Expr::Field { base, name, span } => {
                if let Some(of) = self.struct_with(*base, name) {
                    if self.adds_up(id) {
                        out.tallies.push((of, name.clone()));
                    }
                    out.field_uses.push((of, name.clone(), self.access(id), *span));
                    out.growth.extend(self.growth_of(id, Holder::Field(of, name.clone())));
                    out.invalidated.extend(self.is_invalidated(id).then(|| self.at(*span)));
                    out.keyed.extend(self.keyed(id).map(|by| (self.at(*span), by)));
                } else if !self.types.types[base.0 as usize].is_known() {
                    out.growth.extend(self.growth_of(id, Holder::Some(name.clone())));
                }
            }
            Expr::Loop { .. } | Expr::While { .. } | Expr::For { .. } => out.loops.extend(self.loop_facts(id)),
            Expr::Binary { op: BinOp::Sub, left, right } => out.bounds.extend(self.cutoff(*left, *right)),
            Expr::Binary { op, left, right } if op.compares() => {
                out.compared.extend(self.comparison(id, *left, *right));
                out.ages.extend(self.age_limit(*left, *right));
                out.expiries.extend(self.expiry(*left, *right));
                out.entry_limits.extend(self.entry_limit(id, *op, *left, *right));
            }
            Expr::Binary { op, left, right } => out.schemes.extend(self.scheme_of_part(id, *op, *left, *right)),
            _ => {}
        }
    }

    /// Notes what a method or path stands for, or its names where that cannot be told.
    fn meant(&mut self, id: ExprId, mut names: impl DoubleEndedIterator<Item = &'a SmolStr>, out: &mut BodyFacts) {
        match self.types.callees.get(&id) {
            Some(Callee::Def(def)) => {
                out.means.push(*def);
                // A method of a trait: whose it is, is known at run time.
                let in_trait = self.world.program.def(*def).owner.is_some_and(|owner| matches!(owner.kind, ItemKind::Trait(_)));
                self.unresolved.extend(names.next_back().filter(|_| in_trait));
            }
            Some(Callee::Foreign(_)) => {}
            None => {
                let is_path = !matches!(self.body[id], Expr::Method { .. });
                // The types of expressions are noted as such.
                let is_told = self.types.local_of.contains_key(&id)
                    || self.types.static_of.contains_key(&id)
                    || (is_path && matches!(self.types.types[id.0 as usize], Type::Def(..) | Type::Foreign(..)));
                if !is_told {
                    self.unresolved.extend(names);
                }
            }
        }
    }

    /// A generator of random values that the function is given.
    fn given_generator(&self, id: ExprId, span: Span) -> Option<super::mints::Mint> {
        let local = &self.types.locals[self.types.local_of.get(&id)?.0 as usize];
        local.param?;
        let of = local.ty.path().filter(|path| self.world.catalog.wrappers().is_random(path))?;
        self.mint(id, MintSource::Foreign(of.clone()), &[], span)
    }

    fn is_callee(&self, id: ExprId) -> bool {
        self.parents[id.0 as usize].is_some_and(|parent| matches!(&self.body[parent], Expr::Call { callee, .. } if *callee == id))
    }

    /// The function or method that an expression is an argument of.
    fn taker(&self, id: ExprId) -> Option<crate::facts::Name> {
        match &self.body[self.parents[id.0 as usize]?] {
            Expr::Method { name, .. } => Some(name.clone()),
            Expr::Call { callee, .. } => match &self.body[*callee] {
                Expr::Path(path, _) => path.last().cloned(),
                _ => None,
            },
            _ => None,
        }
    }

    fn env_default(&self, id: ExprId, args: &[ExprId], out: &mut BodyFacts) {
        let value = self.tracer.value(id);
        out.env_parsed.extend(self.parsed_as_default(&value, args));
        if matches!(value, Value::Env { default: Some(_), .. } | Value::Or(..)) {
            out.env_defaults.push(value);
        }
    }

    fn called(&mut self, id: ExprId, recv: Option<ExprId>, args: &[ExprId], span: Span, out: &mut BodyFacts) {
        match self.types.callees.get(&id) {
            Some(Callee::Def(func)) => {
                if self.world.program.func(*func).is_some() {
                    if self.world.signatures.may_mint[func.0 as usize] {
                        out.mints.extend(self.mint(id, MintSource::Own(*func), args, span));
                    }
                    let given = args.iter().find(|arg| matches!(self.body[**arg], Expr::Closure { .. } | Expr::Async { .. }));
                    let runs_given = given.is_some();
                    let given = given.map(|arg| self.task(*arg, false).into()).unwrap_or_default();
                    self.passed(*func, args, span, out);
                    out.hands_reader.extend(self.reading_closures(args).into_iter().map(|at| (*func, at)));
                    let args: Vec<Value> = args.iter().map(|arg| self.tracer.value(*arg)).collect();
                    if args.iter().any(|arg| names_a_variable(arg) || matches!(arg, Value::Param { func, .. } if *func == out.def)) {
                        out.env_unset.extend(self.unset(id).map(|unset| (self.at(span), unset)));
                    }
                    if self.may_be_passed_by(id) {
                        out.branched.push(self.at(span));
                    }
                    out.own.push(OwnCall {
                        func: *func,
                        args,
                        at: self.at(span),
                        in_closure: self.in_closure(id),
                        in_loop: self.in_loop(id),
                        bound: self.bound(id),
                        taken_by: None,
                        served: self.served(id),
                        given,
                        fails: self.fails(id),
                        pauses_after: self.pauses_after(id),
                        ended: self.is_ended(id),
                        runs_given,
                        conditions: self.conditions(id),
                        builds: self.builds(id),
                        decides: self.is_asked(id, true),
                        instead: self.instead(id).map(Box::new),
                    });
                }
            }
            Some(Callee::Foreign(path)) => {
                let catalog = self.world.catalog;
                out.filled.extend(self.filled(id, path, recv, args, span));
                if catalog.wrappers().is_random(path) {
                    out.mints.extend(self.mint(id, MintSource::Foreign(path.clone()), args, span));
                }
                let hit = catalog.path(path).or_else(|| if recv.is_none() { catalog.other_constructor(path) } else { None });
                if let Some(hit) = hit {
                    if catalog.api(hit.entry).shape == Shape::EnvRead {
                        out.env_required.push((self.at(span), self.fails(id)));
                        if self.may_be_passed_by(id) {
                            out.branched.push(self.at(span));
                        }
                        out.env_unset.extend(self.unset(id).map(|unset| (self.at(span), unset)));
                    }
                    self.known(id, hit, path.clone(), recv, args, span, out);
                } else if let Some(recv) = recv {
                    self.setting(recv, id, args, span, out);
                }
            }
            None => {
                if let Some(recv) = recv {
                    self.setting(recv, id, args, span, out);
                } else if let Value::Asked { func, index, name, at } = self.tracer.value(id)
                    && func == out.def
                {
                    out.asks.push((index, *name, at));
                }
            }
        }
    }
}

/// Names in order, each once.
fn in_order(names: &[&SmolStr]) -> Vec<SmolStr> {
    // Most are told apart by how they begin.
    let beginning = |name: &SmolStr| {
        let mut bytes = [0; 8];
        bytes.iter_mut().zip(name.bytes()).for_each(|(slot, byte)| *slot = byte);
        u64::from_be_bytes(bytes)
    };
    let mut sorted: Vec<(u64, &SmolStr)> = names.iter().map(|name| (beginning(name), *name)).collect();
    sorted.sort_unstable();
    sorted.dedup();
    sorted.into_iter().map(|(_, name)| name.clone()).collect()
}

/// `"DATABASE_URL"`, as it is handed to a wrapper of a read.
fn names_a_variable(value: &Value) -> bool {
    let is_name = |text: &str| text.len() > 1 && text.bytes().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == b'_');
    matches!(value, Value::Known(crate::model::FactValue::Text(text), ..) if is_name(text))
}
