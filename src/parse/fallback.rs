//! A file that does not parse as a whole: the items in it that parse on their own.

use proc_macro2::TokenStream;
use syn::ext::IdentExt;
use syn::parse::discouraged::Speculative;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Ident, Item, Result, Token, token};

use super::Cx;
use crate::facts::ItemFact;

/// Attempts that may fail in one file: each may read far before it does.
const MAX_FAILURES: u32 = 2_000;

/// The items that can be told. The text must have been found to be made of tokens.
pub(super) fn read(cx: &mut Cx, code: &str) -> Vec<ItemFact> {
    let Ok(tokens) = code.parse::<TokenStream>() else { return Vec::new() };
    let mut failures = 0;
    let parser = |input: ParseStream<'_>| {
        pass_attributes(input, Attribute::parse_inner);
        salvage(input, &mut failures)
    };
    let Ok(mut items) = parser.parse2(tokens) else { return Vec::new() };
    if code.contains("macro_rules!") {
        cx.note_definitions(&items, code);
    }
    cx.items(&mut items)
}

/// Takes the items that parse and passes over the tokens between them.
fn salvage(input: ParseStream<'_>, failures: &mut u32) -> Result<Vec<Item>> {
    let mut out = Vec::new();
    while !input.is_empty() {
        if *failures < MAX_FAILURES && starts_item(input) {
            let ahead = input.fork();
            if let Ok(item) = ahead.parse::<Item>() {
                input.advance_to(&ahead);
                out.push(item);
                continue;
            }
            *failures += 1;
            if let Some(module) = broken_module(input, failures)? {
                out.push(module);
                continue;
            }
            // They belong to what just failed; tried again one by one, they would fail as often.
            pass_attributes(input, Attribute::parse_outer);
        }
        let _: Option<proc_macro2::TokenTree> = input.parse().ok();
    }
    Ok(out)
}

fn pass_attributes(input: ParseStream<'_>, parser: fn(ParseStream<'_>) -> Result<Vec<Attribute>>) {
    let ahead = input.fork();
    if parser(&ahead).is_ok() {
        input.advance_to(&ahead);
    }
}

/// `mod name { … }` with something broken inside keeps its whole items.
fn broken_module(input: ParseStream<'_>, failures: &mut u32) -> Result<Option<Item>> {
    let ahead = input.fork();
    let header = |ahead: ParseStream<'_>| -> Result<syn::ItemMod> {
        Ok(syn::ItemMod {
            attrs: ahead.call(Attribute::parse_outer)?,
            vis: ahead.parse()?,
            unsafety: None,
            mod_token: ahead.parse()?,
            ident: ahead.call(Ident::parse_any)?,
            content: None,
            semi: None,
        })
    };
    let Ok(mut module) = header(&ahead) else { return Ok(None) };
    if !ahead.peek(token::Brace) {
        return Ok(None);
    }
    input.advance_to(&ahead);
    let inner;
    let brace = syn::braced!(inner in input);
    module.content = Some((brace, salvage(&inner, failures)?));
    Ok(Some(Item::Mod(module)))
}

fn starts_item(input: ParseStream<'_>) -> bool {
    input.peek(Token![#])
        || input.peek(Token![pub])
        || input.peek(Token![static])
        || input.peek(Token![const])
        || input.peek(Token![use])
        || input.peek(Token![mod])
        || input.peek(Token![fn])
        || input.peek(Token![async])
        || input.peek(Token![unsafe])
        || input.peek(Token![extern])
        || input.peek(Token![struct])
        || input.peek(Token![enum])
        || input.peek(Token![union])
        || input.peek(Token![type])
        || input.peek(Token![impl])
        || input.peek(Token![trait])
        || is_macro_call(input)
}

/// `thread_local! { … }`, `lazy_static::lazy_static! { … }`.
fn is_macro_call(input: ParseStream<'_>) -> bool {
    if !input.peek(Ident) {
        return false;
    }
    let ahead = input.fork();
    ahead.call(syn::Path::parse_mod_style).is_ok() && ahead.peek(Token![!])
}
