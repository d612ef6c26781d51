//! The stages in order: from a tree to its state map.

mod coverage;
mod inputs;
mod macros;
mod parsed;
mod reading;
mod statements;

pub use parsed::Parsed;

use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;
use smol_str::SmolStr;

use crate::annotations::{self, CatalogEntry, Config, FileComments, Knowledge, ServiceConfig};
use crate::assess::{self, Assessed, Subject};
use crate::cache::{self, Kept, Recorded};
use crate::catalog::{Catalog, CrateFile};
use crate::detect::{self, Commands, Cx, LeftOut, Mentions, OpenEnvironment, Uses};
use crate::discover::{self, DiscoverOptions, Discovery, Include};
use crate::facts::{Body, FileFacts, ItemKind};
use crate::join::{self, Code, Joined};
use crate::lifecycle;
use crate::manifests::{self, deployed::Deployed};
use crate::merge::{self, redact};
use crate::model::{About, Diagnostic, Item, SCHEMA, Service, Severity, StateMap, ToolInfo};
use crate::parse::ParseOptions;
use crate::progress::{Progress, Silent, Stage};
use crate::resolve::{self, BodyFacts, DefId, Flow, World};
use crate::schema;
use crate::settings;
use crate::source::{ReadError, Revision, Tree};
use crate::what_if::{self, Change};

/// syn's tree is as deep as the code is nested; see `parse`.
const STACK_BYTES: usize = 16 * 1024 * 1024;

/// Most bodies that a thread takes at once.
const PIECE: usize = 32;

/// What an analysis is asked for.
#[derive(Clone, Debug)]
pub struct Options {
    /// Targets beside libraries and binaries.
    pub include: Include,
    /// Threads; as many as there are processors when `None`.
    pub threads: Option<usize>,
    /// Today, for annotations that expire.
    pub today: jiff::civil::Date,
    /// What is taken to be deployed otherwise; empty for what is.
    pub what_if: Vec<Change>,
}

/// What an analysis yields.
pub struct Analysis {
    /// The map.
    pub map: StateMap,
    /// What the deployment files start, as data; none when the map is that of an earlier run.
    pub deployed: Option<Deployed>,
    /// What people configured.
    pub config: Config,
    /// Something could not be read at all: the exit code says so.
    pub unreadable: bool,
    /// `statemap.toml` is wrong: nothing should be written.
    pub bad_config: bool,
    /// There is no Rust in the tree.
    pub no_rust: bool,
    rest: Rest,
}

impl Analysis {
    /// Gives back now what the map was made of, and keeps the map: for whoever has more to analyse.
    pub fn let_go(&self) {
        self.rest.let_go();
    }

    /// Leaves it to the end of the process, which gives all back at once: for whoever has nothing more to analyse.
    pub fn leave(&self) {
        std::mem::forget(self.rest.take());
    }
}

/// What the map was made of: many small pieces of memory, which take as long to give back as a stage. It is not done while the map is
/// written: the last owner hands it to a thread of its own.
#[derive(Default)]
struct Rest(Mutex<Option<Box<dyn Send>>>);

impl Rest {
    /// Has something else kept as long: the threads, which would tidy up what they leave behind while the map is written.
    fn keep(&mut self, more: impl Send + 'static) {
        let rest = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        *rest = Some(Box::new((rest.take(), more)));
    }

    fn take(&self) -> Option<Box<dyn Send>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn let_go(&self) {
        if let Some(rest) = self.take() {
            // Without a thread it is given back here, with the closure. What nests deep was made on such a stack, too.
            let _ = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(move || drop(rest));
        }
    }
}

impl Drop for Rest {
    fn drop(&mut self) {
        self.let_go();
    }
}

/// Analyses a tree.
///
/// # Errors
/// When the catalog is broken or the threads cannot be started; what is wrong with the tree is a diagnostic.
pub fn analyze(tree: &dyn Tree, revision: &Revision, options: &Options) -> anyhow::Result<Analysis> {
    analyze_with(tree, revision, options, &Silent)
}

/// Analyses a tree and tells how far it is.
///
/// # Errors
/// As [`analyze`].
pub fn analyze_with(tree: &dyn Tree, revision: &Revision, options: &Options, progress: &dyn Progress) -> anyhow::Result<Analysis> {
    on_threads(options, || run(tree, discovered(tree, options, progress), revision, options, progress, Known::default()))
}

/// As [`analyze_with`], or what an earlier run on the same files has found.
///
/// # Errors
/// As [`analyze`].
pub fn analyze_kept(
    tree: &dyn Tree,
    revision: &Revision,
    options: &Options,
    progress: &dyn Progress,
    kept: &Kept<'_>,
) -> anyhow::Result<Analysis> {
    on_threads(options, || {
        let recorded = Recorded::new(tree);
        let parse_options = parse_options(options);
        let (discovery, found) = rayon::join(|| discovered(&recorded, options, progress), || kept.find(tree, &parse_options));
        if let Some((map, no_rust)) = found.and_then(|found| kept.take(found, &discovery, revision)) {
            let (config, _) = config(tree);
            return Ok(Analysis { map, deployed: None, config, unreadable: false, bad_config: false, no_rust, rest: Rest::default() });
        }
        let digest = cache::digest(&discovery);
        let analysis = run(&recorded, discovery, revision, options, progress, Known { recorded: Some(&recorded), ..Known::default() })?;
        kept.keep(recorded, digest, &analysis);
        Ok(analysis)
    })
}

/// As [`analyze_with`], for one of several trees that are much alike: files that another analysis with the same options has parsed
/// are not parsed again.
///
/// # Errors
/// As [`analyze`].
pub fn analyze_alike(
    tree: &dyn Tree,
    revision: &Revision,
    options: &Options,
    progress: &dyn Progress,
    parsed: &Parsed,
) -> anyhow::Result<Analysis> {
    let known = Known { parsed: Some(parsed), recorded: None };
    let analysis = on_threads(options, || run(tree, discovered(tree, options, progress), revision, options, progress, known))?;
    // The others follow.
    analysis.let_go();
    Ok(analysis)
}

/// Runs an analysis on threads of its own, which are given back with what the map was made of.
fn on_threads(options: &Options, run: impl FnOnce() -> anyhow::Result<Analysis> + Send) -> anyhow::Result<Analysis> {
    let pool = pool(options.threads)?;
    let mut analysis = pool.install(run)?;
    analysis.rest.keep(pool);
    Ok(analysis)
}

/// Threads with the stack that parsing needs; as many as there are processors when `None`.
pub(crate) fn pool(threads: Option<usize>) -> anyhow::Result<rayon::ThreadPool> {
    let mut pool = rayon::ThreadPoolBuilder::new().stack_size(STACK_BYTES).thread_name(|at| format!("statemap-{at}"));
    if let Some(threads) = threads {
        pool = pool.num_threads(threads);
    }
    Ok(pool.build()?)
}

/// What is there to analyse.
fn discovered(tree: &dyn Tree, options: &Options, progress: &dyn Progress) -> Discovery {
    progress.stage(Stage::Discover);
    discover::discover(tree, &DiscoverOptions { include: options.include })
}

/// How files are parsed.
fn parse_options(options: &Options) -> ParseOptions {
    ParseOptions { include_tests: options.include.tests, ..ParseOptions::default() }
}

/// What is known from elsewhere, or is to be known elsewhere.
#[derive(Clone, Copy, Default)]
struct Known<'a> {
    /// What was parsed for another tree.
    parsed: Option<&'a Parsed>,
    /// What notes what is read, for what is kept.
    recorded: Option<&'a Recorded<'a>>,
}

/// What people configured, with what is wrong with it.
fn config(tree: &dyn Tree) -> (Config, Vec<Diagnostic>) {
    match tree.read(annotations::CONFIG_FILE) {
        Ok(text) => annotations::load(annotations::CONFIG_FILE, &text),
        Err(ReadError::Missing) => (Config::default(), Vec::new()),
        Err(error) => (Config::default(), vec![error.diagnostic(annotations::CONFIG_FILE)]),
    }
}

fn run(
    tree: &dyn Tree,
    discovery: Discovery,
    revision: &Revision,
    options: &Options,
    progress: &dyn Progress,
    known: Known<'_>,
) -> anyhow::Result<Analysis> {
    let (config, mut diagnostics) = config(tree);
    let own_catalog = own_catalog(&config);

    let services = inputs::services(&discovery, &config, &mut diagnostics);
    let bad_config = diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    let inputs = inputs::crate_inputs(&discovery.packages, &services);
    progress.stage(Stage::Parse);
    let parse_options = parse_options(options);
    let (read, (manifests, schema)) = rayon::join(
        || reading::read(tree, &discovery, &inputs, &parse_options, progress, known),
        || rayon::join(|| manifests::read(tree, &discovery), || schema::read(tree, &discovery)),
    );
    let files = &read.files;

    progress.stage(Stage::Resolve);
    let (catalog, (mut program, links)) =
        rayon::join(|| Catalog::load(packages_of(&discovery).chain(named_in_uses(files)), own_catalog), || resolve::link(files, &inputs));
    let catalog = catalog?;
    let this = resolve::attach(&mut program, &catalog);
    let signatures = resolve::signatures(&program, &catalog, this);
    let world = World { program: &program, signatures: &signatures, catalog: &catalog };
    let with_body: Vec<(DefId, &Body)> = program.all_defs().filter_map(|(id, def)| Some((id, resolve::body_of(def.item)?))).collect();
    progress.expect(with_body.len());
    let facts = |(id, body): &(DefId, &Body)| {
        progress.advance(1);
        resolve::body_facts(world, *id, body)
    };
    // One of known length is filled in its place. In small pieces: else the last large one is worked on by one thread alone.
    let mut bodies: Vec<BodyFacts> = with_body.par_iter().with_max_len(PIECE).map(facts).collect();
    statements::take_in(tree, &program, &discovery, &mut bodies);
    resolve::follow_receivers(&mut bodies);
    let left_out = LeftOut::new(world, &bodies);
    let (mut flow, uses) =
        rayon::join(|| Flow::new(world, &bodies, |caller| !left_out.has(world, caller)), || Uses::new(world, left_out.run(world, &bodies)));
    let settings = {
        let run: Vec<&BodyFacts> = left_out.run(world, &bodies).filter(|body| !left_out.is_dead(world, body.def)).collect();
        settings::read(tree, &discovery, world, &flow, &run)
    };
    settings.hand_over(&mut flow);
    progress.stage(Stage::Detect);
    let cx = Cx::new(world, &flow, &bodies, left_out, uses);
    let mut findings = detect::detect(&cx);
    settings::tell(&cx, &settings, &mut findings);
    // State belongs to a service: what no binary links (fakes for tests, tools) is left out.
    findings.retain(|finding| program.is_linked(finding.def));
    diagnostics.extend(detect::leave_out_exported(&cx, &mut findings));
    let wanted = &config.service.crates;
    if !wanted.is_empty() {
        findings.retain(|finding| wanted.iter().any(|krate| *krate == *program.krate(resolve::krate_of(world, finding.def)).input.name));
    }
    progress.stage(Stage::Join);
    let mut items = merge::merge(&cx, findings);
    schema::join(&mut items, &schema, &discovery, &services);
    let mut drawn = manifests::draw(&manifests, tree, &services, &manifests::Code::of(&items));
    items.extend(std::mem::take(&mut drawn.items));
    diagnostics.append(&mut drawn.diagnostics);
    // What names nothing that is there changes nothing; whoever asks is told by `what_if::apply` beforehand.
    if !options.what_if.is_empty()
        && let Ok(changed) = what_if::apply(&drawn.deployed, &services, &options.what_if)
    {
        drawn.deployed = changed;
    }
    items.sort_by(|a, b| a.kind.cmp(&b.kind).then_with(|| a.id.cmp(&b.id)));
    settings::tell_variables(&settings, &mut items);
    let joined = joined(&cx, &mut items, &drawn.deployed, &services, manifests.unevaluated > 0);

    let names: Vec<SmolStr> = services.iter().map(|service| service.name.clone()).collect();
    let of_settings = settings.comments.iter().map(|one| FileComments {
        file: &one.file,
        comments: &one.comments,
        text: None,
        sections: Some(&one.sections),
    });
    let is_settings = |file: &SmolStr| settings.comments.iter().any(|one| one.file == *file);
    let of_manifests = manifests.comments.iter().filter(|(file, _)| !is_settings(file));
    let of_manifests = of_manifests.map(|(file, comments)| FileComments { file, comments, text: None, sections: None });
    let comments: Vec<FileComments<'_>> = files
        .iter()
        .filter(|file| !file.comments.is_empty())
        .map(|file| FileComments { file: &file.file, comments: &file.comments, text: None, sections: None })
        .chain(of_manifests)
        .chain(of_settings)
        .collect();
    let knowledge = Knowledge { config: &config, comments: &comments, services: &names, today: options.today };
    let applied = annotations::apply(&mut items, &knowledge, &mut diagnostics);
    let lifecycles = lifecycle::lifecycles(&cx, &items, &drawn.deployed, &services);
    let in_config = |found: &Diagnostic| found.severity == Severity::Error && found.file.as_deref() == Some(annotations::CONFIG_FILE);
    let bad_config = bad_config || diagnostics.iter().any(in_config);

    let diagnosed = discovery.diagnostics.iter().chain(&read.diagnostics).chain(&manifests.diagnostics).chain(&settings.diagnostics);
    diagnostics.extend(diagnosed.cloned());
    diagnostics.extend(joined.diagnostics);
    diagnostics.extend(links.diagnostics);
    diagnostics.extend(files.iter().enumerate().filter_map(|(at, file)| unparsed(file, links.reached.contains(&at))));
    progress.stage(Stage::Assess);
    let capacity = assess::capacity(&items, &joined.held, &drawn.deployed);
    let subject = Subject {
        items: &items,
        services: &services,
        deployed: &drawn.deployed,
        landed: &joined.landed,
        lifecycles: &lifecycles,
        capacity: &capacity,
    };
    let Assessed { hazards, diagnostics: assessed, verdicts, replications, not_deployed } = assess::assess(&subject);
    for (item, replication) in items.iter_mut().zip(replications) {
        item.replication = replication;
    }
    assess::tell_items(&mut items, &hazards);
    diagnostics.extend(assessed);
    diagnostics.sort();
    diagnostics.dedup();
    let coverage = coverage::coverage(coverage::Seen {
        discovery: &discovery,
        read: &read,
        manifests: &manifests,
        settings: &settings,
        unread: reading::unread(&discovery, &inputs, &read, |at| links.reached.contains(&at)),
        bodies: &bodies,
        catalog: &catalog,
        ignored: applied.ignored.len(),
        not_deployed,
        unlinked: program.krates.iter().filter(|krate| krate.input.services.is_empty()).count(),
    });
    let map = StateMap {
        schema: SCHEMA,
        tool: ToolInfo { name: SmolStr::new_static("statemap"), version: SmolStr::new_static(env!("CARGO_PKG_VERSION")) },
        revision: revision.commit.clone(),
        repository: revision.repository.clone(),
        about: about(&config, revision),
        services,
        items,
        deployments: joined.deployments,
        environments: joined.environments,
        lifecycles,
        capacity,
        verdicts,
        hazards,
        diagnostics,
        coverage,
    };
    let no_rust = discovery.no_rust();
    let gathered = cx.own_parts();
    let linked = program.own_parts();
    let unreadable = discovery.unreadable || read.unreadable || manifests.unreadable || settings.unreadable;
    let rest = Rest(Mutex::new(Some(Box::new((read, manifests, bodies, flow, signatures, discovery, gathered, linked)))));
    Ok(Analysis { map, deployed: Some(drawn.deployed), config, unreadable, bad_config, no_rust, rest })
}

/// What people and the repository say of the tree as a whole.
fn about(config: &Config, revision: &Revision) -> About {
    let ServiceConfig { name, description, owner, site, .. } = config.service.clone();
    let folder = Some(revision.prefix.clone()).filter(|folder| !folder.is_empty());
    let shown = |text: Option<String>| text.as_deref().map(redact::text);
    About { name: shown(name), description: shown(description), owner: shown(owner), site: shown(site), folder }
}

/// Joins the items with what is deployed; the texts of the code are searched only for what manifests name.
fn joined(cx: &Cx<'_>, items: &mut [Item], deployed: &Deployed, services: &[Service], partly: bool) -> Joined {
    let own = || deployed.workloads.iter().flat_map(|workload| &workload.containers);
    let paths = own().flat_map(|container| &container.asked).map(|asked| join::plain_path(&asked.path));
    let names = own().flat_map(|container| &container.env).map(|variable| variable.name.as_str());
    let asks = !deployed.workloads.is_empty();
    let (mentions, open) =
        rayon::join(|| Mentions::new(cx, paths, names), || if asks { OpenEnvironment::new(cx) } else { OpenEnvironment::default() });
    let commands = Commands::new(cx);
    let code = Code {
        services,
        partly,
        answers: &|service, path| mentions.may_answer(service, path),
        makes: &|service, command, item| commands.makes(service, command, item),
        reads: &|service, variable| open.may_read(service, variable) || mentions.may_read(service, variable),
    };
    join::join(items, deployed, &code)
}

/// Crates that reach the tree through another crate only: `use other::reqwest::Client`.
fn named_in_uses(files: &[FileFacts]) -> impl Iterator<Item = &str> {
    let uses = files.iter().flat_map(|file| &file.items).filter_map(|item| match &item.kind {
        ItemKind::Use(leaves) => Some(leaves),
        _ => None,
    });
    uses.flatten().flat_map(|leaf| leaf.path.iter().skip(1)).map(SmolStr::as_str).filter(|name| Catalog::knows(name))
}

/// Packages whose catalog files are needed.
fn packages_of(discovery: &Discovery) -> impl Iterator<Item = &str> {
    discovery.packages.iter().flat_map(|package| package.dependencies.iter().map(inputs::known_as))
}

/// `[[catalog]]` entries of the user's as files.
fn own_catalog(config: &Config) -> Vec<CrateFile> {
    let file = |entry: &CatalogEntry| CrateFile {
        krate: SmolStr::new_static("statemap.toml"),
        version: SmolStr::default(),
        summary: String::new(),
        default_features: Vec::new(),
        api: vec![entry.api.clone()],
    };
    config.catalog.iter().map(file).collect()
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
