//! What turns a request into a signed one: the consumer, a clock, and randomness for nonces.

use std::error::Error as StdError;
use std::fmt;

use bytes::Bytes;
use smart_oauth::Timestamp;
use smart_oauth::oauth1::{
    AccessToken, Consumer, Dialect, Nonce, SignableRequest, SigningParams, sign,
};

use crate::Error;
use crate::exchange::clock::{Ahead, Clock, ServerClock};

/// Fills a buffer with bytes that nobody can guess.
pub(crate) type Randomness =
    Box<dyn Fn(&mut [u8]) -> Result<(), Box<dyn StdError + Send + Sync>> + Send + Sync>;

/// Signs every request anew: a container refuses a nonce that it has seen.
pub(crate) struct Signer {
    two_legged: smart_oauth::oauth1::Signer,
    clock: ServerClock,
    randomness: Randomness,
}

/// A token, with the key that it makes together with the app's secret prepared for every call that
/// a handle will make.
#[derive(Clone, Debug)]
pub(crate) struct Credential {
    pub(crate) token: AccessToken,
    signer: smart_oauth::oauth1::Signer,
}

impl Signer {
    pub(crate) fn new(consumer: Consumer, clock: Clock, randomness: Randomness) -> Self {
        Self {
            two_legged: smart_oauth::oauth1::Signer::new(consumer),
            clock: ServerClock::new(clock),
            randomness,
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

    /// Adds the `Authorization` header, with a token or two-legged without one, and with the time
    /// of a container whose clock is so far ahead.
    pub(crate) fn sign(
        &self,
        request: &mut http::Request<Bytes>,
        credential: Option<&Credential>,
        ahead: Ahead,
    ) -> Result<(), Error> {
        let signer = credential.map_or(&self.two_legged, |credential| &credential.signer);
        let params = SigningParams::prepared(signer, self.nonce()?, self.time(ahead)?)
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

    /// The time of a container whose clock is so far ahead.
    pub(crate) fn time(&self, ahead: Ahead) -> Result<Timestamp, Error> {
        self.clock.time(ahead)
    }

    pub(crate) fn clock(&self) -> &ServerClock {
        &self.clock
    }

    /// A number between 0 and 1 that nobody can guess, for the length of pauses. Without
    /// randomness, the longest pause.
    pub(crate) fn chance(&self) -> f64 {
        let mut bytes = [0; 4];
        match (self.randomness)(&mut bytes) {
            Ok(()) => f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX),
            Err(_none) => 1.0,
        }
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
