//! A router that uses what plugin API 1.1 added: it shows a mail's Message-ID, and gives the ticket to the agent whom its
//! settings name.

wit_bindgen::generate!({ path: "../../../wit/next", world: "router" });

use exports::posthouse::plugin::route::Guest;
use posthouse::plugin::desk::{Call, Ticket};
use posthouse::plugin::routing::Route;
use posthouse::plugin::types::Failure;
use std::cell::RefCell;

thread_local! {
    static AGENT: RefCell<String> = const { RefCell::new(String::new()) };
}

struct Grown;

impl Guest for Grown {
    fn configure(settings: String) -> Result<(), String> {
        let agent = settings.strip_prefix(r#"{"agent":""#).and_then(|rest| rest.strip_suffix(r#""}"#));
        AGENT.set(agent.unwrap_or_default().to_owned());
        Ok(())
    }

    fn run(_: &Call, ticket: &Ticket, out: &Route) -> Result<(), Failure> {
        out.add_evidence(&format!("message-id {:?}", ticket.latest().message_id()));
        AGENT.with_borrow(|agent| out.set_assignee(agent));
        Ok(())
    }
}

export!(Grown);
