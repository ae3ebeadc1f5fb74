//! Says what a mail is about by rules and a trained model, and asks the client's own model where those are unsure.

use posthouse_sdk::model::{ModelError, Prompt};
use posthouse_sdk::triaging::Triage;
use posthouse_sdk::{Classifier, Failure, desk};
use posthouse_sorting::doubt::{Model, NoModel, Question};
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

/// The client's model, called by the host.
struct HostModel;

impl Model for HostModel {
    fn ask(&self, question: &Question) -> Result<String, NoModel> {
        let prompt = Prompt::new();
        prompt.set_instructions(&question.instructions);
        prompt.add_input(&question.input);
        prompt.set_max_output_tokens(question.max_output_tokens);
        match prompt.complete() {
            Ok(completion) => Ok(completion.text()),
            Err(ModelError::NotConfigured) => Err(NoModel::NotConfigured),
            Err(ModelError::OverBudget) => Err(NoModel::OverBudget),
            Err(ModelError::Unavailable(text)) => Err(NoModel::Unavailable(text)),
            Err(ModelError::Rejected(text)) => Err(NoModel::Rejected(text)),
        }
    }
}

posthouse_sdk::export_classifier!(ModelClassifier);
