//! Resources of FHIR R4 as graphs, in [FHIR's own RDF form](https://hl7.org/fhir/R4/rdf.html).
//!
//! ```
//! use smart_fhir::{Base, Resource, rdf};
//! use smart_rdf::Query;
//!
//! let base = Base::parse("https://ehr.example/fhir")?;
//! let condition = Resource::from_json(br#"{"resourceType": "Condition", "id": "c", "subject": {"reference": "Patient/1"},
//!     "code": {"coding": [{"system": "http://snomed.info/sct", "code": "195967001", "display": "Asthma"}]}}"#)?;
//! let graph = rdf::to_graph(&condition, &base)?;
//!
//! let query = Query::prepare("
//!     PREFIX fhir: <http://hl7.org/fhir/>
//!     PREFIX sct: <http://snomed.info/id/>
//!     SELECT ?name {
//!         ?condition a fhir:Condition ;
//!             fhir:Condition.subject/fhir:link <https://ehr.example/fhir/Patient/1> ;
//!             fhir:Condition.code/fhir:CodeableConcept.coding ?coding .
//!         ?coding a sct:195967001 ; fhir:Coding.display/fhir:value ?name
//!     }
//! ")?;
//! for row in query.select(&graph)? {
//!     assert_eq!(row.text("name"), Some("Asthma"));
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What it covers
//!
//! All elements of R4's AllergyIntolerance, Condition, DocumentReference, Encounter, Immunization,
//! Location, Medication, MedicationDispense, MedicationRequest, Observation, Organization, Patient,
//! Practitioner, Procedure, Provenance and Substance, with all data types that these are made of,
//! extensions, and contained resources of these types. A resource of another type, an element that
//! R4 does not have, and a value of the wrong kind are errors: nothing is left out silently.
//! [`Bridge::keep_unknown`] keeps them instead, as literals of `rdf:JSON`.
//!
//! # What it writes
//!
//! | in JSON | in RDF |
//! |---|---|
//! | a resource with an id | the node `{base}/{type}/{id}`, `a fhir:{type}`, `fhir:nodeRole fhir:treeRoot`; without an id a blank node |
//! | an element | the property `fhir:{type that declares it}.{name}` to a blank node, a choice with its type in the name: `fhir:Observation.valueQuantity` |
//! | a primitive value | `fhir:value` on that node: `xsd:boolean`, `xsd:integer` (`xsd:positiveInteger` and `xsd:nonNegativeInteger` for positiveInt and unsignedInt), `xsd:decimal`, `xsd:base64Binary`, `xsd:time`, `xsd:dateTime`, and for dates as exact as they are `xsd:date`, `xsd:gYearMonth` or `xsd:gYear`; plain text for all others, addresses and codes included |
//! | its companion (`_birthDate`) | extensions and id on the same node |
//! | a list | the property once for each item, with `fhir:index` from 0 |
//! | a narrative's `div` | plain text, without a node between |
//! | a reference | `fhir:Reference.reference` as it is, and `fhir:link` to the node of the resource: relative ones against the base, absolute ones as they are, both without a version; URNs as they are; none for `#id`, since contained resources are blank nodes |
//! | a coding of SNOMED CT or LOINC | the class `http://snomed.info/id/{code}` or `http://loinc.org/rdf#{code}` besides its elements |
//! | a contained resource | a blank node, without `fhir:nodeRole` |
//!
//! Decimals keep their text, 1.50 as 1.50. What a decimal writes with an exponent becomes an
//! `xsd:double`.

mod schema;
mod values;
mod walk;

use smart_rdf::{Graph, Triple};
use thiserror::Error;

use crate::base::Base;
use crate::resource::Resource;

/// The namespace of FHIR's terms.
pub const NAMESPACE: &str = "http://hl7.org/fhir/";

/// Turns resources into graphs.
///
/// ```
/// use smart_fhir::{Base, Resource, rdf::Bridge};
///
/// let bridge = Bridge::new(Base::parse("https://ehr.example/fhir")?).keep_unknown();
/// let patient = Resource::from_json(br#"{"resourceType": "Patient", "id": "1", "favoriteColor": "blue"}"#)?;
/// assert_eq!(bridge.to_graph([&patient])?.len(), 6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Bridge {
    base: Base,
    unknown: Unknown,
    triples: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unknown {
    Error,
    Keep,
}

/// Triples of one graph, unless more are wanted.
const MOST_TRIPLES: usize = 500_000;

/// A resource cannot be written as a graph.
///
/// Paths name elements as FHIRPath does, and hold no values.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum RdfError {
    /// A value that is not of the form of its type, such as the date `soon`.
    #[error("{path} is no {expected}: mend it, or keep what is unknown")]
    BadValue {
        /// Where it is.
        path: String,
        /// What it has to be.
        expected: String,
    },
    /// More nested than any honest resource.
    #[error("{path} is nested more than {limit} levels deep")]
    TooDeep {
        /// Where the limit is reached.
        path: String,
        /// In levels.
        limit: usize,
    },
    /// More triples than the limit.
    #[error("the graph has more than {limit} triples: raise the limit if that is right")]
    TooManyTriples {
        /// How many may be.
        limit: usize,
    },
    /// An element that the bridge does not know.
    #[error(
        "{path} is no element of FHIR R4 that the bridge knows: leave it out, or keep what is unknown"
    )]
    UnknownElement {
        /// Where it is.
        path: String,
    },
    /// A type of resource that the bridge does not know.
    #[error(
        "{name} is no type of resource that the bridge knows: leave it out, or keep what is unknown"
    )]
    UnknownType {
        /// Its name.
        name: String,
    },
}

/// One resource as a graph; what is unknown is an error.
///
/// # Errors
///
/// As [`Bridge::to_graph`].
pub fn to_graph(resource: &Resource, base: &Base) -> Result<Graph, RdfError> {
    Bridge::new(base.clone()).to_graph([resource])
}

impl Bridge {
    /// Resources lie below this base, and relative references lead there.
    pub fn new(base: Base) -> Self {
        Self {
            base,
            unknown: Unknown::Error,
            triples: MOST_TRIPLES,
        }
    }

    /// Keeps what is no error in itself: an unknown element, or a value of the wrong kind, becomes
    /// a blank node whose `fhir:value` is its JSON, as a literal of `rdf:JSON`, under the property
    /// `fhir:{type}.{name}`, a list as one such node. A resource of an unknown type has its node
    /// and its class, and all of its elements so.
    #[must_use]
    pub fn keep_unknown(mut self) -> Self {
        self.unknown = Unknown::Keep;
        self
    }

    /// The most triples of one graph. 500,000 unless set.
    #[must_use]
    pub fn with_triples(mut self, triples: usize) -> Self {
        self.triples = triples;
        self
    }

    /// Resources together in one graph, each a tree root of its own.
    ///
    /// # Errors
    ///
    /// What is unknown, where it is not kept, and what is beyond a limit. There is no graph of a
    /// part of the resources.
    pub fn to_graph<'a>(
        &self,
        resources: impl IntoIterator<Item = &'a Resource>,
    ) -> Result<Graph, RdfError> {
        let mut walk = walk::Walk::new(&self.base, self.unknown, self.triples);
        for resource in resources {
            walk.root(resource)?;
        }
        let triples: Vec<Triple> = walk.into_triples();
        Ok(triples.into_iter().collect())
    }
}

#[cfg(test)]
mod tests;
