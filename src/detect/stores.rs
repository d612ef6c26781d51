//! Detector `stores`: see `stores.md`.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use super::context::Cx;
use super::finding::{Finding, Origin, RawSite};
use crate::model::{Class, Confidence, Kind, Role};

/// One item for each store that something found before talks to.
pub(super) fn run(cx: &Cx<'_>, out: &mut Vec<Finding>) {
    let mut stores: BTreeMap<SmolStr, Finding> = BTreeMap::new();
    for finding in out.iter() {
        let Some(store) = finding.backs_on.as_ref().filter(|store| cx.world.catalog.wrappers().is_store(store)) else { continue };
        if !matches!(finding.kind, Kind::Pool | Kind::SdkClient | Kind::Session | Kind::Lease | Kind::Queue | Kind::Limiter) {
            continue;
        }
        stores.entry(store.clone()).and_modify(|known| known.sites.extend(made_at(finding))).or_insert_with(|| Finding {
            detector: "stores",
            kind: Kind::ExternalStore,
            scope: Kind::ExternalStore.usual_scope(),
            name: store.clone(),
            origin: Origin::Declared(store.replace(' ', "_").into()),
            def: finding.def,
            also: Vec::new(),
            is_call: false,
            class: Class::Mutable,
            confidence: Confidence::Certain,
            sites: made_at(finding).into_iter().collect(),
            uses: Vec::new(),
            facts: Vec::new(),
            label: SmolStr::new_static("external store"),
            ty: None,
            backs_on: None,
            entry: None,
        });
    }
    out.extend(stores.into_values());
}

/// The place where a pool or client is made: one for each, without its declarations.
fn made_at(finding: &Finding) -> Option<RawSite> {
    finding.sites.iter().find(|site| site.role == Role::Constructed).or(finding.sites.first()).cloned()
}
