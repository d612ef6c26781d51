//! `cargo bench --bench warm -- <folder> --edits 300`: edits a copy of a tree at random, and after each edit holds a run that takes
//! what it can from the cache against one without it: in their maps, which must be the same, and in their time.
//!
//! The same `--seed` makes the same edits. Ends with 1 at the first map that differs, and leaves the tree as it was then.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a bench speaks to people")]

#[path = "../tests/cache/edit.rs"]
mod edit;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use edit::Editor;
use statemap::cache::{Cache, Program};
use statemap::discover::Include;
use statemap::progress::Silent;
use statemap::source::{DirTree, Revision};
use statemap::{Options, analyze, analyze_kept, render};

fn main() -> ExitCode {
    match run(&std::env::args().skip(1).collect::<Vec<_>>()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &[String]) -> Result<(), String> {
    let (mut folder, mut edits, mut seed) = (None, 20, 1);
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let mut number = || args.next().and_then(|text| text.parse().ok()).ok_or(format!("`{arg}` takes a number"));
        match arg.as_str() {
            // cargo's own.
            "--bench" => {}
            "--edits" => edits = number()?,
            "--seed" => seed = number()?,
            _ => folder = Some(PathBuf::from(arg)),
        }
    }
    let folder = folder.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/storefront"));
    let home = tempfile::tempdir().map_err(|error| error.to_string())?.keep();
    let root = home.join("tree");
    copy(&folder, &root).map_err(|error| error.to_string())?;
    let mut editor = Editor::new(&root, seed);
    let mut ways: BTreeMap<String, Vec<(f64, f64)>> = BTreeMap::new();
    let mut edited = "nothing".to_owned();
    for round in 0..=edits {
        let (way, warm, cold) = both(&root, &home.join("cache"))
            .map_err(|why| format!("{why}, in edit {round} ({edited}); the tree is in `{}`", home.display()))?;
        ways.entry(way).or_default().push((warm, cold));
        edited = editor.edit();
    }
    fs::remove_dir_all(&home).map_err(|error| error.to_string())?;
    println!("| what became of an edit | edits | without the cache | with it | ratio |\n|---|---:|---:|---:|---:|");
    for (way, times) in ways {
        let median = |of: fn(&(f64, f64)) -> f64| {
            let mut all: Vec<f64> = times.iter().map(of).collect();
            all.sort_by(f64::total_cmp);
            all[all.len() / 2]
        };
        let (warm, cold, ratio) = (median(|time| time.0), median(|time| time.1), median(|time| time.0 / time.1));
        println!("| {way} | {} | {:.0} ms | {:.0} ms | {ratio:.2} |", times.len(), cold * 1e3, warm * 1e3);
    }
    Ok(())
}

/// The tree with the cache and without: what became of it, and how long both took.
fn both(root: &Path, cache: &Path) -> Result<(String, f64, f64), String> {
    let options = Options { include: Include::default(), threads: None, today: jiff::civil::date(2026, 1, 15), what_if: Vec::new() };
    let failed = |error: &dyn std::fmt::Display| error.to_string();
    let page = |map| render::markdown(map, &render::RenderOptions::default()).map_err(|error| error.report());
    let started = Instant::now();
    let tree = DirTree::open(root).map_err(|error| failed(&error))?;
    let cold = analyze(&tree, &Revision::default(), &options).map_err(|error| failed(&error))?;
    let cold_page = page(&cold.map)?;
    let cold_time = started.elapsed().as_secs_f64();
    let started = Instant::now();
    let cache = Cache::new(cache, Program::named("bench"));
    let tree = DirTree::open(root).map_err(|error| failed(&error))?;
    let warm = analyze_kept(&tree, &Revision::default(), &options, &Silent, &cache.of(tree.root(), &options));
    let warm = warm.map_err(|error| failed(&error))?;
    let warm_page = page(&warm.map)?;
    cache.finish();
    let warm_time = started.elapsed().as_secs_f64();
    let told = cache.told().join("; ");
    let same = warm.map == cold.map && warm_page == cold_page && format!("{:?}", warm.config) == format!("{:?}", cold.config);
    if !same || (warm.unreadable, warm.bad_config, warm.no_rust) != (cold.unreadable, cold.bad_config, cold.no_rust) {
        return Err(format!("the maps differ ({told})"));
    }
    let way = match told.split_once(": ") {
        Some((_, why)) if why.ends_with("is not what it was") => "something else has changed",
        Some((_, why)) if told.starts_with("the map is made anew") => why,
        _ => told.split(':').next().unwrap_or_default(),
    };
    Ok((way.to_owned(), warm_time, cold_time))
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (name, kind) = (entry.file_name(), entry.file_type()?);
        if kind.is_dir() && name != ".git" && name != "target" {
            copy(&entry.path(), &to.join(name))?;
        } else if kind.is_file() {
            fs::copy(entry.path(), to.join(name))?;
        }
    }
    Ok(())
}
