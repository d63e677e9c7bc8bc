//! Who signs, and in whose name: consumer, request token, access token, and the numbers that make a
//! signature unique.

use std::fmt;

use crate::encode::is_unreserved;
use crate::oauth1::error::NonceError;
use crate::oauth1::text::Text;
use crate::secret::{identifier, secret};

identifier! {
    /// The public half of the app's own credentials; in a SMART container, the app's id ([RFC 5849,
    /// section 1.1](https://www.rfc-editor.org/rfc/rfc5849#section-1.1): client identifier).
    ConsumerKey
}

identifier! {
    /// The public half of a request or access token.
    TokenKey
}

secret! {
    /// The secret that an app and a container share.
    ConsumerSecret
}

secret! {
    /// The secret half of a request or access token.
    TokenSecret
}

secret! {
    /// The proof that a user has authorized a request token (`oauth_verifier`, [RFC 5849, section
    /// 2.2](https://www.rfc-editor.org/rfc/rfc5849#section-2.2)), good for one exchange.
    Verifier
}

/// An app's credentials: its key and the secret it shares with the container.
#[derive(Clone, Debug)]
pub struct Consumer {
    key: ConsumerKey,
    secret: ConsumerSecret,
}

impl Consumer {
    /// Pairs a key with its secret.
    pub fn new(key: impl Into<ConsumerKey>, secret: impl Into<ConsumerSecret>) -> Self {
        Self {
            key: key.into(),
            secret: secret.into(),
        }
    }

    /// The public half.
    pub fn key(&self) -> &ConsumerKey {
        &self.key
    }

    /// The secret half.
    pub fn secret(&self) -> &ConsumerSecret {
        &self.secret
    }
}

/// A token of one kind. The kinds are distinct types, so that a request token cannot sign a call.
macro_rules! token {
    ($(#[$documentation:meta])* $name:ident) => {
        $(#[$documentation])*
        #[derive(Clone, Debug)]
        pub struct $name {
            key: TokenKey,
            secret: TokenSecret,
        }

        impl $name {
            /// Pairs a key with its secret.
            pub fn new(key: impl Into<TokenKey>, secret: impl Into<TokenSecret>) -> Self {
                Self {
                    key: key.into(),
                    secret: secret.into(),
                }
            }

            /// The public half.
            pub fn key(&self) -> &TokenKey {
                &self.key
            }

            /// The secret half.
            pub fn secret(&self) -> &TokenSecret {
                &self.secret
            }
        }
    };
}

token! {
    /// A token that waits for the user's consent; good for nothing but the exchange ([RFC 5849,
    /// section 2.1](https://www.rfc-editor.org/rfc/rfc5849#section-2.1): temporary credentials).
    RequestToken
}

token! {
    /// A token that signs calls, bound by a SMART container to one app, one record and one user
    /// ([RFC 5849, section 2.3](https://www.rfc-editor.org/rfc/rfc5849#section-2.3): token
    /// credentials).
    AccessToken
}

/// Text that no earlier request of the same second used
/// ([RFC 5849, section 3.3](https://www.rfc-editor.org/rfc/rfc5849#section-3.3)).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Nonce {
    // in place, since every signature needs one; zero behind the text
    bytes: [u8; Self::MAX_BYTES],
    length: u8,
    is_clean: bool,
}

impl Nonce {
    /// The longest nonce that the Classic reference container can store, in bytes.
    pub const MAX_BYTES: usize = 100;

    /// Writes 128 bits as 32 hexadecimal digits.
    ///
    /// Take the bytes from the operating system's generator, fresh for every signature: the
    /// reference container keeps one table of nonces for all apps, so that a small or predictable
    /// nonce fails now and then for no visible reason.
    pub fn from_random(random: [u8; 16]) -> Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut bytes = [0; Self::MAX_BYTES];
        for (pair, byte) in bytes.chunks_exact_mut(2).zip(random) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 0xf)];
        }
        Self {
            bytes,
            length: 32,
            is_clean: true,
        }
    }

    /// Takes a nonce made elsewhere.
    ///
    /// # Errors
    ///
    /// When the text is empty, longer than [`Nonce::MAX_BYTES`], or holds anything but visible
    /// ASCII characters.
    pub fn new(text: impl AsRef<str>) -> Result<Self, NonceError> {
        let text = text.as_ref();
        if text.is_empty() {
            return Err(NonceError::Empty);
        }
        if text.len() > Self::MAX_BYTES {
            return Err(NonceError::TooLong {
                limit: Self::MAX_BYTES,
            });
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(NonceError::BadCharacter);
        }
        let mut bytes = [0; Self::MAX_BYTES];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        let length = u8::try_from(text.len()).expect("a nonce has at most 100 bytes");
        Ok(Self {
            bytes,
            length,
            is_clean: text.bytes().all(is_unreserved),
        })
    }

    pub(crate) fn as_text(&self) -> Text<'_> {
        if self.is_clean {
            Text::clean(self.as_bytes())
        } else {
            Text::plain(self.as_bytes())
        }
    }

    /// The text as it is sent.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).expect("a nonce is ascii")
    }

    fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }
}

impl fmt::Debug for Nonce {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("Nonce")
            .field(&self.as_str())
            .finish()
    }
}

impl fmt::Display for Nonce {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_nonce_is_hexadecimal() {
        let nonce = Nonce::from_random([
            0x00, 0x1f, 0xa0, 0xff, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
        ]);
        assert_eq!(nonce.as_str(), "001fa0ff0405060708090a0b0c0d0e0f");
    }

    #[test]
    fn nonce_limits() {
        assert_eq!(Nonce::new(""), Err(NonceError::Empty));
        assert_eq!(Nonce::new("a b"), Err(NonceError::BadCharacter));
        assert_eq!(Nonce::new("é"), Err(NonceError::BadCharacter));
        assert_eq!(
            Nonce::new("n".repeat(101)),
            Err(NonceError::TooLong { limit: 100 })
        );
        assert!(Nonce::new("n".repeat(100)).is_ok());
    }

    #[test]
    fn secrets_hide_from_debug() {
        let consumer = Consumer::new("app", "hush-hush");
        let printed = format!("{consumer:?}");
        assert!(
            printed.contains("app") && !printed.contains("hush"),
            "{printed}"
        );
    }
}
