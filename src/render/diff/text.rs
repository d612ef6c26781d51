//! The difference as text for a terminal or a log.

use std::fmt::Write as _;

use crate::diag;
use crate::diff::{
    AspectChange, CapacityChange, Diff, FactChange, HazardChange, HazardHow, How, ItemChange, MessageHow, VariableChange, VariableHow, most,
};
use crate::model::{Capacity, Fact, FactValue, HazardSeverity, Place, SetBy, Severity};
use crate::render::escape::{one_line, shorten};
use crate::render::words::quantity;

use super::markdown::is_told;
use super::{DiffOptions, said};

/// At most so many characters of one value.
const VALUE: usize = 160;

/// Renders a difference as text.
#[must_use]
pub fn diff_text(diff: &Diff<'_>, options: &DiffOptions) -> String {
    let mut out = Text { text: String::new(), colour: options.colour };
    let side = |side: &crate::diff::Side<'_>| {
        let short = side.revision.map(|revision| revision.get(..10).unwrap_or(revision));
        // What names a commit by its hash needs no second one.
        let is_hash = |short: &str| side.name.starts_with(short) || side.name.len() >= 7 && short.starts_with(side.name);
        match short.filter(|short| !is_hash(short)) {
            Some(short) => format!("{} ({short})", line(side.name)),
            None => line(side.name),
        }
    };
    let between = format!("{} -> {}", side(&diff.before), side(&diff.after));
    if diff.same {
        let _ = writeln!(out.text, "no change to the state map: {between}");
    } else {
        let _ = writeln!(out.text, "state map: {between}");
        out.services(diff);
        out.hazards(diff);
        out.variables(diff);
        out.capacity(diff);
        out.verdicts(diff);
        out.items(diff);
        out.messages(diff);
    }
    for note in &diff.notes {
        let _ = writeln!(out.text, "\nnote: {}", line(note));
    }
    out.text
}

struct Text {
    text: String,
    colour: bool,
}

/// What a line is about, for its colour.
#[derive(Clone, Copy)]
enum Tone {
    Bad,
    Good,
    New,
    Other,
}

impl Text {
    fn heading(&mut self, words: &str) {
        let (on, off) = if self.colour { ("\u{1b}[1m", "\u{1b}[0m") } else { ("", "") };
        let _ = writeln!(self.text, "\n{on}{words}{off}");
    }

    /// A line that begins with a sign.
    fn entry(&mut self, sign: char, tone: Tone, text: &str) {
        let code = match tone {
            Tone::Bad => "31",
            Tone::Good => "32",
            Tone::New => "36",
            Tone::Other => "33",
        };
        let (on, off) = if self.colour { (format!("\u{1b}[{code}m"), "\u{1b}[0m") } else { (String::new(), "") };
        let _ = writeln!(self.text, "  {on}{sign}{off} {text}");
    }

    fn detail(&mut self, text: &str) {
        let _ = writeln!(self.text, "      {text}");
    }

    fn services(&mut self, diff: &Diff<'_>) {
        if diff.services_added.is_empty() && diff.services_removed.is_empty() {
            return;
        }
        self.heading("services");
        for name in &diff.services_added {
            self.entry('+', Tone::New, &line(name));
        }
        for name in &diff.services_removed {
            self.entry('-', Tone::Other, &line(name));
        }
    }

    fn hazards(&mut self, diff: &Diff<'_>) {
        if diff.hazards.is_empty() {
            return;
        }
        self.heading("hazards");
        for change in &diff.hazards {
            self.hazard(change);
        }
    }

    fn hazard(&mut self, change: &HazardChange<'_>) {
        let Some(hazard) = change.hazard() else { return };
        let (sign, tone) = match change.how {
            HazardHow::Appeared => ('+', Tone::Bad),
            HazardHow::Worse | HazardHow::Reopened => ('!', Tone::Bad),
            HazardHow::Changed => ('~', Tone::Other),
            HazardHow::Better | HazardHow::Accepted => ('~', Tone::Good),
            HazardHow::Gone => ('-', Tone::Good),
        };
        let was = match change.before.map(|old| old.severity).filter(|old| *old != hazard.severity) {
            Some(old) => format!(" (was {})", old.as_str()),
            None => String::new(),
        };
        let accepted = if change.how == HazardHow::Appeared && hazard.acknowledged.is_some() { ", accepted" } else { "" };
        let words = format!("{}, {}{was}{accepted}", said::hazard(change.how), severity(hazard.severity));
        self.entry(sign, tone, &format!("{words} [{}]: {}", line(&hazard.rule), line(&hazard.message)));
        if let Some(arithmetic) = hazard.arithmetic.as_deref().filter(|_| change.after.is_some()) {
            self.detail(&line(arithmetic));
        }
        if let Some((old, _)) = change.before.zip(change.after).filter(|(old, new)| old.message != new.message) {
            self.detail(&format!("before: {}", line(&old.message)));
        }
        if let Some(at) = hazard.evidence.iter().find_map(|one| one.at.as_ref()).filter(|_| change.after.is_some()) {
            self.detail(&format!("at {}", place(at)));
        }
    }

    fn variables(&mut self, diff: &Diff<'_>) {
        if diff.variables.is_empty() {
            return;
        }
        self.heading("environment variables");
        for change in &diff.variables {
            self.variable(change);
        }
    }

    fn variable(&mut self, change: &VariableChange<'_>) {
        let (sign, tone) = match change.how {
            VariableHow::Required => ('!', Tone::Bad),
            VariableHow::Added => ('+', Tone::New),
            VariableHow::Default | VariableHow::Optional => ('~', Tone::Other),
            VariableHow::Removed => ('-', Tone::Other),
        };
        let is_default = change.how == VariableHow::Default;
        let default = match (change.default_before.as_deref().map(line), change.default_after.as_deref().map(line)) {
            (Some(before), Some(after)) if is_default => format!(" {before} -> {after}"),
            (Some(default), None) | (None, Some(default)) if is_default => format!(" {default}"),
            (_, Some(default)) => format!(", default {default}"),
            (Some(default), None) => format!("; the default was {default}"),
            (None, None) => String::new(),
        };
        let set = match (change.set_by.is_empty(), change.how) {
            (false, _) => format!(", set by {}", line(&change.set_by.join(", "))),
            (true, VariableHow::Required) => "; nothing in the tree sets it".to_owned(),
            _ => String::new(),
        };
        let at = change.of.site().map(|site| format!("  ({})", place(&site.place))).unwrap_or_default();
        self.entry(sign, tone, &format!("{} {}{default}{set}{at}", line(&change.name), said::variable(change)));
    }

    fn capacity(&mut self, diff: &Diff<'_>) {
        if diff.capacity.is_empty() {
            return;
        }
        self.heading("connections at a time");
        for change in &diff.capacity {
            self.store(change);
        }
    }

    fn store(&mut self, change: &CapacityChange<'_>) {
        let Some(capacity) = change.capacity() else { return };
        let number = |side: Option<&Capacity>, of: fn(&Capacity) -> i64| side.map(|one| of(one).to_string());
        let sums =
            |of: fn(&Capacity) -> i64| arrow(number(change.before, of).as_deref(), number(change.after, of).as_deref()).unwrap_or_default();
        let environment = capacity.environment.as_ref().map(|name| format!(" in {name}")).unwrap_or_default();
        let takes = capacity.limit.as_ref().map(|limit| format!("; the server takes {}", limit.connections)).unwrap_or_default();
        let (sign, tone) = if change.newly_over { ('!', Tone::Bad) } else { ('~', Tone::Other) };
        let name = line(&format!("{}{environment}", capacity.store));
        self.entry(sign, tone, &format!("{name}: at rest {}, at most {}{takes}", sums(|one| one.at_rest), sums(most)));
    }

    fn verdicts(&mut self, diff: &Diff<'_>) {
        if diff.verdicts.is_empty() {
            return;
        }
        self.heading("several replicas");
        for change in &diff.verdicts {
            let Some((before, after)) = change.before.zip(change.after) else { continue };
            let answer = arrow(Some(said::answer(before.answer)), Some(said::answer(after.answer))).unwrap_or_default();
            let (sign, tone) = if change.worse { ('!', Tone::Bad) } else { ('~', Tone::Other) };
            self.entry(sign, tone, &format!("{}: {answer}", line(change.service)));
            if before.replicas != after.replicas {
                let number = |count: Option<u32>| count.map(|count| count.to_string());
                let replicas = arrow(number(before.replicas).as_deref(), number(after.replicas).as_deref()).unwrap_or_default();
                self.detail(&format!("deployed with {replicas}"));
            }
            for reason in &change.why_added {
                self.detail(&format!("now: {}", line(&reason.clause)));
            }
            for reason in &change.why_removed {
                self.detail(&format!("no longer: {}", line(&reason.clause)));
            }
        }
    }

    fn items(&mut self, diff: &Diff<'_>) {
        // Variables have a list of their own.
        let mut told = diff.items.iter().filter(|change| is_told(change)).peekable();
        if told.peek().is_none() {
            return;
        }
        self.heading("state");
        for change in told {
            self.item(change);
        }
    }

    fn item(&mut self, change: &ItemChange<'_>) {
        let (sign, tone) = match change.how {
            How::Added => ('+', Tone::New),
            How::Removed => ('-', Tone::Other),
            How::Changed => ('~', Tone::Other),
            How::Moved => ('>', Tone::Other),
        };
        self.entry(sign, tone, &line(change.id.as_str()));
        if let Some(was) = change.was {
            self.detail(&format!("was {}", line(was.as_str())));
        }
        if matches!(change.how, How::Added | How::Removed) {
            let at = change.item.site().map(|site| format!("  ({})", place(&site.place))).unwrap_or_default();
            self.detail(&format!("{}{at}", line(&change.item.summary)));
        }
        for fact in change.facts.iter().filter(|fact| !said::is_default_only(fact)) {
            self.fact(fact);
        }
        for aspect in &change.aspects {
            self.aspect(aspect);
        }
        let defaults = |now: bool| change.facts.iter().filter(|fact| said::is_default_only(fact) && fact.after.is_some() == now).count();
        for (count, words) in [(defaults(true), "now stated"), (defaults(false), "no longer stated")] {
            if count > 0 {
                self.detail(&format!("defaults of the library: {count} {words}"));
            }
        }
    }

    fn fact(&mut self, change: &FactChange<'_>) {
        // Keys of settings and names of variables are told as they are written.
        let is_name = change.key.chars().any(|c| c.is_ascii_uppercase());
        let key = match change.key.strip_prefix(Fact::SETTING) {
            Some(key) => line(key),
            None if is_name => line(change.key),
            None => line(&change.key.replace('_', " ")),
        };
        if !change.is_set_only() {
            let list = change.before.zip(change.after).and_then(|(old, new)| list_change(&text(old)?, &text(new)?));
            let told = list.or_else(|| arrow(change.before.map(value).as_deref(), change.after.map(value).as_deref())).unwrap_or_default();
            let fact = change.after.or(change.before);
            let origin = fact.filter(|fact| fact.value.is_some()).and_then(said::origin).map(|origin| plain(&origin));
            let at = fact.and_then(|fact| fact.at.as_ref()).map(place);
            let from: Vec<String> = origin.into_iter().chain(at).collect();
            let from = if from.is_empty() { String::new() } else { format!("  ({})", from.join(", ")) };
            self.detail(&format!("{key}: {told}{from}"));
        }
        // With the fact goes what set it.
        for set in change.set().into_iter().filter(|_| change.after.is_some()) {
            let Some(by) = set.after.or(set.before) else { continue };
            let fact = change.after.or(change.before);
            let told = |set: &SetBy| set_value(set, fact);
            let told = arrow(set.before.map(told).as_deref(), set.after.map(told).as_deref()).unwrap_or_default();
            self.detail(&format!("{key}, set by {}: {told}  ({})", plain(&said::setter(by)), place(&by.at)));
        }
    }

    fn aspect(&mut self, change: &AspectChange) {
        let of = change.of.as_ref().map(|of| format!(" {}", line(of))).unwrap_or_default();
        let told = arrow(change.before.as_deref(), change.after.as_deref()).unwrap_or_default();
        self.detail(&format!("{}{of}: {}", said::aspect(change.aspect), plain(&told)));
    }

    fn messages(&mut self, diff: &Diff<'_>) {
        let mut told = diff.messages.iter().filter(|change| change.message.severity > Severity::Note).peekable();
        if told.peek().is_none() {
            return;
        }
        self.heading("messages on the input");
        for change in told {
            let (sign, tone) = if change.how == MessageHow::Appeared { ('+', Tone::Other) } else { ('-', Tone::Good) };
            self.entry(sign, tone, &diag::plain_line(change.message));
        }
    }
}

/// Text of the tree on one line that cannot steer a terminal.
fn line(text: &str) -> String {
    one_line(text)
}

/// Prose with code in backticks, without the backticks.
fn plain(text: &str) -> String {
    line(text).replace('`', "")
}

fn place(at: &Place) -> String {
    line(&format!("{}:{}", at.file, at.line))
}

fn severity(severity: HazardSeverity) -> &'static str {
    severity.as_str()
}

/// `10 -> 50`; what was not there before or is there no more is said in words.
fn arrow(before: Option<&str>, after: Option<&str>) -> Option<String> {
    Some(match (before, after) {
        (None, None) => return None,
        (Some(before), Some(after)) if before == after => after.to_owned(),
        (Some(before), Some(after)) => format!("{before} -> {after}"),
        (None, Some(after)) => format!("now {after}"),
        (Some(before), None) => format!("no longer {before}"),
    })
}

/// A value with its unit.
fn value(fact: &Fact) -> String {
    match (&fact.value, &fact.from) {
        (Some(FactValue::Int(number)), _) => quantity(*number, fact.unit.as_deref(), fact.key.as_str()),
        (Some(FactValue::Bool(value)), _) => if *value { "yes" } else { "no" }.to_owned(),
        (Some(FactValue::Text(text)), _) => shorten(&line(text), VALUE).into_owned(),
        (None, Some(from)) => format!("set from {}", shorten(&line(from), VALUE)),
        (None, None) => "not known".to_owned(),
    }
}

fn text(fact: &Fact) -> Option<String> {
    match fact.value.as_ref()? {
        FactValue::Text(text) => Some(line(text)),
        _ => None,
    }
}

/// `now also archives; no longer sends`.
fn list_change(before: &str, after: &str) -> Option<String> {
    let (added, gone) = said::list_change(before, after)?;
    let parts = [("now also", added), ("no longer", gone)].into_iter().filter(|(_, entries)| !entries.is_empty());
    Some(parts.map(|(words, entries)| format!("{words} {}", entries.join(", "))).collect::<Vec<_>>().join("; "))
}

/// What a place outside the code gives.
fn set_value(set: &SetBy, fact: Option<&Fact>) -> String {
    match (&set.value, fact) {
        _ if set.hidden => "a hidden value".to_owned(),
        (Some(given), Some(fact)) => value(&Fact { value: Some(given.clone()), set: Vec::new(), ..fact.clone() }),
        _ => "a value not known".to_owned(),
    }
}
