use std::io;

use oxjsonld::{JsonLdParser, JsonLdSyntaxError};
use oxrdf::vocab::xsd;
use oxrdf::{GraphName, Literal, NamedOrBlankNode, NamedOrBlankNodeRef, Quad, Term, Triple};
use oxttl::{NQuadsParser, NTriplesParser, TriGParser, TurtleParser, TurtleSyntaxError};

use crate::error::{ParseError, Position, ReadError};
use crate::graph::{Dataset, Graph};
use crate::guard::{self, PlainJsonLd};
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
    charset: Option<String>,
    entities: bool,
}

impl Reader {
    /// A reader with default [`Limits`] and without a base IRI.
    pub fn new(syntax: Syntax) -> Self {
        Self {
            syntax,
            limits: Limits::default(),
            base_iri: None,
            charset: None,
            entities: false,
        }
    }

    /// A reader for documents of a media type and the `charset` among its parameters, if the media
    /// type is that of a [`Syntax`].
    ///
    /// ```
    /// use smart_rdf::Reader;
    ///
    /// assert!(Reader::for_media_type("application/rdf+xml; charset=ISO-8859-1").is_some());
    /// assert!(Reader::for_media_type("text/html").is_none());
    /// ```
    pub fn for_media_type(media_type: &str) -> Option<Self> {
        let reader = Self::new(Syntax::from_media_type(media_type)?);
        Some(match charset_of(media_type) {
            Some(charset) => reader.with_charset(charset),
            None => reader,
        })
    }

    /// The syntax that it reads.
    pub fn syntax(&self) -> Syntax {
        self.syntax
    }

    /// Other bounds than the default ones.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The absolute IRI that relative ones are resolved against, until the document sets its own.
    /// It is checked when a document is read.
    #[must_use]
    pub fn with_base_iri(mut self, iri: impl Into<String>) -> Self {
        self.base_iri = Some(iri.into());
        self
    }

    /// The encoding that the transport names, as [`RdfXml::with_charset`]. The other syntaxes are
    /// UTF-8 whatever it says.
    #[must_use]
    pub fn with_charset(mut self, charset: impl Into<String>) -> Self {
        self.charset = Some(charset.into());
        self
    }

    /// Takes entities that an RDF/XML document declares itself, as [`RdfXml::allow_entities`]. Not
    /// for responses.
    #[must_use]
    pub fn allow_entities(mut self) -> Self {
        self.entities = true;
        self
    }

    /// Reads a whole document as one graph.
    ///
    /// # Errors
    ///
    /// The document is malformed, not UTF-8, exceeds a limit or has named graphs. The first fault
    /// ends the reading; no part of a graph is handed out.
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

    /// Reads all that a reader gives as one graph. The limit on bytes is the most that is read and
    /// held.
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
        let mut reader = RdfXml::new().with_limits(self.limits.clone());
        if let Some(iri) = &self.base_iri {
            reader = reader.with_base_iri(iri);
        }
        if let Some(charset) = &self.charset {
            reader = reader.with_charset(charset);
        }
        if self.entities {
            reader = reader.allow_entities();
        }
        reader
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
                let PlainJsonLd {
                    text,
                    has_long_integers,
                } = guard::plain_json_ld(text)?;
                let parser = match self.base_iri {
                    Some(_) => self.with_base(JsonLdParser::new(), JsonLdParser::with_base_iri)?,
                    None => JsonLdParser::new()
                        .with_base_iri(format!("{NO_BASE}//"))
                        .expect("it is an absolute IRI"),
                };
                for quad in parser.for_slice(&*text) {
                    let mut quad = quad.map_err(|error| json_error(&error))?;
                    check_is_absolute(&quad)?;
                    if has_long_integers {
                        quad.object = with_long_integer(quad.object);
                    }
                    take_quad(quad)?;
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

/// The parameter `charset` of a media type ([RFC 9110,
/// 8.3.2](https://www.rfc-editor.org/rfc/rfc9110#section-8.3.2)).
fn charset_of(media_type: &str) -> Option<&str> {
    let mut parameters = media_type.split(';').skip(1);
    parameters.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let is_charset = name.trim().eq_ignore_ascii_case("charset");
        is_charset.then(|| value.trim().trim_matches('"'))
    })
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

/// The scheme of the base that stands in for a missing one: JSON-LD drops what has a relative IRI,
/// and does so silently.
const NO_BASE: &str = "no-base-iri:";

fn check_is_absolute(quad: &Quad) -> Result<(), ParseError> {
    let graph_name = match &quad.graph_name {
        GraphName::NamedNode(name) => Some(name.as_str()),
        _ => None,
    };
    let subject = match &quad.subject {
        NamedOrBlankNode::NamedNode(node) => Some(node.as_str()),
        NamedOrBlankNode::BlankNode(_) => None,
    };
    let object = match &quad.object {
        Term::NamedNode(node) => Some(node.as_str()),
        Term::Literal(literal) => Some(literal.datatype().as_str()),
        Term::BlankNode(_) => None,
    };
    let iris = [graph_name, subject, Some(quad.predicate.as_str()), object];
    for iri in iris.into_iter().flatten() {
        if let Some(relative) = iri.strip_prefix(NO_BASE) {
            let relative = relative.strip_prefix("///").unwrap_or(relative);
            let relative: String = relative.chars().take(80).collect();
            return Err(ParseError::Syntax {
                position: Position::START,
                message: format!("`{relative}` is no IRI; is a base IRI missing?"),
            });
        }
    }
    Ok(())
}

/// Integers of 21 digits come out of the parser as doubles that keep their text, unless a term has
/// another datatype.
fn with_long_integer(object: Term) -> Term {
    let Term::Literal(literal) = &object else {
        return object;
    };
    let Some(digits) = guard::long_integer(literal.value()) else {
        return object;
    };
    let datatype = match literal.datatype() {
        xsd::DOUBLE => xsd::INTEGER,
        datatype => datatype,
    };
    Literal::new_typed_literal(digits, datatype).into()
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
