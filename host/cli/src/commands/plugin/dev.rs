//! `posthouse plugin dev`: build and test after every change.

use super::build::{build, with_progress};
use super::test::all_pass;
use crate::failure::{Code, Result, While as _};
use crate::open::Context;
use crate::output::{Style, Terminal, bytes};
use clap::Args;
use posthouse_kit::project::Project;
use posthouse_kit::sources;
use std::path::PathBuf;
use std::time::Duration;

/// How often the folder is looked at. A change counts when the next look finds it at rest.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Options of `plugin dev`.
#[derive(Args, Debug)]
#[command(after_help = "\
Builds the project, runs its tests and tries its fixtures, then again whenever a file changes whose content is not what builds leave behind. Each
round prints one line, and what the compiler or the tests said when it fails. Ctrl-C ends it.")]
pub struct DevArgs {
    /// The project's folder
    #[arg(default_value = ".")]
    dir: PathBuf,
}

/// Runs the command until it is interrupted.
///
/// # Errors
/// There is no project, or its folder cannot be read any more.
pub async fn run(args: DevArgs, context: &Context, terminal: &mut Terminal) -> Result {
    let project = Project::open(&args.dir)?;
    terminal.note(format!("watching {}; Ctrl-C ends it", project.dir().display()));
    // One listener for the whole run: a new one for each wait would miss a Ctrl-C that comes between two.
    let interrupted = interrupted();
    tokio::pin!(interrupted);
    for number in 1_u64.. {
        // Before the build, so that no change falls between.
        let seen = fingerprint(&project).await.ok();
        tokio::select! {
            () = &mut interrupted => break,
            outcome = round(&project, context, terminal.interactive) => print(number, outcome, terminal)?,
        }
        tokio::select! {
            () = &mut interrupted => break,
            changed = changed(&project, seen) => changed?,
        }
    }
    Ok(Code::Ok)
}

/// One build and its tests: what to say of it in a line.
async fn round(project: &Project, context: &Context, shown: bool) -> Result<(String, Vec<String>)> {
    let built = build(project, shown).await?;
    let tested = test(project, context, shown).await?;
    Ok((format!("{} in {:.1} s, {tested}", bytes(built.info.size), built.seconds), built.disagreements))
}

/// Tests what was built, and tries its fixtures. In words, what passed.
async fn test(project: &Project, context: &Context, shown: bool) -> Result<String> {
    let work = project.clone();
    with_progress("testing".to_owned(), shown, move |watch| work.test(watch)).await?;
    Ok(match all_pass(project.dir(), context).await? {
        0 => "tests pass".to_owned(),
        1 => "tests and 1 fixture pass".to_owned(),
        count => format!("tests and {count} fixtures pass"),
    })
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

/// Waits until the sources are not what they were, and rest: editors write in several steps.
///
/// It looks, in place of asking the system for word of changes: that also works on shared and mounted folders, has no limit
/// on what is watched, and is the same everywhere. A look reads no file, only the list of them.
async fn changed(project: &Project, seen: Option<String>) -> Result<()> {
    let mut last = glance(project).await?;
    // What changed while the round ran is in no glance.
    let mut pending = fingerprint(project).await.ok() != seen;
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let now = glance(project).await?;
        if now != last {
            last = now;
            pending = true;
        } else if pending {
            if fingerprint(project).await.ok() != seen {
                return Ok(());
            }
            pending = false;
        }
    }
}

async fn glance(project: &Project) -> Result<String> {
    let dir = project.dir().to_owned();
    Ok(tokio::task::spawn_blocking(move || sources::glance(&dir))
        .await
        .while_doing("the folder cannot be looked at")??)
}

/// Contents, not times: a file that is saved unchanged is no change.
async fn fingerprint(project: &Project) -> Result<String> {
    let dir = project.dir().to_owned();
    let print = tokio::task::spawn_blocking(move || sources::fingerprint(&dir)).await;
    Ok(print.while_doing("the sources cannot be read")??)
}

async fn interrupted() {
    // Where no signal can be waited for, the system's own handling ends the process.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
