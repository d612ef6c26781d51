//! Diagnostics to words: sorted, with carets for people or one line each for logs. Prints nothing itself.

mod human;
mod redact;
mod redact_rust;
mod snippet;
mod visible;

pub use human::{Style, render};
pub use redact::looks_secret;
pub(crate) use redact::{SECRET_PARTS, SECRET_WORDS, name_words};
pub use snippet::{Mark, snippets};
pub(crate) use visible::character as visible_character;

use std::collections::BTreeMap;

use smol_str::SmolStr;

use crate::model::{Diagnostic, Severity};

/// Gathers the diagnostics of several stages.
#[derive(Clone, Debug, Default)]
pub struct Collector {
    found: Vec<Diagnostic>,
}

impl Collector {
    /// Adds one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.found.push(diagnostic);
    }

    /// Adds several.
    pub fn extend(&mut self, diagnostics: impl IntoIterator<Item = Diagnostic>) {
        self.found.extend(diagnostics);
    }

    /// The worst severity so far.
    #[must_use]
    pub fn worst(&self) -> Option<Severity> {
        self.found.iter().map(|diagnostic| diagnostic.severity).max()
    }

    /// All of them by file and line, each once.
    #[must_use]
    pub fn into_sorted(mut self) -> Vec<Diagnostic> {
        self.found.sort();
        self.found.dedup();
        self.found
    }
}

/// So many messages of one code are shown in full: a tree may be made to yield one for each of its lines.
const SHOWN_OF_A_CODE: usize = 50;

/// The messages that are shown, and behind them how many more there are of which code.
#[must_use]
pub fn bounded(found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut counts: BTreeMap<SmolStr, (usize, Severity)> = BTreeMap::new();
    let mut shown = Vec::with_capacity(found.len().min(SHOWN_OF_A_CODE));
    for diagnostic in found {
        let (count, worst) = counts.entry(diagnostic.code.clone()).or_insert((0, diagnostic.severity));
        *count += 1;
        *worst = diagnostic.severity.max(*worst);
        if *count <= SHOWN_OF_A_CODE {
            shown.push(diagnostic);
        }
    }
    for (code, (count, worst)) in counts {
        if count > SHOWN_OF_A_CODE {
            let message = format!("{} more messages like the {SHOWN_OF_A_CODE} shown above", count - SHOWN_OF_A_CODE);
            let rest = Diagnostic { code, ..Diagnostic::new(worst, "", message) };
            shown.push(rest.help("`statemap gen --format json` has them all, under `diagnostics`"));
        }
    }
    shown
}

/// `file:line: severity[code]: message`, for logs: always one line, without help.
#[must_use]
pub fn plain_line(diagnostic: &Diagnostic) -> String {
    let place = match (&diagnostic.file, diagnostic.line) {
        (Some(file), Some(line)) => format!("{}:{line}: ", visible::text(file)),
        (Some(file), None) => format!("{}: ", visible::text(file)),
        (None, _) => String::new(),
    };
    format!("{place}{}[{}]: {}", severity_word(diagnostic.severity), diagnostic.code, message(&diagnostic.message))
}

fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

/// A message without the user part of addresses, for whoever escapes it in another way.
pub(crate) fn plain_message(text: &str) -> String {
    redact::without_userinfo(text).to_string()
}

/// A message or help line that is safe to show.
fn message(text: &str) -> String {
    visible::text(&redact::without_userinfo(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn diagnostics_come_out_by_place_and_each_once() {
        let at = |line| Diagnostic::new(Severity::Warning, "code", "text").in_file("a.rs").at_line(line);
        let mut collector = Collector::default();
        collector.extend([at(10), at(9), at(10)]);
        collector.push(Diagnostic::new(Severity::Error, "code", "whole").in_file("a.rs"));
        assert_eq!(collector.worst(), Some(Severity::Error));
        let lines: Vec<String> = collector.into_sorted().iter().map(plain_line).collect();
        assert_eq!(lines, ["a.rs: error[code]: whole", "a.rs:9: warning[code]: text", "a.rs:10: warning[code]: text"]);
    }

    #[test]
    fn of_many_messages_the_first_are_shown_and_the_rest_are_counted() {
        let of =
            |code, count: u32| (1..=count).map(move |line| Diagnostic::new(Severity::Warning, code, "text").in_file("a.rs").at_line(line));
        let all: Vec<Diagnostic> = of("few", 50).chain(of("many", 99_999)).collect();
        let shown: Vec<String> = bounded(all).iter().map(plain_line).collect();
        assert_eq!(shown.len(), 101);
        assert_eq!(shown[99], "a.rs:50: warning[many]: text");
        assert_eq!(shown[100], "warning[many]: 99949 more messages like the 50 shown above");
    }

    #[test]
    fn a_plain_line_stays_one_line_and_cannot_steer_the_terminal() {
        let diagnostic = Diagnostic::new(Severity::Error, "code", "bad \u{1b}[31m\nname").in_file("a\nb.rs").at_line(1);
        assert_eq!(plain_line(&diagnostic), "a␊b.rs:1: error[code]: bad ␛[31m␊name");
    }

    #[test]
    fn a_message_never_shows_the_user_part_of_an_address() {
        let diagnostic = Diagnostic::new(Severity::Error, "code", "cannot use postgres://shop:hunter2@db/shop");
        assert_eq!(plain_line(&diagnostic), "error[code]: cannot use postgres://[hidden]@db/shop");
    }
}
