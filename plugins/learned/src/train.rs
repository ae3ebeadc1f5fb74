//! From labelled texts to a model.
//!
//! Multinomial logistic regression with a step per row (AdaGrad). Where several categories are right, their
//! probabilities together are what is raised. A part of the examples is held back: it says how good the model is and how much
//! its confidence must be tempered to be true.

mod course;
mod descent;
mod example;

pub use course::{Course, Progress, Trained, train};
pub use descent::{Plan, descend};
pub use example::{Example, Examples};
