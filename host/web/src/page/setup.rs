//! The team's settings: one short form a page. What is typed and refused stays in its field with the reason beside it, and what
//! somebody else set meanwhile stands below.

use super::frame::{Frame, Place};
use super::icon;
use crate::words::Lang;
use maud::{Markup, html};
use posthouse_model::Timestamp;
use posthouse_model::trial::Finding;

/// A page of settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Name, language, time zone, categories.
    Team,
    /// Where tickets wait.
    Queues,
    /// Ways in and out.
    Mailboxes,
    /// One of them.
    Mailbox,
    /// Who is left out, and when spam is spam.
    Screening,
    /// When somebody works, and by when a customer has an answer.
    Hours,
    /// Who gets new tickets, and when.
    Assign,
    /// What happens as deadlines come near.
    Escalation,
    /// How replies are reviewed and sent.
    Review,
    /// Several acts under one name.
    Macros,
    /// What earned autonomy asks for, and caps on mail that nobody has read.
    Automatic,
    /// Who is told what.
    Notices,
    /// The daily summary and the watch.
    Watch,
    /// The team's own model.
    Model,
    /// Addresses that are told what happens.
    Webhooks,
    /// How people sign in.
    SignIn,
    /// What is kept under lock.
    Secrets,
}

impl Part {
    /// Those on the list, in its order.
    pub const LISTED: [Self; 16] = [
        Self::Team,
        Self::Queues,
        Self::Mailboxes,
        Self::Screening,
        Self::Hours,
        Self::Assign,
        Self::Escalation,
        Self::Review,
        Self::Macros,
        Self::Automatic,
        Self::Notices,
        Self::Watch,
        Self::Model,
        Self::Webhooks,
        Self::SignIn,
        Self::Secrets,
    ];

    /// In addresses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Team => "team",
            Self::Queues => "queues",
            Self::Mailboxes => "mailboxes",
            Self::Mailbox => "mailbox",
            Self::Hours => "hours",
            Self::Review => "review",
            Self::Macros => "macros",
            Self::Notices => "notices",
            Self::Watch => "watch",
            Self::Model => "model",
            Self::Screening => "screening",
            Self::Assign => "assign",
            Self::Escalation => "escalation",
            Self::Automatic => "automatic",
            Self::Webhooks => "webhooks",
            Self::SignIn => "sign-in",
            Self::Secrets => "secrets",
        }
    }

    /// From an address.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::LISTED.into_iter().chain([Self::Mailbox]).find(|part| part.as_str() == name)
    }

    /// On the list and above the page.
    #[must_use]
    pub fn title(self, t: Lang) -> &'static str {
        match self {
            Self::Team => t.setup_team(),
            Self::Queues => t.setup_queues(),
            Self::Mailboxes | Self::Mailbox => t.setup_mailboxes(),
            Self::Hours => t.setup_hours(),
            Self::Review => t.setup_review(),
            Self::Macros => t.macros(),
            Self::Notices => t.setup_notices(),
            Self::Watch => t.setup_watch(),
            Self::Model => t.setup_model(),
            Self::Screening => t.setup_screening(),
            Self::Assign => t.setup_assign(),
            Self::Escalation => t.setup_escalation(),
            Self::Automatic => t.setup_automatic(),
            Self::Webhooks => t.webhooks_title(),
            Self::SignIn => t.setup_sign_in_people(),
            Self::Secrets => t.setup_secrets(),
        }
    }

    /// What it is for, in a sentence.
    #[must_use]
    pub fn lead(self, t: Lang) -> &'static str {
        match self {
            Self::Team => t.setup_team_lead(),
            Self::Queues => t.setup_queues_lead(),
            Self::Mailboxes => t.setup_mailboxes_lead(),
            Self::Mailbox => t.setup_mailbox_lead(),
            Self::Hours => t.setup_hours_lead(),
            Self::Review => t.setup_review_lead(),
            Self::Macros => t.macros_lead(),
            Self::Notices => t.setup_notices_lead(),
            Self::Watch => t.setup_watch_lead(),
            Self::Model => t.setup_model_lead(),
            Self::Screening => t.setup_screening_lead(),
            Self::Assign => t.setup_assign_lead(),
            Self::Escalation => t.setup_escalation_lead(),
            Self::Automatic => t.setup_automatic_lead(),
            Self::Webhooks => t.setup_webhooks_lead(),
            Self::SignIn => t.setup_sign_in_lead(),
            Self::Secrets => t.setup_secrets_lead(),
        }
    }
}

/// How a value is set.
#[derive(Clone, Debug)]
pub enum Control {
    /// A line of text: the type of its input, and how long it may be.
    Line(&'static str, u32),
    /// A whole number within these.
    Number(i64, i64),
    /// Several lines: how many are seen, and how long all may be.
    Lines(u8, u32),
    /// One of these: value and words.
    Choice(Vec<(String, String)>),
    /// Any of these.
    Ticks(Vec<(String, String)>),
    /// Yes or no.
    Tick,
    /// Something that is never shown again.
    Hidden,
}

/// One value of a form.
#[derive(Clone, Debug)]
pub struct Field {
    /// Of its input.
    pub name: String,
    /// Where its value stands in the set-up: problems there are told here.
    pub path: String,
    /// Beside it.
    pub label: String,
    /// Beneath it.
    pub hint: Option<String>,
    /// How it is set.
    pub control: Control,
    /// What it holds: of ticks each that is ticked.
    pub value: Vec<String>,
    /// What somebody else set meanwhile.
    pub theirs: Option<String>,
    /// Why it is refused.
    pub wrong: Option<String>,
}

impl Field {
    /// One with a value.
    #[must_use]
    pub fn new(name: &str, path: &str, label: &str, control: Control, value: impl Into<String>) -> Self {
        let value = vec![value.into()];
        let (name, path, label) = (name.to_owned(), path.to_owned(), label.to_owned());
        Self { name, path, label, hint: None, control, value, theirs: None, wrong: None }
    }

    /// One with boxes to tick.
    #[must_use]
    pub fn ticks(name: &str, path: &str, label: &str, offered: Vec<(String, String)>, ticked: Vec<String>) -> Self {
        Self { value: ticked, ..Self::new(name, path, label, Control::Ticks(offered), "") }
    }

    /// One that is on or off.
    #[must_use]
    pub fn tick(name: &str, path: &str, label: &str, on: bool) -> Self {
        Self::new(name, path, label, Control::Tick, if on { "1" } else { "" })
    }

    /// With words beneath it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    fn text(&self) -> &str {
        self.value.first().map_or("", String::as_str)
    }

    /// What it holds, for people.
    #[must_use]
    pub fn shown(&self) -> String {
        match &self.control {
            Control::Choice(offered) | Control::Ticks(offered) => {
                let named = |value: &String| {
                    offered
                        .iter()
                        .find(|(known, _)| known == value)
                        .map_or(value.as_str(), |(_, words)| words)
                        .to_owned()
                };
                let words: Vec<String> = self.value.iter().filter(|value| !value.is_empty()).map(named).collect();
                words.join(", ")
            }
            Control::Tick => if self.text() == "1" { "✓" } else { "–" }.to_owned(),
            Control::Hidden => String::new(),
            Control::Line(..) | Control::Number(..) | Control::Lines(..) => self.text().to_owned(),
        }
    }
}

/// Values that belong together.
#[derive(Clone, Debug, Default)]
pub struct Group {
    /// Above them.
    pub title: Option<String>,
    /// Beneath the title.
    pub hint: Option<String>,
    /// Beside each other where there is room.
    pub row: bool,
    /// The values.
    pub fields: Vec<Field>,
}

/// Something that can be tried out, and what the last trial found.
#[derive(Clone, Debug)]
pub struct Trial {
    /// As [`posthouse_model::trial::Subject`] writes it.
    pub subject: String,
    /// On its button.
    pub button: String,
    /// How the last one stands.
    pub last: Option<Tried>,
}

/// How a trial stands.
#[derive(Clone, Debug)]
pub struct Tried {
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// When it was done.
    pub done_at: Option<Timestamp>,
    /// What was found, the words explained where they are known.
    pub findings: Vec<Finding>,
    /// It has been asked for so long ago that nobody seems to do it.
    pub overdue: bool,
}

/// One line of a list of things: mailboxes, notifiers.
#[derive(Clone, Debug)]
pub struct Thing {
    /// What it is called.
    pub name: String,
    /// Where it is changed, within the team.
    pub path: Option<String>,
    /// What it is, in a few words.
    pub about: String,
    /// How it works: words, and whether they ask for somebody.
    pub state: (String, bool),
    /// Trying it out.
    pub trial: Option<Trial>,
}

/// One secret.
#[derive(Clone, Debug)]
pub struct SecretLine {
    /// Its name.
    pub name: String,
    /// Who uses it.
    pub used_by: Vec<String>,
    /// When it was set here.
    pub set_at: Option<Timestamp>,
    /// It stands in the environment or in a file.
    pub elsewhere: bool,
    /// Something that is on cannot work without it, and it is not there.
    pub missing: bool,
    /// Why it cannot be opened.
    pub problem: Option<String>,
    /// Hosts that it may be sent to; empty: wherever it is used.
    pub hosts: Vec<String>,
}

/// What is kept under lock.
#[derive(Clone, Debug, Default)]
pub struct SecretsPart {
    /// By name.
    pub secrets: Vec<SecretLine>,
}

/// One page.
#[derive(Clone, Debug)]
pub struct SetupPage {
    /// Which.
    pub part: Part,
    /// Above it, where it is about one thing.
    pub of: Option<String>,
    /// Whether the reader may change anything.
    pub may_change: bool,
    /// Hidden values of the form: of what the form was made, and whom it is about.
    pub known: Vec<(&'static str, String)>,
    /// The form; none: there is nothing to set.
    pub groups: Vec<Group>,
    /// Problems that belong to no field.
    pub wrong: Vec<String>,
    /// Somebody else was faster: who.
    pub meanwhile: Option<String>,
    /// Facts above the form: words.
    pub facts: Vec<String>,
    /// A list of things.
    pub things: Vec<Thing>,
    /// Words and the path within the team of what can be added.
    pub add: Option<(String, String)>,
    /// Trying out what the page is about.
    pub trial: Option<Trial>,
    /// Secrets.
    pub secrets: Option<SecretsPart>,
}

impl SetupPage {
    /// An empty one.
    #[must_use]
    pub fn new(part: Part, may_change: bool) -> Self {
        Self {
            part,
            of: None,
            may_change,
            known: Vec::new(),
            groups: Vec::new(),
            wrong: Vec::new(),
            meanwhile: None,
            facts: Vec::new(),
            things: Vec::new(),
            add: None,
            trial: None,
            secrets: None,
        }
    }

    /// The mailbox that it is about.
    #[must_use]
    pub fn of_mailbox(&self) -> Option<&str> {
        self.known.iter().find(|(name, _)| *name == "mailbox").map(|(_, value)| value.as_str())
    }

    /// Whether a trial on it is under way.
    #[must_use]
    pub fn is_trying(&self) -> bool {
        let trials = self.things.iter().filter_map(|thing| thing.trial.as_ref()).chain(&self.trial);
        trials.filter_map(|trial| trial.last.as_ref()).any(|last| last.done_at.is_none() && !last.overdue)
    }

    /// The page.
    #[must_use]
    pub fn draw(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        debug_assert_eq!(frame.place, Place::Settings);
        let title = self.of.as_deref().unwrap_or_else(|| self.part.title(t));
        frame.page(
            title,
            "plain",
            &html! {
                main.sheet.setup #main {
                    p.mute {
                        a href=(frame.team.path("/settings")) { (t.settings_title()) }
                        @if self.part == Part::Mailbox { " / " a href=(frame.team.path("/settings/mailboxes")) { (t.setup_mailboxes()) } }
                    }
                    h1 { bdi { (title) } }
                    p.mute { (self.part.lead(t)) }
                    @for fact in &self.facts { p.fact { (fact) } }
                    @if self.part == Part::Model && frame.me.audits { p.acts { a.quiet href=(frame.team.path("/model")) { (t.model_calls_link()) } } }
                    @if let Some(who) = &self.meanwhile {
                        div.conflict role="alert" { p { (icon::warn()) (t.setup_meanwhile(who)) } }
                    }
                    @if !self.wrong.is_empty() { div.refused role="alert" { @for wrong in &self.wrong { p { (icon::warn()) (wrong) } } } }
                    @if !self.things.is_empty() { (self.list(frame)) }
                    @if let Some((words, path)) = &self.add { @if self.may_change { p.acts { a.quiet href=(frame.team.path(path)) { (words) } } } }
                    @if let Some(secrets) = &self.secrets { (secrets.draw(frame)) }
                    @if !self.groups.is_empty() { (self.form(frame)) }
                    @if let Some(trial) = &self.trial { section { h2 { (t.trial_title()) } (trial.draw(frame, self)) } }
                    @if let (true, Some(name)) = (self.may_change, self.of_mailbox()) { (remove_mailbox(frame, name)) }
                }
            },
        )
    }

    fn list(&self, frame: &Frame) -> Markup {
        html! {
            ul.things { @for thing in &self.things { li {
                div.head {
                    @match &thing.path { Some(path) => a href=(frame.team.path(path)) { b { bdi { (thing.name) } } }, None => b { bdi { (thing.name) } } }
                    span.mute { bdi { (thing.about) } }
                }
                p.state.alarm[thing.state.1] { @if thing.state.1 { (icon::warn()) } bdi { (thing.state.0) } }
                @if let Some(trial) = &thing.trial { (trial.draw(frame, self)) }
            } } }
        }
    }

    fn form(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        frame.post(
            &frame.team.path(&format!("/settings/{}", self.part.as_str())),
            "form",
            &html! {
                @for (name, value) in &self.known { input type="hidden" name=(name) value=(value); }
                @for group in &self.groups {
                    fieldset disabled[!self.may_change] class=[group.row.then_some("beside")] {
                        @if let Some(title) = &group.title { legend { bdi { (title) } } }
                        @if let Some(hint) = &group.hint { p.mute.over { (hint) } }
                        @for field in &group.fields { (field.draw(t)) }
                    }
                }
                @if self.may_change { div.save { button.solid { (t.setup_save()) } } } @else { p.mute { (t.setup_read_only()) } }
            },
        )
    }
}

/// What becomes of its mails is said before anybody can press.
fn remove_mailbox(frame: &Frame, name: &str) -> Markup {
    let t = frame.lang();
    let inside = html! {
        input type="hidden" name="mailbox" value=(name);
        div.value.tick { label for="remove-sure" { input #remove-sure type="checkbox" name="sure" value="1" required; span { (t.mailbox_remove_sure()) } } }
        div.save { button.quiet { (t.mailbox_remove()) } }
    };
    html! {
        section {
            h2 { (t.mailbox_remove()) }
            p.mute { (t.mailbox_remove_what()) }
            (frame.post(&frame.team.path("/settings/mailbox/remove"), "form", &inside))
        }
    }
}

impl Field {
    fn draw(&self, t: Lang) -> Markup {
        // Names of queues may be in any script.
        let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_string() } else { format!("-{:x}", u32::from(c)) };
        let id = format!("f-{}", self.name.chars().map(plain).collect::<String>());
        let about = format!("{id}-about");
        let has_about = self.hint.is_some() || self.wrong.is_some() || self.theirs.is_some();
        let described = has_about.then_some(about.as_str());
        let invalid = self.wrong.is_some().then_some("true");
        let value = self.text();
        let control = match &self.control {
            Control::Line(kind, most) => html! {
                input id=(id) type=(kind) name=(self.name) value=(value) maxlength=(most) autocomplete="off" spellcheck="false" autocapitalize="none" aria-describedby=[described] aria-invalid=[invalid];
            },
            Control::Number(least, most) => html! {
                input.short id=(id) type="number" inputmode="numeric" name=(self.name) value=(value) min=(least) max=(most) aria-describedby=[described] aria-invalid=[invalid];
            },
            Control::Lines(rows, most) => html! {
                textarea id=(id) name=(self.name) rows=(rows) maxlength=(most) dir="auto" spellcheck="false" aria-describedby=[described] aria-invalid=[invalid] { (value) }
            },
            Control::Choice(offered) => html! {
                select id=(id) name=(self.name) aria-describedby=[described] aria-invalid=[invalid] {
                    @for (known, words) in offered { option value=(known) selected[known == value] { (words) } }
                }
            },
            Control::Hidden => html! {
                input id=(id) type="password" name=(self.name) value="" autocomplete="new-password" aria-describedby=[described] aria-invalid=[invalid];
            },
            Control::Tick => html! {
                input id=(id) type="checkbox" name=(self.name) value="1" checked[value == "1"] aria-describedby=[described] aria-invalid=[invalid];
            },
            Control::Ticks(offered) => html! {
                span.ticks role="group" aria-label=(self.label) aria-describedby=[described] {
                    @if offered.is_empty() { span.mute { (t.setup_none_to_tick()) } }
                    @for (known, words) in offered {
                        label { input type="checkbox" name=(format!("{}:{known}", self.name)) value="1" checked[self.value.contains(known)]; span { (words) } }
                    }
                }
            },
        };
        let below = html! {
            @if has_about { span.beneath #(about) {
                @if let Some(wrong) = &self.wrong { span.wrong role="alert" { (wrong) } }
                @if let Some(theirs) = &self.theirs { span.theirs { (t.setup_theirs()) " " bdi { (theirs) } } }
                @if let Some(hint) = &self.hint { span.mute { (hint) } }
            } }
        };
        html! {
            @if matches!(self.control, Control::Tick) {
                div.value.tick { label for=(id) { (control) span { (self.label) } } (below) }
            } @else if matches!(self.control, Control::Ticks(_)) {
                div.value { span.name { (self.label) } (control) (below) }
            } @else {
                div.value { label.name for=(id) { (self.label) } (control) (below) }
            }
        }
    }
}

impl Trial {
    fn draw(&self, frame: &Frame, page: &SetupPage) -> Markup {
        let t = frame.lang();
        html! {
            div.trial {
                @if page.may_change {
                    (frame.post(&frame.team.path(&format!("/settings/{}/try", page.part.as_str())), "", &html! {
                        input type="hidden" name="subject" value=(self.subject);
                        @for (name, value) in page.known.iter().filter(|(name, _)| *name == "mailbox") { input type="hidden" name=(name) value=(value); }
                        button.quiet { (self.button) }
                    }))
                }
                @if let Some(last) = &self.last {
                    @match last.done_at {
                        None if last.overdue => p.alarm role="status" { (icon::warn()) (t.trial_nobody(frame.lens.exact(last.asked_at))) }
                        None => p.mute role="status" { (t.trial_under_way()) }
                        Some(at) => {
                            p.mute { (t.trial_done(frame.lens.exact(at))) }
                            ol.findings { @for found in &last.findings { (finding(t, found)) } }
                        }
                    }
                }
            }
        }
    }
}

fn finding(t: Lang, found: &Finding) -> Markup {
    let mark = |ok: bool| if ok { t.trial_well() } else { t.trial_wrong() };
    html! {
        li.finding.bad[!found.ok] {
            p { b { (mark(found.ok)) } " " span.mute { bdi { (found.what) } } " " bdi { (found.words) }
                @if let Some(ms) = found.duration_ms { " " span.mute { (ms) " ms" } } }
            @if let Some(mend) = &found.mend { p.mend { bdi { (mend) } } }
            @if !found.steps.is_empty() { details open[!found.ok] {
                summary { (t.trial_steps()) }
                ol { @for step in &found.steps { li.bad[!step.ok] {
                    span.mute { (mark(step.ok)) } " " (t.trial_step(&step.name)) ": " bdi { (step.words) } " " span.mute { (step.duration_ms) " ms" }
                } } }
            } }
        }
    }
}

impl SecretsPart {
    fn draw(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        html! {
            @if self.secrets.is_empty() { p.empty { (t.secrets_none()) } } @else { table {
                thead { tr { th { (t.secret_name()) } th { (t.secret_used_by()) } th { (t.secret_state()) } th {} } }
                tbody { @for secret in &self.secrets { tr {
                    td data-label=(t.secret_name()) { code { (secret.name) } }
                    td data-label=(t.secret_used_by()) {
                        @if secret.used_by.is_empty() { span.mute { (t.secret_unused()) } } @else { bdi { (secret.used_by.join(", ")) } }
                        @if !secret.hosts.is_empty() { span.mute.below { (t.secret_hosts(secret.hosts.join(", "))) } }
                    }
                    td data-label=(t.secret_state()) {
                        @if let Some(problem) = &secret.problem { span.alarm { (icon::warn()) (problem) } }
                        @else if secret.elsewhere { (t.secret_elsewhere()) }
                        @else if let Some(at) = secret.set_at { (t.secret_set_at(frame.lens.exact(at))) }
                        @else if secret.missing { span.alarm { (icon::warn()) (t.secret_missing()) } }
                        @else { span.mute { (t.secret_not_needed()) } }
                    }
                    td { @if secret.set_at.is_some() {
                        (frame.post(&frame.team.path("/settings/secrets/remove"), "", &html! {
                            input type="hidden" name="name" value=(secret.name);
                            button.quiet aria-label=(t.secret_remove_named(&secret.name)) { (t.secret_remove()) }
                        }))
                    } }
                } } }
            } }
        }
    }
}

/// The list of pages.
#[derive(Clone, Debug)]
pub struct SetupList {
    /// Each with what stands there now, in a few words.
    pub parts: Vec<(Part, String)>,
    /// What was set on the desk since the folder was last applied: path, who, when.
    pub since: Vec<(String, String, Timestamp)>,
}

impl SetupList {
    /// The page.
    #[must_use]
    pub fn draw(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        frame.page(
            t.settings_title(),
            "plain",
            &html! {
                main.sheet.setup #main {
                    h1 { (t.settings_title()) }
                    p.mute { (t.settings_lead()) }
                    ul.parts { @for (part, now) in &self.parts { li {
                        a href=(frame.team.path(&format!("/settings/{}", part.as_str()))) { b { (part.title(t)) } span.mute { bdi { (now) } } }
                    } } }
                    @if !self.since.is_empty() { section {
                        h2 { (t.settings_since()) }
                        p.mute { (t.settings_since_hint()) " " code { "posthouse tenant export " (frame.team.slug) } }
                        table {
                            thead { tr { th { (t.settings_value()) } th { (t.settings_who()) } th.num { (t.settings_when()) } } }
                            tbody { @for (path, who, at) in &self.since { tr {
                                td data-label=(t.settings_value()) { code { (path) } }
                                td data-label=(t.settings_who()) { bdi { (who) } }
                                td.num data-label=(t.settings_when()) { (frame.lens.exact(*at)) }
                            } } }
                        }
                    } }
                }
            },
        )
    }
}
