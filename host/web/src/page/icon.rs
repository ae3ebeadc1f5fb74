//! Drawn signs. Every one is decoration: the word stands beside it or in the control's label.

use maud::{Markup, PreEscaped, html};

macro_rules! icons {
    ($($(#[$doc:meta])* $name:ident = $path:literal;)*) => {$(
        $(#[$doc])*
        pub(crate) fn $name() -> Markup {
            html! { svg.icon viewBox="0 0 20 20" aria-hidden="true" focusable="false" { (PreEscaped($path)) } }
        }
    )*};
}

icons! {
    /// An open letter tray.
    tray = r#"<path d="M3 11.5 5.2 4.6A1.2 1.2 0 0 1 6.3 3.8h7.4a1.2 1.2 0 0 1 1.1.8L17 11.5v3.7a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1z"/><path d="M3 11.5h4l1 2h4l1-2h4"/>"#;
    /// A ledger.
    ledger = r#"<path d="M5 3.5h9.5a.8.8 0 0 1 .8.8v12.2H6a1.5 1.5 0 0 1-1.5-1.5V4.2z"/><path d="M7.5 7h5M7.5 10h5M7.5 13h3"/>"#;
    /// A pulse.
    pulse = r#"<path d="M2.5 10.5h3.2l2-5.5 3.4 10 2.3-6.5.9 2h3.2"/>"#;
    /// A plug.
    plug = r#"<path d="M7 3.5V7M13 3.5V7M5 7h10v2.5a5 5 0 0 1-10 0zM10 14.5v2.5"/>"#;
    /// Two sliders.
    sliders = r#"<path d="M3 6.5h7.5M14.5 6.5H17M3 13.5h2.5M9.5 13.5H17"/><circle cx="12.5" cy="6.5" r="2"/><circle cx="7.5" cy="13.5" r="2"/>"#;
    /// A keyboard.
    keyboard = r#"<rect x="2.5" y="5.5" width="15" height="9.5" rx="1.5"/><path d="M5.5 8.5h.01M8.5 8.5h.01M11.5 8.5h.01M14.5 8.5h.01M6.5 12h7"/>"#;
    /// An open book.
    book = r#"<path d="M10 5.5C8.5 4.3 6.3 4 3.5 4v11c2.8 0 5 .3 6.5 1.5 1.5-1.2 3.7-1.5 6.5-1.5V4c-2.8 0-5 .3-6.5 1.5z"/><path d="M10 5.5v11"/>"#;
    /// A person.
    person = r#"<circle cx="10" cy="7" r="3"/><path d="M4 16.5c.6-3 3-4.3 6-4.3s5.4 1.3 6 4.3"/>"#;
    /// Two people.
    people = r#"<circle cx="7.5" cy="7.5" r="2.5"/><path d="M2.8 15.5c.5-2.5 2.3-3.7 4.7-3.7s4.2 1.2 4.7 3.7M12.5 5.2a2.4 2.4 0 0 1 0 4.6M14 12c1.8.4 2.9 1.6 3.2 3.5"/>"#;
    /// A road that climbs by steps.
    stairs = r#"<path d="M3 16h3.5v-3.5H10V9h3.5V5.5H17"/><path d="m14.5 3.5 2.5 2-2.5 2"/>"#;
    /// A seal on a line.
    seal = r#"<path d="M4 4h8M4 7.5h8M4 11h4"/><circle cx="13" cy="12.5" r="3"/><path d="m11.5 15 -.5 2.5 2-1 2 1-.5-2.5"/>"#;
    /// The world.
    globe = r#"<circle cx="10" cy="10" r="6.5"/><path d="M3.5 10h13M10 3.5c2 1.9 2.9 4 2.9 6.5s-.9 4.6-2.9 6.5c-2-1.9-2.9-4-2.9-6.5s.9-4.6 2.9-6.5z"/>"#;
    /// A magnifier.
    search = r#"<circle cx="9" cy="9" r="5"/><path d="m13 13 3.5 3.5"/>"#;
    /// Lines that narrow.
    filter = r#"<path d="M3.5 6h13M6 10h8M8.5 14h3"/>"#;
    /// Down.
    down = r#"<path d="m6 8 4 4 4-4"/>"#;
    /// Back.
    back = r#"<path d="M12 5 7 10l5 5"/>"#;
    /// A tick.
    tick = r#"<path d="m4.5 10.5 3.5 3.5 7.5-8"/>"#;
    /// Look at this.
    warn = r#"<path d="M10 3.5 17.3 16H2.7z"/><path d="M10 8.5v3.3M10 13.9h.01"/>"#;
    /// No entry.
    stop = r#"<circle cx="10" cy="10" r="6.5"/><path d="M6.5 10h7"/>"#;
    /// Three dots.
    dots = r#"<path d="M5 10h.01M10 10h.01M15 10h.01" stroke-width="2.4"/>"#;
    /// Taken down to this device.
    download = r#"<path d="M10 4v8M6.5 9 10 12.5 13.5 9M4.5 15.5h11"/>"#;
    /// A file.
    file = r#"<path d="M6 3.5h5.5L15 7v9.5H6z"/><path d="M11.5 3.5V7H15"/>"#;
    /// A way of letters: from us.
    reply = r#"<path d="M8 5.5 3.5 10 8 14.5"/><path d="M4 10h7.5c3 0 4.7 1.5 5 4.5"/>"#;
    /// A note that is pinned up.
    note = r#"<path d="M4 4h12v8l-4 4H4z"/><path d="M12 16v-4h4"/>"#;
    /// A clock.
    clock = r#"<circle cx="10" cy="10" r="6.5"/><path d="M10 6.5V10l2.5 1.8"/>"#;
    /// Somebody is spoken to.
    at = r#"<circle cx="10" cy="10" r="2.7"/><path d="M12.7 7.3v3.6c0 2.6 3.8 2.3 3.8-.9a6.5 6.5 0 1 0-2.6 5.2"/>"#;
    /// An arrow on.
    next = r#"<path d="M4 10h11M11 5.5l4.5 4.5-4.5 4.5"/>"#;
}
