//! What the binary hands to the desk.

use async_trait::async_trait;
use posthouse_model::config::{MailboxConfig, OidcConfig};
use posthouse_model::{Clock, Entropy, TenantId, Timestamp};
use posthouse_store::vault::PeopleVault;
use posthouse_store::{Store, StoreTrouble};
use std::sync::Arc;
use tokio::sync::watch;
use url::Url;

/// Decodes one attachment out of a raw mail: bytes and the part's index in, content out.
pub type AttachmentReader = Arc<dyn Fn(&[u8], u32) -> Option<Vec<u8>> + Send + Sync>;

/// Makes a Message-ID, without angle brackets, for a reply from the mailbox address given.
pub type MessageIdMaker = Arc<dyn Fn(&str) -> String + Send + Sync>;

/// Makes the address at a mailbox's provider to which a browser is sent so that its owner lets this host in: the mailbox's set-up and
/// the `state` that comes back in, the address out; or why there is none, for a person.
pub type SignInAddress = Arc<dyn Fn(&MailboxConfig, &str) -> Result<String, String> + Send + Sync>;

/// Makes the address at people's provider to which a browser is sent: the set-up, where the provider lets browsers in, and the `state`
/// that comes back in, the address out; or why there is none, for a person.
pub type OidcAddress = Arc<dyn Fn(&OidcConfig, &str, &str) -> Result<String, String> + Send + Sync>;

/// Looks at a card's link: the team's slug and the last part of the link in; the ticket's number out, and until when the link is good.
pub type CardLink = Arc<dyn Fn(&str, &str) -> Option<(i64, Timestamp)> + Send + Sync>;

/// Whether the host is fit for work.
#[derive(Clone, Debug)]
pub struct Health {
    /// Answers 200 when it is, 503 when not.
    pub ready: bool,
    /// Why not, and what else is worth knowing.
    pub report: serde_json::Value,
}

/// What is wrong with the host as a whole. Everybody at a desk is told while it lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostTrouble {
    /// The database does not do its work.
    Store(StoreTrouble),
    /// The disk is nearly full.
    DiskLow {
        /// What is left.
        free_bytes: u64,
    },
}

/// What the host says about itself, for `/health` and `/metrics`.
#[async_trait]
pub trait Operations: Send + Sync + 'static {
    /// Ready, and if not, why not.
    async fn health(&self) -> Health;
    /// In Prometheus' text format.
    async fn metrics(&self) -> String;
    /// What is wrong with the host at this moment. Asked for every page, so it must be known without a query.
    fn trouble(&self) -> Option<HostTrouble> {
        None
    }
}

/// What is known of a secret, without its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretLook {
    /// It stands in the environment or in a file, which goes before what is kept here and cannot be changed here.
    pub elsewhere: bool,
    /// Hosts that it may be sent to; empty: wherever the set-up sends it.
    pub hosts: Vec<String>,
}

/// Secrets as the desk may know them: it puts values in and never gets one out.
#[async_trait]
pub trait SecretDesk: Send + Sync + 'static {
    /// Whether there is one, and where.
    ///
    /// # Errors
    /// In words for a person: it cannot be opened, or a file cannot be read.
    async fn look(&self, tenant: TenantId, slug: &str, name: &str) -> Result<Option<SecretLook>, String>;

    /// The bytes to keep for a value.
    ///
    /// # Errors
    /// In words for a person.
    fn seal(&self, tenant: TenantId, name: &str, value: &str, hosts: &[String]) -> Result<Vec<u8>, String>;
}

/// Everything the desk needs from outside.
#[derive(Clone)]
pub struct WebDeps {
    /// Where everything is.
    pub store: Store,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// For session tokens.
    pub entropy: Arc<dyn Entropy>,
    /// Seals the seeds of people's second factors.
    pub people_vault: PeopleVault,
    /// Takes secrets of teams.
    pub secrets: Arc<dyn SecretDesk>,
    /// Where people reach the desk. With `https` cookies are marked Secure and HSTS is sent.
    pub public_url: Url,
    /// Decodes attachments.
    pub attachment: AttachmentReader,
    /// Makes Message-IDs.
    pub message_id: MessageIdMaker,
    /// Makes addresses for signing in to mailboxes.
    pub sign_in_address: SignInAddress,
    /// Makes addresses for signing in at people's providers.
    pub oidc_address: OidcAddress,
    /// Looks at links of cards.
    pub card_link: CardLink,
    /// For `/health` and `/metrics`.
    pub operations: Arc<dyn Operations>,
    /// `/` lists all teams. On a host whose teams do not know of each other this is off, and `/` asks for a name.
    pub list_teams: bool,
    /// The host stands behind a proxy that appends the client's address to X-Forwarded-For. Off: the header is
    /// ignored, since anybody can send one.
    pub behind_proxy: bool,
    /// Turns true when the host stops: live streams end, so that a graceful shutdown can.
    pub stopping: watch::Receiver<bool>,
}
