//! One mail of the thread, and the thread: earlier mail folded, the newest open.

use super::frame::Frame;
use super::icon;
use super::note::NoteCard;
use super::ticket::TicketPane;
use super::translation::Translated;
use crate::route::mail::is_text;
use crate::text::flow;
use crate::text::highlight::{self, Mark};
use crate::text::look;
use crate::words::Lang;
use maud::{Markup, html};
use posthouse_model::Timestamp;
use posthouse_model::mail::{Address, Attachment};
use posthouse_model::picture::{self, Piece};
use posthouse_model::reason::Reason;
use posthouse_model::ticket::{Direction, TicketStatus};
use posthouse_model::triage::{Entity, Risk, TextPart};

/// One mail as the desk shows it.
#[derive(Clone, Debug)]
pub struct Letter {
    /// For its own routes.
    pub id: i64,
    /// Which way it went.
    pub direction: Direction,
    /// From.
    pub from: Address,
    /// To and Cc.
    pub to: Vec<Address>,
    /// When.
    pub at: Timestamp,
    /// Minutes east of UTC of the writer's clock, when the mail says.
    pub offset_minutes: Option<i32>,
    /// New text.
    pub text: String,
    /// With quoted history, where that is more.
    pub full_text: Option<String>,
    /// There is an HTML part to look at.
    pub has_html: bool,
    /// Remote images in it.
    pub remote_images: u64,
    /// They are shown without being asked for, as all of this sender.
    pub pictures_always: bool,
    /// Files.
    pub attachments: Vec<Attachment>,
    /// Read from this mail.
    pub entities: Vec<Entity>,
    /// Read from this mail.
    pub risks: Vec<Risk>,
    /// The agent who sent it.
    pub sent_by: Option<String>,
    /// The bytes were odd.
    pub damaged: bool,
    /// Why it is not, or was not at first, on a ticket that somebody answers.
    pub reason: Option<Reason>,
    /// What it said is no longer kept.
    pub let_go: bool,
}

impl Letter {
    /// Texts longer than this many characters are folded on a phone.
    const LONG: usize = 900;

    /// `split`: the ticket, when its mails may get tickets of their own.
    fn draw(&self, frame: &Frame, pane: &TicketPane, split: Option<&TicketPane>) -> Markup {
        let t = frame.lang();
        let ours = self.direction == Direction::Outgoing;
        html! {
            article.letter.ours[ours] aria-label=(self.headline(t)) {
                header {
                    @if ours { span.by { (icon::reply()) (t.we_replied()) @if let Some(name) = &self.sent_by { span.mute { (t.sent_by(name)) } } } }
                    @else { b.by { (t.person(&self.from)) } span.address { (self.from.address) } }
                    span.when {
                        @if let Some(there) = self.offset_minutes.filter(|_| !ours).and_then(|o| frame.lens.there(o)) { span.mute { (t.their_time(there)) } }
                        (frame.lens.relative(self.at))
                    }
                }
                @if let Some(translated) = pane.translations.mails.get(&self.id) {
                    div.beside {
                        div { (self.body(frame)) }
                        (translated.draw(frame, &self.id.to_string(), &self.ask(frame, pane, *translated != Translated::No)))
                    }
                } @else { (self.body(frame)) }
                (self.files(frame))
                (self.more(frame, pane))
                @if let Some(pane) = split.filter(|_| !ours) {
                    (pane.post(frame, "split", "split", &html! { button.link name="message" value=(self.id) { (t.split_off()) } }))
                }
            }
        }
    }

    /// The button that asks for a translation.
    fn ask(&self, frame: &Frame, pane: &TicketPane, again: bool) -> Markup {
        let t = frame.lang();
        let words = if again { t.translate_again() } else { t.translate() };
        pane.post(
            frame,
            "translate",
            "translate",
            &html! { button.link name="message" value=(self.id) { (icon::globe()) " " (words) } },
        )
    }

    fn headline(&self, t: Lang) -> String {
        if self.direction == Direction::Outgoing { t.we_replied().to_owned() } else { t.person(&self.from) }
    }

    fn body(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        let long = self.text.chars().count() > Self::LONG;
        html! {
            @if let Some(reason) = &self.reason { p.why title=(reason.code) { (t.reason_name(reason.code)) @if !reason.words.is_empty() { span.mute dir="auto" { " · " (t.reason_words(&reason.words)) } } } }
            @if self.damaged { p.odd { (icon::warn()) (t.odd_mail()) } }
            @if self.text.trim().is_empty() {
                p.text.mute { (if self.let_go { t.messages_let_go() } else { t.empty_mail() }) }
            } @else {
                @if long { input.fold type="checkbox" id=(format!("fold-{}", self.id)); }
                div.text.long[long] dir="auto" {
                    @if self.direction == Direction::Outgoing { (self.own_text(frame)) }
                    @else { (marked(t, &flow::unbroken(&self.text), TextPart::Body, &self.entities, &self.risks)) }
                }
                @if long { label.fold for=(format!("fold-{}", self.id)) { (t.show_whole_mail()) } }
            }
        }
    }

    /// What we wrote, with the pictures that it shows.
    fn own_text(&self, frame: &Frame) -> Markup {
        let name = |file: &Attachment| file.name.clone().filter(|_| file.inline && picture::is_kind(&file.media_type));
        let names: Vec<String> = self.attachments.iter().map(|file| name(file).unwrap_or_default()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let text = flow::unbroken(&self.text);
        html! {
            @for piece in picture::pieces(&text, &names) {
                @match piece {
                    Piece::Text(words) => (marked(frame.lang(), words, TextPart::Body, &[], &[])),
                    Piece::Unknown(name) => (picture::mark(name)),
                    Piece::Picture(index) => { img src=(self.file(frame, &self.attachments[index], "?show")) alt=(names[index]) loading="lazy" decoding="async"; }
                }
            }
        }
    }

    fn file(&self, frame: &Frame, file: &Attachment, show: &str) -> String {
        frame.team.path(&format!("/messages/{}/attachments/{}{show}", self.id, file.part))
    }

    fn files(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        html! {
            @if !self.attachments.is_empty() {
                ul.files aria-label=(t.attachments()) {
                    @for file in &self.attachments {
                        @let name = file.name.as_deref().unwrap_or(t.unnamed_file());
                        @let (path, show) = (self.file(frame, file, ""), self.file(frame, file, "?show"));
                        li {
                            @if picture::is_kind(&file.media_type) {
                                a.preview href=(show) target="_blank" rel="noopener" {
                                    img src=(show) alt=(t.preview_of(name)) loading="lazy" decoding="async";
                                }
                            }
                            @if is_text(&file.media_type) {
                                a.view href=(show) target="_blank" rel="noopener" { (t.view_file(name)) }
                            }
                            a href=(path) download title=(t.download(name)) {
                                @if !picture::is_kind(&file.media_type) { (icon::file()) }
                                bdi.name { (name) } span.mute { (size(t, file.size)) } (icon::download())
                            }
                        }
                    }
                }
            }
        }
    }

    fn more(&self, frame: &Frame, pane: &TicketPane) -> Markup {
        let t = frame.lang();
        let own = |what: &str| frame.team.path(&format!("/messages/{}/{what}", self.id));
        let looked_at = || self.attachments.iter().filter(|file| look::may_be_looked_at(&file.media_type));
        html! {
            @if self.full_text.is_some() || self.has_html || looked_at().next().is_some() {
                div.more {
                    @for file in looked_at().take(Self::LOOKS_MAX) { (self.look(frame, file)) }
                    @if let Some(full) = &self.full_text {
                        details { summary { (t.whole_text()) } pre.text dir="auto" { (full) } }
                    }
                    @if self.has_html {
                        details.original {
                            summary { (t.original_layout()) }
                            @if self.remote_images > 0 { (self.pictures(frame, pane)) }
                            // No script, no forms, no origin of its own; what it may load is up to its own policy.
                            iframe name=(format!("html-{}", self.id)) src=(own("html")) sandbox="allow-popups allow-popups-to-escape-sandbox"
                                referrerpolicy="no-referrer" loading="lazy" title=(t.original_frame(t.person(&self.from))) {}
                            p.mute { a href=(own("html")) target="_blank" rel="noopener noreferrer" { (t.open_alone()) } " · " a href=(own("raw")) download { (t.raw_mail()) } }
                        }
                    }
                }
            }
        }
    }
}

impl Letter {
    /// Files of one mail that are offered for a look.
    const LOOKS_MAX: usize = 20;

    /// A file within the page. Nothing of it is asked for before it is unfolded.
    fn look(&self, frame: &Frame, file: &Attachment) -> Markup {
        let t = frame.lang();
        let name = file.name.as_deref().unwrap_or(t.unnamed_file());
        let path = self.file(frame, file, "/preview");
        html! {
            details.look {
                summary { (t.look_at(name)) }
                // No browser shows a PDF in a frame with this attribute: there the policy of the file itself has to do, which says the same.
                @if file.media_type == look::PDF {
                    iframe.pdf src=(path) referrerpolicy="no-referrer" loading="lazy" title=(t.preview_of(name)) {}
                    p.mute { (t.look_pdf()) " " a href=(path) target="_blank" rel="noopener noreferrer" { (t.open_alone()) } }
                } @else {
                    iframe src=(path) sandbox referrerpolicy="no-referrer" loading="lazy" title=(t.preview_of(name)) {}
                }
            }
        }
    }

    /// What is said of remote pictures, and how they are shown.
    fn pictures(&self, frame: &Frame, pane: &TicketPane) -> Markup {
        let t = frame.lang();
        let may = frame.me.role.may_act() && self.direction == Direction::Incoming && !self.from.address.is_empty();
        let say = |name: &str, words: &str| {
            let button = html! { button.quiet name=(name) value=(self.id) { (words) } };
            html! { @if may { (pane.post(frame, "pictures", "inline", &button)) } }
        };
        let shown = frame.team.path(&format!("/messages/{}/html?images=1", self.id));
        html! {
            div.images {
                @if self.pictures_always {
                    span { (t.pictures_shown_always(&self.from.address)) }
                    (say("ask", t.pictures_ask_again()))
                } @else {
                    span.off { (t.images_hidden(self.remote_images)) }
                    a.quiet href=(shown) target=(format!("html-{}", self.id)) { (t.show_remote_images()) }
                    (say("always", t.pictures_always()))
                }
            }
        }
    }
}

/// The thread, oldest first; all before the last incoming one folded.
pub(crate) fn thread(frame: &Frame, pane: &TicketPane) -> Markup {
    let t = frame.lang();
    let letters = &pane.letters;
    let several = letters.iter().filter(|l| l.direction == Direction::Incoming).count() > 1;
    let split = Some(pane).filter(|pane| several && frame.me.role.may_act() && pane.status != TicketStatus::Spam);
    let mut entries: Vec<(Timestamp, Entry)> =
        letters.iter().map(|letter| (letter.at, Entry::Letter(letter))).collect();
    entries.extend(pane.notes.iter().map(|note| (note.at, Entry::Note(note))));
    entries.sort_by_key(|(at, _)| *at);
    let position = |fits: &dyn Fn(&Letter) -> bool| {
        entries.iter().rposition(|(_, entry)| matches!(entry, Entry::Letter(letter) if fits(letter)))
    };
    let newest =
        position(&|letter| letter.direction == Direction::Incoming).or_else(|| position(&|_| true)).unwrap_or(0);
    let (earlier, rest) = entries.split_at(newest);
    let mails = earlier.iter().filter(|(_, entry)| matches!(entry, Entry::Letter(_))).count() as u64;
    let notes = earlier.len() as u64 - mails;
    html! {
        section.thread aria-label=(t.mail()) {
            @if !earlier.is_empty() {
                details.earlier {
                    summary { span {
                        @if mails > 0 { (t.earlier_messages(mails)) }
                        @if mails > 0 && notes > 0 { " · " }
                        @if notes > 0 { (t.notes_n(notes)) }
                    } }
                    @for (_, entry) in earlier { (entry.draw(frame, pane, split)) }
                }
            }
            @for (_, entry) in rest { (entry.draw(frame, pane, split)) }
        }
    }
}

/// What stands in a thread.
enum Entry<'a> {
    Letter(&'a Letter),
    Note(&'a NoteCard),
}

impl Entry<'_> {
    fn draw(&self, frame: &Frame, pane: &TicketPane, split: Option<&TicketPane>) -> Markup {
        match self {
            Self::Letter(letter) => letter.draw(frame, pane, split),
            Self::Note(note) => note.draw(frame, pane),
        }
    }
}

/// Text with its marks.
pub(crate) fn marked(t: Lang, text: &str, part: TextPart, entities: &[Entity], risks: &[Risk]) -> Markup {
    html! {
        @for piece in highlight::pieces(text, part, entities, risks) {
            @match &piece.mark {
                None => (piece.text),
                Some(Mark::Entity { kind, percent }) => mark.entity.whole[is_short(piece.text)] title=(format!("{} · {}", t.entity_kind(kind), t.sure(percent))) { (piece.text) },
                Some(Mark::Risk { kind }) => mark.risk title=(format!("{} · {}", t.risk_title(), t.risk_name(kind))) { (piece.text) },
            }
        }
    }
}

/// Fits into a line of any phone, and so is not broken at its hyphens.
fn is_short(text: &str) -> bool {
    text.len() <= 24
}

/// `2.4 MB`.
pub(crate) fn size(t: Lang, bytes: u64) -> String {
    let tenth = |unit: u64| format!("{}.{}", bytes / unit, bytes % unit * 10 / unit);
    match bytes {
        0..1_000 => t.bytes_n(bytes),
        1_000..1_000_000 => format!("{} kB", bytes / 1_000),
        1_000_000..1_000_000_000 => format!("{} MB", tenth(1_000_000)),
        _ => format!("{} GB", tenth(1_000_000_000)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_naturally() {
        assert_eq!(size(Lang::En, 1), "1 byte");
        assert_eq!(size(Lang::Zh, 12), "12 字节");
        assert_eq!(size(Lang::En, 214_300), "214 kB");
        assert_eq!(size(Lang::En, 2_460_000), "2.4 MB");
    }
}
