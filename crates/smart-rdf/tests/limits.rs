//! Every limit: what is just over it is refused, by name and value; raised by its setter it is
//! accepted; and what is far over it costs little. A test of its own, since what measures memory
//! replaces the allocator of the whole program.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::time::{Duration, Instant};

use smart_rdf::{
    Limit, LimitError, Limits, ParseError, QueryError, QueryLimits, RdfXml, Reader, Sparql, Syntax,
};

/// A refusal that takes longer is work without bound, however busy the machine is.
const LONGEST: Duration = Duration::from_secs(120);

/// Something to do with a document that is there already.
type Attempt = Box<dyn FnOnce() -> Result<(), LimitError>>;

struct Case {
    limit: Limit,
    /// Its value: the default, unless reaching that by a little takes long.
    allowed: usize,
    /// What the message says to raise.
    subject: &'static str,
    /// Just over the limit, at that value or as `raised` raises it.
    over: fn(raised: bool) -> Result<(), LimitError>,
    /// Far over it.
    far_over: fn() -> Attempt,
    /// The most memory that this may take, in MiB.
    mebibytes: u64,
}

const CASES: [Case; 18] = [
    Case {
        limit: Limit::Attributes,
        allowed: 128,
        subject: "attributes",
        over: |raised| {
            rdf_xml(
                &attributes(129),
                &limits(raised, |l| l.with_attributes(200)),
            )
        },
        far_over: || {
            later(attributes(200_000), |text| {
                rdf_xml(text, &Limits::default())
            })
        },
        mebibytes: 1,
    },
    Case {
        limit: Limit::Bytes,
        allowed: 8 << 20,
        subject: "the bytes of a document",
        over: |raised| {
            turtle(
                &"#".repeat((8 << 20) + 1),
                &limits(raised, |l| l.with_bytes(16 << 20)),
            )
        },
        far_over: || later(String::new(), |_| endless()),
        mebibytes: 32,
    },
    Case {
        limit: Limit::ContextTerms,
        allowed: 256,
        subject: "the terms of contexts",
        over: |raised| {
            json_ld(
                &context(257),
                &limits(raised, |l| l.with_context_terms(300)),
            )
        },
        far_over: || later(context(100_000), |text| json_ld(text, &Limits::default())),
        mebibytes: 1,
    },
    Case {
        limit: Limit::Depth,
        allowed: 64,
        subject: "depth",
        over: |raised| turtle(&nested(65), &limits(raised, |l| l.with_depth(100))),
        far_over: || later(nested(500_000), |text| turtle(text, &Limits::default())),
        mebibytes: 1,
    },
    Case {
        limit: Limit::Entities,
        allowed: 256,
        subject: "entities",
        over: |raised| ontology(&entities(257), &limits(raised, |l| l.with_entities(300))),
        far_over: || later(entities(100_000), |text| ontology(text, &Limits::default())),
        mebibytes: 4,
    },
    Case {
        limit: Limit::Expansion,
        allowed: 32 << 20,
        subject: "expansion",
        over: |raised| {
            turtle(
                &short_names(3_000),
                &limits(raised, |l| l.with_expansion(64 << 20)),
            )
        },
        far_over: || {
            later(short_names(400_000), |text| {
                turtle(text, &Limits::default())
            })
        },
        mebibytes: 1,
    },
    Case {
        limit: Limit::IriLength,
        allowed: 4096,
        subject: "the length of an IRI",
        over: |raised| {
            turtle(
                &long_iri(4097),
                &limits(raised, |l| l.with_iri_length(5000)),
            )
        },
        far_over: || later(long_iri(8_000_000), |text| turtle(text, &Limits::default())),
        mebibytes: 1,
    },
    Case {
        limit: Limit::Namespaces,
        allowed: 128,
        subject: "attributes",
        over: |raised| {
            rdf_xml(
                &namespaces(129),
                &limits(raised, |l| l.with_attributes(200)),
            )
        },
        far_over: || {
            later(namespaces(200_000), |text| {
                rdf_xml(text, &Limits::default())
            })
        },
        mebibytes: 1,
    },
    Case {
        limit: Limit::QueryBytes,
        allowed: 64 << 10,
        subject: "the bytes of a query",
        over: |raised| {
            query(
                &comment((64 << 10) + 1),
                &query_limits(raised, |l| l.with_bytes(100_000)),
            )
        },
        far_over: || {
            later(comment(100 << 20), |text| {
                query(text, &QueryLimits::default())
            })
        },
        mebibytes: 1,
    },
    Case {
        limit: Limit::QueryChain,
        allowed: 100,
        subject: "the chains of a query",
        over: |raised| query(&patterns(101), &query_limits(raised, |l| l.with_chain(120))),
        far_over: || later(patterns(4_000), |text| query(text, &QueryLimits::default())),
        mebibytes: 8,
    },
    Case {
        limit: Limit::QueryDepth,
        allowed: 24,
        subject: "the depth of a query",
        over: |raised| query(&groups(25), &query_limits(raised, |l| l.with_depth(30))),
        far_over: || later(groups(30_000), |text| query(text, &QueryLimits::default())),
        mebibytes: 1,
    },
    Case {
        limit: Limit::QueryText,
        allowed: 1 << 20,
        subject: "the text of a query",
        over: |raised| {
            let bytes = if raised { 2 << 20 } else { 1 << 20 };
            query(
                &doublings(16),
                &QueryLimits::default().with_text_bytes(bytes),
            )
        },
        far_over: || later(doublings(60), |text| query(text, &QueryLimits::default())),
        mebibytes: 256,
    },
    Case {
        limit: Limit::RowBytes,
        allowed: 100_000,
        subject: "the memory of an answer",
        over: |raised| {
            let bytes = if raised { 10_000_000 } else { 100_000 };
            query(
                "SELECT * { ?a ?b ?c . ?d ?e ?f }",
                &QueryLimits::default().with_row_bytes(bytes),
            )
        },
        far_over: || {
            let text = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }";
            later(text.to_owned(), |text| {
                query(text, &QueryLimits::default().with_row_bytes(1 << 20))
            })
        },
        mebibytes: 8,
    },
    Case {
        limit: Limit::Rows,
        allowed: 1_000,
        subject: "rows",
        over: |raised| {
            query(
                &product(&[101, 10]),
                &QueryLimits::default().with_rows(if raised { 2_000 } else { 1_000 }),
            )
        },
        far_over: || {
            later(product(&[5_000, 5_000, 5_000]), |text| {
                query(text, &QueryLimits::default())
            })
        },
        mebibytes: 8,
    },
    Case {
        limit: Limit::Steps,
        allowed: 1_000,
        subject: "steps",
        over: |raised| {
            query(
                &loops(2),
                &QueryLimits::default().with_steps(if raised { 100_000 } else { 1_000 }),
            )
        },
        far_over: || later(loops(8), |text| query(text, &QueryLimits::default())),
        mebibytes: 4,
    },
    Case {
        limit: Limit::TermBytes,
        allowed: 1 << 20,
        subject: "the bytes of all terms",
        over: |raised| {
            turtle(
                &short_names(300),
                &Limits::default().with_term_bytes(if raised { 2 << 20 } else { 1 << 20 }),
            )
        },
        far_over: || {
            later(short_names(400_000), |text| {
                turtle(text, &Limits::default().with_expansion(usize::MAX))
            })
        },
        mebibytes: 256,
    },
    Case {
        limit: Limit::TermLength,
        allowed: 1 << 20,
        subject: "the length of a literal",
        over: |raised| {
            let bytes = if raised { 2 << 20 } else { 1 << 20 };
            rdf_xml(
                &text((1 << 20) + 1),
                &Limits::default().with_term_length(bytes),
            )
        },
        far_over: || {
            later(text(7 << 20), |text| {
                rdf_xml(text, &Limits::default().with_term_length(1 << 20))
            })
        },
        mebibytes: 1,
    },
    Case {
        limit: Limit::Triples,
        allowed: 1_000,
        subject: "triples",
        over: |raised| {
            turtle(
                &list(1_001),
                &Limits::default().with_triples(if raised { 2_000 } else { 1_000 }),
            )
        },
        far_over: || later(list(4_000_000), |text| turtle(text, &Limits::default())),
        mebibytes: 16,
    },
];

#[test]
fn every_limit_says_what_it_is_and_can_be_raised() {
    for case in CASES {
        let name = case.limit;
        let error = (case.over)(false).expect_err("it is over the limit");
        assert_eq!((error.limit(), error.allowed()), (name, case.allowed));
        let message = error.to_string();
        assert!(
            message.contains(&format!(" {} ", case.allowed)),
            "{message}"
        );
        assert!(
            message.ends_with(&format!("raise the limit on {}", case.subject)),
            "{message}"
        );
        assert_eq!((case.over)(true), Ok(()), "{name:?} raised");
    }
}

#[test]
fn what_is_far_over_a_limit_costs_little() {
    for case in CASES {
        let attempt = (case.far_over)();
        let (mut refused, start) = (Ok(()), Instant::now());
        let memory = allocation_counter::measure(|| refused = attempt());
        let took = start.elapsed();
        assert_eq!(
            refused.expect_err("it is over the limit").limit(),
            case.limit
        );
        let most = case.mebibytes << 20;
        let took_most = memory.bytes_max;
        assert!(took_most < most, "{:?}: {took_most} bytes", case.limit);
        assert!(took < LONGEST, "{:?}: {took:?}", case.limit);
    }
}

/// A document that grows with a number, in the syntax that reads it.
type Grower = (Syntax, fn(usize) -> String);

/// What documents repeat: what is written once and used often, what is resolved against what came
/// before, what is compared with all that came before.
const GROWERS: [Grower; 19] = [
    (Syntax::Turtle, |n| {
        format!(
            "@base <http://e.org/> . {} <s> <p> 1 .",
            "BASE <y/>\n".repeat(n)
        )
    }),
    (Syntax::Turtle, |n| {
        "BASE <http://e.org/a/> <s> <p> <o> .\n".repeat(n)
    }),
    (Syntax::Turtle, |n| {
        each(n, |n| {
            format!("@prefix p{n}: <http://e.org/{n}/> . p{n}:s p{n}:p p{n}:o .")
        })
    }),
    (Syntax::Turtle, |n| {
        each(n, |n| format!("@prefix p{}: <a:{n}/> . ", n % 7))
            + &each(n, |n| format!("_:b{n} <a:p> _:b{}, 'x{n}'@en .\n", n / 2))
    }),
    (Syntax::Turtle, |n| {
        format!("<a:s> <a:p> ({}) .", "1 ".repeat(n))
    }),
    (Syntax::Turtle, |n| {
        format!("<a:s> <a:p> {} .", "[ <a:q> 1 ],".repeat(n) + "2")
    }),
    (Syntax::Turtle, |n| {
        format!("<a:s> <a:p> '''{}''' .", "''\\n".repeat(n))
    }),
    (Syntax::TriG, |n| {
        each(n, |n| {
            format!("<a:g{n}> {{ <a:s> <a:p> {n} }} BASE <http://e.org/{n}>")
        })
    }),
    (Syntax::NTriples, |n| {
        each(n, |n| format!("_:b{n} <a:p> \"{n}\" .\n"))
    }),
    (Syntax::NQuads, |n| {
        each(n, |n| format!("_:b{n} <a:p> _:b{n} _:g{n} .\n"))
    }),
    (Syntax::RdfXml, |n| {
        in_rdf(&each(n, |n| {
            format!("<e:A rdf:ID=\"a{n}\" xml:base=\"http://e.org/{n}\"/>")
        }))
    }),
    (Syntax::RdfXml, |n| {
        in_rdf(&format!(
            "<rdf:Bag>{}</rdf:Bag>",
            "<rdf:li>x</rdf:li>".repeat(n)
        ))
    }),
    (Syntax::RdfXml, |n| {
        in_rdf(&each(n, |n| {
            format!("<e:A rdf:nodeID=\"b{n}\"><e:p xmlns:n{n}=\"a:\" xml:lang=\"en\">x</e:p></e:A>")
        }))
    }),
    (Syntax::RdfXml, |n| {
        in_rdf(&format!(
            "<e:A><e:p rdf:parseType=\"Literal\">{}</e:p></e:A>",
            "<e:b>&amp;</e:b>".repeat(n)
        ))
    }),
    (Syntax::RdfXml, |n| {
        in_rdf(&format!(
            "<e:A><e:p rdf:parseType=\"Collection\">{}</e:p></e:A>",
            "<e:A/>".repeat(n)
        ))
    }),
    (Syntax::RdfXml, |n| {
        in_rdf(&format!(
            "<e:A><e:p>{}</e:p></e:A>",
            "x<!-- -->&amp;".repeat(n)
        ))
    }),
    (Syntax::JsonLd, |n| {
        let nodes = each(n, |n| {
            format!("{{\"@id\":\"e:{n}\",\"e:p\":[{n},{{\"@id\":\"_:b{n}\"}}]}},")
        });
        format!("{{\"@context\":{{\"e\":\"http://e.org/\"}},\"@graph\":[{nodes}{{}}]}}")
    }),
    (Syntax::JsonLd, |n| {
        format!(
            "{{\"@graph\":[],{}\"x\":1}}",
            each(n, |n| format!("\"k{n}\":[1e20],"))
        )
    }),
    (Syntax::JsonLd, |n| {
        format!(
            "{{\"@id\":\"a:s\",\"a:p\":{{\"@list\":[{}1]}}}}",
            "1,".repeat(n)
        )
    }),
];

fn each(count: usize, text: fn(usize) -> String) -> String {
    (0..count).map(text).collect()
}

fn in_rdf(nodes: &str) -> String {
    format!(
        "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" xmlns:e=\"http://e.org/\" xml:base=\"http://e.org/\">{nodes}</rdf:RDF>"
    )
}

/// Work is counted in bytes that are asked for, which does not depend on the machine; a refusal by
/// a limit ends it.
#[test]
fn what_is_twice_as_long_takes_less_than_three_times_the_work() {
    let work = |syntax: Syntax, document: String| {
        let reader = Reader::new(syntax);
        let mut read = Ok(());
        let counted = allocation_counter::measure(|| {
            read = reader.dataset_for_slice(document.as_bytes()).map(|_| ());
        });
        match read {
            Ok(()) | Err(ParseError::Limit(_)) => counted.bytes_total,
            Err(error) => panic!("{error}: {document:.200}"),
        }
    };
    for (place, (syntax, grow)) in GROWERS.into_iter().enumerate() {
        let (once, twice) = (work(syntax, grow(4_000)), work(syntax, grow(8_000)));
        assert!(
            twice < 3 * once.max(1000),
            "{syntax:?}, grower {place}: {once} and {twice} bytes for twice the document"
        );
    }
}

/// A base that grows with each line is held to the limit on IRIs.
#[test]
fn a_base_that_grows_is_refused() {
    let grows = "BASE <http://e.org/>\n".to_owned() + &"BASE <y/>\n".repeat(80_000);
    let error = turtle(&grows, &Limits::default()).unwrap_err();
    assert_eq!(error.limit(), Limit::IriLength);
    // Bases that do not build on each other may be many, and names may end like the keyword.
    let sound = "BASE <http://e.org/a/>\nBASE <b>\n".repeat(5_000)
        + &"<s> <http://e.org/database> <o> ; <http://e.org/p> 1 .\n".repeat(10)
        + "@prefix e: <http://e.org/> .\n"
        + &"e:s e:data-base <a-longer-name/for/this> ; e:base <x> .\n".repeat(5_000);
    assert_eq!(turtle(&sound, &Limits::default()), Ok(()));
}

fn later(document: String, attempt: fn(&str) -> Result<(), LimitError>) -> Attempt {
    Box::new(move || attempt(&document))
}

/// The source is asked, because an enum cannot be.
#[test]
fn no_limit_is_left_out() {
    let source = include_str!("../src/limits.rs");
    let (_, variants) = source.split_once("pub enum Limit {").unwrap();
    let (variants, _) = variants.split_once("\n}").unwrap();
    let names = variants
        .lines()
        .map(str::trim)
        .filter_map(|line| line.strip_suffix(','));
    let mut names: Vec<_> = names.map(str::to_owned).collect();
    names.sort();
    let mut tested: Vec<_> = CASES
        .iter()
        .map(|case| format!("{:?}", case.limit))
        .collect();
    tested.sort();
    assert_eq!(tested, names);
}

fn limits(raised: bool, raise: fn(Limits) -> Limits) -> Limits {
    let limits = Limits::default();
    if raised { raise(limits) } else { limits }
}

fn query_limits(raised: bool, raise: fn(QueryLimits) -> QueryLimits) -> QueryLimits {
    let limits = QueryLimits::default();
    if raised { raise(limits) } else { limits }
}

fn read(syntax: Syntax, document: &str, limits: &Limits) -> Result<(), LimitError> {
    let reader = Reader::new(syntax).with_limits(limits.clone());
    outcome(reader.for_slice(document.as_bytes()))
}

fn rdf_xml(document: &str, limits: &Limits) -> Result<(), LimitError> {
    read(Syntax::RdfXml, document, limits)
}

fn turtle(document: &str, limits: &Limits) -> Result<(), LimitError> {
    read(Syntax::Turtle, document, limits)
}

fn json_ld(document: &str, limits: &Limits) -> Result<(), LimitError> {
    read(Syntax::JsonLd, document, limits)
}

fn ontology(document: &str, limits: &Limits) -> Result<(), LimitError> {
    let reader = RdfXml::new().with_limits(limits.clone());
    outcome(reader.allow_entities().for_slice(document.as_bytes()))
}

fn endless() -> Result<(), LimitError> {
    match Reader::new(Syntax::Turtle).for_reader(std::io::repeat(b'#')) {
        Err(smart_rdf::ReadError::Parse(error)) => outcome(Err::<(), _>(error)),
        other => panic!("{other:?}"),
    }
}

fn outcome(read: Result<impl Sized, ParseError>) -> Result<(), LimitError> {
    match read {
        Ok(_) => Ok(()),
        Err(ParseError::Limit(error)) => Err(error),
        Err(other) => panic!("not a limit: {other}"),
    }
}

/// Prepares a query and runs it on a graph of 60 triples.
fn query(text: &str, limits: &QueryLimits) -> Result<(), LimitError> {
    let triples: String = (0..60).map(|n| format!("<a:s> <a:p> {n} .\n")).collect();
    let graph = Syntax::Turtle.parse(triples.as_bytes()).unwrap();
    let query = Sparql::new().with_limits(limits.clone()).prepare(text);
    match query.and_then(|query| query.run(&graph)) {
        Ok(_) => Ok(()),
        Err(QueryError::Limit(error)) => Err(error),
        Err(other) => panic!("not a limit: {other}"),
    }
}

const RDF_XML: &str = "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"><rdf:Description xmlns:e=\"http://example.org/\"";

fn attributes(count: usize) -> String {
    let attributes: String = (1..count).map(|n| format!(" e:a{n}=\"\"")).collect();
    format!("{RDF_XML}{attributes}/></rdf:RDF>")
}

fn namespaces(count: usize) -> String {
    let namespaces: String = (2..count).map(|n| format!(" xmlns:a{n}=\"a:\"")).collect();
    format!("{RDF_XML}{namespaces}/></rdf:RDF>")
}

fn text(length: usize) -> String {
    format!(
        "{RDF_XML}><e:t>{}</e:t></rdf:Description></rdf:RDF>",
        "x".repeat(length)
    )
}

fn entities(count: usize) -> String {
    let entities: String = (0..count)
        .map(|n| format!("<!ENTITY e{n} \"x\">"))
        .collect();
    format!("<!DOCTYPE r [{entities}]>{RDF_XML}/></rdf:RDF>")
}

fn context(count: usize) -> String {
    let terms: Vec<_> = (0..count).map(|n| format!("\"t{n}\":\"a:{n}\"")).collect();
    format!("{{\"@context\":{{{}}}}}", terms.join(","))
}

fn nested(levels: usize) -> String {
    format!(
        "<a:s> <a:p> {}1{} .",
        "(".repeat(levels),
        ")".repeat(levels)
    )
}

/// Each name stands for 4,000 bytes.
fn short_names(count: usize) -> String {
    let names: String = (0..count).map(|n| format!("p:{n} p: p: .\n")).collect();
    format!("@prefix p: <a:{}> .\n{names}", "x".repeat(3998))
}

fn long_iri(length: usize) -> String {
    format!("<a:{}> <a:p> 1 .", "x".repeat(length - 2))
}

fn list(count: usize) -> String {
    format!("<a:s> <a:p> {}1 .", "1,".repeat(count - 1))
}

fn comment(length: usize) -> String {
    let query = "SELECT * {}";
    query.to_owned() + &" ".repeat(length - query.len())
}

fn patterns(count: usize) -> String {
    format!("SELECT * {{ {} }}", "?s <a:p> ?o . ".repeat(count))
}

fn groups(levels: usize) -> String {
    format!(
        "SELECT * {} ?s ?p ?o {}",
        "{".repeat(levels),
        "}".repeat(levels)
    )
}

/// As many rows as the product of these numbers, out of nothing.
fn product(counts: &[usize]) -> String {
    let blocks: String = counts
        .iter()
        .enumerate()
        .map(|(n, count)| format!("VALUES ?v{n} {{ {}}} ", "1 ".repeat(*count)))
        .collect();
    format!("SELECT (COUNT(*) AS ?n) {{ {blocks} }}")
}

/// As many loops in each other over all triples.
fn loops(count: usize) -> String {
    let patterns: String = (0..count)
        .map(|n| format!("?s{n} ?p{n} ?o{n} . "))
        .collect();
    format!("SELECT (COUNT(*) AS ?n) {{ {patterns} }}")
}

/// As many copies as two to that power, of sixteen bytes.
fn doublings(count: usize) -> String {
    let doublings: String = (0..count)
        .map(|n| format!("BIND(CONCAT(?t{n}, ?t{n}) AS ?t{}) ", n + 1))
        .collect();
    format!("SELECT (STRLEN(?t{count}) AS ?n) {{ BIND('0123456789abcdef' AS ?t0) {doublings} }}")
}
