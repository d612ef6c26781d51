//! `[[catalog]]` of a `statemap.toml`: one entry of the user's, with every mistake at the key that it is about.

use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, Deserializer};

use super::faults::faults;
use super::schema::Api;
use crate::model::Kind;

/// What is wrong with an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnFault {
    /// What is wrong, in words.
    pub message: String,
    /// Bytes of the key or value.
    pub at: Range<usize>,
    /// The words that would do, when it is a word that is wrong.
    pub known: Vec<String>,
    /// The wrong word.
    pub word: Option<String>,
}

/// Reads an entry; `at` are the bytes of its header.
///
/// # Errors
/// With the first mistake of the schema, or with all that the schema cannot say.
pub fn read_own(table: &DeTable<'_>, at: &Range<usize>) -> Result<Api, Vec<OwnFault>> {
    let api = Api::deserialize(Deserializer::from(Spanned::new(at.clone(), table.clone()))).map_err(|error| vec![of_schema(&error, at)])?;
    // Names of older versions are names as well.
    let mut with_older = api.clone();
    with_older.take_in_older();
    let found: Vec<OwnFault> = faults(&with_older)
        .into_iter()
        .map(|fault| {
            let at = table.get_key_value(fault.key).map_or(at.clone(), |(key, _): (&Spanned<_>, _)| key.span());
            OwnFault { message: fault.message, at, known: Vec::new(), word: None }
        })
        .collect();
    if found.is_empty() { Ok(api) } else { Err(found) }
}

/// `unknown field `lable`, expected one of `kind`, `shape`, …`: the wrong word comes first, then those that would do.
fn of_schema(error: &toml::de::Error, header: &Range<usize>) -> OwnFault {
    let said = error.message().replace('\n', " ");
    let mut quoted = said.split('`').skip(1).step_by(2).map(str::to_owned);
    let wrong_word = said.starts_with("unknown");
    let word = if wrong_word { quoted.next() } else { None };
    let mut known: Vec<String> = if wrong_word { quoted.collect() } else { Vec::new() };
    let message = match &word {
        Some(word) if said.starts_with("unknown field") => format!("unknown key `{word}` in `[[catalog]]`"),
        Some(word) if said.starts_with("unknown kind") => {
            known = Kind::ALL.iter().map(|kind| kind.as_str().to_owned()).chain(["none".to_owned()]).collect();
            format!("there is no kind `{word}`")
        }
        Some(word) => format!("`{word}` is none of the words that this key takes"),
        None if said.starts_with("missing field") => said.replacen("missing field", "`[[catalog]]` has no", 1),
        None => said.clone(),
    };
    let at = error.span().filter(|span| !span.is_empty()).unwrap_or_else(|| header.clone());
    OwnFault { message, at, known, word }
}
