//! What is set twice, differently, for one service and one environment: variables by manifests, keys by settings files.
//!
//! An overlay over its base, an override over a compose file and a file for one environment over the one for all are layers: later
//! wins, and nothing is wrong. Twice is what nobody can tell the winner of: two objects of one name, one file that says a thing
//! twice, two files of which a library takes either.

use super::contradictions::at;
use super::runs::literal;
use crate::manifests::deployed::Deployed;
use crate::model::{Diagnostic, Fact, FactValue, Item, Kind, Provenance, SetBy};
use crate::settings::ENDINGS;

const CODE: &str = "contradiction-set-twice";

/// All that is set twice.
pub(super) fn all(items: &[Item], deployed: &Deployed) -> Vec<Diagnostic> {
    let mut out = Vec::new();
    for rival in &deployed.rivals {
        let (Some(one), Some(other)) = (literal(&rival.used), literal(&rival.other)) else { continue };
        let name = &rival.used.name;
        let (first, second) = (&rival.other.at, &rival.used.at);
        let message = format!(
            "`{name}` is `{one}` in {} ({}:{}) and `{other}` in {} ({}:{}): only one of them can hold",
            rival.used.source, second.file, second.line, rival.other.source, first.file, first.line
        );
        out.push(at(first.max(second), CODE, message, "remove one of the two, or give it a name of its own"));
    }
    for fact in items.iter().filter(|item| item.kind == Kind::StartupConfig).flat_map(|item| &item.facts) {
        of_files(fact, &mut out);
    }
    out
}

/// A key that two files set, or one file twice, of which none is a layer over the other.
fn of_files(fact: &Fact, out: &mut Vec<Diagnostic>) {
    for (index, first) in fact.set.iter().enumerate() {
        for second in fact.set[index + 1..].iter().filter(|second| is_rival(first, second)) {
            let (Some(one), Some(other)) = (&first.value, &second.value) else { continue };
            // A list is told by the number of its members.
            let told = |value: &FactValue| !matches!(value, FactValue::Text(text) if text.ends_with(" entries") || text.ends_with('…'));
            if one == other || !told(one) || !told(other) {
                continue;
            }
            let environment = first.environment.as_ref().map(|environment| format!(" for {environment}")).unwrap_or_default();
            let message = if first.at.file == second.at.file {
                format!("`{}` is set twice in one file{environment}: `{one}` (line {}) and `{other}`", first.key, first.at.line)
            } else {
                let (file, line) = (&first.at.file, first.at.line);
                format!("`{}` is `{one}` in {file}:{line} and `{other}` here{environment}: only one of the two files is read", first.key)
            };
            out.push(at(&second.at, CODE, message, "remove one of the two"));
        }
    }
}

/// Whether two places set one key with nothing to tell which one wins.
fn is_rival(first: &SetBy, second: &SetBy) -> bool {
    let of_files = |one: &SetBy| matches!(one.provenance, Provenance::Settings | Provenance::Env);
    if !of_files(first) || first.provenance != second.provenance || first.environment != second.environment {
        return false;
    }
    if first.hidden || second.hidden || !first.key.eq_ignore_ascii_case(&second.key) || first.services != second.services {
        return false;
    }
    if first.at.file == second.at.file {
        // Of what is a tree, the last one counts, or the file is broken; a profile is an environment.
        return first.provenance == Provenance::Env && first.at.line != second.at.line;
    }
    let split = |file: &str| file.rsplit_once('.').map(|(stem, ending)| (stem.to_owned(), ENDINGS.contains(&ending)));
    match (split(&first.at.file), split(&second.at.file)) {
        (Some((one, true)), Some((other, true))) => one == other && first.environment.is_some(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::map;

    const MAIN: &str = "fn main() { let size: u32 = std::env::var(\"POOL_SIZE\").unwrap().parse().unwrap(); println!(\"{size}\"); }";

    /// A Deployment that takes its variables from `ConfigMap/shop`.
    fn deployment(head: &str) -> String {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: shop{head}}}\nspec:\n  template:\n    spec:\n      containers:\n        - name: shop\n          image: shop:1\n          envFrom: [{{configMapRef: {{name: shop}}}}]\n"
        )
    }

    fn config(size: u32, head: &str) -> String {
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: shop{head}}}\ndata:\n  POOL_SIZE: \"{size}\"\n")
    }

    /// `file:line` of what is said to be set twice.
    fn twice(files: &[(&str, String)]) -> Vec<String> {
        let mut text = format!("//- /src/main.rs\n{MAIN}\n");
        for (path, content) in files {
            text.push_str(&format!("//- /{path}\n{content}\n"));
        }
        let told = map(&text).diagnostics.into_iter().filter(|one| one.code == super::CODE);
        told.map(|one| format!("{}:{}", one.file.unwrap_or_default(), one.line.unwrap_or_default())).collect()
    }

    #[test]
    fn two_objects_of_one_name_with_different_values_are_told() {
        let in_one = format!("{}---\n{}---\n{}", deployment(""), config(10, ""), config(20, ""));
        assert_eq!(twice(&[("k.yaml", in_one)]), ["k.yaml:22"]);
        let beside = [("k/app.yaml", deployment("")), ("k/config.yaml", config(10, "")), ("k/settings.yaml", config(20, ""))];
        assert_eq!(twice(&beside), ["k/settings.yaml:5"]);
        let direct = deployment("").replace("envFrom: [{configMapRef: {name: shop}}]", "env: [{name: POOL_SIZE, value: \"10\"}]");
        let twins = format!("{direct}---\n{}", direct.replace("\"10\"", "\"20\""));
        assert_eq!(twice(&[("k.yaml", twins)]), ["k.yaml:21"]);
    }

    #[test]
    fn layers_namespaces_folders_and_whole_deployments_beside_each_other_are_none() {
        for files in [
            // The same value.
            vec![("k.yaml", format!("{}---\n{}---\n{}", deployment(""), config(10, ""), config(10, "")))],
            // Two namespaces, and two folders, are two clusters.
            vec![("k.yaml", format!("{}---\n{}---\n{}", deployment(""), config(10, ", namespace: a"), config(20, ", namespace: b")))],
            vec![("k/app.yaml", deployment("")), ("k/config.yaml", config(10, "")), ("j/config.yaml", config(20, ""))],
            // One file is all of it.
            vec![("k/all.yaml", format!("{}---\n{}", deployment(""), config(10, ""))), ("k/config.yaml", config(20, ""))],
            // An overlay over its base, and two overlays.
            vec![
                ("base/kustomization.yaml", "resources: [app.yaml, config.yaml]\n".to_owned()),
                ("base/app.yaml", deployment("")),
                ("base/config.yaml", config(10, "")),
                ("overlays/staging/kustomization.yaml", "resources: [../../base]\npatches: [{path: config.yaml}]\n".to_owned()),
                ("overlays/staging/config.yaml", config(20, "")),
                ("overlays/production/kustomization.yaml", "resources: [../../base]\npatches: [{path: config.yaml}]\n".to_owned()),
                ("overlays/production/config.yaml", config(50, "")),
            ],
            // An override over a compose file, and two containers of one image.
            vec![
                ("compose.yaml", "services:\n  shop:\n    build: .\n    image: shop\n    environment: {POOL_SIZE: 10}\n  slow:\n    image: shop\n    environment: {POOL_SIZE: 2}\n".to_owned()),
                ("compose.override.yaml", "services:\n  shop:\n    environment: {POOL_SIZE: 20}\n".to_owned()),
            ],
        ] {
            assert_eq!(twice(&files), [] as [&str; 0], "{files:?}");
        }
    }

    #[test]
    fn a_file_of_variables_that_says_a_thing_twice_is_told() {
        let loads = |text: &str| {
            let main = "fn main() { dotenvy::dotenv().ok(); let size: u32 = std::env::var(\"POOL_SIZE\").unwrap().parse().unwrap(); println!(\"{size}\"); }";
            let manifest = "[package]\nname = \"shop\"\nversion = \"0.1.0\"\n\n[dependencies]\ndotenvy = \"0.15\"\n";
            let map = map(&format!("//- /Cargo.toml\n{manifest}\n//- /src/main.rs\n{main}\n//- /.env\n{text}\n"));
            map.diagnostics.into_iter().filter(|one| one.code == super::CODE).map(|one| one.line.unwrap_or_default()).collect::<Vec<_>>()
        };
        assert_eq!(loads("POOL_SIZE=10\nPOOL_SIZE=20\n"), [2]);
        assert!(loads("POOL_SIZE=10\n# POOL_SIZE=20\nOTHER=1\nOTHER=2\nPOOL_SIZE=10\n").is_empty());
    }
}
