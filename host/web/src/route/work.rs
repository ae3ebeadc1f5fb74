//! What agents note and set on a ticket beside answering it: notes, priority, tags, putting aside, what they say of a template.

use super::act::{Action, Trouble, Typed, perform};
use super::forms::{At, onward, run, typed};
use super::tickets::{TicketView, number_of};
use crate::load::frame::Done;
use crate::page::frame::{Note, Place};
use crate::page::later;
use crate::page::note::MentionLine;
use crate::page::query::ListQuery;
use crate::page::tools::Difference;
use crate::refusal::Refusal;
use crate::request::{Fields, clean_text};
use crate::seat::Seat;
use crate::text::difference;
use crate::words::Lang;
use crate::{load, page};
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use posthouse_model::draft::Misfit;
use posthouse_model::mention::{self, Person};
use posthouse_model::ticket::TicketStatus;
use posthouse_model::{DraftId, Timestamp};
use posthouse_store::{
    AgentRow, MENTIONS_MAX, MISFIT_CHARS_MAX, NOTE_CHARS_MAX, NOTES_MAX, SCHEDULE_MAX, StoreError, TAG_CHARS_MAX,
    TicketRow, normal_tag,
};

/// Notes that speak to somebody, on one page.
const MENTIONS_SHOWN: u32 = 100;
/// Tags of one ticket: the store refuses the same once more.
const TAGS_MAX: usize = 50;

/// What is to be done.
#[derive(Clone, Debug)]
pub(crate) enum Work {
    Note(String),
    EditNote(i64, String),
    DeleteNote(i64),
    Priority(Option<u8>),
    Tag(String),
    Untag(String),
    Snooze(Option<Timestamp>),
    Wake,
    Misfit(DraftId, Misfit, String),
}

/// Does it. What makes no sense is said in the reader's language; the store refuses the same once more.
pub(super) async fn perform_work(seat: &Seat, ticket: &TicketRow, work: Work) -> Result<Done, Trouble> {
    let (t, id, actor) = (seat.lang(), ticket.id, seat.actor());
    let refuse = |words: String| Err(Trouble::Refused(words));
    if let Some(there) = ticket.merged_into {
        return refuse(t.refused_merged(ticket.number, there));
    }
    let done = match work {
        Work::Note(body) => {
            note_fits(seat, &body).await?;
            if seat.scope.ticket_detail(ticket.number).await?.notes.len() >= NOTES_MAX {
                return refuse(t.refused_notes_many(NOTES_MAX));
            }
            let mut tx = seat.scope.begin().await?;
            tx.add_note(id, &body, &actor).await?;
            tx.commit().await?;
            Done::Noted
        }
        Work::EditNote(note, body) => {
            own_note(seat, ticket, note).await?;
            note_fits(seat, &body).await?;
            let mut tx = seat.scope.begin().await?;
            tx.edit_note(id, note, &body, &actor).await?;
            tx.commit().await?;
            Done::NoteChanged
        }
        Work::DeleteNote(note) => {
            own_note(seat, ticket, note).await?;
            let mut tx = seat.scope.begin().await?;
            tx.delete_note(id, note, &actor).await?;
            tx.commit().await?;
            Done::NoteDeleted
        }
        Work::Priority(priority) => {
            let Some(priority) = priority.filter(|priority| *priority <= 100) else {
                return refuse(t.refused_priority().to_owned());
            };
            let mut tx = seat.scope.begin().await?;
            tx.set_priority(id, priority, &actor).await?;
            tx.commit().await?;
            Done::Priority
        }
        Work::Tag(tag) => {
            let Some(tag) = normal_tag(&tag) else { return refuse(t.refused_tag(TAG_CHARS_MAX)) };
            if ticket.tags.len() >= TAGS_MAX && !ticket.tags.contains(&tag) {
                return refuse(t.refused_tags_many().to_owned());
            }
            let mut tx = seat.scope.begin().await?;
            tx.add_tag(id, &tag, &actor).await?;
            tx.commit().await?;
            Done::Tagged
        }
        Work::Untag(tag) => {
            let mut tx = seat.scope.begin().await?;
            tx.remove_tag(id, &tag, &actor).await?;
            tx.commit().await?;
            Done::Untagged
        }
        Work::Snooze(until) => {
            let until = to_come(seat, until)?;
            if !ticket.status.may_become(TicketStatus::Snoozed) {
                return refuse(t.refused_state(t.status(ticket.status)));
            }
            let mut tx = seat.scope.begin().await?;
            tx.snooze(id, until, &actor).await?;
            tx.commit().await?;
            Done::Snoozed
        }
        Work::Wake => {
            if ticket.status != TicketStatus::Snoozed {
                return refuse(t.refused_state(t.status(ticket.status)));
            }
            let mut tx = seat.scope.begin().await?;
            tx.wake(id, &actor).await?;
            tx.commit().await?;
            Done::Woken
        }
        Work::Misfit(draft, reason, words) => {
            let row = seat.scope.draft(draft).await?;
            if row.ticket != id {
                return Err(Trouble::Other(Refusal::NotFound));
            }
            if row.proposal.template.is_none() || words.chars().count() > MISFIT_CHARS_MAX {
                return refuse(t.refused_misfit().to_owned());
            }
            let mut tx = seat.scope.begin().await?;
            tx.say_misfit(draft, reason, &words, &actor).await?;
            tx.commit().await?;
            Done::Misfit
        }
    };
    Ok(done)
}

/// A time to come, within the year that the store allows.
pub(super) fn to_come(seat: &Seat, at: Option<Timestamp>) -> Result<Timestamp, Trouble> {
    let now = seat.desk.now();
    at.filter(|at| *at > now && *at <= now.plus(SCHEDULE_MAX))
        .ok_or_else(|| Trouble::Refused(seat.lang().refused_time().to_owned()))
}

async fn note_fits(seat: &Seat, body: &str) -> Result<(), Trouble> {
    let t = seat.lang();
    if !(1..=NOTE_CHARS_MAX).contains(&body.trim().chars().count()) {
        return Err(Trouble::Refused(t.refused_note(NOTE_CHARS_MAX)));
    }
    let others: Vec<Person> =
        people(&seat.scope.agents().await?).into_iter().filter(|person| person.id != seat.agent.id).collect();
    let mut spoken_to: Vec<_> = mention::find(body, &others).into_iter().flat_map(|one| one.people).collect();
    spoken_to.sort_unstable();
    spoken_to.dedup();
    if spoken_to.len() > MENTIONS_MAX {
        return Err(Trouble::Refused(t.refused_mentions_many(MENTIONS_MAX)));
    }
    Ok(())
}

/// Those who can be spoken to in a note.
pub(crate) fn people(agents: &[AgentRow]) -> Vec<Person> {
    let may = agents.iter().filter(|agent| agent.active && agent.role.may_act());
    may.map(|agent| Person { id: agent.id, name: agent.name.clone(), email: agent.email.clone() }).collect()
}

async fn own_note(seat: &Seat, ticket: &TicketRow, note: i64) -> Result<(), Trouble> {
    let detail = seat.scope.ticket_detail(ticket.number).await?;
    match detail.notes.iter().find(|row| row.id == note) {
        None => Err(Trouble::Other(Refusal::NotFound)),
        Some(row) if row.author != seat.actor().as_text() => {
            Err(Trouble::Refused(seat.lang().refused_note_author().to_owned()))
        }
        Some(_) => Ok(()),
    }
}

/// A time as a form sends it: seconds of a button, or `own` with date and time in the reader's zone beside it. None: no time was sent.
pub(super) fn time_of(seat: &Seat, fields: &Fields, name: &str, own: &str) -> Option<Option<Timestamp>> {
    match fields.get(name) {
        "" => None,
        "own" => Some(later::read(&seat.lens(), fields.get(own))),
        _ => Some(fields.number(name).filter(|s| *s > 0).map(Timestamp::from_seconds)),
    }
}

/// A note that is not taken comes back in its form.
pub(super) async fn note(seat: Seat, Path((_, number)): At, fields: Fields) -> Result<Response, Refusal> {
    let number = number_of(&number)?;
    let body = fields.text("body");
    match perform(&seat, number, Action::Work(Work::Note(body.clone()))).await {
        Ok(done) => Ok(onward(&seat, &ListQuery::parse(seat.query()), number, done, false, None)),
        Err(Trouble::Refused(text)) => {
            let note = Some(Note { refused: true, text });
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            TicketView { number, note, status, note_refused: Some(body), ..TicketView::default() }.draw(&seat).await
        }
        Err(trouble) => super::forms::refused(&seat, number, trouble, None).await,
    }
}

pub(super) async fn edit_note(seat: Seat, Path((_, number)): At, fields: Fields) -> Result<Response, Refusal> {
    let note = fields.number("note").ok_or(Refusal::NotFound)?;
    let number = number_of(&number)?;
    let body = fields.text("body");
    match perform(&seat, number, Action::Work(Work::EditNote(note, body.clone()))).await {
        Ok(done) => Ok(onward(&seat, &ListQuery::parse(seat.query()), number, done, false, None)),
        Err(Trouble::Refused(text)) => {
            let note = Some(Note { refused: true, text });
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            TicketView { number, note, status, note_refused: Some(body), ..TicketView::default() }.draw(&seat).await
        }
        Err(trouble) => super::forms::refused(&seat, number, trouble, None).await,
    }
}

pub(super) async fn delete_note(seat: Seat, Path((_, number)): At, fields: Fields) -> Result<Response, Refusal> {
    let note = fields.number("note").ok_or(Refusal::NotFound)?;
    run(&seat, &number, Action::Work(Work::DeleteNote(note)), false).await
}

pub(super) async fn priority(seat: Seat, Path((_, number)): At, fields: Fields) -> Result<Response, Refusal> {
    let priority = fields.number("priority").and_then(|n| u8::try_from(n).ok());
    run(&seat, &number, Action::Work(Work::Priority(priority)), false).await
}

pub(super) async fn tag(seat: Seat, Path((_, number)): At, fields: Fields) -> Result<Response, Refusal> {
    run(&seat, &number, Action::Work(Work::Tag(fields.line("tag"))), false).await
}

pub(super) async fn untag(seat: Seat, Path((_, number)): At, fields: Fields) -> Result<Response, Refusal> {
    run(&seat, &number, Action::Work(Work::Untag(fields.line("tag"))), false).await
}

pub(super) async fn snooze(seat: Seat, Path((_, number)): At, fields: Fields) -> Result<Response, Refusal> {
    let until = time_of(&seat, &fields, "until", "on").flatten();
    run(&seat, &number, Action::Work(Work::Snooze(until)), true).await
}

pub(super) async fn wake(seat: Seat, Path((_, number)): At) -> Result<Response, Refusal> {
    run(&seat, &number, Action::Work(Work::Wake), false).await
}

/// Says that the template did not fit; what is typed stays in the editor.
pub(super) async fn misfit(seat: Seat, Path((_, number)): At, fields: Fields) -> Result<Response, Refusal> {
    let number = number_of(&number)?;
    seat.scope.ticket_by_number(number).await?;
    let typed = typed(&seat, &fields);
    let reason = fields.get("misfit").parse().map_err(Refusal::Malformed)?;
    let draft = typed.draft.ok_or(Refusal::NotFound)?;
    match perform(&seat, number, Action::Work(Work::Misfit(draft, reason, fields.line("words")))).await {
        Ok(_) => {
            let note = Some(Note { refused: false, text: seat.lang().done_misfit().to_owned() });
            keeping(&seat, number, typed, note, None).await
        }
        Err(trouble) => super::forms::refused(&seat, number, trouble, Some(typed)).await,
    }
}

/// Shows what was proposed against what stands in the editor, which stays as it is.
pub(super) async fn compare(seat: Seat, Path((_, number)): At, fields: Fields) -> Result<Response, Refusal> {
    let number = number_of(&number)?;
    let typed = typed(&seat, &fields);
    let ticket = seat.scope.ticket_by_number(number).await?;
    let base = match typed.draft {
        Some(draft) if seat.scope.draft(draft).await?.ticket != ticket.id => return Err(Refusal::NotFound),
        Some(draft) => seat.scope.proposed(draft).await?,
        None => None,
    };
    let difference = match base {
        Some(base) => Difference::Pieces(difference::pieces(base.proposal.body.trim_end(), &typed.body)),
        None => Difference::NoBase,
    };
    keeping(&seat, number, typed, None, Some(difference)).await
}

/// The ticket's page with the editor as it was.
async fn keeping(
    seat: &Seat,
    number: i64,
    typed: Typed,
    note: Option<Note>,
    difference: Option<Difference>,
) -> Result<Response, Refusal> {
    let draft = match typed.draft {
        Some(id) => Some(seat.scope.draft(id).await?.position),
        None => None,
    };
    TicketView { number, draft, note, typed: Some(typed), difference, ..TicketView::default() }.draw(seat).await
}

/// The page of notes that speak to the reader.
pub(super) async fn mentions(seat: Seat) -> Result<Response, Refusal> {
    let (frame, rows, agents) = tokio::try_join!(
        load::frame::frame(&seat, Place::Mentions, None),
        async { Ok::<_, Refusal>(seat.scope.mentions(seat.agent.id, MENTIONS_SHOWN).await?) },
        async { Ok::<_, Refusal>(seat.scope.agents().await?) }
    )?;
    let t: Lang = seat.lang();
    let lines: Vec<MentionLine> = rows
        .into_iter()
        .map(|row| MentionLine {
            number: row.number,
            subject: row.subject,
            note: row.note,
            by: load::ticket::actor_name(t, &agents, &row.author),
            gist: row.snippet,
            at: row.at,
            fresh: row.read_at.is_none(),
        })
        .collect();
    Ok(page::note::mentions(&frame, &lines).into_response())
}

/// Opening a ticket is reading the notes on it that speak to the reader.
pub(super) async fn read_mentions(seat: &Seat, number: i64) -> Result<(), Refusal> {
    if seat.scope.unread_mentions(seat.agent.id, None).await?.0 == 0 {
        return Ok(());
    }
    let ticket = match seat.scope.ticket_by_number(number).await {
        Ok(ticket) => ticket.id,
        Err(StoreError::NotFound { .. }) => return Ok(()),
        Err(other) => return Err(other.into()),
    };
    if seat.scope.unread_mentions(seat.agent.id, Some(ticket)).await?.1 {
        let mut tx = seat.scope.begin().await?;
        tx.read_mentions(ticket, seat.agent.id, &seat.actor()).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// A time in JSON (RFC 3339).
pub(super) fn moment(name: &str, text: &str) -> Result<Timestamp, Refusal> {
    clean_text(text)
        .parse::<jiff::Timestamp>()
        .map(Timestamp::from)
        .map_err(|error| Refusal::Malformed(format!("`{name}` is no time as RFC 3339 writes it: {error}")))
}
