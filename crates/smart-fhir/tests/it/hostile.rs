//! Bytes that no honest server sends. Whatever comes, it is an answer or an error, soon.

use http::Response;
use proptest::prelude::*;
#[cfg(feature = "rdf")]
use smart_fhir::Resource;
use smart_fhir::{Base, Limits, Reference, resource_from_http};

use crate::fuzz_targets;
#[cfg(feature = "rdf")]
use crate::rdf_targets;

fn base() -> Base {
    Base::parse("https://ehr.example/fhir").unwrap()
}

/// Everything that reads answers; the first of the targets' statuses is 200, the sixth 404.
fn read_all(pick: u8, body: &[u8]) {
    let bytes = [&[pick], body].concat();
    fuzz_targets::answer(&bytes);
    fuzz_targets::lines(&bytes);
    #[cfg(feature = "rdf")]
    rdf_targets::resource(body);
}

/// Every text in a document.
#[cfg(feature = "rdf")]
fn texts(value: &serde_json::Value, found: &mut Vec<String>) {
    match value {
        serde_json::Value::String(text) => found.push(text.clone()),
        serde_json::Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        serde_json::Value::Object(members) => {
            members.values().for_each(|member| texts(member, found));
        }
        _ => {}
    }
}

/// JSON of the shapes that FHIR has, and of others.
fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let name = prop::sample::select(vec![
        "resourceType",
        "id",
        "meta",
        "versionId",
        "entry",
        "link",
        "relation",
        "url",
        "fullUrl",
        "resource",
        "issue",
        "severity",
        "code",
        "output",
        "type",
        "rest",
        "request",
        "method",
        "contained",
        "extension",
        "value",
        "_value",
        "name",
        "_name",
        "given",
        "_given",
        "reference",
        "subject",
        "coding",
        "system",
        "valueDecimal",
        "valueDateTime",
        "birthDate",
        "text",
        "div",
    ]);
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        prop::sample::select(vec![
            "Patient",
            "Bundle",
            "Observation",
            "OperationOutcome",
            "Patient/1",
            "#a",
            "next",
            "https://ehr.example/fhir/Patient/1",
            "2020-02-30",
            ""
        ])
        .prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(6, 60, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
            prop::collection::hash_map(name.clone(), inner, 0..8).prop_map(|members| {
                members
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect::<serde_json::Map<_, _>>()
                    .into()
            }),
        ]
    })
}

proptest! {
    #[test]
    fn any_bytes_are_an_answer_or_an_error(pick: u8, body in prop::collection::vec(any::<u8>(), 0..200)) {
        read_all(pick, &body);
    }

    #[test]
    fn any_json_is_an_answer_or_an_error(mut value in any_json(), name in prop::sample::select(vec!["Patient", "Bundle", "OperationOutcome", "Observation", "CapabilityStatement"])) {
        if let Some(members) = value.as_object_mut() {
            members.insert("resourceType".to_owned(), name.into());
        }
        let body = value.to_string();
        read_all(0, body.as_bytes());
        read_all(5, body.as_bytes());
    }

    #[cfg(feature = "rdf")]
    #[test]
    fn no_text_is_lost_in_rdf(mut value in any_json(), name in prop::sample::select(vec!["Patient", "Observation", "Group", "a b"])) {
        use smart_rdf::TermRef;

        let Some(members) = value.as_object_mut() else { return Ok(()) };
        members.remove("resourceType");
        let mut all = Vec::new();
        texts(&value, &mut all);
        value["resourceType"] = name.into();
        let resource = Resource::new(value).unwrap();
        let graph = smart_fhir::rdf::Bridge::new(base()).keep_unknown().to_graph([&resource]).unwrap();
        let literals: Vec<_> = graph.iter().filter_map(|triple| match triple.object {
            TermRef::Literal(literal) => Some(literal),
            _ => None,
        }).collect();
        let classes: Vec<_> = graph.iter().map(|triple| triple.object.to_string()).collect();
        for text in all {
            let json = serde_json::Value::from(&*text).to_string();
            let is_there = literals.iter().any(|literal| literal.value() == text || (literal.datatype().as_str().ends_with("JSON") && literal.value().contains(&json)));
            // the type of a contained resource is a class
            let is_class = classes.contains(&format!("<http://hl7.org/fhir/{text}>"));
            prop_assert!(is_there || is_class, "{text:?} is lost from {}", resource.as_value());
        }
    }

    #[test]
    fn any_text_is_some_reference(text in any::<String>()) {
        let _ = Reference::parse(&text);
        let _ = Base::parse(&text);
        let _ = base().below(&text);
    }
}

#[test]
fn deep_and_long_documents_are_refused_at_once() {
    let deep = format!("{}{}", "[".repeat(1 << 20), "]".repeat(1 << 20));
    read_all(0, deep.as_bytes());
    let objects = "{\"a\":".repeat(1 << 18);
    read_all(0, objects.as_bytes());
    let response = Response::new(vec![b' '; (16 << 20) + 1]);
    let error = resource_from_http(&response, &Limits::default()).unwrap_err();
    assert!(
        std::error::Error::source(&error)
            .unwrap()
            .to_string()
            .contains("longer than")
    );
}
