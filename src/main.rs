//! The `statemap` command.

fn main() {}
