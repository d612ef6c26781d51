//! Hostile trees, faults of the system, and properties that hold for any input.

mod faults;
mod fuzzed;
mod hostile;
#[cfg(unix)]
mod killed;
mod properties;
mod shapes;

use std::collections::BTreeMap;
use std::path::Path;

/// All files below a folder with their bytes, by path; links and pipes are left out.
pub(crate) fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fn gather(folder: &Path, name: &str, all: &mut BTreeMap<String, Vec<u8>>) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = format!("{name}{}", entry.file_name().to_string_lossy());
            let kind = entry.file_type().unwrap();
            if kind.is_dir() {
                gather(&entry.path(), &format!("{name}/"), all);
            } else if kind.is_file()
                && let Ok(bytes) = std::fs::read(entry.path())
            {
                all.insert(name, bytes);
            }
        }
    }
    let mut all = BTreeMap::new();
    gather(folder, "", &mut all);
    all
}

/// The temporary files among them.
pub(crate) fn temporary(files: &BTreeMap<String, Vec<u8>>) -> Vec<&String> {
    files.keys().filter(|name| name.rsplit('/').next().unwrap().starts_with(".statemap-")).collect()
}

/// Tells why a test has nothing to do on this machine.
#[allow(clippy::print_stderr, reason = "people read the output of tests")]
pub(crate) fn skipped(reason: &str) {
    eprintln!("skipped: {reason}");
}
