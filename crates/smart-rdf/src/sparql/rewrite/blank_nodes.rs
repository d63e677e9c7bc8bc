//! `BNODE("x")` makes one blank node for each solution ([SPARQL 1.1,
//! 17.4.2.9](https://www.w3.org/TR/sparql11-query/#func-bnode)). The evaluator takes the text for a
//! label, and makes the same one for all; with luck one that the graph has as well.

use spargebra::algebra::{Expression, Function as SparqlFunction, GraphPattern};

use crate::sparql::functions::Function;
use crate::sparql::rewrite::visitor::{Part, Visitor, each_expression, each_part, walk_pattern};
use crate::sparql::rewrite::{Calls, own_variable, wrap, wrap_pattern};

/// Gives rows a number where blank nodes are made of a text, and makes them of both.
pub(crate) fn make_by_row(pattern: &mut GraphPattern, calls: &mut Calls) {
    Pass { calls, rows: 0 }.pattern(pattern);
}

struct Pass<'c> {
    calls: &'c mut Calls,
    rows: usize,
}

impl Visitor for Pass<'_> {
    fn pattern(&mut self, pattern: &mut GraphPattern) {
        if depth_of_first_use(pattern).is_some() {
            self.number_rows(pattern);
        }
        walk_pattern(self, pattern);
    }
}

impl Pass<'_> {
    /// The steps on one row (`BIND`, `FILTER`, the expressions of a `SELECT`) stand on each other.
    /// They share its number, which is made below the first that needs it.
    fn number_rows(&mut self, pattern: &mut GraphPattern) {
        let row = own_variable("row", self.rows);
        self.rows += 1;
        let mut here = pattern;
        while let Some(depth) = depth_of_first_use(here) {
            each_expression(here, &mut |part| self.make_of(part, &row.clone().into()));
            let Some(inner) = next_step(here) else { return };
            if depth == 0 && depth_of_first_use(inner).is_none() {
                wrap_pattern(inner, |inner| GraphPattern::Extend {
                    inner: Box::new(inner),
                    variable: row,
                    expression: self.calls.call(Function::Row, Vec::new()),
                });
                return;
            }
            here = inner;
        }
    }

    fn make_of(&mut self, expression: &mut Expression, row: &Expression) {
        each_part(expression, &mut |part| {
            if let Part::Expression(part) = part {
                self.make_of(part, row);
            }
        });
        if let Expression::FunctionCall(SparqlFunction::BNode, label) = expression
            && !label.is_empty()
        {
            let mut arguments = std::mem::take(label);
            arguments.push(row.clone());
            wrap(expression, |_| {
                self.calls.call(Function::BlankNode, arguments)
            });
        }
    }
}

/// How many steps below this one the first is that makes blank nodes of a text.
fn depth_of_first_use(pattern: &mut GraphPattern) -> Option<usize> {
    let mut is_here = false;
    next_step(pattern)?;
    each_expression(pattern, &mut |part| is_here |= is_used(part));
    if is_here {
        return Some(0);
    }
    let below = depth_of_first_use(next_step(pattern)?)?;
    Some(below + 1)
}

fn next_step(pattern: &mut GraphPattern) -> Option<&mut GraphPattern> {
    match pattern {
        GraphPattern::Extend { inner, .. }
        | GraphPattern::Filter { inner, .. }
        | GraphPattern::OrderBy { inner, .. } => Some(inner),
        _ => None,
    }
}

fn is_used(expression: &mut Expression) -> bool {
    let mut found = matches!(
        expression,
        Expression::FunctionCall(SparqlFunction::BNode, label) if !label.is_empty()
    );
    each_part(expression, &mut |part| {
        if let Part::Expression(part) = part {
            found |= is_used(part);
        }
    });
    found
}

#[cfg(test)]
mod tests {
    use crate::sparql::rewrite::{bare_rows, rows};

    const DATA: &str = ":a :p 1 . :b :p 2 .";

    #[test]
    fn the_evaluator_makes_one_blank_node_for_all_rows() {
        let query = "SELECT (COUNT(DISTINCT ?b) AS ?n) { ?s :p ?o BIND(BNODE('x') AS ?b) }";
        assert_eq!(bare_rows(DATA, query), ["1"], "the pass can go");
        assert_eq!(rows(DATA, query), ["2"]);
    }

    #[test]
    fn a_text_makes_one_blank_node_in_a_row() {
        let query = "SELECT (BNODE('x') = BNODE('x') AS ?same) (BNODE('x') = BNODE('y') AS ?other) (?b = ?c AS ?on) {
            ?s :p ?o BIND(BNODE('x') AS ?b) BIND(BNODE('x') AS ?c) }";
        assert_eq!(rows(DATA, query), ["true | false | true"; 2]);
        let query = "SELECT (COUNT(DISTINCT ?b) AS ?n) { ?s :p ?o BIND(BNODE(?l) AS ?b) BIND(STR(?s) AS ?l) }";
        assert_eq!(rows(DATA, query), ["0"]);
        let joined = "SELECT (?b = ?c AS ?x) { { :a :p ?o BIND(BNODE('x') AS ?b) } { :a :p ?o BIND(BNODE('x') AS ?c) } }";
        assert_eq!(rows(DATA, joined), ["false"]);
    }
}
