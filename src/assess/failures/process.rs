//! A process ends: killed, replaced in a rollout, or scaled in.

use super::back::{at_start, routes_said};
use super::disk::{Lasts, keeps_something, lasts};
use super::stores::{is_remote, stores};
use super::{Fate, Found, Looked, cataloged, fact, in_process, is_collection, said, told};
use crate::model::{Access, Action, Draining, End, EntryKind, EntryPoint, Fact, Item, Kind, Scope};

/// How it ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// At once.
    Killed,
    /// It is told to stop, and another one takes its place.
    Replaced,
    /// It is told to stop, and none takes its place.
    ScaledIn,
}

pub(super) fn killed(looked: &Looked<'_>, found: &mut Vec<Found>) {
    ends(looked, How::Killed, found);
}

pub(super) fn rollout(looked: &Looked<'_>, found: &mut Vec<Found>) {
    ends(looked, How::Replaced, found);
}

/// Only what can have several replicas is scaled in.
pub(super) fn scaled_in(looked: &Looked<'_>, found: &mut Vec<Found>) {
    let of_service = |services: &[smol_str::SmolStr]| looked.service.is_none_or(|service| services.iter().any(|name| name == service));
    let scaled = looked.map.deployments.iter().filter(|one| one.kind != "compose" && of_service(&one.services));
    if scaled.clone().any(|one| one.at_most.or(one.replicas).is_some_and(|most| most > 1)) {
        let services: Vec<_> =
            scaled.filter(|one| one.at_most.or(one.replicas).is_some_and(|most| most > 1)).flat_map(|one| &one.services).collect();
        ends(looked, How::ScaledIn, found);
        // A service of which there is one pod is not scaled in.
        found.retain(|one| match one {
            Found::Loss { at, fate, .. } => {
                let item = looked.items[*at];
                item.services.iter().any(|name| services.contains(&name)) && is_own(item, *fate)
            }
            Found::Saved(at) | Found::Unplaced(at) => looked.items[*at].services.iter().any(|name| services.contains(&name)),
            Found::Remade(_) => false,
            Found::Untouched(_) => true,
        });
    }
}

/// Only this replica had it: of what every replica has the like, and fills or makes for itself, nobody misses one.
fn is_own(item: &Item, fate: Fate) -> bool {
    let fills_itself = || {
        let by_itself = |entry: &EntryPoint| entry.access == Access::Write && matches!(entry.kind, EntryKind::Main | EntryKind::Task);
        item.entry_points.iter().any(by_itself)
    };
    match item.kind {
        Kind::Cache | Kind::Pool | Kind::SdkClient | Kind::Limiter | Kind::ReferenceData | Kind::StartupConfig | Kind::Os => false,
        // What a loop has gathered goes with its loop.
        Kind::SharedState | Kind::Static => fate == Fate::Gone || fate == Fate::Returns && is_collection(item) && !fills_itself(),
        _ => true,
    }
}

pub(super) fn ends(looked: &Looked<'_>, how: How, found: &mut Vec<Found>) {
    let before = found.len();
    for (at, item) in looked.items.iter().enumerate() {
        let one = if in_process(item) { in_memory(looked, at, item, how) } else { beside(looked, at, item, how) };
        found.extend(one);
    }
    if found.len() > before {
        found
            .extend(stores(looked).into_iter().filter(|(name, _)| super::stores::keeps_data(name)).map(|(name, _)| Found::Untouched(name)));
    }
}

fn lose(at: usize, fate: Fate, what: impl Into<String>, back: Option<&str>) -> Option<Found> {
    Some(Found::Loss { at, fate, what: what.into(), back: back.map(str::to_owned), store: None })
}

/// What ends with the memory of the process.
fn in_memory(looked: &Looked<'_>, at: usize, item: &Item, how: How) -> Option<Found> {
    if item.backs_on.as_deref().is_some_and(is_remote) && !matches!(item.kind, Kind::Pool | Kind::SdkClient | Kind::Queue | Kind::Telemetry)
    {
        // What it holds lies in the store.
        return None;
    }
    if let Some(server) = looked.map.lifecycles.iter().flat_map(|one| &one.servers).find(|server| server.item.as_ref() == Some(&item.id)) {
        return requests(at, how, server.how);
    }
    if how != How::Killed
        && let Some(end) = looked.map.ending_of(&item.id).map(|ending| ending.how)
        && matches!(end, End::Drained | End::Flushed | End::Joined | End::Awaited)
    {
        return Some(Found::Saved(at));
    }
    let annotated = told(item).map(str::to_owned);
    let catalog = || cataloged(item);
    match item.kind {
        Kind::Session => {
            // A library's middleware keeps nothing: its store does.
            let what = annotated.or_else(|| is_collection(item).then(|| "everything in it".to_owned())).or_else(catalog)?;
            lose(at, Fate::Returns, what, None)
        }
        Kind::Cache => lose(at, Fate::Returns, annotated.unwrap_or_else(|| cache(item).to_owned()), None),
        Kind::SharedState | Kind::Static => shared(at, item, how, annotated),
        Kind::Queue => lose(at, Fate::Gone, annotated.or_else(catalog).unwrap_or_else(|| "what waits in it".to_owned()), None),
        Kind::BackgroundTask => task(looked, at, item, how, annotated),
        Kind::Pool | Kind::SdkClient => connections(looked, at, item, how, annotated),
        Kind::Limiter if item.scope == Scope::Process => match annotated.or_else(catalog) {
            Some(what) => {
                let counts = ["count", "budget", "quota", "allowance"].iter().any(|word| what.contains(word));
                lose(at, Fate::Disturbed, what, counts.then_some("counts from the beginning"))
            }
            None => Some(Found::Remade(at)),
        },
        Kind::Deployment => None,
        Kind::ReferenceData => lose(at, Fate::Returns, annotated.unwrap_or_else(|| "what was read".to_owned()), None),
        // Points that nobody has collected, answers of a resolver.
        Kind::Telemetry | Kind::Os => match annotated.or_else(catalog) {
            Some(what) => lose(at, Fate::Disturbed, what, None),
            None => Some(Found::Remade(at)),
        },
        _ => match annotated {
            Some(what) => lose(at, Fate::Returns, what, None),
            None => Some(Found::Remade(at)),
        },
    }
}

fn cache(item: &Item) -> &'static str {
    match is_collection(item) || item.lost.is_some() {
        true => "all entries",
        false => "what it remembers",
    }
}

fn shared(at: usize, item: &Item, how: How, annotated: Option<String>) -> Option<Found> {
    let ty = item.ty.as_deref().unwrap_or_default();
    let once = ["OnceLock<", "OnceCell<", "LazyLock<", "Lazy<"].iter().any(|word| ty.starts_with(word));
    // What is loaded when the next process makes it is not lost, but what has come since.
    let begins = said(item, Fact::BEGINS_WITH);
    if annotated.is_none() && !begins.is_empty() && !item.summary.contains(" loop") {
        return lose(at, Fate::Disturbed, "changes since the start that nothing else keeps", Some(&format!("begins again with {begins}")));
    }
    match annotated {
        Some(what) => lose(at, Fate::Returns, what, once.then_some("set again by the next process")),
        None if item.summary.contains(" loop") && is_collection(item) => {
            let back = (how != How::ScaledIn).then_some("the loop begins with nothing");
            lose(at, Fate::Gone, "what the loop has gathered", back)
        }
        None if item.summary.contains(" loop") => {
            lose(at, Fate::Disturbed, "what the loop remembers", Some("the loop begins with nothing"))
        }
        None if is_collection(item) && !once => lose(at, Fate::Returns, "everything in it", None),
        None if ty.contains("AtomicBool") => match switched_by(item) {
            // A switch that somebody turned.
            Some(routes) => {
                let back = format!("starts as the code sets it; {routes} can switch it again");
                lose(at, Fate::Disturbed, "what it was switched to", Some(&back))
            }
            None => Some(Found::Remade(at)),
        },
        // Of a static without a lock only that it is set is known.
        None if ty.contains("Atomic") => lose(at, Fate::Disturbed, "the count", Some("starts as the code sets it")),
        None if once || item.kind == Kind::Static && !is_locked(ty) => Some(Found::Remade(at)),
        None => lose(at, Fate::Disturbed, "the value", Some("starts as the code sets it")),
    }
}

fn is_locked(ty: &str) -> bool {
    ["Mutex<", "RwLock<", "Swap", "Cell<"].iter().any(|word| ty.contains(word))
}

/// The routes that write it.
fn switched_by(item: &Item) -> Option<String> {
    let writes = item.entry_points.iter().filter(|entry| entry.access == Access::Write && entry.kind == EntryKind::Route);
    routes_said(&writes.map(|entry| entry.name.as_str()).collect::<Vec<_>>(), false)
}

/// What becomes of the requests that a server is at.
fn requests(at: usize, how: How, draining: Draining) -> Option<Found> {
    match (how, draining) {
        (How::Killed, _) => lose(at, Fate::Gone, "requests under way", None),
        (_, Draining::Drains) => Some(Found::Saved(at)),
        (_, Draining::CutOff) => lose(at, Fate::Gone, "requests under way: nothing tells it to stop", None),
        (_, Draining::Unknown) => lose(at, Fate::Disturbed, "requests under way, unless it waits for them", None),
    }
}

fn task(looked: &Looked<'_>, at: usize, item: &Item, how: How, annotated: Option<String>) -> Option<Found> {
    let stops = match looked.map.ending_of(&item.id).map(|ending| ending.how).filter(|_| how != How::Killed) {
        Some(End::Dropped) => ": nobody tells it to stop, nobody waits for it",
        Some(End::Cancelled) => ": it is told to stop, and nobody waits for it",
        Some(End::Aborted) => ": it is ended where it stands, on purpose",
        _ => "",
    };
    let by_clock = ["schedule", "cron", "period"].iter().any(|key| fact(item, key).is_some());
    let at_work = if by_clock { "a run that is under way, or falls into the gap" } else { "what it is at" };
    let what = annotated.unwrap_or_else(|| format!("{at_work}{stops}"));
    let for_each_call = said(item, "lifetime") == "one for each call";
    let started = at_start(looked, item).is_some_and(|step| matches!(step.action, Action::Spawns | Action::Serves | Action::Makes));
    match how {
        _ if for_each_call => lose(at, Fate::Gone, what, None),
        How::ScaledIn => lose(at, Fate::Disturbed, what, None),
        _ if started => lose(at, Fate::Disturbed, what, Some("started again at start-up")),
        _ => lose(at, Fate::Disturbed, what, None),
    }
}

fn connections(looked: &Looked<'_>, at: usize, item: &Item, how: How, annotated: Option<String>) -> Option<Found> {
    let holds = |fact: &&Fact| fact.unit.as_deref() == Some("connections");
    let is_pool = item.kind == Kind::Pool && (item.backs_on.is_some() || item.facts.iter().any(|fact| holds(&fact)));
    if !is_pool && annotated.is_none() {
        return Some(Found::Remade(at));
    }
    let most = item.totals.iter().filter_map(|total| Some((total, total.during_rollout?))).max_by_key(|(_, during)| *during);
    if how == How::Replaced
        && let Some((total, during)) = most
    {
        let unit = &total.unit;
        let what = format!("old and new processes of `{}` hold up to {during} {unit} together, {} at rest", total.workload, total.all);
        return lose(at, Fate::Disturbed, what, Some("over when the old processes have ended"));
    }
    let back = match at_start(looked, item).map(|step| step.action) {
        Some(Action::Connects) => "the next process connects when it starts",
        Some(Action::PreparesPool) => "the next process connects when it first needs it",
        _ => "the next process opens its own",
    };
    lose(at, Fate::Disturbed, annotated.or_else(|| cataloged(item)).unwrap_or_else(|| "open connections".to_owned()), Some(back))
}

/// What lies beside the process: on its disk, in leases that it holds, in the deployment.
fn beside(looked: &Looked<'_>, at: usize, item: &Item, how: How) -> Option<Found> {
    match item.kind {
        Kind::FsWrite | Kind::EmbeddedDb => file(looked, at, item, how),
        Kind::Lease if item.is_mark() => None,
        Kind::Lease => lease(at, item),
        Kind::Deployment if item.id.as_str().ends_with("#affinity") => {
            let what = told(item).unwrap_or("which pod a client belongs to");
            lose(at, Fate::Disturbed, what, Some("its next request goes to another pod, and it stays there"))
        }
        _ => None,
    }
}

fn file(looked: &Looked<'_>, at: usize, item: &Item, how: How) -> Option<Found> {
    if !keeps_something(looked, item) {
        return None;
    }
    let Some(lasts) = lasts(looked.map, item) else { return Some(Found::Unplaced(at)) };
    let gone = match lasts {
        Lasts::Nothing => true,
        // Told of a killed pod, too: it is the pod that is gone, or the process alone.
        Lasts::ContainerOnly => true,
        _ => false,
    };
    if !gone {
        return None;
    }
    let mut what = told(item).map(str::to_owned).or_else(|| cataloged(item)).unwrap_or_else(|| "the file".to_owned());
    if how == How::Killed && lasts == Lasts::ContainerOnly && told(item).is_none() {
        what.push_str(", not with a crash of the process alone");
    }
    lose(at, Fate::Gone, what, None)
}

/// A lease that is held at that moment.
fn lease(at: usize, item: &Item) -> Option<Found> {
    let held = "what is held at that moment";
    if let Some(what) = told(item) {
        return lose(at, Fate::Disturbed, what, None);
    }
    if item.summary.contains("FOR UPDATE") || item.summary.contains("advisory lock") {
        return lose(at, Fate::Disturbed, held, Some("the database frees it when the connection ends"));
    }
    let expiry = ["expiry", "ttl", "lease_ttl", "valid_for"].iter().find_map(|key| fact(item, key))?;
    let back = match (&expiry.value, &expiry.from) {
        (Some(value), _) => format!("stays taken until it expires, after {value}"),
        (None, Some(from)) => format!("stays taken until it expires, after `{}`", from.replace('`', "")),
        (None, None) => "stays taken until it expires".to_owned(),
    };
    Some(Found::Loss { at, fate: Fate::Disturbed, what: held.to_owned(), back: Some(back), store: None })
}
