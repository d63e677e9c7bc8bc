//! What holds across the whole crate: known vectors, laws, and that no secret gets out.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod canary;
#[cfg(feature = "oauth2")]
mod canary_oauth2;
mod laws;
mod model;
mod vectors;
