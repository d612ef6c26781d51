//! Bodies of the well-known macros that have a grammar of their own.

use proc_macro2::TokenStream;
use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, Ident, Pat, Result, Token, Type, Visibility};

use super::exprs::Lower;
use super::items::is_public;
use super::{Cx, cfgs, name};
use crate::facts::{self, Cfg, ExprId, ItemFact, ItemKind, StaticForm};

/// `static NAME: T = value;` with what the macros make optional: `ref`, the value, the last semicolon.
pub(super) struct StaticLike {
    attrs: Vec<Attribute>,
    vis: Visibility,
    mutable: bool,
    ident: Ident,
    ty: Type,
    init: Option<Expr>,
}

/// `thread_local!`, `lazy_static!`, `task_local!`: any number of statics and nothing else.
pub(super) fn statics(input: ParseStream<'_>) -> Result<Vec<StaticLike>> {
    let mut out = Vec::new();
    while !input.is_empty() {
        let attrs = Attribute::parse_outer(input)?;
        let vis = input.parse()?;
        input.parse::<Token![static]>()?;
        let mutable = input.parse::<Option<Token![mut]>>()?.is_some();
        let _: Option<Token![ref]> = input.parse()?;
        let ident = input.parse()?;
        input.parse::<Token![:]>()?;
        let ty = input.parse()?;
        let init = if input.parse::<Option<Token![=]>>()?.is_some() { Some(input.parse()?) } else { None };
        if !input.is_empty() {
            input.parse::<Token![;]>()?;
        }
        out.push(StaticLike { attrs, vis, mutable, ident, ty, init });
    }
    Ok(out)
}

impl Cx {
    pub(super) fn statics(&mut self, statics: &mut [StaticLike], form: StaticForm, out: &mut Vec<ItemFact>) {
        for one in statics {
            let Some(attrs) = self.attrs(&one.attrs) else { continue };
            let fact = self.static_fact(&one.ty, one.mutable, one.init.as_mut(), form);
            let kind = ItemKind::Static(Box::new(fact));
            out.push(self.fact(name(&one.ident), one.ident.span(), is_public(&one.vis), attrs, kind));
        }
    }

    /// The branches that can exist, each with its condition: its own, and that no branch before it was taken.
    pub(super) fn taken(&self, branches: Vec<CfgBranch>) -> Vec<(Option<Cfg>, TokenStream)> {
        let mut out = Vec::new();
        let mut before: Vec<Cfg> = Vec::new();
        for branch in branches {
            let own = branch.condition.and_then(cfgs::read);
            let mut all: Vec<Cfg> = before.iter().map(|cfg| Cfg::Not(Box::new(cfg.clone()))).collect();
            all.extend(own.clone());
            before.extend(own);
            match cfgs::all(all) {
                None => out.push((None, branch.body)),
                Some(cfg) => {
                    if let Some(condition) = self.condition(cfg) {
                        out.push((condition, branch.body));
                    }
                }
            }
        }
        out
    }
}

/// One branch of `cfg_if!` or `cfg_select!`.
pub(super) struct CfgBranch {
    condition: Option<TokenStream>,
    body: TokenStream,
}

/// `if #[cfg(a)] { … } else if #[cfg(b)] { … } else { … }`.
pub(super) fn cfg_if(input: ParseStream<'_>) -> Result<Vec<CfgBranch>> {
    let mut out = Vec::new();
    loop {
        let condition = if input.parse::<Option<Token![if]>>()?.is_some() {
            let attrs = Attribute::parse_outer(input)?;
            match attrs.first().map(|attr| &attr.meta) {
                Some(syn::Meta::List(list)) => Some(list.tokens.clone()),
                _ => return Err(input.error("expected `#[cfg]`")),
            }
        } else {
            None
        };
        let body;
        syn::braced!(body in input);
        out.push(CfgBranch { condition, body: body.parse()? });
        if input.is_empty() {
            return Ok(out);
        }
        input.parse::<Token![else]>()?;
    }
}

/// `unix => { … } feature = "a" => { … } _ => { … }`.
pub(super) fn cfg_select(input: ParseStream<'_>) -> Result<Vec<CfgBranch>> {
    let mut out = Vec::new();
    while !input.is_empty() {
        let mut condition = TokenStream::new();
        while !input.peek(Token![=>]) {
            condition.extend([input.parse::<proc_macro2::TokenTree>()?]);
        }
        input.parse::<Token![=>]>()?;
        let body;
        syn::braced!(body in input);
        // `_` holds no condition and is read as none.
        out.push(CfgBranch { condition: Some(condition), body: body.parse()? });
        let _: Option<Token![,]> = input.parse()?;
    }
    Ok(out)
}

/// A branch of `tokio::select!` or `futures::select!`.
pub(super) struct SelectBranch {
    /// The pattern and the future; none for `else`, `complete` and `default`.
    waits: Option<(Pat, Expr)>,
    guard: Option<Expr>,
    handler: Expr,
}

pub(super) fn select(input: ParseStream<'_>) -> Result<Vec<SelectBranch>> {
    let mut out = Vec::new();
    if input.peek(Ident) && input.peek2(Token![;]) {
        // `biased;`
        input.parse::<Ident>()?;
        input.parse::<Token![;]>()?;
    }
    while !input.is_empty() {
        let mut guard = None;
        let waits = if input.parse::<Option<Token![else]>>()?.is_some() {
            None
        } else if input.peek(Ident) && input.peek2(Token![=>]) {
            input.parse::<Ident>()?;
            None
        } else {
            let pat = Pat::parse_multi_with_leading_vert(input)?;
            input.parse::<Token![=]>()?;
            let future = input.parse()?;
            if input.peek(Token![,]) && input.peek2(Token![if]) {
                input.parse::<Token![,]>()?;
                input.parse::<Token![if]>()?;
                guard = Some(input.parse()?);
            }
            Some((pat, future))
        };
        input.parse::<Token![=>]>()?;
        let handler = Expr::parse_with_earlier_boundary_rule(input)?;
        let _: Option<Token![,]> = input.parse()?;
        out.push(SelectBranch { waits, guard, handler });
    }
    Ok(out)
}

/// `matches!(value, pattern if guard)`, and `assert_matches!` with a message behind.
pub(super) struct Matches {
    value: Expr,
    pat: Pat,
    guard: Option<Expr>,
    rest: Punctuated<Expr, Token![,]>,
}

pub(super) fn matches(input: ParseStream<'_>) -> Result<Matches> {
    let value = input.parse()?;
    input.parse::<Token![,]>()?;
    let pat = Pat::parse_multi_with_leading_vert(input)?;
    let guard = if input.parse::<Option<Token![if]>>()?.is_some() { Some(input.parse()?) } else { None };
    let _: Option<Token![,]> = input.parse()?;
    Ok(Matches { value, pat, guard, rest: Punctuated::parse_terminated(input)? })
}

impl Lower<'_> {
    /// A branch reads as `if let pattern = future.await { handler }`, so that the pattern binds for the handler.
    pub(super) fn select_branch(&mut self, branch: &mut SelectBranch) -> ExprId {
        let Some((pat, future)) = &mut branch.waits else { return self.expr(&mut branch.handler) };
        let future = self.expr(future);
        let value = self.push(facts::Expr::Await(future));
        let pat = self.pat(pat);
        let mut cond = self.push(facts::Expr::Let { pat, value });
        if let Some(guard) = &mut branch.guard {
            let left = self.expr(guard);
            cond = self.push(facts::Expr::Binary { op: facts::BinOp::And, left, right: cond });
        }
        let then = self.expr(&mut branch.handler);
        self.push(facts::Expr::If { cond, then, otherwise: None })
    }

    pub(super) fn matches(&mut self, matches: &mut Matches) -> Box<[ExprId]> {
        let value = self.expr(&mut matches.value);
        let pat = self.pat(&mut matches.pat);
        let mut args = vec![self.push(facts::Expr::Let { pat, value })];
        args.extend(matches.guard.as_mut().map(|guard| self.expr(guard)));
        args.extend(matches.rest.iter_mut().map(|expr| self.expr(expr)));
        args.into_boxed_slice()
    }
}
