//! A checker that looks at everything it may.

wit_bindgen::generate!({ path: "../../../wit/1.0", world: "checker" });

use exports::posthouse::plugin::check::Guest;
use posthouse::plugin::checking::{Outgoing, Verdict};
use posthouse::plugin::desk::Call;
use posthouse::plugin::types::{Failure, Span, TextPart};

struct Checker;

impl Guest for Checker {
    fn configure(_: String) -> Result<(), String> {
        Ok(())
    }

    fn run(_: &Call, outgoing: &Outgoing, out: &Verdict) -> Result<(), Failure> {
        let body = outgoing.body();
        if let Some(start) = body.find("refund") {
            let span = Span { part: TextPart::Body, start: start as u32, end: start as u32 + 6 };
            out.block("promised-refund", "promises a refund", Some(span));
        }
        let files = outgoing.attachment_names().join("|");
        let seen = format!(
            "{} {} {} {:?} {files} {} {}",
            outgoing.subject(),
            outgoing.to().len(),
            outgoing.cc().len(),
            outgoing.language(),
            outgoing.is_automatic(),
            outgoing.ticket().subject()
        );
        out.warn("Not A Name", &seen, Some(Span { part: TextPart::Subject, start: 0, end: 9_999 }));
        Ok(())
    }
}

export!(Checker);
