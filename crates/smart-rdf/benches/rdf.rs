//! A response from bytes to rows, beside a general store and, where Python has it, beside rdflib.

#![expect(clippy::print_stdout, reason = "a benchmark talks to a terminal")]

use std::hint::black_box;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use oxigraph::io::RdfFormat;
use oxigraph::sparql::{QueryResults, SparqlEvaluator};
use oxigraph::store::Store;
use smart_rdf::{Query, Syntax};

#[path = "support/response.rs"]
mod response;

/// Five patterns, an optional part with two, sorted; six columns.
const QUERY: &str = "
    PREFIX dcterms: <http://purl.org/dc/terms/>
    PREFIX sp: <http://smartplatforms.org/terms#>
    SELECT ?medication ?name ?code ?start ?value ?unit {
        ?medication a sp:Medication ; sp:drugName ?drug ; sp:startDate ?start .
        ?drug dcterms:title ?name ; sp:code ?code .
        OPTIONAL { ?medication sp:quantity ?quantity . ?quantity sp:value ?value ; sp:unit ?unit }
    } ORDER BY ?name";

const MEDICATIONS: usize = 10;

fn store(body: &str) -> Store {
    let store = Store::new().expect("memory");
    store
        .load_from_slice(RdfFormat::RdfXml, body.as_bytes())
        .expect("valid");
    store
}

fn count_rows(results: QueryResults<'_>) -> usize {
    let QueryResults::Solutions(solutions) = results else {
        panic!("a SELECT");
    };
    let rows: Result<Vec<_>, _> = solutions.collect();
    rows.expect("rows").len()
}

fn load(criterion: &mut Criterion) {
    let body = response::body(MEDICATIONS);
    let mut group = criterion.benchmark_group("load");
    group.bench_function("smart-rdf", |bencher| {
        bencher.iter(|| Syntax::RdfXml.parse(black_box(body.as_bytes())));
    });
    group.bench_function("oxigraph", |bencher| {
        bencher.iter(|| store(black_box(&body)));
    });
    group.bench_function("oxrdfxml", |bencher| {
        bencher.iter(|| {
            oxrdfxml::RdfXmlParser::new()
                .for_slice(black_box(&body))
                .count()
        });
    });
    group.finish();
}

fn query(criterion: &mut Criterion) {
    let body = response::body(MEDICATIONS);
    let mut group = criterion.benchmark_group("query");
    let graph = Syntax::RdfXml.parse(body.as_bytes()).expect("valid");
    let query = Query::prepare(QUERY).expect("valid");
    assert_eq!(
        query.select(&graph).map(|rows| rows.len()).ok(),
        Some(MEDICATIONS)
    );
    group.bench_function("smart-rdf", |bencher| {
        bencher.iter(|| query.select(black_box(&graph)));
    });
    let store = store(&body);
    let prepared = SparqlEvaluator::new().parse_query(QUERY).expect("valid");
    group.bench_function("oxigraph", |bencher| {
        bencher.iter(|| {
            let results = prepared.clone().on_store(black_box(&store)).execute();
            assert_eq!(count_rows(results.expect("an answer")), MEDICATIONS);
        });
    });
    group.finish();
}

fn rows(criterion: &mut Criterion) {
    let body = response::body(MEDICATIONS);
    let mut group = criterion.benchmark_group("rows");
    let query = Query::prepare(QUERY).expect("valid");
    group.bench_function("smart-rdf", |bencher| {
        bencher.iter(|| {
            let graph = Syntax::RdfXml
                .parse(black_box(body.as_bytes()))
                .expect("valid");
            query.select(&graph).expect("rows").len()
        });
    });
    let prepared = SparqlEvaluator::new().parse_query(QUERY).expect("valid");
    group.bench_function("oxigraph", |bencher| {
        bencher.iter(|| {
            let store = store(black_box(&body));
            let results = prepared.clone().on_store(&store).execute();
            count_rows(results.expect("an answer"))
        });
    });
    let mut rdflib = Rdflib::start(&body);
    if let Some(rdflib) = &mut rdflib {
        group.sample_size(10).bench_function("rdflib", |bencher| {
            bencher.iter_custom(|count| rdflib.run(count));
        });
    } else {
        println!("rdflib is not there: python3 cannot import it");
    }
    group.finish();
}

/// A Python process that does the same work, and takes the time itself.
struct Rdflib {
    process: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Rdflib {
    const PROGRAM: &str = "
import sys, time, rdflib
from rdflib.plugins.sparql import prepareQuery
body, query = sys.argv[1], prepareQuery(sys.argv[2])
print('ready', flush=True)
for line in sys.stdin:
    start = time.perf_counter()
    for _ in range(int(line)):
        graph = rdflib.Graph()
        graph.parse(data=body, format='xml')
        assert len(list(graph.query(query))) == 10
    print(int((time.perf_counter() - start) * 1e9), flush=True)
";

    fn start(body: &str) -> Option<Self> {
        let mut process = Command::new("python3")
            .args(["-c", Self::PROGRAM, body, QUERY])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let to = process.stdin.take()?;
        let mut from = BufReader::new(process.stdout.take()?);
        let mut line = String::new();
        from.read_line(&mut line).ok()?;
        (line == "ready\n").then_some(Self { process, to, from })
    }

    fn run(&mut self, count: u64) -> Duration {
        writeln!(self.to, "{count}").expect("it reads");
        let mut line = String::new();
        self.from.read_line(&mut line).expect("it answers");
        Duration::from_nanos(line.trim().parse().expect("nanoseconds"))
    }
}

impl Drop for Rdflib {
    fn drop(&mut self) {
        // It ends by itself when its input does; this makes sure.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

criterion_group!(benches, load, query, rows);
criterion_main!(benches);
