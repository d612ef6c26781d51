//! What a book tells of the git history.

use std::path::Path;

use statemap::history::History;
use statemap::render::CHANGES;

use super::session::Session;
use crate::cli::Global;

/// So many releases, or commits, are told of when nobody says how many.
#[cfg(feature = "git")]
const POINTS: u32 = 8;

/// Where the changelog of a book comes from.
pub(super) enum Changelog<'a> {
    /// Its page is not judged: no commit can tell what it changes itself. Other pages link to it when it is there.
    AsThere,
    /// The history is walked.
    Walked {
        /// How many points, as the command line says.
        most: Option<u32>,
        global: &'a Global,
    },
}

impl Changelog<'_> {
    /// What the book in a folder tells; `configured` is what `statemap.toml` says of how many points.
    pub(super) fn of(&self, session: &Session, configured: Option<u32>, folder: &Path) -> anyhow::Result<Option<History>> {
        match self {
            Self::AsThere => Ok(folder.join(CHANGES).is_file().then(History::default)),
            #[cfg(feature = "git")]
            Self::Walked { most, global } => walked(session, most.or(configured).unwrap_or(POINTS), global),
            #[cfg(not(feature = "git"))]
            Self::Walked { most, .. } => match most.or(configured) {
                None | Some(0) => Ok(None),
                Some(_) => Err(super::UsageError::with_help(
                    "this statemap was built without git: it knows no history",
                    "build it with its default features: `cargo install statemap`",
                )),
            },
        }
    }
}

#[cfg(feature = "git")]
#[expect(clippy::print_stderr, reason = "why a page is not there")]
fn walked(session: &Session, most: u32, global: &Global) -> anyhow::Result<Option<History>> {
    use statemap::source::git::Repository;

    if most == 0 {
        return Ok(None);
    }
    // Most trees that are analysed lie in a repository; those that do not have no history.
    let Ok(repository) = Repository::find(&session.root) else { return Ok(None) };
    session.analysis.let_go();
    let bar = super::progress::Bar::start(global);
    let found = statemap::history::history(&repository, &super::session::options(global)?, most as usize, bar.progress());
    drop(bar);
    Ok(found.unwrap_or_else(|error| {
        if !global.quiet {
            let error = statemap::terminal::visible(&format!("{error:#}"));
            eprintln!("warning: the book has no page of what changed: {error}");
        }
        None
    }))
}
