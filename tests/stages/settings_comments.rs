//! `statemap:` comments of settings files speak of what takes its value from the key beside them.

use statemap::model::{Item, StateMap};

use crate::project::{Project, fixture, item};

const POOL: &str = "pool:layered::main#sqlx::postgres::PgPoolOptions";
const CLIENT: &str = "sdk-client:layered::Mailer::new#reqwest::Client";
const LAYERED: &str = "startup-config:layered::load#config::Config";

/// The fixture with other settings.
fn with(file: &str, text: &str) -> StateMap {
    let project = Project::copy_of(&fixture("settings"));
    project.write(file, text);
    project.map()
}

fn owner(item: &Item) -> Option<&str> {
    item.annotation.as_ref()?.owner.as_deref()
}

#[track_caller]
fn told(map: &StateMap) -> Vec<String> {
    let of_annotations = |code: &str| !code.starts_with("contradiction") && !code.starts_with("broken");
    let told = map.diagnostics.iter().filter(|one| of_annotations(&one.code));
    told.map(|one| format!("{}:{} {}", one.file.as_deref().unwrap_or("-"), one.line.unwrap_or(0), one.code)).collect()
}

#[test]
fn a_comment_beside_a_key_speaks_of_what_is_made_with_its_value() {
    for text in [
        "database:\n  # statemap: owner = \"data\"\n  pool_size: 10\n",
        "database:\n  pool_size: 10 # statemap: owner = \"data\"\n",
        "\u{feff}database:\r\n  # statemap: owner = \"data\"\r\n  pool_size: 10\r\n",
    ] {
        let map = with("layered/configuration/base.yaml", text);
        assert_eq!(owner(item(&map, POOL)), Some("data"), "{text}");
        assert_eq!((owner(item(&map, CLIENT)), owner(item(&map, LAYERED))), (None, None), "{text}");
        assert_eq!(told(&map), [] as [&str; 0], "{text}");
    }
}

#[test]
fn a_key_that_is_only_read_is_part_of_the_settings_and_a_section_is_all_of_its_keys() {
    let text = "# statemap: owner = \"data\"\ndatabase:\n  pool_size: 10\n  # statemap: runbook = \"db.md\"\n  acquire_seconds: 5\n# statemap: owner = \"web\"\nretries: 5\n";
    let map = with("layered/configuration/base.yaml", text);
    assert_eq!(owner(item(&map, POOL)), Some("data"));
    assert_eq!(item(&map, POOL).annotation.as_ref().unwrap().runbook.as_deref(), Some("db.md"));
    assert_eq!(owner(item(&map, LAYERED)), Some("web"));
    assert_eq!(told(&map), [] as [&str; 0]);
}

#[test]
fn toml_ron_json_with_comments_and_files_of_variables_have_them_too() {
    let map = with("plain/config/server.toml", "# statemap: owner = \"a\"\nentries = 12\nidle-seconds = 90\n");
    assert_eq!(owner(item(&map, "cache:plain::main#moka::sync::Cache")), Some("a"));
    assert_eq!(owner(item(&map, "cache:plain::main#moka::sync::Cache-2")), None);
    let flat = std::fs::read_to_string(fixture("settings").join("flat/flat.env")).unwrap();
    let map = with("flat/flat.env", &format!("# statemap: owner = \"b\"\n{flat}"));
    let owned: Vec<&str> = map.items.iter().filter(|item| owner(item) == Some("b")).map(|item| item.id.as_str()).collect();
    assert_eq!(owned.len(), 1, "{owned:?}");
}

#[test]
fn mistakes_are_told_with_their_lines() {
    for (comment, code) in [
        ("# statemap: ownr = \"x\"", "unknown-key"),
        ("# statemap: owner = \"x\", expires = 2020-01-31", "expired-annotation"),
        ("# statemap: owner = x", "toml-syntax"),
    ] {
        let map = with("layered/configuration/base.yaml", &format!("database:\n  {comment}\n  pool_size: 10\n"));
        let expected = format!("layered/configuration/base.yaml:2 {code}");
        assert_eq!(told(&map), [expected], "{comment}");
    }
    let map = with("plain/config/server.toml", "entries = 12 # statemap: max_capacity = 20\nidle-seconds = 90\n");
    assert_eq!(told(&map), ["plain/config/server.toml:1 contradicted-annotation"]);
}

#[test]
fn a_comment_beside_a_key_that_nothing_reads_is_told() {
    let text = "database:\n  # statemap: owner = \"x\"\n  pool_sise: 10\n  acquire_seconds: 5\n";
    let map = with("layered/configuration/base.yaml", text);
    assert_eq!(told(&map), ["layered/configuration/base.yaml:2 unmatched-annotation"]);
    assert!(map.items.iter().all(|item| owner(item).is_none()));
    // A file that only lies beside the others is none of the settings.
    assert_eq!(told(&with("layered/configuration/notes.yaml", "# statemap: owner = \"x\"\nnothing: 1\n")), [] as [&str; 0]);
}

#[test]
fn the_item_in_statemap_toml_weighs_more_than_the_comment_beside_a_key() {
    let project = Project::copy_of(&fixture("settings"));
    project.write("layered/configuration/base.yaml", "database:\n  # statemap: owner = \"a\", size = \"small\"\n  pool_size: 10\n");
    project.write("statemap.toml", format!("[[state]]\nid = \"{POOL}\"\nowner = \"b\"\n"));
    let map = project.map();
    let annotation = item(&map, POOL).annotation.as_ref().unwrap();
    assert_eq!((annotation.owner.as_deref(), annotation.size.as_deref()), (Some("b"), Some("small")));
}
