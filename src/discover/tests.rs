//! Facts about discover, on fixtures.
