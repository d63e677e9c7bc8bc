use serde_json::{Value, json};
use smart_rdf::{Graph, NamedNode, Query, Syntax, TurtleWriter};

use super::*;

const PREFIXES: &str = "@prefix fhir: <http://hl7.org/fhir/> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> . @prefix sct: <http://snomed.info/id/> . @prefix loinc: <http://loinc.org/rdf#> .
@prefix p: <https://ehr.example/fhir/Patient/> . @prefix o: <https://ehr.example/fhir/Observation/> . ";

fn bridge() -> Bridge {
    Bridge::new(Base::parse("https://ehr.example/fhir").unwrap())
}

fn graph(bridge: &Bridge, value: Value) -> Result<Graph, RdfError> {
    bridge.to_graph([&Resource::new(value).unwrap()])
}

fn turtle(graph: &Graph) -> String {
    TurtleWriter::new()
        .with_prefix("fhir", NAMESPACE)
        .write(graph)
        .unwrap()
}

/// Whether the resource is written as the Turtle says, blank nodes renamed.
fn check_with(bridge: &Bridge, value: Value, expected: &str) {
    let found = graph(bridge, value).unwrap();
    let expected = Syntax::Turtle
        .parse(format!("{PREFIXES}{expected}").as_bytes())
        .unwrap();
    assert!(
        found.is_isomorphic(&expected),
        "found\n{}\nexpected\n{}",
        turtle(&found),
        turtle(&expected)
    );
}

fn check(value: Value, expected: &str) {
    check_with(&bridge(), value, expected);
}

fn error(value: Value) -> String {
    graph(&bridge(), value).unwrap_err().to_string()
}

#[test]
fn a_patient() {
    check(
        json!({
            "resourceType": "Patient", "id": "1", "active": true,
            "meta": {"versionId": "2", "lastUpdated": "2018-07-05T16:39:38.468+00:00"},
            "text": {"status": "generated", "div": "<div>Daniel</div>"},
            "name": [
                {"use": "official", "family": "Adams", "given": ["Daniel", "X."]},
                {"use": "nickname", "given": ["Dan"]},
            ],
            "gender": "male", "birthDate": "1925-12-23",
            "multipleBirthInteger": 2,
            "generalPractitioner": [{"reference": "Practitioner/7", "display": "Dr. Who"}],
        }),
        r#"p:1 a fhir:Patient ; fhir:nodeRole fhir:treeRoot ;
            fhir:Resource.id [ fhir:value "1" ] ;
            fhir:Resource.meta [
                fhir:Meta.versionId [ fhir:value "2" ] ;
                fhir:Meta.lastUpdated [ fhir:value "2018-07-05T16:39:38.468+00:00"^^xsd:dateTime ] ] ;
            fhir:DomainResource.text [
                fhir:Narrative.status [ fhir:value "generated" ] ;
                fhir:Narrative.div "<div>Daniel</div>" ] ;
            fhir:Patient.active [ fhir:value true ] ;
            fhir:Patient.name [ fhir:index 0 ;
                fhir:HumanName.use [ fhir:value "official" ] ;
                fhir:HumanName.family [ fhir:value "Adams" ] ;
                fhir:HumanName.given [ fhir:index 0 ; fhir:value "Daniel" ] , [ fhir:index 1 ; fhir:value "X." ]
            ] , [ fhir:index 1 ;
                fhir:HumanName.use [ fhir:value "nickname" ] ;
                fhir:HumanName.given [ fhir:index 0 ; fhir:value "Dan" ] ] ;
            fhir:Patient.gender [ fhir:value "male" ] ;
            fhir:Patient.birthDate [ fhir:value "1925-12-23"^^xsd:date ] ;
            fhir:Patient.multipleBirthInteger [ fhir:value 2 ] ;
            fhir:Patient.generalPractitioner [ fhir:index 0 ;
                fhir:link <https://ehr.example/fhir/Practitioner/7> ;
                fhir:Reference.reference [ fhir:value "Practitioner/7" ] ;
                fhir:Reference.display [ fhir:value "Dr. Who" ] ] ."#,
    );
}

#[test]
fn an_observation_with_parts() {
    check(
        json!({
            "resourceType": "Observation", "id": "bp", "status": "final",
            "code": {"coding": [
                {"system": "http://loinc.org", "code": "85354-9"},
                {"system": "http://snomed.info/sct", "code": "75367002"},
                {"system": "http://example.org/codes", "code": "bp"},
            ]},
            "subject": {"reference": "https://ehr.example/fhir/Patient/1/_history/3"},
            "effectiveDateTime": "2008-06",
            "component": [{
                "code": {"text": "systolic"},
                "valueQuantity": {"value": 132.5, "unit": "mm[Hg]"},
                "referenceRange": [{"high": {"value": 140}}],
            }],
        }),
        r#"o:bp a fhir:Observation ; fhir:nodeRole fhir:treeRoot ;
            fhir:Resource.id [ fhir:value "bp" ] ;
            fhir:Observation.status [ fhir:value "final" ] ;
            fhir:Observation.code [ fhir:CodeableConcept.coding
                [ a loinc:85354-9 ; fhir:index 0 ;
                  fhir:Coding.system [ fhir:value "http://loinc.org" ] ; fhir:Coding.code [ fhir:value "85354-9" ] ] ,
                [ a sct:75367002 ; fhir:index 1 ;
                  fhir:Coding.system [ fhir:value "http://snomed.info/sct" ] ; fhir:Coding.code [ fhir:value "75367002" ] ] ,
                [ fhir:index 2 ;
                  fhir:Coding.system [ fhir:value "http://example.org/codes" ] ; fhir:Coding.code [ fhir:value "bp" ] ] ] ;
            fhir:Observation.subject [
                fhir:link p:1 ;
                fhir:Reference.reference [ fhir:value "https://ehr.example/fhir/Patient/1/_history/3" ] ] ;
            fhir:Observation.effectiveDateTime [ fhir:value "2008-06"^^xsd:gYearMonth ] ;
            fhir:Observation.component [ fhir:index 0 ;
                fhir:Observation.component.code [ fhir:CodeableConcept.text [ fhir:value "systolic" ] ] ;
                fhir:Observation.component.valueQuantity [
                    fhir:Quantity.value [ fhir:value 132.5 ] ;
                    fhir:Quantity.unit [ fhir:value "mm[Hg]" ] ] ;
                fhir:Observation.component.referenceRange [ fhir:index 0 ;
                    fhir:Observation.referenceRange.high [ fhir:Quantity.value [ fhir:value "140"^^xsd:decimal ] ] ] ] ."#,
    );
}

#[test]
fn a_medication_request_with_its_medication() {
    check(
        json!({
            "resourceType": "MedicationRequest", "id": "m", "status": "active", "intent": "order",
            "contained": [{"resourceType": "Medication", "id": "drug", "code": {"text": "Aspirin"}}],
            "medicationReference": {"reference": "#drug"},
            "subject": {"reference": "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"},
            "dosageInstruction": [{
                "text": "one a day",
                "timing": {"repeat": {"boundsPeriod": {"start": "2008"}, "frequency": 1, "period": 1, "periodUnit": "d"}},
            }],
        }),
        r#"<https://ehr.example/fhir/MedicationRequest/m> a fhir:MedicationRequest ; fhir:nodeRole fhir:treeRoot ;
            fhir:Resource.id [ fhir:value "m" ] ;
            fhir:MedicationRequest.status [ fhir:value "active" ] ;
            fhir:MedicationRequest.intent [ fhir:value "order" ] ;
            fhir:DomainResource.contained [ a fhir:Medication ; fhir:index 0 ;
                fhir:Resource.id [ fhir:value "drug" ] ;
                fhir:Medication.code [ fhir:CodeableConcept.text [ fhir:value "Aspirin" ] ] ] ;
            fhir:MedicationRequest.medicationReference [
                fhir:Reference.reference [ fhir:value "\u0023drug" ] ] ;
            fhir:MedicationRequest.subject [
                fhir:link <urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0> ;
                fhir:Reference.reference [ fhir:value "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0" ] ] ;
            fhir:MedicationRequest.dosageInstruction [ fhir:index 0 ;
                fhir:Dosage.text [ fhir:value "one a day" ] ;
                fhir:Dosage.timing [ fhir:Timing.repeat [
                    fhir:Timing.repeat.boundsPeriod [ fhir:Period.start [ fhir:value "2008"^^xsd:gYear ] ] ;
                    fhir:Timing.repeat.frequency [ fhir:value "1"^^xsd:positiveInteger ] ;
                    fhir:Timing.repeat.period [ fhir:value "1"^^xsd:decimal ] ;
                    fhir:Timing.repeat.periodUnit [ fhir:value "d" ] ] ] ] ."#,
    );
}

/// HL7's shape of a reference is closed, and has no blank nodes.
#[test]
fn no_reference_links_to_a_blank_node() {
    let graph = graph(
        &bridge(),
        json!({
            "resourceType": "Provenance", "id": "p", "recorded": "2020-01-01T00:00:00Z",
            "contained": [
                {"resourceType": "Location", "id": "ward", "position": {"longitude": 1.5, "latitude": 2}},
                {"resourceType": "Substance", "id": "water", "code": {"text": "water"}},
            ],
            "target": [{"reference": "#water"}, {"reference": "Patient/1"}, {"reference": "#"}],
            "agent": [{"who": {"reference": "Practitioner/7"}}],
            "location": {"reference": "#ward"},
        }),
    );
    let link = NamedNode::new_unchecked(format!("{NAMESPACE}link"));
    let graph = graph.unwrap();
    let links = graph
        .iter()
        .filter(|triple| triple.predicate == link.as_ref());
    let mut links: Vec<String> = links.map(|triple| triple.object.to_string()).collect();
    links.sort();
    assert_eq!(
        links,
        [
            "<https://ehr.example/fhir/Patient/1>",
            "<https://ehr.example/fhir/Practitioner/7>"
        ]
    );
}

#[test]
fn whole_numbers_have_the_datatypes_of_hl7() {
    check(
        json!({
            "resourceType": "MedicationRequest",
            "dispenseRequest": {"numberOfRepeatsAllowed": 0},
            "extension": [{"url": "u:x", "valuePositiveInt": 1}, {"url": "u:x", "valueInteger": -1}],
        }),
        r#"[] a fhir:MedicationRequest ; fhir:nodeRole fhir:treeRoot ;
            fhir:DomainResource.extension
                [ fhir:index 0 ; fhir:Extension.url [ fhir:value "u:x" ] ;
                  fhir:Extension.valuePositiveInt [ fhir:value "1"^^xsd:positiveInteger ] ] ,
                [ fhir:index 1 ; fhir:Extension.url [ fhir:value "u:x" ] ; fhir:Extension.valueInteger [ fhir:value -1 ] ] ;
            fhir:MedicationRequest.dispenseRequest [ fhir:MedicationRequest.dispenseRequest.numberOfRepeatsAllowed
                [ fhir:value "0"^^xsd:nonNegativeInteger ] ] ."#,
    );
    for value in [json!(0), json!(-1), json!("1")] {
        let rank = json!({"resourceType": "Patient", "telecom": [{"rank": value}]});
        assert!(error(rank).contains("Patient.telecom[0].rank is no positiveInt"));
    }
}

#[test]
fn decimals_keep_their_text() {
    for (number, literal) in [
        (
            "1.50",
            "\"1.50\"^^<http://www.w3.org/2001/XMLSchema#decimal>",
        ),
        (
            "0.0010",
            "\"0.0010\"^^<http://www.w3.org/2001/XMLSchema#decimal>",
        ),
        (
            "123456789012345678901234567890",
            "\"123456789012345678901234567890\"^^<http://www.w3.org/2001/XMLSchema#decimal>",
        ),
    ] {
        let json =
            format!(r#"{{"resourceType": "Observation", "valueQuantity": {{"value": {number}}}}}"#);
        let resource = Resource::from_json(json.as_bytes()).unwrap();
        let graph = bridge().to_graph([&resource]).unwrap();
        let objects: Vec<String> = graph.iter().map(|t| t.object.to_string()).collect();
        assert!(
            objects.iter().any(|object| object == literal),
            "{objects:?}"
        );
    }
}

/// What the bridge writes, the reader of RDF reads within its default limits.
#[test]
fn a_scanned_letter_reads_back_from_turtle() {
    let scan = "QUJD".repeat(1 << 19);
    let letter = json!({
        "resourceType": "DocumentReference", "id": "d",
        "content": [{"attachment": {"contentType": "image/png", "data": scan, "size": 1_572_864}}],
    });
    let graph = graph(&bridge(), letter).unwrap();
    let again = Syntax::Turtle.parse(turtle(&graph).as_bytes()).unwrap();
    assert!(again.is_isomorphic(&graph));
}

#[test]
fn a_condition_with_extensions_on_primitives() {
    check(
        json!({
            "resourceType": "Condition", "subject": {"display": "somebody"},
            "_recordedDate": {"extension": [{"url": "http://example.org/why", "valueCode": "unknown"}]},
            "onsetAge": {"value": 3, "code": "a"},
            "note": [{"text": "said", "_text": {"id": "t"}}],
            "modifierExtension": [{"url": "http://example.org/not", "valueBoolean": false}],
        }),
        r#"[] a fhir:Condition ; fhir:nodeRole fhir:treeRoot ;
            fhir:Condition.subject [ fhir:Reference.display [ fhir:value "somebody" ] ] ;
            fhir:Condition.recordedDate [ fhir:Element.extension [ fhir:index 0 ;
                fhir:Extension.url [ fhir:value "http://example.org/why" ] ;
                fhir:Extension.valueCode [ fhir:value "unknown" ] ] ] ;
            fhir:Condition.onsetAge [ fhir:Quantity.value [ fhir:value "3"^^xsd:decimal ] ; fhir:Quantity.code [ fhir:value "a" ] ] ;
            fhir:Condition.note [ fhir:index 0 ;
                fhir:Annotation.text [ fhir:value "said" ; fhir:Element.id [ fhir:value "t" ] ] ] ;
            fhir:DomainResource.modifierExtension [ fhir:index 0 ;
                fhir:Extension.url [ fhir:value "http://example.org/not" ] ;
                fhir:Extension.valueBoolean [ fhir:value false ] ] ."#,
    );
}

#[test]
fn lists_of_primitives_keep_their_places() {
    check(
        json!({
            "resourceType": "Patient",
            "name": [{"given": ["A", null], "_given": [null, {"extension": [{"url": "u:x", "valueString": "lost"}]}]}],
        }),
        r#"[] a fhir:Patient ; fhir:nodeRole fhir:treeRoot ;
            fhir:Patient.name [ fhir:index 0 ; fhir:HumanName.given
                [ fhir:index 0 ; fhir:value "A" ] ,
                [ fhir:index 1 ; fhir:Element.extension [ fhir:index 0 ;
                    fhir:Extension.url [ fhir:value "u:x" ] ; fhir:Extension.valueString [ fhir:value "lost" ] ] ] ] ."#,
    );
}

#[test]
fn nothing_is_left_out_in_silence() {
    for (more, message) in [
        (
            json!({"favoriteColor": "blue"}),
            "Patient.favoriteColor is no element",
        ),
        (
            json!({"_favoriteColor": {}}),
            "Patient._favoriteColor is no element",
        ),
        (
            json!({"name": [{"given": ["A"], "resourceType": "x"}]}),
            "Patient.name[0].resourceType is no element",
        ),
        (
            json!({"name": [{"use": "usual"}], "_name": [{}]}),
            "Patient._name is no element",
        ),
        (json!({"name": {"family": "A"}}), "Patient.name is no list"),
        (
            json!({"name": []}),
            "Patient.name is no list of at least one item",
        ),
        (json!({"name": [{}]}), "Patient.name[0] is no HumanName"),
        (json!({"name": [null]}), "Patient.name[0] is no HumanName"),
        (
            json!({"name": [{"family": ["A"]}]}),
            "Patient.name[0].family is no string",
        ),
        (json!({"active": "true"}), "Patient.active is no boolean"),
        (json!({"active": null}), "Patient.active is no boolean"),
        (json!({"birthDate": "soon"}), "Patient.birthDate is no date"),
        (
            json!({"gender": "male", "_gender": 7}),
            "Patient.gender is no string",
        ),
        (
            json!({"contained": [{"resourceType": "Group"}]}),
            "Group is no type of resource",
        ),
        (
            json!({"contained": [7]}),
            "Patient.contained[0] is no resource",
        ),
    ] {
        let mut patient = json!({"resourceType": "Patient"});
        for (name, value) in more.as_object().unwrap() {
            patient[name] = value.clone();
        }
        let found = error(patient.clone());
        assert!(found.contains(message), "{found}");
        let kept = graph(&bridge().keep_unknown(), patient).unwrap();
        assert!(kept.len() > 2, "{message}: {}", turtle(&kept));
    }
    assert!(
        error(json!({"resourceType": "MedicationOrder"})).contains("MedicationOrder is no type")
    );
}

#[test]
fn what_is_unknown_is_kept_as_json() {
    check_with(
        &bridge().keep_unknown(),
        json!({"resourceType": "Patient", "id": "1", "favoriteColors": ["blue", 7], "birthDate": "soon", "name": [{"nick": {"a": 1}}]}),
        r#"p:1 a fhir:Patient ; fhir:nodeRole fhir:treeRoot ; fhir:Resource.id [ fhir:value "1" ] ;
            fhir:Patient.favoriteColors [ fhir:value "[\"blue\",7]"^^rdf:JSON ] ;
            fhir:Patient.birthDate [ fhir:value "\"soon\""^^rdf:JSON ] ;
            fhir:Patient.name [ fhir:index 0 ; fhir:HumanName.nick [ fhir:value "{\"a\":1}"^^rdf:JSON ] ] ."#,
    );
    check_with(
        &bridge().keep_unknown(),
        json!({"resourceType": "MedicationOrder", "id": "1", "status": "active"}),
        r#"<https://ehr.example/fhir/MedicationOrder/1> a fhir:MedicationOrder ; fhir:nodeRole fhir:treeRoot ;
            fhir:MedicationOrder.id [ fhir:value "\"1\""^^rdf:JSON ] ;
            fhir:MedicationOrder.status [ fhir:value "\"active\""^^rdf:JSON ] ."#,
    );
}

#[test]
fn resources_together_answer_one_query() {
    let patient =
        Resource::new(json!({"resourceType": "Patient", "id": "1", "gender": "female"})).unwrap();
    let observation = |id: &str, value: f64| {
        let body = json!({"resourceType": "Observation", "id": id, "subject": {"reference": "Patient/1"}, "valueQuantity": {"value": value}});
        Resource::new(body).unwrap()
    };
    let (low, high) = (observation("a", 80.0), observation("b", 190.5));
    let graph = bridge().to_graph([&patient, &low, &high]).unwrap();
    let query = Query::prepare(
        "PREFIX fhir: <http://hl7.org/fhir/> SELECT ?o ?v {
            ?p fhir:Patient.gender/fhir:value 'female' .
            ?o fhir:Observation.subject/fhir:link ?p ; fhir:Observation.valueQuantity/fhir:Quantity.value/fhir:value ?v
            FILTER (?v > 100) }",
    )
    .unwrap();
    let rows: Vec<_> = query.select(&graph).unwrap().into_iter().collect();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].text("v"), Some("190.5"));
}

#[test]
fn limits_hold() {
    let mut extension = json!({"url": "u:x", "valueString": "deep"});
    for _ in 0..200 {
        extension = json!({"url": "u:x", "extension": [extension]});
    }
    let deep = json!({"resourceType": "Patient", "extension": [extension]});
    assert!(error(deep).contains("more than 64 levels"));
    let wide = json!({"resourceType": "Patient", "name": vec![json!({"family": "A"}); 100]});
    let found = graph(&bridge().with_triples(100), wide).unwrap_err();
    assert_eq!(found, RdfError::TooManyTriples { limit: 100 });
}
