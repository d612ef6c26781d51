//! Output: generated pages on their way to the disk. The only place that writes files.

mod held;
mod leftovers;
mod splice;
mod write;

pub use held::wait;
pub use splice::{SpliceError, has_markers, nested, splice};
pub use write::{Pending, WriteError, WriteOptions, WriteReport, pending, write_pages};
