//! A certificate for `localhost` and `127.0.0.1`, from an authority made for one test.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{
    self,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};

/// A server certificate, its key, and the authority that clients have to trust. All in PEM.
#[derive(Debug, Clone)]
pub struct Certificate {
    /// The authority's certificate: what a client is given as an extra root.
    pub authority_pem: String,
    /// The server's certificate.
    pub certificate_pem: String,
    /// The server's private key. Nothing trusts it outside the test.
    pub key_pem: String,
}

impl Certificate {
    /// Makes an authority and a certificate for `localhost` and `127.0.0.1`.
    pub fn for_localhost() -> Self {
        Self::for_names(&["localhost", "127.0.0.1"])
    }

    /// Makes an authority and a certificate for these host names or addresses.
    pub fn for_names(names: &[&str]) -> Self {
        let mut authority = CertificateParams::new(Vec::new()).expect("no names");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        authority.distinguished_name.push(DnType::CommonName, "Posthouse test authority");
        let authority_key = KeyPair::generate().expect("a key");
        let authority = CertifiedIssuer::self_signed(authority, authority_key).expect("a certificate of the authority");

        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let key = KeyPair::generate().expect("a key");
        let server = CertificateParams::new(names).expect("names of hosts");
        let server = server.signed_by(&key, &authority).expect("a certificate of the server");
        Self { authority_pem: authority.pem(), certificate_pem: server.pem(), key_pem: key.serialize_pem() }
    }

    /// The authority's certificate as clients take an extra root: DER, one.
    ///
    /// # Panics
    /// Never: it was written here.
    #[must_use]
    pub fn authority_der(&self) -> Vec<Vec<u8>> {
        let found = CertificateDer::pem_slice_iter(self.authority_pem.as_bytes());
        found.map(|der| der.expect("a certificate").to_vec()).collect()
    }

    /// What a server accepts connections with.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(self.certificate_pem.as_bytes()).collect();
        let key = PrivateKeyDer::from_pem_slice(self.key_pem.as_bytes()).expect("a key");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("known versions")
            .with_no_client_auth()
            .with_single_cert(chain.expect("certificates"), key)
            .expect("the key is the certificate's");
        TlsAcceptor::from(Arc::new(config))
    }
}
