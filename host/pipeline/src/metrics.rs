//! Counters of this process, in Prometheus' text format (version 0.0.4).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Upper bounds of the histograms' buckets, in seconds.
const BUCKETS: [f64; 11] = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0];

/// All counters. Labels are names from the configuration or the code, never anything a customer wrote.
#[derive(Debug, Default)]
pub struct Metrics {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    counters: BTreeMap<(&'static str, String), u64>,
    histograms: BTreeMap<(&'static str, String), Histogram>,
}

#[derive(Debug, Default)]
struct Histogram {
    buckets: [u64; BUCKETS.len()],
    count: u64,
    sum_seconds: f64,
}

/// What each counter means.
const HELP: [(&str, &str, &str); 7] = [
    ("posthouse_messages_total", "counter", "Messages taken in, by what became of them."),
    ("posthouse_outcomes_total", "counter", "Messages triaged, by where they ended."),
    ("posthouse_submissions_total", "counter", "Tries at submitting a reply, by outcome."),
    ("posthouse_job_seconds", "histogram", "Time to run a job, by kind and result."),
    ("posthouse_plugin_call_seconds", "histogram", "Time of a plugin call, by world and result."),
    ("posthouse_plugin_calls_refused_total", "counter", "Calls not made because the plugin is cut off, by world."),
    ("posthouse_plugin_denied_total", "counter", "What plugins asked for beyond what they may, by capability."),
];

impl Metrics {
    /// Counts one.
    pub fn count(&self, name: &'static str, labels: &[(&str, &str)]) {
        self.add(name, labels, 1);
    }

    /// Counts several.
    pub fn add(&self, name: &'static str, labels: &[(&str, &str)], count: u64) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        *inner.counters.entry((name, render_labels(labels))).or_default() += count;
    }

    /// Observes a duration.
    pub fn observe(&self, name: &'static str, labels: &[(&str, &str)], duration: Duration) {
        let seconds = duration.as_secs_f64();
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let histogram = inner.histograms.entry((name, render_labels(labels))).or_default();
        histogram.count += 1;
        histogram.sum_seconds += seconds;
        for (slot, bound) in histogram.buckets.iter_mut().zip(BUCKETS) {
            if seconds <= bound {
                *slot += 1;
            }
        }
    }

    /// Everything, as a scrape reads it.
    #[must_use]
    pub fn render(&self) -> String {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let mut out = String::new();
        for (name, kind, help) in HELP {
            let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
            for ((_, labels), value) in inner.counters.iter().filter(|((n, _), _)| *n == name) {
                let _ = writeln!(out, "{name}{{{labels}}} {value}");
            }
            for ((_, labels), h) in inner.histograms.iter().filter(|((n, _), _)| *n == name) {
                for (count, bound) in h.buckets.iter().zip(BUCKETS) {
                    let _ = writeln!(out, "{name}_bucket{{{labels},le=\"{bound}\"}} {count}");
                }
                let _ = writeln!(out, "{name}_bucket{{{labels},le=\"+Inf\"}} {}", h.count);
                let _ = writeln!(out, "{name}_sum{{{labels}}} {}", h.sum_seconds);
                let _ = writeln!(out, "{name}_count{{{labels}}} {}", h.count);
            }
        }
        out
    }
}

fn render_labels(labels: &[(&str, &str)]) -> String {
    let mut out = String::new();
    for (i, (key, value)) in labels.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        let _ = write!(out, "{key}=\"{value}\"");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renders_what_prometheus_reads() {
        let metrics = Metrics::default();
        metrics.count("posthouse_messages_total", &[("taken", "new")]);
        metrics.count("posthouse_messages_total", &[("taken", "new")]);
        metrics.add("posthouse_plugin_denied_total", &[("capability", "http")], 3);
        metrics.observe("posthouse_job_seconds", &[("job", "triage"), ("result", "done")], Duration::from_millis(2));
        let text = metrics.render();
        assert!(text.contains("posthouse_messages_total{taken=\"new\"} 2\n"), "{text}");
        assert!(text.contains("posthouse_plugin_denied_total{capability=\"http\"} 3\n"), "{text}");
        assert!(
            text.contains("posthouse_job_seconds_bucket{job=\"triage\",result=\"done\",le=\"0.001\"} 0\n"),
            "{text}"
        );
        assert!(
            text.contains("posthouse_job_seconds_bucket{job=\"triage\",result=\"done\",le=\"0.005\"} 1\n"),
            "{text}"
        );
        assert!(text.contains("posthouse_job_seconds_count{job=\"triage\",result=\"done\"} 1\n"), "{text}");
    }
}
