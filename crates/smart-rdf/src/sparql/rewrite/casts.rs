//! Casts are those of XPath ([SPARQL 1.1,
//! 17.5](https://www.w3.org/TR/sparql11-query/#FunctionMapping)), which collapse the space around a
//! number and write doubles with an exponent from a million on. The evaluator does neither.

use oxrdf::NamedNodeRef;
use oxrdf::vocab::xsd;
use spargebra::algebra::{Expression, Function as SparqlFunction, GraphPattern};

use crate::sparql::functions::Function;
use crate::sparql::rewrite::visitor::{Visitor, walk_expression};
use crate::sparql::rewrite::{Calls, wrap};

/// Passes what is cast through a function of ours, which does `xsd:string` itself.
pub(crate) fn prepare_input(pattern: &mut GraphPattern, calls: &mut Calls) {
    Pass { calls }.pattern(pattern);
}

struct Pass<'c> {
    calls: &'c mut Calls,
}

impl Visitor for Pass<'_> {
    fn expression(&mut self, expression: &mut Expression) {
        walk_expression(self, expression);
        let Expression::FunctionCall(SparqlFunction::Custom(name), arguments) = expression else {
            return;
        };
        let [argument] = arguments.as_mut_slice() else {
            return;
        };
        if *name == xsd::STRING {
            let arguments = std::mem::take(arguments);
            *expression = self.calls.call(Function::CastToString, arguments);
        } else if let Some(function) = input_function(name.as_ref()) {
            wrap(argument, |value| self.calls.call(function, vec![value]));
        }
    }
}

fn input_function(datatype: NamedNodeRef<'_>) -> Option<Function> {
    const EXACT: [NamedNodeRef<'_>; 2] = [xsd::INTEGER, xsd::DECIMAL];
    const FLOATING: [NamedNodeRef<'_>; 2] = [xsd::FLOAT, xsd::DOUBLE];
    const OTHERS: [NamedNodeRef<'_>; 12] = [
        xsd::BOOLEAN,
        xsd::DATE,
        xsd::DATE_TIME,
        xsd::DAY_TIME_DURATION,
        xsd::DURATION,
        xsd::G_DAY,
        xsd::G_MONTH,
        xsd::G_MONTH_DAY,
        xsd::G_YEAR,
        xsd::G_YEAR_MONTH,
        xsd::TIME,
        xsd::YEAR_MONTH_DURATION,
    ];
    if EXACT.contains(&datatype) {
        Some(Function::CastInputToExact)
    } else if FLOATING.contains(&datatype) {
        Some(Function::CastInputToFloat)
    } else if OTHERS.contains(&datatype) {
        Some(Function::CastInput)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use crate::sparql::rewrite::{bare_rows, rows};

    #[track_caller]
    fn check(expression: &str, bare: &str, expected: &str) {
        let query = format!("SELECT ({expression} AS ?x) {{}}");
        assert_eq!(bare_rows("", &query), [bare], "bare: {expression}");
        assert_eq!(rows("", &query), [expected], "{expression}");
    }

    #[test]
    fn the_evaluator_casts_in_its_own_way() {
        check("xsd:integer(' 3 ')", "-", "3");
        check(r"xsd:decimal('\t3.5\n')", "-", "3.5");
        check("xsd:boolean(' 1 ')", "-", "true");
        check("xsd:double(' 1e3 ')", "-", "1000");
        check("xsd:date(' 2010-01-31 ')", "-", "2010-01-31");
        check(
            "xsd:dateTime(' 2010-01-31T00:00:00Z ')",
            "-",
            "2010-01-31T00:00:00Z",
        );
        check("xsd:double('infinity')", "INF", "-");
        check("xsd:string(1e6)", "1000000", "1.0E6");
        check("xsd:string(1e-7)", "0.0000001", "1.0E-7");
    }

    #[test]
    fn casts_take_and_give_what_xpath_says() {
        check("xsd:integer('3.5')", "-", "-");
        check("xsd:integer(3.9)", "3", "3");
        check("xsd:integer(-3.9e0)", "-3", "-3");
        check("xsd:integer(true)", "1", "1");
        check("xsd:boolean('yes')", "-", "-");
        check("xsd:boolean(0.0)", "false", "false");
        check("xsd:decimal('1e3')", "-", "-");
        check("xsd:string(1.50)", "1.5", "1.5");
        check("xsd:string(<urn:x:a>)", "urn:x:a", "urn:x:a");
        check("xsd:integer('1 2')", "-", "-");
        check("xsd:double('INF')", "INF", "INF");
        check("xsd:string(' a ')", " a ", " a ");
    }
}
