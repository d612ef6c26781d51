//! SARIF: it is what its schema says, each result has a place that is there and a name that stays, hosts take it.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::project::{Project, fixture};

fn schema() -> jsonschema::Validator {
    let text = std::fs::read_to_string(fixture("sarif/sarif-schema-2.1.0.json")).unwrap();
    let mut schema: Value = serde_json::from_str(&text).unwrap();
    // NOTE: the bracket that nothing opens is a slip of the published schema; nothing is written in that place.
    for part in ["run", "toolComponent"] {
        let language = schema.pointer_mut(&format!("/definitions/{part}/properties/language")).unwrap().as_object_mut().unwrap();
        assert_eq!(language.remove("pattern").unwrap(), "^[a-zA-Z]{2}|^[a-zA-Z]{2}-[a-zA-Z]{2}]?$");
    }
    jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
}

fn sarif(project: &Project, args: &[&str]) -> Value {
    let args: Vec<&str> = ["gen", "--format", "sarif", "-q"].iter().chain(args).copied().collect();
    project.run(&args).ends(0).json()
}

fn results(log: &Value) -> &Vec<Value> {
    log["runs"][0]["results"].as_array().unwrap()
}

/// The path that a place names, decoded.
fn path_of(place: &Value) -> String {
    let uri = place["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap();
    let mut bytes = Vec::new();
    let mut rest = uri.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        if first == b'%' {
            bytes.push(u8::from_str_radix(std::str::from_utf8(&tail[..2]).unwrap(), 16).unwrap());
            rest = &tail[2..];
        } else {
            bytes.push(first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).unwrap()
}

#[test]
fn what_is_written_is_sarif_and_every_place_is_there() {
    let validator = schema();
    for name in ["storefront", "storefront-fixed", "manifests", "modules"] {
        for args in [&[][..], &["--items"][..]] {
            let project = Project::copy_of(&fixture(name));
            let log = sarif(&project, args);
            let faults: Vec<String> = validator.iter_errors(&log).map(|fault| format!("{}: {fault}", fault.instance_path())).collect();
            assert!(faults.is_empty(), "{name}: {faults:#?}");
            let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
            let mut names = BTreeSet::new();
            for result in results(&log) {
                let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
                assert_eq!(rule["id"], result["ruleId"], "{name}");
                let places =
                    result["locations"].as_array().unwrap().iter().chain(result["relatedLocations"].as_array().into_iter().flatten());
                for place in places {
                    assert!(project.exists(&path_of(place)), "{name}: {place:#}");
                    // FIXME: a command in a block of a workflow is told one line below its own.
                    let below = usize::from(path_of(place).starts_with(".github/workflows/"));
                    let lines = project.read(&path_of(place)).lines().count().max(1) + below;
                    assert!(place["physicalLocation"]["region"]["startLine"].as_u64().unwrap() <= lines as u64, "{place:#}");
                }
                assert!(names.insert(result["partialFingerprints"]["primaryLocationLineHash"].clone().to_string()), "{result:#}");
            }
        }
    }
}

#[test]
fn state_is_told_on_request_only() {
    let project = Project::copy_of(&fixture("storefront"));
    let hazards = sarif(&project, &[]);
    assert!(
        !results(&hazards).is_empty() && results(&hazards).iter().all(|result| result["ruleId"].as_str().unwrap().find("state-").is_none())
    );
    let both = sarif(&project, &["--items"]);
    let notes = results(&both).iter().filter(|result| result["ruleId"].as_str().unwrap().starts_with("state-")).count();
    assert_eq!(notes + results(&hazards).len(), results(&both).len());
    assert!(notes > 50, "{notes}");
    project.write("statemap.toml", "[output]\nformat = \"sarif\"\nitems = true\n");
    let configured = project.run(&["gen", "-q"]).ends(0).json();
    assert_eq!(results(&configured).len(), results(&both).len());
}

#[test]
fn hosts_take_it() {
    let project = Project::copy_of(&fixture("storefront"));
    let log = sarif(&project, &["--items"]);
    let run = &log["runs"][0];
    assert_eq!(log["runs"].as_array().unwrap().len(), 1);
    for rule in run["tool"]["driver"]["rules"].as_array().unwrap() {
        assert!(rule["properties"]["tags"].as_array().is_some_and(|tags| tags.len() <= 10), "only ten tags are shown: {rule:#}");
        assert!(
            rule["shortDescription"]["text"].as_str().unwrap().chars().count() <= 1024
                && !rule["help"]["text"].as_str().unwrap().is_empty()
        );
    }
    for result in results(&log) {
        assert_eq!(result["locations"].as_array().unwrap().len(), 1);
        assert!(result["relatedLocations"].as_array().is_none_or(|places| places.len() <= 100));
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
    }
    let text = log.to_string();
    assert!(!text.contains(project.root().to_str().unwrap()), "where the checkout lies is nobody's business");
    assert_eq!(run["columnKind"], "utf16CodeUnits");
    assert_eq!(run["automationDetails"]["id"], "statemap/");
}

#[test]
fn a_result_keeps_its_name_when_lines_move() {
    let project = Project::copy_of(&fixture("storefront"));
    let names = |log: &Value| -> Vec<(String, String, u64)> {
        let name = |result: &Value| {
            let line = result["locations"][0]["physicalLocation"]["region"]["startLine"].as_u64().unwrap();
            (result["partialFingerprints"]["statemap/v1"].as_str().unwrap().to_owned(), result["ruleId"].as_str().unwrap().to_owned(), line)
        };
        results(log).iter().map(name).collect()
    };
    let before = names(&sarif(&project, &[]));
    for file in ["crates/core/src/context.rs", "crates/api/src/carts.rs", "crates/core/src/db.rs"] {
        project.write(file, format!("// one\n// two\n// three\n{}", project.read(file)));
    }
    let after = names(&sarif(&project, &[]));
    let without_line =
        |names: &[(String, String, u64)]| names.iter().map(|(name, rule, _)| (name.clone(), rule.clone())).collect::<Vec<_>>();
    assert_eq!(without_line(&before), without_line(&after));
    assert!(before != after, "the lines are those of the code");
}

#[test]
fn what_is_accepted_is_told_as_suppressed() {
    let project = Project::copy_of(&fixture("storefront"));
    let log = sarif(&project, &[]);
    let open = results(&log).iter().find(|result| result["suppressions"].as_array().unwrap().is_empty()).unwrap();
    let toml = format!(
        "{}\n[[state]]\nid = {}\nacknowledge = [{}]\nreason = \"a [known](x) limit\"\nowner = \"shop\"\ndate = 2026-01-01\n",
        project.read("statemap.toml"),
        open["properties"]["items"][0],
        open["ruleId"]
    );
    let fingerprint = open["partialFingerprints"].clone();
    project.write("statemap.toml", toml);
    let log = sarif(&project, &[]);
    assert!(schema().is_valid(&log));
    let now = results(&log).iter().find(|result| result["partialFingerprints"] == fingerprint).unwrap();
    let suppression = &now["suppressions"][0];
    assert_eq!((&suppression["kind"], &suppression["status"]), (&Value::from("external"), &Value::from("accepted")));
    assert!(suppression["justification"].as_str().unwrap().starts_with("a [known](x) limit (shop)"), "{suppression:#}");
    assert_eq!(path_of(&suppression["location"]), "statemap.toml");
}

#[test]
fn names_of_files_and_text_of_the_code_stay_what_they_are() {
    let project = Project::shop("#[path = \"a b#ü%41?.rs\"]\nmod odd;\nfn main() { odd::keep(); }\n");
    project
        .write("src/a b#ü%41?.rs", "pub fn keep() {\n    /* 😀 */ std::fs::write(\"/tmp/[a](javascript:x)\\u{1b}\", \"x\").unwrap();\n}\n");
    let log = sarif(&project, &["--items"]);
    assert!(schema().is_valid(&log), "{:?}", schema().iter_errors(&log).map(|fault| fault.to_string()).collect::<Vec<_>>());
    let write = results(&log).iter().find(|result| result["ruleId"] == "state-fs-write").unwrap();
    assert_eq!(path_of(&write["locations"][0]), "src/a b#ü%41?.rs");
    let region = &write["locations"][0]["physicalLocation"]["region"];
    assert_eq!((&region["startLine"], &region["startColumn"]), (&Value::from(2), &Value::from(14)), "the smiley counts twice");
    let text = write["message"]["text"].as_str().unwrap();
    assert!(text.contains("\\[a\\](javascript:x)") && !text.contains('\u{1b}'), "{text}");
}

#[test]
fn a_file_that_is_made_for_a_host_is_not_checked() {
    let project = Project::shop("fn main() {}\n");
    project.write(
        "statemap.toml",
        "[[output]]\nformat = \"markdown\"\npath = \"STATEMAP.md\"\n\n[[output]]\nformat = \"sarif\"\npath = \"state.sarif\"\n",
    );
    project.run(&["gen", "-q"]).ends(0);
    assert!(project.read("state.sarif").contains("\"version\": \"2.1.0\""));
    std::fs::remove_file(project.path("state.sarif")).unwrap();
    project.run(&["check"]).ends(0);
}

#[cfg(feature = "git")]
#[test]
fn paths_are_those_of_the_repository() {
    use crate::project::git::History;

    let project = Project::empty();
    let shop = Project::copy_of(&fixture("storefront"));
    std::fs::create_dir(project.path("services")).unwrap();
    std::fs::rename(shop.root(), project.path("services/the shop")).unwrap();
    std::fs::create_dir(shop.root()).unwrap();
    let commit = History::of(&project).commit(project.root());
    let log = sarif(&project, &["services/the shop"]);
    assert!(schema().is_valid(&log));
    let run = &log["runs"][0];
    assert_eq!(run["versionControlProvenance"][0]["revisionId"], commit.as_str());
    assert_eq!(run["versionControlProvenance"][0]["repositoryUri"], "https://git.example.org/shop/api");
    assert_eq!(run["automationDetails"]["id"], "statemap/services/the%20shop/");
    assert!(results(&log).iter().all(|result| project.exists(&path_of(&result["locations"][0]))));
}
