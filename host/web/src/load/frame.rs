//! What every page knows: notices, what can be taken back, whether something is wrong.

use crate::page::bulk::BulkBar;
use crate::page::frame::{Back, Frame, Note, Place, UndoBar};
use crate::page::query::ListQuery;
use crate::refusal::Refusal;
use crate::seat::Seat;
use crate::words::Lang;
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
    ArticleSaved,
    ArticleRemoved,
    GapSettled,
    TemplateSaved,
    TemplateRemoved,
    Noted,
    NoteChanged,
    NoteDeleted,
    Priority,
    Tagged,
    Untagged,
    Snoozed,
    Woken,
    Scheduled,
    Misfit,
    TakenOver,
    Dropped,
    PicturesAlways,
    PicturesAsked,
}

impl Done {
    const ALL: [Self; 35] = [
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
        Self::ArticleSaved,
        Self::ArticleRemoved,
        Self::GapSettled,
        Self::TemplateSaved,
        Self::TemplateRemoved,
        Self::Noted,
        Self::NoteChanged,
        Self::NoteDeleted,
        Self::Priority,
        Self::Tagged,
        Self::Untagged,
        Self::Snoozed,
        Self::Woken,
        Self::Scheduled,
        Self::Misfit,
        Self::TakenOver,
        Self::Dropped,
        Self::PicturesAlways,
        Self::PicturesAsked,
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
            Self::ArticleSaved => "article-saved",
            Self::ArticleRemoved => "article-removed",
            Self::GapSettled => "gap-settled",
            Self::TemplateSaved => "template-saved",
            Self::TemplateRemoved => "template-removed",
            Self::Noted => "noted",
            Self::NoteChanged => "note-changed",
            Self::NoteDeleted => "note-deleted",
            Self::Priority => "priority",
            Self::Tagged => "tagged",
            Self::Untagged => "untagged",
            Self::Snoozed => "snoozed",
            Self::Woken => "woken",
            Self::Scheduled => "scheduled",
            Self::Misfit => "misfit",
            Self::TakenOver => "taken-over",
            Self::Dropped => "dropped",
            Self::PicturesAlways => "pictures-always",
            Self::PicturesAsked => "pictures-asked",
        }
    }

    fn words(self, t: Lang) -> Option<&'static str> {
        Some(match self {
            // The undo bar says it.
            Self::Approved => return None,
            // Said with their time.
            Self::Snoozed | Self::Scheduled => return None,
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
            Self::ArticleSaved => t.done_article_saved(),
            Self::ArticleRemoved => t.done_article_removed(),
            Self::GapSettled => t.done_gap_settled(),
            Self::TemplateSaved => t.done_template_saved(),
            Self::TemplateRemoved => t.done_template_removed(),
            Self::Noted => t.done_noted(),
            Self::NoteChanged => t.done_note_changed(),
            Self::NoteDeleted => t.done_note_deleted(),
            Self::Priority => t.done_priority(),
            Self::Tagged => t.done_tagged(),
            Self::Untagged => t.done_untagged(),
            Self::Woken => t.done_woken(),
            Self::Misfit => t.done_misfit(),
            Self::TakenOver => t.done_taken_over(),
            Self::Dropped => t.done_dropped(),
            Self::PicturesAlways => t.done_pictures_always(),
            Self::PicturesAsked => t.done_pictures_asked(),
        })
    }
}

/// The notice that an address asks for: only sentences of ours, never words from the address.
fn note_of(t: Lang, query: &str) -> Option<Note> {
    let (done, number) = asked(query);
    let words = done?.words(t)?;
    let text = number.map_or_else(|| words.to_owned(), |n| format!("#{n} · {words}"));
    Some(Note { refused: false, text })
}

/// What an address says was done, and to which ticket.
fn asked(query: &str) -> (Option<Done>, Option<u32>) {
    let mut number = None;
    let mut done = None;
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match name.as_ref() {
            "done" => done = Done::ALL.into_iter().find(|d| d.as_str() == value),
            "of" => number = value.parse::<u32>().ok(),
            _ => {}
        }
    }
    (done, number)
}

/// What was put off, until when, and how that is taken back.
async fn put_off(seat: &Seat) -> Result<Option<(Note, Back)>, Refusal> {
    let (t, lens) = (seat.lang(), seat.lens());
    let (Some(done @ (Done::Snoozed | Done::Scheduled)), Some(number)) = asked(seat.query()) else { return Ok(None) };
    let ticket = match seat.scope.ticket_by_number(i64::from(number)).await {
        Ok(ticket) => ticket,
        Err(StoreError::NotFound { .. }) => return Ok(None),
        Err(other) => return Err(other.into()),
    };
    let say = |words: String| Note { refused: false, text: format!("#{number} · {words}") };
    if done == Done::Snoozed {
        let back = Back { path: format!("/tickets/{number}/wake"), field: None };
        return Ok(ticket.snoozed_until.map(|until| (say(t.done_snoozed(lens.weekday(until))), back)));
    }
    let row = seat.scope.scheduled_for(ticket.id).await?;
    Ok(row.map(|row| {
        let back = Back { path: format!("/tickets/{number}/undo"), field: Some(("outbox", row.id.to_string())) };
        (say(t.done_scheduled(lens.weekday(row.due_at))), back)
    }))
}

/// How a ticket that was just closed, as spam or as handled, comes back.
fn closed(query: &str) -> Option<Back> {
    let (done, number) = asked(query);
    let verb = match done? {
        Done::Spam => "not-spam",
        Done::Handled => "reopen",
        _ => return None,
    };
    Some(Back { path: format!("/tickets/{}/{verb}", number?), field: None })
}

/// How a category that was just changed becomes what it was.
fn recategorised(query: &str, categories: &[String]) -> Option<Back> {
    let (Some(Done::Category), Some(number)) = asked(query) else { return None };
    let was = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "was")?.1.into_owned();
    // An address may say anything: nothing but one of the team's own is offered.
    categories
        .contains(&was)
        .then(|| Back { path: format!("/tickets/{number}/category"), field: Some(("category", was)) })
}

/// How the pictures of a sender are asked for again, or shown again: what was just said of a mail of this ticket.
fn pictures(query: &str) -> Option<Back> {
    let (Some(done @ (Done::PicturesAlways | Done::PicturesAsked)), Some(number)) = asked(query) else { return None };
    let mail = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "mail");
    let mail: i64 = mail?.1.parse().ok()?;
    let name = if done == Done::PicturesAlways { "ask" } else { "always" };
    Some(Back { path: format!("/tickets/{number}/pictures"), field: Some((name, mail.to_string())) })
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
    let actor = seat.actor();
    let (undoable, incidents, (mentions, _)) = tokio::try_join!(
        seat.scope.undoable(&actor),
        seat.scope.open_incidents(),
        seat.scope.unread_mentions(seat.agent.id, None)
    )?;
    frame.mentions = mentions;
    frame.bulk = bulk(seat).await?;
    frame.back = pictures(seat.query())
        .or_else(|| closed(seat.query()))
        .or_else(|| recategorised(seat.query(), &seat.config.categories))
        .filter(|_| frame.note.is_some() && seat.agent.role.may_act());
    if frame.note.is_none()
        && let Some((note, back)) = put_off(seat).await?
    {
        frame.note = Some(note);
        frame.back = Some(back).filter(|_| seat.agent.role.may_act());
    }
    frame.troubles = incidents.len() as u64;
    if let Some(row) = undoable {
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
