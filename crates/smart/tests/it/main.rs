//! The facade against a container in memory: its answers are canned, but it checks every signature.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod authorization;
mod blocking;
mod clock;
mod container;
#[cfg(feature = "fhir")]
mod fhir;
mod manifest;
mod origins;
mod records;
mod refusals;
mod retries;
mod secrets;
mod settings;
mod sweep;
mod unanswered;
