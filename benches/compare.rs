//! `cargo bench -- <folder>`: `statemap gen` beside a bare parallel `syn::parse_file` of the same files, in one run.
//!
//! Both run as processes of their own, in turns, so that a busy machine slows both. Nothing is asserted: the ratio of the
//! medians is for people. On Linux, processor time and peak memory come from `/proc`.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a bench speaks to people")]

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rayon::prelude::*;
use statemap::discover::{DiscoverOptions, discover};
use statemap::source::{DirTree, Tree};

/// What `statemap` gives its own threads.
const STACK_BYTES: usize = 16 * 1024 * 1024;

/// Runs of each side when `--runs` does not say.
const RUNS: usize = 9;

fn main() -> ExitCode {
    match run(&std::env::args_os().skip(1).collect::<Vec<_>>()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &[OsString]) -> Result<(), String> {
    let mut folder = None;
    let mut runs = RUNS;
    let mut bare = false;
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.to_str() {
            // cargo's own.
            Some("--bench") => {}
            Some("--bare") => bare = true,
            Some("--runs") => {
                let text = args.next().and_then(|text| text.to_str()).unwrap_or_default();
                runs = text.parse().ok().filter(|runs| *runs > 0).ok_or("`--runs` takes a number from 1 on")?;
            }
            _ => folder = Some(PathBuf::from(arg)),
        }
    }
    let folder = folder.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/storefront"));
    if bare {
        let (files, lines) = parse_all(&folder)?;
        println!("{files} {lines}");
        return Ok(());
    }
    compare(&folder, runs)
}

/// What is measured against: each file that `statemap` would read, through `syn` and dropped.
fn parse_all(folder: &Path) -> Result<(usize, usize), String> {
    let pool = rayon::ThreadPoolBuilder::new().stack_size(STACK_BYTES).build().map_err(|error| error.to_string())?;
    let tree = DirTree::open(folder).map_err(|error| error.to_string())?;
    let lines = AtomicUsize::new(0);
    let files = discover(&tree, &DiscoverOptions::default()).files;
    pool.install(|| {
        files.par_iter().for_each(|file| {
            if let Ok(text) = tree.read(&file.path) {
                lines.fetch_add(text.lines().count(), Ordering::Relaxed);
                drop(syn::parse_file(&text));
                // Else the thread keeps the text of every file.
                proc_macro2::extra::invalidate_current_thread_spans();
            }
        });
    });
    Ok((files.len(), lines.into_inner()))
}

fn compare(folder: &Path, runs: usize) -> Result<(), String> {
    let own = std::env::current_exe().map_err(|error| error.to_string())?;
    let bare = || {
        let mut command = Command::new(&own);
        command.arg("--bare").arg(folder);
        command
    };
    let whole = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_statemap"));
        command.args(["gen", "--quiet", "-o", "-"]).arg(folder);
        command
    };
    // Once each, unmeasured: the files are in the page cache from then on.
    let counted = bare().output().map_err(|error| error.to_string())?;
    if !counted.status.success() {
        return Err(String::from_utf8_lossy(&counted.stderr).into_owned());
    }
    let counted = String::from_utf8_lossy(&counted.stdout).into_owned();
    let (files, lines) = counted.trim().split_once(' ').ok_or("the bare parse printed no counts")?;
    measure(&mut whole())?;
    let (mut of_bare, mut of_whole) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        of_bare.push(measure(&mut bare())?);
        of_whole.push(measure(&mut whole())?);
    }
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    println!("{}: {files} files, {lines} lines; {runs} runs of each in turns, {threads} processors\n", folder.display());
    println!("| | wall, min | median | max | processor time, median | peak memory, median |");
    println!("|---|---:|---:|---:|---:|---:|");
    let bare = row("`syn::parse_file`", of_bare);
    let whole = row("`statemap gen`", of_whole);
    print!("\nratio of the medians: {:.2} in wall time", whole.0 / bare.0);
    // Counted in ticks of 10 ms: a small tree may take none.
    if bare.1 > 0.0 {
        println!(", {:.2} in processor time", whole.1 / bare.1)
    } else {
        println!()
    }
    Ok(())
}

/// Prints one side; its median wall and processor seconds.
fn row(name: &str, runs: Vec<Run>) -> (f64, f64) {
    let sorted = |of: fn(&Run) -> f64| {
        let mut all: Vec<f64> = runs.iter().map(of).collect();
        all.sort_by(f64::total_cmp);
        all
    };
    let walls = sorted(|run| run.wall.as_secs_f64());
    let (wall, cpu, peak) = (median(&walls), median(&sorted(|run| run.cpu)), median(&sorted(|run| run.peak)));
    let last = walls.last().copied().unwrap_or_default();
    println!("| {name} | {:.2} s | {wall:.2} s | {last:.2} s | {cpu:.2} s | {peak:.0} MB |", walls.first().copied().unwrap_or_default());
    (wall, cpu)
}

fn median(sorted: &[f64]) -> f64 {
    let middle = sorted.len() / 2;
    match sorted {
        [] => 0.0,
        all if all.len() % 2 == 1 => all[middle],
        all => f64::midpoint(all[middle - 1], all[middle]),
    }
}

/// One process.
struct Run {
    wall: Duration,
    /// Seconds of user and system time.
    cpu: f64,
    /// Peak of resident memory, in MB.
    peak: f64,
}

fn measure(command: &mut Command) -> Result<Run, String> {
    let start = Instant::now();
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().map_err(|error| error.to_string())?;
    let proc = PathBuf::from(format!("/proc/{}", child.id()));
    let mut peak: f64 = 0.0;
    // A process that ended but was not waited for still shows its times, no longer its memory.
    let (wall, cpu) = loop {
        let Some((state, cpu)) = state(&proc) else {
            child.wait().map_err(|error| error.to_string())?;
            break (start.elapsed(), 0.0);
        };
        if state == 'Z' {
            break (start.elapsed(), cpu);
        }
        peak = peak.max(high_water(&proc).unwrap_or(0.0));
        std::thread::sleep(Duration::from_millis(2));
    };
    let status = child.wait().map_err(|error| error.to_string())?;
    if status.success() { Ok(Run { wall, cpu, peak }) } else { Err(format!("{command:?} ended with {status}")) }
}

/// State of a process, and its seconds of user and system time, in ticks of 10 ms.
fn state(proc: &Path) -> Option<(char, f64)> {
    let text = std::fs::read_to_string(proc.join("stat")).ok()?;
    // The name before it may hold spaces and brackets.
    let (_, rest) = text.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split(' ').collect();
    let ticks = |at: usize| fields.get(at)?.parse::<f64>().ok();
    Some((rest.chars().next()?, (ticks(11)? + ticks(12)?) / 100.0))
}

fn high_water(proc: &Path) -> Option<f64> {
    let text = std::fs::read_to_string(proc.join("status")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<f64>().ok()? / 1024.0)
}
