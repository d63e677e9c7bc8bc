//! The calls of the ontology, one file for each kind.

pub(crate) mod blobs;
pub(crate) mod container;
pub(crate) mod documents;
pub(crate) mod posting;
pub(crate) mod reading;
pub(crate) mod search;
pub(crate) mod users;

use http::StatusCode;
use smart_rdf::Graph;

use crate::records::prefixes;
use crate::web::reply::{self, RDF_XML, Reply};

/// A graph as RDF/XML; an empty graph is an empty document, not an error.
pub(crate) fn graph_reply(graph: &Graph) -> Reply {
    match prefixes::rdf_xml(graph) {
        Ok(document) => reply::answer(StatusCode::OK, RDF_XML, document),
        Err(error) => {
            // Loading and posting check for it.
            tracing::error!(%error, "a graph cannot be written");
            reply::server_error()
        }
    }
}

#[cfg(test)]
mod tests;
