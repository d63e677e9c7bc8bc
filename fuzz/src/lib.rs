//! What the fuzz targets do, apart from the fuzzer, so that a plain test can run each of them over
//! its seeds too.

pub mod fhir;
pub mod fhir_rdf;
pub mod oauth;
pub mod rdf;
