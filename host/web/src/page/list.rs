//! The ticket list: head, views, filters, rows.

use super::autonomy::counting;
use super::frame::Frame;
use super::icon;
use super::query::{ListQuery, View};
use super::ticket::TicketPane;
use crate::words::Lang;
use maud::{Markup, html};
use posthouse_model::Timestamp;
use posthouse_model::ticket::TicketStatus;
use posthouse_model::triage::Urgency;

/// When an answer is due, and how much of the time has gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// When the clock began to run.
    pub since: Timestamp,
    /// When the customer must have an answer.
    pub at: Timestamp,
}

impl Due {
    /// How much of the time has gone, 0 to 100.
    #[must_use]
    pub fn percent_gone(self, now: Timestamp) -> u8 {
        let whole = self.at.since(self.since).as_secs().max(1);
        u8::try_from((now.since(self.since).as_secs().saturating_mul(100) / whole).min(100)).unwrap_or(100)
    }

    /// In its last fifth, or over.
    #[must_use]
    pub fn presses(self, now: Timestamp) -> bool {
        self.percent_gone(now) >= 80
    }
}

/// One ticket in the list.
#[derive(Clone, Debug)]
pub struct Row {
    /// #1042
    pub number: i64,
    /// Customer's name.
    pub who: String,
    /// Of the thread.
    pub subject: String,
    /// Beginning of the newest text.
    pub gist: String,
    /// Where it stands.
    pub status: TicketStatus,
    /// About what.
    pub category: Option<String>,
    /// How soon.
    pub urgency: Option<Urgency>,
    /// BCP 47.
    pub language: Option<String>,
    /// Initials or short name.
    pub assignee: Option<String>,
    /// Newest message.
    pub at: Timestamp,
    /// Deadline, while the ticket is open.
    pub due: Option<Due>,
    /// Put aside until then.
    pub snoozed_until: Option<Timestamp>,
    /// Its reply goes out by itself then, unless somebody stops it.
    pub leaves: Option<Timestamp>,
    /// Goes up with every change.
    pub version: i64,
}

/// What can be filtered by.
#[derive(Clone, Debug, Default)]
pub struct Choices {
    /// Queues: name and what agents read.
    pub queues: Vec<(String, String)>,
    /// Names of categories.
    pub categories: Vec<String>,
    /// BCP 47 tags.
    pub languages: Vec<String>,
    /// Names of macros that can be used on many tickets.
    pub macros: Vec<String>,
}

/// The sentence at the head of the list.
#[derive(Clone, Copy, Debug, Default)]
pub struct Headline {
    /// How many wait.
    pub waiting: u64,
    /// Since when the oldest waits.
    pub oldest: Option<Timestamp>,
    /// Past their deadline.
    pub overdue: u64,
    /// Deadline within the hour.
    pub due_within_hour: u64,
}

/// A queue in the menu of views.
#[derive(Clone, Debug)]
pub struct QueueLine {
    /// In addresses.
    pub name: String,
    /// What agents read.
    pub title: String,
    /// How many wait there.
    pub waiting: u64,
}

/// A saved view in the menu.
#[derive(Clone, Debug)]
pub struct SavedLine {
    /// Its id.
    pub id: i64,
    /// What people read.
    pub name: String,
}

/// A count is not shown beyond this: `1000+` says enough.
pub(crate) const COUNT_MAX: u64 = 1_000;

/// A count as it is shown; with more than was counted it says so.
fn shown(n: u64, more: bool) -> String {
    match n {
        n if n > COUNT_MAX => format!("{COUNT_MAX}+"),
        n if more => format!("{n}+"),
        n => n.to_string(),
    }
}

/// How far a search went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Searched {
    /// Mails before this moment are not in the index yet.
    pub behind: Option<Timestamp>,
    /// There may be more than it lists.
    pub cut: bool,
}

/// The whole list.
#[derive(Clone, Debug)]
pub struct ListPane {
    /// View and filters.
    pub query: ListQuery,
    /// How many are in each view.
    pub counts: Vec<(View, u64)>,
    /// Counts of agents and queues are of so many open tickets only.
    pub counts_cut: bool,
    /// Every queue.
    pub queues: Vec<QueueLine>,
    /// Views that somebody made.
    pub saved: Vec<SavedLine>,
    /// The sentence.
    pub headline: Headline,
    /// What the filters offer.
    pub choices: Choices,
    /// This page of it.
    pub rows: Vec<Row>,
    /// Where the next page begins.
    pub older: Option<String>,
    /// What a search has not looked at.
    pub search: Searched,
    /// What "n new" counts from (opaque, for the live stream).
    pub mark: String,
    /// The ticket beside the list.
    pub open: Option<i64>,
    /// Whom tickets can be given to: id and name, the reader first; empty for one who only reads.
    pub hands: Vec<(i64, String)>,
}

/// The list alone, wide, or with a ticket beside it.
#[must_use]
pub fn page(frame: &Frame, list: &ListPane, ticket: Option<&TicketPane>) -> Markup {
    let t = frame.lang();
    match ticket {
        Some(ticket) => frame.page(
            &format!("{} #{}", ticket.subject, ticket.number),
            "open",
            &html! { (list.draw(frame)) (ticket.draw(frame)) },
        ),
        None => frame.page(list.name(t), "listing", &html! { (list.draw(frame)) }),
    }
}

impl ListPane {
    /// The list's column.
    #[must_use]
    pub fn draw(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        // Alone, the list is what the page is about.
        let alone = self.open.is_none().then_some("main");
        html! {
            section.list id=[alone] role=[alone] aria-label=(t.tickets()) data-live=(self.live_path(frame)) data-looking=(t.looking_at("#")) {
                @if alone.is_some() { h1.hidden { (self.name(t)) } }
                header.list-head {
                    (self.tabs(frame))
                    (self.tools(frame))
                    (self.sentence(frame))
                    (self.active_filters(frame))
                }
                a.fresh href=(frame.team.path(&format!("/tickets{}", self.query.with_after(None).to_query()))) hidden {
                    span.n {} span.mute { (t.new_arrived_show()) kbd { "n" } }
                }
                @if self.rows.is_empty() {
                    p.empty { (if self.query.is_filtered() { t.empty_filtered() } else if self.saved_here().is_some() { t.empty_saved() } else { self.query.view.when_empty(t) }) }
                } @else {
                    ol.rows { @for row in &self.rows { (self.row(frame, row)) } }
                }
                (self.bulk(frame))
                (self.searched(frame))
                (self.pages(frame))
                p.lost role="status" hidden { (t.live_lost()) }
            }
        }
    }

    fn live_path(&self, frame: &Frame) -> String {
        let query = self.query.with_after(None).to_query();
        let joint = if query.is_empty() { '?' } else { '&' };
        let open = self.open.map_or_else(String::new, |number| format!("&open={number}"));
        frame.team.path(&format!("/live{query}{joint}mark={}{open}", self.mark))
    }

    fn count(&self, view: View) -> u64 {
        self.counts.iter().find(|c| c.0 == view).map_or(0, |c| c.1)
    }

    /// The saved view that is shown.
    fn saved_here(&self) -> Option<&SavedLine> {
        self.saved.iter().find(|view| Some(view.id) == self.query.saved)
    }

    fn name(&self, t: Lang) -> &str {
        self.saved_here().map_or_else(|| self.query.view.name(t), |view| view.name.as_str())
    }

    fn tabs(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        let to = |query: &ListQuery| frame.team.path(&format!("/tickets{}", query.to_query()));
        let saved = self.saved_here();
        let link = |view: View| {
            let n = self.count(view);
            let part = self.counts_cut && matches!(view, View::Mine | View::Unassigned);
            html! {
                a href=(to(&self.query.with_view(view)))
                    aria-current=[(saved.is_none() && view == self.query.view).then_some("true")] data-view=(view.as_str()) {
                    (view.name(t)) " " b.n.none[n == 0] { (shown(n, part)) }
                }
            }
        };
        let saved_link = |view: &SavedLine| {
            html! {
                a href=(to(&self.query.with_saved(view.id))) aria-current=[(self.query.saved == Some(view.id)).then_some("true")] { (view.name) }
            }
        };
        let first = [View::Waiting, View::Mine, View::Urgent];
        let elsewhere = (saved.is_none() && !first.contains(&self.query.view)).then_some(self.query.view);
        html! {
            nav.tabs.four[elsewhere.is_some() || saved.is_some()] aria-label=(t.views()) {
                @for view in first { (link(view)) }
                @if let Some(view) = elsewhere { (link(view)) }
                @if let Some(view) = saved { (saved_link(view)) }
                details.menu {
                    summary title=(t.other_views()) { span { (t.more()) } (icon::down()) }
                    div.card.views {
                        @for view in View::ALL { @if !first.contains(&view) { (link(view)) } }
                        @if self.queues.len() > 1 {
                            p.label { (t.queues()) }
                            @for queue in &self.queues {
                                a href=(to(&ListQuery::of_queue(&queue.name))) {
                                    span { (queue.title) } " " b.n.none[queue.waiting == 0] { (shown(queue.waiting, self.counts_cut)) }
                                }
                            }
                        }
                        p.label { (t.views_title()) }
                        @for view in &self.saved { (saved_link(view)) }
                        a href=(frame.team.path("/views")) { span.mute { (t.views_edit()) } }
                    }
                }
            }
        }
    }

    fn tools(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        let q = &self.query;
        html! {
            form.tools method="get" action=(frame.team.path("/tickets")) role="search" {
                @if q.view != View::default() { input type="hidden" name="view" value=(q.view.as_str()); }
                @if let Some(id) = q.saved { input type="hidden" name="saved" value=(id); }
                label.search {
                    (icon::search())
                    span.hidden { (t.search()) }
                    input type="search" name="q" value=(q.text) placeholder=(t.search_hint()) maxlength=(ListQuery::TEXT_MAX) autocomplete="off";
                    kbd { "/" }
                }
                // A phone has no room for a box beside each row: they show while this is ticked. Not part of the search.
                @if !self.hands.is_empty() && !self.rows.is_empty() {
                    label.choose.only-thin { input.choosing type="checkbox" form="bulk"; span { (t.bulk_choose()) } }
                }
                details.menu.filters {
                    summary { (icon::filter()) span { (t.filter()) } }
                    div.card {
                        (select("queue", t.queue(), t.any_queue(), q.queue.as_deref(), self.choices.queues.iter().cloned()))
                        (select("category", t.category(), t.any_category(), q.category.as_deref(), self.choices.categories.iter().map(|c| (c.clone(), t.category_name(c)))))
                        (select("urgency", t.urgency(), t.any_urgency(), q.urgency.map(Urgency::as_str), Urgency::ALL.iter().rev().map(|u| (u.as_str().to_owned(), t.urgency_name(*u).to_owned()))))
                        (select("language", t.language(), t.any_language(), q.language.as_deref(), self.choices.languages.iter().map(|l| (l.clone(), t.language_name(l)))))
                        button.solid { (t.filter_apply()) }
                    }
                }
            }
        }
    }

    fn sentence(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        let h = &self.headline;
        html! {
            p.sentence data-headline {
                @if h.waiting > 0 {
                    span.all { (t.waiting_n(h.waiting)) }
                    @if let Some(oldest) = h.oldest {
                        span { (t.oldest(frame.lens.long(frame.lens.now.since(oldest)))) }
                    }
                    @if h.overdue > 0 { span.alarm { (t.overdue_n(h.overdue)) } }
                    @if h.due_within_hour > 0 { span { (t.due_within_hour(h.due_within_hour)) } }
                } @else { span { (t.empty_waiting()) } }
            }
        }
    }

    fn active_filters(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        let q = &self.query;
        let mut active: Vec<(String, ListQuery)> = Vec::new();
        if !q.text.is_empty() {
            active.push((format!("“{}”", q.text), ListQuery { text: String::new(), ..q.with_after(None) }));
        }
        if let Some(queue) = &q.queue {
            let title = self.choices.queues.iter().find(|(name, _)| name == queue).map_or(queue, |(_, title)| title);
            active.push((format!("{} {title}", t.queue()), ListQuery { queue: None, ..q.with_after(None) }));
        }
        if let Some(category) = &q.category {
            active.push((t.category_name(category), ListQuery { category: None, ..q.with_after(None) }));
        }
        if let Some(urgency) = q.urgency {
            active.push((t.urgency_name(urgency).to_owned(), ListQuery { urgency: None, ..q.with_after(None) }));
        }
        if let Some(language) = &q.language {
            active.push((t.language_name(language), ListQuery { language: None, ..q.with_after(None) }));
        }
        html! {
            @if !active.is_empty() {
                p.active {
                    @for (name, without) in &active {
                        a href=(frame.team.path(&format!("/tickets{}", without.to_query()))) title=(t.filter_remove(name)) aria-label=(t.filter_remove(name)) {
                            (name) " ×"
                        }
                    }
                    @if active.len() > 1 {
                        a.mute href=(frame.team.path(&format!("/tickets{}", q.bare().to_query()))) { (t.filter_clear()) }
                    }
                }
            }
        }
    }

    fn row(&self, frame: &Frame, row: &Row) -> Markup {
        let t = frame.lang();
        let now = frame.lens.now;
        let here = self.open == Some(row.number);
        let urgent = row.urgency == Some(Urgency::Urgent) && row.status.is_open();
        let subject = if row.subject.is_empty() { t.no_subject() } else { &row.subject };
        html! {
            li.row.urgent[urgent].high[row.urgency == Some(Urgency::High) && row.status.is_open()].done[!row.status.is_open()] data-number=(row.number) {
                a href=(frame.team.path(&format!("/tickets/{}{}", row.number, self.query.to_query()))) aria-current=[here.then_some("true")] {
                    span.mark {}
                    span.who { (row.who) }
                    span.looking {}
                    span.what { b dir="auto" { (subject) } " " span.gist dir="auto" { (row.gist) } }
                    span.kind {
                        @if urgent { b.alarm { (t.urgency_urgent()) } " " }
                        @else if row.urgency == Some(Urgency::High) && row.status.is_open() { b { (t.urgency_high()) } " " }
                        (self.kind_words(t, row))
                    }
                    span.tongue { @if let Some(tag) = &row.language { abbr title=(t.language_name(tag)) { (tag) } } }
                    span.agent { @if let Some(name) = &row.assignee { span title=(t.assigned_to(name)) { (name) } } }
                    span.age { (frame.lens.age(row.at)) }
                    span.due {
                        @if let Some(at) = row.leaves { (counting(frame, at)) }
                        @else if let Some(until) = row.snoozed_until { (t.snoozed_until(frame.lens.weekday(until))) }
                        @else if let Some(due) = row.due { (due_words(frame, due)) }
                    }
                }
                @if !self.hands.is_empty() {
                    input.pick type="checkbox" form="bulk" name=(format!("t{}", row.number)) value=(row.version) aria-label=(t.bulk_pick(row.number));
                }
                // What is over says so in words; a bar has nothing to add.
                @if let Some(due) = row.due.filter(|due| due.at >= now && row.snoozed_until.is_none()) {
                    svg.bar.late[due.presses(now)] aria-hidden="true" { rect width=(format!("{}%", due.percent_gone(now))) height="100%" {} }
                }
            }
        }
    }

    /// The category; in mixed views of finished tickets, how they ended.
    fn kind_words(&self, t: Lang, row: &Row) -> String {
        let category = row.category.as_deref().map_or_else(|| t.unsorted().to_owned(), |c| t.category_name(c));
        if self.query.view == View::All && row.status != TicketStatus::Waiting {
            format!("{category} · {}", t.status(row.status))
        } else {
            category
        }
    }

    fn searched(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        html! {
            @if let Some(before) = self.search.behind { p.searched { (t.search_behind(frame.lens.exact(before))) } }
            @if self.search.cut { p.searched { (t.search_cut()) } }
        }
    }

    fn pages(&self, frame: &Frame) -> Markup {
        let t = frame.lang();
        let path = |query: ListQuery| frame.team.path(&format!("/tickets{}", query.to_query()));
        html! {
            @if self.older.is_some() || self.query.after.is_some() {
                nav.pages {
                    @if self.query.after.is_some() { a href=(path(self.query.with_after(None))) { (t.newer()) } }
                    @if self.older.is_some() { a.older href=(path(self.query.with_after(self.older.clone()))) rel="next" { (t.older()) (icon::next()) } }
                }
            }
        }
    }
}

/// `▸ 2 h` left, or how long it is over.
pub(crate) fn due_words(frame: &Frame, due: Due) -> Markup {
    let t = frame.lang();
    let now = frame.lens.now;
    let exact = frame.lens.exact(due.at);
    html! {
        @if due.at < now {
            @let by = frame.lens.short(now.since(due.at));
            time.alarm datetime=(due.at.to_rfc3339()) title=(exact) { span.hidden { (t.overdue(&by)) } span aria-hidden="true" { "+" (by) } }
        } @else {
            @let left = frame.lens.short(due.at.since(now));
            time.alarm[due.presses(now)] datetime=(due.at.to_rfc3339()) title=(exact) { span.hidden { (t.due_in(&left)) } span aria-hidden="true" { (t.due_left(&left)) } }
        }
    }
}

fn select(
    name: &str,
    label: &str,
    any: &str,
    chosen: Option<&str>,
    options: impl Iterator<Item = (String, String)>,
) -> Markup {
    html! {
        label.field { span { (label) }
            select name=(name) {
                option value="" { (any) }
                @for (value, text) in options { option value=(value) selected[chosen == Some(value.as_str())] { (text) } }
            }
        }
    }
}
