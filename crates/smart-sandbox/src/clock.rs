//! The clock of the servers: the system's, or one that a test moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use smart_oauth::Timestamp;

/// Where the servers read the time.
///
/// Only whole seconds matter to OAuth 1.0a, see
/// [RFC 5849 §3.3](https://www.rfc-editor.org/rfc/rfc5849#section-3.3).
#[derive(Clone, Debug, Default)]
pub struct Clock {
    manual: Option<Arc<AtomicU64>>,
}

impl Clock {
    /// The clock of the operating system.
    pub fn system() -> Self {
        Self { manual: None }
    }

    /// A clock that stands at `now` until [`advance`](Self::advance) moves it. Clones share it.
    pub fn manual(now: Timestamp) -> Self {
        Self {
            manual: Some(Arc::new(AtomicU64::new(now.as_unix_seconds()))),
        }
    }

    /// The current time.
    pub fn now(&self) -> Timestamp {
        let seconds = match &self.manual {
            Some(seconds) => seconds.load(Ordering::Relaxed),
            // A system clock before 1970 is as good as one at 1970: every signature is refused.
            None => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| since.as_secs()),
        };
        Timestamp::from_unix_seconds(seconds)
    }

    /// Moves a manual clock forward. Has no effect on the system's clock.
    pub fn advance(&self, seconds: u64) {
        if let Some(manual) = &self.manual {
            manual.fetch_add(seconds, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_of_a_manual_clock_move_together() {
        let clock = Clock::manual(Timestamp::from_unix_seconds(100));
        let clone = clock.clone();
        clock.advance(20);
        assert_eq!(clone.now().as_unix_seconds(), 120);
    }

    #[test]
    fn the_system_clock_stands_after_2020() {
        let clock = Clock::system();
        clock.advance(1);
        assert!(clock.now().as_unix_seconds() > 1_577_836_800);
    }
}
