//! The rules, each in a file of its own with its reference text beside it.

mod affinity_hides_session;
mod client_without_timeout;
mod ephemeral_file;
mod frozen_config;
mod local_db_many_replicas;
mod per_replica_limit;
#[cfg(test)]
mod shop;
mod stale_secret;
mod times;
mod unrevocable_token;

use super::Rule;

/// Every rule; of hazards that are equally bad, the first rule's come first.
pub const RULES: &[Rule] = &[
    ephemeral_file::RULE,
    affinity_hides_session::RULE,
    unrevocable_token::RULE,
    local_db_many_replicas::RULE,
    stale_secret::RULE,
    frozen_config::RULE,
    per_replica_limit::RULE,
    client_without_timeout::RULE,
];
