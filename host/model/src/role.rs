//! Who may do what.

use crate::triage::named;

named! {
    /// What a signed-in person is. Each may do what stands on the lines before it, save the auditor, who
    /// reads everything and changes nothing.
    pub enum Role {
        /// Sees everything, changes nothing.
        Auditor = "auditor",
        /// Reads, corrects, approves, sends.
        Agent = "agent",
        /// Also assigns to others and sees reports.
        Lead = "lead",
        /// Also sets the tenant up.
        Admin = "admin",
    }
}

named! {
    /// What may be done with an API token, at most: each may do what stands on the lines before it. Nothing goes beyond the role of
    /// whoever it acts as.
    pub enum TokenScope {
        /// Reads.
        Read = "read",
        /// Also changes tickets and sends.
        Act = "act",
        /// Also sets the tenant up.
        Administer = "administer",
    }
}

impl Role {
    /// May change tickets and send.
    #[must_use]
    pub fn may_act(self) -> bool {
        self != Self::Auditor
    }

    /// May read the audit chain of the whole tenant.
    #[must_use]
    pub fn may_audit(self) -> bool {
        matches!(self, Self::Auditor | Self::Lead | Self::Admin)
    }

    /// May decide for the team: what its knowledge base says.
    #[must_use]
    pub fn may_lead(self) -> bool {
        matches!(self, Self::Lead | Self::Admin)
    }

    /// May set the tenant up.
    #[must_use]
    pub fn may_administer(self) -> bool {
        self == Self::Admin
    }
}
