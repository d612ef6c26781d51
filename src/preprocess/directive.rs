//! What a directive asks for: `list`, words and `key=value`, with every mistake answered by the nearest known word.

use std::ops::Range;

use super::fault::Fault;
use crate::annotations::nearest;
use crate::model::{Kind, Scope};

/// Every word that may follow `#statemap`: with the keys that it takes, whether it takes further words, and what it inserts.
pub const WORDS: &[Word] = &[
    Word { name: "list", keys: &["kind", "scope", "service"], rest: Rest::Words, inline: false, about: "a table of the items that match" },
    Word { name: "item", keys: &["level"], rest: Rest::Id, inline: false, about: "everything about one item, with a heading" },
    Word { name: "diagram", keys: &["service"], rest: Rest::None, inline: false, about: "the diagram of where state lives" },
    Word { name: "opening", keys: &["service"], rest: Rest::None, inline: false, about: "the paragraph that opens the map" },
    Word { name: "review", keys: &["service"], rest: Rest::None, inline: false, about: "the table of what a review would raise first" },
    Word { name: "hazards", keys: &["service"], rest: Rest::None, inline: false, about: "that table, and each hazard in full" },
    Word { name: "verdicts", keys: &["service"], rest: Rest::None, inline: false, about: "whether it can run as several replicas" },
    Word { name: "capacity", keys: &[], rest: Rest::None, inline: false, about: "the table of connections at a time" },
    Word { name: "incident", keys: &[], rest: Rest::Id, inline: false, about: "what can cause a symptom, such as `random-logouts`" },
    Word { name: "blind-spots", keys: &[], rest: Rest::None, inline: false, about: "what was not seen" },
    Word { name: "count", keys: &["kind", "scope", "service"], rest: Rest::Words, inline: true, about: "how many items match" },
    Word { name: "link", keys: &[], rest: Rest::Id, inline: true, about: "the name of an item, linked to what is told of it" },
];

/// A word of directives.
#[derive(Debug, PartialEq, Eq)]
pub struct Word {
    /// As it is written.
    pub name: &'static str,
    /// The keys that it takes.
    pub keys: &'static [&'static str],
    /// What it takes beside them.
    pub rest: Rest,
    /// Whether it stands in a line of text.
    pub inline: bool,
    /// What it inserts.
    pub about: &'static str,
}

/// What a directive takes beside keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// Nothing.
    None,
    /// Words to look for.
    Words,
    /// One id.
    Id,
}

/// A directive that can be answered, as far as the words go.
#[derive(Debug)]
pub(super) struct Directive {
    pub(super) word: &'static Word,
    /// The further words, or the id, each with its place in the page.
    pub(super) rest: Vec<Spanned>,
    pub(super) kinds: Vec<Kind>,
    pub(super) scopes: Vec<Scope>,
    /// Whether they are there is not known yet.
    pub(super) services: Vec<Spanned>,
    pub(super) level: Option<usize>,
}

/// A text with its place in the page.
#[derive(Clone, Debug)]
pub(super) struct Spanned {
    pub(super) text: String,
    pub(super) span: Range<usize>,
}

impl Directive {
    pub(super) fn word(&self) -> &'static str {
        self.word.name
    }

    pub(super) fn is_inline(&self) -> bool {
        self.word.inline
    }
}

/// Reads what stands between `#statemap` and the braces; `at` is where that begins in the page.
pub(super) fn parse(body: &str, at: usize) -> Result<Directive, Fault> {
    let mut tokens = tokens(body, at);
    if tokens.is_empty() {
        let known: Vec<&str> = WORDS.iter().map(|word| word.name).collect();
        return Err(Fault::new("`{{#statemap}}` says not what is wanted", format!("it takes one of {}", known.join(", ")), at..at));
    }
    let first = tokens.remove(0);
    let Some(word) = WORDS.iter().find(|word| word.name == first.text) else {
        let known: Vec<&str> = WORDS.iter().map(|word| word.name).collect();
        let help = match nearest(&first.text, known.iter().copied()) {
            Some(name) => format!("did you mean `{name}`?"),
            None => format!("it takes one of {}", known.join(", ")),
        };
        return Err(Fault::new(format!("`{{{{#statemap {}}}}}` is not known", first.text), help, first.span));
    };
    let mut directive = Directive { word, rest: Vec::new(), kinds: Vec::new(), scopes: Vec::new(), services: Vec::new(), level: None };
    for token in tokens {
        match token.text.split_once('=').filter(|(key, _)| is_key(word, key)) {
            Some((key, value)) => {
                let start = token.span.start + key.len() + 1;
                set(&mut directive, key, value, start)?;
            }
            None => directive.rest.push(token),
        }
    }
    match (word.rest, directive.rest.first()) {
        (Rest::None, Some(extra)) => {
            let help = match word.keys {
                [] => "it takes nothing".to_owned(),
                keys => format!("it takes {}", keys.iter().map(|key| format!("`{key}=…`")).collect::<Vec<_>>().join(", ")),
            };
            Err(Fault::new(format!("`{{{{#statemap {}}}}}` takes no `{}`", word.name, extra.text), help, extra.span.clone()))
        }
        (Rest::Id, None) => {
            let help = if word.name == "incident" { "such as `random-logouts`" } else { "`statemap list` shows them" };
            Err(Fault::new(format!("`{{{{#statemap {}}}}}` lacks an id", word.name), help, first.span))
        }
        // White space in an id is part of it.
        (Rest::Id, Some(start)) => {
            let end = directive.rest.last().map_or(start.span.end, |last| last.span.end);
            let span = start.span.start..end;
            let text = directive.rest.iter().map(|token| token.text.as_str()).collect::<Vec<_>>().join(" ");
            directive.rest = vec![Spanned { text, span }];
            Ok(directive)
        }
        _ => Ok(directive),
    }
}

/// Whether text before `=` is meant as a key: a word that is one, or that is nearly one where no id is asked for.
fn is_key(word: &Word, key: &str) -> bool {
    word.keys.contains(&key) || word.rest != Rest::Id && !key.is_empty() && key.chars().all(|c| c.is_ascii_lowercase())
}

fn set(directive: &mut Directive, key: &str, value: &str, at: usize) -> Result<(), Fault> {
    if !directive.word.keys.contains(&key) {
        let keys = directive.word.keys;
        let help = match (nearest(key, keys.iter().copied()), keys) {
            (Some(name), _) => format!("did you mean `{name}`?"),
            (None, []) => "it takes no keys".to_owned(),
            (None, keys) => format!("it takes {}", keys.join(", ")),
        };
        return Err(Fault::new(format!("`{{{{#statemap {}}}}}` has no key `{key}`", directive.word()), help, at - key.len() - 1..at - 1));
    }
    let mut start = at;
    for part in value.split(',') {
        let span = start..start + part.len();
        start = span.end + 1;
        match key {
            "kind" => directive.kinds.push(known(part, "kind", Kind::ALL.iter().map(|kind| kind.as_str()), span)?),
            "scope" => directive.scopes.push(known(part, "scope", Scope::ALL.iter().map(|scope| scope.as_str()), span)?),
            "service" => directive.services.push(Spanned { text: part.to_owned(), span }),
            _ => match part.parse() {
                Ok(level @ 1..=6) => directive.level = Some(level),
                _ => return Err(Fault::new(format!("`level={part}` is no level of a heading"), "a number from 1 to 6", span)),
            },
        }
    }
    Ok(())
}

fn known<T: std::str::FromStr<Err = ()>>(
    part: &str,
    what: &str,
    known: impl Iterator<Item = &'static str> + Clone,
    span: Range<usize>,
) -> Result<T, Fault> {
    part.parse().map_err(|()| {
        let help = match nearest(part, known.clone()) {
            Some(name) => format!("did you mean `{name}`?"),
            None => format!("the {what}s are {}", known.collect::<Vec<_>>().join(", ")),
        };
        Fault::new(format!("unknown {what} `{part}`"), help, span)
    })
}

/// The words of a directive; quotes hold white space together and are no part of a word.
fn tokens(body: &str, at: usize) -> Vec<Spanned> {
    let mut out: Vec<Spanned> = Vec::new();
    let (mut quoted, mut open) = (false, false);
    for (offset, c) in body.char_indices() {
        let here = at + offset;
        match c {
            c if c.is_whitespace() && !quoted => open = false,
            _ => {
                if !open {
                    out.push(Spanned { text: String::new(), span: here..here });
                    open = true;
                }
                if c == '"' {
                    quoted = !quoted;
                } else if let Some(last) = out.last_mut() {
                    last.text.push(c);
                }
                if let Some(last) = out.last_mut() {
                    last.span.end = here + c.len_utf8();
                }
            }
        }
    }
    out
}
