//! The names of the environment variables that set a key, as the loader in the code spells them.

use smol_str::SmolStr;

use super::keys::Key;

/// How a layer of variables is spelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Naming {
    /// `APP_DATABASE__POOL_SIZE`: a prefix, and what stands between the names of nested keys.
    Joined { prefix: String, separator: Option<String> },
    /// `APP_POOL_SIZE`: keys of the outermost struct only.
    Plain { prefix: String },
    /// Attributes of the fields name them.
    ByField,
}

impl Naming {
    /// The variable of a key; none when no variable can set it.
    pub(super) fn variable(&self, key: &Key) -> Option<String> {
        if *self == Naming::ByField {
            return key.variable.as_ref().map(SmolStr::to_string);
        }
        // The names of variables are read in small letters: a key with capitals or hyphens in it is out of their reach.
        let is_plain = |name: &SmolStr| name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if !key.path.iter().all(|step| is_plain(&step.name)) {
            return None;
        }
        let names: Vec<String> = key.path.iter().map(|step| step.name.to_uppercase()).collect();
        match self {
            Naming::ByField => None,
            Naming::Plain { prefix } => match names.as_slice() {
                [only] => Some(format!("{prefix}{only}")),
                _ => None,
            },
            Naming::Joined { prefix, separator } => {
                match (names.as_slice(), separator.as_deref().filter(|separator| !separator.is_empty())) {
                    ([only], None) => Some(format!("{prefix}{only}")),
                    (_, None) => None,
                    // A name with the separator in it would be split in the middle.
                    (names, Some(separator)) => {
                        let upper = separator.to_uppercase();
                        let is_split = names.iter().any(|name| name.contains(&upper));
                        (!is_split).then(|| format!("{prefix}{}", names.join(separator)))
                    }
                }
            }
        }
    }

    /// `APP_…__…`.
    pub(super) fn shown(&self) -> Option<String> {
        match self {
            Naming::Joined { prefix, separator: Some(separator) } => Some(format!("{prefix}…{separator}…")),
            Naming::Joined { prefix, separator: None } | Naming::Plain { prefix } => Some(format!("{prefix}…")),
            Naming::ByField => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::keys::Step;
    use super::*;
    use crate::resolve::DefId;

    fn key(path: &[&str]) -> Key {
        let path = path.iter().map(|name| Step { name: SmolStr::new(name), aliases: Vec::new() }).collect();
        Key { path, of: DefId(0), field: "x".into(), variable: None, secret: false }
    }

    #[test]
    fn nested_keys_have_a_variable_only_where_the_separator_can_tell_them() {
        let joined = |separator: Option<&str>| Naming::Joined { prefix: "APP_".to_owned(), separator: separator.map(str::to_owned) };
        let nested = key(&["database", "pool_size"]);
        assert_eq!(joined(Some("__")).variable(&nested).as_deref(), Some("APP_DATABASE__POOL_SIZE"));
        assert_eq!(joined(Some("_")).variable(&nested), None, "it would be read as database.pool.size");
        assert_eq!(joined(None).variable(&nested), None);
        assert_eq!(joined(None).variable(&key(&["port"])).as_deref(), Some("APP_PORT"));
        assert_eq!(joined(Some("_")).variable(&key(&["database", "port"])).as_deref(), Some("APP_DATABASE_PORT"));
        assert_eq!(joined(Some("__")).variable(&key(&["mail", "baseUrl"])), None);
        assert_eq!(Naming::ByField.variable(&nested), None);
    }
}
