//! Progress for a person at a terminal; plain lines where the output is a file.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};

use crate::shell;

/// A line that shows that work goes on, and what.
pub(crate) struct Working {
    bar: ProgressBar,
    title: String,
}

impl Working {
    pub(crate) fn start(title: impl Into<String>) -> Self {
        let title = title.into();
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} [{elapsed}]") {
            bar.set_style(style);
        }
        bar.set_message(title.clone());
        bar.enable_steady_tick(Duration::from_millis(120));
        if bar.is_hidden() {
            eprintln!("{title} …");
        }
        Self { bar, title }
    }

    pub(crate) fn detail(&self, detail: &str) {
        self.bar.set_message(format!("{}: {detail}", self.title));
    }

    pub(crate) fn done(self, outcome: &str) {
        self.bar.finish_and_clear();
        eprintln!("{}: {outcome}", self.title);
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Runs cargo to its end, showing which crate it is at; its whole output is in the error when it fails.
pub(crate) fn cargo_build(working: &Working, command: &mut Command) -> Result<()> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("{} could not be started", shell::line(command)))?;
    let mut printed = String::new();
    let mut crates = 0;
    if let Some(stderr) = child.stderr.take() {
        for line in BufReader::new(stderr).lines() {
            let line = line?;
            let text = line.trim_start();
            if let Some(name) = text.strip_prefix("Compiling ") {
                crates += 1;
                working.detail(&format!("crate {crates}, {name}"));
            } else if text.starts_with("Downloading") || text.starts_with("Updating") || text.starts_with("Blocking") {
                working.detail(text);
            }
            printed.push_str(&line);
            printed.push('\n');
        }
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("{}\nended with {status}:\n{}", shell::line(command), printed.trim_end());
    }
    Ok(())
}
