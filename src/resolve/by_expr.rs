//! What is known of some expressions of a body, found by their index: asked for at nearly every step.

use crate::facts::ExprId;

/// No expression has as many before it.
const NONE: u32 = u32::MAX;

/// Something of some of the expressions of a body.
#[derive(Debug)]
pub struct ByExpr<T> {
    /// Where each expression's is among all.
    at: Vec<u32>,
    /// In the order in which it was found.
    all: Vec<(ExprId, T)>,
}

impl<T> Default for ByExpr<T> {
    fn default() -> Self {
        Self { at: Vec::new(), all: Vec::new() }
    }
}

impl<T> ByExpr<T> {
    /// For a body of so many expressions, none of which is known yet.
    pub(super) fn new(exprs: usize) -> Self {
        Self { at: vec![NONE; exprs], all: Vec::new() }
    }

    fn place(&self, id: ExprId) -> Option<usize> {
        self.at.get(id.0 as usize).filter(|at| **at != NONE).map(|at| *at as usize)
    }

    /// What is known of an expression.
    #[must_use]
    pub fn get(&self, id: &ExprId) -> Option<&T> {
        self.place(*id).map(|at| &self.all[at].1)
    }

    /// Whether anything is known of it.
    #[must_use]
    pub fn contains_key(&self, id: &ExprId) -> bool {
        self.place(*id).is_some()
    }

    /// Notes it, in the place of what was known.
    pub(super) fn insert(&mut self, id: ExprId, of: T) {
        match self.place(id) {
            Some(at) => self.all[at].1 = of,
            None => {
                if let Some(place) = self.at.get_mut(id.0 as usize) {
                    *place = super::program::index(self.all.len());
                    self.all.push((id, of));
                }
            }
        }
    }

    /// Notes it unless something is known.
    pub(super) fn insert_first(&mut self, id: ExprId, of: T) {
        if !self.contains_key(&id) {
            self.insert(id, of);
        }
    }

    /// All of it, in the order in which it was found.
    pub fn iter(&self) -> impl Iterator<Item = (&ExprId, &T)> {
        self.all.iter().map(|(id, of)| (id, of))
    }

    /// The same without the expressions.
    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.all.iter().map(|(_, of)| of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_first_stays_or_is_replaced() {
        let mut known = ByExpr::new(3);
        known.insert(ExprId(2), "a");
        known.insert_first(ExprId(2), "b");
        known.insert(ExprId(0), "c");
        assert_eq!(known.iter().collect::<Vec<_>>(), [(&ExprId(2), &"a"), (&ExprId(0), &"c")]);
        known.insert(ExprId(2), "d");
        assert_eq!(known.get(&ExprId(2)), Some(&"d"));
        assert!(!known.contains_key(&ExprId(1)));
        // One of another body.
        known.insert(ExprId(7), "e");
        assert_eq!((known.get(&ExprId(7)), known.values().count()), (None, 2));
    }
}
