//! What holds across the whole crate: known vectors, laws, and that no secret gets out.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod canary;
#[cfg(feature = "oauth2")]
mod canary_oauth2;
mod fuzz;
#[expect(unreachable_pub, reason = "the fuzzer's crate exports them")]
#[path = "../../../../fuzz/src/oauth.rs"]
mod fuzz_targets;
#[cfg(feature = "oauth2")]
mod launch_scopes;
mod laws;
mod model;
mod portable;
#[cfg(feature = "rsa-sha1")]
mod rsa_sha1;
#[path = "../../../../fuzz/smoke.rs"]
mod smoke;
mod vectors;
