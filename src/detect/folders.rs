//! The folders behind storage libraries: where an operator or a store writes that a function of the workspace returns.

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::context::Cx;
use crate::catalog::{Api, Shape};
use crate::model::{FactValue, Kind};
use crate::resolve::{At, DefId, Flow, KnownCall, Value};

/// Functions of functions that return a store.
const MAX_STEPS: u32 = 5;

/// The folders of objects that a library opens on a path, by their types: where a service opens one such object, all that
/// the library does with it happens there.
#[derive(Default)]
pub(super) struct Opened(FxHashMap<SmolStr, Option<Value>>);

impl Opened {
    /// Gathers the places where objects are opened that writes speak of.
    pub(super) fn new(cx: &Cx<'_>) -> Self {
        let catalog = cx.world.catalog;
        let wanted: FxHashSet<&SmolStr> =
            catalog.of_shape(Shape::Write).filter_map(|entry| Some(&catalog.api(entry).below.as_ref()?.ty)).collect();
        let mut out = Self::default();
        for call in cx.bodies().filter(|_| !wanted.is_empty()).flat_map(|body| &body.known) {
            // What follows on the chain may have an entry of its own: the first call says what is opened.
            let Some(api) = catalog.path(&call.path).map(|hit| catalog.api(hit.entry)) else { continue };
            let path = api.path_arg.and_then(|at| call.args.get(usize::try_from(at).ok()?));
            let Some(path) = path.filter(|_| api.shape == Shape::Constructor) else { continue };
            for ty in api.types.iter().filter(|ty| wanted.contains(ty)) {
                let known = out.0.entry(ty.clone()).or_insert_with(|| Some(path.clone()));
                // Two of them may be two folders.
                if known.as_ref().is_some_and(|known| known != path) {
                    *known = None;
                }
            }
        }
        out
    }

    /// The folder that an entry works in.
    pub(super) fn below(&self, api: &Api, at: At) -> Option<Value> {
        let below = api.below.as_ref()?;
        let around = self.0.get(&below.ty)?.clone()?;
        let text = |text: &str| Value::Known(FactValue::Text(text.to_owned()), false, at);
        Some(match &below.folder {
            Some(folder) => Value::Join(vec![around, text("/"), text(folder)]),
            None => around,
        })
    }
}

/// What is behind a store.
#[derive(Clone, Debug)]
pub(super) enum Behind {
    /// A local folder.
    Folder(Value),
    /// A local folder, but not known which one.
    Local,
    /// Some other machine: nothing is written here.
    Elsewhere,
    /// Not known.
    Unknown,
}

/// Local folders and remote backends by the function that opens a store on them.
#[derive(Default)]
pub(super) struct Folders {
    by_func: FxHashMap<DefId, Behind>,
    /// Fields that a function fills which opens a store.
    by_field: FxHashMap<(DefId, SmolStr), Behind>,
    only: Option<Value>,
}

impl Folders {
    /// Gathers what opens a store.
    pub(super) fn new(cx: &Cx<'_>) -> Self {
        let mut out = Self::default();
        let remote: Vec<&SmolStr> =
            cx.world.catalog.of_shape(Shape::Write).flat_map(|entry| &cx.world.catalog.api(entry).elsewhere).collect();
        if remote.is_empty() {
            return out;
        }
        let (mut local, mut others) = (0, 0);
        for body in cx.bodies() {
            let opened = body.known.iter().filter(|call| opens_folder(cx.api(call.hit.entry)));
            for folder in opened.filter_map(|call| folder(cx.api(call.hit.entry), call)) {
                local += 1;
                out.only = Some(folder.clone());
                out.by_func.entry(body.def).or_insert(Behind::Folder(folder));
            }
            if body.foreign.iter().any(|path| remote.iter().any(|start| path.starts_with(start.as_str()))) {
                others += 1;
                out.by_func.entry(body.def).or_insert(Behind::Elsewhere);
            }
        }
        for body in cx.bodies() {
            if let Some(behind) = out.by_func.get(&body.def) {
                let behind = if matches!(behind, Behind::Folder(_)) { Behind::Local } else { behind.clone() };
                for (of, field, _) in &body.fields {
                    let known = out.by_field.entry((*of, field.clone())).or_insert_with(|| behind.clone());
                    if matches!(behind, Behind::Local) {
                        *known = Behind::Local;
                    }
                }
            }
        }
        // With several backends, nothing says which one a store is on that came from out of sight.
        out.only = out.only.filter(|folder| local == 1 && others == 0 && !matches!(folder, Value::Param { .. }));
        out
    }

    /// What is behind a store.
    pub(super) fn of(&self, cx: &Cx<'_>, store: Option<&Value>) -> Behind {
        let found = store.map_or(Behind::Unknown, |store| self.behind(cx, store, 0));
        match (found, &self.only) {
            (Behind::Unknown, Some(only)) => Behind::Folder(only.clone()),
            (found, _) => found,
        }
    }

    fn behind(&self, cx: &Cx<'_>, store: &Value, steps: u32) -> Behind {
        if steps > MAX_STEPS {
            return Behind::Unknown;
        }
        match store {
            Value::Call { func, args, .. } => match self.by_func.get(func) {
                Some(Behind::Folder(folder)) => Behind::Folder(Flow::with_args(folder, *func, args)),
                Some(other) => other.clone(),
                None => match cx.flow.returns(*func) {
                    None | Some(Value::Unknown(_)) => self.opened_by(cx, *func, steps + 1),
                    Some(value) => self.behind(cx, &Flow::with_args(value, *func, args), steps + 1),
                },
            },
            Value::Field { of, field, .. } => {
                let given = match cx.flow.given(*of, field) {
                    [only] => self.behind(cx, only, steps + 1),
                    _ => Behind::Unknown,
                };
                match given {
                    Behind::Unknown => self.by_field.get(&(*of, field.clone())).cloned().unwrap_or(Behind::Unknown),
                    found => found,
                }
            }
            Value::Param { .. } => match cx.flow.expand(store) {
                Value::Param { .. } => Behind::Unknown,
                found => self.behind(cx, &found, steps + 1),
            },
            Value::Or(first, _) => self.behind(cx, first, steps + 1),
            _ => Behind::Unknown,
        }
    }

    /// A function that chooses among others: elsewhere, when all of those that open a store do so elsewhere.
    fn opened_by(&self, cx: &Cx<'_>, func: DefId, steps: u32) -> Behind {
        let Some(&at) = cx.body_of.get(&func).filter(|_| steps <= MAX_STEPS) else { return Behind::Unknown };
        let mut out = Behind::Unknown;
        for call in &cx.bodies[at].own {
            match self.by_func.get(&call.func).cloned().unwrap_or_else(|| self.opened_by(cx, call.func, steps + 2)) {
                Behind::Folder(_) | Behind::Local => return Behind::Local,
                Behind::Elsewhere => out = Behind::Elsewhere,
                Behind::Unknown => {}
            }
        }
        out
    }
}

/// What makes a store a local folder: an ingredient that is given its root, or the constructor of a local one.
fn opens_folder(api: &Api) -> bool {
    let is_part = api.shape == Shape::Part && api.knobs.first().is_some_and(|knob| knob.name == "root");
    let is_store = api.shape == Shape::Constructor && api.kind == Some(Kind::FsWrite) && api.path_arg == Some(0) && !api.types.is_empty();
    api.backs_on.as_deref() == Some("local disk") && (is_part || is_store)
}

fn folder(api: &Api, call: &KnownCall) -> Option<Value> {
    if api.shape == Shape::Constructor {
        return call.args.first().cloned();
    }
    let knob = api.knobs.first()?;
    let set = call.settings.iter().rev().find(|setting| setting.name == knob.name || knob.set.contains(&setting.name));
    set.and_then(|setting| setting.args.first()).or_else(|| call.args.get(usize::from(knob.arg?))).cloned()
}
