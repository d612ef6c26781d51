//! How a service starts and stops: the way of `main`, what a failure on it does, what is told to stop and waited for.
//!
//! Pure data in, data out: what is known of bodies, the items, what is deployed. Nothing is guessed; what cannot be followed is
//! left out. It must not know of pages: words are made by `render`.

mod endings;
mod frame;
mod grace;
mod outcome;
mod places;
mod servers;
mod signals;
mod startup;
mod told;
mod way;

#[cfg(test)]
mod tests;

use smol_str::SmolStr;

use crate::detect::Cx;
use crate::manifests::deployed::Deployed;
use crate::model::{Action, Item, Lifecycle, Service, When};
use crate::resolve::DefId;

use endings::Listens;
use places::Places;
use way::Walker;

/// How the services start and stop, sorted by service; those of which nothing is known are left out.
#[must_use]
pub fn lifecycles(cx: &Cx<'_>, items: &[Item], deployed: &Deployed, services: &[Service]) -> Vec<Lifecycle> {
    let mut walker = Walker::new(cx);
    let wrappers = if services.is_empty() { Vec::new() } else { signals::wrappers(cx, &mut walker) };
    let of = |service| of_service(cx, &mut walker, items, deployed, service, &wrappers);
    let mut out: Vec<Lifecycle> = services.iter().filter_map(of).collect();
    out.sort_by(|a, b| a.service.cmp(&b.service));
    out
}

fn of_service<'a>(
    cx: &Cx<'a>,
    walker: &mut Walker<'a, '_>,
    items: &[Item],
    deployed: &Deployed,
    service: &Service,
    wrappers: &[(DefId, usize)],
) -> Option<Lifecycle> {
    let main = main_of(cx, service)?;
    let events = walker.of(main);
    let places = Places::new(items, &service.name);
    let mut out = Lifecycle { service: service.name.clone(), ..Lifecycle::default() };
    let order = startup::order(&events);
    out.signals = signals::listening(cx, &order);
    out.servers = servers::servers(cx, &order, walker, &places, &mut out.signals);
    (out.startup, out.warming) = startup::steps(cx, &order, &places);
    out.lazily = startup::lazily(cx, &order, &places, &out);
    let listens = endings::listens(cx, walker, &out);
    if listens == Listens::No {
        out.unhandled.push(SmolStr::new_static(endings::TERM));
    }
    out.endings = endings::endings(cx, walker, &order, &places, &out, listens);
    signals::handed_in(cx, walker, wrappers, &mut out);
    let main_server = out.startup.iter().rev().find(|step| step.action == Action::Serves && step.when == Some(When::Serving));
    let main_server = main_server.and_then(|step| out.servers.iter().find(|server| server.at == step.at));
    out.grace = grace::grace(deployed, &service.name, main_server);
    (!out.is_empty()).then_some(out)
}

/// The function that the process begins with: `main`, or what a framework makes a `main` of.
fn main_of(cx: &Cx<'_>, service: &Service) -> Option<DefId> {
    let program = cx.world.program;
    let is_root = |id: DefId| {
        let def = program.def(id);
        let in_root = def.owner.is_none() && def.in_fn.is_none() && program.module(def.module).parent.is_none();
        in_root && program.func(id).is_some() && program.file_of(id).file == service.target
    };
    let named = cx.from_main.iter().filter(|(_, steps)| **steps == 0).map(|(id, _)| *id);
    let mut found: Vec<DefId> = named.filter(|id| is_root(*id)).collect();
    found.sort();
    let launched = || {
        let launches =
            |id: &DefId| program.def(*id).item.attrs.iter().any(|attr| attr.path.last().is_some_and(|last: &SmolStr| last == "launch"));
        cx.bodies().map(|body| body.def).filter(|id| is_root(*id)).find(launches)
    };
    found.first().copied().or_else(launched)
}
