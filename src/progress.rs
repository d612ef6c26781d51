//! How far an analysis is: told while it runs, shown by whoever wants to. No stage prints.

/// What an analysis is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Looks for packages and files.
    Discover,
    /// Reads and parses files; counted in files, of which more may be found on the way.
    Parse,
    /// Resolves what functions do; counted in functions.
    Resolve,
    /// Looks for state.
    Detect,
    /// Joins it with what is deployed and what people wrote.
    Join,
    /// Draws hazards.
    Assess,
    /// Makes pages and writes them.
    Write,
}

/// Is told how far an analysis is. Called from several threads and often: it must be cheap, and must not wait.
pub trait Progress: Sync {
    /// A stage begins.
    fn stage(&self, stage: Stage);

    /// So many more things are to be done in the stage.
    fn expect(&self, more: usize);

    /// So many are done.
    fn advance(&self, done: usize);
}

/// Tells nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn stage(&self, _stage: Stage) {}

    fn expect(&self, _more: usize) {}

    fn advance(&self, _done: usize) {}
}
