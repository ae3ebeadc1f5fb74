//! A classifier that reads everything there is of a message, says it as evidence, and logs.

wit_bindgen::generate!({ path: "../../../wit/1.0", world: "classifier" });

use exports::posthouse::plugin::classify::Guest;
use posthouse::plugin::desk::{Call, Message};
use posthouse::plugin::log::{self, Level};
use posthouse::plugin::triaging::Triage;
use posthouse::plugin::types::Failure;
use std::cell::Cell;

thread_local! {
    static LINES: Cell<u32> = const { Cell::new(1) };
}

struct Reader;

impl Guest for Reader {
    fn configure(settings: String) -> Result<(), String> {
        if settings == "log-in-configure" {
            log::write(Level::Info, "hello");
        }
        LINES.set(settings.parse().unwrap_or(1));
        Ok(())
    }

    fn run(call: &Call, message: &Message, out: &Triage) -> Result<(), Failure> {
        let say = |what: &str, value: String| out.add_evidence(&format!("{what}={value}"));
        say("now", call.now().to_string());
        say("seed", call.seed().to_string());
        let local = call.local_time(call.now(), "Asia/Shanghai").map(|t| format!("{:02}:{:02}", t.hour, t.minute));
        say("local", format!("{local:?}"));
        say("tenant", call.tenant_name());
        say("agents", call.agent_language());
        say("subject", message.subject());
        say("body", message.body().len().to_string());
        say("full", message.full_text().len().to_string());
        say("from", message.from().map(|a| format!("{:?} {}", a.name, a.address)).unwrap_or_default());
        say("reply-to", message.reply_to().map(|a| a.address).unwrap_or_default());
        say("to", message.to().len().to_string());
        say("cc", message.cc().len().to_string());
        say("sent", message.sent_at().to_string());
        say("incoming", message.is_incoming().to_string());
        say("language", format!("{:?}", message.language()));
        say("header", message.header("x-SHOP").join("|"));
        for file in message.attachments() {
            let name = file.name().unwrap_or_default();
            say("file", format!("{name} {} {} {}", file.media_type(), file.size(), file.is_inline()));
        }
        for n in 0..LINES.get() {
            log::write(Level::Warn, &format!("line {n} {}", "-".repeat(90)));
        }
        Ok(())
    }
}

export!(Reader);
