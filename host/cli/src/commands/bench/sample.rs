//! Mails for the bench, made here so that a run needs no data from elsewhere.

/// A customer's mail of about 2 kB: what a long complaint is.
#[must_use]
pub fn body() -> String {
    let mut text = String::from(
        "Hello,\n\nI ordered a winter coat on 2026-10-28, order number 1042-88317, and paid 129.90 EUR by card. Your shop \
         said five to seven days. The tracking number 1Z999AA10123456784 has not moved for nine days now and the carrier \
         only says that the parcel is in customs.\n\n",
    );
    // No sentence twice: what reads mail may remember a word that it has just seen.
    for more in [
        "I wrote to your chat on Tuesday and was told to wait, which I did, and nothing has happened since then.",
        "The coat was meant as a present for my sister, who travels on Friday, so the date matters a great deal to me.",
        "If there is a form to fill in or a duty to pay, please tell me which one and where I can find it.",
        "Until now I was always content with how quickly things came, even before Christmas.",
        "My neighbour's parcel left the same warehouse two days later and has been under his tree for a week.",
        "On the carrier's telephone line a friendly voice said that only the sender may open an enquiry.",
        "Perhaps the label was damaged on its way, or somebody typed the postal code wrongly: ours ends in a seven.",
        "There is a side entrance with a bell of its own, and the shop on the corner also takes deliveries for us.",
        "I have kept every mail of yours, from the confirmation to the note that it was handed over.",
        "Should the coat be lost, another one in dark green and the same size would do just as well.",
        "A voucher is of little use to me, since I seldom buy clothes, but I do not want to be unfair either.",
        "My mother asked whether it could be brought to her flat instead, now that she is at home all day.",
        "Forgive the long letter: English is not my first language and I wanted to be clear about everything.",
        "You may call me after six in the evening, or write at any hour, which I would prefer.",
        "Last year a similar thing happened with boots from another shop, and it took them a month to answer.",
        "So I would be glad about any honest word, even if it is not the one that I hope for.",
    ] {
        if text.len() + more.len() > 1_900 {
            break;
        }
        text.push_str(more);
        text.push(' ');
    }
    text.push_str("\n\nPlease tell me where my parcel is, or refund the money.\n\nKind regards\nMary Walker\n");
    text
}

/// A raw mail like [`body`], different for every number.
#[must_use]
pub fn raw(number: usize) -> Vec<u8> {
    format!(
        "From: Mary Walker <mary.walker{number}@example.com>\r\nTo: support@bench.example\r\nSubject: Where is my order {number}?\r\n\
         Message-ID: <bench-{number}@example.com>\r\nDate: Fri, 20 Nov 2026 09:30:00 +0000\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\r\n{}",
        body().replace('\n', "\r\n")
    )
    .into_bytes()
}
