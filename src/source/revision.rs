//! Which revision of which repository an analysed folder is, for links to its source.
//!
//! Reads the repository's own files only: not the user's or the system's git configuration, not the environment. A missing
//! or broken repository is no error, the map then has no revision.

use std::path::Path;

/// Revision and remote of an analysed folder; all empty when it is in no repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Revision {
    /// The commit that is checked out.
    pub commit: Option<String>,
    /// The repository's page on its host, `https://host/owner/name`, from the remote `origin`.
    pub repository: Option<String>,
    /// Path of the analysed folder inside the repository, with `/` between names; empty for its root.
    pub prefix: String,
}

/// The revision of the tree at `root`; none when the program was built without the feature `git`.
///
/// A folder that the checked-out commit does not hold (a build folder, a checkout of another project) has none: links into
/// the repository would lead nowhere.
#[must_use]
#[cfg_attr(not(feature = "git"), allow(unused_variables, reason = "nothing is looked up"))]
pub fn revision(root: &Path) -> Revision {
    #[cfg(feature = "git")]
    return read(root).unwrap_or_default();
    #[cfg(not(feature = "git"))]
    return Revision::default();
}

#[cfg(feature = "git")]
fn read(root: &Path) -> Option<Revision> {
    use super::git::{is_sound, open};

    let root = std::fs::canonicalize(root).ok()?;
    let work_dir = root.ancestors().find(|folder| folder.join(".git").symlink_metadata().is_ok())?;
    if !is_sound(work_dir) {
        return None;
    }
    let repository = open(work_dir).ok()?.to_thread_local();
    let prefix = root.strip_prefix(std::fs::canonicalize(repository.workdir()?).ok()?).ok()?;
    let commit = repository.head_commit().ok();
    if let Some(commit) = &commit
        && !prefix.as_os_str().is_empty()
    {
        let entry = commit.tree().ok()?.lookup_entry_by_path(prefix).ok()??;
        entry.mode().is_tree().then_some(())?;
    }
    let names: Option<Vec<&str>> = prefix.iter().map(|name| name.to_str()).collect();
    let url = repository.config_snapshot().string("remote.origin.url");
    Some(Revision {
        commit: commit.map(|commit| commit.id().to_string()),
        repository: url.and_then(|url| web_page(&url.to_string())),
        prefix: names?.join("/"),
    })
}

/// The page of a remote: `https://host/owner/name`.
///
/// User names, passwords and ports of ssh are dropped; anything that is not plainly a page on a host is `None`, for the
/// result is put into links.
#[cfg_attr(not(feature = "git"), allow(dead_code, reason = "there is no remote to ask for"))]
pub(super) fn web_page(url: &str) -> Option<String> {
    let url = url.trim();
    let (host, path) = match url.split_once("://") {
        Some(("https" | "http", rest)) => {
            let (authority, path) = rest.split_once('/')?;
            (without_user(authority), path)
        }
        Some(("ssh" | "git" | "git+ssh" | "ssh+git", rest)) => {
            let (authority, path) = rest.split_once('/')?;
            (without_user(authority).split(':').next()?, path)
        }
        Some(_) => return None,
        None => {
            // `git@host:owner/name`, not `C:\repo` and not `./dir:x/y`.
            let (authority, path) = url.split_once(':')?;
            (without_user(authority), path.trim_start_matches('/'))
        }
    };
    let path = path.trim_end_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    let plain = |text: &str, more: &[u8]| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || more.contains(&byte));
    let names_ok = path.split('/').count() >= 2 && path.split('/').all(|name| !name.is_empty() && name != "." && name != "..");
    let host_ok = host.contains('.') && !host.starts_with('.') && plain(host, b".-:");
    (host_ok && names_ok && plain(path, b"._~-/")).then(|| format!("https://{host}/{path}"))
}

#[cfg_attr(not(feature = "git"), allow(dead_code, reason = "there is no remote to ask for"))]
fn without_user(authority: &str) -> &str {
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn every_spelling_of_a_remote_becomes_its_page() {
        for url in [
            "git@git.example.org:shop/api.git",
            "ssh://git@git.example.org/shop/api.git",
            "ssh://git@git.example.org:2222/shop/api",
            "https://git.example.org/shop/api.git",
            "https://git.example.org/shop/api/",
            "http://git.example.org/shop/api",
            "https://ci:s3cr3t@git.example.org/shop/api.git",
            "https://token@git.example.org/shop/api",
            "git://git.example.org/shop/api.git",
        ] {
            assert_eq!(web_page(url).as_deref(), Some("https://git.example.org/shop/api"), "{url}");
        }
        assert_eq!(web_page("git@git.example.org:group/sub/api").as_deref(), Some("https://git.example.org/group/sub/api"));
        assert_eq!(web_page("https://git.example.org:8443/shop/api").as_deref(), Some("https://git.example.org:8443/shop/api"));
    }

    #[test]
    fn what_is_no_page_on_a_host_is_left_out() {
        for url in [
            "/srv/git/api.git",
            "../api",
            "file:///srv/git/api.git",
            "C:\\repo",
            "git@host-alias:shop/api",
            "https://git.example.org/",
            "",
            "https://a.b/c/../d",
        ] {
            assert_eq!(web_page(url), None, "{url}");
        }
        assert_eq!(web_page("https://git.example.org/shop/api)[x](y"), None, "it would break out of a Markdown link");
    }

    #[test]
    fn a_folder_in_no_repository_has_no_revision() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(revision(folder.path()), Revision::default());
    }

    #[test]
    fn a_broken_repository_is_no_repository() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(".git")).unwrap();
        assert_eq!(revision(folder.path()), Revision::default());
        fs::write(folder.path().join(".git/HEAD"), "ref: refs/heads/main\n").unwrap();
        fs::write(folder.path().join(".git/config"), "[remote \"origin\"\nurl = \x01").unwrap();
        assert_eq!(revision(folder.path()), Revision::default());
    }

    #[cfg(feature = "git")]
    /// A repository without its objects, as a clone that went wrong leaves it: written by hand, no git needed.
    fn repository(folder: &Path, head: &str) {
        for name in ["refs/heads", "objects"] {
            fs::create_dir_all(folder.join(".git").join(name)).unwrap();
        }
        fs::write(folder.join(".git/HEAD"), head).unwrap();
        let config =
            "[core]\n\trepositoryformatversion = 0\n\tbare = false\n[remote \"origin\"]\n\turl = git@git.example.org:shop/api.git\n";
        fs::write(folder.join(".git/config"), config).unwrap();
    }

    #[cfg(feature = "git")]
    #[test]
    fn a_repository_without_a_commit_still_knows_its_remote() {
        let folder = tempfile::tempdir().unwrap();
        repository(folder.path(), "ref: refs/heads/main\n");
        fs::create_dir(folder.path().join("services")).unwrap();
        let found = revision(&folder.path().join("services"));
        assert_eq!(found.commit, None);
        assert_eq!(found.repository.as_deref(), Some("https://git.example.org/shop/api"));
        assert_eq!(found.prefix, "services");
    }

    #[cfg(feature = "git")]
    #[test]
    fn a_commit_whose_object_is_lost_is_not_named() {
        let folder = tempfile::tempdir().unwrap();
        repository(folder.path(), "4fc0000000000000000000000000000000000000\n");
        assert_eq!(revision(folder.path()).commit, None);
    }
}
