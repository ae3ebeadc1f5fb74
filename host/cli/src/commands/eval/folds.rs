//! `posthouse eval --folds`: how good the trained model is on texts that it did not learn from.

use super::NONE;
use super::score::{Score, score};
use super::table::{self, Row};
use crate::failure::{Code, Failure, Result};
use crate::output::{Style, Table, Terminal, safe};
use crate::setup::folder::read_settings;
use posthouse_learned::lines::Labelled;
use posthouse_learned::train::{Course, train};
use posthouse_learned::{Judge, shipped};
use posthouse_rules::{Engine, Mail, Settings, bundled};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;
use tokio::time::Instant;

/// What one source came to.
#[derive(Serialize)]
struct Measured {
    source: String,
    /// `5 folds`, or `train and test`.
    how: String,
    learned: usize,
    #[serde(flatten)]
    score: Score,
    /// The longest training, in seconds.
    training_seconds: f64,
    wrong: Vec<usize>,
}

pub(super) fn run(data: &Path, folds: u32, settings: Option<&Path>, as_json: bool, terminal: &mut Terminal) -> Result {
    let rows = table::read(data)?;
    let lines = shipped::lines().map_err(Failure::new)?;
    let settings = settings.map(read_settings).transpose()?.unwrap_or_default();
    let mut sources: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in &rows {
        sources.entry(row.source.as_str()).or_default().push(row);
    }
    let mut all = Vec::new();
    for (source, rows) in sources {
        let measured = measure(source, &rows, &lines, folds, &settings)?;
        if !as_json {
            show(&measured, terminal)?;
        }
        all.push(measured);
    }
    if as_json {
        terminal.json(&all)?;
    }
    Ok(Code::Ok)
}

fn measure(
    source: &str,
    rows: &[&Row],
    lines: &[Labelled],
    folds: u32,
    settings: &serde_json::Map<String, serde_json::Value>,
) -> Result<Measured> {
    let is_split = rows.iter().any(|row| row.split == "train") && rows.iter().any(|row| row.split == "test");
    let turns: Vec<(Vec<&Row>, Vec<&Row>)> = if is_split {
        vec![rows.iter().copied().partition(|row| row.split == "train")]
    } else {
        // The same text is in one fold, however often it is there.
        (0..folds).map(|fold| rows.iter().copied().partition(|row| fold_of(&row.text, folds) != fold)).collect()
    };
    let mut answers: Vec<(&Row, String)> = Vec::new();
    let (mut longest, mut learned) = (Duration::ZERO, 0);
    for (learn, ask) in turns.iter().filter(|(_, ask)| !ask.is_empty()) {
        let mut texts = lines.to_vec();
        texts.extend(learn.iter().map(|row| Labelled {
            body: row.text.clone(),
            language: row.language.clone(),
            labels: row.labels.clone(),
            ..Labelled::default()
        }));
        learned = learned.max(texts.len());
        let started = Instant::now();
        let (judge, engine) = judge(&texts, settings)?;
        longest = longest.max(started.elapsed());
        for row in ask {
            let body = row.text.replace("\\n", "\n");
            let (findings, _) = judge.read(&engine, &Mail { body: &body, ..Mail::default() });
            let said = match (findings.spam, findings.category) {
                (Some(sure), _) if sure >= super::SPAM_CONFIDENCE_MIN => "spam".to_owned(),
                (_, category) => category.map_or_else(|| NONE.to_owned(), |(name, _)| name),
            };
            answers.push((row, said));
        }
    }
    let pairs: Vec<_> = answers.iter().map(|(row, said)| (row.labels.as_slice(), said.as_str())).collect();
    let mut wrong: Vec<usize> =
        answers.iter().filter(|(row, said)| !row.labels.contains(said)).map(|(row, _)| row.line).collect();
    wrong.sort_unstable();
    Ok(Measured {
        source: source.to_owned(),
        how: if is_split { "train and test".to_owned() } else { format!("{folds} folds") },
        learned,
        score: score(&pairs),
        training_seconds: (longest.as_secs_f64() * 100.0).round() / 100.0,
        wrong,
    })
}

fn judge(texts: &[Labelled], settings: &serde_json::Map<String, serde_json::Value>) -> Result<(Judge, Engine)> {
    let read = || -> std::result::Result<Settings, String> {
        serde_json::from_value(serde_json::Value::Object(settings.clone()))
            .map_err(|error| format!("settings: {error}"))
    };
    let wanted = read().map_err(Failure::new)?;
    let own = Judge::own_rules(&wanted);
    let trained = wanted.trained;
    let mut engine = Engine::new(wanted, bundled()).map_err(Failure::new)?;
    let course = Course { whole: false, held_back: 8, ..Course::default() };
    let model = train(texts, &engine, &course, |_| {}).map_err(Failure::new)?.model;
    let judge = Judge::new(model, &mut engine, &own, trained).map_err(Failure::new)?;
    Ok((judge, engine))
}

/// FNV-1a.
fn fold_of(text: &str, folds: u32) -> u32 {
    let hash = text
        .trim()
        .to_lowercase()
        .bytes()
        .fold(0xCBF2_9CE4_8422_2325u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3));
    u32::try_from((hash >> 20) % u64::from(folds)).unwrap_or(0)
}

fn show(measured: &Measured, terminal: &mut Terminal) -> Result<()> {
    let score = &measured.score;
    let name = if measured.source.is_empty() { "all rows" } else { &measured.source };
    terminal.line(format!(
        "{}: {}, {} texts, accuracy {:.1} %, macro-F1 {:.3} (learned from {} texts in {:.1} s at most)",
        terminal.paint(Style::Bold, &safe(name)),
        measured.how,
        score.rows,
        score.accuracy * 100.0,
        score.macro_f1,
        measured.learned,
        measured.training_seconds
    ))?;
    let mut table = Table::new(&["right", "answered", "texts"]).right(&[2]);
    for (right, answered, count) in score.confusion.mistakes().iter().take(10) {
        table.plain(&[right, answered, &count.to_string()]);
    }
    if !table.is_empty() {
        terminal.table(&table)?;
    }
    terminal.line("")
}
