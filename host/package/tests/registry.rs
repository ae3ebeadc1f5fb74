//! Packages in a real registry.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use posthouse_package::registry::{OciAddress, Registry, RegistryError, RegistryOptions};
use posthouse_package::signing::{TrustedKey, generate_key, sign};
use posthouse_package::{Digest, Package, PackageBuilder};
use posthouse_servers::Registry as Server;
use std::fs;
use std::time::Duration;

const MANIFEST: &str = r#"id = "example/sorter"
version = "0.1.0"
world = "router"
api = "1.0"
summary = "Sorts."
authors = ["Ada"]
license = "MIT"
"#;

fn package(readme: &str) -> Package {
    let start = PackageBuilder::new().manifest(MANIFEST).component(&b"\0asm\x0d\0\x01\0"[..]);
    start.readme(readme).licence("MIT").build().unwrap()
}

/// One that takes several pieces to send.
fn large() -> Package {
    let mut state = 1_u64;
    let mut noise = b"\0asm\x0d\0\x01\0".to_vec();
    while noise.len() < 10 << 20 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        noise.extend(&(state >> 16).to_le_bytes()[..4]);
    }
    PackageBuilder::new().manifest(MANIFEST).component(noise).readme("r").licence("MIT").build().unwrap()
}

fn address(server: &Server, rest: &str) -> OciAddress {
    format!("{}/{rest}", server.address()).parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_package_is_pushed_and_pulled_by_tag_and_by_digest() {
    let Some(server) = Server::start() else { return };
    let registry = Registry::default();
    let key = generate_key(None).unwrap();
    let first = sign(&package("first"), &key.secret, None, "").unwrap();
    let tag = address(&server, "team/sorter:0.1.0");
    let resolved = registry.push(&tag, &first).await.unwrap();

    let pulled = registry.pull(&tag).await.unwrap();
    assert_eq!((&pulled.package, pulled.resolved), (&first, resolved));
    assert_eq!(pulled.file, first.write().unwrap());
    pulled.package.verify(&[TrustedKey::parse(&key.public).unwrap()]).unwrap();

    // The tag moves on; the digest stays.
    let second = package("second");
    assert_ne!(registry.push(&tag, &second).await.unwrap(), resolved);
    assert_eq!(registry.pull(&tag).await.unwrap().package, second);
    let fixed = registry.pull(&tag.clone().with_digest(resolved)).await.unwrap();
    assert_eq!((fixed.package, fixed.resolved), (first, resolved));
    assert!(registry.push(&tag.with_digest(resolved), &second).await.is_err());

    let tag = address(&server, "team/large:1");
    registry.push(&tag, &large()).await.unwrap();
    assert_eq!(registry.pull(&tag).await.unwrap().package, large());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_or_was_damaged_is_said() {
    let Some(server) = Server::start() else { return };
    let registry = Registry::default();
    let tag = address(&server, "team/sorter:1");
    assert!(matches!(registry.pull(&tag).await, Err(RegistryError::NotFound { .. })));
    let package = package("r");
    let resolved = registry.push(&tag, &package).await.unwrap();
    assert!(matches!(registry.pull(&address(&server, "team/sorter:2")).await, Err(RegistryError::NotFound { .. })));
    let other = tag.clone().with_digest(Digest::of(b"other"));
    assert!(matches!(registry.pull(&other).await, Err(RegistryError::NotFound { .. })));

    // The registry's disk loses a bit.
    let layer = Digest::of(&package.write().unwrap());
    let file = server.blob_file(&layer.hex());
    let mut bytes = fs::read(&file).unwrap();
    bytes[40] ^= 1;
    fs::write(&file, &bytes).unwrap();
    let error = registry.pull(&tag).await.unwrap_err().to_string();
    assert!(error.to_lowercase().contains("digest"), "{error}");
    // It sends more than it said.
    bytes[40] ^= 1;
    bytes.push(0);
    fs::write(&file, &bytes).unwrap();
    assert!(registry.pull(&tag).await.is_err());
    bytes.pop();
    fs::write(&file, &bytes).unwrap();
    registry.pull(&tag).await.unwrap();

    // The registry's manifest is another one than its digest says.
    let file = server.blob_file(&resolved.hex());
    let text = fs::read_to_string(&file).unwrap().replace("Sorts.", "Sells.");
    fs::write(&file, text).unwrap();
    assert!(registry.pull(&tag.with_digest(resolved)).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_plugin_is_not_taken_for_one() {
    let Some(server) = Server::start() else { return };
    let registry = Registry::default();
    let tag = address(&server, "team/sorter:1");
    let resolved = registry.push(&tag, &package("r")).await.unwrap();
    let file = server.blob_file(&resolved.hex());
    let text = fs::read_to_string(&file).unwrap();
    let layers = &text[text.find("\"layers\":[").unwrap() + 10..text.find(']').unwrap()];
    let mut tried = 0;
    for (from, to, words) in [
        ("vnd.posthouse.plugin.v1", "vnd.example.v1", "not a plugin but `application/vnd.example.v1`"),
        ("package.v1+zip", "package.v2+zip", "package.v2+zip`, not a package"),
        (layers, &format!("{layers},{layers}"), "2 layers"),
        (layers, "", "0 layers"),
        ("\"size\":", "\"size\":99999999", "over the limit of 64 MiB"),
        ("\"size\":", "\"size\":-", "over the limit of 64 MiB"),
    ] {
        let at = text.rfind(from).unwrap();
        let changed = format!("{}{to}{}", &text[..at], &text[at + from.len()..]);
        // Under its own digest, as a registry would have it.
        let digest = put_manifest(&server, "team/sorter", "2", &changed);
        // Some of these the registry itself refuses, which is as good.
        let Some(digest) = digest else { continue };
        tried += 1;
        let error = registry.pull(&address(&server, &format!("team/sorter@{digest}"))).await.unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
    assert!(tried >= 3, "the registry took {tried} manifests only");
}

/// Puts a manifest into the registry as it is; none where the registry refuses it.
fn put_manifest(server: &Server, repository: &str, tag: &str, text: &str) -> Option<Digest> {
    use std::io::{Read as _, Write as _};
    let mut connection = std::net::TcpStream::connect(server.address()).unwrap();
    let request = format!(
        "PUT /v2/{repository}/manifests/{tag} HTTP/1.0\r\nHost: {}\r\nContent-Type: application/vnd.oci.image.manifest.v1+json\r\nContent-Length: {}\r\n\r\n{text}",
        server.address(),
        text.len()
    );
    connection.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    answer.contains(" 201 ").then(|| Digest::of(text.as_bytes()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_that_asks_for_a_user_gets_one() {
    let Some(server) = Server::start_with_password() else { return };
    let tag = address(&server, "team/sorter:1");
    let with = |password: &str| {
        let credentials = Some((server.user().to_owned(), password.to_owned()));
        Registry::new(RegistryOptions { credentials, ..RegistryOptions::default() })
    };
    let package = package("r");
    for registry in [Registry::default(), with("wrong")] {
        assert!(matches!(registry.push(&tag, &package).await, Err(RegistryError::Refused { .. })));
        assert!(matches!(registry.pull(&tag).await, Err(RegistryError::Refused { .. })));
    }
    let registry = with(server.password());
    registry.push(&tag, &package).await.unwrap();
    assert_eq!(registry.pull(&tag).await.unwrap().package, package);
    assert!(!format!("{registry:?}").contains(server.password()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_that_is_not_there_or_does_not_answer_is_said() {
    let tag: OciAddress = format!("127.0.0.1:{}/a:1", posthouse_servers::free_port()).parse().unwrap();
    let error = Registry::default().pull(&tag).await.unwrap_err().to_string();
    assert!(error.to_lowercase().contains("refused"), "{error}");

    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let tag: OciAddress = format!("{}/a:1", silent.local_addr().unwrap()).parse().unwrap();
    let options = RegistryOptions { timeout: Duration::from_millis(300), ..RegistryOptions::default() };
    assert!(Registry::new(options).pull(&tag).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn toward_other_machines_tls_is_spoken() {
    // The name means this machine everywhere, but does not say so: no plain HTTP without being asked.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let tag: OciAddress = format!("0.0.0.0:{port}/a:1").parse().unwrap();
    let heard = std::thread::spawn(move || {
        use std::io::Read as _;
        let mut first = [0; 1];
        listener.accept().unwrap().0.read_exact(&mut first).unwrap();
        first[0]
    });
    let options = RegistryOptions { timeout: Duration::from_secs(5), ..RegistryOptions::default() };
    assert!(Registry::new(options).pull(&tag).await.is_err());
    // The first byte of a TLS handshake.
    assert_eq!(heard.join().unwrap(), 22);
}
