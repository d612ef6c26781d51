//! Rule `identity-in-thread-local`: see `identity_in_thread_local.md`.

use crate::assess::ground::{entry, fact, place};
use crate::assess::naming::words;
use crate::assess::{Ground, Rule};
use crate::model::{Access, Confidence, EntryKind, Hazard, HazardSeverity, Item, Kind, Scope};

pub(super) const RULE: Rule = Rule {
    id: "identity-in-thread-local",
    title: "who is asking, kept by the thread",
    several: "{} thread-locals say who is asking, while tasks of different requests share the thread",
    needs: None,
    symptom: "now and then a request acts as somebody else, more often under load; it cannot be repeated by hand",
    remedy: "pass it on as an argument or in the extensions of the request, or keep it in a task-local, which follows the future",
    sketch: Some((
        "rust",
        "tokio::task_local! {\n    static CURRENT: User;\n}\n\nlet response = CURRENT.scope(user, next.run(request)).await;",
    )),
    ends_when: "it is a task-local, is passed on, or is set and read without an `.await` in between",
    symptoms: &["wrong-identity"],
    docs: include_str!("identity_in_thread_local.md"),
    run,
};

/// Words that say who is asking, and for what.
const WHO: &[&str] = &[
    "account",
    "actor",
    "auth",
    "caller",
    "claims",
    "context",
    "credential",
    "credentials",
    "customer",
    "identity",
    "jwt",
    "login",
    "member",
    "org",
    "organization",
    "principal",
    "request",
    "role",
    "session",
    "subject",
    "tenant",
    "token",
    "transaction",
    "user",
    "username",
];

/// Words that say that it is something about them.
const ABOUT: &[&str] = &["buffer", "cache", "count", "counter", "counts", "depth", "hasher", "pool", "rng", "scratch", "stats", "total"];

fn run(rule: &Rule, ground: &Ground<'_>, out: &mut Vec<Hazard>) {
    for item in ground.of_kinds(&[Kind::ThreadLocal]).filter(|item| item.scope == Scope::Thread && says_who(item)) {
        let Some(set) = fact(item, "set_before_await") else { continue };
        let on_requests = Ground::is_on_requests(item);
        let severity = if on_requests { HazardSeverity::High } else { HazardSeverity::Medium };
        let by = item.entry_points.iter().find(|one| one.kind != EntryKind::Main && one.access == Access::Write);
        let by = by.map(|one| format!(" by {}", entry(one))).unwrap_or_default();
        let message =
            format!("`{}` is set{by} before an `.await`: what runs on the thread after it reads the value of another request", item.name);
        let mut hazard = rule.about(item, severity, message).at_most(Confidence::Likely);
        hazard = hazard.because(format!("{}, declared here", item.summary), place(item));
        let text = set.value.as_ref().map(ToString::to_string).unwrap_or_default();
        hazard = hazard.because(format!("set {text}, which pauses afterwards"), set.at.as_ref());
        let reads = item.uses.iter().find(|one| one.access == Access::Read);
        if let Some(read) = reads {
            let at = crate::model::Place { file: read.file.clone(), line: read.line, column: 1 };
            hazard = hazard.because(format!("read by `{}`", read.function), Some(&at));
        }
        out.push(hazard);
    }
}

/// The name, or the type inside cells, says who is asking.
fn says_who(item: &Item) -> bool {
    let name = words(&item.name);
    let held = item.ty.as_deref().unwrap_or("").rsplit('<').next().unwrap_or("").trim_end_matches('>');
    let held = words(held);
    let has = |words: &[String], known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
    (has(&name, WHO) || has(&held, WHO)) && !has(&name, ABOUT)
}

#[cfg(test)]
mod tests {
    use crate::fixture::map;

    fn told(source: &str) -> Vec<String> {
        let hazards = map(source).hazards;
        hazards
            .iter()
            .filter(|one| one.rule == "identity-in-thread-local")
            .map(|one| format!("{}: {}", one.severity.as_str(), one.message))
            .collect()
    }

    /// A middleware that calls `enter(user)`, and a handler that calls `current()`.
    fn service(context: &str, middleware: &str) -> String {
        format!(
            r#"
use std::cell::RefCell;

#[tokio::main]
async fn main() {{
    let app = axum::Router::new().route("/", axum::routing::get(handler)).layer(axum::middleware::from_fn(identify));
    let listener = tokio::net::TcpListener::bind("0.0.0.0:80").await.unwrap();
    axum::serve(listener, app).await.unwrap();
}}
async fn identify(request: axum::extract::Request, next: axum::middleware::Next) -> axum::response::Response {{
    {middleware}
}}
async fn handler() -> String {{ current() }}
{context}
"#
        )
    }

    const CONTEXT: &str = "thread_local! { static CURRENT_USER: RefCell<Option<String>> = const { RefCell::new(None) }; }
fn enter(user: Option<String>) { CURRENT_USER.with_borrow_mut(|current| *current = user); }
fn current() -> String { CURRENT_USER.with(|user| user.borrow().clone().unwrap_or_default()) }";

    const AWAITS: &str = "enter(name(&request)); let response = next.run(request).await; enter(None); response";

    #[test]
    fn a_user_that_is_set_before_an_await() {
        assert_eq!(
            told(&service(CONTEXT, AWAITS)),
            [
                "high: `CURRENT_USER` is set by every request before an `.await`: what runs on the thread after it reads the value of another request"
            ]
        );
        let by_cell = CONTEXT
            .replace("CURRENT_USER.with_borrow_mut(|current| *current = user)", "CURRENT_USER.with(|cell| *cell.borrow_mut() = user)");
        assert_eq!(told(&service(&by_cell, AWAITS)).len(), 1);
    }

    #[test]
    fn without_a_pause_without_an_identity_and_by_task_it_is_none() {
        // The future is made, not run, while it is set.
        let at_once = "let response = next.run(request).await; enter(None); let _ = current(); response";
        assert!(told(&service(CONTEXT, at_once)).is_empty());
        assert!(told(&service(&CONTEXT.replace("CURRENT_USER", "SCRATCH"), AWAITS)).is_empty());
        assert!(told(&service(&CONTEXT.replace("CURRENT_USER", "USER_COUNTER"), AWAITS)).is_empty());
        let by_task = "tokio::task_local! { static CURRENT_USER: Option<String>; }
fn current() -> String { CURRENT_USER.try_with(|user| user.clone()).ok().flatten().unwrap_or_default() }";
        assert!(told(&service(by_task, "CURRENT_USER.scope(None, next.run(request)).await")).is_empty());
        // Nobody reads it.
        let unread = CONTEXT.replace("CURRENT_USER.with(|user| user.borrow().clone().unwrap_or_default())", "String::new()");
        assert!(told(&service(&unread, AWAITS)).is_empty());
    }

    #[test]
    fn a_pool_of_threads_that_waits_for_nothing_is_none() {
        let source = "
use std::cell::RefCell;
thread_local! { static CURRENT_USER: RefCell<Option<String>> = const { RefCell::new(None) }; }
fn main() {
    std::thread::spawn(|| loop { CURRENT_USER.with_borrow_mut(|user| *user = Some(next())); work(); });
}
fn work() { CURRENT_USER.with_borrow(|user| println!(\"{user:?}\")); }
fn next() -> String { String::new() }
";
        assert!(told(source).is_empty());
    }
}
