//! Facts of items in the fixtures: the value, why it holds, and what it comes from.

use statemap::model::{Access, Class, Confidence, FactValue, Provenance, Scope, StateMap};

use crate::project::{ids, item, map_of};

/// What a test expects of a fact's value.
#[derive(Clone, Copy)]
enum Is {
    Number(i64),
    Text(&'static str),
    /// The code says where it is set from, and the value stays unknown.
    Unknown,
}

use Is::{Number, Text, Unknown};

/// The fact of an item has this value and provenance, and comes from there.
#[track_caller]
fn check(map: &StateMap, id: &str, key: &str, is: Is, provenance: Provenance, from: Option<&str>) {
    let item = item(map, id);
    let Some(fact) = item.facts.iter().find(|fact| fact.key == key) else {
        panic!("`{id}` has no fact `{key}`, but {:?}", item.facts.iter().map(|fact| &fact.key).collect::<Vec<_>>())
    };
    let expected = match is {
        Number(number) => Some(FactValue::Int(number)),
        Text(text) => Some(FactValue::Text(text.to_owned())),
        Unknown => None,
    };
    assert_eq!((&fact.value, fact.provenance, fact.from.as_deref()), (&expected, provenance, from), "`{key}` of `{id}`");
}

/// A fact set in the code, with the place of its value.
#[track_caller]
fn check_code(map: &StateMap, id: &str, key: &str, is: Is, place: &str) {
    let fact = item(map, id).facts.iter().find(|fact| fact.key == key).unwrap_or_else(|| panic!("`{id}` has no fact `{key}`"));
    let at = fact.at.as_ref().map(|at| format!("{}:{}", at.file, at.line));
    assert_eq!(at.as_deref(), Some(place), "place of `{key}` of `{id}`");
    check(map, id, key, is, Provenance::Code, None);
}

#[test]
fn a_constant_of_another_module_is_followed_to_its_literal() {
    let map = map_of("detectors/constructors");
    check_code(&map, "pool:billing::database::replica#sqlx::postgres::PgPoolOptions", "max_connections", Number(8), "src/limits.rs:10");
    check_code(&map, "limiter:billing::limits::gate#tokio::sync::Semaphore", "permits", Number(3), "src/limits.rs:12");
}

#[test]
fn a_chain_over_several_lets_is_one_item_with_all_its_knobs() {
    let map = map_of("detectors/constructors");
    let pool = "pool:billing::database::replica#sqlx::postgres::PgPoolOptions";
    check_code(&map, pool, "min_connections", Number(2), "src/database.rs:24");
    check(&map, pool, "idle_timeout", Text("90s"), Provenance::Env, Some("REPLICA_IDLE_SECONDS"));
    let client = "sdk-client:billing::clients::http#reqwest::Client";
    check_code(&map, client, "timeout", Text("2500ms"), "src/clients.rs:9");
    check_code(&map, client, "connect_timeout", Text("1s"), "src/clients.rs:11");
}

#[test]
fn a_value_from_a_settings_struct_is_named_by_its_key() {
    let map = map_of("detectors/constructors");
    let pool = "pool:billing::database::connect#sqlx::postgres::PgPoolOptions";
    check(&map, pool, "max_connections", Unknown, Provenance::Settings, Some("database.max_connections"));
    check(&map, pool, "acquire_timeout", Unknown, Provenance::Settings, Some("database.acquire_seconds"));
    check(
        &map,
        "cache:billing::cache::Invoices::new#moka::future::Cache",
        "max_capacity",
        Unknown,
        Provenance::Settings,
        Some("cache.entries"),
    );
}

#[test]
fn arithmetic_of_constants_is_done() {
    let map = map_of("detectors/constructors");
    check_code(&map, "cache:billing::cache::Invoices::new#moka::future::Cache", "time_to_live", Text("2h"), "src/cache.rs:21");
    let map = map_of("detectors/names");
    check_code(&map, "cache:app::main#moka::sync::Cache", "max_capacity", Number(4096), "parts/src/lib.rs:18");
}

#[test]
fn what_the_code_leaves_open_is_the_librarys_default() {
    let map = map_of("detectors/constructors");
    let pool = "pool:billing::database::replica#sqlx::postgres::PgPoolOptions";
    check(&map, pool, "acquire_timeout", Text("30s"), Provenance::Default, None);
    check(&map, "sdk-client:billing::clients::plain#reqwest::Client", "timeout", Text("none"), Provenance::Default, None);
    check(&map, "pool:billing::main#tokio::main", "max_blocking_threads", Number(512), Provenance::Default, None);
}

#[test]
fn a_knob_that_is_set_is_not_stated_as_a_default_too() {
    let map = map_of("detectors/constructors");
    for item in &map.items {
        let mut keys: Vec<_> = item.facts.iter().map(|fact| &fact.key).collect();
        keys.sort();
        let all = keys.len();
        keys.dedup();
        assert_eq!(keys.len(), all, "{}: {keys:?}", item.id);
    }
}

#[test]
fn the_bound_of_a_channel_is_its_argument() {
    let map = map_of("detectors/constructors");
    check_code(&map, "queue:billing::queue::start#tokio::sync::mpsc::channel", "capacity", Number(256), "src/queue.rs:9");
}

#[test]
fn defaults_of_variables_are_found_behind_unwrap_or_wrappers_and_derives() {
    let map = map_of("detectors/env_reads");
    for (name, default) in [
        ("GATEWAY_HOST", Text("0.0.0.0")),
        ("GATEWAY_PORT", Number(8080)),
        ("GATEWAY_WORKERS", Number(4)),
        ("GATEWAY_RETRIES", Number(3)),
        ("GATEWAY_LOG", Text("info")),
    ] {
        check(&map, &format!("startup-config:env#{name}"), "default", default, Provenance::Code, None);
    }
    for name in ["GATEWAY_VERBOSE", "GATEWAY_UPSTREAM"] {
        let item = item(&map, &format!("startup-config:env#{name}"));
        assert!(item.facts.iter().all(|fact| fact.key != "default"), "{item:#?}");
    }
}

#[test]
fn paths_of_writes_are_followed_through_constants_formats_and_joins() {
    let map = map_of("detectors/fs_writes");
    let written = |path: &str| {
        let of_path = |fact: &statemap::model::Fact| fact.key == "path" && fact.value == Some(FactValue::Text(path.to_owned()));
        let writes = map.items.iter().filter(|item| item.kind == statemap::model::Kind::FsWrite);
        writes.filter(|item| item.facts.iter().any(of_path)).map(|item| item.sites[0].place.line).collect::<Vec<_>>()
    };
    assert_eq!(written("/var/spool/archive"), [15], "{:#?}", ids(&map));
    assert_eq!(written("/var/spool/archive/{number}.part"), [31], "{:#?}", ids(&map));
    assert_eq!(written("/var/spool/archive/{number}.doc"), [50, 32], "a join in a function of its own; {:#?}", ids(&map));
    assert_eq!(written("/srv/www/latest.doc"), [42]);
    assert_eq!(written("/run/archive/ready"), [17]);
    assert_eq!(written("<temp dir>/rows.csv"), [15], "in a temporary folder; {:#?}", ids(&map));
    assert_eq!(written("/var/log/archive.log"), [8], "through the caller's argument; {:#?}", ids(&map));
}

#[test]
fn a_write_through_a_storage_library_says_its_folder_and_whether_that_is_local() {
    let map = map_of("detectors/fs_writes");
    let told = |line: u32| {
        let at = |item: &&statemap::model::Item| {
            item.kind == statemap::model::Kind::FsWrite
                && item.sites.iter().any(|site| site.place.line == line && site.place.file == "src/stores.rs")
        };
        let item = map.items.iter().find(at).unwrap_or_else(|| panic!("nothing at {line} in {:#?}", ids(&map)));
        let fact = |key: &str| {
            let fact = item.facts.iter().find(|fact| fact.key == key);
            fact.and_then(|fact| fact.value.as_ref()).map(ToString::to_string).unwrap_or_default()
        };
        format!("{} on {} through {}", fact("path"), fact("backend"), fact("through"))
    };
    assert_eq!(told(41), "/srv/archive/uploads/{id}.doc on local disk or object store through save");
    assert_eq!(told(42), "/srv/archive/thumbs/{id}.png on local disk or object store through save");
    assert_eq!(told(49), "/srv/archive/uploads/{id}.doc on local disk or object store through ");
    assert_eq!(told(65), "/srv/archive/first.txt on  through note");
    assert_eq!(told(70), "/srv/archive/shelf on  through ");
}

#[test]
fn what_a_struct_of_each_connection_holds_is_there_for_each_of_them() {
    let map = map_of("detectors/shared_fields");
    let received = "shared-state:board::wire::Peer::received";
    check(&map, received, "lifetime", Text("one for each Peer"), Provenance::Code, None);
    assert!(item(&map, received).summary.ends_with("one for each Peer"), "{}", item(&map, received).summary);
    let names = item(&map, "shared-state:board::wire::Peers::names");
    assert!(names.summary.ends_with("one for each process"), "{}", names.summary);
}

#[test]
fn a_claim_on_a_models_query_names_the_table_of_its_columns() {
    let map = map_of("detectors/claims");
    check(&map, "lease:mailroom::models::oldest#mails", "table", Text("mails"), Provenance::Code, None);
}

#[test]
fn what_is_done_to_a_file_is_said() {
    let map = map_of("detectors/fs_writes");
    let op = |line: u32, file: &str| {
        let at = |item: &&statemap::model::Item| item.sites.iter().any(|site| site.place.line == line && site.place.file == file);
        let item = map.items.iter().find(at).unwrap();
        item.facts.iter().find(|fact| fact.key == "op").and_then(|fact| fact.value.clone()).unwrap().to_string()
    };
    assert_eq!(op(15, "src/main.rs"), "create");
    assert_eq!(op(31, "src/main.rs"), "write");
    assert_eq!(op(32, "src/main.rs"), "rename");
    assert_eq!(op(42, "src/main.rs"), "copy");
    assert_eq!(op(50, "src/main.rs"), "delete");
    assert_eq!(op(8, "src/options.rs"), "append");
}

#[test]
fn the_period_of_a_loop_is_found_in_sleep_interval_and_argument() {
    let map = map_of("detectors/tasks");
    let period = |name: &str, text: &'static str| {
        let item = map.items.iter().find(|item| item.name == name).unwrap_or_else(|| panic!("no `{name}` in {:#?}", ids(&map)));
        check(&map, item.id.as_str(), "period", Text(text), Provenance::Code, None);
    };
    period("poll_orders", "10s");
    period("rates", "5min");
    period("metrics", "15s");
    check(&map, "background-task:courier::sweeper::start#courier::sweeper::sweep", "period", Text("60s"), Provenance::Code, None);
}

#[test]
fn an_endless_task_is_told_from_one_that_is_merely_left_alone() {
    let map = map_of("detectors/tasks");
    let runs =
        |id: &str| item(&map, id).facts.iter().find(|fact| fact.key == "runs").and_then(|fact| fact.value.clone()).unwrap().to_string();
    assert_eq!(runs("background-task:courier::main#courier::poll_orders"), "until the process ends");
    assert_eq!(runs("background-task:courier::main#courier::notify"), "once, detached");
    let told = |id: &str| {
        let item = item(&map, id);
        format!("{}: {}, {}", item.name, item.summary, runs(id))
    };
    // A method is named with its type; a set of tasks ends with its last one, and a timer goes on though it sums up at the end.
    let parcels = "background-task:courier::answers::Parcels";
    assert_eq!(
        told(&format!("{parcels}::start#{}", "courier::answers::Parcels::run")),
        "Parcels::run: spawned loop, until the process ends"
    );
    assert_eq!(told(&format!("{parcels}::watch#tokio::spawn")), "Parcels::watch: detached task, once, detached");
    assert_eq!(told(&format!("{parcels}::start#courier::answers::weigh")), "weigh: detached task, once, detached");
    assert_eq!(told(&format!("{parcels}::start#courier::answers::sampled")), "sampled: spawned loop, every 20 s, until its loop is left");
    assert_eq!(item(&map, "background-task:courier::main#courier::poll_orders").confidence, Confidence::Certain);
    assert_eq!(item(&map, "background-task:courier::main#courier::notify").confidence, Confidence::Likely);
}

#[test]
fn arguments_of_attributes_are_knobs() {
    let map = map_of("detectors/attributes");
    let cache = "cache:weather::forecast#cached::proc_macro::cached";
    check_code(&map, cache, "max_size", Number(200), "src/main.rs:16");
    check_code(&map, cache, "ttl_secs", Number(600), "src/main.rs:16");
}

#[test]
fn thread_locals_and_task_locals_have_their_own_scope() {
    let map = map_of("detectors/thread_locals");
    assert_eq!(item(&map, "thread-local:tickets::CALLER").scope, Scope::Thread);
    assert_eq!(item(&map, "thread-local:tickets::SCRATCH").scope, Scope::Thread);
    assert_eq!(item(&map, "thread-local:tickets::TRACE").scope, Scope::Task);
}

#[test]
fn conditions_are_said_in_words() {
    let map = map_of("detectors/conditions");
    let cfg = |id: &str| item(&map, id).cfg.clone();
    assert_eq!(cfg("static:edge::LOCAL").as_deref(), Some("only with feature `local`"));
    assert_eq!(cfg("static:edge::FALLBACK").as_deref(), Some("only without feature `redis`"));
    assert_eq!(cfg("static:edge::signals::HANGUPS").as_deref(), Some("only on Unix and with feature `local`"));
    assert_eq!(cfg("static:edge::HANDLES").as_deref(), Some("only on Windows"));
    assert_eq!(cfg("static:edge::DESCRIPTORS").as_deref(), Some("only not on Windows"));
}

#[test]
fn doc_comments_belong_to_the_declared_thing() {
    let map = map_of("detectors/statics");
    assert_eq!(item(&map, "static:ledger::BOOKED").doc.as_deref().map(str::trim), Some("Bookings since the process started."));
    assert_eq!(item(&map, "static:ledger::currency::RATES").doc.as_deref().map(str::trim), Some("Rates as they were last told."));
    assert_eq!(item(&map, "static:ledger::READ_ONLY").doc, None);
}

#[test]
fn readers_and_writers_of_a_static_are_told_apart() {
    let map = map_of("detectors/statics");
    let access = |id: &str| item(&map, id).uses.iter().map(|used| format!("{} {:?}", used.function, used.access)).collect::<Vec<_>>();
    assert_eq!(access("static:ledger::READ_ONLY"), ["ledger::book Read"]);
    assert_eq!(access("static:ledger::BOOKED"), ["ledger::book Write"]);
    assert_eq!(access("static:ledger::currency::RATES"), ["ledger::currency::refresh Write"]);
}

#[test]
fn constants_made_at_first_use_have_the_class_constant() {
    let map = map_of("detectors/statics");
    for id in ["static:ledger::IBAN", "static:ledger::FEES", "static:ledger::currency::CODE", "static:ledger::rates::EMPTY"] {
        assert_eq!(item(&map, id).class, Class::Constant, "{id}");
    }
    assert_eq!(item(&map, "static:ledger::BALANCES").class, Class::Mutable);
}

#[test]
fn retry_loops_have_their_attempts_and_pauses() {
    let map = map_of("detectors/retries");
    let of = |function: &str| format!("limiter:dispatcher::{function}#retry");
    check_code(&map, &of("send"), "max_attempts", Number(5), "src/main.rs:11");
    check_code(&map, &of("send"), "pause", Text("200ms"), "src/main.rs:32");
    check_code(&map, &of("send"), "longest_pause", Text("30s"), "src/main.rs:12");
    check(&map, &of("send"), "backoff", Text("doubles"), Provenance::Code, None);
    check_code(&map, &of("polite"), "max_retries", Number(3), "src/main.rs:62");
    check_code(&map, &of("thrice"), "max_retries", Number(2), "src/main.rs:114");
    check_code(&map, &of("three"), "max_attempts", Number(3), "src/main.rs:128");
    check(&map, &of("connected"), "max_attempts", Text("unbounded"), Provenance::Code, None);
    check_code(&map, &of("stubborn"), "pause", Text("3s"), "src/main.rs:83");
    check_code(&map, &of("worker::run"), "pause", Text("1s"), "src/worker.rs:13");
    check_code(&map, &of("worker::run"), "pause_when_idle", Text("10s"), "src/worker.rs:12");
    let again = item(&map, &of("again"));
    assert_eq!(again.summary, "retry loop, at most 3 or 8 attempts, pause 500 ms");
}

#[test]
fn limits_of_attempts_are_followed_to_their_constants() {
    let map = map_of("detectors/attempt_limits");
    check_code(&map, "limiter:gatekeeper::Code::attempts", "max_attempts", Number(3), "src/main.rs:6");
    check_code(&map, "limiter:gatekeeper::Code::sent_count", "limit", Number(6), "src/main.rs:48");
    check_code(&map, "limiter:gatekeeper#quota", "floor", Number(5), "src/main.rs:96");
    assert_eq!(item(&map, "limiter:gatekeeper::Code::attempts").scope, statemap::model::Scope::External);
}

#[test]
fn what_a_loop_keeps_beside_a_collection_is_told_with_it() {
    let map = map_of("detectors/loop_state");
    let gone = "shared-state:tracker::start_sweeping#gone";
    check(&map, gone, "also_kept", Text("swept"), Provenance::Code, None);
    check(&map, "shared-state:tracker::places#latest", "shrinks", Text("never"), Provenance::Code, None);
    let waiting = item(&map, "shared-state:tracker::places#waiting");
    assert!(waiting.facts.iter().all(|fact| fact.key != "shrinks"), "it is drained: {waiting:#?}");
    check(&map, "shared-state:tracker::actor::Fleet", "fields", Text("counted_at, rounds"), Provenance::Code, None);
}

#[test]
fn a_store_is_one_item_whoever_talks_to_it() {
    let map = map_of("detectors/constructors");
    let pools = map.items.iter().filter(|item| item.backs_on.as_deref() == Some("external-store:postgres")).count();
    assert_eq!(pools, 2);
    assert_eq!(ids(&map).iter().filter(|id| id.starts_with("external-store:")).count(), 1, "{:#?}", ids(&map));
}

#[test]
fn of_callers_that_agree_the_one_counts_that_a_setting_decides() {
    let map = map_of("detectors/constructors");
    let client = "sdk-client:billing::clients::waiting#reqwest::Client";
    check(&map, client, "timeout", Text("30s"), Provenance::Settings, Some("wire.seconds"));
    check(&map, client, "redirect", Text("none"), Provenance::Code, None);
}

#[test]
fn what_nobody_calls_says_nothing_of_what_the_service_is_given() {
    let map = map_of("detectors/names");
    check_code(&map, "sdk-client:parts::impatient#reqwest::Client", "timeout", Text("20s"), "app/src/main.rs:41");
}

#[test]
fn a_key_is_random_unless_the_settings_give_one() {
    let map = map_of("detectors/constructors");
    let key = item(&map, "client-held:billing::cookies::key#axum_extra::extract::cookie::Key");
    assert_eq!(key.summary, "cookie key, random per process unless `cookie_key` is set");
    assert_eq!(key.sites.len(), 2, "{:?}", key.sites);
}

#[test]
fn a_task_spawned_in_a_branch_has_its_period_and_a_timer_chosen_in_one_has_none() {
    let map = map_of("detectors/tasks");
    check_code(&map, "background-task:courier::spawning::perhaps#tokio::spawn", "period", Text("11s"), "src/spawning.rs:44");
    let chosen = item(&map, "background-task:courier::spawning::chosen#tokio::spawn");
    assert!(chosen.facts.iter().all(|fact| fact.key != "period"), "{:?}", chosen.facts);
}

#[test]
fn what_is_done_through_the_guard_of_a_lock_is_told() {
    let map = map_of("detectors/shared_fields");
    let hits = item(&map, "shared-state:board::rooms::Rooms::cached_hits");
    let access: Vec<_> = hits.uses.iter().map(|used| (used.function.rsplit("::").next().unwrap_or_default(), used.access)).collect();
    assert_eq!(access, [("enter", Access::Write), ("hits", Access::Read)]);
}

#[test]
fn rows_of_log_ins_are_told_from_those_under_way() {
    let map = map_of("detectors/sessions");
    assert_eq!(item(&map, "session:table::oidc_pending").summary, "rows of log-ins under way in table `oidc_pending`");
}

#[test]
fn every_item_has_a_site_in_the_tree_and_a_summary_without_a_full_stop() {
    for name in [
        "statics",
        "thread_locals",
        "shared_fields",
        "constructors",
        "attributes",
        "fs_writes",
        "env_reads",
        "tasks",
        "stores",
        "names",
        "loop_state",
        "retries",
        "attempt_limits",
        "shared_settings",
        "remotes",
    ] {
        for item in map_of(&format!("detectors/{name}")).items {
            assert!(!item.sites.is_empty(), "{}", item.id);
            assert!(!item.summary.is_empty() && !item.summary.ends_with('.'), "{}: {}", item.id, item.summary);
            for site in &item.sites {
                assert!(crate::project::fixture(&format!("detectors/{name}")).join(site.place.file.as_str()).is_file(), "{site:?}");
                assert!(site.place.line > 0 && site.place.column > 0, "{site:?}");
            }
        }
    }
}
