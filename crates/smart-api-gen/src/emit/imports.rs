//! What a file has to import, collected while it is written.

use std::collections::{BTreeMap, BTreeSet};

use smart_rdf::NamedNode;

use super::text::literal;
use crate::names::{self, Identifier, SP, SPCODE};

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

    /// The expression for a class of the ontology.
    pub(super) fn class(&mut self, iri: &NamedNode) -> String {
        self.term(iri, "::class")
    }

    /// The expression for a property of the ontology.
    pub(super) fn property(&mut self, iri: &NamedNode) -> String {
        self.term(iri, "")
    }

    fn term(&mut self, iri: &NamedNode, within: &str) -> String {
        let constant = names::constant(iri).ok();
        match (names::namespace(iri), constant) {
            (SP, Some(constant)) => self.vocabulary("crate::vocab", "sp", within, &constant),
            (SPCODE, Some(constant)) => {
                self.vocabulary("crate::vocab", "spcode", within, &constant)
            }
            // Of smart-rdf's vocabularies, the one term that calls need.
            (_, Some(constant)) if iri.as_str() == "http://purl.org/dc/terms/date" => {
                self.vocabulary("smart_rdf::vocab", "dcterms", "", &constant)
            }
            _ => {
                self.add("smart_rdf", "NamedNodeRef");
                format!("NamedNodeRef::new_unchecked({})", literal(iri.as_str()))
            }
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
