//! A cache that is damaged, foreign, in the way, or used by several runs at once.

use std::fs;

use super::{Cached, TAKEN};
use crate::project::Project;

/// A tree whose map is small, with its cache filled.
fn filled() -> Cached {
    let main = "use std::sync::Mutex;\n\nstatic SEEN: Mutex<Vec<String>> = Mutex::new(Vec::new());\n\nfn main() {\n    SEEN.lock().unwrap().push(\"a\".into());\n}\n";
    let cached = Cached::new(Project::shop(main));
    cached.run(&["list"]).ends(0);
    cached
}

#[test]
fn a_file_that_is_cut_off_is_made_anew() {
    let cached = filled();
    let file = cached.map_file();
    let whole = fs::read(&file).unwrap();
    // Nothing, within each part of its head, between them, within the trace, within the map, all but one byte.
    for length in [0, 1, 15, 16, 17, 47, 48, 79, 80, 81, whole.len() / 2, whole.len() - 1] {
        fs::write(&file, &whole[..length]).unwrap();
        let run = cached.lists_as_without();
        assert!(!run.err.contains(TAKEN) && run.err.contains("is passed over"), "cut at {length}: {}", run.err);
        assert_eq!(fs::read(&file).unwrap(), whole, "cut at {length}: it is whole again");
        cached.lists_as_without().says(&[TAKEN]);
    }
}

#[test]
fn a_file_that_was_changed_is_made_anew() {
    let cached = filled();
    let file = cached.map_file();
    let whole = fs::read(&file).unwrap();
    for at in (0..whole.len()).step_by(whole.len() / 12) {
        let mut changed = whole.clone();
        changed[at] ^= 0x20;
        fs::write(&file, changed).unwrap();
        assert!(!cached.lists_as_without().err.contains(TAKEN), "byte {at}");
    }
    // Longer than it was, and other things altogether.
    for content in [[whole.as_slice(), b"more"].concat(), vec![0; 4096], b"statemap cache 2, of a later version".to_vec()] {
        fs::write(&file, content).unwrap();
        assert!(!cached.lists_as_without().err.contains(TAKEN));
    }
    cached.lists_as_without().says(&[TAKEN]);
}

#[test]
fn a_file_of_another_build_is_made_anew() {
    let cached = filled();
    let file = cached.map_file();
    let mut other = fs::read(&file).unwrap();
    other[16] ^= 1;
    fs::write(&file, other).unwrap();
    cached.lists_as_without().says(&["another build of statemap wrote it"]);
    cached.lists_as_without().says(&[TAKEN]);
}

/// A folder where a file should be, a file where the folder should be: neither fails, and neither is removed.
#[test]
fn what_is_in_the_way_is_left_alone() {
    let cached = filled();
    let file = cached.map_file();
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    fs::write(file.join("mine"), "kept").unwrap();
    cached.lists_as_without();
    cached.lists_as_without();
    assert!(file.join("mine").exists());
    fs::remove_dir_all(cached.folder()).unwrap();
    fs::write(cached.folder(), "mine").unwrap();
    cached.lists_as_without();
    assert_eq!(fs::read_to_string(cached.folder()).unwrap(), "mine");
}

#[cfg(unix)]
mod on_unix {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::path::Path;

    use super::filled;
    use crate::cache::TAKEN;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn only_its_owner_may_look_into_the_cache() {
        let cached = filled();
        assert_eq!(mode(&cached.folder()), 0o700);
        assert_eq!(mode(&cached.files()[0]), 0o600);
    }

    #[test]
    fn a_folder_that_others_may_write_to_is_not_trusted() {
        let cached = filled();
        fs::set_permissions(cached.folder(), Permissions::from_mode(0o777)).unwrap();
        let run = cached.lists_as_without().says(&["others may write to the folder"]);
        assert!(!run.err.contains(TAKEN), "{}", run.err);
        fs::set_permissions(cached.folder(), Permissions::from_mode(0o700)).unwrap();
        cached.lists_as_without().says(&[TAKEN]);
    }

    /// Whoever is root may write everywhere; what is kept is the same then.
    #[test]
    fn a_folder_that_may_not_be_written_is_no_failure() {
        let cached = filled();
        let file = cached.map_file();
        let kept = fs::read(&file).unwrap();
        fs::set_permissions(cached.folder(), Permissions::from_mode(0o500)).unwrap();
        cached.lists_as_without().says(&[TAKEN]);
        cached.project.write("src/main.rs", "fn main() {}\n");
        cached.lists_as_without();
        let is_refused = fs::write(cached.folder().join("probe"), "").is_err();
        assert_eq!(fs::read(&file).unwrap() == kept, is_refused);
        fs::set_permissions(cached.folder(), Permissions::from_mode(0o700)).unwrap();
    }

    /// What a link leads to is neither read nor written.
    #[test]
    fn a_link_is_not_followed() {
        let cached = filled();
        let file = cached.map_file();
        let elsewhere = cached.home.path().join("elsewhere");
        fs::rename(&file, &elsewhere).unwrap();
        symlink(&elsewhere, &file).unwrap();
        let run = cached.lists_as_without().says(&["it is no regular file"]);
        assert!(!run.err.contains(TAKEN), "{}", run.err);
        assert!(fs::symlink_metadata(&file).unwrap().is_file(), "the link is gone, a file in its place");
        cached.lists_as_without().says(&[TAKEN]);
    }
}

/// The bound holds for all trees together; those that were not used for longest go first, and nothing that is not of the cache.
#[test]
fn the_cache_is_bounded() {
    use std::time::{Duration, SystemTime};

    let cached = filled();
    let old = SystemTime::now() - Duration::from_secs(30 * 24 * 3600);
    let add = |name: &str, bytes: u64, days: u64| {
        let file = fs::File::create(cached.folder().join(name)).unwrap();
        file.set_len(bytes).unwrap();
        file.set_modified(old + Duration::from_secs(days * 24 * 3600)).unwrap();
    };
    let mega = 1024 * 1024;
    add("00000000000000000000000000000001.map", 200 * mega, 1);
    add("00000000000000000000000000000002.map", 200 * mega, 0);
    add("00000000000000000000000000000003.map", 200 * mega, 2);
    add("someone.map", 900 * mega, 0);
    add(".unfinished-abcdef", 10, 0);
    // What is kept now is what makes room.
    cached.project.write("src/main.rs", "fn main() {}\n");
    cached.run(&["list"]).ends(0);
    let left: Vec<String> = cached.files().iter().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect();
    let has = |name: &str| left.iter().any(|one| one == name);
    assert!(!has("00000000000000000000000000000002.map"), "the oldest goes: {left:?}");
    assert!(has("00000000000000000000000000000001.map") && has("00000000000000000000000000000003.map"), "the others stay: {left:?}");
    assert!(has("someone.map"), "what is not of the cache stays: {left:?}");
    assert!(!has(".unfinished-abcdef"), "what a killed run left is removed: {left:?}");
    cached.lists_as_without().says(&[TAKEN]);
}

#[test]
fn runs_at_once_do_not_harm_each_other() {
    let cached = filled();
    let texts: Vec<String> =
        (0..4).map(|at| format!("static S{at}: std::sync::Mutex<u8> = std::sync::Mutex::new(0);\nfn main() {{}}\n")).collect();
    for text in &texts {
        cached.project.write("src/main.rs", text);
        std::thread::scope(|scope| {
            let runs: Vec<_> = (0..6).map(|_| scope.spawn(|| cached.run(&["list", "--format", "json"]))).collect();
            let outs: Vec<String> = runs.into_iter().map(|run| run.join().unwrap().ends(0).out).collect();
            assert!(outs.iter().all(|out| *out == outs[0]));
        });
        cached.lists_as_without().says(&[TAKEN]);
    }
    assert_eq!(cached.files().len(), 1, "nothing unfinished is left");
}
