//! Reading.
use posthouse_model::mail::ReadMail;
/// Reads.
#[must_use]
pub fn read_mail(_raw: &[u8]) -> ReadMail {
    ReadMail::default()
}
/// Bytes of an attachment.
#[must_use]
pub fn attachment(_raw: &[u8], _part: u32) -> Option<Vec<u8>> {
    None
}
/// Message-ID.
#[must_use]
pub fn message_id(_raw: &[u8]) -> Option<String> {
    None
}
/// Message-ID or a made-up one.
#[must_use]
pub fn identity(_mail: &ReadMail, _raw: &[u8]) -> String {
    String::new()
}
