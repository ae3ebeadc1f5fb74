//! What is known of a ticket by the names that templates use, so that the desk can fill a block of one without asking a plugin.

use crate::seat::Seat;
use posthouse_model::draft::Filled;
use posthouse_model::triage::EntityValue;
use posthouse_store::TicketDetail;
use posthouse_template::{Rendered, Template, Values};
use serde_json::Value;

/// Values of variables: what the drafters filled in for this ticket goes before what the desk knows by itself, and that before the
/// shop's own constants.
pub(crate) async fn values(seat: &Seat, detail: &TicketDetail) -> Result<Values, posthouse_store::StoreError> {
    let mut values = Values::new();
    for row in seat.scope.plugins().await? {
        let shop = row.plugin.settings.get("variables").and_then(Value::as_object);
        for (name, value) in shop.into_iter().flatten() {
            if let Some(value) = value.as_str() {
                values.insert(name.clone(), value.to_owned());
            }
        }
    }
    let ticket = &detail.ticket;
    values.insert("tenant_name".to_owned(), seat.config.name.clone());
    values.entry("shop_name".to_owned()).or_insert_with(|| seat.config.name.clone());
    values.insert("subject".to_owned(), ticket.subject.clone());
    if let Some(name) = ticket.customer.name.as_deref().filter(|name| is_name(name)) {
        values.insert("customer_name".to_owned(), name.trim().to_owned());
    }
    for entity in &ticket.entities {
        let name = match &entity.value {
            EntityValue::OrderNumber { .. } => "order_number",
            EntityValue::TrackingNumber { carrier, .. } => {
                if let Some(carrier) = carrier {
                    values.entry("carrier".to_owned()).or_insert_with(|| carrier.clone());
                }
                "tracking_number"
            }
            _ => continue,
        };
        values.entry(name.to_owned()).or_insert_with(|| entity.value.text());
    }
    if let Some(order) = ticket.orders.first() {
        let known = [
            ("order_status", order.status.clone()),
            ("order_total", order.total.as_ref().map(ToString::to_string)),
            ("order_date", order.placed_on.as_ref().map(ToString::to_string)),
            ("order_country", order.country.clone()),
            ("tracking_number", order.tracking_number.clone()),
            ("carrier", order.carrier.clone()),
        ];
        for (name, value) in known {
            if let Some(value) = value {
                values.insert(name.to_owned(), value);
            }
        }
    }
    for fact in &ticket.facts {
        values.insert(fact.key.replace(['.', '-'], "_"), fact.value.clone());
        values.insert(fact.key.clone(), fact.value.clone());
    }
    for key in &ticket.missing {
        values.insert(format!("missing_{}", key.replace('-', "_")), "yes".to_owned());
    }
    for risk in &ticket.risks {
        values.insert(format!("risk_{}", risk.kind.replace('-', "_")), "yes".to_owned());
    }
    for draft in &detail.drafts {
        for filled in &draft.proposal.filled {
            values.insert(filled.variable.clone(), filled.value.clone());
        }
    }
    Ok(values)
}

/// A name one can greet with, and not an address or a number.
fn is_name(name: &str) -> bool {
    let name = name.trim();
    (1..=40).contains(&name.chars().count())
        && name.chars().any(char::is_alphabetic)
        && !name.contains(['@', '<', '>', '{', '}', '/', '\n', '\r'])
        && !name.chars().any(|c| c.is_ascii_digit())
}

/// A template's text with what is known filled in; as it was written where it does not read as a template.
pub(crate) fn fill(text: &str, values: &Values) -> Rendered {
    match Template::new(text) {
        Ok(template) => template.render(values, 0),
        Err(_) => Rendered { text: text.to_owned(), ..Rendered::default() },
    }
}

/// What was filled in, as drafts say it.
pub(crate) fn filled(rendered: &Rendered) -> Vec<Filled> {
    rendered
        .filled
        .iter()
        .map(|(variable, value)| Filled { variable: variable.clone(), value: value.clone() })
        .collect()
}
