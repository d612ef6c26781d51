//! The commands: glue between stages, and the only place that prints.

mod annotate;
mod cache;
mod catalog;
mod changelog;
mod check;
mod check_diff;
mod check_text;
mod completions;
mod diff;
mod explain;
mod gen_map;
mod init;
mod list;
mod man;
mod mdbook;
mod merge;
mod outputs;
mod progress;
mod screen;
mod session;
mod show;
mod templates;
mod what_if;

pub(crate) use annotate::run as annotate;
pub(crate) use cache::run as cache;
pub(crate) use catalog::run as catalog;
pub(crate) use check::run as check;
pub(crate) use completions::run as completions;
pub(crate) use diff::run as diff;
pub(crate) use explain::{names as explained, run as explain};
pub(crate) use gen_map::run as gen_map;
pub(crate) use init::run as init;
pub(crate) use list::run as list;
pub(crate) use man::run as man;
pub(crate) use mdbook::run as mdbook;
pub(crate) use merge::run as merge;
pub(crate) use show::run as show;
pub(crate) use templates::run as templates;

use std::io::Write;
use std::str::FromStr;

/// Prints to standard output; a reader that went away is no error.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Words of a vocabulary; an unknown one is answered with the known ones.
pub(crate) fn vocabulary<T: FromStr<Err = ()>>(
    given: &[String],
    what: &str,
    known: impl Iterator<Item = &'static str>,
) -> anyhow::Result<Vec<T>> {
    let known: Vec<&str> = known.collect();
    let parse = |word: &String| {
        word.parse()
            .map_err(|()| UsageError::with_help(format!("unknown {what} `{word}`"), format!("the {what}s are: {}", known.join(", "))))
    };
    given.iter().map(parse).collect()
}

/// `did you mean …?` for the nearest of the known names, else the sentence given.
pub(crate) fn nearest_of<'k>(name: &str, known: impl IntoIterator<Item = &'k str>, otherwise: &str) -> String {
    statemap::annotations::nearest(name, known).map_or_else(|| otherwise.to_owned(), |known| format!("did you mean `{known}`?"))
}

/// `1 file`, `2 files`.
pub(crate) fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// A mistake in the command line or the configuration: exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct UsageError {
    message: String,
    help: Option<String>,
}

impl UsageError {
    pub(crate) fn with_help(message: impl Into<String>, help: impl Into<String>) -> anyhow::Error {
        Self { message: message.into(), help: Some(help.into()) }.into()
    }

    pub(crate) fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }
}

/// Input that could not be read at all: exit code 3.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct InputError {
    message: String,
    help: Option<String>,
}

impl InputError {
    pub(crate) fn with_help(message: impl Into<String>, help: impl Into<String>) -> anyhow::Error {
        Self { message: message.into(), help: Some(help.into()) }.into()
    }

    pub(crate) fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }
}
