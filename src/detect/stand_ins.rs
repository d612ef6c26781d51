//! Types that stand in for the real thing in tests (`MockClock`, what is in `mock.rs`), though nothing marks them as such.

use rustc_hash::FxHashSet;

use super::context::Cx;
use crate::facts::ItemKind;
use crate::resolve::DefId;

/// Words of type names.
const NAMED: [&str; 4] = ["Mock", "Fake", "Stub", "Dummy"];

/// Modules that hold nothing else.
const MODULES: [&str; 8] = ["mock", "mocks", "fake", "fakes", "stub", "stubs", "test_utils", "test_helpers"];

/// Stand-ins that no code of the services names, other stand-ins aside.
pub(super) fn unused(cx: &Cx<'_>) -> FxHashSet<DefId> {
    let program = cx.world.program;
    let types = program.all_defs().filter(|(_, def)| matches!(def.item.kind, ItemKind::Struct(_) | ItemKind::Enum(_)));
    let mut out: FxHashSet<DefId> = types.map(|(id, _)| id).filter(|id| is_stand_in(cx, *id)).collect();
    if out.is_empty() {
        return out;
    }
    let at_home: FxHashSet<u32> = out.iter().map(|id| cx.file_index(*id)).collect();
    for body in cx.bodies().filter(|body| !cx.is_dead(body.def)) {
        // In the file of a stand-in only the real thing beside it names it in earnest.
        let own = at_home.contains(&cx.file_index(body.def));
        for meant in body.means.iter().copied().chain(body.fields.iter().map(|(of, ..)| *of)) {
            let of = super::reach::member_of(cx, meant).unwrap_or(meant);
            if !(own && super::reach::member_of(cx, body.def).is_none_or(|owner| out.contains(&owner))) {
                out.remove(&of);
            }
        }
    }
    out
}

fn is_stand_in(cx: &Cx<'_>, id: DefId) -> bool {
    let name = cx.short_name(id);
    let named = NAMED.iter().any(|word| {
        name.match_indices(word).any(|(at, _)| {
            // `Mocking` and `Stubborn` are other words.
            name[at + word.len()..].chars().next().is_none_or(|next| next.is_uppercase() || next == '_')
        })
    });
    named || cx.path(id).split("::").any(|module| MODULES.contains(&module))
}
