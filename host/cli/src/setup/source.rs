//! A TOML file with its text kept, so that every problem can say line and column.

use super::Problem;
use serde::de::DeserializeOwned;
use std::path::{Path, PathBuf};
use toml::de::{DeTable, DeValue};

/// A file that people write.
#[derive(Clone, Debug)]
pub struct Source {
    path: PathBuf,
    text: String,
}

/// Largest file of configuration read, in bytes.
pub const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// Reads a text file that people write.
///
/// # Errors
/// Not there, not readable, too large, not UTF-8.
pub fn read_text(path: &Path, bytes_max: u64) -> Result<String, Problem> {
    let bytes = read_bytes(path, bytes_max)?;
    String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = good.iter().filter(|&&b| b == b'\n').count() + 1;
        Problem::file(path, "the file is not UTF-8 text", "save it as UTF-8").at_line(line)
    })
}

/// Reads a file of at most so many bytes.
///
/// # Errors
/// Not there, not readable, too large.
pub fn read_bytes(path: &Path, bytes_max: u64) -> Result<Vec<u8>, Problem> {
    use std::io::Read as _;
    let cannot = |error: std::io::Error| {
        let mend = match error.kind() {
            std::io::ErrorKind::NotFound => "check the path",
            std::io::ErrorKind::PermissionDenied => "make it readable for this user",
            _ => "check the file",
        };
        Problem::file(path, format!("cannot be read: {error}"), mend)
    };
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(cannot)?;
    file.take(bytes_max + 1).read_to_end(&mut bytes).map_err(cannot)?;
    if bytes.len() as u64 > bytes_max {
        let what = format!("the file is larger than {}", crate::output::bytes(bytes_max));
        return Err(Problem::file(path, what, "check that it is the file you mean"));
    }
    Ok(bytes)
}

impl Source {
    /// Reads the file.
    ///
    /// # Errors
    /// See [`read_text`].
    pub fn read(path: impl Into<PathBuf>) -> Result<Self, Problem> {
        let path = path.into();
        Ok(Self { text: read_text(&path, FILE_BYTES_MAX)?, path })
    }

    /// From text that is at hand.
    pub fn new(path: impl Into<PathBuf>, text: impl Into<String>) -> Self {
        Self { path: path.into(), text: text.into() }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file as a value.
    ///
    /// # Errors
    /// The first thing that is wrong, with its place and how to mend it.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        toml::from_str(&self.text).map_err(|error| {
            let (what, mend) = words(error.message());
            let problem = Problem::file(&self.path, what, mend);
            match error.span().map(|span| self.line_column(span.start)) {
                Some((line, column)) => problem.at(line, column),
                None => problem,
            }
        })
    }

    /// A problem with the value at a path such as `mailbox[0].imap.port`. Where the path does not exist, the nearest part of
    /// it that does is pointed at.
    pub fn problem(&self, key: impl Into<String>, what: impl Into<String>, mend: impl Into<String>) -> Problem {
        let key = key.into();
        let problem = Problem::file(&self.path, what, mend);
        let problem = match self.locate(&key) {
            Some((line, column)) => problem.at(line, column),
            None => problem,
        };
        Problem { key: (!key.is_empty()).then_some(key), ..problem }
    }

    fn locate(&self, key: &str) -> Option<(usize, usize)> {
        let table = DeTable::parse(&self.text).ok()?;
        let mut offset = None;
        let mut here: Option<&DeValue<'_>> = None;
        for segment in segments(key) {
            let next = match (segment, here) {
                (Segment::Key(name), None) => table.get_ref().get(name),
                (Segment::Key(name), Some(DeValue::Table(table))) => table.get(name),
                (Segment::Index(index), Some(DeValue::Array(array))) => array.get(index),
                _ => None,
            };
            let Some(next) = next else { break };
            offset = Some(next.span().start);
            here = Some(next.get_ref());
        }
        offset.map(|offset| self.line_column(offset))
    }

    fn line_column(&self, offset: usize) -> (usize, usize) {
        let before = self.text.get(..offset).unwrap_or(&self.text);
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }
}

enum Segment<'a> {
    Key(&'a str),
    Index(usize),
}

fn segments(key: &str) -> impl Iterator<Item = Segment<'_>> {
    key.split('.').flat_map(|piece| {
        let (name, rest) = piece.split_once('[').map_or((piece, ""), |(name, rest)| (name, rest));
        let indexes = rest.split('[').filter_map(|index| index.trim_end_matches(']').parse().ok());
        std::iter::once(Segment::Key(name)).chain(indexes.map(Segment::Index))
    })
}

/// The parser's words in ours, and what to do.
fn words(message: &str) -> (String, String) {
    if let Some(rest) = message.strip_prefix("unknown field ")
        && let Some((name, known)) = rest.split_once(", expected ")
    {
        let name = name.trim_matches('`');
        let known: Vec<&str> = known.split('`').skip(1).step_by(2).collect();
        let nearest = known.iter().map(|k| (distance(name, k), k)).min().filter(|(d, k)| *d <= 2.max(k.len() / 3));
        let mend = match nearest {
            Some((_, nearest)) => format!("did you mean `{nearest}`? Otherwise take it out"),
            None if known.is_empty() => "take it out: nothing is expected here".to_owned(),
            None => format!("take it out; known here: {}", known.join(", ")),
        };
        return (format!("there is no key `{name}` here"), mend);
    }
    if let Some(rest) = message.strip_prefix("missing field ") {
        return (format!("the key {rest} is missing"), "add it to this table".to_owned());
    }
    if let Some(rest) = message.strip_prefix("invalid type: ")
        && let Some((found, expected)) = rest.rsplit_once(", expected ")
    {
        if expected == "struct SecretRef" {
            // Whatever stands there may be the secret itself: it is not repeated.
            let mend = "write { secret = \"name\" } and set the value with `posthouse secret set`";
            return ("a secret never stands here in the clear".to_owned(), mend.to_owned());
        }
        return (format!("this is of the wrong kind: {found}"), format!("write {}", kind(expected)));
    }
    if let Some(rest) = message.strip_prefix("invalid value: ")
        && let Some((found, expected)) = rest.split_once(", expected ")
    {
        return (format!("this value cannot be used: {found}"), format!("write {}", kind(expected)));
    }
    if let Some(rest) = message.strip_prefix("unknown variant ")
        && let Some((found, expected)) = rest.split_once(", expected ")
    {
        return (format!("{found} is not known here"), format!("use {}", expected.trim_start_matches("one of ")));
    }
    let message = message.trim().replace('\n', "; ");
    (message, String::new())
}

fn kind(expected: &str) -> &str {
    match expected {
        "a string" => "text in quotes",
        "u16" | "u32" | "u64" | "usize" | "u8" => "a whole number without quotes",
        "i64" | "i32" => "a whole number without quotes",
        "f32" | "f64" => "a number without quotes",
        "a boolean" => "true or false without quotes",
        "a sequence" => "a list in [ ]",
        "a map" => "a table",
        other => other,
    }
}

/// How many letters to change, add or drop to get from one word to the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let cost = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = cost.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use posthouse_model::config::TenantConfig;

    const BASE: &str = "slug = \"acme\"\nname = \"Acme\"\n";

    fn problem(rest: &str) -> String {
        let source = Source::new("acme/tenant.toml", format!("{BASE}{rest}"));
        match source.parse::<TenantConfig>() {
            Err(problem) => problem.to_string(),
            Ok(config) => {
                let first = config.problems().into_iter().next().unwrap();
                source.problem(first.path, first.what, first.mend).to_string()
            }
        }
    }

    #[test]
    fn what_the_parser_finds_has_a_place_and_a_mend() {
        let cases = [
            (
                "agent_langauge = \"zh\"",
                "acme/tenant.toml:3:1: there is no key `agent_langauge` here; did you mean `agent_language`? Otherwise take it out",
            ),
            (
                "[review]\nundo_seconds = \"10\"",
                "acme/tenant.toml:4:16: this is of the wrong kind: string \"10\"; write a whole number without quotes",
            ),
            ("[[mailbox]]\nname = \"a\"", "acme/tenant.toml:3:1: the key `address` is missing; add it to this table"),
            (
                "[[mailbox]]\nname = \"a\"\naddress = \"a@b.example\"\nimap = { host = \"h\", user = \"u\", password = \"in the clear\" }",
                "acme/tenant.toml:6:45: a secret never stands here in the clear; write { secret = \"name\" } and set the value with `posthouse secret set`",
            ),
            (
                "[digest]\nat = \"25:00\"",
                "acme/tenant.toml:4:6: `25:00` is not a time of day: write it as \"HH:MM\", such as \"18:00\"",
            ),
            (
                "[heartbeat]\ndays = [\"mon\", \"montag\"]",
                "acme/tenant.toml:4:16: `montag` is not known here; use `mon`, `tue`, `wed`, `thu`, `fri`, `sat`, `sun`",
            ),
        ];
        for (rest, expected) in cases {
            assert_eq!(problem(rest), expected);
        }
        assert!(problem("a = [").starts_with("acme/tenant.toml:3:"), "{}", problem("a = ["));
    }

    #[test]
    fn what_the_check_finds_has_a_place_too() {
        let mailbox = "\n[[mailbox]]\nname = \"support\"\naddress = \"a@b.example\"\n[mailbox.maildir]\npath = \"in\"\npoll_seconds = 0\n[mailbox.files]\npath = \"out\"";
        assert_eq!(
            problem(mailbox),
            "acme/tenant.toml:9:16: mailbox[0].maildir.poll_seconds: 0 is out of range; use 1 to 3600"
        );
        let no_way_out = "\n[[mailbox]]\nname = \"support\"\naddress = \"a@b.example\"\nmaildir = { path = \"in\" }";
        assert!(
            problem(no_way_out).starts_with("acme/tenant.toml:4:1: mailbox[0]: the mailbox has no way out"),
            "{}",
            problem(no_way_out)
        );
        assert!(problem("time_zone = \"Moon\"").starts_with("acme/tenant.toml:3:13: time_zone: "));
    }

    #[test]
    fn a_file_that_is_no_text_says_on_which_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.toml");
        std::fs::write(&path, b"a = 1\nb = \"\xff\"\n").unwrap();
        let problem = Source::read(&path).unwrap_err();
        assert_eq!((problem.line, problem.what.as_str()), (Some(2), "the file is not UTF-8 text"));
        assert!(Source::read(dir.path().join("gone")).unwrap_err().what.starts_with("cannot be read"));
    }
}
