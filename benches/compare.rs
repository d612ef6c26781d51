//! `cargo bench -- <folder>…`: `statemap gen` and `check` beside a bare parallel `syn::parse_file` of the same files, in one run.
//!
//! With `--neighbours`, tools that do a lesser job on the same tree run along, as far as they are installed: `ast-grep`, `semgrep` (with the
//! rules in `benches/neighbours/`) and `cargo-capsec`. All run as processes of their own, in turns, so that a busy machine slows all alike.
//! Nothing is asserted: the table and its ratios are for people. On Linux, processor time and peak memory come from `/proc`.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a bench speaks to people")]

use std::ffi::{OsStr, OsString};
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
    let mut folders = Vec::new();
    let mut runs = RUNS;
    let (mut bare, mut neighbours) = (false, false);
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.to_str() {
            // cargo's own.
            Some("--bench") => {}
            Some("--bare") => bare = true,
            Some("--neighbours") => neighbours = true,
            Some("--runs") => {
                let text = args.next().and_then(|text| text.to_str()).unwrap_or_default();
                runs = text.parse().ok().filter(|runs| *runs > 0).ok_or("`--runs` takes a number from 1 on")?;
            }
            _ => folders.push(PathBuf::from(arg)),
        }
    }
    if folders.is_empty() {
        folders.push(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/storefront"));
    }
    if bare {
        for folder in &folders {
            let (files, lines) = parse_all(folder)?;
            println!("{files} {lines}");
        }
        return Ok(());
    }
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    println!("{runs} runs of each in turns, {threads} processors; medians, and ratios of them to the bare parse\n");
    println!("| Workspace | | wall | ratio | processor time | ratio | peak memory |");
    println!("|---|---|---:|---:|---:|---:|---:|");
    folders.iter().try_for_each(|folder| compare(folder, runs, neighbours))
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

/// The rows of one folder.
fn compare(folder: &Path, runs: usize, neighbours: bool) -> Result<(), String> {
    let own = std::env::current_exe().map_err(|error| error.to_string())?;
    let counted = with_args(&own, &[&"--bare", &folder]).output().map_err(|error| error.to_string())?;
    if !counted.status.success() {
        return Err(String::from_utf8_lossy(&counted.stderr).into_owned());
    }
    let counted = String::from_utf8_lossy(&counted.stdout).into_owned();
    let (files, lines) = counted.trim().split_once(' ').ok_or("the bare parse printed no counts")?;
    let statemap = Path::new(env!("CARGO_BIN_EXE_statemap"));
    let mut sides: Vec<(&str, Command, Vec<Run>)> = vec![
        ("`syn::parse_file`", with_args(&own, &[&"--bare", &folder]), Vec::new()),
        ("`statemap gen`", with_args(statemap, &[&"gen", &"--no-cache", &"--quiet", &"-o", &"-", &folder]), Vec::new()),
        ("`statemap check`", with_args(statemap, &[&"check", &"--no-cache", &"--quiet", &folder]), Vec::new()),
    ];
    if neighbours {
        sides.extend(neighbours_of(folder)?.into_iter().map(|(name, command)| (name, command, Vec::new())));
    }
    // Once each, unmeasured: the files are in the page cache from then on, and what is not installed is left out.
    sides.retain_mut(|(_, command, _)| measure(command).is_ok());
    for _ in 0..runs {
        for (_, command, runs) in &mut sides {
            runs.push(measure(command)?);
        }
    }
    let mut first = None;
    for (name, _, runs) in sides {
        let of = |what: fn(&Run) -> f64| {
            let mut all: Vec<f64> = runs.iter().map(what).collect();
            all.sort_by(f64::total_cmp);
            median(&all)
        };
        let (wall, cpu, peak) = (of(|run| run.wall.as_secs_f64()), of(|run| run.cpu), of(|run| run.peak));
        let title = match first {
            None => format!("{}, {files} files, {lines} lines", folder.file_name().unwrap_or_default().to_string_lossy()),
            Some(_) => String::new(),
        };
        let (bare_wall, bare_cpu): (f64, f64) = *first.get_or_insert((wall, cpu));
        // Counted in ticks of 10 ms: a small tree may take none.
        let cpu_ratio = if bare_cpu > 0.0 { format!("{:.2}", cpu / bare_cpu) } else { String::new() };
        println!("| {title} | {name} | {wall:.3} s | {:.2} | {cpu:.2} s | {cpu_ratio} | {peak:.0} MB |", wall / bare_wall);
    }
    Ok(())
}

/// Tools that do a part of the work.
fn neighbours_of(folder: &Path) -> Result<Vec<(&'static str, Command)>, String> {
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/neighbours");
    let inline = std::fs::read_to_string(rules.join("ast-grep.yml")).map_err(|error| error.to_string())?;
    let semgrep = rules.join("semgrep.yml");
    Ok(vec![
        ("ast-grep", with_args(Path::new("ast-grep"), &[&"scan", &"--inline-rules", &inline, &"--json=compact", &folder])),
        (
            "semgrep",
            with_args(
                Path::new("semgrep"),
                &[&"scan", &"--metrics=off", &"--disable-version-check", &"--quiet", &"--json", &"--config", &semgrep, &folder],
            ),
        ),
        ("cargo-capsec", with_args(Path::new("cargo-capsec"), &[&"capsec", &"audit", &"--path", &folder, &"--quiet"])),
    ])
}

fn with_args(program: &Path, args: &[&dyn AsRef<OsStr>]) -> Command {
    let mut command = Command::new(program);
    command.args(args.iter().map(|arg| (*arg).as_ref()));
    command
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
    // 1: there is something to tell, as `check` and searches say it.
    if matches!(status.code(), Some(0 | 1)) { Ok(Run { wall, cpu, peak }) } else { Err(format!("{command:?} ended with {status}")) }
}

/// State of a process, and its seconds of user and system time, in ticks of 10 ms.
fn state(proc: &Path) -> Option<(char, f64)> {
    let text = std::fs::read_to_string(proc.join("stat")).ok()?;
    // The name before it may hold spaces and brackets.
    let (_, rest) = text.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split(' ').collect();
    let ticks = |at: usize| fields.get(at)?.parse::<f64>().ok();
    // Its own, and of the children it waited for.
    Some((rest.chars().next()?, (ticks(11)? + ticks(12)? + ticks(13)? + ticks(14)?) / 100.0))
}

fn high_water(proc: &Path) -> Option<f64> {
    let text = std::fs::read_to_string(proc.join("status")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<f64>().ok()? / 1024.0)
}
