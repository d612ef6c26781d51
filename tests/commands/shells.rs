//! Completions, man pages, `cargo statemap`, and how the program behaves in pipes and on odd terminals.

use std::io::Read;
use std::process::{Command as Process, Stdio};

use assert_cmd::Command;

use crate::project::{Outcome, Project, fixture, repository, statemap};

fn run(args: &[&str]) -> Outcome {
    Outcome::of(statemap().args(args), repository())
}

#[test]
fn completions_know_the_commands_the_options_and_the_words_that_these_take() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = run(&["completions", shell]).ends(0).out;
        for word in ["show", "completions", "hyperlinks"] {
            assert!(script.contains(word), "{shell}: no {word}");
        }
        // Scripts for the other shells complete the names of options only.
        let values = if matches!(shell, "bash" | "zsh") {
            &["fs-write", "thread-local", "cluster", "random-logouts", "build-scripts"][..]
        } else {
            &[]
        };
        for word in values {
            assert!(script.contains(word), "{shell}: no {word}");
        }
    }
    run(&["completions", "tcsh"]).ends(2).says(&["invalid value 'tcsh'", "bash"]);
}

#[test]
fn the_script_for_bash_is_one_that_bash_reads() {
    let project = Project::empty();
    project.write("statemap.bash", run(&["completions", "bash"]).ends(0).out);
    // Machines without bash have nobody who would read it.
    let Ok(status) = Process::new("bash").arg("-n").arg(project.path("statemap.bash")).status() else { return };
    assert!(status.success());
    let asked =
        "source statemap.bash; COMP_WORDS=(statemap list --kind fs); COMP_CWORD=3; _statemap statemap fs --kind; echo \"${COMPREPLY[*]}\"";
    let answer = Process::new("bash").args(["-c", asked]).current_dir(project.root()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&answer.stdout).trim(), "fs-write");
}

#[test]
fn there_is_a_man_page_for_each_command() {
    let page = run(&["man"]).ends(0).out;
    for part in [".TH statemap 1", ".SH SYNOPSIS", "statemap\\-gen(1)", "Exit codes:", "NO_COLOR"] {
        assert!(page.contains(part), "no `{part}` in\n{page}");
    }
    let verify = run(&["man", "catalog", "verify"]).ends(0).out;
    assert!(verify.contains(".TH statemap-catalog-verify 1") && verify.contains("nearest"), "{verify}");
    run(&["man", "shwo"]).ends(2).says(&["`statemap` has no command `shwo`", "the commands are: gen, check"]);
    let project = Project::empty();
    let written = project.run(&["man", "--output", "man1"]).ends(0);
    assert!(written.err.contains("man1: ") && written.err.contains(" pages; written"), "{}", written.err);
    for name in ["statemap", "statemap-gen", "statemap-show", "statemap-catalog", "statemap-catalog-list"] {
        assert!(project.read(&format!("man1/{name}.1")).starts_with(".ie"), "{name}");
    }
    assert!(project.run(&["man", "--output", "man1"]).ends(0).err.contains("unchanged"));
}

#[test]
fn cargo_statemap_is_statemap_and_helps_under_that_name() {
    let cargo = |args: &[&str]| {
        let mut command = Command::cargo_bin("cargo-statemap").unwrap();
        Outcome::of(command.args(args).env_remove("NO_COLOR").env("STATEMAP_NO_CACHE", "1"), repository())
    };
    let help = cargo(&["statemap", "list", "--help"]).ends(0).out;
    assert!(help.contains("Usage: cargo statemap list"), "{help}");
    assert!(run(&["list", "--help"]).ends(0).out.contains("Usage: statemap list"));
    assert_eq!(cargo(&["statemap", "explain", "cache"]).ends(0).out, run(&["explain", "cache"]).ends(0).out);
    // Called by its name, and with an exit code to hand on.
    cargo(&["explain", "no-such-thing"]).ends(2).says(&["error: nothing to explain"]);
}

/// A reader that goes away after a few bytes, as `head` does.
#[test]
fn a_reader_that_goes_away_ends_the_program_quietly() {
    let runs: [&[&str]; 5] =
        [&["list", "--format", "json"], &["show", "db", "Carts"], &["explain"], &["gen", "-o", "-"], &["completions", "zsh"]];
    for args in runs {
        let mut command = Process::new(assert_cmd::cargo::cargo_bin("statemap"));
        let mut child = command
            .args(args)
            .env("STATEMAP_NO_CACHE", "1")
            .args(if matches!(args[0], "list" | "show" | "gen") { vec!["-C".into(), fixture("storefront")] } else { Vec::new() })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut few = [0; 10];
        child.stdout.take().unwrap().read_exact(&mut few).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{args:?}");
        assert!(output.status.success(), "{args:?}: {}", output.status);
    }
}

#[test]
fn colours_go_by_the_option_then_by_the_environment() {
    let coloured = |environment: &[(&str, &str)], args: &[&str]| {
        let mut command = statemap();
        let outcome = Outcome::of(command.args(["explain", "cache"]).args(args).envs(environment.iter().copied()), repository());
        outcome.ends(0).out.contains('\u{1b}')
    };
    assert!(!coloured(&[], &[]), "a pipe has none");
    assert!(coloured(&[("CLICOLOR_FORCE", "1")], &[]));
    assert!(!coloured(&[("CLICOLOR_FORCE", "0")], &[]));
    assert!(!coloured(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], &[]));
    assert!(coloured(&[("NO_COLOR", "1")], &["--color", "always"]));
    assert!(!coloured(&[("CLICOLOR_FORCE", "1")], &["--color", "never"]));
}

#[test]
fn a_pipe_sees_no_progress() {
    let project = Project::copy_of(&fixture("storefront"));
    let outcome = project.run(&["gen", "-o", "map.md"]).ends(0);
    assert!(!outcome.err.contains(['\r', '\u{1b}']), "{:?}", outcome.err);
    assert!(outcome.err.lines().count() <= 2, "a line on what was written and one on what was not seen:\n{}", outcome.err);
}
