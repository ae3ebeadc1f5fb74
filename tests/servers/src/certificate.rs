//! A certificate for `localhost` and `127.0.0.1`, from an authority made for one test.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose};

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
}
