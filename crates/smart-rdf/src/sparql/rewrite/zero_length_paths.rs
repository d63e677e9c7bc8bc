//! A path of length zero leads from any term to itself, in the graph or not ([SPARQL 1.1,
//! 9.3](https://www.w3.org/TR/sparql11-query/#zerolengthpaths)). The evaluator asks whether the
//! graph holds the term.

use oxrdf::Variable;
use spargebra::algebra::{GraphPattern, PropertyPathExpression};
use spargebra::term::{GroundTerm, TermPattern};

use crate::sparql::rewrite::visitor::{Visitor, walk_pattern};
use crate::sparql::rewrite::wrap_pattern;

/// Adds the constant itself to the ends of paths that begin or end at it.
pub(crate) fn add(pattern: &mut GraphPattern) {
    Pass.pattern(pattern);
}

struct Pass;

impl Visitor for Pass {
    fn pattern(&mut self, pattern: &mut GraphPattern) {
        walk_pattern(self, pattern);
        let GraphPattern::Path {
            subject,
            path,
            object,
        } = pattern
        else {
            return;
        };
        if !may_be_empty(path) {
            return;
        }
        let (term, variable) = match (constant(subject), constant(object)) {
            (Some(subject), Some(object)) if subject == object => {
                *pattern = one_row(Vec::new(), Vec::new());
                return;
            }
            (Some(term), None) => (term, variable(object)),
            (None, Some(term)) => (term, variable(subject)),
            _ => return,
        };
        let Some(variable) = variable else { return };
        make_longer(path);
        wrap_pattern(pattern, |longer| {
            let itself = one_row(vec![variable.clone()], vec![Some(term)]);
            let all = GraphPattern::Union {
                left: Box::new(itself),
                right: Box::new(longer),
            };
            GraphPattern::Distinct {
                inner: Box::new(GraphPattern::Project {
                    inner: Box::new(all),
                    variables: vec![variable],
                }),
            }
        });
    }
}

/// Takes the path of length zero away, if need be.
fn make_longer(path: &mut PropertyPathExpression) {
    let longer = match path {
        PropertyPathExpression::ZeroOrMore(inner) => {
            PropertyPathExpression::OneOrMore(inner.clone())
        }
        PropertyPathExpression::ZeroOrOne(inner) => (**inner).clone(),
        _ => return,
    };
    *path = longer;
}

fn may_be_empty(path: &PropertyPathExpression) -> bool {
    match path {
        PropertyPathExpression::NamedNode(_) | PropertyPathExpression::NegatedPropertySet(_) => {
            false
        }
        PropertyPathExpression::ZeroOrMore(_) | PropertyPathExpression::ZeroOrOne(_) => true,
        PropertyPathExpression::OneOrMore(inner) | PropertyPathExpression::Reverse(inner) => {
            may_be_empty(inner)
        }
        PropertyPathExpression::Sequence(left, right) => may_be_empty(left) && may_be_empty(right),
        PropertyPathExpression::Alternative(left, right) => {
            may_be_empty(left) || may_be_empty(right)
        }
    }
}

fn constant(term: &TermPattern) -> Option<GroundTerm> {
    match term {
        TermPattern::NamedNode(node) => Some(node.clone().into()),
        TermPattern::Literal(literal) => Some(literal.clone().into()),
        TermPattern::BlankNode(_) | TermPattern::Variable(_) => None,
    }
}

fn variable(term: &TermPattern) -> Option<Variable> {
    match term {
        TermPattern::Variable(variable) => Some(variable.clone()),
        _ => None,
    }
}

fn one_row(variables: Vec<Variable>, row: Vec<Option<GroundTerm>>) -> GraphPattern {
    GraphPattern::Values {
        variables,
        bindings: vec![row],
    }
}

#[cfg(test)]
mod tests {
    use crate::sparql::rewrite::{bare_rows, rows};

    const DATA: &str = ":a :p :b . :b :p :a .";

    #[track_caller]
    fn check(group: &str, bare: &[&str], expected: &[&str]) {
        let query = format!("SELECT ?x {{ {group} }} ORDER BY ?x");
        assert_eq!(bare_rows(DATA, &query), bare, "bare: {group}");
        assert_eq!(rows(DATA, &query), expected, "{group}");
    }

    #[test]
    fn the_evaluator_misses_terms_that_the_graph_lacks() {
        check(":n :p* ?x", &[], &["urn:x:n"]);
        check(":n :p? ?x", &[], &["urn:x:n"]);
        check("?x :p* :n", &[], &["urn:x:n"]);
        check("?x :p? 'n'", &[], &["n"]);
        check("BIND(1 AS ?x) :n :p* :n", &[], &["1"]);
        check(":n (:p?)+ ?x", &[], &["urn:x:n"]);
    }

    #[test]
    fn ends_that_the_graph_has_are_found_once() {
        check(
            ":a :p* ?x",
            &["urn:x:a", "urn:x:b"],
            &["urn:x:a", "urn:x:b"],
        );
        check(
            ":a :p? ?x",
            &["urn:x:a", "urn:x:b"],
            &["urn:x:a", "urn:x:b"],
        );
        check(
            "?x :p/:p* :a",
            &["urn:x:a", "urn:x:b"],
            &["urn:x:a", "urn:x:b"],
        );
        check(
            "?x :p*/:p :a",
            &["urn:x:a", "urn:x:b"],
            &["urn:x:a", "urn:x:b"],
        );
        check(":n :p+ ?x", &[], &[]);
        check("BIND(1 AS ?x) :a :p* :n", &[], &[]);
    }
}
