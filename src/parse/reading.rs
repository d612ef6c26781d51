//! What the body of an unknown macro can be read as: items, statements, or expressions between separators.

use proc_macro2::{Spacing, TokenStream};
use syn::buffer::Cursor;
use syn::parse::discouraged::Speculative;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Block, Expr, ImplItem, Item, Result, Stmt, Token, token};

/// The first reading that fits.
pub(super) enum Reading {
    Items(Vec<Item>),
    Stmts(Vec<Stmt>),
    /// `read` is false when brackets were met of which nothing could be read.
    Exprs {
        exprs: Vec<Expr>,
        read: bool,
    },
}

impl Reading {
    fn complete(exprs: Vec<Expr>) -> Self {
        Self::Exprs { exprs, read: true }
    }
}

/// Reads what a macro became in item position.
pub(super) fn only_items(tokens: TokenStream) -> Option<Vec<Item>> {
    all::<Item>.parse2(tokens).ok()
}

/// Reads what a macro became in statement position.
pub(super) fn only_stmts(tokens: TokenStream) -> Option<Vec<Stmt>> {
    Block::parse_within.parse2(tokens).ok()
}

/// Reads what a macro became in expression position: one expression, or statements that a caller's braces are around.
pub(super) fn only_code(tokens: TokenStream) -> Option<Vec<Stmt>> {
    let parser = |input: ParseStream<'_>| match attempt(input, Expr::parse) {
        Some(expr) => Ok(vec![Stmt::Expr(expr, None)]),
        None => Block::parse_within(input),
    };
    parser.parse2(tokens).ok()
}

/// Reads what a macro became in the place of a type.
pub(super) fn only_type(tokens: TokenStream) -> Option<syn::Type> {
    syn::parse2(tokens).ok()
}

/// Reads a body in item position.
pub(super) fn as_items(tokens: TokenStream, braces: bool) -> Option<Reading> {
    let parser = |input: ParseStream<'_>| match attempt(input, items) {
        Some(items) => Ok(Reading::Items(items)),
        None => reading(input, braces),
    };
    parser.parse2(tokens).ok()
}

/// `feature! { #![feature = "x"] pub mod a; … }`: items below a condition of the macro's own making.
fn items(input: ParseStream<'_>) -> Result<Vec<Item>> {
    input.call(syn::Attribute::parse_inner)?;
    all(input)
}

/// Reads a body among the members of an impl or a trait.
pub(super) fn as_members(tokens: TokenStream) -> Option<Vec<ImplItem>> {
    all::<ImplItem>.parse2(tokens).ok()
}

/// Reads a body in expression or statement position.
pub(super) fn as_code(tokens: TokenStream, braces: bool) -> Option<Reading> {
    (|input: ParseStream<'_>| reading(input, braces)).parse2(tokens).ok()
}

fn reading(input: ParseStream<'_>, braces: bool) -> Result<Reading> {
    let statements = braces || input.peek(Token![let]);
    let first = if statements { attempt(input, Block::parse_within).map(Reading::Stmts) } else { None };
    if let Some(reading) = first.or_else(|| attempt(input, list).map(Reading::complete)) {
        return Ok(reading);
    }
    let ahead = input.fork();
    let mut pieces = Pieces::default();
    pieces.read(&ahead)?;
    if pieces.skipped
        && !statements
        && let Some(stmts) = attempt(input, Block::parse_within)
    {
        return Ok(Reading::Stmts(stmts));
    }
    input.advance_to(&ahead);
    Ok(Reading::Exprs { read: !pieces.blind, exprs: pieces.exprs })
}

/// The usual body: expressions between commas, some of them named.
fn list(input: ParseStream<'_>) -> Result<Vec<Expr>> {
    let mut out = Vec::new();
    while !input.is_empty() {
        skip_name(input)?;
        out.push(input.parse()?);
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
    }
    Ok(out)
}

/// The body of `json!`: its braces are objects, not blocks.
pub(super) fn as_json(tokens: TokenStream) -> Option<Reading> {
    let parser = |input: ParseStream<'_>| {
        let mut pieces = Pieces { json: true, ..Pieces::default() };
        pieces.read(input)?;
        Ok(Reading::Exprs { read: !pieces.blind, exprs: pieces.exprs })
    };
    parser.parse2(tokens).ok()
}

/// Runs a parser that must take all of the input; the input stays where it was when it does not.
fn attempt<T>(input: ParseStream<'_>, parser: fn(ParseStream<'_>) -> Result<T>) -> Option<T> {
    let ahead = input.fork();
    let out = parser(&ahead).ok()?;
    if !ahead.is_empty() {
        return None;
    }
    input.advance_to(&ahead);
    Some(out)
}

fn all<T: syn::parse::Parse>(input: ParseStream<'_>) -> Result<Vec<T>> {
    let mut out = Vec::new();
    while !input.is_empty() {
        out.push(input.parse()?);
    }
    Ok(out)
}

/// Pieces between `,` `;` `=>` `->` and `:`.
#[derive(Default)]
struct Pieces {
    exprs: Vec<Expr>,
    /// Some piece is no expression.
    skipped: bool,
    /// Some bracket held code of which nothing could be read.
    blind: bool,
    /// Brackets at the start of a piece are data.
    json: bool,
}

impl Pieces {
    fn read(&mut self, input: ParseStream<'_>) -> Result<()> {
        while !input.is_empty() {
            if separator(input)? {
                continue;
            }
            skip_name(input)?;
            if self.json && (input.peek(token::Brace) || input.peek(token::Bracket)) {
                self.skip(input)?;
                continue;
            }
            let ahead = input.fork();
            if let Ok(expr) = ahead.parse::<Expr>()
                && at_border(&ahead)
            {
                input.advance_to(&ahead);
                self.exprs.push(expr);
            } else {
                self.skipped = true;
                self.skip(input)?;
            }
        }
        Ok(())
    }

    /// Passes over a piece that is no expression, and looks into its brackets: `<div>{ self.name() }</div>`.
    fn skip(&mut self, input: ParseStream<'_>) -> Result<()> {
        while !at_border(input) {
            if input.peek(token::Brace) {
                let inner;
                syn::braced!(inner in input);
                self.group(&inner)?;
            } else if input.peek(token::Paren) {
                let inner;
                syn::parenthesized!(inner in input);
                self.group(&inner)?;
            } else if input.peek(token::Bracket) {
                let inner;
                syn::bracketed!(inner in input);
                self.group(&inner)?;
            } else {
                input.parse::<proc_macro2::TokenTree>()?;
            }
        }
        Ok(())
    }

    fn group(&mut self, inner: ParseStream<'_>) -> Result<()> {
        let found = self.exprs.len();
        let empty = inner.is_empty();
        self.read(inner)?;
        // Data may well hold no expression but literals.
        self.blind |= !empty && !self.json && self.exprs.len() == found;
        Ok(())
    }
}

fn at_border(input: ParseStream<'_>) -> bool {
    input.is_empty()
        || input.peek(Token![,])
        || input.peek(Token![;])
        || input.peek(Token![=>])
        || input.peek(Token![->])
        || (input.peek(Token![:]) && !input.peek(Token![::]))
}

fn separator(input: ParseStream<'_>) -> Result<bool> {
    if input.is_empty() || !at_border(input) {
        return Ok(false);
    }
    let arrow = input.peek(Token![=>]) || input.peek(Token![->]);
    input.parse::<proc_macro2::TokenTree>()?;
    if arrow {
        input.parse::<proc_macro2::TokenTree>()?;
    }
    Ok(true)
}

/// Passes over the name of a named argument and the sigil of a field: `name = `, `a.b = %`, `"key": `, `?`.
fn skip_name(input: ParseStream<'_>) -> Result<()> {
    // Looked at before a cursor is taken: cursors copy the tokens that they pass.
    let named = input.peek2(Token![=]) || input.peek2(Token![:]) || input.peek2(Token![.]);
    if named || input.peek(Token![%]) || input.peek(Token![?]) {
        input.step(|cursor| Ok(((), after_name(*cursor))))?;
    }
    Ok(())
}

fn after_name(start: Cursor<'_>) -> Cursor<'_> {
    let mut at = start;
    if let Some(value) = named(start) {
        at = value;
    }
    match at.punct() {
        Some((punct, rest)) if matches!(punct.as_char(), '%' | '?') => rest,
        _ => at,
    }
}

fn named(start: Cursor<'_>) -> Option<Cursor<'_>> {
    if let Some((_, rest)) = start.literal() {
        return single(rest, ':');
    }
    let (_, mut rest) = start.ident()?;
    while let Some((_, part)) = single(rest, '.').and_then(|dot| dot.ident()) {
        rest = part;
    }
    single(rest, ':').or_else(|| single(rest, '='))
}

/// Behind a punctuation mark that is not the start of `::`, `==`, `=>` or `..`.
fn single(at: Cursor<'_>, mark: char) -> Option<Cursor<'_>> {
    let (punct, rest) = at.punct().filter(|(punct, _)| punct.as_char() == mark)?;
    let joined = punct.spacing() == Spacing::Joint && rest.punct().is_some_and(|(next, _)| matches!(next.as_char(), ':' | '=' | '>' | '.'));
    (!joined).then_some(rest)
}
