//! The check against small sources: see fixtures/catalog-sources.
