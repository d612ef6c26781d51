//! Names to canonical paths, expressions to types, calls to what they call, values to where they come from.

mod calls;
mod fate;
mod flow;
mod headers;
mod infer;
mod infer_calls;
mod infer_patterns;
mod mints;
mod modules;
mod names;
mod options;
mod program;
mod queries;
mod reader;
mod signatures;
mod std_types;
mod task;
mod types;
mod values;
mod walk;

#[cfg(test)]
mod tests;

pub use calls::{BodyFacts, Bound, KnownCall, LocalType, Options, OwnCall, Setting, Task, body_facts, krate_of};
pub use flow::{Flow, Settled};
pub use headers::HeaderSet;
pub(crate) use headers::validator;
pub use infer::{Callee, Inference, Local, LocalId, World, infer};
pub use mints::{Mint, MintSource, Sink};
pub use modules::{Links, link, wanted};
pub use names::{Res, Space};
pub use program::{CrateInput, Def, DefId, Extern, Krate, KrateId, ModId, Module, Program};
pub use signatures::{Signatures, attach, signatures};
pub use types::{Type, TypeScope};
pub use values::{At, Value};
