//! `statemap man`: man pages, from the same types as the help.

use std::path::Path;

use clap::{Command, CommandFactory};
use statemap::output::{WriteOptions, write_pages};
use statemap::render::{Existing, Page};

use super::outputs::refused;
use super::{UsageError, counted, print};
use crate::cli::{Cli, Global, Man};
use crate::exit_code::ExitCode;

pub(crate) fn run(args: &Man, global: &Global) -> anyhow::Result<ExitCode> {
    let mut root = Cli::command().disable_help_subcommand(true);
    root.build();
    match &args.output {
        Some(folder) => write(&root, folder, global),
        None => {
            print(&page(asked(&root, &args.command)?)?)?;
            Ok(ExitCode::Clean)
        }
    }
}

/// The command of these words.
fn asked<'c>(root: &'c Command, words: &[String]) -> anyhow::Result<&'c Command> {
    let mut command = root;
    for word in words {
        let known = || command.get_subcommands().map(Command::get_name).collect::<Vec<_>>().join(", ");
        command = command.find_subcommand(word).ok_or_else(|| {
            let help = if command.has_subcommands() { format!("the commands are: {}", known()) } else { "it has no commands".to_owned() };
            UsageError::with_help(format!("`{}` has no command `{}`", command.get_name(), word.escape_debug()), help)
        })?;
    }
    Ok(command)
}

fn page(command: &Command) -> anyhow::Result<String> {
    let mut out = Vec::new();
    man(command).render(&mut out)?;
    Ok(String::from_utf8(out)?)
}

fn man(command: &Command) -> clap_mangen::Man {
    clap_mangen::Man::new(command.clone()).manual("statemap")
}

/// One page for each command, `statemap-catalog-verify.1`.
fn write(root: &Command, folder: &Path, global: &Global) -> anyhow::Result<ExitCode> {
    let mut pages = Vec::new();
    let mut left = vec![root];
    while let Some(command) = left.pop() {
        pages.push(Page { path: man(command).get_filename(), text: page(command)?, existing: Existing::Replaced });
        left.extend(command.get_subcommands().filter(|command| !command.is_hide_set()));
    }
    let report = write_pages(folder, &pages, &WriteOptions::default()).map_err(|error| refused(&error))?;
    if !global.quiet {
        let done = if report.written.is_empty() { "unchanged" } else { "written" };
        say!("{}: {}; {done}", folder.display(), counted(pages.len(), "page", "pages"));
    }
    Ok(ExitCode::Clean)
}
