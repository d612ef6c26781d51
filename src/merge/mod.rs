//! Findings to items: ids, services, conditions, summaries; and nothing secret in them.

mod conditions;
mod groups;
mod identity;
pub(crate) mod redact;
mod sides;
mod stores;
mod summary;

#[cfg(test)]
mod database_tests;
#[cfg(test)]
mod side_tests;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use crate::detect::{
    Cx, Entries, Finding, RawSite, tell_call_timeouts, tell_growth, tell_invalidation, tell_task_work, tell_unset, tell_warming,
};
use crate::model::{Access, Fact, FactValue, Item, ItemId, Kind, Provenance, Role, Site, Use};
use crate::resolve::DefId;

pub(crate) use summary::{duration_said, grouped};

/// Turns findings into items, sorted by kind and id.
#[must_use]
pub fn merge(cx: &Cx<'_>, findings: Vec<Finding>) -> Vec<Item> {
    let findings = identity::one_item_for_one_place(cx, findings);
    let mut findings = sides::one_item_for_all_sides(cx, findings);
    let ids = identity::ids(&findings);
    let (readers, entries) = rayon::join(|| readers(cx), || Entries::new(cx, &findings, &ids));
    tell_growth(cx, &entries, &mut findings);
    tell_warming(cx, &entries, &mut findings);
    tell_invalidation(cx, &entries, &mut findings);
    tell_call_timeouts(cx, &mut findings);
    tell_unset(cx, &entries, &mut findings);
    tell_task_work(cx, &entries, &mut findings, &ids);
    let entered: Vec<_> = findings.into_iter().zip(ids).collect();
    let entered = entered.into_par_iter().with_max_len(16);
    let whole = |(finding, id)| {
        let services = services(cx, &readers, &finding);
        Item { entry_points: entries.of(&finding, &services), ..item(cx, &readers, finding, id, services) }
    };
    let mut items: Vec<Item> = entered.map(whole).collect();
    items.sort_by(|a, b| a.kind.cmp(&b.kind).then_with(|| a.id.cmp(&b.id)));
    items
}

/// The services that hold it.
fn services(cx: &Cx<'_>, readers: &Readers, finding: &Finding) -> Vec<SmolStr> {
    let mut services = at_sites(cx, readers, finding);
    // A crate that several services link: those that reach the item. A file that several crates read: all of theirs.
    let linking = cx.world.program.services_of(finding.made_for.unwrap_or(finding.def));
    if let Some(maker) = finding.made_for {
        services = cx.reaching(maker, linking);
    } else if finding.detector == "stores" {
        services.extend(linking.iter().cloned());
    } else if !is_by_name(finding.kind) || services.is_empty() {
        let reaching = cx.reaching(finding.def, linking);
        services.retain(|service| !linking.contains(service) || reaching.contains(service));
        services.extend(reaching);
    }
    services.sort();
    services.dedup();
    services
}

fn item(cx: &Cx<'_>, readers: &Readers, finding: Finding, id: ItemId, services: Vec<SmolStr>) -> Item {
    let summary = summary::summary(&finding);
    let builds = conditions::of_finding(cx, readers, &finding);
    let mut sites: Vec<Site> = finding.sites.iter().map(|raw| site(cx, raw)).collect();
    sites.sort_by(|a, b| a.role.cmp(&b.role).then_with(|| a.place.cmp(&b.place)));
    sites.dedup_by(|a, b| a.place.file == b.place.file && a.place.line == b.place.line);
    let mut facts = finding.facts;
    redact::facts(&mut facts);
    facts.iter_mut().filter(|fact| fact.key == "signal").for_each(by_its_name);
    let entry = finding.entry.map(|entry| cx.api(entry));
    // A label of its own speaks for the catalog's text only where it is about the same thing.
    let about = entry.filter(|api| api.kind == Some(finding.kind));
    let counts = finding.kind == Kind::Cache && cx.counts_in_entries(&finding.name);
    // What the catalog says of budgets and data is said of what stays.
    let is_short = matches!(finding.kind, Kind::Limiter | Kind::ReferenceData | Kind::Cache) && facts.iter().any(Fact::is_for_each_call);
    let about = about.filter(|_| !is_short);
    if about.is_some_and(|api| api.removed_on_drop.is_some()) && !facts.iter().any(|fact| fact.key == Fact::KEPT) {
        facts.push(Fact { provenance: Provenance::Default, ..Cx::plain_fact(Fact::REMOVED, "on drop") });
    }
    // A lazily made static is read when it is first asked for.
    let is_lazy = finding.ty.as_deref().is_some_and(|ty| ["LazyLock<", "Lazy<"].iter().any(|lazy| ty.starts_with(lazy)));
    let lost = about.and_then(|api| api.lost.as_ref()).map(|lost| lost.replace("{start}", if is_lazy { "first use" } else { "start" }));
    let again = facts.iter().find(|fact| fact.key == Fact::STARTED_AGAIN).and_then(|fact| fact.value.as_ref());
    let lost = lost.map(|lost| match again {
        Some(again) => format!("What the task had in memory; if it panics, what waits for it starts it again {again}."),
        None => lost,
    });
    let lost = lost.map(|lost| if counts { format!("{lost} What its entries count begins anew.") } else { lost });
    Item {
        id,
        kind: finding.kind,
        scope: finding.scope,
        name: redact::text(&finding.name).into(),
        summary: redact::text(&summary),
        services,
        confidence: finding.confidence,
        class: finding.class,
        sites,
        uses: uses(cx, &finding.uses),
        entry_points: Vec::new(),
        facts,
        totals: Vec::new(),
        replication: None,
        backs_on: finding.backs_on.map(|store| smol_str::format_smolstr!("external-store:{}", store.replace(' ', "_"))),
        cfg: builds,
        doc: doc(cx, &finding.origin, finding.def).map(|doc| redact::text(&doc)),
        ty: finding.ty.filter(|ty| !ty.is_empty()),
        hides: about.and_then(|api| api.hides.clone()),
        lost,
        annotation: None,
        hazards: Vec::new(),
    }
}

/// The services of the sites: those that read its file; of a variable or remote, those that reach the function which asks for it.
fn at_sites(cx: &Cx<'_>, readers: &Readers, finding: &Finding) -> Vec<SmolStr> {
    let of_file = |raw: &RawSite| readers.by_file.get(raw.at.file as usize).into_iter().flatten().cloned();
    if !is_by_name(finding.kind) {
        // A helper elsewhere that makes it is shared with others, who hold something else.
        let own_file = cx.file_index(finding.def);
        return finding.sites.iter().filter(|raw| raw.at.file == own_file).flat_map(of_file).collect();
    }
    // The field of the settings that gives an address asks for nothing.
    let asks = |raw: &&RawSite| raw.role != Role::Declared;
    let asking: Vec<&RawSite> = if finding.sites.iter().any(|raw| asks(&raw)) {
        finding.sites.iter().filter(asks).collect()
    } else {
        finding.sites.iter().collect()
    };
    let mut out = Vec::new();
    for raw in asking {
        let Some(&func) = raw.function.as_ref().and_then(|path| readers.defs.get(path)) else {
            out.extend(of_file(raw));
            continue;
        };
        let linking = cx.world.program.services_of(func);
        out.extend(of_file(raw).filter(|service| !linking.contains(service)));
        out.extend(cx.reaching(func, linking));
    }
    out
}

fn site(cx: &Cx<'_>, raw: &RawSite) -> Site {
    Site { place: cx.place(raw.at), role: raw.role, function: raw.function.clone() }
}

/// Who reads what.
struct Readers {
    /// Services of every crate that reads a file, by file.
    by_file: Vec<BTreeSet<SmolStr>>,
    /// Functions, statics and types by their paths.
    defs: FxHashMap<SmolStr, DefId>,
    /// Paths of several definitions, each for other builds.
    several: FxHashSet<SmolStr>,
}

fn readers(cx: &Cx<'_>) -> Readers {
    let program = cx.world.program;
    let (mut defs, mut several) = (FxHashMap::default(), FxHashSet::default());
    for (id, def) in program.all_defs().filter(|(_, def)| !def.item.name.is_empty()) {
        if defs.insert(def.path.clone(), id).is_some() {
            several.insert(def.path.clone());
        }
    }
    Readers { by_file: by_file(cx), defs, several }
}

fn by_file(cx: &Cx<'_>) -> Vec<BTreeSet<SmolStr>> {
    let program = cx.world.program;
    let mut out = vec![BTreeSet::new(); program.files.len()];
    for module in program.modules.iter().filter(|module| module.parent.is_some()) {
        if let Some(services) = out.get_mut(module.file) {
            services.extend(program.krate(module.krate).input.services.iter().cloned());
        }
    }
    out
}

/// Uses by function: a function that writes is listed once, as a writer.
fn uses(cx: &Cx<'_>, raw: &[(crate::resolve::At, crate::resolve::DefId, Access)]) -> Vec<Use> {
    let mut by_function: BTreeMap<(SmolStr, SmolStr), (u32, Access)> = BTreeMap::new();
    for (at, func, access) in raw {
        let place = cx.place(*at);
        let known = by_function.entry((place.file, cx.path(*func))).or_insert((place.line, *access));
        // The place to look at is where it is written, if it is.
        if *access > known.1 {
            *known = (place.line, *access);
        } else if *access == known.1 {
            known.0 = known.0.min(place.line);
        }
    }
    let mut out: Vec<Use> =
        by_function.into_iter().map(|((file, function), (line, access))| Use { file, line, function, access }).collect();
    out.sort();
    out
}

/// The doc comment of a declaration: the static's, the field's. That of a function speaks of the function, not of what it makes.
fn doc(cx: &Cx<'_>, origin: &crate::detect::Origin, def: DefId) -> Option<String> {
    let crate::detect::Origin::Declared(path) = origin else { return None };
    let def = cx.world.program.def(def);
    if def.path == *path {
        return def.item.doc.clone().filter(|doc| !is_drawing(doc));
    }
    let field = path.rsplit("::").next()?;
    match &def.item.kind {
        crate::facts::ItemKind::Struct(facts) => {
            let own = facts.fields.iter().find(|fact| fact.name == field)?.doc.clone();
            // The struct around one value is about that value.
            let is_wrapper = facts.fields.len() == 1 && field == "0";
            own.or_else(|| def.item.doc.clone().filter(|doc| is_wrapper && !is_drawing(doc)))
        }
        _ => None,
    }
}

/// A picture made of characters: it means nothing where spaces run together.
fn is_drawing(doc: &str) -> bool {
    let lines = || doc.lines().filter(|line| !line.trim().is_empty());
    let drawn = |line: &&str| ["--", "->", "<-", "  |", "| ", "+-", "─", "│"].iter().any(|stroke| line.contains(stroke));
    let drawings = lines().filter(drawn).count();
    drawings > 2 && drawings * 2 > lines().count()
}

/// What libraries call `interrupt` is `SIGINT` to whoever sends it.
fn by_its_name(fact: &mut Fact) {
    let Some(FactValue::Text(text)) = &mut fact.value else { return };
    let name = match text.as_str() {
        "interrupt" => "SIGINT",
        "terminate" => "SIGTERM",
        "quit" => "SIGQUIT",
        "hangup" => "SIGHUP",
        "user_defined1" => "SIGUSR1",
        "user_defined2" => "SIGUSR2",
        "child" => "SIGCHLD",
        "alarm" => "SIGALRM",
        "pipe" => "SIGPIPE",
        "window_change" => "SIGWINCH",
        _ => return,
    };
    name.clone_into(text);
}

/// Kinds whose items are one for a name, whichever places speak of it.
pub(crate) fn is_by_name(kind: Kind) -> bool {
    matches!(kind, Kind::StartupConfig | Kind::ExternalStore)
}
