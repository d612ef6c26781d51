//! Addresses as maps tell them: the hosts in a text, and how far the name of each reaches.
//!
//! A name is evidence that two services mean one server only as far as it means one thing for both: `localhost` means another
//! machine for each, `db` another container in each network, `db.shop.svc` one Service of a cluster, `db.example.org` one host.

/// A server in an address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Host {
    /// The name, in lower case, with a port that is not the usual one of the store: `db.shop.svc:6432`.
    pub name: String,
    /// How far the name reaches.
    pub reach: Reach,
    /// The database on it, where the address names one.
    pub database: Option<String>,
}

/// How far a name means the same server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// The machine or container itself.
    Machine,
    /// One network of containers: `db`, `kafka-0.kafka`.
    Network,
    /// One cluster, or the network of one company: `db.shop.svc.cluster.local`, `10.0.3.7`, `db.acme.internal`.
    Cluster,
    /// Everybody.
    World,
}

/// Ports that say nothing, by the scheme or the store.
const USUAL: &[(&str, &str)] = &[
    ("postgres", "5432"),
    ("mysql", "3306"),
    ("redis", "6379"),
    ("mongodb", "27017"),
    ("rabbitmq", "5672"),
    ("nats", "4222"),
    ("kafka", "9092"),
    ("smtp_server", "25"),
    ("https", "443"),
    ("http", "80"),
];

/// Last labels of names that everybody resolves alike. Words that people also call a namespace (`app`, `dev`) are not among them.
const PUBLIC: &[&str] = &["com", "net", "org", "io", "info", "biz", "edu", "gov", "mil"];
/// Last labels of names that one company resolves.
const PRIVATE: &[&str] = &["internal", "local", "lan", "corp", "intranet", "private", "home", "localdomain", "arpa", "consul"];

/// The servers that a text leads to; none when it holds what only a run of the program could tell.
#[must_use]
pub(super) fn hosts(family: &str, text: &str) -> Vec<Host> {
    let mut out: Vec<Host> = text.split(" or ").flat_map(|one| of_one(family, one.trim())).collect();
    out.sort();
    out.dedup();
    out
}

fn of_one(family: &str, text: &str) -> Vec<Host> {
    let text = text.trim_matches(['[', ']', '"', '\'']);
    if text.is_empty() || text.len() > 1000 || ["${", "{{", "$("].iter().any(|word| text.contains(word)) {
        return Vec::new();
    }
    // `host=db user=shop dbname=orders`, as libpq takes it.
    let word = |key: &str| text.split_whitespace().find_map(|word| word.strip_prefix(key)).filter(|value| !value.is_empty());
    if let Some(host) = word("host=") {
        let host = word("port=").map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        return one(family, "", &host, word("dbname=")).into_iter().collect();
    }
    let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
    if scheme.contains(char::is_whitespace) || matches!(scheme, "file" | "sqlite" | "unix" | "data") {
        return Vec::new();
    }
    let (authority, path) = rest.split_once(['/', '?', '#']).unwrap_or((rest, ""));
    let authority = authority.rsplit_once('@').map_or(authority, |(_, rest)| rest);
    let database = path.split(['?', '#', '/']).next().filter(|name| !name.is_empty() && !scheme.starts_with("http"));
    authority.split(',').filter_map(|name| one(family, scheme, name.trim(), database)).collect()
}

fn one(family: &str, scheme: &str, text: &str, database: Option<&str>) -> Option<Host> {
    let text = text.trim_matches(['"', '\'']).trim_end_matches('.').to_lowercase();
    let (name, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((name, rest)) => (name.to_owned(), rest.strip_prefix(':').map(str::to_owned)),
        None => match text.rsplit_once(':') {
            // Several colons are those of an address of version 6.
            Some((name, port)) if !name.contains(':') => (name.to_owned(), Some(port.to_owned())),
            _ => (text, None),
        },
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
    if name.is_empty() || !name.chars().all(plain) || !name.chars().any(|c| c.is_ascii_alphanumeric()) {
        return None;
    }
    let port = port.filter(|port| !port.is_empty());
    if port.as_ref().is_some_and(|port| !port.chars().all(|c| c.is_ascii_digit())) {
        return None;
    }
    let usual = |port: &String| USUAL.contains(&(family, port.as_str())) || USUAL.contains(&(scheme, port.as_str()));
    let reach = reach(&name);
    let name = match port.filter(|port| !usual(port)) {
        Some(port) if name.contains(':') => format!("[{name}]:{port}"),
        Some(port) => format!("{name}:{port}"),
        None => name,
    };
    let known = |name: &&str| !name.is_empty() && !name.contains(['{', '…', '$', '<']);
    Some(Host { name, reach, database: database.filter(known).map(str::to_owned) })
}

fn reach(name: &str) -> Reach {
    let bare = name.trim_start_matches("www.");
    if matches!(bare, "localhost" | "0.0.0.0" | "::" | "::1" | "host.docker.internal") || bare.ends_with(".localhost") {
        return Reach::Machine;
    }
    if let Ok(address) = bare.parse::<std::net::IpAddr>() {
        return match address {
            std::net::IpAddr::V4(v4) if v4.is_loopback() || v4.is_unspecified() || v4.is_link_local() => Reach::Machine,
            std::net::IpAddr::V4(v4) if v4.is_private() => Reach::Cluster,
            std::net::IpAddr::V6(v6) if v6.is_loopback() || v6.is_unspecified() => Reach::Machine,
            // fc00::/7 is private, fe80::/10 of one link.
            std::net::IpAddr::V6(v6) if v6.segments()[0] & 0xfe00 == 0xfc00 => Reach::Cluster,
            std::net::IpAddr::V6(v6) if v6.segments()[0] & 0xffc0 == 0xfe80 => Reach::Machine,
            _ => Reach::World,
        };
    }
    let labels: Vec<&str> = bare.split('.').collect();
    let last = labels.last().copied().unwrap_or_default();
    // `db.qa` is more often a namespace than a country.
    let is_country = labels.len() > 2 && last.len() == 2 && !matches!(last, "qa" | "ci") && last.chars().all(|c| c.is_ascii_alphabetic());
    match labels.len() {
        0 | 1 => Reach::Network,
        _ if labels[1..].contains(&"svc") => {
            // `db.svc` lacks its namespace.
            if labels.iter().position(|label| *label == "svc") >= Some(2) { Reach::Cluster } else { Reach::Network }
        }
        _ if PRIVATE.contains(&last) => Reach::Cluster,
        _ if PUBLIC.contains(&last) || is_country => Reach::World,
        2 => Reach::Network,
        _ => Reach::Cluster,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(family: &str, text: &str) -> Vec<(String, Reach)> {
        hosts(family, text).into_iter().map(|host| (host.name, host.reach)).collect()
    }

    #[test]
    fn names_reach_as_far_as_they_mean_one_thing() {
        for (text, name, reach) in [
            ("postgres://…@db:5432/shop", "db", Reach::Network),
            ("postgres://localhost/shop", "localhost", Reach::Machine),
            ("postgres://…@orders-db.shop.svc.cluster.local/orders", "orders-db.shop.svc.cluster.local", Reach::Cluster),
            ("postgresql://…@pg1.eu-west-1.rds.amazonaws.com:6432/shop", "pg1.eu-west-1.rds.amazonaws.com:6432", Reach::World),
            ("host=10.0.3.7 port=5432 user=shop", "10.0.3.7", Reach::Cluster),
            ("kafka-0.kafka", "kafka-0.kafka", Reach::Network),
            ("DB.Acme.Internal.", "db.acme.internal", Reach::Cluster),
            ("redis://[2001:db8::1]:6379/0", "2001:db8::1", Reach::World),
            ("db.svc", "db.svc", Reach::Network),
        ] {
            let family = if text.starts_with("redis") { "redis" } else { "postgres" };
            assert_eq!(told(family, text), [(name.to_owned(), reach)], "{text}");
        }
    }

    #[test]
    fn several_brokers_are_several_hosts() {
        let text = "[kafka-0.kafka.shop.svc:9092, kafka-1.kafka.shop.svc:9092]";
        let names: Vec<String> = told("kafka", text).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["kafka-0.kafka.shop.svc", "kafka-1.kafka.shop.svc"]);
        assert_eq!(told("redis", "redis://a or redis://b:7000").len(), 2);
    }

    #[test]
    fn what_only_a_run_could_tell_is_no_host() {
        for text in [
            "",
            "…",
            "(set, hidden)",
            "https://api.{site}",
            "${HOST}",
            "postgres://…@{host}/x",
            "sqlite:data.db",
            "file:///x",
            "a b",
            "{}:{}",
            "db:port",
        ] {
            assert_eq!(hosts("postgres", text), [], "{text}");
        }
    }

    #[test]
    fn the_database_is_told_where_the_address_names_it() {
        assert_eq!(hosts("postgres", "postgres://…@db/orders?sslmode=require")[0].database.as_deref(), Some("orders"));
        assert_eq!(hosts("postgres", "postgres://…@db/{name}")[0].database, None);
        assert_eq!(hosts("http", "https://api.example.org/v1")[0].database, None);
    }
}
