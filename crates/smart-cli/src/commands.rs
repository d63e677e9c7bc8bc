//! One module a command, one room a subject.

pub(crate) mod classic;
pub(crate) mod demo;
pub(crate) mod fhir;
pub(crate) mod oauth;
pub(crate) mod rdf;
pub(crate) mod sandbox;
