//! What people and programs see: aligned and calm on a terminal, plain in a pipe, JSON where asked for.

use crate::Failure;
use crate::failure::Result;
use crate::system::Environment;
use serde::Serialize;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::process::ExitCode;

/// Where a command writes to. Data goes to standard output, everything else to standard error.
pub struct Terminal {
    out: BufWriter<Box<dyn Write + Send>>,
    colour_out: bool,
    colour_err: bool,
    /// Standard error is a terminal: progress may be drawn.
    pub interactive: bool,
}

/// How a piece of text looks. On anything but a terminal it looks like nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// As it is.
    Plain,
    /// Headings, names.
    Bold,
    /// Of lesser weight.
    Dim,
    /// It is well.
    Good,
    /// Look here.
    Caution,
    /// It is not well.
    Bad,
}

impl Style {
    fn code(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Bold => "1",
            Self::Dim => "2",
            Self::Good => "32",
            Self::Caution => "33",
            Self::Bad => "31",
        }
    }

    fn paint(self, colour: bool, text: &str) -> String {
        if colour && self != Self::Plain { format!("\x1b[{}m{text}\x1b[0m", self.code()) } else { text.to_owned() }
    }
}

impl Terminal {
    /// Of this process. Colour only on a terminal, and only where the environment allows it.
    #[must_use]
    pub fn of_process(environment: &Environment) -> Self {
        Self {
            out: BufWriter::new(Box::new(io::stdout())),
            colour_out: environment.colour && io::stdout().is_terminal(),
            colour_err: environment.colour && io::stderr().is_terminal(),
            interactive: environment.redraw && io::stderr().is_terminal(),
        }
    }

    /// Writes into a buffer, without colour; for tests.
    #[must_use]
    pub fn into(writer: Box<dyn Write + Send>) -> Self {
        Self { out: BufWriter::new(writer), colour_out: false, colour_err: false, interactive: false }
    }

    /// A line of data.
    ///
    /// # Errors
    /// When standard output cannot be written.
    pub fn line(&mut self, text: impl AsRef<str>) -> Result<()> {
        writeln!(self.out, "{}", text.as_ref())?;
        Ok(())
    }

    /// One JSON value on one line.
    ///
    /// # Errors
    /// When standard output cannot be written.
    pub fn json_line(&mut self, value: &impl Serialize) -> Result<()> {
        serde_json::to_writer(&mut self.out, value)?;
        self.line("")
    }

    /// A JSON document for programs and for reading.
    ///
    /// # Errors
    /// When standard output cannot be written.
    pub fn json(&mut self, value: &impl Serialize) -> Result<()> {
        serde_json::to_writer_pretty(&mut self.out, value)?;
        self.line("")
    }

    /// Text in a style, for a line of data.
    #[must_use]
    pub fn paint(&self, style: Style, text: &str) -> String {
        style.paint(self.colour_out, text)
    }

    /// Rows in columns.
    ///
    /// # Errors
    /// When standard output cannot be written.
    pub fn table(&mut self, table: &Table) -> Result<()> {
        for line in table.render(self.colour_out) {
            self.line(line)?;
        }
        Ok(())
    }

    /// Something to know beside the data. What is wrong with standard error is nobody's business.
    pub fn note(&mut self, text: impl AsRef<str>) {
        let _ = self.out.flush();
        let _ = writeln!(io::stderr(), "{}", text.as_ref());
    }

    /// Something to look at beside the data.
    pub fn caution(&mut self, text: impl AsRef<str>) {
        let mark = Style::Caution.paint(self.colour_err, "note:");
        self.note(format!("{mark} {}", text.as_ref()));
    }

    /// # Errors
    /// When standard output cannot be written.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// Says why a command failed.
    #[must_use]
    pub fn fail(&mut self, failure: &Failure) -> ExitCode {
        let mark = Style::Bad.paint(self.colour_err, "error:");
        let mut text = format!("{mark} {}", failure.what);
        for problem in &failure.problems {
            let place = Style::Bold.paint(self.colour_err, &problem.place());
            text += &format!("\n\n  {place}\n    {}", problem.words());
            if !problem.mend.is_empty() {
                text += &format!("\n    {} {}", Style::Dim.paint(self.colour_err, "mend:"), problem.mend);
            }
        }
        if let Some(mend) = &failure.mend {
            text += &format!("\n  {} {mend}", Style::Dim.paint(self.colour_err, "mend:"));
        }
        self.note(text);
        failure.code.into()
    }
}

/// Rows in columns, aligned by what a terminal shows.
#[derive(Default)]
pub struct Table {
    head: Vec<String>,
    rows: Vec<Vec<(Style, String)>>,
    right: Vec<usize>,
}

impl Table {
    /// With a head.
    #[must_use]
    pub fn new(head: &[&str]) -> Self {
        Self { head: head.iter().map(|&text| text.to_owned()).collect(), ..Self::default() }
    }

    /// Columns (from 0) of numbers.
    #[must_use]
    pub fn right(mut self, columns: &[usize]) -> Self {
        self.right = columns.to_vec();
        self
    }

    /// One more row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = (Style, String)>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// One more row without styles.
    pub fn plain(&mut self, cells: &[&str]) {
        self.row(cells.iter().map(|&text| (Style::Plain, text.to_owned())));
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    fn render(&self, colour: bool) -> Vec<String> {
        let head: Vec<_> = self.head.iter().map(|text| (Style::Dim, text.clone())).collect();
        let rows: Vec<_> = (!head.is_empty()).then_some(&head).into_iter().chain(&self.rows).collect();
        let columns = rows.iter().map(|row| row.len()).max().unwrap_or(0);
        let width =
            |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|(_, t)| width(t)).max().unwrap_or(0);
        let widths: Vec<_> = (0..columns).map(width).collect();
        let line = |row: &&Vec<(Style, String)>| {
            let mut line = String::new();
            for (i, (style, text)) in row.iter().enumerate() {
                let pad = " ".repeat(widths[i].saturating_sub(self::width(text)));
                let cell = style.paint(colour, text);
                let last = i + 1 == row.len();
                if self.right.contains(&i) {
                    line += &format!("{pad}{cell}");
                } else if last {
                    line += &cell;
                } else {
                    line += &format!("{cell}{pad}");
                }
                if !last {
                    line += "  ";
                }
            }
            line.trim_end().to_owned()
        };
        rows.iter().map(line).collect()
    }
}

/// How many cells a terminal uses for a text: wide characters of East Asia take two, combining marks none.
#[must_use]
pub fn width(text: &str) -> usize {
    text.chars()
        .map(|c| match u32::from(c) {
            0..=0x1f | 0x7f..=0x9f | 0x300..=0x36f | 0x200b..=0x200f | 0xfe00..=0xfe0f => 0,
            0x1100..=0x115f
            | 0x2e80..=0x303e
            | 0x3041..=0xa4cf
            | 0xac00..=0xd7a3
            | 0xf900..=0xfaff
            | 0xfe30..=0xfe4f
            | 0xff00..=0xff60
            | 0xffe0..=0xffe6
            | 0x1f300..=0x1faff
            | 0x20000..=0x3fffd => 2,
            _ => 1,
        })
        .sum()
}

/// A text from outside on one line of at most so many cells: control characters, which could move a terminal's cursor,
/// become spaces.
#[must_use]
pub fn short(text: &str, cells: usize) -> String {
    let mut line = String::new();
    let mut used = 0;
    for c in text.trim().chars() {
        let c = if c.is_control() || is_direction(c) { ' ' } else { c };
        used += width(c.encode_utf8(&mut [0; 4]));
        if used > cells {
            line = line.trim_end().to_owned();
            line.push('…');
            break;
        }
        line.push(c);
    }
    line
}

/// A text from outside over several lines, safe to show.
#[must_use]
pub fn safe(text: &str) -> String {
    text.chars().map(|c| if (c.is_control() && c != '\n' && c != '\t') || is_direction(c) { ' ' } else { c }).collect()
}

fn is_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// `3 min`, `2 h`, `5 d`: how long ago, for a table.
#[must_use]
pub fn age(duration: std::time::Duration) -> String {
    match duration.as_secs() {
        s @ 0..60 => format!("{s} s"),
        s @ 60..5_400 => format!("{} min", s / 60),
        s @ 5_400..172_800 => format!("{} h", s / 3_600),
        s => format!("{} d", s / 86_400),
    }
}

/// `512 B`, `1.5 kB`, `2.0 MB` (powers of 1,000).
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
pub fn bytes(count: u64) -> String {
    match count {
        0..1_000 => format!("{count} B"),
        1_000..1_000_000 => format!("{:.1} kB", count as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", count as f64 / 1e6),
        _ => format!("{:.1} GB", count as f64 / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align_by_what_is_shown() {
        let mut table = Table::new(&["name", "count", "words"]).right(&[1]);
        table.plain(&["退款", "7", "x"]);
        table.row([(Style::Bold, "ab".to_owned()), (Style::Plain, "12".to_owned()), (Style::Plain, String::new())]);
        assert_eq!(table.render(false), ["name  count  words", "退款      7  x", "ab       12"]);
        assert_eq!(table.render(true)[2], "\x1b[1mab\x1b[0m       12");
    }

    #[test]
    fn text_from_outside_cannot_move_the_cursor() {
        assert_eq!(short("a\x1b[2Jb\nc", 20), "a [2Jb c");
        assert_eq!(short("订单在哪里", 4), "订单…");
        assert_eq!(safe("a\x1b[2J\n\u{202e}b"), "a [2J\n b");
    }

    #[test]
    fn sizes_and_ages_are_short() {
        use std::time::Duration;
        assert_eq!([bytes(999), bytes(1_500), bytes(2_000_000)], ["999 B", "1.5 kB", "2.0 MB"]);
        assert_eq!([age(Duration::from_secs(59)), age(Duration::from_secs(7_200))], ["59 s", "2 h"]);
    }
}
