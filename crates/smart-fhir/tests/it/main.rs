//! Laws that hold for any input, and hostile bytes.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod fuzz;
#[expect(unreachable_pub, reason = "the fuzzer's crate exports them")]
#[path = "../../../../fuzz/src/fhir.rs"]
mod fuzz_targets;
mod hostile;
mod laws;
mod numbers;
#[cfg(feature = "rdf")]
#[expect(unreachable_pub, reason = "the fuzzer's crate exports them")]
#[path = "../../../../fuzz/src/fhir_rdf.rs"]
mod rdf_targets;
#[path = "../../../../fuzz/smoke.rs"]
mod smoke;
