use oxttl::{TurtleParser, TurtleSyntaxError};

use crate::error::{ParseError, Position};
use crate::graph::Graph;
use crate::guard;
use crate::limits::Limits;
use crate::syntax::intake::{Intake, decode};

/// Reads [Turtle](https://www.w3.org/TR/turtle/), behind the guard and strictly.
#[derive(Clone, Debug, Default)]
pub struct Turtle {
    limits: Limits,
    base_iri: Option<String>,
}

impl Turtle {
    /// A reader with default [`Limits`] and without a base IRI.
    pub fn new() -> Self {
        Self::default()
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

    /// Reads a whole document.
    ///
    /// # Errors
    ///
    /// The document is malformed, not UTF-8, or exceeds a limit. The first fault ends the reading; no part of a graph is handed out.
    pub fn for_slice(&self, document: &[u8]) -> Result<Graph, ParseError> {
        let text = decode(document, &self.limits)?;
        guard::check_turtle(text, &self.limits)?;
        let mut parser = TurtleParser::new();
        if let Some(iri) = &self.base_iri {
            parser = parser
                .with_base_iri(iri)
                .map_err(|error| ParseError::BaseIri {
                    iri: iri.clone(),
                    message: error.to_string(),
                })?;
        }
        let mut intake = Intake::new(&self.limits);
        for triple in parser.for_slice(text) {
            let triple = triple.map_err(|error| syntax_error(&error))?;
            intake.take(triple.as_ref())?;
        }
        Ok(intake.finish())
    }
}

fn syntax_error(error: &TurtleSyntaxError) -> ParseError {
    let start = error.location().start;
    ParseError::Syntax {
        position: Position {
            line: start.line + 1,
            column: start.column + 1,
        },
        message: error.message().to_owned(),
    }
}
