//! Plugins of a team: one with a candidate, one that is cut off, packages that were handed in.

use super::{NOW, minutes};
use crate::page::plugins::{LogLine, PluginLine, PluginPage, PluginsPage, ReleaseLine, UploadLine};
use posthouse_model::decision::{LogLevel, World};
use posthouse_model::release::{ReleaseState, ReleaseUse, Stage, UploadState};
use posthouse_model::replay::{Aspect, Change, ReplayReport};

/// All plugins, one with a candidate and one cut off.
#[must_use]
pub fn plugins() -> PluginsPage {
    let line = |name: &str, world| PluginLine {
        name: name.into(),
        world,
        version: Some("1.2.0".into()),
        off: world == World::Notifier,
        cut_off: (world == World::Drafter).then(|| NOW.minus(minutes(20))),
        candidate: (world == World::Classifier).then(|| ("1.3.0".into(), ReleaseState::Canary, 10)),
    };
    let upload = |file: &str, state, became: Option<(&str, i64)>, problem: Option<&str>| UploadLine {
        file: file.into(),
        at: NOW.minus(minutes(2)),
        state,
        became: became.map(|(plugin, release)| (plugin.into(), release)),
        problem: problem.map(Into::into),
    };
    PluginsPage {
        uploads: vec![
            upload("order-api-2.0.0.phx", UploadState::Waiting, None, None),
            upload("rules-1.3.0.phx", UploadState::Installed, Some(("classifier", 4)), None),
            upload(
                "team-hook.phx",
                UploadState::Refused,
                None,
                Some("the package is signed by nobody whom this team trusts"),
            ),
        ],
        plugins: vec![
            line("classifier", World::Classifier),
            line("router", World::Router),
            line("drafter", World::Drafter),
            line("team", World::Notifier),
        ],
    }
}

/// A plugin whose candidate answers for a tenth of the tickets and was replayed before.
#[must_use]
pub fn plugin() -> PluginPage {
    let used = |release, stage, calls, failed| ReleaseUse {
        release,
        stage,
        calls,
        failed,
        mean_us: 120,
        last_at: NOW.minus(minutes(2)),
    };
    let release = |number, version: &str, state, reason: Option<&str>, used| ReleaseLine {
        number,
        version: version.into(),
        digest: "5f2b9a1c77d0e3".into(),
        source: if number == 1 { String::new() } else { format!("rules-{version}.phx") },
        state,
        share: if state == ReleaseState::Canary { 10 } else { 0 },
        created_at: NOW.minus(minutes(3_000 / u64::try_from(number).unwrap_or(1))),
        reason: reason.map(Into::into),
        used,
    };
    let change = |from: &str, to: &str, calls, tickets: &[i64]| Change {
        from: from.into(),
        to: to.into(),
        calls,
        tickets: tickets.into(),
    };
    PluginPage {
        name: "classifier".into(),
        world: World::Classifier,
        may: vec!["api.luma.example".into(), "knowledge".into()],
        replaying: false,
        replay: Some(ReplayReport {
            world: Some(World::Classifier),
            release: 4,
            against: 3,
            at: NOW.minus(minutes(50)),
            calls: 400,
            exact: 391,
            differ: 12,
            failed_after: 1,
            left_out: [("its mail is gone".to_owned(), 2)].into(),
            aspects: vec![
                Aspect {
                    name: "category".into(),
                    calls: 12,
                    changes: vec![
                        change("other", "shipping", 7, &[1_042, 1_038, 1_031]),
                        change("complaint", "refund", 5, &[1_040]),
                    ],
                },
                Aspect { name: "urgency".into(), calls: 2, changes: vec![change("–", "high", 2, &[1_042])] },
            ],
            mean_us_before: 118,
            mean_us_after: 124,
            ..ReplayReport::default()
        }),
        releases: vec![
            release(
                4,
                "1.3.0",
                ReleaseState::Canary,
                None,
                vec![used(4, Stage::Canary, 31, 0), used(4, Stage::Shadow, 212, 1)],
            ),
            release(3, "1.2.0", ReleaseState::Active, None, vec![used(3, Stage::Active, 4_012, 0)]),
            release(
                2,
                "1.1.1",
                ReleaseState::RolledBack,
                Some("5 of its last 21 calls failed; the last failure: the plugin crashed: unreachable"),
                vec![used(2, Stage::Active, 21, 5)],
            ),
            release(1, "1.1.0", ReleaseState::Retired, None, vec![used(1, Stage::Active, 18_204, 3)]),
        ],
        log: vec![
            LogLine {
                at: NOW.minus(minutes(9)),
                level: LogLevel::Info,
                release: 3,
                stage: Stage::Active,
                text: "no rule fits".into(),
            },
            LogLine {
                at: NOW.minus(minutes(4)),
                level: LogLevel::Warn,
                release: 4,
                stage: Stage::Shadow,
                text: "two rules fit: parcel, refund".into(),
            },
        ],
    }
}
