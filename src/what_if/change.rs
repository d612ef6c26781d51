//! One change to what is deployed, as it is written on the command line.

use std::fmt;

use crate::annotations::nearest::nearest;
use crate::manifests::deployed::Amount;

/// What can be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// How many run.
    Replicas,
    /// How many may run beyond that during a rollout.
    Surge,
    /// How many may be missing during a rollout.
    Unavailable,
    /// How many an autoscaler may make.
    MaxReplicas,
    /// How many connections a server takes.
    MaxConnections,
    /// How big pools of connections to a database are.
    Pool,
}

impl Key {
    const ALL: &[Key] = &[Key::Replicas, Key::Surge, Key::Unavailable, Key::MaxReplicas, Key::MaxConnections, Key::Pool];

    /// As it is written.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Key::Replicas => "replicas",
            Key::Surge => "surge",
            Key::Unavailable => "unavailable",
            Key::MaxReplicas => "max_replicas",
            Key::MaxConnections => "max_connections",
            Key::Pool => "pool",
        }
    }
}

/// What somebody wrote wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub help: String,
}

impl Mistake {
    pub(super) fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: help.into() }
    }
}

/// One change.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The service, workload or store; all services when none.
    pub of: Option<String>,
    /// What is changed.
    pub key: Key,
    /// To what.
    pub amount: Amount,
}

impl Change {
    /// `6`, or `api=6`.
    ///
    /// # Errors
    /// When it is neither.
    pub fn replicas(text: &str) -> Result<Self, Mistake> {
        let (of, value) = match text.rsplit_once('=') {
            Some((of, value)) => (Some(of.trim().to_owned()), value),
            None => (None, text),
        };
        if of.as_deref() == Some("") {
            return Err(Mistake::new(format!("`{text}` names no service"), "write `--replicas 6`, or `--replicas api=6`"));
        }
        Ok(Self { of, key: Key::Replicas, amount: amount(Key::Replicas, value.trim())? })
    }

    /// `api.surge=50%`.
    ///
    /// # Errors
    /// When it names no service, no known key, or no number.
    pub fn set(text: &str) -> Result<Self, Mistake> {
        let form = "write `--set SERVICE.KEY=VALUE`, as in `--set api.surge=50%`";
        let (target, value) = text.split_once('=').ok_or_else(|| Mistake::new(format!("`{text}` gives no value"), form))?;
        let (of, word) = target.rsplit_once('.').ok_or_else(|| Mistake::new(format!("`{text}` names no service"), form))?;
        let (of, word) = (of.trim(), word.trim().replace('-', "_"));
        if of.is_empty() {
            return Err(Mistake::new(format!("`{text}` names no service"), form));
        }
        let words = || Key::ALL.iter().map(|key| key.word());
        let key = Key::ALL.iter().find(|key| key.word() == word).ok_or_else(|| {
            let help = match nearest(&word, words()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the keys are {}", words().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")),
            };
            Mistake::new(format!("there is no key `{word}` to set"), help)
        })?;
        Ok(Self { of: Some(of.to_owned()), key: *key, amount: amount(*key, value.trim())? })
    }

    /// The number, of keys that take no percentage.
    pub(super) fn count(&self) -> u32 {
        match self.amount {
            Amount::Count(count) => count,
            _ => 0,
        }
    }
}

/// So many are plenty for any service.
const MOST: u32 = 1_000_000;

fn amount(key: Key, text: &str) -> Result<Amount, Mistake> {
    let percent = matches!(key, Key::Surge | Key::Unavailable);
    let sum = match Amount::read(text) {
        Amount::Count(count) if count <= MOST && (count > 0 || percent) => Some(Amount::Count(count)),
        Amount::Percent(share) if percent && share <= MOST => Some(Amount::Percent(share)),
        _ => None,
    };
    sum.ok_or_else(|| {
        let wanted = if percent { "a number or a percentage: `1`, `50%`" } else { "a number from 1 to 1000000" };
        Mistake::new(format!("`{}` is no value of `{}`", crate::annotations::nearest::shown(text), key.word()), format!("give it {wanted}"))
    })
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = self.of.as_deref().unwrap_or("every service");
        match (self.key, &self.of) {
            (Key::Replicas, _) => write!(f, "{} replicas of {of}", self.amount),
            _ => write!(f, "{} {} of {of}", self.key.word().replace('_', " "), self.amount),
        }
    }
}
