//! The evaluator has 64 bits for an integer, and 18 digits behind the point of a decimal. Beyond,
//! it takes a number for something unknown that equals and exceeds nothing, and rows are missing
//! without a word. Terms of the graph are looked at when they are handed out; here, constants.

use spareval::ExpressionTerm;
use spargebra::algebra::{Expression, GraphPattern};

use crate::sparql::error::QueryError;
use crate::sparql::functions::is_number;
use crate::sparql::rewrite::visitor::{Part, Visitor, each_part, walk_expression};

/// # Errors
///
/// The query computes with a constant that is out of range.
pub(crate) fn check(pattern: &mut GraphPattern) -> Result<(), QueryError> {
    let mut pass = Pass { datatype: None };
    pass.pattern(pattern);
    pass.datatype
        .map_or(Ok(()), |datatype| Err(QueryError::NumberRange { datatype }))
}

struct Pass {
    datatype: Option<String>,
}

impl Visitor for Pass {
    fn expression(&mut self, expression: &mut Expression) {
        walk_expression(self, expression);
        if matches!(
            expression,
            Expression::SameTerm(..) | Expression::Coalesce(_) | Expression::If(..)
        ) {
            return;
        }
        each_part(expression, &mut |part| {
            if let Part::Expression(Expression::Literal(literal)) = part
                && is_number(literal.value(), literal.datatype())
                && matches!(
                    ExpressionTerm::from(oxrdf::Term::from(literal.clone())),
                    ExpressionTerm::OtherTypedLiteral { .. }
                )
            {
                self.datatype = Some(literal.datatype().as_str().to_owned());
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use crate::sparql::rewrite::{bare_rows, rows};
    use crate::{Graph, Query, QueryError, Syntax};

    #[test]
    fn the_evaluator_misses_numbers_that_it_has_no_room_for() {
        let query = "SELECT ?x { VALUES ?x { 99999999999999999999 } FILTER(?x > 1) }";
        assert!(bare_rows("", query).is_empty(), "the pass can go");
        let error = Query::prepare(query).unwrap().select(&Graph::default());
        assert!(
            matches!(error, Err(QueryError::NumberRange { .. })),
            "{error:?}"
        );
    }

    #[test]
    fn numbers_out_of_range_are_refused_where_one_computes_with_them() {
        let refuse = |query: &str| {
            let graph = Syntax::Turtle
                .parse(b"<urn:a> <urn:p> 99999999999999999999 , 0.1234567890123456789012345 .")
                .unwrap();
            let answer = Query::prepare(query).and_then(|query| query.select(&graph));
            assert!(
                matches!(answer, Err(QueryError::NumberRange { .. })),
                "{query}: {answer:?}"
            );
        };
        refuse("SELECT ?x { BIND(1 AS ?x) FILTER(?x < 99999999999999999999) }");
        refuse("SELECT (99999999999999999999 + 1 AS ?x) {}");
        refuse("SELECT ?x { ?s ?p ?x FILTER(?x > 1) }");
        refuse("SELECT (SUM(?x) AS ?n) { ?s ?p ?x }");
        refuse("SELECT ?x { ?s ?p ?x FILTER(?x IN (1, 2)) }");
        refuse(
            "SELECT (<http://www.w3.org/2001/XMLSchema#integer>('99999999999999999999') AS ?x) {}",
        );
    }

    #[test]
    fn numbers_of_any_length_are_terms() {
        let data = ":a :p 99999999999999999999 , 0.1234567890123456789012345 .";
        let check = |query: &str, expected: &[&str]| assert_eq!(rows(data, query), expected);
        let (decimal, integer) = ("0.1234567890123456789012345", "99999999999999999999");
        check("SELECT ?x { ?s :p ?x } ORDER BY ?x", &[decimal, integer]);
        check(
            "SELECT (STR(?x) AS ?y) { ?s :p ?x } ORDER BY ?x",
            &[decimal, integer],
        );
        check("SELECT (MAX(?x) AS ?y) { ?s :p ?x }", &[integer]);
        check("SELECT ?s { ?s :p 99999999999999999999 }", &["urn:x:a"]);
        check("SELECT (COUNT(DISTINCT ?x) AS ?n) { ?s :p ?x }", &["2"]);
        check("SELECT (99999999999999999999 AS ?x) {}", &[integer]);
    }
}
