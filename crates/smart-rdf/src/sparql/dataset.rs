use std::cell::Cell;
use std::collections::{BTreeMap, btree_map};
use std::hash::{Hash, Hasher};
use std::panic::{self, AssertUnwindSafe};
use std::rc::Rc;
use std::thread;

use oxrdf::Term;
use spareval::{CancellationToken, InternalQuad, QueryableDataset};
use thiserror::Error;

use crate::graph::{Dataset, Graph, Index, Terms, TripleIds};

/// A graph, or several, as the evaluator wants to see them.
#[derive(Clone, Copy)]
pub(crate) struct GraphDataset<'a> {
    terms: &'a Terms,
    default: &'a Index,
    named: Option<&'a BTreeMap<u32, Graph>>,
    budget: &'a Budget,
}

impl<'a> GraphDataset<'a> {
    pub(crate) fn of_graph(graph: &'a Graph, budget: &'a Budget) -> Self {
        Self {
            terms: graph.terms(),
            default: graph.index(),
            named: None,
            budget,
        }
    }

    pub(crate) fn of_dataset(dataset: &'a Dataset, budget: &'a Budget) -> Self {
        Self {
            named: Some(dataset.named_by_number()),
            ..Self::of_graph(dataset.default_graph(), budget)
        }
    }

    fn known(&self, id: u32) -> TermId<'a> {
        TermId::Known(KnownId {
            id,
            budget: self.budget,
        })
    }

    fn named_graph(&self, name: &TermId<'a>) -> Option<(u32, &'a Graph)> {
        let TermId::Known(name) = name else {
            return None;
        };
        Some((name.id, self.named?.get(&name.id)?))
    }
}

/// The steps that an evaluation may still take.
///
/// Once they are spent every look into the graph is an error. Some operators of the evaluator go on all the same, over rows that they
/// hold in memory: a `COUNT(*)` over a product of parts would for years. They copy terms, and are ended there by unwinding to
/// [`Budget::run`]. Where a program is built to abort on panics they are left to go on.
pub(crate) struct Budget {
    left: Cell<usize>,
    /// Steps taken after the last one.
    overdue: Cell<usize>,
    stop: CancellationToken,
}

#[derive(Debug, Error)]
#[error("the allowed number of steps is used up")]
pub(crate) struct BudgetSpent;

/// How many steps an evaluation may take to notice by itself that its budget is spent.
const PATIENCE: usize = 100_000;

/// How often the switch is looked at, in steps.
const INTERVAL: usize = 4096;

impl Budget {
    /// The budget is spent early if the switch is used.
    pub(crate) fn new(steps: usize, stop: CancellationToken) -> Self {
        Self {
            // One more than allowed, so that zero left means that the bound was passed.
            left: Cell::new(steps.saturating_add(1)),
            overdue: Cell::new(0),
            stop,
        }
    }

    /// Does what spends it; nothing comes back from work that had to be ended.
    pub(crate) fn run<T>(&self, work: impl FnOnce() -> T) -> Option<T> {
        // What the work held is dropped with it, so that nobody sees it half done.
        match panic::catch_unwind(AssertUnwindSafe(work)) {
            Ok(done) => Some(done),
            Err(reason) if reason.is::<BudgetSpent>() => None,
            Err(other) => panic::resume_unwind(other),
        }
    }

    fn spend(&self) {
        let left = self.left.get();
        if left == 0 {
            self.insist();
        } else if left.is_multiple_of(INTERVAL) && self.stop.is_cancelled() {
            self.left.set(0);
        } else {
            self.left.set(left - 1);
        }
    }

    #[cold]
    fn insist(&self) {
        self.overdue.set(self.overdue.get() + 1);
        if self.overdue.get() > PATIENCE && cfg!(panic = "unwind") && !thread::panicking() {
            panic::resume_unwind(Box::new(BudgetSpent));
        }
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
    Foreign(Foreign<'a>),
}

/// A term that the query made. Copying it costs a step as well.
pub(crate) struct Foreign<'a>(Rc<(Term, &'a Budget)>);

impl Clone for Foreign<'_> {
    fn clone(&self) -> Self {
        self.0.1.spend();
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
            refused: self.budget.check().err(),
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
            dataset.budget.spend();
            dataset.budget.check()?;
            Ok(dataset.known(*name))
        })
    }

    fn contains_internal_graph_name(&self, name: &TermId<'a>) -> Result<bool, BudgetSpent> {
        self.budget.spend();
        self.budget.check()?;
        Ok(self.named_graph(name).is_some())
    }

    fn internalize_term(&self, term: Term) -> Result<TermId<'a>, BudgetSpent> {
        Ok(match self.terms.find(term.as_ref()) {
            Some(id) => self.known(id),
            None => TermId::Foreign(Foreign(Rc::new((term, self.budget)))),
        })
    }

    fn externalize_term(&self, term: TermId<'a>) -> Result<Term, BudgetSpent> {
        self.budget.check()?;
        Ok(match term {
            TermId::Known(known) => self.terms.term(known.id).into_owned(),
            TermId::Foreign(Foreign(term)) => Rc::unwrap_or_clone(term).0,
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
            self.dataset.budget.spend();
            self.look_into(graph.index(), Some(*name));
        };
        self.dataset.budget.spend();
        if let Err(error) = self.dataset.budget.check() {
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
