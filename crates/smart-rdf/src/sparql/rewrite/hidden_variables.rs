//! `COUNT(DISTINCT *)` counts solutions ([SPARQL 1.1,
//! 18.5.1.2](https://www.w3.org/TR/sparql11-query/#defn_aggCount)), and a blank node in a pattern
//! is not in the solution. The evaluator keeps a variable for it, and counts it.
//!
//! Blank nodes are written as variables here as well, so that later passes need not know of them.

use std::collections::BTreeSet;

use oxrdf::Variable;
use spargebra::algebra::{AggregateExpression, GraphPattern};
use spargebra::term::TermPattern;

use crate::sparql::rewrite::visitor::{Visitor, walk_pattern};
use crate::sparql::rewrite::wrap_pattern;

/// Leaves only variables that have a name to what is counted so.
pub(crate) fn project_them_out(pattern: &mut GraphPattern) {
    Pass.pattern(pattern);
}

struct Pass;

impl Visitor for Pass {
    fn pattern(&mut self, pattern: &mut GraphPattern) {
        // What is below has no blank nodes any more, and the variables that are there for them are
        // not to be counted.
        let names = match pattern {
            GraphPattern::Group { inner, .. } => named_variables(inner),
            _ => Vec::new(),
        };
        walk_pattern(self, pattern);
        name_blank_nodes(pattern);
        let GraphPattern::Group {
            inner, aggregates, ..
        } = pattern
        else {
            return;
        };
        let counts_solutions = aggregates.iter().any(|(_, aggregate)| {
            matches!(
                aggregate,
                AggregateExpression::CountSolutions { distinct: true }
            )
        });
        if counts_solutions {
            wrap_pattern(inner, |inner| GraphPattern::Project {
                inner: Box::new(inner),
                variables: names,
            });
        }
    }
}

fn name_blank_nodes(pattern: &mut GraphPattern) {
    let name = |term: &mut TermPattern| {
        if let TermPattern::BlankNode(node) = term {
            let variable = Variable::new_unchecked(format!("smart-rdf blank {}", node.as_str()));
            *term = variable.into();
        }
    };
    match pattern {
        GraphPattern::Bgp { patterns } => {
            for triple in patterns {
                name(&mut triple.subject);
                name(&mut triple.object);
            }
        }
        GraphPattern::Path {
            subject, object, ..
        } => {
            name(subject);
            name(object);
        }
        _ => {}
    }
}

fn named_variables(pattern: &GraphPattern) -> Vec<Variable> {
    let mut names = BTreeSet::new();
    pattern.on_in_scope_variable(|variable| {
        names.insert(variable.as_str());
    });
    names.into_iter().map(Variable::new_unchecked).collect()
}

#[cfg(test)]
mod tests {
    use crate::sparql::rewrite::{bare_rows, rows};

    #[test]
    fn the_evaluator_counts_blank_nodes_of_patterns() {
        let data = ":a :p :x . :b :p :x . :b :q :y .";
        let query = "SELECT (COUNT(DISTINCT *) AS ?n) { [] :p ?x }";
        assert_eq!(bare_rows(data, query), ["2"], "the pass can go");
        assert_eq!(rows(data, query), ["1"]);
        let grouped = "SELECT ?s (COUNT(DISTINCT *) AS ?n) { ?s ?p [] } GROUP BY ?s ORDER BY ?s";
        assert_eq!(rows(data, grouped), ["urn:x:a | 1", "urn:x:b | 2"]);
    }
}
