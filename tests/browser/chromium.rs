//! Finds Chromium and starts it; says aloud when there is none.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use headless_chrome::{Browser, LaunchOptions};

/// Names of the browser's program, in the order in which they are tried.
const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// The program, named by `CHROME` or found on the `PATH`.
///
/// Without one the tests are skipped, which is told on standard error past the capture of the test harness; under `CI=true`
/// that is a failure, because there nobody reads what was skipped.
pub(super) fn program() -> Option<PathBuf> {
    let named = std::env::var_os("CHROME").filter(|name| !name.is_empty());
    let found = match &named {
        Some(name) => on_path(name),
        None => NAMES.iter().find_map(|name| on_path(OsStr::new(name))),
    };
    if found.is_some() {
        return found;
    }
    let why = match named {
        Some(name) => format!("`CHROME` is `{}`, which is no program", name.display()),
        None => format!("none of `{}` is on the PATH", NAMES.join("`, `")),
    };
    let what = format!("no Chromium: {why}; install it (`apt-get install chromium`) or name it in `CHROME`");
    assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{what}; with `CI=true` the browser tests must run");
    let _ = writeln!(std::io::stderr(), "\nSKIPPED: the browser tests did not look at the sites, because there is {what}\n");
    None
}

fn on_path(name: &OsStr) -> Option<PathBuf> {
    let name = Path::new(name);
    if name.components().count() > 1 {
        return name.is_file().then(|| name.to_owned());
    }
    std::env::split_paths(&std::env::var_os("PATH")?).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// Starts the browser; it ends when the value is dropped.
pub(super) fn start(program: &Path) -> Browser {
    // Only the loopback interface can be reached: a page that needs another host fails here, and is told.
    let args = [
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        "--no-proxy-server",
        "--hide-scrollbars",
        "--disable-component-update",
        "--lang=en-US",
    ];
    // In a container the user namespaces that the sandbox is made of are often not to be had, and never for root.
    let sandbox = false;
    let options = LaunchOptions::default_builder()
        .path(Some(program.to_owned()))
        .sandbox(sandbox)
        .window_size(Some((1280, 900)))
        .idle_browser_timeout(Duration::from_secs(120))
        .args(args.map(OsStr::new).to_vec())
        .build()
        .unwrap();
    Browser::new(options).unwrap_or_else(|error| panic!("`{}` does not start: {error}", program.display()))
}
