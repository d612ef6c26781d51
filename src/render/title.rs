//! Titles: what headings and links call an item, when its name alone says too little or another one has it, too.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Fact, FactValue, Item, ItemId, Kind};

use super::escape::{code, inline, one_line, shorten};
use super::rank::instance;

/// Names longer than this are cut.
const NAME: usize = 80;
/// Functions of these names may hold anything.
const SILENT: &[&str] = &[
    "main",
    "new",
    "run",
    "start",
    "serve",
    "build",
    "init",
    "open",
    "connect",
    "load",
    "create",
    "get",
    "setup",
    "default",
    "with",
    "make",
    "from_env",
    "from_config",
    "try_new",
    "spawn",
    "from_request",
    "inner",
    "new_inner",
    "launch",
    "requested",
    "handle",
    "execute",
];

/// What an item is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Title {
    /// What it is, where the name is that of the function in which it is made: `tokio runtime`.
    label: Option<String>,
    /// What sets it apart from others of that label: the schedule of a job.
    detail: Option<String>,
    name: String,
    /// The name is that of a function, which says what is done, and not what it is.
    is_called: bool,
    /// The first instance, and the function in which this one is made.
    instance: Option<(ItemId, String)>,
    /// Where it is, when another of its kind has the same title.
    within: Option<String>,
    /// From 2, when even its place does not tell it apart.
    number: usize,
}

impl Title {
    /// As Markdown: safe in a heading and in a link.
    pub(crate) fn markdown(&self) -> String {
        self.spell(inline, code)
    }

    /// As plain text, of which headings make their anchors.
    pub(crate) fn plain(&self) -> String {
        self.spell(str::to_owned, str::to_owned)
    }

    fn spell(&self, words: impl Fn(&str) -> String, name: impl Fn(&str) -> String) -> String {
        let mut out = match &self.label {
            Some(label) => {
                let detail = self.detail.as_deref().map(|detail| format!(" {}", name(detail))).unwrap_or_default();
                format!("{}{detail} of {}", words(label), name(&self.name))
            }
            None => name(&self.name),
        };
        if let Some((_, function)) = &self.instance {
            out = format!("{out}, another one made in {}", name(function));
        }
        if let Some(within) = &self.within {
            out = format!("{out} in {}", name(within));
        }
        if self.number > 1 {
            out = format!("{out} ({})", self.number);
        }
        out
    }

    /// As short as it can be, as plain text: what it is where its name says too little, else its name.
    pub(crate) fn short(&self) -> String {
        let says_little = |name: &str| SILENT.contains(&name.rsplit("::").next().unwrap_or_default());
        match &self.label {
            Some(label) if self.is_called || says_little(&self.name) => {
                self.detail.as_ref().map_or_else(|| label.clone(), |detail| format!("{label} {detail}"))
            }
            _ => self.name.clone(),
        }
    }

    /// The name alone, as Markdown: for a link beside words that say what it is.
    pub(crate) fn name(&self) -> String {
        code(&self.name)
    }

    /// The first instance, when this is a further one.
    pub(crate) fn first(&self) -> Option<&ItemId> {
        self.instance.as_ref().map(|(first, _)| first)
    }
}

/// The title of every item, in the order given: no two items of a kind share one, unless nothing tells them apart.
pub(crate) fn titles<'a>(items: &[&'a Item]) -> BTreeMap<&'a ItemId, Title> {
    let by_name: BTreeMap<(Kind, &str), &Item> = items.iter().rev().map(|item| ((item.kind, item.name.as_str()), *item)).collect();
    let mut titles: Vec<Title> = items.iter().map(|item| first_title(item, &by_name)).collect();
    // Each step tells more about those that still share a title.
    let mut labels: BTreeMap<(Kind, String), BTreeSet<Option<String>>> = BTreeMap::new();
    for (item, title) in items.iter().zip(&titles) {
        labels.entry((item.kind, title.plain())).or_default().insert(label(item));
    }
    tell_apart(items, &mut titles, |item, title| {
        // A field has a name of its own: what all that share it are tells none from the others.
        if title.label.is_none() && (labels[&(item.kind, title.plain())].len() > 1 || !title.name.contains('.')) {
            title.label = label(item);
        }
    });
    tell_apart(items, &mut titles, |item, title| title.detail = title.label.as_ref().and_then(|_| detail(item)));
    let mut modules: Vec<String> = items.iter().map(|item| module(item)).collect();
    let keys: Vec<(Kind, String)> = items.iter().zip(&titles).map(|(item, title)| (item.kind, title.plain())).collect();
    let files = files(items, &keys);
    let mut places: BTreeMap<&(Kind, String), BTreeSet<&str>> = BTreeMap::new();
    for (at, file) in &files {
        modules[*at].clone_from(file);
    }
    for (key, module) in keys.iter().zip(&modules) {
        places.entry(key).or_default().insert(module);
    }
    let places: BTreeMap<&(Kind, String), Among<'_>> = places.iter().map(|(key, paths)| (*key, Among::new(paths))).collect();
    for (at, title) in titles.iter_mut().enumerate() {
        // A place that all of them share tells nothing.
        let among = &places[&keys[at]];
        if among.paths.len() > 1 && !is_grouped(items[at]) {
            let end = if files.contains_key(&at) { end_of_file(&modules[at], among) } else { end_of(&modules[at], among).to_owned() };
            title.within = Some(shorten(&end, NAME).into_owned());
        }
    }
    let mut seen: BTreeMap<(Kind, String), usize> = BTreeMap::new();
    for (item, title) in items.iter().zip(&mut titles).filter(|(item, _)| !is_grouped(item)) {
        let count = seen.entry((item.kind, title.plain())).or_default();
        *count += 1;
        title.number = *count;
    }
    items.iter().map(|item| &item.id).zip(titles).collect()
}

/// Changes the titles that two items of a kind share.
fn tell_apart(items: &[&Item], titles: &mut [Title], change: impl Fn(&Item, &mut Title)) {
    let mut counts: BTreeMap<(Kind, String), usize> = BTreeMap::new();
    for (item, title) in items.iter().zip(titles.iter()) {
        *counts.entry((item.kind, title.plain())).or_default() += 1;
    }
    for (item, title) in items.iter().zip(titles) {
        if counts[&(item.kind, title.plain())] > 1 && !is_grouped(item) {
            change(item, title);
        }
    }
}

/// Items that a table groups by what they speak of: two of one name are one line there.
fn is_grouped(item: &Item) -> bool {
    matches!(item.kind, Kind::FsWrite | Kind::StartupConfig | Kind::ExternalStore)
}

fn first_title(item: &Item, by_name: &BTreeMap<(Kind, &str), &Item>) -> Title {
    let shown = |name: &str| shorten(&one_line(name), NAME).into_owned();
    if let Some((name, made_in)) = instance(item)
        && let Some(first) = by_name.get(&(item.kind, name))
    {
        return Title {
            label: None,
            detail: None,
            name: shown(name),
            is_called: false,
            instance: Some((first.id.clone(), shown(made_in))),
            within: None,
            number: 1,
        };
    }
    let called = item.id.as_str().contains('#') && matches!(item.kind, Kind::Os | Kind::ClientHeld | Kind::Telemetry | Kind::Session);
    // `Tokens.encoding` is a field, `RSA_KEY` a static: they have names of their own.
    let function = item.name.chars().all(|c| c.is_lowercase() || c.is_ascii_digit() || c == '_');
    // `healthcheck of web`: words, and the name of what they speak of.
    if let Some((label, name)) = item.name.split_once(" of ").filter(|_| item.kind == Kind::Deployment) {
        return Title {
            label: Some(label.to_owned()),
            detail: None,
            name: shown(name),
            is_called: false,
            instance: None,
            within: None,
            number: 1,
        };
    }
    // A method named with its type says what work it is, and not what it makes.
    let last = item.name.rsplit("::").next().unwrap_or_default();
    let silent = SILENT.contains(&last) && (last == item.name || item.kind != Kind::BackgroundTask);
    let says_little = silent || called && function;
    let name = match item.kind {
        // What was written is told by its path.
        Kind::FsWrite => text(item, "path").unwrap_or_else(|| item.name.to_string()),
        _ => item.name.to_string(),
    };
    Title {
        label: if says_little { label(item) } else { None },
        detail: None,
        name: shown(&name),
        is_called: called && function,
        instance: None,
        within: None,
        number: 1,
    }
}

/// What an item is, in a few plain words, from its summary: `tokio runtime`.
pub(crate) fn label(item: &Item) -> Option<String> {
    let variable = item.kind == Kind::StartupConfig && item.facts.iter().any(|fact| fact.key == "env");
    if variable || matches!(item.kind, Kind::ExternalStore | Kind::FsWrite | Kind::Deployment) {
        return None;
    }
    if let Some(program) = text(item, "program").filter(|program| item.kind == Kind::Os && is_word(program)) {
        return Some(format!("{program} process"));
    }
    let line = one_line(&item.summary);
    let first = line.split(", ").next().unwrap_or_default();
    let first = first.split(" of type ").next().unwrap_or_default();
    let first = first.split(" of the ").next().unwrap_or_default();
    let first = first.split(" (").next().unwrap_or_default().trim();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '-' | '.' | '+' | '/');
    (!first.is_empty() && first.len() <= 40 && first.chars().all(plain)).then(|| first.to_owned())
}

/// A program by its name or path.
fn is_word(program: &str) -> bool {
    program.len() <= 40 && program.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/'))
}

/// What sets an item apart: the schedule of a job, the signal of a handler.
fn detail(item: &Item) -> Option<String> {
    let detail =
        ["schedule", "cron", "period", "interval", "signal", "cookie_name", "name", "address"].iter().find_map(|key| text(item, key))?;
    let detail = one_line(&detail);
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '*' | '/' | ',' | '-' | ':' | '(' | ')' | '.');
    (detail.len() <= 40 && detail.chars().all(plain)).then_some(detail)
}

fn text(item: &Item, key: &str) -> Option<String> {
    let fact: &Fact = item.facts.iter().find(|fact| fact.key == key)?;
    match &fact.value {
        Some(FactValue::Text(text)) => Some(text.clone()),
        Some(value) => Some(value.to_string()),
        None => fact.from.clone(),
    }
}

/// The places of what shares a title. How many of their last parts tell them apart is the same for each, and found once.
struct Among<'a> {
    paths: &'a BTreeSet<&'a str>,
    told_by: RefCell<BTreeMap<usize, bool>>,
    by_crate: OnceCell<bool>,
}

impl<'a> Among<'a> {
    fn new(paths: &'a BTreeSet<&'a str>) -> Self {
        Self { paths, told_by: RefCell::default(), by_crate: OnceCell::new() }
    }

    /// Whether no two of them end in the same so many parts.
    fn are_told_by(&self, count: usize) -> bool {
        let distinct = || self.paths.iter().map(|path| tail(path, count)).collect::<BTreeSet<&str>>().len() == self.paths.len();
        *self.told_by.borrow_mut().entry(count).or_insert_with(distinct)
    }

    /// Whether no two of them are of one crate.
    fn are_told_by_crate(&self) -> bool {
        let distinct = || self.paths.iter().map(|path| krate(path)).collect::<BTreeSet<&str>>().len() == self.paths.len();
        *self.by_crate.get_or_init(distinct)
    }
}

/// The last so many parts of a path.
fn tail(path: &str, count: usize) -> &str {
    let start = path.rmatch_indices("::").nth(count - 1).map_or(0, |(at, _)| at + 2);
    &path[start..]
}

fn krate(path: &str) -> &str {
    path.split("::").next().unwrap_or(path)
}

/// The end of a path that tells it from the others, with the type of a method.
fn end_of<'a>(path: &'a str, among: &Among<'_>) -> &'a str {
    let segments = path.split("::").count();
    let of_type = |count: usize| path.rsplit("::").nth(count).is_some_and(|owner| owner.starts_with(char::is_uppercase));
    match (1..segments).find(|count| !of_type(*count) && among.are_told_by(*count)) {
        Some(count) => tail(path, count),
        // Alike to the end in several crates: the crate says it.
        None if among.are_told_by_crate() => krate(path),
        None => path,
    }
}

/// As many folders of a file as tell it from the others.
fn end_of_file(file: &str, among: &Among<'_>) -> String {
    match (1..file.split("::").count()).find(|count| among.are_told_by(*count)) {
        Some(count) => tail(file, count).replace("::", "/"),
        None => file.replace("::", "/"),
    }
}

fn function(item: &Item) -> String {
    let id = item.id.as_str();
    let path = id.split_once(':').map_or(id, |(_, path)| path);
    one_line(path.split_once('#').map_or(path, |(function, _)| function))
}

/// The files of what manifests declare, where each file declares one of a title: in the form of a path of modules, by position.
fn files(items: &[&Item], keys: &[(Kind, String)]) -> BTreeMap<usize, String> {
    let file = |at: usize| items[at].site().map(|site| one_line(&site.place.file).replace('/', "::"));
    let mut found: BTreeMap<(&str, String), Vec<usize>> = BTreeMap::new();
    for at in (0..items.len()).filter(|at| items[*at].kind == Kind::Deployment) {
        if let Some(file) = file(at) {
            found.entry((&keys[at].1, file)).or_default().push(at);
        }
    }
    let shared: BTreeSet<&str> = found.iter().filter(|(_, all)| all.len() > 1).map(|((title, _), _)| *title).collect();
    let alone = found.iter().filter(|((title, _), _)| !shared.contains(title));
    alone.flat_map(|((_, file), all)| all.iter().map(|at| (*at, file.clone()))).collect()
}

fn module(item: &Item) -> String {
    let function = function(item);
    let name = instance(item).map_or(item.name.as_str(), |(_, function)| function);
    // A name that is the end of a longer one (`server` of `http_server`) is not the function.
    let name = name.replace('.', "::");
    let module = function.strip_suffix(&name).filter(|module| module.is_empty() || module.ends_with("::"));
    let module = module.map_or(function.as_str(), |module| module.trim_end_matches("::"));
    if module.is_empty() { function } else { module.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{item, made};
    use super::*;

    fn shown(items: &[Item]) -> Vec<String> {
        let items: Vec<&Item> = items.iter().collect();
        let titles = titles(&items);
        items.iter().map(|item| titles[&item.id].markdown()).collect()
    }

    #[test]
    fn a_name_that_says_nothing_gets_what_it_is() {
        let runtime =
            made(item("pool:api::main#tokio::main", "main", "tokio runtime, worker threads CPU count"), "src/main.rs:8", "api::main");
        let named = item("pool:api::db", "db", "sqlx Postgres pool, at most 10 connections");
        assert_eq!(shown(&[runtime.clone(), named]), ["tokio runtime of `main`", "`db`"]);
        let other = Item { id: ItemId("pool:worker::main#tokio::main".into()), ..runtime.clone() };
        assert_eq!(shown(&[runtime, other]), ["tokio runtime of `main` in `api`", "tokio runtime of `main` in `worker`"]);
    }

    #[test]
    fn the_place_of_an_item_keeps_the_whole_name_of_its_function() {
        let server = |function: &str| item(&format!("background-task:{function}#actix_web::HttpServer"), "server", "HTTP server");
        let both = [server("shop::open_http_server"), server("shop::metrics::server")];
        assert_eq!(shown(&both), ["HTTP server of `server` in `open_http_server`", "HTTP server of `server` in `metrics`"]);
    }

    #[test]
    fn a_second_instance_points_at_the_first() {
        let first = item("pool:x::Mailer::new#T", "Mailer.transport", "SMTP pool");
        let second = item("pool:x::main#T", "Mailer.transport in main", "SMTP pool");
        assert_eq!(shown(&[first, second.clone()]), ["`Mailer.transport`", "`Mailer.transport`, another one made in `main`"]);
        assert_eq!(shown(&[second]), ["`Mailer.transport in main`"]);
    }

    #[test]
    fn a_place_is_told_by_its_end_as_far_as_it_differs() {
        let of = |id: &str| item(id, "out_tx", "tokio mpsc channel, at most 4 messages");
        let long = "service_of_the_whole_company::grpc::a_module_with_a_long_name";
        let items = [
            of(&format!("queue:{long}::Downloads::list#c")),
            of(&format!("queue:{long}::Downloads::sync#c")),
            of(&format!("queue:{long}::Uploads::sync#c")),
            of("queue:service_of_the_whole_company::list#c"),
        ];
        let told = ["Downloads::list", "Downloads::sync", "Uploads::sync", "service_of_the_whole_company::list"];
        assert_eq!(shown(&items), told.map(|place| format!("tokio mpsc channel of `out_tx` in `{place}`")));
    }

    #[test]
    fn a_field_of_one_name_in_several_crates_is_told_by_the_crate() {
        let of = |krate: &str| item(&format!("cache:{krate}::pool::Names::by_id"), "Names.by_id", "cache, no bound or expiry");
        assert_eq!(shown(&[of("mysql"), of("postgres")]), ["`Names.by_id` in `mysql`", "`Names.by_id` in `postgres`"]);
        let near = item("cache:mysql::read::Names::by_id", "Names.by_id", "moka cache");
        assert_eq!(shown(&[of("mysql"), near]), ["cache of `Names.by_id`", "moka cache of `Names.by_id`"]);
    }

    #[test]
    fn jobs_of_one_function_are_told_apart_by_their_schedule() {
        let job = |id: &str, schedule: &str| {
            let mut job = item(id, "schedule_jobs", "cron job");
            job.facts.push(Fact {
                key: "schedule".into(),
                value: Some(schedule.into()),
                unit: None,
                provenance: crate::model::Provenance::Code,
                at: None,
                from: None,
                set: Vec::new(),
            });
            job
        };
        let jobs = [job("background-task:w::jobs#a", "0 0 3 * * *"), job("background-task:w::jobs#a-2", "0 5 * * * *")];
        assert_eq!(shown(&jobs), ["cron job `0 0 3 * * *` of `schedule_jobs`", "cron job `0 5 * * * *` of `schedule_jobs`"]);
    }

    #[test]
    fn what_several_manifests_declare_is_told_by_their_files() {
        let of = |id: &str, file: &str| made(item(&format!("deployment:{id}"), "./limits.yaml", "file of the host"), file, "x");
        let apart = [
            of("dev/disk.yaml/limits", "dev/disk.yaml:4"),
            of("prod/disk.yaml/limits", "prod/disk.yaml:4"),
            of("c.yaml/limits", "c.yaml:9"),
        ];
        assert_eq!(shown(&apart), ["dev/disk.yaml", "prod/disk.yaml", "c.yaml"].map(|file| format!("`./limits.yaml` in `{file}`")));
        // Two of one file are told by what they belong to.
        let stages = [of("Dockerfile/gnu", "Dockerfile:4"), of("Dockerfile/musl", "Dockerfile:9")];
        assert_eq!(shown(&stages), ["Dockerfile/gnu", "Dockerfile/musl"].map(|part| format!("`./limits.yaml` in `{part}`")));
    }
}
