//! Calls of macros that the same file defines.

use super::{ParseOptions, items, parse, parse_file, shown};
use crate::facts::ItemKind;

/// What a call becomes, without the fact of the definition and the name of the macro.
fn made(arms: &str, call: &str) -> Vec<String> {
    let mut shown = shown(&format!("macro_rules! m {{ {arms} }}\n{call}"));
    shown.remove(0);
    shown.into_iter().map(|item| item.replace("<m!> ", "")).collect()
}

#[test]
fn a_static_is_found_where_its_macro_is_called() {
    let text = "macro_rules! mime {
    ($id:ident, $mime:expr) => {
        /// A type.
        pub static $id: LazyLock<Mime> = LazyLock::new(|| $mime.parse().unwrap());
    };
}
mime!(ZIP, \"application/zip\");
crate::mime!(
    XML,
    1 + 2
);";
    assert_eq!(
        shown(text)[1..],
        [
            "<mime!> pub static ZIP: LazyLock<Mime> = LazyLock::new(|| \"application/zip\".parse().unwrap())",
            "<mime!> pub static XML: LazyLock<Mime> = LazyLock::new(|| (1 Add 2).parse().unwrap())",
        ]
    );
    let places: Vec<_> = items(text)[1..].iter().map(|item| (item.span.line, item.span.column)).collect();
    assert_eq!(places, [(7, 7), (9, 5)]);
    let facts = parse(text);
    assert_eq!((facts.macros_read, facts.macros_unread.len()), (2, 0));
    assert_eq!(facts.items[1].doc.as_deref(), Some("A type."));
}

#[test]
fn what_a_definition_says_itself_is_at_the_call_unless_there_is_one_only() {
    let place = |text: &str, at: usize| {
        let made = &items(text)[at];
        (made.name.to_string(), made.span.line, made.span.column)
    };
    let once = "macro_rules! m {\n () => {\n static A: u8 = 1; };\n (again) => { m!() }; }\n\n  m!();";
    assert_eq!(place(once, 1), ("A".to_owned(), 3, 9));
    let inside =
        "macro_rules! m {\n (@one $n:ident) => { static $n: u8 =\n 1; };\n ($($n:ident)*) => { $( m!(@one $n); )* }; }\n m!(\n  A\n  B);";
    assert_eq!(place(inside, 2), ("B".to_owned(), 7, 3), "what it calls for one of many");
    let twice = format!("{once}\n mod b {{ m!(); }}");
    assert_eq!(place(&twice, 1), ("A".to_owned(), 6, 3));
}

#[test]
fn repetitions_are_written_once_for_each() {
    let arms = "($($(#[$meta:meta])* $name:ident = $value:expr),+ $(,)?) => { $($(#[$meta])* static $name: u8 = $value;)+ };";
    assert_eq!(made(arms, "m!(A = 1, #[cfg(unix)] B = x(2, 3),);"), ["static A: u8 = 1", "[unix] static B: u8 = x(2, 3)"]);
    assert_eq!(
        made("($($a:ident)* ; $($t:ty)|*) => { static X: ($($t,)*) = f($($a),*); };", "m!(a b; u8 | Vec<u8>);"),
        ["static X: (u8, Vec<u8>) = f(a, b)"]
    );
}

#[test]
fn what_is_written_for_one_of_many_is_where_that_one_is() {
    let text = "macro_rules! m { ($t:ty; $($n:ident),*) => { static A: $t = 1; $( mod $n { static B: $t = 1; } )* } }
m!(
    u8;
    x,
    y
);
mod b { m!(u8;); }";
    let items = items(text);
    let lines: Vec<u32> = items[1..4]
        .iter()
        .map(|item| match &item.kind {
            ItemKind::Mod(module) => module.items.as_ref().unwrap()[0].span.line,
            _ => item.span.line,
        })
        .collect();
    assert_eq!(lines, [2, 4, 5]);
}

#[test]
fn repetitions_nest() {
    let arms =
        "($($(#[doc = $group:literal])? $of:ident { $( $(#[doc = $doc:literal])+ $name:ident: $ty:ident $(, $default:expr)?; )+ },)+) => {
        #[derive(Clone)] struct Config { $( $of: u8, $( $name: Option<$ty>, )+ )+ }
        impl Config { $($( pub fn $name(&self) -> $ty { f(self.$name $(, $default)?) } )+)+ }
    };";
    let call = "m! { /// Folders.\n folders { /// One.\n /// More.\n data: String, \"d\".to_owned(); /// Two.\n tmp: bool; }, jobs { /// Three.\n every: u64, 1 + 1; }, }";
    assert_eq!(
        made(arms, call),
        [
            "struct Config { folders: u8, data: Option<String>, tmp: Option<bool>, jobs: u8, every: Option<u64> }",
            "impl Config { pub fn data(self) -> String { f(self.data, \"d\".to_owned()) } | \
             pub fn tmp(self) -> bool { f(self.tmp) } | pub fn every(self) -> u64 { f(self.every, (1 Add 1)) } }"
        ]
        .map(|item| item.replace("             ", ""))
    );
}

#[test]
fn the_first_arm_that_matches_is_taken() {
    let arms = "(lazy $n:ident => $e:expr) => { static $n: L = L::new(|| $e); };
                ($v:vis $n:ident: $t:ty) => { $v static $n: $t = 0; };
                ({ $($rest:tt)* }) => { $($rest)* };";
    assert_eq!(made(arms, "m!(lazy A => b);"), ["static A: L = L::new(|| b)"]);
    assert_eq!(made(arms, "m!(pub(crate) A: &'static [u8]); m!(B: u8);"), ["pub static A: &[u8] = 0", "static B: u8 = 0"]);
    assert_eq!(made(arms, "m!({ static C: u8 = 'x'; });"), ["static C: u8 = 'x'"]);
}

#[test]
fn fragments_take_what_the_language_says() {
    assert_eq!(
        made("($l:lifetime $p:path | $b:block) => { impl<$l> $p { fn f() $b } };", "m!('a A::B<'a> | { 1 });"),
        ["impl A::B { fn f() { 1 } }"]
    );
    assert_eq!(
        made("($($i:item)*) => { $(#[cfg(unix)] $i)* };", "m! { struct A; pub fn b() {} }"),
        ["[unix] struct A {  }", "[unix] pub fn b() {  }"]
    );
    assert_eq!(
        made("($p:pat => $q:pat_param, $s:stmt) => { fn f() { match a { $p => 1, $q => 2 } $s; } };", "m!(A | B => C(_), let x = 1);"),
        ["fn f() { match a { path A | path B => 1, C(_) => 2 } let x = 1; }"]
    );
    assert_eq!(
        made("($l:literal $($t:tt)*) => { const A: [u8; 2] = [$l, f($($t)*)]; };", "m!(-1 x, y::<'static>());"),
        ["const A: [u8] = [-1, f(x, y())]"]
    );
}

#[test]
fn a_macro_that_calls_itself_is_followed() {
    let arms = "(@one $n:ident) => { static $n: u8 = 0; }; ($n:ident $($rest:ident)*) => { m!(@one $n); m!($($rest)*); }; () => {};";
    assert_eq!(made(arms, "m!(A B C);"), ["static A: u8 = 0", "static B: u8 = 0", "static C: u8 = 0"]);
}

#[test]
fn an_expression_stays_one() {
    assert_eq!(made("($e:expr) => { const A: u8 = $e * 2; };", "m!(1 + 1);"), ["const A: u8 = ((1 Add 1) Mul 2)"]);
}

#[test]
fn calls_in_code_and_types_are_expanded() {
    let arms =
        "(@ty $t:ty, option) => { Option<$t> }; (@ty $t:ty) => { $t }; (@get $a:expr) => { $a.get() }; (@let $n:ident) => { let $n = 1; };
                (@do $a:expr) => { let x = $a; x.run(); };";
    assert_eq!(made(arms, "struct S { a: m!(@ty u8, option), b: m!(@ty String) }"), ["struct S { a: Option<u8>, b: String }"]);
    assert_eq!(
        made(arms, "fn f() { m!(@let y); g(m!(@get self.a)); m!(@do y); }"),
        ["fn f() { let y = 1; g(self.a.get()); let x = y; x.run(); }"]
    );
    assert_eq!(made(arms, "fn f() { a(m!(@do y)) }"), ["fn f() { a({ let x = y; x.run(); }) }"]);
    assert_eq!(
        shown("fn f() { macro_rules! cache { ($n:ident) => { static $n: u8 = 1; } } cache!(A); A.b(); }"),
        ["fn f() { A.b(); } with macro_rules cache | <cache!> static A: u8 = 1"]
    );
    assert_eq!(made("($n:ident) => { fn $n() {} };", "impl A { #[cfg(unix)] m!(a); }"), ["impl A { [unix] fn a() {  } }"]);
}

#[test]
fn macros_in_modules_and_below_their_calls_are_known() {
    let text = "a!(X); mod inner { macro_rules! a { ($n:ident) => { static $n: u8 = 1; } } }";
    assert_eq!(shown(text)[0], "<a!> static X: u8 = 1");
    let twice = "macro_rules! a { () => { static A: u8 = 1; } } a!(); macro_rules! a { () => { static B: u8 = 1; } } a!();";
    let names: Vec<_> = items(twice).into_iter().filter(|item| matches!(item.kind, ItemKind::Static(_))).map(|item| item.name).collect();
    assert_eq!(names, ["A", "B"]);
    // A path into another crate is another macro.
    assert_eq!(shown("macro_rules! a { ($n:ident) => { static $n: u8 = 1; } } other::a!(X);")[1], "<a!> const _: () = other::a!(X)");
}

#[test]
fn a_macro_may_define_a_macro() {
    let text = "macro_rules! outer { ($name:ident, $ty:ty) => { macro_rules! $name { ($n:ident) => { static $n: $ty = 0; } } } }
                outer!(inner, u8); inner!(A);";
    assert_eq!(shown(text)[2], "<inner!> static A: u8 = 0");
}

#[test]
fn names_are_pasted_together() {
    let arms =
        "($($n:ident: $t:ty),*) => { paste::paste! { $( static [<$n:upper _CACHE>]: $t = [<new_ $n:snake>](); struct [<$n:camel>]; )* } };";
    assert_eq!(
        made(arms, "m!(user_row: A, OrderLine: B);").iter().map(|item| item.replace("<paste!> ", "")).collect::<Vec<_>>(),
        [
            "static USER_ROW_CACHE: A = new_user_row()",
            "struct UserRow {  }",
            "static ORDERLINE_CACHE: B = new_order_line()",
            "struct OrderLine {  }"
        ]
    );
    let line = items("macro_rules! m { ($n:ident) => { paste! { static [<MY_ $n>]: u8 = 1; } } }\nm!(\n A);")[1].span.line;
    assert_eq!(line, 3);
}

#[test]
fn names_made_texts_are_texts() {
    let arms = "($n:ident) => { fn $n() { env(paste::paste!(stringify!([<$n:upper>]))); env(concat!(\"APP_\", stringify!($n))); concat!($n, 1) } };";
    assert_eq!(made(arms, "m!(port);"), ["fn port() { env(\"PORT\"); env(\"APP_port\"); concat!(port, 1) }"]);
    // What is written out is left as it is.
    assert_eq!(shown("fn f() { stringify!(a) }"), ["fn f() { stringify!(a) }"]);
}

#[test]
fn a_call_that_matches_no_arm_is_read_as_before() {
    assert_eq!(made("($n:ident) => { static $n: u8 = 1; };", "m!(1, 2);"), ["const _: () = m!(1, 2)"]);
    // Nor does what is no item, what does not fit together, and a definition that is not understood.
    assert_eq!(made("($n:expr) => { static = $n; };", "m!(1);"), ["const _: () = m!(1)"]);
    assert_eq!(made("($($a:ident),*; $($b:ident),*) => { $(static $a: u8 = $b;)* };", "m!(a; b, c);"), ["const _: () = m!(a, b, c)"]);
    assert_eq!(made("($n:nonsense) => { static A: u8 = 1; };", "m!(1);"), ["const _: () = m!(1)"]);
}

/// Parses as the tool does: on a thread with a stack of 16 MiB.
fn hostile(text: String) -> crate::facts::FileFacts {
    let run = move || parse_file("x.rs", &text, &ParseOptions::default());
    std::thread::Builder::new().stack_size(16 << 20).spawn(run).unwrap().join().unwrap()
}

#[test]
fn macros_without_end_are_left() {
    for arms in [
        "($($t:tt)*) => { m! { $($t)* } };",
        "($($t:tt)*) => { m! { $($t)* $($t)* } };",
        "($($t:tt)*) => { m! { $($t)* } m! { $($t)* } static A: u8 = 1; };",
        "($($t:tt)*) => { fn f() { m!(($($t)*) + ($($t)*)) } };",
        "($($t:tt)*) => { mod a { mod b { m! { [$($t)*] } } } };",
        "($($t:tt)*) => { impl A { m! { $($t)* } m! { $($t)* } } };",
    ] {
        let facts = hostile(format!("macro_rules! m {{ {arms} }} m! {{ a }} fn f() {{ m!(a); let x: m!(b) = m!(c); }}"));
        assert_eq!(facts.error, None, "{arms}");
    }
}

#[test]
fn deep_expansions_fit_the_stack() {
    for (open, close) in [("(", ")"), ("{ ", "}"), ("!", ""), ("|| ", ""), ("f(", ")"), ("if a { b } else { ", "}"), ("a + ", "")] {
        for times in [10, 50, 95] {
            let arm = format!("($t:tt) => {{ {}m!($t){} }}", open.repeat(times), close.repeat(times));
            let facts = hostile(format!("macro_rules! m {{ {arm} }} fn f() {{ m!(a) }} static A: u8 = m!(a);"));
            assert_eq!(facts.items.len(), 3, "{arm}");
        }
    }
    for times in [10, 29, 58] {
        let arm = format!("($t:tt) => {{ {} m! {{ $t }} {} }}", "mod a { ".repeat(times), "} ".repeat(times));
        assert_eq!(hostile(format!("macro_rules! m {{ {arm} }} m! {{ a }}")).error, None);
    }
}

#[test]
fn long_input_ends_in_time() {
    let arms = [
        "($($t:tt)*) => { static A: u8 = 1; };",
        "($($($t:ident)* $u:tt)*) => { static A: u8 = 1; };",
        "($( $($e:expr => )* $t:tt )*) => { static A: u8 = 1; };",
        "($( $($e:ty => )* $t:tt )* !!!) => { static A: u8 = 1; }; ($($t:tt)*) => { static A: u8 = 1; };",
        "($h:tt $($t:tt)*) => { static A: u8 = 1; m!($($t)*); };",
        "($($t:tt)*) => { $( $t )* $( $t )* $( $t )* $( m!($t $t); )* };",
    ];
    for arm in arms {
        for unit in ["a ", "a + ", "(a) ", "a, ", "[ a => b ] ", "& ", "< ", "struct A; "] {
            let facts = hostile(format!("macro_rules! m {{ {arm} }} m! {{ {} }}", unit.repeat(20_000)));
            assert!(facts.items.len() < 20_000 || unit.starts_with("struct"), "{arm}");
        }
    }
}

#[test]
fn odd_definitions_do_not_panic() {
    for arm in [
        "",
        "a",
        "()",
        "() =>",
        "() => a",
        "($) => {}",
        "($x) => {}",
        "($x:) => {}",
        "($x:ident => {}",
        "($()*) => { $()* }",
        "($($x:ident)) => {}",
        "($($x:vis)*) => { $($x)* }",
        "($x:ident) => { $($x)* }",
        "($($x:ident)*) => { $x }",
        "() => { $ }",
        "() => { $($crate)* }",
        "($_:ident) => {}",
        "($($($x:tt)?)*) => { $($($x)?)* }",
        "($x:tt) => { [<$x>] paste! { [<>] [< $x :upper>] [<:upper>] [<1 $x>] [<_>] [<é>] } }",
        "(${count(x)}) => {}",
    ] {
        for call in ["", "a", "$", "'a", "a b", "é", "\"\"", "(", "r#type", "_"] {
            parse(&format!("macro_rules! m {{ {arm} }} m! {{ {call} }} fn f() {{ m!({call}); m!({call}) }}"));
            parse(&format!("m! {{ {call} }} macro_rules! m {{ {arm} }} paste! {{ {arm} {call} }}"));
        }
    }
}
