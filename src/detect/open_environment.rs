//! Services whose code reads variables that no name in it tells: the environment as a whole, everything with a prefix.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use super::context::Cx;
use super::env_reads;
use crate::catalog::Variables;
use crate::resolve::DefId;

/// What is not told by names, by service.
#[derive(Clone, Debug, Default)]
pub struct OpenEnvironment {
    /// Services that may read any variable.
    pub whole: BTreeSet<SmolStr>,
    /// Prefixes of variables that a service reads all of.
    pub prefixes: BTreeMap<SmolStr, BTreeSet<String>>,
}

impl OpenEnvironment {
    /// Gathers them.
    #[must_use]
    pub fn new(cx: &Cx<'_>) -> Self {
        let known = Variables::builtin();
        let mut out = Self::default();
        for body in cx.bodies() {
            if body.foreign.iter().any(|path| known.reads_whole(path)) {
                out.whole.extend(services(cx, body.def));
            }
            if !body.foreign.iter().any(|path| known.reads_prefix(path)) {
                continue;
            }
            let calls = body.known.iter().filter(|call| known.reads_prefix(&call.path));
            let prefixes: Vec<Option<String>> = calls
                .map(|call| call.args.first().and_then(|prefix| cx.flow.settle(cx.world, prefix).value).map(|value| value.to_string()))
                .collect();
            for service in services(cx, body.def) {
                if prefixes.is_empty() || prefixes.contains(&None) {
                    out.whole.insert(service.clone());
                }
                out.prefixes.entry(service).or_default().extend(prefixes.iter().flatten().cloned());
            }
        }
        for func in env_reads::nameless(cx) {
            out.whole.extend(services(cx, func));
        }
        out
    }

    /// Whether a service may read a variable that no name in its code tells.
    #[must_use]
    pub fn may_read(&self, service: &str, variable: &str) -> bool {
        let lower = variable.to_ascii_lowercase();
        self.whole.contains(service)
            || self.prefixes.get(service).into_iter().flatten().any(|prefix| lower.starts_with(&prefix.to_ascii_lowercase()))
    }
}

fn services(cx: &Cx<'_>, func: DefId) -> Vec<SmolStr> {
    if !cx.world.program.is_linked(func) || cx.is_dead(func) {
        return Vec::new();
    }
    cx.reaching(func, cx.world.program.services_of(func))
}
