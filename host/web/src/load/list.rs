//! The ticket list.

use crate::page::list::{Choices, Due, Headline, ListPane, QueueLine, Row, SavedLine, Searched};
use crate::page::query::{ListQuery, View};
use crate::refusal::Refusal;
use crate::seat::Seat;
use crate::words::Lang;
use posthouse_model::config::TenantConfig;
use posthouse_model::role::Role;
use posthouse_model::ticket::TicketStatus;
use posthouse_model::triage::Urgency;
use posthouse_model::view::ViewSort;
use posthouse_model::{AgentId, OutboxId, TicketId, Timestamp};
use posthouse_store::{AgentRow, Assigned, Counts, StoreError, TicketQuery, TicketSort, TicketSummary};

/// What the store is asked for a list.
pub(crate) fn store_query(list: &ListQuery, me: AgentId) -> TicketQuery {
    use TicketStatus::{Automatic, Handled, New, Sent, Snoozed, Spam, Waiting};
    let open = || vec![Waiting, New];
    let (status, assigned, urgency, sort) = match list.view {
        View::Waiting => (vec![Waiting], None, None, TicketSort::Due),
        View::New => (vec![New], None, None, TicketSort::Newest),
        View::Mine => (open(), Some(Assigned::To(me)), None, TicketSort::Due),
        View::Unassigned => (vec![Waiting], Some(Assigned::Nobody), None, TicketSort::Due),
        View::Urgent => (open(), None, Some(Urgency::Urgent), TicketSort::Due),
        View::Sent => (vec![Sent], None, None, TicketSort::Newest),
        View::Handled => (vec![Handled], None, None, TicketSort::Newest),
        View::Snoozed => (vec![Snoozed], None, None, TicketSort::Oldest),
        View::Spam => (vec![Spam], None, None, TicketSort::Newest),
        View::Automatic => (vec![Automatic], None, None, TicketSort::Newest),
        View::All => (vec![], None, None, TicketSort::Newest),
    };
    TicketQuery {
        status,
        assigned,
        urgency: urgency.or(list.urgency),
        queue: list.queue.clone(),
        category: list.category.clone(),
        language: list.language.clone(),
        text: Some(list.text.clone()).filter(|t| !t.is_empty()),
        reader: Some(me),
        sort,
        after: list.after.clone(),
        ..TicketQuery::default()
    }
}

/// The same, with what a saved view lets through. One that is gone, or another agent's, is the plain view: an old bookmark still opens.
pub(crate) async fn wanted(seat: &Seat, list: &ListQuery) -> Result<TicketQuery, Refusal> {
    let plain = store_query(list, seat.agent.id);
    let Some(id) = list.saved else { return Ok(plain) };
    let saved = match seat.scope.view(seat.agent.id, id).await {
        Ok(saved) => saved,
        Err(StoreError::NotFound { .. }) => return Ok(plain),
        Err(other) => return Err(other.into()),
    };
    let sort = match saved.sort {
        ViewSort::Due => TicketSort::Due,
        ViewSort::Newest => TicketSort::Newest,
        ViewSort::Oldest => TicketSort::Oldest,
    };
    Ok(TicketQuery { status: Vec::new(), filter: Some(saved.filter), sort, ..plain })
}

/// How many are in each view.
pub(crate) async fn counts(seat: &Seat) -> Result<(Vec<(View, u64)>, Counts), Refusal> {
    let counts = seat.scope.counts(Some(seat.agent.id)).await?;
    let of = |status| whole(counts.by_status.get(&status).copied().unwrap_or(0));
    let views = vec![
        (View::Waiting, of(TicketStatus::Waiting)),
        (View::Mine, whole(counts.mine)),
        (View::Unassigned, whole(counts.unassigned)),
        (View::Urgent, whole(counts.urgent)),
        (View::New, of(TicketStatus::New)),
        (View::Sent, of(TicketStatus::Sent)),
        (View::Handled, of(TicketStatus::Handled)),
        (View::Snoozed, of(TicketStatus::Snoozed)),
        (View::Spam, of(TicketStatus::Spam)),
        (View::Automatic, of(TicketStatus::Automatic)),
        (View::All, counts.by_status.values().copied().map(whole).sum()),
    ];
    Ok((views, counts))
}

/// A count is never negative; if it were, it is none.
pub(crate) fn whole(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}

/// The list, with the ticket that is open beside it.
pub(crate) async fn list(seat: &Seat, query: &ListQuery, open: Option<i64>) -> Result<ListPane, Refusal> {
    let wanted = wanted(seat, query).await?;
    let (page, agents, saved) =
        tokio::try_join!(seat.scope.tickets(&wanted), seat.scope.agents(), seat.scope.views(seat.agent.id))?;
    let (views, counts) = counts(seat).await?;
    let behind = if query.text.is_empty() { None } else { seat.scope.search_behind().await? };
    // Only what is on its way may leave by itself.
    let on_its_way = page.rows.iter().any(|row| row.status == TicketStatus::Sent);
    let leaving = if on_its_way { seat.scope.autonomy_leaving().await? } else { Vec::new() };
    let t = seat.lang();
    let mark = page.rows.iter().map(|row| row.last_message_at.0).max().unwrap_or(0).max(seat.desk.now().0);
    let mut categories = seat.config.categories.clone();
    categories.extend(counts.by_category.keys().filter(|c| !seat.config.categories.contains(c)).cloned());
    let mut queues: Vec<String> = seat.config.queues.iter().map(|q| q.name.clone()).collect();
    queues.extend(counts.by_queue.keys().filter(|name| seat.config.queue(name).is_none()).cloned());
    queues.retain(|name| seat.scope.sees(Some(name)));
    Ok(ListPane {
        query: query.clone(),
        headline: Headline {
            waiting: views[0].1,
            oldest: counts.oldest_waiting,
            overdue: whole(counts.overdue),
            due_within_hour: whole(counts.due_within_hour),
        },
        counts: views,
        counts_cut: counts.cut,
        queues: queues
            .iter()
            .map(|name| QueueLine {
                title: queue_title(&seat.config, name, t),
                waiting: whole(counts.waiting_by_queue.get(name).copied().unwrap_or(0)),
                name: name.clone(),
            })
            .collect(),
        saved: saved.into_iter().map(|view| SavedLine { id: view.id, name: view.name }).collect(),
        choices: Choices {
            queues: queues.into_iter().map(|q| (q.clone(), queue_title(&seat.config, &q, t))).collect(),
            categories,
            languages: crate::words::language_tags().map(Into::into).collect(),
            macros: seat.config.macros.iter().filter(|one| one.acts()).map(|one| one.name.clone()).collect(),
        },
        rows: page.rows.into_iter().map(|row| self::row(t, &agents, &leaving, row)).collect(),
        older: page.next,
        // Before anything was put in, all of it is missing.
        search: Searched { behind: behind.map(|at| at.min(seat.desk.now())), cut: page.cut },
        mark: mark.to_string(),
        open,
        hands: hands(seat, &agents),
    })
}

/// What agents call a queue.
pub(crate) fn queue_title(config: &TenantConfig, name: &str, t: Lang) -> String {
    config
        .queue(name)
        .and_then(|q| q.title.get(t.html()).or_else(|| q.title.get(t.code())))
        .map_or_else(|| name.to_owned(), Clone::clone)
}

/// The agent's name, short enough for a column.
pub(crate) fn agent_name(agents: &[AgentRow], id: AgentId) -> Option<String> {
    agents.iter().find(|a| a.id == id).map(|a| if a.name.trim().is_empty() { a.email.clone() } else { a.name.clone() })
}

/// Whom a reader may give tickets to: herself, and as a lead others too.
fn hands(seat: &Seat, agents: &[AgentRow]) -> Vec<(i64, String)> {
    if !seat.agent.role.may_act() {
        return Vec::new();
    }
    let lead = seat.agent.role >= Role::Lead;
    let others = agents.iter().filter(|a| lead && a.active && a.role.may_act() && a.id != seat.agent.id);
    let own = agents.iter().filter(|a| a.id == seat.agent.id);
    own.chain(others).map(|a| (a.id.0, agent_name(agents, a.id).unwrap_or_default())).collect()
}

/// When an answer is due; the clock runs from the newest mail.
pub(crate) fn due(status: TicketStatus, deadline: Option<Timestamp>, since: Timestamp) -> Option<Due> {
    deadline.filter(|_| status.is_open()).map(|at| Due { since, at })
}

fn row(t: Lang, agents: &[AgentRow], leaving: &[(TicketId, OutboxId, Timestamp)], row: TicketSummary) -> Row {
    Row {
        number: row.number,
        who: t.person(&row.customer),
        subject: row.subject,
        gist: row.snippet,
        status: row.status,
        category: row.category,
        urgency: row.urgency,
        language: row.language,
        assignee: row.assignee.and_then(|id| agent_name(agents, id)),
        at: row.last_message_at,
        due: due(row.status, row.deadline, row.last_message_at),
        snoozed_until: row.snoozed_until.filter(|_| row.status == TicketStatus::Snoozed),
        leaves: leaving.iter().find(|(ticket, ..)| *ticket == row.id).map(|(_, _, at)| *at),
        version: row.version,
    }
}

/// The ticket to go on with: the one after this in the list, else the first of the others.
pub(crate) async fn next_after(seat: &Seat, query: &ListQuery, number: i64) -> Result<Option<i64>, Refusal> {
    let page = seat.scope.tickets(&wanted(seat, query).await?).await?;
    let here = page.rows.iter().position(|row| row.number == number);
    let after = here.and_then(|i| page.rows.get(i + 1));
    Ok(after.or_else(|| page.rows.iter().find(|row| row.number != number)).map(|row| row.number))
}
