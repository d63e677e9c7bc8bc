//! The same properties of many nodes, looked up once each.

use std::fmt;

use oxrdf::NamedNodeRef;

use crate::graph::node::{Node, Object};
use crate::graph::{Graph, TripleIds};

/// Reads properties of a graph's nodes, and remembers where in the graph they are: for readers that
/// ask many nodes for the same properties, or one node for many. [`Node::objects`] does the same
/// and remembers nothing.
///
/// ```
/// use smart_rdf::{Lookup, NamedNodeRef, Syntax, vocab::{dcterms, foaf}};
///
/// let graph = Syntax::Turtle.parse(b"
///     @prefix dcterms: <http://purl.org/dc/terms/> . @prefix foaf: <http://xmlns.com/foaf/0.1/> .
///     <a:1> a foaf:Document ; dcterms:title 'one' . <a:2> a foaf:Document ; dcterms:title 'two' .
/// ")?;
/// let mut lookup = Lookup::new(&graph);
/// let documents = graph.nodes_of(NamedNodeRef::new_unchecked("http://xmlns.com/foaf/0.1/Document"));
/// let titles: Vec<_> = documents.flat_map(|node| lookup.objects(node, dcterms::TITLE)).collect();
/// assert_eq!(titles.len(), 2);
/// # Ok::<_, smart_rdf::ParseError>(())
/// ```
pub struct Lookup<'g> {
    graph: &'g Graph,
    /// Each in the slot that its address in memory leads to; one that finds another there takes its
    /// place.
    known: [Option<Known>; SLOTS],
    /// The node that was read last, and its triples.
    last: Option<(u32, TripleIds<'g>)>,
}

const SLOTS: usize = 64;

#[derive(Clone, Copy)]
struct Known {
    iri: &'static str,
    /// Its number, if the graph mentions it.
    id: Option<u32>,
}

impl<'g> Lookup<'g> {
    /// For the nodes of this graph.
    pub fn new(graph: &'g Graph) -> Self {
        Self {
            graph,
            known: [None; SLOTS],
            last: None,
        }
    }

    /// What a property of a node leads to, in the graph's order; nothing for a node of another
    /// graph.
    pub fn objects(
        &mut self,
        node: Node<'g>,
        property: NamedNodeRef<'static>,
    ) -> impl Iterator<Item = Object<'g>> + use<'g> {
        let is_ours = std::ptr::eq(node.graph(), self.graph);
        let property = self.number(property).filter(|_| is_ours);
        let triples = property.map(|_| self.triples(node));
        node.objects_among(triples.unwrap_or(TripleIds::none()), property)
    }

    fn number(&mut self, property: NamedNodeRef<'static>) -> Option<u32> {
        let iri = property.as_str();
        // The same constant is nearly always at the same address, and whatever is at that address
        // is the same text for good.
        let slot = &mut self.known[(iri.as_ptr().addr() / 8 + iri.len()) % SLOTS];
        match slot {
            Some(known) if std::ptr::eq(known.iri, iri) => known.id,
            _ => {
                let id = self.graph.find_term(property.into());
                *slot = Some(Known { iri, id });
                id
            }
        }
    }

    fn triples(&mut self, node: Node<'g>) -> TripleIds<'g> {
        match &self.last {
            Some((id, triples)) if *id == node.id() => triples.clone(),
            _ => {
                let triples = node.ids();
                self.last = Some((node.id(), triples.clone()));
                triples
            }
        }
    }
}

impl fmt::Debug for Lookup<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lookup").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Syntax;
    use crate::vocab::{dcterms, rdf};

    #[test]
    fn it_finds_what_the_nodes_find_themselves() {
        let text = "<a:1> a <a:C>, <a:D> ; <http://purl.org/dc/terms/title> 'one', <a:2> .
            <a:2> <http://purl.org/dc/terms/title> 'two' . <a:3> a <a:C> .";
        let graph = Syntax::Turtle.parse(text.as_bytes()).unwrap();
        let other = Syntax::Turtle.parse(text.as_bytes()).unwrap();
        let mut lookup = Lookup::new(&graph);
        for iri in ["a:1", "a:2", "a:3", "a:1", "a:C"] {
            let iri = NamedNodeRef::new(iri).unwrap();
            let node = graph.node(iri).unwrap();
            for property in [rdf::TYPE, dcterms::TITLE, dcterms::DATE, rdf::TYPE] {
                let found: Vec<_> = lookup
                    .objects(node, property)
                    .map(Object::to_term)
                    .collect();
                let expected: Vec<_> = node.objects(property).map(Object::to_term).collect();
                assert_eq!(found, expected, "{iri} {property}");
            }
            let stranger = other.node(iri).unwrap();
            assert_eq!(lookup.objects(stranger, rdf::TYPE).count(), 0);
        }
    }
}
