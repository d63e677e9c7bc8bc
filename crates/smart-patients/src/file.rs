//! A patient file under construction: triples as the loader of a container expects them.

use std::collections::HashSet;
use std::fmt::Display;

use smart_api::vocab::sp;
use smart_rdf::vocab::{dcterms, rdf, vcard};
use smart_rdf::{
    BlankNode, Graph, Literal, NamedNode, NamedNodeRef, NamedOrBlankNode, Term, TripleRef,
};

use super::codes::Code;

/// A property or class that is known beforehand.
pub(super) type Known = NamedNodeRef<'static>;

/// The triples of one record.
///
/// Every statement belongs to the record and the record lists it, laboratory results and encounters
/// included: the ontology asks for that, although files in the wild leave part of it to the loader.
#[derive(Debug)]
pub(super) struct PatientFile {
    triples: Vec<(NamedOrBlankNode, Known, Term)>,
    nodes: u32,
    record: BlankNode,
    /// System and identifier of the codes described so far.
    described: HashSet<(&'static str, &'static str)>,
}

impl PatientFile {
    pub(super) fn new() -> Self {
        let mut file = Self {
            triples: Vec::with_capacity(1024),
            nodes: 0,
            record: BlankNode::new_unchecked("record"),
            described: HashSet::new(),
        };
        let record = file.record.clone();
        file.typed(&record, sp::class::MEDICAL_RECORD);
        file
    }

    /// A new node of a class.
    pub(super) fn node(&mut self, class: Known) -> BlankNode {
        self.nodes += 1;
        // a letter beyond f, so that the label is never taken for a number in hexadecimal
        let node = BlankNode::new_unchecked(format!("n{}", self.nodes));
        self.typed(&node, class);
        node
    }

    /// A new statement of the record.
    pub(super) fn statement(&mut self, class: Known) -> BlankNode {
        let statement = self.node(class);
        let record = self.record.clone();
        self.link(&statement, sp::BELONGS_TO, &record);
        self.link(&record, sp::HAS_STATEMENT, &statement);
        statement
    }

    pub(super) fn typed(&mut self, node: &BlankNode, class: Known) {
        self.push(node.clone(), rdf::TYPE, class);
    }

    /// A plain literal, which is what every literal in a patient file is.
    pub(super) fn text(&mut self, node: &BlankNode, property: Known, value: impl Display) {
        let literal = Literal::new_simple_literal(value.to_string());
        self.push(node.clone(), property, literal);
    }

    pub(super) fn dated(&mut self, node: &BlankNode, date: impl Display) {
        self.text(node, dcterms::DATE, date);
    }

    pub(super) fn link(&mut self, node: &BlankNode, property: Known, target: &BlankNode) {
        self.push(node.clone(), property, target.clone());
    }

    pub(super) fn push(
        &mut self,
        subject: impl Into<NamedOrBlankNode>,
        property: Known,
        object: impl Into<Term>,
    ) {
        self.triples.push((subject.into(), property, object.into()));
    }

    /// An `sp:CodedValue` that points to the code, and the code's description where it comes for
    /// the first time.
    pub(super) fn coded(&mut self, node: &BlankNode, property: Known, code: &Code) {
        let value = self.node(sp::class::CODED_VALUE);
        let uri = NamedNode::new_unchecked(code.uri());
        self.link(node, property, &value);
        self.text(&value, dcterms::TITLE, code.title);
        self.push(value, sp::CODE, uri.clone());
        if self.described.insert((code.set.system(), code.id)) {
            self.describe(uri, code);
        }
    }

    fn describe(&mut self, uri: NamedNode, code: &Code) {
        self.push(uri.clone(), rdf::TYPE, sp::class::CODE);
        self.push(uri.clone(), rdf::TYPE, code.set.class());
        self.push(uri.clone(), dcterms::TITLE, plain(code.title));
        self.push(uri.clone(), dcterms::IDENTIFIER, plain(code.id));
        self.push(uri, sp::SYSTEM, plain(code.set.system()));
    }

    /// An `sp:ValueAndUnit`.
    pub(super) fn quantity(
        &mut self,
        node: &BlankNode,
        property: Known,
        value: impl Display,
        unit: &str,
    ) {
        let quantity = self.node(sp::class::VALUE_AND_UNIT);
        self.link(node, property, &quantity);
        self.text(&quantity, sp::VALUE, value);
        self.text(&quantity, sp::UNIT, unit);
    }

    /// An `sp:VitalSign`: a quantity that says what was measured.
    pub(super) fn vital(
        &mut self,
        node: &BlankNode,
        property: Known,
        name: &Code,
        value: impl Display,
        unit: &str,
    ) {
        let vital = self.node(sp::class::VITAL_SIGN);
        self.link(node, property, &vital);
        self.coded(&vital, sp::VITAL_NAME, name);
        self.text(&vital, sp::VALUE, value);
        self.text(&vital, sp::UNIT, unit);
    }

    /// A `v:Name`.
    pub(super) fn name(
        &mut self,
        node: &BlankNode,
        given: &str,
        middle: Option<&str>,
        family: &str,
    ) {
        let name = self.node(vcard::NAME);
        self.link(node, vcard::N, &name);
        self.text(&name, vcard::GIVEN_NAME, given);
        if let Some(middle) = middle {
            self.text(&name, vcard::ADDITIONAL_NAME, middle);
        }
        self.text(&name, vcard::FAMILY_NAME, family);
    }

    /// An `sp:Provider` with an invented name.
    pub(super) fn provider(&mut self, node: &BlankNode, given: &str, family: &str) {
        let provider = self.node(sp::class::PROVIDER);
        self.link(node, sp::PROVIDER, &provider);
        self.name(&provider, given, None, family);
    }

    pub(super) fn into_graph(self) -> Graph {
        let triples = self.triples.iter();
        triples
            .map(|(subject, predicate, object)| TripleRef {
                subject: subject.as_ref(),
                predicate: *predicate,
                object: object.as_ref(),
            })
            .collect()
    }
}

fn plain(text: &str) -> Term {
    Literal::new_simple_literal(text).into()
}
