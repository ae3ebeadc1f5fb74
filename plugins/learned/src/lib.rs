//! The learnt half of the classifier: a linear model over pieces of words, words, and what the rules think, trained in
//! seconds and small enough to live inside the component.
//!
//! * [`features`]: a folded text becomes rows of a table.
//! * [`Model`]: the table, what a row says for each category, and how a text's rows become probabilities.
//! * [`file`]: the model as bytes, read strictly.
//! * [`Judge`]: the model beside the rules of an engine: one decision, with its words.
//! * [`train`](mod@train): from labelled texts to a model; [`lines`] and [`augment`]: labelled lines, and what becomes of them.
//!
//! Nothing here reads a file, a clock or a random source: the same examples and the same seed give the same bytes.

pub mod augment;
pub mod dice;
pub mod features;
pub mod file;
mod judge;
pub mod lines;
mod model;
pub mod shipped;
pub mod train;

pub use judge::{Choice, Judge, SUSPECT_MIN, Verdict};
pub use model::{Model, Outlook};
