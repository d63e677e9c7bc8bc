//! A smoke run of the fuzz targets on any toolchain: each over its seeds, over changed seeds, and over noise.

use std::fs;
use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop_oneof};
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};

use crate::fuzz_targets;

const ROUNDS: u32 = 300;

#[test]
fn json_ld() {
    smoke("rdf_json_ld", fuzz_targets::json_ld);
}

#[test]
fn n_quads() {
    smoke("rdf_n_quads", fuzz_targets::n_quads);
}

#[test]
fn n_triples() {
    smoke("rdf_n_triples", fuzz_targets::n_triples);
}

#[test]
fn ontology() {
    smoke("rdf_ontology", fuzz_targets::ontology);
}

#[test]
fn query() {
    smoke("sparql_query", fuzz_targets::query);
}

#[test]
fn rdf_xml() {
    smoke("rdf_xml", fuzz_targets::rdf_xml);
}

#[test]
fn trig() {
    smoke("rdf_trig", fuzz_targets::trig);
}

#[test]
fn turtle() {
    smoke("rdf_turtle", fuzz_targets::turtle);
}

/// Each piece is a stretch of a seed, or bytes of no meaning.
fn smoke(name: &str, target: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fuzz/seeds")
        .join(name);
    let mut seeds: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| fs::read(entry.unwrap().path()).unwrap())
        .collect();
    seeds.sort();
    assert!(seeds.len() >= 2, "{name} lacks seeds");
    for seed in &seeds {
        target(seed);
        target(&seed.repeat(20));
    }
    let stretch = (any::<Index>(), any::<Index>(), any::<Index>()).prop_map(
        move |(seed, from, to): (Index, Index, Index)| {
            let seed = &seeds[seed.index(seeds.len())];
            let (from, to) = (from.index(seed.len()), to.index(seed.len()));
            seed[from.min(to)..=from.max(to)].to_vec()
        },
    );
    let noise = vec(any::<u8>(), 0..8);
    let pieces = vec(prop_oneof![3 => stretch, 1 => noise], 0..6);
    let config = Config {
        failure_persistence: None,
        ..Config::with_cases(ROUNDS)
    };
    TestRunner::new(config)
        .run(&pieces, |pieces| {
            target(&pieces.concat());
            Ok(())
        })
        .unwrap();
}

/// A seed that no reader takes tries nothing.
#[test]
fn seeds_are_documents() {
    let read = |name: &str| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds");
        let files = fs::read_dir(folder.join(name)).unwrap();
        files.map(|file| fs::read(file.unwrap().path()).unwrap())
    };
    for (name, syntax) in [
        ("rdf_json_ld", smart_rdf::Syntax::JsonLd),
        ("rdf_n_quads", smart_rdf::Syntax::NQuads),
        ("rdf_n_triples", smart_rdf::Syntax::NTriples),
        ("rdf_trig", smart_rdf::Syntax::TriG),
        ("rdf_turtle", smart_rdf::Syntax::Turtle),
        ("rdf_xml", smart_rdf::Syntax::RdfXml),
    ] {
        let reader = smart_rdf::Reader::new(syntax).with_base_iri("http://example.org/");
        for seed in read(name) {
            let read = reader.dataset_for_slice(&seed);
            assert!(read.is_ok(), "{name}: {read:?}");
        }
    }
    let reader = smart_rdf::RdfXml::new()
        .allow_internal_doctype()
        .repair_language_tags();
    assert!(read("rdf_ontology").all(|seed| reader.for_slice(&seed).is_ok()));
    let sparql = smart_rdf::Sparql::new().with_prefix("e", "http://example.org/");
    for seed in read("sparql_query") {
        let prepared = sparql.prepare(&String::from_utf8(seed).unwrap());
        assert!(prepared.is_ok(), "{prepared:?}");
    }
}
