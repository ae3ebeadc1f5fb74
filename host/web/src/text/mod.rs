//! What is done to text before it is shown: entities marked.

pub mod highlight;
