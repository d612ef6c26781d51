//! `statemap annotate`: stubs in `statemap.toml` for state that nobody has written about.

use statemap::annotations::{CONFIG_FILE, Pattern, Wanted, insert, load, prune, stubs, tables};
use statemap::model::{Class, Item, Kind, Severity};
use statemap::output::{WriteOptions, write_pages};
use statemap::render::{Existing, Page};
use statemap::source::{DirTree, ReadError, Tree};

use super::outputs::refused;
use super::session::{self, Session};
use super::{InputError, UsageError, counted, print, vocabulary};
use crate::cli::{Annotate, Global};
use crate::exit_code::ExitCode;

/// With more stubs than this, a way to have fewer is told.
const MANY: usize = 20;

pub(crate) fn run(args: &Annotate, global: &Global) -> anyhow::Result<ExitCode> {
    let kinds = vocabulary::<Kind>(&args.kind, "kind", Kind::ALL.iter().map(|kind| kind.as_str()))?;
    let patterns = patterns(&args.id)?;
    let session = session::open(global, args.path.as_deref())?;
    if args.prune {
        return take_out(&session, args, global);
    }
    let named = !kinds.is_empty() || !patterns.is_empty();
    let items = wanted_items(&session, &kinds, &patterns);
    if named && items.is_empty() {
        return Err(UsageError::with_help("no piece of state is meant by `--kind` and `--id`", "`statemap list` shows the ids and kinds"));
    }
    let stubs = stubs(&items, &session.analysis.config, if named { Wanted::EachItem } else { Wanted::Usual });
    if args.dry_run {
        print(&tables(&stubs))?;
    }
    let mut written = false;
    if !args.dry_run && !stubs.is_empty() {
        let old = read(&session)?;
        let new = insert(&old, &stubs);
        let mistake = load(CONFIG_FILE, &new).1.into_iter().find(|found| found.severity == Severity::Error);
        if let Some(mistake) = mistake {
            // Nothing that could not be read again is written.
            return Err(InputError::with_help(
                format!("the stubs cannot be added to `{CONFIG_FILE}`: {}", mistake.message),
                "`statemap annotate --dry-run` prints them, to be pasted by hand",
            ));
        }
        let page = Page { path: CONFIG_FILE.to_owned(), text: new, existing: Existing::Replaced };
        write_pages(&session.root, &[page], &WriteOptions::default()).map_err(|error| refused(&error))?;
        written = true;
    }
    if !global.quiet {
        let covered: usize = stubs.iter().map(|stub| stub.items).sum();
        tell(&session, stubs.len(), covered, written);
    }
    Ok(session.exit_code())
}

/// Takes out the entries that match nothing.
fn take_out(session: &Session, args: &Annotate, global: &Global) -> anyhow::Result<ExitCode> {
    let analysis = &session.analysis;
    let unmatched = |line: u32| {
        let mut found = analysis.map.diagnostics.iter().filter(|found| found.code == "unmatched-annotation" && found.line == Some(line));
        found.any(|found| found.file.as_deref() == Some(CONFIG_FILE))
    };
    let entries: Vec<usize> = (0..).zip(&analysis.config.states).filter(|(_, entry)| unmatched(entry.line())).map(|(at, _)| at).collect();
    let (text, gone) = prune(&read(session)?, &entries);
    print(&gone.join("\n"))?;
    if !args.dry_run && !gone.is_empty() {
        let page = Page { path: CONFIG_FILE.to_owned(), text, existing: Existing::Replaced };
        write_pages(&session.root, &[page], &WriteOptions::default()).map_err(|error| refused(&error))?;
    }
    if !global.quiet {
        let done = if args.dry_run { "nothing was written" } else { "written" };
        match gone.len() {
            0 => say!("{}: nothing to take out", session.root.join(CONFIG_FILE).display()),
            count => say!(
                "{}: {} that {} nothing; {done}",
                session.root.join(CONFIG_FILE).display(),
                counted(count, "entry", "entries"),
                if count == 1 { "matches" } else { "match" }
            ),
        }
    }
    Ok(session.exit_code())
}

fn patterns(texts: &[String]) -> anyhow::Result<Vec<Pattern>> {
    let compile = |text: &String| {
        Pattern::new(text).map_err(|reason| {
            UsageError::with_help(
                format!("`{text}` is not a pattern: {reason}"),
                "write the id of an item, or a pattern such as 'cache:shop::*'",
            )
        })
    };
    texts.iter().map(compile).collect()
}

fn wanted_items<'s>(session: &'s Session, kinds: &[Kind], patterns: &[Pattern]) -> Vec<&'s Item> {
    let is_wanted = |item: &&Item| {
        item.class == Class::Mutable
            && (kinds.is_empty() || kinds.contains(&item.kind))
            && (patterns.is_empty() || patterns.iter().any(|pattern| pattern.matches(item.id.as_str()).is_some()))
    };
    session.analysis.map.items.iter().filter(is_wanted).collect()
}

/// The text of `statemap.toml`; empty when there is none.
fn read(session: &Session) -> anyhow::Result<String> {
    let tree = DirTree::open(&session.root).map_err(|error| InputError::with_help(error.to_string(), error.help()))?;
    match tree.read(CONFIG_FILE) {
        Ok(text) => Ok(text),
        Err(ReadError::Missing) => Ok(String::new()),
        Err(error) => Err(InputError::with_help(format!("`{CONFIG_FILE}`: {error}"), "nothing was written")),
    }
}

fn tell(session: &Session, stubs: usize, items: usize, written: bool) {
    let file = session.root.join(CONFIG_FILE);
    let file = file.display();
    if stubs == 0 {
        let waiting = session.analysis.config.states.iter().filter(|state| !state.written.blanks().is_empty()).count();
        match waiting {
            0 => say!("{file}: nothing to add"),
            waiting => say!("{file}: nothing to add; {} to be filled in", counted(waiting, "stub is", "stubs are")),
        }
        return;
    }
    let many = stubs > MANY;
    let stubs = counted(stubs, "stub", "stubs");
    let items = counted(items, "piece of state", "pieces of state");
    if written {
        say!("{file}: {stubs} added for {items}");
        say!("fill in what is empty, then `statemap gen` shows it on the map; what is left empty counts as not said");
    } else {
        say!("{stubs} for {items}; nothing was written");
    }
    if many {
        say!("too many at once? `--kind session,cache` takes only those; one `[[state]]` with `id = \"cache:*\"` speaks of all of a kind");
    }
}
