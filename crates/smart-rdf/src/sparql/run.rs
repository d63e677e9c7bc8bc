//! One run of a query: what it may still take, and what its functions share.

use std::hash::RandomState;
use std::mem::size_of;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;

use oxrdf::{NamedOrBlankNode, Term, Triple};
use spareval::CancellationToken;
use thiserror::Error;

use crate::limits::{Limit, LimitError};
use crate::sparql::error::QueryError;
use crate::sparql::functions::PatternCache;
use crate::sparql::limits::QueryLimits;

/// The dataset, the functions and the collector of the answer share it. A run has one thread; the
/// evaluator demands that its functions could have many.
pub(crate) struct Run {
    limits: QueryLimits,
    steps: Meter,
    text: Meter,
    row_bytes: Meter,
    /// Steps taken after the last one.
    overdue: AtomicUsize,
    stop: CancellationToken,
    wraps_terms: bool,
    verbatim: AtomicU8,
    fault: OnceLock<RunFault>,
    rows: AtomicU64,
    pub(crate) keys: [RandomState; 2],
    patterns: Mutex<PatternCache>,
}

/// Why an evaluation cannot go on: it would go on with a wrong value, or none.
#[derive(Clone, Debug)]
pub(crate) enum RunFault {
    NumberRange(String),
    Pattern(String),
}

/// Which terms are handed out as they are in the graph.
#[derive(Clone, Copy)]
pub(crate) enum Verbatim {
    No,
    /// One.
    Next,
    /// All, until further notice.
    All,
}

#[derive(Debug, Error)]
#[error("the allowed number of steps is used up")]
pub(crate) struct BudgetSpent;

/// How many steps an evaluation may take to notice by itself that its budget is spent.
const PATIENCE: usize = 100_000;

/// How often the switch is looked at, in steps.
const INTERVAL: usize = 4096;

/// What is left of an amount.
struct Meter {
    left: AtomicUsize,
}

impl Meter {
    fn new(allowed: usize) -> Self {
        Self {
            // One more than allowed, so that zero left means that the bound was passed.
            left: AtomicUsize::new(allowed.saturating_add(1)),
        }
    }

    fn left(&self) -> usize {
        self.left.load(Ordering::Relaxed)
    }

    fn is_spent(&self) -> bool {
        self.left() == 0
    }

    fn spend(&self, amount: usize) {
        let left = self.left().saturating_sub(amount);
        self.left.store(left, Ordering::Relaxed);
    }
}

impl Run {
    /// The budget is spent early if the switch is used. Terms are wrapped for a dataset that
    /// unwraps them.
    pub(crate) fn new(limits: &QueryLimits, stop: CancellationToken, wraps_terms: bool) -> Self {
        Self {
            steps: Meter::new(limits.steps),
            text: Meter::new(limits.text_bytes),
            row_bytes: Meter::new(limits.row_bytes),
            limits: limits.clone(),
            overdue: AtomicUsize::new(0),
            stop,
            wraps_terms,
            verbatim: AtomicU8::new(Verbatim::No as u8),
            fault: OnceLock::new(),
            rows: AtomicU64::new(0),
            keys: [RandomState::new(), RandomState::new()],
            patterns: Mutex::default(),
        }
    }

    /// Runs `work`, and returns `None` if it had to be ended.
    ///
    /// Once the steps are spent every look into the graph is an error. Some operators of the
    /// evaluator go on all the same, over rows that they hold in memory: a `COUNT(*)` over a
    /// product of parts would for years. They copy terms, and are ended there by unwinding to here.
    /// Where a program is built to abort on panics they are left to go on.
    pub(crate) fn within<T>(&self, work: impl FnOnce() -> T) -> Option<T> {
        // What the work held is dropped with it, so that nobody sees it half done.
        match panic::catch_unwind(AssertUnwindSafe(work)) {
            Ok(done) => Some(done),
            Err(reason) if reason.is::<BudgetSpent>() => None,
            Err(other) => panic::resume_unwind(other),
        }
    }

    pub(crate) fn step(&self) {
        let left = self.steps.left();
        if left == 0 {
            self.insist();
        } else if left.is_multiple_of(INTERVAL) && self.stop.is_cancelled() {
            self.steps.spend(left);
        } else {
            self.steps.spend(1);
        }
    }

    /// Counts work on a single value. Afterward [`Run::check_steps`] tells whether to do it.
    pub(crate) fn steps(&self, steps: usize) {
        if self.stop.is_cancelled() {
            self.steps.spend(usize::MAX);
        }
        self.steps.spend(steps);
    }

    #[cold]
    fn insist(&self) {
        let overdue = self.overdue.fetch_add(1, Ordering::Relaxed);
        if overdue >= PATIENCE && cfg!(panic = "unwind") && !thread::panicking() {
            panic::resume_unwind(Box::new(BudgetSpent));
        }
    }

    pub(crate) fn check_steps(&self) -> Result<(), BudgetSpent> {
        if self.steps.is_spent() {
            Err(BudgetSpent)
        } else {
            Ok(())
        }
    }

    /// Counts text that the query makes; false once it is too much. Twenty values, each two copies
    /// of the one before, are a million copies: a short query can ask for more text than there is
    /// memory, in a few steps.
    pub(crate) fn text(&self, bytes: usize) -> bool {
        self.text.spend(bytes);
        !self.text.is_spent()
    }

    /// Counts a row of the answer. Many rows may hold one long text, each its own copy.
    pub(crate) fn row(&self, values: &[Option<Term>]) {
        const ROW: usize = 96;
        let text: usize = values.iter().flatten().map(term_length).sum();
        self.text.spend(text);
        let terms = values.len() * (size_of::<Option<Term>>() + ALLOCATION);
        self.row_bytes.spend(ROW + text + terms);
    }

    /// Counts a triple that a CONSTRUCT or DESCRIBE makes: once in the graph, and once where the
    /// evaluator keeps what it made.
    pub(crate) fn triple(&self, triple: &Triple) {
        let subject = match &triple.subject {
            NamedOrBlankNode::NamedNode(node) => node.as_str(),
            NamedOrBlankNode::BlankNode(node) => node.as_str(),
        };
        let text = subject.len() + triple.predicate.as_str().len() + term_length(&triple.object);
        self.text.spend(text);
        self.row_bytes
            .spend(2 * (text + size_of::<Triple>() + 3 * ALLOCATION));
    }

    /// Why the answer is not to be trusted, if it is not. The evaluator passes over some errors (an
    /// `EXISTS` that could not be decided is false), so a run that was ended may look like one that
    /// was finished.
    pub(crate) fn check(&self) -> Result<(), QueryError> {
        if self.stop.is_cancelled() {
            return Err(QueryError::Canceled);
        }
        if let Some(fault) = self.fault.get() {
            return Err(match fault.clone() {
                RunFault::NumberRange(datatype) => QueryError::NumberRange { datatype },
                RunFault::Pattern(message) => QueryError::Pattern { message },
            });
        }
        self.check_size()?;
        if self.steps.is_spent() {
            return Err(self.over_steps());
        }
        Ok(())
    }

    /// Whether what was made so far is small enough.
    pub(crate) fn check_size(&self) -> Result<(), QueryError> {
        let limits = &self.limits;
        if self.text.is_spent() {
            return Err(LimitError::new(Limit::QueryText, limits.text_bytes, None).into());
        }
        if self.row_bytes.is_spent() {
            return Err(LimitError::new(Limit::RowBytes, limits.row_bytes, None).into());
        }
        Ok(())
    }

    pub(crate) fn over_steps(&self) -> QueryError {
        LimitError::new(Limit::Steps, self.limits.steps, None).into()
    }

    /// Ends the run, as soon as it can be ended.
    pub(crate) fn fail(&self, fault: RunFault) {
        // The first one counts.
        let _ = self.fault.set(fault);
        self.steps.spend(usize::MAX);
    }

    /// The switch that ends the run.
    pub(crate) fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    /// Which terms the dataset hands out with the text that they have in the graph, not as values.
    pub(crate) fn set_verbatim(&self, verbatim: Verbatim) {
        self.verbatim.store(verbatim as u8, Ordering::Relaxed);
    }

    /// Whether the term that is handed out now is one.
    pub(crate) fn take_verbatim(&self) -> bool {
        let verbatim = self.verbatim.load(Ordering::Relaxed);
        if verbatim == Verbatim::Next as u8 {
            self.set_verbatim(Verbatim::No);
        }
        verbatim != Verbatim::No as u8
    }

    pub(crate) fn wraps_terms(&self) -> bool {
        self.wraps_terms
    }

    /// Another number at each call.
    pub(crate) fn next_row(&self) -> u64 {
        self.rows.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn with_patterns<T>(&self, work: impl FnOnce(&mut PatternCache) -> T) -> T {
        // A cache is in order at any time, so that a panic elsewhere does not matter.
        work(&mut self.patterns.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What a piece of memory takes besides its bytes.
const ALLOCATION: usize = 24;

/// Bytes of a term's text.
pub(crate) fn term_length(term: &Term) -> usize {
    match term {
        Term::Literal(literal) => literal.value().len(),
        Term::NamedNode(node) => node.as_str().len(),
        Term::BlankNode(node) => node.as_str().len(),
    }
}
