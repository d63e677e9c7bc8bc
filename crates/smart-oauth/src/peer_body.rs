//! The body of a response that could not be used, kept for a look.

use std::fmt;

use zeroize::Zeroizing;

/// An answer that could not be used, kept for a look. It may hold a token secret, so `Debug` shows
/// its length only and the bytes are wiped when dropped.
#[derive(Clone)]
pub struct PeerBody(Zeroizing<Vec<u8>>);

impl PeerBody {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        Self(Zeroizing::new(bytes.to_vec()))
    }

    /// The bytes as they came.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for PeerBody {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PeerBody({} bytes)", self.0.len())
    }
}
