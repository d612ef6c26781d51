//! Names that speak of a credential. A name alone is never a find: it is asked for where a random value arrives,
//! or beside further columns of one table.

/// The words of a name in lower case: `resetToken`, `RESET_TOKEN` and `reset-token` are the same.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut was_lower = false;
    for c in name.chars() {
        if !c.is_alphanumeric() {
            was_lower = false;
            out.push(String::new());
            continue;
        }
        if out.is_empty() || (was_lower && c.is_uppercase()) {
            out.push(String::new());
        }
        was_lower = c.is_lowercase() || c.is_numeric();
        if let Some(word) = out.last_mut() {
            word.extend(c.to_lowercase());
        }
    }
    out.retain(|word| !word.is_empty());
    out
}

/// Words beside which a token is something else: a parser's, a task's, a number of them, where one is kept.
const OTHERWISE: [&str; 36] = [
    "at",
    "bytes",
    "cache",
    "cancel",
    "cancellation",
    "config",
    "count",
    "encryption",
    "endpoint",
    "expires",
    "expiry",
    "file",
    "header",
    "jwt",
    "kind",
    "len",
    "length",
    "lifetime",
    "limit",
    "lock",
    "max",
    "name",
    "parser",
    "path",
    "prefix",
    "private",
    "public",
    "request",
    "signing",
    "size",
    "span",
    "stream",
    "trace",
    "ttl",
    "type",
    "url",
];

/// What a code, link or key is for that is handed out.
const PURPOSES: [&str; 20] = [
    "access",
    "activation",
    "api",
    "auth",
    "authorization",
    "backup",
    "claim",
    "confirm",
    "confirmation",
    "device",
    "invitation",
    "invite",
    "login",
    "magic",
    "pairing",
    "recovery",
    "reset",
    "unsubscribe",
    "verification",
    "verify",
];

/// How the name of a thing that is handed out ends, or of its written form.
const ENDS: [&str; 29] = [
    "apikey",
    "binding",
    "code",
    "codes",
    "csrf",
    "entity",
    "hash",
    "hex",
    "idempotency",
    "invitation",
    "invite",
    "key",
    "keys",
    "link",
    "nonce",
    "otp",
    "plain",
    "plaintext",
    "raw",
    "recover",
    "secret",
    "stamp",
    "state",
    "str",
    "string",
    "token",
    "tokens",
    "value",
    "xsrf",
];

/// Whether a name is that of something handed out to be shown again: a token, a one-time code, an API key, a stamp.
pub(super) fn is_credential(name: &str) -> bool {
    let words = words(name);
    let has = |word: &str| words.iter().any(|known| known == word);
    // The id of a token is not the token.
    if OTHERWISE.iter().any(|word| has(word)) || words.last().is_none_or(|last| !ENDS.contains(&last.as_str())) {
        return false;
    }
    if ["token", "tokens", "apikey", "csrf", "xsrf", "otp", "invite", "invitation", "idempotency"].iter().any(|word| has(word)) {
        return true;
    }
    let purpose = || PURPOSES.iter().any(|word| has(word));
    let thing = || ["code", "codes", "link", "key", "stamp"].iter().any(|word| has(word));
    // A key to verify with is kept, not handed out.
    (purpose() && thing() && !(has("verify") && has("key")))
        || (has("security") && has("stamp"))
        || (has("recover") && (has("totp") || has("code")))
        || (has("email") && has("code"))
        || (has("unlock") && has("code"))
        || (has("code") && has("verifier"))
        || ((has("oauth") || has("oidc") || has("sso")) && (has("state") || has("nonce") || has("binding")))
}

/// Whether a column or field holds what proves a log-in or carries one on: a token, a nonce, a challenge, the state of a redirect.
pub(super) fn proves(column: &str) -> bool {
    let words = words(column);
    // What somebody agreed to, by name.
    if words.iter().any(|word| word == "scope") {
        return false;
    }
    let plain =
        |word: &String| !matches!(word.as_str(), "hash" | "hashed" | "digest" | "value" | "enc" | "encrypted" | "string" | "sha256");
    let Some(last) = words.iter().rev().find(|word| plain(word)) else { return false };
    matches!(
        last.as_str(),
        "token" | "nonce" | "challenge" | "verifier" | "csrf" | "xsrf" | "jti" | "jwt" | "cookie" | "binding" | "code" | "sid" | "otp"
    ) || words == ["state"]
        || (last == "state" && words.len() > 1 && matches!(words[words.len() - 2].as_str(), "oauth" | "oidc" | "csrf" | "registration"))
        || (last == "id" && words.iter().any(|word| word == "session"))
}

/// Whether a column says whose row it is.
pub(super) fn belongs(column: &str) -> bool {
    const WHO: [&str; 9] = ["account", "device", "email", "login", "member", "person", "subject", "uid", "user"];
    let words = words(column);
    let who = |word: &String| WHO.contains(&word.as_str());
    let names_one = words.last().is_some_and(|last| who(last) || matches!(last.as_str(), "fk" | "id" | "name" | "uuid"));
    names_one && words.iter().any(who)
}

/// Whether a column says when the row ends, or was last of use.
pub(super) fn ends(column: &str) -> bool {
    let words = words(column);
    words.iter().any(|word| matches!(word.as_str(), "exp" | "expires" | "expiry" | "expiration" | "expire" | "ttl" | "valid"))
        || (words.iter().any(|word| word == "last")
            && words.iter().any(|word| matches!(word.as_str(), "used" | "seen" | "active" | "access")))
        || (words.iter().any(|word| word == "login") && words.iter().any(|word| matches!(word.as_str(), "time" | "at")))
}

#[cfg(test)]
mod tests {
    use super::{is_credential, proves};

    #[test]
    fn what_is_handed_out_is_known_by_its_name() {
        for name in
            ["subscription_token", "api_key", "email_new_token", "security_stamp", "resetCode", "idempotency_key", "csrf", "PlainToken"]
        {
            assert!(is_credential(name), "{name}");
        }
        for name in [
            "id",
            "salt",
            "request_id",
            "request_token",
            "token_count",
            "cancellation_token",
            "nonce",
            "key",
            "state",
            "token_path",
            "device_code_flow",
            "api_key_id",
        ] {
            assert!(!is_credential(name), "{name}");
        }
    }

    #[test]
    fn columns_that_prove_a_log_in() {
        for name in ["refresh_token", "token_hash", "state", "nonce", "client_challenge", "session_id", "access_code"] {
            assert!(proves(name), "{name}");
        }
        for name in ["token_endpoint", "build_state", "scope_token", "id", "password_hash", "country", "name"] {
            assert!(!proves(name), "{name}");
        }
    }
}
