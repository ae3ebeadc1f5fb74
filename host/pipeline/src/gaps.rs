//! Articles proposed from how customers were answered on whom no article spoke. Nothing is published: a person reads it, edits it
//! and saves it, or says that none is needed.

use crate::tenant::Tenant;
use crate::view::THREAD_MAX;
use posthouse_ai::Prompt;
use posthouse_ai::redact::Redaction;
use posthouse_model::event::Actor;
use posthouse_store::{PROPOSAL_BYTES_MAX, ProposedArticle, StoreError};

/// How many are made at a look.
const AT_A_TIME: u32 = 10;
/// Longest line that can be a greeting.
const GREETING_CHARS_MAX: usize = 60;
/// Longest title, in characters.
const TITLE_CHARS_MAX: usize = 120;

/// Makes proposals from replies that were sent since the last look.
///
/// # Errors
/// When the store cannot be read or written.
pub async fn propose(tenant: &Tenant) -> Result<(), StoreError> {
    let actor = Actor::Host("gaps".to_owned());
    for gap in tenant.scope.answered_gaps(AT_A_TIME).await? {
        let ticket = tenant.scope.ticket(gap.ticket).await?;
        let reply = tenant.scope.message(gap.reply).await?.read;
        let thread = tenant.scope.thread(gap.ticket, THREAD_MAX).await?;
        let from = thread.iter().flat_map(|message| message.read.from.iter().chain(&message.read.to));
        let people: Vec<&str> = from.chain([&ticket.customer]).filter_map(|person| person.name.as_deref()).collect();
        let text = if reply.reply_text.trim().is_empty() { &reply.text } else { &reply.reply_text };
        let mut tx = tenant.scope.begin().await?;
        tx.propose_article(gap.id, &article(&ticket.subject, text, &people), &actor).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// The reply as an article: without its greeting, and with whatever is personal and can be told by its shape left out.
fn article(subject: &str, reply: &str, people: &[&str]) -> ProposedArticle {
    let mut prompt = Prompt { inputs: vec![bare_subject(subject), without_greeting(reply)], ..Prompt::default() };
    prompt = Redaction::new(people.iter().copied()).prompt(&prompt);
    let body = prompt.inputs.pop().unwrap_or_default();
    let title: String = prompt.inputs.pop().unwrap_or_default().chars().take(TITLE_CHARS_MAX).collect();
    let mut text = format!("# {title}\n\n{}\n", body.trim());
    text.truncate(text.floor_char_boundary(PROPOSAL_BYTES_MAX));
    ProposedArticle { title, body: text }
}

fn bare_subject(subject: &str) -> String {
    let mut bare = subject.trim();
    while let Some((mark, rest)) = bare.split_once([':', '：']) {
        if !matches!(mark.trim().to_lowercase().as_str(), "re" | "aw" | "fw" | "fwd" | "wg" | "sv" | "回复" | "转发")
        {
            break;
        }
        bare = rest.trim();
    }
    bare.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn without_greeting(reply: &str) -> String {
    let reply = reply.trim();
    let (first, rest) = reply.split_once('\n').unwrap_or((reply, ""));
    let greets =
        first.chars().count() <= GREETING_CHARS_MAX && first.trim_end().ends_with([',', ':', '，', '：', '!', '様']);
    if greets && !rest.trim().is_empty() { rest.trim().to_owned() } else { reply.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_becomes_an_article_without_its_customer() {
        let reply = "Hello Mary Walker,\n\nthe ring can be resized twice. Write to mary@example.com.\n\nKind regards";
        let made = article("Re: AW: Resizing  for Mary", reply, &["Mary Walker"]);
        assert_eq!(made.title, "Resizing for [NAME-1]");
        assert!(made.body.starts_with("# Resizing for [NAME-1]\n\nthe ring can be resized twice."), "{}", made.body);
        assert!(!made.body.contains("Mary") && !made.body.contains("mary@"), "{}", made.body);
    }

    #[test]
    fn a_reply_of_one_line_stays() {
        assert_eq!(without_greeting("Yes, it is:"), "Yes, it is:");
        assert_eq!(bare_subject("回复：尺码"), "尺码");
        assert_eq!(bare_subject("Question: size"), "Question: size");
    }
}
