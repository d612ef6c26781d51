//! Numbers, units and names as people write them.

use crate::model::{Class, Fact, FactValue, Item, Kind, Provenance, Scope};

use super::escape::{code, code_short, inline, one_line, prose};
use super::rank::{is_collection, is_counter};

/// `12,345`.
pub(crate) fn thousands(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if number < 0 {
        out.push('-');
    }
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Counts up to twelve as words, as in running text.
pub(crate) fn count_word(count: usize) -> String {
    const WORDS: [&str; 13] = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
    WORDS.get(count).map_or_else(|| thousands(i64::try_from(count).unwrap_or(i64::MAX)), |word| (*word).to_owned())
}

/// A share in per cent: `100 %` only when nothing is missing, `0 %` only when nothing is there.
pub(crate) fn percent(part: usize, whole: usize) -> String {
    let rounded = (part * 100 + whole / 2).checked_div(whole).unwrap_or(100);
    let honest = match rounded {
        100 if part < whole => 99,
        0 if part > 0 => 1,
        other => other,
    };
    format!("{honest} %")
}

/// Ends of the names of files that facts are told of.
const FILES: &[&str] = &["conf", "css", "env", "html", "ini", "js", "json", "lock", "pem", "sh", "toml", "txt", "yaml", "yml"];

/// The label of a fact: `max_connections` is `max connections`.
pub(crate) fn label(key: &str) -> String {
    // A variable is known by its very name.
    if key.len() > 1 && key.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_') {
        return code_short(key, 80);
    }
    // So is a file.
    if key.contains('/') || key.rsplit_once('.').is_some_and(|(_, end)| FILES.contains(&end)) {
        return code_short(key, 80);
    }
    let last = key.rsplit("::").next().unwrap_or(key);
    inline(&last.replace(['_', '-'], " "))
}

/// Facts whose value is said in words, and is nothing that one could search for in a file.
const SENTENCES: &[&str] = &["change seen", "survives"];

/// The value of a fact with its unit, as Markdown; `None` when it could not be followed.
pub(crate) fn value(fact: &Fact) -> Option<String> {
    let unit = fact.unit.as_deref();
    Some(match fact.value.as_ref()? {
        FactValue::Bool(true) => "yes".to_owned(),
        FactValue::Bool(false) => "no".to_owned(),
        FactValue::Int(number) => quantity(*number, unit, fact.key.as_str()),
        // The catalog writes every default as text.
        FactValue::Text(text) if fact.provenance == Provenance::Default && text == "true" => "yes".to_owned(),
        FactValue::Text(text) if fact.provenance == Provenance::Default && text == "false" => "no".to_owned(),
        FactValue::Text(text) if unit.is_some() && text.parse::<i64>().is_ok() => {
            quantity(text.parse().unwrap_or_default(), unit, fact.key.as_str())
        }
        FactValue::Text(text) => match duration(text) {
            Some(duration) if unit.is_none_or(is_duration) => duration,
            // A library's default is told by the catalog, in words.
            _ if fact.provenance == Provenance::Default => prose(text),
            _ if fact.provenance == Provenance::Annotated || SENTENCES.contains(&fact.key.as_str()) => prose(text),
            _ => code_short(text, 120),
        },
    })
}

/// A whole number with its unit: `64 MiB`, `30 s`, `10 connections`, `1 connection`.
pub(crate) fn quantity(number: i64, unit: Option<&str>, key: &str) -> String {
    match unit {
        // A port, a status, an exit code: a name made of digits.
        None if number.unsigned_abs() < 100_000 => number.to_string(),
        None => thousands(number),
        Some("bytes" | "byte" | "B") => bytes(number),
        Some("ms" | "milliseconds" | "millis") if number % 1000 == 0 && number != 0 => format!("{} s", thousands(number / 1000)),
        Some("ms" | "milliseconds" | "millis") => format!("{} ms", thousands(number)),
        Some("s" | "seconds" | "secs") => seconds(number),
        Some("duration") => thousands(number),
        // `max connections 10` needs no second `connections`.
        Some(unit) if key.ends_with(unit) => thousands(number),
        Some(unit) => counted(number, unit),
    }
}

/// `1 connection`, `10 connections`.
pub(crate) fn counted(number: i64, unit: &str) -> String {
    let unit = match unit {
        "entries" if number == 1 => "entry",
        unit if number == 1 => unit.strip_suffix('s').unwrap_or(unit),
        unit => unit,
    };
    format!("{} {}", thousands(number), inline(unit))
}

fn is_duration(unit: &str) -> bool {
    matches!(unit, "duration" | "s" | "ms" | "seconds" | "milliseconds")
}

fn bytes(number: i64) -> String {
    const BINARY: [(i64, &str); 3] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    const DECIMAL: [(i64, &str); 3] = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    for (size, unit) in BINARY.into_iter().chain(DECIMAL) {
        if number >= size && number % size == 0 {
            return format!("{} {unit}", thousands(number / size));
        }
    }
    counted(number, "bytes")
}

fn seconds(number: i64) -> String {
    for (size, unit) in [(86_400, "d"), (3_600, "h"), (60, "min")] {
        if number >= size && number % size == 0 && number / size != 1 {
            return format!("{} {unit}", thousands(number / size));
        }
    }
    format!("{} s", thousands(number))
}

/// `30s`, `10min`, `1.5h`: a number and a unit of time.
fn duration(text: &str) -> Option<String> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').filter(|&at| at > 0)?;
    let (number, unit) = text.split_at(digits);
    let unit = unit.trim();
    matches!(
        unit,
        "ns" | "us" | "µs" | "ms" | "s" | "min" | "m" | "h" | "d" | "days" | "hours" | "minutes" | "seconds" | "day" | "hour" | "minute"
    )
    .then(|| format!("{number} {}", if unit == "m" { "min" } else { unit }))
}

/// A store in a heading: `SMTP server`.
pub(crate) fn store_title(backs_on: &str) -> String {
    let name = store_name(backs_on);
    capitalized(["an ", "a ", "the "].iter().find_map(|article| name.strip_prefix(article)).unwrap_or(&name))
}

/// What people call a store: the name behind `external-store:`, with the capitals of its makers or an article.
pub(crate) fn store_name(backs_on: &str) -> String {
    // Ids are one word; names are not.
    let spaced = backs_on.rsplit_once(':').map_or(backs_on, |(_, name)| name).replace('_', " ");
    match spaced.trim() {
        // An id that is odd is shown as it is.
        "" => code(backs_on),
        name => proper_name(name).map_or_else(|| inline(name), str::to_owned),
    }
}

/// The name of a store that people know, plain.
pub(crate) fn proper_name(name: &str) -> Option<&'static str> {
    Some(match name.trim().to_ascii_lowercase().as_str() {
        "postgres" | "postgresql" => "Postgres",
        "mysql" => "MySQL",
        "mariadb" => "MariaDB",
        "sqlite" => "SQLite",
        "redis" => "Redis",
        "mongodb" | "mongo" => "MongoDB",
        "kafka" => "Kafka",
        "rabbitmq" => "RabbitMQ",
        "amqp" => "AMQP",
        "nats" => "NATS",
        "s3" => "S3",
        "sqs" => "SQS",
        "dynamodb" => "DynamoDB",
        "memcached" => "Memcached",
        "elasticsearch" => "Elasticsearch",
        "http" | "http service" => "an HTTP service",
        "sql database" => "an SQL database",
        "smtp" | "smtp server" => "an SMTP server",
        "etcd" => "etcd",
        "gcs" => "GCS",
        "aws" => "AWS",
        "ses" => "SES",
        "sns" => "SNS",
        "sts" => "STS",
        "clickhouse" => "ClickHouse",
        "opensearch" => "OpenSearch",
        "influxdb" => "InfluxDB",
        "mqtt broker" => "an MQTT broker",
        "dns" => "DNS",
        "kubernetes api" => "the Kubernetes API",
        "prometheus" => "Prometheus",
        "otlp collector" => "an OTLP collector",
        "sentry" => "Sentry",
        "vault" => "Vault",
        "consul" => "Consul",
        "zookeeper" => "ZooKeeper",
        "nats jetstream" => "NATS JetStream",
        "object store" => "an object store",
        "local disk" => "the local disk",
        "browser" => "the browser",
        "client" | "api client" => "the client",
        "ldap" => "LDAP",
        "github" => "GitHub",
        "openai" => "OpenAI",
        "ssm" => "SSM",
        "lambda" => "AWS Lambda",
        "secrets manager" => "AWS Secrets Manager",
        "cloudfront" => "CloudFront",
        "spanner" => "Spanner",
        "azure blob" => "Azure Blob Storage",
        "entra id" => "Entra ID",
        "google oauth" => "Google OAuth",
        "sql server" => "SQL Server",
        "ftp server" => "an FTP server",
        "git remote" => "a Git remote",
        "matrix homeserver" => "a Matrix homeserver",
        _ => return None,
    })
}

/// What the catalog says a library keeps, with numbers at the end in natural order:
/// `PoolConfig::max_size: 10` as `` `PoolConfig::max_size` is 10 by default ``.
pub(crate) fn in_order(hides: &str) -> String {
    let line = one_line(hides);
    let sentences: Vec<String> = line.split(". ").map(|sentence| numbers_in_order(sentence.trim_end_matches('.'))).collect();
    sentences.join(". ")
}

fn numbers_in_order(sentence: &str) -> String {
    let Some((path, value)) = sentence.split_once(": ") else { return sentence.to_owned() };
    let is_path = path.contains("::") && path.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | ':'));
    match (is_path, value.starts_with(|c: char| c.is_ascii_digit())) {
        (true, true) => format!("`{path}` is {value} by default"),
        (true, false) => format!("`{path}`: {value}"),
        _ => sentence.to_owned(),
    }
}

/// What is lost with an item of which only the kind is known: the content of a map, the count of a counter.
pub(crate) fn kept(item: &Item) -> Option<&'static str> {
    let in_process = matches!(item.scope, Scope::Process | Scope::Thread | Scope::Task);
    match item.kind {
        _ if !in_process || item.class == Class::Constant => None,
        Kind::Static if is_counter(item) => Some("The value: it starts again as the code sets it"),
        Kind::SharedState if !is_collection(item) => Some("The value: it starts again as the code sets it"),
        Kind::SharedState | Kind::Session => Some("Everything in it that cannot be read again elsewhere"),
        Kind::Cache => Some("Warm entries; each replica fills its own copy again and may answer differently from the others until then"),
        _ => None,
    }
}

/// Whether a text on what is lost names a loss; `Read again at start.` and `Nothing.` do not.
pub(crate) fn is_loss(lost: &str) -> bool {
    const HARMLESS: [&str; 11] =
        ["nothing", "none", "read", "installed", "back", "survives", "registered", "rebuilt", "set", "made", "opened"];
    let first = lost.split(|c: char| !c.is_alphabetic()).find(|word| !word.is_empty()).unwrap_or_default();
    !first.is_empty() && !HARMLESS.contains(&first.to_lowercase().as_str())
}

/// First letter in upper case.
pub(crate) fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_told_in_words_and_a_file_by_its_name() {
        assert_eq!(label("max_connections"), "max connections");
        assert_eq!(label("DATABASE_URL"), "`DATABASE_URL`");
        assert_eq!(label("app_settings.default.toml"), "`app_settings.default.toml`");
        assert_eq!(label("pool.max_size"), "pool.max size");
    }

    #[test]
    fn numbers_read_as_people_write_them() {
        assert_eq!(thousands(1_234_567), "1,234,567");
        assert_eq!(thousands(-42), "-42");
        assert_eq!(quantity(64 << 20, Some("bytes"), "max_size"), "64 MiB");
        assert_eq!(quantity(200_000_000, Some("bytes"), "max_size"), "200 MB");
        assert_eq!(quantity(1, Some("connections"), "limit"), "1 connection");
        assert_eq!(quantity(10, Some("connections"), "max_connections"), "10");
        assert_eq!(quantity(10_000, Some("milliseconds"), "timeout"), "10 s");
        assert_eq!(quantity(600, Some("seconds"), "timeout"), "10 min");
        assert_eq!(quantity(90, Some("seconds"), "timeout"), "90 s");
    }

    #[test]
    fn durations_are_told_from_other_text() {
        assert_eq!(duration("30s").as_deref(), Some("30 s"));
        assert_eq!(duration("1.5h").as_deref(), Some("1.5 h"));
        assert_eq!(duration("30 seconds").as_deref(), Some("30 seconds"));
        assert_eq!(duration("s3"), None);
        assert_eq!(duration("10 per host"), None);
    }

    #[test]
    fn a_text_on_losses_may_tell_that_there_is_none() {
        assert!(is_loss("Every item sent but not yet received."));
        assert!(is_loss("open connections"));
        assert!(!is_loss("Nothing: issued ones stay valid."));
        assert!(!is_loss("Read again at start."));
        assert!(!is_loss(""));
    }

    #[test]
    fn numbers_of_the_catalog_are_said_in_natural_order() {
        assert_eq!(
            in_order("Connections kept for reuse. PoolConfig::max_size: 10"),
            "Connections kept for reuse. `PoolConfig::max_size` is 10 by default"
        );
        assert_eq!(in_order("Key::generate: random per process"), "`Key::generate`: random per process");
        assert_eq!(in_order("Two things: a and b."), "Two things: a and b");
    }

    #[test]
    fn shares_are_not_rounded_to_perfection() {
        assert_eq!(percent(999, 1000), "99 %");
        assert_eq!(percent(1000, 1000), "100 %");
        assert_eq!(percent(1, 1000), "1 %");
        assert_eq!(percent(0, 0), "100 %");
    }
}
