//! `statemap check --replicas 6`, `--set api.surge=50%`: the hazards and sums of another deployment, beside those of this one.

use std::fmt::Write as _;

use anyhow::Context as _;
use serde_json::{Value, json};
use statemap::assess;
use statemap::model::{Capacity, Hazard, Holder, StateMap};
use statemap::terminal::visible;
use statemap::what_if::{Change, Compared, Mistake, apply};

use super::session::{self, Session};
use super::{UsageError, counted, print};
use crate::cli::{Check, CheckFormat, Global};
use crate::exit_code::ExitCode;

pub(super) fn run(session: &Session, args: &Check, global: &Global) -> anyhow::Result<ExitCode> {
    let changes = changes(args).map_err(wrong)?;
    let before = &session.analysis.map;
    let deployed = session.analysis.deployed.as_ref().context("a map that is to be changed is made anew")?;
    apply(deployed, &before.services, &changes).map_err(wrong)?;
    let after = session::what_if(session, global, changes.clone())?;
    let compared = Compared::of(before, &after);
    let on = session.analysis.config.policy.fail_on;
    match args.format {
        CheckFormat::Json => print(&as_json(&changes, &compared, &after))?,
        CheckFormat::Text => print(&as_text(&changes, &compared, &after))?,
    }
    let failed = after.hazards.iter().filter(|hazard| assess::fails(hazard, on)).count();
    if !global.quiet && args.format == CheckFormat::Text {
        tell(&compared, failed);
    }
    Ok(match (session.exit_code(), failed) {
        (ExitCode::Unreadable, _) => ExitCode::Unreadable,
        (_, 0) => ExitCode::Clean,
        _ => ExitCode::Found,
    })
}

fn changes(args: &Check) -> Result<Vec<Change>, Mistake> {
    let replicas = args.what_if.replicas.iter().map(|text| Change::replicas(text));
    replicas.chain(args.what_if.set.iter().map(|text| Change::set(text))).collect()
}

fn wrong(mistake: Mistake) -> anyhow::Error {
    UsageError::with_help(mistake.message, mistake.help)
}

fn tell(compared: &Compared<'_>, failed: usize) {
    let numbers = [(compared.appear.len(), "appear"), (compared.change.len(), "change"), (compared.go.len(), "go away")];
    let told: Vec<String> = numbers.iter().map(|(count, what)| format!("{count} {what}")).collect();
    let fails = if failed == 0 { String::new() } else { format!("; {} by `[policy] fail_on`", counted(failed, "fails", "fail")) };
    say!("statemap check: of the hazards {}, {} as they are{fails}; nothing was written", told.join(", "), compared.stay);
}

fn as_text(changes: &[Change], compared: &Compared<'_>, after: &StateMap) -> String {
    let said: Vec<String> = changes.iter().map(ToString::to_string).collect();
    let mut out = format!("what if: {}\n", visible(&said.join(", ")));
    push(&mut out, "appears", compared.appear.iter().map(|hazard| (*hazard, None)));
    push(&mut out, "changes", compared.change.iter().map(|changed| (changed.after, Some(changed.before))));
    push(&mut out, "goes away", compared.go.iter().map(|hazard| (*hazard, None)));
    if compared.appear.is_empty() && compared.change.is_empty() && compared.go.is_empty() {
        out.push_str("\nno hazard appears, changes or goes away\n");
    }
    if !after.capacity.is_empty() {
        out.push_str("\nconnections at a time, at most:\n");
        out.push_str(&table(&after.capacity));
    }
    out
}

fn push<'h>(out: &mut String, heading: &str, hazards: impl Iterator<Item = (&'h Hazard, Option<&'h Hazard>)>) {
    let mut hazards = hazards.peekable();
    if hazards.peek().is_none() {
        return;
    }
    let _ = writeln!(out, "\n{heading}:");
    for (hazard, before) in hazards {
        let accepted = if hazard.acknowledged.is_some() { ", accepted" } else { "" };
        let _ = writeln!(out, "  {}{accepted} [{}]: {}", hazard.severity.as_str(), hazard.rule, visible(&hazard.message));
        if let Some(arithmetic) = &hazard.arithmetic {
            let _ = writeln!(out, "      {}", visible(arithmetic));
        }
        if let Some(before) = before {
            let _ = writeln!(out, "      today: {}: {}", before.severity.as_str(), visible(&before.message));
        }
    }
}

/// The sums, as columns.
fn table(capacity: &[Capacity]) -> String {
    let scaled = capacity.iter().any(|one| one.at_most.is_some());
    let mut header = vec!["STORE", "HELD BY", "EACH", "AT REST", "ROLLOUT"];
    if scaled {
        header.extend(["SCALED OUT", "BOTH"]);
    }
    header.push("THE SERVER TAKES");
    let mut rows: Vec<Vec<String>> = vec![header.into_iter().map(str::to_owned).collect()];
    for one in capacity {
        let takes = one.limit.as_ref().map(|limit| format!("{} ({} of {})", limit.connections, limit.key, limit.from));
        let name = match &one.environment {
            Some(environment) => format!("{} in {environment}", one.store),
            None => one.store.to_string(),
        };
        let alone = one.holders.len() == 1;
        for (at, holder) in one.holders.iter().enumerate() {
            let mut row = vec![if at == 0 { name.clone() } else { String::new() }, holder.workload.to_string(), holder.each.to_string()];
            row.extend(of_holder(holder, scaled));
            row.push(takes.clone().filter(|_| alone).unwrap_or_default());
            rows.push(row);
        }
        if !alone {
            let mut row = vec![String::new(), "all".to_owned(), String::new(), one.at_rest.to_string(), one.during_rollout.to_string()];
            if scaled {
                row.push(one.at_most.unwrap_or(one.at_rest).to_string());
                row.push(one.at_most_during_rollout.unwrap_or(one.during_rollout).to_string());
            }
            row.push(takes.unwrap_or_default());
            rows.push(row);
        }
    }
    aligned(&rows)
}

/// Columns of numbers stand to the right.
fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |at: usize| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut out = String::new();
    for row in rows {
        let mut line = String::from(" ");
        for (at, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let cell = visible(cell);
            let _ = if (2..columns - 1).contains(&at) { write!(line, " {cell:>width$} ") } else { write!(line, " {cell:<width$} ") };
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

fn of_holder(holder: &Holder, scaled: bool) -> Vec<String> {
    let times = |count: Option<u32>| count.map_or_else(|| "?".to_owned(), |count| holder.each.saturating_mul(i64::from(count)).to_string());
    let during = holder.during_rollout.or(holder.replicas);
    let mut out = vec![times(holder.replicas), times(during)];
    if scaled {
        out.push(times(holder.at_most.or(holder.replicas)));
        out.push(times(holder.at_most_during_rollout.or(holder.at_most).or(during)));
    }
    out
}

fn as_json(changes: &[Change], compared: &Compared<'_>, after: &StateMap) -> String {
    let value: Value = json!({
        "schema": 1,
        "what_if": changes.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "appear": compared.appear,
        "change": compared.change.iter().map(|one| json!({"before": one.before, "after": one.after})).collect::<Vec<_>>(),
        "go": compared.go,
        "stay": compared.stay,
        "capacity": after.capacity,
        "verdicts": after.verdicts,
    });
    statemap::render::pretty(&value)
}
