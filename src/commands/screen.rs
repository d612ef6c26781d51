//! What is known of the terminal, and what the user wants of it: the only place that asks the environment for it.

use std::io::IsTerminal;
use std::path::Path;

use statemap::terminal::{Hyperlinks, Opener, supports_colour, supports_hyperlinks};

use crate::cli::{Global, When};

/// Columns of a page in a pipe.
const PIPE: usize = 80;
/// Longer lines of running text are hard to read, however wide the terminal is.
const WIDEST: usize = 100;
/// Narrower than this, nothing is laid out any more.
const NARROWEST: usize = 20;
/// Columns of a terminal that does not tell.
const UNKNOWN: usize = 100;

/// Where something is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stream {
    Out,
    Err,
}

impl Stream {
    pub(super) fn is_terminal(self) -> bool {
        match self {
            Stream::Out => std::io::stdout().is_terminal(),
            Stream::Err => std::io::stderr().is_terminal(),
        }
    }
}

/// Whether a stream gets colours: as `--color` says, else as `NO_COLOR`, `CLICOLOR_FORCE`, `CLICOLOR` and `TERM` do.
pub(super) fn colour(stream: Stream, global: &Global) -> bool {
    match global.color {
        When::Always => true,
        When::Never => false,
        When::Auto => supports_colour(stream.is_terminal(), var),
    }
}

/// The width of the terminal on standard output: what `COLUMNS` says, else what the system says; none in a pipe.
pub(super) fn width() -> Option<usize> {
    Stream::Out.is_terminal().then(|| told_width().or_else(terminal_width).unwrap_or(UNKNOWN))
}

/// Columns of running text on standard output.
pub(super) fn page_width() -> usize {
    told_width().or_else(width).unwrap_or(PIPE).clamp(NARROWEST, WIDEST)
}

/// Columns of messages with code in them.
pub(super) fn message_width(stream: Stream) -> usize {
    const MESSAGES: usize = 120;
    let own = || if stream.is_terminal() { terminal_width() } else { None };
    told_width().or_else(own).unwrap_or(MESSAGES).clamp(NARROWEST, MESSAGES)
}

/// The width that the environment asks for.
fn told_width() -> Option<usize> {
    std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok())
}

/// The terminal's width, when the system knows it.
fn terminal_width() -> Option<usize> {
    terminal_size::terminal_size().map(|(width, _)| usize::from(width.0))
}

/// Whether standard output gets hyperlinks.
fn has_links(global: &Global) -> bool {
    match global.hyperlinks {
        When::Always => true,
        When::Never => false,
        When::Auto => Stream::Out.is_terminal() && supports_hyperlinks(var),
    }
}

/// Links to the web, where the terminal has them.
pub(super) fn web_links(global: &Global) -> Option<Hyperlinks> {
    has_links(global).then(Hyperlinks::web)
}

/// Links to files of the tree, too.
pub(super) fn file_links(global: &Global, root: &Path) -> Option<Hyperlinks> {
    if !has_links(global) {
        return None;
    }
    let root = std::fs::canonicalize(root).ok()?;
    Some(Hyperlinks::files(&root, &host(), Opener::of(var)))
}

fn var(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The name of this machine, when the system tells it without being asked much; terminals take an empty one for their own.
fn host() -> String {
    let from_file = || std::fs::read_to_string("/etc/hostname").ok();
    var("HOSTNAME").or_else(from_file).map(|name| name.trim().to_owned()).unwrap_or_default()
}
