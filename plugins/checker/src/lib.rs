//! Looks at a reply before it goes out: what was left unfilled, what was promised without ground, what must
//! never leave the house.

pub mod attached;
pub mod checks;
pub mod language;
pub mod marketplace;
pub mod secrets;
pub mod words;

use checks::{Finding, Reply, Rules};
use posthouse_sdk::checking::{Outgoing, Verdict};
use posthouse_sdk::{Checker, Failure, desk, span};
use serde::Deserialize;

/// Settings of this checker.
#[derive(Deserialize, Debug)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Words that must not stand in a reply.
    forbidden: Vec<Forbidden>,
    /// Look for promised refunds and amounts.
    promises: bool,
    /// A promise without ground cannot be sent at all; else a person may send it.
    strict_promises: bool,
    /// Look for keys, card numbers, passwords.
    secrets: bool,
    /// Look for a reply in the wrong language.
    language: bool,
    /// Amounts that may always stand in a reply: `4.90 EUR`.
    allow_amounts: Vec<String>,
    /// Look for files that are spoken of and not there.
    attachments: bool,
    /// In a reply through a marketplace, look for what it takes for an auto-reply and for contact data.
    marketplaces: bool,
    /// Hosts whose pages may be named in it: `dhl.de`.
    allow_links: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            forbidden: Vec::new(),
            promises: true,
            strict_promises: false,
            secrets: true,
            language: true,
            allow_amounts: Vec::new(),
            attachments: true,
            marketplaces: true,
            allow_links: Vec::new(),
        }
    }
}

/// Words of the tenant.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields)]
pub struct Forbidden {
    /// Short name.
    pub code: String,
    /// Without regard to case.
    pub words: Vec<String>,
    /// Cannot be sent; else a person may send it.
    #[serde(default)]
    pub block: bool,
    /// For the agent; the word when not said.
    #[serde(default)]
    pub reason: Option<String>,
}

/// A configured checker.
pub struct ReplyChecker {
    rules: Rules,
}

impl Checker for ReplyChecker {
    type Settings = Settings;

    fn new(settings: Settings) -> Result<Self, String> {
        let mut allowed = Vec::new();
        for text in &settings.allow_amounts {
            let found = posthouse_drafting::amounts::find(text);
            match found.as_slice() {
                [one] => allowed.push(one.digits.clone()),
                _ => return Err(format!("settings, `allow_amounts`: `{text}` is not an amount such as 4.90 EUR")),
            }
        }
        for forbidden in &settings.forbidden {
            let fine = !forbidden.code.is_empty()
                && forbidden.code.len() <= 64
                && forbidden.code.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
            if !fine {
                return Err(format!(
                    "settings, `forbidden`: `{}` is not a code such as competitor-name",
                    forbidden.code
                ));
            }
            if forbidden.words.iter().all(|word| word.trim().is_empty()) {
                return Err(format!("settings, `forbidden`: `{}` names no words", forbidden.code));
            }
        }
        for link in &settings.allow_links {
            let fine = link.contains('.') && link.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-'));
            if !fine {
                return Err(format!("settings, `allow_links`: `{link}` is not a host such as dhl.de"));
            }
        }
        Ok(Self {
            rules: Rules {
                forbidden: settings.forbidden,
                promises: settings.promises,
                strict_promises: settings.strict_promises,
                secrets: settings.secrets,
                language: settings.language,
                allowed_amounts: allowed,
                attachments: settings.attachments,
                marketplaces: settings.marketplaces,
                allowed_links: settings.allow_links,
            },
        })
    }

    fn check(&self, call: &desk::Call, outgoing: &Outgoing, out: &Verdict) -> Result<(), Failure> {
        let ticket = outgoing.ticket();
        let latest = ticket.latest();
        let mut known: Vec<String> =
            ticket.facts().into_iter().map(|fact| format!("{}: {}", fact.key, fact.value)).collect();
        for order in ticket.orders() {
            if let Some(total) = order.total() {
                known.push(posthouse_drafting::amounts::exact(total.units, total.scale, &total.currency));
            }
            known.extend(order.status());
        }
        let mut numbers = Vec::new();
        for entity in ticket.entities() {
            match entity.kind().as_str() {
                "order-number" | "tracking-number" => numbers.push(entity.value()),
                _ => {}
            }
        }
        let reply = Reply {
            subject: outgoing.subject(),
            body: outgoing.body(),
            has_recipient: !outgoing.to().is_empty(),
            draft_language: outgoing.language(),
            customer_language: ticket.language().or_else(|| latest.language()),
            customer_text: latest.body(),
            known,
            numbers,
            files: outgoing.attachment_names().len(),
            marketplace: outgoing.to().iter().chain(&outgoing.cc()).find_map(|to| marketplace::of(&to.address)),
            agent_reads_chinese: call.agent_language().starts_with("zh"),
        };
        for finding in checks::check(&self.rules, &reply) {
            say(out, &finding);
        }
        Ok(())
    }
}

fn say(out: &Verdict, finding: &Finding) {
    let place = finding.place.clone().and_then(
        |(in_subject, range)| {
            if in_subject { span::in_subject(range) } else { span::in_body(range) }
        },
    );
    if finding.blocks {
        out.block(&finding.code, &finding.reason, place);
    } else {
        out.warn(&finding.code, &finding.reason, place);
    }
}

posthouse_sdk::export_checker!(ReplyChecker);
