//! Calls of macros that the workspace defines: the tokens that they become.
//!
//! State that a macro declares exists where the macro is called. Everything is bounded: how deep calls expand into calls, how much one call
//! and one file may become, how deep the result nests. Beyond a bound a call is read as if its macro were unknown.

use std::cell::OnceCell;
use std::rc::Rc;

use proc_macro2::{Delimiter, Group, Spacing, Span, TokenStream, TokenTree};
use rustc_hash::{FxHashMap, FxHashSet};
use syn::Macro;
use syn::buffer::{Cursor, TokenBuffer};
use syn::parse::{ParseStream, Parser};

use super::attrs::plain_path;
use super::matcher::{self, Matcher};
use super::matching::{self, Matching};
use super::transcribe::{self, Piece, Transcriber};
use super::{Cx, OtherMacros, depth, name, paste};
use crate::facts::{MacroFact, Name};

/// Expansions inside expansions.
const MAX_OPEN: u32 = 16;
/// Tokens that one call may become.
const MAX_CALL_TOKENS: usize = 200_000;
/// Tokens that all calls of a file may become.
const MAX_FILE_TOKENS: usize = 1_000_000;
/// Tokens that may be looked at in one file to tell which arms match.
const MAX_FILE_STEPS: usize = 5_000_000;

/// The macros of one file, and what may still be spent on them.
pub(super) struct Macros {
    /// By name, in the order of the text.
    known: FxHashMap<Name, Vec<Rc<Definition>>>,
    /// Of other files, by the path of the call.
    elsewhere: FxHashMap<Name, Rc<Definition>>,
    /// Paths of calls that name no macro of this file.
    pub(super) called: FxHashSet<Name>,
    open: u32,
    tokens: usize,
    steps: usize,
    /// The last call was not expanded because of these two.
    too_much: bool,
    /// Macros of which some call is not followed to its end.
    left: FxHashSet<Name>,
}

/// A `macro_rules!`; what cannot be read has no rules.
struct Definition {
    at: (usize, usize),
    body: TokenStream,
    /// What `$crate` is; a word that the language knows as one.
    home: Name,
    /// The file calls it once: code of it is best looked for in it.
    called_once: bool,
    rules: OnceCell<Option<Vec<Rule>>>,
}

/// One arm.
struct Rule {
    left: Vec<Matcher>,
    right: Vec<Piece>,
}

impl Macros {
    pub(super) fn new() -> Self {
        Self {
            known: FxHashMap::default(),
            elsewhere: FxHashMap::default(),
            called: FxHashSet::default(),
            open: 0,
            tokens: MAX_FILE_TOKENS,
            steps: MAX_FILE_STEPS,
            too_much: false,
            left: FxHashSet::default(),
        }
    }

    /// Whether the file defines a macro of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.known.contains_key(name)
    }

    /// Whether what some call becomes keeps the places that it has in the definition.
    pub(super) fn keep_places(&self) -> bool {
        self.known.values().flatten().any(|one| one.called_once)
    }

    /// The macro that is meant by a name here: the last one before the call, or the only one.
    fn find(&self, name: &Name, at: Span) -> Option<Rc<Definition>> {
        let all = self.known.get(name)?;
        let at = place(at);
        let before = all.iter().filter(|one| one.at <= at).max_by_key(|one| one.at);
        before.or_else(|| all.first().filter(|_| all.len() == 1)).cloned()
    }
}

/// The macro of another file that a path means, made once for each file that calls it.
fn elsewhere(macros: &mut Macros, path: &Name, others: &OtherMacros) -> Option<Rc<Definition>> {
    if let Some(known) = macros.elsewhere.get(path) {
        return Some(known.clone());
    }
    let found = others.get(path)?;
    let body: TokenStream = found.text.parse().ok()?;
    // Names of crates come out of manifests, which may say anything.
    let home = found.home.clone().filter(|home| syn::parse_str::<proc_macro2::Ident>(home).is_ok()).unwrap_or(Name::new_static("crate"));
    let made = Rc::new(Definition { at: (0, 0), body, home, called_once: false, rules: OnceCell::new() });
    macros.elsewhere.insert(path.clone(), made.clone());
    Some(made)
}

fn place(span: Span) -> (usize, usize) {
    let start = super::span(span);
    (start.line as usize, start.column as usize)
}

impl Cx {
    /// Notes the macros among items and in their modules, so that calls above a definition find it too.
    pub(super) fn note_definitions(&mut self, items: &[syn::Item], code: &str) {
        for item in items {
            match item {
                syn::Item::Macro(one) if self.kept(&one.attrs) => {
                    if let Some(ident) = &one.ident {
                        let exported = one.attrs.iter().any(|attr| attr.path().is_ident("macro_export"));
                        self.defined.push(MacroFact { name: name(ident), exported, home: None, text: one.mac.tokens.to_string() });
                    }
                    self.define(one, Some(code));
                }
                syn::Item::Mod(module) => {
                    if let Some((_, items)) = &module.content
                        && self.kept(&module.attrs)
                    {
                        self.note_definitions(items, code);
                    }
                }
                _ => {}
            }
        }
    }

    /// Forgets what was noted of the macros of the file.
    pub(super) fn forget_definitions(&mut self) {
        self.defined.clear();
        self.macros = Macros::new();
    }

    /// Notes a macro, once.
    pub(super) fn define(&mut self, item: &syn::ItemMacro, code: Option<&str>) {
        let Some(ident) = &item.ident else { return };
        let at = place(ident.span());
        let all = self.macros.known.entry(name(ident)).or_default();
        if !all.iter().any(|known| known.at == at) {
            let called_once =
                code.is_some_and(|code| calls(&ident.to_string(), code) == calls(&ident.to_string(), &item.mac.tokens.to_string()) + 1);
            let home = Name::new_static("crate");
            all.push(Rc::new(Definition { at, body: item.mac.tokens.clone(), home, called_once, rules: OnceCell::new() }));
        }
    }

    /// What a call of a macro of this file becomes, read by `parser`. Read it inside [`Cx::expanding`].
    pub(super) fn expanded<T>(&mut self, mac: &Macro, parser: fn(TokenStream) -> Option<T>) -> Option<T> {
        let last = mac.path.segments.last()?;
        if self.macros.open >= MAX_OPEN {
            self.leave(mac);
            return None;
        }
        let call = mac.path.segments.first()?.ident.span();
        let here = if is_local(&mac.path) && !self.macros.known.is_empty() { self.macros.find(&name(&last.ident), call) } else { None };
        let known = match here {
            None if last.ident != "paste" => {
                let path = path_text(&mac.path);
                let found = elsewhere(&mut self.macros, &path, &self.others);
                if found.is_none() && !self.macros.called.contains(&path) {
                    self.macros.called.insert(path);
                }
                found
            }
            here => here,
        };
        let out = match known {
            Some(definition) => {
                let made = definition.expand(mac.tokens.clone(), call, &mut self.macros);
                if std::mem::take(&mut self.macros.too_much) {
                    self.leave(mac);
                }
                made?
            }
            None if last.ident == "paste" => paste::pasted(mac.tokens.clone())?,
            None => return None,
        };
        // Read anew at each level, and the levels add up on one stack.
        let mut text = String::new();
        print(out.clone(), &mut text);
        if depth::check_expansion(&text).is_err() {
            self.leave(mac);
            return None;
        }
        parser(out)
    }

    /// Counts a macro of ours that is not followed to its end: one that calls itself, or makes too much. Each is told once.
    fn leave(&mut self, mac: &Macro) {
        let path = path_text(&mac.path);
        if self.macros.known.contains_key(&path) && self.macros.left.insert(path.clone()) {
            self.macros_unread.push(path);
        }
    }

    /// Reads what a call became: the calls in it are one level deeper.
    pub(super) fn expanding<T>(&mut self, of: Name, read: impl FnOnce(&mut Self) -> T) -> T {
        self.open_expansion();
        let outer = self.from_macro.replace(of);
        let out = read(self);
        self.from_macro = outer;
        self.close_expansion();
        out
    }

    /// Whether what is being read is what a call became.
    pub(super) fn is_expanding(&self) -> bool {
        self.macros.open > 0
    }

    pub(super) fn open_expansion(&mut self) {
        self.macros_read += 1;
        self.macro_depth += 1;
        self.macros.open += 1;
    }

    pub(super) fn close_expansion(&mut self) {
        self.macro_depth -= 1;
        self.macros.open -= 1;
    }
}

/// How often a text calls a macro; a `macro_rules! name` is no call.
fn calls(name: &str, text: &str) -> usize {
    text.match_indices(name)
        .filter(|(at, _)| {
            let before = text[..*at].chars().next_back();
            text[at + name.len()..].trim_start().starts_with('!') && !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
        })
        .count()
}

/// The path of a call, as the keys of [`OtherMacros`] have it.
fn path_text(path: &syn::Path) -> Name {
    match path.get_ident() {
        Some(ident) => name(ident),
        None => plain_path(path).name(),
    }
}

/// `name!`, `crate::name!`, `self::name!`: a path into another crate names another macro.
fn is_local(path: &syn::Path) -> bool {
    let first = &path.segments[0].ident;
    path.leading_colon.is_none() && (path.segments.len() == 1 || (path.segments.len() == 2 && (first == "crate" || first == "self")))
}

impl Definition {
    fn expand(&self, tokens: TokenStream, call: Span, macros: &mut Macros) -> Option<TokenStream> {
        let rules = self.rules.get_or_init(|| rules(&self.body)).as_ref()?;
        let parser = |input: ParseStream<'_>| {
            let out = choose(rules, input, call, self, macros);
            // Arms look ahead; the parser wants its input taken.
            input.parse::<TokenStream>()?;
            Ok(out)
        };
        parser.parse2(tokens).ok().flatten()
    }
}

/// The first arm that matches decides.
fn choose(rules: &[Rule], input: ParseStream<'_>, call: Span, of: &Definition, macros: &mut Macros) -> Option<TokenStream> {
    let Some(steps) = macros.steps.checked_sub(1 + matching::size(input.cursor())) else {
        macros.too_much = true;
        return None;
    };
    macros.steps = steps;
    for rule in rules {
        let mut matching = Matching { steps: &mut macros.steps };
        let Ok(bindings) = matching.whole(&rule.left, &input.fork()) else { continue };
        let allowed = MAX_CALL_TOKENS.min(macros.tokens);
        let mut transcriber = Transcriber {
            bindings: &bindings,
            call,
            home: &of.home, // What it calls itself, perhaps for one of many, has its place from there.
            keeps_places: of.called_once && macros.open == 0,
            left: allowed,
            indices: Vec::new(),
        };
        let mut out = Vec::new();
        let done = transcriber.write(&rule.right, &mut out);
        macros.tokens -= allowed - transcriber.left;
        macros.too_much |= done.is_none() && transcriber.left == 0;
        return done.map(|()| out.into_iter().collect());
    }
    macros.too_much |= macros.steps == 0;
    None
}

/// `(left) => { right };` any number of times.
fn rules(body: &TokenStream) -> Option<Vec<Rule>> {
    let buffer = TokenBuffer::new2(body.clone());
    let mut at = buffer.begin();
    let mut out = Vec::new();
    while !at.eof() {
        let (left, rest) = bracket(at)?;
        let (right, rest) = bracket(matcher::after_char(matcher::after_char(rest, '=')?, '>')?)?;
        out.push(Rule { left: matcher::read(left)?, right: transcribe::read(right)? });
        at = matcher::after_char(rest, ';').unwrap_or(rest);
    }
    Some(out)
}

fn bracket(at: Cursor<'_>) -> Option<(Cursor<'_>, Cursor<'_>)> {
    let (inside, delimiter, _, rest) = at.any_group()?;
    (delimiter != Delimiter::None).then_some((inside, rest))
}

/// Tokens as text, for the scan that tells how deeply they nest.
fn print(tokens: TokenStream, out: &mut String) {
    use std::fmt::Write;
    for token in tokens {
        // Writing to a string does not fail.
        let _ = match &token {
            TokenTree::Group(group) => {
                let (open, close) = brackets(group);
                out.push(open);
                print(group.stream(), out);
                out.push(close);
                Ok(())
            }
            TokenTree::Ident(ident) => write!(out, "{ident} "),
            TokenTree::Literal(literal) => write!(out, "{literal} "),
            TokenTree::Punct(punct) if punct.spacing() == Spacing::Joint => write!(out, "{}", punct.as_char()),
            TokenTree::Punct(punct) => write!(out, "{} ", punct.as_char()),
        };
    }
}

fn brackets(group: &Group) -> (char, char) {
    match group.delimiter() {
        Delimiter::Brace => ('{', '}'),
        Delimiter::Bracket => ('[', ']'),
        Delimiter::Parenthesis | Delimiter::None => ('(', ')'),
    }
}
