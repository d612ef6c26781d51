//! Secret values never reach an output: what looks like one is replaced where items are made.

use crate::diag::{SECRET_PARTS, SECRET_WORDS, name_words};
use crate::model::{Fact, FactValue};

/// Shown in place of a value.
pub(crate) const HIDDEN: &str = "(set, hidden)";

/// In the first line of a private key in PEM, whatever its sort.
const PRIVATE_KEY: &str = "PRIVATE KEY-----";

/// Hides the values of facts that look secret.
pub(crate) fn facts(facts: &mut [Fact]) {
    // An env variable's name is told by the first fact, its default by another.
    let names_secret =
        facts.iter().any(|fact| fact.key == "env" && fact.value.as_ref().is_some_and(|value| is_secret_name(&value.to_string())));
    for fact in facts {
        let by_name =
            is_secret_name(&fact.key) || fact.from.as_deref().is_some_and(is_secret_name) || (names_secret && fact.key == "default");
        // The expression that a value comes from may hold the secret itself.
        if let Some(from) = &mut fact.from {
            *from = if by_name || from.contains(PRIVATE_KEY) { without_literals(from) } else { text(from) };
        }
        // How long something about a secret lasts or waits is none itself.
        let is_duration = fact.unit.as_deref() == Some("duration");
        match &mut fact.value {
            Some(FactValue::Text(value)) if by_name && !is_duration && fact.key != "env" && fact.key != "path" && !value.is_empty() => {
                *value = named(&format!("{} {}", fact.key, fact.from.as_deref().unwrap_or_default()), value);
            }
            Some(FactValue::Text(value)) if value.contains(PRIVATE_KEY) => HIDDEN.clone_into(value),
            Some(FactValue::Text(value)) => *value = text(value),
            _ => {}
        }
        for set in &mut fact.set {
            let by_name = by_name || is_secret_name(&set.key);
            match &mut set.value {
                Some(FactValue::Text(value)) if value.contains(PRIVATE_KEY) || by_name && !is_duration && !value.is_empty() => {
                    let name = format!("{} {} {}", fact.key, fact.from.as_deref().unwrap_or_default(), set.key);
                    *value = named(&name, value);
                    if value == HIDDEN {
                        set.value = None;
                        set.hidden = true;
                    }
                }
                Some(FactValue::Text(value)) => *value = text(value),
                _ => {}
            }
        }
    }
}

/// What may be shown of the text of a key that is named like a secret: a data source is an address, which has a password in it.
#[must_use]
pub(crate) fn named(name: &str, value: &str) -> String {
    let words = name_words(name);
    let is_address = |word: &str| matches!(word, "dsn" | "connectionstring");
    let is_other =
        words.iter().any(|word| !is_address(word) && (SECRET_PARTS.contains(&word.as_str()) || SECRET_WORDS.contains(&word.as_str())));
    if words.iter().any(|word| is_address(word)) && !is_other { of_secret(value) } else { HIDDEN.to_owned() }
}

/// What may be shown of a text whose type says that it is a secret: of an address, where it leads to.
#[must_use]
pub(crate) fn of_secret(value: &str) -> String {
    let Some((scheme, rest)) = value.split_once("://").filter(|(scheme, _)| scheme.chars().all(|c| c.is_ascii_alphanumeric() || c == '+'))
    else {
        return HIDDEN.to_owned();
    };
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    // The path of a web address may be the secret: that of a hook is.
    let rest = if scheme.starts_with("http") { rest.split('/').next().unwrap_or_default() } else { rest };
    text(&format!("{scheme}://{rest}"))
}

/// An expression with its string literals emptied: `Key::from("…")`.
fn without_literals(from: &str) -> String {
    if !from.contains('"') {
        return from.to_owned();
    }
    from.split('"').enumerate().map(|(at, part)| if at % 2 == 0 { part } else { "\"…\"" }).collect()
}

/// Words of `SECRET_WORDS` that say little of a value on a map: a file's path and a cache's key are no secrets, and the
/// numbers around a JWT must be told.
const COMMON_WORDS: &[&str] = &["key", "keys", "jwt"];

/// Words before `key` that make it one of a lock.
const KEYS: &[&str] = &["api", "private", "signing", "hmac", "access", "encryption", "master", "license"];

/// Whether a key, a field or a variable is named like a secret. Stricter than `looks_secret`, which may hide too much of
/// a snippet: a map that hides its numbers is of no use.
#[must_use]
pub(crate) fn is_secret_name(name: &str) -> bool {
    let words = name_words(name);
    let secret = |word: &str| {
        let one = if word == "credentials" { "credential" } else { word };
        SECRET_PARTS.contains(&one) || SECRET_WORDS.contains(&one) && !COMMON_WORDS.contains(&one)
    };
    let has = |word: &str| words.iter().any(|one| one == word);
    words.iter().any(|word| secret(word)) || (has("key") && KEYS.iter().any(|word| has(word)))
}

/// Hides the user information of URLs in a text.
#[must_use]
pub(crate) fn text(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(at) = rest.find("://") {
        let after = at + 3;
        let end = rest[after..]
            .find(|c: char| c == '/' || c == '?' || c == '#' || c.is_whitespace() || c == '"')
            .map_or(rest.len(), |end| after + end);
        let authority = &rest[after..end];
        out.push_str(&rest[..after]);
        match authority.rfind('@') {
            Some(user) => {
                out.push_str("…@");
                out.push_str(&authority[user + 1..]);
            }
            None => out.push_str(authority),
        }
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::{HIDDEN, facts, is_secret_name, named, of_secret, text};
    use crate::model::{Fact, FactValue, Provenance};

    fn fact(key: &str, value: &str) -> Fact {
        let value = Some(FactValue::Text(value.to_owned()));
        Fact { key: key.into(), value, unit: None, provenance: Provenance::Code, at: None, from: None, set: Vec::new() }
    }

    #[test]
    fn user_information_of_urls_is_hidden() {
        assert_eq!(text("postgres://app:hunter2@db:5432/shop"), "postgres://…@db:5432/shop");
        assert_eq!(text("redis://127.0.0.1:6379"), "redis://127.0.0.1:6379");
        assert_eq!(text("https://a/b?mail=x@y and amqp://u:p@h"), "https://a/b?mail=x@y and amqp://…@h");
    }

    #[test]
    fn of_a_secret_address_only_the_place_is_told() {
        assert_eq!(of_secret("redis://:hunter2@db:6379/0"), "redis://…@db:6379/0");
        assert_eq!(of_secret("https://hooks.example.com/hunter2?token=hunter2"), "https://hooks.example.com");
        assert_eq!(named("db_dsn", "postgresql://app:hunter2@db/shop"), "postgresql://…@db/shop");
        assert_eq!(named("db_dsn_password", "postgresql://hunter2"), HIDDEN);
        assert_eq!(named("token", "a://hunter2"), HIDDEN);
        assert_eq!(of_secret("hunter2"), HIDDEN);
        assert_eq!(of_secret("hunter2 a://b"), HIDDEN);
    }

    #[test]
    fn the_default_of_a_secret_variable_is_hidden_and_that_of_a_plain_one_is_not() {
        let mut secret = vec![fact("env", "SMTP_PASSWORD"), fact("default", "hunter2")];
        facts(&mut secret);
        assert_eq!(secret[1].value, Some(FactValue::Text(HIDDEN.to_owned())));
        assert_eq!(secret[0].value, Some(FactValue::Text("SMTP_PASSWORD".to_owned())));
        let mut plain = vec![fact("env", "SMTP_HOST"), fact("default", "localhost")];
        facts(&mut plain);
        assert_eq!(plain[1].value, Some(FactValue::Text("localhost".to_owned())));
    }

    #[test]
    fn how_long_something_about_a_secret_takes_is_told() {
        let from = Some("registry.token_retry_delay".to_owned());
        let pause = Fact { from: from.clone(), unit: Some("duration".into()), ..fact("pause", "100ms") };
        let text = Fact { from, ..fact("pause", "100ms") };
        let mut found = vec![pause, text];
        facts(&mut found);
        assert_eq!(found[0].value, Some(FactValue::Text("100ms".to_owned())));
        assert_eq!(found[1].value, Some(FactValue::Text(HIDDEN.to_owned())), "a text that is no duration stays hidden");
    }

    #[test]
    fn a_private_key_is_hidden_whatever_its_name() {
        let pem = "-----BEGIN RSA PRIVATE KEY-----\nMIIE";
        let mut found = vec![fact("input", pem), Fact { from: Some(format!("load(\"{pem}\")")), value: None, ..fact("input", "") }];
        facts(&mut found);
        assert_eq!(found[0].value, Some(FactValue::Text(HIDDEN.to_owned())));
        assert_eq!(found[1].from.as_deref(), Some("load(\"…\")"));
    }

    #[test]
    fn the_expression_behind_a_secret_shows_no_literal() {
        let mut secret = vec![Fact { from: Some("Key::from(\"hunter2\", token)".to_owned()), value: None, ..fact("api_key", "") }];
        facts(&mut secret);
        assert_eq!(secret[0].from.as_deref(), Some("Key::from(\"…\", token)"));
        let mut plain = vec![Fact { from: Some("size(\"redis://a:b@c\")".to_owned()), value: None, ..fact("bound", "") }];
        facts(&mut plain);
        assert_eq!(plain[0].from.as_deref(), Some("size(\"redis://…@c\")"));
    }

    #[test]
    fn names_of_secrets_are_told_from_names_of_keys() {
        for name in ["STRIPE_API_KEY", "application.hmac_key", "db-password", "SMTP_PASS", "dbPassword", "PASSWORD_SALT", "aws.creds"] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in ["cache_key", "MONKEY", "tokens_per_second_limit_keyed", "jwt.expiry", "PASSENGERS", "compass"] {
            assert!(!is_secret_name(name), "{name}");
        }
    }
}
