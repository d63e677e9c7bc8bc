//! What stands in `GRAPH ?g { … }` is run for each graph by itself, and `?g` is joined to its rows
//! ([SPARQL 1.1, 18.6](https://www.w3.org/TR/sparql11-query/#sparqlAlgebraEval)). The evaluator
//! runs it once, with `?g` as one more variable of each triple pattern: which is another thing
//! where the inner part counts, subtracts or mentions `?g`.

use oxrdf::{NamedNode, Variable};
use spargebra::Query;
use spargebra::algebra::{Expression, GraphPattern};
use spargebra::term::{NamedNodePattern, TermPattern};

use crate::sparql::rewrite::visitor::{Visitor, walk_pattern};
use crate::sparql::rewrite::{nothing, pattern_of};

/// The most graphs that a `GRAPH ?g { … }` is written out for.
const MOST_GRAPHS: usize = 256;

/// Whether the query asks for named graphs in a way that the evaluator gets wrong.
pub(crate) fn is_subtle(query: &Query) -> bool {
    // Looking changes nothing, but goes the same way as writing.
    let mut query = query.clone();
    let mut search = Search { found: false };
    search.pattern(pattern_of(&mut query));
    search.found
}

/// The query with each such part written out for each of these graphs; `None` if they are too many.
pub(crate) fn written_out(query: &Query, names: &[NamedNode]) -> Option<Query> {
    if names.len() > MOST_GRAPHS {
        return None;
    }
    let mut query = query.clone();
    Pass { names }.pattern(pattern_of(&mut query));
    Some(query)
}

struct Search {
    found: bool,
}

impl Visitor for Search {
    fn pattern(&mut self, pattern: &mut GraphPattern) {
        self.found |= subtle_part(pattern).is_some();
        walk_pattern(self, pattern);
    }
}

struct Pass<'n> {
    names: &'n [NamedNode],
}

impl Visitor for Pass<'_> {
    fn pattern(&mut self, pattern: &mut GraphPattern) {
        walk_pattern(self, pattern);
        let Some((variable, inner)) = subtle_part(pattern) else {
            return;
        };
        let of_graph = |name: &NamedNode| GraphPattern::Join {
            left: Box::new(GraphPattern::Graph {
                name: name.clone().into(),
                inner: Box::new(inner.clone()),
            }),
            right: Box::new(GraphPattern::Values {
                variables: vec![variable.clone()],
                bindings: vec![vec![Some(name.clone().into())]],
            }),
        };
        let all = self.names.iter().map(of_graph);
        *pattern = all
            .reduce(|left, right| GraphPattern::Union {
                left: Box::new(left),
                right: Box::new(right),
            })
            .unwrap_or_else(nothing);
    }
}

fn subtle_part(pattern: &GraphPattern) -> Option<(&Variable, &GraphPattern)> {
    match pattern {
        GraphPattern::Graph {
            name: NamedNodePattern::Variable(variable),
            inner,
        } if !is_plain(inner, variable) => Some((variable, inner)),
        _ => None,
    }
}

/// Whether it means the same with the name as one more variable of each pattern.
fn is_plain(pattern: &GraphPattern, name: &Variable) -> bool {
    let is_name =
        |term: &TermPattern| matches!(term, TermPattern::Variable(other) if other == name);
    match pattern {
        GraphPattern::Bgp { patterns } => patterns.iter().all(|triple| {
            let is_predicate =
                matches!(&triple.predicate, NamedNodePattern::Variable(other) if other == name);
            !is_name(&triple.subject) && !is_predicate && !is_name(&triple.object)
        }),
        GraphPattern::Path {
            subject, object, ..
        } => !is_name(subject) && !is_name(object),
        GraphPattern::Join { left, right } | GraphPattern::Union { left, right } => {
            is_plain(left, name) && is_plain(right, name)
        }
        GraphPattern::LeftJoin {
            left,
            right,
            expression,
        } => {
            is_plain(left, name)
                && is_plain(right, name)
                && expression.as_ref().is_none_or(|e| is_silent(e, name))
        }
        GraphPattern::Filter { expr, inner } => is_plain(inner, name) && is_silent(expr, name),
        _ => false,
    }
}

/// Whether an expression does not mention the name; one with a pattern inside is not looked into.
fn is_silent(expression: &Expression, name: &Variable) -> bool {
    let text = expression.to_string();
    !matches!(expression, Expression::Exists(_))
        && !text.contains("EXISTS")
        && !text.contains(&name.to_string())
}
