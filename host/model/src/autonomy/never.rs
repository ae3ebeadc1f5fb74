//! Why a person must read an answer before it goes out, whatever its category has earned.

use super::{marks, money};
use crate::config::AutonomyConfig;
use crate::draft::{CheckFinding, DraftProposal};
use crate::mail::Address;
use crate::triage::{Entity, EntityValue, Risk, Sentiment, named};
use marks::Mark;

named! {
    /// A reason why a person must read it first.
    pub enum Never {
        /// A lawyer, a court, an authority is spoken of.
        Legal = "legal",
        /// Somebody was or may be hurt.
        Safety = "safety",
        /// What is kept about somebody, or its deletion.
        DataSubject = "data-subject",
        /// Any other risk that a classifier named: a chargeback, the press.
        Risk = "risk",
        /// The customer is very angry.
        Anger = "anger",
        /// The mail or the reply speaks of more money than may be decided unread, or of a percentage.
        Compensation = "compensation",
        /// A checker has found something, be it a warning only.
        Checker = "checker",
        /// A checker gave no answer, or there is none.
        Unchecked = "unchecked",
        /// The mail speaks to a machine or gives it orders.
        Injection = "injection",
        /// A plugin on the mail's way failed.
        PluginTrouble = "plugin-trouble",
        /// The model was asked and did not answer as it should.
        ModelTrouble = "model-trouble",
        /// A model wrote the reply, and the tenant has not allowed such replies.
        ModelWritten = "model-written",
        /// There is no draft.
        NoDraft = "no-draft",
        /// The draft is empty, cut off, full of signs, or no text at all.
        Malformed = "malformed",
        /// Variables of the draft stayed empty.
        Unfilled = "unfilled",
        /// The customer has not said what an answer needs.
        MissingInformation = "missing-information",
        /// No classifier said what the mail is about.
        Unsorted = "unsorted",
        /// The classifier, or the drafter, is not sure enough.
        Unsure = "unsure",
        /// Classifiers name different categories.
        SeveralIntents = "several-intents",
        /// The draft is in another language than the mail.
        Language = "language",
        /// The mail answers something, or is not the first on its ticket.
        Conversation = "conversation",
        /// The mail carries files, which no drafter has looked at.
        Files = "files",
        /// The address, or a value that came from the mail into the reply, is odd: the reply may be meant for somebody else.
        OddSender = "odd-sender",
    }
}

/// All that decides about one reply.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// Subject and new text of the mail.
    pub mail: &'a str,
    /// What the ticket is about.
    pub category: Option<&'a str>,
    /// How sure the classifier is of it, 0 to 1; none when it did not say.
    pub confidence: Option<f32>,
    /// How many different categories classifiers named.
    pub categories_named: usize,
    /// How the customer sounds.
    pub sentiment: Option<Sentiment>,
    /// The customer's language, BCP 47.
    pub language: Option<&'a str>,
    /// Reasons to be careful.
    pub risks: &'a [Risk],
    /// What an answer needs and the customer has not said.
    pub missing: &'a [String],
    /// What was read from the mail.
    pub entities: &'a [Entity],
    /// It is the first mail of its ticket, and answers nothing.
    pub is_first: bool,
    /// Files of the mail.
    pub files: usize,
    /// Who would get the reply.
    pub customer: &'a Address,
    /// The draft that would be sent.
    pub draft: Option<&'a DraftProposal>,
    /// What checkers found in it.
    pub findings: &'a [CheckFinding],
    /// Every checker has answered, and there is one.
    pub is_checked: bool,
    /// A plugin on the mail's way failed.
    pub plugin_failed: bool,
    /// A plugin asked the model and got no answer.
    pub model_failed: bool,
}

/// Longest reply that goes out unread, in characters: a longer one is odd.
const BODY_CHARS_MAX: usize = 6_000;
/// Shortest, without white space: `OK` answers nobody.
const BODY_CHARS_MIN: usize = 10;
/// Longest value that may come from a mail into a reply, in characters.
const VALUE_CHARS_MAX: usize = 100;

/// Every reason why a person must read this reply first, in the order of [`Never::ALL`], each once. Empty: it may go out by itself where
/// its category has earned that.
#[must_use]
pub fn never(candidate: &Candidate<'_>, config: &AutonomyConfig) -> Vec<Never> {
    Never::ALL.iter().copied().filter(|reason| holds(*reason, candidate, config)).collect()
}

fn holds(reason: Never, c: &Candidate<'_>, config: &AutonomyConfig) -> bool {
    let speaks = |mark: Mark| marks::of(c.mail).contains(&mark);
    let risk = |kind: &str| c.risks.iter().any(|risk| risk.kind == kind);
    match reason {
        Never::Legal => risk(LEGAL) || speaks(Mark::Legal),
        Never::Safety => risk(SAFETY) || speaks(Mark::Safety),
        Never::DataSubject => risk(DATA) || speaks(Mark::Data),
        Never::Risk => c.risks.iter().any(|risk| ![LEGAL, SAFETY, DATA].contains(&risk.kind.as_str())),
        Never::Anger => c.sentiment == Some(Sentiment::Angry) || speaks(Mark::Anger),
        Never::Compensation => is_much_money(c, config),
        Never::Checker => !c.findings.is_empty(),
        Never::Unchecked => !c.is_checked,
        Never::Injection => speaks(Mark::Injection),
        Never::PluginTrouble => c.plugin_failed,
        Never::ModelTrouble => c.model_failed,
        Never::ModelWritten => c.draft.is_some_and(|draft| draft.model_written) && !config.model_drafts,
        Never::NoDraft => c.draft.is_none(),
        Never::Malformed => c.draft.is_some_and(is_malformed),
        Never::Unfilled => c.draft.is_some_and(|draft| !draft.unfilled.is_empty()),
        Never::MissingInformation => !c.missing.is_empty() || c.draft.is_some_and(|draft| !draft.questions.is_empty()),
        Never::Unsorted => c.category.is_none_or(|category| category.trim().is_empty()),
        Never::Unsure => is_unsure(c, config),
        Never::SeveralIntents => c.categories_named > 1,
        Never::Language => is_other_language(c),
        Never::Conversation => !c.is_first,
        Never::Files => c.files > 0,
        Never::OddSender => is_odd_sender(c),
    }
}

const LEGAL: &str = "legal-threat";
const SAFETY: &str = "safety";
const DATA: &str = "data-request";

fn is_much_money(c: &Candidate<'_>, config: &AutonomyConfig) -> bool {
    let most = |currency: &str| config.money_max.get(currency).copied().map(u64::from);
    let too_much = |units: u64, currency: &str| most(currency).is_none_or(|most| units > most);
    let named = c.entities.iter().filter_map(|entity| match &entity.value {
        EntityValue::Amount { value } => Some(value),
        _ => None,
    });
    let mut read = named.map(|money| {
        let divisor = 10_u64.saturating_pow(u32::from(money.scale));
        (money.units.unsigned_abs().div_ceil(divisor), money.currency.as_str())
    });
    let texts = [Some(c.mail), c.draft.map(|draft| draft.body.as_str())];
    read.any(|(units, currency)| too_much(units, currency))
        || texts.into_iter().flatten().flat_map(money::find).any(|found| too_much(found.units, found.currency))
}

fn is_malformed(draft: &DraftProposal) -> bool {
    let body = draft.body.trim();
    let odd = |c: char| c == '\u{fffd}' || (c.is_control() && !matches!(c, '\n' | '\r' | '\t'));
    let length = body.chars().count();
    let letters = body.chars().filter(|c| c.is_alphabetic()).count();
    !(BODY_CHARS_MIN..=BODY_CHARS_MAX).contains(&length)
        || letters * 2 < body.chars().filter(|c| !c.is_whitespace()).count()
        || body.chars().any(odd)
        || draft.subject.as_deref().is_some_and(|subject| subject.chars().any(char::is_control))
        || body.starts_with(['{', '['])
        || ["{{", "}}", "⟦", "⟧", "```", "<|", "|>", "</", "<br", "<p>", "![", "lorem ipsum"]
            .iter()
            .any(|sign| body.to_lowercase().contains(sign))
}

fn is_unsure(c: &Candidate<'_>, config: &AutonomyConfig) -> bool {
    let sure = |confidence: Option<f32>, percent: u32| {
        // The classifier's own word; one that says nothing of it is not sure.
        confidence.is_some_and(|confidence| f64::from(confidence) * 100.0 + 1e-4 >= f64::from(percent))
    };
    let drafter = c.draft.and_then(|draft| draft.confidence);
    // A drafter need not say how sure it is.
    !sure(c.confidence, config.sure_percent) || drafter.is_some_and(|own| !sure(Some(own), config.draft_sure_percent))
}

fn is_other_language(c: &Candidate<'_>) -> bool {
    let primary = |tag: &str| tag.split(['-', '_']).next().unwrap_or_default().to_lowercase();
    match (c.language, c.draft.and_then(|draft| draft.language.as_deref())) {
        (Some(mail), Some(draft)) => primary(mail) != primary(draft),
        // Where nobody knows the mail's language, nobody knows that the reply is in it.
        (None, _) => true,
        (Some(_), None) => false,
    }
}

/// Whoever writes in another's name has the house write to that other: what he can put into the reply is his.
fn is_odd_sender(c: &Candidate<'_>) -> bool {
    let address = c.customer.address.to_lowercase();
    let unknown = !address.contains('@')
        || [".invalid", ".example.invalid", ".localhost"].iter().any(|end| address.ends_with(end));
    let machine = ["no-reply@", "noreply@", "do-not-reply@", "donotreply@", "mailer-daemon@", "postmaster@"]
        .iter()
        .any(|begin| address.starts_with(begin));
    let values = c.draft.into_iter().flat_map(|draft| draft.filled.iter().map(|filled| filled.value.as_str()));
    let odd = |value: &str| {
        let lower = value.to_lowercase();
        value.chars().count() > VALUE_CHARS_MAX
            || value.chars().any(|c| c.is_control() && c != '\n')
            || ["://", "www.", "http", ".com/", "[", "]("].iter().any(|sign| lower.contains(sign))
    };
    unknown || machine || c.customer.name.iter().map(String::as_str).chain(values).any(odd)
}
