mod intake;
mod rdf_xml;
mod rdf_xml_writer;
mod turtle;
mod turtle_writer;
mod xml;

pub use rdf_xml::{RdfXml, Repair};
pub use rdf_xml_writer::RdfXmlWriter;
pub use turtle::Turtle;
pub use turtle_writer::TurtleWriter;

use crate::error::ParseError;
use crate::graph::Graph;

/// A syntax that a graph can be read from.
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
    /// [RDF 1.1 XML Syntax](https://www.w3.org/TR/rdf-syntax-grammar/).
    RdfXml,
    /// [RDF 1.1 Turtle](https://www.w3.org/TR/turtle/).
    Turtle,
}

impl Syntax {
    /// The syntax of a media type, parameters allowed and letter case ignored.
    pub fn from_media_type(media_type: &str) -> Option<Self> {
        let essence = media_type.split(';').next().unwrap_or_default().trim();
        [
            ("application/rdf+xml", Self::RdfXml),
            ("text/turtle", Self::Turtle),
            ("application/x-turtle", Self::Turtle),
        ]
        .into_iter()
        .find_map(|(name, syntax)| essence.eq_ignore_ascii_case(name).then_some(syntax))
    }

    /// The registered media type, without parameters.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::RdfXml => "application/rdf+xml",
            Self::Turtle => "text/turtle",
        }
    }

    /// Reads a document with default [`Limits`](crate::Limits) and without a base IRI.
    ///
    /// # Errors
    ///
    /// The document is malformed, not UTF-8, or exceeds a limit.
    pub fn parse(self, document: &[u8]) -> Result<Graph, ParseError> {
        match self {
            Self::RdfXml => RdfXml::new().for_slice(document),
            Self::Turtle => Turtle::new().for_slice(document),
        }
    }
}
