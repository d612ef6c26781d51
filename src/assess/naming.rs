//! Names as words: what they say of a thing.

/// `mail_queue`, `MailQueue`: `mail` and `queue`.
#[must_use]
pub(super) fn words(name: &str) -> Vec<String> {
    let mut out: Vec<String> = vec![String::new()];
    let mut before = '_';
    for c in name.chars() {
        let begins = !c.is_alphanumeric() || (c.is_uppercase() && before.is_lowercase());
        if begins {
            out.push(String::new());
        }
        if c.is_alphanumeric() {
            out.last_mut().expect("there is one from the start").extend(c.to_lowercase());
        }
        before = c;
    }
    out.retain(|word| !word.is_empty());
    out
}
