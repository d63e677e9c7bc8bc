//! What the crate promises, seen from outside.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod dataset;
mod differential;
mod encodings;
mod fuzz;
#[expect(unreachable_pub, reason = "the fuzzer's crate exports them")]
#[path = "../../../../fuzz/src/rdf.rs"]
mod fuzz_targets;
mod graph;
mod hostile;
mod json_ld;
mod ontology;
mod query;
mod rdf_xml;
mod readers;
#[path = "../../../../fuzz/smoke.rs"]
mod smoke;
mod sparql;
mod syntax;
mod terms;
mod writing;
