//! Whether the mdBook that calls speaks as this program does.

use mdbook_preprocessor::MDBOOK_VERSION;

/// A warning when the book is built by another line of mdBook than the one that this program knows.
#[must_use]
pub fn mismatch(calling: &str) -> Option<String> {
    (line_of(calling) != line_of(MDBOOK_VERSION))
        .then(|| format!("the book is built by mdbook {}, and this statemap speaks as mdbook {MDBOOK_VERSION} does", visible(calling)))
}

/// The version of the mdBook that wrote input which could not be read: so old, or so new, that it writes another form.
#[must_use]
pub fn speaks_otherwise(input: &str) -> Option<String> {
    let (context, _): (serde_json::Value, serde_json::Value) = serde_json::from_str(input).ok()?;
    let version = context.get("mdbook_version")?.as_str()?;
    (line_of(version) != line_of(MDBOOK_VERSION)).then(|| visible(version))
}

/// `0.5` of `0.5.4`, `1` of `1.2.0`: within one, nothing changes that a preprocessor would see.
fn line_of(version: &str) -> Vec<&str> {
    let mut parts = version.split(['.', '-', '+']);
    match parts.next() {
        Some("0") => vec!["0", parts.next().unwrap_or_default()],
        major => vec![major.unwrap_or_default()],
    }
}

fn visible(version: &str) -> String {
    version.chars().filter(|c| c.is_ascii_graphic()).take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_is_no_mismatch_and_another_line_is() {
        assert_eq!(mismatch("0.5.0"), None);
        assert_eq!(mismatch("0.5.99-beta.1"), None);
        assert!(mismatch("0.4.52").is_some_and(|text| text.contains("mdbook 0.4.52")));
        assert!(mismatch("0.6.0").is_some());
        assert!(mismatch("1.0.0").is_some());
    }

    #[test]
    fn input_of_another_mdbook_is_told_by_its_version() {
        let input = r#"[{"root":"/b","config":{},"renderer":"html","mdbook_version":"0.4.40"},{"sections":[]}]"#;
        assert_eq!(speaks_otherwise(input).as_deref(), Some("0.4.40"));
        assert_eq!(speaks_otherwise("no JSON"), None);
    }
}
