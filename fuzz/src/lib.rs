//! What the fuzz targets share. The targets themselves are in `targets.rs`, which the tests of statemap run as well.

use std::sync::LazyLock;

pub mod targets;

/// What `targets.rs` takes of the tests: how pages are judged.
#[path = "../../tests/markdown"]
mod markdown {
    #[allow(dead_code, reason = "the tests use the rest")]
    pub(crate) mod skeleton;
    #[allow(dead_code, reason = "the tests use the rest")]
    pub(crate) mod texts;
}

/// As the module of that name of the tests.
mod project {
    use statemap::model::StateMap;
    use statemap::source::{DirTree, Revision};

    /// The map of a fixture.
    pub(crate) fn map_of(name: &str) -> StateMap {
        let tree = DirTree::open(format!("{}/../fixtures/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        statemap::analyze(&tree, &Revision::default(), &crate::targets::options()).unwrap().map
    }
}

/// Threads with the stack that statemap gives its own; what runs on it recurses as deep.
static POOL: LazyLock<rayon::ThreadPool> =
    LazyLock::new(|| rayon::ThreadPoolBuilder::new().num_threads(1).stack_size(16 << 20).build().unwrap());

/// Runs a target as statemap runs its stages.
pub fn run(target: fn(&[u8]), data: &[u8]) {
    POOL.install(|| target(data));
}
