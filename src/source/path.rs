//! Paths of a tree as text: relative, `/` between names, never leading out.

/// `path` without `.` and `..`; `None` when it is absolute or leads out of the tree.
#[must_use]
pub fn normalise(path: &str) -> Option<String> {
    join("", path)
}

/// `relative` seen from the folder `base`, normalised; `None` when it is absolute or leads out of the tree.
#[must_use]
pub fn join(base: &str, relative: &str) -> Option<String> {
    // A manifest written on Windows may spell paths with `\`; a drive letter is absolute.
    let relative = relative.replace('\\', "/");
    if relative.starts_with('/') || relative.as_bytes().get(1) == Some(&b':') {
        return None;
    }
    let mut names: Vec<&str> = base.split('/').filter(|name| !name.is_empty()).collect();
    for name in relative.split('/') {
        match name {
            "" | "." => {}
            ".." => {
                names.pop()?;
            }
            name => names.push(name),
        }
    }
    Some(names.join("/"))
}

/// The folder that holds `path`; empty for a file at the root.
#[must_use]
pub fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

/// The last name of `path`.
#[must_use]
pub fn file_name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// Line of a byte offset, from 1.
#[must_use]
pub fn line_of(text: &str, offset: usize) -> u32 {
    let end = offset.min(text.len());
    let lines = text.as_bytes()[..end].iter().filter(|byte| **byte == b'\n').count();
    u32::try_from(lines + 1).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_followed_up_and_down_but_never_out() {
        assert_eq!(join("crates/api", "../core/./src//lib.rs").as_deref(), Some("crates/core/src/lib.rs"));
        assert_eq!(join("crates/api", "../..").as_deref(), Some(""));
        assert_eq!(join("crates/api", "../../.."), None);
        assert_eq!(join("crates", "../../crates/api"), None);
    }

    #[test]
    fn absolute_paths_of_either_system_are_refused() {
        assert_eq!(normalise("/etc/passwd"), None);
        assert_eq!(normalise("C:\\data"), None);
        assert_eq!(join("a", "..\\b").as_deref(), Some("b"));
    }

    #[test]
    fn lines_are_counted_from_one() {
        assert_eq!(line_of("a\nb\n", 0), 1);
        assert_eq!(line_of("a\nb\n", 2), 2);
        assert_eq!(line_of("a\nb\n", 99), 3);
    }
}
