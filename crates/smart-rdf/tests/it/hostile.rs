//! Documents and queries made to do harm. What counts is that they are refused at all: without the
//! guard most of these abort the test process or keep it busy for minutes.

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
use smart_rdf::{
    Limit, Limits, ParseError, Query, QueryError, QueryLimits, RdfXml, Sparql, Syntax, Turtle,
};

const OPEN: &str = "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" xmlns:e=\"http://example.org/\"";

fn rdf(inner: &str) -> String {
    format!("{OPEN}>{inner}</rdf:RDF>")
}

fn ontology() -> RdfXml {
    RdfXml::new().allow_entities().repair_language_tags()
}

#[track_caller]
fn check_limit(result: Result<impl Sized, ParseError>, expected: Limit) {
    match result {
        Err(ParseError::Limit(error)) => {
            assert_eq!(error.limit(), expected);
            let message = error.to_string();
            assert!(message.contains(&error.allowed().to_string()), "{message}");
            assert!(message.contains("raise the limit on "), "{message}");
        }
        Err(other) => panic!("not a limit: {other}"),
        Ok(_) => panic!("accepted"),
    }
}

fn rdf_xml(document: &str) -> Result<smart_rdf::Graph, ParseError> {
    Syntax::RdfXml.parse(document.as_bytes())
}

fn turtle(document: &str) -> Result<smart_rdf::Graph, ParseError> {
    Syntax::Turtle.parse(document.as_bytes())
}

fn billion_laughs(levels: usize) -> String {
    let mut entities = String::from("<!ENTITY a0 \"ha\">");
    for level in 1..levels {
        let inner = format!("&a{};", level - 1).repeat(10);
        entities.push_str(&format!("<!ENTITY a{level} \"{inner}\">"));
    }
    format!("<!DOCTYPE rdf:RDF [{entities}]>{}", rdf(""))
}

#[test]
fn responses_have_no_document_type() {
    for document in [
        billion_laughs(10),
        format!("<!DOCTYPE rdf:RDF>{}", rdf("")),
        format!("<!doctype rdf:RDF>{}", rdf("")),
        format!(
            "<!-- c --><?p i?>\n<!DOCTYPE r SYSTEM \"file:///etc/passwd\">{}",
            rdf("")
        ),
        rdf("<!DOCTYPE r [<!ENTITY a \"b\">]>"),
    ] {
        let error = rdf_xml(&document).unwrap_err();
        assert!(matches!(error, ParseError::Doctype { .. }), "{error}");
    }
}

#[test]
fn entities_of_an_ontology_are_bounded() {
    // The last levels would be gigabytes, declared or used.
    check_limit(
        ontology().for_slice(billion_laughs(10).as_bytes()),
        Limit::IriLength,
    );
    let many: String = (0..300).map(|n| format!("<!ENTITY e{n} \"x\">")).collect();
    let document = format!("<!DOCTYPE r [{many}]>{}", rdf(""));
    check_limit(ontology().for_slice(document.as_bytes()), Limit::Entities);
    let quadratic = format!(
        "<!DOCTYPE r [<!ENTITY a \"{}\">]>{}",
        "x".repeat(4000),
        rdf(&format!("<e:A><e:b>{}</e:b></e:A>", "&a;".repeat(100_000)))
    );
    check_limit(ontology().for_slice(quadratic.as_bytes()), Limit::Expansion);
    for declaration in [
        "<!ENTITY a \"&a;\">",
        "<!ENTITY a \"&b;\"><!ENTITY b \"&a;\">",
        "<!ENTITY a SYSTEM \"file:///etc/passwd\">",
        "<!ENTITY % p \"x\">",
        "<!ENTITY a \"<b/>\">",
        "<!ENTITY a \"&#60;b/>\">",
        "<!ELEMENT a ANY>",
        "<!ENTITY a \"x\"",
    ] {
        let document = format!(
            "<!DOCTYPE r [{declaration}]>{}",
            rdf("<e:A><e:b>&a;</e:b></e:A>")
        );
        let error = ontology().for_slice(document.as_bytes()).unwrap_err();
        assert!(
            matches!(error, ParseError::Syntax { .. }),
            "{declaration}: {error}"
        );
    }
    for external in ["SYSTEM \"x\"", "PUBLIC \"x\" \"y\"", "SYSTEM \"x\" []"] {
        let document = format!("<!DOCTYPE r {external}>{}", rdf(""));
        assert!(
            ontology().for_slice(document.as_bytes()).is_err(),
            "{external}"
        );
    }
}

#[test]
fn an_entity_cannot_smuggle_markup() {
    let document = format!(
        "<!DOCTYPE r [<!ENTITY a '\" e:evil=\"1'><!ENTITY b \"' e:evil='1\">]>{}",
        rdf("<e:A e:x=\"&a;\" e:y='&b;'/>")
    );
    let graph = ontology().for_slice(document.as_bytes()).unwrap();
    assert_eq!(graph.len(), 3, "a class and two values: {graph:?}");
}

#[test]
fn xml_is_not_deep() {
    let nested = |levels: usize| {
        rdf(&format!(
            "{}{}",
            "<e:A><e:b>".repeat(levels),
            "</e:b></e:A>".repeat(levels)
        ))
    };
    assert!(rdf_xml(&nested(31)).is_ok());
    check_limit(rdf_xml(&nested(32)), Limit::Depth);
    check_limit(rdf_xml(&nested(100_000)), Limit::Depth);
    check_limit(
        rdf_xml(&format!("{OPEN}>{}", "<e:A><e:b>".repeat(500_000))),
        Limit::Depth,
    );
    let raised = RdfXml::new().with_limits(Limits::default().with_depth(300));
    assert!(raised.for_slice(nested(100).as_bytes()).is_ok());
}

#[test]
fn tags_have_few_attributes() {
    let attributes =
        |count: usize| -> String { (0..count).map(|n| format!(" e:a{n}=\"\"")).collect() };
    assert!(rdf_xml(&rdf(&format!("<e:A{}/>", attributes(128)))).is_ok());
    check_limit(
        rdf_xml(&rdf(&format!("<e:A{}/>", attributes(129)))),
        Limit::Attributes,
    );
    check_limit(
        rdf_xml(&rdf(&format!("<e:A{}/>", attributes(100_000)))),
        Limit::Attributes,
    );
    let namespaces = |prefix: &str, count: usize| -> String {
        (0..count)
            .map(|n| format!(" xmlns:{prefix}{n}=\"http://example.org/\""))
            .collect()
    };
    check_limit(
        rdf_xml(&rdf(&format!("<e:A{}/>", namespaces("a", 100_000)))),
        Limit::Namespaces,
    );
    // Few on each tag, many in scope.
    let nested = format!(
        "<e:A{}><e:b{}/></e:A>",
        namespaces("a", 100),
        namespaces("b", 100)
    );
    check_limit(rdf_xml(&rdf(&nested)), Limit::Namespaces);
    let side_by_side = format!(
        "<e:A{}/><e:B{}/>",
        namespaces("a", 100),
        namespaces("b", 100)
    );
    assert!(rdf_xml(&rdf(&side_by_side)).is_ok());
}

/// Quotes at odd places: where the parser finds the end of a tag and where it finds its attributes
/// are two passes.
#[test]
fn attributes_cannot_hide() {
    let many = " b=\"\"".repeat(100_000);
    for tag in [
        format!("<e:A '=\"x\"{many} '/>"),
        format!("<e:A \"='x'{many} \"/>"),
        format!("<e:A x='1'{many}/>"),
        format!("<e:A x=\"1\"y='2'{many}/>"),
        format!("<e:A x={many}/>"),
        format!("<e:A/{many}/>"),
        format!("</e:A '{many}'>"),
        format!("<e:A x='<'{many}/>"),
    ] {
        let error = rdf_xml(&rdf(&tag)).unwrap_err();
        let is_attributes =
            matches!(&error, ParseError::Limit(error) if error.limit() == Limit::Attributes);
        assert!(
            is_attributes || matches!(error, ParseError::Syntax { .. }),
            "{error}"
        );
    }
}

#[test]
fn depth_cannot_hide() {
    let deep = "<e:A><e:b>".repeat(50);
    for disguise in [
        format!("<!-- -->{deep}<!-- -->"),
        format!("<!-- > -- <a -->{deep}"),
        format!("<![CDATA[ </e:b></e:A> ]]>{deep}"),
        format!("<?p </e:A> ?>{deep}"),
        format!("<e:A e:x='</e:A>'><e:b>{deep}"),
        deep.replace("<e:A>", "<e:A e:x='&lt;/e:A>'>"),
        deep.replace("<e:A>", "<e:A><?x ?><!-- </e:A> -->"),
    ] {
        assert!(rdf_xml(&rdf(&disguise)).is_err(), "{disguise}");
    }
    // For some readers `<!-->` is a whole comment, for others its beginning.
    for comment in ["<!-->", "<!--->"] {
        let error = rdf_xml(&rdf(&format!("{comment}{deep}-->"))).unwrap_err();
        assert!(matches!(error, ParseError::Syntax { .. }), "{error}");
    }
}

/// Short forms that stand for much: the parser writes them out for each use.
#[test]
fn nothing_is_written_out_without_bound() {
    let long = "x".repeat(4000);
    let base = format!(
        "{OPEN} xml:base=\"http://example.org/{long}/\">{}</rdf:RDF>",
        "<e:A rdf:about=\"#y\"/>".repeat(20_000)
    );
    check_limit(rdf_xml(&base), Limit::Expansion);
    let ids: String = (0..20_000)
        .map(|n| format!("<rdf:Description rdf:ID=\"a{n}\"/>"))
        .collect();
    let base = format!("{OPEN} xml:base=\"http://example.org/{long}/\">{ids}</rdf:RDF>");
    check_limit(rdf_xml(&base), Limit::Expansion);
    let namespace = |tag: fn(usize) -> String| {
        let tags: String = (0..20_000).map(tag).collect();
        format!("{OPEN} xmlns:l=\"http://example.org/{long}/\">{tags}</rdf:RDF>")
    };
    check_limit(
        rdf_xml(&namespace(|n| format!("<l:A{n}/>"))),
        Limit::Expansion,
    );
    // One name is written out once, however often it is used.
    assert!(rdf_xml(&namespace(|_| "<l:A/>".to_owned())).is_ok());
    // Each element at the top of an XML literal declares the namespaces that it uses.
    let declared: String = (0..100)
        .map(|n| format!(" xmlns:n{n}=\"{n}{}\"", "y".repeat(3900)))
        .collect();
    for parse_type in [
        "rdf:parseType=\"Literal\"",
        "rdf:parseType=\"other\"",
        "p:Type=\"Literal\"",
    ] {
        let literal = format!(
            "{OPEN} xmlns:p=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#parse\"{declared}><e:A><e:b {parse_type}>{}</e:b></e:A></rdf:RDF>",
            "<n1:e/>".repeat(1000)
        );
        let bounded = RdfXml::new().with_limits(Limits::default().with_term_length(1 << 20));
        check_limit(bounded.for_slice(literal.as_bytes()), Limit::TermLength);
        let short = literal.replace(&"<n1:e/>".repeat(1000), &"<n1:e/>".repeat(100));
        assert!(rdf_xml(&short).is_ok());
        let property = &short[short.find("<e:b").unwrap()..short.find("</e:A>").unwrap()];
        check_limit(
            rdf_xml(&short.replace(property, &property.repeat(100))),
            Limit::Expansion,
        );
    }
    let too_long = "x".repeat(5000);
    for (document, limit) in [
        (
            format!("{OPEN} xml:base=\"http://example.org/{too_long}\"/>"),
            Limit::IriLength,
        ),
        (
            format!("{OPEN} xmlns:l=\"http://example.org/{too_long}\"/>"),
            Limit::IriLength,
        ),
        (
            rdf(&format!(
                "<e:A rdf:about=\"http://example.org/{too_long}\"/>"
            )),
            Limit::IriLength,
        ),
        (
            rdf(&format!(
                "<e:A><e:b xml:lang=\"{}\">x</e:b></e:A>",
                "a-".repeat(3000)
            )),
            Limit::IriLength,
        ),
        (
            rdf(&format!("<e:A><e:b>{}</e:b></e:A>", "x".repeat(2 << 20))),
            Limit::TermLength,
        ),
        (
            rdf(&format!("<e:A e:b=\"{}\"/>", "x".repeat(2 << 20))),
            Limit::TermLength,
        ),
    ] {
        let bounded = RdfXml::new().with_limits(Limits::default().with_term_length(1 << 20));
        check_limit(bounded.for_slice(document.as_bytes()), limit);
    }
}

#[test]
fn documents_are_not_large() {
    let limits = Limits::default().with_bytes(100);
    check_limit(
        RdfXml::new()
            .with_limits(limits.clone())
            .for_slice(&[b'<'; 101]),
        Limit::Bytes,
    );
    check_limit(
        Turtle::new().with_limits(limits).for_slice(&[b'#'; 101]),
        Limit::Bytes,
    );
    let limits = Limits::default().with_triples(3);
    let turtle = Turtle::new().with_limits(limits.clone());
    assert_eq!(
        turtle
            .for_slice(b"<a:s> <a:p> 1, 2, 3 .")
            .map(|graph| graph.len()),
        Ok(3)
    );
    check_limit(
        turtle.for_slice(b"<a:s> <a:p> 1, 2, 3, 3 ."),
        Limit::Triples,
    );
    let document = rdf("<e:A e:a='1' e:b='2' e:c='3'/>");
    check_limit(
        RdfXml::new()
            .with_limits(limits)
            .for_slice(document.as_bytes()),
        Limit::Triples,
    );
    let limits = Limits::default().with_term_bytes(20);
    check_limit(
        Turtle::new()
            .with_limits(limits)
            .for_slice(b"<a:s> <a:p> 'aaaaaaaaaaaaaaaa' ."),
        Limit::TermBytes,
    );
}

#[test]
fn turtle_is_not_deep_or_long() {
    for (open, close) in [("[ <a:p> ", "]"), ("( ", ")")] {
        let nested = |levels: usize| {
            format!(
                "<a:s> <a:p> {}1{} .",
                open.repeat(levels),
                close.repeat(levels)
            )
        };
        assert!(turtle(&nested(64)).is_ok());
        check_limit(turtle(&nested(65)), Limit::Depth);
        check_limit(turtle(&nested(500_000)), Limit::Depth);
        check_limit(turtle(&open.repeat(1_000_000)), Limit::Depth);
        let flat = format!(
            "<a:s> <a:p> {} .",
            vec![format!("{open}1{close}"); 200].join(", ")
        );
        assert!(turtle(&flat).is_ok());
    }
    // Brackets in strings and comments do not count.
    let quiet = "(".repeat(100);
    for text in [
        format!("'{quiet}'"),
        format!("'''{quiet}\n'{quiet}'''"),
        format!("<a:{quiet}>"),
        format!("1 # {quiet}\n"),
    ] {
        assert!(turtle(&format!("<a:s> <a:p> {text} .")).is_ok(), "{text}");
    }
    let long = "x".repeat(5000);
    check_limit(turtle(&format!("@prefix : <a:{long}> .")), Limit::IriLength);
    check_limit(
        turtle(&format!(
            "@prefix : <a:{}> . :{long} :p 1 .",
            "x".repeat(10)
        )),
        Limit::IriLength,
    );
    check_limit(turtle(&format!("_:{long} <a:p> 1 .")), Limit::IriLength);
    check_limit(
        Turtle::new()
            .with_limits(Limits::default().with_term_length(1 << 20))
            .for_slice(format!("<a:s> <a:p> '{}' .", "x".repeat(2 << 20)).as_bytes()),
        Limit::TermLength,
    );
}

#[test]
fn what_is_not_in_its_encoding_is_refused() {
    for bytes in [&b"<a>\xff</a>"[..], b"# \xc3\x28"] {
        for syntax in [Syntax::RdfXml, Syntax::Turtle] {
            assert!(matches!(
                syntax.parse(bytes),
                Err(ParseError::Encoding { .. })
            ));
        }
    }
    let utf_16 = b"\xff\xfe<\0a\0:\0s\0>\0";
    assert!(matches!(
        Syntax::Turtle.parse(utf_16),
        Err(ParseError::Encoding { .. })
    ));
    // UTF-7 and its like would be other text for a reader that believed the declaration.
    let declared = format!("<?xml version=\"1.0\" encoding=\"UTF-7\"?>{}", rdf(""));
    assert!(matches!(
        rdf_xml(&declared),
        Err(ParseError::UnknownEncoding { .. })
    ));
}

#[test]
fn xml_is_one_whole_element() {
    for document in [
        "",
        " ",
        "text",
        "<!-- c -->",
        "<a",
        "<a>",
        "<a></b>",
        "</a>",
        "<a></a></a>",
        "<a/><a/>",
        "<a/>x",
        "<a b=\"",
        "<!-- ",
        "<a><![CDATA[",
        "<?a",
        "<",
        "<>",
        "< a/>",
        "<a b/>",
        "<a b=1/>",
        "<a b='1'c='2'/>",
        "<1/>",
        "<a>&nbsp;</a>",
        " <?xml version='1.0'?><a/>",
    ] {
        let wrapped = document
            .replace("<a", &OPEN.replace("rdf:RDF", "e:A"))
            .replace("</a>", "</e:A>");
        let error = rdf_xml(&wrapped).unwrap_err();
        assert!(
            matches!(error, ParseError::Syntax { .. }),
            "{document}: {error}"
        );
    }
}

#[test]
fn a_language_cannot_carry_a_triple() {
    let document = rdf(
        "<e:A><e:b xml:lang='en . &lt;http://example.org/x> &lt;http://example.org/y> \"z\"'>x</e:b></e:A>",
    );
    assert!(matches!(rdf_xml(&document), Err(ParseError::Syntax { .. })));
}

#[track_caller]
fn check_query_limit(text: &str, expected: Limit) {
    match Query::prepare(text) {
        Err(QueryError::Limit(error)) => {
            assert_eq!(error.limit(), expected, "{text:.100}");
            assert!(error.to_string().contains("raise the limit on "), "{error}");
        }
        Err(other) => panic!("not a limit: {other} in {text:.100}"),
        Ok(_) => panic!("accepted: {text:.100}"),
    }
}

#[test]
fn queries_are_not_deep() {
    let nest = |open: &str, middle: &str, close: &str, levels: usize| {
        format!(
            "PREFIX : <http://example.org/> SELECT * {{ ?s ?p ?o . {}{middle}{} }}",
            open.repeat(levels),
            close.repeat(levels)
        )
    };
    for (open, middle, close) in [
        ("{", "", "}"),
        ("FILTER(", "1", ")"),
        ("FILTER EXISTS {", "", "}"),
        ("{ SELECT * {", "", "}}"),
        ("OPTIONAL {", "", "}"),
        ("GRAPH ?g {", "", "}"),
        ("?s :p [ :p ", "1", " ] "),
        ("(", "1", ") :p 1 ."),
        ("<<", "?s ?p ?o", ">> ?p ?o"),
        // Disguises.
        ("{ # }}}}}}\n", "", "}"),
        ("(')))))' ", "1", ") :p 1 ."),
        ("(\"\"\")\n))))\"\"\" ", "1", ") :p 1 ."),
        ("(<http://example.org/)))))> ", "1", ") :p 1 ."),
        ("(:a\\)\\)\\) ", "1", ") :p 1 ."),
        ("(:a\\' ", "1", ":b\\') :p 1 ."),
    ] {
        check_query_limit(&nest(open, middle, close, 1000), Limit::QueryDepth);
    }
    let operand = |open: &str, close: &str, levels: usize| {
        format!(
            "BASE <http://example.org/> SELECT * {{ FILTER(1<2 && {}1{}) }}",
            open.repeat(levels),
            close.repeat(levels)
        )
    };
    for (open, close) in [
        ("(", ")"),
        ("!", ""),
        ("! ", ""),
        ("! #\n", ""),
        ("STR(", ")"),
        ("1 IN (", ")"),
        ("IF(1, 1, ", ")"),
        ("<http://example.org/f>(", ")"),
        // A comparison that looks like an IRI.
        ("1<(x>", ")"),
        ("1<x#>\n(", ")"),
        ("1<!y>", ""),
    ] {
        check_query_limit(&operand(open, close, 1000), Limit::QueryDepth);
    }
    assert!(Query::prepare(&nest("{", "", "}", 20)).is_ok());
}

/// The parser reads these twice on each level: twenty levels are a million times.
#[test]
fn queries_do_not_take_exponential_time() {
    for open in [
        "(!",
        "REGEX(",
        "regex #\n (",
        "SUBSTR(",
        "REPLACE(",
        "GROUP_CONCAT(",
        "(!STR",
        "!EXISTS { FILTER(",
        "<http://example.org/f>(EXISTS { FILTER ",
    ] {
        let text = format!("SELECT * {{ FILTER({}", open.repeat(21));
        check_query_limit(&text, Limit::QueryDepth);
    }
}

#[test]
fn queries_are_not_long_chains() {
    for (chain, count) in [
        ("{} UNION ", 3000),
        ("OPTIONAL { ?a ?b ?c } ", 2000),
        ("?a ?b ?c . ", 101),
        ("?a ?b ?c . ", 5000),
        ("?a ?b 1, 2, 3 . ", 50),
        ("FILTER(1) ", 4000),
        ("VALUES ?x { 1 } ", 2000),
        ("MINUS {} ", 101),
        ("{ ?a ?b ?c } ", 101),
    ] {
        let text = format!("SELECT * {{ {} {{}} }}", chain.repeat(count));
        check_query_limit(&text, Limit::QueryChain);
    }
    for (operator, count) in [
        ("+", 30_000),
        ("*", 200),
        ("||", 200),
        ("&&", 200),
        ("/", 5000),
    ] {
        let text = format!(
            "SELECT * {{ FILTER(1{}) }}",
            format!("{operator}1").repeat(count)
        );
        check_query_limit(&text, Limit::QueryChain);
    }
    for path in ["/<a:p>", "|<a:p>"] {
        for count in [101, 10_000] {
            check_query_limit(
                &format!("SELECT * {{ ?s <a:p>{} ?o }}", path.repeat(count)),
                Limit::QueryChain,
            );
        }
    }
    check_query_limit(
        &format!("SELECT * {{}} #{}", " ".repeat(70_000)),
        Limit::QueryBytes,
    );
    // Long, but flat.
    let list = format!(
        "SELECT * {{ ?s ?p ?o FILTER(?o IN (1{})) }}",
        ", 1".repeat(5000)
    );
    assert!(Query::prepare(&list).is_ok());
    let rows = format!(
        "SELECT * {{ VALUES (?a ?b) {{ {} }} }}",
        "(1 2) ".repeat(2000)
    );
    assert!(Query::prepare(&rows).is_ok());
}

/// Where a string is malformed, the parser tries other readings, and some of them go on inside.
#[test]
fn strings_that_can_be_read_two_ways_are_refused() {
    for text in [
        "SELECT * { ?s ?p (\"\"\"a\" (((",
        "SELECT * { ?s ?p (\"\"\"a\" ((( \\x \"\"\" ) }",
        "SELECT * { ?s ?p (\"\"\"a\" ((( \\uD800 \"\"\" ) }",
        "SELECT * { ?s ?p '\\u0027 ((( ' }",
        "SELECT * { FILTER(1 <x#> '''\n ((( ''' ) }",
        "SELECT * { FILTER(1 <'x'> ' ((( ') }",
    ] {
        assert!(
            matches!(Query::prepare(text), Err(QueryError::Syntax { .. })),
            "{text}"
        );
    }
}

#[test]
fn a_query_stays_on_its_graph() {
    for (text, expected) in [
        (
            "SELECT * { SERVICE <http://example.org/> { ?s ?p ?o } }",
            "SERVICE",
        ),
        (
            "SELECT * { FILTER EXISTS { OPTIONAL { SERVICE SILENT ?x { ?s ?p ?o } } } }",
            "SERVICE",
        ),
        ("SELECT * FROM <http://example.org/> { ?s ?p ?o }", "FROM"),
        ("ASK FROM NAMED <http://example.org/> { ?s ?p ?o }", "FROM"),
    ] {
        let error = Query::prepare(text)
            .and_then(|query| query.run(&smart_rdf::Graph::default()))
            .unwrap_err();
        assert!(
            matches!(error, QueryError::Unsupported { keyword } if keyword == expected),
            "{error}"
        );
    }
    for update in [
        "LOAD <http://example.org/>",
        "INSERT DATA { <a:s> <a:p> 1 }",
    ] {
        assert!(matches!(
            Query::prepare(update),
            Err(QueryError::Syntax { .. })
        ));
    }
}

/// Pieces that mean something to a guard or a parser.
fn pieces(pieces: &'static [&'static str]) -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => (0..pieces.len()).prop_map(move |index| pieces[index].to_owned()),
        1 => any::<char>().prop_map(String::from),
        1 => Just(pieces.concat()),
    ];
    vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_bytes_make_a_reader_panic(bytes in vec(any::<u8>(), 0..200)) {
        let _ = Syntax::RdfXml.parse(&bytes);
        let _ = ontology().for_slice(&bytes);
        let _ = Syntax::Turtle.parse(&bytes);
        let _ = Query::prepare(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn no_xml_makes_a_reader_panic(text in pieces(&[
        OPEN, "</rdf:RDF>", "<e:A", "<e:b", "</e:A>", "</e:b>", ">", "/>", " rdf:about='x'", " xml:lang='en'", " xml:lang='not a tag'",
        " xmlns:f='g'", " rdf:parseType='Literal'", "<!--", "-->", "<![CDATA[", "]]>", "<!DOCTYPE r [", "<!ENTITY a '&b;'>", "]>", "&a;",
        "&#x41;", "&#0;", "&amp", ";", "<?p", "?>", "'", "\"", "=", "\n", "ü",
    ])) {
        let _ = Syntax::RdfXml.parse(text.as_bytes());
        let _ = ontology().for_slice_reporting(text.as_bytes());
    }

    #[test]
    fn no_turtle_makes_a_reader_panic(text in pieces(&[
        "@prefix : <a:> .", "@base <a:b> .", ":s", ":p", " ", ".", ",", ";", "[", "]", "(", ")", "'", "'''", "\"", "\"\"\"", "\\", "\\u00e9",
        "#", "\n", "<", ">", "a", "@en", "^^", "1", "1.5e", "_:b", "true",
    ])) {
        let _ = Syntax::Turtle.parse(text.as_bytes());
    }

    #[test]
    fn no_query_makes_it_panic(text in pieces(&[
        "SELECT * {", "ASK {", "PREFIX : <a:>", "?s", "?p", "?o", " ", ".", ";", ",", "{", "}", "(", ")", "[", "]", "FILTER(", "OPTIONAL {",
        "UNION", "EXISTS {", "!", "<", ">", "<a:b>", "<x#>", "'", "'''", "\"", "\\", "\\u0028", "#", "\n", "REGEX(", "||", "/", "1",
    ])) {
        if let Ok(query) = Sparql::new().with_limits(QueryLimits::default().with_steps(1000)).prepare(&text) {
            let _ = query.run(&Syntax::Turtle.parse(b"<a:s> <a:p> 1, 2 .").unwrap());
        }
    }
}

fn json_ld(document: &str) -> Result<smart_rdf::Graph, ParseError> {
    Syntax::JsonLd.parse(document.as_bytes())
}

/// Each of these takes gigabytes or minutes, or ends the process, in the parser underneath.
#[test]
fn json_ld_is_bounded() {
    let nested = |levels: usize| {
        let open = r#"{"http://example.org/p":"#.repeat(levels);
        format!("{open}1{}", "}".repeat(levels))
    };
    assert!(json_ld(&nested(64)).is_ok());
    check_limit(json_ld(&nested(65)), Limit::Depth);
    check_limit(json_ld(&nested(200_000)), Limit::Depth);
    check_limit(json_ld(&"[".repeat(1_000_000)), Limit::Depth);
    let raised =
        smart_rdf::Reader::new(Syntax::JsonLd).with_limits(Limits::default().with_depth(100_000));
    check_limit(raised.for_slice(nested(1000).as_bytes()), Limit::Depth);

    let wide = r#""x","#.repeat(2_000_000);
    for levels in [1, 60] {
        let open = r#"{"http://example.org/p":"#.repeat(levels);
        let close = r#","@context":{}}"#.repeat(levels);
        check_limit(
            json_ld(&format!("{open}[{wide}1]{close}")),
            Limit::Expansion,
        );
    }
    let terms = |count: usize, length: usize| {
        let text = "x".repeat(length);
        let terms = (0..count).map(|n| format!("\"t{n}\":\"http://example.org/{n}{text}\""));
        terms.collect::<Vec<_>>().join(",")
    };
    let many = |node: &str| vec![node; 100_000].join(",");
    check_limit(
        json_ld(&format!("{{\"@context\":{{{}}}}}", terms(300, 1))),
        Limit::ContextTerms,
    );
    check_limit(
        json_ld(&format!("[{}]", vec!["{\"@context\":{}}"; 300].join(","))),
        Limit::ContextTerms,
    );
    check_limit(
        json_ld(&format!(
            "{{\"@context\":{{{}}},\"@graph\":[{}]}}",
            terms(1, 4000),
            many("{\"@id\":\"t0:x\"}")
        )),
        Limit::Expansion,
    );
    // Terms that build on each other are as long as all together.
    let chain: Vec<String> = (0..200)
        .map(|n| format!("\"t{n}\":\"t{}:{}\"", n + 1, "x".repeat(1000)))
        .collect();
    check_limit(
        json_ld(&format!(
            "{{\"@context\":{{{},\"t200\":\"http://example.org/\"}},\"@graph\":[{}]}}",
            chain.join(","),
            vec!["{\"@id\":\"t0:x\"}"; 200].join(",")
        )),
        Limit::Expansion,
    );
    for context in ["\"@context\"", "\"\\u0040context\""] {
        let scoped = format!(
            "{{\"@context\":{{\"A\":{{\"@id\":\"http://example.org/A\",{context}:{{}}}}}}}}"
        );
        assert!(
            matches!(json_ld(&scoped), Err(ParseError::Syntax { .. })),
            "{context}"
        );
    }
    let elsewhere = json_ld("{\"@context\":\"http://example.org/context\",\"a\":1}").unwrap_err();
    assert!(
        matches!(elsewhere, ParseError::Syntax { .. }),
        "{elsewhere}"
    );
}

#[test]
fn turtle_is_not_written_out_without_bound() {
    let long = "x".repeat(4000);
    let names =
        |count: usize| -> String { (0..count).map(|n| format!("p:{n} p:a p:b .\n")).collect() };
    for declaration in [
        format!("@prefix p: <http://example.org/{long}/> ."),
        format!("PREFIX p:\n# c <\n <http://example.org/{long}/>"),
    ] {
        assert!(turtle(&format!("{declaration}\n{}", names(100))).is_ok());
        check_limit(
            turtle(&format!("{declaration}\n{}", names(20_000))),
            Limit::Expansion,
        );
    }
    let relative: String = (0..20_000)
        .map(|n| format!("<#{n}> <#a> <#b> .\n"))
        .collect();
    for declaration in [
        format!("@base <http://example.org/{long}/> ."),
        format!("BASE <http://example.org/{long}/>"),
    ] {
        check_limit(
            turtle(&format!("{declaration}\n{relative}")),
            Limit::Expansion,
        );
    }
    let outside = Turtle::new().with_base_iri(format!("http://example.org/{long}"));
    check_limit(outside.for_slice(relative.as_bytes()), Limit::Expansion);
}
