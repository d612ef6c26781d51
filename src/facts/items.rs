//! Items as written: modules, uses, statics, types, functions.

use serde::Serialize;

use super::{Body, Name, Path, Span, Ty};

/// All that one file says.
#[derive(Clone, Debug, Default, Serialize)]
pub struct FileFacts {
    /// Path relative to the analysed root.
    pub file: Name,
    /// Number of lines.
    pub lines: u32,
    /// The items of the file, in source order.
    pub items: Vec<ItemFact>,
    /// Inner attributes: `#![cfg(…)]`.
    pub cfg: Option<Cfg>,
    /// `// statemap: …` comments.
    pub comments: Vec<Comment>,
    /// Why the file does not parse; `items` then holds what a token scan could still tell.
    pub error: Option<ParseError>,
    /// Macro calls looked into.
    pub macros_read: u32,
    /// Names of macro calls not looked into, one entry a call.
    pub macros_unread: Vec<Name>,
    /// `mod name;` of test builds, with their `#[path]`: the files behind them are left out on purpose.
    pub test_mods: Vec<(Name, Option<String>)>,
    /// The `macro_rules!` of its modules, for the files that call them.
    pub macros: Vec<MacroFact>,
    /// Macros that it calls and does not define, by the path of the call; sorted.
    pub called_macros: Vec<Name>,
}

/// A `macro_rules!`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MacroFact {
    /// Its name.
    pub name: Name,
    /// `#[macro_export]`.
    pub exported: bool,
    /// What `$crate` is where it is called from another crate.
    pub home: Option<Name>,
    /// Its arms.
    pub text: String,
}

/// Why a file does not parse.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ParseError {
    /// Where.
    pub span: Span,
    /// The parser's words.
    pub message: String,
}

/// A `// statemap: …` comment and the line of the code that it speaks of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Comment {
    /// Where the comment starts.
    pub span: Span,
    /// Byte offset of `text` in the file.
    pub offset: usize,
    /// The text after `statemap:`; lines of a comment that continues are joined by a line feed.
    pub text: String,
    /// The first line after the comment that holds code; the comment's own line when code stands before it.
    pub target: u32,
}

/// A condition of `#[cfg(…)]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Cfg {
    /// `all(…)`; several attributes on one item are joined by it.
    All(Vec<Cfg>),
    /// `any(…)`.
    Any(Vec<Cfg>),
    /// `not(…)`.
    Not(Box<Cfg>),
    /// `unix`, `test`.
    Flag(Name),
    /// `feature = "redis"`.
    KeyValue(Name, Name),
}

impl Cfg {
    /// Only builds with `debug_assertions` fulfil it: no release does, as they are usually made.
    #[must_use]
    pub fn is_for_debugging(&self) -> bool {
        match self {
            Self::Flag(name) => name == "debug_assertions",
            Self::All(all) => all.iter().any(Self::is_for_debugging),
            Self::Any(any) => !any.is_empty() && any.iter().all(Self::is_for_debugging),
            Self::Not(_) | Self::KeyValue(..) => false,
        }
    }
}

/// One attribute that is not `cfg` or `doc`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attr {
    /// `cached::proc_macro::cached`, `derive`, `tokio::main`.
    pub path: Path,
    /// `key = value` and bare arguments, as written without quotes; `derive(A, B)` gives bare keys `A`, `B`, `skip(self)` the value `self`,
    /// and `#[path = "x"]` the value `x` under an empty key.
    pub args: Vec<(Name, Option<String>)>,
    /// Where.
    pub span: Span,
}

/// One item.
#[derive(Clone, Debug, Serialize)]
pub struct ItemFact {
    /// Its name, like all names without `r#`; empty for `use`, `impl` and macro calls.
    pub name: Name,
    /// What it is.
    pub kind: ItemKind,
    /// Where its name stands.
    pub span: Span,
    /// Its own condition, without those of the modules around it.
    pub cfg: Option<Cfg>,
    /// Doc comment, as written.
    pub doc: Option<String>,
    /// Attributes other than `cfg` and `doc`.
    pub attrs: Vec<Attr>,
    /// `pub` in some form.
    pub public: bool,
    /// The macro whose body it was read from, by its last name; none for the forms that are understood (`thread_local!`, `cfg_if!`, …).
    /// Code in a macro call in item position that makes no item is the value of a `const _` from that macro.
    pub from_macro: Option<Name>,
}

/// What an item is.
#[derive(Clone, Debug, Serialize)]
pub enum ItemKind {
    /// `mod`.
    Mod(ModFact),
    /// `use`, one entry a leaf.
    Use(Vec<UseFact>),
    /// `extern crate x as y` (the name of the item is `y`).
    ExternCrate(Name),
    /// `static`, or a static made by `thread_local!`, `lazy_static!`, `task_local!`.
    Static(Box<StaticFact>),
    /// `const`.
    Const(Box<StaticFact>),
    /// `struct` or `union`.
    Struct(StructFact),
    /// `enum`.
    Enum(EnumFact),
    /// `type`.
    TypeAlias(Vec<Generic>, Ty),
    /// `fn`.
    Fn(Box<FnFact>),
    /// `impl`.
    Impl(Box<ImplFact>),
    /// `trait`.
    Trait(TraitFact),
    /// `macro_rules!`.
    MacroRules,
    /// `include!("…")` with a literal path: its items belong here.
    Include(String),
    /// A macro call in item position whose body could not be read.
    MacroCall(Path),
}

/// A module.
#[derive(Clone, Debug, Serialize)]
pub struct ModFact {
    /// The items of an inline module; `None` for `mod name;`.
    pub items: Option<Vec<ItemFact>>,
    /// `#[path = "…"]`.
    pub path: Option<String>,
}

/// One leaf of a `use` tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UseFact {
    /// The full path of the leaf; for a glob the path before `*`; `x::{self}` is `x`.
    pub path: Vec<Name>,
    /// Starts with `::`.
    pub global: bool,
    /// Name under which it is known here (`_` for `as _`); empty for a glob.
    pub name: Name,
    /// `*`.
    pub glob: bool,
}

/// How a static came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum StaticForm {
    /// `static` or `const`.
    Plain,
    /// `thread_local!` or `#[thread_local]`.
    ThreadLocal,
    /// `tokio::task_local!`.
    TaskLocal,
    /// `lazy_static!`: the type is behind a lazy cell.
    Lazy,
}

/// A static, a const, an associated const.
#[derive(Clone, Debug, Serialize)]
pub struct StaticFact {
    /// Declared type.
    pub ty: Ty,
    /// `static mut`.
    pub mutable: bool,
    /// The initialiser.
    pub init: Option<Body>,
    /// How it came to be.
    pub form: StaticForm,
}

/// A generic type parameter with its bounds, where clauses included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Generic {
    /// Its name.
    pub name: Name,
    /// `T: A + B`.
    pub bounds: Vec<Path>,
}

/// A struct or union.
#[derive(Clone, Debug, Serialize)]
pub struct StructFact {
    /// Type parameters.
    pub generics: Vec<Generic>,
    /// Fields; those of a tuple struct are named `0`, `1`, ….
    pub fields: Vec<FieldFact>,
}

/// A field of a struct or variant.
#[derive(Clone, Debug, Serialize)]
pub struct FieldFact {
    /// Its name, or its index.
    pub name: Name,
    /// Its type.
    pub ty: Ty,
    /// Where its name (or type) stands.
    pub span: Span,
    /// Condition.
    pub cfg: Option<Cfg>,
    /// Doc comment.
    pub doc: Option<String>,
    /// Attributes (`#[serde(…)]`, `#[arg(…)]`).
    pub attrs: Vec<Attr>,
}

/// An enum.
#[derive(Clone, Debug, Serialize)]
pub struct EnumFact {
    /// Type parameters.
    pub generics: Vec<Generic>,
    /// Variants.
    pub variants: Vec<VariantFact>,
}

/// A variant of an enum.
#[derive(Clone, Debug, Serialize)]
pub struct VariantFact {
    /// Its name.
    pub name: Name,
    /// Its fields.
    pub fields: Vec<FieldFact>,
    /// Attributes (`#[command(…)]`, `#[serde(…)]`).
    pub attrs: Vec<Attr>,
}

/// A function or method.
#[derive(Clone, Debug, Serialize)]
pub struct FnFact {
    /// Type parameters.
    pub generics: Vec<Generic>,
    /// Takes `self` in some form.
    pub has_self: bool,
    /// Parameters other than `self`.
    pub params: Vec<Param>,
    /// Return type; `None` is `()`.
    pub ret: Option<Ty>,
    /// `async fn`.
    pub is_async: bool,
    /// `None` for a required trait method. Patterns of `params` live in it.
    pub body: Option<Body>,
}

/// A parameter.
#[derive(Clone, Debug, Serialize)]
pub struct Param {
    /// What it binds, in the patterns of the body; leads nowhere when there is no body.
    pub pat: super::PatId,
    /// Its type.
    pub ty: Ty,
}

/// An `impl` block.
#[derive(Clone, Debug, Serialize)]
pub struct ImplFact {
    /// Type parameters.
    pub generics: Vec<Generic>,
    /// The type.
    pub self_ty: Ty,
    /// The trait.
    pub of_trait: Option<Path>,
    /// Functions, associated consts (`Const`) and types (`TypeAlias`).
    pub items: Vec<ItemFact>,
}

/// A trait.
#[derive(Clone, Debug, Serialize)]
pub struct TraitFact {
    /// Type parameters.
    pub generics: Vec<Generic>,
    /// Functions, consts and types.
    pub items: Vec<ItemFact>,
}
