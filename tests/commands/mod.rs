//! The commands, as a shell sees them: what they print, what they write, how they end.

mod bad_input;
mod catalog;
mod gen_map;
mod list;
