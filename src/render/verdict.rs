//! The paragraph that answers whether a service can run as several replicas.

use crate::model::{Answer, Copies, Item, Reason, Verdict};

use super::escape::code;
use super::item_view::clause;
use super::layout::Layout;
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
    VerdictView {
        service: several.then(|| code(&verdict.service)),
        answer: answer(verdict.answer),
        replicas: verdict.replicas,
        at_most: verdict.at_most,
        more: verdict.more,
        why,
    }
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
