//! TLS: whom to trust, and who we are.

use std::fmt;
use std::sync::{Arc, OnceLock};

use http::Uri;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use crate::error::BoxError;

/// Certificates of authorities, to be trusted beside those that the operating system trusts.
#[derive(Clone)]
pub struct Certificates {
    list: Vec<CertificateDer<'static>>,
}

impl Certificates {
    /// Reads them from PEM text: one or many, other sections are passed over.
    ///
    /// # Errors
    ///
    /// When there is none, or one cannot be read or used.
    pub fn from_pem(pem: &[u8]) -> Result<Self, TlsError> {
        let list: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
        let list = list.map_err(|_malformed| TlsError::Certificates)?;
        let mut probe = RootCertStore::empty();
        for certificate in &list {
            probe
                .add(certificate.clone())
                .map_err(|_unusable| TlsError::Certificates)?;
        }
        if list.is_empty() {
            return Err(TlsError::Certificates);
        }
        Ok(Self { list })
    }
}

impl fmt::Debug for Certificates {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Certificates")
            .field("count", &self.list.len())
            .finish()
    }
}

/// A certificate of our own with its private key, for servers that ask who is there.
pub struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Identity {
    /// Reads it from PEM text that holds the certificate, those between it and its authority, and
    /// the private key (PKCS #8, PKCS #1 or SEC 1, not encrypted).
    ///
    /// # Errors
    ///
    /// When one of them is missing, or they do not belong together.
    pub fn from_pem(pem: &[u8]) -> Result<Self, TlsError> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
        let chain = chain.map_err(|_malformed| TlsError::Identity)?;
        let key = PrivateKeyDer::from_pem_slice(pem).map_err(|_malformed| TlsError::Identity)?;
        rustls::sign::CertifiedKey::from_der(chain.clone(), key.clone_key(), &provider())
            .map_err(|_mismatch| TlsError::Identity)?;
        Ok(Self { chain, key })
    }
}

impl Clone for Identity {
    fn clone(&self) -> Self {
        Self {
            chain: self.chain.clone(),
            key: self.key.clone_key(),
        }
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Identity").finish_non_exhaustive()
    }
}

/// Why certificates or a key cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// The certificates of authorities.
    #[error(
        "there is no certificate of an authority in this; give it in PEM, as -----BEGIN CERTIFICATE-----"
    )]
    Certificates,
    /// Our own certificate and key.
    #[error(
        "there is no certificate with its private key in this; give both in PEM, the key without a password"
    )]
    Identity,
}

/// Whom a transport trusts, and as whom it comes.
#[derive(Clone, Debug, Default)]
pub(crate) struct TlsSettings {
    pub(crate) trusted: Vec<Certificates>,
    pub(crate) only_these: bool,
    pub(crate) identity: Option<Identity>,
}

/// The configuration, made when the first `https` connection needs it: reading the system's store
/// takes milliseconds.
#[derive(Clone)]
pub(crate) struct LazyTls {
    settings: Arc<TlsSettings>,
    config: Arc<OnceLock<Arc<ClientConfig>>>,
    http2: bool,
}

impl LazyTls {
    pub(crate) fn new(settings: TlsSettings, http2: bool) -> Self {
        Self {
            settings: Arc::new(settings),
            config: Arc::default(),
            http2,
        }
    }

    /// What a connection to this URL needs; nothing if it is a plain one.
    pub(crate) fn config(&self, uri: &Uri) -> Result<Option<Arc<ClientConfig>>, BoxError> {
        if uri.scheme_str() != Some("https") {
            return Ok(None);
        }
        if let Some(config) = self.config.get() {
            return Ok(Some(Arc::clone(config)));
        }
        let config = self.settings.config(self.http2).map_err(Unusable)?;
        Ok(Some(Arc::clone(
            self.config.get_or_init(|| Arc::new(config)),
        )))
    }
}

impl TlsSettings {
    fn config(&self, http2: bool) -> Result<ClientConfig, rustls::Error> {
        let builder = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()?;
        let builder = match self.system_verifier() {
            Some(verifier) => builder
                .dangerous() // the name is rustls' for any verifier that is not its own; this one checks everything
                .with_custom_certificate_verifier(verifier),
            None => builder.with_root_certificates(self.roots()?),
        };
        let mut config = match &self.identity {
            Some(identity) => {
                builder.with_client_auth_cert(identity.chain.clone(), identity.key.clone_key())?
            }
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = if http2 {
            vec![b"h2".to_vec(), b"http/1.1".to_vec()]
        } else {
            vec![b"http/1.1".to_vec()]
        };
        Ok(config)
    }

    /// The operating system's judgment. A machine without a store of certificates has none, as in a
    /// bare container image.
    #[cfg(feature = "platform-verifier")]
    fn system_verifier(&self) -> Option<Arc<rustls_platform_verifier::Verifier>> {
        if self.only_these {
            return None;
        }
        #[cfg(not(any(target_os = "android", target_arch = "wasm32")))]
        let verifier =
            rustls_platform_verifier::Verifier::new_with_extra_roots(self.extra(), provider());
        #[cfg(any(target_os = "android", target_arch = "wasm32"))]
        let verifier = rustls_platform_verifier::Verifier::new(provider());
        verifier.ok().map(Arc::new)
    }

    #[cfg(not(feature = "platform-verifier"))]
    fn system_verifier(&self) -> Option<Arc<dyn rustls::client::danger::ServerCertVerifier>> {
        None
    }

    fn roots(&self) -> Result<RootCertStore, rustls::Error> {
        let mut roots = RootCertStore::empty();
        if !self.only_these {
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        for certificate in self.extra() {
            roots.add(certificate)?;
        }
        Ok(roots)
    }

    fn extra(&self) -> impl Iterator<Item = CertificateDer<'static>> {
        self.trusted
            .iter()
            .flat_map(|certificates| certificates.list.iter().cloned())
    }
}

/// Passed explicitly everywhere: a process-wide default could be another library's choice, or none.
fn provider() -> Arc<CryptoProvider> {
    #[cfg(feature = "aws-lc-rs")]
    return Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    #[cfg(all(feature = "ring", not(feature = "aws-lc-rs")))]
    return Arc::new(rustls::crypto::ring::default_provider());
    #[cfg(not(any(feature = "aws-lc-rs", feature = "ring")))]
    compile_error!(
        "the feature tls of smart-transport is switched on by aws-lc-rs or ring, not by itself"
    );
}

/// The marker of settings that TLS cannot work with.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unusable(rustls::Error);
