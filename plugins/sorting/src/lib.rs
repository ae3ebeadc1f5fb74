//! What the bundled classifiers share: the way of a mail from the host through rules (`posthouse-rules`) and trained model
//! (`posthouse-learned`), and of what was found back to the host. Where both are unsure, [`doubt`] asks the client's own model.

pub mod doubt;
mod say;

use doubt::Doubt;
use posthouse_asking::Model;
use posthouse_learned::{Judge, file};
pub use posthouse_rules::Settings;
use posthouse_rules::{Engine, Mail, Value, bundled};
use posthouse_sdk::desk;
use posthouse_sdk::triaging::Triage;

/// The trained model. `posthouse train` writes another one in its place in the finished component, so nothing may be
/// concluded from these bytes when this is compiled: hence the black box around them.
static MODEL: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/model.bin"));

/// Rules and trained model, as a tenant has set them.
pub struct Sorter {
    engine: Engine,
    judge: Judge,
    doubt: Doubt,
}

impl Sorter {
    /// Takes a tenant's settings.
    ///
    /// # Errors
    /// Names the setting that cannot be used, and why.
    pub fn new(settings: Settings) -> Result<Self, String> {
        let (own, wanted) = (Judge::own_rules(&settings), settings.trained);
        let asked = settings.model.clone();
        let mut engine = Engine::new(settings, bundled())?;
        let model = file::read(std::hint::black_box(MODEL))?;
        let judge = Judge::new(model, &mut engine, &own, wanted)?;
        let doubt = Doubt::new(asked, engine.categories())?;
        // One mail read before the snapshot: its memory is then already there in every call.
        let warm = "Hello, where is my order #1042? I paid 49.90 EUR on 2026-03-01. ".repeat(40);
        let _ = judge.read(&engine, &Mail { subject: "Where is it?", body: &warm, sent_at: 1, ..Mail::default() });
        Ok(Self { engine, judge, doubt })
    }

    /// Reads a mail and says what was found. `model` is asked where rules and trained model are unsure.
    pub fn sort(&self, call: &desk::Call, message: &desk::Message, out: &Triage, model: Option<&dyn Model>) {
        let (subject, body, language) = (message.subject(), message.body(), message.language());
        let files = message.attachments();
        let mail = Mail {
            subject: &subject,
            body: &body,
            language: language.as_deref(),
            sent_at: message.sent_at(),
            has_image: files.iter().any(|file| file.media_type().starts_with("image/")),
            has_attachment: !files.is_empty(),
            is_bulk: !message.header("List-Unsubscribe").is_empty(),
        };
        let (mut findings, verdict) = self.judge.read(&self.engine, &mail);
        let agent_language = call.agent_language();
        if let Some(verdict) = &verdict {
            say::explain(out, verdict, &mail, &agent_language);
            say::suspect(out, verdict, &findings, &agent_language);
            if let Some(model) = model
                && let Some(word) = self.doubt.settle(&mut findings, verdict, &mail, model, &agent_language)
            {
                out.add_evidence(&word);
            }
        }
        let full = message.full_text();
        let quoted = if full.len() > body.len() + QUOTED_BYTES_MIN {
            self.engine.read(&Mail { body: &full, subject: "", ..mail }).entities
        } else {
            Vec::new()
        };
        if quoted.iter().any(|entity| matches!(entity.value, Value::Order(_))) {
            findings.missing.retain(|key| key != "order-number");
        }
        say::say(out, &findings);
        say::mention(out, &quoted, &findings.entities);
    }
}

/// A text that is longer than the new part by less than this holds no quote worth reading.
const QUOTED_BYTES_MIN: usize = 8;
