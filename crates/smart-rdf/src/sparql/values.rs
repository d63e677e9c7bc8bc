use oxrdf::{Literal, NamedNode, Term, Variable};
use spargebra::Query;
use spargebra::algebra::{AggregateExpression, Expression, GraphPattern, OrderExpression};
use spargebra::term::{GroundTerm, NamedNodePattern, TermPattern, TriplePattern};

use crate::sparql::error::QueryError;
use crate::sparql::parts::{Part, each_part};

/// The query with a value in the place of a variable, wherever the variable means the same: not in a sub-query that does not hand it
/// out.
pub(crate) fn with_value(
    mut query: Query,
    variable: &Variable,
    value: &Term,
) -> Result<Query, QueryError> {
    let value = match value {
        Term::NamedNode(node) => Value::NamedNode(node),
        Term::Literal(literal) => Value::Literal(literal),
        Term::BlankNode(_) => {
            return Err(QueryError::BlankValue {
                name: variable.as_str().to_owned(),
            });
        }
    };
    let mut substitution = Substitution {
        variable,
        value,
        found: false,
        assigned: false,
    };
    let is_construct = matches!(query, Query::Construct { .. });
    let (Query::Select { pattern, .. }
    | Query::Ask { pattern, .. }
    | Query::Construct { pattern, .. }
    | Query::Describe { pattern, .. }) = &mut query;
    substitution.outermost(pattern);
    if is_construct {
        substitution.assign(pattern);
    }
    if !substitution.found || substitution.assigned {
        return Err(QueryError::Variable {
            name: variable.as_str().to_owned(),
        });
    }
    Ok(query)
}

#[derive(Clone, Copy)]
enum Value<'v> {
    Literal(&'v Literal),
    NamedNode(&'v NamedNode),
}

struct Substitution<'v> {
    variable: &'v Variable,
    value: Value<'v>,
    found: bool,
    /// Whether the query itself gives the variable a value.
    assigned: bool,
}

impl Substitution<'_> {
    /// The query's own projection stands inside of what cuts and sorts its rows.
    fn outermost(&mut self, pattern: &mut GraphPattern) {
        match pattern {
            GraphPattern::Distinct { inner }
            | GraphPattern::Reduced { inner }
            | GraphPattern::Slice { inner, .. } => self.outermost(inner),
            GraphPattern::Project { inner, variables } => {
                self.pattern(inner);
                if variables.contains(self.variable) {
                    self.found = true;
                    self.assign(inner);
                }
            }
            other => self.pattern(other),
        }
    }

    fn pattern(&mut self, pattern: &mut GraphPattern) {
        match pattern {
            GraphPattern::Bgp { patterns } => {
                let possible = patterns.iter_mut().fold(true, |all, triple| {
                    let TriplePattern {
                        subject,
                        predicate,
                        object,
                    } = triple;
                    self.term(subject);
                    self.term(object);
                    self.name(predicate) && all
                });
                if !possible {
                    *pattern = nothing();
                }
            }
            GraphPattern::Path {
                subject, object, ..
            } => {
                self.term(subject);
                self.term(object);
            }
            GraphPattern::Join { left, right }
            | GraphPattern::Lateral { left, right }
            | GraphPattern::Union { left, right }
            | GraphPattern::Minus { left, right } => {
                self.pattern(left);
                self.pattern(right);
            }
            GraphPattern::LeftJoin {
                left,
                right,
                expression,
            } => {
                self.pattern(left);
                self.pattern(right);
                if let Some(expression) = expression {
                    self.expression(expression);
                }
            }
            GraphPattern::Filter { expr, inner } => {
                self.expression(expr);
                self.pattern(inner);
            }
            GraphPattern::Graph { name, inner } => {
                self.pattern(inner);
                if !self.name(name) {
                    *pattern = nothing();
                }
            }
            GraphPattern::Extend {
                inner,
                variable,
                expression,
            } => {
                self.assigned |= variable == self.variable;
                self.expression(expression);
                self.pattern(inner);
            }
            GraphPattern::Values {
                variables,
                bindings,
            } => self.values(variables, bindings),
            GraphPattern::OrderBy { inner, expression } => {
                for key in expression {
                    let (OrderExpression::Asc(key) | OrderExpression::Desc(key)) = key;
                    self.expression(key);
                }
                self.pattern(inner);
            }
            GraphPattern::Project { inner, variables } => {
                if variables.contains(self.variable) {
                    self.pattern(inner);
                    self.assign(inner);
                }
            }
            GraphPattern::Distinct { inner }
            | GraphPattern::Reduced { inner }
            | GraphPattern::Slice { inner, .. }
            | GraphPattern::Service { inner, .. } => self.pattern(inner),
            GraphPattern::Group {
                inner,
                variables,
                aggregates,
            } => {
                for (name, aggregate) in aggregates {
                    self.assigned |= name == self.variable;
                    if let AggregateExpression::FunctionCall { expr, .. } = aggregate {
                        self.expression(expr);
                    }
                }
                self.pattern(inner);
                if variables.contains(self.variable) {
                    self.assign(inner);
                }
            }
        }
    }

    /// The rows of the pattern, with the value.
    fn assign(&self, pattern: &mut GraphPattern) {
        let inner = std::mem::replace(pattern, nothing());
        *pattern = GraphPattern::Extend {
            inner: Box::new(inner),
            variable: self.variable.clone(),
            expression: self.constant(),
        };
    }

    fn constant(&self) -> Expression {
        match self.value {
            Value::Literal(literal) => literal.clone().into(),
            Value::NamedNode(node) => node.clone().into(),
        }
    }

    fn term(&mut self, term: &mut TermPattern) {
        if matches!(term, TermPattern::Variable(variable) if variable == self.variable) {
            self.found = true;
            *term = match self.value {
                Value::Literal(literal) => literal.clone().into(),
                Value::NamedNode(node) => node.clone().into(),
            };
        }
    }

    /// Whether what stands there now can match: a literal cannot.
    fn name(&mut self, name: &mut NamedNodePattern) -> bool {
        if !matches!(name, NamedNodePattern::Variable(variable) if variable == self.variable) {
            return true;
        }
        self.found = true;
        match self.value {
            Value::Literal(_) => false,
            Value::NamedNode(node) => {
                *name = node.clone().into();
                true
            }
        }
    }

    /// Rows with another value go.
    fn values(&mut self, variables: &mut Vec<Variable>, rows: &mut Vec<Vec<Option<GroundTerm>>>) {
        let Some(column) = variables.iter().position(|name| name == self.variable) else {
            return;
        };
        self.found = true;
        let value: GroundTerm = match self.value {
            Value::Literal(literal) => literal.clone().into(),
            Value::NamedNode(node) => node.clone().into(),
        };
        rows.retain(|row| row[column].as_ref().is_none_or(|other| *other == value));
        variables.remove(column);
        for row in rows {
            row.remove(column);
        }
    }

    fn expression(&mut self, expression: &mut Expression) {
        match expression {
            Expression::Variable(variable) if variable == self.variable => {
                self.found = true;
                *expression = self.constant();
            }
            Expression::Bound(variable) if variable == self.variable => {
                self.found = true;
                *expression = Literal::from(true).into();
            }
            _ => each_part(expression, &mut |part| match part {
                Part::Expression(expression) => self.expression(expression),
                Part::Pattern(pattern) => self.pattern(pattern),
            }),
        }
    }
}

/// A pattern without rows.
fn nothing() -> GraphPattern {
    GraphPattern::Values {
        variables: Vec::new(),
        bindings: Vec::new(),
    }
}
