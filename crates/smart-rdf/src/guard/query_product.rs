use std::collections::BTreeSet;

use spargebra::Query;
use spargebra::algebra::{Expression, GraphPattern};
use spargebra::term::{NamedNodePattern, TermPattern, TriplePattern};

use crate::limits::{Limit, LimitError};
use crate::sparql::{QueryError, QueryLimits};

/// Checks that patterns which share no variable do not match more often together than the query may
/// take steps.
///
/// The evaluator would multiply their rows in memory, without a look at the graph where it could be
/// stopped. Only what is certain is refused: rows that a `LIMIT` may spare, or a filter on one of
/// the patterns, are not counted.
pub(crate) fn check_products(
    query: &Query,
    limits: &QueryLimits,
    matches: impl Fn(&TriplePattern) -> usize,
) -> Result<(), QueryError> {
    // With FROM, the patterns are matched in other graphs.
    if query.dataset().is_some() || largest_product(query, &matches) <= limits.steps {
        return Ok(());
    }
    Err(LimitError::new(Limit::Steps, limits.steps, None).into())
}

/// Whether there is anything to check when it is run.
pub(crate) fn has_products(query: &Query) -> bool {
    largest_product(query, &|_| 2) > 2
}

fn largest_product(query: &Query, matches: &dyn Fn(&TriplePattern) -> usize) -> usize {
    let mut search = Search {
        matches,
        largest: 0,
    };
    match query {
        Query::Ask { pattern, .. } => search.look(pattern, false),
        Query::Select { pattern, .. }
        | Query::Construct { pattern, .. }
        | Query::Describe { pattern, .. } => search.look(pattern, true),
    }
    search.largest
}

struct Search<'m> {
    matches: &'m dyn Fn(&TriplePattern) -> usize,
    largest: usize,
}

impl Search<'_> {
    /// `all` says whether all rows of the pattern are made.
    fn look(&mut self, pattern: &GraphPattern, all: bool) {
        match pattern {
            GraphPattern::LeftJoin { left, .. } => self.look(left, all),
            // An `OPTIONAL` that is planned.
            GraphPattern::Lateral { left, right }
                if matches!(**right, GraphPattern::LeftJoin { .. }) =>
            {
                self.look(left, all);
            }
            GraphPattern::Bgp { .. }
            | GraphPattern::Filter { .. }
            | GraphPattern::Join { .. }
            | GraphPattern::Lateral { .. } => {
                if all {
                    self.multiply(pattern);
                }
            }
            GraphPattern::Slice { inner, length, .. } => {
                self.look(inner, all && length.is_none());
            }
            GraphPattern::OrderBy { inner, .. } | GraphPattern::Group { inner, .. } => {
                self.look(inner, true);
            }
            GraphPattern::Distinct { inner }
            | GraphPattern::Extend { inner, .. }
            | GraphPattern::Project { inner, .. }
            | GraphPattern::Reduced { inner } => self.look(inner, all),
            GraphPattern::Union { left, right } => {
                self.look(left, all);
                self.look(right, all);
            }
            GraphPattern::Minus { left, right } => {
                self.look(left, all);
                self.look(right, true);
            }
            GraphPattern::Graph { .. }
            | GraphPattern::Path { .. }
            | GraphPattern::Service { .. }
            | GraphPattern::Values { .. } => {}
        }
    }

    fn multiply(&mut self, pattern: &GraphPattern) {
        let mut joined = Joined::default();
        if !joined.collect(pattern) {
            return;
        }
        let parts = joined.connected_parts();
        if joined.filters.iter().any(|names| {
            let mut touched = parts.iter().filter(|(part, _)| !part.is_disjoint(names));
            // A filter on one part is applied before the rows are multiplied.
            touched.next().is_none() || touched.next().is_none()
        }) {
            return;
        }
        let product = parts.iter().fold(1, |product: usize, (_, triples)| {
            // How often several match together is not known without matching them.
            let matches = match triples.as_slice() {
                [triple] => (self.matches)(triple),
                _ => 0,
            };
            product.saturating_mul(matches)
        });
        self.largest = self.largest.max(product);
    }
}

type Names<'q> = BTreeSet<&'q str>;

/// What is joined, and the variables of each filter.
#[derive(Default)]
struct Joined<'q> {
    triples: Vec<&'q TriplePattern>,
    filters: Vec<Names<'q>>,
}

impl<'q> Joined<'q> {
    /// False if there is something of which it is not known how many rows it has.
    fn collect(&mut self, pattern: &'q GraphPattern) -> bool {
        match pattern {
            GraphPattern::Bgp { patterns } => {
                self.triples.extend(patterns);
                true
            }
            GraphPattern::Join { left, right } | GraphPattern::Lateral { left, right } => {
                self.collect(left) && self.collect(right)
            }
            GraphPattern::Filter { expr, inner } => self.filter(expr) && self.collect(inner),
            _ => false,
        }
    }

    fn filter(&mut self, expression: &'q Expression) -> bool {
        if let Expression::And(left, right) = expression {
            return self.filter(left) && self.filter(right);
        }
        let mut names = Names::new();
        let is_known = names_in(expression, &mut names);
        self.filters.push(names);
        is_known
    }

    fn connected_parts(&self) -> Vec<(Names<'q>, Vec<&'q TriplePattern>)> {
        let mut parts: Vec<(Names<'q>, Vec<&'q TriplePattern>)> = Vec::new();
        for triple in &self.triples {
            let mut part = (names_of(triple), vec![*triple]);
            // A variable that a triple names twice is a condition on its matches.
            if part.0.len() < variables(triple).count() {
                part.1.push(triple);
            }
            let (connected, others): (Vec<_>, Vec<_>) = parts
                .into_iter()
                .partition(|(names, _)| !names.is_disjoint(&part.0));
            for (names, triples) in connected {
                part.0.extend(names);
                part.1.extend(triples);
            }
            parts = others;
            parts.push(part);
        }
        parts
    }
}

fn names_of(triple: &TriplePattern) -> Names<'_> {
    variables(triple).collect()
}

fn variables(triple: &TriplePattern) -> impl Iterator<Item = &str> {
    let predicate = match &triple.predicate {
        NamedNodePattern::Variable(variable) => Some(variable.as_str()),
        NamedNodePattern::NamedNode(_) => None,
    };
    [end(&triple.subject), predicate, end(&triple.object)]
        .into_iter()
        .flatten()
}

fn end(term: &TermPattern) -> Option<&str> {
    match term {
        TermPattern::Variable(variable) => Some(variable.as_str()),
        TermPattern::BlankNode(node) => Some(node.as_str()),
        TermPattern::Literal(_) | TermPattern::NamedNode(_) => None,
    }
}

/// False if there may be more variables than were found.
fn names_in<'q>(expression: &'q Expression, names: &mut Names<'q>) -> bool {
    match expression {
        Expression::NamedNode(_) | Expression::Literal(_) => true,
        Expression::Variable(variable) | Expression::Bound(variable) => {
            names.insert(variable.as_str());
            true
        }
        Expression::Or(left, right)
        | Expression::And(left, right)
        | Expression::Equal(left, right)
        | Expression::SameTerm(left, right)
        | Expression::Greater(left, right)
        | Expression::GreaterOrEqual(left, right)
        | Expression::Less(left, right)
        | Expression::LessOrEqual(left, right)
        | Expression::Add(left, right)
        | Expression::Subtract(left, right)
        | Expression::Multiply(left, right)
        | Expression::Divide(left, right) => names_in(left, names) && names_in(right, names),
        Expression::UnaryPlus(inner) | Expression::UnaryMinus(inner) | Expression::Not(inner) => {
            names_in(inner, names)
        }
        Expression::In(value, list) => {
            names_in(value, names) && list.iter().all(|part| names_in(part, names))
        }
        Expression::Exists(_) => false,
        Expression::If(condition, then, otherwise) => [condition, then, otherwise]
            .into_iter()
            .all(|part| names_in(part, names)),
        Expression::Coalesce(list) | Expression::FunctionCall(_, list) => {
            list.iter().all(|part| names_in(part, names))
        }
    }
}

#[cfg(test)]
mod tests {
    use spargebra::SparqlParser;
    use spargebra::term::{NamedNode, Variable};

    use super::*;

    fn parsed(text: &str) -> Query {
        SparqlParser::new().parse_query(text).unwrap()
    }

    /// As many as the predicate's name says, `<n:10>` ten; a variable stands for a hundred.
    fn matches(triple: &TriplePattern) -> usize {
        match &triple.predicate {
            NamedNodePattern::NamedNode(node) => node.as_str()[2..].parse().unwrap(),
            NamedNodePattern::Variable(_) => 100,
        }
    }

    #[track_caller]
    fn check(text: &str, largest: usize) {
        let largest_found = largest_product(&parsed(text), &matches);
        assert_eq!(largest_found, largest, "{text}");
    }

    /// In place of `AB` two patterns that multiply to 200.
    #[track_caller]
    fn check_ab(text: &str, largest: usize) {
        check(
            &text.replace("AB", "?a <n:10> ?b . ?c <n:20> ?d . "),
            largest,
        );
    }

    #[test]
    fn patterns_that_share_no_variable_multiply() {
        for (patterns, largest) in [
            ("?a <n:10> ?b . ?c <n:20> ?d", 200),
            ("?a <n:2> ?b . ?c <n:3> ?d . ?e <n:4> ?f", 24),
            ("?a <n:7> ?b", 7),
            ("<a:b> <n:7> <a:c> . ?c <n:20> 'd'", 140),
            ("_:x <n:3> _:y . ?c <n:4> ?d", 12),
            ("?a ?p ?b . ?c <n:5> ?d", 500),
            // what shares one is counted when it is matched
            ("?a <n:10> ?b . ?b <n:20> ?c", 0),
            ("?a <n:10> ?b . ?c <n:20> ?d . ?d <n:5> ?e", 0),
            ("?a <n:2> ?b . ?c <n:3> ?d . ?b <n:4> ?c", 0),
            ("?a <n:10> ?a . ?c <n:20> ?d", 0),
            ("?a ?p ?b . ?c ?p ?d", 0),
            ("_:x <n:3> _:y . _:y <n:4> ?d", 0),
            // how many rows there are of these is not known
            ("VALUES ?x {1} ?a <n:10> ?b . ?c <n:20> ?d", 0),
            ("?a <n:10> ?b . ?c <n:20> ?d . VALUES ?x {1}", 0),
            ("GRAPH ?g {?a <n:10> ?b . ?c <n:20> ?d}", 0),
            ("?a <n:10>+ ?b", 0),
        ] {
            check(&format!("SELECT * {{{patterns}}}"), largest);
        }
    }

    #[test]
    fn a_filter_counts_only_if_it_needs_the_product() {
        for (filter, largest) in [
            ("?a = ?c", 200),
            ("?a = ?b", 0),
            ("1 = 1", 0),
            ("?a = ?c && ?b = ?d", 200),
            ("?a = ?c && ?b = 1", 0),
            ("?b = 1 && ?a = ?c", 0),
            ("?a = 1 || ?c = 1", 200),
            ("!(?a = ?c)", 200),
            ("-?a < ?c", 200),
            ("?a IN (1, ?c)", 200),
            ("BOUND(?a) || BOUND(?c)", 200),
            ("IF(?a, 1, ?c)", 200),
            ("COALESCE(?a, <e:x>, ?c)", 200),
            ("STRLEN(CONCAT(?a, ?c)) > 'x'", 200),
            // what is inside may name more variables than are found
            ("?a = ?c && EXISTS {?x <n:1> ?y}", 0),
            ("EXISTS {?x <n:1> ?y} && ?a = ?c", 0),
            ("?a = ?c || EXISTS {?x <n:1> ?y}", 0),
            ("EXISTS {?x <n:1> ?y} || ?a = ?c", 0),
            ("?a IN (?c, EXISTS {?x <n:1> ?y})", 0),
            ("(EXISTS {?x <n:1> ?y}) IN (?a, ?c)", 0),
            ("IF(?a, ?c, EXISTS {?x <n:1> ?y})", 0),
            ("COALESCE(?a, ?c, EXISTS {?x <n:1> ?y})", 0),
        ] {
            check_ab(&format!("SELECT * {{AB FILTER({filter})}}"), largest);
        }
        check_ab("SELECT * {AB VALUES ?x {1} FILTER(?a = ?c)}", 0);
    }

    #[test]
    fn only_rows_that_are_made_count() {
        for (text, largest) in [
            ("ASK {AB}", 0),
            ("CONSTRUCT {?a <e:p> ?d} WHERE {AB}", 200),
            ("DESCRIBE ?a {AB}", 200),
            ("SELECT * {AB} LIMIT 1", 0),
            ("SELECT * {AB} OFFSET 1", 200),
            // these need all rows
            ("SELECT * {AB} ORDER BY ?a LIMIT 1", 200),
            ("SELECT (COUNT(*) AS ?n) {AB} LIMIT 1", 200),
            ("ASK {?x <n:1> ?y MINUS {AB}}", 200),
            ("SELECT * {AB MINUS {?x <n:1> ?y}}", 200),
            ("ASK {AB MINUS {?x <n:1> ?y}}", 1),
            // and these as many as what they are made of
            ("SELECT DISTINCT * {AB}", 200),
            ("SELECT REDUCED * {AB}", 200),
            ("SELECT DISTINCT * {AB} LIMIT 1", 0),
            ("SELECT * {AB BIND(1 AS ?x)}", 200),
            ("ASK {AB BIND(1 AS ?x)}", 0),
            ("SELECT * {{AB} UNION {?x <n:30> ?y . ?z <n:40> ?w}}", 1200),
            ("SELECT * {{?x <n:30> ?y . ?z <n:40> ?w} UNION {AB}}", 1200),
            ("ASK {{AB} UNION {AB}}", 0),
            ("SELECT * {AB OPTIONAL {?a <n:9> ?z}}", 200),
            ("ASK {AB OPTIONAL {?a <n:9> ?z}}", 0),
        ] {
            check_ab(text, largest);
        }
    }

    #[test]
    fn an_optional_that_is_planned_is_one() {
        let triple = |subject: &str, count: usize, object: &str| TriplePattern {
            subject: Variable::new_unchecked(subject).into(),
            predicate: NamedNode::new_unchecked(format!("n:{count}")).into(),
            object: Variable::new_unchecked(object).into(),
        };
        let group = |patterns| Box::new(GraphPattern::Bgp { patterns });
        let product = || group(vec![triple("a", 10, "b"), triple("c", 20, "d")]);
        let small = || group(vec![triple("x", 3, "y")]);
        let optional = Box::new(GraphPattern::LeftJoin {
            left: group(vec![]),
            right: small(),
            expression: None,
        });
        for (right, largest) in [(optional, 200), (small(), 600)] {
            let left = product();
            let pattern = GraphPattern::Lateral { left, right };
            let query = Query::Select {
                dataset: None,
                pattern,
                base_iri: None,
            };
            assert_eq!(largest_product(&query, &matches), largest);
        }
    }

    #[test]
    fn a_product_may_take_as_many_steps_as_the_query() {
        let check = |text: &str, steps| {
            let limits = QueryLimits::new().with_steps(steps);
            check_products(&parsed(text), &limits, matches)
        };
        let text = "SELECT * {?a <n:10> ?b . ?c <n:20> ?d}";
        check(text, 200).unwrap();
        let error = check(text, 199).unwrap_err();
        let is_told = matches!(error, QueryError::Limit(error) if error.limit() == Limit::Steps);
        assert!(is_told);
        // the patterns are matched in another graph
        check("SELECT * FROM <e:g> {?a <n:10> ?b . ?c <n:20> ?d}", 199).unwrap();
        assert!(has_products(&parsed(text)));
        assert!(!has_products(&parsed("SELECT * {?a <n:10> ?b}")));
    }
}
