//! What the domain of a mailbox says about itself in DNS: who may send for it (SPF), what its mail is signed with (DKIM), and
//! what receivers are to do with the rest (DMARC). Receivers look at these, so a reply may be thrown away for want of one.

mod domain;
mod spf;

pub use domain::{DomainCheck, DomainFinding, usual_selectors};

use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::RData;
use hickory_resolver::{ResolverBuilder, TokioResolver};
use std::net::SocketAddr;
use std::time::Duration;

/// One question is given up after this long; it is asked twice.
const TIMEOUT: Duration = Duration::from_secs(3);

/// Asks name servers.
pub struct Dns {
    resolver: TokioResolver,
}

/// There is no answer: no name server is set up, or none answers, or it is out of order. That a name or record does not exist
/// is an answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoDns(String);

impl Dns {
    /// The name servers that this machine is set up with.
    ///
    /// # Errors
    /// There are none, or their set-up cannot be read.
    pub fn system() -> Result<Self, NoDns> {
        let builder = TokioResolver::builder_tokio();
        Self::build(builder.map_err(|error| NoDns(format!("this machine's name servers are not known: {error}")))?)
    }

    /// One name server.
    ///
    /// # Errors
    /// It cannot be used.
    pub fn at(server: SocketAddr) -> Result<Self, NoDns> {
        let connection = |mut one: ConnectionConfig| {
            one.port = server.port();
            one
        };
        let connections = vec![connection(ConnectionConfig::udp()), connection(ConnectionConfig::tcp())];
        let server = NameServerConfig::new(server.ip(), true, connections);
        let config = ResolverConfig::from_name_servers(vec![server]);
        Self::build(TokioResolver::builder_with_config(config, TokioRuntimeProvider::default()))
    }

    fn build(mut builder: ResolverBuilder<TokioRuntimeProvider>) -> Result<Self, NoDns> {
        let options = builder.options_mut();
        options.timeout = TIMEOUT;
        options.attempts = 2;
        let resolver = builder.build().map_err(|error| NoDns(error.to_string()))?;
        Ok(Self { resolver })
    }

    /// The TXT records of a name, each as one text (RFC 7208, 3.3: its strings joined); none when there are none, or no such
    /// name.
    async fn txt(&self, name: &str) -> Result<Vec<String>, NoDns> {
        // With its final dot no search domain of this machine is tried.
        match self.resolver.txt_lookup(format!("{name}.")).await {
            Ok(found) => Ok(found
                .answers()
                .iter()
                .filter_map(|record| match &record.data {
                    RData::TXT(txt) => Some(String::from_utf8_lossy(&txt.txt_data.concat()).into_owned()),
                    _ => None,
                })
                .collect()),
            Err(error) if error.is_nx_domain() || error.is_no_records_found() => Ok(Vec::new()),
            Err(error) => Err(NoDns(error.to_string())),
        }
    }
}

#[cfg(test)]
mod tests;
