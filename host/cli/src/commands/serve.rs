//! `posthouse serve`

use crate::failure::{Code, Failure, Result};
use crate::house;
use crate::open::{Context, Opened, start_log};
use crate::output::Terminal;
use clap::{Args, ValueEnum};
use posthouse_pipeline::{House, fetch, schedule, worker};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How long work that is under way may take to end after the signal to stop.
const STOP_WAIT: Duration = Duration::from_secs(30);

/// Options of `serve`.
#[derive(Args, Debug)]
#[command(
    after_help = "Stops on SIGINT and SIGTERM: no new work is begun, what is under way is finished (at most 30 s), and nothing is\n\
    lost when it is killed instead. With PostgreSQL any number of processes may run; give each worker a name of its own."
)]
pub struct ServeArgs {
    /// all: everything in one process; web: the desk only; worker: fetching, triage and sending only
    #[arg(long, default_value = "all")]
    role: Role,
    /// Address and port, instead of web.listen
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Name of this process among those on one database; the same after a restart
    #[arg(long, value_name = "NAME", default_value = "main")]
    worker_name: String,
}

/// What a process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// Everything.
    All,
    /// The desk.
    Web,
    /// The rest.
    Worker,
}

/// Serves until it is told to stop.
///
/// # Errors
/// The set-up cannot be used, or the port is taken.
pub async fn run(args: ServeArgs, context: &Context, terminal: &mut Terminal) -> Result {
    let opened = context.open_or_new().await?;
    start_log(&opened.host, context.global.log.as_deref(), context.environment.colour);
    let house = house::house(context, &opened, &args.worker_name)?;
    let running = start(args.role, args.listen, context, &opened, house, false).await?;
    if let Some(address) = running.address {
        terminal.note(format!("the review desk is at {} (listening on {address})", opened.host.public_url));
    }
    stop_signal().await;
    terminal.note("stopping");
    running.stop().await;
    opened.store.close().await;
    Ok(Code::Ok)
}

/// A house at work.
pub struct Running {
    /// Where the desk listens.
    pub address: Option<SocketAddr>,
    tasks: JoinSet<()>,
    stop: CancellationToken,
    stopping: watch::Sender<bool>,
}

/// Starts what a role does.
///
/// # Errors
/// The port is taken, or the store cannot be read.
pub async fn start(
    role: Role,
    listen: Option<SocketAddr>,
    context: &Context,
    opened: &Opened,
    house: House,
    list_teams: bool,
) -> Result<Running> {
    let mut running = Running {
        address: None,
        tasks: JoinSet::new(),
        stop: CancellationToken::new(),
        stopping: watch::Sender::new(false),
    };
    if role != Role::Worker {
        let listen = listen.unwrap_or(opened.host.web.listen);
        let listener = TcpListener::bind(listen).await.map_err(|error| {
            Failure::new(format!("cannot listen on {listen}: {error}"))
                .mend("stop what listens there, or choose another address with --listen or web.listen")
        })?;
        running.address = Some(listener.local_addr()?);
        let desk = house::desk(context, opened, &house, list_teams, running.stopping.subscribe())?;
        let stop = running.stop.clone();
        running.tasks.spawn(async move {
            if let Err(error) = posthouse_web::serve(listener, desk, stop.cancelled_owned()).await {
                tracing::error!(%error, "the desk stopped");
            }
        });
    }
    house.refresh().await?;
    if role == Role::Web {
        // The desk shows which plugins cannot be loaded, so it follows the tenants too.
        let (house, stop) = (house.clone(), running.stop.clone());
        running.tasks.spawn(schedule::follow_tenants(house, stop));
    } else {
        running.tasks.spawn(worker::run(house.clone(), running.stop.clone()));
        running.tasks.spawn(fetch::run(house.clone(), running.stop.clone()));
        running.tasks.spawn(schedule::run(house, running.stop.clone()));
    }
    Ok(running)
}

impl Running {
    /// Lets what is under way end.
    pub async fn stop(mut self) {
        self.stopping.send_replace(true);
        self.stop.cancel();
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(STOP_WAIT, all).await.is_err() {
            tracing::warn!("some work did not end in time; it is taken up again at the next start");
        }
    }
}

/// Waits for SIGINT or SIGTERM (on Windows: Ctrl-C).
pub async fn stop_signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let Ok(mut terminate) = signal(SignalKind::terminate()) else {
            return drop(tokio::signal::ctrl_c().await);
        };
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    drop(tokio::signal::ctrl_c().await);
}
