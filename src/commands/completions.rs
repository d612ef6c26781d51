//! `statemap completions`: scripts for shells, from the same types as the help.

use clap::CommandFactory;

use super::print;
use crate::cli::{Cli, Completions, with_values};
use crate::exit_code::ExitCode;

pub(crate) fn run(args: &Completions) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut with_values(Cli::command()), "statemap", &mut script);
    print(&String::from_utf8(script)?)?;
    Ok(ExitCode::Clean)
}
