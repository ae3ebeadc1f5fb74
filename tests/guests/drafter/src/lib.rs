//! A drafter that asks the model and proposes what it says.

wit_bindgen::generate!({ path: "../../../wit/1.0", world: "drafter" });

use exports::posthouse::plugin::draft::Guest;
use posthouse::plugin::desk::{Call, Ticket};
use posthouse::plugin::drafting::Drafts;
use posthouse::plugin::model::{ModelError, Prompt};
use posthouse::plugin::types::Failure;
use std::cell::Cell;

thread_local! {
    static ASKS: Cell<u32> = const { Cell::new(1) };
}

struct Drafter;

impl Guest for Drafter {
    fn configure(settings: String) -> Result<(), String> {
        ASKS.set(settings.parse().unwrap_or(1));
        Ok(())
    }

    fn run(_: &Call, ticket: &Ticket, out: &Drafts) -> Result<(), Failure> {
        let mut last = Ok(String::new());
        for _ in 0..ASKS.get() {
            let prompt = Prompt::new();
            prompt.set_instructions("Answer kindly.");
            prompt.add_input(&ticket.latest().body());
            prompt.set_max_output_tokens(9_999);
            last = match prompt.complete() {
                Ok(completion) => Ok(format!("{} ({})", completion.text(), completion.model_name())),
                Err(ModelError::NotConfigured) => Err("not configured".to_owned()),
                Err(ModelError::OverBudget) => Err("over budget".to_owned()),
                Err(ModelError::Unavailable(text)) => Err(format!("unavailable {text}")),
                Err(ModelError::Rejected(text)) => Err(format!("rejected {text}")),
            };
        }
        match last {
            Ok(text) => {
                let Ok(draft) = out.add(&text) else { return Err(Failure::Permanent("no draft".to_owned())) };
                draft.set_subject("Re: your\r\nBcc: everybody@example.com");
                draft.set_language("en");
                draft.set_template("shipping-en");
                draft.set_confidence(0.75);
                draft.set_model_written();
                draft.add_filled("order_number", "1042-88");
                draft.add_unfilled("tracking_number");
                draft.add_question("photo", "Could you send a photo?");
                draft.add_citation("returns", "Returns");
                draft.add_evidence("because");
                assert!(out.add("second").is_ok() && out.add("third").is_ok());
                assert!(out.add("fourth").is_err() && out.add(" ").is_err());
            }
            Err(why) => {
                let fallback = out.add("template").map_err(Failure::Permanent)?;
                fallback.add_evidence(&why);
            }
        }
        Ok(())
    }
}

export!(Drafter);
