//! What is written reads back the same, or is refused by name.

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_oneof, proptest};
use smart_rdf::vocab::{rdf, xsd};
use smart_rdf::{
    BlankNode, Graph, Literal, NamedNode, NamedOrBlankNode, Query, ResultFormat, Solutions, Syntax,
    Term, Triple, WriteError, Writer,
};

const SYNTAXES: [Syntax; 6] = [
    Syntax::JsonLd,
    Syntax::NQuads,
    Syntax::NTriples,
    Syntax::RdfXml,
    Syntax::TriG,
    Syntax::Turtle,
];

/// IRIs that are hard to write, and what is none.
fn iri() -> impl Strategy<Value = NamedNode> {
    let namespace = prop_oneof![
        Just("http://e.org/"),
        Just("http://e.org/a/../b/./"),
        Just("http://www.w3.org/2000/xmlns/"),
        Just("http://www.w3.org/XML/1998/namespace"),
        Just("http://www.w3.org/1999/02/22-rdf-syntax-ns#"),
        Just("urn:x:"),
        Just("e:"),
        Just(""),
    ];
    let local = prop_oneof![
        vec(any::<char>(), 0..3).prop_map(String::from_iter),
        "[a-z:/#?&'()%,;@.0-9_-]{0,4}",
        "[<>\"{}|\\\\^` \t\n\r\u{7}]?",
        Just("li".to_owned()),
        Just("type".to_owned()),
        Just("%41".to_owned()),
        Just("ünit".to_owned()),
    ];
    (namespace, local)
        .prop_map(|(namespace, local)| NamedNode::new_unchecked(format!("{namespace}{local}")))
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        vec(any::<char>(), 0..4).prop_map(String::from_iter),
        "[\u{0}-\u{1f}\u{7f}\u{85}\u{2028}\u{fffe}\u{ffff}\"'\\\\<>&\\]a ]{0,5}",
    ]
}

fn literal() -> impl Strategy<Value = Literal> {
    let datatype = prop_oneof![
        iri(),
        Just(xsd::INTEGER.into_owned()),
        Just(xsd::DOUBLE.into_owned()),
        Just(xsd::BOOLEAN.into_owned()),
        Just(rdf::XML_LITERAL.into_owned()),
    ];
    let lexical = prop_oneof![text(), "[-+]?[0-9.eE]{1,4}", Just("true".to_owned())];
    prop_oneof![
        text().prop_map(Literal::new_simple_literal),
        (lexical, datatype).prop_map(|(text, datatype)| Literal::new_typed_literal(text, datatype)),
        (text(), "[a-z]{1,8}(-[a-z0-9]{1,8})?|[a-z_ ]{0,3}").prop_map(|(text, language)| {
            Literal::new_language_tagged_literal_unchecked(text, language)
        }),
    ]
}

fn blank() -> impl Strategy<Value = BlankNode> {
    text().prop_map(BlankNode::new_unchecked)
}

fn triple() -> impl Strategy<Value = Triple> {
    let subject = prop_oneof![
        iri().prop_map(NamedOrBlankNode::from),
        blank().prop_map(NamedOrBlankNode::from),
    ];
    let object = prop_oneof![
        iri().prop_map(Term::from),
        blank().prop_map(Term::from),
        literal().prop_map(Term::from),
    ];
    (subject, iri(), object)
        .prop_map(|(subject, predicate, object)| Triple::new(subject, predicate, object))
}

/// Whether an error is about a term, and names it.
fn is_named(error: &WriteError) -> bool {
    matches!(
        error,
        WriteError::Character { .. }
            | WriteError::Iri { .. }
            | WriteError::LanguageTag { .. }
            | WriteError::Predicate { .. }
    )
}

proptest! {
    #[test]
    fn any_terms_are_read_as_written_or_refused_by_name(triples in vec(triple(), 0..3)) {
        let graph: Graph = triples.into_iter().collect();
        for syntax in SYNTAXES {
            let prefixed = Writer::new(syntax)
                .with_prefix("e", "http://e.org/")
                .with_prefix("rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#")
                .with_prefix("x", "http://www.w3.org/2000/xmlns/")
                .with_prefix("y", "no IRI");
            for writer in [Writer::new(syntax), prefixed] {
                let text = match writer.write(&graph) {
                    Ok(text) => text,
                    Err(error) => {
                        prop_assert!(is_named(&error), "{error}");
                        continue;
                    }
                };
                let again = syntax.parse(text.as_bytes());
                let is_same = again.as_ref().is_ok_and(|again| again.is_isomorphic(&graph));
                prop_assert!(is_same, "{:?}: {} {:?}", syntax, text, again);
            }
        }
    }

    /// JSON and XML keep terms whole, CSV their texts.
    #[test]
    fn results_are_read_as_written_or_refused_by_name(object in literal()) {
        let graph: Graph = [Triple::new(
            NamedNode::new_unchecked("http://e.org/a,b"),
            NamedNode::new_unchecked("http://e.org/p"),
            object.clone(),
        )].into_iter().collect();
        let rows = select(&graph);
        for format in [ResultFormat::Json, ResultFormat::Tsv, ResultFormat::Xml] {
            let text = match format.write(&rows) {
                Ok(text) => text,
                Err(error) => {
                    let is_of_xml = matches!(error, WriteError::Character { .. });
                    prop_assert!(is_named(&error) && (!is_of_xml || format == ResultFormat::Xml), "{error}");
                    continue;
                }
            };
            let again = results::read(format, &text);
            let expected = [Term::from(NamedNode::new_unchecked("http://e.org/a,b")), object.clone().into()];
            prop_assert!(again.as_deref() == Some(&expected[..]), "{:?}: {} {:?}", format, text, again);
        }
        let csv = ResultFormat::Csv.write(&rows).unwrap();
        let text = object.value();
        let field = if text.contains(['"', ',', '\n', '\r']) {
            format!("\"{}\"", text.replace('"', "\"\""))
        } else {
            text.to_owned()
        };
        prop_assert!(csv == format!("s,o\r\n\"http://e.org/a,b\",{field}\r\n"), "{csv}");
    }
}

fn select(graph: &Graph) -> Solutions {
    let query = Query::prepare("SELECT ?s ?o { ?s ?p ?o }").unwrap();
    query.select(graph).unwrap()
}

fn rows_of(document: &str) -> Solutions {
    select(&Syntax::Turtle.parse(document.as_bytes()).unwrap())
}

#[test]
fn results_in_xml_keep_carriage_returns_and_refuse_control_characters() {
    let xml = |text: &str| ResultFormat::Xml.write(&rows_of(&format!("<a:s> <a:p> '{text}' .")));
    let kept = xml("a\\r\\nb <&> ").unwrap();
    assert!(
        kept.contains("<literal>a&#13;\nb &lt;&amp;&gt;&#32;</literal>"),
        "{kept}"
    );
    for character in ["\\u0007", "\\u0000", "\\uFFFE", "\\uFFFF"] {
        let error = xml(character).unwrap_err();
        assert!(matches!(error, WriteError::Character { .. }), "{error}");
    }
    assert_eq!(
        xml("a\\u0007").unwrap_err().to_string(),
        "XML cannot express the character U+0007 in \"a\\u{7}\"; choose a syntax that is not XML"
    );
}

#[test]
fn predicates_that_rdf_xml_cannot_read_back_are_refused() {
    for predicate in [
        "http://www.w3.org/2000/xmlns/foo",
        "http://www.w3.org/1999/02/22-rdf-syntax-ns#li",
        "http://e.org/1",
        "http://e.org/",
    ] {
        let graph = Syntax::Turtle.parse(format!("<a:s> <{predicate}> 1 .").as_bytes());
        let written = Syntax::RdfXml.write(&graph.unwrap());
        assert!(
            matches!(&written, Err(WriteError::Predicate { predicate: named }) if named == predicate),
            "{written:?}"
        );
    }
}

/// A reader's limit on namespaces is about one tag and what is around it.
#[test]
fn a_graph_of_many_namespaces_reads_back_from_rdf_xml() {
    let triples: String = (0..300)
        .map(|number| format!("<a:s> <http://e.org/{number}/p> _:b{number} . _:b{number} a <http://e.org/{number}/C> .\n"))
        .collect();
    let graph = Syntax::Turtle.parse(triples.as_bytes()).unwrap();
    let text = Syntax::RdfXml.write(&graph).unwrap();
    let again = Syntax::RdfXml.parse(text.as_bytes()).unwrap();
    assert!(again.is_isomorphic(&graph));
}

/// A scanned letter in base64 is easily longer than a megabyte.
#[test]
fn a_long_literal_is_read_as_written() {
    let graph: Graph = [Triple::new(
        NamedNode::new_unchecked("a:s"),
        NamedNode::new_unchecked("a:p"),
        Literal::new_simple_literal("QUJD".repeat(1 << 20)),
    )]
    .into_iter()
    .collect();
    for syntax in SYNTAXES {
        let text = syntax.write(&graph).unwrap();
        let again = syntax.parse(text.as_bytes()).unwrap();
        assert!(again.is_isomorphic(&graph), "{syntax:?}");
    }
}

mod results {
    use smart_rdf::{ResultFormat, Term};
    use sparesults::{QueryResultsFormat, QueryResultsParser, SliceQueryResultsParserOutput};

    /// The one row of a document, by a parser of others.
    pub(super) fn read(format: ResultFormat, text: &str) -> Option<Vec<Term>> {
        let format = match format {
            ResultFormat::Json => QueryResultsFormat::Json,
            ResultFormat::Tsv => QueryResultsFormat::Tsv,
            ResultFormat::Xml => QueryResultsFormat::Xml,
            _ => return None,
        };
        let parsed = QueryResultsParser::from_format(format).for_slice(text.as_bytes());
        let Ok(SliceQueryResultsParserOutput::Solutions(mut rows)) = parsed else {
            return None;
        };
        let row = rows.next()?.ok()?;
        row.values().iter().cloned().collect()
    }
}
