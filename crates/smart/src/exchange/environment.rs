//! What a client of either generation works with: a transport, a clock, a source of random bytes,
//! and the rules for repeats and records.

use std::error::Error as StdError;
use std::hash::{BuildHasher as _, RandomState};
use std::time::SystemTime;

use smart_oauth::Timestamp;
use smart_oauth::oauth1::ConsumerSecret;
use smart_transport::{HyperTransport, Proxy, SharedTransport};

use crate::exchange::clock::{Clock, ServerClock};
use crate::exchange::randomness::{self, Randomness};
use crate::exchange::recorder::Recorder;
use crate::exchange::retry::Budget;
use crate::{Error, Retries};

/// The environment of one client and all its clones.
pub(crate) struct Environment {
    pub(crate) transport: SharedTransport,
    pub(crate) retries: Retries,
    pub(crate) budget: Budget,
    pub(crate) recorder: Recorder,
    clock: ServerClock,
    randomness: Randomness,
    signing_secret: Option<ConsumerSecret>,
    hashing: RandomState,
}

impl Environment {
    /// Names the secret that signs every request and is sent in none. It is masked in refusals.
    #[cfg(feature = "classic")]
    pub(crate) fn with_signing_secret(mut self, secret: ConsumerSecret) -> Self {
        self.signing_secret = Some(secret);
        self
    }

    pub(crate) fn signing_secret(&self) -> Option<&str> {
        self.signing_secret.as_ref().map(ConsumerSecret::expose)
    }

    /// This machine's time, for comparisons with itself: when tokens came, and when they expire.
    #[cfg_attr(
        not(feature = "fhir"),
        expect(dead_code, reason = "tokens that expire")
    )]
    pub(crate) fn now(&self) -> Result<Timestamp, Error> {
        self.clock.own_time()
    }

    /// What is known of the server's time, for what the server compares with its own.
    pub(crate) fn clock(&self) -> &ServerClock {
        &self.clock
    }

    pub(crate) fn random<const N: usize>(&self) -> Result<[u8; N], Error> {
        let mut bytes = [0; N];
        (self.randomness)(&mut bytes).map_err(|source| Error::Randomness { source })?;
        Ok(bytes)
    }

    /// An unpredictable number between 0 and 1, for the length of pauses. Without randomness, the
    /// longest pause.
    pub(crate) fn chance(&self) -> f64 {
        match self.random::<4>() {
            Ok(bytes) => f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX),
            Err(_exhausted) => 1.0,
        }
    }

    /// Stands for a record's id in logs. The key is new with every client: ids are short, and the
    /// hashes of all of them are quickly computed.
    pub(crate) fn record_hash(&self, id: &str) -> String {
        format!("{:016x}", self.hashing.hash_one(id))
    }
}

/// The settings that the builders of both generations have in common.
pub(crate) struct EnvironmentBuilder {
    pub(crate) transport: Option<SharedTransport>,
    pub(crate) retries: Retries,
    pub(crate) recorder: Recorder,
    clock: Clock,
    randomness: Randomness,
}

impl Default for EnvironmentBuilder {
    fn default() -> Self {
        Self {
            transport: None,
            retries: Retries::default(),
            recorder: Recorder::default(),
            clock: Box::new(SystemTime::now),
            randomness: randomness::of_the_system(),
        }
    }
}

impl EnvironmentBuilder {
    pub(crate) fn set_clock(&mut self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) {
        self.clock = Box::new(clock);
    }

    pub(crate) fn set_randomness(
        &mut self,
        fill: impl Fn(&mut [u8]) -> Result<(), Box<dyn StdError + Send + Sync>> + Send + Sync + 'static,
    ) {
        self.randomness = Box::new(fill);
    }

    /// The default transport is the one of hyper, with its defaults and the proxy of the process
    /// environment.
    pub(crate) fn build(self) -> Environment {
        Environment {
            transport: self.transport.unwrap_or_else(|| {
                let builder = HyperTransport::builder().proxy(Proxy::from_environment());
                SharedTransport::new(builder.build())
            }),
            budget: Budget::new(&self.retries),
            retries: self.retries,
            recorder: self.recorder,
            clock: ServerClock::new(self.clock),
            randomness: self.randomness,
            signing_secret: None,
            hashing: RandomState::new(),
        }
    }
}
