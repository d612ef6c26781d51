//! The left side of a `macro_rules!` arm: what a call must look like, and what it binds.
//!
//! Greedy and without going back, as the compiler's is. Where the compiler refuses a call, an arm further down may still match here:
//! code that is analysed compiles, so that what is accepted too much does not occur.

use std::collections::BTreeMap;

use proc_macro2::{Delimiter, Spacing, TokenTree};
use syn::buffer::Cursor;
use syn::parse::discouraged::Speculative;
use syn::parse::{Parse, ParseStream};
use syn::{Result, Token, token};

use super::name;
use crate::facts::Name;

/// One piece of the left side.
pub(super) enum Matcher {
    /// A token that must be there.
    Token(Mark),
    /// A bracket and what is in it.
    Group(Delimiter, Vec<Matcher>),
    /// `$name:fragment`.
    Bind(Name, Fragment),
    /// `$( … ),*`.
    Repeat(Repeat),
}

/// A part of the left side that may be there more than once, or not at all.
pub(super) struct Repeat {
    inner: Vec<Matcher>,
    separator: Option<Mark>,
    times: Times,
    /// What is bound inside, however deep.
    names: Vec<Name>,
}

/// How often a repetition may occur.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Times {
    Any,
    Some,
    Optional,
}

/// A token as the compiler cuts it: `=>` is one.
#[derive(PartialEq, Eq)]
pub(super) enum Mark {
    Word(String),
    Operator([char; 3]),
    Literal(String),
    Lifetime(String),
}

/// What a variable stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fragment {
    Block,
    Expr,
    Ident,
    Item,
    Lifetime,
    Literal,
    Meta,
    Pat,
    PatParam,
    Path,
    Stmt,
    Tt,
    Ty,
    Vis,
}

/// What a variable was bound to.
pub(super) enum Binding {
    One {
        tokens: Vec<TokenTree>,
        /// With those in brackets.
        size: usize,
        /// An expression: it stays one whatever stands around it.
        expr: bool,
    },
    Many(Vec<Binding>),
}

/// What a call bound.
pub(super) type Bindings = BTreeMap<Name, Binding>;

const OPERATORS: [&str; 26] = [
    "<<=", ">>=", "...", "..=", "==", "!=", "<=", ">=", "&&", "||", "+=", "-=", "*=", "/=", "%=", "^=", "&=", "|=", "<<", ">>", "->", "=>",
    "<-", "::", "..", "$$",
];

/// The operator here, by the longest match.
pub(super) fn operator(at: Cursor<'_>) -> Option<([char; 3], Cursor<'_>)> {
    let (first, after_first) = at.punct()?;
    let mut text = [first.as_char(), '\0', '\0'];
    if first.spacing() == Spacing::Joint
        && let Some((second, after_second)) = after_first.punct()
    {
        text[1] = second.as_char();
        if second.spacing() == Spacing::Joint
            && let Some((third, after_third)) = after_second.punct()
        {
            text[2] = third.as_char();
            if is_operator(&text) {
                return Some((text, after_third));
            }
            text[2] = '\0';
        }
        if is_operator(&text) {
            return Some((text, after_second));
        }
        text[1] = '\0';
    }
    Some((text, after_first))
}

fn is_operator(text: &[char; 3]) -> bool {
    let length = text.iter().take_while(|char| **char != '\0').count();
    OPERATORS.iter().any(|known| known.chars().eq(text[..length].iter().copied()))
}

/// Behind the character, when it is here.
pub(super) fn after_char(at: Cursor<'_>, char: char) -> Option<Cursor<'_>> {
    at.punct().filter(|(punct, _)| punct.as_char() == char).map(|(_, rest)| rest)
}

impl Mark {
    fn at(cursor: Cursor<'_>) -> Option<(Self, Cursor<'_>)> {
        if let Some((ident, rest)) = cursor.ident() {
            return Some((Self::Word(ident.to_string()), rest));
        }
        if let Some((literal, rest)) = cursor.literal() {
            return Some((Self::Literal(literal.to_string()), rest));
        }
        if let Some((lifetime, rest)) = cursor.lifetime() {
            return Some((Self::Lifetime(lifetime.ident.to_string()), rest));
        }
        operator(cursor).map(|(text, rest)| (Self::Operator(text), rest))
    }

    /// Behind this token, when it is here.
    fn after<'c>(&self, cursor: Cursor<'c>) -> Option<Cursor<'c>> {
        match self {
            Self::Word(word) => cursor.ident().filter(|(ident, _)| ident == word).map(|(_, rest)| rest),
            Self::Operator(text) => operator(cursor).filter(|(found, _)| found == text).map(|(_, rest)| rest),
            Self::Literal(text) => cursor.literal().filter(|(literal, _)| literal.to_string() == *text).map(|(_, rest)| rest),
            Self::Lifetime(text) => cursor.lifetime().filter(|(lifetime, _)| lifetime.ident == text).map(|(_, rest)| rest),
        }
    }
}

impl Times {
    /// Behind `*`, `+` or `?`.
    pub(super) fn at(cursor: Cursor<'_>) -> Option<(Self, Cursor<'_>)> {
        let (punct, rest) = cursor.punct()?;
        match punct.as_char() {
            '*' => Some((Self::Any, rest)),
            '+' => Some((Self::Some, rest)),
            '?' => Some((Self::Optional, rest)),
            _ => None,
        }
    }
}

impl Fragment {
    fn of(word: &str) -> Option<Self> {
        Some(match word {
            "block" => Self::Block,
            "expr" | "expr_2021" => Self::Expr,
            "ident" => Self::Ident,
            "item" => Self::Item,
            "lifetime" => Self::Lifetime,
            "literal" => Self::Literal,
            "meta" => Self::Meta,
            "pat" => Self::Pat,
            "pat_param" => Self::PatParam,
            "path" => Self::Path,
            "stmt" => Self::Stmt,
            "tt" => Self::Tt,
            "ty" => Self::Ty,
            "vis" => Self::Vis,
            _ => return None,
        })
    }
}

/// Reads a left side.
pub(super) fn read(mut at: Cursor<'_>) -> Option<Vec<Matcher>> {
    let mut out = Vec::new();
    while !at.eof() {
        let (matcher, rest) = one(at)?;
        out.push(matcher);
        at = rest;
    }
    Some(out)
}

fn one(at: Cursor<'_>) -> Option<(Matcher, Cursor<'_>)> {
    if let Some(dollar) = after_char(at, '$') {
        if let Some((inside, _, rest)) = dollar.group(Delimiter::Parenthesis) {
            return repeat(inside, rest);
        }
        if let Some((var, rest)) = dollar.ident()
            && let Some((fragment, rest)) = after_char(rest, ':')?.ident()
        {
            return Some((Matcher::Bind(name(&var), Fragment::of(&fragment.to_string())?), rest));
        }
        return None;
    }
    if let Some((inside, delimiter, _, rest)) = at.any_group() {
        return Some((Matcher::Group(delimiter, read(inside)?), rest));
    }
    Mark::at(at).map(|(mark, rest)| (Matcher::Token(mark), rest))
}

fn repeat<'c>(inside: Cursor<'c>, rest: Cursor<'c>) -> Option<(Matcher, Cursor<'c>)> {
    let inner = read(inside)?;
    let mut names = Vec::new();
    bound(&inner, &mut names);
    // `$(…)+*`: the first is the separator. `$(…)+` alone is not followed by another sign of its kind.
    let alone = Times::at(rest).filter(|(times, after)| *times == Times::Optional || Times::at(*after).is_none());
    let (separator, times, rest) = match alone {
        Some((times, rest)) => (None, times, rest),
        None => {
            let (mark, after) = Mark::at(rest)?;
            let (times, after) = Times::at(after)?;
            (Some(mark), times, after)
        }
    };
    Some((Matcher::Repeat(Repeat { inner, separator, times, names }), rest))
}

fn bound(matchers: &[Matcher], names: &mut Vec<Name>) {
    for matcher in matchers {
        match matcher {
            Matcher::Token(_) => {}
            Matcher::Group(_, inner) => bound(inner, names),
            Matcher::Bind(name, _) => names.push(name.clone()),
            Matcher::Repeat(repeat) => names.extend_from_slice(&repeat.names),
        }
    }
}

/// Matches calls until its steps are used up.
pub(super) struct Matching<'s> {
    pub(super) steps: &'s mut usize,
}

impl Matching<'_> {
    /// Matches all of the input.
    pub(super) fn whole(&mut self, matchers: &[Matcher], input: ParseStream<'_>) -> Result<Bindings> {
        let mut out = Bindings::new();
        self.sequence(matchers, input, &mut out)?;
        if input.is_empty() { Ok(out) } else { Err(input.error("unexpected token")) }
    }

    fn spend(&mut self, steps: usize, input: ParseStream<'_>) -> Result<()> {
        match self.steps.checked_sub(steps) {
            Some(left) => {
                *self.steps = left;
                Ok(())
            }
            None => {
                *self.steps = 0;
                Err(input.error("too much to match"))
            }
        }
    }

    fn sequence(&mut self, matchers: &[Matcher], input: ParseStream<'_>, out: &mut Bindings) -> Result<()> {
        for matcher in matchers {
            self.spend(1, input)?;
            match matcher {
                Matcher::Token(mark) => step(input, |cursor| mark.after(cursor))?,
                Matcher::Group(delimiter, inner) => {
                    let content;
                    match delimiter {
                        Delimiter::Parenthesis => drop(syn::parenthesized!(content in input)),
                        Delimiter::Brace => drop(syn::braced!(content in input)),
                        Delimiter::Bracket => drop(syn::bracketed!(content in input)),
                        Delimiter::None => return Err(input.error("no bracket that can be written")),
                    }
                    self.sequence(inner, &content, out)?;
                    if !content.is_empty() {
                        return Err(content.error("unexpected token"));
                    }
                }
                Matcher::Bind(name, fragment) => {
                    let binding = self.fragment(*fragment, input)?;
                    out.insert(name.clone(), binding);
                }
                Matcher::Repeat(repeat) => self.repeat(repeat, input, out)?,
            }
        }
        Ok(())
    }

    fn repeat(&mut self, repeat: &Repeat, input: ParseStream<'_>, out: &mut Bindings) -> Result<()> {
        let mut found: Vec<Vec<Binding>> = repeat.names.iter().map(|_| Vec::new()).collect();
        let mut times = 0;
        while !input.is_empty() && (times == 0 || repeat.times != Times::Optional) {
            let ahead = input.fork();
            if times > 0
                && let Some(separator) = &repeat.separator
                && step(&ahead, |cursor| separator.after(cursor)).is_err()
            {
                break;
            }
            let mut one = Bindings::new();
            // A repetition that takes nothing would go on for ever.
            if self.sequence(&repeat.inner, &ahead, &mut one).is_err() || ahead.cursor() == input.cursor() {
                break;
            }
            input.advance_to(&ahead);
            for (found, name) in found.iter_mut().zip(&repeat.names) {
                found.extend(one.remove(name));
            }
            times += 1;
        }
        // Out of steps is no end of a repetition.
        self.spend(1, input)?;
        if times == 0 && repeat.times == Times::Some {
            return Err(input.error("expected at least one"));
        }
        out.extend(repeat.names.iter().cloned().zip(found.into_iter().map(Binding::Many)));
        Ok(())
    }

    fn fragment(&mut self, fragment: Fragment, input: ParseStream<'_>) -> Result<Binding> {
        let start = input.cursor();
        match fragment {
            Fragment::Block => self.parsed::<syn::Block>(input)?,
            Fragment::Expr => self.parsed::<syn::Expr>(input)?,
            Fragment::Item => self.parsed::<syn::Item>(input)?,
            Fragment::Lifetime => self.parsed::<syn::Lifetime>(input)?,
            Fragment::Meta => self.parsed::<syn::Meta>(input)?,
            Fragment::Path => self.parsed::<syn::Path>(input)?,
            Fragment::Ty => self.parsed::<syn::Type>(input)?,
            Fragment::Vis => self.parsed::<syn::Visibility>(input)?,
            Fragment::Pat => self.parse(input, |input| syn::Pat::parse_multi_with_leading_vert(input).map(drop))?,
            Fragment::PatParam => self.parse(input, |input| syn::Pat::parse_single(input).map(drop))?,
            Fragment::Stmt => self.parse(input, statement)?,
            Fragment::Literal => self.parse(input, |input| {
                input.parse::<Option<Token![-]>>()?;
                input.parse::<syn::Lit>().map(drop)
            })?,
            Fragment::Ident => step(input, |cursor| cursor.ident().filter(|(ident, _)| ident != "_").map(|(_, rest)| rest))?,
            Fragment::Tt => step(input, tree)?,
        }
        let Some((tokens, size)) = between(start, input.cursor()) else { return Err(input.error("ends inside a variable")) };
        Ok(Binding::One { tokens, size, expr: fragment == Fragment::Expr })
    }

    fn parsed<T: Parse>(&mut self, input: ParseStream<'_>) -> Result<()> {
        self.parse(input, |input| input.parse::<T>().map(drop))
    }

    /// Runs a parser and pays for how far it read, in vain or not.
    fn parse(&mut self, input: ParseStream<'_>, parser: impl FnOnce(ParseStream<'_>) -> Result<()>) -> Result<()> {
        self.spend(1, input)?;
        let ahead = input.fork();
        let result = parser(&ahead);
        let end = ahead.cursor();
        let read = size_between(input.cursor(), end).unwrap_or_default();
        // What failed inside a bracket has left the cursor before it.
        let next = if result.is_err() { end.any_group().map_or(0, |(inside, ..)| size(inside)) } else { 0 };
        self.spend(read + next, input)?;
        result?;
        input.advance_to(&ahead);
        Ok(())
    }
}

fn step(input: ParseStream<'_>, after: impl for<'c> FnOnce(Cursor<'c>) -> Option<Cursor<'c>>) -> Result<()> {
    input.step(|cursor| match after(*cursor) {
        Some(rest) => Ok(((), rest)),
        None => Err(cursor.error("unexpected token")),
    })
}

/// Behind one token tree.
fn tree(at: Cursor<'_>) -> Option<Cursor<'_>> {
    if let Some((_, _, _, rest)) = at.any_group() {
        return Some(rest);
    }
    if let Some((_, rest)) = at.lifetime() {
        return Some(rest);
    }
    operator(at).map(|(_, rest)| rest).or_else(|| at.token_tree().map(|(_, rest)| rest))
}

/// A statement without its semicolon.
fn statement(input: ParseStream<'_>) -> Result<()> {
    if input.peek(Token![let]) {
        while !input.is_empty() && !input.peek(Token![;]) {
            input.parse::<TokenTree>()?;
        }
        return Ok(());
    }
    if !input.peek(token::Brace) {
        let ahead = input.fork();
        if ahead.parse::<syn::Item>().is_ok() {
            input.advance_to(&ahead);
            return Ok(());
        }
    }
    input.parse::<syn::Expr>().map(drop)
}

/// The tokens between two places and their number; `None` when the end is inside of one of them.
fn between(start: Cursor<'_>, end: Cursor<'_>) -> Option<(Vec<TokenTree>, usize)> {
    let size = size_between(start, end)?;
    let mut tokens = Vec::new();
    let mut at = start;
    while at != end {
        let (tree, rest) = at.token_tree()?;
        tokens.push(tree);
        at = rest;
    }
    Some((tokens, size))
}

fn size_between(start: Cursor<'_>, end: Cursor<'_>) -> Option<usize> {
    let mut count = 0;
    let mut at = start;
    while at != end {
        count += 1;
        at = if let Some((inside, _, _, rest)) = at.any_group() {
            count += size(inside);
            rest
        } else {
            at.token_tree()?.1
        };
    }
    Some(count)
}

/// The tokens from here to the end of the bracket, with those in brackets.
pub(super) fn size(start: Cursor<'_>) -> usize {
    let mut count = 0;
    let mut at = start;
    while !at.eof() {
        count += 1;
        if let Some((inside, _, _, rest)) = at.any_group() {
            count += size(inside);
            at = rest;
        } else {
            let Some((_, rest)) = at.token_tree() else { break };
            at = rest;
        }
    }
    count
}
