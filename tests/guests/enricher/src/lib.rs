//! An enricher that fills everything there is to fill, and more.

wit_bindgen::generate!({ path: "../../../wit/1.0", world: "enricher" });

use exports::posthouse::plugin::enrich::Guest;
use posthouse::plugin::desk::{Call, Ticket};
use posthouse::plugin::enriching::Enrichment;
use posthouse::plugin::types::{Date, Failure, Money};

struct Enricher;

impl Guest for Enricher {
    fn configure(_: String) -> Result<(), String> {
        Ok(())
    }

    fn run(_: &Call, ticket: &Ticket, out: &Enrichment) -> Result<(), Failure> {
        out.set_customer_name(&ticket.customer().name.unwrap_or_default());
        out.add_evidence("looked the customer up");
        out.add_tag("vip");
        for n in 0..70 {
            out.add_fact(&format!("fact-{n}"), "Fact", "value");
        }
        let mut orders = Vec::new();
        for n in 0..33 {
            orders.push(out.add_order(&format!("10-{n}")));
        }
        assert!(orders.pop().is_some_and(|last| last.is_err()), "a 33rd order is refused");
        if let Some(Ok(first)) = orders.first() {
            first.set_status("shipped");
            first.set_placed_on(Date { year: 2026, month: 3, day: 1 });
            first.set_total(&Money { units: 4_990, scale: 2, currency: "EUR".to_owned() });
            first.set_country("DE");
            first.set_country("Germany");
            first.set_tracking("1Z999", Some("UPS"));
        }
        Ok(())
    }
}

export!(Enricher);
