//! The time as an argument, because nothing here reads a clock.

use std::fmt;

/// When a request was signed, in whole seconds since 1970-01-01T00:00:00Z
/// ([RFC 5849, section 3.3](https://www.rfc-editor.org/rfc/rfc5849#section-3.3)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// Takes the time as an argument, because this crate has no clock.
    pub const fn from_unix_seconds(seconds: u64) -> Self {
        Self(seconds)
    }

    /// Seconds since the epoch.
    pub const fn as_unix_seconds(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}
