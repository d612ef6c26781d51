//! A small shop with its deployment as text, for the tests of rules: what they find in it, as `severity message`.

use crate::fixture::map;
use crate::model::StateMap;

const DOCKERFILE: &str = "FROM rust AS build\nRUN cargo build --release\nFROM debian\nWORKDIR /srv\n\
    COPY --from=build /target/release/shop /usr/bin/shop\nCMD [\"shop\"]\n";

/// The map of a shop whose code is `main`, deployed by the other files.
pub(super) fn shop(main: &str, files: &[(&str, &str)]) -> StateMap {
    let mut text = format!("//- /src/main.rs\n{main}\n//- /Dockerfile\n{DOCKERFILE}\n");
    for (path, content) in files {
        text.push_str(&format!("//- /{path}\n{content}\n"));
    }
    map(&text)
}

/// What a rule finds in it.
pub(super) fn found(rule: &str, main: &str, files: &[(&str, &str)]) -> Vec<String> {
    let map = shop(main, files);
    let of_rule = map.hazards.iter().filter(|hazard| hazard.rule == rule);
    of_rule.map(|hazard| format!("{} {}", hazard.severity.as_str(), hazard.message)).collect()
}

/// A Deployment of some replicas with one container; the first part stands in the container, the second one in its pod.
pub(super) fn deployment(replicas: u32, container: &str, pod: &str) -> String {
    let indented = |text: &str, by: usize| text.lines().map(|line| format!("{}{line}\n", " ".repeat(by))).collect::<String>();
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: shop\nspec:\n  replicas: {replicas}\n  template:\n    \
         metadata:\n      labels: {{app: shop}}\n    spec:\n      containers:\n        - name: shop\n          image: shop:1\n{}{}",
        indented(container, 10),
        indented(pod, 6)
    )
}
