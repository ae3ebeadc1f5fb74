//! Macros: several acts with one press, on one ticket or on many. On one, their text goes into the editor, where the agent reads it
//! before anything is sent; the acts are taken back as one.

use super::act::{Trouble, nothing_newer};
use super::forms::{At, refused, typed};
use super::tickets::number_of;
use crate::load::known;
use crate::load::list::next_after;
use crate::page::query::{ListQuery, View};
use crate::refusal::Refusal;
use crate::request::Fields;
use crate::seat::Seat;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use posthouse_model::config::MacroConfig;
use posthouse_store::{BulkAct, BulkReport, MacroActs, MacroHands, NewTyped, Picked};
use std::time::Duration;

/// What a macro does with tickets, for this reader and this moment. `Err`: why not, in her language.
pub(super) async fn acts(seat: &Seat, name: &str) -> Result<BulkAct, Trouble> {
    let t = seat.lang();
    let one = seat.config.macro_named(name).ok_or_else(|| Trouble::Refused(t.refused_macro_gone().to_owned()))?;
    if !one.acts() {
        return Err(Trouble::Refused(t.refused_macro_text_many().to_owned()));
    }
    let assign = match one.assign.as_deref() {
        None => None,
        Some("me") => Some(MacroHands::Agent(seat.agent.id)),
        Some("nobody") => Some(MacroHands::Nobody),
        Some(email) => {
            let agents = seat.scope.agents().await?;
            let agent = agents.iter().find(|agent| agent.email.eq_ignore_ascii_case(email));
            let agent = agent.filter(|agent| agent.active && agent.role.may_act());
            Some(MacroHands::Agent(agent.ok_or_else(|| Trouble::Refused(t.refused_agent().to_owned()))?.id))
        }
    };
    Ok(BulkAct::Macro(MacroActs {
        name: one.name.clone(),
        category: one.category.clone(),
        tags: one.tags.clone(),
        assign,
        priority: one.priority,
        snooze: one.snooze_hours.map(|hours| seat.desk.now().plus(Duration::from_secs(u64::from(hours) * 3_600))),
        close: one.close.clone(),
    }))
}

pub(super) async fn run(seat: Seat, Path((_, number)): At, fields: Fields) -> Result<Response, Refusal> {
    let number = number_of(&number)?;
    let typed = typed(&seat, &fields);
    let query = ListQuery::parse(seat.query());
    let open_work = matches!(query.view, View::Waiting | View::New | View::Mine | View::Urgent);
    let Some(one) = seat.config.macro_named(fields.get("macro")).cloned() else {
        let words = seat.lang().refused_macro_gone().to_owned();
        return refused(&seat, number, Trouble::Refused(words), Some(typed)).await;
    };
    // Where the ticket leaves the list, the next one comes.
    let leaves = one.close.is_some() || (one.snooze_hours.is_some() && one.text.is_none());
    let next = if leaves && open_work { next_after(&seat, &query, number).await? } else { None };
    let report = match perform(&seat, number, &one, typed.clone()).await {
        Ok(report) => report,
        Err(trouble) => return refused(&seat, number, trouble, Some(typed)).await,
    };
    let path = match (leaves && open_work, next) {
        (true, None) => "/tickets".to_owned(),
        (true, Some(next)) => format!("/tickets/{next}"),
        (false, _) => format!("/tickets/{number}"),
    };
    let list = query.to_query();
    let bulk = report.and_then(|report| report.id).map(|id| format!("bulk={id}"));
    let joint = if bulk.is_none() {
        ""
    } else if list.is_empty() {
        "?"
    } else {
        "&"
    };
    Ok(Redirect::to(&seat.team().path(&format!("{path}{list}{joint}{}", bulk.unwrap_or_default()))).into_response())
}

/// The acts and the text, in one transaction. What the agent had typed stays.
async fn perform(
    seat: &Seat,
    number: i64,
    one: &MacroConfig,
    typed: super::act::Typed,
) -> Result<Option<BulkReport>, Trouble> {
    if one.close.is_some() {
        nothing_newer(seat, number, typed.seen).await?;
    }
    let detail = seat.scope.ticket_detail(number).await?;
    let act = if one.acts() { Some(acts(seat, &one.name).await?) } else { None };
    let shown = typed.draft.and_then(|id| detail.drafts.iter().find(|draft| draft.id == id));
    let body = match &one.text {
        None => typed.body.clone(),
        Some(text) => {
            let text = known::fill(text, &known::values(seat, &detail).await?).text;
            // A proposal that nobody touched makes room; what a person typed stays above it.
            let untouched = shown.is_some_and(|draft| {
                !draft.author.starts_with("agent:") && draft.proposal.body.trim_end() == typed.body.trim_end()
            });
            if untouched || typed.body.trim().is_empty() {
                text
            } else {
                format!("{}\n\n{text}", typed.body.trim_end())
            }
        }
    };
    let mut tx = seat.scope.begin().await?;
    let report = match act {
        None => None,
        Some(act) => {
            let report = tx.bulk(seat.agent.id, &[Picked { number, version: None }], act, &seat.actor()).await?;
            if let (None, Some((_, why))) = (report.id, report.left.first())
                && one.text.is_none()
            {
                return Err(Trouble::Refused(format!("#{number} {}", seat.lang().bulk_left(*why))));
            }
            Some(report)
        }
    };
    let as_saved = shown.map_or("", |draft| draft.proposal.body.as_str());
    if body.trim_end() != as_saved.trim_end() {
        let new = NewTyped { draft: typed.draft, to: typed.to, cc: typed.cc, subject: typed.subject, body };
        tx.keep_typed(detail.ticket.id, seat.agent.id, &new).await?;
    }
    tx.commit().await?;
    Ok(report)
}
