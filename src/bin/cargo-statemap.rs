//! `cargo statemap …`: runs the `statemap` that is installed beside this program.

use std::ffi::OsString;
use std::process::{Command, ExitCode};

/// Says that help should speak of `cargo statemap`; `statemap` reads it.
const AS_CARGO: &str = "STATEMAP_AS_CARGO";

fn main() -> ExitCode {
    let mut args: Vec<OsString> = std::env::args_os().skip(1).collect();
    // Cargo hands its own word on; called by its name, there is none.
    if args.first().is_some_and(|first| first == "statemap") {
        args.remove(0);
    }
    let name = format!("statemap{}", std::env::consts::EXE_SUFFIX);
    let beside = std::env::current_exe().ok().map(|own| own.with_file_name(&name)).filter(|path| path.is_file());
    let program = beside.map_or_else(|| OsString::from(&name), OsString::from);
    match Command::new(&program).args(args).env(AS_CARGO, "1").status() {
        Ok(status) => status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from),
        Err(error) => fail(&program, &error),
    }
}

#[expect(clippy::print_stderr, reason = "the last word of a failing run")]
fn fail(program: &std::ffi::OsStr, error: &std::io::Error) -> ExitCode {
    eprintln!("error: failed to run `{}`: {error}", program.display());
    eprintln!("help: `cargo install` puts it beside `cargo-statemap`; keep the two together");
    ExitCode::from(2)
}
