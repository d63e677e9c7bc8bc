//! What it costs to read an answer by models: ten medications, from the bytes to a `Vec`, beside
//! parsing alone.

use std::fmt::Write as _;
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use smart_api::Model as _;
use smart_api::models::Medication;
use smart_rdf::{Graph, Syntax};

/// An answer as containers of the reference kind write it: flat, every node described at the top
/// level.
fn body() -> String {
    let mut text = r#"<?xml version="1.0" encoding="utf-8"?>
<rdf:RDF xmlns:api="http://smartplatforms.org/terms/api#" xmlns:dcterms="http://purl.org/dc/terms/"
  xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:sp="http://smartplatforms.org/terms#">
"#
    .to_owned();
    for number in 0..10 {
        let code = 100_000 + number;
        let record = "http://localhost:7000/records/1288992";
        write!(
            text,
            r#"  <rdf:Description rdf:about="{record}/medications/{number}">
    <rdf:type rdf:resource="http://smartplatforms.org/terms#Medication"/>
    <sp:belongsTo rdf:resource="{record}"/>
    <sp:drugName rdf:nodeID="n{number}"/>
    <sp:startDate>20{number:02}-03-04</sp:startDate>
    <sp:instructions>{number} tablets daily</sp:instructions>
    <sp:quantity rdf:nodeID="q{number}"/>
    <sp:frequency rdf:nodeID="f{number}"/>
  </rdf:Description>
  <rdf:Description rdf:nodeID="n{number}">
    <rdf:type rdf:resource="http://smartplatforms.org/terms#CodedValue"/>
    <dcterms:title>Invented drug {number} 10 MG Oral Tablet</dcterms:title>
    <sp:code rdf:resource="http://purl.bioontology.org/ontology/RXNORM/{code}"/>
  </rdf:Description>
  <rdf:Description rdf:about="http://purl.bioontology.org/ontology/RXNORM/{code}">
    <rdf:type rdf:resource="http://smartplatforms.org/terms#Code"/>
    <rdf:type rdf:resource="http://smartplatforms.org/terms/codes/RxNorm_Semantic"/>
    <dcterms:title>Invented drug {number} 10 MG Oral Tablet</dcterms:title>
    <sp:system>http://purl.bioontology.org/ontology/RXNORM/</sp:system>
    <dcterms:identifier>{code}</dcterms:identifier>
  </rdf:Description>
  <rdf:Description rdf:nodeID="q{number}">
    <rdf:type rdf:resource="http://smartplatforms.org/terms#ValueAndUnit"/>
    <sp:value>{number}</sp:value>
    <sp:unit>{{tablet}}</sp:unit>
  </rdf:Description>
  <rdf:Description rdf:nodeID="f{number}">
    <rdf:type rdf:resource="http://smartplatforms.org/terms#ValueAndUnit"/>
    <sp:value>2</sp:value>
    <sp:unit>/d</sp:unit>
  </rdf:Description>
"#
        )
        .expect("text can be written to");
    }
    text + "</rdf:RDF>\n"
}

fn parse(body: &str) -> Graph {
    let graph = Syntax::RdfXml.parse(black_box(body).as_bytes());
    graph.expect("the answer is well formed")
}

fn reading(criterion: &mut Criterion) {
    let body = body();
    let checked = Medication::all_in(&parse(&body));
    assert_eq!(
        (
            checked.len(),
            checked.findings().len(),
            checked.remarks().len()
        ),
        (10, 0, 0)
    );

    let mut group = criterion.benchmark_group("api");
    group.bench_function("parse", |bencher| bencher.iter(|| parse(&body)));
    group.bench_function("typed", |bencher| {
        bencher.iter(|| Medication::all_in(&parse(&body)));
    });
    group.finish();
}

criterion_group!(benches, reading);
criterion_main!(benches);
