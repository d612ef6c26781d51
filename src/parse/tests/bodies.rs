//! Expressions, statements and patterns.

use super::{item, show, shown};
use crate::facts::{Expr, ItemKind, Span};

/// What an expression became.
fn value(text: &str) -> String {
    let ItemKind::Const(fact) = item(&format!("const X: u8 = {text};")).kind else { panic!("a const") };
    show::body(&fact.init.expect("a value"))
}

/// What the statements of a function became.
fn stmts(text: &str) -> String {
    let shown = shown(&format!("fn f() {{ {text} }}"));
    shown[0].strip_prefix("fn f() ").expect("a function").to_owned()
}

#[test]
fn values_are_read() {
    assert_eq!(value("1_000u64"), "1000");
    assert_eq!(value("0x10 * -2"), "(16 Mul -2)");
    assert_eq!(value("99999999999999999999999"), "lit");
    assert_eq!(
        value("(1.5e3, 'x', b'a', true, b\"ab\", c\"c\", r#\"a\"b\"#, \"t\\n\")"),
        "(1.5e3f, 'x', 97, true, \"ab\", \"c\", \"a\\\"b\", \"t\\n\")"
    );
    assert_eq!(value("5 << 20 | A::B"), "((5 Shl 20) Other A::B)");
    assert_eq!(value("[0; N]"), "[0, N]");
    assert_eq!(value("&mut *x[1..].y?.0"), "&*x[1..].y?.0");
    assert_eq!(value("a as u64 as f32"), "a as u64 as f32");
}

#[test]
fn chains_keep_their_types_and_arguments() {
    assert_eq!(
        value("Pool::<Pg>::builder().max_size(a.b).get::<Conn, _>(|c: &mut Conn| async move { c.ping().await? }).await?"),
        "Pool<Pg>::builder().max_size(a.b).get::<Conn, _>(|c: &Conn| async { c.ping().await? }).await?"
    );
    assert_eq!(value("<Foo<u8> as Default>::default()"), "Foo<u8>::default()");
    assert_eq!(value("<[u8] as ToOwned>::to_owned(x)"), "ToOwned::to_owned(x)");
    assert_eq!(value("(self.f)(1)(2)"), "self.f(1)(2)");
    assert_eq!(value("S { a: 1, b, ..Default::default() }"), "S { a: 1, b: b, ..Default::default() }");
}

#[test]
fn statements_are_read() {
    assert_eq!(
        stmts(
            "let (a, mut b): (u8, u8) = c; let Some(x) = y else { return z; }; let d; a = 1; b += 2; if let Ok(v) = w && v > 1 { } else if q { r() } e"
        ),
        "{ let (a, b): (u8, u8) = c; let Some(x) = y else { return z; }; let d; a = 1; b op= 2; \
         if (let Ok(v) = w And (v Over 1)) {  } else if q { r() } e }"
    );
    assert_eq!(
        stmts(
            "'a: loop { break 'a 1; } while let Some(x) = s.next().await { continue; } for (i, _) in v.iter().enumerate() { yield_now() }"
        ),
        "{ loop { break 1; } while let Some(x) = s.next().await { other(); } for (i, _) in v.iter().enumerate() { yield_now() } }"
    );
    assert_eq!(
        stmts("unsafe { a() }; const { b() }; let x = 'l: { break 'l 2 }; async || c(); return; move || d()"),
        "{ { a() }; { b() }; let x = { break 2 }; async || c(); return ; || d() }"
    );
}

#[test]
fn patterns_are_read() {
    assert_eq!(
        value(
            "match x { A::B(ref y, ..) | C { d, e: (f, _), .. } if g(y) => 1, [h, rest @ .., &i] => 2, None => 3, 1..=2 | \"s\" => 4, n @ Some(_) => 5, MAX => 6 }"
        ),
        "match x { A::B(y, _) | C{d: d, e: (f, _)} if g(y) => 1, [h, rest@_, &i] => 2, path None => 3, _ | _ => 4, n@Some(_) => 5, path MAX => 6 }"
    );
}

#[test]
fn items_inside_blocks_are_kept_at_any_depth() {
    assert_eq!(
        stmts("if a { static HITS: AtomicU64 = AtomicU64::new(0); { use x::y; fn g() { const N: u8 = 1; } } }"),
        "{ if a { {  } } } with static HITS: AtomicU64 = AtomicU64::new(0) | use x::y | fn g() {  } with const N: u8 = 1"
    );
}

#[test]
fn parameters_may_be_patterns() {
    assert_eq!(
        shown("async fn f(State(db): State<Db>, Path((a, b)): Path<(u8, u8)>, mut n: u8, _: ()) {}"),
        ["async fn f(State(db): State<Db>, Path((a, b)): Path<(u8, u8)>, n: u8, _: ()) {  }"]
    );
}

#[test]
fn places_are_where_the_fact_starts() {
    let ItemKind::Const(fact) = item("const X: u8 =\n  a::b(\n    1).cd();").kind else { panic!("a const") };
    let body = fact.init.expect("a value");
    let places: Vec<Span> = body
        .exprs
        .iter()
        .map(|expr| match expr {
            Expr::Path(_, span) | Expr::Lit(_, span) | Expr::Call { span, .. } | Expr::Method { span, .. } => *span,
            other => panic!("{other:?}"),
        })
        .collect();
    let at = |line, column| Span { line, column };
    assert_eq!(places, [at(2, 3), at(3, 5), at(2, 3), at(3, 8)]);
}

#[test]
fn children_come_before_their_parents() {
    let ItemKind::Fn(func) = item("fn f() { let a = b(c.d(|e| e + 1)); if a { g!(h, i.j()) } }").kind else { panic!("a function") };
    let body = func.body.expect("a body");
    assert_eq!(body.root.map(|root| root.0 as usize), Some(body.exprs.len() - 1));
}
