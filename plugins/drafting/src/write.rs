//! From the host's ticket to a case, and from drafts to the host.

use crate::choose::Draft;
use crate::facts::Case;
use posthouse_sdk::drafting::Drafts;
use posthouse_sdk::{Failure, Sentiment, desk};
use std::collections::BTreeMap;

/// Reads a ticket.
#[must_use]
pub fn read(call: &desk::Call, ticket: &desk::Ticket) -> Case {
    let mut known = BTreeMap::new();
    for entity in ticket.entities() {
        let name = match entity.kind().as_str() {
            "order-number" => "order_number",
            "tracking-number" => "tracking_number",
            "sku" => "product",
            "amount" => "amount",
            "date" => "date",
            _ => continue,
        };
        if name == "tracking_number"
            && !known.contains_key(name)
            && let Some(carrier) = entity.carrier()
        {
            known.insert("carrier".to_owned(), carrier);
        }
        // What a customer calls the amount or the day is not ours to repeat as a fact.
        let ours = matches!(name, "order_number" | "tracking_number" | "product");
        if ours && entity.finding().confidence >= 0.6 {
            known.entry(name.to_owned()).or_insert_with(|| entity.value());
        }
    }
    let orders = ticket.orders();
    let named = known.get("order_number").cloned();
    let order = orders.iter().find(|order| Some(order.number()) == named).or_else(|| match orders.as_slice() {
        // The only order of a customer who named none.
        [only] if named.is_none() => Some(only),
        _ => None,
    });
    if let Some(order) = order {
        let mut set = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                known.insert(name.to_owned(), value);
            }
        };
        set("order_number", Some(order.number()));
        set("order_status", order.status());
        set("order_date", order.placed_on().map(|day| format!("{:04}-{:02}-{:02}", day.year, day.month, day.day)));
        set("order_total", order.total().map(|money| amount(money.units, money.scale, &money.currency)));
        set("order_country", order.country());
        set("tracking_number", order.tracking_number());
        set("carrier", order.carrier());
    }
    for fact in ticket.facts() {
        known.insert(fact.key, fact.value);
    }
    let mail = ticket.latest();
    Case {
        category: ticket.category(),
        language: ticket.language().or_else(|| mail.language()),
        angry: matches!(ticket.sentiment(), Some(Sentiment::Angry)),
        today: call.local_time(call.now(), "UTC").map(|now| (now.date.year, now.date.month, now.date.day)),
        upset: matches!(ticket.sentiment(), Some(Sentiment::Negative | Sentiment::Angry)),
        missing: ticket.missing(),
        risks: ticket.risks(),
        customer_name: ticket.customer().name,
        tenant_name: call.tenant_name(),
        subject: ticket.subject(),
        mail: mail.body(),
        known,
        seed: call.seed(),
        agent_language: call.agent_language(),
    }
}

/// Hands the drafts to the host.
///
/// # Errors
/// Permanent when the host refuses a draft, with its words.
pub fn write(drafts: &[Draft], out: &Drafts) -> Result<(), Failure> {
    for draft in drafts {
        let to = out.add(&draft.body).map_err(Failure::Permanent)?;
        if let Some(subject) = &draft.subject {
            to.set_subject(subject);
        }
        to.set_language(&draft.language);
        to.set_template(&draft.template);
        to.set_confidence(draft.confidence);
        if draft.model_written {
            to.set_model_written();
        }
        for (variable, value) in &draft.filled {
            to.add_filled(variable, value);
        }
        for variable in &draft.unfilled {
            to.add_unfilled(variable);
        }
        for (key, question) in &draft.questions {
            to.add_question(key, question);
        }
        for text in &draft.evidence {
            to.add_evidence(text);
        }
    }
    Ok(())
}

fn amount(units: i64, scale: u8, currency: &str) -> String {
    let scale = usize::from(scale);
    let digits = format!("{:0>width$}", units.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    let sign = if units < 0 { "-" } else { "" };
    if scale == 0 { format!("{sign}{whole} {currency}") } else { format!("{sign}{whole}.{fraction} {currency}") }
}
