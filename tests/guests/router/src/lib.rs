//! A router that reads everything there is of a ticket, says it as evidence, and decides.

wit_bindgen::generate!({ path: "../../../wit/1.0", world: "router" });

use exports::posthouse::plugin::route::Guest;
use posthouse::plugin::desk::{Call, Ticket};
use posthouse::plugin::routing::Route;
use posthouse::plugin::types::Failure;

struct Router;

impl Guest for Router {
    fn configure(_: String) -> Result<(), String> {
        Ok(())
    }

    fn run(call: &Call, ticket: &Ticket, out: &Route) -> Result<(), Failure> {
        let say = |what: &str, value: String| out.add_evidence(&format!("{what}={value}"));
        say("number", ticket.number().to_string());
        say("subject", ticket.subject());
        say("status", ticket.status());
        say("created", ticket.created_at().to_string());
        say("customer", ticket.customer().address);
        say("category", format!("{:?}", ticket.category()));
        say("urgency", format!("{:?}", ticket.urgency()));
        say("sentiment", format!("{:?}", ticket.sentiment()));
        say("language", format!("{:?}", ticket.language()));
        for entity in ticket.entities() {
            let money = entity.money().map(|m| m.units);
            let date = entity.date().map(|d| d.year);
            let finding = entity.finding();
            let at = finding.span.map(|s| (s.start, s.end));
            say(
                "entity",
                format!(
                    "{} {} {:?} {money:?} {date:?} {} {at:?}",
                    entity.kind(),
                    entity.value(),
                    entity.carrier(),
                    finding.confidence
                ),
            );
        }
        say("tags", ticket.tags().join("|"));
        say("queue", format!("{:?}", ticket.queue()));
        say("deadline", format!("{:?}", ticket.deadline()));
        say("missing", ticket.missing().join("|"));
        say("risks", ticket.risks().join("|"));
        for fact in ticket.facts() {
            say("fact", format!("{} {} {}", fact.key, fact.label, fact.value));
        }
        for order in ticket.orders() {
            say(
                "order",
                format!(
                    "{} {:?} {:?} {:?} {:?} {:?} {:?}",
                    order.number(),
                    order.status(),
                    order.placed_on().map(|d| d.day),
                    order.total().map(|m| m.units),
                    order.country(),
                    order.tracking_number(),
                    order.carrier()
                ),
            );
        }
        say("count", ticket.message_count().to_string());
        say("latest", ticket.latest().subject());
        say("recent", ticket.recent(2).iter().map(|m| m.subject()).collect::<Vec<_>>().join("|"));

        out.set_queue("refunds");
        out.set_priority(250);
        out.set_deadline(call.now() + 3_600);
        for n in 0..20 {
            out.add_notifier(&format!("group-{n}"));
        }
        out.add_tag("vip");
        out.add_match("angry", "never again");
        Ok(())
    }
}

export!(Router);
