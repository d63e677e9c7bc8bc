//! An RDF list of references.

use std::ops::Deref;

use smart_rdf::vocab::rdf;
use smart_rdf::{NamedNode, NamedNodeRef, Node, Object, Term};

use crate::model::{Expected, Link, Linked, Reader, Subject, Value, Writer};

/// References in order, as an [RDF list](https://www.w3.org/TR/rdf-schema/#ch_collectionvocab). It
/// reads like a slice.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct List<T> {
    items: Vec<Link<T>>,
    /// The nodes that hold the items together, so that a list that is written back is not doubled.
    cells: Vec<Subject>,
}

impl<T> List<T> {
    /// Adds an item at the end.
    pub fn push(&mut self, item: Link<T>) {
        self.items.push(item);
    }
}

impl<T> Deref for List<T> {
    type Target = [Link<T>];

    fn deref(&self) -> &[Link<T>] {
        &self.items
    }
}

impl<T> FromIterator<Link<T>> for List<T> {
    fn from_iter<I: IntoIterator<Item = Link<T>>>(items: I) -> Self {
        Self {
            items: items.into_iter().collect(),
            cells: Vec::new(),
        }
    }
}

impl<T: Linked + Clone + Default> Value for List<T> {
    fn from_object<'g>(
        object: Object<'g>,
        property: NamedNodeRef<'static>,
        reader: &mut Reader<'_, 'g>,
    ) -> Option<Self> {
        let Object::Node(head) = object else {
            reader.find(property, Expected::List, [object.to_term()]);
            return None;
        };
        let mut list = Self {
            items: Vec::new(),
            cells: Vec::new(),
        };
        let mut cell = head;
        while cell.term() != rdf::NIL.into() {
            let (Some(first), Some(rest)) = (first(cell), cell.nodes(rdf::REST).next()) else {
                reader.find(property, Expected::List, [Object::Node(cell).to_term()]);
                break;
            };
            list.items.push(Link::to(Subject::from(first.term())));
            list.cells.push(cell.term().into());
            reader.spend(2);
            // A list has a cell for each item: one that is longer than its graph runs in a circle.
            if reader.is_spent() || list.items.len() > cell.graph().len() {
                reader.find(property, Expected::List, [object.to_term()]);
                break;
            }
            cell = rest;
        }
        Some(list)
    }

    fn to_term(&self, writer: &mut Writer) -> Term {
        let mut rest = Term::from(NamedNode::from(rdf::NIL));
        for (place, item) in self.items.iter().enumerate().rev() {
            let cell = writer.node(self.cells.get(place).unwrap_or(&Subject::new()));
            let item = writer.node(item.subject());
            writer.say(cell.clone(), rdf::FIRST, item.into());
            writer.say(cell.clone(), rdf::REST, rest);
            rest = cell.into();
        }
        rest
    }
}

fn first(cell: Node<'_>) -> Option<Node<'_>> {
    cell.nodes(rdf::FIRST).next()
}
