use std::io;

use crate::error::{ParseError, ReadError};
use crate::graph::Graph;
use crate::limits::Limits;
use crate::syntax::{Reader, Syntax};

/// Reads [Turtle](https://www.w3.org/TR/turtle/), behind the guard and strictly: a [`Reader`] for
/// this syntax.
#[derive(Clone, Debug)]
pub struct Turtle(Reader);

impl Default for Turtle {
    fn default() -> Self {
        Self(Reader::new(Syntax::Turtle))
    }
}

impl Turtle {
    /// A reader with default [`Limits`] and without a base IRI.
    pub fn new() -> Self {
        Self::default()
    }

    /// As [`Reader::with_limits`].
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self(self.0.with_limits(limits))
    }

    /// As [`Reader::with_base_iri`].
    #[must_use]
    pub fn with_base_iri(self, iri: impl Into<String>) -> Self {
        Self(self.0.with_base_iri(iri))
    }

    /// As [`Reader::for_slice`].
    ///
    /// # Errors
    ///
    /// The document is malformed, not UTF-8, or exceeds a limit.
    pub fn for_slice(&self, document: &[u8]) -> Result<Graph, ParseError> {
        self.0.for_slice(document)
    }

    /// As [`Reader::for_reader`].
    ///
    /// # Errors
    ///
    /// As for [`Turtle::for_slice`], and those of the reader.
    pub fn for_reader(&self, reader: impl io::Read) -> Result<Graph, ReadError> {
        self.0.for_reader(reader)
    }
}
