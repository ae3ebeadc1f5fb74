//! `posthouse demo`: the whole product on this machine, with two example shops and live mail.

mod chat;
mod mails;

use crate::commands::serve::{self, Role};
use crate::commands::tenant::{ApplyHow, apply};
use crate::failure::{Code, Failure, Result, While as _};
use crate::house;
use crate::open::{Context, Opened, start_log};
use crate::output::{Style, Terminal};
use crate::setup::folder::Folder;
use clap::Args;
use posthouse_model::config::secret_variable;
use posthouse_model::event::Actor;
use posthouse_model::role::Role as AgentRole;
use posthouse_store::NewAgent;
use posthouse_web::password;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// The shops, in the order in which their mail comes.
const SHOPS: [&str; 2] = ["fashion", "electronics"];
/// Signs in to both.
const EMAIL: &str = "demo@posthouse.example";
/// Says that a folder was made by the demo, and so may be deleted by it.
const MARK: &str = "made-by-posthouse-demo";

/// Options of `demo`.
#[derive(Args, Debug)]
#[command(
    after_help = "Starts with embedded defaults only: SQLite, a Maildir as mailbox, outgoing mail as files, and a chat group that is\n\
    this terminal. The data stays in DIR: a second start goes on where the first stopped."
)]
pub struct DemoArgs {
    /// Start over: delete what an earlier demo left
    #[arg(long)]
    fresh: bool,
    /// Where the demo keeps its data
    #[arg(long, value_name = "DIR", default_value = ".posthouse/demo")]
    dir: PathBuf,
    /// Address and port of the desk
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8025")]
    listen: SocketAddr,
    /// Where the example shops are [default: POSTHOUSE_EXAMPLES, ./examples]
    #[arg(long, value_name = "DIR", env = "POSTHOUSE_EXAMPLES", hide_env_values = true, default_value = "examples")]
    examples: PathBuf,
    /// End when all sample mails are processed, instead of serving on
    #[arg(long)]
    once: bool,
}

/// Runs the demo until it is told to stop.
///
/// # Errors
/// The examples or the bundled plugins are not there, the port is taken.
pub async fn run(args: DemoArgs, context: &Context, terminal: &mut Terminal) -> Result {
    let dir = std::path::absolute(&args.dir)?;
    prepare(&dir, args.fresh)?;
    let public_url = format!("http://{}", args.listen);
    let config = write_config(&dir, &public_url, args.listen)?;
    let mut global = context.global.clone();
    global.config = Some(config);
    let mut environment = context.environment.clone();
    for shop in SHOPS {
        environment.secrets.insert(secret_variable(shop, chat::TOKEN), "demo".to_owned().into());
    }
    let context = Context::new(global, environment);
    let opened = context.open_or_new().await?;
    start_log(&opened.host, context.global.log.as_deref().or(Some("warn")), context.environment.colour);

    let chat = chat::Group::start(args.listen).await?;
    let sandbox = context.sandbox(Some((&opened.host, &opened.key)))?;
    let password = sign_in(&dir, &context)?;
    let mut left_out = Vec::new();
    for shop in SHOPS {
        let folder = args.examples.join(shop);
        let (mut folder, unbuilt) = Folder::load_what_is_built(&folder, &context.finder(Some(&opened.host)))?;
        left_out.extend(unbuilt.into_iter().map(|name| format!("{shop}/{name}")));
        chat.join(&mut folder, &context)?;
        // The demonstration's folder is what it is: what was tried out on the desk gives way.
        apply(&folder, &opened, &sandbox, ApplyHow { dry_run: false, replace_desk: true }).await?;
        add_agent(&opened, shop, &password, &context).await?;
    }
    drop(sandbox);
    if !left_out.is_empty() {
        terminal.note(format!("Left out, not built: {}. `cargo xtask examples` brings them.", left_out.join(", ")));
    }

    let house = house::house(&context, &opened, "demo")?;
    let running = serve::start(Role::All, Some(args.listen), &context, &opened, house.clone(), true).await?;
    welcome(terminal, &public_url, &password, &dir)?;
    let all = mails::deliver(&house, &opened, &args.examples, &SHOPS, terminal).await?;
    chat.rest();
    finish(terminal, &all, &public_url)?;
    if !args.once {
        terminal.note("Press Ctrl-C to stop. The data stays; start over with --fresh.");
        serve::stop_signal().await;
    }
    running.stop().await;
    opened.store.close().await;
    Ok(Code::Ok)
}

fn prepare(dir: &Path, fresh: bool) -> Result<()> {
    let mark = dir.join(MARK);
    if fresh && dir.exists() {
        if !mark.exists() {
            return Err(Failure::new(format!("{} was not made by the demo, so it is not deleted", dir.display()))
                .mend("name another folder with --dir"));
        }
        std::fs::remove_dir_all(dir).while_doing(format!("{} cannot be deleted", dir.display()))?;
    }
    std::fs::create_dir_all(dir).while_doing(format!("{} cannot be made", dir.display()))?;
    std::fs::write(&mark, "`posthouse demo --fresh` deletes this folder.\n")?;
    Ok(())
}

fn write_config(dir: &Path, public_url: &str, listen: SocketAddr) -> Result<PathBuf> {
    let path = dir.join("posthouse.toml");
    let text = format!(
        "# Written by `posthouse demo` at every start.\ndata_dir = \"data\"\npublic_url = \"{public_url}\"\n\n\
         [web]\nlisten = \"{listen}\"\n\n[plugins]\n# The chat group of the demo is this machine.\nprivate_hosts = [\"127.0.0.1\"]\n\
         # The example shops' own plugins are built on this machine.\nallow_unsigned = true\n"
    );
    std::fs::write(&path, text).while_doing(format!("{} cannot be written", path.display()))?;
    Ok(path)
}

/// The demo's password: made once, kept beside the data so that a second start can say it again.
fn sign_in(dir: &Path, context: &Context) -> Result<String> {
    let path = dir.join("sign-in.txt");
    if let Ok(text) = std::fs::read_to_string(&path) {
        return Ok(text.trim().to_owned());
    }
    let password = super::user::make_up(context.entropy.as_ref());
    std::fs::write(&path, format!("{}\n", password.as_str()))?;
    Ok(password.as_str().to_owned())
}

async fn add_agent(opened: &Opened, shop: &str, password: &str, context: &Context) -> Result<()> {
    let row = opened.tenant(Some(shop)).await?;
    let scope = opened.store.tenant(row.id);
    if scope.agent_by_email(EMAIL).await?.is_some() {
        return Ok(());
    }
    let hash = password::hash(password, context.entropy.as_ref()).map_err(|error| Failure::new(error.to_string()))?;
    let agent = NewAgent {
        email: EMAIL.to_owned(),
        name: "Demo".to_owned(),
        role: AgentRole::Admin,
        password_hash: hash,
        language: row.tenant.language,
    };
    let mut tx = scope.begin().await?;
    tx.add_agent(&agent, &Actor::Operator).await?;
    tx.commit().await?;
    Ok(())
}

fn welcome(terminal: &mut Terminal, url: &str, password: &str, dir: &Path) -> Result<()> {
    let title = terminal.paint(Style::Bold, "Posthouse 驿站 · demo");
    let url = terminal.paint(Style::Good, url);
    for line in [
        String::new(),
        title,
        String::new(),
        format!("  review desk   {url}"),
        format!("  e-mail        {EMAIL}"),
        format!("  password      {password}"),
        format!("  data          {}", dir.display()),
        String::new(),
    ] {
        terminal.line(line)?;
    }
    terminal.flush()?;
    Ok(())
}

fn finish(terminal: &mut Terminal, sum: &mails::Sum, url: &str) -> Result<()> {
    if sum.delivered > 0 {
        let parts: Vec<_> = sum.outcomes.iter().map(|(outcome, count)| format!("{count} {outcome}")).collect();
        terminal.line(format!("{} mails went through the pipeline: {}", sum.delivered, parts.join(", ")))?;
    } else {
        terminal.line("The sample mails were processed at an earlier start.")?;
    }
    terminal.line(format!("Open {url} and sign in. Outgoing mail is written to the data folder as files."))?;
    terminal.flush()?;
    Ok(())
}
