//! What turns a request into a signed one: the consumer, a clock, and randomness for nonces.

use std::error::Error as StdError;
use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use smart_oauth::{
    AccessToken, Consumer, Dialect, Nonce, SignableRequest, SigningParams, Timestamp, sign,
};

use crate::Error;

/// Tells the time.
pub(crate) type Clock = Box<dyn Fn() -> SystemTime + Send + Sync>;

/// Fills a buffer with bytes that nobody can guess.
pub(crate) type Randomness =
    Box<dyn Fn(&mut [u8]) -> Result<(), Box<dyn StdError + Send + Sync>> + Send + Sync>;

/// Signs every request anew: a container refuses a nonce that it has seen.
pub(crate) struct Signer {
    two_legged: smart_oauth::Signer,
    clock: Clock,
    randomness: Randomness,
    /// How many seconds the container's clock is ahead of this machine's, as far as is known.
    ahead: AtomicI64,
}

/// A token, with the key that it makes together with the app's secret prepared for every call that a handle will make.
#[derive(Clone, Debug)]
pub(crate) struct Credential {
    pub(crate) token: AccessToken,
    signer: smart_oauth::Signer,
}

impl Signer {
    pub(crate) fn new(consumer: Consumer, clock: Clock, randomness: Randomness) -> Self {
        Self {
            two_legged: smart_oauth::Signer::new(consumer),
            clock,
            randomness,
            ahead: AtomicI64::new(0),
        }
    }

    pub(crate) fn consumer(&self) -> &Consumer {
        self.two_legged.consumer()
    }

    pub(crate) fn credential(&self, token: AccessToken) -> Credential {
        Credential {
            signer: self.two_legged.with_access_token(&token),
            token,
        }
    }

    /// Adds the `Authorization` header, with a token or two-legged without one.
    pub(crate) fn sign(
        &self,
        request: &mut http::Request<Bytes>,
        credential: Option<&Credential>,
    ) -> Result<(), Error> {
        let signer = credential.map_or(&self.two_legged, |credential| &credential.signer);
        let params = SigningParams::prepared(signer, self.nonce()?, self.now()?)
            .with_dialect(Dialect::for_container(request.uri()));
        let signed = sign(&SignableRequest::from_http(request)?, &params)?;
        signed.apply_to(request);
        Ok(())
    }

    pub(crate) fn nonce(&self) -> Result<Nonce, Error> {
        let mut bytes = [0; 16];
        (self.randomness)(&mut bytes).map_err(|source| Error::Randomness { source })?;
        Ok(Nonce::from_random(bytes))
    }

    pub(crate) fn now(&self) -> Result<Timestamp, Error> {
        let seconds = self.own_seconds().ok_or(Error::Clock)?;
        let seconds = seconds.saturating_add_signed(self.seconds_ahead());
        Ok(Timestamp::from_unix_seconds(seconds))
    }

    /// How many seconds are added to this machine's time.
    pub(crate) fn seconds_ahead(&self) -> i64 {
        self.ahead.load(Ordering::Relaxed)
    }

    /// Takes over the container's time if it differs from that of the signatures by more than a minute, and tells by how
    /// many seconds it is ahead of this machine's. Less cannot have been a reason to refuse one.
    pub(crate) fn learn_clock(&self, date: SystemTime) -> Option<i64> {
        let theirs = date.duration_since(UNIX_EPOCH).ok()?.as_secs();
        let ahead = i64::try_from(i128::from(theirs) - i128::from(self.own_seconds()?)).ok()?;
        let known = self.seconds_ahead();
        if ahead.abs_diff(known) <= 60 {
            return None;
        }
        self.ahead.store(ahead, Ordering::Relaxed);
        Some(ahead)
    }

    /// A number between 0 and 1 that nobody can guess, for the length of pauses. Without randomness, the longest pause.
    pub(crate) fn chance(&self) -> f64 {
        let mut bytes = [0; 4];
        match (self.randomness)(&mut bytes) {
            Ok(()) => f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX),
            Err(_none) => 1.0,
        }
    }

    fn own_seconds(&self) -> Option<u64> {
        let since_1970 = (self.clock)().duration_since(UNIX_EPOCH).ok()?;
        Some(since_1970.as_secs())
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Signer")
            .field("consumer_key", self.consumer().key())
            .finish_non_exhaustive()
    }
}
