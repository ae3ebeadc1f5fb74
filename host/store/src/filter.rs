//! A view's filter as a condition of SQL: made from constants only, its values bound.

use crate::list::Value;
use posthouse_model::view::{Filter, Who};
use posthouse_model::{AgentId, Timestamp};
use std::time::Duration;

/// What a filter means at a moment, to somebody.
pub(crate) struct Compiler<'a> {
    pub(crate) now: Timestamp,
    /// Who looks.
    pub(crate) me: AgentId,
    /// The values so far; the next one's number is one more than there are.
    pub(crate) values: &'a mut Vec<Value>,
}

impl Compiler<'_> {
    /// The condition, in brackets where it needs them. Nothing is ever unknown: a ticket without a category is in none of them.
    pub(crate) fn condition(&mut self, filter: &Filter) -> String {
        match filter {
            Filter::All(parts) => self.joined(parts, " and "),
            Filter::Any(parts) => self.joined(parts, " or "),
            Filter::None(parts) => format!("not {}", self.joined(parts, " or ")),
            Filter::Status(values) => self.one_of("t.status", values.iter().map(|value| value.as_str())),
            Filter::Queue(values) => self.one_of("t.queue", values.iter().map(String::as_str)),
            Filter::Category(values) => self.one_of("t.category", values.iter().map(String::as_str)),
            Filter::Urgency(values) => self.one_of("t.urgency", values.iter().map(|value| value.as_str())),
            Filter::Sentiment(values) => self.one_of("t.sentiment", values.iter().map(|value| value.as_str())),
            Filter::Language(values) => self.one_of("t.language", values.iter().map(String::as_str)),
            Filter::Tag(values) => {
                // Kept as a list in JSON: each stands there in its quotes.
                let any = values.iter().map(|tag| self.like("t.tags", &json_text(tag)));
                brackets(any.collect::<Vec<_>>(), " or ")
            }
            Filter::Assignee(values) => {
                let any = values.iter().map(|who| match who {
                    Who::Nobody => "t.assignee_id is null".to_owned(),
                    Who::Somebody => "t.assignee_id is not null".to_owned(),
                    Who::Me => self.assigned(self.me),
                    Who::Agent(agent) => self.assigned(*agent),
                });
                brackets(any.collect::<Vec<_>>(), " or ")
            }
            Filter::OlderThan(minutes) => format!("t.last_message_at <= {}", self.number(self.ago(*minutes).0)),
            Filter::YoungerThan(minutes) => format!("t.last_message_at > {}", self.number(self.ago(*minutes).0)),
            Filter::DueWithin(minutes) => {
                format!("t.deadline_at <= {}", self.number(self.now.plus(span(*minutes)).0))
            }
            Filter::Overdue => format!("t.deadline_at <= {}", self.number(self.now.0)),
            Filter::Text(text) => self.like("t.search", &text.trim().to_lowercase()),
        }
    }

    fn joined(&mut self, parts: &[Filter], joint: &str) -> String {
        let parts: Vec<String> = parts.iter().map(|part| self.condition(part)).collect();
        brackets(parts, joint)
    }

    fn one_of<'a>(&mut self, column: &str, values: impl Iterator<Item = &'a str>) -> String {
        let slots: Vec<String> = values.map(|value| self.slot(Value::Text(value.to_owned()))).collect();
        if slots.is_empty() {
            return "1 = 0".to_owned();
        }
        format!("coalesce({column} in ({}), false)", slots.join(", "))
    }

    fn assigned(&mut self, agent: AgentId) -> String {
        format!("(t.assignee_id is not null and t.assignee_id = {})", self.number(agent.0))
    }

    /// The text anywhere in the column.
    fn like(&mut self, column: &str, text: &str) -> String {
        let slot = self.slot(Value::Text(like(text)));
        format!("{column} like {slot} escape '\\'")
    }

    fn number(&mut self, number: i64) -> String {
        self.slot(Value::Number(number))
    }

    fn slot(&mut self, value: Value) -> String {
        self.values.push(value);
        format!("${}", self.values.len())
    }

    fn ago(&self, minutes: u32) -> Timestamp {
        self.now.minus(span(minutes))
    }
}

fn span(minutes: u32) -> Duration {
    Duration::from_secs(u64::from(minutes) * 60)
}

fn brackets(parts: Vec<String>, joint: &str) -> String {
    if parts.is_empty() { "1 = 0".to_owned() } else { format!("({})", parts.join(joint)) }
}

/// As it stands in a list of JSON.
fn json_text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A text as a pattern that finds it anywhere.
fn like(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_typed_is_in_the_text() {
        let mut values = Vec::new();
        let mut compiler = Compiler { now: Timestamp(0), me: AgentId(7), values: &mut values };
        let filter = Filter::All(vec![
            Filter::Tag(vec!["a' or 1=1 --".into(), "100%\"_".into()]),
            Filter::None(vec![
                Filter::Text("'; drop table ticket".into()),
                Filter::Assignee(vec![Who::Me, Who::Nobody]),
            ]),
        ]);
        let text = compiler.condition(&filter);
        assert_eq!(
            text,
            "((t.tags like $1 escape '\\' or t.tags like $2 escape '\\') and not (t.search like $3 escape '\\' or \
             ((t.assignee_id is not null and t.assignee_id = $4) or t.assignee_id is null)))"
        );
        let Value::Text(pattern) = &values[1] else { panic!() };
        assert_eq!(pattern, "%\"100\\%\\\\\"\\_\"%");
    }
}
