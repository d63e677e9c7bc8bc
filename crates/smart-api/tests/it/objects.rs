//! Graphs as the plain objects that apps in JavaScript know.

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, prop_assert, prop_oneof, proptest};
use serde_json::{Value, json};
use smart_api::objects;
use smart_rdf::{Graph, NamedNodeRef, Syntax};

const SPEC: &str = include_str!("../../../../specs/smart.ttl");

const PREFIXES: &str = "
    @prefix dcterms: <http://purl.org/dc/terms/> .
    @prefix foaf: <http://xmlns.com/foaf/0.1/> .
    @prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
    @prefix sp: <http://smartplatforms.org/terms#> .
    @prefix spcode: <http://smartplatforms.org/terms/codes/> .
    @prefix v: <http://www.w3.org/2006/vcard/ns#> .
    @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
    @prefix : <http://e.org/> .
";

fn turtle(text: &str) -> Graph {
    Syntax::Turtle
        .parse(format!("{PREFIXES}{text}").as_bytes())
        .unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn of_type(text: &str) -> Value {
    objects(&turtle(text))["of_type"].clone()
}

/// The way back, as a reader of JSON-LD goes it.
fn read(objects: &Value) -> Graph {
    Syntax::JsonLd
        .parse(objects.to_string().as_bytes())
        .unwrap_or_else(|error| panic!("{error}: {objects}"))
}

#[test]
fn an_answer_reads_without_rdf() {
    let objects = objects(&turtle(
        "<http://e.org/m> a sp:Medication ; sp:belongsTo :r ; sp:startDate '2009' ; sp:instructions '1 daily'@en ;
             sp:fulfillment :f ;
             sp:drugName [ a sp:CodedValue ; dcterms:title 'Amiloride 5 MG' ; sp:code <http://rx.org/1> ] .
         <http://rx.org/1> a sp:Code, spcode:RxNorm_Semantic ; dcterms:identifier '1' .
         :f a sp:Fulfillment ; sp:dispenseDaysSupply 90 .",
    ));
    let code = json!({ "@id": "http://rx.org/1", "@type": ["Code", "spcode__RxNorm_Semantic"], "dcterms__identifier": "1" });
    let drug = json!({ "@id": "_:b0", "@type": ["CodedValue"], "dcterms__title": "Amiloride 5 MG", "code": code });
    let supply =
        json!({ "@id": "http://e.org/f", "@type": ["Fulfillment"], "dispenseDaysSupply": "90" });
    assert_eq!(
        objects["of_type"],
        json!({
            "Medication": [{
                "@id": "http://e.org/m", "@type": ["Medication"],
                "belongsTo": { "@id": "http://e.org/r" },
                "drugName": drug,
                "fulfillment": [{ "@id": "http://e.org/f" }],
                "instructions": "1 daily",
                "startDate": "2009",
            }],
            "CodedValue": [drug], "Code": [code], "spcode__RxNorm_Semantic": [code], "Fulfillment": [supply],
        })
    );
    assert_eq!(
        objects["@context"],
        json!({
            "@vocab": "http://smartplatforms.org/terms#", "of_type": null,
            "dcterms__identifier": "http://purl.org/dc/terms/identifier",
            "dcterms__title": "http://purl.org/dc/terms/title",
            "spcode__RxNorm_Semantic": "http://smartplatforms.org/terms/codes/RxNorm_Semantic",
        })
    );
    assert_eq!(
        objects["@graph"][0]["instructions"],
        json!({ "@language": "en", "@value": "1 daily" })
    );
}

#[test]
fn lists_are_where_the_ontology_allows_many() {
    let name = of_type("[] a v:Name ; v:given-name 'Ada' ; v:additional-name 'K.' .");
    assert_eq!(name["v__Name"][0]["v__given_name"], "Ada");
    assert_eq!(name["v__Name"][0]["v__additional_name"], json!(["K."]));
    // Nothing is lost where a graph breaks the ontology.
    let name = of_type("[] a v:Name ; v:given-name 'Ada', 'Eda' .");
    assert_eq!(name["v__Name"][0]["v__given_name"], json!(["Ada", "Eda"]));
}

#[test]
fn what_is_inside_itself_ends() {
    let parts = of_type("_:a a sp:CodedValue ; sp:code _:b . _:b a sp:Code ; sp:system _:a .");
    assert_eq!(
        parts["CodedValue"][0]["code"]["system"],
        json!({ "@id": "_:b0" })
    );
    let chain: String = (0..1000)
        .map(|n| format!(":n{n} sp:next :n{} .\n", n + 1))
        .collect();
    let text = objects(&turtle(&format!(":n0 a :Thing . {chain}"))).to_string();
    assert!(text.len() < 200_000);
}

/// Each level has two ways to the next: written out, the last one stands there a million times.
#[test]
fn shared_parts_do_not_multiply() {
    let levels: String = (0..14)
        .map(|n| {
            format!(
                ":n{n} sp:one :n{m}, :n{m}b ; sp:two :n{m} . :n{n}b sp:one :n{m}, :n{m}b .\n",
                m = n + 1
            )
        })
        .collect();
    let hubs: String = (0..500)
        .map(|n| format!(":h{n} a :Hub ; sp:part :n0 .\n"))
        .collect();
    let text = objects(&turtle(&format!("{levels}{hubs}"))).to_string();
    assert!(text.len() < 2_000_000, "{}", text.len());
}

/// Looking at each class for each use would take minutes.
#[test]
fn many_classes_of_one_node_take_little() {
    let classes: String = (0..5_000).map(|n| format!(":hub a :C{n} .\n")).collect();
    let uses: String = (0..5_000)
        .map(|n| format!(":u{n} sp:part :hub .\n"))
        .collect();
    let properties: String = (0..5_000).map(|n| format!(":hub :p{n} 1 .\n")).collect();
    let graph = turtle(&format!("{classes}{uses}{properties}"));
    let start = std::time::Instant::now();
    let objects = objects(&graph);
    assert_eq!(
        objects["of_type"].as_object().map(serde_json::Map::len),
        Some(5_000)
    );
    assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
}

#[test]
fn names_are_not_mistaken() {
    let graph = turtle(
        "[] a sp:Thing, :Thing, sp:of_type ; sp:dcterms__title 'a' ; dcterms:title 'b' ; v:given-name 'c' ; v:given_name 'd' ; sp:a-b 'e' ;
            <http://smartplatforms.org/terms#\\u0040id> 'f' ; rdf:type 'g' ; sp:n 1 ; :sp 'h' ; <urn:x:y> [] .",
    );
    assert!(read(&objects(&graph)).is_isomorphic(&graph));
}

#[test]
fn every_example_of_the_ontology_comes_back() {
    let ontology = Syntax::Turtle.parse(SPEC.as_bytes()).unwrap();
    let example = NamedNodeRef::new_unchecked("http://smartplatforms.org/terms/api#example");
    let mut count = 0;
    for triple in ontology.matching(None, Some(example), None) {
        let smart_rdf::TermRef::Literal(text) = triple.object else {
            continue;
        };
        let Ok(graph) = Syntax::RdfXml.parse(text.value().as_bytes()) else {
            continue; // of a call, not of a class
        };
        assert!(
            read(&objects(&graph)).is_isomorphic(&graph),
            "{}",
            triple.subject
        );
        count += 1;
    }
    assert!(count >= 19, "{count}");
}

fn statement() -> impl Strategy<Value = String> {
    let node = || prop_oneof![Just("_:a"), Just("_:b"), Just(":c"), Just("sp:d")];
    let class = prop_oneof![
        Just("sp:Medication"),
        Just("sp:CodedValue"),
        Just("v:Name"),
        Just(":Other")
    ];
    let property = prop_oneof![
        Just("sp:drugName"),
        Just("sp:provenance"),
        Just("v:given-name"),
        Just(":other"),
    ];
    let value = prop_oneof![
        node().prop_map(str::to_owned),
        Just("'text'".to_owned()),
        Just("'text'@en".to_owned()),
        (0..3u8).prop_map(|number| number.to_string()),
    ];
    prop_oneof![
        (node(), class).prop_map(|(node, class)| format!("{node} a {class} .\n")),
        (node(), property, value)
            .prop_map(|(node, property, value)| format!("{node} {property} {value} .\n")),
    ]
}

proptest! {
    #[test]
    fn objects_are_read_as_the_graph(statements in vec(statement(), 0..20)) {
        let graph = turtle(&statements.concat());
        prop_assert!(read(&objects(&graph)).is_isomorphic(&graph));
    }
}
