use std::collections::{BTreeMap, btree_map};
use std::hash::{Hash, Hasher};
use std::rc::Rc;

use oxrdf::vocab::xsd;
use oxrdf::{Literal, Term, TermRef};
use spareval::{ExpressionTerm, InternalQuad, QueryableDataset};
use spargebra::term::{NamedNodePattern, TermPattern, TriplePattern};

use crate::graph::{Dataset, Graph, Index, Terms, TripleIds};
use crate::sparql::functions::{is_number, wrapped_datatype};
use crate::sparql::run::{BudgetSpent, Run, RunFault};

/// A graph, or several, as the evaluator wants to see them.
#[derive(Clone, Copy)]
pub(crate) struct GraphDataset<'a> {
    terms: &'a Terms,
    default: &'a Index,
    named: Option<&'a BTreeMap<u32, Graph>>,
    run: &'a Run,
}

impl<'a> GraphDataset<'a> {
    pub(crate) fn of_graph(graph: &'a Graph, run: &'a Run) -> Self {
        Self {
            terms: graph.terms(),
            default: graph.index(),
            named: None,
            run,
        }
    }

    pub(crate) fn of_dataset(dataset: &'a Dataset, run: &'a Run) -> Self {
        Self {
            named: Some(dataset.named_by_number()),
            ..Self::of_graph(dataset.default_graph(), run)
        }
    }

    /// How many triples of the default graph match, as if each variable were another.
    pub(crate) fn matches(&self, pattern: &TriplePattern) -> usize {
        // `None` where the graph lacks the term.
        let place =
            |term: Option<TermRef<'_>>| term.map_or(Some(None), |t| self.terms.find(t).map(Some));
        let end = |term: &TermPattern| match term {
            TermPattern::NamedNode(node) => place(Some(node.into())),
            TermPattern::Literal(literal) => place(Some(literal.into())),
            TermPattern::BlankNode(_) | TermPattern::Variable(_) => place(None),
        };
        let predicate = match &pattern.predicate {
            NamedNodePattern::NamedNode(node) => place(Some(node.into())),
            NamedNodePattern::Variable(_) => place(None),
        };
        match (end(&pattern.subject), predicate, end(&pattern.object)) {
            (Some(subject), Some(predicate), Some(object)) => {
                self.default
                    .matching(subject, predicate, object)
                    .size_hint()
                    .0
            }
            _ => 0,
        }
    }

    fn known(&self, id: u32) -> TermId<'a> {
        TermId::Known(KnownId { id, run: self.run })
    }

    fn named_graph(&self, name: &TermId<'a>) -> Option<(u32, &'a Graph)> {
        let TermId::Known(name) = name else {
            return None;
        };
        Some((name.id, self.named?.get(&name.id)?))
    }
}

/// A term while a query runs: a number where the graph holds it, so that joins compare numbers. A
/// term of the graph is never `Foreign`, or equal terms would differ.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) enum TermId<'a> {
    Known(KnownId<'a>),
    Foreign(Foreign<'a>),
}

/// A term that the query made. Copying it costs a step as well.
pub(crate) struct Foreign<'a>(Rc<(Term, &'a Run)>);

impl Clone for Foreign<'_> {
    fn clone(&self) -> Self {
        self.0.1.step();
        Self(Rc::clone(&self.0))
    }
}

impl PartialEq for Foreign<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0.0 == other.0.0
    }
}

impl Eq for Foreign<'_> {}

impl Hash for Foreign<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.0.hash(state);
    }
}

/// The number of a term. Copying it costs a step: the evaluator joins rows that it holds in memory
/// without looking at the graph, and copies are all that shows of it.
pub(crate) struct KnownId<'a> {
    id: u32,
    run: &'a Run,
}

impl Clone for KnownId<'_> {
    fn clone(&self) -> Self {
        self.run.step();
        Self {
            id: self.id,
            run: self.run,
        }
    }
}

impl PartialEq for KnownId<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for KnownId<'_> {}

impl Hash for KnownId<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.id.hash(state);
    }
}

impl<'a> QueryableDataset<'a> for GraphDataset<'a> {
    type InternalTerm = TermId<'a>;
    type Error = BudgetSpent;

    fn internal_quads_for_pattern(
        &self,
        subject: Option<&TermId<'a>>,
        predicate: Option<&TermId<'a>>,
        object: Option<&TermId<'a>>,
        graph_name: Option<Option<&TermId<'a>>>,
    ) -> impl Iterator<Item = Result<InternalQuad<TermId<'a>>, BudgetSpent>> + use<'a> {
        // Looking and finding nothing costs as well, or a loop over misses would be free.
        self.run.step();
        let pattern = match (place(subject), place(predicate), place(object)) {
            (Some(subject), Some(predicate), Some(object)) => Some([subject, predicate, object]),
            _ => None,
        };
        let mut quads = Quads {
            dataset: *self,
            pattern: pattern.unwrap_or_default(),
            name: None,
            triples: TripleIds::none(),
            graphs: None,
            refused: self.run.check_steps().err(),
        };
        if pattern.is_some() {
            match graph_name {
                Some(None) => quads.look_into(self.default, None),
                Some(Some(name)) => {
                    if let Some((name, graph)) = self.named_graph(name) {
                        quads.look_into(graph.index(), Some(name));
                    }
                }
                // Any graph is any that has a name.
                None => quads.graphs = self.named.map(BTreeMap::iter),
            }
        }
        quads
    }

    fn internal_named_graphs(
        &self,
    ) -> impl Iterator<Item = Result<TermId<'a>, BudgetSpent>> + use<'a> {
        let dataset = *self;
        let names = self.named.into_iter().flat_map(BTreeMap::keys);
        names.map(move |name| {
            dataset.run.step();
            dataset.run.check_steps()?;
            Ok(dataset.known(*name))
        })
    }

    fn contains_internal_graph_name(&self, name: &TermId<'a>) -> Result<bool, BudgetSpent> {
        self.run.step();
        self.run.check_steps()?;
        Ok(self.named_graph(name).is_some())
    }

    fn internalize_term(&self, term: Term) -> Result<TermId<'a>, BudgetSpent> {
        Ok(match self.terms.find(term.as_ref()) {
            Some(id) => self.known(id),
            None => TermId::Foreign(Foreign(Rc::new((term, self.run)))),
        })
    }

    fn externalize_term(&self, term: TermId<'a>) -> Result<Term, BudgetSpent> {
        self.run.check_steps()?;
        Ok(match term {
            TermId::Known(known) => self.terms.term(known.id).into_owned(),
            TermId::Foreign(Foreign(term)) => Rc::unwrap_or_clone(term).0,
        })
    }

    /// The value of a term, or the term as it is where the query asks for that (see
    /// `rewrite/lexical_forms.rs`).
    fn externalize_expression_term(&self, term: TermId<'a>) -> Result<ExpressionTerm, BudgetSpent> {
        let term = self.externalize_term(term)?;
        if self.run.take_verbatim() {
            return Ok(verbatim(term));
        }
        let value = ExpressionTerm::from(term);
        if let ExpressionTerm::OtherTypedLiteral { value, datatype } = &value
            && is_number(value, datatype.as_ref())
        {
            let datatype = datatype.as_str().to_owned();
            self.run.fail(RunFault::NumberRange(datatype));
            return Err(BudgetSpent);
        }
        Ok(value)
    }

    fn internalize_expression_term(
        &self,
        value: ExpressionTerm,
    ) -> Result<TermId<'a>, BudgetSpent> {
        self.internalize_term(unwrapped(value))
    }
}

/// A literal that an aggregate of ours chose.
fn unwrapped(value: ExpressionTerm) -> Term {
    if let ExpressionTerm::OtherTypedLiteral { value, datatype } = &value
        && let Some(datatype) = wrapped_datatype(datatype)
    {
        return Literal::new_typed_literal(value, datatype).into();
    }
    value.into()
}

/// The term with its own text and datatype, which its value does not tell: `01` is 1, and an
/// `xsd:int` an `xsd:integer`.
fn verbatim(term: Term) -> ExpressionTerm {
    match term {
        Term::Literal(literal)
            if literal.language().is_none() && literal.datatype() != xsd::STRING =>
        {
            ExpressionTerm::OtherTypedLiteral {
                datatype: literal.datatype().into_owned(),
                value: literal.destruct().0,
            }
        }
        other => other.into(),
    }
}

/// The number at a bound place of a pattern (`Some(None)` if it is free); `None` if no triple can
/// match.
fn place(term: Option<&TermId<'_>>) -> Option<Option<u32>> {
    match term {
        None => Some(None),
        Some(TermId::Known(known)) => Some(Some(known.id)),
        Some(TermId::Foreign(_)) => None,
    }
}

/// The triples of a pattern, each paid for. After the error that ends the budget nothing more
/// comes.
struct Quads<'a> {
    dataset: GraphDataset<'a>,
    pattern: [Option<u32>; 3],
    /// The graph that is being looked into.
    name: Option<u32>,
    triples: TripleIds<'a>,
    /// Those still to look into.
    graphs: Option<btree_map::Iter<'a, u32, Graph>>,
    refused: Option<BudgetSpent>,
}

impl<'a> Quads<'a> {
    fn look_into(&mut self, index: &'a Index, name: Option<u32>) {
        let [subject, predicate, object] = self.pattern;
        self.triples = index.matching(subject, predicate, object);
        self.name = name;
    }

    fn end(&mut self, error: BudgetSpent) -> Result<InternalQuad<TermId<'a>>, BudgetSpent> {
        self.triples = TripleIds::none();
        self.graphs = None;
        Err(error)
    }
}

impl<'a> Iterator for Quads<'a> {
    type Item = Result<InternalQuad<TermId<'a>>, BudgetSpent>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(error) = self.refused.take() {
            return Some(self.end(error));
        }
        let [subject, predicate, object] = loop {
            if let Some(triple) = self.triples.next() {
                break triple;
            }
            let (name, graph) = self.graphs.as_mut()?.next()?;
            self.dataset.run.step();
            self.look_into(graph.index(), Some(*name));
        };
        self.dataset.run.step();
        if let Err(error) = self.dataset.run.check_steps() {
            return Some(self.end(error));
        }
        Some(Ok(InternalQuad {
            subject: self.dataset.known(subject),
            predicate: self.dataset.known(predicate),
            object: self.dataset.known(object),
            graph_name: self.name.map(|name| self.dataset.known(name)),
        }))
    }
}
