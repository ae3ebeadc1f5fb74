//! The client's own model, on the client's key: any endpoint that speaks OpenAI's chat completions or Anthropic's messages.
//!
//! [`Models`] makes the call, [`Provider`] says where and with which key, [`AiError`] says what went wrong in a way that
//! decides what to do next, [`budget`] is the arithmetic of tokens per day.
//!
//! What never happens here: a key is printed, a redirect is followed, an answer is read without a limit, an answer is
//! taken for anything but text.

mod anthropic;
pub mod budget;
mod client;
mod error;
mod key;
mod provider;
mod stream;
mod wire;

pub use client::{Completion, Models, ModelsOptions, Probe, SoFar, Usage};
pub use error::AiError;
pub use key::ApiKey;
pub use provider::{Prompt, Provider};
