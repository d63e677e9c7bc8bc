use std::collections::BTreeMap;

use oxttl::TurtleSerializer;

use crate::error::WriteError;
use crate::graph::{BlankLabels, Graph};
use crate::syntax::writable::check_terms;
use crate::syntax::xml::is_nc_name;

/// Writes a graph as [Turtle](https://www.w3.org/TR/turtle/).
///
/// Triples stand in the graph's own order, blank nodes are numbered through, and prefixes are
/// declared in alphabetical order, so that the same document gives the same text each time.
///
/// ```
/// use smart_rdf::{Syntax, TurtleWriter};
///
/// let graph = Syntax::Turtle.parse(b"<http://example.org/m> <http://example.org/name> 'Aspirin' .")?;
/// let text = TurtleWriter::new().with_prefix("e", "http://example.org/").write(&graph)?;
/// assert_eq!(text, "@prefix e: <http://example.org/> .\ne:m e:name \"Aspirin\" .\n");
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct TurtleWriter {
    /// Prefix to namespace.
    prefixes: BTreeMap<String, String>,
}

impl TurtleWriter {
    /// A writer without prefixes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Abbreviates IRIs that begin with `iri`. A prefix that does not stand for an absolute IRI is
    /// left out, as no term can begin with it, and so is one whose name is none in Turtle ([Turtle,
    /// 6.5](https://www.w3.org/TR/turtle/#grammar-production-PN_PREFIX)).
    #[must_use]
    pub fn with_prefix(mut self, name: impl Into<String>, iri: impl Into<String>) -> Self {
        let name = name.into();
        if is_prefix(&name) {
            self.prefixes.insert(name, iri.into());
        }
        self
    }

    /// The document.
    ///
    /// # Errors
    ///
    /// An IRI or a language tag is malformed, which happens to graphs that were built from
    /// unchecked parts.
    pub fn write(&self, graph: &Graph) -> Result<String, WriteError> {
        check_terms(graph.terms())?;
        let mut serializer = self.serializer().low_level();
        let mut document = Vec::new();
        let mut labels = BlankLabels::default();
        for triple in graph {
            let triple = labels.relabel(triple);
            serializer
                .serialize_triple(triple.as_ref(), &mut document)
                .expect("memory takes every write");
        }
        serializer
            .finish(&mut document)
            .expect("memory takes every write");
        Ok(String::from_utf8(document).expect("terms are UTF-8"))
    }

    fn serializer(&self) -> TurtleSerializer {
        let mut serializer = TurtleSerializer::new();
        for (name, iri) in &self.prefixes {
            if let Ok(more) = serializer.clone().with_prefix(name, iri) {
                serializer = more;
            }
        }
        serializer
    }
}

/// What Turtle takes for the name of a prefix: an XML name, but that it cannot begin with `_` or
/// end in a dot; or nothing.
pub(super) fn is_prefix(name: &str) -> bool {
    name.is_empty() || is_nc_name(name) && !name.starts_with('_') && !name.ends_with('.')
}
