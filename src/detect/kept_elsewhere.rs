//! Pools and clients that are made in one place and kept in fields elsewhere, or handed to requests: who uses the fields uses them.

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::context::Cx;
use super::finding::Finding;
use super::uses::UsedAt;
use crate::model::{Access, Kind, Scope};
use crate::resolve::{At, DefId, Type};

/// Where a value is handed on by its type, `new(pool)` after `new(pool)`, the type says which it is: if only one of it is made.
pub(super) fn tell(cx: &Cx<'_>, findings: &mut [Finding]) {
    let is_meant = |finding: &Finding| matches!(finding.kind, Kind::Pool | Kind::SdkClient | Kind::Cache);
    let types = |finding: &Finding| finding.entry.filter(|_| is_meant(finding)).map_or(&[][..], |entry| &cx.api(entry).types);
    let mut made: FxHashMap<&SmolStr, usize> = FxHashMap::default();
    for ty in findings.iter().flat_map(types) {
        *made.entry(ty).or_default() += 1;
    }
    if made.values().all(|count| *count > 1) {
        return;
    }
    let mut kept: FxHashMap<&SmolStr, Vec<&(DefId, SmolStr)>> = FxHashMap::default();
    for (field, ty) in &cx.world.signatures.fields {
        if let Some(path) = held(cx, ty).filter(|path| made.get(path) == Some(&1)) {
            kept.entry(path).or_default().push(field);
        }
    }
    let mut taken: FxHashMap<&SmolStr, Vec<UsedAt>> = FxHashMap::default();
    for body in cx.bodies() {
        for ty in &cx.world.signatures.params[body.def.0 as usize] {
            if let Some(path) = shared(cx, ty).filter(|path| made.get(path) == Some(&1)) {
                let at = At { file: cx.file_index(body.def), span: cx.world.program.def(body.def).item.span };
                taken.entry(path).or_default().push((at, body.def, Access::Read));
            }
        }
    }
    for finding in findings.iter_mut().filter(|finding| finding.uses.is_empty() && finding.scope == Scope::Process) {
        let types = types(finding);
        if types.iter().any(|ty| made.get(ty).is_some_and(|count| *count > 1)) {
            continue;
        }
        let fields = types.iter().filter_map(|ty| kept.get(ty)).flatten();
        let uses = fields.filter_map(|field| cx.uses.fields.get(*field)).flatten();
        let uses = uses.chain(types.iter().filter_map(|ty| taken.get(ty)).flatten());
        let mut uses: Vec<_> = uses.filter(|(_, user, _)| *user != finding.def).copied().collect();
        uses.sort_unstable();
        uses.dedup();
        finding.uses = uses;
    }
}

/// What a request is given of what all share: `State<Pool>`, `Data<Pool>`.
fn shared<'t>(cx: &Cx<'_>, ty: &'t Type) -> Option<&'t SmolStr> {
    held(cx, ty.path().filter(|path| cx.world.catalog.wrappers().is_app_state(path)).and_then(|_| ty.args().first())?)
}

/// The foreign type that a field holds, behind pointers and options.
fn held<'t>(cx: &Cx<'_>, ty: &'t Type) -> Option<&'t SmolStr> {
    let mut ty = ty;
    for _ in 0..8 {
        let path = ty.path()?;
        if path != "std::option::Option" && !cx.world.catalog.wrappers().is_transparent(path) {
            return Some(path);
        }
        ty = ty.args().first()?;
    }
    None
}
