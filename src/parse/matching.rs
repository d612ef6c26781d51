//! Matching a call against the left side of a `macro_rules!` arm.
//!
//! Greedy and without going back, as the compiler does it. Where the compiler refuses a call, an arm further down may still match here:
//! code that is analysed compiles, so that what is accepted too much does not occur.

use proc_macro2::{Delimiter, TokenTree};
use syn::buffer::Cursor;
use syn::parse::discouraged::Speculative;
use syn::parse::{Parse, ParseStream};
use syn::{Result, Token, token};

use super::matcher::{Binding, Bindings, Fragment, Matcher, Repeat, Times, operator};

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
