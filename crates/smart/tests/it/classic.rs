//! SMART Classic against a container in memory.

mod authorization;
#[cfg(feature = "blocking")]
mod blocking;
mod clock;
mod container;
mod manifest;
mod origins;
mod records;
mod refusals;
mod retries;
mod secrets;
mod settings;
mod sweep;
mod unanswered;
