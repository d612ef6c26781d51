//! `statemap` writes the implicit state map of a Rust service: where its state lives, how big it is, what is lost.
//!
//! ```text
//! discover -> parse -> resolve -> detect -> merge -> assess -> render
//! ```

pub mod facts;
pub mod model;
pub mod parse;
