//! The plugins pages.

use crate::page::plugins::{LogLine, PluginLine, PluginPage, PluginsPage, ReleaseLine, UploadLine};
use crate::refusal::Refusal;
use crate::seat::Seat;
use posthouse_model::capability::Grants;
use posthouse_model::release::{ReleaseState, UploadState};
use std::time::Duration;

/// Lines of the log that are shown.
const LOG_LINES: u32 = 50;
/// Packages that were handed in, the newest, that are shown.
const UPLOADS: u32 = 5;
const CANDIDATES: [ReleaseState; 3] = [ReleaseState::Installed, ReleaseState::Shadow, ReleaseState::Canary];

/// All plugins: those that answer, then those that were only installed.
pub(crate) async fn plugins(seat: &Seat) -> Result<PluginsPage, Refusal> {
    let (rows, candidates, incidents, uploads) = tokio::try_join!(
        seat.scope.plugins(),
        seat.scope.releases_in(&CANDIDATES),
        seat.scope.open_incidents(),
        seat.scope.uploads(UPLOADS)
    )?;
    let mut plugins: Vec<PluginLine> = rows
        .into_iter()
        .map(|row| {
            let name = row.plugin.name;
            let candidate = candidates.iter().find(|candidate| candidate.plugin.name == name);
            PluginLine {
                world: row.plugin.world,
                version: Some(row.plugin.version),
                off: seat.config.plugin(&name).is_some_and(|plugin| !plugin.enabled),
                cut_off: incidents
                    .iter()
                    .find(|incident| incident.key.strip_prefix("plugin:") == Some(&name))
                    .map(|incident| incident.opened_at),
                candidate: candidate.map(|row| (row.plugin.version.clone(), row.state, row.share)),
                name,
            }
        })
        .collect();
    for row in candidates {
        if plugins.iter().all(|plugin| plugin.name != row.plugin.name) {
            plugins.push(PluginLine {
                world: row.plugin.world,
                version: None,
                off: false,
                cut_off: None,
                candidate: Some((row.plugin.version, row.state, row.share)),
                name: row.plugin.name,
            });
        }
    }
    // One that was installed is seen as the candidate that it is, until it is old news.
    let day_ago = seat.desk.now().minus(Duration::from_secs(24 * 60 * 60));
    let uploads = uploads
        .into_iter()
        .filter(|row| row.state == UploadState::Waiting || row.at > day_ago)
        .map(|row| UploadLine {
            file: row.file,
            at: row.at,
            state: row.state,
            became: row.plugin.zip(row.release),
            problem: row.problem,
        })
        .collect();
    Ok(PluginsPage { plugins, uploads })
}

/// One plugin with its releases.
pub(crate) async fn plugin(seat: &Seat, name: &str) -> Result<PluginPage, Refusal> {
    let (releases, used, log, replaying) = tokio::try_join!(
        seat.scope.releases(name),
        seat.scope.release_use(name),
        seat.scope.plugin_log(Some(name), 0, LOG_LINES),
        seat.scope.is_replaying(name)
    )?;
    let Some(newest) = releases.first() else { return Err(Refusal::NotFound) };
    let active = releases.iter().find(|row| row.state == ReleaseState::Active);
    let candidate = releases.iter().find(|row| row.state.is_candidate());
    Ok(PluginPage {
        name: name.to_owned(),
        world: newest.plugin.world,
        replay: candidate.and_then(|row| row.replay.clone()).and_then(|report| serde_json::from_value(report).ok()),
        replaying,
        may: active.or(candidate).map(|row| may(&row.plugin.grants)).unwrap_or_default(),
        releases: releases
            .into_iter()
            .map(|row| ReleaseLine {
                used: used.iter().filter(|of| of.release == row.number).cloned().collect(),
                number: row.number,
                version: row.plugin.version,
                digest: row.plugin.digest,
                source: row.source,
                state: row.state,
                share: row.share,
                created_at: row.created_at,
                reason: row.reason,
            })
            .collect(),
        log: log
            .into_iter()
            .map(|row| LogLine { at: row.at, level: row.level, release: row.release, stage: row.stage, text: row.text })
            .collect(),
    })
}

/// Capabilities as the set-up names them.
fn may(grants: &Grants) -> Vec<String> {
    let mut words: Vec<String> = grants.http.iter().map(|allowance| allowance.host.clone()).collect();
    let others =
        [("model", grants.model.is_some()), ("knowledge", grants.knowledge), ("store", grants.store.is_some())];
    words.extend(others.into_iter().filter(|(_, has)| *has).map(|(name, _)| name.to_owned()));
    words
}
