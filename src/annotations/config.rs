//! `statemap.toml`: from text to checked values, with every mistake reported in its place.
//!
//! The wire form is the parser's own table, which keeps the bytes of each key and value; a serde type would stop at
//! the first mistake.

use toml::de::DeTable;

use super::declare::{Declared, read_declared};
use super::nearest::{hint, words};
use super::pattern::Pattern;
use super::policy::{Policy, read_policy};
use super::reader::{Mark, Reader, Section, TOO_DEEP, lines_of_file, too_deep};
use super::schema::{Empty, Written, key_names, read_annotation};
use super::sections::{OutputConfig, ServiceConfig, read_outputs, read_service};
use super::stated::read_stated;
use crate::catalog::{Api, read_own};
use crate::model::{Diagnostic, Severity};

/// The name of the file at the analysed root.
pub const CONFIG_FILE: &str = "statemap.toml";

/// A larger `statemap.toml` is refused unread: callers need not read more than this and one byte.
pub const MAX_CONFIG_BYTES: usize = 1 << 20;

/// What `statemap.toml` says.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// `[service]`.
    pub service: ServiceConfig,
    /// `[output]`, or each `[[output]]` in the order of the file.
    pub outputs: Vec<OutputConfig>,
    /// `[policy]`.
    pub policy: Policy,
    /// `[[state]]`, in the order of the file.
    pub states: Vec<StateEntry>,
    /// `[[declare]]`, in the order of the file.
    pub declared: Vec<Declared>,
    /// `[[catalog]]`, in the order of the file.
    pub catalog: Vec<CatalogEntry>,
}

/// `[[state]]`: an annotation for every item whose id matches.
#[derive(Clone, Debug)]
pub struct StateEntry {
    /// The id or glob.
    pub id: Pattern,
    /// The annotation.
    pub written: Written,
    /// Where the pattern stands.
    pub(super) at: Mark,
}

impl StateEntry {
    /// The line of its `id`.
    #[must_use]
    pub fn line(&self) -> u32 {
        self.at.line
    }
}

/// `[[catalog]]`: what a person says about an API of their own.
#[derive(Clone, Debug)]
pub struct CatalogEntry {
    /// The entry.
    pub api: Api,
    /// Line of its header.
    pub line: u32,
}

/// Reads the text of a `statemap.toml`. `file` is its path relative to the analysed root.
///
/// Every mistake is reported, not only the first. When one of them is an error, the configuration is what could be
/// understood, and nothing should be built on it.
#[must_use]
pub fn load(file: &str, text: &str) -> (Config, Vec<Diagnostic>) {
    if text.len() > MAX_CONFIG_BYTES {
        let message = format!("the file has {} bytes; at most {MAX_CONFIG_BYTES} are read", text.len());
        let help = "keep one entry for each state and move long texts to a runbook";
        return (Config::default(), vec![Diagnostic::new(Severity::Error, "config-too-large", message).in_file(file).help(help)]);
    }
    let mut reader = Reader::new(file, lines_of_file(text));
    if let Some(at) = too_deep(text) {
        reader.error("toml-syntax", &at, TOO_DEEP.to_owned(), "no key of this file has more than three parts");
        return (Config::default(), reader.finish());
    }
    let (root, errors) = DeTable::parse_recoverable(text);
    reader.syntax_errors(&errors, None);
    let config = read_root(&mut reader, root.get_ref(), text);
    (config, reader.finish())
}

const SECTIONS: &[&str] = &["service", "output", "policy", "state", "declare", "catalog"];

fn read_root(reader: &mut Reader<'_>, root: &DeTable<'_>, text: &str) -> Config {
    let whole = Section { name: "this file".to_owned(), table: root, at: 0..0 };
    reader.check_keys(&whole, SECTIONS);
    let service = reader.section(root, "service").map(|section| read_service(reader, &section)).unwrap_or_default();
    let outputs = read_outputs(reader, root);
    let policy = reader.section(root, "policy").map(|section| read_policy(reader, &section)).unwrap_or_default();
    let states = reader.sections(root, "state").iter().filter_map(|section| read_state(reader, section, text)).collect();
    let declared = read_declared(reader, root, text);
    let catalog = reader.sections(root, "catalog").iter().filter_map(|section| read_catalog(reader, section)).collect();
    Config { service, outputs, policy, states, declared, catalog }
}

fn read_state(reader: &mut Reader<'_>, section: &Section<'_, '_>, text: &str) -> Option<StateEntry> {
    let mut known = vec!["id"];
    known.extend(key_names());
    reader.missing(section, "id", "add `id = \"cache:*\"`, the id of an item or a pattern for several");
    let place = reader.place(text, &section.at);
    let mut written = read_annotation(reader, section, place, Empty::NotYet);
    written.stated = read_stated(reader, section, &known, |reader, at| reader.place(text, at));
    if !written.says_something() && section.table.keys().all(|key| key.get_ref() == "id") && !reader.has_syntax_error() {
        let help = "add a key such as `owner` or `on_loss`, or remove the entry".to_owned();
        reader.report(Severity::Warning, "empty-annotation", &section.at, "`[[state]]` says nothing".to_owned(), Some(help));
    }
    let id = reader.text(section, "id")?;
    let at = section.table.get("id")?.span();
    match Pattern::new(&id) {
        Ok(pattern) => Some(StateEntry { id: pattern, written, at: reader.mark(&at) }),
        Err(reason) => {
            let help =
                "`*` stands for any text, `{a,b}` for one of several, `[ab]` for one character; `\\` before one of these takes it as it is";
            reader.error("bad-pattern", &at, format!("`id` is not a pattern: {reason}"), help);
            None
        }
    }
}

fn read_catalog(reader: &mut Reader<'_>, section: &Section<'_, '_>) -> Option<CatalogEntry> {
    match read_own(section.table, &section.at) {
        Ok(api) => Some(CatalogEntry { api, line: reader.mark(&section.at).line }),
        Err(faults) => {
            for fault in faults {
                let known: Vec<&str> = fault.known.iter().map(String::as_str).collect();
                let otherwise = || match known.as_slice() {
                    [] => "`[[catalog]]` takes what an entry of the built-in catalog takes; the book shows one".to_owned(),
                    known => format!("the words here are {}", words(known, "and")),
                };
                let help = hint(fault.word.as_deref().unwrap_or_default(), known.iter().copied(), otherwise);
                reader.error("catalog-entry", &fault.at, fault.message, help);
            }
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::annotations::{Level, OutputFormat};
    use crate::diag::{Style, plain_line, render};
    use crate::model::{HazardSeverity, Kind};

    /// The messages on a text, as a person sees them.
    fn shown(text: &str) -> String {
        let (_, diagnostics) = load(CONFIG_FILE, text);
        render(&diagnostics, &mut |_| Some(text.to_owned()), Style::default())
    }

    /// The messages on a text, one a line.
    fn lines(text: &str) -> Vec<String> {
        load(CONFIG_FILE, text).1.iter().map(plain_line).collect()
    }

    #[test]
    fn a_full_file_is_understood() {
        let (config, diagnostics) = load(
            CONFIG_FILE,
            r#"
[service]
name = "shop"
description = "sells things"
owner = "payments"
crates = ["shop"]
bins = ["api", "worker"]

[output]
format = "mdbook"
path = "docs/state"
templates = "docs/templates"
constants = true
title = "Where the shop keeps its state"

[policy]
fail_on = "medium"
undocumented = "deny"
stateless = { except = ["telemetry", "pool"] }

[[state]]
id = "cache:*"
summary = "products"
contains = ["pii", "prices"]
expires = 2027-04-01
reviewed = "2026-10-01"

[[declare]]
kind = "external-store"
name = "orders database"
scope = "external"
services = ["api"]
store = "postgres"
max_connections = 100

[[catalog]]
kind = "cache"
shape = "constructor"
label = "our cache"
paths = ["ourcache::Cache::new"]
"#,
        );
        assert_eq!(diagnostics, []);
        assert_eq!(config.service.bins, ["api", "worker"]);
        assert_eq!(config.outputs[0].format, Some(OutputFormat::Mdbook));
        assert_eq!(config.outputs[0].constants, Some(true));
        assert_eq!(config.policy.fail_on, Some(HazardSeverity::Medium));
        assert_eq!(config.policy.undocumented, Some(Level::Deny));
        assert_eq!(config.policy.stateless.map(|claim| claim.except), Some(vec![Kind::Telemetry, Kind::Pool]));
        let state = &config.states[0].written;
        assert_eq!(state.annotation.contains, ["pii", "prices"]);
        assert_eq!(state.annotation.expires.as_deref(), Some("2027-04-01"));
        assert_eq!(state.annotation.reviewed.as_deref(), Some("2026-10-01"));
        assert_eq!(state.place.line, 21);
        assert_eq!(config.declared[0].id().as_str(), "external-store:declared::orders-database");
        let facts: Vec<String> = config.declared[0]
            .facts
            .iter()
            .map(|fact| format!("{} = {} in line {}", fact.key, fact.value.as_ref().unwrap(), fact.at.as_ref().unwrap().line))
            .collect();
        assert_eq!(facts, ["max_connections = 100 in line 34", "store = postgres in line 33"]);
        assert_eq!(config.catalog[0].api.paths, ["ourcache::Cache::new"]);
        assert_eq!(config.catalog[0].line, 36);
    }

    #[test]
    fn an_empty_file_is_no_mistake() {
        assert_eq!(lines(""), [""; 0]);
        assert_eq!(lines("# later\n"), [""; 0]);
    }

    #[test]
    fn every_mistake_is_reported_at_once() {
        let text = r#"[service]
ownr = "payments"
name = 5

[output]
format = "markdwn"
constants = "yes"

[policy]
stateless = { except = ["telemtry"] }

[[state]]
id = "cache:*"
on_los = "slow pages"
contains = "pii"
expires = "soon"
colour = ["red"]
"#;
        assert_snapshot!(shown(text), @r#"
        error[unknown-key]: unknown key `ownr` in `[service]`
         --> statemap.toml:2:1
          |
        2 | ownr = "payments"
          | ^^^^
          |
          = help: did you mean `owner`?

        error[wrong-type]: `name` must be a string, not an integer
         --> statemap.toml:3:8
          |
        3 | name = 5
          |        ^
          |
          = help: write it in quotes, as in `name = "…"`

        error[unknown-word]: `format` cannot be `markdwn`
         --> statemap.toml:6:10
          |
        6 | format = "markdwn"
          |          ^^^^^^^^^
          |
          = help: did you mean `markdown`?

        error[wrong-type]: `constants` must be `true` or `false`, not a string
         --> statemap.toml:7:13
          |
        7 | constants = "yes"
          |             ^^^^^
          |
          = help: write `constants = true`

        error[unknown-word]: `except` cannot be `telemtry`
          --> statemap.toml:10:25
           |
        10 | stateless = { except = ["telemtry"] }
           |                         ^^^^^^^^^^
           |
           = help: did you mean `telemetry`?

        error[unknown-key]: unknown key `on_los` in `[[state]]`
          --> statemap.toml:14:1
           |
        14 | on_los = "slow pages"
           | ^^^^^^
           |
           = help: did you mean `on_loss`?

        error[wrong-type]: `contains` must be an array of strings, not a string
          --> statemap.toml:15:12
           |
        15 | contains = "pii"
           |            ^^^^^
           |
           = help: write `contains = ["…", "…"]`

        error[bad-date]: `expires` is not a calendar date
          --> statemap.toml:16:11
           |
        16 | expires = "soon"
           |           ^^^^^^
           |
           = help: write year, month and day: `expires = 2027-01-31`

        error[unknown-key]: unknown key `colour` in `[[state]]`
          --> statemap.toml:17:1
           |
        17 | colour = ["red"]
           | ^^^^^^
           |
           = help: the keys here are `id`, `summary`, `owner`, `size`, `contents`, `replication`, `on_loss`, `rebuild`, `recovery_test`, `runbook`, `contains`, `acknowledge`, `reason`, `date`, `ignore`, `reviewed` and `expires`
        "#);
    }

    #[test]
    fn a_missing_id_is_reported_at_the_header() {
        assert_snapshot!(shown("[service]\n\n[[state]]\nowner = \"payments\"\n"), @r#"
        error[missing-key]: `[[state]]` has no `id`
         --> statemap.toml:3:1
          |
        3 | [[state]]
          | ^^^^^^^^^
          |
          = help: add `id = "cache:*"`, the id of an item or a pattern for several
        "#);
    }

    #[test]
    fn one_bracket_instead_of_two_is_explained() {
        assert_snapshot!(shown("[state]\nid = \"cache:*\"\n"), @r"
        error[wrong-type]: `state` must be a list of tables, not a table
         --> statemap.toml:1:1
          |
        1 | [state]
          | ^^^^^^^
          |
          = help: write `[[state]]` with two brackets, once for each entry
        ");
    }

    #[test]
    fn a_glob_that_is_none_is_explained() {
        assert_snapshot!(shown("[[state]]\nid = \"cache:[ab\"\nowner = \"payments\"\n"), @r#"
        error[bad-pattern]: `id` is not a pattern: unclosed character class; missing ']'
         --> statemap.toml:2:6
          |
        2 | id = "cache:[ab"
          |      ^^^^^^^^^^^
          |
          = help: `*` stands for any text, `{a,b}` for one of several, `[ab]` for one character; `\` before one of these takes it as it is
        "#);
    }

    #[test]
    fn mistakes_in_own_catalog_entries_are_shown_at_their_key_with_the_nearest_known_word() {
        let entry = "[[catalog]]\nkind = \"cache\"\nshape = \"constructor\"\nlabel = \"our cache\"\npaths = [\"shop::Cache::new\"]\n";
        assert_eq!(lines(entry), [""; 0]);
        let older = entry.replace("paths = [\"shop::Cache::new\"]", "older = [{ version = \"0.9.0\", paths = [\"shop::Cache::new\"] }]");
        assert_eq!(lines(&older), [""; 0]);
        for (from, to, line, said, help) in [
            ("label", "lable", 4, "unknown key `lable` in `[[catalog]]`", "did you mean `label`?"),
            ("\"cache\"", "\"cahce\"", 2, "there is no kind `cahce`", "did you mean `cache`?"),
            ("\"constructor\"", "\"constuctor\"", 3, "`constuctor` is none of the words", "did you mean `constructor`?"),
            ("\"our cache\"", "5", 4, "invalid type: integer `5`, expected a string", "built-in catalog"),
            ("kind = \"cache\"\n", "", 1, "`[[catalog]]` has no `kind`", "built-in catalog"),
            ("paths = [\"shop::Cache::new\"]\n", "", 1, "the shape needs `paths`", "built-in catalog"),
            ("shop::Cache::new", "Cache", 5, "`Cache` is no path", "built-in catalog"),
            ("paths", "knobs = [{ name = \"size\", defualt = \"5\" }]\npaths", 5, "unknown key `defualt`", "did you mean `default`?"),
        ] {
            let found = load(CONFIG_FILE, &entry.replacen(from, to, 1)).1;
            assert_eq!(found.len(), 1, "{to}: {found:?}");
            assert!(found[0].message.contains(said) && found[0].help.as_ref().is_some_and(|text| text.contains(help)), "{found:?}");
            assert_eq!((found[0].line, found[0].code.as_str(), found[0].span.is_some()), (Some(line), "catalog-entry", true), "{found:?}");
        }
        assert_snapshot!(shown(&entry.replace("label", "lable")), @r#"
        error[catalog-entry]: unknown key `lable` in `[[catalog]]`
         --> statemap.toml:4:1
          |
        4 | lable = "our cache"
          | ^^^^^
          |
          = help: did you mean `label`?
        "#);
    }

    #[test]
    fn a_stub_that_is_not_filled_in_is_no_mistake_and_says_nothing() {
        let (config, diagnostics) = load(CONFIG_FILE, "[[state]]\nid = \"cache:*\"\nowner = \"\"\non_loss = \" \"\nsize = \"5 MB\"\n");
        assert_eq!(diagnostics, []);
        assert_eq!(config.states[0].written.blanks(), ["owner", "on_loss"]);
        assert_eq!(config.states[0].written.annotation.owner, None);
        assert_eq!(lines("[[state]]\nid = \"cache:*\"\nignore = \"\"\n").len(), 1);
        assert_eq!(lines("[[declare]]\nkind = \"cache\"\nname = \"x\"\nowner = \"\"\n").len(), 1);
    }

    #[test]
    fn a_syntax_error_is_shown_in_its_place_and_the_rest_is_still_checked() {
        assert_snapshot!(shown("[service]\nname = shop\nownr = \"payments\"\n"), @r#"
        error[toml-syntax]: string values must be quoted, expected literal string
         --> statemap.toml:2:8
          |
        2 | name = shop
          |        ^^^^

        error[unknown-key]: unknown key `ownr` in `[service]`
         --> statemap.toml:3:1
          |
        3 | ownr = "payments"
          | ^^^^
          |
          = help: did you mean `owner`?
        "#);
    }

    #[test]
    fn what_follows_from_a_syntax_error_is_not_reported_again() {
        let text = "[[state]]\nid = [\"cache:*\",\nowner = \"payments\"\n";
        assert_eq!(lines(text), ["statemap.toml:3: error[toml-syntax]: unexpected `=` in array, expected value, `]`"]);
        assert_eq!(lines("[service]\nname = \"a\"\nname = \"b\"\n"), ["statemap.toml:3: error[toml-syntax]: duplicate key"]);
    }

    #[test]
    fn a_date_must_be_on_the_calendar() {
        let entry = |date: &str| lines(&format!("[[state]]\nid = \"cache:*\"\nexpires = {date}\n"));
        assert_eq!(entry("2026-02-28"), [""; 0]);
        assert_eq!(entry("\"2026-02-28\""), [""; 0]);
        assert_eq!(entry("\"2026-02-29\""), ["statemap.toml:3: error[bad-date]: `expires` is not a calendar date"]);
        assert_eq!(entry("2026-02-28T10:00:00"), ["statemap.toml:3: error[bad-date]: `expires` is not a calendar date"]);
        assert_eq!(entry("20260228"), ["statemap.toml:3: error[wrong-type]: `expires` must be a date, not an integer"]);
    }

    #[test]
    fn a_silenced_hazard_or_item_needs_its_reason() {
        let entry = |keys: &str| lines(&format!("[[state]]\nid = \"cache:*\"\n{keys}\n"));
        let acknowledge = "acknowledge = [\"ephemeral-file\"]\n";
        assert_eq!(entry(&format!("{acknowledge}reason = \"made again\"\ndate = 2026-10-01")), [""; 0]);
        assert_eq!(entry(acknowledge), ["statemap.toml:3: error[missing-reason]: `acknowledge` needs a `reason`"]);
        assert_eq!(
            entry(&format!("{acknowledge}reason = \"made again\"")),
            ["statemap.toml:3: warning[missing-date]: `acknowledge` has no `date`"]
        );
        assert_eq!(
            entry("reason = \"made again\""),
            ["statemap.toml:3: warning[no-acknowledge]: `reason` and `date` say nothing without `acknowledge`"]
        );
        assert_eq!(entry("ignore = \"\""), ["statemap.toml:3: error[missing-reason]: `ignore` is empty"]);
        assert_eq!(entry("ignore = true"), ["statemap.toml:3: error[wrong-type]: `ignore` must be a string, not a boolean"]);
    }

    #[test]
    fn a_declared_state_needs_kind_and_name_and_any_other_key_is_a_fact() {
        let text = "[[declare]]\nkind = \"sesion\"\nsummry = \"sticky\"\nttl = \"1h\"\nnodes = [1]\n";
        assert_snapshot!(shown(text), @r#"
        error[missing-key]: `[[declare]]` has no `name`
         --> statemap.toml:1:1
          |
        1 | [[declare]]
          | ^^^^^^^^^^^
          |
          = help: add a short name, as in `name = "load balancer stickiness"`

        error[unknown-word]: `kind` cannot be `sesion`
         --> statemap.toml:2:8
          |
        2 | kind = "sesion"
          |        ^^^^^^^^
          |
          = help: did you mean `session`?

        warning[near-miss]: `summry` is taken for a fact, but looks like the key `summary`
         --> statemap.toml:3:1
          |
        3 | summry = "sticky"
          | ^^^^^^
          |
          = help: did you mean `summary`?

        error[wrong-type]: the fact `nodes` must be a string, a number or a boolean, not an array
         --> statemap.toml:5:9
          |
        5 | nodes = [1]
          |         ^^^
          |
          = help: write one fact for each value
        "#);
    }

    #[test]
    fn two_declarations_with_one_id_are_refused() {
        let text =
            "[[declare]]\nkind = \"session\"\nname = \"load balancer\"\n\n[[declare]]\nkind = \"session\"\nname = \"load  balancer\"\n";
        assert_eq!(
            lines(text),
            ["statemap.toml:5: error[duplicate-declare]: `session:declared::load-balancer` is declared twice, first in line 1"]
        );
    }

    #[test]
    fn an_entry_that_says_nothing_is_noticed() {
        assert_eq!(lines("[[state]]\nid = \"cache:*\"\n"), ["statemap.toml:1: warning[empty-annotation]: `[[state]]` says nothing"]);
    }

    #[test]
    fn carriage_returns_and_wide_letters_do_not_move_the_caret() {
        assert_snapshot!(shown("[[state]]\r\nid = \"cache:é\"\r\nsummary = \"世界\", owner = 5\r\nowner = 5 # é\r\n"), @r#"
        error[toml-syntax]: unexpected key or value, expected newline, `#`
         --> statemap.toml:3:15
          |
        3 | summary = "世界", owner = 5
          |                 ^

        error[wrong-type]: `owner` must be a string, not an integer
         --> statemap.toml:4:9
          |
        4 | owner = 5 # é
          |         ^
          |
          = help: write it in quotes, as in `owner = "payments"`
        "#);
        let (_, diagnostics) = load(CONFIG_FILE, "\u{feff}[service]\r\nnam = 1\r\n");
        assert_eq!(diagnostics[0].line, Some(2));
        assert_eq!(diagnostics[0].span, Some((14, 17)));
    }

    #[test]
    fn a_huge_file_is_refused_unread() {
        let text = "# filler\n".repeat(MAX_CONFIG_BYTES / 8);
        let start = lines(&text)[0].clone();
        assert_eq!(start, "statemap.toml: error[config-too-large]: the file has 1179648 bytes; at most 1048576 are read");
    }

    #[test]
    fn a_flood_of_mistakes_is_cut_and_counted() {
        let text: String = (0..2_000).map(|n| format!("key{n} = 1\n")).collect();
        let lines = lines(&text);
        assert_eq!(lines.len(), 101);
        assert!(lines.contains(&"statemap.toml: note[more-problems]: 1900 more problems in this file are not shown".to_owned()));
    }

    #[test]
    fn nesting_without_end_is_refused_and_dots_in_text_are_not() {
        let dots = vec!["a"; 2_000].join(".");
        let expected = ["statemap.toml:1: error[toml-syntax]: more than 16 dots in one line outside of strings"];
        assert_eq!(lines(&format!("{dots} = 1\n")), expected);
        assert_eq!(lines(&format!("[{dots}]\n")), expected);
        assert!(!lines(&format!("x = {}{}", "{a=".repeat(100_000), "}".repeat(100_000))).is_empty());
        let text = format!("# {dots}\n[service]\nname = '{dots}'\ndescription = \"\"\"\n\\\"{dots}\n\"\"\"\n");
        assert_eq!(lines(&text), [""; 0]);
    }
}
