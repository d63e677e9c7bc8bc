//! The parts of a query's algebra, for whoever changes something deep within it.

use spargebra::algebra::{Expression, GraphPattern};

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
