//! Beside the mail: what was read from it, what is known, why it is here, what happened.

use super::frame::Frame;
use super::ticket::TicketPane;
use super::trail;
use crate::text::highlight::percent;
use crate::words::Lang;
use maud::{Markup, html};
use posthouse_model::Timestamp;
use posthouse_model::ticket::TicketStatus;
use posthouse_model::triage::{EntityValue, Order};

/// One thing that happened, from the audit chain.
#[derive(Clone, Debug)]
pub struct Happening {
    /// When.
    pub at: Timestamp,
    /// `noun.verb`.
    pub kind: String,
    /// `agent:…`, `host:…`, `operator`.
    pub actor: String,
    /// A few words about it, when the event carries any.
    pub detail: Option<String>,
}

/// The side column.
pub(crate) fn draw(frame: &Frame, pane: &TicketPane) -> Markup {
    let t = frame.lang();
    html! {
        aside.side aria-label=(t.details_title()) {
            (customer(frame, pane))
            (tags(frame, pane))
            (siblings(frame, pane))
            @if !pane.entities.is_empty() {
                section.block { h2 { (t.found_title()) }
                    dl.facts { @for entity in &pane.entities { div {
                        dt { (t.entity_kind(entity.value.kind())) }
                        dd {
                            bdi { (entity.value.text()) }
                            @if let EntityValue::TrackingNumber { carrier: Some(carrier), .. } = &entity.value { span.mute { " " (carrier) } }
                            @if percent(entity.confidence) < 90 { span.mute { " " (t.sure(percent(entity.confidence))) } }
                            @if entity.span.is_none() { span.mute { " " (t.inferred()) } }
                        }
                    } } }
                }
            }
            @if !pane.orders.is_empty() || !pane.facts.is_empty() {
                section.block { h2 { (t.known_title()) }
                    @for order in &pane.orders { (self::order(t, order)) }
                    dl.facts { @for fact in &pane.facts { div { dt { (fact.label) } dd { bdi { (fact.value) } } } } }
                }
            }
            (trail::draw(frame, &pane.trail))
            (history(frame, &pane.events))
        }
    }
}

fn customer(frame: &Frame, pane: &TicketPane) -> Markup {
    let t = frame.lang();
    let all = format!(
        "?view=all&q={}",
        url::form_urlencoded::byte_serialize(pane.customer.address.as_bytes()).collect::<String>()
    );
    html! {
        section.block.customer { h2 { (t.customer()) }
            p { b { (t.person(&pane.customer)) } }
            p.mute { bdi { (pane.customer.address) } }
            p { a href=(frame.team.path(&format!("/tickets{all}"))) { (t.all_of_customer()) } }
        }
    }
}

fn tags(frame: &Frame, pane: &TicketPane) -> Markup {
    let t = frame.lang();
    let may = frame.me.role.may_act() && pane.merged_into.is_none();
    html! {
        @if may || !pane.tags.is_empty() {
            section.block.labels { h2 { (t.tags_title()) }
                @if !pane.tags.is_empty() { ul.tags aria-label=(t.tags_title()) { @for tag in &pane.tags { li {
                    @let words = t.tag_name(tag, pane.category.as_deref());
                    span title=[(words != *tag).then_some(tag)] { (words) }
                    @if may { (pane.post(frame, "untag", "inline", &html! { button name="tag" value=(tag) aria-label=(t.tag_remove(&words)) title=(t.tag_remove(&words)) { "×" } })) }
                } } } }
                @if may {
                    (pane.post(frame, "tag", "one-line", &html! {
                        input #tag-new name="tag" required maxlength="60" autocomplete="off" data-keeps=(format!("tag/{}", pane.number)) placeholder=(t.tag_new()) aria-label=(t.tag_new());
                        button.quiet { (t.tag_add()) }
                    }))
                }
            }
        }
    }
}

/// The customer's other tickets, and how this one becomes part of another. Nothing floats here: a card beside the column would
/// not fit a phone.
fn siblings(frame: &Frame, pane: &TicketPane) -> Markup {
    let t = frame.lang();
    let may = frame.me.role.may_act() && pane.merged_into.is_none() && pane.status != TicketStatus::Spam;
    html! {
        @if !pane.siblings.is_empty() || may {
            section.block.siblings {
                @if !pane.siblings.is_empty() { h2 { (t.siblings()) } }
                ul { @for other in &pane.siblings { li {
                    a href=(frame.team.path(&format!("/tickets/{}", other.number))) { span.num { "#" (other.number) } " " (if other.subject.is_empty() { t.no_subject() } else { &other.subject }) }
                    p.mute {
                        (t.status(other.status)) " · " (frame.lens.relative(other.at))
                        @if may { (pane.post(frame, "merge", "inline", &html! {
                            button.link name="into" value=(other.number) title=(t.merge_into(other.number)) { (t.merge_here()) }
                        })) }
                    }
                } } }
                @if may {
                    details.merge { summary { (t.merge_other()) }
                        (pane.post(frame, "merge", "own", &html! {
                            p.mute { (t.merge_what()) }
                            label.field { span { (t.merge_number()) } input name="into" required inputmode="numeric" pattern="#?[0-9]{1,15}" maxlength="16" autocomplete="off" data-keeps=(format!("merge/{}", pane.number)); }
                            button.quiet { (t.merge()) }
                        }))
                    }
                }
            }
        }
    }
}

fn order(t: Lang, order: &Order) -> Markup {
    html! {
        div.order {
            p { b { (t.order_number_short(&order.number)) } @if let Some(total) = &order.total { span.num { (total) } } }
            p.mute {
                @if let Some(status) = &order.status { span { (status) } }
                @if let Some(day) = &order.placed_on { span { (t.placed_on(day)) } }
                @if let Some(country) = &order.country { span { (country) } }
            }
            @if let Some(number) = &order.tracking_number { p.mute { bdi { (number) } @if let Some(carrier) = &order.carrier { " " (carrier) } } }
        }
    }
}

fn history(frame: &Frame, events: &[Happening]) -> Markup {
    let t = frame.lang();
    html! {
        details.block.history {
            summary { h2 { (t.events_title()) } }
            // What each plugin said, and why, stands under "why here".
            ol { @for event in events.iter().filter(|event| event.kind != "plugin.called") { li {
                span.mute.when { (frame.lens.relative(event.at)) }
                span { (t.event(&event.kind)) @if let Some(detail) = &event.detail { span.mute { " " (detail) } } span.mute { " · " (t.actor(&event.actor)) } }
            } } }
        }
    }
}
