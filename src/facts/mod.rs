//! What one file says: owned syntactic observations, free of parser types, `Send` and serialisable.
//!
//! `parse` makes them, `resolve` and `detect` read them. Names are as written; nothing is resolved here.
//!
//! The cache keeps them in a form that names no field: none may be left out when it is written (`skip_serializing_if`, `flatten`,
//! `untagged`).

mod body;
mod items;
mod types;

pub use body::{Arm, BinOp, Body, Expr, ExprId, Lit, Pat, PatId, Stmt, children};
pub use items::{
    Attr, Cfg, Comment, EnumFact, FieldFact, FileFacts, FnFact, Generic, ImplFact, ItemFact, ItemKind, MacroFact, ModFact, Param,
    ParseError, StaticFact, StaticForm, StructFact, TraitFact, UseFact, VariantFact,
};
pub use types::{Path, Seg, Segs, Ty};

use serde::Serialize;

/// A name as written.
pub type Name = smol_str::SmolStr;

/// Start of a piece of source; both numbers start at 1, the column counts characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Span {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}
