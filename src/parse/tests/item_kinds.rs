//! Items of every kind, conditions, files.

use super::{item, items, parse, show, shown};
use crate::facts::{ItemKind, Span};
use crate::parse::{ParseOptions, parse_file};

#[test]
fn items_of_every_kind_are_read() {
    assert_eq!(
        shown(
            "mod a; #[path = \"x/b.rs\"] pub mod b; pub(crate) mod c { static X: u8 = 1; mod d {} }
             extern crate foo as bar; extern crate baz;
             pub static mut A: Option<u8> = None; const B: &str = \"b\";
             pub struct S<T> { pub a: Vec<T>, r#type: u8 } struct P(u8, pub String); struct U; union W { a: u8 }
             enum E { A, B(u8), C { x: String } }
             pub type T<K> = Arc<Mutex<K>>;
             extern \"C\" { static environ: *const u8; fn c(); }
             macro_rules! m { () => { static NOT_HERE: u8 = 1; } }
             #[thread_local] static L: Cell<u8> = Cell::new(1);"
        ),
        [
            "mod a",
            "pub mod b at x/b.rs",
            "pub mod c { static X: u8 = 1 | mod d {  } }",
            "extern crate foo as bar",
            "extern crate baz as baz",
            "pub static mut A: Option<u8> = None",
            "const B: &str = \"b\"",
            "pub struct S { a: Vec<T>, type: u8 }",
            "struct P { 0: u8, 1: String }",
            "struct U {  }",
            "struct W { a: u8 }",
            "enum E { A(), B(0: u8), C(x: String) }",
            "pub type T = Arc<Mutex<K>>",
            "macro_rules m",
            "thread-local static L: Cell<u8> = Cell::new(1)",
        ]
    );
}

#[test]
fn members_of_impls_and_traits_are_read() {
    assert_eq!(
        shown(
            "impl<T> Store for Db<T> { const N: usize = 4; type Key = String; pub async fn get(&self, key: &str) -> Option<T> { None } }
             pub trait Store: Send { const N: usize; type Key: Hash; fn required(self: Arc<Self>, x: u8); fn default() -> () {} }"
        ),
        [
            "impl Store for Db<T> { const N: usize = 4 | type Key = String | pub async fn get(self, key: &str) -> Option<T> { None } }",
            "pub trait Store { const N: usize | type Key = impl Hash | fn required(self, u8); | fn default() {  } }",
        ]
    );
}

#[test]
fn what_only_tests_have_is_left_out() {
    let text = "#[cfg(test)] mod tests { static A: u8 = 1; } #[cfg(test)] use x::y; #[cfg(all(test, unix))] impl S { }
        #[cfg(not(test))] static B: u8 = 1; #[cfg(any(test, feature = \"f\"))] static C: u8 = 1; mod tests { }
        struct S { #[cfg(test)] a: u8, #[cfg(unix)] b: u8 }
        enum E { #[cfg(test)] A, B }
        fn f(#[cfg(test)] x: u8) { #[cfg(test)] let a = 1; #[cfg(test)] { b(); } #[cfg(test)] c(); #[cfg(test)] d!(); #[cfg(not(test))] e();
            #[cfg(test)] x.y = 1;
            match g { #[cfg(test)] 1 => {}, 2 => {} } S { #[cfg(test)] a: 1, b: 2 } }";
    let want = [
        "static B: u8 = 1",
        "[feature=f] static C: u8 = 1",
        "mod tests {  }",
        "struct S { b: u8 }",
        "enum E { B() }",
        "fn f() { e(); match g { _ => {  } } S { b: 2 } }",
    ];
    assert_eq!(shown(text), want);
    let all = parse_file("x.rs", text, &ParseOptions { include_tests: true, ..ParseOptions::default() });
    assert_eq!(all.items.len(), want.len() + 3);
    assert!(show::items(&all.items)[0].starts_with("[test] mod tests { static A"));
    assert_eq!(show::items(&all.items)[3], "[not(test)] static B: u8 = 1");
}

#[test]
fn several_conditions_are_joined() {
    assert_eq!(shown("#[cfg(unix)] #[cfg(feature = \"a\")] fn f() {}"), ["[all(unix, feature=a)] fn f() {  }"]);
    assert_eq!(shown("#[cfg(false)] fn f() {} #[cfg(true)] fn g() {}"), ["fn g() {  }"]);
}

#[test]
fn a_file_condition_stays_even_when_it_never_holds() {
    let shown = |text: &str| parse(text).cfg.map(|cfg| show::cfg(&cfg));
    assert_eq!(shown("#![cfg(test)] fn f() {}").as_deref(), Some("test"));
    assert_eq!(shown("//! Docs.\n#![cfg(not(test))]\n#![cfg(feature = \"x\")] fn f() {}").as_deref(), Some("feature=x"));
    assert_eq!(shown("#![allow(x)] fn f() {}"), None);
}

#[test]
fn names_stand_where_they_are_written() {
    let text = "\u{feff}#!/usr/bin/env x\r\n\r\n/// ü\r\npub static   ÄB: u8 = 1;\r\nimpl X {\r\n    fn y() {}\r\n}\r\n";
    let facts = parse(text);
    assert_eq!((facts.error, facts.lines), (None, 7));
    assert_eq!(facts.items[0].span, Span { line: 4, column: 14 });
    assert_eq!(facts.items[1].span, Span { line: 5, column: 1 });
    let ItemKind::Impl(imp) = &facts.items[1].kind else { panic!("an impl") };
    assert_eq!(imp.items[0].span, Span { line: 6, column: 8 });
}

#[test]
fn what_stands_behind_a_test_module_keeps_its_place() {
    let text = "#[cfg(test)]\nmod tests {\n    fn x() {}\n} static A: u8 = 1;\nstatic B: u8 = 1;";
    let items = items(text);
    assert_eq!(items.iter().map(|item| (item.span.line, item.span.column)).collect::<Vec<_>>(), [(4, 10), (5, 8)]);
}

#[test]
fn comments_in_test_modules_are_left_out_with_them() {
    let text = "#!/x\n// statemap: a = 1\nfn f() {}\n#[cfg(test)]\nmod tests {\n    // statemap: b = 2\n    fn g() {}\n}\n// statemap: c = 3\nfn h() {}";
    let said = |include_tests| {
        let comments = parse_file("x.rs", text, &ParseOptions { include_tests, ..ParseOptions::default() }).comments;
        comments.iter().map(|comment| (comment.target, text[comment.offset..].chars().next())).collect::<Vec<_>>()
    };
    assert_eq!(said(false), [(3, Some('a')), (10, Some('c'))]);
    assert_eq!(said(true), [(3, Some('a')), (7, Some('b')), (10, Some('c'))]);
}

#[test]
fn lines_are_counted_with_and_without_a_last_feed() {
    assert_eq!(["", "a", "a\n", "a\nb", "\n\n"].map(|text| parse(text).lines), [0, 1, 1, 2, 2]);
}

#[test]
fn whole_items_of_a_broken_file_are_kept() {
    let facts = parse(
        "use a::b;\nmod x;\nstatic A: u8 = 1;\nfn broken() { let x = ; }\n#[derive(Debug)]\nstatic B: Vec<u8> = Vec::new();\n\
         mod inner { fn also broken { } thread_local! { static C: u8 = 1; } }\nstatic D u8 = 1; lazy_static::lazy_static! { static ref E: u8 = 1; }",
    );
    let error = facts.error.expect("an error");
    assert_eq!((error.span.line, error.message.is_empty()), (4, false));
    assert_eq!(
        show::items(&facts.items),
        [
            "use a::b",
            "mod x",
            "static A: u8 = 1",
            "static B: Vec<u8> = Vec::new()",
            "mod inner { thread-local static C: u8 = 1 }",
            "lazy static E: u8 = 1",
        ]
    );
}

#[test]
fn a_file_that_is_not_made_of_tokens_keeps_nothing_but_the_error() {
    let facts = parse("static A: u8 = 1;\n\nfn x() { (] }\n");
    let error = facts.error.expect("an error");
    assert_eq!((error.span.line, facts.items.len()), (3, 0));
    assert!(error.message.contains("bracket"), "{}", error.message);
}

#[test]
fn fields_keep_their_docs_and_attributes() {
    let text = "struct S {\n    /// The pool.\n    #[serde(default)] #[cfg(unix)] pool: Pool,\n}";
    let ItemKind::Struct(one) = item(text).kind else { panic!("a struct") };
    let field = &one.fields[0];
    assert_eq!((field.doc.as_deref(), field.span), (Some("The pool."), Span { line: 3, column: 36 }));
    assert_eq!((field.cfg.as_ref().map(show::cfg), field.attrs[0].path.text()), (Some("unix".into()), "serde".into()));
}
