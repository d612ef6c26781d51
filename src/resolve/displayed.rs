//! Addresses that a type of the workspace is shown as: what its `Display` writes, one text for each of its arms.

use super::flow::{Flow, Settled, Steps};
use super::infer::World;
use super::names::{Res, Space};
use super::program::DefId;
use super::types::Type;
use super::values::Value;
use crate::facts::{ItemKind, Name};
use crate::model::{FactValue, Provenance};

/// More alternatives than this are not told.
const MAX_TEXTS: usize = 4;

/// Parameters that hand on what they are given are followed this far.
const MAX_CALLERS: u32 = 4;

/// The function that shows values of a type of the workspace.
pub(super) fn display_of(world: World<'_>, ty: &Type) -> Option<DefId> {
    let Type::Def(of, _) = ty else { return None };
    let members = world.program.members.get(&(*of, "fmt".into()))?;
    members.iter().copied().find(|member| is_display(world, *member))
}

/// A function is the one of an `impl Display`.
pub(super) fn is_display(world: World<'_>, func: DefId) -> bool {
    let def = world.program.def(func);
    let of_trait = def.owner.and_then(|owner| match &owner.kind {
        ItemKind::Impl(imp) => imp.of_trait.as_ref(),
        _ => None,
    });
    let is_std = |path| match world.program.resolve(world.catalog, def.module, path, Space::Type) {
        Some(Res::Foreign(path)) => path.ends_with("::Display"),
        _ => false,
    };
    def.item.name == "fmt" && of_trait.is_some_and(is_std)
}

impl Flow {
    /// What a parameter is shown as, when that is an address.
    pub(super) fn displayed(&self, world: World<'_>, value: &Value, hops: Steps<'_>) -> Option<Settled> {
        let mut value = value;
        for _ in 0..MAX_CALLERS {
            let Value::Param { func, index, .. } = value else { return None };
            let ty = world.signatures.params.get(func.0 as usize)?.get(*index)?;
            if let Some(fmt) = display_of(world, ty) {
                let shown = self.settle_at(world, self.returns(fmt)?, hops + 1);
                return Some(shown).filter(|shown| matches!(&shown.value, Some(FactValue::Text(text)) if are_addresses(text)));
            }
            match self.callers.get(func)?.as_slice() {
                [only] => value = only.get(*index)?,
                _ => return None,
            }
        }
        None
    }

    /// The value whose `Display` a call is, with what it writes for each of the variants.
    pub(super) fn shown_by<'v>(&'v self, world: World<'_>, fmt: DefId, args: &'v [Value]) -> Option<(&'v Value, &'v [(Name, Value)])> {
        let [shown] = args else { return None };
        match self.returns(fmt).filter(|_| is_display(world, fmt)) {
            Some(Value::Choice { arms, .. }) => Some((shown, arms)),
            _ if is_display(world, fmt) => Some((shown, &[])),
            _ => None,
        }
    }

    /// One of several texts, and nobody knows which: all of them, when all are known.
    pub(super) fn alternatives(&self, world: World<'_>, arms: &[&Value], hops: Steps<'_>) -> Option<Settled> {
        let mut texts: Vec<String> = Vec::new();
        let mut first = None;
        for arm in arms {
            let settled = self.settle_at(world, arm, hops + 1);
            let Some(FactValue::Text(text)) = &settled.value else { return None };
            for one in text.split(" or ").map(str::to_owned) {
                if !texts.contains(&one) {
                    texts.push(one);
                }
            }
            first = first.or(Some(settled));
        }
        let shown = first.filter(|_| texts.len() <= MAX_TEXTS)?;
        let value = Some(FactValue::Text(texts.join(" or ")));
        Some(Settled { value, is_duration: false, provenance: Provenance::Code, from: None, set: Vec::new(), ..shown })
    }
}

fn are_addresses(text: &str) -> bool {
    text.split(" or ").all(|one| one.contains("://") || one.starts_with("sqlite:"))
}
