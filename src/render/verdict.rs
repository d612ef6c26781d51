//! The paragraph that answers whether a service can run as several replicas.

use std::cmp::Reverse;

use crate::model::{Answer, Class, Copies, Item, Kind, Reason, Scope, Verdict};

use super::escape::code;
use super::item_view::clause;
use super::layout::Layout;
use super::rank::weight;
use super::view::{CopiesView, ReasonView, VerdictView};

/// At most so many items are named for one reason.
const ITEMS: usize = 3;

/// The verdicts on all services, or on one.
pub(crate) fn verdicts(layout: &Layout<'_>, service: Option<&str>, page: &str) -> Vec<VerdictView> {
    let several = service.is_none() && layout.map.services.len() > 1;
    let wanted = layout.map.verdicts.iter().filter(|verdict| service.is_none_or(|name| verdict.service == name));
    wanted.map(|verdict| view(layout, verdict, several, page)).collect()
}

fn view(layout: &Layout<'_>, verdict: &Verdict, several: bool, page: &str) -> VerdictView {
    let reason = |reason: &Reason| {
        let items: Vec<&Item> = reason.items.iter().filter_map(|id| layout.item(id.as_str())).collect();
        let (items, more) = layout.some(&items, ITEMS, page);
        ReasonView { clause: clause(&reason.clause), items, more }
    };
    let why = verdict.why.iter().map(reason).collect();
    // Who is told that nothing speaks against it still wants to know what there will be several of.
    let told = |wanted: &dyn Fn(&Item) -> bool| {
        let all = layout.map.items.iter().filter(|item| item.services.contains(&verdict.service) && item.class == Class::Mutable);
        let mut found: Vec<&Item> = all.filter(|item| verdict.answer == Answer::Yes && wanted(item)).collect();
        found.sort_by_cached_key(|item| (Reverse(weight(item)), &item.id));
        layout.some(&found, ITEMS, page)
    };
    let (own, own_more) = told(&is_own);
    let (runs, runs_more) = told(&is_timed);
    VerdictView {
        service: several.then(|| code(&verdict.service)),
        answer: answer(verdict.answer),
        replicas: verdict.replicas,
        at_most: verdict.at_most,
        more: verdict.more,
        why,
        own,
        own_more,
        runs,
        runs_more,
    }
}

/// What changes in the memory of each process.
fn is_own(item: &Item) -> bool {
    item.scope == Scope::Process && matches!(item.kind, Kind::Cache | Kind::Session | Kind::SharedState | Kind::Static)
}

/// What runs by the clock, in each process.
fn is_timed(item: &Item) -> bool {
    item.kind == Kind::BackgroundTask && item.facts.iter().any(|fact| matches!(fact.key.as_str(), "period" | "interval" | "schedule"))
}

/// The word that templates ask for.
pub(crate) fn answer(answer: Answer) -> &'static str {
    match answer {
        Answer::Yes => "yes",
        Answer::WithCare => "with-care",
        Answer::No => "no",
    }
}

/// What goes wrong with two copies of an item; none when nothing does.
pub(crate) fn copies(item: &Item) -> Option<CopiesView> {
    let replication = item.replication.as_ref()?;
    Some(CopiesView { of: copy_of(replication.copies), number: replication.number, at_two: clause(replication.at_two.as_deref()?) })
}

/// What has a copy of its own.
pub(crate) fn copy_of(copies: Copies) -> &'static str {
    match copies {
        Copies::Task => "task",
        Copies::Thread => "thread",
        Copies::Process => "process",
        Copies::Pod => "pod",
        Copies::Node => "machine",
        Copies::Shared => "cluster",
        Copies::Client => "client",
    }
}
