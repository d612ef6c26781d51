//! A set of definitions, a bit for each: for what is asked of every body, many times.

use super::program::DefId;

/// Definitions, most of which may be asked for.
#[derive(Clone, Debug, Default)]
pub struct DefSet(Vec<u64>);

impl DefSet {
    /// Takes one in; whether it was not there.
    pub fn insert(&mut self, id: DefId) -> bool {
        let (at, bit) = place(id);
        if self.0.len() <= at {
            self.0.resize(at + 1, 0);
        }
        let is_new = self.0[at] & bit == 0;
        self.0[at] |= bit;
        is_new
    }

    /// Whether one is there.
    #[must_use]
    pub fn contains(&self, id: DefId) -> bool {
        let (at, bit) = place(id);
        self.0.get(at).is_some_and(|bits| bits & bit != 0)
    }
}

fn place(id: DefId) -> (usize, u64) {
    ((id.0 / u64::BITS) as usize, 1 << (id.0 % u64::BITS))
}

impl Extend<DefId> for DefSet {
    fn extend<I: IntoIterator<Item = DefId>>(&mut self, ids: I) {
        for id in ids {
            self.insert(id);
        }
    }
}

impl FromIterator<DefId> for DefSet {
    fn from_iter<I: IntoIterator<Item = DefId>>(ids: I) -> Self {
        let mut out = Self::default();
        out.extend(ids);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_in_is_there_and_its_neighbours_are_not() {
        let set: DefSet = [0, 63, 64, 1_000].into_iter().map(DefId).collect();
        assert!([0, 63, 64, 1_000].into_iter().all(|id| set.contains(DefId(id))));
        assert!(![1, 62, 65, 999, 1_001, u32::MAX].into_iter().any(|id| set.contains(DefId(id))));
        let mut set = set;
        assert!(!set.insert(DefId(64)) && set.insert(DefId(65)) && set.contains(DefId(65)));
    }
}
