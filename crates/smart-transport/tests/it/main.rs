//! The default transport against servers on loopback that misbehave, one fault each.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod connections;
mod faults;
#[cfg(feature = "http2")]
mod http2;
mod hyper_client;
mod proxy;
#[cfg(feature = "tls")]
mod tls;
#[cfg(feature = "tls")]
mod tls_versions;
mod waist;
