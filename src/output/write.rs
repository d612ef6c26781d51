//! Writing: all pages or none, only what changed, nothing that statemap did not write itself.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Component, Path, PathBuf};

use tempfile::{Builder, TempPath};

use super::splice::{SpliceError, has_markers, nested, splice};
use super::{held, leftovers};
use crate::render::{Existing, MARKER, Page, SOURCE_MARKER, STYLE_MARKER};

/// How pages are written.
#[derive(Clone, Copy, Debug, Default)]
pub struct WriteOptions<'a> {
    /// A folder below the output folder whose generated pages are all among those written: others that carry the marker
    /// are of vanished items and are removed.
    pub prune: Option<&'a str>,
    /// Whether files that statemap did not write are replaced.
    pub force: bool,
    /// Whether nothing is written, only told.
    pub dry_run: bool,
}

/// What was done; paths relative to the output folder, sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WriteReport {
    /// New or changed.
    pub written: Vec<String>,
    /// As they were, and not touched.
    pub unchanged: Vec<String>,
    /// Someone's own, and left alone.
    pub kept: Vec<String>,
    /// Pages of vanished items.
    pub removed: Vec<String>,
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// A file is in the way that statemap did not write.
    #[error(
        "`{}` was not written by statemap; put `<!-- statemap:begin -->` and `<!-- statemap:end -->` into it where the map \
         belongs, choose another file with `-o`, or replace it with `--force`",
        .path.display()
    )]
    NotOurs {
        /// The file.
        path: PathBuf,
    },
    /// A file is in the way whose text cannot be read.
    #[error(
        "`{}` is not UTF-8, so no markers can be looked for in it; save it as UTF-8, choose another file with `-o`, or replace it \
         with `--force`",
        .path.display()
    )]
    NotText {
        /// The file.
        path: PathBuf,
    },
    /// The markers of a file are broken.
    #[error("cannot put the map into `{}`: {source}", .path.display())]
    Splice {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: SpliceError,
    },
    /// A link leads out of the output folder.
    #[error("`{}` leads out of `{}` through a link; nothing is written there", .path.display(), .dir.display())]
    Outside {
        /// The file or folder.
        path: PathBuf,
        /// The output folder.
        dir: PathBuf,
    },
    /// The system refused half-way, and again when what was done should be undone: the files named are new, the others old.
    #[error("{source}; {} written before that and could not be put back: {}", were(.new.len()), quoted(.new))]
    HalfWay {
        /// Why it failed.
        source: Box<WriteError>,
        /// The files that are new already.
        new: Vec<PathBuf>,
    },
    /// The system refused.
    #[error("failed to {verb} `{}`: {source}{}", .path.display(), advice(.source))]
    Io {
        /// What was tried.
        verb: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
}

fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => "; make the folder writable or choose another with `-o`",
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => "; a file is where a folder should be: choose another with `-o`",
        io::ErrorKind::IsADirectory => "; a folder is where the file should be: choose another with `-o`",
        io::ErrorKind::StorageFull => "; the disk is full",
        io::ErrorKind::QuotaExceeded => "; the quota of the disk is used up",
        io::ErrorKind::NotFound => "; the folder went away meanwhile",
        _ => "",
    }
}

fn were(count: usize) -> &'static str {
    if count == 1 { "one file was" } else { "some files were" }
}

/// The first few of these.
fn quoted(files: &[PathBuf]) -> String {
    let shown: Vec<String> = files.iter().take(5).map(|file| format!("`{}`", file.display())).collect();
    let more = files.len().saturating_sub(5);
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}

fn failed(verb: &'static str, path: &Path) -> impl FnOnce(io::Error) -> WriteError {
    let path = path.to_owned();
    move |source| WriteError::Io { verb, path, source }
}

/// A page whose file changes.
struct Change<'a> {
    page: &'a Page,
    target: PathBuf,
    old: Option<Vec<u8>>,
    new: Vec<u8>,
}

/// A page that is ready to take its place.
struct Staged {
    name: String,
    target: PathBuf,
    /// The file is closed: a site has more pages than a process may have files open.
    new: TempPath,
    old: Option<Vec<u8>>,
}

/// Writes pages below a folder: all of them, or none when something fails.
///
/// Unchanged files are not touched. Each page is first written to a temporary file beside its target, then all are renamed;
/// should a rename fail, those before it are undone. Who ends the process at a signal should [`wait`](super::wait) for the renames.
///
/// # Errors
/// When a file is in the way that statemap did not write, markers are broken, a link leads out of the folder, or the
/// system refuses; the old files are then as they were.
pub fn write_pages(dir: &Path, pages: &[Page], options: &WriteOptions<'_>) -> Result<WriteReport, WriteError> {
    let Plan { wanted, streams, mut report } = plan(dir, pages, options)?;
    let gone = std::mem::take(&mut report.removed);
    let dir = named(dir);
    if options.dry_run {
        report.written = wanted.iter().map(|change| change.page.path.clone()).collect();
    } else {
        let mut writing = held::begin();
        leftovers::remove(wanted.iter().filter_map(|change| change.target.parent()));
        report.written = commit(wanted)?;
        *writing += report.written.len();
        for path in &gone {
            let target = dir.join(path);
            match fs::remove_file(&target) {
                // Another run was quicker.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                done => done.map_err(failed("remove", &target))?,
            }
        }
        // Who reads a pipe may take as long as they like.
        drop(writing);
        for (target, page) in &streams {
            let file = fs::OpenOptions::new().write(true).open(target);
            file.and_then(|mut file| file.write_all(page.text.as_bytes())).map_err(failed("write", target))?;
        }
    }
    report.written.extend(streams.iter().map(|(_, page)| page.path.clone()));
    report.removed = gone;
    for list in [&mut report.written, &mut report.unchanged, &mut report.kept, &mut report.removed] {
        list.sort();
    }
    Ok(report)
}

/// A file that is not as it would be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// The page, relative to the output folder.
    pub path: String,
    /// What is there; `None` when nothing is. What is no text is shown as far as it is.
    pub old: Option<String>,
    /// What would be there.
    pub new: String,
}

/// What [`write_pages`] would change, and the pages of vanished items that it would remove. Nothing is written.
///
/// # Errors
/// As [`write_pages`].
pub fn pending(dir: &Path, pages: &[Page], options: &WriteOptions<'_>) -> Result<(Vec<Pending>, Vec<String>), WriteError> {
    let Plan { wanted, report, .. } = plan(dir, pages, options)?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let changes = wanted.iter().map(|change| Pending {
        path: change.page.path.clone(),
        old: change.old.as_deref().map(text),
        new: text(&change.new),
    });
    Ok((changes.collect(), report.removed))
}

/// What is to be done.
struct Plan<'a> {
    wanted: Vec<Change<'a>>,
    streams: Vec<(PathBuf, &'a Page)>,
    /// What stays and what goes; nothing is written yet.
    report: WriteReport,
}

/// The current folder has a name that can be resolved.
fn named(dir: &Path) -> &Path {
    if dir.as_os_str().is_empty() { Path::new(".") } else { dir }
}

fn plan<'a>(dir: &Path, pages: &'a [Page], options: &WriteOptions<'_>) -> Result<Plan<'a>, WriteError> {
    let dir = named(dir);
    let mut report = WriteReport::default();
    let mut wanted: Vec<Change<'_>> = Vec::new();
    let mut streams: Vec<(PathBuf, &Page)> = Vec::new();
    for page in pages {
        let target = inside(dir, &page.path)?;
        if is_stream(&target) {
            streams.push((target, page));
            continue;
        }
        let old = match fs::read(&target) {
            Ok(old) => Some(old),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(failed("read", &target)(error)),
        };
        match text_for(page, &target, old.as_deref(), options.force)? {
            None => report.kept.push(page.path.clone()),
            Some(new) if old.as_deref() == Some(new.as_slice()) => report.unchanged.push(page.path.clone()),
            Some(new) => wanted.push(Change { page, target, old, new }),
        }
    }
    if let Some(folder) = options.prune {
        report.removed = vanished(dir, folder, pages)?;
    }
    Ok(Plan { wanted, streams, report })
}

/// Whether what is there already takes bytes and keeps none: a pipe, `/dev/null`. It is written to and neither read, which may
/// never end, nor replaced by a file, which for `/dev/null` would break every other program of the machine.
fn is_stream(target: &Path) -> bool {
    fs::metadata(target).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
}

/// What shall stand in the file; `None` when it is left alone.
fn text_for(page: &Page, target: &Path, old: Option<&[u8]>, force: bool) -> Result<Option<Vec<u8>>, WriteError> {
    let generated = || Ok(Some(page.text.clone().into_bytes()));
    let Some(old) = old else { return generated() };
    match page.existing {
        Existing::Kept => Ok(None),
        Existing::Replaced => generated(),
        Existing::Marked => {
            let text = std::str::from_utf8(old).ok();
            if text.is_some_and(is_generated) {
                return generated();
            }
            if let Some(text) = text.filter(|text| has_markers(text)) {
                // The parts of a book's summary are headings of the first level, whatever stands above them.
                let is_summary = target.file_name().is_some_and(|name| name == "SUMMARY.md");
                let spliced = if is_summary { splice(text, &page.text) } else { splice(text, &nested(text, &page.text)) };
                return spliced
                    .map(|text| Some(text.into_bytes()))
                    .map_err(|source| WriteError::Splice { path: target.to_owned(), source });
            }
            // An empty file is nobody's.
            if force || old.iter().all(u8::is_ascii_whitespace) {
                return generated();
            }
            let path = target.to_owned();
            Err(if text.is_some() { WriteError::NotOurs { path } } else { WriteError::NotText { path } })
        }
    }
}

/// Whether a file begins with the marker of a generated page, drawing or stylesheet.
fn is_generated(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}');
    [MARKER, STYLE_MARKER, SOURCE_MARKER].iter().any(|marker| text.starts_with(marker))
}

/// The target of a page; every part of it lies in the folder, links included.
fn inside(dir: &Path, path: &str) -> Result<PathBuf, WriteError> {
    let outside = || WriteError::Outside { path: dir.join(path), dir: dir.to_owned() };
    let relative = Path::new(path);
    if path.is_empty() || !relative.components().all(|part| matches!(part, Component::Normal(_))) {
        return Err(outside());
    }
    // Parts that are not there yet cannot be links.
    let Ok(root) = dir.canonicalize() else { return Ok(dir.join(relative)) };
    let mut at = dir.to_owned();
    for part in relative.components() {
        at.push(part);
        let Ok(metadata) = fs::symlink_metadata(&at) else { continue };
        if metadata.is_symlink() {
            // A link to nowhere may lead out as well: it cannot be told.
            let real = at.canonicalize().map_err(|_| outside())?;
            if !real.starts_with(&root) {
                return Err(outside());
            }
            at = real;
        }
    }
    Ok(at)
}

/// Generated pages below a folder that are not among those written.
fn vanished(dir: &Path, folder: &str, pages: &[Page]) -> Result<Vec<String>, WriteError> {
    let mut gone = Vec::new();
    let written: BTreeSet<&str> = pages.iter().map(|page| page.path.as_str()).collect();
    let mut folders = vec![folder.trim_matches('/').to_owned()];
    while let Some(folder) = folders.pop() {
        let path = dir.join(&folder);
        let entries = match fs::read_dir(&path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(failed("read", &path)(error)),
        };
        for entry in entries {
            let entry = entry.map_err(failed("read", &path))?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            let name = if folder.is_empty() { name } else { format!("{folder}/{name}") };
            // The type of the entry itself: links are neither followed nor removed.
            let kind = entry.file_type().map_err(failed("read", &entry.path()))?;
            if kind.is_dir() {
                folders.push(name);
            } else if kind.is_file() && name.ends_with(".md") && !written.contains(name.as_str()) {
                let ours = fs::read_to_string(entry.path()).is_ok_and(|text| is_generated(&text));
                if ours {
                    gone.push(name);
                }
            }
        }
    }
    gone.sort();
    Ok(gone)
}

/// Writes every page to a temporary file, then renames them all.
fn commit(wanted: Vec<Change<'_>>) -> Result<Vec<String>, WriteError> {
    let mut made = Made(Vec::new());
    let mut staged = Vec::new();
    for Change { page, target, old, new } in wanted {
        let folder = target.parent().unwrap_or(Path::new("."));
        made.create(folder)?;
        let new = stage(folder, &target, &new)?;
        staged.push(Staged { name: page.path.clone(), target, new, old });
    }
    let mut done: Vec<(PathBuf, Option<Vec<u8>>)> = Vec::new();
    let mut names = Vec::new();
    for page in staged {
        if let Err(error) = page.new.persist(&page.target) {
            let source = failed("replace", &page.target)(error.error);
            let new = undo(done);
            return Err(if new.is_empty() { source } else { WriteError::HalfWay { source: Box::new(source), new } });
        }
        done.push((page.target, page.old));
        names.push(page.name);
    }
    made.keep();
    Ok(names)
}

/// Puts back what was there before; the files for which that failed.
fn undo(done: Vec<(PathBuf, Option<Vec<u8>>)>) -> Vec<PathBuf> {
    let back = |target: &Path, old: Option<&[u8]>| match old {
        // Renamed as well: on a full disk, writing over the page would leave nothing of it.
        Some(old) => stage(target.parent().unwrap_or(Path::new(".")), target, old).is_ok_and(|old| old.persist(target).is_ok()),
        None => fs::remove_file(target).is_ok() || !target.exists(),
    };
    done.into_iter().filter(|(target, old)| !back(target, old.as_deref())).map(|(target, _)| target).collect()
}

fn stage(folder: &Path, target: &Path, text: &[u8]) -> Result<TempPath, WriteError> {
    let mut builder = Builder::new();
    builder.prefix(leftovers::PREFIX).suffix(leftovers::SUFFIX);
    let permissions = fs::metadata(target).map(|metadata| metadata.permissions()).ok();
    // Temporary files are private unless told otherwise; a page is as readable as any new file.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder).map_err(failed("write", target))?;
    file.write_all(text).and_then(|()| file.flush()).map_err(failed("write", target))?;
    if let Some(permissions) = permissions {
        file.as_file().set_permissions(permissions).map_err(failed("write", target))?;
    }
    Ok(file.into_temp_path())
}

/// Folders made by this run; removed again, when empty, unless the run succeeds.
struct Made(Vec<PathBuf>);

impl Made {
    fn create(&mut self, folder: &Path) -> Result<(), WriteError> {
        let mut missing: Vec<&Path> = Vec::new();
        let mut at = Some(folder);
        while let Some(folder) = at.filter(|folder| !folder.as_os_str().is_empty() && !folder.exists()) {
            missing.push(folder);
            at = folder.parent();
        }
        for folder in missing.into_iter().rev() {
            match fs::create_dir(folder) {
                // Another run was quicker.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => {}
                done => {
                    done.map_err(failed("create", folder))?;
                    self.0.push(folder.to_owned());
                }
            }
        }
        Ok(())
    }

    fn keep(mut self) {
        self.0.clear();
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        for folder in self.0.iter().rev() {
            let _ = fs::remove_dir(folder);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(path: &str, body: &str) -> Page {
        Page { path: path.to_owned(), text: format!("{MARKER} -->\n\n{body}\n"), existing: Existing::Marked }
    }

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn only_changed_pages_are_touched() {
        let dir = tempfile::tempdir().unwrap();
        let pages = [page("a.md", "a"), page("sub/b.md", "b")];
        let first = write_pages(dir.path(), &pages, &WriteOptions::default()).unwrap();
        assert_eq!(first.written, ["a.md", "sub/b.md"]);
        let before = fs::metadata(dir.path().join("a.md")).unwrap().modified().unwrap();
        let second = write_pages(dir.path(), &[page("a.md", "a"), page("sub/b.md", "new")], &WriteOptions::default()).unwrap();
        assert_eq!((second.written, second.unchanged), (vec!["sub/b.md".to_owned()], vec!["a.md".to_owned()]));
        assert_eq!(fs::metadata(dir.path().join("a.md")).unwrap().modified().unwrap(), before);
        assert_eq!(names(dir.path()), ["a.md", "sub"]);
    }

    #[test]
    fn a_file_that_is_not_ours_stops_everything() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("b.md"), "mine").unwrap();
        let pages = [page("a.md", "a"), page("b.md", "b")];
        let error = write_pages(dir.path(), &pages, &WriteOptions::default()).unwrap_err();
        assert!(matches!(error, WriteError::NotOurs { .. }) && error.to_string().contains("--force"), "{error}");
        assert_eq!(names(dir.path()), ["b.md"]);
        write_pages(dir.path(), &pages, &WriteOptions { force: true, ..WriteOptions::default() }).unwrap();
        assert!(fs::read_to_string(dir.path().join("b.md")).unwrap().starts_with(MARKER));
    }

    #[test]
    fn a_file_with_markers_gets_the_map_between_them() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("README.md");
        fs::write(&file, "# Mine\n\n<!-- statemap:begin -->\n<!-- statemap:end -->\n").unwrap();
        write_pages(dir.path(), &[page("README.md", "map")], &WriteOptions::default()).unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "# Mine\n\n<!-- statemap:begin -->\n\nmap\n\n<!-- statemap:end -->\n");
        fs::write(&file, "# Mine\n\n<!-- statemap:begin -->\n").unwrap();
        let error = write_pages(dir.path(), &[page("README.md", "map")], &WriteOptions::default()).unwrap_err();
        assert!(error.to_string().contains("line 3") && error.to_string().contains("README.md"), "{error}");
        fs::write(&file, b"# Latin-1: \xe4\n\n<!-- statemap:begin -->\n<!-- statemap:end -->\n").unwrap();
        let error = write_pages(dir.path(), &[page("README.md", "map")], &WriteOptions::default()).unwrap_err();
        assert!(error.to_string().contains("not UTF-8") && error.to_string().contains("README.md"), "{error}");
    }

    #[test]
    fn a_map_in_a_page_has_its_headings_below_those_of_the_page_and_a_summary_keeps_its_parts() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["README.md", "SUMMARY.md"] {
            fs::write(dir.path().join(name), "# Mine\n\n<!-- statemap:begin -->\n<!-- statemap:end -->\n").unwrap();
            write_pages(dir.path(), &[page(name, "# Map")], &WriteOptions::default()).unwrap();
        }
        let text = |name: &str| fs::read_to_string(dir.path().join(name)).unwrap();
        assert!(text("README.md").contains("\n## Map\n"), "{}", text("README.md"));
        assert!(text("SUMMARY.md").contains("\n# Map\n"), "{}", text("SUMMARY.md"));
    }

    #[test]
    fn a_kept_file_is_left_alone_and_a_replaced_one_is_not() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("book.toml"), "mine").unwrap();
        fs::write(dir.path().join("map.json"), "old").unwrap();
        let raw = |path: &str, existing| Page { path: path.to_owned(), text: "new".to_owned(), existing };
        let pages = [raw("book.toml", Existing::Kept), raw("map.json", Existing::Replaced)];
        let report = write_pages(dir.path(), &pages, &WriteOptions::default()).unwrap();
        assert_eq!((report.kept, report.written), (vec!["book.toml".to_owned()], vec!["map.json".to_owned()]));
        assert_eq!(fs::read_to_string(dir.path().join("book.toml")).unwrap(), "mine");
    }

    #[test]
    fn pages_of_vanished_items_are_pruned_and_others_stay() {
        let dir = tempfile::tempdir().unwrap();
        let options = WriteOptions { prune: Some("src"), ..WriteOptions::default() };
        write_pages(dir.path(), &[page("src/kinds/a.md", "a"), page("src/b.md", "b"), page("top.md", "t")], &options).unwrap();
        fs::write(dir.path().join("src/own.md"), "mine").unwrap();
        let report = write_pages(dir.path(), &[page("src/b.md", "b")], &options).unwrap();
        assert_eq!(report.removed, ["src/kinds/a.md"]);
        assert!(dir.path().join("src/own.md").exists() && dir.path().join("top.md").exists());
    }

    #[test]
    fn paths_never_leave_the_folder() {
        let dir = tempfile::tempdir().unwrap();
        for path in ["../x.md", "/tmp/x.md", "a/../../x.md", ""] {
            let error = write_pages(dir.path(), &[page(path, "x")], &WriteOptions::default()).unwrap_err();
            assert!(matches!(error, WriteError::Outside { .. }), "{path}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_out_of_the_folder_are_refused_and_links_inside_are_followed() {
        let other = tempfile::tempdir().unwrap();
        let dir = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(other.path(), dir.path().join("out")).unwrap();
        std::os::unix::fs::symlink(other.path().join("nowhere.md"), dir.path().join("dangling.md")).unwrap();
        for path in ["out/a.md", "dangling.md"] {
            assert!(matches!(write_pages(dir.path(), &[page(path, "a")], &WriteOptions::default()), Err(WriteError::Outside { .. })));
        }
        assert!(names(other.path()).is_empty());
        fs::write(dir.path().join("real.md"), format!("{MARKER} -->")).unwrap();
        std::os::unix::fs::symlink("real.md", dir.path().join("link.md")).unwrap();
        write_pages(dir.path(), &[page("link.md", "x")], &WriteOptions::default()).unwrap();
        assert!(fs::read_to_string(dir.path().join("real.md")).unwrap().contains('x'));
        assert!(fs::symlink_metadata(dir.path().join("link.md")).unwrap().is_symlink());
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_is_written_to_and_stays_a_pipe() {
        use std::os::unix::fs::FileTypeExt as _;
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("pipe.md");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let reader = std::thread::spawn({
            let pipe = pipe.clone();
            move || fs::read_to_string(pipe).unwrap()
        });
        let report = write_pages(dir.path(), &[page("pipe.md", "map")], &WriteOptions::default()).unwrap();
        assert!(fs::symlink_metadata(&pipe).unwrap().file_type().is_fifo(), "replaced by a file");
        assert!(reader.join().unwrap().contains("map"));
        assert_eq!((report.written, names(dir.path())), (vec!["pipe.md".to_owned()], vec!["pipe.md".to_owned()]));
    }

    #[test]
    fn a_failing_run_leaves_the_old_map_whole() {
        let dir = tempfile::tempdir().unwrap();
        write_pages(dir.path(), &[page("a.md", "old")], &WriteOptions::default()).unwrap();
        // A file stands where the second page needs a folder.
        fs::write(dir.path().join("sub"), "mine").unwrap();
        let pages = [page("a.md", "new"), page("fresh/c.md", "c"), page("sub/b.md", "b")];
        let error = write_pages(dir.path(), &pages, &WriteOptions::default()).unwrap_err();
        assert!(error.to_string().contains("sub"), "{error}");
        assert!(fs::read_to_string(dir.path().join("a.md")).unwrap().contains("old"));
        assert_eq!(names(dir.path()), ["a.md", "sub"]);
    }

    #[cfg(unix)]
    #[test]
    fn new_pages_are_readable_and_old_permissions_stay() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        write_pages(dir.path(), &[page("a.md", "a")], &WriteOptions::default()).unwrap();
        let file = dir.path().join("a.md");
        assert_ne!(fs::metadata(&file).unwrap().permissions().mode() & 0o444, 0o400);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        write_pages(dir.path(), &[page("a.md", "b")], &WriteOptions::default()).unwrap();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
    }

    #[test]
    fn folders_that_are_missing_are_made_and_a_file_in_their_place_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let deep = dir.path().join("docs/state");
        write_pages(&deep, &[page("a.md", "a")], &WriteOptions::default()).unwrap();
        assert!(deep.join("a.md").exists());
        fs::write(dir.path().join("file"), "mine").unwrap();
        let error = write_pages(&dir.path().join("file"), &[page("a.md", "a")], &WriteOptions::default()).unwrap_err();
        assert!(error.to_string().contains("file") && error.to_string().contains("-o"), "{error}");
    }

    #[test]
    fn a_dry_run_writes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let report = write_pages(dir.path(), &[page("a.md", "a")], &WriteOptions { dry_run: true, ..WriteOptions::default() }).unwrap();
        assert_eq!(report.written, ["a.md"]);
        assert!(names(dir.path()).is_empty());
    }
}
