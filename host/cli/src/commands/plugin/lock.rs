//! `posthouse plugin lock`: writes down exactly which packages a tenant's set-up is made with.

use crate::failure::{Code, Failure, Result, While as _};
use crate::open::Context;
use crate::output::{Style, Table, Terminal};
use crate::registry::{client, keep};
use crate::setup::Source;
use crate::setup::host::HostConfig;
use crate::setup::locked::{LOCK_FILE, Locked, source_of};
use crate::setup::packages::Packages;
use clap::Args;
use posthouse_model::config::{PluginConfig, TenantConfig};
use posthouse_package::limits::FILE_BYTES;
use posthouse_package::signing::{SignatureProblem, TrustedKey};
use posthouse_package::{LockEntry, LockFile, Package, Source as PackageSource};
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Options of `plugin lock`.
#[derive(Args, Debug)]
#[command(after_help = "\
For every plugin of the folder whose component is a package (oci:registry.example.com/team/rules:1.2.0, or a .phx file),
plugins.lock gets the digest of the package, its version and who signed it. `tenant apply` then takes exactly that package, on
any host. What is locked already stays as it is, even where a tag has moved: --update NAME looks again. A package is locked
only if one of the folder's trusted_keys signed it (or plugins.allow_unsigned is on in posthouse.toml).

User and password for a registry: POSTHOUSE_REGISTRY_AUTH=registry.example.com=user:password")]
pub struct LockArgs {
    /// The tenant's folder
    dir: PathBuf,
    /// Look again for this plugin; may be given several times
    #[arg(long, value_name = "NAME")]
    update: Vec<String>,
    /// Print JSON: [{"name", "source", "version", "digest", "signed_by", "was"}]
    #[arg(long)]
    json: bool,
}

/// One plugin, locked.
struct Row {
    entry: LockEntry,
    /// The digest that it was locked to before; none: it was not.
    was: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// A package cannot be fetched or read, or nobody trusted signed it; plugins.lock is as it was then.
pub async fn run(args: LockArgs, context: &Context, terminal: &mut Terminal) -> Result {
    let host = context.host()?;
    let source = Source::read(args.dir.join("tenant.toml"))?;
    let config: TenantConfig = source.parse()?;
    let locked = Locked::read(&args.dir)?;
    if let Some(unknown) = args.update.iter().find(|name| config.plugin(name).is_none()) {
        let names: Vec<_> = config.plugins.iter().map(|plugin| plugin.name.as_str()).collect();
        return Err(Failure::new(format!("{} has no plugin `{unknown}`", source.path().display()))
            .mend(format!("there are: {}", names.join(", "))));
    }
    let trusted = trusted_keys(&config, &source)?;
    let mut next = LockFile::default();
    let mut rows = Vec::new();
    for (i, plugin) in config.plugins.iter().enumerate() {
        let at = |what: String| source.problem(format!("plugin[{i}].component"), what, "");
        let Some(from) = source_of(plugin.component()).map_err(at)? else { continue };
        let before = locked.file.get(&plugin.name);
        let stays = before.filter(|entry| entry.source == from && !args.update.contains(&plugin.name));
        let entry = match stays {
            Some(entry) => entry.clone(),
            None => look(plugin, from, &args.dir, &host, &trusted, context).await?,
        };
        rows.push(Row { was: before.map(|entry| entry.digest.to_string()), entry: entry.clone() });
        next.set(entry);
    }
    if next != locked.file {
        write(&args.dir.join(LOCK_FILE), &next)?;
    }
    crate::registry::fetch_locked(&args.dir, &host, &context.environment).await?;
    show(&args, &rows, terminal)?;
    Ok(Code::Ok)
}

fn trusted_keys(config: &TenantConfig, source: &Source) -> Result<Vec<TrustedKey>> {
    let key = |(i, text): (usize, &String)| {
        TrustedKey::parse(text).map_err(|error| {
            let mend = "write the line that starts with RW, as `posthouse plugin keygen` prints it";
            Failure::from(source.problem(format!("trusted_keys[{i}]"), error.to_string(), mend))
        })
    };
    config.trusted_keys.iter().enumerate().map(key).collect()
}

/// Fetches or reads a package and looks who signed it.
async fn look(
    plugin: &PluginConfig,
    from: PackageSource,
    dir: &Path,
    host: &HostConfig,
    trusted: &[TrustedKey],
    context: &Context,
) -> Result<LockEntry> {
    let (package, fetched) = match &from {
        PackageSource::Oci(address) => {
            let pulled = client(&context.environment, address, false).pull(address).await;
            let pulled = pulled.while_doing(format!("plugin `{}` cannot be fetched", plugin.name))?;
            (pulled.package, Some((pulled.file, pulled.resolved)))
        }
        PackageSource::File(path) => {
            let path = dir.join(path);
            let bytes = crate::setup::source::read_bytes(&path, FILE_BYTES)?;
            (Package::read(&bytes).while_doing(path.display())?, None)
        }
    };
    let signed_by = match package.verify(trusted) {
        Ok(key) => Some(key.id().to_owned()),
        Err(SignatureProblem::Unsigned) if host.plugins.allow_unsigned => None,
        Err(problem) => {
            return Err(Failure::new(format!("plugin `{}` ({from}) is not locked: {problem}", plugin.name))
                .mend("add the publisher's public key to trusted_keys in tenant.toml, if you trust it"));
        }
    };
    let resolved = match fetched {
        Some((file, resolved)) => {
            keep(&Packages::below(&host.data_dir), &package, &file)?;
            Some(resolved)
        }
        None => None,
    };
    Ok(LockEntry { signed_by, resolved, ..LockEntry::new(&plugin.name, from, &package) })
}

/// The whole file or nothing.
fn write(path: &Path, lock: &LockFile) -> Result<()> {
    let text = lock.write().map_err(|error| Failure::new(error.to_string()))?;
    let put = || {
        let mut beside = tempfile::NamedTempFile::new_in(path.parent().unwrap_or(Path::new(".")))?;
        beside.write_all(text.as_bytes())?;
        // It is kept with the set-up, which others may read.
        #[cfg(unix)]
        beside.as_file().set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
        beside.persist(path).map_err(|failed| failed.error)
    };
    put().map(drop).while_doing(format!("{} cannot be written", path.display()))
}

fn show(args: &LockArgs, rows: &[Row], terminal: &mut Terminal) -> Result<()> {
    if args.json {
        let all: Vec<Value> = rows
            .iter()
            .map(|row| {
                let mut value = json!(row.entry);
                value["was"] = json!(row.was);
                value
            })
            .collect();
        return terminal.json(&all);
    }
    if rows.is_empty() {
        return terminal.line("no plugin of this folder comes in a package: there is nothing to lock");
    }
    let mut table = Table::new(&["plugin", "version", "package", "signed by", ""]);
    for Row { entry, was } in rows {
        let digest = entry.digest.to_string();
        let news = match was {
            None => (Style::Good, "locked".to_owned()),
            Some(was) if *was == digest => (Style::Dim, "as before".to_owned()),
            Some(was) => (Style::Caution, format!("was {was}")),
        };
        table.row([
            (Style::Bold, entry.name.clone()),
            (Style::Plain, entry.version.to_string()),
            (Style::Plain, digest),
            (Style::Plain, entry.signed_by.clone().unwrap_or_else(|| "nobody".to_owned())),
            news,
        ]);
    }
    terminal.table(&table)
}
