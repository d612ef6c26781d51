//! Messages on the input and the configuration that appear or are gone.

use serde::Serialize;

use crate::model::{Diagnostic, StateMap};

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MessageHow {
    /// It was not there before.
    Appeared,
    /// It is there no more.
    Gone,
}

/// A message that the maps do not have in common.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MessageChange<'a> {
    /// What became of it.
    pub how: MessageHow,
    /// The message.
    pub message: &'a Diagnostic,
}

/// The messages that differ, new ones first, the worst of each sort first. Their lines do not count.
pub(super) fn changes<'a>(before: &'a StateMap, after: &'a StateMap) -> Vec<MessageChange<'a>> {
    let same = |a: &Diagnostic, b: &Diagnostic| a.severity == b.severity && a.code == b.code && a.file == b.file && a.message == b.message;
    let mut old: Vec<&Diagnostic> = before.diagnostics.iter().collect();
    let mut out: Vec<MessageChange<'a>> = Vec::new();
    for message in &after.diagnostics {
        match old.iter().position(|other| same(other, message)) {
            Some(at) => drop(old.remove(at)),
            None => out.push(MessageChange { how: MessageHow::Appeared, message }),
        }
    }
    out.extend(old.into_iter().map(|message| MessageChange { how: MessageHow::Gone, message }));
    out.sort_by(|a, b| (a.how, b.message.severity, a.message).cmp(&(b.how, a.message.severity, b.message)));
    out
}
