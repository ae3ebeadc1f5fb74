//! The team's settings in a browser: set, in force, refused to a folder that does not know of them, exported and applied again.

use crate::support::{Desk, EVE};

const AT: &str = "/t/electronics/settings";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_set_on_the_desk_goes_into_the_folder_and_back() {
    let Some(desk) = Desk::open(&["electronics"], false, &[], 10).await else { return };
    desk.sign_in("electronics", EVE).await;
    // By hand, with a phone's width.
    desk.browser.resize(360, 780).await;
    desk.goto(&format!("{AT}/review")).await;
    desk.fill("[name=undo]", "45").await;
    desk.click(".form .solid").await;
    desk.until("document.querySelector('.notices .note')?.innerText.includes('Saved.')").await;
    desk.goto(&format!("{AT}/hours")).await;
    desk.fill("[name='hours:sat']", "10:00-14:00").await;
    desk.fill("[name='market:Amazon']", "24").await;
    desk.value("const c = document.querySelector('[name=country]'); c.value = 'DE'").await;
    desk.click(".form .solid").await;
    desk.until("document.querySelector('.notices .note')?.innerText.includes('Saved.')").await;
    // The browser itself refuses what is out of range before anything is sent.
    desk.goto(&format!("{AT}/review")).await;
    desk.fill("[name=undo]", "601").await;
    desk.click(".form .solid").await;
    assert_eq!(desk.value("return document.querySelector('[name=undo]').validity.rangeOverflow").await, true);
    // A mailbox of folders is looked at by a worker, and what it finds shows itself.
    desk.goto(&format!("{AT}/mailboxes")).await;
    desk.click(".trial button").await;
    desk.until("document.querySelectorAll('.finding').length === 2 && !document.querySelector('.finding.bad')").await;

    let house = &desk.house;
    // The folder does not know of it.
    let refused = house.try_run(&["tenant", "apply", "electronics"], "");
    assert!(!refused.status.success());
    let words = String::from_utf8_lossy(&refused.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
    for piece in [
        &format!("{EVE} set this on the desk, which this folder would change: review.undo_seconds 45 → 10"),
        "plugin router settings.hours",
        "tenant.toml:",
        "replace it with --replace-desk",
    ] {
        assert!(words.contains(piece), "{piece}: {words}");
    }
    house.run(&["tenant", "export", "electronics", "copy"]);
    let text = std::fs::read_to_string(house.path().join("copy/tenant.toml")).unwrap();
    assert!(text.contains("undo_seconds = 45"), "{text}");
    let router = std::fs::read_to_string(house.path().join("copy/settings/router.json")).unwrap();
    assert!(router.contains("\"Amazon\"") && router.contains("-10-03"), "{router}");
    let said = |out: std::process::Output| String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(said(house.try_run(&["tenant", "apply", "copy"], "")).contains("nothing to change"));
    // From now on the folder has it, and another folder is as good as any.
    assert!(house.try_run(&["tenant", "apply", "electronics"], "").status.success());
    desk.goto(&format!("{AT}/review")).await;
    assert_eq!(desk.value("return document.querySelector('[name=undo]').value").await, "10");
    // What is set again gives way where that is meant.
    desk.fill("[name=undo]", "50").await;
    desk.click(".form .solid").await;
    desk.until("document.querySelector('.notices .note')?.innerText.includes('Saved.')").await;
    assert!(!house.try_run(&["tenant", "apply", "electronics"], "").status.success());
    assert!(house.try_run(&["tenant", "apply", "electronics", "--replace-desk"], "").status.success());
    assert_eq!(desk.complaints().await, Vec::<String>::new());
    desk.browser.close().await;
}
