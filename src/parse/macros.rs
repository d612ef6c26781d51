//! Macro calls: which reading their body gets, and what becomes of it in each position.

use proc_macro2::{TokenStream, TokenTree};
use syn::parse::Parser;
use syn::{Macro, MacroDelimiter};

use super::attrs::{Attrs, plain_path};
use super::exprs::{Lower, Lowered, path_start_of};
use super::items::anonymous_const;
use super::reading::{self, Reading};
use super::{Cx, cfgs, forms, name, plain};
use crate::facts::{Cfg, Expr, ExprId, ItemFact, ItemKind, Lit, Name, StaticForm, Stmt};

/// Macro calls inside macro calls are looked into this deeply: each level reads its tokens anew.
pub(super) const MAX_MACRO_DEPTH: u32 = 32;

/// What is known of a macro by its name.
pub(super) enum Form {
    /// Declares statics.
    Statics(StaticForm),
    /// `cfg_if!`.
    CfgIf,
    /// `cfg_select!`.
    CfgSelect,
    /// `include!`.
    Include,
    /// `select!`.
    Select,
    /// `matches!`.
    Matches,
    /// `json!`.
    Json,
    /// Its body is code to be generated, not code of this file.
    Template,
    /// Anything else.
    Unknown,
}

pub(super) fn form(name: &str) -> Form {
    match name {
        "thread_local" | "scoped_thread_local" => Form::Statics(StaticForm::ThreadLocal),
        "lazy_static" => Form::Statics(StaticForm::Lazy),
        "task_local" => Form::Statics(StaticForm::TaskLocal),
        "cfg_if" => Form::CfgIf,
        "cfg_select" => Form::CfgSelect,
        "include" => Form::Include,
        "select" | "select_biased" => Form::Select,
        "matches" | "assert_matches" | "debug_assert_matches" => Form::Matches,
        "json" => Form::Json,
        "quote" | "quote_spanned" | "parse_quote" | "parse_quote_spanned" => Form::Template,
        _ => Form::Unknown,
    }
}

fn last_name(mac: &Macro) -> Name {
    mac.path.segments.last().map(|last| name(&last.ident)).unwrap_or_default()
}

fn has_braces(mac: &Macro) -> bool {
    matches!(mac.delimiter, MacroDelimiter::Brace(_))
}

impl Cx {
    /// Counts a macro in a place where only tokens are wanted: a type, a pattern.
    pub(super) fn note_tokens_only(&mut self, mac: &Macro) {
        let tokens: Vec<TokenTree> = mac.tokens.clone().into_iter().collect();
        self.note(mac, plain::is_flat(&tokens));
    }

    fn note(&mut self, mac: &Macro, read: bool) {
        if read {
            self.macros_read += 1;
        } else {
            self.macros_unread.push(plain_path(&mac.path).name());
        }
    }

    pub(super) fn macro_item(&mut self, call: &mut syn::ItemMacro, attrs: Attrs, out: &mut Vec<ItemFact>) {
        if let Some(ident) = &call.ident {
            // `macro_rules! name { … }`: code of the places that call it. Those of functions are met here first.
            self.define(call, None);
            out.push(self.fact(name(ident), ident.span(), false, attrs, ItemKind::MacroRules));
            return;
        }
        let start = out.len();
        let cfg = attrs.cfg.clone();
        self.item_call(&mut call.mac, attrs, out);
        join_cfg(&mut out[start..], cfg.as_ref());
    }

    fn item_call(&mut self, mac: &mut Macro, mut attrs: Attrs, out: &mut Vec<ItemFact>) {
        attrs.cfg = None;
        if let Some(mut items) = self.expanded(mac, reading::only_items) {
            self.expanding(last_name(mac), |cx| {
                for item in &mut items {
                    cx.item(item, out);
                }
            });
            return;
        }
        let tokens = std::mem::take(&mut mac.tokens);
        let known = self.macro_depth < MAX_MACRO_DEPTH && self.known_items(mac, &tokens, out);
        if known {
            self.macros_read += 1;
            return;
        }
        let reading = match form(&last_name(mac)) {
            Form::Include => match syn::parse2::<syn::LitStr>(tokens) {
                Ok(path) => {
                    self.macros_read += 1;
                    out.push(self.fact(Name::default(), path_span(mac), false, attrs, ItemKind::Include(path.value())));
                    return;
                }
                // A path made by the build is out of reach, and so is what it holds.
                Err(_) => None,
            },
            _ if self.macro_depth < MAX_MACRO_DEPTH => reading::as_items(tokens, has_braces(mac)),
            _ => None,
        };
        self.placed_reading(mac, reading, attrs, out);
    }

    /// Reads a macro that is known to make items, or nothing; false when its body is not of the known form.
    fn known_items(&mut self, mac: &Macro, tokens: &TokenStream, out: &mut Vec<ItemFact>) -> bool {
        match form(&last_name(mac)) {
            Form::Statics(form) => match forms::statics.parse2(tokens.clone()) {
                Ok(mut statics) => {
                    self.inside(|cx| cx.statics(&mut statics, form, out));
                    true
                }
                Err(_) => false,
            },
            Form::CfgIf => self.cfg_items(forms::cfg_if.parse2(tokens.clone()), out),
            Form::CfgSelect => self.cfg_items(forms::cfg_select.parse2(tokens.clone()), out),
            Form::Template => true,
            _ => false,
        }
    }

    fn cfg_items(&mut self, branches: syn::Result<Vec<forms::CfgBranch>>, out: &mut Vec<ItemFact>) -> bool {
        let Ok(branches) = branches else { return false };
        for (cfg, body) in self.taken(branches) {
            let Ok(mut file) = syn::parse2::<syn::File>(body) else { return false };
            let start = out.len();
            self.inside(|cx| {
                for item in &mut file.items {
                    cx.item(item, out);
                }
            });
            join_cfg(&mut out[start..], cfg.as_ref());
        }
        true
    }

    fn cfg_members(&mut self, form: Form, tokens: &TokenStream, out: &mut Vec<ItemFact>) -> bool {
        let branches = match form {
            Form::CfgIf => forms::cfg_if.parse2(tokens.clone()),
            Form::CfgSelect => forms::cfg_select.parse2(tokens.clone()),
            _ => return false,
        };
        let Ok(branches) = branches else { return false };
        for (cfg, body) in self.taken(branches) {
            let Some(mut members) = reading::as_members(body) else { return false };
            let mut facts = self.inside(|cx| cx.impl_items(&mut members));
            join_cfg(&mut facts, cfg.as_ref());
            out.extend(facts);
        }
        true
    }

    /// Reads what is inside a macro.
    fn inside<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        self.macro_depth += 1;
        let out = read(self);
        self.macro_depth -= 1;
        out
    }

    /// A call in item position. Code in it that makes no items is kept as the value of an anonymous constant.
    fn placed_reading(&mut self, mac: &Macro, reading: Option<Reading>, attrs: Attrs, out: &mut Vec<ItemFact>) {
        let at = path_span(mac);
        let path = plain_path(&mac.path);
        let outer = self.from_macro.replace(last_name(mac));
        match reading {
            Some(Reading::Items(mut items)) => {
                self.macros_read += 1;
                self.inside(|cx| {
                    for item in &mut items {
                        cx.item(item, out);
                    }
                });
            }
            Some(reading @ (Reading::Stmts(_) | Reading::Exprs { read: true, .. })) => {
                self.macros_read += 1;
                let body = self.body(|lower| {
                    let (args, read) = lower.reading(reading);
                    Some(lower.push(Expr::Macro { path: Box::new(path), args, read, span: super::span(at) }))
                });
                out.push(self.fact(Name::new_static("_"), at, false, attrs, anonymous_const(body)));
            }
            Some(Reading::Exprs { .. }) | None => {
                self.note(mac, false);
                self.from_macro.clone_from(&outer);
                out.push(self.fact(Name::default(), at, false, attrs, ItemKind::MacroCall(path)));
            }
        }
        self.from_macro = outer;
    }

    /// A call among the members of an impl or a trait.
    pub(super) fn macro_member(&mut self, mac: &mut Macro, mut attrs: Attrs, out: &mut Vec<ItemFact>) {
        let start = out.len();
        let cfg = attrs.cfg.take();
        if let Some(mut members) = self.expanded(mac, reading::as_members) {
            let facts = self.expanding(last_name(mac), |cx| cx.impl_items(&mut members));
            out.extend(facts);
            join_cfg(&mut out[start..], cfg.as_ref());
            return;
        }
        let tokens = std::mem::take(&mut mac.tokens);
        let shallow = self.macro_depth < MAX_MACRO_DEPTH;
        if shallow && self.cfg_members(form(&last_name(mac)), &tokens, out) {
            self.macros_read += 1;
        } else if let Some(mut members) = reading::as_members(tokens.clone()).filter(|_| shallow) {
            self.macros_read += 1;
            let outer = self.from_macro.replace(last_name(mac));
            let facts = self.inside(|cx| cx.impl_items(&mut members));
            out.extend(facts);
            self.from_macro = outer;
        } else {
            let reading = if shallow { reading::as_code(tokens, has_braces(mac)) } else { None };
            self.placed_reading(mac, reading, attrs, out);
        }
        join_cfg(&mut out[start..], cfg.as_ref());
    }
}

impl Lower<'_> {
    /// A call in expression position.
    pub(super) fn macro_call(&mut self, mac: &mut Macro) -> Lowered {
        let Some(mut stmts) = self.cx.expanded(mac, reading::only_code) else { return Lowered::New(self.unexpanded(mac)) };
        Lowered::Same(self.expanding(last_name(mac), |lower| match stmts.as_mut_slice() {
            [syn::Stmt::Expr(only, _)] => lower.expr(only),
            stmts => lower.block_of(stmts),
        }))
    }

    /// A call of which only the arguments can be read.
    fn unexpanded(&mut self, mac: &mut Macro) -> Expr {
        let at = path_start_of(&mac.path);
        if self.cx.is_expanding() && mac.path.is_ident("stringify") {
            self.cx.note(mac, true);
            return stringified(std::mem::take(&mut mac.tokens));
        }
        let (args, read) = self.macro_args(mac);
        self.cx.note(mac, read);
        if self.cx.is_expanding()
            && mac.path.is_ident("concat")
            && let Some(whole) = self.concatenated(&args)
        {
            return whole;
        }
        Expr::Macro { path: Box::new(plain_path(&mac.path)), args, read, span: at }
    }

    /// The one text that texts make: `concat!("APP_", stringify!(PORT))`.
    fn concatenated(&self, args: &[ExprId]) -> Option<Expr> {
        let mut whole = String::new();
        let mut at = None;
        for arg in args {
            let Expr::Lit(Lit::Str(text), span) = &self.arena.exprs[arg.0 as usize] else { return None };
            whole.push_str(text);
            at.get_or_insert(*span);
        }
        Some(Expr::Lit(Lit::Str(whole.into()), at?))
    }

    /// A call in statement position.
    pub(super) fn macro_stmt(&mut self, mac: &mut Macro, semi: bool, out: &mut Vec<Stmt>) {
        if let Some(mut stmts) = self.cx.expanded(mac, reading::only_stmts) {
            // What the call's own words bind is bound in the block around it.
            self.expanding(last_name(mac), |lower| stmts.iter_mut().for_each(|stmt| lower.stmt(stmt, out)));
            if let Some(Stmt::Expr { semi: last, .. }) = out.last_mut() {
                *last |= semi;
            }
            return;
        }
        if self.cx.macro_depth < MAX_MACRO_DEPTH {
            let read = match form(&last_name(mac)) {
                Form::Statics(_) => self.cx.known_items(mac, &mac.tokens, &mut self.items),
                Form::CfgIf => self.cfg_stmts(forms::cfg_if.parse2(mac.tokens.clone()), out),
                Form::CfgSelect => self.cfg_stmts(forms::cfg_select.parse2(mac.tokens.clone()), out),
                _ => false,
            };
            if read {
                self.cx.macros_read += 1;
                return;
            }
        }
        let call = self.unexpanded(mac);
        out.push(Stmt::Expr { expr: self.push(call), semi });
    }

    /// Reads what a call became: the calls in it are one level deeper.
    fn expanding<T>(&mut self, of: Name, read: impl FnOnce(&mut Self) -> T) -> T {
        self.cx.open_expansion();
        let outer = self.cx.from_macro.replace(of);
        let out = read(self);
        self.cx.from_macro = outer;
        self.cx.close_expansion();
        out
    }

    fn cfg_stmts(&mut self, branches: syn::Result<Vec<forms::CfgBranch>>, out: &mut Vec<Stmt>) -> bool {
        let Ok(branches) = branches else { return false };
        for (cfg, body) in self.cx.taken(branches) {
            let Ok(mut stmts) = syn::Block::parse_within.parse2(body) else { return false };
            let start = self.items.len();
            self.cx.macro_depth += 1;
            let expr = self.block_of(&mut stmts);
            self.cx.macro_depth -= 1;
            join_cfg(&mut self.items[start..], cfg.as_ref());
            out.push(Stmt::Expr { expr, semi: false });
        }
        true
    }

    fn macro_args(&mut self, mac: &mut Macro) -> (Box<[ExprId]>, bool) {
        if mac.tokens.is_empty() {
            return (Box::default(), true);
        }
        if self.cx.macro_depth >= MAX_MACRO_DEPTH {
            return (Box::default(), false);
        }
        let tokens = std::mem::take(&mut mac.tokens);
        self.cx.macro_depth += 1;
        let args = self.args_of(form(&last_name(mac)), tokens, has_braces(mac));
        self.cx.macro_depth -= 1;
        args
    }

    fn args_of(&mut self, form: Form, tokens: TokenStream, braces: bool) -> (Box<[ExprId]>, bool) {
        let reading = match form {
            Form::Template => return (Box::default(), true),
            Form::Select => {
                if let Ok(mut branches) = forms::select.parse2(tokens.clone()) {
                    return (branches.iter_mut().map(|branch| self.select_branch(branch)).collect(), true);
                }
                reading::as_code(tokens, braces)
            }
            Form::Matches => {
                if let Ok(mut matches) = forms::matches.parse2(tokens.clone()) {
                    return (self.matches(&mut matches), true);
                }
                reading::as_code(tokens, braces)
            }
            Form::Json => reading::as_json(tokens),
            _ => {
                let tokens: Vec<TokenTree> = tokens.into_iter().collect();
                if let Some(args) = plain::is_flat(&tokens).then(|| self.plain(&tokens)).flatten() {
                    return (args, true);
                }
                reading::as_code(tokens.into_iter().collect(), braces)
            }
        };
        reading.map_or_else(|| (Box::default(), false), |reading| self.reading(reading))
    }

    fn reading(&mut self, reading: Reading) -> (Box<[ExprId]>, bool) {
        match reading {
            Reading::Exprs { mut exprs, read } => (exprs.iter_mut().map(|expr| self.expr(expr)).collect(), read),
            Reading::Stmts(mut stmts) => match stmts.as_mut_slice() {
                [] => (Box::default(), true),
                [syn::Stmt::Expr(only, None)] => ([self.expr(only)].into(), true),
                stmts => {
                    let start = self.items.len();
                    let block = self.block_of(stmts);
                    let from = self.cx.from_macro.clone();
                    for item in &mut self.items[start..] {
                        item.from_macro = item.from_macro.take().or_else(|| from.clone());
                    }
                    ([block].into(), true)
                }
            },
            Reading::Items(mut items) => {
                for item in &mut items {
                    self.cx.item(item, &mut self.items);
                }
                (Box::default(), true)
            }
        }
    }

    /// The expressions among tokens that the parser left alone.
    pub(super) fn loose_exprs(&mut self, tokens: TokenStream) -> Box<[ExprId]> {
        match reading::as_code(tokens, false) {
            Some(reading) => self.reading(reading).0,
            None => Box::default(),
        }
    }
}

/// The text of tokens, which is a name in most cases: the key of a setting, made from the field that it is for.
fn stringified(tokens: TokenStream) -> Expr {
    let at = tokens.clone().into_iter().next().map_or_else(proc_macro2::Span::call_site, |first| first.span());
    Expr::Lit(Lit::Str(tokens.to_string().into()), super::span(at))
}

fn path_span(mac: &Macro) -> proc_macro2::Span {
    mac.path.segments.first().map_or_else(proc_macro2::Span::call_site, |first| first.ident.span())
}

/// The condition of a call is one of all that its body makes.
fn join_cfg(items: &mut [ItemFact], cfg: Option<&Cfg>) {
    let Some(cfg) = cfg else { return };
    for item in items {
        let mut all = vec![cfg.clone()];
        all.extend(item.cfg.take());
        item.cfg = cfgs::all(all);
    }
}
