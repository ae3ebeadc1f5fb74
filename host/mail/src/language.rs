//! Language.
/// BCP 47.
#[must_use]
pub fn detect(_text: &str) -> Option<String> {
    None
}
