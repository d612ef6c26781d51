//! Code and manifests as text, joined; what must not be said stands beside what must.
