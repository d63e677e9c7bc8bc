//! The order of the rows of an answer, where it can be made after the evaluation.
//!
//! This is for speed. The evaluator sorts by keys that are made for it (`rewrite/sort_keys.rs`),
//! and those of all rows cost half as much as the rest of a small query. Most queries sort only at
//! the end, by variables that are in the answer.

use std::cell::OnceCell;
use std::cmp::Ordering;

use oxrdf::{NamedNode, Term};
use spargebra::algebra::{Expression, GraphPattern, OrderExpression};

use crate::sparql::functions::{order_key, row_key};
use crate::sparql::results::Row;

/// The columns that rows are sorted by.
pub(crate) struct RowOrder {
    columns: Vec<Column>,
}

struct Column {
    name: String,
    is_descending: bool,
}

impl RowOrder {
    /// Takes the `ORDER BY` out of a query. Returns `None` if the evaluator has to sort: for a
    /// `LIMIT`, or by what is not in the answer.
    pub(crate) fn take(pattern: &mut GraphPattern) -> Option<Self> {
        let (inner, variables) = match pattern {
            GraphPattern::Project { inner, variables } => (inner, variables),
            // Rows that are equal have equal keys, so that it does not matter which one is kept.
            GraphPattern::Distinct { inner } | GraphPattern::Reduced { inner } => {
                return Self::take(inner);
            }
            _ => return None,
        };
        let GraphPattern::OrderBy {
            inner: unsorted,
            expression,
        } = &mut **inner
        else {
            return None;
        };
        let column = |key: &OrderExpression| {
            let (key, is_descending) = match key {
                OrderExpression::Asc(key) => (key, false),
                OrderExpression::Desc(key) => (key, true),
            };
            match key {
                Expression::Variable(key) if variables.contains(key) => Some(Column {
                    name: key.as_str().to_owned(),
                    is_descending,
                }),
                _ => None,
            }
        };
        let columns = expression.iter().map(column).collect::<Option<_>>()?;
        **inner = std::mem::take(unsorted);
        Some(Self { columns })
    }

    /// Sorts by the columns, and by all terms where those are equal.
    pub(crate) fn sort(&self, rows: Vec<Row>) -> Vec<Row> {
        let mut keyed: Vec<_> = rows.into_iter().map(|row| self.keyed(row)).collect();
        keyed.sort_unstable_by(|a, b| self.compare(a, b));
        keyed.into_iter().map(|keyed| keyed.row).collect()
    }

    fn keyed(&self, row: Row) -> Keyed {
        let columns = self.columns.iter();
        let keys = columns.map(|column| row.get(&column.name).map(order_key));
        Keyed {
            keys: keys.collect(),
            row_key: OnceCell::new(),
            row,
        }
    }

    fn compare(&self, a: &Keyed, b: &Keyed) -> Ordering {
        let keys = a.keys.iter().zip(&b.keys);
        let by_columns = self.columns.iter().zip(keys).map(|(column, (a, b))| {
            if column.is_descending {
                b.cmp(a)
            } else {
                a.cmp(b)
            }
        });
        let by_columns = by_columns.fold(Ordering::Equal, Ordering::then);
        by_columns.then_with(|| a.row_key().cmp(b.row_key()))
    }
}

/// A row with its keys. An unbound value has none, and comes first.
struct Keyed {
    keys: Vec<Option<String>>,
    /// It decides rarely.
    row_key: OnceCell<String>,
    row: Row,
}

impl Keyed {
    fn row_key(&self) -> &str {
        self.row_key.get_or_init(|| {
            let unbound = Term::from(unbound());
            let values = self.row.values().iter();
            row_key(values.map(|value| value.as_ref().unwrap_or(&unbound)))
        })
    }
}

/// What stands in a row's key for an unbound value.
pub(crate) fn unbound() -> NamedNode {
    NamedNode::new_unchecked("urn:x-smart-rdf:unbound")
}

#[cfg(test)]
mod tests {
    use crate::Query;
    use crate::sparql::rewrite::rows;

    /// That the rows are in this order, also with a `LIMIT`, for which the evaluator sorts.
    #[track_caller]
    fn check(query: &str, expected: &[&str]) {
        let limited = format!("{query} LIMIT 100");
        let sorts_itself = |query: &str| Query::prepare(query).unwrap().sorts_rows();
        assert_eq!((sorts_itself(query), sorts_itself(&limited)), (true, false));
        assert_eq!(rows("", query), expected, "{query}");
        assert_eq!(rows("", &limited), expected, "{limited}");
    }

    #[test]
    fn rows_are_sorted_as_by_the_evaluator() {
        let values = "VALUES (?x ?y) { (2 'b') (10 'a') (UNDEF 'c') ('1' 'd') (2.0 'a') (2 'a') (2 UNDEF) (<urn:a> 'a') }";
        let ascending = [
            "- | c",
            "urn:a | a",
            "2 | -",
            "2 | a",
            "2 | b",
            "2.0 | a",
            "10 | a",
            "1 | d",
        ];
        check(
            &format!("SELECT ?x ?y {{ {values} }} ORDER BY ?x"),
            &ascending,
        );
        check(
            &format!("SELECT DISTINCT ?x ?y {{ {{ {values} }} UNION {{ {values} }} }} ORDER BY ?x"),
            &ascending,
        );
        check(
            &format!("SELECT ?y ?x {{ {values} }} ORDER BY DESC(?x) ?y"),
            &[
                "d | 1",
                "a | 10",
                "a | 2.0",
                "- | 2",
                "a | 2",
                "b | 2",
                "a | urn:a",
                "c | -",
            ],
        );
        check(
            &format!("SELECT ?y (COUNT(?x) AS ?n) {{ {values} }} GROUP BY ?y ORDER BY DESC(?n) ?y"),
            &["a | 4", "- | 1", "b | 1", "d | 1", "c | 0"],
        );
    }

    #[test]
    fn the_evaluator_sorts_by_what_is_not_in_the_answer() {
        let values = "VALUES (?x ?y) { (1 'b') (2 'a') (3 'c') }";
        for (query, expected) in [
            ("SELECT ?x { VALUES } ORDER BY ?y", ["2", "1", "3"]),
            ("SELECT ?x { VALUES } ORDER BY (0 - ?x)", ["3", "2", "1"]),
            ("SELECT ?y { VALUES } ORDER BY DESC(?x)", ["c", "a", "b"]),
        ] {
            let query = query.replace("VALUES", values);
            assert!(!Query::prepare(&query).unwrap().sorts_rows(), "{query}");
            assert_eq!(rows("", &query), expected, "{query}");
        }
    }
}
