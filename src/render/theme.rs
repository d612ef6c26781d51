//! Themes of the opening: what an incident is about, and in which order it hurts.

use crate::model::{FactValue, Item, Kind};

use super::rank::{is_promised, is_telling};

/// What some items are about, what hurts most first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Theme {
    /// Written to a disk that goes with the container.
    Lost,
    /// Who is logged in, what is in the cart.
    Session,
    Cache,
    Pool,
    /// A Secret that the code reads once, of which somebody says more.
    Secret,
    /// Who is asking, in a value of one thread.
    Identity,
    Queue,
    Task,
    Shared,
    /// Written to where nothing says whether it is kept.
    Written,
    Lease,
    ClientHeld,
    ThreadLocal,
    Limiter,
    SdkClient,
    Static,
    ReferenceData,
    Setting,
    Deployment,
    /// Written to a disk that stays.
    Kept,
    Os,
    Telemetry,
}

/// What becomes of a file or a database of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fate {
    /// Gone with the container, in some workload.
    Container,
    /// Gone with the pod.
    Pod,
    /// Not known: no manifest says, or the path is not known.
    Unknown,
    /// Kept, or not written at all.
    Kept,
}

pub(crate) fn fate(item: &Item) -> Fate {
    let survives = item.facts.iter().filter(|fact| fact.key == "survives");
    let word = |text: &str| match text {
        text if text.starts_with("nothing") => Fate::Container,
        text if text.starts_with("a restart of the container") => Fate::Pod,
        _ => Fate::Kept,
    };
    let of = survives.filter_map(|fact| match &fact.value {
        // Where a cluster has its say, a compose file is for development.
        Some(FactValue::Text(text)) => Some((text.contains("compose"), word(text))),
        _ => None,
    });
    of.min().map_or(Fate::Unknown, |(_, fate)| fate)
}

/// The theme of an item.
pub(crate) fn theme(item: &Item) -> Theme {
    // How to reach a database is not what is in it.
    let keeps = item.kind == Kind::EmbeddedDb && !item.summary.contains("settings");
    // What people sent.
    let sent = item.kind == Kind::FsWrite && item.name.to_lowercase().contains("upload");
    match item.kind {
        Kind::FsWrite | Kind::EmbeddedDb => match fate(item) {
            Fate::Container | Fate::Pod => Theme::Lost,
            Fate::Kept => Theme::Kept,
            // Lost for all that is known.
            Fate::Unknown if keeps || sent => Theme::Lost,
            Fate::Unknown => Theme::Written,
        },
        Kind::Session => Theme::Session,
        Kind::SharedState | Kind::Static if is_promised(item) => Theme::Session,
        Kind::Cache => Theme::Cache,
        Kind::Pool => Theme::Pool,
        Kind::Deployment if item.name.starts_with("Secret ") && item.annotation.is_some() => Theme::Secret,
        Kind::ThreadLocal if is_telling(item) => Theme::Identity,
        Kind::Queue => Theme::Queue,
        Kind::BackgroundTask => Theme::Task,
        Kind::SharedState => Theme::Shared,
        Kind::Lease => Theme::Lease,
        Kind::ClientHeld => Theme::ClientHeld,
        Kind::ThreadLocal => Theme::ThreadLocal,
        Kind::Limiter => Theme::Limiter,
        Kind::SdkClient => Theme::SdkClient,
        Kind::Static => Theme::Static,
        Kind::ReferenceData => Theme::ReferenceData,
        Kind::StartupConfig => Theme::Setting,
        Kind::Deployment | Kind::ExternalStore => Theme::Deployment,
        Kind::Os => Theme::Os,
        Kind::Telemetry => Theme::Telemetry,
    }
}
