//! Bytes of a peer into each reader of `smart-rdf`. A target panics when a promise is broken; an
//! error is an answer.

use smart_rdf::{Dataset, Graph, QueryLimits, RdfXml, Reader, Sparql, Syntax, Writer};

/// RDF/XML as responses have it.
pub fn rdf_xml(bytes: &[u8]) {
    document(Syntax::RdfXml, bytes);
}

/// RDF/XML as ontologies have it: with entities, and with language tags that are none.
pub fn ontology(bytes: &[u8]) {
    let reader = RdfXml::new().allow_entities().repair_language_tags();
    if let Ok((graph, repairs)) = reader.for_slice_reporting(bytes) {
        assert!(repairs.len() <= graph.len().max(bytes.len()));
        comes_back(&graph);
    }
}

/// Turtle.
pub fn turtle(bytes: &[u8]) {
    document(Syntax::Turtle, bytes);
}

/// N-Triples, and as N-Quads as well.
pub fn n_triples(bytes: &[u8]) {
    document(Syntax::NTriples, bytes);
    let graph = Syntax::NTriples.parse(bytes);
    if let (Ok(graph), Ok(same)) = (graph, Syntax::Turtle.parse(bytes)) {
        assert!(graph.is_isomorphic(&same), "Turtle reads something else");
    }
}

/// N-Quads.
pub fn n_quads(bytes: &[u8]) {
    document(Syntax::NQuads, bytes);
}

/// TriG.
pub fn trig(bytes: &[u8]) {
    document(Syntax::TriG, bytes);
}

/// JSON-LD.
pub fn json_ld(bytes: &[u8]) {
    document(Syntax::JsonLd, bytes);
}

/// A query: what can be prepared can be run, within its limits, and is understood when it is
/// written out.
pub fn query(bytes: &[u8]) {
    let limits = QueryLimits::default().with_steps(10_000).with_rows(10_000);
    let text = String::from_utf8_lossy(bytes);
    let Ok(query) = Sparql::new()
        .with_prefix("e", "http://example.org/")
        .with_limits(limits)
        .prepare(&text)
    else {
        return;
    };
    let graph = Syntax::Turtle
        .parse(b"@prefix e: <http://example.org/> . e:a e:p e:b, 1, 'x'@en, [ e:p e:a ] . e:b e:q (1 2) .")
        .expect("a plain graph");
    let _ = query.run(&graph);
    let _ = query.run(&Dataset::from(graph.clone()));
    if let Ok(bound) = query.with(
        "x",
        smart_rdf::NamedNode::new_unchecked("http://example.org/a"),
    ) {
        let _ = bound.run(&graph);
    }
    let _ = query.to_string();
}

/// A document of one syntax, as a graph and as a dataset.
fn document(syntax: Syntax, bytes: &[u8]) {
    let _ = Syntax::detect(None, bytes);
    let reader = Reader::new(syntax).with_base_iri("http://example.org/");
    if let Ok(graph) = reader.for_slice(bytes) {
        comes_back(&graph);
    }
    if let Ok(dataset) = reader.dataset_for_slice(bytes) {
        for syntax in [Syntax::JsonLd, Syntax::NQuads, Syntax::TriG] {
            let text = Writer::new(syntax)
                .write_dataset(&dataset)
                .expect("it can be written");
            let again = Reader::new(syntax).dataset_for_slice(text.as_bytes());
            let is_same = again.is_ok_and(|again| again.is_isomorphic(&dataset));
            assert!(is_same, "{syntax:?} reads something else: {text}");
        }
    }
}

/// What was read is read again from every syntax that can write it, whatever the terms.
fn comes_back(graph: &Graph) {
    for syntax in [
        Syntax::JsonLd,
        Syntax::NTriples,
        Syntax::RdfXml,
        Syntax::Turtle,
    ] {
        let writer = Writer::new(syntax).with_prefix("e", "http://example.org/");
        let Ok(text) = writer.write(graph) else {
            continue; // RDF/XML has no words for some predicates and characters
        };
        let again = syntax.parse(text.as_bytes());
        let is_same = again.is_ok_and(|again| again.is_isomorphic(graph));
        assert!(is_same, "{syntax:?} reads something else: {text}");
    }
}
