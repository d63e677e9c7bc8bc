//! What a call that writes sends.

use bytes::Bytes;
use smart_rdf::{Graph, Syntax, WriteError, Writer};

use crate::model::Model;
use crate::vocab::PREFIXES;

/// The body of a request and its media type, which goes with it always: containers guess, and guess
/// differently, when a body comes without one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Body {
    bytes: Bytes,
    content_type: String,
}

impl Body {
    /// Any bytes. Containers keep scratchpads and preferences in text columns: bytes that are not
    /// UTF-8 may not survive.
    pub fn new(content_type: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        Self {
            bytes: bytes.into(),
            content_type: content_type.into(),
        }
    }

    /// Plain text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::new("text/plain", text.into())
    }

    /// A graph as RDF/XML.
    ///
    /// # Errors
    ///
    /// The graph holds a term that RDF/XML cannot express.
    pub fn rdf_xml(graph: &Graph) -> Result<Self, WriteError> {
        let writer = Writer::new(Syntax::RdfXml).with_prefixes(PREFIXES);
        Ok(Self::new(Syntax::RdfXml.media_type(), writer.write(graph)?))
    }

    /// A model as RDF/XML, with everything that its fields say.
    ///
    /// # Errors
    ///
    /// A text holds a control character, which RDF/XML cannot express.
    pub fn from_model(model: &impl Model) -> Result<Self, WriteError> {
        Self::rdf_xml(&model.to_graph())
    }

    /// The bytes.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The media type.
    pub fn content_type(&self) -> &str {
        &self.content_type
    }
}
