//! What a plugin call may read: views that `pipeline` fills and `sandbox` serves lazily.

use crate::Timestamp;
use crate::mail::{Address, Attachment};
use crate::ticket::{Direction, TicketStatus};
use crate::triage::{Entity, Fact, Order, Risk, Sentiment, Urgency};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The call itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallContext {
    /// When the call began; the recorded time in a replay.
    pub now: Timestamp,
    /// Random, but fixed for a replay.
    pub seed: u64,
    /// The tenant's display name.
    pub tenant_name: String,
    /// BCP 47, what the agents read.
    pub agent_language: String,
}

/// One message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MessageView {
    /// Decoded.
    pub subject: String,
    /// New text, without quoted history.
    pub body: String,
    /// Everything.
    pub full_text: String,
    /// From.
    pub from: Option<Address>,
    /// First usable Reply-To.
    pub reply_to: Option<Address>,
    /// To.
    pub to: Vec<Address>,
    /// Cc.
    pub cc: Vec<Address>,
    /// By its own header, else by arrival.
    pub sent_at: Timestamp,
    /// Which way it went.
    pub direction: Direction,
    /// Detected by the host.
    pub language: Option<String>,
    /// All headers, decoded.
    pub headers: Vec<(String, String)>,
    /// Files.
    pub attachments: Vec<Attachment>,
    /// Without the angle brackets.
    pub message_id: Option<String>,
}

/// A ticket and its thread.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TicketView {
    /// #1042
    pub number: i64,
    /// Of the thread.
    pub subject: String,
    /// Where it stands.
    pub status: TicketStatus,
    /// When it was made.
    pub created_at: Timestamp,
    /// Whom it is about.
    pub customer: Address,
    /// Open set per tenant.
    pub category: Option<String>,
    /// How soon.
    pub urgency: Option<Urgency>,
    /// How the customer sounds.
    pub sentiment: Option<Sentiment>,
    /// The customer's language, BCP 47.
    pub language: Option<String>,
    /// What was read from the text.
    pub entities: Vec<Entity>,
    /// Free labels.
    pub tags: Vec<String>,
    /// Where it waits.
    pub queue: Option<String>,
    /// When the customer must have an answer.
    pub deadline: Option<Timestamp>,
    /// Keys of what is missing.
    pub missing: Vec<String>,
    /// Reasons to be careful.
    pub risks: Vec<Risk>,
    /// From enrichers.
    pub facts: Vec<Fact>,
    /// From enrichers.
    pub orders: Vec<Order>,
    /// Messages in the thread.
    pub message_count: u32,
    /// Newest first, at most 20; the first incoming one is `latest` to a plugin.
    pub recent: Vec<Arc<MessageView>>,
}

/// Facts that say where a customer or an order is, the surest first.
const COUNTRY_FACTS: [&str; 4] = ["order_country", "order.country", "customer_country", "customer.country"];

impl TicketView {
    /// Where the order goes, else where the customer is, by what enrichers know: ISO 3166-1 alpha-2 in capitals.
    #[must_use]
    pub fn country(&self) -> Option<String> {
        let facts = COUNTRY_FACTS.iter().filter_map(|key| self.facts.iter().find(|fact| fact.key == *key));
        let facts = facts.map(|fact| fact.value.as_str());
        let orders = self.orders.iter().filter_map(|order| order.country.as_deref());
        let code = |text: &str| {
            let text = text.trim();
            (text.len() == 2 && text.bytes().all(|b| b.is_ascii_alphabetic())).then(|| text.to_ascii_uppercase())
        };
        facts.chain(orders).find_map(code)
    }
}

/// A reply about to go out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OutgoingView {
    /// Subject line.
    pub subject: String,
    /// Plain text.
    pub body: String,
    /// To.
    pub to: Vec<Address>,
    /// Cc.
    pub cc: Vec<Address>,
    /// BCP 47.
    pub language: Option<String>,
    /// File names.
    pub attachment_names: Vec<String>,
    /// No person has read it.
    pub automatic: bool,
}
