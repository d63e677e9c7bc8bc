use std::cell::Cell;
use std::hash::{Hash, Hasher};
use std::iter;
use std::rc::Rc;

use oxrdf::Term;
use spareval::{InternalQuad, QueryableDataset};
use thiserror::Error;

use crate::graph::{Graph, TripleIds};

/// A graph as the default graph of a dataset without named graphs.
pub(crate) struct GraphDataset<'a> {
    graph: &'a Graph,
    budget: &'a Budget,
}

impl<'a> GraphDataset<'a> {
    pub(crate) fn new(graph: &'a Graph, budget: &'a Budget) -> Self {
        Self { graph, budget }
    }

    fn known(&self, id: u32) -> TermId<'a> {
        TermId::Known(KnownId {
            id,
            budget: self.budget,
        })
    }
}

/// The steps that an evaluation may still take.
pub(crate) struct Budget {
    left: Cell<usize>,
}

#[derive(Debug, Error)]
#[error("the allowed number of steps is used up")]
pub(crate) struct BudgetSpent;

impl Budget {
    pub(crate) fn new(steps: usize) -> Self {
        Self {
            // One more than allowed, so that zero left means that the bound was passed.
            left: Cell::new(steps.saturating_add(1)),
        }
    }

    fn spend(&self) {
        self.left.set(self.left.get().saturating_sub(1));
    }

    fn check(&self) -> Result<(), BudgetSpent> {
        if self.is_spent() {
            Err(BudgetSpent)
        } else {
            Ok(())
        }
    }

    pub(crate) fn is_spent(&self) -> bool {
        self.left.get() == 0
    }
}

/// A term while a query runs: a number where the graph holds it, so that joins compare numbers. A term of the graph is never `Foreign`,
/// or equal terms would differ.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) enum TermId<'a> {
    Known(KnownId<'a>),
    Foreign(Rc<Term>),
}

/// The number of a term. Copying it costs a step: the evaluator joins rows that it holds in memory without looking at the graph, and
/// copies are all that shows of it.
pub(crate) struct KnownId<'a> {
    id: u32,
    budget: &'a Budget,
}

impl Clone for KnownId<'_> {
    fn clone(&self) -> Self {
        self.budget.spend();
        Self {
            id: self.id,
            budget: self.budget,
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
        self.budget.spend();
        let ids = match (place(subject), place(predicate), place(object), graph_name) {
            (Some(subject), Some(predicate), Some(object), Some(None)) => {
                Some(self.graph.ids_matching(subject, predicate, object))
            }
            _ => None,
        };
        Quads {
            ids,
            refused: self.budget.check().err(),
            dataset: Self {
                graph: self.graph,
                budget: self.budget,
            },
        }
    }

    fn internal_named_graphs(
        &self,
    ) -> impl Iterator<Item = Result<TermId<'a>, BudgetSpent>> + use<'a> {
        iter::empty()
    }

    fn contains_internal_graph_name(&self, _: &TermId<'a>) -> Result<bool, BudgetSpent> {
        Ok(false)
    }

    fn internalize_term(&self, term: Term) -> Result<TermId<'a>, BudgetSpent> {
        Ok(match self.graph.find_term(term.as_ref()) {
            Some(id) => self.known(id),
            None => TermId::Foreign(Rc::new(term)),
        })
    }

    fn externalize_term(&self, term: TermId<'a>) -> Result<Term, BudgetSpent> {
        self.budget.check()?;
        Ok(match term {
            TermId::Known(known) => self.graph.term(known.id).into_owned(),
            TermId::Foreign(term) => Rc::unwrap_or_clone(term),
        })
    }
}

/// The number at a bound place of a pattern (`Some(None)` if it is free); `None` if no triple can match.
fn place(term: Option<&TermId<'_>>) -> Option<Option<u32>> {
    match term {
        None => Some(None),
        Some(TermId::Known(known)) => Some(Some(known.id)),
        Some(TermId::Foreign(_)) => None,
    }
}

/// The triples of a pattern, each paid for. After the error that ends the budget nothing more comes.
struct Quads<'a> {
    ids: Option<TripleIds<'a>>,
    refused: Option<BudgetSpent>,
    dataset: GraphDataset<'a>,
}

impl<'a> Iterator for Quads<'a> {
    type Item = Result<InternalQuad<TermId<'a>>, BudgetSpent>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(error) = self.refused.take() {
            self.ids = None;
            return Some(Err(error));
        }
        let [subject, predicate, object] = self.ids.as_mut()?.next()?;
        self.dataset.budget.spend();
        if let Err(error) = self.dataset.budget.check() {
            self.ids = None;
            return Some(Err(error));
        }
        Some(Ok(InternalQuad {
            subject: self.dataset.known(subject),
            predicate: self.dataset.known(predicate),
            object: self.dataset.known(object),
            graph_name: None,
        }))
    }
}
