//! Which of several annotations of one item counts: weights, merging key by key, conflicts.

use jiff::civil::Date;

use super::nearest::quoted;
use super::reader::Mark;
use super::schema::{KEYS, Slot, Written, slot};
use crate::merge::redact;
use crate::model::{Annotation, Diagnostic, Item, Severity};

/// How much an annotation weighs against another of the same item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// `[[state]]` with a glob; a later one weighs more.
    Glob(usize),
    /// `[[declare]]`.
    Declared,
    /// A comment above a section of the settings.
    Section,
    /// A comment beside a key of the settings, or a variable.
    Key,
    /// `[[state]]` with the id itself.
    Exact,
    /// A comment beside the code.
    Comment,
}

/// An annotation and its weight for one item.
pub(super) struct Claim<'a> {
    pub(super) rank: Rank,
    pub(super) written: &'a Written,
}

/// Whether the last day of an annotation is over.
pub(super) fn has_expired(annotation: &Annotation, today: Date) -> bool {
    annotation.expires.as_deref().and_then(|date| date.parse::<Date>().ok()).is_some_and(|date| date < today)
}

/// A message at a key of an annotation.
pub(super) fn at_key(written: &Written, key: &str, severity: Severity, code: &'static str, message: String) -> Diagnostic {
    let mark: Mark = written.keys.get(key).copied().unwrap_or(written.at);
    mark.diagnostic(severity, code, &written.place.file, message)
}

/// Two annotations of equal weight that say different things; globs never weigh the same.
pub(super) fn report_conflicts(item: &Item, claims: &[Claim<'_>], out: &mut Vec<Diagnostic>) {
    for same in claims.chunk_by(|a, b| a.rank == b.rank).filter(|same| same.len() > 1) {
        for key in KEYS {
            let said = same.iter().filter(|claim| claim.written.keys.contains_key(key.name));
            let mut earlier: Option<&Written> = None;
            for written in said.map(|claim| claim.written) {
                if let Some(earlier) = earlier
                    && !says_the_same(earlier, written, key.name)
                {
                    let first = earlier.keys.get(key.name).copied().unwrap_or(earlier.at);
                    let (id, file) = (quoted(item.id.as_str()), &earlier.place.file);
                    let message = format!("`{}` of {id} is annotated twice: also in {file}:{}", key.name, first.line);
                    let help = "this one is used; remove one of the two";
                    out.push(at_key(written, key.name, Severity::Warning, "conflicting-annotation", message).help(help));
                }
                earlier = Some(written);
            }
        }
    }
}

fn says_the_same(a: &Written, b: &Written, key: &str) -> bool {
    let (mut a, mut b) = (a.annotation.clone(), b.annotation.clone());
    slot(&mut a, key) == slot(&mut b, key)
}

/// Merges claims key by key, lightest first.
pub(super) fn merge(claims: &[Claim<'_>], today: Date) -> Option<Annotation> {
    let mut merged = Annotation::default();
    for claim in claims {
        let mut annotation = claim.written.annotation.clone();
        if has_expired(&annotation, today) {
            annotation.ignore = None;
            annotation.acknowledge.clear();
        }
        if !annotation.acknowledge.is_empty() {
            // Reason and date belong to the hazards that they were written for.
            (merged.reason, merged.date) = (None, None);
        } else {
            (annotation.reason, annotation.date) = (None, None);
        }
        let mut says_something = false;
        for key in KEYS {
            let (Some(from), Some(mut to)) = (slot(&mut annotation, key.name), slot(&mut merged, key.name)) else { continue };
            if !Slot::is_empty(&from) {
                to.set(from);
                says_something = true;
            }
        }
        if says_something {
            merged.places.push(claim.written.place.clone());
        }
    }
    // People paste addresses with passwords, too.
    for key in KEYS {
        match slot(&mut merged, key.name) {
            Some(Slot::Text(Some(text))) => *text = redact::text(text),
            Some(Slot::List(list)) => list.iter_mut().for_each(|text| *text = redact::text(text)),
            _ => {}
        }
    }
    merged.places.sort();
    merged.places.dedup();
    (!merged.places.is_empty()).then_some(merged)
}
