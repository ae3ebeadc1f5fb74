//! Mails for the bench, made here so that a run needs no data from elsewhere.

/// A customer's mail of about 2 kB: what a long complaint is.
#[must_use]
pub fn body() -> String {
    let mut text = String::from(
        "Hello,\n\nI ordered a winter coat on 2026-10-28, order number 1042-88317, and paid 129.90 EUR by card. Your shop \
         said five to seven days. The tracking number 1Z999AA10123456784 has not moved for nine days now and the carrier \
         only says that the parcel is in customs.\n\n",
    );
    let more = [
        "I wrote to your chat on Tuesday and was told to wait, which I did, and nothing has happened since then.",
        "The coat was meant as a present for my sister, who travels on Friday, so the date matters a great deal to me.",
        "If there is a form to fill in or a duty to pay, please tell me which one and where I can find it.",
        "I have bought from you three times before and was always content with how quickly things came.",
    ];
    let mut turn = 0;
    while text.len() < 1_800 {
        text.push_str(more[turn % more.len()]);
        text.push(' ');
        turn += 1;
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
