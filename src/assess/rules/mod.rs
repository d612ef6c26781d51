//! The rules, each in a file of its own with its reference text beside it.

mod affinity_hides_session;
mod client_without_timeout;
mod cold_start;
mod ephemeral_file;
mod frozen_config;
mod identity_in_thread_local;
mod in_flight_loss;
mod job_runs_everywhere;
mod leader_gap;
mod local_db_many_replicas;
mod per_replica_limit;
mod rollout_doubles_connections;
#[cfg(test)]
mod shop;
mod stale_secret;
mod times;
mod unbounded_growth;
mod unrevocable_token;
mod unversioned_cache;

use super::Rule;

/// Every rule; of hazards that are equally bad, the first rule's come first.
pub const RULES: &[Rule] = &[
    identity_in_thread_local::RULE,
    affinity_hides_session::RULE,
    rollout_doubles_connections::RULE,
    ephemeral_file::RULE,
    local_db_many_replicas::RULE,
    in_flight_loss::RULE,
    job_runs_everywhere::RULE,
    unrevocable_token::RULE,
    leader_gap::RULE,
    stale_secret::RULE,
    unbounded_growth::RULE,
    unversioned_cache::RULE,
    cold_start::RULE,
    frozen_config::RULE,
    per_replica_limit::RULE,
    client_without_timeout::RULE,
];
