//! Trying a mailbox out for a person who sets it up.

use super::ImapConfig;
use super::client::{ImapClient, idle_once};
use super::session::Wire;
use crate::net::ProbeReport;
use posthouse_model::config::Provider;
use posthouse_model::refusal;
use std::time::Duration;
use tokio::time::Instant;

/// Looks whether fetching would work, step by step: name, connection, TLS, sign-in, who we are, the folder, news, Sent folder.
pub async fn probe(config: &ImapConfig, folder: &str) -> ProbeReport {
    let mut report = ProbeReport::default();
    let Ok(wire) = Wire::open(config, &mut report).await else { return report };
    let mut client = ImapClient::on(wire, config);
    let mut started = Instant::now();
    match client.select(folder).await {
        Ok(selected) => report.pass("folder", format!("{folder} holds {} messages", selected.exists), started),
        Err(error) => {
            let names = client.folders().await.unwrap_or_default();
            let names: Vec<String> = names.into_iter().filter(|f| f.selectable).map(|f| f.name).take(20).collect();
            let known = refusal::explain(&error.to_string(), Provider::of_host(&config.host));
            let hint = match (known, names.is_empty()) {
                (Some(known), _) => known.text("en"),
                (None, true) => "check the folder's name".to_owned(),
                (None, false) => format!("the folders are: {}", names.join(", ")),
            };
            report.fail("folder", error.to_string(), Some(hint), started);
            return report;
        }
    }
    started = Instant::now();
    let limit = config.timeouts.command;
    match client.wire.as_mut() {
        Some(wire) if wire.idle => match idle_once(wire, Duration::from_millis(1), limit).await {
            Ok(()) if wire.idle => report.pass("idle", "tells of news at once", started),
            Ok(()) => report.pass("idle", "IDLE is announced and refused: it is asked for news now and then", started),
            Err(error) => {
                let hint =
                    "something between here and the server ends waiting connections: look at firewalls and proxies";
                report.fail("idle", error.to_string(), Some(hint.to_owned()), started);
                return report;
            }
        },
        _ => report.pass("idle", "there is no IDLE: it is asked for news now and then", started),
    }
    started = Instant::now();
    match client.sent_folder().await {
        Ok(Some(name)) => report.pass("sent folder", name, started),
        Ok(None) => report.pass("sent folder", "none found: sent mail is not copied", started),
        Err(error) => report.fail("sent folder", error.to_string(), None, started),
    }
    client.logout().await;
    report
}
