//! What a file has to import, collected while it is written.

use std::collections::{BTreeMap, BTreeSet};

use smart_rdf::{NamedNode, NamedNodeRef, vocab};

use super::text::literal;
use crate::names::{self, Identifier, SP, SPCODE};

/// A term of the vocabularies that smart-rdf has: the module and the name of its constant.
fn shared(iri: &NamedNode) -> Option<(&'static str, &'static str)> {
    macro_rules! terms {
        ($($module:ident { $($constant:ident)* })*) => {
            &[$($((stringify!($module), stringify!($constant), vocab::$module::$constant),)*)*]
        };
    }
    const TERMS: &[(&str, &str, NamedNodeRef<'static>)] = terms! {
        dcterms { DATE FORMAT IDENTIFIER MEDIA_TYPE_OR_EXTENT TITLE }
        foaf { FAMILY_NAME GENDER GIVEN_NAME MBOX }
        rdf { VALUE }
        rdfs { LABEL }
        vcard {
            ADDITIONAL_NAME ADDRESS ADR BDAY CELL COUNTRY COUNTRY_NAME DEATHDATE EMAIL EXTENDED_ADDRESS FAMILY_NAME
            GIVEN_NAME HOME HONORIFIC_PREFIX HONORIFIC_SUFFIX LOCALITY N NAME ORGANIZATION_NAME POSTAL_CODE PREF REGION
            STREET_ADDRESS TEL TEL_CLASS WORK
        }
    };
    let term = TERMS.iter().find(|(_, _, term)| *term == iri.as_ref());
    term.map(|(module, constant, _)| (*module, *constant))
}

/// The imports of one file: other crates first, then this one, sorted.
#[derive(Debug, Default)]
pub(super) struct Imports {
    outer: BTreeMap<String, BTreeSet<String>>,
    inner: BTreeMap<String, BTreeSet<String>>,
}

impl Imports {
    /// Imports an item from a module.
    pub(super) fn add(&mut self, module: &str, item: &str) {
        let group = if module.starts_with("crate") {
            &mut self.inner
        } else {
            &mut self.outer
        };
        group
            .entry(module.to_owned())
            .or_default()
            .insert(item.to_owned());
    }

    /// Leaves out what the file itself declares.
    pub(super) fn leave_out(&mut self, module: &str, item: &str) {
        if let Some(items) = self.inner.get_mut(module) {
            items.remove(item);
        }
        self.inner.retain(|_, items| !items.is_empty());
    }

    /// The expression for a class of the ontology.
    pub(super) fn class(&mut self, iri: &NamedNode) -> String {
        self.term(iri, "::class")
    }

    /// The expression for a property of the ontology.
    pub(super) fn property(&mut self, iri: &NamedNode) -> String {
        self.term(iri, "")
    }

    /// The expression for a term that the ontology does not have.
    pub(super) fn foreign(&mut self, iri: &NamedNode) -> String {
        if let Some((module, constant)) = shared(iri) {
            self.add("smart_rdf::vocab", module);
            return format!("{module}::{constant}");
        }
        self.add("smart_rdf", "NamedNodeRef");
        format!("NamedNodeRef::new_unchecked({})", literal(iri.as_str()))
    }

    fn term(&mut self, iri: &NamedNode, within: &str) -> String {
        let constant = names::constant(iri).ok();
        match (names::namespace(iri), constant) {
            (SP, Some(constant)) => self.vocabulary("crate::vocab", "sp", within, &constant),
            (SPCODE, Some(constant)) => {
                self.vocabulary("crate::vocab", "spcode", within, &constant)
            }
            _ => self.foreign(iri),
        }
    }

    fn vocabulary(
        &mut self,
        module: &str,
        name: &str,
        within: &str,
        constant: &Identifier,
    ) -> String {
        self.add(module, name);
        format!("{name}{within}::{constant}")
    }

    /// The `use` lines.
    pub(super) fn emit(&self) -> String {
        let groups = [&self.outer, &self.inner].map(|group| {
            let lines = group.iter().map(|(module, items)| {
                let items = items
                    .iter()
                    .map(String::as_str)
                    .collect::<Vec<_>>()
                    .join(", ");
                format!("use {module}::{{{items}}};\n")
            });
            lines.collect::<String>()
        });
        groups
            .into_iter()
            .filter(|group| !group.is_empty())
            .map(|group| group + "\n")
            .collect()
    }
}
