//! What is done to a query's algebra before the evaluator gets it.
//!
//! The evaluator has faults, and gives no account of some costs. Each of the small passes here
//! works around one of them, and has a test that shows the fault in the bare evaluator: once that
//! test fails, the pass can go.
//!
//! | pass | what the evaluator does |
//! |---|---|
//! | [`hidden_variables`] | counts what has no name in `COUNT(DISTINCT *)` |
//! | [`path_bags`] | drops the second of two ways along a path |
//! | [`zero_length_paths`] | finds no path of length zero at a term that the graph lacks |
//! | [`named_graphs`] | runs a `GRAPH ?g` once, not for each graph (done at each run, for its graphs) |
//! | [`regular_expressions`] | has patterns and replacements of Rust, not of XPath |
//! | [`casts`] | does not collapse space, and writes doubles in its own way |
//! | [`blank_nodes`] | makes one blank node of `BNODE("x")` for all rows |
//! | [`text_bounds`] | makes text without end |
//! | [`aggregates`] | concatenates only strings, and gives values in place of terms |
//! | [`sort_keys`] | sorts by an order that is not total, and panics |
//! | [`lexical_forms`] | gives a value's text in place of the term's |
//! | [`number_range`] | takes numbers that it has no room for as equal to nothing |
//!
//! [`values`] puts values in the place of variables, and [`plan`] fixes the order of joins once for
//! all runs.

mod aggregates;
mod blank_nodes;
mod casts;
mod hidden_variables;
mod lexical_forms;
pub(crate) mod named_graphs;
mod number_range;
mod path_bags;
pub(crate) mod plan;
mod regular_expressions;
mod sort_keys;
mod text_bounds;
pub(crate) mod values;
mod visitor;
mod zero_length_paths;

use oxrdf::Variable;
use spargebra::Query;
use spargebra::algebra::{Expression, Function as SparqlFunction, GraphPattern};

use crate::sparql::error::QueryError;
use crate::sparql::functions::{Aggregate, Function};

/// The query with patterns that the evaluator matches as SPARQL says.
pub(crate) fn patterns(query: &Query) -> Query {
    let mut query = query.clone();
    let pattern = pattern_of(&mut query);
    hidden_variables::project_them_out(pattern);
    path_bags::split(pattern);
    zero_length_paths::add(pattern);
    query
}

/// A query with calls of our own functions.
pub(crate) struct Rewritten {
    pub(crate) query: Query,
    pub(crate) calls: Calls,
}

/// The same with expressions that the evaluator computes as SPARQL says.
pub(crate) fn expressions(mut query: Query) -> Result<Rewritten, QueryError> {
    let mut calls = Calls::default();
    let pattern = pattern_of(&mut query);
    regular_expressions::replace(pattern, &mut calls)?;
    casts::prepare_input(pattern, &mut calls);
    blank_nodes::make_by_row(pattern, &mut calls);
    text_bounds::count(pattern, &mut calls);
    aggregates::replace(pattern, &mut calls);
    sort_keys::replace(pattern, &mut calls);
    lexical_forms::keep(pattern, &mut calls);
    number_range::check(pattern)?;
    Ok(Rewritten { query, calls })
}

/// The functions of ours that a query calls.
#[derive(Clone, Debug, Default)]
pub(crate) struct Calls {
    pub(crate) functions: Vec<Function>,
    pub(crate) aggregates: Vec<Aggregate>,
}

impl Calls {
    fn call(&mut self, function: Function, arguments: Vec<Expression>) -> Expression {
        let name = function.name();
        if self.functions.iter().all(|other| other.name() != name) {
            self.functions.push(function);
        }
        Expression::FunctionCall(SparqlFunction::Custom(name), arguments)
    }
}

/// The pattern of a query of any form.
pub(crate) fn pattern_of(query: &mut Query) -> &mut GraphPattern {
    let (Query::Select { pattern, .. }
    | Query::Ask { pattern, .. }
    | Query::Construct { pattern, .. }
    | Query::Describe { pattern, .. }) = query;
    pattern
}

/// A variable that no query can name.
fn own_variable(purpose: &str, number: usize) -> Variable {
    Variable::new_unchecked(format!("smart-rdf {purpose} {number}"))
}

/// Puts `change` of what stands there in its place.
fn replace_with<T>(place: &mut T, meanwhile: T, change: impl FnOnce(T) -> T) {
    let before = std::mem::replace(place, meanwhile);
    *place = change(before);
}

/// Puts `change` of an expression in its place.
fn wrap(place: &mut Expression, change: impl FnOnce(Expression) -> Expression) {
    replace_with(place, Expression::Coalesce(Vec::new()), change);
}

/// Puts `change` of a pattern in its place.
fn wrap_pattern(place: &mut GraphPattern, change: impl FnOnce(GraphPattern) -> GraphPattern) {
    replace_with(place, nothing(), change);
}

/// A pattern without rows.
fn nothing() -> GraphPattern {
    GraphPattern::Values {
        variables: Vec::new(),
        bindings: Vec::new(),
    }
}

/// The rows of a query in the bare evaluator, one line a row, for the tests that show its faults.
#[cfg(test)]
fn bare_rows(data: &str, query: &str) -> Vec<String> {
    use spareval::{QueryEvaluator, QueryResults};

    let graph = crate::Syntax::Turtle
        .parse(format!("@prefix : <urn:x:> . {data}").as_bytes())
        .unwrap();
    let mut dataset = oxrdf::Dataset::new();
    for triple in &graph {
        dataset.insert(triple.in_graph(oxrdf::GraphNameRef::DefaultGraph));
    }
    let query = spargebra::SparqlParser::new()
        .with_prefix("", "urn:x:")
        .unwrap()
        .with_prefix("xsd", "http://www.w3.org/2001/XMLSchema#")
        .unwrap()
        .parse_query(query)
        .unwrap();
    let evaluator = QueryEvaluator::new();
    let Ok(QueryResults::Solutions(rows)) = evaluator.prepare(&query).execute(&dataset) else {
        panic!("the evaluator gives no rows");
    };
    rows.map(|row| line(row.unwrap().values())).collect()
}

/// The same as this crate answers it.
#[cfg(test)]
pub(crate) fn rows(data: &str, query: &str) -> Vec<String> {
    let graph = crate::Syntax::Turtle
        .parse(format!("@prefix : <urn:x:> . {data}").as_bytes())
        .unwrap();
    let prefixes = [("", "urn:x:"), ("xsd", "http://www.w3.org/2001/XMLSchema#")];
    let query = crate::Query::prepare_with_prefixes(query, &prefixes).unwrap();
    let rows = query.select(&graph).unwrap();
    rows.rows().map(|row| line(row.values())).collect()
}

#[cfg(test)]
fn line(values: &[Option<oxrdf::Term>]) -> String {
    let cells = values.iter().map(|value| match value {
        None => "-",
        Some(oxrdf::Term::Literal(literal)) => literal.value(),
        Some(oxrdf::Term::NamedNode(node)) => node.as_str(),
        Some(oxrdf::Term::BlankNode(_)) => "_",
    });
    cells.collect::<Vec<_>>().join(" | ")
}
