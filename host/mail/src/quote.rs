//! Quoting.
/// New text.
#[must_use]
pub fn reply_text(text: &str) -> String {
    text.to_owned()
}
