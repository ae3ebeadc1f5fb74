//! The boundaries between the steps of a mail's way: where a process that dies leaves something half done.
//!
//! What happens at a boundary is up to whoever runs the house. In service nothing does ([`GoesOn`]); a test has the process
//! die there, at exactly the moment that is hardest to hit by chance, and looks at what the next one makes of it.

use crate::triage::named;

named! {
    /// A boundary, named after what has just happened.
    pub enum Step {
        /// A batch of mail is in memory; nothing of it is stored.
        Fetched = "fetched",
        /// A batch, its tickets, its jobs and the cursor are written and not committed.
        Committing = "committing",
        /// The batch is committed; nobody has looked at its jobs.
        Committed = "committed",
        /// Jobs are this worker's; none has begun.
        Claimed = "claimed",
        /// A chat platform has answered; the house has not written it.
        Told = "told",
        /// It is on disk that a try at submitting has begun; nobody was spoken to.
        Leased = "leased",
        /// It is on disk that the mail is about to be given to the server, which waits for its first byte.
        HandedOver = "handed-over",
        /// The server has answered to the final dot; the house has not written it.
        Submitted = "submitted",
        /// The copy is in the Sent folder; its job is not done.
        Copied = "copied",
    }
}

/// What happens at boundaries.
pub trait Steps: Send + Sync {
    /// A boundary was come to. Returns unless the process is to die here.
    fn reached(&self, step: Step);
}

/// Nothing happens: how a house runs in service.
#[derive(Clone, Copy, Debug, Default)]
pub struct GoesOn;

impl Steps for GoesOn {
    fn reached(&self, _: Step) {}
}
