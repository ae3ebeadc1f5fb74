//! What is done to text before it is shown: entities marked, foreign HTML made harmless.

pub mod bundled;
pub mod difference;
pub mod filled;
pub mod flow;
pub mod highlight;
pub mod lines;
pub(crate) mod look;
pub mod pieces;
pub mod sanitise;
