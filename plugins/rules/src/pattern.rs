//! Small patterns for numbers of a shop: `AC-#####`, `@@#{6,8}`.
//!
//! `#` one digit, `@` one letter, `?` a letter or digit; `{n}` or `{n,m}` repeats the one before;
//! everything else stands for itself, letters without regard to case.

/// A compiled pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    steps: Vec<Step>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Step {
    what: What,
    least: u8,
    most: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Digit,
    Letter,
    Either,
    Byte(u8),
}

impl What {
    fn takes(self, byte: u8) -> bool {
        match self {
            Self::Digit => byte.is_ascii_digit(),
            Self::Letter => byte.is_ascii_alphabetic(),
            Self::Either => byte.is_ascii_alphanumeric(),
            Self::Byte(own) => own.eq_ignore_ascii_case(&byte),
        }
    }
}

impl Pattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(text: &str) -> Result<Self, String> {
        let mut steps: Vec<Step> = Vec::new();
        let mut rest = text.trim();
        if rest.is_empty() {
            return Err("a pattern cannot be empty".to_owned());
        }
        while let Some(character) = rest.chars().next() {
            if character == '{' {
                let (inside, after) =
                    rest[1..].split_once('}').ok_or_else(|| format!("`{text}`: `{{` without `}}`"))?;
                let (least, most) = inside.split_once(',').unwrap_or((inside, inside));
                let number = |text: &str| text.trim().parse::<u8>().ok().filter(|number| *number <= 40);
                let (Some(least), Some(most)) = (number(least), number(most)) else {
                    return Err(format!("`{text}`: `{{{inside}}}` is not a count from 0 to 40"));
                };
                if most < least {
                    return Err(format!("`{text}`: `{{{inside}}}` ends before it begins"));
                }
                let step = steps.last_mut().ok_or_else(|| format!("`{text}`: nothing before `{{` to repeat"))?;
                (step.least, step.most) = (least, most);
                rest = after;
                continue;
            }
            let what = match character {
                '#' => What::Digit,
                '@' => What::Letter,
                '?' => What::Either,
                other if other.is_ascii() && !other.is_ascii_control() => What::Byte(other as u8),
                other => return Err(format!("`{text}`: `{other}` is not a character that numbers are written with")),
            };
            steps.push(Step { what, least: 1, most: 1 });
            rest = &rest[character.len_utf8()..];
        }
        if !steps.iter().any(|step| step.what != What::Letter && step.most > 0) {
            return Err(format!("`{text}` would match any word of letters"));
        }
        Ok(Self { steps })
    }

    /// Whether the whole text matches.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        self.from(0, text.as_bytes())
    }

    fn from(&self, at: usize, text: &[u8]) -> bool {
        let Some(step) = self.steps.get(at) else { return text.is_empty() };
        let (least, most) = (usize::from(step.least), usize::from(step.most));
        let run = text.iter().take(most).take_while(|byte| step.what.takes(**byte)).count();
        // Longest first; patterns are short and have few open counts.
        (least..=run).rev().any(|taken| self.from(at + 1, &text[taken..]))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn patterns_match_whole_numbers() {
        let of = |pattern: &str, text: &str| Pattern::new(pattern).unwrap().matches(text);
        assert!(of("AC-#####", "ac-12345"));
        assert!(!of("AC-#####", "ac-123456"));
        assert!(of("@@#{6,8}", "DE1234567"));
        assert!(!of("@@#{6,8}", "DE12345"));
        assert!(of("??{2,30}-#", "A1B-3"));
    }

    #[test]
    fn mistakes_are_named() {
        for pattern in ["", "#{", "{3}", "#{3,1}", "#{99}", "@@@", "№##"] {
            assert!(Pattern::new(pattern).is_err(), "{pattern}");
        }
    }
}
