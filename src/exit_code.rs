//! Exit codes: what a script may rely on.

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum ExitCode {
    /// Everything was done.
    Clean = 0,
    /// What was checked does not hold.
    Found = 1,
    /// The command line or the configuration is wrong; nothing was written.
    Usage = 2,
    /// Some of the input could not be read.
    Unreadable = 3,
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        std::process::ExitCode::from(code as u8)
    }
}
