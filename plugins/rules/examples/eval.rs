//! How well the bundled rules sort a labelled file.
//!
//! ```text
//! cargo run --release -p posthouse-rules --example eval -- FILE.tsv [--errors N] [--lang xx]
//! cargo run --release -p posthouse-rules --example eval -- FILE.jsonl [--errors N] [--lang xx]
//! ```
//!
//! JSONL: whole mails with everything that is to be found in them, such as `tests/data/mails-develop.jsonl`. Prints category,
//! language, urgency, sentiment and the F1 of entities, for each language and together.
//!
//! The file has columns `text` and `label` (a header names them; `lang` is used when there); `a|b` accepts
//! either. Prints accuracy, macro-F1, each class, and what was taken for what.

#[path = "../tests/labelled/mod.rs"]
mod labelled;

use posthouse_rules::{Engine, Mail, Settings, bundled};
use std::collections::BTreeMap;
use std::process::ExitCode;

#[derive(Default)]
struct Class {
    right: usize,
    said: usize,
    wanted: usize,
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(path) = arguments.next() else {
        eprintln!("usage: eval FILE.tsv|FILE.jsonl [--errors N] [--lang xx]");
        return ExitCode::FAILURE;
    };
    let (mut errors_max, mut only, mut label_only) = (0usize, None, None);
    while let Some(option) = arguments.next() {
        match (option.as_str(), arguments.next()) {
            ("--errors", Some(count)) => errors_max = count.parse().unwrap_or(0),
            ("--lang", Some(language)) => only = Some(language),
            ("--label", Some(label)) => label_only = Some(label),
            _ => eprintln!("`{option}` is not known"),
        }
    }
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) => {
            eprintln!("{path}: {error}");
            return ExitCode::FAILURE;
        }
    };
    let engine = match Engine::new(Settings::default(), bundled()) {
        Ok(engine) => engine,
        Err(what) => {
            eprintln!("{what}");
            return ExitCode::FAILURE;
        }
    };
    if path.ends_with(".jsonl") {
        return mails(&engine, &path, &text, errors_max, only.as_deref());
    }
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap_or_default().split('\t').collect();
    let column = |name: &str| header.iter().position(|known| *known == name);
    let (Some(text_at), Some(label_at)) = (column("text"), column("label")) else {
        eprintln!("{path}: the first line must name the columns `text` and `label`");
        return ExitCode::FAILURE;
    };
    let (lang_at, subject_at) = (column("lang"), column("subject"));

    let mut classes: BTreeMap<String, Class> = BTreeMap::new();
    let mut confusion: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut languages: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let (mut total, mut right, mut shown) = (0usize, 0usize, 0usize);
    for line in lines {
        let cells: Vec<&str> = line.split('\t').collect();
        let cell = |at: usize| cells.get(at).copied().unwrap_or_default();
        let language = lang_at.map_or("", cell);
        if only.as_deref().is_some_and(|wanted| wanted != language) {
            continue;
        }
        let body = cell(text_at).replace("\\n", "\n");
        let mail = Mail { subject: subject_at.map_or("", cell), body: &body, ..Mail::default() };
        let found = engine.read(&mail);
        let said = match (&found.spam, &found.category) {
            (Some(_), _) => "spam".to_owned(),
            (None, Some((name, _))) => name.clone(),
            (None, None) => "none".to_owned(),
        };
        let wanted = cell(label_at);
        if label_only.as_deref().is_some_and(|label| label != wanted) {
            continue;
        }
        let good = wanted.split('|').any(|label| label == said);
        // Where either is right, what was said is the class; else the first.
        let class = if good { said.clone() } else { wanted.split('|').next().unwrap_or_default().to_owned() };
        total += 1;
        right += usize::from(good);
        let of_language = languages.entry(language.to_owned()).or_default();
        of_language.0 += 1;
        of_language.1 += usize::from(good);
        classes.entry(class.clone()).or_default().wanted += 1;
        classes.entry(said.clone()).or_default().said += 1;
        if good {
            classes.entry(class).or_default().right += 1;
        } else {
            *confusion.entry((class, said.clone())).or_default() += 1;
            // Spread over the file rather than from its start.
            if shown < errors_max && (total * 7919) % 13 < 4 {
                shown += 1;
                let rules: Vec<String> = found.matches.iter().map(|m| format!("{}({})", m.rule, m.words)).collect();
                println!("{wanted} → {said}: {body}\n    {}", rules.join(" "));
            }
        }
    }
    let percent = |part: usize, of: usize| 100.0 * part as f64 / of.max(1) as f64;
    let mut f1_sum = 0.0;
    let mut f1_count = 0usize;
    println!("{:<12} {:>6} {:>9} {:>9} {:>9}", "class", "n", "precision", "recall", "F1");
    for (name, class) in &classes {
        let (precision, recall) = (percent(class.right, class.said), percent(class.right, class.wanted));
        let f1 = if precision + recall > 0.0 { 2.0 * precision * recall / (precision + recall) } else { 0.0 };
        if class.wanted > 0 {
            f1_sum += f1;
            f1_count += 1;
        }
        println!("{name:<12} {:>6} {precision:>9.1} {recall:>9.1} {f1:>9.1}", class.wanted);
    }
    let mut pairs: Vec<_> = confusion.into_iter().collect();
    pairs.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    for ((wanted, said), count) in pairs.iter().take(14) {
        println!("  {wanted} taken for {said}: {count}");
    }
    if languages.len() > 1 {
        for (language, (count, good)) in &languages {
            println!("  {language}: {:.1} % of {count}", percent(*good, *count));
        }
    }
    println!("accuracy {:.2} % of {total}, macro-F1 {:.2} %", percent(right, total), f1_sum / f1_count.max(1) as f64);
    ExitCode::SUCCESS
}

/// Whole mails.
fn mails(engine: &Engine, path: &str, text: &str, errors_max: usize, only: Option<&str>) -> ExitCode {
    let mut mails = match labelled::read(text) {
        Ok(mails) => mails,
        Err(what) => {
            eprintln!("{path}, {what}");
            return ExitCode::FAILURE;
        }
    };
    mails.retain(|mail| only.is_none_or(|wanted| wanted == mail.language));
    let report = labelled::measure(engine, &mails);
    for line in report.mistakes.iter().take(errors_max) {
        println!("{line}");
    }
    println!(
        "{:<8} {:>5} {:>9} {:>9} {:>8} {:>10} {:>12}",
        "", "mails", "category", "language", "urgency", "sentiment", "entities F1"
    );
    let line = |name: &str, counts: &labelled::Counts| {
        println!(
            "{name:<8} {:>5} {:>8.1}% {:>8.1}% {:>7.1}% {:>9.1}% {:>11.1}%",
            counts.mails,
            counts.percent(counts.category),
            counts.percent(counts.language),
            counts.percent(counts.urgency),
            counts.percent(counts.sentiment),
            counts.all_entities().f1()
        );
    };
    for (language, counts) in &report.languages {
        line(language, counts);
    }
    line("all", &report.all);
    for (kind, found) in &report.all.entities {
        println!(
            "  {kind:<12} F1 {:>5.1}%: {} right, {} too many, {} missed",
            found.f1(),
            found.right,
            found.extra,
            found.missed
        );
    }
    ExitCode::SUCCESS
}
