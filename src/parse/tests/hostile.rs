//! Input made to break the parser.

use super::{ParseOptions, parse_file};
use crate::facts::FileFacts;

/// Parses as the tool does: on a thread with a stack of 16 MiB.
fn parse(text: String) -> FileFacts {
    let run = move || parse_file("x.rs", &text, &ParseOptions::default());
    std::thread::Builder::new().stack_size(16 << 20).spawn(run).unwrap().join().unwrap()
}

fn value(text: &str) -> String {
    format!("fn f() {{ let x = {text}; }}")
}

/// Shapes that nest without end: before, the repeated part, the middle, the repeated end, behind.
const SHAPES: [[&str; 5]; 27] = [
    ["fn f() { ", "(", "1", ")", "; }"],
    ["fn f() ", "{", "", "}", ""],
    ["fn f() { ", "[", "1", "; 1]", "; }"],
    ["use a::", "{b::", "c", "}", ";"],
    ["", "mod a {", "", "}", ""],
    ["fn f() { if a {} ", "else if a { b() } ", "", "", "}"],
    ["fn f() { ", "!", "a", "", "; }"],
    ["fn f() { ", "&", "a", "", "; }"],
    ["fn f() { ", "- ", "a", "", "; }"],
    ["fn f() { ", "|| ", "a", "", "; }"],
    ["fn f() { ", "|a, b| ", "a", "", "; }"],
    ["fn f() { ", "return ", "a", "", "; }"],
    ["fn f() { ", "if ", "a", "{}", "; }"],
    ["fn f() { x", " = x", "", "", "; }"],
    ["fn f() { ", ".. ", "", "", "; }"],
    ["fn f() { a", ".b().c()", "", "", "; }"],
    ["fn f() { a", "?", "", "", "; }"],
    ["fn f() { a", " + a", "", "", "; }"],
    ["fn f() { a", " as u8", "", "", "; }"],
    ["fn f() { a", "()", "", "", "; }"],
    ["static X: ", "Vec<", "u8", ">", " = 1;"],
    ["static X: ", "A<u8, ", "u8", ">", " = 1;"],
    ["static X: ", "&'a ", "u8", "", " = 1;"],
    ["static X: ", "fn() -> ", "u8", "", " = 1;"],
    ["static X: ", "<", "A", " as B>::C", " = 1;"],
    ["fn f() { let ", "a @ ", "a", "", " = 1; }"],
    ["use ", "a::", "a", "", ";"],
];

fn build([before, open, middle, close, behind]: [&str; 5], times: usize) -> String {
    format!("{before}{}{middle}{}{behind}", open.repeat(times), close.repeat(times))
}

#[test]
fn endless_nesting_is_refused_with_its_place() {
    for shape in SHAPES {
        let error = parse(build(shape, 100_000)).error.unwrap_or_else(|| panic!("{shape:?} was not refused"));
        assert!(error.message.starts_with("nested too deeply to be parsed"), "{shape:?}: {}", error.message);
        assert!(error.span.column > 100, "{shape:?}");
    }
}

#[test]
fn nesting_just_below_the_limits_fits_the_stack() {
    for shape in SHAPES {
        // From above: the first length that is not refused is the deepest tree that gets built.
        let times = [11_990, 5_990, 2_990, 1_990, 990, 490, 245, 190];
        let parsed = times.iter().any(|times| {
            !parse(build(shape, *times)).error.is_some_and(|error| error.message.starts_with("nested too deeply to be parsed"))
        });
        assert!(parsed, "{shape:?}");
    }
}

#[test]
fn code_that_people_write_is_not_refused() {
    let unnested = [
        value(&format!("a{}", ".route(\"/x\", get(handler))".repeat(900))),
        value(&format!("a == 0{}", " || a == 1 && b <= 2".repeat(900))),
        value(&format!("match a {{ '\\u{{0}}'{} => 1, _ => 2 }}", " | '\\u{1}'..='\\u{2}'".repeat(1_400))),
        value(&format!("[{}]", "a(1, &b, |c| -c), ".repeat(20_000))),
        value(&format!("match a {{ {} }}", "(b, c) if b < c => { d() } ".repeat(5_000))),
        value(&format!("html! {{ {} }}", "<p class=\"a\" id=\"b\"> { c } </p> ".repeat(2_000))),
        "pub fn f<T: A<B>>(a: &T) -> Vec<T> { if a { b() } else { c() } }\n".repeat(5_000),
        "impl<'a, T> A<'a, T> for B<T> where T: C {}\n".repeat(5_000),
        format!("fn f() {{ {} }}", "*a = b; if c {} *d = 1; x.y(&z);".repeat(5_000)),
    ];
    for text in unnested {
        let start: String = text.chars().take(60).collect();
        assert_eq!(parse(text).error, None, "{start}");
    }
}

#[test]
fn a_chain_beyond_the_depth_limit_loses_only_its_order() {
    let facts = parse(value(&format!("root(){}", ".a(arg)".repeat(2_000))));
    assert_eq!(facts.error, None);
    let text = format!("{:?}", facts.items);
    assert_eq!(text.matches("\"arg\"").count(), 2_000);
    assert_eq!(text.matches("\"root\"").count(), 1);
}

#[test]
fn an_expression_that_is_too_deep_to_keep_is_an_error() {
    let facts = parse(format!("fn f() {{ if a {{}} {} }}", "else if b { c() } ".repeat(1_500)));
    let error = facts.error.expect("an error");
    assert!(error.message.contains("1,000 levels"), "{}", error.message);
    assert_eq!(facts.items.len(), 1);
}

#[test]
fn macros_inside_macros_end_somewhere() {
    for open in ["a!(", "a!{", "a![b; "] {
        let close = match open.as_bytes()[2] {
            b'(' => ")",
            b'{' => "}",
            _ => "]",
        };
        let facts = parse(value(&format!("{}1{}", open.repeat(60), close.repeat(60))));
        assert_eq!((facts.error, facts.macros_read, facts.macros_unread.len()), (None, 32, 1), "{open}");
    }
}

#[test]
fn broken_files_end_in_time() {
    for text in ["pub ".repeat(50_000), "static A: u8 = ; ".repeat(50_000), "#[a] ".repeat(5_000) + "fn", "union ".repeat(50_000)] {
        assert!(parse(text).error.is_some());
    }
}

#[test]
fn odd_ends_do_not_panic() {
    for text in ["'", "\"", "r#\"", "b'", "'\\", "/*", "#!", "#![", "\u{feff}", "// statemap:", "#[cfg(test)] mod", "r", "b", "é'", "'é"]
    {
        parse(text.to_owned());
        parse(format!("// statemap: a\n{text}"));
    }
}
