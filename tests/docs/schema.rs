//! `statemap.schema.json`: every field that the program writes is in it, and every field that it requires is written.

use serde_json::Value;

use crate::project::{Project, fixture, repository};

/// Follows `$ref` to its definition.
fn resolved<'a>(schema: &'a Value, root: &'a Value) -> &'a Value {
    match schema.get("$ref").and_then(Value::as_str) {
        Some(target) => root.pointer(target.trim_start_matches('#')).unwrap_or_else(|| panic!("{target} is not in the schema")),
        None => schema,
    }
}

/// Collects what does not fit, with its path.
fn compare(value: &Value, schema: &Value, root: &Value, path: &str, out: &mut Vec<String>) {
    let schema = resolved(schema, root);
    if let Some(all) = schema.get("anyOf").and_then(Value::as_array) {
        let is_null = |schema: &&Value| resolved(schema, root).get("type").and_then(Value::as_str) == Some("null");
        if let Some(schema) = all.iter().find(|schema| is_null(schema) == value.is_null()) {
            compare(value, schema, root, path, out);
        }
        return;
    }
    if let Some(words) = schema.get("enum").and_then(Value::as_array)
        && !words.contains(value)
    {
        out.push(format!("{path}: {value} is no word of the schema"));
    }
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match schema.pointer(&format!("/properties/{name}")) {
                    Some(schema) => compare(value, schema, root, &format!("{path}.{name}"), out),
                    None => out.push(format!("{path}.{name} is not in the schema")),
                }
            }
            let required = schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
            out.extend(required.filter(|name| !fields.contains_key(*name)).map(|name| format!("{path}.{name} is not written")));
        }
        Value::Array(values) => {
            let each = schema.get("prefixItems").and_then(Value::as_array);
            for (at, value) in values.iter().enumerate() {
                let schema = each.and_then(|each| each.get(at)).or_else(|| schema.get("items"));
                match schema {
                    Some(schema) => compare(value, schema, root, &format!("{path}[]"), out),
                    None => out.push(format!("{path} is no list in the schema")),
                }
            }
        }
        _ => {}
    }
}

#[test]
fn every_field_of_a_map_is_in_the_schema() {
    let text = std::fs::read_to_string(repository().join("book/src/statemap.schema.json")).unwrap();
    let schema: Value = serde_json::from_str(&text).unwrap();
    for name in ["storefront", "modules", "workspaces/default-members", "detectors/conditions"] {
        let project = Project::copy_of(&fixture(name));
        // An annotation that says nothing about this tree: a message with its place.
        project.write("statemap.toml", "[[state]]\nid = \"pool:nobody\"\nowner = \"x\"\nreviewed = 2025-01-01\n");
        let map = project.run(&["list", "--format", "json", "--quiet"]).ends(0).json();
        let mut faults = Vec::new();
        compare(&map, &schema, &schema, "map", &mut faults);
        faults.sort();
        faults.dedup();
        assert!(faults.is_empty(), "{name}: {faults:#?}");
        assert!(!map["items"].as_array().unwrap().is_empty() && !map["diagnostics"].as_array().unwrap().is_empty(), "{name}");
    }
}

#[test]
fn every_field_of_merged_maps_is_in_their_schema() {
    let text = std::fs::read_to_string(repository().join("book/src/fleet.schema.json")).unwrap();
    let schema: Value = serde_json::from_str(&text).unwrap();
    let project = Project::empty();
    for (name, text) in crate::project::many_files(8) {
        project.write(&format!("maps/{name}.json"), text);
    }
    let mut merged = project.run(&["merge", "maps", "--format", "json", "--quiet"]).ends(0).json();
    // The maps themselves are held against their own schema above.
    for map in merged["maps"].as_array_mut().unwrap() {
        assert!(map.as_object_mut().unwrap().remove("map").is_some_and(|map| map["items"].is_array()));
    }
    let mut faults = Vec::new();
    compare(&merged, &schema, &schema, "merged", &mut faults);
    faults.retain(|fault| !fault.ends_with(".map is not written"));
    faults.sort();
    faults.dedup();
    assert!(faults.is_empty(), "{faults:#?}");
    let servers = merged["stores"].as_array().unwrap().iter().flat_map(|store| store["servers"].as_array().unwrap());
    let words: std::collections::BTreeSet<&str> = servers.filter_map(|server| server["same"].as_str()).collect();
    assert!(words.contains("alone") && words.contains("likely") && words.contains("same-host"), "{words:?}");
}
