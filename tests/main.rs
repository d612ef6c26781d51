//! What a user sees, tested through the library's front door and through the binary: one test binary, a module for each part.
#![allow(missing_docs, clippy::unwrap_used, clippy::disallowed_types, clippy::panic, reason = "tests")]

mod browser;
mod cache;
mod commands;
mod detectors;
#[cfg(feature = "diagrams")]
mod diagrams;
mod docs;
#[path = "../fuzz/src/targets.rs"]
#[allow(unreachable_pub, reason = "the fuzzer links it as a library")]
mod fuzz_targets;
mod markdown;
mod preprocess;
mod project;
mod safety;
mod stages;
mod storefront;
