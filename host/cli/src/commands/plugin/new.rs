//! `posthouse plugin new`

use crate::failure::{Code, Result};
use crate::output::{Style, Terminal};
use clap::Args;
use posthouse_kit::new::NewProject;
use posthouse_kit::project::Language;
use posthouse_model::decision::World;
use serde_json::json;
use std::path::PathBuf;

/// Options of `plugin new`.
#[derive(Args, Debug)]
#[command(after_help = "\
The project is a small plugin that works: it passes its own test and builds at once. The SDK lies in its folder sdk/, as this
version of Posthouse carries it, so that the project builds on any machine and goes on building when Posthouse is upgraded; commit
it with the rest. With --sdk the project uses a checkout's instead. NAME: 2 to 64 of a-z, 0-9 and -.")]
pub struct NewArgs {
    /// The plugin's name
    name: String,
    /// classifier, router, drafter, notifier, enricher or checker
    #[arg(long)]
    world: World,
    /// rust, js or python
    #[arg(long)]
    lang: Language,
    /// The project's folder: not there yet, or empty [default: NAME]
    #[arg(long)]
    dir: Option<PathBuf>,
    /// A checkout of Posthouse, or an SDK in it, to use in place of a copy
    #[arg(long, value_name = "PATH")]
    sdk: Option<PathBuf>,
    /// Print JSON: {"dir", "name", "world", "lang", "files"}
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// # Errors
/// The name is none, the folder holds something, it cannot be written. Nothing is left behind then.
pub fn run(args: &NewArgs, terminal: &mut Terminal) -> Result {
    let dir = args.dir.clone().unwrap_or_else(|| PathBuf::from(&args.name));
    let (name, world, language, sdk) = (args.name.as_str(), args.world.as_str(), args.lang, args.sdk.as_deref());
    let files = NewProject { name, world, language, dir: &dir, sdk }.create()?;
    if args.json {
        terminal
            .json(&json!({ "dir": dir, "name": name, "world": world, "lang": language.as_str(), "files": files }))?;
        return Ok(Code::Ok);
    }
    let made = terminal.paint(Style::Good, "made");
    terminal.line(format!("{made} {}: the {world} {name} in {language}", dir.display()))?;
    terminal.line("next:")?;
    let test = match language {
        Language::Rust => "cargo test",
        Language::JavaScript => "npm install && npm test",
        Language::Python => "posthouse plugin build && .venv/bin/python -m unittest discover tests",
    };
    let enter = format!("cd {}", dir.display());
    for step in [enter.as_str(), test, "posthouse plugin dev        # builds and tests after every change"] {
        terminal.line(format!("  {step}"))?;
    }
    Ok(Code::Ok)
}
