use std::io;

use oxjsonld::{JsonLdParser, JsonLdSyntaxError};
use oxrdf::{GraphName, NamedOrBlankNodeRef, Quad, Triple};
use oxttl::{NQuadsParser, NTriplesParser, TriGParser, TurtleParser, TurtleSyntaxError};

use crate::error::{ParseError, Position, ReadError};
use crate::graph::{Dataset, Graph};
use crate::guard;
use crate::limits::Limits;
use crate::syntax::intake::{Intake, decode, read_all};
use crate::syntax::{RdfXml, Syntax};

/// Reads documents of one [`Syntax`], strictly and within limits.
///
/// ```
/// use smart_rdf::{Limits, Reader, Syntax};
///
/// let start = b"<http://example.org/m> <http://example.org/name> 'Aspirin' .";
/// let syntax = Syntax::detect(None, start).expect("it looks like one");
/// let reader = Reader::new(syntax).with_limits(Limits::default().with_bytes(1 << 20));
/// assert_eq!(reader.for_slice(start)?.len(), 1);
/// # Ok::<_, smart_rdf::ParseError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Reader {
    syntax: Syntax,
    limits: Limits,
    base_iri: Option<String>,
}

impl Reader {
    /// A reader with default [`Limits`] and without a base IRI.
    pub fn new(syntax: Syntax) -> Self {
        Self {
            syntax,
            limits: Limits::default(),
            base_iri: None,
        }
    }

    /// Other bounds than the default ones.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The absolute IRI that relative ones are resolved against, until the document sets its own. It is checked when a document is
    /// read.
    #[must_use]
    pub fn with_base_iri(mut self, iri: impl Into<String>) -> Self {
        self.base_iri = Some(iri.into());
        self
    }

    /// Reads a whole document as one graph.
    ///
    /// # Errors
    ///
    /// The document is malformed, not UTF-8, exceeds a limit or has named graphs. The first fault ends the reading; no part of a graph
    /// is handed out.
    pub fn for_slice(&self, document: &[u8]) -> Result<Graph, ParseError> {
        if self.syntax == Syntax::RdfXml {
            return self.rdf_xml().for_slice(document);
        }
        let intake = self.take_in(document, |name| {
            Err(ParseError::NamedGraph {
                name: name.to_string(),
            })
        })?;
        Ok(intake.finish())
    }

    /// Reads all that a reader gives as one graph. The limit on bytes is the most that is read and held.
    ///
    /// # Errors
    ///
    /// As for [`Reader::for_slice`], and those of the reader.
    pub fn for_reader(&self, reader: impl io::Read) -> Result<Graph, ReadError> {
        let document = read_all(reader, &self.limits)?;
        Ok(self.for_slice(&document)?)
    }

    /// Reads a whole document with all its graphs.
    ///
    /// # Errors
    ///
    /// As for [`Reader::for_slice`], but for the named graphs.
    pub fn dataset_for_slice(&self, document: &[u8]) -> Result<Dataset, ParseError> {
        if self.syntax == Syntax::RdfXml {
            return Ok(self.rdf_xml().for_slice(document)?.into());
        }
        let intake = self.take_in(document, |_| Ok(()))?;
        Ok(intake.finish_dataset())
    }

    /// Reads all that a reader gives, with all its graphs.
    ///
    /// # Errors
    ///
    /// As for [`Reader::dataset_for_slice`], and those of the reader.
    pub fn dataset_for_reader(&self, reader: impl io::Read) -> Result<Dataset, ReadError> {
        let document = read_all(reader, &self.limits)?;
        Ok(self.dataset_for_slice(&document)?)
    }

    fn rdf_xml(&self) -> RdfXml {
        let reader = RdfXml::new().with_limits(self.limits.clone());
        match &self.base_iri {
            Some(iri) => reader.with_base_iri(iri),
            None => reader,
        }
    }

    fn take_in(
        &self,
        document: &[u8],
        allow: impl Fn(NamedOrBlankNodeRef<'_>) -> Result<(), ParseError>,
    ) -> Result<Intake<'_>, ParseError> {
        let text = decode(document, &self.limits)?;
        let mut intake = Intake::new(&self.limits);
        let mut take_quad = |quad: Quad| -> Result<(), ParseError> {
            let name = match &quad.graph_name {
                GraphName::BlankNode(node) => Some(node.as_ref().into()),
                GraphName::NamedNode(node) => Some(node.as_ref().into()),
                GraphName::DefaultGraph => None,
            };
            if let Some(name) = name {
                allow(name)?;
            }
            let triple = Triple::new(quad.subject, quad.predicate, quad.object);
            Ok(intake.take(triple.as_ref(), name)?)
        };
        if self.syntax == Syntax::JsonLd {
            guard::check_json(text, self.base_iri.as_deref(), &self.limits)?;
        } else {
            guard::check_turtle(text, self.base_iri.as_deref(), &self.limits)?;
        }
        match self.syntax {
            Syntax::RdfXml => {}
            Syntax::JsonLd => {
                let parser = self.with_base(JsonLdParser::new(), JsonLdParser::with_base_iri)?;
                for quad in parser.for_slice(text) {
                    take_quad(quad.map_err(|error| json_error(&error))?)?;
                }
            }
            Syntax::NQuads => {
                for quad in NQuadsParser::new().for_slice(text) {
                    take_quad(quad.map_err(|error| turtle_error(&error))?)?;
                }
            }
            Syntax::NTriples => {
                for triple in NTriplesParser::new().for_slice(text) {
                    let triple = triple.map_err(|error| turtle_error(&error))?;
                    take_quad(triple.in_graph(GraphName::DefaultGraph))?;
                }
            }
            Syntax::TriG => {
                let parser = self.with_base(TriGParser::new(), TriGParser::with_base_iri)?;
                for quad in parser.for_slice(text) {
                    take_quad(quad.map_err(|error| turtle_error(&error))?)?;
                }
            }
            Syntax::Turtle => {
                let parser = self.with_base(TurtleParser::new(), TurtleParser::with_base_iri)?;
                for triple in parser.for_slice(text) {
                    let triple = triple.map_err(|error| turtle_error(&error))?;
                    take_quad(triple.in_graph(GraphName::DefaultGraph))?;
                }
            }
        }
        Ok(intake)
    }

    fn with_base<P, E: ToString>(
        &self,
        parser: P,
        set: impl FnOnce(P, String) -> Result<P, E>,
    ) -> Result<P, ParseError> {
        let Some(iri) = &self.base_iri else {
            return Ok(parser);
        };
        set(parser, iri.clone()).map_err(|error| ParseError::BaseIri {
            iri: iri.clone(),
            message: error.to_string(),
        })
    }
}

fn turtle_error(error: &TurtleSyntaxError) -> ParseError {
    let start = error.location().start;
    ParseError::Syntax {
        position: Position {
            line: start.line + 1,
            column: start.column + 1,
        },
        message: error.message().to_owned(),
    }
}

/// What JSON-LD makes of sound JSON has no place in the text.
fn json_error(error: &JsonLdSyntaxError) -> ParseError {
    let position = error
        .location()
        .map_or(Position::START, |location| Position {
            line: location.start.line + 1,
            column: location.start.column + 1,
        });
    ParseError::Syntax {
        position,
        message: error.to_string(),
    }
}
