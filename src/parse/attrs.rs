//! Attributes of items, fields, arms and statements: conditions, docs, and the rest.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::punctuated::Punctuated;
use syn::{Attribute, Meta, Token};

use super::cfgs::{self, Known};
use super::{Cx, name, span};
use crate::facts::{Attr, Cfg, Name, Path, Seg};

/// What the attributes of one item say.
#[derive(Default)]
pub(super) struct Attrs {
    pub(super) cfg: Option<Cfg>,
    pub(super) doc: Option<String>,
    pub(super) attrs: Vec<Attr>,
}

/// Attributes that make a function a test or a benchmark, by their last segment: `#[tokio::test]`, `#[sqlx::test]`.
const TEST_ATTRIBUTES: [&str; 8] =
    ["test", "bench", "rstest", "test_case", "test_matrix", "quickcheck", "wasm_bindgen_test", "should_panic"];

impl Cx {
    /// The condition of a whole file. What never holds without tests stays as written: the module stage drops the module.
    pub(super) fn file_cfg(&self, attrs: &[Attribute]) -> Option<Cfg> {
        let written = cfgs::all(conditions(attrs))?;
        match cfgs::simplify(written.clone(), !self.include_tests) {
            Known::False => Some(written),
            Known::True => None,
            Known::Open(cfg) => Some(cfg),
        }
    }

    /// Reads the attributes; `None` when their condition never holds.
    pub(super) fn attrs(&self, attrs: &[Attribute]) -> Option<Attrs> {
        let mut out = Attrs::default();
        if attrs.is_empty() {
            return Some(out);
        }
        out.cfg = self.cfg(attrs)?;
        for attr in attrs {
            if !self.doc(attr, &mut out) && !attr.path().is_ident("cfg") {
                self.other(&attr.meta, attr.pound_token.span, &mut out.attrs);
            }
        }
        Some(out)
    }

    /// Whether something under these attributes can exist in the builds of interest.
    pub(super) fn kept(&self, attrs: &[Attribute]) -> bool {
        self.cfg(attrs).is_some()
    }

    /// Whether something under these attributes exists in every build for Linux.
    pub(super) fn holds_on_linux(&self, attrs: &[Attribute]) -> bool {
        attrs.is_empty() || self.cfg(attrs).is_some_and(|cfg| cfg.is_none_or(|cfg| cfgs::on_linux(&cfg) == Some(true)))
    }

    /// The condition in the attributes; outer `None` when it never holds.
    #[expect(clippy::option_option, reason = "never, always and sometimes are three answers")]
    pub(super) fn cfg(&self, attrs: &[Attribute]) -> Option<Option<Cfg>> {
        if attrs.is_empty() {
            return Some(None);
        }
        match cfgs::all(conditions(attrs)) {
            None => Some(None),
            Some(cfg) => self.condition(cfg),
        }
    }

    /// A condition less what is known of it; outer `None` when it never holds.
    #[expect(clippy::option_option, reason = "never, always and sometimes are three answers")]
    pub(super) fn condition(&self, cfg: Cfg) -> Option<Option<Cfg>> {
        match cfgs::simplify(cfg, !self.include_tests) {
            Known::False => None,
            Known::True => Some(None),
            Known::Open(cfg) => Some(Some(cfg)),
        }
    }

    /// Whether a function with these attributes is left out as a test.
    pub(super) fn is_left_out_test(&self, attrs: &[Attribute]) -> bool {
        !self.include_tests
            && attrs
                .iter()
                .any(|attr| attr.path().segments.last().is_some_and(|last| TEST_ATTRIBUTES.iter().any(|test| last.ident == test)))
    }

    /// Adds a doc attribute; false when it is none.
    fn doc(&self, attr: &Attribute, out: &mut Attrs) -> bool {
        if !attr.path().is_ident("doc") {
            return false;
        }
        let Meta::NameValue(pair) = &attr.meta else { return true };
        let syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) = &pair.value else { return true };
        add_doc(&text.value(), &mut out.doc);
        true
    }

    fn other(&self, meta: &Meta, at: proc_macro2::Span, out: &mut Vec<Attr>) {
        if meta.path().is_ident("cfg_attr") {
            self.cfg_attr(meta, at, out);
            return;
        }
        let args = match meta {
            Meta::Path(_) => Vec::new(),
            Meta::List(list) => args(list.tokens.clone()),
            Meta::NameValue(pair) => vec![(Name::default(), Some(value_text(&pair.value)))],
        };
        out.push(Attr { path: plain_path(meta.path()), args, span: span(at) });
    }

    /// `#[cfg_attr(p, a, b)]` gives `a` and `b`, unless `p` never holds.
    fn cfg_attr(&self, meta: &Meta, at: proc_macro2::Span, out: &mut Vec<Attr>) {
        let Meta::List(list) = meta else { return };
        let read = |input: syn::parse::ParseStream<'_>| {
            let mut condition = TokenStream::new();
            while !input.is_empty() && !input.peek(Token![,]) {
                condition.extend([input.parse::<TokenTree>()?]);
            }
            let _: Option<Token![,]> = input.parse()?;
            Ok((condition, Punctuated::<Meta, Token![,]>::parse_terminated(input)?))
        };
        let Ok((condition, metas)) = list.parse_args_with(read) else { return };
        let holds = cfgs::read(condition).is_none_or(|cfg| self.condition(cfg).is_some());
        for inner in metas.iter().filter(|inner| holds && !inner.path().is_ident("cfg") && !inner.path().is_ident("doc")) {
            self.other(inner, at, out);
        }
    }
}

/// Whether the last word of an attribute makes a function a test.
pub(super) fn is_test_attribute(last: &str) -> bool {
    TEST_ATTRIBUTES.contains(&last)
}

/// Adds the text of one doc comment.
pub(super) fn add_doc(text: &str, out: &mut Option<String>) {
    let doc = match out {
        Some(doc) => {
            doc.push('\n');
            doc
        }
        None => out.insert(String::new()),
    };
    if text.contains('\n') {
        push_block_doc(text, doc);
    } else {
        doc.push_str(text.strip_prefix(' ').unwrap_or(text));
    }
}

fn conditions(attrs: &[Attribute]) -> Vec<Cfg> {
    let mut out = Vec::new();
    for attr in attrs {
        if let Meta::List(list) = &attr.meta
            && list.path.is_ident("cfg")
        {
            out.extend(cfgs::read(list.tokens.clone()));
        }
    }
    out
}

/// The value of `#[path = "…"]`.
pub(super) fn path_value(attrs: &[Attr]) -> Option<String> {
    let attr = attrs.iter().find(|attr| attr.path.single().is_some_and(|name| name == "path"))?;
    attr.args.first()?.1.clone()
}

/// `#[path = "…"]` of an item that is not read.
pub(super) fn written_path(attrs: &[Attribute]) -> Option<String> {
    attrs.iter().find_map(|attr| match &attr.meta {
        Meta::NameValue(syn::MetaNameValue { path, value: syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }), .. })
            if path.is_ident("path") =>
        {
            Some(text.value())
        }
        _ => None,
    })
}

/// The text of `/** … */`: its lines without their indentation and their star.
fn push_block_doc(text: &str, doc: &mut String) {
    let starred = text.lines().skip(1).all(|line| line.trim().is_empty() || line.trim_start().starts_with('*'));
    let mut lines = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let mut line = if starred || index == 0 { line.trim_start() } else { line };
        if starred && index > 0 {
            line = line.strip_prefix('*').unwrap_or(line);
            line = line.strip_prefix(' ').unwrap_or(line);
        }
        lines.push(line.trim_end());
    }
    let first = lines.iter().position(|line| !line.is_empty()).unwrap_or(lines.len());
    let last = lines.iter().rposition(|line| !line.is_empty()).map_or(first, |last| last + 1);
    let indent = |line: &str| line.len() - line.trim_start().len();
    let common = lines[first..last].iter().skip(1).filter(|line| !line.is_empty()).map(|line| indent(line)).min().unwrap_or(0);
    for (index, line) in lines[first..last].iter().enumerate() {
        if index > 0 {
            doc.push('\n');
        }
        doc.push_str(if starred { line } else { &line[common.min(indent(line))..] });
    }
}

/// The arguments in the parentheses of an attribute.
fn args(tokens: TokenStream) -> Vec<(Name, Option<String>)> {
    let mut out = Vec::new();
    let mut piece: Vec<TokenTree> = Vec::new();
    for token in tokens {
        if matches!(&token, TokenTree::Punct(punct) if punct.as_char() == ',') {
            out.extend(arg(&piece));
            piece.clear();
        } else {
            piece.push(token);
        }
    }
    out.extend(arg(&piece));
    out
}

fn arg(piece: &[TokenTree]) -> Option<(Name, Option<String>)> {
    let equals = piece.iter().position(|token| matches!(token, TokenTree::Punct(punct) if punct.as_char() == '='));
    match (piece, equals) {
        ([], _) => None,
        ([TokenTree::Ident(ident)], _) => Some((name(ident), None)),
        ([TokenTree::Literal(literal)], _) => Some((Name::from(cfgs::literal_text(literal)), None)),
        (_, Some(equals)) if equals > 0 => Some((text(&piece[..equals]).into(), Some(text_or_literal(&piece[equals + 1..])))),
        ([key @ .., TokenTree::Group(group)], None) if !key.is_empty() && group.delimiter() == Delimiter::Parenthesis => {
            Some((text(key).into(), Some(text_of(group.stream()))))
        }
        _ => Some((text(piece).into(), None)),
    }
}

fn text_or_literal(piece: &[TokenTree]) -> String {
    match piece {
        [TokenTree::Literal(literal)] => cfgs::literal_text(literal),
        _ => text(piece),
    }
}

fn value_text(value: &syn::Expr) -> String {
    match value {
        syn::Expr::Lit(literal) => match &literal.lit {
            syn::Lit::Str(text) => text.value(),
            lit => text_of(quote::ToTokens::to_token_stream(lit)),
        },
        other => text_of(quote::ToTokens::to_token_stream(other)),
    }
}

fn text_of(tokens: TokenStream) -> String {
    text(&tokens.into_iter().collect::<Vec<_>>())
}

/// Tokens as people write them: `a::b = [1, 2]`.
fn text(tokens: &[TokenTree]) -> String {
    let mut out = String::new();
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{ ", " }"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                out.push_str(open);
                out.push_str(&text_of(group.stream()));
                out.push_str(close);
            }
            TokenTree::Punct(punct) => match punct.as_char() {
                ',' => out.push_str(", "),
                '=' => out.push_str(" = "),
                other => out.push(other),
            },
            word => {
                if out.ends_with(|last: char| last.is_alphanumeric() || last == '_' || last == '"') {
                    out.push(' ');
                }
                out.push_str(&word.to_string());
            }
        }
    }
    out
}

/// A path of an attribute or a macro, without generic arguments.
pub(super) fn plain_path(path: &syn::Path) -> Path {
    Path { global: path.leading_colon.is_some(), segs: path.segments.iter().map(|seg| Seg::of(name(&seg.ident))).collect() }
}

#[cfg(test)]
mod tests {
    use crate::parse::tests::{item, items};

    fn attrs(text: &str) -> Vec<String> {
        let shown = item(text).attrs;
        shown
            .iter()
            .map(|attr| {
                let args = attr.args.iter().map(|(key, value)| match value {
                    Some(value) => format!("{key}={value}"),
                    None => key.to_string(),
                });
                format!("{}({})", attr.path.text(), args.collect::<Vec<_>>().join("; "))
            })
            .collect()
    }

    #[test]
    fn arguments_lose_their_quotes() {
        assert_eq!(
            attrs("#[cached(size = 100, time = 60, result, key = \"String\", convert = r#\"{ a.b() }\"#, map(x = 1, y))] fn f() {}"),
            ["cached(size=100; time=60; result; key=String; convert={ a.b() }; map=x = 1, y)"]
        );
        assert_eq!(
            attrs("#[derive(Debug, serde::Serialize,)] #[non_exhaustive] struct S;"),
            ["derive(Debug; serde::Serialize)", "non_exhaustive()"]
        );
        assert_eq!(attrs("#[deprecated = \"no\"] #[once(\"x\", 5)] fn f() {}"), ["deprecated(=no)", "once(x; 5)"]);
    }

    #[test]
    fn conditional_attributes_count_unless_only_tests_have_them() {
        assert_eq!(
            attrs("#[cfg_attr(feature = \"a\", cached(size = 1), inline)] #[cfg_attr(test, automock)] fn f() {}"),
            ["cached(size=1)", "inline()"]
        );
    }

    #[test]
    fn docs_are_joined_as_written() {
        let doc = |text: &str| item(text).doc.unwrap_or_default();
        assert_eq!(doc("/// One.\n///\n///   - two\n#[doc = \"three\"]\nfn f() {}"), "One.\n\n  - two\nthree");
        assert_eq!(doc("/**\n * One.\n *\n *   two\n */\nfn f() {}"), "One.\n\n  two");
        assert_eq!(doc("/** One.\n    Two.\n      three\n */\nfn f() {}"), "One.\nTwo.\n  three");
        assert_eq!(item("#[doc(hidden)] fn f() {}").doc, None);
    }

    #[test]
    fn test_functions_are_left_out_and_their_near_misses_stay() {
        let text = "#[test] fn a() {} #[tokio::test(flavor = \"x\")] async fn b() {} #[rstest] fn c() {} #[test::helper] fn d() {} #[tested] fn e() {}";
        assert_eq!(items(text).iter().map(|item| item.name.as_str()).collect::<Vec<_>>(), ["d", "e"]);
    }
}
