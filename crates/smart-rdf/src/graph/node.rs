//! A cursor over a graph: one node, what is said of it, and the way to the next.

use std::fmt;

use oxrdf::vocab::rdf;
use oxrdf::{LiteralRef, NamedNodeRef, NamedOrBlankNodeRef, Term, TermRef, TripleRef};

use crate::graph::{Graph, TripleIds};

/// A node of a graph. It is two words to copy, knows its place in the graph's storage, and so looks
/// things up without naming itself again: how typed readers walk from a statement to its parts.
///
/// ```
/// use smart_rdf::{NamedNodeRef, Syntax, vocab::dcterms};
///
/// let graph = Syntax::Turtle.parse(b"
///     @prefix dcterms: <http://purl.org/dc/terms/> . @prefix e: <http://example.org/> .
///     e:m a e:Medication ; e:drug [ dcterms:title 'Aspirin' ] .
/// ")?;
/// let medication = graph.node(NamedNodeRef::new_unchecked("http://example.org/m")).expect("the graph mentions it");
/// let drug = medication.nodes(NamedNodeRef::new_unchecked("http://example.org/drug")).next().expect("it has one");
/// assert_eq!(drug.text(dcterms::TITLE), Some("Aspirin"));
/// # Ok::<_, smart_rdf::ParseError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Node<'g> {
    graph: &'g Graph,
    id: u32,
}

/// How many triples of a node are looked through rather than searched.
const SHORT: usize = 16;

/// What a property leads to.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::exhaustive_enums,
    reason = "RDF knows nodes and literals, nothing else"
)]
pub enum Object<'g> {
    /// A text with a datatype or a language.
    Literal(LiteralRef<'g>),
    /// An IRI or a blank node.
    Node(Node<'g>),
}

impl Graph {
    /// A cursor at this node, if the graph mentions it at all.
    pub fn node<'t>(&self, node: impl Into<NamedOrBlankNodeRef<'t>>) -> Option<Node<'_>> {
        let id = self.find_term(TermRef::from(node.into()))?;
        Some(Node { graph: self, id })
    }

    /// Cursors at all instances of a class, in the graph's order.
    pub fn nodes_of<'t>(
        &self,
        class: impl Into<NamedNodeRef<'t>>,
    ) -> impl Iterator<Item = Node<'_>> {
        let pattern = self
            .find_term(rdf::TYPE.into())
            .zip(self.find_term(class.into().into()));
        let ids =
            pattern.map(|(property, class)| self.ids_matching(None, Some(property), Some(class)));
        ids.into_iter()
            .flatten()
            .map(|[id, _, _]| Node { graph: self, id })
    }
}

impl<'g> Node<'g> {
    /// The graph that it is a node of.
    pub fn graph(self) -> &'g Graph {
        self.graph
    }

    /// The node itself.
    pub fn term(self) -> NamedOrBlankNodeRef<'g> {
        match self.graph.term(self.id) {
            TermRef::BlankNode(node) => node.into(),
            TermRef::NamedNode(node) => node.into(),
            TermRef::Literal(_) => unreachable!("a cursor is never made for a literal"),
        }
    }

    /// Its IRI, unless it is blank.
    pub fn iri(self) -> Option<NamedNodeRef<'g>> {
        match self.term() {
            NamedOrBlankNodeRef::NamedNode(iri) => Some(iri),
            NamedOrBlankNodeRef::BlankNode(_) => None,
        }
    }

    /// How many triples have it as their subject.
    pub fn len(self) -> usize {
        self.ids().size_hint().0
    }

    /// Whether nothing is said of it.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Everything that is said of it: properties and their objects.
    pub fn properties(self) -> impl Iterator<Item = (NamedNodeRef<'g>, Object<'g>)> {
        self.ids().filter_map(
            move |[_, property, object]| match self.graph.term(property) {
                TermRef::NamedNode(property) => Some((property, self.object_of(object))),
                _ => None,
            },
        )
    }

    /// What a property leads to, in the graph's order.
    pub fn objects<'t>(
        self,
        property: impl Into<NamedNodeRef<'t>>,
    ) -> impl Iterator<Item = Object<'g>> {
        let property = self.graph.find_term(property.into().into());
        let triples = property.map_or(TripleIds::none(), |_| self.ids());
        self.objects_among(triples, property)
    }

    /// What the property of this number leads to among the node's triples.
    pub(crate) fn objects_among(
        self,
        triples: TripleIds<'g>,
        property: Option<u32>,
    ) -> impl Iterator<Item = Object<'g>> + use<'g> {
        // A node has few triples, side by side: to look through them is faster than to search. A
        // long run is searched.
        let run = if triples.size_hint().0 > SHORT {
            self.graph.ids_matching(Some(self.id), property, None)
        } else {
            triples
        };
        run.filter(move |[_, found, _]| Some(*found) == property)
            .map(move |[_, _, object]| self.object_of(object))
    }

    /// The nodes that a property leads to; literals are left out.
    pub fn nodes<'t>(self, property: impl Into<NamedNodeRef<'t>>) -> impl Iterator<Item = Self> {
        self.objects(property).filter_map(Object::node)
    }

    /// The text of the first literal that a property leads to.
    pub fn text<'t>(self, property: impl Into<NamedNodeRef<'t>>) -> Option<&'g str> {
        self.objects(property).find_map(|object| match object {
            Object::Literal(literal) => Some(literal.value()),
            Object::Node(_) => None,
        })
    }

    /// Its classes.
    pub fn classes(self) -> impl Iterator<Item = NamedNodeRef<'g>> {
        self.nodes(rdf::TYPE).filter_map(Self::iri)
    }

    /// Whether it is an instance of a class, by its own word.
    pub fn is_a<'t>(self, class: impl Into<NamedNodeRef<'t>>) -> bool {
        let pattern = self
            .graph
            .find_term(rdf::TYPE.into())
            .zip(self.graph.find_term(class.into().into()));
        pattern.is_some_and(|(property, class)| {
            let mut ids = self
                .graph
                .ids_matching(Some(self.id), Some(property), Some(class));
            ids.next().is_some()
        })
    }

    pub(crate) fn id(self) -> u32 {
        self.id
    }

    pub(crate) fn ids(self) -> TripleIds<'g> {
        self.graph.ids_matching(Some(self.id), None, None)
    }

    fn object_of(self, id: u32) -> Object<'g> {
        match self.graph.term(id) {
            TermRef::Literal(literal) => Object::Literal(literal),
            _ => Object::Node(Self {
                graph: self.graph,
                id,
            }),
        }
    }
}

impl<'g> Object<'g> {
    /// The node, unless it is a literal.
    pub fn node(self) -> Option<Node<'g>> {
        match self {
            Self::Node(node) => Some(node),
            Self::Literal(_) => None,
        }
    }

    /// The object as a term of its own.
    pub fn to_term(self) -> Term {
        match self {
            Self::Literal(literal) => literal.into_owned().into(),
            Self::Node(node) => node.term().into_owned().into(),
        }
    }
}

impl PartialEq for Node<'_> {
    /// Whether both are the same node of the same graph, or carry the same IRI.
    fn eq(&self, other: &Self) -> bool {
        match (self.term(), other.term()) {
            (NamedOrBlankNodeRef::NamedNode(one), NamedOrBlankNodeRef::NamedNode(other)) => {
                one == other
            }
            _ => std::ptr::eq(self.graph, other.graph) && self.id == other.id,
        }
    }
}

impl Eq for Node<'_> {}

impl fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let triples = self.graph.matching(Some(self.term()), None, None);
        f.debug_tuple("Node")
            .field(&self.term().to_string())
            .field(
                &triples
                    .map(|triple: TripleRef<'_>| triple.to_string())
                    .collect::<Vec<_>>(),
            )
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Syntax;

    fn graph() -> Graph {
        let text = br#"
            @prefix e: <http://example.org/> .
            e:m a e:Medication, e:Thing ; e:drug _:d, "Aspirin" ; e:next e:n .
            _:d e:title "Aspirin 81 MG" .
        "#;
        Syntax::Turtle.parse(text).unwrap()
    }

    fn iri(local: &str) -> oxrdf::NamedNode {
        oxrdf::NamedNode::new(format!("http://example.org/{local}")).unwrap()
    }

    #[test]
    fn a_cursor_walks_from_node_to_node() {
        let graph = graph();
        let node = graph.node(iri("m").as_ref()).unwrap();
        assert_eq!(node.len(), 5);
        assert_eq!(node.properties().count(), 5);
        assert!(node.is_a(iri("Thing").as_ref()) && !node.is_a(iri("n").as_ref()));
        assert_eq!(node.objects(iri("drug").as_ref()).count(), 2);
        assert_eq!(node.text(iri("drug").as_ref()), Some("Aspirin"));
        let drug = node.nodes(iri("drug").as_ref()).next().unwrap();
        assert_eq!(drug.text(iri("title").as_ref()), Some("Aspirin 81 MG"));
        let next = node.nodes(iri("next").as_ref()).next().unwrap();
        assert!(next.is_empty() && next.term() == iri("n").as_ref().into());
    }

    #[test]
    fn a_node_with_much_to_say_is_searched() {
        let many: String = (0..100)
            .map(|number| format!("e:m e:p{} {number} , {} .", number % 10, 1000 + number))
            .collect();
        let text = format!("@prefix e: <http://example.org/> . e:m a e:Medication . {many}");
        let graph = Syntax::Turtle.parse(text.as_bytes()).unwrap();
        let node = graph.node(iri("m").as_ref()).unwrap();
        assert_eq!((node.len(), node.classes().count()), (201, 1));
        assert_eq!(node.objects(iri("p3").as_ref()).count(), 20);
        assert_eq!(node.objects(iri("p10").as_ref()).count(), 0);
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        let graph = graph();
        assert!(graph.node(iri("nobody").as_ref()).is_none());
        assert_eq!(graph.nodes_of(iri("Medication").as_ref()).count(), 1);
        assert_eq!(graph.nodes_of(iri("nobody").as_ref()).count(), 0);
        assert_eq!(
            Graph::default()
                .nodes_of(iri("Medication").as_ref())
                .count(),
            0
        );
        let node = graph.node(iri("m").as_ref()).unwrap();
        assert_eq!(node.objects(iri("nobody").as_ref()).count(), 0);
        assert_eq!(node.text(iri("next").as_ref()), None);
    }
}
