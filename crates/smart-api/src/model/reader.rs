//! Takes a model's fields from a node of a graph, and keeps account of what it did not take.

use smart_rdf::vocab::{dcterms, rdf};
use smart_rdf::{Graph, Lookup, NamedNode, NamedNodeRef, NamedOrBlankNodeRef, Node, Object, Term};

use crate::model::{CodeSet, Expected, Field, Finding, Model, Subject, Value};
use crate::models::Code;
use crate::vocab::sp;

/// Takes a model's fields from a node of a graph. The generated [`Model::read`]s say which property
/// fills which field; the type of the field decides the rest.
#[derive(Debug)]
pub struct Reader<'a, 'g> {
    node: Node<'g>,
    notes: &'a mut Notes<'g>,
    /// Where in the notes the properties begin that were asked for.
    known_at: usize,
    /// How many of the node's triples belong to them.
    taken: usize,
}

/// What is written down along the way.
#[derive(Debug)]
pub(super) struct Notes<'g> {
    lookup: Lookup<'g>,
    statement: NamedOrBlankNodeRef<'g>,
    path: Vec<NamedNodeRef<'static>>,
    /// The properties that the nodes were asked for: the statement, its part, the part's part.
    known: Vec<NamedNodeRef<'static>>,
    pub(super) findings: Vec<Finding>,
    pub(super) remarks: Vec<Finding>,
    /// How many more triples are read. Parts may be shared, so that a small graph can describe a
    /// value far larger than itself; one that was not made for that is read long before this is
    /// spent.
    budget: usize,
}

/// How often each triple of a graph may be read, on average. Codes are shared between statements,
/// and little else is: answers of the reference kind are read less than twice.
const READS_PER_TRIPLE: usize = 4;

/// How many triples a graph counts for at least.
const SMALL_GRAPH: usize = 1000;

/// Reads a node as a model and writes down what is odd about it.
pub(super) fn read<'g, T: Model>(node: Node<'g>, notes: &mut Notes<'g>) -> T {
    let known_at = notes.known.len();
    let mut reader = Reader {
        node,
        notes,
        known_at,
        taken: 0,
    };
    let model = T::read(&mut reader);
    reader.finish::<T>();
    notes.known.truncate(known_at);
    model
}

impl<'g> Notes<'g> {
    pub(super) fn new(graph: &'g Graph) -> Self {
        Self {
            lookup: Lookup::new(graph),
            budget: graph
                .len()
                .max(SMALL_GRAPH)
                .saturating_mul(READS_PER_TRIPLE),
            // Nothing is written down before the first statement begins.
            statement: rdf::NIL.into(),
            path: Vec::new(),
            known: Vec::new(),
            findings: Vec::new(),
            remarks: Vec::new(),
        }
    }

    /// What follows is about this statement.
    pub(super) fn begin(&mut self, statement: Node<'g>) {
        self.statement = statement.term();
        self.path.clear();
    }
}

impl<'g> Reader<'_, 'g> {
    /// The node.
    pub fn subject(&self) -> Subject {
        self.node.term().into()
    }

    /// What a property says.
    pub fn read<F: Field>(&mut self, property: NamedNodeRef<'static>) -> F {
        self.notes.known.push(property);
        F::read(property, self)
    }

    /// What a property says that some containers call otherwise.
    pub fn read_either<F: Field>(
        &mut self,
        property: NamedNodeRef<'static>,
        misnomer: NamedNodeRef<'static>,
    ) -> F {
        let misnamed: Vec<Term> = self.objects(misnomer).map(Object::to_term).collect();
        if misnamed.is_empty() || self.objects(property).next().is_some() {
            return self.read(property);
        }
        self.find(misnomer, Expected::Name(property), misnamed);
        self.read(misnomer)
    }

    /// What a property says, one value at least.
    pub fn read_some<T: Value>(&mut self, property: NamedNodeRef<'static>) -> Vec<T> {
        let values: Vec<T> = self.read(property);
        if values.is_empty() {
            self.find(property, Expected::AtLeastOne, []);
        }
        values
    }

    /// What a property says by codes of this class.
    pub fn read_coded<F: Field>(
        &mut self,
        property: NamedNodeRef<'static>,
        class: NamedNodeRef<'static>,
    ) -> F {
        for value in self.objects(property).filter_map(Object::node) {
            self.notes.path.push(property);
            let codes = self.notes.lookup.objects(value, sp::CODE);
            for code in codes.filter_map(Object::node).take(self.notes.budget) {
                self.check_code(value, code, class);
            }
            self.notes.path.pop();
        }
        self.read(property)
    }

    /// What a property says in this unit.
    pub fn read_in<F: Field>(&mut self, property: NamedNodeRef<'static>, unit: &'static str) -> F {
        for value in self.objects(property).filter_map(Object::node) {
            let units = self.notes.lookup.objects(value, sp::UNIT);
            for found in units.take(self.notes.budget) {
                if !matches!(found, Object::Literal(literal) if literal.value() == unit) {
                    self.notes.path.push(property);
                    self.note(value, sp::UNIT, Expected::Unit(unit), [found.to_term()]);
                    self.notes.path.pop();
                }
            }
        }
        self.read(property)
    }

    /// A code of a closed list.
    pub(crate) fn read_member<S: CodeSet>(&mut self) -> S {
        let member = S::from_code(Code::read(self));
        if member.as_other().is_some() {
            let property = self.notes.path.pop().unwrap_or(sp::CODE);
            let found = match self.node.term() {
                NamedOrBlankNodeRef::NamedNode(address) => address.into_owned().into(),
                NamedOrBlankNodeRef::BlankNode(node) => Term::from(node.into_owned()),
            };
            self.find(property, Expected::Member(<S as CodeSet>::CLASS), [found]);
            self.notes.path.push(property);
        }
        member
    }

    /// The node's classes, beside the one that every instance has.
    pub fn other_classes(&mut self, own: NamedNodeRef<'_>) -> Vec<NamedNode> {
        let others = self.classes(self.node).filter(|class| *class != own);
        others.map(NamedNodeRef::into_owned).collect()
    }

    /// What the node's classes say beside that it is one: an address at home, a telephone to
    /// prefer.
    pub fn labels<L: Label>(&mut self) -> Vec<L> {
        let labels = L::LABELS.iter();
        labels
            .filter(|(_, class)| self.node.is_a(*class))
            .map(|(label, _)| *label)
            .collect()
    }

    /// Writes down that a property of the node does not say what is expected.
    pub fn find(
        &mut self,
        property: NamedNodeRef<'static>,
        expected: Expected,
        found: impl IntoIterator<Item = Term>,
    ) {
        self.note(self.node, property, expected, found);
    }

    /// Why a required value could not be read: what its property says instead, if anything.
    pub(super) fn unread(&mut self, property: NamedNodeRef<'static>) -> Finding {
        let expected = if self.is_spent() {
            Expected::LessSharing
        } else {
            Expected::ExactlyOne
        };
        let found = self.objects(property).map(Object::to_term).collect();
        self.finding(self.node, property.into_owned(), expected, found)
    }

    /// Writes down what is allowed, and worth knowing all the same.
    pub(super) fn remark(
        &mut self,
        property: NamedNodeRef<'static>,
        expected: Expected,
        found: Term,
    ) {
        let remark = self.finding(self.node, property.into_owned(), expected, vec![found]);
        self.notes.remarks.push(remark);
    }

    /// A part of the node.
    pub(super) fn model<T: Model>(&mut self, node: Node<'g>, property: NamedNodeRef<'static>) -> T {
        self.notes.path.push(property);
        let model = read(node, self.notes);
        self.notes.path.pop();
        model
    }

    /// What a property leads to; nothing more once the graph has been read too often.
    pub(super) fn objects(
        &mut self,
        property: NamedNodeRef<'static>,
    ) -> impl Iterator<Item = Object<'g>> + use<'g> {
        let objects = self.notes.lookup.objects(self.node, property);
        objects.take(self.notes.budget)
    }

    /// That so many of the node's triples were taken.
    pub(super) fn take(&mut self, count: usize) {
        self.taken += count;
        self.spend(count);
    }

    /// That so many triples were looked at.
    pub(super) fn spend(&mut self, count: usize) {
        if self.notes.budget > 0 && self.notes.budget <= count {
            self.find(rdf::TYPE, Expected::LessSharing, []);
        }
        self.notes.budget = self.notes.budget.saturating_sub(count);
    }

    /// Whether the graph has been read too often.
    pub(super) const fn is_spent(&self) -> bool {
        self.notes.budget == 0
    }

    /// Whether the code of a coded value is what it has to be.
    fn check_code(&mut self, value: Node<'g>, code: Node<'g>, class: NamedNodeRef<'static>) {
        if !self.classes(code).any(|found| found == class) {
            let classes = self.classes(code).filter(|class| *class != sp::class::CODE);
            let found: Vec<Term> = classes.map(|class| class.into_owned().into()).collect();
            self.note(value, sp::CODE, Expected::CodeOf(class), found);
        }
        let NamedOrBlankNodeRef::NamedNode(address) = code.term() else {
            return;
        };
        if let (Some(system), Some(identifier)) = (
            self.text(code, sp::SYSTEM),
            self.text(code, dcterms::IDENTIFIER),
        ) {
            let rest = address.as_str().strip_prefix(system);
            if rest != Some(identifier) {
                let address = address.into_owned();
                self.note(value, sp::CODE, Expected::CodeAddress, [address.into()]);
            }
        }
    }

    /// Looks at the node's classes, and at what it says that no field takes.
    fn finish<T: Model>(&mut self) {
        if self.is_spent() {
            return;
        }
        let mut classes = 0;
        let mut is_one = false;
        let mut misnomers = Vec::new();
        let mut others = Vec::new();
        for class in self.classes(self.node) {
            classes += 1;
            if class == T::CLASS {
                is_one = true;
            } else if T::MISNOMERS.contains(&class) {
                misnomers.push(class.into_owned().into());
            } else if !T::ALSO.contains(&class) {
                others.push(class.into_owned().into());
            }
        }
        if !is_one {
            let found = if misnomers.is_empty() {
                std::mem::take(&mut others)
            } else {
                misnomers
            };
            self.find(rdf::TYPE, Expected::Class(T::CLASS), found);
        }
        if !others.is_empty() {
            self.find(rdf::TYPE, Expected::NoOtherClass, others);
        }
        self.spend(classes);
        if self.taken + classes < self.node.len() {
            self.list_unknown();
        }
    }

    fn classes(&mut self, node: Node<'g>) -> impl Iterator<Item = NamedNodeRef<'g>> + use<'g> {
        let classes = self.notes.lookup.objects(node, rdf::TYPE);
        classes.filter_map(|class| class.node()?.iri())
    }

    fn text(&mut self, node: Node<'g>, property: NamedNodeRef<'static>) -> Option<&'g str> {
        let mut objects = self.notes.lookup.objects(node, property);
        objects.find_map(|object| match object {
            Object::Literal(literal) => Some(literal.value()),
            Object::Node(_) => None,
        })
    }

    fn list_unknown(&mut self) {
        self.spend(self.node.len());
        if self.is_spent() {
            return;
        }
        for (property, object) in self.node.properties() {
            if property != rdf::TYPE && !self.notes.known[self.known_at..].contains(&property) {
                let found = vec![object.to_term()];
                let property = property.into_owned();
                let finding = self.finding(self.node, property, Expected::NoSuchProperty, found);
                self.notes.findings.push(finding);
            }
        }
    }

    fn note(
        &mut self,
        subject: Node<'_>,
        property: NamedNodeRef<'static>,
        expected: Expected,
        found: impl IntoIterator<Item = Term>,
    ) {
        let found = found.into_iter().collect();
        let finding = self.finding(subject, property.into_owned(), expected, found);
        self.notes.findings.push(finding);
    }

    fn finding(
        &self,
        subject: Node<'_>,
        property: NamedNode,
        expected: Expected,
        found: Vec<Term>,
    ) -> Finding {
        let steps = self.notes.path.iter().map(|step| step.into_owned());
        Finding {
            statement: self.notes.statement.into_owned(),
            path: steps.chain([property]).collect(),
            subject: subject.term().into_owned(),
            expected,
            found,
        }
    }
}

/// What a node is for, said by a further class of it.
pub trait Label: Copy + PartialEq + 'static {
    /// Every label, with the class that stands for it.
    const LABELS: &'static [(Self, NamedNodeRef<'static>)];
}
