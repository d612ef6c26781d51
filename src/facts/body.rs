//! Bodies: the expressions of one function or initialiser, in one arena.

use serde::Serialize;
use thin_vec::ThinVec;

use super::{Cfg, ItemFact, Name, Path, Span, Ty};

/// Index of an expression in its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ExprId(pub u32);

/// Index of a pattern in its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct PatId(pub u32);

/// One body.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Body {
    /// Every expression; children come before their parents.
    pub exprs: Vec<Expr>,
    /// Every pattern.
    pub pats: Vec<Pat>,
    /// Items declared inside, at any depth of blocks: statics, functions, uses.
    pub items: Vec<ItemFact>,
    /// The outermost expression.
    pub root: Option<ExprId>,
    /// Arms and statements that only some builds have, inner ones before outer ones.
    pub cfgs: Box<[(ExprId, Cfg)]>,
}

impl std::ops::Index<ExprId> for Body {
    type Output = Expr;
    fn index(&self, id: ExprId) -> &Expr {
        &self.exprs[id.0 as usize]
    }
}

impl std::ops::Index<PatId> for Body {
    type Output = Pat;
    fn index(&self, id: PatId) -> &Pat {
        &self.pats[id.0 as usize]
    }
}

/// A literal.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum Lit {
    /// `"text"`, also the text of a byte or C string when it is UTF-8.
    Str(Name),
    /// An integer that fits; larger ones are `Other`.
    Int(i64),
    /// A float, as written without its suffix.
    Float(Name),
    /// `true`, `false`.
    Bool(bool),
    /// A character.
    Char(char),
    /// Anything else.
    Other,
}

/// A binary operator, as far as values are followed through it or limits told by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs, reason = "the names say it")]
pub enum BinOp {
    Add,
    Sub,
    Mul,
    Div,
    Shl,
    /// `<`.
    Under,
    /// `<=`.
    UpTo,
    /// `>=`.
    AtLeast,
    /// `>`.
    Over,
    /// `==`.
    Equal,
    /// `!=`.
    Unequal,
    /// `&&`.
    And,
    Other,
}

impl BinOp {
    /// One of the comparisons by size.
    #[must_use]
    pub fn compares(self) -> bool {
        matches!(self, BinOp::Under | BinOp::UpTo | BinOp::AtLeast | BinOp::Over)
    }
}

/// An expression.
#[allow(missing_docs, reason = "the syntax in each variant's line names the fields")]
#[derive(Clone, Debug, Serialize)]
pub enum Expr {
    /// `a::b`, a variable.
    Path(Path, Span),
    /// A literal.
    Lit(Lit, Span),
    /// `callee(args)`; the span is where the callee starts.
    Call { callee: ExprId, args: Box<[ExprId]>, span: Span },
    /// `recv.name::<T>(args)`; the span is that of the name.
    Method { recv: ExprId, name: Name, turbofish: ThinVec<Ty>, args: Box<[ExprId]>, span: Span },
    /// `base.name`.
    Field { base: ExprId, name: Name, span: Span },
    /// `base[index]`.
    Index { base: ExprId, index: ExprId },
    /// `&x`, `&mut x`.
    Ref(ExprId),
    /// `*x`.
    Deref(ExprId),
    /// `-x`, `!x`.
    Unary(ExprId),
    /// `x?`.
    Try(ExprId),
    /// `x.await`.
    Await(ExprId),
    /// `x as T`.
    Cast(ExprId, Box<Ty>),
    /// `a + b`.
    Binary { op: BinOp, left: ExprId, right: ExprId },
    /// `a = b`; `compound` for `a += b`.
    Assign { left: ExprId, right: ExprId, compound: bool },
    /// `{ … }`, `unsafe { … }`.
    Block(Box<[Stmt]>),
    /// `if`; the condition may hold `Let`.
    If { cond: ExprId, then: ExprId, otherwise: Option<ExprId> },
    /// `let pat = value` in a condition.
    Let { pat: PatId, value: ExprId },
    /// `match`.
    Match { value: ExprId, arms: Box<[Arm]> },
    /// `loop`; the span is that of the keyword.
    Loop { body: ExprId, span: Span },
    /// `while`.
    While { cond: ExprId, body: ExprId, span: Span },
    /// `for`.
    For { pat: PatId, iter: ExprId, body: ExprId, span: Span },
    /// `|params| body`.
    Closure { params: Box<[(PatId, Option<Ty>)]>, body: ExprId, is_async: bool, span: Span },
    /// `async { … }`.
    Async { body: ExprId, span: Span },
    /// `Path { field: value, ..rest }`.
    Struct { path: Box<Path>, fields: Box<[(Name, ExprId)]>, rest: Option<ExprId>, span: Span },
    /// `(a, b)`.
    Tuple(Box<[ExprId]>),
    /// `[a, b]`, `[a; n]`.
    Array(Box<[ExprId]>),
    /// `a..b`; `true` for `a..=b`.
    Range(Option<ExprId>, Option<ExprId>, bool),
    /// `return x`.
    Return(Option<ExprId>),
    /// `break x`.
    Break(Option<ExprId>),
    /// A macro call; `args` are the expressions that its body was read as, `read` is false when it could not be read, at least in part.
    /// A branch of `select!` is `if let pattern = future.await { handler }`.
    Macro { path: Box<Path>, args: Box<[ExprId]>, read: bool, span: Span },
    /// Anything without interest.
    Other(Box<[ExprId]>),
}

/// A statement of a block. Items are in [`Body::items`].
#[allow(missing_docs, reason = "the syntax in each variant's line names the fields")]
#[derive(Clone, Debug, Serialize)]
pub enum Stmt {
    /// `let pat: ty = init else { … };`.
    Let { pat: PatId, ty: Option<Box<Ty>>, init: Option<ExprId>, otherwise: Option<ExprId> },
    /// An expression; `semi` when a semicolon follows, so that its value is dropped.
    Expr { expr: ExprId, semi: bool },
}

/// An arm of a `match`.
#[derive(Clone, Debug, Serialize)]
pub struct Arm {
    /// Its pattern.
    pub pat: PatId,
    /// `if guard`.
    pub guard: Option<ExprId>,
    /// Its value.
    pub body: ExprId,
}

/// A pattern.
#[allow(missing_docs, reason = "the syntax in each variant's line names the fields")]
#[derive(Clone, Debug, Serialize)]
pub enum Pat {
    /// `name`, `ref mut name`, `name @ sub`.
    Bind { name: Name, sub: Option<PatId>, span: Span },
    /// `(a, b)`.
    Tuple(Box<[PatId]>),
    /// `Some(a)`.
    TupleStruct(Path, Box<[PatId]>),
    /// `S { a, b: c }`.
    Struct(Path, Box<[(Name, PatId)]>),
    /// `&a`.
    Ref(PatId),
    /// `a | b`.
    Or(Box<[PatId]>),
    /// `[a, b]`.
    Slice(Box<[PatId]>),
    /// `pat: T`.
    Typed(PatId, Box<Ty>),
    /// A constant or unit variant.
    Path(Path),
    /// `_`, `..`, a literal.
    Other,
}

/// Calls `f` with each direct child.
pub fn children(expr: &Expr, f: &mut dyn FnMut(ExprId)) {
    match expr {
        Expr::Path(..) | Expr::Lit(..) => {}
        Expr::Call { callee, args, .. } => {
            f(*callee);
            args.iter().copied().for_each(f);
        }
        Expr::Method { recv, args, .. } => {
            f(*recv);
            args.iter().copied().for_each(f);
        }
        Expr::Field { base: inner, .. }
        | Expr::Ref(inner)
        | Expr::Deref(inner)
        | Expr::Unary(inner)
        | Expr::Try(inner)
        | Expr::Await(inner)
        | Expr::Cast(inner, _)
        | Expr::Loop { body: inner, .. }
        | Expr::Closure { body: inner, .. }
        | Expr::Async { body: inner, .. }
        | Expr::Let { value: inner, .. } => f(*inner),
        Expr::Index { base: a, index: b } | Expr::Binary { left: a, right: b, .. } | Expr::Assign { left: a, right: b, .. } => {
            f(*a);
            f(*b);
        }
        Expr::While { cond: a, body: b, .. } | Expr::For { iter: a, body: b, .. } => {
            f(*a);
            f(*b);
        }
        Expr::Block(stmts) => {
            for stmt in stmts {
                match stmt {
                    Stmt::Let { init, otherwise, .. } => {
                        init.iter().chain(otherwise).copied().for_each(&mut *f);
                    }
                    Stmt::Expr { expr, .. } => f(*expr),
                }
            }
        }
        Expr::If { cond, then, otherwise } => {
            f(*cond);
            f(*then);
            otherwise.iter().copied().for_each(f);
        }
        Expr::Match { value, arms } => {
            f(*value);
            for arm in arms {
                arm.guard.iter().copied().for_each(&mut *f);
                f(arm.body);
            }
        }
        Expr::Struct { fields, rest, .. } => {
            fields.iter().map(|(_, value)| *value).for_each(&mut *f);
            rest.iter().copied().for_each(f);
        }
        Expr::Tuple(all) | Expr::Array(all) | Expr::Other(all) | Expr::Macro { args: all, .. } => all.iter().copied().for_each(f),
        Expr::Range(a, b, _) => a.iter().chain(b).copied().for_each(f),
        Expr::Return(inner) | Expr::Break(inner) => inner.iter().copied().for_each(f),
    }
}
