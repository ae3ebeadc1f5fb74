//! The mbox format: many messages in one file, each after a line that begins with `From `.

use std::io::{self, BufRead};

/// Messages beyond this size are cut; no mail server takes such.
pub const MESSAGE_BYTES_MAX: usize = 100 * 1024 * 1024;

/// The messages of an mbox file, in order, without their `From ` lines. `>From ` at the start of a line becomes
/// `From ` again (mboxrd: one `>` is taken off any number of them).
///
/// A `From ` line counts only at the start or after a blank line, and only when it looks like one (an address and a
/// date): bodies do contain lines that begin with the word. Bytes before the first such line make a message of their
/// own, so that a single raw message can be read as well.
pub fn messages<R: BufRead>(reader: R) -> Messages<R> {
    Messages { reader, line: Vec::new(), pending: false, done: false, bytes_read: 0 }
}

/// Iterator over the messages; see [`messages`].
#[derive(Debug)]
pub struct Messages<R> {
    reader: R,
    line: Vec<u8>,
    /// A `From ` line was read: a message follows, even an empty one.
    pending: bool,
    done: bool,
    bytes_read: u64,
}

impl<R> Messages<R> {
    /// Bytes taken from the reader so far.
    #[must_use]
    pub fn bytes_read(&self) -> u64 {
        self.bytes_read
    }
}

impl<R: BufRead> Iterator for Messages<R> {
    type Item = io::Result<Vec<u8>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let mut message: Vec<u8> = Vec::new();
        let mut begun = std::mem::take(&mut self.pending);
        let mut after_blank = !begun;
        loop {
            self.line.clear();
            match self.reader.read_until(b'\n', &mut self.line) {
                Ok(0) => {
                    self.done = true;
                    return (begun || !message.is_empty()).then_some(Ok(trimmed(message)));
                }
                Ok(n) => self.bytes_read += n as u64,
                Err(error) => {
                    self.done = true;
                    return Some(Err(error));
                }
            }
            if after_blank && is_from_line(&self.line) {
                if begun || message.iter().any(|b| !b.is_ascii_whitespace()) {
                    self.pending = true;
                    return Some(Ok(trimmed(message)));
                }
                begun = true;
                message.clear();
                after_blank = false;
                continue;
            }
            after_blank = self.line.iter().all(u8::is_ascii_whitespace);
            let quoted = self.line.iter().position(|b| *b != b'>').unwrap_or(0);
            let line =
                if quoted > 0 && self.line[quoted..].starts_with(b"From ") { &self.line[1..] } else { &self.line[..] };
            let room = MESSAGE_BYTES_MAX.saturating_sub(message.len());
            message.extend_from_slice(&line[..line.len().min(room)]);
        }
    }
}

/// The blank line before the next `From ` belongs to the format, not to the message.
fn trimmed(mut message: Vec<u8>) -> Vec<u8> {
    if message.ends_with(b"\r\n\r\n") {
        message.truncate(message.len() - 2);
    } else if message.ends_with(b"\n\n") {
        message.truncate(message.len() - 1);
    }
    message
}

/// `From sender Wed Aug 21 18:03:00 2002`, with a zone, seconds or a leading `remote from` at will.
pub(crate) fn is_from_line(line: &[u8]) -> bool {
    let Some(rest) = line.strip_prefix(b"From ") else { return false };
    let text = String::from_utf8_lossy(&rest[..rest.len().min(400)]);
    let has_year =
        text.split(|c: char| !c.is_ascii_digit()).any(|n| n.len() == 4 && (n.starts_with("19") || n.starts_with("20")));
    let has_time = text.split_whitespace().any(|w| {
        let mut parts = w.split(':');
        let digits =
            |p: Option<&str>| p.is_some_and(|p| (1..=2).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit()));
        digits(parts.next()) && digits(parts.next())
    });
    has_year && has_time
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn split(text: &str) -> Vec<String> {
        messages(text.as_bytes()).map(|m| String::from_utf8(m.unwrap()).unwrap()).collect()
    }

    #[test]
    fn messages_are_parted_at_from_lines() {
        let text = "From a@x Wed Aug 21 18:03:00 2002\nSubject: 1\n\nFrom here on it is text\n>From quoted\n>>From more\n\n\
                    From b@x Thu Aug 22 08:03:00 2002 +0200\r\nSubject: 2\r\n\r\nbody\r\n\r\n";
        assert_eq!(
            split(text),
            ["Subject: 1\n\nFrom here on it is text\nFrom quoted\n>From more\n", "Subject: 2\r\n\r\nbody\r\n"]
        );
    }

    #[test]
    fn odd_files_are_read() {
        assert_eq!(split(""), Vec::<String>::new());
        assert_eq!(split("Subject: alone\n\nx\n"), ["Subject: alone\n\nx\n"]);
        assert_eq!(split("\n\nFrom a Wed Aug 21 18:03:00 2002\nSubject: 1\n"), ["Subject: 1\n"]);
        assert_eq!(split("From a Wed Aug 21 18:03:00 2002\n"), [""]);
        assert_eq!(messages("x".as_bytes()).count(), 1);
    }
}
