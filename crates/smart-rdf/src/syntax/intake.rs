use std::io::Read;
use std::str;

use oxrdf::{NamedOrBlankNodeRef, TermRef, TripleRef};

use crate::error::{ParseError, Position, ReadError};
use crate::graph::{Dataset, DatasetBuilder, Graph};
use crate::limits::{Limit, LimitError, Limits};

/// Takes triples from a parser and stops it when they grow too many or too long.
pub(crate) struct Intake<'a> {
    builder: DatasetBuilder,
    limits: &'a Limits,
}

/// What a literal has beside its text.
#[derive(Clone, Copy)]
pub(crate) enum LiteralKind {
    Plain,
    /// The number of a language.
    Tagged(u32),
    /// The number of an IRI.
    Typed(u32),
}

impl<'a> Intake<'a> {
    pub(crate) fn new(limits: &'a Limits) -> Self {
        Self {
            builder: DatasetBuilder::default(),
            limits,
        }
    }

    /// A triple of the named graph, or of the default graph.
    pub(crate) fn take(
        &mut self,
        triple: TripleRef<'_>,
        name: Option<NamedOrBlankNodeRef<'_>>,
    ) -> Result<(), LimitError> {
        let limits = self.limits;
        bound(Limit::Triples, self.builder.inserted() + 1, limits.triples)?;
        for node in [Some(triple.subject), name].into_iter().flatten() {
            match node {
                NamedOrBlankNodeRef::NamedNode(node) => self.check_iri(node.as_str())?,
                NamedOrBlankNodeRef::BlankNode(node) => self.check_iri(node.as_str())?,
            }
        }
        self.check_iri(triple.predicate.as_str())?;
        match triple.object {
            TermRef::NamedNode(node) => self.check_iri(node.as_str())?,
            TermRef::BlankNode(node) => self.check_iri(node.as_str())?,
            TermRef::Literal(literal) => {
                bound(
                    Limit::TermLength,
                    literal.value().len(),
                    limits.term_length(),
                )?;
                self.check_iri(literal.datatype().as_str())?;
                self.check_iri(literal.language().unwrap_or_default())?;
            }
        }
        self.builder.insert(triple, name);
        self.check_terms()
    }

    /// The number of an IRI, and whether it is new.
    pub(crate) fn iri(&mut self, text: &str) -> Result<(u32, bool), LimitError> {
        self.check_iri(text)?;
        let number = self.builder.terms().intern_iri(text);
        self.check_terms()?;
        Ok(number)
    }

    pub(crate) fn blank(&mut self, label: &str) -> Result<u32, LimitError> {
        self.check_iri(label)?;
        let number = self.builder.terms().intern_blank(label);
        self.check_terms()?;
        Ok(number)
    }

    /// A language tag, in lower case.
    pub(crate) fn language(&mut self, tag: &str) -> Result<u32, LimitError> {
        self.check_iri(tag)?;
        Ok(self.builder.terms().intern_language(tag))
    }

    pub(crate) fn literal(&mut self, text: &str, kind: LiteralKind) -> Result<u32, LimitError> {
        bound(Limit::TermLength, text.len(), self.limits.term_length())?;
        let terms = self.builder.terms();
        let number = match kind {
            LiteralKind::Plain => terms.intern_plain(text),
            LiteralKind::Tagged(language) => terms.intern_tagged(text, language),
            LiteralKind::Typed(datatype) => terms.intern_typed(text, datatype),
        };
        self.check_terms()?;
        Ok(number)
    }

    /// A triple of numbers that came from here.
    pub(crate) fn triple(&mut self, triple: [u32; 3]) -> Result<(), LimitError> {
        bound(
            Limit::Triples,
            self.builder.inserted() + 1,
            self.limits.triples,
        )?;
        self.builder.push(triple);
        Ok(())
    }

    fn check_terms(&self) -> Result<(), LimitError> {
        bound(
            Limit::TermBytes,
            self.builder.text_bytes(),
            self.limits.term_bytes,
        )
    }

    fn check_iri(&self, iri: &str) -> Result<(), LimitError> {
        bound(Limit::IriLength, iri.len(), self.limits.iri_length)
    }

    /// The default graph.
    pub(crate) fn finish(self) -> Graph {
        self.builder.build_default()
    }

    pub(crate) fn finish_dataset(self) -> Dataset {
        self.builder.build()
    }
}

fn bound(limit: Limit, value: usize, allowed: usize) -> Result<(), LimitError> {
    if value > allowed {
        return Err(LimitError::new(limit, allowed, None));
    }
    Ok(())
}

/// All that a reader gives, if it is short enough. What comes after the limit is not read.
pub(crate) fn read_all(reader: impl Read, limits: &Limits) -> Result<Vec<u8>, ReadError> {
    let most = u64::try_from(limits.bytes)
        .unwrap_or(u64::MAX)
        .saturating_add(1);
    let mut document = Vec::new();
    reader.take(most).read_to_end(&mut document)?;
    bound(Limit::Bytes, document.len(), limits.bytes).map_err(ParseError::from)?;
    Ok(document)
}

pub(crate) fn check_bytes(document: &[u8], limits: &Limits) -> Result<(), ParseError> {
    Ok(bound(Limit::Bytes, document.len(), limits.bytes)?)
}

/// The document as text, without a byte order mark, if it is short enough and UTF-8.
pub(crate) fn decode<'d>(document: &'d [u8], limits: &Limits) -> Result<&'d str, ParseError> {
    check_bytes(document, limits)?;
    let text = str::from_utf8(document).map_err(|error| {
        let (valid, _) = document.split_at(error.valid_up_to());
        let position =
            str::from_utf8(valid).map_or(Position::START, |text| Position::of(text, text.len()));
        ParseError::Encoding {
            encoding: "UTF-8",
            position,
        }
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}
