//! The webhooks of a team and what each was told, for its admins.

use super::frame::{Frame, Place};
use maud::{Markup, html};
use posthouse_model::Timestamp;
use posthouse_model::config::{DeliveryState, WebhookEvent};

/// One thing that a webhook was told.
#[derive(Clone, Debug)]
pub struct ToldLine {
    /// Its number.
    pub id: i64,
    /// As what.
    pub kind: WebhookEvent,
    /// How it stands.
    pub state: DeliveryState,
    /// How often it was tried.
    pub tries: i64,
    /// The last answer's status.
    pub status: Option<i64>,
    /// The last answer. Untrusted text.
    pub answer: Option<String>,
    /// When it was made, or last tried.
    pub at: Timestamp,
}

/// One webhook.
#[derive(Clone, Debug)]
pub struct WebhookPart {
    /// Its name.
    pub name: String,
    /// Where it is told.
    pub url: String,
    /// On in the set-up.
    pub enabled: bool,
    /// Since when nothing reached it.
    pub failing_since: Option<Timestamp>,
    /// Since when it is off for that.
    pub disabled_at: Option<Timestamp>,
    /// The newest first.
    pub told: Vec<ToldLine>,
}

/// The page.
#[derive(Clone, Debug)]
pub struct WebhooksPage {
    /// In the order of the set-up.
    pub webhooks: Vec<WebhookPart>,
}

impl WebhooksPage {
    /// The page.
    #[must_use]
    pub fn draw(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        debug_assert_eq!(frame.place, Place::Settings);
        frame.page(
            t.webhooks_title(),
            "plain",
            &html! {
                main.sheet.people #main {
                    p.mute { a href=(frame.team.path("/settings")) { (t.settings_title()) } " / " a href=(frame.team.path("/settings/webhooks")) { (t.webhooks_title()) } }
                    h1 { (t.webhooks_title()) }
                    p.mute { (t.webhooks_hint()) " " a href=(frame.team.path("/settings/webhooks")) { (t.settings_title()) } }
                    @if self.webhooks.is_empty() { p.empty { (t.webhooks_none()) } }
                    @for webhook in &self.webhooks { (webhook.draw(frame)) }
                }
            },
        )
    }
}

impl WebhookPart {
    fn draw(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        html! { section {
            h2 { (self.name) }
            p.mute { bdi { (self.url) } }
            @if !self.enabled { p { (t.webhook_paused()) } }
            @else if let Some(since) = self.disabled_at {
                p.alarm { (t.webhook_turned_off(frame.lens.exact(since))) }
                (frame.post(&frame.team.path("/webhooks"), "steps", &html! {
                    input type="hidden" name="on" value=(self.name);
                    button.quiet { (t.webhook_turn_on()) }
                }))
            }
            @else if let Some(since) = self.failing_since { p.amber { (t.webhook_failing(frame.lens.exact(since))) } }
            @else { p { (t.webhook_works()) } }
            @if self.enabled && self.disabled_at.is_none() {
                (frame.post(&frame.team.path("/webhooks"), "steps", &html! {
                    input type="hidden" name="test" value=(self.name);
                    button.quiet aria-label=(t.webhook_test_named(&self.name)) { (t.webhook_test()) }
                }))
            }
            @if self.told.is_empty() { p.mute { (t.webhook_told_none()) } } @else { table {
                thead { tr { th { (t.webhook_when()) } th { (t.webhook_event()) } th { (t.webhook_state()) } th { (t.webhook_answer()) } th {} } }
                tbody { @for told in &self.told { (line(frame, told)) } }
            } }
        } }
    }
}

fn line(frame: &Frame, told: &ToldLine) -> Markup {
    let t = frame.lang();
    let state = match told.state {
        DeliveryState::Waiting => t.webhook_waiting(),
        DeliveryState::Delivered => t.webhook_delivered(),
        DeliveryState::Failed => t.webhook_failed(),
    };
    html! { tr {
        td data-label=(t.webhook_when()) { (frame.lens.relative(told.at)) }
        td data-label=(t.webhook_event()) { code { (told.kind.as_str()) } }
        td data-label=(t.webhook_state()) { (state) @if told.tries > 1 { " " span.mute { (t.webhook_tries(told.tries)) } } }
        td data-label=(t.webhook_answer()) {
            @if let Some(status) = told.status { (status) " " }
            @match told.answer.as_deref() { Some(answer) if !answer.trim().is_empty() => bdi.mute { (answer) }, _ => {} }
        }
        td { @if told.state != DeliveryState::Waiting {
            (frame.post(&frame.team.path("/webhooks"), "", &html! {
                input type="hidden" name="again" value=(told.id);
                button.quiet aria-label=(t.webhook_again_named(told.id)) { (t.webhook_again()) }
            }))
        } }
    } }
}
