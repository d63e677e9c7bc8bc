//! From base string to signature ([RFC 5849, section
//! 3.4](https://www.rfc-editor.org/rfc/rfc5849#section-3.4)).

#[cfg(feature = "rsa-sha1")]
pub(crate) mod rsa_sha1;

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::{Digest, Sha1};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::encode::{into_text, push_encoded};
use crate::oauth1::credentials::{ConsumerSecret, TokenSecret};

/// How a request is signed. The Classic container knows [`HmacSha1`](Self::HmacSha1) only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SignatureMethod {
    /// [RFC 5849, section 3.4.2](https://www.rfc-editor.org/rfc/rfc5849#section-3.4.2).
    #[default]
    HmacSha1,
    /// As `HMAC-SHA1` with another hash; in wide use, in no RFC.
    HmacSha256,
    /// The key itself in place of a signature ([RFC 5849, section
    /// 3.4.4](https://www.rfc-editor.org/rfc/rfc5849#section-3.4.4)): it protects nothing, and off
    /// TLS it gives both secrets to everyone on the way.
    Plaintext,
    /// [RFC 5849, section 3.4.3](https://www.rfc-editor.org/rfc/rfc5849#section-3.4.3).
    #[cfg(feature = "rsa-sha1")]
    RsaSha1,
}

impl SignatureMethod {
    /// The methods that this build knows.
    pub(crate) const ALL: &[Self] = &[
        Self::HmacSha1,
        Self::HmacSha256,
        Self::Plaintext,
        #[cfg(feature = "rsa-sha1")]
        Self::RsaSha1,
    ];

    /// The method that a header names, compared exactly; `None` when it is not supported.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|method| method.name() == name)
    }

    /// The value of `oauth_signature_method`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::HmacSha1 => "HMAC-SHA1",
            Self::HmacSha256 => "HMAC-SHA256",
            Self::Plaintext => "PLAINTEXT",
            #[cfg(feature = "rsa-sha1")]
            Self::RsaSha1 => "RSA-SHA1",
        }
    }
}

impl fmt::Display for SignatureMethod {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// The two shared secrets made ready for one method: of HMAC, the state after the key, which is
/// half of the work on a short text. Wiped when dropped.
#[derive(Clone)]
pub(crate) enum SigningKey {
    HmacSha1(Hmac<Sha1>),
    HmacSha256(Hmac<Sha256>),
    Plaintext(Zeroizing<Vec<u8>>),
}

impl SigningKey {
    /// `None` for a method that does not sign with shared secrets.
    pub(crate) fn new(
        method: SignatureMethod,
        consumer: &ConsumerSecret,
        token: Option<&TokenSecret>,
    ) -> Option<Self> {
        Self::from_bytes(method, joined_secrets(consumer, token))
    }

    /// With the two secrets already joined, or joined in a wrong way by someone who has to be
    /// understood.
    pub(crate) fn from_bytes(method: SignatureMethod, key: Zeroizing<Vec<u8>>) -> Option<Self> {
        const ANY_LENGTH: &str = "hmac takes a key of any length";
        match method {
            SignatureMethod::HmacSha1 => {
                let keyed = Hmac::new_from_slice(&key).expect(ANY_LENGTH);
                Some(Self::HmacSha1(keyed))
            }
            SignatureMethod::HmacSha256 => {
                let keyed = Hmac::new_from_slice(&key).expect(ANY_LENGTH);
                Some(Self::HmacSha256(keyed))
            }
            SignatureMethod::Plaintext => Some(Self::Plaintext(key)),
            #[cfg(feature = "rsa-sha1")]
            SignatureMethod::RsaSha1 => None,
        }
    }

    /// Appends to a base string its signature: the value of `oauth_signature`, not yet
    /// percent-encoded.
    pub(crate) fn append_signature(&self, base_string: &mut Vec<u8>) {
        match self {
            Self::HmacSha1(keyed) => append_mac(keyed, base_string),
            Self::HmacSha256(keyed) => append_mac(keyed, base_string),
            Self::Plaintext(key) => base_string.extend_from_slice(key),
        }
    }

    /// The signature on its own.
    pub(crate) fn signature(&self, base_string: &str) -> Zeroizing<String> {
        let mut text = base_string.as_bytes().to_vec();
        self.append_signature(&mut text);
        Zeroizing::new(into_text(text.split_off(base_string.len())))
    }

    /// Whether this is the signature of the base string, compared in a time that does not tell
    /// where they differ.
    pub(crate) fn makes_signature(&self, mut base_string: Vec<u8>, claimed: &str) -> bool {
        let end = base_string.len();
        match self {
            Self::Plaintext(key) => key.ct_eq(claimed.as_bytes()).into(),
            _ => {
                self.append_signature(&mut base_string);
                base_string[end..].ct_eq(claimed.as_bytes()).into()
            }
        }
    }
}

fn append_mac<M: Mac + Clone>(keyed: &M, text: &mut Vec<u8>) {
    let mut mac = keyed.clone();
    mac.update(text);
    append_base64(text, &mac.finalize().into_bytes());
}

/// In the room behind the text, of which there is enough.
pub(crate) fn append_base64(text: &mut Vec<u8>, bytes: &[u8]) {
    let end = text.len();
    text.resize(end + bytes.len().div_ceil(3) * 4, 0);
    STANDARD
        .encode_slice(bytes, &mut text[end..])
        .expect("base64 takes four bytes for three");
}

/// Both secrets, encoded and joined with `&` ([RFC 5849, section
/// 3.4.2](https://www.rfc-editor.org/rfc/rfc5849#section-3.4.2)). Without a token the second half
/// is empty, the `&` stays.
fn joined_secrets(consumer: &ConsumerSecret, token: Option<&TokenSecret>) -> Zeroizing<Vec<u8>> {
    let (consumer, token) = (consumer.expose(), token.map_or("", TokenSecret::expose));
    // room for the worst case, since a buffer that grows leaves a copy behind that nobody wipes
    let mut key = Zeroizing::new(Vec::with_capacity(3 * (consumer.len() + token.len()) + 1));
    push_encoded(&mut key, consumer.as_bytes());
    key.push(b'&');
    push_encoded(&mut key, token.as_bytes());
    key
}

/// The value of `oauth_body_hash`: base64 of the SHA-1 of the body ([the extension's
/// draft](https://oauth.googlecode.com/svn/spec/ext/body_hash/1.0/oauth-bodyhash.html)).
pub(crate) fn body_hash(body: &[u8]) -> String {
    STANDARD.encode(Sha1::digest(body))
}

/// Base64 of an HMAC-SHA1 under a key as it is, as signed URLs use it.
pub(crate) fn plain_hmac_sha1(key: &[u8], message: &[u8]) -> Zeroizing<String> {
    let mut mac = Hmac::<Sha1>::new_from_slice(key).expect("hmac takes a key of any length");
    mac.update(message);
    Zeroizing::new(STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_is_encoded_and_keeps_its_ampersand() {
        let key = |consumer: &str, token: Option<&str>| {
            joined_secrets(&consumer.into(), token.map(TokenSecret::from).as_ref()).to_vec()
        };
        assert_eq!(key("a&b", None), *b"a%26b&");
        assert_eq!(key("a", Some("é")), *b"a&%C3%A9");
        assert_eq!(key("", None), *b"&");
    }

    #[test]
    fn hash_of_nothing_is_what_the_python_client_sends() {
        assert_eq!(body_hash(b""), "2jmj7l5rSw0yVb/vlWAYkK/YBwk=");
    }

    #[test]
    fn method_names_are_exact() {
        for method in SignatureMethod::ALL {
            assert_eq!(SignatureMethod::from_name(method.name()), Some(*method));
        }
        for name in ["hmac-sha1", "HMAC-SHA512", "", "HMAC-SHA1 "] {
            assert_eq!(SignatureMethod::from_name(name), None);
        }
    }

    #[test]
    fn macs_are_those_of_the_hash() {
        let signature = |method| {
            let key = SigningKey::new(method, &"Jefe".into(), None).unwrap();
            let mut text = b"what do ya want for nothing?".to_vec();
            let end = text.len();
            key.append_signature(&mut text);
            String::from_utf8(text.split_off(end)).unwrap()
        };
        // computed with Python's hmac under the key `Jefe&`
        assert_eq!(
            signature(SignatureMethod::HmacSha1),
            "/k0g9aDVnhS67tsWyuxJqU4jDC0="
        );
        assert_eq!(
            signature(SignatureMethod::HmacSha256),
            "G6gg/yGmYvQWkZm1QqmpNvIOkZBpTOxFHAozgOPNVJU="
        );
        assert_eq!(signature(SignatureMethod::Plaintext), "Jefe&");
    }
}
