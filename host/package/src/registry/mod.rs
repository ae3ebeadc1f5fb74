//! Packages in an OCI registry: an artifact with one layer, the package file, and the manifest as JSON for its
//! configuration.

mod address;

pub use address::OciAddress;

use crate::digest::Digest;
use crate::error::{PackageError, shown, size};
use crate::limits::FILE_BYTES;
use crate::package::Package;
use oci_client::client::{Client, ClientConfig, ClientProtocol, Config, ImageLayer};
use oci_client::errors::{OciDistributionError, OciErrorCode};
use oci_client::manifest::{OCI_IMAGE_MEDIA_TYPE, OciImageManifest};
use oci_client::secrets::RegistryAuth;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use thiserror::Error;
use tokio::io::AsyncWrite;

/// The artifact's type.
pub const ARTIFACT_TYPE: &str = "application/vnd.posthouse.plugin.v1";
/// The type of the one layer, the package file.
pub const LAYER_TYPE: &str = "application/vnd.posthouse.plugin.package.v1+zip";
/// The type of the configuration, the manifest as JSON.
pub const CONFIG_TYPE: &str = "application/vnd.posthouse.plugin.manifest.v1+json";

/// Bytes of a registry's manifest.
const REGISTRY_MANIFEST_BYTES: usize = 1 << 20;

/// How a registry is reached.
#[derive(Clone)]
pub struct RegistryOptions {
    /// User and password, where the registry asks for them.
    pub credentials: Option<(String, String)>,
    /// Plain HTTP toward any registry. Without it only one on this machine is called without TLS.
    pub plain_http: bool,
    /// How long a push or a pull may take altogether. Default: five minutes.
    pub timeout: Duration,
}

impl Default for RegistryOptions {
    fn default() -> Self {
        Self { credentials: None, plain_http: false, timeout: Duration::from_secs(300) }
    }
}

impl fmt::Debug for RegistryOptions {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegistryOptions")
            .field("user", &self.credentials.as_ref().map(|(user, _)| user))
            .field("plain_http", &self.plain_http)
            .field("timeout", &self.timeout)
            .finish()
    }
}

/// A push or a pull failed.
#[derive(Debug, Error)]
pub enum RegistryError {
    /// The address is none.
    #[error(
        "`{0}` is not an address in a registry; write registry.example.com/team/plugin:1.0.0, or @sha256:… in place of the tag"
    )]
    Address(String),
    /// There is no such package, or the registry hides it.
    #[error("{address}: the registry has no such package, or does not show it to this user")]
    NotFound {
        /// Where.
        address: String,
    },
    /// The registry refused the user.
    #[error("{address}: the registry refuses this user or asks for one; give a user and a password that may do this")]
    Refused {
        /// Where.
        address: String,
    },
    /// What is there is no package.
    #[error("{address}: {problem}")]
    NotAPackage {
        /// Where.
        address: String,
        /// Why.
        problem: String,
    },
    /// It took too long.
    #[error("{address}: gave up after {} s; is the registry reachable?", .after.as_secs())]
    Timeout {
        /// Where.
        address: String,
        /// The limit.
        after: Duration,
    },
    /// The connection failed, or the registry answered in a way that was not expected.
    #[error("{address}: {problem}")]
    Failed {
        /// Where.
        address: String,
        /// In the words of whoever noticed.
        problem: String,
    },
    /// What was fetched, or was to be sent, is not sound.
    #[error("{address}: {error}")]
    Package {
        /// Where.
        address: String,
        /// What is wrong with it.
        error: PackageError,
    },
}

/// What was fetched.
#[derive(Clone, Debug)]
pub struct Pulled {
    /// The package.
    pub package: Package,
    /// The package's file as the registry has it.
    pub file: Vec<u8>,
    /// The digest of the registry's manifest: what a tag meant at this moment.
    pub resolved: Digest,
}

/// A way to registries.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    options: RegistryOptions,
}

impl Registry {
    /// With these options.
    #[must_use]
    pub fn new(options: RegistryOptions) -> Self {
        Self { options }
    }

    /// Puts a package into a registry, under the address's tag. Returns the digest of the registry's manifest.
    ///
    /// # Errors
    /// When the address has a digest, the registry refuses, cannot be reached or takes too long, or the package
    /// is too large for a file.
    pub async fn push(&self, address: &OciAddress, package: &Package) -> Result<Digest, RegistryError> {
        if address.digest().is_some() || address.tag().is_none() {
            let problem = "a package is pushed under a tag; leave the digest out".into();
            return Err(RegistryError::Failed { address: address.to_string(), problem });
        }
        self.in_time(address, self.push_all(address, package)).await
    }

    async fn push_all(&self, address: &OciAddress, package: &Package) -> Result<Digest, RegistryError> {
        let broken = |error| RegistryError::Package { address: address.to_string(), error };
        let failed = |problem: String| RegistryError::Failed { address: address.to_string(), problem };
        let file = package.write().map_err(broken)?;
        let manifest = package.manifest();
        let config = serde_json::to_vec(&manifest.to_json().map_err(failed)?).map_err(|e| failed(e.to_string()))?;
        let layer = ImageLayer::new(file, LAYER_TYPE.to_owned(), None);
        let config = Config::new(config, CONFIG_TYPE.to_owned(), None);
        let annotations = [
            ("org.opencontainers.image.title", manifest.id.to_string()),
            ("org.opencontainers.image.version", manifest.version.to_string()),
            ("org.opencontainers.image.licenses", manifest.license.clone()),
            ("org.opencontainers.image.description", manifest.summary.clone()),
        ];
        let annotations = annotations.map(|(key, value)| (key.to_owned(), value)).into_iter().collect();
        let mut described = OciImageManifest::build(std::slice::from_ref(&layer), &config, Some(annotations));
        described.media_type = Some(OCI_IMAGE_MEDIA_TYPE.to_owned());
        described.artifact_type = Some(ARTIFACT_TYPE.to_owned());
        let described_text = serde_json::to_vec(&described).map_err(|e| failed(e.to_string()))?;
        let resolved = Digest::of(&described_text);

        let (client, auth) = self.client(address)?;
        let reference = address.reference();
        client.store_auth_if_needed(reference.resolve_registry(), &auth).await;
        let put = async {
            client.push_blob(&reference, layer.data, &described.layers[0].digest).await?;
            client.push_blob(&reference, config.data, &described.config.digest).await?;
            let media_type = http::HeaderValue::from_static(OCI_IMAGE_MEDIA_TYPE);
            client.push_manifest_raw(&reference, described_text, media_type).await
        };
        put.await.map_err(|e| explained(address, &e))?;
        Ok(resolved)
    }

    /// Fetches a package by tag or digest. Its layer is at most 64 MiB and has the digest that the registry's
    /// manifest gives; the manifest has the digest of the address where that has one.
    ///
    /// # Errors
    /// When there is no such package, something else than a plugin, or something damaged; when the registry
    /// refuses, cannot be reached or takes too long.
    pub async fn pull(&self, address: &OciAddress) -> Result<Pulled, RegistryError> {
        self.in_time(address, self.pull_all(address)).await
    }

    async fn pull_all(&self, address: &OciAddress) -> Result<Pulled, RegistryError> {
        let no_package = |problem: String| RegistryError::NotAPackage { address: address.to_string(), problem };
        let (client, auth) = self.client(address)?;
        let reference = address.reference();
        let pulled = client.pull_manifest_raw(&reference, &auth, &[OCI_IMAGE_MEDIA_TYPE]).await;
        let (text, _) = pulled.map_err(|e| explained(address, &e))?;
        if text.len() > REGISTRY_MANIFEST_BYTES {
            return Err(no_package("the registry's manifest is over the limit of 1 MiB".into()));
        }
        let resolved = Digest::of(&text);
        if address.digest().is_some_and(|wanted| wanted != resolved) {
            return Err(no_package(format!("the registry gave {resolved} for it: do not use this registry")));
        }
        let described: OciImageManifest = serde_json::from_slice(&text)
            .map_err(|e| no_package(format!("this is not a plugin: its manifest cannot be read: {e}")))?;
        if described.artifact_type.as_deref() != Some(ARTIFACT_TYPE) {
            let found = described.artifact_type.as_deref().unwrap_or(&described.config.media_type);
            return Err(no_package(format!("this is not a plugin but `{}`", shown(found))));
        }
        let [layer] = described.layers.as_slice() else {
            return Err(no_package(format!("it has {} layers; a plugin has one", described.layers.len())));
        };
        if layer.media_type != LAYER_TYPE {
            return Err(no_package(format!("its layer is `{}`, not a package", shown(&layer.media_type))));
        }
        let wanted: Digest = layer.digest.parse().map_err(|e: crate::DigestError| no_package(e.to_string()))?;
        let bytes = u64::try_from(layer.size).ok().filter(|bytes| *bytes <= FILE_BYTES);
        let bytes = bytes.ok_or_else(|| no_package(format!("its layer is over the limit of {}", size(FILE_BYTES))))?;

        // By the digest alone: a manifest may name other places to fetch a layer from, which are never asked.
        let mut file = Bounded { bytes: Vec::new(), limit: bytes };
        let got = client.pull_blob(&reference, wanted.to_string().as_str(), &mut file).await;
        got.map_err(|e| explained(address, &e))?;
        if file.bytes.len() as u64 != bytes || Digest::of(&file.bytes) != wanted {
            return Err(no_package("its layer is not what the registry's manifest says".into()));
        }
        let package = Package::read(&file.bytes)
            .map_err(|error| RegistryError::Package { address: address.to_string(), error })?;
        Ok(Pulled { package, file: file.bytes, resolved })
    }

    fn client(&self, address: &OciAddress) -> Result<(Client, RegistryAuth), RegistryError> {
        // The client takes the process's choice of cryptography; where there is none yet, this is it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let plain = self.options.plain_http || address.is_loopback();
        let config = ClientConfig {
            protocol: if plain { ClientProtocol::Http } else { ClientProtocol::Https },
            connect_timeout: Some(Duration::from_secs(20).min(self.options.timeout)),
            read_timeout: Some(Duration::from_secs(60).min(self.options.timeout)),
            platform_resolver: None,
            user_agent: concat!("Posthouse/", env!("CARGO_PKG_VERSION")),
            ..ClientConfig::default()
        };
        let client = Client::try_from(config).map_err(|e| explained(address, &e))?;
        let auth = match &self.options.credentials {
            Some((user, password)) => RegistryAuth::Basic(user.clone(), password.clone()),
            None => RegistryAuth::Anonymous,
        };
        Ok((client, auth))
    }

    async fn in_time<T>(
        &self,
        address: &OciAddress,
        work: impl Future<Output = Result<T, RegistryError>>,
    ) -> Result<T, RegistryError> {
        let after = self.options.timeout;
        let ended = tokio::time::timeout(after, work).await;
        ended.unwrap_or_else(|_| Err(RegistryError::Timeout { address: address.to_string(), after }))
    }
}

fn explained(address: &OciAddress, error: &OciDistributionError) -> RegistryError {
    let address = address.to_string();
    let has = |code: fn(&OciErrorCode) -> bool| match error {
        OciDistributionError::RegistryError { envelope, .. } => envelope.errors.iter().any(|e| code(&e.code)),
        _ => false,
    };
    let code = match error {
        OciDistributionError::ServerError { code, .. } => *code,
        OciDistributionError::UnauthorizedError { .. } | OciDistributionError::AuthenticationFailure(_) => 401,
        OciDistributionError::ImageManifestNotFoundError(_) => 404,
        _ => 0,
    };
    if code == 404
        || has(|c| matches!(c, OciErrorCode::ManifestUnknown | OciErrorCode::NameUnknown | OciErrorCode::NotFound))
    {
        return RegistryError::NotFound { address };
    }
    if matches!(code, 401 | 403) || has(|c| matches!(c, OciErrorCode::Unauthorized | OciErrorCode::Denied)) {
        return RegistryError::Refused { address };
    }
    // The cause is what helps: "connection refused" stands at the end of the chain.
    let mut problem = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        problem = format!("{problem}: {next}");
        cause = next.source();
    }
    let problem: String = problem.chars().take(500).collect();
    RegistryError::Failed { address, problem }
}

/// Takes so many bytes and no more.
struct Bounded {
    bytes: Vec<u8>,
    limit: u64,
}

impl AsyncWrite for Bounded {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        if (self.bytes.len() + bytes.len()) as u64 > self.limit {
            return Poll::Ready(Err(std::io::Error::other("the registry sends more than its manifest says")));
        }
        self.bytes.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
