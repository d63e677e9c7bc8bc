//! A smoke run of the fuzz targets.

use crate::{fuzz_targets, smoke};

#[test]
fn answer() {
    smoke::run("fhir_answer", fuzz_targets::answer);
}

#[test]
fn lines() {
    smoke::run("fhir_lines", fuzz_targets::lines);
}

#[cfg(feature = "rdf")]
#[test]
fn rdf() {
    smoke::run("fhir_rdf", crate::rdf_targets::resource);
}
