use smart_rdf::{
    Answer, Cancellation, Graph, Limit, Literal, Position, Query, QueryError, QueryLimits,
    Solutions, Sparql, Syntax, Term,
};

const MEDICATIONS: &[u8] = b"
@prefix : <http://example.org/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
:r :has [ a :Medication ; :drug [ :title 'Zinc 50 MG' ; :code :c1 ] ; :start '2009-05-01'^^xsd:date ; :dose [ :value 2 ; :unit 'tablet' ] ] ,
        [ a :Medication ; :drug [ :title 'Aspirin 81 MG'@en ; :code :c2 ] ; :start '2010-01-15'^^xsd:date ] ,
        [ a :Medication ; :drug [ :title 'Metformin 500 MG' ; :code :c3 ] ; :dose [ :value 10 ; :unit 'mg' ] ] ,
        [ a :Problem ; :title 'Asthma' ] .
";

const PREFIXES: [(&str, &str); 2] = [
    ("", "http://example.org/"),
    ("xsd", "http://www.w3.org/2001/XMLSchema#"),
];

fn graph() -> Graph {
    Syntax::Turtle.parse(MEDICATIONS).unwrap()
}

fn prepare(text: &str) -> Query {
    Query::prepare_with_prefixes(text, &PREFIXES).unwrap()
}

fn select(text: &str) -> Solutions {
    prepare(text).select(&graph()).unwrap()
}

/// One line a row, one word a variable, `-` where there is nothing.
#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let solutions = select(text);
    let lines: Vec<String> = solutions
        .rows()
        .map(|row| {
            let cells: Vec<_> = solutions
                .variables()
                .iter()
                .map(|name| row.text(name).unwrap_or("-"))
                .collect();
            cells.join(" | ")
        })
        .collect();
    assert_eq!(lines, expected);
}

#[test]
fn select_joins_and_orders() {
    check(
        "SELECT ?title ?start ?value ?unit {
            ?m a :Medication ; :drug ?d . ?d :title ?title ; :code ?code .
            OPTIONAL { ?m :start ?start }
            OPTIONAL { ?m :dose ?dose . ?dose :value ?value ; :unit ?unit }
         } ORDER BY ?title",
        &[
            "Aspirin 81 MG | 2010-01-15 | - | -",
            "Metformin 500 MG | - | 10 | mg",
            "Zinc 50 MG | 2009-05-01 | 2 | tablet",
        ],
    );
}

#[test]
fn the_rest_of_sparql_works() {
    check(
        "SELECT ?title { { ?x a :Problem ; :title ?title } UNION { ?x :drug/:title ?title FILTER(LANG(?title) = 'en') } } ORDER BY STR(?title)",
        &["Aspirin 81 MG", "Asthma"],
    );
    check(
        "SELECT (COUNT(*) AS ?n) (SUM(?v) AS ?sum) { ?m a :Medication OPTIONAL { ?m :dose/:value ?v } FILTER(BOUND(?v)) }",
        &["2 | 12"],
    );
    check(
        "SELECT ?title { ?m :drug/:title ?title MINUS { ?m :dose ?d } }",
        &["Aspirin 81 MG"],
    );
    check(
        "SELECT ?title { ?m :drug/:title ?title FILTER NOT EXISTS { ?m :start ?s } }",
        &["Metformin 500 MG"],
    );
    check(
        "SELECT ?title { ?m :drug/:title ?title ; :start ?s FILTER(?s > '2009-12-31'^^xsd:date) }",
        &["Aspirin 81 MG"],
    );
    check(
        "SELECT ?x { VALUES ?code { :c1 :nowhere } ?d :code ?code BIND(CONCAT(STR(?code), '!') AS ?x) }",
        &["http://example.org/c1!"],
    );
    check(
        "SELECT ?big { { SELECT (MAX(?v) AS ?big) { ?d :value ?v } } }",
        &["10"],
    );
    check(
        "SELECT ?n { :r (:has/(:drug|:dose))/(:title|:unit) ?n FILTER(STRLEN(?n) < 7) } ORDER BY ?n LIMIT 1",
        &["mg"],
    );
    check("SELECT ?s { GRAPH ?g { ?s ?p ?o } }", &[]);
    check("SELECT * { :nobody ?p 'nothing' }", &[]);
    check(
        "SELECT ?made { BIND('made here' AS ?made) FILTER NOT EXISTS { ?s ?p ?made } }",
        &["made here"],
    );
    check(
        "SELECT ?same { BIND('Asthma' AS ?title) ?s :title ?title BIND('yes' AS ?same) }",
        &["yes"],
    );
}

#[test]
fn ask_and_construct_and_describe() {
    assert_eq!(
        prepare("ASK { ?m :drug/:code :c2 }").ask(&graph()).ok(),
        Some(true)
    );
    assert_eq!(
        prepare("ASK { ?m :drug/:code :c9 }").ask(&graph()).ok(),
        Some(false)
    );
    let made =
        prepare("CONSTRUCT { ?code :named ?title ; :note [] } { ?d :code ?code ; :title ?title }")
            .construct(&graph())
            .unwrap();
    let expected = Syntax::Turtle
        .parse(b"@prefix : <http://example.org/> .
            :c1 :named 'Zinc 50 MG' ; :note [] . :c2 :named 'Aspirin 81 MG'@en ; :note [] . :c3 :named 'Metformin 500 MG' ; :note [] .")
        .unwrap();
    assert!(made.is_isomorphic(&expected), "{made:?}");
    let described = prepare("DESCRIBE ?d { ?d :code :c2 }")
        .construct(&graph())
        .unwrap();
    assert_eq!(described.len(), 2);
}

#[test]
fn rows_outlive_their_solutions() {
    let row = select("SELECT ?title ?nothing { ?x a :Problem ; :title ?title }")
        .into_iter()
        .next()
        .unwrap();
    assert_eq!(row.variables(), ["title", "nothing"]);
    assert_eq!(
        row.get("title").map(|term| term.to_string()).as_deref(),
        Some("\"Asthma\"")
    );
    assert_eq!((row.get("nothing"), row.get("unknown")), (None, None));
    assert_eq!(row.values().len(), 2);
}

#[test]
fn a_query_can_be_run_again_and_elsewhere() {
    let query = prepare("SELECT ?s { ?s a :Medication }");
    let other = Syntax::Turtle
        .parse(b"<http://example.org/x> a <http://example.org/Medication> .")
        .unwrap();
    let counts: Vec<_> = [graph(), other, Graph::default(), graph()]
        .iter()
        .map(|graph| query.clone().select(graph).unwrap().len())
        .collect();
    assert_eq!(counts, [3, 1, 0, 3]);
    let query = std::thread::spawn(move || query.select(&graph()).map(|rows| rows.len()));
    assert_eq!(query.join().unwrap().ok(), Some(3));
}

#[test]
fn the_form_must_fit() {
    let select = prepare("SELECT * { ?s ?p ?o }");
    for error in [
        select.ask(&graph()).unwrap_err(),
        prepare("ASK {}").select(&graph()).unwrap_err(),
        select.construct(&graph()).unwrap_err(),
    ] {
        assert!(matches!(error, QueryError::Form { .. }), "{error}");
    }
    assert_eq!(
        select.ask(&graph()).unwrap_err().to_string(),
        "this is not a ASK query but a SELECT query; run it for any form of answer"
    );
    assert!(
        matches!(select.run(&graph()), Ok(Answer::Solutions(rows)) if rows.len() == graph().len())
    );
}

#[track_caller]
fn check_syntax(text: &str, line: u64, column: u64, expected: &str) {
    match Query::prepare(text) {
        Err(
            error @ QueryError::Syntax {
                position:
                    Position {
                        line: at_line,
                        column: at_column,
                        ..
                    },
                ..
            },
        ) => {
            assert_eq!((at_line, at_column), (line, column), "{error}");
            assert!(error.to_string().contains(expected), "{error}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn syntax_errors_have_places() {
    check_syntax("SELECT ?s {\n  ?s ?p }", 2, 9, "`}`");
    check_syntax("SELEKT ?s { ?s ?p ?o }", 1, 1, "`SELEKT`");
    check_syntax("SELECT ?s { ?s e:unknown ?o }", 1, 16, "`e:unknown`");
    check_syntax("SELECT ?s { ?s ?p ?o", 1, 21, "the end of the query");
    check_syntax("", 1, 1, "the end of the query");
    check_syntax("SELECT *\n{ ?s ?p 'open }", 2, 9, "not closed");
}

#[test]
fn prefixes_are_checked() {
    let error = Sparql::new()
        .with_prefix("e", "not an IRI")
        .prepare("ASK {}")
        .unwrap_err();
    assert!(matches!(error, QueryError::Prefix { .. }), "{error}");
}

#[track_caller]
fn check_limit(text: &str, limits: QueryLimits, expected: Limit) {
    let query = Sparql::new()
        .with_prefix("", "http://example.org/")
        .with_limits(limits)
        .prepare(text)
        .unwrap();
    match query.run(&graph()) {
        Err(QueryError::Limit(error)) => assert_eq!(error.limit(), expected),
        Err(other) => panic!("not a limit: {other}"),
        Ok(_) => panic!("answered: {text}"),
    }
}

#[test]
fn work_is_bounded() {
    let limits = QueryLimits::default();
    check_limit(
        "SELECT * { ?s ?p ?o }",
        limits.clone().with_rows(5),
        Limit::Rows,
    );
    check_limit(
        "CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }",
        limits.clone().with_rows(5),
        Limit::Rows,
    );
    // Whatever the evaluator does with an error inside, the answer is the error.
    let few = limits.with_steps(1000);
    for text in [
        "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }",
        "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . FILTER(?a != ?d) }",
        "ASK { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(CONCAT(STR(?a), STR(?d), STR(?g)) = 'x') }",
        "SELECT * { ?a ?b ?c FILTER NOT EXISTS { ?d ?e ?f . ?g ?h ?i . FILTER(?d = ?e && ?a = ?g) } }",
        "SELECT * { ?a (:has|!:has)* ?b . ?c (:has|!:has)* ?d . ?e (:has|!:has)+ ?f }",
    ] {
        check_limit(text, few.clone(), Limit::Steps);
    }
    // These go on in memory when the graph is closed to them: for years, if they were let.
    for text in [
        "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?o ?p . ?q ?r ?s . ?t ?u ?v . ?w ?x ?y }",
        "SELECT (COUNT(*) AS ?n) { ?a ?b ?c OPTIONAL { ?d ?e ?f } OPTIONAL { ?g ?h ?i } OPTIONAL { ?j ?k ?l } OPTIONAL { ?m ?o ?p }
         OPTIONAL { ?q ?r ?s } OPTIONAL { ?t ?u ?v } OPTIONAL { ?w ?x ?y } }",
        "SELECT (COUNT(*) AS ?n) { { SELECT (STR(?o) AS ?a) { ?s ?p ?o } } { SELECT (STR(?o) AS ?b) { ?s ?p ?o } }
         { SELECT (STR(?o) AS ?c) { ?s ?p ?o } } { SELECT (STR(?o) AS ?d) { ?s ?p ?o } } { SELECT (STR(?o) AS ?e) { ?s ?p ?o } }
         { SELECT (STR(?o) AS ?f) { ?s ?p ?o } } { SELECT (STR(?o) AS ?g) { ?s ?p ?o } } { SELECT (STR(?o) AS ?h) { ?s ?p ?o } } }",
        "ASK { { SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?o ?p . ?q ?r ?s . ?t ?u ?v } } FILTER(?n = 1) }",
    ] {
        check_limit(text, few.clone(), Limit::Steps);
    }
    // Rows out of nothing.
    let numbers = (0..200).map(|n| format!("{n} ")).collect::<String>();
    let product = format!(
        "SELECT (COUNT(*) AS ?n) {{ VALUES ?a {{ {numbers} }} VALUES ?b {{ {numbers} }} VALUES ?c {{ {numbers} }} }}"
    );
    let halves = format!(
        "SELECT (COUNT(*) AS ?n) {{ {} }}",
        "{ {} UNION {} } ".repeat(30)
    );
    for text in [product, halves] {
        assert!(
            matches!(Query::prepare(&text), Err(QueryError::Limit(error)) if error.limit() == Limit::Rows),
            "{text}"
        );
    }
    let exact = Sparql::new().with_limits(QueryLimits::default().with_rows(graph().len()));
    assert!(
        exact
            .prepare("SELECT * { ?s ?p ?o }")
            .unwrap()
            .run(&graph())
            .is_ok()
    );
}

/// A few steps can ask for more text than there is memory.
#[test]
fn text_is_bounded() {
    let long = "x".repeat(1000);
    let binds = |expression: &str| -> String {
        let binds = (0..60).map(|n| {
            let value = expression.replace("?t", &format!("?t{n}"));
            format!("BIND({value} AS ?t{}) ", n + 1)
        });
        format!(
            "SELECT (STRLEN(?t60) AS ?n) {{ BIND('\u{fc}' AS ?t0) {} }}",
            binds.collect::<String>()
        )
    };
    for text in [
        binds("CONCAT(?t, ?t)"),
        binds("ENCODE_FOR_URI(CONCAT(?t, ?t))"),
        binds("REPLACE(?t, '.', 'abc')"),
        binds("REPLACE('abc', '.', ?t)"),
        binds("REPLACE(?t, '.', CONCAT(?t, ?t))"),
        binds("IF(true, COALESCE(CONCAT(?t, ?t)), 'x')"),
        format!(
            "SELECT (STRLEN(REPLACE(REPLACE(REPLACE('{long}', 'x', '{long}'), 'x', '{long}'), 'x', '{long}')) AS ?n) {{}}"
        ),
        format!(
            "SELECT (GROUP_CONCAT('{long}'; SEPARATOR = '{long}') AS ?t) {{ ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }}"
        ),
        format!(
            "SELECT * {{ ?a ?b ?c FILTER EXISTS {{ ?d ?e ?f . ?g ?h ?i BIND(CONCAT('{long}', STR(?d)) AS ?t) FILTER(?t = 'x') }} }}"
        ),
    ] {
        check_limit(
            &text,
            QueryLimits::default().with_text_bytes(1_000_000),
            Limit::QueryText,
        );
    }
    // A document can repeat a long text in every row of a plain query.
    let shared: String = (0..1000)
        .map(|n| format!("<a:{n}> <a:drug> _:d . "))
        .collect();
    let shared = format!("{shared} _:d <a:title> '{long}' .");
    let shared = Syntax::Turtle.parse(shared.as_bytes()).unwrap();
    let titles = Sparql::new()
        .with_limits(QueryLimits::default().with_text_bytes(900_000))
        .prepare("SELECT ?title { ?m <a:drug>/<a:title> ?title }")
        .unwrap();
    assert!(
        matches!(titles.select(&shared), Err(QueryError::Limit(error)) if error.limit() == Limit::QueryText)
    );
    let exact = Sparql::new()
        .with_limits(QueryLimits::default().with_text_bytes(12))
        .prepare("SELECT (CONCAT('abc', 'def') AS ?t) {}")
        .unwrap();
    let rows = exact.select(&graph()).unwrap();
    assert_eq!(rows.rows().next().unwrap().text("t"), Some("abcdef"));
}

/// Counting text must not change it.
#[test]
fn text_is_made_as_ever() {
    check("SELECT (CONCAT('a'@en, 'b'@en) AS ?t) {}", &["ab"]);
    check("SELECT (LANG(CONCAT('a'@en, 'b'@en)) AS ?t) {}", &["en"]);
    check("SELECT (CONCAT('a', 1) AS ?t) {}", &["-"]);
    check("SELECT (CONCAT() AS ?t) {}", &[""]);
    check(
        "SELECT (REPLACE('abcb', 'B', CONCAT('x', 'y'), 'i') AS ?t) {}",
        &["axycxy"],
    );
    check("SELECT (ENCODE_FOR_URI('a b') AS ?t) {}", &["a%20b"]);
    check(
        "SELECT (COALESCE(CONCAT(?nothing, 'x'), 'none') AS ?t) {}",
        &["none"],
    );
    check(
        "SELECT (GROUP_CONCAT(STR(?v); SEPARATOR = '+') AS ?t) { { SELECT ?v { [] :value ?v } ORDER BY ?v } }",
        &["2+10"],
    );
}

#[test]
fn a_query_can_be_stopped() {
    let cancellation = Cancellation::new();
    let query = prepare("SELECT * { ?s ?p ?o }");
    assert!(query.run_until(&graph(), &cancellation).is_ok());
    cancellation.clone().cancel();
    assert!(cancellation.is_canceled());
    assert!(matches!(
        query.run_until(&graph(), &cancellation),
        Err(QueryError::Canceled)
    ));
}

/// Also one that has stopped to look at the graph.
#[test]
fn a_long_query_is_stopped_soon() {
    let cancellation = Cancellation::new();
    let switch = cancellation.clone();
    let canceler = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(50));
        switch.cancel();
    });
    let query = Sparql::new()
        .with_limits(QueryLimits::default().with_steps(usize::MAX))
        .prepare("SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?o ?p . ?q ?r ?s . ?t ?u ?v . ?w ?x ?y }")
        .unwrap();
    let answer = query.run_until(&graph(), &cancellation);
    assert!(matches!(answer, Err(QueryError::Canceled)));
    canceler.join().unwrap();
}

#[test]
fn a_value_can_take_the_place_of_a_variable() {
    let graph = Syntax::Turtle
        .parse(b"<a:m> <a:name> 'Aspirin' ; <a:dose> 1 . <a:n> <a:name> 'Ibuprofen' .")
        .unwrap();
    let node = |name: &str| Term::from(smart_rdf::NamedNode::new_unchecked(name));
    let check = |text: &str, value: Term, expected: &[&str]| {
        let query = Query::prepare(text).unwrap().with("x", value).unwrap();
        let rows: Vec<String> = query
            .select(&graph)
            .unwrap()
            .rows()
            .map(|row| {
                row.values()
                    .iter()
                    .flatten()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>()
                    .join(" ")
            })
            .collect();
        assert_eq!(rows, expected, "{text}");
    };
    check(
        "SELECT ?n { ?x <a:name> ?n }",
        node("a:n"),
        &["\"Ibuprofen\""],
    );
    check(
        "SELECT * { ?x <a:name> ?n }",
        node("a:n"),
        &["\"Ibuprofen\" <a:n>"],
    );
    check(
        "SELECT ?n { ?x <a:name> ?n } GROUP BY ?x ?n",
        node("a:m"),
        &["\"Aspirin\""],
    );
    check(
        "SELECT ?o { <a:m> ?x ?o }",
        node("a:dose"),
        &["\"1\"^^<http://www.w3.org/2001/XMLSchema#integer>"],
    );
    check("SELECT ?o { <a:m> ?x ?o }", Literal::from(1).into(), &[]);
    check(
        "SELECT ?m { ?m <a:name> ?n FILTER(STRSTARTS(?n, ?x)) }",
        Literal::from("I").into(),
        &["<a:n>"],
    );
    check(
        "SELECT ?m { ?m <a:name> ?n FILTER(BOUND(?x)) } ORDER BY ?m LIMIT 1",
        node("a:q"),
        &["<a:m>"],
    );
    check(
        "SELECT ?n { VALUES (?x ?n) { (<a:m> 1) (<a:n> 2) (UNDEF 3) } }",
        node("a:n"),
        &[
            "\"2\"^^<http://www.w3.org/2001/XMLSchema#integer>",
            "\"3\"^^<http://www.w3.org/2001/XMLSchema#integer>",
        ],
    );
    // Another ?x: the sub-query does not hand it out.
    check(
        "SELECT ?x ?n { { SELECT ?n { ?x <a:name> ?n } } } ORDER BY ?n",
        node("a:n"),
        &["<a:n> \"Aspirin\"", "<a:n> \"Ibuprofen\""],
    );

    let query = Query::prepare("SELECT ?y { ?m <a:name> ?n BIND(1 AS ?y) }").unwrap();
    for name in ["x", "y", "not a name", "?m"] {
        assert!(
            matches!(
                query.with(name, node("a:n")),
                Err(QueryError::Variable { .. })
            ),
            "{name}"
        );
    }
    let blank = smart_rdf::BlankNode::default();
    assert!(matches!(
        query.with("m", blank),
        Err(QueryError::BlankValue { .. })
    ));
}

#[test]
fn an_empty_text_does_not_look_like_a_missing_value() {
    let graph = Syntax::Turtle
        .parse(b"<a:m> <a:name> '' . <a:n> <a:dose> 1 .")
        .unwrap();
    let query = "SELECT ?s ?name { ?s ?p ?o OPTIONAL { ?s <a:name> ?name } } ORDER BY ?s";
    let rows = Query::prepare(query).unwrap().select(&graph).unwrap();
    let lines: Vec<String> = rows.to_string().lines().map(str::to_owned).collect();
    assert_eq!(lines[2..], ["<a:m>  \"\"", "<a:n>"]);
}
