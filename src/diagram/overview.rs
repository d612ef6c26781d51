//! The overview of a workspace: its services, and the stores, disks and clients that they share.

use crate::model::StateMap;

use super::graph::Graph;

/// The graph of all services.
pub(super) fn graph(map: &StateMap) -> Graph {
    super::service::graph(map, None)
}
