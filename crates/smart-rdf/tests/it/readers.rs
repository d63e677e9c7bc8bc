//! All syntaxes by one reader.

use std::io::{self, Read};

use proptest::collection::vec;
use proptest::prelude::{prop_assert, prop_assert_eq, proptest};
use smart_rdf::{Dataset, Graph, Limit, Limits, NamedNode, ParseError, ReadError, Reader, Syntax};

use crate::terms;

/// The same two triples in every syntax.
const DOCUMENTS: [(Syntax, &str); 6] = [
    (
        Syntax::JsonLd,
        r#"{"@context":{"e":"http://e.org/"},"@id":"e:m","e:name":"Aspirin","e:code":{"@id":"e:c"}}"#,
    ),
    (
        Syntax::NQuads,
        "<http://e.org/m> <http://e.org/name> \"Aspirin\" .\n<http://e.org/m> <http://e.org/code> <http://e.org/c> .\n",
    ),
    (
        Syntax::NTriples,
        "# two\n<http://e.org/m> <http://e.org/name> \"Aspirin\" .\n<http://e.org/m> <http://e.org/code> <http://e.org/c> .",
    ),
    (
        Syntax::RdfXml,
        r#"<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e.org/">
           <rdf:Description rdf:about="http://e.org/m" e:name="Aspirin"><e:code rdf:resource="http://e.org/c"/></rdf:Description></rdf:RDF>"#,
    ),
    (
        Syntax::TriG,
        "@prefix e: <http://e.org/> . { e:m e:name 'Aspirin' ; e:code e:c }",
    ),
    (
        Syntax::Turtle,
        "@prefix e: <http://e.org/> . e:m e:name 'Aspirin' ; e:code e:c .",
    ),
];

fn expected() -> Graph {
    Syntax::Turtle.parse(DOCUMENTS[5].1.as_bytes()).unwrap()
}

/// Gives a few bytes at a time.
struct Chunks<'d> {
    document: &'d [u8],
    sizes: Vec<usize>,
    turn: usize,
}

impl Read for Chunks<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let size = self.sizes[self.turn % self.sizes.len()];
        self.turn += 1;
        let count = size.min(buffer.len()).min(self.document.len());
        let (now, later) = self.document.split_at(count);
        buffer[..count].copy_from_slice(now);
        self.document = later;
        Ok(count)
    }
}

proptest! {
    #[test]
    fn a_document_in_pieces_is_the_whole_document(sizes in vec(1..20usize, 1..10)) {
        for (syntax, document) in DOCUMENTS {
            let chunks = Chunks { document: document.as_bytes(), sizes: sizes.clone(), turn: 0 };
            let graph = Reader::new(syntax).for_reader(chunks).unwrap();
            prop_assert_eq!(graph.is_isomorphic(&expected()), true, "{:?}", syntax);
        }
    }
}

proptest! {
    /// Whatever the document is, it is the same in pieces, faults included.
    #[test]
    fn pieces_make_no_difference(graph in terms::graph(terms::xml_text()), sizes in vec(1..50usize, 1..10), cut in 0..1000usize) {
        for (syntax, _) in DOCUMENTS {
            let text = syntax.write(&graph).unwrap();
            let whole = &text.as_bytes()[..text.len() - cut.min(text.len())];
            let chunks = Chunks { document: whole, sizes: sizes.clone(), turn: 0 };
            match (Reader::new(syntax).for_reader(chunks), syntax.parse(whole)) {
                (Ok(pieces), Ok(whole)) => prop_assert!(pieces.is_isomorphic(&whole)),
                (Err(ReadError::Parse(pieces)), Err(whole)) => prop_assert_eq!(pieces, whole),
                other => prop_assert!(false, "{:?}", other),
            }
        }
    }
}

#[test]
fn every_syntax_says_the_same() {
    for (syntax, document) in DOCUMENTS {
        let graph = syntax.parse(document.as_bytes()).unwrap();
        assert!(graph.is_isomorphic(&expected()), "{syntax:?}: {graph:?}");
        let dataset = Reader::new(syntax).dataset_for_slice(document.as_bytes());
        assert!(dataset.unwrap().is_isomorphic(&Dataset::from(graph)));
        assert_eq!(Syntax::from_media_type(syntax.media_type()), Some(syntax));
    }
}

#[test]
fn documents_are_known_by_their_beginning() {
    for (syntax, document) in DOCUMENTS {
        let detected = Syntax::detect(None, document.as_bytes()).unwrap();
        let graph = detected.parse(document.as_bytes());
        // TriG that begins with prefixes is taken for Turtle.
        if syntax != Syntax::TriG {
            assert!(
                graph.unwrap().is_isomorphic(&expected()),
                "{syntax:?} {detected:?}"
            );
        }
    }
    for (start, expected) in [
        ("\u{feff}<?xml version='1.0'?>", Some(Syntax::RdfXml)),
        ("  <!-- c --><a/>", Some(Syntax::RdfXml)),
        ("<rdf:RDF\n xmlns", Some(Syntax::RdfXml)),
        ("[ { \"@id\"", Some(Syntax::JsonLd)),
        ("{}", Some(Syntax::JsonLd)),
        ("[] <a:b> <a:c> .", Some(Syntax::Turtle)),
        ("{ <a:b> <a:c> 1 }", Some(Syntax::TriG)),
        ("GRAPH <a:b> {}", Some(Syntax::TriG)),
        ("prefix a: <b:c>", Some(Syntax::Turtle)),
        ("Not Found", None),
        ("", None),
    ] {
        assert_eq!(Syntax::detect(None, start.as_bytes()), expected, "{start}");
    }
    let by_type = Syntax::detect(Some("text/turtle"), b"<?xml");
    assert_eq!(by_type, Some(Syntax::Turtle), "who sends it knows best");
    assert_eq!(
        Syntax::detect(Some("text/plain"), b"{}"),
        Some(Syntax::JsonLd)
    );
}

#[test]
fn named_graphs_are_for_datasets() {
    for (syntax, document) in [
        (Syntax::NQuads, "<a:s> <a:p> <a:o> <a:g> ."),
        (Syntax::TriG, "<a:g> { <a:s> <a:p> <a:o> }"),
        (
            Syntax::JsonLd,
            r#"{"@id":"a:g","@graph":{"@id":"a:s","a:p":{"@id":"a:o"}}}"#,
        ),
    ] {
        let error = syntax.parse(document.as_bytes()).unwrap_err();
        assert!(matches!(error, ParseError::NamedGraph { .. }), "{error}");
        let dataset = Reader::new(syntax)
            .dataset_for_slice(document.as_bytes())
            .unwrap();
        let name = NamedNode::new("a:g").unwrap();
        assert_eq!(dataset.graph(&name).map(Graph::len), Some(1), "{syntax:?}");
        assert!(dataset.default_graph().is_empty());
    }
    let shared = b"<a:g> { _:x <a:p> 1 } <a:h> { _:x <a:p> 2 }";
    let shared = Reader::new(Syntax::TriG).dataset_for_slice(shared).unwrap();
    let apart = b"<a:g> { _:x <a:p> 1 } <a:h> { _:y <a:p> 2 }";
    let apart = Reader::new(Syntax::TriG).dataset_for_slice(apart).unwrap();
    assert!(!shared.is_isomorphic(&apart), "a blank node in two graphs");
}

#[test]
fn readers_are_not_read_beyond_the_limit() {
    let reader = Reader::new(Syntax::NTriples).with_limits(Limits::default().with_bytes(1000));
    let error = reader.for_reader(io::repeat(b'#')).unwrap_err();
    match error {
        ReadError::Parse(ParseError::Limit(error)) => assert_eq!(error.limit(), Limit::Bytes),
        other => panic!("{other}"),
    }
}

#[test]
fn a_reader_that_fails_is_no_document() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::ConnectionReset.into())
        }
    }
    let error = Reader::new(Syntax::Turtle).for_reader(Broken).unwrap_err();
    assert!(matches!(error, ReadError::Io(_)), "{error}");
}
