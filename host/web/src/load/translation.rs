//! What the team's model translated for the reader of a ticket.

use crate::page::ticket::TicketPane;
use crate::page::translation::Translated;
use crate::refusal::Refusal;
use crate::seat::Seat;
use crate::words::primary;
use posthouse_model::translation::TranslationState;
use posthouse_store::{TicketDetail, TranslationRow};

/// Puts them into the page: nothing where the team has no model, or the reader may not act.
pub(crate) async fn show(seat: &Seat, detail: &TicketDetail, pane: &mut TicketPane) -> Result<(), Refusal> {
    if seat.config.model.is_none() || !seat.agent.role.may_act() {
        return Ok(());
    }
    let own = seat.lang().code();
    let foreign = |language: Option<&str>| language.is_none_or(|language| !primary(language).eq_ignore_ascii_case(own));
    let rows = seat.scope.translations(detail.ticket.id, own).await?;
    for message in detail.messages.iter().filter(|message| message.emptied_at.is_none()) {
        let empty = message.read.text.trim().is_empty() && message.read.reply_text.trim().is_empty();
        let row = rows.iter().find(|row| row.message == Some(message.id));
        if !empty && (row.is_some() || foreign(message.read.language.as_deref())) {
            pane.translations.mails.insert(message.id.0, stands(row));
        }
    }
    let card = pane.reply.card();
    let language = card.and_then(|card| card.proposal.language.as_deref()).or(detail.ticket.language.as_deref());
    let row = card.and_then(|card| rows.iter().find(|row| row.draft.is_some_and(|draft| draft.0 == card.id)));
    if row.is_some() || foreign(language) {
        pane.reply.translation = Some(stands(row));
    }
    Ok(())
}

fn stands(row: Option<&TranslationRow>) -> Translated {
    let Some(row) = row else { return Translated::No };
    match (row.state, row.trouble) {
        (TranslationState::Asked, _) => Translated::Coming { so_far: row.content.clone().unwrap_or_default() },
        (TranslationState::Done, _) => Translated::Done {
            text: row.content.clone().unwrap_or_default(),
            model: row.model.clone().unwrap_or_default(),
            cut: row.cut,
        },
        (TranslationState::Failed, Some(trouble)) => {
            Translated::Failed { trouble, words: row.words.clone().unwrap_or_default() }
        }
        (TranslationState::Failed, None) => Translated::No,
    }
}
