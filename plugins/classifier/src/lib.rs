//! Says what a mail is about: by rules that are settings (`posthouse-rules`), and by a trained model that has seen what the
//! rules think (`posthouse-learned`). `posthouse-sorting` is their way in and out of a component.

use posthouse_sdk::triaging::Triage;
use posthouse_sdk::{Classifier, Failure, desk};
use posthouse_sorting::{Settings, Sorter};

/// A configured classifier.
pub struct RuleClassifier(Sorter);

impl Classifier for RuleClassifier {
    type Settings = Settings;

    fn new(settings: Settings) -> Result<Self, String> {
        if settings.model.enabled {
            return Err("settings, `model.enabled`: this plugin has rules and a trained model alone; install \
                        `classifier-model` in its place and grant it `model`"
                .to_owned());
        }
        Sorter::new(settings).map(Self)
    }

    fn classify(&self, call: &desk::Call, message: &desk::Message, out: &Triage) -> Result<(), Failure> {
        self.0.sort(call, message, out, None);
        Ok(())
    }
}

posthouse_sdk::export_classifier!(RuleClassifier);
