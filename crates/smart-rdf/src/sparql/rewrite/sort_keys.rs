//! `ORDER BY` needs an order of all terms ([SPARQL 1.1,
//! 15.1](https://www.w3.org/TR/sparql11-query/#modOrderBy)). That of the evaluator compares some
//! literals by value and others by text, which is not transitive: from 21 rows on it panics, below
//! the result depends on the order before.
//!
//! The evaluator sorts by keys of ours, which are texts, and by the terms of the row where those
//! are equal. Each key is made once for a row. What can be sorted after the evaluation does not get
//! here (see `sparql/order.rs`).

use oxrdf::Variable;
use spargebra::algebra::{Expression, GraphPattern, OrderExpression};

use crate::sparql::functions::Function;
use crate::sparql::order::unbound;
use crate::sparql::rewrite::visitor::{Visitor, walk_pattern};
use crate::sparql::rewrite::{Calls, own_variable, wrap_pattern};

/// Sorts by keys, in sub-queries as well.
pub(crate) fn replace(pattern: &mut GraphPattern, calls: &mut Calls) {
    Pass { calls }.pattern(pattern);
}

struct Pass<'c> {
    calls: &'c mut Calls,
}

impl Visitor for Pass<'_> {
    fn pattern(&mut self, pattern: &mut GraphPattern) {
        let others = undecided(pattern);
        walk_pattern(self, pattern);
        match pattern {
            GraphPattern::OrderBy { inner, expression } => self.replace_keys(inner, expression),
            GraphPattern::Project { inner, .. } => {
                if let GraphPattern::OrderBy { expression, .. } = &mut **inner
                    && !others.is_empty()
                {
                    expression.push(OrderExpression::Asc(self.row_key(others)));
                }
            }
            _ => {}
        }
    }
}

/// The variables of a sorted row that are not keys themselves.
fn undecided(pattern: &GraphPattern) -> Vec<Variable> {
    let GraphPattern::Project { inner, variables } = pattern else {
        return Vec::new();
    };
    let GraphPattern::OrderBy { expression, .. } = &**inner else {
        return Vec::new();
    };
    let is_key = |variable: &&Variable| {
        expression
            .iter()
            .any(|key| variable_of(key) == Some(*variable))
    };
    variables
        .iter()
        .filter(|variable| !is_key(variable))
        .cloned()
        .collect()
}

fn variable_of(key: &OrderExpression) -> Option<&Variable> {
    match key {
        OrderExpression::Asc(Expression::Variable(variable))
        | OrderExpression::Desc(Expression::Variable(variable)) => Some(variable),
        _ => None,
    }
}

impl Pass<'_> {
    /// One key for all these variables: the evaluator computes each key for each row.
    fn row_key(&mut self, variables: Vec<Variable>) -> Expression {
        let term_or_unbound =
            |variable: Variable| Expression::Coalesce(vec![variable.into(), unbound().into()]);
        let mut arguments = vec![self.calls.call(Function::VerbatimAll, Vec::new())];
        arguments.extend(variables.into_iter().map(term_or_unbound));
        arguments.push(self.calls.call(Function::VerbatimOff, Vec::new()));
        self.calls.call(Function::RowKey, arguments)
    }

    fn replace_keys(&mut self, inner: &mut GraphPattern, keys: &mut [OrderExpression]) {
        for (number, key) in keys.iter_mut().enumerate() {
            let (OrderExpression::Asc(key) | OrderExpression::Desc(key)) = key;
            let variable = own_variable("key", number);
            let term = std::mem::replace(key, variable.clone().into());
            let expression = self.calls.call(Function::OrderKey, vec![term]);
            wrap_pattern(inner, |inner| GraphPattern::Extend {
                inner: Box::new(inner),
                variable,
                expression,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic;

    use crate::sparql::rewrite::{bare_rows, rows};

    const MIXED: &str =
        r#""13" "9" "30" 16 "5" 5 "26" 30 10 "28" 16 "14" 20 "16" "17" 2 "24" 23 "16" "24" 23"#;

    #[test]
    fn the_evaluator_panics_or_depends_on_the_order_before() {
        let forward = bare_rows("", "SELECT ?x { VALUES ?x { 10 '9' 9 } } ORDER BY ?x");
        let backward = bare_rows("", "SELECT ?x { VALUES ?x { 9 '9' 10 } } ORDER BY ?x");
        let panics = panic::catch_unwind(|| {
            bare_rows(
                "",
                &format!("SELECT ?x {{ VALUES ?x {{ {MIXED} }} }} ORDER BY ?x"),
            )
        });
        assert!(
            panics.is_err() || forward != backward,
            "if the order is total, the pass can go"
        );
    }

    #[test]
    fn numbers_come_before_strings() {
        let sorted = rows(
            "",
            &format!("SELECT ?x {{ VALUES ?x {{ {MIXED} }} }} ORDER BY ?x"),
        );
        assert_eq!(
            sorted.join(" "),
            "2 5 10 16 16 20 23 23 30 13 14 16 16 17 24 24 26 28 30 5 9"
        );
    }

    #[test]
    fn every_permutation_has_the_same_order() {
        let mut values: Vec<_> = [
            "UNDEF",
            "<urn:a>",
            "<urn:b>",
            "1",
            "01",
            "1.0",
            "1e0",
            "2",
            "'1'",
            "'10'",
            "'1'@en",
            "'1'@de",
            "true",
            "false",
            "'2010-01-31'^^xsd:date",
            "'2010-01-31T00:00:00'^^xsd:dateTime",
            "'2010-01-31T05:00:00+14:00'^^xsd:dateTime",
            "'2010-01-31T00:00:00Z'^^xsd:dateTime",
            "'NaN'^^xsd:double",
            "'INF'^^xsd:float",
            "'-INF'^^xsd:double",
            "'x'^^xsd:integer",
            "'10:00:00'^^xsd:time",
            "'P1M'^^xsd:duration",
            "'a'^^<urn:t>",
            "99999999999999999999",
            "0.1234567890123456789012345",
        ]
        .map(str::to_owned)
        .into();
        let sort = |values: &[String], direction: &str| {
            rows(
                "",
                &format!(
                    "SELECT (STR(?x) AS ?s) (LANG(?x) AS ?l) (DATATYPE(?x) AS ?d) {{ VALUES ?x {{ {} }} }} ORDER BY {direction}(?x)",
                    values.join(" ")
                ),
            )
        };
        let (ascending, mut descending) = (sort(&values, "ASC"), sort(&values, "DESC"));
        descending.reverse();
        assert_eq!(ascending, descending);
        // A fixed sequence that is as good as any.
        let mut seed: usize = 7;
        for _ in 0..25 {
            for last in (1..values.len()).rev() {
                seed = seed
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                values.swap(last, (seed >> 33) % (last + 1));
            }
            assert_eq!(sort(&values, "ASC"), ascending);
        }
    }

    #[test]
    fn rows_with_equal_keys_are_in_the_order_of_their_terms() {
        let query = "SELECT ?x ?y { VALUES (?x ?y) { (1 'b') (1 'a') (1.0 'c') (UNDEF 'd') } } ORDER BY DESC(?x) LIMIT 3";
        assert_eq!(rows("", query), ["1.0 | c", "1 | a", "1 | b"]);
    }

    #[test]
    fn several_keys_and_sub_queries_are_sorted_so_too() {
        let query = "SELECT ?x { { SELECT ?x { VALUES ?x { '9' 10 9 '10' } } ORDER BY DESC(?x) LIMIT 3 } } ORDER BY ?x";
        assert_eq!(rows("", query), ["10", "10", "9"]);
        let query = "SELECT ?x ?y { VALUES (?x ?y) { (1 2) (1 '2') (0 1) } } ORDER BY DESC(?x) DESC(?y) OFFSET 1";
        assert_eq!(rows("", query), ["1 | 2", "0 | 1"]);
        let mixed = format!(
            "SELECT (COUNT(*) AS ?n) {{ {{ SELECT ?x {{ VALUES ?x {{ {MIXED} {MIXED} }} }} ORDER BY ?x LIMIT 30 }} }}"
        );
        assert_eq!(rows("", &mixed), ["30"]);
    }
}
