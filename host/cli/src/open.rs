//! From a set-up to open things: the store, the master key, the sandbox, secrets.

use crate::args::GlobalArgs;
use crate::failure::{Failure, Result, While as _};
use crate::secrets::Secrets;
use crate::setup::components::Finder;
use crate::setup::host::{HostConfig, LogFormat};
use crate::setup::packages::Packages;
use crate::setup::{Problem, source};
use crate::system::{Environment, SystemClock, SystemEntropy};
use crate::user_cache::UserCache;
use hmac::{Hmac, KeyInit as _, Mac as _};
use posthouse_model::{Clock, Entropy};
use posthouse_sandbox::{Sandbox, SandboxConfig};
use posthouse_store::vault::MasterKey;
use posthouse_store::{Store, StoreOptions, TenantRow};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use sha2::Sha256;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What every command gets.
pub struct Context {
    /// Options that stand before or after any command.
    pub global: GlobalArgs,
    /// Read once.
    pub environment: Environment,
    /// The system's.
    pub clock: Arc<dyn Clock>,
    /// The system's.
    pub entropy: Arc<dyn Entropy>,
}

/// A host whose store and key are open.
pub struct Opened {
    /// As configured.
    pub host: HostConfig,
    /// Migrated.
    pub store: Store,
    /// Seals secrets.
    pub key: MasterKey,
    /// Gives secret values.
    pub secrets: Arc<Secrets>,
}

/// Key of the store's own notes under which the master key's fingerprint stands.
const KEY_FINGERPRINT: &str = "master-key";

impl Context {
    /// With the system's clock and randomness.
    #[must_use]
    pub fn new(global: GlobalArgs, environment: Environment) -> Self {
        Self { global, environment, clock: Arc::new(SystemClock), entropy: Arc::new(SystemEntropy) }
    }

    /// The host's set-up.
    ///
    /// # Errors
    /// What is wrong in `posthouse.toml`.
    pub fn host(&self) -> Result<HostConfig> {
        Ok(HostConfig::load(self.global.config.as_deref())?)
    }

    /// Where bundled plugins are, and packages that the host has fetched.
    #[must_use]
    pub fn finder(&self, host: Option<&HostConfig>) -> Finder {
        let configured = host.and_then(|host| host.plugins.dir.as_deref());
        let target_dir = self.environment.cargo_target_dir.as_deref();
        let finder = Finder::new(self.global.plugins_dir.as_deref(), configured, target_dir);
        match host {
            Some(host) => finder.with_packages(Packages::below(&host.data_dir)),
            None => finder,
        }
    }

    /// Opens the store at this host's schema version.
    ///
    /// # Errors
    /// There is none yet, it cannot be reached, or it is at another version.
    pub async fn store(&self, host: &HostConfig) -> Result<Store> {
        let url = self.database_url(host);
        if let Some(path) = sqlite_file(&url)
            && !path.exists()
        {
            return Err(Failure::new(format!("there is no database at {}", path.display())).mend(
                "start with `posthouse tenant apply DIR` or `posthouse demo`, or say with --config where the host's set-up is",
            ));
        }
        let store = self.connect(url).await?;
        store.check_schema().await?;
        Ok(store)
    }

    /// Opens the store; makes it when there is none. An older one is not migrated by the way: that is `posthouse migrate`.
    ///
    /// # Errors
    /// It cannot be reached or made, or it is at another version.
    pub async fn store_or_new(&self, host: &HostConfig) -> Result<Store> {
        make_private_dir(&host.data_dir)?;
        let store = self.connect(self.database_url(host)).await?;
        if store.schema_version().await? == 0 {
            store.migrate().await?;
        }
        store.check_schema().await?;
        Ok(store)
    }

    /// Connects without looking at the schema.
    ///
    /// # Errors
    /// It cannot be reached or made.
    pub async fn connect_any(&self, host: &HostConfig) -> Result<Store> {
        make_private_dir(&host.data_dir)?;
        self.connect(self.database_url(host)).await
    }

    async fn connect(&self, url: String) -> Result<Store> {
        let (clock, entropy) = (self.clock.clone(), self.entropy.clone());
        Ok(Store::open(StoreOptions { url, clock, entropy }).await?)
    }

    fn database_url(&self, host: &HostConfig) -> String {
        host.database_url(self.environment.database_url.as_ref().map(|url| url.as_str()))
    }

    /// Opens store and key; makes either when there is none.
    ///
    /// # Errors
    /// As [`Context::store_or_new`] and [`Context::master_key`].
    pub async fn open_or_new(&self) -> Result<Opened> {
        let host = self.host()?;
        let store = self.store_or_new(&host).await?;
        self.opened(host, store).await
    }

    /// Opens store and key for a look that must change nothing: where there is no store or no key yet, an empty one in a
    /// folder that is gone with what is returned beside it.
    ///
    /// # Errors
    /// As [`Context::open`].
    pub async fn open_for_trial(&self) -> Result<(Opened, Option<tempfile::TempDir>)> {
        let host = self.host()?;
        let url = self.database_url(&host);
        let is_new = match sqlite_file(&url) {
            Some(file) => !file.exists(),
            None => self.connect(url).await?.schema_version().await? == 0,
        };
        if !is_new && self.present_key(&host)?.is_some() {
            let store = self.store(&host).await?;
            return Ok((self.opened(host, store).await?, None));
        }
        let dir = tempfile::tempdir().while_doing("a folder for the trial cannot be made")?;
        let mut trial = host.clone();
        trial.data_dir = dir.path().to_owned();
        trial.secrets.master_key_file = dir.path().join("master.key");
        let store = self.connect(format!("sqlite:{}", dir.path().join("trial.db").display())).await?;
        store.migrate().await?;
        let key = MasterKey::generate(self.entropy.as_ref());
        let secrets = self.secrets(&host, &store, &key);
        Ok((Opened { host: trial, store, key, secrets }, Some(dir)))
    }

    /// Opens store and key.
    ///
    /// # Errors
    /// As [`Context::store`] and [`Context::master_key`].
    pub async fn open(&self) -> Result<Opened> {
        let host = self.host()?;
        let store = self.store(&host).await?;
        self.opened(host, store).await
    }

    async fn opened(&self, host: HostConfig, store: Store) -> Result<Opened> {
        let key = self.master_key(&host, &store).await?;
        let secrets = self.secrets(&host, &store, &key);
        Ok(Opened { host, store, key, secrets })
    }

    fn secrets(&self, host: &HostConfig, store: &Store, key: &MasterKey) -> Arc<Secrets> {
        Arc::new(Secrets {
            environment: self.environment.secrets.clone(),
            dir: host.secrets.dir.clone(),
            store: store.clone(),
            key: key.clone(),
        })
    }

    /// The master key: from the environment, else from its file, else a new one when this database never had any.
    ///
    /// # Errors
    /// It cannot be read or made, or it is not the one that this database was sealed with.
    pub async fn master_key(&self, host: &HostConfig, store: &Store) -> Result<MasterKey> {
        let known = store.meta(KEY_FINGERPRINT).await?;
        let path = &host.secrets.master_key_file;
        let key = match self.present_key(host)? {
            Some(key) => key,
            None if known.is_some() => {
                return Err(Failure::new(format!("the master key is missing: {} is not there", path.display())).mend(
                    "bring the file back from where this database came from, or restore a backup, which holds it; without it the \
                     sealed secrets cannot be opened",
                ));
            }
            None => {
                let key = MasterKey::generate(self.entropy.as_ref());
                write_key(path, &key)?;
                key
            }
        };
        let fingerprint = hex::encode(&derive(&key, "fingerprint")[..16]);
        match known {
            Some(known) if known != fingerprint => {
                Err(Failure::new("the master key is not the one that this database was sealed with")
                    .mend(format!("put the right key into {} or POSTHOUSE_MASTER_KEY", path.display())))
            }
            Some(_) => Ok(key),
            None => {
                store.set_meta(KEY_FINGERPRINT, &fingerprint).await?;
                Ok(key)
            }
        }
    }

    /// The master key as it is there, unchecked.
    ///
    /// # Errors
    /// It is there and cannot be read.
    pub fn present_key(&self, host: &HostConfig) -> Result<Option<MasterKey>> {
        let path = &host.secrets.master_key_file;
        let (text, place) = match &self.environment.master_key {
            Some(text) => (text.clone(), "POSTHOUSE_MASTER_KEY".to_owned()),
            None if !path.exists() => return Ok(None),
            None => (source::read_text(path, 4_096)?.into(), path.display().to_string()),
        };
        let key = MasterKey::from_hex(&text);
        let mend = "it must hold 64 hexadecimal digits, as `posthouse` wrote them";
        key.map(Some)
            .map_err(|error| Failure::new(format!("the master key in {place} cannot be read: {error}")).mend(mend))
    }

    /// The sandbox for commands that need nothing else of a host: with its compiled plugins where it is set up already.
    ///
    /// # Errors
    /// As [`Context::sandbox`].
    pub fn sandbox_alone(&self, host: &HostConfig) -> Result<Sandbox> {
        match self.present_key(host) {
            Ok(Some(key)) if host.data_dir.is_dir() => self.sandbox(Some((host, &key))),
            _ => self.sandbox(None),
        }
    }

    /// The sandbox. With a key, compiled plugins are kept in the host's data folder; without, in the user's own.
    ///
    /// # Errors
    /// The processor is not supported, or a folder or certificate cannot be used.
    pub fn sandbox(&self, host: Option<(&HostConfig, &MasterKey)>) -> Result<Sandbox> {
        self.engine(host, false)
    }

    /// As [`Context::sandbox_alone`], one that counts instructions: slower, and for trying plugins only.
    ///
    /// # Errors
    /// As [`Context::sandbox`].
    pub fn sandbox_that_counts(&self, host: &HostConfig) -> Result<Sandbox> {
        match self.present_key(host) {
            Ok(Some(key)) if host.data_dir.is_dir() => self.engine(Some((host, &key)), true),
            _ => self.engine(None, true),
        }
    }

    fn engine(&self, host: Option<(&HostConfig, &MasterKey)>, count_fuel: bool) -> Result<Sandbox> {
        let user = |caches: &PathBuf| UserCache::open(caches, self.entropy.as_ref());
        let user = if host.is_none() { self.environment.user_cache.as_ref().and_then(user) } else { None };
        sandbox(host, user, count_fuel)
    }
}

fn sandbox(host: Option<(&HostConfig, &MasterKey)>, user: Option<UserCache>, count_fuel: bool) -> Result<Sandbox> {
    let mut config = SandboxConfig { count_fuel, ..SandboxConfig::default() };
    if let Some(cache) = user {
        config.cache_dir = Some(cache.folder);
        config.cache_key = cache.key;
    }
    if let Some((host, key)) = host {
        config.cache_dir = Some(host.data_dir.join("compiled"));
        config.cache_key = derive(key, "compiled plugins");
        config.concurrent_calls = host.plugins.concurrent_calls;
        config.memory_ceiling = host.plugins.ceiling.memory_mib << 20;
        config.extra_roots = extra_roots(host)?;
    }
    Sandbox::new(config).map_err(|error| Failure::new(error.to_string()))
}

impl Opened {
    /// A tenant by its slug; the only one when none is named.
    ///
    /// # Errors
    /// There is no such tenant, or there are several and none is named.
    pub async fn tenant(&self, slug: Option<&str>) -> Result<TenantRow> {
        tenant(&self.store, slug).await
    }
}

/// The file of a SQLite database.
fn sqlite_file(url: &str) -> Option<&Path> {
    url.strip_prefix("sqlite:").map(|path| Path::new(path.split('?').next().unwrap_or(path)))
}

/// A tenant by its slug; the only one when none is named.
///
/// # Errors
/// There is no such tenant, or there are several and none is named.
pub async fn tenant(store: &Store, slug: Option<&str>) -> Result<TenantRow> {
    let mut tenants = store.tenants().await?;
    let names = tenants.iter().map(|row| row.tenant.slug.as_str()).collect::<Vec<_>>().join(", ");
    match slug {
        Some(slug) => match tenants.iter().position(|row| row.tenant.slug == slug) {
            Some(index) => Ok(tenants.swap_remove(index)),
            None if names.is_empty() => Err(no_tenant()),
            None => Err(Failure::new(format!("there is no tenant `{slug}`")).mend(format!("there are: {names}"))),
        },
        None if tenants.len() > 1 => {
            Err(Failure::usage("there are several tenants").mend(format!("say which with --tenant: {names}")))
        }
        None => tenants.pop().ok_or_else(no_tenant),
    }
}

fn no_tenant() -> Failure {
    Failure::new("there is no tenant yet").mend("make one with `posthouse tenant apply DIR`")
}

/// A key for one purpose, made from the master key: HMAC-SHA-256 of the purpose.
#[must_use]
#[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
pub fn derive(key: &MasterKey, purpose: &str) -> [u8; 32] {
    let hex = zeroize::Zeroizing::new(key.to_hex());
    let mut mac = Hmac::<Sha256>::new_from_slice(hex.as_bytes()).expect("any length");
    mac.update(b"posthouse ");
    mac.update(purpose.as_bytes());
    mac.finalize().into_bytes().into()
}

/// Certificates (DER) trusted besides the system's.
///
/// # Errors
/// The file cannot be read or holds something else.
pub fn extra_roots(host: &HostConfig) -> Result<Vec<Vec<u8>>> {
    let Some(path) = &host.network.ca_file else { return Ok(Vec::new()) };
    let pem = source::read_text(path, source::FILE_BYTES_MAX)?;
    let bad = || {
        Problem::file(path, "this holds no certificate", "use a PEM file, which has lines that say BEGIN CERTIFICATE")
    };
    let roots: std::result::Result<Vec<_>, _> =
        CertificateDer::pem_slice_iter(pem.as_bytes()).map(|c| c.map(|c| c.to_vec())).collect();
    roots.ok().filter(|roots| !roots.is_empty()).ok_or_else(|| bad().into())
}

/// Makes a folder that only this user can enter.
fn make_private_dir(dir: &Path) -> Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).while_doing(format!("the folder {} cannot be made", dir.display()))
}

/// Writes a new key file that only this user can read. Never overwrites one.
///
/// # Errors
/// It cannot be written, or there is one already.
pub fn write_key(path: &Path, key: &MasterKey) -> Result<()> {
    use std::io::Write as _;
    if let Some(dir) = path.parent() {
        make_private_dir(dir)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let write = || {
        let mut file = options.open(path)?;
        let text = zeroize::Zeroizing::new(format!("{}\n", key.to_hex()));
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    write().while_doing(format!("the master key cannot be written to {}", path.display()))
}

/// Starts writing down what happens, to standard error.
pub fn start_log(host: &HostConfig, overriding: Option<&str>, colour: bool) {
    use tracing_subscriber::EnvFilter;
    let filter = overriding.and_then(|text| EnvFilter::try_new(text).ok());
    let filter = filter.unwrap_or_else(|| EnvFilter::new(&host.log.level));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colour);
    // Only the first of a process counts; a second is for tests, which do not mind.
    let _ = match host.log.format {
        LogFormat::Text => builder.compact().try_init(),
        LogFormat::Json => builder.json().flatten_event(true).with_ansi(false).try_init(),
    };
}
