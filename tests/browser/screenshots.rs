//! Pictures of pages to look at, when a folder for them is named in `STATEMAP_SCREENSHOTS`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use headless_chrome::protocol::cdp::Page::CaptureScreenshotFormatOption;

use super::survey::{Sight, WIDTHS};

/// A page of a thousand lines is one nobody looks at whole.
const TALL: u32 = 2600;

/// Takes the pages of a site at both widths, in a light and in a dark theme.
pub(super) fn take<'a>(tab: &Sight, site: &str, address: &str, pages: impl Iterator<Item = &'a String>) {
    let Some(folder) = std::env::var_os("STATEMAP_SCREENSHOTS").filter(|folder| !folder.is_empty()) else { return };
    let folder = PathBuf::from(folder);
    // Two of each folder show what the others look like.
    let mut of_folder: BTreeMap<&str, usize> = BTreeMap::new();
    let mut first = |page: &&'a String| {
        let taken = of_folder.entry(page.rsplit_once('/').map_or("", |(folder, _)| folder)).or_default();
        *taken += 1;
        *taken <= 2 || !page.contains('/')
    };
    let pages: Vec<&String> = pages.filter(|page| *page != "print.html" && first(page)).collect();
    for width in WIDTHS {
        for page in &pages {
            tab.resize(width, TALL);
            tab.go(&format!("{address}{page}"));
            tab.ask("window.__measure([])");
            for theme in ["light", "navy"] {
                let height = tab.ask(&format!("window.__choose('{theme}')"));
                tab.resize(width, height.parse::<u32>().unwrap().min(TALL));
                let png = tab.tab().capture_screenshot(CaptureScreenshotFormatOption::Png, None, None, true).unwrap();
                let file = folder.join(format!("{site}/{}-{width}-{theme}.png", page.trim_end_matches(".html").replace('/', "-")));
                std::fs::create_dir_all(file.parent().unwrap()).unwrap();
                std::fs::write(file, png).unwrap();
            }
        }
    }
}
