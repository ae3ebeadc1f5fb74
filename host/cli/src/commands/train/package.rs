//! The plugin's folder that a training leaves behind.

use super::sources::Counts;
use crate::failure::{Failure, Result, While as _};
use crate::open::Opened;
use posthouse_model::event::Actor;
use posthouse_package::{COMPONENT, MANIFEST};
use posthouse_pipeline::tenant::Tenant;
use posthouse_store::{NewPlugin, NewRelease, ReleaseRow};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;

/// What is said of a training, in the folder and to people.
#[derive(Debug)]
pub(super) struct Figures {
    pub tenant: String,
    pub version: String,
    pub replaced: String,
    pub counts: Counts,
    pub lines: usize,
    pub held_back: usize,
    /// Accuracy and macro-F1 of what answers now.
    pub before: (f64, f64),
    /// And of the new one.
    pub after: (f64, f64),
    pub seconds: f64,
    pub seed: u64,
}

impl Figures {
    pub(super) fn learned(&self) -> Value {
        let Counts { corrected, confirmed, files } = self.counts;
        json!({ "lines": self.lines, "corrected": corrected, "confirmed": confirmed, "files": files })
    }
}

/// The version after all that there were: its last number one higher.
pub(super) fn next_version(now: &str, releases: &[ReleaseRow]) -> String {
    let parts = |version: &str| -> Option<(u64, u64, u64)> {
        let core = version.split(['-', '+']).next()?;
        let mut numbers = core.split('.').map(|part| part.parse().ok());
        Some((numbers.next()??, numbers.next()??, numbers.next()??))
    };
    let all = releases.iter().map(|row| row.plugin.version.as_str()).chain([now]);
    let (major, minor, patch) = all.filter_map(parts).max().unwrap_or((0, 1, 0));
    format!("{major}.{minor}.{}", patch + 1)
}

/// Writes the folder. A folder that holds anything else is left alone.
///
/// # Errors
/// The folder holds something already, or cannot be written.
pub(super) fn write(out: &Path, name: &str, component: &[u8], figures: &Figures) -> Result<()> {
    let is_used = std::fs::read_dir(out).is_ok_and(|mut entries| entries.next().is_some());
    if is_used && !out.join(MANIFEST).is_file() {
        return Err(
            Failure::new(format!("{} holds something else", out.display())).mend("name another folder with --out")
        );
    }
    let doing = format!("{} cannot be written", out.display());
    std::fs::create_dir_all(out).while_doing(&doing)?;
    for (file, content) in [
        (MANIFEST, manifest(name, figures).into_bytes()),
        ("README.md", readme(figures).into_bytes()),
        ("LICENSE", LICENCE.as_bytes().to_vec()),
        (COMPONENT, component.to_vec()),
    ] {
        std::fs::write(out.join(file), content).while_doing(&doing)?;
    }
    Ok(())
}

const LICENCE: &str = include_str!("../../../../../LICENSE");

fn manifest(name: &str, figures: &Figures) -> String {
    let publisher: String =
        figures.tenant.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    let publisher = if publisher.len() < 2 { format!("{publisher}-x") } else { publisher };
    format!(
        "id = \"{publisher}/{name}\"\nversion = \"{}\"\nworld = \"classifier\"\napi = \"1.0\"\n\
         summary = \"Says what a mail is about: rules, and a model trained on this shop's own mail.\"\n\
         authors = [\"posthouse train\"]\nlicense = \"Apache-2.0\"\n",
        figures.version
    )
}

fn readme(figures: &Figures) -> String {
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    let Counts { corrected, confirmed, files } = figures.counts;
    format!(
        "# Trained classifier {version}\n\n\
         The bundled classifier with a model that was trained for {tenant} by `posthouse train`. Rules and settings are as before.\n\n\
         | | |\n|---|---|\n\
         | learned from | {lines} shipped lines, {corrected} tickets corrected by people, {confirmed} tickets answered without a correction, {files} texts of files |\n\
         | held back | {held} texts, which it never saw |\n\
         | accuracy | {before} (version {replaced}) → {after} |\n\
         | macro-F1 | {f1_before:.3} → {f1_after:.3} |\n\
         | training took | {seconds:.1} s, seed {seed} |\n",
        version = figures.version,
        tenant = figures.tenant,
        lines = figures.lines,
        held = figures.held_back,
        before = percent(figures.before.0),
        after = percent(figures.after.0),
        replaced = figures.replaced,
        f1_before = figures.before.1,
        f1_after = figures.after.1,
        seconds = figures.seconds,
        seed = figures.seed,
    )
}

/// Installs what was trained and makes it the one that answers, in one transaction.
///
/// # Errors
/// The store refuses it.
pub(super) async fn activate(
    opened: &Opened,
    loaded: &Tenant,
    old: &NewPlugin,
    component: &Arc<[u8]>,
    figures: &Figures,
) -> Result<()> {
    let mut tx = opened.store.tenant(loaded.id()).begin().await?;
    let digest = tx.put_component(component).await?;
    let plugin = NewPlugin { version: figures.version.clone(), digest, ..old.clone() };
    let new = NewRelease { plugin, allowance: None, source: "posthouse train".to_owned() };
    let number = tx.install_release(&new, &Actor::Operator).await?;
    tx.activate_release(&old.name, number, &Actor::Operator).await?;
    tx.commit().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_version_is_higher_than_all() {
        assert_eq!(next_version("0.1.0", &[]), "0.1.1");
        assert_eq!(next_version("1.4.9-beta", &[]), "1.4.10");
        assert_eq!(next_version("none", &[]), "0.1.1");
    }
}
