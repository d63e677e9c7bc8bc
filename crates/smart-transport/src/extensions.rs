//! What the layer above may ask of a transport, as extensions of a request.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::error::Kind;
use crate::{Stage, TransportError};

/// When an exchange has to be over, whatever limits the transport has of its own. For a layer that
/// repeats requests, so that all attempts together keep one limit:
///
/// ```
/// # use std::time::Duration;
/// # use smart_transport::Deadline;
/// let deadline = Deadline::after(Duration::from_secs(60));
/// let mut request = http::Request::new(());
/// request.extensions_mut().insert(deadline);
/// assert!(deadline.remaining() <= Duration::from_secs(60));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    at: Instant,
    limit: Duration,
}

impl Deadline {
    /// A deadline this long from now. A duration beyond the range of the clock means no deadline.
    pub fn after(limit: Duration) -> Self {
        Self::since(Instant::now(), limit)
    }

    /// A deadline so long from that moment.
    pub(crate) fn since(moment: Instant, limit: Duration) -> Self {
        let at = moment.checked_add(limit).unwrap_or(moment + A_DECADE);
        Self { at, limit }
    }

    /// How long it is until then; zero afterwards.
    pub fn remaining(&self) -> Duration {
        self.at.saturating_duration_since(Instant::now())
    }

    /// Gives an exchange up when the deadline has come, for a transport that has no limit of its
    /// own. Nobody knows then how far it was: the stage is [`Stage::MaybeSent`].
    ///
    /// # Errors
    ///
    /// Those of the exchange, and when it takes too long.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime, or in one without a timer.
    pub async fn bound<T>(
        self,
        exchange: impl Future<Output = Result<T, TransportError>>,
    ) -> Result<T, TransportError> {
        let after = self.limit;
        timeout_at(self.at, exchange)
            .await
            .unwrap_or_else(|_elapsed| {
                Err(TransportError::of(
                    Kind::Overdue { after },
                    Stage::MaybeSent,
                ))
            })
    }

    pub(crate) fn at(&self) -> Instant {
        self.at
    }

    /// The whole time that was given, for messages.
    pub(crate) fn limit(&self) -> Duration {
        self.limit
    }

    pub(crate) fn or_earlier(self, other: Option<&Self>) -> Self {
        match other {
            Some(other) if other.at < self.at => *other,
            _ => self,
        }
    }
}

/// Asks for a connection that nobody has used before and nobody will use after.
///
/// A server may close an idle connection at the moment when a request goes out on it, and then
/// nobody knows whether the request was read. On a connection of its own a request does not meet
/// that.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct FreshConnection;

impl FreshConnection {
    /// The wish.
    pub const fn new() -> Self {
        Self
    }
}

/// Asks for a body of any length: neither the transport's limit on the size of a body nor that on
/// the whole exchange holds for this one. For what is read piece by piece into a file. The limits
/// on the first byte and on pauses hold.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct LongBody;

impl LongBody {
    /// The extension.
    pub const fn new() -> Self {
        Self
    }
}

impl Deadline {
    pub(crate) fn far() -> Self {
        Self::after(A_DECADE)
    }
}

const A_DECADE: Duration = Duration::from_secs(10 * 365 * 24 * 3600);
