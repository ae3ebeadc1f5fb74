//! What a person does with a ticket: checked, written in one transaction, the same for pages and JSON.

use super::super::load::frame::Done;
use super::work::{Work, perform_work, to_come};
use crate::load::ticket::{actor_name, mailbox_text, reply_subject, seen};
use crate::refusal::Refusal;
use crate::request::clean_text;
use crate::seat::Seat;
use crate::words::Lang;
use posthouse_model::job::Job;
use posthouse_model::mail::Address;
use posthouse_model::outbox::OutboxState;
use posthouse_model::ticket::{Direction, TicketStatus};
use posthouse_model::{AgentId, DraftId, MessageId, OutboxId, TicketId, Timestamp, picture};
use posthouse_store::{
    Approval, DraftEdit, DraftRow, REPLY_BYTES_MAX, REPLY_FILES_MAX, ReplyFile, StoreError, TicketDetail, TicketRow,
};
use std::time::Duration;

/// Most recipients of one reply.
const RECIPIENTS_MAX: usize = 50;
/// Longest subject, in characters.
const SUBJECT_CHARS_MAX: usize = 500;
/// Longest reply, in characters.
const BODY_CHARS_MAX: usize = 200_000;
/// Longest reason for closing, in characters.
const REASON_CHARS_MAX: usize = 200;

/// A reply as it was typed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Typed {
    /// The revision it was made from; none: own text.
    pub(crate) draft: Option<DraftId>,
    /// The newest mail on the page.
    pub(crate) seen: Option<MessageId>,
    pub(crate) to: String,
    pub(crate) cc: String,
    pub(crate) subject: String,
    pub(crate) body: String,
    /// `approve`: when it is to go out; none: at once. A time that does not read is no time at all.
    pub(crate) send_at: Option<Option<Timestamp>>,
}

/// What is to be done.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    Approve(Typed),
    Save(Typed),
    Handled { reason: String, seen: Option<MessageId> },
    Spam { seen: Option<MessageId> },
    NotSpam,
    Reopen,
    Category(String),
    Assign(Option<AgentId>),
    Undo(OutboxId),
    Resolve(OutboxId, OutboxState),
    Merge { into: i64, seen: Option<MessageId> },
    Split(MessageId),
    Work(Work),
}

/// Why it was not done. Nothing was changed.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// Said in the reader's language.
    Refused(String),
    /// A newer mail has come than the one on the page.
    Newer,
    /// The draft has a newer revision.
    Changed { who: Option<String>, theirs: String, position: i64 },
    /// Anything else.
    Other(Refusal),
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Refused(words) => Self::Refused(words),
            other => Self::Other(other.into()),
        }
    }
}

/// Does it.
pub(crate) async fn perform(seat: &Seat, number: i64, action: Action) -> Result<Done, Trouble> {
    let ticket = seat.scope.ticket_by_number(number).await?;
    let (id, t) = (ticket.id, seat.lang());
    match action {
        Action::Approve(typed) => return approve(seat, number, typed).await,
        Action::Save(typed) => return save(seat, id, number, typed).await,
        Action::Handled { reason, seen } => {
            let reason = clean_text(&reason);
            if reason.trim().is_empty() {
                return Err(Trouble::Refused(t.refused_reason().to_owned()));
            }
            let reason: String = reason.trim().chars().take(REASON_CHARS_MAX).collect();
            may_become(t, ticket.status, TicketStatus::Handled)?;
            nothing_newer(seat, number, seen).await?;
            let mut tx = seat.scope.begin().await?;
            tx.mark_handled(id, &reason, &seat.actor()).await?;
            tx.commit().await?;
            Ok(Done::Handled)
        }
        Action::Spam { seen } => {
            may_become(t, ticket.status, TicketStatus::Spam)?;
            nothing_newer(seat, number, seen).await?;
            let mut tx = seat.scope.begin().await?;
            tx.mark_spam(id, &seat.actor()).await?;
            tx.commit().await?;
            Ok(Done::Spam)
        }
        Action::NotSpam => {
            only_when(t, ticket.status, ticket.status == TicketStatus::Spam)?;
            let mut tx = seat.scope.begin().await?;
            tx.mark_not_spam(id, &seat.actor()).await?;
            tx.commit().await?;
            Ok(Done::NotSpam)
        }
        Action::Reopen => {
            only_when(t, ticket.status, !ticket.status.is_open() && ticket.status != TicketStatus::Spam)?;
            if let Some(there) = ticket.merged_into {
                return Err(Trouble::Refused(t.refused_merged(number, there)));
            }
            let mut tx = seat.scope.begin().await?;
            tx.reopen(id, &seat.actor()).await?;
            tx.commit().await?;
            Ok(Done::Reopened)
        }
        Action::Category(name) => {
            let name = name.trim().to_lowercase();
            let plain = name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | ' '));
            if !plain || !(1..=40).contains(&name.chars().count()) {
                return Err(Trouble::Refused(t.refused_category().to_owned()));
            }
            let mut tx = seat.scope.begin().await?;
            tx.set_category(id, &name, &seat.actor()).await?;
            tx.commit().await?;
            Ok(Done::Category)
        }
        Action::Assign(agent) => assign(seat, id, agent).await,
        Action::Work(work) => perform_work(seat, &ticket, work).await,
        Action::Undo(outbox) => undo(seat, id, outbox).await,
        Action::Resolve(outbox, to) => {
            own(seat, id, outbox).await?;
            let mut tx = seat.scope.begin_durable().await?;
            tx.resolve_send(outbox, to, &seat.actor()).await?;
            tx.commit().await?;
            Ok(Done::Resolved)
        }
        Action::Merge { into, seen } => {
            nothing_newer(seat, number, seen).await?;
            merge(seat, &ticket, into).await
        }
        Action::Split(message) => {
            let mail = seat.scope.message(message).await?;
            let detail = seat.scope.ticket_detail(number).await?;
            if mail.ticket != Some(id) || mail.direction != Direction::Incoming {
                return Err(Trouble::Other(Refusal::NotFound));
            }
            if detail.messages.iter().filter(|m| m.direction == Direction::Incoming).count() < 2 {
                return Err(Trouble::Refused(t.refused_split_only().to_owned()));
            }
            let mut tx = seat.scope.begin().await?;
            tx.split_message(message, &seat.actor()).await?;
            tx.commit().await?;
            Ok(Done::Split)
        }
    }
}

/// Takes it oneself, gives it to another who may act, or back.
async fn assign(seat: &Seat, ticket: TicketId, agent: Option<AgentId>) -> Result<Done, Trouble> {
    let refused = || Trouble::Refused(seat.lang().refused_agent().to_owned());
    if let Some(id) = agent {
        seat.scope.agent(id).await?.filter(|a| a.active && a.role.may_act()).ok_or_else(refused)?;
    }
    let mut tx = seat.scope.begin().await?;
    tx.assign(ticket, agent, &seat.actor()).await?;
    tx.commit().await?;
    Ok(if agent.is_some() { Done::Assigned } else { Done::Unassigned })
}

/// Into the ticket of that number: what makes no sense is said in the reader's language, and the store refuses it once more.
async fn merge(seat: &Seat, from: &TicketRow, into: i64) -> Result<Done, Trouble> {
    let t = seat.lang();
    let refuse = |words: String| Err(Trouble::Refused(words));
    let target = match seat.scope.ticket_by_number(into).await {
        Ok(target) => target,
        Err(StoreError::NotFound { .. }) => return refuse(t.refused_merge_unknown().to_owned()),
        Err(other) => return Err(other.into()),
    };
    if target.id == from.id {
        return refuse(t.refused_merge_itself().to_owned());
    }
    for ticket in [from, &target] {
        if let Some(there) = ticket.merged_into {
            return refuse(t.refused_merged(ticket.number, there));
        }
        if ticket.status == TicketStatus::Spam {
            return refuse(t.refused_merge_spam(ticket.number));
        }
    }
    let mut tx = seat.scope.begin().await?;
    tx.merge_tickets(from.id, target.id, &seat.actor()).await?;
    tx.commit().await?;
    Ok(Done::Merged)
}

async fn undo(seat: &Seat, ticket: TicketId, outbox: OutboxId) -> Result<Done, Trouble> {
    let row = own(seat, ticket, outbox).await?;
    if row == OutboxState::Cancelled {
        return Ok(Done::Undone);
    }
    let mut tx = seat.scope.begin_durable().await?;
    match tx.cancel_send(outbox, &seat.actor()).await {
        Ok(()) => {}
        Err(StoreError::Refused(_)) => return Err(Trouble::Refused(seat.lang().refused_late_undo().to_owned())),
        Err(other) => return Err(other.into()),
    }
    tx.commit().await?;
    Ok(Done::Undone)
}

/// The state of an outbox row of this ticket; any other is not there.
async fn own(seat: &Seat, ticket: TicketId, outbox: OutboxId) -> Result<OutboxState, Trouble> {
    let row = seat.scope.outbox(outbox).await?;
    if row.ticket == ticket { Ok(row.state) } else { Err(Trouble::Other(Refusal::NotFound)) }
}

fn may_become(t: Lang, status: TicketStatus, next: TicketStatus) -> Result<(), Trouble> {
    only_when(t, status, status.may_become(next))
}

fn only_when(t: Lang, status: TicketStatus, may: bool) -> Result<(), Trouble> {
    if may { Ok(()) } else { Err(Trouble::Refused(t.refused_state(t.status(status)))) }
}

/// Closing a ticket over a mail that nobody has read is refused.
pub(super) async fn nothing_newer(seat: &Seat, number: i64, known: Option<MessageId>) -> Result<(), Trouble> {
    let Some(known) = known else { return Ok(()) };
    let detail = seat.scope.ticket_detail(number).await?;
    if seen(&detail).is_some_and(|newest| newest > known) { Err(Trouble::Newer) } else { Ok(()) }
}

async fn save(seat: &Seat, id: TicketId, number: i64, typed: Typed) -> Result<Done, Trouble> {
    // The subject line that the page makes up by itself is nobody's change.
    let shown = match typed.draft {
        Some(draft) => belongs(seat, id, draft).await?.proposal.subject,
        None => None,
    };
    let made_up = shown.is_none() && typed.subject == reply_subject(&seat.scope.ticket(id).await?.subject);
    let subject = Some(typed.subject.clone()).filter(|_| !made_up);
    let edit = DraftEdit { base: typed.draft, subject, body: typed.body.clone() };
    let mut tx = seat.scope.begin().await?;
    match tx.edit_draft(id, &edit, &seat.actor()).await {
        Ok(row) => {
            // The checkers saw the text as it was before; the desk itself calls none.
            if Some(row.id) != typed.draft {
                tx.enqueue(&Job::Check { draft: row.id }).await?;
            }
            tx.commit().await?;
        }
        Err(StoreError::Conflict { .. }) => {
            drop(tx);
            let detail = seat.scope.ticket_detail(number).await?;
            // Saved twice by one hand: a double click is no conflict.
            let again =
                detail.drafts.iter().any(|d| d.author == seat.actor().as_text() && d.proposal.body == typed.body);
            return if again { Ok(Done::Saved) } else { Err(conflict(seat, &detail, &typed).await?) };
        }
        Err(other) => return Err(other.into()),
    }
    Ok(Done::Saved)
}

/// The revision, when it is one of this ticket.
async fn belongs(seat: &Seat, ticket: TicketId, draft: DraftId) -> Result<DraftRow, Trouble> {
    let row = seat.scope.draft(draft).await?;
    if row.ticket == ticket { Ok(row) } else { Err(Trouble::Other(Refusal::NotFound)) }
}

async fn approve(seat: &Seat, number: i64, typed: Typed) -> Result<Done, Trouble> {
    let t = seat.lang();
    let detail = seat.scope.ticket_detail(number).await?;
    let ticket = &detail.ticket;
    if approved_already(seat, &detail, &typed) {
        return Ok(if typed.send_at.is_some() { Done::Scheduled } else { Done::Approved });
    }
    may_become(t, ticket.status, TicketStatus::Sent)?;
    let base = match typed.draft {
        Some(draft) => Some(belongs(seat, ticket.id, draft).await?),
        None => None,
    };
    let (to, cc) = readable(t, &typed, base.as_ref())?;
    if let Some(words) = files_refused(t, &typed.body, &seat.scope.reply_files(ticket.id).await?) {
        // They may have gone out with this very reply a moment ago.
        let detail = seat.scope.ticket_detail(number).await?;
        return if approved_already(seat, &detail, &typed) { Ok(Done::Approved) } else { Err(Trouble::Refused(words)) };
    }
    let send_at = typed.send_at.map(|at| to_come(seat, at)).transpose()?;
    let mailbox = seat.scope.mailbox(ticket.mailbox).await?;
    let subject = if typed.subject.is_empty() { reply_subject(&ticket.subject) } else { typed.subject.clone() };
    let mut tx = seat.scope.begin_durable().await?;
    let result = async {
        let draft = match typed.draft {
            Some(draft) => draft,
            None => {
                let edit = DraftEdit { base: None, subject: Some(subject.clone()), body: typed.body.clone() };
                tx.edit_draft(ticket.id, &edit, &seat.actor()).await?.id
            }
        };
        let approval = Approval {
            ticket: ticket.id,
            draft,
            seen: typed.seen,
            subject: subject.clone(),
            body: typed.body.clone(),
            to,
            cc,
            undo: Duration::from_secs(u64::from(seat.config.review.undo_seconds.min(600))),
            send_at,
            message_id: (seat.desk.deps.message_id)(&mailbox.mailbox.address),
            automatic: false,
        };
        tx.approve(&approval, &seat.actor()).await
    }
    .await;
    match result {
        Ok(_) => tx.commit().await?,
        Err(StoreError::Conflict { .. }) => {
            drop(tx);
            let detail = seat.scope.ticket_detail(number).await?;
            if approved_already(seat, &detail, &typed) {
                return Ok(Done::Approved);
            }
            return Err(conflict(seat, &detail, &typed).await?);
        }
        Err(other) => return Err(other.into()),
    }
    Ok(if send_at.is_some() { Done::Scheduled } else { Done::Approved })
}

/// The very same reply is on its way already: a double click, or a form sent again after a broken connection.
fn approved_already(seat: &Seat, detail: &TicketDetail, typed: &Typed) -> bool {
    detail.outbox.iter().any(|row| {
        !matches!(row.state, OutboxState::Cancelled | OutboxState::Failed)
            && row.approved_by == seat.actor().as_text()
            && row.body == typed.body
            && row.answers == typed.seen
    })
}

/// Who was quicker, and with what.
async fn conflict(seat: &Seat, detail: &TicketDetail, typed: &Typed) -> Result<Trouble, Trouble> {
    if seen(detail) > typed.seen {
        return Ok(Trouble::Newer);
    }
    let position = match typed.draft {
        Some(draft) => belongs(seat, detail.ticket.id, draft).await?.position,
        None => 0,
    };
    let Some(theirs) = detail.drafts.iter().find(|d| d.position == position).or(detail.drafts.first()) else {
        // The draft is gone because it was sent.
        return Ok(Trouble::Newer);
    };
    let agents = seat.scope.agents().await?;
    Ok(Trouble::Changed {
        who: Some(actor_name(seat.lang(), &agents, &theirs.author)),
        theirs: theirs.proposal.body.clone(),
        position: theirs.position,
    })
}

/// Refuses what must not go out, in words that say what to mend. The store refuses the same once more.
fn readable(t: Lang, typed: &Typed, base: Option<&DraftRow>) -> Result<(Vec<Address>, Vec<Address>), Trouble> {
    let refuse = |words: String| Err(Trouble::Refused(words));
    if typed.body.trim().is_empty() {
        return refuse(t.refused_empty().to_owned());
    }
    if typed.body.chars().count() > BODY_CHARS_MAX {
        return refuse(t.refused_too_long().to_owned());
    }
    if typed.subject.chars().count() > SUBJECT_CHARS_MAX {
        return refuse(t.refused_subject().to_owned());
    }
    if let Some(gap) = gap(&typed.body, base) {
        return refuse(t.refused_unfilled(gap));
    }
    if let Some(finding) = base.and_then(|b| objection(&typed.body, b)) {
        return refuse(t.refused_check(finding));
    }
    let to = addresses(&typed.to).map_err(|odd| Trouble::Refused(t.refused_recipient(odd)))?;
    let cc = addresses(&typed.cc).map_err(|odd| Trouble::Refused(t.refused_recipient(odd)))?;
    if to.is_empty() {
        return refuse(t.refused_no_recipient().to_owned());
    }
    if to.len() + cc.len() > RECIPIENTS_MAX {
        return refuse(t.refused_too_many().to_owned());
    }
    Ok((to, cc))
}

/// What is wrong with the files: the text shows one that is not there, or there are too many. The store refuses the same once more.
fn files_refused(t: Lang, body: &str, files: &[ReplyFile]) -> Option<String> {
    let names: Vec<&str> = files.iter().map(ReplyFile::picture_name).collect();
    if let Some(name) = picture::unknown(body, &names) {
        return Some(t.refused_picture(picture::mark(name)));
    }
    let bytes: usize = files.iter().filter_map(|file| usize::try_from(file.size).ok()).sum();
    let fits = files.len() <= REPLY_FILES_MAX && bytes <= REPLY_BYTES_MAX;
    (!fits).then(|| t.refused_files_over(REPLY_FILES_MAX, REPLY_BYTES_MAX >> 20))
}

/// A variable that still stands in the text.
fn gap(body: &str, base: Option<&DraftRow>) -> Option<String> {
    let known = base.and_then(|b| b.proposal.unfilled.iter().find(|name| stands_open(body, name)).cloned());
    known.or_else(|| {
        let inside = body.split_once("{{")?.1.split_once("}}")?.0.trim();
        let name =
            (1..=60).contains(&inside.len()) && inside.chars().all(|c| c.is_alphanumeric() || "_-. ".contains(c));
        name.then(|| inside.to_owned())
    })
}

fn stands_open(body: &str, name: &str) -> bool {
    [format!("{{{{{name}}}}}"), format!("{{{{ {name} }}}}"), format!("{{{name}}}"), format!("[{name}]")]
        .iter()
        .any(|open| body.contains(open.as_str()))
}

/// A blocking finding whose words still stand in the text; one without a place blocks the unchanged text.
fn objection(body: &str, base: &DraftRow) -> Option<String> {
    base.checks
        .iter()
        .filter(|finding| finding.blocks)
        .find(|finding| match finding.span.and_then(|span| span.slice(&base.proposal.body)) {
            Some(words) => body.contains(words),
            None => body == base.proposal.body,
        })
        .map(|finding| finding.reason.clone())
}

/// `Ana García <ana@shop.example>, tom@shop.example`. Gives back the first piece that is no address.
pub(crate) fn addresses(field: &str) -> Result<Vec<Address>, String> {
    let mut found = Vec::new();
    for piece in field.split([',', ';', '\n']).map(str::trim).filter(|p| !p.is_empty()) {
        let (name, address) = match piece.split_once('<') {
            Some((name, rest)) => {
                (name.trim().trim_matches('"').trim(), rest.strip_suffix('>').ok_or_else(|| piece.to_owned())?)
            }
            None => ("", piece),
        };
        let address = address.trim();
        let (local, domain) = address.rsplit_once('@').ok_or_else(|| piece.to_owned())?;
        let plain = |part: &str| {
            !part.is_empty()
                && !part.chars().any(|c| c.is_whitespace() || c.is_control() || "<>()[],;:\\\"@".contains(c))
        };
        if !plain(local) || !plain(domain) || domain.starts_with('.') || domain.ends_with('.') || address.len() > 254 {
            return Err(piece.to_owned());
        }
        found.push(Address { name: (!name.is_empty()).then(|| name.to_owned()), address: address.to_owned() });
    }
    Ok(found)
}

/// The recipients as they stand in the editor.
pub(crate) fn default_to(detail: &TicketDetail) -> String {
    mailbox_text(&detail.ticket.customer)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn addresses_are_read_as_people_write_them() {
        let read = addresses("Ana García <ana@shop.example>, tom@shop.example;\n\"Li\" <li@例子.example>").unwrap();
        assert_eq!(read.len(), 3);
        assert_eq!(read[0].name.as_deref(), Some("Ana García"));
        assert_eq!(read[1].name, None);
        assert_eq!(read[2].address, "li@例子.example");
        assert_eq!(addresses(" , ").unwrap(), []);
    }

    #[test]
    fn what_is_no_address_is_named() {
        for odd in [
            "ana",
            "ana@",
            "@x.example",
            "a b@x.example",
            "<ana@x.example",
            "a@x.example>",
            "ana@x.example\r\nBcc: y",
            "a@.example",
            "a@b@c",
        ] {
            assert!(addresses(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn open_variables_are_found_in_any_brackets() {
        assert_eq!(gap("Dear {{ name }}", None).as_deref(), Some("name"));
        assert_eq!(gap("Dear {{}} you", None), None);
        assert_eq!(gap("a {{b\nc}} d", None), None);
        assert!(stands_open("by [date]", "date") && stands_open("{date}", "date") && !stands_open("date", "date"));
    }
}
