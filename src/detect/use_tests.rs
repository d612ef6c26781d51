//! What a library is depends on how it is asked: defaults that another option does away with, cargo features, words for what is done.

use super::habit_tests::told;
use super::surroundings_tests::items;
use crate::model::{Item, Kind};

#[test]
fn options_of_connections_leave_the_defaults_of_the_pool_as_they_are() {
    let of = |made: &str| {
        let text = format!(
            "use sqlx::postgres::{{PgConnectOptions, PgPool, PgPoolOptions}};\nfn options() -> PgPoolOptions {{ unknown() }}\n\
             #[tokio::main]\nasync fn main() {{ let given: PgConnectOptions = std::env::var(\"DATABASE_URL\").unwrap().parse().unwrap(); let pool = {made}; println!(\"{{pool:?}}\"); }}\n"
        );
        told(&items(&["sqlx", "tokio"], &text), Kind::Pool, "sqlx", &["max_connections", "acquire_timeout", "statement_cache_capacity"])
    };
    // How many statements a connection keeps is one of its options.
    let defaults = ["max_connections 10", "acquire_timeout 30s"];
    assert_eq!(of("PgPool::connect_with(given).await.unwrap()"), defaults);
    assert_eq!(of("PgPool::connect_lazy_with(given)"), defaults);
    // Options of the pool itself that are made elsewhere may say anything.
    assert_eq!(of("options().connect_with(given).await.unwrap()"), [""; 0]);
}

#[test]
fn a_runtime_of_one_thread_has_no_workers() {
    let keys = ["flavor", "worker_threads", "max_blocking_threads"];
    let by_attribute = |arguments: &str| {
        told(&items(&["tokio"], &format!("#[tokio::main{arguments}]\nasync fn main() {{}}\n")), Kind::Pool, "tokio", &keys)
    };
    assert_eq!(by_attribute("(flavor = \"current_thread\")"), ["flavor current_thread", "max_blocking_threads 512"]);
    assert_eq!(by_attribute(""), ["flavor multi_thread", "worker_threads CPU count", "max_blocking_threads 512"]);
    let of = |made: &str| {
        let found = items(&["tokio"], &format!("fn main() {{ let runtime = {made}.unwrap(); runtime.block_on(async {{}}); }}\n"));
        let ty = found.iter().find(|item| item.kind == Kind::Pool).and_then(|item| item.ty.clone()).unwrap_or_default();
        (ty, told(&found, Kind::Pool, "tokio", &keys[..2]).join(", "))
    };
    let is = |ty: &str, told: &str| (ty.to_owned(), told.to_owned());
    assert_eq!(of("tokio::runtime::Builder::new_multi_thread().enable_all().build()"), is("Runtime", "worker_threads CPU count"));
    assert_eq!(of("tokio::runtime::Builder::new_current_thread().build()"), is("Runtime", "flavor current_thread"));
    assert_eq!(of("tokio::runtime::Builder::new_current_thread().build_local(options)"), is("LocalRuntime", "flavor current_thread"));
}

#[test]
fn a_builder_makes_what_it_is_called_after() {
    let of = |made: &str| {
        let found = items(&["native-tls"], &format!("fn main() {{ let context = {made}; println!(\"{{context:?}}\"); }}\n"));
        found.into_iter().find(|item| item.kind == Kind::Os).and_then(|item| item.ty)
    };
    let connector = "native_tls::TlsConnector::builder()";
    assert_eq!(of(&format!("{connector}.build().unwrap()")).as_deref(), Some("TlsConnector"));
    assert_eq!(of("native_tls::TlsAcceptor::builder(identity).build().unwrap()").as_deref(), Some("TlsAcceptor"));
}

#[test]
fn a_client_that_a_function_makes_for_its_own_requests_is_there_once_for_each_call() {
    let of = |body: &str| {
        let text = format!(
            "use lettre::{{AsyncSmtpTransport, AsyncTransport}};\nenum Mode {{ Plain, Tls }}\n\
             pub trait Shop {{ fn buy(&self, mode: Mode); }}\npub struct Plain;\nimpl Shop for Plain {{ fn buy(&self, mode: Mode) {{ let _ = send(mode, mail()); }} }}\n\
             async fn send(mode: Mode, mail: Mail) -> Result<(), Error> {{ {body} }}\nfn main() {{ let shop: Box<dyn Shop> = Box::new(Plain); serve(shop); }}\n"
        );
        told(&items(&["lettre"], &text), Kind::Pool, "lettre", &["lifetime"])
    };
    let once = ["lifetime one for each call"];
    let made = "let mut mailer = match mode { Mode::Plain => { AsyncSmtpTransport::builder_dangerous(\"mail\") } Mode::Tls => AsyncSmtpTransport::relay(\"mail\")? };";
    assert_eq!(
        of(&format!(
            "{made} mailer = mailer.port(25); if let Err(error) = mailer.build().send(mail).await {{ return Err(error); }} Ok(())"
        )),
        once
    );
    assert_eq!(of(&format!("{made} let mailer = mailer.build(); let said = mailer.send(mail).await; said")), once);
    let at_start = |rest: &str| {
        let text = format!(
            "fn serve() {{ loop {{ work(); }} }}\n#[tokio::main]\nasync fn main() {{ greet().await; }}\nasync fn greet() {{\n\
             let mailer = lettre::AsyncSmtpTransport::relay(\"mail\").unwrap().build(); mailer.send(mail()).await; {rest} }}\n"
        );
        told(&items(&["lettre", "tokio"], &text), Kind::Pool, "lettre", &["lifetime"])
    };
    assert_eq!(at_start(""), once);
    // It is there while the process serves.
    assert_eq!(at_start("serve();"), [""; 0]);
    // What is handed on, put elsewhere or taken by a task may be there for longer.
    assert_eq!(of(&format!("{made} let mailer = mailer.build(); keep(&mailer); mailer.send(mail).await")), [""; 0]);
    assert_eq!(
        of(&format!("{made} let mailer = mailer.build(); tokio::spawn(async move {{ mailer.send(mail).await; }}); Ok(())")),
        [""; 0]
    );
}

#[test]
fn a_level_is_told_where_no_filter_decides_it() {
    let of = |features: &str, made: &str| {
        let text = format!(
            "//- /Cargo.toml\n[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[dependencies]\ntracing-subscriber = {{ version = \"0.3\"{features} }}\n\
             //- /src/main.rs\nfn main() {{ tracing_subscriber::{made}; }}\n"
        );
        told(&crate::fixture::map(&text).items, Kind::Telemetry, "tracing", &["max_level"])
    };
    let filters = ", features = [\"env-filter\"]";
    assert_eq!(of(filters, "fmt().init()"), ["max_level INFO"]);
    assert_eq!(of(filters, "fmt().with_env_filter(tracing_subscriber::EnvFilter::from_default_env()).init()"), [""; 0]);
    assert_eq!(of(filters, "fmt::init()"), ["max_level ERROR"]);
    // Whether another package switches the feature on is not seen.
    assert_eq!(of("", "fmt::init()"), [""; 0]);
}

#[test]
fn a_feature_of_a_crate_decides_what_a_thing_is() {
    let of = |dependency: &str, workspace: &str| {
        let text = format!(
            "//- /Cargo.toml\n[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[dependencies]\nlettre = {dependency}\n{workspace}\n\
             //- /src/main.rs\nuse lettre::SmtpTransport;\nstruct Post {{ mailer: SmtpTransport }}\n\
             fn main() {{ let post = Post {{ mailer: SmtpTransport::relay(\"mail\").unwrap().build() }}; serve(post); }}\n"
        );
        let found = crate::fixture::map(&text).items;
        let item = found.iter().find(|item| item.name.as_str() == "Post.mailer").unwrap();
        let keys = ["max_idle", "timeout"];
        let facts = item.facts.iter().filter(|fact| keys.contains(&fact.key.as_str())).map(|fact| fact.key.to_string());
        (item.kind, facts.collect::<Vec<_>>().join(", "))
    };
    let pool = (Kind::Pool, "max_idle, timeout".to_owned());
    let client = (Kind::SdkClient, "timeout".to_owned());
    assert_eq!(of("\"0.11\"", ""), pool);
    assert_eq!(of("{ version = \"0.11\", default-features = false, features = [\"builder\"] }", ""), client);
    assert_eq!(of("{ version = \"0.11\", default-features = false, features = [\"pool\"] }", ""), pool);
    let without = "[workspace]\n[workspace.dependencies]\nlettre = { version = \"0.11\", default-features = false }";
    assert_eq!(of("{ workspace = true }", without), client);
    assert_eq!(of("{ workspace = true, features = [\"pool\"] }", without), pool);
}

/// What the library keeps, of the only item of a kind.
fn keeps(dependencies: &[&str], kind: Kind, main: &str) -> String {
    let found = items(dependencies, main);
    let of_kind: Vec<&Item> = found.iter().filter(|item| item.kind == kind && item.hides.is_some()).collect();
    let [only] = of_kind.as_slice() else { panic!("{:?}", of_kind.iter().map(|item| item.id.as_str()).collect::<Vec<_>>()) };
    only.hides.clone().unwrap()
}

#[test]
fn a_process_that_is_waited_for_is_told_so() {
    let of = |main: &str| keeps(&["std"], Kind::Os, &format!("use std::process::Command;\nfn main() {{ {main} }}\n"));
    let waited = "A child process that is waited for";
    assert!(of("Command::new(\"git\").arg(\"gc\").output().unwrap();").starts_with(waited));
    assert!(of("let mut git = Command::new(\"git\"); git.arg(\"gc\"); let status = git.status();").starts_with(waited));
    assert!(of("let mut child = Command::new(\"git\").spawn().unwrap(); work(); child.wait().unwrap();").starts_with(waited));
    assert!(of("let child = Command::new(\"git\").spawn().unwrap(); keep(child);").contains("stay a zombie"));
    // Who runs it is not seen.
    assert!(of("let mut git = Command::new(\"git\"); outside::run(git);").starts_with("A child process, which is given"));
    let ty = |main: &str| {
        let found = items(&["std"], &format!("use std::process::Command;\nfn main() {{ {main} }}\n"));
        found.into_iter().find(|item| item.kind == Kind::Os).and_then(|item| item.ty)
    };
    assert_eq!(ty("let said = Command::new(\"git\").output().unwrap(); print(said);"), None);
    assert_eq!(ty("let child = Command::new(\"git\").spawn().unwrap(); keep(child);").as_deref(), Some("Child"));
    let both = of("Command::new(\"git\").status().unwrap(); Command::new(\"git\").spawn().unwrap();");
    assert!(both.starts_with("A child process, which is given"), "{both}");
}

#[test]
fn a_limit_on_a_router_is_one_for_each_route() {
    let of = |made: &str| {
        let text = format!(
            "use axum::{{Router, routing::get}};\nasync fn index() {{}}\n#[tokio::main]\nasync fn main() {{\n\
             let app = Router::new().route(\"/\", get(index)){made};\n\
             axum::serve(tokio::net::TcpListener::bind(\"0.0.0.0:80\").await.unwrap(), app).await.unwrap(); }}\n"
        );
        keeps(&["axum", "tower", "tokio"], Kind::Limiter, &text)
    };
    assert!(of(".layer(tower::limit::ConcurrencyLimitLayer::new(100))").contains("for each route"));
    assert!(!of(".layer(tower::limit::GlobalConcurrencyLimitLayer::new(100))").contains("for each"));
    assert!(of("; let layer = tower::limit::ConcurrencyLimitLayer::new(100); let app = wrap(app, layer)").contains("for each service"));
}

#[test]
fn a_client_with_a_token_of_a_person_fetches_none_for_an_app() {
    let of = |chain: &str| {
        keeps(
            &["octocrab"],
            Kind::SdkClient,
            &format!("fn main() {{ let github = octocrab::OctocrabBuilder::new(){chain}.build().unwrap(); keep(github); }}\n"),
        )
    };
    assert!(!of(".personal_token(token())").contains("installation"));
    assert!(of(".app(1.into(), key())").contains("installation"));
}

#[test]
fn a_key_with_which_nothing_is_signed_is_no_key_of_tokens() {
    let of = |use_of: &str| {
        let text = format!("fn main() {{ let key = jsonwebtoken::EncodingKey::from_rsa_pem(pem()).unwrap(); {use_of} }}\n");
        items(&["jsonwebtoken", "octocrab"], &text).into_iter().filter(|item| item.kind == Kind::ClientHeld).count()
    };
    assert_eq!(of("let github = octocrab::OctocrabBuilder::new().app(1.into(), key).build(); keep(github);"), 0);
    assert_ne!(of("let token = jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key); send(token);"), 0);
}

#[test]
fn a_verifier_of_the_code_takes_the_place_of_root_certificates() {
    let of = |chain: &str| {
        keeps(
            &["rustls"],
            Kind::Os,
            &format!("fn main() {{ let config = rustls::ClientConfig::builder(){chain}.with_no_client_auth(); keep(config); }}\n"),
        )
    };
    assert!(of(".with_root_certificates(roots())").contains("root certificates"));
    assert!(!of(".dangerous().with_custom_certificate_verifier(verifier())").contains("root certificates"));
}

/// A service whose storage is a type parameter of all that uses it.
fn by_parameter(service: &str, storage: &str) -> String {
    format!(
        "use std::collections::HashMap;\nuse std::sync::{{Arc, Mutex}};\nuse axum::{{Router, extract::State, routing::post}};\n\
         pub trait Rows {{ fn add(&self, row: String); }}\n\
         pub struct Postgres {{ pool: sqlx::PgPool, seen: Mutex<HashMap<String, u64>> }}\n\
         impl Rows for Postgres {{ fn add(&self, row: String) {{ self.seen.lock().unwrap().insert(row, 1); run(&self.pool); }} }}\n\
         {service}\nstruct App<B> {{ service: Arc<Service<B>> }}\n\
         async fn add<B: Rows>(State(app): State<Arc<App<B>>>, row: String) {{ app.service.rows.add(row); }}\n\
         fn router<B: Rows + Send + Sync + 'static>(rows: B) -> Router {{\n\
         let app = Arc::new(App {{ service: Arc::new(Service {{ rows }}) }});\nRouter::new().route(\"/rows\", post(add::<B>)).with_state(app) }}\n\
         #[tokio::main]\nasync fn main() {{ let pool = sqlx::PgPool::connect(\"postgres://a\").await.unwrap(); {storage}\n\
         axum::serve(tokio::net::TcpListener::bind(\"0.0.0.0:80\").await.unwrap(), app).await.unwrap(); }}\n"
    )
}

/// The routes that use an item, by the beginning of its id.
fn routes_of(found: &[Item], start: &str) -> Option<Vec<String>> {
    let item = found.iter().find(|item| item.id.as_str().starts_with(start))?;
    Some(item.entry_points.iter().map(|entry| entry.name.to_string()).collect())
}

#[test]
fn a_type_parameter_holds_what_implements_its_bound() {
    let of = |service: &str| {
        let text = by_parameter(service, "let app = router(Postgres { pool, seen: Mutex::default() });");
        routes_of(&items(&["axum", "sqlx", "tokio"], &text), "shared-state:shop::Postgres::seen")
    };
    let routes = Some(vec!["POST /rows".to_owned()]);
    assert_eq!(of("pub struct Service<B: Rows> { rows: B }"), routes);
    assert_eq!(of("pub struct Service<B> where B: Rows { rows: Arc<B> }"), routes);
    assert_eq!(of("pub struct Service<B> { rows: B }\nimpl<C: Rows> Service<C> { pub fn all(&self) {} }"), routes);
    // Nothing says what it may be.
    assert_eq!(of("pub struct Service<B> { rows: Vec<u8>, of: std::marker::PhantomData<B> }"), None);
}

#[test]
fn a_pool_is_used_by_those_who_use_the_field_that_keeps_it() {
    let service = "pub struct Service<B: Rows> { rows: B }";
    let of = |storage: &str| routes_of(&items(&["axum", "sqlx", "tokio"], &by_parameter(service, storage)), "pool:shop::main#sqlx");
    let routes = Some(vec!["POST /rows".to_owned()]);
    // Put there by the function that makes it, or by one that is given it.
    assert_eq!(of("let app = router(Postgres { pool, seen: Mutex::default() });"), routes);
    let handed = |before: &str| {
        let keep = "fn keep(pool: sqlx::PgPool) -> Postgres { Postgres { pool, seen: Mutex::default() } }";
        of(&format!("{before} let app = router(keep(pool)); serve(app).await; }} {keep} async fn serve(app: Router) {{"))
    };
    assert_eq!(handed(""), routes);
    // Which of two is kept there, the type does not tell.
    let other = "let other = sqlx::PgPool::connect(\"postgres://b\").await.unwrap(); println!(\"{other:?}\");";
    assert_eq!(handed(other), Some(Vec::new()));
}

#[test]
fn a_cookie_is_told_by_the_name_that_callers_give_it_and_not_with_defaults_that_others_change() {
    let of = |through: &str| {
        let text = format!(
            "use axum_extra::extract::cookie::{{Cookie, Key, PrivateCookieJar, SameSite}};\n\
             fn apply(mut cookie: Cookie<'static>) -> Cookie<'static> {{ cookie.set_http_only(true); cookie.set_same_site(SameSite::Lax); cookie }}\n\
             struct Jar {{ inner: PrivateCookieJar<Key> }}\n\
             impl Jar {{ fn save(mut self, key: &str, value: String) -> Self {{ let cookie = Cookie::new(key.to_owned(), value); {through} self.inner = self.inner.add(cookie); self }} }}\n\
             fn keep(jar: Jar, user: String) -> Jar {{ jar.save(\"session\", user) }}\n\
             async fn login(jar: Jar) -> Jar {{ keep(jar, one()) }}\n\
             async fn switch(jar: Jar) -> Jar {{ keep(jar, other()).save(\"csrf\", fresh()) }}\n\
             fn main() {{ serve(axum::Router::new().route(\"/login\", axum::routing::post(login)).route(\"/switch\", axum::routing::post(switch))); }}\n"
        );
        let found = items(&["axum", "axum-extra"], &text);
        let cookies = found.iter().filter(|item| item.kind == Kind::ClientHeld && item.facts.iter().any(|fact| fact.key == "cookie"));
        let secure = |item: &Item| item.facts.iter().any(|fact| fact.key == "http_only");
        cookies.map(|item| format!("{} {}", item.name, if secure(item) { "http_only off" } else { "" })).collect::<Vec<_>>()
    };
    assert_eq!(of("let cookie = apply(cookie);"), ["csrf ", "session "]);
    // Handed to nobody, it is as the library makes it.
    assert_eq!(of(""), ["csrf http_only off", "session http_only off"]);
}

#[test]
fn options_that_a_function_of_the_library_completes_are_read_behind_it() {
    let of = |made: &str| {
        let text = format!(
            "fn main() {{ let mut options = {made}(sentry::ClientOptions {{ release: Some(\"shop@1\".into()), ..Default::default() }}); options.max_breadcrumbs = 5; let _guard = sentry::init(options); }}\n\
             fn own(options: sentry::ClientOptions) -> sentry::ClientOptions {{ elsewhere(options) }}\n"
        );
        told(&items(&["sentry"], &text), Kind::Telemetry, "Sentry", &["release", "environment", "max_breadcrumbs"])
    };
    assert_eq!(of("sentry::apply_defaults"), ["max_breadcrumbs 5", "release shop@1", "environment env SENTRY_ENVIRONMENT"]);
    // What a function of the service does to them is not known.
    assert_eq!(of("own"), ["max_breadcrumbs 5"]);
}

#[test]
fn what_only_the_client_that_asked_may_keep_is_told_so() {
    let of = |directives: &str| {
        let text = format!(
            "use actix_web::{{web, HttpResponse, http::header::{{CacheControl, CacheDirective}}}};\n\
             async fn page() -> HttpResponse {{ let control = CacheControl(vec![{directives}]); HttpResponse::Ok().insert_header((\"Cache-Control\", control)).body(\"x\") }}\n\
             #[actix_web::main]\nasync fn main() {{ actix_web::HttpServer::new(|| actix_web::App::new().route(\"/\", web::get().to(page))).run().await.unwrap() }}\n"
        );
        let found = items(&["actix-web"], &text);
        let item = found.iter().find(|item| item.name.as_str() == "HTTP caching").unwrap();
        let value = item.facts.iter().find(|fact| fact.key == "value").and_then(|fact| fact.value.clone());
        format!("{} / {}", item.summary.split('.').next().unwrap(), value.map(|value| value.to_string()).unwrap_or_default())
    };
    assert_eq!(of("CacheDirective::Private, CacheDirective::MaxAge(900)"), "responses kept by clients / private, max-age=900");
    assert_eq!(of("CacheDirective::Private, CacheDirective::MaxAge(ttl())"), "responses kept by clients / private, …");
    assert_eq!(of("CacheDirective::MaxAge(900)"), "responses kept by clients and shared caches / max-age=900");
}

#[test]
fn a_value_that_every_process_makes_for_itself_is_no_constant() {
    let of = |ty: &str, made: &str| {
        let text = format!(
            "use std::sync::LazyLock;\nstatic ONE: LazyLock<{ty}> = LazyLock::new({made});\nfn main() {{ println!(\"{{:?}}\", *ONE); }}\n"
        );
        let found = items(&["uuid", "regex"], &text);
        found.iter().find(|item| item.name.as_str() == "ONE").map(|item| (item.class == crate::model::Class::Mutable, item.summary.clone()))
    };
    let each = |label: &str, ty: &str| Some((true, format!("{label} of type `LazyLock<{ty}>`, one for each process")));
    assert_eq!(of("uuid::Uuid", "uuid::Uuid::new_v4"), each("random value made at first use", "uuid::Uuid"));
    assert_eq!(of("String", "|| uuid::Uuid::new_v4().to_string()"), each("random value made at first use", "String"));
    assert_eq!(of("std::time::Instant", "std::time::Instant::now"), each("time taken at first use", "std::time::Instant"));
    // The same in every process: a fixed id, and what a function of the service may say.
    for made in ["|| uuid::Uuid::nil()", "|| uuid::Uuid::from_u128(7)"] {
        assert!(of("uuid::Uuid", made).is_some_and(|(mutable, _)| !mutable), "{made}");
    }
    assert!(of("regex::Regex", "|| regex::Regex::new(\"a\").unwrap()").is_some_and(|(mutable, _)| !mutable));
}

#[test]
fn what_cargo_features_choose_from_is_no_default_unless_all_agree() {
    let of = |other: &str| {
        let text = format!(
            "#[cfg(not(feature = \"image\"))]\nfn folder() -> String {{ \"./rules\".into() }}\n#[cfg(feature = \"image\")]\nfn folder() -> String {{ {other}.into() }}\n\
             fn main() {{ std::fs::write(std::path::Path::new(&folder()).join(\"seen\"), \"1\").unwrap(); }}\n"
        );
        items(&[], &text).iter().find(|item| item.kind == Kind::FsWrite).map(|item| item.name.to_string()).unwrap_or_default()
    };
    assert_eq!(of("\"./rules\""), "./rules/seen");
    assert!(!of("\"/usr/share/rules\"").contains("./rules"), "{}", of("\"/usr/share/rules\""));
}
