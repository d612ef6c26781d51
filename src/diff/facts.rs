//! Which facts of an item differ: by what they say, and not by where it is written.

use serde::Serialize;
use smol_str::SmolStr;

use crate::model::{Fact, SetBy};

/// A fact that is told differently.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FactChange<'a> {
    /// What is stated: `max_connections`.
    pub key: &'a SmolStr,
    /// As it was; none when nothing was known.
    pub before: Option<&'a Fact>,
    /// As it is; none when nothing is known any more.
    pub after: Option<&'a Fact>,
}

/// The facts that differ, in the order of the newer ones.
pub(super) fn changes<'a>(before: &'a [Fact], after: &'a [Fact]) -> Vec<FactChange<'a>> {
    let mut old: Vec<&Fact> = before.iter().collect();
    let mut new: Vec<&Fact> = after.iter().collect();
    // Those that say the same are taken out first: a key may be told several times.
    old.retain(|fact| match new.iter().position(|other| says(fact) == says(other)) {
        Some(at) => {
            new.remove(at);
            false
        }
        None => true,
    });
    let mut out = Vec::new();
    for fact in new {
        let at = old.iter().position(|other| other.key == fact.key);
        out.push(FactChange { key: &fact.key, before: at.map(|at| old.remove(at)), after: Some(fact) });
    }
    out.extend(old.into_iter().map(|fact| FactChange { key: &fact.key, before: Some(fact), after: None }));
    out
}

/// A place outside the code that gives another value than before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SetChange<'a> {
    /// What it gave; none when it gave nothing.
    pub before: Option<&'a SetBy>,
    /// What it gives; none when it gives nothing any more.
    pub after: Option<&'a SetBy>,
}

impl<'a> FactChange<'a> {
    /// The fact says the same of itself; what differs is what sets it from outside.
    #[must_use]
    pub fn is_set_only(&self) -> bool {
        let bare = |fact: &Fact| says(&Fact { set: Vec::new(), ..fact.clone() });
        self.before.zip(self.after).is_some_and(|(old, new)| bare(old) == bare(new))
    }

    /// What sets it otherwise than before.
    #[must_use]
    pub fn set(&self) -> Vec<SetChange<'a>> {
        let sets = |fact: Option<&'a Fact>| fact.map_or(&[][..], |fact| &fact.set);
        let mut old: Vec<&SetBy> = sets(self.before).iter().collect();
        let mut new: Vec<&SetBy> = sets(self.after).iter().collect();
        let mut take = |fits: &dyn Fn(&SetBy, &SetBy) -> bool| {
            let mut out = Vec::new();
            new.retain(|set| match old.iter().position(|other| fits(other, set)) {
                Some(at) => {
                    out.push(SetChange { before: Some(old.remove(at)), after: Some(*set) });
                    false
                }
                None => true,
            });
            out
        };
        take(&|a, b| says_set(a) == says_set(b));
        let same_place = |a: &SetBy, b: &SetBy| a.source == b.source && a.key == b.key && a.environment == b.environment;
        let mut out = take(&|a, b| same_place(a, b) && a.services == b.services);
        out.extend(take(&same_place));
        out.extend(new.into_iter().map(|set| SetChange { before: None, after: Some(set) }));
        out.extend(old.into_iter().map(|set| SetChange { before: Some(set), after: None }));
        out
    }
}

/// What facts say, without the places.
pub(super) fn told(facts: &[Fact]) -> Vec<String> {
    facts.iter().map(says).collect()
}

/// What a fact says, without the places.
fn says(fact: &Fact) -> String {
    let Fact { key, value, unit, provenance, from, set, at: _ } = fact;
    let sets: Vec<String> = set.iter().map(says_set).collect();
    format!("{key}\u{1f}{value:?}{unit:?}{provenance:?}{from:?}{sets:?}")
}

fn says_set(set: &SetBy) -> String {
    let SetBy { value, hidden, provenance, source, key, environment, unless, services, at: _ } = set;
    format!("{value:?}{hidden}{provenance:?}{source}\u{1f}{key}\u{1f}{environment:?}{unless:?}{services:?}")
}
