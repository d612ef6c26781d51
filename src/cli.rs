//! The command line: types only; the help text is documentation.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Writes the implicit state map of a Rust service: where its state lives, how big it is, what is lost.
#[derive(Debug, Parser)]
#[command(name = "statemap", version, propagate_version = true, arg_required_else_help = true, max_term_width = 100)]
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
    #[arg(short = 'C', long, value_name = "DIR", global = true, help_heading = "Input")]
    pub(crate) root: Option<PathBuf>,
    /// Look into more than libraries and binaries: tests, benches, examples, build-scripts
    #[arg(long, value_name = "PARTS", global = true, default_value = "", hide_default_value = true, help_heading = "Input")]
    pub(crate) include: String,
    /// Threads to use [default: one for each processor]
    #[arg(long, value_name = "N", global = true, help_heading = "Input", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) threads: Option<u16>,
    /// When to use colours
    #[arg(long, value_name = "WHEN", global = true, default_value = "auto", help_heading = "Messages")]
    pub(crate) color: Color,
    /// Only errors, no warnings and no summary
    #[arg(short, long, global = true, help_heading = "Messages")]
    pub(crate) quiet: bool,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write the map: a Markdown page, an mdBook or JSON
    Gen(Gen),
    /// Find state by word, kind, scope or service
    List(List),
    /// Look at the catalog of crates, or check it against their sources
    #[command(subcommand)]
    Catalog(CatalogCommand),
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
    #[arg(value_name = "PATH", conflicts_with = "root")]
    pub(crate) path: Option<PathBuf>,
    /// What to write [default: markdown]
    #[arg(short, long, value_name = "FORMAT", help_heading = "Output")]
    pub(crate) format: Option<GenFormat>,
    /// File (markdown, json) or folder (mdbook) to write, `-` for standard output [default: STATEMAP.md in the tree; statemap-book; standard output for json]
    #[arg(short, long, value_name = "PATH", help_heading = "Output")]
    pub(crate) output: Option<PathBuf>,
    /// Show state that never changes after it is made, too
    #[arg(long, help_heading = "Output")]
    pub(crate) constants: bool,
    /// Folder with templates that replace built-in ones of the same name
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub(crate) templates: Option<PathBuf>,
    /// Replace files that statemap did not write
    #[arg(long, help_heading = "Output")]
    pub(crate) force: bool,
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
    /// Show state that never changes after it is made, too (JSON always has it)
    #[arg(long, help_heading = "Filter")]
    pub(crate) constants: bool,
    /// How to print it
    #[arg(short, long, value_name = "FORMAT", default_value = "table", help_heading = "Output")]
    pub(crate) format: ListFormat,
}

/// How `list` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    /// Aligned columns
    Table,
    /// The map with only these items
    Json,
    /// Comma-separated values
    Csv,
    /// A Markdown table
    Markdown,
}
