//! Names to canonical paths, expressions to types, calls to what they call, values to where they come from.

mod answers;
mod calls;
mod durations;
mod fate;
mod filters;
mod flow;
mod format_strings;
mod headers;
mod held;
mod infer;
mod infer_calls;
mod infer_patterns;
mod limits;
mod loops;
mod mints;
mod modules;
mod names;
mod options;
mod parsed;
mod program;
mod queries;
mod reader;
mod retrying;
mod routes;
mod signatures;
mod std_types;
mod task;
mod types;
mod values;
mod walk;

#[cfg(test)]
mod tests;

pub use answers::gives_answer;
pub use calls::{BodyFacts, Bound, Fails, KnownCall, LocalType, Options, OwnCall, Setting, SharedValue, Task, body_facts, krate_of};
pub use durations::pretty_duration;
pub use flow::{Flow, Settled};
pub use headers::HeaderSet;
pub(crate) use headers::validator;
pub use infer::{Callee, Inference, Local, LocalId, World, infer};
pub use limits::{About, Comparison};
pub use loops::{Held, Kept, LoopFacts, Pause, Retrying};
pub use mints::{Mint, MintSource, Sink};
pub use modules::{Links, asked, asked_for_tests, link};
pub use names::{Res, Space};
pub use program::{CrateInput, Def, DefId, Extern, Krate, KrateId, ModId, Module, Program};
pub use queries::StatementFile;
pub use routes::{Served, http_method};
pub use signatures::{Signatures, attach, signatures};
pub use task::follow_receivers;
pub use types::{Type, TypeScope};
pub use values::{At, Value};
