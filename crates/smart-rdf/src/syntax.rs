mod encoding;
mod intake;
mod json_ld_writer;
mod rdf_xml;
mod rdf_xml_writer;
mod reader;
mod turtle;
mod turtle_writer;
pub(crate) mod writable;
mod writer;
pub(crate) mod xml;

pub use json_ld_writer::JsonLdWriter;
pub use rdf_xml::{RdfXml, Repair};
pub use rdf_xml_writer::RdfXmlWriter;
pub use reader::Reader;
pub use turtle::Turtle;
pub use turtle_writer::TurtleWriter;
pub use writer::Writer;

use crate::error::{ParseError, WriteError};
use crate::graph::Graph;

/// A syntax that graphs can be read from and written in.
///
/// ```
/// use smart_rdf::Syntax;
///
/// let syntax = Syntax::from_media_type("application/rdf+xml; charset=utf-8");
/// assert_eq!(syntax, Some(Syntax::RdfXml));
/// assert_eq!(Syntax::from_media_type("text/html"), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Syntax {
    /// [JSON-LD 1.1](https://www.w3.org/TR/json-ld11/). A context elsewhere is never fetched: a
    /// document that needs one is refused.
    JsonLd,
    /// [RDF 1.1 N-Quads](https://www.w3.org/TR/n-quads/).
    NQuads,
    /// [RDF 1.1 N-Triples](https://www.w3.org/TR/n-triples/).
    NTriples,
    /// [RDF 1.1 XML Syntax](https://www.w3.org/TR/rdf-syntax-grammar/).
    RdfXml,
    /// [RDF 1.1 TriG](https://www.w3.org/TR/trig/).
    TriG,
    /// [RDF 1.1 Turtle](https://www.w3.org/TR/turtle/).
    Turtle,
}

/// The registered media type first, then others in use.
const MEDIA_TYPES: [(&str, Syntax); 9] = [
    ("application/ld+json", Syntax::JsonLd),
    ("application/n-quads", Syntax::NQuads),
    ("application/n-triples", Syntax::NTriples),
    ("application/rdf+xml", Syntax::RdfXml),
    ("application/trig", Syntax::TriG),
    ("text/turtle", Syntax::Turtle),
    ("application/x-turtle", Syntax::Turtle),
    ("application/x-trig", Syntax::TriG),
    ("text/x-nquads", Syntax::NQuads),
];

const EXTENSIONS: [(&str, Syntax); 9] = [
    ("jsonld", Syntax::JsonLd),
    ("nq", Syntax::NQuads),
    ("nt", Syntax::NTriples),
    ("rdf", Syntax::RdfXml),
    ("trig", Syntax::TriG),
    ("ttl", Syntax::Turtle),
    ("json", Syntax::JsonLd),
    ("owl", Syntax::RdfXml),
    ("xml", Syntax::RdfXml),
];

impl Syntax {
    /// The syntax of a media type, parameters allowed and letter case ignored.
    pub fn from_media_type(media_type: &str) -> Option<Self> {
        let essence = media_type.split(';').next().unwrap_or_default().trim();
        MEDIA_TYPES
            .into_iter()
            .find_map(|(name, syntax)| essence.eq_ignore_ascii_case(name).then_some(syntax))
    }

    /// The syntax that a file's name ends in, without the dot and letter case ignored.
    pub fn from_extension(extension: &str) -> Option<Self> {
        EXTENSIONS
            .into_iter()
            .find_map(|(name, syntax)| extension.eq_ignore_ascii_case(name).then_some(syntax))
    }

    /// The syntax of a document: what its media type says, or else what its first bytes look like.
    ///
    /// Turtle stands for N-Triples as well, which it can read. Named graphs are not seen if a
    /// document begins with prefixes.
    pub fn detect(media_type: Option<&str>, start: &[u8]) -> Option<Self> {
        media_type
            .and_then(Self::from_media_type)
            .or_else(|| Self::sniff(start))
    }

    fn sniff(start: &[u8]) -> Option<Self> {
        // A tag in UTF-16, which only XML may be written in.
        if let [0xFF, 0xFE, b'<', 0, ..]
        | [0xFE, 0xFF, 0, b'<', ..]
        | [b'<', 0, ..]
        | [0, b'<', ..] = start
        {
            return Some(Self::RdfXml);
        }
        let start = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start);
        let is_space = |b: &u8| b.is_ascii_whitespace();
        let start = start.trim_ascii_start();
        let after = |count: usize| start.get(count..).unwrap_or_default().trim_ascii_start();
        match start.first()? {
            b'<' => {
                let tag = &start[..memchr::memchr(b'>', start).unwrap_or(start.len())];
                // An IRI has neither; the tag of a root declares namespaces.
                let is_tag = matches!(start.get(1), Some(b'?' | b'!')) || tag.iter().any(is_space);
                Some(if is_tag { Self::RdfXml } else { Self::Turtle })
            }
            b'{' => match after(1).first()? {
                b'"' | b'}' => Some(Self::JsonLd),
                _ => Some(Self::TriG),
            },
            b'[' => match after(1).first()? {
                b'{' => Some(Self::JsonLd),
                _ => Some(Self::Turtle),
            },
            b'@' | b'#' | b'_' | b':' | b'(' => Some(Self::Turtle),
            _ => {
                let word: Vec<u8> = start
                    .iter()
                    .take_while(|b| !is_space(b))
                    .take(16)
                    .map(u8::to_ascii_uppercase)
                    .collect();
                match &word[..] {
                    b"BASE" | b"PREFIX" => Some(Self::Turtle),
                    b"GRAPH" => Some(Self::TriG),
                    _ => None,
                }
            }
        }
    }

    /// The registered media type, without parameters.
    pub fn media_type(self) -> &'static str {
        let types = MEDIA_TYPES.into_iter();
        types
            .filter(|(_, syntax)| *syntax == self)
            .map(|(name, _)| name)
            .next()
            .unwrap_or_default()
    }

    /// Reads a document as one graph, with default [`Limits`](crate::Limits) and without a base
    /// IRI; [`Reader`] has more to choose.
    ///
    /// # Errors
    ///
    /// The document is malformed, not UTF-8, exceeds a limit or has named graphs.
    pub fn parse(self, document: &[u8]) -> Result<Graph, ParseError> {
        Reader::new(self).for_slice(document)
    }

    /// Writes a graph as a document, without prefixes; [`Writer`] has more to choose.
    ///
    /// # Errors
    ///
    /// The syntax cannot express the graph: RDF/XML has no form for some predicates and characters,
    /// and no syntax has one for IRIs and language tags that are malformed.
    pub fn write(self, graph: &Graph) -> Result<String, WriteError> {
        Writer::new(self).write(graph)
    }
}
