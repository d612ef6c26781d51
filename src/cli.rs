//! The command line: types only; the help text is documentation.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use statemap::model::{Kind, Scope};

/// What stands below the help of the program, and in its man page.
const AFTER_HELP: &str = "\
Exit codes:
  0  everything was done, and what was checked holds
  1  something that was checked does not hold
  2  the command line or the configuration is wrong; nothing was written
  3  some of the input could not be read

Environment:
  NO_COLOR, CLICOLOR, CLICOLOR_FORCE  no colours; colours on a terminal; colours in a pipe, too
  COLUMNS                             how wide lines may be
  STATEMAP_CACHE_DIR                  where the folder of the cache is, in place of the user's cache folder
  STATEMAP_NO_CACHE                   1 for no cache, as --no-cache
  FORCE_HYPERLINK                     1 for links on any terminal, 0 for none

The book explains the rest; `statemap explain` prints its reference.";

/// Writes the implicit state map of a Rust service: where its state lives, how big it is, what is lost.
#[derive(Debug, Parser)]
#[command(name = "statemap", version, propagate_version = true, arg_required_else_help = true, max_term_width = 100)]
#[command(after_long_help = AFTER_HELP)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) global: Global,
}

/// Options of every command.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// The tree to analyse [default: upwards from here to a statemap.toml, a workspace manifest or the repository's root]
    #[arg(short = 'C', long, value_name = "DIR", global = true, help_heading = "Input", value_hint = ValueHint::DirPath)]
    pub(crate) root: Option<PathBuf>,
    /// Look into more than libraries and binaries: tests, benches, examples, build-scripts
    #[arg(long, value_name = "PARTS", global = true, default_value = "", hide_default_value = true, help_heading = "Input")]
    pub(crate) include: String,
    /// Threads to use [default: one for each processor]
    #[arg(long, value_name = "N", global = true, help_heading = "Input", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) threads: Option<u16>,
    /// Neither read nor write the cache: analyse everything anew
    #[arg(long, global = true, help_heading = "Input")]
    pub(crate) no_cache: bool,
    /// When to use colours; by itself on a terminal, as NO_COLOR and CLICOLOR_FORCE say
    #[arg(long, value_name = "WHEN", global = true, default_value = "auto", help_heading = "Messages", hide_possible_values = true)]
    pub(crate) color: When,
    /// When to make places lead to their file; by itself on terminals that are known to have links
    #[arg(long, value_name = "WHEN", global = true, default_value = "auto", help_heading = "Messages", hide_possible_values = true)]
    pub(crate) hyperlinks: When,
    /// Only errors, no warnings and no summary
    #[arg(short, long, global = true, help_heading = "Messages")]
    pub(crate) quiet: bool,
    /// Tell what was taken from the cache, and why something was not
    #[arg(short, long, global = true, help_heading = "Messages", conflicts_with = "quiet")]
    pub(crate) verbose: bool,
}

/// When to use what not every terminal has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    /// On a terminal that has it
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write the map: a Markdown page, an mdBook, JSON or a diagram
    Gen(Gen),
    /// Fail when the committed map is stale or what people wrote about state does not hold; for CI
    ///
    /// Compares the map that is there with the one that `gen` would write, and the annotations with the code, by the
    /// `[policy]` of statemap.toml. Exits with 1 when something does not hold; nothing is written.
    Check(Check),
    /// Tell what state, hazards and variables a change brings, between two revisions; for pull requests
    ///
    /// Both are read from git's objects: nothing is checked out, no git is run. Exits with 1 when the change brings what
    /// `--fail-on`, or `[policy] fail_on` of statemap.toml, does not let pass.
    Diff(Diff),
    /// Write a starter statemap.toml that fits this tree
    Init(Init),
    /// Add stubs for state that nobody has written about to statemap.toml
    ///
    /// What is there stays as it is, byte for byte. Many items of a kind share a stub, and settings, clients and the like have
    /// one for all; `--kind` and `--id` give one to each item that they name.
    Annotate(Annotate),
    /// Find state by word, kind, scope or service
    List(List),
    /// Print everything about a piece of state: its code, its numbers and where they come from, who uses it, what can go wrong
    ///
    /// `list` tells the names, `list --format csv` the ids. A name that several items have is answered with their ids.
    Show(Show),
    /// Put the maps of many repositories on one site: who shares which store, and what would be raised first over all
    ///
    /// Takes what `statemap gen --format json` wrote, in files or folders of them. Nothing is analysed.
    Merge(Merge),
    /// Print the reference text of a kind, scope, hazard, symptom, failure or detector
    ///
    /// Nothing is analysed. Without words, everything that can be explained is listed; a word that is no name is looked
    /// for in the texts, such as PgBouncer or sticky.
    Explain(Explain),
    /// Fill an mdBook: `{{#statemap …}}` in pages that people write, and whole generated chapters
    ///
    /// mdBook calls this for each build, with the book on standard input; `statemap mdbook install` puts the lines into
    /// book.toml that make it do so.
    Mdbook(Mdbook),
    /// Look at the templates of the pages, or copy them out to change them
    #[command(subcommand)]
    Templates(TemplatesCommand),
    /// Look at the catalog of crates, or check it against their sources
    #[command(subcommand)]
    Catalog(CatalogCommand),
    /// Look at the folder in which runs keep what they found, or empty it
    ///
    /// Nothing but the time of the next run depends on it.
    #[command(subcommand)]
    Cache(CacheCommand),
    /// Print a script that completes commands, options and values in a shell
    ///
    /// Where it goes depends on the shell: `statemap completions bash > ~/.local/share/bash-completion/completions/statemap`,
    /// `statemap completions zsh > ~/.zfunc/_statemap`, `statemap completions fish > ~/.config/fish/completions/statemap.fish`.
    Completions(Completions),
    /// Print a man page, or write those of all commands into a folder
    ///
    /// `statemap man | man -l -` reads it at once; `statemap man --output ~/.local/share/man/man1` makes `man statemap-gen` work.
    Man(Man),
}

/// What to do with the cache.
#[derive(Debug, Subcommand)]
pub(crate) enum CacheCommand {
    /// Print the folder
    Path,
    /// Remove what is kept of all trees
    Clean,
}

/// Options of `completions`.
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub(crate) shell: clap_complete::Shell,
}

/// Options of `man`.
#[derive(Debug, Args)]
pub(crate) struct Man {
    /// The command, such as gen or catalog verify [default: the page of statemap itself]
    #[arg(value_name = "COMMAND", conflicts_with = "output")]
    pub(crate) command: Vec<String>,
    /// Folder to write a page for each command to
    #[arg(short, long, value_name = "DIR", help_heading = "Output", value_hint = ValueHint::DirPath)]
    pub(crate) output: Option<PathBuf>,
}

/// Options of `mdbook`.
#[derive(Debug, Args)]
pub(crate) struct Mdbook {
    #[command(subcommand)]
    pub(crate) command: Option<MdbookCommand>,
}

/// What to do with a book.
#[derive(Debug, Subcommand)]
pub(crate) enum MdbookCommand {
    /// Say by the exit code whether a renderer gets the map; mdBook asks this
    Supports {
        /// Name of the renderer, such as html
        #[arg(value_name = "RENDERER")]
        renderer: String,
    },
    /// Put the preprocessor into a book.toml, and the stylesheet beside it; what is there stays
    Install {
        /// Folder of the book [default: the current folder]
        #[arg(value_name = "BOOKDIR")]
        book: Option<PathBuf>,
    },
}

/// What to do with the templates.
#[derive(Debug, Subcommand)]
pub(crate) enum TemplatesCommand {
    /// Print the names of the built-in templates, with what each renders
    List,
    /// Write built-in templates into a folder, to be changed; files that are there stay
    ///
    /// `--templates DIR` of `gen`, `[output] templates` of statemap.toml and `templates` of a book.toml name the folder.
    /// Delete what you do not change: the built-in one holds where no file is.
    Export(TemplatesExport),
}

/// Options of `templates export`.
#[derive(Debug, Args)]
pub(crate) struct TemplatesExport {
    /// Folder to write [default: statemap-templates]
    #[arg(value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
    /// Only these, such as item or page.md.tera (several by comma)
    #[arg(long, value_name = "NAME", value_delimiter = ',', help_heading = "Filter")]
    pub(crate) only: Vec<String>,
    /// Replace files that are there
    #[arg(long, help_heading = "Output")]
    pub(crate) force: bool,
}

/// What to do with the catalog.
#[derive(Debug, Subcommand)]
pub(crate) enum CatalogCommand {
    /// Print the crates that the catalog knows, with the kinds of state that they make
    List(CatalogList),
    /// Check that every path and every default of the catalog is what the published source of the crate says
    ///
    /// Sources are read where cargo unpacked them; nothing is downloaded. Exits with 1 when a path leads nowhere or a
    /// default is contradicted. With `-C`, the `[[catalog]]` entries of that tree are checked instead.
    Verify(CatalogVerify),
}

/// Options of `catalog list`.
#[derive(Debug, Args)]
pub(crate) struct CatalogList {
    /// Words that must all occur in a crate's name, kinds or summary
    #[arg(value_name = "WORD")]
    pub(crate) words: Vec<String>,
}

/// Options of `catalog verify`.
#[derive(Debug, Args)]
pub(crate) struct CatalogVerify {
    /// Only these crates, by package name
    #[arg(value_name = "CRATE")]
    pub(crate) crates: Vec<String>,
    /// Folder with unpacked sources, each named `<crate>-<version>`; may be given again [default: cargo's]
    #[arg(long, value_name = "DIR", help_heading = "Input")]
    pub(crate) sources: Vec<PathBuf>,
    /// Where the source of the stated version is not there, take the nearest version that is
    #[arg(long, help_heading = "Input")]
    pub(crate) nearest: bool,
    /// Print every path and every default, not only what fails
    #[arg(long, help_heading = "Output")]
    pub(crate) full: bool,
}

/// Options of `gen`.
#[derive(Debug, Args)]
pub(crate) struct Gen {
    /// The tree to analyse; the same as `--root`
    #[arg(value_name = "PATH", conflicts_with = "root", value_hint = ValueHint::DirPath)]
    pub(crate) path: Option<PathBuf>,
    /// What to write [default: markdown]
    #[arg(short, long, value_name = "FORMAT", help_heading = "Output")]
    pub(crate) format: Option<GenFormat>,
    /// File (markdown, json, mermaid, svg) or folder (mdbook, mermaid, svg) to write, `-` for standard output [default: STATEMAP.md in the tree; statemap-book; standard output for json, mermaid and svg]
    #[arg(short, long, value_name = "PATH", help_heading = "Output")]
    pub(crate) output: Option<PathBuf>,
    /// Draw the diagram of this service (mermaid, svg) [default: the overview of all; in a folder, each]
    #[arg(long, value_name = "NAME", help_heading = "Output")]
    pub(crate) service: Option<String>,
    #[command(flatten)]
    pub(crate) shown: Shown,
    /// SARIF: tell state, too, a note for each piece; else hazards only
    #[arg(long, help_heading = "Output")]
    pub(crate) items: bool,
    /// Books: how many releases the page of what changed goes back in the git history, or commits when there are no tags; 0 for no such page [default: 8]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(..=200), help_heading = "Output")]
    pub(crate) changelog: Option<u32>,
    /// Replace files that statemap did not write
    #[arg(long, help_heading = "Output")]
    pub(crate) force: bool,
}

/// What a map shows, and in which words.
#[derive(Debug, Args)]
pub(crate) struct Shown {
    /// Show state that never changes after it is made, too
    #[arg(long, help_heading = "Output")]
    pub(crate) constants: bool,
    /// Folder with templates that replace built-in ones of the same name
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub(crate) templates: Option<PathBuf>,
}

/// Options of `check`.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The tree to analyse; the same as `--root`
    #[arg(value_name = "PATH", conflicts_with = "root", value_hint = ValueHint::DirPath)]
    pub(crate) path: Option<PathBuf>,
    /// The map to check: a page, a file of JSON or the folder of a book [default: those of statemap.toml; STATEMAP.md]
    #[arg(short, long, value_name = "PATH", help_heading = "Output")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) shown: Shown,
    /// How to print what was found
    #[arg(short, long, value_name = "FORMAT", default_value = "text", help_heading = "Messages")]
    pub(crate) format: CheckFormat,
    /// File with the ids of state that may stay without annotation; what is not in it may not
    #[arg(long, value_name = "FILE", help_heading = "Baseline")]
    pub(crate) baseline: Option<PathBuf>,
    /// Write that file, with what has no annotation today [default: the one of statemap.toml; statemap-baseline.txt]
    #[arg(long, help_heading = "Baseline")]
    pub(crate) write_baseline: bool,
    #[command(flatten)]
    pub(crate) what_if: WhatIf,
}

/// Options of `diff`.
#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// The older revision: a branch, a tag, a commit; also `A..B`, and `A...B` for what B changed since it left A
    #[arg(value_name = "REV")]
    pub(crate) before: String,
    /// The newer revision [default: the working directory]
    #[arg(value_name = "REV")]
    pub(crate) after: Option<String>,
    /// Compare with the commit that both come from, as `A...B` does
    #[arg(long, help_heading = "Input")]
    pub(crate) merge_base: bool,
    /// How to print it
    #[arg(short, long, value_name = "FORMAT", default_value = "text", help_heading = "Output")]
    pub(crate) format: DiffFormat,
    #[command(flatten)]
    pub(crate) shown: Shown,
    /// Exit with 1 for these changes (several by comma): added, removed, changed, hazard, low, medium, high, variable, verdict, capacity, warning; none for nothing [default: `[policy] fail_on`]
    #[arg(long, value_name = "WHAT", value_delimiter = ',', help_heading = "Policy")]
    pub(crate) fail_on: Option<Vec<String>>,
}

/// How `diff` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DiffFormat {
    /// For people
    Text,
    /// A comment for a pull request
    Markdown,
    /// For machines
    Json,
}

/// What is taken to be deployed otherwise.
#[derive(Debug, Args)]
pub(crate) struct WhatIf {
    /// Print what would be otherwise with so many replicas, of all services or of one; may be given again. Nothing is written
    #[arg(long, value_name = "[SERVICE=]N", help_heading = "What if", conflicts_with_all = ["write_baseline", "baseline"])]
    pub(crate) replicas: Vec<String>,
    /// The same for other numbers; keys: replicas, surge, unavailable, max_replicas, pool (connections); of a store: max_connections
    #[arg(long, value_name = "SERVICE.KEY=VALUE", help_heading = "What if", conflicts_with_all = ["write_baseline", "baseline"])]
    pub(crate) set: Vec<String>,
}

/// How `check` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckFormat {
    /// For people: messages with their place, and what to paste
    Text,
    /// For machines
    Json,
}

/// Options of `init`.
#[derive(Debug, Args)]
pub(crate) struct Init {
    /// The tree to analyse; the same as `--root`
    #[arg(value_name = "PATH", conflicts_with = "root", value_hint = ValueHint::DirPath)]
    pub(crate) path: Option<PathBuf>,
    /// Replace a statemap.toml that is there
    #[arg(long, help_heading = "Output")]
    pub(crate) force: bool,
}

/// Options of `annotate`.
#[derive(Debug, Args)]
pub(crate) struct Annotate {
    /// The tree to analyse; the same as `--root`
    #[arg(value_name = "PATH", conflicts_with = "root", value_hint = ValueHint::DirPath)]
    pub(crate) path: Option<PathBuf>,
    /// Only these kinds, one stub for each item, such as cache or fs-write (several by comma)
    #[arg(long, value_name = "KIND", value_delimiter = ',', help_heading = "Filter")]
    pub(crate) kind: Vec<String>,
    /// Only items whose id matches, one stub for each: an id, or a pattern such as 'cache:shop::*'; may be given again
    #[arg(long, value_name = "GLOB", help_heading = "Filter")]
    pub(crate) id: Vec<String>,
    /// Take out the entries that match nothing, and print them; adds no stubs
    #[arg(long, conflicts_with_all = ["kind", "id"])]
    pub(crate) prune: bool,
    /// Print the stubs, or what would be taken out, and write nothing
    #[arg(short = 'n', long, help_heading = "Output")]
    pub(crate) dry_run: bool,
}

/// What `gen` writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum GenFormat {
    /// One page
    Markdown,
    /// The pages of a book
    Mdbook,
    /// The whole map for machines
    Json,
    /// A diagram as the text of a flowchart, which many hosts render
    Mermaid,
    /// A diagram, drawn
    Svg,
    /// Hazards for hosts and editors that show findings beside the code
    Sarif,
}

/// Options of `list`.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Words that must all occur in an item, whatever their case: in its id, kind, summary, facts, notes or files
    #[arg(value_name = "WORD")]
    pub(crate) words: Vec<String>,
    /// Only these kinds, such as cache or fs-write (several by comma)
    #[arg(long, value_name = "KIND", value_delimiter = ',', help_heading = "Filter")]
    pub(crate) kind: Vec<String>,
    /// Only these scopes: task, thread, process, host, cluster, external, client
    #[arg(long, value_name = "SCOPE", value_delimiter = ',', help_heading = "Filter")]
    pub(crate) scope: Vec<String>,
    /// Only these services, by name
    #[arg(long, value_name = "NAME", value_delimiter = ',', help_heading = "Filter")]
    pub(crate) service: Vec<String>,
    /// Only state with a hazard that is at least so bad, and that nobody has accepted
    #[arg(long, value_name = "SEVERITY", help_heading = "Filter")]
    pub(crate) hazard: Option<Severity>,
    /// Show state that never changes after it is made, too (JSON always has it)
    #[arg(long, help_heading = "Filter")]
    pub(crate) constants: bool,
    /// Look into maps that are written already instead of a tree: JSON of `gen` or `merge`, or folders of it; may be given again
    #[arg(long, value_name = "[NAME=]FILE|DIR", help_heading = "Input", conflicts_with = "root")]
    pub(crate) from: Vec<String>,
    /// How to print it
    #[arg(short, long, value_name = "FORMAT", default_value = "table", help_heading = "Output")]
    pub(crate) format: ListFormat,
}

/// Options of `merge`.
#[derive(Debug, Args)]
pub(crate) struct Merge {
    /// Maps as JSON: files, NAME=FILE to choose the name of one, folders (every *.json below), patterns
    #[arg(value_name = "[NAME=]FILE|DIR", required = true)]
    pub(crate) maps: Vec<String>,
    /// What to write [default: by the name of the output; mdbook]
    #[arg(short, long, value_name = "FORMAT", help_heading = "Output")]
    pub(crate) format: Option<MergeFormat>,
    /// Folder (mdbook) or file (markdown, json) to write, `-` for standard output [default: statemap-fleet; FLEET.md; standard output for json]
    #[arg(short, long, value_name = "PATH", help_heading = "Output")]
    pub(crate) output: Option<PathBuf>,
    /// What the pages call all services together
    #[arg(long, value_name = "TEXT", help_heading = "Output")]
    pub(crate) title: Option<String>,
    /// Where the pages of single maps are published: an address with {name} in it for all, or NAME=URL for one; may be given again
    #[arg(long, value_name = "[NAME=]URL", help_heading = "Output")]
    pub(crate) site_url: Vec<String>,
    /// Folder with templates that replace built-in ones of the same name
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub(crate) templates: Option<PathBuf>,
    /// Replace files that statemap did not write
    #[arg(long, help_heading = "Output")]
    pub(crate) force: bool,
    /// Leave out files that cannot be read, and say so on the site; the exit code is 3 all the same
    #[arg(short, long, help_heading = "Input")]
    pub(crate) keep_going: bool,
}

/// What `merge` writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum MergeFormat {
    /// The pages of a book
    Mdbook,
    /// The overview and the stores on one page
    Markdown,
    /// All maps and what connects them, for machines; `merge` and `list --from` read it again
    Json,
}

/// How bad a hazard is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Severity {
    /// Worth knowing
    Low,
    /// Hurts in an incident
    Medium,
    /// Loses data or takes the service down
    High,
}

/// How `list` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    /// Aligned columns: as wide as the terminal, uncut in a pipe
    Table,
    /// The ids, one in a line: for `show` and for `statemap.toml`
    Ids,
    /// The map with only these items
    Json,
    /// Comma-separated values
    Csv,
    /// A Markdown table
    Markdown,
}

/// Options of `show`.
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// An id, a pattern that matches one id such as 'pool:*::connect#*', or a part of a name
    #[arg(value_name = "ID", required = true)]
    pub(crate) ids: Vec<String>,
    /// How to print it
    #[arg(short, long, value_name = "FORMAT", default_value = "text", help_heading = "Output")]
    pub(crate) format: ShowFormat,
}

/// How `show` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ShowFormat {
    /// For people: as wide as the terminal, 80 columns in a pipe
    Text,
    /// The same as Markdown, to paste into an incident channel or a review
    Markdown,
    /// For machines: the items with what belongs to each
    Json,
}

/// Options of `explain`.
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// Names such as cache, process, ephemeral-file, random-logouts, node-lost or shared-fields, and ids of items and hazards
    #[arg(value_name = "WORD")]
    pub(crate) words: Vec<String>,
    /// How to print it
    #[arg(short, long, value_name = "FORMAT", default_value = "text", help_heading = "Output")]
    pub(crate) format: ExplainFormat,
}

/// How `explain` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExplainFormat {
    /// For people: as wide as the terminal, 80 columns in a pipe
    Text,
    /// The text as it stands in the book
    Markdown,
}

/// The variable in which `cargo-statemap` says that it was called as `cargo statemap`.
pub(crate) const AS_CARGO: &str = "STATEMAP_AS_CARGO";

/// The command by the name that it was called with: `cargo statemap gen` helps with `cargo statemap gen`.
pub(crate) fn named(command: clap::Command) -> clap::Command {
    if std::env::var_os(AS_CARGO).is_some() { command.bin_name("cargo statemap") } else { command }
}

/// The command with the words that its options take, for completions: they are too many for the help.
pub(crate) fn with_values(command: clap::Command) -> clap::Command {
    let values = |arg: clap::Arg, words: Vec<&'static str>| arg.value_parser(PossibleValuesParser::new(words)).hide_possible_values(true);
    let kinds = || Kind::ALL.iter().map(|kind| kind.as_str()).collect();
    let scopes = || Scope::ALL.iter().map(|scope| scope.as_str()).collect();
    command
        .mut_arg("include", |arg| values(arg, vec!["tests", "benches", "examples", "build-scripts"]))
        .mut_subcommand("list", |list| list.mut_arg("kind", |arg| values(arg, kinds())).mut_arg("scope", |arg| values(arg, scopes())))
        .mut_subcommand("annotate", |annotate| annotate.mut_arg("kind", |arg| values(arg, kinds())))
        .mut_subcommand("explain", |explain| explain.mut_arg("words", |arg| values(arg, crate::commands::explained())))
}
