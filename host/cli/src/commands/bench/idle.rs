//! A host with one idle tenant: how long from start to ready, and how much memory it then holds. The same for any other
//! set-up in a folder.

use super::{Figure, scratch};
use crate::failure::{Failure, Result, While as _};
use crate::open::Context;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};
use tokio::time::Instant;

/// Starts that are measured; the first, which compiles the plugins, is not.
const STARTS: usize = 5;
const READY_MAX: Duration = Duration::from_secs(60);

pub async fn measure(context: &Context) -> Result<Vec<Figure>> {
    let folder = scratch(context)?;
    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    std::fs::create_dir(folder.0.join("tenant"))?;
    let host = format!(
        "data_dir = \"data\"\npublic_url = \"http://127.0.0.1:{port}\"\n[web]\nlisten = \"127.0.0.1:{port}\"\n"
    );
    std::fs::write(folder.0.join("posthouse.toml"), host)?;
    std::fs::write(
        folder.0.join("tenant").join("tenant.toml"),
        "slug = \"bench\"\nname = \"Bench\"\n[[mailbox]]\nname = \"support\"\naddress = \"support@bench.example\"\n\
         maildir = { path = \"maildir\" }\nfiles = { path = \"out\" }\n[[plugin]]\nname = \"classifier\"\n[[plugin]]\nname = \"router\"\n\
         [[plugin]]\nname = \"drafter\"\n[[plugin]]\nname = \"checker\"\n",
    )?;
    let applied = command(context, &folder.0, &["tenant", "apply", "tenant"]).stdout(Stdio::null()).status().await?;
    if !applied.success() {
        return Err(Failure::new("the bench's tenant could not be applied; what is wrong stands above"));
    }
    starts(context, &folder.0, port, "one idle tenant").await
}

/// Starts the host of this folder some times; what it then holds is called by this name.
pub(super) async fn starts(context: &Context, folder: &Path, port: u16, what: &str) -> Result<Vec<Figure>> {
    let mut times = Vec::new();
    let mut resident = Vec::new();
    for round in 0..=STARTS {
        let start = Instant::now();
        let mut child = command(context, folder, &["serve"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        wait_ready(port, &mut child).await?;
        let elapsed = start.elapsed();
        // What the start itself needed is given back within a second or so.
        tokio::time::sleep(Duration::from_secs(2)).await;
        if round > 0 {
            times.push(elapsed);
            resident.extend(child.id().and_then(resident_mib));
        }
        child.kill().await?;
    }
    times.sort_unstable();
    resident.sort_unstable_by(f64::total_cmp);
    let starts = Figure {
        what: format!("{what}, start to ready, warm"),
        value: times[times.len() / 2].as_secs_f64() * 1e3,
        unit: "ms",
        note: format!("median of {STARTS} starts, slowest {:.0} ms", times[times.len() - 1].as_secs_f64() * 1e3),
    };
    let mut figures = vec![starts];
    if let Some(median) = resident.get(resident.len() / 2) {
        figures.push(Figure {
            what: format!("{what}, resident"),
            value: *median,
            unit: "MiB",
            note: format!("median of {} starts, two seconds after ready", resident.len()),
        });
    }
    Ok(figures)
}

fn command(context: &Context, folder: &Path, arguments: &[&str]) -> Command {
    let program = std::env::current_exe().unwrap_or_else(|_| "posthouse".into());
    let mut command = Command::new(program);
    command.current_dir(folder).args(arguments).arg("--config").arg(folder.join("posthouse.toml"));
    if let Some(dir) = &context.global.plugins_dir {
        command.arg("--plugins-dir").arg(std::path::absolute(dir).unwrap_or_else(|_| dir.clone()));
    }
    command
}

async fn wait_ready(port: u16, child: &mut Child) -> Result<()> {
    let ready = async {
        loop {
            if let Ok(mut stream) = tokio::net::TcpStream::connect(("127.0.0.1", port)).await {
                let request = format!("GET /health HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n");
                let mut answer = Vec::new();
                if stream.write_all(request.as_bytes()).await.is_ok()
                    && stream.read_to_end(&mut answer).await.is_ok()
                    && answer.starts_with(b"HTTP/1.1 200")
                {
                    return Ok(());
                }
            }
            if let Some(status) = child.try_wait()? {
                return Err(Failure::new(format!("`posthouse serve` ended by itself: {status}")));
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(READY_MAX, ready).await.while_doing("the host did not get ready")?
}

/// Resident memory of a process (Linux).
fn resident_mib(pid: u32) -> Option<f64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = text.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib / 1024.0)
}
