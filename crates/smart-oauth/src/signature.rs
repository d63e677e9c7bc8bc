//! From base string to signature ([RFC 5849, section 3.4](https://www.rfc-editor.org/rfc/rfc5849#section-3.4)).

mod hmac_sha1;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};
use zeroize::Zeroizing;

use crate::credentials::{ConsumerSecret, TokenSecret};
use crate::encode::push_encoded;

/// How a request is signed. The Classic container knows one way only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignatureMethod {
    /// [RFC 5849, section 3.4.2](https://www.rfc-editor.org/rfc/rfc5849#section-3.4.2).
    #[default]
    HmacSha1,
}

impl SignatureMethod {
    /// The method that a header names, compared exactly; `None` when it is not supported.
    pub fn from_name(name: &str) -> Option<Self> {
        (name == Self::HmacSha1.name()).then_some(Self::HmacSha1)
    }

    /// The value of `oauth_signature_method`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::HmacSha1 => "HMAC-SHA1",
        }
    }

    /// The value of `oauth_signature`, not yet percent-encoded.
    pub(crate) fn sign(self, base_string: &str, key: &SigningKey) -> String {
        match self {
            Self::HmacSha1 => STANDARD.encode(hmac_sha1::mac(base_string, key)),
        }
    }
}

/// Both secrets, encoded and joined with `&`; wiped when dropped.
pub(crate) struct SigningKey(Zeroizing<Vec<u8>>);

impl SigningKey {
    /// Without a token the second half is empty, the `&` stays.
    pub(crate) fn new(consumer: &ConsumerSecret, token: Option<&TokenSecret>) -> Self {
        let (consumer, token) = (consumer.expose(), token.map_or("", TokenSecret::expose));
        // room for the worst case, since a buffer that grows leaves a copy behind that nobody wipes
        let mut key = Zeroizing::new(Vec::with_capacity(3 * (consumer.len() + token.len()) + 1));
        push_encoded(&mut key, consumer.as_bytes());
        key.push(b'&');
        push_encoded(&mut key, token.as_bytes());
        Self(key)
    }

    fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The value of `oauth_body_hash`: base64 of the SHA-1 of the body
/// ([the extension's draft](https://oauth.googlecode.com/svn/spec/ext/body_hash/1.0/oauth-bodyhash.html)).
pub(crate) fn body_hash(body: &[u8]) -> String {
    STANDARD.encode(Sha1::digest(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_is_encoded_and_keeps_its_ampersand() {
        let key = |consumer: &str, token: Option<&str>| {
            SigningKey::new(&consumer.into(), token.map(TokenSecret::from).as_ref())
                .0
                .to_vec()
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
        assert_eq!(
            SignatureMethod::from_name("HMAC-SHA1"),
            Some(SignatureMethod::HmacSha1)
        );
        for name in ["hmac-sha1", "PLAINTEXT", "RSA-SHA1", ""] {
            assert_eq!(SignatureMethod::from_name(name), None);
        }
    }
}
