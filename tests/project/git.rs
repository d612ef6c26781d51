//! Repositories made in temporary folders: what lies in a folder is committed, without a git program.

use std::path::Path;

use gix::ObjectId;
use gix::objs::tree::{Entry, EntryKind};

use super::Project;

/// The repository of a project, with a branch `main`.
pub(crate) struct History {
    pub(crate) repository: gix::Repository,
}

impl History {
    /// A repository in the project's folder, with a remote.
    pub(crate) fn of(project: &Project) -> Self {
        let repository = Self::at(project.root(), gix::create::Kind::WithWorktree);
        let config = project.read(".git/config");
        project.write(".git/config", format!("{config}[remote \"origin\"]\n\turl = git@git.example.org:shop/api.git\n"));
        project.write(".git/HEAD", "ref: refs/heads/main\n");
        repository
    }

    /// A repository in a folder.
    pub(crate) fn at(folder: &Path, kind: gix::create::Kind) -> Self {
        let options = gix::open::Options::isolated();
        let made = gix::ThreadSafeRepository::init_opts(folder, kind, gix::create::Options::default(), options).unwrap();
        Self { repository: made.to_thread_local() }
    }

    /// Commits what lies in a folder to `main`.
    pub(crate) fn commit(&self, folder: &Path) -> String {
        let parents: Vec<ObjectId> = self.tip("refs/heads/main").into_iter().collect();
        self.commit_to("refs/heads/main", self.tree(folder), parents)
    }

    /// Commits what lies in a folder to a branch that begins where another one is.
    pub(crate) fn branch(&self, name: &str, from: &str, folder: &Path) -> String {
        let parents: Vec<ObjectId> = self.tip(name).or_else(|| self.tip(from)).into_iter().collect();
        self.commit_to(name, self.tree(folder), parents)
    }

    pub(crate) fn commit_to(&self, branch: &str, tree: ObjectId, parents: Vec<ObjectId>) -> String {
        let who = gix::actor::SignatureRef { name: "A".into(), email: "a@example.org".into(), time: "1700000000 +0000" };
        self.repository.commit_as(who, who, branch, "a change", tree, parents).unwrap().to_string()
    }

    fn tip(&self, name: &str) -> Option<ObjectId> {
        Some(self.repository.try_find_reference(name).unwrap()?.into_fully_peeled_id().unwrap().detach())
    }

    /// The tree of a folder.
    pub(crate) fn tree(&self, folder: &Path) -> ObjectId {
        let mut entries: Vec<Entry> = Vec::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let kind = entry.file_type().unwrap();
            let name = entry.file_name().into_string().unwrap();
            if name == ".git" {
                continue;
            }
            let (mode, oid) = if kind.is_dir() {
                (EntryKind::Tree, self.tree(&entry.path()))
            } else if kind.is_symlink() {
                let target = std::fs::read_link(entry.path()).unwrap();
                (EntryKind::Link, self.blob(target.to_str().unwrap()))
            } else {
                (EntryKind::Blob, self.blob(std::fs::read(entry.path()).unwrap()))
            };
            entries.push(Entry { mode: mode.into(), filename: name.into(), oid });
        }
        self.tree_of(entries)
    }

    pub(crate) fn tree_of(&self, mut entries: Vec<Entry>) -> ObjectId {
        entries.sort();
        self.repository.write_object(&gix::objs::Tree { entries }).unwrap().detach()
    }

    pub(crate) fn blob(&self, bytes: impl AsRef<[u8]>) -> ObjectId {
        self.repository.write_blob(bytes).unwrap().detach()
    }

    /// Takes an object away, as a partial clone has it.
    pub(crate) fn lose(&self, id: ObjectId) {
        let hex = id.to_string();
        std::fs::remove_file(self.repository.git_dir().join("objects").join(&hex[..2]).join(&hex[2..])).unwrap();
    }
}
