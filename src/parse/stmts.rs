//! Blocks and statements. Items among them go to the items of the body.

use syn::{Attribute, Expr as SynExpr, Stmt as SynStmt};

use super::exprs::Lower;
use crate::facts::{Cfg, Expr, ExprId, Path, Span, Stmt};

impl Lower<'_> {
    pub(super) fn block(&mut self, block: &mut syn::Block) -> Expr {
        self.stmts(&mut block.stmts)
    }

    pub(super) fn block_id(&mut self, block: &mut syn::Block) -> ExprId {
        let block = self.block(block);
        self.push(block)
    }

    pub(super) fn stmts(&mut self, stmts: &mut [SynStmt]) -> Expr {
        let mut out = Vec::with_capacity(stmts.len());
        for stmt in stmts {
            self.stmt(stmt, &mut out);
        }
        Expr::Block(out.into_boxed_slice())
    }

    pub(super) fn stmt(&mut self, stmt: &mut SynStmt, out: &mut Vec<Stmt>) {
        let count = out.len();
        let cfg = match stmt {
            SynStmt::Local(local) => self.cx.cfg(&local.attrs),
            SynStmt::Item(item) => return self.cx.item(item, &mut self.items),
            SynStmt::Expr(expr, _) => self.cx.cfg(expr_attrs(expr)),
            SynStmt::Macro(call) => self.cx.cfg(&call.attrs),
        };
        if let Some(cfg) = cfg {
            self.kept_stmt(stmt, out);
            self.on_builds(cfg, &out[count..]);
        }
    }

    /// Notes what only some builds have.
    pub(super) fn on_builds(&mut self, cfg: Option<Cfg>, stmts: &[Stmt]) {
        let Some(cfg) = cfg else { return };
        let exprs = stmts.iter().filter_map(|stmt| match stmt {
            Stmt::Let { init, .. } => *init,
            Stmt::Expr { expr, .. } => Some(*expr),
        });
        self.cfgs.extend(exprs.map(|expr| (expr, cfg.clone())));
    }

    fn kept_stmt(&mut self, stmt: &mut SynStmt, out: &mut Vec<Stmt>) {
        match stmt {
            SynStmt::Local(local) => out.push(self.local(local)),
            SynStmt::Item(_) => {}
            SynStmt::Expr(expr, semi) => {
                let elsewhere = matches!(expr, SynExpr::Return(_)) && !self.cx.holds_on_linux(expr_attrs(expr));
                let expr = self.expr(expr);
                let expr = if elsewhere { self.on_some_builds(expr) } else { expr };
                out.push(Stmt::Expr { expr, semi: semi.is_some() });
            }
            // A block macro at the end is the value of the block, as far as the syntax tells.
            SynStmt::Macro(call) => self.macro_stmt(&mut call.mac, call.semi_token.is_some(), out),
        }
    }

    /// `#[cfg(windows)] return x;` as `if cfg!(windows) { return x }`: what stands behind it is reached elsewhere.
    pub(super) fn on_some_builds(&mut self, then: ExprId) -> ExprId {
        let span = Span { line: 0, column: 0 };
        let cond = self.push(Expr::Macro { path: Box::new(Path::of(&["cfg"])), args: Box::default(), read: true, span });
        self.push(Expr::If { cond, then, otherwise: None })
    }

    fn local(&mut self, local: &mut syn::Local) -> Stmt {
        let (pat, ty) = match &mut local.pat {
            syn::Pat::Type(typed) => {
                let pat = self.pat(&mut typed.pat);
                (pat, Some(Box::new(self.cx.ty(&typed.ty))))
            }
            pat => (self.pat(pat), None),
        };
        let (init, otherwise) = match &mut local.init {
            Some(init) => {
                let value = self.expr(&mut init.expr);
                (Some(value), init.diverge.as_mut().map(|(_, otherwise)| self.expr(otherwise)))
            }
            None => (None, None),
        };
        Stmt::Let { pat, ty, init, otherwise }
    }
}

/// The attributes of an expression statement; the parser hands them to its leftmost operand.
fn expr_attrs(expr: &SynExpr) -> &[Attribute] {
    let mut expr = expr;
    loop {
        expr = match expr {
            SynExpr::Assign(assign) => &assign.left,
            SynExpr::Binary(binary) => &binary.left,
            SynExpr::Cast(cast) => &cast.expr,
            SynExpr::MethodCall(call) => return &call.attrs,
            SynExpr::Call(call) => return &call.attrs,
            SynExpr::Path(path) => return &path.attrs,
            SynExpr::Field(field) => return &field.attrs,
            SynExpr::Index(index) => return &index.attrs,
            SynExpr::Unary(unary) => return &unary.attrs,
            SynExpr::Block(block) => return &block.attrs,
            SynExpr::Unsafe(block) => return &block.attrs,
            SynExpr::Async(block) => return &block.attrs,
            SynExpr::If(branch) => return &branch.attrs,
            SynExpr::Match(matched) => return &matched.attrs,
            SynExpr::Loop(looped) => return &looped.attrs,
            SynExpr::While(looped) => return &looped.attrs,
            SynExpr::ForLoop(looped) => return &looped.attrs,
            SynExpr::Try(tried) => return &tried.attrs,
            SynExpr::Await(awaited) => return &awaited.attrs,
            SynExpr::Return(returned) => return &returned.attrs,
            SynExpr::Break(broken) => return &broken.attrs,
            SynExpr::Continue(continued) => return &continued.attrs,
            SynExpr::Macro(mac) => return &mac.attrs,
            SynExpr::Struct(literal) => return &literal.attrs,
            SynExpr::Closure(closure) => return &closure.attrs,
            SynExpr::Paren(paren) => return &paren.attrs,
            SynExpr::Tuple(tuple) => return &tuple.attrs,
            SynExpr::Lit(lit) => return &lit.attrs,
            _ => return &[],
        };
    }
}
