use std::collections::BTreeSet;

use spargebra::Query;
use spargebra::algebra::{Expression, GraphPattern};
use spargebra::term::{NamedNodePattern, TermPattern, TriplePattern};

use crate::limits::{Limit, LimitError};
use crate::sparql::{QueryError, QueryLimits};

/// Checks that patterns which share no variable do not match more often together than the query may
/// take steps.
///
/// The evaluator would multiply their rows in memory, without a look at the graph where it could be
/// stopped. Only what is certain is refused: rows that a `LIMIT` may spare, or a filter on one of
/// the patterns, are not counted.
pub(crate) fn check_products(
    query: &Query,
    limits: &QueryLimits,
    matches: impl Fn(&TriplePattern) -> usize,
) -> Result<(), QueryError> {
    // With FROM, the patterns are matched in other graphs.
    if query.dataset().is_some() || largest_product(query, &matches) <= limits.steps {
        return Ok(());
    }
    Err(LimitError::new(Limit::Steps, limits.steps, None).into())
}

/// Whether there is anything to check when it is run.
pub(crate) fn has_products(query: &Query) -> bool {
    largest_product(query, &|_| 2) > 2
}

fn largest_product(query: &Query, matches: &dyn Fn(&TriplePattern) -> usize) -> usize {
    let mut search = Search {
        matches,
        largest: 0,
    };
    match query {
        Query::Ask { pattern, .. } => search.look(pattern, false),
        Query::Select { pattern, .. }
        | Query::Construct { pattern, .. }
        | Query::Describe { pattern, .. } => search.look(pattern, true),
    }
    search.largest
}

struct Search<'m> {
    matches: &'m dyn Fn(&TriplePattern) -> usize,
    largest: usize,
}

impl Search<'_> {
    /// `all` says whether all rows of the pattern are made.
    fn look(&mut self, pattern: &GraphPattern, all: bool) {
        match pattern {
            GraphPattern::LeftJoin { left, .. } => self.look(left, all),
            // An `OPTIONAL` that is planned.
            GraphPattern::Lateral { left, right }
                if matches!(**right, GraphPattern::LeftJoin { .. }) =>
            {
                self.look(left, all);
            }
            GraphPattern::Bgp { .. }
            | GraphPattern::Filter { .. }
            | GraphPattern::Join { .. }
            | GraphPattern::Lateral { .. } => {
                if all {
                    self.multiply(pattern);
                }
            }
            GraphPattern::Slice { inner, length, .. } => {
                self.look(inner, all && length.is_none());
            }
            GraphPattern::OrderBy { inner, .. } | GraphPattern::Group { inner, .. } => {
                self.look(inner, true);
            }
            GraphPattern::Distinct { inner }
            | GraphPattern::Extend { inner, .. }
            | GraphPattern::Project { inner, .. }
            | GraphPattern::Reduced { inner } => self.look(inner, all),
            GraphPattern::Union { left, right } => {
                self.look(left, all);
                self.look(right, all);
            }
            GraphPattern::Minus { left, right } => {
                self.look(left, all);
                self.look(right, true);
            }
            GraphPattern::Graph { .. }
            | GraphPattern::Path { .. }
            | GraphPattern::Service { .. }
            | GraphPattern::Values { .. } => {}
        }
    }

    fn multiply(&mut self, pattern: &GraphPattern) {
        let mut joined = Joined::default();
        if !joined.collect(pattern) {
            return;
        }
        let parts = joined.connected_parts();
        if joined.filters.iter().any(|names| {
            let mut touched = parts.iter().filter(|(part, _)| !part.is_disjoint(names));
            // A filter on one part is applied before the rows are multiplied.
            touched.next().is_none() || touched.next().is_none()
        }) {
            return;
        }
        let product = parts.iter().fold(1, |product: usize, (_, triples)| {
            // How often several match together is not known without matching them.
            let matches = match triples.as_slice() {
                [triple] => (self.matches)(triple),
                _ => 0,
            };
            product.saturating_mul(matches)
        });
        self.largest = self.largest.max(product);
    }
}

type Names<'q> = BTreeSet<&'q str>;

/// What is joined, and the variables of each filter.
#[derive(Default)]
struct Joined<'q> {
    triples: Vec<&'q TriplePattern>,
    filters: Vec<Names<'q>>,
}

impl<'q> Joined<'q> {
    /// False if there is something of which it is not known how many rows it has.
    fn collect(&mut self, pattern: &'q GraphPattern) -> bool {
        match pattern {
            GraphPattern::Bgp { patterns } => {
                self.triples.extend(patterns);
                true
            }
            GraphPattern::Join { left, right } | GraphPattern::Lateral { left, right } => {
                self.collect(left) && self.collect(right)
            }
            GraphPattern::Filter { expr, inner } => self.filter(expr) && self.collect(inner),
            _ => false,
        }
    }

    fn filter(&mut self, expression: &'q Expression) -> bool {
        if let Expression::And(left, right) = expression {
            return self.filter(left) && self.filter(right);
        }
        let mut names = Names::new();
        let is_known = names_in(expression, &mut names);
        self.filters.push(names);
        is_known
    }

    fn connected_parts(&self) -> Vec<(Names<'q>, Vec<&'q TriplePattern>)> {
        let mut parts: Vec<(Names<'q>, Vec<&'q TriplePattern>)> = Vec::new();
        for triple in &self.triples {
            let mut part = (names_of(triple), vec![*triple]);
            // A variable that a triple names twice is a condition on its matches.
            if part.0.len() < variables(triple).count() {
                part.1.push(triple);
            }
            let (connected, others): (Vec<_>, Vec<_>) = parts
                .into_iter()
                .partition(|(names, _)| !names.is_disjoint(&part.0));
            for (names, triples) in connected {
                part.0.extend(names);
                part.1.extend(triples);
            }
            parts = others;
            parts.push(part);
        }
        parts
    }
}

fn names_of(triple: &TriplePattern) -> Names<'_> {
    variables(triple).collect()
}

fn variables(triple: &TriplePattern) -> impl Iterator<Item = &str> {
    let predicate = match &triple.predicate {
        NamedNodePattern::Variable(variable) => Some(variable.as_str()),
        NamedNodePattern::NamedNode(_) => None,
    };
    [end(&triple.subject), predicate, end(&triple.object)]
        .into_iter()
        .flatten()
}

fn end(term: &TermPattern) -> Option<&str> {
    match term {
        TermPattern::Variable(variable) => Some(variable.as_str()),
        TermPattern::BlankNode(node) => Some(node.as_str()),
        TermPattern::Literal(_) | TermPattern::NamedNode(_) => None,
    }
}

/// False if there may be more variables than were found.
fn names_in<'q>(expression: &'q Expression, names: &mut Names<'q>) -> bool {
    match expression {
        Expression::NamedNode(_) | Expression::Literal(_) => true,
        Expression::Variable(variable) | Expression::Bound(variable) => {
            names.insert(variable.as_str());
            true
        }
        Expression::Or(left, right)
        | Expression::And(left, right)
        | Expression::Equal(left, right)
        | Expression::SameTerm(left, right)
        | Expression::Greater(left, right)
        | Expression::GreaterOrEqual(left, right)
        | Expression::Less(left, right)
        | Expression::LessOrEqual(left, right)
        | Expression::Add(left, right)
        | Expression::Subtract(left, right)
        | Expression::Multiply(left, right)
        | Expression::Divide(left, right) => names_in(left, names) && names_in(right, names),
        Expression::UnaryPlus(inner) | Expression::UnaryMinus(inner) | Expression::Not(inner) => {
            names_in(inner, names)
        }
        Expression::In(value, list) => {
            names_in(value, names) && list.iter().all(|part| names_in(part, names))
        }
        Expression::Exists(_) => false,
        Expression::If(condition, then, otherwise) => [condition, then, otherwise]
            .into_iter()
            .all(|part| names_in(part, names)),
        Expression::Coalesce(list) | Expression::FunctionCall(_, list) => {
            list.iter().all(|part| names_in(part, names))
        }
    }
}
