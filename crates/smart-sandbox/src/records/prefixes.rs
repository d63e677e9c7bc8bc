//! The namespaces that every answer declares, so that it reads like those of older containers.

use smart_rdf::{Graph, RdfXmlWriter, WriteError};

const PREFIXES: [(&str, &str); 6] = [
    ("api", "http://smartplatforms.org/terms/api#"),
    ("dcterms", "http://purl.org/dc/terms/"),
    ("foaf", "http://xmlns.com/foaf/0.1/"),
    ("sp", "http://smartplatforms.org/terms#"),
    ("spcode", "http://smartplatforms.org/terms/codes/"),
    ("v", "http://www.w3.org/2006/vcard/ns#"),
];

/// Writes a graph as RDF/XML.
pub(crate) fn rdf_xml(graph: &Graph) -> Result<String, WriteError> {
    PREFIXES
        .iter()
        .fold(RdfXmlWriter::new(), |writer, (name, iri)| {
            writer.with_prefix(*name, *iri)
        })
        .write(graph)
}
