//! Views that agents make for themselves and for one another: which tickets, as a tree of tests, and in which order.

use crate::AgentId;
use crate::ticket::TicketStatus;
use crate::triage::{Sentiment, Urgency, named};
use serde::{Deserialize, Serialize};

/// Groups within groups, the outermost counted.
pub const DEPTH_MAX: usize = 4;
/// Tests in a view.
pub const TESTS_MAX: usize = 30;
/// Values that one test lets through.
pub const VALUES_MAX: usize = 20;
/// Characters of a value.
pub const VALUE_CHARS_MAX: usize = 64;
/// Longest span that a test of age or deadline names, in minutes: ten years.
pub const MINUTES_MAX: u32 = 10 * 365 * 24 * 60;
/// Characters of a view's name.
pub const NAME_CHARS_MAX: usize = 40;
/// Views that one agent may have for herself.
pub const VIEWS_PER_AGENT_MAX: usize = 30;
/// Views that a team may share.
pub const SHARED_VIEWS_MAX: usize = 50;

named! {
    /// In which order a view shows its tickets.
    pub enum ViewSort {
        /// What should be done first.
        Due = "due",
        /// Newest mail first.
        Newest = "newest",
        /// Oldest mail first.
        Oldest = "oldest",
    }
}

/// Whose tickets a test lets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Who {
    /// Of whoever looks at the view.
    Me,
    /// Nobody's.
    Nobody,
    /// Anybody's.
    Somebody,
    /// This agent's.
    Agent(AgentId),
}

/// Which tickets: a test, or a group of them. In JSON `{"all": [{"status": ["waiting"]}, {"any": [{"tag": ["vip"]}, "overdue"]}]}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Filter {
    /// All of these.
    All(Vec<Filter>),
    /// At least one of these.
    Any(Vec<Filter>),
    /// None of these.
    None(Vec<Filter>),
    /// In one of these states.
    Status(Vec<TicketStatus>),
    /// In one of these queues.
    Queue(Vec<String>),
    /// Of one of these categories.
    Category(Vec<String>),
    /// As urgent as one of these.
    Urgency(Vec<Urgency>),
    /// Sounding like one of these.
    Sentiment(Vec<Sentiment>),
    /// In one of these languages (BCP 47).
    Language(Vec<String>),
    /// With one of these labels.
    Tag(Vec<String>),
    /// Given to one of these.
    Assignee(Vec<Who>),
    /// Newest mail at least so many minutes ago.
    OlderThan(u32),
    /// Newest mail less than so many minutes ago.
    YoungerThan(u32),
    /// An answer is due within so many minutes, or was.
    DueWithin(u32),
    /// The deadline has passed.
    Overdue,
    /// Number, subject, customer or what was read from the mails holds this text.
    Text(String),
}

/// What is wrong with a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilterFault {
    /// More groups within groups than [`DEPTH_MAX`].
    #[error("groups stand more than {DEPTH_MAX} deep within each other: take one out")]
    TooDeep,
    /// More tests than [`TESTS_MAX`].
    #[error("there are more than {TESTS_MAX} tests: make two views of it")]
    TooMany,
    /// A group with nothing in it.
    #[error("a group holds no test: add one, or take the group out")]
    EmptyGroup,
    /// A test without a value.
    #[error("a test names no value: choose one, or take the test out")]
    NoValue,
    /// More values than [`VALUES_MAX`].
    #[error("a test names more than {VALUES_MAX} values")]
    TooManyValues,
    /// A value longer than [`VALUE_CHARS_MAX`].
    #[error("a value is longer than {VALUE_CHARS_MAX} characters")]
    TooLong,
    /// Minutes beyond [`MINUTES_MAX`], or none.
    #[error("a span of time is not between 1 and {MINUTES_MAX} minutes")]
    OutOfRange,
}

impl Filter {
    /// What a group holds; none for a test.
    #[must_use]
    pub fn parts(&self) -> Option<&[Self]> {
        match self {
            Self::All(parts) | Self::Any(parts) | Self::None(parts) => Some(parts),
            _ => None,
        }
    }

    /// Whether it keeps to the limits.
    ///
    /// # Errors
    /// The first fault, and where: the positions from the outermost group down, each counted from 0.
    pub fn check(&self) -> Result<(), (Vec<usize>, FilterFault)> {
        let mut tests = 0;
        self.check_at(&mut Vec::new(), &mut tests)
    }

    fn check_at(&self, at: &mut Vec<usize>, tests: &mut usize) -> Result<(), (Vec<usize>, FilterFault)> {
        let fault = |what| Err((at.clone(), what));
        if let Some(parts) = self.parts() {
            if at.len() >= DEPTH_MAX {
                return fault(FilterFault::TooDeep);
            }
            if parts.is_empty() {
                return fault(FilterFault::EmptyGroup);
            }
            for (n, part) in parts.iter().enumerate() {
                at.push(n);
                part.check_at(at, tests)?;
                at.pop();
            }
            return Ok(());
        }
        *tests += 1;
        if *tests > TESTS_MAX {
            return fault(FilterFault::TooMany);
        }
        let count = |n| match n {
            0 => Some(FilterFault::NoValue),
            n if n > VALUES_MAX => Some(FilterFault::TooManyValues),
            _ => None,
        };
        let text = |text: &String| match text.trim().chars().count() {
            0 => Some(FilterFault::NoValue),
            n if n > VALUE_CHARS_MAX => Some(FilterFault::TooLong),
            _ => None,
        };
        let found = match self {
            Self::All(_) | Self::Any(_) | Self::None(_) | Self::Overdue => None,
            Self::Status(values) => count(values.len()),
            Self::Urgency(values) => count(values.len()),
            Self::Sentiment(values) => count(values.len()),
            Self::Assignee(values) => count(values.len()),
            Self::Queue(values) | Self::Category(values) | Self::Language(values) | Self::Tag(values) => {
                count(values.len()).or_else(|| values.iter().find_map(text))
            }
            Self::OlderThan(minutes) | Self::YoungerThan(minutes) | Self::DueWithin(minutes) => {
                (!(1..=MINUTES_MAX).contains(minutes)).then_some(FilterFault::OutOfRange)
            }
            Self::Text(value) => text(value),
        };
        found.map_or(Ok(()), fault)
    }

    /// The states that it lets through for certain: what else it asks for only narrows them. None: any.
    #[must_use]
    pub fn states(&self) -> Option<&[TicketStatus]> {
        match self {
            Self::Status(states) => Some(states),
            Self::All(parts) => parts.iter().find_map(Self::states),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(depth: usize) -> Filter {
        (0..depth).fold(Filter::Overdue, |inner, _| Filter::Any(vec![inner]))
    }

    #[test]
    fn limits_hold_at_their_edges() {
        assert_eq!(nested(DEPTH_MAX).check(), Ok(()));
        assert_eq!(nested(DEPTH_MAX + 1).check().unwrap_err(), (vec![0; DEPTH_MAX], FilterFault::TooDeep));
        let tests = |n| Filter::All(vec![Filter::Overdue; n]);
        assert_eq!(tests(TESTS_MAX).check(), Ok(()));
        assert_eq!(tests(TESTS_MAX + 1).check().unwrap_err(), (vec![TESTS_MAX], FilterFault::TooMany));
        assert_eq!(tests(0).check().unwrap_err().1, FilterFault::EmptyGroup);
        let tags = |n: usize| Filter::Tag((0..n).map(|n| n.to_string()).collect());
        assert_eq!((tags(VALUES_MAX).check(), tags(0).check().unwrap_err().1), (Ok(()), FilterFault::NoValue));
        assert_eq!(tags(VALUES_MAX + 1).check().unwrap_err().1, FilterFault::TooManyValues);
        let text = |n| Filter::Text("字".repeat(n));
        assert_eq!(
            (text(VALUE_CHARS_MAX).check(), text(VALUE_CHARS_MAX + 1).check().unwrap_err().1),
            (Ok(()), FilterFault::TooLong)
        );
        assert_eq!(Filter::Text("  ".into()).check().unwrap_err().1, FilterFault::NoValue);
        assert_eq!((Filter::DueWithin(1).check(), Filter::OlderThan(MINUTES_MAX).check()), (Ok(()), Ok(())));
        for minutes in [0, MINUTES_MAX + 1] {
            assert_eq!(Filter::YoungerThan(minutes).check().unwrap_err().1, FilterFault::OutOfRange);
        }
    }

    #[test]
    fn json_is_as_the_page_says() {
        let text = r#"{"all":[{"status":["waiting"]},{"any":[{"tag":["vip"]},"overdue",{"due-within":60}]},{"none":[{"assignee":["me",{"agent":5}]}]}]}"#;
        let filter: Filter = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&filter).unwrap(), text);
        assert_eq!(filter.states(), Some(&[TicketStatus::Waiting][..]));
        for bad in
            [r#"{"status":["open"]}"#, r#"{"nothing":[]}"#, r#"{"due-within":-1}"#, "7", r#"{"assignee":["you"]}"#]
        {
            assert!(serde_json::from_str::<Filter>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn json_without_an_end_is_refused_before_it_is_deep() {
        let deep = format!("{}\"overdue\"{}", r#"{"all":["#.repeat(100_000), "]}".repeat(100_000));
        assert!(serde_json::from_str::<Filter>(&deep).is_err());
    }
}
