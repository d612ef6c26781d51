//! Text of one file to its facts. The only stage that names `syn`.
//!
//! One pass over the tokens fills [`FileFacts`]; where they hold anything unusual, one over the syntax tree, which is dropped before the
//! function returns, so facts can cross threads.
//! Nothing is resolved here, no other file is looked at (macros of others are handed in), and no input makes it panic: what cannot be read is counted or becomes
//! [`FileFacts::error`].

mod attrs;
mod cfgs;
mod comments;
mod depth;
mod direct;
mod expand;
mod exprs;
mod fallback;
mod forms;
mod items;
pub(crate) mod lex;
mod macros;
mod matcher;
mod matching;
mod members;
mod paste;
mod patterns;
mod plain;
mod prune;
mod reading;
mod stmts;
mod transcribe;
mod types;
mod uses;

use std::borrow::Cow;
use std::cell::Cell;
use std::sync::Arc;

use proc_macro2::TokenStream;
use rustc_hash::FxHashMap;

pub use lex::end_of_group;

use crate::facts::{FileFacts, ItemFact, MacroFact, Name, ParseError, Span};
use expand::Macros;
use exprs::Arena;

/// What to read.
#[derive(Clone, Debug, Default)]
pub struct ParseOptions {
    /// Keep what only exists in test builds.
    pub include_tests: bool,
    /// Keep the functions that `extern` blocks declare: state lives in none of them, and all that some crates offer stands there.
    pub extern_blocks: bool,
}

/// Macros of other files, by the path of a call: `name`, `crate::name`, `other_crate::name`.
pub type OtherMacros = Arc<FxHashMap<Name, Arc<MacroFact>>>;

/// Reads one file by itself. `file` is its path relative to the analysed root.
///
/// The syntax tree is as deep as the code is nested: threads that call this need a stack of 16 MiB. Input that would need more is
/// refused before it is parsed.
pub fn parse_file(file: &str, text: &str, options: &ParseOptions) -> FileFacts {
    parse_file_with(file, text, options, &OtherMacros::default())
}

/// Reads one file that calls macros of others; the same bounds hold.
pub fn parse_file_with(file: &str, text: &str, options: &ParseOptions, others: &OtherMacros) -> FileFacts {
    let mut facts = FileFacts { file: Name::new(file), lines: count_lines(text), ..FileFacts::default() };
    let whole = lex::strip_prelude(text);
    facts.comments = comments::read(text);
    // What stands in a test module counts nowhere: not as a call of a macro, not as a comment that speaks to us.
    let beforehand = !options.include_tests && (!facts.comments.is_empty() || whole.contains("macro_rules!"));
    let mut code = if beforehand { prune::without_test_modules(whole) } else { Cow::Borrowed(whole) };
    if !facts.comments.is_empty() {
        // What is said inside a test module that is left out is left out too.
        let lines: Vec<&str> = code.split('\n').collect();
        facts.comments.retain(|comment| lines.get(comment.span.line as usize - 1).is_some_and(|line| line.contains(comments::DIRECTIVE)));
    }
    let mut cx = Cx::new(options, others);
    cx.passes_tests = !options.include_tests && !beforehand;
    let mut read = direct::read(&mut cx, &code);
    if read.is_err()
        && cx.passes_tests
        && let Cow::Owned(pruned) = prune::without_test_modules(whole)
    {
        cx = Cx::new(options, others);
        read = direct::read(&mut cx, &pruned);
        code = Cow::Owned(pruned);
    }
    match read {
        Ok((cfg, items)) => (facts.cfg, facts.items) = (cfg, items),
        Err(_) => {
            cx = Cx::new(options, others);
            by_tree(&mut cx, &code, &mut facts);
        }
    }
    // The span table of this thread would otherwise keep the text of every file; no span lives on from here.
    proc_macro2::extra::invalidate_current_thread_spans();
    cx.finish(&mut facts);
    facts
}

/// Reads a file through its syntax tree.
fn by_tree(cx: &mut Cx, code: &str, facts: &mut FileFacts) {
    if let Err(place) = depth::check(code) {
        facts.error = Some(ParseError { span: lex::span_at(code, place.offset), message: place.message.to_owned() });
        return;
    }
    match code.parse::<TokenStream>() {
        Ok(tokens) => match syn::parse2::<syn::File>(tokens) {
            Ok(mut tree) => {
                facts.cfg = cx.file_cfg(&tree.attrs);
                if code.contains("macro_rules!") {
                    cx.note_definitions(&tree.items, code);
                }
                facts.items = cx.items(&mut tree.items);
            }
            Err(error) => {
                facts.error = Some(ParseError { span: span(error.span()), message: error.to_string() });
                facts.items = fallback::read(cx, code);
            }
        },
        Err(error) => {
            let message = "a string, a comment or a bracket is not closed, or a character does not belong to the language".to_owned();
            facts.error = Some(ParseError { span: span(error.span()), message });
        }
    }
}

/// What the reading of one file carries along.
struct Cx {
    include_tests: bool,
    /// The bodies of test modules stand in the text, and are passed.
    passes_tests: bool,
    extern_blocks: bool,
    /// The macros of other files.
    others: OtherMacros,
    /// The macros that the modules of this file define.
    defined: Vec<MacroFact>,
    macros_read: u32,
    macros_unread: Vec<Name>,
    /// `mod name;` under a condition that never holds, with their `#[path]`.
    test_mods: Vec<(Name, Option<String>)>,
    /// How many macro bodies are open around the code being read.
    macro_depth: u32,
    /// The macro whose body is being read as items.
    from_macro: Option<Name>,
    /// The macros that this file defines.
    macros: Macros,
    /// Set when an expression was nested too deeply to be kept.
    too_deep: Option<ParseError>,
    /// Buffers of finished bodies, reused for the next ones.
    spare: Vec<Arena>,
}

impl Cx {
    fn new(options: &ParseOptions, others: &OtherMacros) -> Self {
        Self {
            include_tests: options.include_tests,
            passes_tests: false,
            extern_blocks: options.extern_blocks,
            others: others.clone(),
            defined: Vec::new(),
            macros_read: 0,
            macros_unread: Vec::new(),
            test_mods: Vec::new(),
            macro_depth: 0,
            from_macro: None,
            macros: Macros::new(),
            too_deep: None,
            spare: Vec::new(),
        }
    }

    /// Hands over what the reading of the file gathered.
    fn finish(mut self, facts: &mut FileFacts) {
        if facts.error.is_none() {
            facts.error = self.too_deep.take();
        }
        facts.macros_read = self.macros_read;
        facts.macros_unread = self.macros_unread;
        facts.test_mods = self.test_mods;
        facts.macros = self.defined;
        facts.called_macros = self.macros.called.into_iter().collect();
        facts.called_macros.sort_unstable();
    }

    fn items(&mut self, items: &mut [syn::Item]) -> Vec<ItemFact> {
        let mut out = Vec::with_capacity(items.len());
        for item in items {
            self.item(item, &mut out);
        }
        out
    }
}

thread_local! {
    /// Where in the file the text starts that `syn` reads.
    static START: Cell<Span> = const { Cell::new(Span { line: 1, column: 1 }) };
}

/// Has `syn` read a part of a file: until this is dropped, places are those in the file.
struct StartAt;

impl StartAt {
    fn new(place: Span) -> Self {
        START.set(place);
        Self
    }
}

impl Drop for StartAt {
    fn drop(&mut self) {
        START.set(Span { line: 1, column: 1 });
    }
}

/// The place of a token; a span without a place (an empty macro body) is 1:1.
fn span(span: proc_macro2::Span) -> Span {
    let (from, start) = (START.get(), span.start());
    let (line, column) = (start.line.max(1) as u32, start.column as u32);
    if line == 1 { Span { line: from.line, column: from.column + column } } else { Span { line: from.line + line - 1, column: column + 1 } }
}

/// The identifier without `r#`: `r#type` and `type` are one name.
fn name(ident: &proc_macro2::Ident) -> Name {
    use smol_str::ToSmolStr;
    let name = ident.to_smolstr();
    match name.strip_prefix("r#") {
        Some(bare) => Name::new(bare),
        None => name,
    }
}

fn count_lines(text: &str) -> u32 {
    // So few at a time that they can be counted in a byte, many at once.
    let few = |bytes: &[u8]| usize::from(bytes.iter().map(|byte| u8::from(*byte == b'\n')).sum::<u8>());
    let feeds: usize = text.as_bytes().chunks(192).map(few).sum();
    let open = usize::from(!text.is_empty() && !text.ends_with('\n'));
    u32::try_from(feeds + open).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
