//! From an item to what its block, or its line in a table, shows.

use crate::model::{
    Access, Annotation, Class, Confidence, EntryKind, EntryPoint, Fact, FactValue, Item, Kind, Place, Provenance, Role, Scope, SetBy, Site,
    Total, Use,
};

use super::docs::{DocContext, description};
use super::escape::{code, code_short, inline, one_line, path_target, prose};
use super::files::relative;
use super::html::search_words;
use super::layout::{Layout, first_few};
use super::rank::default_rank;
use super::row_view::relying;
use super::settings_view;
use super::verdict::copies;
use super::view::{AnnotationLine, FactView, FactsView, ItemView, SetView, SiteView, TotalView, UsesView};
use super::words::{counted, in_order, is_loss, kept, label, store_name, thousands, value};

/// How much of an item is told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    /// Functions that use it.
    uses: usize,
    /// Routes and tasks on whose way it is used.
    entries: usize,
    /// Places of one role.
    sites: usize,
    /// The library's defaults.
    defaults: usize,
    /// Facts whose value is not known.
    unknown: usize,
    /// Facts that manifests give.
    manifest: usize,
    /// Pools and clients of a store.
    relying: usize,
}

/// Among others on a page.
pub(crate) const BLOCK: Room = Room { uses: 5, entries: 4, sites: 4, defaults: 8, unknown: 6, manifest: 16, relying: 6 };
/// On a page of its own.
pub(crate) const PAGE: Room = Room { uses: 60, entries: 60, sites: 40, defaults: 40, unknown: 40, manifest: 80, relying: 40 };
/// Facts that say in words what the code does with an item.
pub(crate) const BEHAVIOUR: &[&str] = &[
    "grows",
    "shrinks",
    "swept",
    "changes",
    "warmed",
    "memoised",
    "invalidated",
    "timeout_at_call",
    "timeout_at_some_calls",
    "set_before_await",
    "decides",
];
/// At most so many places that give a value are shown.
const SET: usize = 4;

/// An item with a heading of its own.
pub(crate) fn item_view(layout: &Layout<'_>, item: &Item, page: &str, level: usize, room: Room) -> ItemView {
    let spot = layout.spot(&item.id);
    let first = layout.first_instance(item);
    // What was told of the first instance is not told again.
    let repeats = first.is_some_and(|first| same_facts(first, item));
    let mut named = None;
    let (declared, more_declared) = sites(layout, item, Role::Declared, page, room.sites, &mut named);
    let (constructed, more_constructed) = sites(layout, item, Role::Constructed, page, room.sites, &mut named);
    let (written, more_written) = sites(layout, item, Role::Written, page, room.sites, &mut named);
    let annotation = item.annotation.as_ref();
    let relying = if item.kind == Kind::ExternalStore { relying(layout, item) } else { Vec::new() };
    let (reached_by, reached_by_more) = layout.some(&relying, room.relying, page);
    let doc_file = item.site().map_or("", |site| site.place.file.as_str());
    let doc = item.doc.as_deref().map(|doc| description(doc, &DocContext { links: &layout.links, page, file: doc_file }));
    ItemView {
        id: code(item.id.as_str()),
        words: search_words(item.id.as_str()),
        kind: item.kind.as_str(),
        hashes: "#".repeat(level),
        name: layout.title(item),
        first: first.map(|first| layout.link(first, page)),
        repeats,
        anchor: spot.filter(|spot| spot.explicit).map(|spot| spot.anchor.clone()),
        summary: match annotation.and_then(|annotation| annotation.summary.as_deref()) {
            Some(summary) => sentence(summary),
            None => summary_sentence(item),
        },
        doc: doc.filter(|doc| !doc.is_empty()),
        ty: item.ty.as_deref().filter(|ty| !ty.trim().is_empty()).map(|ty| code_short(ty, 120)),
        settings: if repeats { None } else { settings_view::settings(layout, item, page) },
        facts: if repeats { FactsView::default() } else { facts(layout, item, page, room) },
        copies: copies(item),
        totals: item.totals.iter().map(|total| total_view(layout, total, page)).collect(),
        declared,
        made: item.made(),
        constructed,
        written,
        sites_more: more_declared + more_constructed + more_written,
        readers: uses(layout, item, Access::Read, page, room.uses),
        writers: uses(layout, item, Access::Write, page, room.uses),
        read_from: entries(layout, item, Access::Read, page, room.entries),
        changed_from: entries(layout, item, Access::Write, page, room.entries),
        backs_on: item.backs_on.as_deref().map(|store| store_link(layout, store, page)),
        reached_by,
        reached_by_more,
        cfg: item.cfg.as_deref().map(prose),
        hides: item.hides.as_deref().filter(|_| !repeats).map(|hides| clause(&in_order(hides))),
        lost: annotation
            .is_none_or(|annotation| annotation.on_loss.is_none())
            .then(|| lost(item).map(|lost| clause(&lost)))
            .flatten()
            .filter(|_| !repeats),
        loses: lost(item).as_deref().is_some_and(is_loss),
        same_as: None,
        confidence: doubt(item),
        constant: item.class == Class::Constant,
        in_process: matches!(item.scope, Scope::Process | Scope::Thread | Scope::Task),
        services: layout.services(item).iter().map(|name| layout.service_link(name, page)).collect(),
        untied: item.kind == Kind::Deployment && item.services.is_empty(),
        annotation: annotation.map(|annotation| annotation_lines(layout, annotation, page)).unwrap_or_default(),
        annotated_at: annotation.map(|annotation| places(layout, &annotation.places, page)).unwrap_or_default(),
        hazards: item.hazards.iter().map(|rule| layout.hazard_link(rule, page)).collect(),
        symptoms: symptoms(layout, item, page),
        scope: item.scope.as_str(),
        page: spot.filter(|spot| spot.own_page && spot.page != page).map(|spot| relative(page, &spot.page)),
    }
}

/// What one may see of an item, linked; on a page that tells everything, symptoms stand below and name their items.
fn symptoms(layout: &Layout<'_>, item: &Item, page: &str) -> Vec<String> {
    layout
        .caused_by(item)
        .filter_map(|(symptom, _)| Some(format!("[{}]({})", symptom.parts().title, layout.incident_target(symptom.id, page)?)))
        .collect()
}

/// What is lost with an item: from the catalog, else what its kind implies.
pub(crate) fn lost(item: &Item) -> Option<String> {
    let begins = item.facts.iter().find(|fact| fact.key == Fact::BEGINS_WITH).and_then(|fact| fact.value.as_ref());
    let loaded = || match (begins, kept(item)) {
        (Some(begins), Some(_)) if matches!(item.kind, Kind::SharedState | Kind::Session) => {
            Some(format!("Set again to {begins}; what has changed since is lost where nothing else keeps it"))
        }
        _ => None,
    };
    item.lost.clone().or_else(loaded).or_else(|| kept(item).map(str::to_owned))
}

/// Whether two instances are set in the same way.
fn same_facts(first: &Item, second: &Item) -> bool {
    let told = |item: &Item| {
        let mut told: Vec<String> = item
            .facts
            .iter()
            .filter(|fact| fact.key != "type")
            .map(|fact| format!("{} {:?} {:?}", fact.key, fact.value, fact.from))
            .collect();
        told.sort();
        told
    };
    told(first) == told(second)
}

/// The store behind an item, linked when it has an item of its own.
pub(crate) fn store_link(layout: &Layout<'_>, store: &str, page: &str) -> String {
    let name = store_name(store);
    let target = match layout.store_page(store) {
        Some(own_page) => Some(relative(page, &own_page)).filter(|target| !target.is_empty()),
        None => layout.store(store).and_then(|item| layout.target(&item.id, page)),
    };
    match target {
        Some(target) => format!("[{name}]({target})"),
        None => name,
    }
}

/// A sentence: first letter in upper case unless it is code, full stop at the end.
pub(crate) fn sentence(text: &str) -> String {
    let line = one_line(text);
    let first_word = line.split(' ').next().unwrap_or_default();
    let plain = first_word.chars().all(|c| c.is_ascii_lowercase());
    let line = if plain { super::words::capitalized(&line) } else { line };
    let stop = if line.is_empty() || line.ends_with(['.', '!', '?', '…', ':']) { "" } else { "." };
    format!("{}{stop}", prose(&line))
}

/// The summary of an item as a sentence. A crate at its start keeps its spelling: `sqlx Postgres pool`.
pub(crate) fn summary_sentence(item: &Item) -> String {
    let first = item.summary.split_whitespace().next().unwrap_or_default();
    let crate_path = format!("{first}::");
    // What is called stands behind the `#`; a module of the service may be named like the first word.
    let called = item.id.as_str().split_once('#').map_or("", |(_, called)| called);
    let names_crate = called.starts_with(&crate_path) || item.ty.as_deref().is_some_and(|ty| ty.contains(&crate_path));
    if names_crate { format!("{}.", clause(&item.summary)) } else { sentence(&item.summary) }
}

/// A part of a sentence: no full stop at the end.
pub(crate) fn clause(text: &str) -> String {
    prose(one_line(text).trim_end_matches('.'))
}

pub(crate) fn doubt(item: &Item) -> Option<&'static str> {
    (item.confidence != Confidence::Certain).then(|| item.confidence.as_str())
}

pub(crate) fn places(layout: &Layout<'_>, places: &[Place], page: &str) -> Vec<String> {
    places.iter().map(|place| layout.links.place(page, &place.file, place.line)).collect()
}

/// The sites of one role, and how many are left out. `named` is the file that was named last.
fn sites<'a>(
    layout: &Layout<'_>,
    item: &'a Item,
    role: Role,
    page: &str,
    at_most: usize,
    named: &mut Option<&'a str>,
) -> (Vec<SiteView>, usize) {
    let mut found: Vec<&Site> = item.sites.iter().filter(|site| site.role == role).collect();
    found.dedup_by_key(|site| (&site.place.file, site.place.line));
    let (shown, more) = first_few(found.len(), at_most);
    let mut views = Vec::with_capacity(shown);
    let mut last: Option<&str> = None;
    for site in &found[..shown] {
        let (file, line) = (site.place.file.as_str(), site.place.line);
        let link = if *named == Some(file) { layout.links.line(page, file, line) } else { layout.links.place(page, file, line) };
        *named = Some(file);
        // A function is named once; its other places follow it.
        let function = site.function.as_deref().filter(|_| role != Role::Declared);
        let function = function.filter(|function| {
            let repeated = last == Some(*function);
            last = Some(*function);
            !repeated
        });
        let function = function.map(|function| code_short(short_path(function), 60));
        views.push(SiteView { link, function });
    }
    (views, more)
}

/// `newsletter::routes::login::handler` as `login::handler`, `newsletter::main` as `main`: enough to find it, short
/// enough to read.
pub(crate) fn short_path(path: &str) -> &str {
    if let Some((_, name)) = path.split_once("::").filter(|(_, name)| !name.contains("::")) {
        return name;
    }
    let mut separators = path.rmatch_indices("::");
    separators.next();
    separators.next().map_or(path, |(at, _)| &path[at + 2..])
}

fn uses(layout: &Layout<'_>, item: &Item, access: Access, page: &str, at_most: usize) -> UsesView {
    let mut found: Vec<&Use> = Vec::new();
    for used in item.uses.iter().filter(|used| used.access == access) {
        if !found.iter().any(|other| other.function == used.function) {
            found.push(used);
        }
    }
    let (shown, more) = first_few(found.len(), at_most);
    let link = |used: &&Use| layout.links.link(&code_short(short_path(&used.function), 60), page, &used.file, Some(used.line));
    UsesView { count: found.len(), shown: found[..shown].iter().map(link).collect(), more }
}

/// The first few routes and tasks.
fn entries(layout: &Layout<'_>, item: &Item, access: Access, page: &str, at_most: usize) -> UsesView {
    let found: Vec<&EntryPoint> = item.entry_points.iter().filter(|entry| entry.access == access).collect();
    let (shown, more) = first_few(found.len(), at_most);
    UsesView { count: found.len(), shown: found[..shown].iter().map(|entry| entry_name(layout, entry, page)).collect(), more }
}

/// A route by its path, a task by its name.
pub(super) fn entry_name(layout: &Layout<'_>, entry: &EntryPoint, page: &str) -> String {
    match entry.kind {
        EntryKind::Route | EntryKind::Main => code_short(&entry.name, 80),
        EntryKind::EveryRequest => inline(&entry.name),
        EntryKind::Task => match layout.item(&entry.name) {
            Some(task) => format!("the task {}", layout.link(task, page)),
            None => format!("the task {}", code_short(&entry.name, 80)),
        },
    }
}

fn facts(layout: &Layout<'_>, item: &Item, page: &str, room: Room) -> FactsView {
    let mut out = FactsView::default();
    let mut defaults: Vec<(u8, FactView)> = Vec::new();
    for fact in item.facts.iter().filter(|fact| fact.key != "type" || item.ty.is_none()) {
        // The summary says how long a task runs, and how many there are of what is there more than once.
        if matches!(fact.key.as_str(), "runs" | "lifetime" | Fact::BEGINS_WITH | Fact::PER_ENTRY)
            || fact.key == "perhaps_held_by"
            || fact.key == Fact::LAYERS
            || fact.setting().is_some()
        {
            continue;
        }
        if BEHAVIOUR.contains(&fact.key.as_str()) {
            out.behaviour.push(FactView { value: Some(clause(&behaviour(fact))), ..fact_view(layout, fact, page) });
            continue;
        }
        let view = fact_view(layout, fact, page);
        let list = match fact.provenance {
            Provenance::Annotated => &mut out.annotated,
            // A variable that names no fallback is known by its name: that is all there is to know in the code.
            Provenance::Env => &mut out.env,
            _ if view.value.is_none() => &mut out.unknown,
            Provenance::Code => &mut out.code,
            Provenance::Default => {
                match default_rank(fact) {
                    Some(rank) => defaults.push((rank, view)),
                    None => out.default_more += 1,
                }
                continue;
            }
            Provenance::Settings => &mut out.settings,
            Provenance::Manifest => &mut out.manifest,
        };
        list.push(view);
    }
    defaults.sort_by_key(|(rank, _)| *rank);
    let (shown, more) = first_few(defaults.len(), room.defaults);
    out.default_more += more;
    out.default = defaults.into_iter().take(shown).map(|(_, view)| view).collect();
    if out.default.is_empty() {
        // Nothing that bounds anything: the library's other habits are not for this page.
        out.default_more = 0;
    }
    let (shown, more) = first_few(out.unknown.len(), room.unknown);
    out.unknown.truncate(shown);
    out.unknown_more = more;
    let (shown, more) = first_few(out.manifest.len(), room.manifest);
    out.manifest.truncate(shown);
    out.manifest_more = more;
    out
}

/// What the code does with an item, as one says it.
fn behaviour(fact: &Fact) -> String {
    let text = fact.value.as_ref().map(ToString::to_string).unwrap_or_default();
    match fact.key.as_str() {
        "shrinks" if text == "never" => "never shrinks".to_owned(),
        "shrinks" => format!("entries leave {text}"),
        "changes" => text,
        "timeout_at_some_calls" => format!("the call {text} has a timeout, others have none"),
        "timeout_at_call" => format!("the call {text} has a timeout"),
        "set_before_await" => format!("set before an `.await` {text}"),
        key => format!("{key} {text}"),
    }
}

fn fact_view(layout: &Layout<'_>, fact: &Fact, page: &str) -> FactView {
    let (set, set_more) = set_views(layout, fact, page);
    // A text that has the variable in it is no default of it.
    let is_pattern = |from: &&str| matches!(&fact.value, Some(FactValue::Text(text)) if text.contains(&format!("${{{from}}}")));
    FactView {
        set,
        set_more,
        label: label(&fact.key),
        value: value(fact),
        at: fact.at.as_ref().map(|place| layout.links.place(page, &place.file, place.line)),
        from: fact.from.as_deref().filter(|from| !is_pattern(from)).map(|from| code_short(from, 80)),
        is_fallback: fact.is_fallback(),
        required: fact.provenance == Provenance::Env && fact.value.is_none() && is_required(layout, fact),
    }
}

/// The service fails without the variable that a fact comes from.
fn is_required(layout: &Layout<'_>, fact: &Fact) -> bool {
    let variable = fact.from.as_deref().and_then(|name| layout.item(&format!("startup-config:env#{name}")));
    let says = |fact: &Fact| fact.key == "presence" && fact.value == Some(FactValue::Text("required".to_owned()));
    variable.is_some_and(|item| item.facts.iter().any(says))
}

/// The last few places that give a value: those that win.
pub(crate) fn set_views(layout: &Layout<'_>, fact: &Fact, page: &str) -> (Vec<SetView>, usize) {
    // The place that the value is told with is no other one.
    let set: Vec<&SetBy> = fact.set.iter().filter(|set| fact.at.as_ref() != Some(&set.at) || set.value != fact.value).collect();
    let (shown, more) = first_few(set.len(), SET);
    let skipped = set.len() - shown;
    let asked = if fact.key == "env" { fact.value.as_ref().map(ToString::to_string) } else { fact.from.clone() };
    let view = |set: &&SetBy| {
        // The value is of the fact's sort: a number of connections, a duration.
        let as_fact = Fact { value: set.value.clone(), set: Vec::new(), provenance: set.provenance, ..fact.clone() };
        // A file that is the source itself is named by its place.
        let is_file = set.source == set.at.file;
        SetView {
            value: value(&as_fact),
            hidden: set.hidden,
            source: (!is_file).then(|| code_short(&set.source, 60)),
            key: (asked.as_deref() != Some(set.key.as_str())).then(|| code_short(&set.key, 60)),
            at: if is_file {
                layout.links.place(page, &set.at.file, set.at.line)
            } else {
                layout.links.short_place(page, &set.at.file, set.at.line)
            },
            environment: set.environment.as_deref().map(inline),
            // `SIZE: ${SIZE:-10}`: the variable of whoever starts it has the same name.
            unless: set.unless.as_deref().map(|unless| if unless == set.key { "it".to_owned() } else { code(unless) }),
            services: set.services.iter().map(|service| code(service)).collect(),
        }
    };
    (set[skipped..].iter().map(view).collect(), more)
}

pub(crate) fn total_view(layout: &Layout<'_>, total: &Total, page: &str) -> TotalView {
    let place = |at: &Option<Place>| at.as_ref().map(|at| layout.links.short_place(page, &at.file, at.line));
    TotalView {
        workload: code_short(&total.workload, 60),
        environment: total.environment.as_deref().map(inline),
        each: counted(total.each, &total.unit),
        each_from: total.each_from.as_deref().map(|from| code_short(from, 60)),
        each_at: place(&total.each_at),
        replicas: total.replicas,
        replicas_at: place(&total.replicas_at),
        all: thousands(total.all),
        during_rollout: total.during_rollout.map(thousands),
        at_most: total.at_most.map(thousands),
        replicas_at_most: total.replicas_at_most,
        if_used: total.if_used,
    }
}

pub(crate) fn annotation_lines(layout: &Layout<'_>, annotation: &Annotation, page: &str) -> Vec<AnnotationLine> {
    let text = |key, text: &Option<String>| text.as_deref().map(|text| AnnotationLine { key, value: clause(text) });
    let words = |key, words: &[String]| {
        let value = words.iter().map(|word| inline(word)).collect::<Vec<_>>().join(", ");
        (!words.is_empty()).then_some(AnnotationLine { key, value })
    };
    let lines = [
        annotation.owner.as_deref().map(|owner| AnnotationLine { key: "owner", value: layout.owner_link(owner, page) }),
        text("contents", &annotation.contents),
        words("contains", &annotation.contains),
        text("size", &annotation.size),
        text("replication", &annotation.replication),
        text("on loss", &annotation.on_loss),
        text("rebuild", &annotation.rebuild),
        text("recovery test", &annotation.recovery_test),
        annotation.runbook.as_deref().map(|runbook| AnnotationLine { key: "runbook", value: runbook_link(runbook) }),
        words("acknowledged", &annotation.acknowledge),
        text("because", &annotation.reason),
        text("decided", &annotation.date),
        text("reviewed", &annotation.reviewed),
        text("expires", &annotation.expires),
    ];
    lines.into_iter().flatten().collect()
}

/// A runbook is usually an address.
fn runbook_link(runbook: &str) -> String {
    let rest = runbook.strip_prefix("https://").or_else(|| runbook.strip_prefix("http://"));
    match rest {
        Some(rest) if rest.chars().all(|c| c.is_ascii_graphic()) => {
            let scheme = &runbook[..runbook.len() - rest.len()];
            let (path, fragment) = rest.split_once('#').unwrap_or((rest, ""));
            let fragment = if fragment.is_empty() { String::new() } else { format!("#{}", path_target(fragment)) };
            // `?`, `&` and ports stay what they are; brackets and quotes cannot end the link.
            let path = path_target(path).replace("%3F", "?").replace("%26", "&").replace("%3A", ":").replace("%25", "%");
            format!("[{}]({scheme}{path}{fragment})", inline(rest))
        }
        _ => prose(runbook),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries_become_sentences() {
        assert_eq!(sentence("pool of connections, at most 10"), "Pool of connections, at most 10.");
        assert_eq!(sentence("`moka` cache"), "`moka` cache.");
        assert_eq!(sentence("LRU of rows."), "LRU of rows.");
        assert_eq!(clause("rows are lost."), "rows are lost");
    }

    #[test]
    fn only_a_crate_keeps_its_small_letter_at_the_start_of_a_sentence() {
        let said = |id: &str, summary: &str| summary_sentence(&crate::render::sample::item(id, "name", summary));
        assert_eq!(said("pool:shop::db::connect#sqlx::PgPool", "sqlx Postgres pool"), "sqlx Postgres pool.");
        assert_eq!(said("session:shop::sessions::Store::all", "sessions in memory"), "Sessions in memory.");
        assert_eq!(said("os:shop::stop#tokio::signal::ctrl_c", "signal handler"), "Signal handler.");
    }

    #[test]
    fn paths_are_cut_to_what_tells_them_apart() {
        assert_eq!(short_path("newsletter::routes::login::handler"), "login::handler");
        assert_eq!(short_path("main"), "main");
        assert_eq!(short_path("shop::main"), "main");
    }

    #[test]
    fn runbooks_link_only_to_the_web() {
        assert_eq!(runbook_link("https://wiki.example/a?b=1&c#d"), "[wiki.example/a?b=1&amp;c#d](https://wiki.example/a?b=1&c#d)");
        assert_eq!(runbook_link("https://x/)(y"), "[x/)(y](https://x/%29%28y)");
        assert_eq!(runbook_link("javascript:alert(1)"), "javascript:alert(1)");
    }
}
