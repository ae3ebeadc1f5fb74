//! `posthouse plugin pack`, `keygen`, `sign`, `verify`, `publish`, `fetch`: from a project's folder to a signed package that a
//! tenant can name, and back.

use crate::failure::{Code, Failure, Result, While as _};
use crate::open::Context;
use crate::output::{Style, Table, Terminal, bytes};
use crate::system::Environment;
use clap::{Args, Subcommand};
use posthouse_model::capability::{ANY_HOST, Capability};
use posthouse_package::registry::{OciAddress, Registry};
use posthouse_package::signing::{self, TrustedKey};
use posthouse_package::{COMPONENT, Manifest, Package};
use posthouse_sandbox::{ComponentInfo, inspect};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Largest package file, in bytes.
const PACKAGE_BYTES_MAX: u64 = posthouse_package::limits::FILE_BYTES;

/// Options of `plugin pack`.
#[derive(Args, Debug)]
#[command(after_help = "\
DIR holds plugin.toml, README.md, LICENSE, the built component, and where there are any settings.schema.json and fixtures/. The
component must be what the manifest says: its world, its API version, and no capability beyond those it asks for. The same
input gives the same file, byte for byte.")]
pub struct PackArgs {
    /// The project's folder
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// The built component [default: plugin.wasm in DIR]
    #[arg(long, value_name = "FILE")]
    component: Option<PathBuf>,
    /// Where to write it [default: NAME-VERSION.phx in the present folder]
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Print JSON: {"file", "id", "version", "world", "digest", "size"}
    #[arg(long)]
    json: bool,
}

/// Options of `plugin keygen`.
#[derive(Args, Debug)]
#[command(after_help = "\
Writes NAME.key (secret, readable by you alone) and NAME.pub, in minisign's format. With --password-stdin the secret key is
encrypted.")]
pub struct KeygenArgs {
    /// Where to write the two files, without an ending
    name: PathBuf,
    /// Read a password for the secret key from standard input
    #[arg(long)]
    password_stdin: bool,
}

/// Options of `plugin sign`.
#[derive(Args, Debug)]
pub struct SignArgs {
    /// The package; the signature is added to it
    package: PathBuf,
    /// The secret key, as `plugin keygen` or minisign writes it
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// What the signer says, signed with it
    #[arg(long, default_value = "")]
    comment: String,
    /// Read the key's password from standard input
    #[arg(long)]
    password_stdin: bool,
}

/// Options of `plugin verify`.
#[derive(Args, Debug)]
#[command(after_help = "Exit code 1 when no given key signed it as it is.")]
pub struct VerifyArgs {
    /// The package
    package: PathBuf,
    /// A public key: the line that begins with RW, or a .pub file; several may be given
    #[arg(long, value_name = "KEY", required = true)]
    key: Vec<String>,
    /// Print JSON: {"ok", "id", "version", "digest", "signed_by", "error"}
    #[arg(long)]
    json: bool,
}

/// Options of `plugin publish`.
#[derive(Args, Debug)]
pub struct PublishArgs {
    /// The package
    package: PathBuf,
    /// Where to: registry.example.com/team/plugin:1.0.0
    address: String,
    /// Speak plain HTTP; without it only to this machine
    #[arg(long)]
    plain_http: bool,
}

/// Options of `plugin fetch`.
#[derive(Args, Debug)]
pub struct FetchArgs {
    /// Where from: registry.example.com/team/plugin:1.0.0, or …@sha256:…
    address: String,
    /// Where to write it
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,
    /// Speak plain HTTP; without it only to this machine
    #[arg(long)]
    plain_http: bool,
}

/// Packs a project.
///
/// # Errors
/// Everything that is wrong with it; no file is written then.
pub fn pack(args: &PackArgs, terminal: &mut Terminal) -> Result {
    let component = args.component.clone().unwrap_or_else(|| args.dir.join(COMPONENT));
    let package = Package::from_folder(&args.dir, &component).map_err(|error| Failure::new(error.to_string()))?;
    let info =
        inspect(package.component()).map_err(|error| Failure::new(format!("{}: {error}", component.display())))?;
    let faults = disagreements(package.manifest(), &info);
    if !faults.is_empty() {
        let what = format!("plugin.toml and {} disagree: {}", component.display(), faults.join("; "));
        return Err(Failure::new(what).mend("correct plugin.toml, or build the component again"));
    }
    let manifest = package.manifest();
    let name = format!("{}-{}.phx", manifest.id.name(), manifest.version);
    let path = args.out.clone().unwrap_or_else(|| PathBuf::from(&name));
    write(&package, &path)?;
    let size = std::fs::metadata(&path).map_or(0, |data| data.len());
    if args.json {
        terminal.json(&json!({
            "file": path, "id": manifest.id.to_string(), "version": manifest.version.to_string(), "world": manifest.world,
            "digest": package.digest().to_string(), "size": size,
        }))?;
        return Ok(Code::Ok);
    }
    terminal.line(format!("{} {}", terminal.paint(Style::Good, "packed"), path.display()))?;
    let mut table = Table::default();
    for (label, text) in [
        ("plugin", format!("{} {}", manifest.id, manifest.version)),
        ("world", manifest.world.to_string()),
        ("may", asks(&package)),
        ("size", bytes(size)),
        ("digest", package.digest().to_string()),
    ] {
        table.row([(Style::Dim, label.to_owned()), (Style::Plain, text)]);
    }
    terminal.table(&table)?;
    Ok(Code::Ok)
}

/// Where the component is not what the manifest says.
pub(super) fn disagreements(manifest: &Manifest, info: &ComponentInfo) -> Vec<String> {
    let mut faults = Vec::new();
    if manifest.world != info.world {
        faults.push(format!("the manifest says it is a {}, the component is a {}", manifest.world, info.world));
    }
    let (major, minor) = (u64::from(manifest.api.major), u64::from(manifest.api.minor));
    if (major, minor) < (info.needs.major, info.needs.minor) || major != info.needs.major {
        let because = if info.because.is_empty() { String::new() } else { format!(" ({})", info.because.join(", ")) };
        faults
            .push(format!("the manifest says api = \"{}\", the component needs {}{because}", manifest.api, info.needs));
    }
    let asked = manifest.capabilities.as_grants();
    for capability in info.capabilities.iter().filter(|capability| !asked.has(**capability)) {
        let line = match capability {
            Capability::Log => "log = true",
            Capability::Http => "http = [{ host = \"…\" }]",
            Capability::Model => "model = {}",
            Capability::Knowledge => "knowledge = true",
            Capability::Store => "store = { bytes = 65536 }",
        };
        faults.push(format!(
            "the component imports `{capability}`, for which the manifest does not ask: under [capabilities] add {line}"
        ));
    }
    faults
}

/// What a package asks for, in a line.
fn asks(package: &Package) -> String {
    let asked = package.manifest().capabilities.as_grants();
    let mut words: Vec<String> = Capability::ALL
        .iter()
        .filter(|capability| asked.has(**capability) && **capability != Capability::Http)
        .map(ToString::to_string)
        .collect();
    words.extend(asked.http.iter().map(|allowance| match allowance.host.as_str() {
        ANY_HOST => "http to hosts that the tenant names".to_owned(),
        host => format!("http to {host}"),
    }));
    words.extend(asked.secrets.keys().map(|name| format!("secret {name}")));
    if words.is_empty() { "nothing".to_owned() } else { words.join(", ") }
}

/// Makes a pair of keys.
///
/// # Errors
/// A file of that name is there, or cannot be written.
pub fn keygen(args: &KeygenArgs, terminal: &mut Terminal) -> Result {
    let password = password(args.password_stdin)?;
    let key = signing::generate_key(password.as_deref()).map_err(|error| Failure::new(error.to_string()))?;
    let (secret, public) = (args.name.with_extension("key"), args.name.with_extension("pub"));
    for path in [&secret, &public] {
        if path.exists() {
            return Err(Failure::new(format!("{} is there already", path.display())).mend("choose another name"));
        }
    }
    write_secret(&secret, &key.secret)?;
    std::fs::write(&public, &key.public).while_doing(format!("{} cannot be written", public.display()))?;
    let trusted = TrustedKey::parse(&key.public).map_err(|error| Failure::new(error.to_string()))?;
    terminal
        .line(format!("the secret key is in {}: keep it where only the publisher can read it", secret.display()))?;
    terminal.line(format!("the public key is in {}; who trusts it writes in tenant.toml:", public.display()))?;
    terminal.line(format!("trusted_keys = [\"{}\"]", trusted.line()))?;
    Ok(Code::Ok)
}

/// Signs a package in place.
///
/// # Errors
/// The package or the key cannot be used.
pub fn sign(args: &SignArgs, terminal: &mut Terminal) -> Result {
    let package = read(&args.package)?;
    let key = std::fs::read_to_string(&args.key).while_doing(format!("{} cannot be read", args.key.display()))?;
    let password = password(args.password_stdin)?;
    let signed = signing::sign(&package, &key, password.as_deref(), &args.comment)
        .map_err(|error| Failure::new(error.to_string()))?;
    write(&signed, &args.package)?;
    terminal.line(format!("{} {}", terminal.paint(Style::Good, "signed"), args.package.display()))?;
    terminal.line(format!("digest {} (as before)", signed.digest()))?;
    Ok(Code::Ok)
}

/// Says whether a package is signed by a trusted key.
///
/// # Errors
/// The package or a key cannot be read.
pub fn verify(args: &VerifyArgs, terminal: &mut Terminal) -> Result {
    let package = read(&args.package)?;
    let mut keys = Vec::new();
    for key in &args.key {
        let text = if Path::new(key).is_file() {
            std::fs::read_to_string(key).while_doing(format!("{key} cannot be read"))?
        } else {
            key.clone()
        };
        keys.push(TrustedKey::parse(&text).map_err(|error| Failure::new(format!("{key}: {error}")))?);
    }
    let verified = package.verify(&keys);
    let manifest = package.manifest();
    if args.json {
        terminal.json(&json!({
            "ok": verified.is_ok(), "id": manifest.id.to_string(), "version": manifest.version.to_string(),
            "digest": package.digest().to_string(), "signed_by": verified.as_ref().ok().map(|key| key.id()),
            "error": verified.as_ref().err().map(ToString::to_string),
        }))?;
    } else {
        terminal.line(format!("{} {}", manifest.id, manifest.version))?;
        terminal.line(format!("digest {}", package.digest()))?;
        match &verified {
            Ok(key) => terminal.line(format!("{} by key {}", terminal.paint(Style::Good, "signed"), key.id()))?,
            Err(problem) => terminal.line(problem.to_string())?,
        }
    }
    Ok(if verified.is_ok() { Code::Ok } else { Code::Problem })
}

/// Brings a package to a registry.
///
/// # Errors
/// The package cannot be read, or the registry does not take it.
pub async fn publish(args: &PublishArgs, environment: &Environment, terminal: &mut Terminal) -> Result {
    let package = read(&args.package)?;
    let (address, registry) = registry(&args.address, args.plain_http, environment)?;
    let digest = registry.push(&address, &package).await.map_err(|error| Failure::new(error.to_string()))?;
    terminal.line(format!("{} {address}", terminal.paint(Style::Good, "published")))?;
    terminal.line(format!("pinned: {}", address.with_digest(digest)))?;
    Ok(Code::Ok)
}

/// Gets a package from a registry.
///
/// # Errors
/// The registry does not give it, or what it gives is no package.
pub async fn fetch(args: &FetchArgs, environment: &Environment, terminal: &mut Terminal) -> Result {
    let (address, registry) = registry(&args.address, args.plain_http, environment)?;
    let pulled = registry.pull(&address).await.map_err(|error| Failure::new(error.to_string()))?;
    std::fs::write(&args.out, &pulled.file).while_doing(format!("{} cannot be written", args.out.display()))?;
    let manifest = pulled.package.manifest();
    terminal.line(format!("{} {} {}", terminal.paint(Style::Good, "fetched"), manifest.id, manifest.version))?;
    terminal.line(format!("digest {}", pulled.package.digest()))?;
    Ok(Code::Ok)
}

fn registry(address: &str, plain_http: bool, environment: &Environment) -> Result<(OciAddress, Registry)> {
    let address: OciAddress = address
        .trim_start_matches("oci:")
        .trim_start_matches("//")
        .parse()
        .map_err(|error: posthouse_package::registry::RegistryError| Failure::new(error.to_string()))?;
    let registry = crate::registry::client(environment, &address, plain_http);
    Ok((address, registry))
}

fn read(path: &Path) -> Result<Package> {
    let file = crate::setup::source::read_bytes(path, PACKAGE_BYTES_MAX)?;
    Package::read(&file).map_err(|error| Failure::new(format!("{}: {error}", path.display())))
}

/// The whole file or nothing: written beside, then put in place.
fn write(package: &Package, path: &Path) -> Result<()> {
    let bytes = package.write().map_err(|error| Failure::new(error.to_string()))?;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).while_doing(format!("{} cannot be made", folder.display()))?;
    }
    let beside = path.with_extension("phx.new");
    std::fs::write(&beside, bytes).while_doing(format!("{} cannot be written", beside.display()))?;
    std::fs::rename(&beside, path).while_doing(format!("{} cannot be written", path.display()))?;
    Ok(())
}

fn password(from_stdin: bool) -> Result<Option<String>> {
    if !from_stdin {
        return Ok(None);
    }
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).while_doing("the password cannot be read")?;
    Ok(Some(line.trim_end_matches(['\r', '\n']).to_owned()))
}

fn write_secret(path: &Path, text: &str) -> Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let written = options.open(path).and_then(|mut file| std::io::Write::write_all(&mut file, text.as_bytes()));
    written.while_doing(format!("{} cannot be written", path.display()))
}

/// Runs the command. None of them needs a host.
///
/// # Errors
/// As each of them says.
pub async fn run(command: PackageCommand, context: &Context, terminal: &mut Terminal) -> Result {
    match command {
        PackageCommand::Pack(args) => pack(&args, terminal),
        PackageCommand::Keygen(args) => keygen(&args, terminal),
        PackageCommand::Sign(args) => sign(&args, terminal),
        PackageCommand::Verify(args) => verify(&args, terminal),
        PackageCommand::Publish(args) => publish(&args, &context.environment, terminal).await,
        PackageCommand::Fetch(args) => fetch(&args, &context.environment, terminal).await,
    }
}

/// What to do with a package.
#[derive(Subcommand, Debug)]
pub enum PackageCommand {
    /// Pack a plugin's project folder into one file
    Pack(PackArgs),
    /// Make a pair of keys for signing packages
    Keygen(KeygenArgs),
    /// Sign a package
    Sign(SignArgs),
    /// See whether a package is signed by a key that one trusts
    Verify(VerifyArgs),
    /// Bring a package to an OCI registry
    Publish(PublishArgs),
    /// Get a package from an OCI registry
    Fetch(FetchArgs),
}
