//! The way through a query's algebra that all passes go.

use spargebra::algebra::{AggregateExpression, Expression, GraphPattern, OrderExpression};

/// Gets each part of a query. A method that does not care for what is inside leaves out the walk.
///
/// The text was bounded before, so that the recursion is.
pub(crate) trait Visitor {
    fn pattern(&mut self, pattern: &mut GraphPattern) {
        walk_pattern(self, pattern);
    }

    fn expression(&mut self, expression: &mut Expression) {
        walk_expression(self, expression);
    }

    fn aggregate(&mut self, aggregate: &mut AggregateExpression) {
        walk_aggregate(self, aggregate);
    }
}

/// Visits the parts of a pattern, in order.
pub(crate) fn walk_pattern<V: Visitor + ?Sized>(visitor: &mut V, pattern: &mut GraphPattern) {
    each_pattern(pattern, &mut |part| visitor.pattern(part));
    each_expression(pattern, &mut |part| visitor.expression(part));
    if let GraphPattern::Group { aggregates, .. } = pattern {
        for (_, aggregate) in aggregates {
            visitor.aggregate(aggregate);
        }
    }
}

/// The patterns that a pattern is made of, but not those within its expressions.
pub(crate) fn each_pattern(pattern: &mut GraphPattern, visit: &mut dyn FnMut(&mut GraphPattern)) {
    match pattern {
        GraphPattern::Bgp { .. } | GraphPattern::Path { .. } | GraphPattern::Values { .. } => {}
        GraphPattern::Join { left, right }
        | GraphPattern::Lateral { left, right }
        | GraphPattern::LeftJoin { left, right, .. }
        | GraphPattern::Union { left, right }
        | GraphPattern::Minus { left, right } => {
            visit(left);
            visit(right);
        }
        GraphPattern::Filter { inner, .. }
        | GraphPattern::Graph { inner, .. }
        | GraphPattern::Extend { inner, .. }
        | GraphPattern::OrderBy { inner, .. }
        | GraphPattern::Project { inner, .. }
        | GraphPattern::Distinct { inner }
        | GraphPattern::Reduced { inner }
        | GraphPattern::Slice { inner, .. }
        | GraphPattern::Group { inner, .. }
        | GraphPattern::Service { inner, .. } => visit(inner),
    }
}

/// The expressions of a pattern itself, but not those of its aggregates.
pub(crate) fn each_expression(pattern: &mut GraphPattern, visit: &mut dyn FnMut(&mut Expression)) {
    match pattern {
        GraphPattern::LeftJoin {
            expression: Some(expression),
            ..
        }
        | GraphPattern::Filter {
            expr: expression, ..
        }
        | GraphPattern::Extend { expression, .. } => visit(expression),
        GraphPattern::OrderBy { expression, .. } => {
            for key in expression {
                let (OrderExpression::Asc(key) | OrderExpression::Desc(key)) = key;
                visit(key);
            }
        }
        _ => {}
    }
}

/// Visits the parts of an expression, in order.
pub(crate) fn walk_expression<V: Visitor + ?Sized>(visitor: &mut V, expression: &mut Expression) {
    each_part(expression, &mut |part| match part {
        Part::Expression(expression) => visitor.expression(expression),
        Part::Pattern(pattern) => visitor.pattern(pattern),
    });
}

/// Visits the argument of an aggregate.
pub(crate) fn walk_aggregate<V: Visitor + ?Sized>(
    visitor: &mut V,
    aggregate: &mut AggregateExpression,
) {
    if let AggregateExpression::FunctionCall { expr, .. } = aggregate {
        visitor.expression(expr);
    }
}

/// What an expression is made of.
pub(crate) enum Part<'q> {
    Expression(&'q mut Expression),
    /// Of an `EXISTS`.
    Pattern(&'q mut GraphPattern),
}

/// Calls `visit` with each part of an expression, in order, but not with the parts of those.
pub(crate) fn each_part(expression: &mut Expression, visit: &mut dyn FnMut(Part<'_>)) {
    match expression {
        Expression::NamedNode(_)
        | Expression::Literal(_)
        | Expression::Variable(_)
        | Expression::Bound(_) => {}
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
        | Expression::Divide(left, right) => {
            visit(Part::Expression(left));
            visit(Part::Expression(right));
        }
        Expression::UnaryPlus(inner) | Expression::UnaryMinus(inner) | Expression::Not(inner) => {
            visit(Part::Expression(inner));
        }
        Expression::In(value, list) => {
            visit(Part::Expression(value));
            each_of(list, visit);
        }
        Expression::Exists(pattern) => visit(Part::Pattern(pattern)),
        Expression::If(condition, then, otherwise) => {
            visit(Part::Expression(condition));
            visit(Part::Expression(then));
            visit(Part::Expression(otherwise));
        }
        Expression::Coalesce(list) | Expression::FunctionCall(_, list) => each_of(list, visit),
    }
}

fn each_of(list: &mut [Expression], visit: &mut dyn FnMut(Part<'_>)) {
    for expression in list {
        visit(Part::Expression(expression));
    }
}
