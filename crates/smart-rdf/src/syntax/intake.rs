use std::str;

use oxrdf::{NamedOrBlankNodeRef, TermRef, TripleRef};

use crate::error::{ParseError, Position};
use crate::graph::{Graph, GraphBuilder};
use crate::limits::{Limit, LimitError, Limits};

/// Takes triples from a parser and stops it when they grow too many or too long.
pub(crate) struct Intake<'a> {
    builder: GraphBuilder,
    limits: &'a Limits,
}

impl<'a> Intake<'a> {
    pub(crate) fn new(limits: &'a Limits) -> Self {
        Self {
            builder: GraphBuilder::default(),
            limits,
        }
    }

    pub(crate) fn take(&mut self, triple: TripleRef<'_>) -> Result<(), LimitError> {
        let limits = self.limits;
        bound(Limit::Triples, self.builder.inserted() + 1, limits.triples)?;
        match triple.subject {
            NamedOrBlankNodeRef::NamedNode(node) => self.check_iri(node.as_str())?,
            NamedOrBlankNodeRef::BlankNode(node) => self.check_iri(node.as_str())?,
        }
        self.check_iri(triple.predicate.as_str())?;
        match triple.object {
            TermRef::NamedNode(node) => self.check_iri(node.as_str())?,
            TermRef::BlankNode(node) => self.check_iri(node.as_str())?,
            TermRef::Literal(literal) => {
                bound(Limit::TermLength, literal.value().len(), limits.term_length)?;
                self.check_iri(literal.datatype().as_str())?;
                self.check_iri(literal.language().unwrap_or_default())?;
            }
        }
        self.builder.insert(triple);
        bound(
            Limit::TermBytes,
            self.builder.text_bytes(),
            limits.term_bytes,
        )
    }

    fn check_iri(&self, iri: &str) -> Result<(), LimitError> {
        bound(Limit::IriLength, iri.len(), self.limits.iri_length)
    }

    pub(crate) fn finish(self) -> Graph {
        self.builder.build()
    }
}

fn bound(limit: Limit, value: usize, allowed: usize) -> Result<(), LimitError> {
    if value > allowed {
        return Err(LimitError::new(limit, allowed, None));
    }
    Ok(())
}

/// The document as text, without a byte order mark, if it is short enough and UTF-8.
pub(crate) fn decode<'d>(document: &'d [u8], limits: &Limits) -> Result<&'d str, ParseError> {
    bound(Limit::Bytes, document.len(), limits.bytes)?;
    let text = str::from_utf8(document).map_err(|error| {
        let (valid, _) = document.split_at(error.valid_up_to());
        let position =
            str::from_utf8(valid).map_or(Position::START, |text| Position::of(text, text.len()));
        ParseError::Encoding { position }
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}
