//! `statemap list`: grep for incidents.

use anyhow::Context as _;
use statemap::fleet;
use statemap::model::{Kind, Scope};
use statemap::render::{self, Filter, Format};

use super::{UsageError, print, vocabulary};
use super::{merge, screen, session};
use crate::cli::{Global, List, ListFormat};
use crate::exit_code::ExitCode;

pub(crate) fn run(args: &List, global: &Global) -> anyhow::Result<ExitCode> {
    let kinds = vocabulary::<Kind>(&args.kind, "kind", Kind::ALL.iter().map(|kind| kind.as_str()))?;
    let scopes = vocabulary::<Scope>(&args.scope, "scope", Scope::ALL.iter().map(|scope| scope.as_str()))?;
    let (map, code) = if args.from.is_empty() {
        let session = session::open(global, None)?;
        let code = session.exit_code();
        (session.analysis.map, code)
    } else {
        let loaded = merge::load(&args.from, false, global)?;
        (fleet::combined(&loaded.fleet).context("there is at least one map")?, ExitCode::Clean)
    };
    let known: Vec<&str> = map.services.iter().map(|service| service.name.as_str()).collect();
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
    print(&render::list(&map, &filter, format, screen::width()))?;
    Ok(code)
}
