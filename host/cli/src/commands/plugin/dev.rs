//! `posthouse plugin dev`: build and test after every change.

mod watching;

use super::build::{build, with_progress};
use crate::failure::{Code, Failure, Result};
use crate::output::{Style, Terminal, bytes};
use clap::Args;
use posthouse_kit::project::Project;
use posthouse_kit::sources;
use std::path::PathBuf;
use watching::Watching;

/// Options of `plugin dev`.
#[derive(Args, Debug)]
#[command(after_help = "\
Builds the project and runs its tests, then again whenever a file changes whose content is not what builds leave behind. Each
round prints one line, and what the compiler or the tests said when it fails. Ctrl-C ends it.")]
pub struct DevArgs {
    /// The project's folder
    #[arg(default_value = ".")]
    dir: PathBuf,
}

/// Runs the command until it is interrupted.
///
/// # Errors
/// There is no project, or its folder cannot be watched.
pub async fn run(args: DevArgs, terminal: &mut Terminal) -> Result {
    let project = Project::open(&args.dir)?;
    // Before the first round, so that no change falls between.
    let mut watching = Watching::start(project.dir())?;
    terminal.note(format!("watching {}; Ctrl-C ends it", project.dir().display()));
    for number in 1_u64.. {
        let seen = sources::fingerprint(project.dir()).ok();
        tokio::select! {
            () = interrupted() => break,
            outcome = round(&project, terminal.interactive) => print(number, outcome, terminal)?,
        }
        tokio::select! {
            () = interrupted() => break,
            changed = changed(&project, &mut watching, seen.as_deref()) => changed?,
        }
    }
    Ok(Code::Ok)
}

/// One build and its tests: what to say of it in a line.
async fn round(project: &Project, shown: bool) -> Result<(String, Vec<String>)> {
    let built = build(project, shown).await?;
    let tested = test(project, shown).await?;
    Ok((format!("{} in {:.1} s, {tested}", bytes(built.info.size), built.seconds), built.disagreements))
}

/// Tests what was built. In words, what passed.
async fn test(project: &Project, shown: bool) -> Result<String> {
    let work = project.clone();
    with_progress("testing".to_owned(), shown, move |watch| work.test(watch)).await?;
    Ok("tests pass".to_owned())
}

fn print(number: u64, outcome: Result<(String, Vec<String>)>, terminal: &mut Terminal) -> Result<()> {
    match outcome {
        Ok((line, faults)) => {
            let mark = terminal.paint(Style::Good, "good");
            terminal.line(format!("round {number}  {mark}  {line}"))?;
            for fault in faults {
                terminal.line(format!("plugin.toml: {fault}"))?;
            }
        }
        Err(failure) => {
            let mark = terminal.paint(Style::Bad, "bad");
            terminal.line(format!("round {number}  {mark}  {failure}"))?;
        }
    }
    terminal.flush()?;
    Ok(())
}

/// Waits until the sources are not what they were, and rest.
async fn changed(project: &Project, watching: &mut Watching, seen: Option<&str>) -> Result<()> {
    loop {
        watching.next().await?;
        // What cannot be read now is being changed.
        if sources::fingerprint(project.dir()).ok().as_deref() != seen || seen.is_none() {
            return Ok(());
        }
    }
}

async fn interrupted() {
    // Where no signal can be waited for, the system's own handling ends the process.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

impl From<notify::Error> for Failure {
    fn from(error: notify::Error) -> Self {
        let failure = Self::new(format!("the project's folder cannot be watched: {error}"));
        match error.kind {
            notify::ErrorKind::MaxFilesWatch => {
                failure.mend("the system allows no more: raise fs.inotify.max_user_watches, or end other watchers")
            }
            _ => failure,
        }
    }
}
