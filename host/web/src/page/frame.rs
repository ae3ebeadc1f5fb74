//! What every page of a team has around it: rail, notices, undo bar, key sheet.

use super::bulk::BulkBar;
use super::icon;
use super::when::Lens;
use crate::assets;
use crate::deps::HostTrouble;
use crate::words::Lang;
use maud::{DOCTYPE, Markup, html};
use posthouse_model::Timestamp;
use posthouse_model::role::Role;

/// Light, dark, or what the device says. Kept per device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the device.
    #[default]
    Auto,
    /// Ink on paper.
    Light,
    /// Paper on ink.
    Dark,
}

impl Theme {
    /// All, in the order shown.
    pub const ALL: [Self; 3] = [Self::Auto, Self::Light, Self::Dark];

    /// As in the cookie and the page's attribute.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// From the cookie; anything unknown is the device's.
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        Self::ALL.into_iter().find(|t| t.as_str() == name).unwrap_or_default()
    }
}

/// One client, as its people call it.
#[derive(Clone, Debug)]
pub struct Team {
    /// In addresses.
    pub slug: String,
    /// On pages.
    pub name: String,
}

impl Team {
    /// `/t/{slug}` and what follows; `rest` begins with `/` or is empty.
    #[must_use]
    pub fn path(&self, rest: &str) -> String {
        format!("/t/{}{rest}", self.slug)
    }
}

/// Who reads the page.
#[derive(Clone, Debug)]
pub struct Me {
    /// Shown.
    pub name: String,
    /// Signs in with.
    pub email: String,
    /// May do what.
    pub role: Role,
    /// May look through the record of the whole team.
    pub audits: bool,
}

/// Where in the desk a page stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// List and review page.
    Tickets,
    /// Mail that became no ticket.
    Messages,
    /// What drafters and agents look up.
    Knowledge,
    /// What works and what does not.
    Status,
    /// Notes that speak to the reader.
    Mentions,
    /// What runs and what may follow; for admins.
    Plugins,
    /// One's own account.
    Account,
    /// Who works here; for admins.
    People,
    /// What was done; for who may audit.
    Audit,
    /// What the team has set up; for leads and admins.
    Settings,
    /// How far categories are answered by themselves; for leads and admins.
    Autonomy,
}

/// A sentence above the page about what was just done or refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Something was not done.
    pub refused: bool,
    /// The sentence.
    pub text: String,
}

/// A reply that can still be taken back.
#[derive(Clone, Debug)]
pub struct UndoBar {
    /// Its ticket.
    pub number: i64,
    /// Its outbox row.
    pub outbox: i64,
    /// To whom.
    pub customer: String,
    /// Until when.
    pub until: Timestamp,
}

/// Something just done that one click takes back.
#[derive(Clone, Debug)]
pub struct Back {
    /// Path of the form, within the team.
    pub path: String,
    /// A field and its value.
    pub field: Option<(&'static str, String)>,
}

/// What every page of a team knows.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Language, zone, moment.
    pub lens: Lens,
    /// Whose desk.
    pub team: Team,
    /// Who reads.
    pub me: Me,
    /// Token of every form.
    pub csrf: String,
    /// Light or dark.
    pub theme: Theme,
    /// Where in the desk.
    pub place: Place,
    /// Open incidents.
    pub troubles: u64,
    /// What is wrong with the host.
    pub host: Option<HostTrouble>,
    /// Path and query of this page, to come back to.
    pub here: String,
    /// What was just done.
    pub note: Option<Note>,
    /// What can be taken back.
    pub undo: Option<UndoBar>,
    /// What the note says was done can be taken back.
    pub back: Option<Back>,
    /// Notes that speak to the reader and are new to her.
    pub mentions: u64,
    /// What was just done with many tickets.
    pub bulk: Option<BulkBar>,
}

impl Frame {
    /// The reader's language.
    #[must_use]
    pub fn lang(&self) -> Lang {
        self.lens.lang
    }

    /// A form that posts, with its token.
    pub(crate) fn post(&self, action: &str, class: &str, inside: &Markup) -> Markup {
        html! {
            form method="post" action=(action) class=(class) {
                input type="hidden" name="csrf" value=(self.csrf);
                (inside)
            }
        }
    }

    /// The whole document around a page's columns.
    pub(crate) fn page(&self, title: &str, class: &str, columns: &Markup) -> Markup {
        let t = self.lang();
        let title = format!("{title} · {}", self.team.name);
        document(
            t,
            self.theme,
            &title,
            &html! {
                body.desk.(class) data-team=(self.team.path("")) data-csrf=(self.csrf) {
                    a.skip href="#main" { (t.skip_to_ticket()) }
                    (self.rail())
                    (columns)
                    (self.notices())
                    (key_sheet(t))
                    (palette(t))
                }
            },
        )
    }

    fn rail(&self) -> Markup {
        let t = self.lang();
        let place = |place: Place, path: &str, icon: Markup, name: &str| {
            html! {
                a.place href=(self.team.path(path)) aria-current=[(self.place == place).then_some("page")] {
                    (icon) span { (name) }
                }
            }
        };
        html! {
            nav.rail aria-label=(t.places()) {
                a.sign href=(self.team.path("/tickets")) title=(self.team.name) aria-label=(self.team.name) { "驿" }
                (place(Place::Tickets, "/tickets", icon::tray(), t.place_tickets()))
                // Not seen while there are none; the stream of counts brings it (`route::live`).
                a.place.mentions href=(self.team.path("/mentions")) data-view="mentions" aria-current=[(self.place == Place::Mentions).then_some("page")] {
                    (icon::at()) span { (t.mentions()) }
                    b.trouble.n.none[self.mentions == 0] title=[(self.mentions > 0).then(|| t.mentions_n(self.mentions))] { (self.mentions) }
                }
                (place(Place::Messages, "/messages", icon::ledger(), t.place_messages()))
                (place(Place::Knowledge, "/knowledge", icon::book(), t.place_knowledge()))
                a.place href=(self.team.path("/status")) aria-current=[(self.place == Place::Status).then_some("page")] {
                    (icon::pulse()) span { (t.place_status()) }
                    @if self.troubles > 0 { b.trouble title=(t.troubles_seen()) { (self.troubles) } }
                }
                @if self.me.role == Role::Admin { (place(Place::Plugins, "/plugins", icon::plug(), t.place_plugins())) }
                @if self.me.role == Role::Admin { span.only-wide { (place(Place::People, "/people", icon::people(), t.people_place())) } }
                @if self.me.role.may_lead() { span.only-wide { (place(Place::Settings, "/settings", icon::sliders(), t.place_settings())) } }
                @if self.me.role.may_lead() { span.only-wide { (place(Place::Autonomy, "/autonomy", icon::stairs(), t.autonomy_place())) } }
                @if self.me.audits { span.only-wide { (place(Place::Audit, "/audit", icon::seal(), t.audit_place())) } }
                button.place.keys type="button" data-open="keys" hidden { (icon::keyboard()) span { (t.place_keys()) } }
                span.gap {}
                (self.post(&self.team.path("/me/language"), "switch", &html! {
                    input type="hidden" name="back" value=(self.here);
                    button.place name="language" value=(t.other().code()) lang=(t.other().html()) title=(t.switch_language_label()) {
                        (icon::globe()) span { (t.switch_language()) }
                    }
                }))
                details.menu.up {
                    // Pages that a phone reaches from here alone.
                    @let beneath = matches!(self.place, Place::Account | Place::People | Place::Settings | Place::Autonomy | Place::Audit);
                    summary.place.beneath[beneath] { (icon::person()) span { (t.me()) } }
                    div.card {
                        p.who { b { (self.me.name) } br; span.mute { (self.me.email) } br; span.mute { (t.role(self.me.role)) } }
                        button.quiet.only-thin type="button" data-open="palette" hidden { (t.palette()) }
                        a.quiet href=(self.team.path("/account")) aria-current=[(self.place == Place::Account).then_some("page")] { (t.account_open()) }
                        // On a phone the rail has no room for these.
                        @if self.me.role == Role::Admin { a.quiet.only-thin href=(self.team.path("/people")) { (t.people_place()) } }
                        @if self.me.role.may_lead() { a.quiet.only-thin href=(self.team.path("/settings")) { (t.settings_title()) } }
                        @if self.me.role.may_lead() { a.quiet.only-thin href=(self.team.path("/autonomy")) { (t.autonomy_title()) } }
                        @if self.me.audits { a.quiet.only-thin href=(self.team.path("/audit")) { (t.audit_place()) } }
                        (self.post(&self.team.path("/me/theme"), "themes", &html! {
                            input type="hidden" name="back" value=(self.here);
                            p.mute { (t.theme()) }
                            div.choices {
                                @for theme in Theme::ALL {
                                    button.quiet name="theme" value=(theme.as_str()) aria-pressed=(if theme == self.theme { "true" } else { "false" }) {
                                        (match theme { Theme::Auto => t.theme_auto(), Theme::Light => t.theme_light(), Theme::Dark => t.theme_dark() })
                                    }
                                }
                            }
                        }))
                        (self.post(&self.team.path("/sign-out"), "", &html! { button.quiet { (t.sign_out()) } }))
                    }
                }
            }
        }
    }

    fn notices(&self) -> Markup {
        let t = self.lang();
        html! {
            div.notices #notices role="status" aria-live="polite" {
                @if let Some(trouble) = self.host {
                    p.note.refused #host-trouble { (icon::warn()) (t.host_trouble(trouble)) }
                }
                @if let Some(note) = &self.note {
                    div.note.refused[note.refused] {
                        @if note.refused { (icon::warn()) } @else { (icon::tick()) }
                        (note.text)
                        @if let Some(back) = &self.back {
                            (self.post(&self.team.path(&back.path), "take-back", &html! {
                                @if let Some((name, value)) = &back.field { input type="hidden" name=(name) value=(value); }
                                button.quiet { (t.undo()) kbd { "z" } }
                            }))
                        }
                    }
                }
                @if let Some(bulk) = &self.bulk { (bulk.draw(self)) }
                @if let Some(undo) = &self.undo {
                    (self.post(&self.team.path(&format!("/tickets/{}/undo", undo.number)), "undo", &html! {
                        input type="hidden" name="outbox" value=(undo.outbox);
                        span.counting data-until-ms=(undo.until.0 / 1_000) data-now-ms=(self.lens.now.0 / 1_000) data-words=(t.undo_counting(&undo.customer)) data-unit=(t.seconds("").trim()) {
                            (t.undo_until(self.lens.clock_seconds(undo.until)))
                        }
                        button.quiet { (t.undo()) kbd { "z" } }
                    }))
                }
            }
        }
    }
}

/// The document: head and body.
pub(crate) fn document(lang: Lang, theme: Theme, title: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(lang.html()) data-theme=(theme.as_str()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="same-origin";
                title { (title) }
                link rel="icon" href=(assets::ICON.path()) type="image/svg+xml";
                link rel="stylesheet" href=(assets::STYLE.path());
                script src=(assets::SCRIPT.path()) defer {}
            }
            (body)
        }
    }
}

fn key_sheet(t: Lang) -> Markup {
    let keys: &[(&str, &str)] = &[
        ("j", t.keys_next()),
        ("k", t.keys_previous()),
        ("Enter", t.keys_open()),
        ("u", t.keys_back()),
        ("e", t.keys_edit()),
        ("r", t.keys_reply()),
        ("1 2 3", t.keys_draft()),
        ("a", t.keys_approve()),
        ("A", t.keys_approve_next()),
        ("Ctrl Enter", t.keys_approve_next()),
        ("q", t.keys_ask()),
        ("Ctrl s", t.keys_save()),
        ("d", t.keys_later()),
        ("y", t.keys_blocks()),
        ("g", t.keys_macro()),
        ("f", t.keys_difference()),
        ("o", t.keys_misfit()),
        ("m", t.keys_note()),
        ("z", t.keys_undo()),
        ("h", t.keys_handled()),
        ("!", t.keys_spam()),
        ("s", t.keys_take()),
        ("i", t.keys_assign()),
        ("b", t.keys_snooze()),
        ("c", t.keys_category()),
        ("p", t.keys_priority()),
        ("t", t.keys_tag()),
        ("1 … 9", t.keys_menu()),
        ("x", t.keys_pick()),
        ("X", t.keys_pick_range()),
        ("n", t.keys_fresh()),
        ("/", t.keys_search()),
        ("Ctrl k", t.keys_palette()),
        ("Esc", t.keys_leave()),
        ("?", t.keys_sheet()),
    ];
    html! {
        dialog #keys aria-labelledby="keys-title" {
            form method="dialog" {
                header { h2 #keys-title { (t.keys_title()) } button.quiet aria-label=(t.close()) { "Esc" } }
                dl.keys {
                    @for (key, does) in keys {
                        div { dt { @for k in key.split(' ') { kbd { (k) } } } dd { (does) } }
                    }
                }
                label.single { input type="checkbox" #single-keys checked; span { (t.keys_single()) br; span.mute { (t.keys_single_note()) } } }
            }
        }
    }
}

/// All that can be done from a page, found by its name. The script fills it with what the page offers.
fn palette(t: Lang) -> Markup {
    html! {
        dialog #palette aria-label=(t.palette()) data-none=(t.palette_none()) data-search=(t.palette_search("{}")) data-open-ticket=(t.palette_open("{}")) {
            input type="text" role="combobox" aria-expanded="true" aria-controls="palette-list" aria-autocomplete="list" aria-label=(t.palette()) placeholder=(t.palette_hint()) maxlength="200" autocomplete="off" spellcheck="false";
            ul #palette-list role="listbox" aria-label=(t.palette()) {}
            p.mute role="status" {}
        }
    }
}
