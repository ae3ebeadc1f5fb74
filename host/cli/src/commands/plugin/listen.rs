//! `posthouse plugin listen`

use crate::failure::{Code, Result, While as _};
use crate::output::{Terminal, safe};
use crate::post::{self, Posted};
use clap::Args;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::timeout;

/// Connections at once; a further one waits.
const CONNECTIONS_MAX: usize = 16;
/// A connection that asks for nothing is closed after so long.
const IDLE: Duration = Duration::from_secs(30);

/// Options of `plugin listen`.
#[derive(Args, Debug)]
#[command(after_help = "\
For trying a notifier out: answers every request on http://127.0.0.1:PORT with {} and prints its method, path and body. With --status
it answers that it is busy (429, 503) or refuses (403), to see how the notifier takes it. A plugin reaches it when the tenant grants
it with `private = true` and posthouse.toml names 127.0.0.1 in plugins.private_hosts. Ctrl-C ends it.")]
pub struct ListenArgs {
    /// The port, on this machine only; 0 takes a free one
    #[arg(long, default_value_t = 8787)]
    port: u16,
    /// The status of every answer
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u16).range(200..=599))]
    status: u16,
    /// Print JSON lines: {"request", "body"}
    #[arg(long)]
    json: bool,
}

/// Runs the command until it is interrupted.
///
/// # Errors
/// The port is taken.
pub async fn run(args: ListenArgs, terminal: &mut Terminal) -> Result {
    let listener = TcpListener::bind(("127.0.0.1", args.port)).await;
    let listener = listener.while_doing(format!("cannot listen on port {}; choose another with --port", args.port))?;
    terminal.note(format!("listening on http://{}; Ctrl-C ends it", listener.local_addr()?));
    let (sender, mut posts) = mpsc::channel(CONNECTIONS_MAX);
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let status = args.status;
    let accept = async move {
        while let (Ok(place), Ok((stream, _))) = (Arc::clone(&places).acquire_owned().await, listener.accept().await) {
            let sender = sender.clone();
            tokio::spawn(async move {
                serve(stream, status, &sender).await;
                drop(place);
            });
        }
    };
    let accepting = tokio::spawn(accept);
    // One listener for the whole run: a new one for each wait would miss a Ctrl-C that comes between two.
    let interrupted = tokio::signal::ctrl_c();
    tokio::pin!(interrupted);
    loop {
        tokio::select! {
            _ = &mut interrupted => break,
            posted = posts.recv() => match posted {
                Some((posted, printed)) => {
                    print(&posted, args.json, terminal)?;
                    // Who asked may be gone.
                    let _ = printed.send(());
                }
                None => break,
            },
        }
    }
    accepting.abort();
    Ok(Code::Ok)
}

/// What was posted, and where to say that it was printed.
type Post = (Posted, oneshot::Sender<()>);

async fn serve(mut stream: TcpStream, status: u16, posts: &mpsc::Sender<Post>) {
    let mut buffer = Vec::new();
    while let Ok(Some(posted)) = timeout(IDLE, post::next(&mut stream, &mut buffer)).await {
        // Printed before it is answered: who waits for the answer finds it in the output.
        let (sender, printed) = oneshot::channel();
        let told = posts.send((posted, sender)).await.is_ok() && printed.await.is_ok();
        if !told || post::answer(&mut stream, status, "{}").await.is_err() {
            return;
        }
    }
}

fn print(posted: &Posted, as_json: bool, terminal: &mut Terminal) -> Result<()> {
    let body = String::from_utf8_lossy(&posted.body);
    let parsed = serde_json::from_str::<Value>(&body).ok();
    if as_json {
        let body = parsed.unwrap_or_else(|| Value::from(body));
        terminal.json_line(&json!({ "request": posted.line, "body": body }))?;
    } else {
        terminal.line(safe(&posted.line))?;
        let shown = parsed.map_or_else(|| body.into_owned(), |value| format!("{value:#}"));
        for line in shown.lines() {
            terminal.line(safe(line))?;
        }
    }
    terminal.flush()?;
    Ok(())
}
