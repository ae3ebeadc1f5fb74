//! What works and what does not: mailboxes, plugins, incidents, work that gave up.

use super::frame::Frame;
use super::icon;
use maud::{Markup, html};
use posthouse_model::Timestamp;
use posthouse_model::decision::World;

/// One mailbox.
#[derive(Clone, Debug)]
pub struct MailboxRow {
    /// Its address.
    pub address: String,
    /// `IMAP imap.example.com`, `Maildir`.
    pub way_in: String,
    /// `SMTP …`, `files`, none.
    pub way_out: Option<String>,
    /// Fetching is on.
    pub active: bool,
    /// What is wrong, for a person.
    pub trouble: Option<String>,
    /// Mails that a long catch-up has yet to fetch.
    pub left: Option<u64>,
    /// When it was last fetched.
    pub fetched_at: Option<Timestamp>,
    /// For mailboxes that sign in with a code from their provider.
    pub sign_in: Option<SignIn>,
}

/// Signing in to a mailbox from the desk.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// The mailbox's name, for the form.
    pub mailbox: String,
    /// Its provider gives codes for other devices.
    pub by_code: bool,
    /// Its provider takes browsers, and sends them back to this address.
    pub by_browser: Option<String>,
    /// How it stands.
    pub stands: SignInStands,
}

/// How a sign-in stands.
#[derive(Clone, Debug)]
pub enum SignInStands {
    /// Nobody has begun one.
    Not,
    /// The provider is being asked for a code.
    Asked,
    /// A person has to enter a code.
    Waiting {
        /// The code.
        code: String,
        /// Where.
        address: String,
        /// Until when.
        until: Timestamp,
    },
    /// A person agreed in a browser, then; the worker has yet to complete it.
    Agreed(Timestamp),
    /// It worked, then.
    Done(Timestamp),
    /// It came to nothing: why.
    Failed(String),
}

/// One installed plugin.
#[derive(Clone, Debug)]
pub struct PluginRow {
    /// Its name in this team.
    pub name: String,
    /// What it is for.
    pub world: World,
    /// Its version.
    pub version: String,
    /// SHA-256 of the program.
    pub digest: String,
    /// Hosts it may call.
    pub hosts: Vec<String>,
    /// It may call the client's model.
    pub model: bool,
    /// Cut off since then, because it kept failing.
    pub cut_off: Option<Timestamp>,
}

/// Something stuck or silent.
#[derive(Clone, Debug)]
pub struct IncidentRow {
    /// What, to what, what now.
    pub text: String,
    /// Since when.
    pub since: Timestamp,
}

/// Work that was tried as often as allowed.
#[derive(Clone, Debug)]
pub struct FailedJobRow {
    /// Its kind.
    pub kind: String,
    /// Why.
    pub error: String,
    /// How often tried.
    pub tries: u64,
    /// When it gave up.
    pub at: Timestamp,
}

/// The page.
#[derive(Clone, Debug)]
pub struct StatusPage {
    /// Open incidents.
    pub incidents: Vec<IncidentRow>,
    /// All mailboxes.
    pub mailboxes: Vec<MailboxRow>,
    /// All plugins.
    pub plugins: Vec<PluginRow>,
    /// Work that gave up.
    pub failed: Vec<FailedJobRow>,
}

impl SignIn {
    fn draw(&self, frame: &Frame, address: &str) -> Markup {
        let t = frame.lang();
        let is_admin = frame.me.role.may_administer();
        html! {
            @match &self.stands {
                SignInStands::Not => {}
                SignInStands::Asked => p { (t.sign_in_asked()) " " a href=(frame.team.path("/status")) { (t.sign_in_look_again()) } },
                // The address is the provider's own word: it is shown as a link only when it is one.
                SignInStands::Waiting { code, address: at, until } if is_admin => {
                    p { (t.sign_in_open()) " " @if at.starts_with("https://") { a href=(at) rel="noreferrer noopener" target="_blank" { (at) } } @else { bdi { (at) } } }
                    p { (t.sign_in_enter()) " " b { code { (code) } } " " (t.sign_in_as(address)) }
                    p.mute { (t.sign_in_until(frame.lens.clock(*until))) " " a href=(frame.team.path("/status")) { (t.sign_in_look_again()) } }
                }
                SignInStands::Waiting { .. } => p.mute { (t.sign_in_waiting()) },
                SignInStands::Agreed(_) => p { (t.sign_in_agreed()) " " a href=(frame.team.path("/status")) { (t.sign_in_look_again()) } },
                SignInStands::Done(at) => p.mute { (icon::tick()) (t.sign_in_done(frame.lens.exact(*at))) },
                SignInStands::Failed(words) => p { span.alarm { (icon::warn()) (t.sign_in_failed()) } " " (words) },
            }
            @if is_admin {
                @if let Some(back) = &self.by_browser {
                    (self.begin(frame, "/status/sign-in/browser", t.sign_in_by_browser()))
                    p.mute.below { (t.sign_in_returns_to(back)) }
                }
                @if self.by_code { (self.begin(frame, "/status/sign-in", t.sign_in_by_code())) }
            }
        }
    }
}

impl SignIn {
    fn begin(&self, frame: &Frame, path: &str, words: &str) -> Markup {
        frame.post(
            &frame.team.path(path),
            "",
            &html! {
                input type="hidden" name="mailbox" value=(self.mailbox);
                button.quiet { (words) }
            },
        )
    }
}

/// The step between the desk and a mailbox's provider. The desk's own policy lets no form lead anywhere else, so the form ends here, and
/// the browser goes on by itself or by the link.
#[derive(Clone, Debug)]
pub struct LeavePage {
    /// The mailbox's address.
    pub mailbox: String,
    /// The provider's host.
    pub host: String,
    /// Where the browser goes on to.
    pub url: String,
}

impl LeavePage {
    /// The page.
    #[must_use]
    pub fn draw(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        frame.page(
            &t.sign_in_leaving(&self.mailbox),
            "plain",
            &html! {
                main.sheet #main {
                    h1 { (t.sign_in_leaving(&self.mailbox)) }
                    p { (t.sign_in_leaving_hint(&self.host, &self.mailbox)) }
                    p { a.solid href=(self.url) rel="noreferrer" { (t.sign_in_go_on(&self.host)) } }
                }
            },
        )
    }
}

impl StatusPage {
    /// Whether somebody's browser has just come back: since then, within `recently`, and the worker is at it.
    #[must_use]
    pub fn is_completing(&self, now: Timestamp, recently: std::time::Duration) -> bool {
        self.mailboxes.iter().any(|m| {
            matches!(&m.sign_in, Some(SignIn { stands: SignInStands::Agreed(at), .. }) if now.since(*at) < recently)
        })
    }

    /// The page.
    #[must_use]
    pub fn draw(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        frame.page(
            t.status_title(),
            "plain",
            &html! {
                main.sheet #main {
                    h1 { (t.status_title()) }
                    (self.incidents(frame))
                    (self.mailboxes(frame))
                    (self.plugins(frame))
                    (self.failed(frame))
                }
            },
        )
    }

    fn incidents(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        html! {
            @if self.incidents.is_empty() && frame.host.is_some() {
            } @else if self.incidents.is_empty() {
                p.well { (icon::tick()) (t.status_all_well()) }
            } @else {
                section { h2 { (t.status_incidents()) }
                    ul.incidents { @for i in &self.incidents { li { (icon::warn()) span { (i.text) } span.mute { (t.incident_since(frame.lens.exact(i.since))) } } } }
                }
            }
        }
    }

    fn mailboxes(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        html! {
            section { h2 { (t.mailboxes()) }
                @if self.mailboxes.is_empty() { p.mute { (t.mailboxes_none()) } } @else {
                    table {
                        thead { tr { th { (t.mailbox_address()) } th { (t.mailbox_state()) } th { (t.mailbox_in()) } th { (t.mailbox_out()) } th.num { (t.mailbox_last()) } } }
                        tbody { @for m in &self.mailboxes { tr {
                            td data-label=(t.mailbox_address()) { b { bdi { (m.address) } } }
                            td data-label=(t.mailbox_state()) {
                                @if let Some(trouble) = &m.trouble { span.alarm { (icon::warn()) (trouble) } }
                                @else if m.active { (icon::tick()) (t.mailbox_well()) } @else { span.mute { (t.mailbox_off()) } }
                                @if let Some(left) = m.left { span.mute.below { (t.mailbox_left(left)) } }
                                @if let Some(sign_in) = &m.sign_in { (sign_in.draw(frame, &m.address)) }
                            }
                            td data-label=(t.mailbox_in()) { (m.way_in) }
                            td data-label=(t.mailbox_out()) { (m.way_out.as_deref().unwrap_or(t.mailbox_no_way_out())) }
                            td.num data-label=(t.mailbox_last()) { @match m.fetched_at { Some(at) => (frame.lens.relative(at)), None => span.mute { (t.mailbox_never()) } } }
                        } } }
                    }
                }
            }
        }
    }

    fn plugins(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        html! {
            section { h2 { (t.plugins_title()) }
                @if self.plugins.is_empty() { p.mute { (t.plugins_none()) } } @else {
                    p.mute { (t.plugins_hint()) }
                    table {
                        thead { tr { th { (t.plugin_name()) } th { (t.plugin_does()) } th { (t.plugin_version()) } th { (t.plugin_may()) } } }
                        tbody { @for p in &self.plugins { tr {
                            td data-label=(t.plugin_name()) {
                                b { (p.name) }
                                @if let Some(since) = p.cut_off { " " span.alarm { (icon::warn()) (t.plugin_cut_off(frame.lens.exact(since))) } }
                            }
                            td data-label=(t.plugin_does()) { (t.world(p.world)) }
                            td data-label=(t.plugin_version()) { (p.version) " " code.mute title=(p.digest) { (p.digest.chars().take(8).collect::<String>()) } }
                            td data-label=(t.plugin_may()) {
                                @if p.hosts.is_empty() && !p.model { span.mute { (t.plugin_may_nothing()) } }
                                @if p.model { span { (t.may_model()) } " " }
                                @for host in &p.hosts { span { (host) } " " }
                            }
                        } } }
                    }
                }
            }
        }
    }

    fn failed(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        html! {
            @if !self.failed.is_empty() {
                section { h2 { (t.jobs_failed()) } p.mute { (t.jobs_failed_hint()) }
                    table {
                        thead { tr { th { (t.job_kind()) } th { (t.job_error()) } th.num { (t.job_tries()) } } }
                        tbody { @for j in &self.failed { tr {
                            td data-label=(t.job_kind()) { (j.kind) " " span.mute { (frame.lens.relative(j.at)) } }
                            td data-label=(t.job_error()) { (j.error) }
                            td.num data-label=(t.job_tries()) { (j.tries) }
                        } } }
                    }
                }
            }
        }
    }
}
