//! A value read from a graph, with what was odd about it.

use std::fmt;
use std::ops::Deref;

use smart_rdf::{Graph, Node};
use thiserror::Error;

use crate::model::reader::{self, Notes};
use crate::model::{Finding, Link, Model};

/// What was read from a graph, and beside it the graph and the findings.
///
/// It reads like the value itself: a reading of a list can be looped over, one of a single item
/// dereferenced.
#[derive(Clone, Debug)]
pub struct Reading<T> {
    value: T,
    graph: Graph,
    findings: Vec<Finding>,
    remarks: Vec<Finding>,
}

impl<T> Reading<T> {
    pub(crate) fn new(value: T, graph: &Graph, notes: (Vec<Finding>, Vec<Finding>)) -> Self {
        Self {
            value,
            graph: graph.clone(),
            findings: notes.0,
            remarks: notes.1,
        }
    }

    /// What the ontology does not allow, in the order in which it was met.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// What the ontology allows and a reader may still want to know: dates of which only the year
    /// is known, texts with a datatype.
    pub fn remarks(&self) -> &[Finding] {
        &self.remarks
    }

    /// Findings and remarks alone.
    pub(crate) fn notes(self) -> (Vec<Finding>, Vec<Finding>) {
        (self.findings, self.remarks)
    }

    /// The graph that was read. What no field took is here.
    pub const fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The value alone.
    pub fn into_value(self) -> T {
        self.value
    }

    /// The value, if nothing about it breaks the ontology.
    ///
    /// # Errors
    ///
    /// There are findings.
    pub fn strict(self) -> Result<T, StrictError> {
        if self.findings.is_empty() {
            Ok(self.value)
        } else {
            Err(StrictError {
                findings: self.findings,
            })
        }
    }

    /// The statement that a reference leads to, if it is part of the same graph.
    pub fn follow<U: Model>(&self, link: &Link<U>) -> Option<Reading<U>> {
        let node = self.graph.node(link.subject().node()?)?;
        (!node.is_empty()).then(|| Reading::of(node))
    }

    /// All instances of another class in the same graph: the allergy exclusions that come with
    /// allergies, for example.
    pub fn others<U: Model>(&self) -> Reading<Vec<U>> {
        Reading::of_all(&self.graph)
    }

    /// The same findings beside another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Reading<U> {
        Reading {
            value: change(self.value),
            graph: self.graph,
            findings: self.findings,
            remarks: self.remarks,
        }
    }
}

impl<T: Model> Reading<T> {
    pub(super) fn of(node: Node<'_>) -> Self {
        Reading::<Vec<T>>::of_nodes(node.graph(), [node])
            .map(|mut only| only.pop().unwrap_or_default())
    }
}

impl<T: Model> Reading<Option<T>> {
    /// The first instance of the class.
    pub(crate) fn first_in(graph: &Graph) -> Self {
        let first = instances::<T>(graph).next();
        Reading::<Vec<T>>::of_nodes(graph, first).map(|mut only| only.pop())
    }
}

/// The instances of a model's class, by whatever name.
fn instances<T: Model>(graph: &Graph) -> impl Iterator<Item = Node<'_>> {
    let misnamed = T::MISNOMERS.iter().flat_map(|class| {
        // What goes by both names is one thing.
        let nodes = graph.nodes_of(*class);
        nodes.filter(|node| !node.is_a(T::CLASS))
    });
    graph.nodes_of(T::CLASS).chain(misnamed)
}

impl<T: Model> Reading<Vec<T>> {
    pub(super) fn of_all(graph: &Graph) -> Self {
        Self::of_nodes(graph, instances::<T>(graph))
    }

    /// The same list in another order, items of the same key as they were.
    pub(crate) fn sorted_by_key<K: Ord>(mut self, key: impl FnMut(&T) -> K) -> Self {
        self.value.sort_by_cached_key(key);
        self
    }

    fn of_nodes<'g>(graph: &'g Graph, nodes: impl IntoIterator<Item = Node<'g>>) -> Self {
        let mut notes = Notes::new(graph);
        let read = |node| {
            notes.begin(node);
            reader::read(node, &mut notes)
        };
        let values = nodes.into_iter().map(read).collect();
        Self::new(values, graph, (notes.findings, notes.remarks))
    }
}

impl<T> Deref for Reading<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> IntoIterator for Reading<Vec<T>> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.value.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a Reading<Vec<T>> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.value.iter()
    }
}

/// What was read breaks the ontology.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub struct StrictError {
    /// Where and how.
    pub findings: Vec<Finding>,
}

impl fmt::Display for StrictError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.findings.as_slice() {
            [] => f.write_str("nothing breaks the ontology"),
            [only] => write!(f, "the answer breaks the ontology: {only}"),
            [first, others @ ..] => write!(
                f,
                "the answer breaks the ontology in {} places, first: {first}",
                others.len() + 1
            ),
        }
    }
}
