//! Which folder is meant when none is named, and the way from one folder to another.

use std::path::{Component, Path, PathBuf};

/// The nearest folder, from here upwards, with a `statemap.toml`; else the nearest workspace, else the repository, else the
/// nearest package.
#[must_use]
pub fn nearest_root(from: &Path) -> PathBuf {
    let has = |folder: &Path, name: &str| folder.join(name).symlink_metadata().is_ok();
    let is_workspace = |folder: &Path| {
        std::fs::read_to_string(folder.join("Cargo.toml"))
            .is_ok_and(|text| text.lines().any(|line| line.trim_start().starts_with("[workspace")))
    };
    let find = |wanted: &dyn Fn(&Path) -> bool| from.ancestors().find(|folder| wanted(folder)).map(Path::to_owned);
    find(&|folder| has(folder, "statemap.toml"))
        .or_else(|| find(&is_workspace))
        .or_else(|| find(&|folder| has(folder, ".git")))
        .or_else(|| find(&|folder| has(folder, "Cargo.toml")))
        .unwrap_or_else(|| from.to_owned())
}

/// The relative way from one folder to another, with `/`; both must be there, on one disk.
#[must_use]
pub fn way(from: &Path, to: &Path) -> Option<String> {
    let (from, to) = (std::fs::canonicalize(from).ok()?, std::fs::canonicalize(to).ok()?);
    let (from, to): (Vec<Component<'_>>, Vec<Component<'_>>) = (from.components().collect(), to.components().collect());
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    if shared == 0 {
        return None;
    }
    let up = from[shared..].iter().map(|_| "..".to_owned());
    let down = to[shared..].iter().map(|part| part.as_os_str().to_string_lossy().into_owned());
    Some(up.chain(down).collect::<Vec<_>>().join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_goes_up_to_what_both_share_and_down_from_there() {
        let root = tempfile::tempdir().unwrap();
        let folder = |path: &str| {
            let folder = root.path().join(path);
            std::fs::create_dir_all(&folder).unwrap();
            folder
        };
        assert_eq!(way(&folder("book/src"), &folder("fixtures/shop")).unwrap(), "../../fixtures/shop");
        assert_eq!(way(&folder("book/src"), root.path()).unwrap(), "../..");
        assert_eq!(way(root.path(), &folder("book")).unwrap(), "book");
        assert_eq!(way(root.path(), root.path()).unwrap(), "");
        assert_eq!(way(root.path(), &root.path().join("nowhere")), None);
    }
}
