//! Which items have a page of their own in a book: those of which there is enough to say.
//!
//! A page that holds three lines costs a click and tells nothing; a page of a kind that holds a hundred blocks is never read to
//! its end. So an item gets a page when a rule found a hazard of it, when somebody described it, or when its block would be long;
//! a variable, a line of telemetry or of a deployment file when somebody described it, or when a hazard of weight is about it.
//! The others stay on the page of their kind, under an anchor that is made of the same id.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use crate::model::{Class, Hazard, HazardSeverity, Item, ItemId, Kind, Provenance};

use super::rank::{default_rank, is_described, weight};

/// A book has at most so many such pages: those of the items that matter most.
const PAGES: usize = 160;
/// So many lines and sentences fill a page.
const ENOUGH: usize = 9;

/// The items with a page of their own.
pub(crate) fn own_pages<'a>(items: &[&'a Item], hazards: &[Hazard]) -> BTreeSet<&'a ItemId> {
    // What is said of a variable that nobody watches is a line of a table, even where a rule names a dozen of them.
    let grave: BTreeSet<&ItemId> =
        hazards.iter().filter(|hazard| hazard.severity > HazardSeverity::Low).filter_map(|hazard| hazard.items.first()).collect();
    let must =
        |item: &Item| is_described(item) || if is_of_substance(item.kind) { !item.hazards.is_empty() } else { grave.contains(&item.id) };
    let says_much = |item: &Item| must(item) || is_of_substance(item.kind) && substance(item) >= ENOUGH;
    let mut found: Vec<&Item> = items.iter().copied().filter(|item| item.class == Class::Mutable && says_much(item)).collect();
    found.sort_by_cached_key(|item| (!must(item), Reverse(weight(item)), &item.id));
    found.iter().take(PAGES).map(|item| &item.id).collect()
}

/// Kinds whose items are lines of a table, however many facts they have.
fn is_of_substance(kind: Kind) -> bool {
    !matches!(kind, Kind::StartupConfig | Kind::Telemetry | Kind::Os | Kind::Deployment | Kind::ExternalStore)
}

/// How much there is to say, in lines.
fn substance(item: &Item) -> usize {
    let told = |fact: &&crate::model::Fact| fact.provenance != Provenance::Default || default_rank(fact).is_some();
    let functions: BTreeSet<&str> = item.uses.iter().map(|used| used.function.as_str()).collect();
    let one = usize::from;
    item.facts.iter().filter(told).count().min(5)
        + functions.len().min(3)
        + item.entry_points.len().min(3)
        + item.sites.len().min(2)
        + 2 * item.totals.len().min(2)
        + one(item.doc.as_ref().is_some_and(|doc| doc.len() > 40))
        + one(item.hides.is_some())
        + one(item.lost.is_some())
        + one(item.backs_on.is_some())
        + one(item.replication.as_ref().is_some_and(|replication| replication.at_two.is_some()))
}

#[cfg(test)]
mod tests {
    use super::super::sample::{item, made};
    use super::*;
    use crate::model::{Access, Fact, Use};

    fn pages(items: &[Item]) -> usize {
        own_pages(&items.iter().collect::<Vec<_>>(), &[]).len()
    }

    fn fact(key: &str) -> Fact {
        let provenance = Provenance::Code;
        Fact { key: key.into(), value: Some(5.into()), unit: None, provenance, at: None, from: None, set: Vec::new() }
    }

    #[test]
    fn an_item_of_which_little_is_known_has_no_page() {
        assert_eq!(pages(&[made(item("cache:a::b", "b", "map"), "src/a.rs:1", "a::new")]), 0);
    }

    #[test]
    fn a_hazard_or_a_description_is_reason_enough() {
        let mut hazardous = item("cache:a::b", "b", "map");
        hazardous.hazards = vec!["unbounded-growth".into()];
        let mut described = item("startup-config:env#X", "X", "variable");
        described.annotation = Some(crate::model::Annotation { on_loss: Some("nothing".to_owned()), ..Default::default() });
        let mut owned = item("cache:a::c", "c", "map");
        owned.annotation = Some(crate::model::Annotation { owner: Some("us".to_owned()), ..Default::default() });
        assert_eq!(pages(&[hazardous, described]), 2);
        assert_eq!(pages(&[owned]), 0, "who owns it fills no page");
    }

    #[test]
    fn much_to_say_makes_a_page_but_not_of_a_variable() {
        let mut long = made(item("pool:a::b", "b", "pool"), "src/a.rs:1", "a::new");
        long.facts = ["max", "min", "idle", "ttl", "timeout"].map(fact).to_vec();
        long.uses = ["f", "g", "h"]
            .map(|function| Use { file: "src/a.rs".into(), line: 1, function: function.into(), access: Access::Read })
            .to_vec();
        let variable = Item { kind: Kind::StartupConfig, id: ItemId("startup-config:env#X".into()), ..long.clone() };
        assert_eq!(pages(&[long, variable]), 1);
    }

    #[test]
    fn a_huge_map_has_pages_for_what_matters_most() {
        let mut items: Vec<Item> = (0..PAGES + 50).map(|n| item(&format!("cache:a::c{n}"), "c", "map")).collect();
        for item in &mut items {
            item.hazards = vec!["unbounded-growth".into()];
        }
        assert_eq!(pages(&items), PAGES);
    }
}
