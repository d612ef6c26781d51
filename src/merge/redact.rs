//! Secret values never reach an output: what looks like one is replaced where items are made.

use crate::model::{Fact, FactValue};

/// Shown in place of a value.
pub(super) const HIDDEN: &str = "(set, hidden)";

/// Hides the values of facts that look secret.
pub(super) fn facts(facts: &mut [Fact]) {
    // An env variable's name is told by the first fact, its default by another.
    let names_secret =
        facts.iter().any(|fact| fact.key == "env" && fact.value.as_ref().is_some_and(|value| is_secret_name(&value.to_string())));
    for fact in facts {
        let by_name =
            is_secret_name(&fact.key) || fact.from.as_deref().is_some_and(is_secret_name) || (names_secret && fact.key == "default");
        match &mut fact.value {
            Some(FactValue::Text(value)) if by_name && fact.key != "env" && fact.key != "path" && !value.is_empty() => {
                HIDDEN.clone_into(value);
            }
            Some(FactValue::Text(value)) => *value = text(value),
            _ => {}
        }
    }
}

/// Whether a key, a field or a variable is named like a secret.
#[must_use]
pub(super) fn is_secret_name(name: &str) -> bool {
    let name = name.to_lowercase();
    let words: Vec<&str> = name.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    let has = |word: &str| words.contains(&word);
    // `key` alone says little: a file's path and a cache's key are no secrets.
    ["password", "passwd", "secret", "token", "credential", "credentials", "passphrase", "apikey", "pwd", "dsn"]
        .iter()
        .any(|word| has(word))
        || (has("key") && ["api", "private", "signing", "hmac", "access", "encryption", "master", "license"].iter().any(|word| has(word)))
}

/// Hides the user information of URLs in a text.
#[must_use]
pub(super) fn text(value: &str) -> String {
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
    use super::{HIDDEN, facts, is_secret_name, text};
    use crate::model::{Fact, FactValue, Provenance};

    fn fact(key: &str, value: &str) -> Fact {
        let value = Some(FactValue::Text(value.to_owned()));
        Fact { key: key.into(), value, unit: None, provenance: Provenance::Code, at: None, from: None }
    }

    #[test]
    fn user_information_of_urls_is_hidden() {
        assert_eq!(text("postgres://app:hunter2@db:5432/shop"), "postgres://…@db:5432/shop");
        assert_eq!(text("redis://127.0.0.1:6379"), "redis://127.0.0.1:6379");
        assert_eq!(text("https://a/b?mail=x@y and amqp://u:p@h"), "https://a/b?mail=x@y and amqp://…@h");
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
    fn names_of_secrets_are_told_from_names_of_keys() {
        assert!(is_secret_name("STRIPE_API_KEY") && is_secret_name("application.hmac_key") && is_secret_name("db-password"));
        assert!(!is_secret_name("cache_key") && !is_secret_name("MONKEY") && !is_secret_name("tokens_per_second_limit_keyed"));
    }
}
