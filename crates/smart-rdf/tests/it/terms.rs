//! Random terms, triples and graphs. They are few and small on purpose, so that they meet often.

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use smart_rdf::vocab::xsd;
use smart_rdf::{BlankNode, Graph, Literal, NamedNode, NamedOrBlankNode, Term, Triple};

pub(crate) fn graph(
    text: impl Strategy<Value = String> + Clone + 'static,
) -> impl Strategy<Value = Graph> {
    vec(triple(text), 0..24).prop_map(|triples| triples.into_iter().collect())
}

pub(crate) fn triple(
    text: impl Strategy<Value = String> + Clone + 'static,
) -> impl Strategy<Value = Triple> {
    (subject(), predicate(), object(text))
        .prop_map(|(subject, predicate, object)| Triple::new(subject, predicate, object))
}

pub(crate) fn subject() -> impl Strategy<Value = NamedOrBlankNode> {
    prop_oneof![
        iri().prop_map(NamedOrBlankNode::from),
        blank().prop_map(NamedOrBlankNode::from),
    ]
}

/// IRIs that end in an XML name.
pub(crate) fn predicate() -> impl Strategy<Value = NamedNode> {
    prop_oneof![
        Just("http://example.org/name"),
        Just("http://example.org/vocabulary#drug-Name.2"),
        Just("http://example.org/vocabulary#ünit"),
        Just("urn:x:code"),
        Just("http://www.w3.org/1999/02/22-rdf-syntax-ns#type"),
        Just("http://www.w3.org/1999/02/22-rdf-syntax-ns#_1"),
    ]
    .prop_map(NamedNode::new_unchecked)
}

pub(crate) fn object(
    text: impl Strategy<Value = String> + Clone + 'static,
) -> impl Strategy<Value = Term> {
    prop_oneof![
        iri().prop_map(Term::from),
        blank().prop_map(Term::from),
        literal(text).prop_map(Term::from),
    ]
}

fn iri() -> impl Strategy<Value = NamedNode> {
    prop_oneof![
        Just("http://example.org/1"),
        Just("http://example.org/a?b=c&d='e'#f"),
        Just("http://example.org/vocabulary#Drug"),
        Just("http://example.org/ü/(x)"),
        Just("urn:x:y"),
    ]
    .prop_map(NamedNode::new_unchecked)
}

fn blank() -> impl Strategy<Value = BlankNode> {
    (0..4u8).prop_map(|number| BlankNode::new_unchecked(format!("x{number}")))
}

fn literal(
    text: impl Strategy<Value = String> + Clone + 'static,
) -> impl Strategy<Value = Literal> {
    prop_oneof![
        text.clone().prop_map(Literal::new_simple_literal),
        (text.clone(), prop_oneof![Just("en"), Just("de-ch")]).prop_map(|(text, language)| {
            Literal::new_language_tagged_literal_unchecked(text, language)
        }),
        text.prop_map(|text| Literal::new_typed_literal(text, xsd::DATE)),
        any::<i8>().prop_map(|number| Literal::from(i64::from(number))),
    ]
}

/// Any text at all.
pub(crate) fn any_text() -> impl Strategy<Value = String> + Clone {
    vec(any::<char>(), 0..6).prop_map(String::from_iter)
}

/// Any text that XML can hold.
pub(crate) fn xml_text() -> impl Strategy<Value = String> + Clone {
    let character = prop_oneof![
        any::<char>(),
        prop_oneof![
            Just('\r'), Just('\n'), Just('\t'), Just(' '), Just('&'), Just('<'), Just('>'), Just('"'), Just(']'),
        ],
    ]
    .prop_filter("not in XML", |c| {
        matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
    });
    vec(character, 0..6).prop_map(String::from_iter)
}
