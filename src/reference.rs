//! The reference of every command, as a page of the book: made from the same types as the help, and held against it by a test.

use clap::{Arg, ArgAction, Command, CommandFactory};

use crate::cli::Cli;

const HEAD: &str = "\
# Commands

Every command with everything that it takes, as `statemap help COMMAND` prints it.
This page is made from the program: a test compares them.
How a run ends is told under [Exit codes and messages](messages.md).

";

fn page() -> String {
    let mut root = Cli::command();
    root.build();
    let mut out = HEAD.to_owned();
    out.push_str("## Every command\n\n");
    out.push_str("| option | says |\n|---|---|\n");
    for arg in arguments(&root).filter(|arg| arg.is_global_set()) {
        out.push_str(&row(arg));
    }
    for command in root.get_subcommands() {
        section(command, "statemap", &mut out);
    }
    out
}

fn section(command: &Command, above: &str, out: &mut String) {
    if command.is_hide_set() || command.get_name() == "help" {
        return;
    }
    let name = format!("{above} {}", command.get_name());
    out.push_str(&format!("\n## `{name}`\n\n"));
    let about = command.get_long_about().or(command.get_about()).map(ToString::to_string).unwrap_or_default();
    out.push_str(&prose(&about));
    if command.get_subcommands().next().is_none() || !command.is_subcommand_required_set() {
        let usage = command.clone().render_usage().to_string();
        let usage = usage.trim_start_matches("Usage: ").lines().map(|line| line.trim()).collect::<Vec<_>>().join("\n");
        out.push_str(&format!("\n```console\n{usage}\n```\n"));
    }
    let own: Vec<&Arg> = arguments(command).filter(|arg| !arg.is_global_set()).collect();
    if !own.is_empty() {
        out.push_str("\n| option | says |\n|---|---|\n");
        own.iter().for_each(|arg| out.push_str(&row(arg)));
    }
    for below in command.get_subcommands() {
        section(below, &name, out);
    }
}

/// What a person may write: without `--help` and `--version`, which every program has.
fn arguments(command: &Command) -> impl Iterator<Item = &Arg> {
    command.get_arguments().filter(|arg| !arg.is_hide_set() && !matches!(arg.get_id().as_str(), "help" | "version"))
}

fn row(arg: &Arg) -> String {
    let values: String = match (arg.get_action(), arg.get_value_names()) {
        (ArgAction::Set | ArgAction::Append, Some(names)) => names.iter().map(|name| format!(" {name}")).collect(),
        _ => String::new(),
    };
    let mut names: Vec<String> = Vec::new();
    names.extend(arg.get_short().map(|short| format!("`-{short}`")));
    names.extend(arg.get_long().map(|long| format!("`--{long}{values}`")));
    if names.is_empty() {
        let several = if arg.get_num_args().is_some_and(|range| range.max_values() > 1) { "…" } else { "" };
        names.push(format!("`{}{several}`", values.trim()));
    }
    let mut says = arg.get_long_help().or(arg.get_help()).map(ToString::to_string).unwrap_or_default().replace('\n', " ");
    let choices: Vec<String> = match arg.get_action() {
        ArgAction::Set | ArgAction::Append => arg.get_possible_values().iter().filter(|value| !value.is_hide_set()).map(choice).collect(),
        _ => Vec::new(),
    };
    if !choices.is_empty() {
        says.push_str(&format!(": {}", choices.join(", ")));
    }
    let default: Vec<String> = arg.get_default_values().iter().map(|value| value.to_string_lossy().into_owned()).collect();
    if !arg.is_hide_default_value_set() && !default.is_empty() && !matches!(arg.get_action(), ArgAction::SetTrue | ArgAction::Count) {
        says.push_str(&format!(" [default: {}]", default.join(", ")));
    }
    format!("| {} | {} |\n", names.join(", ").replace('|', "\\|"), escaped(&says))
}

fn choice(value: &clap::builder::PossibleValue) -> String {
    match value.get_help() {
        Some(help) => format!("`{}` ({})", value.get_name(), lower(&help.to_string())),
        None => format!("`{}`", value.get_name()),
    }
}

/// A sentence as a part of another one.
fn lower(text: &str) -> String {
    let mut chars = text.chars();
    let one_word = text.chars().nth(1).is_some_and(char::is_uppercase);
    match chars.next() {
        Some(first) if !one_word => first.to_lowercase().chain(chars).collect(),
        _ => text.to_owned(),
    }
}

/// Help as paragraphs, one sentence per line.
fn prose(text: &str) -> String {
    let paragraphs = text.split("\n\n").map(|paragraph| {
        let line = escaped(&paragraph.split_whitespace().collect::<Vec<_>>().join(" "));
        let line = if line.ends_with(['.', ':', '`']) { line } else { format!("{line}.") };
        line.replace(". ", ".\n")
    });
    format!("{}\n", paragraphs.collect::<Vec<_>>().join("\n\n"))
}

/// What Markdown or mdBook would read as more than text, outside of code.
fn escaped(text: &str) -> String {
    let part = |(at, part): (usize, &str)| {
        if at % 2 == 1 {
            format!("`{}`", part.replace('|', "\\|"))
        } else {
            part.replace('[', "\\[").replace('<', "\\<").replace('|', "\\|").replace('*', "\\*")
        }
    };
    text.split('`').enumerate().map(part).collect()
}

#[test]
fn the_page_on_commands_is_what_the_program_takes() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/book/src/commands.md");
    let page = page();
    if std::env::var_os("UPDATE_BOOK").is_some() {
        std::fs::write(file, &page).unwrap();
    }
    let there = std::fs::read_to_string(file).unwrap_or_default();
    assert!(there == page, "book/src/commands.md is not what the program takes: run `UPDATE_BOOK=1 cargo test --bin statemap reference`");
}
