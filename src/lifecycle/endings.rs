//! What becomes of tasks and queues when the service stops.

use super::places::Places;
use super::startup::Order;
use super::way::Walker;
use crate::detect::Cx;
use crate::model::{Ending, Lifecycle};

/// What becomes of tasks, queues, pools and exporters; what cannot be told is left out.
pub(super) fn endings<'a>(
    _cx: &Cx<'a>,
    _walker: &mut Walker<'a, '_>,
    _order: &Order<'_, 'a>,
    _places: &Places<'_>,
    _so_far: &Lifecycle,
) -> Vec<Ending> {
    Vec::new()
}
