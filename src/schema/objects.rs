//! What a text of SQL makes in a database, or uses, that holds state of its own: views, channels, odd tables, jobs.

use smol_str::SmolStr;

use super::tokens::{Token, TokenKind, tokens};

/// A sort of thing that a database keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ObjectKind {
    /// `CREATE MATERIALIZED VIEW`: the answer of a query, as it was when it was last refreshed.
    MaterializedView,
    /// `CREATE UNLOGGED TABLE`: empty after a crash of the database, and not on its replicas.
    UnloggedTable,
    /// `CREATE TEMPORARY TABLE`: belongs to one connection, which a pool hands on.
    TemporaryTable,
    /// `LISTEN`, `NOTIFY`, `pg_notify`: what is sent while nobody listens is gone.
    Channel,
    /// `cron.schedule(…)`: the database runs it.
    Job,
}

impl ObjectKind {
    /// The word in ids.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            ObjectKind::MaterializedView => "view",
            ObjectKind::UnloggedTable | ObjectKind::TemporaryTable => "table",
            ObjectKind::Channel => "channel",
            ObjectKind::Job => "job",
        }
    }
}

/// What a statement does with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Done {
    /// It is made, or told that it is of this sort.
    Made,
    /// It is refreshed, sent to, or listened to.
    Used,
    /// It is dropped, or is of this sort no longer.
    Dropped,
}

/// One mention of a thing that a database keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Of what sort.
    pub kind: ObjectKind,
    /// Its name in lower case, without schema.
    pub name: SmolStr,
    /// What is done with it.
    pub done: Done,
    /// When a job runs, as it is written.
    pub schedule: Option<SmolStr>,
    /// The function in whose body it stands; of [`Done::Dropped`] channels, the function that is dropped.
    pub function: Option<SmolStr>,
    /// Offset in bytes at which the statement speaks of it.
    pub at: usize,
}

/// The things that a text speaks of, in its order.
#[must_use]
pub fn objects(text: &str) -> Vec<Object> {
    let tokens = tokens(text);
    let (mut out, mut function) = (Vec::new(), None);
    for at in 0..tokens.len() {
        let (rest, first) = (&tokens[at..], at == 0 || begins(&tokens[at - 1]));
        if first {
            let made = [&["create", "function"][..], &["create", "or", "replace", "function"]];
            function = made.iter().find_map(|words| name_after(rest, words)).and_then(own_name).or(function);
        }
        out.extend(object(rest, first).map(|object| match object.kind {
            ObjectKind::Channel if object.function.is_none() => Object { function: function.clone(), ..object },
            _ => object,
        }));
    }
    out
}

/// Whether a statement begins after a token: in a text, a function's body or a rule.
fn begins(before: &Token<'_>) -> bool {
    before.kind == TokenKind::End || ["begin", "then", "else", "do", "also", "loop"].iter().any(|word| before.is(word))
}

fn object(rest: &[Token<'_>], first: bool) -> Option<Object> {
    let of = |kind, done, name: &Token<'_>| {
        Some(Object { kind, name: own_name(name)?, done, schedule: None, function: None, at: rest[0].at })
            .filter(|object| !object.name.is_empty())
    };
    let named = |words: &[&str]| name_after(rest, words);
    if first {
        if let Some(name) = named(&["create", "materialized", "view"]) {
            return of(ObjectKind::MaterializedView, Done::Made, name);
        }
        if let Some(name) = named(&["refresh", "materialized", "view"]) {
            return of(ObjectKind::MaterializedView, Done::Used, name);
        }
        if let Some(name) = named(&["drop", "materialized", "view"]) {
            return of(ObjectKind::MaterializedView, Done::Dropped, name);
        }
        if let Some(name) = named(&["create", "unlogged", "table"]) {
            return of(ObjectKind::UnloggedTable, Done::Made, name);
        }
        if let Some(name) = named(&["drop", "function"]) {
            let dropped = of(ObjectKind::Channel, Done::Dropped, name)?;
            return Some(Object { function: Some(dropped.name.clone()), ..dropped });
        }
        if let Some(name) = named(&["drop", "table"]) {
            return of(ObjectKind::UnloggedTable, Done::Dropped, name);
        }
        if let Some(name) = named(&["alter", "table"]) {
            let logged =
                rest.iter().take_while(|token| token.kind != TokenKind::End).find(|token| token.is("logged") || token.is("unlogged"))?;
            return of(ObjectKind::UnloggedTable, if logged.is("logged") { Done::Dropped } else { Done::Made }, name);
        }
        for scope in [&["create"][..], &["create", "local"], &["create", "global"]] {
            for word in ["temp", "temporary"] {
                let words: Vec<&str> = scope.iter().copied().chain([word, "table"]).collect();
                if let Some(name) = named(&words) {
                    return of(ObjectKind::TemporaryTable, Done::Made, name);
                }
            }
        }
        // A sentence may begin with the same word: only the statement has nothing after the name.
        if rest[0].is("listen") && rest.get(2).is_none_or(|token| token.kind == TokenKind::End) {
            return of(ObjectKind::Channel, Done::Used, rest.get(1)?);
        }
        if rest[0].is("notify") && rest.get(2).is_none_or(|token| token.kind == TokenKind::End || token.text == ",") {
            return of(ObjectKind::Channel, Done::Used, rest.get(1)?);
        }
    }
    let text_at = |at: usize| rest.get(at).filter(|token| token.kind == TokenKind::Text);
    if rest[0].is("pg_notify") && rest.get(1).is_some_and(|token| token.text == "(") {
        return of(ObjectKind::Channel, Done::Used, text_at(2)?);
    }
    if rest[0].is("cron.schedule") && rest.get(1).is_some_and(|token| token.text == "(") {
        let (name, schedule) = (text_at(2)?, text_at(4));
        // `cron.schedule('0 3 * * *', 'VACUUM')` has no name.
        let named = schedule.filter(|text| text.text.split_whitespace().count() >= 2 && rest.get(6).is_some());
        let schedule = SmolStr::new(named.unwrap_or(name).text);
        let name = SmolStr::new(name.text);
        return Some(Object { kind: ObjectKind::Job, name, done: Done::Made, schedule: Some(schedule), function: None, at: rest[0].at });
    }
    None
}

/// The name that follows keywords, `IF [NOT] EXISTS`, `CONCURRENTLY` and `ONLY` passed over.
fn name_after<'t, 'a>(rest: &'t [Token<'a>], words: &[&str]) -> Option<&'t Token<'a>> {
    if rest.len() <= words.len() || !rest.iter().zip(words).all(|(token, word)| token.is(word)) {
        return None;
    }
    let passed = |token: &&Token<'_>| ["if", "not", "exists", "concurrently", "only"].iter().any(|word| token.is(word));
    rest[words.len()..].iter().find(|token| !passed(token)).filter(|token| token.kind == TokenKind::Word)
}

/// A name without its schema; one that is put in at run time has none.
fn own_name(token: &Token<'_>) -> Option<SmolStr> {
    let own = token.text.rsplit('.').next().unwrap_or(token.text).trim_matches('"');
    let is_name = !own.is_empty() && own.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | ':' | '/' | '$'));
    is_name.then(|| SmolStr::new(own.to_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::{Done, ObjectKind, objects};

    fn read(text: &str) -> Vec<(ObjectKind, String, Done)> {
        objects(text).into_iter().map(|object| (object.kind, object.name.to_string(), object.done)).collect()
    }

    #[test]
    fn views_tables_channels_and_jobs_are_named() {
        use ObjectKind::{Channel, Job, MaterializedView, TemporaryTable, UnloggedTable};
        let one = |kind, name: &str, done| vec![(kind, name.to_owned(), done)];
        assert_eq!(
            read("-- daily\nCREATE MATERIALIZED VIEW IF NOT EXISTS stats.top_sellers AS SELECT 1;"),
            one(MaterializedView, "top_sellers", Done::Made)
        );
        assert_eq!(read("refresh materialized view concurrently \"Top\""), one(MaterializedView, "top", Done::Used));
        assert_eq!(read("CREATE UNLOGGED TABLE hits (id int)"), one(UnloggedTable, "hits", Done::Made));
        assert_eq!(read("ALTER TABLE hits SET LOGGED;"), one(UnloggedTable, "hits", Done::Dropped));
        assert_eq!(read("CREATE TEMP TABLE batch (id int) ON COMMIT DROP"), one(TemporaryTable, "batch", Done::Made));
        assert_eq!(read("LISTEN \"orders\";"), one(Channel, "orders", Done::Used));
        assert_eq!(
            read(
                "CREATE FUNCTION f() RETURNS trigger AS $body$ BEGIN PERFORM pg_notify('orders', NEW.id::text); END $body$ LANGUAGE plpgsql"
            ),
            one(Channel, "orders", Done::Used)
        );
        let job = &objects("SELECT cron.schedule('nightly', '0 3 * * *', $$VACUUM$$)")[0];
        assert_eq!((job.kind, job.name.as_str(), job.schedule.as_deref()), (Job, "nightly", Some("0 3 * * *")));
    }

    #[test]
    fn prose_comments_and_open_names_are_none() {
        for text in [
            "listen to the server",
            "notify the admins, then wait",
            "-- CREATE UNLOGGED TABLE hits (id int)",
            "'CREATE MATERIALIZED VIEW v'",
            "ALTER TABLE hits ADD COLUMN n int",
            "SELECT pg_notify($1, $2)",
            "LISTEN {channel}",
            "CREATE TABLE temp_downloads (id int)",
            "CREATE VIEW v AS SELECT 1",
        ] {
            assert_eq!(read(text), [], "{text}");
        }
    }

    #[test]
    fn torn_text_ends() {
        for text in ["'", "\"", "$", "$$", "/*", "--", "CREATE UNLOGGED TABLE", "pg_notify(", "é'é", "cron.schedule('"] {
            let _ = objects(text);
        }
    }
}
