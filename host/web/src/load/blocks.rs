//! Blocks of templates for a reply: the paragraphs of the team's templates in the reply's language, filled in.

use super::{known, templates};
use crate::page::blocks::{Block, BlocksPage, FromTemplate};
use crate::refusal::Refusal;
use crate::seat::Seat;
use std::collections::HashSet;

/// Blocks that are offered at most.
pub(crate) const BLOCKS_MAX: usize = 60;
/// Longer paragraphs are no blocks, in bytes.
const BLOCK_BYTES_MAX: usize = 4_000;
/// What a drafter puts around every reply: a block is what stands between.
const AROUND: [&str; 5] = ["greeting", "greeting_named", "signoff", "signature", "questions"];

fn primary(language: &str) -> &str {
    language.split('-').next().unwrap_or(language)
}

/// The blocks for a draft of a ticket; those of its category first.
pub(crate) async fn blocks(seat: &Seat, number: i64, position: Option<i64>) -> Result<BlocksPage, Refusal> {
    let detail = seat.scope.ticket_detail(number).await?;
    let draft = detail.drafts.iter().find(|draft| Some(draft.position) == position);
    let language = draft.and_then(|draft| draft.proposal.language.clone()).or_else(|| detail.ticket.language.clone());
    let language = language.unwrap_or_else(|| seat.config.agent_language.clone());
    let values = known::values(seat, &detail).await?;
    let mut all = templates::in_use(seat).await?;
    all.retain(|one| one.language().is_some_and(|tag| primary(tag).eq_ignore_ascii_case(primary(&language))));
    let category = detail.ticket.category.as_deref().unwrap_or_default();
    all.sort_by_key(|one| one.category() != category);
    let mut seen = HashSet::new();
    let mut count = 0;
    let mut page = BlocksPage { number, language, templates: Vec::new() };
    for one in all {
        let rendered = known::fill(&one.body, &values);
        let filled = known::filled(&rendered);
        let mut blocks = Vec::new();
        for text in rendered.text.split("\n\n").map(str::trim) {
            let open: Vec<String> =
                (rendered.unfilled.iter()).filter(|name| text.contains(&format!("{{{{{name}}}}}"))).cloned().collect();
            let is_around = open.iter().any(|name| AROUND.contains(&name.as_str()));
            if text.is_empty() || is_around || text.len() > BLOCK_BYTES_MAX || count >= BLOCKS_MAX {
                continue;
            }
            if seen.insert(text.to_owned()) {
                count += 1;
                let filled = filled.iter().filter(|one| text.contains(one.value.as_str())).cloned().collect();
                blocks.push(Block { text: text.to_owned(), filled, open });
            }
        }
        if !blocks.is_empty() {
            page.templates.push(FromTemplate { id: one.id.clone(), category: one.category().to_owned(), blocks });
        }
    }
    Ok(page)
}
