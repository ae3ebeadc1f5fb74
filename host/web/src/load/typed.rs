//! What agents have typed and not saved, in the editor and beside it.

use super::list::agent_name;
use crate::page::draft::{Conflict, OtherText, ReplyPane};
use crate::refusal::Refusal;
use crate::seat::Seat;
use posthouse_model::TicketId;
use posthouse_store::{AgentRow, TypedRow};

/// What there is of a ticket.
pub(crate) struct Typing {
    rows: Vec<TypedRow>,
    writing: Option<String>,
}

pub(crate) async fn typing(seat: &Seat, ticket: TicketId, agents: &[AgentRow]) -> Result<Typing, Refusal> {
    if !seat.agent.role.may_act() {
        return Ok(Typing { rows: Vec::new(), writing: None });
    }
    let (rows, holder) = tokio::try_join!(seat.scope.typed(ticket), seat.scope.writing(ticket))?;
    let other = holder.filter(|holder| holder.agent != seat.agent.id);
    Ok(Typing { rows, writing: other.and_then(|holder| agent_name(agents, holder.agent)) })
}

impl Typing {
    /// The draft at which the reader typed last.
    pub(crate) fn position(&self, seat: &Seat) -> Option<i64> {
        self.rows.iter().find(|row| row.agent == seat.agent.id).map(|row| row.position)
    }

    /// Puts the reader's own text into the editor and names the others'.
    pub(crate) fn show(self, seat: &Seat, agents: &[AgentRow], asked: Option<i64>, pane: &mut ReplyPane) {
        let me = seat.agent.id;
        let mine =
            self.rows.iter().find(|row| row.agent == me && asked.is_none_or(|position| row.position == position));
        if let Some(row) = mine {
            put(row, asked.is_none(), pane);
        }
        pane.others = self
            .rows
            .iter()
            .filter(|row| row.agent != me && !row.body.trim().is_empty())
            .filter_map(|row| {
                let who = agent_name(agents, row.agent)?;
                Some(OtherText { who, body: row.body.clone(), at: row.at })
            })
            .collect();
        pane.writing = self.writing;
    }
}

fn put(row: &TypedRow, may_choose: bool, pane: &mut ReplyPane) {
    if pane.card().map_or(0, |card| card.position) != row.position {
        // Her own text was begun before there was any proposal.
        if row.position != 0 || !may_choose || pane.drafts.iter().any(|card| card.position == 0) {
            return;
        }
        pane.chosen = None;
    }
    let card = pane.card();
    if card.is_some_and(|card| card.proposal.body == row.body && pane.editor.subject == row.subject) {
        return;
    }
    let newer = card.filter(|card| row.draft != Some(posthouse_model::DraftId(card.id)));
    let conflict = newer.map(|card| Conflict { who: card.author.clone(), theirs: Some(card.proposal.body.clone()) });
    let editor = &mut pane.editor;
    editor.to.clone_from(&row.to);
    editor.cc.clone_from(&row.cc);
    editor.subject.clone_from(&row.subject);
    editor.body.clone_from(&row.body);
    editor.typed_at = Some(row.at);
    editor.unsaved = true;
    editor.conflict = conflict;
    pane.folded = false;
}
