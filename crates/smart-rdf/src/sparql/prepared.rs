use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use oxrdf::{NamedNode, NamedOrBlankNodeRef, Term, Variable};
use spareval::{
    AggregateFunctionAccumulator, CancellationToken, QueryEvaluationError, QueryEvaluator,
    QueryResults,
};
use spargebra::SparqlParser;

use crate::graph::{Dataset, Graph, GraphBuilder};
use crate::guard;
use crate::limits::{Limit, LimitError};
use crate::sparql::dataset::GraphDataset;
use crate::sparql::error::QueryError;
use crate::sparql::functions::Aggregate;
use crate::sparql::limits::QueryLimits;
use crate::sparql::order::RowOrder;
use crate::sparql::results::{Answer, Row, Solutions};
use crate::sparql::rewrite::values::with_value;
use crate::sparql::rewrite::{self, Calls, Rewritten, named_graphs, plan};
use crate::sparql::run::Run;
use crate::sparql::syntax_error::{syntax_error, with_lower_booleans};

/// What a query runs on: a [`Graph`], a [`Dataset`] or, with the feature `oxigraph`, a store.
///
/// On a store the steps of [`QueryLimits`] are not counted, only the rows and the text.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Source<'s> {
    /// One graph. A query must not say `FROM` then.
    Graph(&'s Graph),
    /// Several graphs.
    Dataset(&'s Dataset),
    /// A store of quads.
    #[cfg(feature = "oxigraph")]
    Store(&'s oxigraph::store::Store),
}

impl Source<'_> {
    /// Whether terms pass through our own dataset.
    fn is_ours(self) -> bool {
        match self {
            Self::Graph(_) | Self::Dataset(_) => true,
            #[cfg(feature = "oxigraph")]
            Self::Store(_) => false,
        }
    }
}

impl<'s> From<&'s Graph> for Source<'s> {
    fn from(graph: &'s Graph) -> Self {
        Self::Graph(graph)
    }
}

impl<'s> From<&'s Dataset> for Source<'s> {
    fn from(dataset: &'s Dataset) -> Self {
        Self::Dataset(dataset)
    }
}

#[cfg(feature = "oxigraph")]
impl<'s> From<&'s oxigraph::store::Store> for Source<'s> {
    fn from(store: &'s oxigraph::store::Store) -> Self {
        Self::Store(store)
    }
}

impl fmt::Debug for Source<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Graph(_) => "Graph",
            Self::Dataset(_) => "Dataset",
            #[cfg(feature = "oxigraph")]
            Self::Store(_) => "Store",
        })
    }
}

/// Prepares queries: prefixes that they need not declare, and [`QueryLimits`].
///
/// ```
/// use smart_rdf::{QueryLimits, Sparql};
///
/// let sparql = Sparql::new()
///     .with_prefix("dcterms", "http://purl.org/dc/terms/")
///     .with_limits(QueryLimits::default().with_rows(100));
/// let query = sparql.prepare("SELECT ?title { ?s dcterms:title ?title }")?;
/// # Ok::<_, smart_rdf::QueryError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Sparql {
    prefixes: Vec<(String, String)>,
    base_iri: Option<String>,
    limits: QueryLimits,
}

impl Sparql {
    /// No prefixes, default limits.
    pub fn new() -> Self {
        Self::default()
    }

    /// A prefix that queries may use without declaring it. The IRI is checked when a query is
    /// prepared.
    #[must_use]
    pub fn with_prefix(mut self, name: impl Into<String>, iri: impl Into<String>) -> Self {
        self.prefixes.push((name.into(), iri.into()));
        self
    }

    /// Prefixes that queries may use without declaring them. The IRIs are checked when a query is
    /// prepared.
    #[must_use]
    pub fn with_prefixes<N: Into<String>, I: Into<String>>(
        self,
        prefixes: impl IntoIterator<Item = (N, I)>,
    ) -> Self {
        let prefixes = prefixes.into_iter();
        prefixes.fold(self, |sparql, (name, iri)| sparql.with_prefix(name, iri))
    }

    /// The absolute IRI that relative ones are resolved against, until a query sets its own. It is
    /// checked when a query is prepared.
    #[must_use]
    pub fn with_base_iri(mut self, iri: impl Into<String>) -> Self {
        self.base_iri = Some(iri.into());
        self
    }

    /// Other bounds than the default ones.
    #[must_use]
    pub fn with_limits(mut self, limits: QueryLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Reads a query once, to be run any number of times.
    ///
    /// # Errors
    ///
    /// The query is malformed, too large, or would leave the machine (`SERVICE`).
    pub fn prepare(&self, text: &str) -> Result<Query, QueryError> {
        guard::check_query_text(text, &self.limits)?;
        let mut parser = SparqlParser::new();
        if let Some(iri) = &self.base_iri {
            parser = parser
                .with_base_iri(iri)
                .map_err(|error| QueryError::BaseIri {
                    iri: iri.clone(),
                    message: error.to_string(),
                })?;
        }
        for (name, iri) in &self.prefixes {
            parser = parser
                .with_prefix(name, iri)
                .map_err(|error| QueryError::Prefix {
                    name: name.clone(),
                    iri: iri.clone(),
                    message: error.to_string(),
                })?;
        }
        let query = parser
            .clone()
            .parse_query(text)
            .or_else(|error| {
                parser
                    .clone()
                    .parse_query(&with_lower_booleans(text).ok_or(error)?)
            })
            .map_err(|_| syntax_error(text, &parser))?;
        Query::new(query, self.limits.clone())
    }
}

/// A [SPARQL 1.1](https://www.w3.org/TR/sparql11-query/) query, read once and run on any number of
/// graphs. A clone is cheap.
///
/// ```
/// use smart_rdf::{Query, Syntax};
///
/// let graph = Syntax::Turtle.parse(b"
///     @prefix : <http://example.org/> .
///     :a a :Medication ; :name 'Aspirin' .
///     :b a :Medication .
/// ")?;
/// let query = Query::prepare("
///     PREFIX : <http://example.org/>
///     SELECT ?name { ?m a :Medication OPTIONAL { ?m :name ?name } } ORDER BY ?m
/// ")?;
/// let names: Vec<_> = query.select(&graph)?.rows().map(|row| row.text("name").map(str::to_owned)).collect();
/// assert_eq!(names, [Some("Aspirin".to_owned()), None]);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Query {
    query: Arc<spargebra::Query>,
    /// The same as the evaluator gets it.
    runnable: Arc<Runnable>,
    limits: QueryLimits,
}

/// A query that was rewritten.
struct Runnable {
    query: spargebra::Query,
    calls: Calls,
    /// How its rows are sorted, if that is not left to the evaluator.
    order: Option<RowOrder>,
    /// Whether the order of its joins is fixed already.
    is_planned: bool,
    /// Whether named graphs must be written out before it is run.
    asks_subtly: bool,
    /// Whether it has patterns that share no variable.
    has_products: bool,
}

impl Query {
    /// Reads a query, with default limits and no other prefixes than its own.
    ///
    /// # Errors
    ///
    /// As for [`Sparql::prepare`].
    pub fn prepare(text: &str) -> Result<Self, QueryError> {
        Sparql::new().prepare(text)
    }

    /// Reads a query that may use these prefixes without declaring them.
    ///
    /// # Errors
    ///
    /// As for [`Sparql::prepare`].
    pub fn prepare_with_prefixes(
        text: &str,
        prefixes: &[(&str, &str)],
    ) -> Result<Self, QueryError> {
        prefixes
            .iter()
            .fold(Sparql::new(), |sparql, (name, iri)| {
                sparql.with_prefix(*name, *iri)
            })
            .prepare(text)
    }

    /// The same query with a value for a variable, so that no value needs to be pasted into the
    /// text. The variable is named without `?`.
    ///
    /// The answer is as if each pattern that mentions the variable were joined with the value.
    /// Where an `OPTIONAL` does not match, the variable stays unbound, as it would without a value.
    ///
    /// ```
    /// use smart_rdf::{NamedNode, Query, Syntax};
    ///
    /// let graph = Syntax::Turtle.parse(b"<a:m> <a:name> 'Aspirin' . <a:n> <a:name> 'Ibuprofen' .")?;
    /// let query = Query::prepare("SELECT ?name { ?medication <a:name> ?name }")?;
    /// let rows = query.with("medication", NamedNode::new("a:n")?)?.select(&graph)?;
    /// assert_eq!(rows.rows().next().and_then(|row| row.text("name")), Some("Ibuprofen"));
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The query has no such variable, gives it a value itself, or the value is a blank node, which
    /// has no name outside of its graph.
    pub fn with(&self, name: &str, value: impl Into<Term>) -> Result<Self, QueryError> {
        let unknown = |_| QueryError::Variable {
            name: name.to_owned(),
        };
        let variable = Variable::new(name).map_err(unknown)?;
        let query = with_value((*self.query).clone(), &variable, &value.into())?;
        Self::new(query, self.limits.clone())
    }

    fn new(query: spargebra::Query, limits: QueryLimits) -> Result<Self, QueryError> {
        let patterns = rewrite::patterns(&query);
        guard::check_query_plan(&patterns, &limits)?;
        let runnable = Runnable::new(patterns)?;
        Ok(Self {
            query: Arc::new(query),
            runnable: Arc::new(runnable),
            limits,
        })
    }

    /// The rows of a SELECT query.
    ///
    /// # Errors
    ///
    /// The query is of another form, or its evaluation fails or meets a limit; rows found until
    /// then are dropped.
    pub fn select<'s>(&self, source: impl Into<Source<'s>>) -> Result<Solutions, QueryError> {
        self.expect_form("SELECT")?;
        match self.run(source)? {
            Answer::Solutions(solutions) => Ok(solutions),
            Answer::Boolean(_) | Answer::Graph(_) => Err(self.unexpected("SELECT")),
        }
    }

    /// The answer to an ASK query.
    ///
    /// # Errors
    ///
    /// As for [`Query::select`].
    pub fn ask<'s>(&self, source: impl Into<Source<'s>>) -> Result<bool, QueryError> {
        self.expect_form("ASK")?;
        match self.run(source)? {
            Answer::Boolean(answer) => Ok(answer),
            Answer::Graph(_) | Answer::Solutions(_) => Err(self.unexpected("ASK")),
        }
    }

    /// The graph of a CONSTRUCT or DESCRIBE query.
    ///
    /// # Errors
    ///
    /// As for [`Query::select`].
    pub fn construct<'s>(&self, source: impl Into<Source<'s>>) -> Result<Graph, QueryError> {
        if self.form() != "DESCRIBE" {
            self.expect_form("CONSTRUCT")?;
        }
        match self.run(source)? {
            Answer::Graph(graph) => Ok(graph),
            Answer::Boolean(_) | Answer::Solutions(_) => Err(self.unexpected("CONSTRUCT")),
        }
    }

    /// The answer to a query of any form.
    ///
    /// # Errors
    ///
    /// The evaluation fails or meets a limit; what was found until then is dropped.
    pub fn run<'s>(&self, source: impl Into<Source<'s>>) -> Result<Answer, QueryError> {
        self.run_until(source, &Cancellation::new())
    }

    /// As [`Query::run`], but ends with [`QueryError::Canceled`] soon after `cancellation` is used,
    /// from another thread for instance.
    ///
    /// # Errors
    ///
    /// As for [`Query::run`], and the cancellation.
    pub fn run_until<'s>(
        &self,
        source: impl Into<Source<'s>>,
        cancellation: &Cancellation,
    ) -> Result<Answer, QueryError> {
        let stop = cancellation.0.clone();
        if stop.is_cancelled() {
            return Err(QueryError::Canceled);
        }
        let source = source.into();
        let run = Arc::new(Run::new(&self.limits, stop, source.is_ours()));
        let answer = run.within(|| self.evaluate_on(source, &run));
        run.check()?;
        answer.unwrap_or_else(|| Err(run.over_steps()))
    }

    fn evaluate_on(&self, source: Source<'_>, run: &Arc<Run>) -> Result<Answer, QueryError> {
        match source {
            Source::Graph(graph) => {
                if self.query.dataset().is_some() {
                    return Err(QueryError::Unsupported { keyword: "FROM" });
                }
                let dataset = GraphDataset::of_graph(graph, run);
                let written_out = self.written_out(|| Some(Vec::new()))?;
                self.evaluate(written_out.as_ref(), dataset, run)
            }
            Source::Dataset(data) => {
                let dataset = GraphDataset::of_dataset(data, run);
                let written_out = self.written_out(|| Some(self.names_in(data)))?;
                self.evaluate(written_out.as_ref(), dataset, run)
            }
            #[cfg(feature = "oxigraph")]
            Source::Store(store) => self.evaluate_on_store(store, run),
        }
    }

    /// The query for these graphs, where what it asks of them must be written out.
    fn written_out(
        &self,
        names: impl FnOnce() -> Option<Vec<NamedNode>>,
    ) -> Result<Option<Runnable>, QueryError> {
        if !self.runnable.asks_subtly {
            return Ok(None);
        }
        let query = names()
            .and_then(|names| named_graphs::written_out(&rewrite::patterns(&self.query), &names));
        query.map(Runnable::new).transpose()
    }

    /// The named graphs that the query is run on.
    fn names_in(&self, dataset: &Dataset) -> Vec<NamedNode> {
        let of_query = self.query.dataset();
        dataset
            .named_graphs()
            .filter_map(|(name, _)| match name {
                NamedOrBlankNodeRef::NamedNode(name) => Some(name.into_owned()),
                NamedOrBlankNodeRef::BlankNode(_) => None,
            })
            .filter(|name| {
                of_query
                    .is_none_or(|chosen| chosen.named.iter().flatten().any(|other| other == name))
            })
            .collect()
    }

    fn evaluate(
        &self,
        written_out: Option<&Runnable>,
        dataset: GraphDataset<'_>,
        run: &Arc<Run>,
    ) -> Result<Answer, QueryError> {
        let runnable = written_out.unwrap_or(&self.runnable);
        if runnable.has_products {
            guard::check_products(&runnable.query, &self.limits, |triple| {
                dataset.matches(triple)
            })?;
        }
        let mut evaluator = QueryEvaluator::new().with_cancellation_token(run.stop().clone());
        if runnable.is_planned {
            evaluator = evaluator.without_optimizations();
        }
        for function in &runnable.calls.functions {
            evaluator = evaluator.with_custom_function(function.name(), function.in_run(run));
        }
        for aggregate in &runnable.calls.aggregates {
            let (name, start) = (aggregate.name(), accumulators(aggregate, run));
            evaluator = evaluator.with_custom_aggregate_function(name, start);
        }
        let query = evaluator.prepare(&runnable.query);
        let results = query.execute(dataset).map_err(evaluation_error)?;
        self.collect(results, runnable.order.as_ref(), run)
    }

    #[cfg(feature = "oxigraph")]
    fn evaluate_on_store(
        &self,
        store: &oxigraph::store::Store,
        run: &Arc<Run>,
    ) -> Result<Answer, QueryError> {
        let Rewritten { query, calls } = rewrite::expressions(rewrite::patterns(&self.query))?;
        let mut evaluator =
            oxigraph::sparql::SparqlEvaluator::new().with_cancellation_token(run.stop().clone());
        for function in &calls.functions {
            evaluator = evaluator.with_custom_function(function.name(), function.in_run(run));
        }
        for aggregate in &calls.aggregates {
            let (name, start) = (aggregate.name(), accumulators(aggregate, run));
            evaluator = evaluator.with_custom_aggregate_function(name, start);
        }
        let query = evaluator.for_query(query);
        let results = query.on_store(store).execute().map_err(evaluation_error)?;
        self.collect(results, None, run)
    }

    /// Stops at the first error: after one, the evaluator may still yield rows, and wrong ones.
    fn collect(
        &self,
        results: QueryResults<'_>,
        order: Option<&RowOrder>,
        run: &Run,
    ) -> Result<Answer, QueryError> {
        match results {
            QueryResults::Boolean(answer) => Ok(Answer::Boolean(answer)),
            QueryResults::Graph(triples) => {
                let mut builder = GraphBuilder::default();
                for triple in triples {
                    self.check_rows(builder.inserted())?;
                    let triple = triple.map_err(evaluation_error)?;
                    run.triple(&triple);
                    run.check_size()?;
                    builder.insert(triple.as_ref());
                }
                Ok(Answer::Graph(builder.build()))
            }
            QueryResults::Solutions(solutions) => {
                let variables: Arc<[String]> = solutions
                    .variables()
                    .iter()
                    .map(|variable| variable.as_str().to_owned())
                    .collect();
                let mut rows = Vec::new();
                for solution in solutions {
                    self.check_rows(rows.len())?;
                    let solution = solution.map_err(evaluation_error)?;
                    run.row(solution.values());
                    run.check_size()?;
                    rows.push(Row::new(Arc::clone(&variables), solution));
                }
                if let Some(order) = order {
                    rows = order.sort(rows);
                }
                Ok(Answer::Solutions(Solutions::new(variables, rows)))
            }
        }
    }

    #[cfg(test)]
    pub(crate) fn sorts_rows(&self) -> bool {
        self.runnable.order.is_some()
    }

    fn check_rows(&self, so_far: usize) -> Result<(), QueryError> {
        if so_far >= self.limits.rows {
            return Err(LimitError::new(Limit::Rows, self.limits.rows, None).into());
        }
        Ok(())
    }

    fn form(&self) -> &'static str {
        match &*self.query {
            spargebra::Query::Select { .. } => "SELECT",
            spargebra::Query::Ask { .. } => "ASK",
            spargebra::Query::Construct { .. } => "CONSTRUCT",
            spargebra::Query::Describe { .. } => "DESCRIBE",
        }
    }

    fn expect_form(&self, expected: &'static str) -> Result<(), QueryError> {
        if self.form() == expected {
            Ok(())
        } else {
            Err(self.unexpected(expected))
        }
    }

    fn unexpected(&self, expected: &'static str) -> QueryError {
        QueryError::Form {
            expected,
            found: self.form(),
        }
    }
}

impl FromStr for Query {
    type Err = QueryError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::prepare(text)
    }
}

/// The query in SPARQL, prefixes resolved.
impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.query.fmt(f)
    }
}

impl fmt::Debug for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Query")
            .field(&format_args!("{}", self.query))
            .finish()
    }
}

/// Stops a running query from outside: clones share one switch. It cannot be switched back.
///
/// The evaluator looks at the switch between triples, not inside a single computation.
#[derive(Clone, Default)]
pub struct Cancellation(CancellationToken);

impl Cancellation {
    /// A switch that is off.
    pub fn new() -> Self {
        Self::default()
    }

    /// Ends every query that runs with this switch or a clone of it.
    pub fn cancel(&self) {
        self.0.cancel();
    }

    /// Whether the switch was used.
    pub fn is_canceled(&self) -> bool {
        self.0.is_cancelled()
    }
}

impl fmt::Debug for Cancellation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cancellation")
            .field(&self.is_canceled())
            .finish()
    }
}

impl Runnable {
    /// The query with its patterns rewritten already.
    fn new(mut query: spargebra::Query) -> Result<Self, QueryError> {
        let order = RowOrder::take(rewrite::pattern_of(&mut query));
        let asks_subtly = named_graphs::is_subtle(&query);
        let has_products = guard::has_products(&query);
        let Rewritten { mut query, calls } = rewrite::expressions(query)?;
        let pattern = rewrite::pattern_of(&mut query);
        let planned = plan::optimized(pattern);
        let is_planned = planned.is_some();
        if let Some(planned) = planned {
            *pattern = planned;
        }
        Ok(Self {
            query,
            calls,
            order,
            is_planned,
            asks_subtly,
            has_products,
        })
    }
}

/// What starts an aggregate of ours in each group.
fn accumulators(
    aggregate: &Aggregate,
    run: &Arc<Run>,
) -> impl Fn() -> Box<dyn AggregateFunctionAccumulator + Send + Sync> + Send + Sync + use<> {
    let (aggregate, run) = (aggregate.clone(), Arc::clone(run));
    move || Box::new(aggregate.start(&run))
}

fn evaluation_error(error: QueryEvaluationError) -> QueryError {
    match error {
        QueryEvaluationError::Cancelled => QueryError::Canceled,
        other => QueryError::Evaluation(Box::new(other)),
    }
}
