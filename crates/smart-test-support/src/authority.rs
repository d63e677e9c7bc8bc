//! Certificates for tests: an authority, and the valid and invalid certificates that it signs.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio_rustls::TlsAcceptor;

/// A certificate authority with a new key. Clients trust it only if they are configured to.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    /// A new authority.
    ///
    /// # Errors
    ///
    /// A key could not be generated.
    pub fn new() -> Result<Self, rcgen::Error> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // With equal names, a client would pick the wrong authority and fail on the signature
        // instead of finding no issuer.
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("test authority {number}");
        params.distinguished_name.push(DnType::CommonName, name);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        Ok(Self { issuer })
    }

    /// Its certificate in PEM, for clients that should trust it.
    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// A certificate for a server with these names.
    ///
    /// # Errors
    ///
    /// A key could not be generated, or a name is invalid in a certificate.
    pub fn certify(&self, names: &[&str]) -> Result<ServerIdentity, rcgen::Error> {
        self.sign(params(names)?)
    }

    /// A certificate that expired on 1 January 2021.
    ///
    /// # Errors
    ///
    /// A key could not be generated, or a name is invalid in a certificate.
    pub fn certify_expired(&self, names: &[&str]) -> Result<ServerIdentity, rcgen::Error> {
        let mut params = params(names)?;
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2021, 1, 1);
        self.sign(params)
    }

    /// A client certificate with its private key, in PEM.
    ///
    /// # Errors
    ///
    /// A key could not be generated.
    pub fn client_pem(&self, name: &str) -> Result<String, rcgen::Error> {
        let key = KeyPair::generate()?;
        let certificate = params(&[name])?.signed_by(&key, &self.issuer)?;
        Ok(certificate.pem() + &key.serialize_pem())
    }

    fn sign(&self, params: CertificateParams) -> Result<ServerIdentity, rcgen::Error> {
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(ServerIdentity {
            chain: vec![certificate.der().clone()],
            key: Arc::new(PrivateKeyDer::Pkcs8(key.serialize_der().into())),
            clients: None,
            http2: false,
        })
    }
}

fn params(names: &[&str]) -> Result<CertificateParams, rcgen::Error> {
    CertificateParams::new(
        names
            .iter()
            .map(|name| (*name).to_owned())
            .collect::<Vec<_>>(),
    )
}

impl fmt::Debug for Authority {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Authority").finish_non_exhaustive()
    }
}

static COUNT: AtomicUsize = AtomicUsize::new(0);

/// The certificate and private key of a server.
#[derive(Clone)]
pub struct ServerIdentity {
    chain: Vec<CertificateDer<'static>>,
    key: Arc<PrivateKeyDer<'static>>,
    clients: Option<CertificateDer<'static>>,
    http2: bool,
}

impl ServerIdentity {
    /// Requires a client certificate signed by this authority.
    #[must_use]
    pub fn for_clients_of(mut self, authority: &Authority) -> Self {
        self.clients = Some(authority.issuer.der().clone());
        self
    }

    pub(crate) fn with_http2(mut self) -> Self {
        self.http2 = true;
        self
    }

    #[expect(
        clippy::expect_used,
        reason = "rustls reads what rcgen writes; both run on the same provider"
    )]
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .expect("the provider knows the default versions");
        let builder = match &self.clients {
            Some(authority) => {
                let mut roots = RootCertStore::empty();
                roots
                    .add(authority.clone())
                    .expect("the authority's certificate is well formed");
                let verifier =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                        .build()
                        .expect("there is an authority");
                builder.with_client_cert_verifier(verifier)
            }
            None => builder.with_no_client_auth(),
        };
        let mut config = builder
            .with_single_cert(self.chain.clone(), self.key.clone_key())
            .expect("the key belongs to the certificate");
        if self.http2 {
            config.alpn_protocols = vec![b"h2".to_vec()];
        }
        TlsAcceptor::from(Arc::new(config))
    }
}

impl fmt::Debug for ServerIdentity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ServerIdentity")
            .finish_non_exhaustive()
    }
}
