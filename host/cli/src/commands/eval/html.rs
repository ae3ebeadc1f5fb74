//! The report to lay before a client: one page that needs nothing else, with the matrix of what was taken for what and the
//! worst errors. Whatever comes from a mail stands in it as text.

use super::fields::{Field, Measure, Wrong};
use super::score::Score;
use std::fmt::Write as _;

/// Errors of a field that are shown, those that the classifier was surest of first.
const WORST_MAX: usize = 40;

/// What the report is about.
pub(crate) struct About<'a> {
    pub title: &'a str,
    /// What was measured, on what: one fact a line.
    pub facts: &'a [String],
    pub mails: usize,
    pub failed: usize,
}

/// Text as text.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // No control character, and none that turns the direction of what follows.
            '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => escaped.push('\u{FFFD}'),
            c if c.is_control() && c != '\n' && c != '\t' => escaped.push('\u{FFFD}'),
            c => escaped.push(c),
        }
    }
    escaped
}

const STYLE: &str = "\
:root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem}\
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2.5rem;border-top:1px solid #8886;padding-top:1rem}\
table{border-collapse:collapse;margin:.75rem 0}th,td{padding:.25rem .6rem;text-align:left;vertical-align:top}\
thead th{border-bottom:1px solid #888}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}\
.matrix td{text-align:center;min-width:2.2rem}.hit{background:#2a82}.miss{background:#c332}.quiet{opacity:.65}\
.wide{overflow-x:auto}.figure{font-size:1.25rem;font-weight:600}td.text{max-width:34rem;overflow-wrap:anywhere}\
@media print{body{max-width:none;margin:0}h2{break-after:avoid}tr{break-inside:avoid}}";

/// The page.
#[must_use]
pub(crate) fn page(about: &About<'_>, fields: &[Field]) -> String {
    let mut out = String::new();
    let title = escape(about.title);
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'un\u{73}afe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <h1>{title}</h1>\n"
    );
    for fact in about.facts {
        let _ = writeln!(out, "<p class=\"quiet\">{}</p>", escape(fact));
    }
    if about.failed > 0 {
        let _ = writeln!(
            out,
            "<p>{} of {} mails were not classified at all; they count as wrong.</p>",
            about.failed, about.mails
        );
    }
    summary(&mut out, fields);
    for field in fields {
        let _ = writeln!(out, "<h2 id=\"{0}\">{0}</h2>", field.name);
        match &field.measure {
            Measure::Choice(score) => {
                classes(&mut out, score);
                matrix(&mut out, score);
            }
            Measure::Found(_, kinds) if !kinds.is_empty() => {
                out.push_str("<table><thead><tr><th>kind</th><th class=\"n\">precision</th><th class=\"n\">recall</th><th class=\"n\">F1</th><th class=\"n\">there</th></tr></thead><tbody>\n");
                for (name, counts) in kinds {
                    let _ = writeln!(
                        out,
                        "<tr><td>{name}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>",
                        percent(counts.precision()),
                        percent(counts.recall()),
                        percent(counts.f1()),
                        counts.right + counts.missed
                    );
                }
                out.push_str("</tbody></table>\n");
            }
            Measure::Found(..) | Measure::Drafts(_) => {}
        }
        worst(&mut out, &field.wrong);
    }
    out.push_str("</body>\n</html>\n");
    out
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

fn summary(out: &mut String, fields: &[Field]) {
    out.push_str("<table><thead><tr><th>field</th><th class=\"n\">mails</th><th class=\"n\">right</th><th class=\"n\">macro-F1 / F1</th><th class=\"n\">wrong</th></tr></thead><tbody>\n");
    for field in fields {
        let (count, right, f1) = match &field.measure {
            Measure::Choice(score) => (score.rows.to_string(), percent(score.accuracy), score.macro_f1),
            Measure::Found(counts, _) => {
                let figures = format!("precision {}, recall {}", percent(counts.precision()), percent(counts.recall()));
                (String::new(), figures, counts.f1())
            }
            Measure::Drafts(drafts) => {
                let figures = format!("{} of {} sent as they were", drafts.unedited, drafts.sent);
                (drafts.sent.to_string(), figures, drafts.kept)
            }
        };
        let _ = writeln!(
            out,
            "<tr><td><a href=\"#{0}\">{0}</a></td><td class=\"n\">{count}</td><td class=\"n figure\">{right}</td><td class=\"n\">{f1:.3}</td><td class=\"n\">{1}</td></tr>",
            field.name,
            field.wrong.len()
        );
    }
    out.push_str("</tbody></table>\n");
}

fn classes(out: &mut String, score: &Score) {
    out.push_str("<table><thead><tr><th>value</th><th class=\"n\">precision</th><th class=\"n\">recall</th><th class=\"n\">F1</th><th class=\"n\">mails</th></tr></thead><tbody>\n");
    for class in &score.classes {
        let share = |share: Option<f64>| share.map_or("–".to_owned(), percent);
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{:.3}</td><td class=\"n\">{}</td></tr>",
            escape(&class.label),
            share(class.precision),
            share(class.recall),
            class.f1,
            class.support
        );
    }
    out.push_str("</tbody></table>\n");
}

fn matrix(out: &mut String, score: &Score) {
    let labels = &score.confusion.labels;
    if labels.len() < 2 {
        return;
    }
    out.push_str("<p class=\"quiet\">What was taken for what: a row is what was right, a column what was answered.</p>\n<div class=\"wide\"><table class=\"matrix\"><thead><tr><th></th>");
    for label in labels {
        let _ = write!(out, "<th>{}</th>", escape(label));
    }
    out.push_str("</tr></thead><tbody>\n");
    for (row, label) in labels.iter().enumerate() {
        let _ = write!(out, "<tr><th>{}</th>", escape(label));
        for (column, count) in score.confusion.matrix[row].iter().enumerate() {
            let class = match (*count, row == column) {
                (0, _) => "",
                (_, true) => " class=\"hit\"",
                (_, false) => " class=\"miss\"",
            };
            let shown = if *count == 0 { "·".to_owned() } else { count.to_string() };
            let _ = write!(out, "<td{class}>{shown}</td>");
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table></div>\n");
}

/// Those that it was surest of first.
fn worst(out: &mut String, wrong: &[Wrong]) {
    if wrong.is_empty() {
        out.push_str("<p>Nothing was wrong.</p>\n");
        return;
    }
    let mut all: Vec<&Wrong> = wrong.iter().collect();
    all.sort_by(|one, other| other.confidence.unwrap_or(0.0).total_cmp(&one.confidence.unwrap_or(0.0)));
    let shown = all.len().min(WORST_MAX);
    let _ = writeln!(out, "<p class=\"quiet\">Worst errors, {shown} of {}:</p>", all.len());
    out.push_str("<table><thead><tr><th>id</th><th>right</th><th>answered</th><th class=\"n\">sure</th><th>mail</th></tr></thead><tbody>\n");
    for wrong in all.into_iter().take(WORST_MAX) {
        let sure = wrong.confidence.map_or(String::new(), |sure| format!("{sure:.2}"));
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td class=\"n\">{sure}</td><td class=\"text\">{}</td></tr>",
            escape(&wrong.id),
            escape(&wrong.right),
            escape(&wrong.answered),
            escape(&wrong.text)
        );
    }
    out.push_str("</tbody></table>\n");
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::fields::measure;
    use super::super::mails::parse;
    use super::*;
    use posthouse_model::triage::{Scored, Triage};
    use std::path::Path;

    #[test]
    fn what_comes_from_a_mail_is_text() {
        let line = r#"{"id":"<i>&1","subject":"<script>alert(1)</script>","body":"\u202egnp.exe\u0007 \"><img src=x onerror=y>","category":["<b>"]}"#;
        let cases = parse(Path::new("m"), line).unwrap();
        let answer =
            Triage { category: Some(Scored { value: "it's".to_owned(), confidence: 0.9 }), ..Triage::default() };
        let fields = measure(&cases, &[Ok(answer)]);
        let page = page(&About { title: "A & <B>", facts: &["<fact>".to_owned()], mails: 1, failed: 0 }, &fields);
        for inert in [
            "&lt;script&gt;",
            "&lt;i&gt;&amp;1",
            "&lt;b&gt;",
            "it&#39;s",
            "A &amp; &lt;B&gt;",
            "&lt;fact&gt;",
            "&quot;&gt;&lt;img",
        ] {
            assert!(page.contains(inert), "{inert} in\n{page}");
        }
        for alive in ["<script>alert", "<img", "<i>", "<b>", "\u{202e}", "\u{7}"] {
            assert!(!page.contains(alive), "{alive:?} in\n{page}");
        }
        assert!(page.contains("default-src 'none'") && !page.contains("http://") && !page.contains("https://"));
        assert!(page.contains("class=\"miss\">1<"), "{page}");
    }

    #[test]
    fn the_surest_errors_come_first() {
        let wrong = |id: &str, sure| Wrong {
            id: id.to_owned(),
            right: String::new(),
            answered: String::new(),
            confidence: Some(sure),
            text: String::new(),
        };
        let mut out = String::new();
        worst(&mut out, &[wrong("first", 0.2), wrong("second", 0.9)]);
        assert!(out.find("second").unwrap() < out.find("first").unwrap());
    }
}
