//! Every place of the linked sources that gives an option a value, by the name of the option.

use rustc_hash::FxHashMap;

use super::eval::MAX_DEPTH;
use crate::catalog::Catalog;
use crate::facts::{Body, Expr, ExprId, ItemKind, Name};
use crate::resolve::{DefId, Program, Res, Signatures, Space, Type};

/// Words that say of a constant how, and not what it bounds.
const OF_CONSTANTS: [&str; 10] = ["default", "secs", "sec", "seconds", "ms", "millis", "milliseconds", "mins", "minutes", "bytes"];

/// Every field given a value, and every constant that calls itself a default.
#[derive(Default)]
pub(super) struct Settings {
    pub(super) fields: FxHashMap<Name, Vec<Set>>,
    /// By their names in small letters without `default` and units.
    pub(super) constants: FxHashMap<Name, Vec<DefId>>,
}

/// An option given a value.
pub(super) struct Set {
    /// The struct that has the option.
    pub(super) owner: DefId,
    /// Whose body holds the value.
    pub(super) def: DefId,
    pub(super) value: ExprId,
    /// By a constructor without arguments.
    pub(super) plain: bool,
}

/// A body and what is known of it.
#[derive(Clone, Copy)]
struct Of {
    def: DefId,
    /// What `Self` is.
    this: Option<DefId>,
    /// It constructs without being told anything.
    plain: bool,
    /// It constructs.
    makes: bool,
}

impl Settings {
    pub(super) fn of(program: &Program<'_>, signatures: &Signatures, catalog: &Catalog) -> Self {
        let mut out = Self::default();
        for (def, fact) in program.all_defs() {
            let this = match signatures.this.get(def.0 as usize) {
                Some(Some(Type::Def(this, _))) => Some(*this),
                _ => None,
            };
            match &fact.item.kind {
                ItemKind::Fn(func) => {
                    let makes = matches!(fact.item.name.as_str(), "default" | "new" | "builder");
                    let plain = makes && func.params.is_empty() && !func.has_self;
                    if let Some(body) = &func.body {
                        out.note(program, catalog, Of { def, this, plain, makes }, body);
                    }
                }
                ItemKind::Const(value) | ItemKind::Static(value) => {
                    let words = fact.item.name.to_lowercase();
                    let bare: Vec<&str> = words.split('_').filter(|part| !OF_CONSTANTS.contains(part)).collect();
                    out.constants.entry(bare.join("_").into()).or_default().push(def);
                    if let Some(body) = &value.init {
                        out.note(program, catalog, Of { def, this, plain: false, makes: false }, body);
                    }
                }
                _ => {}
            }
        }
        out
    }

    fn note(&mut self, program: &Program<'_>, catalog: &Catalog, of: Of, body: &Body) {
        for expr in &body.exprs {
            match expr {
                Expr::Struct { path, fields, .. } if !fields.is_empty() => {
                    let owner = match path.single() {
                        Some(name) if name == "Self" => of.this,
                        _ => match program.resolve(catalog, program.def(of.def).module, path, Space::Type) {
                            Some(Res::Def(id)) => Some(id),
                            _ => None,
                        },
                    };
                    for (name, value) in fields {
                        self.set(name, owner, of, *value, of.plain);
                    }
                }
                Expr::Method { recv, name, args, .. } if name.starts_with("unwrap_or") => {
                    if let (Expr::Field { name, .. }, Some(value)) = (behind(body, *recv), args.first()) {
                        self.set(name, of.this, of, *value, false);
                    }
                }
                // `let mut config = Config::empty(); config.set_timeout(TIMEOUT);` in a constructor.
                Expr::Method { name, args, .. } if of.makes && args.len() == 1 => self.set(name, of.this, of, args[0], false),
                _ => {}
            }
        }
    }

    fn set(&mut self, name: &Name, owner: Option<DefId>, of: Of, value: ExprId, plain: bool) {
        if let Some(owner) = owner {
            self.fields.entry(name.clone()).or_default().push(Set { owner, def: of.def, value, plain });
        }
    }
}

/// `self.config.field.as_ref()` is about `field`.
fn behind(body: &Body, mut id: ExprId) -> &Expr {
    for _ in 0..MAX_DEPTH {
        match &body[id] {
            Expr::Method { recv, name, args, .. }
                if args.is_empty() && matches!(name.as_str(), "as_ref" | "clone" | "copied" | "take" | "as_deref") =>
            {
                id = *recv;
            }
            Expr::Ref(inner) | Expr::Deref(inner) => id = *inner,
            _ => break,
        }
    }
    &body[id]
}
