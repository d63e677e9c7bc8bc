//! Where JSON-LD says something else than the parser underneath.

use smart_rdf::{Dataset, ParseError, Reader, Syntax};

const CONTEXT: &str = r#""@context":{"ex":"http://e.org/","xsd":"http://www.w3.org/2001/XMLSchema#",
    "count":{"@id":"ex:count","@type":"xsd:decimal"},"none":null}"#;

fn read(document: &str) -> Result<Dataset, ParseError> {
    Reader::new(Syntax::JsonLd).dataset_for_slice(document.as_bytes())
}

fn trig(document: &str) -> Dataset {
    let prefixes =
        "@prefix ex: <http://e.org/> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .";
    let document = format!("{prefixes}{document}");
    Reader::new(Syntax::TriG)
        .dataset_for_slice(document.as_bytes())
        .unwrap()
}

/// What an object says that has the context and these members.
#[track_caller]
fn check(members: &str, expected: &str) {
    let read = read(&format!("{{{CONTEXT},{members}}}")).unwrap();
    assert!(read.is_isomorphic(&trig(expected)), "{members}: {read:?}");
}

/// What is refused, and a part of the message.
#[track_caller]
fn check_refused(members: &str, expected: &str) {
    let error = read(&format!("{{{CONTEXT},{members}}}")).unwrap_err();
    assert!(error.to_string().contains(expected), "{members}: {error}");
}

#[test]
fn a_key_that_means_nothing_does_not_make_a_named_graph() {
    let graph = r#""@graph":[{"@id":"ex:a","ex:p":"x"}]"#;
    for other in [
        "",
        r#""comment":"x","#,
        r#""none":"x","#,
        r#""ex:q":null,"#,
        r#""@note":"x","#,
    ] {
        check(&format!("{other}{graph}"), "ex:a ex:p 'x' .");
        check(
            &format!(
                "{graph}{}",
                other.trim_end_matches(',').replacen('"', ",\"", 1)
            ),
            "ex:a ex:p 'x' .",
        );
    }
    check(
        &format!(r#""ex:q":"y",{graph}"#),
        "_:g ex:q 'y' . _:g { ex:a ex:p 'x' . }",
    );
    check(
        &format!(r#""@id":"ex:g","comment":"x",{graph}"#),
        "ex:g { ex:a ex:p 'x' . }",
    );
    check_refused(&format!(r#""@index":"x",{graph}"#), "`@index`");
}

/// Numbers without a fraction below 10^21 are integers, others doubles, unless a term says
/// otherwise.
#[test]
fn numbers_are_integers_or_doubles() {
    for (number, expected) in [
        ("1", "1"),
        ("1.0", "1"),
        ("1e2", "100"),
        ("-0", "0"),
        ("-0.0", "0"),
        ("9007199254740993", "9007199254740993"),
        ("18446744073709551616", "18446744073709551616"),
        ("100000000000000000000", "100000000000000000000"),
        ("-1e20", "-100000000000000000000"),
        ("999999999999999999999", "999999999999999999999"),
        ("1e21", "'1.0E21'^^xsd:double"),
        ("5.5", "'5.5E0'^^xsd:double"),
        ("true", "true"),
    ] {
        check(
            &format!(r#""@id":"ex:a","ex:p":{number}"#),
            &format!("ex:a ex:p {expected} ."),
        );
    }
    check(
        r#""@id":"ex:a","count":100000000000000000001"#,
        "ex:a ex:count '100000000000000000001'^^xsd:decimal .",
    );
    check_refused(
        r#""@id":"ex:a","ex:p":{"@type":"xsd:double","@value":100000000000000000001}"#,
        "an integer of 21 digits",
    );
    check_refused(
        r#""@id":"ex:a","ex:p":{"@type":"@json","@value":1e400}"#,
        "too large",
    );
}

/// The parser underneath drops these silently.
#[test]
fn what_would_be_dropped_is_refused() {
    check_refused(
        r#""@id":"a","ex:p":1"#,
        "`a` is no IRI; is a base IRI missing?",
    );
    check_refused(r#""@id":"ex:a","ex:p":{"@id":"/b"}"#, "`b` is no IRI");
    check_refused(
        r#""@id":"ex:a","ex:p":{"@id":"//b/c"}"#,
        "`//b/c` is no IRI",
    );
    check_refused(
        r#""@id":"ex:a","ex:p":{"@language":"en_US","@value":"x"}"#,
        "must be a language tag",
    );
    check(
        r#""@id":"ex:a","ex:p":{"@language":"en-us","@value":"x"}"#,
        "ex:a ex:p 'x'@en-us .",
    );
}

#[test]
fn relative_iris_are_resolved_against_the_given_base() {
    let reader = Reader::new(Syntax::JsonLd).with_base_iri("http://e.org/");
    let read = reader.dataset_for_slice(br##"{"@id":"a","http://e.org/p":{"@id":"#b"}}"##);
    let expected = trig("ex:a ex:p <http://e.org/#b> .");
    assert!(read.unwrap().is_isomorphic(&expected));
}

#[test]
fn what_is_below_a_key_that_means_nothing_is_not_read() {
    for document in [
        r#"{"@context": {"e": "http://e/"}, "meta": {"@type": "e:T"}}"#,
        r#"{"@context": {"e": "http://e/", "n": null}, "n": [{"@id": "e:a", "e:p": 1}]}"#,
        r#"{"@context": {"e": "http://e/"}, "@reverse": {"meta": {"@type": "e:T"}}}"#,
        r#"{"resourceType": "Patient", "contained": [{"http://e/p": "x"}]}"#,
    ] {
        let graph = Syntax::JsonLd.parse(document.as_bytes()).unwrap();
        assert!(graph.is_empty(), "{document}: {graph:?}");
    }
}

#[test]
fn lists_and_sets_beside_a_container_of_graphs_are_refused() {
    for value in [
        r#"{"@list": [1]}"#,
        r#"{"@set": [{"@id": "http://e/x"}]}"#,
        r#"{"http://e/p": {"@list": []}}"#,
    ] {
        let document = format!(
            r#"{{"@context": {{"n": {{"@id": "http://e/n", "@container": "@graph"}}}}, "n": {value}}}"#
        );
        let error = Syntax::JsonLd.parse(document.as_bytes()).unwrap_err();
        assert!(error.to_string().contains("container `@graph`"), "{error}");
    }
}
