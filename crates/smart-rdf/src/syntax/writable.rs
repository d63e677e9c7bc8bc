//! What no syntax has a form for.

use oxiri::Iri;
use oxrdf::{Literal, TermRef};

use crate::error::WriteError;
use crate::graph::Terms;

/// Refuses terms that a reader would refuse, or take for something else. A graph that was read has
/// none; one that was built from unchecked parts may.
pub(super) fn check_terms(terms: &Terms) -> Result<(), WriteError> {
    terms.iris().try_for_each(check_iri)?;
    terms.languages().try_for_each(check_language)
}

/// As [`check_terms`], for one term.
pub(crate) fn check_term(term: TermRef<'_>) -> Result<(), WriteError> {
    match term {
        TermRef::BlankNode(_) => Ok(()),
        TermRef::Literal(literal) => match literal.language() {
            Some(tag) => check_language(tag),
            None => check_iri(literal.datatype().as_str()),
        },
        TermRef::NamedNode(node) => check_iri(node.as_str()),
    }
}

fn check_iri(iri: &str) -> Result<(), WriteError> {
    match Iri::parse(iri) {
        Ok(_) => Ok(()),
        Err(error) => Err(WriteError::Iri {
            iri: iri.to_owned(),
            message: error.to_string(),
        }),
    }
}

fn check_language(tag: &str) -> Result<(), WriteError> {
    match Literal::new_language_tagged_literal("", tag) {
        Ok(_) => Ok(()),
        Err(_) => Err(WriteError::LanguageTag {
            tag: tag.to_owned(),
        }),
    }
}
