//! The main job against real servers: a customer's mail goes Postfix → Dovecot → host → chat group; an agent follows
//! the card's link in Chromium, signs in, edits, approves; the reply goes Postfix → the customer's mailbox and threads;
//! her answer to it comes back to the same ticket.
#![allow(clippy::expect_used, clippy::unwrap_used)]

use fantoccini::{Client, Locator};
use posthouse_e2e::chat::{Feishu, link_of};
use posthouse_e2e::desk;
use posthouse_e2e::house::House;
use posthouse_e2e::set_up::{MAIL_PASSWORD, SetUp};
use posthouse_mail::read::read_mail;
use posthouse_servers::{Chromium, Dovecot, Postfix};
use std::time::Duration;

const CUSTOMER: &str = "ana.garcia@customer.example";
const SUPPORT: &str = "support@shop.example";
const AGENT: &str = "li@shop.example";
const PASSWORD: &str = "correct horse battery";
const WAIT: Duration = Duration::from_secs(30);

const QUESTION: &str = "From: =?utf-8?Q?Ana_Garc=C3=ADa?= <ana.garcia@customer.example>\r\n\
    To: support@shop.example\r\n\
    Subject: =?utf-8?Q?=C2=BFD=C3=B3nde_est=C3=A1_mi_paquete=3F?=\r\n\
    Message-ID: <question-1@customer.example>\r\n\
    Date: Fri, 20 Nov 2026 09:30:00 +0100\r\n\
    MIME-Version: 1.0\r\n\
    Content-Type: text/plain; charset=utf-8\r\n\
    Content-Transfer-Encoding: 8bit\r\n\
    \r\n\
    Hola,\r\n\
    \r\n\
    hice el pedido 1042-8831 hace dos semanas y mi paquete todavía no ha llegado.\r\n\
    ¿Dónde está? Gracias.\r\n\
    \r\n\
    Ana García\r\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_is_triaged_told_reviewed_and_answered() {
    let Some(dovecot) = Dovecot::start() else { return };
    let Some(postfix) = Postfix::start(&dovecot, &["shop.example", "customer.example"]) else { return };
    let Some(chromium) = Chromium::start("en").await else { return };
    let feishu = Feishu::start().await;

    let mut house = House::new(None);
    house.secret("acme", MAIL_PASSWORD, dovecot.password());
    house.secret("acme", "feishu_token", &feishu.token);
    house.secret("acme", "feishu_sign", &feishu.secret);
    write_tenant(&house, &dovecot, &postfix, &feishu);
    house.run(&["tenant", "apply", "acme"]);
    let added = house
        .try_run(&["user", "add", "acme", AGENT, "--role", "agent", "--language", "en", "--password-stdin"], PASSWORD);
    assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
    house.serve().await;

    // A mail comes in, and the group is told.
    postfix.send(CUSTOMER, &[SUPPORT], QUESTION.as_bytes()).await;
    let cards = feishu.wait_for(1).await;
    let card = cards[0].body.to_string();
    assert!(card.contains("Ana García"), "{card}");
    assert!(card.contains("1042-8831"), "the order number was read from the mail: {card}");
    let link = link_of(&cards[0].body["card"]).expect("the card has a link");
    let sealed = link.strip_prefix(&format!("{}/t/acme/r/", house.url())).expect("a link to the ticket");
    let (_, seal) = sealed.rsplit_once('.').unwrap();
    for made_up in [format!("1.99999.{seal}"), sealed.to_uppercase(), sealed[..sealed.len() - 1].to_owned()] {
        let answer = desk::get(house.port(), &format!("/t/acme/r/{made_up}")).await.unwrap();
        assert_eq!(answer.status, 404, "{made_up}");
    }

    // The link leads to the sign-in and from there to exactly that ticket.
    chromium.resize(390, 844).await;
    chromium.goto(&link).await;
    let client = chromium.client();
    type_into(client, "input[name=email]", AGENT).await;
    type_into(client, "input[name=password]", PASSWORD).await;
    // On her own phone she wants to be asked once.
    client.find(Locator::Css("input[name=remember]")).await.unwrap().click().await.unwrap();
    client.find(Locator::Css("form button.solid")).await.unwrap().click().await.unwrap();
    client.wait().at_most(WAIT).for_element(Locator::Css("#body")).await.expect("the ticket opens");
    let ticket = client.current_url().await.unwrap();
    assert!(ticket.path().starts_with("/t/acme/tickets/"), "{ticket}");
    let cookie = client.get_named_cookie("posthouse_session").await.unwrap();
    let until = cookie.expires_datetime().expect("it outlives the browser").unix_timestamp();
    let now = client.execute("return Math.floor(Date.now() / 1000)", vec![]).await.unwrap().as_i64().unwrap();
    assert!(until - now > 29 * 24 * 3_600, "thirty days");
    let page = client.source().await.unwrap();
    assert!(page.contains("¿Dónde está mi paquete?") && page.contains("shipping"), "{page}");

    // She edits and approves.
    let script = "const t = document.querySelector('#body'); t.value = arguments[0]; \
                  t.dispatchEvent(new Event('input', { bubbles: true }));";
    let reply = "Hola Ana:\n\nsu paquete 1042-8831 salió ayer de la aduana y llega el martes.\n\nUn saludo";
    client.execute(script, vec![reply.into()]).await.unwrap();
    let approve = client.find(Locator::Css("button[name=then][value=stay]")).await.unwrap();
    approve.click().await.unwrap();
    client.wait().at_most(WAIT).for_element(Locator::Css("form.undo")).await.expect("the undo bar shows");
    assert_eq!(chromium.complaints().await, Vec::<String>::new(), "nothing was blocked or failed in the browser");

    // The reply reaches the customer, and threads.
    let mut inbox = dovecot.open(CUSTOMER, "INBOX").await;
    let mails = inbox.wait_for(1, WAIT).await;
    let answer = read_mail(&mails[0]);
    assert_eq!(answer.subject, "Re: ¿Dónde está mi paquete?");
    assert_eq!(answer.from.as_ref().map(|a| a.address.as_str()), Some(SUPPORT));
    assert_eq!(answer.in_reply_to, ["question-1@customer.example"]);
    assert_eq!(answer.references, ["question-1@customer.example"]);
    assert!(answer.text.contains("salió ayer de la aduana"), "{}", answer.text);
    assert!(answer.html.is_some(), "text and HTML parts");

    // A copy lies in Sent, once.
    let mut sent = dovecot.open(SUPPORT, "Sent").await;
    let copies = sent.wait_for(1, WAIT).await;
    assert_eq!(read_mail(&copies[0]).message_id, answer.message_id);

    // Her answer comes to the same ticket.
    let again = format!(
        "From: {CUSTOMER}\r\nTo: {SUPPORT}\r\nSubject: Re: =?utf-8?Q?=C2=BFD=C3=B3nde_est=C3=A1_mi_paquete=3F?=\r\n\
         Message-ID: <question-2@customer.example>\r\nIn-Reply-To: <{id}>\r\nReferences: <question-1@customer.example> <{id}>\r\n\
         Date: Sat, 21 Nov 2026 10:00:00 +0100\r\n\r\nAun no ha llegado mi paquete 1042-8831.\r\n",
        id = answer.message_id.as_deref().expect("our mails have a Message-ID")
    );
    postfix.send(CUSTOMER, &[SUPPORT], again.as_bytes()).await;
    let cards = feishu.wait_for(2).await;

    // Three taps: the card, edit, approve.
    chromium.goto(&link_of(&cards[1].body["card"]).expect("the card has a link")).await;
    let edit =
        client.wait().at_most(WAIT).for_element(Locator::Css(".bar .edit")).await.expect("the ticket opens at once");
    assert_eq!(client.current_url().await.unwrap().path(), ticket.path(), "the same ticket");
    edit.click().await.unwrap();
    let body = client.active_element().await.unwrap();
    assert_eq!(body.attr("id").await.unwrap().as_deref(), Some("body"), "she can type at once");
    body.send_keys("Perdone la espera. ").await.unwrap();
    client.find(Locator::Css("button[name=then][value=stay]")).await.unwrap().click().await.unwrap();
    client.wait().at_most(WAIT).for_element(Locator::Css("form.undo")).await.expect("it is approved");
    let mails = inbox.wait_for(2, WAIT).await;
    assert!(read_mail(&mails[1]).text.contains("Perdone la espera."), "{}", read_mail(&mails[1]).text);
    assert_eq!(feishu.refused(), Vec::<String>::new(), "the platform refused nothing");

    // Everything that happened is in an unbroken chain.
    house.run(&["audit", "verify"]);
    chromium.close().await;
}

async fn type_into(client: &Client, selector: &str, text: &str) {
    let field = client.wait().at_most(WAIT).for_element(Locator::Css(selector)).await.expect("the field shows");
    field.send_keys(text).await.unwrap();
}

fn write_tenant(house: &House, dovecot: &Dovecot, postfix: &Postfix, feishu: &Feishu) {
    let set_up = SetUp::new("acme", "Acme", SUPPORT)
        .head("agent_language = \"en\"\ntime_zone = \"Europe/Madrid\"")
        .imap(dovecot.imap_port())
        .smtp(postfix.smtp_port())
        .plugins(&["classifier", "router", "drafter", "checker"])
        .feishu(&feishu.base_url)
        .undo_seconds(1);
    let folder = house.path().join("acme");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("tenant.toml"), set_up.toml()).unwrap();
}
