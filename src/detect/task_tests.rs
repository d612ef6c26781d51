//! Tasks by what they run: their names, what is entered by them, and what is a task of its own.

use crate::detect::surroundings_tests::{items, told};
use crate::fixture::map;
use crate::model::{EntryKind, Kind, StateMap};

/// A program that depends on libraries beside the usual ones.
fn depending(on: &str, main: &str) -> StateMap {
    map(&format!(
        "//- /Cargo.toml\n[package]\nname = \"shop\"\nversion = \"0.1.0\"\n\n[dependencies]\n{on}tokio = \"1\"\n//- /src/main.rs\n{main}"
    ))
}

fn tasks(map: &StateMap) -> Vec<String> {
    map.items.iter().filter(|item| item.kind == Kind::BackgroundTask).map(|item| format!("{}: {}", item.name, item.summary)).collect()
}

/// The tasks on whose way the item of that name is changed, and `main`, if it is.
fn entered(map: &StateMap, name: &str) -> Vec<String> {
    let item = map.items.iter().find(|item| item.name == name).unwrap_or_else(|| panic!("no {name}: {:#?}", map.items));
    let shown = |kind: EntryKind, name: &str| match kind {
        EntryKind::Task => map.items.iter().find(|task| task.id.as_str() == name).map_or(name, |task| task.name.as_str()).to_owned(),
        _ => name.to_owned(),
    };
    item.entry_points.iter().map(|entry| shown(entry.kind, &entry.name)).collect()
}

const RESTARTED: &str = "
use std::{future::Future, sync::Mutex, time::Duration};

static SEEN: Mutex<Vec<u32>> = Mutex::new(Vec::new());

/// Runs a job again whenever it ends.
fn keep_running<F: Future<Output = ()> + Send>(limit: Duration, job: impl Fn(u32) -> F + Send + 'static) {
    tokio::spawn(async move {
        loop {
            job(1).await;
        }
    });
    println!(\"{limit:?}\");
}

async fn watch(round: u32) {
    loop {
        tokio::time::sleep(Duration::from_secs(5)).await;
        remember(round);
    }
}

fn remember(round: u32) {
    SEEN.lock().unwrap().push(round);
}

fn start() {
    keep_running(Duration::from_secs(1), move |round| async move { watch(round).await });
}

#[tokio::main]
async fn main() {
    start();
    std::future::pending::<()>().await;
}
";

#[test]
fn what_a_spawner_of_the_workspace_is_given_is_a_task_with_its_name() {
    let map = map(RESTARTED);
    assert_eq!(tasks(&map), ["watch: spawned loop"]);
    assert_eq!(entered(&map, "SEEN"), ["watch"]);
}

#[test]
fn what_is_called_before_a_task_is_spawned_is_not_entered_by_it() {
    let map = map(&RESTARTED.replace("fn start() {", "fn start() {\n    remember(0);"));
    assert_eq!(entered(&map, "SEEN"), ["watch", "main"]);
}

#[test]
fn a_task_is_not_named_by_what_it_asks_in_passing() {
    let text = "
use std::{sync::{Arc, Mutex}, time::Duration};

struct Hour(u64);
fn now() -> Hour { Hour(0) }
async fn deliver() {}
fn report() -> Result<(), std::io::Error> { Ok(()) }
struct Recent { set: Arc<Mutex<Vec<u64>>> }

impl Recent {
    fn start() -> Self {
        let set: Arc<Mutex<Vec<u64>>> = Arc::default();
        let weak = Arc::downgrade(&set);
        tokio::spawn(async move {
            while let Some(set) = weak.upgrade() {
                tokio::time::sleep(Duration::from_secs(90)).await;
                let hour = now();
                set.lock().unwrap().retain(|at| *at > hour.0);
            }
        });
        Self { set }
    }
}

#[tokio::main]
async fn main() {
    let recent = Recent::start();
    tokio::spawn(async { deliver().await; println!(\"sent\"); });
    std::thread::spawn(|| { if let Err(error) = report() { println!(\"{error}\"); } });
    recent.set.lock().unwrap().push(1);
}
";
    let mut found = tasks(&map(text));
    found.sort();
    assert_eq!(found, ["Recent: spawned loop, every 90 s", "deliver: detached task", "report: detached task"]);
}

const INBOX: &str = "
use std::sync::LazyLock;
use tokio::sync::{Mutex, mpsc};

struct Inbox { from: mpsc::UnboundedSender<u32>, to: Mutex<mpsc::UnboundedReceiver<u32>> }
static INBOX: LazyLock<Inbox> = LazyLock::new(|| {
    let (from, to) = mpsc::unbounded_channel();
    Inbox { from, to: Mutex::new(to) }
});

async fn next_letter() -> Option<u32> { INBOX.to.lock().await.recv().await }
async fn next_page(page: u32) -> Option<u32> { (page < 3).then_some(page) }

async fn deliver() {
    while let Some(letter) = next_letter().await { println!(\"{letter}\"); }
}

async fn copy() {
    while let Some(page) = next_page(7).await { println!(\"{page}\"); }
}

#[tokio::main]
async fn main() {
    let running = tokio::spawn(deliver());
    let copied = tokio::spawn(copy());
    INBOX.from.send(1).unwrap();
    copied.await.unwrap();
    running.await.unwrap();
}
";

#[test]
fn a_loop_over_what_another_function_receives_is_a_task_and_one_over_pages_ends() {
    assert_eq!(tasks(&map(INBOX)), ["deliver: spawned loop"]);
}

#[test]
fn a_server_that_is_spawned_is_one_task() {
    let text = "
use actix_web::{App, HttpServer};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let server = HttpServer::new(App::new).bind((\"0.0.0.0\", 8080))?.run();
    let handle = server.handle();
    tokio::spawn(server);
    tokio::spawn(async { println!(\"started\") });
    handle.stop(true).await;
    Ok(())
}
";
    assert_eq!(tasks(&depending("actix-web = \"4\"\n", text)), ["server: actix HTTP server", "main: detached task"]);
}

#[test]
fn each_job_of_a_scheduler_has_its_interval() {
    let text = "
use clokwerk::{AsyncScheduler, TimeUnits};
use std::sync::Mutex;

static SWEPT: Mutex<u32> = Mutex::new(0);

fn sweep() { *SWEPT.lock().unwrap() += 1; }
fn count() {}

#[tokio::main]
async fn main() {
    let mut scheduler = AsyncScheduler::with_tz(chrono::Utc);
    scheduler.every(TimeUnits::minutes(10)).run(|| async { sweep(); });
    scheduler.every(TimeUnits::hour(1)).run(|| async { count(); });
    loop {
        scheduler.run_pending().await;
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
}
";
    let map = depending("clokwerk = \"0.4\"\nchrono = \"0.4\"\n", text);
    let interval = |name: &str| {
        let job = map.items.iter().find(|item| item.name == name && item.summary.starts_with("cron job"));
        let fact = job.and_then(|job| job.facts.iter().find(|fact| fact.key == "interval"));
        fact.and_then(|fact| fact.value.as_ref()).map(ToString::to_string)
    };
    assert_eq!((interval("sweep").as_deref(), interval("count").as_deref()), (Some("10min"), Some("1h")), "{:?}", tasks(&map));
    assert!(tasks(&map).iter().any(|task| task.ends_with("job scheduler")), "{:?}", tasks(&map));
    assert_eq!(entered(&map, "SWEPT"), ["sweep"]);
}

#[test]
fn what_a_framework_hands_on_is_known_without_naming_its_library() {
    let text = "
fn sweep() {
    actix_web::rt::spawn(async { loop { actix_web::rt::time::sleep(std::time::Duration::from_secs(3)).await; } });
}

#[actix_web::main]
async fn main() { sweep(); std::future::pending::<()>().await; }
";
    assert_eq!(tasks(&depending("actix-web = \"4\"\n", text)), ["sweep: spawned loop, every 3 s"]);
    // Without the framework it is somebody else's module of that name.
    assert_eq!(tasks(&depending("", text)), Vec::<String>::new());
}

#[test]
fn a_task_with_whose_end_main_returns_says_so() {
    let of = |branch: &str, end: &str| {
        let text = format!(
            "async fn work() -> Result<(), String> {{ loop {{ tokio::time::sleep(std::time::Duration::from_secs(1)).await }} }}\n\
             fn report<T>(end: T) {{ drop(end) }}\nfn stop<T>(end: T) {{ drop(end); std::process::exit(1) }}\n\
             #[tokio::main]\nasync fn main() -> Result<(), String> {{ let first = tokio::spawn(work());\n\
             tokio::select! {{ end = first => {branch}, _ = tokio::signal::ctrl_c() => {{}} }};\n {end} }}\n"
        );
        told(&items(&["tokio"], &text), Kind::BackgroundTask, &["when_it_ends"])
    };
    assert_eq!(of("report(end)", "Ok(())"), ["when_it_ends main returns with exit code 0, after a failure too"]);
    assert_eq!(of("stop(end)", "Ok(())"), [""; 0]);
    assert_eq!(of("{ end.unwrap().unwrap() }", "Ok(())"), [""; 0]);
    assert_eq!(of("{ std::process::exit(1) }", "Ok(())"), [""; 0]);
    assert_eq!(of("report(end)", "Err(String::new())"), [""; 0]);
}

#[test]
fn a_loop_that_hands_on_what_it_got_is_that_of_the_function_around_it() {
    let of = |out: &str| {
        let text = format!(
            "use tokio::sync::mpsc::{{Receiver, Sender}};\n#[derive(Clone)]\nstruct Out {{ to: {out} }}\n\
             impl Out {{ async fn send(&self, text: String) -> Result<(), String> {{ println!(\"{{text}}\"); Ok(()) }} }}\n\
             fn relay(mut mails: Receiver<String>, out: Out) {{ tokio::spawn(async move {{ while let Some(mail) = mails.recv().await {{ let _ = out.send(mail).await; }} }}); }}\n\
             #[tokio::main]\nasync fn main() {{ relay(mails(), out()); std::future::pending::<()>().await; }}\n"
        );
        let found = map(&text).items;
        found.iter().find(|item| item.kind == Kind::BackgroundTask).unwrap().name.to_string()
    };
    assert_eq!(of("Sender<String>"), "relay");
    // Who sends mails does the work of the loop.
    assert_eq!(of("String"), "Out::send");
}
