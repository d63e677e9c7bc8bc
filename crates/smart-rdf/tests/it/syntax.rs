use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, prop_assert, prop_assert_eq, prop_oneof, proptest};
use rio_api::model as rio;
use rio_api::parser::TriplesParser;
use smart_rdf::{
    BlankNode, Dataset, Graph, Literal, NamedNode, NamedOrBlankNode, ParseError, RdfXml,
    RdfXmlWriter, Reader, Syntax, Term, Triple, Turtle, WriteError, Writer,
};

use crate::terms;

/// Prefixes of every sort: one that fits, ones that a syntax cannot use, and one that IRIs of the
/// graphs begin with.
const PREFIXES: [(&str, &str); 5] = [
    ("e", "http://example.org/vocabulary#"),
    ("ns0", "urn:x:"),
    ("urn", "http://example.org/"),
    ("half", "http://example.org/na"),
    ("a:b", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"),
];

const SYNTAXES: [Syntax; 6] = [
    Syntax::JsonLd,
    Syntax::NQuads,
    Syntax::NTriples,
    Syntax::RdfXml,
    Syntax::TriG,
    Syntax::Turtle,
];

proptest! {
    #[test]
    fn every_syntax_reads_what_it_writes(graph in terms::graph(terms::xml_text())) {
        for syntax in SYNTAXES {
            for text in [syntax.write(&graph), Writer::new(syntax).with_prefixes(PREFIXES).write(&graph)] {
                let text = text.unwrap();
                let again = syntax.parse(text.as_bytes());
                prop_assert!(again.is_ok_and(|again| again.is_isomorphic(&graph)), "{:?}: {}", syntax, text);
            }
        }
    }

    #[test]
    fn any_text_can_be_written(graph in terms::graph(terms::any_text())) {
        for syntax in SYNTAXES.into_iter().filter(|syntax| *syntax != Syntax::RdfXml) {
            let text = Writer::new(syntax).with_prefixes(PREFIXES).write(&graph).unwrap();
            prop_assert!(syntax.parse(text.as_bytes()).unwrap().is_isomorphic(&graph), "{:?}: {}", syntax, text);
        }
    }

    #[test]
    fn datasets_are_read_as_written(
        default in terms::graph(terms::any_text()),
        named in vec((terms::subject(), terms::graph(terms::any_text())), 0..3),
    ) {
        let named: Vec<_> = named.into_iter().filter(|(_, graph)| !graph.is_empty()).collect();
        let dataset = Dataset::new(&default, named.iter().map(|(name, graph)| (name.clone(), graph)));
        for syntax in [Syntax::JsonLd, Syntax::NQuads, Syntax::TriG] {
            let text = Writer::new(syntax).with_prefixes(PREFIXES).write_dataset(&dataset).unwrap();
            let again = Reader::new(syntax).dataset_for_slice(text.as_bytes()).unwrap();
            prop_assert!(again.is_isomorphic(&dataset), "{:?}: {}", syntax, text);
        }
        for syntax in [Syntax::NTriples, Syntax::RdfXml, Syntax::Turtle] {
            let written = Writer::new(syntax).write_dataset(&Dataset::new(&Graph::default(), named.iter().cloned().map(|(name, _)| (name, &default))));
            prop_assert_eq!(matches!(written, Err(WriteError::NamedGraph { .. })), !named.is_empty() && !default.is_empty());
        }
    }

    /// Two parsers that share no code read the same, from what a third wrote.
    #[test]
    fn what_is_written_as_turtle_is_read_by_rio(graph in terms::graph(terms::any_text())) {
        let text = Writer::new(Syntax::Turtle).with_prefixes(PREFIXES).write(&graph).unwrap();
        prop_assert!(read_with_rio(&text).is_isomorphic(&graph), "{}", text);
    }

    /// Labels come from the document or from chance; what is written does not show it.
    #[test]
    fn writing_does_not_depend_on_labels(triples in vec(terms::triple(terms::xml_text()), 0..24)) {
        let renamed: Graph = triples.iter().cloned().map(|mut triple| {
            if let NamedOrBlankNode::BlankNode(node) = &triple.subject {
                triple.subject = BlankNode::new_unchecked(format!("{}z", node.as_str())).into();
            }
            if let Term::BlankNode(node) = &triple.object {
                triple.object = BlankNode::new_unchecked(format!("{}z", node.as_str())).into();
            }
            triple
        }).collect();
        let graph: Graph = triples.into_iter().collect();
        for syntax in SYNTAXES {
            prop_assert_eq!(syntax.write(&graph), syntax.write(&renamed));
        }
    }

    /// The two parsers share no code.
    #[test]
    fn turtle_is_read_as_by_rio(text in turtle_document()) {
        let graph = Syntax::Turtle.parse(text.as_bytes());
        let graph = graph.map_err(|error| format!("{error}\n{text}")).unwrap();
        prop_assert!(graph.is_isomorphic(&read_with_rio(&text)), "{}", text);
    }
}

fn turtle_document() -> impl Strategy<Value = String> {
    let subject = prop_oneof![
        Just(":s".to_owned()),
        Just("_:b".to_owned()),
        Just("<http://example.org/x#y>".to_owned()),
        Just("<relative>".to_owned()),
        Just("[ :p 1 ]".to_owned()),
        Just("( 1 :a )".to_owned()),
    ];
    let verb = prop_oneof![
        Just("a"),
        Just(":p"),
        Just(":q\\(r\\)"),
        Just("<http://example.org/p>")
    ];
    let objects = vec(turtle_object(), 1..3).prop_map(|objects| objects.join(" , "));
    let statement = (subject, vec((verb, objects), 1..3)).prop_map(|(subject, pairs)| {
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(verb, objects)| format!("{verb} {objects}"))
            .collect();
        format!("{subject} {} .", pairs.join(" ;\n  "))
    });
    vec(statement, 0..5).prop_map(|statements| {
        format!(
            "@base <http://example.org/base/> .\n@prefix : <http://example.org/> . # no ( bracket [ here\n{}\n",
            statements.join("\n")
        )
    })
}

fn turtle_object() -> impl Strategy<Value = String> {
    let text = vec(
        prop_oneof![
            Just("a"),
            Just("ü"),
            Just("\\\""),
            Just("\\\\"),
            Just("\\n"),
            Just("\\u00e9"),
            Just("#"),
            Just("("),
            Just("'"),
        ],
        0..4,
    )
    .prop_map(|pieces| pieces.concat());
    let leaf = prop_oneof![
        Just("true".to_owned()),
        Just("-5".to_owned()),
        Just("4.20".to_owned()),
        Just("1e3".to_owned()),
        Just("_:b".to_owned()),
        Just(":o".to_owned()),
        Just("[]".to_owned()),
        Just("()".to_owned()),
        Just("<#f(>".to_owned()),
        text.clone().prop_map(|text| format!("\"{text}\"")),
        text.clone().prop_map(|text| format!("\"{text}\"@en")),
        text.clone().prop_map(|text| format!("\"{text}\"^^:t")),
        text.prop_map(|text| format!("\"\"\"\n{text}\"\" \"\"\"")),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 1..3).prop_map(|items| format!("( {} )", items.join(" "))),
            vec(inner, 1..3).prop_map(|items| format!("[ :p {} ]", items.join(" ; :q "))),
        ]
    })
}

fn read_with_rio(text: &str) -> Graph {
    let mut triples = Vec::new();
    rio_turtle::TurtleParser::new(text.as_bytes(), None)
        .parse_all(
            &mut |triple: rio::Triple<'_>| -> Result<(), rio_turtle::TurtleError> {
                triples.push(Triple::new(
                    match triple.subject {
                        rio::Subject::NamedNode(node) => {
                            NamedOrBlankNode::from(NamedNode::new_unchecked(node.iri))
                        }
                        rio::Subject::BlankNode(node) => BlankNode::new_unchecked(node.id).into(),
                        rio::Subject::Triple(_) => unreachable!("not in these documents"),
                    },
                    NamedNode::new_unchecked(triple.predicate.iri),
                    match triple.object {
                        rio::Term::NamedNode(node) => {
                            Term::from(NamedNode::new_unchecked(node.iri))
                        }
                        rio::Term::BlankNode(node) => BlankNode::new_unchecked(node.id).into(),
                        rio::Term::Literal(literal) => from_rio(literal).into(),
                        rio::Term::Triple(_) => unreachable!("not in these documents"),
                    },
                ));
                Ok(())
            },
        )
        .map_err(|error| format!("{error}\n{text}"))
        .unwrap();
    triples.into_iter().collect()
}

fn from_rio(literal: rio::Literal<'_>) -> Literal {
    match literal {
        rio::Literal::Simple { value } => Literal::new_simple_literal(value),
        rio::Literal::LanguageTaggedString { value, language } => {
            Literal::new_language_tagged_literal_unchecked(value, language)
        }
        rio::Literal::Typed { value, datatype } => {
            Literal::new_typed_literal(value, NamedNode::new_unchecked(datatype.iri))
        }
    }
}

const MEDICATION: &str = r##"<?xml version="1.0" encoding="utf-8"?>
<!-- a comment with < and > and &nonsense; -->
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
    xmlns:e='http://example.org/' xml:base="http://example.org/records/7/">
  <e:Medication rdf:about="medications/1">
    <e:name xml:lang="en">Aspirin &amp; <![CDATA[<more>]]></e:name>
    <e:list rdf:parseType="Collection"><rdf:Description rdf:about="#a"/><e:B/></e:list>
    <e:note rdf:parseType="Literal"><b xmlns="http://www.w3.org/1999/xhtml">x</b></e:note>
    <e:dose rdf:parseType="Resource"><e:value rdf:datatype="http://www.w3.org/2001/XMLSchema#decimal">5</e:value></e:dose>
    <?a processing="instruction"?>
  </e:Medication >
</rdf:RDF>
"##;

#[test]
fn the_guard_lets_ordinary_xml_through() {
    // The parser underneath does not join text and a CDATA section; without the section it reads
    // everything.
    let document = MEDICATION.replace("<![CDATA[<more>]]>", "");
    let graph = Syntax::RdfXml.parse(document.as_bytes()).unwrap();
    assert_eq!(graph.len(), 11);
    let with_mark = [b"\xEF\xBB\xBF", document.as_bytes()].concat();
    assert!(
        Syntax::RdfXml
            .parse(&with_mark)
            .unwrap()
            .is_isomorphic(&graph)
    );
}

#[test]
fn a_base_iri_may_come_from_outside() {
    let relative = br#"<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://example.org/">
        <e:A rdf:about="x"/></rdf:RDF>"#;
    let graph = RdfXml::new()
        .with_base_iri("http://example.org/r/")
        .for_slice(relative)
        .unwrap();
    let same = Turtle::new()
        .with_base_iri("http://example.org/r/")
        .for_slice(b"<x> a <http://example.org/A> .")
        .unwrap();
    assert!(graph.is_isomorphic(&same));
    assert!(matches!(
        RdfXml::new().for_slice(relative),
        Err(ParseError::Syntax { .. })
    ));
    for error in [
        RdfXml::new()
            .with_base_iri("nonsense")
            .for_slice(relative)
            .unwrap_err(),
        Turtle::new()
            .with_base_iri("nonsense")
            .for_slice(b"")
            .unwrap_err(),
    ] {
        assert!(matches!(error, ParseError::BaseIri { .. }), "{error}");
    }
}

#[track_caller]
fn check_place(syntax: Syntax, document: &str, line: u64, column: u64, words: &str) {
    let error = syntax.parse(document.as_bytes()).unwrap_err();
    let position = error.position().expect("a place");
    assert_eq!((position.line, position.column), (line, column), "{error}");
    assert!(error.to_string().contains(words), "{error}");
}

#[test]
fn errors_have_places() {
    check_place(
        Syntax::Turtle,
        "<http://example.org/a> <http://example.org/b>\n  \u{fc} .",
        2,
        3,
        "syntax error",
    );
    let wrap = |inner: &str| {
        format!(
            "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" xmlns:e=\"http://example.org/\">\n{inner}\n</rdf:RDF>"
        )
    };
    check_place(
        Syntax::RdfXml,
        &wrap("  <e:A rdf:about='not an IRI'/>"),
        2,
        3,
        "IRI",
    );
    check_place(
        Syntax::RdfXml,
        &wrap("  <e:A><e:b>x<e:C/></e:b></e:A>"),
        2,
        14,
        "text",
    );
    check_place(
        Syntax::RdfXml,
        &wrap("  <e:A>stray</e:A>"),
        2,
        8,
        "only elements",
    );
    check_place(
        Syntax::RdfXml,
        &wrap("  <e:A><e:b>x</e:c></e:A>"),
        2,
        14,
        "</e:c>",
    );
    check_place(Syntax::RdfXml, &wrap("  <e:A b/>"), 2, 9, "expected `=`");
    check_place(Syntax::RdfXml, &wrap("  <e:A b=c/>"), 2, 10, "quotes");
    check_place(Syntax::RdfXml, &wrap("  <f:A/>"), 2, 3, "prefix");
    check_place(
        Syntax::RdfXml,
        &wrap("  <e:A><e:b xml:lang='not_a_language'>x</e:b></e:A>"),
        2,
        8,
        "language",
    );
    check_place(Syntax::RdfXml, "{\"not\": \"xml\"}", 1, 1, "text");
    check_place(Syntax::RdfXml, "", 1, 1, "no element");
}

#[test]
fn documents_cut_off_anywhere_are_refused() {
    let document = MEDICATION.replace("<![CDATA[<more>]]>", "");
    let end = document.trim_end().len();
    for cut in (0..end).filter(|cut| document.is_char_boundary(*cut)) {
        let result = Syntax::RdfXml.parse(&document.as_bytes()[..cut]);
        assert!(result.is_err(), "read {}", &document[..cut]);
    }
}

#[test]
fn rdf_xml_says_what_it_cannot_write() {
    let graph = |object: Literal, predicate: &str| {
        Graph::from_iter([Triple::new(
            NamedNode::new_unchecked("http://example.org/s"),
            NamedNode::new_unchecked(predicate),
            object,
        )])
    };
    let text = |text: &str| Literal::new_simple_literal(text);
    for predicate in [
        "http://example.org/1",
        "http://example.org/",
        "http://www.w3.org/1999/02/22-rdf-syntax-ns#li",
        "http://www.w3.org/1999/02/22-rdf-syntax-ns#about",
    ] {
        let error = RdfXmlWriter::new()
            .write(&graph(text("x"), predicate))
            .unwrap_err();
        assert!(matches!(&error, WriteError::Predicate { predicate: named } if named == predicate));
    }
    let error = RdfXmlWriter::new()
        .write(&graph(text("a\u{1}"), "http://example.org/p"))
        .unwrap_err();
    assert!(matches!(
        error,
        WriteError::Character {
            character: '\u{1}',
            ..
        }
    ));
    assert!(error.to_string().contains("U+0001"), "{error}");
}

#[test]
fn rdf_xml_is_readable() {
    let graph = Syntax::Turtle
        .parse(
            b"@prefix e: <http://example.org/> .
            e:m a e:Medication ; e:name 'Aspirin <500>' ; e:dose _:d ; e:code [ a e:Code ] ; e:next _:n .
            _:n a e:Thing ; e:next _:n .
            _:d e:value '5'^^<http://www.w3.org/2001/XMLSchema#decimal> ; <http://f.org/unit> 'g'@en .",
        )
        .unwrap();
    let text = RdfXmlWriter::new()
        .with_prefix("e", "http://example.org/")
        .write(&graph)
        .unwrap();
    assert_eq!(
        text,
        r#"<?xml version="1.0" encoding="UTF-8"?>
<rdf:RDF
    xmlns:e="http://example.org/"
    xmlns:ns0="http://f.org/"
    xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <e:Medication rdf:about="http://example.org/m">
    <e:name>Aspirin &lt;500&gt;</e:name>
    <e:dose>
      <rdf:Description>
        <e:value rdf:datatype="http://www.w3.org/2001/XMLSchema#decimal">5</e:value>
        <ns0:unit xml:lang="en">g</ns0:unit>
      </rdf:Description>
    </e:dose>
    <e:code>
      <e:Code/>
    </e:code>
    <e:next rdf:nodeID="b0"/>
  </e:Medication>
  <e:Thing rdf:nodeID="b0">
    <e:next rdf:nodeID="b0"/>
  </e:Thing>
</rdf:RDF>
"#
    );
}

/// Parts stand inside what they are parts of, but not without end, and not where there is no
/// outside.
#[test]
fn rdf_xml_nests_within_bounds() {
    let chain: String = (0..100)
        .map(|n| format!("_:n{n} <http://e.org/p> _:n{} .\n", n + 1))
        .collect();
    let ring = format!("{chain}_:n100 <http://e.org/p> _:n0 .\n");
    let backwards: String = chain
        .lines()
        .rev()
        .map(|line| format!("{line}\n"))
        .collect();
    for text in [chain, ring, backwards] {
        let graph = Syntax::Turtle.parse(text.as_bytes()).unwrap();
        let text = Syntax::RdfXml.write(&graph).unwrap();
        let again = Syntax::RdfXml.parse(text.as_bytes()).unwrap();
        assert!(again.is_isomorphic(&graph), "{text}");
    }
}

#[test]
fn json_ld_is_readable() {
    let graph = Syntax::Turtle
        .parse(
            br#"@prefix e: <http://example.org/> .
            e:m a e:Medication, e:Thing ; e:name 'Aspirin "500"\n' ; e:dose _:d ; a 'a drug' .
            _:d e:value '5'^^<http://www.w3.org/2001/XMLSchema#decimal> ; <http://f.org/unit> 'g'@en, 'mg' ; e:is e: ."#,
        )
        .unwrap();
    let text = Writer::new(Syntax::JsonLd)
        .with_prefix("e", "http://example.org/")
        .write(&graph)
        .unwrap();
    assert_eq!(
        text,
        r#"{
  "@context": {
    "e": "http://example.org/"
  },
  "@graph": [
    {
      "@id": "http://example.org/m",
      "@type": [
        "e:Medication",
        "e:Thing"
      ],
      "http://www.w3.org/1999/02/22-rdf-syntax-ns#type": "a drug",
      "e:name": "Aspirin \"500\"\n",
      "e:dose": {
        "@id": "_:b0"
      }
    },
    {
      "@id": "_:b0",
      "e:value": {
        "@type": "http://www.w3.org/2001/XMLSchema#decimal",
        "@value": "5"
      },
      "http://f.org/unit": [
        {
          "@language": "en",
          "@value": "g"
        },
        "mg"
      ],
      "e:is": {
        "@id": "http://example.org/"
      }
    }
  ]
}
"#
    );
    assert_eq!(
        Syntax::JsonLd.write(&Graph::default()).unwrap(),
        "{\n  \"@graph\": []\n}\n"
    );
}

#[test]
fn media_types_choose_the_syntax() {
    for syntax in SYNTAXES {
        assert_eq!(Syntax::from_media_type(syntax.media_type()), Some(syntax));
    }
    assert_eq!(
        Syntax::from_media_type("Application/RDF+XML ;charset=UTF-8"),
        Some(Syntax::RdfXml)
    );
    for other in ["", "application/xml", "text/html", "application/rdf+xmlx"] {
        assert_eq!(Syntax::from_media_type(other), None);
    }
}
