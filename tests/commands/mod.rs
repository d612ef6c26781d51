//! The commands, as a shell sees them: what they print, what they write, how they end.

mod annotate;
mod bad_input;
mod baseline;
mod canaries;
mod catalog;
#[cfg(feature = "git")]
mod changelog;
mod check;
#[cfg(feature = "git")]
mod diff;
mod explain;
mod gen_map;
mod hazards;
mod list;
mod merge;
mod sarif;
mod shells;
mod show;
mod stated;
#[cfg(unix)]
mod steering;
mod templates;
