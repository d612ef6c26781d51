//! Whether a stream gets colours, told by its environment.

/// `NO_COLOR` goes over `CLICOLOR_FORCE`, and both over what the stream is; on a terminal `CLICOLOR=0` and `TERM=dumb` say no.
#[must_use]
pub fn supports_colour(is_terminal: bool, var: impl Fn(&str) -> Option<String>) -> bool {
    let says = |name: &str| var(name).filter(|value| !value.is_empty());
    if says("NO_COLOR").is_some() {
        false
    } else if says("CLICOLOR_FORCE").is_some_and(|value| value != "0") {
        true
    } else {
        is_terminal && says("CLICOLOR").is_none_or(|value| value != "0") && says("TERM").is_none_or(|term| term != "dumb")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_goes_over_what_the_stream_is() {
        let colour = |is_terminal: bool, set: &[(&str, &str)]| {
            supports_colour(is_terminal, |name| set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
        };
        assert!(colour(true, &[]) && !colour(false, &[]));
        assert!(!colour(true, &[("NO_COLOR", "1")]) && colour(true, &[("NO_COLOR", "")]));
        assert!(colour(false, &[("CLICOLOR_FORCE", "1")]) && !colour(false, &[("CLICOLOR_FORCE", "0")]));
        assert!(!colour(false, &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
        assert!(!colour(true, &[("CLICOLOR", "0")]) && !colour(true, &[("TERM", "dumb")]));
    }
}
