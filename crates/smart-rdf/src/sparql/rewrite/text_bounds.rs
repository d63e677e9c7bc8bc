//! Twenty values, each two copies of the one before, are a million copies: a short query can ask
//! for more text than there is memory, in a few steps. The evaluator does not count.
//!
//! `CONCAT` and `ENCODE_FOR_URI` get their arguments through a function that counts, and none once
//! it is too much. `REPLACE` and `GROUP_CONCAT` are ours, and count themselves.

use spargebra::algebra::{Expression, Function as SparqlFunction, GraphPattern};

use crate::sparql::functions::Function;
use crate::sparql::rewrite::visitor::{Visitor, walk_expression};
use crate::sparql::rewrite::{Calls, wrap};

/// Has the text counted that the query makes.
pub(crate) fn count(pattern: &mut GraphPattern, calls: &mut Calls) {
    Pass { calls }.pattern(pattern);
}

struct Pass<'c> {
    calls: &'c mut Calls,
}

impl Visitor for Pass<'_> {
    fn expression(&mut self, expression: &mut Expression) {
        walk_expression(self, expression);
        if let Expression::FunctionCall(
            SparqlFunction::Concat | SparqlFunction::EncodeForUri,
            arguments,
        ) = expression
        {
            for argument in arguments {
                wrap(argument, |text| self.calls.call(Function::Sum, vec![text]));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::sparql::rewrite::bare_rows;
    use crate::{Graph, Limit, QueryError, QueryLimits, Sparql};

    #[test]
    fn the_evaluator_makes_text_without_end() {
        let doubled: String = (1..13)
            .map(|n| format!(" BIND(CONCAT(?t{0}, ?t{0}) AS ?t{n})", n - 1))
            .collect();
        let query = format!("SELECT (STRLEN(?t12) AS ?n) {{ BIND('0123456789' AS ?t0){doubled} }}");
        assert_eq!(bare_rows("", &query), ["40960"]);
        let limits = QueryLimits::new().with_text_bytes(10_000);
        let query = Sparql::new().with_limits(limits).prepare(&query).unwrap();
        let error = query.select(&Graph::default()).unwrap_err();
        assert!(
            matches!(&error, QueryError::Limit(limit) if limit.limit() == Limit::QueryText),
            "{error}"
        );
    }
}
