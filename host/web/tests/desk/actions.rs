//! What a person does with a ticket, through the forms of the page.

use crate::support::{BODY, DRAFT, House, host, mail};
use http::StatusCode;
use posthouse_model::draft::CheckFinding;
use posthouse_model::job::Job;
use posthouse_model::outbox::OutboxState;
use posthouse_model::ticket::TicketStatus;
use posthouse_model::triage::{Span, TextPart};
use posthouse_store::JobState;
use std::time::Duration;

#[tokio::test]
async fn approve_edits_sends_once_and_can_be_taken_back() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let waiting = luma.waiting("one").await;
    let mut browser = house.signed_in(&luma, "jun").await;
    let page = browser.get(&luma.path(&format!("/tickets/{}", waiting.number))).await;
    assert_eq!(page.editor(), DRAFT);
    let text = "Hola Ana:\r\n\r\nllega mañana.";
    let changed = [("body", text), ("cc", "Tom <tom@customer.example>")];
    let first = browser.reply_from(&page, &luma, waiting.number, "approve", &changed).await;
    let second = browser.reply_from(&page, &luma, waiting.number, "approve", &changed).await;
    assert_eq!(first.status, StatusCode::SEE_OTHER, "{}", first.text);
    assert_eq!(second.location(), first.location(), "a double click is one approval");
    let detail = luma.scope.ticket_detail(waiting.number).await.unwrap();
    assert_eq!(detail.outbox.len(), 1);
    let row = &detail.outbox[0];
    assert_eq!(row.body, "Hola Ana:\n\nllega mañana.");
    assert_eq!(row.subject, "Re: ¿Dónde está?");
    assert_eq!(row.message_id, "0@luma.example");
    assert_eq!(row.answers, Some(waiting.message));
    assert_eq!(
        row.recipients.iter().map(|r| r.address.address.as_str()).collect::<Vec<_>>(),
        ["ana@customer.example", "tom@customer.example"]
    );
    assert_eq!(detail.ticket.status, TicketStatus::Sent);
    let jobs = luma.scope.jobs(JobState::Queued).await.unwrap();
    assert!(jobs.iter().any(|j| j.job == Job::Dispatch { outbox: row.id } && j.due_at == row.due_at));
    // The undo bar is on whatever page comes next, until the window ends.
    let list = browser.get(&luma.path("/tickets")).await;
    assert!(list.text.contains("data-until-ms"));
    let csrf = browser.csrf(&luma).await;
    let fields = [("csrf", csrf.as_str()), ("outbox", &row.id.to_string())];
    let undone = browser.post(&luma.path(&format!("/tickets/{}/undo", waiting.number)), &fields).await;
    assert_eq!(undone.status, StatusCode::SEE_OTHER);
    let back = browser.get(undone.location()).await;
    assert!(back.text.contains("Taken back."));
    assert_eq!(back.editor(), "Hola Ana:\n\nllega mañana.", "the edited text is in the editor again");
    let again = luma.scope.ticket_detail(waiting.number).await.unwrap();
    assert_eq!((again.ticket.status, again.outbox[0].state), (TicketStatus::Waiting, OutboxState::Cancelled));
    // And it can be sent after all.
    let sent = browser.reply(&luma, waiting.number, "approve", &[]).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
    house.hands.forward(Duration::from_secs(11));
    assert!(!browser.get(&luma.path("/tickets")).await.text.contains("data-until-ms"), "the bar ends with the window");
}

#[tokio::test]
async fn approve_and_next_goes_down_the_list() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let mut numbers = Vec::new();
    for id in ["a", "b", "c"] {
        let mut read = mail(id, id, BODY);
        read.from.as_mut().unwrap().address = format!("{id}@customer.example");
        numbers.push(luma.sorted(read, b"raw", vec![]).await.number);
        house.hands.forward(Duration::from_secs(60));
    }
    let mut browser = house.signed_in(&luma, "jun").await;
    let answer = browser.reply(&luma, numbers[0], "approve", &[("then", "next")]).await;
    assert_eq!(answer.location(), luma.path(&format!("/tickets/{}?done=approved&of={}", numbers[1], numbers[0])));
    // As long as it can be taken back it is not called sent.
    let leaving = browser.get(&luma.path(&format!("/tickets/{}", numbers[0]))).await.text;
    assert!(leaving.contains("data-part=\"status\">on its way<"), "{leaving}");
    browser.reply(&luma, numbers[2], "approve", &[("then", "next")]).await;
    let last = browser.reply(&luma, numbers[1], "approve", &[("then", "next")]).await;
    assert_eq!(last.location(), luma.path(&format!("/tickets?done=approved&of={}", numbers[1])));
    let list = browser.get(last.location()).await;
    assert!(list.text.contains("Nothing waits. New mail appears here by itself."));
}

#[tokio::test]
async fn what_must_not_go_out_comes_back_with_the_text() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let words = "está en camino";
    let start = u32::try_from(DRAFT.find(words).unwrap()).unwrap();
    let finding = CheckFinding {
        blocks: true,
        code: "promised-date".into(),
        reason: "Do not promise a date.".into(),
        span: Some(Span { part: TextPart::Body, start, end: start + u32::try_from(words.len()).unwrap() }),
    };
    let waiting = luma.sorted(mail("one", "x", BODY), b"raw", vec![finding]).await;
    let mut browser = house.signed_in(&luma, "jun").await;
    for (changed, says) in [
        (vec![("body", " \n ")], "The reply is empty."),
        (vec![("body", "Dear {{customer_name}}, hello")], "customer_name"),
        (vec![("body", "Mine, but still está en camino")], "Do not promise a date."),
        (vec![("body", "fine"), ("to", "nobody")], "“nobody” is not a mail address"),
        (vec![("body", "fine"), ("to", "a@b.example\r\nBcc: evil@evil.example")], "is not a mail address"),
        (vec![("body", "fine"), ("to", " ")], "Nobody to send to."),
    ] {
        let answer = browser.reply(&luma, waiting.number, "approve", &changed).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{changed:?}");
        assert!(answer.text.contains(says), "{changed:?}: {}", answer.text);
        assert_eq!(answer.editor().trim(), changed[0].1.trim(), "typed text is lost");
    }
    assert!(luma.scope.ticket_detail(waiting.number).await.unwrap().outbox.is_empty());
    let fine = browser.reply(&luma, waiting.number, "approve", &[("body", "fine")]).await;
    assert_eq!(fine.status, StatusCode::SEE_OTHER, "{}", fine.text);
}

/// The desk calls no checker itself: it makes a job, and tells how far that has come.
#[tokio::test]
async fn a_saved_text_is_to_be_checked_again() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    house.give_checker(&luma).await;
    let waiting = luma.waiting("one").await;
    let path = luma.path(&format!("/tickets/{}", waiting.number));
    let mut browser = house.signed_in(&luma, "jun").await;
    let page = browser.get(&path).await;
    assert!(page.text.contains("Checks: nothing found"), "the drafter's text was checked when it was made");

    // Nothing changed, nothing to check.
    browser.reply_from(&page, &luma, waiting.number, "draft", &[]).await;
    assert!(!luma.scope.jobs(JobState::Queued).await.unwrap().iter().any(|j| j.job.kind() == "check"));
    let saved = browser.reply_from(&page, &luma, waiting.number, "draft", &[("body", "Mine")]).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER);
    let draft = luma.scope.drafts(waiting.ticket).await.unwrap().remove(0).id;
    let jobs = luma.scope.jobs(JobState::Queued).await.unwrap();
    assert!(jobs.iter().any(|j| j.job == Job::Check { draft }), "{jobs:?}");
    assert!(browser.get(&path).await.text.contains("Your text is being checked"));

    // A job that does not come is not waited for, and the page does not pretend.
    house.hands.forward(Duration::from_secs(61));
    let page = browser.get(&path).await;
    assert!(page.text.contains("Not checked yet") && !page.text.contains("Checks: nothing found"));
    let mut tx = luma.scope.begin().await.unwrap();
    tx.set_checks(draft, &[], &host()).await.unwrap();
    tx.commit().await.unwrap();
    assert!(browser.get(&path).await.text.contains("Checks: nothing found"));
}

#[tokio::test]
async fn two_on_one_draft_lose_nothing() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let waiting = luma.waiting("one").await;
    let mut jun = house.signed_in(&luma, "jun").await;
    let mut mei = house.signed_in(&luma, "mei").await;
    let path = luma.path(&format!("/tickets/{}", waiting.number));
    let (page_of_jun, page_of_mei) = (jun.get(&path).await, mei.get(&path).await);
    let saved = jun.reply_from(&page_of_jun, &luma, waiting.number, "draft", &[("body", "Text of Jun")]).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER);
    for verb in ["draft", "approve"] {
        let conflict = mei.reply_from(&page_of_mei, &luma, waiting.number, verb, &[("body", "Text of Mei")]).await;
        assert_eq!(conflict.status, StatusCode::CONFLICT, "{verb}");
        assert_eq!(conflict.editor(), "Text of Mei");
        assert!(
            conflict.text.contains("jun changed this draft while you were writing.")
                && conflict.text.contains("Text of Jun")
        );
    }
    assert!(luma.scope.ticket_detail(waiting.number).await.unwrap().outbox.is_empty());
    // Pressing again on that page is a decision: hers goes out.
    let conflict = mei.reply_from(&page_of_mei, &luma, waiting.number, "approve", &[("body", "Text of Mei")]).await;
    let kept = mei.reply_from(&conflict, &luma, waiting.number, "approve", &[]).await;
    assert_eq!(kept.status, StatusCode::SEE_OTHER, "{}", kept.text);
    let detail = luma.scope.ticket_detail(waiting.number).await.unwrap();
    assert_eq!(detail.outbox[0].body, "Text of Mei");
    // Jun's page is old now as well: his text comes back to him, nothing is sent twice.
    let late = jun.reply_from(&page_of_jun, &luma, waiting.number, "approve", &[("body", "Another of Jun")]).await;
    assert_eq!(late.status, StatusCode::CONFLICT, "{}", late.text);
    assert_eq!(late.editor(), "Another of Jun");
    assert_eq!(luma.scope.ticket_detail(waiting.number).await.unwrap().outbox.len(), 1);
}

#[tokio::test]
async fn a_newer_mail_stops_what_was_decided_without_it() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let waiting = luma.waiting("one").await;
    let mut browser = house.signed_in(&luma, "jun").await;
    let page = browser.get(&luma.path(&format!("/tickets/{}", waiting.number))).await;
    let mut newer = mail("two", "Re: ¿Dónde está?", "Ya llegó, gracias.");
    newer.in_reply_to = vec!["one@customer.example".into()];
    let second = luma.take(newer, b"raw").await;
    assert_eq!(second.ticket, waiting.ticket);
    let answer = browser.reply_from(&page, &luma, waiting.number, "approve", &[("body", "Typed before")]).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(answer.text.contains("A newer mail has come in.") && answer.text.contains("Ya llegó, gracias."));
    assert_eq!(answer.editor(), "Typed before");
    let seen = waiting.message.to_string();
    let csrf = page.field("csrf");
    let closed = browser
        .post(
            &luma.path(&format!("/tickets/{}/handled", waiting.number)),
            &[("csrf", &csrf), ("seen", &seen), ("reason", "duplicate")],
        )
        .await;
    assert_eq!(closed.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn a_ticket_is_closed_sorted_and_given_away() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let waiting = luma.waiting("one").await;
    let mut browser = house.signed_in(&luma, "jun").await;
    let csrf = browser.csrf(&luma).await;
    let number = waiting.number;
    let path = |verb: &str| luma.path(&format!("/tickets/{number}/{verb}"));
    let agents = luma.scope.agents().await.unwrap();
    let id_of = |name: &str| agents.iter().find(|a| a.name == name).unwrap().id.to_string();
    let status = async || luma.scope.ticket(waiting.ticket).await.unwrap();

    let answer = browser.post(&path("category"), &[("csrf", &csrf), ("category", "refund")]).await;
    assert_eq!(answer.location(), luma.path(&format!("/tickets/{number}?done=category&of={number}&was=shipping")));
    assert!(
        browser.get(answer.location()).await.text.contains("name=\"category\" value=\"shipping\""),
        "it can be taken back"
    );
    assert_eq!(status().await.category.as_deref(), Some("refund"));
    let odd = browser.post(&path("category"), &[("csrf", &csrf), ("category", "<script>")]).await;
    assert_eq!(odd.status, StatusCode::UNPROCESSABLE_ENTITY);

    browser.post(&path("assign"), &[("csrf", &csrf), ("agent", &id_of("jun"))]).await;
    assert_eq!(status().await.assignee.map(|a| a.to_string()), Some(id_of("jun")));
    let mine = browser.get(&luma.path("/tickets?view=mine")).await;
    assert!(mine.text.contains(&format!("data-number=\"{number}\"")));
    // To a colleague, but to nobody who may not act.
    let answer = browser.post(&path("assign"), &[("csrf", &csrf), ("agent", &id_of("ada"))]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    browser.post(&path("assign"), &[("csrf", &csrf), ("agent", &id_of("eve"))]).await;
    assert_eq!(status().await.assignee.map(|a| a.to_string()), Some(id_of("eve")));
    let mut mei = house.signed_in(&luma, "mei").await;
    let token = mei.csrf(&luma).await;
    mei.post(&path("assign"), &[("csrf", &token), ("agent", &id_of("mei"))]).await;
    assert_eq!(status().await.assignee.map(|a| a.to_string()), Some(id_of("mei")));

    let blank = browser.post(&path("handled"), &[("csrf", &csrf), ("reason", "  ")]).await;
    assert_eq!(blank.status, StatusCode::UNPROCESSABLE_ENTITY);
    browser.post(&path("handled"), &[("csrf", &csrf), ("reason", "settled by phone")]).await;
    assert_eq!(
        (status().await.status, status().await.closed_reason.as_deref()),
        (TicketStatus::Handled, Some("settled by phone"))
    );
    let page = browser.get(&luma.path(&format!("/tickets/{number}"))).await;
    assert!(page.text.contains("settled by phone") && page.text.contains("Write a reply all the same"));
    browser.post(&path("reopen"), &[("csrf", &csrf)]).await;
    assert_eq!(status().await.status, TicketStatus::Waiting);
    browser.post(&path("spam"), &[("csrf", &csrf)]).await;
    assert_eq!(status().await.status, TicketStatus::Spam);
    let refused = browser.post(&path("approve"), &[("csrf", &csrf), ("body", "x"), ("to", "a@b.example")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    browser.post(&path("not-spam"), &[("csrf", &csrf)]).await;
    assert_eq!(status().await.status, TicketStatus::Waiting);
    let report = luma.scope.verify_chain().await.unwrap();
    assert_eq!(report.faults, []);
}

#[tokio::test]
async fn own_text_where_there_is_no_draft() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let waiting = luma.take(mail("one", "Re: hello", BODY), b"raw").await;
    let mut browser = house.signed_in(&luma, "jun").await;
    let page = browser.get(&luma.path(&format!("/tickets/{}", waiting.number))).await;
    assert!(page.text.contains("A draft is being made."));
    for _ in 0..2 {
        let answer = browser.reply_from(&page, &luma, waiting.number, "approve", &[("body", "My own words")]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    }
    let detail = luma.scope.ticket_detail(waiting.number).await.unwrap();
    assert_eq!(detail.outbox.len(), 1);
    assert_eq!(detail.outbox[0].subject, "Re: hello");
}

#[tokio::test]
async fn tickets_are_merged_and_mails_split_off_by_hand() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let gone = luma.waiting("one").await;
    let kept = luma.waiting("two").await;
    let mut browser = house.signed_in(&luma, "jun").await;
    let path = |number: i64| luma.path(&format!("/tickets/{number}"));
    let page = browser.get(&path(gone.number)).await;
    assert!(page.text.contains(&format!("Move everything of this ticket to #{}", kept.number)), "{}", page.text);
    let csrf = page.field("csrf");

    // What makes no sense is said, and nothing changes.
    let own = format!("#{}", gone.number);
    for (into, words) in [
        ("999", "There is no ticket with this number."),
        (own.as_str(), "This is the same ticket: name another."),
        ("x", "There is no ticket with this number."),
    ] {
        let answer = browser.post(&format!("{}/merge", path(gone.number)), &[("csrf", &csrf), ("into", into)]).await;
        assert!(answer.status.is_client_error() && answer.text.contains(words), "{into}: {}", answer.text);
    }
    let into = format!(" #{}", kept.number);
    let answer = browser.post(&format!("{}/merge", path(gone.number)), &[("csrf", &csrf), ("into", &into)]).await;
    assert_eq!(answer.location(), format!("{}?done=merged", path(kept.number)), "{}", answer.text);
    let page = browser.get(answer.location()).await;
    assert!(page.text.contains("Merged. Everything is here now."));
    assert_eq!(luma.scope.ticket_detail(kept.number).await.unwrap().messages.len(), 2);
    let left = browser.get(&path(gone.number)).await;
    assert!(left.text.contains("merged into") && left.text.contains(&path(kept.number)));
    assert!(!left.text.contains("Bring back") && !left.text.contains("Merge into another ticket"));
    assert!(!left.text.contains("Mark spam") && !left.text.contains("Write a reply all the same"));
    let answer = browser.post(&format!("{}/reopen", path(gone.number)), &[("csrf", &csrf)]).await;
    assert!(answer.text.contains(&format!("was merged into #{}", kept.number)), "{}", answer.text);

    // A mail of it becomes a ticket of its own again.
    let message = gone.message.to_string();
    assert!(page.text.contains("Make it a ticket of its own"));
    let answer = browser.post(&format!("{}/split", path(kept.number)), &[("csrf", &csrf), ("message", &message)]).await;
    assert_eq!(answer.location(), format!("{}?done=split", path(kept.number)), "{}", answer.text);
    let apart = luma.scope.message(gone.message).await.unwrap().ticket.unwrap();
    assert_eq!(luma.scope.ticket(apart).await.unwrap().status, TicketStatus::New);
    let alone = kept.message.to_string();
    let answer = browser.post(&format!("{}/split", path(kept.number)), &[("csrf", &csrf), ("message", &alone)]).await;
    assert!(answer.text.contains("It is the only mail of this ticket"), "{}", answer.text);
    // One of another ticket is not there.
    let answer = browser.post(&format!("{}/split", path(kept.number)), &[("csrf", &csrf), ("message", &message)]).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn files_go_with_the_reply_and_what_was_typed_is_kept() {
    let house = House::new().await;
    let luma = house.team("luma").await;
    let waiting = luma.waiting("one").await;
    let ticket = luma.scope.ticket_by_number(waiting.number).await.unwrap().id;
    let mut browser = house.signed_in(&luma, "jun").await;
    let csrf = browser.csrf(&luma).await;
    let path = |verb: &str| luma.path(&format!("/tickets/{}/{verb}", waiting.number));
    for (name, content) in [("label.pdf", &b"%PDF"[..]), ("<b>.png", b"png")] {
        let added = browser.post_file(&path("attach"), &csrf, name, content).await;
        assert_eq!(added.status, StatusCode::SEE_OTHER, "{}", added.text);
    }
    let page = browser.get(&luma.path(&format!("/tickets/{}", waiting.number))).await;
    assert!(page.text.contains("label.pdf") && page.text.contains("&lt;b&gt;.png"), "{}", page.text);
    let empty = browser.post_file(&path("attach"), &csrf, "nothing.txt", b"").await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(empty.text.contains("“nothing.txt” is empty"), "{}", empty.text);
    let large = browser.post_file(&path("attach"), &csrf, "film.mp4", &vec![1; 18 << 20]).await;
    assert_eq!(large.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(large.text.contains("18 MB in all"));

    // Taking one away saves what stands in the editor.
    let files = luma.scope.reply_files(ticket).await.unwrap();
    let gone = files[1].id.to_string();
    let removed =
        browser.reply(&luma, waiting.number, "detach", &[("body", "See the label."), ("remove", &gone)]).await;
    assert_eq!(removed.status, StatusCode::SEE_OTHER, "{}", removed.text);
    let page = browser.get(&luma.path(&format!("/tickets/{}", waiting.number))).await;
    assert_eq!(page.editor(), "See the label.");

    // Chosen is not added: the reply does not go out without it.
    let chosen = browser.reply(&luma, waiting.number, "approve", &[("file", "forgotten.pdf")]).await;
    assert_eq!(chosen.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(chosen.text.contains("not added yet"), "{}", chosen.text);
    let sent = browser.reply(&luma, waiting.number, "approve", &[]).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
    let outbox = luma.scope.ticket_detail(waiting.number).await.unwrap().outbox[0].id;
    let with = luma.scope.outbox_files(outbox).await.unwrap();
    assert_eq!(
        with.iter().map(|(f, b)| (f.name.as_str(), b.as_slice())).collect::<Vec<_>>(),
        [("label.pdf", &b"%PDF"[..])]
    );

    // An auditor adds nothing, and a file of somebody who may not is not even read.
    let mut auditor = house.signed_in(&luma, "ada").await;
    let csrf = auditor.csrf(&luma).await;
    assert_eq!(auditor.post_file(&path("attach"), &csrf, "a.txt", b"a").await.status, StatusCode::NOT_FOUND);
    assert!(luma.scope.reply_files(ticket).await.unwrap().is_empty());
}
