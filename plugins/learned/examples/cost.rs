//! What the trained model adds to one mail of 2 kB, natively: `cargo run --release -p posthouse-learned --example cost -- COMPONENT`.
#![allow(clippy::disallowed_methods, reason = "a program that measures, without tokio")]

use posthouse_learned::{Judge, file, shipped};
use posthouse_rules::{Engine, Mail, Settings, Trained, bundled};
use std::hint::black_box;
use std::time::Instant;

fn main() -> Result<(), String> {
    let path = std::env::args().nth(1).ok_or("name a component that carries a model")?;
    let component = std::fs::read(&path).map_err(|error| format!("{path}: {error}"))?;
    let mut engine = Engine::new(Settings::default(), bundled())?;
    let judge = Judge::new(file::of_component(&component)?, &mut engine, &[], Trained::default())?;
    // Sentences that do not come again: the model knows a word that it has just seen.
    let lines = shipped::lines()?;
    let mut body = String::from("Order 1042-88317, 129.90 EUR, sent on 3 March 2026.\n");
    for line in lines.iter().filter(|line| line.language == "en" && !line.body.contains('{')).step_by(97) {
        if body.len() + line.body.len() > 2_048 {
            break;
        }
        body.push_str(&line.body);
        body.push('\n');
    }
    let mail = Mail { subject: "Where is my parcel?", body: &body, sent_at: 1_772_700_000, ..Mail::default() };
    let median = |work: &mut dyn FnMut()| {
        let mut times: Vec<f64> = (0..2_000)
            .map(|_| {
                let start = Instant::now();
                work();
                start.elapsed().as_secs_f64() * 1e6
            })
            .collect();
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    };
    let rules = median(&mut || {
        black_box(engine.read(black_box(&mail)));
    });
    let both = median(&mut || {
        black_box(judge.read(&engine, black_box(&mail)));
    });
    println!("{} bytes: rules {rules:.0} µs, with the model {both:.0} µs (medians)", body.len());
    Ok(())
}
