//! What every page knows: notices, what can be taken back, whether something is wrong.

use crate::page::bulk::BulkBar;
use crate::page::frame::{Frame, Note, Place, UndoBar};
use crate::page::query::ListQuery;
use crate::refusal::Refusal;
use crate::seat::Seat;
use crate::words::Lang;
use posthouse_model::outbox::OutboxState;
use posthouse_store::StoreError;

/// What was just done, as named in the address one is sent to after a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Done {
    Approved,
    Saved,
    Handled,
    Spam,
    NotSpam,
    Reopened,
    Category,
    Assigned,
    Unassigned,
    Undone,
    Resolved,
    Staged,
    Replay,
    HandedIn,
    Merged,
    Split,
}

impl Done {
    const ALL: [Self; 16] = [
        Self::Approved,
        Self::Saved,
        Self::Handled,
        Self::Spam,
        Self::NotSpam,
        Self::Reopened,
        Self::Category,
        Self::Assigned,
        Self::Unassigned,
        Self::Undone,
        Self::Resolved,
        Self::Staged,
        Self::Replay,
        Self::HandedIn,
        Self::Merged,
        Self::Split,
    ];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Saved => "saved",
            Self::Handled => "handled",
            Self::Spam => "spam",
            Self::NotSpam => "not-spam",
            Self::Reopened => "reopened",
            Self::Category => "category",
            Self::Assigned => "assigned",
            Self::Unassigned => "unassigned",
            Self::Undone => "undone",
            Self::Resolved => "resolved",
            Self::Staged => "staged",
            Self::Replay => "replay",
            Self::HandedIn => "handed-in",
            Self::Merged => "merged",
            Self::Split => "split",
        }
    }

    fn words(self, t: Lang) -> Option<&'static str> {
        Some(match self {
            // The undo bar says it.
            Self::Approved => return None,
            Self::Saved => t.done_saved(),
            Self::Handled => t.done_handled(),
            Self::Spam => t.done_spam(),
            Self::NotSpam => t.done_not_spam(),
            Self::Reopened => t.done_reopened(),
            Self::Category => t.done_category(),
            Self::Assigned => t.done_assigned(),
            Self::Unassigned => t.done_unassigned(),
            Self::Undone => t.done_undone(),
            Self::Resolved => t.done_resolved(),
            Self::Staged => t.done_staged(),
            Self::Replay => t.done_replay(),
            Self::HandedIn => t.done_handed_in(),
            Self::Merged => t.done_merged(),
            Self::Split => t.done_split(),
        })
    }
}

/// The notice that an address asks for: only sentences of ours, never words from the address.
fn note_of(t: Lang, query: &str) -> Option<Note> {
    let mut number = None;
    let mut done = None;
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match name.as_ref() {
            "done" => done = Done::ALL.into_iter().find(|d| d.as_str() == value),
            "of" => number = value.parse::<u32>().ok(),
            _ => {}
        }
    }
    let words = done?.words(t)?;
    let text = number.map_or_else(|| words.to_owned(), |n| format!("#{n} · {words}"));
    Some(Note { refused: false, text })
}

/// What was just done with many tickets, as the address names it. One that is gone, or another agent's, says nothing.
async fn bulk(seat: &Seat) -> Result<Option<BulkBar>, Refusal> {
    let id = url::form_urlencoded::parse(seat.query().as_bytes())
        .find(|(name, _)| name == "bulk")
        .and_then(|(_, value)| value.parse().ok());
    let Some(id) = id else { return Ok(None) };
    match seat.scope.bulk(seat.agent.id, id).await {
        Ok(report) => Ok(Some(BulkBar { report, list: ListQuery::parse(seat.query()) })),
        Err(StoreError::NotFound { .. }) => Ok(None),
        Err(other) => Err(other.into()),
    }
}

/// The frame of a page. A note given goes before the one the address names.
pub(crate) async fn frame(seat: &Seat, place: Place, note: Option<Note>) -> Result<Frame, Refusal> {
    let note = note.or_else(|| note_of(seat.lang(), seat.query()));
    let mut frame = seat.frame(place, note);
    let (queued, incidents) = tokio::try_join!(seat.scope.outbox_in(OutboxState::Queued), seat.scope.open_incidents())?;
    frame.troubles = incidents.len() as u64;
    frame.bulk = bulk(seat).await?;
    let now = frame.lens.now;
    let mine = seat.actor().as_text();
    if let Some(row) = queued
        .into_iter()
        .filter(|row| row.approved_by == mine && row.due_at > now && row.attempts.is_empty())
        .max_by_key(|row| row.approved_at)
    {
        let ticket = seat.scope.ticket(row.ticket).await?;
        frame.undo = Some(UndoBar {
            number: ticket.number,
            outbox: row.id.0,
            customer: seat.lang().person(&ticket.customer),
            until: row.due_at,
        });
    }
    Ok(frame)
}
