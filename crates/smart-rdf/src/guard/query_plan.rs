use spargebra::Query;
use spargebra::algebra::{
    AggregateExpression, Expression, GraphPattern, OrderExpression, PropertyPathExpression,
};

use crate::limits::{Limit, LimitError};
use crate::sparql::{QueryError, QueryLimits};

/// Checks that a query stays on this machine, that its plan is not a deeper chain than the
/// evaluator can follow on a thread's stack, and that it does not make rows out of nothing.
pub(crate) fn check_query_plan(query: &Query, limits: &QueryLimits) -> Result<(), QueryError> {
    let (Query::Select { pattern, .. }
    | Query::Construct { pattern, .. }
    | Query::Describe { pattern, .. }
    | Query::Ask { pattern, .. }) = query;
    let cost = pattern_cost(pattern)?;
    if cost.chain > limits.chain {
        return Err(LimitError::new(Limit::QueryChain, limits.chain, None).into());
    }
    if cost.rows > limits.rows {
        return Err(LimitError::new(Limit::Rows, limits.rows, None).into());
    }
    Ok(())
}

/// What part of a plan costs, whatever the graph.
#[derive(Clone, Copy)]
struct Cost {
    /// The longest way to a leaf, in levels of the evaluator's recursion.
    chain: usize,
    /// The most rows it makes at some point by itself, where every triple pattern matches once.
    /// Those of the graph are counted when they come; these come from nowhere, and nothing would
    /// stop them.
    rows: usize,
}

impl Cost {
    const LEAF: Self = Self { chain: 1, rows: 1 };

    fn deeper(self) -> Self {
        Self {
            chain: self.chain + 1,
            ..self
        }
    }

    /// Of two parts that are run beside each other.
    fn beside(self, other: Self) -> Self {
        Self {
            chain: self.chain.max(other.chain),
            rows: self.rows.max(other.rows),
        }
    }

    fn with_rows(self, rows: usize) -> Self {
        Self { rows, ..self }
    }
}

/// The text was bounded before, so that this recursion is.
fn pattern_cost(pattern: &GraphPattern) -> Result<Cost, QueryError> {
    Ok(match pattern {
        // Triples are joined one by one.
        GraphPattern::Bgp { patterns } => Cost {
            chain: patterns.len(),
            ..Cost::LEAF
        },
        GraphPattern::Path { path, .. } => Cost {
            chain: path_chain(path),
            ..Cost::LEAF
        },
        GraphPattern::Values { bindings, .. } => Cost::LEAF.with_rows(bindings.len().max(1)),
        // Nested joins are put in one row, and joined one by one as well.
        GraphPattern::Join { left, right } | GraphPattern::Lateral { left, right } => {
            let (left, right) = (pattern_cost(left)?, pattern_cost(right)?);
            Cost {
                chain: left.chain + right.chain,
                rows: left.rows.saturating_mul(right.rows),
            }
            .deeper()
        }
        GraphPattern::LeftJoin {
            left,
            right,
            expression,
        } => {
            let (left, right) = (pattern_cost(left)?, pattern_cost(right)?);
            let condition = expression_costs(expression)?;
            let rows = left.rows.saturating_mul(right.rows).max(condition.rows);
            left.beside(right)
                .beside(condition)
                .with_rows(rows)
                .deeper()
        }
        GraphPattern::Union { left, right } => {
            let (left, right) = (pattern_cost(left)?, pattern_cost(right)?);
            let rows = left.rows.saturating_add(right.rows);
            left.beside(right).with_rows(rows).deeper()
        }
        GraphPattern::Minus { left, right } => {
            pattern_cost(left)?.beside(pattern_cost(right)?).deeper()
        }
        GraphPattern::Filter { expr, inner } => {
            pattern_cost(inner)?.beside(expression_cost(expr)?).deeper()
        }
        GraphPattern::Extend {
            inner, expression, ..
        } => pattern_cost(inner)?
            .beside(expression_cost(expression)?)
            .deeper(),
        GraphPattern::OrderBy { inner, expression } => {
            let keys = expression.iter().map(|key| match key {
                OrderExpression::Asc(key) | OrderExpression::Desc(key) => key,
            });
            pattern_cost(inner)?
                .beside(expression_costs(keys)?)
                .deeper()
        }
        GraphPattern::Group {
            inner, aggregates, ..
        } => {
            let values = aggregates.iter().filter_map(|(_, value)| match value {
                AggregateExpression::CountSolutions { .. } => None,
                AggregateExpression::FunctionCall { expr, .. } => Some(expr),
            });
            pattern_cost(inner)?
                .beside(expression_costs(values)?)
                .deeper()
        }
        GraphPattern::Distinct { inner }
        | GraphPattern::Graph { inner, .. }
        | GraphPattern::Project { inner, .. }
        | GraphPattern::Reduced { inner }
        | GraphPattern::Slice { inner, .. } => pattern_cost(inner)?.deeper(),
        GraphPattern::Service { .. } => {
            return Err(QueryError::Unsupported { keyword: "SERVICE" });
        }
    })
}

fn expression_cost(expression: &Expression) -> Result<Cost, QueryError> {
    let inner = match expression {
        Expression::NamedNode(_)
        | Expression::Literal(_)
        | Expression::Variable(_)
        | Expression::Bound(_) => return Ok(Cost::LEAF),
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
        | Expression::Divide(left, right) => expression_cost(left)?.beside(expression_cost(right)?),
        Expression::UnaryPlus(inner) | Expression::UnaryMinus(inner) | Expression::Not(inner) => {
            expression_cost(inner)?
        }
        Expression::In(value, list) => expression_cost(value)?.beside(expression_costs(list)?),
        Expression::Exists(pattern) => pattern_cost(pattern)?,
        Expression::If(condition, then, otherwise) => expression_cost(condition)?
            .beside(expression_cost(then)?)
            .beside(expression_cost(otherwise)?),
        Expression::Coalesce(list) | Expression::FunctionCall(_, list) => expression_costs(list)?,
    };
    Ok(inner.deeper())
}

fn expression_costs<'e>(
    expressions: impl IntoIterator<Item = &'e Expression>,
) -> Result<Cost, QueryError> {
    expressions
        .into_iter()
        .try_fold(Cost::LEAF, |cost, expression| {
            Ok(cost.beside(expression_cost(expression)?))
        })
}

fn path_chain(path: &PropertyPathExpression) -> usize {
    match path {
        PropertyPathExpression::NamedNode(_) | PropertyPathExpression::NegatedPropertySet(_) => 1,
        PropertyPathExpression::Alternative(left, right)
        | PropertyPathExpression::Sequence(left, right) => {
            1 + path_chain(left).max(path_chain(right))
        }
        PropertyPathExpression::OneOrMore(inner)
        | PropertyPathExpression::Reverse(inner)
        | PropertyPathExpression::ZeroOrMore(inner)
        | PropertyPathExpression::ZeroOrOne(inner) => 1 + path_chain(inner),
    }
}

#[cfg(test)]
mod tests {
    use spargebra::SparqlParser;

    use super::*;

    fn check(text: &str, limits: &QueryLimits) -> Result<(), QueryError> {
        let query = SparqlParser::new().parse_query(text).unwrap();
        check_query_plan(&query, limits)
    }

    /// Passes with a chain and rows of this length, and not with one less.
    #[track_caller]
    fn check_cost(text: &str, chain: usize, rows: usize) {
        let limits = |chain, rows| QueryLimits::new().with_chain(chain).with_rows(rows);
        if let Err(error) = check(text, &limits(chain, rows)) {
            panic!("{text}: {error}");
        }
        for (limits, expected) in [
            (limits(chain - 1, rows), Limit::QueryChain),
            (limits(chain, rows - 1), Limit::Rows),
        ] {
            match check(text, &limits) {
                Err(QueryError::Limit(error)) => assert_eq!(error.limit(), expected, "{text}"),
                other => panic!("{text}: {expected:?} {other:?}"),
            }
        }
    }

    #[test]
    fn patterns_cost_what_their_parts_do_and_a_level() {
        const X: &str = "VALUES ?x {1 2 3}";
        const Y: &str = "VALUES ?y {1 2}";
        for (text, chain, rows) in [
            ("ASK {?s ?p ?o . ?o ?q ?r}", 3, 1),
            ("SELECT * {?s ?p ?o . ?o ?q ?r}", 3, 1),
            ("CONSTRUCT {?s ?p ?o} WHERE {?s ?p ?o . ?o ?q ?r}", 3, 1),
            ("ASK {$X}", 2, 3),
            ("ASK {VALUES ?x {}}", 2, 1),
            // a join is as long as its parts together, and as many rows as they multiply to
            ("ASK {$X $Y}", 4, 6),
            ("ASK {$X OPTIONAL {$Y}}", 3, 6),
            ("ASK {$X OPTIONAL {$Y FILTER(?y + 1 + 1 = ?x)}}", 6, 6),
            (
                "ASK {$X OPTIONAL {$Y FILTER EXISTS {VALUES ?z {1 2 3 4 5 6 7}}}}",
                4,
                7,
            ),
            ("ASK {{$X} UNION {$Y}}", 3, 5),
            ("ASK {$Y MINUS {$X}}", 3, 3),
            ("ASK {$X MINUS {$Y}}", 3, 3),
            ("ASK {$X FILTER(?x = 1)}", 4, 3),
            ("ASK {$Y FILTER EXISTS {$X}}", 4, 3),
            ("ASK {$X BIND(?x + 1 AS ?z)}", 4, 3),
            ("ASK {GRAPH ?g {$X}}", 3, 3),
            ("SELECT ?x {$X} ORDER BY ?x", 3, 3),
            ("SELECT ?x {$X} ORDER BY ?x DESC(?x + 1)", 4, 3),
            ("SELECT DISTINCT ?x {$X}", 3, 3),
            ("SELECT REDUCED ?x {$X}", 3, 3),
            ("SELECT ?x {$X} LIMIT 1", 3, 3),
            ("SELECT (COUNT(*) AS ?n) {$X}", 4, 3),
            ("SELECT (SUM(?x + 1) AS ?n) {$X}", 5, 3),
        ] {
            let text = text.replace("$X", X).replace("$Y", Y);
            check_cost(&text, chain, rows);
        }
    }

    #[test]
    fn expressions_cost_a_level_each() {
        for (expression, chain) in [
            ("1", 1),
            ("?x", 1),
            ("<a:b>", 1),
            ("BOUND(?x)", 1),
            ("?x || 1 + 1", 3),
            ("1 + 1 && ?x", 3),
            ("?x = 1 + 1", 3),
            ("sameTerm(1 + 1, ?x)", 3),
            ("?x < 1 + 1", 3),
            ("?x * (1 - 1 / 1)", 4),
            ("-?x", 2),
            ("+?x", 2),
            ("!?x", 2),
            ("?x IN (1, 2 + 3)", 3),
            ("2 + 3 IN (1, 2)", 3),
            ("IF(1 + 1, 1, 2)", 3),
            ("IF(1, 1 + 1, 2)", 3),
            ("IF(1, 1, 1 + 2)", 3),
            ("COALESCE(1, 1 + 2)", 3),
            ("STRLEN(STR(?x))", 3),
            ("EXISTS {?a ?b ?c . ?d ?e ?f . ?g ?h ?i}", 4),
        ] {
            let text = format!("ASK {{VALUES ?x {{1}} BIND({expression} AS ?y)}}");
            check_cost(&text, chain + 2, 1);
        }
    }

    #[test]
    fn paths_cost_a_level_each() {
        for (path, chain) in [
            ("!<a:p>", 1),
            ("<a:p>+", 2),
            ("<a:p>*", 2),
            ("<a:p>?", 2),
            ("(^<a:p>)+", 3),
            ("(<a:p>/<a:q>)+", 3),
            ("(<a:p>/<a:q>*)+", 4),
            ("(<a:q>*|<a:p>)+", 4),
        ] {
            check_cost(&format!("ASK {{?s {path} ?o}}"), chain + 1, 1);
        }
    }

    #[test]
    fn queries_stay_on_this_machine() {
        for pattern in ["SERVICE <a:b> {}", "{} UNION {SERVICE ?x {}}"] {
            let outcome = check(&format!("ASK {{{pattern}}}"), &QueryLimits::new());
            let is_refused = matches!(outcome, Err(QueryError::Unsupported { keyword: "SERVICE" }));
            assert!(is_refused, "{pattern}");
        }
    }
}
