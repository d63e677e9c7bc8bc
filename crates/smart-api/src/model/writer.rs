//! Says in triples what a model's fields say.

use std::collections::HashSet;

use smart_rdf::vocab::{dcterms, rdf};
use smart_rdf::{
    BlankNode, Graph, NamedNode, NamedNodeRef, NamedOrBlankNode, Term, TermRef, Triple,
};

use crate::model::{CodeSet, Field, Label, Model, Reading, Subject, Value};
use crate::vocab::sp;

/// Collects what a model's fields say. The generated [`Model::write`]s name the property of each
/// field.
#[derive(Debug)]
pub struct Writer {
    triples: Vec<Triple>,
    /// The node that is being described.
    node: NamedOrBlankNode,
    /// How many new blank nodes there are so far.
    fresh: usize,
    /// Labels that new blank nodes must not have.
    taken: HashSet<String>,
}

/// Everything that a model's fields say.
pub(super) fn graph_of<T: Model>(model: &T) -> Graph {
    triples_of(model, labels_in(model)).into_iter().collect()
}

/// The graph with what the fields say now, and without what they said when they were read from it.
pub(super) fn write_into<T: Model>(model: &T, graph: &Graph) -> Graph {
    let mut taken = labels_in(model);
    taken.extend(graph.iter().flat_map(|triple| {
        [
            blank_label(triple.subject.into()),
            blank_label(triple.object),
        ]
        .into_iter()
        .flatten()
    }));
    let subject = model.subject();
    let node = subject.node().and_then(|node| graph.node(node));
    let before: HashSet<Triple> = node.map_or_else(HashSet::new, |node| {
        let before: Reading<T> = T::from_node(node);
        triples_of(&*before, taken.clone()).into_iter().collect()
    });
    let after: HashSet<Triple> = triples_of(model, taken).into_iter().collect();
    let kept = graph
        .iter()
        .map(|triple| triple.into_owned())
        .filter(|triple| !before.contains(triple) || after.contains(triple));
    let added = after.iter().filter(|triple| !before.contains(*triple));
    kept.chain(added.cloned()).collect()
}

fn triples_of<T: Model>(model: &T, taken: HashSet<String>) -> Vec<Triple> {
    let mut writer = Writer {
        triples: Vec::new(),
        node: NamedNode::from(rdf::NIL).into(),
        fresh: 0,
        taken,
    };
    writer.model(model);
    writer.triples
}

/// The labels of the blank nodes that a model was read from: new ones must differ from them.
fn labels_in<T: Model>(model: &T) -> HashSet<String> {
    let triples = triples_of(model, HashSet::new());
    let terms = triples.iter().flat_map(|triple| {
        [
            TermRef::from(triple.subject.as_ref()),
            triple.object.as_ref(),
        ]
    });
    terms.filter_map(blank_label).collect()
}

fn blank_label(term: TermRef<'_>) -> Option<String> {
    match term {
        TermRef::BlankNode(node) => Some(node.as_str().to_owned()),
        _ => None,
    }
}

impl Writer {
    /// Says what a field holds.
    pub fn write<F: Field>(&mut self, property: NamedNodeRef<'static>, field: &F) {
        field.write(property, self);
    }

    /// Says that the node is an instance of further classes.
    pub fn classes(&mut self, classes: &[NamedNode]) {
        for class in classes {
            self.say(self.node.clone(), rdf::TYPE, class.clone().into());
        }
    }

    /// Says what the node is for.
    pub fn labels<L: Label>(&mut self, labels: &[L]) {
        for (_, class) in L::LABELS.iter().filter(|(label, _)| labels.contains(label)) {
            self.say(self.node.clone(), rdf::TYPE, class.into_owned().into());
        }
    }

    /// Describes a code of a closed list.
    pub(crate) fn write_member<S: CodeSet>(&mut self, member: &S) {
        if let Some(code) = member.as_other() {
            return code.write(self);
        }
        self.classes(&[<S as CodeSet>::CLASS.into_owned()]);
        if let Some(known) = member.known() {
            self.write(dcterms::TITLE, &Some(known.title.to_owned()));
            self.write(sp::SYSTEM, &Some(known.system.to_owned()));
            self.write(dcterms::IDENTIFIER, &Some(known.identifier.to_owned()));
        }
    }

    /// The node of a code of a closed list.
    pub(crate) fn subject_of_member<S: CodeSet>(member: &S) -> Subject {
        match member.as_other() {
            Some(code) => code.subject.clone(),
            None => member
                .iri()
                .and_then(|iri| NamedNode::new(iri).ok())
                .map_or_else(Subject::new, Subject::from),
        }
    }

    /// Describes a model and gives its node.
    pub(super) fn model<T: Model>(&mut self, model: &T) -> Term {
        let node = self.node(&model.subject());
        let outer = std::mem::replace(&mut self.node, node.clone());
        self.say(node.clone(), rdf::TYPE, T::CLASS.into_owned().into());
        model.write(self);
        self.node = outer;
        node.into()
    }

    /// The node of this subject: its own, or a new blank one.
    pub(super) fn node(&mut self, subject: &Subject) -> NamedOrBlankNode {
        if let Some(node) = subject.node() {
            return node.into_owned();
        }
        loop {
            let label = format!("new{}", self.fresh);
            self.fresh += 1;
            if !self.taken.contains(&label) {
                return BlankNode::new_unchecked(label).into();
            }
        }
    }

    /// Says one thing of a node.
    pub(super) fn say(
        &mut self,
        subject: NamedOrBlankNode,
        property: NamedNodeRef<'_>,
        object: Term,
    ) {
        self.triples.push(Triple::new(subject, property, object));
    }

    /// Says each of these of the node that is being described.
    pub(super) fn say_each<'v, T: Value + 'v>(
        &mut self,
        property: NamedNodeRef<'static>,
        values: impl IntoIterator<Item = &'v T>,
    ) {
        for value in values {
            let object = value.to_term(self);
            self.say(self.node.clone(), property, object);
        }
    }
}
