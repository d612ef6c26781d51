//! `statemap explain`: the reference on a terminal.

use statemap::assess::{FAILURES, RULES, SYMPTOMS};
use statemap::detect::DETECTORS;
use statemap::model::{Kind, Scope};

use crate::project::{Outcome, repository, statemap};

fn explain(args: &[&str]) -> Outcome {
    explain_in(&[], args)
}

fn explain_in(environment: &[(&str, &str)], args: &[&str]) -> Outcome {
    let mut command = statemap();
    command.arg("explain").args(args).envs(environment.iter().copied());
    Outcome::of(&mut command, repository())
}

/// Every text: its name, its title, the file that it stands in.
fn texts() -> Vec<(&'static str, &'static str, String)> {
    let file = |folder: &str, id: &str| format!("src/{folder}/{}.md", id.replace('-', "_"));
    let mut out = Vec::new();
    out.extend(Kind::ALL.iter().map(|kind| (kind.as_str(), kind.title(), format!("src/model/kinds/{kind}.md"))));
    out.extend(Scope::ALL.iter().map(|scope| (scope.as_str(), scope.title(), format!("src/model/scopes/{scope}.md"))));
    out.extend(RULES.iter().map(|rule| (rule.id, rule.title, file("assess/rules", rule.id))));
    out.extend(SYMPTOMS.iter().map(|symptom| (symptom.id, symptom.parts().title, file("assess/symptoms", symptom.id))));
    out.extend(FAILURES.iter().map(|failure| (failure.id, failure.parts().title, file("assess/failures", failure.id))));
    out.extend(DETECTORS.iter().map(|detector| (detector.id, detector.summary, file("detect", detector.id))));
    out
}

/// The text with every run of blanks and line ends as one blank.
fn flowing(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn everything_is_listed_with_its_title() {
    // Narrow columns put titles below names.
    for columns in ["100", "60", "30"] {
        let list = explain_in(&[("COLUMNS", columns)], &[]).ends(0).out;
        assert!(list.lines().all(|line| line.chars().count() <= columns.parse().unwrap()), "{list}");
        let markdown = explain(&["--format", "markdown"]).ends(0).out;
        for (id, title, _) in texts() {
            assert!(list.lines().any(|line| line.split_whitespace().next() == Some(id)), "{id} is not in:\n{list}");
            assert!(markdown.contains(&format!("| **{id}** | {title} |")), "{id}");
        }
    }
}

#[test]
fn every_name_prints_its_text_and_markdown_is_the_file_byte_for_byte() {
    let texts = texts();
    assert!(texts.len() > 70, "{}", texts.len());
    // One run for all of them: several words print one text after the other.
    let names: Vec<&str> = texts.iter().map(|(id, ..)| *id).collect();
    let all = explain(&names).ends(0).out;
    let mut markdown = explain(&[&names[..], &["--format", "markdown"]].concat()).ends(0).out;
    for (id, _, file) in &texts {
        let text = std::fs::read_to_string(repository().join(file)).unwrap();
        let heading = text.lines().next().unwrap().trim_start_matches(['#', ' ']).replace('`', "");
        let printed = all.lines().zip(all.lines().skip(1));
        let is_heading = |below: &str| !below.is_empty() && below.chars().all(|c| c == '=' || c == '-');
        assert!(printed.clone().any(|(line, below)| line == heading && is_heading(below)), "no heading `{heading}`");
        let rest = markdown.strip_prefix(&text).unwrap_or_else(|| panic!("`{id}` is not {file}"));
        markdown = rest.strip_prefix('\n').unwrap_or(rest).to_owned();
    }
    assert_eq!(markdown, "");
    assert_eq!(explain(&["cache", "--format", "markdown"]).ends(0).out, Kind::Cache.docs());
}

#[test]
fn ids_plurals_and_other_spellings_lead_to_the_same_text() {
    let kind = explain(&["cache"]).ends(0).out;
    assert_eq!(explain(&["cache:shop::Catalogue::new#moka::future::Cache"]).ends(0).out, kind);
    assert_eq!(explain(&["Caches"]).ends(0).out, kind);
    assert_eq!(explain(&["cache", "cache:shop::RATES"]).ends(0).out, kind, "a text is printed once");
    let rule = explain(&["ephemeral-file"]).ends(0).out;
    assert_eq!(explain(&["ephemeral-file@fs-write:shop::reports::create#/tmp/report-{timestamp}.csv"]).ends(0).out, rule);
    assert_eq!(explain(&["ephemeral_file"]).ends(0).out, rule);
}

#[test]
fn a_page_is_laid_out_for_a_terminal() {
    let page = explain(&["random-logouts"]).ends(0).out;
    assert!(page.starts_with("Users are logged out at random\n==============================\n\nsession, cookie,"), "{page}");
    assert!(page.contains("\n\nConfirm\n\n- send the cookie of one session"), "{page}");
    assert!(!page.contains("**") && !page.contains("```"), "{page}");
    // Code is set off, links are their words, the address of a page of the book is left out.
    let page = explain(&["cache"]).ends(0).out;
    assert!(page.contains("\n    [[state]]\n    id = \"cache:shop::"), "{page}");
    assert!(page.contains("Found by constructors, attributes"), "{page}");
}

#[test]
fn narrow_lines_break_between_words_and_code_stays_whole() {
    let names: Vec<String> = texts().into_iter().map(|(id, ..)| id.to_owned()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let wide = explain(&names).ends(0).out;
    let narrow = explain_in(&[("COLUMNS", "40")], &names).ends(0).out;
    for line in wide.lines().filter(|line| line.chars().count() > 80) {
        assert!(is_code(line) || line.split_whitespace().count() <= 2, "too long: {line}");
    }
    for line in narrow.lines().filter(|line| line.chars().count() > 40) {
        // Blocks of code keep their lines; of the rest, only a single long word (behind the mark of its item) may stand out.
        assert!(is_code(line) || line.split_whitespace().count() <= 2, "too long: {line}");
    }
    let words = |text: &str| -> String { text.lines().filter(|line| !is_rule(line)).map(flowing).collect::<Vec<_>>().join(" ") };
    assert_eq!(flowing(&words(&narrow)), flowing(&words(&wide)), "other words than in wide lines");
}

/// A line of a block of code.
fn is_code(line: &str) -> bool {
    line.starts_with("    ")
}

/// The line below a heading.
fn is_rule(line: &str) -> bool {
    !line.is_empty() && line.chars().all(|c| matches!(c, '=' | '-' | ' '))
}

#[test]
fn pipes_carry_no_escape_sequences_and_colours_can_be_asked_for() {
    let plain = explain(&["cache", "shared-fields", "random-logouts"]).ends(0).out;
    assert!(!plain.contains('\u{1b}'), "{plain}");
    assert!(plain.contains("`max_capacity`"), "{plain}");
    let coloured = explain(&["cache", "--color", "always"]).ends(0).out;
    assert!(coloured.contains("\u{1b}[36mmax_capacity\u{1b}[0m") && !coloured.contains('`'), "{coloured}");
    assert!(coloured.starts_with("\u{1b}[1;4mcache\u{1b}[0m\n\n"), "{coloured}");
    let markdown = explain(&["cache", "--format", "markdown", "--color", "always"]).ends(0).out;
    assert_eq!(markdown, Kind::Cache.docs());
}

#[test]
fn a_word_that_is_no_name_is_looked_for_in_the_texts() {
    let found = explain(&["pgbouncer"]).ends(0).out;
    assert!(found.contains("connection-exhaustion") && found.contains("symptom"), "{found}");
    assert!(!found.contains("random-logouts"), "{found}");
    let both = explain(&["STICKY", "queue"]).ends(0).out;
    assert!(both.contains("random-logouts") && both.contains("\n\n\nqueue\n====="), "{both}");
}

#[test]
fn an_unknown_word_names_the_nearest_and_prints_nothing() {
    let near = explain(&["ephemral-file"]).ends(2).says(&["`ephemral-file`", "did you mean `ephemeral-file`?"]);
    assert_eq!(near.out, "");
    let mixed = explain(&["cache", "unbounded-grwth"]).ends(2).says(&["did you mean `unbounded-growth`?"]);
    assert_eq!(mixed.out, "");
    explain(&["qqqqzzzz"]).ends(2).says(&["`statemap explain` lists everything"]);
    explain(&["a\u{1b}[2Jb"]).ends(2).says(&["`a\\u{1b}[2Jb`"]);
    explain(&[""]).ends(2);
}
