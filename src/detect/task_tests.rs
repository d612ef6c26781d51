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

/// A program whose `main` polls this and a server.
fn polling(before: &str, branches: &str, items: &str) -> StateMap {
    depending(
        "axum = \"0.8\"\n",
        &format!(
            "
use std::{{collections::HashMap, future::Future, sync::{{Arc, Mutex}}, time::Duration}};
use tokio::sync::mpsc;
{items}
#[tokio::main]
async fn main() {{
    let serving = async move {{
        let listener = tokio::net::TcpListener::bind(\"0.0.0.0:8080\").await.unwrap();
        axum::serve(listener, axum::Router::new()).await.unwrap();
    }};
    {before}
    tokio::select! {{
        _ = serving => {{}}
        {branches}
    }}
}}
"
        ),
    )
}

fn loops(map: &StateMap) -> Vec<String> {
    tasks(map).into_iter().filter(|told| !told.contains("server")).collect()
}

#[test]
fn a_loop_in_a_block_that_is_polled_beside_others_is_a_task_with_the_name_of_its_variable() {
    let refresh = "let refresh = async move {
        let mut every = tokio::time::interval(Duration::from_secs(60));
        loop { every.tick().await; println!(\"again\"); }
    };";
    assert_eq!(loops(&polling(refresh, "_ = refresh => {}", "")), ["refresh: main loop, every 60 s"]);
    let boxed = format!("{refresh} let refresh = Box::pin(refresh);");
    assert_eq!(loops(&polling(&boxed, "_ = refresh => {}", "")), ["refresh: main loop, every 60 s"]);
    // Of two timers none is the period.
    let two = refresh.replace("loop {", "let mut often = tokio::time::interval(Duration::from_secs(5)); loop { often.tick().await;");
    assert_eq!(loops(&polling(&two, "_ = refresh => {}", "")), ["refresh: main loop"]);
    // What is spawned is a spawned loop, and what nobody polls never runs.
    let spawned = format!("{refresh} tokio::spawn(refresh);");
    assert_eq!(loops(&polling(&spawned, "", "")), ["main: spawned loop, every 60 s"]);
    assert_eq!(loops(&polling(refresh, "", "")), Vec::<String>::new());
}

#[test]
fn a_function_is_no_loop_for_a_block_that_it_polls() {
    let items = "async fn run() {
        let refresh = async { loop { tokio::time::sleep(Duration::from_secs(5)).await; println!(\"again\"); } };
        println!(\"begins\");
        tokio::join!(refresh, std::future::pending::<()>());
    }";
    assert_eq!(loops(&polling("run().await;", "", items)), ["refresh: main loop, every 5 s"]);
    let own = "async fn run() { loop { tokio::time::sleep(Duration::from_secs(5)).await; println!(\"again\"); } }";
    assert_eq!(loops(&polling("run().await;", "", own)), ["run: main loop, every 5 s"]);
}

#[test]
fn a_loop_of_main_itself_is_told_unless_it_only_keeps_the_process_alive() {
    let main = |round: &str| depending("", &format!("#[tokio::main]\nasync fn main() {{ loop {{ {round} }} }}\n"));
    let pause = "tokio::time::sleep(std::time::Duration::from_secs(60)).await;";
    assert_eq!(tasks(&main(&format!("{pause} println!(\"again\");"))), ["main: main loop, every 60 s"]);
    assert_eq!(tasks(&main(pause)), Vec::<String>::new());
}

const SIDE_BY_SIDE: &str = "
struct Shop { orders: Mutex<HashMap<u32, u32>>, carts: Mutex<HashMap<u32, u32>> }
struct Sender { inner: mpsc::Sender<u32> }
impl Sender { async fn notify(&self) { let _ = self.inner.send(1).await; } }

fn start(shop: Arc<Shop>) -> (Sender, impl Future<Output = ()>) {
    let (inner, mut from) = mpsc::channel::<u32>(1024);
    let work = async move {
        async fn tick(shop: &Arc<Shop>) { note(shop); }
        while let Some(_) = from.recv().await { tick(&shop).await; }
    };
    (Sender { inner }, work)
}
fn note(shop: &Arc<Shop>) { shop.orders.lock().unwrap().insert(1, 1); }

async fn pass_on(mut from: mpsc::Receiver<u32>, to: Sender) { while let Some(_) = from.recv().await { to.notify().await; } }
async fn fill(shop: Arc<Shop>, mut from: mpsc::Receiver<u32>) {
    while let Some(_) = from.recv().await { shop.carts.lock().unwrap().insert(2, 2); }
}

struct Waiting;
impl Waiting { async fn next_entry(&self) -> Option<u32> { None } }
async fn deliver(waiting: Waiting) { while let Some(_) = waiting.next_entry().await { println!(\"delivered\"); } }
";

#[test]
fn what_is_done_in_the_main_flow_is_told_of_the_loop_that_does_it() {
    let before = "let shop = Arc::new(Shop { orders: Mutex::default(), carts: Mutex::default() });
        let (one, from_one) = mpsc::channel(3);
        let (two, from_two) = mpsc::channel(4);
        let (to, work) = start(shop.clone());
        one.send(1).await.unwrap();
        two.send(1).await.unwrap();";
    let branches = "_ = pass_on(from_one, to) => {} _ = fill(shop, from_two) => {} _ = deliver(Waiting) => {} _ = work => {}";
    let map = polling(before, branches, SIDE_BY_SIDE);
    let mut found = loops(&map);
    found.sort();
    // The method's name says nothing, but it stands beside others that take what comes.
    assert_eq!(found, ["deliver: main loop", "fill: main loop", "pass_on: main loop", "start: loop"]);
    // Whoever only sends is not told to do what is done at the other end.
    assert_eq!(entered(&map, "Shop.orders"), ["start"]);
    assert_eq!(entered(&map, "Shop.carts"), ["fill"]);
}

#[test]
fn a_function_that_asks_until_there_is_nothing_left_is_no_loop_by_itself() {
    let map = polling("deliver(Waiting).await;", "", SIDE_BY_SIDE);
    assert_eq!(loops(&map), Vec::<String>::new());
}

/// A task that loops without end, around which another one does this.
fn supervised(after: &str) -> StateMap {
    depending(
        "",
        &format!(
            "
use std::time::Duration;
async fn work() {{}}
fn start() {{
    tokio::spawn(async move {{
        loop {{
            let handle = tokio::spawn(async move {{
                let mut every = tokio::time::interval(Duration::from_secs(60));
                loop {{ every.tick().await; work().await; }}
            }});
            {after}
        }}
    }});
}}
#[tokio::main]
async fn main() {{ start(); std::future::pending::<()>().await; }}
"
        ),
    )
}

/// What is lost with each task, and what tries again.
fn lost(map: &StateMap) -> Vec<String> {
    let told = map.items.iter().filter(|item| matches!(item.kind, Kind::BackgroundTask | Kind::Limiter));
    told.map(|item| format!("{} {}: {}", item.kind.as_str(), item.name, item.lost.clone().unwrap_or_default())).collect()
}

#[test]
fn a_task_that_another_starts_again_is_told_so_and_the_other_is_no_task_of_its_own() {
    let again = |when: &str| {
        [format!("background-task work: What the task had in memory; if it panics, what waits for it starts it again {when}.")]
    };
    let pause = "tokio::time::sleep(Duration::new(5, 0)).await;";
    let matched =
        format!("match handle.await {{ Err(error) if error.is_panic() => {{ println!(\"{{error}}\"); {pause} }} _ => unreachable!() }}");
    assert_eq!(lost(&supervised(&matched)), again("after 5 s"));
    assert_eq!(lost(&supervised(&format!("if let Err(error) = handle.await {{ println!(\"{{error}}\"); }} {pause}"))), again("after 5 s"));
    assert_eq!(lost(&supervised("let _ = handle.await;")), again("at once"));
    let map = supervised(&matched);
    assert_eq!(tasks(&map), ["work: spawned loop, every 60 s"]);
}

#[test]
fn a_task_with_whose_panic_the_loop_around_it_ends_is_not_started_again() {
    for after in ["match handle.await { Err(_) => break, Ok(()) => {} }", "handle.await.unwrap();", "if handle.await.is_err() { return; }"]
    {
        let told = lost(&supervised(after));
        assert!(told.iter().all(|told| !told.contains("starts it again")), "{after}: {told:?}");
    }
}

#[test]
fn a_task_that_a_closure_spawns_again_when_its_handle_is_ready_is_started_again() {
    let of = |arm: &str| {
        let text = format!(
            "
async fn work() {{ loop {{ tokio::time::sleep(std::time::Duration::from_secs(60)).await; }} }}
#[tokio::main]
async fn main() {{
    let start = || tokio::spawn(async move {{ work().await; }});
    let mut handle = start();
    let mut every = tokio::time::interval(std::time::Duration::from_secs(9));
    loop {{
        tokio::select! {{
            _ = every.tick() => println!(\"tick\"),
            ended = &mut handle => {{ {arm} }}
        }}
    }}
}}
"
        );
        let map = depending("", &text);
        let of_work: Vec<String> = lost(&map).into_iter().filter(|told| told.starts_with("background-task work:")).collect();
        (of_work, loops(&map).len())
    };
    let again = |when: &str| {
        vec![format!("background-task work: What the task had in memory; if it panics, what waits for it starts it again {when}.")]
    };
    // The loop that waits does more than that, and stays a task of its own.
    assert_eq!(of("eprintln!(\"{:?}\", ended.expect_err(\"a panic\")); handle = start();"), (again("at once"), 2));
    let paused = of("drop(ended); tokio::time::sleep(std::time::Duration::from_secs(5)).await; handle = start();");
    assert_eq!(paused, (again("after 5 s"), 2));
    // The loop ends with the panic, or goes on without the task.
    for arm in ["ended.unwrap(); handle = start();", "drop(ended); std::process::exit(1)"] {
        assert!(of(arm).0.iter().all(|told| !told.contains("starts it again")), "{arm}");
    }
}

#[test]
fn a_timer_that_spawns_a_job_in_each_round_is_a_task_as_before() {
    let text = "
async fn work() {}
#[tokio::main]
async fn main() {
    tokio::spawn(async {
        let mut every = tokio::time::interval(std::time::Duration::from_secs(60));
        loop {
            every.tick().await;
            if let Err(error) = tokio::spawn(work()).await { println!(\"{error}\"); }
        }
    });
    std::future::pending::<()>().await;
}
";
    assert_eq!(tasks(&depending("", text)), ["work: spawned loop, every 60 s"]);
}
