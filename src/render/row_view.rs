//! Tables of minor items: one line for what several places speak of.

use smol_str::SmolStr;

use crate::join::DECIDES;
use crate::model::{Confidence, EntryKind, Fact, FactValue, Item, Kind, Provenance};

use super::escape::{code, code_short, prose};
use super::html::search_words;
use super::item_view::{clause, entry_name, set_views, short_path, store_link};
use super::layout::{Layout, first_few};
use super::view::{Named, RowItem, RowView};
use super::words::{capitalized, label, value};

/// At most so many places are linked in a line.
const PLACES: usize = 3;

/// At most so many things are told that a variable decides.
const DECIDED: usize = 3;

/// At most so many routes and tasks are named on whose way a file is written.
const ENTRIES: usize = 2;

/// A longer path is cut.
const PATH: usize = 160;

/// Facts that have a column, or that the name or the summary says.
const IN_COLUMNS: [&str; 17] = [
    "type",
    "path",
    "op",
    Fact::REMOVED,
    "env",
    "default",
    "presence",
    "needed",
    "decides",
    "counted_in",
    "survives",
    "mount",
    "mounted",
    "change seen",
    "runs",
    "layers",
    "signal",
];

/// The lines of a table: files by path, variables and stores by name, the rest one by one.
pub(crate) fn row_views(layout: &Layout<'_>, items: &[&Item], page: &str) -> Vec<RowView> {
    let mut groups: Vec<(String, Vec<&Item>)> = Vec::new();
    for item in items {
        let key = key(layout, item);
        match groups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, held)) => held.push(item),
            None => groups.push((key, vec![item])),
        }
    }
    match items.first().map(|item| item.kind) {
        // Files of one folder stand together, those that nothing is known of at the end.
        Some(Kind::FsWrite) => groups.sort_by_cached_key(|(_, held)| (path(held[0]).is_none(), shown(held[0]), held[0].id.clone())),
        Some(Kind::StartupConfig) => groups.sort_by_cached_key(|(_, held)| (env(held[0]).is_none(), shown(held[0]), held[0].id.clone())),
        _ => {}
    }
    groups.iter().map(|(_, held)| row(layout, held, page)).collect()
}

fn key(layout: &Layout<'_>, item: &Item) -> String {
    let services = layout.services(item).join(" ");
    match item.kind {
        Kind::FsWrite => format!("{} {services}", shown(item)),
        Kind::StartupConfig if env(item).is_some() => format!("{} {services}", shown(item)),
        Kind::ExternalStore => item.name.to_string(),
        _ => item.id.to_string(),
    }
}

fn row(layout: &Layout<'_>, items: &[&Item], page: &str) -> RowView {
    let item = items[0];
    let mut ops: Vec<String> = Vec::new();
    for (item, fact) in items.iter().flat_map(|item| item.facts.iter().map(move |fact| (item, fact))).filter(|(_, fact)| fact.key == "op") {
        let op = fact.value.as_ref().map(|op| prose(&op.to_string())).unwrap_or_default();
        // What is written there goes with it.
        let label =
            ["temporary directory", "temporary file"].into_iter().find(|label| item.summary.starts_with(label)).unwrap_or("temporary");
        let op = if item.is_removed_on_drop() { format!("{label}, removed on drop") } else { op };
        if !ops.contains(&op) {
            ops.push(op);
        }
    }
    let mut places: Vec<String> = Vec::new();
    // A static is where it is declared; a file is written in many places.
    let alone = !matches!(item.kind, Kind::FsWrite | Kind::StartupConfig | Kind::Deployment);
    let sites = items.iter().flat_map(|item| if alone { item.site().into_iter().collect() } else { item.sites.iter().collect::<Vec<_>>() });
    for site in sites {
        let function = site.function.as_deref().map(|function| code_short(short_path(function), 60));
        let link = match function {
            // Who reads a variable is told by the function; the line is where the link leads.
            Some(function) if item.kind == Kind::StartupConfig => {
                layout.links.link(&function, page, &site.place.file, Some(site.place.line))
            }
            _ => layout.links.short_place(page, &site.place.file, site.place.line),
        };
        if !places.contains(&link) {
            places.push(link);
        }
    }
    let (shown_places, places_more) = first_few(places.len(), PLACES);
    places.truncate(shown_places);
    let mut services: Vec<SmolStr> = items.iter().flat_map(|item| item.services.iter().cloned()).collect();
    services.sort();
    services.dedup();
    let everywhere = services.len() >= layout.map.services.len();
    let known = item.kind != Kind::FsWrite || path(item).is_some();
    let nameless = !known && fact(item, "path").is_none_or(|fact| fact.from.is_none());
    let relying: Vec<&Item> = match item.kind {
        Kind::ExternalStore => relying(layout, item),
        _ => Vec::new(),
    };
    let set_by = fact(item, "env").or_else(|| fact(item, "value"));
    let (set, set_more) = set_by.map(|fact| set_views(layout, fact, page)).unwrap_or_default();
    let decided: Vec<String> = items.iter().flat_map(|item| decided(item)).collect();
    let (shown_decided, decides_more) = first_few(decided.len(), DECIDED);
    let (used_by, used_by_more) = layout.some(&relying, 6, page);
    RowView {
        name: match item.kind {
            Kind::FsWrite => code_short(&shown(item), PATH),
            Kind::StartupConfig => code_short(&shown(item), 80),
            Kind::ExternalStore if item.id.as_str().contains('#') => capitalized(&layout.title(item)),
            Kind::ExternalStore => capitalized(&store_name_only(layout, item, page)),
            _ => layout.title(item),
        },
        items: items.iter().filter_map(|item| row_item(layout, item)).collect(),
        known: known || nameless,
        nameless,
        summary: match item.kind {
            Kind::StartupConfig if env(item).is_some() => String::new(),
            _ => clause(&item.summary),
        },
        default: items.iter().find_map(|item| fallback(item)),
        decides: decided.into_iter().take(shown_decided).collect(),
        decides_more,
        set,
        set_more,
        kept: if item.kind == Kind::FsWrite { kept(layout, item, page) } else { Vec::new() },
        ops,
        places,
        places_more,
        used_by,
        used_by_more,
        note: join_notes(note(layout, item, page), (item.kind == Kind::FsWrite).then(|| during(layout, items, page)).flatten()),
        confidence: items.iter().map(|item| item.confidence).min().filter(|worst| *worst != Confidence::Certain).map(Confidence::as_str),
        services: if services.is_empty() && item.kind == Kind::Deployment {
            vec!["–".to_owned()]
        } else if everywhere {
            Vec::new()
        } else {
            services.iter().map(|name| layout.service_link(name, page)).collect()
        },
    }
}

/// Where links to an item of a line lead; a page that is no book has its links at the heading of the table.
fn row_item(layout: &Layout<'_>, item: &Item) -> Option<RowItem> {
    let spot = layout.spot(&item.id).filter(|spot| layout.is_book() && spot.folded)?;
    Some(RowItem { anchor: spot.anchor.clone(), id: code(item.id.as_str()), words: search_words(item.id.as_str()) })
}

/// What survives what, and where what is mounted there is written.
fn kept(layout: &Layout<'_>, item: &Item, page: &str) -> Vec<Named> {
    let of = |key: &'static str| item.facts.iter().filter(move |fact| fact.key == key);
    let view = |fact: &Fact| {
        let link = fact.at.as_ref().map(|at| layout.links.short_place(page, &at.file, at.line)).unwrap_or_default();
        Named { link, text: prose(&fact.value.as_ref().map(ToString::to_string).unwrap_or_default()) }
    };
    of("survives").map(view).collect()
}

/// What is to be known beside the line: under which condition it is there, and who owns it.
fn note(layout: &Layout<'_>, item: &Item, page: &str) -> Option<String> {
    let owner = item.annotation.as_ref().and_then(|annotation| annotation.owner.as_deref());
    let owner = owner.map(|owner| format!("owned by {}", layout.owner_link(owner, page)));
    let parts: Vec<String> = told(item).into_iter().chain(item.cfg.as_deref().map(prose)).chain(owner).collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

fn join_notes(first: Option<String>, second: Option<String>) -> Option<String> {
    match (first, second) {
        (Some(first), Some(second)) => Some(format!("{first}; {second}")),
        (first, second) => first.or(second),
    }
}

/// On whose way a file is written: `during `POST /backup` and 2 more`.
fn during(layout: &Layout<'_>, items: &[&Item], page: &str) -> Option<String> {
    let mut names: Vec<String> = Vec::new();
    for entry in items.iter().flat_map(|item| &item.entry_points).filter(|entry| entry.kind != EntryKind::EveryRequest) {
        let name = entry_name(layout, entry, page);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let (shown, more) = first_few(names.len(), ENTRIES);
    let told = names[..shown].join(", ");
    match (shown, more) {
        (0, _) => None,
        (_, 0) => Some(format!("during {told}")),
        (_, more) => Some(format!("during {told} and {more} more")),
    }
}

/// What is known of an item that no column shows: who sets its path, and facts that its summary does not say.
fn told(item: &Item) -> Vec<String> {
    let given = |fact: &Fact| matches!(fact.provenance, Provenance::Env | Provenance::Settings);
    let setter = |fact: &Fact| fact.from.clone().filter(|from| given(fact) && !shown(item).contains(&format!("{{{from}}}")));
    let mut out: Vec<String> = Vec::new();
    let path = fact(item, "path").filter(|_| item.kind == Kind::FsWrite);
    out.extend(path.and_then(setter).map(|from| format!("set by {}", code_short(&from, 60))));
    for fact in item.facts.iter().filter(|fact| !IN_COLUMNS.contains(&fact.key.as_str()) && fact.provenance != Provenance::Default) {
        let said = fact.value.as_ref().map(ToString::to_string).is_some_and(|value| item.summary.contains(&value));
        let from = fact.from.as_deref().filter(|_| given(fact)).map(|from| code_short(from, 60));
        match (value(fact).filter(|_| !said), from) {
            (Some(value), Some(from)) => out.push(format!("{} {value} from {from}", label(&fact.key))),
            (Some(value), None) => out.push(format!("{} {value}", label(&fact.key))),
            (None, Some(from)) if !said && !item.summary.contains(fact.from.as_deref().unwrap_or_default()) => {
                out.push(format!("{} from {from}", label(&fact.key)));
            }
            _ => {}
        }
    }
    out.dedup();
    out
}

/// What a variable decides, as its line says it.
fn decided(item: &Item) -> Vec<String> {
    let facts = item.facts.iter().filter(|fact| fact.key == DECIDES);
    facts.filter_map(|fact| fact.value.as_ref()).map(|value| prose(&value.to_string())).collect()
}

/// The name of a store without a link to the very line that names it.
fn store_name_only(layout: &Layout<'_>, item: &Item, page: &str) -> String {
    let link = store_link(layout, &item.name, page);
    match link.strip_prefix('[').and_then(|link| link.rsplit_once("](")) {
        Some((name, _)) => name.to_owned(),
        None => link,
    }
}

/// The pools and clients that reach a store.
pub(super) fn relying<'a>(layout: &Layout<'a>, store: &Item) -> Vec<&'a Item> {
    layout.items.iter().copied().filter(|other| relies_on(other, &store.name)).collect()
}

fn relies_on(item: &Item, store: &str) -> bool {
    item.backs_on
        .as_deref()
        .is_some_and(|backs_on| backs_on.rsplit_once(':').map_or(backs_on, |(_, name)| name).replace('_', " ") == store.replace('_', " "))
}

/// The fallback of a variable is a fact of its own, or the value of the fact that comes from the environment.
fn fallback(item: &Item) -> Option<String> {
    let counted = fact(item, "counted_in").and_then(|fact| fact.value.as_ref()).map(|unit| prose(&unit.to_string()));
    match (without_unit(item), counted) {
        (Some(default), Some(unit)) if default.ends_with(|c: char| c.is_ascii_digit()) => Some(format!("{default} {unit}")),
        (Some(default), Some(unit)) => Some(format!("{default}, in {unit}")),
        (None, Some(unit)) => Some(format!("in {unit}")),
        (default, None) => default,
    }
}

fn without_unit(item: &Item) -> Option<String> {
    if let Some(FactValue::Text(presence)) = self::fact(item, "presence").and_then(|fact| fact.value.as_ref()) {
        return Some(prose(presence));
    }
    let fallback = |fact: &&Fact| fact.key == "default" || (fact.provenance == Provenance::Env && fact.key != "env");
    let fact = item.facts.iter().find(|fact| fallback(fact) && (fact.key == "default" || fact.value.is_some()))?;
    value(fact).or_else(|| fact.from.as_deref().map(|from| format!("set from {}", code_short(from, 60))))
}

fn fact<'a>(item: &'a Item, key: &str) -> Option<&'a Fact> {
    item.facts.iter().find(|fact| fact.key == key)
}

fn env(item: &Item) -> Option<String> {
    fact(item, "env").and_then(|fact| fact.value.as_ref()).map(ToString::to_string)
}

fn path(item: &Item) -> Option<String> {
    fact(item, "path").and_then(|fact| fact.value.as_ref()).map(ToString::to_string)
}

/// What a line is about: the variable, the path, the expression that gives the path; else the name.
pub(super) fn shown(item: &Item) -> String {
    let expression = || fact(item, "path").and_then(|fact| fact.from.clone());
    env(item).or_else(|| path(item)).or_else(expression).unwrap_or_else(|| item.name.to_string())
}
