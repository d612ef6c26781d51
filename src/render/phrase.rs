//! Phrases: an item in running text, as the opening says it: **a sqlx pool of at most 10 connections** unless …

use crate::model::{Fact, Item, Kind};

use super::escape::{one_line, prose, shorten};
use super::title::label;

/// What is said of an item beside its name, at most.
const REST: usize = 150;

/// An item in running text: what it is, and what follows after its name. Both are safe Markdown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Phrase {
    pub(crate) what: String,
    /// Its type, when that tells more.
    pub(crate) ty: Option<String>,
    /// Begins with a space, a comma or a colon, unless it is empty.
    pub(crate) rest: String,
}

/// The phrase of an item, made of its summary, and of its first line of documentation when that says more.
pub(crate) fn phrase(item: &Item) -> Phrase {
    let written = item.annotation.as_ref().and_then(|annotation| annotation.summary.as_deref());
    if let Some(written) = written {
        let of_object = (item.kind == Kind::Deployment).then(|| item.name.split(' ').next().unwrap_or_default().to_owned());
        let what = label(item).or(of_object).unwrap_or_else(|| item.kind.as_str().replace('-', " "));
        return Phrase { what: prose(&with_article(&what)), ty: None, rest: format!(": {}", clause(written)) };
    }
    let line = one_line(&item.summary);
    let parts = clauses(&line);
    let (first, ty) = without_type(parts[0]);
    let mut what = first.to_owned();
    let mut rest = String::new();
    for part in &parts[1..] {
        if part.starts_with("one for each") || part.starts_with("one value for each") || *part == "changes at run time" {
            continue;
        }
        // How a store is locked is told on its own page.
        if item.kind == Kind::Session && part.ends_with("`)") {
            continue;
        }
        if let Some(bound) = part.strip_prefix("at most ") {
            let (bound, unless) = bound.split_once(" unless ").unwrap_or((bound, ""));
            what.push_str(" of at most ");
            what.push_str(bound);
            if !unless.is_empty() {
                rest.push_str(&format!(" unless {unless}"));
            }
        } else if *part == "unbounded" {
            what = format!("unbounded {what}");
        } else {
            rest.push_str(&said(part));
        }
    }
    if item.kind == Kind::Cache && parts.len() == 2 && ty.is_some() && never_shrinks(item) {
        rest.push_str(", for which no bound or expiry was found");
    }
    let doc = item.doc.as_deref().and_then(first_sentence);
    let ty = ty.filter(|ty| doc.is_none() && ty.len() <= 50).map(prose);
    if let Some(doc) = doc {
        rest.push_str(&format!(": {doc}"));
    }
    let rest = if rest.is_empty() { rest } else { spaced(&rest) };
    // Manifests speak of what they do: `2 replicas`, `asks …`.
    let what = if item.kind == Kind::Deployment { what } else { with_article(&what) };
    Phrase { what: prose(&what), ty, rest }
}

/// The code was followed to all that happens to it, and nothing is taken out.
fn never_shrinks(item: &Item) -> bool {
    let never = |fact: &Fact| fact.key == "shrinks" && fact.value.as_ref().is_some_and(|value| value.to_string() == "never");
    item.facts.iter().any(never)
}

/// Escapes a rest and keeps the white space before it.
fn spaced(rest: &str) -> String {
    // It never begins a line, so that its colon is none of a definition.
    let lead = [": ", " "].into_iter().find(|lead| rest.starts_with(lead)).unwrap_or_default();
    let text = shorten(&rest[lead.len()..], REST);
    // Half of a code span is no code.
    let text = if text.matches('`').count().is_multiple_of(2) { text.into_owned() } else { text.replace('`', "") };
    format!("{lead}{}", prose(&text))
}

fn clause(text: &str) -> String {
    prose(shorten(one_line(text).trim_end_matches('.'), REST).as_ref())
}

/// A clause of a summary as running text says it.
fn said(part: &str) -> String {
    if let Some(from) = part.strip_prefix("size set ") {
        return format!(" whose size is set {from}");
    }
    if part.starts_with("timeout set ") || part.starts_with("timeout from ") {
        return format!(" with a {part}");
    }
    if let Some(timeout) = part.strip_prefix("timeout ") {
        return format!(" with a timeout of {timeout}");
    }
    match part {
        "no timeout" => " without a timeout".to_owned(),
        "nothing expires" => ", without expiry".to_owned(),
        _ => match part.split_once("entries expire ") {
            Some((idle @ ("" | "idle "), after)) => format!(", {idle}entries expiring {after}"),
            _ => format!(", {part}"),
        },
    }
}

/// Splits at commas that stand outside of code.
pub(crate) fn clauses(line: &str) -> Vec<&str> {
    let (mut out, mut start, mut in_code) = (Vec::new(), 0, false);
    for (at, c) in line.char_indices() {
        if c == '`' {
            in_code = !in_code;
        }
        if c == ',' && !in_code && line[at + 1..].starts_with(' ') && at >= start {
            out.push(&line[start..at]);
            start = at + 2;
        }
    }
    out.push(&line[start.min(line.len())..]);
    out
}

/// ``static of type `T` `` and ``map (`T`)`` as what they are, and the type with its backticks.
fn without_type(text: &str) -> (&str, Option<&str>) {
    if let Some((what, ty)) = text.split_once(" of type `") {
        return (what, text.get(text.len() - ty.len() - 1..));
    }
    if let Some((what, ty)) = text.split_once(" (`")
        && let Some(ty) = ty.strip_suffix(')')
    {
        let start = what.len() + 2;
        return (what, text.get(start..start + ty.len() + 1));
    }
    (text, None)
}

fn with_article(what: &str) -> String {
    let first = what.split([' ', '-']).next().unwrap_or_default();
    let head = [" of ", " in ", " that ", " to ", " for "].iter().fold(what, |head, word| head.split(word).next().unwrap_or(head));
    let last = head.rsplit(' ').next().unwrap_or_default();
    let many = last.ends_with('s') && !last.ends_with("ss") && !last.ends_with("us") && last.chars().all(|c| c.is_ascii_lowercase());
    let determined = matches!(first, "the" | "a" | "an" | "which" | "what" | "every" | "all" | "this" | "one");
    if many || determined || what.starts_with('`') || first.is_empty() {
        return what.to_owned();
    }
    let initial = first.chars().next().unwrap_or('x');
    let spelled = first.len() > 1 && first.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
    // Letters of an abbreviation are spoken one by one: an SMTP pool, a JWT.
    let vowel = if spelled { "AEFHILMNORSX".contains(initial) } else { "aeioAEIO".contains(initial) || first.starts_with("un") };
    format!("{} {what}", if vowel { "an" } else { "a" })
}

/// The first sentence of a doc comment, when it is plain text and short.
fn first_sentence(doc: &str) -> Option<String> {
    let paragraph = doc.split("\n\n").next()?;
    let line = one_line(paragraph).replace("**", "");
    let end = line.find(". ").unwrap_or(line.len());
    let sentence = line[..end].trim_end_matches(['.', ':']);
    let plain = !sentence.contains(['[', ']', '<', '>', '*', '#', '|', '{', '!']) && sentence.matches('`').count().is_multiple_of(2);
    let mut chars = sentence.chars();
    let first = chars.next()?;
    let lowered = chars.next().is_some_and(|second| second.is_lowercase() || second == ' ');
    let sentence = if lowered { first.to_lowercase().chain(sentence.chars().skip(1)).collect() } else { sentence.to_owned() };
    (plain && sentence.chars().count() <= 120).then_some(sentence)
}

#[cfg(test)]
mod tests {
    use super::super::sample::item;
    use super::*;

    fn said_of(kind: &str, summary: &str) -> String {
        let phrase = phrase(&item(&format!("{kind}:x::y"), "y", summary));
        format!("{}|{}|{}", phrase.what, phrase.ty.unwrap_or_default(), phrase.rest)
    }

    #[test]
    fn numbers_join_what_a_thing_is_and_conditions_follow_its_name() {
        assert_eq!(
            said_of("pool", "sqlx Postgres pool, at most 10 connections unless `SIZE` is set"),
            "a sqlx Postgres pool of at most 10 connections|| unless `SIZE` is set"
        );
        assert_eq!(
            said_of("cache", "moka cache, size set from `a.b`, nothing expires"),
            "a moka cache|| whose size is set from `a.b`, without expiry"
        );
        assert_eq!(said_of("queue", "tokio mpsc channel, unbounded"), "an unbounded tokio mpsc channel||");
        assert_eq!(said_of("sdk-client", "AWS S3 client, no timeout"), "an AWS S3 client|| without a timeout");
    }

    #[test]
    fn articles_fit_what_they_stand_before() {
        assert_eq!(with_article("login sessions in Redis"), "login sessions in Redis");
        assert_eq!(with_article("endless loop that mails issues"), "an endless loop that mails issues");
        assert_eq!(with_article("the current user"), "the current user");
        assert_eq!(with_article("JWT"), "a JWT");
        assert_eq!(with_article("SMTP pool"), "an SMTP pool");
    }

    #[test]
    fn types_follow_the_name_and_commas_in_them_split_nothing() {
        assert_eq!(
            said_of("shared-state", "map behind a lock (`RwLock<HashMap<Uuid, Cart>>`), one for each process"),
            "a map behind a lock|`RwLock<HashMap<Uuid, Cart>>`|"
        );
        assert_eq!(said_of("static", "static of type `AtomicBool`, changes at run time, one for each process"), "a static|`AtomicBool`|");
    }

    #[test]
    fn a_short_plain_doc_says_what_it_is_for() {
        let mut flag = item("static:x::F", "F", "static of type `AtomicBool`, changes at run time, one for each process");
        flag.doc = Some("Whether new orders are accepted. Flipping it …".to_owned());
        assert_eq!(phrase(&flag).rest, ": whether new orders are accepted");
        flag.doc = Some("See [`Orders`].".to_owned());
        assert_eq!((phrase(&flag).ty.as_deref(), phrase(&flag).rest.as_str()), (Some("`AtomicBool`"), ""));
    }
}
