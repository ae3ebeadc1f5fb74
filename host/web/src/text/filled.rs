//! A draft's text with what was filled in, and what is still open.

use posthouse_model::draft::Filled;

/// A piece of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// The template's own words.
    Text(&'a str),
    /// What a variable said.
    Filled {
        /// Its name.
        variable: &'a str,
        /// Its words.
        value: &'a str,
    },
    /// A variable that nothing filled, with its brackets.
    Open(&'a str),
}

/// The pieces in order: together they are the text. Where a value of a variable stands as the template's own words it is taken for the
/// value: the text does not say which it is. Of values within each other the longest counts.
#[must_use]
pub fn parts<'a>(text: &'a str, filled: &'a [Filled], open: &'a [String]) -> Vec<Part<'a>> {
    let mut values: Vec<&Filled> = filled.iter().filter(|one| !one.value.trim().is_empty()).collect();
    values.sort_by_key(|one| std::cmp::Reverse(one.value.len()));
    let placeholders: Vec<String> = open.iter().map(|name| format!("{{{{{name}}}}}")).collect();
    let (mut parts, mut begin, mut at) = (Vec::new(), 0, 0);
    while at < text.len() {
        let rest = &text[at..];
        let found = placeholders.iter().find(|one| rest.starts_with(one.as_str()));
        let (length, part) = if let Some(placeholder) = found {
            (placeholder.len(), Part::Open(&rest[..placeholder.len()]))
        } else if let Some(one) = values
            .iter()
            .find(|one| rest.starts_with(one.value.as_str()))
            .filter(|one| is_whole(text, at, one.value.len()))
        {
            (one.value.len(), Part::Filled { variable: &one.variable, value: &rest[..one.value.len()] })
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
            continue;
        };
        if begin < at {
            parts.push(Part::Text(&text[begin..at]));
        }
        parts.push(part);
        at += length;
        begin = at;
    }
    if begin < text.len() {
        parts.push(Part::Text(&text[begin..]));
    }
    parts
}

/// A value is no part of a longer word or number.
fn is_whole(text: &str, at: usize, length: usize) -> bool {
    let joins = |a: Option<char>, b: Option<char>| matches!((a, b), (Some(a), Some(b)) if a.is_ascii_alphanumeric() && b.is_ascii_alphanumeric());
    let (before, value, after) = (&text[..at], &text[at..at + length], &text[at + length..]);
    !joins(before.chars().next_back(), value.chars().next()) && !joins(value.chars().next_back(), after.chars().next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_open_variables_are_told_from_the_words() {
        let filled = |variable: &str, value: &str| Filled { variable: variable.into(), value: value.into() };
        let values = [filled("order", "42"), filled("name", "Ana 42"), filled("city", "上海"), filled("none", " ")];
        let open = ["carrier".to_owned()];
        let text = "Ana 42, order 42 of 1042 is in 上海 with {{carrier}} {{other}}.";
        let found = parts(text, &values, &open);
        let said: String = found
            .iter()
            .map(|part| match part {
                Part::Text(text) => (*text).to_owned(),
                Part::Filled { variable, value } => format!("[{variable}={value}]"),
                Part::Open(text) => format!("<{text}>"),
            })
            .collect();
        assert_eq!(said, "[name=Ana 42], order [order=42] of 1042 is in [city=上海] with <{{carrier}}> {{other}}.");
        assert_eq!(parts("", &values, &open), []);
    }
}
