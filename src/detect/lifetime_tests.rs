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

/// The one piece of shared state whose name ends so, as its summary tells it.
#[track_caller]
fn shared(text: &str, name: &str) -> String {
    let found = items(&[], text);
    let of_name: Vec<_> = found.iter().filter(|item| item.kind == Kind::SharedState && item.name.ends_with(name)).collect();
    let [one] = of_name.as_slice() else { panic!("{} items `{name}` in {found:#?}", of_name.len()) };
    one.summary.clone()
}

#[test]
fn what_the_entries_of_a_collection_hold_is_there_once_for_each_of_them() {
    let of = |kept: &str| {
        let text = format!(
            "use std::collections::HashMap;\nuse std::sync::{{Arc, Mutex, RwLock, Weak}};\nuse std::sync::atomic::AtomicU64;\n\
             struct Tally {{ hits: AtomicU64 }}\nstruct Cart {{ tally: Tally, owner: String }}\n\
             struct Shop {{ name: String, {kept} }}\n\
             fn main() {{ let shop: Shop = Shop::open(); println!(\"{{}}\", shop.name); }}\n"
        );
        let told = shared(&text, "Tally.hits");
        told.rsplit_once("), ").map(|(_, rest)| rest.to_owned()).unwrap()
    };
    assert_eq!(of("carts: RwLock<HashMap<String, Arc<Cart>>>"), "one for each entry of `Shop.carts`");
    assert_eq!(of("carts: Vec<Cart>, spare: Mutex<Vec<Tally>>"), "one for each entry of `Shop.carts` and `Shop.spare`");
    // One that stands by itself, beside those in the map.
    assert_eq!(of("carts: HashMap<String, Cart>, all: Tally"), "one for each process");
    // What is only pointed at is kept elsewhere, and a message nowhere.
    assert_eq!(of("one: Arc<Cart>, seen: Mutex<Vec<Weak<Cart>>>"), "one for each process");
    assert_eq!(of("one: Cart, sold: std::sync::mpsc::Sender<Cart>"), "one for each process");
}

#[test]
fn parts_that_implement_one_trait_are_there_once_each() {
    let text = "use std::sync::atomic::AtomicU64;\ntrait Part { fn run(&self); }\nstruct Clock { ticks: AtomicU64 }\n\
        impl Part for Clock { fn run(&self) { self.ticks.fetch_add(1, std::sync::atomic::Ordering::Relaxed); } }\n\
        struct Machine { parts: Vec<Box<dyn Part>> }\nfn main() { let machine: Machine = build(); machine.parts.len(); }\n";
    assert!(shared(text, "Clock.ticks").ends_with("one for each process"));
    let by_variant = text.replace("Box<dyn Part>", "AnyPart") + "enum AnyPart { Clock(Clock), Bell(Bell) }\nstruct Bell { rings: u32 }\n";
    assert!(shared(&by_variant, "Clock.ticks").ends_with("one for each process"));
    let one_variant = by_variant.replace("Bell(Bell)", "Nothing");
    assert!(shared(&one_variant, "Clock.ticks").ends_with("one for each entry of `Machine.parts`"));
}

#[test]
fn a_handle_that_is_handed_on_is_one_thing_with_what_it_leads_to() {
    let of = |given: &str| {
        let text = format!(
            "use std::sync::{{Arc, RwLock}};\nstruct Peers {{ count: u32 }}\nstruct Server {{ state: Arc<RwLock<Peers>> }}\n\
             struct Session {{ state: Arc<RwLock<Peers>> }}\n\
             impl Server {{ fn accept(&self) -> Session {{ Session {{ state: {given} }} }} }}\n\
             fn main() {{ let server = Server {{ state: Arc::new(RwLock::new(Peers {{ count: 0 }})) }};\nlet session = server.accept();\n\
             let hall = Hall {{ server, session }};\nhall.open(); }}\nstruct Hall {{ server: Server, session: Session }}\n"
        );
        let found = items(&[], &text);
        let mut names: Vec<String> = found.iter().filter(|item| item.kind == Kind::SharedState).map(|item| item.name.to_string()).collect();
        names.sort();
        names
    };
    assert_eq!(of("self.state.clone()"), ["Server.state"]);
    assert_eq!(of("Arc::clone(&self.state)"), ["Server.state"]);
    assert_eq!(of("Arc::new(RwLock::new(Peers { count: 1 }))"), ["Server.state", "Session.state"]);
}

#[test]
fn a_clone_of_a_handle_in_a_variable_is_no_second_thing() {
    let of = |second: &str| {
        let text = format!(
            "use std::sync::{{Arc, RwLock}};\nstruct Status;\nfn main() {{ let status: Arc<RwLock<Status>> = Arc::new(RwLock::new(Status));\n\
             let other: Arc<RwLock<Status>> = {second};\nuse_both(status, other); }}\n"
        );
        items(&[], &text).iter().filter(|item| item.kind == Kind::SharedState).count()
    };
    assert_eq!((of("Arc::clone(&status)"), of("status.clone()")), (1, 1));
    assert_eq!(of("Arc::new(RwLock::new(Status))"), 2);
}

#[test]
fn what_the_entries_of_a_cache_count_is_lost_with_it() {
    let of = |entry: &str| {
        let text = format!(
            "use std::sync::Arc;\nstruct Hits {{ seen: {entry}, owner: String }}\nstruct Shop {{ hits: moka::sync::Cache<String, Arc<Hits>>, name: String }}\n\
             impl Shop {{ fn new() -> Self {{ Self {{ hits: moka::sync::Cache::new(9), name: String::new() }} }} }}\n\
             fn main() {{ let shop = Shop::new(); println!(\"{{}}\", shop.name); }}\n"
        );
        let found = items(&["moka"], &text);
        found.iter().find(|item| item.kind == Kind::Cache).unwrap().lost.clone().unwrap()
    };
    assert!(of("std::sync::atomic::AtomicU64").ends_with("What its entries count begins anew."));
    for plain in ["u64", "std::sync::atomic::AtomicBool"] {
        assert!(!of(plain).contains("count"), "{plain}");
    }
}

#[test]
fn what_waits_to_be_written_is_no_cache_whatever_its_values_are_called() {
    let of = |owner: &str, field: &str| {
        let text = format!(
            "struct CachedPrice {{ cents: u32 }}\nstruct {owner} {{ {field}: dashmap::DashMap<u32, CachedPrice> }}\n\
             fn main() {{ let it = {owner} {{ {field}: dashmap::DashMap::new() }};\nit.{field}.insert(1, CachedPrice {{ cents: 1 }}); }}\n"
        );
        let found = items(&["dashmap"], &text);
        let [one] = found.as_slice() else { panic!("{found:?}") };
        one.kind
    };
    assert_eq!([of("Batcher", "updates"), of("Prices", "pending")], [Kind::SharedState; 2]);
    assert_eq!([of("Prices", "known"), of("BatchCache", "known"), of("Prices", "pending_cache")], [Kind::Cache; 3]);
}

#[test]
fn what_a_match_gives_is_named_after_what_it_took_out() {
    let of = |arms: &str| {
        let text = format!(
            "struct Failure;\nfn read(_: reqwest::Client) {{}}\n\
             fn main() {{ let found = match reqwest::Client::builder().build() {{ {arms} }};\nkeep(found); }}\n"
        );
        items(&["reqwest"], &text).iter().find(|item| item.kind == Kind::SdkClient).unwrap().name.to_string()
    };
    assert_eq!(of("Ok(client) => client, Err(error) => panic!(\"{error}\")"), "found");
    assert_eq!(of("Ok(client) => { let kept = 1; std::sync::Arc::new(client) } Err(_) => std::process::exit(1)"), "found");
    for other in [
        "Ok(client) => { read(client); Failure } Err(error) => Failure",
        "Ok(client) => { read(client); unknown() } Err(error) => gone(error)",
    ] {
        assert_eq!(of(other), "main");
    }
}

#[test]
fn a_file_that_is_read_into_what_is_there_is_kept() {
    let text = "use std::sync::RwLock;\nstruct Rules { all: RwLock<Vec<String>> }\nstruct Failed;\n\
        impl Rules { fn load(&self, path: &str) -> Result<(), Failed> { match std::fs::File::open(path) {\n\
        Ok(file) => { let read = parse(file); match read { Ok(rules) => { *self.all.write().unwrap() = rules; Ok(()) } Err(_) => Err(Failed) } }\n\
        Err(_) => Err(Failed) } } }\n\
        fn parse(_: std::fs::File) -> Result<Vec<String>, Failed> { Ok(Vec::new()) }\n\
        fn main() { let rules = Rules { all: RwLock::new(Vec::new()) }; rules.load(\"rules.csv\"); }\n";
    assert!(items(&[], text).iter().any(|item| item.kind == Kind::ReferenceData && item.name == "load"));
}

/// `permits 5 | the lifetime | what is lost` of the first item of a kind.
fn short_lived(dependencies: &[&str], text: &str, kind: Kind) -> (Option<String>, Option<String>) {
    let found = items(dependencies, text);
    let item = found.iter().find(|item| item.kind == kind).unwrap_or_else(|| panic!("{found:#?}"));
    let lifetime = item.facts.iter().find(|fact| fact.key == "lifetime").and_then(|fact| fact.value.as_ref()).map(ToString::to_string);
    (lifetime, item.lost.clone())
}

#[test]
fn what_a_function_that_serves_requests_makes_for_itself_is_there_once_for_each_call() {
    let each = Some("one for each call".to_owned());
    let text = |work: &str, main: &str| {
        format!(
            "use std::sync::Arc;\ntrait Step {{ async fn run(&self); }}\nstruct Count;\n\
             impl Step for Count {{ async fn run(&self) {{ {work} }} }}\n\
             struct Limits {{ permits: Arc<tokio::sync::Semaphore> }}\n\
             async fn report() {{ let step: Box<dyn Step> = Box::new(Count); step.run().await; }}\n\
             #[tokio::main]\nasync fn main() {{ {main}\n\
             let app = axum::Router::new().route(\"/report\", axum::routing::get(report));\n\
             axum::serve(tokio::net::TcpListener::bind(\"0.0.0.0:80\").await.unwrap(), app).await.unwrap(); }}\n"
        )
    };
    let own = "let permits = Arc::new(tokio::sync::Semaphore::new(5)); let _permit = permits.acquire().await;";
    let of = |work: &str, main: &str| short_lived(&["axum", "tokio"], &text(work, main), Kind::Limiter);
    // Its budget is no budget of the process, whoever else runs the step.
    assert_eq!(of(own, ""), (each.clone(), None));
    assert_eq!(of(own, "Count.run().await;"), (each, None));
    // What `main` makes lives as long as the process.
    assert_eq!(of("", own).0, None);
    assert!(of("", own).1.is_some());
    let kept = "let limits = Limits { permits: Arc::new(tokio::sync::Semaphore::new(5)) }; drop(limits);";
    assert_eq!(of(kept, "").0.as_deref(), Some("one for each Limits"));
}

#[test]
fn templates_that_each_request_reads_are_not_read_at_the_start() {
    let text = |make: &str, page: &str| {
        format!(
            "use std::sync::LazyLock;\n{make}\n\
             async fn page() -> String {{ {page} }}\n\
             #[tokio::main]\nasync fn main() {{\n\
             let app = axum::Router::new().route(\"/\", axum::routing::get(page));\n\
             axum::serve(tokio::net::TcpListener::bind(\"0.0.0.0:80\").await.unwrap(), app).await.unwrap(); }}\n"
        )
    };
    let of = |make: &str, page: &str| short_lived(&["axum", "tokio", "tera"], &text(make, page), Kind::ReferenceData);
    let render = ".render(\"a\", &tera::Context::new()).unwrap()";
    let each = of("", &format!("let tera = tera::Tera::new(\"templates/*\").unwrap(); tera{render}"));
    assert_eq!(each, (Some("one for each call".to_owned()), None));
    let lazy =
        of("static ALL: LazyLock<tera::Tera> = LazyLock::new(|| tera::Tera::new(\"templates/*\").unwrap());", &format!("ALL{render}"));
    assert_eq!(lazy, (None, Some("Parsed again at first use; a newer template is not seen before that.".to_owned())));
    // Who gives it back does not say how long it lives.
    let helper = "fn load() -> tera::Tera { let tera = tera::Tera::new(\"templates/*\").unwrap(); tera }";
    assert_eq!(of(helper, &format!("load(){render}")).0, None);
}

#[test]
fn what_a_lock_is_loaded_with_is_told() {
    let of = |rates: &str, make: &str| {
        let text = format!(
            "use std::{{collections::HashMap, sync::{{Arc, RwLock}}}};\n\
             struct Shop {{ rates: Arc<RwLock<HashMap<u32, u32>>> }}\n\
             async fn load_rates() -> Result<HashMap<u32, u32>, std::io::Error> {{ Ok(HashMap::new()) }}\n\
             fn open(rates: HashMap<u32, u32>) -> Shop {{ Shop {{ rates: Arc::new(RwLock::new(rates)) }} }}\n\
             #[tokio::main]\nasync fn main() {{ let rates = {rates}; let shop = {make};\n\
             let app = axum::Router::new().with_state(Arc::new(shop));\n\
             axum::serve(tokio::net::TcpListener::bind(\"0.0.0.0:80\").await.unwrap(), app).await.unwrap(); }}\n"
        );
        told(&items(&["axum", "tokio"], &text), Kind::SharedState, &["begins_with"])
    };
    let here = "Shop { rates: Arc::new(RwLock::new(rates)) }";
    let loaded = ["begins_with what `load_rates` gives"];
    assert_eq!(of("load_rates().await.unwrap()", here), loaded);
    assert_eq!(of("load_rates().await.unwrap()", "open(rates)"), loaded);
    // What is empty, or is made by a constructor, is lost.
    assert_eq!(of("HashMap::new()", here), [""; 0]);
    assert_eq!(of("HashMap::from([(1, 2)])", "open(rates)"), [""; 0]);
}

#[test]
fn a_folder_that_is_removed_when_it_is_dropped_keeps_nothing() {
    let of = |made: &str| {
        let text = format!("fn main() {{ let folder = {made}.unwrap(); println!(\"{{folder:?}}\"); }}\n");
        let found = items(&["mktemp", "tempfile"], &text);
        found.iter().find(|item| item.kind == Kind::FsWrite).map(crate::model::Item::is_removed_on_drop)
    };
    assert_eq!(of("tempfile::tempdir()"), Some(true));
    assert_eq!(of("tempfile::Builder::new().prefix(\"a\").tempdir()"), Some(true));
    assert_eq!(of("tempfile::Builder::new().disable_cleanup(true).tempdir()"), Some(false));
    assert_eq!(of("mktemp::Temp::new_dir()"), Some(true));
    assert_eq!(of("mktemp::Temp::new_dir().map(mktemp::Temp::release)"), Some(false));
    assert_eq!(of("std::fs::write(\"a\", \"b\")"), Some(false));
}

#[test]
fn tokens_in_a_table_are_told_by_its_columns_and_what_they_are_good_for_by_its_name() {
    let of = |table: &str, columns: &str| {
        let text = format!(
            "async fn put(pool: &sqlx::PgPool) {{ sqlx::query(\"INSERT INTO {table} ({columns}) VALUES ($1, $2, $3)\").execute(pool).await.unwrap(); }}\n\
             #[tokio::main]\nasync fn main() {{ let pool = sqlx::PgPool::connect(\"postgres://a\").await.unwrap(); put(&pool).await; }}\n"
        );
        let found = items(&["sqlx", "tokio"], &text);
        found
            .iter()
            .find(|item| item.kind == Kind::Session)
            .map(|item| (told(&found, Kind::Session, &["good_for"]).join(""), item.says_who()))
    };
    let is = |good_for: &str, says_who: bool| Some((good_for.to_owned(), says_who));
    assert_eq!(of("jwt_storage", "jwt_hash, user_id, expiry_date"), is("", true));
    assert_eq!(of("password_reset_tokens", "token, user_id, expires_at"), is("good_for a reset", false));
    assert_eq!(of("email_verifications", "code, user_id, expires_at"), is("good_for a verification", false));
    // A log-in stays one, whatever else the name says.
    assert_eq!(of("login_verifications", "token, user_id, expires_at"), is("", true));
    // What proves nothing, belongs to nobody or never ends is no more than a row.
    for columns in ["amount, user_id, expires_at", "token, shop, expires_at", "token, user_id, created_at"] {
        assert_eq!(of("shop_tokens", columns), None, "{columns}");
    }
    assert_eq!(of("invitations", "token, user_id, expires_at"), None);
}

#[test]
fn entries_that_end_by_themselves_are_told_with_their_time_or_with_what_says_it() {
    let of = |end: &str| {
        let text = format!(
            "use std::time::{{Duration, Instant}};\n#[derive(Clone)]\nstruct Image {{ url: String, expiry: Instant }}\n\
             impl Image {{ fn expired(&self) -> bool {{ self.expiry <= Instant::now() }} }}\n\
             #[derive(Clone, Default)]\nstruct Store {{ image_cache: std::sync::Arc<dashmap::DashMap<String, Image>> }}\n\
             impl Store {{ async fn find(&self, uri: String) -> Image {{\n\
             if let Some(found) = self.image_cache.get(&uri) {{ if !found.expired() {{ return found.clone(); }} }}\n\
             let image = Image {{ url: uri.clone(), expiry: Instant::now() + {end} }}; self.image_cache.insert(uri, image.clone()); image }} }}\n\
             async fn page(axum::extract::State(store): axum::extract::State<Store>) -> String {{ store.find(key()).await.url }}\n\
             fn main() {{ serve(axum::Router::new().route(\"/\", axum::routing::get(page)).with_state(Store::default())); }}\n"
        );
        let found = items(&["axum", "dashmap"], &text);
        let cache = found.iter().find(|item| item.kind == Kind::Cache).unwrap();
        cache.summary.split_once("one for each process").map(|(_, rest)| rest.to_owned()).unwrap_or_default()
    };
    assert_eq!(of("Duration::from_secs(900)"), ", fresh for 15 min");
    assert_eq!(of("how_long(&uri)"), ", each entry until its `expiry`");
}
