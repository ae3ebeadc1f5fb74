//! Signing in to mailboxes with OAuth2, and what `doctor` says about them.

use crate::host::{ACME, Host};
use posthouse_servers::{Certificate, Dovecot, ForwardProxy, SignInServer};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpStream, UdpSocket};
use std::process::Stdio;

const USER: &str = "support@acme.example";

/// The tenant `acme`, fetching from there with tokens of the sign-in server. `more` goes into `[mailbox.oauth]`.
fn host(server: &SignInServer, imap_port: u16, more: &str) -> Host {
    let host = Host::new();
    let oauth = format!(
        "oauth = {{ client_id = \"{}\", refresh_token = {{ secret = \"token\" }}, token_url = \"{}\", authorize_url = \"{}\", \
         scopes = [\"mail\", \"offline_access\"]{more} }}\n\
         imap = {{ host = \"127.0.0.1\", port = {imap_port}, security = \"plain\", user = \"{USER}\" }}\n",
        SignInServer::CLIENT,
        server.url("/token"),
        server.url("/authorize"),
    );
    host.write("acme/tenant.toml", ACME.replace("maildir = { path = \"mail/acme\" }\n", &oauth));
    let applied = host.run(&["tenant", "apply", "acme"]).ok();
    assert!(applied.err.contains("the secret `token` has no value yet"), "{}", applied.err);
    host
}

fn device(server: &SignInServer) -> String {
    format!(", device_url = \"{}\"", server.url("/device"))
}

/// One line of `doctor` and what stands beneath it.
fn about(out: &str, what: &str) -> String {
    let from = out.find(what).unwrap_or_else(|| panic!("{what} is not in {out}"));
    let rest = &out[from..];
    rest.split("\n  ok  ").next().unwrap().split("\n  BAD ").next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_on_another_device_signs_in_and_doctor_sees_it() {
    let server = SignInServer::start(USER).await;
    let Some(dovecot) = Dovecot::start_with_tokens(&server.url("/introspect?token=")) else { return };
    let host = host(&server, dovecot.imap_port(), &device(&server));
    let before = host.run(&["doctor"]).problem();
    assert!(before.out.contains("run `posthouse mailbox sign-in acme support`"), "{}", before.out);

    server.agree_after(1);
    let signed_in = host.run(&["mailbox", "sign-in", "acme", "support"]).ok();
    assert!(signed_in.out.contains("open  https://sign-in.example/device\nenter WDJB-MJHT\n"), "{}", signed_in.out);
    assert!(signed_in.out.ends_with("signed in; kept token of acme, encrypted\n"), "{}", signed_in.out);
    let list = host.run(&["secret", "list", "acme", "--json"]).ok().json();
    assert_eq!((&list[0]["origin"], &list[0]["hosts"]), (&"store".into(), &serde_json::json!(["127.0.0.1"])));

    let well = host.run(&["doctor", "--steps"]);
    let steps = about(&well.out, "mailbox support, in");
    for step in [
        "connect",
        "sign-in: accepted",
        "folder: INBOX holds 0 messages",
        "idle: tells of news at once",
        "sent folder: Sent",
    ] {
        assert!(steps.contains(&format!("ok  {step}")), "{step} in {}", well.out);
    }
    let json = host.run(&["doctor", "--json"]).json();
    let found = json.as_array().unwrap().iter().find(|f| f["what"] == "mailbox support, in").unwrap();
    assert_eq!((&found["ok"], &found["steps"][0]["name"]), (&true.into(), &"connect".into()), "{found:#}");

    // A replaced token is kept by whoever renews, and is what the next one uses.
    server.rotate();
    assert!(host.run(&["doctor"]).out.contains("ok  mailbox support, in"));
    assert!(host.run(&["doctor"]).out.contains("ok  mailbox support, in"));

    server.refuse("invalid_grant", "AADSTS700082: The refresh token has expired due to inactivity.");
    let revoked = host.run(&["doctor"]).problem();
    let words = about(&revoked.out, "mailbox support, in");
    assert!(words.contains("AADSTS700082") && words.contains("→ the sign-in has lapsed"), "{words}");
    assert!(words.contains("ok  connect"), "what went well before is shown: {words}");
    assert!(server.log().iter().all(|line| !line.starts_with("BAD")), "{:?}", server.log());
}

/// GETs an address on loopback; the whole answer.
fn visit(url: &str) -> String {
    let (authority, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(authority).unwrap();
    stream.write_all(format!("GET /{path} HTTP/1.1\r\nHost: {authority}\r\n\r\n").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_signs_in_where_there_are_no_codes() {
    let server = SignInServer::start(USER).await;
    let host = host(&server, 1, "");
    let mut command = host.command(&["mailbox", "sign-in", "acme", "support"]);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let url = lines.by_ref().map(Result::unwrap).find(|line| line.starts_with("http://")).unwrap();
    let sent_on = visit(&url);
    let to = sent_on.lines().find_map(|line| line.strip_prefix("Location: ")).unwrap_or_else(|| panic!("{sent_on}"));
    assert!(visit(to.trim()).contains("Signed in"));
    assert_eq!(lines.next().unwrap().unwrap(), "signed in; kept token of acme, encrypted");
    assert!(child.wait().unwrap().success());
    assert_eq!(server.log(), ["exchange"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_in_the_way_of_a_sign_in_is_said_before_anybody_is_troubled() {
    let server = SignInServer::start(USER).await;
    let mut host = host(&server, 1, &device(&server));
    let unknown = host.run(&["mailbox", "sign-in", "acme", "sales"]).problem();
    assert!(unknown.err.contains("`acme` has no mailbox `sales`"), "{}", unknown.err);
    host.set("POSTHOUSE_SECRET_ACME_TOKEN", "value");
    let elsewhere = host.run(&["mailbox", "sign-in", "acme", "support"]).problem();
    assert!(elsewhere.words().contains("stands in the environment or in a file"), "{}", elsewhere.err);
    let plain = Host::with_acme();
    let without = plain.run(&["mailbox", "sign-in", "acme", "support"]).problem();
    assert!(without.words().contains("give it a table [mailbox.oauth]"), "{}", without.err);
    assert_eq!(server.log(), [""; 0], "nobody was asked");
}

/// A name server that knows nothing: every name is said not to exist.
fn name_server() -> (String, std::thread::JoinHandle<()>, std::sync::Arc<std::sync::atomic::AtomicBool>) {
    use std::sync::atomic::{AtomicBool, Ordering};
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(std::time::Duration::from_millis(100))).unwrap();
    let address = socket.local_addr().unwrap().to_string();
    let done = std::sync::Arc::new(AtomicBool::new(false));
    let ends = std::sync::Arc::clone(&done);
    let thread = std::thread::spawn(move || {
        let mut packet = [0; 1_500];
        while !ends.load(Ordering::SeqCst) {
            let Ok((length, from)) = socket.recv_from(&mut packet) else { continue };
            // Header and question as they came, as an answer: no such name, and nothing but the question in it.
            let end = 12 + packet[12..length].iter().position(|&byte| byte == 0).unwrap() + 5;
            packet[2] |= 0x80;
            packet[3] = 0x83;
            packet[6..12].fill(0);
            socket.send_to(&packet[..end], from).unwrap();
        }
    });
    (address, thread, done)
}

#[test]
fn doctor_looks_at_the_domain_by_dns_and_says_when_there_is_none() {
    let host = Host::new();
    let smtp = "smtp = { host = \"127.0.0.1\", port = 1, security = \"plain\" }\n";
    let acme = ACME.replace("files = { path = \"out/acme\" }\n", smtp).replace("acme.example", "acme-outdoor.com");
    host.write("acme/tenant.toml", acme);
    host.run(&["tenant", "apply", "acme"]).ok();
    let (address, thread, done) = name_server();
    let looked = host.run(&["doctor", "--dns", &address]).problem();
    let spf = about(&looked.out, "mailbox support, SPF of acme-outdoor.com");
    assert!(spf.contains("does not say who may send for it"), "{}", looked.out);
    assert!(spf.contains("→ add a TXT record to acme-outdoor.com: \"v=spf1 mx ~all\""), "{spf}");
    assert!(looked.out.contains("mailbox support, DMARC of acme-outdoor.com: "), "{}", looked.out);
    done.store(true, std::sync::atomic::Ordering::SeqCst);
    thread.join().unwrap();

    // Nothing listens there any more.
    let away = host.run(&["doctor", "--dns", &address]).problem();
    let skipped = about(&away.out, "mailbox support, DNS of acme-outdoor.com");
    assert!(skipped.contains("were skipped, for want of DNS"), "{}", away.out);
    let off = host.run(&["doctor", "--no-dns"]).problem();
    assert!(!off.out.contains("acme-outdoor.com:"), "{}", off.out);
}

/// The only way to the provider is the company's proxy, and the provider's certificate is the company's own: both stand in posthouse.toml,
/// and hold for the code and for the look whether it was entered.
#[tokio::test(flavor = "multi_thread")]
async fn sign_in_servers_are_reached_as_the_host_is_set_up() {
    let certificate = Certificate::for_names(&["login.example"]);
    let server = SignInServer::start_with_tls(USER, &certificate).await;
    let proxy = ForwardProxy::start(&[("login.example:443", server.port())]).await;
    let host = Host::new();
    let acme = host_toml(1, "https://login.example/token", "https://login.example/device");
    host.write("acme/tenant.toml", acme);
    host.run(&["tenant", "apply", "acme"]).ok();
    server.agree_after(0);
    let straight = host.run(&["mailbox", "sign-in", "acme", "support"]).problem();
    assert!(straight.words().contains("cannot be reached") && proxy.asked().is_empty(), "{}", straight.err);

    let network = format!("data_dir = \"data\"\n[network]\nproxy = \"{}\"\n", proxy.url());
    host.write("posthouse.toml", &network);
    let unknown = host.run(&["mailbox", "sign-in", "acme", "support"]).problem();
    assert!(unknown.words().to_lowercase().contains("certificate"), "{}", unknown.err);
    assert_eq!((server.log(), proxy.asked().is_empty()), (vec![], false));

    host.write("ca.pem", &certificate.authority_pem);
    host.write("posthouse.toml", format!("{network}ca_file = \"ca.pem\"\n"));
    let signed_in = host.run(&["mailbox", "sign-in", "acme", "support"]).ok();
    assert!(signed_in.out.ends_with("signed in; kept token of acme, encrypted\n"), "{}", signed_in.out);
    assert_eq!(server.log(), ["device", "look"]);
    assert!(proxy.asked().iter().all(|host| host == "login.example:443"), "{:?}", proxy.asked());

    host.write("posthouse.toml", "data_dir = \"data\"\n[network]\nproxy = \"no address\"\n");
    let bad = host.run(&["mailbox", "sign-in", "acme", "support"]).problem();
    assert!(bad.words().contains("network.proxy") || bad.words().contains("proxy's address"), "{}", bad.err);
}

fn host_toml(imap_port: u16, token_url: &str, device_url: &str) -> String {
    let oauth = format!(
        "oauth = {{ client_id = \"{}\", refresh_token = {{ secret = \"token\" }}, token_url = \"{token_url}\", \
         device_url = \"{device_url}\", scopes = [\"mail\", \"offline_access\"] }}\n\
         imap = {{ host = \"127.0.0.1\", port = {imap_port}, security = \"plain\", user = \"{USER}\" }}\n",
        SignInServer::CLIENT,
    );
    ACME.replace("maildir = { path = \"mail/acme\" }\n", &oauth)
}
