//! Whole labelled mails in nineteen languages: what the rules reach must not fall. The figures are printed by
//! `cargo run --release -p posthouse-rules --example eval -- tests/data/mails-measure.jsonl`.

mod labelled;

use labelled::{Report, measure, read};
use posthouse_rules::{Engine, Settings, bundled};

fn report(text: &str) -> Report {
    let engine = Engine::new(Settings::default(), bundled()).unwrap_or_else(|what| panic!("{what}"));
    measure(&engine, &read(text).unwrap_or_else(|what| panic!("{what}")))
}

fn hold(report: &Report, category: f64, language: f64, entities: f64) {
    let all = &report.all;
    let reached = (all.percent(all.category), all.percent(all.language), all.all_entities().f1());
    assert!(
        reached.0 >= category && reached.1 >= language && reached.2 >= entities,
        "category, language and entities reach only {reached:?}\n{}",
        report.mistakes.join("\n")
    );
}

#[test]
fn mails_that_nobody_developed_with_are_read_rightly() {
    let report = report(include_str!("data/mails-measure.jsonl"));
    assert!(report.all.mails >= 108 && report.languages.len() >= 18, "{} mails", report.all.mails);
    hold(&report, 88.0, 98.0, 95.0);
}

#[test]
fn mails_that_the_rules_were_developed_with_stay_read() {
    let report = report(include_str!("data/mails-develop.jsonl"));
    assert!(report.all.mails >= 144 && report.languages.len() >= 18, "{} mails", report.all.mails);
    hold(&report, 95.0, 98.0, 97.0);
    for (language, counts) in &report.languages {
        let right = counts.percent(counts.category);
        assert!(right >= 85.0, "{language}: only {right} % of categories\n{}", report.mistakes.join("\n"));
    }
}
