//! The bundled service: its README is the answer key, its committed map the snapshot.

mod hazards;
mod planted;
mod snapshot;
