//! Progress for a person at a terminal; plain lines where the output is a file.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, Sender};
use std::thread::JoinHandle;
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

/// Where a program says what it is doing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stream {
    /// Standard output.
    Output,
    /// Standard error.
    Errors,
}

/// Runs a program to its end and shows each line of one stream to `watch` as it comes; an error has all lines of both.
pub(crate) fn run(command: &mut Command, watched: Stream, mut watch: impl FnMut(&str)) -> Result<()> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("{} could not be started", shell::line(command)))?;
    let (lines, received) = mpsc::channel();
    let readers =
        [read(Stream::Output, child.stdout.take(), lines.clone()), read(Stream::Errors, child.stderr.take(), lines)];
    let mut printed = String::new();
    for (stream, line) in received {
        if stream == watched {
            watch(line.trim_start());
        }
        printed.push_str(&line);
        printed.push('\n');
    }
    for reader in readers {
        // A reader ends with its pipe and cannot fail.
        let _ = reader.join();
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("{}\nended with {status}:\n{}", shell::line(command), printed.trim_end());
    }
    Ok(())
}

fn read(stream: Stream, pipe: Option<impl Read + Send + 'static>, lines: Sender<(Stream, String)>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        for line in pipe.into_iter().flat_map(|pipe| BufReader::new(pipe).split(b'\n')).map_while(Result::ok) {
            if lines.send((stream, String::from_utf8_lossy(&line).into_owned())).is_err() {
                break;
            }
        }
    })
}
