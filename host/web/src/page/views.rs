//! Saved views: the list of them, and the page on which one is put together from plain forms. Every button sends the whole form; what
//! is wrong with it stands where it is wrong.

use super::frame::{Frame, Place};
use crate::words::Lang;
use maud::{Markup, html};
use posthouse_model::AgentId;
use posthouse_model::ticket::TicketStatus;
use posthouse_model::triage::{Sentiment, Urgency};
use posthouse_model::view::{DEPTH_MAX, Filter, FilterFault, NAME_CHARS_MAX, TESTS_MAX, VALUES_MAX, ViewSort, Who};

/// How the parts of a group are taken together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Joint {
    /// All of them.
    #[default]
    All,
    /// One at least.
    Any,
    /// None.
    None,
}

impl Joint {
    /// All, in the order shown.
    pub const ALL: [Self; 3] = [Self::All, Self::Any, Self::None];

    /// As in forms.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Any => "any",
            Self::None => "none",
        }
    }

    fn name(self, t: Lang) -> &'static str {
        match self {
            Self::All => t.joint_all(),
            Self::Any => t.joint_any(),
            Self::None => t.joint_none(),
        }
    }
}

/// What a test looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Where it stands.
    Status,
    /// Where it waits.
    Queue,
    /// About what.
    Category,
    /// How soon.
    Urgency,
    /// How the customer sounds.
    Sentiment,
    /// BCP 47.
    Language,
    /// Labels.
    Tag,
    /// Whose.
    Assignee,
    /// Age, at least.
    OlderThan,
    /// Age, less than.
    YoungerThan,
    /// Deadline.
    DueWithin,
    /// Deadline has passed.
    Overdue,
    /// Words.
    Text,
}

impl Subject {
    /// All, in the order shown.
    pub const ALL: [Self; 13] = [
        Self::Status,
        Self::Queue,
        Self::Category,
        Self::Urgency,
        Self::Sentiment,
        Self::Language,
        Self::Tag,
        Self::Assignee,
        Self::OlderThan,
        Self::YoungerThan,
        Self::DueWithin,
        Self::Overdue,
        Self::Text,
    ];

    /// As in forms.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Queue => "queue",
            Self::Category => "category",
            Self::Urgency => "urgency",
            Self::Sentiment => "sentiment",
            Self::Language => "language",
            Self::Tag => "tag",
            Self::Assignee => "assignee",
            Self::OlderThan => "older-than",
            Self::YoungerThan => "younger-than",
            Self::DueWithin => "due-within",
            Self::Overdue => "overdue",
            Self::Text => "text",
        }
    }

    fn name(self, t: Lang) -> &'static str {
        match self {
            Self::Status => t.test_status(),
            Self::Queue => t.queue(),
            Self::Category => t.category(),
            Self::Urgency => t.urgency(),
            Self::Sentiment => t.sentiment_title(),
            Self::Language => t.language(),
            Self::Tag => t.test_tag(),
            Self::Assignee => t.test_assignee(),
            Self::OlderThan => t.test_older(),
            Self::YoungerThan => t.test_younger(),
            Self::DueWithin => t.test_due(),
            Self::Overdue => t.test_overdue(),
            Self::Text => t.test_text(),
        }
    }
}

/// A unit of time in a form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unit {
    /// Minutes.
    Minutes,
    /// Hours.
    #[default]
    Hours,
    /// Days.
    Days,
}

impl Unit {
    /// All, in the order shown.
    pub const ALL: [Self; 3] = [Self::Minutes, Self::Hours, Self::Days];

    /// As in forms.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Minutes => "m",
            Self::Hours => "h",
            Self::Days => "d",
        }
    }

    fn minutes(self) -> u32 {
        match self {
            Self::Minutes => 1,
            Self::Hours => 60,
            Self::Days => 24 * 60,
        }
    }
}

/// A part of a filter as it stands in the form, right or wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// Parts taken together.
    Group(Joint, Vec<Node>),
    /// One test: what was chosen, or what was typed.
    Test {
        /// Of what.
        subject: Subject,
        /// Chosen.
        values: Vec<String>,
        /// Typed.
        text: String,
        /// Of a span of time.
        unit: Unit,
    },
}

impl Node {
    /// A test with nothing in it yet.
    #[must_use]
    pub fn blank(subject: Subject) -> Self {
        Self::Test { subject, values: Vec::new(), text: String::new(), unit: Unit::default() }
    }

    /// As it stands in the form for a filter.
    #[must_use]
    pub fn of(filter: &Filter) -> Self {
        let group = |joint, parts: &[Filter]| Self::Group(joint, parts.iter().map(Self::of).collect());
        let test =
            |subject, values: Vec<String>| Self::Test { subject, values, text: String::new(), unit: Unit::default() };
        let typed = |subject, text: String| Self::Test { subject, values: Vec::new(), text, unit: Unit::default() };
        let span = |subject, minutes: u32| {
            let unit = Unit::ALL
                .into_iter()
                .rev()
                .find(|unit| minutes.is_multiple_of(unit.minutes()))
                .unwrap_or(Unit::Minutes);
            Self::Test { subject, values: Vec::new(), text: (minutes / unit.minutes()).to_string(), unit }
        };
        match filter {
            Filter::All(parts) => group(Joint::All, parts),
            Filter::Any(parts) => group(Joint::Any, parts),
            Filter::None(parts) => group(Joint::None, parts),
            Filter::Status(values) => test(Subject::Status, values.iter().map(ToString::to_string).collect()),
            Filter::Queue(values) => test(Subject::Queue, values.clone()),
            Filter::Category(values) => test(Subject::Category, values.clone()),
            Filter::Urgency(values) => test(Subject::Urgency, values.iter().map(ToString::to_string).collect()),
            Filter::Sentiment(values) => test(Subject::Sentiment, values.iter().map(ToString::to_string).collect()),
            Filter::Language(values) => typed(Subject::Language, values.join(", ")),
            Filter::Tag(values) => typed(Subject::Tag, values.join(", ")),
            Filter::Assignee(values) => test(Subject::Assignee, values.iter().copied().map(who_text).collect()),
            Filter::OlderThan(minutes) => span(Subject::OlderThan, *minutes),
            Filter::YoungerThan(minutes) => span(Subject::YoungerThan, *minutes),
            Filter::DueWithin(minutes) => span(Subject::DueWithin, *minutes),
            Filter::Overdue => Self::blank(Subject::Overdue),
            Filter::Text(text) => typed(Subject::Text, text.clone()),
        }
    }

    /// The filter that it says. What cannot be read says nothing, which the filter's own check then finds where it stands.
    #[must_use]
    pub fn filter(&self) -> Filter {
        match self {
            Self::Group(joint, parts) => {
                let parts = parts.iter().map(Self::filter).collect();
                match joint {
                    Joint::All => Filter::All(parts),
                    Joint::Any => Filter::Any(parts),
                    Joint::None => Filter::None(parts),
                }
            }
            Self::Test { subject, values, text, unit } => {
                let listed = || {
                    let listed = text.split([',', '，', '、', '\n']).map(|value| value.trim().to_owned());
                    listed.filter(|value| !value.is_empty()).collect()
                };
                // What is no number, or too large a one, is out of range.
                let minutes = text.trim().parse::<u32>().ok().and_then(|n| n.checked_mul(unit.minutes())).unwrap_or(0);
                match subject {
                    Subject::Status => Filter::Status(values.iter().filter_map(|v| v.parse().ok()).collect()),
                    Subject::Queue => Filter::Queue(values.clone()),
                    Subject::Category => Filter::Category(values.clone()),
                    Subject::Urgency => Filter::Urgency(values.iter().filter_map(|v| v.parse().ok()).collect()),
                    Subject::Sentiment => Filter::Sentiment(values.iter().filter_map(|v| v.parse().ok()).collect()),
                    Subject::Language => Filter::Language(listed()),
                    Subject::Tag => Filter::Tag(listed()),
                    Subject::Assignee => Filter::Assignee(values.iter().filter_map(|v| who(v)).collect()),
                    Subject::OlderThan => Filter::OlderThan(minutes),
                    Subject::YoungerThan => Filter::YoungerThan(minutes),
                    Subject::DueWithin => Filter::DueWithin(minutes),
                    Subject::Overdue => Filter::Overdue,
                    Subject::Text => Filter::Text(text.trim().to_owned()),
                }
            }
        }
    }

    /// The part at a place.
    pub fn at_mut(&mut self, at: &[usize]) -> Option<&mut Self> {
        match (at, self) {
            ([], node) => Some(node),
            ([first, rest @ ..], Self::Group(_, parts)) => parts.get_mut(*first)?.at_mut(rest),
            _ => None,
        }
    }

    /// Tests and groups in it.
    #[must_use]
    pub fn size(&self) -> usize {
        match self {
            Self::Group(_, parts) => 1 + parts.iter().map(Self::size).sum::<usize>(),
            Self::Test { .. } => 1,
        }
    }
}

fn who_text(who: Who) -> String {
    match who {
        Who::Me => "me".to_owned(),
        Who::Nobody => "nobody".to_owned(),
        Who::Somebody => "somebody".to_owned(),
        Who::Agent(agent) => agent.to_string(),
    }
}

fn who(text: &str) -> Option<Who> {
    Some(match text {
        "me" => Who::Me,
        "nobody" => Who::Nobody,
        "somebody" => Who::Somebody,
        id => Who::Agent(AgentId(id.parse().ok()?)),
    })
}

/// A view on the list of them.
#[derive(Clone, Debug)]
pub struct ViewLine {
    /// Its id.
    pub id: i64,
    /// What people read.
    pub name: String,
    /// Everybody's.
    pub shared: bool,
    /// The reader may change it.
    pub editable: bool,
}

/// The list of views.
#[derive(Clone, Debug)]
pub struct ViewsPage {
    /// The reader's own, then the shared ones.
    pub views: Vec<ViewLine>,
    /// The reader may make some.
    pub acts: bool,
}

/// One view being put together.
#[derive(Clone, Debug)]
pub struct ViewPage {
    /// None: a new one.
    pub id: Option<i64>,
    /// The version that the form was made from.
    pub version: i64,
    /// What people read.
    pub name: String,
    /// Everybody's.
    pub shared: bool,
    /// The reader may share it.
    pub may_share: bool,
    /// In which order.
    pub sort: ViewSort,
    /// Which tickets.
    pub filter: Node,
    /// What is wrong, and where.
    pub fault: Option<(Vec<usize>, FilterFault)>,
    /// Names of queues and what agents read.
    pub queues: Vec<(String, String)>,
    /// Names of categories.
    pub categories: Vec<String>,
    /// Ids and names of agents.
    pub agents: Vec<(String, String)>,
}

impl ViewsPage {
    /// The page.
    #[must_use]
    pub fn draw(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        let list = |shared: bool| {
            let views: Vec<_> = self.views.iter().filter(|view| view.shared == shared).collect();
            html! {
                section {
                    h2 { (if shared { t.views_shared() } else { t.views_mine() }) }
                    @if views.is_empty() { p.mute { (if shared { t.views_none_shared() } else { t.views_none_mine() }) } }
                    ul.views {
                        @for (n, view) in views.iter().enumerate() {
                            li {
                                a.name href=(frame.team.path(&format!("/tickets?saved={}", view.id))) { (view.name) }
                                @if view.editable {
                                    (frame.post(&frame.team.path(&format!("/views/{}", view.id)), "place-in-list", &html! {
                                        button.quiet name="do" value="up" disabled[n == 0] aria-label=(t.view_up(&view.name)) { "↑" }
                                        button.quiet name="do" value="down" disabled[n + 1 == views.len()] aria-label=(t.view_down(&view.name)) { "↓" }
                                        a.quiet href=(frame.team.path(&format!("/views/{}", view.id))) aria-label=(t.view_change(&view.name)) { (t.change()) }
                                    }))
                                }
                            }
                        }
                    }
                }
            }
        };
        frame.page(
            t.views_title(),
            "plain",
            &html! {
                main.sheet #main tabindex="-1" {
                    h1 { (t.views_title()) }
                    p.mute { (t.views_about()) }
                    @if self.acts { p { a.solid href=(frame.team.path("/views/new")) { (t.view_make()) } } }
                    (list(false))
                    (list(true))
                }
            },
        )
    }
}

impl ViewPage {
    /// The page.
    #[must_use]
    pub fn draw(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        debug_assert_eq!(frame.place, Place::Tickets);
        let title = if self.id.is_some() { t.view_edit() } else { t.view_make() };
        let to = self.id.map_or_else(|| "/views/new".to_owned(), |id| format!("/views/{id}"));
        frame.page(
            title,
            "plain",
            &html! {
                main.sheet #main tabindex="-1" {
                    h1 { (title) }
                    (frame.post(&frame.team.path(&to), "view-form", &html! {
                        // Enter keeps the view: the first button of a form is its own.
                        button.hidden name="do" value="save" tabindex="-1" aria-hidden="true" { (t.view_keep()) }
                        input type="hidden" name="version" value=(self.version);
                        div.head {
                            label.field { span { (t.view_name()) }
                                input name="name" value=(self.name) maxlength=(NAME_CHARS_MAX) autocomplete="off";
                            }
                            label.field { span { (t.view_sort()) }
                                select name="sort" {
                                    @for sort in ViewSort::ALL {
                                        option value=(sort.as_str()) selected[*sort == self.sort] { (t.sort_name(*sort)) }
                                    }
                                }
                            }
                            @if self.may_share {
                                label.tick { input type="checkbox" name="shared" value="on" checked[self.shared]; span { (t.view_share()) } }
                            }
                        }
                        (self.node(t, &self.filter, &mut Vec::new()))
                        div.steps {
                            button.solid name="do" value="save" { (t.view_keep()) }
                            a.quiet href=(frame.team.path("/views")) { (t.view_leave()) }
                            @if self.id.is_some() { button.quiet.end name="do" value="delete" { (t.view_delete()) } }
                        }
                    }))
                }
            },
        )
    }

    fn fault_at(&self, t: Lang, at: &[usize]) -> Markup {
        let here = self.fault.as_ref().filter(|(place, _)| place == at);
        html! { @if let Some((_, fault)) = here { p.fault role="alert" { (t.filter_fault(*fault)) } } }
    }

    fn node(&self, t: Lang, node: &Node, at: &mut Vec<usize>) -> Markup {
        let path = at.iter().map(|n| format!(".{n}")).collect::<String>();
        match node {
            Node::Group(joint, parts) => html! {
                fieldset.group {
                    legend.hidden { (t.view_group()) }
                    div.joint {
                        select name=(format!("g{path}")) aria-label=(t.view_joint()) {
                            @for one in Joint::ALL { option value=(one.as_str()) selected[one == *joint] { (one.name(t)) } }
                        }
                        @if !at.is_empty() { button.quiet.end name="do" value=(format!("drop{path}")) aria-label=(t.view_drop_group()) { "×" } }
                    }
                    (self.fault_at(t, at))
                    @for (n, part) in parts.iter().enumerate() {
                        @let inner = { at.push(n); let inner = self.node(t, part, at); at.pop(); inner };
                        (inner)
                    }
                    div.more {
                        select name=(format!("n{path}")) aria-label=(t.view_which_test()) {
                            @for subject in Subject::ALL { option value=(subject.as_str()) { (subject.name(t)) } }
                        }
                        button.quiet name="do" value=(format!("add{path}")) { (t.view_add_test()) }
                        @if at.len() + 1 < DEPTH_MAX { button.quiet name="do" value=(format!("group{path}")) { (t.view_add_group()) } }
                    }
                }
            },
            Node::Test { subject, values, text, unit } => html! {
                div.test role="group" aria-label=(subject.name(t)) {
                    input type="hidden" name=(format!("k{path}")) value=(subject.as_str());
                    b { (subject.name(t)) }
                    div.value { (self.value(t, &path, *subject, values, text, *unit)) (self.fault_at(t, at)) }
                    button.quiet name="do" value=(format!("drop{path}")) aria-label=(t.view_drop_test(subject.name(t))) { "×" }
                }
            },
        }
    }

    fn value(&self, t: Lang, path: &str, subject: Subject, values: &[String], text: &str, unit: Unit) -> Markup {
        let named = |names: Vec<(String, String)>| choices(path, names, values);
        let typed = |label: &str| {
            html! { input name=(format!("v{path}")) value=(text) aria-label=(label) maxlength="1500" autocomplete="off"; }
        };
        match subject {
            Subject::Status => {
                named(TicketStatus::ALL.iter().map(|s| (s.to_string(), t.status(*s).to_owned())).collect())
            }
            Subject::Queue => named(self.queues.clone()),
            Subject::Category => named(self.categories.iter().map(|c| (c.clone(), t.category_name(c))).collect()),
            Subject::Urgency => {
                named(Urgency::ALL.iter().rev().map(|u| (u.to_string(), t.urgency_name(*u).to_owned())).collect())
            }
            Subject::Sentiment => {
                named(Sentiment::ALL.iter().map(|s| (s.to_string(), t.sentiment(*s).to_owned())).collect())
            }
            Subject::Assignee => {
                let first = [("me", t.who_me()), ("nobody", t.who_nobody()), ("somebody", t.who_somebody())];
                let first = first.map(|(value, name)| (value.to_owned(), name.to_owned()));
                named(first.into_iter().chain(self.agents.iter().cloned()).collect())
            }
            Subject::Language => html! { (typed(t.language())) span.mute { (t.view_languages_hint()) } },
            Subject::Tag => html! { (typed(t.test_tag())) span.mute { (t.view_list_hint(VALUES_MAX)) } },
            Subject::Text => html! { (typed(t.test_text())) span.mute { (t.view_text_hint()) } },
            Subject::Overdue => html! {},
            Subject::OlderThan | Subject::YoungerThan | Subject::DueWithin => html! {
                div.span {
                    input name=(format!("v{path}")) value=(text) inputmode="numeric" maxlength="8" aria-label=(subject.name(t)) autocomplete="off";
                    select name=(format!("u{path}")) aria-label=(t.view_unit()) {
                        @for one in Unit::ALL { option value=(one.as_str()) selected[one == unit] { (t.unit_name(one)) } }
                    }
                }
            },
        }
    }
}

/// Boxes to tick; what was chosen and is not among them any more stays a choice.
fn choices(path: &str, mut names: Vec<(String, String)>, chosen: &[String]) -> Markup {
    for value in chosen {
        if names.iter().all(|(name, _)| name != value) {
            names.push((value.clone(), value.clone()));
        }
    }
    html! {
        div.ticks {
            @for (value, name) in &names {
                label.tick {
                    input type="checkbox" name=(format!("c{path}/{value}")) value="on" checked[chosen.contains(value)];
                    span { (name) }
                }
            }
        }
    }
}

/// Parts that one form may hold, so that no form makes a page without an end.
pub(crate) const PARTS_MAX: usize = TESTS_MAX * 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_survives_its_form() {
        let filter = Filter::All(vec![
            Filter::Status(vec![TicketStatus::Waiting, TicketStatus::New]),
            Filter::Any(vec![
                Filter::Tag(vec!["vip".into(), "退款".into()]),
                Filter::None(vec![Filter::Assignee(vec![Who::Me, Who::Agent(AgentId(5)), Who::Nobody, Who::Somebody])]),
                Filter::OlderThan(90),
                Filter::YoungerThan(120),
                Filter::DueWithin(2 * 24 * 60),
                Filter::Overdue,
            ]),
            Filter::Urgency(vec![Urgency::High]),
            Filter::Sentiment(vec![Sentiment::Angry]),
            Filter::Language(vec!["de".into()]),
            Filter::Queue(vec!["returns".into()]),
            Filter::Category(vec!["shipping".into()]),
            Filter::Text("order 1042".into()),
        ]);
        assert_eq!(Node::of(&filter).filter(), filter);
        let Node::Group(_, parts) = Node::of(&filter) else { panic!() };
        let Node::Group(_, inner) = &parts[1] else { panic!() };
        assert!(matches!(&inner[4], Node::Test { text, unit: Unit::Days, .. } if text == "2"));
    }

    #[test]
    fn what_cannot_be_read_is_found_where_it_stands() {
        let mut node = Node::Group(Joint::All, vec![Node::blank(Subject::Overdue), Node::blank(Subject::DueWithin)]);
        if let Some(Node::Test { text, .. }) = node.at_mut(&[1]) {
            *text = "soon".into();
        }
        assert_eq!(node.filter().check().unwrap_err(), (vec![1], FilterFault::OutOfRange));
        assert!(node.at_mut(&[1, 0]).is_none() && node.at_mut(&[2]).is_none());
    }
}
