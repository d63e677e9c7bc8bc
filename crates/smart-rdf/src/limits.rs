use std::fmt;

use crate::error::Position;

/// What a document may cost to read. Every bound has a default that fits the responses of a
/// container many times over.
///
/// ```
/// use smart_rdf::{Limits, RdfXml};
///
/// let reader = RdfXml::new().with_limits(Limits::default().with_bytes(64 << 20).with_triples(2_000_000));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    pub(crate) bytes: usize,
    pub(crate) triples: usize,
    pub(crate) depth: usize,
    pub(crate) attributes: usize,
    term_length: Option<usize>,
    pub(crate) iri_length: usize,
    pub(crate) term_bytes: usize,
    pub(crate) entities: usize,
    pub(crate) expansion: usize,
    pub(crate) context_terms: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 8 << 20,
            triples: 500_000,
            depth: 64,
            attributes: 128,
            term_length: None,
            iri_length: 4096,
            term_bytes: 64 << 20,
            entities: 256,
            expansion: 32 << 20,
            context_terms: 256,
        }
    }
}

impl Limits {
    /// The bounds of [`Limits::default`].
    pub fn new() -> Self {
        Self::default()
    }

    /// Bytes of the document. 8 MiB unless set.
    #[must_use]
    pub fn with_bytes(mut self, bytes: usize) -> Self {
        self.bytes = bytes;
        self
    }

    /// Triples, counted as they are read, repeated ones included. 500,000 unless set.
    #[must_use]
    pub fn with_triples(mut self, triples: usize) -> Self {
        self.triples = triples;
        self
    }

    /// Levels of elements in RDF/XML, of brackets in Turtle and JSON-LD. 64 unless set; JSON-LD is
    /// never read deeper than 64.
    #[must_use]
    pub fn with_depth(mut self, levels: usize) -> Self {
        self.depth = levels;
        self
    }

    /// Attributes of one tag, and namespace declarations in scope anywhere in RDF/XML. 128 unless
    /// set.
    ///
    /// The parser underneath takes time that grows with the square of both.
    #[must_use]
    pub fn with_attributes(mut self, attributes: usize) -> Self {
        self.attributes = attributes;
        self
    }

    /// Bytes of one literal. As many as the document may have unless set, so that a scanned letter
    /// that was written by one of the writers here can be read again.
    #[must_use]
    pub fn with_term_length(mut self, bytes: usize) -> Self {
        self.term_length = Some(bytes);
        self
    }

    pub(crate) fn term_length(&self) -> usize {
        self.term_length.unwrap_or(self.bytes)
    }

    /// Bytes of one IRI, namespace, blank node label or language tag. 4,096 unless set.
    ///
    /// It is apart from [`Limits::with_term_length`] because a base or a namespace is written once
    /// and repeated in every term.
    #[must_use]
    pub fn with_iri_length(mut self, bytes: usize) -> Self {
        self.iri_length = bytes;
        self
    }

    /// Bytes of all different terms together. 64 MiB unless set.
    #[must_use]
    pub fn with_term_bytes(mut self, bytes: usize) -> Self {
        self.term_bytes = bytes;
        self
    }

    /// Entities that an ontology may declare. 256 unless set; other documents may declare none.
    #[must_use]
    pub fn with_entities(mut self, entities: usize) -> Self {
        self.entities = entities;
        self
    }

    /// Bytes that base, namespaces and entities of an RDF/XML document may add to it where they are
    /// used, and those that the parser of JSON-LD may keep and write out. 32 MiB unless set.
    #[must_use]
    pub fn with_expansion(mut self, bytes: usize) -> Self {
        self.expansion = bytes;
        self
    }

    /// Terms that the contexts of a JSON-LD document define together, and how many contexts there
    /// are. 256 unless set.
    ///
    /// The parser underneath copies all terms for each context, and recurses over terms that build
    /// on each other: far above the default it can overflow the stack of its thread.
    #[must_use]
    pub fn with_context_terms(mut self, terms: usize) -> Self {
        self.context_terms = terms;
        self
    }
}

/// Which bound of [`Limits`] or [`QueryLimits`](crate::QueryLimits) was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Limit {
    /// [`Limits::with_attributes`]: attributes of one tag.
    Attributes,
    /// [`Limits::with_bytes`].
    Bytes,
    /// [`Limits::with_context_terms`].
    ContextTerms,
    /// [`Limits::with_depth`].
    Depth,
    /// [`Limits::with_entities`].
    Entities,
    /// [`Limits::with_expansion`].
    Expansion,
    /// [`Limits::with_iri_length`].
    IriLength,
    /// [`Limits::with_attributes`]: namespace declarations in scope.
    Namespaces,
    /// [`QueryLimits::with_bytes`](crate::QueryLimits::with_bytes).
    QueryBytes,
    /// [`QueryLimits::with_depth`](crate::QueryLimits::with_depth).
    QueryDepth,
    /// [`QueryLimits::with_chain`](crate::QueryLimits::with_chain).
    QueryChain,
    /// [`QueryLimits::with_rows`](crate::QueryLimits::with_rows).
    Rows,
    /// [`QueryLimits::with_row_bytes`](crate::QueryLimits::with_row_bytes).
    RowBytes,
    /// [`QueryLimits::with_steps`](crate::QueryLimits::with_steps).
    Steps,
    /// [`QueryLimits::with_text_bytes`](crate::QueryLimits::with_text_bytes).
    QueryText,
    /// [`Limits::with_term_bytes`].
    TermBytes,
    /// [`Limits::with_term_length`].
    TermLength,
    /// [`Limits::with_triples`].
    Triples,
}

impl Limit {
    fn describe(self, allowed: usize) -> String {
        match self {
            Self::Attributes => format!("a tag has more than {allowed} attributes"),
            Self::Bytes => format!("the document is longer than {allowed} bytes"),
            Self::ContextTerms => {
                format!(
                    "the contexts define more than {allowed} terms, or there are as many contexts"
                )
            }
            Self::Depth => format!("the document is nested deeper than {allowed} levels"),
            Self::Entities => format!("the document declares more than {allowed} entities"),
            Self::Expansion => format!(
                "base, namespaces, entities or contexts add more than {allowed} bytes to the document"
            ),
            Self::IriLength => format!(
                "an IRI, namespace, blank node label or language tag is longer than {allowed} bytes"
            ),
            Self::Namespaces => {
                format!("more than {allowed} namespace declarations are in scope")
            }
            Self::QueryBytes => format!("the query is longer than {allowed} bytes"),
            Self::QueryDepth => format!("the query is nested deeper than {allowed} levels"),
            Self::QueryChain => {
                format!("the query chains more than {allowed} patterns and operators")
            }
            Self::Rows => format!("the query has more than {allowed} results"),
            Self::RowBytes => format!("the answer takes more than {allowed} bytes of memory"),
            Self::Steps => format!("the query takes more than {allowed} steps"),
            Self::QueryText => {
                format!("the query and its answer make more than {allowed} bytes of text")
            }
            Self::TermBytes => format!("the terms take more than {allowed} bytes together"),
            Self::TermLength => format!("a literal is longer than {allowed} bytes"),
            Self::Triples => format!("the document has more than {allowed} triples"),
        }
    }

    /// What to raise, in words.
    fn subject(self) -> &'static str {
        match self {
            Self::Attributes | Self::Namespaces => "attributes",
            Self::Bytes => "the bytes of a document",
            Self::ContextTerms => "the terms of contexts",
            Self::Depth => "depth",
            Self::Entities => "entities",
            Self::Expansion => "expansion",
            Self::IriLength => "the length of an IRI",
            Self::QueryBytes => "the bytes of a query",
            Self::QueryDepth => "the depth of a query",
            Self::QueryChain => "the chains of a query",
            Self::Rows => "rows",
            Self::RowBytes => "the memory of an answer",
            Self::Steps => "steps",
            Self::QueryText => "the text of a query",
            Self::TermBytes => "the bytes of all terms",
            Self::TermLength => "the length of a literal",
            Self::Triples => "triples",
        }
    }
}

/// A bound was met. The message names the bound and its value; [`Limit`] leads to the setter that
/// raises it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitError {
    limit: Limit,
    allowed: usize,
    position: Option<Position>,
}

impl LimitError {
    pub(crate) fn new(limit: Limit, allowed: usize, position: Option<Position>) -> Self {
        Self {
            limit,
            allowed,
            position,
        }
    }

    /// The same, met at this place.
    pub(crate) fn at(mut self, position: Position) -> Self {
        self.position = Some(position);
        self
    }

    /// Which bound.
    pub fn limit(&self) -> Limit {
        self.limit
    }

    /// Its value, in the unit that the setter names.
    pub fn allowed(&self) -> usize {
        self.allowed
    }

    /// Where in the text it was met, if it has a place.
    pub fn position(&self) -> Option<Position> {
        self.position
    }
}

impl fmt::Display for LimitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.limit.describe(self.allowed))?;
        if let Some(position) = self.position {
            write!(f, " ({position})")?;
        }
        write!(
            f,
            "; if you trust it, raise the limit on {}",
            self.limit.subject()
        )
    }
}

impl std::error::Error for LimitError {}
