//! The work item that a thread of messages is, and what may become of it.

use crate::triage::named;

named! {
    /// Where a ticket stands.
    pub enum TicketStatus {
        /// Stored; triage has not finished.
        New = "new",
        /// An agent must look.
        Waiting = "waiting",
        /// Put aside until a set time.
        Snoozed = "snoozed",
        /// A reply was approved and is on its way, or is out.
        Sent = "sent",
        /// Closed without a reply.
        Handled = "handled",
        /// Unwanted mail.
        Spam = "spam",
        /// Automatic mail (bounce, out-of-office, notice): kept and visible, no answer due.
        Automatic = "automatic",
    }
}

impl TicketStatus {
    /// Whether a ticket may go from here to `next`.
    ///
    /// A new mail from the customer brings any ticket but spam back to [`TicketStatus::New`]; a person
    /// may bring back everything.
    #[must_use]
    pub fn may_become(self, next: Self) -> bool {
        use TicketStatus::{Automatic, Handled, New, Sent, Snoozed, Spam, Waiting};
        match (self, next) {
            (a, b) if a == b => true,
            (New, Waiting | Spam | Automatic | Sent | Handled) => true,
            (Waiting, New | Snoozed | Sent | Handled | Spam | Automatic) => true,
            (Snoozed, New | Waiting | Sent | Handled | Spam) => true,
            // Undo send and a failed delivery bring it back to waiting.
            (Sent, New | Waiting | Handled) => true,
            (Handled, New | Waiting | Spam | Sent) => true,
            (Spam | Automatic, Waiting | New | Handled) => true,
            _ => false,
        }
    }

    /// Whether somebody still has to do something.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::New | Self::Waiting | Self::Snoozed)
    }
}

named! {
    /// Where a message ended. Every message ends in exactly one place.
    pub enum Outcome {
        /// Stored, not yet triaged.
        Pending = "pending",
        /// On a ticket an agent sees.
        Ticket = "ticket",
        /// Unwanted.
        Spam = "spam",
        /// Automatic mail, kept on its own ticket or on the one it belongs to.
        Automatic = "automatic",
        /// Left out with a reason (blank, own loop, blocked).
        Skipped = "skipped",
        /// Could not be read: kept with its reason for a person.
        Parked = "parked",
    }
}

named! {
    /// Which way a message went.
    pub enum Direction {
        /// From a customer.
        Incoming = "incoming",
        /// From us.
        Outgoing = "outgoing",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customer_can_always_come_back_except_from_spam_by_herself() {
        for &status in TicketStatus::ALL {
            assert!(status.may_become(TicketStatus::New), "{status}");
        }
        assert!(!TicketStatus::Sent.may_become(TicketStatus::Spam));
        assert!(!TicketStatus::Snoozed.may_become(TicketStatus::Automatic));
    }

    #[test]
    fn names_round_trip() {
        for &status in TicketStatus::ALL {
            assert_eq!(status.as_str().parse::<TicketStatus>(), Ok(status));
        }
        assert!("closed".parse::<TicketStatus>().unwrap_err().contains("waiting"));
    }
}
