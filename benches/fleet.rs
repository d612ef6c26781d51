//! `cargo bench --bench fleet -- 500 200`: `statemap merge` of so many repositories with so many items each.
//!
//! The maps are copies of the bundled service's, written to a temporary folder; only reading them, putting them beside each other and
//! writing the site is measured. Nothing is asserted.
#![expect(clippy::print_stdout, reason = "a bench speaks to people")]

#[path = "../tests/project/many.rs"]
mod many;

use std::path::Path;
use std::time::Instant;

use statemap::fleet::{self, Fleet, Unnamed};
use statemap::output::{WriteOptions, write_pages};
use statemap::render::{self, FleetOptions};
use statemap::source::{DirTree, Revision};
use statemap::{Options, analyze};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let numbers: Vec<usize> = std::env::args().skip(1).filter_map(|arg| arg.parse().ok()).collect();
    let (count, items) = (numbers.first().copied().unwrap_or(500), numbers.get(1).copied().unwrap_or(200));
    let folder = tempfile::tempdir()?;
    write_maps(folder.path(), count, items)?;
    let mut at = Instant::now();
    let mut lap = |what: &str| {
        println!("{what:<12} {:>8.2} s", at.elapsed().as_secs_f64());
        at = Instant::now();
    };
    let files = fleet::find(&[folder.path().display().to_string()])?;
    let read = fleet::read_all(files)?;
    lap("read");
    let mut maps = Vec::new();
    for found in read {
        let file = found.given.path.display().to_string();
        let document = found.result?;
        maps.extend(document.maps.into_iter().map(|(called, map)| Unnamed { file: file.clone(), given: None, called, map }));
    }
    let (members, _) = fleet::name_members(maps).map_err(|clashes| format!("{clashes:?}"))?;
    let fleet = Fleet::new(members);
    lap("join");
    let pages = render::fleet_mdbook(&fleet, &FleetOptions::default())?;
    lap("render");
    let site = tempfile::tempdir()?;
    write_pages(site.path(), &pages, &WriteOptions::default())?;
    lap("write");
    let bytes: usize = pages.iter().map(|page| page.text.len()).sum();
    let largest = pages.iter().map(|page| page.text.len()).max().unwrap_or(0);
    println!("{} pages, {} MiB, the largest {} KiB", pages.len(), bytes >> 20, largest >> 10);
    if let Ok(status) = std::fs::read_to_string("/proc/self/status") {
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
        println!("peak memory {}", peak.trim());
    }
    Ok(())
}

fn write_maps(folder: &Path, count: usize, items: usize) -> Result<(), Box<dyn std::error::Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/storefront");
    let options = Options {
        include: statemap::discover::Include::default(),
        threads: None,
        today: jiff::civil::date(2026, 1, 15),
        what_if: Vec::new(),
    };
    let map = analyze(&DirTree::open(&root)?, &Revision::default(), &options)?.map;
    for at in 0..count {
        std::fs::write(folder.join(format!("{}.json", many::name(at))), render::json(&many::copy(&map, at, items)))?;
    }
    Ok(())
}
