//! Handles of what is shared: where they come from, and who else is given them. All clones of an `Arc` lead to one thing.

use super::calls::BodyFacts;
use super::infer::Callee;
use super::program::DefId;
use super::reader::Reader;
use super::types::Type;
use super::values::At;
use crate::facts::{Expr, ExprId, Name, Span};
use crate::model::Access;

/// Variables and clones between a handle and where it comes from.
const MAX_STEPS: usize = 16;

/// Where a handle comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Handle {
    /// A parameter of a function, by position.
    Param(DefId, usize),
    /// A field.
    Field(DefId, Name),
    /// What a function makes and keeps in a variable, with the line of its binding.
    Local(DefId, Name, u32),
}

/// What becomes of a handle.
#[derive(Clone, Debug)]
pub enum Given {
    /// It is read or changed through a variable.
    Used(Access),
    /// Somebody else has it as well.
    To(Handle),
}

/// What a body does with a handle.
#[derive(Clone, Debug)]
pub struct Handed {
    /// Where it comes from.
    pub of: Handle,
    /// What becomes of it.
    pub given: Given,
    /// Where.
    pub at: At,
}

impl Reader<'_> {
    /// The handles that a call hands to a function of the workspace.
    pub(super) fn passed(&self, func: DefId, args: &[ExprId], span: Span, out: &mut BodyFacts) {
        for (index, arg) in args.iter().enumerate().filter(|(_, arg)| self.is_shared(**arg)) {
            if let Some(of) = self.handle(*arg) {
                let given = Given::To(Handle::Param(func, index));
                out.handed.push(Handed { of, given, at: self.at(span) });
            }
        }
    }

    /// The handles that a struct literal keeps.
    pub(super) fn kept(&self, of: DefId, fields: &[(Name, ExprId)], span: Span, out: &mut BodyFacts) {
        for (field, value) in fields.iter().filter(|(_, value)| self.is_shared(*value)) {
            let to = Handle::Field(of, field.clone());
            if let Some(of) = self.handle(*value).filter(|of| *of != to) {
                out.handed.push(Handed { of, given: Given::To(to), at: self.at(span) });
            }
        }
    }

    /// What is done through variables that hold a handle.
    pub(super) fn used_handles(&self, out: &mut BodyFacts) {
        for at in (0..self.types.locals.len()).filter(|at| self.holds_container(&self.types.locals[*at].ty, 0)) {
            let Some(&first) = self.uses_of(at).first() else { continue };
            let Some(of) = self.handle(first) else { continue };
            for used in self.uses_of(at) {
                if let (true, Some(span)) = (self.is_asked_of(*used), self.span(*used)) {
                    out.handed.push(Handed { of: of.clone(), given: Given::Used(self.access(*used)), at: self.at(span) });
                }
            }
        }
    }

    /// A container behind a pointer, or borrowed.
    fn is_shared(&self, id: ExprId) -> bool {
        let ty = &self.types.types[id.0 as usize];
        matches!(ty, Type::Foreign(..)) && self.holds_container(ty, 0)
    }

    /// A method other than `clone` is called on it.
    fn is_asked_of(&self, id: ExprId) -> bool {
        let mut at = id;
        while let Some(parent) = self.parents[at.0 as usize] {
            match &self.body[parent] {
                Expr::Ref(_) | Expr::Deref(_) => at = parent,
                Expr::Method { recv, name, .. } => return *recv == at && name != "clone",
                _ => return false,
            }
        }
        false
    }

    /// Through clones, borrows and variables to where a handle comes from.
    fn handle(&self, id: ExprId) -> Option<Handle> {
        let of = &self.types.types[id.0 as usize];
        let mut at = id;
        for _ in 0..MAX_STEPS {
            match &self.body[at] {
                Expr::Ref(inner) => at = *inner,
                Expr::Method { recv, name, args, .. } if name == "clone" && args.is_empty() => at = *recv,
                Expr::Call { args, .. } => match (self.types.callees.get(&at), &**args) {
                    (Some(Callee::Foreign(path)), [only]) if matches!(path.as_str(), "std::sync::Arc::clone" | "std::rc::Rc::clone") => {
                        at = *only;
                    }
                    _ => return None,
                },
                Expr::Field { base, name, .. } => return Some(Handle::Field(self.struct_with(*base, name)?, name.clone())),
                Expr::Path(..) => {
                    let local = &self.types.locals[self.types.local_of.get(&at)?.0 as usize];
                    // A part of what a pattern takes apart is something else.
                    if local.ty != *of {
                        return None;
                    }
                    match (local.param, local.init) {
                        (Some(index), None) => {
                            let declared = self.world.signatures.params[self.tracer.def.0 as usize].get(index);
                            return (declared == Some(of)).then_some(Handle::Param(self.tracer.def, index));
                        }
                        (_, Some(init)) if self.is_made(init) => {
                            return Some(Handle::Local(self.tracer.def, local.name.clone(), local.line));
                        }
                        (_, Some(init)) if init != at && self.types.types[init.0 as usize] == *of => at = init,
                        _ => return None,
                    }
                }
                _ => return None,
            }
        }
        None
    }
}
