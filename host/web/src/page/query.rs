//! Which tickets are listed: the view and filters as they stand in an address.

use crate::words::Lang;
use posthouse_model::triage::Urgency;
use serde::Deserialize;
use url::form_urlencoded::Serializer;

/// A standing selection of tickets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum View {
    /// An agent must look.
    #[default]
    Waiting,
    /// Not sorted yet.
    New,
    /// Assigned to the reader, open.
    Mine,
    /// Nobody's, and an agent must look.
    Unassigned,
    /// Open and urgent.
    Urgent,
    /// A reply was approved.
    Sent,
    /// Closed without a reply.
    Handled,
    /// Put aside.
    Snoozed,
    /// Unwanted.
    Spam,
    /// Bounces, out-of-office, notices.
    Automatic,
    /// Everything.
    All,
}

impl View {
    /// All, in the order shown.
    pub const ALL: [Self; 11] = [
        Self::Waiting,
        Self::Mine,
        Self::Urgent,
        Self::Unassigned,
        Self::New,
        Self::Sent,
        Self::Handled,
        Self::Snoozed,
        Self::Automatic,
        Self::Spam,
        Self::All,
    ];

    /// As in addresses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::New => "new",
            Self::Mine => "mine",
            Self::Unassigned => "unassigned",
            Self::Urgent => "urgent",
            Self::Sent => "sent",
            Self::Handled => "handled",
            Self::Snoozed => "snoozed",
            Self::Spam => "spam",
            Self::Automatic => "automatic",
            Self::All => "all",
        }
    }

    /// For people.
    #[must_use]
    pub fn name(self, t: Lang) -> &'static str {
        match self {
            Self::Waiting => t.view_waiting(),
            Self::New => t.view_new(),
            Self::Mine => t.view_mine(),
            Self::Unassigned => t.view_unassigned(),
            Self::Urgent => t.view_urgent(),
            Self::Sent => t.view_sent(),
            Self::Handled => t.view_handled(),
            Self::Snoozed => t.view_snoozed(),
            Self::Spam => t.view_spam(),
            Self::Automatic => t.view_automatic(),
            Self::All => t.view_all(),
        }
    }

    /// What an empty one says.
    #[must_use]
    pub fn when_empty(self, t: Lang) -> &'static str {
        match self {
            Self::Waiting => t.empty_waiting(),
            Self::New => t.empty_new(),
            Self::Mine => t.empty_mine(),
            Self::Unassigned => t.empty_unassigned(),
            Self::Urgent => t.empty_urgent(),
            Self::Sent => t.empty_sent(),
            Self::Handled => t.empty_handled(),
            Self::Snoozed => t.empty_snoozed(),
            Self::Spam => t.empty_spam(),
            Self::Automatic => t.empty_automatic(),
            Self::All => t.empty_all(),
        }
    }
}

/// View, filters and place in the list. Unknown values in an address are left out, never an error: an old
/// bookmark still opens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListQuery {
    /// Which view.
    pub view: View,
    /// A view that somebody made, by its id: it says more than `view`.
    pub saved: Option<i64>,
    /// Text.
    pub text: String,
    /// Queue name.
    pub queue: Option<String>,
    /// Category name.
    pub category: Option<String>,
    /// Urgency.
    pub urgency: Option<Urgency>,
    /// BCP 47.
    pub language: Option<String>,
    /// Where the page before ended (opaque).
    pub after: Option<String>,
}

impl ListQuery {
    /// Longest text searched for, in characters.
    pub const TEXT_MAX: usize = 200;

    /// From the query part of an address.
    #[must_use]
    pub fn parse(query: &str) -> Self {
        let mut list = Self::default();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let value = value.trim();
            let some = || (!value.is_empty()).then(|| value.chars().take(Self::TEXT_MAX).collect::<String>());
            match name.as_ref() {
                "view" => list.view = View::ALL.into_iter().find(|v| v.as_str() == value).unwrap_or_default(),
                "saved" => list.saved = value.parse().ok().filter(|id| *id > 0),
                "q" => list.text = some().unwrap_or_default(),
                "queue" => list.queue = some(),
                "category" => list.category = some(),
                "urgency" => list.urgency = value.parse().ok(),
                "language" => list.language = some(),
                "after" => list.after = some(),
                _ => {}
            }
        }
        list
    }

    /// The query part of an address, with its `?`; empty for the plain first page of the default view.
    #[must_use]
    pub fn to_query(&self) -> String {
        let pairs = self.pairs();
        if pairs.is_empty() {
            return String::new();
        }
        let mut out = Serializer::new(String::new());
        for (name, value) in pairs {
            out.append_pair(name, &value);
        }
        format!("?{}", out.finish())
    }

    /// Name and value of everything that is set.
    #[must_use]
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = Vec::new();
        if self.view != View::default() {
            pairs.push(("view", self.view.as_str().to_owned()));
        }
        if let Some(id) = self.saved {
            pairs.push(("saved", id.to_string()));
        }
        if !self.text.is_empty() {
            pairs.push(("q", self.text.clone()));
        }
        let mut optional = |name, value: &Option<String>| {
            if let Some(value) = value {
                pairs.push((name, value.clone()));
            }
        };
        optional("queue", &self.queue);
        optional("category", &self.category);
        optional("urgency", &self.urgency.map(|u| u.as_str().to_owned()));
        optional("language", &self.language);
        optional("after", &self.after);
        pairs
    }

    /// The first page of another view, filters kept.
    #[must_use]
    pub fn with_view(&self, view: View) -> Self {
        Self { view, saved: None, after: None, ..self.clone() }
    }

    /// The first page of a saved view, filters kept.
    #[must_use]
    pub fn with_saved(&self, id: i64) -> Self {
        Self { view: View::default(), saved: Some(id), after: None, ..self.clone() }
    }

    /// The first page of a queue's waiting tickets.
    #[must_use]
    pub fn of_queue(name: &str) -> Self {
        Self { queue: Some(name.to_owned()), ..Self::default() }
    }

    /// The same list further on.
    #[must_use]
    pub fn with_after(&self, after: Option<String>) -> Self {
        Self { after, ..self.clone() }
    }

    /// The view without any filter.
    #[must_use]
    pub fn bare(&self) -> Self {
        Self { view: self.view, saved: self.saved, ..Self::default() }
    }

    /// Anything narrows the view.
    #[must_use]
    pub fn is_filtered(&self) -> bool {
        !self.text.is_empty()
            || self.queue.is_some()
            || self.category.is_some()
            || self.urgency.is_some()
            || self.language.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_survives_its_address() {
        let list = ListQuery {
            view: View::Mine,
            saved: Some(12),
            text: "1042-88 & más".into(),
            queue: Some("退货".into()),
            urgency: Some(Urgency::High),
            ..ListQuery::default()
        };
        assert_eq!(ListQuery::parse(list.to_query().trim_start_matches('?')), list);
        assert_eq!(ListQuery::default().to_query(), "");
    }

    #[test]
    fn nonsense_is_left_out() {
        let list = ListQuery::parse("view=nope&urgency=very&queue=&x=1&q=%20&saved=-1");
        assert_eq!(list, ListQuery::default());
    }
}
