//! What a `match` gives: what it took out of the value that it looks into, or something else.

use super::reader::Reader;
use super::types::Type;
use crate::facts::{Body, Expr, ExprId, Lit, Name, Pat, PatId, Stmt, children};

/// So many expressions of an arm are read through.
const MAX_READ: u32 = 200;

impl Reader<'_> {
    /// A `match` gives something of another type than what it looks into holds.
    pub(super) fn gives_another(&self, whole: ExprId, looked_into: ExprId) -> bool {
        let held = |id: ExprId| {
            let mut ty = &self.types.types[id.0 as usize];
            while let Type::Foreign(path, args) = ty {
                let holds_one =
                    path.ends_with("::Result") || path.ends_with("::Option") || self.world.catalog.wrappers().is_transparent(path);
                match args.first() {
                    Some(inner) if holds_one => ty = inner,
                    _ => break,
                }
            }
            ty
        };
        match (held(whole), held(looked_into)) {
            (Type::Def(given, _), Type::Def(had, _)) => given != had,
            (Type::Foreign(given, _), Type::Foreign(had, _)) => given != had,
            (Type::Def(..), Type::Foreign(..)) | (Type::Foreign(..), Type::Def(..)) => true,
            _ => !self.hands_on_what_it_held(whole),
        }
    }

    /// An arm of a `match` gives what its pattern took out, or something made of it; what is done with an error does not count.
    fn hands_on_what_it_held(&self, whole: ExprId) -> bool {
        let Expr::Match { arms, .. } = &self.body[whole] else { return true };
        let is_of_error =
            |pat: PatId| matches!(&self.body[pat], Pat::TupleStruct(path, _) if path.last().is_some_and(|last| last == "Err"));
        arms.iter().filter(|arm| !is_of_error(arm.pat)).any(|arm| match bound_name(self.body, arm.pat, 0) {
            Some(name) => gives(self.body, arm.body, name, &mut { MAX_READ }),
            None => true,
        })
    }
}

/// What an expression comes to may be made of a variable: only its last parts are looked at.
fn gives(body: &Body, id: ExprId, name: &Name, left: &mut u32) -> bool {
    match &body[id] {
        _ if *left == 0 => true,
        Expr::Block(stmts) => match stmts.last() {
            Some(Stmt::Expr { expr, semi: false }) => gives(body, *expr, name, left),
            // It ends otherwise than with a value.
            _ => false,
        },
        Expr::Match { arms, .. } => arms.iter().any(|arm| gives(body, arm.body, name, left)),
        Expr::If { then, otherwise, .. } => gives(body, *then, name, left) || otherwise.is_some_and(|other| gives(body, other, name, left)),
        _ => mentions(body, id, name, left),
    }
}

/// The variable that a pattern binds; none when there is none, or when there are several.
fn bound_name(body: &Body, pat: PatId, depth: u32) -> Option<&Name> {
    match &body[pat] {
        Pat::Bind { name, sub: None, .. } => Some(name),
        Pat::TupleStruct(_, parts) => match &**parts {
            [only] if depth < 4 => bound_name(body, *only, depth + 1),
            _ => None,
        },
        Pat::Ref(inner) if depth < 4 => bound_name(body, *inner, depth + 1),
        _ => None,
    }
}

/// A variable of that name stands somewhere in an expression; what is too long to be read through may name it.
fn mentions(body: &Body, id: ExprId, name: &Name, left: &mut u32) -> bool {
    if *left == 0 {
        return true;
    }
    *left -= 1;
    let is_named = match &body[id] {
        Expr::Path(path, _) => path.single() == Some(name),
        // `format!("{name:?}")`.
        Expr::Lit(Lit::Str(text), _) => text.contains(&format!("{{{name}")),
        // What a macro does with text that is no list of expressions cannot be told.
        Expr::Macro { args, .. } => args.is_empty(),
        _ => false,
    };
    if is_named {
        return true;
    }
    let mut inside = Vec::new();
    children(&body[id], &mut |child| inside.push(child));
    inside.into_iter().any(|child| mentions(body, child, name, left))
}
