//! Notes: what agents tell each other, within the thread and plainly no mail; and the list of those that speak to the reader.

use super::frame::{Frame, Place};
use super::icon;
use super::ticket::TicketPane;
use maud::{Markup, html};
use posthouse_model::Timestamp;
use std::ops::Range;

/// One note as the desk shows it.
#[derive(Clone, Debug)]
pub struct NoteCard {
    /// For its own routes.
    pub id: i64,
    /// Who wrote it.
    pub by: String,
    /// The reader wrote it.
    pub mine: bool,
    /// When.
    pub at: Timestamp,
    /// When it was last changed.
    pub edited_at: Option<Timestamp>,
    /// Plain text.
    pub body: String,
    /// Bytes of it that speak to somebody, in order.
    pub mentions: Vec<Range<usize>>,
}

impl NoteCard {
    pub(crate) fn draw(&self, frame: &Frame, pane: &TicketPane) -> Markup {
        let t = frame.lang();
        html! {
            article.memo id=(format!("note-{}", self.id)) aria-label=(t.note_by(&self.by)) {
                header {
                    span.by { (icon::note()) b { (self.by) } span.mute { (t.note_internal()) } }
                    span.when {
                        @if let Some(at) = self.edited_at { span.mute { (t.note_edited(frame.lens.clock(at))) } }
                        (frame.lens.relative(self.at))
                    }
                }
                div.text dir="auto" { (self.text()) }
                @if self.mine && frame.me.role.may_act() && pane.merged_into.is_none() {
                    div.mine {
                        details { summary { (t.note_edit()) }
                            (pane.post(frame, "edit-note", "note-form", &html! {
                                input type="hidden" name="note" value=(self.id);
                                textarea name="body" rows="3" required maxlength=(posthouse_store::NOTE_CHARS_MAX) aria-label=(t.note_label()) dir="auto" data-keeps=(format!("note/{}/{}", pane.number, self.id)) { "\n" (self.body) }
                                button.quiet { (t.save()) }
                            }))
                        }
                        (pane.post(frame, "delete-note", "", &html! { button.link name="note" value=(self.id) { (t.note_delete()) } }))
                    }
                }
            }
        }
    }

    fn text(&self) -> Markup {
        let mut pieces = Vec::new();
        let mut done = 0;
        for at in &self.mentions {
            let (Some(before), Some(words)) = (self.body.get(done..at.start), self.body.get(at.clone())) else {
                continue;
            };
            pieces.push((before, false));
            pieces.push((words, true));
            done = at.end;
        }
        pieces.push((self.body.get(done..).unwrap_or_default(), false));
        html! { @for (words, mark) in pieces { @if mark { mark.mention { (words) } } @else { (words) } } }
    }
}

/// The form for a new note. What was refused stands in it.
pub(crate) fn new(frame: &Frame, pane: &TicketPane) -> Markup {
    let t = frame.lang();
    html! {
        @if frame.me.role.may_act() && pane.merged_into.is_none() {
            details.note-new data-key="m" open[pane.note_refused.is_some()] {
                summary { (icon::note()) (t.note_add()) kbd { "m" } }
                (pane.post(frame, "note", "note-form", &html! {
                    textarea name="body" rows="3" required maxlength=(posthouse_store::NOTE_CHARS_MAX) aria-label=(t.note_label()) placeholder=(t.note_hint()) dir="auto" data-keeps=(format!("note/{}", pane.number)) {
                        "\n" (pane.note_refused.as_deref().unwrap_or_default())
                    }
                    div.foot {
                        button.quiet { (t.note_save()) }
                        @let others: Vec<_> = pane.colleagues.iter().filter(|c| !c.me).take(8).collect();
                        @if !others.is_empty() {
                            span.tell { span.label { (t.note_tell()) } @for c in others { button.link type="button" data-mention=(c.name) { "@" (c.name) } } }
                        }
                    }
                }))
            }
        }
    }
}

/// A note that speaks to the reader.
#[derive(Clone, Debug)]
pub struct MentionLine {
    /// Of its ticket.
    pub number: i64,
    /// Of its ticket.
    pub subject: String,
    /// The note.
    pub note: i64,
    /// Who wrote it.
    pub by: String,
    /// Its beginning.
    pub gist: String,
    /// When.
    pub at: Timestamp,
    /// She has not opened the ticket since.
    pub fresh: bool,
}

/// The page of notes that speak to the reader, the newest first.
#[must_use]
pub fn mentions(frame: &Frame, lines: &[MentionLine]) -> Markup {
    let t = frame.lang();
    debug_assert_eq!(frame.place, Place::Mentions);
    frame.page(
        t.mentions_title(),
        "plain",
        &html! {
            main.sheet #main {
                h1 { (t.mentions_title()) }
                p.mute { (t.mentions_hint()) }
                @if lines.is_empty() { p.empty { (t.mentions_none()) } } @else {
                    ol.mentions { @for line in lines { li.fresh[line.fresh] {
                        a.quiet-row href=(frame.team.path(&format!("/tickets/{}#note-{}", line.number, line.note))) {
                            span.head {
                                b { (line.by) }
                                span.mute { "#" (line.number) " " bdi { (if line.subject.is_empty() { t.no_subject() } else { &line.subject }) } }
                                @if line.fresh { span.new { (t.mentions_new()) } }
                                (frame.lens.relative(line.at))
                            }
                            span.gist dir="auto" { (line.gist) }
                        }
                    } } }
                }
            }
        },
    )
}
