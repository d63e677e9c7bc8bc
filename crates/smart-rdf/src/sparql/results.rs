use std::sync::Arc;
use std::{fmt, slice, vec};

use oxrdf::Term;
use spareval::QuerySolution;

use crate::graph::Graph;

/// What a query answers, by its form.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Answer {
    /// Of an ASK query.
    Boolean(bool),
    /// Of a CONSTRUCT or DESCRIBE query.
    Graph(Graph),
    /// Of a SELECT query.
    Solutions(Solutions),
}

/// The rows of a SELECT query ([SPARQL 1.1, 16.1](https://www.w3.org/TR/sparql11-query/#select)).
#[derive(Clone, Debug)]
pub struct Solutions {
    variables: Arc<[String]>,
    rows: Vec<Row>,
}

impl Solutions {
    pub(crate) fn new(variables: Arc<[String]>, rows: Vec<Row>) -> Self {
        Self { variables, rows }
    }

    /// The names of the variables, without `?`, in the order of the query.
    pub fn variables(&self) -> &[String] {
        &self.variables
    }

    /// The rows, in the query's order.
    pub fn rows(&self) -> slice::Iter<'_, Row> {
        self.rows.iter()
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

impl IntoIterator for Solutions {
    type Item = Row;
    type IntoIter = vec::IntoIter<Row>;

    fn into_iter(self) -> Self::IntoIter {
        self.rows.into_iter()
    }
}

impl<'a> IntoIterator for &'a Solutions {
    type Item = &'a Row;
    type IntoIter = slice::Iter<'a, Row>;

    fn into_iter(self) -> Self::IntoIter {
        self.rows.iter()
    }
}

/// One row: a term, or nothing, for each variable. It lives on without its [`Solutions`].
#[derive(Clone)]
pub struct Row {
    variables: Arc<[String]>,
    solution: Arc<QuerySolution>,
}

impl Row {
    pub(crate) fn new(variables: Arc<[String]>, solution: QuerySolution) -> Self {
        Self {
            variables,
            solution: Arc::new(solution),
        }
    }

    /// The term of a variable, named without `?`; `None` if it is unbound in this row or no
    /// variable of the query.
    pub fn get(&self, name: &str) -> Option<&Term> {
        let index = self
            .variables
            .iter()
            .position(|variable| variable == name)?;
        self.values().get(index)?.as_ref()
    }

    /// The text of a variable's term: the IRI, the lexical form of a literal, or the label of a
    /// blank node.
    pub fn text(&self, name: &str) -> Option<&str> {
        Some(match self.get(name)? {
            Term::NamedNode(node) => node.as_str(),
            Term::BlankNode(node) => node.as_str(),
            Term::Literal(literal) => literal.value(),
        })
    }

    /// The names of the variables, without `?`, in the order of the query.
    pub fn variables(&self) -> &[String] {
        &self.variables
    }

    /// The terms, in the order of [`Row::variables`].
    pub fn values(&self) -> &[Option<Term>] {
        self.solution.values()
    }
}

impl PartialEq for Row {
    fn eq(&self, other: &Self) -> bool {
        self.variables == other.variables && self.values() == other.values()
    }
}

impl Eq for Row {}

/// The bound variables, with terms as in N-Triples.
impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bound = self.variables.iter().zip(self.values());
        f.debug_map()
            .entries(bound.filter_map(|(name, value)| Some((name, value.as_ref()?.to_string()))))
            .finish()
    }
}
