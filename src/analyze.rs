//! The stages in order: from a tree to its state map.

use std::collections::BTreeMap;

use rayon::prelude::*;
use smol_str::SmolStr;

use crate::annotations::{self, Config, FileComments, Knowledge};
use crate::catalog::{Catalog, CrateFile};
use crate::detect::{self, Cx};
use crate::discover::{self, DependencyKind, DiscoverOptions, Discovery, Include, Package, TargetKind};
use crate::facts::FileFacts;
use crate::merge;
use crate::model::{Coverage, Diagnostic, SCHEMA, Service, Severity, StateMap, ToolInfo};
use crate::parse::{self, ParseOptions};
use crate::resolve::{self, BodyFacts, CrateInput, DefId, Extern, Flow, World};
use crate::source::{Revision, Tree};

/// syn's tree is as deep as the code is nested; see `parse`.
const STACK_BYTES: usize = 16 * 1024 * 1024;

/// Rounds of `#[path]` and `include!` that lead to files discovery left out.
const MAX_ROUNDS: usize = 8;

/// What an analysis is asked for.
#[derive(Clone, Debug)]
pub struct Options {
    /// Targets beside libraries and binaries.
    pub include: Include,
    /// Threads; as many as there are processors when `None`.
    pub threads: Option<usize>,
    /// Today, for annotations that expire.
    pub today: jiff::civil::Date,
}

/// What an analysis yields.
pub struct Analysis {
    /// The map.
    pub map: StateMap,
    /// What people configured.
    pub config: Config,
    /// Something could not be read at all: the exit code says so.
    pub unreadable: bool,
    /// `statemap.toml` is wrong: nothing should be written.
    pub bad_config: bool,
    /// There is no Rust in the tree.
    pub no_rust: bool,
}

/// Analyses a tree.
///
/// # Errors
/// When the catalog is broken or the threads cannot be started; what is wrong with the tree is a diagnostic.
pub fn analyze(tree: &dyn Tree, revision: &Revision, options: &Options) -> anyhow::Result<Analysis> {
    let mut pool = rayon::ThreadPoolBuilder::new().stack_size(STACK_BYTES).thread_name(|at| format!("statemap-{at}"));
    if let Some(threads) = options.threads {
        pool = pool.num_threads(threads);
    }
    pool.build()?.install(|| run(tree, revision, options))
}

fn run(tree: &dyn Tree, revision: &Revision, options: &Options) -> anyhow::Result<Analysis> {
    let discovery = discover::discover(tree, &DiscoverOptions { include: options.include });
    let (config, mut diagnostics) = match tree.read(annotations::CONFIG_FILE) {
        Ok(text) => annotations::load(annotations::CONFIG_FILE, &text),
        Err(error) if matches!(error, crate::source::ReadError::Missing) => (Config::default(), Vec::new()),
        Err(error) => (Config::default(), vec![error.diagnostic(annotations::CONFIG_FILE)]),
    };
    let own_catalog = own_catalog(&config, &mut diagnostics);
    let bad_config = diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);

    let services = services(&discovery, &config, &mut diagnostics);
    let inputs = crate_inputs(&discovery.packages, &services);
    let mut skipped = discovery.skipped.clone();
    let mut unreadable = discovery.unreadable;
    let files = read_and_parse(tree, &discovery, &inputs, options, &mut diagnostics, &mut skipped, &mut unreadable);

    let catalog = Catalog::load(packages_of(&discovery), own_catalog)?;
    let (mut program, links) = resolve::link(&files, inputs);
    let this = resolve::attach(&mut program, &catalog);
    let signatures = resolve::signatures(&program, &catalog, this);
    let world = World { program: &program, signatures: &signatures, catalog: &catalog };
    let defs: Vec<DefId> = program.all_defs().map(|(id, _)| id).collect();
    let bodies: Vec<BodyFacts> = defs.par_iter().filter_map(|id| resolve::body_facts(world, *id)).collect();
    let flow = Flow::new(&bodies);
    let cx = Cx::new(world, &flow, &bodies);
    let mut findings = detect::detect(&cx);
    // State belongs to a service: what no binary links (fakes for tests, tools) is counted, not shown.
    let found = findings.len();
    if !services.is_empty() {
        findings.retain(|finding| !program.services_of(finding.def).is_empty());
    }
    let unlinked = found - findings.len();
    let wanted = &config.service.crates;
    if !wanted.is_empty() {
        findings.retain(|finding| wanted.iter().any(|krate| *krate == *program.krate(resolve::krate_of(world, finding.def)).input.name));
    }
    let mut items = merge::merge(&cx, findings);

    let names: Vec<SmolStr> = services.iter().map(|service| service.name.clone()).collect();
    let comments: Vec<FileComments<'_>> = files
        .iter()
        .filter(|file| !file.comments.is_empty())
        .map(|file| FileComments { file: &file.file, comments: &file.comments, text: None })
        .collect();
    let knowledge = Knowledge { config: &config, comments: &comments, services: &names, today: options.today };
    let applied = annotations::apply(&mut items, &knowledge, &mut diagnostics);

    diagnostics.extend(discovery.diagnostics.iter().cloned());
    diagnostics.extend(links.diagnostics);
    diagnostics.extend(files.iter().enumerate().filter_map(|(at, file)| unparsed(file, links.reached.contains(&at))));
    diagnostics.sort();
    diagnostics.dedup();
    let coverage = coverage(&discovery, &files, &links.reached, &bodies, &catalog, skipped, applied.ignored.len(), unlinked);
    let map = StateMap {
        schema: SCHEMA,
        tool: ToolInfo { name: SmolStr::new_static("statemap"), version: SmolStr::new_static(env!("CARGO_PKG_VERSION")) },
        revision: revision.commit.clone(),
        repository: revision.repository.clone(),
        services,
        items,
        hazards: Vec::new(),
        diagnostics,
        coverage,
    };
    Ok(Analysis { map, config, unreadable, bad_config, no_rust: discovery.no_rust() })
}

/// The services that the map is about: what `cargo build` builds, unless `statemap.toml` names others.
fn services(discovery: &Discovery, config: &Config, diagnostics: &mut Vec<Diagnostic>) -> Vec<Service> {
    let mut services = discover::services(&discovery.packages);
    let chosen = &config.service.bins;
    if !chosen.is_empty() {
        for bin in chosen.iter().filter(|bin| !services.iter().any(|service| service.name == **bin)) {
            diagnostics.push(
                Diagnostic::new(Severity::Error, "unknown-binary", format!("`[service] bins` names `{bin}`, which no package has"))
                    .in_file(annotations::CONFIG_FILE)
                    .help(format!("the binaries are: {}", names(&services))),
            );
        }
        services.retain(|service| chosen.iter().any(|bin| service.name == *bin));
        return services;
    }
    let is_default = |service: &Service| {
        discovery.packages.iter().any(|package| package.default_member && package.targets().any(|target| target.root == service.target))
    };
    if services.iter().any(is_default) {
        let (kept, tools): (Vec<Service>, Vec<Service>) = services.into_iter().partition(is_default);
        if !tools.is_empty() {
            let message = format!("not on the map: {}, since `default-members` of the workspace leaves them out", names(&tools));
            diagnostics.push(
                Diagnostic::new(Severity::Note, "not-default", message)
                    .help("name binaries in `[service] bins` of `statemap.toml` to map others"),
            );
        }
        return kept;
    }
    services
}

fn names(services: &[Service]) -> String {
    services.iter().map(|service| format!("`{}`", service.name)).collect::<Vec<_>>().join(", ")
}

/// Reads and parses in parallel; then what `#[path]` and `include!` ask for beyond that.
fn read_and_parse(
    tree: &dyn Tree,
    discovery: &Discovery,
    inputs: &[CrateInput],
    options: &Options,
    diagnostics: &mut Vec<Diagnostic>,
    skipped: &mut Vec<SmolStr>,
    unreadable: &mut bool,
) -> Vec<FileFacts> {
    let parse_options = ParseOptions { include_tests: options.include.tests };
    let mut todo: Vec<SmolStr> = discovery.files.iter().map(|file| file.path.clone()).collect();
    let mut files: Vec<FileFacts> = Vec::new();
    for _ in 0..MAX_ROUNDS {
        let results: Vec<_> = todo
            .par_iter()
            .map(|path| tree.read(path).map(|text| parse::parse_file(path, &text, &parse_options)).map_err(|error| (path.clone(), error)))
            .collect();
        for result in results {
            match result {
                Ok(facts) => files.push(facts),
                Err((path, error)) => {
                    diagnostics.push(error.diagnostic(&path));
                    *unreadable |= error.is_unreadable();
                    skipped.push(path);
                }
            }
        }
        files.sort_by(|a, b| a.file.cmp(&b.file));
        let left_out = |path: &str| discovery.left_out.binary_search_by(|known| known.as_str().cmp(path)).is_ok();
        let known_bad = |path: &str| skipped.iter().any(|bad| bad == path);
        let wanted =
            resolve::wanted(&files, inputs, &|path| !left_out_for_good(path, &left_out) && !known_bad(path) && tree.read(path).is_ok());
        todo = wanted.into_iter().map(SmolStr::from).collect();
        if todo.is_empty() {
            break;
        }
    }
    files
}

/// A file that a `mod` of the service leads to is read wherever it lies.
fn left_out_for_good(_path: &str, _left_out: &dyn Fn(&str) -> bool) -> bool {
    false
}

/// Packages whose catalog files are needed.
fn packages_of(discovery: &Discovery) -> impl Iterator<Item = &str> {
    discovery.packages.iter().flat_map(|package| package.dependencies.iter().map(|dependency| dependency.package.as_str()))
}

/// One crate for each target; libraries first within a package, so that binaries can name theirs.
fn crate_inputs(packages: &[Package], services: &[Service]) -> Vec<CrateInput> {
    let mut at_lib: BTreeMap<usize, usize> = BTreeMap::new();
    let mut count = 0;
    for (index, package) in packages.iter().enumerate() {
        if package.lib.is_some() {
            at_lib.insert(index, count);
        }
        count += package.targets().count();
    }
    let mut out = Vec::with_capacity(count);
    for (index, package) in packages.iter().enumerate() {
        for target in package.targets() {
            let wants_dev = !matches!(target.kind, TargetKind::Lib | TargetKind::Bin | TargetKind::ProcMacro);
            let mut externs: Vec<(SmolStr, Extern)> = Vec::new();
            for dependency in &package.dependencies {
                if dependency.kind == DependencyKind::Dev && !wants_dev {
                    continue;
                }
                let to = match dependency.workspace_member.and_then(|member| at_lib.get(&member)) {
                    Some(at) => Extern::Local(*at),
                    None => Extern::Foreign(library_name(&dependency.package)),
                };
                externs.push((dependency.name_in_code.clone(), to));
            }
            if target.kind != TargetKind::Lib
                && let (Some(lib), Some(at)) = (&package.lib, at_lib.get(&index))
            {
                externs.push((lib.crate_name.clone(), Extern::Local(*at)));
            }
            out.push(CrateInput {
                name: target.crate_name.clone(),
                root: target.root.to_string(),
                externs,
                is_bin: target.kind == TargetKind::Bin,
                services: linking(services, package, target),
            });
        }
    }
    out
}

/// The name under which the catalog's paths know a package: its library's.
fn library_name(package: &str) -> SmolStr {
    Catalog::library_of(package).unwrap_or_else(|| package.replace('-', "_").into())
}

fn linking(services: &[Service], package: &Package, target: &discover::Target) -> Vec<SmolStr> {
    let is_library = matches!(target.kind, TargetKind::Lib | TargetKind::ProcMacro);
    let of = services.iter().filter(|service| {
        service.target == target.root || (is_library && service.crates.contains(&target.crate_name) && package.lib.is_some())
    });
    let mut names: Vec<SmolStr> = of.map(|service| service.name.clone()).collect();
    names.sort();
    names
}

/// `[[catalog]]` entries of the user's, by crate.
fn own_catalog(config: &Config, diagnostics: &mut Vec<Diagnostic>) -> Vec<CrateFile> {
    let mut out = Vec::new();
    for entry in &config.catalog {
        match entry.table.clone().try_into::<crate::catalog::Api>() {
            Ok(api) => out.push(CrateFile {
                krate: SmolStr::new_static("statemap.toml"),
                version: SmolStr::default(),
                summary: String::new(),
                api: vec![api],
            }),
            Err(error) => diagnostics.push(
                Diagnostic::new(Severity::Error, "catalog-entry", format!("`[[catalog]]`: {}", error.message()))
                    .in_file(annotations::CONFIG_FILE)
                    .at_line(entry.line)
                    .help("the keys are those of the built-in catalog: kind, shape, label, paths, types, knobs"),
            ),
        }
    }
    out
}

/// A file that does not parse; one that no target reaches is worth a note only.
fn unparsed(file: &FileFacts, reached: bool) -> Option<Diagnostic> {
    let error = file.error.as_ref()?;
    let severity = if reached { Severity::Warning } else { Severity::Note };
    Some(
        Diagnostic::new(severity, "unparsed-file", format!("failed to parse: {}", error.message))
            .in_file(file.file.clone())
            .at_line(error.span.line)
            .help("the map holds what a scan of its tokens could still tell"),
    )
}

fn coverage(
    discovery: &Discovery,
    files: &[FileFacts],
    reached: &std::collections::BTreeSet<usize>,
    bodies: &[BodyFacts],
    catalog: &Catalog,
    mut skipped: Vec<SmolStr>,
    ignored: usize,
    unlinked: usize,
) -> Coverage {
    let mut unread: BTreeMap<SmolStr, usize> = BTreeMap::new();
    for name in files.iter().flat_map(|file| &file.macros_unread) {
        *unread.entry(name.clone()).or_default() += 1;
    }
    let mut macros_unread_names: Vec<(SmolStr, usize)> = unread.into_iter().collect();
    macros_unread_names.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let macros_unread = macros_unread_names.iter().map(|(_, count)| count).sum();
    macros_unread_names.truncate(20);
    let sum = |at: usize| bodies.iter().map(|body| body.counts[at]).sum::<usize>();
    let foreign: std::collections::BTreeSet<&str> = discovery
        .packages
        .iter()
        .flat_map(|package| &package.dependencies)
        .filter(|dependency| dependency.kind == DependencyKind::Normal && dependency.workspace_member.is_none())
        .map(|dependency| dependency.package.as_str())
        .collect();
    skipped.sort();
    skipped.dedup();
    Coverage {
        files: files.len(),
        lines: files.iter().map(|file| file.lines as usize).sum(),
        unparsed: files.iter().filter(|file| file.error.is_some()).count(),
        unparsed_files: files.iter().filter(|file| file.error.is_some()).map(|file| file.file.clone()).collect(),
        orphans: files.iter().enumerate().filter(|(at, _)| !reached.contains(at)).map(|(_, file)| file.file.clone()).collect(),
        left_out: discovery.left_out.len(),
        skipped,
        macros_read: files.iter().map(|file| file.macros_read as usize).sum(),
        macros_unread,
        macros_unread_names,
        calls: sum(0),
        calls_resolved: sum(1),
        receivers: sum(2),
        receivers_typed: sum(3),
        catalog_crates: catalog.crate_count().saturating_sub(1),
        unknown_crates: foreign.iter().filter(|package| !Catalog::knows(package)).count(),
        ignored,
        unlinked,
    }
}
