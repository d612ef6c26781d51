//! Names to canonical paths, expressions to types, calls to what they call.

mod infer;
mod modules;
mod names;
mod program;
mod signatures;
mod std_types;
mod types;

pub use infer::{Callee, Inference, Local, LocalId, World, infer};
pub use modules::{Links, link, wanted};
pub use names::{Res, Space};
pub use program::{CrateInput, Def, DefId, Extern, Krate, KrateId, ModId, Module, Program};
pub use signatures::{Signatures, attach, signatures};
pub use types::{Type, TypeScope};
