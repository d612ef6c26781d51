//! Joins annotations with items: precedence, ignored items, and what matches nothing, contradicts or has expired.

use std::collections::BTreeMap;

use jiff::civil::Date;
use smol_str::SmolStr;

use super::config::Config;
use super::directive;
use super::matching::{Found, Sites, help_for_unmatched};
use super::nearest::quoted;
use super::pattern::Match;
use super::reader::Mark;
use super::schema::{KEYS, Slot, Written, slot};
use crate::facts::Comment;
use crate::model::{Annotation, Diagnostic, Item, ItemId, Place, Severity};

/// The `statemap:` comments of one file.
#[derive(Clone, Copy, Debug)]
pub struct FileComments<'a> {
    /// Path relative to the analysed root.
    pub file: &'a str,
    /// Its comments, in source order.
    pub comments: &'a [Comment],
    /// Its text, when it is at hand: it only makes messages about comments of several lines more exact.
    pub text: Option<&'a str>,
}

/// All that people wrote, and the day on which it is read.
#[derive(Clone, Copy, Debug)]
pub struct Knowledge<'a> {
    /// `statemap.toml`.
    pub config: &'a Config,
    /// Comments, one entry a file.
    pub comments: &'a [FileComments<'a>],
    /// The services of the map: a `[[declare]]` that names none belongs to all.
    pub services: &'a [SmolStr],
    /// Today, for `expires`.
    pub today: Date,
}

/// What [`apply`] did.
#[derive(Clone, Debug, Default)]
pub struct Applied {
    /// Items taken off the map, sorted by id.
    pub ignored: Vec<Ignored>,
    /// Items that have an annotation.
    pub annotated: usize,
    /// Items added by `[[declare]]`.
    pub declared: usize,
}

/// An item that an annotation took off the map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignored {
    /// The item.
    pub id: ItemId,
    /// The reason given.
    pub reason: String,
    /// Where the annotations of the item are written.
    pub places: Vec<Place>,
}

/// Looking for the nearest id compares with all of them: done for so many patterns.
const MAX_SUGGESTIONS: usize = 50;

/// How much an annotation weighs against another of the same item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// `[[state]]` with a glob; a later one weighs more.
    Glob(usize),
    /// `[[declare]]`.
    Declared,
    /// `[[state]]` with the id itself.
    Exact,
    /// A comment beside the code.
    Comment,
}

/// An annotation and its weight for one item.
struct Claim<'a> {
    rank: Rank,
    written: &'a Written,
}

/// Adds declared items, annotates, and takes ignored items off. Items end sorted by kind, then id.
pub fn apply(items: &mut Vec<Item>, knowledge: &Knowledge<'_>, out: &mut Vec<Diagnostic>) -> Applied {
    let declared = add_declared(items, knowledge, out);
    let written = read_comments(knowledge, out);
    let mut claims: Vec<Vec<Claim<'_>>> = items.iter().map(|_| Vec::new()).collect();
    claim_declared(&mut claims, items, knowledge.config);
    claim_states(&mut claims, items, knowledge.config, out);
    claim_comments(&mut claims, items, &written, out);
    check_dates(&claims, items, knowledge.today, out);

    let mut applied = Applied { declared, ..Applied::default() };
    for (item, mut claims) in items.iter_mut().zip(claims) {
        claims.sort_by_key(|claim| claim.rank);
        report_conflicts(item, &claims, out);
        item.annotation = merge(&claims, knowledge.today);
        if let Some(annotation) = &item.annotation {
            match &annotation.ignore {
                Some(reason) => {
                    applied.ignored.push(Ignored { id: item.id.clone(), reason: reason.clone(), places: annotation.places.clone() });
                }
                None => applied.annotated += 1,
            }
        }
    }
    items.retain(|item| item.annotation.as_ref().is_none_or(|annotation| annotation.ignore.is_none()));
    items.sort_by(|a, b| (a.kind, &a.id).cmp(&(b.kind, &b.id)));
    applied.ignored.sort_by(|a, b| a.id.cmp(&b.id));
    applied
}

fn add_declared(items: &mut Vec<Item>, knowledge: &Knowledge<'_>, out: &mut Vec<Diagnostic>) -> usize {
    for declared in &knowledge.config.declared {
        for name in &declared.services {
            if !knowledge.services.iter().any(|service| service == name) {
                let known: Vec<&str> = knowledge.services.iter().map(SmolStr::as_str).collect();
                let help = super::nearest::hint(name, known.iter().copied(), || match known.as_slice() {
                    [] => "no service was found here".to_owned(),
                    known => format!("the services are {}", super::nearest::words(known, "and")),
                });
                let message = format!("there is no service {}", quoted(name));
                out.push(declared.at.diagnostic(Severity::Warning, "unknown-service", &declared.written.place.file, message).help(help));
            }
        }
        items.push(declared.item(knowledge.services));
    }
    knowledge.config.declared.len()
}

/// One comment that could be read, and what it stands beside.
struct Read<'a> {
    comments: &'a FileComments<'a>,
    comment: &'a Comment,
    written: Written,
}

fn read_comments<'a>(knowledge: &Knowledge<'a>, out: &mut Vec<Diagnostic>) -> Vec<Read<'a>> {
    let mut read = Vec::new();
    for comments in knowledge.comments {
        for comment in comments.comments {
            if let Some(written) = directive::parse(comments.file, comment, comments.text, out) {
                read.push(Read { comments, comment, written });
            }
        }
    }
    read
}

fn claim_declared<'a>(claims: &mut [Vec<Claim<'a>>], items: &[Item], config: &'a Config) {
    for declared in &config.declared {
        let id = declared.id();
        if !declared.written.keys.is_empty()
            && let Some(index) = items.iter().position(|item| item.id == id)
        {
            claims[index].push(Claim { rank: Rank::Declared, written: &declared.written });
        }
    }
}

fn claim_states<'a>(claims: &mut [Vec<Claim<'a>>], items: &[Item], config: &'a Config, out: &mut Vec<Diagnostic>) {
    let mut suggestions = MAX_SUGGESTIONS;
    for (order, state) in config.states.iter().enumerate() {
        let matches: Vec<(usize, Match)> =
            items.iter().enumerate().filter_map(|(index, item)| Some((index, state.id.matches(item.id.as_str())?))).collect();
        // An id that holds `{}` or `*` is also a glob; when it is an id, it is meant as one.
        let exact = matches.iter().any(|(_, how)| *how == Match::Exact);
        if matches.is_empty() {
            let message = format!("no item matches {}", quoted(state.id.as_str()));
            let diagnostic = state.at.diagnostic(Severity::Warning, "unmatched-annotation", &state.written.place.file, message);
            let candidates = if suggestions > 0 { items } else { &[] };
            suggestions = suggestions.saturating_sub(1);
            out.push(diagnostic.help(help_for_unmatched(state.id.as_str(), candidates)));
        }
        for (index, how) in matches {
            match how {
                Match::Exact => claims[index].push(Claim { rank: Rank::Exact, written: &state.written }),
                Match::Glob if exact => {}
                Match::Glob => claims[index].push(Claim { rank: Rank::Glob(order), written: &state.written }),
            }
        }
    }
}

fn claim_comments<'a>(claims: &mut [Vec<Claim<'a>>], items: &[Item], read: &'a [Read<'a>], out: &mut Vec<Diagnostic>) {
    if read.is_empty() {
        return;
    }
    let sites = Sites::new(items);
    for Read { comments, comment, written } in read {
        let index = match sites.of_comment(comments, comment) {
            Found::Item(index) => index,
            Found::Several(index, others) => {
                let others: Vec<String> = others.iter().map(|other| quoted(items[*other].id.as_str())).collect();
                let message =
                    format!("this comment is taken for {}; {} starts here as well", quoted(items[index].id.as_str()), others.join(", "));
                let help = "annotate it in statemap.toml by its id, if that is what is meant";
                out.push(written.at.diagnostic(Severity::Note, "ambiguous-annotation", comments.file, message).help(help));
                index
            }
            Found::Nothing(nearest) => {
                out.push(unmatched_comment(comments.file, written, nearest.map(|(index, line)| (&items[index], line))));
                continue;
            }
        };
        claims[index].push(Claim { rank: Rank::Comment, written });
    }
}

fn unmatched_comment(file: &str, written: &Written, nearest: Option<(&Item, u32)>) -> Diagnostic {
    let message = format!("no state was found at this comment with {}", directive::describe(written));
    let help = match nearest {
        Some((item, line)) => format!("the nearest in this file is {} in line {line}: move the comment above it", quoted(item.id.as_str())),
        None => "this file holds no item of the map; `[[declare]]` in statemap.toml adds state that no file shows".to_owned(),
    };
    written.at.diagnostic(Severity::Warning, "unmatched-annotation", file, message).help(help)
}

/// Whether the last day of an annotation is over.
fn has_expired(annotation: &Annotation, today: Date) -> bool {
    annotation.expires.as_deref().and_then(|date| date.parse::<Date>().ok()).is_some_and(|date| date < today)
}

/// Expired annotations and reviews in the future, once for each annotation.
fn check_dates(claims: &[Vec<Claim<'_>>], items: &[Item], today: Date, out: &mut Vec<Diagnostic>) {
    let mut spoken_of: BTreeMap<&Place, (&Written, Vec<&ItemId>)> = BTreeMap::new();
    for (item, claims) in items.iter().zip(claims) {
        for Claim { written, .. } in claims {
            spoken_of.entry(&written.place).or_insert((written, Vec::new())).1.push(&item.id);
        }
    }
    for (written, ids) in spoken_of.values() {
        let of = match ids.as_slice() {
            [id] => quoted(id.as_str()),
            ids => format!("{} items", ids.len()),
        };
        let annotation = &written.annotation;
        if has_expired(annotation, today)
            && let Some(date) = &annotation.expires
        {
            let lapsed = if annotation.ignore.is_some() {
                ", and no longer takes it off the map"
            } else if annotation.acknowledge.is_empty() {
                ""
            } else {
                ", and no longer acknowledges its hazards"
            };
            let message = format!("the annotation of {of} expired on {date}{lapsed}");
            let help = "check that it is still true, then set a later `expires` or remove it";
            out.push(at_key(written, "expires", Severity::Warning, "expired-annotation", message).help(help));
        }
        let reviewed = annotation.reviewed.as_deref().and_then(|date| date.parse::<Date>().ok());
        // The author may live where it is tomorrow already.
        if reviewed.is_some_and(|date| today.tomorrow().is_ok_and(|tomorrow| date > tomorrow)) {
            let message = format!("the annotation of {of} was reviewed in the future");
            let help = "`reviewed` is the day of the last review; the day of the next one is `expires`";
            out.push(at_key(written, "reviewed", Severity::Warning, "future-date", message).help(help));
        }
    }
}

fn at_key(written: &Written, key: &str, severity: Severity, code: &'static str, message: String) -> Diagnostic {
    let mark: Mark = written.keys.get(key).copied().unwrap_or(written.at);
    mark.diagnostic(severity, code, &written.place.file, message)
}

/// Two annotations of equal weight that say different things; globs never weigh the same.
fn report_conflicts(item: &Item, claims: &[Claim<'_>], out: &mut Vec<Diagnostic>) {
    for same in claims.chunk_by(|a, b| a.rank == b.rank).filter(|same| same.len() > 1) {
        for key in KEYS {
            let said = same.iter().filter(|claim| claim.written.keys.contains_key(key.name));
            let mut earlier: Option<&Written> = None;
            for written in said.map(|claim| claim.written) {
                if let Some(earlier) = earlier
                    && !says_the_same(earlier, written, key.name)
                {
                    let first = earlier.keys.get(key.name).copied().unwrap_or(earlier.at);
                    let (id, file) = (quoted(item.id.as_str()), &earlier.place.file);
                    let message = format!("`{}` of {id} is annotated twice: also in {file}:{}", key.name, first.line);
                    let help = "this one is used; remove one of the two";
                    out.push(at_key(written, key.name, Severity::Warning, "conflicting-annotation", message).help(help));
                }
                earlier = Some(written);
            }
        }
    }
}

fn says_the_same(a: &Written, b: &Written, key: &str) -> bool {
    let (mut a, mut b) = (a.annotation.clone(), b.annotation.clone());
    slot(&mut a, key) == slot(&mut b, key)
}

/// Merges claims key by key, lightest first.
fn merge(claims: &[Claim<'_>], today: Date) -> Option<Annotation> {
    let mut merged = Annotation::default();
    for claim in claims {
        let mut annotation = claim.written.annotation.clone();
        if has_expired(&annotation, today) {
            annotation.ignore = None;
            annotation.acknowledge.clear();
        }
        if !annotation.acknowledge.is_empty() {
            // Reason and date belong to the hazards that they were written for.
            (merged.reason, merged.date) = (None, None);
        } else {
            (annotation.reason, annotation.date) = (None, None);
        }
        let mut says_something = false;
        for key in KEYS {
            let (Some(from), Some(mut to)) = (slot(&mut annotation, key.name), slot(&mut merged, key.name)) else { continue };
            if !Slot::is_empty(&from) {
                to.set(from);
                says_something = true;
            }
        }
        if says_something {
            merged.places.push(claim.written.place.clone());
        }
    }
    merged.places.sort();
    merged.places.dedup();
    (!merged.places.is_empty()).then_some(merged)
}
