//! Both ways of reading lead to the same facts.

use std::path::{Path, PathBuf};

use crate::facts::FileFacts;
use crate::parse::{Cx, OtherMacros, ParseOptions, by_tree, direct, lex, parse_file, prune};

/// Both readings; none where the direct one gives up.
fn both(code: &str) -> (Option<String>, String) {
    let (options, others) = (ParseOptions::default(), OtherMacros::default());
    let mut cx = Cx::new(&options, &others);
    let straight = direct::read(&mut cx, code).ok().map(|(cfg, items)| {
        let mut facts = FileFacts { cfg, items, ..FileFacts::default() };
        cx.finish(&mut facts);
        shown(facts)
    });
    let mut cx = Cx::new(&options, &others);
    let mut facts = FileFacts::default();
    by_tree(&mut cx, code, &mut facts);
    cx.finish(&mut facts);
    (straight, shown(facts))
}

fn shown(mut facts: FileFacts) -> String {
    // Counted by name: in which order they were met says nothing.
    facts.macros_unread.sort_unstable();
    serde_json::to_string_pretty(&facts).unwrap()
}

fn sources(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() && !path.is_symlink() && path.file_name().is_none_or(|name| name != "target") {
            sources(&path, out);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            out.push(path);
        }
    }
}

/// On deep code the tree needs the stack that the program gives its threads.
fn on_a_large_stack(test: fn()) {
    std::thread::Builder::new().stack_size(64 << 20).spawn(test).unwrap().join().unwrap();
}

/// The facts of a text whose test modules are passed, and of one that they are taken out of; none where the reading gives up.
fn without_tests(code: &str) -> (Option<String>, Option<String>) {
    let (options, others) = (ParseOptions::default(), OtherMacros::default());
    let read = |code: &str, passes_tests: bool| {
        let mut cx = Cx { passes_tests, ..Cx::new(&options, &others) };
        let (cfg, items) = direct::read(&mut cx, code).ok()?;
        let mut facts = FileFacts { cfg, items, ..FileFacts::default() };
        cx.finish(&mut facts);
        Some(shown(facts))
    };
    (read(code, true), read(&prune::without_test_modules(code), false))
}

#[test]
fn a_test_module_is_passed_as_if_it_were_empty() {
    let all = "fn a() {}\n#[cfg(test)]\n#[allow(x)] pub(crate) mod tests {\n  use super::*;\n  static B: &str = \"}\"; ä } fn c() {}";
    for code in
        [all, "#[cfg(all(test, unix))] mod t { fn a() { ' } }", "#[cfg(test)] mod t; fn a() {}", "#[cfg(not(test))] mod t { fn a() {} }"]
    {
        let (passed, taken_out) = without_tests(code);
        assert!(passed.is_some(), "{code}");
        assert_eq!(passed, taken_out, "{code}");
    }
    // One inside of another module, or in a macro, is taken out of the text.
    let inside = "mod a { #[cfg(test)] mod tests { fn b() {} } fn c() {} }";
    assert!(without_tests(inside).0.is_none());
    let names = |code: &str| shown(parse_file("a.rs", code, &ParseOptions::default()));
    assert!(names(inside).contains("\"c\"") && !names(inside).contains("\"b\""));
}

/// Our own sources and fixtures, and whatever `STATEMAP_SOURCES` names.
#[test]
fn whole_files_read_the_same_in_both_ways() {
    on_a_large_stack(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut folders: Vec<PathBuf> = ["src", "tests", "fixtures", "benches"].iter().map(|folder| root.join(folder)).collect();
        folders.extend(std::env::var_os("STATEMAP_SOURCES").iter().flat_map(std::env::split_paths));
        let mut files = Vec::new();
        folders.iter().for_each(|folder| sources(folder, &mut files));
        let mut given_up = Vec::new();
        for path in &files {
            let Ok(text) = std::fs::read_to_string(path) else { continue };
            if let (Some(passed), taken_out) = without_tests(lex::strip_prelude(&text)) {
                assert!(text.contains("macro_rules!") || Some(passed) == taken_out, "tests of {} are not passed", path.display());
            }
            match both(lex::strip_prelude(&text)) {
                (Some(straight), tree) => assert!(straight == tree, "{} is read differently", path.display()),
                (None, _) if text.contains("macro_rules!") => {}
                (None, _) => given_up.push(path),
            }
        }
        assert!(files.len() > 100);
        assert!(given_up.len() * 50 < files.len(), "given up: {given_up:#?}");
    });
}

#[test]
fn forms_that_are_easily_read_wrong_read_the_same() {
    let bodies = [
        "a < b && c as u8 > d || !e.f?.g(1..=2).0.1 == -1.5e-3",
        "x = y = a..b; x += 1 << 2 >> 3 & 4 ^ 5 | 6; x <<= 1; ..; ..=9; (a..b).rev()",
        "if let Some(x) = a && let Ok(y) = b(x) || c { 1 } else if (S { a: 1 }) == (S { a }) { 2 } else { 3 }",
        "for (i, S { a, ref b, c: [x, .., y], .. }) in v.iter().enumerate() { break 'a 5; } 'a: loop { continue 'a }",
        "match x { 1 | -2..=3 | 'a'..='z' if q => {} A::B(..) | A::C { .. } => f(), | &mut (mut z) => z, 0.. => return, _ => m! { a }, }",
        "let f = move |a: u8, (b, c)| -> u8 { a }; let g = async move |x| x.await; let h = || |y| y + 1; f(1)(2)[3]",
        "let Some(x): Option<u8> = y else { return }; let z; #[cfg(unix)] let w = 1; #[cfg(test)] let v = called!(1);",
        "<T as Trait<u8>>::f::<A>(b); <[u8]>::len(x); Vec::<u8>::new(); ::std::mem::drop(x); Self::A { b, c: 1, ..Default::default() }",
        "unsafe { *p } match a {} .b(); if a {} -1; { a } (b); const { 1 }; &raw const x; &&mut y; &a | &b",
        "println!(\"{} {x}\", a.b(), c = d, e = %f, ?g, \"key\": h); vec![0; n]; matches!(a, B | C if d); assert!(a, \"b\",);",
        "m!(a => b); n! { x.y; z }; select! { a = b() => c, else => d }; json!({ \"a\": [b] }); k![let x = 1; x]; o!(a, ; b)",
        "fn inner<const N: usize>(x: [u8; N]) -> impl Fn(u8) -> Box<dyn A + Send + '_> where Self: Sized { x } use a::{self, b::*, c as _};",
        "static X: Mutex<u8> = Mutex::new(1); const Y: fn(u8) -> ! = z; struct L(pub u8, #[serde(skip)] Vec<u8>); enum M { A = 1, B(u8) }",
        "\"a\\nb\"; r#\"c\"#; b\"d\"; b'e'; 'f'; '\\''; 0x1f_u8; 1_000; 1.; 1.0f32; 2e5; c\"g\"; 340282366920938463463374607431768211456; r#type",
        "return; x.await?; (a as usize as u8) < b; a::<B>; x.0.1.2; x.y::<Z>(); #[cfg(windows)] return 5; #[allow(x)] { 1 }; ;; if a { b } else { c }.d()",
        "let x = if a { 1 } else { 2 } + 3; let y = a.b.c = d; let _ = _x; _ = f(); let (a, .., b) = c; let [x @ .., _] = y; let (Foo | Bar) = z;",
    ];
    for body in bodies {
        let (straight, tree) = both(&format!("fn f() {{ {body} }}"));
        assert_eq!(straight.as_deref(), Some(tree.as_str()), "{body}");
    }
    let items = [
        "//! Docs.\n#![allow(x)]\n#![cfg(unix)]\nuse a::b;",
        "/// One.\n/** Two\n * three */\n#[doc = \"four\"]\n#[derive(A, b::C)]\npub(crate) struct S<'a, T: A + ?Sized = u8>(T, &'a str) where T: B;",
        "#[tokio::main(flavor = \"x\", n = 2)] async fn main() {} #[::tokio::test] async fn t() { m!() } #[cfg(test)] mod t; #[cfg(test)] #[path = \"x.rs\"] mod u;",
        "impl<T> A<T> for B<T> where T: C { const X: u8 = 1; type Y = u8; fn f(self: Arc<Self>, &mut x: &mut u8) {} m! { a } } unsafe impl Send for X {}",
        "pub unsafe trait A: B + 'static { const X: u8; type Y: C; fn f(&self, _: u8) -> Self::Y; fn g() {} } mod m { //! Inner.\n #![x(y)] fn f() {} }",
        "thread_local! { static A: Cell<u8> = Cell::new(1); } lazy_static! { static ref B: u8 = 2; } other! { fn x() {} } third!(1);",
        "extern \"C\" { fn x(); } extern crate a as b; type F = for<'a> fn(&'a u8, x: u8) -> <A as B>::C; static mut Z: [u8; 2 + 2] = [0; 4];",
        "pub fn f() -> Result<impl Iterator<Item = u8> + use<>, Box<dyn Error>> { a() } union U { a: u8 } pub enum E { #[cfg(test)] A, B { c: m!(x) } }",
    ];
    for item in items {
        let (straight, tree) = both(item);
        assert_eq!(straight.as_deref(), Some(tree.as_str()), "{item}");
    }
}

#[test]
fn mistakes_are_left_to_the_tree() {
    for code in [
        "fn f() { a b }",
        "fn f() { a < b < c }",
        "fn f() { let x = S {} else { return }; }",
        "fn f() { match x { a => b c => d } }",
        "fn f(",
        "fn f() { 'a' 'b' } }",
        "struct S { a u8 }",
        "static _: u8 = 1;",
        "fn f(x: impl) {}",
        "use a::;",
        "let x = 1;",
        "fn f() { \"a }",
    ] {
        assert!(both(code).0.is_none(), "{code}");
        assert!(parse_file("a.rs", code, &ParseOptions::default()).error.is_some(), "{code}");
    }
}
