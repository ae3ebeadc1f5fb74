//! Approved mail goes out: checked once more, leased, submitted, settled.
//!
//! The order is what makes it safe. Composing and checking come first and change nothing. Then the lease is written,
//! durably, and only then is the server spoken to. When it waits for the mail's first byte, that is written too: a crash before it
//! is followed by another try, since nobody has anything; a crash after it leaves a row that is shown to a person and never
//! submitted again by itself.

use crate::caller::{self, About};
use crate::draft;
use crate::house::House;
use crate::outlet;
use crate::pace;
use crate::tenant::{Mailbox, Tenant};
use crate::triage::store;
use crate::trouble::Part;
use crate::view;
use async_trait::async_trait;
use posthouse_mail::compose::{self, OutgoingAttachment, OutgoingMail, Quoted};
use posthouse_mail::submit::{Envelope, Handover, Submission};
use posthouse_model::call::OutgoingView;
use posthouse_model::event::Actor;
use posthouse_model::job::JobFailure;
use posthouse_model::mail::Address;
use posthouse_model::outbox::{OutboxState, SubmitOutcome};
use posthouse_model::rich;
use posthouse_model::{OutboxId, Step};
use posthouse_store::{ClaimedJob, OutboxLease, OutboxRow, StoreError};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Longer than any submission can take (the SMTP client's own time limits end sooner), so a lease that ran out means
/// that its worker is gone.
const LEASE: Duration = Duration::from_secs(20 * 60);
/// How soon to look again at a reply that another worker is submitting.
const LOOK_AGAIN: Duration = Duration::from_secs(60);
/// Waits between tries at writing an outcome, doubling from the first to the last.
const SETTLE_WAIT_MIN: Duration = Duration::from_millis(200);
const SETTLE_WAIT_MAX: Duration = Duration::from_secs(5);

/// Dispatches one row; completes the job.
///
/// # Errors
/// When the store, a secret or (temporarily) a checker is not to be had: nothing was submitted then.
pub async fn run(house: &House, tenant: &Arc<Tenant>, job: &ClaimedJob, id: OutboxId) -> Result<(), JobFailure> {
    let scope = &tenant.scope;
    let row = scope.outbox(id).await.map_err(store)?;
    if matches!(row.state, OutboxState::Queued | OutboxState::Deferred) && row.due_at > house.now() {
        return house.store().postpone(job, row.due_at).await.map_err(store);
    }
    if !matches!(row.state, OutboxState::Queued | OutboxState::Deferred) {
        return not_waiting(house, tenant, job, id).await;
    }
    let Some(mailbox) = tenant.mailbox(row.mailbox) else {
        return refuse(tenant, job, id, "the mailbox it should go out from is no longer set up").await;
    };
    if let Some(due) = pace::hold_back(house, tenant, mailbox, id).await.map_err(store)? {
        return house.store().postpone(job, due).await.map_err(store);
    }
    if row.attempts.is_empty() {
        match objections(house, tenant, &row).await? {
            Objections::None => {}
            Objections::Blocked(reason) => return refuse(tenant, job, id, &reason).await,
            Objections::Found(reason) => return found_wanting(tenant, job, &row, &reason).await,
        }
    }
    let raw = match compose(house, tenant, mailbox, &row, true).await? {
        Ok(raw) => raw,
        Err(reason) => return refuse(tenant, job, id, &reason).await,
    };
    let submitter = outlet::submitter(house, tenant, mailbox).await.map_err(JobFailure::retry)?;

    let mail = match scope.lease_outbox(id, house.worker(), LEASE).await.map_err(store)? {
        OutboxLease::Ready(mail) => mail,
        OutboxLease::NotYet { due } => return house.store().postpone(job, due).await.map_err(store),
        OutboxLease::Busy { until } => return house.store().postpone(job, until).await.map_err(store),
        OutboxLease::Held(reason) => {
            tracing::warn!(tenant.id = %tenant.id(), outbox = %id, %reason, "a mail is held for a person");
            return complete(tenant, job).await;
        }
        OutboxLease::BecameUncertain | OutboxLease::Settled(_) => return complete(tenant, job).await,
    };
    let envelope = Envelope {
        from: Some(mailbox.config.address.clone()),
        recipients: mail.open.iter().map(|a| a.address.clone()).collect(),
    };
    house.reached(Step::Leased);
    let on_record = OnRecord { house, tenant, id, attempt: mail.attempt };
    let submission = submitter.submit(&envelope, &raw, &on_record).await;
    house.reached(Step::Submitted);
    count(house, &submission);

    let outcomes = by_recipient(&mail.open, submission);
    let append_sent = mailbox.config.imap.as_ref().is_some_and(|imap| imap.append_sent());
    let settling = Settling { job, id, attempt: mail.attempt, outcomes: &outcomes, raw: &raw, append_sent };
    settle(house, tenant, &settling).await.map_err(store)
}

/// A row that is not waiting to go out: settled, or some worker is at it, or that worker is gone.
async fn not_waiting(house: &House, tenant: &Tenant, job: &ClaimedJob, id: OutboxId) -> Result<(), JobFailure> {
    house.store().interrupt_expired_submissions().await.map_err(store)?;
    match tenant.scope.outbox(id).await.map_err(store)?.state {
        OutboxState::Submitting => house.store().postpone(job, house.now().plus(LOOK_AGAIN)).await.map_err(store),
        // A person put it back in this very moment.
        OutboxState::Queued | OutboxState::Deferred => house.store().postpone(job, house.now()).await.map_err(store),
        _ => complete(tenant, job).await,
    }
}

/// Writes that the mail is being handed over.
struct OnRecord<'a> {
    house: &'a House,
    tenant: &'a Tenant,
    id: OutboxId,
    attempt: i64,
}

#[async_trait]
impl Handover for OnRecord<'_> {
    async fn hand_over(&self) -> Result<(), String> {
        let recorded = self.tenant.scope.hand_over(self.id, self.attempt).await;
        self.house.heed(Part::Settle, &recorded);
        recorded.map_err(|error| format!("nothing was handed over: {error}"))?;
        self.house.reached(Step::HandedOver);
        Ok(())
    }
}

/// What a try came to.
struct Settling<'a> {
    job: &'a ClaimedJob,
    id: OutboxId,
    attempt: i64,
    outcomes: &'a [(Address, SubmitOutcome)],
    raw: &'a [u8],
    append_sent: bool,
}

/// Writes what a try came to. The server's answer is known here and nowhere else: while the database takes no writes, it is
/// kept and written again and again for as long as the lease lasts, so that a full disk or a lock at this moment does not
/// make a person decide about a reply that is known to be out.
async fn settle(house: &House, tenant: &Tenant, what: &Settling<'_>) -> Result<(), StoreError> {
    let begun = Instant::now();
    let mut wait = SETTLE_WAIT_MIN;
    let mut completes = true;
    loop {
        let settled = settle_once(tenant, what, completes).await;
        house.heed(Part::Settle, &settled);
        match settled {
            // The job is another's by now and finds the row settled: what is known is written without it.
            Err(StoreError::LeaseLost { .. }) if completes => completes = false,
            Err(error) if error.is_temporary() && begun.elapsed() + wait < LEASE / 2 => {
                tracing::warn!(outbox = %what.id, %error, "the outcome of a submission is not written yet");
                tokio::time::sleep(wait).await;
                wait = (wait * 2).min(SETTLE_WAIT_MAX);
            }
            result => return result,
        }
    }
}

async fn settle_once(tenant: &Tenant, what: &Settling<'_>, completes: bool) -> Result<(), StoreError> {
    let mut tx = tenant.scope.begin_durable().await?;
    tx.settle_outbox(what.id, what.attempt, what.outcomes, what.raw, what.append_sent, &actor()).await?;
    if completes {
        tx.complete(what.job).await?;
    }
    tx.commit().await
}

enum Objections {
    None,
    Blocked(String),
    /// A checker objects to what nobody has read.
    Found(String),
}

/// What checkers say about the very text that goes out. A checker that gives no answer does not hold back what
/// a person approved; it does hold back what no person has read.
async fn objections(house: &House, tenant: &Arc<Tenant>, row: &OutboxRow) -> Result<Objections, JobFailure> {
    let ticket = tenant.scope.ticket(row.ticket).await.map_err(store)?;
    let thread = tenant.scope.thread(row.ticket, view::THREAD_MAX).await.map_err(store)?;
    let files = draft::in_order(tenant.scope.outbox_file_names(row.id).await.map_err(store)?.into_iter());
    let outgoing = outgoing(row, files);
    let context = caller::context(house, tenant, house.now());
    let about = About { ticket: Some(row.ticket), message: row.answers };
    let view = Arc::new(view::ticket(&ticket, thread.iter().map(|m| Arc::new(view::message(m))).collect()));
    let checked = draft::check(house, tenant, &context, about, &Arc::new(outgoing), &view).await;
    if !checked.decisions.is_empty() {
        let mut tx = tenant.scope.begin().await.map_err(store)?;
        for decision in &checked.decisions {
            tx.add_decision(decision, &actor()).await.map_err(store)?;
        }
        tx.commit().await.map_err(store)?;
    }
    let blocking = checked.findings.iter().find(|finding| finding.blocks || row.automatic);
    Ok(match (blocking, checked.failed.first()) {
        (Some(finding), _) => {
            let reason = format!("held back by a check ({}): {}", finding.code, finding.reason);
            if row.automatic { Objections::Found(reason) } else { Objections::Blocked(reason) }
        }
        (None, Some(failed)) if row.automatic => {
            Objections::Blocked(format!("held back: a check gave no answer ({failed})"))
        }
        _ => Objections::None,
    })
}

/// What a checker is shown of approved mail with these files.
pub(crate) fn outgoing(row: &OutboxRow, files: Vec<String>) -> OutgoingView {
    OutgoingView {
        subject: row.subject.clone(),
        body: row.body.clone(),
        to: addresses(row, false),
        cc: addresses(row, true),
        language: row.language.clone(),
        attachment_names: files,
        automatic: row.automatic,
    }
}

fn addresses(row: &OutboxRow, cc: bool) -> Vec<Address> {
    row.recipients.iter().filter(|r| r.cc == cc).map(|r| r.address.clone()).collect()
}

/// The bytes that go out: the same at every try, since everything that varies was fixed at approval.
pub(crate) async fn compose(
    house: &House,
    tenant: &Tenant,
    mailbox: &Mailbox,
    row: &OutboxRow,
    with_files: bool,
) -> Result<Result<Vec<u8>, String>, JobFailure> {
    let mut quoted = None;
    if let (true, Some(answers)) = (tenant.config.review.quote_original, row.answers) {
        let original = tenant.scope.message(answers).await.map_err(store)?;
        if let Some(from) = &original.read.from {
            quoted = Some(Quoted {
                attribution: compose::attribution(row.language.as_deref(), from, original.at),
                text: original.read.reply_text.clone(),
            });
        }
    }
    let files = if with_files { tenant.scope.outbox_files(row.id).await.map_err(store)? } else { Vec::new() };
    let shown =
        posthouse_store::files_shown(&row.body, files.iter().map(|(file, b)| (file.name.as_str(), b.as_slice())));
    let attachments = files
        .into_iter()
        .zip(shown)
        .map(|((file, bytes), shown)| OutgoingAttachment { name: file.name, media_type: file.media_type, bytes, shown })
        .collect();
    let name = mailbox.config.from_name.clone().unwrap_or_else(|| tenant.config.name.clone());
    let mail = OutgoingMail {
        from: Address { name: Some(name), address: mailbox.config.address.clone() },
        to: addresses(row, false),
        cc: addresses(row, true),
        reply_to: Vec::new(),
        subject: row.subject.clone(),
        body: rich::with_signature(&row.body, mailbox.config.signature.as_deref()),
        language: row.language.clone(),
        message_id: row.message_id.clone(),
        in_reply_to: row.in_reply_to.clone(),
        references: row.references.clone(),
        date: row.date(),
        quoted,
        automatic: row.automatic,
        loop_mark: Some(house.installation().hash().to_owned()),
        attachments,
    };
    Ok(compose::compose(&mail).map_err(|error| format!("the reply cannot be written as a mail: {error}")))
}

async fn refuse(tenant: &Tenant, job: &ClaimedJob, id: OutboxId, reason: &str) -> Result<(), JobFailure> {
    let mut tx = tenant.scope.begin().await.map_err(store)?;
    tx.refuse_send(id, reason, &actor()).await.map_err(store)?;
    tx.complete(job).await.map_err(store)?;
    tx.commit().await.map_err(store)
}

/// A reply that was about to go out unread does not pass its checks: it is held back, and its category loses its level.
async fn found_wanting(tenant: &Tenant, job: &ClaimedJob, row: &OutboxRow, reason: &str) -> Result<(), JobFailure> {
    let mut tx = tenant.scope.begin().await.map_err(store)?;
    tx.autonomy_check_failed(row.id, row.ticket, reason).await.map_err(store)?;
    tx.refuse_send(row.id, reason, &actor()).await.map_err(store)?;
    tx.complete(job).await.map_err(store)?;
    tx.commit().await.map_err(store)
}

async fn complete(tenant: &Tenant, job: &ClaimedJob) -> Result<(), JobFailure> {
    let mut tx = tenant.scope.begin().await.map_err(store)?;
    tx.complete(job).await.map_err(store)?;
    tx.commit().await.map_err(store)
}

/// A dispatch that was given up before anything was submitted.
///
/// # Errors
/// When the store cannot be written.
pub async fn given_up(tenant: &Tenant, id: OutboxId, reason: &str) -> Result<(), StoreError> {
    let row = tenant.scope.outbox(id).await?;
    if !matches!(row.state, OutboxState::Queued | OutboxState::Deferred) {
        return Ok(());
    }
    let mut tx = tenant.scope.begin().await?;
    tx.refuse_send(id, reason, &actor()).await?;
    tx.commit().await
}

/// The outcomes under the addresses that the store knows. A recipient the submitter did not speak of counts as
/// uncertain: nobody knows.
fn by_recipient(open: &[Address], submission: Submission) -> Vec<(Address, SubmitOutcome)> {
    let mut outcomes = submission.recipients;
    open.iter()
        .map(|address| {
            let at = outcomes.iter().position(|o| o.address == address.address);
            let outcome = at.map(|at| outcomes.swap_remove(at).outcome).unwrap_or_else(|| SubmitOutcome::Uncertain {
                reason: "the submission ended without a word about this recipient".to_owned(),
            });
            (address.clone(), outcome)
        })
        .collect()
}

fn count(house: &House, submission: &Submission) {
    for recipient in &submission.recipients {
        let state = recipient.outcome.state();
        house.metrics().count("posthouse_submissions_total", &[("outcome", state.as_str())]);
    }
}

fn actor() -> Actor {
    Actor::Host("dispatch".to_owned())
}
