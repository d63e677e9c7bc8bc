//! The facade against a container and a server in memory: the answers are canned, but every
//! signature is checked.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

#[cfg(feature = "classic")]
mod classic;
#[cfg(feature = "fhir")]
mod fhir;
