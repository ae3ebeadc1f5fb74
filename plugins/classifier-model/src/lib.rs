//! Says what a mail is about by rules and a trained model, and asks the client's own model where those are unsure.

use posthouse_asking::HostModel;
use posthouse_sdk::triaging::Triage;
use posthouse_sdk::{Classifier, Failure, desk};
use posthouse_sorting::{Settings, Sorter};

/// A configured classifier.
pub struct ModelClassifier(Sorter);

impl Classifier for ModelClassifier {
    type Settings = Settings;

    fn new(settings: Settings) -> Result<Self, String> {
        Sorter::new(settings).map(Self)
    }

    fn classify(&self, call: &desk::Call, message: &desk::Message, out: &Triage) -> Result<(), Failure> {
        self.0.sort(call, message, out, Some(&HostModel));
        Ok(())
    }
}

posthouse_sdk::export_classifier!(ModelClassifier);
