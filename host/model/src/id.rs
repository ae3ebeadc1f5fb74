//! Identifiers. Each is its own type, so that a ticket's id cannot be passed for a message's.

use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = std::num::ParseIntError;
            fn from_str(s: &str) -> Result<Self, Self::Err> {
                s.parse().map(Self)
            }
        }
    )*};
}

ids! {
    /// One client: the isolation unit.
    TenantId;
    /// A signed-in person.
    AgentId;
    /// One address with its way in and its way out.
    MailboxId;
    /// One mail, received or sent.
    MessageId;
    /// The work item that a thread is.
    TicketId;
    /// One revision of a proposed reply.
    DraftId;
    /// Approved mail.
    OutboxId;
    /// Durable unit of work.
    JobId;
    /// The record of one plugin call.
    DecisionId;
    /// One thing told to one notifier.
    NotificationId;
}
