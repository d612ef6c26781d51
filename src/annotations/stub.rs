//! Stubs: entries of `statemap.toml` for state of which nobody has said anything yet, with the keys that are worth saying.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::config::Config;
use super::policy::USUALLY_REQUIRED;
use crate::model::{Class, Confidence, Item, Kind};
use crate::render::is_steering;

/// Of a kind with more items than this, those of one type or one module share a stub.
const ONE_BY_ONE: usize = 6;
/// Names of items told in the comment of a stub for several.
const NAMED: usize = 4;
/// Characters of a comment.
const COMMENT: usize = 160;

/// An entry to be filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stub {
    /// The id of an item, or a pattern for several.
    pub pattern: String,
    /// The keys to fill in.
    pub keys: Vec<&'static str>,
    /// What it is and where, in one line.
    pub comment: String,
    /// How many items it speaks of.
    pub items: usize,
}

/// Which stubs are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// What the policy asks for, many of a kind together; of other kinds one for all.
    Usual,
    /// One for each item.
    EachItem,
}

/// Stubs for the items that lack words, sorted by kind, then pattern. What an entry of the file speaks of already gets none.
#[must_use]
pub fn stubs(items: &[&Item], config: &Config, wanted: Wanted) -> Vec<Stub> {
    let open = items.iter().copied().filter(|item| item.class == Class::Mutable && !keys_for(item, config).is_empty());
    let open: Vec<&Item> = open.filter(|item| !has_stub(item, config)).collect();
    let mut out = match wanted {
        Wanted::EachItem => open.iter().map(|item| (item.kind, stub_for(item, config))).collect(),
        Wanted::Usual => usual(&open, config),
    };
    out.sort_by(|a, b| (a.0, &a.1.pattern).cmp(&(b.0, &b.1.pattern)));
    out.into_iter().map(|(_, stub)| stub).collect()
}

/// A stub for one item.
#[must_use]
pub fn stub_for(item: &Item, config: &Config) -> Stub {
    let place = item.site().map(|site| format!("; {}", site.place.file)).unwrap_or_default();
    let comment = comment(&format!("`{}`: {}", item.name, item.summary), &place);
    Stub { pattern: item.id.to_string(), keys: keys_for(item, config), comment, items: 1 }
}

/// Stubs as `[[state]]` tables with their comments, a blank line between two.
#[must_use]
pub fn tables(stubs: &[Stub]) -> String {
    let mut out = String::new();
    for (at, stub) in stubs.iter().enumerate() {
        if at > 0 {
            out.push('\n');
        }
        let _ = writeln!(out, "# {}\n[[state]]\nid = {}", stub.comment, quoted_toml(&stub.pattern));
        for key in &stub.keys {
            let _ = writeln!(out, "{key} = \"\"");
        }
    }
    out
}

/// A text as TOML writes it, in quotes; what would steer the terminal it is shown on is written as an escape.
#[must_use]
pub fn quoted_toml(text: &str) -> String {
    if !text.contains(is_steering) {
        return toml::Value::String(text.to_owned()).to_string();
    }
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() || is_steering(c) => {
                let _ = write!(out, "\\U{:08X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// The keys that nobody has said of an item: those that the policy asks for, else those that its kind is worth.
fn keys_for(item: &Item, config: &Config) -> Vec<&'static str> {
    let owner = config.service.owner.as_deref();
    let annotation = item.annotation.as_ref();
    match config.policy.missing(annotation, owner) {
        None => Vec::new(),
        Some(missing) if !missing.is_empty() => missing,
        Some(_) => worth_saying(item.kind).iter().copied().filter(|key| *key != "owner" || owner.is_none()).collect(),
    }
}

/// What people of an incident ask of a kind, in the order in which they ask it.
fn worth_saying(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Session => &["owner", "on_loss", "replication", "recovery_test"],
        Kind::Cache => &["owner", "size", "on_loss", "rebuild"],
        Kind::Static | Kind::ThreadLocal | Kind::SharedState => &["owner", "contents", "on_loss"],
        Kind::Queue | Kind::BackgroundTask | Kind::Lease => &["owner", "on_loss", "recovery_test"],
        Kind::FsWrite => &["owner", "on_loss", "rebuild"],
        Kind::EmbeddedDb | Kind::ExternalStore => &["owner", "on_loss", "rebuild", "recovery_test"],
        Kind::ReferenceData => &["owner", "rebuild"],
        Kind::Pool | Kind::Limiter | Kind::ClientHeld => &["owner", "on_loss"],
        Kind::SdkClient | Kind::StartupConfig | Kind::Telemetry | Kind::Os | Kind::Deployment => &["owner"],
    }
}

/// Whether an entry that waits to be filled in speaks of an item and asks for all that it lacks.
fn has_stub(item: &Item, config: &Config) -> bool {
    let speaking = || config.states.iter().filter(|state| state.id.matches(item.id.as_str()).is_some());
    let asked = |key: &&str| speaking().any(|state| state.written.blanks().contains(key));
    let any = speaking().any(|state| !state.written.blanks().is_empty());
    if config.policy.require_keys.is_empty() { any } else { any && keys_for(item, config).iter().all(asked) }
}

fn usual(open: &[&Item], config: &Config) -> Vec<(Kind, Stub)> {
    let mut by_kind: BTreeMap<Kind, Vec<&Item>> = BTreeMap::new();
    for item in open.iter().filter(|item| item.confidence != Confidence::Possible) {
        by_kind.entry(item.kind).or_default().push(item);
    }
    let mut out = Vec::new();
    for (kind, items) in by_kind {
        let (required, others): (Vec<&Item>, Vec<&Item>) = items.into_iter().partition(|item| config.policy.requires(item));
        out.extend(of_kind(&required, config).into_iter().map(|stub| (kind, stub)));
        // Whoever names the kinds wants those and no others.
        if !others.is_empty() && config.policy.require.is_none() && !USUALLY_REQUIRED.contains(&kind) {
            out.push((kind, stub_for_several(format!("{kind}:*"), &others, "", config)));
        }
    }
    out
}

/// Stubs for the items of one kind.
fn of_kind(items: &[&Item], config: &Config) -> Vec<Stub> {
    let mut out = Vec::new();
    let mut left = items.to_vec();
    // What a function makes belongs together; where there is much of a kind, also what a type or a module holds.
    let groupings: &[fn(&str) -> Option<String>] = if items.len() > ONE_BY_ONE { &[function_of, module_of] } else { &[function_of] };
    for group in groupings {
        let mut groups: BTreeMap<String, Vec<&Item>> = BTreeMap::new();
        for item in &left {
            if let Some(pattern) = group(item.id.as_str()) {
                groups.entry(pattern).or_default().push(item);
            }
        }
        for (pattern, held) in groups.into_iter().filter(|(_, held)| held.len() > 1) {
            left.retain(|item| !held.iter().any(|other| other.id == item.id));
            let path = pattern.split_once(':').map_or("", |(_, path)| path.trim_end_matches(['#', '*', ':']));
            let within = format!(" in `{path}`");
            out.push(stub_for_several(pattern, &held, &within, config));
        }
    }
    out.extend(left.iter().map(|item| stub_for(item, config)));
    out
}

/// `kind:shop::jobs::start#*` for what is made in the function.
fn function_of(id: &str) -> Option<String> {
    let (function, _) = id.split_once('#')?;
    is_plain(function).then(|| format!("{function}#*"))
}

/// `kind:shop::jobs::*` for what is in the module or type; never a whole crate, which would be the whole kind.
fn module_of(id: &str) -> Option<String> {
    let path = id.split_once('#').map_or(id, |(path, _)| path);
    let (module, _) = path.rsplit_once("::")?;
    (module.contains("::") && is_plain(module)).then(|| format!("{module}::*"))
}

/// Nothing in it means something in a pattern.
fn is_plain(text: &str) -> bool {
    !text.contains(['*', '?', '[', ']', '{', '}', '\\', '!'])
}

fn stub_for_several(pattern: String, items: &[&Item], within: &str, config: &Config) -> Stub {
    let mut names: Vec<&str> = items.iter().map(|item| item.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let shown: Vec<String> = names.iter().take(NAMED).map(|name| format!("`{name}`")).collect();
    let more = names.len().saturating_sub(NAMED);
    let names = match (names.len(), more) {
        (1, _) => String::new(),
        (_, 0) => format!(": {}", shown.join(", ")),
        (_, more) => format!(": {} and {more} more", shown.join(", ")),
    };
    let mut keys: Vec<&'static str> = Vec::new();
    for key in items.iter().flat_map(|item| keys_for(item, config)) {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    let what = format!("{} of kind {}", if items.len() == 1 { "one".to_owned() } else { items.len().to_string() }, items[0].kind);
    Stub { pattern, keys, comment: comment(&format!("{what}{within}{names}"), ""), items: items.len() }
}

/// One line without what a comment in TOML may not hold; what does not fit is cut before the place.
fn comment(text: &str, place: &str) -> String {
    let clean = |text: &str| {
        let plain: String = text.chars().map(|c| if c.is_control() || is_steering(c) { ' ' } else { c }).collect();
        plain.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let text = clean(text);
    let cut = match text.char_indices().nth(COMMENT) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text,
    };
    format!("{cut}{}", if place.is_empty() { String::new() } else { format!("; {}", clean(place.trim_start_matches("; "))) })
}
