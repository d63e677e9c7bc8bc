//! What a graph takes in memory, beside a general store. A program of its own, since the counter
//! replaces the allocator, which would slow the other benchmarks.

use std::fmt::Write as _;

use oxigraph::io::RdfFormat;
use oxigraph::store::Store;
use smart_rdf::{Graph, Syntax};

#[path = "support/response.rs"]
mod response;

fn main() {
    let lines: String = [10, 1000].into_iter().map(line).collect();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/bench");
    std::fs::create_dir_all(folder).expect("the target folder can be written");
    std::fs::write(format!("{folder}/rdf.tsv"), lines).expect("the target folder can be written");
}

fn line(medications: usize) -> String {
    let body = response::body(medications);
    let graph = || Syntax::RdfXml.parse(body.as_bytes()).expect("valid");
    let store = || {
        let store = Store::new().expect("memory");
        store
            .load_from_slice(RdfFormat::RdfXml, body.as_bytes())
            .expect("valid");
        store
    };
    let triples = Graph::len(&graph());
    let per_triple = |bytes: i64| bytes as f64 / triples as f64;
    let (ours, theirs) = (per_triple(held_by(graph)), per_triple(held_by(store)));
    let mut line = String::new();
    let _ = writeln!(
        line,
        "memory of a graph of {triples} triples, against the Store\t{ours:.0} bytes a triple against {theirs:.0}: {:.2}",
        ours / theirs
    );
    line
}

/// The bytes that a value holds once it is made.
fn held_by<T>(make: impl FnOnce() -> T) -> i64 {
    let mut made = None;
    let counted = allocation_counter::measure(|| made = Some(make()));
    drop(made);
    counted.bytes_current
}
