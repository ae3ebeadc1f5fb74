//! `posthouse train`: the trained model of a tenant's classifier, learned from the shipped lines, from what people made of the
//! tenant's tickets, and from files. What it makes is a plugin's folder, which lives as any other version of a plugin does.

mod package;
mod sources;

use crate::commands::eval::{Score, classify_all, history, label, message_of, score};
use crate::failure::{Code, Failure, Result};
use crate::house;
use crate::open::{Context, Opened, tenant};
use crate::output::{Style, Terminal};
use clap::Args;
use package::Figures;
use posthouse_learned::train::{Course, Plan, Progress, train};
use posthouse_learned::{Judge, file, shipped};
use posthouse_model::decision::World;
use posthouse_pipeline::tenant::Tenant;
use posthouse_rules::{Engine, Settings, bundled};
use posthouse_sandbox::{Plugin, PluginSpec};
use posthouse_store::NewPlugin;
use serde_json::json;
use sources::{Source, Sources};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::time::Instant;

/// Options of `train`.
#[derive(Args, Debug)]
#[command(
    disable_version_flag = true,
    after_help = "\
Learned from are the lines that come with the classifier, the tenant's tickets whose category somebody set or left when answering,
and the files named. A fifth of the tenant's texts and of the files' is held back: the classifier that answers now and the
new one are both asked about it, through the sandbox. Where the new one is worse in accuracy or in macro-F1, or there is too
little to tell, nothing is written and the exit code is 1.

FILE is a .tsv with columns `text` and `label` (and `lang`), or a .jsonl with `id`, `subject`, `body` and `category`.

The folder that is written is a plugin: `posthouse plugin pack`, `plugin install`, `plugin replay`, `plugin canary` and `plugin
activate` take it from there, and `plugin rollback` back. With --activate it is installed and made active at once.
With --json: {\"tenant\", \"plugin\", \"version\", \"better\", \"activated\", \"learned\": {\"lines\", \"corrected\", \"confirmed\", \"files\"},
\"held_back\", \"before\": {\"accuracy\", \"macro_f1\"}, \"after\": {…}, \"seconds\", \"out\"}."
)]
pub struct TrainArgs {
    /// The tenant's slug; may be left out where there is only one
    #[arg(long, value_name = "SLUG")]
    tenant: Option<String>,
    /// Learn from this file too
    #[arg(long, value_name = "FILE", num_args = 1..)]
    from: Vec<PathBuf>,
    /// How many of the tenant's tickets are looked through, the newest
    #[arg(long, value_name = "COUNT", default_value_t = 10_000)]
    last: u32,
    /// Where the plugin's folder is written [default: classifier-VERSION in the present folder]
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// The new version's number [default: the one after what answers now]
    #[arg(long, value_name = "VERSION")]
    version: Option<String>,
    /// Install it and make it the one that answers
    #[arg(long)]
    activate: bool,
    /// The same seed and the same texts give the same model
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Fewer texts held back than this tell nothing.
const HELD_BACK_MIN: usize = 10;

/// Runs the command.
///
/// # Errors
/// Nothing to learn from, a file that cannot be used, a component that carries no model.
pub async fn run(args: TrainArgs, context: &Context, terminal: &mut Terminal) -> Result {
    let opened = context.open().await?;
    let row = tenant(&opened.store, args.tenant.as_deref()).await?;
    let slug = row.tenant.slug.clone();
    let house = house::house(context, &opened, "train")?;
    let Some(loaded) = house.tenant(row.id).await? else {
        return Err(Failure::new(format!("the tenant `{slug}` is turned off")));
    };
    let (name, now) = history::answering(&loaded)?;
    let old = installed(&loaded, &name)?;
    let component_now = carrier(&opened, &old).await?;

    let mut sources = Sources::default();
    sources.take_past(&history::past(&loaded.scope, args.last).await?);
    for path in &args.from {
        sources.take_file(path)?;
    }
    let (learned, held) = sources.divide();
    if held.len() < HELD_BACK_MIN {
        let what =
            format!("{} texts would be held back: too few to tell whether a new model is any better", held.len());
        return Err(Failure::new(what).mend(format!(
            "give at least {} labelled texts with --from, or wait until people have answered that many tickets",
            5 * HELD_BACK_MIN
        )));
    }

    let started = Instant::now();
    let model = learn(&learned, &old, args.seed, terminal)?;
    let seconds = started.elapsed().as_secs_f64();
    let component = with_model(context, &opened, &component_now, &model)?;
    let new = load(context, &opened, &old, &component, &now).await?;
    let before = measured(&now, &held).await?;
    let after = measured(&new, &held).await?;
    let better = is_no_worse(&before, &after);

    let version = match &args.version {
        Some(version) => version.clone(),
        None => package::next_version(&old.version, &loaded.scope.releases(&name).await?),
    };
    let out = args.out.clone().unwrap_or_else(|| PathBuf::from(format!("classifier-{version}")));
    let figures = Figures {
        tenant: slug.clone(),
        version: version.clone(),
        replaced: old.version.clone(),
        counts: sources.counts(),
        lines: shipped::lines().map_err(Failure::new)?.len(),
        held_back: held.len(),
        before: (before.accuracy, before.macro_f1),
        after: (after.accuracy, after.macro_f1),
        seconds,
        seed: args.seed,
    };
    if better {
        package::write(&out, &name, &component, &figures)?;
    }
    let activated = better && args.activate;
    if activated {
        package::activate(&opened, &loaded, &old, &component, &figures).await?;
    }
    opened.store.close().await;
    if args.json {
        terminal.json(&json!({
            "tenant": slug, "plugin": name, "version": version, "better": better, "activated": activated,
            "learned": figures.learned(), "held_back": held.len(),
            "before": { "accuracy": before.accuracy, "macro_f1": before.macro_f1 },
            "after": { "accuracy": after.accuracy, "macro_f1": after.macro_f1 },
            "seconds": (seconds * 100.0).round() / 100.0, "out": better.then_some(&out),
        }))?;
    } else {
        say(&figures, &name, better, activated, &out, terminal)?;
    }
    Ok(if better { Code::Ok } else { Code::Problem })
}

fn installed(loaded: &Tenant, name: &str) -> Result<NewPlugin> {
    let found = loaded.all_plugins().iter().find(|installed| installed.name() == name);
    found
        .map(|installed| installed.row.plugin.clone())
        .ok_or_else(|| Failure::new(format!("the tenant has no plugin `{name}`")))
}

/// Trains beside the rules as the tenant has set them.
fn learn(learned: &[Source], old: &NewPlugin, seed: u64, terminal: &Terminal) -> Result<Vec<u8>> {
    let settings: Settings = serde_json::from_value(old.settings.clone()).map_err(|error| {
        Failure::new(format!("the settings of `{}` are not those of the bundled classifier: {error}", old.name))
            .mend("only the bundled classifier carries a model that can be trained")
    })?;
    let engine = Engine::new(settings, bundled()).map_err(Failure::new)?;
    let mut texts = shipped::lines().map_err(Failure::new)?;
    texts.extend(learned.iter().map(|source| source.text.clone()));
    // What is held back for the comparison was taken away before; this part only tells how far confidence can be believed.
    let course = Course { plan: Plan { seed, ..Plan::default() }, whole: false, held_back: 8, ..Course::default() };
    let bar = terminal.interactive.then(|| indicatif::ProgressBar::new(course.plan.rounds as u64));
    let trained = train(&texts, &engine, &course, |progress| {
        if let (Progress::Round(round), Some(bar)) = (progress, &bar) {
            bar.set_position(round as u64);
        }
    });
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    let trained = trained.map_err(Failure::new)?;
    // The engine must take every category that the model has.
    let mut engine = engine;
    Judge::new(trained.model.clone(), &mut engine, &[], posthouse_rules::Trained::default()).map_err(Failure::new)?;
    file::write(&trained.model).map_err(Failure::new)
}

/// The component that answers now, which must carry a model: another classifier is not replaced by the bundled one.
async fn carrier(opened: &Opened, old: &NewPlugin) -> Result<Vec<u8>> {
    let bytes = opened.store.component(&old.digest).await?;
    bytes.filter(|bytes| file::carries_one(bytes)).ok_or_else(|| {
        Failure::new(format!("`{}` carries no trained model: it is not the bundled classifier, or an older one", old.name))
            .mend("install the bundled one in its place first: `posthouse plugin install classifier`, or `component = \"classifier\"` in tenant.toml")
    })
}

/// The component that answers now with the new model in it; where its models are of another size, the bundled classifier.
fn with_model(context: &Context, opened: &Opened, now: &[u8], model: &[u8]) -> Result<Arc<[u8]>> {
    if let Ok(changed) = file::put_into(now, model) {
        return Ok(changed.into());
    }
    let found = context.finder(Some(&opened.host)).find("classifier", Path::new(""))?;
    let changed = file::put_into(&found.bytes, model).map_err(|what| {
        Failure::new(format!("{}: {what}", found.path.display())).mend("use the bundled classifier of this version")
    })?;
    Ok(changed.into())
}

async fn load(
    context: &Context,
    opened: &Opened,
    old: &NewPlugin,
    component: &Arc<[u8]>,
    now: &Arc<Plugin>,
) -> Result<Arc<Plugin>> {
    let spec = PluginSpec {
        name: old.name.clone(),
        version: old.version.clone(),
        component: Arc::clone(component),
        settings: old.settings.to_string(),
        grants: old.grants.clone(),
        limits: now.limits().clone(),
    };
    let sandbox = context.sandbox(Some((&opened.host, &opened.key)))?;
    let plugin = sandbox
        .load(spec)
        .await
        .map_err(|error| Failure::new(format!("the trained classifier does not load: {error}")))?;
    debug_assert_eq!(plugin.world(), World::Classifier);
    Ok(plugin)
}

async fn measured(plugin: &Arc<Plugin>, held: &[Source]) -> Result<Score> {
    let views = held
        .iter()
        .map(|source| source.view.clone().unwrap_or_else(|| message_of("", &source.text.subject, &source.text.body)))
        .collect();
    let answers = classify_all(plugin, views).await?;
    let said: Vec<String> =
        answers.iter().map(|answer| answer.as_ref().map_or_else(|_| "(none)".to_owned(), label)).collect();
    let pairs: Vec<_> =
        held.iter().zip(&said).map(|(source, said)| (source.text.labels.as_slice(), said.as_str())).collect();
    Ok(score(&pairs))
}

/// Worse in one of the two is worse.
fn is_no_worse(before: &Score, after: &Score) -> bool {
    const ROUNDING: f64 = 1e-9;
    after.accuracy + ROUNDING >= before.accuracy && after.macro_f1 + ROUNDING >= before.macro_f1
}

fn say(
    figures: &Figures,
    name: &str,
    better: bool,
    activated: bool,
    out: &Path,
    terminal: &mut Terminal,
) -> Result<()> {
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    terminal.line(format!(
        "learned from {} lines, {} corrected and {} confirmed tickets, {} texts of files in {:.1} s",
        figures.lines, figures.counts.corrected, figures.counts.confirmed, figures.counts.files, figures.seconds
    ))?;
    terminal.line(format!(
        "on {} texts held back: accuracy {} → {}, macro-F1 {:.3} → {:.3}",
        figures.held_back,
        percent(figures.before.0),
        percent(figures.after.0),
        figures.before.1,
        figures.after.1
    ))?;
    if !better {
        terminal.line(
            terminal.paint(Style::Caution, "worse than what it would replace: nothing was written, nothing changed"),
        )?;
        return Ok(());
    }
    let title = terminal.paint(Style::Bold, &format!("{name} {}", figures.version));
    terminal.line(format!("{title} is in {}", out.display()))?;
    let slug = &figures.tenant;
    if activated {
        terminal
            .line(format!("it answers now; what was there before: posthouse plugin rollback {name} --tenant {slug}"))?;
    } else {
        terminal.note(format!(
            "see what it would change: posthouse replay --tenant {slug} --against {0}; let it answer: posthouse plugin install {0} \
             --name {name} --tenant {slug}, then posthouse plugin activate {name} --tenant {slug}",
            out.display()
        ));
    }
    Ok(())
}
