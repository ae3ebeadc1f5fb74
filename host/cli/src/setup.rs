//! What people write: `posthouse.toml` for the host, a folder for each tenant. Read, checked, and compared with what is
//! in force.

pub mod bounds;
pub mod components;
pub mod folder;
pub mod host;
pub mod locked;
pub mod packages;
pub mod plan;
mod problem;
pub mod source;

pub use problem::Problem;
pub use source::Source;
