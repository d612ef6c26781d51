//! The routes and tasks on whose way an item is used.

use crate::project::{item, map_of};
use statemap::model::{Access, EntryKind, StateMap};

/// `POST /orders (write)` for each entry point of a static.
fn entries(map: &StateMap, id: &str) -> Vec<String> {
    let name = |access| if access == Access::Write { "write" } else { "read" };
    item(map, id).entry_points.iter().map(|entry| format!("{} ({})", entry.name, name(entry.access))).collect()
}

#[test]
fn routes_of_axum_carry_what_they_are_nested_in() {
    let map = map_of("routers");
    assert_eq!(
        entries(&map, "static:with_axum::ORDERS"),
        ["/stats (read)", "DELETE /admin/orders (write)", "GET /admin/orders (read)", "POST /shop/orders (write)"]
    );
    assert_eq!(entries(&map, "static:with_axum::NEVER_ROUTED"), ["GET /shop/ping (read)"], "a closure as the handler");
    assert_eq!(entries(&map, "static:with_axum::REQUESTS"), ["every request (write)"]);
    assert_eq!(entries(&map, "static:with_axum::GUARDED"), ["DELETE /admin/orders (write)", "GET /admin/orders (write)"], "a part");
    let weighed = ["GET /shop (write)", "GET /shop/ping (write)", "POST /shop/orders (write)"];
    assert_eq!(entries(&map, "static:with_axum::WEIGHED"), weighed, "a part, put into a variable first");
    assert_eq!(entries(&map, "static:with_axum::FRONT"), ["GET /shop (write)"], "nested at the bare prefix");
}

#[test]
fn routes_of_actix_carry_their_scope() {
    let map = map_of("routers");
    assert_eq!(entries(&map, "static:with_actix::HITS"), ["GET /api/configured (write)", "GET /marked (write)"]);
    assert_eq!(entries(&map, "static:with_actix::FRONT"), ["GET /api/ (write)"], "a scope takes paths as they are");
    assert_eq!(entries(&map, "static:with_actix::SEEN"), ["POST /resource (write)", "PUT /api/direct (write)"]);
}

#[test]
fn routes_of_rocket_carry_where_they_are_mounted_as_far_as_it_is_written() {
    let map = map_of("routers");
    assert_eq!(entries(&map, "static:with_rocket::READS"), ["GET /v1/count (write)"]);
    assert_eq!(entries(&map, "static:with_rocket::WRITES"), ["POST …/v2/count (write)"]);
}

#[test]
fn routes_of_warp_are_what_their_filters_ask_for() {
    let map = map_of("routers");
    assert_eq!(entries(&map, "static:with_warp::ADDED"), ["POST /todos (write)"]);
    assert_eq!(entries(&map, "static:with_warp::DONE"), ["PUT /todos/{}/done (write)"], "in a closure");
    assert_eq!(entries(&map, "static:with_warp::SHOWN"), ["GET …/todos (read)"], "a filter of its own may ask for more");
    assert_eq!(entries(&map, "static:with_warp::SUMS"), ["main (write)"], "a map over numbers");
}

#[test]
fn methods_of_a_generated_server_and_tasks_are_entry_points() {
    let map = map_of("routers");
    assert_eq!(entries(&map, "static:with_tonic::GREETED"), ["gRPC Greeter.say_hello (write)"]);
    let swept = item(&map, "static:with_tonic::SWEPT");
    assert_eq!(swept.entry_points.len(), 1, "{:?}", swept.entry_points);
    assert_eq!(swept.entry_points[0].kind, EntryKind::Task);
    // The name leads to the task's item: `item` panics where there is none.
    item(&map, &swept.entry_points[0].name);
    assert_eq!(item(&map, "static:with_axum::JOBS").entry_points[0].kind, EntryKind::Task);
}
