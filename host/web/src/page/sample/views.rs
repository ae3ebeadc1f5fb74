//! Sample data of the views' pages, and of an act on many tickets.

use super::NOW;
use crate::page::bulk::BulkBar;
use crate::page::query::ListQuery;
use crate::page::views::{Node, ViewLine, ViewPage, ViewsPage};
use posthouse_model::ticket::TicketStatus;
use posthouse_model::triage::Urgency;
use posthouse_model::view::{Filter, FilterFault, ViewSort, Who};
use posthouse_store::{BulkAct, BulkLeft, BulkReport};
use std::time::Duration;

/// The list of views.
#[must_use]
pub fn views() -> ViewsPage {
    let view = |id, name: &str, shared, editable| ViewLine { id, name: name.into(), shared, editable };
    ViewsPage {
        views: vec![
            view(1, "VIP, due today", false, true),
            view(2, "日文退货", false, true),
            view(3, "Angry and nobody's", true, true),
        ],
        acts: true,
    }
}

/// One being put together, with a fault in it.
#[must_use]
pub fn view() -> ViewPage {
    let filter = Filter::All(vec![
        Filter::Status(vec![TicketStatus::Waiting]),
        Filter::Any(vec![
            Filter::Tag(vec!["vip".into()]),
            Filter::Urgency(vec![Urgency::Urgent, Urgency::High]),
            Filter::DueWithin(0),
            Filter::None(vec![Filter::Assignee(vec![Who::Me])]),
        ]),
        Filter::Language(vec!["ja".into(), "de".into()]),
        Filter::Overdue,
    ]);
    ViewPage {
        id: Some(1),
        version: 3,
        name: "VIP, due today".into(),
        shared: false,
        may_share: true,
        sort: ViewSort::Due,
        filter: Node::of(&filter),
        fault: Some((vec![1, 2], FilterFault::OutOfRange)),
        queues: vec![("inbox".into(), "Inbox".into()), ("returns".into(), "Returns".into())],
        categories: vec!["shipping".into(), "refund".into()],
        agents: vec![("1".into(), "Li Na".into()), ("2".into(), "Chen".into())],
    }
}

/// What became of an act on many tickets.
#[must_use]
pub fn bulk() -> BulkBar {
    BulkBar {
        report: BulkReport {
            id: Some(1),
            act: BulkAct::Handled("x".into()),
            done: vec![1042, 1041, 1039],
            left: vec![(1040, BulkLeft::Changed), (1038, BulkLeft::State(TicketStatus::Sent))],
            undone: false,
            until: NOW.plus(Duration::from_secs(90)),
        },
        list: ListQuery::default(),
    }
}
