//! The team's people, for its admins; and the page on which somebody who was invited sets her password.

use super::frame::{Frame, Place};
use super::gate::gate;
use crate::page::frame::{Team, Theme};
use crate::page::tokens::TokensPart;
use crate::password::{BYTES_MAX, LENGTH_MIN};
use crate::words::Lang;
use maud::{Markup, html};
use posthouse_model::Timestamp;
use posthouse_model::role::Role;

/// Roles in the order in which they may more.
const ROLES: [Role; 4] = [Role::Auditor, Role::Agent, Role::Lead, Role::Admin];

/// A person.
#[derive(Clone, Debug)]
pub struct PersonLine {
    /// Her number.
    pub id: i64,
    /// For people.
    pub name: String,
    /// Signs in with it.
    pub email: String,
    /// May do what.
    pub role: Role,
    /// May sign in.
    pub active: bool,
    /// Has set one up.
    pub second_factor: bool,
    /// Has one.
    pub has_password: bool,
    /// Titles of the queues she sees; none: all.
    pub sees: Option<Vec<String>>,
    /// When she was last at the desk.
    pub seen_at: Option<Timestamp>,
    /// Until when an invitation waits for her.
    pub invited_until: Option<Timestamp>,
    /// No person: programs act as it.
    pub service: bool,
}

/// The list.
#[derive(Clone, Debug)]
pub struct PeoplePage {
    /// By address.
    pub people: Vec<PersonLine>,
}

/// One person.
#[derive(Clone, Debug)]
pub struct PersonPage {
    /// She.
    pub person: PersonLine,
    /// The reader herself.
    pub is_me: bool,
    /// All queues: name, title, whether she sees it.
    pub queues: Vec<(String, String, bool)>,
    /// A link that was just made, and until when it holds: shown once.
    pub link: Option<(String, Timestamp)>,
    /// Her tokens of the API; not one's own, which are on one's account.
    pub tokens: Option<TokensPart>,
}

fn role_hint(t: Lang, role: Role) -> &'static str {
    match role {
        Role::Auditor => t.role_auditor_hint(),
        Role::Agent => t.role_agent_hint(),
        Role::Lead => t.role_lead_hint(),
        Role::Admin => t.role_admin_hint(),
    }
}

fn role_field(t: Lang, chosen: Role, locked: bool) -> Markup {
    html! {
        label.field { span { (t.person_role()) }
            select name="role" disabled[locked] { @for role in ROLES {
                option value=(role.as_str()) selected[role == chosen] { (t.role(role)) ": " (role_hint(t, role)) }
            } }
        }
    }
}

fn text_field(label: &str, kind: &str, name: &str, value: &str, most: u32) -> Markup {
    html! { label.field { span { (label) } input type=(kind) name=(name) value=(value) required autocomplete="off" maxlength=(most); } }
}

impl PersonLine {
    fn state(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        html! {
            @if self.service { (t.service_state()) " " }
            @if !self.active { span.amber { (t.person_off()) } }
            @else if let Some(until) = self.invited_until { (t.person_invited(frame.lens.exact(until))) }
            @else if self.service {}
            @else if !self.has_password { span.amber { (t.person_no_password()) } }
            @else if let Some(at) = self.seen_at { (frame.lens.relative(at)) }
            @else { span.mute { "–" } }
            @if self.second_factor { " " span.mute { "· " (t.person_factor()) } }
        }
    }

    fn sees(&self, t: Lang) -> String {
        match &self.sees {
            None => t.person_sees_all().to_owned(),
            Some(queues) if queues.is_empty() => t.person_sees_none().to_owned(),
            Some(queues) => queues.join(", "),
        }
    }
}

impl PeoplePage {
    /// The page.
    #[must_use]
    pub fn draw(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        debug_assert_eq!(frame.place, Place::People);
        frame.page(
            t.people_title(),
            "plain",
            &html! {
                main.sheet.people #main {
                    h1 { (t.people_title()) }
                    p.mute { (t.people_hint()) }
                    table {
                        thead { tr { th { (t.person_name()) } th { (t.person_role()) } th { (t.person_sees()) } th { (t.person_seen()) } } }
                        tbody { @for person in &self.people { tr {
                            td data-label=(t.person_name()) {
                                a href=(frame.team.path(&format!("/people/{}", person.id))) { b { (person.name) } }
                                " " bdi.mute { (person.email) }
                            }
                            td data-label=(t.person_role()) { (t.role(person.role)) }
                            td data-label=(t.person_sees()) { (person.sees(t)) }
                            td data-label=(t.person_seen()) { (person.state(frame)) }
                        } } }
                    }
                    section {
                        h2 { (t.people_add()) }
                        p.mute { (t.people_add_hint()) }
                        (frame.post(&frame.team.path("/people"), "form", &html! {
                            (text_field(t.person_name(), "text", "name", "", 100))
                            (text_field(t.person_email(), "email", "email", "", 254))
                            (role_field(t, Role::Agent, false))
                            button.quiet { (t.people_add()) }
                        }))
                    }
                    section {
                        h2 { (t.service_add()) }
                        p.mute { (t.service_add_hint()) }
                        (frame.post(&frame.team.path("/people"), "form", &html! {
                            input type="hidden" name="service" value="1";
                            (text_field(t.service_name(), "text", "name", "", 40))
                            (role_field(t, Role::Agent, false))
                            button.quiet { (t.service_add()) }
                        }))
                    }
                }
            },
        )
    }
}

impl PersonPage {
    /// The page.
    #[must_use]
    pub fn draw(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        let person = &self.person;
        let path = |verb: &str| frame.team.path(&format!("/people/{}{verb}", person.id));
        frame.page(
            &person.name,
            "plain",
            &html! {
                main.sheet.people #main {
                    p.mute { a href=(frame.team.path("/people")) { (t.people_title()) } }
                    h1 { (person.name) }
                    p.mute { bdi { (person.email) } " · " (person.state(frame)) }
                    @if let Some((link, until)) = &self.link {
                        section.candidate {
                            h2 { (t.person_link()) }
                            p { (t.person_link_hint(&person.name, frame.lens.exact(*until))) }
                            p { code.key { (link) } }
                        }
                    }
                    (frame.post(&path(""), "form", &self.fields(t)))
                    section {
                        div.steps {
                            @if !person.service {
                                (frame.post(&path("/invite"), "", &html! { button.quiet { (t.person_new_link()) } }))
                            }
                            @if person.second_factor && !self.is_me {
                                (frame.post(&path("/reset-second-factor"), "", &html! { button.quiet { (t.person_reset_factor()) } }))
                            }
                            @if !self.is_me && !person.service {
                                (frame.post(&path("/end-sessions"), "", &html! { button.quiet { (t.person_end_sessions()) } }))
                            }
                        }
                    }
                    @if let Some(tokens) = &self.tokens { (tokens.draw(frame)) }
                }
            },
        )
    }

    fn fields(&self, t: Lang) -> Markup {
        let (person, locked) = (&self.person, self.is_me);
        html! {
            (text_field(t.person_name(), "text", "name", &person.name, 100))
            @if locked { p.mute { (t.person_self()) } }
            (role_field(t, person.role, locked))
            label.single { input type="checkbox" name="active" value="1" checked[person.active] disabled[locked]; span { (t.person_active()) } }
            fieldset disabled[locked] {
                legend { (t.person_sees()) }
                label.single { input type="checkbox" name="all" value="1" checked[person.sees.is_none()]; span { (t.person_all_queues()) } }
                p.mute { (t.person_queues()) }
                @for (name, title, sees) in &self.queues {
                    label.single { input type="checkbox" name=(format!("queue:{name}")) value="1" checked[*sees]; span { (title) } }
                }
                p.mute { (t.person_queues_hint()) }
            }
            button.solid { (t.person_save()) }
        }
    }
}

/// Where somebody who was invited sets her password.
#[derive(Clone, Debug)]
pub struct WelcomePage {
    /// The reader's language, from the browser.
    pub lang: Lang,
    /// Light or dark.
    pub theme: Theme,
    /// To which team.
    pub team: Team,
    /// Her address, and the invitation to post; none: it does not hold.
    pub invited: Option<(String, String)>,
    /// Form token.
    pub token: String,
    /// What is wrong.
    pub wrong: Option<String>,
}

impl WelcomePage {
    /// The page.
    #[must_use]
    pub fn draw(&self) -> Markup {
        let t = self.lang;
        let title = t.welcome_title(&self.team.name);
        gate(
            t,
            self.theme,
            &title,
            &self.team.path("/sign-in"),
            &html! {
                h1 { (title) }
                @match &self.invited {
                    None => p.wrong role="alert" { (t.welcome_gone()) },
                    Some((email, invitation)) => {
                        p.mute { (t.welcome_hint(email)) }
                        form method="post" action=(self.team.path("/welcome")) {
                            input type="hidden" name="token" value=(self.token);
                            input type="hidden" name="invitation" value=(invitation);
                            input type="hidden" name="username" autocomplete="username" value=(email);
                            @if let Some(wrong) = &self.wrong { p.wrong role="alert" { (wrong) } }
                            label.field { span { (t.password_new()) } input type="password" name="new" required autofocus autocomplete="new-password" minlength=(LENGTH_MIN) maxlength=(BYTES_MAX); }
                            label.field { span { (t.password_again()) } input type="password" name="again" required autocomplete="new-password" maxlength=(BYTES_MAX); }
                            button.solid { (t.welcome_set()) }
                        }
                    }
                }
            },
        )
    }
}
