//! `statemap diff`: what state a change adds, removes or changes, and which hazards and variables it brings.

use crate::cli::{Diff as Args, Global};
use crate::exit_code::ExitCode;

#[cfg(not(feature = "git"))]
pub(crate) fn run(_args: &Args, _global: &Global) -> anyhow::Result<ExitCode> {
    Err(super::UsageError::with_help(
        "this statemap was built without git: it knows no revisions",
        "build it with its default features: `cargo install statemap`",
    ))
}

#[cfg(feature = "git")]
pub(crate) use with_git::run;

#[cfg(feature = "git")]
mod with_git {
    use statemap::diff::{Diff, FailOn, How, Version};
    use statemap::model::{Diagnostic, Severity};
    use statemap::progress::Silent;
    use statemap::render::{self, DiffOptions, RenderError};
    use statemap::source::git::{Commit, GitError, GitTree, Lacking, Range, Repository};
    use statemap::source::{DirTree, MemoryTree, Tree, Without};
    use statemap::{Analysis, Options, Parsed, analyze_alike};

    use super::{Args, ExitCode, Global};
    use crate::cli::DiffFormat;
    use crate::commands::progress::Bar;
    use crate::commands::screen::{self, Stream};
    use crate::commands::session;
    use crate::commands::{InputError, UsageError, counted, print, vocabulary};

    /// So many objects that are not there are named.
    const LACKING: usize = 3;
    /// So many submodules are named.
    const SUBMODULES: usize = 5;

    /// What a side is read from.
    enum Source {
        Commit(Commit, Box<GitTree>),
        Working(DirTree),
        /// The commit does not hold the analysed folder.
        Absent(Commit),
    }

    /// An analysed side.
    struct Side {
        name: String,
        analysis: Analysis,
        prefix: String,
        submodules: Vec<String>,
        is_absent: bool,
    }

    pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<ExitCode> {
        let asked = match args.fail_on.as_deref() {
            Some([none]) if none == "none" => Some(Vec::new()),
            Some(words) => Some(vocabulary::<FailOn>(words, "change to fail on", FailOn::words())?),
            None => None,
        };
        let (root, dir) = session::find(global, None)?;
        let repository = Repository::find(&root).map_err(wrong)?;
        let (before, after) = sources(args, &repository, dir)?;
        if let (Source::Absent(one), Source::Absent(other)) = (&before, &after) {
            let message = format!("neither `{}` nor `{}` holds the folder `{}`", one.name, other.name, repository.prefix());
            return Err(InputError::with_help(message, "run it in a folder of the repository that one of them holds"));
        }
        let options = session::options(global)?;
        let parsed = Parsed::default();
        let reading = Reading { repository: &repository, options: &options, parsed: &parsed, global };
        let before = reading.analysed(before, false)?;
        let after = reading.analysed(after, true)?;
        let old = Version { name: &before.name, map: &before.analysis.map };
        let new = Version { name: &after.name, map: &after.analysis.map };
        let mut diff = Diff::of(old, new, args.shown.constants);
        diff.notes = notes(&before, &after);
        let fail_on = asked.unwrap_or_else(|| after.analysis.config.policy.fail_on.map(FailOn::Hazard).into_iter().collect());
        let text = match args.format {
            DiffFormat::Json => render::pretty(&diff),
            DiffFormat::Markdown => {
                let options = DiffOptions { prefix: after.prefix.clone(), templates: args.shown.templates.clone(), colour: false };
                let failed = |error: RenderError| UsageError::with_help(error.report(), "mend the template, or leave out `--templates`");
                render::diff_markdown(&diff, old.map, new.map, &options).map_err(failed)?
            }
            DiffFormat::Text => {
                let colour = screen::colour(Stream::Out, global);
                render::diff_text(&diff, &DiffOptions { colour, ..DiffOptions::default() })
            }
        };
        print(&text)?;
        let failed = tell(&diff, &fail_on, global);
        // A map of half the input proves nothing.
        Ok(match (before.analysis.unreadable || after.analysis.unreadable, failed) {
            (true, _) => ExitCode::Unreadable,
            (false, true) => ExitCode::Found,
            (false, false) => ExitCode::Clean,
        })
    }

    /// The two sides that are meant.
    fn sources(args: &Args, repository: &Repository, dir: DirTree) -> anyhow::Result<(Source, Source)> {
        let range = Range::parse(&args.before, args.after.as_deref()).ok_or_else(|| {
            UsageError::with_help("a range names both sides", "write `statemap diff A..B`, `statemap diff A...B` or `statemap diff A B`")
        })?;
        let commit = |name: &str| repository.commit(name).map_err(wrong);
        let of = |commit: Commit| -> anyhow::Result<Source> {
            Ok(match repository.tree(&commit).map_err(wrong)? {
                Some(tree) => Source::Commit(commit, Box::new(tree)),
                None => Source::Absent(commit),
            })
        };
        let base = |one: &Commit, other: &Commit| repository.merge_base(one, other).map_err(wrong);
        // A folder that one name gives is that of both sides.
        let pair = |one: Commit, other: Commit| (one.clone().in_folder_of(&other), other.in_folder_of(&one));
        match range {
            Range::Working(_) if repository.is_bare() => Err(UsageError::with_help(
                "a bare repository has no working directory to compare with",
                "name two revisions: `statemap diff A B`",
            )),
            Range::Working(name) => {
                let old = commit(&name)?;
                let old = if args.merge_base { base(&old, &commit("HEAD")?)? } else { old };
                Ok((of(old)?, Source::Working(dir)))
            }
            Range::MergeBase(a, b) => {
                let (old, new) = pair(commit(&a)?, commit(&b)?);
                Ok((of(base(&old, &new)?)?, of(new)?))
            }
            Range::Both(a, b) => {
                let (old, new) = pair(commit(&a)?, commit(&b)?);
                let old = if args.merge_base { base(&old, &new)? } else { old };
                Ok((of(old)?, of(new)?))
            }
        }
    }

    /// What both sides are read with.
    struct Reading<'a> {
        repository: &'a Repository,
        options: &'a Options,
        /// Most files are the same on both sides.
        parsed: &'a Parsed,
        global: &'a Global,
    }

    impl Reading<'_> {
        fn analysed(&self, source: Source, is_after: bool) -> anyhow::Result<Side> {
            let Self { repository, options, parsed, global } = *self;
            match source {
                Source::Commit(commit, tree) => {
                    let revision = repository.revision(&commit);
                    let analysis = analyze_alike(&*tree, &revision, options, Bar::start(global).progress(), parsed)?;
                    let lacking = tree.lacking();
                    if !lacking.is_empty() {
                        return Err(InputError::with_help(not_there(&commit, &lacking), repository.help_for_missing()));
                    }
                    check_config(&*tree, &analysis, &commit.name, global, is_after)?;
                    Ok(Side { name: commit.name, analysis, prefix: revision.prefix, submodules: tree.submodules(), is_absent: false })
                }
                Source::Working(dir) => {
                    // A commit holds no file of a submodule: those that lie here are no change.
                    let submodules = repository.submodules();
                    let tree = Without::new(&dir, submodules.clone());
                    let revision = repository.working_revision();
                    let analysis = analyze_alike(&tree, &revision, options, Bar::start(global).progress(), parsed)?;
                    let name = "the working directory".to_owned();
                    check_config(&tree, &analysis, &name, global, is_after)?;
                    Ok(Side { name, analysis, prefix: revision.prefix, submodules, is_absent: false })
                }
                Source::Absent(commit) => {
                    let revision = repository.revision(&commit);
                    let analysis = analyze_alike(&MemoryTree::default(), &revision, options, &Silent, parsed)?;
                    Ok(Side { name: commit.name, analysis, prefix: revision.prefix, submodules: Vec::new(), is_absent: true })
                }
            }
        }
    }

    /// What is wrong with `statemap.toml` ends the command when it is that of the newer side; the older one cannot be mended.
    fn check_config(tree: &dyn Tree, analysis: &Analysis, name: &str, global: &Global, is_after: bool) -> anyhow::Result<()> {
        if !analysis.bad_config || !is_after {
            return Ok(());
        }
        let is_error = |found: &&Diagnostic| found.severity == Severity::Error;
        session::report(tree, analysis.map.diagnostics.iter().filter(is_error), global);
        Err(UsageError::with_help(format!("`statemap.toml` of {name} is not valid"), "mend the places shown above"))
    }

    fn not_there(commit: &Commit, lacking: &[Lacking]) -> String {
        let named: Vec<String> = lacking.iter().take(LACKING).map(|one| format!("`{}` ({})", one.path, one.object)).collect();
        let more = if lacking.len() > LACKING { format!(" and {} more", lacking.len() - LACKING) } else { String::new() };
        format!("the clone lacks objects of `{}` ({}): {}{more}", commit.name, commit.short(), named.join(", "))
    }

    /// What could not be compared.
    fn notes(before: &Side, after: &Side) -> Vec<String> {
        let mut out = Vec::new();
        for side in [before, after] {
            let name = &side.name;
            if side.is_absent {
                out.push(format!("`{name}` does not hold `{}`: all of it is told as added or removed", side.prefix));
            } else if side.analysis.no_rust {
                out.push(format!("`{name}` holds no Rust code"));
            }
            if side.analysis.bad_config {
                out.push(format!("`statemap.toml` of `{name}` is not valid: what it says was left out"));
            }
            if side.analysis.unreadable {
                out.push(format!("not everything of `{name}` could be read"));
            }
        }
        let mut submodules: Vec<&String> = before.submodules.iter().chain(&after.submodules).collect();
        submodules.sort();
        submodules.dedup();
        if !submodules.is_empty() {
            let named: Vec<String> = submodules.iter().take(SUBMODULES).map(|path| format!("`{path}`")).collect();
            let more = if submodules.len() > SUBMODULES { format!(" and {} more", submodules.len() - SUBMODULES) } else { String::new() };
            out.push(format!("submodules were not entered: {}{more}", named.join(", ")));
        }
        out
    }

    /// The last line; whether the difference fails.
    fn tell(diff: &Diff<'_>, fail_on: &[FailOn], global: &Global) -> bool {
        let failed = diff.failed(fail_on);
        if !global.quiet {
            let sorts = [(How::Added, "added"), (How::Removed, "removed"), (How::Changed, "changed"), (How::Moved, "moved")];
            let counts: Vec<String> = sorts.iter().map(|(how, word)| format!("{} {word}", diff.items(*how).count())).collect();
            let hazards = counted(diff.hazards.iter().filter(|change| change.is_new_risk()).count(), "new risk", "new risks");
            if !diff.same {
                say!("statemap diff: state: {}; {hazards}", counts.join(", "));
            }
            for one in &failed {
                say!("statemap diff: fails for {}: {}", one.on.as_str(), one.count);
            }
        }
        !failed.is_empty()
    }

    fn wrong(error: GitError) -> anyhow::Error {
        let message = error.to_string();
        if error.is_usage() { UsageError::with_help(message, error.help()) } else { InputError::with_help(message, error.help()) }
    }
}
