//! Above the editor: what sets marks. Below it: the mail as the customer will see it.

use super::frame::Frame;
use crate::assets;
use maud::{Markup, html};

/// Buttons that put marks around what is selected. Without script the marks are typed.
pub(crate) fn marks(frame: &Frame) -> Markup {
    let t = frame.lang();
    html! {
        div.marks role="toolbar" data-script=(assets::WRITING.path()) aria-label=(t.rich_marks()) aria-controls="body" {
            button.plain type="button" data-mark="**" aria-label=(t.rich_bold()) title=(format!("{} · Ctrl b", t.rich_bold())) { b { "B" } }
            button.plain type="button" data-mark="_" aria-label=(t.rich_italic()) title=(format!("{} · Ctrl i", t.rich_italic())) { i { "I" } }
            button.plain type="button" data-mark="- " aria-label=(t.rich_list()) title=(t.rich_list()) { "•–" }
            button.plain type="button" data-mark="[" data-words=(t.rich_link_words()) aria-label=(t.rich_link()) title=(format!("{} · Ctrl k", t.rich_link())) { u { "a" } }
            span.mute { (t.rich_hint()) }
        }
    }
}

/// The frame that a button posts the editor's text into; the desk answers with the mail's HTML. With script, opening it is enough.
pub(crate) fn preview(frame: &Frame, action: &str) -> Markup {
    let t = frame.lang();
    html! {
        details.as-mail {
            summary { (t.rich_preview()) }
            button.quiet formaction=(action) formtarget="reply-preview" formnovalidate { (t.rich_preview_now()) }
            // An empty frame costs as much as half of the page whenever a ticket is opened: it comes when it is wanted. Without script the
            // mail is shown in a tab of that name.
            template { iframe name="reply-preview" sandbox="allow-popups allow-popups-to-escape-sandbox" referrerpolicy="no-referrer" title=(t.rich_preview_frame()) {} }
        }
    }
}
