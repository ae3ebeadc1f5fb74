//! Text that a mail program broke into lines of its own width, so that it flows on a page of any other.

/// Programs that break lines do so at about 72 or 76 characters, never beyond 80 (RFC 5322 section 2.1.1, RFC 3676).
const WIDTH_MAX: usize = 80;
/// Text whose longest line is shorter was broken by its writer.
const WIDTH_MIN: usize = 56;

/// The same text with a space in place of every line break that a mail program put in. Nothing moves: spans into the
/// text stay true. A break was put in when the word after it would not have fitted into the longest line; what its writer
/// broke (addresses, lists, verses, names under a letter) stays broken.
#[must_use]
pub fn unbroken(text: &str) -> String {
    let lines: Vec<&str> = text.split('\n').collect();
    let longest = lines.iter().filter(|line| !is_unbreakable(line)).map(|line| width(line)).max().unwrap_or(0);
    if !(WIDTH_MIN..=WIDTH_MAX).contains(&longest) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for (at, line) in lines.iter().enumerate() {
        out.push_str(line);
        if let Some(next) = lines.get(at + 1) {
            out.push(if was_broken(line, next, longest) { ' ' } else { '\n' });
        }
    }
    out
}

fn was_broken(line: &str, next: &str, longest: usize) -> bool {
    let (Some(end), Some(begin)) = (line.chars().next_back(), next.chars().next()) else { return false };
    let prose = !begin.is_whitespace() && !is_marked(line) && !is_marked(next) && !is_dense(end) && !is_dense(begin);
    let word = next.split_whitespace().next().unwrap_or("");
    prose && width(line.trim_end()) + 1 + width(word) > longest
}

/// A quote, an item of a list, a rule or the signature's mark: never part of a paragraph.
fn is_marked(line: &str) -> bool {
    let start = line.trim_start();
    let number = start.trim_start_matches(|c: char| c.is_ascii_digit());
    start.starts_with(['>', '-', '*', '•', '·', '+', '=', '_', '|', '#'])
        || (number.len() < start.len() && number.starts_with(['.', ')']))
}

/// A single long word, such as an address, is as long as it is.
fn is_unbreakable(line: &str) -> bool {
    !line.trim().contains(char::is_whitespace)
}

/// Scripts without spaces between words: a space put in would be seen.
fn is_dense(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{ff00}'..='\u{ffef}' | '\u{0e00}'..='\u{0e7f}')
}

fn width(line: &str) -> usize {
    line.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paragraph_flows_and_a_signature_stands() {
        let text = "Hello,\n\nI ordered the lamp two weeks ago and the parcel has still not come. The\ntracking \
                    page says that it waits in customs, and nobody answers the telephone\nthere. Please help.\n\nAna García\nCalle Mayor 3\nMadrid";
        let flows = unbroken(text);
        assert!(flows.contains("not come. The tracking page") && flows.contains("telephone there. Please"), "{flows}");
        assert!(flows.contains("Hello,\n\nI") && flows.contains("Ana García\nCalle Mayor 3\nMadrid"), "{flows}");
        assert_eq!(flows.len(), text.len(), "spans stay true");
    }

    #[test]
    fn what_its_writer_broke_stays() {
        for text in [
            "",
            "\n",
            "one\ntwo",
            "short lines\nof a verse\nthat nobody broke",
            "A paragraph that is a single long line because the program of its writer breaks none at all, as most do today.\nAnother one.",
            "The following things are missing from the parcel that came yesterday:\n- the long cable that was on the list of your page when I ordered it\n- the plug\n1. first\n2) second",
            "> I ordered the lamp two weeks ago and the parcel has still not come. The\n> tracking page says nothing",
        ] {
            assert_eq!(unbroken(text), text);
        }
    }

    #[test]
    fn scripts_without_spaces_get_none() {
        let text = "你好，我两周前订购的台灯到现在还没有收到，物流页面显示包裹一直停在海关，打电话也没有人接听，请尽快帮我查一下包裹\n到底在哪里。";
        assert_eq!(unbroken(text), text);
    }
}
