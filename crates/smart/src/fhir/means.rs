//! Time and randomness, which come from outside.

use smart_oauth::Timestamp;

use crate::Error;
use crate::classic::signer::Randomness;
use crate::exchange::clock::{Clock, ServerClock};

/// What an app knows the time by, and what it makes secrets from.
pub(super) struct Means {
    clock: ServerClock,
    randomness: Randomness,
}

impl Means {
    pub(super) fn new(clock: Clock, randomness: Randomness) -> Self {
        Self {
            clock: ServerClock::new(clock),
            randomness,
        }
    }

    /// This machine's time, for all that is compared with itself: when tokens came, and when they
    /// end.
    pub(super) fn now(&self) -> Result<Timestamp, Error> {
        self.clock.own_time()
    }

    /// What is known of the server's time, for what the server compares with its own.
    pub(super) fn clock(&self) -> &ServerClock {
        &self.clock
    }

    pub(super) fn random<const N: usize>(&self) -> Result<[u8; N], Error> {
        let mut bytes = [0; N];
        (self.randomness)(&mut bytes).map_err(|source| Error::Randomness { source })?;
        Ok(bytes)
    }

    pub(super) fn chance(&self) -> f64 {
        match self.random::<4>() {
            Ok(bytes) => f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX),
            Err(_none) => 1.0,
        }
    }
}
