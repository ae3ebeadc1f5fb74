//! `posthouse eval`: how good a classifier is, on labelled texts.

mod score;
mod spam;
mod table;

pub use score::{Score, score};

use crate::failure::{Code, Failure, Result};
use crate::open::Context;
use crate::output::{Style, Table, Terminal};
use crate::setup::folder::read_settings;
use clap::Args;
use posthouse_model::Timestamp;
use posthouse_model::call::{CallContext, MessageView};
use posthouse_model::capability::Grants;
use posthouse_model::ticket::Direction;
use posthouse_model::triage::Triage;
use posthouse_sandbox::{CallLimits, PlainHost, Plugin, PluginSpec};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::task::JoinSet;

/// Options of `eval`.
#[derive(Args, Debug)]
#[command(after_help = "\
FILE.tsv has a head line that names its columns, separated by tabs. Used are `text` and `label`; others are ignored. A label
`a|b` accepts either (it counts for the one that was answered, else for the first). Each text is classified as a mail
without subject, through the sandbox, as the host would. An answer of spam with at least 0.8 confidence counts as `spam`,
no answer as `(none)`.

Printed are accuracy, macro-F1 (the mean of F1 over all labels in the data), precision, recall and F1 per class, and
which class was taken for which. With --json: {\"classifier\", \"rows\", \"accuracy\", \"macro_f1\", \"failed\", \"classes\":
[{\"label\", \"precision\", \"recall\", \"f1\", \"support\"}], \"confusion\": {\"labels\": [], \"matrix\": [[]]}, \"wrong\": []}; a row of
the matrix is what was right, a column what was answered.")]
pub struct EvalArgs {
    /// A bundled plugin's name (`classifier`), a .wasm file, or a folder with one
    #[arg(long, value_name = "PLUGIN", required_unless_present = "spam", requires = "data")]
    classifier: Option<String>,
    /// The labelled texts
    #[arg(long, value_name = "FILE.tsv", requires = "classifier")]
    data: Option<PathBuf>,
    /// Spam, as files, mbox, Maildir or folders: tries the filter that learns, taught with every second mail and asked about the
    /// others
    #[arg(long, value_name = "PATH", num_args = 1.., requires = "ham", conflicts_with_all = ["classifier", "data", "settings"])]
    spam: Vec<PathBuf>,
    /// Mail that is no spam
    #[arg(long, value_name = "PATH", num_args = 1.., requires = "spam")]
    ham: Vec<PathBuf>,
    /// With --spam: from which confidence it is spam
    #[arg(long, value_name = "SHARE", default_value_t = 0.7)]
    spam_min: f64,
    /// The classifier's settings: a .toml or .json file
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// Also list texts that were classified wrongly, at most so many
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    wrong: usize,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What an answer of nothing counts as.
pub(crate) const NONE: &str = "(none)";
/// From which confidence an answer of spam counts.
const SPAM_CONFIDENCE_MIN: f32 = 0.8;
/// Texts in the works at once.
const AT_ONCE: usize = 8;

/// Runs the command.
///
/// # Errors
/// No such plugin, not a classifier, data that cannot be used.
pub async fn run(args: EvalArgs, context: &Context, terminal: &mut Terminal) -> Result {
    if !args.spam.is_empty() {
        spam::run(&args.spam, &args.ham, args.spam_min, args.wrong, args.json, terminal)?;
        return Ok(Code::Ok);
    }
    let (Some(classifier), Some(data)) = (&args.classifier, &args.data) else {
        return Err(Failure::new("give --classifier and --data, or --spam and --ham"));
    };
    let rows = table::read(data)?;
    let plugin = load(classifier, args.settings.as_deref(), context).await?;
    let answers = classify_all(&plugin, rows.iter().map(|row| row.text.as_str())).await?;
    let failed = answers.iter().filter(|answer| answer.is_err()).count();
    let labels: Vec<String> =
        answers.iter().map(|answer| answer.as_ref().map_or(NONE, String::as_str).to_owned()).collect();
    let pairs: Vec<_> = rows.iter().map(|row| row.labels.as_slice()).zip(labels.iter().map(String::as_str)).collect();
    let score = score(&pairs);
    let wrong: Vec<_> = rows
        .iter()
        .zip(&labels)
        .filter(|(row, label)| !row.labels.contains(label))
        .take(args.wrong)
        .map(|(row, label)| Wrong {
            line: row.line,
            label: row.labels.join("|"),
            answer: label.clone(),
            text: row.text.clone(),
        })
        .collect();
    if args.json {
        terminal.json(&Report { classifier, digest: plugin.digest(), failed, score: &score, wrong: &wrong })?;
    } else {
        show(classifier, &plugin, &score, terminal)?;
        for row in &wrong {
            let text = crate::output::short(&row.text, 90);
            terminal.line(format!(
                "{}:{}: {} taken for {}: {text}",
                data.display(),
                row.line,
                row.label,
                row.answer
            ))?;
        }
    }
    if let Some(error) = answers.iter().find_map(|answer| answer.as_ref().err()) {
        terminal.caution(format!("{failed} of {} texts were not classified; the first: {error}", rows.len()));
        return Ok(Code::Problem);
    }
    Ok(Code::Ok)
}

#[derive(serde::Serialize)]
struct Report<'a> {
    classifier: &'a str,
    digest: &'a str,
    failed: usize,
    #[serde(flatten)]
    score: &'a Score,
    wrong: &'a [Wrong],
}

#[derive(serde::Serialize)]
struct Wrong {
    line: usize,
    label: String,
    answer: String,
    text: String,
}

async fn load(classifier: &str, settings: Option<&Path>, context: &Context) -> Result<Arc<Plugin>> {
    // Nothing of a host is needed to measure; where its set-up says where plugins are, it counts.
    let host = context.host()?;
    let component = context.finder(Some(&host)).find(classifier, Path::new(""))?;
    let settings = match settings {
        Some(path) => serde_json::Value::Object(read_settings(path)?).to_string(),
        None => "{}".to_owned(),
    };
    let spec = PluginSpec {
        name: classifier.to_owned(),
        version: component.version(),
        component: component.bytes,
        settings,
        grants: Grants { log: true, ..Grants::default() },
        limits: CallLimits::default(),
    };
    let plugin = context.sandbox_alone(&host)?.load(spec).await.map_err(|error| Failure::new(error.to_string()))?;
    if plugin.world() != posthouse_model::decision::World::Classifier {
        return Err(Failure::new(format!("{} is a {}, not a classifier", classifier, plugin.world())));
    }
    Ok(plugin)
}

/// Classifies all texts, a few at a time; the answers are in the texts' order.
async fn classify_all<'a>(
    plugin: &Arc<Plugin>,
    texts: impl Iterator<Item = &'a str>,
) -> Result<Vec<std::result::Result<String, String>>> {
    let texts: Arc<Vec<String>> = Arc::new(texts.map(str::to_owned).collect());
    let mut tasks = JoinSet::new();
    for worker in 0..AT_ONCE {
        let (plugin, texts) = (plugin.clone(), texts.clone());
        tasks.spawn(async move {
            let host: Arc<PlainHost> = Arc::default();
            let mut answers = Vec::new();
            for index in (worker..texts.len()).step_by(AT_ONCE) {
                let called = plugin.classify(call(), host.clone(), Arc::new(message(&texts[index]))).await;
                answers.push((index, called.result.map(|triage| label(&triage)).map_err(|error| error.to_string())));
            }
            answers
        });
    }
    let mut all = vec![Err("not classified".to_owned()); texts.len()];
    while let Some(done) = tasks.join_next().await {
        for (index, answer) in done.map_err(|error| Failure::new(error.to_string()))? {
            all[index] = answer;
        }
    }
    Ok(all)
}

fn label(triage: &Triage) -> String {
    if triage.spam.is_some_and(|confidence| confidence >= SPAM_CONFIDENCE_MIN) {
        return "spam".to_owned();
    }
    triage.category.as_ref().map_or_else(|| NONE.to_owned(), |category| category.value.clone())
}

/// The same for every run, so that the same data gives the same answers.
fn call() -> CallContext {
    CallContext {
        now: Timestamp::from_seconds(1_772_323_200),
        seed: 1,
        tenant_name: "Evaluation".to_owned(),
        agent_language: "en".to_owned(),
    }
}

fn message(text: &str) -> MessageView {
    MessageView {
        subject: String::new(),
        body: text.to_owned(),
        full_text: text.to_owned(),
        from: None,
        reply_to: None,
        to: Vec::new(),
        cc: Vec::new(),
        sent_at: call().now,
        direction: Direction::Incoming,
        language: posthouse_mail::language::detect(text),
        headers: Vec::new(),
        message_id: None,
        attachments: Vec::new(),
    }
}

fn show(name: &str, plugin: &Plugin, score: &Score, terminal: &mut Terminal) -> Result<()> {
    let digest = plugin.digest().get(..12).unwrap_or_default();
    terminal.line(format!("{} {}", terminal.paint(Style::Bold, name), terminal.paint(Style::Dim, digest)))?;
    terminal.line(format!(
        "{} texts, accuracy {:.1} %, macro-F1 {:.3}",
        score.rows,
        score.accuracy * 100.0,
        score.macro_f1
    ))?;
    terminal.line("")?;
    let mut table = Table::new(&["class", "precision", "recall", "F1", "texts"]).right(&[1, 2, 3, 4]);
    for class in &score.classes {
        let percent = |value: Option<f64>| value.map_or("–".to_owned(), |v| format!("{:.1} %", v * 100.0));
        let plain = |text: String| (Style::Plain, text);
        table.row([
            (Style::Bold, class.label.clone()),
            plain(percent(class.precision)),
            plain(percent(class.recall)),
            plain(format!("{:.3}", class.f1)),
            plain(class.support.to_string()),
        ]);
    }
    terminal.table(&table)?;
    let mistakes = score.confusion.mistakes();
    if !mistakes.is_empty() {
        terminal.line("")?;
        let mut table = Table::new(&["right", "answered", "texts"]).right(&[2]);
        const SHOWN: usize = 15;
        for (right, answered, count) in mistakes.iter().take(SHOWN) {
            table.plain(&[right, answered, &count.to_string()]);
        }
        terminal.table(&table)?;
        if mistakes.len() > SHOWN {
            terminal.line(
                terminal.paint(Style::Dim, &format!("and {} rarer mistakes (all with --json)", mistakes.len() - SHOWN)),
            )?;
        }
    }
    Ok(())
}
