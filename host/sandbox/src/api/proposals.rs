//! Where drafters, notifiers and checkers put their answers, and what the latter two read.

use super::desk::{address, addresses, urgency_out};
use super::stray;
use super::wit::{checking, desk, drafting, notices, types};
use crate::state::{CallState, Input};
use crate::valid;
use posthouse_model::Timestamp;
use posthouse_model::call::OutgoingView;
use posthouse_model::draft::{CheckFinding, Citation, DraftProposal, Filled, Question};
use posthouse_model::notice::Notice;
use wasmtime::Result;
use wasmtime::component::Resource;

/// Bytes of one draft's body.
const BODY_MAX: usize = 64 << 10;
/// Bytes of a subject line.
const SUBJECT_MAX: usize = 500;
/// Bytes of one question, value, reason.
const WORDS_MAX: usize = 2_000;
const RETRY_AFTER_MAX: u32 = 3_600;

impl drafting::Host for CallState {}

type Drafts = Resource<drafting::Drafts>;
type Draft = Resource<drafting::Draft>;

impl drafting::HostDrafts for CallState {
    fn add(&mut self, _: Drafts, body: String) -> Result<std::result::Result<Draft, String>> {
        self.answered(body.len())?;
        if body.trim().is_empty() {
            return Ok(Err("a draft needs text".to_owned()));
        }
        if body.len() > BODY_MAX {
            return Ok(Err(format!("a draft has at most {BODY_MAX} bytes, this one has {}", body.len())));
        }
        let count = self.answers.drafts.len();
        if count >= DraftProposal::PER_CALL_MAX {
            return Ok(Err(format!("at most {} drafts", DraftProposal::PER_CALL_MAX)));
        }
        self.hand_out(1)?;
        self.answers.drafts.push(DraftProposal { body: valid::text(body, BODY_MAX), ..DraftProposal::default() });
        Ok(Ok(Resource::new_own(count as u32)))
    }

    fn drop(&mut self, _: Drafts) -> Result<()> {
        Ok(())
    }
}

impl CallState {
    fn draft(&mut self, this: &Draft) -> Result<&mut DraftProposal> {
        self.answers.drafts.get_mut(this.rep() as usize).map_or_else(stray, Ok)
    }
}

impl drafting::HostDraft for CallState {
    fn set_subject(&mut self, this: Draft, subject: String) -> Result<()> {
        self.answered(subject.len())?;
        // One line: a line break would become a header of the mail.
        let line: String = subject.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let line = valid::text(line, SUBJECT_MAX).trim().to_owned();
        if !line.is_empty() {
            self.draft(&this)?.subject = Some(line);
        }
        Ok(())
    }

    fn set_language(&mut self, this: Draft, tag: String) -> Result<()> {
        self.answered(tag.len())?;
        if self.language_tag(&tag) {
            self.draft(&this)?.language = Some(tag);
        }
        Ok(())
    }

    fn set_template(&mut self, this: Draft, id: String) -> Result<()> {
        self.answered(id.len())?;
        if self.label(&id) {
            self.draft(&this)?.template = Some(id);
        }
        Ok(())
    }

    fn set_confidence(&mut self, this: Draft, confidence: f32) -> Result<()> {
        self.answered(0)?;
        if self.confidence(confidence) {
            self.draft(&this)?.confidence = Some(confidence);
        }
        Ok(())
    }

    fn set_model_written(&mut self, this: Draft) -> Result<()> {
        self.answered(0)?;
        self.draft(&this)?.model_written = true;
        Ok(())
    }

    fn add_filled(&mut self, this: Draft, variable: String, value: String) -> Result<()> {
        self.answered(variable.len() + value.len())?;
        if self.label(&variable) {
            let value = valid::text(value, WORDS_MAX);
            self.draft(&this)?.filled.push(Filled { variable, value });
        }
        Ok(())
    }

    fn add_unfilled(&mut self, this: Draft, variable: String) -> Result<()> {
        self.answered(variable.len())?;
        // Never left out over its form: an unfilled variable is what keeps a draft from being sent.
        let variable = valid::text(variable, 128);
        let unfilled = &mut self.draft(&this)?.unfilled;
        if !unfilled.contains(&variable) {
            unfilled.push(variable);
        }
        Ok(())
    }

    fn add_question(&mut self, this: Draft, key: String, question: String) -> Result<()> {
        self.answered(key.len() + question.len())?;
        if self.label(&key) {
            let question = valid::text(question, WORDS_MAX);
            self.draft(&this)?.questions.push(Question { key, question });
        }
        Ok(())
    }

    fn add_citation(&mut self, this: Draft, article: String, title: String) -> Result<()> {
        self.answered(article.len() + title.len())?;
        if self.label(&article) {
            let title = valid::text(title, WORDS_MAX);
            self.draft(&this)?.citations.push(Citation { article, title });
        }
        Ok(())
    }

    fn add_evidence(&mut self, this: Draft, text: String) -> Result<()> {
        self.answered(text.len())?;
        let evidence = self.evidence(text);
        self.draft(&this)?.evidence.extend(evidence);
        Ok(())
    }

    fn drop(&mut self, _: Draft) -> Result<()> {
        self.handed_back();
        Ok(())
    }
}

impl notices::Host for CallState {}

type Notification = Resource<notices::Notification>;
type Delivery = Resource<notices::Delivery>;

fn notice(input: &Input) -> Result<&Notice> {
    match input {
        Input::Notice(notice, _) => Ok(notice),
        _ => stray(),
    }
}

impl notices::HostNotification for CallState {
    fn id(&mut self, _: Notification) -> Result<String> {
        Ok(notice(&self.input)?.id.clone())
    }

    fn kind(&mut self, _: Notification) -> Result<String> {
        Ok(notice(&self.input)?.kind.as_str().to_owned())
    }

    fn language(&mut self, _: Notification) -> Result<String> {
        Ok(notice(&self.input)?.language.clone())
    }

    fn title(&mut self, _: Notification) -> Result<String> {
        Ok(notice(&self.input)?.title.clone())
    }

    fn lines(&mut self, _: Notification) -> Result<Vec<String>> {
        Ok(notice(&self.input)?.lines.clone())
    }

    fn fields(&mut self, _: Notification) -> Result<Vec<notices::Field>> {
        let fields = &notice(&self.input)?.fields;
        Ok(fields.iter().map(|f| notices::Field { label: f.label.clone(), value: f.value.clone() }).collect())
    }

    fn link(&mut self, _: Notification) -> Result<Option<notices::Link>> {
        let link = notice(&self.input)?.link.as_ref();
        Ok(link.map(|l| notices::Link { label: l.label.clone(), url: l.url.clone() }))
    }

    fn urgency(&mut self, _: Notification) -> Result<Option<types::Urgency>> {
        Ok(notice(&self.input)?.urgency.map(urgency_out))
    }

    fn deadline(&mut self, _: Notification) -> Result<Option<i64>> {
        Ok(notice(&self.input)?.deadline.map(Timestamp::seconds))
    }

    fn ticket(&mut self, _: Notification) -> Result<Option<Resource<desk::Ticket>>> {
        if self.input.ticket().is_none() {
            return Ok(None);
        }
        self.hand_out(1)?;
        Ok(Some(Resource::new_own(0)))
    }

    fn drop(&mut self, _: Notification) -> Result<()> {
        Ok(())
    }
}

impl notices::HostDelivery for CallState {
    fn set_receipt(&mut self, _: Delivery, id: String) -> Result<()> {
        self.answered(id.len())?;
        if self.label(&id) {
            self.answers.delivery.receipt = Some(id);
        }
        Ok(())
    }

    fn set_retry_after(&mut self, _: Delivery, seconds: u32) -> Result<()> {
        self.answered(0)?;
        self.answers.delivery.retry_after_seconds = Some(seconds.min(RETRY_AFTER_MAX));
        Ok(())
    }

    fn drop(&mut self, _: Delivery) -> Result<()> {
        Ok(())
    }
}

impl checking::Host for CallState {}

type Outgoing = Resource<checking::Outgoing>;
type Verdict = Resource<checking::Verdict>;

fn outgoing(input: &Input) -> Result<&OutgoingView> {
    match input {
        Input::Outgoing(outgoing, _) => Ok(outgoing),
        _ => stray(),
    }
}

impl checking::HostOutgoing for CallState {
    fn subject(&mut self, _: Outgoing) -> Result<String> {
        Ok(outgoing(&self.input)?.subject.clone())
    }

    fn body(&mut self, _: Outgoing) -> Result<String> {
        Ok(outgoing(&self.input)?.body.clone())
    }

    fn to(&mut self, _: Outgoing) -> Result<Vec<types::MailboxAddress>> {
        Ok(addresses(&outgoing(&self.input)?.to))
    }

    fn cc(&mut self, _: Outgoing) -> Result<Vec<types::MailboxAddress>> {
        Ok(outgoing(&self.input)?.cc.iter().map(address).collect())
    }

    fn language(&mut self, _: Outgoing) -> Result<Option<String>> {
        Ok(outgoing(&self.input)?.language.clone())
    }

    fn attachment_names(&mut self, _: Outgoing) -> Result<Vec<String>> {
        Ok(outgoing(&self.input)?.attachment_names.clone())
    }

    fn is_automatic(&mut self, _: Outgoing) -> Result<bool> {
        Ok(outgoing(&self.input)?.automatic)
    }

    fn ticket(&mut self, _: Outgoing) -> Result<Resource<desk::Ticket>> {
        self.hand_out(1)?;
        Ok(Resource::new_own(0))
    }

    fn drop(&mut self, _: Outgoing) -> Result<()> {
        Ok(())
    }
}

impl CallState {
    /// A finding is never left out over its form: it is what keeps a reply from going out.
    fn found(&mut self, blocks: bool, code: String, reason: String, span: Option<types::Span>) -> Result<()> {
        self.answered(code.len() + reason.len())?;
        let span = self.checked_span(span.map(super::answers::span_in));
        let code = if self.name(&code) { code } else { "unnamed".to_owned() };
        let reason = valid::text(reason, WORDS_MAX);
        self.answers.verdict.findings.push(CheckFinding { blocks, code, reason, span });
        Ok(())
    }
}

impl checking::HostVerdict for CallState {
    fn block(&mut self, _: Verdict, code: String, reason: String, span: Option<types::Span>) -> Result<()> {
        self.found(true, code, reason, span)
    }

    fn warn(&mut self, _: Verdict, code: String, reason: String, span: Option<types::Span>) -> Result<()> {
        self.found(false, code, reason, span)
    }

    fn drop(&mut self, _: Verdict) -> Result<()> {
        Ok(())
    }
}
