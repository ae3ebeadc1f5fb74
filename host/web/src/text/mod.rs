//! What is done to text before it is shown: entities marked, foreign HTML made harmless.

pub mod difference;
pub mod flow;
pub mod highlight;
pub mod lines;
pub mod sanitise;
