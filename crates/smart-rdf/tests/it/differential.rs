//! Random queries on random graphs: the graph here must answer as a general store does.

use std::fmt::Write;
use std::thread;

use oxigraph::model::GraphNameRef;
use oxigraph::sparql::{QueryResults, SparqlEvaluator};
use oxigraph::store::Store;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, prop_assert_eq, prop_oneof};
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use smart_rdf::{
    BlankNode, Graph, Literal, NamedNode, NamedOrBlankNode, Query, Term, Triple, TripleRef,
};

/// How many pairs of a graph and a query.
const PAIRS: u32 = 2500;

/// Making a random query takes more stack than a test has; answering one must not.
#[test]
fn queries_answer_as_on_a_store() {
    const ROOMY: usize = 64 << 20;
    let all = || {
        let config = Config {
            failure_persistence: None,
            ..Config::with_cases(PAIRS)
        };
        TestRunner::new(config).run(&(vec(triple(), 0..24), query()), |(triples, query)| {
            let triples = [triples, constants()].concat();
            on_a_small_stack(|| check(&triples, &query))
        })
    };
    let outcome = thread::scope(|scope| {
        let builder = thread::Builder::new().stack_size(ROOMY);
        builder.spawn_scoped(scope, all).unwrap().join().unwrap()
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

fn on_a_small_stack<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    const SMALL: usize = 2 << 20;
    thread::scope(|scope| {
        let builder = thread::Builder::new().stack_size(SMALL);
        builder.spawn_scoped(scope, work).unwrap().join().unwrap()
    })
}

fn check(triples: &[Triple], query: &str) -> Result<(), TestCaseError> {
    let graph: Graph = triples.iter().map(Triple::as_ref).collect();
    let prepared =
        Query::prepare(query).map_err(|error| TestCaseError::fail(format!("{error}: {query}")))?;
    prop_assert_eq!(ours(&prepared, &graph), theirs(query, triples), "{}", query);
    Ok(())
}

/// The rows as texts, sorted.
fn ours(query: &Query, graph: &Graph) -> Vec<String> {
    let solutions = query.select(graph).unwrap();
    let rows = solutions.rows().map(|row| row_text(row.values().iter()));
    sorted(rows.collect())
}

fn theirs(query: &str, triples: &[Triple]) -> Vec<String> {
    let store = Store::new().unwrap();
    for triple in triples {
        let triple = TripleRef::from(triple);
        store
            .insert(triple.in_graph(GraphNameRef::DefaultGraph))
            .unwrap();
    }
    let results = SparqlEvaluator::new()
        .parse_query(query)
        .unwrap()
        .on_store(&store)
        .execute()
        .unwrap();
    let QueryResults::Solutions(solutions) = results else {
        panic!("a SELECT");
    };
    let rows = solutions.map(|row| row_text(row.unwrap().values().iter()));
    sorted(rows.collect())
}

fn row_text<'a>(values: impl Iterator<Item = &'a Option<Term>>) -> String {
    let mut text = String::new();
    for value in values {
        match value {
            Some(term) => write!(text, "{term} ").unwrap(),
            None => text.push_str("- "),
        }
    }
    text
}

fn sorted(mut rows: Vec<String>) -> Vec<String> {
    rows.sort_unstable();
    rows
}

/// All constants that a query may have: the store finds no path of length zero at others.
fn constants() -> Vec<Triple> {
    let nodes = (0..4).map(|n| Term::from(iri("n", n)));
    let numbers = (0..4i64).map(|n| Literal::from(n).into());
    let others = [
        Literal::new_simple_literal("one"),
        Literal::new_language_tagged_literal_unchecked("one", "en"),
        Literal::from(true),
    ];
    nodes
        .chain(numbers)
        .chain(others.map(Term::from))
        .map(|term| Triple::new(iri("n", 0), iri("constant", 0), term))
        .collect()
}

fn triple() -> impl Strategy<Value = Triple> {
    let subject = prop_oneof![
        4 => (0..4u8).prop_map(|n| NamedOrBlankNode::from(iri("n", n))),
        1 => (0..2u8).prop_map(|n| BlankNode::new_unchecked(format!("b{n}")).into()),
    ];
    let object = prop_oneof![
        4 => (0..4u8).prop_map(|n| Term::from(iri("n", n))),
        1 => (0..2u8).prop_map(|n| Term::from(BlankNode::new_unchecked(format!("b{n}")))),
        3 => (0..4i64).prop_map(|n| Literal::from(n).into()),
        1 => Just(Literal::new_simple_literal("one").into()),
        1 => Just(Literal::new_language_tagged_literal_unchecked("one", "en").into()),
        1 => Just(Literal::from(true).into()),
    ];
    (subject, (0..3u8).prop_map(|n| iri("p", n)), object)
        .prop_map(|(subject, predicate, object)| Triple::new(subject, predicate, object))
}

fn iri(letter: &str, number: u8) -> NamedNode {
    NamedNode::new_unchecked(format!("http://example.org/{letter}{number}"))
}

fn query() -> impl Strategy<Value = String> {
    let variables = || {
        vec(variable(), 1..4).prop_map(|names| {
            let mut names = names;
            names.sort_unstable();
            names.dedup();
            names.join(" ")
        })
    };
    let plain = (
        option::of(prop_oneof![Just("DISTINCT"), Just("REDUCED")]),
        option::weighted(0.7, variables()),
        group(),
        option::weighted(0.3, order()),
    )
        .prop_map(|(modifier, variables, group, order)| {
            // REDUCED may keep as many copies as it likes.
            let modifier = modifier
                .filter(|word| *word == "DISTINCT")
                .unwrap_or_default();
            let variables = variables.unwrap_or_else(|| "*".to_owned());
            let order = order.unwrap_or_default();
            format!("SELECT {modifier} {variables} {{ {group} }} {order}")
        });
    let grouped = (
        variable(),
        aggregate(),
        group(),
        option::weighted(0.3, 0..3u8),
    )
        .prop_map(|(key, aggregate, group, having)| {
            let having = having.map_or_else(String::new, |n| format!("HAVING(COUNT(*) > {n})"));
            format!("SELECT {key} ({aggregate} AS ?total) {{ {group} }} GROUP BY {key} {having}")
        });
    let whole = (aggregate(), group())
        .prop_map(|(aggregate, group)| format!("SELECT ({aggregate} AS ?total) {{ {group} }}"));
    prop_oneof![6 => plain, 2 => grouped, 1 => whole]
        .prop_map(|query| number_fresh(&format!("PREFIX : <http://example.org/> {query}")))
}

/// Stands for a variable that is nowhere else.
const FRESH: &str = "?fresh";

fn number_fresh(query: &str) -> String {
    let mut parts = query.split(FRESH);
    let mut numbered = parts.next().unwrap_or_default().to_owned();
    for (number, part) in parts.enumerate() {
        write!(numbered, "?bound{number}{part}").unwrap();
    }
    numbered
}

fn order() -> impl Strategy<Value = String> {
    (variable(), proptest::bool::ANY).prop_map(|(variable, down)| {
        format!("ORDER BY {}({variable})", if down { "DESC" } else { "ASC" })
    })
}

fn aggregate() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("COUNT(*)".to_owned()),
        variable().prop_map(|name| format!("COUNT({name})")),
        variable().prop_map(|name| format!("COUNT(DISTINCT {name})")),
        variable().prop_map(|name| format!("SUM({name})")),
        variable().prop_map(|name| format!("AVG({name})")),
        // Of mixed kinds, the store has another order.
        variable().prop_map(|name| format!("MAX(IF(isNumeric({name}), {name}, 0))")),
        variable().prop_map(|name| format!("MIN(IF(isNumeric({name}), {name}, 0))")),
    ]
}

fn group() -> impl Strategy<Value = String> {
    let leaf = vec(pattern(), 1..4).prop_map(|patterns| patterns.concat());
    leaf.prop_recursive(3, 12, 3, |inner| {
        let part = prop_oneof![
            3 => pattern(),
            2 => inner.clone().prop_map(|group| format!("OPTIONAL {{ {group} }} ")),
            1 => (inner.clone(), condition()).prop_map(|(group, condition)| format!("OPTIONAL {{ {group} FILTER({condition}) }} ")),
            2 => (inner.clone(), inner.clone()).prop_map(|(left, right)| format!("{{ {left} }} UNION {{ {right} }} ")),
            1 => inner.clone().prop_map(|group| format!("MINUS {{ {group} }} ")),
            2 => condition().prop_map(|condition| format!("FILTER({condition}) ")),
            1 => inner.clone().prop_map(|group| format!("FILTER EXISTS {{ {group} }} ")),
            1 => inner.clone().prop_map(|group| format!("FILTER NOT EXISTS {{ {group} }} ")),
            1 => (variable(), node()).prop_map(|(name, value)| format!("VALUES {name} {{ {value} 1 UNDEF }} ")),
            1 => (variable(), inner.clone()).prop_map(|(name, group)| format!("{{ SELECT DISTINCT {name} {{ {group} }} }} ")),
            1 => (variable(), inner.clone()).prop_map(|(name, group)| format!("{{ SELECT {name} (COUNT(*) AS ?n) {{ {group} }} GROUP BY {name} }} ")),
            1 => inner.prop_map(|group| format!("{{ {group} }} ")),
        ];
        (vec(part, 1..4), option::weighted(0.2, expression())).prop_map(|(parts, bind)| {
            let mut group = parts.concat();
            if let Some(value) = bind {
                // A variable of its own: one that is there already cannot be bound.
                write!(group, "BIND({value} AS {FRESH}) ").unwrap();
            }
            group
        })
    })
}

fn pattern() -> impl Strategy<Value = String> {
    let subject = || prop_oneof![3 => variable().prop_map(str::to_owned), 1 => node(), 1 => Just("[]".to_owned())];
    let object = prop_oneof![3 => variable().prop_map(str::to_owned), 1 => node(), 1 => literal()];
    let predicate =
        prop_oneof![6 => property(), 1 => variable().prop_map(str::to_owned), 3 => path()];
    (subject(), predicate, object).prop_map(|(s, p, o)| format!("{s} {p} {o} . "))
}

/// Paths of which the store counts each way, as we do: it does not count those along an alternative
/// or a negated set unless one of `*`, `+` and `?` is around it, which counts only the ends.
fn path() -> impl Strategy<Value = String> {
    let step = || {
        prop_oneof![
            property(),
            property().prop_map(|a| format!("(^{a})")),
            (repeated(), prop_oneof![Just('*'), Just('+'), Just('?')])
                .prop_map(|(path, sign)| format!("({path}{sign})")),
        ]
    };
    prop_oneof![
        3 => step(),
        1 => (step(), step()).prop_map(|(a, b)| format!("({a}/{b})")),
    ]
}

fn repeated() -> impl Strategy<Value = String> {
    property().prop_recursive(2, 4, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}/{b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}|{b})")),
            inner.clone().prop_map(|a| format!("(^{a})")),
            inner.clone().prop_map(|a| format!("({a}*)")),
            inner.clone().prop_map(|a| format!("({a}+)")),
            inner.prop_map(|a| format!("({a}?)")),
            property().prop_map(|a| format!("!({a})")),
        ]
    })
}

fn condition() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        (
            expression(),
            prop_oneof![Just("="), Just("!="), Just("<"), Just(">=")],
            expression()
        )
            .prop_map(|(left, sign, right)| format!("{left} {sign} {right}")),
        variable().prop_map(|name| format!("BOUND({name})")),
        variable().prop_map(|name| format!("isLiteral({name})")),
        variable().prop_map(|name| name.to_owned()),
        (variable(), node()).prop_map(|(name, node)| format!("{name} IN (1, {node})")),
        (variable(), variable()).prop_map(|(a, b)| format!("sameTerm({a}, {b})")),
    ];
    leaf.prop_recursive(2, 4, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} && {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} || {b})")),
            inner.prop_map(|a| format!("!({a})")),
        ]
    })
}

fn expression() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => variable().prop_map(str::to_owned),
        2 => literal(),
        1 => variable().prop_map(|name| format!("({name} + 1)")),
        1 => variable().prop_map(|name| format!("STR({name})")),
        1 => variable().prop_map(|name| format!("COALESCE({name}, 0)")),
        1 => (variable(), variable()).prop_map(|(a, b)| format!("IF(BOUND({a}), {a}, {b})")),
        1 => (variable(), variable()).prop_map(|(a, b)| format!("CONCAT({a}, STR({b}))")),
        1 => (variable(), variable()).prop_map(|(a, b)| format!("REPLACE(STR({a}), 'n', {b})")),
        1 => (variable(), variable()).prop_map(|(a, b)| format!("({a} || {b})")),
    ]
}

fn variable() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just("?a"), Just("?b"), Just("?c"), Just("?d")]
}

fn node() -> impl Strategy<Value = String> {
    (0..4u8).prop_map(|n| format!(":n{n}"))
}

fn property() -> impl Strategy<Value = String> {
    (0..3u8).prop_map(|n| format!(":p{n}"))
}

fn literal() -> impl Strategy<Value = String> {
    prop_oneof![
        (0..4u8).prop_map(|n| n.to_string()),
        Just("'one'".to_owned()),
        Just("'one'@en".to_owned()),
        Just("true".to_owned()),
    ]
}
