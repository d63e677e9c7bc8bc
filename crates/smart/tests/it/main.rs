//! The facade against a container in memory: its answers are canned, but it checks every signature.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod authorization;
mod container;
mod manifest;
mod records;
mod refusals;
mod secrets;
mod settings;
mod sweep;
mod unanswered;
