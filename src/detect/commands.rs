//! Which code a subcommand runs: `shop worker` and `shop serve` are one binary, and hold different state.
//!
//! Told by the arms of a `match` on an enum of subcommands. What is reached in ways that are not seen is not told.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::context::Cx;
use crate::facts::{Arm, Body, EnumFact, Expr, ExprId, ItemKind, Name, Pat, PatId, Path, Span};
use crate::model::Item;
use crate::resolve::{BodyFacts, DefId, children, ids};

/// Derives that make a command line of an enum.
const DERIVES: [&str; 3] = ["Subcommand", "Parser", "StructOpt"];

/// Whether a subcommand makes an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MadeBy {
    /// It may: it is reached, or no subcommand is told.
    Reached,
    /// Only other subcommands do.
    Others,
    /// It is not known how the item is reached.
    Unknown,
}

/// An arm that only some variants take.
#[derive(Clone, Debug)]
struct Guard {
    of: usize,
    variants: Vec<usize>,
}

/// The subcommands of the services.
pub struct Commands<'c, 'a> {
    cx: &'c Cx<'a>,
    enums: Enums,
    /// Looked up once a manifest names a subcommand.
    code: OnceCell<Code>,
    /// What is reached, by service and subcommands.
    reached: RefCell<Reached>,
}

/// What the bodies of the services say.
#[derive(Default)]
struct Code {
    /// Calls that stand in arms, by body and place.
    guards: FxHashMap<DefId, Guards>,
    functions: FxHashMap<SmolStr, DefId>,
    named: FxHashMap<SmolStr, Vec<DefId>>,
}

/// The calls of a body that stand in arms for subcommands, by place.
type Guards = FxHashMap<Span, Vec<Guard>>;

/// Names of the variants of each enum, as people type them.
struct Enums(Vec<Subcommands>);

/// An enum of subcommands: who links it, its name, and its variants as people type them.
struct Subcommands {
    def: DefId,
    name: SmolStr,
    variants: Vec<(Name, String)>,
}

/// Variants, each with its enum.
type Words = Vec<(usize, usize)>;

/// The functions that a service reaches with some subcommands.
type Reached = FxHashMap<(SmolStr, Words), Rc<FxHashSet<DefId>>>;

impl<'c, 'a> Commands<'c, 'a> {
    /// Looks for enums of subcommands.
    #[must_use]
    pub fn new(cx: &'c Cx<'a>) -> Self {
        let enums = cx.world.program.all_defs().filter_map(|(id, def)| enumeration(id, def)).collect();
        Self { cx, enums: Enums(enums), code: OnceCell::new(), reached: RefCell::default() }
    }

    /// What matches on subcommands, and who is called how.
    fn code(&self) -> &Code {
        self.code.get_or_init(|| {
            let (program, enums) = (self.cx.world.program, &self.enums);
            let bodies: Vec<&BodyFacts> = self.cx.bodies().collect();
            let guards = |body: &&BodyFacts| match &program.def(body.def).item.kind {
                ItemKind::Fn(func) => Some((body.def, enums.guards_of(func.body.as_ref()?))).filter(|(_, found)| !found.is_empty()),
                _ => None,
            };
            let mut out = Code { guards: bodies.par_iter().with_max_len(512).filter_map(guards).collect(), ..Code::default() };
            for facts in bodies {
                let def = program.def(facts.def);
                out.functions.insert(def.path.clone(), facts.def);
                out.named.entry(def.item.name.clone()).or_default().push(facts.def);
            }
            out
        })
    }

    /// Whether what a service is started with makes an item.
    #[must_use]
    pub fn makes(&self, service: &str, command: &str, item: &Item) -> MadeBy {
        let words = self.words(service, command);
        if words.is_empty() {
            return MadeBy::Reached;
        }
        let sites = item.sites.iter().filter_map(|site| Some((self.code().functions.get(site.function.as_ref()?)?, &site.place)));
        let sites: Vec<(DefId, Span)> = sites.map(|(def, at)| (*def, Span { line: at.line, column: at.column })).collect();
        let is_reached = |reached: &FxHashSet<DefId>, words: &[(usize, usize)]| {
            sites.iter().filter(|(def, at)| reached.contains(def) && self.allows(*def, *at, words)).count()
        };
        if is_reached(&self.reach(service, &words), &words) > 0 {
            return MadeBy::Reached;
        }
        // A site that even the whole program does not seem to reach is reached in a way that is not seen.
        let all = is_reached(&self.reach(service, &[]), &[]);
        if all > 0 && all == sites.len() && sites.len() == item.sites.len() { MadeBy::Others } else { MadeBy::Unknown }
    }

    /// The variants that the words of a command name: at most one of each enum.
    fn words(&self, service: &str, command: &str) -> Words {
        let is_program = |word: &str| crate::source::file_name(word).replace('_', "-") == service.replace('_', "-");
        let program = self.cx.world.program;
        let words = command.split_whitespace().map(|word| word.trim_matches(['"', '\'', ';']));
        let mut out = Words::new();
        for word in words.filter(|word| !word.starts_with('-') && !is_program(word)) {
            for (at, of) in self.enums.0.iter().enumerate().filter(|(_, of)| program.services_of(of.def).iter().any(|one| one == service)) {
                let named = of.variants.iter().position(|(_, typed)| typed == word);
                if let Some(variant) = named.filter(|_| !out.iter().any(|(known, _)| *known == at)) {
                    out.push((at, variant));
                }
            }
        }
        out
    }

    /// Whether a place of a body is reached when these subcommands are given.
    fn allows(&self, def: DefId, at: Span, words: &[(usize, usize)]) -> bool {
        let guards = self.code().guards.get(&def).and_then(|guards| guards.get(&at));
        let fits = |guard: &Guard| words.iter().find(|(of, _)| *of == guard.of).is_none_or(|(_, word)| guard.variants.contains(word));
        guards.is_none_or(|guards| guards.iter().all(fits))
    }

    /// The functions that a service reaches, as far as calls are resolved; of a name that is not, all functions are meant.
    fn reach(&self, service: &str, words: &[(usize, usize)]) -> Rc<FxHashSet<DefId>> {
        let key = (SmolStr::new(service), words.to_vec());
        if let Some(known) = self.reached.borrow().get(&key) {
            return known.clone();
        }
        let program = self.cx.world.program;
        let is_main = |def: &DefId| program.services_of(*def).iter().all(|one| one == service);
        let mut queue: Vec<DefId> = self.code().named.get("main").into_iter().flatten().copied().filter(is_main).collect();
        let mut seen: FxHashSet<DefId> = queue.iter().copied().collect();
        while let Some(def) = queue.pop() {
            let Some(facts) = self.cx.body_of.get(&def).map(|at| &self.cx.bodies[*at]) else { continue };
            let called: FxHashSet<DefId> = facts.own.iter().map(|call| call.func).collect();
            let own = facts
                .own
                .iter()
                .filter(|call| self.allows(def, call.at.span, words))
                .flat_map(|call| std::iter::once(call.func).chain(call.given.calls.iter().copied()));
            let means = facts.means.iter().copied().filter(|means| !called.contains(means));
            let guessed = facts.unresolved.iter().filter_map(|name| self.code().named.get(name)).flatten().copied();
            for next in own.chain(means).chain(guessed) {
                if seen.insert(next) {
                    queue.push(next);
                }
            }
        }
        let seen = Rc::new(seen);
        self.reached.borrow_mut().insert(key, seen.clone());
        seen
    }
}

impl Enums {
    /// The calls of a body that stand in arms for subcommands.
    fn guards_of(&self, body: &Body) -> Guards {
        let mut out = Guards::default();
        for id in ids(body) {
            match &body[id] {
                Expr::Match { arms, .. } => {
                    let Some(of) = self.enum_of(body, arms.iter().map(|arm| arm.pat)) else { continue };
                    let named: Vec<Vec<usize>> = arms.iter().map(|arm| self.variants(body, of, arm.pat)).collect();
                    let rest = (0..self.0[of].variants.len()).filter(|variant| !named.iter().flatten().any(|one| one == variant));
                    let rest: Vec<usize> = rest.collect();
                    for (Arm { body: arm, .. }, variants) in arms.iter().zip(named) {
                        let variants = if variants.is_empty() { rest.clone() } else { variants };
                        inside(body, *arm, &Guard { of, variants }, &mut out);
                    }
                }
                Expr::If { cond, then, .. } => {
                    if let Expr::Let { pat, .. } = &body[*cond]
                        && let Some(of) = self.enum_of(body, std::iter::once(*pat))
                    {
                        inside(body, *then, &Guard { of, variants: self.variants(body, of, *pat) }, &mut out);
                    }
                }
                _ => {}
            }
        }
        out
    }

    /// The one enum of subcommands whose variants patterns name.
    fn enum_of(&self, body: &Body, pats: impl Iterator<Item = PatId>) -> Option<usize> {
        let mut paths = Vec::new();
        pats.for_each(|pat| named(body, pat, &mut paths));
        let of = |at: &usize| {
            let Subcommands { name, variants, .. } = &self.0[*at];
            let fits = |path: &&Path| {
                let [.., of, last] = &*path.segs else { return false };
                (of.name == *name || of.name == "Self") && variants.iter().any(|(variant, _)| *variant == last.name)
            };
            paths.iter().any(fits) && paths.iter().filter(|path| path.segs.len() > 1).all(fits)
        };
        let mut found = (0..self.0.len()).filter(of);
        let first = found.next()?;
        found.next().is_none().then_some(first)
    }

    fn variants(&self, body: &Body, of: usize, pat: PatId) -> Vec<usize> {
        let mut paths = Vec::new();
        named(body, pat, &mut paths);
        let variant = |path: &&Path| self.0[of].variants.iter().position(|(name, _)| path.last().is_some_and(|last| last == name));
        paths.iter().filter_map(variant).collect()
    }
}

/// An enum of subcommands, with what people type for each variant.
fn enumeration(id: DefId, def: &crate::resolve::Def<'_>) -> Option<Subcommands> {
    let ItemKind::Enum(EnumFact { variants, .. }) = &def.item.kind else { return None };
    let derives = def.item.attrs.iter().filter(|attr| attr.path.last().is_some_and(|last| last == "derive"));
    let mut derived = derives.flat_map(|attr| &attr.args).filter_map(|(name, _)| name.rsplit("::").next());
    derived.any(|name| DERIVES.contains(&name)).then(|| Subcommands {
        def: id,
        name: def.item.name.clone(),
        variants: variants.iter().map(|variant| (variant.name.clone(), typed(&variant.name))).collect(),
    })
}

/// `CopyDatabase` as `copy-database`.
fn typed(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push('-');
        }
        out.push(if c == '_' { '-' } else { c.to_ascii_lowercase() });
    }
    out
}

/// The paths that a pattern names, through `Some(…)` and alternatives.
fn named<'b>(body: &'b Body, pat: PatId, out: &mut Vec<&'b Path>) {
    match &body[pat] {
        Pat::TupleStruct(path, inner) if path.last().is_some_and(|last| matches!(last.as_str(), "Some" | "Ok")) => {
            inner.iter().for_each(|pat| named(body, *pat, out));
        }
        Pat::TupleStruct(path, _) | Pat::Struct(path, _) | Pat::Path(path) => out.push(path),
        Pat::Or(pats) | Pat::Tuple(pats) => pats.iter().for_each(|pat| named(body, *pat, out)),
        Pat::Ref(pat) | Pat::Typed(pat, _) | Pat::Bind { sub: Some(pat), .. } => named(body, *pat, out),
        _ => {}
    }
}

/// Notes the calls below an expression as guarded.
fn inside(body: &Body, id: ExprId, guard: &Guard, out: &mut FxHashMap<Span, Vec<Guard>>) {
    let mut queue = vec![id];
    while let Some(id) = queue.pop() {
        if let Expr::Call { span, .. } | Expr::Method { span, .. } | Expr::Macro { span, .. } = &body[id] {
            out.entry(*span).or_default().push(guard.clone());
        }
        children(&body[id], &mut |child| queue.push(child));
    }
}
