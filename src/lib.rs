//! `statemap` writes the implicit state map of a Rust service: where its state lives, how big it is, what is lost.
//!
//! ```text
//! discover -> parse -> resolve -> detect -> merge -> assess -> render
//! ```
//!
//! Each stage is a function from data to data; [`analyze`] runs them in order over a [`source::Tree`].

mod analyze;
pub mod annotations;
pub mod assess;
pub mod cache;
pub mod catalog;
pub mod check;
pub mod detect;
pub mod diag;
pub mod diagram;
pub mod diff;
pub mod discover;
pub mod facts;
#[cfg(test)]
mod fixture;
pub mod fleet;
pub mod history;
pub mod join;
pub mod lifecycle;
pub mod manifests;
pub mod merge;
pub mod model;
pub mod output;
pub mod parse;
pub mod preprocess;
pub mod progress;
pub mod render;
pub mod resolve;
pub mod schema;
pub mod settings;
pub mod show;
pub mod source;
pub mod terminal;
pub mod verify;
pub mod what_if;

pub use analyze::{Analysis, Options, Parsed, analyze, analyze_alike, analyze_kept, analyze_with};
