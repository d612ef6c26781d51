//! `cargo bench --bench wide -- <folder>…`: `statemap gen` on every folder of sources directly below, each within ten seconds of
//! processor time.
//!
//! Prints what panicked, hung or ended with an error, how much was read, and how long and how much memory it took. Ends with 1
//! when something panicked or hung. Peak memory comes from `/proc`, so it is there on Linux only.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a bench speaks to people")]

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// What takes more processor time hangs: a machine that does other things as well slows everything.
const LIMIT: Duration = Duration::from_secs(10);

/// What takes so many times longer by the clock waits for something, and hangs as well.
const PATIENCE: u32 = 20;

/// Rows of the tables of the slowest and the largest.
const ROWS: usize = 8;

fn main() -> ExitCode {
    let mut limit = LIMIT;
    let mut program = PathBuf::from(env!("CARGO_BIN_EXE_statemap"));
    let mut folders = Vec::new();
    let mut args = std::env::args_os().skip(1);
    while let Some(arg) = args.next() {
        match arg.to_str() {
            // cargo's own.
            Some("--bench") => {}
            // Another build than the one that was made for this.
            Some("--program") => program = args.next().map_or(program, PathBuf::from),
            // A debug build is some ten times slower.
            Some("--seconds") => {
                let seconds = args.next().and_then(|text| text.to_str()?.parse().ok());
                limit = seconds.map_or(limit, Duration::from_secs);
            }
            _ => folders.push(PathBuf::from(arg)),
        }
    }
    match run(&program, &folders, limit) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

/// Runs all and prints the tables; whether nothing panicked and nothing hung.
fn run(program: &Path, folders: &[PathBuf], limit: Duration) -> Result<bool, String> {
    if folders.is_empty() {
        return Err("name a folder whose folders hold sources, for instance ~/.cargo/registry/src/*".to_owned());
    }
    let mut trees = Vec::new();
    for folder in folders {
        let entries = std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        trees.extend(entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()));
    }
    trees.sort();
    let out = tempfile::tempdir().map_err(|error| error.to_string())?;
    let started = Instant::now();
    let mut all = Vec::new();
    for (at, tree) in trees.iter().enumerate() {
        let seen = look_at(program, tree, &out, limit)?;
        if let Some(fault) = &seen.fault {
            eprintln!("{}/{} {}: {fault}", at + 1, trees.len(), seen.name);
        }
        all.push(seen);
    }
    summary(&all, started.elapsed(), limit);
    Ok(all.iter().all(|seen| !seen.fault.as_ref().is_some_and(Fault::is_bug)))
}

/// What became of one tree.
struct Seen {
    name: String,
    /// The processor time of the longer of its runs.
    cpu: Duration,
    /// The larger peak of resident memory of its runs, in MB.
    peak: f64,
    fault: Option<Fault>,
    /// The `coverage` of its map.
    coverage: Value,
    items: u64,
}

/// What went wrong.
enum Fault {
    Panic(String),
    Hang,
    Killed(String),
    /// Something could not be read, or there is no Rust in it: the last line of the message.
    Refused(i32, String),
}

impl Fault {
    fn is_bug(&self) -> bool {
        !matches!(self, Fault::Refused(..))
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Fault::Panic(place) => write!(f, "panic: {place}"),
            Fault::Hang => f.write_str("hang"),
            Fault::Killed(how) => write!(f, "ended with {how}"),
            Fault::Refused(code, message) => write!(f, "exit code {code}: {message}"),
        }
    }
}

/// The map as JSON, and as a book, which has every page that there is.
fn look_at(program: &Path, tree: &Path, out: &TempDir, limit: Duration) -> Result<Seen, String> {
    let json = out.path().join("map.json");
    let book = out.path().join("book");
    let name = tree.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let mut seen = Seen { name, cpu: Duration::ZERO, peak: 0.0, fault: None, coverage: Value::Null, items: 0 };
    for (format, target) in [("json", &json), ("mdbook", &book)] {
        let log = out.path().join("log");
        let mut command = Command::new(program);
        command.args(["gen", "--quiet", "--format", format, "-o"]).arg(target).arg(tree);
        let ended = measure(&mut command, &log, limit)?;
        seen.cpu = seen.cpu.max(ended.cpu);
        seen.peak = seen.peak.max(ended.peak);
        seen.fault = seen.fault.or_else(|| fault(ended.status, &log));
    }
    if let Some(map) = std::fs::read_to_string(&json).ok().and_then(|text| serde_json::from_str::<Value>(&text).ok()) {
        seen.items = map["items"].as_array().map_or(0, |items| items.len() as u64);
        seen.coverage = map["coverage"].clone();
    }
    let _ = std::fs::remove_file(&json);
    let _ = std::fs::remove_dir_all(&book);
    Ok(seen)
}

/// How one process ended.
struct Ended {
    /// None when it was stopped because it took too long.
    status: Option<ExitStatus>,
    cpu: Duration,
    peak: f64,
}

fn measure(command: &mut Command, log: &Path, limit: Duration) -> Result<Ended, String> {
    let log = File::create(log).map_err(|error| error.to_string())?;
    let start = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().map_err(|error| error.to_string())?;
    let proc = PathBuf::from(format!("/proc/{}", child.id()));
    let mut peak: f64 = 0.0;
    let mut cpu = Duration::ZERO;
    loop {
        peak = peak.max(high_water(&proc).unwrap_or(0.0));
        // Where there is no `/proc`, the clock has to do.
        cpu = cpu.max(processor_time(&proc).unwrap_or_else(|| if proc.exists() { cpu } else { start.elapsed() }));
        if let Some(status) = child.try_wait().map_err(|error| error.to_string())? {
            return Ok(Ended { status: Some(status), cpu, peak });
        }
        if cpu > limit || start.elapsed() > limit * PATIENCE {
            child.kill().and_then(|()| child.wait()).map_err(|error| error.to_string())?;
            return Ok(Ended { status: None, cpu, peak });
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// User and system time of a process, which are counted in ticks of 10 ms.
fn processor_time(proc: &Path) -> Option<Duration> {
    let text = std::fs::read_to_string(proc.join("stat")).ok()?;
    // The name before it may hold spaces and brackets.
    let (_, rest) = text.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split(' ').collect();
    let ticks = |at: usize| fields.get(at)?.parse::<u64>().ok();
    Some(Duration::from_millis(10 * (ticks(11)? + ticks(12)?)))
}

fn high_water(proc: &Path) -> Option<f64> {
    let text = std::fs::read_to_string(proc.join("status")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<f64>().ok()? / 1024.0)
}

fn fault(status: Option<ExitStatus>, log: &Path) -> Option<Fault> {
    let Some(status) = status else { return Some(Fault::Hang) };
    let log = std::fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let place = log.lines().find(|line| line.contains("panicked at") || line.contains("overflowed its stack"));
    match (place, status.code()) {
        (Some(place), _) => Some(Fault::Panic(place.to_owned())),
        (None, Some(0)) => None,
        (None, Some(code)) => {
            let told = log.lines().find(|line| line.starts_with("error")).unwrap_or_default();
            Some(Fault::Refused(code, told.to_owned()))
        }
        (None, None) => Some(Fault::Killed(status.to_string())),
    }
}

fn summary(all: &[Seen], took: Duration, limit: Duration) {
    let faults = |is: fn(&Fault) -> bool| all.iter().filter(|seen| seen.fault.as_ref().is_some_and(is)).count();
    let sum = |key: &str| all.iter().filter_map(|seen| seen.coverage[key].as_u64()).sum::<u64>();
    println!("| | |\n|---|---:|");
    for (name, count) in [
        ("folders of sources", all.len() as u64),
        ("panics, stack overflows", faults(|fault| matches!(fault, Fault::Panic(_) | Fault::Killed(_))) as u64),
        ("more than the processor time allowed", faults(|fault| matches!(fault, Fault::Hang)) as u64),
        ("refused (no Rust, or something unreadable)", faults(|fault| matches!(fault, Fault::Refused(..))) as u64),
        ("Rust files read", sum("files")),
        ("of them not parsed", sum("unparsed")),
        ("calls of macros not looked into", sum("macros_unread")),
        ("pieces of state", all.iter().map(|seen| seen.items).sum()),
    ] {
        println!("| {name} | {count} |");
    }
    println!(
        "\n{} folders in {:.0} s, each in JSON and as a book, {:.0} s of processor time allowed for each",
        all.len(),
        took.as_secs_f64(),
        limit.as_secs_f64()
    );
    top(all, "most processor time", |seen| seen.cpu.as_secs_f64(), "s");
    top(all, "most memory", |seen| seen.peak, "MB");
}

fn top(all: &[Seen], name: &str, of: fn(&Seen) -> f64, unit: &str) {
    let mut sorted: Vec<&Seen> = all.iter().collect();
    sorted.sort_by(|a, b| of(b).total_cmp(&of(a)));
    println!("\n| {name} | {unit} |\n|---|---:|");
    for seen in sorted.into_iter().take(ROWS) {
        println!("| {} | {:.2} |", seen.name, of(seen));
    }
}
