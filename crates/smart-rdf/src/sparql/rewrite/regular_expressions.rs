//! REGEX and REPLACE are those of XPath ([SPARQL 1.1,
//! 17.4.3.14](https://www.w3.org/TR/sparql11-query/#func-regex)). The evaluator gives patterns and
//! replacements to Rust's `regex` as they are, which reads some otherwise, compiles patterns anew
//! for each row, and has no value where it refuses one.

use std::sync::Arc;

use oxrdf::vocab::xsd;
use spargebra::algebra::{Expression, Function as SparqlFunction, GraphPattern};

use crate::sparql::error::QueryError;
use crate::sparql::functions::{
    Function, MOST_CONSTANTS, Pattern, PatternError, check_replacement,
};
use crate::sparql::rewrite::visitor::{Visitor, walk_expression};
use crate::sparql::rewrite::{Calls, wrap};

/// Calls functions of ours in their place. Constant patterns are compiled here.
///
/// # Errors
///
/// A constant pattern, or its replacement, cannot be used.
pub(crate) fn replace(pattern: &mut GraphPattern, calls: &mut Calls) -> Result<(), QueryError> {
    let mut pass = Pass {
        calls,
        constants: 0,
        compile_cost: 0,
        error: None,
    };
    pass.pattern(pattern);
    pass.error.map_or(Ok(()), |error| {
        Err(QueryError::Pattern {
            message: error.to_string(),
        })
    })
}

struct Pass<'c> {
    calls: &'c mut Calls,
    constants: usize,
    compile_cost: usize,
    error: Option<PatternError>,
}

impl Visitor for Pass<'_> {
    fn expression(&mut self, expression: &mut Expression) {
        walk_expression(self, expression);
        if !matches!(
            expression,
            Expression::FunctionCall(SparqlFunction::Regex | SparqlFunction::Replace, _)
        ) {
            return;
        }
        wrap(expression, |expression| match expression {
            Expression::FunctionCall(SparqlFunction::Regex, arguments) => self.regex(arguments),
            Expression::FunctionCall(SparqlFunction::Replace, arguments) => self.replace(arguments),
            other => other,
        });
    }
}

impl Pass<'_> {
    fn regex(&mut self, mut arguments: Vec<Expression>) -> Expression {
        let compiled = match arguments.as_slice() {
            [_, pattern, flags @ ..] => self.compile(pattern, flags),
            _ => None,
        };
        match compiled {
            None => self.calls.call(Function::Regex, arguments),
            Some(Ok(pattern)) => {
                arguments.truncate(1);
                let function = Function::Matches(self.next_constant(), Arc::new(pattern));
                self.calls.call(function, arguments)
            }
            Some(Err(error)) => self.fail(error),
        }
    }

    fn replace(&mut self, mut arguments: Vec<Expression>) -> Expression {
        let [_, pattern, replacement, flags @ ..] = arguments.as_slice() else {
            return self.calls.call(Function::Replace, arguments);
        };
        let is_plain = flags
            .first()
            .is_some_and(|flags| constant(flags).is_none_or(|flags| flags.contains('q')));
        if let Some(replacement) = constant(replacement)
            && !is_plain
            && let Err(error) = check_replacement(replacement)
        {
            return self.fail(error);
        }
        let compiled = self.compile(pattern, flags).map(|compiled| {
            compiled.and_then(|pattern| pattern.check_replaces().map(|()| pattern))
        });
        match compiled {
            None => self.calls.call(Function::Replace, arguments),
            Some(Ok(pattern)) => {
                arguments.truncate(3);
                arguments.remove(1);
                let function = Function::ReplaceMatches(self.next_constant(), Arc::new(pattern));
                self.calls.call(function, arguments)
            }
            Some(Err(error)) => self.fail(error),
        }
    }

    /// The pattern, if it and its flags are constants.
    fn compile(
        &mut self,
        pattern: &Expression,
        flags: &[Expression],
    ) -> Option<Result<Pattern, PatternError>> {
        let flags = flags.first().map_or(Some(""), constant)?;
        let pattern = constant(pattern)?;
        if self.compile_cost > MOST_CONSTANTS {
            return Some(Err(PatternError::TooLarge));
        }
        let compiled = Pattern::new(pattern, flags);
        if let Ok(pattern) = &compiled {
            self.compile_cost += pattern.compile_cost();
        }
        Some(compiled)
    }

    fn next_constant(&mut self) -> usize {
        self.constants += 1;
        self.constants
    }

    fn fail(&mut self, error: PatternError) -> Expression {
        self.error.get_or_insert(error);
        Expression::Coalesce(Vec::new())
    }
}

fn constant(expression: &Expression) -> Option<&str> {
    match expression {
        Expression::Literal(literal) if literal.datatype() == xsd::STRING => Some(literal.value()),
        _ => None,
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
    fn the_evaluator_has_patterns_of_rust() {
        check("REPLACE('abc', '(b)', '$1x')", "ac", "abxc");
        check("REPLACE('abc', '(b)', '$10')", "ac", "ab0c");
        check(r"REPLACE('abc', 'b', '\\$')", r"a\$c", "a$c");
        check(r"REPLACE('abc', 'b', '\\\\')", r"a\\c", r"a\c");
        check("REGEX('a', '^[a-z-[aeiou]]$')", "true", "false");
        check(r"REGEX('a', '^\\i$')", "-", "true");
        check(r"REGEX('a', '^\\p{IsBasicLatin}$')", "-", "true");
        check("REGEX('ab', CONCAT('^', '.', 'b$'))", "true", "true");
        check("REPLACE('aXc'@en, 'x', '', 'i')", "ac", "ac");
    }

    #[test]
    fn patterns_that_come_with_the_rows_are_those_of_xpath() {
        let data = ":a :text 'a' ; :pattern '^[a-z-[aeiou]]$' . :b :text 'b' ; :pattern '^[a-z-[aeiou]]$' .";
        let query = "SELECT ?s { ?s :text ?t ; :pattern ?p FILTER(REGEX(?t, ?p)) }";
        assert_eq!(rows(data, query), ["urn:x:b"]);
        let query =
            "SELECT (REPLACE(?t, ?p, '<$0>') AS ?x) { ?s :text ?t ; :pattern ?p } ORDER BY ?x";
        assert_eq!(rows(data, query), ["<b>", "a"]);
    }
}
