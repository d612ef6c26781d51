//! The commands: glue between stages, and the only place that prints.

mod catalog;
mod gen_map;
mod list;
mod session;

pub(crate) use catalog::run as catalog;
pub(crate) use gen_map::run as gen_map;
pub(crate) use list::run as list;

use std::io::Write;

/// Prints to standard output; a reader that went away is no error.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
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
