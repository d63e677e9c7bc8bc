//! Time and randomness, which come from outside.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use smart_oauth::Timestamp;

use crate::Error;
use crate::signer::{Clock, Randomness};

/// What an app knows the time by, and what it makes secrets from.
pub(super) struct Means {
    clock: Clock,
    randomness: Randomness,
    /// How many seconds the server's clock is ahead of this machine's, as far as is known.
    ahead: AtomicI64,
}

impl Means {
    pub(super) fn new(clock: Clock, randomness: Randomness) -> Self {
        Self {
            clock,
            randomness,
            ahead: AtomicI64::new(0),
        }
    }

    /// This machine's time, for all that is compared with itself: when tokens came, and when they end.
    pub(super) fn now(&self) -> Result<Timestamp, Error> {
        let since_1970 = (self.clock)().duration_since(UNIX_EPOCH);
        let since_1970 = since_1970.map_err(|_before| Error::Clock)?;
        Ok(Timestamp::from_unix_seconds(since_1970.as_secs()))
    }

    /// The server's time as far as it is known, for what the server compares with its own.
    #[cfg(feature = "jwt")]
    pub(super) fn server_now(&self) -> Result<Timestamp, Error> {
        let seconds = self.now()?.as_unix_seconds();
        let ahead = self.ahead.load(Ordering::Relaxed);
        Ok(Timestamp::from_unix_seconds(
            seconds.saturating_add_signed(ahead),
        ))
    }

    /// Takes over the server's time if it differs by more than a minute from what is known of it.
    pub(super) fn learn_clock(&self, date: SystemTime) -> bool {
        let theirs = date.duration_since(UNIX_EPOCH).map(|since| since.as_secs());
        let (Ok(theirs), Ok(ours)) = (theirs, self.now()) else {
            return false;
        };
        let ahead = i128::from(theirs) - i128::from(ours.as_unix_seconds());
        let Ok(ahead) = i64::try_from(ahead) else {
            return false;
        };
        let is_news = ahead.abs_diff(self.ahead.load(Ordering::Relaxed)) > 60;
        if is_news {
            self.ahead.store(ahead, Ordering::Relaxed);
        }
        is_news
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
