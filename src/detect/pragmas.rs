//! Settings of an SQLite database that statements make: `PRAGMA journal_mode = wal`. Part of detector `stores`.

use std::collections::BTreeSet;

use super::context::Cx;
use super::finding::Finding;
use super::surroundings::{of_callers, told};
use crate::model::{Fact, FactValue, Kind, Provenance};
use crate::resolve::{BodyFacts, DefId, Limited, PRAGMA};

/// Functions of functions that give the statements of a pool.
const MAX_STEPS: usize = 3;

/// At most so many functions of one step are looked at.
const MAX_FUNCTIONS: usize = 16;

/// Those that say how the database is kept, or how long one waits for it; others are about one statement or one connection.
const TOLD: [&str; 12] = [
    "auto_vacuum",
    "busy_timeout",
    "cache_size",
    "journal_mode",
    "journal_size_limit",
    "locking_mode",
    "mmap_size",
    "page_size",
    "query_only",
    "synchronous",
    "temp_store",
    "wal_autocheckpoint",
];

/// Tells the settings at the database that they are made on: the one that the function opens, else the only one.
pub(super) fn tell(cx: &Cx<'_>, findings: &mut [Finding]) {
    let is_sqlite = |finding: &Finding| finding.kind == Kind::EmbeddedDb && finding.label.to_lowercase().contains("sqlite");
    let all: Vec<usize> = (0..findings.len()).filter(|at| is_sqlite(&findings[*at])).collect();
    if all.is_empty() {
        return;
    }
    of_pools(cx, findings);
    for body in cx.bodies() {
        for bound in body.bounds.iter().filter(|bound| bound.key.strip_prefix(PRAGMA).is_some_and(|name| TOLD.contains(&name))) {
            let path = cx.path(body.def);
            let opens = |at: &&usize| findings[**at].sites.iter().any(|site| site.function.as_ref() == Some(&path));
            let here: Vec<&usize> = all.iter().filter(opens).collect();
            let at = match (here.as_slice(), all.as_slice()) {
                ([only], _) => **only,
                ([], [only]) => *only,
                // Several ways into what one file opens are one database later.
                ([], [first, ..])
                    if all.iter().all(|at| opened_in(&findings[*at], cx.file_index(body.def))) && is_one_place(findings, &all) =>
                {
                    *first
                }
                _ => continue,
            };
            let fact = fact_of(cx, body.def, bound);
            let is_new = findings[at].facts.iter().all(|known| known.key != fact.key || known.provenance == Provenance::Default);
            if is_new {
                let is_wal = bound.key.ends_with("journal_mode") && bound.value.known_text().as_deref() == Some("wal");
                findings[at]
                    .facts
                    .extend([fact].into_iter().chain(is_wal.then(|| Cx::plain_fact("beside", "-wal and -shm files while it is open"))));
            }
        }
    }
}

/// The setting, with what has to hold for it.
fn fact_of(cx: &Cx<'_>, func: DefId, bound: &Limited) -> Fact {
    let fact = Fact { at: Some(cx.place(bound.at)), ..cx.fact(&bound.key, None, &bound.value) };
    let mut when = told(cx, &bound.when);
    of_callers(cx, func, &mut when);
    match (&fact.value, when.into_iter().find_map(|fact| fact.value)) {
        (Some(value), Some(when)) => Fact { value: Some(FactValue::Text(format!("{value} where {when}"))), ..fact },
        _ => fact,
    }
}

/// What a pool is told to run on each of its connections: functions that are called among its options give the statements.
fn of_pools(cx: &Cx<'_>, findings: &mut [Finding]) {
    for finding in findings.iter_mut().filter(|finding| finding.kind == Kind::Pool && finding.entry.is_some()) {
        let Some(body) = cx.body_of.get(&finding.def).map(|at| &cx.bodies[*at]) else { continue };
        let chain = body.known.iter().find(|call| finding.sites.iter().any(|site| site.at == call.at));
        let Some(chain) = chain else { continue };
        let last = chain.settings.iter().map(|setting| setting.at).chain(chain.also.iter().map(|(_, at)| *at)).max();
        let Some(last) = last.filter(|last| *last > chain.at) else { continue };
        let mut level: Vec<DefId> = body.own.iter().filter(|call| call.at > chain.at && call.at < last).map(|call| call.func).collect();
        for _ in 0..MAX_STEPS {
            let bodies: Vec<&BodyFacts> = level.iter().filter_map(|func| cx.body_of.get(func)).map(|at| &cx.bodies[*at]).collect();
            for body in &bodies {
                for bound in body.bounds.iter().filter(|bound| bound.key.strip_prefix(PRAGMA).is_some_and(|name| TOLD.contains(&name))) {
                    finding.learn(fact_of(cx, body.def, bound));
                }
            }
            level = bodies.iter().flat_map(|body| body.own.iter().map(|call| call.func)).take(MAX_FUNCTIONS).collect();
        }
    }
}

/// The database is opened in a file, and nowhere else.
fn opened_in(finding: &Finding, file: u32) -> bool {
    finding.sites.iter().all(|site| site.at.file == file)
}

/// No two of them are known to be different files: of `sqlite://{path}?mode=ro` nothing is known.
fn is_one_place(findings: &[Finding], all: &[usize]) -> bool {
    let place = |at: &usize| {
        let path = findings[*at].facts.iter().find(|fact| fact.key == "path")?.value.as_ref()?.to_string();
        let path = path.split_once("://").map_or(path.as_str(), |(_, path)| path);
        let is_known = path.split('{').next().is_some_and(|begin| begin.chars().any(char::is_alphanumeric));
        is_known.then(|| path.split('?').next().unwrap_or(path).to_owned())
    };
    let places: BTreeSet<String> = all.iter().filter_map(place).collect();
    places.len() < 2
}

#[cfg(test)]
mod tests {
    use crate::detect::surroundings_tests::{items, told};
    use crate::model::Kind;

    #[test]
    fn a_pool_says_what_it_runs_on_each_connection() {
        let of = |init: &str| {
            let text = format!(
                "fn init() -> String {{ texts() }}\nfn texts() -> String {{ \"PRAGMA busy_timeout = 5000\".to_owned() }}\n\
                 fn other() {{ let conn = rusqlite::Connection::open(\"shop.db\").unwrap(); conn.execute_batch(\"PRAGMA synchronous = off\").unwrap(); }}\n\
                 #[derive(Debug)] struct Options {{ init: String }}\n\
                 fn main() {{ other(); let url = std::env::var(\"SHOP_DB\").unwrap(); let manager = diesel::r2d2::ConnectionManager::<diesel::SqliteConnection>::new(url);\n\
                 let pool = diesel::r2d2::Pool::builder().max_size(4){init}.build(manager).unwrap(); println!(\"{{}}\", init()); std::mem::forget(pool) }}\n"
            );
            told(&items(&["diesel", "rusqlite"], &text), Kind::Pool, &["pragma busy_timeout", "pragma synchronous"])
        };
        assert_eq!(of(".connection_customizer(Box::new(Options { init: init() }))"), ["pragma busy_timeout 5000"]);
        assert_eq!(of(""), [""; 0]);
    }

    #[test]
    fn statements_set_the_database_that_is_opened_there() {
        let of = |open: &str, init: &str| {
            let text = format!(
                "struct Config {{ wal: bool }}\nfn open(config: &Config) {{ let conn = rusqlite::Connection::open(\"shop.db\").unwrap(); {open} }}\n\
                 fn init() -> &'static str {{ \"{init}\" }}\n\
                 fn main() {{ let config = Config {{ wal: std::env::var(\"WAL\").unwrap().parse().unwrap() }}; open(&config); println!(\"{{}}\", init()); }}\n"
            );
            told(
                &items(&["rusqlite"], &text),
                Kind::EmbeddedDb,
                &["pragma journal_mode", "pragma busy_timeout", "pragma foreign_keys", "beside"],
            )
        };
        let wal = "conn.execute_batch(\"PRAGMA journal_mode = WAL\").unwrap();";
        let beside = "beside -wal and -shm files while it is open";
        assert_eq!(of(wal, ""), ["pragma journal_mode wal", beside]);
        assert_eq!(of(&format!("if config.wal {{ {wal} }}"), ""), ["pragma journal_mode wal where WAL is on", beside]);
        assert_eq!(of("", "PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = off;"), ["pragma busy_timeout 5000"]);
        // Of two databases, it may be either.
        let two = "let other = rusqlite::Connection::open(\"other.db\").unwrap(); println!(\"{conn:?} {other:?}\");";
        let text = format!(
            "fn main() {{ let conn = rusqlite::Connection::open(\"shop.db\").unwrap(); {two} set(); }}\nfn set() {{ run(\"PRAGMA busy_timeout = 5000\") }}\nfn run(text: &str) {{ println!(\"{{text}}\") }}\n"
        );
        assert!(items(&["rusqlite"], &text).iter().all(|item| item.facts.iter().all(|fact| fact.key != "pragma busy_timeout")));
        // The same one, opened again in another way.
        let text = text.replace("\"other.db\"", "format!(\"{}?mode=ro\", std::env::args().count())");
        assert!(items(&["rusqlite"], &text).iter().any(|item| item.facts.iter().any(|fact| fact.key == "pragma busy_timeout")));
    }
}
