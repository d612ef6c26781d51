//! `statemap explain`: the reference, as the book has it, on a terminal.

mod topics;

use std::fmt::Write;

use statemap::terminal::{Look, page};

use super::screen::{self, Stream};
use super::{UsageError, print};
use crate::cli::{Explain, ExplainFormat, Global};
use crate::exit_code::ExitCode;
use topics::{Found, Section, Topic};

pub(crate) fn run(args: &Explain, global: &Global) -> anyhow::Result<ExitCode> {
    let topics = topics::topics();
    let texts = if args.words.is_empty() { vec![everything(&topics)] } else { texts(&args.words, &topics)? };
    let out = match args.format {
        ExplainFormat::Markdown => texts.join("\n"),
        ExplainFormat::Text => {
            let links = screen::web_links(global);
            let look = Look { width: screen::page_width(), colour: screen::colour(Stream::Out, global), links: links.as_ref() };
            let pages: Vec<String> = texts.iter().map(|text| page(text, look)).collect();
            pages.join("\n\n")
        }
    };
    print(&out)?;
    Ok(ExitCode::Clean)
}

/// Every name that can be explained.
pub(crate) fn names() -> Vec<&'static str> {
    topics::topics().into_iter().map(|topic| topic.id).collect()
}

/// The text of each word, once.
fn texts(words: &[String], topics: &[Topic]) -> anyhow::Result<Vec<String>> {
    let mut out: Vec<String> = Vec::new();
    for word in words {
        let text = match topics::find(word, topics) {
            Found::Text(topic) => topic.docs.to_owned(),
            Found::Mentions(found) => mentions(word, &found),
            Found::Nothing(near) => return Err(unknown(word, near)),
        };
        if !out.contains(&text) {
            out.push(text);
        }
    }
    Ok(out)
}

fn unknown(word: &str, near: Option<&str>) -> anyhow::Error {
    let help = match near {
        Some(near) => format!("did you mean `{near}`? `statemap explain` lists everything that it knows"),
        None => "`statemap explain` lists everything that it knows".to_owned(),
    };
    UsageError::with_help(format!("nothing to explain is called `{}`", word.escape_debug()), help)
}

/// The list of all texts.
fn everything(topics: &[Topic]) -> String {
    let mut out = String::from("# What can be explained\n\n`statemap explain NAME` prints the text of a name.\n");
    for section in Section::ALL {
        let (heading, title) = section.headings();
        let _ = write!(out, "\n## {heading}\n\n| {} | {title} |\n|---|---|\n", section.word());
        for topic in topics.iter().filter(|topic| topic.section == section) {
            let _ = writeln!(out, "| **{}** | {} |", topic.id, cell(topic.title));
        }
    }
    out
}

/// The list of the texts that speak of a word.
fn mentions(word: &str, topics: &[Topic]) -> String {
    let word = word.trim().replace('`', "'");
    let mut out =
        format!("These texts speak of `{word}`; `statemap explain NAME` prints one of them.\n\n| name | is a | |\n|---|---|---|\n");
    for topic in topics {
        let _ = writeln!(out, "| **{}** | {} | {} |", topic.id, topic.section.word(), cell(topic.title));
    }
    out
}

/// A text that does not end its cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
