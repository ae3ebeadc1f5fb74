//! Who is spoken to in a note: `@Mei`, `@mei.lin`, `@李雷`.

use crate::AgentId;
use std::ops::Range;

/// Somebody who can be spoken to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub id: AgentId,
    /// As shown: `Mei Lin`.
    pub name: String,
    /// As signed in with.
    pub email: String,
}

/// A place in a text that speaks to somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// Bytes of the text, the `@` included.
    pub at: Range<usize>,
    /// To whom: more than one where two are called the same.
    pub people: Vec<AgentId>,
}

/// Every place that speaks to one of these people, in order. A person is named by her whole name, its first word, her address or what
/// stands before its `@`, in any case; the longest that fits counts. An `@` within a word (an e-mail address) speaks to nobody.
#[must_use]
pub fn find(text: &str, people: &[Person]) -> Vec<Mention> {
    let names: Vec<(AgentId, String)> = people
        .iter()
        .flat_map(|person| {
            let first = person.name.split_whitespace().next().unwrap_or_default();
            let local = person.email.split('@').next().unwrap_or_default();
            [person.name.trim(), first, &person.email, local].map(|name| (person.id, name.to_lowercase()))
        })
        .filter(|(_, name)| !name.is_empty())
        .collect();
    let mut found = Vec::new();
    let mut done = 0;
    for (begin, _) in text.match_indices(['@', '＠']) {
        let sign = text[begin..].chars().next().map_or(1, char::len_utf8);
        let within = text[..begin].chars().next_back().is_some_and(|c| c.is_alphanumeric() && !is_han(c));
        if begin < done || within {
            continue;
        }
        let rest = &text[begin + sign..];
        let longest = names.iter().filter_map(|(_, name)| stands_at(rest, name)).max();
        let Some(length) = longest else { continue };
        let mut people: Vec<AgentId> =
            names.iter().filter(|(_, name)| stands_at(rest, name) == Some(length)).map(|(id, _)| *id).collect();
        people.sort_unstable();
        people.dedup();
        done = begin + sign + length;
        found.push(Mention { at: begin..done, people });
    }
    found
}

/// How many bytes of a text a name takes up that it begins with; none when it goes on as another word.
fn stands_at(text: &str, name: &str) -> Option<usize> {
    let mut left = name.chars();
    let mut expected = left.next();
    let mut length = 0;
    for c in text.chars() {
        if expected.is_none() {
            break;
        }
        for low in c.to_lowercase() {
            if expected != Some(low) {
                return None;
            }
            expected = left.next();
        }
        length += c.len_utf8();
    }
    if expected.is_some() {
        return None;
    }
    let (last, next) = (text[..length].chars().next_back()?, text[length..].chars().next());
    let goes_on =
        next.is_some_and(|next| next.is_alphanumeric() && last.is_alphanumeric() && !is_han(next) && !is_han(last));
    (!goes_on).then_some(length)
}

/// Scripts that put no spaces between words.
fn is_han(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people() -> Vec<Person> {
        [
            (1, "Mei Lin", "mei@shop.example"),
            (2, "Jun", "jun.w@shop.example"),
            (3, "李雷", "li@shop.example"),
            (4, "Jun", "j2@shop.example"),
        ]
        .map(|(id, name, email)| Person { id: AgentId(id), name: name.into(), email: email.into() })
        .to_vec()
    }

    fn ids(text: &str) -> Vec<Vec<i64>> {
        find(text, &people()).into_iter().map(|m| m.people.into_iter().map(|id| id.0).collect()).collect()
    }

    #[test]
    fn people_are_named_as_one_names_them() {
        assert_eq!(ids("@Mei Lin, please look"), [[1]]);
        assert_eq!(ids("@mei and @MEI."), [[1], [1]]);
        assert_eq!(ids("@jun.w: yours"), [[2]]);
        assert_eq!(ids("@mei@shop.example"), [[1]]);
        assert_eq!(ids("请@李雷看一下，谢谢"), [[3]]);
        assert_eq!(ids("＠李雷"), [[3]]);
        assert_eq!(ids("@Jun"), [vec![2, 4]], "two of one name");
        let text = "hi @Mei Lin.";
        assert_eq!(&text[find(text, &people())[0].at.clone()], "@Mei Lin");
    }

    #[test]
    fn what_speaks_to_nobody() {
        for text in ["", "@", "mei", "ana@mei.example", "@meister", "@junior", "@nobody", "a@Jun"] {
            assert_eq!(ids(text), Vec::<Vec<i64>>::new(), "{text}");
        }
    }
}
