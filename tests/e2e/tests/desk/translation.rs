//! A mail and a reply translated by the team's own model, in a real browser, against a provider that looks at each request.

use crate::support::{Desk, LI, letter};
use posthouse_e2e::model::{Provider, Says};

const KEY: &str = "sk-proj-7Qe2ZpX9vLw4TnB8sHd6KfR3yUc1JmGa5EoWi0";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_foreign_mail_is_read_beside_its_translation() {
    let body = "Guten Tag,\n\nwo ist mein Paket? Die Bestellung FA-2026-48071 ist noch nicht bei mir angekommen.\n\nViele Grüße\nAnna";
    let mail = letter("1", "Anna <anna@customer.example>", "support@falkenau.example", "Paket von Anna", body);
    let Some(desk) = Desk::open(&["electronics"], false, &[("electronics", mail)], 1).await else { return };
    let number = desk.ticket("electronics", "Paket von Anna");
    let page = format!("/t/electronics/tickets/{number}");
    desk.sign_in("electronics", LI).await;
    desk.goto(&page).await;
    desk.until("document.querySelector('.reply form[data-ready]')").await;
    assert_eq!(
        desk.value("return document.querySelectorAll('[formaction*=translate], .translate').length").await,
        0,
        "no model"
    );

    let hostile = "<img src=x onerror=\"document.title='owned'\">Hello, where is my parcel?";
    let provider = Provider::start(KEY, Says::Text(hostile.to_owned(), 99_000, 900)).await;
    let settings = desk.house.path().join("electronics/tenant.toml");
    let text = std::fs::read_to_string(&settings).unwrap();
    let model = format!(
        "\n[model]\nbase_url = \"{}\"\nmodel = \"shop-model\"\nkey = {{ secret = \"model_key\" }}\ntokens_per_day = 100000\nplain_http = true\n",
        provider.base_url()
    );
    std::fs::write(&settings, text + &model).unwrap();
    desk.house.run(&["tenant", "apply", "electronics"]);
    let set =
        desk.house.try_run(&["secret", "set", "electronics", "model_key", "--host", "127.0.0.1"], &format!("{KEY}\n"));
    assert!(set.status.success(), "{}", String::from_utf8_lossy(&set.stderr));
    desk.goto(&page).await;
    desk.until("document.querySelector('.translate button')").await;
    provider.hold(true);
    let end = std::time::Instant::now() + std::time::Duration::from_secs(60);
    // The workers may hear of the new set-up a moment later than the page: then it says that there is no model, and one asks again.
    loop {
        desk.click(".translate button").await;
        desk.until(
            "document.querySelector('.letter .translation')?.matches(':has(.trouble):not([data-coming]), :has(.text)')",
        )
        .await;
        let trouble = desk.value("return document.querySelector('.letter .trouble')?.innerText ?? ''").await;
        if trouble.as_str() == Some("") {
            break;
        }
        assert!(trouble.as_str().unwrap().contains("cannot be used"), "{trouble}");
        assert!(std::time::Instant::now() < end, "{trouble}");
    }
    // What is there so far is shown while the rest is still to come.
    assert_eq!(desk.value("return document.querySelectorAll('.letter .translation[data-coming]').length").await, 1);
    let so_far = desk.text(".letter .translation .text").await;
    assert!(so_far.starts_with("<img src=x") && !so_far.contains("parcel"), "{so_far}");
    provider.hold(false);
    desk.until("document.querySelector('.letter .translation')?.matches(':has(.text):not([data-coming])')").await;
    // It came by itself.
    assert!(desk.text(".letter .translation .text").await.contains("where is my parcel?"));
    assert_eq!(desk.value("return document.querySelectorAll('.translation img').length").await, 0);
    assert!(desk.text(".translation .mute").await.contains("Machine translation"));
    let asked = provider.seen()[0].to_string();
    assert!(asked.contains("wo ist mein Paket?") && asked.contains("into English"), "{asked}");

    // Kept, and paid for once.
    desk.goto(&page).await;
    desk.until("document.querySelector('.letter .translation .text')").await;
    assert_eq!(provider.seen().len(), 1);

    // The reply, with a budget that is used up: what was typed is saved, and why is said.
    desk.fill("#body", "Guten Tag Anna, Ihr Paket ist unterwegs.").await;
    desk.click("[formaction*=translate]").await;
    desk.until("document.querySelector('.says .trouble')?.innerText.includes('budget for the model is used up')").await;
    assert_eq!(
        desk.value("return document.querySelector('#body').value").await,
        "Guten Tag Anna, Ihr Paket ist unterwegs."
    );
    assert_eq!(provider.seen().len(), 1, "nobody was asked");
    assert_eq!(provider.refused(), Vec::<String>::new());
    assert_eq!(desk.complaints().await, Vec::<String>::new());
}
