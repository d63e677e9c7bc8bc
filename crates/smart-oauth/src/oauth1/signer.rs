//! Credentials made ready for many signatures.

use std::fmt;

use crate::oauth1::block::Frame;
use crate::oauth1::credentials::{AccessToken, Consumer, TokenKey, TokenSecret};
use crate::oauth1::signature::{SignatureMethod, SigningKey};

/// An app, or an app and a token of it, made ready for any number of HMAC-SHA1 signatures.
///
/// Preparing the key is a good part of the work of a signature, so a program that signs many
/// requests with one token keeps one of these for it. It can be shared between threads.
///
/// ```
/// use smart_oauth::Timestamp;
/// use smart_oauth::oauth1::{
///     AccessToken, Consumer, Nonce, SignableRequest, Signer, SigningParams, sign,
/// };
///
/// let consumer = Consumer::new("my-app@apps.smartplatforms.org", "smartapp-secret");
/// let signer = Signer::new(consumer).with_access_token(&AccessToken::new("at", "as"));
/// let request = http::Request::get("http://localhost:7000/records/1/problems/").body(Vec::new())?;
/// let now = Timestamp::from_unix_seconds(1_365_000_000);
/// for random in [[1; 16], [2; 16]] {
///     sign(&SignableRequest::from_http(&request)?, &SigningParams::prepared(&signer, Nonce::from_random(random), now))?;
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Signer {
    consumer: Consumer,
    token: Option<(TokenKey, TokenSecret)>,
    prepared: Prepared,
}

/// What stays the same from one signature to the next.
#[derive(Clone)]
pub(crate) struct Prepared {
    pub(crate) key: SigningKey,
    pub(crate) frame: Frame,
}

impl Signer {
    /// For two-legged calls.
    pub fn new(consumer: Consumer) -> Self {
        Self {
            prepared: Prepared::new(&consumer, None),
            consumer,
            token: None,
        }
    }

    /// The same app, signing with this token.
    #[must_use]
    pub fn with_access_token(&self, token: &AccessToken) -> Self {
        Self {
            prepared: Prepared::new(&self.consumer, Some((token.key(), token.secret()))),
            consumer: self.consumer.clone(),
            token: Some((token.key().clone(), token.secret().clone())),
        }
    }

    /// The app that signs.
    pub fn consumer(&self) -> &Consumer {
        &self.consumer
    }

    pub(crate) fn token(&self) -> Option<(&TokenKey, &TokenSecret)> {
        self.token.as_ref().map(|(key, secret)| (key, secret))
    }

    pub(crate) fn prepared(&self) -> &Prepared {
        &self.prepared
    }
}

impl Prepared {
    fn new(consumer: &Consumer, token: Option<(&TokenKey, &TokenSecret)>) -> Self {
        let method = SignatureMethod::HmacSha1;
        let (token_key, token_secret) = token.unzip();
        Self {
            key: SigningKey::new(method, consumer.secret(), token_secret)
                .expect("hmac signs with shared secrets"),
            frame: Frame::new(consumer, token_key, method),
        }
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Signer")
            .field("consumer", &self.consumer)
            .field("token", &self.token)
            .finish_non_exhaustive()
    }
}
