//! Which services a tree has, and which of its crates each one links.

use statemap::model::StateMap;

use crate::project::{Project, ids, map_of};

/// `item id -> services`, of statics.
fn linked(map: &StateMap) -> Vec<String> {
    map.items.iter().map(|item| format!("{} {}", item.id.as_str().trim_start_matches("static:"), item.services.join("+"))).collect()
}

fn services(map: &StateMap) -> Vec<&str> {
    map.services.iter().map(|service| service.name.as_str()).collect()
}

#[test]
fn a_library_belongs_to_the_services_that_link_it() {
    let map = map_of("workspaces/virtual");
    assert_eq!(services(&map), ["api", "worker"]);
    assert_eq!(linked(&map), ["api::REQUESTS api", "jobs::JOBS worker", "shared::SHARED api+worker", "worker::DONE worker"]);
    assert_eq!(map.coverage.unlinked, 2, "`lonely` and the excluded `attic`");
}

#[test]
fn inherited_fields_and_renamed_dependencies_need_no_message() {
    let map = map_of("workspaces/virtual");
    assert_eq!(map.diagnostics, []);
}

#[test]
fn binaries_are_found_by_place_and_by_manifest() {
    let map = map_of("workspaces/two-bins");
    let targets: Vec<(&str, &str)> = map.services.iter().map(|service| (service.name.as_str(), service.target.as_str())).collect();
    assert_eq!(targets, [("migrate", "src/bin/migrate.rs"), ("serve", "src/server/start.rs")]);
    assert_eq!(linked(&map), ["core_of_both::IN_LIBRARY serve", "migrate::IN_MIGRATE migrate", "serve::IN_SERVE serve"]);
}

#[test]
fn tests_benches_examples_and_build_scripts_are_out_by_default_and_counted() {
    let map = map_of("workspaces/two-bins");
    assert_eq!(map.coverage.left_out, 4);
    assert!(ids(&map).iter().all(|id| !["IN_TESTS", "IN_BENCHES", "IN_EXAMPLES", "IN_BUILD"].iter().any(|name| id.contains(name))));
}

#[test]
fn a_nested_package_outside_the_workspace_is_a_service_of_its_own() {
    let map = map_of("workspaces/nested");
    assert_eq!(services(&map), ["outer", "seeder"]);
    assert_eq!(linked(&map), ["outer::IN_OUTER outer", "seeder::IN_SEEDER seeder"]);
}

#[test]
fn default_members_decide_what_is_a_service_and_the_rest_is_named() {
    let map = map_of("workspaces/default-members");
    assert_eq!(services(&map), ["service"]);
    assert_eq!(linked(&map), ["service::IN_SERVICE service"]);
    let note = map.diagnostics.iter().find(|diagnostic| diagnostic.code == "not-default").unwrap();
    assert!(note.message.contains("`tool`"), "{}", note.message);
}

#[test]
fn a_bare_src_is_analysed_and_said_to_have_no_manifest() {
    let map = map_of("workspaces/bare");
    assert_eq!(linked(&map), ["bare::IN_BARE bare"]);
    assert!(map.diagnostics.iter().any(|diagnostic| diagnostic.code == "no-manifest"), "{:#?}", map.diagnostics);
}

#[test]
fn the_page_of_a_service_has_a_table_of_its_variables_and_what_sets_them_for_it() {
    let project = Project::empty();
    project.write("Cargo.toml", "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n");
    let reads = |own: &str| {
        format!(
            "fn main() {{\n    let level = std::env::var(\"LEVEL\").unwrap();\n    let own = std::env::var(\"{own}\").unwrap();\n    println!(\"{{level}}{{own}}\");\n}}\n"
        )
    };
    project.write("src/bin/api.rs", reads("API_KEYS"));
    project.write("src/bin/worker.rs", reads("WORKERS"));
    let container = |name: &str, level: &str| {
        format!("  {name}:\n    image: {name}\n    command: [{name}]\n    environment:\n      LEVEL: {level}\n      FORGOTTEN_{level}: x\n")
    };
    project.write("compose.yaml", format!("services:\n{}{}", container("api", "low"), container("worker", "high")));
    project.run(&["gen", "--format", "mdbook", "-o", "book"]).ends(0);
    let api = project.read("book/src/services/api.md");
    assert!(api.contains("| [`LEVEL`](") && api.contains("**`low`**") && api.contains("`API_KEYS`"), "{api}");
    for other in ["**`high`**", "WORKERS", "FORGOTTEN_high", "| service |"] {
        assert!(!api.contains(other), "{other} is in\n{api}");
    }
    assert!(api.contains("is given `FORGOTTEN_low`"), "{api}");
}

/// A service that links a library which also has callers in C, by the library's manifest and what `main` calls of it.
fn with_exports(lib: &str, main: &str) -> StateMap {
    let project = Project::empty();
    project.write("Cargo.toml", "[workspace]\nmembers = [\"api\", \"shelf\"]\nresolver = \"2\"\n");
    project.write(
        "api/Cargo.toml",
        "[package]\nname = \"api\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\nshelf = { path = \"../shelf\" }\n",
    );
    project.write("api/src/main.rs", main);
    let manifest = "[package]\nname = \"shelf\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[dependencies]\nreqwest = \"0.12\"\n";
    project.write("shelf/Cargo.toml", format!("{manifest}\n[lib]\n{lib}\n"));
    project.write(
        "shelf/src/lib.rs",
        "use std::collections::HashMap;\nuse std::sync::{LazyLock, Mutex};\n\
         pub struct Client { names: Mutex<HashMap<String, u32>> }\n\
         impl Client {\n\
             pub fn new() -> Self { Self { names: Mutex::default() } }\n\
             pub fn note(&self, name: &str) { self.names.lock().unwrap().insert(name.to_owned(), std::env::var(\"SHELF_START\").unwrap().parse().unwrap()); }\n\
         }\n\
         static CLIENTS: LazyLock<Mutex<Vec<Client>>> = LazyLock::new(Mutex::default);\n\
         #[no_mangle]\npub extern \"C\" fn shelf_client() { let client = Client::new(); client.note(\"c\"); CLIENTS.lock().unwrap().push(client); }\n\
         pub fn plain(text: &str) -> usize { text.len() }\n",
    );
    project.map()
}

#[test]
fn what_only_callers_in_other_languages_reach_is_no_state_of_a_service() {
    let both = "crate-type = [\"cdylib\", \"lib\"]";
    let told = |map: &StateMap| ids(map).into_iter().filter(|id| !id.starts_with("deployment:")).collect::<Vec<_>>();
    let map = with_exports(both, "fn main() { println!(\"{}\", shelf::plain(\"x\")); }\n");
    assert_eq!(told(&map), Vec::<String>::new());
    let note = map.diagnostics.iter().find(|diagnostic| diagnostic.code == "only-exported").unwrap();
    assert!(note.message.starts_with("3 pieces of state of `shelf` are left out"), "{}", note.message);
    // The service has a client of its own; the list is still for the others alone.
    let map = with_exports(both, "fn main() { let client = shelf::Client::new(); client.note(\"rust\"); }\n");
    assert_eq!(told(&map), ["shared-state:shelf::Client::names", "startup-config:env#SHELF_START"]);
    // What is built for Rust alone may export what a C library in the same process calls back.
    let map = with_exports("name = \"shelf\"", "fn main() { println!(\"{}\", shelf::plain(\"x\")); }\n");
    assert!(told(&map).contains(&"static:shelf::CLIENTS".to_owned()), "{:?}", told(&map));
}

#[test]
fn a_fork_that_is_called_by_the_name_of_its_origin_is_known_by_it() {
    let told = |dependency: &str, call: &str| {
        let project = Project::shop(&format!("fn main() {{ let client = {call}; println!(\"{{client:?}}\"); }}\n"));
        project.write(
            "Cargo.toml",
            format!("[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n{dependency}\n"),
        );
        ids(&project.map())
    };
    let forked = told("reqwest = { package = \"acme-reqwest\", version = \"1\" }", "reqwest::Client::new()");
    assert_eq!(forked, ["sdk-client:shop::main#reqwest::Client"]);
    // A name that the catalog does not know says nothing of what it is.
    assert_eq!(told("http_client = { package = \"acme-reqwest\", version = \"1\" }", "http_client::Client::new()"), Vec::<String>::new());
    // A package that the catalog knows is itself, whatever it is called.
    let renamed = told("hyper = { package = \"reqwest\", version = \"0.12\" }", "hyper::Client::new()");
    assert_eq!(renamed, ["sdk-client:shop::main#reqwest::Client"]);
}
