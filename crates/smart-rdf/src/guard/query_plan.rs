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
