//! A smoke run of the fuzz targets.

use crate::{fuzz_targets, smoke};

#[test]
fn json_ld() {
    smoke::run("rdf_json_ld", fuzz_targets::json_ld);
}

#[test]
fn n_quads() {
    smoke::run("rdf_n_quads", fuzz_targets::n_quads);
}

#[test]
fn n_triples() {
    smoke::run("rdf_n_triples", fuzz_targets::n_triples);
}

#[test]
fn ontology() {
    smoke::run("rdf_ontology", fuzz_targets::ontology);
}

#[test]
fn query() {
    smoke::run("sparql_query", fuzz_targets::query);
}

#[test]
fn rdf_xml() {
    smoke::run("rdf_xml", fuzz_targets::rdf_xml);
}

#[test]
fn trig() {
    smoke::run("rdf_trig", fuzz_targets::trig);
}

#[test]
fn turtle() {
    smoke::run("rdf_turtle", fuzz_targets::turtle);
}

/// A seed that no reader takes tries nothing.
#[test]
fn seeds_are_documents() {
    for (name, syntax) in [
        ("rdf_json_ld", smart_rdf::Syntax::JsonLd),
        ("rdf_n_quads", smart_rdf::Syntax::NQuads),
        ("rdf_n_triples", smart_rdf::Syntax::NTriples),
        ("rdf_trig", smart_rdf::Syntax::TriG),
        ("rdf_turtle", smart_rdf::Syntax::Turtle),
        ("rdf_xml", smart_rdf::Syntax::RdfXml),
    ] {
        let reader = smart_rdf::Reader::new(syntax).with_base_iri("http://example.org/");
        for seed in smoke::seeds(name) {
            let read = reader.dataset_for_slice(&seed);
            assert!(read.is_ok(), "{name}: {read:?}");
        }
    }
    let reader = smart_rdf::RdfXml::new()
        .allow_entities()
        .repair_language_tags();
    for seed in smoke::seeds("rdf_ontology") {
        assert!(reader.for_slice(&seed).is_ok());
    }
    let sparql = smart_rdf::Sparql::new().with_prefix("e", "http://example.org/");
    for seed in smoke::seeds("sparql_query") {
        let prepared = sparql.prepare(&String::from_utf8(seed).unwrap());
        assert!(prepared.is_ok(), "{prepared:?}");
    }
}
