//! `statemap list`: grep for incidents.

use anyhow::Context as _;
use statemap::fleet;
use statemap::model::{HazardSeverity, Item, Kind, Scope, StateMap};
use statemap::render::{self, Filter, Format};
use statemap::terminal::Look;

use super::screen::{self, Stream};
use super::{UsageError, counted, merge, print, session, vocabulary};
use crate::cli::{Global, List, ListFormat, Severity};
use crate::exit_code::ExitCode;

pub(crate) fn run(args: &List, global: &Global) -> anyhow::Result<ExitCode> {
    let kinds = vocabulary::<Kind>(&args.kind, "kind", Kind::ALL.iter().map(|kind| kind.as_str()))?;
    let scopes = vocabulary::<Scope>(&args.scope, "scope", Scope::ALL.iter().map(|scope| scope.as_str()))?;
    let (map, root, code) = if args.from.is_empty() {
        let session = session::open(global, None)?;
        let code = session.exit_code();
        (session.analysis.map, Some(session.root), code)
    } else {
        let loaded = merge::load(&args.from, false, global)?;
        (fleet::combined(&loaded.fleet).context("there is at least one map")?, None, ExitCode::Clean)
    };
    let known: Vec<&str> = map.services.iter().map(|service| service.name.as_str()).collect();
    if let Some(unknown) = args.service.iter().find(|name| !known.contains(&name.as_str())) {
        return Err(UsageError::with_help(format!("no service `{unknown}`"), format!("the services are: {}", known.join(", "))));
    }
    let hazard = args.hazard.map(|severity| match severity {
        Severity::Low => HazardSeverity::Low,
        Severity::Medium => HazardSeverity::Medium,
        Severity::High => HazardSeverity::High,
    });
    let services = args.service.clone();
    let filter = Filter { words: args.words.clone(), kinds, scopes, services, hazard, constants: args.constants };
    let format = match args.format {
        ListFormat::Table => Format::Table,
        ListFormat::Ids => Format::Ids,
        ListFormat::Json => Format::Json,
        ListFormat::Csv => Format::Csv,
        ListFormat::Markdown => Format::Markdown,
    };
    // The files of maps that are read are elsewhere.
    let links = root.as_deref().and_then(|root| screen::file_links(global, root));
    let colour = screen::colour(Stream::Out, global);
    let look = Look { width: screen::width().unwrap_or(usize::MAX), colour, links: links.as_ref() };
    print(&render::list(&map, &filter, format, Some(look)))?;
    if !global.quiet {
        tell(&map, &filter);
    }
    Ok(code)
}

/// How much was found: on a terminal; that nothing was, also beside a pipe.
fn tell(map: &StateMap, filter: &Filter) {
    let found = render::wanted(map, filter);
    if found.is_empty() {
        let constants = render::wanted(map, &Filter { constants: true, ..filter.clone() }).len();
        let help = match constants {
            0 => String::new(),
            1 => "; one constant does: `--constants`".to_owned(),
            some => format!("; {some} constants do: `--constants`"),
        };
        say!("statemap list: nothing matches{help}");
    } else if Stream::Out.is_terminal() {
        let open = |item: &&&Item| map.hazards.iter().any(|hazard| hazard.acknowledged.is_none() && hazard.items.contains(&item.id));
        let with_hazard = found.iter().filter(open).count();
        let hazards = if with_hazard == 0 { String::new() } else { format!(", {with_hazard} with hazards") };
        say!("\n{}{hazards}; `statemap show NAME` tells all about one", counted(found.len(), "piece of state", "pieces of state"));
    }
}
