//! The RDF/XML reader beside another one, and where it goes its own way.

use std::fmt::Write;

use oxrdfxml::RdfXmlParser;
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_assert, proptest};
use proptest::test_runner::Config;
use proptest::{option, prop_oneof};
use smart_rdf::{Graph, Literal, RdfXml, Syntax};

const OPEN: &str = r#"<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://example.org/">"#;

const BASE: &str = "http://example.org/base/document";

fn wrap(inner: &str) -> String {
    format!("{OPEN}{inner}</rdf:RDF>")
}

fn ours(document: &str) -> Option<Graph> {
    RdfXml::new()
        .with_base_iri(BASE)
        .for_slice(document.as_bytes())
        .ok()
}

fn theirs(document: &str) -> Option<Graph> {
    RdfXmlParser::new()
        .with_base_iri(BASE)
        .unwrap()
        .for_slice(document)
        .collect::<Result<Graph, _>>()
        .ok()
}

proptest! {
    #![proptest_config(Config::with_cases(1024))]

    /// Documents of all productions, most of them valid.
    #[test]
    fn rdf_xml_is_read_as_by_oxrdfxml(nodes in vec(node(), 0..4)) {
        let mut document = String::from(OPEN);
        let mut names = Names::default();
        for node in &nodes {
            node.write(&mut document, &mut names);
        }
        document.push_str("</rdf:RDF>");
        match (ours(&document), theirs(&document)) {
            (Some(ours), Some(theirs)) => {
                prop_assert!(ours.is_isomorphic(&theirs), "{document}\n{ours:?}\n{theirs:?}");
            }
            (ours, theirs) => prop_assert!(
                ours.is_none() && theirs.is_none(),
                "{document}\nours: {ours:?}\ntheirs: {theirs:?}"
            ),
        }
    }
}

#[derive(Clone, Debug)]
struct Node {
    tag: &'static str,
    subject: Option<&'static str>,
    scope: &'static str,
    attribute: Option<(&'static str, String)>,
    properties: Vec<Property>,
}

#[derive(Clone, Debug)]
struct Property {
    tag: &'static str,
    has_id: bool,
    scope: &'static str,
    content: Content,
}

#[derive(Clone, Debug)]
enum Content {
    Attributes(&'static str, Option<(&'static str, String)>),
    List(Vec<Node>),
    Node(Box<Node>),
    Resource(Vec<Property>),
    Text(String),
    Typed(&'static str, String),
}

/// `rdf:ID` must differ.
#[derive(Default)]
struct Names(usize);

impl Names {
    fn next(&mut self) -> usize {
        self.0 += 1;
        self.0
    }
}

impl Node {
    fn write(&self, document: &mut String, names: &mut Names) {
        let tag = self.tag;
        write!(document, " <{tag}{}", self.scope).unwrap();
        match self.subject {
            Some("rdf:ID") => write!(document, " rdf:ID='n{}'", names.next()).unwrap(),
            Some(subject) => write!(document, " {subject}").unwrap(),
            None => {}
        }
        write_attribute(document, self.attribute.as_ref());
        document.push('>');
        for property in &self.properties {
            property.write(document, names);
        }
        writeln!(document, "</{tag}>").unwrap();
    }
}

impl Property {
    fn write(&self, document: &mut String, names: &mut Names) {
        let tag = self.tag;
        write!(document, "<{tag}{}", self.scope).unwrap();
        if self.has_id {
            write!(document, " rdf:ID='n{}'", names.next()).unwrap();
        }
        match &self.content {
            Content::Attributes(object, attribute) => {
                write!(document, " {object}").unwrap();
                write_attribute(document, attribute.as_ref());
                document.push_str("/>");
                return;
            }
            Content::List(nodes) => {
                document.push_str(" rdf:parseType='Collection'>");
                nodes.iter().for_each(|node| node.write(document, names));
            }
            Content::Node(node) => {
                document.push('>');
                node.write(document, names);
            }
            Content::Resource(properties) => {
                document.push_str(" rdf:parseType='Resource'>");
                properties
                    .iter()
                    .for_each(|property| property.write(document, names));
            }
            Content::Text(text) => write!(document, ">{}", escape(text)).unwrap(),
            Content::Typed(datatype, text) => {
                write!(document, " rdf:datatype='{datatype}'>{}", escape(text)).unwrap();
            }
        }
        write!(document, "</{tag}>").unwrap();
    }
}

fn write_attribute(document: &mut String, attribute: Option<&(&str, String)>) {
    if let Some((name, value)) = attribute {
        write!(document, " {name}=\"{}\"", escape(value)).unwrap();
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&#34;")
}

fn node() -> impl Strategy<Value = Node> {
    let leaf = node_of(Just(Vec::new()).boxed());
    leaf.prop_recursive(3, 16, 3, |inner| {
        node_of(vec(property(inner.boxed()), 0..3).boxed())
    })
}

fn node_of(
    properties: impl Strategy<Value = Vec<Property>> + 'static,
) -> impl Strategy<Value = Node> {
    let tag = prop_oneof![
        4 => Just("rdf:Description"),
        4 => Just("e:Drug"),
        1 => Just("rdf:Seq"),
        1 => Just("unprefixed xmlns='http://example.org/default#'"),
    ];
    let subject = prop_oneof![
        Just("rdf:ID"),
        Just("rdf:about='http://example.org/a'"),
        Just("rdf:about='../b?c#d'"),
        Just("rdf:about=''"),
        Just("rdf:about='http://example.org/x/../y/./z'"),
        Just("rdf:nodeID='n'"),
        Just("rdf:nodeID='m'"),
        Just("rdf:about='not an IRI'"),
    ];
    (
        tag.prop_filter("end tags have no attributes", |tag| !tag.contains(' ')),
        option::weighted(0.8, subject),
        scope(),
        option::weighted(0.3, attribute()),
        properties,
    )
        .prop_map(|(tag, subject, scope, attribute, properties)| Node {
            tag,
            subject,
            scope,
            attribute,
            properties,
        })
}

fn property(inner: proptest::strategy::BoxedStrategy<Node>) -> impl Strategy<Value = Property> {
    let tag = prop_oneof![
        6 => Just("e:name"),
        2 => Just("e:drug"),
        1 => Just("rdf:li"),
        1 => Just("rdf:_2"),
        1 => Just("rdf:type"),
        1 => Just("rdf:value"),
    ];
    let object = prop_oneof![
        Just("rdf:resource='http://example.org/a'"),
        Just("rdf:resource='?q'"),
        Just("rdf:nodeID='n'"),
        Just("e:extra='more'"),
    ];
    let datatype = prop_oneof![
        Just("http://www.w3.org/2001/XMLSchema#integer"),
        Just("http://www.w3.org/2001/XMLSchema#string"),
        Just("relative"),
    ];
    let text_property = |tag| Property {
        tag,
        has_id: false,
        scope: "",
        content: Content::Text("in a resource".to_owned()),
    };
    let content = prop_oneof![
        (object, option::weighted(0.2, attribute())).prop_map(|(o, a)| Content::Attributes(o, a)),
        vec(inner.clone(), 0..3).prop_map(Content::List),
        inner.prop_map(|node| Content::Node(Box::new(node))),
        vec(Just("e:name").prop_map(text_property), 0..3).prop_map(Content::Resource),
        text().prop_map(Content::Text),
        (datatype, text()).prop_map(|(datatype, text)| Content::Typed(datatype, text)),
    ];
    (tag, proptest::bool::weighted(0.2), scope(), content).prop_map(
        |(tag, has_id, scope, content)| Property {
            tag,
            has_id,
            scope,
            content,
        },
    )
}

fn scope() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        12 => Just(""),
        1 => Just(" xml:lang='en'"),
        1 => Just(" xml:lang='de-CH'"),
        1 => Just(" xml:lang='not a language'"),
        1 => Just(" xml:base='http://example.com/other/'"),
        1 => Just(" xml:space='preserve'"),
        1 => Just(" xmlns:e='http://example.com/again#'"),
        1 => Just(" xmlns:other='http://example.com/other#'"),
    ]
}

fn attribute() -> impl Strategy<Value = (&'static str, String)> {
    let name = prop_oneof![Just("e:note"), Just("rdf:value"), Just("e:unit")];
    (name, text())
}

/// Without control characters and line ends, which the other reader takes as they come.
fn text() -> impl Strategy<Value = String> {
    let character = prop_oneof![any::<char>(), Just(' '), Just('&'), Just('"'), Just('<')];
    vec(character, 0..5).prop_map(|characters| {
        characters
            .into_iter()
            .filter(|c| !c.is_control() && !matches!(*c, '\u{fffe}' | '\u{ffff}'))
            .collect()
    })
}

#[track_caller]
fn check_text(inner: &str, expected: &str) {
    let document = wrap(&format!(
        "<e:A rdf:about='http://example.org/a'>{inner}</e:A>"
    ));
    let graph = Syntax::RdfXml.parse(document.as_bytes()).unwrap();
    let literals: Vec<_> = graph
        .iter()
        .filter_map(|triple| match triple.object {
            smart_rdf::TermRef::Literal(literal) => Some(literal.into_owned()),
            _ => None,
        })
        .collect();
    assert_eq!(literals, [Literal::new_simple_literal(expected)], "{inner}");
}

/// Each of these the other reader takes for an error or for another text.
#[test]
fn text_is_whole_whatever_stands_between() {
    check_text("<e:b>one<!-- two -->three</e:b>", "onethree");
    check_text("<e:b>one<![CDATA[ <two> ]]>three</e:b>", "one <two> three");
    check_text("<e:b>  <![CDATA[x]]></e:b>", "  x");
    check_text("<e:b><?p i?>x<?p i?></e:b>", "x");
    check_text("<e:b>a\r\nb\rc</e:b>", "a\nb\nc");
    check_text("<e:b>a&#13;b</e:b>", "a\rb");
}

#[track_caller]
fn check_refused(inner: &str, words: &str) {
    let error = Syntax::RdfXml.parse(wrap(inner).as_bytes()).unwrap_err();
    assert!(error.to_string().contains(words), "{inner}: {error}");
}

#[test]
fn what_the_grammar_excludes_is_refused() {
    for (inner, words) in [
        ("<e:A rdf:about='a:b' rdf:nodeID='n'/>", "one of"),
        ("<e:A rdf:resource='a:b'/>", "takes neither"),
        ("<rdf:li/>", "cannot be a node"),
        ("<e:A><rdf:Description/></e:A>", "cannot be a property"),
        ("<e:A rdf:li='x'/>", "cannot be an attribute"),
        ("<e:A rdf:bagID='x'/>", "cannot be an attribute"),
        (
            "<e:A><e:b rdf:resource='a:b' rdf:nodeID='n'/></e:A>",
            "one of",
        ),
        (
            "<e:A><e:b rdf:resource='a:b'>x</e:b></e:A>",
            "only elements",
        ),
        (
            "<e:A><e:b rdf:resource='a:b'><e:C/></e:b></e:A>",
            "completed",
        ),
        ("<e:A><e:b><e:C/><e:C/></e:b></e:A>", "two nodes"),
        (
            "<e:A><e:b rdf:datatype='a:b'><e:C/></e:b></e:A>",
            "text is expected",
        ),
        (
            "<e:A><e:b rdf:parseType='Resource' e:c='d'/></e:A>",
            "beside it",
        ),
        ("<e:A plain='x'/>", "needs a prefix"),
        ("<e:A e:x='1' e:x='2'/>", "twice"),
        (
            "<e:A xmlns:f='http://example.org/' e:x='1' f:x='2'/>",
            "twice",
        ),
        (
            "<e:A xmlns:xml='http://example.org/'/>",
            "cannot be declared",
        ),
        ("<e:A xmlns:f=''/>", "stand for nothing"),
        ("<e:b:c/>", "no name"),
        ("<e:A rdf:nodeID='a b'/>", "must be a name"),
        ("<e:A><e:b>]]></e:b></e:A>", "instead of"),
        ("<e:A><e:b>\u{1}</e:b></e:A>", "does not allow"),
        ("<e:A rdf:about='b'/>", "base IRI missing"),
    ] {
        check_refused(inner, words);
    }
    let twice = "<e:A rdf:ID='x'/><e:A rdf:ID='x'/>";
    assert!(ours(&wrap(twice)).is_none());
    let under_another_base = "<e:A rdf:ID='x'/><e:A rdf:ID='x' xml:base='http://example.com/'/>";
    assert!(ours(&wrap(under_another_base)).is_some());
}

#[test]
fn xml_literals_are_canonical() {
    let literal = |content: &str| {
        let document = wrap(&format!(
            "<e:A><e:b rdf:parseType='Literal'>{content}</e:b></e:A>"
        ));
        let graph = Syntax::RdfXml.parse(document.as_bytes()).unwrap();
        let texts: Vec<String> = graph
            .iter()
            .filter_map(|triple| match triple.object {
                smart_rdf::TermRef::Literal(literal) => Some(literal.value().to_owned()),
                _ => None,
            })
            .collect();
        texts.join("|")
    };
    assert_eq!(literal("a &lt; b &#62; c"), "a &lt; b &gt; c");
    assert_eq!(
        literal("<e:x z='1' e:a=\"&quot;'\" b='2'/>"),
        "<e:x xmlns:e=\"http://example.org/\" b=\"2\" z=\"1\" e:a=\"&quot;'\"></e:x>"
    );
    assert_eq!(
        literal("<x xmlns='http://example.org/d'><y/><z xmlns=''/></x>"),
        "<x xmlns=\"http://example.org/d\"><y></y><z xmlns=\"\"></z></x>"
    );
    assert_eq!(
        literal("<e:x><e:y/></e:x><e:x/><!-- c --><?p i?>"),
        "<e:x xmlns:e=\"http://example.org/\"><e:y></e:y></e:x><e:x xmlns:e=\"http://example.org/\"></e:x><!-- c --><?p i?>"
    );
}

/// [XML 1.0, 2.12](https://www.w3.org/TR/xml/#sec-lang-tag): an empty one takes the outer one back.
#[test]
fn a_language_may_be_taken_back() {
    check_text("<e:b xml:lang=''>x</e:b>", "x");
    let document = "<e:A xml:lang='en'><e:b xml:lang=''>x</e:b><e:c>y</e:c></e:A>";
    let graph = ours(&wrap(document)).unwrap();
    let tagged = graph
        .iter()
        .filter(|t| t.object.to_string().ends_with("@en"));
    assert_eq!((graph.len(), tagged.count()), (3, 1));
}

/// [XML Base, 4.2](https://www.w3.org/TR/xmlbase/#resolution): one base is resolved against the
/// other around it.
#[test]
fn a_base_may_be_relative() {
    let document = wrap("<e:A xml:base='sub/'><e:b rdf:resource='x' xml:base='../other/'/></e:A>");
    let graph = ours(&document).unwrap();
    let other = smart_rdf::NamedNodeRef::new("http://example.org/base/other/x").unwrap();
    assert_eq!(
        graph.matching(None, None, Some(other.into())).count(),
        1,
        "{graph:?}"
    );
}

#[test]
fn nodes_without_a_name_do_not_meet_named_ones() {
    let names = (0..20).fold(String::new(), |names, n| {
        names + &format!("<e:A rdf:nodeID='_{n}'/><e:A/>")
    });
    let graph = Syntax::RdfXml.parse(wrap(&names).as_bytes()).unwrap();
    assert_eq!(graph.len(), 40);
}
