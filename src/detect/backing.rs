//! The store behind what a constructor makes: from the catalog, from its ingredients, or from the type of its connections.

use smol_str::SmolStr;

use super::context::Cx;
use crate::model::Kind;
use crate::resolve::{BodyFacts, Bound, Type};

/// The store that the call speaks to, or that an ingredient of it names.
pub(super) fn store_of(cx: &Cx<'_>, body: &BodyFacts, index: usize) -> Option<SmolStr> {
    let parts = body.known.iter().filter(|part| part.within == Some(index)).filter_map(|part| cx.api(part.hit.entry).backs_on.clone());
    // A store that is opened on a local folder is no store elsewhere.
    let parts: Vec<SmolStr> = parts.collect();
    if parts.iter().any(|store| store == "local disk") {
        return None;
    }
    let named = cx.api(body.known[index].hit.entry).backs_on.clone().into_iter().chain(parts);
    let is_store = |store: &SmolStr| cx.world.catalog.wrappers().is_store(store);
    // A pool of connections to a file; a connection to it is the database itself.
    let on_disk = || named.clone().find(|store| store == "sqlite").filter(|_| cx.api(body.known[index].hit.entry).kind == Some(Kind::Pool));
    named.clone().find(is_store).or_else(on_disk).or_else(|| {
        // A pool of any connections says by its type which ones it holds.
        let call = &body.known[index];
        let declared = match &call.bound {
            Bound::Result => Some(cx.world.signatures.value(body.def)),
            Bound::Field(of, field) => cx.world.signatures.field(*of, field),
            // Kept in a variable on its way out.
            Bound::Let(_) => Some(cx.world.signatures.value(body.def)).filter(|ty| holds_one_of(ty, &cx.api(call.hit.entry).types, 0)),
            _ => None,
        };
        let is_sql = named.clone().any(|store| store == "sql database");
        [Some(&call.makes), declared].into_iter().flatten().filter(|_| is_sql).find_map(|ty| store_of_connections(ty, 0))
    })
}

/// One of the types stands in a type.
pub(super) fn holds_one_of(ty: &Type, wanted: &[SmolStr], depth: u32) -> bool {
    let is_one = ty.path().is_some_and(|path| wanted.contains(path));
    is_one || (depth < 8 && ty.args().iter().any(|arg| holds_one_of(arg, wanted, depth + 1)))
}

/// The store behind the connections that stand in a type: `Pool<AsyncPgConnection>`.
fn store_of_connections(ty: &Type, depth: u32) -> Option<SmolStr> {
    if depth > 8 {
        return None;
    }
    let last = ty.path().and_then(|path| path.rsplit("::").next());
    match last {
        Some("PgConnection" | "AsyncPgConnection") => Some(SmolStr::new_static("postgres")),
        Some("MysqlConnection" | "AsyncMysqlConnection") => Some(SmolStr::new_static("mysql")),
        Some("SqliteConnection") => Some(SmolStr::new_static("sqlite")),
        _ => ty.args().iter().find_map(|arg| store_of_connections(arg, depth + 1)),
    }
}
