//! Macro calls in every position.

use super::{parse, shown};

/// What the statements of a function became.
fn stmts(text: &str) -> String {
    let shown = shown(&format!("fn f() {{ {text} }}"));
    shown[0].strip_prefix("fn f() ").expect("a function").to_owned()
}

#[test]
fn statics_made_by_macros_are_statics() {
    assert_eq!(
        shown(
            "thread_local! { /// Docs.\n pub static A: RefCell<u8> = RefCell::new(1); static B: Cell<u8> = const { Cell::new(2) } }
             lazy_static! { static ref C: Mutex<u8> = Mutex::new(3); pub(crate) static ref D: u8 = { 4 }; }
             tokio::task_local! { #[cfg(unix)] static E: u8; pub static F: String; }
             #[cfg(windows)] std::thread_local!(static G: u8 = 1);
             fn f() { thread_local!(static H: u8 = 1); lazy_static::lazy_static! { static ref I: u8 = 2; } }"
        ),
        [
            "thread-local pub static A: RefCell<u8> = RefCell::new(1)".replacen("thread-local pub", "pub thread-local", 1),
            "thread-local static B: Cell<u8> = { Cell::new(2) }".into(),
            "lazy static C: Mutex<u8> = Mutex::new(3)".into(),
            "pub lazy static D: u8 = { 4 }".into(),
            "[unix] task-local static E: u8".into(),
            "pub task-local static F: String".into(),
            "[windows] thread-local static G: u8 = 1".into(),
            "fn f() {  } with thread-local static H: u8 = 1 | lazy static I: u8 = 2".into(),
        ]
    );
}

#[test]
fn branches_of_cfg_if_carry_their_conditions() {
    let text = "cfg_if::cfg_if! { if #[cfg(test)] { static A: u8 = 1; } else if #[cfg(unix)] { mod b; } else { static C: u8 = 1; } }";
    assert_eq!(shown(text), ["[unix] mod b", "[not(unix)] static C: u8 = 1"]);
    assert_eq!(
        stmts("cfg_if! { if #[cfg(unix)] { a(); static X: u8 = 1; } else { b() } }"),
        "{ { a(); } { b() } } with [unix] static X: u8 = 1"
    );
    assert_eq!(
        shown("impl A { cfg_if! { if #[cfg(unix)] { fn a() {} } else { fn b() {} } } }"),
        ["impl A { [unix] fn a() {  } | [not(unix)] fn b() {  } }"]
    );
    assert_eq!(shown("std::cfg_select! { unix => { mod a; } _ => { mod b; } }"), ["[unix] mod a", "[not(unix)] mod b"]);
}

#[test]
fn items_of_other_macros_know_where_they_come_from() {
    assert_eq!(
        shown("cfg_rt! { pub mod rt; #[cfg(unix)] static A: u8 = 1; } #[cfg(windows)] service!(struct S { a: u8 });"),
        [
            "<cfg_rt!> pub mod rt",
            "<cfg_rt!> [unix] static A: u8 = 1".replacen("<cfg_rt!> [unix]", "[unix] <cfg_rt!>", 1).as_str(),
            "[windows] <service!> struct S { a: u8 }"
        ]
    );
    assert_eq!(shown("impl A { getters! { fn a(&self) -> u8 { 1 } } }"), ["impl A { <getters!> fn a(self) -> u8 { 1 } }"]);
}

#[test]
fn code_in_an_item_position_that_makes_no_item_is_kept() {
    assert_eq!(
        shown(
            "inventory::submit! { Plugin::new(\"a\") } criterion_main!(benches); include!(\"gen.rs\"); include!(concat!(env!(\"OUT_DIR\"), \"/x.rs\"));"
        ),
        [
            "<submit!> const _: () = inventory::submit!(Plugin::new(\"a\"))",
            "<criterion_main!> const _: () = criterion_main!(benches)",
            "include gen.rs",
            "unread include!",
        ]
    );
}

#[test]
fn arguments_of_call_like_macros_are_expressions() {
    assert_eq!(stmts("format!(\"/tmp/{name}-{}.csv\", a.b(), c = d::E,)"), "{ format!(\"/tmp/{name}-{}.csv\", a.b(), d::E) }");
    assert_eq!(stmts("vec![A::new(), b]; vec![x.y(); 4]; vec![];"), "{ vec!(A::new(), b); vec!(x.y(), 4); vec!(); }");
    assert_eq!(stmts("sqlx::query!(\"SELECT 1\", self.id, *b)"), "{ sqlx::query!(\"SELECT 1\", self.id, *b) }");
    assert_eq!(
        stmts("info!(target: \"t\", user.id = %self.user, ?err, x = a.len(), \"msg {}\", b)"),
        "{ info!(\"t\", self.user, err, a.len(), \"msg {}\", b) }"
    );
    assert_eq!(stmts("log!(a == b, c => d(), e: f.await)"), "{ log!((a Equal b), c, d(), f.await) }");
    assert_eq!(stmts("p!(true, &a.b, x::y::Z, a && b, -1, 'c')"), "{ p!(true, &a.b, x::y::Z, (a And b), -1, 'c') }");
    assert_eq!(stmts("json!({\"a\": f(x), \"b\": [1, {\"c\": y.z()}]})"), "{ json!(f(x), 1, y.z()) }");
}

#[test]
fn select_branches_bind_their_patterns() {
    assert_eq!(
        stmts("tokio::select! { biased; Some(job) = rx.recv(), if open => { run(job) } _ = sleep(d) => tick(), else => break }"),
        "{ tokio::select!(if (open And let Some(job) = rx.recv().await) { run(job) }, if let _ = sleep(d).await tick(), break ) }"
    );
    assert_eq!(
        stmts("futures::select! { x = a.next() => b(x), complete => break, }"),
        "{ futures::select!(if let x = a.next().await b(x), break ) }"
    );
    assert_eq!(stmts("select! { recv(r) -> m => f(m), default(t) => g(), }"), "{ select!(recv(r), m, f(m), default(t), g()) }");
}

#[test]
fn patterns_in_macros_bind() {
    assert_eq!(stmts("matches!(x.y(), Some(z) | Ok(z) if z > 1)"), "{ matches!(let Some(z) | Ok(z) = x.y(), (z Over 1)) }");
}

#[test]
fn bodies_of_statements_are_blocks() {
    assert_eq!(
        stmts("stream! { let a = b; static N: u8 = 1; while a { yield a; } }"),
        "{ stream!({ let a = b; while a { other(a); } }) } with static N: u8 = 1"
    );
    assert_eq!(stmts("run!({ a() }, |x, y| x + y, HashMap::<K, V>::new())"), "{ run!({ a() }, |x, y| (x Add y), HashMap<K, V>::new()) }");
}

#[test]
fn code_in_brackets_of_a_foreign_syntax_is_found() {
    assert_eq!(stmts("html! { <p class={self.class()}>{ \"a\" }</p> }"), "{ html!(self.class(), \"a\") }");
}

#[test]
fn what_cannot_be_read_is_counted_with_its_name() {
    let facts =
        parse("bitflags! { struct F: u32 { const A = 1; } } fn f() { a!(b); c::d!(x { = y }); let e: G![()] = 1; quote!(#x { y = }); }");
    assert_eq!(facts.macros_unread, ["bitflags", "c::d", "G"]);
    assert_eq!(facts.macros_read, 2);
    assert_eq!(shown("bitflags! { struct F: u32 { const A = 1; } }"), ["unread bitflags!"]);
}

#[test]
fn templates_of_code_are_not_code() {
    assert_eq!(stmts("quote! { static A: Mutex<u8> = x(); }; parse_quote!(a.b())"), "{ quote!(); parse_quote!() }");
}
