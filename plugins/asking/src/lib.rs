//! Asking the client's own model: the question, the call, and in words why there is no answer.
//!
//! What decides on a question and what makes of the answer stands with the plugins, behind [`Model`], so it is tested
//! without a host. [`HostModel`] is the one that calls the host: only a component that uses it imports the `model`
//! interface.

use posthouse_sdk::model::{ModelError, Prompt};
use posthouse_sdk::text::clip;

/// Kind of the risk that a ticket's mail is spam after all, as the bundled classifiers name it: no model is asked about such a ticket,
/// and nothing goes to it by itself.
pub const MAYBE_SPAM: &str = "maybe-spam";
/// Longest reason of a provider's that is shown to people, in bytes.
const REASON_BYTES_MAX: usize = 200;

/// What a model is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Ours alone: no word of a customer's stands here.
    pub instructions: String,
    /// What it works on, in this order.
    pub inputs: Vec<String>,
    /// The longest answer, in tokens.
    pub max_output_tokens: u32,
}

/// Why a model did not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoModel {
    /// No model, or no key for it.
    NotConfigured,
    /// Today's budget is used up.
    OverBudget,
    /// No answer in time, or the provider failed.
    Unavailable(String),
    /// The provider refused.
    Rejected(String),
}

impl NoModel {
    /// The reason in the agent's language, and `then`, what comes of it: first in English, then in Chinese.
    #[must_use]
    pub fn words(&self, agent_language: &str, then: (&str, &str)) -> String {
        let short = |text: &str| clip(&text.split_whitespace().collect::<Vec<_>>().join(" "), REASON_BYTES_MAX);
        if agent_language.starts_with("zh") {
            let why = match self {
                Self::NotConfigured => "未配置模型".to_owned(),
                Self::OverBudget => "今日模型额度已用完".to_owned(),
                Self::Unavailable(text) => format!("模型没有回应（{}）", short(text)),
                Self::Rejected(text) => format!("模型服务拒绝了请求（{}）", short(text)),
            };
            return format!("{why}，{}", then.1);
        }
        let why = match self {
            Self::NotConfigured => "no model is set up for this tenant".to_owned(),
            Self::OverBudget => "today's model budget is used up".to_owned(),
            Self::Unavailable(text) => format!("the model gave no answer ({})", short(text)),
            Self::Rejected(text) => format!("the provider refused ({})", short(text)),
        };
        format!("{why}: {}", then.0)
    }
}

/// A client's model.
pub trait Model {
    /// Asks once.
    ///
    /// # Errors
    /// Why there is no answer.
    fn ask(&self, question: &Question) -> Result<String, NoModel>;
}

/// The client's model, called by the host.
#[derive(Clone, Copy, Debug, Default)]
pub struct HostModel;

impl Model for HostModel {
    fn ask(&self, question: &Question) -> Result<String, NoModel> {
        let prompt = Prompt::new();
        prompt.set_instructions(&question.instructions);
        for input in &question.inputs {
            prompt.add_input(input);
        }
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

/// A model for tests, which says the same to every question and keeps what it was asked.
#[derive(Debug)]
pub struct Parrot {
    answer: Result<String, NoModel>,
    asked: std::cell::RefCell<Vec<Question>>,
}

impl Parrot {
    /// One that says this.
    #[must_use]
    pub fn new(answer: Result<&str, NoModel>) -> Self {
        Self { answer: answer.map(str::to_owned), asked: std::cell::RefCell::default() }
    }

    /// What it was asked so far.
    #[must_use]
    pub fn asked(&self) -> Vec<Question> {
        self.asked.borrow().clone()
    }
}

impl Model for Parrot {
    fn ask(&self, question: &Question) -> Result<String, NoModel> {
        self.asked.borrow_mut().push(question.clone());
        self.answer.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn why_there_is_no_answer_is_said_in_the_agents_language_and_on_one_line() {
        let then = ("the template was used", "已使用模板");
        for (why, english, chinese) in [
            (NoModel::NotConfigured, "no model is set up for this tenant: the", "未配置模型，已使用模板"),
            (NoModel::OverBudget, "today's model budget is used up: the", "今日模型额度已用完，已使用模板"),
            (NoModel::Unavailable("timed\nout".to_owned()), "(timed out): the", "（timed out），已使用模板"),
            (NoModel::Rejected("no such model".to_owned()), "(no such model): the", "（no such model），已使用模板"),
        ] {
            let said = why.words("en", then);
            assert!(said.contains(english) && said.ends_with("the template was used"), "{said}");
            assert!(why.words("zh-TW", then).ends_with(chinese), "{why:?}");
        }
        let long = NoModel::Rejected("x".repeat(5000)).words("en", then);
        assert!(long.len() < REASON_BYTES_MAX + 100, "{}", long.len());
    }
}
