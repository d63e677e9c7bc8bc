//! The terms of SMART's own vocabularies, as constants.
//!
//! Properties stand in the module itself, classes in its `class`: `sp::MEDICATION` is the property
//! that leads from a fulfillment to its medication, `sp::class::MEDICATION` the class. In IRIs the
//! two differ in case only.
//!
//! ```
//! use smart_api::vocab::sp;
//!
//! assert_eq!(sp::DRUG_NAME.as_str(), "http://smartplatforms.org/terms#drugName");
//! assert_eq!(sp::class::MEDICATION.as_str(), "http://smartplatforms.org/terms#Medication");
//! ```

pub mod api;

use smart_rdf::vocab::{dcterms, foaf, vcard};

pub use crate::generated::vocab::{sp, spcode};

/// The prefixes of the SMART world, by name: what people write before the colon of a term, and what
/// it stands for.
///
/// A query need not declare them if it is prepared with them:
///
/// ```
/// use smart_api::vocab::PREFIXES;
/// use smart_rdf::Query;
///
/// let text = "SELECT ?drug { ?m a sp:Medication ; sp:drugName/dcterms:title ?drug }";
/// assert!(Query::prepare(text).is_err());
/// assert!(Query::prepare_with_prefixes(text, &PREFIXES).is_ok());
/// ```
pub const PREFIXES: [(&str, &str); 9] = [
    ("api", api::NAMESPACE),
    ("dcterms", dcterms::NAMESPACE),
    ("foaf", foaf::NAMESPACE),
    ("rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"),
    ("rdfs", "http://www.w3.org/2000/01/rdf-schema#"),
    ("sp", sp::NAMESPACE),
    ("spcode", spcode::NAMESPACE),
    ("v", vcard::NAMESPACE),
    ("xsd", "http://www.w3.org/2001/XMLSchema#"),
];
