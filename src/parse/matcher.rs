//! The left side of a `macro_rules!` arm: what a call must look like, and what it binds.

use std::collections::BTreeMap;

use proc_macro2::{Delimiter, Spacing, TokenTree};
use syn::buffer::Cursor;

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
    pub(super) inner: Vec<Matcher>,
    pub(super) separator: Option<Mark>,
    pub(super) times: Times,
    /// What is bound inside, however deep.
    pub(super) names: Vec<Name>,
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
    pub(super) fn after<'c>(&self, cursor: Cursor<'c>) -> Option<Cursor<'c>> {
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
