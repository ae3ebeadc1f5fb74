//! Templates of replies: which there are and what becomes of drafts from them; one of them with its text, what it would say on a
//! ticket, and what it said before.

use super::compare::Comparison;
use super::frame::Frame;
use super::icon;
use super::knowledge::{Earlier, Meanwhile, VersionLine, difference, is_refused, kept_here, tabs};
use crate::text::filled::{Part, parts};
use crate::text::pieces::Piece;
use crate::words::Lang;
use maud::{Markup, html};
use posthouse_model::Timestamp;
use posthouse_model::template::Trial;
use posthouse_store::TemplateUse;

/// Sentences that are shown.
const PIECES_SHOWN: usize = 12;

/// One template on the list.
#[derive(Clone, Debug)]
pub struct TemplateLine {
    /// The drafter that it is for.
    pub plugin: String,
    /// Its name.
    pub id: String,
    /// What it answers; `*`: anything.
    pub category: String,
    /// BCP 47; none: the drafter's own.
    pub language: Option<String>,
    /// ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// When it last changed and who changed it (none: with the team's folder); none: it comes with the host.
    pub changed: Option<(Timestamp, Option<String>)>,
    /// What became of its drafts in the days that were asked for.
    pub uses: TemplateUse,
}

/// The list.
#[derive(Clone, Debug)]
pub struct TemplatesPage {
    /// The team's own, by drafter and name.
    pub own: Vec<TemplateLine>,
    /// Those that come with the host and are not replaced.
    pub bundled: Vec<TemplateLine>,
    /// Drafters that templates can be written for.
    pub drafters: Vec<String>,
    /// Whether the reader may write.
    pub may_write: bool,
    /// What the list is narrowed to: category, language, country; empty: all.
    pub narrowed: [String; 3],
    /// Categories, languages and countries that templates are for.
    pub choices: [Vec<String>; 3],
    /// Categories that a new one can be for.
    pub categories: Vec<String>,
    /// Languages that a new one can be in.
    pub languages: Vec<&'static str>,
    /// Days that uses are counted over.
    pub days: u32,
    /// Templates that compete.
    pub comparisons: Vec<Comparison>,
}

/// A ticket that a template can be tried on.
#[derive(Clone, Debug)]
pub struct TrialTicket {
    /// Its number.
    pub number: i64,
    /// Whose.
    pub who: String,
    /// About what.
    pub subject: String,
}

/// A template tried on a ticket.
#[derive(Clone, Debug)]
pub struct Tried {
    /// The ticket.
    pub number: i64,
    /// What came of it; none: it is not there yet.
    pub result: Option<Trial>,
    /// Where to look again.
    pub here: String,
}

/// One template, or one that is being written.
#[derive(Clone, Debug)]
pub struct TemplatePage {
    /// The drafter that it is for.
    pub plugin: String,
    /// Its name.
    pub id: String,
    /// The version in force; 0: it is not there (yet, or any more).
    pub version: i64,
    /// When it last changed.
    pub at: Option<Timestamp>,
    /// Who changed it.
    pub by: Option<String>,
    /// What stands in the editor, or is read.
    pub text: Written,
    /// Whether the reader may write.
    pub may_write: bool,
    /// One of this name comes with the host.
    pub bundled: bool,
    /// Variables of the text that nothing known fills.
    pub unknown: Vec<String>,
    /// The newest first.
    pub versions: Vec<VersionLine>,
    /// One that is looked at.
    pub earlier: Option<Earlier>,
    /// Somebody else was faster.
    pub meanwhile: Option<Meanwhile>,
    /// Categories offered.
    pub categories: Vec<String>,
    /// Languages offered.
    pub languages: Vec<&'static str>,
    /// What became of its drafts, by days.
    pub uses: Vec<(u32, TemplateUse)>,
    /// Its sentences by how often people change them.
    pub pieces: Vec<Piece>,
    /// Tickets that it can be tried on.
    pub tickets: Vec<TrialTicket>,
    /// It was tried.
    pub tried: Option<Tried>,
}

/// Fields and text of a template as they stand in the editor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// What it answers.
    pub category: String,
    /// BCP 47, or nothing.
    pub language: String,
    /// ISO 3166-1 alpha-2, or nothing.
    pub country: String,
    /// Or nothing.
    pub subject: String,
    /// Divided by commas.
    pub needs: String,
    /// The text.
    pub body: String,
}

/// The address of a template; names may hold slashes, so they stand in the query.
pub(crate) fn address(frame: &Frame, plugin: &str, id: &str, more: Option<(&str, i64)>) -> String {
    frame.team.path(&path(plugin, id, more))
}

/// As [`address`], within the team.
pub(crate) fn path(plugin: &str, id: &str, more: Option<(&str, i64)>) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("plugin", plugin).append_pair("id", id);
    if let Some((name, value)) = more {
        query.append_pair(name, &value.to_string());
    }
    format!("/templates/template?{}", query.finish())
}

fn share(part: i64, whole: i64) -> String {
    if whole <= 0 { "–".to_owned() } else { format!("{} %", (part * 100 + whole / 2) / whole) }
}

impl TemplatesPage {
    /// The page.
    #[must_use]
    pub fn draw(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        let is_narrowed = self.narrowed.iter().any(|one| !one.is_empty());
        frame.page(
            t.templates_title(),
            "plain",
            &html! {
                main.sheet.templates #main {
                    h1 { (t.templates_title()) }
                    (tabs(frame, true))
                    p.mute { (t.templates_lead()) }
                    @if self.drafters.is_empty() && self.own.is_empty() { p.empty { (t.templates_no_drafter()) } } @else {
                        (self.narrow(frame))
                        @if self.may_write && !self.drafters.is_empty() { (self.begin(frame)) }
                        @if !self.comparisons.is_empty() {
                            section #trials {
                                h2 { (t.trials_title()) }
                                p.mute { (t.trials_lead()) }
                                @for one in &self.comparisons { (one.draw(frame)) }
                            }
                        }
                        @if !self.own.is_empty() { (self.table(frame, &self.own)) }
                        @else if is_narrowed { @if self.bundled.is_empty() { p.empty { (t.templates_none_fit()) } } }
                        @else { p.empty { (t.templates_none()) } }
                        @if !self.bundled.is_empty() {
                            details.bundled open[self.own.is_empty()] {
                                summary { (t.templates_bundled()) " " span.mute { (self.bundled.len()) } }
                                (self.table(frame, &self.bundled))
                            }
                        }
                    }
                }
            },
        )
    }

    fn narrow(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        let labels = [t.template_category(), t.knowledge_language(), t.template_country()];
        let say = |which: usize, value: &str| match which {
            0 => t.template_category_name(value),
            1 => t.language_name(value),
            _ => value.to_owned(),
        };
        html! {
            form.narrow method="get" action=(frame.team.path("/templates")) {
                @for (which, name) in ["category", "language", "country"].into_iter().enumerate() {
                    @if !self.choices[which].is_empty() { label { span { (labels[which]) }
                        select name=(name) {
                            option value="" { (t.template_any()) }
                            @for value in &self.choices[which] { option value=(value) selected[*value == self.narrowed[which]] { (say(which, value)) } }
                        }
                    } }
                }
                label { span { (t.template_use()) }
                    select name="days" { @for days in [30, 90] { option value=(days) selected[days == self.days] { (t.template_days(days)) } } }
                }
                button.quiet { (t.templates_show()) }
            }
        }
    }

    fn table(&self, frame: &Frame, lines: &[TemplateLine]) -> Markup {
        let t = frame.lang();
        html! {
            table.uses {
                thead { tr {
                    th { (t.template_column()) } th { (t.template_for()) }
                    th.num { (t.use_proposed()) } th.num { (t.use_sent()) } th.num { (t.use_edit_rate()) } th.num { (t.use_misfits()) }
                } }
                tbody { @for line in lines { tr {
                    td data-label=(t.template_column()) {
                        a href=(address(frame, &line.plugin, &line.id, None)) { b { bdi { (line.id) } } }
                        span.mute.below {
                            @if self.drafters.len() > 1 { bdi { (line.plugin) } " " }
                            @if let Some((at, by)) = &line.changed { bdi { (by.as_deref().unwrap_or_else(|| t.from_folder())) } " · " (frame.lens.relative(*at)) }
                        }
                    }
                    td data-label=(t.template_for()) {
                        (t.template_category_name(&line.category))
                        span.mute.below { (whom(t, line.language.as_deref(), line.country.as_deref())) }
                    }
                    @let sent = line.uses.unedited + line.uses.edited;
                    td.num data-label=(t.use_proposed()) { (line.uses.proposed) }
                    td.num data-label=(t.use_sent()) { (sent) }
                    td.num data-label=(t.use_edit_rate()) { (share(line.uses.edited, sent)) }
                    td.num data-label=(t.use_misfits()) { (line.uses.misfits) }
                } } }
            }
        }
    }

    fn begin(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        html! {
            details.begin {
                summary.quiet { (t.template_new()) }
                form.fields method="get" action=(frame.team.path("/templates/new")) {
                    @if let [only] = &self.drafters[..] { input type="hidden" name="plugin" value=(only); } @else {
                        label { span { (t.template_drafter()) } select name="plugin" { @for name in &self.drafters { option value=(name) { (name) } } } }
                    }
                    label { span { (t.article_name()) } input name="name" required maxlength="100" pattern="[a-z0-9_\\-]+(/[a-z0-9_\\-]+)*" placeholder="shipping/delay-en" autocomplete="off" spellcheck="false"; span.mute { (t.article_name_hint()) } }
                    label { span { (t.template_category()) }
                        select name="category" { @for name in &self.categories { option value=(name) { (t.template_category_name(name)) } } option value="*" { (t.template_any_category()) } }
                    }
                    label { span { (t.knowledge_language()) }
                        select name="language" { @for tag in &self.languages { option value=(tag) { (t.language_name(tag)) } } }
                    }
                    button.quiet { (t.article_begin()) }
                }
            }
        }
    }
}

fn whom(t: Lang, language: Option<&str>, country: Option<&str>) -> Markup {
    html! {
        @match language { Some(tag) => (t.language_name(tag)), None => (t.template_default_language()) }
        @if let Some(country) = country { " · " (country) }
    }
}

impl TemplatePage {
    /// The page.
    #[must_use]
    pub fn draw(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        let w = &self.text;
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        frame.page(
            &self.id,
            "plain",
            &html! {
                main.sheet.article.templates #main {
                    p.mute { a href=(frame.team.path("/templates")) { (t.templates_title()) } " / " bdi { (self.plugin) } }
                    h1 { bdi { (self.id) } }
                    p.mute {
                        (t.template_category_name(&w.category)) " · "
                        (whom(t, some(&w.language).as_deref(), some(&w.country).as_deref()))
                        @if let Some(at) = self.at { " · " (t.article_changed(self.by.as_deref().unwrap_or_else(|| t.from_folder()))) " " (frame.lens.relative(at)) }
                    }
                    (self.standing(t))
                    @if let Some(meanwhile) = &self.meanwhile { (conflict(frame, meanwhile)) }
                    @if self.may_write { (self.editor(frame)) } @else { div.said dir="auto" { (w.body) } }
                    @if let Some(tried) = &self.tried { (tried.draw(frame)) }
                    (self.use_table(t))
                    (self.piece_table(t))
                    @if let Some(earlier) = &self.earlier { (self.look(frame, earlier)) }
                    (self.history(frame))
                }
            },
        )
    }

    fn piece_table(&self, t: Lang) -> Markup {
        html! {
            @if self.pieces.iter().any(|piece| piece.changed > 0) {
                section #pieces {
                    h2 { (t.pieces_title()) }
                    p.mute { (t.pieces_lead()) }
                    table {
                        thead { tr { th { (t.pieces_text()) } th.num { (t.pieces_changed()) } } }
                        tbody { @for piece in self.pieces.iter().filter(|piece| piece.changed > 0).take(PIECES_SHOWN) { tr {
                            td data-label=(t.pieces_text()) dir="auto" { (piece.text) }
                            td.num data-label=(t.pieces_changed()) {
                                (share(i64::from(piece.changed), i64::from(piece.seen)))
                                span.mute.below { (piece.changed) " / " (piece.seen) }
                            }
                        } } }
                    }
                }
            }
        }
    }

    fn standing(&self, t: Lang) -> Markup {
        html! {
            @if self.meanwhile.is_none() {
                @if self.version > 0 { @if self.bundled { p.mute { (t.template_instead()) } } }
                @else if self.bundled { p.mute { @if self.may_write { (t.template_bundled_note()) } @else { (t.template_bundled_read()) } } }
                @else if !self.versions.is_empty() { p.mute { (t.template_gone()) } }
            }
        }
    }

    fn known(&self) -> Markup {
        html! {
            input type="hidden" name="plugin" value=(self.plugin);
            input type="hidden" name="id" value=(self.id);
            input type="hidden" name="version" value=(self.version);
        }
    }

    fn editor(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        let w = &self.text;
        let post = |verb: &str| frame.team.path(&format!("/templates/{verb}"));
        html! {
            form.write.template method="post" action=(post("save")) data-keeps-all=(format!("template/{}/{}", self.plugin, self.id)) data-unsaved[self.tried.is_some() || self.meanwhile.is_some() || is_refused(frame)] {
                input type="hidden" name="csrf" value=(frame.csrf);
                (self.known())
                (kept_here(t))
                div.pairs {
                    label { span { (t.template_category()) }
                        select name="category" {
                            @for name in &self.categories { option value=(name) selected[*name == w.category] { (t.template_category_name(name)) } }
                            option value="*" selected[w.category == "*"] { (t.template_any_category()) }
                        }
                    }
                    label { span { (t.knowledge_language()) }
                        select name="language" {
                            option value="" selected[w.language.is_empty()] { (t.template_default_language()) }
                            @if !w.language.is_empty() && !self.languages.contains(&w.language.as_str()) { option value=(w.language) selected { (w.language) } }
                            @for tag in &self.languages { option value=(tag) selected[*tag == w.language] { (t.language_name(tag)) } }
                        }
                    }
                    label { span { (t.template_country()) } input name="country" value=(w.country) maxlength="2" pattern="[A-Za-z]{2}" autocomplete="off" spellcheck="false" aria-describedby="where"; }
                    p.mute #where { (t.template_country_hint()) }
                    label.wide { span { (t.template_subject()) } input name="subject" value=(w.subject) maxlength="500" autocomplete="off" dir="auto" placeholder=(t.template_subject_hint()); }
                    label.wide { span { (t.template_needs()) } input name="needs" value=(w.needs) maxlength="1000" autocomplete="off" spellcheck="false" aria-describedby="needed"; }
                    p.mute #needed { (t.template_needs_hint()) }
                }
                label.hidden for="body" { (t.template_text()) }
                textarea #body name="body" rows="14" required dir="auto" lang=[Some(&w.language).filter(|tag| !tag.is_empty())] aria-describedby="how" { "\n" (w.body) }
                @if !self.unknown.is_empty() { p.caution { (icon::warn()) (t.template_unknown(self.unknown.iter().map(|name| format!("{{{{{name}}}}}")).collect::<Vec<_>>().join(", "))) } }
                p.mute #how { (t.template_how()) }
                div.acts {
                    button.solid { (t.article_save()) }
                    @if self.version > 0 { button.quiet formaction=(post("remove")) formnovalidate { (t.article_remove()) } }
                }
                fieldset.try {
                    legend { (t.template_try()) }
                    p.mute { (t.template_try_lead()) }
                    label { span { (t.template_try_ticket()) }
                        select name="ticket" { @for one in &self.tickets {
                            option value=(one.number) selected[self.tried.as_ref().is_some_and(|tried| tried.number == one.number)] { "#" (one.number) " " (one.who) " · " (one.subject) }
                        } }
                    }
                    label { span { (t.template_try_number()) } input name="number" inputmode="numeric" maxlength="12" autocomplete="off" placeholder="#1042"; }
                    button.quiet formaction=(post("try")) { (t.template_try_button()) }
                }
            }
        }
    }

    fn use_table(&self, t: Lang) -> Markup {
        html! {
            section { h2 { (t.template_use()) }
                @if self.uses.iter().all(|(_, uses)| uses.proposed + uses.taken + uses.unedited + uses.edited + uses.misfits == 0) { p.mute { (t.use_none()) } } @else {
                    table.uses {
                        thead { tr { th {} th.num { (t.use_proposed()) } th.num { (t.use_taken()) } th.num { (t.use_unedited()) } th.num { (t.use_edited()) } th.num { (t.use_changed()) } th.num { (t.use_misfits()) } } }
                        tbody { @for (days, uses) in &self.uses { tr {
                            @let sent = uses.unedited + uses.edited;
                            td { (t.template_days(days)) }
                            td.num data-label=(t.use_proposed()) { (uses.proposed) }
                            td.num data-label=(t.use_taken()) { (uses.taken) }
                            td.num data-label=(t.use_unedited()) { (uses.unedited) @if sent > 0 { " " span.mute { (share(uses.unedited, sent)) } } }
                            td.num data-label=(t.use_edited()) { (uses.edited) @if sent > 0 { " " span.mute { (share(uses.edited, sent)) } } }
                            td.num data-label=(t.use_changed()) { @match uses.median_changed { Some(share) => (t.up_to(share)), None => "–" } }
                            td.num data-label=(t.use_misfits()) { (uses.misfits) }
                        } } }
                    }
                    p.mute { (t.use_changed_hint()) }
                }
            }
        }
    }

    fn look(&self, frame: &Frame, earlier: &Earlier) -> Markup {
        let t = frame.lang();
        html! {
            section #earlier {
                h2 { (t.article_version(earlier.number)) }
                (difference(frame, earlier))
                @if self.may_write {
                    (frame.post(&frame.team.path("/templates/restore"), "acts", &html! {
                        (self.known())
                        button.quiet name="earlier" value=(earlier.number) { (t.article_restore()) }
                    }))
                }
            }
        }
    }

    fn history(&self, frame: &Frame) -> Markup {
        let at = |number: i64| address(frame, &self.plugin, &self.id, Some(("version", number)));
        super::knowledge::history(frame, &self.versions, self.version, at)
    }
}

impl Tried {
    fn draw(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        html! {
            section.tried #tried {
                h2 { a href=(frame.team.path(&format!("/tickets/{}", self.number))) { (t.template_tried(self.number)) } }
                @match &self.result {
                    None => p role="status" { (icon::pulse()) (t.template_tried_coming()) " " a.quiet href=(self.here) { (t.template_tried_again()) } },
                    Some(trial) => (self.result(t, trial)),
                }
            }
        }
    }

    fn result(&self, t: Lang, trial: &Trial) -> Markup {
        html! {
            @if let Some(reason) = &trial.problem { p.caution { (icon::warn()) (t.template_tried_problem(reason)) } }
            @if let Some(proposal) = &trial.proposal {
                p.mute { @match (trial.place, &trial.chosen[..]) {
                    (Some(1), _) => (t.template_tried_first()),
                    (Some(place), _) => (t.template_tried_place(place)),
                    (None, []) => (t.template_tried_none()),
                    (None, chosen) => (t.template_tried_others(chosen.join(", "))),
                } }
                @if let Some(subject) = &proposal.subject { p { span.label { (t.template_subject_would_be()) } " " bdi { (subject) } } }
                div.said dir="auto" lang=[proposal.language.as_deref()] {
                    @for part in parts(&proposal.body, &proposal.filled, &proposal.unfilled) {
                        @match part {
                            Part::Text(text) => (text),
                            Part::Filled { variable, value } => span.var title=(variable) { (value) },
                            Part::Open(placeholder) => mark.open { (placeholder) },
                        }
                    }
                }
                @if !proposal.unfilled.is_empty() { p.caution { (icon::warn()) (t.template_open_variables()) ": " @for name in &proposal.unfilled { code { (name) } " " } } }
            } @else if trial.problem.is_none() { p { (t.template_tried_nothing()) } }
        }
    }
}

fn conflict(frame: &Frame, meanwhile: &Meanwhile) -> Markup {
    let t = frame.lang();
    let who = meanwhile.by.as_deref().unwrap_or_else(|| t.from_folder());
    html! {
        div.conflict role="alert" {
            p { (icon::warn()) @if meanwhile.body.is_some() { (t.template_conflict(who)) } @else { (t.template_conflict_gone()) } }
            @if let Some(body) = &meanwhile.body { div.theirs dir="auto" { (body) } }
        }
    }
}
