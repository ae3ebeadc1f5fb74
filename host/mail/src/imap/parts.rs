//! A large mail, fetched in parts: the protocol library holds an answer whole before it hands it over, so that a mail which comes
//! as one answer is in memory twice. In parts it is there once, each part has the whole time limit for itself, and a connection
//! that breaks is taken up where it broke.

use super::client::{ImapClient, is_about_message};
use super::{ImapError, folders};
use crate::{Content, Fetched};
use async_imap::imap_proto::{AttributeValue, Response};
use posthouse_model::Timestamp;

/// Mails beyond this are fetched in parts.
pub(super) const WHOLE_MAX: u64 = 4 << 20;

/// Bytes asked for at a time.
pub(super) const PART: usize = 2 << 20;

/// So often in a row may a part fail on a connection that can be had again, until the mail is given up.
const TRIES: usize = 2;

/// What an answer to the question for a part was.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    /// So many bytes, which are appended.
    Bytes(usize),
    /// There is nothing from here on.
    End,
    /// The whole mail: the server does not know parts.
    Whole,
    /// The mail is gone from the folder.
    Gone,
}

/// What came of fetching in parts.
pub(super) enum Assembled {
    Done(Fetched),
    /// Deleted meanwhile.
    Gone,
    /// The server does not do this as it should: ask for the whole.
    AskWhole,
    /// It is larger than the server said, and than what is taken.
    TooLarge(u64),
    /// It cannot be had.
    Unreadable(ImapError),
}

impl ImapClient {
    /// Fetches one mail in parts (RFC 3501, 6.4.5). Its size as the server gave it is believed for what is set aside at once, and
    /// for nothing else.
    ///
    /// # Errors
    /// The connection cannot be had again.
    pub(super) async fn assemble(&mut self, uid: u32, size: u64) -> Result<Assembled, ImapError> {
        let most = self.config.mail_bytes_max;
        let expected = usize::try_from(size.min(most)).unwrap_or(0);
        let mut raw = Vec::with_capacity(expected);
        let mut arrived_at = None;
        let mut failed = 0;
        loop {
            let before = raw.len();
            match self.part(uid, &mut raw, &mut arrived_at).await {
                Ok(Part::Gone) => return Ok(Assembled::Gone),
                Ok(Part::End) if raw.is_empty() => return Ok(Assembled::AskWhole),
                Ok(Part::End | Part::Whole) => break,
                // Less than was asked for is the end where it is as long as was said; else the next question tells.
                Ok(Part::Bytes(count)) if count < PART && raw.len() >= expected => break,
                Ok(Part::Bytes(_)) => failed = 0,
                Err(error) if is_about_message(&error) => {
                    tracing::info!(uid, %error, "the server does not give a mail in parts: asking for the whole");
                    return Ok(Assembled::AskWhole);
                }
                Err(error) => {
                    raw.truncate(before);
                    failed += 1;
                    if failed == TRIES {
                        return Ok(Assembled::Unreadable(error));
                    }
                    self.ensure_open().await?;
                }
            }
            if raw.len() as u64 > most {
                return Ok(Assembled::TooLarge(raw.len() as u64));
            }
        }
        Ok(Assembled::Done(Fetched { uid, arrived_at, content: Content::Mail(raw) }))
    }

    /// Asks for what follows, and appends it.
    async fn part(
        &mut self,
        uid: u32,
        raw: &mut Vec<u8>,
        arrived_at: &mut Option<Timestamp>,
    ) -> Result<Part, ImapError> {
        const WHAT: &str = "fetching a message in parts";
        self.ensure_open().await?;
        let limit = self.config.timeouts.body;
        let from = raw.len();
        let command = format!("UID FETCH {uid} (UID INTERNALDATE BODY.PEEK[]<{from}.{PART}>)");
        let Some(wire) = self.wire.as_mut() else { return Err(ImapError::Closed(WHAT.to_owned())) };
        let mut part = None;
        let result = wire
            .command(WHAT, &command, limit, &mut |response| {
                if let Response::Fetch(_, attributes) = response
                    && attributes.iter().any(|one| matches!(one, AttributeValue::Uid(told) if *told == uid))
                {
                    for attribute in attributes {
                        match attribute {
                            AttributeValue::InternalDate(date) => *arrived_at = folders::internal_date(date),
                            AttributeValue::BodySection { section: None, index, data } => {
                                part = Some(take(raw, from, *index, data.as_deref().unwrap_or_default()));
                            }
                            _ => {}
                        }
                    }
                }
            })
            .await;
        let ended = self.note(result)?;
        match part {
            _ if !ended.ok => Err(ImapError::Refused { what: WHAT.to_owned(), words: ended.words }),
            None => Ok(Part::Gone),
            Some(Ok(part)) => Ok(part),
            Some(Err(words)) => Err(ImapError::Protocol { what: WHAT.to_owned(), words }),
        }
    }
}

/// Appends what came, after a look at where the server says that it begins.
fn take(raw: &mut Vec<u8>, from: usize, index: Option<u32>, data: &[u8]) -> Result<Part, String> {
    // Told twice in one answer: the first one counts.
    if raw.len() != from {
        return Ok(Part::Bytes(raw.len() - from));
    }
    match index {
        Some(index) if index as usize != from => Err(format!("asked from byte {from}, it answers from byte {index}")),
        // Without a beginning it is the whole; only the first part may go without, being one.
        None if data.len() > PART || from > 0 => {
            raw.clear();
            raw.extend_from_slice(data);
            Ok(Part::Whole)
        }
        _ if data.len() > PART => Err(format!("asked for {PART} bytes, it answers with {}", data.len())),
        _ if data.is_empty() => Ok(Part::End),
        _ => {
            raw.extend_from_slice(data);
            Ok(Part::Bytes(data.len()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_belongs_where_the_server_says() {
        let mut raw = b"abc".to_vec();
        assert_eq!(take(&mut raw, 3, Some(3), b"de"), Ok(Part::Bytes(2)));
        assert_eq!(take(&mut raw, 3, Some(3), b"de"), Ok(Part::Bytes(2)), "told twice");
        assert_eq!(raw, b"abcde");
        assert!(take(&mut raw, 5, Some(0), b"abc").unwrap_err().contains("from byte 5"));
        assert_eq!(take(&mut raw, 5, Some(5), b""), Ok(Part::End));
        assert!(take(&mut raw, 5, Some(5), &vec![0; PART + 1]).unwrap_err().contains("2097153"));
        assert_eq!(raw, b"abcde");
        assert_eq!(take(&mut raw, 5, None, b"all of it"), Ok(Part::Whole));
        assert_eq!(raw, b"all of it");
        let mut raw = Vec::new();
        assert_eq!(take(&mut raw, 0, None, b"the beginning"), Ok(Part::Bytes(13)));
        let mut raw = Vec::new();
        assert_eq!(take(&mut raw, 0, None, &vec![0; PART + 1]), Ok(Part::Whole));
    }
}
