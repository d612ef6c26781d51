//! The right side of a `macro_rules!` arm: the tokens that a call becomes.
//!
//! Tokens of the call keep their places; those of the definition get the place of the call, where a reader looks for them. Only where
//! the file calls the macro once does its own text say more.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use syn::buffer::Cursor;

use super::matcher::{Binding, Bindings, Times, after_char, operator};
use super::name;
use crate::facts::Name;

/// One piece of the right side.
pub(super) enum Piece {
    /// A token as it is.
    Token(TokenTree),
    /// A bracket and what is in it.
    Group(Delimiter, Vec<Piece>),
    /// `$name`.
    Var(Ident),
    /// `$crate`.
    Crate,
    /// `$( … ),*`.
    Repeat(Repeat),
}

/// A part of the right side that is written once for each of what its variables were bound to.
pub(super) struct Repeat {
    inner: Vec<Piece>,
    separator: Vec<TokenTree>,
    /// The variables inside, however deep.
    names: Vec<Name>,
}

/// Reads a right side.
pub(super) fn read(mut at: Cursor<'_>) -> Option<Vec<Piece>> {
    let mut out = Vec::new();
    while !at.eof() {
        let (piece, rest) = one(at)?;
        out.push(piece);
        at = rest;
    }
    Some(out)
}

fn one(at: Cursor<'_>) -> Option<(Piece, Cursor<'_>)> {
    if let Some(dollar) = after_char(at, '$') {
        if let Some((inside, _, rest)) = dollar.group(Delimiter::Parenthesis) {
            return repeat(inside, rest);
        }
        if let Some((var, rest)) = dollar.ident() {
            let piece = if var == "crate" { Piece::Crate } else { Piece::Var(var) };
            return Some((piece, rest));
        }
    }
    if let Some((inside, delimiter, _, rest)) = at.any_group() {
        return Some((Piece::Group(delimiter, read(inside)?), rest));
    }
    let (token, rest) = at.token_tree()?;
    Some((Piece::Token(token), rest))
}

fn repeat<'c>(inside: Cursor<'c>, rest: Cursor<'c>) -> Option<(Piece, Cursor<'c>)> {
    let inner = read(inside)?;
    let mut names = Vec::new();
    variables(&inner, &mut names);
    // As on the left side: `$(…)+*` is separated by `+`.
    if let Some((times, after)) = Times::at(rest)
        && (times == Times::Optional || Times::at(after).is_none())
    {
        return Some((Piece::Repeat(Repeat { inner, separator: Vec::new(), names }), after));
    }
    let after = operator(rest).map(|(_, after)| after).or_else(|| rest.token_tree().map(|(_, after)| after))?;
    let mut separator = Vec::new();
    let mut at = rest;
    while at != after {
        let (token, next) = at.token_tree()?;
        separator.push(token);
        at = next;
    }
    let (_, after) = Times::at(after)?;
    Some((Piece::Repeat(Repeat { inner, separator, names }), after))
}

fn variables(pieces: &[Piece], names: &mut Vec<Name>) {
    for piece in pieces {
        match piece {
            Piece::Token(_) | Piece::Crate => {}
            Piece::Group(_, inner) => variables(inner, names),
            Piece::Var(var) => names.push(name(var)),
            Piece::Repeat(repeat) => names.extend_from_slice(&repeat.names),
        }
    }
}

/// Writes what a call becomes; ends without a result when it becomes too long or does not fit what was bound.
pub(super) struct Transcriber<'b> {
    pub(super) bindings: &'b Bindings,
    /// Where the macro is called.
    pub(super) call: Span,
    /// What `$crate` is.
    pub(super) home: &'b str,
    /// Tokens of the definition keep their places, outside of repetitions.
    pub(super) keeps_places: bool,
    /// How many tokens may still be written.
    pub(super) left: usize,
    /// Which of the repeated, for each repetition around.
    pub(super) indices: Vec<usize>,
}

impl<'b> Transcriber<'b> {
    pub(super) fn write(&mut self, pieces: &[Piece], out: &mut Vec<TokenTree>) -> Option<()> {
        for piece in pieces {
            match piece {
                Piece::Token(token) => self.push(token, out)?,
                Piece::Group(delimiter, inner) => {
                    self.spend(1)?;
                    let mut tokens = Vec::new();
                    self.write(inner, &mut tokens)?;
                    out.push(group(*delimiter, tokens, self.call));
                }
                Piece::Crate => self.push(&TokenTree::Ident(Ident::new(self.home, self.call)), out)?,
                Piece::Var(var) => self.variable(var, out)?,
                Piece::Repeat(repeat) => self.repeat(repeat, out)?,
            }
        }
        Some(())
    }

    fn spend(&mut self, tokens: usize) -> Option<()> {
        let left = self.left.checked_sub(tokens);
        self.left = left.unwrap_or_default();
        left.map(drop)
    }

    fn push(&mut self, token: &TokenTree, out: &mut Vec<TokenTree>) -> Option<()> {
        self.spend(1)?;
        let mut token = token.clone();
        // What is written for one of many is best looked for where that one is.
        if !(self.keeps_places && self.indices.is_empty()) {
            token.set_span(self.call);
        }
        out.push(token);
        Some(())
    }

    fn variable(&mut self, var: &Ident, out: &mut Vec<TokenTree>) -> Option<()> {
        match self.bound(&name(var)) {
            Some(Binding::One { tokens, size, expr }) => {
                self.spend(*size)?;
                match tokens.as_slice() {
                    // In a bracket that is not written, `$a * 2` with `1 + 1` is 4.
                    [first, _, ..] if *expr => out.push(group(Delimiter::None, tokens.clone(), first.span())),
                    tokens => out.extend_from_slice(tokens),
                }
                Some(())
            }
            Some(Binding::Many(_)) => None,
            // A variable of a macro that is defined here.
            None => {
                self.push(&TokenTree::Punct(proc_macro2::Punct::new('$', proc_macro2::Spacing::Alone)), out)?;
                self.push(&TokenTree::Ident(var.clone()), out)
            }
        }
    }

    /// What a variable is bound to in the repetitions around.
    fn bound(&self, name: &Name) -> Option<&'b Binding> {
        let bindings: &'b Bindings = self.bindings;
        let mut binding = bindings.get(name)?;
        for index in &self.indices {
            match binding {
                Binding::One { .. } => break,
                Binding::Many(all) => binding = all.get(*index)?,
            }
        }
        Some(binding)
    }

    fn repeat(&mut self, repeat: &Repeat, out: &mut Vec<TokenTree>) -> Option<()> {
        let mut times = None;
        for name in &repeat.names {
            if let Some(Binding::Many(all)) = self.bound(name) {
                // Variables that go together were bound together.
                if times.is_some_and(|times| times != all.len()) {
                    return None;
                }
                times = Some(all.len());
            }
        }
        let outer = self.call;
        for index in 0..times? {
            self.spend(1)?;
            if index > 0 {
                for token in &repeat.separator {
                    self.push(token, out)?;
                }
            }
            self.indices.push(index);
            // What is written for one of many is best looked for where that one is.
            self.call = repeat.names.iter().find_map(|name| self.place(name)).unwrap_or(outer);
            self.write(&repeat.inner, out)?;
            self.indices.pop();
            self.call = outer;
        }
        Some(())
    }

    /// Where the one of many is that a variable is bound to here; what was bound once for the whole call is no place of it.
    fn place(&self, name: &Name) -> Option<Span> {
        let bindings: &'b Bindings = self.bindings;
        let mut binding = match bindings.get(name)? {
            Binding::One { .. } => return None,
            many @ Binding::Many(_) => many,
        };
        let mut indices = self.indices.iter();
        loop {
            match binding {
                Binding::One { tokens, .. } => return tokens.first().map(TokenTree::span),
                Binding::Many(all) => binding = all.get(indices.next().copied().unwrap_or_default())?,
            }
        }
    }
}

fn group(delimiter: Delimiter, tokens: Vec<TokenTree>, at: Span) -> TokenTree {
    let mut group = Group::new(delimiter, tokens.into_iter().collect::<TokenStream>());
    group.set_span(at);
    TokenTree::Group(group)
}
