use std::collections::BTreeMap;

use oxrdf::{GraphNameRef, NamedOrBlankNode, TripleRef};
use oxttl::TriGSerializer;

use crate::error::WriteError;
use crate::graph::{BlankLabels, Dataset, Graph};
use crate::syntax::turtle_writer::is_prefix;
use crate::syntax::writable::check_terms;
use crate::syntax::{JsonLdWriter, RdfXmlWriter, Syntax, TurtleWriter};

/// Writes graphs in one [`Syntax`]: the counterpart of [`Reader`](crate::Reader).
///
/// Triples stand in the graph's own order and blank nodes are numbered through, so that the same
/// document gives the same text each time.
///
/// ```
/// use smart_rdf::{Syntax, Writer};
///
/// let graph = Syntax::NTriples.parse(b"<http://example.org/m> <http://example.org/name> \"Aspirin\" .")?;
/// for syntax in [Syntax::JsonLd, Syntax::RdfXml, Syntax::Turtle] {
///     let text = Writer::new(syntax).with_prefix("e", "http://example.org/").write(&graph)?;
///     assert!(text.contains("e:name"));
///     assert!(syntax.parse(text.as_bytes())?.is_isomorphic(&graph));
/// }
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Writer {
    syntax: Syntax,
    /// Prefix to namespace.
    prefixes: BTreeMap<String, String>,
}

impl Writer {
    /// A writer without prefixes.
    pub fn new(syntax: Syntax) -> Self {
        Self {
            syntax,
            prefixes: BTreeMap::new(),
        }
    }

    /// Abbreviates IRIs that begin with `iri`, where the syntax has a way to. A prefix that the
    /// syntax cannot use is left out.
    #[must_use]
    pub fn with_prefix(mut self, name: impl Into<String>, iri: impl Into<String>) -> Self {
        self.prefixes.insert(name.into(), iri.into());
        self
    }

    /// Several prefixes: names and what they stand for.
    #[must_use]
    pub fn with_prefixes<N: Into<String>, I: Into<String>>(
        self,
        prefixes: impl IntoIterator<Item = (N, I)>,
    ) -> Self {
        let prefixes = prefixes.into_iter();
        prefixes.fold(self, |writer, (name, iri)| writer.with_prefix(name, iri))
    }

    /// The document that says what a graph says.
    ///
    /// # Errors
    ///
    /// The syntax cannot express the graph: RDF/XML has no form for some predicates and characters,
    /// and no syntax has one for IRIs and language tags that are malformed.
    pub fn write(&self, graph: &Graph) -> Result<String, WriteError> {
        match self.syntax {
            Syntax::JsonLd => self.json_ld().write(graph),
            Syntax::NQuads | Syntax::NTriples => {
                check_terms(graph.terms())?;
                Ok(lines(graph))
            }
            Syntax::RdfXml => self
                .each_prefix(RdfXmlWriter::new(), RdfXmlWriter::with_prefix)
                .write(graph),
            Syntax::TriG | Syntax::Turtle => self
                .each_prefix(TurtleWriter::new(), TurtleWriter::with_prefix)
                .write(graph),
        }
    }

    /// The document that says what several graphs say. A named graph without triples is left out.
    ///
    /// # Errors
    ///
    /// As for [`Writer::write`], or there is a named graph and the syntax is for one graph.
    pub fn write_dataset(&self, dataset: &Dataset) -> Result<String, WriteError> {
        let mut named = dataset.named_graphs();
        let Some((name, _)) = named.find(|(_, graph)| !graph.is_empty()) else {
            return self.write(dataset.default_graph());
        };
        check_terms(dataset.terms())?;
        match self.syntax {
            Syntax::JsonLd => Ok(self.json_ld().write_dataset(dataset)),
            Syntax::NQuads => Ok(quad_lines(dataset)),
            Syntax::TriG => Ok(self.trig(dataset)),
            Syntax::NTriples | Syntax::RdfXml | Syntax::Turtle => Err(WriteError::NamedGraph {
                name: name.to_string(),
            }),
        }
    }

    fn json_ld(&self) -> JsonLdWriter {
        self.each_prefix(JsonLdWriter::new(), JsonLdWriter::with_prefix)
    }

    fn each_prefix<W>(&self, writer: W, with: impl Fn(W, String, String) -> W) -> W {
        self.prefixes.iter().fold(writer, |writer, (name, iri)| {
            with(writer, name.clone(), iri.clone())
        })
    }

    /// [RDF 1.1 TriG](https://www.w3.org/TR/trig/).
    fn trig(&self, dataset: &Dataset) -> String {
        let serializer = self.each_prefix(TriGSerializer::new(), |serializer, name, iri| {
            if !is_prefix(&name) {
                return serializer;
            }
            let with_prefix = serializer.clone().with_prefix(name, iri);
            with_prefix.unwrap_or(serializer)
        });
        let mut serializer = serializer.low_level();
        let mut document = Vec::new();
        for_quads(dataset, |triple, name| {
            let name = name.map_or(GraphNameRef::DefaultGraph, |name| name.as_ref().into());
            serializer
                .serialize_quad(triple.in_graph(name), &mut document)
                .expect("memory takes every write");
        });
        serializer
            .finish(&mut document)
            .expect("memory takes every write");
        String::from_utf8(document).expect("terms are UTF-8")
    }
}

/// [RDF 1.1 N-Triples](https://www.w3.org/TR/n-triples/), which N-Quads contains.
fn lines(graph: &Graph) -> String {
    let mut labels = BlankLabels::default();
    let lines = graph.iter().map(|triple| labels.relabel(triple));
    lines.map(|triple| format!("{triple} .\n")).collect()
}

/// [RDF 1.1 N-Quads](https://www.w3.org/TR/n-quads/).
fn quad_lines(dataset: &Dataset) -> String {
    let mut text = String::new();
    for_quads(dataset, |triple, name| {
        text += &match name {
            Some(name) => format!("{triple} {name} .\n"),
            None => format!("{triple} .\n"),
        };
    });
    text
}

/// All triples with the names of their graphs, one graph after another. Blank nodes are the
/// dataset's and keep their number in all graphs.
fn for_quads(dataset: &Dataset, mut see: impl FnMut(TripleRef<'_>, Option<&NamedOrBlankNode>)) {
    let mut labels = BlankLabels::default();
    for triple in dataset.default_graph() {
        see(labels.relabel(triple).as_ref(), None);
    }
    for (name, graph) in dataset.named_graphs() {
        let name = labels.relabel_node(name);
        for triple in graph {
            see(labels.relabel(triple).as_ref(), Some(&name));
        }
    }
}
