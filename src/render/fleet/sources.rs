//! The page of ConfigMaps and Secrets: whom a change of one reaches.

use crate::fleet::{Given, Source, sources};

use super::super::escape::code_short;
use super::rows::{few, units};
use super::site::{SOURCES, Site};
use super::view::{SourceRow, SourcesPage};

/// At most so many objects are told.
const OBJECTS: usize = 500;
/// At most so many keys of one.
const KEYS: usize = 12;
/// At most so many services that read one.
const SERVICES: usize = 12;

/// None when no service is given anything by one.
pub(super) fn sources_page(site: &Site<'_>, index: String) -> Option<SourcesPage> {
    let (all, more) = few(sources(site.fleet), OBJECTS);
    let row = |source: &Source| {
        let (services, services_more) = units(site, &source.units, SERVICES, SOURCES);
        let (keys, keys_more) = few(source.keys.iter().map(|given: &Given| code_short(&given.key, 60)).collect(), KEYS);
        SourceRow { name: code_short(&source.name, 80), keys, keys_more, services, services_more, repositories: source.members }
    };
    (!all.is_empty()).then(|| SourcesPage { sources: all.iter().map(row).collect(), more, index })
}
