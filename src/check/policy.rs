//! What the policy says of the state and of the messages on annotations.

use std::collections::BTreeSet;

use super::{Baseline, Finding, Paste};
use crate::annotations::{CONFIG_FILE, Config, Level, StateEntry, stub_for, tables};
use crate::model::{Class, Diagnostic, Item, Kind, Scope, Severity, StateMap};

/// What is checked.
#[derive(Clone, Copy, Debug)]
pub struct State<'a> {
    /// The map of the code.
    pub map: &'a StateMap,
    /// `statemap.toml`.
    pub config: &'a Config,
    /// The ids that are let through, with the name of their file.
    pub baseline: Option<(&'a Baseline, &'a str)>,
    /// The tree as the command line names it, for the commands that mend something.
    pub tree: Option<&'a str>,
    /// Today, for what is accepted today.
    pub today: jiff::civil::Date,
}

impl<'a> State<'a> {
    /// What `undocumented` says: with a baseline it is meant to be refused, or there would be no need for one.
    fn undocumented(&self) -> Level {
        let unsaid = if self.baseline.is_some() { Level::Deny } else { Level::Allow };
        self.config.policy.undocumented.unwrap_or(unsaid)
    }

    /// The items that lack an annotation, with the keys that it lacks. The baseline is not asked.
    fn without_words(&self) -> impl Iterator<Item = (&'a Item, Vec<&'static str>)> {
        let config = self.config;
        let owner = config.service.owner.as_deref();
        self.map
            .items
            .iter()
            .filter(move |item| config.policy.requires(item))
            .filter_map(move |item| Some((item, config.policy.missing(item.annotation.as_ref(), owner)?)))
    }

    /// The items that a service without state does not have.
    fn not_stateless(&self) -> impl Iterator<Item = &'a Item> {
        let claim = self.config.policy.stateless.as_ref();
        let held = |item: &&Item| matches!(item.scope, Scope::Task | Scope::Thread | Scope::Process | Scope::Host);
        let items = self.map.items.iter().filter(|item| item.class == Class::Mutable).filter(held);
        items.filter(move |item| claim.is_some_and(|claim| claim.claims(item)))
    }

    /// The ids of a baseline that is written today.
    #[must_use]
    pub fn to_let_through(&self) -> BTreeSet<&'a str> {
        let open = self.without_words().map(|(item, _)| item).chain(self.not_stateless());
        let hazards = super::hazards::failing(self).map(|hazard| hazard.id.as_str());
        open.map(|item| item.id.as_str()).chain(hazards).collect()
    }
}

/// Everything that does not hold beside the committed map itself.
#[must_use]
pub fn check_state(state: &State<'_>) -> Vec<Finding> {
    let mut out: Vec<Finding> = state.map.diagnostics.iter().filter_map(|found| of_annotation(state, found)).collect();
    let is_new = |item: &Item| state.baseline.is_none_or(|(baseline, _)| !baseline.has(item.id.as_str()));
    if state.undocumented() > Level::Allow {
        out.extend(
            state.without_words().filter(|(item, _)| is_new(item)).filter_map(|(item, missing)| undocumented(state, item, &missing)),
        );
    }
    out.extend(state.not_stateless().filter(|item| is_new(item)).filter_map(|item| not_stateless(state.config, item)));
    out.extend(super::hazards::findings(state));
    out.extend(state.baseline.and_then(|(baseline, file)| not_needed(state, baseline, file)));
    out
}

/// Whether a message is judged by the policy, and so told by [`check_state`] or not at all.
#[must_use]
pub fn is_judged(config: &Config, found: &Diagnostic) -> bool {
    found.severity > Severity::Note && level(config, found).is_some()
}

fn level(config: &Config, found: &Diagnostic) -> Option<Level> {
    let policy = &config.policy;
    let said = match found.code.as_str() {
        "unmatched-annotation" | "unknown-service" => policy.unmatched,
        "expired-annotation" => policy.expired,
        "unknown-hazard" => policy.unmatched,
        "conflicting-annotation" => policy.contradicted,
        code if code.starts_with("contradict") => policy.contradicted,
        _ => return None,
    };
    Some(said.unwrap_or(Level::Deny))
}

fn of_annotation(state: &State<'_>, found: &Diagnostic) -> Option<Finding> {
    // Two annotations of a comment and the like are notes: they say how something was understood.
    let level = level(state.config, found).filter(|_| found.severity > Severity::Note)?;
    let mut finding = Finding::new(level, found.clone())?;
    if let (Some(text), Some(file)) = (&found.paste, &found.file) {
        finding.paste = Some(Paste { file: file.clone(), line: found.line, text: text.clone() });
    }
    // What has a near match is rather renamed than gone.
    if found.code == "unmatched-annotation" && found.file.as_deref() == Some(CONFIG_FILE) && found.paste.is_none() {
        finding.command = Some(["annotate"].into_iter().chain(state.tree).chain(["--prune"]).map(str::to_owned).collect());
    }
    Some(finding)
}

fn undocumented(state: &State<'_>, item: &Item, missing: &[&'static str]) -> Option<Finding> {
    let entry = stub_of(state.config, item);
    let what = match (entry, missing) {
        (Some(_), []) => "has a stub that nobody has filled in".to_owned(),
        (None, []) => "has no annotation".to_owned(),
        (_, missing) => format!("says nothing of {}", quoted_list(missing)),
    };
    let mut diagnostic = Diagnostic::new(Severity::Error, "undocumented", format!("{} `{}` {what}", item.kind, item.name));
    let stub = stub_for(item, state.config);
    let words: Vec<String> = ["annotate"].into_iter().chain(state.tree).chain(["--id", item.id.as_str()]).map(str::to_owned).collect();
    let command = format!("statemap {}", words.iter().map(|word| shell(word)).collect::<Vec<_>>().join(" "));
    match (entry, item.site()) {
        (Some(entry), _) => {
            let place = &entry.written.place;
            diagnostic = diagnostic.in_file(place.file.clone()).at_line(place.line);
            diagnostic = diagnostic.help(format!("fill in {}", quoted_list(entry.written.blanks())));
        }
        (None, Some(site)) => {
            diagnostic = diagnostic.in_file(site.place.file.clone()).at_line(site.place.line);
            diagnostic = diagnostic.help(format!("put this into {CONFIG_FILE} and fill it in; `{command}` adds it"));
        }
        (None, None) => diagnostic = diagnostic.help(format!("put this into {CONFIG_FILE} and fill it in; `{command}` adds it")),
    }
    let mut finding = Finding::new(state.undocumented(), diagnostic)?;
    finding.id = Some(item.id.0.clone());
    if entry.is_none() {
        finding.paste = Some(Paste { file: CONFIG_FILE.into(), line: None, text: tables(&[stub]).trim_end().to_owned() });
        finding.command = Some(words);
    }
    Some(finding)
}

/// The entry that waits to be filled in and speaks of an item.
fn stub_of<'a>(config: &'a Config, item: &Item) -> Option<&'a StateEntry> {
    config.states.iter().find(|entry| !entry.written.blanks().is_empty() && entry.id.matches(item.id.as_str()).is_some())
}

fn not_stateless(config: &Config, item: &Item) -> Option<Finding> {
    let claim = config.policy.stateless.clone().unwrap_or_default();
    let quoted = |words: Vec<String>| words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ");
    let excepted = quoted(claim.except.iter().copied().chain([item.kind]).map(|kind: Kind| kind.to_string()).collect());
    // A name that would have to be escaped is not pasted; nobody calls a binary so.
    let claiming: Vec<String> = claim.services.iter().filter(|name| !name.contains(['"', '\\'])).cloned().collect();
    let services = if claiming.is_empty() { String::new() } else { format!("services = [{}], ", quoted(claiming)) };
    let line = format!("stateless = {{ {services}except = [{excepted}] }}");
    let of: Vec<&str> =
        item.services.iter().map(smol_str::SmolStr::as_str).filter(|of| claim.services.iter().any(|name| name == of)).collect();
    let who = if of.is_empty() {
        "this service claims".to_owned()
    } else {
        format!("`{}` {}", of.join("`, `"), if of.len() == 1 { "claims" } else { "claim" })
    };
    let mut diagnostic =
        Diagnostic::new(Severity::Error, "not-stateless", format!("{} `{}` is state that {who} not to hold", item.kind, item.name));
    if let Some(site) = item.site() {
        diagnostic = diagnostic.in_file(site.place.file.clone()).at_line(site.place.line);
    }
    let diagnostic = diagnostic.help(format!("move it out of the process, or except its kind under `[policy]` in {CONFIG_FILE}"));
    let mut finding = Finding::new(Level::Deny, diagnostic)?;
    finding.id = Some(item.id.0.clone());
    finding.paste = Some(Paste { file: CONFIG_FILE.into(), line: None, text: format!("[policy]\n{line}") });
    Some(finding)
}

/// Entries of the baseline whose state is annotated by now, or gone.
fn not_needed(state: &State<'_>, baseline: &Baseline, file: &str) -> Option<Finding> {
    let needed = state.to_let_through();
    let left = baseline.not_needed(&needed);
    let (first, line) = *left.first()?;
    let is_there =
        |id: &str| state.map.items.iter().any(|item| item.id.as_str() == id) || state.map.hazards.iter().any(|hazard| hazard.id == id);
    let what = match left.len() {
        1 if state.map.hazards.iter().any(|hazard| hazard.id == first) => {
            format!("`{first}` is accepted, or fails no check, and needs no place in the baseline any more")
        }
        1 if is_there(first) => format!("`{first}` is annotated and needs no place in the baseline any more"),
        1 => format!("`{first}` is in the baseline and no longer in the code"),
        count => {
            let gone = left.iter().filter(|(id, _)| !is_there(id)).count();
            format!(
                "{count} entries of the baseline are not needed any more: {gone} are gone from the code, {} are annotated",
                count - gone
            )
        }
    };
    let diagnostic = Diagnostic::new(Severity::Warning, "baseline", what).in_file(file).at_line(line);
    let mut finding = Finding::new(Level::Warn, diagnostic.help("`statemap check --write-baseline` takes them out"))?;
    let words = ["check"].into_iter().chain(state.tree).chain(["--baseline", file, "--write-baseline"]);
    finding.command = Some(words.map(str::to_owned).collect());
    Some(finding)
}

fn quoted_list(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.as_slice() {
        [head @ .., last] if !head.is_empty() => format!("{} and {last}", head.join(", ")),
        quoted => quoted.join(""),
    }
}

/// A word as a shell takes it.
fn shell(word: &str) -> String {
    if word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ':' | ',')) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}
