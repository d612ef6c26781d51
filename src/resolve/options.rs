//! Settings of a known call: those before it on its chain, and those of the options objects that it takes.

use smol_str::{SmolStr, format_smolstr};

use super::calls::{Options, Setting};
use super::conditions::Condition;
use super::infer::Callee;
use super::reader::Reader;
use super::values::Value;
use crate::catalog::Shape;
use crate::facts::{Expr, ExprId, Span};

impl Reader<'_> {
    /// The methods called before on a builder that is no entry itself.
    pub(super) fn before(&self, recv: ExprId) -> Vec<Setting> {
        let mut out = Vec::new();
        let mut at = recv;
        for _ in 0..32 {
            match &self.body[at] {
                Expr::Method { recv, name, args, span, .. } => {
                    if let Some(arg) = args.first() {
                        self.nested(name, *arg, &mut out, 0);
                    }
                    let args = args.iter().map(|arg| self.tracer.value(*arg)).collect();
                    out.push(Setting { name: name.clone(), args, at: self.at(*span), on_condition: false, when: Vec::new() });
                    at = *recv;
                }
                Expr::Try(inner) | Expr::Await(inner) | Expr::Ref(inner) => at = *inner,
                Expr::Path(..) => match self.types.local_of.get(&at).and_then(|local| self.types.locals[local.0 as usize].init) {
                    Some(init) => {
                        if let Some(local) = self.types.local_of.get(&at) {
                            self.changes_of(*local, &mut out);
                        }
                        at = init;
                    }
                    None => break,
                },
                _ => break,
            }
        }
        out.reverse();
        out
    }

    /// Settings of the options objects among some arguments.
    pub(super) fn options(&self, args: &[ExprId]) -> (Vec<Setting>, Options) {
        let mut out = (Vec::new(), Options::None);
        // `init((dsn, ClientOptions::new()))`: what a tuple brings is handed over as well.
        let parts = args.iter().flat_map(|arg| match &self.body[*arg] {
            Expr::Tuple(all) => all.to_vec(),
            _ => vec![*arg],
        });
        for arg in parts {
            if !self.is_options(arg) {
                continue;
            }
            out.1 = out.1.max(if self.built_here(arg, &mut out.0, 0) { Options::Seen } else { Options::Unseen });
        }
        out
    }

    /// The type is one of the catalog's builders, or named like options.
    fn is_options(&self, id: ExprId) -> bool {
        let path = self.types.types[id.0 as usize].path().cloned().or_else(|| self.starts_as(id));
        let Some(path) = path else { return self.passed_on(id).is_some() };
        let path = &path;
        // An ingredient with an entry of its own, such as the options of the connections in a pool.
        if self.world.catalog.type_entry(path).is_some_and(|entry| self.world.catalog.api(entry).shape == Shape::Part) {
            return false;
        }
        let last = path.rsplit("::").next().unwrap_or(path);
        self.world.catalog.builder(path).is_some()
            || ["Config", "Options", "Settings", "Builder", "Opts", "Conf"].iter().any(|end| last.ends_with(end))
    }

    /// The options that a function of a library is given and gives back, in a variable or not: `apply_defaults(options)`.
    fn passed_on(&self, id: ExprId) -> Option<ExprId> {
        let id = match self.types.local_of.get(&id) {
            Some(local) => self.types.locals[local.0 as usize].init?,
            None => id,
        };
        match &self.body[id] {
            Expr::Call { args, .. } if matches!(self.types.callees.get(&id), Some(Callee::Foreign(_))) => match &args[..] {
                [only] if self.types.types[only.0 as usize].is_known() && self.is_options(*only) => Some(*only),
                _ => None,
            },
            _ => None,
        }
    }

    /// The type at which a chain starts, where that of its end is not known: `ClientOptions` of `ClientOptions::new().release(v)`.
    pub(super) fn starts_as(&self, mut id: ExprId) -> Option<SmolStr> {
        while let Expr::Method { recv, .. } = &self.body[id] {
            id = *recv;
        }
        let Expr::Call { .. } = &self.body[id] else { return None };
        match self.types.callees.get(&id)? {
            Callee::Foreign(path) => path.rsplit_once("::").map(|(owner, _)| SmolStr::new(owner)),
            Callee::Def(_) => None,
        }
    }

    /// Collects what an options object is given; false when some of it comes from elsewhere.
    fn built_here(&self, id: ExprId, out: &mut Vec<Setting>, depth: u32) -> bool {
        if depth > 40 {
            return false;
        }
        match &self.body[id] {
            Expr::Method { recv, name, args, span, .. } => {
                let whole = self.built_here(*recv, out, depth + 1);
                let inner = args.first().is_none_or(|arg| self.nested(name, *arg, out, depth + 1));
                let args = args.iter().map(|arg| self.tracer.value(*arg)).collect();
                out.push(Setting { name: name.clone(), args, at: self.at(*span), on_condition: false, when: Vec::new() });
                whole && inner
            }
            Expr::Try(inner) | Expr::Await(inner) | Expr::Ref(inner) => self.built_here(*inner, out, depth + 1),
            Expr::Path(..) => {
                let Some(local) = self.types.local_of.get(&id) else { return false };
                let whole = self.types.locals[local.0 as usize].init.is_some_and(|init| self.built_here(init, out, depth + 1));
                self.changes_of(*local, out);
                whole
            }
            Expr::Call { callee, args, .. } => {
                if let Some(options) = self.passed_on(id) {
                    return self.built_here(options, out, depth + 1);
                }
                let starts_plain = matches!(&self.body[*callee], Expr::Path(path, _) if path.last().is_some_and(|last| matches!(last.as_str(), "new" | "default" | "builder")));
                starts_plain && !args.iter().any(|arg| self.is_options(*arg))
            }
            Expr::Struct { fields, rest, span, .. } => {
                let mut whole = true;
                for (name, value) in fields {
                    whole &= self.nested(name, *value, out, depth + 1);
                    out.push(self.field_set(name.clone(), *value, *span));
                }
                rest.is_none_or(|rest| self.built_here(rest, out, depth + 1)) && whole
            }
            _ => false,
        }
    }

    /// What an option is given that has options of its own: those of options within options by their names, those of another struct by
    /// both, `timeouts.wait`. False when some of it comes from elsewhere.
    fn nested(&self, name: &SmolStr, value: ExprId, out: &mut Vec<Setting>, depth: u32) -> bool {
        let value = self.within_some(value);
        if self.is_options(value) {
            return self.built_here(value, out, depth);
        }
        if let Expr::Struct { fields, span, .. } = &self.body[value] {
            out.extend(fields.iter().map(|(field, value)| self.field_set(format_smolstr!("{name}.{field}"), *value, *span)));
        }
        true
    }

    /// `Some(x)`, `&x`: what it is.
    fn within_some(&self, mut id: ExprId) -> ExprId {
        loop {
            id = match &self.body[id] {
                Expr::Ref(inner) => *inner,
                Expr::Call { callee, args, .. }
                    if args.len() == 1
                        && matches!(&self.body[*callee], Expr::Path(path, _) if path.single().is_some_and(|name| name == "Some")) =>
                {
                    args[0]
                }
                _ => return id,
            }
        }
    }

    fn field_set(&self, name: SmolStr, value: ExprId, span: Span) -> Setting {
        Setting { name, args: vec![self.tracer.value(value)], at: self.at(span), on_condition: false, when: Vec::new() }
    }

    /// `options.max_connections(5);` and `options.max_pool_size = Some(5);` on a variable.
    fn changes_of(&self, local: super::infer::LocalId, out: &mut Vec<Setting>) {
        let Some(init) = self.types.locals[local.0 as usize].init else { return };
        let mut uses: Vec<ExprId> = self.types.local_of.iter().filter(|(_, found)| **found == local).map(|(expr, _)| *expr).collect();
        uses.sort_unstable();
        for expr in uses {
            let Some(parent) = self.parents[expr.0 as usize] else { continue };
            match &self.body[parent] {
                Expr::Method { recv, name, args, span, .. } if *recv == expr => {
                    let mut at = (name.clone(), args, *span, parent);
                    // A chain of changes in one statement.
                    for _ in 0..32 {
                        let sure = !self.is_conditional(at.3, init);
                        let args = at.1.iter().map(|arg| if sure { self.tracer.value(*arg) } else { self.perhaps(*arg) }).collect();
                        out.push(Setting { name: at.0.clone(), args, at: self.at(at.2), on_condition: !sure, when: self.when(sure, at.3) });
                        match self.parents[at.3.0 as usize].map(|next| (&self.body[next], next)) {
                            Some((Expr::Method { recv, name, args, span, .. }, next)) if *recv == at.3 => {
                                at = (name.clone(), args, *span, next)
                            }
                            _ => break,
                        }
                    }
                }
                Expr::Field { name, span, .. } => {
                    if let Some(Expr::Assign { left, right, .. }) = self.parents[parent.0 as usize].map(|assign| &self.body[assign])
                        && *left == parent
                    {
                        self.nested(name, *right, out, 0);
                        out.push(self.field_set(name.clone(), *right, *span));
                    }
                }
                _ => {}
            }
        }
    }

    /// What has to hold for a setting that is not sure.
    pub(super) fn when(&self, sure: bool, id: ExprId) -> Vec<Condition> {
        if sure { Vec::new() } else { self.conditions(id) }
    }

    /// Whether an expression stands in a branch in which another one does not.
    pub(super) fn is_conditional(&self, id: ExprId, than: ExprId) -> bool {
        let around = self.branches(than);
        self.branches(id).iter().any(|branch| !around.contains(branch))
    }

    /// Whether an expression stands in a branch of its function.
    pub(super) fn is_in_branch(&self, id: ExprId) -> bool {
        !self.branches(id).is_empty()
    }

    /// The branches of `if` and `match` around an expression; a condition itself is always evaluated.
    fn branches(&self, id: ExprId) -> Vec<ExprId> {
        let mut out = Vec::new();
        let mut at = id;
        while let Some(parent) = self.parents[at.0 as usize] {
            let in_branch = match &self.body[parent] {
                Expr::If { cond, .. } => *cond != at,
                Expr::Match { value, .. } => *value != at,
                _ => false,
            };
            if in_branch {
                out.push(at);
            }
            at = parent;
        }
        out
    }

    /// A value that is set under a condition only. Where the condition asks for that value, it says whether there is one.
    pub(super) fn perhaps(&self, id: ExprId) -> Value {
        match self.tracer.value(id) {
            value @ (Value::Param { .. } | Value::Field { .. } | Value::Env { .. } | Value::Call { .. })
                if self.is_guarded_by(id, &value) =>
            {
                value
            }
            _ => self.tracer.perhaps(id),
        }
    }
}
