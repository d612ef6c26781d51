//! Detector `stores`: see `stores.md`.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use super::context::Cx;
use super::finding::{Finding, Origin};
use crate::model::{Class, Confidence, Kind};

/// One item for each store that something found before talks to.
pub(super) fn run(cx: &Cx<'_>, out: &mut Vec<Finding>) {
    let mut stores: BTreeMap<SmolStr, Finding> = BTreeMap::new();
    for finding in out.iter() {
        let Some(store) = finding.backs_on.as_ref().filter(|store| cx.world.catalog.wrappers().is_store(store)) else { continue };
        if !matches!(finding.kind, Kind::Pool | Kind::SdkClient | Kind::Session | Kind::Lease | Kind::Queue | Kind::Limiter) {
            continue;
        }
        stores
            .entry(store.clone())
            .and_modify(|known| known.sites.extend(finding.sites.iter().cloned()))
            .or_insert_with(|| Finding {
                detector: "stores",
                kind: Kind::ExternalStore,
                scope: Kind::ExternalStore.usual_scope(),
                name: store.clone(),
                origin: Origin::Declared(store.replace(' ', "_").into()),
                def: finding.def,
                class: Class::Mutable,
                confidence: Confidence::Certain,
                sites: finding.sites.clone(),
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
