//! What identifies an app, what it proves itself with, and the secrets of one authorization.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::error::VerifierError;
use crate::secret::{identifier, secret};

identifier! {
    /// The app's name at one server ([RFC 6749, section
    /// 2.2](https://www.rfc-editor.org/rfc/rfc6749#section-2.2)). Not secret.
    ClientId
}

secret! {
    /// What a confidential app shares with the server
    /// ([RFC 6749, section 2.3.1](https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1)).
    ClientSecret
}

secret! {
    /// Opens the user's data until it expires ([RFC 6749, section
    /// 1.4](https://www.rfc-editor.org/rfc/rfc6749#section-1.4)). Opaque: some servers make it a
    /// JWT, and nothing may be read out of it.
    AccessToken
}

secret! {
    /// Buys new access tokens ([RFC 6749, section
    /// 1.5](https://www.rfc-editor.org/rfc/rfc6749#section-1.5)).
    RefreshToken
}

secret! {
    /// What the browser brings back, good for one exchange
    /// ([RFC 6749, section 4.1.2](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2)).
    AuthorizationCode
}

secret! {
    /// Ties a callback to the request that it answers
    /// ([RFC 6749, section 10.12](https://www.rfc-editor.org/rfc/rfc6749#section-10.12)).
    AuthorizationState
}

secret! {
    /// Ties an id token to the request that it answers ([OpenID Connect, by SMART's
    /// scopes](https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#scopes-for-requesting-identity-data)).
    IdNonce
}

secret! {
    /// Opens one registration, and nothing else
    /// ([RFC 7592, section 1.3](https://www.rfc-editor.org/rfc/rfc7592#section-1.3)).
    RegistrationToken
}

secret! {
    /// A signed statement by the app about itself, good for one request within minutes
    /// ([RFC 7523, section 2.2](https://www.rfc-editor.org/rfc/rfc7523#section-2.2)).
    ClientAssertion
}

impl AuthorizationState {
    /// Writes 256 bits as 43 characters. SMART asks for 122 ([section
    /// 2.0.8.1](https://hl7.org/fhir/smart-app-launch/app-launch.html#obtain-authorization-code)).
    ///
    /// Take the bytes from the operating system's generator, fresh for every authorization.
    pub fn from_random(bytes: [u8; 32]) -> Self {
        Self::new(unpadded(bytes))
    }
}

impl IdNonce {
    /// Writes 256 bits as 43 characters. Take the bytes from the operating system's generator,
    /// fresh every time.
    pub fn from_random(bytes: [u8; 32]) -> Self {
        Self::new(unpadded(bytes))
    }
}

/// The secret behind a code challenge: who has the code but not this cannot use it
/// ([RFC 7636, section 4.1](https://www.rfc-editor.org/rfc/rfc7636#section-4.1)).
///
/// Wiped from memory when dropped; `Debug` shows no part of it and there is no `Display`.
#[derive(Clone)]
pub struct CodeVerifier(Zeroizing<String>);

impl CodeVerifier {
    /// Writes 256 bits as 43 characters, which the RFC recommends.
    ///
    /// Take the bytes from the operating system's generator, fresh for every authorization.
    pub fn from_random(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(unpadded(bytes)))
    }

    /// Takes back a verifier that was stored while the user was away.
    ///
    /// # Errors
    ///
    /// When the text is not 43 to 128 letters, digits and `-._~`.
    pub fn new(text: impl Into<String>) -> Result<Self, VerifierError> {
        let text = Zeroizing::new(text.into());
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if !(43..=128).contains(&text.len()) || !text.bytes().all(is_allowed) {
            return Err(VerifierError);
        }
        Ok(Self(text))
    }

    /// The text itself, for storing it where the user cannot read it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for CodeVerifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("CodeVerifier(redacted)")
    }
}

fn unpadded(bytes: [u8; 32]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verifiers_follow_the_grammar() {
        let verifier = CodeVerifier::from_random([0xff; 32]);
        assert_eq!(verifier.expose().len(), 43);
        assert!(CodeVerifier::new(verifier.expose()).is_ok());
        assert!(CodeVerifier::new("a".repeat(128)).is_ok());
        for bad in [
            "a".repeat(42),
            "a".repeat(129),
            format!("{}=", "a".repeat(43)),
            "é".repeat(30),
        ] {
            assert!(CodeVerifier::new(bad).is_err());
        }
    }

    #[test]
    fn no_random_bit_is_lost() {
        let mut seen = std::collections::HashSet::new();
        for bit in 0..256 {
            let mut bytes = [0; 32];
            bytes[bit / 8] = 1 << (bit % 8);
            seen.insert(CodeVerifier::from_random(bytes).expose().to_owned());
            assert!(
                seen.contains(AuthorizationState::from_random(bytes).expose()),
                "one encoding for all"
            );
        }
        assert_eq!(seen.len(), 256);
    }
}
