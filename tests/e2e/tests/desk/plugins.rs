//! What an admin does with plugins: hands a package in, tries it on recorded mail, makes it active, takes it back.

use crate::support::{Desk, EVE, LI, letter};
use posthouse_e2e::house::plugins;
use posthouse_package::PackageBuilder;
use std::path::Path;

const MANIFEST: &str = "id = \"falkenau/router\"\nversion = \"9.1.0\"\nworld = \"router\"\napi = \"1.0\"\n\
    summary = \"Routes.\"\nlicense = \"Apache-2.0\"\nauthors = [\"Falkenau\"]\n";
const SCHEMA: &str = r#"{ "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object" }"#;

/// The bundled router as somebody else's package: the same but for a section that nobody reads.
fn write_package(path: &Path) {
    let mut component = std::fs::read(plugins().join("router.wasm")).unwrap();
    component.extend([0, 4, 3, b'n', b'e', b'w']);
    let package = PackageBuilder::new()
        .manifest(MANIFEST.to_owned())
        .file("settings.schema.json", SCHEMA.as_bytes())
        .file("README.md", b"# Router\n".as_slice())
        .file("LICENSE", b"Apache-2.0\n".as_slice())
        .file("plugin.wasm", component)
        .build()
        .unwrap();
    std::fs::write(path, package.write().unwrap()).unwrap();
}

async fn hand_in(desk: &Desk, file: &Path) {
    desk.choose_file("input[name=package]", file).await;
    desk.click(".hand-in button").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_package_goes_from_the_admins_disk_to_the_mail_and_back() {
    let from = "Ana <ana@customer.example>";
    let mail = letter("1", from, "support@falkenau.example", "Parcel", "Where is my parcel? Order FA-2026-48071.");
    let Some(desk) = Desk::open(&["electronics"], false, &[("electronics", mail)], 1).await else { return };
    desk.sign_in("electronics", LI).await;
    desk.goto("/t/electronics/plugins").await;
    desk.until("!document.querySelector('.hand-in')").await;

    desk.sign_in_as_another("electronics", EVE).await;
    desk.goto("/t/electronics/plugins").await;
    let broken = desk.house.path().join("broken.phx");
    std::fs::write(&broken, b"no package").unwrap();
    hand_in(&desk, &broken).await;
    // Nobody reloads the page.
    desk.until("document.querySelector('.upload')?.innerText.includes('broken.phx is no package')").await;

    let package = desk.house.path().join("router-9.1.0.phx");
    write_package(&package);
    hand_in(&desk, &package).await;
    desk.until("document.querySelector('.upload')?.innerText.includes('is release 2 of router')").await;
    desk.until("document.querySelector('[data-part=plugins]').innerText.includes('9.1.0 · installed')").await;
    desk.click(".upload a").await;

    // On the one mail there is it says what the active one says.
    desk.click("form[action$='/replay'] button").await;
    desk.until("document.querySelector('.replay')?.innerText.includes('0 of 1')").await;
    desk.click("form[action$='/activate'] button").await;
    let state = |row: u32, word: &str| {
        format!("document.querySelector('tbody tr:nth-child({row}) td:nth-child(3)')?.innerText.startsWith('{word}')")
    };
    desk.until(&state(1, "active")).await;
    desk.until(&state(2, "retired")).await;
    desk.click("form[action$='/rollback'] button").await;
    desk.until(&state(1, "rolled back")).await;
    desk.until(&state(2, "active")).await;
    assert_eq!(desk.complaints().await, Vec::<String>::new());
    desk.browser.close().await;
}
