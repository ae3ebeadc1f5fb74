//! What a plugin reads: the call, messages, the ticket.

use super::stray;
use super::wit::desk::*;
use super::wit::types;
use crate::state::{BODY_MAX, CallState, Input};
use crate::valid::cut;
use posthouse_model::Timestamp;
use posthouse_model::call::{MessageView, TicketView};
use posthouse_model::mail;
use posthouse_model::ticket::Direction;
use posthouse_model::triage;
use wasmtime::Result;
use wasmtime::component::Resource;

const FULL_TEXT_MAX: usize = 1 << 20;
/// Lists that a plugin sees are cut at this many entries; a mail may have any number of headers or addressees.
const LIST_MAX: usize = 1_000;
const RECENT_MAX: usize = 20;

impl types::Host for CallState {}
impl Host for CallState {}

impl HostCall for CallState {
    fn now(&mut self, _: Resource<Call>) -> Result<i64> {
        Ok(self.context.now.seconds())
    }

    fn seed(&mut self, _: Resource<Call>) -> Result<u64> {
        Ok(self.context.seed)
    }

    fn local_time(&mut self, _: Resource<Call>, at: i64, time_zone: String) -> Result<Option<CivilTime>> {
        Ok(local_time(at, &time_zone))
    }

    fn tenant_name(&mut self, _: Resource<Call>) -> Result<String> {
        Ok(self.context.tenant_name.clone())
    }

    fn agent_language(&mut self, _: Resource<Call>) -> Result<String> {
        Ok(self.context.agent_language.clone())
    }

    fn drop(&mut self, _: Resource<Call>) -> Result<()> {
        Ok(())
    }
}

fn local_time(at: i64, time_zone: &str) -> Option<CivilTime> {
    let zone = jiff::tz::TimeZone::get(time_zone).ok()?;
    let there = jiff::Timestamp::from_second(at).ok()?.to_zoned(zone);
    let byte = |n: i8| u8::try_from(n).ok();
    if there.year() < 0 {
        return None;
    }
    Some(CivilTime {
        date: Date { year: i32::from(there.year()), month: byte(there.month())?, day: byte(there.day())? },
        hour: byte(there.hour())?,
        minute: byte(there.minute())?,
        second: byte(there.second())?,
        weekday: byte(there.weekday().to_monday_one_offset())?,
        offset_seconds: there.offset().seconds(),
    })
}

/// A message's handle says which of the thread's newest messages it is; a classifier's only message is 0.
fn message(input: &Input, rep: u32) -> Result<&MessageView> {
    match input {
        Input::Message(message) => Ok(message),
        _ => ticket(input)?.recent.get(rep as usize).map_or_else(stray, |m| Ok(m.as_ref())),
    }
}

fn ticket(input: &Input) -> Result<&TicketView> {
    input.ticket().map_or_else(stray, Ok)
}

impl HostMessage for CallState {
    fn subject(&mut self, this: Resource<Message>) -> Result<String> {
        Ok(message(&self.input, this.rep())?.subject.clone())
    }

    fn body(&mut self, this: Resource<Message>) -> Result<String> {
        Ok(cut(&message(&self.input, this.rep())?.body, BODY_MAX).to_owned())
    }

    fn full_text(&mut self, this: Resource<Message>) -> Result<String> {
        Ok(cut(&message(&self.input, this.rep())?.full_text, FULL_TEXT_MAX).to_owned())
    }

    fn from(&mut self, this: Resource<Message>) -> Result<Option<MailboxAddress>> {
        Ok(message(&self.input, this.rep())?.from.as_ref().map(address))
    }

    fn reply_to(&mut self, this: Resource<Message>) -> Result<Option<MailboxAddress>> {
        Ok(message(&self.input, this.rep())?.reply_to.as_ref().map(address))
    }

    fn to(&mut self, this: Resource<Message>) -> Result<Vec<MailboxAddress>> {
        Ok(addresses(&message(&self.input, this.rep())?.to))
    }

    fn cc(&mut self, this: Resource<Message>) -> Result<Vec<MailboxAddress>> {
        Ok(addresses(&message(&self.input, this.rep())?.cc))
    }

    fn sent_at(&mut self, this: Resource<Message>) -> Result<i64> {
        Ok(message(&self.input, this.rep())?.sent_at.seconds())
    }

    fn is_incoming(&mut self, this: Resource<Message>) -> Result<bool> {
        Ok(message(&self.input, this.rep())?.direction == Direction::Incoming)
    }

    fn language(&mut self, this: Resource<Message>) -> Result<Option<String>> {
        Ok(message(&self.input, this.rep())?.language.clone())
    }

    fn header(&mut self, this: Resource<Message>, name: String) -> Result<Vec<String>> {
        let headers = &message(&self.input, this.rep())?.headers;
        let values = headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case(&name)).map(|(_, v)| v.clone());
        Ok(values.take(LIST_MAX).collect())
    }

    fn message_id(&mut self, this: Resource<Message>) -> Result<Option<String>> {
        Ok(message(&self.input, this.rep())?.message_id.clone())
    }

    fn attachments(&mut self, this: Resource<Message>) -> Result<Vec<Resource<Attachment>>> {
        let count = message(&self.input, this.rep())?.attachments.len().min(LIST_MAX);
        self.hand_out(count)?;
        // Which message above, which attachment below: both are well under 16 bits.
        Ok((0..count as u32).map(|n| Resource::new_own(this.rep() << 16 | n)).collect())
    }

    fn drop(&mut self, _: Resource<Message>) -> Result<()> {
        self.handed_back();
        Ok(())
    }
}

fn attachment(input: &Input, rep: u32) -> Result<&mail::Attachment> {
    message(input, rep >> 16)?.attachments.get((rep & 0xffff) as usize).map_or_else(stray, Ok)
}

impl HostAttachment for CallState {
    fn name(&mut self, this: Resource<Attachment>) -> Result<Option<String>> {
        Ok(attachment(&self.input, this.rep())?.name.clone())
    }

    fn media_type(&mut self, this: Resource<Attachment>) -> Result<String> {
        Ok(attachment(&self.input, this.rep())?.media_type.clone())
    }

    fn size(&mut self, this: Resource<Attachment>) -> Result<u64> {
        Ok(attachment(&self.input, this.rep())?.size)
    }

    fn is_inline(&mut self, this: Resource<Attachment>) -> Result<bool> {
        Ok(attachment(&self.input, this.rep())?.inline)
    }

    fn drop(&mut self, _: Resource<Attachment>) -> Result<()> {
        self.handed_back();
        Ok(())
    }
}

fn entity(input: &Input, rep: u32) -> Result<&triage::Entity> {
    ticket(input)?.entities.get(rep as usize).map_or_else(stray, Ok)
}

impl HostEntity for CallState {
    fn kind(&mut self, this: Resource<Entity>) -> Result<String> {
        Ok(entity(&self.input, this.rep())?.value.kind().to_owned())
    }

    fn value(&mut self, this: Resource<Entity>) -> Result<String> {
        Ok(entity(&self.input, this.rep())?.value.text())
    }

    fn finding(&mut self, this: Resource<Entity>) -> Result<Finding> {
        let entity = entity(&self.input, this.rep())?;
        Ok(Finding { confidence: entity.confidence, span: entity.span.map(span_out) })
    }

    fn carrier(&mut self, this: Resource<Entity>) -> Result<Option<String>> {
        Ok(match &entity(&self.input, this.rep())?.value {
            triage::EntityValue::TrackingNumber { carrier, .. } => carrier.clone(),
            _ => None,
        })
    }

    fn money(&mut self, this: Resource<Entity>) -> Result<Option<Money>> {
        Ok(match &entity(&self.input, this.rep())?.value {
            triage::EntityValue::Amount { value } => Some(money_out(value)),
            _ => None,
        })
    }

    fn date(&mut self, this: Resource<Entity>) -> Result<Option<Date>> {
        Ok(match &entity(&self.input, this.rep())?.value {
            triage::EntityValue::Date { value } => Some(date_out(*value)),
            _ => None,
        })
    }

    fn drop(&mut self, _: Resource<Entity>) -> Result<()> {
        self.handed_back();
        Ok(())
    }
}

fn order(input: &Input, rep: u32) -> Result<&triage::Order> {
    ticket(input)?.orders.get(rep as usize).map_or_else(stray, Ok)
}

impl HostOrder for CallState {
    fn number(&mut self, this: Resource<Order>) -> Result<String> {
        Ok(order(&self.input, this.rep())?.number.clone())
    }

    fn status(&mut self, this: Resource<Order>) -> Result<Option<String>> {
        Ok(order(&self.input, this.rep())?.status.clone())
    }

    fn placed_on(&mut self, this: Resource<Order>) -> Result<Option<Date>> {
        Ok(order(&self.input, this.rep())?.placed_on.map(date_out))
    }

    fn total(&mut self, this: Resource<Order>) -> Result<Option<Money>> {
        Ok(order(&self.input, this.rep())?.total.as_ref().map(money_out))
    }

    fn country(&mut self, this: Resource<Order>) -> Result<Option<String>> {
        Ok(order(&self.input, this.rep())?.country.clone())
    }

    fn tracking_number(&mut self, this: Resource<Order>) -> Result<Option<String>> {
        Ok(order(&self.input, this.rep())?.tracking_number.clone())
    }

    fn carrier(&mut self, this: Resource<Order>) -> Result<Option<String>> {
        Ok(order(&self.input, this.rep())?.carrier.clone())
    }

    fn drop(&mut self, _: Resource<Order>) -> Result<()> {
        self.handed_back();
        Ok(())
    }
}

impl HostTicket for CallState {
    fn number(&mut self, _: Resource<Ticket>) -> Result<u64> {
        Ok(ticket(&self.input)?.number.try_into().unwrap_or(0))
    }

    fn subject(&mut self, _: Resource<Ticket>) -> Result<String> {
        Ok(ticket(&self.input)?.subject.clone())
    }

    fn status(&mut self, _: Resource<Ticket>) -> Result<String> {
        Ok(ticket(&self.input)?.status.as_str().to_owned())
    }

    fn created_at(&mut self, _: Resource<Ticket>) -> Result<i64> {
        Ok(ticket(&self.input)?.created_at.seconds())
    }

    fn customer(&mut self, _: Resource<Ticket>) -> Result<MailboxAddress> {
        Ok(address(&ticket(&self.input)?.customer))
    }

    fn category(&mut self, _: Resource<Ticket>) -> Result<Option<String>> {
        Ok(ticket(&self.input)?.category.clone())
    }

    fn urgency(&mut self, _: Resource<Ticket>) -> Result<Option<Urgency>> {
        Ok(ticket(&self.input)?.urgency.map(urgency_out))
    }

    fn sentiment(&mut self, _: Resource<Ticket>) -> Result<Option<Sentiment>> {
        Ok(ticket(&self.input)?.sentiment.map(|s| match s {
            triage::Sentiment::Positive => Sentiment::Positive,
            triage::Sentiment::Neutral => Sentiment::Neutral,
            triage::Sentiment::Negative => Sentiment::Negative,
            triage::Sentiment::Angry => Sentiment::Angry,
        }))
    }

    fn language(&mut self, _: Resource<Ticket>) -> Result<Option<String>> {
        Ok(ticket(&self.input)?.language.clone())
    }

    fn entities(&mut self, _: Resource<Ticket>) -> Result<Vec<Resource<Entity>>> {
        let count = ticket(&self.input)?.entities.len().min(LIST_MAX);
        self.hand_out(count)?;
        Ok((0..count as u32).map(Resource::new_own).collect())
    }

    fn tags(&mut self, _: Resource<Ticket>) -> Result<Vec<String>> {
        Ok(ticket(&self.input)?.tags.clone())
    }

    fn queue(&mut self, _: Resource<Ticket>) -> Result<Option<String>> {
        Ok(ticket(&self.input)?.queue.clone())
    }

    fn deadline(&mut self, _: Resource<Ticket>) -> Result<Option<i64>> {
        Ok(ticket(&self.input)?.deadline.map(Timestamp::seconds))
    }

    fn missing(&mut self, _: Resource<Ticket>) -> Result<Vec<String>> {
        Ok(ticket(&self.input)?.missing.clone())
    }

    fn risks(&mut self, _: Resource<Ticket>) -> Result<Vec<String>> {
        Ok(ticket(&self.input)?.risks.iter().map(|r| r.kind.clone()).collect())
    }

    fn facts(&mut self, _: Resource<Ticket>) -> Result<Vec<Fact>> {
        let facts = &ticket(&self.input)?.facts;
        let fact = |f: &triage::Fact| Fact { key: f.key.clone(), label: f.label.clone(), value: f.value.clone() };
        Ok(facts.iter().take(LIST_MAX).map(fact).collect())
    }

    fn orders(&mut self, _: Resource<Ticket>) -> Result<Vec<Resource<Order>>> {
        let count = ticket(&self.input)?.orders.len().min(LIST_MAX);
        self.hand_out(count)?;
        Ok((0..count as u32).map(Resource::new_own).collect())
    }

    fn message_count(&mut self, _: Resource<Ticket>) -> Result<u32> {
        Ok(ticket(&self.input)?.message_count)
    }

    fn latest(&mut self, _: Resource<Ticket>) -> Result<Resource<Message>> {
        let recent = &ticket(&self.input)?.recent;
        let newest = recent.iter().take(RECENT_MAX).position(|m| m.direction == Direction::Incoming).unwrap_or(0);
        if recent.is_empty() {
            return stray();
        }
        self.hand_out(1)?;
        Ok(Resource::new_own(newest as u32))
    }

    fn recent(&mut self, _: Resource<Ticket>, limit: u32) -> Result<Vec<Resource<Message>>> {
        let count = ticket(&self.input)?.recent.len().min(limit as usize).min(RECENT_MAX);
        self.hand_out(count)?;
        Ok((0..count as u32).map(Resource::new_own).collect())
    }

    fn drop(&mut self, _: Resource<Ticket>) -> Result<()> {
        self.handed_back();
        Ok(())
    }
}

pub(super) fn address(address: &mail::Address) -> MailboxAddress {
    MailboxAddress { name: address.name.clone(), address: address.address.clone() }
}

pub(super) fn addresses(list: &[mail::Address]) -> Vec<MailboxAddress> {
    list.iter().take(LIST_MAX).map(address).collect()
}

pub(super) fn urgency_out(urgency: triage::Urgency) -> Urgency {
    match urgency {
        triage::Urgency::Low => Urgency::Low,
        triage::Urgency::Medium => Urgency::Medium,
        triage::Urgency::High => Urgency::High,
        triage::Urgency::Urgent => Urgency::Urgent,
    }
}

fn span_out(span: triage::Span) -> Span {
    let part = match span.part {
        triage::TextPart::Subject => types::TextPart::Subject,
        triage::TextPart::Body => types::TextPart::Body,
    };
    Span { part, start: span.start, end: span.end }
}

fn money_out(money: &triage::Money) -> Money {
    Money { units: money.units, scale: money.scale, currency: money.currency.clone() }
}

fn date_out(date: triage::Date) -> Date {
    Date { year: date.year, month: date.month, day: date.day }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wall_clocks_know_their_zones() {
        // 2026-03-29T00:59:59Z: one second before Berlin's clocks go forward.
        let at = 1_774_745_999;
        let read = |at, zone| local_time(at, zone).map(|t| (t.date.day, t.hour, t.minute, t.weekday, t.offset_seconds));
        assert_eq!(read(at, "Europe/Berlin"), Some((29, 1, 59, 7, 3_600)));
        assert_eq!(read(at + 1, "Europe/Berlin"), Some((29, 3, 0, 7, 7_200)));
        assert_eq!(read(at, "Asia/Shanghai"), Some((29, 8, 59, 7, 28_800)));
        assert_eq!(read(at, "Mars/Olympus"), None);
        assert_eq!(read(i64::MAX, "UTC"), None);
    }
}
