#![allow(clippy::unwrap_used, clippy::expect_used)]
use super::*;
use crate::submit::Unrecorded;
use posthouse_model::outbox::SubmitOutcome;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::net::TcpListener;

/// What the scripted server does when the client says a line that begins so. First match, used once.
enum Act {
    /// Answers.
    Say(&'static str),
    /// Hangs up.
    Break,
    /// Never answers.
    Hang,
}
use Act::{Break, Hang, Say};

/// One session: greets, then answers by script; what the script does not name is answered kindly. Gives back all that
/// the client said.
async fn serve(listener: TcpListener, greeting: &'static str, script: Vec<(&'static str, Act)>) -> String {
    let (stream, _) = listener.accept().await.unwrap();
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read);
    let mut script = script;
    let mut heard = String::new();
    write.write_all(greeting.as_bytes()).await.unwrap();
    let mut in_data = false;
    loop {
        let mut line = String::new();
        if read.read_line(&mut line).await.unwrap_or(0) == 0 {
            return heard;
        }
        heard.push_str(&line);
        let line = line.trim_end();
        if in_data && line != "." {
            if let Some(at) = script.iter().position(|(begin, _)| *begin == "(mid data)") {
                script.remove(at);
                return heard;
            }
            continue;
        }
        let found = script.iter().position(|(begin, _)| line.starts_with(begin));
        let answer = match found.map(|at| script.remove(at).1) {
            Some(Say(words)) => words,
            Some(Break) => return heard,
            Some(Hang) => {
                let mut rest = Vec::new();
                let _ = read.read_to_end(&mut rest).await;
                return heard;
            }
            None => match line {
                "." => "250 2.0.0 queued as 123",
                "DATA" => "354 go on",
                "QUIT" => "221 bye",
                _ if line.starts_with("EHLO") => {
                    "250-test\r\n250-8BITMIME\r\n250-AUTH PLAIN LOGIN XOAUTH2\r\n250 SMTPUTF8"
                }
                _ if line.starts_with("AUTH") => "235 welcome",
                _ => "250 ok",
            },
        };
        in_data = line == "DATA" && answer.starts_with('3');
        write.write_all(format!("{answer}\r\n").as_bytes()).await.unwrap();
        if line == "QUIT" {
            return heard;
        }
    }
}

const RAW: &[u8] =
    b"From: s@shop.example\r\nMessage-ID: <1@shop.example>\r\nSubject: x\r\n\r\nline\n.dot at start\r\nlast";

struct Try {
    outcomes: Vec<SubmitOutcome>,
    heard: String,
}

async fn try_with(greeting: &'static str, script: Vec<(&'static str, Act)>, auth: Option<Auth>) -> Try {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut config = SmtpConfig::new("127.0.0.1", listener.local_addr().unwrap().port(), Security::Plain, auth);
    config.timeouts = Timeouts {
        connect: Duration::from_secs(5),
        command: Duration::from_millis(400),
        data: Duration::from_millis(400),
    };
    let server = tokio::spawn(serve(listener, greeting, script));
    let envelope = Envelope {
        from: Some("s@shop.example".into()),
        recipients: vec!["ana@x.example".into(), "bob@x.example".into()],
    };
    let submission = SmtpSubmitter::new(config).submit(&envelope, RAW, &Unrecorded).await;
    assert_eq!(submission.recipients[0].address, "ana@x.example");
    Try { outcomes: submission.recipients.into_iter().map(|r| r.outcome).collect(), heard: server.await.unwrap() }
}

async fn outcomes(script: Vec<(&'static str, Act)>) -> Vec<SubmitOutcome> {
    try_with("220 hi\r\n", script, None).await.outcomes
}

fn kinds(outcomes: &[SubmitOutcome]) -> Vec<&'static str> {
    outcomes
        .iter()
        .map(|o| match o {
            SubmitOutcome::Accepted { .. } => "accepted",
            SubmitOutcome::Deferred { .. } => "deferred",
            SubmitOutcome::Refused { .. } => "refused",
            SubmitOutcome::Uncertain { .. } => "uncertain",
        })
        .collect()
}

#[tokio::test]
async fn a_mail_is_accepted_and_comes_over_whole() {
    let tried = try_with("220 hi\r\n", vec![], None).await;
    assert_eq!(kinds(&tried.outcomes), ["accepted", "accepted"]);
    assert_eq!(tried.outcomes[0].words(), "250 2.0.0 queued as 123");
    assert!(
        tried
            .heard
            .contains("MAIL FROM:<s@shop.example>\r\nRCPT TO:<ana@x.example>\r\nRCPT TO:<bob@x.example>\r\nDATA\r\n")
    );
    assert!(tried.heard.contains("\r\n\r\nline\r\n..dot at start\r\nlast\r\n.\r\nQUIT\r\n"), "{:?}", tried.heard);
}

#[tokio::test]
async fn each_recipient_has_its_own_answer() {
    let got = outcomes(vec![("RCPT TO:<ana", Say("451 4.7.1 greylisted, try later"))]).await;
    assert_eq!(kinds(&got), ["deferred", "accepted"]);
    assert_eq!(got[0].words(), "451 4.7.1 greylisted, try later");

    let got = outcomes(vec![("RCPT TO:<bob", Say("550 5.1.1 no such user"))]).await;
    assert_eq!(kinds(&got), ["accepted", "refused"]);
    assert_eq!(got[1].words(), "550 5.1.1 no such user");

    let tried =
        try_with("220 hi\r\n", vec![("RCPT TO:<ana", Say("450 busy")), ("RCPT TO:<bob", Say("550 no"))], None).await;
    assert_eq!(kinds(&tried.outcomes), ["deferred", "refused"]);
    assert!(!tried.heard.contains("DATA"), "nothing is sent to nobody");
}

#[tokio::test]
async fn refusals_of_the_whole_mail_count_for_all() {
    assert_eq!(kinds(&outcomes(vec![("MAIL", Say("550 5.7.1 not from here"))]).await), ["refused", "refused"]);
    assert_eq!(kinds(&outcomes(vec![("MAIL", Say("452 disk full"))]).await), ["deferred", "deferred"]);
    assert_eq!(kinds(&outcomes(vec![("DATA", Say("554 no"))]).await), ["refused", "refused"]);
    assert_eq!(kinds(&outcomes(vec![("DATA", Say("451 later"))]).await), ["deferred", "deferred"]);
    let got = outcomes(vec![("RCPT TO:<ana", Say("550 unknown")), (".", Say("554 5.7.1 spam"))]).await;
    assert_eq!(kinds(&got), ["refused", "refused"]);
    assert_eq!((got[0].words(), got[1].words()), ("550 unknown", "554 5.7.1 spam"));
    assert_eq!(kinds(&outcomes(vec![(".", Say("452 later"))]).await), ["deferred", "deferred"]);
}

#[tokio::test]
async fn a_break_after_the_final_dot_is_uncertain() {
    let got = outcomes(vec![("RCPT TO:<ana", Say("550 unknown")), (".", Break)]).await;
    assert_eq!(kinds(&got), ["refused", "uncertain"], "{got:?}");
    assert!(got[1].words().contains("after the whole message was sent"), "{got:?}");
    assert_eq!(kinds(&outcomes(vec![(".", Hang)]).await), ["uncertain", "uncertain"]);
    assert_eq!(kinds(&outcomes(vec![(".", Say("garbage"))]).await), ["uncertain", "uncertain"]);
    assert_eq!(kinds(&outcomes(vec![(".", Say("354 what?"))]).await), ["uncertain", "uncertain"]);
}

#[tokio::test]
async fn a_break_before_the_final_dot_is_deferred() {
    for (begin, act) in [
        ("EHLO", Break),
        ("MAIL", Break),
        ("MAIL", Hang),
        ("RCPT TO:<ana", Break),
        ("RCPT TO:<bob", Break),
        ("RCPT TO:<bob", Hang),
        ("RCPT TO:<bob", Say("421 closing")),
        ("DATA", Break),
        ("DATA", Hang),
    ] {
        let got = outcomes(vec![(begin, act)]).await;
        assert_eq!(kinds(&got), ["deferred", "deferred"], "{begin}: {got:?}");
    }
}

/// A message too large for the buffers between the two: the server is gone before its end can be written.
#[tokio::test]
async fn a_break_within_the_message_is_deferred() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let config = SmtpConfig::new("127.0.0.1", listener.local_addr().unwrap().port(), Security::Plain, None);
    let server = tokio::spawn(serve(listener, "220 hi\r\n", vec![("(mid data)", Break)]));
    let envelope = Envelope { from: None, recipients: vec!["ana@x.example".into()] };
    let raw = [RAW, &b"0123456789abcdef\r\n".repeat(2_000_000)].concat();
    let got = SmtpSubmitter::new(config).submit(&envelope, &raw, &Unrecorded).await;
    assert_eq!(kinds(&[got.recipients[0].outcome.clone()]), ["deferred"], "{got:?}");
    assert!(server.await.unwrap().contains("MAIL FROM:<>"));
}

#[tokio::test]
async fn a_session_that_does_not_come_about_is_deferred() {
    let refused = try_with("554 go away\r\n", vec![], None).await;
    assert_eq!(kinds(&refused.outcomes), ["deferred", "deferred"]);
    assert!(refused.outcomes[0].words().contains("554 go away"), "{:?}", refused.outcomes);
    let auth = Some(Auth::Password { username: "u".into(), password: net::Secret::new("p") });
    let refused = try_with("220 hi\r\n", vec![("AUTH", Say("535 5.7.8 bad credentials"))], auth.clone()).await;
    assert_eq!(kinds(&refused.outcomes), ["deferred", "deferred"]);
    assert!(refused.outcomes[0].words().contains("535 5.7.8 bad credentials"), "{:?}", refused.outcomes);
    let accepted = try_with("220 hi\r\n", vec![], auth).await;
    assert_eq!(kinds(&accepted.outcomes), ["accepted", "accepted"]);
    assert!(accepted.heard.contains("AUTH PLAIN"));
    let token = Some(Auth::OAuth2 { username: "u".into(), tokens: net::Tokens::fixed(net::Secret::new("t")) });
    assert!(try_with("220 hi\r\n", vec![], token).await.heard.contains("AUTH XOAUTH2"));

    let config = SmtpConfig::new("127.0.0.1", 1, Security::Plain, None);
    let envelope = Envelope { from: None, recipients: vec!["a@x.example".into()] };
    let got = SmtpSubmitter::new(config.clone()).submit(&envelope, RAW, &Unrecorded).await;
    assert_eq!(kinds(&[got.recipients[0].outcome.clone()]), ["deferred"]);
    let report = probe(&config).await;
    assert_eq!(report.first_failure().unwrap().name, "connect");
    let config = SmtpConfig::new("192.0.2.1", 25, Security::Plain, None);
    let got = SmtpSubmitter::new(config).submit(&envelope, RAW, &Unrecorded).await;
    assert!(got.recipients[0].outcome.words().contains("only allowed to a loopback address"));
}

#[tokio::test]
async fn addresses_that_are_none_are_refused_alone() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let config = SmtpConfig::new("127.0.0.1", listener.local_addr().unwrap().port(), Security::Plain, None);
    let server = tokio::spawn(serve(listener, "220 hi\r\n", vec![]));
    let recipients = ["nobody", "a@x.example>\r\nRCPT TO:<evil@x.example", "köbes@bücher.example", "ok@x.example"];
    let envelope = Envelope { from: None, recipients: recipients.map(str::to_owned).to_vec() };
    let got = SmtpSubmitter::new(config).submit(&envelope, RAW, &Unrecorded).await;
    let got: Vec<SubmitOutcome> = got.recipients.into_iter().map(|r| r.outcome).collect();
    assert_eq!(kinds(&got), ["refused", "refused", "accepted", "accepted"]);
    let heard = server.await.unwrap();
    assert!(!heard.contains("evil") && heard.contains("RCPT TO:<köbes@xn--bcher-kva.example>"), "{heard}");
    assert!(heard.contains("SMTPUTF8"));
}

#[tokio::test]
async fn starttls_is_demanded() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let config = SmtpConfig::new("127.0.0.1", listener.local_addr().unwrap().port(), Security::StartTls, None);
    let server = tokio::spawn(serve(listener, "220 hi\r\n", vec![]));
    let envelope = Envelope { from: None, recipients: vec!["a@x.example".into()] };
    let got = SmtpSubmitter::new(config).submit(&envelope, RAW, &Unrecorded).await;
    assert!(got.recipients[0].outcome.words().contains("does not offer STARTTLS"), "{got:?}");
    assert!(!server.await.unwrap().contains("MAIL"));
}

/// Answers as it is told, and counts how often it was asked.
#[derive(Default)]
struct Record {
    refuses: Option<&'static str>,
    asked: std::sync::atomic::AtomicUsize,
}

#[async_trait]
impl Handover for Record {
    async fn hand_over(&self) -> Result<(), String> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.refuses.map_or(Ok(()), |why| Err(why.to_owned()))
    }
}

async fn recorded(record: &Record, script: Vec<(&'static str, Act)>) -> Try {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let config = SmtpConfig::new("127.0.0.1", listener.local_addr().unwrap().port(), Security::Plain, None);
    let server = tokio::spawn(serve(listener, "220 hi\r\n", script));
    let envelope = Envelope { from: None, recipients: vec!["ana@x.example".into()] };
    let submission = SmtpSubmitter::new(config).submit(&envelope, RAW, record).await;
    Try { outcomes: submission.recipients.into_iter().map(|r| r.outcome).collect(), heard: server.await.unwrap() }
}

#[tokio::test]
async fn it_is_put_on_record_when_the_server_waits_for_the_mail_and_not_before() {
    let record = Record::default();
    assert_eq!(kinds(&recorded(&record, vec![]).await.outcomes), ["accepted"]);
    assert_eq!(record.asked.load(Ordering::Relaxed), 1);
    for script in [
        vec![("MAIL", Say("451 later"))],
        vec![("RCPT", Say("550 nobody"))],
        vec![("DATA", Say("452 full"))],
        vec![("DATA", Break)],
    ] {
        let record = Record::default();
        recorded(&record, script).await;
        assert_eq!(record.asked.load(Ordering::Relaxed), 0, "nothing of it can be out");
    }
}

#[tokio::test]
async fn what_may_not_be_handed_over_is_not_sent() {
    let record = Record { refuses: Some("the disk is full"), ..Record::default() };
    let tried = recorded(&record, vec![]).await;
    assert_eq!(tried.outcomes, [SubmitOutcome::Deferred { reason: "the disk is full".to_owned() }]);
    // Not a byte after DATA, not even a good-bye: it would be taken for the mail.
    assert!(tried.heard.ends_with("DATA\r\n"), "{:?}", tried.heard);
}

/// Gives `t1`, and when that was refused `t2`.
#[derive(Default)]
struct Renewing(std::sync::Mutex<Vec<Option<String>>>);

#[async_trait]
impl net::TokenSource for Renewing {
    async fn token(&self, refused: Option<&net::Secret>) -> Result<net::Secret, String> {
        self.0.lock().unwrap().push(refused.map(|secret| secret.reveal().to_owned()));
        Ok(net::Secret::new(if refused.is_some() { "t2" } else { "t1" }))
    }
}

fn said(token: &str) -> String {
    use base64::Engine as _;
    let words = format!("user=u\x01auth=Bearer {token}\x01\x01");
    format!("AUTH XOAUTH2 {}\r\n", base64::engine::general_purpose::STANDARD.encode(words))
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_and_the_servers_reason_is_kept() {
    // {"status":"400","schemes":"Bearer","scope":"https://mail.google.com/"}
    const CHALLENGE: &str =
        "334 eyJzdGF0dXMiOiI0MDAiLCJzY2hlbWVzIjoiQmVhcmVyIiwic2NvcGUiOiJodHRwczovL21haWwuZ29vZ2xlLmNvbS8ifQ==";
    const NO: &str = "535 5.7.8 Username and Password not accepted";
    let source = std::sync::Arc::new(Renewing::default());
    let auth = || Some(Auth::OAuth2 { username: "u".into(), tokens: net::Tokens(source.clone()) });
    let script = vec![("EHLO", Say("250-test\r\n250 AUTH XOAUTH2")), ("AUTH", Say(CHALLENGE)), ("", Say(NO))];
    let renewed = try_with("220 hi\r\n", script, auth()).await;
    assert_eq!(kinds(&renewed.outcomes), ["accepted", "accepted"]);
    assert!(renewed.heard.contains(&format!("{}\r\n{}", said("t1"), said("t2"))), "{}", renewed.heard);
    assert_eq!(*source.0.lock().unwrap(), [None, Some("t1".to_owned())]);

    let script = vec![
        ("EHLO", Say("250-test\r\n250 AUTH XOAUTH2")),
        ("AUTH", Say(CHALLENGE)),
        ("", Say(NO)),
        ("AUTH", Say(CHALLENGE)),
        ("", Say(NO)),
    ];
    let refused = try_with("220 hi\r\n", script, auth()).await;
    assert_eq!(kinds(&refused.outcomes), ["deferred", "deferred"]);
    let words = refused.outcomes[0].words();
    assert!(words.contains("535 5.7.8 Username and Password not accepted"), "{words}");
    assert!(words.contains("(status 400, scope https://mail.google.com/)"), "{words}");

    let script = vec![("EHLO", Say("250-test\r\n250 AUTH PLAIN"))];
    let refused = try_with("220 hi\r\n", script, auth()).await;
    assert!(refused.outcomes[0].words().contains("does not offer XOAUTH2"), "{:?}", refused.outcomes);
    assert!(!refused.heard.contains("AUTH"), "the token is not said");
}

#[tokio::test]
async fn an_address_that_the_server_cannot_take_is_refused_alone() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let config = SmtpConfig::new("127.0.0.1", listener.local_addr().unwrap().port(), Security::Plain, None);
    let script = vec![("EHLO", Say("250-test\r\n250 8BITMIME"))];
    let server = tokio::spawn(serve(listener, "220 hi\r\n", script));
    let recipients = ["köbes@x.example", "ok@x.example"].map(str::to_owned).to_vec();
    let envelope = Envelope { from: None, recipients };
    let got = SmtpSubmitter::new(config).submit(&envelope, RAW, &Unrecorded).await;
    let got: Vec<SubmitOutcome> = got.recipients.into_iter().map(|r| r.outcome).collect();
    assert_eq!(kinds(&got), ["refused", "accepted"]);
    assert!(got[0].words().contains("SMTPUTF8"), "{got:?}");
    assert!(server.await.unwrap().contains("RCPT TO:<ok@x.example>"));
}
