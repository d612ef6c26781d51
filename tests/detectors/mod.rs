//! Detectors on crates that look real: what must be found, with its facts, and what must not.

mod facts;
mod marks;
