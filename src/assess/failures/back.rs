//! What brings an item back: what people wrote, else who fills it as far as the map knows.

use smol_str::SmolStr;

use super::{Back, Fate, Looked, Loss, fact, in_process, is_collection};
use crate::model::{Access, Action, EntryKind, Item, Kind, Step, When};

/// At most so many routes are named.
const ROUTES: usize = 3;

pub(super) fn loss<'m>(
    looked: &Looked<'m>,
    item: &'m Item,
    fate: Fate,
    what: String,
    known: Option<String>,
    store: Option<SmolStr>,
) -> Loss<'m> {
    let said = item.annotation.as_ref().and_then(|annotation| annotation.rebuild.as_deref());
    // A store that is away comes back full, and a clock that jumps empties nothing.
    let (back, fate) = match (said, known) {
        (Some(said), _) if store.is_none() => (Back::Said(said), if fate == Fate::Gone { Fate::Returns } else { fate }),
        (_, Some(known)) => (Back::Known(known), fate),
        _ if fate == Fate::Returns && in_process(item) => filled_by(looked, item),
        _ => (Back::Unknown, fate),
    };
    Loss { item, fate, what, back, store }
}

/// Who fills something that is kept in memory, surest first.
fn filled_by<'m>(looked: &Looked<'m>, item: &'m Item) -> (Back<'m>, Fate) {
    let warmings = looked.map.lifecycles.iter().filter(|one| looked.service.is_none_or(|service| one.service == service));
    if let Some(warming) = warmings.flat_map(|one| &one.warming).find(|warming| warming.item == item.id) {
        return (Back::AtStart(warming), Fate::Returns);
    }
    let writers = || item.entry_points.iter().filter(|entry| entry.access == Access::Write);
    let tasks: Vec<&Item> = writers()
        .filter(|entry| entry.kind == EntryKind::Task)
        .filter_map(|entry| looked.items.iter().find(|item| item.id.as_str() == entry.name.as_str()).copied())
        .collect();
    if !tasks.is_empty() {
        return (Back::Tasks(tasks), Fate::Returns);
    }
    let routes: Vec<&str> = writers().filter(|entry| entry.kind == EntryKind::Route).map(|entry| entry.name.as_str()).collect();
    let every = writers().any(|entry| entry.kind == EntryKind::EveryRequest);
    match item.kind {
        Kind::ReferenceData => {
            let path = fact(item, "path").and_then(|fact| fact.value.as_ref());
            let from = path.map_or("a file whose path is not known".to_owned(), |path| format!("`{path}`"));
            let when = if at_start(looked, item).is_some() { " at start-up" } else { "" };
            (Back::Known(format!("read again{when} from {from}")), Fate::Returns)
        }
        // Who changes something may only drop entries; who asks fills them.
        Kind::Cache => match routes_said(&asking(&routes), every) {
            Some(routes) => (Back::Known(format!("filled again as it is used: {routes}")), Fate::Returns),
            None => (Back::Unknown, Fate::Returns),
        },
        Kind::Session => match routes.iter().find(|route| is_login(route)) {
            Some(route) => (Back::Known(format!("users log in again: `{route}`")), Fate::Returns),
            None => new_entries(&routes, every),
        },
        _ if writers().any(|entry| entry.kind == EntryKind::Main) && is_collection(item) => {
            (Back::Known("what `main` runs writes it again".to_owned()), Fate::Returns)
        }
        _ => new_entries(&routes, every),
    }
}

/// Requests write new entries; that does not bring the old ones back.
fn new_entries<'m>(routes: &[&str], every: bool) -> (Back<'m>, Fate) {
    match routes_said(routes, every) {
        Some(said) => {
            let write = if every || routes.len() == 1 { "writes" } else { "write" };
            (Back::Known(format!("{said} {write} to it; nothing is known that brings the old entries back")), Fate::Gone)
        }
        None => (Back::Unknown, Fate::Gone),
    }
}

/// The routes that only ask, when there are any.
fn asking<'r>(routes: &[&'r str]) -> Vec<&'r str> {
    let asking: Vec<&str> = routes.iter().copied().filter(|route| route.starts_with("GET ") || route.starts_with('/')).collect();
    if asking.is_empty() { routes.to_vec() } else { asking }
}

/// `` `GET /a`, `GET /b` and 3 more ``.
pub(super) fn routes_said(routes: &[&str], every: bool) -> Option<String> {
    if every {
        return Some("any request".to_owned());
    }
    let shown = if routes.len() <= ROUTES + 1 { routes.len() } else { ROUTES };
    let names: Vec<String> = routes[..shown].iter().map(|route| format!("`{route}`")).collect();
    match (names.split_last(), routes.len() - shown) {
        (None, _) => None,
        (Some((last, [])), 0) => Some(last.clone()),
        (Some((last, before)), 0) => Some(format!("{} and {last}", before.join(", "))),
        (Some(_), more) => Some(format!("{} and {more} more", names.join(", "))),
    }
}

/// Whether a route is where users say who they are: `POST /login/{code}`, `POST /connect/token`.
pub(super) fn is_login(route: &str) -> bool {
    let route = route.to_lowercase();
    let named = |segment: &&str| !segment.is_empty() && !segment.starts_with(['{', '<', ':']);
    let last = route.strip_prefix("post ").and_then(|path| path.split('/').rfind(named));
    last.is_some_and(|last| {
        matches!(
            last,
            "login" | "log-in" | "log_in" | "signin" | "sign-in" | "sign_in" | "auth" | "authenticate" | "session" | "sessions" | "token"
        )
    })
}

/// The step of the start-up that has to do with an item, before or beside the serving.
pub(super) fn at_start<'m>(looked: &Looked<'m>, item: &Item) -> Option<&'m Step> {
    let lifecycles = looked.map.lifecycles.iter().filter(|one| looked.service.is_none_or(|service| one.service == service));
    let mut steps = lifecycles.flat_map(|one| &one.startup);
    steps.find(|step| step.when != Some(When::AfterServing) && step.action != Action::Closes && step.items.contains(&item.id))
}
