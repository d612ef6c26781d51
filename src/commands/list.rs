//! `statemap list`: grep for incidents.

use std::io::IsTerminal;
use std::str::FromStr;

use statemap::model::{Kind, Scope};
use statemap::render::{self, Filter, Format};

use super::session;
use super::{UsageError, print};
use crate::cli::{Global, List, ListFormat};
use crate::exit_code::ExitCode;

pub(crate) fn run(args: &List, global: &Global) -> anyhow::Result<ExitCode> {
    let kinds = words::<Kind>(&args.kind, "kind", Kind::ALL.iter().map(|kind| kind.as_str()))?;
    let scopes = words::<Scope>(&args.scope, "scope", Scope::ALL.iter().map(|scope| scope.as_str()))?;
    let session = session::open(global, None)?;
    let known: Vec<&str> = session.analysis.map.services.iter().map(|service| service.name.as_str()).collect();
    if let Some(unknown) = args.service.iter().find(|name| !known.contains(&name.as_str())) {
        return Err(UsageError::with_help(format!("no service `{unknown}`"), format!("the services are: {}", known.join(", "))));
    }
    let filter = Filter { words: args.words.clone(), kinds, scopes, services: args.service.clone(), constants: args.constants };
    let format = match args.format {
        ListFormat::Table => Format::Table,
        ListFormat::Json => Format::Json,
        ListFormat::Csv => Format::Csv,
        ListFormat::Markdown => Format::Markdown,
    };
    let width = std::io::stdout().is_terminal().then(terminal_width);
    print(&render::list(&session.analysis.map, &filter, format, width))?;
    Ok(session.exit_code())
}

/// Words of a vocabulary; an unknown one is answered with the known ones.
fn words<T: FromStr<Err = ()>>(given: &[String], what: &str, known: impl Iterator<Item = &'static str>) -> anyhow::Result<Vec<T>> {
    let known: Vec<&str> = known.collect();
    let parse = |word: &String| {
        word.parse()
            .map_err(|()| UsageError::with_help(format!("unknown {what} `{word}`"), format!("the {what}s are: {}", known.join(", "))))
    };
    given.iter().map(parse).collect()
}

/// The terminal's width as the shell tells it; a usual one else.
fn terminal_width() -> usize {
    let told = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
    told.or_else(|| terminal_size::terminal_size().map(|(width, _)| usize::from(width.0))).unwrap_or(100)
}
