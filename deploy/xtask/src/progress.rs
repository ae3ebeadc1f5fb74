//! Progress for a person at a terminal; plain lines where the output is a file.

use std::process::Command;
use std::time::Duration;

use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};
use posthouse_kit::process;
pub(crate) use posthouse_kit::process::Stream;

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
    let mut crates = 0;
    run(command, Stream::Errors, |line| {
        if let Some(name) = line.strip_prefix("Compiling ") {
            crates += 1;
            working.detail(&format!("crate {crates}, {name}"));
        } else if ["Downloading", "Updating", "Blocking"].iter().any(|start| line.starts_with(start)) {
            working.detail(line);
        }
    })
}

/// Runs a program to its end and shows each line of one stream to `watch` as it comes; an error has all lines of both.
pub(crate) fn run(command: &mut Command, watched: Stream, mut watch: impl FnMut(&str)) -> Result<()> {
    process::run(command, &mut |stream, line| {
        if stream == watched {
            watch(line.trim_start());
        }
    })?;
    Ok(())
}
