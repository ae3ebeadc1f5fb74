//! A tenant's own mail as data: what people made of a ticket is right.

use super::mails::{Case, Gold};
use super::{EvalArgs, classify_all, load, report};
use crate::failure::{Failure, Result};
use crate::house;
use crate::open::{Context, tenant};
use crate::output::Terminal;
use posthouse_model::MessageId;
use posthouse_model::call::MessageView;
use posthouse_model::decision::World;
use posthouse_model::ticket::{Direction, Outcome, TicketStatus};
use posthouse_pipeline::tenant::Tenant;
use posthouse_pipeline::view;
use posthouse_sandbox::Plugin;
use posthouse_store::{MessageRow, Scope, TicketRow};
use std::collections::HashSet;
use std::sync::Arc;

/// Messages listed at once.
const PAGE: u32 = 200;

/// A ticket's first mail and what became of it.
#[derive(Debug)]
pub(crate) struct Past {
    pub message: MessageRow,
    pub ticket: TicketRow,
}

impl Past {
    /// Somebody set its category by hand.
    pub(crate) fn is_corrected(&self) -> bool {
        self.ticket.category_by_agent && self.ticket.category.is_some()
    }

    /// Somebody answered or closed it and left the category as it was.
    pub(crate) fn is_confirmed(&self) -> bool {
        matches!(self.ticket.status, TicketStatus::Sent | TicketStatus::Handled) && self.ticket.category.is_some()
    }
}

/// The first mails of the newest tickets that are still kept, newest first.
pub(crate) async fn past(scope: &Scope, last: u32) -> Result<Vec<Past>> {
    let mut all = Vec::new();
    let mut seen = HashSet::new();
    let mut before: Option<MessageId> = None;
    'pages: loop {
        let page = scope.messages_by_outcome(Outcome::Ticket, before, PAGE).await?;
        let Some(oldest) = page.last() else { break };
        before = Some(oldest.id);
        for summary in page {
            let Some(id) = summary.ticket.filter(|id| seen.insert(*id)) else { continue };
            let ticket = scope.ticket(id).await?;
            // What a ticket is about is what its first mail says; later ones say "thanks".
            let thread = scope.thread(id, view::THREAD_MAX).await?;
            let first =
                thread.into_iter().rev().find(|row| row.direction == Direction::Incoming && row.emptied_at.is_none());
            if let Some(message) = first {
                all.push(Past { message, ticket });
            }
            if all.len() >= last as usize {
                break 'pages;
            }
        }
    }
    Ok(all)
}

/// The classifier that answers in a tenant, with its settings: its name, and loaded.
pub(crate) fn answering(tenant: &Tenant) -> Result<(String, Arc<Plugin>)> {
    let installed = tenant
        .all_plugins()
        .iter()
        .find(|installed| installed.row.plugin.world == World::Classifier)
        .ok_or_else(|| {
            Failure::new("the tenant has no classifier").mend("give it one: `name = \"classifier\"` under [[plugin]]")
        })?;
    let plugin = installed.release.plugin.clone().map_err(|reason| {
        Failure::new(format!("the tenant's classifier `{}` does not load: {reason}", installed.name()))
    })?;
    Ok((installed.name().to_owned(), plugin))
}

pub(super) async fn run(args: &EvalArgs, slug: &str, context: &Context, terminal: &mut Terminal) -> Result {
    let opened = context.open().await?;
    let row = tenant(&opened.store, Some(slug)).await?;
    let house = house::house(context, &opened, "eval")?;
    let Some(loaded) = house.tenant(row.id).await? else {
        return Err(Failure::new(format!("the tenant `{slug}` is turned off")));
    };
    let (name, plugin) = match &args.classifier {
        Some(name) => (name.clone(), load(name, args.settings.as_deref(), context).await?),
        None => answering(&loaded)?,
    };
    let past = past(&loaded.scope, args.last).await?;
    let drafts = drafts(&loaded.scope, &past).await?;
    opened.store.close().await;
    let cases: Vec<Case> = past.iter().map(case).collect();
    let views: Vec<MessageView> = past.iter().map(|past| view::message(&past.message)).collect();
    let corrected = past.iter().filter(|past| past.is_corrected()).count();
    let facts = [
        format!("{name}, component {}", plugin.digest().get(..12).unwrap_or_default()),
        format!("{} tickets of {slug}, {corrected} of them with a category set by hand", past.len()),
        "right is what the ticket says now: what people corrected, and what they answered without correcting it"
            .to_owned(),
    ];
    let answers = classify_all(&plugin, views).await?;
    report(args, &facts, (&cases, &answers), &drafts, terminal)
}

/// The replies that people approved and that began as a plugin's draft: the draft as it was proposed, and what went out.
async fn drafts(scope: &Scope, past: &[Past]) -> Result<Vec<(String, String, String)>> {
    let mut all = Vec::new();
    for past in past.iter().filter(|past| past.ticket.status == TicketStatus::Sent) {
        let detail = scope.ticket_detail(past.ticket.number).await?;
        for sent in detail.outbox.iter().filter(|row| !row.automatic) {
            if let Some(first) = scope.proposed(sent.draft).await? {
                all.push((format!("#{}", past.ticket.number), first.proposal.body, sent.body.clone()));
            }
        }
    }
    Ok(all)
}

fn case(past: &Past) -> Case {
    let ticket = &past.ticket;
    let known = past.is_corrected() || past.is_confirmed();
    let gold = Gold {
        category: ticket.category.clone().filter(|_| known).map(|name| vec![name]),
        urgency: ticket.urgency.filter(|_| known).map(|value| vec![value.as_str().to_owned()]),
        sentiment: ticket.sentiment.filter(|_| known).map(|value| vec![value.as_str().to_owned()]),
        language: ticket.language.clone().filter(|_| known).map(|tag| vec![tag]),
        ..Gold::default()
    };
    Case {
        id: format!("#{}", ticket.number),
        from: past.message.read.from.as_ref().map(|from| from.address.clone()).unwrap_or_default(),
        subject: past.message.read.subject.clone(),
        body: past.message.read.reply_text.clone(),
        sent_at: past.message.read.date,
        gold,
    }
}
