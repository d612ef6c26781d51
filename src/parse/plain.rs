//! Macro bodies of words, literals and field accesses, read without the parser: most log and format calls are no more than that.

use proc_macro2::{Ident, Spacing, TokenTree};

use super::exprs::{Lower, literal};
use super::{name, span};
use crate::facts::{Expr, ExprId, Lit, Path, Seg};

/// Words that start or are something else than a path.
const KEYWORDS: [&str; 25] = [
    "_", "as", "async", "await", "break", "const", "continue", "do", "dyn", "else", "for", "if", "impl", "in", "let", "loop", "match",
    "move", "mut", "ref", "return", "static", "unsafe", "while", "yield",
];

/// Whether tokens have no brackets.
pub(super) fn is_flat(tokens: &[TokenTree]) -> bool {
    !tokens.iter().any(|token| matches!(token, TokenTree::Group(_)))
}

impl Lower<'_> {
    /// The expressions between the commas of flat tokens; `None` when one of them is more than a path, a field or a literal.
    pub(super) fn plain(&mut self, tokens: &[TokenTree]) -> Option<Box<[ExprId]>> {
        let before = self.arena.exprs.len();
        let mut out = Vec::new();
        for piece in tokens.split(|token| is_mark(token, ',')) {
            // A comma at the end leaves an empty piece.
            if piece.is_empty() {
                continue;
            }
            match self.operand(unnamed(piece)) {
                Some(id) => out.push(id),
                None => {
                    self.arena.exprs.truncate(before);
                    return None;
                }
            }
        }
        Some(out.into_boxed_slice())
    }

    fn operand(&mut self, piece: &[TokenTree]) -> Option<ExprId> {
        match piece {
            [TokenTree::Literal(one)] => {
                let lit = literal(&syn::Lit::new(one.clone()));
                Some(self.push(Expr::Lit(lit, span(one.span()))))
            }
            [mark, rest @ ..] if is_mark(mark, '&') => {
                let inner = self.operand(rest)?;
                Some(self.push(Expr::Ref(inner)))
            }
            [mark, rest @ ..] if is_mark(mark, '*') => {
                let inner = self.operand(rest)?;
                Some(self.push(Expr::Deref(inner)))
            }
            [TokenTree::Ident(word)] if *word == "true" || *word == "false" => {
                Some(self.push(Expr::Lit(Lit::Bool(*word == "true"), span(word.span()))))
            }
            [TokenTree::Ident(first), rest @ ..] => self.path_and_fields(first, rest),
            _ => None,
        }
    }

    fn path_and_fields(&mut self, first: &Ident, mut rest: &[TokenTree]) -> Option<ExprId> {
        let seg = |ident: &Ident| Some(Seg::of(name(ident))).filter(|_| !is_keyword(ident));
        let mut segs = vec![seg(first)?];
        while let [colon, second, TokenTree::Ident(next), behind @ ..] = rest
            && is_mark(colon, ':')
            && is_mark(second, ':')
        {
            segs.push(seg(next)?);
            rest = behind;
        }
        let path = Path { global: false, segs: segs.into() };
        let mut id = self.push(Expr::Path(path, span(first.span())));
        while let [dot, TokenTree::Ident(field), behind @ ..] = rest
            && is_mark(dot, '.')
        {
            id = if *field == "await" {
                self.push(Expr::Await(id))
            } else {
                self.push(Expr::Field { base: id, name: name(field), span: span(field.span()) })
            };
            rest = behind;
        }
        rest.is_empty().then_some(id)
    }
}

/// A piece without `name =` and without the sigil of a field.
fn unnamed(piece: &[TokenTree]) -> &[TokenTree] {
    let mut piece = piece;
    let equals = piece.iter().position(|token| is_mark(token, '='));
    if let Some(equals) = equals
        && equals > 0
        && matches!(piece[equals - 1], TokenTree::Ident(_))
        && piece[..equals].iter().all(|token| matches!(token, TokenTree::Ident(_)) || is_mark(token, '.'))
        && piece.get(equals + 1).is_none_or(|next| !is_mark(next, '=') && !is_mark(next, '>'))
    {
        piece = &piece[equals + 1..];
    }
    match piece {
        [sigil, rest @ ..] if is_mark(sigil, '%') || is_mark(sigil, '?') => rest,
        _ => piece,
    }
}

fn is_keyword(ident: &Ident) -> bool {
    KEYWORDS.iter().any(|keyword| *ident == keyword)
}

fn is_mark(token: &TokenTree, mark: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == mark && (mark != '&' || punct.spacing() == Spacing::Alone))
}
