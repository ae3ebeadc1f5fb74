//! The moment after which a mail may be out.

use async_trait::async_trait;

/// Asked once in each try, when the server waits for the mail's first byte and none was sent. Whoever keeps the outbox
/// writes here, durably, that the mail is being handed over, so that a process which dies before has certainly sent
/// nothing and its reply may be tried again by itself.
#[async_trait]
pub trait Handover: Send + Sync {
    /// Returns once that is on record; only then is the mail sent.
    ///
    /// # Errors
    /// Why it may not be sent (the record cannot be written, the try was given to somebody else): nothing is sent then, and
    /// the outcome is a deferral with these words.
    async fn hand_over(&self) -> Result<(), String>;
}

/// Keeps no record: for tests of a submitter alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unrecorded;

#[async_trait]
impl Handover for Unrecorded {
    async fn hand_over(&self) -> Result<(), String> {
        Ok(())
    }
}
