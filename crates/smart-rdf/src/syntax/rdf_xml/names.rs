use std::borrow::Cow;
use std::collections::HashMap;

use crate::syntax::xml::is_nc_name;

pub(super) const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
pub(super) const XML: &str = "http://www.w3.org/XML/1998/namespace";
const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

/// Names of the RDF namespace that mean something to the syntax itself
/// ([RDF/XML, 5.1](https://www.w3.org/TR/rdf-syntax-grammar/#section-Namespace)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    About,
    Datatype,
    Description,
    Id,
    Li,
    NodeId,
    /// Of an earlier draft: means nothing any more, and must not be used otherwise.
    Old,
    ParseType,
    Rdf,
    Resource,
}

impl Word {
    pub(super) fn of(local: &str) -> Option<Self> {
        Some(match local {
            "ID" => Self::Id,
            "RDF" => Self::Rdf,
            "Description" => Self::Description,
            "about" => Self::About,
            "aboutEach" | "aboutEachPrefix" | "bagID" => Self::Old,
            "datatype" => Self::Datatype,
            "li" => Self::Li,
            "nodeID" => Self::NodeId,
            "parseType" => Self::ParseType,
            "resource" => Self::Resource,
            _ => return None,
        })
    }
}

/// What the name of a tag or attribute stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    /// The number of an IRI.
    Iri(u32),
    Word(Word),
}

/// The namespaces in scope, and what names mean with them.
#[derive(Default)]
pub(super) struct Names<'t> {
    /// Prefix and namespace, inner ones last.
    declared: Vec<(&'t str, Cow<'t, str>)>,
    /// Changes whenever a declaration comes or goes.
    generation: u64,
    known: HashMap<&'t str, (u64, Name)>,
}

pub(super) enum DeclarationFault {
    /// `xml` and `xmlns` are taken.
    Reserved,
    /// A prefix cannot be taken back.
    Undeclared,
    /// What is declared is no name.
    Malformed,
}

impl<'t> Names<'t> {
    /// [XML namespaces 1.0, 3](https://www.w3.org/TR/xml-names/#ns-decl).
    pub(super) fn declare(
        &mut self,
        prefix: &'t str,
        namespace: Cow<'t, str>,
    ) -> Result<(), DeclarationFault> {
        let is_xml = prefix == "xml" && namespace == XML;
        if !is_xml && (prefix == "xml" || prefix == "xmlns" || [XML, XMLNS].contains(&&*namespace))
        {
            return Err(DeclarationFault::Reserved);
        }
        if !prefix.is_empty() && namespace.is_empty() {
            return Err(DeclarationFault::Undeclared);
        }
        if !prefix.is_empty() && !is_nc_name(prefix) {
            return Err(DeclarationFault::Malformed);
        }
        self.declared.push((prefix, namespace));
        self.generation += 1;
        Ok(())
    }

    /// How many declarations are in scope.
    pub(super) fn len(&self) -> usize {
        self.declared.len()
    }

    /// Takes back all but the first declarations.
    pub(super) fn truncate(&mut self, length: usize) {
        if length < self.declared.len() {
            self.declared.truncate(length);
            self.generation += 1;
        }
    }

    /// The namespace of a prefix; that of no prefix is empty unless declared.
    pub(super) fn namespace(&self, prefix: &str) -> Option<&str> {
        if prefix == "xml" {
            return Some(XML);
        }
        let declared = self.declared.iter().rev().find(|(name, _)| *name == prefix);
        match declared {
            Some((_, namespace)) => Some(namespace),
            None => prefix.is_empty().then_some(""),
        }
    }

    /// What a name with its prefix was found to mean, if no declaration came or went since.
    pub(super) fn known(&self, name: &str) -> Option<Name> {
        let (generation, meaning) = self.known.get(name)?;
        (*generation == self.generation).then_some(*meaning)
    }

    pub(super) fn remember(&mut self, name: &'t str, meaning: Name) {
        self.known.insert(name, (self.generation, meaning));
    }
}

/// Prefix (empty if there is none) and local part of a name; `None` if it is not one of XML with
/// namespaces.
pub(super) fn split(name: &str) -> Option<(&str, &str)> {
    match name.split_once(':') {
        None => is_nc_name(name).then_some(("", name)),
        Some((prefix, local)) => {
            (is_nc_name(prefix) && is_nc_name(local)).then_some((prefix, local))
        }
    }
}
