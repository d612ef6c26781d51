//! The client forgets, and the clock jumps: nothing of the service goes away, and something is disturbed all the same.

use super::back::is_login;
use super::{Fate, Found, Looked, fact, in_process, told};
use crate::model::{Access, EntryKind, FactValue, Item, Kind, Scope};

pub(super) fn forgets(looked: &Looked<'_>, found: &mut Vec<Found>) {
    for (at, item) in looked.items.iter().enumerate() {
        let cookie = is_cookie(item);
        let writes = || item.entry_points.iter().filter(|entry| entry.access == Access::Write && entry.kind == EntryKind::Route);
        let ends = |route: &str| ["logout", "log_out", "signout", "sign_out"].iter().any(|word| route.to_lowercase().contains(word));
        let mut routes = writes().map(|entry| entry.name.as_str()).filter(|route| !ends(route));
        // What is made anew for who still has another one is of no help to who has none.
        let first = routes.clone().find(|route| !route.contains("refresh"));
        let login = routes.clone().find(|route| is_login(route));
        // What is made at a log-in, and nowhere else, is what a user is known by.
        let of_login = login.is_some() && routes.all(|route| is_login(route) || route.contains("refresh"));
        let token = item.kind == Kind::ClientHeld && item.scope == Scope::Client && item.summary.starts_with("signed token") && of_login;
        if !cookie && !token {
            continue;
        }
        let what = match told(item) {
            Some(what) => what,
            None if cookie => "the cookie",
            None => "the token, where the client keeps it with what it forgets",
        };
        let back = login.or(first).map(|route| format!("a new one by `{route}`"));
        found.push(Found::Loss { at, fate: Fate::Returns, what: what.to_owned(), back, store: None });
    }
}

fn is_cookie(item: &Item) -> bool {
    match item.kind {
        Kind::ClientHeld => item.scope == Scope::Client && item.summary.to_lowercase().contains("cookie"),
        Kind::Session => fact(item, "cookie_name").is_some(),
        _ => false,
    }
}

pub(super) fn clock_jumps(looked: &Looked<'_>, found: &mut Vec<Found>) {
    for (at, item) in looked.items.iter().enumerate() {
        let Some(what) = by_the_clock(item) else { continue };
        let back = "by itself, when the clock is right again".to_owned();
        let back = (item.kind == Kind::ClientHeld || item.kind == Kind::SdkClient).then_some(back);
        found.push(Found::Loss { at, fate: Fate::Disturbed, what, back, store: None });
    }
}

/// What a wrong time of day does to an item. Timers that run from when they were started do not see it, so an interval says nothing.
fn by_the_clock(item: &Item) -> Option<String> {
    let known = |key: &str| fact(item, key).and_then(|fact| fact.value.as_ref()).map(ToString::to_string);
    match item.kind {
        Kind::ClientHeld if item.summary.starts_with("signed token") => {
            // Claims that are known and name no end are good for ever.
            let ends = known("valid_for").is_some() || known("claims").is_some_and(|claims| claims.split(", ").any(|claim| claim == "exp"));
            ends.then(|| "forward: ends early; back: is good for longer".to_owned())
        }
        Kind::ClientHeld if item.summary.starts_with("presigned") => {
            Some("forward: ends early; back: is not yet good, or good for longer".to_owned())
        }
        Kind::BackgroundTask if known("schedule").is_some() || known("cron").is_some() => {
            Some("forward: runs are skipped or come early; back: runs come late or twice".to_owned())
        }
        Kind::SdkClient
            if item.backs_on.as_deref().is_some_and(|store| {
                ["s3", "aws", "sqs", "dynamodb", "ses", "sns"].iter().any(|name| store.ends_with(&format!(":{name}")))
            }) =>
        {
            Some("requests are signed with the time of day, and refused when it is off by minutes".to_owned())
        }
        Kind::Session | Kind::SharedState | Kind::Static | Kind::Cache if in_process(item) && holds_times(item) => {
            Some("holds times of day, which are compared with a clock that jumped".to_owned())
        }
        _ => None,
    }
}

fn holds_times(item: &Item) -> bool {
    let contents = match fact(item, "contents").and_then(|fact| fact.value.as_ref()) {
        Some(FactValue::Text(text)) => text.as_str(),
        _ => "",
    };
    let ty = item.ty.as_deref().unwrap_or_default();
    let words = ["SystemTime", "DateTime<", "OffsetDateTime", "NaiveDateTime", "PrimitiveDateTime"];
    words.iter().any(|word| ty.contains(word) || contents.contains(word))
}
