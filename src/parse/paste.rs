//! `paste!`: names put together from others, `[<get_ $name:snake>]`.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};

/// The tokens with every `[< … >]` joined; `None` when one of them makes no name.
pub(super) fn pasted(tokens: TokenStream) -> Option<TokenStream> {
    tokens
        .into_iter()
        .map(|tree| {
            let TokenTree::Group(group) = tree else { return Some(tree) };
            if group.delimiter() == Delimiter::Bracket
                && let Some(parts) = parts(&group)
            {
                return joined(&parts).map(TokenTree::Ident);
            }
            let mut out = Group::new(group.delimiter(), pasted(group.stream())?);
            out.set_span(group.span());
            Some(TokenTree::Group(out))
        })
        .collect()
}

/// What is between `[<` and `>]`.
fn parts(group: &Group) -> Option<Vec<TokenTree>> {
    let mut parts: Vec<TokenTree> = group.stream().into_iter().collect();
    match parts.as_slice() {
        [TokenTree::Punct(open), .., TokenTree::Punct(close)] if open.as_char() == '<' && close.as_char() == '>' => {
            parts.pop();
            parts.remove(0);
            Some(parts)
        }
        _ => None,
    }
}

fn joined(parts: &[TokenTree]) -> Option<Ident> {
    let mut words: Vec<String> = Vec::new();
    let mut at: Option<Span> = None;
    let mut parts = parts.iter();
    while let Some(part) = parts.next() {
        match part {
            TokenTree::Ident(ident) => words.push(ident.to_string().trim_start_matches("r#").to_owned()),
            TokenTree::Literal(literal) => words.push(literal.to_string().trim_matches('"').to_owned()),
            TokenTree::Punct(punct) if punct.as_char() == ':' => {
                let TokenTree::Ident(modifier) = parts.next()? else { return None };
                let word = words.pop()?;
                words.push(modified(&word, &modifier.to_string())?);
                continue;
            }
            TokenTree::Punct(_) | TokenTree::Group(_) => return None,
        }
        // Words of a call stand behind its start, where the words of the definition are taken to be.
        let start = |span: Span| (span.start().line, span.start().column);
        at = at.filter(|at| start(*at) >= start(part.span())).or(Some(part.span()));
    }
    let name = words.concat();
    let mut bytes = name.bytes();
    let starts = bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    let valid = starts && name != "_" && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if valid { Some(Ident::new(&name, at?)) } else { None }
}

fn modified(word: &str, modifier: &str) -> Option<String> {
    Some(match modifier {
        "lower" => word.to_lowercase(),
        "upper" => word.to_uppercase(),
        "snake" => snake(word),
        "camel" | "upper_camel" => camel(word),
        _ => return None,
    })
}

fn snake(word: &str) -> String {
    let mut out = String::new();
    let mut before = '_';
    for char in word.chars() {
        if char.is_uppercase() && before != '_' {
            out.push('_');
        }
        out.extend(char.to_lowercase());
        before = char;
    }
    out
}

fn camel(word: &str) -> String {
    let mut out = String::new();
    let mut before = '_';
    for char in word.chars() {
        if char != '_' {
            if before == '_' {
                out.extend(char.to_uppercase());
            } else if before.is_uppercase() {
                out.extend(char.to_lowercase());
            } else {
                out.push(char);
            }
        }
        before = char;
    }
    out
}
