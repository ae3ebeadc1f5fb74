//! Labelled texts: tab-separated, with a head line.

use super::mails::{Case, Gold};
use crate::failure::{Failure, Result};
use crate::setup::{Problem, source::read_text};
use std::path::Path;

/// One labelled text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// From 1.
    pub line: usize,
    pub text: String,
    /// Each of these is right; at least one.
    pub labels: Vec<String>,
    /// Where it comes from, in which language it is, and whether to train or to test; empty where there is no such column.
    pub source: String,
    pub language: String,
    pub split: String,
}

impl Row {
    /// The same as a mail, which has the number of its line for an id.
    pub(crate) fn case(&self) -> Case {
        let gold = Gold { category: Some(self.labels.clone()), ..Gold::default() };
        Case { id: self.line.to_string(), body: self.text.clone(), gold, ..Case::default() }
    }
}

const BYTES_MAX: u64 = 256 * 1024 * 1024;

pub(crate) fn read(path: &Path) -> Result<Vec<Row>> {
    let text = read_text(path, BYTES_MAX)?;
    parse(path, &text).map_err(Failure::from)
}

fn parse(path: &Path, text: &str) -> std::result::Result<Vec<Row>, Problem> {
    let problem = |line: usize, what: String, mend: &str| Problem::file(path, what, mend).at_line(line);
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).enumerate();
    let head: Vec<&str> = lines.next().map(|(_, line)| line.split('\t').map(str::trim).collect()).unwrap_or_default();
    let column = |name: &str| {
        head.iter().position(|cell| cell.eq_ignore_ascii_case(name)).ok_or_else(|| {
            problem(
                1,
                format!("there is no column `{name}`"),
                "the first line names the columns, separated by tabs; `text` and `label` are needed",
            )
        })
    };
    let (text_at, label_at) = (column("text")?, column("label")?);
    let optional = |name: &str| head.iter().position(|cell| cell.eq_ignore_ascii_case(name));
    let (source_at, language_at, split_at) =
        (optional("source"), optional("lang").or_else(|| optional("language")), optional("split"));
    let mut rows = Vec::new();
    for (index, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
        let cells: Vec<&str> = line.split('\t').collect();
        let (Some(text), Some(label)) = (cells.get(text_at), cells.get(label_at)) else {
            let what = format!("the line has {} columns, the head {}", cells.len(), head.len());
            return Err(problem(index + 1, what, "separate the columns by exactly one tab"));
        };
        let labels: Vec<String> = label.split('|').map(|l| l.trim().to_owned()).filter(|l| !l.is_empty()).collect();
        if labels.is_empty() {
            return Err(problem(index + 1, "the label is empty".to_owned(), "say what is right, or take the line out"));
        }
        let cell = |at: Option<usize>| at.and_then(|at| cells.get(at)).map_or("", |cell| cell.trim()).to_owned();
        rows.push(Row {
            line: index + 1,
            text: (*text).to_owned(),
            labels,
            source: cell(source_at),
            language: cell(language_at),
            split: cell(split_at),
        });
    }
    if rows.is_empty() {
        return Err(problem(1, "there is no text in it".to_owned(), "add lines beneath the head"));
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn columns_are_found_by_name_and_labels_split() {
        let rows = parse(
            Path::new("x"),
            "\u{feff}id\tLabel\tsplit\ttext\r\n1\trefund | return\tall\twhere is \"it\"?\r\n\r\n2\tother\tall\t\n",
        )
        .unwrap();
        assert_eq!(rows.len(), 2);
        assert_eq!(
            (rows[0].line, rows[0].text.as_str(), rows[0].labels.join(",")),
            (2, "where is \"it\"?", "refund,return".to_owned())
        );
        assert_eq!((rows[1].line, rows[1].text.as_str()), (4, ""));
    }

    #[test]
    fn what_is_wrong_says_on_which_line() {
        let error = |text: &str| parse(Path::new("x.tsv"), text).unwrap_err().to_string();
        assert!(error("text\nhello").starts_with("x.tsv:1: there is no column `label`"));
        assert!(error("text\tlabel\nhello").starts_with("x.tsv:2: the line has 1 columns, the head 2"));
        assert!(error("text\tlabel\nhello\t | ").starts_with("x.tsv:2: the label is empty"));
        assert!(error("text\tlabel\n").starts_with("x.tsv:1: there is no text in it"));
        assert!(error("").starts_with("x.tsv:1: there is no column `text`"));
    }
}
