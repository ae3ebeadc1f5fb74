//! The reply: one to three drafts, the editor, what was filled in, what the checks found, the send bar.

use super::frame::Frame;
use super::icon;
use super::letter::size;
use super::query::ListQuery;
use super::rich;
use super::tools::{self, Difference};
use super::translation::Translated;
use maud::{Markup, html};
use posthouse_model::Timestamp;
use posthouse_model::draft::{CheckFinding, DraftOrigin, DraftProposal};
use posthouse_model::picture::{self, Piece};
use posthouse_model::triage::TextPart;
use posthouse_store::ReplyFile;

/// One proposed reply, newest revision.
#[derive(Clone, Debug)]
pub struct DraftCard {
    /// Of this revision.
    pub id: i64,
    /// 1 to 3, as shown.
    pub position: i64,
    /// Counts up with every edit.
    pub revision: i64,
    /// What wrote it.
    pub origin: DraftOrigin,
    /// The agent who edited it last.
    pub author: Option<String>,
    /// Text and what is known about it.
    pub proposal: DraftProposal,
    /// What the checkers found.
    pub findings: Vec<CheckFinding>,
    /// Whether the checkers have seen this revision.
    pub check: Check,
}

/// How far the checks of a revision have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// The team has no checker.
    None,
    /// They have not looked at it, or did not answer.
    Open,
    /// They are at it: a person has just changed the text.
    Coming,
    /// They have seen it.
    Done,
}

/// Somebody else was quicker.
#[derive(Clone, Debug)]
pub struct Conflict {
    /// Who.
    pub who: Option<String>,
    /// Their text, when the draft itself changed.
    pub theirs: Option<String>,
}

/// What stands in the editor.
#[derive(Clone, Debug)]
pub struct Editor {
    /// To.
    pub to: String,
    /// Cc.
    pub cc: String,
    /// Subject line.
    pub subject: String,
    /// Plain text.
    pub body: String,
    /// The text is a person's and not saved yet (a refused or conflicting post).
    pub unsaved: bool,
    /// The reader typed it at that time, and the desk has kept it.
    pub typed_at: Option<Timestamp>,
    /// Somebody else was quicker.
    pub conflict: Option<Conflict>,
}

/// What a colleague has typed and not saved.
#[derive(Clone, Debug)]
pub struct OtherText {
    /// Who.
    pub who: String,
    /// Plain text.
    pub body: String,
    /// When.
    pub at: Timestamp,
}

/// The reply panel.
#[derive(Clone, Debug)]
pub struct ReplyPane {
    /// Ticket.
    pub number: i64,
    /// The newest mail on this page: approving is refused when a newer one has come.
    pub seen: i64,
    /// One to three, or none.
    pub drafts: Vec<DraftCard>,
    /// Index into `drafts` of the one in the editor; none: own text.
    pub chosen: Option<usize>,
    /// What stands in the editor.
    pub editor: Editor,
    /// What the customer writes, BCP 47, when it is known.
    pub customer_language: Option<String>,
    /// Files that go with the reply.
    pub files: Vec<ReplyFile>,
    /// The colleague who writes at it now.
    pub writing: Option<String>,
    /// What colleagues have typed and not saved.
    pub others: Vec<OtherText>,
    /// The reply as it was saved, in the reader's language; none where it cannot be asked for.
    pub translation: Option<Translated>,
    /// What was asked to be compared.
    pub difference: Option<Difference>,
    /// How often the template of the draft in the editor did not fit.
    pub misfits: u64,
    /// Macros: name, and whether it puts a text into the reply.
    pub macros: Vec<(String, bool)>,
    /// A draft job is still to run.
    pub coming: bool,
    /// Folded: no reply is due.
    pub folded: bool,
    /// A reply may be approved in the ticket's state.
    pub may_send: bool,
    /// List the ticket was opened from.
    pub query: ListQuery,
}

impl ReplyPane {
    /// The panel, or nothing for those who may not act.
    #[must_use]
    pub fn draw(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        if !frame.me.role.may_act() {
            return html! { section.reply #draft aria-label=(t.draft_title()) { p.mute.readonly { (t.read_only()) } (self.read_only(frame)) } };
        }
        html! {
            @if self.folded {
                details.reply-fold { summary.quiet { (t.write_anyway()) } (self.panel(frame)) }
            } @else { (self.panel(frame)) }
        }
    }

    pub(crate) fn card(&self) -> Option<&DraftCard> {
        self.chosen.and_then(|i| self.drafts.get(i))
    }

    pub(crate) fn action(&self, frame: &Frame, verb: &str) -> String {
        frame.team.path(&format!("/tickets/{}/{verb}{}", self.number, self.query.to_query()))
    }

    fn read_only(&self, frame: &Frame) -> Markup {
        html! { @if let Some(card) = self.card() { (self.tabs(frame)) div.text.proposal dir="auto" { (card.proposal.body) } } }
    }

    fn panel(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        let e = &self.editor;
        let local = format!(
            "{}/{}/{}",
            self.number,
            self.card().map_or(0, |c| c.position),
            self.card().map_or(0, |c| c.revision)
        );
        let filled: Vec<&str> =
            self.card().map(|c| c.proposal.filled.iter().map(|f| f.value.as_str()).collect()).unwrap_or_default();
        html! {
            section.reply #draft aria-label=(t.draft_title()) {
                (self.tabs(frame))
                form method="post" action=(self.action(frame, "approve")) data-keep=(local) data-unsaved[e.unsaved] data-typed[e.typed_at.is_some()]
                    data-keep-at=(self.action(frame, "typed")) data-watch-at=(self.action(frame, "writing")) {
                    input type="hidden" name="csrf" value=(frame.csrf);
                    input type="hidden" name="seen" value=(self.seen);
                    input type="hidden" name="draft" value=(self.card().map_or(0, |c| c.id));
                    // The first submit button is what Enter in a field presses: it must never be the one that sends.
                    button.hidden type="submit" formaction=(self.action(frame, "draft")) tabindex="-1" aria-hidden="true" { (t.save()) }
                    (self.conflict(frame))
                    (self.presence(frame))
                    @if let Some(at) = e.typed_at {
                        p.kept { (t.typed_restored(frame.lens.clock(at))) " " button.quiet formaction=(self.action(frame, "drop-typed")) formnovalidate { (t.typed_drop()) } }
                    }
                    (self.head(frame))
                    p.kept.local hidden { (t.restore_local()) " " button.quiet type="button" data-restore { (t.restore_local_button()) } button.quiet type="button" data-discard { (t.discard_local_button()) } }
                    (rich::marks(frame))
                    div.editor {
                        textarea #body name="body" rows="8" aria-label=(t.draft_label()) dir="auto" spellcheck="true" readonly[self.writing.is_some()]
                            lang=[self.card().and_then(|c| c.proposal.language.as_deref())]
                            data-filled=(serde_json::to_string(&filled).unwrap_or_default())
                            data-found=(serde_json::to_string(&self.found()).unwrap_or_default())
                            data-unfilled=(serde_json::to_string(self.card().map_or(&[][..], |c| &c.proposal.unfilled)).unwrap_or_default()) { "\n" (e.body) }
                    }
                    (rich::preview(frame, &self.action(frame, "preview")))
                    (self.attached(frame))
                    (self.about(frame))
                    (tools::draw(frame, self))
                    (self.bar(frame))
                }
            }
        }
    }

    /// Who else writes here, and what colleagues had typed.
    fn presence(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        let who = self.writing.as_deref();
        html! {
            div.presence role="status" hidden[who.is_none()] data-now=(t.writing_now("{}")) data-taken=(t.writing_taken("{}")) {
                (icon::person()) span { @if let Some(who) = who { (t.writing_now(who)) } }
                button.quiet formaction=(self.action(frame, "take-over")) formnovalidate { (t.writing_take()) }
            }
            @if who.is_none() { @for other in &self.others {
                details.others {
                    summary { (t.writing_theirs(&other.who)) " " (frame.lens.relative(other.at)) }
                    div.text dir="auto" { (other.body) }
                    button.quiet type="button" data-use { (t.writing_use()) }
                }
            } }
        }
    }

    fn tabs(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        let here = |position: i64| {
            let query = self.query.to_query();
            let joint = if query.is_empty() { '?' } else { '&' };
            frame.team.path(&format!("/tickets/{}{query}{joint}draft={position}#draft", self.number))
        };
        html! {
            header.drafts {
                h2 { (t.draft_title()) }
                @if self.drafts.is_empty() {
                    p.origin.mute { (if self.coming { t.draft_coming() } else { t.draft_none() }) }
                } @else {
                    @if self.drafts.len() > 1 { nav aria-label=(t.drafts()) {
                        @for (i, card) in self.drafts.iter().enumerate() {
                            a href=(here(card.position)) aria-current=[(self.chosen == Some(i)).then_some("true")] aria-label=(t.draft_n(i + 1)) data-draft=(i + 1) { (i + 1) }
                        }
                    } }
                    @if let Some(card) = self.card() { p.origin { (self.origin(frame, card)) } }
                }
            }
        }
    }

    fn origin(&self, frame: &Frame, card: &DraftCard) -> Markup {
        let t = frame.lang();
        html! {
            @if let Some(language) = &card.proposal.language {
                @match self.customer_language.as_deref().filter(|theirs| primary(theirs) != primary(language)) {
                    // A reply that the customer may not be able to read.
                    Some(theirs) => span.amber { (icon::warn()) (t.in_other_language(t.language_name(language), t.language_name(theirs))) },
                    None => span { (t.in_language(t.language_name(language))) }
                }
            }
            @match card.origin {
                DraftOrigin::Agent => span { (t.draft_from_agent(card.author.as_deref().unwrap_or(t.somebody()))) },
                DraftOrigin::Model => span.amber { (t.draft_from_model()) },
                DraftOrigin::Template => span {
                    @match &card.proposal.template { Some(name) => (t.draft_from_template(name)), None => (t.draft_from_template_unnamed()) }
                },
            }
        }
    }

    fn conflict(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        html! {
            @if let Some(conflict) = &self.editor.conflict {
                div.conflict role="alert" {
                    @match &conflict.theirs {
                        Some(theirs) => {
                            p { (icon::warn()) (t.conflict_title(conflict.who.as_deref().unwrap_or(t.somebody()))) " " (t.conflict_yours()) }
                            div.text.theirs dir="auto" { (theirs) }
                            div.choose { span { (t.conflict_keep()) }
                                button.quiet formaction=(self.action(frame, "drop-typed")) formnovalidate { (t.conflict_take()) }
                            }
                        }
                        None => p { (icon::warn()) (t.conflict_ticket()) " " (t.conflict_keep()) },
                    }
                }
            }
        }
    }

    fn head(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        let e = &self.editor;
        html! {
            details.to open[e.unsaved && e.to.is_empty()] {
                summary { span.label { (t.to()) } bdi { (e.to) } @if !e.cc.is_empty() { span.label { (t.cc()) } bdi { (e.cc) } } span.change { (t.change_recipients()) } }
                label { span.label { (t.to()) } input name="to" value=(e.to) autocomplete="off" spellcheck="false" maxlength="4000"; }
                label { span.label { (t.cc()) } input name="cc" value=(e.cc) autocomplete="off" spellcheck="false" maxlength="4000"; }
            }
            label.subject { span.label { (t.subject()) } input name="subject" value=(e.subject) maxlength="500" autocomplete="off" dir="auto"; }
        }
    }

    fn attached(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        let names: Vec<&str> = self.files.iter().map(ReplyFile::picture_name).collect();
        let shown = picture::shown(&self.editor.body, &names);
        html! {
            @if shown.contains(&true) { (self.look(frame, &names)) }
            div.attach {
                // Where the cursor stands: a picture is shown there.
                input type="hidden" name="caret";
                @if !self.files.is_empty() {
                    ul.files aria-label=(t.reply_files()) {
                        @for (file, shown) in self.files.iter().zip(shown) { li {
                            @let is_picture = picture::is_kind(&file.media_type);
                            @if is_picture { img.thumb src=(self.file(frame, file)) alt="" loading="lazy" decoding="async"; } @else { (icon::file()) }
                            bdi.name { (file.name) } span.mute { (size(t, u64::try_from(file.size).unwrap_or_default())) }
                            @if is_picture && shown {
                                button.link formaction=(self.action(frame, "picture")) formnovalidate name="only" value=(file.id) aria-label=(t.attach_only_of(&file.name)) { (t.attach_only()) }
                            } @else if is_picture {
                                button.link formaction=(self.action(frame, "picture")) formnovalidate name="show" value=(file.id) aria-label=(t.show_in_text_of(&file.name)) { (t.show_in_text()) }
                            }
                            button.link formaction=(self.action(frame, "detach")) formnovalidate name="remove" value=(file.id) aria-label=(t.detach(&file.name)) { (t.detach_short()) }
                        } }
                    }
                }
                label.quiet { (icon::file()) span { (t.attach_files()) } input type="file" name="file" multiple; }
                button.quiet.add formaction=(self.action(frame, "attach")) formenctype="multipart/form-data" formnovalidate { (t.attach_button()) }
            }
        }
    }

    fn file(&self, frame: &Frame, file: &ReplyFile) -> String {
        frame.team.path(&format!("/tickets/{}/files/{}", self.number, file.id))
    }

    /// The text with its pictures in place, as it was saved last.
    fn look(&self, frame: &Frame, names: &[&str]) -> Markup {
        html! {
            details.look open {
                summary { (frame.lang().reply_look()) }
                div.text dir="auto" {
                    @for piece in picture::pieces(&self.editor.body, names) {
                        @match piece {
                            Piece::Text(words) => (words),
                            Piece::Unknown(name) => (picture::mark(name)),
                            Piece::Picture(index) => { img src=(self.file(frame, &self.files[index])) alt=(names[index]) decoding="async"; }
                        }
                    }
                }
            }
        }
    }

    fn about(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        let Some(card) = self.card() else { return html! {} };
        let p = &card.proposal;
        html! {
            div.about {
                @if !p.unfilled.is_empty() {
                    p.unfilled { span.label { (t.unfilled_title()) } @for name in &p.unfilled { code { (name) } " " } }
                }
                @if !p.filled.is_empty() {
                    p.filled { span.label { (t.filled_title()) } @for f in &p.filled { span.var title=(f.variable) { bdi { (f.value) } } " " } }
                }
                @if !p.citations.is_empty() {
                    p { span.label { (t.rests_on()) } @for c in &p.citations { span { (c.title) } " " } }
                }
                (self.checks(frame, card))
            }
        }
    }

    fn checks(&self, frame: &Frame, card: &DraftCard) -> Markup {
        let t = frame.lang();
        html! {
            ul.checks #checks aria-label=(t.checks_title()) data-coming[card.check == Check::Coming] {
                @for finding in &card.findings {
                    li.blocks[finding.blocks] {
                        @if finding.blocks { (icon::stop()) b { (t.check_blocks()) } } @else { (icon::warn()) b { (t.check_warns()) } }
                        span { (finding.reason)
                            @if let Some(words) = finding.span.filter(|span| span.part == TextPart::Body).and_then(|span| span.slice(&card.proposal.body)) {
                                " " button.link.spot type="button" data-find=(words) aria-label=(t.check_show(words)) { "“" (shortened(words)) "”" }
                            }
                        }
                    }
                }
                @match card.check {
                    Check::Done if card.findings.is_empty() && card.proposal.unfilled.is_empty() => li.fine { (icon::tick()) (t.checks_none()) },
                    Check::Coming => li.fine role="status" { (icon::pulse()) (t.checks_coming()) },
                    Check::Open => li.fine { (icon::warn()) (t.checks_open()) },
                    Check::Done | Check::None => {}
                }
                @if card.check != Check::None { li.stale hidden { (icon::warn()) (t.checks_stale()) } }
            }
        }
    }

    /// Places in the text that a check names.
    fn found(&self) -> Vec<&str> {
        let Some(card) = self.card() else { return Vec::new() };
        let spans = card.findings.iter().filter_map(|finding| finding.span.filter(|span| span.part == TextPart::Body));
        spans.filter_map(|span| span.slice(&card.proposal.body)).collect()
    }

    fn bar(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        let held = self.writing.is_some();
        html! {
            footer.bar {
                span.pair {
                    button.solid.send name="then" value="stay" disabled[!self.may_send || held] data-held[self.may_send && held] { span.wide { (t.approve_send()) } span.thin { (t.send_short()) } kbd { "a" } }
                    button.solid.on name="then" value="next" disabled[!self.may_send || held] data-held[self.may_send && held] title=(t.keys_approve_next()) { (t.approve_next()) kbd { "A" } (icon::next()) }
                }
                label.quiet.edit for="body" { (t.edit()) }
                button.quiet.save formaction=(self.action(frame, "draft")) { (t.save()) }
                a.quiet.dots href="#acts" aria-label=(t.more()) { (icon::dots()) }
                span.mute.state data-saved=(t.saved_locally()) data-kept=(t.typed_saved()) data-offline=(t.typed_offline()) data-signed-out=(t.typed_signed_out()) {}
            }
        }
    }
}

/// `de` of `de-AT`.
fn primary(tag: &str) -> String {
    tag.split('-').next().unwrap_or_default().to_lowercase()
}

/// A place in a text, fit for a line.
fn shortened(words: &str) -> String {
    const SHOWN: usize = 40;
    let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= SHOWN { line } else { line.chars().take(SHOWN - 1).chain(['…']).collect() }
}
