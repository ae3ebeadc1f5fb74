//! Giving a new ticket to somebody: the least loaded of those who can do it and work now.

use crate::notice::local;
use posthouse_model::Timestamp;
use posthouse_model::config::{TenantConfig, TimeOfDay, Weekday};
use posthouse_store::{Candidate, TicketRow};

/// How a tag is named that asks for a skill, before the skill.
pub const SKILL_TAG: &str = "skill/";

/// Who comes into question for a ticket; empty where its queue's tickets are not given out.
#[must_use]
pub fn candidates(config: &TenantConfig, ticket: &TicketRow, now: Timestamp) -> Vec<Candidate> {
    if !ticket.queue.as_ref().is_some_and(|queue| config.assign.queues.contains(queue)) {
        return Vec::new();
    }
    let here = local(now, &config.time_zone);
    let day = u8::try_from(here.weekday().to_monday_one_offset()).ok().and_then(Weekday::from_iso);
    let time = u8::try_from(here.hour()).ok().zip(u8::try_from(here.minute()).ok());
    let (Some(day), Some(time)) = (day, time.and_then(|(hour, minute)| TimeOfDay::new(hour, minute))) else {
        return Vec::new();
    };
    let skills: Vec<&str> = ticket.tags.iter().filter_map(|tag| tag.strip_prefix(SKILL_TAG)).collect();
    let can = config.crew.iter().filter(|one| one.can(ticket.language.as_deref(), &skills, day, time));
    can.map(|one| Candidate { email: one.agent.clone(), tickets_max: one.tickets_max }).collect()
}
