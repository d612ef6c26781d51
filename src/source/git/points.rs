//! Points of a history that are worth comparing: releases by their tags, else commits that touched the analysed folder.

use std::collections::BTreeMap;

use gix::ObjectId;
use gix::prelude::ObjectIdExt as _;
use gix::revision::walk::Sorting;
use gix::traverse::commit::simple::CommitTimeOrder;

use super::{GitError, Repository, lacking, one_line};

/// Most commits that are looked at.
const COMMITS: usize = 20_000;

/// A commit of the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// Its tag, else the hash in short; `HEAD` when what is checked out has no tag and others have.
    pub name: String,
    /// Its hash.
    pub commit: String,
    /// The day on which it was committed, in UTC: `2026-03-01`.
    pub day: String,
    /// The first line of what its author says of it.
    pub subject: String,
}

impl Repository {
    /// The last few points, the newest first.
    ///
    /// With two tags or more behind what is checked out these are the points, and what is checked out itself. Else they are the
    /// commits that touched the analysed folder, each followed to its first parent.
    ///
    /// # Errors
    /// When commits are missing or broken.
    pub fn points(&self, most: usize) -> Result<Vec<Point>, GitError> {
        let mut repository = self.shared.to_thread_local();
        repository.object_cache_size_if_unset(4 * 1024 * 1024);
        let broken = |error: gix::Error| lacking(&repository, "HEAD", &one_line(&error));
        let head = repository.head_id().map_err(broken)?.detach();
        let tags = tags(&repository);
        let mut out = Vec::new();
        if tags.len() >= 2 {
            let walk = repository.rev_walk([head]).sorting(Sorting::ByCommitTime(CommitTimeOrder::NewestFirst));
            for info in walk.all().map_err(broken)?.take(COMMITS) {
                // A shallow clone ends somewhere.
                let Ok(info) = info else { break };
                // Whether there are two tags is seen from three points.
                if out.len() >= most.max(3) {
                    break;
                }
                if let Some(tag) = tags.get(&info.id) {
                    out.push(point(&repository, tag.clone(), info.id).map_err(broken)?);
                } else if info.id == head {
                    out.push(point(&repository, "HEAD".to_owned(), info.id).map_err(broken)?);
                }
            }
            if out.len() >= 3 || out.len() == 2 && out.iter().all(|point| point.name != "HEAD") {
                out.truncate(most);
                return Ok(out);
            }
            out.clear();
        }
        let mut at = Some(head);
        for _ in 0..COMMITS {
            let Some(id) = at.filter(|_| out.len() < most) else { break };
            let Ok(commit) = repository.find_commit(id) else { break };
            let parent = commit.parent_ids().next().map(gix::Id::detach);
            let here = self.folder_of(&repository, id);
            if parent.is_none_or(|parent| self.folder_of(&repository, parent) != here) {
                out.push(point(&repository, id.to_string()[..10].to_owned(), id).map_err(broken)?);
            }
            at = parent;
        }
        Ok(out)
    }

    /// The tree of the analysed folder in a commit.
    fn folder_of(&self, repository: &gix::Repository, commit: ObjectId) -> Option<ObjectId> {
        let tree = repository.find_commit(commit).ok()?.tree().ok()?;
        if self.prefix.is_empty() {
            return Some(tree.id);
        }
        Some(tree.lookup_entry_by_path(&self.prefix).ok()??.object_id())
    }
}

/// Tags by the commit that they stand for; of several, the one that is last by name.
fn tags(repository: &gix::Repository) -> BTreeMap<ObjectId, String> {
    let mut out: BTreeMap<ObjectId, String> = BTreeMap::new();
    let Ok(platform) = repository.references() else { return out };
    let Ok(tags) = platform.tags() else { return out };
    for mut tag in tags.flatten().take(super::MAX_REFS) {
        let name = tag.name().shorten().to_string();
        let Ok(id) = tag.peel_to_id() else { continue };
        let id = id.detach();
        let is_commit = id.attach(repository).header().is_ok_and(|header| header.kind() == gix::objs::Kind::Commit);
        if is_commit && out.get(&id).is_none_or(|known| *known < name) {
            out.insert(id, name);
        }
    }
    out
}

fn point(repository: &gix::Repository, name: String, id: ObjectId) -> gix::Result<Point> {
    let commit = repository.find_commit(id)?;
    let seconds = commit.time()?.seconds;
    let day = jiff::Timestamp::from_second(seconds).map_or_else(|_| String::new(), |time| time.strftime("%Y-%m-%d").to_string());
    let subject = commit.message().map(|message| message.summary().to_string()).unwrap_or_default();
    Ok(Point { name, commit: id.to_string(), day, subject })
}
