//! SASL XOAUTH2 over SMTP (<https://developers.google.com/gmail/imap/xoauth2-protocol#the_sasl_xoauth2_mechanism>).
//!
//! A server that refuses says why in a challenge (334 and base64 of JSON), waits for an empty line, and only then refuses: an
//! exchange that lettre does not know.

use super::smtp::{answer, words};
use crate::net::{self, Secret, Tokens};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use std::fmt;
use std::time::Duration;
use tokio::time::timeout;

/// Signs in; when the server refuses, once more with a new token.
///
/// # Errors
/// The server's words, or why there is no token.
pub(super) async fn sign_in(
    connection: &mut AsyncSmtpConnection,
    username: &str,
    tokens: &Tokens,
    limit: Duration,
) -> Result<(), String> {
    let token = |refused: Option<Secret>| async move {
        tokens.0.token(refused.as_ref()).await.map_err(|words| format!("no token to sign in with: {words}"))
    };
    let offered =
        connection.server_info().supports_auth_mechanism(lettre::transport::smtp::authentication::Mechanism::Xoauth2);
    if !offered {
        return Err("the server does not offer XOAUTH2".to_owned());
    }
    let first = token(None).await?;
    match once(connection, username, &first, limit).await {
        Ok(()) => Ok(()),
        Err(Refused { may_try_again: true, .. }) => {
            let next = token(Some(first)).await?;
            once(connection, username, &next, limit).await.map_err(|refused| refused.words)
        }
        Err(refused) => Err(refused.words),
    }
}

struct Refused {
    words: String,
    may_try_again: bool,
}

async fn once(
    connection: &mut AsyncSmtpConnection,
    username: &str,
    token: &Secret,
    limit: Duration,
) -> Result<(), Refused> {
    let begin = Line(format!("AUTH XOAUTH2 {}", STANDARD.encode(net::xoauth2(username, token))));
    let late = |_| Refused { words: format!("no answer within {} s", limit.as_secs()), may_try_again: false };
    let no = |error: &lettre::transport::smtp::Error, challenge: &str| Refused {
        words: if challenge.is_empty() { words(error) } else { format!("{} ({challenge})", words(error)) },
        may_try_again: error.is_permanent(),
    };
    let challenge = match timeout(limit, connection.command(begin)).await.map_err(late)? {
        Ok(response) if response.has_code(334) => response.first_word().unwrap_or_default().to_owned(),
        Ok(response) if response.is_positive() => return Ok(()),
        Ok(response) => return Err(Refused { words: answer(&response), may_try_again: false }),
        Err(error) => return Err(no(&error, "")),
    };
    let challenge = STANDARD.decode(challenge).map(|json| net::xoauth2_error(&json)).unwrap_or_default();
    match timeout(limit, connection.command(Line(String::new()))).await.map_err(late)? {
        Ok(response) if response.has_code(235) => Ok(()),
        Ok(response) => Err(Refused { words: answer(&response), may_try_again: false }),
        Err(error) => Err(no(&error, &challenge)),
    }
}

/// One line as it is.
struct Line(String);

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\r\n", self.0)
    }
}
