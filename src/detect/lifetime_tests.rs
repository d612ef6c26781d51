//! How many there are of what is made again and again, and who changes what there is one of.

use super::surroundings_tests::{items, told};
use crate::model::{Access, Kind, Scope};

#[test]
fn what_a_loop_makes_for_each_arrival_is_there_once_for_each() {
    let of = |round: &str| {
        let text = format!(
            "async fn serve(stream: u32) {{ println!(\"{{stream}}\") }}\n\
             #[tokio::main]\nasync fn main() {{ let listener = tokio::net::TcpListener::bind(\"0.0.0.0:80\").await.unwrap();\n{round}\n}}\n"
        );
        let found = items(&["tokio"], &text);
        let task = found.iter().find(|item| item.kind == Kind::BackgroundTask && item.summary.starts_with("detached")).unwrap();
        (task.scope, task.facts.iter().find(|fact| fact.key == "lifetime").map(|fact| fact.value.as_ref().unwrap().to_string()))
    };
    let spawn = "tokio::spawn(async move { serve(3).await });";
    let each = Some("one for each connection or message".to_owned());
    assert_eq!(of(&format!("loop {{ let (_stream, _peer) = listener.accept().await.unwrap();\n{spawn} }}")), (Scope::Task, each));
    // Before the loop, behind it, and in a loop that ends.
    assert_eq!(of(&format!("{spawn}\nloop {{ let _ = listener.accept().await.unwrap(); }}")), (Scope::Process, None));
    assert_eq!(of(&format!("for _ in 0..3 {{\n{spawn} }} drop(listener);")), (Scope::Process, None));
}

#[test]
fn a_task_that_pauses_in_each_round_does_not_run_once() {
    let of = |body: &str| {
        let text = format!("#[tokio::main]\nasync fn main() {{ tokio::spawn(async {{ {body} }}); std::future::pending::<()>().await; }}\n");
        told(&items(&["tokio"], &text), Kind::BackgroundTask, &["runs", "period"])
    };
    let sleep = "tokio::time::sleep(std::time::Duration::from_secs(5)).await;";
    assert_eq!(of(&format!("for part in parts() {{ println!(\"{{part}}\"); {sleep} }}")), ["period 5s", "runs until its loop is left"]);
    assert_eq!(of("println!(\"once\");"), ["runs once, detached"]);
}

#[test]
fn what_never_leaves_a_thread_is_not_there_once_for_the_process() {
    let of = |ty: &str| {
        let text = format!("struct Seen {{ count: {ty} }}\nfn main() {{ let seen: Seen = make(); println!(\"{{:?}}\", seen.count); }}\n");
        items(&[], &text).into_iter().find(|item| item.kind == Kind::SharedState).map(|item| item.scope)
    };
    assert_eq!(of("std::rc::Rc<std::cell::RefCell<u32>>"), Some(Scope::Thread));
    assert_eq!(of("std::sync::Arc<std::sync::Mutex<u32>>"), Some(Scope::Process));
}

#[test]
fn who_calls_a_method_that_changes_what_is_inside_changes_a_static() {
    let text = "use std::sync::{LazyLock, RwLock};\nstruct Shop { open: RwLock<bool> }\n\
        impl Shop { fn set(&self, open: bool) { *self.open.write().unwrap() = open; }\nfn shut(&self) { self.set(false); }\nfn is_open(&self) -> bool { *self.open.read().unwrap() } }\n\
        static SHOP: LazyLock<Shop> = LazyLock::new(|| Shop { open: RwLock::new(true) });\n\
        fn change() { SHOP.set(true); }\nfn close() { SHOP.shut(); }\nfn look() { println!(\"{}\", SHOP.is_open()); }\nfn main() { change(); close(); look(); }\n";
    let found = items(&[], text);
    let item = found.iter().find(|item| item.kind == Kind::Static).unwrap();
    let by = |access: Access| {
        let mut names: Vec<&str> =
            item.uses.iter().filter(|one| one.access == access).filter_map(|one| one.function.rsplit("::").next()).collect();
        names.dedup();
        names
    };
    assert_eq!(by(Access::Write), ["change", "close"]);
    assert_eq!(by(Access::Read), ["look"]);
}
