//! End-to-end tests: see `tests/`. What several of them need stands in the crate `posthouse-servers`.
