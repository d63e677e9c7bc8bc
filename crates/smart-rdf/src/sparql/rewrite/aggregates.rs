//! `GROUP_CONCAT` takes the text of any term ([SPARQL 1.1,
//! 18.5.1.7](https://www.w3.org/TR/sparql11-query/#defn_aggGroupConcat)) and gives a string without
//! a language; `MIN`, `MAX` and `SAMPLE` give one of the terms, by the order of `ORDER BY`. The
//! evaluator has no value where something else than strings is concatenated, keeps a language, and
//! gives values: `01` as `1`, which no longer joins with the term.

use spargebra::algebra::{AggregateExpression, AggregateFunction, GraphPattern};

use crate::sparql::functions::Aggregate;
use crate::sparql::rewrite::Calls;
use crate::sparql::rewrite::visitor::{Visitor, walk_aggregate};

/// Calls aggregates of ours in their place.
pub(crate) fn replace(pattern: &mut GraphPattern, calls: &mut Calls) {
    Pass { calls }.pattern(pattern);
}

struct Pass<'c> {
    calls: &'c mut Calls,
}

impl Visitor for Pass<'_> {
    fn aggregate(&mut self, aggregate: &mut AggregateExpression) {
        walk_aggregate(self, aggregate);
        let AggregateExpression::FunctionCall { name, .. } = aggregate else {
            return;
        };
        let ours = match name {
            AggregateFunction::GroupConcat { separator } => {
                Aggregate::Concat(separator.clone().unwrap_or_else(|| " ".to_owned()))
            }
            AggregateFunction::Max => Aggregate::Max,
            AggregateFunction::Min => Aggregate::Min,
            AggregateFunction::Sample => Aggregate::Sample,
            _ => return,
        };
        *name = AggregateFunction::Custom(ours.name());
        if !self.calls.aggregates.contains(&ours) {
            self.calls.aggregates.push(ours);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::sparql::rewrite::{bare_rows, rows};

    #[track_caller]
    fn check(aggregate: &str, values: &str, bare: &str, expected: &str) {
        let query = format!("SELECT ({aggregate} AS ?x) {{ VALUES ?v {{ {values} }} }}");
        assert_eq!(bare_rows("", &query), [bare], "bare: {aggregate}");
        assert_eq!(rows("", &query), [expected], "{aggregate} {values}");
    }

    #[test]
    fn the_evaluator_concatenates_only_strings() {
        check("GROUP_CONCAT(?v)", "1 2", "-", "1 2");
        check(
            "GROUP_CONCAT(?v; separator=', ')",
            "<urn:x:a> 'b'",
            "-",
            "urn:x:a, b",
        );
        check(
            "GROUP_CONCAT(?v)",
            "'2010-01-31'^^xsd:date",
            "-",
            "2010-01-31",
        );
        check("GROUP_CONCAT(?v)", "01.50 true", "-", "01.50 true");
        check("LANG(GROUP_CONCAT(?v))", "'a'@en 'b'@en", "en", "");
    }

    #[test]
    fn the_evaluator_gives_values_in_place_of_terms() {
        check("MIN(?v)", "'05'^^xsd:integer 7", "5", "05");
        check(
            "MAX(?v)",
            "'2010-01-31T00:00:00.00Z'^^xsd:dateTime",
            "2010-01-31T00:00:00Z",
            "2010-01-31T00:00:00.00Z",
        );
        check("SAMPLE(?v)", "'1.0'^^xsd:decimal", "1", "1.0");
    }

    #[test]
    fn aggregates_see_distinct_terms_and_empty_groups() {
        check("GROUP_CONCAT(DISTINCT ?v)", "'a' 'b' 'a'", "a b", "a b");
        check("GROUP_CONCAT(DISTINCT ?v)", "1 '1' 1", "-", "1 1");
        check("GROUP_CONCAT(?v)", "", "", "");
        check("MIN(?v)", "", "-", "-");
        check("SAMPLE(?v)", "", "-", "-");
        check("AVG(?v)", "", "0", "0");
        check("SUM(?v)", "1 2.5 1e0", "4.5", "4.5");
        check("COUNT(?v)", "1 UNDEF 2", "2", "2");
    }

    #[test]
    fn the_least_of_mixed_kinds_does_not_depend_on_their_order() {
        for values in ["'9' 10 'a'@en true", "true 'a'@en 10 '9'"] {
            assert_eq!(
                rows(
                    "",
                    &format!(
                        "SELECT (MIN(?v) AS ?x) (MAX(?v) AS ?y) {{ VALUES ?v {{ {values} }} }}"
                    )
                ),
                ["10 | true"]
            );
        }
    }

    #[test]
    fn the_latest_of_a_graph_joins_with_it() {
        let data =
            ":a :on '2010-01-31T10:00:00.000Z'^^<http://www.w3.org/2001/XMLSchema#dateTime> .";
        let query = "SELECT ?s { ?s :on ?latest { SELECT (MAX(?d) AS ?latest) { ?x :on ?d } } }";
        assert_eq!(bare_rows(data, query), [""; 0]);
        assert_eq!(rows(data, query), ["urn:x:a"]);
    }
}
