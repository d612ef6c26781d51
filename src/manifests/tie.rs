//! Which services a manifest speaks of: by the binary it starts or copies, by the image, by the package.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use crate::model::Service;
use crate::source::{file_name, parent};

/// Folders and files of these words are about tests and tools, not about what is deployed.
const NOT_DEPLOYED: &[&str] = &[
    "test",
    "tests",
    "testing",
    "tester",
    "e2e",
    "integration",
    "fixtures",
    "fixture",
    "playwright",
    "cypress",
    "selenium",
    "devcontainer",
    "fuzz",
    "fuzzing",
    "fuzzer",
    "clusterfuzzlite",
    "bench",
    "benches",
    "benchmark",
    "benchmarks",
    "loadtest",
    "testdata",
    "bdd",
    "vendor",
    "third",
];
/// Folders whose names end with these words, or speak of examples, show how one might deploy, unless another word says that one does.
const SHOWN_ONLY: &[&str] = &["example", "examples", "demo", "demos", "sample", "samples", "doc", "docs", "tutorial", "tutorials"];
const EXAMPLES: &[&str] = &["example", "examples", "sample", "samples"];
const DEPLOYS: &[&str] = &["deploy", "deployment", "deployments", "docker", "k8s", "kubernetes", "helm"];

/// The names by which manifests call the services.
#[derive(Debug, Default)]
pub(super) struct Names {
    services: Vec<Known>,
    /// Services that Dockerfiles of the tree make images of.
    pub(super) imaged: BTreeSet<SmolStr>,
    /// The services of images by what their Dockerfiles are called after: `Dockerfile.worker`, `worker/Dockerfile`; none of an
    /// image in which something else is.
    pub(super) labelled: BTreeMap<String, BTreeSet<SmolStr>>,
}

#[derive(Debug)]
struct Known {
    name: SmolStr,
    binary: String,
    package: String,
    /// The folder of its package.
    folder: String,
}

impl Names {
    pub(super) fn new(services: &[Service]) -> Self {
        let known = |service: &Service| Known {
            name: service.name.clone(),
            binary: normal(file_name(&service.name)),
            package: normal(&service.package),
            folder: folder_of(&service.target).to_owned(),
        };
        Self { services: services.iter().map(known).collect(), imaged: BTreeSet::new(), labelled: BTreeMap::new() }
    }

    /// The only service, if there is one only.
    pub(super) fn only(&self) -> Option<&SmolStr> {
        if let [only] = self.services.as_slice() { Some(&only.name) } else { None }
    }

    /// The services of the package that a file lies in; the only service for a file of another package.
    pub(super) fn near(&self, path: &str) -> BTreeSet<SmolStr> {
        let holds = |known: &&Known| known.folder.is_empty() || path.strip_prefix(&known.folder).is_some_and(|rest| rest.starts_with('/'));
        let nearest = self.services.iter().filter(holds).map(|known| known.folder.len()).max();
        let of_nearest = self.services.iter().filter(holds).filter(|known| Some(known.folder.len()) == nearest);
        let found: BTreeSet<SmolStr> = of_nearest.map(|known| known.name.clone()).collect();
        if found.is_empty() { self.only().into_iter().cloned().collect() } else { found }
    }

    /// The service whose binary a path or a word of a command is.
    pub(super) fn by_binary(&self, word: &str) -> Option<&SmolStr> {
        let name = normal(file_name(word.trim_matches(|c| matches!(c, '"' | '\''))));
        let mut found = self.services.iter().filter(|known| known.binary == name);
        let first = found.next()?;
        // Of several binaries of one name, that of the package of that name.
        if found.next().is_none() {
            return Some(&first.name);
        }
        self.services.iter().find(|known| known.binary == name && known.package == name).map(|known| &known.name)
    }

    /// The first word of a command that is a service's binary.
    pub(super) fn by_command<'w>(&self, words: impl IntoIterator<Item = &'w str>) -> Option<&SmolStr> {
        words.into_iter().flat_map(str::split_whitespace).find_map(|word| self.by_binary(word.trim_end_matches(';')))
    }

    /// Services whose binaries a glob or a list of paths stands for: `target/release/shop-*`.
    pub(super) fn by_pattern(&self, path: &str) -> BTreeSet<SmolStr> {
        let name = file_name(path);
        match name.split_once('*') {
            Some((start, end)) if !start.is_empty() => {
                let (start, end) = (normal(start), normal(end));
                let fits = |known: &&Known| known.binary.starts_with(&start) && known.binary.ends_with(&end);
                self.services.iter().filter(fits).map(|known| known.name.clone()).collect()
            }
            _ => self.by_binary(path).into_iter().cloned().collect(),
        }
    }

    /// Services that an image is named after; several of one package when no binary has the name.
    pub(super) fn by_image(&self, image: &str) -> BTreeSet<SmolStr> {
        let base = image.split('@').next().unwrap_or(image);
        let base = file_name(base).split(':').next().unwrap_or_default();
        let wanted = normal(base);
        // The image that the tree builds under this very name.
        if let Some(built) = self.labelled.get(&wanted).filter(|built| !built.is_empty() || !self.is_named(&wanted)) {
            return built.clone();
        }
        let mut found = self.by_name(base);
        // Of several binaries of a package, the image is for those that images start.
        if found.len() > 1 && !found.is_disjoint(&self.imaged) {
            found.retain(|name| self.imaged.contains(name));
        }
        // `shop` is the command line's binary, but the image of that name is the one that is built: `shop-server`.
        let role = |known: &&Known| self.imaged.contains(&known.name) && without_role(&known.binary) == without_role(&wanted);
        if !found.is_empty() && found.is_disjoint(&self.imaged) {
            let built: BTreeSet<SmolStr> = self.services.iter().filter(role).map(|known| known.name.clone()).collect();
            if built.len() == 1 {
                return built;
            }
        }
        if found.is_empty() { self.by_label(&wanted) } else { found }
    }

    /// Whether a binary or a package has this very name.
    fn is_named(&self, name: &str) -> bool {
        self.services.iter().any(|known| known.binary == name || known.package == name)
    }

    /// Services of the image that a Dockerfile of the tree builds under a name: `shop-worker` from `Dockerfile.worker`.
    fn by_label(&self, image: &str) -> BTreeSet<SmolStr> {
        let fits = |label: &str| image == label || image.strip_suffix(label).is_some_and(|rest| rest.ends_with('-') && rest.len() > 1);
        let mut found = self.labelled.iter().filter(|(label, services)| !services.is_empty() && fits(label));
        match (found.next(), found.next()) {
            (Some((_, services)), None) => services.clone(),
            _ => BTreeSet::new(),
        }
    }

    /// Services of a name: the binary's, the package's, or one of them but for a closing `server`, `api`, `service`, `app`.
    pub(super) fn by_name(&self, name: &str) -> BTreeSet<SmolStr> {
        let wanted = normal(name);
        if wanted.is_empty() {
            return BTreeSet::new();
        }
        let tests: [fn(&Known, &str) -> bool; 3] = [
            |known, wanted| known.binary == wanted,
            |known, wanted| known.package == wanted,
            |known, wanted| [&known.binary, &known.package].iter().any(|name| without_role(name) == without_role(wanted)),
        ];
        for (at, test) in tests.into_iter().enumerate() {
            let found: BTreeSet<SmolStr> =
                self.services.iter().filter(|known| test(known, &wanted)).map(|known| known.name.clone()).collect();
            // That names differ in their last word only is telling when it is one service's.
            if found.len() == 1 || (at < 2 && !found.is_empty()) {
                return found;
            }
        }
        BTreeSet::new()
    }
}

fn normal(name: &str) -> String {
    name.trim_end_matches(".exe").to_ascii_lowercase().replace('_', "-")
}

/// The folder of a package, by the root of one of its targets.
fn folder_of(target: &str) -> &str {
    match target.strip_prefix("src/") {
        Some(_) => "",
        None => target.rsplit_once("/src/").map_or(parent(target), |(folder, _)| folder),
    }
}

fn without_role(name: &str) -> &str {
    ["-server", "-service", "-api", "-app"].iter().find_map(|role| name.strip_suffix(role)).unwrap_or(name)
}

/// Whether a path speaks of tests, tools or mere examples.
pub(super) fn is_beside(path: &str) -> bool {
    parent(path).split('/').filter(|folder| !folder.is_empty()).any(is_beside_name) || {
        let name = file_name(path);
        words(name).iter().any(|word| NOT_DEPLOYED.contains(&word.as_str()))
    }
}

/// Whether the name of a folder, a file or a container speaks of tests, tools or mere examples.
pub(super) fn is_beside_name(name: &str) -> bool {
    let words = words(name);
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    let last = words.last().is_some_and(|word| SHOWN_ONLY.contains(&word.as_str()));
    has(NOT_DEPLOYED) || ((last || has(EXAMPLES)) && !has(DEPLOYS))
}

fn words(name: &str) -> Vec<String> {
    name.split(|c: char| !c.is_ascii_alphanumeric()).map(str::to_ascii_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(services: &[(&str, &str)]) -> Names {
        let service = |(name, package): &(&str, &str)| Service {
            name: (*name).into(),
            package: (*package).into(),
            target: "src/main.rs".into(),
            crates: Vec::new(),
        };
        Names::new(&services.iter().map(service).collect::<Vec<_>>())
    }

    #[test]
    fn a_service_is_known_by_its_binary_in_a_command_or_an_image() {
        let names = names(&[("shop_api", "shop"), ("shop-worker", "shop")]);
        assert_eq!(names.by_command(["/usr/bin/tini", "--", "/usr/local/bin/shop-api"]).unwrap(), "shop_api");
        assert_eq!(names.by_command(["sh -c 'sleep 1'"]), None);
        assert_eq!(names.by_image("registry.example.com:5000/team/shop-worker:1.2@sha256:00").len(), 1);
        assert_eq!(names.by_image("shop").len(), 2, "the package's name");
        assert!(names.by_image("postgres:18").is_empty());
        assert_eq!(names.by_pattern("/build/target/release/shop_*").len(), 2);
    }

    #[test]
    fn an_image_is_what_the_tree_builds_an_image_of() {
        let mut names = names(&[("shop", "shop"), ("shop-server", "shop-server")]);
        assert!(names.by_image("shop:1").contains("shop"));
        names.imaged = BTreeSet::from([SmolStr::new("shop-server")]);
        assert!(names.by_image("shop:1").contains("shop-server"));
    }

    #[test]
    fn of_binaries_of_one_name_that_of_the_package_counts_and_an_image_may_be_called_after_its_file() {
        let mut names = names(&[("ebpf/loader", "ebpf"), ("loader/loader", "loader"), ("other", "other")]);
        names.services[0].binary = "loader".to_owned();
        names.services[1].binary = "loader".to_owned();
        assert_eq!(names.by_binary("/loader").unwrap(), "loader/loader");
        names.services[1].package = "else".to_owned();
        assert_eq!(names.by_binary("/loader"), None);
        names.labelled = BTreeMap::from([("dataplane".to_owned(), BTreeSet::from([SmolStr::new("other")]))]);
        assert!(names.by_image("ghcr.io/team/net-dataplane:1").contains("other") && names.by_image("dataplane").contains("other"));
        assert!(names.by_image("notdataplane").is_empty() && names.by_image("dataplane-tools").is_empty());
    }

    #[test]
    fn the_image_that_a_dockerfile_builds_under_a_name_is_that_one_whatever_else_is_called_so() {
        let mut names = names(&[("collector_service", "collector"), ("collector_tool", "collector"), ("ledger_service", "ledger-rust")]);
        assert_eq!(names.by_image("collector").len(), 2);
        names.imaged = BTreeSet::from([SmolStr::new("collector_service")]);
        assert_eq!(names.by_image("collector:1"), BTreeSet::from([SmolStr::new("collector_service")]));
        assert_eq!(names.by_image("ledger").len(), 1, "but for a closing word");
        // A stage of that name holds something that is not Rust.
        names.labelled = BTreeMap::from([("ledger".to_owned(), BTreeSet::new()), ("collector".to_owned(), BTreeSet::new())]);
        assert!(names.by_image("ledger").is_empty());
        assert!(names.by_image("team/ledger-service").contains("ledger_service"));
        assert_eq!(names.by_image("collector").len(), 1, "a package of that very name");
        names.labelled = BTreeMap::from([("ledger".to_owned(), BTreeSet::from([SmolStr::new("collector_tool")]))]);
        assert!(names.by_image("ledger").contains("collector_tool") && names.by_image("my-ledger").contains("collector_tool"));
    }

    #[test]
    fn a_closing_word_may_differ_when_it_is_clear_which_one_is_meant() {
        assert_eq!(names(&[("forum_server", "forum")]).by_image("forum").len(), 1);
        assert_eq!(names(&[("forum_server", "a"), ("forum-api", "b")]).by_image("forum").len(), 0);
    }

    #[test]
    fn tests_tools_and_examples_are_beside_and_examples_of_deployments_are_not() {
        for path in [
            "tests/docker-compose.yml",
            ".devcontainer/Dockerfile",
            "e2e/compose.yml",
            "example_configs/a.service",
            "docker-compose.test.yml",
            "examples/a/k.yaml",
        ] {
            assert!(is_beside(path), "{path}");
        }
        for path in [
            "docker-compose.yml",
            "deploy/k8s/api.yaml",
            "deployment-examples/compose.yml",
            "ci/Dockerfile",
            "latest/compose.yml",
            ".env.example",
        ] {
            assert!(!is_beside(path), "{path}");
        }
        assert!(is_beside_name("gui_tests"));
    }
}
