//! Diagrams: what is in them, what hostile names do to them, how large they get, and how they reach files and pages.

mod command;
mod drawing;
mod source;

use smol_str::SmolStr;
use statemap::model::{Access, EntryKind, EntryPoint, Item, ItemId, Kind, Service, StateMap};

/// A map of services and nothing else.
fn map(services: &[&str]) -> StateMap {
    let mut map: StateMap = serde_json::from_str(
        r#"{"schema":1,"tool":{"name":"statemap","version":"0"},"revision":null,"services":[],"items":[],"hazards":[],"diagnostics":[],
        "coverage":{"files":0,"lines":0,"unparsed":0,"unparsed_files":[],"orphans":[],"left_out":0,"skipped":[],"macros_read":0,
        "macros_unread":0,"macros_unread_names":[],"calls":0,"calls_resolved":0,"receivers":0,"receivers_typed":0,
        "catalog_crates":0,"unknown_crates":0,"ignored":0}}"#,
    )
    .unwrap();
    map.services = services
        .iter()
        .map(|name| Service { name: (*name).into(), package: (*name).into(), target: "src/main.rs".into(), crates: Vec::new() })
        .collect();
    map
}

/// An item of a service.
fn item(kind: Kind, name: &str, summary: &str, service: &str) -> Item {
    let id = ItemId(SmolStr::new(format!("{kind}:{service}::{name}")));
    Item { services: vec![service.into()], ..Item::new(id, kind, name.into(), summary.to_owned()) }
}

/// The item, used by a request or by a task.
fn used_by(mut item: Item, kind: EntryKind, name: &str) -> Item {
    item.entry_points.push(EntryPoint { kind, name: name.into(), access: Access::Write });
    item
}

/// A map of hundreds of items: each task uses some of the state, in no order that would suit a drawing.
fn large(items: usize) -> StateMap {
    let mut map = map(&["api"]);
    map.items.push(item(Kind::BackgroundTask, "serve", "HTTP server", "api"));
    for at in 0..items {
        let kind = Kind::ALL[at * 7 % Kind::ALL.len()];
        let mut one = item(kind, &format!("thing_number_{at}"), "a thing, at most 10 entries", "api");
        one.id = ItemId(format!("{kind}:api::thing_{at}").into());
        for step in 0..at % 4 {
            let task = (at * 13 + step * 29) % items;
            one = used_by(one, EntryKind::Task, &format!("background-task:api::thing_{task}"));
        }
        if at % 3 == 0 {
            one = used_by(one, EntryKind::Route, "GET /things");
        }
        if matches!(kind, Kind::Pool | Kind::SdkClient) {
            one.backs_on = Some(format!("external-store:store_{}", at % 17).into());
        }
        map.items.push(one);
    }
    map
}
