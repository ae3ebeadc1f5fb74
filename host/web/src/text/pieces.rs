//! Which pieces of a template's text people change: each of its sentences as it stands between variables, followed through what was
//! proposed and what went out.

use posthouse_store::TemplateReply;

/// Letters of the shortest piece that says something; of scripts without spaces half as many.
const LETTERS_MIN: usize = 12;
/// Proposals that a piece needs before it is spoken of.
pub const SEEN_MIN: u32 = 5;

/// What became of a piece.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// As it stands in the template.
    pub text: String,
    /// In so many proposals it stood.
    pub seen: u32,
    /// In so many of them it did not go out like that.
    pub changed: u32,
}

/// The pieces that were proposed often enough, those that are changed most first.
#[must_use]
pub fn changed(template: &str, replies: &[TemplateReply]) -> Vec<Piece> {
    let folded: Vec<(String, String)> =
        replies.iter().map(|reply| (fold(&reply.proposed), fold(&reply.sent))).collect();
    let mut pieces: Vec<Piece> = Vec::new();
    for text in literal(template) {
        let bare = fold(&text);
        if pieces.iter().any(|known| known.text == text) {
            continue;
        }
        let stood = folded.iter().filter(|(proposed, _)| proposed.contains(&bare));
        let (seen, changed) =
            stood.fold((0, 0), |(seen, changed), (_, sent)| (seen + 1, changed + u32::from(!sent.contains(&bare))));
        if seen >= SEEN_MIN {
            pieces.push(Piece { text, seen, changed });
        }
    }
    pieces.sort_by(|a, b| (b.changed * a.seen).cmp(&(a.changed * b.seen)).then_with(|| b.seen.cmp(&a.seen)));
    pieces
}

/// Sentences and what stands between tags, as far as it says something.
fn literal(template: &str) -> Vec<String> {
    let mut found = Vec::new();
    for piece in
        template.split("{{").flat_map(|piece| piece.split_once("}}").map_or([piece, ""], |(_, rest)| [rest, ""]))
    {
        for line in piece.lines() {
            let mut start = 0;
            for (at, c) in line.char_indices() {
                let end = at + c.len_utf8();
                let ends = match c {
                    '。' | '！' | '？' => true,
                    '.' | '!' | '?' => line[end..].is_empty() || line[end..].starts_with(' '),
                    _ => false,
                };
                if ends {
                    found.push(line[start..end].trim().to_owned());
                    start = end;
                }
            }
            found.push(line[start..].trim().to_owned());
        }
    }
    found.retain(|text| says_something(text));
    found
}

fn says_something(text: &str) -> bool {
    let letters: usize =
        text.chars().filter(|c| c.is_alphabetic()).map(|c| if u32::from(c) >= 0x3040 { 2 } else { 1 }).sum();
    letters >= LETTERS_MIN
}

/// White space aside.
fn fold(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = "{{greeting}}\n\n{{#if late}}We are sorry for the delay.{{/if}} Your parcel is on its way. Have a nice day\nout there.\n\n{{signoff}}";

    fn reply(proposed: &str, sent: &str) -> TemplateReply {
        TemplateReply { proposed: proposed.into(), sent: sent.into() }
    }

    #[test]
    fn what_people_take_out_comes_first() {
        let all = "Hello,\n\nWe are sorry for the delay. Your parcel is on its way. Have a nice day\nout there.";
        let plain = "Hello,\n\nYour parcel is on its way.\nHave a nice day\nout there.";
        let mut replies = vec![reply(all, &all.replace("We are sorry for the delay. ", "")); 4];
        replies.push(reply(all, all));
        replies.push(reply(plain, &plain.replace("Have a nice day", "Bye")));
        let pieces = changed(TEMPLATE, &replies);
        let told: Vec<(&str, u32, u32)> =
            pieces.iter().map(|piece| (piece.text.as_str(), piece.seen, piece.changed)).collect();
        assert_eq!(
            told,
            [("We are sorry for the delay.", 5, 4), ("Have a nice day", 6, 1), ("Your parcel is on its way.", 6, 0),]
        );
        assert!(changed(TEMPLATE, &replies[..4]).is_empty(), "too few to speak of");
    }

    #[test]
    fn pieces_are_sentences_that_say_something() {
        assert_eq!(
            literal("{{a}} 您的包裹正在路上。请耐心等待,谢谢。 {{b}}"),
            ["您的包裹正在路上。", "请耐心等待,谢谢。"]
        );
        assert_eq!(
            literal("Hi,\n{{#alt}}One sentence of it{{or}}Another version of 3.5 things{{/alt}}"),
            ["One sentence of it", "Another version of 3.5 things"]
        );
    }
}
