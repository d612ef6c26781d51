//! Who has a handle of what is kept in a field or variable: whoever was given a clone of an `Arc` uses what the others see.

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::uses::{UsedAt, Uses};
use crate::model::Access;
use crate::resolve::{At, BodyFacts, DefId, Given, Handle};

/// A thing with more handles than this is not followed to all of them.
const MAX_HANDLES: usize = 256;

/// Handles by where they come from.
#[derive(Default)]
pub struct Handles {
    /// What is done through variables that hold one.
    used: FxHashMap<Handle, Vec<UsedAt>>,
    /// Who else is given it: where, and in which body.
    to: FxHashMap<Handle, Vec<(Handle, At, DefId)>>,
    /// From whom each is had, one for each place that gives one.
    from: FxHashMap<Handle, Vec<Handle>>,
    /// How many places make the struct with a field, or set it.
    made: FxHashMap<(DefId, SmolStr), usize>,
}

impl Handles {
    /// Takes in what one body does.
    pub(super) fn take_in(&mut self, body: &BodyFacts) {
        for handed in &body.handed {
            match &handed.given {
                Given::Used(access) => self.used.entry(handed.of.clone()).or_default().push((handed.at, body.def, *access)),
                Given::To(other) if *other == handed.of => {}
                Given::To(other) => {
                    self.to.entry(handed.of.clone()).or_default().push((other.clone(), handed.at, body.def));
                    self.from.entry(other.clone()).or_default().push(handed.of.clone());
                }
            }
        }
        for (of, field, _) in body.fields.iter().chain(&body.assigned).chain(&body.sometimes) {
            *self.made.entry((*of, field.clone())).or_default() += 1;
        }
    }

    /// Where all that is in a parameter or field comes from; none when there are several, or one that is not known.
    fn only_source(&self, uses: &Uses, of: &Handle) -> Option<&Handle> {
        let from = self.from.get(of)?;
        let places = match of {
            // A function that calls itself hands on what it was given.
            Handle::Param(func, _) => uses.calls.get(func).map_or(0, |calls| calls.iter().filter(|(caller, ..)| caller != func).count()),
            Handle::Field(of, field) => self.made.get(&(*of, field.clone())).copied().unwrap_or(0),
            Handle::Local(..) => return None,
        };
        let (first, rest) = from.split_first()?;
        (from.len() == places && rest.iter().all(|other| other == first)).then_some(first)
    }

    /// Everything that leads to what a field or variable holds: itself, what it was put there from, and whom all those gave it to.
    fn aliases(&self, uses: &Uses, of: &Handle, found: &mut Vec<UsedAt>) -> Vec<Handle> {
        let mut seen: Vec<Handle> = vec![of.clone()];
        let mut known: FxHashSet<Handle> = seen.iter().cloned().collect();
        let mut at = 0;
        // Upwards: who made it, and through whose hands it went.
        while let Some(here) = seen.get(at).filter(|_| at < MAX_HANDLES) {
            let sources = self.from.get(here).into_iter().flatten().filter(|from| !matches!(from, Handle::Field(..)));
            let new: Vec<Handle> = sources.filter(|from| known.insert((*from).clone())).cloned().collect();
            seen.extend(new);
            at += 1;
        }
        // Downwards: what has no other source is a handle of this.
        at = 0;
        while let Some(here) = seen.get(at).cloned().filter(|_| at < MAX_HANDLES) {
            for (to, place, body) in self.to.get(&here).into_iter().flatten() {
                if known.contains(to) {
                    continue;
                }
                if self.only_source(uses, to) == Some(&here) {
                    known.insert(to.clone());
                    seen.push(to.clone());
                } else if matches!(to, Handle::Param(..))
                    && let Some(access) = self.access(to)
                {
                    found.push((*place, *body, access));
                }
            }
            at += 1;
        }
        seen
    }

    /// What a function does with what it is given, itself or through those that it calls.
    fn access(&self, of: &Handle) -> Option<Access> {
        let mut queue = vec![of];
        let mut seen: FxHashSet<&Handle> = queue.iter().copied().collect();
        let mut out = None;
        while let Some(here) = queue.pop().filter(|_| seen.len() < MAX_HANDLES) {
            for (_, _, access) in self.used.get(here).into_iter().flatten() {
                match access {
                    Access::Write => return Some(Access::Write),
                    Access::Read => out = Some(Access::Read),
                }
            }
            let to = self.to.get(here).into_iter().flatten().map(|(to, ..)| to).filter(|to| matches!(to, Handle::Param(..)));
            queue.extend(to.filter(|to| seen.insert(to)));
        }
        out
    }
}

impl Uses {
    /// Gives fields the uses of all that holds a handle of the same thing.
    pub(super) fn follow_handles(&mut self) {
        let involved = self.handles.to.iter().flat_map(|(from, to)| std::iter::once(from).chain(to.iter().map(|(to, ..)| to)));
        let mut fields: Vec<&Handle> = involved.chain(self.handles.used.keys()).filter(|one| matches!(one, Handle::Field(..))).collect();
        fields.sort_unstable();
        fields.dedup();
        let told: Vec<((DefId, SmolStr), Vec<UsedAt>)> = fields
            .into_iter()
            .filter_map(|one| match one {
                Handle::Field(of, field) => Some(((*of, field.clone()), self.through(one))),
                _ => None,
            })
            .collect();
        for (field, uses) in told.into_iter().filter(|(_, uses)| !uses.is_empty()) {
            self.fields.insert(field, uses);
        }
    }

    /// The uses of what a function makes and keeps in a variable.
    #[must_use]
    pub(super) fn of_local(&self, function: DefId, name: &SmolStr, line: u32) -> Vec<UsedAt> {
        self.through(&Handle::Local(function, name.clone(), line))
    }

    /// The fields into which a handle goes that a function makes and keeps in a variable.
    #[must_use]
    pub(super) fn fields_with(&self, function: DefId, name: &SmolStr, line: u32) -> Vec<(DefId, SmolStr)> {
        let aliases = self.handles.aliases(self, &Handle::Local(function, name.clone(), line), &mut Vec::new());
        let given = aliases.iter().filter_map(|one| self.handles.to.get(one)).flatten().map(|(to, ..)| to);
        let fields = given.filter_map(|to| match to {
            Handle::Field(of, field) => Some((*of, field.clone())),
            _ => None,
        });
        fields.collect()
    }

    /// The variable from which all comes that is in a field, wherever its struct is made.
    #[must_use]
    pub fn origin(&self, of: DefId, field: &SmolStr) -> Option<&Handle> {
        let mut at = self.handles.only_source(self, &Handle::Field(of, field.clone()))?;
        for _ in 0..MAX_HANDLES {
            match at {
                Handle::Local(..) => return Some(at),
                Handle::Param(..) => at = self.handles.only_source(self, at)?,
                Handle::Field(..) => return None,
            }
        }
        None
    }

    /// The field from which all comes that is in another one, wherever its struct is made.
    #[must_use]
    pub fn giver(&self, of: DefId, field: &SmolStr) -> Option<(DefId, SmolStr)> {
        match self.handles.only_source(self, &Handle::Field(of, field.clone()))? {
            Handle::Field(giver, given) => Some((*giver, given.clone())),
            _ => None,
        }
    }

    fn through(&self, of: &Handle) -> Vec<UsedAt> {
        let mut out: Vec<UsedAt> = Vec::new();
        for one in self.handles.aliases(self, of, &mut out) {
            out.extend(self.handles.used.get(&one).into_iter().flatten());
            if let Handle::Field(of, field) = one {
                out.extend(self.fields.get(&(of, field)).into_iter().flatten());
            }
        }
        let mut seen = FxHashSet::default();
        out.retain(|(at, body, access)| seen.insert((*at, *body, *access == Access::Write)));
        out.sort_by_key(|(at, body, _)| (*body, *at));
        out
    }
}
