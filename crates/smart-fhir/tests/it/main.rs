//! Laws that hold for any input, and hostile bytes.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod hostile;
mod laws;
