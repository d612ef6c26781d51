//! Hyperlinks of a terminal (OSC 8): which terminals have them, and where they lead.

use std::path::Path;

/// What ends a link.
pub(super) const CLOSE: &str = "\u{1b}]8;;\u{1b}\\";
/// Longer addresses are cut by some terminals, and then lead nowhere.
const MAX_URL: usize = 2000;

/// What begins a link. The address must hold nothing but printable ASCII.
pub(super) fn open(url: &str) -> String {
    format!("\u{1b}]8;;{url}\u{1b}\\")
}

/// Which program opens files, and so how a line is written in their address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opener {
    /// Whatever the desktop opens files with: no place for a line.
    Desktop,
    /// kitty hands the fragment on as a line.
    Kitty,
    /// The terminal of VS Code opens its own editor at the line.
    Code,
}

impl Opener {
    /// By the environment of the terminal.
    #[must_use]
    pub fn of(var: impl Fn(&str) -> Option<String>) -> Self {
        if var("TERM_PROGRAM").as_deref() == Some("vscode") {
            Opener::Code
        } else if var("TERM").as_deref() == Some("xterm-kitty") {
            Opener::Kitty
        } else {
            Opener::Desktop
        }
    }
}

/// Where links lead.
#[derive(Clone, Debug)]
pub struct Hyperlinks {
    /// The folder of the tree as part of an address: encoded, `/` at both ends; none when files lead nowhere.
    root: Option<String>,
    host: String,
    opener: Opener,
}

impl Hyperlinks {
    /// Links to the web only.
    #[must_use]
    pub fn web() -> Self {
        Self { root: None, host: String::new(), opener: Opener::Desktop }
    }

    /// Links to the files of a tree, too. `root` is its absolute path; `host` the name of the machine, so that a terminal that
    /// runs on another one does not open its own file of that name; it may be empty.
    #[must_use]
    pub fn files(root: &Path, host: &str, opener: Opener) -> Self {
        let path = root.to_string_lossy().replace('\\', "/");
        // An escaped path of Windows, `//?/C:/…`, is written without its prefix.
        let path = path.trim_start_matches("//?/").trim_matches('/');
        let root = encoded(path);
        let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
        let host = if host.chars().all(known) { host.to_owned() } else { String::new() };
        Self { root: Some(if root.is_empty() { "/".to_owned() } else { format!("/{root}/") }), host, opener }
    }

    /// The address of a file of the tree, by its path below the root.
    #[must_use]
    pub fn file(&self, file: &str, line: Option<u32>) -> Option<String> {
        self.below_root(&encoded(file), line)
    }

    /// Where a link of a page leads: an address of the web as it is, a path below the root (`src/a%20b.rs#L7`) to the file.
    #[must_use]
    pub fn target(&self, target: &str) -> Option<String> {
        if target.starts_with("https://") || target.starts_with("http://") {
            return is_safe(target).then(|| target.to_owned());
        }
        let (path, line) = target.split_once("#L").map_or((target, None), |(path, line)| (path, line.parse().ok()));
        if path.is_empty() || path.contains(['#', ':']) {
            return None;
        }
        self.below_root(path, line)
    }

    fn below_root(&self, encoded: &str, line: Option<u32>) -> Option<String> {
        let root = self.root.as_ref()?;
        let path = format!("{root}{}", encoded.trim_start_matches('/'));
        let url = match (self.opener, line) {
            (Opener::Code, Some(line)) => format!("vscode://file{path}:{line}"),
            (Opener::Kitty, Some(line)) => format!("file://{}{path}#{line}", self.host),
            _ => format!("file://{}{path}", self.host),
        };
        is_safe(&url).then_some(url)
    }
}

fn is_safe(url: &str) -> bool {
    url.len() <= MAX_URL && url.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A path with everything encoded that is no plain letter of an address.
fn encoded(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' | b'+' | b'@' => out.push(char::from(byte)),
            // The letter of a drive.
            b':' if out.len() == 1 => out.push(':'),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// Whether a terminal has links, told by its environment as cargo does; logs of CI show them as rubbish.
#[must_use]
pub fn supports_hyperlinks(var: impl Fn(&str) -> Option<String>) -> bool {
    let is_set = |name: &str| var(name).is_some_and(|value| !value.is_empty());
    if let Some(forced) = var("FORCE_HYPERLINK") {
        return forced.trim() != "0";
    }
    if is_set("CI") || var("TERM").as_deref() == Some("dumb") {
        return false;
    }
    let vte = var("VTE_VERSION").and_then(|version| version.parse::<u32>().ok()).is_some_and(|version| version >= 5000);
    let program = var("TERM_PROGRAM")
        .is_some_and(|name| matches!(name.as_str(), "Hyper" | "iTerm.app" | "terminology" | "WezTerm" | "vscode" | "ghostty" | "zed"));
    let term = var("TERM").is_some_and(|name| {
        matches!(name.as_str(), "xterm-kitty" | "xterm-ghostty" | "alacritty" | "alacritty-direct" | "foot" | "wezterm")
    });
    let xfce = var("COLORTERM").as_deref() == Some("xfce4-terminal");
    vte || program || term || xfce || ["DOMTERM", "WT_SESSION", "KONSOLE_VERSION"].into_iter().any(is_set)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment<'e>(set: &'e [(&str, &str)]) -> impl Fn(&str) -> Option<String> + 'e {
        move |name| set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
    }

    #[test]
    fn terminals_with_links_are_told_by_their_environment() {
        for set in [
            &[("TERM", "xterm-kitty")][..],
            &[("VTE_VERSION", "7600"), ("TERM", "xterm-256color")],
            &[("TERM_PROGRAM", "iTerm.app")],
            &[("WT_SESSION", "x")],
            &[("FORCE_HYPERLINK", "1"), ("CI", "true")],
        ] {
            assert!(supports_hyperlinks(environment(set)), "{set:?}");
        }
        for set in [
            &[("TERM", "xterm-256color")][..],
            &[("VTE_VERSION", "4000")],
            &[("VTE_VERSION", "7600"), ("CI", "true")],
            &[("VTE_VERSION", "7600"), ("TERM", "dumb")],
            &[("TERM", "xterm-kitty"), ("FORCE_HYPERLINK", "0")],
            &[],
        ] {
            assert!(!supports_hyperlinks(environment(set)), "{set:?}");
        }
    }

    #[test]
    fn each_opener_is_told_the_line_in_its_own_way() {
        let to = |opener| Hyperlinks::files(Path::new("/home/ada/my shop"), "box", opener).file("src/a b.rs", Some(7)).unwrap();
        assert_eq!(to(Opener::Desktop), "file://box/home/ada/my%20shop/src/a%20b.rs");
        assert_eq!(to(Opener::Kitty), "file://box/home/ada/my%20shop/src/a%20b.rs#7");
        assert_eq!(to(Opener::Code), "vscode://file/home/ada/my%20shop/src/a%20b.rs:7");
    }

    #[test]
    fn links_of_pages_lead_to_the_web_or_below_the_root() {
        let links = Hyperlinks::files(Path::new("/shop"), "", Opener::Kitty);
        assert_eq!(links.target("src/x%20y.rs#L3").as_deref(), Some("file:///shop/src/x%20y.rs#3"));
        assert_eq!(links.target("https://example.org/a?b#c").as_deref(), Some("https://example.org/a?b#c"));
        assert_eq!(links.target("#cache-x"), None);
        assert_eq!(links.target("javascript:x"), None);
        assert_eq!(Hyperlinks::web().target("src/x.rs#L3"), None);
    }

    #[test]
    fn no_name_ends_a_link_or_leaves_its_encoding() {
        let links = Hyperlinks::files(Path::new("/shop"), "evil\u{7}host", Opener::Desktop);
        assert_eq!(links.file("a\u{1b}]8;;\u{7}\\世.rs", None).as_deref(), Some("file:///shop/a%1B%5D8%3B%3B%07%5C%E4%B8%96.rs"));
        assert_eq!(links.target("https://example.org/\u{1b}\\"), None);
        assert_eq!(links.file(&"x".repeat(3000), None), None);
    }
}
