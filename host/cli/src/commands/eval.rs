//! `posthouse eval`: how good a classifier is, on labelled texts.

mod answers;
pub(crate) mod fields;
mod folds;
pub(crate) mod history;
mod html;
pub(crate) mod mails;
mod score;
mod spam;
pub(crate) mod table;

use answers::message_at;
pub(crate) use answers::{SPAM_CONFIDENCE_MIN, classify_all, label, message_of};
pub use score::{Score, score};

use crate::failure::{Code, Failure, Result};
use crate::open::Context;
use crate::output::{Style, Table, Terminal, safe};
use crate::setup::folder::read_settings;
use clap::Args;
use posthouse_model::capability::Grants;
use posthouse_model::triage::Triage;
use posthouse_sandbox::{CallLimits, Plugin, PluginSpec};
use std::path::{Path, PathBuf};
use std::sync::Arc;

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
the matrix is what was right, a column what was answered.

FILE.jsonl has one mail a line, a JSON object: `id`, `from`, `subject`, `body`, and whichever of `language`, `category` (a list:
each is right), `urgency` (low, medium, high, urgent), `sentiment` (positive, neutral, negative, angry), `entities` {`order_no`,
`tracking_no`, `sku`, `amount` (\"USD 49.90\"), `date` (ISO): lists}, `must_not_auto_send` (true where a person has to answer),
`missing_info` (a list of keys such as order-number), `reply_text` (what is new in a mail with quoted history) it carries. With
--json: an object with one entry per field found, {\"accuracy\", \"macro_f1\", …} or {\"precision\", \"recall\", \"f1\", …}, and in
\"wrong\" the ids it got wrong. With --tenant the tenant's own mail of the last tickets is the data: what people made of them is right.

With --folds the trained model is measured: rows of a `split` train and test go their ways, all others are learned from but for one
fold at a time and asked about then, beside the lines that the shipped model learns from. Where there is a column `source`,
each source is measured by itself.")]
pub struct EvalArgs {
    /// A bundled plugin's name, a .wasm file, a package, or a folder with one [default: classifier; with --tenant what answers
    /// there]
    #[arg(long, value_name = "PLUGIN")]
    classifier: Option<String>,
    /// The labelled texts (.tsv) or mails (.jsonl)
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
    /// Take this tenant's own mail as the data
    #[arg(long, value_name = "SLUG", conflicts_with = "data")]
    tenant: Option<String>,
    /// With --tenant: how many tickets, the newest
    #[arg(long, value_name = "COUNT", default_value_t = 1_000)]
    last: u32,
    /// Train and ask in so many folds instead of asking a plugin
    #[arg(long, value_name = "COUNT", requires = "data", conflicts_with = "classifier", value_parser = clap::value_parser!(u32).range(2..=20))]
    folds: Option<u32>,
    /// Spam, as files, mbox, Maildir or folders: tries the filter that learns, taught with every second mail and asked about the
    /// others
    #[arg(long, value_name = "PATH", num_args = 1.., requires = "ham", conflicts_with_all = ["classifier", "data", "settings", "tenant"])]
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
    /// Write a report for people: one HTML page with the matrix of mistakes and the worst errors
    #[arg(long, value_name = "FILE", conflicts_with_all = ["spam", "folds"])]
    html: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What an answer of nothing counts as.
pub(crate) const NONE: &str = "(none)";

/// Runs the command.
///
/// # Errors
/// No such plugin, not a classifier, data that cannot be used.
pub async fn run(args: EvalArgs, context: &Context, terminal: &mut Terminal) -> Result {
    if !args.spam.is_empty() {
        spam::run(&args.spam, &args.ham, args.spam_min, args.wrong, args.json, terminal)?;
        return Ok(Code::Ok);
    }
    if let Some(slug) = &args.tenant {
        return history::run(&args, slug, context, terminal).await;
    }
    let Some(data) = &args.data else {
        return Err(Failure::usage("there is nothing to measure on")
            .mend("give --data FILE (and --classifier), or --tenant, or --spam and --ham"));
    };
    let is_mails = data.extension().is_some_and(|end| end == "jsonl" || end == "ndjson" || end == "json");
    if let Some(folds) = args.folds {
        if is_mails {
            return Err(Failure::new("--folds wants labelled lines").mend("give a .tsv file"));
        }
        return folds::run(data, folds, args.settings.as_deref(), args.json, terminal);
    }
    let classifier = args.classifier.as_deref().unwrap_or("classifier");
    if is_mails {
        let cases = mails::read(data)?;
        let plugin = load(classifier, args.settings.as_deref(), context).await?;
        let views = cases.iter().map(|case| message_at(&case.from, &case.subject, &case.body, case.sent_at)).collect();
        let answers = classify_all(&plugin, views).await?;
        let facts = [
            format!("{classifier}, component {}", plugin.digest().get(..12).unwrap_or_default()),
            format!("{} mails of {}", cases.len(), data.display()),
        ];
        return report(&args, &facts, (&cases, &answers), &[], terminal);
    }
    let rows = table::read(data)?;
    let plugin = load(classifier, args.settings.as_deref(), context).await?;
    let views = rows.iter().map(|row| message_of("", "", &row.text)).collect();
    let triages = classify_all(&plugin, views).await?;
    if let Some(path) = &args.html {
        let facts = [
            format!("{classifier}, component {}", plugin.digest().get(..12).unwrap_or_default()),
            format!("{} texts of {}", rows.len(), data.display()),
        ];
        let cases: Vec<_> = rows.iter().map(table::Row::case).collect();
        write_html(path, &facts, &fields::measure(&cases, &triages), &triages)?;
    }
    let answers: Vec<_> = triages.iter().map(|answer| answer.as_ref().map(label).map_err(String::clone)).collect();
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

/// Writes the report for people.
fn write_html(
    path: &Path,
    facts: &[String],
    measured: &[fields::Field],
    answers: &[std::result::Result<Triage, String>],
) -> Result<()> {
    let failed = answers.iter().filter(|answer| answer.is_err()).count();
    let about = html::About { title: "How well mail is sorted", facts, mails: answers.len(), failed };
    let page = html::page(&about, measured);
    std::fs::write(path, page).map_err(|error| {
        Failure::new(format!("{} cannot be written: {error}", path.display()))
            .mend("name a file in a folder that is there")
    })
}

/// What every field of mails came to, printed as was asked for.
fn report(
    args: &EvalArgs,
    facts: &[String],
    (cases, answers): (&[mails::Case], &[std::result::Result<Triage, String>]),
    drafts: &[(String, String, String)],
    terminal: &mut Terminal,
) -> Result {
    let mut measured = fields::measure(cases, answers);
    measured.extend(fields::drafts(drafts));
    if let Some(path) = &args.html {
        write_html(path, facts, &measured, answers)?;
    }
    if args.json {
        terminal.json(&fields::as_json(&measured))?;
    } else {
        show_fields(facts, &measured, args.wrong, terminal)?;
    }
    if measured.is_empty() {
        terminal.caution("no mail says what is right about it: nothing was measured");
    }
    let failed = answers.iter().filter(|answer| answer.is_err()).count();
    if let Some(error) = answers.iter().find_map(|answer| answer.as_ref().err()) {
        terminal.caution(format!("{failed} of {} mails were not classified; the first: {error}", cases.len()));
        return Ok(Code::Problem);
    }
    Ok(Code::Ok)
}

fn show_fields(facts: &[String], measured: &[fields::Field], wrong: usize, terminal: &mut Terminal) -> Result<()> {
    for fact in facts {
        terminal.line(terminal.paint(Style::Dim, &safe(fact)))?;
    }
    let mut table =
        Table::new(&["field", "mails", "right", "precision", "recall", "F1", "wrong"]).right(&[1, 2, 3, 4, 5, 6]);
    for field in measured {
        let percent = |share: f64| format!("{:.1} %", share * 100.0);
        let figures = match &field.measure {
            fields::Measure::Choice(score) => [
                score.rows.to_string(),
                percent(score.accuracy),
                String::new(),
                String::new(),
                format!("{:.3}", score.macro_f1),
            ],
            fields::Measure::Found(counts, _) => [
                String::new(),
                String::new(),
                percent(counts.precision()),
                percent(counts.recall()),
                format!("{:.3}", counts.f1()),
            ],
            fields::Measure::Drafts(drafts) => [
                drafts.sent.to_string(),
                format!("{} unedited", drafts.unedited),
                String::new(),
                String::new(),
                format!("{} kept", percent(drafts.kept)),
            ],
        };
        let mut cells = vec![(Style::Bold, field.name.to_owned())];
        cells.extend(figures.map(|figure| (Style::Plain, figure)));
        cells.push((Style::Plain, field.wrong.len().to_string()));
        table.row(cells);
    }
    terminal.table(&table)?;
    for field in measured {
        for wrong in field.wrong.iter().take(wrong) {
            let text = crate::output::short(&wrong.text, 90);
            terminal.line(safe(&format!(
                "{}: {}: {} taken for {}: {text}",
                field.name, wrong.id, wrong.right, wrong.answered
            )))?;
        }
    }
    Ok(())
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
