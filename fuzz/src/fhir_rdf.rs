//! Resources of a peer into FHIR's RDF form.

use smart_fhir::rdf::{Bridge, RdfError};
use smart_fhir::{Base, Resource};
use smart_rdf::{Syntax, TurtleWriter};

/// What is a resource becomes a graph, which can be written and read again; only what is too deep
/// or too large does not.
pub fn resource(bytes: &[u8]) {
    let Ok(resource) = Resource::from_json(bytes) else {
        return;
    };
    let base = Base::parse("https://ehr.example/fhir").expect("a plain base");
    let bridge = Bridge::new(base).with_triples(10_000);
    let strict = bridge.to_graph([&resource]);
    let kept = match bridge.keep_unknown().to_graph([&resource]) {
        Ok(kept) => kept,
        Err(RdfError::TooDeep { .. } | RdfError::TooManyTriples { .. }) => return,
        Err(other) => panic!("{other}"),
    };
    if let Ok(strict) = strict {
        assert_eq!(
            strict.len(),
            kept.len(),
            "nothing is unknown, yet something is kept"
        );
    }
    let text = TurtleWriter::new()
        .write(&kept)
        .expect("the bridge makes sound terms");
    if let Ok(read) = Syntax::Turtle.parse(text.as_bytes()) {
        assert_eq!(read.len(), kept.len());
    }
}
