//! What becomes of drafts from a template: how often it was proposed, taken, and sent, and how much of it people changed. Counted per
//! day when it happens, so that nobody walks through drafts for it.

use crate::drafts::by_draft_id;
use crate::sql::sql;
use crate::{Result, Scope, Tx};
use posthouse_model::template::changed_words;
use posthouse_model::{OutboxId, Timestamp};
use serde::Serialize;
use std::time::Duration;

/// Counts older than this go.
const KEPT: Duration = Duration::from_secs(400 * 24 * 3_600);
/// Replies are told apart by how many of their words were changed, in steps of this many per cent.
const STEP: u32 = 5;

/// What became of one template's drafts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TemplateUse {
    /// The drafter.
    pub plugin: String,
    /// The template's name.
    pub template: String,
    /// Drafts from it.
    pub proposed: i64,
    /// Of them, those that somebody edited or approved.
    pub taken: i64,
    /// Replies that went out as they were proposed.
    pub unedited: i64,
    /// Replies that went out edited.
    pub edited: i64,
    /// Of the edited ones half had at most so many per cent of their words changed (see
    /// [`changed_words`]), rounded up to five. None: none was edited.
    pub median_changed: Option<u32>,
    /// How often somebody said that it did not fit.
    pub misfits: i64,
}

/// What is counted.
#[derive(Clone, Copy, Debug)]
enum Counted {
    Proposed,
    Taken,
    /// By the step of the share of words that were changed.
    Sent(u32),
}

impl Counted {
    fn name(self) -> String {
        match self {
            Self::Proposed => "proposed".to_owned(),
            Self::Taken => "taken".to_owned(),
            Self::Sent(step) => format!("sent-{step}"),
        }
    }
}

/// The day of a moment, since 1970 in UTC.
fn day(at: Timestamp) -> i64 {
    at.0.div_euclid(24 * 3_600 * 1_000_000)
}

/// 0: nothing was changed; n: more than `5 (n - 1)` up to `5 n` per cent of the words, the first step with 0, where only signs were.
fn step(proposed: &str, sent: &str) -> u32 {
    if proposed.trim() == sent.trim() { 0 } else { changed_words(proposed, sent).div_ceil(STEP).max(1) }
}

impl Scope {
    /// What became of the drafts of each template in the last `days` days, today included; by drafter and name.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn template_use(&self, days: u32) -> Result<Vec<TemplateUse>> {
        let now = self.store.now();
        let since = day(now) - i64::from(days.max(1)) + 1;
        let mut on = self.read().await?;
        let rows = sql("select plugin, template, what, cast(sum(count) as bigint) from template_use \
             where tenant_id = $1 and day >= $2 group by plugin, template, what order by plugin, template")
        .bind(self.tenant)
        .bind(since)
        .all(&mut on)
        .await?;
        let mut all: Vec<(TemplateUse, Vec<(u32, i64)>)> = Vec::new();
        for row in &rows {
            let (plugin, template, what, count): (String, String, String, i64) =
                (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
            if all.last().is_none_or(|(last, _)| last.plugin != plugin || last.template != template) {
                all.push((TemplateUse { plugin, template, ..TemplateUse::default() }, Vec::new()));
            }
            let Some((uses, steps)) = all.last_mut() else { continue };
            match (what.as_str(), what.strip_prefix("sent-").and_then(|step| step.parse().ok())) {
                ("proposed", _) => uses.proposed = count,
                ("taken", _) => uses.taken = count,
                (_, Some(0)) => uses.unedited = count,
                (_, Some(step)) => steps.push((step, count)),
                _ => {}
            }
        }
        let since = Timestamp(since * 24 * 3_600 * 1_000_000);
        let misfits = sql("select template, count(*) from misfit where tenant_id = $1 and at >= $2 group by template")
            .bind(self.tenant)
            .bind(since)
            .all(&mut on)
            .await?;
        for row in &misfits {
            let (template, count): (String, i64) = (row.get(0)?, row.get(1)?);
            for (uses, _) in all.iter_mut().filter(|(uses, _)| uses.template == template) {
                uses.misfits = count;
            }
        }
        Ok(all.into_iter().map(|(uses, steps)| with_median(uses, steps)).collect())
    }
}

fn with_median(mut uses: TemplateUse, mut steps: Vec<(u32, i64)>) -> TemplateUse {
    steps.sort_unstable();
    uses.edited = steps.iter().map(|(_, count)| count).sum();
    let mut passed = 0;
    let half = steps.iter().find(|(_, count)| {
        passed += count;
        passed * 2 >= uses.edited
    });
    uses.median_changed = half.map(|(step, _)| step * STEP);
    uses
}

impl Tx {
    /// A template was proposed.
    pub(crate) async fn template_proposed(&mut self, plugin: &str, template: &str) -> Result<()> {
        self.count_template(plugin, template, Counted::Proposed).await
    }

    /// Somebody works with a draft from a template, or sends it.
    pub(crate) async fn template_taken(&mut self, plugin: Option<&str>, template: Option<&str>) -> Result<()> {
        match (plugin, template) {
            (Some(plugin), Some(template)) => self.count_template(plugin, template, Counted::Taken).await,
            _ => Ok(()),
        }
    }

    /// A reply is out: if a template began it, how much of what was proposed was changed.
    pub(crate) async fn template_sent(&mut self, outbox: OutboxId) -> Result<()> {
        let tenant = self.tenant();
        let row = sql("select draft_id, body from outbox where tenant_id = $1 and id = $2")
            .bind(tenant)
            .bind(outbox)
            .optional(self.on())
            .await?;
        let Some(row) = row else { return Ok(()) };
        let (draft, body): (_, String) = (row.get(0)?, row.get(1)?);
        let draft = by_draft_id(self.on(), tenant, draft).await?;
        let (Some(plugin), Some(template)) = (&draft.plugin, &draft.proposal.template) else { return Ok(()) };
        let first = crate::drafts::first_revision(self.on(), tenant, &draft).await?;
        let Some(first) = first else { return Ok(()) };
        let step = step(&first.proposal.body, &body);
        self.count_template(plugin, template, Counted::Sent(step)).await?;
        let today = day(self.now().minus(KEPT));
        sql("delete from template_use where tenant_id = $1 and day < $2")
            .bind(tenant)
            .bind(today)
            .run(self.on())
            .await?;
        Ok(())
    }

    async fn count_template(&mut self, plugin: &str, template: &str, what: Counted) -> Result<()> {
        let (tenant, day) = (self.tenant(), day(self.now()));
        sql("insert into template_use (tenant_id, day, plugin, template, what, count) values ($1, $2, $3, $4, $5, 1) \
             on conflict (tenant_id, day, plugin, template, what) do update set count = template_use.count + 1")
        .bind(tenant)
        .bind(day)
        .bind(plugin)
        .bind(template)
        .bind(what.name())
        .run(self.on())
        .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_rounded_up_and_only_the_very_text_is_unedited() {
        assert_eq!(step("a b c", " a b c\n"), 0);
        assert_eq!(step("a b c", "a, b c"), 1, "a sign was added");
        let hundred: Vec<String> = (0..100).map(|n| n.to_string()).collect();
        let with = |count: usize| {
            let mut words = hundred.clone();
            words[..count].iter_mut().for_each(|word| *word = "other".into());
            step(&hundred.join(" "), &words.join(" "))
        };
        assert_eq!((with(5), with(6), with(100)), (1, 2, 20));
    }

    #[test]
    fn the_median_is_of_the_edited_ones() {
        let median = |steps: &[(u32, i64)]| {
            let uses = with_median(TemplateUse::default(), steps.to_vec());
            (uses.edited, uses.median_changed)
        };
        assert_eq!(median(&[]), (0, None));
        assert_eq!(median(&[(3, 1)]), (1, Some(15)));
        assert_eq!(median(&[(20, 2), (1, 2)]), (4, Some(5)));
        assert_eq!(median(&[(1, 1), (2, 1), (20, 1)]), (3, Some(10)));
    }
}
