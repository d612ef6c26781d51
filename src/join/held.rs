//! The connections that the pools of the code may hold in each container, and which server they lead to.

use super::paths;
use super::runs::{Run, literal};
use crate::model::{Fact, FactValue, Item, ItemId, Place, Provenance};

/// A pool of connections in one workload.
#[derive(Clone, Debug, PartialEq)]
pub struct Held {
    /// The pool.
    pub item: ItemId,
    /// The service.
    pub service: smol_str::SmolStr,
    /// The workload, by its place among those that are deployed.
    pub workload: usize,
    /// The container, by its name.
    pub container: smol_str::SmolStr,
    /// At most so many in one process; none when it could not be followed.
    pub each: Option<Each>,
    /// The server that it leads to.
    pub address: Address,
    /// It could not be told whether the command that the container runs makes it.
    pub if_used: bool,
}

/// A number in one container, with where it is set.
#[derive(Clone, Debug, PartialEq)]
pub struct Each {
    /// The number.
    pub number: i64,
    /// Where it is written; none for a default of the library.
    pub at: Option<Place>,
    /// What sets it, when it is not the code: `ConfigMap/shop-config`.
    pub from: Option<String>,
}

/// What tells one server from another of its kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    /// The host, where it is known.
    pub host: Option<String>,
    /// The variable or the key of the settings that gives the address.
    pub name: Option<String>,
    /// Where its value is kept: `Secret/shop url`.
    pub kept: Option<String>,
}

impl Address {
    /// Where a pool leads to in a container.
    pub(super) fn of(item: &Item, run: &Run<'_>) -> Self {
        let keys = ["address", "url", "uri", "dsn", "host"];
        let Some(fact) = keys.iter().find_map(|key| item.facts.iter().find(|fact| fact.key == *key)) else { return Self::default() };
        let name = fact.from.clone().filter(|_| matches!(fact.provenance, Provenance::Env | Provenance::Settings));
        let text = |value: &FactValue| host(&value.to_string());
        let own = || fact.value.as_ref().and_then(text);
        match fact.provenance {
            Provenance::Env => match name.as_deref().and_then(|name| run.variable(name)) {
                Some(variable) => {
                    let kept = (variable.hidden || variable.value.is_none()).then(|| format!("{} {}", variable.source, variable.key));
                    Self { host: variable.value.as_ref().and_then(text), name, kept }
                }
                None => Self { host: own().filter(|_| run.container.further_env.is_empty()), name, kept: None },
            },
            Provenance::Settings => match paths::last_given(&fact.set, run) {
                Some(set) => {
                    Self { host: set.value.as_ref().and_then(text), name, kept: set.hidden.then(|| format!("{} {}", set.source, set.key)) }
                }
                None => Self { host: own().filter(|_| fact.set.is_empty()), name, kept: None },
            },
            _ => Self { host: own(), name, kept: None },
        }
    }
}

/// The host of an address: `db` of `postgres://…@db:5432/shop`, of `db:5432`, of `host=db user=shop`.
fn host(text: &str) -> Option<String> {
    if text.contains("${") || text.contains("{{") || text.contains("$(") {
        return None;
    }
    if let Some(rest) = text.split_whitespace().find_map(|word| word.strip_prefix("host=")) {
        return Some(rest.to_owned()).filter(|host| !host.is_empty());
    }
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let rest = rest.split(['/', '?', '#']).next()?;
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    // Several hosts are one address of a cluster.
    let host = if rest.contains(',') { rest } else { rest.split(':').next()? };
    (!host.is_empty() && !host.contains([' ', '{', '…', '<'])).then(|| host.to_lowercase())
}

impl Each {
    /// The size of a pool in a container, or what it is taken to be.
    pub(super) fn of_pool(item: &Item, fact: &Fact, run: &Run<'_>) -> Option<Self> {
        match run.workload.pool.filter(|_| is_database(item)) {
            Some(number) => Some(Self { number: i64::from(number), at: None, from: Some("--set".to_owned()) }),
            None => Self::of(fact, run),
        }
    }

    /// The number that a fact has in a container.
    pub(super) fn of(fact: &Fact, run: &Run<'_>) -> Option<Self> {
        let own = || Some(Self { number: number(fact.value.as_ref()?)?, at: fact.at.clone(), from: None });
        match fact.provenance {
            Provenance::Env => match run.variable(fact.from.as_deref()?) {
                Some(variable) => {
                    let number = literal(variable)?.parse().ok()?;
                    Some(Self { number, at: Some(variable.at.clone()), from: Some(variable.source.clone()) })
                }
                // Set where no file of the tree tells, perhaps.
                None if !run.container.further_env.is_empty() => None,
                None => own(),
            },
            Provenance::Settings => match paths::last_given(&fact.set, run) {
                Some(set) if !set.hidden => {
                    let number = number(set.value.as_ref()?)?;
                    Some(Self { number, at: Some(set.at.clone()), from: Some(set.source.clone()) })
                }
                Some(_) => None,
                None if fact.set.is_empty() => own(),
                None => None,
            },
            _ => own(),
        }
    }
}

/// Whether a pool leads to a database, and not to a server of mail or the like.
fn is_database(item: &Item) -> bool {
    let store = item.backs_on.as_deref().and_then(|store| store.rsplit(':').next());
    store.is_some_and(|store| matches!(store, "postgres" | "mysql" | "mariadb" | "mssql" | "oracle" | "mongodb") || store.contains("sql"))
}

fn number(value: &FactValue) -> Option<i64> {
    match value {
        FactValue::Int(number) => Some(*number),
        FactValue::Text(text) => text.parse().ok(),
        FactValue::Bool(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::host;

    #[test]
    fn hosts_are_told_from_what_stands_around_them() {
        for (text, expected) in [
            ("postgres://app:x@db:5432/shop?sslmode=require", Some("db")),
            ("postgres://…@Postgres/shop", Some("postgres")),
            ("redis:6379", Some("redis")),
            ("host=db user=shop", Some("db")),
            ("postgres://a,b/shop", Some("a,b")),
            ("postgres://${HOST}/shop", None),
            ("…", None),
            ("", None),
        ] {
            assert_eq!(host(text).as_deref(), expected, "{text}");
        }
    }
}
