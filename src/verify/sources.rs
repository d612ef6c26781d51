//! Unpacked sources of crates in folders named `<crate>-<version>`, as a registry's `src` folder has them.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use smol_str::SmolStr;

use super::Wanted;

/// Folders that hold no more than this many crates are listed; no registry comes near.
const MAX_CRATES: usize = 200_000;

/// Where the sources of crates are.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// By package name with underscores; newest first.
    by_name: BTreeMap<SmolStr, Vec<Found>>,
}

/// The source of one version of a crate.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) version: Version,
    pub(super) folder: PathBuf,
}

/// A folder of sources that cannot be listed.
#[derive(Debug, thiserror::Error)]
#[error("failed to list `{}`: {source}", path.display())]
pub struct SourcesError {
    /// The folder.
    pub path: PathBuf,
    /// What the system says.
    #[source]
    pub source: std::io::Error,
}

impl Sources {
    /// Lists the sources in folders.
    ///
    /// # Errors
    /// When one of them cannot be listed.
    pub fn list(folders: &[PathBuf]) -> Result<Self, SourcesError> {
        let mut out = Self::default();
        for folder in folders {
            let entries = std::fs::read_dir(folder).map_err(|source| SourcesError { path: folder.clone(), source })?;
            for entry in entries.take(MAX_CRATES).flatten() {
                let name = entry.file_name();
                let Some((krate, version)) = name.to_str().and_then(split) else { continue };
                if entry.path().join("Cargo.toml").is_file() {
                    out.by_name.entry(underscored(krate)).or_default().push(Found { version, folder: entry.path() });
                }
            }
        }
        for all in out.by_name.values_mut() {
            all.sort_by(|a, b| (Reverse(&a.version), &a.folder).cmp(&(Reverse(&b.version), &b.folder)));
        }
        Ok(out)
    }

    /// The `src` folders of cargo's registries below its home, sorted.
    #[must_use]
    pub fn of_cargo(home: &Path) -> Vec<PathBuf> {
        let Ok(entries) = std::fs::read_dir(home.join("registry/src")) else { return Vec::new() };
        let mut out: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
        out.sort();
        out
    }

    /// How many crates are there, each version counted.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_name.values().map(Vec::len).sum()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// The versions of a crate that are there, newest first.
    #[must_use]
    pub fn versions(&self, krate: &str) -> Vec<SmolStr> {
        self.all(krate).iter().map(|found| found.version.text.clone()).collect()
    }

    fn all(&self, krate: &str) -> &[Found] {
        self.by_name.get(&underscored(krate)).map_or(&[], Vec::as_slice)
    }

    /// The source to hold a crate's entries against; the newest when they state no version.
    pub(super) fn of(&self, krate: &str, stated: &str, wanted: Wanted) -> Option<&Found> {
        let all = self.all(krate);
        if stated.is_empty() {
            return all.first();
        }
        let exact = all.iter().find(|found| found.version.text == stated);
        if exact.is_some() || wanted == Wanted::Stated {
            return exact;
        }
        let stated = Version::of(stated)?;
        all.iter().min_by_key(|found| found.version.distance(&stated))
    }

    /// The newest source that a dependency may be built from.
    pub(super) fn fitting(&self, krate: &str, requirement: Option<&str>) -> Option<&Found> {
        self.all(krate).iter().find(|found| requirement.is_none_or(|requirement| found.version.fits(requirement)))
    }
}

fn underscored(name: &str) -> SmolStr {
    name.replace('-', "_").into()
}

/// `sha-1-0.10.1` is `sha-1` at `0.10.1`.
fn split(folder: &str) -> Option<(&str, Version)> {
    folder.match_indices('-').find_map(|(at, _)| {
        let version = Version::of(&folder[at + 1..])?;
        (at > 0).then_some((&folder[..at], version))
    })
}

/// A version: three numbers, what comes before its release, and the text as written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version {
    numbers: [u64; 3],
    /// Releases come after what comes before them.
    released: bool,
    pub(super) text: SmolStr,
}

impl Version {
    pub(super) fn of(text: &str) -> Option<Self> {
        let bare = text.split('+').next().unwrap_or(text);
        let (numbers, before) = bare.split_once('-').map_or((bare, None), |(numbers, before)| (numbers, Some(before)));
        let mut parts = numbers.split('.').map(|part| part.parse::<u64>().ok());
        let numbers = [parts.next()??, parts.next()??, parts.next()??];
        (parts.next().is_none()).then(|| Self { numbers, released: before.is_none(), text: text.into() })
    }

    /// Smaller for versions that are more alike: those of the same series first, then the nearest numbers, the newer of two.
    fn distance(&self, other: &Self) -> (bool, bool, [u64; 4]) {
        let apart = |at: usize| self.numbers[at].abs_diff(other.numbers[at]);
        let older = u64::from(self.numbers < other.numbers);
        (!self.same_series(&other.numbers), !self.released, [apart(0), apart(1), older, apart(2)])
    }

    /// Whether cargo takes one for the other: the same first number that is not zero.
    fn same_series(&self, other: &[u64; 3]) -> bool {
        let first = other.iter().position(|number| *number != 0).unwrap_or(2);
        self.numbers[..=first] == other[..=first]
    }

    /// Whether a requirement as manifests write it allows this version.
    fn fits(&self, requirement: &str) -> bool {
        requirement.split(',').all(|part| self.fits_one(part.trim()))
    }

    fn fits_one(&self, part: &str) -> bool {
        let digits = part.find(|c: char| c.is_ascii_digit()).unwrap_or(part.len());
        let (sign, rest) = part.split_at(digits);
        let rest = rest.split(['-', '+']).next().unwrap_or(rest);
        let given: Vec<u64> = rest.split('.').map_while(|number| number.parse().ok()).collect();
        if given.is_empty() {
            return true;
        }
        let mut low = [0; 3];
        low.iter_mut().zip(&given).for_each(|(slot, number)| *slot = *number);
        let prefix = given.len().min(3);
        match sign.trim() {
            "=" => self.numbers[..prefix] == low[..prefix],
            ">" => self.numbers > low,
            ">=" => self.numbers >= low,
            "<" => self.numbers < low,
            "<=" => self.numbers <= low,
            "~" => self.numbers >= low && self.numbers[..prefix.min(2)] == low[..prefix.min(2)],
            _ if rest.contains('*') => self.numbers[..prefix] == low[..prefix],
            _ => {
                // `^0.0` allows 0.0.x, `^0` any 0.x: the digits that are given decide.
                let first = low[..prefix].iter().position(|number| *number != 0).unwrap_or(prefix - 1);
                self.numbers >= low && self.numbers[..=first] == low[..=first]
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_split_where_its_version_begins() {
        let told = |folder| split(folder).map(|(krate, version)| (krate, version.text.to_string()));
        assert_eq!(told("moka-0.12.16"), Some(("moka", "0.12.16".to_owned())));
        assert_eq!(told("sha-1-0.10.1"), Some(("sha-1", "0.10.1".to_owned())));
        assert_eq!(told("sled-1.0.0-alpha.124"), Some(("sled", "1.0.0-alpha.124".to_owned())));
        assert_eq!(told("libsqlite3-sys-0.30.1+3.46"), Some(("libsqlite3-sys", "0.30.1+3.46".to_owned())));
        assert_eq!(told("no-version"), None);
        assert_eq!(told("-1.2.3"), None);
    }

    #[test]
    fn requirements_are_read_as_cargo_reads_them() {
        let fits = |version: &str, requirement| Version::of(version).unwrap().fits(requirement);
        assert!(fits("1.4.0", "1.2") && fits("1.4.0", "^1") && !fits("2.0.0", "1.2") && !fits("1.1.9", "1.2"));
        assert!(fits("0.9.3", "0.9") && !fits("0.10.0", "0.9"));
        assert!(fits("0.9.0", "=0.9.0") && !fits("0.9.1", "=0.9.0"));
        assert!(fits("0.22.1", "0.22.*") && !fits("0.23.0", "0.22.*"));
        assert!(fits("1.5.0", ">=1.2, <2") && !fits("2.1.0", ">=1.2, <2"));
        assert!(fits("1.2.9", "~1.2.3") && !fits("1.3.0", "~1.2.3"));
        assert!(fits("3.0.0", "*") && fits("0.3.1", "0"));
    }

    #[test]
    fn the_nearest_version_is_one_of_the_same_series() {
        let stated = Version::of("0.12.5").unwrap();
        let mut all: Vec<Version> = ["0.13.0", "0.12.9", "0.11.9", "0.12.6-rc.1"].iter().map(|text| Version::of(text).unwrap()).collect();
        all.sort_by_key(|version| version.distance(&stated));
        let told: Vec<&str> = all.iter().map(|version| version.text.as_str()).collect();
        assert_eq!(told, ["0.12.9", "0.12.6-rc.1", "0.13.0", "0.11.9"]);
    }
}
