//! What agents set on a ticket by hand beside its category: priority and tags.

use crate::sql::{Json, sql};
use crate::tickets::by_id;
use crate::triage::TAGS_MAX;
use crate::{Result, StoreError, Tx};
use posthouse_model::TicketId;
use posthouse_model::event::Actor;
use serde_json::json;

/// Characters of a tag.
pub const TAG_CHARS_MAX: usize = 40;

/// A tag as it is kept: lower case, without `#` before it, words joined by hyphens. None for what is no tag.
#[must_use]
pub fn normal_tag(tag: &str) -> Option<String> {
    let words: Vec<&str> = tag.trim().trim_start_matches(['#', '＃']).split_whitespace().collect();
    let tag = words.join("-").to_lowercase();
    let plain = tag.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | '/'));
    (plain && (1..=TAG_CHARS_MAX).contains(&tag.chars().count())).then_some(tag)
}

impl Tx {
    /// Sets how soon it should be done, 0 (some day) to 100 (now). From then on routers leave it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Refused`] beyond 100.
    pub async fn set_priority(&mut self, ticket: TicketId, priority: u8, actor: &Actor) -> Result<()> {
        if priority > 100 {
            return Err(StoreError::refused(format_args!("a priority is 0 to 100; this one is {priority}")));
        }
        let (tenant, now) = (self.tenant(), self.now());
        let before = by_id(self.on(), tenant, ticket).await?;
        before.is_here()?;
        let priority = i64::from(priority);
        if before.priority_by_agent && before.priority == priority {
            return Ok(());
        }
        sql("update ticket set urgency_rank = $1, priority_by_agent = 1, version = version + 1, updated_at = $2 \
             where tenant_id = $3 and id = $4")
        .bind(100 - priority)
        .bind(now)
        .bind(tenant)
        .bind(ticket)
        .run(self.on())
        .await?;
        let data = json!({ "priority": priority, "was": before.priority });
        self.record(actor, "ticket.prioritised", format_args!("ticket:{ticket}"), data);
        Ok(())
    }

    /// Adds a tag, as [`normal_tag`] makes it. One that is there already changes nothing.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Refused`] for what is no tag, and for one more than 50.
    pub async fn add_tag(&mut self, ticket: TicketId, tag: &str, actor: &Actor) -> Result<()> {
        let tag = normal_tag(tag).ok_or_else(|| {
            StoreError::refused(format_args!(
                "a tag has 1 to {TAG_CHARS_MAX} letters, digits, hyphens, dots, colons or slashes"
            ))
        })?;
        let tenant = self.tenant();
        let before = by_id(self.on(), tenant, ticket).await?;
        before.is_here()?;
        if before.tags.contains(&tag) {
            return Ok(());
        }
        if before.tags.len() >= TAGS_MAX {
            return Err(StoreError::refused(format_args!("a ticket has at most {TAGS_MAX} tags: take one off first")));
        }
        let mut tags = before.tags;
        tags.push(tag.clone());
        self.set_tags(ticket, &tags).await?;
        self.record(actor, "ticket.tagged", format_args!("ticket:{ticket}"), json!({ "tag": tag }));
        Ok(())
    }

    /// Takes a tag off, a plugin's or a person's. One that is not there changes nothing. A plugin may give it again with a later mail.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn remove_tag(&mut self, ticket: TicketId, tag: &str, actor: &Actor) -> Result<()> {
        let tenant = self.tenant();
        let mut before = by_id(self.on(), tenant, ticket).await?;
        before.is_here()?;
        let normal = normal_tag(tag);
        let at = before
            .tags
            .iter()
            .position(|t| t == tag)
            .or_else(|| before.tags.iter().position(|t| Some(t) == normal.as_ref()));
        let Some(at) = at else { return Ok(()) };
        let tag = before.tags.remove(at);
        self.set_tags(ticket, &before.tags).await?;
        self.record(actor, "ticket.untagged", format_args!("ticket:{ticket}"), json!({ "tag": tag }));
        Ok(())
    }

    async fn set_tags(&mut self, ticket: TicketId, tags: &[String]) -> Result<()> {
        let (tenant, now) = (self.tenant(), self.now());
        sql("update ticket set tags = $1, version = version + 1, updated_at = $2 where tenant_id = $3 and id = $4")
            .bind(Json(&tags))
            .bind(now)
            .bind(tenant)
            .bind(ticket)
            .run(self.on())
            .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_written_one_way() {
        assert_eq!(normal_tag(" #VIP  Customer ").as_deref(), Some("vip-customer"));
        assert_eq!(normal_tag("＃大客户").as_deref(), Some("大客户"));
        assert_eq!(normal_tag(&"x".repeat(40)).as_deref(), Some("x".repeat(40).as_str()));
        for odd in ["", " # ", "a,b", "<b>", &"x".repeat(41)] {
            assert_eq!(normal_tag(odd), None, "{odd}");
        }
    }
}
