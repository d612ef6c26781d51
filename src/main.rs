//! The `statemap` command: parses the arguments, calls the command, turns the outcome into an exit code.

/// Prints a line to standard error. That nobody reads it, or that the disk behind it is full, is no reason to fail.
macro_rules! say {
    ($($words:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr().lock(), $($words)*);
    }};
}

mod cli;
mod commands;
mod exit_code;
#[cfg(test)]
mod reference;
mod signals;

use clap::{CommandFactory, FromArgMatches};
use statemap::terminal::visible;

use crate::cli::{Cli, Command};
use crate::commands::{InputError, UsageError};
use crate::exit_code::ExitCode;

#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    signals::end_between_maps();
    let matches = cli::named(Cli::command()).get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let outcome = match &cli.command {
        Command::Gen(args) => commands::gen_map(args, &cli.global),
        Command::Check(args) => commands::check(args, &cli.global),
        Command::Diff(args) => commands::diff(args, &cli.global),
        Command::Init(args) => commands::init(args, &cli.global),
        Command::Annotate(args) => commands::annotate(args, &cli.global),
        Command::Mdbook(args) => commands::mdbook(args, &cli.global),
        Command::Templates(command) => commands::templates(command, &cli.global),
        Command::Catalog(command) => commands::catalog(command, &cli.global),
        Command::List(args) => commands::list(args, &cli.global),
        Command::Show(args) => commands::show(args, &cli.global),
        Command::Merge(args) => commands::merge(args, &cli.global),
        Command::Explain(args) => commands::explain(args, &cli.global),
        Command::Cache(command) => commands::cache(command, &cli.global),
        Command::Completions(args) => commands::completions(args),
        Command::Man(args) => commands::man(args, &cli.global),
    };
    outcome.unwrap_or_else(|error| fail(&error)).into()
}

fn fail(error: &anyhow::Error) -> ExitCode {
    say!("error: {}", visible(&format!("{error:#}")));
    let (code, help) = match (error.downcast_ref::<UsageError>(), error.downcast_ref::<InputError>()) {
        (Some(usage), _) => (ExitCode::Usage, usage.help()),
        (_, Some(input)) => (ExitCode::Unreadable, input.help()),
        _ => (ExitCode::Unreadable, None),
    };
    if let Some(help) = help {
        say!("help: {}", visible(help));
    }
    code
}
