//! What one body does that matters for state: calls of known APIs with their settings, calls of the workspace, loops.

use std::cell::{Cell, OnceCell, RefCell};
use std::ops::{Deref, DerefMut};

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::bounds::Limited;
use super::command_options::CommandOption;
use super::conditions::Condition;
use super::filled::Filled;
use super::futures::{KeptFuture, Polled};
use super::growth::{Change, Holder};
use super::handles::Handed;
use super::headers::HeaderSet;
use super::infer::{World, infer};
use super::keyed::KeyedBy;
use super::limits::Comparison;
use super::loops::LoopFacts;
use super::mints::Mint;
use super::pauses::ThreadSet;
use super::program::{DefId, KrateId};
use super::queries::StatementFile;
use super::ranges::Range;
use super::reader::Reader;
use super::refusals::{EntryLimit, Refusal, Wait};
use super::routes::Served;
use super::schemes::SchemeTest;
use super::seeds::Seed;
use super::seldom::Seldom;
use super::supervised::Supervised;
use super::types::Type;
use super::unset::Unset;
use super::values::{At, Tracer, Value};
use super::walk::parents;
use crate::catalog::Hit;
use crate::facts::{Body, Cfg, ExprId, ItemFact, ItemKind, Name, Span};
use crate::model::Access;

/// A call of an API that the catalog knows.
#[derive(Clone, Debug)]
pub struct KnownCall {
    /// The catalog entry.
    pub hit: Hit,
    /// Canonical path of what is called.
    pub path: SmolStr,
    /// Where.
    pub at: At,
    /// Where a layer of settings is put to the others, when that is elsewhere: it is kept in a variable, or a closure makes it.
    pub stands: At,
    /// Arguments.
    pub args: Vec<Value>,
    /// The value it is called on, for a method.
    pub recv: Option<Value>,
    /// Methods of the builder, or of what was made, that are called on it.
    pub settings: Vec<Setting>,
    /// Whether all options are in sight: built in this body from a plain start. Only then do the library's defaults hold.
    pub options: Options,
    /// Further calls of the same entry on the same chain.
    pub also: Vec<(SmolStr, At)>,
    /// Methods that are called on it, and the path of the function that it is handed to, where the catalog has words for some.
    pub called: Vec<SmolStr>,
    /// The known call in whose arguments this one stands, by index.
    pub within: Option<usize>,
    /// What becomes of the value.
    pub bound: Bound,
    /// A client or pool that only the requests of this function go through, a registry or metric that only this function counts in:
    /// it is dropped at the end.
    pub stays: bool,
    /// The `match` or `if` of whose value this is one form: only one of its branches is taken.
    pub choice: Option<ExprId>,
    /// For `Shape::Spawn`: what runs.
    pub task: Option<Task>,
    /// Type of the value made.
    pub makes: Type,
    /// What has to hold for it to be reached.
    pub conditions: Vec<Condition>,
    /// The builds that have it, beside those of the function around it.
    pub builds: Vec<Cfg>,
}

/// How far the options of a known call are in sight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Options {
    /// It takes none.
    #[default]
    None,
    /// They are built in the same body.
    Seen,
    /// They come from elsewhere.
    Unseen,
}

/// A method call on the chain of a known call.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Method.
    pub name: Name,
    /// Its arguments.
    pub args: Vec<Value>,
    /// Where.
    pub at: At,
    /// It is reached on a condition only.
    pub on_condition: bool,
    /// What has to hold then, as far as it can be told.
    pub when: Vec<Condition>,
}

/// The name of settings that are headers which are sent: with their own name, and where their value comes from.
pub const SENT_HEADER: &str = "header";

/// What becomes of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bound {
    /// Bound to a variable.
    Let(Name),
    /// Put into a field of a struct of the workspace.
    Field(DefId, Name),
    /// What a static is filled with, at the place where it is first used or set.
    Static(DefId),
    /// The value of the body: returned, or of a static.
    Result,
    /// Handed to a foreign function.
    Argument,
    /// Handed to a function of the workspace, which may do anything with it.
    Handed,
    /// Handed to a foreign method that removes what it names: `jar.remove(cookie)`.
    Removed,
    /// The handle of a task, put into a list in a field of a struct: whoever made it does not wait for it.
    Listed,
    /// Dropped: the statement ends with it.
    Dropped,
    /// Anything else: awaited, matched on.
    Other,
}

/// A call of a function of the workspace.
#[derive(Clone, Debug)]
pub struct OwnCall {
    /// The function.
    pub func: DefId,
    /// Arguments, without `self`.
    pub args: Vec<Value>,
    /// Where.
    pub at: At,
    /// Stands inside a spawned task, or in a closure.
    pub in_closure: bool,
    /// Stands inside a loop.
    pub in_loop: bool,
    /// What becomes of what it returns.
    pub bound: Bound,
    /// It is not called but handed by name to this function or method.
    pub taken_by: Option<Name>,
    /// A router takes it.
    pub served: Option<Box<Served>>,
    /// Functions of the workspace that the closures among its arguments call.
    pub given: Seldom<Task>,
    /// Who fails when it gives an error.
    pub fails: Fails,
    /// The future that calls it pauses afterwards.
    pub pauses_after: bool,
    /// Something ends the wait for what it returns.
    pub ended: bool,
    /// It is given a closure or a future, to run it.
    pub runs_given: bool,
    /// What has to hold for it to be reached.
    pub conditions: Vec<Condition>,
    /// Something is done, or left, by what it returns: it is asked in a condition, or handed to `?`.
    pub decides: bool,
    /// The builds that have it, beside those of the function around it.
    pub builds: Vec<Cfg>,
    /// What is taken where it returns nothing: `get(name)?.unwrap_or("none")`.
    pub instead: Option<Box<Value>>,
}

/// Who fails when a call gives an error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fails {
    /// Nobody: something else is done then, or it is not known.
    #[default]
    Nobody,
    /// The function around it, by `?` or a panic.
    Here,
    /// It is what the function returns: its caller sees to it.
    Caller,
}

/// What a spawned task, or a function, does with its time.
#[derive(Clone, Debug, Default)]
pub struct Task {
    /// Loops without end.
    pub endless: bool,
    /// Time between two rounds.
    pub period: Option<Value>,
    /// Functions of the workspace that it calls.
    pub calls: Vec<DefId>,
    /// The one function of the workspace whose future or closure it is.
    pub direct: Option<DefId>,
    /// Its loop can be left.
    pub may_end: bool,
    /// All that loops in it are `async` blocks that it keeps in variables.
    pub aside: bool,
    /// It runs what the function around it was given as a parameter.
    pub runs_parameter: bool,
    /// It runs what another known call made: a server, say.
    pub runs_known: bool,
    /// Functions of the workspace that a `while` waits for in its condition.
    pub asks: Vec<DefId>,
    /// It waits for a message, connection or tick.
    pub receives: bool,
    /// The last line of its closure.
    pub until: u32,
}

/// A local variable and its type.
#[derive(Clone, Debug)]
pub struct LocalType {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: Type,
    /// Where it is bound.
    pub at: At,
    /// A constructor made it here: it did not come out of a method, a parameter or a pattern.
    pub made: bool,
}

/// A value that all requests are given.
#[derive(Clone, Debug)]
pub struct SharedValue {
    /// Its type, with what hands it over.
    pub ty: Type,
    /// The value.
    pub value: Value,
    /// The variable that holds it.
    pub name: Option<Name>,
    /// Where it is handed over.
    pub at: At,
}

/// What one body does. What few bodies do stands in [`Rest`], and is read as though it stood here.
#[derive(Clone, Debug)]
pub struct BodyFacts {
    /// The definition that it belongs to.
    pub def: DefId,
    /// Known calls, in source order.
    pub known: Vec<KnownCall>,
    /// Calls of the workspace.
    pub own: Vec<OwnCall>,
    /// Values given to the fields of structs of the workspace.
    pub fields: Vec<(DefId, Name, Value)>,
    /// Uses of statics.
    pub statics: Vec<(DefId, Access, Span)>,
    /// Uses of fields of structs of the workspace.
    pub field_uses: Vec<(DefId, Name, Access, Span)>,
    /// Last names of its calls and paths, sorted.
    pub names: Vec<SmolStr>,
    /// Definitions of the workspace that it surely means, sorted.
    pub means: Vec<DefId>,
    /// The names among `names` that could not be resolved, sorted.
    pub unresolved: Vec<SmolStr>,
    /// Foreign functions that it calls, sorted.
    pub foreign: Vec<SmolStr>,
    /// The value it returns.
    pub returns: Value,
    /// Its own time, spawned tasks left out.
    pub task: Task,
    /// Types of its local variables, with their names and lines.
    pub locals: Vec<LocalType>,
    /// Calls of a path and resolved ones; method calls and typed ones.
    pub counts: [usize; 4],
    /// What few bodies do.
    pub rest: Seldom<Rest>,
}

impl Deref for BodyFacts {
    type Target = Rest;

    fn deref(&self) -> &Rest {
        &self.rest
    }
}

impl DerefMut for BodyFacts {
    fn deref_mut(&mut self) -> &mut Rest {
        &mut self.rest
    }
}

/// What few bodies do: most hold none of it. Each list is named once more in `seldom`.
#[derive(Clone, Debug, Default)]
pub struct Rest {
    /// What holds where it answers yes.
    pub answers: Vec<Condition>,
    /// Values assigned to such fields.
    pub assigned: Vec<(DefId, Name, Value)>,
    /// What the code knows and assigns on a condition only: `if verbose { config.level = 3 }`.
    pub sometimes: Vec<(DefId, Name, Value)>,
    /// Structs that it has a library fill.
    pub filled: Vec<Filled>,
    /// Methods called directly on statics.
    pub on_statics: Vec<(DefId, Name)>,
    /// Reads of statics that are reached on some condition only.
    pub asked_when: Vec<(DefId, Vec<Condition>)>,
    /// Fields that hold a map in which the body adds numbers up.
    pub tallies: Vec<(DefId, Name)>,
    /// What it does to collections in fields and statics.
    pub growth: Vec<(Holder, Change)>,
    /// Structs whose value it replaces as a whole.
    pub renewed: Vec<DefId>,
    /// Where it takes entries out of fields and statics.
    pub invalidated: Vec<At>,
    /// Where a field or static is given the key of an entry, and the variable that holds it.
    pub keyed: Vec<(At, KeyedBy)>,
    /// Thread-locals that it gives a value.
    pub thread_sets: Vec<ThreadSet>,
    /// String literals that speak to a database or broker about claims: see `detect::claims`.
    pub strings: Vec<(SmolStr, At)>,
    /// Statements that only look for rows.
    pub reads: Vec<SmolStr>,
    /// The paths that `VACUUM INTO ?` is given, with the place of the statement.
    pub copied_into: Vec<(At, Value)>,
    /// Files of statements that the body takes in; their texts are put among `strings`.
    pub statement_files: Vec<StatementFile>,
    /// Random values that it makes, or takes from functions that may.
    pub mints: Vec<Mint>,
    /// Headers of responses that tell others to keep something.
    pub headers: Vec<HeaderSet>,
    /// Options of a command line that it puts together.
    pub command_options: Vec<CommandOption>,
    /// Environment reads with their defaults, where the code gives one.
    pub env_defaults: Vec<Value>,
    /// Environment reads whose text is parsed, with the plain type.
    pub env_parsed: Vec<(At, SmolStr)>,
    /// Environment reads after which something fails when the variable is not set.
    pub env_required: Vec<(At, Fails)>,
    /// What becomes of reads of variables, and of calls that may wrap one, when the variable is not set.
    pub env_unset: Vec<(At, Unset)>,
    /// Parameters of functions that are called here with a closure which reads the variable it is asked for.
    pub hands_reader: Vec<(DefId, usize)>,
    /// Names that a function is asked for which was handed to this one, with the parameter's position.
    pub asks: Vec<(usize, Value, At)>,
    /// Calls of functions of the workspace, and environment reads, in a branch that need not be taken.
    pub branched: Vec<At>,
    /// Types that are handed to all requests: `with_state(x)`, `manage(x)`, `Data::new(x)`.
    pub handed_over: Vec<Type>,
    /// Its loops that hold something or try something again, in source order.
    pub loops: Vec<LoopFacts>,
    /// Its comparisons of a counter or a quota with a limit.
    pub compared: Vec<Comparison>,
    /// How many things it takes at once, and how old those are that it looks for.
    pub bounds: Vec<Limited>,
    /// How old something may be, where that is compared with how old it is.
    pub ages: Vec<(Value, At)>,
    /// Fields that say when something ends, where that is compared with what is now.
    pub expiries: Vec<(DefId, Name)>,
    /// Ranges outside of which it fails.
    pub ranges: Vec<Range>,
    /// Where the tasks are spawned after whose end `main` returns without an error, with what is called then.
    pub ends_main: Vec<(At, Vec<DefId>)>,
    /// How long the text may be that its type is made of.
    pub lengths: Vec<(String, At)>,
    /// Enums whose variant of that name becomes the status of the same name.
    pub statuses: Vec<(DefId, u16)>,
    /// What is answered where something that it asks of says no.
    pub refusals: Vec<Refusal>,
    /// How long it waits for a permit or connection.
    pub waits: Vec<Wait>,
    /// Limits of the numbers and lists that a map holds.
    pub entry_limits: Vec<EntryLimit>,
    /// What it asks addresses for: the scheme that they begin with.
    pub schemes: Vec<SchemeTest>,
    /// Values that a closure takes under the name of a unit of time: `config.max_age.map(|seconds| …)`.
    pub named_units: Vec<(Value, &'static str)>,
    /// Values that are surely handed to all requests, and not to one.
    pub shared: Vec<SharedValue>,
    /// Its `async` blocks with a loop that run beside the rest of it, or are handed back.
    pub futures: Vec<KeptFuture>,
    /// Functions whose futures it polls side by side.
    pub polled: Vec<Polled>,
    /// What it spawns again when it has panicked.
    pub supervised: Vec<Supervised>,
    /// What the locks, cells and maps begin with in the structs that it makes.
    pub seeds: Vec<Seed>,
    /// What it does with handles of containers: those that it is given, that it takes out of fields, or that it makes.
    pub handed: Vec<Handed>,
}

/// The code of an item.
#[must_use]
pub fn body_of(item: &ItemFact) -> Option<&Body> {
    match &item.kind {
        ItemKind::Fn(func) => func.body.as_ref(),
        ItemKind::Static(fact) | ItemKind::Const(fact) => fact.init.as_ref(),
        _ => None,
    }
}

/// Reads the body of a definition.
#[must_use]
pub fn body_facts(world: World<'_>, def: DefId, body: &Body) -> BodyFacts {
    let item = world.program.def(def);
    let types = infer(world, def, body);
    let module = world.program.body_scopes.get(&def).copied().unwrap_or(item.module);
    let file = super::program::index(world.program.module(module).file);
    let fuel = Cell::new(0);
    let tracer = Tracer { world, body, types: &types, def, file, fuel: &fuel };
    let mut reader = Reader {
        tracer,
        world,
        body,
        types: &types,
        parents: parents(body),
        index_of: Vec::new(),
        links: FxHashSet::default(),
        known_at: FxHashMap::default(),
        variables: OnceCell::new(),
        pauses: OnceCell::new(),
        asked: RefCell::default(),
        guards: RefCell::default(),
        names: Vec::new(),
        unresolved: Vec::new(),
    };
    reader.read(def)
}

/// The crate of a definition.
#[must_use]
pub fn krate_of(world: World<'_>, def: DefId) -> KrateId {
    world.program.module(world.program.def(def).module).krate
}
