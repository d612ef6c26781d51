//! Findings of `statemap check` in words and in JSON.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use serde_json::{Value, json};
use statemap::annotations::CONFIG_FILE;
use statemap::check::Finding;
use statemap::source::{DirTree, Tree};
use statemap::terminal::{Look, visible};
use statemap::{diag, model::Diagnostic};

use super::check_diff::{push_changes, push_diff};
use super::screen::{self, Stream};
use super::session::Session;
use crate::cli::Global;

/// So many findings of one sort are shown with their code and what to paste; the others in a line each.
const IN_FULL: usize = 5;
/// So many are shown in a line each.
const IN_A_LINE: usize = 40;

/// The findings for people: messages with their place, then what mends them.
pub(super) fn text(findings: &[&Finding], session: &Session, global: &Global) -> String {
    let tree = DirTree::open(&session.root).ok();
    let read = |file: &str| tree.as_ref().and_then(|tree| tree.read(file).ok());
    let look = Look { width: screen::message_width(Stream::Out), colour: screen::colour(Stream::Out, global), links: None };
    let style = diag::Style { colour: look.colour, width: look.width };
    let mut out = String::new();
    let mut shown: BTreeMap<&str, usize> = BTreeMap::new();
    let mut rest: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    let mut stubs: BTreeSet<(&str, Option<u32>)> = BTreeSet::new();
    for finding in findings {
        // A stub for several items is filled in once.
        let Diagnostic { file, line, code, .. } = &finding.diagnostic;
        let of_stub = finding.command.is_none() && code == "undocumented";
        if of_stub && !stubs.insert((file.as_deref().unwrap_or_default(), *line)) {
            continue;
        }
        let count = shown.entry(finding.diagnostic.code.as_str()).or_default();
        *count += 1;
        if *count > IN_FULL {
            rest.entry(finding.diagnostic.code.as_str()).or_default().push(finding);
            continue;
        }
        out.push_str(&diag::render(std::slice::from_ref(&finding.diagnostic), &mut { read }, style));
        push_details(&mut out, finding, look);
    }
    for (code, findings) in rest {
        push_rest(&mut out, code, &findings);
    }
    out
}

fn push_details(out: &mut String, finding: &Finding, look: Look<'_>) {
    if !finding.changes.is_empty() || !finding.hazards.is_empty() {
        push_changes(out, finding, look);
    } else if let Some(diff) = &finding.diff {
        push_diff(out, diff, look);
        out.push('\n');
    }
    if let Some(paste) = &finding.paste {
        let where_to = match paste.line {
            Some(line) if paste.file == CONFIG_FILE => format!("in the place of {CONFIG_FILE}:{line}:\n\n"),
            Some(line) => format!("in the comment at {}:{line}:\n\n", paste.file),
            None => String::new(),
        };
        let _ = writeln!(out, "{}{}\n", visible(&where_to), visible(&paste.text));
    }
}

/// What is left after those that are shown in full.
fn push_rest(out: &mut String, code: &str, findings: &[&Finding]) {
    let _ = writeln!(out, "and {} more [{code}]:", findings.len());
    for finding in findings.iter().take(IN_A_LINE) {
        let Diagnostic { file, line, .. } = &finding.diagnostic;
        let place = match (file, line) {
            (Some(file), Some(line)) => format!("  ({file}:{line})"),
            _ => String::new(),
        };
        let what = finding.id.as_deref().unwrap_or(&finding.diagnostic.message);
        let _ = writeln!(out, "  {}{}", visible(what), visible(&place));
    }
    if findings.len() > IN_A_LINE {
        let _ = writeln!(out, "  … and {} more; `--format json` has them all", findings.len() - IN_A_LINE);
    }
    if code == "undocumented" && findings.iter().any(|finding| finding.command.is_some()) {
        let _ = writeln!(
            out,
            "`statemap annotate` adds stubs for all of them to statemap.toml; `statemap check --write-baseline` lets pass what is there today"
        );
    }
    out.push('\n');
}

/// The findings for machines.
pub(super) fn json(findings: &[Finding]) -> String {
    let finding = |finding: &Finding| {
        let Diagnostic { file, line, code, message, help, .. } = &finding.diagnostic;
        json!({
            "code": code,
            "level": if finding.fails() { "deny" } else { "warn" },
            "id": finding.id,
            "file": file,
            "line": line,
            "message": message,
            "help": help,
            "paste": finding.paste,
            "command": finding.command.as_ref().map(|words| [&["statemap".to_owned()][..], words].concat()),
            "changes": finding.changes,
            "hazards": finding.hazards,
            "diff": finding.diff,
        })
    };
    let failed = findings.iter().filter(|finding| finding.fails()).count();
    let value: Value = json!({
        "schema": 1,
        "ok": failed == 0,
        "denied": failed,
        "warned": findings.len() - failed,
        "findings": findings.iter().map(finding).collect::<Vec<_>>(),
    });
    statemap::render::pretty(&value)
}
