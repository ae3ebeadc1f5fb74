//! Marks the places of a text that something was read from.

use posthouse_model::triage::{Entity, Risk, Span, TextPart};

/// Why a piece of text is marked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    /// An entity: its kind (`order-number`) and how sure, in percent.
    Entity {
        /// Name of the kind.
        kind: String,
        /// 0 to 100.
        percent: u8,
    },
    /// A reason to be careful: its kind.
    Risk {
        /// Name of the kind.
        kind: String,
    },
}

/// A piece of text, marked or plain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece<'a> {
    /// The words.
    pub text: &'a str,
    /// Why marked.
    pub mark: Option<Mark>,
}

/// Confidence as a whole percent, 0 to 100; not a number is 0.
#[must_use]
pub fn percent(confidence: f32) -> u8 {
    // A clamped float between 0 and 100 always fits.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to 0..=100 above; NaN casts to 0"
    )]
    let whole = (confidence * 100.0).round().clamp(0.0, 100.0) as u8;
    whole
}

/// Cuts `text` into pieces. Spans of another part, outside the text, inside a character, or overlapping an
/// earlier one are left out: plugin output is never trusted to fit. Entities win over risks.
#[must_use]
pub fn pieces<'a>(text: &'a str, part: TextPart, entities: &[Entity], risks: &[Risk]) -> Vec<Piece<'a>> {
    let mut marks: Vec<(Span, Mark)> = entities
        .iter()
        .filter_map(|e| {
            let mark = Mark::Entity { kind: e.value.kind().to_owned(), percent: percent(e.confidence) };
            Some((e.span?, mark))
        })
        .chain(risks.iter().filter_map(|r| Some((r.span?, Mark::Risk { kind: r.kind.clone() }))))
        .filter(|(span, _)| span.part == part && span.slice(text).is_some())
        .collect();
    // Stable: of two that begin together the entity, which comes first, stays.
    marks.sort_by_key(|(span, _)| span.start);
    let mut out = Vec::new();
    let mut done = 0usize;
    for (span, mark) in marks {
        let (start, end) = (span.start as usize, span.end as usize);
        if start < done {
            continue;
        }
        if start > done {
            out.push(Piece { text: &text[done..start], mark: None });
        }
        out.push(Piece { text: &text[start..end], mark: Some(mark) });
        done = end;
    }
    if done < text.len() {
        out.push(Piece { text: &text[done..], mark: None });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use posthouse_model::triage::EntityValue;

    fn entity(start: u32, end: u32) -> Entity {
        Entity {
            value: EntityValue::Sku { value: "x".into() },
            confidence: 0.954,
            span: Some(Span { part: TextPart::Body, start, end }),
        }
    }

    #[test]
    fn pieces_always_give_the_whole_text_back() {
        let text = "订单 1042 & 你好";
        for spans in [
            vec![],
            vec![(7, 11)],
            vec![(7, 11), (8, 10), (0, 6)],
            vec![(1, 3), (0, 900), (5, 5), (u32::MAX, 0)],
            vec![(0, 6), (6, 7), (7, 11), (12, 13)],
        ] {
            let entities: Vec<_> = spans.iter().map(|&(a, b)| entity(a, b)).collect();
            let whole: String = pieces(text, TextPart::Body, &entities, &[]).iter().map(|p| p.text).collect();
            assert_eq!(whole, text, "{spans:?}");
        }
    }

    #[test]
    fn marks_say_what_and_how_surely() {
        let pieces = pieces("order 1042", TextPart::Body, &[entity(6, 10)], &[]);
        assert_eq!(pieces[1].text, "1042");
        assert_eq!(pieces[1].mark, Some(Mark::Entity { kind: "sku".into(), percent: 95 }));
    }

    #[test]
    fn odd_confidence_is_harmless() {
        assert_eq!(percent(f32::NAN), 0);
        assert_eq!(percent(f32::INFINITY), 100);
        assert_eq!(percent(-1.0), 0);
    }
}
