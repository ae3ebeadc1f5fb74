//! Times as they are printed: quantiles, and medians of turns.

use std::time::Duration;

/// The time that so many per cent are not above, in microseconds, of sorted times.
pub fn at(times: &[Duration], percent: usize) -> f64 {
    times[(times.len() - 1) * percent / 100].as_secs_f64() * 1e6
}

/// The median over the turns of what [`at`] says of each.
pub fn median(turns: &[Vec<Duration>], percent: usize) -> f64 {
    let mut values: Vec<f64> = turns.iter().map(|times| at(times, percent)).collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A line with the quantiles of sorted turns.
pub fn print(what: &str, turns: &[Vec<Duration>]) {
    let line: Vec<String> = [50, 90, 99].iter().map(|p| format!("p{p} {:>8.1} µs", median(turns, *p))).collect();
    let calls: usize = turns.iter().map(Vec::len).sum();
    println!("{what:<45} {calls:>4} calls  {}", line.join("  "));
}
