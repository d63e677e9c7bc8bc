//! RSA-SHA1 ([RFC 5849, section 3.4.3](https://www.rfc-editor.org/rfc/rfc5849#section-3.4.3)): the
//! private key stays with its owner, the public key verifies here.

use std::error::Error;
use std::fmt;

use aws_lc_rs::signature::{RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::append_base64;
use crate::oauth1::error::SignError;

/// A private key that signs by RSASSA-PKCS1-v1_5 with SHA-1, wherever it lives: a security module,
/// a key store, a library.
///
/// This crate holds no RSA private keys. The maintained libraries in Rust no longer sign with
/// SHA-1, and the one that does has an unmended timing leak
/// ([RUSTSEC-2023-0071](https://rustsec.org/advisories/RUSTSEC-2023-0071.html)).
pub trait RsaSha1Key {
    /// The signature over the message, as long as the key's modulus.
    ///
    /// # Errors
    ///
    /// Whatever keeps the key from signing; it becomes the source of [`SignError::Rsa`].
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>>;
}

impl<F> RsaSha1Key for F
where
    F: Fn(&[u8]) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>>,
{
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>> {
        self(message)
    }
}

/// A client's public key, for verifying.
#[derive(Clone)]
pub struct RsaSha1PublicKey(Vec<u8>);

impl RsaSha1PublicKey {
    /// Takes a DER-encoded key: `SubjectPublicKeyInfo` as in a PEM `PUBLIC KEY`, or PKCS #1 as in
    /// an `RSA PUBLIC KEY`. A key that cannot be read verifies nothing.
    pub fn from_der(der: impl Into<Vec<u8>>) -> Self {
        Self(der.into())
    }

    /// Whether this is the signature, in base64, over the base string. The key needs 1024 to 8192
    /// bits.
    pub(crate) fn verifies(&self, base_string: &[u8], signature: &str) -> bool {
        let key = UnparsedPublicKey::new(&RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY, &self.0);
        STANDARD
            .decode(signature)
            .is_ok_and(|signature| key.verify(base_string, &signature).is_ok())
    }
}

impl fmt::Debug for RsaSha1PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "RsaSha1PublicKey({} bytes)", self.0.len())
    }
}

pub(crate) fn append_signature(
    key: &dyn RsaSha1Key,
    base_string: &mut Vec<u8>,
) -> Result<(), SignError> {
    let signature = key.sign(base_string).map_err(SignError::Rsa)?;
    append_base64(base_string, &signature);
    Ok(())
}
