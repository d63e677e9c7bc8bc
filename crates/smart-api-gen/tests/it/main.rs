//! The whole pipeline, on the workspace's own ontology and on what it may become.

use std::error::Error as _;
use std::path::Path;

use smart_api_gen::{
    Formatter, GenerateError, Generated, LowerError, OntologyError, Outcome, Revision, Source,
    Syntax, generate,
};
use smart_rdf::{Graph, RdfXmlWriter};

const SPEC: &str = include_str!("../../../../specs/smart.ttl");

fn run(syntax: Syntax, document: &str) -> Result<Generated, GenerateError> {
    let formatter = Formatter::new(Path::new(env!("CARGO_MANIFEST_DIR")));
    generate(
        Source {
            name: "specs/smart.ttl",
            syntax,
            document: document.as_bytes(),
        },
        &formatter,
    )
}

fn spec() -> Graph {
    Syntax::Turtle
        .parse(SPEC.as_bytes())
        .expect("the specification is well formed")
}

fn rdf_xml(graph: &Graph) -> String {
    RdfXmlWriter::new()
        .write(graph)
        .expect("the specification has an RDF/XML form")
}

#[test]
fn the_syntax_makes_no_difference() {
    let turtle = run(Syntax::Turtle, SPEC).unwrap();
    let rdf_xml = run(Syntax::RdfXml, &rdf_xml(&spec())).unwrap();
    assert_eq!(turtle.differences(&rdf_xml), [""; 0]);
    assert!(
        turtle
            .summary()
            .fixups
            .iter()
            .all(|(_, outcome)| *outcome == Outcome::Applied)
    );
}

#[test]
fn every_class_is_emitted_or_skipped_with_a_reason() {
    let generated = run(Syntax::Turtle, SPEC).unwrap();
    let summary = generated.summary();
    assert_eq!(
        (
            summary.calls,
            summary.filters,
            summary.dropped_filters,
            summary.classes
        ),
        (47, 59, 1, 95)
    );
    assert_eq!(
        (
            summary.models,
            summary.lists,
            summary.labels,
            summary.skipped.len()
        ),
        (41, 19, 4, 31)
    );
    assert_eq!(summary.emitted() + summary.skipped.len(), summary.classes);
    let reason = |name: &str| {
        let iri = format!("http://smartplatforms.org/terms{name}");
        summary
            .skipped
            .iter()
            .find(|(class, _)| class.as_str() == iri)
            .map(|(_, reason)| reason.to_string())
    };
    for emitted in [
        "#Medication",
        "#MedicalRecord",
        "#CodedValue",
        "#User",
        "/codes/VitalSign",
    ] {
        assert_eq!(reason(emitted), None, "{emitted}");
    }
    for (skipped, expected) in [
        ("#Statement", "a parent, folded into the classes below it"),
        ("#Person", "a parent, folded into the classes below it"),
        ("#ValueRatio", "no statement is built of it"),
        ("#ImagesList", "a list, read as the items in it"),
        ("/codes/LOINC", "codes of an open system, read as sp:Code"),
        ("/api#Filter", "describes calls, not records"),
        ("#AppManifest", "outside the record"),
    ] {
        assert_eq!(reason(skipped).as_deref(), Some(expected), "{skipped}");
    }
}

const STUDIES: [&str; 5] = [
    "imaging_stud",
    "#ImagingStudy",
    "#Series",
    "#ImagesList",
    "ModalityType",
];

const IMAGES: [&str; 2] = ["medical_image", "#MedicalImage"];

const CALLS_FOR_IMAGES: [&str; 1] = ["calls#get_medical_image"];

/// The ontology without what has these in its name.
fn without(later: &[&str]) -> String {
    let is_later = |text: &str| later.iter().any(|later| text.contains(later));
    let older: Graph = spec()
        .iter()
        .filter(|triple| !is_later(&triple.subject.to_string()))
        .map(|triple| triple.into_owned())
        .collect();
    rdf_xml(&older)
}

#[test]
fn the_revision_is_told_by_the_calls() {
    let revision = |document: &str| {
        let summary = run(Syntax::RdfXml, document).unwrap().summary().clone();
        (summary.revision, summary.calls, summary.to_string())
    };
    let (found, calls, text) = revision(&without(&[]));
    assert_eq!((found, calls), (Revision::Calls47, 47));
    assert!(text.starts_with("the revision with 47 calls: "), "{text}");
    let (found, calls, _) = revision(&without(&CALLS_FOR_IMAGES));
    assert_eq!((found, calls), (Revision::Calls45, 45));
    let (found, calls, text) = revision(&without(&[&STUDIES[..], &IMAGES].concat()));
    assert_eq!((found, calls), (Revision::Calls43, 43));
    assert!(text.starts_with("the revision with 43 calls: "), "{text}");
    let (found, ..) = revision(&without(&["calls#get_user"]));
    assert!(matches!(found, Revision::Unknown { .. }), "{found:?}");
}

/// What older revisions say otherwise is not mended, and no error.
#[test]
fn an_older_revision_may_lack_a_fault() {
    let older = without(&[&STUDIES[..], &IMAGES].concat());
    let sound = older.replace("{photographs}", "{photograph_id}");
    assert_ne!(older, sound);
    let generated = run(Syntax::RdfXml, &sound).unwrap();
    let fixups = &generated.summary().fixups;
    let photographs = ("photograph_path_names_one_photograph", Outcome::NotNeeded);
    assert!(fixups.contains(&photographs), "{fixups:?}");
    // Of a file that is of no known revision nothing is known.
    let other = without(&["calls#get_user"]).replace("{photographs}", "{photograph_id}");
    let error = run(Syntax::RdfXml, &other).unwrap_err().to_string();
    assert!(
        error.contains("the known revisions of the ontology have 43, 45 and 47")
            && error.contains("the base path of sp:Photograph"),
        "{error}"
    );
}

/// The revision with 43 calls knew neither imaging studies nor images.
#[test]
fn an_older_ontology_gives_fewer_files() {
    let older = without(&[&STUDIES[..], &IMAGES].concat());
    let older = run(Syntax::RdfXml, &older).unwrap();
    assert_eq!((older.summary().calls, older.summary().classes), (43, 90));
    let differences = older.differences(&run(Syntax::Turtle, SPEC).unwrap());
    assert_eq!(
        differences,
        [
            "call_table.rs",
            "calls.rs",
            "calls/get_imaging_studies.rs",
            "calls/get_imaging_study.rs",
            "calls/get_medical_image.rs",
            "calls/get_medical_images.rs",
            "check.rs",
            "codes.rs",
            "codes/modality_type.rs",
            "lists.rs",
            "models.rs",
            "models/code.rs",
            "models/imaging_study.rs",
            "models/medical_image.rs",
            "models/series.rs",
            "reference.md",
            "statements.rs",
            "vocab/sp.rs",
            "vocab/spcode.rs",
            "api.md",
            "blocking/record_calls.rs",
            "record_calls.rs",
        ]
    );
}

#[test]
fn a_newer_ontology_gives_more_files() {
    let newer = format!(
        "{SPEC}
        sp:Appointment a owl:Class ; rdfs:subClassOf sp:Statement ;
            api:base_path \"/records/{{record_id}}/appointments/{{appointment_id}}\" .
        calls:get_appointments a api:Call ; api:clientMethodName \"get_appointments\" ; api:httpMethod \"GET\" ;
            api:path \"/records/{{record_id}}/appointments/\" ; api:category \"record\" ;
            api:cardinality \"multiple\" ; api:target sp:Appointment ."
    );
    let newer = run(Syntax::Turtle, &newer).unwrap();
    assert_eq!(
        (newer.summary().calls, newer.summary().statements),
        (48, 22)
    );
    let differences = newer.differences(&run(Syntax::Turtle, SPEC).unwrap());
    assert_eq!(
        differences,
        [
            "call_table.rs",
            "calls.rs",
            "calls/get_appointments.rs",
            "check.rs",
            "models.rs",
            "models/appointment.rs",
            "reference.md",
            "statements.rs",
            "vocab/sp.rs",
            "api.md",
            "blocking/record_calls.rs",
            "record_calls.rs"
        ]
    );
}

#[test]
fn an_ontology_without_calls_is_no_error() {
    let generated = run(Syntax::Turtle, "").unwrap();
    assert_eq!(generated.summary().calls, 0);
}

#[test]
fn a_changed_comment_changes_comments_only() {
    let reworded = SPEC.replace(
        "Lists the medications of a record",
        "Finds the drugs of a record",
    );
    let one = run(Syntax::Turtle, SPEC).unwrap();
    let other = run(Syntax::Turtle, &reworded).unwrap();
    assert_eq!(
        one.differences(&other),
        ["calls/get_medications.rs", "reference.md", "api.md"]
    );
    assert_eq!(
        one.without_comments()
            .differences(&other.without_comments()),
        [""; 0]
    );
}

/// One change to the ontology, and the error that it leads to.
fn error(from: &str, to: &str) -> GenerateError {
    assert!(SPEC.contains(from), "{from}");
    run(Syntax::Turtle, &SPEC.replacen(from, to, 1)).expect_err("the change is a fault")
}

#[test]
fn what_is_not_understood_is_said() {
    let lowering = |from, to| match error(from, to) {
        GenerateError::Lower(error) => error,
        other => panic!("{other}"),
    };
    let get_user = "api:path \"/users/{user_id}\"";
    assert!(matches!(
        lowering(get_user, "api:path \"/users/../{user_id}\""),
        LowerError::Path { .. }
    ));
    assert!(matches!(
        lowering(get_user, "api:path \"/users/{User Id}\""),
        LowerError::Name(_)
    ));
    let name = "api:clientMethodName \"get_user\"";
    assert!(matches!(
        lowering(name, "api:clientMethodName \"../../main\""),
        LowerError::Name(_)
    ));
    assert!(matches!(
        lowering(name, "api:clientMethodName \"get_ontology\""),
        LowerError::SameName { .. }
    ));
    let method = "api:httpMethod \"GET\"";
    assert!(matches!(
        lowering(method, "api:httpMethod \"PATCH\""),
        LowerError::UnknownWord { .. }
    ));
    let filter = "api:filterSparql \"?v sp:startDate ?d .\"";
    assert!(matches!(
        lowering(filter, "api:filterSparql \"?d sp:startDate ?v .\""),
        LowerError::UnknownFilter { .. }
    ));
    let reference = "filters:allergies_from_date ,";
    assert!(matches!(
        lowering(reference, "filters:of_nothing ,"),
        LowerError::Undeclared { .. }
    ));
}

/// What would not compile is not generated.
#[test]
fn a_class_that_is_declared_nowhere_is_an_error() {
    let dangling = run(
        Syntax::RdfXml,
        &without(&["#MedicalImage", "medical_image"]),
    );
    let message = dangling.unwrap_err().to_string();
    assert_eq!(
        message,
        "<http://smartplatforms.org/terms#Series> has <http://smartplatforms.org/terms#images>, which leads to a class that is \
         declared nowhere"
    );
}

#[test]
fn what_cannot_be_read_is_said() {
    let reading = |from, to| match error(from, to) {
        GenerateError::Ontology(error) => error,
        other => panic!("{other}"),
    };
    let message = reading("api:httpMethod \"GET\" ;", "").to_string();
    assert!(
        message.contains(
            "needs exactly one value for <http://smartplatforms.org/terms/api#httpMethod>"
        ),
        "{message}"
    );
    let two = reading(
        "api:httpMethod \"GET\" ;",
        "api:httpMethod \"GET\", \"PUT\" ;",
    );
    assert!(matches!(two, OntologyError::Value { .. }));
    let malformed = reading("@prefix api:", "@prefiks api:");
    assert!(matches!(malformed, OntologyError::Parse { .. }) && malformed.source().is_some());
}

#[test]
fn one_malformed_language_tag_is_repaired_and_two_are_not() {
    let document = |tags: usize| {
        let comment = r#"<rdfs:comment xml:lang="example.org&quot; or so">ask me</rdfs:comment>"#;
        format!(
            r#"<!DOCTYPE rdf:RDF [ <!ENTITY owl "http://www.w3.org/2002/07/owl#" > ]>
            <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
                xmlns:rdfs="http://www.w3.org/2000/01/rdf-schema#" xmlns:owl="&owl;">
            <owl:Class rdf:about="http://localhost/Thing">{}</owl:Class></rdf:RDF>"#,
            comment.repeat(tags)
        )
    };
    assert_eq!(
        run(Syntax::RdfXml, &document(1))
            .unwrap()
            .summary()
            .repairs
            .len(),
        1
    );
    let error = run(Syntax::RdfXml, &document(2)).unwrap_err();
    assert!(
        matches!(
            error,
            GenerateError::Ontology(OntologyError::TooManyRepairs { .. })
        ),
        "{error}"
    );
}
