//! An admin signs in to a mailbox with her browser: over the provider's pages and back, without a script or a reload of hers.

use crate::support::{Desk, EVE};
use crate::widths::look;
use posthouse_servers::SignInServer;

const USER: &str = "office@falkenau.example";

/// A mailbox whose provider's pages are on another site than the desk.
fn mailbox(server: &SignInServer) -> String {
    let pages = server.url("/authorize").replace("127.0.0.1", "localhost");
    format!(
        "\n[[mailbox]]\nname = \"office\"\naddress = \"{USER}\"\nfiles = {{ path = \"out/office\" }}\n\
         imap = {{ host = \"127.0.0.1\", port = 1, security = \"plain\", user = \"{USER}\" }}\n\
         [mailbox.oauth]\nclient_id = \"{}\"\nrefresh_token = {{ secret = \"office_token\" }}\ntoken_url = \"{}\"\n\
         authorize_url = \"{pages}\"\ndevice_url = \"{}\"\nscopes = [\"mail\", \"offline_access\"]\n",
        SignInServer::CLIENT,
        server.url("/token"),
        server.url("/device"),
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_admin_signs_in_to_a_mailbox_with_her_browser() {
    let server = SignInServer::start(USER).await;
    let Some(desk) = Desk::open(&["electronics"], false, &[], 1).await else { return };
    let settings = desk.house.path().join("electronics/tenant.toml");
    let text = std::fs::read_to_string(&settings).unwrap();
    std::fs::write(&settings, text + &mailbox(&server)).unwrap();
    desk.house.run(&["tenant", "apply", "electronics"]);
    let registered = format!("{}/oauth/callback", desk.house.url());
    server.register(&registered);

    desk.sign_in("electronics", EVE).await;
    desk.browser.resize(360, 780).await;
    let mut wrong = Vec::new();
    for language in ["en", "zh", "en"] {
        if desk.value("return document.documentElement.lang.slice(0, 2)").await != language {
            desk.goto("/t/electronics/tickets").await;
            desk.click("button[name=language]").await;
            desk.until(&format!("document.documentElement.lang.startsWith('{language}')")).await;
        }
        desk.goto("/t/electronics/status").await;
        look(&desk, &mut wrong, &format!("status, {language}"), true).await;
    }
    assert_eq!(wrong, Vec::<String>::new());
    desk.until(&format!("document.body.innerText.includes('comes back to {registered}')")).await;

    let button = "form[action$='/status/sign-in/browser'] button";
    server.decline("access_denied", "AADSTS65004: User declined to consent");
    desk.click(button).await;
    desk.until(
        "document.body.innerText.includes('The sign-in was refused; the reason stands with the mailbox below.')",
    )
    .await;
    desk.until("document.body.innerText.includes('AADSTS65004: User declined to consent → nobody has agreed')").await;
    assert_eq!(desk.here().await, "/t/electronics/status?sign-in=refused");

    server.accept();
    desk.click(button).await;
    // Over the provider's page and back, and then nobody reloads the page.
    desk.until("document.body.innerText.includes('signed in 20')").await;
    desk.until("location.pathname === '/t/electronics/status' && !location.search.includes('code')").await;
    assert_eq!(server.log(), ["exchange"], "{:?}", server.log());
    let secrets = desk.house.json(&["secret", "list", "electronics", "--json"]);
    let kept = secrets.as_array().unwrap().iter().find(|secret| secret["name"] == "office_token").unwrap();
    assert_eq!((&kept["origin"], &kept["hosts"]), (&"store".into(), &serde_json::json!(["127.0.0.1"])));

    assert_eq!(desk.complaints().await, Vec::<String>::new());
    desk.browser.close().await;
}
