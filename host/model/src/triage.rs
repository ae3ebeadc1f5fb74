//! What plugins find in a mail: category, urgency, sentiment, entities, evidence.

use serde::{Deserialize, Serialize};

/// An enum of plain names with their text form, as stored, shown in JSON and parsed back.
macro_rules! named {
    ($(#[$doc:meta])* $vis:vis enum $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        $vis enum $name { $($(#[$vdoc])* #[serde(rename = $text)] $variant),* }

        impl $name {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name as stored and as shown in JSON.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;
            fn from_str(s: &str) -> Result<Self, String> {
                match s {
                    $($text => Ok(Self::$variant),)*
                    _ => Err(format!(
                        "`{s}` is not one of {}",
                        [$($text),*].join(", ")
                    )),
                }
            }
        }
    };
}
pub(crate) use named;

named! {
    /// How soon a person should look.
    pub enum Urgency {
        /// Whenever there is time.
        Low = "low",
        /// The ordinary case.
        Medium = "medium",
        /// Today.
        High = "high",
        /// Now.
        Urgent = "urgent",
    }
}

named! {
    /// How the customer sounds.
    pub enum Sentiment {
        /// Thanks, praise.
        Positive = "positive",
        /// The ordinary case.
        Neutral = "neutral",
        /// Disappointed, worried.
        Negative = "negative",
        /// Furious, threatening.
        Angry = "angry",
    }
}

named! {
    /// Which text of a message a [`Span`] points into.
    pub enum TextPart {
        /// The subject line.
        Subject = "subject",
        /// The new text, without quoted history.
        Body = "body",
    }
}

/// A piece of text: byte offsets into the UTF-8 of a part, start inclusive, end exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Span {
    /// Which text.
    pub part: TextPart,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The text it points at, or none when it lies outside or cuts a character.
    #[must_use]
    pub fn slice(self, text: &str) -> Option<&str> {
        if self.start >= self.end {
            return None;
        }
        text.get(self.start as usize..self.end as usize)
    }
}

/// An exact amount: `units` / 10^`scale` of `currency` (ISO 4217).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// The number without its decimal point.
    pub units: i64,
    /// How many digits stand behind the decimal point, at most 6.
    pub scale: u8,
    /// ISO 4217, upper case.
    pub currency: String,
}

impl std::fmt::Display for Money {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.units < 0 { "-" } else { "" };
        let digits = self.units.unsigned_abs().to_string();
        let scale = usize::from(self.scale);
        let padded = format!("{digits:0>width$}", width = scale + 1);
        let (whole, fraction) = padded.split_at(padded.len() - scale);
        if scale == 0 {
            write!(f, "{sign}{whole} {}", self.currency)
        } else {
            write!(f, "{sign}{whole}.{fraction} {}", self.currency)
        }
    }
}

/// A calendar day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Date {
    /// Proleptic Gregorian year.
    pub year: i32,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
}

impl std::fmt::Display for Date {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// What was read from the text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum EntityValue {
    /// A shop's order number.
    OrderNumber {
        /// As it stood, trimmed.
        value: String,
    },
    /// A carrier's tracking number.
    TrackingNumber {
        /// As it stood, without spaces.
        value: String,
        /// The name people use, when known.
        carrier: Option<String>,
    },
    /// A shop's article number.
    Sku {
        /// As it stood.
        value: String,
    },
    /// An amount of money.
    Amount {
        /// Exact.
        value: Money,
    },
    /// A day.
    Date {
        /// Calendar day.
        value: Date,
    },
}

impl EntityValue {
    /// The kind's name: `order-number`, `tracking-number`, `sku`, `amount`, `date`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::OrderNumber { .. } => "order-number",
            Self::TrackingNumber { .. } => "tracking-number",
            Self::Sku { .. } => "sku",
            Self::Amount { .. } => "amount",
            Self::Date { .. } => "date",
        }
    }

    /// As a person would write it.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::OrderNumber { value } | Self::TrackingNumber { value, .. } | Self::Sku { value } => value.clone(),
            Self::Amount { value } => value.to_string(),
            Self::Date { value } => value.to_string(),
        }
    }
}

/// Something read from a text, how surely, and from where.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entity {
    /// What.
    #[serde(flatten)]
    pub value: EntityValue,
    /// 0.0 to 1.0.
    pub confidence: f32,
    /// Where it stood; none when it was inferred.
    pub span: Option<Span>,
}

/// A named value and how sure the plugin is of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scored<T> {
    /// The value.
    pub value: T,
    /// 0.0 to 1.0.
    pub confidence: f32,
}

/// Why a plugin said what it said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Evidence {
    /// A rule that spoke, with the words that made it.
    Match {
        /// The rule's name.
        rule: String,
        /// What it found.
        words: String,
        /// Where.
        span: Option<Span>,
    },
    /// Free text in the agents' language.
    Text {
        /// The reason.
        text: String,
    },
}

/// A reason not to answer without a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Risk {
    /// `legal-threat`, `safety`, `chargeback` …
    pub kind: String,
    /// For the agent.
    pub reason: String,
    /// Where it was read.
    pub span: Option<Span>,
}

/// Everything a classifier may find. Empty means it found nothing: the ticket goes to human triage.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Triage {
    /// Open set per tenant: `shipping`, `refund` …
    pub category: Option<Scored<String>>,
    /// How soon.
    pub urgency: Option<Scored<Urgency>>,
    /// How the customer sounds.
    pub sentiment: Option<Scored<Sentiment>>,
    /// BCP 47.
    pub language: Option<Scored<String>>,
    /// Unwanted mail, how surely.
    pub spam: Option<f32>,
    /// What was read from the text.
    pub entities: Vec<Entity>,
    /// Why.
    pub evidence: Vec<Evidence>,
    /// Free labels.
    pub tags: Vec<String>,
    /// Keys of what an answer needs and the customer has not said.
    pub missing: Vec<String>,
    /// Reasons to be careful.
    pub risks: Vec<Risk>,
}

/// Where a router sends a ticket.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Routing {
    /// None leaves the tenant's default queue.
    pub queue: Option<String>,
    /// 0 (some day) to 100 (now).
    pub priority: Option<u8>,
    /// When the customer must have an answer.
    pub deadline: Option<crate::Timestamp>,
    /// Notifiers to tell, by name.
    pub notifiers: Vec<String>,
    /// Free labels to add.
    pub tags: Vec<String>,
    /// Why.
    pub evidence: Vec<Evidence>,
    /// Give it to the agent who signs in with this address, unless somebody has it.
    pub assignee: Option<String>,
}

/// What the client's own systems know.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Enrichment {
    /// For the side of the ticket and for templates.
    pub facts: Vec<Fact>,
    /// Orders of this customer.
    pub orders: Vec<Order>,
    /// A better name than the mail's.
    pub customer_name: Option<String>,
    /// Free labels to add.
    pub tags: Vec<String>,
    /// Why.
    pub evidence: Vec<Evidence>,
}

/// A fact an enricher reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// For templates: `order.status`.
    pub key: String,
    /// For people.
    pub label: String,
    /// Text.
    pub value: String,
}

/// An order of the customer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Order {
    /// The shop's number.
    pub number: String,
    /// The shop's own word.
    pub status: Option<String>,
    /// When it was placed.
    pub placed_on: Option<Date>,
    /// What was paid.
    pub total: Option<Money>,
    /// ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// Of its shipment.
    pub tracking_number: Option<String>,
    /// Of its shipment.
    pub carrier: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_prints_exactly() {
        let eur = |units, scale| Money { units, scale, currency: "EUR".into() }.to_string();
        assert_eq!(eur(4990, 2), "49.90 EUR");
        assert_eq!(eur(5, 2), "0.05 EUR");
        assert_eq!(eur(-5, 2), "-0.05 EUR");
        assert_eq!(eur(1200, 0), "1200 EUR");
    }

    #[test]
    fn span_never_cuts_a_character() {
        let span = |start, end| Span { part: TextPart::Body, start, end };
        assert_eq!(span(0, 3).slice("你好"), Some("你"));
        assert_eq!(span(0, 2).slice("你好"), None);
        assert_eq!(span(3, 3).slice("你好"), None);
        assert_eq!(span(0, 30).slice("你好"), None);
    }

    #[test]
    fn entity_survives_json() {
        let entity = Entity {
            value: EntityValue::TrackingNumber {
                value: "YT2012345678901234".into(),
                carrier: Some("YunExpress".into()),
            },
            confidence: 0.5,
            span: None,
        };
        let json = serde_json::to_string(&entity).unwrap();
        assert_eq!(serde_json::from_str::<Entity>(&json).unwrap(), entity);
    }
}
