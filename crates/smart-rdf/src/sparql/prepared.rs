use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use oxrdf::{NamedNode, NamedOrBlankNodeRef, Term, Variable};
use spareval::{CancellationToken, QueryEvaluationError, QueryEvaluator, QueryResults};
use spargebra::SparqlParser;

use crate::graph::{Dataset, Graph, GraphBuilder};
use crate::guard;
use crate::limits::{Limit, LimitError};
use crate::sparql::dataset::{Budget, GraphDataset};
use crate::sparql::error::QueryError;
use crate::sparql::limits::QueryLimits;
use crate::sparql::results::{Answer, Row, Solutions};
use crate::sparql::syntax_error::{syntax_error, with_lower_booleans};
use crate::sparql::text::{self, TextMeter};
use crate::sparql::values::with_value;
use crate::sparql::{named, plan};

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

    /// A prefix that queries may use without declaring it. The IRI is checked when a query is prepared.
    #[must_use]
    pub fn with_prefix(mut self, name: impl Into<String>, iri: impl Into<String>) -> Self {
        self.prefixes.push((name.into(), iri.into()));
        self
    }

    /// Prefixes that queries may use without declaring them. The IRIs are checked when a query is prepared.
    #[must_use]
    pub fn with_prefixes<N: Into<String>, I: Into<String>>(
        self,
        prefixes: impl IntoIterator<Item = (N, I)>,
    ) -> Self {
        let prefixes = prefixes.into_iter();
        prefixes.fold(self, |sparql, (name, iri)| sparql.with_prefix(name, iri))
    }

    /// The absolute IRI that relative ones are resolved against, until a query sets its own. It is checked when a query is prepared.
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
        guard::check_query_plan(&query, &self.limits)?;
        Ok(Query::new(query, self.limits.clone()))
    }
}

/// A [SPARQL 1.1](https://www.w3.org/TR/sparql11-query/) query, read once and run on any number of graphs. A clone is cheap.
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
    /// The same with its text counted, if it makes any.
    metered: Option<Arc<spargebra::Query>>,
    /// The same, as the evaluator's optimizer would rewrite it, if that can be said.
    optimized: Option<Arc<spargebra::Query>>,
    /// Whether named graphs must be written out before it is run.
    asks_subtly: bool,
    limits: QueryLimits,
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

    /// The same query with a value in the place of a variable, so that no value needs to be pasted into the text. The variable is named
    /// without `?`.
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
    /// The query has no such variable, gives it a value itself, or the value is a blank node, which has no name outside of its graph.
    pub fn with(&self, name: &str, value: impl Into<Term>) -> Result<Self, QueryError> {
        let unknown = |_| QueryError::Variable {
            name: name.to_owned(),
        };
        let variable = Variable::new(name).map_err(unknown)?;
        let query = with_value((*self.query).clone(), &variable, &value.into())?;
        Ok(Self::new(query, self.limits.clone()))
    }

    fn new(query: spargebra::Query, limits: QueryLimits) -> Self {
        let metered = text::metered(&query);
        Self {
            optimized: optimized(metered.as_ref().unwrap_or(&query)).map(Arc::new),
            metered: metered.map(Arc::new),
            asks_subtly: named::is_subtle(&query),
            query: Arc::new(query),
            limits,
        }
    }

    /// The rows of a SELECT query.
    ///
    /// # Errors
    ///
    /// The query is of another form, or its evaluation fails or meets a limit; rows found until then are dropped.
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

    /// As [`Query::run`], but ends with [`QueryError::Canceled`] soon after `cancellation` is used, from another thread for instance.
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
        let budget = Budget::new(self.limits.steps, stop.clone());
        let meter = TextMeter::new(self.limits.text_bytes);
        let source = source.into();
        let answer = budget.run(|| self.evaluate_on(source, &budget, &meter, &stop));
        // The evaluator passes over some errors (an EXISTS that could not be decided is false), so a stopped evaluation may look like a
        // finished one.
        if stop.is_cancelled() {
            return Err(QueryError::Canceled);
        }
        self.check_text(&meter)?;
        match answer {
            Some(answer) if !budget.is_spent() => answer,
            _ => Err(LimitError::new(Limit::Steps, self.limits.steps, None).into()),
        }
    }

    fn evaluate_on(
        &self,
        source: Source<'_>,
        budget: &Budget,
        meter: &TextMeter,
        stop: &CancellationToken,
    ) -> Result<Answer, QueryError> {
        match source {
            Source::Graph(graph) => {
                if self.query.dataset().is_some() {
                    return Err(QueryError::Unsupported { keyword: "FROM" });
                }
                let written_out = self.written_out(&[]);
                let query = written_out.as_ref().unwrap_or(self);
                query.evaluate(GraphDataset::of_graph(graph, budget), meter, stop)
            }
            Source::Dataset(dataset) => {
                let written_out = self.written_out_for(dataset);
                let query = written_out.as_ref().unwrap_or(self);
                query.evaluate(GraphDataset::of_dataset(dataset, budget), meter, stop)
            }
            #[cfg(feature = "oxigraph")]
            Source::Store(store) => self.evaluate_on_store(store, meter, stop),
        }
    }

    /// The query for these graphs, where what it asks of them must be written out.
    fn written_out(&self, names: &[NamedNode]) -> Option<Self> {
        let query = self
            .asks_subtly
            .then(|| named::written_out(&self.query, names))??;
        Some(Self::new(query, self.limits.clone()))
    }

    fn written_out_for(&self, dataset: &Dataset) -> Option<Self> {
        if !self.asks_subtly {
            return None;
        }
        let of_query = self.query.dataset();
        let names: Vec<NamedNode> = dataset
            .named_graphs()
            .filter_map(|(name, _)| match name {
                NamedOrBlankNodeRef::NamedNode(name) => Some(name.into_owned()),
                NamedOrBlankNodeRef::BlankNode(_) => None,
            })
            .filter(|name| {
                of_query
                    .is_none_or(|chosen| chosen.named.iter().flatten().any(|other| other == name))
            })
            .collect();
        self.written_out(&names)
    }

    fn evaluate(
        &self,
        dataset: GraphDataset<'_>,
        meter: &TextMeter,
        stop: &CancellationToken,
    ) -> Result<Answer, QueryError> {
        let mut evaluator = QueryEvaluator::new().with_cancellation_token(stop.clone());
        if self.optimized.is_some() {
            evaluator = evaluator.without_optimizations();
        }
        if self.metered.is_some() {
            for (name, cost) in text::FUNCTIONS {
                let name = NamedNode::new_unchecked(name);
                evaluator = evaluator.with_custom_function(name, meter.counting(cost));
            }
        }
        let query = self.optimized.as_ref().or(self.metered.as_ref());
        let query = evaluator.prepare(query.unwrap_or(&self.query));
        let results = query.execute(dataset).map_err(evaluation_error)?;
        self.collect(results, meter)
    }

    #[cfg(feature = "oxigraph")]
    fn evaluate_on_store(
        &self,
        store: &oxigraph::store::Store,
        meter: &TextMeter,
        stop: &CancellationToken,
    ) -> Result<Answer, QueryError> {
        let mut evaluator =
            oxigraph::sparql::SparqlEvaluator::new().with_cancellation_token(stop.clone());
        for (name, cost) in text::FUNCTIONS {
            let name = NamedNode::new_unchecked(name);
            evaluator = evaluator.with_custom_function(name, meter.counting(cost));
        }
        let query = self.metered.as_ref().unwrap_or(&self.query);
        let query = evaluator.for_query((**query).clone());
        let results = query.on_store(store).execute().map_err(evaluation_error)?;
        self.collect(results, meter)
    }

    /// Stops at the first error: after one, the evaluator may still yield rows, and wrong ones.
    fn collect(&self, results: QueryResults<'_>, meter: &TextMeter) -> Result<Answer, QueryError> {
        match results {
            QueryResults::Boolean(answer) => Ok(Answer::Boolean(answer)),
            QueryResults::Graph(triples) => {
                let mut builder = GraphBuilder::default();
                for triple in triples {
                    self.check_rows(builder.inserted())?;
                    builder.insert(triple.map_err(evaluation_error)?.as_ref());
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
                    meter.spend_row(solution.values());
                    self.check_text(meter)?;
                    rows.push(Row::new(Arc::clone(&variables), solution));
                }
                Ok(Answer::Solutions(Solutions::new(variables, rows)))
            }
        }
    }

    fn check_text(&self, meter: &TextMeter) -> Result<(), QueryError> {
        if meter.is_spent() {
            return Err(LimitError::new(Limit::QueryText, self.limits.text_bytes, None).into());
        }
        Ok(())
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

fn optimized(query: &spargebra::Query) -> Option<spargebra::Query> {
    let mut query = query.clone();
    let (spargebra::Query::Select { pattern, .. }
    | spargebra::Query::Ask { pattern, .. }
    | spargebra::Query::Construct { pattern, .. }
    | spargebra::Query::Describe { pattern, .. }) = &mut query;
    *pattern = plan::optimized(pattern)?;
    Some(query)
}

fn evaluation_error(error: QueryEvaluationError) -> QueryError {
    match error {
        QueryEvaluationError::Cancelled => QueryError::Canceled,
        other => QueryError::Evaluation(Box::new(other)),
    }
}
