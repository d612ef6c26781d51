//! Conditional compilation in words: "only with feature `redis`".

use crate::facts::Cfg;

/// The conditions on an item, in words; none when it is always there.
pub(super) fn words(conditions: &[&Cfg]) -> Option<String> {
    let mut parts: Vec<String> = Vec::new();
    for condition in conditions {
        let text = one(condition);
        if !text.is_empty() && !parts.contains(&text) {
            parts.push(text);
        }
    }
    (!parts.is_empty()).then(|| format!("only {}", parts.join(" and ")))
}

fn one(cfg: &Cfg) -> String {
    match cfg {
        Cfg::Flag(name) => match name.as_str() {
            "unix" => "on Unix".to_owned(),
            "windows" => "on Windows".to_owned(),
            "debug_assertions" => "in debug builds".to_owned(),
            "test" => "in tests".to_owned(),
            other => format!("with `--cfg {other}`"),
        },
        Cfg::KeyValue(key, value) => match key.as_str() {
            "feature" => format!("with feature `{value}`"),
            "target_os" => format!("on {value}"),
            "target_arch" => format!("on {value} processors"),
            "target_env" => format!("with {value}"),
            "target_family" => format!("on the {value} family"),
            _ => format!("with `{key} = \"{value}\"`"),
        },
        Cfg::Not(inner) => match &**inner {
            Cfg::Flag(name) if name == "debug_assertions" => "in release builds".to_owned(),
            Cfg::KeyValue(key, value) if key == "feature" => format!("without feature `{value}`"),
            inner => format!("not {}", one(inner)),
        },
        Cfg::All(all) => all.iter().map(one).filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" and "),
        Cfg::Any(all) => all.iter().map(one).filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" or "),
    }
}

#[cfg(test)]
mod tests {
    use super::words;
    use crate::facts::Cfg;

    fn feature(name: &str) -> Cfg {
        Cfg::KeyValue("feature".into(), name.into())
    }

    #[test]
    fn conditions_read_like_english() {
        assert_eq!(words(&[&feature("redis")]).unwrap(), "only with feature `redis`");
        let any = Cfg::Any(vec![feature("mysql"), feature("postgres")]);
        assert_eq!(words(&[&Cfg::Flag("unix".into()), &any]).unwrap(), "only on Unix and with feature `mysql` or with feature `postgres`");
        assert_eq!(words(&[&Cfg::Not(Box::new(feature("s3")))]).unwrap(), "only without feature `s3`");
        assert_eq!(words(&[]), None);
    }
}
