//! Detector `stores`: see `stores.md`.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use super::context::Cx;
use super::databases;
use super::finding::{Finding, Origin, RawSite};
use crate::model::{Kind, Role};

/// One item for each store that something found before talks to.
pub(super) fn run(cx: &Cx<'_>, out: &mut Vec<Finding>) {
    let more = databases::tell(cx, out);
    let mut stores: BTreeMap<SmolStr, Finding> = BTreeMap::new();
    let named = out.iter().filter_map(|finding| Some((finding.backs_on.as_ref()?, finding)));
    let named = named.filter(|(store, _)| cx.world.catalog.wrappers().is_store(store));
    for (store, finding) in named.chain(more.iter().filter_map(|(store, at)| Some((store, out.get(*at)?)))) {
        // What is fetched from an address and kept.
        let is_fetched = finding.kind == Kind::ReferenceData && finding.facts.iter().any(|fact| fact.key == "address");
        let leads_there = matches!(
            finding.kind,
            Kind::Pool | Kind::SdkClient | Kind::Session | Kind::Lease | Kind::Queue | Kind::Limiter | Kind::FsWrite
        );
        if !leads_there && !is_fetched {
            continue;
        }
        stores.entry(store.clone()).and_modify(|known| known.sites.extend(made_at(finding))).or_insert_with(|| Finding {
            sites: made_at(finding).into_iter().collect(),
            label: SmolStr::new_static("external store"),
            ..Finding::new("stores", Kind::ExternalStore, finding.def, store.clone(), Origin::Declared(store.replace(' ', "_").into()))
        });
    }
    out.extend(stores.into_values());
}

/// The place where a pool or client is made: one for each, without its declarations.
pub(super) fn made_at(finding: &Finding) -> Option<RawSite> {
    finding.sites.iter().find(|site| site.role == Role::Constructed).or(finding.sites.first()).cloned()
}
