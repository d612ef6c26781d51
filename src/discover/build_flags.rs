//! Flags of `cfg` that a build script sets for features: `#[cfg(feature = "mysql")] println!("cargo:rustc-cfg=mysql")`.
//!
//! Read from the text: a build script is no part of the service, and is never run.

use smol_str::SmolStr;

/// What sets a flag.
const SETS: &str = "rustc-cfg=";

/// Flags, each with the one feature that it is set for. What is set on other conditions, or for several features, is left out.
pub(super) fn flags_of(script: &str) -> Vec<(SmolStr, SmolStr)> {
    let mut out: Vec<(SmolStr, SmolStr)> = Vec::new();
    let mut several: Vec<SmolStr> = Vec::new();
    let mut before = "";
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")) {
        let set = line.split_once(SETS).filter(|(start, _)| start.ends_with("\"cargo:") || start.ends_with("\"cargo::"));
        if let Some((_, rest)) = set {
            let flag: &str = rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default();
            // A flag with a value (`key="value"`) is another sort.
            let is_plain = !flag.is_empty() && rest[flag.len()..].starts_with('"');
            match feature_of(before).filter(|_| is_plain) {
                Some(feature) if !out.iter().any(|(known, of)| known == flag && of != feature) => {
                    out.push((flag.into(), feature.into()));
                }
                _ => several.push(flag.into()),
            }
        }
        before = line;
    }
    out.retain(|(flag, _)| !several.contains(flag));
    out.dedup();
    out
}

/// The feature of a line that is nothing but a condition, which holds for the next line: `#[cfg(feature = "mysql")]`.
fn feature_of(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("#[cfg(feature = \"")?;
    let (feature, end) = rest.split_once('"')?;
    let end = end.strip_prefix(")]")?;
    let end = end.split("//").next().unwrap_or(end).trim();
    end.is_empty().then_some(feature)
}

#[cfg(test)]
mod tests {
    use super::flags_of;

    fn flags(script: &str) -> Vec<String> {
        flags_of(script).iter().map(|(flag, feature)| format!("{flag} for {feature}")).collect()
    }

    #[test]
    fn flags_are_set_for_features() {
        let script = "fn main() {\n    #[cfg(feature = \"mysql\")]\n    println!(\"cargo:rustc-cfg=with_mysql\");\n\
                      #[cfg(feature = \"pg\")] // both names\n\n println!(\"cargo::rustc-cfg=postgres\");\n}";
        assert_eq!(flags(script), ["with_mysql for mysql", "postgres for pg"]);
    }

    #[test]
    fn what_is_set_otherwise_is_left_out() {
        for other in [
            "println!(\"cargo:rustc-cfg=always\");",
            "#[cfg(not(feature = \"mysql\"))]\nprintln!(\"cargo:rustc-cfg=without\");",
            "#[cfg(all(feature = \"a\", feature = \"b\"))]\nprintln!(\"cargo:rustc-cfg=both\");",
            "#[cfg(feature = \"a\")]\nlet x = 1;\nprintln!(\"cargo:rustc-cfg=later\");",
            "#[cfg(feature = \"a\")]\nprintln!(\"cargo:rustc-check-cfg=cfg(a)\");",
            "#[cfg(feature = \"a\")]\nprintln!(\"cargo:rustc-cfg=key=\\\"value\\\"\");",
            "#[cfg(feature = \"a\")]\nprintln!(\"cargo:rustc-cfg=two\");\n#[cfg(feature = \"b\")]\nprintln!(\"cargo:rustc-cfg=two\");",
        ] {
            assert_eq!(flags(other), [""; 0], "{other}");
        }
    }
}
