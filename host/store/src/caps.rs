//! How much may go out automatically: two machines that answer each other must run dry.

use crate::sql::sql;
use crate::{Result, StoreError, Tx};
use posthouse_model::TicketId;
use posthouse_model::mail::Address;
use std::time::Duration;

/// So many automatic mails at most within so long, on one ticket and to one address. A guard in layers: a quick loop meets the
/// first, a slow one the last.
pub const CAPS: [(Duration, i64); 5] = {
    const fn minutes(n: u64) -> Duration {
        Duration::from_secs(n * 60)
    }
    [(minutes(10), 10), (minutes(30), 15), (minutes(60), 25), (minutes(180), 50), (minutes(600), 100)]
};

impl Tx {
    /// Refuses an automatic mail that would be one too many, or whose recipient returned mail for good.
    pub(crate) async fn may_go_out_automatically(&mut self, ticket: TicketId, recipients: &[&Address]) -> Result<()> {
        let keys: Vec<String> = recipients.iter().map(|address| address.key()).collect();
        if let Some((address, words)) = self.first_bounced(&keys).await? {
            return Err(StoreError::refused(format_args!(
                "nothing is sent to {address} automatically, since mail to it came back ({words}): a person may still send it"
            )));
        }
        let (tenant, now) = (self.tenant(), self.now());
        for (within, most) in CAPS {
            let since = now.minus(within);
            let on_ticket: i64 =
                sql("select count(*) from outbox where tenant_id + 0 = $1 and ticket_id = $2 and automatic = 1 \
                 and approved_at > $3 and state <> 'cancelled'")
                .bind(tenant)
                .bind(ticket)
                .bind(since)
                .one(self.on())
                .await?
                .get(0)?;
            if on_ticket >= most {
                return Err(too_many("on this ticket", most, within));
            }
            for key in &keys {
                let to_address: i64 =
                    sql("select count(*) from outbox_recipient r join outbox o on o.id = r.outbox_id \
                     where r.tenant_id = $1 and r.address_key = $2 and o.automatic = 1 and o.approved_at > $3 \
                     and o.state <> 'cancelled'")
                    .bind(tenant)
                    .bind(key)
                    .bind(since)
                    .one(self.on())
                    .await?
                    .get(0)?;
                if to_address >= most {
                    return Err(too_many(&format!("to {key}"), most, within));
                }
            }
        }
        Ok(())
    }
}

fn too_many(whereto: &str, most: i64, within: Duration) -> StoreError {
    StoreError::refused(format_args!(
        "{most} automatic mails went out {whereto} within {} minutes: it may be a loop, so a person must look",
        within.as_secs() / 60
    ))
}
