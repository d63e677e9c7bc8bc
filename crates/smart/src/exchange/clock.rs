//! Whose time a request carries: this machine's, or the server's as far as that is known.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use smart_oauth::Timestamp;

use crate::Error;

/// Tells the time.
pub(crate) type Clock = Box<dyn Fn() -> SystemTime + Send + Sync>;

/// By how many seconds a server's clock is ahead of this machine's; negative if it is behind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ahead(i64);

impl Ahead {
    #[cfg(feature = "classic")]
    pub(crate) fn seconds(self) -> i64 {
        self.0
    }

    /// Whether the two differ by more than what two answers of one clock do.
    fn is_news_after(self, known: Self) -> bool {
        self.0.abs_diff(known.0) > NO_REASON
    }
}

/// This machine's clock, and what is known of a server's.
///
/// A server that refuses a signature for its time says what its own time is. That is tried for the
/// one request, and kept only if the server then takes it: the header is not signed, so anybody on
/// the way could have written it.
pub(crate) struct ServerClock {
    own: Clock,
    ahead: AtomicI64,
}

impl ServerClock {
    pub(crate) fn new(own: Clock) -> Self {
        Self {
            own,
            ahead: AtomicI64::new(0),
        }
    }

    /// This machine's time, for all that is compared with itself.
    pub(crate) fn own_time(&self) -> Result<Timestamp, Error> {
        let since_1970 = (self.own)().duration_since(UNIX_EPOCH);
        let since_1970 = since_1970.map_err(|_before| Error::Clock)?;
        Ok(Timestamp::from_unix_seconds(since_1970.as_secs()))
    }

    /// The time of a clock that is this far ahead, for signatures and signed statements.
    #[cfg(any(feature = "classic", feature = "jwt", test))]
    pub(crate) fn time(&self, ahead: Ahead) -> Result<Timestamp, Error> {
        let own = self.own_time()?.as_unix_seconds();
        Ok(Timestamp::from_unix_seconds(
            own.saturating_add_signed(ahead.0),
        ))
    }

    /// How far ahead the server is, as far as is known.
    pub(crate) fn ahead(&self) -> Ahead {
        Ahead(self.ahead.load(Ordering::Relaxed))
    }

    /// How far ahead the server is by the date of its answer, if it may have refused a request for
    /// the time that this one carried: a difference of less than a minute cannot have been the
    /// reason.
    ///
    /// A clock that is off by more than a day is not followed. An attacker who collects signatures
    /// dated later could use them then.
    pub(crate) fn correction(&self, date: SystemTime, used: Ahead) -> Option<Ahead> {
        let theirs = date.duration_since(UNIX_EPOCH).ok()?.as_secs();
        let own = self.own_time().ok()?.as_unix_seconds();
        let ahead = i64::try_from(i128::from(theirs) - i128::from(own)).ok()?;
        let ahead = Ahead(ahead);
        (ahead.is_news_after(used) && ahead.0.unsigned_abs() <= FARTHEST).then_some(ahead)
    }

    /// The server has taken a request with this time.
    pub(crate) fn keep(&self, ahead: Ahead) {
        let known = Ahead(self.ahead.swap(ahead.0, Ordering::Relaxed));
        if ahead.is_news_after(known) {
            let seconds = ahead.0;
            tracing::warn!(
                target: "smart",
                seconds,
                "the server's clock is ahead of this machine's by this much; requests carry its time from now on"
            );
        }
    }
}

/// In seconds.
const NO_REASON: u64 = 60;

/// A day, in seconds: what a wrong time zone and a wrong date line make together.
const FARTHEST: u64 = 24 * 60 * 60;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn corrections_are_measured_by_the_time_that_was_used_and_bounded() {
        let own = UNIX_EPOCH + Duration::from_secs(1_000_000);
        let clock = ServerClock::new(Box::new(move || own));
        for (date, used, expected) in [
            (1_003_600, 0, Some(3600)),
            (996_400, 0, Some(-3600)),
            // Another request has learned it meanwhile; this one was signed before.
            (1_003_600, 3600, None),
            (1_000_060, 0, None),
            (1_000_061, 0, Some(61)),
            (1_000_000, 3600, Some(0)),
            (1_086_400, 0, Some(86_400)),
            (1_086_401, 0, None),
            (913_599, 0, None),
        ] {
            clock.keep(Ahead(3600));
            let date = UNIX_EPOCH + Duration::from_secs(date);
            let found = clock.correction(date, Ahead(used));
            assert_eq!(found, expected.map(Ahead), "{date:?} {used}");
        }
    }

    #[test]
    fn clock_before_1970_is_an_error() {
        let clock = ServerClock::new(Box::new(|| UNIX_EPOCH - Duration::from_secs(1)));
        assert!(matches!(clock.own_time(), Err(Error::Clock)));
    }
}
