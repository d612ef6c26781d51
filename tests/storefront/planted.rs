//! Every planted state of the storefront's answer key is found with its key facts; no near miss is.

use statemap::model::{FactValue, Item, StateMap};

use crate::project::{item, map_of};

/// What is planted, by id.
const PLANTED: &[&str] = &[
    // In the API.
    "session:storefront_api::sessions::SessionStore::sessions",
    "client-held:storefront_api#storefront_session",
    "session:storefront_api::carts::Carts::by_session",
    "cache:storefront_api::catalogue::Catalogue::new#moka::future::Cache",
    "shared-state:storefront_api::prices::Prices::list",
    "background-task:storefront_api::prices::start_refresh#storefront_api::prices::fetch",
    "shared-state:storefront_api::permissions::PermissionRollup::by_user",
    "static:storefront_api::reference::TAX_TABLES",
    "startup-config:env#TAX_TABLES_PATH",
    "reference-data:storefront_api::reference::load#csv::Reader",
    "fs-write:storefront_api::uploads::stage#{storage.staging_dir}",
    "fs-write:storefront_api::uploads::publish_staged#tokio::fs::remove_file",
    "background-task:storefront_api::uploads::start_publishing#storefront_api::uploads::publish_staged",
    "fs-write:storefront_api::reports::create#/tmp/report-{timestamp}.csv",
    "fs-write:storefront_api::reports::publish#/tmp/report-{timestamp}.csv",
    "background-task:storefront_api::reports::create#storefront_api::reports::publish",
    "queue:storefront_api::mail_queue::start#tokio::sync::mpsc::channel",
    "background-task:storefront_api::mail_queue::start#storefront_clients::mailer::Mailer::send",
    "embedded-db:storefront_api::suggestions::Suggestions::open#redb::Database",
    "queue:storefront_api::suggestions::Suggestions::open#std::sync::mpsc::sync_channel",
    "fs-write:storefront_api::suggestions::Suggestions::open#/var/lib/storefront",
    "background-task:storefront_api::suggestions::Suggestions::open#storefront_api::suggestions::write_all",
    "limiter:storefront_api::limits::Limits::new#governor::RateLimiter",
    "os:storefront_api::startup::serve#tokio::net::TcpListener",
    "os:storefront_api::shutdown::requested#tokio::signal::unix::signal",
    // In the libraries.
    "startup-config:storefront_core::settings::CONFIG",
    "startup-config:storefront_core::settings::load#config::Config",
    "startup-config:env#APP_ENVIRONMENT",
    "reference-data:storefront_core::secrets::read#std::fs::read_to_string",
    "pool:storefront_core::db::connect#sqlx::postgres::PgPoolOptions",
    "startup-config:env#DATABASE_POOL_SIZE",
    "startup-config:env#DATABASE_URL",
    "external-store:CERTIFICATE_AUTHORITY_URL",
    "external-store:payments.base_url",
    "external-store:postgres",
    "sdk-client:storefront_core::redis_store::connect#redis::Client",
    "lease:storefront_core::idempotency::claim#idempotency_keys",
    "external-store:redis",
    "client-held:storefront_core::tokens::Tokens::issue#jsonwebtoken::encode",
    "client-held:storefront_api::routes::login::LoginTokens::refresh_token",
    "client-held:storefront_core::redis_store::LoginStore::put_login_code#login_code",
    "shared-state:storefront_core::tokens::Tokens::revoked",
    "thread-local:storefront_core::context::CURRENT_TOKEN",
    "thread-local:storefront_core::context::REQUEST",
    "thread-local:storefront_core::context::TRANSACTION",
    "static:storefront_core::flags::CHECKOUT_ENABLED",
    "static:storefront_core::telemetry::ORDERS_PLACED",
    "static:storefront_core::telemetry::CHECKOUTS_IN_FLIGHT",
    "telemetry:storefront_core::telemetry::REQUESTS",
    "telemetry:storefront_core::telemetry::MAIL_QUEUE_DEPTH",
    "telemetry:storefront_core::telemetry::init#tracing_subscriber::fmt",
    "sdk-client:storefront_clients::payments::Payments::new#reqwest::Client",
    "limiter:storefront_clients::payments::Payments::new#tokio::sync::Semaphore",
    "limiter:storefront_clients::payments::Payments::charge#retry",
    "cache:storefront_clients::payments::Payments::token",
    "shared-state:storefront_clients::breaker::CircuitBreaker::failures",
    "shared-state:storefront_clients::breaker::CircuitBreaker::open_until",
    "sdk-client:storefront_clients::storage::Storage::connect#aws_sdk_s3::Client",
    "external-store:s3",
    "pool:storefront_clients::mailer::Mailer::new#lettre::AsyncSmtpTransport",
    "os:storefront_clients::dns::MailDomains::new#hickory_resolver::TokioResolver",
    // In the worker.
    "background-task:storefront_worker::main#storefront_worker::deliver_mails",
    "background-task:storefront_worker::feed::start#tokio::spawn",
    "shared-state:storefront_worker::feed::start#counted",
    "shared-state:storefront_worker::feed::start#pending",
    "shared-state:storefront_clients::events::OrderFeed",
    "limiter:storefront_worker::feed::start#retry",
    "limiter:storefront_worker::deliver_mails#retry",
    "fs-write:storefront_worker::heartbeat::start#/tmp/storefront-worker.alive",
    "fs-write:storefront_worker::heartbeat::start#/run/storefront/worker.pid",
    "background-task:storefront_worker::schedule_jobs#tokio_cron_scheduler::Job::new_async",
    "background-task:storefront_worker::schedule_jobs#tokio_cron_scheduler::Job::new_async-2",
    "background-task:storefront_worker::schedule_jobs#tokio_cron_scheduler::Job::new_async-3",
    "sdk-client:storefront_jobs::certificates::HTTP",
    "startup-config:env#CERTIFICATE_AUTHORITY_URL",
    "background-task:storefront_worker::heartbeat::start#std::thread::Builder::spawn",
    "lease:storefront_jobs::leader::Leader::acquire#redis::SetOptions",
    "lease:storefront_jobs::outbox::deliver_next#outbox",
    "fs-write:storefront_jobs::certificates::replace#/var/lib/storefront/tls/client.next",
    "fs-write:storefront_jobs::certificates::replace#/var/lib/storefront/tls/client.key_or_/var/lib/storefront/tls/client.crt",
    "os:storefront_worker::main#tokio::signal::ctrl_c",
    "sdk-client:storefront_clients::events::partition#rskafka::client::ClientBuilder",
    "queue:storefront_clients::events::OrderEvents::connect#rskafka::client::producer::BatchProducerBuilder",
    "external-store:kafka",
    // In the deployment.
    "deployment:Deployment/storefront-api#rollout",
    "deployment:Deployment/storefront-worker#rollout",
    "deployment:Deployment/storefront-api#api/probes",
    "deployment:Deployment/storefront-worker#worker/probes",
    "deployment:Deployment/storefront-api#api/environment",
    "deployment:Deployment/storefront-worker#worker/environment",
    "deployment:Deployment/storefront-api#sidecar/credentials-refresher",
    "deployment:Deployment/storefront-api#sidecar/egress-proxy",
    "deployment:Deployment/storefront-api#volume/tmp",
    "deployment:Deployment/storefront-worker#volume/tmp",
    "deployment:HorizontalPodAutoscaler/storefront-api",
    "deployment:Service/storefront-api#affinity",
    "deployment:PersistentVolumeClaim/storefront-tls",
    "deployment:PersistentVolumeClaim/reference-data",
    "deployment:Secret/storefront-credentials",
    "deployment:Secret/storefront-database",
    "deployment:ConfigMap/storefront-config",
    "deployment:Dockerfile#CMD",
    "deployment:Dockerfile#COPY",
    "deployment:Dockerfile#ENV",
    "deployment:docker-compose.yml/uploads",
    "deployment:docker-compose.yml/tls",
    "deployment:docker-compose.yml/postgres",
    "deployment:docker-compose.yml/postgres#credentials",
    "deployment:docker-compose.yml/secrets",
    "deployment:docker-compose.yml/reference",
    "deployment:docker-compose.yml/migrations",
    "deployment:docker-compose.yml/.env#env_file",
    "deployment:.env.example",
    "cache:view::bestsellers",
];

/// Paths of code that looks like state and is none.
const NEAR_MISSES: &[&str] = &[
    "STOP_WORDS",
    "MAX_SLUG",
    "storefront_api::orders::price",
    "price_cache",
    "suggestion_cache",
    "storefront_api::orders::confirmation",
    "storefront_api::routes::products::upload_picture",
    "background-task:storefront_api::reference::load",
    "SERIAL",
    "::CLIENT",
    "::CALLS",
    "::CARTS",
];

fn says(item: &Item, word: &str) -> bool {
    item.id.as_str().contains(word)
        || item.sites.iter().any(|site| site.function.as_deref().is_some_and(|function| function.contains(word)))
}

#[test]
fn everything_planted_is_found() {
    let map = map_of("storefront");
    let missing: Vec<_> = PLANTED.iter().filter(|id| !map.items.iter().any(|item| item.id.as_str() == **id)).collect();
    let there: Vec<_> = map.items.iter().map(|item| item.id.as_str()).filter(|id| !PLANTED.contains(id)).collect();
    assert!(missing.is_empty(), "not found: {missing:#?}\nfound beside the planted: {there:#?}");
}

#[test]
fn no_near_miss_is_reported() {
    let map = map_of("storefront");
    let wrong: Vec<_> =
        map.items.iter().filter(|item| NEAR_MISSES.iter().any(|word| says(item, word))).map(|item| item.id.as_str()).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn regexes_are_constants() {
    let map = map_of("storefront");
    for name in ["SLUG", "EMAIL"] {
        let found = item(&map, &format!("static:storefront_core::text::{name}"));
        assert_eq!(found.class, statemap::model::Class::Constant);
    }
}

/// Value, provenance and origin of a fact, as `10 env DATABASE_POOL_SIZE`; `-` for what is not known.
fn fact(map: &StateMap, id: &str, key: &str) -> String {
    let found = item(map, id).facts.iter().find(|fact| fact.key == key);
    let Some(fact) = found else { return "none".to_owned() };
    let value = fact.value.as_ref().map_or_else(|| "-".to_owned(), FactValue::to_string);
    format!("{value} {} {}", fact.provenance.as_str(), fact.from.as_deref().unwrap_or("-"))
}

#[test]
fn the_pool_has_ten_connections_unless_the_variable_says_otherwise() {
    let map = map_of("storefront");
    let pool = "pool:storefront_core::db::connect#sqlx::postgres::PgPoolOptions";
    assert_eq!(fact(&map, pool, "max_connections"), "10 env DATABASE_POOL_SIZE");
    assert_eq!(fact(&map, pool, "acquire_timeout"), "5s code -");
    assert_eq!(item(&map, pool).services, ["storefront-api", "storefront-worker"]);
    assert_eq!(item(&map, pool).backs_on.as_deref(), Some("external-store:postgres"));
    assert_eq!(fact(&map, "startup-config:env#DATABASE_POOL_SIZE", "default"), "10 code -");
}

#[test]
fn the_pool_is_multiplied_by_what_the_manifests_say() {
    let map = map_of("storefront");
    let pool = item(&map, "pool:storefront_core::db::connect#sqlx::postgres::PgPoolOptions");
    let set = &pool.facts.iter().find(|fact| fact.key == "max_connections").unwrap().set;
    let said: Vec<String> = set.iter().map(|one| format!("{:?} {} {}:{}", one.value, one.source, one.at.file, one.at.line)).collect();
    assert_eq!(said, ["Some(Int(50)) ConfigMap/storefront-config deploy/k8s/config.yaml:8"]);
    let totals: Vec<_> =
        pool.totals.iter().map(|one| (one.workload.as_str(), one.each, one.all, one.during_rollout, one.at_most)).collect();
    assert_eq!(
        totals,
        [("Deployment/storefront-api", 50, 100, Some(200), Some(500)), ("Deployment/storefront-worker", 50, 100, Some(150), None)]
    );
}

#[test]
fn files_say_what_they_survive() {
    let map = map_of("storefront");
    let survives = |id: &str| {
        let facts = item(&map, id).facts.iter().filter(|fact| fact.key == "survives");
        facts.filter_map(|fact| fact.value.as_ref()).map(FactValue::to_string).collect::<Vec<_>>().join("; ")
    };
    assert_eq!(survives("embedded-db:storefront_api::suggestions::Suggestions::open#redb::Database"), "nothing: gone with the container");
    let report = survives("fs-write:storefront_api::reports::create#/tmp/report-{timestamp}.csv");
    assert!(report.starts_with("a restart of the container, not of the pod, Deployment/storefront-api"), "{report}");
    let certificate = survives("fs-write:storefront_jobs::certificates::replace#/var/lib/storefront/tls/client.next");
    assert!(certificate.starts_with("the pod, Deployment/storefront-worker"), "{certificate}");
    assert_eq!(survives("fs-write:storefront_api::uploads::publish_staged#tokio::fs::remove_file"), "", "its path is not known");
}

#[test]
fn the_opening_has_the_numbers_of_code_and_deployment_together() {
    let page = std::fs::read_to_string(crate::project::fixture("storefront").join("STATEMAP.md")).unwrap();
    let opening = page.split("\n\n").skip_while(|part| !part.starts_with("# ")).nth(1).unwrap();
    for part in [
        "**a sqlx Postgres pool of at most 50 connections** ([`db`](#pool-db), by `ConfigMap/storefront-config`, [`config.yaml:8`]",
        "100 in 2 replicas of `Deployment/storefront-api` ([`api.yaml:8`](deploy/k8s/api.yaml#L8)) and **200 during a rollout**",
        "without expiry (512 MB, rebuilt at start-up by a SQL scan that takes 90 seconds) [annotated, ",
        "mounted read-only at `/etc/secrets/storefront`: a sidecar refreshes it every 15 minutes",
        "**a thread-local** ([`CURRENT_TOKEN`](#thread-local-current_token)): the bearer token of the user",
    ] {
        assert!(opening.contains(part), "{part}\n{opening}");
    }
}

#[test]
fn nothing_that_fits_is_called_a_contradiction() {
    let map = map_of("storefront");
    let wrong: Vec<_> = map.diagnostics.iter().filter(|one| one.code.starts_with("contradiction-")).collect();
    assert!(wrong.is_empty() && map.environments.is_empty(), "{wrong:?} {:?}", map.environments);
}

#[test]
fn knobs_from_settings_name_their_key() {
    let map = map_of("storefront");
    assert_eq!(
        fact(&map, "cache:storefront_api::catalogue::Catalogue::new#moka::future::Cache", "max_capacity"),
        "5000 settings cache.products"
    );
    assert_eq!(
        fact(&map, "limiter:storefront_clients::payments::Payments::new#tokio::sync::Semaphore", "permits"),
        "40 settings payments.max_in_flight"
    );
    assert_eq!(
        fact(&map, "sdk-client:storefront_clients::payments::Payments::new#reqwest::Client", "timeout"),
        "10s settings payments.timeout_ms"
    );
    assert_eq!(
        fact(&map, "pool:storefront_clients::mailer::Mailer::new#lettre::AsyncSmtpTransport", "max_idle"),
        "4 settings mail.pool_size"
    );
    assert_eq!(fact(&map, "limiter:storefront_api::limits::Limits::new#governor::RateLimiter", "allow_burst"), "50 settings limits.burst");
}

#[test]
fn knobs_from_the_code_have_their_values() {
    let map = map_of("storefront");
    assert_eq!(fact(&map, "queue:storefront_api::mail_queue::start#tokio::sync::mpsc::channel", "capacity"), "1000 code -");
    assert_eq!(fact(&map, "queue:storefront_api::suggestions::Suggestions::open#std::sync::mpsc::sync_channel", "capacity"), "256 code -");
    assert_eq!(fact(&map, "sdk-client:storefront_clients::payments::Payments::new#reqwest::Client", "connect_timeout"), "2s code -");
    assert_eq!(
        fact(&map, "embedded-db:storefront_api::suggestions::Suggestions::open#redb::Database", "path"),
        "/var/lib/storefront/suggestions.redb code -"
    );
    assert_eq!(fact(&map, "cache:storefront_api::catalogue::Catalogue::new#moka::future::Cache", "time_to_live"), "none default -");
    assert_eq!(fact(&map, "sdk-client:storefront_jobs::certificates::HTTP", "timeout"), "none default -");
}

#[test]
fn loops_and_jobs_have_their_period_and_schedule() {
    let map = map_of("storefront");
    let period = |id: &str| fact(&map, &format!("background-task:{id}"), "period");
    assert_eq!(period("storefront_api::uploads::start_publishing#storefront_api::uploads::publish_staged"), "20s code -");
    // It pauses 5 s when there is nothing to do: no period.
    assert_eq!(period("storefront_worker::main#storefront_worker::deliver_mails"), "none");
    assert_eq!(period("storefront_worker::heartbeat::start#std::thread::Builder::spawn"), "10s code -");
    let schedule = |number: &str| {
        fact(&map, &format!("background-task:storefront_worker::schedule_jobs#tokio_cron_scheduler::Job::new_async{number}"), "schedule")
    };
    assert_eq!(schedule(""), "0 0 3 * * * code -");
    assert_eq!(schedule("-2"), "0 */5 * * * * code -");
    assert_eq!(schedule("-3"), "0 */10 * * * * code -");
    // FIXME: every 60 s, from `prices.refresh_seconds`; the tick of an interval is not followed here.
    assert_eq!(period("storefront_api::prices::start_refresh#storefront_api::prices::fetch"), "none");
    // FIXME: the figures are written every 60 s, from the tick of an interval.
    assert_eq!(period("storefront_worker::feed::start#tokio::spawn"), "none");
}

#[test]
fn variables_have_the_defaults_of_the_code() {
    let map = map_of("storefront");
    assert_eq!(fact(&map, "startup-config:env#APP_ENVIRONMENT", "default"), "local code -");
    assert_eq!(fact(&map, "startup-config:env#TAX_TABLES_PATH", "default"), "/mnt/reference/tax-tables.csv code -");
    assert_eq!(fact(&map, "startup-config:env#DATABASE_URL", "default"), "none");
}

#[test]
fn staged_uploads_name_the_setting_of_their_folder() {
    let map = map_of("storefront");
    let paths: Vec<String> = map
        .items
        .iter()
        .filter(|item| item.id.as_str().starts_with("fs-write:storefront_api::uploads::stage#"))
        .map(|item| fact(&map, item.id.as_str(), "path"))
        .collect();
    assert_eq!(paths.len(), 3, "{paths:?}");
    for path in paths {
        assert!(path.contains("storage.staging_dir"), "{path}");
    }
}

#[test]
fn the_deployment_is_told_with_its_numbers() {
    let map = map_of("storefront");
    let api = "deployment:Deployment/storefront-api#rollout";
    assert_eq!(fact(&map, api, "replicas"), "2 manifest -");
    assert_eq!(fact(&map, api, "max surge"), "100% manifest -");
    assert_eq!(fact(&map, "deployment:Deployment/storefront-worker#rollout", "max surge"), "1 manifest -");
    assert_eq!(fact(&map, "deployment:ConfigMap/storefront-config", "DATABASE_POOL_SIZE"), "50 manifest -");
    assert_eq!(fact(&map, "deployment:HorizontalPodAutoscaler/storefront-api", "most replicas"), "10 manifest -");
    let services = |id: &str| item(&map, id).services.join(" ");
    assert_eq!(services("deployment:PersistentVolumeClaim/storefront-tls"), "storefront-api storefront-worker");
    assert_eq!(services("deployment:docker-compose.yml/tls"), "storefront-worker");
}

#[test]
fn what_people_wrote_stands_on_the_item() {
    let map = map_of("storefront");
    for id in [
        "session:storefront_api::carts::Carts::by_session",
        "static:storefront_api::reference::TAX_TABLES",
        "queue:storefront_api::mail_queue::start#tokio::sync::mpsc::channel",
        "deployment:Service/storefront-api#affinity",
    ] {
        assert!(item(&map, id).annotation.is_some(), "{id}");
    }
}

#[test]
fn each_item_belongs_to_the_services_that_link_it() {
    let map = map_of("storefront");
    let of = |id: &str| item(&map, id).services.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    assert_eq!(of("session:storefront_api::sessions::SessionStore::sessions"), "storefront-api");
    assert_eq!(of("background-task:storefront_worker::main#storefront_worker::deliver_mails"), "storefront-worker");
    assert_eq!(of("sdk-client:storefront_jobs::certificates::HTTP"), "storefront-worker");
    assert_eq!(of("startup-config:storefront_core::settings::CONFIG"), "storefront-api storefront-worker");
}
