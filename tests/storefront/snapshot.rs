//! `fixtures/storefront/STATEMAP.md` is what `statemap gen fixtures/storefront` writes: readable on the repository's host,
//! and shown by the README.

use crate::project::{Project, fixture, repository};

#[test]
fn the_committed_map_is_what_gen_writes() {
    let project = Project::copy_of(&fixture("storefront"));
    let committed = project.read("STATEMAP.md");
    project.run(&["gen", "--quiet", "--force"]).ends(0);
    let written = project.read("STATEMAP.md");
    if committed != written {
        let differing = committed.lines().zip(written.lines()).enumerate().filter(|(_, (old, new))| old != new).take(8);
        let shown: Vec<String> = differing.map(|(line, (old, new))| format!("line {}\n- {old}\n+ {new}", line + 1)).collect();
        panic!(
            "the map of the storefront changed ({} lines, now {}):\n{}\n\nlook at it, then: cargo run -- gen fixtures/storefront",
            committed.lines().count(),
            written.lines().count(),
            shown.join("\n")
        );
    }
}

#[test]
fn links_of_the_committed_map_lead_to_lines_that_are_there() {
    let folder = repository().join("fixtures/storefront");
    let page = std::fs::read_to_string(folder.join("STATEMAP.md")).unwrap();
    let mut links = 0;
    for rest in page.split("](").skip(1) {
        let target = rest.split([')', ' ']).next().unwrap();
        let Some((file, line)) = target.split_once("#L") else { continue };
        let text = std::fs::read_to_string(folder.join(file)).unwrap_or_else(|error| panic!("{target}: {error}"));
        assert!(line.parse::<usize>().unwrap() <= text.lines().count(), "{target}");
        links += 1;
    }
    assert!(links > 50, "{links}");
}

#[test]
fn no_secret_of_the_settings_is_on_the_map() {
    let folder = repository().join("fixtures/storefront");
    let page = std::fs::read_to_string(folder.join("STATEMAP.md")).unwrap();
    for file in ["deploy/k8s/secret.yaml", ".env.example", "docker-compose.yml", "config/base.toml"] {
        for line in std::fs::read_to_string(folder.join(file)).unwrap().lines() {
            let Some((key, value)) = line.split_once([':', '=']) else { continue };
            let value = value.trim().trim_matches('"');
            let secret = ["password", "secret", "token"].iter().any(|word| key.to_lowercase().contains(word));
            assert!(!(secret && value.len() > 8 && page.contains(value)), "{file}: `{}`", key.trim());
        }
    }
}
