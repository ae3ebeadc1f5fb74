//! What a model was asked and answered: a list of calls, and one of them.

use super::frame::{Frame, Place};
use maud::{Markup, html};
use posthouse_model::config::Decimal;
use posthouse_store::{KeptCall, ModelExchange};

/// Calls, the newest first.
#[derive(Clone, Debug)]
pub struct ModelCallsPage {
    /// The calls, each with the number of its ticket.
    pub calls: Vec<(KeptCall, Option<i64>)>,
    /// The ticket that they are on, where only its are shown.
    pub ticket: Option<i64>,
    /// The address that goes on further back.
    pub older: Option<String>,
}

impl ModelCallsPage {
    /// The page.
    #[must_use]
    pub fn draw(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        let ticket = |number: i64| html! { a href=(frame.team.path(&format!("/tickets/{number}"))) { "#" (number) } };
        frame.page(
            t.model_calls_title(),
            "plain",
            &html! {
                main.sheet.audit #main {
                    @if let Some(number) = self.ticket { p.mute { (ticket(number)) " / " a href=(frame.team.path("/model")) { (t.model_calls_title()) } } }
                    h1 { (t.model_calls_title()) }
                    p.mute { (t.model_calls_hint()) }
                    @if self.calls.is_empty() { p.empty { (t.model_calls_none()) } } @else {
                        table {
                            thead { tr { th { (t.audit_when()) } th { (t.model_call_by()) } th { (t.model_call_model()) } th { (t.model_call_tokens()) } th { (t.model_call_cost()) } th { (t.audit_ticket()) } th { (t.model_call_outcome()) } } }
                            tbody { @for (kept, number) in &self.calls { tr {
                                td data-label=(t.audit_when()) { a href=(frame.team.path(&format!("/model/{}", kept.id))) { time datetime=(kept.call.at.to_rfc3339()) { (frame.lens.exact(kept.call.at)) } } }
                                td data-label=(t.model_call_by()) { (by(kept)) }
                                td data-label=(t.model_call_model()) { bdi { (kept.call.model) } }
                                td data-label=(t.model_call_tokens()) { (kept.call.tokens_in) " + " (kept.call.tokens_out) }
                                td data-label=(t.model_call_cost()) { (cost(kept)) }
                                td data-label=(t.audit_ticket()) { @match number { Some(number) => (ticket(*number)), None => "–" } }
                                td data-label=(t.model_call_outcome()) { (outcome(frame, kept)) }
                            } } }
                        }
                    }
                    @if let Some(older) = &self.older { p { a.quiet href=(older) { (t.audit_older()) } } }
                }
            },
        )
    }
}

/// One call.
#[derive(Clone, Debug)]
pub struct ModelCallPage {
    /// The call.
    pub kept: KeptCall,
    /// Its ticket's number.
    pub ticket: Option<i64>,
    /// What was said; none: it is not kept.
    pub exchange: Option<ModelExchange>,
}

impl ModelCallPage {
    /// The page.
    #[must_use]
    pub fn draw(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        debug_assert_eq!(frame.place, Place::Settings);
        let call = &self.kept.call;
        let title = t.model_call_of(self.kept.id);
        frame.page(
            &title,
            "plain",
            &html! {
                main.sheet.audit.exchange #main {
                    p.mute {
                        a href=(frame.team.path("/model")) { (t.model_calls_title()) }
                        @if let Some(number) = self.ticket { " / " a href=(frame.team.path(&format!("/tickets/{number}"))) { "#" (number) } }
                    }
                    h1 { (title) }
                    dl {
                        dt { (t.audit_when()) } dd { time datetime=(call.at.to_rfc3339()) { (frame.lens.exact(call.at)) } }
                        dt { (t.model_call_by()) } dd { (by(&self.kept)) }
                        dt { (t.model_call_model()) } dd { bdi { (call.model) } }
                        dt { (t.model_call_tokens()) } dd { (t.model_call_tokens_of(call.tokens_in, call.tokens_out)) }
                        dt { (t.model_call_cost()) } dd { (cost(&self.kept)) }
                        dt { (t.model_call_time()) } dd { (call.duration_ms) " ms" }
                        dt { (t.model_call_outcome()) } dd { (outcome(frame, &self.kept)) }
                    }
                    @match &self.exchange {
                        None => p.empty { (t.model_call_gone()) },
                        Some(exchange) => {
                            (said(t.model_call_instructions(), &exchange.instructions))
                            @for (number, input) in (1_i64..).zip(&exchange.inputs) { (said(&t.model_call_input(number), input)) }
                            @match &exchange.answer {
                                Some(answer) => (said(t.model_call_answer(), answer)),
                                None => p.empty { (t.model_call_no_answer()) },
                            }
                        }
                    }
                }
            },
        )
    }
}

fn said(head: &str, text: &str) -> Markup {
    html! { section { h2 { (head) } pre dir="auto" tabindex="0" aria-label=(head) { (text) } } }
}

fn by(kept: &KeptCall) -> Markup {
    html! { bdi { (kept.call.plugin) } " " span.mute { (kept.call.version) } }
}

fn cost(kept: &KeptCall) -> String {
    if kept.call.currency.is_empty() {
        "–".to_owned()
    } else {
        format!("{} {}", Decimal(kept.call.cost), kept.call.currency)
    }
}

fn outcome(frame: &Frame, kept: &KeptCall) -> Markup {
    html! { @if kept.call.outcome == "ok" { (frame.lang().model_call_ok()) } @else { bdi { (kept.call.outcome) } } }
}
