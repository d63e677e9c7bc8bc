//! The default transport against servers on loopback that misbehave, one fault each.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod hyper_client;
mod server;
