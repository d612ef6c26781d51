//! Links from a page to a line of source: on the repository's host when it is known, relative otherwise.

use super::escape::{code, path_target};

/// How a host spells a link to a file at a revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Forge {
    GitHub,
    GitLab,
    Bitbucket,
    Gitea,
    Sourcehut,
}

impl Forge {
    /// Told by the name of the host; what is not known is linked as GitHub does it, which most hosts copy.
    fn of(host: &str) -> Self {
        let host = host.to_ascii_lowercase();
        if host.contains("gitlab") {
            Forge::GitLab
        } else if host.contains("bitbucket") {
            Forge::Bitbucket
        } else if ["codeberg.org", "gitea", "forgejo"].iter().any(|name| host.contains(name)) {
            Forge::Gitea
        } else if host.ends_with("sr.ht") {
            Forge::Sourcehut
        } else {
            Forge::GitHub
        }
    }
}

/// Makes links to places in the source.
#[derive(Clone, Debug)]
pub(crate) struct Links {
    host: Option<(Forge, String, String)>,
    prefix: String,
    /// The way to the source, with `/` at its end; none where pages are published without it.
    base: Option<String>,
}

impl Links {
    /// `repository` and `revision` as the map has them; `prefix` is the analysed root inside the repository, `base` the
    /// way from the output folder to the analysed root, where there is one.
    pub(crate) fn new(repository: Option<&str>, revision: Option<&str>, prefix: &str, base: Option<&str>) -> Self {
        let host = repository.zip(revision).and_then(|(repository, revision)| {
            let (scheme, rest) = repository.split_once("://")?;
            let usable = matches!(scheme, "http" | "https") && !revision.is_empty();
            // A remote may carry a password; it never reaches a page.
            let (authority, path) = rest.split_once('/')?;
            let host = authority.rsplit('@').next()?;
            let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':');
            if !usable || host.is_empty() || !host.chars().all(known) {
                return None;
            }
            let path = path.trim_end_matches('/').trim_end_matches(".git");
            let path = path.replace('~', "\0");
            let path = path_target(&path).replace("%00", "~");
            Some((Forge::of(host), format!("{scheme}://{host}/{path}"), path_target(revision)))
        });
        let folder = |text: &str| match text.trim_matches('/') {
            "" | "." => String::new(),
            text => format!("{text}/"),
        };
        Self { host, prefix: folder(prefix), base: base.map(folder) }
    }

    /// The page of the repository on its host, at the revision.
    pub(crate) fn repository(&self) -> Option<String> {
        let (forge, repository, revision) = self.host.as_ref()?;
        let tree = match forge {
            Forge::GitHub | Forge::Sourcehut => format!("tree/{revision}"),
            Forge::GitLab => format!("-/tree/{revision}"),
            Forge::Bitbucket => format!("src/{revision}"),
            Forge::Gitea => format!("src/commit/{revision}"),
        };
        Some(format!("{repository}/{tree}"))
    }

    /// The address of a file, or of a line in it, as seen from a page (a path relative to the output folder); none where
    /// neither the host nor the source can be reached from there.
    pub(crate) fn target(&self, page: &str, file: &str, line: Option<u32>) -> Option<String> {
        let Some((forge, repository, revision)) = &self.host else {
            let base = self.base.as_deref()?;
            let up = "../".repeat(page.matches('/').count());
            let line = line.map(|line| format!("#L{line}")).unwrap_or_default();
            return Some(format!("{up}{}{}{line}", path_target(base), path_target(file)));
        };
        let path = path_target(&format!("{}{file}", self.prefix));
        let tree = match forge {
            Forge::GitHub => format!("blob/{revision}/{path}"),
            Forge::GitLab => format!("-/blob/{revision}/{path}"),
            Forge::Bitbucket => format!("src/{revision}/{path}"),
            Forge::Gitea => format!("src/commit/{revision}/{path}"),
            Forge::Sourcehut => format!("tree/{revision}/item/{path}"),
        };
        let line = match (forge, line) {
            (_, None) => String::new(),
            (Forge::Bitbucket, Some(line)) => format!("#lines-{line}"),
            (_, Some(line)) => format!("#L{line}"),
        };
        Some(format!("{repository}/{tree}{line}"))
    }

    /// Markdown that leads to a place when it has an address, and else is no link.
    pub(crate) fn link(&self, text: &str, page: &str, file: &str, line: Option<u32>) -> String {
        match self.target(page, file, line) {
            Some(target) => format!("[{text}]({target})"),
            None => text.to_owned(),
        }
    }

    /// Whether links lead to the repository's host.
    pub(crate) fn has_host(&self) -> bool {
        self.host.is_some()
    }

    /// The host's page of the commit; none when the host is not known.
    pub(crate) fn commit(&self) -> Option<String> {
        let (forge, repository, revision) = self.host.as_ref()?;
        let page = match forge {
            Forge::GitLab => "-/commit",
            Forge::Bitbucket => "commits",
            _ => "commit",
        };
        Some(format!("{repository}/{page}/{revision}"))
    }

    /// As [`Links::place`], but with the line alone as its text, where the file was just named.
    pub(crate) fn line(&self, page: &str, file: &str, line: u32) -> String {
        self.link(&code(&format!(":{line}")), page, file, Some(line))
    }

    /// As [`Links::place`], but without the folders that a narrow table has no room for; the link leads there.
    pub(crate) fn short_place(&self, page: &str, file: &str, line: u32) -> String {
        let name = file.rsplit('/').next().unwrap_or(file);
        // Every crate has a `main.rs`, every second folder a `mod.rs`: these need the folder that tells them apart.
        let folders = match name {
            "main.rs" | "lib.rs" => 2,
            "mod.rs" => 1,
            _ => 0,
        };
        let start = file.rmatch_indices('/').nth(folders).map_or(0, |(at, _)| at + 1);
        self.link(&code(&format!("{}:{line}", &file[start..])), page, file, Some(line))
    }

    /// The place, linked: `` [`src/db.rs:14`](…) ``.
    pub(crate) fn place(&self, page: &str, file: &str, line: u32) -> String {
        self.link(&code(&format!("{file}:{line}")), page, file, Some(line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(repository: &str) -> String {
        Links::new(Some(repository), Some("4fc0"), "", Some("")).target("STATEMAP.md", "src/x.rs", Some(7)).unwrap()
    }

    #[test]
    fn each_host_spells_its_links_its_own_way() {
        assert_eq!(on("https://github.com/o/n"), "https://github.com/o/n/blob/4fc0/src/x.rs#L7");
        assert_eq!(on("https://gitlab.example.org/g/s/n.git"), "https://gitlab.example.org/g/s/n/-/blob/4fc0/src/x.rs#L7");
        assert_eq!(on("https://bitbucket.org/o/n/"), "https://bitbucket.org/o/n/src/4fc0/src/x.rs#lines-7");
        assert_eq!(on("https://codeberg.org/o/n"), "https://codeberg.org/o/n/src/commit/4fc0/src/x.rs#L7");
        assert_eq!(on("https://git.sr.ht/~o/n"), "https://git.sr.ht/~o/n/tree/4fc0/item/src/x.rs#L7");
    }

    #[test]
    fn a_short_place_keeps_the_folder_that_tells_it_apart() {
        let short = |file: &str| Links::new(None, None, "", Some("")).short_place("p.md", file, 3);
        assert_eq!(short("crates/api/src/reports.rs"), "[`reports.rs:3`](crates/api/src/reports.rs#L3)");
        assert_eq!(short("crates/api/src/main.rs"), "[`api/src/main.rs:3`](crates/api/src/main.rs#L3)");
        assert_eq!(short("src/db/mod.rs"), "[`db/mod.rs:3`](src/db/mod.rs#L3)");
        assert_eq!(short("build.rs"), "[`build.rs:3`](build.rs#L3)");
    }

    #[test]
    fn the_prefix_leads_from_the_repository_to_the_analysed_root() {
        let links = Links::new(Some("https://github.com/o/n"), Some("r"), "services/shop/", None);
        assert_eq!(links.target("p.md", "src/x.rs", None).unwrap(), "https://github.com/o/n/blob/r/services/shop/src/x.rs");
    }

    #[test]
    fn without_a_revision_links_are_relative_to_the_page() {
        let links = Links::new(Some("https://github.com/o/n"), None, "", Some(".."));
        assert_eq!(links.target("STATEMAP.md", "src/x.rs", Some(1)).unwrap(), "../src/x.rs#L1");
        assert_eq!(links.target("src/kinds/pools.md", "src/x.rs", Some(1)).unwrap(), "../../../src/x.rs#L1");
    }

    #[test]
    fn without_a_host_and_away_from_the_source_a_place_is_no_link() {
        let links = Links::new(Some("https://github.com/o/n"), None, "", None);
        assert_eq!(links.place("src/kinds/pools.md", "src/x.rs", 1), "`src/x.rs:1`");
        assert_eq!(links.line("src/kinds/pools.md", "src/x.rs", 1), "`:1`");
    }

    #[test]
    fn passwords_of_a_remote_and_odd_remotes_do_not_reach_a_page() {
        assert_eq!(on("https://me:secret@github.com/o/n"), "https://github.com/o/n/blob/4fc0/src/x.rs#L7");
        assert_eq!(on("javascript://x/y"), "src/x.rs#L7");
        assert_eq!(on("https://ho)st/y"), "src/x.rs#L7");
    }
}
