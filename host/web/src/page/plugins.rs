//! The plugins of a team, for its admins: what runs, what waits to run, and what each release did. Every step of a release's
//! life is a form here.

use super::frame::{Frame, Place};
use super::icon;
use crate::words::Lang;
use maud::{Markup, html};
use posthouse_model::Timestamp;
use posthouse_model::decision::{LogLevel, World};
use posthouse_model::release::{ReleaseState, ReleaseUse, Stage, UploadState};
use posthouse_model::replay::ReplayReport;

/// One plugin on the list.
#[derive(Clone, Debug)]
pub struct PluginLine {
    /// Its name in this team.
    pub name: String,
    /// What it is for.
    pub world: World,
    /// The version that answers; none when nothing is active.
    pub version: Option<String>,
    /// Turned off in the set-up.
    pub off: bool,
    /// Cut off since then, because it kept failing.
    pub cut_off: Option<Timestamp>,
    /// What may follow: its version, how far it has got, its share in per cent.
    pub candidate: Option<(String, ReleaseState, u32)>,
}

/// A package that was handed in.
#[derive(Clone, Debug)]
pub struct UploadLine {
    /// What its file was called.
    pub file: String,
    /// When.
    pub at: Timestamp,
    /// How far it has got.
    pub state: UploadState,
    /// The plugin that it became a release of, and the release's number.
    pub became: Option<(String, i64)>,
    /// Why it was refused.
    pub problem: Option<String>,
}

/// The list.
#[derive(Clone, Debug)]
pub struct PluginsPage {
    /// In the order in which they are called.
    pub plugins: Vec<PluginLine>,
    /// Packages that were handed in lately, the newest first.
    pub uploads: Vec<UploadLine>,
}

/// One release.
#[derive(Clone, Debug)]
pub struct ReleaseLine {
    /// Its number.
    pub number: i64,
    /// The plugin's own version.
    pub version: String,
    /// SHA-256 of the program.
    pub digest: String,
    /// Where it came from; empty: with the team's folder.
    pub source: String,
    /// How far it has got.
    pub state: ReleaseState,
    /// Per cent of the tickets, as a canary.
    pub share: u32,
    /// When it was installed.
    pub created_at: Timestamp,
    /// Why it was taken back or given up.
    pub reason: Option<String>,
    /// What it did.
    pub used: Vec<ReleaseUse>,
}

/// A line of the plugin's log.
#[derive(Clone, Debug)]
pub struct LogLine {
    /// When.
    pub at: Timestamp,
    /// How much it matters.
    pub level: LogLevel,
    /// Which release.
    pub release: i64,
    /// As what it was called.
    pub stage: Stage,
    /// What it says.
    pub text: String,
}

/// One plugin.
#[derive(Clone, Debug)]
pub struct PluginPage {
    /// Its name in this team.
    pub name: String,
    /// What it is for.
    pub world: World,
    /// Its releases, the newest first.
    pub releases: Vec<ReleaseLine>,
    /// What the last replay of the candidate found.
    pub replay: Option<ReplayReport>,
    /// A replay is under way or waits.
    pub replaying: bool,
    /// What it may do, in words.
    pub may: Vec<String>,
    /// The newest lines of its log, oldest first.
    pub log: Vec<LogLine>,
}

/// Shares that are one click away, in per cent.
const SHARES: [u32; 4] = [1, 10, 25, 50];

impl PluginsPage {
    /// The page.
    #[must_use]
    pub fn draw(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        frame.page(
            t.plugins_title(),
            "plain",
            &html! {
                main.sheet #main {
                    h1 { (t.plugins_title()) }
                    p.mute { (t.plugins_lead()) }
                    (self.hand_in(frame))
                    div data-part="plugins" { @if self.plugins.is_empty() { p.empty { (t.plugins_none()) } } @else {
                        table {
                            thead { tr { th { (t.plugin_name()) } th { (t.plugin_does()) } th { (t.plugin_answers()) } th { (t.plugin_next()) } } }
                            tbody { @for p in &self.plugins { tr {
                                td data-label=(t.plugin_name()) {
                                    a href=(frame.team.path(&format!("/plugins/{}", p.name))) { b { (p.name) } }
                                    @if p.off { " " span.mute { (t.plugin_off()) } }
                                    @if let Some(since) = p.cut_off { " " span.alarm { (icon::warn()) (t.plugin_cut_off(frame.lens.exact(since))) } }
                                }
                                td data-label=(t.plugin_does()) { (t.world(p.world)) }
                                td data-label=(t.plugin_answers()) { @match &p.version { Some(version) => (version), None => span.mute { "–" } } }
                                td data-label=(t.plugin_next()) { @match &p.candidate {
                                    Some((version, state, share)) => { (version) " · " (state_words(t, *state, *share)) }
                                    None => span.mute { "–" }
                                } }
                            } } }
                        }
                    } }
                }
            },
        )
    }

    fn hand_in(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        html! {
            section.hand-in {
                form method="post" action=(frame.team.path("/plugins")) enctype="multipart/form-data" {
                    input type="hidden" name="csrf" value=(frame.csrf);
                    label for="package" { (t.hand_in_label()) }
                    input #package type="file" name="package" accept=".phx" required;
                    button.quiet { (t.hand_in_button()) }
                }
                div data-part="uploads" data-coming[self.uploads.iter().any(|upload| upload.state == UploadState::Waiting)] { @for upload in &self.uploads { p.upload {
                    bdi { (upload.file) } " " span.mute { (frame.lens.relative(upload.at)) } " · "
                    @match (upload.state, &upload.became) {
                        (UploadState::Installed, Some((plugin, release))) => {
                            a href=(frame.team.path(&format!("/plugins/{plugin}"))) { (t.upload_installed(plugin, release)) }
                        }
                        (UploadState::Refused, _) => { span.alarm { (icon::warn()) (t.upload_refused()) } " " (upload.problem.as_deref().unwrap_or_default()) }
                        _ => span.mute { (t.upload_waiting()) }
                    }
                } } }
            }
        }
    }
}

fn state_words(t: Lang, state: ReleaseState, share: u32) -> String {
    match state {
        ReleaseState::Canary => t.release_canary(share),
        other => t.release_state(other).to_owned(),
    }
}

impl PluginPage {
    /// The page.
    #[must_use]
    pub fn draw(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        debug_assert_eq!(frame.place, Place::Plugins);
        frame.page(
            &self.name,
            "plain",
            &html! {
                main.sheet #main {
                    p.mute { a href=(frame.team.path("/plugins")) { (t.plugins_title()) } }
                    h1 { (self.name) }
                    p.mute { (t.world(self.world)) " · " (t.plugin_may()) ": "
                        @if self.may.is_empty() { (t.plugin_may_nothing()) } @else { (self.may.join(", ")) } }
                    (self.candidate(frame))
                    (self.releases(frame))
                    (self.log(frame))
                }
            },
        )
    }

    fn act(&self, frame: &Frame, verb: &str, class: &str, inside: &Markup) -> Markup {
        frame.post(&frame.team.path(&format!("/plugins/{}/{verb}", self.name)), class, inside)
    }

    fn candidate(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        let Some(candidate) = self.releases.iter().find(|release| release.state.is_candidate()) else {
            return html! {};
        };
        let number = html! { input type="hidden" name="release" value=(candidate.number); };
        let button = |verb: &str, class: &str, words: &str| {
            self.act(frame, verb, "", &html! { (number) button.(class) { (words) } })
        };
        let has_active = self.releases.iter().any(|release| release.state == ReleaseState::Active);
        html! {
            section.candidate data-part="candidate" data-coming[self.replaying] {
                h2 { (t.candidate_title(&candidate.version)) }
                p { (t.release_number(candidate.number)) " · " (state_words(t, candidate.state, candidate.share)) " · " (t.release_hint(candidate.state)) }
                @if has_active {
                    div.steps {
                        @if self.replaying { span.mute { (t.replay_running()) } } @else { (button("replay", "quiet", t.act_replay())) }
                        @if candidate.state != ReleaseState::Shadow { (button("shadow", "quiet", t.act_shadow())) }
                        (self.act(frame, "canary", "shares", &html! {
                            (number)
                            span.mute { (t.act_canary()) }
                            @for share in SHARES { button.quiet name="share" value=(share) aria-pressed=(if candidate.state == ReleaseState::Canary && candidate.share == share { "true" } else { "false" }) { (share) " %" } }
                        }))
                        (button("activate", "solid", t.act_activate()))
                        (button("withdraw", "quiet", t.act_withdraw()))
                    }
                } @else { div.steps { (button("activate", "solid", t.act_activate())) (button("withdraw", "quiet", t.act_withdraw())) } }
                @if let Some(report) = &self.replay { (replay(frame, report)) }
            }
        }
    }

    fn releases(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        html! {
            section { h2 { (t.releases_title()) }
                table {
                    thead { tr { th { (t.release_column()) } th { (t.plugin_version()) } th { (t.release_state_column()) } th.num { (t.release_calls()) } th.num { (t.release_failed()) } th.num { (t.release_mean()) } th {} } }
                    tbody { @for r in &self.releases { tr {
                        td data-label=(t.release_column()) { (r.number) }
                        td data-label=(t.plugin_version()) { (r.version) " " code.mute title=(r.digest) { (r.digest.chars().take(8).collect::<String>()) }
                            span.mute.below { @if r.source.is_empty() { (t.release_from_folder()) } @else { (r.source) } " · " (frame.lens.relative(r.created_at)) } }
                        td data-label=(t.release_state_column()) {
                            @if r.state == ReleaseState::Active { b { (state_words(t, r.state, r.share)) } } @else { (state_words(t, r.state, r.share)) }
                            @if let Some(reason) = &r.reason { span.mute.below { (t.release_reason(reason)) } }
                        }
                        td.num data-label=(t.release_calls()) { (per_stage(t, &r.used, |used| used.calls.to_string())) }
                        td.num data-label=(t.release_failed()) { (per_stage(t, &r.used, |used| used.failed.to_string())) }
                        td.num data-label=(t.release_mean()) { (per_stage(t, &r.used, |used| milliseconds(used.mean_us))) }
                        td.num { (self.way_back(frame, r)) }
                    } } }
                }
            }
        }
    }

    /// What can be done with a release that is not the candidate.
    fn way_back(&self, frame: &Frame, release: &ReleaseLine) -> Markup {
        let t = frame.lang();
        let can_go_back = self.releases.iter().any(|other| other.state == ReleaseState::Retired);
        match release.state {
            ReleaseState::Active if can_go_back => self.act(
                frame,
                "rollback",
                "",
                &html! {
                    input type="hidden" name="release" value=(release.number);
                    button.quiet { (t.act_roll_back()) }
                },
            ),
            ReleaseState::Retired | ReleaseState::RolledBack => self.act(
                frame,
                "activate",
                "",
                &html! {
                    input type="hidden" name="release" value=(release.number);
                    button.quiet { (t.act_activate_again()) }
                },
            ),
            _ => html! {},
        }
    }

    fn log(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        html! {
            section { h2 { (t.plugin_log_title()) }
                @if self.log.is_empty() { p.mute { (t.plugin_log_none()) } } @else {
                    ol.log-lines { @for line in &self.log {
                        li.(line.level.as_str()) {
                            time.mute { (frame.lens.exact(line.at)) } " "
                            span.mute { (t.release_number(line.release)) @if line.stage == Stage::Shadow { " · " (t.release_state(ReleaseState::Shadow)) } } " "
                            span { (line.text) }
                        }
                    } }
                }
            }
        }
    }
}

fn per_stage(t: Lang, used: &[ReleaseUse], show: impl Fn(&ReleaseUse) -> String) -> Markup {
    html! {
        @if used.is_empty() { span.mute { "–" } }
        span.stages { @for of in used { span { (show(of)) @if of.stage == Stage::Shadow { " " span.mute { (t.in_shadow()) } } } } }
    }
}

#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
fn milliseconds(us: i64) -> String {
    format!("{:.1} ms", us as f64 / 1_000.0)
}

fn replay(frame: &Frame, report: &ReplayReport) -> Markup {
    let t = frame.lang();
    let ticket = |number: i64| html! { a href=(frame.team.path(&format!("/tickets/{number}"))) { "#" (number) } " " };
    html! {
        div.replay {
            h3 { (t.replay_title(report.differ, report.calls)) }
            p.mute { (t.replay_facts(report.exact, report.calls)) " · " (frame.lens.relative(report.at))
                @if report.failed_after > 0 { " · " span.alarm { (t.replay_failed(report.failed_after)) } } }
            @for aspect in &report.aspects {
                h4 { (t.aspect(&aspect.name)) " · " (aspect.calls) }
                ul.changes { @for change in &aspect.changes { li {
                    span.times.mute { (change.calls) "×" }
                    span.change { bdi { (t.aspect_value(&aspect.name, &change.from)) } " → " bdi { (t.aspect_value(&aspect.name, &change.to)) } }
                    span.on { @for number in &change.tickets { (ticket(*number)) } }
                } } }
            }
            @for (reason, count) in &report.left_out { p.mute { (t.replay_left_out(count)) " " (reason) } }
        }
    }
}
