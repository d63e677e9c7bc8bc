//! Which node of a graph a model is.

use std::hash::{Hash, Hasher};

use smart_rdf::{BlankNode, NamedNode, NamedOrBlankNode, NamedOrBlankNodeRef};

/// The node that a model was read from, or will be written to.
///
/// Statements and codes have an address; parts of statements have none, and what an app makes has
/// none yet. Two subjects without an address are equal, since blank nodes mean nothing outside of
/// their graph: equality of models is about what they say.
#[derive(Clone, Debug, Default)]
pub struct Subject(Option<NamedOrBlankNode>);

impl Subject {
    /// No address yet: a blank node of its own when it is written.
    pub const fn new() -> Self {
        Self(None)
    }

    /// The address, unless the node is blank.
    pub fn iri(&self) -> Option<&str> {
        match &self.0 {
            Some(NamedOrBlankNode::NamedNode(node)) => Some(node.as_str()),
            _ => None,
        }
    }

    /// The node in the graph that it was read from.
    pub fn node(&self) -> Option<NamedOrBlankNodeRef<'_>> {
        self.0.as_ref().map(NamedOrBlankNode::as_ref)
    }
}

impl From<NamedNode> for Subject {
    fn from(node: NamedNode) -> Self {
        Self(Some(node.into()))
    }
}

impl From<BlankNode> for Subject {
    fn from(node: BlankNode) -> Self {
        Self(Some(node.into()))
    }
}

impl From<NamedOrBlankNodeRef<'_>> for Subject {
    fn from(node: NamedOrBlankNodeRef<'_>) -> Self {
        Self(Some(node.into_owned()))
    }
}

impl PartialEq for Subject {
    fn eq(&self, other: &Self) -> bool {
        self.iri() == other.iri()
    }
}

impl Eq for Subject {}

impl Hash for Subject {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.iri().hash(state);
    }
}
