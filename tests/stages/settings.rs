//! The application's own settings files meet the fields that the code reads: values, places, environments and variables.

use std::fmt::Write as _;

use statemap::model::{Fact, StateMap};

use crate::project::{Project, item, map_of};

/// `10 in layered/configuration/base.yaml:4`, with where else the fact is given on further lines.
fn told(fact: &Fact) -> String {
    let mut out = fact.value.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
    if let Some(at) = &fact.at {
        write!(out, " in {}:{}", at.file, at.line).unwrap();
    }
    for set in fact.set.iter().filter(|set| Some(&set.at) != fact.at.as_ref()) {
        let value = set.value.as_ref().map_or_else(|| "hidden".to_owned(), ToString::to_string);
        let environment = set.environment.as_deref().unwrap_or("all");
        write!(out, "; {value} for {environment} in {}:{}", set.at.file, set.at.line).unwrap();
    }
    out
}

#[track_caller]
fn check(map: &StateMap, id: &str, key: &str, expected: &str) {
    let fact = item(map, id).facts.iter().find(|fact| fact.key == key);
    let found = fact.map_or_else(|| "no such fact".to_owned(), told);
    assert_eq!(found, expected, "`{key}` of `{id}`");
}

fn variable<'m>(map: &'m StateMap, id: &str, key: &str) -> Option<&'m str> {
    let fact = item(map, id).facts.iter().find(|fact| fact.setting() == Some(key)).unwrap_or_else(|| panic!("no key `{key}`"));
    fact.from.as_deref()
}

fn layers(map: &StateMap, id: &str) -> String {
    let fact = item(map, id).facts.iter().find(|fact| fact.key == Fact::LAYERS).unwrap_or_else(|| panic!("`{id}` has no layers"));
    fact.value.as_ref().unwrap().to_string()
}

const POOL: &str = "pool:layered::main#sqlx::postgres::PgPoolOptions";
const LAYERED: &str = "startup-config:layered::load#config::Config";

#[test]
fn a_knob_has_the_value_of_the_file_for_all_and_that_of_each_environment() {
    let map = map_of("settings");
    check(
        &map,
        POOL,
        "max_connections",
        "10 in layered/configuration/base.yaml:4; 50 for production in layered/configuration/production.yaml:2",
    );
    check(&map, POOL, "acquire_timeout", "5s in layered/configuration/base.yaml:5");
}

#[test]
fn names_that_serde_gives_and_their_aliases_are_the_keys_of_the_file() {
    let map = map_of("settings");
    let client = "sdk-client:layered::Mailer::new#reqwest::Client";
    check(
        &map,
        client,
        "timeout",
        "10s in layered/configuration/base.yaml:9; 2500ms for production in layered/configuration/production.yaml:4",
    );
    check(&map, "external-store:mail.baseUrl", "base_url", "https://mail.example.com in layered/configuration/base.yaml:8");
    check(&map, "cache:plain::main#moka::sync::Cache", "max_capacity", "12 in plain/config/server.toml:1");
    check(&map, "cache:plain::main#moka::sync::Cache-2", "max_capacity", "90 in plain/config/server.toml:2");
}

#[test]
fn the_default_in_the_code_holds_where_no_file_says_anything() {
    let map = map_of("settings");
    check(&map, "cache:layered::main#moka::sync::Cache", "max_capacity", "1000 in layered/src/main.rs:44");
    check(&map, LAYERED, "setting:page_size", "250 in layered/src/main.rs:44");
    check(&map, "cache:profiles::main#moka::sync::Cache-2", "max_capacity", "8 in profiles/src/main.rs:22");
}

#[test]
fn layers_are_told_in_the_order_in_which_later_wins() {
    let map = map_of("settings");
    assert_eq!(
        layers(&map, LAYERED),
        "layered/configuration/base.yaml, then layered/configuration/{local,production}.yaml, then variables SHOP_…__…"
    );
    // Here the first one that the code names wins.
    let ordered = "startup-config:ordered::Conf#derive(confique::Config)";
    assert_eq!(
        layers(&map, ordered),
        "ordered/config/fallback.toml, then ordered/config/ordered.toml, then variables that the fields name"
    );
    check(&map, ordered, "setting:http.size", "7 in ordered/config/ordered.toml:2; 5 for all in ordered/config/fallback.toml:4");
    check(&map, "cache:ordered::main#moka::sync::Cache-3", "max_capacity", "30 in ordered/src/main.rs:15");
}

#[test]
fn profiles_of_one_file_are_environments() {
    let map = map_of("settings");
    let cache = "cache:profiles::main#moka::sync::Cache";
    check(&map, cache, "max_capacity", "1000 in profiles/Limits.toml:2; 50000 for release in profiles/Limits.toml:8");
    check(&map, cache, "time_to_live", "60s in profiles/src/main.rs:22");
    check(&map, "cache:profiles::main#moka::sync::Cache-3", "max_capacity", "3 in profiles/Limits.toml:5");
}

#[test]
fn variables_are_spelled_as_the_loader_spells_them() {
    let map = map_of("settings");
    assert_eq!(variable(&map, LAYERED, "database.pool_size"), Some("SHOP_DATABASE__POOL_SIZE"));
    assert_eq!(variable(&map, LAYERED, "mail.baseUrl"), None, "variables are read in small letters");
    let profiles = "startup-config:profiles::read#figment::Figment";
    assert_eq!(variable(&map, profiles, "nested.depth"), Some("LIMITS_NESTED__DEPTH"));
    let ordered = "startup-config:ordered::Conf#derive(confique::Config)";
    assert_eq!(variable(&map, ordered, "http.idle"), Some("ORDERED_HTTP_IDLE"));
    assert_eq!(variable(&map, ordered, "http.size"), None);
    assert_eq!(variable(&map, "startup-config:flat::main#envy::prefixed", "entries"), Some("FLAT_ENTRIES"));
}

#[test]
fn json5_ron_and_what_is_compiled_in_are_read() {
    let map = map_of("settings");
    let cache = |number: usize| format!("cache:plain::main#moka::sync::Cache-{number}");
    check(&map, &cache(3), "max_capacity", "1200 in plain/config/rules.json5:3");
    check(&map, &cache(4), "max_capacity", "60 in plain/config/rules.json5:4");
    check(&map, &cache(5), "max_capacity", "16 in plain/config/tuning.ron:2");
    check(&map, &cache(6), "max_capacity", "6 in plain/config/built-in.json:2");
}

#[test]
fn a_file_of_variables_that_the_code_loads_sets_them() {
    let map = map_of("settings");
    check(&map, "cache:flat::main#moka::sync::Cache", "max_capacity", "40 in flat/flat.env:1");
    check(&map, "cache:flat::main#moka::sync::Cache-2", "max_capacity", "2 in flat/src/main.rs:20; 5 for all in flat/flat.env:3");
}

#[test]
fn a_file_that_no_code_loads_and_a_struct_that_no_file_fills_say_nothing() {
    let map = map_of("settings");
    check(&map, "cache:layered::archive#moka::sync::Cache", "max_capacity", "- in layered/src/main.rs:76");
    let json = serde_json::to_string(&map).unwrap();
    for file in ["other/config/base.yaml", "layered/settings.yaml", "notes.yaml"] {
        assert!(!json.contains(file), "{file}");
    }
}

#[test]
fn no_secret_of_the_settings_is_on_the_map_or_on_a_page() {
    let map = map_of("settings");
    let page = Project::copy_of(&crate::project::fixture("settings"));
    page.run(&["gen"]).ends(0);
    let page = page.read("STATEMAP.md");
    assert!(!serde_json::to_string(&map).unwrap().contains("hunter2"));
    assert!(!page.contains("hunter2"));
    assert!(page.contains("| `database.password` | set (hidden) | [`layered/configuration/base.yaml:3`]"), "{page}");
    assert!(page.contains("| `database.dsn` | `postgres://…@db.internal/shop` |"), "{page}");
    assert!(page.contains("| `redis` | `redis://…@cache.internal:6379/0` |"), "{page}");
}

#[test]
fn pages_tell_the_keys_with_their_environments_and_variables() {
    let project = Project::copy_of(&crate::project::fixture("settings"));
    project.run(&["gen"]).ends(0);
    let page = project.read("STATEMAP.md");
    let base = "layered/configuration/base.yaml";
    let production = "layered/configuration/production.yaml";
    for text in [
        format!(
            "| `database.pool_size` | `10` | [`{base}:4`]({base}#L4), production: `50` [`{production}:2`]({production}#L2) | `SHOP_DATABASE__POOL_SIZE` |"
        ),
        "| `page_size` | `250` | default [`layered/src/main.rs:44`](layered/src/main.rs#L44) | `SHOP_PAGE_SIZE` |".to_owned(),
        "| `retries` | – | – | `SHOP_RETRIES` |".to_owned(),
        format!(
            "max connections **10** (`database.pool_size`, [`{base}:4`]({base}#L4)): set to **50** in production ([`{production}:2`]({production}#L2))"
        ),
        format!("Later wins: `{base}`, then `layered/configuration/{{local,production}}.yaml`, then variables `SHOP_…__…`."),
    ] {
        assert!(page.contains(&text), "{text}\nis not in\n{page}");
    }
}

#[test]
fn a_broken_settings_file_is_told_with_its_line_and_the_rest_is_read() {
    let project = Project::copy_of(&crate::project::fixture("settings"));
    project.write("layered/configuration/production.yaml", "database:\n  pool_size: [\n");
    let map = project.map();
    check(&map, POOL, "max_connections", "10 in layered/configuration/base.yaml:4");
    let told = map.diagnostics.iter().find(|diagnostic| diagnostic.code == "broken-settings").expect("a diagnostic");
    assert_eq!(told.file.as_deref(), Some("layered/configuration/production.yaml"));
    assert!(told.line.is_some_and(|line| line >= 2), "{told:?}");
}

#[test]
fn a_path_out_of_the_tree_is_never_read() {
    let project = Project::empty();
    project.write("inside/Cargo.toml", "[package]\nname = \"inside\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\nmoka = \"0.12\"\nserde = \"1\"\ntoml = \"1\"\n");
    project.write("outside.toml", "entries = 5\n");
    project.write(
        "inside/src/main.rs",
        "#[derive(serde::Deserialize)]\nstruct Limits { entries: u64 }\nfn main() {\n    let limits: Limits = toml::from_str(&std::fs::read_to_string(\"../outside.toml\").unwrap()).unwrap();\n    let cache: moka::sync::Cache<u64, u64> = moka::sync::Cache::new(limits.entries);\n    println!(\"{}\", cache.entry_count());\n}\n",
    );
    let map = crate::project::analysis(&project.path("inside")).map;
    check(&map, "cache:inside::main#moka::sync::Cache", "max_capacity", "- in src/main.rs:5");
}

#[test]
fn a_folder_for_each_environment_holds_the_files_of_a_layer() {
    let project = Project::copy_of(&crate::project::fixture("settings"));
    let main = project.read("layered/src/main.rs");
    let chosen = r#"folder.join(format!("{environment}.yaml"))"#;
    assert!(main.contains(chosen));
    project.write("layered/src/main.rs", main.replace(chosen, r#"folder.join(&environment).join("app.yaml")"#));
    project.write("layered/configuration/production/app.yaml", "database:\n  pool_size: 70\n");
    project.write("layered/configuration/staging/app.yaml", "database:\n  pool_size: 30\n");
    // Not one of them: another file, and one with keys of something else.
    project.write("layered/configuration/notes/other.yaml", "database:\n  pool_size: 1\n");
    project.write("layered/configuration/alerts/app.yaml", "groups: []\n");
    let map = project.map();
    check(
        &map,
        POOL,
        "max_connections",
        "10 in layered/configuration/base.yaml:4; 70 for production in layered/configuration/production/app.yaml:2; 30 for staging in layered/configuration/staging/app.yaml:2",
    );
    assert_eq!(
        layers(&map, LAYERED),
        "layered/configuration/base.yaml, then layered/configuration/{production,staging}/app.yaml, then variables SHOP_…__…"
    );
}
