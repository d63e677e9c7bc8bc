//! Values in the place of variables.

use oxrdf::{Literal, NamedNode, Term, Variable};
use spargebra::Query;
use spargebra::algebra::{AggregateExpression, Expression, GraphPattern, OrderExpression};
use spargebra::term::{GroundTerm, NamedNodePattern, TermPattern, TriplePattern};

use crate::sparql::error::QueryError;
use crate::sparql::rewrite::visitor::{Part, each_part};
use crate::sparql::rewrite::{nothing, pattern_of, wrap_pattern};

/// The query with a value for a variable, wherever the variable means the same: not in a sub-query
/// that does not hand it out.
///
/// The answer is that of the query with each pattern that mentions the variable joined with the one
/// value. Patterns get the value itself, which is looked up faster, and their rows the variable:
/// `MINUS`, aggregates and optional parts see it where they would see it without a value. Where no
/// pattern can bind the variable, an expression gets the value.
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
        is_around: false,
    };
    let is_construct = matches!(query, Query::Construct { .. });
    let pattern = pattern_of(&mut query);
    let place = substitution.outermost(pattern);
    if is_construct && place != Place::InRows {
        substitution.assign(pattern);
    }
    if !substitution.found || substitution.assigned {
        return Err(QueryError::Variable {
            name: variable.as_str().to_owned(),
        });
    }
    Ok(query)
}

/// Where the variable is, in the rows of a pattern that has the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Nothing in the pattern could bind it.
    Absent,
    /// The rows are those with the value, but lack it. It is put into them as far up as that makes
    /// no difference.
    Due,
    /// The rows have it, or lack it where they would without a value.
    InRows,
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
    /// Whether the rows around an `EXISTS` have the variable.
    is_around: bool,
}

impl Substitution<'_> {
    /// The query's own projection stands inside of what cuts and sorts its rows.
    fn outermost(&mut self, pattern: &mut GraphPattern) -> Place {
        match pattern {
            GraphPattern::Distinct { inner }
            | GraphPattern::Reduced { inner }
            | GraphPattern::Slice { inner, .. } => self.outermost(inner),
            GraphPattern::Project { inner, variables } => {
                let place = self.pattern(inner);
                if !variables.contains(self.variable) {
                    return Place::Absent;
                }
                self.found = true;
                if place != Place::InRows {
                    self.assign(inner);
                }
                Place::InRows
            }
            other => self.pattern(other),
        }
    }

    /// The same, with the value in the rows if it is due.
    fn settled(&mut self, pattern: &mut GraphPattern) -> Place {
        let place = self.pattern(pattern);
        if place != Place::Due {
            return place;
        }
        self.assign(pattern);
        Place::InRows
    }

    fn pattern(&mut self, pattern: &mut GraphPattern) -> Place {
        match pattern {
            GraphPattern::Bgp { patterns } => {
                let before = std::mem::replace(&mut self.found, false);
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
                self.due_if_found(before)
            }
            GraphPattern::Path {
                subject, object, ..
            } => {
                let before = std::mem::replace(&mut self.found, false);
                self.term(subject);
                self.term(object);
                self.due_if_found(before)
            }
            GraphPattern::Join { left, right } | GraphPattern::Lateral { left, right } => {
                match (self.pattern(left), self.pattern(right)) {
                    (Place::Absent, place) | (place, Place::Absent) => place,
                    (Place::Due, Place::Due) => Place::Due,
                    // A row that lacks it joins with one that has it.
                    (Place::Due, Place::InRows) => {
                        self.assign(left);
                        Place::InRows
                    }
                    (Place::InRows, Place::Due) => {
                        self.assign(right);
                        Place::InRows
                    }
                    (Place::InRows, Place::InRows) => Place::InRows,
                }
            }
            GraphPattern::Union { left, right } => {
                match (self.pattern(left), self.pattern(right)) {
                    (left, right) if left == right => left,
                    (left_place, right_place) => {
                        if left_place == Place::Due {
                            self.assign(left);
                        }
                        if right_place == Place::Due {
                            self.assign(right);
                        }
                        Place::InRows
                    }
                }
            }
            GraphPattern::Minus { left, right } => {
                let place = self.settled(left);
                self.settled(right);
                place
            }
            GraphPattern::LeftJoin {
                left,
                right,
                expression,
            } => {
                let place = match (self.settled(left), self.settled(right)) {
                    (Place::Absent, Place::Absent) => Place::Absent,
                    _ => Place::InRows,
                };
                if let Some(expression) = expression {
                    self.expression(expression, place);
                }
                place
            }
            GraphPattern::Filter { expr, inner } => {
                let place = self.settled(inner);
                self.expression(expr, place);
                place
            }
            GraphPattern::Graph { name, inner } => {
                let mut place = self.pattern(inner);
                let before = std::mem::replace(&mut self.found, false);
                let is_possible = self.name(name);
                if self.due_if_found(before) == Place::Due && place == Place::Absent {
                    place = Place::Due;
                }
                if !is_possible {
                    *pattern = nothing();
                }
                place
            }
            GraphPattern::Extend {
                inner,
                variable,
                expression,
            } => {
                self.assigned |= variable == self.variable;
                let place = self.settled(inner);
                self.expression(expression, place);
                place
            }
            GraphPattern::Values {
                variables,
                bindings,
            } => self.values(variables, bindings),
            GraphPattern::OrderBy { inner, expression } => {
                let place = self.settled(inner);
                for key in expression {
                    let (OrderExpression::Asc(key) | OrderExpression::Desc(key)) = key;
                    self.expression(key, place);
                }
                place
            }
            GraphPattern::Project { inner, variables } => {
                if !variables.contains(self.variable) {
                    return Place::Absent;
                }
                self.settled(inner)
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
                let place = self.settled(inner);
                for (name, aggregate) in aggregates {
                    self.assigned |= name == self.variable;
                    if let AggregateExpression::FunctionCall { expr, .. } = aggregate {
                        self.expression(expr, place);
                    }
                }
                if variables.contains(self.variable) {
                    place
                } else {
                    Place::Absent
                }
            }
        }
    }

    fn due_if_found(&mut self, found_before: bool) -> Place {
        let place = if self.found {
            Place::Due
        } else {
            Place::Absent
        };
        self.found |= found_before;
        place
    }

    /// The rows of the pattern, with the value.
    fn assign(&self, pattern: &mut GraphPattern) {
        wrap_pattern(pattern, |inner| GraphPattern::Extend {
            inner: Box::new(inner),
            variable: self.variable.clone(),
            expression: self.constant(),
        });
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
    fn values(&mut self, variables: &[Variable], rows: &mut Vec<Vec<Option<GroundTerm>>>) -> Place {
        let Some(column) = variables.iter().position(|name| name == self.variable) else {
            return Place::Absent;
        };
        self.found = true;
        let value: GroundTerm = match self.value {
            Value::Literal(literal) => literal.clone().into(),
            Value::NamedNode(node) => node.clone().into(),
        };
        rows.retain(|row| row[column].as_ref().is_none_or(|other| *other == value));
        Place::InRows
    }

    fn expression(&mut self, expression: &mut Expression, place: Place) {
        match expression {
            Expression::Variable(variable) if variable == self.variable => {
                self.found = true;
                if place == Place::Absent && !self.is_around {
                    *expression = self.constant();
                }
            }
            Expression::Bound(variable) if variable == self.variable => {
                self.found = true;
                if place == Place::Absent && !self.is_around {
                    *expression = Literal::from(true).into();
                }
            }
            _ => each_part(expression, &mut |part| match part {
                Part::Expression(expression) => self.expression(expression, place),
                // Its rows are joined with those around it, which have the variable as they would
                // without a value.
                Part::Pattern(pattern) => {
                    let is_around = self.is_around || place == Place::InRows;
                    let before = std::mem::replace(&mut self.is_around, is_around);
                    self.settled(pattern);
                    self.is_around = before;
                }
            }),
        }
    }
}
