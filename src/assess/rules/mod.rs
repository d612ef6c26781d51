//! The rules, each in a file of its own with its reference text beside it.

mod client_without_timeout;
mod ephemeral_file;
mod per_replica_limit;
mod rollout_doubles_connections;

use super::Rule;

/// Every rule; of hazards that are equally bad, the first rule's come first.
pub const RULES: &[Rule] =
    &[rollout_doubles_connections::RULE, ephemeral_file::RULE, per_replica_limit::RULE, client_without_timeout::RULE];
