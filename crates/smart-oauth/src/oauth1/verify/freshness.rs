//! Time window and nonce memory: a request counts once, and only while it is fresh
//! ([RFC 5849, section 3.3](https://www.rfc-editor.org/rfc/rfc5849#section-3.3)).

use std::collections::{BTreeMap, HashSet};

use sha1::{Digest, Sha1};

use crate::oauth1::error::VerifyError;
use crate::time::Timestamp;

/// How far a timestamp may lie on either side of the container's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeWindow {
    past: u64,
    future: u64,
}

impl TimeWindow {
    /// Allows timestamps up to `past` seconds old and up to `future` seconds ahead.
    pub const fn new(past: u64, future: u64) -> Self {
        Self { past, future }
    }

    /// Checks a timestamp against the container's clock.
    ///
    /// # Errors
    ///
    /// [`VerifyError::TooLate`] or [`VerifyError::TooEarly`], with the width of the window on that
    /// side.
    pub fn check(self, timestamp: Timestamp, now: Timestamp) -> Result<(), VerifyError> {
        let (timestamp, now) = (timestamp.as_unix_seconds(), now.as_unix_seconds());
        if now.saturating_sub(timestamp) > self.past {
            return Err(VerifyError::TooLate { allowed: self.past });
        }
        if timestamp.saturating_sub(now) > self.future {
            return Err(VerifyError::TooEarly {
                allowed: self.future,
            });
        }
        Ok(())
    }
}

impl Default for TimeWindow {
    /// 300 seconds on both sides; the reference container has the same past, and takes any future.
    fn default() -> Self {
        Self::new(300, 300)
    }
}

/// Remembers which requests were accepted.
pub trait NonceMemory {
    /// Notes a request; `true` when it is new.
    ///
    /// A nonce is used up for one consumer, token and timestamp only. Must answer `false` when in
    /// doubt, for instance when it has no room left. Call it after the signature was found right,
    /// best through [`Accepted::admit`](crate::oauth1::Accepted::admit).
    fn remember(
        &mut self,
        consumer: &str,
        token: Option<&str>,
        timestamp: Timestamp,
        nonce: &str,
        now: Timestamp,
    ) -> bool;
}

/// A [`NonceMemory`] in memory, which forgets what has fallen out of the time window.
///
/// Takes 20 bytes and a little more for each request of the window, whatever the peers send. When
/// it is full of requests that are still fresh it refuses new ones, since forgetting would let old
/// ones in again. For the same reason it refuses what is no younger than a request that it has
/// forgotten: after a clock was set back, that request would be fresh again.
#[derive(Clone, Debug)]
pub struct MemoryNonces {
    window: TimeWindow,
    capacity: usize,
    count: usize,
    seen: BTreeMap<Timestamp, HashSet<Fingerprint>>,
    /// The youngest request that was forgotten. Nothing of its age or older can be told from a
    /// replay.
    forgotten: Option<Timestamp>,
}

type Fingerprint = [u8; 20];

impl MemoryNonces {
    /// How many requests [`MemoryNonces::new`] makes room for: 800 a second, around the clock, with
    /// the default window.
    pub const DEFAULT_CAPACITY: usize = 480_000;

    /// A memory for requests that this window lets in.
    pub fn new(window: TimeWindow) -> Self {
        Self::with_capacity(window, Self::DEFAULT_CAPACITY)
    }

    /// The same with room for a given number of requests.
    pub fn with_capacity(window: TimeWindow, capacity: usize) -> Self {
        Self {
            window,
            capacity,
            count: 0,
            seen: BTreeMap::new(),
            forgotten: None,
        }
    }

    /// How many requests are remembered.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    fn forget_before(&mut self, oldest: Timestamp) {
        let kept = self.seen.split_off(&oldest);
        let forgotten = std::mem::replace(&mut self.seen, kept);
        self.count -= forgotten.values().map(HashSet::len).sum::<usize>();
        let youngest = forgotten.last_key_value().map(|(timestamp, _)| *timestamp);
        self.forgotten = self.forgotten.max(youngest);
    }
}

impl NonceMemory for MemoryNonces {
    fn remember(
        &mut self,
        consumer: &str,
        token: Option<&str>,
        timestamp: Timestamp,
        nonce: &str,
        now: Timestamp,
    ) -> bool {
        self.forget_before(Timestamp::from_unix_seconds(
            now.as_unix_seconds().saturating_sub(self.window.past),
        ));
        let cannot_tell = Some(timestamp) <= self.forgotten || self.count >= self.capacity;
        if cannot_tell || self.window.check(timestamp, now).is_err() {
            return false;
        }
        let fingerprint = fingerprint(consumer, token, nonce);
        let is_new = self.seen.entry(timestamp).or_default().insert(fingerprint);
        self.count += usize::from(is_new);
        is_new
    }
}

/// A fixed-size stand-in for the three texts, each preceded by its length so that they cannot run
/// into each other.
fn fingerprint(consumer: &str, token: Option<&str>, nonce: &str) -> Fingerprint {
    let mut hash = Sha1::new();
    for text in [consumer, token.unwrap_or_default(), nonce] {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_unix_seconds(seconds)
    }

    #[test]
    fn window_has_two_sides() {
        let window = TimeWindow::new(300, 60);
        assert_eq!(window.check(at(700), at(1000)), Ok(()));
        assert_eq!(
            window.check(at(699), at(1000)),
            Err(VerifyError::TooLate { allowed: 300 })
        );
        assert_eq!(window.check(at(1060), at(1000)), Ok(()));
        assert_eq!(
            window.check(at(1061), at(1000)),
            Err(VerifyError::TooEarly { allowed: 60 })
        );
        assert_eq!(
            window.check(at(u64::MAX), at(0)),
            Err(VerifyError::TooEarly { allowed: 60 })
        );
    }

    #[test]
    fn nonce_counts_once_for_consumer_token_and_timestamp() {
        let mut nonces = MemoryNonces::new(TimeWindow::default());
        let mut remember = |consumer, token, timestamp, nonce| {
            nonces.remember(consumer, token, at(timestamp), nonce, at(1000))
        };
        assert!(remember("app", Some("token"), 1000, "n"));
        assert!(!remember("app", Some("token"), 1000, "n"));
        assert!(remember("app", Some("token"), 1001, "n"));
        assert!(remember("app", Some("other"), 1000, "n"));
        assert!(remember("app", None, 1000, "n"));
        assert!(remember("app", Some("token"), 1000, "m"));
        assert!(remember("apptoken", None, 1000, "n"));
        assert!(!remember("app", None, 1000, "n"));
    }

    #[test]
    fn what_left_the_window_is_forgotten_and_refused() {
        let mut nonces = MemoryNonces::new(TimeWindow::new(10, 10));
        assert!(nonces.remember("app", None, at(100), "n", at(100)));
        assert!(nonces.remember("app", None, at(105), "n", at(100)));
        assert_eq!(nonces.len(), 2);
        assert!(!nonces.remember("app", None, at(100), "n", at(110)));
        assert_eq!(nonces.len(), 2);
        assert!(
            !nonces.remember("app", None, at(100), "n", at(111)),
            "too old to tell"
        );
        assert_eq!(nonces.len(), 1);
        assert!(
            !nonces.remember("app", None, at(200), "n", at(111)),
            "too far ahead to keep"
        );
    }

    #[test]
    fn a_clock_that_is_set_back_lets_nothing_in_again() {
        let mut nonces = MemoryNonces::new(TimeWindow::new(10, 10));
        assert!(nonces.remember("app", None, at(100), "n", at(100)));
        // the clock jumps ahead, and what it leaves behind is forgotten
        assert!(nonces.remember("app", None, at(5000), "n", at(5000)));
        assert_eq!(nonces.len(), 1);
        // back at the right time
        for timestamp in [100, 99] {
            let replay = nonces.remember("app", None, at(timestamp), "n", at(101));
            assert!(!replay, "{timestamp}");
        }
        assert!(
            nonces.remember("app", None, at(101), "n", at(101)),
            "younger than all that was forgotten"
        );
        assert!(!nonces.remember("app", None, at(101), "n", at(101)));
    }

    #[test]
    fn full_memory_refuses_rather_than_forgets() {
        let mut nonces = MemoryNonces::with_capacity(TimeWindow::new(10, 10), 2);
        assert!(nonces.remember("app", None, at(100), "1", at(100)));
        assert!(nonces.remember("app", None, at(100), "2", at(100)));
        assert!(!nonces.remember("app", None, at(100), "3", at(100)));
        assert!(!nonces.remember("app", None, at(100), "1", at(100)));
        assert!(nonces.remember("app", None, at(120), "3", at(120)));
    }
}
