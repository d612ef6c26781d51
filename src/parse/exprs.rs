//! Expressions, lowered into the arena of a body.

use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Expr as SynExpr, Token};

use super::patterns::member;
use super::{Cx, name, span};
use crate::facts::{Arm, BinOp, Body, Cfg, Expr, ExprId, ItemFact, Lit, Name, ParseError, Pat, PatId, Span, Ty};

/// How deeply expressions may nest in a body, so that the later stages can recurse. Beyond it chains are flattened.
const MAX_DEPTH: u32 = 1_000;

/// The buffers of a body that is being read.
#[derive(Default)]
pub(super) struct Arena {
    pub(super) exprs: Vec<Expr>,
    pub(super) pats: Vec<Pat>,
}

/// Lowers one body.
pub(super) struct Lower<'c> {
    pub(super) cx: &'c mut Cx,
    pub(super) arena: Arena,
    pub(super) items: Vec<ItemFact>,
    /// What only some builds have, as far as it was read.
    pub(super) cfgs: Vec<(ExprId, Cfg)>,
    depth: u32,
}

impl<'c> Lower<'c> {
    /// For a body that is read from elsewhere than a syntax tree.
    pub(super) fn new(cx: &'c mut Cx) -> Self {
        Self { cx, arena: Arena::default(), items: Vec::new(), cfgs: Vec::new(), depth: 0 }
    }
}

impl Cx {
    /// Reads one body: `read` returns its root.
    pub(super) fn body(&mut self, read: impl FnOnce(&mut Lower<'_>) -> Option<ExprId>) -> Body {
        let arena = self.spare.pop().unwrap_or_default();
        let mut lower = Lower { cx: self, arena, items: Vec::new(), cfgs: Vec::new(), depth: 0 };
        let root = read(&mut lower);
        let Lower { mut arena, items, cfgs, .. } = lower;
        // Bodies live on, so they are stored without spare room.
        let body = Body { exprs: arena.exprs.drain(..).collect(), pats: arena.pats.drain(..).collect(), items, root, cfgs: cfgs.into() };
        self.spare.push(arena);
        body
    }
}

impl Lower<'_> {
    pub(super) fn push(&mut self, expr: Expr) -> ExprId {
        let id = ExprId(self.arena.exprs.len() as u32);
        self.arena.exprs.push(expr);
        id
    }

    /// Lowers a list. By index: the iterators of `Punctuated` are boxed.
    pub(super) fn exprs(&mut self, exprs: &mut Punctuated<SynExpr, Token![,]>) -> Box<[ExprId]> {
        (0..exprs.len()).map(|index| self.expr(&mut exprs[index])).collect()
    }

    fn maybe(&mut self, expr: &mut Option<Box<SynExpr>>) -> Option<ExprId> {
        expr.as_mut().map(|expr| self.expr(expr))
    }

    pub(super) fn expr(&mut self, expr: &mut SynExpr) -> ExprId {
        if self.depth >= MAX_DEPTH {
            return self.flatten(expr);
        }
        self.depth += 1;
        let lowered = self.lower(expr);
        self.depth -= 1;
        match lowered {
            Lowered::New(expr) => self.push(expr),
            Lowered::Same(id) => id,
        }
    }

    /// The kinds that services are made of; the rest is in `rare`.
    fn lower(&mut self, expr: &mut SynExpr) -> Lowered {
        Lowered::New(match expr {
            SynExpr::Path(path) => {
                let at = path_start(path);
                Expr::Path(self.cx.qualified(path.qself.as_ref(), &path.path), at)
            }
            SynExpr::MethodCall(call) => {
                let recv = self.expr(&mut call.receiver);
                let turbofish = call.turbofish.as_ref().map(|angle| self.cx.generic_args(&angle.args)).unwrap_or_default();
                let args = self.exprs(&mut call.args);
                Expr::Method { recv, name: name(&call.method), turbofish, args, span: span(call.method.span()) }
            }
            SynExpr::Call(call) => {
                let callee = self.expr(&mut call.func);
                let args = self.exprs(&mut call.args);
                Expr::Call { callee, args, span: self.start(callee) }
            }
            SynExpr::Field(field) => {
                let base = self.expr(&mut field.base);
                let at = match &field.member {
                    syn::Member::Named(ident) => ident.span(),
                    syn::Member::Unnamed(index) => index.span,
                };
                Expr::Field { base, name: member(&field.member), span: span(at) }
            }
            SynExpr::Lit(lit) => Expr::Lit(literal(&lit.lit), span(lit.lit.span())),
            SynExpr::Reference(reference) => Expr::Ref(self.expr(&mut reference.expr)),
            SynExpr::Try(tried) => Expr::Try(self.expr(&mut tried.expr)),
            SynExpr::Await(awaited) => Expr::Await(self.expr(&mut awaited.base)),
            SynExpr::Macro(mac) => return self.macro_call(&mut mac.mac),
            SynExpr::Paren(paren) => return Lowered::Same(self.expr(&mut paren.expr)),
            SynExpr::Group(group) => return Lowered::Same(self.expr(&mut group.expr)),
            SynExpr::Block(block) => self.block(&mut block.block),
            SynExpr::Unsafe(block) => self.block(&mut block.block),
            SynExpr::Const(block) => self.block(&mut block.block),
            SynExpr::TryBlock(block) => self.block(&mut block.block),
            SynExpr::Closure(closure) => self.closure(closure),
            SynExpr::Async(block) => {
                let body = self.block_id(&mut block.block);
                Expr::Async { body, span: span(block.async_token.span) }
            }
            SynExpr::Struct(literal) => self.struct_literal(literal),
            SynExpr::If(branch) => {
                let cond = self.expr(&mut branch.cond);
                let then = self.block_id(&mut branch.then_branch);
                let otherwise = branch.else_branch.as_mut().map(|(_, otherwise)| self.expr(otherwise));
                Expr::If { cond, then, otherwise }
            }
            SynExpr::Match(matched) => {
                let value = self.expr(&mut matched.expr);
                let mut arms = Vec::with_capacity(matched.arms.len());
                for arm in &mut matched.arms {
                    if let Some(cfg) = self.cx.cfg(&arm.attrs) {
                        let arm = self.arm(arm);
                        self.cfgs.extend(cfg.map(|cfg| (arm.body, cfg)));
                        arms.push(arm);
                    }
                }
                Expr::Match { value, arms: arms.into_boxed_slice() }
            }
            SynExpr::Binary(binary) => {
                let left = self.expr(&mut binary.left);
                let right = self.expr(&mut binary.right);
                operation(&binary.op, left, right)
            }
            SynExpr::Unary(unary) => {
                let inner = self.expr(&mut unary.expr);
                if matches!(unary.op, syn::UnOp::Deref(_)) { Expr::Deref(inner) } else { Expr::Unary(inner) }
            }
            SynExpr::Let(bound) => {
                let pat = self.pat(&mut bound.pat);
                Expr::Let { pat, value: self.expr(&mut bound.expr) }
            }
            other => self.rare(other),
        })
    }

    fn rare(&mut self, expr: &mut SynExpr) -> Expr {
        match expr {
            SynExpr::Assign(assign) => {
                let left = self.expr(&mut assign.left);
                Expr::Assign { left, right: self.expr(&mut assign.right), compound: false }
            }
            SynExpr::Tuple(tuple) => Expr::Tuple(self.exprs(&mut tuple.elems)),
            SynExpr::Array(array) => Expr::Array(self.exprs(&mut array.elems)),
            SynExpr::Repeat(repeat) => Expr::Array([self.expr(&mut repeat.expr), self.expr(&mut repeat.len)].into()),
            SynExpr::Index(index) => {
                let base = self.expr(&mut index.expr);
                Expr::Index { base, index: self.expr(&mut index.index) }
            }
            SynExpr::Cast(cast) => {
                let inner = self.expr(&mut cast.expr);
                Expr::Cast(inner, Box::new(self.cx.ty(&cast.ty)))
            }
            SynExpr::Range(range) => {
                let start = self.maybe(&mut range.start);
                Expr::Range(start, self.maybe(&mut range.end), matches!(range.limits, syn::RangeLimits::Closed(_)))
            }
            SynExpr::Return(returned) => Expr::Return(self.maybe(&mut returned.expr)),
            SynExpr::Break(broken) => Expr::Break(self.maybe(&mut broken.expr)),
            SynExpr::RawAddr(raw) => Expr::Ref(self.expr(&mut raw.expr)),
            SynExpr::Loop(looped) => {
                let body = self.block_id(&mut looped.body);
                Expr::Loop { body, span: span(looped.loop_token.span) }
            }
            SynExpr::While(looped) => {
                let cond = self.expr(&mut looped.cond);
                let body = self.block_id(&mut looped.body);
                Expr::While { cond, body, span: span(looped.while_token.span) }
            }
            SynExpr::ForLoop(looped) => {
                let pat = self.pat(&mut looped.pat);
                let iter = self.expr(&mut looped.expr);
                let body = self.block_id(&mut looped.body);
                Expr::For { pat, iter, body, span: span(looped.for_token.span) }
            }
            SynExpr::Yield(yielded) => Expr::Other(self.maybe(&mut yielded.expr).into_iter().collect()),
            SynExpr::Verbatim(tokens) => Expr::Other(self.loose_exprs(std::mem::take(tokens))),
            // `continue`, `_`.
            _ => Expr::Other(Box::default()),
        }
    }

    fn arm(&mut self, arm: &mut syn::Arm) -> Arm {
        let (pat, guard) = match &mut arm.pat {
            syn::Pat::Guard(guarded) => {
                let pat = self.pat(&mut guarded.pat);
                (pat, Some(self.expr(&mut guarded.guard)))
            }
            pat => (self.pat(pat), None),
        };
        Arm { pat, guard, body: self.expr(&mut arm.body) }
    }

    fn closure(&mut self, closure: &mut syn::ExprClosure) -> Expr {
        let mut params: Vec<(PatId, Option<Ty>)> = Vec::with_capacity(closure.inputs.len());
        for index in 0..closure.inputs.len() {
            params.push(match &mut closure.inputs[index] {
                syn::Pat::Type(typed) => {
                    let pat = self.pat(&mut typed.pat);
                    (pat, Some(self.cx.ty(&typed.ty)))
                }
                pat => (self.pat(pat), None),
            });
        }
        let body = self.expr(&mut closure.body);
        Expr::Closure {
            params: params.into_boxed_slice(),
            body,
            is_async: closure.asyncness.is_some(),
            span: span(closure.inputs_begin.span),
        }
    }

    fn struct_literal(&mut self, literal: &mut syn::ExprStruct) -> Expr {
        let at = path_start_of(&literal.path);
        let path = self.cx.qualified(literal.qself.as_ref(), &literal.path);
        let mut fields: Vec<(Name, ExprId)> = Vec::with_capacity(literal.fields.len());
        for index in 0..literal.fields.len() {
            let field = &mut literal.fields[index];
            if self.cx.kept(&field.attrs) {
                fields.push((member(&field.member), self.expr(&mut field.expr)));
            }
        }
        Expr::Struct { path: Box::new(path), fields: fields.into_boxed_slice(), rest: self.maybe(&mut literal.rest), span: at }
    }

    /// Where an expression starts, as far as its parts know.
    pub(super) fn start(&self, id: ExprId) -> Span {
        let mut id = id;
        loop {
            id = match &self.arena.exprs[id.0 as usize] {
                Expr::Path(_, at) | Expr::Lit(_, at) => return *at,
                Expr::Call { span, .. } | Expr::Closure { span, .. } | Expr::Async { span, .. } => return *span,
                Expr::Struct { span, .. } | Expr::Macro { span, .. } => return *span,
                Expr::Method { recv: base, .. } | Expr::Field { base, .. } | Expr::Index { base, .. } => *base,
                Expr::Ref(base) | Expr::Deref(base) | Expr::Unary(base) | Expr::Try(base) | Expr::Await(base) | Expr::Cast(base, _) => {
                    *base
                }
                Expr::Binary { left, .. } | Expr::Assign { left, .. } => *left,
                _ => return Span::default(),
            };
        }
    }

    /// An expression at the depth limit: the parts of a chain become one flat list, so that long chains lose only their order.
    fn flatten(&mut self, expr: &mut SynExpr) -> ExprId {
        let mut parts = Vec::new();
        let mut waiting = vec![expr];
        while let Some(expr) = waiting.pop() {
            match expr {
                SynExpr::Path(_) | SynExpr::Lit(_) => {
                    if let Lowered::New(leaf) = self.lower(expr) {
                        parts.push(self.push(leaf));
                    }
                }
                SynExpr::MethodCall(call) => {
                    waiting.extend(call.args.iter_mut());
                    waiting.push(&mut call.receiver);
                }
                SynExpr::Call(call) => {
                    waiting.extend(call.args.iter_mut());
                    waiting.push(&mut call.func);
                }
                SynExpr::Binary(binary) => waiting.extend([&mut *binary.right, &mut *binary.left]),
                SynExpr::Index(index) => waiting.extend([&mut *index.index, &mut *index.expr]),
                SynExpr::Field(field) => waiting.push(&mut field.base),
                SynExpr::Try(tried) => waiting.push(&mut tried.expr),
                SynExpr::Await(awaited) => waiting.push(&mut awaited.base),
                SynExpr::Cast(cast) => waiting.push(&mut cast.expr),
                SynExpr::Paren(paren) => waiting.push(&mut paren.expr),
                SynExpr::Unary(unary) => waiting.push(&mut unary.expr),
                SynExpr::Reference(reference) => waiting.push(&mut reference.expr),
                other => self.lose(other),
            }
        }
        self.push(Expr::Other(parts.into_boxed_slice()))
    }

    fn lose(&mut self, expr: &SynExpr) {
        let at = match expr {
            SynExpr::If(branch) => branch.if_token.span,
            SynExpr::Closure(closure) => closure.inputs_begin.span,
            other => other.span(),
        };
        let message = || "an expression is nested more than 1,000 levels deep; what is inside was not read".to_owned();
        self.cx.too_deep.get_or_insert_with(|| ParseError { span: span(at), message: message() });
    }
}

/// What an expression became: a new one, or that inside its parentheses.
pub(super) enum Lowered {
    New(Expr),
    Same(ExprId),
}

fn path_start(path: &syn::ExprPath) -> Span {
    match &path.qself {
        Some(qself) => span(qself.lt_token.spans[0]),
        None => path_start_of(&path.path),
    }
}

pub(super) fn path_start_of(path: &syn::Path) -> Span {
    match (&path.leading_colon, path.segments.first()) {
        (Some(colons), _) => span(colons.spans[0]),
        (None, Some(first)) => span(first.ident.span()),
        (None, None) => Span::default(),
    }
}

fn operation(op: &syn::BinOp, left: ExprId, right: ExprId) -> Expr {
    use syn::BinOp as Op;
    let op = match op {
        Op::Add(_) => BinOp::Add,
        Op::Sub(_) => BinOp::Sub,
        Op::Mul(_) => BinOp::Mul,
        Op::Div(_) => BinOp::Div,
        Op::Shl(_) => BinOp::Shl,
        Op::AddAssign(_) | Op::SubAssign(_) | Op::MulAssign(_) | Op::DivAssign(_) | Op::RemAssign(_) => {
            return Expr::Assign { left, right, compound: true };
        }
        Op::BitXorAssign(_) | Op::BitAndAssign(_) | Op::BitOrAssign(_) | Op::ShlAssign(_) | Op::ShrAssign(_) => {
            return Expr::Assign { left, right, compound: true };
        }
        Op::Lt(_) => BinOp::Under,
        Op::Le(_) => BinOp::UpTo,
        Op::Ge(_) => BinOp::AtLeast,
        Op::Gt(_) => BinOp::Over,
        Op::Eq(_) => BinOp::Equal,
        Op::Ne(_) => BinOp::Unequal,
        Op::And(_) => BinOp::And,
        _ => BinOp::Other,
    };
    Expr::Binary { op, left, right }
}

pub(super) fn literal(lit: &syn::Lit) -> Lit {
    match lit {
        syn::Lit::Str(text) => Lit::Str(text.value().into()),
        syn::Lit::ByteStr(bytes) => String::from_utf8(bytes.value()).map_or(Lit::Other, |text| Lit::Str(text.into())),
        syn::Lit::CStr(text) => text.value().into_string().map_or(Lit::Other, |text| Lit::Str(text.into())),
        syn::Lit::Int(number) => number.base10_digits().parse().map_or(Lit::Other, Lit::Int),
        syn::Lit::Float(number) => Lit::Float(number.base10_digits().into()),
        syn::Lit::Bool(truth) => Lit::Bool(truth.value),
        syn::Lit::Char(one) => Lit::Char(one.value()),
        syn::Lit::Byte(byte) => Lit::Int(byte.value().into()),
        _ => Lit::Other,
    }
}
