//! The review page.

use super::list::{agent_name, due, queue_title, whole};
use super::trail;
use crate::page::draft::{Check, DraftCard, Editor, ReplyPane};
use crate::page::letter::Letter;
use crate::page::note::NoteCard;
use crate::page::query::ListQuery;
use crate::page::ticket::{Colleague, Missing, Returned, Sending, SiblingLine, TicketPane, WouldSend};
use crate::page::translation::Translations;
use crate::refusal::Refusal;
use crate::route::work::people;
use crate::seat::Seat;
use crate::text::bundled;
use crate::text::sanitise::remote_images;
use crate::words::Lang;
use posthouse_model::autonomy::{Compared, Level};
use posthouse_model::decision::World;
use posthouse_model::draft::DraftOrigin;
use posthouse_model::event::Event;
use posthouse_model::mail::{Address, ReadMail};
use posthouse_model::mention;
use posthouse_model::outbox::OutboxState;
use posthouse_model::ticket::{Direction, TicketStatus};
use posthouse_model::triage::{Entity, Risk};
use posthouse_model::{MessageId, OutboxId, TicketId, Timestamp};
use posthouse_store::{AgentRow, DraftRow, MessageRow, NoteRow, OutboxRow, TicketDetail};
use std::time::Duration;

/// Other tickets of the customer that the page names.
const SIBLINGS_MAX: u32 = 5;
/// Checks that have not come by then are not waited for.
const CHECK_TAKES_MAX: Duration = Duration::from_secs(60);

/// The page of a ticket. `draft` is the position of the draft asked for.
pub(crate) async fn ticket(
    seat: &Seat,
    number: i64,
    query: &ListQuery,
    draft: Option<i64>,
) -> Result<TicketPane, Refusal> {
    let (detail, agents, plugins) =
        tokio::try_join!(seat.scope.ticket_detail(number), seat.scope.agents(), seat.scope.plugins())?;
    let checked = plugins.iter().any(|p| p.plugin.world == World::Checker);
    let siblings = seat.scope.siblings(detail.ticket.id, SIBLINGS_MAX).await?;
    let typing = super::typed::typing(seat, detail.ticket.id, &agents).await?;
    let mut pane = pane(seat, &detail, &agents, query, draft.or_else(|| typing.position(seat)), checked);
    typing.show(seat, &agents, draft, &mut pane.reply);
    pane.notes = notes(seat, &detail, &agents);
    for sending in pane.sendings.iter_mut().filter(|s| s.scheduled && s.state == OutboxState::Queued) {
        sending.overtaken = seat.scope.written_since(OutboxId(sending.id)).await? > 0;
    }
    if let Some(template) = pane.reply.card().and_then(|card| card.proposal.template.as_deref()) {
        pane.reply.misfits = whole(seat.scope.misfits_of(template).await?);
    }
    pane.would_send = would_send(seat, detail.ticket.id).await?;
    super::translation::show(seat, &detail, &mut pane).await?;
    let with_pictures = pane.letters.iter_mut().filter(|letter| letter.remote_images > 0);
    let with_pictures: Vec<&mut Letter> = with_pictures.collect();
    let senders: Vec<String> = with_pictures.iter().map(|letter| letter.from.key()).collect();
    let always = seat.scope.picture_senders(&senders).await?;
    for (letter, sender) in with_pictures.into_iter().zip(&senders) {
        letter.pictures_always = always.contains(sender);
    }
    pane.reply.macros = seat.config.macros.iter().map(|one| (one.name.clone(), one.text.is_some())).collect();
    pane.reply.files = seat.scope.reply_files(detail.ticket.id).await?;
    pane.siblings = siblings
        .into_iter()
        .map(|s| SiblingLine { number: s.number, subject: s.subject, status: s.status, at: s.last_message_at })
        .collect();
    Ok(pane)
}

/// What the house would send by itself: shown from the first step up.
async fn would_send(seat: &Seat, ticket: TicketId) -> Result<Option<WouldSend>, Refusal> {
    let draft = seat.scope.autonomy_draft(ticket).await?.filter(|draft| draft.compared == Compared::Open);
    Ok(draft
        .filter(|draft| draft.level > Level::Manual)
        .map(|draft| WouldSend { level: draft.level, never: draft.never }))
}

fn pane(
    seat: &Seat,
    detail: &TicketDetail,
    agents: &[AgentRow],
    query: &ListQuery,
    draft: Option<i64>,
    has_checker: bool,
) -> TicketPane {
    let t = seat.lang();
    let queue = |name: &str| queue_title(&seat.config, name, t);
    let row = &detail.ticket;
    let reply = reply(detail, agents, query, draft, has_checker.then(|| seat.desk.now()));
    let missing = row
        .missing
        .iter()
        .map(|key| Missing {
            key: key.clone(),
            question: reply
                .drafts
                .iter()
                .flat_map(|d| &d.proposal.questions)
                .find(|q| q.key == *key)
                .map(|q| q.question.clone())
                // Without a draft that asks for it: in the customer's language, else the agents'.
                .or_else(|| {
                    let language = reply.card().and_then(|card| card.proposal.language.as_deref());
                    let language = language.or(row.language.as_deref()).unwrap_or(&seat.config.agent_language);
                    bundled::question(key, language)
                }),
        })
        .collect();
    let mut categories = seat.config.categories.clone();
    categories.extend(row.category.iter().filter(|c| !seat.config.categories.contains(c)).cloned());
    let reason = row
        .closed_reason
        .as_deref()
        .filter(|_| row.status == TicketStatus::Handled)
        .map(|words| t.closed_reason(words));
    TicketPane {
        number: row.number,
        seen: seen(detail).map_or(0, |id| id.0),
        subject: row.subject.clone(),
        status: row.status,
        reason,
        category: row.category.clone(),
        urgency: row.urgency,
        sentiment: row.sentiment,
        language: row.language.clone(),
        queue: row.queue.as_deref().map(&queue),
        assignee: row.assignee.and_then(|id| agent_name(agents, id)),
        due: due(row.status, row.deadline, row.last_message_at),
        tags: row.tags.clone(),
        customer: row.customer.clone(),
        priority: row.priority,
        snoozed_until: row.snoozed_until,
        notes: Vec::new(),
        note_refused: None,
        letters: detail.messages.iter().map(|m| letter(t, detail, agents, m)).collect(),
        missing,
        entities: row.entities.clone(),
        risks: row.risks.clone(),
        facts: row.facts.clone(),
        orders: row.orders.clone(),
        reply,
        sendings: sendings(detail),
        would_send: None,
        trail: detail.decisions.iter().map(|d| trail::step(d, &queue)).collect(),
        events: detail.events.iter().rev().map(|e| trail::happening(t, e, &queue)).collect(),
        colleagues: agents
            .iter()
            .filter(|a| a.active && a.role.may_act() && a.sees(row.queue.as_deref()))
            .map(|a| Colleague {
                id: a.id.0,
                name: agent_name(agents, a.id).unwrap_or_default(),
                me: a.id == seat.agent.id,
            })
            .collect(),
        categories,
        siblings: Vec::new(),
        translations: Translations::default(),
        merged_into: row.merged_into,
        query: query.clone(),
    }
}

fn notes(seat: &Seat, detail: &TicketDetail, agents: &[AgentRow]) -> Vec<NoteCard> {
    let (people, me) = (people(agents), seat.actor().as_text());
    let card = |note: &NoteRow| NoteCard {
        id: note.id,
        by: actor_name(seat.lang(), agents, &note.author),
        mine: note.author == me,
        at: note.created_at,
        edited_at: note.edited_at,
        mentions: mention::find(&note.body, &people).into_iter().map(|one| one.at).collect(),
        body: note.body.clone(),
    };
    detail.notes.iter().map(card).collect()
}

/// The newest mail from the customer that the page shows.
pub(crate) fn seen(detail: &TicketDetail) -> Option<MessageId> {
    detail.messages.iter().filter(|m| m.direction == Direction::Incoming).map(|m| m.id).max()
}

fn letter(t: Lang, detail: &TicketDetail, agents: &[AgentRow], message: &MessageRow) -> Letter {
    let read = &message.read;
    let text = if read.reply_text.trim().is_empty() { &read.text } else { &read.reply_text };
    let full = Some(&read.text).filter(|full| full.trim() != text.trim()).cloned();
    let (entities, risks) = found_in(detail, message.id);
    let html = read.html.as_deref().filter(|html| !html.trim().is_empty());
    Letter {
        id: message.id.0,
        direction: message.direction,
        from: read.from.clone().unwrap_or_else(|| detail.ticket.customer.clone()),
        to: read.to.iter().chain(&read.cc).cloned().collect(),
        at: message.at,
        offset_minutes: offset_minutes(read),
        text: text.clone(),
        full_text: full,
        has_html: html.is_some() && message.direction == Direction::Incoming,
        remote_images: html.map_or(0, remote_images),
        pictures_always: false,
        attachments: read.attachments.clone(),
        entities,
        risks,
        sent_by: sent_by(t, detail, agents, message.id),
        damaged: !read.warnings.is_empty() && message.direction == Direction::Incoming,
        reason: message.reason.clone(),
        let_go: message.emptied_at.is_some(),
    }
}

/// What was read from one message: from the newest decision about it, else, for the message the ticket was
/// last sorted by, from the ticket.
fn found_in(detail: &TicketDetail, message: MessageId) -> (Vec<Entity>, Vec<Risk>) {
    if detail.ticket.triaged_message == Some(message) {
        return (detail.ticket.entities.clone(), detail.ticket.risks.clone());
    }
    detail
        .decisions
        .iter()
        .rev()
        .filter(|d| d.record.message == Some(message))
        .find_map(trail::triage_of)
        .map_or_else(Default::default, |triage| (triage.entities, triage.risks))
}

fn sent_by(t: Lang, detail: &TicketDetail, agents: &[AgentRow], message: MessageId) -> Option<String> {
    let row = detail.outbox.iter().find(|o| o.message == Some(message))?;
    Some(actor_name(t, agents, &row.approved_by))
}

/// The name of an actor (`agent:li@shop.example`).
pub(crate) fn actor_name(t: Lang, agents: &[AgentRow], actor: &str) -> String {
    actor
        .strip_prefix("agent:")
        .and_then(|email| agents.iter().find(|a| a.email == email))
        .and_then(|a| agent_name(agents, a.id))
        .unwrap_or_else(|| t.actor(actor))
}

/// The zone of the Date header (RFC 5322 section 3.3) in minutes east of UTC. `-0000` says nothing about
/// where the writer is.
fn offset_minutes(read: &ReadMail) -> Option<i32> {
    let date = read.header("Date").next()?;
    let zone = date
        .split_whitespace()
        .find(|w| w.len() == 5 && w.starts_with(['+', '-']) && w[1..].bytes().all(|b| b.is_ascii_digit()))?;
    if zone == "-0000" {
        return None;
    }
    let (hours, minutes): (i32, i32) = (zone[1..3].parse().ok()?, zone[3..].parse().ok()?);
    let offset = hours * 60 + minutes;
    (hours <= 14 && minutes < 60).then_some(if zone.starts_with('-') { -offset } else { offset })
}

fn sendings(detail: &TicketDetail) -> Vec<Sending> {
    let mut rows: Vec<&OutboxRow> = detail.outbox.iter().collect();
    rows.sort_by_key(|row| std::cmp::Reverse((row.approved_at, row.id)));
    rows.into_iter()
        .map(|row| {
            let done = row.attempts.last().and_then(|a| a.finished_at);
            let said = row.recipients.iter().filter(|r| r.state != OutboxState::Sent).find_map(|r| r.words.clone());
            Sending {
                id: row.id.0,
                state: row.state,
                scheduled: row.scheduled_at.is_some(),
                automatic: row.automatic,
                overtaken: false,
                at: if row.state == OutboxState::Sent { done.unwrap_or(row.due_at) } else { row.due_at },
                tries: row.attempts.len() as u64,
                words: row.reason.clone().or(said),
                returned: row
                    .recipients
                    .iter()
                    .filter_map(|r| {
                        let bounce = r.bounce.as_ref()?;
                        let (hard, words) = (bounce.hard, bounce.words.clone());
                        Some(Returned { address: r.address.address.clone(), hard, words })
                    })
                    .collect(),
            }
        })
        .collect()
}

fn reply(
    detail: &TicketDetail,
    agents: &[AgentRow],
    query: &ListQuery,
    draft: Option<i64>,
    checkers_at: Option<Timestamp>,
) -> ReplyPane {
    let row = &detail.ticket;
    let mut drafts: Vec<&DraftRow> = detail.drafts.iter().collect();
    // What an agent wrote herself stands first, then the proposals as they were ranked.
    drafts.sort_by_key(|d| (d.position, std::cmp::Reverse(d.round)));
    let mut cards: Vec<DraftCard> = Vec::new();
    for d in drafts {
        if cards.iter().all(|c| c.position != d.position) {
            cards.push(card(detail, d, agents, checkers_at));
        }
    }
    let asked = draft.and_then(|position| cards.iter().position(|c| c.position == position));
    // The newest text that a person wrote, else the first proposal.
    let written = detail
        .drafts
        .iter()
        .filter(|d| d.origin == DraftOrigin::Agent)
        .max_by_key(|d| (d.created_at, d.id))
        .and_then(|d| cards.iter().position(|c| c.id == d.id.0));
    let chosen = asked.or(written).or(if cards.is_empty() { None } else { Some(0) });
    let proposal = chosen.map(|i| &cards[i].proposal);
    let editor = Editor {
        to: mailbox_text(&row.customer),
        cc: String::new(),
        subject: proposal.and_then(|p| p.subject.clone()).unwrap_or_else(|| reply_subject(&row.subject)),
        body: proposal.map(|p| p.body.clone()).unwrap_or_default(),
        unsaved: false,
        typed_at: None,
        conflict: None,
    };
    ReplyPane {
        number: row.number,
        seen: seen(detail).map_or(0, |id| id.0),
        coming: row.status == TicketStatus::New,
        folded: !row.status.is_open(),
        writing: None,
        others: Vec::new(),
        difference: None,
        misfits: 0,
        macros: Vec::new(),
        may_send: row.status.may_become(TicketStatus::Sent),
        customer_language: row.language.clone(),
        files: Vec::new(),
        translation: None,
        drafts: cards,
        chosen,
        editor,
        query: query.clone(),
    }
}

fn card(detail: &TicketDetail, d: &DraftRow, agents: &[AgentRow], checkers_at: Option<Timestamp>) -> DraftCard {
    let author = d.author.strip_prefix("agent:").map(|email| {
        agents
            .iter()
            .find(|a| a.email == email)
            .and_then(|a| agent_name(agents, a.id))
            .unwrap_or_else(|| email.to_owned())
    });
    DraftCard {
        id: d.id.0,
        position: d.position,
        revision: d.revision,
        origin: d.origin,
        author,
        proposal: d.proposal.clone(),
        findings: d.checks.clone(),
        check: check(detail, d, checkers_at),
    }
}

/// How far the checks of a revision have come. Those of a drafter's proposal ran before it was written; those of a
/// person's text are on record when they have run. They run again when a file was added or taken away.
fn check(detail: &TicketDetail, d: &DraftRow, checkers_at: Option<Timestamp>) -> Check {
    let Some(now) = checkers_at else { return if d.checks.is_empty() { Check::None } else { Check::Done } };
    let on_record = |event: &&Event| {
        event.kind == "draft.checked"
            && serde_json::from_str::<serde_json::Value>(&event.data).is_ok_and(|data| data["draft"] == d.id.0)
    };
    let checked = detail.events.iter().filter(on_record).map(|event| event.seq).max();
    let files = |event: &&Event| event.kind.starts_with("reply.file-") && event.at >= d.created_at;
    let refiled = detail.events.iter().filter(files).max_by_key(|event| event.seq);
    let since = match refiled {
        Some(event) if checked.is_none_or(|checked| checked < event.seq) => event.at,
        _ if d.origin != DraftOrigin::Agent || !d.checks.is_empty() || checked.is_some() => return Check::Done,
        _ => d.created_at,
    };
    if now.since(since) < CHECK_TAKES_MAX { Check::Coming } else { Check::Open }
}

/// `Name <address>`, as it stands in the field.
pub(crate) fn mailbox_text(address: &Address) -> String {
    match address.name.as_deref().map(|n| n.replace(['<', '>', ',', ';', '"'], " ")).map(|n| n.trim().to_owned()) {
        Some(name) if !name.is_empty() => format!("{name} <{}>", address.address),
        _ => address.address.clone(),
    }
}

/// `Re: ` once.
pub(crate) fn reply_subject(subject: &str) -> String {
    let trimmed = subject.trim();
    let answered = trimmed.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("re:"));
    if answered { trimmed.to_owned() } else { format!("Re: {trimmed}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dated(date: &str) -> Option<i32> {
        offset_minutes(&ReadMail { headers: vec![("Date".into(), date.into())], ..ReadMail::default() })
    }

    #[test]
    fn the_writer_s_clock_is_read_from_the_date() {
        assert_eq!(dated("Sun, 1 Mar 2026 10:22:00 +0200"), Some(120));
        assert_eq!(dated("Sun, 1 Mar 2026 10:22:00 -0330 (NST)"), Some(-210));
        assert_eq!(dated("Sun, 1 Mar 2026 10:22:00 -0000"), None);
        assert_eq!(dated("Sun, 1 Mar 2026 10:22:00 GMT"), None);
        assert_eq!(dated("+9999"), None);
    }

    #[test]
    fn subjects_are_answered_once() {
        assert_eq!(reply_subject("¿Dónde?"), "Re: ¿Dónde?");
        assert_eq!(reply_subject("RE: x"), "RE: x");
        assert_eq!(reply_subject("字"), "Re: 字");
    }

    #[test]
    fn a_name_cannot_break_the_field() {
        let odd = Address { name: Some("a <b>, c;\"d\"".into()), address: "x@y.example".into() };
        assert_eq!(mailbox_text(&odd).matches('<').count(), 1);
    }
}
