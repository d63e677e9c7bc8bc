//! RDF graphs of the size of a response: read behind a guard against hostile documents, held
//! compactly, asked with SPARQL, and written.
//!
//! ```text
//!  RDF/XML ─┐                                     ┌─ matching, objects, instances_of, …
//!  Turtle ──┼─ guard ─► strict parser ─► Graph ───┼─ Query ─► Solutions, bool, Graph
//!  JSON-LD ─┘                                     └─ Writer ─► RDF/XML, Turtle, JSON-LD, …
//! ```
//!
//! It does not fetch anything: no sockets, no files, no clock, and a query cannot leave its graph.
//! It knows nothing of SMART; the vocabulary and the typed calls live in the layers above.
//!
//! ```
//! use smart_rdf::{Query, Syntax};
//!
//! let body = br#"<?xml version="1.0"?>
//! <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
//!          xmlns:dcterms="http://purl.org/dc/terms/" xmlns:e="http://example.org/">
//!   <e:Medication rdf:about="http://example.org/medications/1">
//!     <e:drugName rdf:parseType="Resource"><dcterms:title>Ibuprofen 200 MG</dcterms:title></e:drugName>
//!   </e:Medication>
//! </rdf:RDF>"#;
//! let graph = Syntax::RdfXml.parse(body)?;
//!
//! let query = Query::prepare("
//!     PREFIX dcterms: <http://purl.org/dc/terms/>
//!     PREFIX e: <http://example.org/>
//!     SELECT ?title { ?m a e:Medication ; e:drugName/dcterms:title ?title }
//! ")?;
//! for row in query.select(&graph)? {
//!     assert_eq!(row.text("title"), Some("Ibuprofen 200 MG"));
//! }
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! What a document or a query may cost is bounded by [`Limits`] and [`QueryLimits`], whose defaults
//! fit the responses of a container many times over. With the feature `oxigraph` a [`Query`] runs
//! on a `Store` as well. Terms and triples are those of [`oxrdf`], named here so that no other
//! crate needs it.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod error;
mod graph;
mod guard;
mod limits;
mod sparql;
mod syntax;
mod table;
mod visible;

pub mod vocab;

// Terms
pub use oxrdf::{
    BlankNode, BlankNodeRef, Literal, LiteralRef, NamedNode, NamedNodeRef, NamedOrBlankNode,
    NamedOrBlankNodeRef, Term, TermRef, Triple, TripleRef,
};
// Graphs
pub use graph::lookup::Lookup;
pub use graph::node::{Node, Object};
pub use graph::{Dataset, Difference, Graph, Triples};
// Syntaxes
pub use syntax::{
    JsonLdWriter, RdfXml, RdfXmlWriter, Reader, Repair, Syntax, Turtle, TurtleWriter, Writer,
};
// SPARQL
pub use sparql::{
    Answer, Cancellation, FromTerm, Query, QueryError, QueryLimits, ResultFormat, Row, Solutions,
    Source, Sparql, ValueError,
};
// Text for people
pub use table::Table;
pub use visible::{visible, visible_lines};
// Limits and errors
pub use error::{ParseError, Position, ReadError, WriteError};
pub use limits::{Limit, LimitError, Limits};

/// The example of the README, compiled as a documentation test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
