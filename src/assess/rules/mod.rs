//! The rules, each in a file of its own with its reference text beside it.

mod client_without_timeout;
mod ephemeral_file;
mod identity_in_thread_local;
mod per_replica_limit;
mod unbounded_growth;

use super::Rule;

/// Every rule; of hazards that are equally bad, the first rule's come first.
pub const RULES: &[Rule] =
    &[identity_in_thread_local::RULE, ephemeral_file::RULE, unbounded_growth::RULE, per_replica_limit::RULE, client_without_timeout::RULE];
