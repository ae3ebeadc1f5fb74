//! How much may go out automatically: two machines that answer each other must run dry.
//!
//! Looked at twice: when a mail is queued, by what was queued, and when it is about to go out, by what went out meanwhile. The caps
//! are those of the set-up in force at that moment.

use crate::sql::{Param, sql, sql_of};
use crate::{OutboxRow, Result, StoreError, Tx};
use posthouse_model::config::{AutomaticConfig, Cap};
use posthouse_model::event::Actor;
use posthouse_model::mail::Address;
use posthouse_model::outbox::OutboxState;
use posthouse_model::reason::{Reason, ReasonCode};
use posthouse_model::{OutboxId, TicketId, Timestamp};

/// SQL: one of our automatic mails `o` was queued after `$1` and not taken back.
const QUEUED: &str = "o.approved_at > $1 and o.state <> 'cancelled'";
/// SQL: one of our automatic mails `o` was tried after `$1`, and somebody has got it, or may have.
const WENT_OUT: &str = "exists (select a.outbox_id from attempt a where a.outbox_id = o.id and a.started_at > $1)";
/// SQL: this recipient `r` has got it, or may have.
const GOT_IT: &str = "r.state in ('submitting', 'sent', 'uncertain')";

/// Which of our mails count.
#[derive(Clone, Copy)]
enum Count {
    /// Those that wait too: one more is about to be queued.
    Queued,
    /// Those that went out, but for this one, which is about to.
    Out(OutboxId),
}

impl Tx {
    /// Refuses an automatic mail that would be one too many, or whose recipient returned mail for good.
    pub(crate) async fn may_go_out_automatically(&mut self, ticket: TicketId, recipients: &[&Address]) -> Result<()> {
        let keys: Vec<String> = recipients.iter().map(|address| address.key()).collect();
        match self.objection(ticket, &keys, Count::Queued).await? {
            Some(reason) => Err(StoreError::refused(reason)),
            None => Ok(()),
        }
    }

    /// Looks again at an automatic mail that is about to go out. One that may not any more is failed with the reason, and its
    /// ticket waits for a person.
    pub(crate) async fn held(&mut self, row: &OutboxRow) -> Result<Option<Reason>> {
        let open = row.recipients.iter().filter(|r| matches!(r.state, OutboxState::Queued | OutboxState::Deferred));
        let keys: Vec<String> = open.map(|recipient| recipient.address.key()).collect();
        let reason = match self.autonomy_objection(row).await? {
            Some(reason) => Some(reason),
            None => self.objection(row.ticket, &keys, Count::Out(row.id)).await?,
        };
        if let Some(reason) = &reason {
            self.refuse_send(row.id, &reason.to_string(), &Actor::Host("dispatch".to_owned())).await?;
        }
        Ok(reason)
    }

    /// Why a machine may not write to these addresses on this ticket.
    async fn objection(&mut self, ticket: TicketId, keys: &[String], count: Count) -> Result<Option<Reason>> {
        if let Some((address, words)) = self.first_bounced(keys).await? {
            let words = format!(
                "nothing is sent to {address} automatically, since mail to it came back ({words}): a person may still send it"
            );
            return Ok(Some(Reason::new(ReasonCode::AddressReturned, words)));
        }
        let caps = self.caps().await?;
        for cap in caps.per_ticket {
            if self.count(count, cap, "o.ticket_id = $3", ticket).await? >= i64::from(cap.most) {
                return Ok(Some(too_many("on this ticket", cap)));
            }
        }
        for cap in caps.per_recipient {
            for key in keys {
                if self.count(count, cap, "r.address_key = $3", key).await? >= i64::from(cap.most) {
                    return Ok(Some(too_many(&format!("to {key}"), cap)));
                }
            }
        }
        Ok(None)
    }

    async fn count(&mut self, count: Count, cap: Cap, whose: &str, id: impl Param) -> Result<i64> {
        let (tenant, since): (_, Timestamp) = (self.tenant(), self.now().minus(cap.within()));
        let (mails, recipients, but) = match count {
            Count::Queued => (QUEUED, "1 = 1", OutboxId(0)),
            Count::Out(but) => (WENT_OUT, GOT_IT, but),
        };
        sql_of(format!(
            "select count(distinct o.id) from outbox o join outbox_recipient r on r.outbox_id = o.id \
             where {whose} and r.tenant_id = $2 and o.tenant_id + 0 = $2 and o.automatic = 1 and {mails} \
             and {recipients} and o.id <> $4"
        ))
        .bind(since)
        .bind(tenant)
        .bind(id)
        .bind(but)
        .one(self.on())
        .await?
        .get(0)
    }

    /// Those of the set-up in force; the usual ones where it has none that can be read.
    async fn caps(&mut self) -> Result<AutomaticConfig> {
        let tenant = self.tenant();
        let settings: String =
            sql("select settings from tenant where id = $1").bind(tenant).one(self.on()).await?.get(0)?;
        let settings = serde_json::from_str::<serde_json::Value>(&settings).unwrap_or_default();
        let caps = settings.get("automatic").and_then(|caps| serde_json::from_value(caps.clone()).ok());
        Ok(caps.unwrap_or_default())
    }
}

fn too_many(whereto: &str, cap: Cap) -> Reason {
    let Cap { most, minutes } = cap;
    let words = format!(
        "{most} automatic mails went out {whereto} within {minutes} minutes: it may be a loop, so a person must look"
    );
    Reason::new(ReasonCode::AutomaticCap, words)
}
