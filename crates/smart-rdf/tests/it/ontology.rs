use smart_rdf::vocab::{owl, rdfs};
use smart_rdf::{Graph, NamedNodeRef, ParseError, RdfXml};

/// As ontology editors write it: entities for namespaces, used in attributes and in namespace
/// declarations, and a comment that the editor took for text with a language.
const ONTOLOGY: &str = r#"<?xml version="1.0"?>
<!DOCTYPE rdf:RDF [
    <!-- abbreviations -->
    <!ENTITY e "http://example.org/" >
    <!ENTITY terms "&e;terms#" >
    <!ENTITY owl 'http://www.w3.org/2002/07/owl#'>
]>
<rdf:RDF xmlns="&terms;" xml:base="http://example.org/terms" xmlns:owl="&owl;"
     xmlns:rdfs="http://www.w3.org/2000/01/rdf-schema#"
     xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
    <owl:Class rdf:about="&terms;Call">
        <rdfs:subClassOf rdf:resource="&owl;Thing"/>
        <rdfs:label xml:lang="en">Call</rdfs:label>
        <rdfs:comment xml:lang="apps.e.org&quot; or &#39;manage&#39;; see &e;doc">ask &lt;drug-viewer</rdfs:comment>
    </owl:Class>
</rdf:RDF>
"#;

const COMMENT: &str = "ask <drug-viewer@apps.e.org\" or 'manage'; see http://example.org/doc";

fn reader() -> RdfXml {
    RdfXml::new().allow_entities().repair_language_tags()
}

fn comment(graph: &Graph) -> String {
    let call = NamedNodeRef::new_unchecked("http://example.org/terms#Call");
    graph
        .object(call, rdfs::COMMENT)
        .map(|term| term.to_string())
        .unwrap_or_default()
}

#[test]
fn entities_are_written_out_and_the_comment_is_whole_again() {
    let (graph, repairs) = reader().for_slice_reporting(ONTOLOGY.as_bytes()).unwrap();
    assert_eq!(graph.len(), 4);
    assert_eq!(graph.subjects(rdfs::SUB_CLASS_OF, owl::THING).count(), 1);
    assert_eq!(graph.instances_of(owl::CLASS).count(), 1);
    assert_eq!(
        comment(&graph),
        smart_rdf::Literal::from(COMMENT).to_string()
    );
    let [repair] = &repairs[..] else {
        panic!("one repair, not {repairs:?}");
    };
    assert_eq!(repair.text, COMMENT);
    assert_eq!(
        repair.language,
        "apps.e.org\" or 'manage'; see http://example.org/doc"
    );
    assert_eq!((repair.position.line, repair.position.column), (14, 23));
}

#[test]
fn each_leniency_is_asked_for() {
    let document = ONTOLOGY.as_bytes();
    let refused =
        |result: Result<Graph, ParseError>| matches!(result, Err(ParseError::Doctype { .. }));
    assert!(refused(RdfXml::new().for_slice(document)));
    assert!(refused(
        RdfXml::new().repair_language_tags().for_slice(document)
    ));
    let error = RdfXml::new()
        .allow_entities()
        .for_slice(document)
        .unwrap_err();
    assert!(error.to_string().contains("language tag"), "{error}");
    assert_eq!(
        error.position().map(|position| position.line),
        Some(14),
        "the line of the document as given"
    );
}

#[test]
fn a_sound_document_needs_no_repair() {
    let sound = ONTOLOGY.replace("apps.e.org&quot; or &#39;manage&#39;; see &e;doc", "en-US");
    let (graph, repairs) = reader().for_slice_reporting(sound.as_bytes()).unwrap();
    assert_eq!(repairs, []);
    assert_eq!(comment(&graph), "\"ask <drug-viewer\"@en-us");
}

#[test]
fn only_plain_text_is_repaired() {
    for content in ["<b/>", "a<!-- c -->b", "<![CDATA[a]]>"] {
        let document = ONTOLOGY.replace("ask &lt;drug-viewer", content);
        let error = reader().for_slice(document.as_bytes()).unwrap_err();
        assert!(error.to_string().contains("repaired only"), "{error}");
    }
    // Inside of another language the repaired literal would get that one.
    let document = ONTOLOGY.replace("<owl:Class ", "<owl:Class xml:lang=\"en\" ");
    assert!(reader().for_slice(document.as_bytes()).is_err());
}
