//! The files that an entry names as the source of its facts: `src/lib.rs + tokio-postgres 0.7.13: src/config.rs`.

use std::collections::BTreeSet;

use smol_str::SmolStr;

use super::linked::Scene;

/// A file that facts were read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Told<'a> {
    /// The package and version, when it is not the crate of the entry.
    pub(super) elsewhere: Option<(&'a str, &'a str)>,
    /// The file, from the folder of its crate on.
    pub(super) file: &'a str,
}

/// The files that the text of an entry names; words that name none are passed over.
pub(super) fn files(source: &str) -> impl Iterator<Item = Told<'_>> {
    source.split(" + ").filter_map(|part| {
        let (krate, file) = part.split_once(": ").map_or((None, part), |(krate, file)| (Some(krate), file));
        let elsewhere = match krate {
            Some(krate) => Some(krate.split_once(' ')?),
            None => None,
        };
        let is_file = file.rsplit_once('.').is_some_and(|(name, kind)| !name.is_empty() && kind.chars().all(char::is_alphanumeric));
        (is_file && !file.contains(' ')).then_some(Told { elsewhere, file })
    })
}

/// The indices of those files that were read; of the others, those that are not there.
pub(super) fn find(scene: &Scene<'_>, source: &str) -> (BTreeSet<usize>, Vec<SmolStr>) {
    let mut found = BTreeSet::new();
    let mut missing = Vec::new();
    for told in files(source) {
        let folder = told.elsewhere.map_or_else(|| scene.folder().to_owned(), |(krate, version)| format!("{krate}-{version}"));
        let path = format!("{folder}/{}", told.file);
        match scene.program.files.iter().position(|facts| facts.file == path) {
            Some(at) => {
                found.insert(at);
            }
            // C, a manual, or a crate that is not there: nothing in it is read.
            None => missing.extend((scene.has_file(&path) == Some(false)).then(|| SmolStr::new(&path))),
        }
    }
    (found, missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_with_the_crates_that_they_are_of() {
        let told = |source| files(source).collect::<Vec<Told<'_>>>();
        let own = |file| Told { elsewhere: None, file };
        let of = |krate, version, file| Told { elsewhere: Some((krate, version)), file };
        assert_eq!(told("src/lib.rs"), [own("src/lib.rs")]);
        assert_eq!(told("src/net.rs + mio 1.2.4: src/net/tcp.rs"), [own("src/net.rs"), of("mio", "1.2.4", "src/net/tcp.rs")]);
        assert_eq!(told("x-sys 4.1.0+2.12: lib/CONFIG.md"), [of("x-sys", "4.1.0+2.12", "lib/CONFIG.md")]);
        assert_eq!(told("rust-docs 1.95.0 (std API pages)"), []);
        assert_eq!(told(""), []);
    }
}
