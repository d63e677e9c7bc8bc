//! Alternatives, sequences and negated sets in property paths keep each way that leads to a
//! solution ([SPARQL 1.1, 18.4](https://www.w3.org/TR/sparql11-query/#PropertyPathPatterns)). The
//! evaluator keeps one for each pair of ends; that is right only within `*`, `+` and `?`.

use oxrdf::Variable;
use spargebra::algebra::{Expression, GraphPattern, PropertyPathExpression};
use spargebra::term::{NamedNodePattern, TermPattern, TriplePattern};

use crate::sparql::rewrite::visitor::{Visitor, walk_pattern};
use crate::sparql::rewrite::{own_variable, wrap_pattern};

/// Writes paths as the patterns that they stand for, down to `*`, `+` and `?`.
pub(crate) fn split(pattern: &mut GraphPattern) {
    Pass { variables: 0 }.pattern(pattern);
}

struct Pass {
    variables: usize,
}

impl Visitor for Pass {
    fn pattern(&mut self, pattern: &mut GraphPattern) {
        walk_pattern(self, pattern);
        if matches!(pattern, GraphPattern::Path { .. }) {
            wrap_pattern(pattern, |pattern| match pattern {
                GraphPattern::Path {
                    subject,
                    path,
                    object,
                } => self.split(subject, path, object),
                other => other,
            });
        }
    }
}

impl Pass {
    fn split(
        &mut self,
        subject: TermPattern,
        path: PropertyPathExpression,
        object: TermPattern,
    ) -> GraphPattern {
        match path {
            PropertyPathExpression::NamedNode(name) => triple(subject, name.into(), object),
            PropertyPathExpression::Reverse(path) => self.split(object, *path, subject),
            PropertyPathExpression::Sequence(first, second) => {
                let middle = TermPattern::from(self.next_variable());
                GraphPattern::Join {
                    left: Box::new(self.split(subject, *first, middle.clone())),
                    right: Box::new(self.split(middle, *second, object)),
                }
            }
            PropertyPathExpression::Alternative(left, right) => GraphPattern::Union {
                left: Box::new(self.split(subject.clone(), *left, object.clone())),
                right: Box::new(self.split(subject, *right, object)),
            },
            PropertyPathExpression::NegatedPropertySet(names) => {
                let predicate = self.next_variable();
                let names = names.into_iter().map(Expression::from).collect();
                let is_named = Expression::In(Box::new(predicate.clone().into()), names);
                GraphPattern::Filter {
                    expr: Expression::Not(Box::new(is_named)),
                    inner: Box::new(triple(subject, predicate.into(), object)),
                }
            }
            path => GraphPattern::Path {
                subject,
                path,
                object,
            },
        }
    }

    fn next_variable(&mut self) -> Variable {
        self.variables += 1;
        own_variable("path", self.variables)
    }
}

fn triple(subject: TermPattern, predicate: NamedNodePattern, object: TermPattern) -> GraphPattern {
    GraphPattern::Bgp {
        patterns: vec![TriplePattern {
            subject,
            predicate,
            object,
        }],
    }
}

#[cfg(test)]
mod tests {
    use crate::sparql::rewrite::{bare_rows, rows};

    const DATA: &str = ":a :p :b ; :q :b ; :r :c . :b :s :d . :c :s :d .";

    /// How many rows the bare evaluator finds, and how many there are.
    #[track_caller]
    fn check(group: &str, bare: &str, expected: &str) {
        let query = format!("SELECT (COUNT(*) AS ?n) {{ {group} }}");
        assert_eq!(bare_rows(DATA, &query), [bare], "bare: {group}");
        assert_eq!(rows(DATA, &query), [expected], "{group}");
    }

    #[test]
    fn the_evaluator_counts_the_ends_of_a_path_once() {
        check(":a :p|:q ?x", "1", "2");
        check("?x ^:p|^:q :a", "1", "2");
        check(":a (:p|:q)/:s :d", "1", "2");
        check(":a !:z :b", "1", "2");
    }

    #[test]
    fn all_ways_along_a_path_are_counted() {
        check(":a ^(^:p|^:q) ?x", "1", "2");
        check(":a ((:p|:q)/:s)|(:r/:s) ?x", "1", "3");
        check("?x ^((:p|:q)/:s) ?y", "1", "2");
        check(":a !(:p|^:s) ?x", "2", "2");
    }

    #[test]
    fn ends_of_repeated_paths_are_counted_once() {
        check(":a (:p|:q)+ ?x", "1", "1");
        check(":a (:p|:q)? ?x", "2", "2");
        check(":a (:p|:q|:r|:s)* ?x", "4", "4");
    }
}
