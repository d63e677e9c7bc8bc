//! The order of joins, fixed once for all runs of a query: the evaluator plans at each.

use spargebra::algebra::GraphPattern as Written;
use sparopt::Optimizer;
use sparopt::algebra::{
    AggregateExpression, Expression, GraphPattern, JoinAlgorithm, LeftJoinAlgorithm,
    MinusAlgorithm, OrderExpression,
};

use crate::sparql::rewrite::visitor::{Visitor, walk_pattern};
use crate::sparql::rewrite::wrap_pattern;

/// The pattern as the evaluator's own optimizer would rewrite it, so that it need not do so at
/// every run; `None` if what it decided cannot be said in SPARQL's algebra.
///
/// The evaluator takes queries in the algebra only. Loops over the rows of a part are in it (as
/// `LATERAL`); the keys of a hash join are not, and without them it would compare all rows with
/// all.
pub(crate) fn optimized(pattern: &Written) -> Option<Written> {
    let plan = |pattern: &Written| write(&Optimizer::optimize_graph_pattern(pattern.into()));
    plan(pattern).or_else(|| {
        let mut with_loops = pattern.clone();
        OptionalLoops.pattern(&mut with_loops);
        plan(&with_loops)
    })
}

/// Looks for the triples of each `OPTIONAL` once for each row before it, not for all rows at once.
///
/// The optimizer would do so as well, as it does for all other patterns, but its estimates overflow
/// where there are several triples. Other patterns are left alone: with the values of the row they
/// could mean something else.
struct OptionalLoops;

impl Visitor for OptionalLoops {
    fn pattern(&mut self, pattern: &mut Written) {
        walk_pattern(self, pattern);
        wrap_pattern(pattern, |pattern| match pattern {
            Written::LeftJoin {
                left,
                right,
                expression,
            } if matches!(*right, Written::Bgp { .. }) => Written::Lateral {
                left,
                right: Box::new(Written::LeftJoin {
                    left: Box::default(),
                    right,
                    expression,
                }),
            },
            other => other,
        });
    }
}

const MOST_OPERANDS: usize = 32;

fn write(pattern: &GraphPattern) -> Option<Written> {
    let boxed = |inner: &GraphPattern| write(inner).map(Box::new);
    Some(match pattern {
        GraphPattern::QuadPattern { .. }
        | GraphPattern::Path { .. }
        | GraphPattern::Graph { .. }
        | GraphPattern::Values { .. } => pattern.into(),
        // The plain conversion would put neighboring patterns in one group again, and the order
        // would be lost.
        GraphPattern::Lateral { left, right } => Written::Lateral {
            left: boxed(left)?,
            right: boxed(right)?,
        },
        GraphPattern::Join {
            left,
            right,
            algorithm: JoinAlgorithm::HashBuildLeftProbeRight { keys },
        } if keys.is_empty() => Written::Join {
            left: boxed(left)?,
            right: boxed(right)?,
        },
        GraphPattern::LeftJoin {
            left,
            right,
            expression,
            algorithm: LeftJoinAlgorithm::HashBuildRightProbeLeft { keys },
        } if keys.is_empty() => Written::LeftJoin {
            left: boxed(left)?,
            right: boxed(right)?,
            expression: Some(plain(expression)?.into()),
        },
        GraphPattern::Minus {
            left,
            right,
            algorithm: MinusAlgorithm::HashBuildRightProbeLeft { keys },
        } if keys.is_empty() => Written::Minus {
            left: boxed(left)?,
            right: boxed(right)?,
        },
        GraphPattern::Filter { expression, inner } => Written::Filter {
            expr: plain(expression)?.into(),
            inner: boxed(inner)?,
        },
        GraphPattern::Union { inner } if inner.len() <= MOST_OPERANDS => {
            let mut parts = inner.iter().map(write);
            let first = parts.next()??;
            parts.try_fold(first, |left, right| {
                Some(Written::Union {
                    left: Box::new(left),
                    right: Box::new(right?),
                })
            })?
        }
        GraphPattern::Extend {
            inner,
            variable,
            expression,
        } => Written::Extend {
            inner: boxed(inner)?,
            variable: variable.clone(),
            expression: plain(expression)?.into(),
        },
        GraphPattern::OrderBy { inner, expression } => {
            for key in expression {
                let (OrderExpression::Asc(key) | OrderExpression::Desc(key)) = key;
                plain(key)?;
            }
            Written::OrderBy {
                inner: boxed(inner)?,
                expression: expression.iter().map(Into::into).collect(),
            }
        }
        GraphPattern::Project { inner, variables } => Written::Project {
            inner: boxed(inner)?,
            variables: variables.clone(),
        },
        GraphPattern::Distinct { inner } => Written::Distinct {
            inner: boxed(inner)?,
        },
        GraphPattern::Reduced { inner } => Written::Reduced {
            inner: boxed(inner)?,
        },
        GraphPattern::Slice {
            inner,
            start,
            length,
        } => Written::Slice {
            inner: boxed(inner)?,
            start: *start,
            length: *length,
        },
        GraphPattern::Group {
            inner,
            variables,
            aggregates,
        } => {
            for (_, aggregate) in aggregates {
                if let AggregateExpression::FunctionCall { expr, .. } = aggregate {
                    plain(expr)?;
                }
            }
            Written::Group {
                inner: boxed(inner)?,
                variables: variables.clone(),
                aggregates: aggregates
                    .iter()
                    .map(|(variable, aggregate)| (variable.clone(), aggregate.into()))
                    .collect(),
            }
        }
        GraphPattern::Join { .. }
        | GraphPattern::LeftJoin { .. }
        | GraphPattern::Minus { .. }
        | GraphPattern::Union { .. }
        | GraphPattern::Service { .. } => return None,
    })
}

/// The expression, if no pattern is in it: those in an `EXISTS` are planned as well.
fn plain(expression: &Expression) -> Option<&Expression> {
    let is_plain = match expression {
        Expression::NamedNode(_)
        | Expression::Literal(_)
        | Expression::Variable(_)
        | Expression::Bound(_) => true,
        // One alone turns its operand into a boolean, which the algebra has no sign for; many would
        // be as deep as they are many.
        Expression::Or(inner) | Expression::And(inner) => {
            (2..=MOST_OPERANDS).contains(&inner.len()) && all_plain(inner)
        }
        Expression::Coalesce(inner) | Expression::FunctionCall(_, inner) => all_plain(inner),
        Expression::Equal(left, right)
        | Expression::SameTerm(left, right)
        | Expression::Greater(left, right)
        | Expression::GreaterOrEqual(left, right)
        | Expression::Less(left, right)
        | Expression::LessOrEqual(left, right)
        | Expression::Add(left, right)
        | Expression::Subtract(left, right)
        | Expression::Multiply(left, right)
        | Expression::Divide(left, right) => plain(left).is_some() && plain(right).is_some(),
        Expression::UnaryPlus(inner) | Expression::UnaryMinus(inner) | Expression::Not(inner) => {
            plain(inner).is_some()
        }
        Expression::If(condition, then, otherwise) => [condition, then, otherwise]
            .into_iter()
            .all(|part| plain(part).is_some()),
        Expression::Exists(_) => false,
    };
    is_plain.then_some(expression)
}

fn all_plain(expressions: &[Expression]) -> bool {
    expressions.iter().all(|part| plain(part).is_some())
}

#[cfg(test)]
mod tests {
    use spargebra::SparqlParser;

    use super::*;
    use crate::sparql::rewrite::{bare_rows, pattern_of, rows};

    const DATA: &str =
        ":a :p :x , :y ; :r :z . :b :p :w . :c :r :z . :x :q 1 , 2 . :y :q 3 . :z :q 4 .";

    /// That the query is planned, and answered as the evaluator answers it.
    #[track_caller]
    fn check(query: &str) {
        let parser = SparqlParser::new().with_prefix("", "urn:x:").unwrap();
        let mut parsed = parser.parse_query(query).unwrap();
        assert!(optimized(pattern_of(&mut parsed)).is_some(), "{query}");
        let sorted = |mut rows: Vec<String>| {
            rows.sort();
            rows
        };
        let expected = sorted(bare_rows(DATA, query));
        assert!(!expected.is_empty(), "{query}");
        assert_eq!(sorted(rows(DATA, query)), expected, "{query}");
    }

    #[test]
    fn optional_triples_are_planned_and_mean_the_same() {
        for query in [
            "SELECT * { ?s :r|:p ?o OPTIONAL { ?s :p ?x . ?x :q ?y } }",
            "SELECT * { ?s :r ?o OPTIONAL { ?s :p ?x . ?x :q ?y FILTER(?y < 3 && ?s != ?o) } }",
            "SELECT * { ?s :r ?o OPTIONAL { ?s :p ?x . ?x :q ?y } OPTIONAL { ?s :r ?z . ?z :q ?y } }",
            "SELECT * { ?s :r ?o OPTIONAL { ?s :p ?x . ?x :q ?y } ?s :r ?z }",
            "SELECT * { ?s :r ?o OPTIONAL { ?s :p _:x . _:x :q ?y } FILTER(!BOUND(?y)) }",
            "SELECT * { VALUES ?s { :a :none UNDEF } OPTIONAL { ?s :p ?x . ?x :q ?y } }",
            "SELECT * { { ?s :r ?o } UNION { ?x :q 3 } OPTIONAL { ?s :p ?x . ?x :q ?y } }",
            "SELECT ?s (COUNT(?y) AS ?n) { ?s :r ?o OPTIONAL { ?s :p ?x . ?x :q ?y } } GROUP BY ?s",
            "SELECT * { ?s :r ?o OPTIONAL { ?s ?s ?s . ?s :p ?o } OPTIONAL { ?o :q ?n . ?m :q ?n } }",
        ] {
            check(query);
        }
    }
}
