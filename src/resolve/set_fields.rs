//! What a body gives to fields: by assignments, and by the setters of builders that a derive made.

use smol_str::{SmolStr, format_smolstr};

use super::calls::{BodyFacts, Setting};
use super::fields::of_builder;
use super::infer::World;
use super::program::DefId;
use super::reader::Reader;
use super::types::Type;
use super::values::Value;
use crate::facts::{Expr, ExprId, ItemKind, Name, Span};
use crate::model::FactValue;

/// Fields of fields of what a known call makes.
const MAX_FIELDS: usize = 3;

impl Reader<'_> {
    /// `Settings::builder().pool_size(10)`, where a derive made the builder: the method gives the field its value.
    pub(super) fn built_field(&self, recv: ExprId, name: &str, value: ExprId, out: &mut BodyFacts) {
        let mut at = recv;
        for _ in 0..64 {
            match &self.body[at] {
                Expr::Method { recv, .. } => at = *recv,
                Expr::Try(inner) | Expr::Await(inner) => at = *inner,
                Expr::Path(path, _) => match self.types.local_of.get(&at).and_then(|local| self.types.locals[local.0 as usize].init) {
                    Some(init) => at = init,
                    None if path.single().is_some_and(|name| name == "self") => {
                        return self.set_field(built_by_impl(self.world, out.def), name, value, out);
                    }
                    None => return,
                },
                Expr::Call { callee, .. } => {
                    let Expr::Path(path, _) = &self.body[*callee] else { return };
                    let this = self.world.signatures.this[out.def.0 as usize].as_ref();
                    let ty = match &*path.segs {
                        [first, _] if first.name == "Self" => this,
                        _ => Some(&self.types.types[at.0 as usize]),
                    };
                    if let (Some(Type::Def(of, _)), true) = (ty, path.last().is_some_and(|last| last == "builder")) {
                        self.set_field(Some(*of), name, value, out);
                    }
                    return;
                }
                _ => return,
            }
        }
    }

    /// A setter of a builder that a derive made: it is called like the field, perhaps after a word.
    pub(super) fn set_field(&self, of: Option<DefId>, name: &str, value: ExprId, out: &mut BodyFacts) {
        let Some(of) = of else { return };
        let plain = ["maybe_", "set_", "with_"].iter().find_map(|start| name.strip_prefix(start));
        let field = [Some(name), plain].into_iter().flatten().find(|field| self.world.signatures.field(of, field).is_some());
        if let Some(field) = field {
            let given = self.tracer.value(value);
            // `maybe_size(None)` is the default.
            let default = (name.starts_with("maybe_") && name != field).then(|| of_builder(self.world, of, field)).flatten();
            let given = default.map_or(given.clone(), |default| given.with_default(default));
            out.fields.push((of, SmolStr::new(field), given));
        }
    }

    /// `config.timeout = x`; on a known call a setting: `builder.options_mut().timeout = x`.
    pub(super) fn assigned(&mut self, left: ExprId, right: ExprId, compound: bool, out: &mut BodyFacts) {
        if let Expr::Field { base, name, .. } = &self.body[left]
            && let Some(of) = self.struct_with(*base, name)
        {
            let value = if compound { self.perhaps(right) } else { self.tracer.value(right) };
            let on_condition = matches!(value, Value::Known(..)) && self.is_in_branch(left);
            if on_condition { &mut out.sometimes } else { &mut out.assigned }.push((of, name.clone(), value));
        }
        if let Some((name, root, index, span)) = self.field_of_known(left) {
            let on_condition = self.is_conditional(left, root);
            let value = if on_condition { self.perhaps(right) } else { self.tracer.value(right) };
            out.known[index].settings.push(Setting {
                name,
                args: vec![value],
                at: self.at(span),
                on_condition,
                when: self.when(!on_condition, left),
            });
        }
    }

    /// `config.shutdown.signals.clear()` on a known call: nothing is left in it.
    pub(super) fn cleared(&self, list: ExprId, out: &mut BodyFacts) {
        if let Some((name, root, index, span)) = self.field_of_known(list) {
            let at = self.at(span);
            let none = Value::Known(FactValue::Text("none".to_owned()), false, at);
            let on_condition = self.is_conditional(list, root);
            out.known[index].settings.push(Setting { name, args: vec![none], at, on_condition, when: self.when(!on_condition, list) });
        }
    }

    /// A field of what a known call makes, or a field of that: its name, with dots, and the call.
    fn field_of_known(&self, field: ExprId) -> Option<(Name, ExprId, usize, Span)> {
        let Expr::Field { base, name, span } = &self.body[field] else { return None };
        let (mut base, mut name) = (*base, name.clone());
        for _ in 0..MAX_FIELDS {
            if let Some(root) = self.root(base, 0) {
                let index = self.known_at.get(&root).copied()?;
                return Some((name, root, index, *span));
            }
            let Expr::Field { base: outer, name: of, .. } = &self.body[base] else { return None };
            name = format_smolstr!("{of}.{name}");
            base = *outer;
        }
        None
    }
}

/// The struct whose builder a derive made, for a member of `impl ConfigBuilder`: the builder itself stands in no file.
fn built_by_impl(world: World<'_>, def: DefId) -> Option<DefId> {
    let member = world.program.def(def);
    let Some(ItemKind::Impl(imp)) = member.owner.map(|owner| &owner.kind) else { return None };
    let crate::facts::Ty::Path(path) = &imp.self_ty else { return None };
    let name = path.last()?.strip_suffix("Builder")?;
    match world.program.resolve(world.catalog, member.module, &crate::facts::Path::of(&[name]), super::names::Space::Type)? {
        super::names::Res::Def(of) => super::fields::derives(world, of, &["Builder", "TypedBuilder"]).then_some(of),
        _ => None,
    }
}
