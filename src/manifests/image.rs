//! What an image holds and how it starts: items of the final stages of Dockerfiles, and of the scripts that they start.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::{SmolStr, format_smolstr};

use super::deployed::{Workload, of_image};
use super::dockerfile::{Dockerfile, Instruction};
use super::draft::Draft;
use super::hide;
use super::image_scripts::Scripts;
use super::script::Script;
use super::tie::Names;
use super::yaml::Mark;
use crate::diag::name_words;
use crate::model::{FactValue, Scope};
use crate::source::{Tree, file_name, join, parent};

/// Variables of an image that say nothing of a service.
pub(super) const NOISE: &[&str] = &[
    "PATH",
    "DEBIAN_FRONTEND",
    "LANG",
    "LC_ALL",
    "LANGUAGE",
    "TERM",
    "HOME",
    "PS1",
    "LD_LIBRARY_PATH",
    "CARGO_HOME",
    "RUSTUP_HOME",
    "RUSTFLAGS",
    "CARGO_TERM_COLOR",
    "PIP_NO_CACHE_DIR",
    "SHELL",
    "NODE_ENV",
    "CARGO_INCREMENTAL",
];
/// What comes out of a stage that compiles Rust and is no binary, by the last name of its path.
const ASSETS: &[&str] = &[
    "static",
    "assets",
    "public",
    "dist",
    "site",
    "templates",
    "views",
    "config",
    "configuration",
    "configs",
    "conf",
    "migrations",
    "locales",
    "i18n",
    "data",
    "web",
    "www",
    "frontend",
    "ui",
];

/// A Dockerfile with what ties it to services.
pub(super) struct Image<'a> {
    path: &'a str,
    file: &'a Dockerfile,
    /// Scripts of the tree that are copied into final stages.
    scripts: BTreeMap<usize, Scripts>,
}

impl Image<'_> {
    /// The script that a stage starts, with its path.
    fn entry(&self, at: usize) -> Option<&(String, Script)> {
        self.scripts.get(&at)?.entry.as_ref()
    }

    /// Whether some stage compiles Rust.
    fn builds_rust(&self) -> bool {
        (0..self.file.stages.len()).any(|at| self.file.builds_rust(at))
    }

    /// The services whose binaries are in the image of a stage, and the one that it starts, itself or through its script.
    fn services(&self, at: usize, names: &Names) -> (BTreeSet<SmolStr>, Option<SmolStr>) {
        let (mut held, started) = self.file.services(at, names);
        let by_script = || self.entry(at).and_then(|(_, script)| names.by_command(script.execs.iter().map(String::as_str))).cloned();
        let started = started.or_else(by_script);
        held.extend(started.iter().cloned());
        (held, started)
    }
}

/// The images of the tree, by the path of their file.
#[derive(Default)]
pub(super) struct Images<'a> {
    by_path: BTreeMap<&'a str, Image<'a>>,
}

impl<'a> Images<'a> {
    /// Takes in a file; the scripts that its images start are read.
    pub(super) fn add(&mut self, path: &'a str, file: &'a Dockerfile, tree: &dyn Tree) {
        let scripts = file.finals().into_iter().map(|at| (at, Scripts::read(path, file, at, tree))).collect();
        self.by_path.insert(path, Image { path, file, scripts });
    }

    /// The services that images are made for: those that some start; all that are in them, when none says what it starts.
    pub(super) fn all_services(&self, names: &Names) -> BTreeSet<SmolStr> {
        let images = self.by_path.values().flat_map(|image| image.file.finals().into_iter().map(|at| image.services(at, names)));
        let (held, started): (Vec<_>, Vec<_>) = images.unzip();
        let started: BTreeSet<SmolStr> = started.into_iter().flatten().collect();
        if started.is_empty() { held.into_iter().flatten().collect() } else { started }
    }

    /// Services in the image that is built from a file, and the one that it starts.
    pub(super) fn services(&self, path: &str, target: Option<&str>, names: &Names) -> (BTreeSet<SmolStr>, Option<SmolStr>) {
        let Some(image) = self.by_path.get(path) else { return (BTreeSet::new(), None) };
        let last = image.file.stages.len().checked_sub(1);
        match target.and_then(|target| image.file.stage(target)).or(last) {
            Some(stage) => image.services(stage, names),
            None => (BTreeSet::new(), None),
        }
    }

    /// Whether there is such a file.
    pub(super) fn has(&self, path: &str) -> bool {
        self.by_path.contains_key(path)
    }

    /// What images are called after, with the service that they start: `Dockerfile.worker`, `worker/Dockerfile`, and the stages
    /// of a file that builds several. None for an image in which no Rust is.
    pub(super) fn labels(&self, names: &Names) -> BTreeMap<String, BTreeSet<SmolStr>> {
        let mut out: BTreeMap<String, BTreeSet<SmolStr>> = BTreeMap::new();
        let mut unclear: BTreeSet<String> = BTreeSet::new();
        for image in self.by_path.values() {
            let finals = image.file.finals();
            let last = image.file.stages.len().checked_sub(1);
            let of_file = last.and_then(|last| Some((label_of(image.path)?, last)));
            let of_stage = |at: &usize| Some((label(image.file.stages[*at].name.as_deref()?)?, *at));
            let of_stages = finals.iter().filter(|_| finals.len() > 1 || !image.builds_rust()).filter_map(of_stage);
            for (label, at) in of_file.into_iter().chain(of_stages) {
                let (held, started) = image.services(at, names);
                let services = started.map_or(held, |started| BTreeSet::from([started]));
                match services.len() {
                    1 => out.entry(label).or_default().extend(services),
                    0 if !image.builds_rust() => drop(out.entry(label).or_default()),
                    _ => drop(unclear.insert(label)),
                }
            }
        }
        out.retain(|label, services| services.len() <= 1 && !(services.is_empty() && unclear.contains(label)));
        out
    }

    /// Files and folders of the tree that images of services take along, by their paths.
    pub(super) fn taken(&self, names: &Names) -> BTreeMap<String, BTreeSet<SmolStr>> {
        let mut out: BTreeMap<String, BTreeSet<SmolStr>> = BTreeMap::new();
        for image in self.by_path.values() {
            for at in image.file.finals().into_iter().filter(|at| !image.file.builds_rust(*at)) {
                let (services, _) = image.services(at, names);
                let copies = image.file.effective(at).filter(|one| one.keyword == "COPY" && one.flag("from").is_none());
                for one in copies.filter(|_| !services.is_empty()) {
                    let arguments = one.arguments();
                    let (sources, _) = arguments.split_at(arguments.len().saturating_sub(1));
                    let folder = parent(image.path);
                    for path in sources.iter().flat_map(|source| [join(folder, source), join("", source)]).flatten() {
                        if !path.is_empty() && path != "." {
                            out.entry(path).or_default().extend(services.iter().cloned());
                        }
                    }
                }
            }
        }
        out
    }

    /// Every image in which a service of the tree runs, as data.
    pub(super) fn deployed(&self, names: &Names) -> Vec<Workload> {
        let mut out = Vec::new();
        for image in self.by_path.values() {
            let finals = image.file.finals();
            for at in finals.iter().copied() {
                let (held, started) = image.services(at, names);
                let services = if held.is_empty() { started.into_iter().collect() } else { held };
                if services.is_empty() {
                    continue;
                }
                let name = image.file.stages[at].name.as_deref().filter(|_| finals.len() > 1);
                let owner = name.map_or_else(|| image.path.to_owned(), |name| format!("{}/{name}", image.path));
                let script = image.entry(at);
                let stage = of_image::Stage { path: image.path, file: image.file, at, owner: &owner, services: &services, script };
                out.push(of_image::workload(&stage));
            }
        }
        out
    }

    /// Items of every image that is about a service; `others` are files of images that manifests build beside them, with
    /// the services that rely on them.
    pub(super) fn drafts(&self, names: &Names, others: &BTreeMap<String, BTreeSet<SmolStr>>) -> Vec<Draft> {
        let mut out = Vec::new();
        let mut families: BTreeMap<(String, Option<SmolStr>, BTreeSet<SmolStr>), String> = BTreeMap::new();
        let mut scripts: BTreeSet<String> = BTreeSet::new();
        for image in self.by_path.values() {
            for at in image.file.finals() {
                let (services, started) = image.services(at, names);
                let relying = others.get(image.path);
                if services.is_empty() && relying.is_none() {
                    continue;
                }
                let stage = &image.file.stages[at];
                let several = image.file.finals().len() > 1;
                let name = stage.name.clone().filter(|_| several);
                // `Dockerfile.debian` and `Dockerfile.alpine` build one image twice.
                let family = (family(image.path), name.clone(), services.clone());
                let owner = if services.is_empty() {
                    image.path.to_owned()
                } else {
                    families.entry(family).or_insert_with(|| image.path.to_owned()).clone()
                };
                let name = name.unwrap_or_else(|| file_name(&owner).into());
                let stage = StageOf {
                    image,
                    at,
                    owner: if several { format_smolstr!("{owner}/{name}") } else { owner.into() },
                    name,
                    services: if services.is_empty() { relying.cloned().unwrap_or_default() } else { services },
                    started,
                    foreign: relying.is_some() && !image.file.builds_rust(at) && image.services(at, names).0.is_empty(),
                };
                stage.drafts(names, &mut scripts, &mut out);
            }
        }
        out
    }
}

/// Words that say how, for whom or with which store an image is made, not of what: there are other images of these names.
const MANNERS: &[&str] = &[
    "alpine",
    "debian",
    "ubuntu",
    "fedora",
    "distroless",
    "scratch",
    "slim",
    "musl",
    "gnu",
    "dev",
    "prod",
    "production",
    "release",
    "debug",
    "local",
    "ci",
    "build",
    "builder",
    "base",
    "cross",
    "test",
    "amd64",
    "arm64",
    "aarch64",
    "x86-64",
    "j2",
    "tmpl",
    "template",
    "docker",
    "deploy",
    "containers",
    "images",
    "refresh",
    "tools",
    "final",
    "runner",
    "kafka",
    "redis",
    "postgres",
    "postgresql",
    "mysql",
    "mariadb",
    "sqlite",
    "mongodb",
    "cuda",
    "gpu",
    "cpu",
    "runtime",
    "run",
    "image",
];

/// What a Dockerfile is called after: its ending, what stands before it, or its folder.
fn label_of(path: &str) -> Option<String> {
    let name = file_name(path).to_ascii_lowercase();
    let of_file = ["dockerfile", "containerfile"].iter().find_map(|word| {
        let rest = name.strip_prefix(word).or_else(|| name.strip_suffix(word))?;
        Some(rest.trim_matches(['.', '-', '_']).to_owned())
    })?;
    label(if of_file.is_empty() { file_name(parent(path)) } else { &of_file })
}

/// A name that says of what an image is made, and not how.
fn label(name: &str) -> Option<String> {
    let label = name.to_ascii_lowercase().replace('_', "-");
    (label.len() > 2 && !MANNERS.contains(&label.as_str())).then_some(label)
}

/// The name that variants of a file share, with its folder.
fn family(path: &str) -> String {
    let name = file_name(path);
    let stem = name.split(['.', '-', '_']).next().unwrap_or(name);
    format!("{}/{stem}", parent(path))
}

/// A final stage.
struct StageOf<'a> {
    image: &'a Image<'a>,
    at: usize,
    owner: SmolStr,
    name: SmolStr,
    services: BTreeSet<SmolStr>,
    started: Option<SmolStr>,
    /// An image of others, to which files are added.
    foreign: bool,
}

impl StageOf<'_> {
    fn drafts(&self, names: &Names, scripts: &mut BTreeSet<String>, out: &mut Vec<Draft>) {
        self.volumes(out);
        self.files(names, out);
        if self.foreign {
            return;
        }
        self.health(out);
        self.variables(out);
        self.start(out);
        self.build_ids(out);
        if let Some(found) = self.image.scripts.get(&self.at) {
            found.drafts(&self.services, names, scripts, out);
        }
    }

    fn mark(line: u32) -> Mark {
        Mark::line(line)
    }

    fn draft(&self, what: impl Into<SmolStr>, name: impl Into<SmolStr>, summary: String) -> Draft {
        Draft::new(self.owner.clone(), what, name, summary).services(&self.services)
    }

    fn of_keyword<'i>(&'i self, keyword: &'i str) -> impl Iterator<Item = &'i Instruction> {
        self.image.file.effective(self.at).filter(move |one| one.keyword == keyword)
    }

    fn volumes(&self, out: &mut Vec<Draft>) {
        for one in self.of_keyword("VOLUME") {
            for path in one.arguments() {
                let path = hide::text(&path);
                let summary = format!("volume of the image at `{path}`, without a name unless whoever starts it gives one");
                let mut draft = self.draft(format!("VOLUME {path}"), format!("VOLUME {path}"), summary).scope(Scope::Host);
                draft.site(self.image.path, Self::mark(one.line));
                draft.fact("path", FactValue::Text(path), self.image.path, Self::mark(one.line));
                let folder = self.of_keyword("WORKDIR").last().and_then(|one| Some((one.words.first()?, one.line)));
                if let Some((folder, line)) = folder.filter(|(folder, _)| folder.text.starts_with('/')) {
                    draft.text("relative_to", &folder.text, self.image.path, Self::mark(line));
                }
                out.push(draft.lost("what is written there, when the container is replaced and nobody mounted a named volume or a folder"));
            }
        }
    }

    fn health(&self, out: &mut Vec<Draft>) {
        let Some(one) = self.of_keyword("HEALTHCHECK").last() else { return };
        let arguments = one.arguments();
        let Some(at) = arguments.iter().position(|word| word == "CMD") else { return };
        let command = one.text.split_once("CMD").map_or("", |(_, command)| command).trim();
        let command: Vec<String> = serde_json::from_str(command).unwrap_or_else(|_| arguments[at + 1..].to_vec());
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        let mut summary = format!("asks `{}`", hide::command(&words).replace('`', "'"));
        let file = self.image.path;
        let mut facts = Vec::new();
        for flag in ["interval", "timeout", "start-period", "retries"] {
            let Some(value) = one.flag(flag) else { continue };
            match flag {
                "interval" => summary.push_str(&format!(" every {value}")),
                _ => facts.push((flag, value)),
            }
        }
        let mut draft = self.draft("HEALTHCHECK", format!("healthcheck of {}", self.name), summary);
        draft.site(file, Self::mark(one.line));
        for (flag, value) in facts {
            draft.text(flag, value, file, Self::mark(one.line));
        }
        out.push(draft);
    }

    fn variables(&self, out: &mut Vec<Draft>) {
        let file = self.image.path;
        let mut draft = self.draft("ENV", format!("environment of {}", self.name), String::new());
        let mut names: Vec<String> = Vec::new();
        for one in self.of_keyword("ENV") {
            for (name, value, line) in pairs(one) {
                if NOISE.contains(&name.as_str()) || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
                    continue;
                }
                draft.variable(&name, &value, file, Self::mark(line));
                draft.site(file, Self::mark(one.line));
                let said = hide::assignment(&name, &value);
                if !names.contains(&said) {
                    names.push(said);
                }
            }
        }
        if !names.is_empty() {
            draft.summary = format!("variables set by the image: {}", named(&names));
            out.push(draft);
        }
    }

    /// Which state of the code it is, where the compiler reads that from a variable.
    fn build_ids(&self, out: &mut Vec<Draft>) {
        let docker = self.image.file;
        let builds = (0..docker.stages.len()).filter(|at| docker.builds_rust(*at) && docker.feeds(*at, self.at));
        // One compilation gives the binaries of several images.
        let name = file_name(self.image.path);
        let draft = Draft::new(self.image.path, "build", format!("version built by {name}"), String::new());
        let mut draft = draft.services(&self.services).scope(Scope::Process);
        let mut said: Vec<String> = Vec::new();
        for one in builds.flat_map(|at| docker.effective(at)).filter(|one| matches!(one.keyword.as_str(), "ARG" | "ENV")) {
            for (name, value, line) in pairs(one).into_iter().filter(|(name, ..)| is_build_id(name)) {
                draft.site(self.image.path, Self::mark(line));
                if hide::reference(&value).is_none() && !value.is_empty() {
                    draft.variable(&name, &value, self.image.path, Self::mark(line));
                }
                if !said.contains(&name) {
                    said.push(name);
                }
            }
        }
        if !said.is_empty() {
            draft.summary = format!("which state of the code it is, given to the compiler when the image is built: {}", named(&said));
            out.push(draft);
        }
    }

    /// Data and configuration that are copied into the image; binaries and sources are not.
    fn files(&self, names: &Names, out: &mut Vec<Draft>) {
        let (file, docker) = (self.image.path, self.image.file);
        // Where the image is also where the code is compiled, everything is copied.
        if docker.builds_rust(self.at) {
            return;
        }
        let mut draft = self.draft("COPY", "", String::new()).scope(Scope::Host);
        let mut copied: Vec<String> = Vec::new();
        for one in self.image.file.effective(self.at).filter(|one| matches!(one.keyword.as_str(), "COPY" | "ADD")) {
            let arguments = one.arguments();
            let Some((target, sources)) = arguments.split_last() else { continue };
            let from = one.flag("from");
            let from_rust = from.and_then(|from| docker.stage(from)).is_some_and(|from| docker.builds_rust(from));
            for source in sources.iter().filter(|source| is_data(source, target, from.is_some(), from_rust, names)) {
                let name = file_name(source.trim_end_matches('/')).to_owned();
                let text = match from {
                    Some(from) => format!("from {}, at {target}", hide::text(from)),
                    None => format!("at {target}"),
                };
                draft.site(file, Self::mark(one.line));
                draft.fact(&hide::text(source), FactValue::Text(hide::text(&text)), file, Self::mark(one.line));
                if !copied.contains(&name) {
                    copied.push(name);
                }
            }
        }
        if !copied.is_empty() {
            draft.summary = format!("files in the image: {}", named(&copied));
            draft.name = format!("files of {}", self.name).into();
            out.push(draft);
        }
    }

    fn start(&self, out: &mut Vec<Draft>) {
        let (entrypoint, cmd) = self.image.file.start(self.at);
        let Some(first) = entrypoint.or(cmd) else { return };
        let file = self.image.path;
        let command = self.image.file.command(self.at);
        // An image with the binaries for whoever comes with a shell starts nothing.
        let is_shell = |word: &String| matches!(file_name(word), "sh" | "bash" | "ash" | "zsh");
        if self.started.is_none() && command.len() == 1 && command.iter().all(is_shell) {
            return;
        }
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        let mut summary = format!("starts `{}`", hide::command(&words).replace('`', "'"));
        let folder = self.of_keyword("WORKDIR").last();
        let user = self.of_keyword("USER").last();
        if let Some(folder) = folder.and_then(|one| one.words.first()) {
            summary.push_str(&format!(" in `{}`", hide::text(&folder.text)));
        }
        let mut draft = self.draft("CMD", format!("start of {}", self.name), summary);
        if let Some(started) = &self.started {
            draft.services = BTreeSet::from([started.clone()]);
        }
        for one in [Some(first), cmd].into_iter().flatten() {
            draft.site(file, Self::mark(one.line));
        }
        if let Some((user, line)) = user.and_then(|one| one.words.first().map(|word| (&word.text, one.line))) {
            draft.text("user", user, file, Self::mark(line));
        }
        out.push(draft);
    }
}

/// `A=1 B=2`, or the old form `A 1`; a name with its value and line.
pub(super) fn pairs(one: &Instruction) -> Vec<(String, String, u32)> {
    match one.words.first() {
        Some(first) if !first.text.contains('=') => {
            let value: Vec<&str> = one.words[1..].iter().map(|word| word.text.as_str()).collect();
            vec![(first.text.clone(), value.join(" "), one.line)]
        }
        _ => one
            .words
            .iter()
            .filter_map(|word| word.text.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned(), word.line)))
            .collect(),
    }
}

/// Whether a variable says which state of the code is built: `GIT_SHA`, `SOURCE_COMMIT`, `VERGEN_GIT_SHA`, `BUILD_VERSION`.
fn is_build_id(name: &str) -> bool {
    let words: Vec<String> = name_words(name);
    let has = |word: &str| words.iter().any(|one| one == word);
    let of_code =
        has("commit") || has("revision") || has("vergen") || has("git") && (has("sha") || has("hash") || has("rev") || has("ref"));
    of_code || has("build") && ["version", "sha", "revision"].iter().any(|word| has(word))
}

/// Whether a copied path holds data or configuration: no binary, no source, no piece of the system.
fn is_data(source: &str, target: &str, foreign: bool, from_rust: bool, names: &Names) -> bool {
    let source = source.trim_end_matches('/');
    let name = file_name(source);
    let lower = name.to_ascii_lowercase();
    let source_code =
        matches!(name, "" | "." | ".." | "*" | "src" | "Cargo.toml" | "Cargo.lock" | "Cargo.*" | "rust-toolchain.toml" | "crates");
    if source_code || lower.ends_with(".sh") || lower.contains(".so") || lower.ends_with(".rs") || source.starts_with("<<") {
        return false;
    }
    // `shop`, `shop_$TARGETARCH`.
    let stem = name.split('$').next().unwrap_or(name).trim_end_matches(['_', '-']);
    if (names.by_binary(stem).is_some() && !lower.contains('.')) || lower.contains("spdx") || lower.contains("sbom") {
        return false;
    }
    if from_rust {
        return ASSETS.contains(&lower.as_str());
    }
    let folders = |path: &str| path.split('/').any(|folder| matches!(folder, "bin" | "sbin" | "lib" | "lib64"));
    let into_bin = folders(target) || (foreign && folders(parent(source)));
    let of_system = foreign
        && ["/etc/", "/usr/share/zoneinfo", "/usr/share/ca-certificates", "/lib", "/usr/lib"].iter().any(|start| source.starts_with(start));
    let stem = lower.split('.').next().unwrap_or(&lower);
    let legal = ["license", "licence", "notice", "copying", "copyright"].iter().any(|word| stem.starts_with(word));
    let entry = legal || matches!(lower.as_str(), "entrypoint" | "docker-entrypoint" | "readme.md" | "tini" | "dumb-init");
    !into_bin && !of_system && !entry && !source.contains("/target/")
}

/// A few names as running text.
pub(super) fn named(names: &[String]) -> String {
    const SHOWN: usize = 6;
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{}`", hide::text(name).replace('`', "'"))).collect();
    match names.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
