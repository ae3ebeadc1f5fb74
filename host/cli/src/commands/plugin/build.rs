//! `posthouse plugin build`

use super::package::disagreements;
use crate::failure::{Code, Failure, Result, While as _};
use crate::output::{Style, Table, Terminal, bytes};
use crate::setup::source::read_bytes;
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use posthouse_kit::project::{MANIFEST, Project};
use posthouse_package::{Manifest, limits};
use posthouse_sandbox::{ComponentInfo, inspect};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::Instant;

/// Options of `plugin build`.
#[derive(Args, Debug)]
#[command(after_help = "\
Makes plugin.wasm in the project's folder. The language follows from what lies there: Cargo.toml (Rust, through cargo, for
wasm32-unknown-unknown), package.json (JavaScript, through npm and the script `build`), requirements.txt or pyproject.toml (Python,
in the virtual environment .venv, which is made when it is not there). When a toolchain is missing, the error says which, and what
brings it.")]
pub struct BuildArgs {
    /// The project's folder
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Print JSON: {"component", "world", "api", "api_needed", "needs", "size", "digest", "seconds", "disagreements"}
    #[arg(long)]
    json: bool,
}

/// What a build gave.
pub(super) struct Built {
    pub info: ComponentInfo,
    pub seconds: f64,
    /// Where plugin.toml says otherwise.
    pub disagreements: Vec<String>,
}

/// Runs the command.
///
/// # Errors
/// There is no project, a toolchain is missing, the sources do not build.
pub async fn run(args: BuildArgs, terminal: &mut Terminal) -> Result {
    let project = Project::open(&args.dir)?;
    let built = build(&project, terminal.interactive).await?;
    let info = &built.info;
    let needs: Vec<_> = info.capabilities.iter().map(|capability| capability.as_str()).collect();
    if args.json {
        terminal.json(&json!({
            "component": project.component(), "world": info.world, "api": info.api_version.to_string(),
            "api_needed": info.needs.to_string(), "needs": needs, "size": info.size, "digest": info.digest,
            "seconds": built.seconds, "disagreements": built.disagreements,
        }))?;
        return Ok(Code::Ok);
    }
    let path = args.dir.join(posthouse_kit::project::COMPONENT);
    let mark = terminal.paint(Style::Good, "built");
    terminal.line(format!("{mark} {} in {:.1} s", path.display(), built.seconds))?;
    let mut table = Table::default();
    for (label, text) in [
        ("world", info.world.to_string()),
        ("API", format!("{}, needs {} or later", info.api_version, info.needs)),
        ("needs", if needs.is_empty() { "nothing".to_owned() } else { needs.join(", ") }),
        ("size", bytes(info.size)),
        ("digest", info.digest.clone()),
    ] {
        table.row([(Style::Dim, label.to_owned()), (Style::Plain, text)]);
    }
    terminal.table(&table)?;
    for fault in &built.disagreements {
        terminal.caution(format!("{MANIFEST}: {fault}"));
    }
    Ok(Code::Ok)
}

/// Builds, and looks at what was built. What is being done is shown when somebody looks.
pub(super) async fn build(project: &Project, shown: bool) -> Result<Built> {
    // Before the compiler runs: what is wrong there is quicker found.
    let manifest = manifest(project.dir())?;
    let start = Instant::now();
    let work = project.clone();
    with_progress(format!("building with {}", project.language()), shown, move |watch| work.build(watch)).await?;
    let seconds = start.elapsed().as_secs_f64();
    let path = project.component();
    let component = read_bytes(&path, limits::COMPONENT_BYTES)?;
    let info = inspect(&component).while_doing(path.display())?;
    let disagreements = disagreements(&manifest, &info);
    Ok(Built { info, seconds, disagreements })
}

/// Runs a project's compiler or tests beside the runtime, with a line that shows what it is at.
pub(super) async fn with_progress(
    title: String,
    shown: bool,
    work: impl FnOnce(&mut dyn FnMut(&str)) -> posthouse_kit::Result<()> + Send + 'static,
) -> Result<()> {
    let bar = if shown {
        ProgressBar::new_spinner()
    } else {
        ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden())
    };
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} [{elapsed}]") {
        bar.set_style(style);
    }
    bar.set_message(title.clone());
    bar.enable_steady_tick(Duration::from_millis(120));
    let watched = bar.clone();
    let done = tokio::task::spawn_blocking(move || {
        work(&mut |line| watched.set_message(format!("{title}: {}", crate::output::short(line, 80))))
    });
    let done = done.await;
    bar.finish_and_clear();
    Ok(done.while_doing("the build broke off")??)
}

/// The project's manifest.
fn manifest(dir: &Path) -> Result<Manifest> {
    let path = dir.join(MANIFEST);
    let text = String::from_utf8(read_bytes(&path, limits::MANIFEST_BYTES)?).while_doing(path.display())?;
    Manifest::parse(&text).map_err(|problems| Failure::new(format!("{}: {problems}", path.display())))
}
