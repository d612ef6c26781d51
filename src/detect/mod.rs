//! Resolved facts and the catalog to findings. Detectors know shapes; names stand in the catalog.

mod arguments;
mod attempt_limits;
mod attributes;
mod backing;
mod branched;
mod broker_claims;
mod call_timeouts;
mod claims;
mod command_line;
mod commands;
mod constructors;
mod contents;
mod context;
mod counted_in;
mod credentials;
mod databases;
mod entries;
mod env_defaults;
mod env_reads;
mod exported;
mod file_ages;
mod finding;
mod folders;
mod fs_writes;
mod growth;
mod handed_builders;
mod handles;
mod http_caching;
mod ingredients;
mod invalidation;
mod kept_elsewhere;
mod kept_locks;
mod key_lengths;
mod knobs;
mod left_out;
mod lifting;
mod loop_state;
mod loop_structs;
mod made_from;
mod mentions;
mod minted;
mod nature;
mod open_environment;
mod per_entry;
mod pragmas;
mod query_state;
mod random_keys;
mod ranges;
mod ranks;
mod reach;
mod read_files;
mod refusals;
mod remotes;
mod retries;
mod schemes;
mod session_stores;
mod sessions;
mod settings_tables;
mod shared_fields;
mod shared_settings;
mod signed;
mod stand_ins;
mod statements;
mod statics;
mod stored_tokens;
mod stores;
mod surroundings;
mod taken;
mod task_work;
mod tasks;
mod thread_locals;
mod tokens;
mod unnamed_types;
mod uses;
mod warming;

pub use call_timeouts::tell as tell_call_timeouts;
pub use commands::{Commands, MadeBy};
pub use context::Cx;
pub use entries::Entries;
pub use exported::leave_out as leave_out_exported;
pub use finding::{Finding, ONLY_WHEN, Origin, RawSite, says_the_same};
pub use growth::tell as tell_growth;
pub use invalidation::tell as tell_invalidation;
pub use left_out::LeftOut;
pub use mentions::Mentions;
pub use nature::{Nature, nature};
pub use open_environment::OpenEnvironment;
pub use refusals::tell_unset;
pub use shared_fields::handed_by;
pub use task_work::tell as tell_task_work;
pub use uses::{UsedAt, Uses};
pub use warming::tell as tell_warming;

use rayon::prelude::*;

/// One way to find state.
pub struct Detector {
    /// Stable kebab-case name, also that of its file and of its page.
    pub id: &'static str,
    /// What it finds, in a few words.
    pub summary: &'static str,
    /// Its reference text.
    pub docs: &'static str,
    /// Emits what it finds; does no I/O and keeps no state.
    pub run: fn(&Cx<'_>, &mut Vec<Finding>),
}

/// Every detector, in the order in which they run.
pub const DETECTORS: &[Detector] = &[
    Detector { id: "statics", summary: "statics that are set or change at run time", docs: include_str!("statics.md"), run: statics::run },
    Detector {
        id: "thread-locals",
        summary: "values that every thread or task has for itself",
        docs: include_str!("thread_locals.md"),
        run: thread_locals::run,
    },
    Detector {
        id: "shared-fields",
        summary: "locks, atomics and concurrent maps that outlive a request",
        docs: include_str!("shared_fields.md"),
        run: shared_fields::run,
    },
    Detector {
        id: "attributes",
        summary: "state declared by attributes, derives and macros",
        docs: include_str!("attributes.md"),
        run: attributes::run,
    },
    Detector {
        id: "constructors",
        summary: "pools, clients, caches, queues and the like, where they are made",
        docs: include_str!("constructors.md"),
        run: constructors::run,
    },
    Detector { id: "fs-writes", summary: "changes of the local file system", docs: include_str!("fs_writes.md"), run: fs_writes::run },
    Detector { id: "env-reads", summary: "environment variables, by name", docs: include_str!("env_reads.md"), run: env_reads::run },
    Detector { id: "tasks", summary: "spawned loops, threads, timers and detached work", docs: include_str!("tasks.md"), run: tasks::run },
    Detector {
        id: "loop-state",
        summary: "what endless loops remember from round to round, without a lock",
        docs: include_str!("loop_state.md"),
        run: loop_state::run,
    },
    Detector {
        id: "retries",
        summary: "loops that try again, with their budgets and pauses",
        docs: include_str!("retries.md"),
        run: retries::run,
    },
    Detector {
        id: "attempt-limits",
        summary: "counters of attempts and quotas of others, compared with a limit",
        docs: include_str!("attempt_limits.md"),
        run: attempt_limits::run,
    },
    Detector {
        id: "claims",
        summary: "row claims, advisory locks and idempotency keys in the text of queries",
        docs: include_str!("claims.md"),
        run: claims::run,
    },
    Detector {
        id: "query-state",
        summary: "caches, channels and odd tables in the text of queries and migrations",
        docs: include_str!("query_state.md"),
        run: query_state::run,
    },
    Detector {
        id: "minted",
        summary: "random tokens, codes and keys that are handed out",
        docs: include_str!("minted.md"),
        run: minted::run,
    },
    Detector {
        id: "sessions",
        summary: "log-ins, devices and pending log-ins that are rows of a table",
        docs: include_str!("sessions.md"),
        run: sessions::run,
    },
    Detector {
        id: "http-caching",
        summary: "what responses tell browsers and shared caches to keep",
        docs: include_str!("http_caching.md"),
        run: http_caching::run,
    },
    Detector {
        id: "shared-settings",
        summary: "plain values that all requests are given",
        docs: include_str!("shared_settings.md"),
        run: shared_settings::run,
    },
    Detector { id: "remotes", summary: "HTTP APIs that requests are sent to", docs: include_str!("remotes.md"), run: remotes::run },
    Detector {
        id: "stores",
        summary: "the databases and brokers behind pools and clients",
        docs: include_str!("stores.md"),
        run: stores::run,
    },
];

/// Detectors that read, and change, what those before them have found. All others only add to it.
const READ_OTHERS: [&str; 4] = ["constructors", "sessions", "shared-settings", "stores"];

/// Runs every detector.
#[must_use]
pub fn detect(cx: &Cx<'_>) -> Vec<Finding> {
    let reads_others = |detector: &Detector| READ_OTHERS.contains(&detector.id);
    let alone = |detector: &Detector| {
        let mut found = Vec::new();
        if !reads_others(detector) {
            (detector.run)(cx, &mut found);
        }
        found
    };
    let (found, stand_ins) = rayon::join(|| DETECTORS.par_iter().with_max_len(1).map(alone).collect::<Vec<_>>(), || stand_ins::unused(cx));
    let mut out = Vec::new();
    for (detector, mut found) in DETECTORS.iter().zip(found) {
        out.append(&mut found);
        if reads_others(detector) {
            (detector.run)(cx, &mut out);
        }
        settle(cx, detector, &mut out);
    }
    #[cfg(test)]
    assert_eq!(format!("{out:?}"), format!("{:?}", one_after_the_other(cx)), "some detector reads what others found");
    broker_claims::tell_marks(cx, &mut out);
    kept_elsewhere::tell(cx, &mut out);
    taken::tell(cx, &mut out);
    surroundings::tell(cx, &mut out);
    pragmas::tell(cx, &mut out);
    schemes::tell(cx, &mut out);
    retries::tell(cx, &mut out);
    session_stores::tell(cx, &mut out);
    tasks::tell(cx, &mut out);
    key_lengths::tell(cx, &mut out);
    ranges::tell(cx, &mut out);
    refusals::tell(cx, &mut out);
    file_ages::tell(cx, &mut out);
    tokens::tell_keys(cx, &mut out);
    let of_stand_in = |id| stand_ins.contains(&reach::member_of(cx, id).unwrap_or(id));
    out.retain(|finding| !cx.is_dead(finding.def) && !statics::is_never_made(cx, finding.def) && !of_stand_in(finding.def));
    out
}

/// What a detector does once those before it have found theirs.
fn settle(cx: &Cx<'_>, detector: &Detector, out: &mut Vec<Finding>) {
    if detector.id == "claims" {
        broker_claims::with_their_locks(cx, out);
    }
}

/// What detectors find that could all read what others found: every test of a detector holds the two against each other.
#[cfg(test)]
fn one_after_the_other(cx: &Cx<'_>) -> Vec<Finding> {
    let mut out = Vec::new();
    for detector in DETECTORS {
        (detector.run)(cx, &mut out);
        settle(cx, detector, &mut out);
    }
    out
}

#[cfg(test)]
mod habit_tests;
#[cfg(test)]
mod handle_tests;
#[cfg(test)]
mod lifetime_tests;
#[cfg(test)]
mod settings_tests;
#[cfg(test)]
mod surroundings_tests;
#[cfg(test)]
mod task_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod trait_tests;
#[cfg(test)]
mod use_tests;
#[cfg(test)]
mod variable_tests;
