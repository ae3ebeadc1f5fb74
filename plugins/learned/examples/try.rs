//! How good the model is that the shipped lines make, on files that it never saw.
//!
//! ```text
//! cargo run --release -p posthouse-learned --example try -- FILE.tsv|FILE.jsonl … [--rounds N] [--rate R] [--decay D] [--mails N] [--errors N]
//! ```
//!
//! JSONL: whole mails, such as `plugins/rules/tests/data/mails-measure.jsonl`; read once by the rules alone and once with the model.
//! A file has columns `text` and `label` (a head line names them; `lang` is used when there); `a|b` accepts either.
#![allow(clippy::disallowed_methods, reason = "a program that measures, without tokio")]

#[path = "../../rules/tests/labelled/mod.rs"]
mod labelled;

use labelled::{Labelled, Treated, Unwanted};
use posthouse_learned::train::{Course, train};
use posthouse_learned::{Judge, SUSPECT_MIN, file, shipped};
use posthouse_rules::{Engine, Mail, Settings, Trained, bundled};
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Instant;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(what) => {
            eprintln!("{what}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let (mut files, mut course, mut errors) = (Vec::new(), Course::default(), 0usize);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().and_then(|text| text.parse::<f32>().ok()).ok_or("a number is missing");
        match argument.as_str() {
            "--rounds" => course.plan.rounds = number()? as usize,
            "--rate" => course.plan.rate = number()?,
            "--decay" => course.plan.decay = number()?,
            "--rows-left-out" => course.plan.rows_left_out = number()? as u64,
            "--rules-left-out" => course.plan.rules_left_out = number()? as u64,
            "--mails" => course.mails_of_a_line = number()? as usize,
            "--bits" => course.plan.bits = number()? as u32,
            "--held" => course.held_back = number()? as u64,
            "--errors" => errors = number()? as usize,
            _ => files.push(argument),
        }
    }
    let lines = shipped::lines()?;
    let mut engine = Engine::new(Settings::default(), bundled())?;
    let started = Instant::now();
    let trained = train(&lines, &engine, &course, |_| {})?;
    let (count, right) = trained.held_back;
    println!(
        "{} lines of {} languages, trained in {:.1} s, held back {right} of {count} right ({:.1} %), moods {:?}, temper {:.2}, {} bytes",
        lines.len(),
        shipped::languages().len(),
        started.elapsed().as_secs_f64(),
        100.0 * right as f64 / count.max(1) as f64,
        trained.moods_held_back,
        trained.temper,
        file::write(&trained.model)?.len()
    );
    let judge = Judge::new(trained.model, &mut engine, &[], Trained::default())?;
    for path in files {
        measure(&path, &engine, &judge, errors)?;
    }
    Ok(())
}

/// How much unwanted mail is marked as spam, how much more is suspected, and how much other mail is either.
fn unwanted(all: &[Labelled], engine: &Engine, judge: &Judge, errors: usize) {
    let mut left = errors;
    let counts = Unwanted::of(all, &mut |mail| {
        let (findings, verdict) = judge.read(engine, &mail.mail());
        let likely = verdict.map_or(0.0, |verdict| verdict.unwanted);
        let treated = match findings.spam {
            Some(_) => Treated::Marked,
            None if likely >= SUSPECT_MIN => Treated::Suspected,
            None => Treated::Mail,
        };
        if left > 0 && mail.is_spam() == (treated == Treated::Mail) {
            left -= 1;
            println!("  {}: {treated:?}, spam {likely:.2}: {}", mail.id, mail.subject);
        }
        treated
    });
    if counts.spam.iter().sum::<usize>() > 0 {
        let [marked, suspected, neither] = counts.spam;
        let kept = counts.kept_from_models();
        println!("  spam: {marked} marked, {suspected} suspected, {neither} neither: {kept:.1} % kept from models");
        let [marked, suspected, neither] = counts.other;
        println!("  other mail: {marked} marked, {suspected} suspected, {neither} neither");
    }
}

/// Whole mails, by the rules alone and with the model.
fn mails(path: &str, text: &str, engine: &Engine, judge: &Judge, errors: usize) -> Result<(), String> {
    let all = labelled::read(text).map_err(|what| format!("{path}, {what}"))?;
    let rules = labelled::measure(engine, &all);
    let mut unsure = 0;
    let both = labelled::measure_with(&all, &mut |mail| {
        let (findings, verdict) = judge.read(engine, mail);
        unsure += usize::from(verdict.is_some_and(|verdict| verdict.unsure));
        findings
    });
    unwanted(&all, engine, judge, errors);
    let wrong = both.mistakes.iter().filter(|mistake| mistake.contains("category"));
    wrong.take(errors).for_each(|mistake| println!("{mistake}"));
    let of = |report: &labelled::Report, language: &str| {
        report.languages.get(language).map_or(0.0, |counts| counts.percent(counts.category))
    };
    for (language, counts) in &both.languages {
        let (mails, rules, both) = (counts.mails, of(&rules, language), of(&both, language));
        println!("  {language}: {mails}, rules {rules:.1} %, with the model {both:.1} %");
    }
    let wrong = both.mistakes.iter().filter(|mistake| mistake.contains("sentiment") || mistake.contains("urgency"));
    wrong.take(errors).for_each(|mistake| println!("{mistake}"));
    println!(
        "  urgency {:.1} %, language {:.1} %, entities {:.1} %; sentiment by the rules {:.1} %, with the model {:.1} %",
        both.all.percent(both.all.urgency),
        both.all.percent(both.all.language),
        both.all.all_entities().f1(),
        rules.all.percent(rules.all.sentiment),
        both.all.percent(both.all.sentiment)
    );
    println!(
        "{path}: {}, rules {:.1} %, with the model {:.1} %; unsure {:.1} %",
        both.all.mails,
        rules.all.percent(rules.all.category),
        both.all.percent(both.all.category),
        both.all.percent(unsure)
    );
    Ok(())
}

fn measure(path: &str, engine: &Engine, judge: &Judge, errors: usize) -> Result<(), String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    if path.ends_with(".jsonl") {
        return mails(path, &text, engine, judge, errors);
    }
    let mut lines = text.lines();
    let head: Vec<&str> = lines.next().unwrap_or_default().split('\t').collect();
    let column = |name: &str| head.iter().position(|known| *known == name);
    let (Some(text_at), Some(label_at)) = (column("text"), column("label")) else {
        return Err(format!("{path}: the first line must name the columns `text` and `label`"));
    };
    let group_at = column("source").or(column("lang"));
    let mut groups: BTreeMap<&str, [usize; 5]> = BTreeMap::new();
    let mut taken: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut shown = 0;
    let mut bins = [(0usize, 0.0f32, 0usize); 10];
    for line in lines {
        let cells: Vec<&str> = line.split('\t').collect();
        let cell = |at: usize| cells.get(at).copied().unwrap_or_default();
        let mail = Mail { body: cell(text_at), ..Mail::default() };
        let plain = engine.read(&mail).category.map(|(name, _)| name).unwrap_or_default();
        let (findings, verdict) = judge.read(engine, &mail);
        let (said, sure) = findings.category.unwrap_or_default();
        let good = |said: &str| usize::from(cell(label_at).split('|').any(|label| label == said));
        let counts = groups.entry(group_at.map_or("all", cell)).or_default();
        let unsure = verdict.as_ref().is_some_and(|verdict| verdict.unsure);
        counts[0] += 1;
        counts[1] += good(&plain);
        counts[2] += good(&said);
        counts[3] += usize::from(unsure);
        counts[4] += usize::from(unsure) * good(&said);
        let bin = &mut bins[((sure * 10.0) as usize).min(9)];
        *bin = (bin.0 + 1, bin.1 + sure, bin.2 + good(&said));
        if good(&said) == 0 {
            *taken.entry((cell(label_at).to_owned(), said.clone())).or_default() += 1;
            if shown < errors {
                shown += 1;
                println!("  {} → {said} {sure:.2}: {}", cell(label_at), mail.body);
            }
        }
    }
    for (name, [all, rules, stacked, unsure, unsure_right]) in &groups {
        let percent = |part: &usize, of: usize| 100.0 * *part as f64 / of.max(1) as f64;
        println!(
            "{path} {name}: {all}, rules {:.1} %, with the model {:.1} %; unsure {:.1} %, of these right {:.1} %",
            percent(rules, *all),
            percent(stacked, *all),
            percent(unsure, *all),
            percent(unsure_right, *unsure)
        );
    }
    let mut taken: Vec<_> = taken.into_iter().collect();
    taken.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    for ((right, said), count) in taken.iter().take(12) {
        println!("  {right} taken for {said}: {count}");
    }
    for (bin, (count, sure, right)) in bins.iter().enumerate().filter(|(_, bin)| bin.0 > 0) {
        let of = |sum: f32| sum / *count as f32;
        println!("  sure 0.{bin}: {count}, says {:.2}, is {:.2}", of(*sure), of(*right as f32));
    }
    Ok(())
}
