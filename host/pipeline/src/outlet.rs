//! The tenant's ways to the outside: its mail servers and its model, with secrets put in at the last moment.

use crate::denials;
use crate::house::House;
use crate::knowledge::Asker;
use crate::model;
use crate::notice;
use crate::oauth::SignIn;
use crate::secrets::{self, SecretError};
use crate::tenant::{Mailbox, Tenant};
use async_trait::async_trait;
use posthouse_mail::imap::ImapConfig;
use posthouse_mail::net::{Auth, Secret, Security, Tokens};
use posthouse_mail::submit::{FileSubmitter, SmtpConfig, SmtpSubmitter, Submitter};
use posthouse_model::TicketId;
use posthouse_model::call::TicketView;
use posthouse_model::capability::{Denial, ModelAllowance};
use posthouse_model::config;
use posthouse_model::decision::LogLine;
use posthouse_sandbox::{
    CallHost, KnowledgeHit, KnowledgeQuery, Lane, LogLevel, ModelAnswer, ModelRefusal, ModelRequest, Question,
    SecretValue,
};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A folder from a tenant's set-up: a relative one is below the host's data folder.
#[must_use]
pub fn folder(data_dir: &Path, configured: &str) -> PathBuf {
    data_dir.join(configured)
}

fn security(security: config::Security) -> Security {
    match security {
        config::Security::Tls => Security::Tls,
        config::Security::StartTls => Security::StartTls,
        config::Security::Plain => Security::Plain,
    }
}

/// How to reach a mailbox's IMAP server.
///
/// # Errors
/// When its password is not to be had, or may not be sent to that server.
pub async fn imap(house: &House, tenant: &Tenant, imap: &config::ImapConfig) -> Result<ImapConfig, SecretError> {
    let by = format!("imap {}", imap.user);
    let auth = match (&imap.password, &imap.oauth) {
        (Some(password), _) => {
            let password = Secret::new(secrets::reveal(house, tenant, &password.secret, &imap.host, &by).await?);
            Auth::Password { username: imap.user.clone(), password }
        }
        (None, Some(oauth)) => tokens(house, tenant, &imap.user, oauth),
        (None, None) => {
            let words = format!("{by} has nothing to sign in with: give it a password or oauth in tenant.toml");
            return Err(SecretError::Unusable(words));
        }
    };
    let mut config = ImapConfig::new(&imap.host, imap.port(), security(imap.security()), auth);
    config.extra_ca_pem = imap.ca_pem.as_ref().map(|pem| pem.clone().into_bytes());
    config.poll = Duration::from_secs(u64::from(imap.poll_seconds));
    config.mark_seen = imap.mark_seen;
    Ok(config)
}

fn tokens(house: &House, tenant: &Tenant, user: &str, oauth: &config::OAuthConfig) -> Auth {
    let source = SignIn { house: house.clone(), tenant: tenant.id(), config: oauth.clone() };
    Auth::OAuth2 { username: user.to_owned(), tokens: Tokens(Arc::new(source)) }
}

/// A mailbox's way out.
///
/// # Errors
/// When its password is not to be had or may not be sent to that server, or when the mailbox has no way out.
pub async fn submitter(house: &House, tenant: &Tenant, mailbox: &Mailbox) -> Result<Box<dyn Submitter>, SecretError> {
    let config = &mailbox.config;
    if let Some(files) = &config.files {
        return Ok(Box::new(FileSubmitter::new(folder(house.data_dir(), &files.path))));
    }
    let Some(smtp) = &config.smtp else {
        let words = format!("mailbox “{}” has no way out: give it smtp or files in tenant.toml", config.name);
        return Err(SecretError::Unusable(words));
    };
    Ok(Box::new(SmtpSubmitter::new(smtp_config(house, tenant, config, smtp).await?)))
}

/// How to reach a mailbox's SMTP server.
///
/// # Errors
/// When its password is not to be had, or may not be sent to that server.
pub async fn smtp_config(
    house: &House,
    tenant: &Tenant,
    mailbox: &config::MailboxConfig,
    smtp: &config::SmtpConfig,
) -> Result<SmtpConfig, SecretError> {
    let auth = match (&smtp.user, &smtp.password) {
        (Some(user), None) => smtp.oauth.as_ref().map(|oauth| tokens(house, tenant, user, oauth)),
        (Some(user), Some(password)) => {
            let by = format!("smtp {user}");
            let password = secrets::reveal(house, tenant, &password.secret, &smtp.host, &by).await?;
            Some(Auth::Password { username: user.clone(), password: Secret::new(password) })
        }
        _ => None,
    };
    let mut out = SmtpConfig::new(&smtp.host, smtp.port(), security(smtp.security()), auth);
    out.extra_ca_pem = smtp.ca_pem.as_ref().map(|pem| pem.clone().into_bytes());
    out.hello_name = mailbox.address.rsplit_once('@').map(|(_, domain)| domain.to_owned());
    out.timeouts.command = Duration::from_secs(u64::from(smtp.timeout_seconds));
    Ok(out)
}

/// What one plugin of one tenant may ask of the house during a call. Clones are the same call's.
#[derive(Clone)]
pub struct TenantHost {
    house: House,
    tenant: Arc<Tenant>,
    plugin: String,
    /// How much of the model is its own, where it may call it at all.
    model: ModelAllowance,
    ticket: Option<TicketId>,
    /// Where the ticket's order or customer is.
    country: Option<String>,
    log: Arc<Mutex<Vec<LogLine>>>,
}

impl TenantHost {
    pub(crate) fn new(
        house: House,
        tenant: Arc<Tenant>,
        plugin: String,
        model: ModelAllowance,
        ticket: Option<TicketId>,
        question: &Question,
    ) -> Self {
        let country = question.ticket().and_then(TicketView::country);
        Self { house, tenant, plugin, model, ticket, country, log: Arc::default() }
    }

    /// What was logged so far, for the record; it is taken out.
    pub(crate) fn logged(&self) -> Vec<LogLine> {
        std::mem::take(&mut self.log.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl CallHost for TenantHost {
    async fn model(&self, request: ModelRequest) -> Result<ModelAnswer, ModelRefusal> {
        let task = model::task(&self.tenant, &self.plugin);
        let asking = model::Asking { plugin: &self.plugin, task, allowance: &self.model, ticket: self.ticket };
        model::complete(&self.house, &self.tenant, asking, request).await
    }

    fn lane(&self) -> Option<Lane> {
        Some(self.tenant.lane.clone())
    }

    async fn knowledge(&self, query: KnowledgeQuery) -> Result<Vec<KnowledgeHit>, String> {
        let today = notice::local(self.house.now(), &self.tenant.config.time_zone).date();
        Ok(self.tenant.knowledge().search(&query, &Asker { country: self.country.as_deref(), today }))
    }

    async fn kept(&self, key: &str) -> Result<Option<Vec<u8>>, String> {
        self.tenant.scope.kept(&self.plugin, key).await.map_err(|error| error.to_string())
    }

    async fn kept_keys(&self, prefix: &str, after: Option<&str>, limit: u32) -> Result<Vec<String>, String> {
        self.tenant.scope.kept_keys(&self.plugin, prefix, after, limit).await.map_err(|error| error.to_string())
    }

    async fn kept_bytes(&self) -> Result<u64, String> {
        self.tenant.scope.kept_bytes(&self.plugin).await.map_err(|error| error.to_string())
    }

    async fn secret(&self, name: &str) -> Option<SecretValue> {
        match self.house.secrets().secret(&self.tenant.row, name).await {
            Ok(value) => value,
            Err(reason) => {
                tracing::error!(tenant.id = %self.tenant.id(), secret = name, reason, "a secret cannot be read");
                None
            }
        }
    }

    async fn secret_refused(&self, name: &str, host: &str) {
        self.house.metrics().count(denials::COUNTER, &[("capability", Denial::Secret.as_str())]);
        secrets::refused(&self.house, &self.tenant, name, host, &format!("plugin {}", self.plugin)).await;
    }

    fn log(&self, level: LogLevel, text: &str) {
        let line = LogLine { level, text: text.to_owned() };
        let kept = self.house.logbook().take(self.tenant.id(), &self.plugin, self.house.now(), line);
        let dropped = kept.is_empty();
        self.log.lock().unwrap_or_else(PoisonError::into_inner).extend(kept);
        if dropped {
            return;
        }
        let (tenant, plugin) = (self.tenant.id(), &self.plugin);
        let ticket = self.ticket.map(|t| t.0);
        match level {
            LogLevel::Debug => {
                tracing::debug!(target: "plugin", { tenant.id = %tenant, plugin, ticket.id = ticket }, "{text}")
            }
            LogLevel::Info => {
                tracing::info!(target: "plugin", { tenant.id = %tenant, plugin, ticket.id = ticket }, "{text}")
            }
            LogLevel::Warn => {
                tracing::warn!(target: "plugin", { tenant.id = %tenant, plugin, ticket.id = ticket }, "{text}")
            }
            LogLevel::Error => {
                tracing::error!(target: "plugin", { tenant.id = %tenant, plugin, ticket.id = ticket }, "{text}")
            }
        }
    }
}
