//! Which values of settings must not leave: those of keys that are named like secrets, and those that look like some.

use crate::diag::name_words;
use crate::manifests::hide;
use crate::merge::redact;
use crate::model::FactValue;

/// Words of keys that speak about a secret and hold none: how long it lives, whether there is one.
const ABOUT: &[&str] = &[
    "ttl",
    "expiry",
    "expire",
    "expires",
    "expiration",
    "lifetime",
    "lifespan",
    "age",
    "seconds",
    "secs",
    "minutes",
    "mins",
    "hours",
    "days",
    "ms",
    "millis",
    "interval",
    "timeout",
    "delay",
    "retry",
    "retries",
    "count",
    "limit",
    "max",
    "min",
    "len",
    "length",
    "size",
    "capacity",
    "enabled",
    "enable",
    "iterations",
    "rounds",
    "cost",
    "attempts",
    "cleanup",
    "rotation",
    "leeway",
];

/// Whether the value of a key is a secret.
pub(super) fn is_secret(key: &str, value: &FactValue) -> bool {
    let named = redact::is_secret_name(key);
    match value {
        FactValue::Bool(_) => false,
        FactValue::Int(_) => named && !name_words(key).iter().any(|word| ABOUT.contains(&word.as_str())),
        FactValue::Text(text) => {
            let measures = name_words(key).iter().any(|word| ABOUT.contains(&word.as_str())) && is_amount(text);
            !text.is_empty() && (named && !measures || hide::hides("value", text))
        }
    }
}

/// `15m`, `0.5`, `1 day`.
fn is_amount(text: &str) -> bool {
    text.len() <= 12
        && text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || " .".contains(c))
}

#[cfg(test)]
mod tests {
    use super::is_secret;
    use crate::model::FactValue;

    #[test]
    fn secrets_are_told_by_their_key_or_by_their_looks() {
        let text = |text: &str| FactValue::Text(text.to_owned());
        for (key, value) in [
            ("application.hmac_secret", text("hunter2")),
            ("database.password", FactValue::Int(123_456)),
            ("mail.api_key", text("hunter2")),
            ("auth.token", text("1h2u3n4t5e6r7")),
            ("plain.name", text("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")),
            ("chat.webhook_url", text("https://chat.example.com/T0/aB3dE5fG7hJ9kL1mN3pQ5rS7")),
            ("tls.cert", text("-----BEGIN PRIVATE KEY-----\nMIIE")),
        ] {
            assert!(is_secret(key, &value), "{key}");
        }
    }

    #[test]
    fn what_is_said_about_a_secret_is_none() {
        for (key, value) in [
            ("auth.token_ttl_seconds", FactValue::Int(300)),
            ("auth.token_ttl", FactValue::Text("15m".to_owned())),
            ("auth.password_enabled", FactValue::Bool(true)),
            ("cache.key_prefix", FactValue::Text("shop:".to_owned())),
            ("server.port", FactValue::Int(8080)),
            ("database.host", FactValue::Text("127.0.0.1".to_owned())),
        ] {
            assert!(!is_secret(key, &value), "{key}");
        }
    }
}
