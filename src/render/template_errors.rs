//! What is wrong with a template of the user, in words: the file, the place, and the name that was meant.

use std::path::{Path, PathBuf};

use crate::annotations::nearest;

/// At most so many mistakes are shown at once: a file of components that lacks one breaks every template that uses it.
const SHOWN: usize = 3;

/// What the engine says, read.
#[derive(Debug)]
pub(super) struct Told {
    /// The template at fault: one of the user's when any is named.
    pub(super) name: Option<String>,
    pub(super) place: Option<(usize, usize)>,
    /// The text, with the user's files by their path.
    pub(super) detail: String,
}

/// Reads the report of the engine; `folder` holds the user's templates, `own` are their names.
pub(super) fn tell(report: &str, folder: Option<&Path>, own: &[String]) -> Told {
    let path_of = |name: &str| own.iter().any(|mine| mine == name).then(|| folder.map(|folder| folder.join(name))).flatten();
    let mut mistakes: Vec<String> = Vec::new();
    for part in report.split("\n\n") {
        match mistakes.last_mut() {
            // What called it belongs to the mistake before.
            Some(last) if !part.starts_with("error: ") => {
                last.push_str("\n\n");
                last.push_str(part);
            }
            _ => mistakes.push(part.strip_prefix("error: ").unwrap_or(part).to_owned()),
        }
    }
    let places: Vec<(String, usize, usize)> = report.lines().filter_map(place).collect();
    let mine = places.iter().find(|(name, ..)| path_of(name).is_some()).or(places.first());
    let more = mistakes.len().saturating_sub(SHOWN);
    let shown: Vec<String> = mistakes.iter().take(SHOWN).map(|mistake| with_paths(mistake, &path_of)).collect();
    let mut detail = shown.join("\n\n");
    if more > 0 {
        detail.push_str(&format!("\n\n… and {more} more"));
    }
    if let Some(help) = mistakes.first().and_then(|mistake| help(mistake, &places, &path_of)) {
        detail.push_str("\nhelp: ");
        detail.push_str(&help);
    }
    Told { name: mine.map(|(name, ..)| name.clone()), place: mine.map(|(_, line, column)| (*line, *column)), detail }
}

/// The place in a line such as ` --> page.md.tera:1:14` or `note: called from page.md.tera:16:12`.
fn place(line: &str) -> Option<(String, usize, usize)> {
    let text = line.trim_start();
    let text = text.strip_prefix("--> ").or_else(|| text.strip_prefix("note: ")?.rsplit_once(' ').map(|(_, place)| place))?;
    let (rest, column) = text.rsplit_once(':')?;
    let (name, line) = rest.rsplit_once(':')?;
    Some((name.to_owned(), line.parse().ok()?, column.parse().ok()?))
}

fn with_paths(mistake: &str, path_of: &impl Fn(&str) -> Option<PathBuf>) -> String {
    let line = |line: &str| match place(line).and_then(|(name, ..)| Some((path_of(&name)?, name))) {
        Some((path, name)) => line.replacen(&name, &path.display().to_string(), 1),
        None => line.to_owned(),
    };
    mistake.lines().map(line).collect::<Vec<_>>().join("\n")
}

fn help(mistake: &str, places: &[(String, usize, usize)], path_of: &impl Fn(&str) -> Option<PathBuf>) -> Option<String> {
    let first = mistake.lines().next()?;
    let word = first.split('`').nth(1)?;
    if let Some((_, known)) = first.split_once("Available variables: ").or_else(|| first.split_once("Available fields: ")) {
        let name = nearest(word, known.split(", "))?;
        return Some(format!("did you mean `{name}`?"));
    }
    // A component that a built-in template misses was in a file of the user's.
    let in_builtin = places.first().is_some_and(|(name, ..)| path_of(name).is_none());
    if first.starts_with("Unknown component") && in_builtin {
        let file = path_of("words.md.tera")?;
        return Some(format!("`{}` has to keep every component of the built-in one: templates use them all over", file.display()));
    }
    None
}
