//! What holds across stages: modules and manifests are followed, ids stay, bytes are the same on every machine.

mod determinism;
mod entry_points;
#[cfg(feature = "git")]
mod history;
mod hostile;
mod identity;
mod manifests;
mod modules;
#[cfg(feature = "git")]
mod revisions;
mod settings;
mod settings_comments;
mod workspaces;
