//! How services start and stop: what is told, and the near misses that look like it.

use crate::fixture::map;
use crate::model::{Lifecycle, StateMap};

const CRATES: [&str; 13] = [
    "actix-server",
    "actix-web",
    "axum",
    "google-cloud-storage",
    "moka",
    "poem",
    "reqwest",
    "rocket",
    "sqlx",
    "tokio",
    "tokio-util",
    "tonic",
    "clap",
];

fn analysed(text: &str) -> StateMap {
    let dependencies: String = CRATES.iter().map(|name| format!("{name} = \"*\"\n")).collect();
    let manifest =
        format!("//- /Cargo.toml\n[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[dependencies]\n{dependencies}");
    let text = if text.starts_with("//- ") { text.to_owned() } else { format!("//- /src/main.rs\n{text}") };
    map(&format!("{manifest}{text}"))
}

fn lifecycle(text: &str) -> Lifecycle {
    analysed(text).lifecycles.into_iter().next().unwrap_or_default()
}

/// `connects ends-process before-listening`, one for each step; a `?` behind those that are made under a condition.
fn steps(lifecycle: &Lifecycle) -> Vec<String> {
    let word = |value: serde_json::Value| value.as_str().unwrap_or("-").to_owned();
    let told = |value| word(serde_json::to_value(value).unwrap());
    let steps = lifecycle.startup.iter().map(|step| {
        let when = step.when.map_or("-".to_owned(), |when| word(serde_json::to_value(when).unwrap()));
        let fails = word(serde_json::to_value(step.on_failure).unwrap());
        format!("{} {fails} {when}{}", told(step.action), if step.sometimes { " ?" } else { "" })
    });
    steps.collect()
}

/// `drains SIGINT SIGTERM 30000`, one for each server.
fn servers(text: &str) -> Vec<String> {
    let servers = lifecycle(text).servers;
    let told = servers.iter().map(|server| {
        let how = serde_json::to_value(server.how).unwrap();
        let on: String = server.on.iter().map(|signal| format!(" {signal}")).collect();
        let waits = server.waits_ms.map_or(if server.endless { " endless".to_owned() } else { String::new() }, |ms| format!(" {ms}"));
        format!("{}{on}{waits}", how.as_str().unwrap())
    });
    told.collect()
}

/// What becomes of the items of a kind.
fn endings(text: &str, kind: &str) -> Vec<&'static str> {
    let map = analysed(text);
    let of_kind = |item: &&crate::model::Item| item.kind.as_str() == kind && !item.summary.contains("server");
    map.items.iter().filter(of_kind).map(|item| map.ending_of(&item.id).map_or("unknown", |ending| ending.how.as_str())).collect()
}

const SIGNALS: &str = "async fn stop() {\n\
    let mut term = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).unwrap();\n\
    tokio::select! { _ = tokio::signal::ctrl_c() => {}, _ = term.recv() => {} }\n}\n";

#[test]
fn steps_are_told_in_the_order_in_which_main_reaches_them() {
    let text = "use sqlx::postgres::PgPoolOptions;\n\
        async fn pool() -> Result<sqlx::PgPool, sqlx::Error> { PgPoolOptions::new().connect(\"x\").await }\n\
        #[tokio::main]\nasync fn main() -> anyhow::Result<()> {\n\
        let name = std::env::var(\"NAME\").unwrap_or_default();\n\
        let pool = pool().await?;\n\
        sqlx::migrate!().run(&pool).await.expect(\"migrations\");\n\
        let replica = PgPoolOptions::new().connect_lazy(&name)?;\n\
        let listener = tokio::net::TcpListener::bind(\"0.0.0.0:80\").await.unwrap();\n\
        let client = reqwest::Client::builder().build()?;\n\
        axum::serve(listener, app(pool, replica, client)).await?;\n\
        let late = reqwest::Client::new();\n Ok(())\n}\n";
    assert_eq!(
        steps(&lifecycle(text)),
        [
            "reads goes-on before-listening",
            "connects ends-process before-listening",
            "migrates ends-process before-listening",
            "prepares-pool ends-process before-listening",
            "binds ends-process before-listening",
            "makes ends-process before-serving",
            "serves ends-process serving",
            "makes unknown after-serving",
        ]
    );
}

#[test]
fn what_a_failure_does_is_followed_to_main() {
    let of = |call: &str| {
        let text = format!(
            "async fn open() -> Result<sqlx::PgPool, sqlx::Error> {{ let pool = sqlx::PgPool::connect(\"x\").await?; Ok(pool) }}\n\
             #[tokio::main]\nasync fn main() -> Result<(), sqlx::Error> {{ {call} }}\n"
        );
        steps(&lifecycle(&text)).join(";")
    };
    assert_eq!(of("let pool = open().await?; Ok(())"), "connects ends-process -");
    assert_eq!(of("let pool = open().await.expect(\"pool\"); Ok(())"), "connects ends-process -");
    assert_eq!(
        of("let pool = open().await.unwrap_or_else(|e| { eprintln!(\"{e}\"); std::process::exit(1) }); Ok(())"),
        "connects ends-process -"
    );
    assert_eq!(of("let Ok(pool) = open().await else { panic!(\"no pool\") }; Ok(())"), "connects ends-process -");
    assert_eq!(of("match open().await { Ok(pool) => run(pool), Err(_) => std::process::exit(1) } Ok(())"), "connects ends-process -");
    // Near misses: something else is done.
    assert_eq!(of("if let Err(e) = open().await { eprintln!(\"{e}\"); } Ok(())"), "connects goes-on -");
    assert_eq!(of("match open().await { Ok(pool) => run(pool), Err(e) => eprintln!(\"{e}\") } Ok(())"), "connects goes-on -");
    assert_eq!(of("let pool = open().await.ok(); Ok(())"), "connects goes-on -");
    // Some failures end it and others do not; a macro of which nothing is known: neither is told.
    assert_eq!(
        of("match open().await { Ok(pool) => run(pool), Err(e) if e.is_late() => {}, Err(_) => panic!() } Ok(())"),
        "connects unknown -"
    );
    assert_eq!(of("if let Err(e) = open().await { give_up!(e); } Ok(())"), "connects unknown -");
    // A task that fails takes nothing with it, and what it does is no step of the start-up.
    assert_eq!(of("tokio::spawn(async { open().await.unwrap(); }); Ok(())"), "spawns unknown -");
}

#[test]
fn other_commands_are_no_part_of_the_way_to_the_server() {
    let text = "#[tokio::main]\nasync fn main() -> anyhow::Result<()> {\n\
        match std::env::args().nth(1).as_deref() {\n\
        Some(\"migrate\") => { let pool = sqlx::PgPool::connect(\"x\").await?; sqlx::migrate!().run(&pool).await?; }\n\
        _ => serve().await?,\n}\nOk(())\n}\n\
        async fn serve() -> anyhow::Result<()> {\n\
        if metrics() { tokio::spawn(push()); }\n\
        let listener = tokio::net::TcpListener::bind(\"0.0.0.0:80\").await?;\n\
        axum::serve(listener, app()).await?;\nOk(())\n}\n\
        async fn push() { loop { tokio::time::sleep(std::time::Duration::from_secs(9)).await; } }\n";
    assert_eq!(
        steps(&lifecycle(text)),
        [
            "reads unknown before-listening",
            "spawns unknown before-listening ?",
            "binds ends-process before-listening",
            "serves ends-process serving"
        ]
    );
}

#[test]
fn what_is_left_early_is_told_as_a_condition_and_what_ends_the_process_not_at_all() {
    let text = "#[tokio::main]\nasync fn main() {\n\
        if std::env::args().any(|arg| arg == \"check\") { reqwest::Client::builder().build().unwrap(); std::process::exit(0); }\n\
        metrics();\nchecked();\n\
        let listener = tokio::net::TcpListener::bind(\"0.0.0.0:80\").await.unwrap();\n\
        axum::serve(listener, app()).await.unwrap();\n}\n\
        fn metrics() { if !enabled() { return; } let pusher = reqwest::Client::builder().build().unwrap(); }\n\
        fn checked() { if !ready() { std::process::exit(1); } let client = reqwest::Client::builder().build().unwrap(); }\n";
    let told = steps(&lifecycle(text));
    let makes: Vec<&String> = told.iter().filter(|step| step.starts_with("makes")).collect();
    assert_eq!(makes, ["makes ends-process before-listening ?", "makes ends-process before-listening"]);
}

#[test]
fn servers_stop_on_the_signals_that_they_are_given() {
    let with = |serve: &str| servers(&format!("{SIGNALS}#[tokio::main]\nasync fn main() {{ {serve} }}\n"));
    assert_eq!(with("axum::serve(listener(), app()).with_graceful_shutdown(stop()).await.unwrap();"), ["drains SIGINT SIGTERM endless"]);
    assert_eq!(
        with("let until = stop(); axum::serve(listener(), app()).with_graceful_shutdown(until).await.unwrap();"),
        ["drains SIGINT SIGTERM endless"]
    );
    assert_eq!(
        with("axum::serve(listener(), app()).with_graceful_shutdown(async { tokio::signal::ctrl_c().await.unwrap(); }).await.unwrap();"),
        ["drains SIGINT endless"]
    );
    // What a channel waits for is not followed.
    assert_eq!(with("axum::serve(listener(), app()).with_graceful_shutdown(async { rx.await.ok(); }).await.unwrap();"), ["drains endless"]);
    // Near miss: the first future to end drops the other one.
    assert_eq!(with("tokio::select! { _ = axum::serve(listener(), app()) => {}, _ = stop() => {} }"), ["cut-off"]);
    let tonic = |end: &str| with(&format!("tonic::transport::Server::builder().add_service(greeter()).{end}.await.unwrap();"));
    assert_eq!(tonic("serve_with_shutdown(address(), stop())"), ["drains SIGINT SIGTERM endless"]);
    assert_eq!(tonic("serve(address())"), ["cut-off"]);
    // Its limit is an argument.
    let poem = "poem::Server::new(listener()).run_with_graceful_shutdown(app(), stop(), limit()).await.unwrap();";
    assert_eq!(with(poem), ["drains SIGINT SIGTERM"]);
}

#[test]
fn what_a_server_waits_for_may_come_from_the_caller() {
    let text = format!(
        "{SIGNALS}#[tokio::main]\nasync fn main() {{ run(stop()).await; }}\n\
         async fn run(until: impl Future<Output = ()>) {{ axum::serve(listener(), app()).with_graceful_shutdown(until).await.unwrap(); }}\n"
    );
    assert_eq!(servers(&text), ["drains SIGINT SIGTERM endless"]);
}

#[test]
fn frameworks_listen_to_signals_by_themselves_unless_they_are_told_not_to() {
    let actix = |chain: &str, more: &str| {
        let server =
            format!("let server = actix_web::HttpServer::new(|| actix_web::App::new()){chain}.bind(\"0.0.0.0:80\").unwrap().run();");
        servers(&format!("{SIGNALS}#[actix_web::main]\nasync fn main() {{ {server} {more} }}\n"))
    };
    assert_eq!(actix("", "server.await.unwrap();"), ["drains SIGTERM 30000"]);
    assert_eq!(actix(".shutdown_timeout(5)", "server.await.unwrap();"), ["drains SIGTERM 5000"]);
    assert_eq!(actix(".disable_signals()", "server.await.unwrap();"), ["cut-off"]);
    let handle = "let handle = server.handle(); actix_web::rt::spawn(server); tokio::signal::ctrl_c().await.unwrap();";
    assert_eq!(actix(".disable_signals()", &format!("{handle} handle.stop(true).await;")), ["drains SIGINT 30000"]);
    assert_eq!(actix(".disable_signals()", &format!("{handle} handle.stop(false).await;")), ["cut-off"]);

    let rocket = |settings: &str| {
        servers(&format!(
            "#[rocket::main]\nasync fn main() {{ let mut config = rocket::Config::default(); {settings} rocket::custom(config).launch().await.unwrap(); }}\n"
        ))
    };
    assert_eq!(rocket(""), ["drains SIGINT SIGTERM 5000"]);
    assert_eq!(rocket("config.shutdown.ctrlc = false;"), ["unknown"]);
}

#[test]
fn a_signal_that_nothing_listens_to_ends_the_process() {
    let unhandled = |text: &str| lifecycle(text).unhandled;
    let serve = "axum::serve(listener(), app())";
    assert_eq!(unhandled(&format!("#[tokio::main]\nasync fn main() {{ {serve}.await.unwrap(); }}\n")), ["SIGTERM"]);
    let only_int = format!(
        "#[tokio::main]\nasync fn main() {{ {serve}.with_graceful_shutdown(async {{ tokio::signal::ctrl_c().await.unwrap() }}).await.unwrap(); }}\n"
    );
    assert_eq!(unhandled(&only_int), ["SIGTERM"]);
    let both = format!("{SIGNALS}#[tokio::main]\nasync fn main() {{ {serve}.with_graceful_shutdown(stop()).await.unwrap(); }}\n");
    assert!(unhandled(&both).is_empty());
    // A tool that ends by itself.
    assert!(unhandled("fn main() { let pool = sqlx::PgPool::connect_lazy(\"x\"); }\n").is_empty());
}

#[test]
fn tasks_are_dropped_awaited_or_told_to_stop() {
    let with = |tasks: &str| {
        let text = format!(
            "{SIGNALS}use tokio_util::sync::CancellationToken;\nuse std::time::Duration;\n\
             async fn tick() {{ loop {{ tokio::time::sleep(Duration::from_secs(1)).await; }} }}\n\
             async fn work(stop: CancellationToken) {{ loop {{ tokio::select! {{ _ = stop.cancelled() => break, _ = tokio::time::sleep(Duration::from_secs(1)) => {{}} }} }} }}\n\
             #[tokio::main]\nasync fn main() {{ let serving = axum::serve(listener(), app()).with_graceful_shutdown(stop()); {tasks} }}\n"
        );
        endings(&text, "background-task").join(";")
    };
    assert_eq!(with("tokio::spawn(tick()); serving.await.unwrap();"), "dropped");
    assert_eq!(with("let handle = tokio::spawn(tick()); serving.await.unwrap();"), "dropped");
    assert_eq!(with("let handle = tokio::spawn(tick()); serving.await.unwrap(); handle.await.unwrap();"), "awaited");
    assert_eq!(with("let handle = tokio::spawn(tick()); serving.await.unwrap(); handle.abort();"), "aborted");
    // The first of several futures to end ends the wait for the others.
    assert_eq!(with("let handle = tokio::spawn(tick()); tokio::select! { _ = serving => {}, _ = handle => {} }"), "dropped");
    let token = "let token = CancellationToken::new(); let handle = tokio::spawn(work(token.clone())); serving.await.unwrap();";
    assert_eq!(with(&format!("{token} token.cancel(); handle.await.unwrap();")), "joined");
    assert_eq!(with(&format!("{token} token.cancel();")), "cancelled");
    // Near misses: nobody cancels the token; nobody knows who has the handle.
    assert_eq!(with(token), "unknown");
    assert_eq!(with("keep(tokio::spawn(tick())); serving.await.unwrap();"), "unknown");
}

#[test]
fn without_a_listener_tasks_and_queues_are_dropped_whatever_waits_for_them() {
    let text = "async fn tick() { loop { tokio::time::sleep(std::time::Duration::from_secs(1)).await; } }\n\
        #[tokio::main]\nasync fn main() { let handle = tokio::spawn(tick()); axum::serve(listener(), app()).await.unwrap(); handle.await.unwrap(); }\n";
    assert_eq!(endings(text, "background-task"), ["dropped"]);
}

#[test]
fn a_queue_is_drained_by_a_task_that_is_waited_for() {
    let with = |after: &str| {
        let text = format!(
            "{SIGNALS}async fn mails(mut rx: tokio::sync::mpsc::Receiver<u8>) {{ while let Some(mail) = rx.recv().await {{ send(mail).await; }} }}\n\
             #[tokio::main]\nasync fn main() {{ let (tx, rx) = tokio::sync::mpsc::channel(64); let handle = tokio::spawn(mails(rx));\n\
             axum::serve(listener(), app(tx)).with_graceful_shutdown(stop()).await.unwrap(); {after} }}\n"
        );
        endings(&text, "queue")
    };
    assert_eq!(with("handle.await.unwrap();"), ["drained"]);
    assert_eq!(with(""), ["dropped"]);
    assert_eq!(with("keep(handle);"), ["unknown"]);
}

#[test]
fn lazy_statics_are_made_when_they_are_first_used() {
    let with = |used: &str| {
        let text = format!(
            "static CLIENT: std::sync::LazyLock<reqwest::Client> = std::sync::LazyLock::new(|| reqwest::Client::builder().build().unwrap());\n\
             #[tokio::main]\nasync fn main() {{ {used} axum::serve(listener(), app()).await.unwrap(); }}\n\
             async fn handler() {{ CLIENT.get(\"x\").send().await.unwrap(); }}\n"
        );
        lifecycle(&text).lazily.len()
    };
    assert_eq!(with(""), 1);
    assert_eq!(with("std::sync::LazyLock::force(&CLIENT);"), 0);
}

#[test]
fn caches_are_warm_before_the_service_serves_or_filled_by_a_task() {
    let with = |call: &str| {
        let text = format!(
            "static PRICES: std::sync::LazyLock<moka::sync::Cache<u64, u64>> = std::sync::LazyLock::new(|| moka::sync::Cache::new(100));\n\
             async fn fill() {{ PRICES.insert(1, 2); }}\n\
             #[tokio::main]\nasync fn main() {{ {call} axum::serve(listener(), app()).await.unwrap(); }}\n\
             async fn handler() {{ PRICES.insert(3, 4); }}\n"
        );
        lifecycle(&text).warming.iter().map(|warming| warming.before_serving).collect::<Vec<_>>()
    };
    assert_eq!(with("fill().await;"), [true]);
    assert_eq!(with("tokio::spawn(fill());"), [false]);
    assert!(with("").is_empty());
    // What a function spawns is not done when the function has ended.
    let spawning = |run: &str| {
        let text = format!(
            "static PRICES: std::sync::LazyLock<moka::sync::Cache<u64, u64>> = std::sync::LazyLock::new(|| moka::sync::Cache::new(100));\n\
             fn open() {{\n {run}\n }}\n\
             #[tokio::main]\nasync fn main() {{ open(); axum::serve(listener(), app()).await.unwrap(); }}\n"
        );
        lifecycle(&text).warming.iter().map(|warming| warming.before_serving).collect::<Vec<_>>()
    };
    assert_eq!(spawning("PRICES.insert(1, 2);"), [true]);
    assert!(spawning("tokio::spawn(async move {\n loop {\n tick().await;\n PRICES.insert(1, 2);\n }\n });").is_empty());
}

#[test]
fn the_grace_of_a_workload_is_held_against_what_the_server_may_wait() {
    let with = |grace: &str| {
        let text = format!(
            "//- /src/main.rs\n#[actix_web::main]\nasync fn main() {{ actix_web::HttpServer::new(|| actix_web::App::new()).bind(\"x\").unwrap().run().await.unwrap(); }}\n\
             //- /deploy/shop.yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: shop\nspec:\n  replicas: 2\n  template:\n    spec:\n{grace}      containers:\n        - name: shop\n          image: registry.example.com/shop:1\n"
        );
        let grace = lifecycle(&text).grace;
        grace.iter().map(|grace| (grace.seconds, grace.too_short)).collect::<Vec<_>>()
    };
    assert_eq!(with(""), [(Some(30), false)]);
    assert_eq!(with("      terminationGracePeriodSeconds: 20\n"), [(Some(20), true)]);
    assert_eq!(with("      terminationGracePeriodSeconds: 60\n"), [(Some(60), false)]);
}

#[test]
fn a_server_of_sockets_stops_like_the_http_server_on_it_and_a_lazy_channel_connects_to_nothing() {
    let text = "#[tokio::main]\nasync fn main() -> std::io::Result<()> {\n\
        let channel = tonic::transport::Endpoint::from_static(\"http://rows\").connect_lazy();\n\
        let server = actix_server::Server::build().shutdown_timeout(5).bind(\"ws\", \"0.0.0.0:80\", move || service(channel.clone()))?;\n\
        server.run().await\n}\n";
    let lifecycle = lifecycle(text);
    assert_eq!(steps(&lifecycle), ["makes unknown before-listening", "serves unknown serving"]);
    let [server] = lifecycle.servers.as_slice() else { panic!("{:?}", lifecycle.servers) };
    assert_eq!((server.waits_ms, server.on.iter().any(|signal| signal == "SIGTERM")), (Some(5_000), true));
}

#[test]
fn a_builder_fails_where_it_ends() {
    let of = |made: &str| {
        let text = format!(
            "#[tokio::main]\nasync fn main() -> anyhow::Result<()> {{ let made = std::sync::Arc::new(google_cloud_storage::client::Storage::builder(){made}); run(made) }}\n"
        );
        steps(&lifecycle(&text)).join(";")
    };
    assert_eq!(of(".with_endpoint(plain()).build().await?"), "makes ends-process -");
    assert_eq!(of(".with_endpoint(plain()).build().await.unwrap()"), "makes ends-process -");
    // Something else fails, or what does is not known.
    assert_eq!(of(".with_endpoint(plain()).build().list().await?"), "makes unknown -");
    assert_eq!(of(".with_endpoint(plain()).check()?"), "makes unknown -");
}

#[test]
fn a_signal_that_goes_through_a_parameter_is_told_by_the_callers() {
    let listens = |main: &str| {
        let text = format!(
            "use tokio::signal::unix::{{Signal, SignalKind, signal}};\n#[derive(Default)]\nstruct Shutdown {{ signals: Vec<Signal> }}\n\
             impl Shutdown {{ fn with_signal(mut self, kind: SignalKind) -> std::io::Result<Self> {{ self.signals.push(signal(kind)?); Ok(self) }}\n\
             pub fn usual() -> std::io::Result<Self> {{ Self::default().with_signal(SignalKind::quit()) }} }}\n\
             #[tokio::main]\nasync fn main() -> std::io::Result<()> {{\n    let mut hup = signal(SignalKind::hangup())?;\n    hup.recv().await;\n    {main}\n    Ok(())\n}}\n"
        );
        lifecycle(&text).signals.into_iter().map(|one| format!("{}:{}", one.signal, one.at.line)).collect::<Vec<_>>()
    };
    // What nothing calls listens to nothing.
    assert_eq!(listens(""), ["SIGHUP:8"]);
    let both = "let _shutdown = Shutdown::default().with_signal(SignalKind::terminate())?\n        .with_signal(SignalKind::interrupt())?;";
    assert_eq!(listens(both), ["SIGHUP:8", "SIGTERM:10", "SIGINT:11"]);
    // Which one it is, is not in sight.
    let open = "let kind = SignalKind::from_raw(std::env::args().count() as i32); let _shutdown = Shutdown::default().with_signal(kind)?;";
    assert_eq!(listens(open), ["SIGHUP:8", "unknown:10"]);
}
