//! `STR` and `DATATYPE` tell of the term ([SPARQL 1.1,
//! 17.4.2.5](https://www.w3.org/TR/sparql11-query/#func-str)): `"01"^^xsd:integer` is `01`, and not
//! the `1` that the evaluator makes of it, which also takes each `xsd:int` for an `xsd:integer`.
//!
//! What needs the term asks for it just before: the dataset hands out the next one as it is.

use spargebra::algebra::{
    AggregateExpression, AggregateFunction, Expression, Function as SparqlFunction, GraphPattern,
};

use crate::sparql::functions::Function;
use crate::sparql::rewrite::visitor::{Visitor, walk_expression, walk_pattern};
use crate::sparql::rewrite::{Calls, wrap};

/// Keeps terms as they are in `STR`, `DATATYPE`, our aggregates and sort keys, and where `BIND`
/// chooses one.
pub(crate) fn keep(pattern: &mut GraphPattern, calls: &mut Calls) {
    Pass { calls }.pattern(pattern);
}

struct Pass<'c> {
    calls: &'c mut Calls,
}

impl Visitor for Pass<'_> {
    fn pattern(&mut self, pattern: &mut GraphPattern) {
        walk_pattern(self, pattern);
        if let GraphPattern::Extend { expression, .. } = pattern
            && !matches!(expression, Expression::Variable(_))
        {
            self.keep_chosen(expression);
        }
    }

    fn expression(&mut self, expression: &mut Expression) {
        walk_expression(self, expression);
        match expression {
            Expression::FunctionCall(SparqlFunction::Str, arguments) => match &mut arguments[..] {
                [Expression::Literal(literal)] => {
                    *expression = oxrdf::Literal::from(literal.value()).into();
                }
                arguments => self.keep_each(arguments),
            },
            Expression::FunctionCall(SparqlFunction::Datatype, arguments) => {
                match &mut arguments[..] {
                    [Expression::Literal(literal)] => {
                        *expression = literal.datatype().into_owned().into();
                    }
                    arguments => self.keep_each(arguments),
                }
            }
            // These tell alike of a value, but a number may have none (see `number_range.rs`).
            Expression::FunctionCall(
                SparqlFunction::IsBlank
                | SparqlFunction::IsIri
                | SparqlFunction::IsLiteral
                | SparqlFunction::Lang,
                arguments,
            ) => self.keep_each(arguments),
            Expression::FunctionCall(SparqlFunction::Custom(name), arguments)
                if *name == Function::OrderKey.name() =>
            {
                self.keep_each(arguments);
            }
            _ => {}
        }
    }

    fn aggregate(&mut self, aggregate: &mut AggregateExpression) {
        if let AggregateExpression::FunctionCall { name, expr, .. } = aggregate {
            self.expression(expr);
            if matches!(name, AggregateFunction::Custom(_)) {
                self.keep_chosen(expr);
            }
        }
    }
}

impl Pass<'_> {
    fn keep_each(&mut self, arguments: &mut [Expression]) {
        for argument in arguments {
            self.keep_chosen(argument);
        }
    }

    /// The terms that the expression may return as they are.
    fn keep_chosen(&mut self, expression: &mut Expression) {
        match expression {
            Expression::Variable(_) => wrap(expression, |variable| self.verbatim(variable)),
            Expression::Coalesce(choices) => self.keep_each(choices),
            Expression::If(_, then, otherwise) => {
                self.keep_chosen(then);
                self.keep_chosen(otherwise);
            }
            _ => {}
        }
    }

    /// Where the variable is unbound, nothing is handed out, and the next term must not be taken
    /// for it.
    fn verbatim(&mut self, variable: Expression) -> Expression {
        let begin = self.calls.call(Function::Verbatim, Vec::new());
        let end = self.calls.call(Function::VerbatimEnd, Vec::new());
        Expression::If(
            Box::new(begin),
            Box::new(Expression::Coalesce(vec![variable, end])),
            Box::new(Expression::Coalesce(Vec::new())),
        )
    }
}

#[cfg(test)]
mod tests {
    use crate::sparql::rewrite::{bare_rows, rows};

    const DATA: &str = ":a :p '01'^^<http://www.w3.org/2001/XMLSchema#integer> , '5'^^<http://www.w3.org/2001/XMLSchema#int> .";

    #[track_caller]
    fn check(expression: &str, bare: &[&str], expected: &[&str]) {
        let query = format!("SELECT ({expression} AS ?y) {{ :a :p ?x }} ORDER BY ?x");
        assert_eq!(bare_rows(DATA, &query), bare, "bare: {expression}");
        assert_eq!(rows(DATA, &query), expected, "{expression}");
    }

    #[test]
    fn the_evaluator_tells_of_values_not_of_terms() {
        const INTEGER: &str = "http://www.w3.org/2001/XMLSchema#integer";
        check("STR(?x)", &["1", "5"], &["01", "5"]);
        check(
            "DATATYPE(?x)",
            &[INTEGER; 2],
            &[INTEGER, "http://www.w3.org/2001/XMLSchema#int"],
        );
        check("COALESCE(?u, ?x, 1 + 1)", &["1", "5"], &["01", "5"]);
        check("IF(?x > 2, ?x + 0, ?x)", &["1", "5"], &["01", "5"]);
        check("STR('007'^^xsd:integer)", &["7"; 2], &["007"; 2]);
        check("STR(IF(true, ?x, 1))", &["1", "5"], &["01", "5"]);
    }

    #[test]
    fn values_are_values_after_an_unbound_term() {
        check("IF(BOUND(?u), STR(?u), ?x + 1)", &["2", "6"], &["2", "6"]);
        check("COALESCE(STR(?u), ?x + 1)", &["2", "6"], &["2", "6"]);
        check(
            "CONCAT(STR(?x), STR(?x + 1))",
            &["12", "56"],
            &["012", "56"],
        );
    }
}
