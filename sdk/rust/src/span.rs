//! Spans: where in the text something was read.

use crate::{Finding, Span, TextPart};
use std::ops::Range;

/// A span in the subject.
#[must_use]
pub fn in_subject(range: Range<usize>) -> Option<Span> {
    span(TextPart::Subject, range)
}

/// A span in the body.
#[must_use]
pub fn in_body(range: Range<usize>) -> Option<Span> {
    span(TextPart::Body, range)
}

/// A span, or none for a range that is empty or beyond 4 GiB.
#[must_use]
pub fn span(part: TextPart, range: Range<usize>) -> Option<Span> {
    let (start, end) = (u32::try_from(range.start).ok()?, u32::try_from(range.end).ok()?);
    (start < end).then_some(Span { part, start, end })
}

/// The range of `piece` inside `whole`, when `piece` is a slice *of* it. For text that was found
/// with `str::split`, `str::trim` and the like, which hand out slices.
///
/// ```
/// let body = "order #1042, please";
/// let number = body.split('#').nth(1).and_then(|rest| rest.split(',').next()).unwrap();
/// assert_eq!(posthouse_sdk::span::range_of(body, number), Some(7..11));
/// ```
#[must_use]
pub fn range_of(whole: &str, piece: &str) -> Option<Range<usize>> {
    let start = (piece.as_ptr() as usize).checked_sub(whole.as_ptr() as usize)?;
    let end = start.checked_add(piece.len())?;
    (end <= whole.len()).then_some(start..end)
}

/// A finding: how sure, and from where.
#[must_use]
pub fn finding(confidence: f32, span: Option<Span>) -> Finding {
    Finding { confidence, span }
}
