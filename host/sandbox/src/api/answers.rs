//! Where classifiers, routers and enrichers put what they found. Every value is checked as it comes in.

use super::wit::{enriching, routing, triaging, types};
use crate::state::CallState;
use crate::valid;
use posthouse_model::Timestamp;
use posthouse_model::triage::{
    Date, Entity, EntityValue, Evidence, Fact, Money, Order, Risk, Scored, Sentiment, Span, TextPart, Urgency,
};
use wasmtime::Result;
use wasmtime::component::Resource;

/// Bytes of one reason or value that people read.
const WORDS_MAX: usize = 2_000;
const TAGS_MAX: usize = 32;
const NOTIFIERS_MAX: usize = 8;
const FACTS_MAX: usize = 64;
const ORDERS_MAX: usize = 32;

const BAD_NAME: &str = "name that is not 1 to 64 lower-case letters, digits, - _ or /";
const BAD_CONFIDENCE: &str = "confidence that is not 0 to 1";
const BAD_LANGUAGE: &str = "language that is not a BCP 47 tag";
const BAD_VALUE: &str = "value that is empty, too long or holds control characters";
const BAD_MONEY: &str = "amount that is not exact money in an ISO 4217 currency";
const BAD_DATE: &str = "day that does not exist";
const TOO_MANY: &str = "more than the list may hold";

impl CallState {
    /// A name for machines, or a note.
    pub(super) fn name(&mut self, name: &str) -> bool {
        let good = valid::name(name);
        if !good {
            self.refuse(BAD_NAME);
        }
        good
    }

    pub(super) fn confidence(&mut self, value: f32) -> bool {
        let good = valid::confidence(value);
        if !good {
            self.refuse(BAD_CONFIDENCE);
        }
        good
    }

    pub(super) fn language_tag(&mut self, tag: &str) -> bool {
        let good = valid::language(tag);
        if !good {
            self.refuse(BAD_LANGUAGE);
        }
        good
    }

    pub(super) fn label(&mut self, value: &str) -> bool {
        let good = valid::label(value);
        if !good {
            self.refuse(BAD_VALUE);
        }
        good
    }

    /// Appends unless it is there already or the list is full.
    fn push_new(&mut self, list: fn(&mut Self) -> &mut Vec<String>, value: String, max: usize) {
        if list(self).contains(&value) {
            return;
        }
        if list(self).len() >= max {
            return self.refuse(TOO_MANY);
        }
        list(self).push(value);
    }

    pub(super) fn evidence(&mut self, text: String) -> Option<Evidence> {
        let text = valid::text(text, WORDS_MAX);
        (!text.trim().is_empty()).then_some(Evidence::Text { text })
    }

    fn rule_match(&mut self, rule: String, words: String, span: Option<types::Span>) -> Option<Evidence> {
        if !self.label(&rule) {
            return None;
        }
        let span = self.checked_span(span.map(span_in));
        Some(Evidence::Match { rule, words: valid::text(words, WORDS_MAX), span })
    }

    fn entity(&mut self, value: EntityValue, finding: types::Finding) {
        if self.confidence(finding.confidence) {
            let span = self.checked_span(finding.span.map(span_in));
            self.answers.triage.entities.push(Entity { value, confidence: finding.confidence, span });
        }
    }

    fn money(&mut self, value: types::Money) -> Option<Money> {
        let money = Money { units: value.units, scale: value.scale, currency: value.currency };
        if valid::money(&money) {
            return Some(money);
        }
        self.refuse(BAD_MONEY);
        None
    }

    fn day(&mut self, value: types::Date) -> Option<Date> {
        let date = Date { year: value.year, month: value.month, day: value.day };
        if valid::date(date) {
            return Some(date);
        }
        self.refuse(BAD_DATE);
        None
    }
}

pub(super) fn span_in(span: types::Span) -> Span {
    let part = match span.part {
        types::TextPart::Subject => TextPart::Subject,
        types::TextPart::Body => TextPart::Body,
    };
    Span { part, start: span.start, end: span.end }
}

impl triaging::Host for CallState {}

type Triage = Resource<triaging::Triage>;

impl triaging::HostTriage for CallState {
    fn set_category(&mut self, _: Triage, name: String, confidence: f32) -> Result<()> {
        self.answered(name.len())?;
        if self.name(&name) && self.confidence(confidence) {
            self.answers.triage.category = Some(Scored { value: name, confidence });
        }
        Ok(())
    }

    fn set_urgency(&mut self, _: Triage, urgency: types::Urgency, confidence: f32) -> Result<()> {
        self.answered(0)?;
        if self.confidence(confidence) {
            let value = match urgency {
                types::Urgency::Low => Urgency::Low,
                types::Urgency::Medium => Urgency::Medium,
                types::Urgency::High => Urgency::High,
                types::Urgency::Urgent => Urgency::Urgent,
            };
            self.answers.triage.urgency = Some(Scored { value, confidence });
        }
        Ok(())
    }

    fn set_sentiment(&mut self, _: Triage, sentiment: types::Sentiment, confidence: f32) -> Result<()> {
        self.answered(0)?;
        if self.confidence(confidence) {
            let value = match sentiment {
                types::Sentiment::Positive => Sentiment::Positive,
                types::Sentiment::Neutral => Sentiment::Neutral,
                types::Sentiment::Negative => Sentiment::Negative,
                types::Sentiment::Angry => Sentiment::Angry,
            };
            self.answers.triage.sentiment = Some(Scored { value, confidence });
        }
        Ok(())
    }

    fn set_language(&mut self, _: Triage, tag: String, confidence: f32) -> Result<()> {
        self.answered(tag.len())?;
        if self.language_tag(&tag) && self.confidence(confidence) {
            self.answers.triage.language = Some(Scored { value: tag, confidence });
        }
        Ok(())
    }

    fn mark_spam(&mut self, _: Triage, confidence: f32) -> Result<()> {
        self.answered(0)?;
        if self.confidence(confidence) {
            self.answers.triage.spam = Some(confidence);
        }
        Ok(())
    }

    fn add_order_number(&mut self, _: Triage, value: String, finding: types::Finding) -> Result<()> {
        self.answered(value.len())?;
        if self.label(&value) {
            self.entity(EntityValue::OrderNumber { value }, finding);
        }
        Ok(())
    }

    fn add_tracking_number(
        &mut self,
        _: Triage,
        value: String,
        carrier: Option<String>,
        finding: types::Finding,
    ) -> Result<()> {
        self.answered(value.len() + carrier.as_ref().map_or(0, String::len))?;
        if self.label(&value) {
            let carrier = carrier.filter(|c| self.label(c));
            self.entity(EntityValue::TrackingNumber { value, carrier }, finding);
        }
        Ok(())
    }

    fn add_sku(&mut self, _: Triage, value: String, finding: types::Finding) -> Result<()> {
        self.answered(value.len())?;
        if self.label(&value) {
            self.entity(EntityValue::Sku { value }, finding);
        }
        Ok(())
    }

    fn add_amount(&mut self, _: Triage, value: types::Money, finding: types::Finding) -> Result<()> {
        self.answered(value.currency.len())?;
        if let Some(value) = self.money(value) {
            self.entity(EntityValue::Amount { value }, finding);
        }
        Ok(())
    }

    fn add_date(&mut self, _: Triage, value: types::Date, finding: types::Finding) -> Result<()> {
        self.answered(0)?;
        if let Some(value) = self.day(value) {
            self.entity(EntityValue::Date { value }, finding);
        }
        Ok(())
    }

    fn add_match(&mut self, _: Triage, rule: String, words: String, span: Option<types::Span>) -> Result<()> {
        self.answered(rule.len() + words.len())?;
        let evidence = self.rule_match(rule, words, span);
        self.answers.triage.evidence.extend(evidence);
        Ok(())
    }

    fn add_evidence(&mut self, _: Triage, text: String) -> Result<()> {
        self.answered(text.len())?;
        let evidence = self.evidence(text);
        self.answers.triage.evidence.extend(evidence);
        Ok(())
    }

    fn add_tag(&mut self, _: Triage, tag: String) -> Result<()> {
        self.answered(tag.len())?;
        if self.name(&tag) {
            self.push_new(|s| &mut s.answers.triage.tags, tag, TAGS_MAX);
        }
        Ok(())
    }

    fn add_missing(&mut self, _: Triage, key: String) -> Result<()> {
        self.answered(key.len())?;
        if self.name(&key) {
            self.push_new(|s| &mut s.answers.triage.missing, key, TAGS_MAX);
        }
        Ok(())
    }

    fn add_risk(&mut self, _: Triage, kind: String, reason: String, span: Option<types::Span>) -> Result<()> {
        self.answered(kind.len() + reason.len())?;
        if self.name(&kind) {
            let span = self.checked_span(span.map(span_in));
            self.answers.triage.risks.push(Risk { kind, reason: valid::text(reason, WORDS_MAX), span });
        }
        Ok(())
    }

    fn drop(&mut self, _: Triage) -> Result<()> {
        Ok(())
    }
}

impl routing::Host for CallState {}

type Route = Resource<routing::Route>;

impl routing::HostRoute for CallState {
    fn set_assignee(&mut self, _: Route, email: String) -> Result<()> {
        self.answered(email.len())?;
        if self.label(&email) {
            self.answers.routing.assignee = Some(email);
        }
        Ok(())
    }

    fn set_queue(&mut self, _: Route, name: String) -> Result<()> {
        self.answered(name.len())?;
        if self.label(&name) {
            self.answers.routing.queue = Some(name);
        }
        Ok(())
    }

    fn set_priority(&mut self, _: Route, priority: u8) -> Result<()> {
        self.answered(0)?;
        self.answers.routing.priority = Some(priority.min(100));
        Ok(())
    }

    fn set_deadline(&mut self, _: Route, at: i64) -> Result<()> {
        self.answered(0)?;
        if jiff::Timestamp::from_second(at).is_ok() {
            self.answers.routing.deadline = Some(Timestamp::from_seconds(at));
        } else {
            self.refuse(BAD_DATE);
        }
        Ok(())
    }

    fn add_notifier(&mut self, _: Route, name: String) -> Result<()> {
        self.answered(name.len())?;
        if self.label(&name) {
            self.push_new(|s| &mut s.answers.routing.notifiers, name, NOTIFIERS_MAX);
        }
        Ok(())
    }

    fn add_tag(&mut self, _: Route, tag: String) -> Result<()> {
        self.answered(tag.len())?;
        if self.name(&tag) {
            self.push_new(|s| &mut s.answers.routing.tags, tag, TAGS_MAX);
        }
        Ok(())
    }

    fn add_match(&mut self, _: Route, rule: String, words: String) -> Result<()> {
        self.answered(rule.len() + words.len())?;
        let evidence = self.rule_match(rule, words, None);
        self.answers.routing.evidence.extend(evidence);
        Ok(())
    }

    fn add_evidence(&mut self, _: Route, text: String) -> Result<()> {
        self.answered(text.len())?;
        let evidence = self.evidence(text);
        self.answers.routing.evidence.extend(evidence);
        Ok(())
    }

    fn drop(&mut self, _: Route) -> Result<()> {
        Ok(())
    }
}

impl enriching::Host for CallState {}

type Enrichment = Resource<enriching::Enrichment>;
type OrderEntry = Resource<enriching::OrderEntry>;

impl enriching::HostEnrichment for CallState {
    fn add_fact(&mut self, _: Enrichment, key: String, label: String, value: String) -> Result<()> {
        self.answered(key.len() + label.len() + value.len())?;
        if !self.label(&key) || !self.label(&label) {
            return Ok(());
        }
        if self.answers.enrichment.facts.len() >= FACTS_MAX {
            self.refuse(TOO_MANY);
            return Ok(());
        }
        self.answers.enrichment.facts.push(Fact { key, label, value: valid::text(value, WORDS_MAX) });
        Ok(())
    }

    fn add_order(
        &mut self,
        _: Enrichment,
        number: String,
    ) -> Result<std::result::Result<Resource<enriching::OrderEntry>, String>> {
        self.answered(number.len())?;
        if !self.label(&number) {
            return Ok(Err(BAD_VALUE.to_owned()));
        }
        let count = self.answers.enrichment.orders.len();
        if count >= ORDERS_MAX {
            self.refuse(TOO_MANY);
            return Ok(Err(format!("at most {ORDERS_MAX} orders")));
        }
        self.hand_out(1)?;
        self.answers.enrichment.orders.push(Order { number, ..Order::default() });
        Ok(Ok(Resource::new_own(count as u32)))
    }

    fn set_customer_name(&mut self, _: Enrichment, name: String) -> Result<()> {
        self.answered(name.len())?;
        if self.label(&name) {
            self.answers.enrichment.customer_name = Some(name);
        }
        Ok(())
    }

    fn add_tag(&mut self, _: Enrichment, tag: String) -> Result<()> {
        self.answered(tag.len())?;
        if self.name(&tag) {
            self.push_new(|s| &mut s.answers.enrichment.tags, tag, TAGS_MAX);
        }
        Ok(())
    }

    fn add_evidence(&mut self, _: Enrichment, text: String) -> Result<()> {
        self.answered(text.len())?;
        let evidence = self.evidence(text);
        self.answers.enrichment.evidence.extend(evidence);
        Ok(())
    }

    fn drop(&mut self, _: Enrichment) -> Result<()> {
        Ok(())
    }
}

impl CallState {
    fn order_entry(&mut self, this: &OrderEntry) -> Result<&mut Order> {
        self.answers.enrichment.orders.get_mut(this.rep() as usize).map_or_else(super::stray, Ok)
    }
}

impl enriching::HostOrderEntry for CallState {
    fn set_status(&mut self, this: OrderEntry, status: String) -> Result<()> {
        self.answered(status.len())?;
        if self.label(&status) {
            self.order_entry(&this)?.status = Some(status);
        }
        Ok(())
    }

    fn set_placed_on(&mut self, this: OrderEntry, day: types::Date) -> Result<()> {
        self.answered(0)?;
        if let Some(day) = self.day(day) {
            self.order_entry(&this)?.placed_on = Some(day);
        }
        Ok(())
    }

    fn set_total(&mut self, this: OrderEntry, total: types::Money) -> Result<()> {
        self.answered(total.currency.len())?;
        if let Some(total) = self.money(total) {
            self.order_entry(&this)?.total = Some(total);
        }
        Ok(())
    }

    fn set_country(&mut self, this: OrderEntry, code: String) -> Result<()> {
        self.answered(code.len())?;
        if valid::country(&code) {
            self.order_entry(&this)?.country = Some(code);
        } else {
            self.refuse("country that is not an ISO 3166-1 alpha-2 code");
        }
        Ok(())
    }

    fn set_tracking(&mut self, this: OrderEntry, number: String, carrier: Option<String>) -> Result<()> {
        self.answered(number.len() + carrier.as_ref().map_or(0, String::len))?;
        if self.label(&number) {
            let carrier = carrier.filter(|c| self.label(c));
            let order = self.order_entry(&this)?;
            order.tracking_number = Some(number);
            order.carrier = carrier;
        }
        Ok(())
    }

    fn drop(&mut self, _: OrderEntry) -> Result<()> {
        self.handed_back();
        Ok(())
    }
}
