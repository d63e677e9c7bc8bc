//! Queries whose answers were wrong in the field, and what else of SPARQL has corners.

use smart_rdf::{
    Dataset, Graph, Limit, Literal, NamedNode, Query, QueryError, QueryLimits, Sparql, Syntax,
};

const PREFIXES: [(&str, &str); 2] = [("", "urn:x:"), ("xsd", "http://www.w3.org/2001/XMLSchema#")];

fn graph(data: &str) -> Graph {
    let data =
        format!("@prefix : <urn:x:> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> . {data}");
    Syntax::Turtle.parse(data.as_bytes()).unwrap()
}

fn prepare(query: &str) -> Query {
    Query::prepare_with_prefixes(query, &PREFIXES).unwrap()
}

fn node(name: &str) -> NamedNode {
    NamedNode::new_unchecked(format!("urn:x:{name}"))
}

fn lines(query: &Query, graph: &Graph) -> Vec<String> {
    let rows = query.select(graph).unwrap();
    rows.rows()
        .map(|row| {
            let cells: Vec<_> = row
                .variables()
                .iter()
                .map(|name| row.text(name).unwrap_or("-").replace("urn:x:", ":"))
                .collect();
            cells.join(" | ")
        })
        .collect()
}

const PATIENTS: &str = "
    :pat1 a :Patient ; :allergicTo :penicillin ; :born 1950 .
    :pat2 a :Patient ; :allergicTo :latex ; :born 1980 .
    :pat3 a :Patient ; :born 1990 .
";

#[track_caller]
fn check_with(name: &str, value: impl Into<smart_rdf::Term>, query: &str, expected: &[&str]) {
    let query = prepare(query).with(name, value).unwrap();
    assert_eq!(lines(&query, &graph(PATIENTS)), expected);
}

#[test]
fn a_value_stays_bound_where_minus_looks() {
    let query =
        "SELECT ?patient { ?patient a :Patient MINUS { ?patient :allergicTo :penicillin } }";
    check_with("patient", node("pat1"), query, &[]);
    check_with("patient", node("pat2"), query, &[":pat2"]);
    let inner = "SELECT ?p { ?p a :Patient MINUS { ?p :allergicTo ?drug } } ORDER BY ?p";
    check_with("drug", node("penicillin"), inner, &[":pat2", ":pat3"]);
}

#[test]
fn a_value_stays_bound_where_exists_looks() {
    let query =
        "SELECT ?p { ?p a :Patient FILTER NOT EXISTS { ?p :allergicTo ?drug } } ORDER BY ?p";
    check_with("drug", node("penicillin"), query, &[":pat2", ":pat3"]);
    let query =
        "SELECT ?p { ?p a :Patient FILTER EXISTS { ?p :born ?b FILTER(?b < ?year) } } ORDER BY ?p";
    check_with("year", Literal::from(1985), query, &[":pat1", ":pat2"]);
}

#[test]
fn a_value_is_unbound_in_optional_parts_that_do_not_match() {
    let query = "SELECT ?p ?drug { ?p a :Patient OPTIONAL { ?p :allergicTo ?drug } } ORDER BY ?p";
    let rows = [":pat1 | :penicillin", ":pat2 | -", ":pat3 | -"];
    check_with("drug", node("penicillin"), query, &rows);
    let query = "SELECT ?p { ?p a :Patient OPTIONAL { ?p :allergicTo ?drug } FILTER(!BOUND(?drug)) } ORDER BY ?p";
    check_with("drug", node("penicillin"), query, &[":pat2", ":pat3"]);
}

#[test]
fn a_value_is_counted_where_it_is_found() {
    let query = "SELECT (COUNT(?drug) AS ?n) (COUNT(*) AS ?all) { ?p a :Patient OPTIONAL { ?p :allergicTo ?drug } }";
    check_with("drug", node("penicillin"), query, &["1 | 3"]);
    let query = "SELECT ?drug (COUNT(*) AS ?n) { ?p :allergicTo ?drug } GROUP BY ?drug";
    check_with("drug", node("latex"), query, &[":latex | 1"]);
    let query = "SELECT ?drug ?n { ?x a :Patient { SELECT ?drug (COUNT(*) AS ?n) { ?p :allergicTo ?drug } GROUP BY ?drug } } LIMIT 1";
    check_with("drug", node("latex"), query, &[":latex | 1"]);
}

#[test]
fn a_value_joins_patterns_that_have_it_with_those_that_bind_it() {
    let query = "SELECT ?p ?drug { { ?p :allergicTo ?drug } UNION { ?p :born 1990 } ?p a :Patient } ORDER BY ?p";
    let rows = [":pat1 | :penicillin", ":pat3 | -"];
    check_with("drug", node("penicillin"), query, &rows);
    let query = "SELECT ?p { VALUES ?p { :pat1 :pat2 } ?p :born ?b . ?p a :Patient }";
    check_with("p", node("pat2"), query, &[":pat2"]);
}

#[test]
fn a_value_reaches_every_form_of_query() {
    let graph = graph(PATIENTS);
    let text = "CONSTRUCT { ?p :is :safe } { ?p a :Patient MINUS { ?p :allergicTo ?drug } }";
    let safe = prepare(text).with("drug", node("penicillin")).unwrap();
    assert_eq!(safe.construct(&graph).unwrap().len(), 2);
    let template = "CONSTRUCT { ?p :avoids ?drug } { ?p a :Patient }";
    let avoids = prepare(template).with("drug", node("latex"));
    assert!(avoids.is_err() || avoids.unwrap().construct(&graph).unwrap().len() == 3);
    let ask = prepare("ASK { ?p a :Patient MINUS { ?p :allergicTo :penicillin } }");
    assert!(!ask.with("p", node("pat1")).unwrap().ask(&graph).unwrap());
    let describe = prepare("DESCRIBE ?p { ?p a :Patient MINUS { ?p :allergicTo :penicillin } }");
    let describe = |name| describe.with("p", node(name)).unwrap().construct(&graph);
    assert_eq!(describe("pat1").unwrap().len(), 0);
    assert_eq!(describe("pat2").unwrap().len(), 3);
}

#[track_caller]
fn check(expression: &str, expected: &str) {
    let query = prepare(&format!("SELECT ({expression} AS ?x) {{}}"));
    assert_eq!(lines(&query, &Graph::default()), [expected], "{expression}");
}

#[test]
fn functions_on_strings_have_their_corners() {
    check("SUBSTR('motor', 0, 3)", "mo");
    check("SUBSTR('motor', -1)", "motor");
    check("SUBSTR('motor', 9)", "");
    check("SUBSTR('motor', 2, -1)", "");
    check("LANG(SUBSTR('motor'@en, 2))", "en");
    check("STRBEFORE('abc'@en, 'b')", "a");
    check("LANG(STRBEFORE('abc'@en, 'b'))", "en");
    check("LANG(STRBEFORE('abc'@en, 'z'))", "");
    check("STRBEFORE('abc', 'b'@en)", "-");
    check("STRAFTER('abc'@en, 'b'@en)", "c");
    check("STRAFTER('abc'@en, 'b'@de)", "-");
    check("LANG(STRAFTER('abc'@en, ''))", "en");
    check("CONCAT()", "");
    check("CONCAT('a', 1)", "-");
    check("LANG(CONCAT('a'@en, 'b'@en))", "en");
    check("LANG(CONCAT('a'@en, 'b'))", "");
    check("STRLEN('\u{1F600}')", "1");
    check("UCASE('straße')", "STRASSE");
    check("ENCODE_FOR_URI('a b/ä')", "a%20b%2F%C3%A4");
    check("CONTAINS('abc', 'b'@en)", "-");
    check("LANGMATCHES('de-CH', 'de')", "true");
    check("LANGMATCHES('', '*')", "false");
    check("REGEX('ABC'@en, 'b', 'i')", "true");
    check("REGEX(<urn:x:a>, 'a')", "-");
    check("REPLACE('abc', 'b', '$0$0')", "abbc");
}

#[test]
fn functions_on_numbers_have_their_corners() {
    check("ROUND(-2.5)", "-2");
    check("ROUND(2.5)", "3");
    check("ROUND(-2.5e0)", "-2");
    check("CEIL(-0.5)", "0");
    check("FLOOR(-0.5)", "-1");
    check("ABS(-3)", "3");
    check("1 / 0", "-");
    check("1 / 0.0e0", "INF");
    check("7 / 2", "3.5");
    check("2 IN (1, 1/0, 2)", "true");
    check("2 IN (1, 1/0)", "-");
    check("2 NOT IN (1, 3)", "true");
    check("2 NOT IN ()", "true");
    check("COALESCE(1/0, 'x')", "x");
    check("COALESCE(1/0)", "-");
    check("IF(1/0, 1, 2)", "-");
    check("true || 1/0", "true");
    check("false && 1/0", "false");
    check("isNumeric('abc'^^xsd:integer)", "false");
    check("isNumeric('1')", "false");
    check("'NaN'^^xsd:double = 'NaN'^^xsd:double", "false");
    check("1 = 1.0", "true");
    check("sameTerm(1, 1.0)", "false");
}

#[test]
fn functions_on_dates_have_their_corners() {
    const TIME: &str = "'2010-01-31T23:30:05.50-05:00'^^xsd:dateTime";
    check(&format!("SECONDS({TIME})"), "5.5");
    check(&format!("TZ({TIME})"), "-05:00");
    check(&format!("TIMEZONE({TIME})"), "-PT5H");
    check(&format!("HOURS({TIME})"), "23");
    check("TZ('2010-01-31T00:00:00'^^xsd:dateTime)", "");
    check("TIMEZONE('2010-01-31T00:00:00'^^xsd:dateTime)", "-");
    check(
        "'2010-01-31T00:00:00Z'^^xsd:dateTime = '2010-01-31T01:00:00+01:00'^^xsd:dateTime",
        "true",
    );
    check(
        "STR('2010-01-31T00:00:00.00Z'^^xsd:dateTime)",
        "2010-01-31T00:00:00.00Z",
    );
    check("STRDT('1', xsd:integer) + 1", "2");
    check("LANG(STRLANG('chat', 'fr'))", "fr");
}

#[test]
fn zero_length_paths_begin_anywhere_in_each_graph() {
    let (g, h) = (graph(":a :p :b ."), graph(":c :p :d ."));
    let dataset = Dataset::new(
        &Graph::default(),
        [(node("g").into(), &g), (node("h").into(), &h)],
    );
    let query = prepare("SELECT ?g ?x { GRAPH ?g { :a :p* ?x } } ORDER BY ?g ?x");
    let rows = query.select(&dataset).unwrap();
    let rows: Vec<_> = rows
        .rows()
        .map(|row| {
            [
                row.text("g").unwrap().to_owned(),
                row.text("x").unwrap().to_owned(),
            ]
            .join(" ")
        })
        .collect();
    assert_eq!(
        rows,
        ["urn:x:g urn:x:a", "urn:x:g urn:x:b", "urn:x:h urn:x:a"]
    );
}

fn crowd() -> Graph {
    let triples: String = (0..200).map(|n| format!(":s{n} :p '({n})' . ")).collect();
    graph(&triples)
}

#[track_caller]
fn check_limit(limits: QueryLimits, query: &str, expected: Limit) {
    let query = Sparql::new()
        .with_prefixes(PREFIXES)
        .with_limits(limits)
        .prepare(query);
    match query.and_then(|query| query.run(&crowd())) {
        Err(QueryError::Limit(error)) => assert_eq!(error.limit(), expected),
        other => panic!("{other:?}"),
    }
}

#[test]
fn patterns_from_the_graph_cost_steps() {
    let limits = QueryLimits::new().with_steps(20_000);
    let query = "SELECT * { ?a :p ?x . ?b :p ?y FILTER(REGEX(?x, CONCAT(?y, '{1,50}'))) }";
    check_limit(limits, query, Limit::Steps);
}

#[test]
fn patterns_that_cannot_be_used_are_errors() {
    let check = |query: &str, expected: &str| {
        let outcome =
            Query::prepare_with_prefixes(query, &PREFIXES).and_then(|query| query.run(&crowd()));
        let error = outcome.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert!(!error.contains("199"), "{error}");
    };
    check(
        "SELECT * { ?s :p ?x FILTER(REGEX(?x, CONCAT('(', ?x, '{1,300}){1,300}'))) }",
        "too large",
    );
    check(
        "SELECT * { ?s :p ?x FILTER(REGEX(?x, CONCAT('(a)', '\\\\1'))) }",
        "back-reference",
    );
    check(
        "SELECT * { ?s :p ?x FILTER(REGEX(?x, '(a)\\\\1')) }",
        "back-reference",
    );
    check(
        "SELECT * { ?s :p ?x FILTER(COALESCE(REGEX(?x, CONCAT(?x, '[')), true)) }",
        "not closed",
    );
    check(
        "SELECT (REPLACE(?x, 'x*', '') AS ?y) { ?s :p ?x }",
        "empty string",
    );
    check(
        "SELECT (REPLACE(?x, '1', '$x') AS ?y) { ?s :p ?x }",
        "replacement",
    );
    check("SELECT * { ?s :p ?x FILTER(REGEX(?x, 'a', 'g')) }", "flag");
}

#[test]
fn the_memory_of_an_answer_is_bounded() {
    let limits = || QueryLimits::new().with_row_bytes(1 << 20);
    check_limit(
        limits(),
        "SELECT * { ?a ?b ?c . ?d ?e ?f }",
        Limit::RowBytes,
    );
    check_limit(
        limits(),
        "CONSTRUCT { ?a ?b ?f } { ?a ?b ?c . ?d ?e ?f }",
        Limit::RowBytes,
    );
}

#[test]
fn products_that_take_too_many_steps_are_refused_before_they_are_run() {
    let limits = || QueryLimits::new().with_steps(50_000);
    for query in [
        "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }",
        "SELECT * { ?a :p ?c . ?d :p ?f . ?g :p ?i } ORDER BY ?a LIMIT 1",
        "CONSTRUCT { ?a ?b ?i } { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }",
        "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?a = ?d) }",
        "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i OPTIONAL { ?a :p ?x } }",
        "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i OPTIONAL { ?a :p ?x . ?x :p ?y } }",
    ] {
        check_limit(limits(), query, Limit::Steps);
    }
}

#[test]
fn products_that_are_cut_short_are_run() {
    let limits = QueryLimits::new().with_steps(50_000);
    let run = |query: &str| {
        let query = Sparql::new()
            .with_prefixes(PREFIXES)
            .with_limits(limits.clone())
            .prepare(query);
        query.unwrap().run(&crowd()).unwrap()
    };
    run("SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } LIMIT 3");
    run("ASK { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }");
    run("SELECT * { ?a :p ?c . ?d :p ?f . ?g :none ?i }");
    run("SELECT * { ?a :p ?c . ?d :p ?f . ?g :p ?i FILTER(?d = :s1) FILTER(?g = :s2) }");
}

#[test]
fn a_number_sign_in_an_iri_begins_no_comment() {
    let filters: String = (0..14).map(|n| format!(" FILTER(?x != {n})")).collect();
    let prefix = "PREFIX v: <urn:example:v#>";
    for query in [
        format!("{prefix} SELECT ?x {{ ?s v:p ?x {filters} }}"),
        format!("SELECT ?x {{ ?s <urn:example:v#p> ?x {filters} }}"),
        format!("BASE <urn:example:v#> SELECT ?x {{ ?s <#p> ?x {filters} }}"),
        format!("SELECT ?x {{ ?s ?p [ <urn:v#p> ?x ] {filters} }}"),
        format!("SELECT ?x FROM <urn:v#g> {{ ?s ?p ?x {filters} }}"),
        format!("SELECT ?x {{ ?s ?p '# \\' {{ (((' , \"\"\"# \" ( \"\"\" , ?x {filters} }}"),
    ] {
        if let Err(error) = Query::prepare(&query) {
            panic!("{query}: {error}");
        }
    }
}

#[test]
fn brackets_are_counted_where_an_iri_could_be_a_comparison() {
    let deep = "(".repeat(40);
    for query in [
        format!("SELECT ?x {{ ?s ?p ?x FILTER(?a <b:c#d> {deep}"),
        format!("SELECT ?x {{ FILTER(?a <b:c#d{{>\n && ?x<f:g{deep}>1"),
        format!("SELECT ?x {{ ?s ?p ?x # {deep}\n FILTER({deep}"),
    ] {
        let error = Query::prepare(&query).unwrap_err();
        assert!(
            matches!(&error, QueryError::Limit(error) if error.limit() == Limit::QueryDepth),
            "{query}: {error}"
        );
    }
}
